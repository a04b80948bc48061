from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from commonwatch.earth.ellipsoid import geodesic, geodetic_from_ecef
from commonwatch.flight.powered import state_vector
from commonwatch.warning.ellipse import outness
from commonwatch.warning.origin import lift_off, powered_origins, vacuum_origins
from commonwatch.warning.spread import Fan, fly_spread
from tests.warning.build import CLASSES, F64, Truth, covariances, truths

FLAT_M = 150.0
"""Two ways down the same powered phase, over up to 400 km of ground."""
LEAST_HELD, MOST_HELD = 0.90, 0.99


def azimuth_error(found: F64, drawn: Truth) -> F64:
    apart = found - drawn.arcs.powered.azimuth_rad
    return np.asarray(np.mod(apart + np.pi, 2.0 * np.pi) - np.pi)


@pytest.mark.parametrize(("seed", "std"), [(1, (300.0, 3.0)), (2, (2_000.0, 40.0))])
def test_the_stated_95_percent_hold_95_percent_of_vacuum_launches(
    seed: int, std: tuple[float, float]
) -> None:
    drawn = truths(
        np.random.default_rng(seed),
        400,
        is_powered=False,
        after_s=(80.0, 300.0),
        position_std_m=std[0],
        velocity_std_m_s=std[1],
    )
    found = vacuum_origins(fly_spread(Fan.of(drawn.state_vector, drawn.covariance), direction=-1))
    powered = drawn.arcs.powered
    held = outness(found.area, powered.latitude_rad, powered.longitude_rad) <= 1.0
    for inside in (
        held,
        np.abs(found.time_s + drawn.time_s) < 1.96 * found.time_std_s,
        np.abs(azimuth_error(found.azimuth_rad, drawn)) < 1.96 * found.azimuth_std_rad,
    ):
        assert binomtest(int(inside.sum()), len(inside), 0.95).pvalue > 1e-3


@pytest.mark.parametrize(
    ("ground_range_m", "burn_time_s", "altitude_m", "after_s"),
    [
        ((300e3, 1_000e3), (50.0, 105.0), (25e3, 90e3), (20.0, 60.0)),
        ((1_000e3, 3_000e3), (80.0, 130.0), (68e3, 150e3), (40.0, 200.0)),
        ((3_000e3, 5_500e3), (110.0, 180.0), (110e3, 260e3), (40.0, 200.0)),
        ((5_500e3, 12_000e3), (120.0, 330.0), (135e3, 350e3), (40.0, 200.0)),
    ],
)
def test_ellipses_hold_launches_whose_burn_is_anywhere_in_the_assumed_intervals(
    ground_range_m: tuple[float, float],
    burn_time_s: tuple[float, float],
    altitude_m: tuple[float, float],
    after_s: tuple[float, float],
) -> None:
    drawn = truths(
        np.random.default_rng(3),
        400,
        is_powered=True,
        ground_range_m=ground_range_m,
        burn_time_s=burn_time_s,
        burn_out_altitude_m=altitude_m,
        after_s=after_s,
    )
    back = fly_spread(Fan.of(drawn.state_vector, drawn.covariance), direction=-1)
    coasts = np.zeros(len(drawn.time_s), dtype=bool)
    found = powered_origins(drawn.state_vector, back, coasts, CLASSES)
    assert found.is_given.all()
    powered = drawn.arcs.powered
    held = outness(found.area, powered.latitude_rad, powered.longitude_rad) <= 1.0
    for limit, side in ((LEAST_HELD, "less"), (MOST_HELD, "greater")):
        assert binomtest(int(held.sum()), len(held), limit, alternative=side).pvalue > 1e-3
    late = np.abs(found.time_s + drawn.time_s) / found.time_std_s
    assert 0.5 < np.mean(late**2) < 1.6


def test_the_way_down_the_powered_phase_is_the_way_up() -> None:
    drawn = truths(
        np.random.default_rng(5),
        50,
        is_powered=True,
        ground_range_m=(1_000e3, 10_000e3),
        burn_time_s=(80.0, 300.0),
        burn_out_altitude_m=(68e3, 350e3),
    )
    powered = drawn.arcs.powered
    start = lift_off(drawn.arcs.burn_out_state_vector[:, None], powered.burn_time_s[:, None])[:, 0]
    latitude, longitude, height = geodetic_from_ecef(start[:, :3])
    away, _ = geodesic(powered.latitude_rad, powered.longitude_rad, latitude, longitude)
    assert away.max() < FLAT_M
    assert np.abs(height).max() < 1e-3


def test_a_burning_missile_has_its_launch_point_behind_it() -> None:
    drawn = truths(np.random.default_rng(7), 200, is_powered=True)
    powered = drawn.arcs.powered
    part = np.random.default_rng(8).uniform(0.4, 0.95, len(drawn.time_s))
    time_s = part * powered.burn_time_s
    true = state_vector(powered, time_s[:, None])[:, 0]
    covariance = covariances(np.random.default_rng(9), len(true), true, (500.0, 20.0))
    back = fly_spread(Fan.of(true, covariance), direction=-1)
    found = powered_origins(true, back, np.ones(len(true), dtype=bool), CLASSES)
    assert found.is_given.all()
    held = outness(found.area, powered.latitude_rad, powered.longitude_rad) <= 1.0
    assert held.mean() > LEAST_HELD
    assert (np.abs(found.time_s + time_s) < 3.0 * found.time_std_s + 1.0).mean() > LEAST_HELD


def test_what_is_in_orbit_was_not_launched_from_anywhere_that_is_given() -> None:
    start = np.array([[7_000e3, 0.0, 0.0, 0.0, 7_030.0, 0.0]])
    back = fly_spread(Fan.of(start, np.eye(6)[None]), direction=-1)
    assert not vacuum_origins(back).is_given[0]
    found = powered_origins(start, back, np.zeros(1, dtype=bool), CLASSES)
    assert not found.is_given[0]
    assert np.isnan(found.area.latitude_rad[0])
