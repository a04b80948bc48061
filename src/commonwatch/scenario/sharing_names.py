"""Checks across a whole scenario: who owns which sensor, what links join, whom faults strike.

They run on the parsed file, so that they also find what is wrong where a table is broken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from commonwatch.errors import nearest
from commonwatch.reading.mistakes import Fault, Keys, Table, shown
from commonwatch.reading.names import (
    duplicates,
    list_of_names,
    listed,
    names_in,
    one_name,
    suggestion,
    tables,
)
from commonwatch.scenario.flights import arc_name
from commonwatch.scenario.names import KnownNames
from commonwatch.scenario.schema import SatelliteEntry
from commonwatch.scenario.sharing_of_file import default_nation_names
from commonwatch.scenario.sharing_schema import EACH_FLIGHT, FALSE_ALARM, TEST_DATA, TITLES

_JOINT: Final = "joint"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the file and the catalogue hold, as far as it can be read.

    Parameters
    ----------
    owner
        Nation code of each sensor by its name.
    satellites
        Names of those that are satellites.
    used
        Sensors of the laydowns, in order of first mention.
    nations
        Their names; those that are made up where the file has none.
    centres, links, levels, laydowns
        Names.
    """

    owner: Mapping[str, str]
    satellites: frozenset[str]
    used: tuple[str, ...]
    nations: frozenset[str]
    centres: frozenset[str]
    links: frozenset[str]
    levels: frozenset[str]
    laydowns: frozenset[str]


def check_sharing_names(tree: Table, known: KnownNames) -> Iterator[Fault]:
    """Refuse names that do not exist, sensors that nobody or two own, nations that see nothing.

    Parameters
    ----------
    tree
        The parsed scenario file, which may have other faults.
    known
        The catalogue's names.
    """
    found = _read(tree, known)
    yield from duplicates(tree, ("nations",), "nation", {_joint(tree)})
    yield from duplicates(tree, ("sharing",), "level")
    yield from duplicates(tree, ("notices",), "notice")
    yield from _check_owners(tree, found)
    yield from _check_links(tree, found)
    yield from _check_levels(tree, found)
    if isinstance(tree.get("world"), dict):
        yield from one_name(tree["world"], ("world",), "laydown", "laydown", found.laydowns)
    for index, fault in tables(tree, "faults"):
        keys: Keys = ("faults", index)
        yield from list_of_names(fault, keys, "links", "link", found.links)
        yield from one_name(fault, keys, "centre", "centre", found.centres)
        yield from one_name(fault, keys, "sensor", "sensor of a laydown", frozenset(found.used))
    for index, notice in tables(tree, "notices"):
        keys = ("notices", index)
        yield from list_of_names(notice, keys, "centres", "centre", found.centres)
    yield from _check_injections(tree, found)
    yield from _check_expected(tree, found)
    yield from _check_recorded(tree)


def _read(tree: Table, known: KnownNames) -> _Known:
    owner = {name: entry.nation for name, entry in known.sensors.items()}
    for key in ("radars", "satellites"):
        for _, table in tables(tree, key):
            name, nation = table.get("name"), table.get("nation")
            if isinstance(name, str) and isinstance(nation, str):
                owner[name] = nation
    used = tuple(
        dict.fromkeys(
            name
            for _, laydown in tables(tree, "laydowns")
            for name in (laydown["sensors"] if isinstance(laydown.get("sensors"), list) else ())
            if isinstance(name, str) and name in owner
        )
    )
    joint = _joint(tree)
    nations = names_in(tree, "nations")
    if not tree.get("nations"):
        names = default_nation_names((owner[name] for name in used), joint=joint)
        nations = frozenset(names.values())
    links = frozenset(name for _, _, name in _named_links(tree))
    if not tree.get("links"):
        links = frozenset(f"{nation}+{joint}" for nation in nations)
    return _Known(
        owner=owner,
        satellites=names_in(tree, "satellites")
        | {name for name, entry in known.sensors.items() if isinstance(entry, SatelliteEntry)},
        used=used,
        nations=nations,
        centres=nations | {joint},
        links=links,
        levels=names_in(tree, "sharing") if tree.get("sharing") else frozenset(TITLES),
        laydowns=names_in(tree, "laydowns"),
    )


