"""The compiled lanes against plain NumPy and SciPy; runs uncompiled as well."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from commonwatch.earth.atmosphere import density_kg_m3, density_table
from commonwatch.earth.gravity import Gravity, acceleration_ecef, zonal_coefficients
from commonwatch.flight import propagation_kernel as kernels
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
    drag_lanes,
    gravity_lanes,
    height_lanes,
)
from commonwatch.flight.propagation import Outcome
from tests.flight.build import F64, climb_m_s, fly_slowly, height_m, many_starts

DEGREE = {Gravity.TWO_BODY: 0, Gravity.J2: 2, Gravity.J4: 4}
NO_AIR = np.zeros((0, 4))


@pytest.fixture(autouse=True)
def _divide_as_compiled_code_does() -> Iterator[None]:
    """Let idle lanes divide by zero in silence when the kernels run uncompiled."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        yield


def field_of(gravity: Gravity) -> F64:
    flattening = 1.0 / 298.257223563
    squared = flattening * (2.0 - flattening)
    return np.array([3.986004418e14, 6378137.0, 7.292115e-5, *zonal_coefficients(gravity), squared])


def lanes_of(states: F64) -> F64:
    """Lay 32 states out as lanes."""
    return np.ascontiguousarray(states.T).ravel()


def fly(states: F64, gravity: Gravity = Gravity.J2) -> tuple[F64, F64, F64, F64, F64]:
    count = len(states)
    end, end_s = np.empty((count, 6)), np.empty(count)
    apogee_m, apogee_s = np.empty(count), np.empty(count)
    outcome = np.zeros(count, np.int8)
    kernels.fly(
        states, np.zeros(count), np.full(count, 1e5), kernels.STOP_AT_ALTITUDE, 0.0, True, 1e-2,
        field_of(gravity), DEGREE[gravity], NO_AIR, end, end_s, apogee_m, apogee_s, outcome,
        0, count,
    )  # fmt: skip
    assert (outcome == Outcome.ARRIVED).all()
    return end, end_s, apogee_m, apogee_s, outcome.astype(float)


@pytest.mark.parametrize("gravity", list(Gravity))
def test_a_lane_falls_as_the_plain_formula_says(gravity: Gravity) -> None:
    states = many_starts(LANES)
    slope = aligned(BLOCK)
    gravity_lanes(lanes_of(states), slope, field_of(gravity), DEGREE[gravity])
    wanted = acceleration_ecef(states[:, :3], states[:, 3:], gravity)
    found = slope.reshape(6, LANES).T
    np.testing.assert_array_equal(found[:, :3], states[:, 3:])
    np.testing.assert_allclose(found[:, 3:], wanted, rtol=0, atol=1e-13)


def test_drag_is_half_the_density_times_speed_squared_against_the_velocity() -> None:
    states = many_starts(LANES)
    states[:, :3] *= np.linspace(0.94, 1.0, LANES)[:, None]  # some below the ground, some above
    inverse = np.linspace(0.0, 1e-3, LANES)
    slope = np.zeros(BLOCK)
    drag_lanes(lanes_of(states), slope, field_of(Gravity.J2), inverse, density_table())
    height = height_m(states[:, :3])
    density = np.where(height < 120e3, density_kg_m3(np.maximum(height, 0.0)), 0.0)
    speed = np.linalg.norm(states[:, 3:], axis=1)
    wanted = -0.5 * (density * speed * inverse)[:, None] * states[:, 3:]
    found = slope.reshape(6, LANES).T
    np.testing.assert_array_equal(found[:, :3], 0.0)
    np.testing.assert_allclose(found[:, 3:], wanted, rtol=2e-3, atol=1e-12)


def test_height_and_climb_are_those_of_the_ellipsoid() -> None:
    states = many_starts(LANES, seed=2)
    states[:, :3] *= np.geomspace(1.0, 8.0, LANES)[:, None]
    states[0] = [1e-3, 0.0, 6.4e6, 10.0, 20.0, -3.0]
    height, climb, slowing = aligned(LANES), aligned(LANES), aligned(LANES)
    height_lanes(lanes_of(states), field_of(Gravity.J2), height, climb, slowing)
    np.testing.assert_allclose(height, height_m(states[:, :3]), rtol=0, atol=1e-6)
    np.testing.assert_allclose(climb, climb_m_s(states), rtol=0, atol=1e-2)


def test_one_step_is_of_the_eighth_order() -> None:
    states = many_starts(LANES, seed=3)
    wanted = np.array([fly_slowly(each, duration_s=160.0).end for each in states[:4]])
    errors = []
    for step in (160.0, 80.0):
        w, factor = aligned(WORKSPACE), aligned(LANES)
        w[START : START + BLOCK] = lanes_of(states)
        w[STEP : STEP + BLOCK] = step
        for _ in range(round(160.0 / step)):
            stages_lanes(w, field_of(Gravity.J2), 2, np.zeros(LANES), NO_AIR)
            finish_lanes(w, 1e-2, factor)
            w[START : START + BLOCK] = w[STAGE : STAGE + BLOCK]
        found = w[START : START + BLOCK].reshape(6, LANES).T[:4]
        errors.append(np.linalg.norm(found[:, :3] - wanted[:, :3], axis=1))
    order = np.log2(np.sum(errors[0]) / np.sum(errors[1]))
    assert 7.0 < order < 10.0


@pytest.mark.parametrize("count", [1, LANES - 1, LANES, LANES + 1])
def test_any_number_of_flights_fills_the_lanes_and_leaves_none_over(count: int) -> None:
    states = many_starts(count, seed=4)
    end, end_s, apogee_m, apogee_s, _ = fly(states)
    np.testing.assert_allclose(height_m(end[:, :3]), 0.0, atol=1e-4)
    for row in {0, count // 2, count - 1}:
        slow = fly_slowly(states[row])
        assert np.linalg.norm(end[row] - slow.end) < 0.2
        assert abs(end_s[row] - slow.end_s) < 1e-4
        assert abs(apogee_m[row] - slow.apogee_m) < 0.05
        assert abs(apogee_s[row] - slow.apogee_s) < 1e-3


def test_samples_of_a_block_are_what_scipy_gives_at_those_times() -> None:
    states = many_starts(3, seed=5)
    blocks = np.empty((1, 4, BLOCK))
    first_s = np.array([0.0, 3.0, 7.0])
    kernels.sample_blocks(states, first_s, 10.0, 4, field_of(Gravity.J2), 2, blocks, 0, 1)
    found = blocks[0].reshape(4, 6, LANES)
    for flight in range(3):
        for sample in range(4):
            after_s = first_s[flight] + 10.0 * sample
            wanted = fly_slowly(states[flight], duration_s=after_s).end if after_s else states[0]
            assert np.linalg.norm(found[sample, :3, flight] - wanted[:3]) < 1e-3
