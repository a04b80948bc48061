"""Compiled: fly state vectors freely, forward or back, through given heights to the ground.

The motion is the tracker's own (``tracking.motion_kernel``), exact and in a fixed order, because a
centre decides with what comes out: the same estimate gives the same bytes.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid_kernel import SEMI_MAJOR_AXIS_M, SEMI_MINOR_AXIS_M
from commonwatch.kernels import kernel
from commonwatch.tracking.motion_kernel import STEP_MAX_S, step_state_vector

F64 = npt.NDArray[np.float64]

ARRIVED = 0
ALOFT = 1
STARTS_BELOW = 2

_CLOSE_S = 1e-9
_ROUNDS = 60


@kernel("f8(f8[::1], f8)", is_exact=True)
def above(start: F64, height_m: float) -> float:
    """Positive outside the ellipsoid that lies ``height_m`` above the Earth's, along both axes."""
    wide, tall = SEMI_MAJOR_AXIS_M + height_m, SEMI_MINOR_AXIS_M + height_m
    x, y, z = float(start[0]), float(start[1]), float(start[2])
    return (x * x + y * y) / (wide * wide) + z * z / (tall * tall) - 1.0


@kernel("f8(f8[::1], f8)", is_exact=True)
def climb(start: F64, height_m: float) -> float:
    """Rate at which ``above`` changes with time."""
    wide, tall = SEMI_MAJOR_AXIS_M + height_m, SEMI_MINOR_AXIS_M + height_m
    level = float(start[0] * start[3] + start[1] * start[4]) / (wide * wide)
    return 2.0 * (level + float(start[2] * start[5]) / (tall * tall))


@kernel("f8(f8[::1], f8, f8, f8[::1], f8[::1])", is_exact=True)
def cross(start: F64, step_s: float, height_m: float, field: F64, end: F64) -> float:
    """Find where a step that starts above a height and ends below it crosses; return the seconds.

    Newton's rule kept in a bracket. ``end`` receives the state vector there.
    """
    high, low = 0.0, step_s
    top = above(start, height_m)
    end[:] = start
    step_state_vector(end, step_s, 0.0, field)
    bottom = above(end, height_m)
    when = step_s * top / (top - bottom)
    for _ in range(_ROUNDS):
        end[:] = start
        step_state_vector(end, when, 0.0, field)
        value = above(end, height_m)
        if value >= 0.0:
            high = when
        else:
            low = when
        rate = climb(end, height_m)
        better = when - value / rate if rate != 0.0 else high
        if not min(high, low) < better < max(high, low):
            better = 0.5 * (high + low)
        if abs(better - when) < _CLOSE_S:
            break
        when = better
    return when


@kernel(
    "void(f8[:,::1], f8, f8[:,::1], f8[::1], f8[::1], f8[:,:,::1], f8[:,::1], f8[:,::1], i1[::1],"
    " i8, i8)",
    is_exact=True,
)
def fly(
    states: F64,
    direction: float,
    heights_m: F64,
    time_max_s: F64,
    field: F64,
    crossed: F64,
    times_s: F64,
    highest: F64,
    outcome: npt.NDArray[np.int8],
    first: int,
    last: int,
) -> None:
    """Fly rows ``first`` to ``last`` and write where each crosses its heights from above.

    ``direction`` is 1 forward in time and -1 back. ``crossed`` (n, k, 6) and ``times_s`` (n, k)
    hold nan where a height is not crossed; the last height of a row ends its flight. ``highest``
    (n, 6) is the state vector at the first top of the path, nan where there is none ahead.
    """
    now = np.empty(6)
    then = np.empty(6)
    count = heights_m.shape[1]
    for row in range(first, last):
        crossed[row, :, :] = math.nan
        times_s[row, :] = math.nan
        highest[row, :] = math.nan
        now[:] = states[row]
        outcome[row] = ALOFT
        if above(now, heights_m[row, count - 1]) < 0.0:
            outcome[row] = STARTS_BELOW
            continue
        step_s = direction * STEP_MAX_S
        passed_s = 0.0
        rate = direction * climb(now, 0.0)
        is_topped = False
        while abs(passed_s) < time_max_s[row]:
            then[:] = now
            step_state_vector(then, step_s, 0.0, field)
            later = direction * climb(then, 0.0)
            if not is_topped and rate > 0.0 and later <= 0.0:
                is_topped = True
                highest[row] = now
                step_state_vector(highest[row], step_s * rate / (rate - later), 0.0, field)
            rate = later
            for k in range(count):
                height_m = heights_m[row, k]
                if above(now, height_m) >= 0.0 and above(then, height_m) < 0.0:
                    when = cross(now, step_s, height_m, field, crossed[row, k])
                    times_s[row, k] = passed_s + when
            if not math.isnan(times_s[row, count - 1]):
                outcome[row] = ARRIVED
                break
            now[:] = then
            passed_s += step_s
