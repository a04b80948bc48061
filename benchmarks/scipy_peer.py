"""Free flight by SciPy's ``solve_ivp`` and NumPy's own step by step."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ECCENTRICITY_SQUARED, SEMI_MAJOR_AXIS_M
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2, J2

F64 = npt.NDArray[np.float64]

_OBLATE = 1.5 * J2 * SEMI_MAJOR_AXIS_M**2
_AXIS2, _POLE2 = SEMI_MAJOR_AXIS_M**2, SEMI_MAJOR_AXIS_M**2 * (1.0 - ECCENTRICITY_SQUARED)


def _slope(time_s: float, y: F64) -> tuple[float, ...]:
    del time_s
    x, y_, z, u, v, w = y.tolist()  # plain floats: three times as fast as NumPy's
    inverse2 = 1.0 / (x * x + y_ * y_ + z * z)
    pull = GM_M3_S2 * inverse2 * math.sqrt(inverse2)
    second = _OBLATE * inverse2
    sine2 = 5.0 * z * z * inverse2
    across = EARTH_RATE_RAD_S**2 - pull * (1.0 + second * (1.0 - sine2))
    twice = 2.0 * EARTH_RATE_RAD_S
    down = -pull * (1.0 + second * (3.0 - sine2)) * z
    return u, v, w, across * x + twice * v, across * y_ - twice * u, down


def fly(starts: F64, *, tolerance: float) -> F64:
    """Return the state vectors on the ground, (n, 6), by DOP853 with a terminal event."""
    from scipy.integrate import solve_ivp

    def ground(time_s: float, y: F64) -> float:
        del time_s
        return float((y[0] * y[0] + y[1] * y[1]) / _AXIS2 + y[2] * y[2] / _POLE2 - 1.0)

    ground.terminal = True  # type: ignore[attr-defined]
    ground.direction = -1.0  # type: ignore[attr-defined]
    allowed = np.array([1.0, 1.0, 1.0, 1e-3, 1e-3, 1e-3]) * tolerance * SEMI_MAJOR_AXIS_M
    flown = np.empty_like(starts)
    for row, start in enumerate(starts):
        solved = solve_ivp(
            _slope, (0.0, 1e5), start, method="DOP853", rtol=tolerance, atol=allowed, events=ground
        )
        flown[row] = solved.y_events[0][-1]
    return flown


def sample(starts: F64, out: F64, *, interval_s: float) -> None:
    """Write samples (count, 6, n) by Runge-Kutta steps in NumPy, all flights together."""
    now = np.ascontiguousarray(starts.T)
    for row in range(len(out)):
        out[row] = now
        k1 = _slopes(now)
        k2 = _slopes(now + 0.5 * interval_s * k1)
        k3 = _slopes(now + 0.5 * interval_s * k2)
        k4 = _slopes(now + interval_s * k3)
        now = now + interval_s / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)


def _slopes(lanes: F64) -> F64:
    x, y, z, u, v, w = lanes
    inverse2 = 1.0 / (x * x + y * y + z * z)
    pull = GM_M3_S2 * inverse2 * np.sqrt(inverse2)
    second = _OBLATE * inverse2
    sine2 = 5.0 * z * z * inverse2
    across = EARTH_RATE_RAD_S**2 - pull * (1.0 + second * (1.0 - sine2))
    twice = 2.0 * EARTH_RATE_RAD_S
    down = -pull * (1.0 + second * (3.0 - sine2)) * z
    return np.stack([u, v, w, across * x + twice * v, across * y - twice * u, down])
