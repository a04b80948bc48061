"""Compiled: flights of many objects from all their plots together, forward and back.

Each track is filtered forward, then back (Rauch, Tung and Striebel), and both again about the
flight that came out, until it stays: Gauss-Newton on all plots at once. Plots stand in arrays,
sorted by track and time; ``first`` says where each track begins.

References
----------
H. E. Rauch, F. Tung, C. T. Striebel, Maximum likelihood estimates of linear dynamic systems, AIAA
Journal 3 (8), 1965, pp. 1445-1450, doi:10.2514/3.3166.
B. M. Bell, The iterated Kalman smoother as a Gauss-Newton method, SIAM Journal on Optimization 4
(3), 1994, pp. 626-636, doi:10.1137/0804035.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.bank_kernel import free_noise
from commonwatch.tracking.kalman_kernel import INFRARED, factorised, linearised
from commonwatch.tracking.motion_kernel import STEP_MAX_S, step_state_vector, transition
from commonwatch.tracking.view_kernel import altitude

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

PLACE_STD, SPEED_STD, NOISE_FREE, NOISE_POWERED, THRUST, BURN_MAX, BURN_GAIN = range(7)
"""Places in ``motion``: what is known before any plot (m, m/s); spectral densities (m2/s3); thrust
(m/s2); longest burn after the first plot (s); gain of likelihood that a burn must bring."""

PASSES = 12
SETTLED = 1e-8
"""Passes at most, and greatest change squared, in standard deviations, that counts as none."""
ROUNDS = 4
BURNS = 12
"""Ends of a burn that are tried before the best is looked for between its neighbours."""

_LOG_TURN = math.log(2.0 * math.pi)


@kernel("void(f8[:,::1], f8[:,::1], f8[:,::1])", is_exact=True)
def _sandwich(phi: F64, matrix: F64, work: F64) -> None:
    """Turn a symmetric matrix into phi matrix phi', in place."""
    for i in range(6):
        for j in range(6):
            total = 0.0
            for k in range(6):
                total += phi[i, k] * matrix[k, j]
            work[i, j] = total
    for i in range(6):
        for j in range(i + 1):
            total = 0.0
            for k in range(6):
                total += work[i, k] * phi[j, k]
            matrix[i, j] = total
            matrix[j, i] = total


@kernel("void(f8[::1], f8, f8, f8, f8[::1], f8[:,::1], f8[:,::1], f8[:,:,::1])", is_exact=True)
def move(
    state: F64,
    seconds: float,
    thrust_m_s2: float,
    noise_m2_s3: float,
    field: F64,
    phi: F64,
    noise: F64,
    scratch: F64,
) -> None:
    """Move a state vector in place; write its transition and the noise gathered on the way.

    ``scratch`` is 2 x 6 x 6.
    """
    one, work = scratch[0], scratch[1]
    for i in range(6):
        for j in range(6):
            phi[i, j] = 1.0 if i == j else 0.0
            noise[i, j] = 0.0
    if seconds <= 0.0:
        return
    count = int(math.ceil(seconds / STEP_MAX_S))  # noqa: RUF046
    h = seconds / count
    for _ in range(count):
        least = noise_m2_s3
        if thrust_m_s2 == 0.0:
            least = free_noise(altitude(state, field), noise_m2_s3)
        transition(state, h, thrust_m_s2, field, one)
        step_state_vector(state, h, thrust_m_s2, field)
        for i in range(6):
            for j in range(6):
                total = 0.0
                for k in range(6):
                    total += one[i, k] * phi[k, j]
                work[i, j] = total
        for i in range(6):
            for j in range(6):
                phi[i, j] = work[i, j]
        _sandwich(one, noise, work)
        for i in range(3):
            noise[i, i] += least * h * h * h / 3.0
            noise[i, 3 + i] += 0.5 * least * h * h
            noise[3 + i, i] += 0.5 * least * h * h
            noise[3 + i, 3 + i] += least * h


