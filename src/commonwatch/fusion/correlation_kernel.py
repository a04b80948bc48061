"""Compiled: how far apart two sets of tracks are, each with each."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.kalman_kernel import factorised

F64 = npt.NDArray[np.float64]


@kernel(
    "void(f8[:,::1], f8[:,:,::1], f8[:,::1], f8[:,:,::1], f8[::1], f8[:,::1], f8, f8,"
    " f8[:,::1], f8[:,::1])",
    is_exact=True,
)
def distances(
    first: F64,
    first_covariance: F64,
    second: F64,
    second_covariance: F64,
    offset: F64,
    common: F64,
    widening: float,
    limit: float,
    distance_squared: F64,
    log_determinant: F64,
) -> None:
    """Write the squared distance of every pair, in units of its covariance, and ln of the latter.

    The difference is ``first - second - offset``, its covariance ``widening`` times the sum of both
    plus ``common``. A pair beyond ``limit`` gets an infinite distance; most are found so by the
    distance in space alone, whose square is at most ``limit`` times the trace of its covariance.
    """
    total = np.empty((6, 6))
    lower = np.zeros((6, 6))
    gap = np.empty(6)
    for i in range(first.shape[0]):
        for j in range(second.shape[0]):
            distance_squared[i, j] = np.inf
            log_determinant[i, j] = np.inf
            apart, spread = 0.0, 0.0
            for k in range(6):
                gap[k] = first[i, k] - second[j, k] - offset[k]
                if k < 3:
                    apart += gap[k] * gap[k]
                    both = first_covariance[i, k, k] + second_covariance[j, k, k]
                    spread += widening * both + common[k, k]
            if not apart <= limit * spread:
                continue
            for k in range(6):
                for m in range(6):
                    both = first_covariance[i, k, m] + second_covariance[j, k, m]
                    total[k, m] = widening * both + common[k, m]
            if not factorised(total, lower, 6):
                continue
            square, logarithm = 0.0, 0.0
            for k in range(6):
                left = gap[k]
                for m in range(k):
                    left -= lower[k, m] * gap[m]
                gap[k] = left / lower[k, k]
                square += gap[k] * gap[k]
                logarithm += 2.0 * math.log(lower[k, k])
            if square <= limit:
                distance_squared[i, j] = square
                log_determinant[i, j] = logarithm
