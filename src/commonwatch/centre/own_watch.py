"""Own sensors under watch: what they show, what it means, and what others may be told of it.

Nothing here depends on what others say, so that it may be computed once and played back in every
world in which the same sensors see the same things.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.gathering import Gathering
from commonwatch.centre.own import OwnNews, OwnSensors
from commonwatch.centre.picture import detection_reports, track_reports
from commonwatch.sensing.detection import Detections
from commonwatch.sharing.messages import DetectionReport, TrackReport
from commonwatch.tracking.estimate import Estimates
from commonwatch.units import NS_PER_S
from commonwatch.warning.rounds import Rounds
from commonwatch.warning.source import Book
from commonwatch.warning.statement import Statement, statements


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnStep:
    """What is new from own sensors at one step.

    Parameters
    ----------
    now_ns
        The time of the step.
    estimates
        One row for each track that changed.
    track_reports, detection_reports
        What others may be told of them, and of what was seen; a joint centre tells neither.
    statements
        What is said of tracks that were due.
    ended
        Tracks that ended.
    """

    now_ns: int
    estimates: Estimates
    track_reports: tuple[TrackReport, ...]
    detection_reports: tuple[DetectionReport, ...]
    statements: tuple[Statement, ...]
    ended: tuple[int, ...]


class Watching(Protocol):
    """Follows own sensors, or plays back what was found when that was done."""

    def step(self, detections: Detections, now_ns: int) -> OwnStep:
        """Take what has arrived since the last step; never before the last one's time.

        Parameters
        ----------
        detections
            Of the centre's sensors, in any order.
        now_ns
            The time of the step, UTC since 1970.
        """
        ...


class OwnWatch:
    """Follows a centre's sensors and judges what they show.

    Parameters
    ----------
    configuration
        The centre's.
    """

    def __init__(self, configuration: CentreConfiguration) -> None:
        self._sensors = OwnSensors(
            configuration.sensors,
            nation=configuration.nation,
            settings=configuration.tracking,
            interval_s=configuration.report_interval_s,
        )
        self._is_joint = configuration.is_joint
        self._all = configuration.sensors
        self._book = Book(self._sensors.sources)
        self._rounds = Rounds(configuration.warning)
        self._gathering = Gathering(round(configuration.warning.interval_s * NS_PER_S))
        self._coasting: frozenset[int] = frozenset()
        self._class_names = tuple(each.name for each in configuration.warning.classes)

    def step(self, detections: Detections, now_ns: int) -> OwnStep:
        """Take what has arrived since the last step.

        Parameters
        ----------
        detections
            Of the centre's sensors, in any order.
        now_ns
            The time of the step, UTC since 1970.

        Returns
        -------
        OwnStep
            What changed; a joint centre has no reports to make of it.
        """
        news: OwnNews = self._sensors.step(detections, now_ns)
        self._book.add(news.looks)
        urgent = news.coasting - self._coasting  # a motor that burns no more
        self._coasting = self._coasting - set(news.estimates.track.tolist()) | news.coasting
        due = self._gathering.take(news.estimates, self._book, now_ns, urgent=urgent)
        judged = self._rounds.step(due, self._book, coasting=self._coasting)
        for track in judged.ended:
            self._book.forget(track)
        self._coasting -= set(judged.ended)
        return OwnStep(
            now_ns=now_ns,
            estimates=news.estimates,
            track_reports=() if self._is_joint else tuple(track_reports(news)),
            detection_reports=()
            if self._is_joint
            else tuple(detection_reports(detections, self._all)),
            statements=statements(judged, class_names=self._class_names),
            ended=judged.ended,
        )
