"""The policies of a scenario's levels of sharing: bundled, or files beside the scenario.

Whether a nation shares is said by its policy, not by the lack of a link: a policy can be read,
decisions under it stand in a ledger, and a way that is cut heals. So a centre that no link of a
list joins is a mistake wherever a policy has it share, or names it as a recipient: nothing of that
would ever arrive, and nobody would be told. Where no policy does, the nation keeps to itself by
choice. That is let be, and said. A rule for every known nation ("*") names nobody in particular.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from commonwatch.errors import InputError, Mistake, ScenarioError
from commonwatch.identity import NationId
from commonwatch.reading.mistakes import Fault, Keys, Table, shown
from commonwatch.reading.names import suggestion, tables
from commonwatch.reading.text import exists, printable
from commonwatch.scenario import catalogue, nations
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.files import read_text
from commonwatch.scenario.nations import PolicyText
from commonwatch.scenario.sharing_schema import DEFAULT_LEVELS
from commonwatch.sharing.conditions import is_named
from commonwatch.sharing.policy import Box, Policy, adopted, read_policy
from commonwatch.sharing.rule import EVERYONE, JOINT
from commonwatch.units import degrees_from_radians


def read_policies(tree: Table, folder: Path) -> tuple[dict[str, str], list[Fault]]:
    """Read every policy that a scenario names.

    Parameters
    ----------
    tree
        The parsed scenario file, which may have faults.
    folder
        Where it lies.

    Returns
    -------
    texts
        TOML by the name that the scenario gives; the usual levels' where it names none.
    faults
        What cannot be read.
    """
    texts: dict[str, str] = {}
    faults = []
    for name, keys, key in _named(tree):
        try:
            texts[name] = _text(name, folder)
        except InputError as error:
            faults.append(
                Fault(
                    found=f"{key} = {shown(name)}: {error.found}",
                    allowed=f"{', '.join(catalogue.policy_names())}, or a .toml file beside the "
                    "scenario",
                    what_to_do=suggestion(name, catalogue.policy_names()),
                    keys=keys,
                    key=key,
                )
            )
    if not tree.get("sharing"):
        texts |= {level.policy: _text(level.policy, folder) for level in DEFAULT_LEVELS}
    return texts, faults


def policies_of(scenario: Scenario, level: str) -> dict[NationId, Policy]:
    """Return each centre's policy at a level of sharing, over the territory of its nation.

    Parameters
    ----------
    scenario
        As loaded.
    level
        The level's name.

    Raises
    ------
    ScenarioError
        A policy has mistakes; never of a scenario that ``load`` has given out.
    """
    texts = scenario.level(level).policies
    return {
        centre: held_by(_read(scenario, texts[centre]), centre, scenario)
        for centre in scenario.centres
    }


def lone_centres(scenario: Scenario) -> tuple[NationId, ...]:
    """Return the centres that no link joins, in the scenario's order."""
    joined = {end for link in scenario.links for end in link.between}
    return tuple(name for name in scenario.centres if joined and name not in joined)


def check_policies(scenario: Scenario, file_name: str) -> None:
    """Refuse policies that have mistakes, are held by others than they are for, or reach nobody.

    Parameters
    ----------
    scenario
        With the text of each policy.
    file_name
        As errors name the scenario's file.

    Raises
    ------
    ScenarioError
        All mistakes of all policies that the scenario names.
    """
    mistakes: dict[str, Mistake] = {}
    for level in scenario.levels:
        for centre, text in level.policies.items():
            try:
                owner = _read(scenario, text).owner
            except ScenarioError as error:
                found = list(error.mistakes)
            except InputError as error:
                found = [Mistake(path="", found=error.found, allowed=error.allowed)]
            else:
                is_its = may_hold(centre, owner, scenario)
                found = [] if is_its else [_misplaced(level.name, centre, owner)]
            for each in found:
                path = f"policy {text.name}.toml" + (f", {each.path}" if each.path else "")
                placed = Mistake(
                    path=path, found=each.found, allowed=each.allowed, what_to_do=each.what_to_do
                )
                mistakes.setdefault(str(placed), placed)
    if not mistakes:
        mistakes = dict(_cut_off(scenario))
    if mistakes:
        raise ScenarioError(printable(file_name), mistakes.values())


def _cut_off(scenario: Scenario) -> Iterator[tuple[str, Mistake]]:
    """Yield each centre that no link joins and of which a policy speaks, at the first level."""
    for name in lone_centres(scenario):
        said = (_spoken_of(scenario, level.name, name) for level in scenario.levels)
        why = next(filter(None, said), "")
        if why:
            other = next(each for each in (scenario.joint.name, *scenario.centres) if each != name)
            yield (
                str(name),
                Mistake(
                    path="links",
                    found=f"no link joins {shown(name)}, and {why}",
                    allowed="links to every centre that shares anything or is named as a recipient",
                    what_to_do=f'Add a link with between = ["{name}", "{other}"], or have the '
                    "policies say that nothing is shared",
                ),
            )


