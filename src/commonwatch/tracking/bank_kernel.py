"""Compiled: every track of a centre, one step of one frame.

A frame is what one sensor saw in one look around. Tracks lie in arrays (see ``bank.Bank``): two
motion models each, free flight and power, mixed as an interacting multiple model.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.kalman_kernel import (
    INFRARED,
    distance_squared,
    expected,
    extended_update,
    unscented_update,
    wrapped,
)
from commonwatch.tracking.motion_kernel import FREE, POWERED, predict_one
from commonwatch.tracking.view_kernel import altitude, detection_probability

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int8]

SINGLE, TENTATIVE, CONFIRMED, DORMANT, GONE = 0, 1, 2, 3, 4
"""Phases: one plot alone; two or more; believed; out of every view; to be removed."""

LIVE = 1e-4
"""Weight below which a motion model rests."""

NOISE_FREE, NOISE_POWERED, THRUST, BURN_TIME, IGNITION = 0, 1, 2, 3, 4
"""Places in ``motion``: the two spectral densities, m2/s3; thrust, m/s2; mean burn left, s;
ignitions per second."""

_LOG_TURN = math.log(2.0 * math.pi)


@kernel("f8(f8, f8)", is_exact=True)
def free_noise(height_m: float, least: float) -> float:
    """Noise of free flight: below 100 km the unknown drag, 1.4 m/s2 at 60 km, over 10 s."""
    if height_m > 100e3:
        return least
    slowing = 1.4 * math.exp((60e3 - max(height_m, 20e3)) / 6500.0)
    return max(least, 10.0 * slowing * slowing)


@kernel("void(i8, f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8, f8[::1], f8[::1])", is_exact=True)
def predict_bank(
    count: int,
    states: F64,
    covariances: F64,
    weights: F64,
    seconds: float,
    motion: F64,
    field: F64,
) -> None:
    """Mix the two models of every track and move them on."""
    phi = np.empty((6, 6))
    work = np.empty((6, 6))
    mixed = np.empty((2, 6))
    spread = np.empty((2, 6, 6))
    stay_powered = math.exp(-seconds / motion[BURN_TIME])
    light = motion[IGNITION] * seconds
    for t in range(count):
        powered = weights[t, POWERED]
        if powered > LIVE:
            free = weights[t, FREE]
            new_powered = powered * stay_powered + free * light
            new_free = 1.0 - new_powered
            # Probability of having been in the other model, given this one now.
            from_powered = powered * (1.0 - stay_powered) / max(new_free, 1e-300)
            from_free = free * light / max(new_powered, 1e-300)
            for m in range(2):
                share = from_powered if m == FREE else from_free
                for i in range(6):
                    mixed[m, i] = (1.0 - share) * states[t, m, i] + share * states[t, 1 - m, i]
                for i in range(6):
                    for j in range(i + 1):
                        here = (states[t, m, i] - mixed[m, i]) * (states[t, m, j] - mixed[m, j])
                        there = (states[t, 1 - m, i] - mixed[m, i]) * (
                            states[t, 1 - m, j] - mixed[m, j]
                        )
                        value = (1.0 - share) * (covariances[t, m, i, j] + here) + share * (
                            covariances[t, 1 - m, i, j] + there
                        )
                        spread[m, i, j] = value
                        spread[m, j, i] = value
            weights[t, POWERED] = new_powered
            weights[t, FREE] = new_free
            for m in range(2):
                for i in range(6):
                    states[t, m, i] = mixed[m, i]
                    for j in range(6):
                        covariances[t, m, i, j] = spread[m, i, j]
            predict_one(
                states[t, POWERED],
                covariances[t, POWERED],
                seconds,
                motion[THRUST],
                motion[NOISE_POWERED],
                field,
                phi,
                work,
            )
        noise = free_noise(altitude(states[t, FREE], field), motion[NOISE_FREE])
        predict_one(states[t, FREE], covariances[t, FREE], seconds, 0.0, noise, field, phi, work)


NEAR_RANGES = (50.0, 200.0, 800.0)
BESIDE_RANGE, BESIDE_RATE, BESIDE = 20.0, 8.0, 0.15
LEFT_ALONE = (0.0, 0.1, 0.0)
NEAR_ANGLE = 6.0
NEAR_RATE = 40.0
"""Half sides of a plot's neighbourhoods, three sizes, in its own standard deviations; and how much
of a neighbour a plot without one still has in a crowded frame: one missed in ten looks."""


@kernel(
    "b1(f8, f8, f8, f8, f8, f8[::1], f8[::1], f8[::1])",
    is_exact=True,
)
def _note_near(
    r: float,
    azimuth: float,
    elevation: float,
    rate: float,
    beside: float,
    plot: F64,
    std: F64,
    near: F64,
) -> bool:
    """Count what stands at these values in each of a plot's neighbourhoods; say if in company."""
    is_companion = False
    if (
        abs(wrapped(plot[1] - azimuth)) < NEAR_ANGLE * std[1]
        and abs(plot[2] - elevation) < NEAR_ANGLE * std[2]
        and (
            math.isnan(plot[3]) or math.isnan(rate) or abs(plot[3] - rate) < NEAR_RATE * std[3]
        )
    ):
        apart = abs(plot[0] - r) / std[0]
        is_companion = apart < BESIDE_RANGE and (
            math.isnan(plot[3])
            or math.isnan(rate)
            or abs(plot[3] - rate) < BESIDE_RATE * std[3]
        )
        for size in range(3):
            if apart < NEAR_RANGES[size]:
                near[size] += beside if is_companion else 1.0
    return is_companion


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
    is_accompanied: npt.NDArray[np.bool_],
) -> None:
    """Write each plot's density of others: the uniform one, and what stands close to it.

    Other plots of the frame and confirmed tracks count as close, in the one of three
    neighbourhoods where they stand densest: where false plots crowd around objects, or objects
    around each other, more is asked of a plot. ``keys`` are the values by which ``order`` sorts.
    """
    plots = order.shape[0]
    if kind == INFRARED:
        for p in range(plots):
            density[p] = uniform
        return
    near = np.zeros((plots, 3))
    widest = 0.0
    for p in range(plots):
        widest = max(widest, NEAR_RANGES[2] * stds[p, 0])
    for at in range(plots):
        p = order[at]
        for way in range(2):
            step = 1 if way == 0 else -1
            other = at + step
            while 0 <= other < plots:
                q = order[other]
                if abs(values[q, 0] - values[p, 0]) > widest:
                    break
                if _note_near(
                    values[q, 0], values[q, 1], values[q, 2], values[q, 3], BESIDE, values[p],
                    stds[p], near[p],
                ):
                    is_accompanied[p] = True
                other += step
    beside = near[:, 1] > 0.0
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
            _note_near(r, azimuth, elevation, rate, 1.0, values[p], stds[p], near[p])
            at += 1
    crowded = 0.0
    for p in range(plots):
        if beside[p]:
            crowded += 1.0
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


