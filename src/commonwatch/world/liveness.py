"""Whether what must not be lost has arrived in time, and releases were decided about.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``TRIES_LOST``      once in a thousand million, all tries of a message are      derived
                    lost on a link with a constant loss
==================  ==========================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from commonwatch.centre.events import PersonDecided
from commonwatch.centre.outbox import RESEND_S
from commonwatch.identity import NationId
from commonwatch.units import NS_PER_S
from commonwatch.world.breach import Breach
from commonwatch.world.clock import TICK_NS
from commonwatch.world.facts import ON_EVENTS, Facts
from commonwatch.world.faults import CLOCK_OFFSET
from commonwatch.world.history import Outage
from commonwatch.world.links import RECEIVED, RELEASED, Manner, Passage

TRIES_LOST: Final = 1e-9
MAY_BE_LOST: Final = frozenset({"track report", "detection report", "acknowledgement", "heartbeat"})


def liveness(facts: Facts) -> Iterator[Breach]:
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


def _last_words(facts: Facts) -> dict[tuple[NationId, NationId, int], str]:
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


def _is_out_of_time(facts: Facts, sender: NationId, sent_ns: int) -> bool:
    """Whether a message was made under a wrong clock, or forgotten in a crash soon after."""
    for outage in facts.outages(sender):
        if outage.kind == CLOCK_OFFSET and outage.begin_ns <= sent_ns <= _over_ns(outage):
            return True
    return facts.is_forgotten(sender, sent_ns)


def _over_ns(outage: Outage) -> int:
    """When a centre is right again: a clock that was set back has stood still as long."""
    ahead_ns = round(max(outage.amount, 0.0) * NS_PER_S) if outage.kind == CLOCK_OFFSET else 0
    return outage.end_ns + ahead_ns + 2 * TICK_NS


def _deadline_ns(facts: Facts, sender: NationId, recipient: NationId, sent_ns: int) -> int:
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


def _releases(facts: Facts) -> Iterator[Breach]:
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
