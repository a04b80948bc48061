"""The work of ``commonwatch fly``: read states, fly them, write where they went.

Rows go through in portions, so that memory does not grow with the table.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from commonwatch.cli.state_table import COLUMNS, States, StateTable
from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.earth.gravity import Gravity
from commonwatch.errors import OutputError
from commonwatch.flight.propagation import FreeFlight, Outcome, Stop, free_flight, sample
from commonwatch.tables.columns import unit_of
from commonwatch.tables.files import replaced
from commonwatch.tables.schemas import FORMAT, FORMAT_KEY

F64 = npt.NDArray[np.float64]

INTERVAL_S: Final = 10.0
SUMMARY: Final = (
    "id",
    "apogee_altitude_m",
    "apogee_time_s",
    "impact_latitude_deg",
    "impact_longitude_deg",
    "time_of_flight_s",
    "reason",
)
_ROWS_A_PORTION: Final = 16_384
_SAMPLES_A_PIECE: Final = 400_000
_NUMBERS: Final = ("time_s", *COLUMNS[2:])
_FIELDS: Final[list[pa.Field[Any]]] = [
    pa.field("id", pa.string(), nullable=False),
    *(pa.field(n, pa.float64(), metadata={"unit": unit_of(n)}) for n in _NUMBERS),
    pa.field("reason", pa.string()),
]
_SCHEMA: Final = pa.schema(
    _FIELDS,
    metadata={FORMAT_KEY: str(FORMAT).encode(), b"commonwatch.table": b"flown"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What ``fly`` was asked to do."""

    states: Path
    out: Path
    summary: Path | None
    stop: Stop
    gravity: Gravity
    has_drag: bool


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was flown so far."""

    flights: int
    rows: int
    reasons: Counter[str]
    unused: tuple[str, ...]


def fly_table(job: Job, report_bytes: Callable[[int], None]) -> Tally:
    """Fly every state of a table; both files appear at the end, or neither.

    Parameters
    ----------
    job
        Files and force model.
    report_bytes
        Called with the number of bytes of the table read so far.
    """
    _check_places(job)
    table = StateTable(path=job.states, needs_ballistic=job.has_drag)
    tally = Tally(flights=0, rows=0, reasons=Counter(), unused=())
    with ExitStack() as stack:
        files = [stack.enter_context(replaced(job.out))]
        if job.summary is not None:
            files.append(stack.enter_context(replaced(job.summary)))
            _write_csv(files[1], [SUMMARY])
        with pq.ParquetWriter(
            files[0],
            _SCHEMA,
            compression="lz4",
            use_dictionary=["id", "reason"],  # type: ignore[arg-type]  # the stubs know only True
            use_byte_stream_split=list(_NUMBERS),
        ) as writer:
            for states in table.chunks(_ROWS_A_PORTION):
                flown = free_flight(
                    states.state_vector,
                    stop=job.stop,
                    gravity=job.gravity,
                    ballistic_coefficient_kg_m2=states.ballistic_coefficient_kg_m2,
                )
                reasons = [Outcome(number).reason for number in flown.outcome.tolist()]
                for piece in _pieces(job, states, flown, reasons):
                    writer.write_table(piece)
                    tally.rows += piece.num_rows
                if job.summary is not None:
                    _write_csv(files[1], _summary_rows(states, flown, reasons))
                tally.flights += len(reasons)
                tally.reasons.update(reasons)
                report_bytes(states.bytes_read)
        for file in files:  # a full disk shows here, before the first of them moves into place
            file.flush()
            os.fsync(file.fileno())
    tally.unused = table.unused
    return tally


def _pieces(job: Job, states: States, flown: FreeFlight, reasons: list[str]) -> Iterator[pa.Table]:
    """Give the samples of some flights after the others, flights in the order of the table."""
    before_end = np.ceil(np.nan_to_num(flown.time_s) / INTERVAL_S - 1e-9).astype(np.int64)
    counts = before_end + 1
    pieces = np.cumsum(counts) // _SAMPLES_A_PIECE
    names, words = pa.array(states.names), pa.array([reason or None for reason in reasons])
    for piece in np.unique(pieces):
        rows = np.flatnonzero(pieces == piece)
        ends = np.cumsum(counts[rows])
        samples = np.full((ends[-1], 7), np.nan)
        samples[ends - 1, 0] = flown.time_s[rows]
        samples[ends - 1, 1:] = flown.state_vector[rows]
        _fill(samples, ends - counts[rows], before_end[rows], _starts(job, states, rows))
        which = np.repeat(rows, counts[rows])
        columns = [pa.array(column, from_pandas=True) for column in samples.T]
        yield pa.table([names.take(which), *columns, words.take(which)], schema=_SCHEMA)


@dataclass(frozen=True, slots=True, eq=False)
class _Starts:
    """What samples are computed from."""

    state_vector: F64
    ballistic_coefficient_kg_m2: F64 | None
    gravity: Gravity


def _starts(job: Job, states: States, rows: npt.NDArray[np.intp]) -> _Starts:
    ballistic = states.ballistic_coefficient_kg_m2
    return _Starts(
        states.state_vector[rows], None if ballistic is None else ballistic[rows], job.gravity
    )


def _fill(
    samples: F64, first: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], starts: _Starts
) -> None:
    """Write each flight's samples before its end; flights of like length are computed together."""
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    while len(order):
        longest = int(counts[order[0]])
        some = order[: max(32, _SAMPLES_A_PIECE // longest)]
        # No more than twice the samples that are needed.
        some = some[counts[some] * 2 >= longest]
        ballistic = starts.ballistic_coefficient_kg_m2
        paths = sample(
            starts.state_vector[some],
            interval_s=INTERVAL_S,
            count=longest,
            gravity=starts.gravity,
            ballistic_coefficient_kg_m2=None if ballistic is None else ballistic[some],
        )
        step = np.arange(longest)
        is_before_end = step < counts[some, None]
        place = (first[some, None] + step)[is_before_end]
        samples[place, 0] = np.broadcast_to(step * INTERVAL_S, is_before_end.shape)[is_before_end]
        samples[place, 1:] = paths[is_before_end]
        order = order[len(some) :]


def _summary_rows(
    states: States, flown: FreeFlight, reasons: list[str]
) -> Iterator[tuple[str, ...]]:
    place = np.full((2, len(reasons)), np.nan)
    arrives = flown.arrives
    latitude, longitude, _ = geodetic_from_ecef(flown.state_vector[arrives, :3])
    place[:, arrives] = np.degrees([latitude, longitude])
    columns = (flown.apogee_altitude_m, flown.apogee_time_s, *place, flown.time_s)
    texts = [
        ["" if number != number else repr(number) for number in column.tolist()]  # noqa: PLR0124
        for column in columns
    ]
    return zip(states.names, *texts, reasons, strict=True)


def _write_csv(file: BinaryIO, rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    file.write(text.getvalue().encode())


def _check_places(job: Job) -> None:
    """Refuse output that would take the place of the input or of other output."""
    if job.out.suffix.lower() != ".parquet":
        raise OutputError(
            "the name of the arcs does not end in .parquet",
            allowed="a name such as arcs.parquet",
            where=f"--out {job.out}",
        )
    places = {"--out": job.out, "--summary": job.summary}
    for option, path in places.items():
        if path is not None and _is_same(path, job.states):
            raise OutputError(
                "it would take the place of the table of states",
                allowed="another name",
                where=f"{option} {path}",
            )
    if job.summary is not None and _is_same(job.out, job.summary):
        raise OutputError(
            "arcs and summary have the same name", allowed="two names", where=f"--out {job.out}"
        )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except (OSError, ValueError, RuntimeError):
        return False
