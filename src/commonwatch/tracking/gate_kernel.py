"""Compiled: which plots may belong to which tracks.

A cheap box comes first, then the Mahalanobis distance of what a track would show.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.bank_kernel import LIVE
from commonwatch.tracking.bias_kernel import TERMS, bias_spread, covariance_of, place_reach
from commonwatch.tracking.kalman_kernel import (
    INFRARED,
    distance_squared,
    expected,
    is_curved,
    linear_spread,
    linearised,
    wrapped,
)
from commonwatch.tracking.motion_kernel import FREE, POWERED
from commonwatch.tracking.view_kernel import detection_probability

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SLICE_S = 0.1
"""Plots of one sensor this close together are one frame."""
ACROSS_M_S = 1e4
"""Speed across a line of sight that no object exceeds (*assumed*)."""
_LOG_TURN = math.log(2.0 * math.pi)


@kernel(
    "b1(i8, f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8, f8[::1],"
    " f8[::1], f8[::1], f8, f8, f8, f8[:,::1], f8[:,::1], f8[::1], i8[::1], b1[::1])",
    is_exact=True,
)
def _is_any_near(
    t: int,
    states: F64,
    covariances: F64,
    weights: F64,
    off: float,
    own_bias_std: F64,
    place: F64,
    rotation: F64,
    reach: float,
    largest: float,
    longest_s: float,
    values: F64,
    stds: F64,
    keys: F64,
    order: I64,
    is_taken: npt.NDArray[np.bool_],
) -> bool:
    """Whether any plot stands in a wide box around a track: cheap, and never wrong about none.

    The box reaches as far each way as the track's place is uncertain in its worst direction,
    twice over for what is not linear, as all biases add up to (``off``), and as it may fly in
    ``longest_s``, the most that any plot is before or after the frame's time.
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
    wide = reach * (2.0 * math.sqrt(wide) + 1.5 * off)
    dx = states[t, FREE, 0] - place[0]
    dy = states[t, FREE, 1] - place[1]
    dz = states[t, FREE, 2] - place[2]
    r = math.sqrt(dx * dx + dy * dy + dz * dz)
    rate = (dx * states[t, FREE, 3] + dy * states[t, FREE, 4] + dz * states[t, FREE, 5]) / r
    half = wide + reach * (largest + own_bias_std[0]) + longest_s * abs(rate)
    if wide > 0.2 * r:
        return True
    east = rotation[0] * dx + rotation[1] * dy + rotation[2] * dz
    north = rotation[3] * dx + rotation[4] * dy + rotation[5] * dz
    up = rotation[6] * dx + rotation[7] * dy + rotation[8] * dz
    level = math.sqrt(east * east + north * north)
    azimuth, elevation = math.atan2(east, north), math.atan2(up, level)
    across = wide + ACROSS_M_S * longest_s
    for at in range(np.searchsorted(keys, r - half), keys.shape[0]):
        if keys[at] > r + half:
            return False
        p = order[at]
        if is_taken[p]:
            continue
        if abs(values[p, 2] - elevation) > across / r + reach * (stds[p, 2] + own_bias_std[2]):
            continue
        if across > 0.5 * level:
            return True
        angle = across / (level - across) + reach * (stds[p, 1] + own_bias_std[1])
        if abs(wrapped(values[p, 1] - azimuth)) < angle:
            return True
    return False


@kernel(
    "void(i8, i8, f8[:,:,::1], f8[:,:,:,::1], f8[:,:,:,::1], i8[::1], i8, f8[::1], f8[:,::1],"
    " f8[:,::1])",
    is_exact=True,
)
def _load(
    t: int,
    m: int,
    states: F64,
    covariances: F64,
    by_bias: F64,
    terms: I64,
    count: int,
    state_vector: F64,
    covariance: F64,
    own_by_bias: F64,
) -> None:
    """Copy one model of a track, and how it hangs on the biases ``terms``."""
    for i in range(6):
        state_vector[i] = states[t, m, i]
        for j in range(6):
            covariance[i, j] = covariances[t, m, i, j]
        for c in range(count):
            own_by_bias[i, c] = by_bias[t, m, i, terms[c]]


