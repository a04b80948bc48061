"""Every mistake in the form of a parsed TOML file, found in one go.

msgspec stops at the first mistake; this walks the parsed file against the Structs' fields instead
and collects them all, each with its place. The clean keys of each table are handed to the checks of
its type, so that a wrong meaning shows beside a wrong type.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import inspect

from commonwatch.errors import Mistake, nearest

Keys: TypeAlias = tuple[str | int, ...]
Table: TypeAlias = dict[str, Any]

_SHOWN_LENGTH: Final = 60
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A mistake and the keys that lead to it.

    Parameters
    ----------
    keys
        From the root (or, in a check, from the checked table) to the table or array concerned.
    key
        The key in that table; None where the whole table is meant.
    found, allowed
        As in ``errors.Mistake``.
    what_to_do
        The same, or a function that finds it: called only for mistakes that are shown.
    """

    found: str
    allowed: str = ""
    what_to_do: str | Callable[[], str] = ""
    keys: Keys = ()
    key: str | None = None

    def below(self, keys: Keys) -> Fault:
        """Return the same fault, its keys counted from further up."""
        return Fault(
            found=self.found,
            allowed=self.allowed,
            what_to_do=self.what_to_do,
            keys=(*keys, *self.keys),
            key=self.key,
        )


Check: TypeAlias = Callable[[Any], Iterable[Fault]]
Checks: TypeAlias = Mapping[type, tuple[Check, ...]]


class _MissingError(Exception):
    """A check asks for a key that has a fault of its own."""


class _CleanKeys:
    """The keys of a table that have no fault, converted, read as attributes of its Struct."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name not in self._values:
            raise _MissingError(name)
        return self._values[name]


def find_faults(tree: Table, struct: type, checks: Checks) -> list[Fault]:
    """Walk a parsed file against a Struct and return every fault, none where it is clean.

    Parameters
    ----------
    tree
        The parsed file.
    struct
        The Struct that it should hold.
    checks
        What else to check of a table of each Struct. A check reads the keys it needs as attributes
        and is passed over where one of them has a fault.
    """
    return list(_walk(tree, inspect.type_info(struct), (), checks))


def in_file_order(tree: Table, faults: Iterable[Fault], *, limit: int) -> list[Mistake]:
    """Sort faults as they stand in the file and name their places.

    Parameters
    ----------
    tree
        The parsed file.
    faults
        Its faults.
    limit
        Greatest number to return; what is beyond is counted in a last line.
    """
    orders: dict[int, dict[str, int]] = {}
    ordered = sorted(faults, key=lambda fault: _position(tree, fault, orders))
    mistakes = [
        Mistake(
            path=path_text(tree, fault.keys),
            found=fault.found,
            allowed=fault.allowed,
            what_to_do=fault.what_to_do
            if isinstance(fault.what_to_do, str)
            else fault.what_to_do(),
        )
        for fault in ordered[:limit]
    ]
    if len(ordered) > limit:
        mistakes.append(Mistake(path="", found=f"and {len(ordered) - limit} more mistakes"))
    return mistakes


def path_text(tree: Any, keys: Keys) -> str:
    """Write a place as ``radars[0] "north".faces[1]``.

    Parameters
    ----------
    tree
        The file, parsed.
    keys
        The way to the place: names of tables, numbers in arrays.
    """
    text = ""
    for key in keys:
        tree = tree[key]
        if isinstance(key, int):
            name = tree.get("name") if isinstance(tree, dict) else None
            text += f"[{key}]" + (f' "{_short(name)}"' if isinstance(name, str) else "")
        else:
            text += ("." if text else "") + _key_text(key)
    return text


def shown(value: Any) -> str:
    """Write a value of a parsed file as TOML would, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return f'"{_short(value)}"'
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of more than 20 digits"
    return _short(str(value))