@kernel(
    "b1(i8, f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[::1], f8[::1], f8, f8, f8[:,::1],"
    " f8[:,::1], f8[::1], i8[::1], b1[::1])",
    is_exact=True,
)
def _is_any_near(
    t: int,
    states: F64,
    covariances: F64,
    weights: F64,
    place: F64,
    rotation: F64,
    reach: float,
    largest: float,
    values: F64,
    stds: F64,
    keys: F64,
    order: I64,
    is_taken: npt.NDArray[np.bool_],
) -> bool:
    """Whether any plot stands in a wide box around a track: cheap, and never wrong about none.

    The box reaches as far each way as the track's place is uncertain in its worst direction,
    twice over for what is not linear.
    """
    wide = 0.0
    for m in range(2):
        if weights[t, m] > LIVE:
            spread = 0.0
            for i in range(3):
                spread += covariances[t, m, i, i]
                apart = states[t, m, i] - states[t, FREE, i]
                spread += apart * apart
            wide = max(wide, spread)
    wide = 2.0 * reach * math.sqrt(wide)
    dx = states[t, FREE, 0] - place[0]
    dy = states[t, FREE, 1] - place[1]
    dz = states[t, FREE, 2] - place[2]
    r = math.sqrt(dx * dx + dy * dy + dz * dz)
    rate = (dx * states[t, FREE, 3] + dy * states[t, FREE, 4] + dz * states[t, FREE, 5]) / r
    half = wide + reach * largest + 0.1 * abs(rate)
    if wide > 0.2 * r:
        return True
    east = rotation[0] * dx + rotation[1] * dy + rotation[2] * dz
    north = rotation[3] * dx + rotation[4] * dy + rotation[5] * dz
    up = rotation[6] * dx + rotation[7] * dy + rotation[8] * dz
    level = math.sqrt(east * east + north * north)
    azimuth, elevation = math.atan2(east, north), math.atan2(up, level)
    # A tenth of a second across the line of sight, for plots that come a little later.
    across = wide + 1e3
    for at in range(np.searchsorted(keys, r - half), keys.shape[0]):
        if keys[at] > r + half:
            return False
        p = order[at]
        if is_taken[p]:
            continue
        if abs(values[p, 2] - elevation) > across / r + reach * stds[p, 2]:
            continue
        if across > 0.5 * level:
            return True
        if abs(wrapped(values[p, 1] - azimuth)) < across / (level - across) + reach * stds[p, 1]:
            return True
    return False


