"""Partners that are no longer heard, and when they are again.

A centre gives a sign of life each ``heartbeat_s``, and so does each partner. Counted are own beats
since a partner was last heard, not seconds: a clock that jumps makes nobody seem silent.

==================  ============================================================  =======
figure              source                                                        mark
==================  ============================================================  =======
``BEATS_MISSED``    one may be lost, one be late; a third is no chance            assumed
==================  ============================================================  =======
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from commonwatch.identity import NationId
from commonwatch.sharing.ledger import Entry

BEATS_MISSED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """That a partner has fallen silent, or is heard again after a silence that began then."""

    partner: NationId
    is_heard: bool
    since_ns: int

    def note(self) -> dict[str, Any]:
        """Return the content of an entry of the ledger."""
        return {"partner": self.partner, "is_heard": self.is_heard, "since_ns": self.since_ns}


@dataclass(slots=True, eq=False)
class Silences:
    """Remembers which partners are not heard.

    Parameters
    ----------
    partners
        Who is to be heard.
    silent_ns
        Who is not, and since when.
    """

    partners: Sequence[NationId]
    silent_ns: dict[NationId, int] = field(default_factory=dict)
    _missed: dict[NationId, int] = field(default_factory=dict)
    _heard_ns: dict[NationId, int] = field(default_factory=dict)

    def listen(self, speakers: Collection[NationId], now_ns: int, *, is_beat: bool) -> list[Heard]:
        """Return who has fallen silent, and who is heard again.

        Parameters
        ----------
        speakers
            Who was heard since the last step.
        now_ns
            The present.
        is_beat
            Whether it is time for a sign of life of one's own: by now others have given theirs.
        """
        news = []
        for partner in self.partners:
            self._heard_ns.setdefault(partner, now_ns)
            if partner in speakers:
                self._missed[partner] = 0
                self._heard_ns[partner] = now_ns
                since_ns = self.silent_ns.pop(partner, None)
                if since_ns is not None:
                    news.append(Heard(partner=partner, is_heard=True, since_ns=since_ns))
            elif is_beat:
                missed = self._missed[partner] = self._missed.get(partner, 0) + 1
                if missed > BEATS_MISSED and partner not in self.silent_ns:
                    since_ns = self.silent_ns[partner] = self._heard_ns[partner]
                    news.append(Heard(partner=partner, is_heard=False, since_ns=since_ns))
        return news

    def recall(self, entries: Iterable[Entry]) -> None:
        """Take from the ledger what a snapshot is too old to hold."""
        for entry in entries:
            if entry.kind != "partner":
                continue
            partner = NationId(entry.content["partner"])
            if entry.content["is_heard"]:
                self.silent_ns.pop(partner, None)
            else:
                self.silent_ns[partner] = entry.content["since_ns"]
