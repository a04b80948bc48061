"""What must hold in every world, judged from its history alone; a breach is a mistake of ours.

=====================  =====================================================================
invariant              says
=====================  =====================================================================
no leak                nothing reached anyone without an entry that allowed it, under the policy
                       in force when it left
no double counting     what two senders say is not both added where both rest on one look; no
                       fused track is surer than all that was said of it, each look counted once
honest uncertainty     covariances are symmetric and positive, news is not negative
order and time         ledgers are whole and rise in time; nothing from the future is taken in;
                       whatever arrived is taken in, known from before, or refused and counted
liveness               once all has healed, each entitled partner has what must not be lost,
                       within the stated time
evidence               each alert cites reports that had arrived
withdrawal             a correction or cancellation goes to everyone who had the original
replay                 the same events again give the same ledger and the same beliefs
=====================  =====================================================================

The rules here are written out slowly and without the code that they judge, where that is possible.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``TRIES_LOST``      once in a thousand million, all tries of a message are      derived
                    lost on a link with a constant loss
==================  ==========================================================  =======
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.centre.events import Event, MessageArrived, PersonDecided
from commonwatch.centre.outbox import RESEND_S
from commonwatch.errors import InvariantError
from commonwatch.identity import NationId
from commonwatch.sharing.ledger import START, Entry
from commonwatch.sharing.messages import Heartbeat, Message, Span, TrackReport
from commonwatch.units import NS_PER_S
from commonwatch.world.allowed import why_not
from commonwatch.world.breach import Breach
from commonwatch.world.certainty import too_sure
from commonwatch.world.clock import TICK_NS
from commonwatch.world.envelopes import Envelopes
from commonwatch.world.faults import CLOCK_OFFSET, CRASH
from commonwatch.world.history import History, Outage
from commonwatch.world.host import SNAPSHOT_NS
from commonwatch.world.links import INJECTED, LIE, RECEIVED, RELEASED, Manner, Passage

F64 = npt.NDArray[np.float64]

TRIES_LOST: Final = 1e-9
MAY_BE_LOST: Final = frozenset({"track report", "detection report", "acknowledgement", "heartbeat"})
ON_EVENTS: Final = frozenset({"launch report", "alert report", "correction"})
SYMMETRIC: Final = 1e-9
"""Relative to the square root of the product of both variances: rounding."""


class BrokenWorldError(InvariantError):
    """A world in which something did not hold; says how to run it again.

    Parameters
    ----------
    breaches
        All of them.
    """

    def __init__(self, history: History, breaches: tuple[Breach, ...]) -> None:
        self.breaches = breaches
        first = "; ".join(str(each) for each in breaches[:3])
        more = f"; and {len(breaches) - 3} more" if len(breaches) > 3 else ""
        super().__init__(
            f"broken invariant: {first}{more}",
            where=f"world of {history.scenario}, seed {history.seed}",
            what_to_do=f"Run it again: {history.command}",
        )


def require(history: History) -> None:
    """Raise unless every invariant holds.

    Raises
    ------
    BrokenWorldError
        With the seed and the command that runs the same world again.
    """
    breaches = breaches_of(history)
    if breaches:
        raise BrokenWorldError(history, breaches)


def breaches_of(history: History) -> tuple[Breach, ...]:
    """Return every breach of the invariants that hold in every world; ``replay`` is apart."""
    facts = _Facts(history)
    return tuple(breach for check in CHECKS for breach in check(facts))


@dataclass(slots=True, eq=False)
class _Facts:
    """A history, with what several checks ask of it."""

    history: History
    envelopes: Envelopes = field(init=False)
    entry_of: dict[str, Entry] = field(init=False)

    def __post_init__(self) -> None:
        self.envelopes = Envelopes(self.history.keyring)
        self.entry_of = {
            entry.digest: entry for entries in self.history.entries.values() for entry in entries
        }

    def decisions(self, centre: NationId) -> Iterator[Entry]:
        """Yield the decisions in a centre's ledger."""
        return (entry for entry in self.history.entries[centre] if entry.kind == "decision")

    def given(self, centre: NationId) -> Iterator[tuple[int, tuple[Event, ...]]]:
        """Yield own time and events of each step that a centre has not forgotten."""
        lives = self.history.lives[centre]
        for number, life in enumerate(lives):
            # The step in which it crashed and forgot may have been carried out in part only.
            steps = life.steps if number + 1 == len(lives) else life.steps[:-1]
            present = accumulate((now_ns for now_ns, _ in steps), max)  # it never goes back
            yield from zip(present, (events for _, events in steps), strict=True)

    def subject_of(self, passage: Passage) -> tuple[bool, int]:
        """Return the sender's number of the event that a message is about, or its own for none."""
        entry = self.entry_of.get(passage.entry_digest)
        event = None if entry is None else entry.content.get("event")
        return (False, passage.number) if event is None else (True, int(event))

    def outages(self, centre: NationId) -> list[Outage]:
        """Return when a centre was down or wrong."""
        return [each for each in self.history.outages if each.centre == centre]


