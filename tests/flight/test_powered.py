"""The powered phase: smooth, joined without a jump, refused where its height could not climb."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.errors import ImpossibleArcError
from commonwatch.flight.powered import (
    burn_out,
    burn_out_altitude_interval,
    check,
    state_vector,
)
from tests.flight.build import climb_m_s, ground_distance_m, height_m, powered_phases


def times_of(count: int, *times_s: float) -> np.ndarray:
    return np.tile(np.array(times_s, float), (count, 1))


def test_it_starts_at_rest_at_the_place_of_lift_off() -> None:
    phases = powered_phases(50)
    lift_off = state_vector(phases, times_of(50, 0.0))[:, 0]
    np.testing.assert_allclose(height_m(lift_off[:, :3]), phases.altitude_m, atol=1e-6)
    np.testing.assert_allclose(lift_off[:, 3:], 0.0, atol=1e-9)


def test_it_joins_free_flight_with_the_speeds_and_height_asked_for() -> None:
    phases = powered_phases(50)
    end = burn_out(phases)
    speed = np.hypot(phases.speed_along_m_s, phases.speed_up_m_s)
    np.testing.assert_allclose(np.linalg.norm(end[:, 3:], axis=1), speed, atol=1e-6)
    height = height_m(end[:, :3]) - phases.altitude_m
    reach = phases.speed_along_m_s * phases.burn_time_s / 3.0
    error = np.abs(height - phases.burn_out_altitude_m)
    assert (error < 0.5 * (reach / 200e3) ** 3 + 0.01).all()
    # The vertical turns by 1e-4 between the circle and the ellipsoid.
    np.testing.assert_allclose(climb_m_s(end), phases.speed_up_m_s, atol=0.5)


def test_the_ground_covered_is_a_third_of_what_burn_out_speed_would_cover() -> None:
    phases = powered_phases(50)
    path = state_vector(phases, times_of(50, 0.0, 180.0))
    covered = ground_distance_m(path[:, 0, :3], path[:, 1, :3])
    third = phases.speed_along_m_s * phases.burn_time_s / 3.0
    assert (covered < third).all()  # by the height of burn-out over the Earth's radius
    assert (covered > 0.9 * third).all()


@given(st.floats(1.0, 179.0), st.floats(0.34, 0.66), st.integers(0, 20))
def test_velocity_is_the_derivative_of_position(time_s: float, ratio: float, seed: int) -> None:
    phases = powered_phases(5, seed, climb_ratio=ratio)
    step = 1e-2
    before, at, after = np.moveaxis(
        state_vector(phases, times_of(5, time_s - step, time_s, time_s + step)), 1, 0
    )
    slope = (after[:, :3] - before[:, :3]) / (2.0 * step)
    np.testing.assert_allclose(slope, at[:, 3:], atol=1e-4)


@given(st.floats(1 / 3, 2 / 3), st.integers(0, 50))
def test_within_the_interval_it_climbs_throughout(ratio: float, seed: int) -> None:
    phases = powered_phases(5, seed, climb_ratio=ratio)
    check(phases)
    heights = height_m(state_vector(phases, times_of(5, *np.linspace(0.0, 180.0, 181)))[..., :3])
    assert (np.diff(heights, axis=1) > -0.2).all()


@pytest.mark.parametrize("ratio", [0.30, 0.70, -0.1])
def test_outside_the_interval_it_is_refused_with_the_interval(ratio: float) -> None:
    phases = powered_phases(3, climb_ratio=ratio)
    low, high = burn_out_altitude_interval(phases.speed_up_m_s, phases.burn_time_s)
    with pytest.raises(ImpossibleArcError) as caught:
        check(phases)
    assert f"{low[0] / 1e3:.1f} to {high[0] / 1e3:.1f} km" in caught.value.allowed
    assert "burn-out" in caught.value.found


def test_the_interval_is_a_third_to_two_thirds_of_speed_times_time() -> None:
    low, high = burn_out_altitude_interval(np.array([1_500.0]), np.array([200.0]))
    assert (low[0], high[0]) == pytest.approx((100e3, 200e3))


def test_what_is_not_a_number_is_refused() -> None:
    phases = powered_phases(2)
    with pytest.raises(ImpossibleArcError):
        check(replace(phases, burn_out_altitude_m=np.full(2, np.nan)))


def test_without_a_burn_it_starts_at_full_speed() -> None:
    phases = powered_phases(20, burn_time_s=0.0)
    check(phases)
    start = burn_out(phases)
    np.testing.assert_allclose(height_m(start[:, :3]), phases.altitude_m, atol=1e-6)
    np.testing.assert_allclose(climb_m_s(start), phases.speed_up_m_s, rtol=1e-12)
