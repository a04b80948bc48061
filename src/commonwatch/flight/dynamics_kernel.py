"""Compiled lanes: the slope of free flight in the turning frame, and height above the ellipsoid.

A block of ``LANES`` flights advances together: component ``c`` of lane ``l`` lies at
``c * LANES + l`` of a flat array, and every loop runs over the lanes so that the compiler turns it
into vector instructions.

``field`` holds GM, the equatorial radius, the Earth's rate, J2, J3, J4, and the ellipsoid's first
eccentricity squared; ``degree`` is 0 (two-body), 2 or 4.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]

LANES = 32
BLOCK = 6 * LANES
AIR_INTERVAL_M = 100.0


@kernel("UniTuple(f8, 5)(f8[::1])", is_inlined=True)
def field_factors(field: F64) -> tuple[float, float, float, float, float]:
    """Return GM, the Earth's rate, and the factors of the three zonal terms."""
    radius2 = field[1] * field[1]
    return (
        field[0],
        field[2],
        1.5 * field[3] * radius2,
        2.5 * field[4] * radius2 * field[1],
        1.875 * field[5] * radius2 * radius2,
    )


@kernel("UniTuple(f8, 3)(f8, f8, f8, f8, f8, UniTuple(f8, 5), i8)", is_inlined=True)
def gravity(
    x: float,
    y: float,
    z: float,
    u: float,
    v: float,
    factors: tuple[float, float, float, float, float],
    degree: int,
) -> tuple[float, float, float]:
    """Return the acceleration of one lane: gravity, Coriolis and centrifugal."""
    gm, rate, oblate, pear, fourth = factors
    inverse2 = 1.0 / (x * x + y * y + z * z)
    pull = gm * inverse2 * math.sqrt(inverse2)
    if degree == 0:
        across = 1.0
        along = z
    elif degree == 2:
        second = oblate * inverse2
        sine2 = 5.0 * z * z * inverse2
        across = 1.0 + second * (1.0 - sine2)
        along = (1.0 + second * (3.0 - sine2)) * z
    else:
        z2 = z * z * inverse2
        second = oblate * inverse2
        third = pear * inverse2 * inverse2
        four = fourth * inverse2 * inverse2
        across = (
            1.0
            + second * (1.0 - 5.0 * z2)
            + third * z * (3.0 - 7.0 * z2)
            - four * (1.0 - 14.0 * z2 + 21.0 * z2 * z2)
        )
        along = (
            z
            + second * (3.0 - 5.0 * z2) * z
            + third * (6.0 * z * z - 7.0 * z2 * z * z - 0.6 / inverse2)
            - four * (5.0 - 70.0 / 3.0 * z2 + 21.0 * z2 * z2) * z
        )
    outward = rate * rate - pull * across
    return outward * x + 2.0 * rate * v, outward * y - 2.0 * rate * u, -pull * along


@kernel("void(f8[::1], f8[::1], f8[::1], i8)", is_inlined=True)
def _gravity_lanes(stage: F64, slope: F64, field: F64, degree: int) -> None:
    factors = field_factors(field)
    for lane in range(LANES):
        x, y, z = stage[lane], stage[LANES + lane], stage[2 * LANES + lane]
        u, v = stage[3 * LANES + lane], stage[4 * LANES + lane]
        (
            slope[3 * LANES + lane],
            slope[4 * LANES + lane],
            slope[5 * LANES + lane],
        ) = gravity(x, y, z, u, v, factors, degree)
    for i in range(3 * LANES):  # one store a turn: three would halve the speed of the whole
        slope[i] = stage[3 * LANES + i]


