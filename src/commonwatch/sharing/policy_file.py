"""Reads a policy from TOML, with every mistake in one go.

What the keys mean, and what figures they may hold, stands in ``rule``; what a table must not say in
``policy_scope``; which rules others overrule in ``overruled``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from commonwatch.errors import InputError, ScenarioError
from commonwatch.identity import NationId, SensorId
from commonwatch.reading.mistakes import Fault, Table, find_faults, in_file_order
from commonwatch.reading.names import duplicates, list_of_names, one_name, tables
from commonwatch.reading.text import parsed
from commonwatch.sharing.messages import KINDS
from commonwatch.sharing.overruled import names_of, overruled
from commonwatch.sharing.policy_scope import POLICY_CHECKS, owners_that_cannot_be
from commonwatch.sharing.rule import (
    EVERYONE,
    FORMAT,
    JOINT,
    LEFT_OUT,
    LIMITS,
    RULED_KINDS,
    Box,
    Policy,
    PolicyFile,
    Rule,
)

_WITHOUT_RULES: Final = (
    "Leave it out: corrections go as what they correct, cancellations to whoever had the original, "
    "acknowledgements and test messages to every known nation"
)


def read_policy(
    text: str | bytes,
    *,
    name: str,
    nations: Collection[NationId] | None,
    sensors: Collection[SensorId] | None,
    joint: NationId = JOINT,
) -> Policy:
    """Read a policy.

    Parameters
    ----------
    text
        TOML.
    name
        What the file is called, for mistakes and decisions.
    nations
        Every nation that there is; None: those that the policy names.
    sensors
        Every sensor that there is; None: names of sensors are not checked.
    joint
        The joint centre, which is known as well.

    Raises
    ------
    ScenarioError
        The policy has mistakes: all of them.
    InputError
        The text is too long, not UTF-8 or no TOML.
    """
    if len(text) > LIMITS.text_bytes:
        raise InputError(
            f"a policy of {len(text)} bytes",
            allowed=f"at most {LIMITS.text_bytes}",
            where=name,
            what_to_do="Leave out rules that say the same, and long notes",
        )
    tree = parsed(text, name, format_number=FORMAT)
    known = _Known(
        nations=frozenset(nations) | {joint} if nations is not None else None,
        sensors=None if sensors is None else frozenset(sensors),
    )
    faults = find_faults(tree, PolicyFile, POLICY_CHECKS)
    faults.extend(_unknown_names(tree, known))
    faults.extend(duplicates(tree, ("rules",), "rule"))
    rules, owner = _clean_rules(tree, faults), _owner(tree)
    faults.extend(owners_that_cannot_be(rules, owner=owner, joint=joint))
    names = names_of(
        [rule for _, rule in rules], owner=owner, joint=joint, nations=nations, sensors=sensors
    )
    faults.extend(overruled(rules, names, withheld_territory=_withheld_territory(tree, faults)))
    if faults:
        raise ScenarioError(name, in_file_order(tree, faults, limit=LIMITS.mistake_count))
    said = msgspec.convert(tree, PolicyFile)
    return Policy(
        **msgspec.structs.asdict(said),
        name=name,
        nations=tuple(sorted(_named(said) | {joint} if nations is None else {*nations, joint})),
        joint=joint,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Names that exist; None where they are not checked."""

    nations: frozenset[str] | None
    sensors: frozenset[str] | None

    def of(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        """Yield the lists of a rule, what stands in them, and which names there may be."""
        for key in ("share", "withhold"):
            yield key, "kind of message", frozenset(RULED_KINDS)
        if self.nations is not None:
            for key in ("recipients", "owners"):
                yield key, "nation", self.nations | {EVERYONE, JOINT}
        if self.sensors is not None:
            yield "sensors", "sensor", self.sensors
        yield "fields_left_out", "field", frozenset(LEFT_OUT)


def _unknown_names(tree: Table, known: _Known) -> Iterator[Fault]:
    if known.nations is not None:
        yield from one_name(tree, (), "owner", "nation", known.nations | {EVERYONE, JOINT})
    for index, rule in tables(tree, "rules"):
        for key, kind, names in known.of():
            for fault in list_of_names(rule, ("rules", index), key, kind, names):
                yield _without_rules(rule, fault)


def _without_rules(rule: Table, fault: Fault) -> Fault:
    """Say of a kind that exists and that rules do not speak of why it is refused."""
    *_, key, index = fault.keys
    is_kind = key in ("share", "withhold") and rule[key][index] in set(KINDS) - set(RULED_KINDS)
    return replace(fault, what_to_do=_WITHOUT_RULES) if is_kind else fault


def _clean_rules(tree: Table, faults: Collection[Fault]) -> list[tuple[int, Rule]]:
    """Return the rules in which nothing is wrong, and where they stand."""
    faulty = {fault.keys[1] for fault in faults if fault.keys[:1] == ("rules",) and fault.keys[1:]}
    if any(fault.key == "rules" for fault in faults if not fault.keys):
        return []
    return [
        (index, msgspec.convert(table, Rule))
        for index, table in tables(tree, "rules")
        if index not in faulty
    ]


def _withheld_territory(tree: Table, faults: Collection[Fault]) -> list[Box]:
    """Return the boxes from which launches are withheld; none where something is wrong there."""
    wrong = {(*fault.keys, fault.key)[0] for fault in faults}
    if tree.get("own_launches") == "share" or wrong & {"own_launches", "territory"}:
        return []
    return msgspec.convert(tree.get("territory", []), list[Box])


def _owner(tree: Table) -> NationId:
    owner = tree.get("owner")
    return NationId(owner) if isinstance(owner, str) else EVERYONE


def _named(policy: PolicyFile) -> set[NationId]:
    lists = [(policy.owner,), *(names for r in policy.rules for names in (r.owners, r.recipients))]
    return {nation for names in lists for nation in names} - {EVERYONE, JOINT}
