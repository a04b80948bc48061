"""Free flight by heyoka: Taylor series, compiled for the problem, J2 in the turning frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import SEMI_MAJOR_AXIS_M, SEMI_MINOR_AXIS_M
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2, J2

F64 = npt.NDArray[np.float64]

BATCH = 8
LONG_S = 1e5


def equations() -> tuple[list[tuple[Any, Any]], Any]:
    """Return the equations of motion, and a function that is zero on the ellipsoid."""
    import heyoka as hy

    x, y, z, u, v, w = hy.make_vars("x", "y", "z", "u", "v", "w")
    inverse2 = 1.0 / (x * x + y * y + z * z)
    pull = GM_M3_S2 * inverse2 * hy.sqrt(inverse2)
    second = 1.5 * J2 * SEMI_MAJOR_AXIS_M**2 * inverse2
    sine2 = 5.0 * z * z * inverse2
    across = EARTH_RATE_RAD_S**2 - pull * (1.0 + second * (1.0 - sine2))
    twice = 2.0 * EARTH_RATE_RAD_S
    motion = [
        (x, u),
        (y, v),
        (z, w),
        (u, across * x + twice * v),
        (v, across * y - twice * u),
        (w, -pull * (1.0 + second * (3.0 - sine2)) * z),
    ]
    ground = (x * x + y * y) / SEMI_MAJOR_AXIS_M**2 + z * z / SEMI_MINOR_AXIS_M**2 - 1.0
    return motion, ground


class BatchFlights:
    """Eight flights at a time, each to its own end, by a terminal event on the ellipsoid."""

    def __init__(self, tolerance: float) -> None:
        import heyoka as hy

        motion, ground = equations()
        event = hy.t_event_batch(ground, direction=hy.event_direction.negative)
        self._integrator = hy.taylor_adaptive_batch(
            motion, np.zeros((6, BATCH)), tol=tolerance, t_events=[event]
        )
        self._far = [LONG_S] * BATCH

    def fly(self, starts: F64) -> F64:
        """Return the state vectors on the ground, (n, 6); n a multiple of eight."""
        return self._fly(starts, finishes=True)

    def fly_first(self, starts: F64) -> F64:
        """Stop each batch where its first flight is down: less than the work, for a lower bound."""
        return self._fly(starts, finishes=False)

    def _fly(self, starts: F64, *, finishes: bool) -> F64:
        flown = np.empty_like(starts)
        ta = self._integrator
        for first in range(0, len(starts), BATCH):
            ta.set_time(0.0)
            ta.reset_cooldowns()
            ta.state[:] = starts[first : first + BATCH].T
            ta.propagate_until(self._far)
            if finishes:
                self._finish()
            flown[first : first + BATCH] = ta.state.T
        return flown

    def _finish(self) -> None:
        """Send on those that are up: a batch stops as soon as one of it is down."""
        ta = self._integrator
        is_up = [result[0].value != -1 for result in ta.propagate_res]
        while any(is_up):
            ta.propagate_until([LONG_S if up else t for up, t in zip(is_up, ta.time, strict=True)])
            ended = [result[0].value == -1 for result in ta.propagate_res]
            is_up = [up and not end for up, end in zip(is_up, ended, strict=True)]


class ScalarFlights:
    """One flight at a time."""

    def __init__(self, tolerance: float) -> None:
        import heyoka as hy

        motion, ground = equations()
        event = hy.t_event(ground, direction=hy.event_direction.negative)
        self._integrator = hy.taylor_adaptive(motion, np.zeros(6), tol=tolerance, t_events=[event])

    def fly(self, starts: F64) -> F64:
        """Return the state vectors on the ground, (n, 6)."""
        flown = np.empty_like(starts)
        ta = self._integrator
        for row, start in enumerate(starts):
            ta.time = 0.0
            ta.reset_cooldowns()
            ta.state[:] = start
            ta.propagate_until(LONG_S)
            flown[row] = ta.state
        return flown


def exact(starts: F64) -> F64:
    """Return the truth: heyoka at the smallest tolerance, (n, 6)."""
    return ScalarFlights(math.ulp(1.0)).fly(starts)