def _short(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable if len(printable) <= _SHOWN_LENGTH else f"{printable[:_SHOWN_LENGTH]}..."


def _key_text(key: str) -> str:
    return _short(key) if _BARE_KEY.fullmatch(key) else f'"{_short(key)}"'


def _position(tree: Any, fault: Fault, orders: dict[int, dict[str, int]]) -> tuple[int, ...]:
    """Index at each level of the file; a missing key stands behind the keys that are there."""
    position = []
    for key in (*fault.keys, *([] if fault.key is None else [fault.key])):
        if isinstance(key, int):
            position.append(key)
        else:
            if id(tree) not in orders:
                orders[id(tree)] = {name: index for index, name in enumerate(tree)}
            position.append(orders[id(tree)].get(key, len(tree)))
            if key not in tree:
                break
        tree = tree[key]
    return tuple(position)


def _walk(value: Any, kind: Any, keys: Keys, checks: Checks) -> Iterator[Fault]:
    if isinstance(kind, inspect.Metadata):
        yield from _walk(value, kind.type, keys, checks)
    elif isinstance(kind, inspect.UnionType):
        yield from _walk_union(value, kind, keys, checks)
    elif isinstance(kind, inspect.StructType) and isinstance(value, dict):
        yield from _walk_struct(value, kind, keys, checks)
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        yield from _walk_array(value, kind, keys, checks)
    elif isinstance(kind, inspect.DictType) and isinstance(value, dict):
        for key, below in value.items():
            yield from _walk(below, kind.value_type, (*keys, key), checks)
    else:
        yield from _walk_value(value, kind, keys)


def _walk_union(
    value: Any, union: inspect.UnionType, keys: Keys, checks: Checks
) -> Iterator[Fault]:
    """Walk ``float | Interval | None``: the bounds of the number hold for the interval's values."""
    kinds = [kind.type if isinstance(kind, inspect.Metadata) else kind for kind in union.types]
    struct = next((kind for kind in kinds if isinstance(kind, inspect.StructType)), None)
    single = next(
        (k for k in kinds if not isinstance(k, inspect.StructType | inspect.NoneType)), None
    )
    if struct is None or (single is not None and not isinstance(value, dict)):
        yield from _walk_value(value, single, keys, wanted=union)
        return
    faults = list(_walk(value, struct, keys, checks))
    yield from faults
    faulty = {fault.key for fault in faults}
    for key in ("low", "nominal", "high") if single is not None else ():
        if key in value and key not in faulty:
            yield from _walk_value(value[key], single, (*keys, key))


def _walk_struct(
    table: Table, struct: inspect.StructType, keys: Keys, checks: Checks
) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct.cls)}
    kinds = {field.encode_name: field.type for field in struct.fields}
    missing = [key for key, field in fields.items() if field.required and key not in table]
    clean = {field.name: field.default for field in fields.values() if not field.required}
    for key, value in table.items():
        if key not in fields:
            yield _unknown_key(key, fields, missing, table, keys)
            continue
        faults = list(_walk(value, kinds[key], (*keys, key), checks))
        yield from faults
        if faults:
            clean.pop(fields[key].name, None)
        else:
            clean[fields[key].name] = msgspec.convert(value, fields[key].type)
    for key in missing:
        allowed = _allowed(kinds[key])
        yield Fault(found=f'missing key "{key}"', allowed=allowed, keys=keys, key=key)
    for check in checks.get(struct.cls, ()):
        try:
            for fault in check(_CleanKeys(clean)):
                yield fault.below(keys)
        except _MissingError:
            continue


def _unknown_key(
    key: str, known: Iterable[str], missing: list[str], table: Table, keys: Keys
) -> Fault:
    """Suggest a key that is missing here before one that may be left out, none that is there."""

    def what_to_do() -> str:
        # The form of this message is set: known keys and suggestion on a line each.
        near = nearest(key, missing) or nearest(key, set(known) - table.keys())
        names = f"Known keys here: {', '.join(sorted(known))}."
        return names + (f'\n  Did you mean "{near}"?' if near else "")

    found = f'unknown key "{_short(key)}"'
    return Fault(found=found, what_to_do=what_to_do, keys=keys, key=key)