def no_leak(facts: _Facts) -> Iterator[Breach]:
    """Everything that arrived stands in its sender's ledger and was allowed when it left."""
    history = facts.history
    carried: dict[NationId, set[bytes]] = {name: set() for name in history.entries}
    for passage in history.passages:
        carried[passage.recipient].add(passage.envelope)
        if passage.origin == INJECTED:
            carried[passage.sender].add(passage.envelope)
        else:
            fault = _why_it_leaked(facts, passage)
            if fault:
                what = f"{passage.kind} {passage.number} to {passage.recipient}: {fault}"
                yield Breach(
                    invariant="no leak",
                    centre=passage.sender,
                    time_ns=passage.sent_ns,
                    words=what,
                )
    for centre in history.lives:
        for now_ns, events in facts.given(centre):
            for event in events:
                if isinstance(event, MessageArrived) and event.envelope not in carried[centre]:
                    yield Breach(
                        invariant="no leak",
                        centre=centre,
                        time_ns=now_ns,
                        words="something arrived that no link has carried",
                    )


def _why_it_leaked(facts: _Facts, passage: Passage) -> str:
    return next((words for words in _leaks(facts, passage) if words), "")


def _leaks(facts: _Facts, passage: Passage) -> Iterator[str]:
    """Yield each reason for which something must not have left."""
    entry = facts.entry_of.get(passage.entry_digest)
    if entry is None or entry.owner != passage.sender or entry.kind != "decision":
        yield "no entry in the ledger allows it"
        return
    content = entry.content
    if content["recipient"] != passage.recipient:
        yield f"its entry is for {content['recipient']}"
    if content["verdict"] not in ("share", "share coarser"):
        yield f"its entry says {content['verdict']}"
    if passage.is_changed or passage.origin == LIE:
        return
    if hashlib.sha256(passage.envelope).hexdigest() != content.get("envelope_sha256"):
        yield "what left is not what its entry allowed"
    said = facts.envelopes.content(passage.envelope)
    policy = facts.history.configurations[passage.sender].policy
    if said is None:
        yield "nobody can open it"
    elif isinstance(said, Message):
        before = facts.history.entries[passage.sender][: entry.number]
        yield why_not(said, passage.recipient, policy, now_ns=entry.time_ns, before=before)
    elif passage.recipient not in policy.nations:
        yield "a heartbeat to nobody that the policy knows"


