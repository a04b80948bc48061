"""Links of the world: they delay, lose, repeat, reorder and garble, are cut and heal.

One link leads one way, from a sender to a recipient, and draws from a generator of its own that is
seeded by its name: another link, or a fault on it, changes nothing here.

=======================  ====================================================  =======
figure                   source                                                mark
=======================  ====================================================  =======
``Delay``                intervals of the scenario                             assumed
``GARBLED_BYTES``        a short burst: enough that no signature survives      assumed
``HELD_BACK_S``          what a reordered message is held back by, at most     assumed
=======================  ====================================================  =======
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from commonwatch.identity import NationId
from commonwatch.sharing.released import Released
from commonwatch.units import NS_PER_S

GARBLED_BYTES: Final = 4
HELD_BACK_S: Final = 30.0
_BLOCK: Final = 256
_DRAWS: Final = 8
"""Numbers drawn for each message, whatever becomes of it, so that faults move no other draw."""

CUT: Final = "cut"
DELAY: Final = "delay"
LOSE: Final = "lose"
REPEAT: Final = "repeat"
REORDER: Final = "reorder"
GARBLE: Final = "garble"
WORKS: Final = "works"
TROUBLES: Final = (CUT, DELAY, LOSE, REPEAT, REORDER, GARBLE)

RELEASED: Final = "released"
LIE: Final = "lie"
HEARTBEAT: Final = "heartbeat"
INJECTED: Final = "injected"

UNDER_WAY: Final = "under way"
RECEIVED: Final = "received"
LOST: Final = "lost"
LOST_CUT: Final = "lost: the link was cut"
LOST_DOWN: Final = "lost: the recipient was down"


@dataclass(frozen=True, slots=True)
class Delay:
    """An assumed interval and its likeliest value, in seconds."""

    low_s: float
    nominal_s: float
    high_s: float

    def at(self, share: float) -> float:
        """Return the value below which a share of the triangular distribution lies."""
        width = self.high_s - self.low_s
        if width <= 0.0:
            return self.nominal_s
        left = self.nominal_s - self.low_s
        if share * width <= left:
            return self.low_s + math.sqrt(share * width * left)
        return self.high_s - math.sqrt((1.0 - share) * width * (self.high_s - self.nominal_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a sound link carries.

    Parameters
    ----------
    delay
        By kind of message.
    other
        Of all other kinds.
    added
        By this link, whatever the kind.
    loss_probability, repeat_probability
        Of each message.
    """

    delay: Mapping[str, Delay]
    other: Delay
    added: Delay = Delay(0.0, 0.0, 0.0)
    loss_probability: float = 0.0
    repeat_probability: float = 0.0


@dataclass(slots=True, kw_only=True, eq=False)
class Passage:
    """One sending of one envelope over a link, and what became of it.

    Parameters
    ----------
    sender, recipient
        Ends of the link.
    origin
        "released" by the sender's ledger, "lie" in place of that, "heartbeat", or "injected" by
        nobody's decision.
    kind, number, entry_digest
        As ``Released`` has them; the digest is empty where no entry stands behind it.
    sealed
        What was put on the link.
    envelope
        What arrives: the same bytes, unless something in between changed them.
    sent_ns, arrival_ns
        True times.
    outcome
        "under way", "received", or "lost" and why.
    is_changed
        Whether the link has changed the bytes.
    """

    sender: NationId
    recipient: NationId
    origin: str
    kind: str
    number: int
    entry_digest: str
    sealed: bytes
    envelope: bytes
    sent_ns: int
    arrival_ns: int = -1
    outcome: str = UNDER_WAY
    is_changed: bool = False


@dataclass(slots=True, eq=False)
class _Draws:
    """Uniform numbers, ``_DRAWS`` for each message, drawn in blocks."""

    rng: np.random.Generator
    block: list[list[float]] = field(default_factory=list)

    def next(self) -> list[float]:
        if not self.block:
            self.block = self.rng.random((_BLOCK, _DRAWS))[::-1].tolist()
        return self.block.pop()


