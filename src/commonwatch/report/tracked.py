"""What the page of a tracked file is made from.

========================  ========================================================================
``tracked``               what was given
``tracked_lives``         when each track was known, and its path
``tracked_fates``         what became of detections, by sensor and time
``tracked_errors``        errors with their stated bounds, where truth is given
``tracked_areas``         launch and impact ellipses
``tracked_findings``      all of these, worked out once
``tracked_map``           tracks, sectors and ellipses on a map
``tracked_charts``        paths, numbers and fates of detections against time
``tracked_error_charts``  errors and bounds against time
``tracked_area_charts``   ellipses over time
``tracked_answers``       the first screen in sentences
``tracked_listings``      tables of sensors, objects and alerts
``tracked_page``          the whole page, and its figures for machines
========================  ========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.errors import InputError
from commonwatch.report.columns import instants
from commonwatch.sensing.visibility import Sensor
from commonwatch.studies.score_matching import Truth
from commonwatch.tracking.estimate import Estimates
from commonwatch.tracking.given_dispositions import refuse_other_rows
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedContent:
    """Everything the page shows.

    Parameters
    ----------
    name
        Of the file of tracks.
    version, command
        What made the page, and how to make it again.
    estimates
        The tracks.
    sensors
        Whose detections they are made of; none where unknown.
    detections
        Columns ``time_ns`` and ``sensor`` of what was tracked, in the order of its rows.
    dispositions, alerts, biases
        Tables of these names, as ``track`` and ``warn`` write them.
    truth, ends
        What flew, and where and when it started and came down.
    start_ns, last_ns
        First and last instant of the tracks and of the truth; seconds count from the first.

    Raises
    ------
    InputError
        Ends without truth: then nothing says which track is which object; or dispositions that are
        not those of the detections, one each.
    """

    name: str
    version: str
    command: str
    estimates: Estimates
    sensors: tuple[Sensor, ...] = ()
    detections: pa.Table | None = None
    dispositions: pa.Table | None = None
    alerts: pa.Table | None = None
    biases: pa.Table | None = None
    truth: Truth | None = None
    ends: pa.Table | None = None
    start_ns: int = field(init=False)
    last_ns: int = field(init=False)

    def __post_init__(self) -> None:
        given = [self.estimates.time_ns, self.estimates.known_ns]
        if self.truth is not None:
            given.append(self.truth.time_ns)
        instants_ns = np.concatenate(given)
        for name, found in (("start_ns", np.min), ("last_ns", np.max)):
            object.__setattr__(self, name, int(found(instants_ns)) if len(instants_ns) else 0)
        if self.ends is not None and self.truth is None:
            raise InputError(
                "launch and impact points without the objects' paths",
                allowed="both, or no launch and impact points",
                what_to_do="Give the table of objects too: it says which track is which object",
            )
        if self.detections is not None and self.dispositions is not None:
            refuse_other_rows(instants(self.dispositions, "row"), self.detections.num_rows)

    @property
    def end_s(self) -> float:
        """Seconds from the start to the last instant of the tracks and of the truth."""
        return (self.last_ns - self.start_ns) / NS_PER_S

    @property
    def start_words(self) -> str:
        """The start as a date and time."""
        seconds, rest = divmod(self.start_ns, NS_PER_S)
        try:
            start = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return f"{self.start_ns:,} ns after 1970"
        part = f".{rest // 1_000_000:03d}" if rest else ""
        return f"{start:%Y-%m-%d %H:%M:%S}{part} UTC"

    def seconds(self, time_ns: I64) -> F64:
        """Seconds from the start, any shape."""
        return np.asarray((time_ns - self.start_ns) / NS_PER_S, dtype=np.float64)
