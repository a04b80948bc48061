"""Free flight of many objects in compiled lanes: to an event or a time, and at fixed samples.

Each lane has its own step. When a lane's flight ends its result is stored and the next flight takes
the lane, so that short and long flights mix without waste. Events need no dense output: the time to
apogee or the stop is foretold and divided into even steps, and one Runge-Kutta step puts the last
seconds right. A step that passes by more is shortened by Newton's rule and tried again; so is one
that might dip through the stop about the lowest point of an orbit. What decides about a lane is
written as selections, not branches, so that it too runs in vector instructions.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.flight.dop853_kernel import (
    STAGE,
    START,
    STEP,
    WORKSPACE,
    aligned,
    finish_lanes,
    stages_lanes,
)
from commonwatch.flight.dynamics_kernel import (
    BLOCK,
    LANES,
    field_factors,
    gravity,
    height_lanes,
)
from commonwatch.flight.runge_kutta_kernel import runge_kutta_lanes
from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]

STOP_AT_ALTITUDE = 0
STOP_AT_APOGEE = 1
STOP_AT_TIME = 2

ARRIVED = 0
ALOFT = 1
STARTS_BELOW = 2
NOT_REACHED = 3

SEEKS_APOGEE = 0.0
SEEKS_STOP = 1.0

HEIGHT_TOLERANCE_M = 1e-2
"""Close enough to the stop: the rest is put right along the velocity, exact to 1e-6 m."""
CLIMB_TOLERANCE_M_S = 0.05
"""Close enough to apogee in passing: the rest is put right by the slowing, exact to 1e-5 s."""
CLIMB_TOLERANCE_AT_APOGEE_M_S = 1e-6
SLOWING_MIN_M_S2 = 1.0
CLIMB_TOLERANCE_IN_ORBIT_M_S = 1e-4
"""In and near orbit the slowing is of no use to correct the rest, so that it must be small."""
CLIMB_TOLERANCE_AT_PERIGEE_M_S = 0.5
"""A dip through the stop that no step sees is shallower than 1 m."""
NEAR_S = 2.0
"""Without air a Runge-Kutta step of so many seconds is exact to 1e-4 m."""
FIRST_STEP = 0.4
"""The first step, as a part of the time in which a low orbit turns by a radian, for 1 m."""
CLIMB_AT_PERIGEE_M_S = 1e-6
SLOWING_AT_PERIGEE_M_S2 = -1e-5
"""A start that climbs no slower than the one and speeds up by more than the other rises at once."""
APOGEE_GROWTH_M = 0.5
"""A later apogee counts where it is higher by so much: revolutions differ by rounding."""
STEPS_MAX = 200_000


@kernel("f8(f8, f8)", is_inlined=True)
def _even_step_s(remaining_s: float, longest_s: float) -> float:
    """Return the longest step that divides the time evenly."""
    steps: float = max(np.ceil(remaining_s / longest_s + 1e-3), 1.0)
    return remaining_s / steps


@kernel("f8(f8, f8, f8)", is_inlined=True)
def _rise_s(climb: float, slowing: float, steepening: float) -> float:
    """Return the seconds to apogee: Newton's rule once, from constant slowing to one of height."""
    rise = climb / slowing
    bend = max(steepening * rise * rise, -1.0)
    return rise - rise * bend / (3.0 + 1.5 * bend)


@kernel("f8(f8, f8, f8, f8)", is_inlined=True)
def _fall_s(above: float, climb: float, slowing: float, steepening: float) -> float:
    """Return the seconds until it has fallen by ``above``; foretold as for ``_rise_s``."""
    root2 = climb * climb + 2.0 * slowing * above
    fall = (climb + math.sqrt(max(root2, 0.0))) / slowing
    bend = steepening * fall * fall
    speed = climb - slowing * fall - bend * (climb / 2.0 - slowing * fall / 6.0)
    change = bend * fall * (climb / 6.0 - slowing * fall / 24.0) / (speed - 1e-30)
    return fall + change if abs(change) < 0.3 * abs(fall) else fall


