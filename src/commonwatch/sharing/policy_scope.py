"""What a rule must not say by itself: keys that would do nothing, whose messages nobody makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from commonwatch.identity import NationId
from commonwatch.reading.mistakes import Checks, Fault, shown
from commonwatch.sharing.rule import EVERYONE, JOINT, LEFT_OUT, LIMITS, Box, Rule
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


def _check_name(rule: Any) -> Iterator[Fault]:
    """Refuse a name that a decision could not cite."""
    name = rule.name
    if not name.strip() or not name.isprintable() or ";" in name or name.startswith("["):
        yield Fault(
            found=f"name = {shown(name)} cannot be used",
            allowed=f"1 to {LIMITS.name_letters} letters in quotes, without line break and "
            "semicolon, not beginning with a bracket",
            what_to_do="Give the rule another name",
            key="name",
        )


def _check_verdict(rule: Any) -> Iterator[Fault]:
    """Refuse a rule that says neither or both."""
    if bool(rule.share) == bool(rule.withhold):
        yield Fault(
            found="both share and withhold" if rule.share else "neither share nor withhold",
            allowed="one of the two, with kinds of message",
            what_to_do="Divide the rule in two" if rule.share else "Say what the rule shares",
        )


def _check_recipients(rule: Any) -> Iterator[Fault]:
    if not rule.recipients:
        yield Fault(
            found="no recipients",
            allowed='names of nations, "joint" for the joint centre, "*" for every known nation',
            what_to_do="Say to whom, or leave the rule out",
        )


def _check_steps(rule: Any) -> Iterator[Fault]:
    """Refuse steps too fine to be meant."""
    for key in ("position_step_km", "velocity_step_m_s", "area_step_km", "time_step_s"):
        step = getattr(rule, key)
        if 0.0 < step < LIMITS.step_least:
            yield Fault(
                found=f"{key} = {step:g} is too fine",
                allowed=f"{LIMITS.step_least:g} or more, or 0 for none",
                what_to_do="Write the step in the unit that the key ends with",
                key=key,
            )


def _check_purposes(rule: Any) -> Iterator[Fault]:
    if len(set(rule.purposes)) < len(rule.purposes):
        yield Fault(
            found="a purpose stands twice",
            allowed="each purpose once",
            what_to_do="Leave one of the two out",
            key="purposes",
        )


def _check_instants(rule: Any) -> Iterator[Fault]:
    given = {key: getattr(rule, key) for key in ("from_utc", "until_utc")}
    naive = [key for key, at in given.items() if at is not None and at.tzinfo is None]
    for key in naive:
        yield Fault(
            found=f"{key} = {shown(given[key])} names no zone",
            allowed="an instant with its zone, without quotes, as 2009-05-20T06:24:00Z",
            what_to_do="Add Z for UTC",
            key=key,
        )
    if naive or None in given.values():
        return
    if given["from_utc"] >= given["until_utc"]:
        yield Fault(
            found=f"until_utc = {given['until_utc']} is not after from_utc = {given['from_utc']}",
            allowed="an end later than the beginning",
            what_to_do="Exchange the two, or leave the rule out",
            key="until_utc",
        )


def _check_idle(rule: Any) -> Iterator[Fault]:
    """Refuse what would do nothing, for one would think that it does."""
    if rule.withhold:
        for key in _COARSENING:
            if getattr(rule, key):
                yield Fault(
                    found=f"{key} in a rule that withholds",
                    allowed="delays, steps and fields left out in rules that share",
                    what_to_do="Nothing goes by this rule: leave the key out",
                    key=key,
                )
    asked = [(key, key, of) for key, of in KINDS_OF.items() if getattr(rule, key)]
    left_out = [
        (f'fields_left_out = ["{each}"]', "fields_left_out", LEFT_OUT[each])
        for each in rule.fields_left_out
        if each in LEFT_OUT
    ]
    for said, key, of in (*asked, *left_out):
        idle = sorted({kind for kind in (*rule.share, *rule.withhold) if kind not in of})
        if idle:
            yield Fault(
                found=f"{said} says nothing of {', '.join(f'a {kind}' for kind in idle)}",
                allowed=f"{said} with {', '.join(sorted(of))}",
                what_to_do="Write a rule of its own for the other kinds",
                key=key,
            )


def _check_box(box: Any) -> Iterator[Fault]:
    south, north = box.latitude_min_deg, box.latitude_max_deg
    if south > north:
        yield Fault(
            found=f"latitude_min_deg = {south:g} is north of latitude_max_deg = {north:g}",
            allowed="a southern edge, then a northern one",
            what_to_do="Exchange the two",
            key="latitude_max_deg",
        )


POLICY_CHECKS: Final[Checks] = {
    Box: (_check_box,),
    Rule: (
        _check_name,
        _check_verdict,
        _check_recipients,
        _check_steps,
        _check_purposes,
        _check_instants,
        _check_idle,
    ),
}
"""What else a table of a policy must hold to, for ``reading.mistakes``."""


def owners_that_cannot_be(
    rules: Sequence[tuple[int, Rule]], *, owner: NationId, joint: NationId
) -> Iterator[Fault]:
    """Refuse rules that nobody's message meets.

    Parameters
    ----------
    rules
        Where each stands among the rules, and the rule.
    owner
        Whose policy it is.
    joint
        The joint centre.
    """
    for index, rule in rules:
        names = _names(rule.owners, joint)
        if owner != EVERYONE and names.isdisjoint({EVERYONE, *_names((owner,), joint)}):
            yield Fault(
                found=f"a rule for messages of {', '.join(rule.owners)} in the policy of {owner}",
                allowed="the owner's own messages",
                what_to_do="Leave owners out",
                keys=("rules", index),
            )


def _names(names: Sequence[NationId], joint: NationId) -> frozenset[NationId]:
    return frozenset(joint if name == JOINT else name for name in names)
