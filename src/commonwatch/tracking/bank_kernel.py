"""Compiled: every track of a centre, one step of one frame.

A frame is what one sensor saw in one look around. Tracks lie in arrays (see ``bank.Bank``): two
motion models each, free flight and power, mixed as an interacting multiple model.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.bias_kernel import covariance_of
from commonwatch.tracking.kalman_kernel import (
    RADAR,
    extended_update,
    is_curved,
    unscented_update,
)
from commonwatch.tracking.motion_kernel import FREE, POWERED, predict_one
from commonwatch.tracking.view_kernel import altitude

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int8]
B1 = npt.NDArray[np.bool_]

SINGLE, TENTATIVE, CONFIRMED, DORMANT, GONE = 0, 1, 2, 3, 4
"""Phases: one plot alone; two or more; believed; out of every view; to be removed."""

LIVE = 1e-4
"""Weight below which a motion model rests."""

NOISE_FREE, NOISE_POWERED, THRUST, BURN_TIME, IGNITION = 0, 1, 2, 3, 4
"""Places in ``motion``: the two spectral densities, m2/s3; thrust, m/s2; mean burn left, s;
ignitions per second."""


@kernel("f8(f8, f8)", is_exact=True)
def free_noise(height_m: float, least: float) -> float:
    """Noise of free flight: below 100 km the unknown drag, 1.4 m/s2 at 60 km, over 10 s."""
    if height_m > 100e3:
        return least
    slowing = 1.4 * math.exp((60e3 - max(height_m, 20e3)) / 6500.0)
    return max(least, 10.0 * slowing * slowing)


@kernel(
    "void(i8, f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[:,:,:,::1], b1[:,::1], f8, f8[::1],"
    " f8[::1])",
    is_exact=True,
)
def predict_bank(
    count: int,
    states: F64,
    covariances: F64,
    weights: F64,
    by_bias: F64,
    fed: B1,
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
            for i in range(6):
                for c in range(by_bias.shape[3]):
                    apart = by_bias[t, POWERED, i, c] - by_bias[t, FREE, i, c]
                    by_bias[t, FREE, i, c] += from_powered * apart
                    by_bias[t, POWERED, i, c] -= from_free * apart
            predict_one(
                states[t, POWERED],
                covariances[t, POWERED],
                by_bias[t, POWERED],
                fed[t],
                seconds,
                motion[THRUST],
                motion[NOISE_POWERED],
                field,
                phi,
                work,
            )
        noise = free_noise(altitude(states[t, FREE], field), motion[NOISE_FREE])
        predict_one(
            states[t, FREE],
            covariances[t, FREE],
            by_bias[t, FREE],
            fed[t],
            seconds,
            0.0,
            noise,
            field,
            phi,
            work,
        )


@kernel(
    "void(i8, i8, i8, i8, f8, i8[::1], i8[::1], f8[::1], f8[:,::1],"
    " f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[:,:,:,::1], b1[:,::1], f8[:,::1], i4[::1],"
    " f8[:,::1], f8[:,::1], f8[:,::1], f8[::1], f8[:,::1], f8[::1])",
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
    by_bias: F64,
    fed: B1,
    bias_covariance: F64,
    hits: I32,
    values: F64,
    stds: F64,
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
    state_vector = np.empty(6)
    covariance = np.empty((6, 6))
    mean = np.empty(6)
    second = np.empty((6, 6))
    size = bias_covariance.shape[0]
    terms = np.empty(size, dtype=np.int64)
    own_by_bias, mean_by_bias = np.empty((6, size)), np.empty((6, size))
    own_bias, bias_std = np.empty((size, size)), np.empty(size)
    bias_scratch = np.empty((8, size))
    whole_std = np.sqrt(np.diag(bias_covariance))
    own = sensor if kind == RADAR else -1
    turn = rotation[sensor]
    plot_values, plot_stds, eye = np.empty(4), np.empty(4), np.empty(3)
    new_weight = np.empty(2)
    count, before = 0, -1
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
        count = covariance_of(fed, t, before, own, count, bias_covariance, terms, own_bias)
        before = t
        for c in range(count):
            bias_std[c] = whole_std[terms[c]]
        new_weight[:] = 0.0
        for m in range(2):
            if weights[t, m] <= LIVE:
                continue
            likelihood = missed
            for i in range(6):
                mean[i] = 0.0
                for j in range(6):
                    second[i, j] = missed * covariances[t, m, i, j]
                for c in range(count):
                    mean_by_bias[i, c] = missed * by_bias[t, m, i, terms[c]]
            for p in range(first, last):
                share = pair_share[p]
                if share <= least:
                    continue
                top = max(pair_log[p, 0], pair_log[p, 1])
                likelihood += share * math.exp(max(pair_log[p, m] - top, -700.0))
                for i in range(6):
                    state_vector[i] = states[t, m, i]
                    for j in range(6):
                        covariance[i, j] = covariances[t, m, i, j]
                    for c in range(count):
                        own_by_bias[i, c] = by_bias[t, m, i, terms[c]]
                plot = pair_plot[p]
                for i in range(4):
                    plot_values[i], plot_stds[i] = values[plot, i], stds[plot, i]
                for i in range(3):
                    eye[i] = eyes[plot, i]
                if is_unscented != 0:
                    unscented_update(
                        kind,
                        state_vector,
                        covariance,
                        own,
                        terms,
                        count,
                        own_by_bias,
                        bias_scratch,
                        plot_values,
                        plot_stds,
                        eye,
                        turn,
                        offsets[plot],
                        field,
                        scratch,
                    )
                else:
                    is_bent = is_curved(kind, state_vector, covariance, plot_stds, eye)
                    extended_update(
                        kind,
                        state_vector,
                        covariance,
                        own,
                        terms,
                        count,
                        own_by_bias,
                        bias_std,
                        own_bias,
                        bias_scratch,
                        plot_values,
                        plot_stds,
                        eye,
                        turn,
                        offsets[plot],
                        field,
                        4 if is_bent else 1,
                        scratch,
                    )
                for i in range(6):
                    state_vector[i] -= states[t, m, i]
                for i in range(6):
                    mean[i] += share * state_vector[i]
                    for j in range(6):
                        second[i, j] += share * (
                            covariance[i, j] + state_vector[i] * state_vector[j]
                        )
                    for c in range(count):
                        mean_by_bias[i, c] += share * own_by_bias[i, c]
            for i in range(6):
                states[t, m, i] += mean[i]
                for j in range(6):
                    covariances[t, m, i, j] = second[i, j] - mean[i] * mean[j]
                for c in range(count):
                    by_bias[t, m, i, terms[c]] = mean_by_bias[i, c]
            new_weight[m] = weights[t, m] * likelihood
        whole = new_weight[0] + new_weight[1]
        if whole > 0.0:
            weights[t, 0] = new_weight[0] / whole
            weights[t, 1] = new_weight[1] / whole
        if weights[t, POWERED] <= LIVE:
            weights[t, POWERED] = 0.0
            weights[t, FREE] = 1.0
        hits[t] += 1
        if own >= 0:
            fed[t, own] = True
        first = last


@kernel(
    "i8(i8, i1[::1], i1[::1], b1[::1], b1[::1], f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[::1],"
    " f8[::1], i4[::1], i8[::1], f8[:,:,:,::1], b1[:,::1], i8[::1], i8[::1], i8[:,::1], i8[::1],"
    " i8[::1], i8[:,::1])",
    is_exact=True,
)
def forget(
    count: int,
    phases: I8,
    events: I8,
    is_changed: B1,
    is_mistakable: B1,
    states: F64,
    covariances: F64,
    weights: F64,
    scores: F64,
    bests: F64,
    hits: I32,
    homes: I64,
    by_bias: F64,
    fed: B1,
    last_hit_ns: I64,
    unwatched_ns: I64,
    last_look_ns: I64,
    keys: I64,
    labels: I64,
    rows: I64,
) -> int:
    """Close the gaps that tracks which are gone leave, in order; return how many are left."""
    left = 0
    for t in range(count):
        if phases[t] == GONE:
            continue
        if left < t:
            phases[left] = phases[t]
            events[left] = events[t]
            is_changed[left] = is_changed[t]
            is_mistakable[left] = is_mistakable[t]
            states[left] = states[t]
            covariances[left] = covariances[t]
            weights[left] = weights[t]
            scores[left] = scores[t]
            bests[left] = bests[t]
            hits[left] = hits[t]
            homes[left] = homes[t]
            by_bias[left] = by_bias[t]
            fed[left] = fed[t]
            last_hit_ns[left] = last_hit_ns[t]
            unwatched_ns[left] = unwatched_ns[t]
            last_look_ns[left] = last_look_ns[t]
            keys[left] = keys[t]
            labels[left] = labels[t]
            rows[left] = rows[t]
        left += 1
    return left


@kernel(
    "void(i8[::1], f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[:,::1], f8[:,:,::1])", is_exact=True
)
def combined(
    rows: I64, states: F64, covariances: F64, weights: F64, mean: F64, spread: F64
) -> None:
    """Write state vectors and covariances of some tracks over their models."""
    for row in range(rows.shape[0]):
        t = rows[row]
        w = weights[t, POWERED] if weights[t, POWERED] > LIVE else 0.0
        for i in range(6):
            mean[row, i] = (1.0 - w) * states[t, FREE, i] + w * states[t, POWERED, i]
        for i in range(6):
            for j in range(6):
                value = (1.0 - w) * covariances[t, FREE, i, j]
                if w > 0.0:
                    apart_i = states[t, FREE, i] - states[t, POWERED, i]
                    apart_j = states[t, FREE, j] - states[t, POWERED, j]
                    value += w * covariances[t, POWERED, i, j] + w * (1.0 - w) * apart_i * apart_j
                spread[row, i, j] = value
