"""A link sends what was released, and cannot send anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from commonwatch.errors import InvariantError
from commonwatch.sharing.released import Released


class Link(Protocol):
    """A way out of a centre."""

    def send(self, released: Released) -> None:
        """Send one released message to the recipient that it names.

        Returns at once; whether and when it arrives is for acknowledgements to say.
        """
        ...


class MemoryLink:
    """A link within one process.

    Parameters
    ----------
    deliver
        Is called with each released message, in the order in which they are sent.
    """

    __slots__ = ("_deliver",)

    def __init__(self, deliver: Callable[[Released], None]) -> None:
        self._deliver = deliver

    def send(self, released: Released) -> None:
        """Deliver at once.

        Raises
        ------
        InvariantError
            What is given is no ``Released``: the type checker was not asked.
        """
        if type(released) is not Released:
            raise InvariantError(
                f"a link was given a {type(released).__name__}",
                allowed="a Released, which only the ledger makes",
            )
        self._deliver(released)