@kernel(
    "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1], f8[::1], i8, f8)",
    is_inlined=True,
)
def _decide(
    factor: F64,
    height: F64,
    climb: F64,
    slowing: F64,
    climb_before: F64,
    phase: F64,
    step: F64,
    accepts: F64,
    event: F64,
    floor_m: F64,
    near_s: F64,
    later_s: F64,
    field: F64,
    stop: int,
    climb_tolerance_m_s: float,
) -> None:
    """Write for each lane whether the step stands, the next step, and whether an event is met.

    An event less than ``near_s`` away is met; ``later_s`` is the time that is left to it.
    """
    gm, radius = field[0], field[1]
    falls_to_stop = 0.0 if stop == STOP_AT_TIME else 1.0
    for lane in range(LANES):
        taken = step[lane]
        rate = climb[lane]
        deceleration = slowing[lane] if slowing[lane] > 1e-3 else 1e-3
        is_exact = factor[lane] >= 0.9
        grown = taken * (factor[lane] if factor[lane] < 4.0 else 4.0)
        shrunk = taken * (factor[lane] if factor[lane] > 0.2 else 0.2)
        away = 1.0 / (radius + height[lane])
        steepening = (gm * away * away - 3.0 * deceleration) * away
        # Towards apogee: the climb falls by the deceleration each second.
        is_orbital = slowing[lane] < SLOWING_MIN_M_S2
        near = min(climb_tolerance_m_s, CLIMB_TOLERANCE_IN_ORBIT_M_S)
        near = near if is_orbital else climb_tolerance_m_s
        to_apogee_s = rate / deceleration
        is_soon = (abs(to_apogee_s) <= near_s[lane]) & (not is_orbital)
        at_apogee = ((abs(rate) <= near) | is_soon) & (rate <= climb_before[lane])
        passes_apogee = (rate < 0.0) & (not at_apogee)
        secant = taken * climb_before[lane] / (climb_before[lane] - rate + 1e-30)
        newton = taken + rate / deceleration
        is_near = (newton > 0.0) & (newton < taken) & (not is_orbital)
        back_to_apogee = newton if is_near else secant
        to_apogee = _even_step_s(_rise_s(rate, deceleration, steepening), grown)
        # Towards the stop, on the way down.
        above = height[lane] - floor_m[lane]
        falls = falls_to_stop * (1.0 if rate < 0.0 else 0.0)
        root2 = rate * rate + 2.0 * deceleration * above
        to_stop_s = (rate + math.sqrt(max(root2, 0.0))) / deceleration
        is_soon = (abs(to_stop_s) <= near_s[lane]) & (root2 > 0.0)
        at_stop = (falls > 0.0) & ((abs(above) <= HEIGHT_TOLERANCE_M) | is_soon)
        passes_stop = (falls > 0.0) & (above < 0.0) & (not at_stop)
        shorter = taken - above / (rate - 1e-30)
        back_to_stop = shorter if (shorter > 0.0) & (shorter < taken) else 0.5 * taken
        fall = _fall_s(above, rate, deceleration, steepening)
        to_stop = _even_step_s(fall, grown) if (falls_to_stop > 0.0) & (fall > 0.0) else grown
        # Past the lowest point of an orbit, at most rate * taken below: was it under the stop?
        rises_again = (falls_to_stop > 0.0) & (climb_before[lane] < 0.0) & (rate > 0.0)
        is_under = above < -HEIGHT_TOLERANCE_M
        is_steep = (climb_before[lane] < -CLIMB_TOLERANCE_AT_PERIGEE_M_S) & (
            rate > CLIMB_TOLERANCE_AT_PERIGEE_M_S
        )
        passes_perigee = rises_again & (is_under | ((above < rate * taken) & is_steep))
        to_perigee = 0.5 * taken if is_under else secant
        back_to_stop = to_perigee if passes_perigee else back_to_stop
        passes_stop |= passes_perigee
        at_stop |= rises_again & (not passes_perigee)
        seeks_apogee = phase[lane] == SEEKS_APOGEE
        passes = passes_apogee if seeks_apogee else passes_stop
        back = back_to_apogee if seeks_apogee else back_to_stop
        onwards = to_apogee if seeks_apogee else to_stop
        met = at_apogee if seeks_apogee else at_stop
        later = to_apogee_s if seeks_apogee else to_stop_s
        is_down = (falls > 0.0) | seeks_apogee
        later_s[lane] = later if is_exact & met & is_down & (abs(later) <= near_s[lane]) else 0.0
        accepts[lane] = 1.0 if is_exact & (not passes) else 0.0
        event[lane] = 1.0 if is_exact & met else 0.0
        step[lane] = (back if passes else onwards) if is_exact else shrunk