@kernel(
    "void(i8, f8[::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8, f8[::1], b1, i8, i8[::1], i8,"
    " f8[:,::1], f8[::1], f8[:,::1], f8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1],"
    " f8[:,::1], f8[::1],"
    " f8[:,::1])",
    is_exact=True,
)
def _expected(
    kind: int,
    state_vector: F64,
    covariance: F64,
    values: F64,
    eye: F64,
    rotation: F64,
    offset_s: float,
    field: F64,
    is_bent: bool,
    own: int,
    terms: I64,
    count: int,
    by_bias: F64,
    bias_std: F64,
    bias_covariance: F64,
    noise: F64,
    shown: F64,
    known: F64,
    slope: F64,
    cross: F64,
    scratch: F64,
    residual: F64,
    spread: F64,
) -> None:
    """Write measured less expected of one model and its spread, with what biases leave open.

    ``scratch`` is 24 x 6.
    """
    if is_bent:
        seen = expected(
            kind,
            state_vector,
            covariance,
            values,
            eye,
            rotation,
            offset_s,
            field,
            is_bent,
            residual,
            spread,
            cross,
            scratch,
        )
        if count == 0:
            return
        # Unscented points leave the slope of the last of them.
        linearised(
            kind, state_vector, values, eye, rotation, offset_s, field, scratch[17], slope, scratch
        )
    else:
        seen = linearised(
            kind, state_vector, values, eye, rotation, offset_s, field, residual, slope, scratch
        )
        linear_spread(seen, covariance, slope, spread, cross)
        if count == 0:
            return
    bias_spread(
        seen,
        slope,
        state_vector,
        own,
        terms,
        count,
        by_bias,
        bias_std,
        bias_covariance,
        noise,
        shown,
        known,
        spread,
    )


@kernel(
    "UniTuple(f8, 2)(f8[::1], f8[:,::1], f8[::1], i8, i8, f8, f8[:,::1])",
    is_exact=True,
)
def _likelihood(
    residual: F64, spread: F64, stds: F64, kind: int, count: int, gate_squared: float, lower: F64
) -> tuple[float, float]:
    """Log-likelihood of a plot and its distance squared; none and far where a value is far off."""
    for k in range(count):
        std = stds[0] if kind == INFRARED else stds[k]
        if residual[k] * residual[k] > gate_squared * (spread[k, k] + std * std):
            return -math.inf, math.inf
    squared, determinant = distance_squared(residual, spread, stds, kind, count, lower)
    return -0.5 * (squared + math.log(determinant) + count * _LOG_TURN), squared


@kernel("f8(f8[::1], f8[:,::1], i8, f8, f8, f8)", is_exact=True)
def _gain(logs: F64, weights: F64, t: int, best: float, chance: float, density: float) -> float:
    """Tell what taking a plot gains over a miss, over both models; ``best`` is the greater part."""
    mixture = 0.0
    for m in range(2):
        if logs[m] > -math.inf:
            mixture += math.exp(logs[m] + math.log(weights[t, m]) - best)
    return best + math.log(mixture) + math.log(chance) - math.log(1.0 - chance) - math.log(density)


