from __future__ import annotations

import numpy as np
import pytest

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.earth.frames import ecef_from_inertial, inertial_from_ecef
from commonwatch.earth.gravity import GM_M3_S2
from commonwatch.flight.propagation import free_flight
from commonwatch.warning.spread import (
    Fan,
    apsides_m,
    fly,
    fly_spread,
    level_offsets_m,
    moments,
    points_of,
)
from tests.flight.build import fly_slowly, ground_distance_m, height_m
from tests.warning.build import F64, covariances, truths

SEPARATION_M = 0.05
"""Two integrators on one arc."""


@pytest.fixture(scope="module")
def starts() -> F64:
    return truths(np.random.default_rng(11), 40, is_powered=True).true_state_vector


def test_a_flight_forward_ends_where_scipy_says(starts: F64) -> None:
    flown = fly(starts[:6], direction=1)
    for row, start in enumerate(starts[:6]):
        slow = fly_slowly(start)
        assert np.linalg.norm(flown.crossed[row, -1, :3] - slow.end[:3]) < SEPARATION_M
        assert abs(flown.time_s[row, -1] - slow.end_s) < 1e-4
        assert abs(height_m(flown.highest[row, :3]) - slow.apogee_m) < 100.0


def test_a_flight_back_is_the_one_that_leads_forward_again(starts: F64) -> None:
    back = fly(starts, direction=-1)
    assert back.arrives.all()
    again = free_flight(back.crossed[:, -1], tolerance_m=1e-4)
    ahead = free_flight(starts, tolerance_m=1e-4)
    assert np.abs(again.state_vector[:, :3] - ahead.state_vector[:, :3]).max() < SEPARATION_M
    assert np.abs(again.time_s + back.time_s[:, -1] - ahead.time_s).max() < 1e-3


def test_heights_are_crossed_at_those_heights(starts: F64) -> None:
    heights = np.tile([60e3, 30e3], (len(starts), 1))
    back = fly(starts, direction=-1, heights_m=heights)
    assert np.isfinite(back.crossed).all()
    assert np.abs(height_m(back.crossed[:, 0, :3]) - 60e3).max() < 2.0
    assert np.abs(height_m(back.crossed[:, 1, :3]) - 30e3).max() < 2.0
    assert (np.diff(back.time_s, axis=1) < 0.0).all()


def test_a_height_above_a_rising_object_is_not_crossed_on_its_way_back(starts: F64) -> None:
    rising = free_flight(starts).apogee_time_s > 60.0
    above = height_m(starts[rising, :3]) + 1e3
    back = fly(starts[rising], direction=-1, heights_m=above[:, None])
    assert np.isnan(back.time_s[:, 0]).all()
    assert back.arrives.all()


def test_an_orbit_never_came_from_the_ground_and_never_comes_down() -> None:
    position = ecef_from_geodetic(0.3, 0.2, 500e3)
    speed = np.sqrt(GM_M3_S2 / np.linalg.norm(position))
    across = np.cross([0.0, 0.0, 1.0], position)
    inertial = np.concatenate([position, speed * across / np.linalg.norm(across)])
    start = ecef_from_inertial(inertial, 0.0)[None]
    for direction in (-1, 1):
        assert not fly(start, direction=direction).arrives.any()
    perigee, apogee = apsides_m(start)
    radius = np.linalg.norm(position) - 6_378_137.0
    assert abs(perigee[0] - radius) < 1.0
    assert abs(apogee[0] - radius) < 1.0


def test_what_starts_below_the_ground_does_not_arrive() -> None:
    start = np.concatenate([ecef_from_geodetic(0.3, 0.2, -500.0), [0.0, 0.0, 900.0]])[None]
    assert not fly(start, direction=1).arrives[0]


def test_apsides_agree_with_a_kepler_orbit_of_known_shape() -> None:
    perigee, eccentricity = 6_378_137.0 + 400e3, 0.3
    speed = np.sqrt(GM_M3_S2 * (1.0 + eccentricity) / perigee)
    start = ecef_from_inertial(np.array([perigee, 0.0, 0.0, 0.0, speed, 0.0]), 0.0)
    apogee = perigee * (1.0 + eccentricity) / (1.0 - eccentricity)
    found = apsides_m(start[None])
    assert found[0][0] == pytest.approx(400e3, abs=1.0)
    assert found[1][0] == pytest.approx(apogee - 6_378_137.0, abs=1.0)
    assert inertial_from_ecef(start, 0.0)[4] == pytest.approx(speed)


def test_the_points_have_the_covariance_they_stand_for(starts: F64) -> None:
    rng = np.random.default_rng(2)
    covariance = covariances(rng, len(starts), starts, (2_000.0, 20.0))
    mean, again = moments(points_of(starts, covariance), np.ones(len(starts)))
    assert np.abs(mean - starts).max() < 1e-6
    scale = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    relative = (again - covariance) / (scale[:, :, None] * scale[:, None, :])
    assert np.abs(relative).max() < 1e-7


@pytest.mark.parametrize(("position_std_m", "velocity_std_m_s"), [(300.0, 3.0), (5e3, 150.0)])
def test_mean_and_covariance_of_impacts_are_those_of_ten_thousand_flights(
    starts: F64, position_std_m: float, velocity_std_m_s: float
) -> None:
    rng = np.random.default_rng(5)
    start = starts[:1]
    covariance = covariances(rng, 1, start, (position_std_m, velocity_std_m_s))
    spread = fly_spread(Fan.of(start, covariance), direction=1)
    ends = spread.flown.crossed[:, :, -1, :3]
    mean, found = moments(level_offsets_m(ends[:, 0], ends), spread.share)
    drawn = rng.multivariate_normal(start[0], covariance[0], 10_000)
    flown = free_flight(drawn)
    offsets = level_offsets_m(ends[:, 0], flown.state_vector[None, :, :3])[0]
    slow = np.cov(offsets.T)
    root = np.linalg.cholesky(slow)
    whitened = np.linalg.solve(root, np.linalg.solve(root, found[0]).T)
    # Ten thousand draws know a variance to 1.4 %, a mean to a hundredth of its deviation.
    assert np.abs(np.linalg.eigvalsh(whitened) - 1.0).max() < 0.07
    assert np.linalg.norm(np.linalg.solve(root, mean[0] - offsets.mean(axis=0))) < 0.05


def test_a_spread_that_only_partly_comes_down_is_flown_close_to_its_middle() -> None:
    position = ecef_from_geodetic(0.3, 0.2, 300e3)
    up = position / np.linalg.norm(position)
    east = np.cross([0.0, 0.0, 1.0], up)
    start = np.concatenate([position, 7_000.0 * east / np.linalg.norm(east) + 600.0 * up])[None]
    covariance = np.diag([1e6, 1e6, 1e6, 9e4, 9e4, 9e4])[None]
    spread = fly_spread(Fan.of(start, covariance), direction=1)
    assert spread.share[0] < 1.0
    assert spread.arrives[0]
    middle = spread.flown.crossed[0, 0, -1, :3]
    assert ground_distance_m(middle, fly_slowly(start[0]).end[:3]) < 1.0
