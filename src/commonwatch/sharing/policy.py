"""What of a message may go to whom, when, and by which rule: one pure function.

In this order, the first that answers:

1. Nobody who is not known, and not the own centre; nothing that another originated.
2. A test message goes to every known nation, never marked actual; so does an acknowledgement.
3. A cancellation goes to whoever had what it cancels: the ledger knows.
4. A message about a launch from the own territory is withheld, unless the policy says "share";
   where the place is not known and there is a territory, it counts as such.
5. The rules that fit: if one withholds, nothing goes. If none shares, nothing goes. Else all that
   share are kept to: the longest delay, the coarsest step, every field left out.

A correction is judged as what it corrects.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from commonwatch.errors import nearest
from commonwatch.identity import NationId
from commonwatch.sharing.conditions import Conditions, conditions_of, what_fails, who_fails
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import (
    Acknowledgement,
    Body,
    Cancellation,
    Correction,
    Heartbeat,
    Message,
    TestMessage,
    event_of,
    kind_of,
)
from commonwatch.sharing.policy_file import read_policy
from commonwatch.sharing.redaction import UNCHANGED, coarser, coarsest
from commonwatch.sharing.rule import EVERYONE, Box, Policy, Rule, adopted
from commonwatch.sharing.subject import LAUNCH_KINDS, NOT_SAID, Subject, subject_of
from commonwatch.units import utc_text

__all__ = [
    "Box",
    "Decision",
    "Policy",
    "Rule",
    "Verdict",
    "adopted",
    "decide",
    "decide_heartbeat",
    "read_policy",
]


class Verdict(StrEnum):
    """What was decided."""

    SHARE = "share"
    SHARE_COARSER = "share coarser"
    LATER = "later"
    WITHHOLD = "withhold"


class Decision(Struct, frozen=True, kw_only=True):
    """A decision on one message and one recipient.

    Attributes
    ----------
    verdict
        What was decided; *later*: decide again at ``due_ns``.
    rule
        The rules that decided, joined by ``; ``, or the built-in one in brackets.
    words
        The same as a sentence: for the own ledger only.
    message
        What goes; None where nothing does.
    recipient
        To whom.
    due_ns, decided_ns
        From when on it may go, and when this was decided.
    originator, purpose, kind, number, event
        Of the message that was judged.
    heartbeat
        What goes in place of a message, where one was judged.
    """

    verdict: Verdict
    rule: str
    words: str
    message: Message | None
    recipient: NationId
    due_ns: int
    decided_ns: int
    originator: NationId
    purpose: Purpose
    kind: str
    number: int
    event: int | None
    heartbeat: Heartbeat | None = None


class _Answer(Struct, frozen=True):
    """What was found, by whom and why; the rest of a decision is known beforehand."""

    verdict: Verdict
    rule: str
    words: str
    message: Message | None = None
    due_ns: int | None = None


def decide(
    message: Message,
    recipient: NationId,
    policy: Policy,
    now_ns: int,
    *,
    known: Subject = NOT_SAID,
) -> Decision:
    """Decide what of a message may go to one recipient now.

    Parameters
    ----------
    message
        What would be said.
    recipient
        To whom.
    policy
        The originator's policy.
    now_ns
        The time.
    known
        What the centre knows of the subject beside the message: where a track began or where the
        detections are (without it, a rule with regions cannot share a detection report), and the
        sensors behind a launch report. Nothing of it leaves.

    Returns
    -------
    Decision
        With the message as it may go, or None.
    """
    body = judged(message)
    answer = _address(message.originator, recipient, policy) or _without_a_rule(message)
    if answer is None and _is_own_launch(body, policy, known):
        words = "a launch from the own territory, or one that may be, is not spoken of"
        answer = _Answer(Verdict.WITHHOLD, "[own launches]", words)
    if answer is None:
        rules = _rules_for(policy, kind_of(body), message.originator, recipient)
        fit = _that_fit(rules, message, body, known, now_ns)
        answer = _by_rules(message, recipient, fit, now_ns)
    return Decision(
        verdict=answer.verdict,
        rule=answer.rule,
        words=answer.words,
        message=answer.message,
        recipient=recipient,
        due_ns=now_ns if answer.due_ns is None else answer.due_ns,
        decided_ns=now_ns,
        originator=message.originator,
        purpose=message.purpose,
        kind=kind_of(message.body),
        number=message.number,
        event=event_of(message.body),
    )


def decide_heartbeat(
    heartbeat: Heartbeat, recipient: NationId, policy: Policy, now_ns: int, *, purpose: Purpose
) -> Decision:
    """Decide on a sign of life: it goes to every known nation.

    Parameters
    ----------
    heartbeat, recipient, policy, now_ns
        As for ``decide``.
    purpose
        Whose key signs it: a heartbeat itself has no purpose.
    """
    answer = _address(heartbeat.heartbeat, recipient, policy) or _Answer(
        Verdict.SHARE, "[heartbeat]", "a heartbeat goes to every known nation"
    )
    return Decision(
        verdict=answer.verdict,
        rule=answer.rule,
        words=answer.words,
        message=None,
        recipient=recipient,
        due_ns=now_ns,
        decided_ns=now_ns,
        originator=heartbeat.heartbeat,
        purpose=purpose,
        kind="heartbeat",
        number=heartbeat.beat,
        event=None,
        heartbeat=heartbeat if answer.verdict is Verdict.SHARE else None,
    )


def judged(message: Message) -> Body:
    """Return the body on which a message is judged: of a correction, what it corrects."""
    body = message.body
    return body.corrected if isinstance(body, Correction) else body


def _address(originator: NationId, recipient: NationId, policy: Policy) -> _Answer | None:
    """Withhold what is not this originator's to say to this recipient."""
    if recipient not in policy.nations:
        near = nearest(recipient, policy.nations)
        hint = f'; did you mean "{near}"?' if near else ""
        words = f'no nation "{recipient}" is known to the policy{hint}'
        return _Answer(Verdict.WITHHOLD, "[unknown recipient]", words)
    if recipient == originator:
        return _Answer(Verdict.WITHHOLD, "[own centre]", "a centre sends nothing to itself")
    if policy.owner not in (EVERYONE, originator):
        words = f"the policy of {policy.owner} lets out nothing that {originator} originated"
        return _Answer(Verdict.WITHHOLD, "[another's message]", words)
    return None