@kernel(
    "i8(i8, i8[::1], i8, i8, f8, f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[:,:,:,::1], b1[:,::1],"
    " f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[::1], f8[::1], i8[::1], f8[::1],"
    " b1[::1], f8[::1], f8[:,::1], f8[:,::1], f8[:,::1], i8[::1], f8[:,::1], f8[::1],"
    " i8[::1], i8[::1], f8[::1], f8[:,::1])",
    is_exact=True,
)
def gate(
    kind: int,
    rows: I64,
    sensor: int,
    is_unscented: int,
    gate_squared: float,
    states: F64,
    covariances: F64,
    weights: F64,
    by_bias: F64,
    fed: npt.NDArray[np.bool_],
    bias_covariance: F64,
    values: F64,
    stds: F64,
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

    What biases may be (``bias_covariance``) widens the gate, but for what track and plot have in
    common of them: a radar's plots agree with a track that it fed. ``rows`` are the tracks to gate,
    ``keys`` the plots' sorted index (range, or the first component of the line) and ``order`` their
    numbers in that order. Writes each row's chance of detection. Returns the number of pairs, or -1
    where they do not fit.
    """
    scratch = np.empty((24, 6))
    slope, cross = np.zeros((4, 6)), np.empty((6, 4))
    state_vector, covariance = np.empty(6), np.empty((6, 6))
    residual = np.empty(6)
    other = np.empty(6)
    spread = np.empty((2, 4, 4))
    own_spread, own_stds = np.empty((4, 4)), np.empty(4)
    lower = np.empty((5, 4))
    zero = np.zeros(4)
    hat = np.empty((2, 4))
    room = pair_track.shape[0]
    total = 0
    plots = order.shape[0]
    reach = math.sqrt(gate_squared)
    size = bias_covariance.shape[0]
    terms = np.empty(size, dtype=np.int64)
    whole_std = np.sqrt(np.diag(bias_covariance))
    has_bias = whole_std.any()
    own = -1 if kind == INFRARED else sensor
    own_bias_std = whole_std[TERMS * sensor : TERMS * sensor + TERMS]
    bias_std, own_covariance = np.empty(size), np.empty((size, size))
    own_by_bias, shown, known = np.empty((6, size)), np.empty((size, 4)), np.empty((size, 4))
    term_count, before = 0, -1
    eye, turn = place[sensor], rotation[sensor]
    largest, least = 0.0, np.full(4, math.inf)
    for p in range(plots):
        largest = max(largest, stds[p, 0])
        for k in range(4):
            std = stds[p, 0] if kind == INFRARED else stds[p, k]
            least[k] = min(least[k], std if std > 0.0 else math.inf)
    # Most frames are of one instant.
    offset_s = offsets[0] if plots > 0 else 0.0
    has_offsets = (offsets != offset_s).any()
    # What a clock is known to be off may be longer than a slice.
    longest_s = SLICE_S
    for p in range(plots):
        longest_s = max(longest_s, abs(offsets[p]))
    for place_in_rows in range(rows.shape[0]):
        t = rows[place_in_rows]
        burning = weights[t, POWERED]
        for i in range(6):
            state_vector[i] = states[t, FREE, i]
        chances[t] = detection_probability(
            sensor, state_vector, burning, place, rotation, figures, face_from, faces, field
        )
        if plots == 0:
            continue
        chance = min(max(chances[t], 0.1), 0.999)
        if has_bias:
            term_count = covariance_of(
                fed, t, before, own, term_count, bias_covariance, terms, own_covariance
            )
            before = t
            for c in range(term_count):
                bias_std[c] = whole_std[terms[c]]
        low, high = math.inf, -math.inf
        for m in range(2):
            if m == POWERED and weights[t, m] <= LIVE:
                continue
            _load(
                t, m, states, covariances, by_bias, terms, term_count, state_vector, covariance,
                own_by_bias,
            )  # fmt: skip
            off = place_reach(own_by_bias, term_count, bias_std)
            if (
                m == FREE
                and kind != INFRARED
                and not _is_any_near(
                    t, states, covariances, weights, off, own_bias_std, eye, turn, reach, largest,
                    longest_s, values, stds, keys, order, is_taken,
                )
            ):  # fmt: skip
                break
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
                half = reach * ((math.sqrt(wide) + off) / r + largest)
                low, high = min(low, dx / r - half), max(high, dx / r + half)
                continue
            is_bent = is_unscented != 0 or is_curved(kind, state_vector, covariance, least, eye)
            _expected(
                kind, state_vector, covariance, zero, eye, turn, offset_s, field, is_bent, own,
                terms, term_count, own_by_bias, bias_std, own_covariance, least, shown, known,
                slope, cross, scratch, residual, own_spread,
            )  # fmt: skip
            for k in range(4):
                hat[m, k] = -residual[k]
                for i in range(4):
                    spread[m, k, i] = own_spread[k, i]
            half = reach * math.sqrt(own_spread[0, 0] + largest * largest)
            if has_offsets:
                half += SLICE_S * abs(hat[m, 3])
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
                    _load(
                        t, m, states, covariances, by_bias, terms, term_count, state_vector,
                        covariance, own_by_bias,
                    )  # fmt: skip
                    is_bent = is_unscented != 0 or is_curved(
                        kind, state_vector, covariance, least, eyes[p]
                    )
                    _expected(
                        kind, state_vector, covariance, values[p], eyes[p], turn, offsets[p],
                        field, is_bent, own, terms, term_count, own_by_bias, bias_std,
                        own_covariance, least, shown, known, slope, cross, scratch, residual,
                        own_spread,
                    )  # fmt: skip
                else:
                    for k in range(count):
                        residual[k] = values[p, k] - hat[m, k]
                        for i in range(count):
                            own_spread[k, i] = spread[m, k, i]
                    residual[1] = wrapped(residual[1])
                for k in range(4):
                    own_stds[k] = stds[p, k]
                other[m], squared = _likelihood(
                    residual, own_spread, own_stds, kind, count, gate_squared, lower
                )
                nearest = min(nearest, squared)
                best = max(best, other[m] + math.log(weights[t, m]))
            if nearest > gate_squared:
                continue
            if total >= room:
                return -1
            pair_log[total, 0], pair_log[total, 1] = other[0], other[1]
            pair_track[total] = place_in_rows
            pair_plot[total] = p
            pair_gain[total] = _gain(other, weights, t, best, chance, densities[p])
            total += 1
    return total