def no_double_counting(facts: _Facts) -> Iterator[Breach]:
    """No look stands behind the words of two senders that were both added; nothing is too sure."""
    for centre, configuration in facts.history.configurations.items():
        if not configuration.is_joint:
            continue
        said = _track_reports(facts, centre)
        added: dict[tuple[str, str], list[tuple[Span, NationId, int]]] = {}
        for entry in facts.history.entries[centre]:
            if entry.kind != "received" or entry.content.get("outcome") != "added":
                continue
            sender, number = NationId(entry.content["originator"]), entry.content["number"]
            body = said.get((sender, number))
            for span in () if body is None else body.pedigree or ():
                known = added.setdefault((span.originator, span.sensor), [])
                for other, by, before in known:
                    if by != sender and _overlap(span, other):
                        yield Breach(
                            invariant="no double counting",
                            centre=centre,
                            time_ns=entry.time_ns,
                            words=f"messages {before} of {by} and {number} of {sender} were both "
                            f"added and share looks of {span.sensor}",
                        )
                known.append((span, sender, number))
        if not facts.history.liars:
            yield from too_sure(facts.history, facts.envelopes, centre)


def _overlap(one: Span, two: Span) -> bool:
    return max(one.after_ns, two.after_ns) < min(one.until_ns, two.until_ns)


def _track_reports(facts: _Facts, centre: NationId) -> dict[tuple[NationId, int], TrackReport]:
    found = {}
    for _, events in facts.given(centre):
        for event in events:
            if isinstance(event, MessageArrived):
                message = facts.envelopes.message(event.envelope)
                if message is not None and isinstance(message.body, TrackReport):
                    found[message.originator, message.number] = message.body
    return found


def honest_uncertainty(facts: _Facts) -> Iterator[Breach]:
    """Covariances are symmetric and positive, whether believed or said; news is not negative."""
    for believed in facts.history.believed:
        covariance = believed.estimates.covariance
        scale = np.sqrt(np.einsum("nii->ni", np.abs(covariance)))
        gap = np.abs(covariance - np.swapaxes(covariance, 1, 2))
        lowest = np.linalg.eigvalsh(_unitless(covariance))[:, 0]
        wrong = (gap > SYMMETRIC * scale[:, :, None] * scale[:, None, :]).any(axis=(1, 2))
        for row in np.flatnonzero(wrong | ~(lowest > 0.0)).tolist():
            yield Breach(
                invariant="honest uncertainty",
                centre=believed.centre,
                time_ns=int(believed.estimates.known_ns[row]),
                words=f"track {int(believed.estimates.track[row])} has a covariance that is not "
                "symmetric and positive",
            )
    said = [
        (passage, message.body)
        for passage in facts.history.passages
        if passage.origin == RELEASED and not passage.is_changed and passage.kind == "track report"
        if (message := facts.envelopes.message(passage.envelope)) is not None
        if isinstance(message.body, TrackReport)
    ]
    if not said:
        return
    covariance = _full(np.array([body.covariance for _, body in said]))
    lowest = np.linalg.eigvalsh(_unitless(covariance))[:, 0]
    none = (0.0,) * 21
    news = _full(np.array([body.information or none for _, body in said]))
    scale = np.sqrt(np.abs(np.einsum("nii->ni", covariance)))
    # In units of the report's own standard deviations.
    least = np.linalg.eigvalsh(news * scale[:, :, None] * scale[:, None, :])[:, 0]
    for row in np.flatnonzero(~(lowest > 0.0) | (least < -1e-6)).tolist():
        passage, _ = said[row]
        yield Breach(
            invariant="honest uncertainty",
            centre=passage.sender,
            time_ns=passage.sent_ns,
            words=f"track report {passage.number} is not positive",
        )


def _unitless(covariance: F64) -> F64:
    scale = np.sqrt(np.maximum(np.einsum("nii->ni", covariance), 1e-300))
    return np.asarray(covariance / (scale[:, :, None] * scale[:, None, :]))


def _full(triangles: F64) -> F64:
    matrix = np.zeros((len(triangles), 6, 6))
    rows, columns = np.triu_indices(6)
    matrix[:, rows, columns] = triangles
    matrix[:, columns, rows] = triangles
    return matrix


