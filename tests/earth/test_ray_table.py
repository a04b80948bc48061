"""The table of a site against the rays that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from commonwatch.earth.ray_table import apparent_elevation, geometric_elevation, ray_table
from commonwatch.earth.refraction import Air, trace

RADIUS_M = 6.371e6
ABOVE_60_KM_RAD = 1e-7
BELOW_60_KM_RAD = 1e-5


@pytest.mark.parametrize("altitude_m", [0.0, 340.0, 2_500.0])
def test_elevations_are_those_of_traced_rays(altitude_m: float) -> None:
    table = ray_table(altitude_m, RADIUS_M)
    rng = np.random.default_rng(5)
    apparent = np.concatenate(
        [rng.uniform(table.horizon_rad, 0.1, 2_000), rng.uniform(0.0, 1.57, 2_000)]
    )
    end_m = altitude_m + np.exp(rng.uniform(np.log(2e3), np.log(4e6), 4_000))
    ray = trace(apparent, altitude_m, end_m, air=Air(radius_m=RADIUS_M))
    found = geometric_elevation(table, apparent, ray.range_m)
    error = np.abs(found - ray.elevation_rad)
    assert error[end_m > 60e3].max() < ABOVE_60_KM_RAD
    assert error.max() < BELOW_60_KM_RAD
    back = np.abs(apparent_elevation(table, ray.elevation_rad, ray.range_m) - apparent)
    assert back[end_m > 60e3].max() < ABOVE_60_KM_RAD
    assert back[apparent > 0.0].max() < BELOW_60_KM_RAD


def test_there_and_back_is_no_change() -> None:
    table = ray_table(100.0, RADIUS_M)
    rng = np.random.default_rng(6)
    geometric = rng.uniform(-0.02, 1.5, 3_000)
    range_m = rng.uniform(2e5, 5e6, 3_000)
    apparent = apparent_elevation(table, geometric, range_m)
    assert np.abs(geometric_elevation(table, apparent, range_m) - geometric).max() < ABOVE_60_KM_RAD
    assert (apparent > geometric).all()


def test_noise_below_the_horizon_is_turned_as_the_horizon_is() -> None:
    table = ray_table(0.0, RADIUS_M)
    at, under = geometric_elevation(table, np.array([0.0, -0.01]), np.array([2e6, 2e6]))
    assert at - under == pytest.approx(0.01, abs=1e-12)


def test_no_rows_give_no_rows() -> None:
    none = np.empty(0)
    assert len(apparent_elevation(ray_table(0.0, RADIUS_M), none, none)) == 0
