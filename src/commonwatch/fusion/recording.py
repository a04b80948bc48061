"""Recorded detections through a tracker, in the order in which they arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.registration import BiasEstimate, Registration
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.disposition import Dispositions
from commonwatch.tracking.estimate import Estimates, empty_estimates
from commonwatch.tracking.plots import Bias
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.tracker import Tracker, arrivals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """What is new at one instant of a recording.

    Parameters
    ----------
    now_ns
        When something arrived, UTC since 1970.
    estimates
        One row for each track that changed.
    dispositions
        Detections whose fate is decided.
    bias
        Constant errors of the sensors that the tracker takes off from now on.
    biases
        The latest estimate of them; None before there is one.
    taken, taken_track, taken_burning
        Detections newly known to belong to confirmed tracks, as of ``tracking.tracker.Step``.
    """

    now_ns: int
    estimates: Estimates
    dispositions: Dispositions
    bias: Bias
    biases: BiasEstimate | None
    taken: Detections
    taken_track: npt.NDArray[np.int64]
    taken_burning: npt.NDArray[np.float64]


class RegisteredTracker:
    """A tracker whose sensors' constant errors are estimated and taken off as it goes.

    Parameters
    ----------
    sensors
        Whose detections it takes: ``Detections.sensor`` counts in this order.
    settings
        How the tracker works.
    has_registration
        Whether constant errors of the sensors are estimated and taken off.
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        settings: Settings | None = None,
        *,
        has_registration: bool = True,
    ) -> None:
        self._registration = Registration(sensors) if has_registration else None
        self.tracker = Tracker(sensors, settings, corrector=self._registration)

    @property
    def biases(self) -> BiasEstimate | None:
        """The latest estimate of the sensors' constant errors; None before there is one."""
        return None if self._registration is None else self._registration.estimate

    def step(self, detections: Detections, *, now_ns: int) -> Moment:
        """Take detections that have arrived by now, in any order, each once.

        Parameters
        ----------
        detections
            Of the tracker's sensors; those too late for the tracker's memory are so disposed of.
        now_ns
            UTC since 1970, not earlier than at the step before.
        """
        step = self.tracker.step(detections, now_ns=now_ns)
        return Moment(
            now_ns=now_ns,
            estimates=step.estimates,
            dispositions=step.dispositions,
            bias=self.tracker.bias,
            biases=self.biases,
            taken=step.taken,
            taken_track=step.taken_track,
            taken_burning=step.taken_burning,
        )

    def finish(self, *, now_ns: int) -> Moment:
        """Decide the fate of detections that is still open."""
        return Moment(
            now_ns=now_ns,
            estimates=empty_estimates(),
            dispositions=self.tracker.finish(),
            bias=self.tracker.bias,
            biases=self.biases,
            taken=empty_detections(),
            taken_track=np.empty(0, dtype=np.int64),
            taken_burning=np.empty(0),
        )


def track_recorded(
    detections: Detections,
    sensors: Sequence[Sensor],
    settings: Settings | None = None,
    *,
    has_registration: bool = True,
) -> Iterator[Moment]:
    """Track recorded detections as a centre would have as they arrived.

    Parameters
    ----------
    detections
        In any order: ``arrival_ns`` counts.
    sensors
        Those that the detections were read with.
    settings
        How the tracker works.
    has_registration
        Whether constant errors of the sensors are estimated and taken off.

    Yields
    ------
    Moment
        One for each instant at which something arrived, and a last one that decides the fate of
        what is still open.

    Notes
    -----
    Nothing that was told is taken back, and nothing of a moment depends on what arrived later.

    Examples
    --------
    >>> reading = read_detections("detections.parquet", sensors)  # doctest: +SKIP
    >>> for moment in track_recorded(reading.detections, sensors):  # doctest: +SKIP
    ...     print(moment.now_ns, len(moment.estimates))
    """
    tracker = RegisteredTracker(sensors, settings, has_registration=has_registration)
    now_ns = 0
    for now_ns, arrived in arrivals(detections):
        yield tracker.step(arrived, now_ns=now_ns)
    yield tracker.finish(now_ns=now_ns)
