"""Compiled: which tracks that nobody sees are known too badly to be kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid_kernel import geodetic
from commonwatch.kernels import kernel
from commonwatch.tracking.bank_kernel import CONFIRMED, DORMANT
from commonwatch.tracking.kalman_kernel import factorised
from commonwatch.tracking.motion_kernel import FREE

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]
B1 = npt.NDArray[np.bool_]

DORMANT_STD_M = 60e3
"""A track out of view that may be mistaken for another is kept only while its place is known this
well: what satellites saw of a motor, a minute and a half after burn-out (*assumed*). It gets no
better unseen, and in a raid any plot would fit it."""
ALONE_STD_M = 1e6
"""The same where no other is in its gate: what one satellite saw of a motor, two minutes after
burn-out (*assumed*)."""
FALLING_STD_M = 2e3
"""The same of one out of view that falls through the air, where drag makes it less sure by the
second and others of a raid fall some kilometres beside it (*assumed*): in the gate are five of
these."""

SEEN, KEPT, LOST, HIDDEN = 0, 1, 2, 3
"""Fates: not concerned, dormant and kept, lost, and lost while dormant."""


@kernel("f8(f8[:,:,:,::1], i8)", is_exact=True)
def _variance_m2(covariances: F64, t: int) -> float:
    free = covariances[t, FREE]
    return float(free[0, 0] + free[1, 1] + free[2, 2])


@kernel("void(i8, f8, i8, i1[::1], f8[:,:,::1], f8[:,:,:,::1], b1[::1])", is_exact=True)
def _note_mistakable(
    t: int, gate_squared: float, count: int, phases: I8, states: F64, covariances: F64, notes: B1
) -> None:
    """Note a track and the others in its gate; these stay noted when it is gone."""
    both = np.empty((3, 3))
    lower = np.empty((3, 3))
    solved = np.empty(3)
    for other in range(count):
        if other == t or (phases[other] != DORMANT and phases[other] != CONFIRMED):
            continue
        for i in range(3):
            for j in range(3):
                both[i, j] = covariances[other, FREE, i, j] + covariances[t, FREE, i, j]
        if not factorised(both, lower, 3):
            continue
        squared = 0.0
        for i in range(3):
            total = states[other, FREE, i] - states[t, FREE, i]
            for j in range(i):
                total -= lower[i, j] * solved[j]
            solved[i] = total / lower[i, i]
            squared += solved[i] * solved[i]
        if squared < gate_squared:
            notes[t] = True
            notes[other] = True


@kernel("b1(f8[::1], f8)", is_exact=True)
def _is_falling(state_vector: F64, air_m: float) -> bool:
    """Say whether an object has come down into the air."""
    x, y, z = state_vector[0], state_vector[1], state_vector[2]
    climb = x * state_vector[3] + y * state_vector[4] + z * state_vector[5]
    return climb < 0.0 and geodetic(x, y, z)[2] < air_m


@kernel(
    "i8(i8, i8, f8, f8, i8, i1[::1], f8[:,:,::1], f8[:,:,:,::1], i8[::1], b1[::1], i1[::1])",
    is_exact=True,
)
def give_up(
    now_ns: int,
    coast_ns: int,
    gate_squared: float,
    air_m: float,
    count: int,
    phases: I8,
    states: F64,
    covariances: F64,
    last_hit_ns: I64,
    is_mistakable: B1,
    fates: I8,
) -> int:
    """Write the fate of each track, and which may be mistaken; return how many are concerned.

    Concerned are the dormant, and confirmed ones without a plot for ``coast_ns``. Each that is
    vague is held against the others once.
    """
    concerned = 0
    for t in range(count):
        is_unseen = phases[t] == CONFIRMED and now_ns - last_hit_ns[t] > coast_ns
        if phases[t] != DORMANT and not is_unseen:
            fates[t] = SEEN
            continue
        concerned += 1
        is_vague = _variance_m2(covariances, t) >= DORMANT_STD_M * DORMANT_STD_M
        fates[t] = LOST if is_vague and not is_mistakable[t] else KEPT
    if concerned == 0:
        return 0
    for t in range(count):
        if fates[t] == LOST:
            _note_mistakable(t, gate_squared, count, phases, states, covariances, is_mistakable)
    for t in range(count):
        if fates[t] == SEEN:
            continue
        is_hidden = phases[t] == DORMANT
        most_m = ALONE_STD_M
        if is_mistakable[t]:
            most_m = DORMANT_STD_M
        variance = _variance_m2(covariances, t)
        if is_hidden and variance >= FALLING_STD_M**2 and _is_falling(states[t, FREE], air_m):
            most_m = FALLING_STD_M
        if variance >= most_m * most_m:
            fates[t] = HIDDEN if is_hidden else LOST
        else:
            fates[t] = KEPT if is_hidden else SEEN
    return concerned
