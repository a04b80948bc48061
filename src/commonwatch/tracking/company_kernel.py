"""Compiled: which sensor's plots belong to which of several objects that fly close together.

Three ranges always meet in a point. Where objects fly in company, a track may have taken one
object's plots from one radar and another's from the next: a ghost that moves as smoothly as an
object, and only many angles together tell. So what each sensor said of each member is kept as
information about one common reference flight, and the sensors' parts are dealt out anew when
another deal explains all plots better.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.assignment_kernel import assign
from commonwatch.tracking.kalman_kernel import RADAR, factorised, linearised

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

PLACE_STD_M, SPEED_STD_M_S = 20e3, 500.0
"""How far members may be from their reference, before any plot."""
BETTER = 18.0
"""Chi-square by which another deal must be better: one in 8,000 by chance."""
PASSES = 8


@kernel("void(i8, i1[::1], f8[:,:,::1], i8, f8, f8, i8[::1])", is_exact=True)
def close_groups(
    count: int,
    phases: npt.NDArray[np.int8],
    states: F64,
    wanted: int,
    distance_m: float,
    speed_m_s: float,
    group: I64,
) -> None:
    """Write for each track the least number among those it flies in company with, or -1."""
    along = states[:count, 0, 0].copy()
    order = np.argsort(along)
    parent = np.arange(count)
    for a in range(count):
        i = order[a]
        if phases[i] != wanted:
            continue
        for b in range(a + 1, count):
            j = order[b]
            if along[j] - along[i] > distance_m:
                break
            if phases[j] != wanted:
                continue
            apart, faster = 0.0, 0.0
            for k in range(3):
                apart += (states[i, 0, k] - states[j, 0, k]) ** 2
                faster += (states[i, 0, 3 + k] - states[j, 0, 3 + k]) ** 2
            if apart < distance_m * distance_m and faster < speed_m_s * speed_m_s:
                one, other = i, j
                while parent[one] != one:
                    one = parent[one]
                while parent[other] != other:
                    other = parent[other]
                if one != other:
                    parent[max(one, other)] = min(one, other)
    size = np.zeros(count, dtype=np.int64)
    for i in range(count):
        root = i
        while parent[root] != root:
            root = parent[root]
        group[i] = root
        size[root] += 1
    for i in range(count):
        if size[group[i]] < 2:
            group[i] = -1


@kernel(
    "void(f8[::1], f8[:,::1], i8[::1], i8[::1], i8, f8[:,::1], f8[:,::1], f8[:,::1], f8[::1],"
    " f8[::1], f8[::1], f8[:,:,:,::1], f8[:,:,::1])",
    is_exact=True,
)
def take_plots(
    reference: F64,
    whole: F64,
    members: I64,
    plots: I64,
    sensor: int,
    values: F64,
    stds: F64,
    eyes: F64,
    offsets: F64,
    rotation: F64,
    field: F64,
    information: F64,
    vector: F64,
) -> None:
    """Add plots of one radar to what it said of the members that took them."""
    residual = np.empty(6)
    slope = np.empty((4, 6))
    scratch = np.empty((3, 6))
    row = np.empty(6)
    for index in range(members.shape[0]):
        m, p = members[index], plots[index]
        count = linearised(
            RADAR,
            reference,
            values[p],
            eyes[p],
            rotation,
            offsets[p],
            field,
            residual,
            slope,
            scratch,
        )
        for k in range(count):
            weight = 1.0 / (stds[p, k] * stds[p, k])
            for j in range(6):
                total = 0.0
                for i in range(6):
                    total += slope[k, i] * whole[i, j]
                row[j] = total
            for i in range(6):
                vector[m, sensor, i] += weight * row[i] * residual[k]
                for j in range(6):
                    information[m, sensor, i, j] += weight * row[i] * row[j]


@kernel("f8(f8[:,::1], f8[::1], f8[:,::1], f8[::1])", is_exact=True)
def _explained(information: F64, vector: F64, lower: F64, solved: F64) -> float:
    """Chi-square that the best flight takes off, y' Y^-1 y; writes that flight."""
    if not factorised(information, lower, 6):
        return 0.0
    for i in range(6):
        total = vector[i]
        for k in range(i):
            total -= lower[i, k] * solved[k]
        solved[i] = total / lower[i, i]
    whole = 0.0
    for i in range(6):
        whole += solved[i] * solved[i]
    for i in range(5, -1, -1):
        total = solved[i]
        for k in range(i + 1, 6):
            total -= lower[k, i] * solved[k]
        solved[i] = total / lower[i, i]
    return whole


