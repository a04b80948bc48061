"""What a centre remembers, as bytes and back.

The bytes are a pickle behind a digest. A pickle can name any function of any library; here only
classes of this package and what numpy, msgspec and ``collections`` need to come back are let
through, and only if the digest agrees. That keeps out damage, and what somebody who can write the
file might have put in; the folder still belongs to the centre alone.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from commonwatch.errors import InputError

Kind = TypeVar("Kind")

FORMAT: Final = 1
HEADER: Final = f"commonwatch memory {FORMAT}\n".encode()
SIZE_MAX: Final = 1 << 30
_DIGEST_BYTES: Final = hashlib.sha256().digest_size
_PACKAGE: Final = __name__.partition(".")[0]
_FOREIGN: Final = frozenset(
    {
        ("builtins", "complex"),
        ("builtins", "range"),
        ("builtins", "slice"),
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("collections", "deque"),
        ("msgspec._utils", "rebuild"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)


def snapshot(memory: object, *, held: Mapping[str, object] | None = None) -> bytes:
    """Turn a memory into bytes.

    Parameters
    ----------
    memory
        Objects of this package, numpy arrays, and Python's own containers of them.
    held
        What the memory refers to and whoever restores it has anyway (a configuration, with its
        keys), by a name: left out.
    """
    stream = io.BytesIO()
    _Writer(stream, held or {}).dump(memory)
    content = stream.getvalue()
    return HEADER + hashlib.sha256(content).digest() + content


def restore(snapshot: bytes, kind: type[Kind], *, held: Mapping[str, object] | None = None) -> Kind:
    """Turn bytes back into a memory.

    Parameters
    ----------
    snapshot
        As ``snapshot`` made it.
    kind
        What it must hold.
    held
        What was left out, by the same names.

    Raises
    ------
    InputError
        It is damaged, of another format, or holds something else.
    """
    if len(snapshot) > SIZE_MAX:
        raise _refused(f"{len(snapshot):,} bytes", f"at most {SIZE_MAX:,} bytes")
    if not snapshot.startswith(HEADER):
        raise _refused(
            f"it begins with {bytes(snapshot[: len(HEADER)])!r}", f"{HEADER!r} at the beginning"
        )
    digest = snapshot[len(HEADER) : len(HEADER) + _DIGEST_BYTES]
    content = snapshot[len(HEADER) + _DIGEST_BYTES :]
    if hashlib.sha256(content).digest() != digest:
        raise _refused("its digest does not agree with what it holds", "a snapshot as it was made")
    try:
        found = _Reader(io.BytesIO(content), held or {}).load()
    except InputError:
        raise
    except Exception as error:
        # Whatever a pickle of another version trips over.
        raise _refused(f"it cannot be read: {error}", "a snapshot of this version") from error
    if not isinstance(found, kind):
        raise _refused(f"it holds a {type(found).__name__}", f"a {kind.__name__}")
    return found


class _Writer(pickle.Pickler):
    """Leaves out what is held anyway."""

    def __init__(self, stream: io.BytesIO, held: Mapping[str, object]) -> None:
        super().__init__(stream, protocol=5)
        self._names = {id(value): name for name, value in held.items()}

    def persistent_id(self, obj: object) -> str | None:
        """Name what is left out; None for all else."""
        return self._names.get(id(obj))


class _Reader(pickle.Unpickler):
    """Lets nothing through but what a memory is made of."""

    def __init__(self, stream: io.BytesIO, held: Mapping[str, object]) -> None:
        super().__init__(stream)
        self._held = held

    def persistent_load(self, pid: Any) -> object:
        """Put in what was left out."""
        if pid not in self._held:
            raise _refused(f'it leaves out "{pid}"', ", ".join(sorted(self._held)) or "nothing")
        return self._held[pid]

    def find_class(self, module: str, name: str) -> Any:
        """Find a class of this package, or one of the few others."""
        if (module, name) in _FOREIGN:
            return super().find_class(module, name)
        if module == _PACKAGE or module.startswith(f"{_PACKAGE}."):
            found = super().find_class(module, name)
            # A module's own class: not a library that it imports, reached through it.
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise _refused(f'it names "{module}.{name}"', "classes of this package and arrays")


def _refused(found: str, allowed: str) -> InputError:
    return InputError(
        found,
        allowed=allowed,
        where="snapshot of a centre's memory",
        what_to_do="Take an older snapshot, or start afresh and let partners report again",
    )
