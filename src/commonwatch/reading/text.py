"""Reads the text of a file: found, of bounded size, UTF-8, TOML, of the format asked for.

No physics is loaded for it, so that a file that is none is answered at once.
"""

from __future__ import annotations

import errno
import tomllib
from pathlib import Path

from commonwatch.errors import InputError, ScenarioError
from commonwatch.reading.mistakes import Fault, Table, in_file_order, shown


def read_content(
    path: Path,
    file_name: str,
    *,
    bytes_max: int,
    form: str = "TOML",
    empty: str = "",
    what_to_do: str = "",
) -> bytes:
    """Read a file of bounded size, with a sentence for everything that can be wrong with it.

    Parameters
    ----------
    path, file_name
        Where it is, and as the person gave it.
    bytes_max
        How much it may hold.
    form, empty, what_to_do
        For its errors: "TOML" or "JSON", what stands in a file that is not empty, and what would be
        right to give.

    Raises
    ------
    InputError
        The file cannot be read, is too large or is empty.
    """
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {_reason(error)}",
            allowed=f"a {form} file that can be read",
            where=printable(file_name),
            what_to_do=what_to_do,
        ) from error
    if len(content) > bytes_max:
        raise InputError(
            "the file is too large",
            allowed=f"at most {bytes_max} bytes",
            where=printable(file_name),
        )
    if not content.strip():
        raise InputError(
            "the file is empty",
            allowed=empty or f"a {form} file",
            where=printable(file_name),
            what_to_do=what_to_do,
        )
    return content


def decoded(content: bytes, where: str, *, form: str = "TOML") -> str:
    """Return what a file holds as text.

    Parameters
    ----------
    content
        Its bytes; a byte-order mark is left out.
    where
        The file, as an error names it.
    form
        What it should be, in words.

    Raises
    ------
    InputError
        It is no text in UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not text in UTF-8 (byte {error.start})", allowed=f"{form}, text in UTF-8", where=where
        ) from error


def parsed(content: str | bytes, where: str, *, format_number: int) -> Table:
    """Parse TOML of one format.

    Parameters
    ----------
    content
        The file.
    where
        Its name, for errors.
    format_number
        What its key ``format`` must say; a file without one is for the walk to refuse.

    Raises
    ------
    InputError
        It is no TOML.
    ScenarioError
        It is of another format.
    """
    try:
        tree = tomllib.loads(content if isinstance(content, str) else decoded(content, where))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        reason = "a number of too many digits" if "digits" in reason else reason
        raise InputError(
            f"not TOML: {printable(reason)}", allowed="TOML 1.0", where=where
        ) from error
    found = tree.get("format")
    if isinstance(found, int) and not isinstance(found, bool) and found != format_number:
        fault = Fault(
            found=f"format = {shown(found)}, which this version does not read",
            allowed=f"format = {format_number}",
            what_to_do=f"Bring the file to format {format_number}: see the schema that the "
            "program prints",
        )
        raise ScenarioError(where, in_file_order(tree, [fault], limit=1))
    return tree


def printable(text: str) -> str:
    """Return the text with a question mark for each letter that a screen cannot show."""
    return "".join(letter if letter.isprintable() else "?" for letter in text) or '""'


def exists(path: Path) -> bool:
    """Say whether there is such a file; a name that cannot be one is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "a null character in the name"
    known = {errno.EISDIR: "it is a folder", errno.ENOENT: "there is no such file"}
    return known.get(error.errno or 0, error.strerror or str(error))