@kernel(
    "i8(i8, i8[::1], i8, i8, f8, i1[::1], f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], i4[::1],"
    " i8[::1], f8[:,::1], f8[:,:,::1], f8[:,::1], f8[::1], f8[::1], i8[::1], f8[::1], b1[::1],"
    " f8[::1], f8[:,::1], f8[:,::1], f8[:,::1], i8[::1], f8[:,::1], f8[::1],"
    " i8[::1], i8[::1], f8[::1], f8[:,::1])",
    is_exact=True,
)
def gate(
    kind: int,
    rows: I64,
    sensor: int,
    is_unscented: int,
    gate_squared: float,
    phases: I8,
    states: F64,
    covariances: F64,
    weights: F64,
    hits: I32,
    homes: I64,
    values: F64,
    both_stds: F64,
    eyes: F64,
    offsets: F64,
    keys: F64,
    order: I64,
    densities: F64,
    is_taken: npt.NDArray[np.bool_],
    chances: F64,
    place: F64,
    rotation: F64,
    figures: F64,
    face_from: I64,
    faces: F64,
    field: F64,
    pair_track: I64,
    pair_plot: I64,
    pair_gain: F64,
    pair_log: F64,
) -> int:
    """List every plot in each track's gate, with what taking it would gain over a miss.

    ``both_stds`` are the plots' standard deviations for tracks that began with this sensor, and for
    others, whose place may be off by another bias. ``rows`` are the tracks to gate, ``keys`` the plots' sorted index (range, or the first
    component of the line) and ``order`` their numbers in that order. Writes each row's chance of
    detection. Returns the number of pairs, or -1 where they do not fit.
    """
    scratch = np.empty((24, 6))
    residual = np.empty(6)
    other = np.empty(6)
    spread = np.empty((2, 4, 4))
    cross = np.empty((6, 4))
    lower = np.empty((5, 4))
    zero = np.zeros(4)
    hat = np.empty((2, 4))
    room = pair_track.shape[0]
    total = 0
    plots = order.shape[0]
    reach = math.sqrt(gate_squared)
    largest = 0.0
    for p in range(plots):
        largest = max(largest, both_stds[1, p, 0])
    has_offsets = False
    for p in range(plots):
        has_offsets = has_offsets or offsets[p] != 0.0
    for place_in_rows in range(rows.shape[0]):
        t = rows[place_in_rows]
        burning = weights[t, POWERED]
        chances[t] = detection_probability(
            sensor, states[t, FREE], burning, place, rotation, figures, face_from, faces, field
        )
        if plots == 0:
            continue
        chance = min(max(chances[t], 0.1), 0.999)
        young = is_unscented != 0 or hits[t] < 4
        stds = both_stds[0 if homes[t] == sensor else 1]
        if kind != INFRARED and not _is_any_near(
            t, states, covariances, weights, place[sensor], rotation[sensor], reach, largest,
            values, stds, keys, order, is_taken,
        ):
            continue
        low, high = math.inf, -math.inf
        for m in range(2):
            if weights[t, m] <= LIVE:
                continue
            if kind == INFRARED:
                dx = states[t, m, 0] - eyes[0, 0]
                dy = states[t, m, 1] - eyes[0, 1]
                dz = states[t, m, 2] - eyes[0, 2]
                r = math.sqrt(dx * dx + dy * dy + dz * dz)
                wide = 0.0
                for i in range(3):
                    wide += covariances[t, m, i, i]
                half = reach * (math.sqrt(wide) / r + largest)
                low, high = min(low, dx / r - half), max(high, dx / r + half)
            else:
                expected(
                    kind, states[t, m], covariances[t, m], zero, place[sensor], rotation[sensor],
                    0.0, field, young, residual, spread[m], cross, scratch,
                )
                for k in range(4):
                    hat[m, k] = -residual[k]
                half = reach * math.sqrt(spread[m, 0, 0] + largest * largest)
                if has_offsets:
                    half += 0.1 * abs(hat[m, 3])
                low, high = min(low, hat[m, 0] - half), max(high, hat[m, 0] + half)
        start = np.searchsorted(keys, low)
        for at in range(start, plots):
            if keys[at] > high:
                break
            p = order[at]
            if is_taken[p]:
                continue
            best = -math.inf
            count = 2 if kind == INFRARED else (3 if math.isnan(values[p, 3]) else 4)
            nearest = math.inf
            for m in range(2):
                if weights[t, m] <= LIVE:
                    other[m] = -math.inf
                    continue
                if kind == INFRARED or has_offsets:
                    expected(
                        kind, states[t, m], covariances[t, m], values[p], eyes[p],
                        rotation[sensor], offsets[p], field, young, residual, spread[m], cross,
                        scratch,
                    )
                else:
                    for k in range(count):
                        residual[k] = values[p, k] - hat[m, k]
                    residual[1] = wrapped(residual[1])
                is_near = True
                for k in range(count):
                    std = stds[p, 0] if kind == INFRARED else stds[p, k]
                    if residual[k] * residual[k] > gate_squared * (spread[m, k, k] + std * std):
                        is_near = False
                if not is_near:
                    other[m] = -math.inf
                    continue
                squared, determinant = distance_squared(
                    residual, spread[m], stds[p], kind, count, lower
                )
                nearest = min(nearest, squared)
                other[m] = -0.5 * (squared + math.log(determinant) + count * _LOG_TURN)
                best = max(best, other[m] + math.log(weights[t, m]))
            if nearest > gate_squared:
                continue
            if total >= room:
                return -1
            mixture = 0.0
            for m in range(2):
                if other[m] > -math.inf:
                    mixture += math.exp(other[m] + math.log(weights[t, m]) - best)
                pair_log[total, m] = other[m]
            pair_track[total] = place_in_rows
            pair_plot[total] = p
            pair_gain[total] = (
                best
                + math.log(mixture)
                + math.log(chance)
                - math.log(1.0 - chance)
                - math.log(densities[p])
            )
            total += 1
    return total


