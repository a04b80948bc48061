"""Which radars' clocks are off, weighed together with all other constant errors.

========================  =========================================================  =======
figure                    reason                                                     mark
========================  =========================================================  =======
``OFF_STD_S``             a clock without its reference is off by some tenth of a    assumed
                          second
``OFF_PROBABILITY``       one radar in fifty has lost its reference                  assumed
========================  =========================================================  =======
"""

from __future__ import annotations

import math
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.tracking.bias_kernel import TIME

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

OFF_STD_S: Final = 0.1
OFF_PROBABILITY: Final = 0.02
ALL_MAX: Final = 6
"""Clocks of which all choices are weighed."""
_NONE: Final = 1e-12


def possible_time_std_s(kept_std_s: float) -> float:
    """Tell how far a clock may be off of which nothing is known yet: a standard deviation."""
    off = OFF_PROBABILITY
    return math.sqrt(off * OFF_STD_S**2 + (1.0 - off) * kept_std_s**2)


def weighed(news: F64, vector: F64, prior_std: F64) -> tuple[F64, F64]:
    """Weigh what plots say of constant errors against what was to be expected.

    Parameters
    ----------
    news, vector
        Information of the plots on all terms, and that times their values, shapes (4 sensors,
        4 sensors), (4 sensors,).
    prior_std
        Standard deviations before any plot, of time that of a clock that is kept, shape
        (sensors, 4); zero: none.

    Returns
    -------
    value, covariance
        Mean and covariance, shapes (sensors, 4), (4 sensors, 4 sensors).

    Notes
    -----
    Plots tell differences of clocks and nothing of what all have in common: free flight a second
    later is free flight. A weak prior on each clock would leave all times open for that reason, a
    strong one denies what plots say. So each clock is either kept or off, by itself. For every
    choice the terms have a normal distribution with its own evidence; what is told is the mean and
    the covariance of all of them together. With three radars one clock that differs is off, with
    two nobody can say which one is, and the covariance says that.

    Of few clocks all choices are weighed; of many those on the way to the likeliest one, flipping
    a clock at a time, and those next to it.
    """
    spread = np.where(prior_std > 0.0, prior_std, _NONE)
    spread[:, TIME] = np.where(prior_std[:, TIME] > 0.0, OFF_STD_S, _NONE)
    kept = (spread[:, TIME] / np.where(prior_std[:, TIME] > 0.0, prior_std[:, TIME], _NONE)) ** 2
    scale = spread.ravel()
    # Scaled, since metres and radians stand side by side; elimination may round below nothing.
    part, axes = np.linalg.eigh(news * np.outer(scale, scale))
    scaled = (axes * np.maximum(part, 0.0)) @ axes.T
    told = vector * scale
    size = len(scale)
    times = np.arange(TIME, size, prior_std.shape[1])
    rest = np.delete(np.arange(size), times)
    solved = np.linalg.inv(scaled[np.ix_(rest, rest)] + np.eye(len(rest)))
    cross = solved @ scaled[np.ix_(rest, times)]
    seen = scaled[np.ix_(times, times)] - scaled[np.ix_(times, rest)] @ cross
    mean, spread_of_times = _mixed(seen, told[times] - cross.T @ told[rest], kept)
    value, covariance = np.empty(size), np.empty((size, size))
    value[times], value[rest] = mean, solved @ told[rest] - cross @ mean
    covariance[np.ix_(times, times)] = spread_of_times
    covariance[np.ix_(rest, times)] = -cross @ spread_of_times
    covariance[np.ix_(times, rest)] = -spread_of_times @ cross.T
    covariance[np.ix_(rest, rest)] = solved + cross @ spread_of_times @ cross.T
    return (
        (value * scale).reshape(prior_std.shape),
        0.5 * (covariance + covariance.T) * np.outer(scale, scale),
    )


def _mixed(seen: F64, told: F64, kept: F64) -> tuple[F64, F64]:
    """Mean and covariance over all choices of clocks that are off, in units of ``OFF_STD_S``.

    ``kept`` is the information that there is on a clock that is kept; 1 for one that cannot be off.
    """
    may_be_off = np.flatnonzero(kept > 1.0)
    choices: dict[bytes, tuple[float, F64, F64]] = {}

    def judge(is_off: Bools) -> float:
        key = is_off.tobytes()
        if key not in choices:
            prior = np.where(is_off, 1.0, kept)
            covariance = np.linalg.inv(seen + np.diag(prior))
            mean = covariance @ told
            evidence = 0.5 * (
                np.log(prior).sum() + np.linalg.slogdet(covariance)[1] + told @ mean
            ) + is_off.sum() * math.log(OFF_PROBABILITY / (1.0 - OFF_PROBABILITY))
            choices[key] = float(evidence), mean, covariance
        return choices[key][0]

    likeliest = np.zeros(len(kept), dtype=np.bool_)
    if len(may_be_off) <= ALL_MAX:
        for each in product([False, True], repeat=len(may_be_off)):
            choice = likeliest.copy()
            choice[may_be_off] = each
            judge(choice)
    while True:
        here = judge(likeliest)
        next_to = []
        for one in may_be_off.tolist():
            other = likeliest.copy()
            other[one] = not other[one]
            next_to.append((judge(other), one))
        best, clock = max(next_to, default=(-math.inf, -1))
        if best <= here:
            break
        likeliest[clock] = not likeliest[clock]
    evidence = np.array([each[0] for each in choices.values()])
    weight = np.exp(evidence - evidence.max())
    weight /= weight.sum()
    mean = sum(w * each[1] for w, each in zip(weight, choices.values(), strict=True))
    covariance = np.zeros_like(seen)
    for share, (_, own, spread) in zip(weight, choices.values(), strict=True):
        covariance += share * (spread + np.outer(own - mean, own - mean))
    return np.asarray(mean), covariance