@kernel("f8(f8[:,:,::1], f8[:,::1])", is_exact=True)
def explained(information: F64, vector: F64) -> float:
    """Chi-square that one flight takes off what some sensors' parts say together."""
    total = np.zeros((6, 6))
    total_vector = np.zeros(6)
    for i in range(3):
        total[i, i] = 1.0 / (PLACE_STD_M * PLACE_STD_M)
        total[3 + i, 3 + i] = 1.0 / (SPEED_STD_M_S * SPEED_STD_M_S)
    for s in range(information.shape[0]):
        for i in range(6):
            total_vector[i] += vector[s, i]
            for j in range(6):
                total[i, j] += information[s, i, j]
    return _explained(total, total_vector, np.zeros((6, 6)), np.empty(6))


@kernel("f8(f8[:,:,:,::1], f8[:,:,::1], i8[:,::1], b1[::1], i8, f8[:,::1], f8[::1])", is_exact=True)
def _deal(
    information: F64,
    vector: F64,
    deal: I64,
    is_dealt: npt.NDArray[np.bool_],
    sensor: int,
    prior: F64,
    solved: F64,
) -> float:
    """Deal one sensor's parts to the members as suits the others'; return what all explain."""
    members = deal.shape[0]
    sensors = deal.shape[1]
    base = np.empty((members, 6, 6))
    base_vector = np.empty((members, 6))
    whole = np.empty((6, 6))
    whole_vector = np.empty(6)
    lower = np.zeros((6, 6))
    cost = np.empty((members, members))
    for m in range(members):
        for i in range(6):
            base_vector[m, i] = 0.0
            for j in range(6):
                base[m, i, j] = prior[i, j]
        for s in range(sensors):
            if s == sensor or not is_dealt[s]:
                continue
            part = deal[m, s]
            for i in range(6):
                base_vector[m, i] += vector[part, s, i]
                for j in range(6):
                    base[m, i, j] += information[part, s, i, j]
    for m in range(members):
        for part in range(members):
            for i in range(6):
                whole_vector[i] = base_vector[m, i] + vector[part, sensor, i]
                for j in range(6):
                    whole[i, j] = base[m, i, j] + information[part, sensor, i, j]
            cost[m, part] = -_explained(whole, whole_vector, lower, solved)
    chosen = assign(cost)
    total = 0.0
    for m in range(members):
        deal[m, sensor] = chosen[m]
        total -= cost[m, chosen[m]]
    return total


@kernel("f8(f8[:,:,:,::1], f8[:,:,::1], i8[:,::1], f8[:,::1])", is_exact=True)
def _value(information: F64, vector: F64, deal: I64, prior: F64) -> float:
    """Chi-square that a deal explains, over all members."""
    whole = np.empty((6, 6))
    whole_vector = np.empty(6)
    lower = np.zeros((6, 6))
    solved = np.empty(6)
    total = 0.0
    for m in range(deal.shape[0]):
        for i in range(6):
            whole_vector[i] = 0.0
            for j in range(6):
                whole[i, j] = prior[i, j]
        for s in range(deal.shape[1]):
            part = deal[m, s]
            for i in range(6):
                whole_vector[i] += vector[part, s, i]
                for j in range(6):
                    whole[i, j] += information[part, s, i, j]
        total += _explained(whole, whole_vector, lower, solved)
    return total