@kernel(
    "UniTuple(f8, 2)(i8, f8[::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[:,::1])",
    is_exact=True,
)
def _update(
    kind: int,
    state: F64,
    covariance: F64,
    at: F64,
    values: F64,
    stds: F64,
    eye: F64,
    rotation: F64,
    field: F64,
    scratch: F64,
) -> tuple[float, float]:
    """Take in a plot, linearised at ``at``; return its log-likelihood and distance squared.

    ``scratch`` is 9 x 6.
    """
    residual, slope, gain = scratch[0], scratch[1:5], scratch[5]
    count = linearised(kind, at, values, eye, rotation, 0.0, field, residual, slope, scratch[6:9])
    log_likelihood, squared = 0.0, 0.0
    for k in range(count):
        std = stds[0] if kind == INFRARED else stds[k]
        innovation = residual[k]
        spread = std * std
        for i in range(6):
            innovation -= slope[k, i] * (state[i] - at[i])
            total = 0.0
            for j in range(6):
                total += covariance[i, j] * slope[k, j]
            gain[i] = total
        for i in range(6):
            spread += slope[k, i] * gain[i]
        for i in range(6):
            part = gain[i] / spread
            state[i] += part * innovation
            for j in range(i + 1):
                covariance[i, j] -= part * gain[j]
                covariance[j, i] = covariance[i, j]
        squared += innovation * innovation / spread
        log_likelihood -= 0.5 * (innovation * innovation / spread + math.log(spread) + _LOG_TURN)
    return log_likelihood, squared


@kernel(
    "UniTuple(f8, 2)(i8, i8, i8, i8[::1], f8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1],"
    " f8[::1], f8[::1], f8[::1], i8, f8[:,::1], f8[:,::1], f8[:,:,::1], f8[:,::1], f8[:,:,::1],"
    " f8[:,:,::1], f8[:,:,::1])",
    is_exact=True,
)
def filter_forward(
    begin: int,
    count: int,
    burning: int,
    kinds: I64,
    seconds: F64,
    values: F64,
    stds: F64,
    eyes: F64,
    rotations: F64,
    start: F64,
    motion: F64,
    field: F64,
    has_reference: int,
    reference: F64,
    filtered: F64,
    covariances: F64,
    predicted: F64,
    spreads: F64,
    phis: F64,
    noises: F64,
) -> tuple[float, float]:
    """Filter ``count`` plots from ``begin``, under power up to plot ``burning``.

    Motion and plots are linearised about ``reference``, or where the filter stands while there is
    none. Arrays from ``reference`` on count from the track's first plot; those of ``predicted`` and
    ``spreads`` are before the plot, ``phis`` and ``noises`` lead to it. Returns the logarithm of
    the likelihood and the sum of squared distances.
    """
    scratch = np.empty((9, 6))
    squares = np.empty((2, 6, 6))
    state = np.empty(6)
    at = np.empty(6)
    last = np.empty(6)
    covariance = np.zeros((6, 6))
    for i in range(6):
        state[i] = start[i]
        std = motion[PLACE_STD] if i < 3 else motion[SPEED_STD]
        covariance[i, i] = std * std
    whole, whole_squared = 0.0, 0.0
    for k in range(count):
        p = begin + k
        if k > 0:
            powered = k <= burning
            thrust = motion[THRUST] if powered else 0.0
            noise = motion[NOISE_POWERED] if powered else motion[NOISE_FREE]
            for i in range(6):
                last[i] = reference[k - 1, i] if has_reference != 0 else state[i]
                at[i] = last[i]
            move(at, seconds[p] - seconds[p - 1], thrust, noise, field, phis[k], noises[k], squares)
            for i in range(6):
                predicted[k, i] = at[i]
                for j in range(6):
                    predicted[k, i] += phis[k, i, j] * (state[j] - last[j])
            for i in range(6):
                state[i] = predicted[k, i]
            _sandwich(phis[k], covariance, squares[0])
            for i in range(6):
                for j in range(6):
                    covariance[i, j] += noises[k, i, j]
        for i in range(6):
            predicted[k, i] = state[i]
            at[i] = reference[k, i] if has_reference != 0 else state[i]
            for j in range(6):
                spreads[k, i, j] = covariance[i, j]
        likelihood, squared = 0.0, 0.0
        rounds = 1 if has_reference != 0 or k >= 6 else ROUNDS
        for turn in range(rounds):
            if turn > 0:
                for i in range(6):
                    at[i] = state[i]
                    state[i] = predicted[k, i]
                    for j in range(6):
                        covariance[i, j] = spreads[k, i, j]
            likelihood, squared = _update(
                kinds[p],
                state,
                covariance,
                at,
                values[p],
                stds[p],
                eyes[p],
                rotations[p],
                field,
                scratch,
            )
        whole += likelihood
        whole_squared += squared
        for i in range(6):
            filtered[k, i] = state[i]
            for j in range(6):
                covariances[k, i, j] = covariance[i, j]
    return whole, whole_squared


