"""A history, with what several checks ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Final

from commonwatch.centre.events import Event, MessageArrived
from commonwatch.identity import NationId
from commonwatch.sharing.ledger import Entry
from commonwatch.sharing.messages import Message
from commonwatch.world.envelopes import Envelopes
from commonwatch.world.faults import CRASH
from commonwatch.world.history import History, Outage
from commonwatch.world.host import SNAPSHOT_NS
from commonwatch.world.links import Passage

ON_EVENTS: Final = frozenset({"launch report", "alert report", "correction"})
"""Kinds of message that tell of an event which may end."""


@dataclass(slots=True, eq=False)
class Facts:
    """A history, its envelopes opened and its entries by their digests."""

    history: History
    envelopes: Envelopes = field(init=False)
    entry_of: dict[str, Entry] = field(init=False)
    sent_ns: dict[str, int] = field(init=False)
    """When something first left by an entry, by its digest: true time."""

    def __post_init__(self) -> None:
        self.envelopes = Envelopes(self.history.keyring)
        self.entry_of = {
            entry.digest: entry for entries in self.history.entries.values() for entry in entries
        }
        self.sent_ns = {p.entry_digest: p.sent_ns for p in reversed(self.history.passages)}

    def decisions(self, centre: NationId) -> Iterator[Entry]:
        """Yield the decisions in a centre's ledger."""
        return (entry for entry in self.history.entries[centre] if entry.kind == "decision")

    def given(self, centre: NationId) -> Iterator[tuple[int, tuple[Event, ...]]]:
        """Yield own time and events of each step that a centre has not forgotten."""
        lives = self.history.lives[centre]
        for number, life in enumerate(lives):
            # The step in which it crashed and forgot may have been carried out in part only.
            steps = life.steps if number + 1 == len(lives) else life.steps[:-1]
            present = accumulate((now_ns for now_ns, _ in steps), max)  # it never goes back
            yield from zip(present, (events for _, events in steps), strict=True)

    def heard(self, centre: NationId) -> list[tuple[int, Message]]:
        """Return own time of arrival of each message that could be opened, and the message."""
        found = []
        for life in self.history.lives[centre]:
            present = accumulate((now_ns for now_ns, _ in life.steps), max)
            for now_ns, (_, events) in zip(present, life.steps, strict=True):
                for event in events:
                    if isinstance(event, MessageArrived):
                        message = self.envelopes.message(event.envelope)
                        if message is not None:
                            found.append((now_ns, message))
        return found

    def subject_of(self, passage: Passage) -> tuple[bool, int]:
        """Return the sender's number of the event that a message is about, or its own for none."""
        entry = self.entry_of.get(passage.entry_digest)
        event = None if entry is None else entry.content.get("event")
        return (False, passage.number) if event is None else (True, int(event))

    def outages(self, centre: NationId) -> list[Outage]:
        """Return when a centre was down or wrong."""
        return [each for each in self.history.outages if each.centre == centre]

    def is_forgotten(self, centre: NationId, true_ns: int) -> bool:
        """Say whether what a centre did at a time was forgotten in a crash soon after.

        Parameters
        ----------
        centre
            Its name.
        true_ns
            When it did that, true time, UTC since 1970.

        Returns
        -------
        bool
            True after the last snapshot before a crash that forgets, until the centre starts again.

        Notes
        -----
        What was done before the snapshot is remembered, and so must count: of someone who was
        told an alert is confirmed before it, and had been told otherwise earlier, a check that
        leaves the later word out asks for a word that would be the same again.
        """
        return any(
            self._saved_ns(centre, crash) < true_ns < crash.up_ns
            for crash in self._crashes(centre)
            if crash.amount > 0.0
        )

    def _crashes(self, centre: NationId) -> list[Outage]:
        """Return when a centre was down: what befalls one that is down keeps it down for longer."""
        crashes: list[Outage] = []
        for each in sorted(self.outages(centre), key=lambda each: each.begin_ns):
            if each.kind != CRASH:
                continue
            if not crashes or each.down_ns > crashes[-1].up_ns:
                crashes.append(each)
                continue
            last = crashes[-1]  # of two in one tick the later says what is forgotten
            amount = each.amount if each.down_ns == last.down_ns else last.amount
            crashes[-1] = replace(last, end_ns=max(last.end_ns, each.end_ns), amount=amount)
        return crashes

    def _saved_ns(self, centre: NationId, crash: Outage) -> int:
        """Return the last tick before a crash at whose end a snapshot was taken, or before it.

        They are taken at whole multiples of ``SNAPSHOT_NS``, true time; none in the tick that is
        cut short, nor while a centre is down.
        """
        saved_ns = (crash.down_ns - 1) // SNAPSHOT_NS * SNAPSHOT_NS
        while any(each.down_ns <= saved_ns < each.up_ns for each in self._crashes(centre)):
            saved_ns -= SNAPSHOT_NS
        return saved_ns
