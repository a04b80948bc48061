"""Compiled: flights of many objects from all their plots together, forward and back.

Each track is filtered forward, then back (Rauch, Tung and Striebel), and both again about the
flight that came out, until it stays: Gauss-Newton on all plots at once.

``plots`` has a row for each plot, sorted by track and time, ``first`` says where each track begins.
Its columns: kind; seconds since some instant; four values and their standard deviations as
``kalman_kernel`` takes them; three of the eye, nine of the rotation. A ``chain`` keeps what a pass
forward found, 26 x 6 numbers a plot: the state vector after the plot and before it; the covariances
after and before it; the transition that led to it and the noise on the way.

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
from commonwatch.tracking.kalman_kernel import INFRARED, RADAR, factorised, linearised
from commonwatch.tracking.motion_kernel import (
    STEP_MAX_S,
    chain,
    sandwich,
    step_state_vector,
    transition,
)
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
KIND, SECONDS, VALUES, STDS, EYE, ROTATION, COLUMNS = 0, 1, 2, 6, 10, 13, 22
_AFTER, _BEFORE, _NARROW, _WIDE, _PHI, _NOISE, CHAIN = 0, 1, 2, 8, 14, 20, 26
"""Ends of a burn that are tried before the best is looked for between its neighbours."""

_LOG_TURN = math.log(2.0 * math.pi)


@kernel("void(f8[::1], f8, f8, f8, f8[::1], f8[:,::1], f8[:,::1], f8[:,:,::1])", is_exact=True)
def move(
    state_vector: F64,
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
            least = free_noise(altitude(state_vector, field), noise_m2_s3)
        transition(state_vector, h, thrust_m_s2, field, one)
        step_state_vector(state_vector, h, thrust_m_s2, field)
        chain(one, phi, work)
        sandwich(one, noise, work)
        for i in range(3):
            noise[i, i] += least * h * h * h / 3.0
            noise[i, 3 + i] += 0.5 * least * h * h
            noise[3 + i, i] += 0.5 * least * h * h
            noise[3 + i, 3 + i] += least * h


@kernel("UniTuple(f8, 2)(f8[::1], f8[::1], f8[:,::1], f8[::1], f8[::1], f8[:,::1])", is_exact=True)
def _update(
    plot: F64, state_vector: F64, covariance: F64, at: F64, field: F64, scratch: F64
) -> tuple[float, float]:
    """Take in a plot, linearised at ``at``; return its log-likelihood and distance squared.

    ``scratch`` is 9 x 6.
    """
    residual, slope, gain = scratch[0], scratch[1:5], scratch[5]
    kind = int(plot[KIND])
    count = linearised(
        kind,
        at,
        plot[VALUES:STDS],
        plot[EYE:ROTATION],
        plot[ROTATION:COLUMNS],
        0.0,
        field,
        residual,
        slope,
        scratch[6:9],
    )
    log_likelihood, squared = 0.0, 0.0
    for k in range(count):
        std = plot[STDS] if kind == INFRARED else plot[STDS + k]
        innovation = residual[k]
        spread = std * std
        for i in range(6):
            innovation -= slope[k, i] * (state_vector[i] - at[i])
            total = 0.0
            for j in range(6):
                total += covariance[i, j] * slope[k, j]
            gain[i] = total
        for i in range(6):
            spread += slope[k, i] * gain[i]
        for i in range(6):
            part = gain[i] / spread
            state_vector[i] += part * innovation
            for j in range(i + 1):
                covariance[i, j] -= part * gain[j]
                covariance[j, i] = covariance[i, j]
        squared += innovation * innovation / spread
        log_likelihood -= 0.5 * (innovation * innovation / spread + math.log(spread) + _LOG_TURN)
    return log_likelihood, squared


@kernel(
    "UniTuple(f8, 2)(f8[:,::1], i8, f8[::1], f8[::1], f8[::1], i8, f8[:,::1], f8[:,:,::1])",
    is_exact=True,
)
def filter_forward(
    plots: F64,
    burning: int,
    start: F64,
    motion: F64,
    field: F64,
    has_reference: int,
    reference: F64,
    chain: F64,
) -> tuple[float, float]:
    """Filter one track's plots, under power up to plot ``burning``; write the chain.

    Motion and plots are linearised about ``reference``, or where the filter stands while there is
    none. Returns the logarithm of the likelihood and the sum of squared distances.
    """
    scratch, squares = np.empty((9, 6)), np.empty((2, 6, 6))
    state_vector, at, last = np.empty(6), np.empty(6), np.empty(6)
    covariance = np.zeros((6, 6))
    for i in range(6):
        state_vector[i] = start[i]
        std = motion[PLACE_STD] if i < 3 else motion[SPEED_STD]
        covariance[i, i] = std * std
    whole, whole_squared = 0.0, 0.0
    for k in range(plots.shape[0]):
        link = chain[k]
        if k > 0:
            thrust = motion[THRUST] if k <= burning else 0.0
            noise = motion[NOISE_POWERED] if k <= burning else motion[NOISE_FREE]
            for i in range(6):
                last[i] = reference[k - 1, i] if has_reference != 0 else state_vector[i]
                at[i] = last[i]
            phi = link[_PHI:_NOISE]
            since = plots[k, SECONDS] - plots[k - 1, SECONDS]
            move(at, since, thrust, noise, field, phi, link[_NOISE:CHAIN], squares)
            for i in range(6):
                for j in range(6):
                    at[i] += phi[i, j] * (state_vector[j] - last[j])
            for i in range(6):
                state_vector[i] = at[i]
            sandwich(phi, covariance, squares[0])
            for i in range(6):
                for j in range(6):
                    covariance[i, j] += link[_NOISE + i, j]
        for i in range(6):
            link[_BEFORE, i] = state_vector[i]
            at[i] = reference[k, i] if has_reference != 0 else state_vector[i]
            for j in range(6):
                link[_WIDE + i, j] = covariance[i, j]
        likelihood, squared = 0.0, 0.0
        for turn in range(1 if has_reference != 0 or k >= 6 else ROUNDS):
            if turn > 0:
                for i in range(6):
                    at[i] = state_vector[i]
                    state_vector[i] = link[_BEFORE, i]
                    for j in range(6):
                        covariance[i, j] = link[_WIDE + i, j]
            likelihood, squared = _update(plots[k], state_vector, covariance, at, field, scratch)
        whole += likelihood
        whole_squared += squared
        for i in range(6):
            link[_AFTER, i] = state_vector[i]
            for j in range(6):
                link[_NARROW + i, j] = covariance[i, j]
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


@kernel("b1(i8, f8[:,:,::1], f8[:,::1], f8[:,:,::1])", is_exact=True)
def smooth_back(count: int, chain: F64, states: F64, smoothed: F64) -> bool:
    """Carry what later plots tell back to earlier ones; False where a spread is not positive.

    The covariance is a sum of positive parts, (I - G phi) P (I - G phi)' + G (S + Q) G', so that
    no difference of large numbers is taken.
    """
    squares = np.empty((2, 6, 6))
    gain, rest, other = np.empty((6, 6)), np.empty((6, 6)), np.empty((6, 6))
    for i in range(6):
        states[count - 1, i] = chain[count - 1, _AFTER, i]
        for j in range(6):
            smoothed[count - 1, i, j] = chain[count - 1, _NARROW + i, j]
    for k in range(count - 2, -1, -1):
        link, following = chain[k], chain[k + 1]
        phi = following[_PHI:_NOISE]
        if not _gain(link[_NARROW:_WIDE], phi, following[_WIDE:_PHI], gain, squares):
            return False
        for i in range(6):
            states[k, i] = link[_AFTER, i]
            for j in range(6):
                states[k, i] += gain[i, j] * (states[k + 1, j] - following[_BEFORE, j])
                rest[i, j] = 1.0 if i == j else 0.0
                for m in range(6):
                    rest[i, j] -= gain[i, m] * phi[m, j]
                smoothed[k, i, j] = link[_NARROW + i, j]
                other[i, j] = smoothed[k + 1, i, j] + following[_NOISE + i, j]
        sandwich(rest, smoothed[k], squares[0])
        sandwich(gain, other, squares[0])
        for i in range(6):
            for j in range(6):
                smoothed[k, i, j] += other[i, j]
    return True


@kernel("i8(f8[:,::1], f8[::1], f8[::1], f8[::1], f8[:,::1], f8[:,:,::1])", is_exact=True)
def find_burn(plots: F64, start: F64, motion: F64, field: F64, reference: F64, chain: F64) -> int:
    """Return the last plot that is reached under power, 0 where free flight explains all."""
    count = plots.shape[0]
    best, squared = filter_forward(plots, 0, start, motion, field, 0, reference, chain)
    values = 0
    for k in range(count):
        has_rate = not math.isnan(plots[k, VALUES + 3])
        values += 2 if plots[k, KIND] == INFRARED else (4 if has_rate else 3)
    if squared < values + 4.0 * math.sqrt(2.0 * values):
        return 0
    best += motion[BURN_GAIN]
    last = 0
    while last + 1 < count and plots[last + 1, SECONDS] - plots[0, SECONDS] < motion[BURN_MAX]:
        last += 1
    chosen = 0
    step = max(1, (last + BURNS - 1) // BURNS)
    low, high = step, last
    while True:
        centre = chosen
        for burn in range(low, high + 1, step):
            found, _ = filter_forward(plots, burn, start, motion, field, 0, reference, chain)
            if found > best:
                best, centre = found, burn
        chosen = centre
        if step == 1 or chosen == 0:
            return chosen
        low, high = max(1, chosen - step + 1), min(last, chosen + step - 1)
        step = max(1, step // 4)


@kernel("i8(i8, i8, i8[::1])", is_exact=True)
def _longest(from_track: int, to_track: int, first: I64) -> int:
    longest = 0
    for t in range(from_track, to_track):
        longest = max(longest, first[t + 1] - first[t])
    return longest


@kernel(
    "void(i8, i8, i8[::1], f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8[:,::1], f8[:,:,::1],"
    " i8[::1])",
    is_exact=True,
)
def smooth_tracks(
    from_track: int,
    to_track: int,
    first: I64,
    plots: F64,
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
    longest = _longest(from_track, to_track, first)
    chain, reference = np.empty((longest, CHAIN, 6)), np.zeros((longest, 6))
    for t in range(from_track, to_track):
        begin, end = first[t], first[t + 1]
        count = end - begin
        own, spreads = states[begin:end], covariances[begin:end]
        burn = find_burn(plots[begin:end], starts[t], motion, field, reference, chain)
        is_good = True
        for turn in range(PASSES):
            for k in range(count):
                for i in range(6):
                    reference[k, i] = own[k, i]
            filter_forward(
                plots[begin:end], burn, starts[t], motion, field, min(turn, 1), reference, chain
            )
            is_good = smooth_back(count, chain, own, spreads)
            change = 0.0
            for k in range(count):
                for i in range(6):
                    moved = own[k, i] - reference[k, i]
                    change = max(change, moved * moved / spreads[k, i, i])
            if not is_good or (turn > 0 and change < SETTLED):
                break
        for k in range(count):
            for i in range(6):
                is_good = is_good and math.isfinite(own[k, i]) and spreads[k, i, i] > 0.0
        burning[t] = burn if is_good else -1
        if not is_good:
            for k in range(count):
                for i in range(6):
                    own[k, i] = math.nan


@kernel("void(f8[::1], i8, f8, f8[::1], f8[::1], f8[:,::1])", is_exact=True)
def _shift(plot: F64, term: int, error: float, state_vector: F64, field: F64, scratch: F64) -> None:
    """Put a constant error into a plot of a radar: into a value, or into its time (term 3)."""
    if term < 3:
        plot[VALUES + term] += error
        return
    later = scratch[8]
    for i in range(6):
        later[i] = state_vector[i] + (error * state_vector[3 + i] if i < 3 else 0.0)
    for turn in range(2):
        linearised(
            RADAR,
            state_vector if turn == 0 else later,
            plot[VALUES:STDS],
            plot[EYE:ROTATION],
            plot[ROTATION:COLUMNS],
            0.0,
            field,
            scratch[turn],
            scratch[2:6],
            scratch[6:8],
        )
    for k in range(3):
        plot[VALUES + k] += scratch[0, k] - scratch[1, k]


@kernel(
    "void(i8, i8, i8[::1], i8[::1], f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8[:,::1],"
    " f8[:,:,::1], i8[::1], f8[:,::1])",
    is_exact=True,
)
def widen_by_bias(
    from_track: int,
    to_track: int,
    first: I64,
    sensors: I64,
    plots: F64,
    starts: F64,
    motion: F64,
    field: F64,
    states: F64,
    covariances: F64,
    burning: I64,
    bias_covariance: F64,
) -> None:
    """Add to smoothed covariances what constant errors of radars leave open.

    ``bias_covariance`` is that of all sensors' range, azimuth, elevation and time. A bias moves all
    plots of its sensor together; how far the flight moves with it is found by moving them, and the
    biases' covariance says how far they may move at once (Schmidt's considered parameters).
    """
    longest = _longest(from_track, to_track, first)
    chain, spreads = np.empty((longest, CHAIN, 6)), np.empty((longest, 6, 6))
    size = bias_covariance.shape[0]
    std = np.sqrt(np.diag(bias_covariance))
    moved, plain = np.empty((size, longest, 6)), np.empty((longest, 6))
    terms = np.empty(size, dtype=np.int64)
    scratch = np.empty((9, 6))
    for t in range(from_track, to_track):
        begin, end = first[t], first[t + 1]
        own = states[begin:end]
        if burning[t] < 0:
            continue
        count = 0
        for part in range(-1, size):
            sensor, term = part // 4, part % 4
            error = std[part] if part >= 0 else 0.0
            shifted = plots[begin:end].copy()
            is_moved = part < 0
            for k in range(end - begin):
                if error > 0.0 and sensors[begin + k] == sensor and shifted[k, KIND] == RADAR:
                    _shift(shifted[k], term, error, own[k], field, scratch)
                    is_moved = True
            if not is_moved:
                continue
            filter_forward(shifted, burning[t], starts[t], motion, field, 1, own, chain)
            if not smooth_back(end - begin, chain, plain if part < 0 else moved[count], spreads):
                continue
            if part >= 0:
                for k in range(end - begin):
                    for i in range(6):
                        moved[count, k, i] -= plain[k, i]
                terms[count] = part
                count += 1
        for c in range(count):
            for d in range(count):
                both = terms[c], terms[d]
                alike = bias_covariance[both] / (std[terms[c]] * std[terms[d]])
                for k in range(end - begin):
                    for i in range(6):
                        for j in range(6):
                            covariances[begin + k, i, j] += alike * moved[c, k, i] * moved[d, k, j]
