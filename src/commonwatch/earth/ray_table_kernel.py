"""The asymptotes of a site's rays by apparent elevation, there and back, compiled.

The numbers of a site come as ``ray_table.RayTable`` holds them: the sea horizon, the last of the
evenly spaced roots, and the bending and the apex at each.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]

CONVERGED_RAD = 1e-11
LAST_STEP_RAD = 1e-8
"""From so near a secant step ends well within ``CONVERGED_RAD``: that need not be looked at."""
STEP_MAX_RAD = 0.02
STEPS_MAX = 12

_SITE = "f8, f8, Array(f8, 1, 'C', True), Array(f8, 1, 'C', True)"
_ROWS = "Array(f8, 1, 'A', True), Array(f8, 1, 'A', True), f8[::1]"


@kernel(f"f8({_SITE}, f8, f8)", is_exact=True)
def _geometric(
    horizon: float, last_root: float, bending: F64, apex: F64, apparent: float, range_m: float
) -> float:
    """Elevation of the point of an asymptote at a distance from the site, by the law of sines."""
    seen = max(apparent, horizon)
    at = min(math.sqrt(seen - horizon) / last_root, 1.0) * (len(bending) - 1)
    knot = min(int(at), len(bending) - 2)
    part = at - knot
    out = seen - (bending[knot] + part * (bending[knot + 1] - bending[knot]))
    apex_m = apex[knot] + part * (apex[knot + 1] - apex[knot])
    # In the triangle site, apex, point: the angle at the point is small and known by its sine.
    sine = apex_m * math.cos(out) / range_m
    return float(out + math.asin(min(max(sine, -1.0), 1.0)) + (apparent - seen))


@kernel(f"void({_SITE}, {_ROWS})", is_exact=True)
def by_asymptote(
    horizon: float,
    last_root: float,
    bending: F64,
    apex: F64,
    apparent: F64,
    range_m: F64,
    geometric: F64,
) -> None:
    """Turn apparent elevations into those of straight lines, written to ``geometric``."""
    for row in range(len(apparent)):
        geometric[row] = _geometric(horizon, last_root, bending, apex, apparent[row], range_m[row])


@kernel(f"void({_SITE}, {_ROWS})", is_exact=True)
def to_asymptote(
    horizon: float,
    last_root: float,
    bending: F64,
    apex: F64,
    geometric: F64,
    range_m: F64,
    apparent: F64,
) -> None:
    """Turn elevations of straight lines into apparent ones, written to ``apparent``."""
    for row in range(len(geometric)):
        wanted, away = geometric[row], range_m[row]
        older = wanted
        lacked = wanted - _geometric(horizon, last_root, bending, apex, older, away)
        newer = older + lacked
        for _ in range(STEPS_MAX):  # secant steps
            lack = wanted - _geometric(horizon, last_root, bending, apex, newer, away)
            if abs(lack) < CONVERGED_RAD or lack == lacked:
                break
            step = lack * (newer - older) / (lacked - lack)
            older, lacked = newer, lack
            newer += min(max(step, -STEP_MAX_RAD), STEP_MAX_RAD)
            if abs(lack) < LAST_STEP_RAD:
                break
        apparent[row] = newer
