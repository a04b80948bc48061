"""A centre's own sensors: what they tell it, and what it could tell others of that.

A report's news is the tracklet of the estimate *as told*, with all that the sensors' constant
errors leave open. A radar's constant error is the same in every report on a track. News of the
estimate without it would be averaged by whoever adds it up, as if it were noise; news of the told
covariance cannot be, since a track's news and its first whole estimate add up to its last whole
estimate and nothing more. Where told uncertainty turns with the line of sight, the difference of
two estimates is no honest measurement any more: there is no news then, and a receiver puts the
whole new estimate in the place of the old.

====================  ==============================================================  =======
figure                source                                                          mark
====================  ==============================================================  =======
``INTERVAL_S``        an update each 10 s                                             assumed
``COASTS_MAX``        as registration takes it: likelier free flight by 100 to 1      assumed
``SURE_AFTER_NS``     late looks may undo an end for as long as the tracker's window  derived
``FORGOTTEN_NS``      twice that                                                      assumed
====================  ==============================================================  =======
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from commonwatch.errors import InputError
from commonwatch.fusion.combination import News, no_news, tracklets
from commonwatch.fusion.pedigree import Pedigree, Span, pedigree_of
from commonwatch.fusion.recording import Moment, RegisteredTracker
from commonwatch.fusion.registration import BURNING_MAX, BiasEstimate
from commonwatch.fusion.report import Reports, empty_reports
from commonwatch.identity import NationId
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.disposition import Dispositions
from commonwatch.tracking.estimate import Estimates, Status, joined, predict
from commonwatch.tracking.settings import WINDOW_S, Settings
from commonwatch.units import NS_PER_S
from commonwatch.warning.source import Looks, Source, sources_of

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Motor: TypeAlias = Literal["burns", "coasts", "unknown"]

INTERVAL_S: Final = 10.0
EARLY_S: Final = 0.5
"""A report may be so much before its time, rather than a whole look after it."""
COASTS_MAX: Final = BURNING_MAX
BURNS_MIN: Final = 0.5
SURE_AFTER_NS: Final = round(WINDOW_S * NS_PER_S)
FORGOTTEN_NS: Final = 2 * SURE_AFTER_NS
FIRST_SHARED_ROW: Final = 1 << 40
"""Rows of detections that came in messages: above those of any table."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnNews:
    """What is new from a centre's own sensors at one step.

    Parameters
    ----------
    now_ns
        The time of the step.
    estimates
        One row for each track that changed, as told.
    reports
        Reports that are due, of confirmed tracks and of those that ended.
    begun_ns
        Time of the first look of each report's track.
    motor
        What each report says of the motor.
    coasting
        Which tracks among the estimates fly freely, as the filter's two models say.
    looks
        Detections newly known to belong to confirmed tracks.
    dispositions
        Detections whose fate is decided.
    biases
        The latest estimate of the sensors' constant errors; None before there is one.
    """

    now_ns: int
    estimates: Estimates
    reports: Reports
    begun_ns: I64
    motor: tuple[Motor, ...]
    coasting: frozenset[int]
    looks: Looks
    dispositions: Dispositions
    biases: BiasEstimate | None


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """The last report on a track."""

    sequence: int
    time_ns: int
    state_vector: F64
    covariance: F64
    is_free: bool
    is_end: bool


@dataclass(slots=True, eq=False)
class _Seen:
    """Looks of one sensor that a track took: the first, the last, and how many."""

    first_ns: int
    last_ns: int
    count: int = 0

    def take(self, time_ns: int) -> None:
        self.first_ns = min(self.first_ns, time_ns)
        self.last_ns = max(self.last_ns, time_ns)
        self.count += 1


@dataclass(slots=True, eq=False)
class _Track:
    """What is kept of one track."""

    seen: dict[int, _Seen] = field(default_factory=dict)
    burning: float = 1.0
    burning_ns: int = 0
    sent: _Sent | None = None
    ended: Estimates | None = None
    ended_ns: int = 0

    @property
    def begun_ns(self) -> int:
        return min(each.first_ns for each in self.seen.values())

    @property
    def is_over(self) -> bool:
        """Whether its end is the last that was told of it, if anything was."""
        return self.ended_ns > 0 and (self.sent is None or self.sent.is_end)

    @property
    def motor(self) -> Motor:
        if self.burning < COASTS_MAX:
            return "coasts"
        return "burns" if self.burning >= BURNS_MIN else "unknown"