def order_and_time(facts: _Facts) -> Iterator[Breach]:
    """Ledgers are whole and rise in time; what arrived is taken in, known, or counted."""
    for centre, entries in facts.history.entries.items():
        previous, time_ns = START, 0
        for number, entry in enumerate(entries):
            is_whole = entry.number == number and entry.previous == previous
            if not is_whole or entry.time_ns < time_ns:
                yield Breach(
                    invariant="order and time",
                    centre=centre,
                    time_ns=entry.time_ns,
                    words=f"entry {number} of the ledger does not follow the one before it",
                )
            previous, time_ns = entry.digest, entry.time_ns
        yield from _arrivals(facts, centre)


def _arrivals(facts: _Facts, centre: NationId) -> Iterator[Breach]:
    """Count what was given to a centre by hand, and compare with what its ledger says."""
    allowed_ns = round(facts.history.configurations[centre].limits.clock_error_max_s * NS_PER_S)
    partners = {each.nation for each in facts.history.configurations[centre].partners}
    expected, refused = Counter[tuple[NationId, int]](), 0
    for now_ns, events in facts.given(centre):
        for event in events:
            if not isinstance(event, MessageArrived):
                continue
            content = facts.envelopes.content(event.envelope)
            sender = _sender(content)
            if content is None or sender not in partners or content.made_ns > now_ns + allowed_ns:
                refused += 1
            elif isinstance(content, Message):
                expected[sender, content.number] += 1
    received = Counter[tuple[NationId, int]]()
    counted = 0
    for entry in facts.history.entries[centre]:
        if entry.kind == "received":
            received[entry.content["originator"], entry.content["number"]] += 1
        elif entry.kind == "refused":
            counted += entry.content["count"]
    lives = len(facts.history.lives[centre])
    lost = set(expected) - set(received)
    strange = set(received) - set(expected) if lives == 1 else set()
    twice = {key for key, count in received.items() if count > lives}
    for what, keys in (("dropped in silence", lost), ("never came", strange), ("twice", twice)):
        for sender, number in sorted(keys):
            yield Breach(
                invariant="order and time",
                centre=centre,
                time_ns=facts.history.end_ns,
                words=f"message {number} of {sender}: {what}",
            )
    if lives == 1 and counted != refused:
        yield Breach(
            invariant="order and time",
            centre=centre,
            time_ns=facts.history.end_ns,
            words=f"{refused} envelopes were to be refused, and {counted} were counted",
        )


def _sender(content: Message | Heartbeat | None) -> NationId:
    if content is None:
        return NationId("")
    return content.originator if isinstance(content, Message) else content.heartbeat


def liveness(facts: _Facts) -> Iterator[Breach]:
    """See that what must not be lost, or a later word on its event, has arrived in time."""
    history = facts.history
    first: dict[tuple[NationId, NationId, int], Passage] = {}
    arrived: dict[tuple[NationId, NationId, tuple[bool, int]], list[tuple[int, int]]] = {}
    for passage in history.passages:
        if passage.origin != RELEASED or passage.kind in MAY_BE_LOST:
            continue
        first.setdefault((passage.sender, passage.recipient, passage.number), passage)
        if passage.outcome == RECEIVED and not passage.is_changed:
            key = passage.sender, passage.recipient, facts.subject_of(passage)
            arrived.setdefault(key, []).append((passage.number, passage.arrival_ns))
    last_word = _last_words(facts)
    for (sender, recipient, number), passage in first.items():
        if last_word.get((sender, recipient, number)) not in ("share", "share coarser"):
            continue  # the right was withdrawn before it had arrived
        if _is_out_of_time(facts, sender, passage.sent_ns):
            continue
        deadline_ns = _deadline_ns(facts, sender, recipient, passage.sent_ns)
        words = arrived.get((sender, recipient, facts.subject_of(passage)), [])
        if deadline_ns <= history.end_ns and not any(
            later >= number and at_ns <= deadline_ns for later, at_ns in words
        ):
            yield Breach(
                invariant="liveness",
                centre=recipient,
                time_ns=deadline_ns,
                words=f"{passage.kind} {number} of {sender} had not arrived "
                f"{(deadline_ns - passage.sent_ns) / NS_PER_S:.0f} s after it was sent",
            )
    yield from _releases(facts)


