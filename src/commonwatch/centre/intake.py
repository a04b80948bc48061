"""What arrives from others: opened, checked, known again when repeated; or refused and counted.

==============  ================================================================  =======
figure          source                                                            mark
==============  ================================================================  =======
``LATE_S``      on its way, and waiting for a tick: the slowest honest message    assumed
``STEADY_S``    six signs of life: of links that lose one message in four, fewer  derived
                than one in five passes for sound
==============  ================================================================  =======
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.identity import NationId
from commonwatch.sharing import envelope as envelopes
from commonwatch.sharing.envelope import Refused, open_envelope
from commonwatch.sharing.keys import Verify
from commonwatch.sharing.messages import Heartbeat, Message
from commonwatch.units import NS_PER_S

WORDS_MAX: Final = 300
LATE_S: Final = 8.0
STEADY_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the envelopes of a step, each list in their order.

    Parameters
    ----------
    messages
        New ones.
    repeated
        Ones that were taken before.
    heartbeats
        Signs of life.
    refusals
        How many others were not taken, by the centre in whose name they came (empty where that
        is nobody known here) and the reason in words.
    """

    messages: list[Message] = field(default_factory=list)
    repeated: list[Message] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    refusals: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def speakers(self) -> frozenset[NationId]:
        """Who was heard, whatever they said."""
        said = (*self.messages, *self.repeated)
        return frozenset(each.originator for each in said) | {b.heartbeat for b in self.heartbeats}


@dataclass(slots=True, eq=False)
class _Known:
    """Numbers of one originator's messages: the latest ones, and the highest forgotten."""

    order: deque[int] = field(default_factory=deque)
    numbers: set[int] = field(default_factory=set)
    forgotten: int = -1


@dataclass(slots=True)
class _Pulse:
    """The last sign of life of a partner, and since when they have all come in turn."""

    beat: int
    made_ns: int
    heard_ns: int
    since_ns: int


class Intake:
    """Opens envelopes; remembers what each partner has said."""

    def __init__(self, configuration: CentreConfiguration) -> None:
        self._configuration = configuration
        self._limits = envelopes.Limits(envelope_bytes=configuration.limits.message_bytes)
        self._known: dict[NationId, _Known] = {}
        self._pulse: dict[NationId, _Pulse] = {}

    def take(self, envelopes: Iterable[bytes], now_ns: int) -> Taken:
        """Open envelopes in their order.

        Parameters
        ----------
        envelopes
            As they came from the links.
        now_ns
            This centre's clock.
        """
        taken = Taken()
        for envelope in envelopes:
            try:
                content = open_envelope(
                    envelope,
                    purpose=self._configuration.purpose,
                    key_of=self._key_of,
                    limits=self._limits,
                )
            except Refused as refused:
                sender = refused.claimed if self._is_known(refused.claimed) else ""
                _count(taken, sender, f"{refused.found}; allowed: {refused.allowed}")
                continue
            ahead = self._ahead(content, now_ns)
            if ahead:
                _count(taken, _sender(content), ahead)
                continue
            if isinstance(content, Heartbeat):
                self._feel(content, now_ns)
                taken.heartbeats.append(content)
                continue
            is_new = self._is_new(content)
            (taken.messages if is_new else taken.repeated).append(content)
        return taken

    def steady(self, now_ns: int) -> dict[NationId, int]:
        """Return the partners whose signs of life have all come, in turn and in time, for a while.

        Only their silence about anything else is theirs, and no outage's. Beside each stands when
        its last sign of life was made.
        """
        return {
            name: pulse.made_ns
            for name, pulse in self._pulse.items()
            if now_ns - pulse.heard_ns <= self._pause_ns
            and now_ns - pulse.since_ns >= STEADY_S * NS_PER_S
        }

    @property
    def _pause_ns(self) -> int:
        """Longest time between two signs of life of a partner that is well."""
        return round((self._configuration.heartbeat_s + LATE_S) * NS_PER_S)

    def _feel(self, heartbeat: Heartbeat, now_ns: int) -> None:
        """Take a sign of life in."""
        last = self._pulse.get(heartbeat.heartbeat)
        if last is not None and heartbeat.beat <= last.beat:
            return
        is_next = (
            last is not None
            and heartbeat.beat == last.beat + 1
            and now_ns - last.heard_ns <= self._pause_ns
            and now_ns - heartbeat.made_ns <= LATE_S * NS_PER_S
        )
        self._pulse[heartbeat.heartbeat] = _Pulse(
            beat=heartbeat.beat,
            made_ns=heartbeat.made_ns,
            heard_ns=now_ns,
            since_ns=last.since_ns if last is not None and is_next else now_ns,
        )

    def _key_of(self, nation: NationId) -> Verify | None:
        partner = self._configuration.partner(nation)
        return None if partner is None else partner.verify

    def _is_known(self, nation: NationId) -> bool:
        own = self._configuration.nation
        return nation == own or self._configuration.partner(nation) is not None

    def _ahead(self, content: Message | Heartbeat, now_ns: int) -> str:
        """Say that a message is from the future; empty where it is not."""
        ahead_s = (content.made_ns - now_ns) / NS_PER_S
        allowed_s = self._configuration.limits.clock_error_max_s
        if ahead_s <= allowed_s:
            return ""
        return (
            f"a message of {_sender(content)} from the future, by {_rounded(ahead_s)}; allowed: "
            f"at most {allowed_s:g} s; one of the two clocks is wrong"
        )

    def _is_new(self, message: Message) -> bool:
        known = self._known.setdefault(message.originator, _Known())
        if message.number <= known.forgotten or message.number in known.numbers:
            return False
        known.numbers.add(message.number)
        known.order.append(message.number)
        if len(known.order) > self._configuration.limits.remembered_count:
            oldest = known.order.popleft()
            known.numbers.discard(oldest)
            known.forgotten = max(known.forgotten, oldest)
        return True


def _sender(content: Message | Heartbeat) -> NationId:
    return content.heartbeat if isinstance(content, Heartbeat) else content.originator


def _count(taken: Taken, sender: str, words: str) -> None:
    key = sender, words[:WORDS_MAX]
    taken.refusals[key] = taken.refusals.get(key, 0) + 1


def _rounded(ahead_s: float) -> str:
    """Say a time so that refusals for one cause read alike."""
    if ahead_s < 60.0:
        return "some seconds"
    return f"{round(ahead_s / 60.0)} min" if ahead_s < 7_200.0 else f"{round(ahead_s / 3600.0)} h"
