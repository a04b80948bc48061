"""Compiled: how tracks hang on the constant errors of the radars that fed them.

``by_bias`` says how far each component of a state vector moves with each sensor's constant errors:
6 rows, and for each sensor four columns, range, azimuth, elevation, time. The error of a track is
then that of its plots' noise, which its covariance holds, and ``by_bias`` times what is not known
of the biases; the two are independent. A bias is so *considered*, and not estimated, in a track
(Schmidt 1966); who estimates it from many tracks may move every track at once (Friedland 1969).

References
----------
S. F. Schmidt, Application of state-space methods to navigation problems, Advances in Control
Systems 3, Academic Press, 1966, pp. 293-340.
B. Friedland, Treatment of bias in recursive filtering, IEEE Transactions on Automatic Control 14
(4), 1969, pp. 359-367, doi:10.1109/TAC.1969.1099223.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.motion_kernel import FREE, POWERED

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]

TERMS = 4
TIME = 3
NEGLIGIBLE = 0.01
"""Part of a variance that is not worth the arithmetic."""


@kernel("void(f8[::1], f8[::1], f8[::1], f8[:,::1])", is_exact=True)
def place_slope(state_vector: F64, place: F64, rotation: F64, slope: F64) -> None:
    """Write how a place moves with range, azimuth, elevation and time of one sensor, 4 x 3."""
    dx = state_vector[0] - place[0]
    dy = state_vector[1] - place[1]
    dz = state_vector[2] - place[2]
    east = rotation[0] * dx + rotation[1] * dy + rotation[2] * dz
    north = rotation[3] * dx + rotation[4] * dy + rotation[5] * dz
    up = rotation[6] * dx + rotation[7] * dy + rotation[8] * dz
    level = max(math.sqrt(east * east + north * north), 1.0)
    r = math.sqrt(level * level + up * up)
    slope[0, 0], slope[0, 1], slope[0, 2] = dx / r, dy / r, dz / r
    for j in range(3):
        slope[1, j] = north * rotation[j] - east * rotation[3 + j]
        ahead = (east * rotation[j] + north * rotation[3 + j]) / level
        slope[2, j] = -up * ahead + level * rotation[6 + j]
        slope[TIME, j] = -state_vector[3 + j]


@kernel(
    "void(i8, i8, i8, f8[:,:,::1], f8[:,:,:,::1], b1[:,::1], f8[:,::1], f8[:,::1])", is_exact=True
)
def begin_by_bias(
    first: int,
    last: int,
    sensor: int,
    states: F64,
    by_bias: F64,
    fed: B1,
    place: F64,
    rotation: F64,
) -> None:
    """Set rows ``first`` to ``last``, tracks of one plot, to hang on its radar; none where -1."""
    slope = np.empty((TERMS, 3))
    for t in range(first, last):
        fed[t, :] = False
        by_bias[t, :, :, :] = 0.0
        if sensor < 0:
            continue
        fed[t, sensor] = True
        for m in range(2):
            place_slope(states[t, m], place[sensor], rotation[sensor], slope)
            for k in range(TERMS):
                for i in range(3):
                    by_bias[t, m, i, TERMS * sensor + k] = slope[k, i]


@kernel("i8(b1[::1], i8, i8[::1])", is_exact=True)
def terms_of(fed: B1, sensor: int, terms: I64) -> int:
    """List the columns of the radars that fed a track, and of one more (-1: none)."""
    count = 0
    for s in range(fed.shape[0]):
        if fed[s] or s == sensor:
            for k in range(TERMS):
                terms[count] = TERMS * s + k
                count += 1
    return count


@kernel("i8(b1[:,::1], i8, i8, i8, i8, f8[:,::1], i8[::1], f8[:,::1])", is_exact=True)
def covariance_of(
    fed: B1,
    track: int,
    before: int,
    sensor: int,
    count: int,
    covariance: F64,
    terms: I64,
    own: F64,
) -> int:
    """Write the covariance of a track's terms, those of ``terms_of``; return how many.

    ``before`` is the track that ``terms`` and ``own`` stand for, -1 for none: most tracks are fed
    by the same radars as the one before.
    """
    is_same = before >= 0
    for s in range(fed.shape[1]):
        is_same = is_same and fed[track, s] == fed[before, s]
    if is_same:
        return count
    count = terms_of(fed[track], sensor, terms)
    for c in range(count):
        for d in range(count):
            own[c, d] = covariance[terms[c], terms[d]]
    return count


@kernel("void(f8[:,::1], i8, f8[::1], i8, i8[::1], i8, f8[:,::1], f8[:,::1], i8)", is_exact=True)
def shown_by_bias(
    slope: F64,
    value: int,
    state_vector: F64,
    sensor: int,
    terms: I64,
    count: int,
    by_bias: F64,
    shown: F64,
    row: int,
) -> None:
    """Write how measured less expected moves with the biases ``terms``, for one value of a plot.

    Row ``value`` of ``slope`` is that of the expected value by the state vector; ``by_bias`` has a
    column for each term, and ``shown`` is written in row ``row``. ``sensor`` is the radar that
    measured, -1 for a satellite, which has no bias. A late clock shows an earlier object; that
    gravity changed its range rate meanwhile is left out (centimetres a second).
    """
    x, y, z = slope[value, 0], slope[value, 1], slope[value, 2]
    u, v, w = slope[value, 3], slope[value, 4], slope[value, 5]
    for c in range(count):
        shown[row, c] = -(
            x * by_bias[0, c]
            + y * by_bias[1, c]
            + z * by_bias[2, c]
            + u * by_bias[3, c]
            + v * by_bias[4, c]
            + w * by_bias[5, c]
        )
    if sensor < 0:
        return
    first = TERMS * sensor
    for c in range(0, count, TERMS):
        if terms[c] == first:
            if value < TIME:
                shown[row, c + value] += 1.0
            shown[row, c + TIME] -= x * state_vector[3] + y * state_vector[4] + z * state_vector[5]


@kernel(
    "void(i8, f8[:,::1], f8[::1], i8, i8[::1], i8, f8[:,::1], f8[::1], f8[:,::1], f8[::1],"
    " f8[:,::1], f8[:,::1], f8[:,::1])",
    is_exact=True,
)
def bias_spread(
    values: int,
    slope: F64,
    state_vector: F64,
    sensor: int,
    terms: I64,
    count: int,
    by_bias: F64,
    std: F64,
    covariance: F64,
    noise: F64,
    shown: F64,
    known: F64,
    spread: F64,
) -> None:
    """Add to the spread of measured less expected what biases leave open, (values, values).

    ``by_bias``, ``std`` and ``covariance`` are of the biases ``terms``; ``shown`` and ``known`` are
    scratch, as many rows of 4: every sum runs for four values side by side. Nothing is added where
    all of it is nothing beside ``noise``, the standard deviation of each value.
    """
    first = TERMS * sensor
    reach_a, reach_b, reach_c, reach_d = 0.0, 0.0, 0.0, 0.0
    for n in range(count):
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for i in range(6):
            part = by_bias[i, n]
            a -= part * slope[0, i]
            b -= part * slope[1, i]
            c -= part * slope[2, i]
            d -= part * slope[3, i]
        if sensor >= 0 and terms[n] == first + TIME:
            # A late clock shows an earlier object.
            for i in range(3):
                part = state_vector[3 + i]
                a -= part * slope[0, i]
                b -= part * slope[1, i]
                c -= part * slope[2, i]
                d -= part * slope[3, i]
        elif sensor >= 0 and terms[n] >= first and terms[n] < first + TIME:
            a += 1.0 if terms[n] == first else 0.0
            b += 1.0 if terms[n] == first + 1 else 0.0
            c += 1.0 if terms[n] == first + 2 else 0.0
        shown[n, 0], shown[n, 1], shown[n, 2], shown[n, 3] = a, b, c, d
        reach_a += abs(a) * std[n]
        reach_b += abs(b) * std[n]
        reach_c += abs(c) * std[n]
        reach_d += abs(d) * std[n]
    is_nothing = (
        reach_a * reach_a < NEGLIGIBLE * noise[0] * noise[0]
        and reach_b * reach_b < NEGLIGIBLE * noise[1] * noise[1]
        and (values < 3 or reach_c * reach_c < NEGLIGIBLE * noise[2] * noise[2])
        and (values < 4 or reach_d * reach_d < NEGLIGIBLE * noise[3] * noise[3])
    )
    if is_nothing:
        return
    for n in range(count):
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for m in range(count):
            part = covariance[n, m]
            a += part * shown[m, 0]
            b += part * shown[m, 1]
            c += part * shown[m, 2]
            d += part * shown[m, 3]
        known[n, 0], known[n, 1], known[n, 2], known[n, 3] = a, b, c, d
    for k in range(values):
        for m in range(k + 1):
            part = 0.0
            for n in range(count):
                part += known[n, k] * shown[n, m]
            spread[k, m] += part
            if m != k:
                spread[m, k] += part


@kernel("f8(f8[:,::1], i8, f8[::1])", is_exact=True)
def place_reach(by_bias: F64, count: int, std: F64) -> float:
    """Bound how far a place may be off by all biases together: as if they all added up.

    ``by_bias`` and ``std`` are of the same biases.
    """
    reach = 0.0
    for c in range(count):
        if std[c] > 0.0:
            moved = 0.0
            for i in range(3):
                moved += by_bias[i, c] * by_bias[i, c]
            reach += std[c] * math.sqrt(moved)
    return reach


@kernel("void(i8[::1], f8[:,::1], f8[:,:,:,::1], b1[:,::1], f8[:,::1], f8[:,:,::1])", is_exact=True)
def add_bias(rows: I64, weights: F64, by_bias: F64, fed: B1, covariance: F64, spread: F64) -> None:
    """Add to each track's covariance what the biases of the radars that fed it leave open."""
    size = covariance.shape[0]
    terms = np.empty(size, dtype=np.int64)
    own = np.empty((size, size))
    moved, known = np.empty((6, size)), np.empty((6, size))
    count, before = 0, -1
    for index in range(rows.shape[0]):
        t = rows[index]
        count = covariance_of(fed, t, before, -1, count, covariance, terms, own)
        before = t
        w = weights[t, POWERED]
        for i in range(6):
            for c in range(count):
                moved[i, c] = by_bias[t, FREE, i, terms[c]]
                known[i, c] = 0.0
            if w > 0.0:
                for c in range(count):
                    moved[i, c] += w * (by_bias[t, POWERED, i, terms[c]] - moved[i, c])
            for d in range(count):
                for c in range(count):
                    known[i, c] += moved[i, d] * own[d, c]
        for i in range(6):
            for j in range(i + 1):
                total = 0.0
                for c in range(count):
                    total += known[i, c] * moved[j, c]
                spread[index, i, j] += total
                if i != j:
                    spread[index, j, i] += total


@kernel("void(i8, f8[:,:,::1], f8[:,:,:,::1], b1[:,::1], f8[::1])", is_exact=True)
def move_by_bias(count: int, states: F64, by_bias: F64, fed: B1, change: F64) -> None:
    """Move tracks to where they would stand had the biases been known better by ``change``."""
    terms = np.empty(change.shape[0], dtype=np.int64)
    for t in range(count):
        own = terms_of(fed[t], -1, terms)
        for m in range(2):
            for i in range(6):
                for c in range(own):
                    states[t, m, i] -= by_bias[t, m, i, terms[c]] * change[terms[c]]
