"""Compiled kernels: one decorator, one cache folder, one way to use every core.

numba serves *stale* compiled code when a function that a kernel calls has changed, so the cache
folder's name is a digest of every kernel source and of the versions of numba and Python: a change
anywhere gives a new, empty folder. Kernels release the interpreter lock and run in plain threads;
``parallel=True`` is never used (it aborts when two Python threads enter it).
"""

from __future__ import annotations

import getpass
import hashlib
import os
import pickle
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

Function = TypeVar("Function", bound=Callable[..., Any])

FASTMATH = {"contract", "reassoc", "arcp", "nsz"}
"""Licences given to the compiler. ``nnan`` and ``ninf`` are left out: they break ``isnan``."""


def cache_digest() -> str:
    """Digest of all kernel sources and of the versions of numba and Python."""
    versions = f"{version('numba')} {version('llvmlite')} {platform.python_version()}"
    digest = hashlib.sha256(versions.encode())
    for path in sorted(Path(__file__).parent.rglob("*kernel*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _choose_cache_folder() -> str:
    name = f"kernels-{cache_digest()}"
    folder = Path(platformdirs.user_cache_dir("commonwatch")) / name
    if not _writable(folder):
        folder = Path(tempfile.gettempdir()) / f"commonwatch-{getpass.getuser()}" / name
    return str(folder)


# numba reads the folder's name when it is first imported.
if not os.environ.get("NUMBA_CACHE_DIR"):
    os.environ["NUMBA_CACHE_DIR"] = _choose_cache_folder()

import numba  # noqa: E402


def kernel(
    signature: str, *, is_inlined: bool = False, is_exact: bool = False
) -> Callable[[Function], Function]:
    """Compile a function for an explicit signature, cached between runs.

    ``is_inlined`` tells the compiler to put the function's body where it is called: worth it for a
    loop over lanes that a kernel calls many times (a call costs as much as twenty lanes).
    ``is_exact`` keeps every operation as written, for what a centre decides with: the same input
    must give the same bytes.
    """
    njit: Any = numba.njit  # its own type forgets that of the function
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": False if is_exact else FASTMATH,
        "error_model": "numpy",
        "forceinline": is_inlined,
    }

    def compiled(function: Function) -> Function:
        try:
            ready: Function = njit(signature, cache=True, **options)(function)
        except (OSError, EOFError, pickle.UnpicklingError):
            # The cache's disk is full, or a file in it is torn: compile for this run alone.
            ready = njit(signature, **options)(function)
        return ready

    return compiled


def core_count() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def compiling_beside(module: str) -> Iterator[None]:
    """Have another process compile what a module needs, while this one does something else.

    Parameters
    ----------
    module
        Its full name; it is imported by the other process, and by this one after the block.

    Notes
    -----
    Only where nothing is compiled yet and there is a second core; numba compiles one kernel at a
    time in a process. The block ends when both are done; an error or Ctrl-C ends the other process.
    """
    if core_count() == 1 or any(Path(os.environ["NUMBA_CACHE_DIR"]).rglob("*.nbi")):
        yield
        return
    silent = subprocess.DEVNULL
    command = [sys.executable, "-P", "-c", f"import {module}"]
    with subprocess.Popen(  # noqa: S603 - this Python, and a name of this program
        command, stdin=silent, stdout=silent, stderr=silent
    ) as other:
        try:
            yield
            other.wait()
        finally:
            other.kill()


def run_in_chunks(work: Callable[[int, int], None], count: int, *, chunk: int) -> None:
    """Call ``work(start, stop)`` over ``range(count)`` in chunks, on all cores.

    Parameters
    ----------
    work
        Calls a kernel on rows ``start`` to ``stop`` and writes to those rows only.
    count
        Number of rows.
    chunk
        Rows per call: large enough that a call takes a millisecond or more.

    Raises
    ------
    BaseException
        Whatever a call raises, or an interruption; calls not begun by then are left out.
    """
    starts = range(0, count, chunk)
    if len(starts) <= 1 or core_count() == 1:
        for start in starts:
            work(start, min(start + chunk, count))
        return
    with ThreadPoolExecutor(min(core_count(), len(starts))) as pool:
        try:
            for future in [pool.submit(work, s, min(s + chunk, count)) for s in starts]:
                future.result()
        except BaseException:
            # Ctrl-C too: only the chunks under way are waited for.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
