"""Writing files so that nothing is ever half-written.

A file is written beside its place under a hidden name, forced to the disk and moved into place in
one step; a whole run is staged in a hidden folder in the same way. Whatever stops the work (Ctrl-C,
a full disk, a mistake) leaves the earlier files as they were. A link is followed to the file that
it names; what is there and is no regular file (a device, a pipe, a socket) is refused.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from commonwatch.errors import OutputError

_ADVICE: Final = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another place"),
    errno.EDQUOT: ("the disk quota is used up", "Free some space or choose another place"),
    errno.EFBIG: ("the file is larger than this system allows", "Raise the limit or ask for less"),
    errno.EROFS: ("the disk is read-only", "Choose another place"),
    errno.EACCES: ("permission to write there is missing", "Choose another place"),
    errno.EPERM: ("permission to write there is missing", "Choose another place"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Choose another place"),
    errno.EEXIST: ("a part of the path is a file, not a folder", "Choose another place"),
    errno.EISDIR: ("the place is a folder, not a file", "Give the name of a file"),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name"),
}


def output_error(path: Path, error: OSError) -> OutputError:
    """Put a failure to write into a sentence.

    Parameters
    ----------
    path
        What could not be written.
    error
        As the system gave it.
    """
    unforeseen = (f"it cannot be written ({error.strerror or error})", "Choose another place")
    found, what_to_do = _ADVICE.get(error.errno or 0, unforeseen)
    return OutputError(
        found, allowed="a place that can be written", where=str(path), what_to_do=what_to_do
    )


def place_to_write(path: Path) -> Path:
    """Return the place that a file will take: itself, or where its link leads.

    Parameters
    ----------
    path
        A file that is there already, or not yet.

    Raises
    ------
    OutputError
        It is a folder, a device, a pipe or a socket, or its links lead nowhere.
    """
    _refuse_null(path)
    try:
        place = path.resolve() if path.is_symlink() else path
        mode = path.stat().st_mode
    except FileNotFoundError:
        return place
    except OSError as error:
        raise output_error(path, error) from error
    except RuntimeError as error:  # links in a ring, before Python 3.13
        ring = OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        raise output_error(path, ring) from error
    if stat.S_ISDIR(mode):
        raise output_error(path, OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path)))
    if not stat.S_ISREG(mode):
        raise OutputError(
            "this is a device, a pipe or a socket, not a file",
            allowed="a new name, or a file to replace",
            where=str(path),
            what_to_do="Choose another name",
        )
    return place


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Give an open file that takes the place of ``path`` when the block ends well.

    The content is forced to the disk before the move; when the block raises, the new content is
    thrown away and an earlier file stays as it was.

    Parameters
    ----------
    path
        The file to write; where it is a link, the file that it leads to. Its folder is made where
        it does not exist.

    Raises
    ------
    OutputError
        The place cannot be written, is no regular file, or the disk is full.
    """
    place = place_to_write(path)
    temporary: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f".{place.name[:60]}.", dir=place.parent)
        temporary = Path(name)
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(place)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_table(path: Path, table: pa.Table) -> None:
    """Write one Parquet file: lz4, floats split by byte, text by dictionary.

    Parameters
    ----------
    path
        The file to write, replaced in one step.
    table
        Its columns, as ``schemas.to_table`` makes them.

    Raises
    ------
    OutputError
        The place cannot be written, or the disk is full.
    """
    numbers = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    words = [field.name for field in table.schema if pa.types.is_string(field.type)]
    with replaced(path) as file:
        pq.write_table(
            table,
            file,
            compression="lz4",
            use_dictionary=words,  # type: ignore[arg-type]  # the stubs know only True
            use_byte_stream_split=numbers,  # type: ignore[arg-type]
        )


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, replaced in one step; OutputError where that cannot be done.

    Parameters
    ----------
    path
        Of the file, in a folder that exists.
    text
        As it is to stand there, line ends included.
    """
    with replaced(path) as file:
        file.write(text.encode())


def write_json(path: Path, content: object) -> None:
    """Write JSON, indented, keys in the order given, never a bare NaN; replaced in one step.

    Parameters
    ----------
    path
        Of the file, in a folder that exists.
    content
        What JSON can hold.

    Raises
    ------
    ValueError
        There is a number that is not finite.
    OutputError
        It cannot be written.
    """
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def staged_folder(out: Path, *, stale: Collection[str] = ()) -> Iterator[Path]:
    """Give a hidden folder whose files move into ``out`` when the block ends well.

    Files of ``out`` that the block does not write stay as they are, but for the stale ones: a
    person may have put them there. When the block raises, ``out`` is as it was before.

    Parameters
    ----------
    out
        The folder to fill; made, with its parents, only at the end.
    stale
        Names of files in ``out`` that are removed at the end unless they are written anew.

    Raises
    ------
    OutputError
        The place cannot be written, or the disk is full.
    """
    _refuse_null(out)
    try:
        staged = Path(tempfile.mkdtemp(prefix=".commonwatch-", dir=_existing_folder(out)))
    except OSError as error:
        raise output_error(out, error) from error
    try:
        yield staged
        # Ctrl-C reaches the main thread only, and leaving the pool waits: the move is not torn.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_move_files, staged, out, stale).result()
    except OutputError as error:
        if str(staged) not in error.where:
            raise
        raise OutputError(  # it names the hidden place, which is gone: name the one that was meant
            error.found,
            allowed=error.allowed,
            where=error.where.replace(str(staged), str(out)),
            what_to_do=error.what_to_do,
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _existing_folder(path: Path) -> Path:
    """Find the nearest existing ancestor: on the same disk, so that a move is a rename."""
    for candidate in (path, *path.absolute().parents):
        if candidate.is_dir():
            return candidate
        if candidate == path and candidate.exists():
            raise OutputError(
                "it is a file, not a folder",
                allowed="the name of a folder, there already or not",
                where=str(path),
                what_to_do="Choose another place",
            )
        if candidate.exists():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(candidate))
    return Path.cwd()


def _move_files(staged: Path, out: Path, stale: Collection[str]) -> None:
    try:
        names = [
            source.relative_to(staged) for source in sorted(staged.rglob("*")) if source.is_file()
        ]
        moves = [(staged / name, place_to_write(out / name)) for name in names]
        for name in {Path(name) for name in stale}.difference(names):
            if not (out / name).is_dir():
                (out / name).unlink(missing_ok=True)
        for source, place in moves:
            place.parent.mkdir(parents=True, exist_ok=True)
            _move(source, place)
    except OSError as error:
        raise output_error(Path(error.filename or out), error) from error


def _move(source: Path, place: Path) -> None:
    try:
        source.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with replaced(place) as file:  # a link led to another disk
            file.write(source.read_bytes())


def _refuse_null(path: Path) -> None:
    if "\0" in str(path):
        raise OutputError(
            "a name with a null character",
            allowed="the name of a file or folder",
            where=repr(str(path)),
            what_to_do="Choose another name",
        )


def _umask() -> int:
    """Permissions that this process takes away from new files (it can only be read by setting)."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
