"""Ctrl-C, and the system's wish to end the program: neither is lost, neither hurts twice.

A signal raises KeyboardInterrupt in the main thread, wherever that is. Compilers and destructors
sometimes swallow it, so it is raised again each second until the program has unwound. A second
Ctrl-C within that second does nothing: it would tear the clean-up that the first one started.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from types import FrameType
from typing import Any, Final

AGAIN_AFTER_S: Final = 1.0

_asked: list[int] = []
"""Numbers of the signals that have come."""


def listen() -> None:
    """Let SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt.

    A SIGHUP that is ignored stays so: ``nohup`` asks for it. SIGINT is ignored in what a script
    starts in the background, where nobody asked for that: who then sends it means it.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        is_kept = name == "SIGHUP" and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        if number is not None and not is_kept:
            signal.signal(number, _first)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _again)
    sys.unraisablehook = _swallowed


def asked() -> int | None:
    """Return the number of the signal that has come; None where none has."""
    return _asked[0] if _asked else None


def rest() -> None:
    """Do not raise again: the program has unwound."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _first(number: int, frame: FrameType | None) -> None:
    del frame
    if _asked and hasattr(signal, "setitimer"):
        return
    _asked.append(number)
    with contextlib.suppress(AttributeError):  # Windows has no such timer
        signal.setitimer(signal.ITIMER_REAL, AGAIN_AFTER_S, AGAIN_AFTER_S)
    raise KeyboardInterrupt


def _again(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _swallowed(unraisable: Any) -> None:
    """Keep silent about what destructors make of an interruption."""
    if not _asked:
        sys.__unraisablehook__(unraisable)
