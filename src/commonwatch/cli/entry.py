"""Where the command begins: nothing that takes time is imported before Ctrl-C is provided for."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself takes longer to import than this module
    from typing import NoReturn

_SIGINT = 2
"""As ``signal`` has it, which takes longer to import than all of this."""


def main() -> None:
    """Run the command; stopped while it is still being imported, end with a sentence."""
    try:
        from commonwatch.cli import stopping
    except KeyboardInterrupt:
        _end(_SIGINT)
    try:
        stopping.listen()
        from commonwatch.cli.main import main as run

        run()
    except KeyboardInterrupt:
        _end(stopping.asked() or _SIGINT)


def _end(number: int) -> NoReturn:
    word = "Interrupted" if number == _SIGINT else "Stopped"
    sys.stderr.write(f"{word}: nothing had begun.\n")
    sys.exit(128 + number)