def _walk_array(
    array: list[Any], kind: inspect.VarTupleType, keys: Keys, checks: Checks
) -> Iterator[Fault]:
    least, most = kind.min_length or 0, kind.max_length
    if len(array) < least or (most is not None and len(array) > most):
        allowed = f"{least} entries or more" if most is None else f"{least} to {most} entries"
        yield _about_key(
            keys,
            f"has {len(array)} entr{'y' if len(array) == 1 else 'ies'}" if array else "is empty",
            allowed=f"{least} entries" if least == most else allowed,
            what_to_do=f"Add {least - len(array)} more"
            if len(array) < least
            else f"Leave out {len(array) - (most or 0)}",
        )
        return
    for index, value in enumerate(array):
        yield from _walk(value, kind.item_type, (*keys, index), checks)


def _walk_value(value: Any, kind: Any, keys: Keys, *, wanted: Any = None) -> Iterator[Fault]:
    """Judge a single value; where its kind is wrong, name everything that is wanted there."""
    if not _is_of_kind(value, kind):
        yield _about_key(
            keys,
            f"{'' if isinstance(value, dict | list) else f'= {shown(value)} '}is {_kind_of(value)}",
            allowed=_allowed(wanted or kind),
            what_to_do=_cure(value, kind),
        )
    elif isinstance(kind, inspect.FloatType | inspect.IntType):
        if not _is_finite(value):
            yield _about_key(
                keys, f"= {shown(value)} is not a finite number", allowed=_allowed(kind)
            )
        elif not _is_within(value, kind):
            yield _about_key(keys, f"= {shown(value)} is out of bounds", allowed=_allowed(kind))
    elif isinstance(kind, inspect.DateTimeType) and not _is_in_calendar(value):
        yield _about_key(
            keys,
            f"= {shown(value)} cannot be written in UTC",
            allowed="the years 1 to 9999, in UTC",
        )
    elif isinstance(kind, inspect.StrType):
        fits = kind.pattern is None or re.search(kind.pattern, value)
        if not fits or not (kind.min_length or 0) <= len(value) <= (kind.max_length or math.inf):
            yield _about_key(keys, f"= {shown(value)} cannot be used", allowed=_allowed(kind))
    elif isinstance(kind, inspect.LiteralType | inspect.EnumType) and value not in _words(kind):
        near = nearest(str(value), _words(kind))
        yield _about_key(
            keys,
            f"= {shown(value)} is unknown",
            allowed=_allowed(kind),
            what_to_do=f'Did you mean "{near}"?' if near else "",
        )


def _about_key(keys: Keys, said: str, *, allowed: str, what_to_do: str = "") -> Fault:
    """Make a fault of the key that ``keys`` end with, or of an entry of an array."""
    *above, last = keys
    if isinstance(last, int):
        entry = f"the entry {said.removeprefix('= ')}"
        return Fault(found=entry, allowed=allowed, what_to_do=what_to_do, keys=keys)
    return Fault(
        found=f"{_key_text(last)} {said}",
        allowed=allowed,
        what_to_do=what_to_do,
        keys=tuple(above),
        key=last,
    )


def _is_of_kind(value: Any, kind: Any) -> bool:
    match kind:
        case inspect.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.StrType() | inspect.LiteralType() | inspect.EnumType():
            return isinstance(value, str)
        case inspect.DateType() | inspect.DateTimeType():
            has_time = isinstance(kind, inspect.DateTimeType)  # a datetime is a date as well
            return isinstance(value, datetime.date) and (
                isinstance(value, datetime.datetime) is has_time
            )
    return False


