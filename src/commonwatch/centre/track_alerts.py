"""Alerts of tracks: one for each launch that tracks of a centre show, its own or fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from commonwatch.centre.alert import (
    CONFIRMED,
    CONFIRMING,
    LAUNCH_REPORTS,
    OWN,
    Alert,
    AlertEvent,
    Fused,
    Judged,
)
from commonwatch.centre.board import Board
from commonwatch.centre.launch_reports import Key, Track
from commonwatch.centre.same_launch import Strand
from commonwatch.identity import NationId
from commonwatch.warning.alert import RAISE_MIN, TRANSITIONS, Evidence, Transition, advance
from commonwatch.warning.rounds import Supported
from commonwatch.warning.source import Support, support
from commonwatch.warning.statement import Statement
from commonwatch.warning.watch import Standing, judged_anew


class TrackAlerts:
    """Raises alerts on tracks, and lets them live on.

    Parameters
    ----------
    board
        All alerts of the floor.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._reports = board.reports
        self._kinship = board.kinship
        self._tracks: dict[Track, Alert] = {}
        self._matched: tuple[int, tuple[tuple[Track, bool], ...]] = (-1, ())

    @property
    def taken(self) -> frozenset[Key]:
        """Reports that belong to tracks whose alerts stand."""
        return frozenset(
            key for alert in self._tracks.values() if alert.stands for key in alert.reports
        )

    def judged(self, own: Judged | None, joint: Fused | None) -> tuple[list[AlertEvent], bool]:
        """Take what is new from own sensors and from fused tracks; say whether anything was."""
        events: list[AlertEvent] = []
        is_new = False
        words = {} if joint is None else joint.contributors
        for (picture, number), alert in self._tracks.items() if words else ():
            alert.credit(words.get(number, ()) if picture else ())
        for picture, step in enumerate((own, joint)):
            for said in () if step is None else step.statements:
                names = words.get(said.track, ()) if picture else ()
                events += self._judged((picture, said.track), said, names)
                is_new = True
            for number in () if step is None else step.ended:
                self._end((picture, number))
        return events, is_new

    def _judged(self, track: Track, said: Statement, names: Sequence[NationId]) -> list[AlertEvent]:
        """Take a judgement of a track."""
        alert = self._tracks.get(track)
        if alert is None:
            strand = Strand.of(said)
            alert, is_new = self._begun(track, strand), True
        else:
            strand = alert.strands[track]
            is_new = strand.hear(said)
        alert.credit(names)
        alert.known_ns = self._board.now_ns
        events = self._parted(alert, track) if len(alert.strands) > 1 else []
        alert = self._tracks[track]
        alert.turn_to_latest(self._reports.named)
        if alert.track == track:
            events += self._lives(alert, is_new=is_new)
        return events

    def _begun(self, track: Track, strand: Strand) -> Alert:
        """Begin what may become an alert."""
        alert = Alert(number=-1, origin=OWN, standing=Standing(), strands={track: strand})
        alert.known_ns = self._board.now_ns
        self._tracks[track] = alert
        return alert

    def _lives(self, alert: Alert, *, is_new: bool, why: str = "") -> list[AlertEvent]:
        """Take a step in the life of a track's alert, from what was just said of it."""
        said = alert.said
        self._reports.follow(alert.anchor, alert.launch)
        supported = self._supported(alert)
        if supported is None or said is None:
            return []  # nobody who sees it is believed
        if not alert.stands and not alert.may_rise(supported.support):
            return []
        is_raised = alert.number < 0 and said.answer_probability[0] >= RAISE_MIN
        if is_raised or (alert.stands and is_new):
            other = self._same_launch(alert)
            if other is not None:
                return self._united(*sorted((alert, other), key=_age))
        if is_raised:
            self._adopt(alert)
        noticed = self._board.match(said.seen)
        transition, reason = judged_anew(alert.standing, said, supported, noticed)
        if transition is Transition.NOTHING:
            return []
        words = f"{why}: {reason}" if why else reason
        return [self._board.event(self._board.numbered(alert), transition, words)]

    def _same_launch(self, alert: Alert) -> Alert | None:
        """Find the alert that is surely of the same launch as this one."""
        doubted = any(each.nation in self._reports.excluded for each in alert.sources)
        if doubted or alert.launch is None or not alert.launch.can_confirm:
            return None
        picture = alert.anchor[0]
        others = {
            other.number: other
            for other in self._tracks.values()
            if other is not alert
            and other.number >= 0
            and (other.stands or (alert.number < 0 <= other.closed_at))
            and other.anchor[0] == picture
        }
        found = self._kinship.partner(
            alert.number,
            alert.launch,
            tuple(alert.strands.values()),
            [(number, other.strands.values()) for number, other in others.items()],
        )
        if alert.number < 0:
            self._kinship.forget(alert.number)
        return None if found is None else others[found]

    def _united(self, alert: Alert, newer: Alert) -> list[AlertEvent]:
        """Go on with an alert that a newer one turns out to be one with."""
        self._reports.follow(newer.anchor, None)
        why = alert.take(newer)
        self._tracks |= dict.fromkeys(newer.strands, alert)
        alert.known_ns = self._board.now_ns
        alert.turn_to_latest(self._reports.named)
        self._kinship.forget(alert.number)
        events = self._lives(alert, is_new=False, why=why)
        if newer.number < 0:
            return events
        if alert.stands and newer.status in CONFIRMED:
            transition = CONFIRMING[CONFIRMED.index(newer.status)]
            if (alert.status, transition) in TRANSITIONS:
                alert.move(transition)
                events.append(self._board.event(alert, transition, f"as alert {newer.number} was"))
        newer.move(Transition.CANCELLED)
        gone = f"the same launch as alert {alert.number}"
        events.append(self._board.event(newer, Transition.CANCELLED, gone))
        newer.strands, newer.reports = {}, ()
        return events

    def _parted(self, alert: Alert, track: Track) -> list[AlertEvent]:
        """Give a track that turns out to be of another launch an alert of its own."""
        events = []
        while (found := alert.parting(track)) is not None:
            leaves, why = found
            moved = self._begun(leaves, alert.strands.pop(leaves))
            alert.turn_to_latest(self._reports.named)
            moved.turn_to_latest()
            self._reports.follow(alert.anchor, alert.launch)
            rests = self._supported(alert)
            if alert.status in CONFIRMED and rests and rests.support is Support.NONE:
                why += "; what confirmed this alert was of both tracks"
            if alert.stands:
                words = f"track {leaves[1]} is of another launch: {why}"
                events.append(self._board.event(alert, Transition.CORRECTED, words))
            if leaves == track:
                break
            events += self._lives(moved, is_new=True)
        return events

    def _adopt(self, alert: Alert) -> None:
        """Go on with the alert that reports of the same launch have raised."""
        held = {
            key: each
            for each in self._board.alerts.values()
            if each.origin == LAUNCH_REPORTS and each.stands
            for key in each.reports
        }
        for key in self._reports.agreeing(alert.anchor):
            if key in held:
                other = held[key]
                alert.number = alert.standing.alert = other.number
                alert.standing.life = other.standing.life
                alert.credit(other.contributors)
                self._board.alerts[alert.number] = alert
                return

    def _end(self, track: Track) -> None:
        alert = self._tracks.get(track)
        if alert is None:
            return
        alert.strands[track].has_ended = True
        alert.has_ended = all(each.has_ended for each in alert.strands.values())
        if alert.number < 0:
            del self._tracks[track]
            self._reports.forget((), (track,))

    def _supported(self, alert: Alert) -> Supported | None:
        """Say what a track rests on; None where all who see it are named as liars."""
        said = alert.said
        if said is None:
            return None
        whole = alert.supported(said)
        sources = self._reports.believed(whole.sources)
        others = self._reports.sources(alert.reports, sources)
        # Where no pedigree names sensors, who has a word in the track says whose it is.
        nations = [each.nation for each in whole.sources] or alert.contributors
        if not others and nations and set(nations) <= set(self._reports.named):
            return None
        if len(sources) == len(whole.sources) and not others:
            return whole
        recent = self._reports.believed(whole.recent)
        found, reason = support((*sources, *others))
        return Supported(
            sources=(*sources, *others),
            recent=recent,
            support=found,
            reason=reason,
            recent_support=support(recent)[0],
        )

    def rematch(self, changed: frozenset[Key], *, everywhere: bool) -> list[AlertEvent]:
        """Give reports to tracks anew, and say what that changes.

        Parameters
        ----------
        changed
            Reports that are new or say something new.
        everywhere
            Whether others are believed than before.
        """
        raised = {
            alert.anchor: alert.has_ended
            for alert in self._tracks.values()
            if alert.number >= 0 and alert.stands
        }
        told = self._reports.version, tuple(raised.items())
        if told == self._matched and not everywhere:
            return []
        self._matched = told
        given = self._reports.by_track(raised)
        events = []
        for track in raised:
            alert, reports = self._tracks[track], given.get(track, ())
            before = alert.reports
            if reports == before and not changed & set(reports) and not everywhere:
                continue
            alert.reports = reports
            events += self._resupported(alert, before, changed)
        return events

    def _resupported(
        self, alert: Alert, before: tuple[Key, ...], changed: frozenset[Key]
    ) -> list[AlertEvent]:
        """Say what reports that came, changed or went do to the alert of a track."""
        supported, said = self._supported(alert), alert.said
        if said is None:
            return []
        alert.known_ns = self._board.now_ns
        if supported is None:
            return [
                self._board.event(alert, alert.move(Transition.CANCELLED), self._board.doubt(alert))
            ]
        after, transition, reason = advance(
            alert.standing.life,
            Evidence(
                ballistic_probability=said.answer_probability[0],
                support=supported.support,
                support_reason=supported.reason,
                recent_support=supported.recent_support,
                changed="",
            ),
        )
        if transition in CONFIRMING:
            alert.standing.life = replace(alert.standing.life, status=after.status)
            return [self._board.event(alert, transition, reason)]
        words = self._reports.changes(before, alert.reports, changed, has_track=True)
        if not words:
            return []
        is_gain = set(alert.reports) > set(before)
        kind = Transition.UPDATED if is_gain else Transition.CORRECTED
        return [self._board.event(alert, kind, words)]

    def forget(self, oldest_ns: int) -> list[Track]:
        """Leave out tracks that nothing was heard of since, and name them."""
        tracks = [t for t, alert in self._tracks.items() if alert.known_ns < oldest_ns]
        for track in tracks:
            del self._tracks[track]
        return tracks


def _age(alert: Alert) -> tuple[bool, int]:
    """Sort those that have a number before those that have none."""
    return alert.number < 0, alert.number