@dataclass(slots=True, eq=False)
class WorldLink:
    """The way from one centre to another.

    Parameters
    ----------
    sender, recipient
        Its ends.
    manner
        How it carries when nothing ails it.
    seed
        Of the world.
    enter
        Enters what is to happen: time and deed, as ``Agenda.enter``.
    deliver
        Called with each passage at the time of its arrival.
    passages
        Where each sending is written down.
    """

    sender: NationId
    recipient: NationId
    manner: Manner
    seed: int
    enter: Callable[[int, Callable[[int], None]], None]
    deliver: Callable[[Passage], None]
    passages: list[Passage]
    now_ns: int = 0
    _troubles: dict[int, tuple[str, float]] = field(default_factory=dict)
    _decided: _Draws = field(init=False)
    _injected: _Draws = field(init=False)

    def __post_init__(self) -> None:
        self._decided = _Draws(generator(self.seed, self.name))
        self._injected = _Draws(generator(self.seed, f"{self.name}, injected"))

    @property
    def name(self) -> str:
        """Its name, from which it is seeded."""
        return f"link {self.sender} > {self.recipient}"

    @property
    def status(self) -> str:
        """Say that it works, or what ails it, by commas."""
        kinds = {kind for kind, _ in self._troubles.values()}
        return ", ".join(kind for kind in TROUBLES if kind in kinds) or WORKS

    def trouble(self, number: int, kind: str, amount: float) -> None:
        """Let a trouble begin: of seconds for *delay*, of that probability for the others.

        Parameters
        ----------
        number
            Of the trouble, by which it is ended; the same number again takes its place.
        kind
            One of ``TROUBLES``.
        amount
            Seconds, or a probability; of no meaning for *cut*.
        """
        self._troubles[number] = (kind, amount)

    def heal(self, number: int) -> None:
        """Let a trouble end."""
        self._troubles.pop(number, None)

    def send(self, released: Released) -> None:
        """Carry what was released, as it is."""
        self.carry(
            released.envelope,
            origin=RELEASED,
            kind=released.kind,
            number=released.number,
            entry_digest=released.entry_digest,
        )

    def carry(
        self, envelope: bytes, *, origin: str, kind: str, number: int, entry_digest: str = ""
    ) -> None:
        """Carry an envelope; what is under way arrives even if the link is cut meanwhile.

        Parameters
        ----------
        envelope
            The sealed bytes.
        origin
            As ``Passage`` has it; what is injected draws its delays and losses by itself.
        kind
            Of the message: delays hang on it.
        number
            Of the message, as its sender counts.
        entry_digest
            Of the ledger's entry that allowed it; empty where nobody decided.
        """
        passage = Passage(
            sender=self.sender,
            recipient=self.recipient,
            origin=origin,
            kind=kind,
            number=number,
            entry_digest=entry_digest,
            sealed=envelope,
            envelope=envelope,
            sent_ns=self.now_ns,
        )
        self.passages.append(passage)
        delay, added, loss, repeat, again, reorder, garble, place = (
            self._injected if origin == INJECTED else self._decided
        ).next()
        amounts = self._amounts()
        if CUT in amounts:
            passage.outcome = LOST_CUT
            return
        if loss >= (1.0 - self.manner.loss_probability) * (1.0 - amounts.get(LOSE, 0.0)):
            passage.outcome = LOST
            return
        usual = self.manner.delay.get(kind, self.manner.other)
        extra_s = amounts.get(DELAY, 0.0) + self.manner.added.at(added)
        held_back = amounts.get(REORDER, 0.0)
        if reorder < held_back:
            extra_s += HELD_BACK_S * reorder / held_back
        if garble < amounts.get(GARBLE, 0.0):
            passage.envelope, passage.is_changed = garbled(envelope, place), True
        self._arrive(passage, usual.at(delay) + extra_s)
        if repeat >= (1.0 - self.manner.repeat_probability) * (1.0 - amounts.get(REPEAT, 0.0)):
            twin = replace(passage, arrival_ns=-1)
            self.passages.append(twin)
            self._arrive(twin, usual.at(again) + usual.high_s + extra_s)

    def _arrive(self, passage: Passage, delay_s: float) -> None:
        # Never at the instant of sending: that instant's steps may be done already.
        at_ns = self.now_ns + max(1, round(delay_s * NS_PER_S))
        passage.arrival_ns = at_ns
        self.enter(at_ns, lambda _: self.deliver(passage))

    def _amounts(self) -> dict[str, float]:
        """Strength of each kind of trouble: of several the worst."""
        amounts: dict[str, float] = {}
        for kind, amount in self._troubles.values():
            amounts[kind] = max(amounts.get(kind, 0.0), amount)
        return amounts


def garbled(envelope: bytes, place: float) -> bytes:
    """Return an envelope with a short burst of its bits turned, at a place from 0 to 1.

    Parameters
    ----------
    envelope
        Any bytes.
    place
        0 at the beginning, 1 at the end.

    Returns
    -------
    bytes
        As many; ``GARBLED_BYTES`` in a row are changed, or all of fewer.
    """
    changed = bytearray(envelope)
    start = int(place * max(0, len(changed) - GARBLED_BYTES))
    for k in range(start, min(start + GARBLED_BYTES, len(changed))):
        changed[k] ^= 0x55
    return bytes(changed)


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one named part of a world.

    Parameters
    ----------
    seed
        Of the world.
    name
        The part's: adding a part changes no other part's draws.
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
