"""Finds and reads scenario and sensor files: bundled ones by name, others by path.

No physics is loaded for it, so that a file that is none is answered at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from commonwatch.errors import UnknownNameError
from commonwatch.reading.mistakes import Table
from commonwatch.reading.text import decoded, exists, parsed, printable, read_content
from commonwatch.scenario import catalogue
from commonwatch.scenario.schema import FORMAT, LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """A file as it was read.

    Parameters
    ----------
    path
        Where it lies.
    file_name
        As the person gave it.
    content
        Its bytes.
    tree
        The same, parsed.
    """

    path: Path
    file_name: str
    content: bytes
    tree: Table


GIVE_SCENARIO: Final = "Give the path of a scenario file, or the name of a bundled scenario"
_BEGINNING: Final = f"a TOML file that begins with format = {FORMAT}"


def read_scenario(name_or_path: str | Path) -> FileRead:
    """Read a bundled scenario by its name, or a file; as ``load.load_scenario`` does."""
    names = catalogue.scenario_names()
    if isinstance(name_or_path, str) and name_or_path in names:
        return read_toml(catalogue.scenario_path(name_or_path), f"{name_or_path}.toml")
    path = Path(name_or_path)
    looks_like_a_file = path.suffix == ".toml" or len(path.parts) != 1 or exists(path)
    if not looks_like_a_file:
        raise UnknownNameError("scenario", str(name_or_path), names)
    return read_toml(path, str(name_or_path))


def read_toml(path: Path, file_name: str, *, what_to_do: str = GIVE_SCENARIO) -> FileRead:
    """Read and parse one file.

    Parameters
    ----------
    path
        The file, at most ``LIMITS.file_bytes`` long.
    file_name
        As errors name it.
    what_to_do
        The advice where it cannot be read.

    Raises
    ------
    InputError
        The file cannot be read, or is no TOML.
    ScenarioError
        It is of another format.
    """
    content = read_content(
        path,
        file_name,
        bytes_max=LIMITS.file_bytes,
        empty=_BEGINNING,
        what_to_do=what_to_do,
    )
    tree = parsed(content, printable(file_name), format_number=FORMAT)
    return FileRead(path=path, file_name=file_name, content=content, tree=tree)


def read_text(path: Path, file_name: str, *, form: str, what_to_do: str) -> str:
    """Read the text of a file of bounded size.

    Parameters
    ----------
    path, file_name
        Where it is, and as the person gave it.
    form, what_to_do
        For its errors: "TOML" or "JSON", and what would be right to give.

    Raises
    ------
    InputError
        The file cannot be read, or is no text.
    """
    content = read_content(
        path,
        file_name,
        bytes_max=LIMITS.file_bytes,
        form=form,
        empty=_BEGINNING if form == "TOML" else "",
        what_to_do=what_to_do,
    )
    return decoded(content, printable(file_name), form=form)