@kernel(
    "void(f8[:,::1], f8[::1], f8[::1], i8, f8, b1, f8, f8[::1], i8, f8[:,::1],"
    " f8[:,::1], f8[::1], f8[::1], f8[::1], i1[::1], i8, i8)"
)
def fly(
    state_vector: F64,
    inverse_ballistic: F64,
    time_max_s: F64,
    stop: int,
    altitude_m: float,
    seeks_apogee: bool,
    tolerance_m: float,
    field: F64,
    degree: int,
    air: F64,
    end_state_vector: F64,
    end_s: F64,
    apogee_altitude_m: F64,
    apogee_s: F64,
    outcome: npt.NDArray[np.int8],
    first: int,
    last: int,
) -> None:
    """Fly rows ``first`` to ``last`` until apogee, an altitude on the way down, or a time."""
    w = aligned(WORKSPACE)
    start = w[START : START + BLOCK]
    stage = w[STAGE : STAGE + BLOCK]
    factor, height, climb = aligned(LANES), aligned(LANES), aligned(LANES)
    slowing, climb_before, phase = aligned(LANES), aligned(LANES), aligned(LANES)
    accepts, event, taken = aligned(LANES), aligned(LANES), aligned(LANES)
    step, elapsed, drag = aligned(LANES), aligned(LANES), aligned(LANES)
    time_left, floor_m = aligned(LANES), aligned(LANES)
    near_s, later_s = aligned(LANES), aligned(LANES)
    has_peak = np.zeros(LANES, np.bool_)
    first_step = FIRST_STEP * math.sqrt(math.sqrt(math.sqrt(tolerance_m)))
    factors = field_factors(field)
    low_m = min(altitude_m, 0.0)
    row = np.full(LANES, -1)
    steps = np.zeros(LANES, np.int64)
    climb_tolerance = (
        CLIMB_TOLERANCE_AT_APOGEE_M_S if stop == STOP_AT_APOGEE else CLIMB_TOLERANCE_M_S
    )
    start[:] = 1.0e7
    time_left[:] = np.inf
    coming = first
    flying = 0
    while True:
        # Give every free lane the next flight.
        while coming < last and flying < LANES:
            filled = 0
            for lane in range(LANES):
                if row[lane] < 0 and coming + filled < last:
                    for c in range(6):
                        start[c * LANES + lane] = state_vector[coming + filled, c]
                    row[lane] = coming + filled
                    steps[lane] = -1
                    filled += 1
            coming += filled
            height_lanes(start, field, height, climb, slowing)
            for lane in range(LANES):
                flight = row[lane]
                if flight < 0 or steps[lane] >= 0:
                    continue
                steps[lane] = 0
                elapsed[lane] = 0.0
                drag[lane] = inverse_ballistic[flight]
                climb_before[lane] = climb[lane]
                is_perigee = (
                    climb[lane] >= -CLIMB_AT_PERIGEE_M_S and slowing[lane] < SLOWING_AT_PERIGEE_M_S2
                )
                rises = climb[lane] > 0.0 or is_perigee
                seeks = rises and seeks_apogee and stop != STOP_AT_TIME
                phase[lane] = SEEKS_APOGEE if seeks else SEEKS_STOP
                has_peak[lane] = False
                apogee_altitude_m[flight] = np.nan if rises else height[lane]
                apogee_s[flight] = np.nan if rises else 0.0
                squared = start[lane] ** 2 + start[LANES + lane] ** 2 + start[2 * LANES + lane] ** 2
                step[lane] = first_step * math.sqrt(squared * math.sqrt(squared) / field[0])
                near_s[lane] = NEAR_S if drag[lane] == 0.0 and stop != STOP_AT_APOGEE else 0.0
                time_left[lane] = time_max_s[flight]
                if stop == STOP_AT_TIME:
                    step[lane] = min(step[lane], time_max_s[flight])
                floor_m[lane] = altitude_m
                if not rises and stop != STOP_AT_TIME:
                    # Below the stop it flies on to the ground, in case it rises through the stop.
                    if height[lane] < altitude_m - HEIGHT_TOLERANCE_M:
                        floor_m[lane] = low_m
                    if height[lane] < low_m - HEIGHT_TOLERANCE_M:
                        outcome[flight] = STARTS_BELOW if stop == STOP_AT_ALTITUDE else ARRIVED
                        end_s[flight] = 0.0
                        for c in range(6):
                            end_state_vector[flight, c] = start[c * LANES + lane]
                        row[lane] = -1
                        step[lane] = 0.0
                flying += 1 if row[lane] >= 0 else 0
        if flying == 0:
            return
        for c in range(6):
            for lane in range(LANES):
                w[STEP + c * LANES + lane] = step[lane]
        for lane in range(LANES):
            taken[lane] = step[lane]
        stages_lanes(w, field, degree, drag, air)
        finish_lanes(w, tolerance_m, factor)
        height_lanes(stage, field, height, climb, slowing)
        _decide(
            factor, height, climb, slowing, climb_before, phase, step, accepts, event, floor_m,
            near_s, later_s, field, stop, climb_tolerance,
        )  # fmt: skip
        for c in range(6):
            for lane in range(LANES):
                i = c * LANES + lane
                w[START + i] = w[STAGE + i] if accepts[lane] > 0.0 else w[START + i]
        late = 0
        for lane in range(LANES):
            climb_before[lane] = climb[lane] if accepts[lane] > 0.0 else climb_before[lane]
            passed = taken[lane] if accepts[lane] > 0.0 else 0.0
            elapsed[lane] += passed
            time_left[lane] -= passed
            steps[lane] += 1
            is_over = (event[lane] > 0.0) | (time_left[lane] <= 0.0) | (steps[lane] >= STEPS_MAX)
            late += 1 if is_over else 0
        if stop == STOP_AT_TIME:
            for lane in range(LANES):
                step[lane] = min(step[lane], time_left[lane])
        if late == 0:
            continue
        if stop != STOP_AT_TIME:
            runge_kutta_lanes(w, later_s, field, degree)
            for c in range(6):
                for lane in range(LANES):
                    i = c * LANES + lane
                    w[START + i] = w[STAGE + i] if later_s[lane] != 0.0 else w[START + i]
            height_lanes(start, field, height, climb, slowing)
            for lane in range(LANES):
                elapsed[lane] += later_s[lane]
                climb_before[lane] = climb[lane]
        for lane in range(LANES):
            flight = row[lane]
            is_over = time_left[lane] <= 0.0 or steps[lane] >= STEPS_MAX
            if flight < 0 or not (event[lane] > 0.0 or is_over):
                continue
            done = -1
            if event[lane] > 0.0 and phase[lane] == SEEKS_APOGEE:
                phase[lane] = SEEKS_STOP
                later = climb[lane] / max(slowing[lane], SLOWING_MIN_M_S2)
                peak = height[lane] + 0.5 * climb[lane] * later
                has_peak[lane] = True
                if not peak <= apogee_altitude_m[flight] + APOGEE_GROWTH_M:
                    apogee_altitude_m[flight] = peak
                    apogee_s[flight] = elapsed[lane] + later
                floor_m[lane] = altitude_m if peak >= altitude_m else low_m
                squared = start[lane] ** 2 + start[LANES + lane] ** 2 + start[2 * LANES + lane] ** 2
                step[lane] = first_step * math.sqrt(squared * math.sqrt(squared) / field[0])
                fall_s = math.sqrt(
                    2.0 * max(height[lane], 1.0) / max(slowing[lane], SLOWING_MIN_M_S2)
                )
                step[lane] = _even_step_s(fall_s, step[lane])
                if stop == STOP_AT_APOGEE:
                    done = ARRIVED
                elif peak < low_m:
                    done = NOT_REACHED
            elif event[lane] > 0.0 and climb[lane] > 0.0:
                phase[lane] = SEEKS_APOGEE if seeks_apogee else SEEKS_STOP
            elif event[lane] > 0.0 and stop == STOP_AT_APOGEE:
                done = ARRIVED
            elif event[lane] > 0.0:
                done = ARRIVED if floor_m[lane] == altitude_m else NOT_REACHED
                if done == NOT_REACHED and apogee_s[flight] == 0.0:
                    done = STARTS_BELOW
                later = (floor_m[lane] - height[lane]) / climb[lane]
                elapsed[lane] += later
                x, y, z = start[lane], start[LANES + lane], start[2 * LANES + lane]
                u, v = start[3 * LANES + lane], start[4 * LANES + lane]
                fall = gravity(x, y, z, u, v, factors, degree)
                for c in range(3):
                    start[c * LANES + lane] += later * start[(c + 3) * LANES + lane]
                    start[(c + 3) * LANES + lane] += later * fall[c]
            if done < 0 and is_over:
                done = ARRIVED if stop == STOP_AT_TIME and steps[lane] < STEPS_MAX else ALOFT
            if done == ALOFT and phase[lane] == SEEKS_APOGEE and not has_peak[lane]:
                # Rising away, perhaps from a start that fell: no apogee yet.
                apogee_altitude_m[flight] = np.nan
                apogee_s[flight] = np.nan
            if done == ARRIVED and stop == STOP_AT_APOGEE and apogee_s[flight] == 0.0:
                # It fell from its greatest height, the start.
                elapsed[lane] = 0.0
                for c in range(6):
                    start[c * LANES + lane] = state_vector[flight, c]
            if done >= 0:
                for c in range(6):
                    end_state_vector[flight, c] = start[c * LANES + lane]
                end_s[flight] = elapsed[lane]
                outcome[flight] = done
                row[lane] = -1
                step[lane] = 0.0
                time_left[lane] = np.inf
                event[lane] = 0.0
                flying -= 1