@kernel("b1(f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,:,::1])", is_exact=True)
def _gain(covariance: F64, phi: F64, spread: F64, gain: F64, scratch: F64) -> bool:
    """Write covariance phi' spread^-1; False where the spread is not positive.

    The spread is scaled to ones on its diagonal first: metres and metres a second stand side by
    side.
    """
    scaled, lower = scratch[0], scratch[1]
    for i in range(6):
        if not spread[i, i] > 0.0:
            return False
    for i in range(6):
        for j in range(6):
            scaled[i, j] = spread[i, j] / math.sqrt(spread[i, i] * spread[j, j])
    if not factorised(scaled, lower, 6):
        return False
    for i in range(6):
        # Row i of the gain solves spread x = phi covariance e_i.
        for j in range(6):
            total = 0.0
            for k in range(6):
                total += phi[j, k] * covariance[k, i]
            total /= math.sqrt(spread[j, j])
            for k in range(j):
                total -= lower[j, k] * gain[i, k]
            gain[i, j] = total / lower[j, j]
        for j in range(5, -1, -1):
            total = gain[i, j]
            for k in range(j + 1, 6):
                total -= lower[k, j] * gain[i, k]
            gain[i, j] = total / lower[j, j]
        for j in range(6):
            gain[i, j] /= math.sqrt(spread[j, j])
    return True


@kernel(
    "b1(i8, f8[:,::1], f8[:,:,::1], f8[:,::1], f8[:,:,::1], f8[:,:,::1], f8[:,:,::1],"
    " f8[:,::1], f8[:,:,::1])",
    is_exact=True,
)
def smooth_back(
    count: int,
    filtered: F64,
    covariances: F64,
    predicted: F64,
    spreads: F64,
    phis: F64,
    noises: F64,
    states: F64,
    smoothed: F64,
) -> bool:
    """Carry what later plots tell back to earlier ones; False where a spread is not positive.

    The covariance is a sum of positive parts, (I - G phi) P (I - G phi)' + G (S + Q) G', so that
    no difference of large numbers is taken.
    """
    squares = np.empty((2, 6, 6))
    gain = np.empty((6, 6))
    rest = np.empty((6, 6))
    other = np.empty((6, 6))
    for i in range(6):
        states[count - 1, i] = filtered[count - 1, i]
        for j in range(6):
            smoothed[count - 1, i, j] = covariances[count - 1, i, j]
    for k in range(count - 2, -1, -1):
        if not _gain(covariances[k], phis[k + 1], spreads[k + 1], gain, squares):
            return False
        for i in range(6):
            states[k, i] = filtered[k, i]
            for j in range(6):
                states[k, i] += gain[i, j] * (states[k + 1, j] - predicted[k + 1, j])
                rest[i, j] = 1.0 if i == j else 0.0
                for m in range(6):
                    rest[i, j] -= gain[i, m] * phis[k + 1, m, j]
                smoothed[k, i, j] = covariances[k, i, j]
                other[i, j] = smoothed[k + 1, i, j] + noises[k + 1, i, j]
        _sandwich(rest, smoothed[k], squares[0])
        _sandwich(gain, other, squares[0])
        for i in range(6):
            for j in range(6):
                smoothed[k, i, j] += other[i, j]
    return True