def _spoken_of(scenario: Scenario, level: str, name: NationId) -> str:
    """Say how a policy of a level has a centre share or names it as a recipient; "" where none."""
    for centre, policy in policies_of(scenario, level).items():
        for rule in policy.rules:
            if not rule.share or not is_named(centre, rule.owners, policy):
                continue
            of = f'rule "{rule.name}" of {policy.name} at the level {shown(level)}'
            if centre == name:
                return f"{of} has it share {', '.join(rule.share)}"
            if EVERYONE not in rule.recipients and is_named(name, rule.recipients, policy):
                return f"by {of} {centre} shares {', '.join(rule.share)} with it"
    return ""


def _read(scenario: Scenario, policy: PolicyText) -> Policy:
    return read_for(scenario, policy.text, f"{policy.name}.toml")


def _misplaced(level: str, centre: NationId, owner: NationId) -> Mistake:
    return Mistake(
        path="",
        found=f"the level {shown(level)} gives {shown(centre)} a policy of {shown(owner)}",
        allowed='a policy of its own, or one of owner "*"',
        what_to_do=f"Name another policy for {shown(centre)}",
    )


def _box(box: nations.Box) -> Box:
    west, east = (
        degrees_from_radians(angle) for angle in (box.longitude_min_rad, box.longitude_max_rad)
    )
    return Box(
        latitude_min_deg=degrees_from_radians(box.latitude_min_rad),
        latitude_max_deg=degrees_from_radians(box.latitude_max_rad),
        longitude_min_deg=west - 360.0 if west > 180.0 else west,
        longitude_max_deg=east - 360.0 if east > 180.0 else east,
    )


def _named(tree: Table) -> Iterator[tuple[str, Keys, str]]:
    """Yield each policy that is named, where, and under which key."""
    for index, level in tables(tree, "sharing"):
        keys: Keys = ("sharing", index)
        if isinstance(level.get("policy"), str):
            yield level["policy"], keys, "policy"
        below = level.get("policies")
        for centre, name in below.items() if isinstance(below, dict) else ():
            if isinstance(name, str):
                yield name, (*keys, "policies"), centre


def _text(name: str, folder: Path) -> str:
    if name in catalogue.policy_names():
        return policy_text(catalogue.policy_path(name), name)
    if not name.endswith(".toml") or not exists(folder / name):
        raise InputError("there is no such policy")
    return policy_text(folder / name, printable(name))


def policy_text(path: Path, file_name: str) -> str:
    """Read the text of a policy file of bounded size; see ``reading.read_text``.

    Parameters
    ----------
    path
        The file.
    file_name
        As errors name it.

    Raises
    ------
    InputError
        It cannot be read, is too long, or is not UTF-8.
    """
    give = "Give the path of a policy file, or the name of a bundled policy"
    return read_text(path, file_name, form="TOML", what_to_do=give)


def held_by(policy: Policy, centre: NationId, scenario: Scenario) -> Policy:
    """Return a policy as one centre of a scenario holds it: over its nation's territory as well.

    Parameters
    ----------
    policy
        As it was read; may be anyone's.
    centre
        A nation's, or the joint centre, which has no territory.
    scenario
        Says what each nation's territory is.
    """
    boxes = {nation.name: nation.territory for nation in scenario.nations}
    return adopted(policy, centre, territory=[_box(box) for box in boxes.get(centre, ())])


def may_hold(centre: NationId, owner: NationId, scenario: Scenario) -> bool:
    """Say whether a centre may hold a policy of this owner: anyone's, or its own.

    Parameters
    ----------
    centre
        A nation's, or the joint one.
    owner
        As the policy names it: ``EVERYONE``, ``JOINT`` or a centre.
    scenario
        Which centre is the joint one.
    """
    is_joint = centre == scenario.joint.name
    return owner in (EVERYONE, centre) or (is_joint and owner == JOINT)


def read_for(scenario: Scenario, text: str, name: str) -> Policy:
    """Read a policy that may name the centres and sensors of a scenario, and nobody else's.

    Parameters
    ----------
    scenario
        Its centres and sensors.
    text
        TOML.
    name
        As errors name it.

    Raises
    ------
    ScenarioError
        It has mistakes: all of them.
    InputError
        The text is too long, not UTF-8 or no TOML.
    """
    return read_policy(
        text,
        name=name,
        nations=scenario.centres,
        sensors=tuple(scenario.sensors),
        joint=scenario.joint.name,
    )