class OwnSensors:
    """Follows what a centre's own sensors see, and says when others are to be told.

    Parameters
    ----------
    sensors
        Whose detections it takes: ``Detections.sensor`` counts in this order.
    nation
        Whose centre it is: the contributor and originator of all reports.
    settings
        How the tracker works.
    has_registration
        Whether constant errors of the sensors are estimated and taken off.
    interval_s
        Between two reports on one track.

    Notes
    -----
    A track is reported when it is first confirmed, then each 10 s of its time as long as it
    changes, and when it ends. What is told of what was seen depends on the detections and on the
    times of the steps that bring any, and nothing grows with the length of the run. A step without
    detections tells of nothing but ends: of tracks that nothing is seen of for long.
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        *,
        nation: NationId,
        settings: Settings | None = None,
        has_registration: bool = True,
        interval_s: float = INTERVAL_S,
    ) -> None:
        names = [sensor.sensor for sensor in sensors]
        if len(set(names)) < len(names):
            raise InputError(
                f'two sensors of the name "{max(names, key=names.count)}"',
                allowed="a name of its own each",
                where=f"centre {nation}",
            )
        self.nation = nation
        self.sources: tuple[Source, ...] = sources_of(sensors)
        self._names = tuple(names)
        self._noise = (settings or Settings()).process_noise_m2_s3
        self._tracker = RegisteredTracker(sensors, settings, has_registration=has_registration)
        self._due_after_ns = round((interval_s - EARLY_S) * NS_PER_S)
        self._tracks: dict[int, _Track] = {}
        self._sequence: dict[int, int] = {}
        self._now_ns = 0
        self._next_row = FIRST_SHARED_ROW

    def step(self, detections: Detections, now_ns: int) -> OwnNews:
        """Take what has arrived since the last step.

        Parameters
        ----------
        detections
            In any order, each once. Their ``row`` names them in dispositions; those below zero,
            which came in messages, are numbered here.
        now_ns
            The present, not before the last step's.
        """
        if now_ns < self._now_ns:
            raise InputError(
                f"a step at {now_ns} ns after one at {self._now_ns} ns",
                allowed="times that never go back",
                where=f"centre {self.nation}",
            )
        self._now_ns = now_ns
        return self._news(self._tracker.step(self._numbered(detections), now_ns=now_ns))

    def finish(self) -> Dispositions:
        """Decide the fate of detections that is still open."""
        return self._tracker.finish(now_ns=self._now_ns).dispositions

    def _numbered(self, detections: Detections) -> Detections:
        """Give a number to detections that have none."""
        is_open = detections.row < 0
        count = int(is_open.sum())
        if not count:
            return detections
        row = detections.row.copy()
        row[is_open] = np.arange(self._next_row, self._next_row + count)
        self._next_row += count
        return replace(detections, row=row)

    def _news(self, moment: Moment) -> OwnNews:
        looks = self._note_looks(moment)
        estimates = moment.estimates
        coasting = frozenset(
            track
            for track in estimates.track.tolist()
            if track in self._tracks and self._tracks[track].motor == "coasts"
        )
        reports, begun_ns, motor = self._reports(self._due(estimates, moment.now_ns))
        self._forget(moment.now_ns)
        return OwnNews(
            now_ns=moment.now_ns,
            estimates=estimates,
            reports=reports,
            begun_ns=begun_ns,
            motor=motor,
            coasting=coasting,
            looks=looks,
            dispositions=moment.dispositions,
            biases=moment.biases,
        )

    def _note_looks(self, moment: Moment) -> Looks:
        """Count the looks that tracks took, by sensor, with the first and the last."""
        told = moment.taken_track >= 0
        tracks, sensors = moment.taken_track[told], moment.taken.sensor[told]
        for track, sensor, time_ns, burning in zip(
            tracks.tolist(),
            sensors.tolist(),
            moment.taken.time_ns[told].tolist(),
            moment.taken_burning[told].tolist(),
            strict=True,
        ):
            one = self._tracks.get(track)
            if one is None:
                one = self._tracks[track] = _Track()
            one.seen.setdefault(sensor, _Seen(time_ns, time_ns)).take(time_ns)
            if time_ns >= one.burning_ns:
                one.burning, one.burning_ns = burning, time_ns
        return Looks(
            track=tracks,
            arrival_ns=np.full(len(tracks), moment.now_ns),
            sensor=sensors.astype(np.int64),
            sensors=self.sources,
        )

    def _due(self, estimates: Estimates, now_ns: int) -> Estimates:
        """Choose what is to be reported: of each track what was told last, and ends that are sure.

        A late look may undo the end of a track, and often does.
        """
        last = {track: row for row, track in enumerate(estimates.track.tolist())}
        rows = []
        for track, row in last.items():
            one = self._tracks.get(track)
            status = int(estimates.status[row])
            if one is None or status == Status.TENTATIVE:
                continue
            one.ended = None
            if status == Status.ENDED:
                one.ended, one.ended_ns = estimates.take([row]), now_ns
            elif (
                one.sent is None
                or one.sent.is_end
                or estimates.time_ns[row] - one.sent.time_ns >= self._due_after_ns
            ):
                rows.append(row)
        parts = [estimates.take(sorted(rows))] if rows else []
        for track in sorted(self._tracks):
            one = self._tracks[track]
            if one.ended is not None and now_ns - one.ended_ns >= SURE_AFTER_NS:
                if one.sent is not None and not one.sent.is_end:
                    parts.append(one.ended)
                one.ended = None
        return joined(parts)

    def _reports(self, estimates: Estimates) -> tuple[Reports, I64, tuple[Motor, ...]]:
        """Report each row, and remember that it was said."""
        if not len(estimates):
            return empty_reports(), np.empty(0, dtype=np.int64), ()
        tracks = [self._tracks[track] for track in estimates.track.tolist()]
        is_free = np.array([one.motor == "coasts" for one in tracks])
        is_end = estimates.status == Status.ENDED
        begun_ns = np.array([one.begun_ns for one in tracks])
        since_ns = np.array(
            [one.begun_ns - 1 if one.sent is None else one.sent.time_ns for one in tracks]
        )
        sequence = np.array(
            [
                self._sequence.get(track, 0) if one.sent is None else one.sent.sequence + 1
                for track, one in zip(estimates.track.tolist(), tracks, strict=True)
            ]
        )
        reports = Reports(
            contributor=(self.nation,) * len(tracks),
            track=estimates.track,
            sequence=sequence,
            status=estimates.status,
            is_free=is_free,
            time_ns=estimates.time_ns,
            since_ns=since_ns,
            state_vector=estimates.state_vector,
            covariance=estimates.covariance,
            news=self._tracklets(estimates, tracks, is_free),
            step=np.zeros((len(tracks), 6)),
            pedigree=tuple(self._pedigree(one) for one in tracks),
        )
        for row, one in enumerate(tracks):
            one.sent = _Sent(
                int(sequence[row]),
                int(estimates.time_ns[row]),
                estimates.state_vector[row],
                estimates.covariance[row],
                bool(is_free[row]),
                bool(is_end[row]),
            )
        return reports, begun_ns, tuple(one.motor for one in tracks)

    def _tracklets(
        self, estimates: Estimates, tracks: list[_Track], is_free: npt.NDArray[np.bool_]
    ) -> News:
        """News since the last report, where the object flew freely at both ends."""
        news = no_news(len(tracks))
        sent = [one.sent for one in tracks]
        rows = [k for k, last in enumerate(sent) if last is not None and last.is_free]
        rows = [k for k in rows if is_free[k]]
        if not rows:
            return news
        last = [each for k in rows if (each := sent[k]) is not None]
        seconds = (estimates.time_ns[rows] - np.array([each.time_ns for each in last])) / NS_PER_S
        found = tracklets(
            estimates.state_vector[rows],
            estimates.covariance[rows],
            *predict(
                np.stack([each.state_vector for each in last]),
                np.stack([each.covariance for each in last]),
                seconds,
                process_noise_m2_s3=self._noise,
            ),
        )
        news.information[rows] = found.information
        news.information_vector[rows] = found.information_vector
        news.is_news[rows] = found.is_news
        return news

    def _pedigree(self, one: _Track) -> Pedigree:
        return pedigree_of(
            Span(
                originator=self.nation,
                sensor=self._names[sensor],
                after_ns=seen.first_ns - 1,
                until_ns=seen.last_ns,
                look_count=seen.count,
            )
            for sensor, seen in sorted(one.seen.items())
        )

    def _forget(self, now_ns: int) -> None:
        """Forget tracks that ended a while ago."""
        over = [
            track
            for track, one in self._tracks.items()
            if one.is_over and one.ended is None and now_ns - one.ended_ns >= FORGOTTEN_NS
        ]
        for track in over:
            sent = self._tracks.pop(track).sent
            if sent is not None:
                # A number that comes back goes on counting its reports.
                self._sequence[track] = sent.sequence + 1
