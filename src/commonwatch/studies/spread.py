"""How a figure spreads over flights and seeds: medians and counts, with intervals.

An event that never happens is later than any other, a duration that is not there is 0 s: what is
added can never make a figure worse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.studies.score_intervals import CONFIDENCE

F64 = npt.NDArray[np.float64]

INTERVAL_MIN: Final = 6
"""Of fewer flights even the least and the greatest hold the median with less than 95 %: of five
with 1 - 2 / 2^5 = 93.75 % (*derived*)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure over many flights.

    Parameters
    ----------
    median
        What at least half of them reach.
    median_low, median_high
        The exact 95 % interval of the median of all such flights, from the order of those flown; of
        fewer than six, the least and the greatest, which promise less.
    low, high
        What 5 % and 95 % of them stay at or below: the middle nine tenths.
    count, among
        How many have it at all, of how many.
    """

    median: float
    median_low: float
    median_high: float
    low: float
    high: float
    count: int
    among: int


def spread_of_instants(seconds: F64) -> Spread:
    """Return the spread of an event's instants, not-a-number where it never happens.

    The median is the earliest by which at least half of the flights have it; infinite where fewer
    than half ever do.
    """
    return _spread(np.where(np.isnan(seconds), np.inf, seconds), int(np.isfinite(seconds).sum()))


def spread_of_durations(seconds: F64) -> Spread:
    """Return the spread of durations, not-a-number where there is none, which counts as 0.

    The median is the longest that at least half of the flights reach.
    """
    mirrored = _spread(-np.nan_to_num(seconds), int(np.isfinite(seconds).sum()))
    return Spread(
        median=-mirrored.median + 0.0,
        median_low=-mirrored.median_high + 0.0,
        median_high=-mirrored.median_low + 0.0,
        low=-mirrored.high + 0.0,
        high=-mirrored.low + 0.0,
        count=mirrored.count,
        among=mirrored.among,
    )


def _spread(values: F64, count: int) -> Spread:
    among = len(values)
    if not among:
        nothing = math.nan
        return Spread(
            median=nothing, median_low=nothing, median_high=nothing, low=nothing, high=nothing,
            count=0, among=0,
        )  # fmt: skip
    ordered = np.sort(values)
    first = median_rank(among)
    return Spread(
        median=float(ordered[(among - 1) // 2]),
        median_low=float(ordered[first]),
        median_high=float(ordered[among - 1 - first]),
        low=float(ordered[math.ceil(0.05 * among) - 1]),
        high=float(ordered[math.ceil(0.95 * among) - 1]),
        count=count,
        among=among,
    )


def median_rank(count: int) -> int:
    """Return how many values to leave out at each end for the interval of the median.

    Parameters
    ----------
    count
        How many values there are, 1 or more.

    References
    ----------
    H. A. David, H. N. Nagaraja, Order Statistics, 3rd edition, Wiley, 2003, section 7.1.
    """
    tail = (1.0 - CONFIDENCE) / 2.0
    below = 0.0
    for rank in range(count // 2):
        ways = math.lgamma(count + 1) - math.lgamma(rank + 1) - math.lgamma(count - rank + 1)
        below += math.exp(ways - count * math.log(2.0))
        if below > tail:
            return rank
    return (count - 1) // 2
