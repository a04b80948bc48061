"""People of the world: who looks at an alert, lets its launch report go, asks and answers.

A launch report leaves only when a person has looked: 30 to 180 s after the alert (assumed, in the
scenario). Each centre has one such person, whose generator is seeded by the centre's name. Where
the scenario wants it so, the person asks partners about an alert that stays unconfirmed; to look
what a partner's question is about takes as long as to look at an alert. An answer says which of the
reports that the asker has had still stand, and nothing else: words pass by the rules on reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from commonwatch.centre.effects import Ask
from commonwatch.centre.events import PersonDecided
from commonwatch.centre.floor import AlertEvent
from commonwatch.identity import NationId
from commonwatch.units import NS_PER_S
from commonwatch.warning.alert import Status
from commonwatch.world.links import Delay, generator

NOTHING_TO_ADD: Final = "we have nothing to add to what we have reported"
STANDS: Final = "what we have reported stands, on our number "
IN_DOUBT: Final = "can you tell us more of it?"


@dataclass(slots=True, eq=False)
class Person:
    """Who sits at the watch floor of one centre.

    Parameters
    ----------
    nation
        Whose centre it is.
    delay
        From the alert to the decision.
    seed
        Of the world.
    enter
        Enters what is to happen: time and deed, as ``Agenda.enter``.
    decide
        Called with each decision at its time.
    asks
        Whom to ask about an alert that stays unconfirmed: those who have no part in it.
    asks_after_s
        How long after it was raised; None: nobody asks.
    """

    nation: NationId
    delay: Delay
    seed: int
    enter: Callable[[int, Callable[[int], None]], None]
    decide: Callable[[PersonDecided], None]
    asks: tuple[NationId, ...] = ()
    asks_after_s: float | None = None
    _rng: np.random.Generator = field(init=False)
    _answering: np.random.Generator = field(init=False)
    _asked: set[int] = field(default_factory=set)
    _cancelled: set[int] = field(default_factory=set)
    _latest: dict[int, AlertEvent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng = generator(self.seed, f"person {self.nation}")
        self._answering = generator(self.seed, f"answers of {self.nation}")

    def see(self, alert: AlertEvent, now_ns: int) -> None:
        """Look at what the watch floor shows; decide on each own alert once, some time later.

        What has been cancelled by then is not released.

        Parameters
        ----------
        alert
            As it is shown after an event in its life.
        now_ns
            True time, UTC since 1970.
        """
        self._latest[alert.alert] = alert
        is_ours = alert.origin in ("own", "launch reports")
        if alert.transition == "raised" and is_ours and self.asks_after_s is not None:
            at_ns = now_ns + round(self.asks_after_s * NS_PER_S)
            self.enter(at_ns, lambda _: self._ask(alert.alert))
        if alert.transition == "cancelled":
            self._cancelled.add(alert.alert)
            return
        if alert.transition == "raised":
            self._cancelled.discard(alert.alert)
        if alert.origin != "own" or alert.transition != "raised" or alert.alert in self._asked:
            return
        self._asked.add(alert.alert)
        delay_s = self.delay.at(float(self._rng.random()))
        self.enter(now_ns + round(delay_s * NS_PER_S), lambda _: self._decide(alert.alert))

    def asked(self, question: Ask, now_ns: int) -> None:
        """Look what a partner asks about, and answer some time later.

        Parameters
        ----------
        question
            As it stands on the watch floor.
        now_ns
            True time, UTC since 1970.
        """
        delay_s = self.delay.at(float(self._answering.random()))
        self.enter(now_ns + round(delay_s * NS_PER_S), lambda _: self._answer(question))

    def _ask(self, number: int) -> None:
        alert = self._latest[number]
        if alert.status != Status.UNCONFIRMED:
            return
        for partner in self.asks:
            if partner not in alert.contributors:
                self.decide(
                    PersonDecided(decision="ask", number=number, nation=partner, reason=IN_DOUBT)
                )

    def _answer(self, question: Ask) -> None:
        stand = [str(n) for n in question.told if n not in self._cancelled]
        self.decide(
            PersonDecided(
                decision="answer",
                number=question.number,
                nation=question.nation,
                reason=STANDS + ", ".join(stand) if stand else NOTHING_TO_ADD,
            )
        )

    def _decide(self, number: int) -> None:
        self._asked.discard(number)  # shown anew after a crash, it is looked at anew
        if number not in self._cancelled:
            self.decide(
                PersonDecided(decision="release", number=number, reason="looked at and released")
            )
