"""Compiled: one object against one plot, by the extended and the unscented filter.

A plot is ``kind`` (radar or infrared), four values and their standard deviations. Radar: range,
azimuth, geometric elevation, range rate (nan where the radar has none). Infrared: the unit vector
of the line of sight, whose two components across the line are compared; the first standard
deviation is that of either. ``eye`` is the radar's site or the satellite, ``rotation`` the radar's
east, north and up as nine numbers. ``offset_s`` is the plot's time after that of the state vector:
a tenth of a second at most.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.bias_kernel import NEGLIGIBLE, shown_by_bias
from commonwatch.tracking.motion_kernel import acceleration

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

RADAR = 0
INFRARED = 1

SPREAD = 3.0
"""n + kappa of the unscented points, 3 for a Gaussian (Julier and Uhlmann 1997)."""

BENT = 0.1
"""Part of a value's own error by which it may bend before a straight slope no longer does."""
PLANES = 2.0
"""What a plot tells is kept at one slope and what those before it told at others: two that the
value bends away from (*assumed*, independent)."""

_PI = math.pi


@kernel("f8(f8)", is_exact=True)
def wrapped(angle: float) -> float:
    """Turn an angle into -pi to pi."""
    return angle - 2.0 * _PI * math.floor((angle + _PI) / (2.0 * _PI))


@kernel("void(f8[::1], f8[::1], f8[::1])", is_exact=True)
def across_line(line: F64, first: F64, second: F64) -> None:
    """Write two unit vectors square to a line and to each other."""
    if abs(line[2]) < 0.9:
        length = math.sqrt(line[0] * line[0] + line[1] * line[1])
        first[0], first[1], first[2] = -line[1] / length, line[0] / length, 0.0
    else:
        length = math.sqrt(line[1] * line[1] + line[2] * line[2])
        first[0], first[1], first[2] = 0.0, -line[2] / length, line[1] / length
    second[0] = line[1] * first[2] - line[2] * first[1]
    second[1] = line[2] * first[0] - line[0] * first[2]
    second[2] = line[0] * first[1] - line[1] * first[0]


@kernel(
    "i8(i8, f8[::1], f8[::1], f8[::1], f8[::1], f8, f8[::1], f8[::1], f8[:,::1], f8[:,::1])",
    is_exact=True,
)
def linearised(
    kind: int,
    state_vector: F64,
    values: F64,
    eye: F64,
    rotation: F64,
    offset_s: float,
    field: F64,
    residual: F64,
    slope: F64,
    scratch: F64,
) -> int:
    """Write measured minus expected and its slope by the state vector; return how many values.

    ``slope`` is 4 x 6 (of the expected values), ``scratch`` at least 2 x 6. Within the offset the
    acceleration is constant.
    """
    x, y, z = state_vector[0], state_vector[1], state_vector[2]
    u, v, w = state_vector[3], state_vector[4], state_vector[5]
    if offset_s != 0.0:
        a, b, c = acceleration(x, y, z, u, v, w, 0.0, field)
        half = 0.5 * offset_s * offset_s
        x += offset_s * u + half * a
        y += offset_s * v + half * b
        z += offset_s * w + half * c
        u += offset_s * a
        v += offset_s * b
        w += offset_s * c
    dx, dy, dz = x - eye[0], y - eye[1], z - eye[2]
    r2 = dx * dx + dy * dy + dz * dz
    r = math.sqrt(r2)
    ux, uy, uz = dx / r, dy / r, dz / r
    if kind == INFRARED:
        first, second = scratch[0], scratch[1]
        across_line(values[:3], first[:3], second[:3])
        for k in range(2):
            e = first if k == 0 else second
            along = e[0] * ux + e[1] * uy + e[2] * uz
            residual[k] = -along
            slope[k, 0] = (e[0] - along * ux) / r
            slope[k, 1] = (e[1] - along * uy) / r
            slope[k, 2] = (e[2] - along * uz) / r
            for j in range(3):
                slope[k, 3 + j] = offset_s * slope[k, j]
        return 2
    east = rotation[0] * dx + rotation[1] * dy + rotation[2] * dz
    north = rotation[3] * dx + rotation[4] * dy + rotation[5] * dz
    up = rotation[6] * dx + rotation[7] * dy + rotation[8] * dz
    level2 = max(east * east + north * north, 1.0)
    level = math.sqrt(level2)
    residual[0] = values[0] - r
    residual[1] = wrapped(values[1] - math.atan2(east, north))
    residual[2] = values[2] - math.atan2(up, level)
    slope[0, 0], slope[0, 1], slope[0, 2] = ux, uy, uz
    ae, an = north / level2, -east / level2
    le, ln, lu = -up * east / (r2 * level), -up * north / (r2 * level), level / r2
    for j in range(3):
        slope[1, j] = ae * rotation[j] + an * rotation[3 + j]
        slope[2, j] = le * rotation[j] + ln * rotation[3 + j] + lu * rotation[6 + j]
    for k in range(3):
        for j in range(3):
            slope[k, 3 + j] = offset_s * slope[k, j]
    if math.isnan(values[3]):
        return 3
    rate = ux * u + uy * v + uz * w
    residual[3] = values[3] - rate
    slope[3, 0] = (u - rate * ux) / r
    slope[3, 1] = (v - rate * uy) / r
    slope[3, 2] = (w - rate * uz) / r
    slope[3, 3] = ux + offset_s * slope[3, 0]
    slope[3, 4] = uy + offset_s * slope[3, 1]
    slope[3, 5] = uz + offset_s * slope[3, 2]
    return 4