def _joint(tree: Table) -> str:
    joint = tree.get("joint")
    name = joint.get("name") if isinstance(joint, dict) else None
    return name if isinstance(name, str) else _JOINT


def _named_links(tree: Table) -> Iterator[tuple[int, Table, str]]:
    """Yield the links that have a name, or two ends to make one of."""
    for index, link in tables(tree, "links"):
        ends = link.get("between")
        name: object = link.get("name")
        if name is None and isinstance(ends, list) and all(isinstance(end, str) for end in ends):
            name = "+".join(str(end) for end in ends)
        if isinstance(name, str):
            yield index, link, name


def _check_owners(tree: Table, found: _Known) -> Iterator[Fault]:
    if not tree.get("nations"):
        return
    codes = frozenset(found.owner.values())
    owned_by: dict[str, str] = {}
    for index, nation in tables(tree, "nations"):
        keys: Keys = ("nations", index)
        if nation.get("has_no_sensors") is not True:  # whose code may be nobody's here
            yield from list_of_names(nation, keys, "owners", "owner", codes)
        name = nation.get("name")
        own = sorted(listed(nation, "owners"))
        for code in own:
            if code in owned_by:
                yield Fault(
                    found=f"the owner {shown(code)} belongs to {shown(owned_by[code])} as well",
                    allowed="each sensor has one centre: each owner in one nation",
                    what_to_do="Leave it out of one of the two",
                    keys=keys,
                    key="owners",
                )
            elif isinstance(name, str):
                owned_by[code] = name
        yield from _check_sight(nation, keys, own, found)
    for index, laydown in tables(tree, "laydowns"):
        for place, sensor in enumerate(
            laydown["sensors"] if isinstance(laydown.get("sensors"), list) else ()
        ):
            owner = found.owner.get(sensor) if isinstance(sensor, str) else None
            if owner is not None and owner not in owned_by:
                yield Fault(
                    found=f"the sensor {shown(sensor)} of {shown(owner)} belongs to no nation",
                    allowed=f"owners of the nations: {', '.join(sorted(owned_by)) or 'none'}",
                    what_to_do=f"Add {shown(owner)} to the owners of a nation",
                    keys=("laydowns", index, "sensors", place),
                )


def _check_sight(nation: Table, keys: Keys, own: list[str], found: _Known) -> Iterator[Fault]:
    """Refuse a nation that has no sensor unless it says so, and one that says so and has one."""
    sensors = [name for name in found.used if found.owner[name] in own]
    is_blind = nation.get("has_no_sensors", False)
    if not sensors and is_blind is False:
        yield Fault(
            found=f"no sensor of any laydown belongs to {shown(nation.get('name', ''))}",
            allowed="a nation with sensors, or has_no_sensors = true",
            what_to_do="Add its sensors to a laydown, or say that it has none",
            keys=keys,
            key="owners",
        )
    elif sensors and is_blind is True:
        yield Fault(
            found=f"has_no_sensors = true, and {shown(sensors[0])} is its own",
            allowed="has_no_sensors only where no laydown holds a sensor of the owners",
            what_to_do="Leave it out",
            keys=keys,
            key="has_no_sensors",
        )


def _check_links(tree: Table, found: _Known) -> Iterator[Fault]:
    joined: dict[frozenset[str], str] = {}
    taken: set[str] = set()
    for index, link, name in _named_links(tree):
        keys: Keys = ("links", index)
        for place, end in enumerate(
            link["between"] if isinstance(link.get("between"), list) else ()
        ):
            if isinstance(end, str) and end not in found.centres:
                yield Fault(
                    found=f"the link joins {shown(end)}, which is no centre",
                    allowed=", ".join(sorted(found.centres)),
                    what_to_do=suggestion(end, found.centres),
                    keys=(*keys, "between", place),
                )
        pair = listed(link, "between")
        if pair in joined or name in taken:
            yield Fault(
                found=f"the link {shown(name)} joins what {shown(joined[pair])} joins already"
                if pair in joined
                else f"the link name {shown(name)} stands twice",
                allowed="one link between two centres, with a name of its own",
                what_to_do="Leave one out" if pair in joined else "Choose another name",
                keys=keys,
                key="between" if pair in joined else "name",
            )
        joined.setdefault(pair, name)
        taken.add(name)


