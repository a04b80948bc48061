"""Rules that share and never let anything out, as others withhold it in every case.

What a rule speaks of is a box with an axis for each condition: owners, recipients, sensors,
purposes, time, latitude and longitude. Each axis is divided into cases: names, or edges of all
rules and what lies between two. Of the boxes of a rule that shares, those of the rules that
withhold are taken away. If nothing is left, nothing can leave by that rule.

One place and one sensor stand for messages about several: these are shared only where each would
be, and withheld where any is.

Limits: exact for the names that there are; where they are not known, nations and sensors that no
rule names count as one more. The territory that a scenario gives a nation is not looked at, for
several nations may hold one policy. A rule is let pass if ``_STEPS_MAX`` cuts have not shown that
nothing is left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from commonwatch.identity import NationId, SensorId
from commonwatch.reading.mistakes import Fault
from commonwatch.sharing.conditions import in_force_ns
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.rule import EVERYONE, JOINT, Box, Rule
from commonwatch.sharing.subject import LAUNCH_KINDS

_Scope: TypeAlias = tuple[int, ...]
"""A box: for each axis the cases that it holds, one bit each."""

_WORLD: Final = Box(
    latitude_min_deg=-90.0, latitude_max_deg=90.0, longitude_min_deg=-180.0, longitude_max_deg=180.0
)
_NOT_KNOWN: Final = SensorId("")
"""In place of a sensor: a rule with sensors does not share, and withholds, what has it."""
_STEPS_MAX: Final = 10_000
_OWN_LAUNCHES: Final = "[own launches]"


class Names(Struct, frozen=True, kw_only=True):
    """Everybody and everything that rules can be about; "*" stands for what no rule names.

    Attributes
    ----------
    owner
        Whose policy it is.
    joint
        The joint centre.
    nations, sensors
        All that there are, the joint centre among them.
    """

    owner: NationId
    joint: NationId
    nations: frozenset[NationId]
    sensors: frozenset[SensorId]

    def listed(self, names: Collection[NationId]) -> frozenset[NationId]:
        """Return the nations that a list of a rule means."""
        is_joint = JOINT in names
        return frozenset(
            nation
            for nation in self.nations
            if EVERYONE in names or nation in names or (is_joint and nation == self.joint)
        )


def names_of(
    rules: Iterable[Rule],
    *,
    owner: NationId,
    joint: NationId,
    nations: Collection[NationId] | None,
    sensors: Collection[SensorId] | None,
) -> Names:
    """Gather the names that there are; where they are not known, those of the rules.

    Parameters
    ----------
    rules
        Of one policy.
    owner
        Whose policy it is.
    joint
        The joint centre's name.
    nations
        All of them, or None where a policy is read without its scenario.
    sensors
        The owner's, or None likewise.
    """
    rules = tuple(rules)
    if nations is None:
        said = {name for rule in rules for name in (*rule.owners, *rule.recipients)}
        nations = {*said, owner, EVERYONE} - {JOINT}
    if sensors is None:
        sensors = {*(name for rule in rules for name in rule.sensors), SensorId(EVERYONE)}
    return Names(
        owner=owner,
        joint=joint,
        nations=frozenset({*nations, joint}),
        sensors=frozenset(sensors),
    )


def overruled(
    rules: Sequence[tuple[int, Rule]], names: Names, *, withheld_territory: Sequence[Box]
) -> Iterator[Fault]:
    """Refuse rules that share and let nothing out, whatever the message.

    Parameters
    ----------
    rules
        Where each stands among the rules, and the rule.
    names
        Of nations and sensors.
    withheld_territory
        From where launches are withheld before any rule is asked.
    """
    withholding = [rule for _, rule in rules if rule.withhold]
    if withheld_territory:
        withholding.append(
            Rule(
                name=_OWN_LAUNCHES,
                withhold=tuple(sorted(LAUNCH_KINDS)),
                recipients=(EVERYONE,),
                regions=tuple(withheld_territory),
            )
        )
    cases = _Cases.of([*(rule for _, rule in rules), *withholding], names)
    taken = [(rule, cases.scopes(rule)) for rule in withholding]
    for index, rule in rules:
        scopes = cases.scopes(rule) if rule.share else []
        kinds_by: dict[tuple[str, ...], list[str]] = {}
        for kind in rule.share:
            by = _takers(scopes, [each for each in taken if kind in each[0].withhold])
            if by:
                kinds_by.setdefault(by, []).append(kind)
        for by, kinds in kinds_by.items():
            yield _fault(index, by, ", ".join(kinds))


def _fault(index: int, by: tuple[str, ...], kinds: str) -> Fault:
    is_own = _OWN_LAUNCHES in by
    *others, last = [
        'own_launches = "withhold"' if name == _OWN_LAUNCHES else f'rule "{name}"' for name in by
    ]
    who = f"{', '.join(others)} and {last}" if others else last
    return Fault(
        found=f"nothing leaves by this rule: wherever it shares {kinds}, {who} "
        f"{'withholds' if len(by) == 1 else 'withhold'} {kinds}",
        allowed="rules that let something out; of several that fit, one that withholds wins",
        what_to_do="Leave one out, or say in which case it holds"
        + (', or set own_launches = "share"' if is_own else ""),
        keys=("rules", index),
    )


def _takers(
    scopes: Sequence[_Scope], taken: Sequence[tuple[Rule, Sequence[_Scope]]]
) -> tuple[str, ...]:
    """Name the rule that takes everything from some boxes, or those that do together, or none."""
    if not scopes or _is_left(scopes, [scope for _, others in taken for scope in others]):
        return ()
    for rule, others in taken:
        if not _is_left(scopes, others):
            return (rule.name,)
    return tuple(
        rule.name
        for rule, others in taken
        if any(_without(scope, other) != [scope] for scope in scopes for other in others)
    )


def _is_left(scopes: Sequence[_Scope], taken: Sequence[_Scope]) -> bool:
    """Say whether anything is left of some boxes when others are taken from them."""
    pending = [(scope, 0) for scope in scopes]
    for _ in range(_STEPS_MAX):
        if not pending:
            return False
        piece, count = pending.pop()
        if count == len(taken):
            return True
        pending += [(part, count + 1) for part in _without(piece, taken[count])]
    return True


class _Cases(Struct, frozen=True, kw_only=True):
    """What can be told apart on each axis: names, and edges in rising order."""

    names: Names
    nations: tuple[NationId, ...]
    sensors: tuple[SensorId, ...]
    times_ns: tuple[int, ...]
    latitudes_deg: tuple[float, ...]
    longitudes_deg: tuple[float, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule], names: Names) -> _Cases:
        """Gather the cases of all rules."""
        boxes = [_WORLD, *(box for rule in rules for box in rule.regions)]
        return cls(
            names=names,
            nations=tuple(sorted(names.nations)),
            sensors=tuple(sorted(names.sensors | {_NOT_KNOWN})),
            times_ns=tuple(sorted({at for rule in rules for at in in_force_ns(rule)})),
            latitudes_deg=tuple(
                sorted({at for b in boxes for at in (b.latitude_min_deg, b.latitude_max_deg)})
            ),
            longitudes_deg=tuple(
                sorted({at for b in boxes for at in (b.longitude_min_deg, b.longitude_max_deg)})
            ),
        )

    def scopes(self, rule: Rule) -> list[_Scope]:
        """Give what a rule speaks of: a box for each region, and one for each owner if it shares.

        No nation sends anything to itself, but those that no rule names may be several.
        """
        owners = self.names.listed(rule.owners) & self.names.listed((self.names.owner,))
        recipients = self.names.listed(rule.recipients)
        whom = [(owners, recipients)]
        if rule.share:
            whom = [(frozenset({one}), recipients - ({one} - {EVERYONE})) for one in sorted(owners)]
        sensors = {*(rule.sensors or self.sensors), *((_NOT_KNOWN,) if rule.withhold else ())}
        scopes = [
            (
                _among(self.nations, by),
                _among(self.nations, to),
                _among(self.sensors, sensors),
                _among(tuple(Purpose), rule.purposes or tuple(Purpose)),
                self._times(rule),
                _span(self.latitudes_deg, box.latitude_min_deg, box.latitude_max_deg),
                self._longitudes(box),
            )
            for by, to in whom
            for box in rule.regions or (_WORLD,)
        ]
        return [scope for scope in scopes if all(scope)]

    def _times(self, rule: Rule) -> int:
        """In force from the first instant on, and no longer at the last."""
        first_ns, last_ns = in_force_ns(rule)
        return _span(self.times_ns, first_ns, last_ns) & ~_span(self.times_ns, last_ns, last_ns)

    def _longitudes(self, box: Box) -> int:
        west, east = box.longitude_min_deg, box.longitude_max_deg
        if west <= east:
            return _span(self.longitudes_deg, west, east)
        return _span(self.longitudes_deg, west, 180.0) | _span(self.longitudes_deg, -180.0, east)


def _among(order: Sequence[str], chosen: Collection[str]) -> int:
    return sum(1 << place for place, name in enumerate(order) if name in chosen)


def _span(edges: Sequence[float], low: float, high: float) -> int:
    """Give the cases from one edge to another, both included: edges and what lies between."""
    return (1 << 2 * bisect_left(edges, high) + 1) - (1 << 2 * bisect_left(edges, low))


def _without(scope: _Scope, taken: _Scope) -> list[_Scope]:
    """Cut from a box what another takes; what is left of it, in boxes that share nothing."""
    pieces = []
    rest = scope
    for axis, (mine, theirs) in enumerate(zip(scope, taken, strict=True)):
        if not mine & theirs:
            return [scope]
        if mine & ~theirs:
            pieces.append((*rest[:axis], mine & ~theirs, *rest[axis + 1 :]))
        rest = (*rest[:axis], mine & theirs, *rest[axis + 1 :])
    return pieces
