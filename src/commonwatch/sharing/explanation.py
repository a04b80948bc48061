"""Why each rule of a policy applies to a message or does not, in words, for people."""

from __future__ import annotations

from commonwatch.identity import NationId
from commonwatch.sharing.conditions import conditions_of, what_fails, who_fails
from commonwatch.sharing.messages import Message, kind_of
from commonwatch.sharing.policy import judged
from commonwatch.sharing.rule import Policy
from commonwatch.sharing.subject import NOT_SAID, Subject, subject_of


def explain(
    message: Message,
    recipient: NationId,
    policy: Policy,
    now_ns: int,
    *,
    known: Subject = NOT_SAID,
) -> list[tuple[str, str]]:
    """Go through every rule of a policy.

    Parameters
    ----------
    message, recipient, policy, now_ns, known
        As ``policy.decide`` has them.

    Returns
    -------
    list of (rule, words)
        Each rule's name, and what it has to say of this message, in the policy's order.
    """
    body = judged(message)
    kind, subject = kind_of(body), subject_of(body, known)
    said = []
    for rule in policy.rules:
        fails = who_fails(rule, kind, message.originator, recipient, policy)
        if fails is None:
            fails = what_fails(conditions_of(rule, kind), message.purpose, subject, now_ns)
        said.append((rule.name, fails or ("withholds" if kind in rule.withhold else "shares")))
    return said
