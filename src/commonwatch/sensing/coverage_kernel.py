"""The lowest altitude that any radar sees above each place of a grid, compiled."""

from __future__ import annotations

import math

import numpy as np

from commonwatch.kernels import kernel
from commonwatch.sensing.visibility_kernel import (
    F64,
    RANGE_MAX,
    SITE,
    TABLE,
    radar_margin,
    sweep_radar,
)


@kernel(f"void({TABLE}, {TABLE}, {TABLE}, f8, f8, f8, i8, i8, f8[::1])")
def lowest_seen(
    surface: F64,
    normal: F64,
    envelopes: F64,
    step_m: float,
    refined_m: float,
    altitude_max_m: float,
    start: int,
    stop: int,
    out: F64,
) -> None:
    """Write the lowest altitude above each place that any face sees, infinite where none.

    The line above a place is swept upwards each ``step_m``; the first step that crosses into view
    is bisected to ``refined_m``.
    """
    size = 64
    x = np.empty(size)
    y = np.empty(size)
    z = np.empty(size)
    spare = np.empty(size, np.uint8)
    seen = np.empty(size, np.uint8)
    near = np.empty_like(envelopes)
    for place in range(start, stop):
        a, n = surface[place], normal[place]
        faces = 0
        for face in range(envelopes.shape[0]):
            reach = envelopes[face, RANGE_MAX] + altitude_max_m
            square = 0.0
            for axis in range(3):
                square += (a[axis] - envelopes[face, SITE + axis]) ** 2
            if square <= reach * reach:
                near[faces] = envelopes[face]
                faces += 1
        out[place] = math.inf
        base_m = 0.0
        while faces > 0 and base_m <= altitude_max_m and out[place] == math.inf:
            for k in range(size):
                altitude_m = min(base_m + k * step_m, altitude_max_m)
                x[k] = a[0] + altitude_m * n[0]
                y[k] = a[1] + altitude_m * n[1]
                z[k] = a[2] + altitude_m * n[2]
            sweep_radar(x, y, z, near, 0, faces, spare, seen)
            for k in range(size):
                if seen[k] == 1:
                    high_m = min(base_m + k * step_m, altitude_max_m)
                    low_m = max(high_m - step_m, 0.0)
                    while high_m - low_m > refined_m:
                        middle_m = 0.5 * (low_m + high_m)
                        margin, _ = radar_margin(
                            a[0] + middle_m * n[0],
                            a[1] + middle_m * n[1],
                            a[2] + middle_m * n[2],
                            near,
                            0,
                            faces,
                        )
                        if margin >= 0.0:
                            high_m = middle_m
                        else:
                            low_m = middle_m
                    out[place] = high_m
                    break
            base_m += size * step_m
