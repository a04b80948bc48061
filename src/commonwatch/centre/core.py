"""A centre, national or joint: events in, effects out, and nothing else in or out.

What happens in a step, in this order: envelopes are opened; own sensors are followed; reports of
others are fused; alerts live on; what is to be said is decided, recorded and sent. No clock, no
socket, no draw, no file: the same events at the same times give the same effects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from commonwatch.centre import memory
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.descriptions import Descriptions
from commonwatch.centre.effects import Ask, Effect, Record, Send, Show
from commonwatch.centre.events import (
    DetectionsArrived,
    Event,
    LooksReported,
    MessageArrived,
    NoticeEntered,
    PersonDecided,
    Restarted,
)
from commonwatch.centre.expectation import SETTLED_S
from commonwatch.centre.floor import AlertEvent, Floor
from commonwatch.centre.intake import Intake, Taken
from commonwatch.centre.joint_picture import JointPicture, JointStep
from commonwatch.centre.launch_notices import LaunchNotices
from commonwatch.centre.launch_reports import Body as WordOnEvent
from commonwatch.centre.outbox import Outbox, Waiting
from commonwatch.centre.own_watch import OwnStep, OwnWatch, Watching
from commonwatch.centre.picture import detections_of, notice_of, notice_report
from commonwatch.centre.questions import Questions
from commonwatch.centre.remarks import Remark, Remarks
from commonwatch.centre.restart import may_have_been_told
from commonwatch.centre.sensor_status import SensorStatuses
from commonwatch.centre.silence import Silences
from commonwatch.centre.statements import Statements
from commonwatch.centre.subjects import Subjects
from commonwatch.centre.terms import Terms, terms_of
from commonwatch.identity import NationId
from commonwatch.sensing.detection import Detections
from commonwatch.sharing import envelope
from commonwatch.sharing.keys import Sign
from commonwatch.sharing.ledger import Ledger, NoteKind, Told
from commonwatch.sharing.messages import (
    Acknowledgement,
    Answer,
    Body,
    Cancellation,
    Correction,
    DetectionReport,
    Heartbeat,
    Message,
    PreLaunchNotice,
    Question,
    TrackReport,
    kind_of,
)
from commonwatch.sharing.policy import Decision, Verdict, decide, decide_heartbeat
from commonwatch.sharing.subject import NOT_SAID
from commonwatch.tracking.estimate import Estimates, empty_estimates
from commonwatch.units import NS_PER_S
from commonwatch.warning.notice import Notice

NOT_ACKNOWLEDGED: Final = (TrackReport, DetectionReport, Acknowledgement)
"""The next report takes the place of a lost one; an acknowledgement is not acknowledged."""
OF_THE_FLOOR: Final = ("release", "cancel", "clear")
"""Decisions that change an alert, or whom it may rest on."""
ABOUT_SENSORS: Final = ("sensor description", "sensor status")
UNSETTLED_NS: Final = round(SETTLED_S * NS_PER_S)
"""So long a sensor that works again is not yet expected to have found everything."""


@dataclass(slots=True, eq=False)
class _Memory:
    """All that a centre remembers, but for its ledger."""

    intake: Intake
    own: Watching | None
    joint: JointPicture | None
    floor: Floor
    statements: Statements
    outbox: Outbox
    subjects: Subjects
    sensors: SensorStatuses
    descriptions: Descriptions
    silences: Silences
    remarks: Remarks
    launch_notices: LaunchNotices
    questions: Questions
    next_number: int = 0
    now_ns: int = 0
    is_clock_behind: bool = False
    cited: dict[NationId, int] = field(default_factory=dict)
    """Number of each partner's latest report that alerts rest on."""
    terms: Terms | None = None
    """On which sensors were last spoken of."""
    beat: int = 0
    next_beat_ns: int = 0
    spoken: dict[tuple[NationId, int], int] = field(default_factory=dict)
    """Number of the latest word on each event of each partner."""
    told: Told = ()
    """Who was told of which own event, as of the snapshot: the ledger may be damaged."""


