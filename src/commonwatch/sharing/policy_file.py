"""Reads a policy from TOML, with every mistake in one go.

What the keys mean stands in ``rule``. Here is what they may hold, and what a policy must not say:
names that nobody has, keys that would do nothing, two rules that contradict each other.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from commonwatch.errors import InputError, Mistake, ScenarioError, nearest
from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import KINDS
from commonwatch.sharing.policy_scope import contradictions, idle_keys
from commonwatch.sharing.rule import (
    EVERYONE,
    FORMAT,
    JOINT,
    LEFT_OUT,
    RULED_KINDS,
    Box,
    Policy,
    Rule,
)

Table: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one policy may hold."""

    text_bytes: int = 1_000_000
    rule_count: int = 500
    list_count: int = 500
    mistake_count: int = 200


LIMITS: Final = Limits()

_Number: TypeAlias = tuple[float, float, str]
_NUMBERS: Final[dict[str, _Number]] = {
    "delay_s": (0.0, 2_592_000.0, "0 to 2,592,000 seconds, thirty days"),
    "position_step_km": (0.001, 10_000.0, "0.001 to 10,000 km"),
    "velocity_step_m_s": (0.001, 10_000.0, "0.001 to 10,000 m/s"),
    "area_step_km": (0.001, 10_000.0, "0.001 to 10,000 km"),
    "time_step_s": (0.001, 86_400.0, "0.001 to 86,400 seconds, one day"),
    "latitude_min_deg": (-90.0, 90.0, "-90 to 90 degrees"),
    "latitude_max_deg": (-90.0, 90.0, "-90 to 90 degrees"),
    "longitude_min_deg": (-180.0, 180.0, "-180 to 180 degrees"),
    "longitude_max_deg": (-180.0, 180.0, "-180 to 180 degrees"),
}
_LISTS: Final = {
    "share": "kind of message",
    "withhold": "kind of message",
    "recipients": "nation",
    "owners": "nation",
    "sensors": "sensor",
    "purposes": "purpose",
    "fields_left_out": "field",
}
_POLICY_KEYS: Final = ("format", "owner", "title", "note", "own_launches", "territory", "rules")
_RULE_KEYS: Final = tuple(Rule.__struct_fields__)
_BOX_KEYS: Final = tuple(Box.__struct_fields__)
_TEXT: Final = Annotated[str, Meta(max_length=2_000)]


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
    tree = _tree(text, name)
    known = _Known(
        nations=frozenset(nations or ()) | {joint} if nations is not None else None,
        sensors=None if sensors is None else frozenset(sensors),
        joint=joint,
    )
    mistakes = list(_policy_mistakes(tree, known))
    if mistakes:
        shown = mistakes[: LIMITS.mistake_count]
        if len(mistakes) > len(shown):
            shown.append(Mistake(path="", found=f"and {len(mistakes) - len(shown)} more mistakes"))
        raise ScenarioError(name, shown)
    policy = msgspec.convert(tree, Policy)
    named = known.nations if known.nations is not None else _named(policy) | {joint}
    return msgspec.structs.replace(policy, name=name, nations=tuple(sorted(named)), joint=joint)


def _named(policy: Policy) -> set[NationId]:
    lists = [(policy.owner,), *(names for r in policy.rules for names in (r.owners, r.recipients))]
    return {nation for names in lists for nation in names} - {EVERYONE, JOINT}