@kernel("void(f8[::1], f8[::1], f8[::1], i8)", is_inlined=True)
def gravity_lanes(stage: F64, slope: F64, field: F64, degree: int) -> None:
    """Write velocity and acceleration (gravity, Coriolis, centrifugal) of each lane."""
    # A degree that the compiler knows leaves no branch in the loop.
    if degree == 0:
        _gravity_lanes(stage, slope, field, 0)
    elif degree == 2:
        _gravity_lanes(stage, slope, field, 2)
    else:
        _gravity_lanes(stage, slope, field, 4)


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1], f8[:,::1])")
def drag_lanes(
    stage: F64,
    slope: F64,
    field: F64,
    inverse_ballistic: F64,
    air: F64,
) -> None:
    """Add drag to each lane's acceleration.

    ``air`` holds the density as one cubic per 100 m of height. The height is the distance to the
    ellipsoid along the radius, times the cosine of the angle to the normal: within 1 m below
    120 km.
    """
    radius, eccentricity2 = field[1], field[6]
    last = air.shape[0] - 1
    for lane in range(LANES):
        if inverse_ballistic[lane] == 0.0:
            continue
        x, y, z = stage[lane], stage[LANES + lane], stage[2 * LANES + lane]
        u, v, w = stage[3 * LANES + lane], stage[4 * LANES + lane], stage[5 * LANES + lane]
        across2 = x * x + y * y
        distance2 = across2 + z * z
        cosine2 = across2 / distance2
        sine2 = 1.0 - cosine2
        surface = radius * math.sqrt((1.0 - eccentricity2) / (1.0 - eccentricity2 * cosine2))
        tilt = 0.5 * eccentricity2 * eccentricity2 * cosine2 * sine2
        height = (math.sqrt(distance2) - surface) * (1.0 - tilt)
        place = max(height, 0.0) / AIR_INTERVAL_M
        row = int(place)
        if row >= last:
            continue
        part = place - row
        density = air[row, 0] + part * (air[row, 1] + part * (air[row, 2] + part * air[row, 3]))
        speed = math.sqrt(u * u + v * v + w * w)
        slowing = 0.5 * density * speed * inverse_ballistic[lane]
        slope[3 * LANES + lane] -= slowing * u
        slope[4 * LANES + lane] -= slowing * v
        slope[5 * LANES + lane] -= slowing * w


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])", is_inlined=True)
def height_lanes(
    stage: F64,
    field: F64,
    height: F64,
    climb: F64,
    slowing: F64,
) -> None:
    """Write each lane's height above the ellipsoid, its rate of climb and how fast that falls.

    One Bowring sweep: the height is exact to 1e-6 m for all heights met here, since an error of
    the latitude enters it squared (Bowring 1976, Survey Review 23(181), 323-327). The slowing is
    that of two-body flight, good to a third of a per cent: it steers Newton's rule and corrects
    only its last hundredths.
    """
    gm, radius, rate, eccentricity2 = field[0], field[1], field[2], field[6]
    polar = radius * math.sqrt(1.0 - eccentricity2)
    second2 = eccentricity2 / (1.0 - eccentricity2)
    for lane in range(LANES):
        x, y, z = stage[lane], stage[LANES + lane], stage[2 * LANES + lane]
        u, v, w = stage[3 * LANES + lane], stage[4 * LANES + lane], stage[5 * LANES + lane]
        across = math.sqrt(x * x + y * y) + 1e-9
        distance2 = across * across + z * z
        inverse = 1.0 / math.sqrt(distance2)
        rise = z * polar * (1.0 + second2 * polar * inverse)
        run = across * radius
        scale = 1.0 / math.sqrt(rise * rise + run * run)
        sine_reduced = rise * scale
        cosine_reduced = run * scale
        up = z + second2 * polar * sine_reduced * sine_reduced * sine_reduced
        out = across - eccentricity2 * radius * cosine_reduced * cosine_reduced * cosine_reduced
        scale = 1.0 / math.sqrt(up * up + out * out)
        sine = up * scale
        cosine = out * scale
        root = math.sqrt(1.0 - eccentricity2 * sine * sine)
        height[lane] = across * cosine + z * sine - radius * root
        climb[lane] = (x * u + y * v) * cosine / across + w * sine
        east, north = u - rate * y, v + rate * x
        radial = (x * u + y * v + z * w) * inverse
        around2 = east * east + north * north + w * w - radial * radial
        slowing[lane] = (gm * inverse - around2) * inverse
