"""Everything Commonwatch raises.

::

    CommonwatchError            found, allowed, where, what to do
    ├── InputError              something a person gave: exit code 2
    │   ├── ScenarioError       every mistake of a scenario or sensor file, in one go
    │   ├── TableError          a table of states, samples or detections
    │   ├── UnknownNameError    a name that no catalogue holds, with the nearest one
    │   ├── ImpossibleArcError  no arc has the wanted apogee, time of flight or burn
    │   └── OutputError         a place that cannot be written
    └── InvariantError          our own mistake: please report it

A message says, in this order, what was found, what is allowed, where, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class CommonwatchError(Exception):
    """Root of the tree.

    Parameters
    ----------
    found
        What was found, in words.
    allowed
        What would have been accepted.
    where
        File, row, key or argument.
    what_to_do
        The next step for the person who reads it.
    """

    exit_code = 1

    def __init__(
        self, found: str, *, allowed: str = "", where: str = "", what_to_do: str = ""
    ) -> None:
        self.found = found
        self.allowed = allowed
        self.where = where
        self.what_to_do = what_to_do
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.where}: {self.found}" if self.where else self.found
        lines = [_sentence(head)]
        if self.allowed:
            lines.append(f"  Allowed: {_sentence(self.allowed)}")
        if self.what_to_do:
            lines.append(f"  {_sentence(self.what_to_do)}")
        return "\n".join(lines)


class InputError(CommonwatchError):
    """Something a person gave cannot be used."""

    exit_code = 2


class TableError(InputError):
    """A table of numbers cannot be used."""


class ImpossibleArcError(InputError):
    """No arc satisfies what was asked."""


class OutputError(InputError):
    """A file or folder cannot be written."""


class UnknownNameError(InputError):
    """A name that no catalogue holds.

    Parameters
    ----------
    kind
        What was looked for: ``"sensor"``, ``"scenario"``.
    name
        The name that was given.
    known
        The names that exist.
    where
        File and key, or argument.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        near = nearest(name, self.known)
        super().__init__(
            f'unknown {kind} "{name}"',
            allowed=", ".join(self.known) if self.known else "none is defined",
            where=where,
            what_to_do=f'Did you mean "{near}"?' if near else "Choose one of those above",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in a file: where it is, what was found, what is allowed, what to do."""

    path: str
    found: str
    allowed: str = ""
    what_to_do: str = ""

    def __str__(self) -> str:
        return str(
            CommonwatchError(
                self.found, allowed=self.allowed, where=self.path, what_to_do=self.what_to_do
            )
        )


class ScenarioError(InputError):
    """Every mistake of one file.

    Parameters
    ----------
    file
        The file's name as the person gave it.
    mistakes
        All mistakes, in file order.
    """

    def __init__(self, file: str, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''} found", where=file)

    def __str__(self) -> str:
        return "\n".join(f"{self.file}: {mistake}" for mistake in self.mistakes)


class InvariantError(CommonwatchError):
    """Something that must always hold does not: a mistake in Commonwatch itself."""


def invariant(condition: bool, sentence: str, /, **values: object) -> None:  # noqa: FBT001
    """Raise InvariantError unless the condition holds; stays on in production.

    Parameters
    ----------
    condition
        What must hold.
    sentence
        What is broken where it does not.
    **values
        What the error shows beside it; nothing that another nation may not see.

    Raises
    ------
    InvariantError
        It does not hold.
    """
    if not condition:
        shown = ", ".join(f"{name} = {value!r}" for name, value in values.items())
        raise InvariantError(
            f"broken invariant: {sentence}" + (f" ({shown})" if shown else ""),
            what_to_do="This is a mistake in Commonwatch; please report it with the input",
        )


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """Return the known name most like the given one, or None where none is like it.

    Parameters
    ----------
    name
        As it was given; small and capital letters are one.
    known
        Those that there are.
    cutoff
        How like it must be, from 0 to 1, as ``difflib`` counts.
    """
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", ":")) else f"{text}."
