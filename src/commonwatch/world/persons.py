"""People of the world: who looks at an unconfirmed alert and lets its launch report go.

A launch report leaves only when a person has looked: 30 to 180 s after the alert (assumed, in the
scenario). Each centre has one such person, whose generator is seeded by the centre's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from commonwatch.centre.events import PersonDecided
from commonwatch.centre.floor import AlertEvent
from commonwatch.identity import NationId
from commonwatch.units import NS_PER_S
from commonwatch.world.links import Delay, generator


@dataclass(slots=True, eq=False)
class Person:
    """Who releases the launch reports of one centre.

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
    """

    nation: NationId
    delay: Delay
    seed: int
    enter: Callable[[int, Callable[[int], None]], None]
    decide: Callable[[PersonDecided], None]
    _rng: np.random.Generator = field(init=False)
    _asked: set[int] = field(default_factory=set)
    _cancelled: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._rng = generator(self.seed, f"person {self.nation}")

    def see(self, alert: AlertEvent, now_ns: int) -> None:
        """Look at what the watch floor shows; decide on each own alert once, some time later.

        What has been cancelled by then is not released.
        """
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

    def _decide(self, number: int) -> None:
        self._asked.discard(number)  # shown anew after a crash, it is looked at anew
        if number not in self._cancelled:
            self.decide(
                PersonDecided(decision="release", number=number, reason="looked at and released")
            )
