"""The watch floor: what becomes of each alert, from own tracks and from what others report.

Three kinds of alert, by origin:

*own*
    One for each launch that tracks of the centre show, as ``warning.watch`` has it; a joint
    centre's are those that it fuses. What confirms it are its sensors, and reports of others that
    agree. A track goes on with the alert of another that is surely of the same launch
    (``same_launch``); where that turns out wrong it gets an alert of its own.
*launch reports*
    What others report and no track here shows: one for each launch that reports agree upon.
*... alert report*
    A joint centre's alert, as it states it, beside this centre's own.

Rules of the outcome:

1. One report, or several of one nation, never confirm: *unconfirmed*. Reports of two nations that
   agree in time, place and azimuth are *confirmed*. So is a track with the report of a nation that
   has no part in it.
2. An alert report that rests on a nation's news confirms nothing of that nation's. One that does
   not say whose news it holds confirms nothing at all, nor does a report without an azimuth.
3. A joint centre's alert stands as that centre states it; where a contributor is not believed here
   it is unconfirmed.
4. Who is under suspicion confirms nothing. Who is named as a liar raises nothing either: an alert
   that it alone carries is cancelled, until a person clears it. Neither takes anything from an
   alert that others carry.
5. A confirmation is not lost with the support behind it. A cancellation by a sender takes back its
   own report; an alert that others carry is corrected, and cancelled with the last of them. Of
   tracks, as everywhere, two sources that still look must speak against a confirmed alert.
6. A report is of one launch. An alert whose reports all went to a nearer one is cancelled, as the
   same launch as another; so is one whose tracks go on with an older one.
7. A person may cancel any alert; it comes back only with better support than it had.
8. A notice changes no outcome.

A nation states of its own tracks what its own sensors say, for its launch reports must hold nobody
else's news. A joint centre takes reports in as priors on place and time (``launches.together``).

*Assumed*: ``AGE_MAX_S`` is longer than any flight that matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from commonwatch.centre.alert import (
    STANDS,
    SUPPORTS,
    Alert,
    AlertEvent,
    Fused,
    Judged,
    event_of,
    heir,
    seen_of,
    stated,
)
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.events import PersonDecided
from commonwatch.centre.launch_reports import Body, Key, Report, Reports, Track
from commonwatch.centre.same_launch import Kinship, Strand
from commonwatch.identity import NationId
from commonwatch.sharing.messages import AlertReport
from commonwatch.units import NS_PER_S
from commonwatch.warning.alert import (
    RAISE_MIN,
    TRANSITIONS,
    Evidence,
    Status,
    Transition,
    advance,
)
from commonwatch.warning.notice import NOT_KNOWN, Matched, Notice, Seen, match
from commonwatch.warning.rounds import Supported
from commonwatch.warning.source import Source, Support, support
from commonwatch.warning.statement import Statement
from commonwatch.warning.watch import Standing, judged_anew

__all__ = ["AlertEvent", "Floor"]

OWN: Final = "own"
LAUNCH_REPORTS: Final = "launch reports"
AGE_MAX_S: Final = 7_200.0
_CONFIRMING: Final = (Transition.SINGLE_KIND, Transition.CONFIRMED)
_CONFIRMED: Final = (Status.SINGLE_KIND, Status.CONFIRMED)
"""In the order of ``_CONFIRMING``."""


class Floor:
    """The watch floor of a centre.

    Parameters
    ----------
    configuration
        The centre's.
    """

    def __init__(self, configuration: CentreConfiguration) -> None:
        self._nation = configuration.nation
        self._is_joint = configuration.is_joint
        self._reports = Reports(
            configuration.nation,
            tuple(sorted(each.nation for each in configuration.partners if each.is_joint)),
        )
        self._notices = {notice.name: notice for notice in configuration.notices}
        self._tracks: dict[Track, Alert] = {}
        self._alerts: dict[int, Alert] = {}
        self._beside: dict[Key, Alert] = {}
        self._kinship = Kinship()
        self._matched: tuple[int, tuple[tuple[Track, bool], ...]] = (-1, ())
        self._grouped_of: tuple[int, frozenset[Key]] = (-1, frozenset())
        self._next = 0
        self._now_ns = 0
        self._tidied_ns = 0

    def step(
        self,
        *,
        own: Judged | None,
        joint: Fused | None,
        reports: Sequence[tuple[NationId, Body]],
        notices: Sequence[Notice],
        decisions: Sequence[PersonDecided],
        now_ns: int,
    ) -> tuple[AlertEvent, ...]:
        """Let alerts live on.

        Parameters
        ----------
        own, joint
            What is new from own sensors, and from tracks that others report.
        reports
            Words of others on events, each sender's in the order in which they were said.
        notices
            New ones.
        decisions
            Of persons at this floor.
        now_ns
            The present.

        Returns
        -------
        tuple of AlertEvent
            Tracks first, in the order of their statements; then what reports change.
        """
        self._now_ns = now_ns
        self._notices |= {notice.name: notice for notice in notices}
        before = self._reports.named, self._reports.excluded
        self._doubt_whom(joint, decisions)
        changed = [
            report.key
            for sender, body in reports
            if (report := self._reports.hear(sender, body, now_ns)) is not None
        ]
        events: list[AlertEvent] = []
        has_changed_mind = before != (self._reports.named, self._reports.excluded)
        is_new = bool(changed) or has_changed_mind
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
        if is_new:
            events += self._rematch(frozenset(changed), everywhere=has_changed_mind)
            events += self._regroup(frozenset(changed), everywhere=has_changed_mind)
            for key in dict.fromkeys(changed):
                events += self._stated_by_joint(self._reports.held[key])
        for decision in decisions:
            events += self._decided(decision)
        self._tidy()
        return tuple(events)

    def _doubt_whom(self, joint: Fused | None, decisions: Sequence[PersonDecided]) -> None:
        """Note who is under suspicion at present, and who of them is named."""
        excluded: frozenset[NationId] = frozenset() if joint is None else joint.excluded
        named = {
            *self._reports.named,
            *(() if joint is None else (each.accused for each in joint.findings)),
        }
        named -= {each.nation for each in decisions if each.decision == "clear"}
        self._reports.excluded = tuple(sorted(excluded))
        self._reports.named = tuple(sorted(named & excluded))

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
        alert.known_ns = self._now_ns
        events = self._parted(alert, track) if len(alert.strands) > 1 else []
        alert = self._tracks[track]
        alert.turn_to_latest(self._reports.named)
        if alert.track == track:
            events += self._lives(alert, is_new=is_new)
        return events

    def _begun(self, track: Track, strand: Strand) -> Alert:
        """Begin what may become an alert."""
        alert = Alert(number=-1, origin=OWN, standing=Standing(), strands={track: strand})
        alert.known_ns = self._now_ns
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
        noticed = self._match(said.seen)
        transition, reason = judged_anew(alert.standing, said, supported, noticed)
        if transition is Transition.NOTHING:
            return []
        words = f"{why}: {reason}" if why else reason
        return [self._event(self._numbered(alert), transition, words)]

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
        alert.known_ns = self._now_ns
        alert.turn_to_latest(self._reports.named)
        self._kinship.forget(alert.number)
        events = self._lives(alert, is_new=False, why=why)
        if newer.number < 0:
            return events
        if alert.stands and newer.status in _CONFIRMED:
            transition = _CONFIRMING[_CONFIRMED.index(newer.status)]
            if (alert.status, transition) in TRANSITIONS:
                alert.move(transition)
                events.append(self._event(alert, transition, f"as alert {newer.number} was"))
        newer.move(Transition.CANCELLED)
        gone = f"the same launch as alert {alert.number}"
        events.append(self._event(newer, Transition.CANCELLED, gone))
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
            if alert.status in _CONFIRMED and rests and rests.support is Support.NONE:
                why += "; what confirmed this alert was of both tracks"
            if alert.stands:
                words = f"track {leaves[1]} is of another launch: {why}"
                events.append(self._event(alert, Transition.CORRECTED, words))
            if leaves == track:
                break
            events += self._lives(moved, is_new=True)
        return events

    def _adopt(self, alert: Alert) -> None:
        """Go on with the alert that reports of the same launch have raised."""
        held = {
            key: each
            for each in self._alerts.values()
            if each.origin == LAUNCH_REPORTS and each.stands
            for key in each.reports
        }
        for key in self._reports.agreeing(alert.anchor):
            if key in held:
                other = held[key]
                alert.number = alert.standing.alert = other.number
                alert.standing.life = other.standing.life
                alert.credit(other.contributors)
                self._alerts[alert.number] = alert
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

    def _rematch(self, changed: frozenset[Key], *, everywhere: bool) -> list[AlertEvent]:
        """Give reports to tracks anew, and say what that changes."""
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
        alert.known_ns = self._now_ns
        if supported is None:
            return [self._event(alert, alert.move(Transition.CANCELLED), self._doubt(alert))]
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
        if transition in _CONFIRMING:
            alert.standing.life = replace(alert.standing.life, status=after.status)
            return [self._event(alert, transition, reason)]
        words = self._reports.changes(before, alert.reports, changed, has_track=True)
        if not words:
            return []
        is_gain = set(alert.reports) > set(before)
        kind = Transition.UPDATED if is_gain else Transition.CORRECTED
        return [self._event(alert, kind, words)]

    def _doubt(self, alert: Alert) -> str:
        """Say why nothing is left of an alert."""
        held = self._reports.held
        back = [held[key] for key in alert.reports if held[key].is_cancelled]
        if back:
            return "; ".join(f"{each.name} taken back: {each.reason}" for each in back)
        doubted = [name for name in alert.contributors if name in self._reports.named]
        if doubted:
            return f"rests only on {', '.join(doubted)}, named as a liar"
        return self._elsewhere(alert)

    def _elsewhere(self, alert: Alert) -> str:
        numbers = sorted(
            other.number
            for other in self._alerts.values()
            if other is not alert and set(other.reports) & set(alert.reports)
        )
        return f"the same launch as alert {numbers[0]}" if numbers else "nothing is left of it"

    def _regroup(self, changed: frozenset[Key], *, everywhere: bool) -> list[AlertEvent]:
        """Put reports without a track together anew, and say what that changes."""
        taken = frozenset(
            key for alert in self._tracks.values() if alert.stands for key in alert.reports
        )
        told = self._reports.version, taken
        if told == self._grouped_of and not everywhere:
            return []
        self._grouped_of = told
        found = {
            company: support(self._reports.sources(company, ()))
            for company in self._reports.among_themselves(taken)
        }
        left = [a for a in self._alerts.values() if a.origin == LAUNCH_REPORTS]
        events = []
        for company in sorted(found, key=lambda each: (found[each][0] is Support.NONE, each)):
            alert = heir(
                company, left, self._reports, is_confirmed=found[company][0] is not Support.NONE
            )
            if alert is None:
                alert = Alert(number=-1, origin=LAUNCH_REPORTS, standing=Standing())
            else:
                left.remove(alert)
            events += self._grouped(alert, company, found[company], changed)
        for alert in left:
            if alert.stands:
                alert.known_ns = self._now_ns
                alert.move(Transition.CANCELLED)
                events.append(self._event(alert, Transition.CANCELLED, self._doubt(alert)))
        return events

    def _grouped(
        self,
        alert: Alert,
        company: tuple[Key, ...],
        found: tuple[Support, str],
        changed: frozenset[Key],
    ) -> list[AlertEvent]:
        """Let the alert of a company of reports live on."""
        before, alert.reports = alert.reports, company
        events = []
        words = self._reports.changes(before, company, changed, has_track=False)
        if not alert.stands:
            if not (words or before != company) and alert.closed_at >= 0:
                return []
            if not alert.may_rise(found[0]):
                return []
            names = " and ".join(self._reports.held[key].name for key in company)
            alert.move(Transition.RAISED)
            events.append(self._event(self._numbered(alert), Transition.RAISED, names))
        if found[0] is Support.INDEPENDENT and alert.status is Status.UNCONFIRMED:
            alert.move(Transition.CONFIRMED)
            events.append(self._event(alert, Transition.CONFIRMED, found[1]))
        elif words and not events:
            is_gain = set(company) > set(before)
            kind = Transition.UPDATED if is_gain else Transition.CORRECTED
            events.append(self._event(alert, kind, words))
        if events:
            alert.known_ns = self._now_ns
        return events

    def _stated_by_joint(self, report: Report) -> list[AlertEvent]:
        """Show what a joint centre states of an alert of its own."""
        if not self._reports.is_shown_beside(report) or not isinstance(report.body, AlertReport):
            return []
        alert = self._beside.get(report.key)
        if alert is None:
            if report.is_cancelled:
                return []
            alert = Alert(number=-1, origin=report.name, standing=Standing())
            alert.reports = (report.key,)
            self._beside[report.key] = alert
        alert.known_ns = self._now_ns
        if report.is_cancelled:
            if not alert.stands:
                return []
            return [self._event(alert, alert.move(Transition.CANCELLED), report.reason)]
        said = Status(report.body.status)
        if not self._reports.is_believed(report.key):
            said = Status.UNCONFIRMED
        rank, events = STANDS.index(said), []
        reason = report.reason or report.body.evidence
        if not alert.stands:
            if not alert.may_rise(SUPPORTS[rank]):
                return []
            alert.move(Transition.RAISED)
            events.append(self._event(self._numbered(alert), Transition.RAISED, reason))
        if rank > STANDS.index(alert.status):
            transition = _CONFIRMING[rank - 1]
            alert.move(transition)
            events.append(self._event(alert, transition, reason))
        elif not events:
            kind = Transition.CORRECTED if report.reason else Transition.UPDATED
            events.append(self._event(alert, kind, reason))
        return events

    def _decided(self, decision: PersonDecided) -> list[AlertEvent]:
        """Carry out what a person decided; an alert that does not stand is left as it is."""
        alert = self._alerts.get(decision.number)
        if alert is None or not alert.stands or decision.decision == "clear":
            return []
        alert.known_ns = self._now_ns
        why = f": {decision.reason}" if decision.reason else ""
        if decision.decision == "release":
            words = f"a person released its launch report{why}"
            return [self._event(alert, Transition.UPDATED, words)]
        alert.closed_at = STANDS.index(alert.status)
        alert.move(Transition.CANCELLED)
        return [self._event(alert, Transition.CANCELLED, f"a person cancelled it{why}")]

    def _numbered(self, alert: Alert) -> Alert:
        if alert.number < 0:
            alert.number = alert.standing.alert = self._next
            self._alerts[alert.number] = alert
            self._next += 1
        return alert

    def _tidy(self) -> None:
        """Forget what nothing was heard of for long; once a minute."""
        if self._now_ns - self._tidied_ns < 60 * NS_PER_S:
            return
        self._tidied_ns = self._now_ns
        oldest = self._now_ns - round(AGE_MAX_S * NS_PER_S)
        tracks = [t for t, alert in self._tracks.items() if alert.known_ns < oldest]
        for track in tracks:
            del self._tracks[track]
        for number in [n for n, a in self._alerts.items() if a.known_ns < oldest]:
            del self._alerts[number]
            self._kinship.forget(number)
        self._beside = {k: a for k, a in self._beside.items() if a.known_ns >= oldest}
        needed = {key for alert in self._alerts.values() for key in alert.reports}
        held = self._reports.held
        keys = [k for k in held if held[k].heard_ns < oldest and k not in needed]
        self._reports.forget(keys, tracks)

    def _match(self, seen: Seen) -> Matched:
        return match(tuple(self._notices.values()), seen) if self._notices else NOT_KNOWN

    def _behind(self, alert: Alert) -> tuple[Source, ...]:
        """Return sensors and reports behind an alert at present."""
        whole = alert.sources if alert.strands else ()
        sources = tuple(each for each in whole if each.nation not in self._reports.named)
        for key in alert.reports:
            report = self._reports.held[key]
            alert.credit(report.contributors)
        nations = {NationId(each.nation) for each in sources if each.nation}
        if alert.origin == OWN and not self._is_joint:
            nations.add(self._nation)
        alert.credit(nations)
        return sources

    def _event(self, alert: Alert, transition: Transition, reason: str) -> AlertEvent:
        """Make an event of what has happened."""
        said, launch = alert.said, stated(alert, self._reports, is_joint=self._is_joint)
        sources = self._behind(alert)
        if alert.status is Status.CANCELLED:
            self._kinship.forget(alert.number)
        held = self._reports.held
        names = [each.name for each in sources] + [held[key].name for key in alert.reports]
        seen = said.seen if said is not None else seen_of(launch, self._now_ns)
        return event_of(
            alert,
            transition,
            reason,
            launch=launch,
            sources=", ".join(dict.fromkeys(names)),
            stated=held[alert.reports[0]].body if alert.origin != OWN else None,
            noticed=self._match(seen),
            now_ns=self._now_ns,
        )


def _age(alert: Alert) -> tuple[bool, int]:
    """Sort those that have a number before those that have none."""
    return alert.number < 0, alert.number