def _words(kind: inspect.LiteralType | inspect.EnumType) -> list[str]:
    words = kind.values if isinstance(kind, inspect.LiteralType) else [m.value for m in kind.cls]
    return [str(word) for word in words]


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def _is_in_calendar(instant: datetime.datetime) -> bool:
    try:
        return instant.tzinfo is None or instant.astimezone(datetime.UTC) is not None
    except OverflowError:  # the first or the last day that there is, in a zone far from UTC
        return False


def _is_within(value: float, kind: inspect.FloatType | inspect.IntType) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


def _kind_of(value: Any) -> str:
    names = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        dict: "a table",
        list: "an array",
        datetime.date: "a date",
        datetime.time: "a time",
        datetime.datetime: "a date with a time",
    }
    return names[type(value)]


def _allowed(kind: Any) -> str:
    """Say in words what a type accepts."""
    match kind:
        case inspect.Metadata():
            said = _allowed(kind.type)
        case inspect.FloatType():
            said = f"a number{_bounds(kind)}"
        case inspect.IntType():
            said = f"a whole number{_bounds(kind)}"
        case inspect.StrType(pattern=str(pattern), max_length=most) if "a-z" in pattern:
            said = f"at most {most} lower-case letters, digits, +, _ and -, in quotes"
        case inspect.StrType(min_length=least, max_length=most):
            said = f"text of {least or 0} to {most} letters without line breaks, in quotes"
        case inspect.LiteralType() | inspect.EnumType():
            said = ", ".join(f'"{word}"' for word in _words(kind))
        case inspect.BoolType():
            said = "true or false"
        case inspect.DateType() | inspect.DateTimeType():
            has_time = isinstance(kind, inspect.DateTimeType)
            example = "an instant such as 2009-05-20T06:24:00Z" if has_time else ""
            said = f"{example or 'a date such as 2009-05-20'}, without quotes"
        case _:
            said = _allowed_of_many(kind)
    return said


def _allowed_of_many(kind: Any) -> str:
    """Say in words what a type that is made of others accepts."""
    match kind:
        case inspect.UnionType():
            members = [k for k in kind.types if not isinstance(k, inspect.NoneType)]
            return " or ".join(_allowed(member) for member in members)
        case inspect.VarTupleType():
            return f"an array of {_allowed(kind.item_type)}"
        case inspect.DictType():
            return f"a table whose values are {_allowed(kind.value_type)}"
        case inspect.StructType(fields=fields):
            required = ", ".join(field.encode_name for field in fields if field.required)
            return f"a table with {required}" if required else "a table"
    return "another kind of value"


def _bounds(kind: inspect.FloatType | inspect.IntType) -> str:
    if kind.ge is not None and kind.ge == kind.le:
        return f", namely {kind.ge:.10g}"
    least = (
        f"{kind.ge:.10g}"
        if kind.ge is not None
        else f"above {kind.gt:.10g}"
        if kind.gt is not None
        else ""
    )
    most = (
        f"{kind.le:.10g}"
        if kind.le is not None
        else f"below {kind.lt:.10g}"
        if kind.lt is not None
        else ""
    )
    if least and most:
        return f", {least} to {most}"
    return f", {least} or more" if least else f", at most {most}" if most else ""


def _cure(value: Any, kind: Any) -> str:
    """Advise on the commonest slips: a number, date or flag in quotes, the other brackets."""
    if isinstance(value, str) and isinstance(
        kind, inspect.FloatType | inspect.IntType | inspect.DateType | inspect.DateTimeType
    ):
        return "Write it without quotes"
    if isinstance(value, datetime.datetime) and isinstance(kind, inspect.DateType):
        return "Leave the time away"
    if isinstance(value, dict) and isinstance(kind, inspect.VarTupleType):
        return "Write its name in double brackets, before each of them"
    if isinstance(value, list) and isinstance(kind, inspect.StructType):
        return "Write its name in single brackets, once"
    return ""
