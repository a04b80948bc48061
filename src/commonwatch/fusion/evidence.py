"""How much likelier a fault makes what contributors say: ratios of likelihoods, as logarithms.

Each ratio has the mean one where everybody is honest, so that honest contributors reach a ratio of
1 / a at any one look with probability a at most (Markov), and at any look at all where the ratios
form a martingale (Ville).

==========================  =======================================================  =======
figure                      source                                                   mark
==========================  =======================================================  =======
``LIE_VARIANCE``            a lie of twice the difference's deviation                assumed
``SILENCE``                 one who denies still reports once in fifty looks         assumed
``EXPECTED_MAX``            no honest report is surer than 19 in 20: outages         assumed
``FALSE_TRACK``             one honest confirmed track in ten is none                assumed
``FALSE_TRACK_STAYS``       half of the false tracks live to the next look           assumed
``DENIAL_BEGINS``           half from the first look, else one look in twenty        assumed
==========================  =======================================================  =======

References
----------
J. Ville, Etude critique de la notion de collectif, Gauthier-Villars, 1939.
E. S. Page, Continuous inspection schemes, Biometrika 41, 1954, pp. 100-115,
https://doi.org/10.1093/biomet/41.1-2.100.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.tracking.estimate import normalised_error_squared

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LIE_VARIANCE: Final = 4.0
"""Variance of a lie over that of the difference: where 5 standard deviations of a difference, which
a perfect test would just see, weigh most. Larger lies weigh more anyhow."""
SILENCE: Final = 0.02
EXPECTED_MIN: Final = 0.8
"""Only looks that an honest contributor would report with this probability are judged."""
EXPECTED_MAX: Final = 0.95
FALSE_TRACK: Final = 0.1
FALSE_TRACK_STAYS: Final = 0.5
DENIAL_BEGINS: Final = (0.5, 0.05)


def log_disagreement(difference: npt.ArrayLike, covariance: npt.ArrayLike) -> F64:
    """Logarithm of how much likelier a difference is of a lie than of chance.

    Parameters
    ----------
    difference
        A contributor's estimate less the combination of the others, shape (..., 6) or (..., 3).
    covariance
        Sum of both covariances, shape (..., n, n).

    Notes
    -----
    Under honesty d is N(0, S), under a lie N(0, (1 + k) S): with n components

        ratio = (1 + k)^(-n/2) exp(k / (1 + k) d' S^-1 d / 2)

    with k = ``LIE_VARIANCE``; of state vectors the mean of that of the position and of the whole.
    """
    errors = np.asarray(difference, dtype=np.float64)
    total = np.asarray(covariance, dtype=np.float64)
    k = LIE_VARIANCE
    parts = []
    for size in sorted({3, errors.shape[-1]}):
        square = normalised_error_squared(errors[..., :size], total[..., :size, :size])
        parts.append(-0.5 * size * math.log1p(k) + 0.5 * k / (1.0 + k) * square)
    return log_mean(np.stack(parts))


def log_mean(logarithms: F64) -> F64:
    """Logarithm of the mean over the first axis of what the logarithms are of."""
    highest = logarithms.max(axis=0)
    safe = np.where(np.isfinite(highest), highest, 0.0)
    return np.asarray(safe + np.log(np.exp(logarithms - safe).mean(axis=0)))


def log_pooled(log_ratio: F64, is_judged: Mask) -> F64:
    """Logarithm of a contributor's ratio from those of its objects, shapes (..., N) to (...).

    Notes
    -----
    The product of (1 - s + s ratio) with s = 1 / (N + 1): each object may or may not be lied about,
    and one that is among many costs the evidence a factor of N only.
    """
    count = is_judged.sum(axis=-1, keepdims=True)
    share = 1.0 / (count + 1.0)
    safe = np.where(is_judged, log_ratio, 0.0)
    each = np.logaddexp(np.log1p(-np.minimum(share, 0.5)), np.log(share) + safe)
    return np.asarray(np.where(is_judged, each, 0.0).sum(axis=-1))


def log_common_shift(difference: F64, covariance: F64, is_judged: Mask) -> F64:
    """Logarithm of the ratio for one lie about all objects, shapes (N, 6) and (N, 6, 6) to ()."""
    if not is_judged.any():
        return np.asarray(0.0)
    weight = np.linalg.inv(covariance[is_judged])
    total = np.linalg.inv(weight.sum(axis=0))
    shift = total @ np.einsum("nij,nj->i", weight, difference[is_judged])
    return log_disagreement(shift, total)


@dataclass(slots=True)
class DenialEvidence:
    """Whether one contributor denies one object that others see, look by look.

    Notes
    -----
    Each look multiplies by (1 - 0.02) / (1 - p) if it is silent and by 0.02 / p if it reports, p
    the probability that an honest one would report. When the denial began is not known: its
    beginning has a prior, so that the sum over beginnings is a martingale under honesty.
    """

    ratio: float = 0.0
    unspent: float = 1.0

    def look(self, expected: float, *, is_reported: bool) -> None:
        """Take one look in; ``expected`` is the probability of an honest report."""
        begins = DENIAL_BEGINS[0] if self.unspent == 1.0 else DENIAL_BEGINS[1] * self.unspent
        probability = min(expected, EXPECTED_MAX)
        factor = SILENCE / probability if is_reported else (1.0 - SILENCE) / (1.0 - probability)
        self.ratio = (self.ratio + begins) * factor
        self.unspent -= begins

    @property
    def log_ratio(self) -> float:
        """Logarithm of the evidence so far."""
        return math.log(self.ratio + self.unspent)


@dataclass(slots=True)
class InventionEvidence:
    """Whether an object that one contributor alone reports exists, look by look.

    Notes
    -----
    An honest report of nothing is a false track, which seldom lives on; one of something is silent
    at all others with the product of their missing it:

        ratio = 1 / (f s^looks + (1 - f) product of (1 - p))
    """

    looks: int = 0
    log_missed: float = 0.0

    def look(self, others_expected: F64) -> None:
        """Take one look in: each other's probability of reporting it, all of them silent."""
        self.looks += 1
        self.log_missed += float(np.log1p(-np.minimum(others_expected, EXPECTED_MAX)).sum())

    @property
    def log_ratio(self) -> float:
        """Logarithm of the evidence so far."""
        is_none = FALSE_TRACK * FALSE_TRACK_STAYS**self.looks
        return -math.log(is_none + (1.0 - FALSE_TRACK) * math.exp(self.log_missed))
