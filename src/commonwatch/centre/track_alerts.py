"""Alerts of tracks: one for each launch that tracks of a centre show, its own or fused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from commonwatch.centre.alert import (
    CONFIRMED,
    CONFIRMING,
    LAUNCH_REPORTS,
    OWN,
    STANDS,
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
from commonwatch.warning.source import Source, Support, support
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
        self._gone: set[Track] = set()
        """Tracks that go on under another number, of which a last word may be on its way."""
        self._silent: dict[Track, tuple[NationId, ...]] = {}
        """Of each track that one nation alone reports, who else could see it and says nothing."""
        self._matched: tuple[int, tuple[tuple[Track, bool], ...]] = (-1, ())

    @property
    def taken(self) -> frozenset[Key]:
        """Reports that belong to tracks whose alerts stand."""
        return frozenset(
            key for alert in self._tracks.values() if alert.stands for key in alert.reports
        )

    def judged(self, own: Judged | None, joint: Fused | None) -> tuple[list[AlertEvent], bool]:
        """Take what is new from own sensors and from fused tracks; say whether anything was.

        Parameters
        ----------
        own
            Of own sensors; None where there was no step.
        joint
            Of fused tracks; None where there was no step, or there is no such picture.

        Returns
        -------
        events, is_new
            What happened to alerts by it, and whether alerts must be looked at again.
        """
        merged = {} if joint is None else joint.merged
        events: list[AlertEvent] = []
        for gone, number in merged.items():
            events += self._merged((1, gone), (1, number))
        is_new = bool(merged)
        words = {} if joint is None else joint.contributors
        self._silent |= {} if joint is None else {(1, n): s for n, s in joint.silent.items()}
        for (picture, number), alert in self._tracks.items() if words else ():
            alert.credit(words.get(number, ()) if picture else ())
        for picture, step in enumerate((own, joint)):
            for said in () if step is None else step.statements:
                if (picture, said.track) in self._gone:
                    continue
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
        return events + self._cancelled_as(newer, alert, "the same launch")

    def _merged(self, gone: Track, track: Track) -> list[AlertEvent]:
        """Go on with one alert for two tracks that turn out to follow one object."""
        younger = self._tracks.pop(gone, None)
        if younger is None:
            return []
        self._gone.add(gone)
        older = self._tracks.get(track) or self._begun(track, replace(younger.strands[gone]))
        anchors = {older.anchor, younger.anchor}
        older.strands[track].take(younger.strands.pop(gone))
        stays, goes = _who_stays(older, younger)
        begins = stays.strands if stays is older else {track: older.strands[track]}
        stays.strands = begins | stays.strands | goes.strands
        self._tracks |= dict.fromkeys(stays.strands, stays)
        for anchor in sorted(anchors - {stays.anchor}):
            self._reports.follow(anchor, None)
        stays.credit(goes.contributors)
        stays.known_ns = self._board.now_ns
        stays.turn_to_latest(self._reports.named)
        self._reports.follow(stays.anchor, stays.launch)
        if stays is goes or goes.number < 0:
            return []
        events = []
        if stays.stands:
            words = f"track {gone[1]} of alert {goes.number} is the same object as track {track[1]}"
            why = f"{words}: they agree look after look, and nobody sees two"
            events = [self._board.event(stays, stays.move(Transition.CORRECTED), why)]
            events += self._resupported(stays)
        return events + self._cancelled_as(goes, stays, "the same object")

    def _cancelled_as(self, alert: Alert, older: Alert, same: str) -> list[AlertEvent]:
        """Cancel an alert that an older one goes on with; its confirmation is not lost."""
        events = []
        if alert.stands:
            if older.stands and alert.status in CONFIRMED:
                transition = CONFIRMING[CONFIRMED.index(alert.status)]
                if (older.status, transition) in TRANSITIONS:
                    older.move(transition)
                    words = f"as alert {alert.number} was"
                    events.append(self._board.event(older, transition, words))
            alert.move(Transition.CANCELLED)
            words = f"{same} as alert {older.number}"
            events.append(self._board.event(alert, Transition.CANCELLED, words))
        alert.strands, alert.reports = {}, ()
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
        self._gone.discard(track)
        self._silent.pop(track, None)
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
        can_agree = alert.launch is not None and alert.launch.can_confirm
        others = self._reports.sources(alert.reports, sources) if can_agree else ()
        # Where no pedigree names sensors, who has a word in the track says whose it is.
        nations = [each.nation for each in whole.sources] or alert.contributors
        if not others and nations and set(nations) <= set(self._reports.named):
            return None
        if len(sources) == len(whole.sources) and not others:
            return self._unless_alone(alert, whole)
        recent = self._reports.believed(whole.recent)
        found, reason = support((*sources, *others))
        supported = Supported(
            sources=(*sources, *others),
            recent=recent,
            support=found,
            reason=reason,
            recent_support=support(recent)[0],
        )
        return self._unless_alone(alert, supported)

    def _unless_alone(self, alert: Alert, supported: Supported) -> Supported:
        """Let one nation's sensors alone neither confirm nor cancel what they cannot be held to."""
        silent = () if alert.track is None else self._silent.get(alert.track, ())
        if self._alone(supported.recent, supported.recent_support, silent):
            supported = replace(supported, recent_support=Support.NONE)
        words = self._alone(supported.sources, supported.support, silent)
        if not words:
            return supported
        return replace(supported, support=Support.NONE, reason=words, recent_support=Support.NONE)

    def _alone(
        self, sources: Collection[Source], found: Support, silent: Sequence[NationId]
    ) -> str:
        """Say why what another nation's sensors alone show is no support; empty where it is.

        To any but itself two sites of a nation are one word; and where others could see it too and
        say nothing, so are all of its sensors, of whatever kinds.
        """
        nations = {each.nation for each in sources}
        if self._board.nation in nations:
            return ""
        if silent and len(nations) == 1:
            words = f"{', '.join(silent)} could see it and say nothing of it"
            return f"not confirmed by {', '.join(nations)} alone: {words}"
        if found is Support.SINGLE_KIND:
            return "not confirmed by one nation alone: two sites of one nation are one word"
        return ""

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
            words = self._reports.changes(before, reports, changed, has_track=True)
            is_gain = set(reports) > set(before)
            kind = Transition.UPDATED if is_gain else Transition.CORRECTED
            events += self._resupported(alert, words, kind)
        return events

    def _resupported(
        self, alert: Alert, words: str = "", kind: Transition = Transition.UPDATED
    ) -> list[AlertEvent]:
        """Say what becomes of the alert of a track whose support has changed."""
        supported, said = self._supported(alert), alert.said
        if said is None:
            return []
        alert.known_ns = self._board.now_ns
        if supported is None:
            why = self._board.doubt(alert)
            return [self._board.event(alert, alert.move(Transition.CANCELLED), why)]
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
        return [self._board.event(alert, kind, words)] if words else []

    def forget(self, oldest_ns: int) -> list[Track]:
        """Leave out tracks that nothing was heard of since, and name them."""
        tracks = [t for t, alert in self._tracks.items() if alert.known_ns < oldest_ns]
        for track in tracks:
            del self._tracks[track]
            self._silent.pop(track, None)
        return tracks


def _who_stays(older: Alert, younger: Alert) -> tuple[Alert, Alert]:
    """Say which of two alerts goes on, and which not.

    The older one does; where that stands no more, only if a person has cancelled it who saw no less
    support than the other has.
    """
    first, second = sorted((older, younger), key=_age)
    is_closed = not first.stands and second.stands
    if is_closed and first.closed_at < STANDS.index(second.status):
        return second, first
    return first, second


def _age(alert: Alert) -> tuple[bool, int]:
    """Sort those that have a number before those that have none."""
    return alert.number < 0, alert.number