def _last_words(facts: _Facts) -> dict[tuple[NationId, NationId, int], str]:
    """Return what was decided last of each message, or of a later one in its place."""
    verdicts: dict[tuple[NationId, NationId, int], str] = {}
    latest: dict[tuple[NationId, NationId, int], str] = {}
    event_of: dict[tuple[NationId, NationId, int], int] = {}
    for centre in facts.history.entries:
        for entry in facts.decisions(centre):
            content = entry.content
            key = centre, content["recipient"], content["number"]
            if content["kind"] != "heartbeat":
                verdicts[key] = content["verdict"]
            if "event" in content:
                event_of[key] = content["event"]
                latest[centre, content["recipient"], content["event"]] = content["verdict"]
    return verdicts | {key: latest[key[0], key[1], event] for key, event in event_of.items()}


def _is_out_of_time(facts: _Facts, sender: NationId, sent_ns: int) -> bool:
    """Whether a message was made under a wrong clock, or forgotten in a crash soon after."""
    for outage in facts.outages(sender):
        if outage.kind == CLOCK_OFFSET and outage.begin_ns <= sent_ns <= _over_ns(outage):
            return True
        if outage.kind == CRASH and outage.amount > 0.0:
            since_ns = outage.begin_ns - SNAPSHOT_NS - 2 * TICK_NS
            if since_ns <= sent_ns <= outage.end_ns + 2 * TICK_NS:
                return True
    return False


def _over_ns(outage: Outage) -> int:
    """When a centre is right again: a clock that was set back has stood still as long."""
    ahead_ns = round(max(outage.amount, 0.0) * NS_PER_S) if outage.kind == CLOCK_OFFSET else 0
    return outage.end_ns + ahead_ns + 2 * TICK_NS


def _deadline_ns(facts: _Facts, sender: NationId, recipient: NationId, sent_ns: int) -> int:
    """Return the stated time after sending, or after the last trouble that met it on its way."""
    stated_ns = round(stated_s(facts.history.manners[sender, recipient]) * NS_PER_S)
    troubles = [
        (each.begin_ns, _over_ns(each))
        for centre in (sender, recipient)
        for each in facts.outages(centre)
    ]
    for ends, begin_ns, end_ns in facts.history.troubles:
        if set(ends) == {sender, recipient}:
            troubles.append((begin_ns, end_ns))
    deadline_ns, changed = sent_ns + stated_ns, True
    while changed:
        later_ns = max(
            (
                end_ns + stated_ns
                for begin_ns, end_ns in troubles
                if begin_ns <= deadline_ns and end_ns >= sent_ns
            ),
            default=deadline_ns,
        )
        changed = later_ns > deadline_ns
        deadline_ns = max(deadline_ns, later_ns)
    return deadline_ns


def stated_s(manner: Manner) -> float:
    """Return the time within which a sound link brings what is repeated until acknowledged, s.

    Notes
    -----
    Each try takes as long as the slowest message; a link that loses a part p of them needs
    ln(1e-9) / ln p tries to lose no more than ``TRIES_LOST``. Two ticks are for taking part.
    """
    loss = manner.loss_probability
    tries = 1 if loss <= 0.0 else math.ceil(math.log(TRIES_LOST) / math.log(loss))
    return tries * RESEND_S + manner.other.high_s + manner.added.high_s + 3.0


def _releases(facts: _Facts) -> Iterator[Breach]:
    """See that what a person has released is decided about, for each partner."""
    for centre, configuration in facts.history.configurations.items():
        floor = [each for each in facts.history.shown if each.centre == centre]
        decided: dict[int, set[str]] = {}
        for entry in facts.decisions(centre):
            if "event" in entry.content and entry.content["kind"] in ON_EVENTS:
                decided.setdefault(entry.content["event"], set()).add(entry.content["recipient"])
        for now_ns, events in facts.given(centre):
            for event in events:
                if not isinstance(event, PersonDecided) or event.decision != "release":
                    continue
                shown = [
                    each.alert
                    for each in floor
                    if each.alert.alert == event.number and each.alert.known_ns <= now_ns
                ]
                if not shown or shown[-1].status == "cancelled" or shown[-1].launch_area is None:
                    continue
                missing = {p.nation for p in configuration.partners} - decided.get(
                    event.number, set()
                )
                if missing:
                    yield Breach(
                        invariant="liveness",
                        centre=centre,
                        time_ns=now_ns,
                        words=f"alert {event.number} was released, and nothing was decided for "
                        f"{', '.join(sorted(missing))}",
                    )