@kernel("void(f8[:,::1], f8[::1], f8, i8, f8[::1], i8, f8[:,:,::1], i8, i8)")
def sample_blocks(
    state_vector: F64,
    first_s: F64,
    interval_s: float,
    count: int,
    field: F64,
    degree: int,
    blocks: F64,
    first: int,
    last: int,
) -> None:
    """Sample blocks ``first`` to ``last`` by classical Runge-Kutta steps of one interval.

    ``blocks`` is (block, time, 6 * LANES): block ``b`` holds flights ``b * LANES`` onwards, lanes
    contiguous, which is the order in which they are computed. Sample 0 lies ``first_s`` seconds
    after the given state.
    """
    pair, step_s = aligned(2 * BLOCK), aligned(LANES)
    rows = blocks.reshape(blocks.size)
    flights = state_vector.shape[0]
    for block in range(first, last):
        for lane in range(LANES):
            flight = min(block * LANES + lane, flights - 1)
            step_s[lane] = first_s[flight]
            for c in range(6):
                pair[c * LANES + lane] = state_vector[flight, c]
        runge_kutta_lanes(pair, step_s, field, degree)
        row = block * count * BLOCK
        rows[row : row + BLOCK] = pair[BLOCK:]
        step_s[:] = interval_s
        for _ in range(1, count):
            runge_kutta_lanes(rows[row : row + 2 * BLOCK], step_s, field, degree)
            row += BLOCK
