"""Time in the world: integer nanoseconds, one agenda, and clocks that may be wrong.

=============  ==================================================  =======
figure         source                                              mark
=============  ==================================================  =======
``TICK_NS``    a centre takes news in once a second                assumed
=============  ==================================================  =======
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

from commonwatch.units import NS_PER_S

TICK_NS: Final = NS_PER_S
"""The world and every centre advance by this."""

Deed = Callable[[int], None]
"""Something that is done at a time, which it is told."""


class Agenda:
    """What is to happen, by time; at one time in the order in which it was entered."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Deed]] = []
        self._entered = 0

    def __len__(self) -> int:
        return len(self._heap)

    def enter(self, time_ns: int, deed: Deed) -> None:
        """Enter a deed; one that lies in the past is done at the next ``carry_out``.

        Parameters
        ----------
        time_ns
            True time, UTC since 1970. Deeds of one time are done in the order of their entry.
        deed
            Called with its time.
        """
        heapq.heappush(self._heap, (time_ns, self._entered, deed))
        self._entered += 1

    def carry_out(self, until_ns: int) -> None:
        """Do all that is due up to and including an instant, what this enters included."""
        heap = self._heap
        while heap and heap[0][0] <= until_ns:
            time_ns, _, deed = heapq.heappop(heap)
            deed(time_ns)


class Clock:
    """What a machine believes the time to be: the true time and an error, in whole ticks."""

    def __init__(self) -> None:
        self.error_ns = 0

    def set_off(self, by_ns: int) -> None:
        """Set it by so much more; back again by the negative."""
        self.error_ns += by_ns

    def reading_ns(self, true_ns: int) -> int:
        """Return what the clock shows, rounded down to a tick."""
        return (true_ns + self.error_ns) // TICK_NS * TICK_NS


def next_tick_ns(time_ns: int) -> int:
    """Return the first tick at or after an instant."""
    return -(-time_ns // TICK_NS) * TICK_NS