def _tree(text: str | bytes, name: str) -> Table:
    if len(text) > LIMITS.text_bytes:
        raise InputError(
            f"a policy of {len(text)} bytes", allowed=f"at most {LIMITS.text_bytes}", where=name
        )
    try:
        return tomllib.loads(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        found = f"not text in UTF-8 (byte {error.start})"
        raise InputError(found, allowed="TOML, text in UTF-8", where=name) from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        reason = "a number of too many digits" if "digits" in reason else _shown(reason)
        raise InputError(f"not TOML: {reason}", allowed="TOML 1.0", where=name) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Names that exist; None where they are not checked."""

    nations: frozenset[NationId] | None
    sensors: frozenset[SensorId] | None
    joint: NationId

    def of(self, key: str) -> Collection[str] | None:
        """Return what the entries of a list may be."""
        match key:
            case "share" | "withhold":
                return RULED_KINDS
            case "recipients" | "owners":
                return None if self.nations is None else self.nations | {EVERYONE, JOINT}
            case "sensors":
                return self.sensors
            case "purposes":
                return [purpose.value for purpose in Purpose]
        return list(LEFT_OUT)


def _policy_mistakes(tree: Table, known: _Known) -> Iterator[Mistake]:
    yield from _unknown_keys(tree, _POLICY_KEYS, "")
    found = tree.get("format")
    if found != FORMAT or isinstance(found, bool):
        yield Mistake(
            path="",
            found="missing key format" if "format" not in tree else f"format = {_shown(found)}",
            allowed=f"format = {FORMAT}",
        )
    yield from _texts(tree, ("title", "note"), "")
    owner = tree.get("owner", EVERYONE)
    yield from _unknown_name(owner, "nation", known.of("owners"), "owner")
    if tree.get("own_launches", "withhold") not in ("withhold", "share"):
        yield Mistake(
            path="",
            found=f"own_launches = {_shown(tree['own_launches'])}",
            allowed='"withhold" or "share"',
        )
    yield from _boxes(tree, "territory", "")
    mistakes: list[Mistake] = []
    clean: list[tuple[str, Rule]] = []
    names: set[str] = set()
    for index, (path, table) in enumerate(_tables(tree, "rules", "", mistakes)):
        of_rule = list(_rule_mistakes(table, path, known))
        yield from of_rule
        rule_name = table.get("name")
        if isinstance(rule_name, str) and rule_name in names:
            yield Mistake(
                path=path,
                found=f"the rule name {_shown(rule_name)} stands twice",
                allowed="a name of its own for each rule: decisions cite it",
            )
        elif not of_rule:
            clean.append((path, msgspec.convert(table, Rule)))
        names |= {rule_name} if isinstance(rule_name, str) else {str(index)}
    yield from mistakes
    yield from contradictions(clean, owner=owner, joint=known.joint)


def _rule_mistakes(table: Table, path: str, known: _Known) -> Iterator[Mistake]:
    yield from _unknown_keys(table, _RULE_KEYS, path)
    yield from _texts(table, ("note",), path)
    name = table.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 100 or not _is_plain(name):
        yield Mistake(
            path=path,
            found="missing key name" if name is None else f"name = {_shown(name)}",
            allowed="1 to 100 letters in quotes, without line break and semicolon, not "
            "beginning with a bracket",
        )
    for key, kind in _LISTS.items():
        yield from _list(table, key, kind, path, known.of(key))
    yield from _numbers(table, path)
    yield from _instants(table, path)
    yield from _boxes(table, "regions", path)
    said = [key for key in ("share", "withhold") if table.get(key)]
    if len(said) != 1:
        yield Mistake(
            path=path,
            found="both share and withhold" if said else "neither share nor withhold",
            allowed="one of the two, with kinds of message",
            what_to_do="Divide the rule in two" if said else "",
        )
    if not table.get("recipients"):
        yield Mistake(
            path=path,
            found="no recipients",
            allowed='names of nations, "joint" for the joint centre, "*" for every known nation',
        )
    yield from idle_keys(table, path)


def _is_plain(name: str) -> bool:
    return name.isprintable() and ";" not in name and not name.startswith("[")


def _unknown_keys(table: Table, allowed: Collection[str], path: str) -> Iterator[Mistake]:
    for key in table:
        if key not in allowed:
            near = nearest(key, set(allowed) - table.keys())
            yield Mistake(
                path=path,
                found=f"unknown key {_shown(key)}",
                allowed=", ".join(sorted(allowed)),
                what_to_do=f'Did you mean "{near}"?' if near else "",
            )


def _texts(table: Table, keys: Collection[str], path: str) -> Iterator[Mistake]:
    for key in keys:
        if key in table and not _is_of(table[key], _TEXT):
            yield Mistake(
                path=path, found=f"{key} = {_shown(table[key])}", allowed="text in quotes"
            )


def _numbers(table: Table, path: str) -> Iterator[Mistake]:
    for key, (least, most, words) in _NUMBERS.items():
        value = table.get(key, 0.0)
        is_none = value == 0 and not isinstance(value, bool) and key.endswith(("_s", "_km"))
        if not is_none and not _is_of(value, Annotated[float, Meta(ge=least, le=most)]):
            yield Mistake(
                path=path,
                found=f"{key} = {_shown(value)}",
                allowed=words,
                what_to_do="Write it without quotes" if isinstance(value, str) else "",
            )


def _instants(table: Table, path: str) -> Iterator[Mistake]:
    instants = []
    for key in ("from_utc", "until_utc"):
        value = table.get(key)
        if value is None:
            continue
        if not isinstance(value, datetime.datetime) or value.tzinfo is None:
            yield Mistake(
                path=path,
                found=f"{key} = {_shown(value)}",
                allowed="an instant with its zone, without quotes, as 2009-05-20T06:24:00Z",
            )
        else:
            instants.append(value)
    if len(instants) == 2 and instants[0] >= instants[1]:
        yield Mistake(
            path=path,
            found=f"until_utc = {instants[1]} is not after from_utc = {instants[0]}",
            allowed="an end later than the beginning",
        )


def _boxes(table: Table, key: str, path: str) -> Iterator[Mistake]:
    mistakes: list[Mistake] = []
    for place, box in _tables(table, key, path, mistakes):
        yield from _unknown_keys(box, _BOX_KEYS, place)
        yield from _texts(box, ("name",), place)
        missing = [each for each in _BOX_KEYS if each != "name" and each not in box]
        if missing:
            yield Mistake(
                path=place,
                found=f"missing key {', '.join(missing)}",
                allowed="all four edges of the box, in degrees",
            )
        yield from _numbers(box, place)
        low, high = box.get("latitude_min_deg"), box.get("latitude_max_deg")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield Mistake(
                path=place,
                found=f"latitude_min_deg = {low} is north of latitude_max_deg = {high}",
                allowed="a southern edge, then a northern one",
            )
    yield from mistakes


def _tables(
    table: Table, key: str, path: str, mistakes: list[Mistake]
) -> Iterator[tuple[str, Table]]:
    """Yield the tables of an array and where they stand; what is none is a mistake."""
    array = table.get(key, [])
    if not isinstance(array, list):
        mistakes.append(
            Mistake(path=path, found=f"{key} is no array", allowed=f"tables, each [[{key}]]")
        )
        return
    if len(array) > LIMITS.rule_count:
        mistakes.append(
            Mistake(path=path, found=f"{len(array)} {key}", allowed=f"at most {LIMITS.rule_count}")
        )
        return
    for index, entry in enumerate(array):
        name = entry.get("name") if isinstance(entry, dict) else None
        named = f" {_shown(name)}" if isinstance(name, str) and name else ""
        place = f"{path}{'.' if path else ''}{key}[{index}]{named}"
        if isinstance(entry, dict):
            yield place, entry
        else:
            mistakes.append(
                Mistake(path=place, found="no table", allowed=f"tables, each [[{key}]]")
            )


def _list(
    table: Table, key: str, kind: str, path: str, known: Collection[str] | None
) -> Iterator[Mistake]:
    array = table.get(key, [])
    if not isinstance(array, list) or not 0 <= len(array) <= LIMITS.list_count:
        yield Mistake(
            path=path,
            found=f"{key} = {_shown(array)}"
            if not isinstance(array, list)
            else f"{key} has {len(array)} entries",
            allowed=f'a list of at most {LIMITS.list_count}, in brackets: ["one", "two"]',
        )
        return
    seen: set[str] = set()
    for index, entry in enumerate(array):
        yield from _unknown_name(entry, kind, known, f"{path}.{key}[{index}]")
        if isinstance(entry, str):
            if entry in seen:
                yield Mistake(
                    path=f"{path}.{key}[{index}]",
                    found=f"{_shown(entry)} stands twice",
                    allowed=f"each {kind} once",
                )
            seen.add(entry)


def _unknown_name(
    name: object, kind: str, known: Collection[str] | None, path: str
) -> Iterator[Mistake]:
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        yield Mistake(path=path, found=f"= {_shown(name)}", allowed=f"the name of a {kind}")
    elif known is not None and name not in known:
        near = nearest(name, known)
        what_to_do = f'Did you mean "{near}"?' if near else ""
        if name in KINDS:
            what_to_do = (
                "Leave it out: corrections go as what they correct, cancellations to whoever had "
                "the original, acknowledgements and test messages to every known nation"
            )
        yield Mistake(
            path=path,
            found=f"unknown {kind} {_shown(name)}",
            allowed=_some(name, known),
            what_to_do=what_to_do,
        )


def _some(name: str, known: Collection[str]) -> str:
    """List the known names: all where they are few."""
    if len(known) <= 20:
        return ", ".join(sorted(known)) or "none is defined"
    first = name[:1].casefold()
    alike = sorted(each for each in known if each.casefold().startswith(first))[:12]
    return f"{', '.join(alike)}{' and ' if alike else ''}{len(known) - len(alike)} others"


def _is_of(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return value == value  # noqa: PLR0124  # nan is within all bounds


def _shown(value: object) -> str:
    """Write a value as TOML would, shortened to what a screen can show."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            return "an array"
    text = str(value) if not isinstance(value, int) or abs(value) < 10**20 else "a long number"
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    text = text if len(text) <= 60 else f"{text[:60]}..."
    return f'"{text}"' if isinstance(value, str) else text