@kernel(
    "void(i8, i8, i8, i8, f8, i8[::1], i8[::1], f8[::1], f8[:,::1],"
    " f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], i4[::1], i8[::1], f8[:,::1], f8[:,:,::1], f8[:,::1],"
    " f8[::1], f8[:,::1], f8[::1])",
    is_exact=True,
)
def update_tracks(
    kind: int,
    sensor: int,
    pairs: int,
    is_unscented: int,
    least: float,
    pair_row: I64,
    pair_plot: I64,
    pair_share: F64,
    pair_log: F64,
    states: F64,
    covariances: F64,
    weights: F64,
    hits: I32,
    homes: I64,
    values: F64,
    both_stds: F64,
    eyes: F64,
    offsets: F64,
    rotation: F64,
    field: F64,
) -> None:
    """Take plots into tracks, each by its share; ``pair_row`` is sorted and names the track.

    A share of one is an ordinary update; several shares are moment-matched, the missed look among
    them.
    """
    scratch = np.empty((24, 6))
    state = np.empty(6)
    covariance = np.empty((6, 6))
    mean = np.empty(6)
    second = np.empty((6, 6))
    first = 0
    while first < pairs:
        t = pair_row[first]
        last = first
        taken = 0.0
        while last < pairs and pair_row[last] == t:
            if pair_share[last] > least:
                taken += pair_share[last]
            last += 1
        if taken <= 0.0:
            first = last
            continue
        missed = max(0.0, 1.0 - taken)
        stds = both_stds[0 if homes[t] == sensor else 1]
        new_weight = np.zeros(2)
        rounds = 4 if hits[t] < 6 else 1
        for m in range(2):
            if weights[t, m] <= LIVE:
                continue
            likelihood = missed
            for i in range(6):
                mean[i] = 0.0
                for j in range(6):
                    second[i, j] = missed * covariances[t, m, i, j]
            for p in range(first, last):
                share = pair_share[p]
                if share <= least:
                    continue
                top = max(pair_log[p, 0], pair_log[p, 1])
                likelihood += share * math.exp(max(pair_log[p, m] - top, -700.0))
                for i in range(6):
                    state[i] = states[t, m, i]
                    for j in range(6):
                        covariance[i, j] = covariances[t, m, i, j]
                plot = pair_plot[p]
                if is_unscented != 0:
                    unscented_update(
                        kind, state, covariance, values[plot], stds[plot], eyes[plot],
                        rotation[sensor], offsets[plot], field, scratch,
                    )
                else:
                    extended_update(
                        kind, state, covariance, values[plot], stds[plot], eyes[plot],
                        rotation[sensor], offsets[plot], field, rounds, scratch,
                    )
                for i in range(6):
                    state[i] -= states[t, m, i]
                for i in range(6):
                    mean[i] += share * state[i]
                    for j in range(6):
                        second[i, j] += share * (covariance[i, j] + state[i] * state[j])
            for i in range(6):
                states[t, m, i] += mean[i]
                for j in range(6):
                    covariances[t, m, i, j] = second[i, j] - mean[i] * mean[j]
            new_weight[m] = weights[t, m] * likelihood
        whole = new_weight[0] + new_weight[1]
        if whole > 0.0:
            weights[t, 0] = new_weight[0] / whole
            weights[t, 1] = new_weight[1] / whole
        if weights[t, POWERED] <= LIVE:
            weights[t, POWERED] = 0.0
            weights[t, FREE] = 1.0
        hits[t] += 1
        first = last


