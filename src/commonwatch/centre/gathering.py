"""Tracks gathered for a round: many are judged at once, what cannot wait is judged by itself.

A round of one track costs as much as one of twenty. So all tracks with news are judged together
each 10 s; at once what is new, what has ended, and what has looks of another sensor.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from commonwatch.tracking.estimate import Estimates, Status, empty_estimates, joined
from commonwatch.warning.source import Book


@dataclass(slots=True, eq=False)
class Gathering:
    """Holds rows of tracks back until their round.

    Parameters
    ----------
    interval_ns
        Between two rounds.
    """

    interval_ns: int
    _round_ns: int = 0
    _tallies: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _held: dict[int, tuple[Estimates, int]] = field(default_factory=dict)

    def take(
        self,
        estimates: Estimates,
        book: Book,
        now_ns: int,
        *,
        urgent: Collection[int] = (),
    ) -> Estimates:
        """Return the rows that are to be judged now: of each track its latest.

        Parameters
        ----------
        estimates
            Rows of tracks that have news, in order.
        book
            Which looks each has taken.
        now_ns
            The present.
        urgent
            Tracks that cannot wait for another reason.
        """
        at_once: list[int] = []
        ending: set[int] = set()
        for row, (track, status) in enumerate(
            zip(estimates.track.tolist(), estimates.status.tolist(), strict=True)
        ):
            if status == Status.ENDED:
                ending.add(track)
                self._tallies.pop(track, None)
                at_once.append(row)
                continue
            tally = book.tally(track, now_ns)
            is_new = status == Status.TENTATIVE or self._tallies.get(track) != tally
            if is_new or track in urgent:
                at_once.append(row)
                if status != Status.TENTATIVE:
                    self._tallies[track] = tally
                    self._held.pop(track, None)
            else:
                self._held[track] = estimates, row
        parts = [estimates.take(at_once)] if at_once else []
        # What was held of a track that ends is its last sight: it goes first.
        is_round = now_ns >= self._round_ns + self.interval_ns
        if is_round:
            self._round_ns = now_ns
        due = [track for track in self._held if is_round or track in ending]
        held: dict[int, tuple[Estimates, list[int]]] = {}
        for track in sorted(due):
            rows_of, row = self._held.pop(track)
            held.setdefault(id(rows_of), (rows_of, []))[1].append(row)
        if not held and not parts:
            return empty_estimates()
        together = joined([*(rows_of.take(rows) for rows_of, rows in held.values()), *parts])
        return together if len(together) < 2 else together.take(_in_order(together))


def _in_order(estimates: Estimates) -> np.ndarray:
    return np.lexsort((np.arange(len(estimates)), estimates.known_ns))