def _check_levels(tree: Table, found: _Known) -> Iterator[Fault]:
    for index, level in tables(tree, "sharing"):
        policies = level.get("policies")
        for centre in policies if isinstance(policies, dict) else ():
            if centre not in found.centres:
                yield Fault(
                    found=f"a policy for {shown(centre)}, which is no centre",
                    allowed=", ".join(sorted(found.centres)),
                    what_to_do=suggestion(centre, found.centres),
                    keys=("sharing", index, "policies"),
                    key=centre,
                )


def _check_injections(tree: Table, found: _Known) -> Iterator[Fault]:
    for index, injection in tables(tree, "injections"):
        keys: Keys = ("injections", index)
        used = frozenset(found.used)
        wanted = {
            "sun glints": ("satellite", used & found.satellites),
            "clutter": ("radar", used - found.satellites),
        }
        kind = injection.get("kind")
        what, names = wanted.get(kind if isinstance(kind, str) else "", ("sensor", used))
        yield from one_name(injection, keys, "nation", "nation", found.nations)
        yield from one_name(injection, keys, "sensor", f"{what} of a laydown", names)


def _check_expected(tree: Table, found: _Known) -> Iterator[Fault]:
    flights = names_in(tree, "flights", "recorded")
    arcs = (*(listed(tree, key) for key in ("launch_sites", "aim_points")), names_in(tree, "arcs"))
    for index, expected in tables(tree, "expected"):
        keys: Keys = ("expected", index)
        yield from one_name(expected, keys, "laydown", "laydown", found.laydowns)
        yield from one_name(expected, keys, "level", "level", found.levels)
        yield from one_name(expected, keys, "centre", "centre", found.centres)
        name = expected.get("object")
        if not isinstance(name, str) or name in {*flights, EACH_FLIGHT, FALSE_ALARM, TEST_DATA}:
            continue
        parts = name.split("/")
        is_arc = len(parts) == 3 and all(p in known for p, known in zip(parts, arcs, strict=True))
        if not is_arc:
            few = sorted({*flights, EACH_FLIGHT, FALSE_ALARM, TEST_DATA})
            yield Fault(
                found=f"object = {shown(name)} is an unknown flight",
                allowed=", ".join(f'"{one}"' for one in few[:8])
                + (f", or {arc_name('SITE', 'AIM POINT', 'ARC')}" if all(arcs) else ""),
                what_to_do=suggestion(name, few) or _nearest_arc(parts, arcs),
                keys=keys,
                key="object",
            )


def _nearest_arc(parts: Sequence[str], arcs: Sequence[frozenset[str]]) -> str:
    """Suggest the arc whose parts are most like these; "" where there is none."""
    near = [nearest(part, known) for part, known in zip(parts, arcs, strict=False)]
    named = [part for part in near if part is not None]
    return f'Did you mean "{arc_name(*named)}"?' if len(named) == len(parts) == len(arcs) else ""


def _check_recorded(tree: Table) -> Iterator[Fault]:
    """Refuse recorded paths among flights that take turns: they have no turn of their own."""
    world = tree.get("world")
    per_seed = world.get("flights_per_seed") if isinstance(world, dict) else None
    others = len(names_in(tree, "flights"))
    others += (
        len(listed(tree, "launch_sites"))
        * len(listed(tree, "aim_points"))
        * len(names_in(tree, "arcs"))
    )
    if isinstance(per_seed, int) and tree.get("recorded"):
        count = others + len(names_in(tree, "recorded"))
        if count > per_seed:
            yield Fault(
                found=f"flights_per_seed = {per_seed} of {count} flights, some of them recorded",
                allowed="recorded paths in worlds in which everything flies",
                what_to_do=f"Set it to {count} or more",
                keys=("world",),
                key="flights_per_seed",
            )