class Centre:
    """A warning centre.

    Parameters
    ----------
    configuration
        What it is.
    sign
        Makes its signatures; the key stays with whoever runs the centre.
    own
        What follows its own sensors, in place of the usual: a recording of it.

    Notes
    -----
    Effects are in order: whoever carries them out makes a ``Record`` durable before the next
    ``Send``. A right that is withdrawn counts at once: what waits and what is repeated is decided
    anew each time it leaves.

    Examples
    --------
    >>> centre = Centre(configuration, sign=key.sign)  # doctest: +SKIP
    >>> effects = centre.step([DetectionsArrived(detections=plots)], now_ns)  # doctest: +SKIP
    """

    def __init__(
        self, configuration: CentreConfiguration, *, sign: Sign, own: Watching | None = None
    ) -> None:
        self.configuration = configuration
        limits = envelope.Limits(envelope_bytes=configuration.limits.message_bytes)
        self.ledger = Ledger(configuration.nation, limits=limits)
        self.believed: Estimates = empty_estimates()
        """Rows of tracks that changed in the last step."""
        self.words: Mapping[int, str] = {}
        """How far each fused track can be checked, as the last step judged it."""
        self._sign = sign
        if own is None and configuration.sensors:
            own = OwnWatch(configuration)
        self._memory = _Memory(
            intake=Intake(configuration),
            own=own,
            joint=JointPicture(configuration) if configuration.is_joint else None,
            floor=Floor(configuration),
            statements=Statements(is_joint=configuration.is_joint),
            outbox=Outbox(limit=configuration.limits.waiting_count),
            subjects=Subjects(configuration),
            sensors=SensorStatuses.of(configuration.nation, configuration.sensors),
            descriptions=Descriptions(configuration),
            silences=Silences(tuple(each.nation for each in configuration.partners)),
            remarks=Remarks(),
            launch_notices=LaunchNotices.of(configuration),
            questions=Questions(configuration),
        )

    def step(self, events: Sequence[Event], now_ns: int) -> tuple[Effect, ...]:
        """Take what has happened since the last step, and say what is to be done.

        Parameters
        ----------
        events
            In the order in which they came.
        now_ns
            This centre's clock. Where it has been set back, time stands still here until it has
            caught up: what arrives is still taken in, and it is noted how far it went back.

        Returns
        -------
        tuple of Effect
            In the order in which they are to be carried out.
        """
        mine = self._memory
        effects: list[Effect] = []
        before_ns, now_ns = mine.now_ns, self._read_clock(now_ns, effects)
        self._go_on([each for each in events if isinstance(each, Restarted)], before_ns, effects)
        taken = mine.intake.take(
            [e.envelope for e in events if isinstance(e, MessageArrived)], now_ns
        )
        decisions = self._decisions(events, effects)
        bodies: list[Body] = []
        notices = self._notices(events, taken.messages, bodies, effects)
        detections = self._detections(events, taken.messages)
        own = None
        if mine.own is not None and len(detections):
            own = mine.own.step(detections, now_ns)
        if own is not None:
            bodies += own.track_reports
            bodies += own.detection_reports
        mine.subjects.learn(own)
        self._listen(taken, effects)
        bodies += self._sensors(events, taken.messages, effects)
        joint = None
        if mine.joint is not None and mine.joint.is_used:
            joint = mine.joint.step(
                taken.messages,
                decisions,
                now_ns,
                outages=mine.sensors.outages(now_ns, unsettled_ns=UNSETTLED_NS),
                steady=mine.intake.steady(now_ns),
            )
        self._note_arrivals(taken, joint, effects)
        self.believed = _believed(own, joint)
        self.words = {} if joint is None else joint.words
        alerts = mine.floor.step(
            own=own,
            joint=joint,
            reports=self._words_on_events(taken.messages),
            notices=notices,
            decisions=[each for each in decisions if each.decision in OF_THE_FLOOR],
            now_ns=now_ns,
        )
        bodies += [body for alert in alerts for body in self._alert(alert, effects)]
        bodies += mine.statements.on_alerts(alerts)
        self._doubt(joint, effects)
        for decision in decisions:
            if decision.decision == "release":
                bodies += mine.statements.release(decision.number)
        self._after_the_launch(taken.messages, effects)
        self._talk(taken.messages, decisions, effects)
        self._say(bodies, taken, now_ns)
        while due := mine.outbox.due(now_ns):
            for waiting in due:
                self._decide(waiting, now_ns, effects)
        self._beat(now_ns, effects)
        return tuple(effects)

    def next_due_ns(self) -> int | None:
        """When a step without any event would do something; None: never."""
        mine = self._memory
        due = [mine.outbox.next_due_ns(), mine.next_beat_ns]
        if mine.joint is not None:
            due.append(mine.joint.next_due_ns())
        return min((each for each in due if each is not None), default=None)

    def snapshot(self) -> bytes:
        """All that is remembered, but for the ledger, as bytes."""
        self._memory.told = self.ledger.told
        return memory.snapshot(self._memory, held={"configuration": self.configuration})

    def restore(self, snapshot: bytes, ledger: Ledger, *, numbers_from: int = 0) -> None:
        """Go on from a snapshot and from all of the ledger that is still held.

        Parameters
        ----------
        snapshot
            As ``snapshot()`` made it.
        ledger
            What is good of it.
        numbers_from
            Messages are numbered from here on at least: where a part of the ledger is lost, one
            past every number that may have left.

        Raises
        ------
        InputError
            The snapshot is damaged; the centre is as it was before.

        Notes
        -----
        Numbers of messages are never used again: they go on after the highest in the ledger, which
        may be younger than the snapshot. Nor does time go back behind its last entry, whatever the
        clock has done meanwhile. Who was told of an event is known by the ledger or the snapshot,
        so that a cancellation finds them though one of the two is damaged or too old.
        """
        restored = memory.restore(snapshot, _Memory, held={"configuration": self.configuration})
        highest = max(
            (
                entry.content["number"]
                for entry in ledger.entries
                if entry.kind == "decision" and entry.content["kind"] != "heartbeat"
            ),
            default=-1,
        )
        restored.next_number = max(restored.next_number, highest + 1, numbers_from)
        if ledger.entries:
            restored.now_ns = max(restored.now_ns, ledger.entries[-1].time_ns)
        restored.sensors.recall(ledger.entries)
        restored.silences.recall(ledger.entries)
        ledger.remember(restored.told)
        restored.statements.recall(ledger.told)
        self._memory = restored
        self.ledger = ledger

    def _go_on(self, restarts: Sequence[Restarted], before_ns: int, effects: list[Effect]) -> None:
        """Note what is lost of the ledger, and who was told of what, or may have been."""
        mine = self._memory
        for restart in restarts:
            if restart.is_in_doubt:
                instants_ns = before_ns, mine.now_ns
                may_have = may_have_been_told(
                    mine.statements, mine.subjects, self.configuration, instants_ns
                )
                self.ledger.remember(may_have)
                mine.statements.recall(may_have)
            content = {
                "words": restart.words,
                "set_aside_count": restart.set_aside_count,
                "told": [[event, list(names)] for event, names in self.ledger.told],
            }
            self._note("started", content, effects)

    def _note(self, kind: NoteKind, content: dict[str, Any], effects: list[Effect]) -> None:
        entry = self.ledger.note(kind, content, self._memory.now_ns, self._sign)
        effects.append(Record(entry=entry))

    def _read_clock(self, reading_ns: int, effects: list[Effect]) -> int:
        """Return the present, which never goes back; note that the clock did, and its end."""
        mine = self._memory
        behind_ns = mine.now_ns - reading_ns
        mine.now_ns = max(mine.now_ns, reading_ns)
        if (behind_ns > 0) != mine.is_clock_behind:
            mine.is_clock_behind = behind_ns > 0
            content = {"is_right": behind_ns <= 0, "back_s": max(behind_ns, 0) / NS_PER_S}
            self._note("clock", content, effects)
        return mine.now_ns

    def _decisions(self, events: Sequence[Event], effects: list[Effect]) -> list[PersonDecided]:
        """Note what people decided."""
        decisions = [event for event in events if isinstance(event, PersonDecided)]
        for decision in decisions:
            content = {
                "decision": decision.decision,
                "number": decision.number,
                "nation": decision.nation,
                "reason": decision.reason,
            }
            self._note("person", content, effects)
        return decisions

    def _note_arrivals(self, taken: Taken, joint: JointStep | None, effects: list[Effect]) -> None:
        outcome = {} if joint is None else joint.outcome
        for (sender, words), count in taken.refusals.items():
            refused = {"sender": sender, "words": words, "count": count}
            self._note("refused", refused, effects)
        for message in taken.messages:
            content = {
                "originator": message.originator,
                "number": message.number,
                "kind": kind_of(message.body),
            }
            key = message.originator, message.number
            if key in outcome:
                content["outcome"] = outcome[key]
            self._note("received", content, effects)
            if isinstance(message.body, Acknowledgement):
                self._memory.outbox.acknowledged(message.body.number, message.originator)
            elif not isinstance(message.body, DetectionReport):
                self._memory.cited[message.originator] = message.number
        for finding in () if joint is None else joint.findings:
            found = {
                "accused": finding.accused,
                "kind": finding.kind,
                "evidence": finding.evidence,
            }
            self._note("contributor", found, effects)

    def _words_on_events(self, messages: list[Message]) -> list[tuple[NationId, WordOnEvent]]:
        """Keep each sender's latest word on an event: links may bring an earlier one later."""
        kept: list[tuple[NationId, WordOnEvent]] = []
        for message in sorted(messages, key=lambda each: (each.originator, each.number)):
            if not isinstance(message.body, WordOnEvent):
                continue
            key = message.originator, message.body.event
            if self._memory.spoken.get(key, -1) < message.number:
                self._memory.spoken[key] = message.number
                kept.append((message.originator, message.body))
        return kept

    def _notices(
        self,
        events: Sequence[Event],
        messages: list[Message],
        bodies: list[Body],
        effects: list[Effect],
    ) -> list[Notice]:
        """Notices that are new on this floor; those entered here are passed on."""
        notices = [event.notice for event in events if isinstance(event, NoticeEntered)]
        self._memory.launch_notices.learn(notices, messages)
        bodies += [notice_report(notice) for notice in notices]
        notices += [
            notice_of(message.body, delivered_ns=self._memory.now_ns)
            for message in messages
            if isinstance(message.body, PreLaunchNotice)
        ]
        for notice in notices:
            self._note("notice", {"notice": notice.name, "launching": notice.nation}, effects)
        return notices

    def _sensors(
        self, events: Sequence[Event], messages: list[Message], effects: list[Effect]
    ) -> list[Body]:
        """Learn of sensors what they are and which of them work; say what is new of own ones."""
        mine, sensors = self._memory, self._memory.sensors
        bodies: list[Body] = []
        if self._has_new_terms():
            bodies += mine.descriptions.to_be_said()
            sensors.repeat()
        for described in mine.descriptions.hear(messages):
            self._note("description", described.note(), effects)
            if mine.joint is not None:
                nation = described.nation
                mine.joint.know(nation, mine.descriptions.sensors_of(nation))
        learned = sensors.hear(messages)
        for event in events:
            if isinstance(event, LooksReported):
                learned += sensors.watch(event)
        for each in learned:
            self._note("sensor", each.note(), effects)
        return bodies + sensors.to_be_said(learned)

    def _listen(self, taken: Taken, effects: list[Effect]) -> None:
        """Note which partners have fallen silent, and which are heard again."""
        mine = self._memory
        is_beat = mine.now_ns >= mine.next_beat_ns
        for each in mine.silences.listen(taken.speakers, mine.now_ns, is_beat=is_beat):
            self._note("partner", each.note(), effects)

    def _has_new_terms(self) -> bool:
        """Say whether who may hear of sensors has changed since signs of life were last given."""
        mine = self._memory
        if mine.now_ns < mine.next_beat_ns:
            return False
        before = mine.terms
        mine.terms = terms_of(self.configuration.policy, ABOUT_SENSORS, mine.now_ns)
        return mine.terms != before

    def _detections(self, events: Sequence[Event], messages: list[Message]) -> Detections:
        own = [event.detections for event in events if isinstance(event, DetectionsArrived)]
        return detections_of(own, messages, self.configuration.sensors)

    def _alert(self, alert: AlertEvent, effects: list[Effect]) -> list[Body]:
        """Show an event in the life of an alert; say what it tells of announced launches."""
        mine = self._memory
        self._show(mine.remarks.on(alert), effects)
        mine.subjects.learn_alert(alert)
        notices, remarks = mine.launch_notices.on_alert(alert)
        for remark in remarks:
            self._remark(remark, effects)
        return list(notices)

    def _remark(self, remark: Remark, effects: list[Effect]) -> None:
        """Show a remark on an alert of this floor: evidence, and no step in its life."""
        shown = self._memory.remarks.add(remark, self._memory.now_ns)
        if shown is not None:
            self._show(shown, effects)

    def _doubt(self, joint: JointStep | None, effects: list[Effect]) -> None:
        if joint is not None:
            for number in self._memory.remarks.without(joint.doubt):
                self._remark(Remark(alert=number, words=joint.doubt), effects)

    def _after_the_launch(self, messages: list[Message], effects: list[Effect]) -> None:
        """Take notices of launches that were announced and made."""
        for content, remark in self._memory.launch_notices.hear(messages):
            self._note("notice", content, effects)
            self._remark(remark, effects)

    def _talk(
        self,
        messages: list[Message],
        decisions: Sequence[PersonDecided],
        effects: list[Effect],
    ) -> None:
        """Pass on between people what is asked and answered."""
        questions = self._memory.questions
        for message in messages:
            sender, body = message.originator, message.body
            if isinstance(body, Question) and questions.hear_question(sender, message.number):
                effects.append(self._asked(sender, message.number, body))
            elif isinstance(body, Answer):
                remark = questions.hear_answer(sender, body)
                self._note("answer", {"alert": remark.alert, "words": remark.words}, effects)
                self._remark(remark, effects)
        for decision in decisions:
            said: Question | Answer | str = ""
            if decision.decision == "ask":
                said = self._question(decision)
            elif decision.decision == "answer":
                said = questions.answer(decision)
            if isinstance(said, str):
                if said:
                    self._note("answer", {"alert": -1, "words": said}, effects)
            elif decision.nation is not None:
                message = self._message(said, self._memory.now_ns)
                if isinstance(said, Question):
                    questions.asked(message.number, decision.nation, decision.number)
                self._memory.outbox.put(
                    message, decision.nation, due_ns=self._memory.now_ns, known=NOT_SAID
                )

    def _question(self, decision: PersonDecided) -> Question | str:
        number, nation = decision.number, decision.nation
        is_told = nation is not None and self.ledger.has_recipient(number, nation)
        shown = self._memory.remarks.shown.get(number)
        return self._memory.questions.ask(decision, shown, is_told=is_told)

    def _asked(self, nation: NationId, number: int, body: Question) -> Ask:
        told = (n for n in self._memory.remarks.shown if self.ledger.has_recipient(n, nation))
        return Ask(
            nation=nation,
            number=number,
            about=body.about,
            text=body.text,
            told=tuple(sorted(told)),
        )

    def _show(self, alert: AlertEvent, effects: list[Effect]) -> None:
        cited = {nation: self._memory.cited.get(nation) for nation in alert.contributors}
        content = {
            "alert": alert.alert,
            "transition": alert.transition,
            "status": alert.status,
            "origin": alert.origin,
            "sources": alert.sources,
            "reason": alert.reason,
            "reports": {name: number for name, number in cited.items() if number is not None},
        }
        self._note("alert", content, effects)
        effects.append(Show(alert=alert))

    def _say(self, bodies: list[Body], taken: Taken, now_ns: int) -> None:
        """Give each word a number and put it out for every partner."""
        mine = self._memory
        for body in bodies:
            message, known = self._message(body, now_ns), mine.subjects.of(body)
            for partner in self.configuration.partners:
                mine.outbox.put(message, partner.nation, due_ns=now_ns, known=known)
        for message in (*taken.messages, *taken.repeated):
            if not isinstance(message.body, NOT_ACKNOWLEDGED):
                answer = self._message(Acknowledgement(number=message.number), now_ns)
                mine.outbox.put(answer, message.originator, due_ns=now_ns, known=NOT_SAID)

    def _message(self, body: Body, now_ns: int) -> Message:
        number = self._memory.next_number
        self._memory.next_number += 1
        return Message(
            purpose=self.configuration.purpose,
            originator=self.configuration.nation,
            number=number,
            made_ns=now_ns,
            body=body,
        )

    def _decide(self, waiting: Waiting, now_ns: int, effects: list[Effect]) -> None:
        """Decide on one message for one recipient; record it; let it go, or wait, or withhold."""
        message, recipient, outbox = waiting.message, waiting.recipient, self._memory.outbox
        decision = decide(
            message, recipient, self.configuration.policy, now_ns, known=waiting.known
        )
        if self._record(decision, effects):
            outbox.sent(waiting, now_ns)
        elif decision.verdict is Verdict.LATER:
            outbox.put(message, recipient, due_ns=decision.due_ns, known=waiting.known)
        elif isinstance(message.body, Correction):
            # The right was withdrawn: who had the original must not go on believing it.
            event = message.body.event
            if self.ledger.has_recipient(event, recipient):
                taken_back = Cancellation(event=event, reason="no longer shared")
                answer = self._message(taken_back, now_ns)
                outbox.put(answer, recipient, due_ns=now_ns, known=NOT_SAID)

    def _record(self, decision: Decision, effects: list[Effect]) -> bool:
        """Enter a decision in the ledger, and let go what may; say whether it may."""
        entry, released = self.ledger.record(decision, self._sign)
        effects.append(Record(entry=entry))
        if released is not None:
            effects.append(Send(released=released))
        return released is not None

    def _beat(self, now_ns: int, effects: list[Effect]) -> None:
        """Give a sign of life to every partner, where it is time to."""
        mine = self._memory
        if now_ns < mine.next_beat_ns:
            return
        mine.next_beat_ns = now_ns + round(self.configuration.heartbeat_s * NS_PER_S)
        mine.beat += 1
        heartbeat = Heartbeat(heartbeat=self.configuration.nation, beat=mine.beat, made_ns=now_ns)
        for partner in self.configuration.partners:
            decision = decide_heartbeat(
                heartbeat,
                partner.nation,
                self.configuration.policy,
                now_ns,
                purpose=self.configuration.purpose,
            )
            self._record(decision, effects)


def _believed(own: OwnStep | None, joint: JointStep | None) -> Estimates:
    if joint is not None:
        return joint.estimates
    return empty_estimates() if own is None else own.estimates