@kernel("UniTuple(f8, 6)(f8[:,::1], f8[:,::1], i8)", is_inlined=True, is_exact=True)
def along(
    covariance: F64, slope: F64, value: int
) -> tuple[float, float, float, float, float, float]:
    """Return a covariance times one row of a slope."""
    a, b, c, d, e, f = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(6):
        part = slope[value, j]
        a += covariance[j, 0] * part
        b += covariance[j, 1] * part
        c += covariance[j, 2] * part
        d += covariance[j, 3] * part
        e += covariance[j, 4] * part
        f += covariance[j, 5] * part
    return a, b, c, d, e, f


@kernel("f8(f8[:,::1], f8[:,::1], i8, f8[:,::1], i8)", is_exact=True)
def times_slope(covariance: F64, slope: F64, value: int, product: F64, row: int) -> float:
    """Write a covariance times one row of a slope into a row; return the variance of the value."""
    a, b, c, d, e, f = along(covariance, slope, value)
    product[row, 0], product[row, 1], product[row, 2] = a, b, c
    product[row, 3], product[row, 4], product[row, 5] = d, e, f
    variance: float = (
        slope[value, 0] * a
        + slope[value, 1] * b
        + slope[value, 2] * c
        + slope[value, 3] * d
        + slope[value, 4] * e
        + slope[value, 5] * f
    )
    return variance


@kernel("b1(i8, f8[::1], f8[:,::1], f8[::1], f8[::1])", is_exact=True)
def is_curved(kind: int, state_vector: F64, covariance: F64, stds: F64, eye: F64) -> bool:
    """Tell whether values may bend, over what a track leaves open, by a part of their own errors.

    By bounds of what ``allow_for_bending`` works out, and of the same of angles and lines of sight.
    """
    dx, dy, dz = state_vector[0] - eye[0], state_vector[1] - eye[1], state_vector[2] - eye[2]
    r2 = dx * dx + dy * dy + dz * dz
    place = covariance[0, 0] + covariance[1, 1] + covariance[2, 2]
    if kind == INFRARED:
        return bool(place > BENT * stds[0] * r2)
    motion = covariance[3, 3] + covariance[4, 4] + covariance[5, 5]
    if place * motion > BENT * BENT * stds[3] * stds[3] * r2:
        return True
    if place > BENT * min(stds[1], stds[2]) * r2:
        return True
    return bool(place * place > 4.0 * BENT * BENT * stds[0] * stds[0] * r2)


