"""Compiled: how close together plots stand, and with it how many of them may be false.

Away from all others, false plots have the mean density that the sensor table gives. Where plots
crowd, round objects that have false plots of their own or round objects in company, more is asked
of each.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.bank_kernel import CONFIRMED
from commonwatch.tracking.kalman_kernel import INFRARED, wrapped
from commonwatch.tracking.motion_kernel import FREE

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

NEAR_RANGES = (50.0, 200.0, 800.0)
NEAR_ANGLE = 6.0
NEAR_RATE = 40.0
"""Half sides of a plot's neighbourhoods, three sizes, in its own standard deviations."""
LEFT_ALONE = (0.0, 0.1, 0.0)
"""How much of a neighbour a plot without one still has in a crowded frame: one missed in ten."""
BESIDE_RANGE, BESIDE_RATE, BESIDE = 20.0, 8.0, 0.15
"""A neighbour this close flies in company rather than being false, and counts so much."""


@kernel(
    "void(f8[:,::1], f8[:,::1], i8[::1], f8[:,::1], b1[::1])",
    is_exact=True,
)
def _note_plots(values: F64, stds: F64, order: I64, near: F64, is_accompanied: Flags) -> None:
    """Count every plot's neighbours among the others, in each of its neighbourhoods.

    Each pair is met once, in the order of range; elevation is asked first, being cheapest.
    """
    plots = order.shape[0]
    sorted_values = np.empty((plots, 4))
    sorted_stds = np.empty((plots, 4))
    widest = 0.0
    for at in range(plots):
        for k in range(4):
            sorted_values[at, k] = values[order[at], k]
            sorted_stds[at, k] = stds[order[at], k]
        widest = max(widest, NEAR_RANGES[2] * sorted_stds[at, 0])
    for one in range(plots):
        r, elevation = sorted_values[one, 0], sorted_values[one, 2]
        for other in range(one + 1, plots):
            apart = sorted_values[other, 0] - r
            if apart > widest:
                break
            up = abs(sorted_values[other, 2] - elevation)
            if up >= NEAR_ANGLE * max(sorted_stds[one, 2], sorted_stds[other, 2]):
                continue
            across = abs(wrapped(sorted_values[other, 1] - sorted_values[one, 1]))
            faster = abs(sorted_values[other, 3] - sorted_values[one, 3])
            for side in range(2):
                own = one if side == 0 else other
                if (
                    up < NEAR_ANGLE * sorted_stds[own, 2]
                    and across < NEAR_ANGLE * sorted_stds[own, 1]
                    and not faster >= NEAR_RATE * sorted_stds[own, 3]
                ):
                    plot = order[own]
                    far = apart / sorted_stds[own, 0]
                    is_beside = far < BESIDE_RANGE and not (
                        faster >= BESIDE_RATE * sorted_stds[own, 3]
                    )
                    is_accompanied[plot] = is_accompanied[plot] or is_beside
                    for size in range(3):
                        if far < NEAR_RANGES[size]:
                            near[plot, size] += BESIDE if is_beside else 1.0


@kernel(
    "void(f8[:,::1], f8[:,::1], i8[::1], f8[::1], i8, i1[::1], f8[:,:,::1], f8[::1], f8[::1],"
    " f8[:,::1])",
    is_exact=True,
)
def _note_tracks(
    values: F64,
    stds: F64,
    order: I64,
    keys: F64,
    count: int,
    phases: I8,
    states: F64,
    place: F64,
    rotation: F64,
    near: F64,
) -> None:
    """Count confirmed tracks among every plot's neighbours."""
    plots = order.shape[0]
    widest = 0.0
    for p in range(plots):
        widest = max(widest, NEAR_RANGES[2] * stds[p, 0])
    for t in range(count):
        if phases[t] != CONFIRMED:
            continue
        dx = states[t, FREE, 0] - place[0]
        dy = states[t, FREE, 1] - place[1]
        dz = states[t, FREE, 2] - place[2]
        r = math.sqrt(dx * dx + dy * dy + dz * dz)
        at = np.searchsorted(keys, r - widest)
        if at >= plots or keys[at] > r + widest:
            continue
        east = rotation[0] * dx + rotation[1] * dy + rotation[2] * dz
        north = rotation[3] * dx + rotation[4] * dy + rotation[5] * dz
        up = rotation[6] * dx + rotation[7] * dy + rotation[8] * dz
        azimuth, elevation = math.atan2(east, north), math.asin(up / r)
        rate = (dx * states[t, FREE, 3] + dy * states[t, FREE, 4] + dz * states[t, FREE, 5]) / r
        while at < plots and keys[at] <= r + widest:
            p = order[at]
            at += 1
            if (
                abs(values[p, 2] - elevation) >= NEAR_ANGLE * stds[p, 2]
                or abs(wrapped(values[p, 1] - azimuth)) >= NEAR_ANGLE * stds[p, 1]
                or abs(values[p, 3] - rate) >= NEAR_RATE * stds[p, 3]
            ):
                continue
            far = abs(values[p, 0] - r) / stds[p, 0]
            for size in range(3):
                if far < NEAR_RANGES[size]:
                    near[p, size] += 1.0


@kernel(
    "void(i8, f8[:,::1], f8[:,::1], i8[::1], f8[::1], f8, f8, i8, i1[::1], f8[:,:,::1],"
    " f8[::1], f8[::1], f8[::1], b1[::1])",
    is_exact=True,
)
def clutter_density(
    kind: int,
    values: F64,
    stds: F64,
    order: I64,
    keys: F64,
    uniform: float,
    uniform_without_rate: float,
    count: int,
    phases: I8,
    states: F64,
    place: F64,
    rotation: F64,
    density: F64,
    is_accompanied: Flags,
) -> None:
    """Write each plot's density of others: the uniform one, and what stands close to it.

    Other plots of the frame and confirmed tracks count, in the one of three neighbourhoods where
    they stand densest. ``is_accompanied`` says which plots have another close beside them. ``keys``
    are the values by which ``order`` sorts. A range rate that is missing counts as near.
    """
    plots = order.shape[0]
    if kind == INFRARED:
        for p in range(plots):
            density[p] = uniform
        return
    near = np.zeros((plots, 3))
    _note_plots(values, stds, order, near, is_accompanied)
    crowded = 0.0
    for p in range(plots):
        if near[p, 1] > 0.0:
            crowded += 1.0
    _note_tracks(values, stds, order, keys, count, phases, states, place, rotation, near)
    # Where many plots stand in company, one that stands alone may be what is left of a company.
    company = min(1.0, max(0.0, 10.0 * (crowded / (plots + 10.0) - 0.05)))
    for p in range(plots):
        has_rate = not math.isnan(values[p, 3])
        density[p] = uniform if has_rate else uniform_without_rate
        area = 2.0 * NEAR_ANGLE * stds[p, 1] * 2.0 * NEAR_ANGLE * stds[p, 2]
        if has_rate:
            area *= 2.0 * NEAR_RATE * stds[p, 3]
        densest = 0.0
        for size in range(3):
            box = 2.0 * NEAR_RANGES[size] * stds[p, 0] * area
            densest = max(densest, max(near[p, size], LEFT_ALONE[size] * company) / box)
        density[p] += densest
