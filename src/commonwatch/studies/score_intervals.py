"""Exact intervals of counts, and the band in which honest normalised errors lie."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

CONFIDENCE: Final = 0.95
_STEPS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many were counted, and the 95 % interval of what the count estimates.

    Parameters
    ----------
    count
        What was counted.
    low, high
        Ends of the interval: of the expected count, or of it among ``among``.
    among
        How many there were to count from; None where there is no such number.
    """

    count: int
    low: float
    high: float
    among: int | None = None


def poisson_count(count: int) -> Count:
    """Count events that may happen any number of times.

    References
    ----------
    F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28, 1936, pp. 437-442,
    https://doi.org/10.1093/biomet/28.3-4.437.
    """
    tail = (1.0 - CONFIDENCE) / 2.0
    low = 0.5 * chi_square_quantile(tail, 2 * count) if count else 0.0
    high = 0.5 * chi_square_quantile(1.0 - tail, 2 * count + 2)
    return Count(count=count, low=low, high=high)


def binomial_count(count: int, among: int) -> Count:
    """Count those of a number of things to which something happened.

    Parameters
    ----------
    count
        To how many, 0 to ``among``.
    among
        Of how many, independent of one another.

    Returns
    -------
    Count
        With the exact 95 % interval, in things, not parts.

    References
    ----------
    C. J. Clopper, E. S. Pearson, The use of confidence or fiducial limits illustrated in the case
    of the binomial, Biometrika 26, 1934, pp. 404-413, https://doi.org/10.1093/biomet/26.4.404.
    """
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = 0.0, 1.0
    if count > 0:
        low = _bisected(lambda p: _beta_part(count, among - count + 1, p) - tail, 0.0, 1.0)
    if count < among:
        high = _bisected(lambda p: _beta_part(count + 1, among - count, p) - (1.0 - tail), 0.0, 1.0)
    return Count(count=count, low=low * among, high=high * among, among=among)


@cache
def chi_square_quantile(probability: float, freedom: int) -> float:
    """Value that chi-square with this many degrees of freedom stays below with a probability.

    Parameters
    ----------
    probability
        Above 0 and below 1.
    freedom
        Degrees of freedom, 1 or more.
    """
    spread = math.sqrt(2.0 * freedom)
    low, high = 0.0, freedom + 10.0 * spread + 60.0
    return _bisected(lambda x: _gamma_part(freedom / 2.0, x / 2.0) - probability, low, high)


def chi_square_band(samples: int, freedom: int) -> tuple[float, float]:
    """Return the 95 % band of the mean of independent chi-square values.

    Parameters
    ----------
    samples
        How many values the mean is of, 1 or more.
    freedom
        Degrees of freedom of each.

    References
    ----------
    Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation, Wiley, 2001, section 5.4.2.
    """
    tail = (1.0 - CONFIDENCE) / 2.0
    both = (chi_square_quantile(p, samples * freedom) / samples for p in (tail, 1.0 - tail))
    low, high = both
    return low, high


def _bisected(rising: Callable[[float], float], low: float, high: float) -> float:
    """Find where a rising function is zero, by false position kept inside halved brackets."""
    at_low, at_high = rising(low), rising(high)
    for _ in range(200):
        if high - low <= 1e-13 * max(abs(high), 1e-300):
            break
        # The secant where it helps, the middle where it does not.
        guess = low - at_low * (high - low) / (at_high - at_low) if at_high > at_low else low
        middle = 0.5 * (low + high)
        for point in (guess, middle):
            if low < point < high:
                value = rising(point)
                if value < 0.0:
                    low, at_low = point, value
                else:
                    high, at_high = point, value
    return 0.5 * (low + high)


def _gamma_part(a: float, x: float) -> float:
    """Regularised lower incomplete gamma function.

    References
    ----------
    DLMF, https://dlmf.nist.gov/8.11.E4 (series) and, contracted to its even part,
    https://dlmf.nist.gov/8.9.E2 (fraction).
    """
    if x <= 0.0:
        return 0.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for k in range(1, _STEPS_MAX):
            term *= x / (a + k)
            total += term
            if term < 1e-17 * total:
                break
        return scale * total
    return 1.0 - scale * _fraction(
        lambda k: -k * (k - a), lambda k: x + 2.0 * k + 1.0 - a, 1.0 / (x + 1.0 - a)
    )


def _beta_part(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function.

    References
    ----------
    DLMF, https://dlmf.nist.gov/8.17.E22.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _beta_part(b, a, 1.0 - x)
    scale = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )

    def above(k: int) -> float:
        m = k // 2
        if k % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))

    return scale / a * _fraction(above, lambda _: 1.0, 1.0)


def _fraction(above: Callable[[int], float], below: Callable[[int], float], first: float) -> float:
    """Sum the continued fraction 1 / (b0 + a1 / (b1 + a2 / (b2 + ...))), by Lentz's rule."""
    total = first
    c, d = math.inf, first
    for k in range(1, _STEPS_MAX):
        d = 1.0 / (below(k) + above(k) * d)
        c = below(k) + above(k) / c
        total *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return total
