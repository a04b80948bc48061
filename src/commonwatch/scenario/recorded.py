"""Recorded paths from CSV: ``time_s``, ``altitude_m``, ``downrange_m`` and, where known, speeds."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import TableError
from commonwatch.scenario.schema import LIMITS

F64 = npt.NDArray[np.float64]

COLUMNS: Final = ("time_s", "altitude_m", "downrange_m")
SPEED_COLUMNS: Final = ("vertical_speed_m_s", "horizontal_speed_m_s")
_BOUNDS: Final = {
    "time_s": (0.0, 100_000.0),
    "altitude_m": (-1_000.0, 1e8),
    "downrange_m": (-2.1e7, 2.1e7),
    "vertical_speed_m_s": (-2e4, 2e4),
    "horizontal_speed_m_s": (-2e4, 2e4),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Samples of one path in the vertical plane through its launch point, each (t,).

    Parameters
    ----------
    time_s
        Seconds from lift-off, rising.
    altitude_m
        Height above the ellipsoid.
    downrange_m
        Distance along the geodesic from the launch point; negative behind it.
    vertical_speed_m_s, horizontal_speed_m_s
        Relative to the turning Earth; None where the file has no such column.
    """

    time_s: F64
    altitude_m: F64
    downrange_m: F64
    vertical_speed_m_s: F64 | None
    horizontal_speed_m_s: F64 | None


def read_recording(path: Path) -> Recording:
    """Read one recorded path.

    Parameters
    ----------
    path
        A CSV file; lines that begin with # are comments.

    Raises
    ------
    TableError
        The file cannot be read, is too large, lacks a column, or holds something that is not a
        number in bounds.
    """
    reader = csv.reader(_content_lines(path))
    try:
        table = [row for row in reader if row]
    except csv.Error as error:
        raise TableError(f"not CSV ({error})", allowed="CSV", where=str(path)) from error
    header = [name.strip() for name in table[0]] if table else []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise TableError(
            f"column {', '.join(missing)} is missing",
            allowed=f"a first line with {', '.join(COLUMNS)}",
            where=str(path),
        )
    rows = table[1:]
    if not 2 <= len(rows) <= LIMITS.recorded_rows:
        raise TableError(
            f"{len(rows)} rows", allowed=f"2 to {LIMITS.recorded_rows} rows", where=str(path)
        )
    columns = {
        name: np.array(
            [
                _number(path, index, row, header.index(name), name)
                for index, row in enumerate(rows, 1)
            ]
        )
        for name in (*COLUMNS, *SPEED_COLUMNS)
        if name in header
    }
    falls = np.flatnonzero(np.diff(columns["time_s"]) <= 0.0)
    if falls.size:
        raise TableError(
            f"time_s does not rise from row {falls[0] + 1} to row {falls[0] + 2}",
            allowed="times that rise from row to row",
            where=str(path),
        )
    return Recording(
        time_s=columns["time_s"],
        altitude_m=columns["altitude_m"],
        downrange_m=columns["downrange_m"],
        vertical_speed_m_s=columns.get("vertical_speed_m_s"),
        horizontal_speed_m_s=columns.get("horizontal_speed_m_s"),
    )


def _content_lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            content = file.read(LIMITS.recorded_bytes + 1)
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise TableError(
            f"the recording cannot be read ({found})",
            allowed="a CSV file beside the scenario, or a bundled recording",
            where=str(path),
        ) from error
    if len(content) > LIMITS.recorded_bytes:
        raise TableError(
            "the recording is too large",
            allowed=f"at most {LIMITS.recorded_bytes} bytes",
            where=str(path),
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError("not text in UTF-8", allowed="CSV in UTF-8", where=str(path)) from error
    return (line for line in text.splitlines() if not line.startswith("#"))


def _number(path: Path, index: int, row: list[str], place: int, name: str) -> float:
    text = row[place].strip() if place < len(row) else ""
    least, most = _BOUNDS[name]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise TableError(
            f'{name} is "{text[:40]}"',
            allowed=f"a number, {least:g} to {most:g}",
            where=f"{path}, row {index}",
        )
    return value
