"""Recorded detections through a tracker, in the order in which they arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commonwatch.fusion.registration import BiasEstimate, Registration
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.estimate import Estimates, empty_estimates
from commonwatch.tracking.plots import Bias
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.tracker import Dispositions, Tracker, arrivals


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
    """

    now_ns: int
    estimates: Estimates
    dispositions: Dispositions
    bias: Bias
    biases: BiasEstimate | None


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
    tracker = Tracker(sensors, settings)
    registration = Registration(sensors) if has_registration else None
    biases = None
    now_ns = 0
    for now_ns, arrived in arrivals(detections) if len(detections) else ():
        step = tracker.step(arrived, now_ns=now_ns)
        if registration is not None:
            registration.step(tracker, step)
            biases = registration.estimate
        yield Moment(
            now_ns=now_ns,
            estimates=step.estimates,
            dispositions=step.dispositions,
            bias=tracker.bias,
            biases=biases,
        )
    yield Moment(
        now_ns=now_ns,
        estimates=empty_estimates(),
        dispositions=tracker.finish(),
        bias=tracker.bias,
        biases=biases,
    )