def _without_a_rule(message: Message) -> _Answer | None:
    """Decide on the kinds of which rules do not speak."""
    match message.body:
        case TestMessage() if message.purpose is Purpose.ACTUAL:
            words = "a test message marked actual never goes"
            return _Answer(Verdict.WITHHOLD, "[mixed marks]", words)
        case TestMessage():
            words = "a test message goes to every known nation"
            return _Answer(Verdict.SHARE, "[test message]", words, message)
        case Acknowledgement():
            words = "an acknowledgement goes to every known nation"
            return _Answer(Verdict.SHARE, "[acknowledgement]", words, message)
        case Cancellation():
            words = "a cancellation goes to whoever had what it cancels"
            return _Answer(Verdict.SHARE, "[cancellation]", words, message)
    return None


def _is_own_launch(body: Body, policy: Policy, known: Subject) -> bool:
    if not policy.territory or policy.own_launches == "share" or kind_of(body) not in LAUNCH_KINDS:
        return False
    places = subject_of(body, known).places
    return not places or any(box.holds(*place) for box in policy.territory for place in places)


@lru_cache(maxsize=4_096)
def _rules_for(
    policy: Policy, kind: str, originator: NationId, recipient: NationId
) -> tuple[Conditions, ...]:
    """Compile the rules for one kind, originator and recipient, those that withhold first."""
    chosen = [
        conditions_of(rule, kind)
        for rule in policy.rules
        if who_fails(rule, kind, originator, recipient, policy) is None
    ]
    return tuple(sorted(chosen, key=lambda rule: not rule.withholds))


def _that_fit(
    rules: tuple[Conditions, ...], message: Message, body: Body, known: Subject, now_ns: int
) -> list[Conditions]:
    subject = subject_of(body, known) if any(r.sensors or r.regions for r in rules) else NOT_SAID
    return [rule for rule in rules if what_fails(rule, message.purpose, subject, now_ns) is None]


def _by_rules(message: Message, recipient: NationId, fit: list[Conditions], now_ns: int) -> _Answer:
    kind = kind_of(message.body)
    if not fit:
        words = f"no rule in force lets this {kind} go to {recipient}"
        return _Answer(Verdict.WITHHOLD, "[default]", words)
    if fit[0].withholds:
        name = fit[0].name
        words = f'rule "{name}" withholds this {kind} from {recipient}'
        return _Answer(Verdict.WITHHOLD, name, words)
    name = fit[0].name if len(fit) == 1 else "; ".join(rule.name for rule in fit)
    due_ns = message.made_ns + max(rule.delay_ns for rule in fit)
    if now_ns < due_ns:
        words = f'rule "{name}" lets this {kind} go to {recipient} from {utc_text(due_ns)} on'
        return _Answer(Verdict.LATER, name, words, due_ns=due_ns)
    coarsening = fit[0].coarsening if len(fit) == 1 else coarsest(r.coarsening for r in fit)
    shared = message if coarsening == UNCHANGED else coarser(message, coarsening)
    if shared is message:
        words = f'rule "{name}" lets this {kind} go to {recipient}'
        return _Answer(Verdict.SHARE, name, words, message, due_ns)
    words = f'rule "{name}" lets this {kind} go to {recipient}, coarser'
    return _Answer(Verdict.SHARE_COARSER, name, words, shared, due_ns)