@kernel(
    "void(i8, i8, i8[::1], i8[::1], f8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1],"
    " f8[:,::1], f8[::1], f8[::1], f8[:,::1], f8[:,:,::1], i8[::1])",
    is_exact=True,
)
def smooth_tracks(
    from_track: int,
    to_track: int,
    first: I64,
    kinds: I64,
    seconds: F64,
    values: F64,
    stds: F64,
    eyes: F64,
    rotations: F64,
    starts: F64,
    motion: F64,
    field: F64,
    states: F64,
    covariances: F64,
    burning: I64,
) -> None:
    """Smooth tracks ``from_track`` to ``to_track``; write each plot's state vector and covariance.

    ``starts`` holds where each track is first looked for. ``burning`` is the number of the last
    plot that was reached under power, -1 where the track could not be smoothed: its numbers then
    are nan.
    """
    longest = 0
    for t in range(from_track, to_track):
        longest = max(longest, first[t + 1] - first[t])
    filtered, predicted = np.empty((longest, 6)), np.empty((longest, 6))
    narrow, wide = np.empty((longest, 6, 6)), np.empty((longest, 6, 6))
    phis, noises = np.empty((longest, 6, 6)), np.empty((longest, 6, 6))
    reference = np.zeros((longest, 6))
    for t in range(from_track, to_track):
        begin, count = first[t], first[t + 1] - first[t]
        start = starts[t]
        best, squared = filter_forward(
            begin,
            count,
            0,
            kinds,
            seconds,
            values,
            stds,
            eyes,
            rotations,
            start,
            motion,
            field,
            0,
            reference,
            filtered,
            narrow,
            predicted,
            wide,
            phis,
            noises,
        )
        chosen = 0
        values_count = 0
        for p in range(begin, begin + count):
            values_count += 2 if kinds[p] == INFRARED else (3 if math.isnan(values[p, 3]) else 4)
        # A flight that free motion explains needs no burn.
        if squared > values_count + 4.0 * math.sqrt(2.0 * values_count):
            last = 0
            while (
                last + 1 < count and seconds[begin + last + 1] - seconds[begin] < motion[BURN_MAX]
            ):
                last += 1
            best += motion[BURN_GAIN]
            step = max(1, (last + BURNS - 1) // BURNS)
            low, high = step, last
            while True:
                centre = chosen
                for burn in range(low, high + 1, step):
                    likelihood, _ = filter_forward(
                        begin,
                        count,
                        burn,
                        kinds,
                        seconds,
                        values,
                        stds,
                        eyes,
                        rotations,
                        start,
                        motion,
                        field,
                        0,
                        reference,
                        filtered,
                        narrow,
                        predicted,
                        wide,
                        phis,
                        noises,
                    )
                    if likelihood > best:
                        best, centre = likelihood, burn
                chosen = centre
                if step == 1 or chosen == 0:
                    break
                low, high = max(1, chosen - step + 1), min(last, chosen + step - 1)
                step = max(1, step // 4)
            filter_forward(
                begin,
                count,
                chosen,
                kinds,
                seconds,
                values,
                stds,
                eyes,
                rotations,
                start,
                motion,
                field,
                0,
                reference,
                filtered,
                narrow,
                predicted,
                wide,
                phis,
                noises,
            )
        own, own_covariances = states[begin : begin + count], covariances[begin : begin + count]
        is_good = smooth_back(
            count, filtered, narrow, predicted, wide, phis, noises, own, own_covariances
        )
        for _ in range(PASSES):
            if not is_good:
                break
            for k in range(count):
                for i in range(6):
                    reference[k, i] = own[k, i]
            filter_forward(
                begin,
                count,
                chosen,
                kinds,
                seconds,
                values,
                stds,
                eyes,
                rotations,
                start,
                motion,
                field,
                1,
                reference,
                filtered,
                narrow,
                predicted,
                wide,
                phis,
                noises,
            )
            is_good = smooth_back(
                count, filtered, narrow, predicted, wide, phis, noises, own, own_covariances
            )
            change = 0.0
            for k in range(count):
                for i in range(6):
                    moved = own[k, i] - reference[k, i]
                    change = max(change, moved * moved / own_covariances[k, i, i])
            if change < SETTLED:
                break
        for k in range(count):
            for i in range(6):
                is_good = is_good and math.isfinite(own[k, i]) and own_covariances[k, i, i] > 0.0
        burning[t] = chosen if is_good else -1
        if not is_good:
            for k in range(count):
                for i in range(6):
                    own[k, i] = math.nan


@kernel(
    "void(i8, i8, i8[::1], i8[::1], i8[::1], f8[::1], f8[:,::1], f8[:,::1], f8[:,::1],"
    " f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8[:,::1], f8[:,:,::1], i8[::1], f8[:,::1])",
    is_exact=True,
)
def widen_by_bias(
    from_track: int,
    to_track: int,
    first: I64,
    kinds: I64,
    sensors: I64,
    seconds: F64,
    values: F64,
    stds: F64,
    eyes: F64,
    rotations: F64,
    starts: F64,
    motion: F64,
    field: F64,
    states: F64,
    covariances: F64,
    burning: I64,
    bias_std: F64,
) -> None:
    """Add to smoothed covariances what constant errors of radars leave open.

    ``bias_std`` is that of each sensor's range, azimuth, elevation and time. Each moves all plots
    of its sensor together; how far the flight moves with them is its part (Schmidt's considered
    parameters).
    """
    longest = 0
    for t in range(from_track, to_track):
        longest = max(longest, first[t + 1] - first[t])
    filtered, predicted = np.empty((longest, 6)), np.empty((longest, 6))
    narrow, wide = np.empty((longest, 6, 6)), np.empty((longest, 6, 6))
    phis, noises = np.empty((longest, 6, 6)), np.empty((longest, 6, 6))
    moved, moved_covariances = np.empty((longest, 6)), np.empty((longest, 6, 6))
    plain = np.empty((longest, 6))
    shifted = values.copy()
    scratch = np.empty((9, 6))
    later = np.empty(6)
    for t in range(from_track, to_track):
        begin, count = first[t], first[t + 1] - first[t]
        if burning[t] < 0:
            continue
        reference = states[begin : begin + count]
        for part in range(-1, 4 * bias_std.shape[0]):
            sensor, term = part // 4, part % 4
            if part >= 0 and bias_std[sensor, term] <= 0.0:
                continue
            has_plots = part < 0
            for p in range(begin, begin + count):
                for k in range(4):
                    shifted[p, k] = values[p, k]
                if part < 0 or sensors[p] != sensor or kinds[p] == INFRARED:
                    continue
                has_plots = True
                if term < 3:
                    shifted[p, term] += bias_std[sensor, term]
                    continue
                state = reference[p - begin]
                for i in range(6):
                    later[i] = state[i]
                    if i < 3:
                        later[i] += bias_std[sensor, 3] * state[3 + i]
                here, there = scratch[0], scratch[1]
                linearised(
                    kinds[p],
                    state,
                    values[p],
                    eyes[p],
                    rotations[p],
                    0.0,
                    field,
                    here,
                    scratch[2:6],
                    scratch[6:9],
                )
                linearised(
                    kinds[p],
                    later,
                    values[p],
                    eyes[p],
                    rotations[p],
                    0.0,
                    field,
                    there,
                    scratch[2:6],
                    scratch[6:9],
                )
                for k in range(3):
                    shifted[p, k] += here[k] - there[k]
            if not has_plots:
                continue
            filter_forward(
                begin,
                count,
                burning[t],
                kinds,
                seconds,
                shifted,
                stds,
                eyes,
                rotations,
                starts[t],
                motion,
                field,
                1,
                reference,
                filtered,
                narrow,
                predicted,
                wide,
                phis,
                noises,
            )
            if not smooth_back(
                count, filtered, narrow, predicted, wide, phis, noises, moved, moved_covariances
            ):
                continue
            if part < 0:
                for k in range(count):
                    for i in range(6):
                        plain[k, i] = moved[k, i]
                continue
            for k in range(count):
                for i in range(6):
                    for j in range(6):
                        covariances[begin + k, i, j] += (moved[k, i] - plain[k, i]) * (
                            moved[k, j] - plain[k, j]
                        )
