"""Chi-square distribution with few degrees of freedom: where gates stand."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from commonwatch.errors import InputError

DEGREES_MAX: Final = 30


def tail_probability(value: float, degrees: int) -> float:
    """Probability that chi-square exceeds a value.

    Parameters
    ----------
    value
        At least zero.
    degrees
        Degrees of freedom, 1 to 30.

    Notes
    -----
    The finite sums for whole degrees of freedom.

    References
    ----------
    M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, National Bureau of Standards,
    1964, equations 26.4.4 and 26.4.5.
    """
    if not 1 <= degrees <= DEGREES_MAX:
        raise InputError(f"{degrees} degrees of freedom", allowed=f"1 to {DEGREES_MAX}")
    half = 0.5 * value
    if degrees % 2 == 0:
        term, total = 1.0, 1.0
        for order in range(1, degrees // 2):
            term *= half / order
            total += term
        return math.exp(-half) * total
    total, term = 0.0, math.sqrt(half / math.pi) * 2.0
    for order in range(1, (degrees - 1) // 2 + 1):
        total += term
        term *= half / (order + 0.5)
    return math.erfc(math.sqrt(half)) + math.exp(-half) * total


@lru_cache(maxsize=256)
def quantile(probability: float, degrees: int) -> float:
    """Value that chi-square stays below with a probability.

    Parameters
    ----------
    probability
        Between 0 and 1, both excluded.
    degrees
        Degrees of freedom, 1 to 30.

    Returns
    -------
    float
        To the last digit that ``tail_probability`` can tell.

    Raises
    ------
    InputError
        Either is outside.

    Examples
    --------
    Two degrees of freedom: -2 ln(1 - probability), 5.99 for 95 %.
    """
    if not 0.0 < probability < 1.0:
        raise InputError(f"probability {probability:g}", allowed="between 0 and 1")
    low, high = 0.0, 1.0
    while tail_probability(high, degrees) > 1.0 - probability:
        high *= 2.0
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return high
        if tail_probability(middle, degrees) > 1.0 - probability:
            low = middle
        else:
            high = middle