@kernel("void(i8, f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[:,::1], f8[:,:,::1])", is_exact=True)
def combined(
    count: int, states: F64, covariances: F64, weights: F64, mean: F64, spread: F64
) -> None:
    """Write each track's state vector and covariance over its models."""
    for t in range(count):
        w = weights[t, POWERED] if weights[t, POWERED] > LIVE else 0.0
        for i in range(6):
            mean[t, i] = (1.0 - w) * states[t, FREE, i] + w * states[t, POWERED, i]
        for i in range(6):
            for j in range(6):
                value = (1.0 - w) * covariances[t, FREE, i, j]
                if w > 0.0:
                    apart_i = states[t, FREE, i] - states[t, POWERED, i]
                    apart_j = states[t, FREE, j] - states[t, POWERED, j]
                    value += w * covariances[t, POWERED, i, j] + w * (1.0 - w) * apart_i * apart_j
                spread[t, i, j] = value


@kernel(
    "void(f8[:,::1], f8[:,:,::1], i8[::1], f8[:,::1], f8[:,::1], f8[:,::1])", is_exact=True
)
def add_bias(
    states: F64, covariances: F64, homes: I64, shown: F64, place: F64, rotation: F64
) -> None:
    """Add to each place's covariance what the bias of one sensor leaves open.

    ``shown`` holds standard deviations of range, azimuth, elevation and time by sensor.
    """
    slope = np.empty((4, 3))
    for t in range(states.shape[0]):
        s = homes[t]
        turn = rotation[s]
        dx = states[t, 0] - place[s, 0]
        dy = states[t, 1] - place[s, 1]
        dz = states[t, 2] - place[s, 2]
        east = turn[0] * dx + turn[1] * dy + turn[2] * dz
        north = turn[3] * dx + turn[4] * dy + turn[5] * dz
        up = turn[6] * dx + turn[7] * dy + turn[8] * dz
        level = max(math.sqrt(east * east + north * north), 1.0)
        r = math.sqrt(level * level + up * up)
        slope[0, 0], slope[0, 1], slope[0, 2] = dx / r, dy / r, dz / r
        for j in range(3):
            slope[1, j] = north * turn[j] - east * turn[3 + j]
            ahead = (east * turn[j] + north * turn[3 + j]) / level
            slope[2, j] = -up * ahead + level * turn[6 + j]
            slope[3, j] = states[t, 3 + j]
        for k in range(4):
            variance = shown[s, k] * shown[s, k]
            for i in range(3):
                for j in range(3):
                    covariances[t, i, j] += variance * slope[k, i] * slope[k, j]
