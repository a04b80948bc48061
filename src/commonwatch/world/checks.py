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
evidence               each alert cites what had arrived; a confirmed one two that are
                       independent of one another
withdrawal             a correction or cancellation goes to everyone who had the original, in
                       the step in which the floor shows it
replay                 the same events again give the same ledger and the same beliefs
=====================  =====================================================================

The rules here are written out slowly and without the code that they judge, where that is possible.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.centre.events import MessageArrived
from commonwatch.errors import InvariantError
from commonwatch.identity import NationId
from commonwatch.sharing.ledger import START
from commonwatch.sharing.messages import Heartbeat, Message, Span, TrackReport
from commonwatch.units import NS_PER_S
from commonwatch.world.allowed import why_not
from commonwatch.world.beside import Besides
from commonwatch.world.breach import Breach
from commonwatch.world.certainty import too_sure
from commonwatch.world.evidence import evidence
from commonwatch.world.facts import Facts
from commonwatch.world.history import History
from commonwatch.world.links import INJECTED, LIE, Passage
from commonwatch.world.liveness import liveness
from commonwatch.world.uncertainty import honest_uncertainty
from commonwatch.world.withdrawal import withdrawal

F64 = npt.NDArray[np.float64]


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
    facts = Facts(history)
    return tuple(breach for check in CHECKS for breach in check(facts))


def no_leak(facts: Facts) -> Iterator[Breach]:
    """Everything that arrived stands in its sender's ledger and was allowed when it left."""
    history = facts.history
    besides = Besides(facts)
    carried: dict[NationId, set[bytes]] = {name: set() for name in history.entries}
    for passage in history.passages:
        carried[passage.recipient].add(passage.envelope)
        if passage.origin == INJECTED:
            carried[passage.sender].add(passage.sealed)
        else:
            fault = next((words for words in _leaks(facts, besides, passage) if words), "")
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


def _leaks(facts: Facts, besides: Besides, passage: Passage) -> Iterator[str]:
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
    if passage.origin == LIE:
        return
    if hashlib.sha256(passage.sealed).hexdigest() != content.get("envelope_sha256"):
        yield "what left is not what its entry allowed"
    said = facts.envelopes.content(passage.sealed)
    policy = facts.history.configurations[passage.sender].policy
    if said is None:
        yield "nobody can open it"
    elif isinstance(said, Message):
        before = facts.history.entries[passage.sender][: entry.number]
        beside = besides.of(said, entry.time_ns)
        yield why_not(
            said, passage.recipient, policy, now_ns=entry.time_ns, before=before, beside=beside
        )
    elif passage.recipient not in policy.nations:
        yield "a heartbeat to nobody that the policy knows"


def no_double_counting(facts: Facts) -> Iterator[Breach]:
    """No look stands behind the words of two senders that were both added; nothing is too sure."""
    for centre, configuration in facts.history.configurations.items():
        if not configuration.is_joint:
            continue
        said = {
            (message.originator, message.number): message.body
            for _, message in facts.heard(centre)
            if isinstance(message.body, TrackReport)
        }
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
            yield from too_sure(facts, centre)


def _overlap(one: Span, two: Span) -> bool:
    return max(one.after_ns, two.after_ns) < min(one.until_ns, two.until_ns)


def order_and_time(facts: Facts) -> Iterator[Breach]:
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


def _arrivals(facts: Facts, centre: NationId) -> Iterator[Breach]:
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


CHECKS: Final[tuple[Callable[[Facts], Iterator[Breach]], ...]] = (
    no_leak,
    no_double_counting,
    honest_uncertainty,
    order_and_time,
    liveness,
    evidence,
    withdrawal,
)
