"""Names in a parsed TOML file: those that do not exist, those that stand twice.

They are looked for in the parsed file, so that they are also found where a table is broken.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Final

from commonwatch.errors import nearest
from commonwatch.reading.mistakes import Fault, Keys, Table, shown

_SHOWN_COUNT: Final = 12
"""Names that a message lists at most."""


def tables(tree: Table, key: str) -> Iterator[tuple[int, Table]]:
    """Yield the tables of an array of tables, passing over what is not one.

    Parameters
    ----------
    tree
        A table, parsed, of which nothing is known yet.
    key
        Of the array.

    Returns
    -------
    iterator of (number, table)
        Numbers count what is passed over.
    """
    array = tree.get(key)
    for index, table in enumerate(array if isinstance(array, list) else []):
        if isinstance(table, dict):
            yield index, table


def names_in(tree: Table, *keys: str) -> frozenset[str]:
    """Return the names of the tables of some arrays of tables.

    Parameters
    ----------
    tree
        A table, parsed, of which nothing is known yet.
    *keys
        Of the arrays.
    """
    return frozenset(
        table["name"]
        for key in keys
        for _, table in tables(tree, key)
        if isinstance(table.get("name"), str)
    )


def listed(tree: Table, key: str) -> frozenset[str]:
    """Return the texts of an array.

    Parameters
    ----------
    tree
        A table, parsed, of which nothing is known yet.
    key
        Of the array; what is no text there is passed over.
    """
    array = tree.get(key)
    return frozenset(v for v in (array if isinstance(array, list) else []) if isinstance(v, str))


def duplicates(
    tree: Table, keys: Iterable[str], kind: str, taken: Iterable[str] = ()
) -> Iterator[Fault]:
    """Refuse a name that stands twice in the file, or also in the catalogue.

    Parameters
    ----------
    tree
        The file, parsed.
    keys
        Of arrays of tables that share one set of names.
    kind
        What they are, in words.
    taken
        Names that the file may not use.
    """
    taken = frozenset(taken)
    seen: set[str] = set()
    for key in keys:
        for index, table in tables(tree, key):
            name = table.get("name")
            if not isinstance(name, str):
                continue
            if name in seen or name in taken:
                where = "stands twice" if name in seen else "is taken already"
                yield Fault(
                    found=f"the {kind} name {shown(name)} {where}",
                    allowed=f"each {kind} has a name of its own"
                    + (", in the file and the catalogue" if taken else ""),
                    what_to_do="Choose another name",
                    keys=(key, index),
                    key="name",
                )
            seen.add(name)


def list_of_names(
    table: Table,
    keys: Keys,
    key: str,
    kind: str,
    known: frozenset[str],
    *,
    without: frozenset[str] = frozenset(),
) -> Iterator[Fault]:
    """Refuse names that are unknown or stand twice; suggest none that would be refused in turn.

    Parameters
    ----------
    table
        In which the list stands.
    keys
        The way to that table.
    key
        Of the list.
    kind
        What the names are of, in words.
    known
        Names that may stand there.
    without
        Known ones that are not to be suggested.
    """
    refused = listed(table, key) | without
    array = table.get(key)
    seen: set[str] = set()
    for index, name in enumerate(array if isinstance(array, list) else []):
        if isinstance(name, str):
            if name not in known:
                yield _unknown(name, kind, known, (*keys, key, index), without=refused)
            elif name in seen:
                yield _twice(name, kind, (*keys, key, index))
            seen.add(name)


def one_name(
    table: Table, keys: Keys, key: str, kind: str, known: frozenset[str]
) -> Iterator[Fault]:
    """Refuse a name that is unknown.

    Parameters
    ----------
    table
        In which the name stands; none there is no mistake.
    keys
        The way to that table.
    key
        Of the name.
    kind
        What it is of, in words.
    known
        Names that may stand there.
    """
    name = table.get(key)
    if isinstance(name, str) and name not in known:
        fault = _unknown(name, kind, known, keys)
        yield Fault(
            found=f"{key} = {shown(name)} is an unknown {kind}",
            allowed=fault.allowed,
            what_to_do=fault.what_to_do,
            keys=keys,
            key=key,
        )


def _unknown(
    name: str,
    kind: str,
    known: frozenset[str],
    keys: Keys,
    *,
    without: frozenset[str] = frozenset(),
) -> Fault:
    return Fault(
        found=f"unknown {kind} {shown(name)}",
        allowed=_some(name, known) or f"no {kind} is defined",
        what_to_do=suggestion(name, known - without),
        keys=keys,
    )


def _some(name: str, known: Iterable[str]) -> str:
    """List the known names: all where they are few, the nearest where they are many."""
    names = sorted(known)
    if len(names) <= _SHOWN_COUNT:
        return ", ".join(names)
    likeness = {one: difflib.SequenceMatcher(None, name.casefold(), one).ratio() for one in names}
    near = sorted(names, key=lambda one: -likeness[one])[:_SHOWN_COUNT]
    return (
        f"{', '.join(near)} and {len(names) - _SHOWN_COUNT} more, "
        "which docs/explanation/catalogue.md lists"
    )


def _twice(name: str, kind: str, keys: Keys) -> Fault:
    return Fault(
        found=f"the {kind} {shown(name)} stands twice in the list",
        allowed=f"each {kind} once",
        what_to_do="Leave one out",
        keys=keys,
    )


def suggestion(name: str, known: Iterable[str]) -> str:
    """Ask whether the known name that is most like this one was meant; "" where none is.

    Parameters
    ----------
    name
        As it was given.
    known
        Those that there are.
    """
    near = nearest(name, known)
    return f'Did you mean "{near}"?' if near else ""
