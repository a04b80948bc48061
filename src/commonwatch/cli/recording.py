"""The work of ``commonwatch track``: read detections, track them, write what was believed.

Tracks are written while the tracker runs, so that memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from commonwatch.errors import InputError, OutputError, TableError
from commonwatch.fusion.recording import track_recorded
from commonwatch.fusion.registration import BiasEstimate
from commonwatch.scenario.load import read_sensors
from commonwatch.sensing.detection import Reading, read_detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.tables.files import place_to_write
from commonwatch.tables.streaming import TableStream, streamed
from commonwatch.tracking.estimate import Status
from commonwatch.tracking.fates import Fates, Refusal
from commonwatch.tracking.plots import Bias
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.smoothing import smoothed

_READ: Final = 0.05
_TRACKED: Final = 0.9
"""Parts of the whole after which the table is read and tracked."""
_TERMS: Final = (("range", "m"), ("azimuth", "rad"), ("elevation", "rad"), ("time", "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What ``track`` was asked to do."""

    detections: Path
    sensors: Path
    out: Path
    dispositions: Path
    smoothed: Path | None
    biases: Path | None
    settings: Settings
    has_registration: bool


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of it.

    ``dispositions`` counts rows by their fate, ``refusals`` the refused ones by reason, ``remarks``
    are sentences about what rows hold and is not used; ``told``, ``confirmed`` and ``ended`` are
    numbers of tracks.
    """

    rows: int = 0
    dispositions: dict[str, int] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()
    told: set[int] = field(default_factory=set)
    confirmed: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    track_rows: int = 0
    smoothed_rows: int = 0
    has_biases: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class _Input:
    """What was read, and what becomes of it."""

    sensors: tuple[Sensor, ...]
    reading: Reading
    fates: Fates
    bias: Bias | None = None
    biases: BiasEstimate | None = None

    @property
    def known_ns(self) -> int:
        """When the last detection arrived."""
        return int(self.reading.detections.arrival_ns.max(initial=0))


def track_table(job: Job, report: Callable[[str, float], None]) -> Tally:
    """Track a table of detections; all files appear at the end, or none.

    Parameters
    ----------
    job
        Files and settings.
    report
        Called with the stage in words and the part of the whole that is done.
    """
    check_places(job)
    sensors = read_sensors(job.sensors)
    reading = read_detections(job.detections, sensors)
    if reading.row_count and not len(reading.detections):
        raise TableError(
            f"none of {reading.row_count:,} rows can be used: {reading.refused_reason[0]}",
            allowed="at least one detection of a sensor of the file",
            where=str(job.detections),
            what_to_do="commonwatch track --help lists the columns",
        )
    given = _Input(sensors=sensors, reading=reading, fates=Fates(reading))
    tally = Tally(rows=reading.row_count, remarks=reading.remarks)
    report("tracking", _READ)
    with ExitStack() as stack:
        streams = [stack.enter_context(streamed(job.out, "tracks"))]
        _track(job, given, streams[0], tally, report)
        tally.dispositions, tally.refusals = given.fates.counts(), given.fates.refusals()
        if job.smoothed is not None:
            report("smoothing", _TRACKED)
            streams.append(stack.enter_context(streamed(job.smoothed, "smoothed")))
            _smooth(job, given, streams[-1], tally)
        if job.biases is not None and given.biases is not None:
            streams.append(stack.enter_context(streamed(job.biases, "biases")))
            streams[-1].add(_bias_columns(given.biases, sensors, given.known_ns))
            tally.has_biases = True
        streams.append(stack.enter_context(streamed(job.dispositions, "dispositions")))
        streams[-1].add(given.fates.to_columns())
        report("writing", _TRACKED)
        for stream in streams:  # a full disk shows here, before the first moves into place
            stream.finish()
    return tally


def _track(
    job: Job,
    given: _Input,
    tracks: TableStream,
    tally: Tally,
    report: Callable[[str, float], None],
) -> None:
    """Run the tracker and write what it tells."""
    detections = given.reading.detections
    first_ns = int(detections.arrival_ns.min(initial=given.known_ns))
    span_ns = max(given.known_ns - first_ns, 1)
    for moment in track_recorded(
        detections, given.sensors, job.settings, has_registration=job.has_registration
    ):
        estimates = moment.estimates
        if len(estimates):
            tracks.add(estimates.to_columns())
            is_confirmed = estimates.status == Status.CONFIRMED
            is_ended = estimates.status == Status.ENDED
            tally.told.update(estimates.track.tolist())
            tally.confirmed.update(estimates.track[is_confirmed].tolist())
            tally.ended.update(estimates.track[is_ended].tolist())
        given.fates.add(moment.dispositions)
        given.bias, given.biases = moment.bias, moment.biases
        part = (moment.now_ns - first_ns) / span_ns
        report("tracking", _READ + (_TRACKED - _READ) * part)
    tally.track_rows = tracks.row_count


def _smooth(job: Job, given: _Input, stream: TableStream, tally: Tally) -> None:
    """Smooth the confirmed tracks and write them."""
    detections = given.reading.detections
    track = given.fates.track[detections.row]
    chosen = np.isin(track, np.array(sorted(tally.confirmed), dtype=np.int64))
    for estimates in smoothed(
        detections.take(chosen),
        track[chosen],
        given.sensors,
        known_ns=given.known_ns,
        settings=job.settings,
        bias=given.bias,
    ):
        stream.add(estimates.to_columns())
    tally.smoothed_rows = stream.row_count


def _bias_columns(
    biases: BiasEstimate, sensors: tuple[Sensor, ...], known_ns: int
) -> dict[str, Any]:
    """Columns of the table ``biases``: a row for each sensor that took part."""
    kept = np.flatnonzero(biases.plot_count > 0)
    columns: dict[str, Any] = {
        "sensor": [str(sensors[index].sensor) for index in kept.tolist()],
        "known_ns": np.full(len(kept), known_ns),
        "plots": biases.plot_count[kept],
    }
    for place, (name, unit) in enumerate(_TERMS):
        columns[f"{name}_bias_{unit}"] = biases.value[kept, place]
        columns[f"{name}_bias_std_{unit}"] = biases.std[kept, place]
    return columns


def check_places(job: Job) -> None:
    """Refuse output that cannot be written, or in the place of the input or of other output.

    Raises
    ------
    OutputError
        The first such place.
    InputError
        Biases were asked for without registration.
    """
    if job.biases is not None and not job.has_registration:
        raise InputError(
            "--biases and --no-registration",
            allowed="one of the two",
            what_to_do="Biases are what registration estimates",
        )
    taken = {"the detections": job.detections, "the sensors": job.sensors}
    wanted = {
        "--out": job.out,
        "--dispositions": job.dispositions,
        "--smoothed": job.smoothed,
        "--biases": job.biases,
    }
    for option, path in wanted.items():
        if path is None:
            continue
        place_to_write(path)  # a bad place is said before the work, not after it
        where = f"{option} {path}"
        if path.suffix.lower() != ".parquet":
            raise OutputError(
                "the name does not end in .parquet",
                allowed="a name such as tracks.parquet",
                where=where,
            )
        for what, other in taken.items():
            if _is_same(path, other):
                raise OutputError(
                    f"it would take the place of {what}", allowed="another name", where=where
                )
        taken[option] = path


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except (OSError, ValueError, RuntimeError):
        return False