@kernel("void(f8[::1], f8[:,::1], f8[::1], f8[:,::1])", is_exact=True)
def allow_for_bending(state_vector: F64, covariance: F64, eye: F64, scratch: F64) -> None:
    """Widen a covariance by what a radar's values bend over it, in place.

    A radar knows range and range rate along the line of sight, wherever that is. At a place ``d``
    across from where the track thinks it is, with a velocity ``w`` across other than it thinks,
    that is ``d^2 / 2r`` and ``d w / r`` from what the slope says: no covariance at one place can
    hold it thinner. These two, in the mean square, go to place and velocity along the line.
    ``scratch`` is at least 3 x 6.
    """
    line = scratch[0]
    r = 0.0
    for i in range(3):
        line[i] = state_vector[i] - eye[i]
        r += line[i] * line[i]
    r = math.sqrt(r)
    for i in range(3):
        line[i] /= r
    across_line(line[:3], scratch[1][:3], scratch[2][:3])
    place, both = 0.0, 0.0
    squares, products, crossed, mixed = 0.0, 0.0, 0.0, 0.0
    for k in range(2):
        for m in range(2):
            pp, vv, pv, vp = 0.0, 0.0, 0.0, 0.0
            for i in range(3):
                for j in range(3):
                    part = scratch[1 + k, i] * scratch[1 + m, j]
                    pp += part * covariance[i, j]
                    vv += part * covariance[3 + i, 3 + j]
                    pv += part * covariance[i, 3 + j]
                    vp += part * covariance[3 + i, j]
            squares += pp * pp
            products += pp * vv
            crossed += pv * vp
            mixed += pp * pv
            if k == m:
                place += pp
                both += pv
    # Fourth moments of a Gaussian (Isserlis).
    part_of = PLANES / (r * r)
    range_m2 = part_of * (0.5 * squares + 0.25 * place * place)
    rate_m2_s2 = part_of * (products + both * both + crossed)
    shared = -part_of * (mixed + 0.5 * place * both)
    for i in range(3):
        for j in range(3):
            part = line[i] * line[j]
            covariance[i, j] += range_m2 * part
            covariance[3 + i, 3 + j] += rate_m2_s2 * part
            covariance[i, 3 + j] += shared * part
            covariance[3 + i, j] += shared * part


@kernel(
    "void(i8, f8[::1], f8[:,::1], i8, i8[::1], i8, f8[:,::1], f8[::1], f8[:,::1], f8[:,::1],"
    " f8[::1], f8[::1], f8[::1], f8[::1], f8, f8[::1], i8, f8[:,::1])",
    is_exact=True,
)
def extended_update(
    kind: int,
    state_vector: F64,
    covariance: F64,
    sensor: int,
    terms: I64,
    term_count: int,
    by_bias: F64,
    bias_std: F64,
    bias_covariance: F64,
    bias_scratch: F64,
    values: F64,
    stds: F64,
    eye: F64,
    rotation: F64,
    offset_s: float,
    field: F64,
    rounds: int,
    scratch: F64,
) -> None:
    """Take one plot into a state vector and its covariance, in place.

    One value after the other, as the values' errors are independent. With more rounds than one
    the slope is taken again where the last round ended (iterated extended filter: Gauss-Newton
    on the posterior), and the covariance is widened by what a radar's values bend over it.
    ``scratch`` is 24 x 6.

    The first ``term_count`` columns of ``by_bias`` say how the state vector hangs on the biases
    ``terms`` (see ``bias_kernel``; ``sensor`` is the plot's, -1 for a satellite). Their covariance
    widens what the plot is trusted with, and ``covariance`` stays that of noise alone (Schmidt's
    filter). ``bias_scratch`` is 8 x the columns.
    """
    residual = scratch[2]
    slope = scratch[3:7]
    at = scratch[7]
    for i in range(6):
        at[i] = state_vector[i]
        if rounds > 1:
            scratch[8, i] = state_vector[i]
            for j in range(6):
                scratch[9 + i, j] = covariance[i, j]
            for c in range(term_count):
                bias_scratch[2 + i, c] = by_bias[i, c]
    for turn in range(rounds):
        count = linearised(
            kind, at, values, eye, rotation, offset_s, field, residual, slope, scratch
        )
        if turn > 0:
            for i in range(6):
                state_vector[i] = scratch[8, i]
                for j in range(6):
                    covariance[i, j] = scratch[9 + i, j]
                for c in range(term_count):
                    by_bias[i, c] = bias_scratch[2 + i, c]
        for k in range(count):
            std = stds[0] if kind == INFRARED else stds[k]
            innovation = residual[k]
            for i in range(6):
                innovation -= slope[k, i] * (state_vector[i] - at[i])
            spread = std * std + times_slope(covariance, slope, k, scratch, 15)
            shown_by_bias(slope, k, at, sensor, terms, term_count, by_bias, bias_scratch, 0)
            reach, from_bias = 0.0, 0.0
            for c in range(term_count):
                reach += abs(bias_scratch[0, c]) * bias_std[c]
            for i in range(6):
                scratch[16, i] = scratch[15, i]
            if reach * reach > NEGLIGIBLE * spread:
                for c in range(term_count):
                    bias_scratch[1, c] = 0.0
                for d in range(term_count):
                    part = bias_scratch[0, d]
                    for c in range(term_count):
                        bias_scratch[1, c] += bias_covariance[d, c] * part
                for c in range(term_count):
                    from_bias += bias_scratch[1, c] * bias_scratch[0, c]
                for i in range(6):
                    for c in range(term_count):
                        scratch[16, i] -= by_bias[i, c] * bias_scratch[1, c]
            whole = spread + from_bias
            for i in range(6):
                gain, trust = scratch[15, i], scratch[16, i] / whole
                scratch[16, i] = trust
                state_vector[i] += trust * innovation
                # Whatever the trust, what it leaves of the noise (Joseph's form).
                for j in range(i + 1):
                    covariance[i, j] += (
                        trust * (spread * scratch[16, j] - scratch[15, j]) - gain * scratch[16, j]
                    )
                    covariance[j, i] = covariance[i, j]
                for c in range(term_count):
                    by_bias[i, c] += trust * bias_scratch[0, c]
        if turn + 1 < rounds:
            moved = 0.0
            for i in range(6):
                part = state_vector[i] - at[i]
                moved += part * part / max(covariance[i, i], 1e-12)
                at[i] = state_vector[i]
            if moved < 1e-4:
                break
    if rounds > 1 and kind == RADAR:
        allow_for_bending(state_vector, covariance, eye, scratch)


