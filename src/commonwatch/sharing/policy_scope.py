"""What a policy must not say: keys that would do nothing, rules that contradict each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations
from typing import Any, Final

from commonwatch.errors import Mistake
from commonwatch.identity import NationId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.rule import EVERYONE, JOINT, LEFT_OUT, Rule
from commonwatch.sharing.subject import PLACED_KINDS, SENSED_KINDS

_LAUNCHES: Final = frozenset({"launch report", "alert report"})
KINDS_OF: Final[dict[str, frozenset[str]]] = {
    "sensors": SENSED_KINDS,
    "regions": PLACED_KINDS,
    "position_step_km": frozenset({"track report"}),
    "velocity_step_m_s": frozenset({"track report"}),
    "area_step_km": _LAUNCHES,
    "time_step_s": _LAUNCHES,
}
"""Which kinds of message a key says anything about."""
_COARSENING: Final = (
    "delay_s",
    "position_step_km",
    "velocity_step_m_s",
    "area_step_km",
    "time_step_s",
    "fields_left_out",
)


def idle_keys(table: dict[str, Any], path: str) -> Iterator[Mistake]:
    """Refuse what would do nothing, for one would think that it does.

    Parameters
    ----------
    table
        A rule, parsed, perhaps with other mistakes.
    path
        Where it stands.
    """
    if table.get("withhold"):
        for key in _COARSENING:
            if table.get(key):
                yield Mistake(
                    path=path,
                    found=f"{key} in a rule that withholds",
                    allowed="delays, steps and fields left out in rules that share",
                    what_to_do="Nothing goes by this rule: leave the key out",
                )
    kinds = [
        kind
        for key in ("share", "withhold")
        for kind in (table[key] if isinstance(table.get(key), list) else ())
        if isinstance(kind, str)
    ]
    fields = table.get("fields_left_out")
    left_out = [
        (f'fields_left_out = ["{field}"]', LEFT_OUT[field])
        for field in (fields if isinstance(fields, list) else ())
        if isinstance(field, str) and field in LEFT_OUT
    ]
    asked = [(key, of) for key, of in KINDS_OF.items() if table.get(key)]
    for said, of in (*asked, *left_out):
        idle = sorted({kind for kind in kinds if kind not in of})
        if idle:
            yield Mistake(
                path=path,
                found=f"{said} says nothing of {', '.join(f'a {kind}' for kind in idle)}",
                allowed=f"{said} with {', '.join(sorted(of))}",
                what_to_do="Write a rule of its own for the other kinds",
            )


def contradictions(
    rules: Sequence[tuple[str, Rule]], *, owner: NationId, joint: NationId
) -> Iterator[Mistake]:
    """Refuse two rules that say the opposite of the same, and rules that nobody's message meets.

    Parameters
    ----------
    rules
        Where each stands, and the rule.
    owner
        Whose policy it is.
    joint
        The joint centre.
    """
    for path, rule in rules:
        names = _names(rule.owners, joint)
        if owner != EVERYONE and names.isdisjoint({EVERYONE, *_names((owner,), joint)}):
            yield Mistake(
                path=path,
                found=f"a rule for messages of {', '.join(rule.owners)} in the policy of {owner}",
                allowed="the owner's own messages",
                what_to_do="Leave owners out",
            )
    for (_, one), (path, two) in combinations(rules, 2):
        both = (set(one.share) & set(two.withhold)) | (set(one.withhold) & set(two.share))
        if both and _scope(one, joint) == _scope(two, joint):
            kinds = ", ".join(sorted(both))
            yield Mistake(
                path=path,
                found=f'rules "{one.name}" and "{two.name}" contradict each other: one shares and '
                f"the other withholds {kinds}, for the same recipients and conditions",
                allowed="one of the two, or a narrower exception",
                what_to_do="Leave one out, or say in which case it holds",
            )


def _scope(rule: Rule, joint: NationId) -> tuple[Hashable, ...]:
    """Everything that decides whether a rule fits, but for the kinds."""
    return (
        _names(rule.owners, joint),
        _names(rule.recipients, joint),
        frozenset(rule.sensors),
        frozenset(rule.regions),
        frozenset(rule.purposes or Purpose),
        rule.from_utc,
        rule.until_utc,
    )


def _names(names: Sequence[NationId], joint: NationId) -> frozenset[NationId]:
    if EVERYONE in names:
        return frozenset({EVERYONE})
    return frozenset(joint if name == JOINT else name for name in names)
