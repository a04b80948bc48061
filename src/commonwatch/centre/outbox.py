"""What a centre still has to say: waiting until it may, and again until it is acknowledged.

A message that must not be lost is decided anew each time it leaves, so that a right withdrawn in
between counts. Reports on tracks and detections are not repeated: the next one takes their place.

==================  ============================================================  =======
figure              source                                                        mark
==================  ============================================================  =======
``RESEND_S``        longer than the slowest honest way there and back of a launch assumed
                    report's acknowledgement
``GIVE_UP_S``       an alert older than this is history                           assumed
==================  ============================================================  =======
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from commonwatch.identity import NationId
from commonwatch.sharing.messages import (
    Acknowledgement,
    DetectionReport,
    Message,
    TrackReport,
    event_of,
)
from commonwatch.sharing.subject import Subject
from commonwatch.units import NS_PER_S

RESEND_S: Final = 15.0
GIVE_UP_S: Final = 1_800.0
NOT_REPEATED: Final = (TrackReport, DetectionReport, Acknowledgement)


@dataclass(slots=True, eq=False)
class Waiting:
    """A message for one recipient, when it is to be decided next, and what is known beside it."""

    message: Message
    recipient: NationId
    due_ns: int
    known: Subject


@dataclass(slots=True, eq=False)
class Outbox:
    """Messages that wait, in the order in which they were made.

    Parameters
    ----------
    limit
        Most that wait at once; of more, the oldest report on a track or detection goes first.
    """

    limit: int
    waiting: list[Waiting] = field(default_factory=list)
    dropped_count: int = 0

    def put(self, message: Message, recipient: NationId, *, due_ns: int, known: Subject) -> None:
        """Have a message decided at ``due_ns``; a later word on an event replaces earlier ones.

        Parameters
        ----------
        message
            As it would be said in full; what of it leaves is decided then.
        recipient
            A nation, or the joint centre.
        due_ns
            When it is decided, UTC since 1970.
        known
            What the centre knows of its subject beside it; nothing of that leaves.
        """
        event = event_of(message.body)
        if event is not None:
            self.waiting = [
                each
                for each in self.waiting
                if each.recipient != recipient
                or event_of(each.message.body) != event
                or each.message.number > message.number
            ]
        if len(self.waiting) >= self.limit:
            self._drop_one()
        self.waiting.append(
            Waiting(message=message, recipient=recipient, due_ns=due_ns, known=known)
        )

    def due(self, now_ns: int) -> list[Waiting]:
        """Take out all that is due, in the order in which it was made."""
        ready = [each for each in self.waiting if each.due_ns <= now_ns]
        if ready:
            self.waiting = [each for each in self.waiting if each.due_ns > now_ns]
        return ready

    def sent(self, waiting: Waiting, now_ns: int) -> None:
        """Keep what must arrive until it is acknowledged.

        Parameters
        ----------
        waiting
            What has left. Reports on tracks, detections and acknowledgements are not said again.
        now_ns
            When it left, UTC since 1970: it is due again ``RESEND_S`` later, until it is
            ``GIVE_UP_S`` old.
        """
        message = waiting.message
        is_kept = not isinstance(message.body, NOT_REPEATED)
        if is_kept and now_ns - message.made_ns < GIVE_UP_S * NS_PER_S:
            due_ns = now_ns + round(RESEND_S * NS_PER_S)
            self.put(message, waiting.recipient, due_ns=due_ns, known=waiting.known)

    def acknowledged(self, number: int, recipient: NationId) -> None:
        """Forget a message that has arrived.

        Parameters
        ----------
        number
            The message's, as its sender counts.
        recipient
            Who has it; for others it goes on waiting.
        """
        self.waiting = [
            each
            for each in self.waiting
            if each.message.number != number or each.recipient != recipient
        ]

    def next_due_ns(self) -> int | None:
        """When anything is due next; None where nothing waits."""
        return min((each.due_ns for each in self.waiting), default=None)

    def _drop_one(self) -> None:
        place = next(
            (
                k
                for k, each in enumerate(self.waiting)
                if isinstance(each.message.body, NOT_REPEATED)
            ),
            0,
        )
        del self.waiting[place]
        self.dropped_count += 1
