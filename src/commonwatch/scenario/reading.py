"""Reads the text of a scenario or sensor file: found, of bounded size, UTF-8, TOML, of this format.

No physics is loaded for it, so that a file that is none is answered at once.
"""

from __future__ import annotations

import errno
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from commonwatch.errors import InputError, ScenarioError, UnknownNameError
from commonwatch.scenario import catalogue
from commonwatch.scenario.mistakes import Fault, Table, in_file_order, shown
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


def read_toml(path: Path, file_name: str) -> FileRead:
    """Read and parse one file.

    Raises
    ------
    InputError
        The file cannot be read, or is no TOML.
    ScenarioError
        It is of another format.
    """
    content = _content(path, file_name)
    tree = parsed_toml(content, file_name)
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
    content = _content(path, file_name, form=form, what_to_do=what_to_do)
    return _decoded(content, printable(file_name), form=form)


def printable(text: str) -> str:
    """Return the text with a question mark for each letter that a screen cannot show."""
    return "".join(letter if letter.isprintable() else "?" for letter in text) or '""'


def exists(path: Path) -> bool:
    """Say whether there is such a file; a name that cannot be one is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _content(
    path: Path, file_name: str, *, form: str = "TOML", what_to_do: str = GIVE_SCENARIO
) -> bytes:
    """Read a file of bounded size, with a sentence for everything that can be wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(LIMITS.file_bytes + 1)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {_reason(error)}",
            allowed=f"a {form} file that can be read",
            where=printable(file_name),
            what_to_do=what_to_do,
        ) from error
    if len(content) > LIMITS.file_bytes:
        raise InputError(
            "the file is too large",
            allowed=f"at most {LIMITS.file_bytes} bytes",
            where=printable(file_name),
        )
    if not content.strip():
        is_scenario = what_to_do == GIVE_SCENARIO
        raise InputError(
            "the file is empty",
            allowed=f"a TOML file that begins with format = {FORMAT}"
            if form == "TOML"
            else f"a {form} file",
            where=printable(file_name),
            what_to_do="Start from a bundled scenario" if is_scenario else what_to_do,
        )
    return content


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "a null character in the name"
    known = {errno.EISDIR: "it is a folder", errno.ENOENT: "there is no such file"}
    return known.get(error.errno or 0, error.strerror or str(error))


def _decoded(content: bytes, where: str, *, form: str = "TOML") -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not text in UTF-8 (byte {error.start})", allowed=f"{form}, text in UTF-8", where=where
        ) from error


def parsed_toml(content: bytes, file_name: str) -> Table:
    """Parse the content of a file, or of what stands for one; raises as ``read_toml`` does."""
    where = printable(file_name)
    try:
        tree = tomllib.loads(_decoded(content, where))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        reason = "a number of too many digits" if "digits" in reason else reason
        raise InputError(
            f"not TOML: {printable(reason)}", allowed="TOML 1.0", where=where
        ) from error
    found = tree.get("format")
    if isinstance(found, int) and not isinstance(found, bool) and found != FORMAT:
        fault = Fault(
            found=f"format = {shown(found)}, which this version does not read",
            allowed=f"format = {FORMAT}",
            what_to_do=f"Bring the file to format {FORMAT}: see the schema that the program prints",
        )
        raise ScenarioError(where, in_file_order(tree, [fault], limit=1))
    return tree
