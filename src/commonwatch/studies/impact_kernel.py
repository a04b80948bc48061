"""Compiled search for the moment at which an impact area is known well enough."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@kernel("f8(f8[:,::1], f8[:,::1])")
def long_half_variance(information: F64, slope: F64) -> float:
    """Return the greater variance, m2, of ``slope P slope'`` where P is the inverse of information.

    Both are destroyed: the information becomes its Cholesky factor L, the slopes L^-1 slope.
    Infinite where the information is not positive.
    """
    size = information.shape[0]
    for j in range(size):
        pivot = information[j, j]
        for k in range(j):
            pivot -= information[j, k] * information[j, k]
        if not pivot > 0.0:
            return math.inf
        root = math.sqrt(pivot)
        information[j, j] = root
        for i in range(j + 1, size):
            value = information[i, j]
            for k in range(j):
                value -= information[i, k] * information[j, k]
            information[i, j] = value / root
    for row in range(2):
        for i in range(size):
            value = slope[row, i]
            for k in range(i):
                value -= information[i, k] * slope[row, k]
            slope[row, i] = value / information[i, i]
    east, north, both = 0.0, 0.0, 0.0
    for i in range(size):
        east += slope[0, i] * slope[0, i]
        north += slope[1, i] * slope[1, i]
        both += slope[0, i] * slope[1, i]
    half = 0.5 * (east - north)
    return 0.5 * (east + north) + math.sqrt(half * half + both * both)


@kernel(
    "void(f8[:,:,:,:,::1], f8[:,:,:,::1], f8[:,:,::1], f8[::1], b1[::1], i8[:,::1], f8[:,:,::1],"
    " f8[::1], i8[::1], i8[::1], f8, f8[::1])"
)
def first_precise(
    information: F64,
    bias_slope: F64,
    bias_weight: F64,
    bias_prior: F64,
    is_member: npt.NDArray[np.bool_],
    start: I64,
    slope: F64,
    prior: F64,
    first: I64,
    last: I64,
    variance_max: float,
    found: F64,
) -> None:
    """Write for each path the sample, with a fraction, from which the variance stays below a limit.

    Sums over looks are cumulative along the samples, so the information between ``start`` and a
    sample is a difference; it only grows, so bisection finds the moment. nan where there is none.
    A constant range bias of each sensor is marginalised (Schur complement).
    """
    sensors, paths = information.shape[0], information.shape[1]
    size = information.shape[3]
    total = np.empty((size, size))
    rows = np.empty((2, size))
    for path in range(paths):
        low, high = first[path] - 1, last[path]
        variance_low, variance_high = math.inf, math.inf
        is_last_tried = False
        while high - low > 1 or not is_last_tried:
            sample = high if not is_last_tried else (low + high) // 2
            for i in range(size):
                for j in range(size):
                    total[i, j] = 0.0
                total[i, i] = prior[i]
                rows[0, i] = slope[path, 0, i]
                rows[1, i] = slope[path, 1, i]
            for sensor in range(sensors):
                begin = start[sensor, path]
                if not is_member[sensor] or begin >= sample:
                    continue
                weight = bias_weight[sensor, path, sample] - bias_weight[sensor, path, begin]
                if weight <= 0.0:
                    continue
                weight += bias_prior[sensor]
                for i in range(size):
                    side = bias_slope[sensor, path, sample, i] - bias_slope[sensor, path, begin, i]
                    for j in range(size):
                        other = (
                            bias_slope[sensor, path, sample, j] - bias_slope[sensor, path, begin, j]
                        )
                        total[i, j] += (
                            information[sensor, path, sample, i, j]
                            - information[sensor, path, begin, i, j]
                            - side * other / weight
                        )
            variance = long_half_variance(total, rows)
            if variance <= variance_max:
                high, variance_high = sample, variance
            elif not is_last_tried:
                high = -1
                break
            else:
                low, variance_low = sample, variance
            is_last_tried = True
        if high < 0 or high < first[path]:
            found[path] = math.nan
        elif variance_low == math.inf:
            found[path] = high
        else:
            part = math.log(variance_low / variance_max) / math.log(variance_low / variance_high)
            found[path] = low + part * (high - low)