def evidence(facts: _Facts) -> Iterator[Breach]:
    """Each alert stands in the ledger and cites what had arrived; confirmed ones cite two."""
    history = facts.history
    for centre, entries in history.entries.items():
        received: set[tuple[str, int]] = set()
        noted = Counter[tuple[int, str, int]]()
        for entry in entries:
            content = entry.content
            if entry.kind == "received":
                received.add((content["originator"], content["number"]))
            elif entry.kind == "alert":
                noted[content["alert"], content["transition"], entry.time_ns] += 1
                for sender, number in content["reports"].items():
                    if (sender, number) not in received:
                        yield _unfounded(
                            centre, entry.time_ns, content, f"report {number} of {sender}"
                        )
        for shown in history.shown:
            alert = shown.alert
            if shown.centre != centre:
                continue
            if not noted[alert.alert, alert.transition, alert.known_ns]:
                yield _unfounded(
                    centre, shown.time_ns, {"alert": alert.alert}, "no entry of its own"
                )
            others = set(alert.contributors) - {centre}
            senders = {sender for sender, _ in received}
            behind = {str(name) for name in others} - senders
            if alert.origin == "own" and history.configurations[centre].is_joint and behind:
                yield _unfounded(
                    centre, shown.time_ns, {"alert": alert.alert}, f"no news of {sorted(behind)}"
                )
            if not alert.sources and not alert.contributors:
                yield _unfounded(centre, shown.time_ns, {"alert": alert.alert}, "nothing at all")


def _unfounded(centre: NationId, time_ns: int, content: Mapping[str, Any], what: str) -> Breach:
    return Breach(
        invariant="evidence",
        centre=centre,
        time_ns=time_ns,
        words=f"alert {content['alert']} rests on {what}",
    )


def withdrawal(facts: _Facts) -> Iterator[Breach]:
    """Whoever was told of an event is told of its end, in the same step."""
    for centre in facts.history.entries:
        told: dict[int, dict[str, int]] = {}
        ended: dict[tuple[int, int], set[str]] = {}
        for entry in facts.decisions(centre):
            content = entry.content
            if "envelope_sha256" not in content or "event" not in content:
                continue
            if content["kind"] in ON_EVENTS:
                told.setdefault(content["event"], {}).setdefault(
                    content["recipient"], entry.time_ns
                )
            elif content["kind"] == "cancellation":
                key = content["event"], entry.time_ns
                ended.setdefault(key, set()).add(content["recipient"])
        for shown in facts.history.shown:
            alert = shown.alert
            if shown.centre != centre or alert.transition != "cancelled":
                continue
            if alert.origin not in ("own", "launch reports"):
                continue
            had = {
                recipient
                for recipient, time_ns in told.get(alert.alert, {}).items()
                if time_ns < alert.known_ns
            }
            missing = had - ended.get((alert.alert, alert.known_ns), set())
            if missing:
                yield Breach(
                    invariant="withdrawal",
                    centre=centre,
                    time_ns=shown.time_ns,
                    words=f"alert {alert.alert} was cancelled, and {', '.join(sorted(missing))} "
                    "had been told of it and was not told so",
                )


CHECKS: Final[tuple[Callable[[_Facts], Iterator[Breach]], ...]] = (
    no_leak,
    no_double_counting,
    honest_uncertainty,
    order_and_time,
    liveness,
    evidence,
    withdrawal,
)
