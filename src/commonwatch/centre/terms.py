"""The terms on which something may be said: when they change, it is offered anew to everybody."""

from __future__ import annotations

from collections.abc import Collection

from commonwatch.sharing.conditions import conditions_of
from commonwatch.sharing.policy import Policy

Terms = tuple[str, ...]


def terms_of(policy: Policy, kinds: Collection[str], now_ns: int) -> Terms:
    """Return the rules in force that speak of some kinds of message, each in full.

    Parameters
    ----------
    policy
        Of the centre.
    kinds
        Kinds of message.
    now_ns
        The present.

    Notes
    -----
    Who may know a thing changes with the policy, which is another after a restart, and with the
    instants at which its rules begin and end.
    """
    return tuple(
        repr(rule)
        for rule in policy.rules
        for kind in sorted({*rule.share, *rule.withhold}.intersection(kinds))[:1]
        for asked in [conditions_of(rule, kind)]
        if asked.from_ns <= now_ns < asked.until_ns
    )
