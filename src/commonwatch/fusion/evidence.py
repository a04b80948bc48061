"""How much likelier a fault makes what contributors say: ratios of likelihoods, as logarithms.

Each ratio has the mean one where everybody is honest, so that honest contributors reach a ratio of
1 / a at any one look with probability a at most (Markov), and at any look at all where the ratios
form a martingale (Ville).

==========================  =======================================================  =======
figure                      source                                                   mark
==========================  =======================================================  =======
``LIE_VARIANCE``            a lie of 5 standard deviations in 3 directions           derived
``SILENCE``                 one who denies still reports once in fifty looks         assumed
``EXPECTED_MAX``            no honest report is surer than 19 in 20: outages         assumed
``SPEAKING_MAX``            of one who reports others, than 499 in 500: tracks lost  assumed
``FALSE_TRACK``             one honest confirmed track in twenty is none             assumed
``FALSE_TRACK_STAYS``       three false tracks in ten live to the next look          assumed
``DENIAL_BEGINS``           half from the first look at what it never reported,      assumed
                            else one look in ten
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

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LIE_VARIANCE: Final = 9.0
"""Variance of a lie over that of the difference: where a little more than 5 standard deviations in
three directions, which a perfect test would just see, weigh most. Larger lies weigh more anyhow."""
SILENCE: Final = 0.02
EXPECTED_MIN: Final = 0.8
"""Only looks that an honest contributor would report with this probability are judged."""
EXPECTED_MAX: Final = 0.95
SPEAKING_MAX: Final = 0.998
FALSE_TRACK: Final = 0.05
FALSE_TRACK_STAYS: Final = 0.3
DENIAL_BEGINS: Final = (0.5, 0.1)


def log_lie(square: F64, size: int) -> F64:
    """Logarithm of how much likelier a difference is of a lie than of chance.

    Parameters
    ----------
    square
        d' S^-1 d of the difference.
    size
        Its number of components n.

    Notes
    -----
    Under honesty d is N(0, S), under a lie N(0, (1 + k) S), k = ``LIE_VARIANCE``:

        ratio = (1 + k)^(-n/2) exp(k / (1 + k) d' S^-1 d / 2)
    """
    k = LIE_VARIANCE
    return np.asarray(-0.5 * size * math.log1p(k) + 0.5 * k / (1.0 + k) * square)


def square_of(information: F64, vector: F64, is_judged: Mask) -> F64:
    """Return h' J^-1 h of the information J about a lie and h, J times the difference.

    Parameters
    ----------
    information, vector
        Shapes (..., n, n) and (..., n). Of a lie about position alone they are the first parts of
        those of the whole: an honest velocity tells of the error in position.
    is_judged
        Where there is anything, shape (...); 0 elsewhere.
    """
    size = vector.shape[-1]
    safe = np.where(is_judged[..., None, None], information, np.eye(size))
    # Elimination of one row after another, of all matrices at once.
    left = [[safe[..., row, column] for column in range(size)] for row in range(size)]
    along = [vector[..., row] for row in range(size)]
    square = np.zeros(np.broadcast_shapes(vector.shape[:-1], is_judged.shape))
    for pivot in range(size):
        square += along[pivot] ** 2 / left[pivot][pivot]
        for row in range(pivot + 1, size):
            factor = left[row][pivot] / left[pivot][pivot]
            along[row] = along[row] - factor * along[pivot]
            for column in range(pivot + 1, size):
                left[row][column] = left[row][column] - factor * left[pivot][column]
    return np.where(is_judged, square, 0.0)


def log_disagreement(difference: npt.ArrayLike, covariance: npt.ArrayLike) -> F64:
    """Logarithm of how much likelier differences are of a lie, in position or in everything.

    Parameters
    ----------
    difference
        One estimate less another, shape (..., 6).
    covariance
        Sum of both covariances, shape (..., 6, 6).
    """
    gap = np.asarray(difference, dtype=np.float64)
    information = np.linalg.inv(np.asarray(covariance, dtype=np.float64))
    vector = (information @ gap[..., None])[..., 0]
    everything = np.ones(gap.shape[:-1], dtype=np.bool_)
    position = square_of(information[..., :3, :3], vector[..., :3], everything)
    return log_mean(np.stack([log_lie(position, 3), log_lie((gap * vector).sum(axis=-1), 6)]))


def log_mean(logarithms: F64) -> F64:
    """Logarithm of the mean over the first axis of what the logarithms are of."""
    highest = logarithms.max(axis=0)
    safe = np.where(np.isfinite(highest), highest, 0.0)
    return np.asarray(safe + np.log(np.exp(logarithms - safe).mean(axis=0)))


def log_pooled(log_ratio: F64, is_judged: Mask) -> F64:
    """Logarithm of a contributor's ratio from those of its objects, shapes (..., N) to (...).

    Parameters
    ----------
    log_ratio
        Natural logarithms, shape (..., N); what is not judged may be anything.
    is_judged
        Shape (..., N).

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


@dataclass(slots=True, eq=False)
class DenialEvidence:
    """Whether contributors deny objects that others see, look by look.

    Parameters
    ----------
    ratio, unspent
        Of each contributor and object, shape (C, N); ``begun`` with zero and one.

    Notes
    -----
    Each look multiplies by (1 - 0.02) / (1 - p) if it is silent and by 0.02 / p if it reports, p
    the probability that an honest one would report. When the denial began is not known: its
    beginning has a prior, so that the sum over beginnings is a martingale under honesty.
    """

    ratio: F64
    unspent: F64

    @staticmethod
    def begun(shape: tuple[int, ...]) -> DenialEvidence:
        """Nothing seen yet."""
        return DenialEvidence(np.zeros(shape), np.ones(shape))

    def look(
        self, expected: F64, is_reported: Mask, is_judged: Mask, *, has_spoken: Mask | None = None
    ) -> None:
        """Take one look in where it is judged.

        Parameters
        ----------
        expected
            Probability of an honest report, below one.
        is_reported, is_judged
            Where there is one, and where it is looked.
        has_spoken
            Where the object had been reported before. None: nowhere.
        """
        first, later = DENIAL_BEGINS
        is_new = self.unspent == 1.0
        if has_spoken is not None:
            is_new &= ~has_spoken
        begins = np.where(is_new, first, later * self.unspent)
        probability = np.where(is_judged, expected, 0.5)
        silent = (1.0 - SILENCE) / (1.0 - probability)
        factor = np.where(is_reported, SILENCE / probability, silent)
        self.ratio = np.where(is_judged, (self.ratio + begins) * factor, self.ratio)
        self.unspent = np.where(is_judged, self.unspent - begins, self.unspent)

    @property
    def log_ratio(self) -> F64:
        """Logarithm of the evidence so far."""
        return np.log(self.ratio + self.unspent)


@dataclass(slots=True, eq=False)
class InventionEvidence:
    """Whether objects that one contributor alone reports exist, look by look.

    Parameters
    ----------
    looks, log_missed
        Of each contributor and object, shape (C, N): looks at which it alone reported it, and the
        logarithm of the probability that all others missed it where they should have seen it;
        ``begun`` with zeros.

    Notes
    -----
    An honest report of nothing is a false track, which seldom lives on, seen by others or not; one
    of something is silent at all others with the product of their missing it:

        ratio = 1 / (f s^looks + (1 - f) product of (1 - p))
    """

    looks: F64
    log_missed: F64

    @staticmethod
    def begun(shape: tuple[int, ...]) -> InventionEvidence:
        """Nothing seen yet."""
        return InventionEvidence(np.zeros(shape), np.zeros(shape))

    def look(
        self, others_log_missed: F64, is_judged: Mask, *, lives_on: Mask | None = None
    ) -> None:
        """Take one look in.

        Parameters
        ----------
        others_log_missed
            Logarithm of the probability that all others missed it.
        is_judged
            Where they should have seen it.
        lives_on
            Where it is reported at all. None: where it is judged.
        """
        self.looks = np.where(
            is_judged if lives_on is None else lives_on, self.looks + 1.0, self.looks
        )
        self.log_missed = np.where(is_judged, self.log_missed + others_log_missed, self.log_missed)

    def forget(self, is_over: Mask) -> None:
        """Begin again where others report it too, or nobody does."""
        self.looks = np.where(is_over, 0.0, self.looks)
        self.log_missed = np.where(is_over, 0.0, self.log_missed)

    @property
    def log_ratio(self) -> F64:
        """Logarithm of the evidence so far."""
        is_none = FALSE_TRACK * FALSE_TRACK_STAYS**self.looks
        both = -np.log(is_none + (1.0 - FALSE_TRACK) * np.exp(self.log_missed))
        return np.where(self.log_missed < 0.0, both, 0.0)


def believable(expected: F64, is_there: Mask) -> F64:
    """Return the probability of an honest report, outages and lost tracks included.

    Parameters
    ----------
    expected
        From fields of view, detection probabilities and what the link loses, shape (C, N).
    is_there
        Who reports what, (C, N): who speaks of any other object is not out.
    """
    speaks = is_there.sum(axis=1, keepdims=True) - is_there > 0
    return np.asarray(np.minimum(expected, np.where(speaks, SPEAKING_MAX, EXPECTED_MAX)))
