"""What may leave: made by the ledger alone, once the decision to share stands in it."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from commonwatch.errors import InvariantError
from commonwatch.identity import NationId

BY_THE_LEDGER: Final = object()
"""Known to ``ledger``; whoever else passes it has gone round the policy with open eyes."""

_PARTS: Final = ("recipient", "envelope", "entry_digest", "kind", "number")


class Released:
    """One message that may go to one recipient.

    Attributes
    ----------
    recipient
        The one to whom it may go.
    envelope
        The bytes that may go.
    entry_digest
        Digest of the ledger's entry that allowed it, hexadecimal.
    kind
        Kind of the message.
    number
        The originator's number of it.
    """

    __slots__ = ("entry_digest", "envelope", "kind", "number", "recipient")

    recipient: NationId
    envelope: bytes
    entry_digest: str
    kind: str
    number: int

    def __init__(
        self,
        maker: object,
        *,
        recipient: NationId,
        envelope: bytes,
        entry_digest: str,
        kind: str,
        number: int,
    ) -> None:
        if maker is not BY_THE_LEDGER:
            raise InvariantError(
                "something other than the ledger tries to make a Released",
                allowed="Ledger.record, from a decision to share",
            )
        self.__setstate__((recipient, envelope, entry_digest, kind, number))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Released never changes: {name}")

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return (_blank, (), tuple(getattr(self, name) for name in _PARTS))

    def __setstate__(self, parts: tuple[Any, ...]) -> None:
        for name, value in zip(_PARTS, parts, strict=True):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"Released({self.kind} {self.number} to {self.recipient})"


def _blank() -> Released:
    """Make an empty one for a snapshot to fill."""
    return object.__new__(Released)