@kernel("b1(f8[:,:,:,::1], f8[:,:,::1], f8[:,::1], i8[:,::1])", is_exact=True)
def deal_anew(information: F64, vector: F64, count: F64, best: I64) -> bool:
    """Find the deal that explains all plots best; say whether it is clearly better than as it is.

    ``best[m, s]`` becomes the member whose part of sensor ``s`` member ``m`` gets. Tried are deals
    that start from each pair of sensors, the others following one by one, and the present one; each
    is bettered sensor by sensor until nothing changes.
    """
    members, sensors = count.shape
    prior = np.zeros((6, 6))
    for i in range(3):
        prior[i, i] = 1.0 / (PLACE_STD_M * PLACE_STD_M)
        prior[3 + i, 3 + i] = 1.0 / (SPEED_STD_M_S * SPEED_STD_M_S)
    heard = np.zeros(sensors)
    for s in range(sensors):
        for m in range(members):
            heard[s] += count[m, s]
    order = np.argsort(-heard)
    active = 0
    while active < sensors and heard[order[active]] > 0.0:
        active += 1
    if active < 2:
        return False
    present = np.empty((members, sensors), dtype=np.int64)
    for m in range(members):
        for s in range(sensors):
            present[m, s] = m
            best[m, s] = m
    now = _value(information, vector, present, prior)
    top = now
    solved = np.empty(6)
    trial = np.empty((members, sensors), dtype=np.int64)
    is_dealt = np.empty(sensors, dtype=np.bool_)
    starts = min(active, 4)
    for first in range(-1, starts * starts):
        trial[:, :] = present
        if first >= 0:
            one, two = first // starts, first % starts
            if one == two:
                continue
            is_dealt[:] = False
            is_dealt[order[one]] = True
            _deal(information, vector, trial, is_dealt, order[two], prior, solved)
            is_dealt[order[two]] = True
            for k in range(active):
                if not is_dealt[order[k]]:
                    _deal(information, vector, trial, is_dealt, order[k], prior, solved)
                    is_dealt[order[k]] = True
        is_dealt[:] = True
        value = _value(information, vector, trial, prior)
        for _ in range(PASSES):
            before = value
            for k in range(active):
                value = _deal(information, vector, trial, is_dealt, order[k], prior, solved)
            if value < before + 1e-6:
                break
        if value > top + 1e-6:
            top = value
            best[:, :] = trial
    return top > now + BETTER


@kernel("b1(f8[:,:,::1], f8[:,::1], f8[::1], f8[:,::1], f8[::1], f8[:,::1])", is_exact=True)
def flight_of(
    information: F64, vector: F64, reference: F64, whole: F64, state_vector: F64, covariance: F64
) -> bool:
    """Write the flight that one member's parts tell, now; False where they tell too little."""
    total = np.zeros((6, 6))
    total_vector = np.zeros(6)
    for i in range(3):
        total[i, i] = 1.0 / (PLACE_STD_M * PLACE_STD_M)
        total[3 + i, 3 + i] = 1.0 / (SPEED_STD_M_S * SPEED_STD_M_S)
    for s in range(information.shape[0]):
        for i in range(6):
            total_vector[i] += vector[s, i]
            for j in range(6):
                total[i, j] += information[s, i, j]
    lower = np.zeros((6, 6))
    solved = np.empty(6)
    if not factorised(total, lower, 6):
        return False
    _explained(total, total_vector, lower, solved)
    # Columns of whole L^-T: their outer products add up to the covariance now.
    root = np.zeros((6, 6))
    for column in range(6):
        for i in range(5, -1, -1):
            part = 1.0 if i == column else 0.0
            for k in range(i + 1, 6):
                part -= lower[k, i] * root[k, column]
            root[i, column] = part / lower[i, i]
    for i in range(6):
        part = 0.0
        for k in range(6):
            part += whole[i, k] * solved[k]
        state_vector[i] = reference[i] + part
    moved = np.zeros((6, 6))
    for i in range(6):
        for j in range(6):
            for k in range(6):
                moved[i, j] += whole[i, k] * root[k, j]
    for i in range(6):
        for j in range(6):
            covariance[i, j] = 0.0
            for k in range(6):
                covariance[i, j] += moved[i, k] * moved[j, k]
    return True
