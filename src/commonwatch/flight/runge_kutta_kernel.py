"""One classical Runge-Kutta step for a block of lanes, in vacuum.

A whole step of a lane is one turn of one loop: the slopes stay in registers, and nothing but the
state before and after it goes through memory.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.flight.dynamics_kernel import BLOCK, LANES, field_factors, gravity
from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]


@kernel("void(f8[::1], f8[::1], f8[::1], i8)", is_inlined=True)
def _step_lanes(pair: F64, step_s: F64, field: F64, degree: int) -> None:
    factors = field_factors(field)
    for lane in range(LANES):
        step = step_s[lane]
        half, sixth = 0.5 * step, step / 6.0
        x, y, z = pair[lane], pair[LANES + lane], pair[2 * LANES + lane]
        u, v, w = pair[3 * LANES + lane], pair[4 * LANES + lane], pair[5 * LANES + lane]
        a1, b1, c1 = gravity(x, y, z, u, v, factors, degree)
        u2, v2, w2 = u + half * a1, v + half * b1, w + half * c1
        a2, b2, c2 = gravity(x + half * u, y + half * v, z + half * w, u2, v2, factors, degree)
        u3, v3, w3 = u + half * a2, v + half * b2, w + half * c2
        a3, b3, c3 = gravity(x + half * u2, y + half * v2, z + half * w2, u3, v3, factors, degree)
        u4, v4, w4 = u + step * a3, v + step * b3, w + step * c3
        a4, b4, c4 = gravity(x + step * u3, y + step * v3, z + step * w3, u4, v4, factors, degree)
        pair[BLOCK + lane] = x + sixth * (u + 2.0 * (u2 + u3) + u4)
        pair[BLOCK + LANES + lane] = y + sixth * (v + 2.0 * (v2 + v3) + v4)
        pair[BLOCK + 2 * LANES + lane] = z + sixth * (w + 2.0 * (w2 + w3) + w4)
        pair[BLOCK + 3 * LANES + lane] = u + sixth * (a1 + 2.0 * (a2 + a3) + a4)
        pair[BLOCK + 4 * LANES + lane] = v + sixth * (b1 + 2.0 * (b2 + b3) + b4)
        pair[BLOCK + 5 * LANES + lane] = w + sixth * (c1 + 2.0 * (c2 + c3) + c4)


@kernel("void(f8[::1], f8[::1], f8[::1], i8)", is_inlined=True)
def runge_kutta_lanes(pair: F64, step_s: F64, field: F64, degree: int) -> None:
    """Step each lane: the first block of ``pair`` holds the states, the second those after it."""
    # A degree that the compiler knows leaves no branch in the loop.
    if degree == 0:
        _step_lanes(pair, step_s, field, 0)
    elif degree == 2:
        _step_lanes(pair, step_s, field, 2)
    else:
        _step_lanes(pair, step_s, field, 4)