@kernel("b1(f8[:,::1], f8[:,::1], i8)", is_exact=True)
def factorised(matrix: F64, lower: F64, size: int) -> bool:
    """Write the lower Cholesky factor; False where the matrix is not positive."""
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                lower[i, i] = math.sqrt(total)
            else:
                lower[i, j] = total / lower[j, j]
    return True


@kernel("void(i8, f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1])", is_exact=True)
def linear_spread(count: int, covariance: F64, slope: F64, spread: F64, cross: F64) -> None:
    """Write the spread of expected values by their slope, and their cross-covariance, 6 x 4."""
    for k in range(count):
        a, b, c, d, e, f = along(covariance, slope, k)
        cross[0, k], cross[1, k], cross[2, k] = a, b, c
        cross[3, k], cross[4, k], cross[5, k] = d, e, f
        for m in range(k, count):
            spread[k, m] = (
                slope[m, 0] * a
                + slope[m, 1] * b
                + slope[m, 2] * c
                + slope[m, 3] * d
                + slope[m, 4] * e
                + slope[m, 5] * f
            )
            spread[m, k] = spread[k, m]


@kernel(
    "i8(i8, f8[::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8, f8[::1], b1, f8[::1], f8[:,::1],"
    " f8[:,::1], f8[:,::1])",
    is_exact=True,
)
def expected(
    kind: int,
    state_vector: F64,
    covariance: F64,
    values: F64,
    eye: F64,
    rotation: F64,
    offset_s: float,
    field: F64,
    is_unscented: bool,
    residual: F64,
    spread: F64,
    cross: F64,
    scratch: F64,
) -> int:
    """Write measured minus expected, the expectation's spread and its cross-covariance.

    ``spread`` (4 x 4) is without the plot's own noise, ``cross`` (6 x 4) with the state vector;
    the expectation is the linearised one, or that of the unscented points, which knows what a wide
    covariance does to range and range rate. Returns how many values. ``scratch`` is 24 x 6.
    """
    first = scratch[0]
    slope = scratch[1:5]
    count = linearised(
        kind, state_vector, values, eye, rotation, offset_s, field, first, slope, scratch[14:17]
    )
    if is_unscented and factorised(covariance, scratch[18:24], 6):
        root = scratch[18:24]
        point = scratch[5]
        other = scratch[6]
        centre_weight = (SPREAD - 6.0) / SPREAD
        side_weight = 0.5 / SPREAD
        for k in range(count):
            residual[k] = centre_weight * first[k]
            for m in range(count):
                spread[k, m] = 0.0
            for i in range(6):
                cross[i, k] = 0.0
        far = math.sqrt(SPREAD)
        seen = np.empty((12, 4))
        for column in range(6):
            for side in range(2):
                sign = far if side == 0 else -far
                for i in range(6):
                    part = root[i, column] if i >= column else 0.0
                    point[i] = state_vector[i] + sign * part
                linearised(
                    kind,
                    point,
                    values,
                    eye,
                    rotation,
                    offset_s,
                    field,
                    other,
                    slope,
                    scratch[14:17],
                )
                if kind == RADAR:
                    other[1] = first[1] + wrapped(other[1] - first[1])
                for k in range(count):
                    seen[2 * column + side, k] = other[k]
                    residual[k] += side_weight * other[k]
        # The centre's weight is negative: left out of the spread, which stays positive.
        for column in range(6):
            for side in range(2):
                sign = far if side == 0 else -far
                for k in range(count):
                    off = seen[2 * column + side, k] - residual[k]
                    for m in range(count):
                        spread[k, m] += (
                            side_weight * off * (seen[2 * column + side, m] - residual[m])
                        )
                    for i in range(column, 6):
                        cross[i, k] -= side_weight * sign * root[i, column] * off
        return count
    for k in range(count):
        residual[k] = first[k]
    linear_spread(count, covariance, slope, spread, cross)
    return count


