"""What others remark on an alert of this floor: evidence for whoever looks, and nothing else.

A remark changes neither the status of an alert nor what is said of it; it is shown and stays here,
for it may hold what one partner said to this centre alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from commonwatch.centre.alert import AlertEvent
from commonwatch.warning.alert import Status, Transition

ALERTS_MAX: Final = 1_000
"""Alerts that are remembered here (*assumed*)."""
WORDS_MAX: Final = 1_000
"""Of what all remarks on one alert say together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something remarked on an alert; ``alert`` -1: on none of this floor."""

    alert: int
    words: str


@dataclass(slots=True, eq=False)
class Remarks:
    """Remembers each alert as it was last shown, and what was remarked on it."""

    shown: dict[int, AlertEvent] = field(default_factory=dict)
    _words: dict[int, str] = field(default_factory=dict)

    def on(self, event: AlertEvent) -> AlertEvent:
        """Return an event in the life of an alert with what was remarked on it."""
        self.shown.pop(event.alert, None)
        self.shown[event.alert] = event
        if len(self.shown) > ALERTS_MAX:
            oldest = next(iter(self.shown))
            del self.shown[oldest]
            self._words.pop(oldest, None)
        words = self._words.get(event.alert)
        if words is None:
            return event
        return replace(event, evidence="; ".join(filter(None, (event.evidence, words))))

    def without(self, words: str) -> tuple[int, ...]:
        """Return the alerts that stand and on which this has not been remarked."""
        return tuple(
            alert
            for alert, event in self.shown.items()
            if event.status != Status.CANCELLED and words not in self._words.get(alert, "")
        )

    def add(self, remark: Remark, now_ns: int) -> AlertEvent | None:
        """Add a remark to an alert that stands; return it as it is shown now, None for no such.

        Parameters
        ----------
        remark
            On an alert, by its number.
        now_ns
            When it is known, UTC since 1970.
        """
        event = self.shown.get(remark.alert)
        if event is None or event.status == Status.CANCELLED:
            return None
        words = "; ".join(filter(None, (self._words.get(remark.alert), remark.words)))
        self._words[remark.alert] = words[-WORDS_MAX:]
        return self.on(
            replace(
                event,
                known_ns=now_ns,
                transition=str(Transition.UPDATED),
                reason=remark.words,
            )
        )
