"""Reading a table of states: comma-separated text, checked cell by cell, some rows at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.errors import Mistake, TableError, nearest
from commonwatch.flight.propagation import DISTANCE_MIN_M
from commonwatch.units import SPEED_OF_LIGHT_M_S

F64 = npt.NDArray[np.float64]

POSITION: Final = ("x_m", "y_m", "z_m")
VELOCITY: Final = ("vx_m_s", "vy_m_s", "vz_m_s")
COLUMNS: Final = ("id", "time_ns", *POSITION, *VELOCITY)
BALLISTIC: Final = "ballistic_coefficient_kg_m2"

_DISTANCE_MAX_M: Final = 1e9
"""Far beyond the Moon, where zonal gravity alone means nothing."""
_DEPTH_MAX_M: Final = 100e3
"""Below any place on or in the ground that a flight could be said to start from."""
_BALLISTIC_MIN_KG_M2: Final = 0.1
"""Lighter than any object that flies; below, the fall takes days."""
_MISTAKES_SHOWN: Final = 20
_HEADER_BYTES_MAX: Final = 65_536
_TIME_NS_MAX: Final = 2**63


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class States:
    """Some rows of the table.

    Parameters
    ----------
    names
        The column ``id``, (n,).
    state_vector
        (n, 6), ECEF.
    ballistic_coefficient_kg_m2
        (n,), None where it was not asked for.
    bytes_read
        How much of the file has been read so far.
    """

    names: list[str]
    state_vector: F64
    ballistic_coefficient_kg_m2: F64 | None
    bytes_read: int


_BEGINNING: Final = "a first line of column names, then states"


@dataclass(slots=True, kw_only=True, eq=False)
class StateTable:
    """A table of states on disk.

    Parameters
    ----------
    path
        The file.
    needs_ballistic
        Whether the column ``ballistic_coefficient_kg_m2`` must be there.
    unused
        Columns that are not used; known once reading has begun.
    """

    path: Path
    needs_ballistic: bool
    unused: tuple[str, ...] = ()

    def chunks(self, row_count: int) -> Iterator[States]:
        """Read and check the table, ``row_count`` rows at a time.

        Raises
        ------
        TableError
            The file cannot be read, a column is missing, a cell cannot be used, an id comes twice.
        """
        wanted = "a table of comma-separated text"
        try:
            with self._opened() as raw:
                yield from self._read(raw, row_count)
        except UnicodeDecodeError as error:
            raise self._error("this is not text in UTF-8", wanted) from error
        except csv.Error as error:
            raise self._error(f"this is not comma-separated text ({error})", wanted) from error
        except OSError as error:
            raise self._error(f"it cannot be read ({error.strerror})", wanted) from error

    def _opened(self) -> io.BufferedReader:
        wanted = "the name of a table of states"
        try:
            return io.BufferedReader(self.path.open("rb", buffering=0), _HEADER_BYTES_MAX)
        except FileNotFoundError as error:
            raise self._error("there is no such file", wanted) from error
        except IsADirectoryError as error:
            raise self._error("this is a folder", wanted) from error
        except ValueError as error:  # a null character in the name
            raise self._error(f"this is no name of a file ({error})", wanted) from error

    def _read(self, raw: io.BufferedReader, row_count: int) -> Iterator[States]:
        self._check_beginning(raw)
        with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            first = next(reader, None)
            if first is None:  # nothing but a byte-order mark, or a part of one
                raise self._error("the file holds no text", _BEGINNING)
            header = [name.strip() for name in first]
            place = self._places(header)
            seen: set[str] = set()
            rows = _Rows(self, place, first=1)
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise self._error(
                        f"{len(cells)} cells",
                        f"{len(header)} cells, as in the first line",
                        f", line {reader.line_num}",
                    )
                rows.add(cells, reader.line_num)
                if len(rows.cells) == row_count:
                    yield rows.checked(seen, raw.tell() if raw.seekable() else 0)
                    rows = _Rows(self, place, first=rows.first + row_count)
            if rows.cells:
                yield rows.checked(seen, raw.tell() if raw.seekable() else 0)
            elif not seen:
                raise self._error("there is no row below the first line", "one state or more")

    def _check_beginning(self, raw: io.BufferedReader) -> None:
        head = raw.peek(_HEADER_BYTES_MAX)
        if not head.strip():
            raise self._error("the file is empty", _BEGINNING)
        if b"\0" in head:
            kind = "a Parquet file" if head.startswith(b"PAR1") else "a binary file"
            raise self._error(f"this is {kind}", "a table of comma-separated text")
        if b"\n" not in head and b"\r" not in head and len(head) == _HEADER_BYTES_MAX:
            raise self._error(
                f"the first line is longer than {_HEADER_BYTES_MAX:,} bytes",
                "a first line of column names",
            )

    def _places(self, header: list[str]) -> dict[str, int]:
        """Find the wanted columns and where they stand."""
        wanted = (*COLUMNS, BALLISTIC) if self.needs_ballistic else COLUMNS
        missing = [name for name in wanted if name not in header]
        if missing:
            self._refuse_header(header, wanted, missing)
        twice = sorted({name for name in header if header.count(name) > 1 and name in wanted})
        if twice:
            raise self._error(f"the column {', '.join(twice)} comes twice", "each column once")
        self.unused = tuple(name for name in header if name not in (*wanted, BALLISTIC))
        return {name: header.index(name) for name in wanted}

    def _refuse_header(
        self, header: list[str], wanted: tuple[str, ...], missing: list[str]
    ) -> None:
        advice = "Check the first line"
        spare = [name for name in header if name not in wanted]
        pairs = [(nearest(name, spare), name) for name in missing]
        near = [f'rename "{found}" to "{name}"' for found, name in pairs if found]
        if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
            advice = "Separate the columns by commas"
        elif near:
            advice = f"Perhaps {', '.join(near)}"
        elif missing == [BALLISTIC]:
            advice = "Drag needs it for every state; add it, or leave --drag out"
        shown = ", ".join(name[:40] for name in header[:20])
        raise self._error(
            f"no column {', '.join(missing)} (found: {shown})",
            f"the columns {', '.join(wanted)}",
            what_to_do=advice,
        )

    def _error(
        self, found: str, allowed: str, where: str = "", *, what_to_do: str = ""
    ) -> TableError:
        return TableError(
            found, allowed=allowed, where=f"{self.path}{where}", what_to_do=what_to_do
        )


@dataclass(slots=True, eq=False)
class _Rows:
    """Rows of text, with what is needed to say where a mistake is."""

    table: StateTable
    place: dict[str, int]
    first: int
    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    mistakes: list[tuple[int, Mistake]] = field(default_factory=list)

    def add(self, cells: list[str], line: int) -> None:
        self.cells.append(cells)
        self.lines.append(line)

    def checked(self, seen: set[str], bytes_read: int) -> States:
        names = self._names(seen)
        self._numbers(
            "time_ns", "integer nanoseconds since 1970 (UTC)", -_TIME_NS_MAX, _TIME_NS_MAX
        )
        position = [self._numbers(n, "metres", -_DISTANCE_MAX_M, _DISTANCE_MAX_M) for n in POSITION]
        fastest = SPEED_OF_LIGHT_M_S
        velocity = [self._numbers(n, "metres per second", -fastest, fastest) for n in VELOCITY]
        ballistic = None
        if self.table.needs_ballistic:
            ballistic = self._numbers(BALLISTIC, "kg/m2", _BALLISTIC_MIN_KG_M2, 1e12)
        state_vector = np.ascontiguousarray(np.array([*position, *velocity]).T)
        self._check_positions(state_vector[:, :3])
        if self.mistakes:
            raise self._refusal()
        return States(
            names=names,
            state_vector=state_vector,
            ballistic_coefficient_kg_m2=ballistic,
            bytes_read=bytes_read,
        )

    def _check_positions(self, position: F64) -> None:
        wrong = [row for row, _ in self.mistakes]
        position[wrong] = np.nan  # already said what is wrong there
        distance_m = np.linalg.norm(position, axis=1)
        for row in np.flatnonzero(distance_m < DISTANCE_MIN_M).tolist():
            self._note(
                row,
                f"the position lies {distance_m[row]:,.0f} m from the Earth's centre",
                f"at least {DISTANCE_MIN_M:,.0f} m",
                what_to_do="Check the unit: positions are ECEF metres, not kilometres",
            )
        rows = np.flatnonzero(distance_m >= DISTANCE_MIN_M)
        altitude_m = geodetic_from_ecef(position[rows])[2]
        is_deep = altitude_m < -_DEPTH_MAX_M
        for row, deep_m in zip(rows[is_deep].tolist(), altitude_m[is_deep].tolist(), strict=True):
            self._note(
                row,
                f"the flight starts {-deep_m:,.0f} m below the ground",
                f"at most {_DEPTH_MAX_M:,.0f} m below the WGS-84 ellipsoid",
                what_to_do="Check the position: it is ECEF, in metres",
            )

    def _names(self, seen: set[str]) -> list[str]:
        names = self._column("id")
        for row, name in enumerate(names):
            if not name:
                self._note(row, "the id is empty", "a name, each once", "id")
            elif name in seen:
                shown = name[:40]
                self._note(row, f'the id "{shown}" comes a second time', "each id once", "id")
            seen.add(name)
        return names

    def _numbers(self, name: str, unit: str, least: float, greatest: float) -> F64:
        """Read a column of numbers within bounds."""
        cells = self._column(name)
        try:
            numbers = np.array(list(map(float, cells)))
        except ValueError:
            numbers = np.array([_number(cell) for cell in cells])
        wrong = ~((numbers >= least) & (numbers <= greatest))
        if name == "time_ns":
            wrong |= numbers != np.floor(numbers)
        for row in np.flatnonzero(wrong).tolist():
            cell = f'"{cells[row][:40]}"' if cells[row] else "an empty cell"
            self._note(row, f"found {cell}", f"{unit}, {least:,.10g} to {greatest:,.10g}", name)
        return numbers

    def _column(self, name: str) -> list[str]:
        place = self.place[name]
        return [row[place].strip() for row in self.cells]

    def _note(
        self, row: int, found: str, allowed: str, column: str = "", *, what_to_do: str = ""
    ) -> None:
        where = f"row {self.first + row} (line {self.lines[row]})"
        where += f", column {column}" if column else ""
        mistake = Mistake(path=where, found=found, allowed=allowed, what_to_do=what_to_do)
        self.mistakes.append((row, mistake))

    def _refusal(self) -> TableError:
        """Put all mistakes of these rows into one error, in the order of the rows."""
        mistakes = [mistake for _, mistake in sorted(self.mistakes, key=lambda pair: pair[0])]
        if len(mistakes) == 1:
            one = mistakes[0]
            return self.table._error(
                one.found, one.allowed, f", {one.path}", what_to_do=one.what_to_do
            )
        lines = [f"{len(mistakes):,} mistakes", *map(str, mistakes[:_MISTAKES_SHOWN])]
        if len(mistakes) > _MISTAKES_SHOWN:
            lines.append(f"and {len(mistakes) - _MISTAKES_SHOWN:,} more")
        return self.table._error("\n".join(lines), "")


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