@kernel("UniTuple(f8, 2)(f8[::1], f8[:,::1], f8[::1], i8, i8, f8[:,::1])", is_exact=True)
def distance_squared(
    residual: F64, spread: F64, stds: F64, kind: int, count: int, lower: F64
) -> tuple[float, float]:
    """Mahalanobis distance squared of a plot, and the determinant of the spread with its noise.

    The distance is infinite where the spread is not positive. ``lower`` is 5 x 4 scratch: the
    factor, and below it the residual in units of the spread.
    """
    product = 1.0
    total = 0.0
    for i in range(count):
        part = residual[i]
        for j in range(i):
            value = spread[i, j]
            for k in range(j):
                value -= lower[i, k] * lower[j, k]
            lower[i, j] = value / lower[j, j]
            part -= lower[i, j] * lower[4, j]
        std = stds[0] if kind == INFRARED else stds[i]
        value = spread[i, i] + std * std
        for k in range(i):
            value -= lower[i, k] * lower[i, k]
        if not value > 0.0:
            return math.inf, 1.0
        lower[i, i] = math.sqrt(value)
        lower[4, i] = part / lower[i, i]
        product *= value
        total += lower[4, i] * lower[4, i]
    return total, product


@kernel(
    "void(i8, f8[::1], f8[:,::1], i8, i8[::1], i8, f8[:,::1], f8[:,::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8, f8[::1], f8[:,::1])",
    is_exact=True,
)
def unscented_update(
    kind: int,
    state_vector: F64,
    covariance: F64,
    sensor: int,
    terms: I64,
    term_count: int,
    by_bias: F64,
    bias_scratch: F64,
    values: F64,
    stds: F64,
    eye: F64,
    rotation: F64,
    offset_s: float,
    field: F64,
    scratch: F64,
) -> None:
    """Take one plot into a state vector and its covariance by unscented points, in place.

    Biases as in ``extended_update``, but for what the plot is trusted with: that is by its noise.
    """
    residual = np.empty(6)
    slope = scratch[1:5]
    seen = linearised(
        kind,
        state_vector,
        values,
        eye,
        rotation,
        offset_s,
        field,
        residual,
        slope,
        scratch[14:17],
    )
    for k in range(seen):
        shown_by_bias(slope, k, state_vector, sensor, terms, term_count, by_bias, bias_scratch, k)
    spread = np.empty((4, 4))
    cross = np.empty((6, 4))
    count = expected(
        kind,
        state_vector,
        covariance,
        values,
        eye,
        rotation,
        offset_s,
        field,
        True,  # noqa: FBT003
        residual,
        spread,
        cross,
        scratch,
    )
    # One value after the other on the joint covariance of state vector and measurement.
    for k in range(count):
        std = stds[0] if kind == INFRARED else stds[k]
        total = spread[k, k] + std * std
        for i in range(6):
            state_vector[i] += cross[i, k] / total * residual[k]
            for j in range(i + 1):
                covariance[i, j] -= cross[i, k] * cross[j, k] / total
                covariance[j, i] = covariance[i, j]
            for c in range(term_count):
                by_bias[i, c] += cross[i, k] / total * bias_scratch[k, c]
        for m in range(k + 1, count):
            part = spread[m, k] / total
            residual[m] -= part * residual[k]
            for c in range(term_count):
                bias_scratch[m, c] -= part * bias_scratch[k, c]
            for i in range(6):
                cross[i, m] -= part * cross[i, k]
            for n in range(m, count):
                spread[m, n] -= part * spread[k, n]
                spread[n, m] = spread[m, n]
