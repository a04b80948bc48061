"""Rays against their differential equation, integrated by another library in another variable."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from commonwatch.earth import refraction

RADIUS_M = 6371008.7714
SITES = [
    (0.0, 0.0),
    (0.0, 2000.0),
    (1.0, 300.0),
    (2.0, 0.0),
    (3.0, 850.0),
    (10.0, 0.0),
    (60.0, 0.0),
]


OVER_THE_RAY_M = {50e3: 0.15, 20e3: 16.0, 15e3: 42.0, 10e3: 120.0, 5e3: 410.0}
"""By less than this the straight line passes over the ray, by the ray's altitude."""
OVER_THE_RAY_ABOVE_60_KM_M = 1.0
FEIGNED_M = {90.0: 2, 3.0: 34, 0.0: 104}
"""By so much air lengthens a range, by elevation in degrees, to whole metres."""


class Followed(NamedTuple):
    """Where a ray ends: angle round the Earth, bending, local elevation, optical length."""

    angle_rad: float
    bending_rad: float
    elevation_rad: float
    optical_m: float


def followed_ray(elevation_rad: float, altitude_m: float, end_altitude_m: float) -> Followed:
    """Step along the ray's length."""

    def rates(_: float, ray: np.ndarray) -> list[float]:
        height_m, _, elevation, _, _ = ray
        excess = 313e-6 * math.exp(-height_m / 6950.0)
        bend = excess / 6950.0 / (1.0 + excess) * math.cos(elevation)
        turn = math.cos(elevation) / (RADIUS_M + height_m)
        return [math.sin(elevation), turn, turn - bend, bend, excess]

    def arrival(_: float, ray: np.ndarray) -> float:
        return float(ray[0] - end_altitude_m)

    arrival.terminal, arrival.direction = True, 1.0  # type: ignore[attr-defined]
    path = solve_ivp(
        rates,
        (0.0, 2e7),
        [altitude_m, 0.0, elevation_rad, 0.0, 0.0],
        events=arrival,
        method="DOP853",
        rtol=1e-12,
        atol=1e-12,
        max_step=2e4,
    )
    _, angle, elevation, bending, excess = path.y_events[0][0]
    return Followed(angle, bending, elevation, path.t_events[0][0] + excess)


@pytest.mark.parametrize(("elevation_deg", "altitude_m"), [*SITES, (-0.3, 1500.0)])
@pytest.mark.parametrize("end_altitude_m", [3e3, 2e4, 4e5])
def test_a_traced_ray_agrees_with_one_followed_step_by_step(
    elevation_deg: float, altitude_m: float, end_altitude_m: float
) -> None:
    elevation_rad = math.radians(elevation_deg)
    angle, bending_rad, _, _ = followed_ray(elevation_rad, altitude_m, end_altitude_m)
    ray = refraction.trace(elevation_rad, altitude_m, end_altitude_m)
    assert ray.ground_range_m == pytest.approx(RADIUS_M * angle, abs=0.05)
    assert ray.bending_rad == pytest.approx(bending_rad, abs=1e-9)
    start_m, end_m = RADIUS_M + altitude_m, RADIUS_M + end_altitude_m
    offset_m = np.array([end_m * math.sin(angle), end_m * math.cos(angle) - start_m])
    assert ray.range_m == pytest.approx(np.linalg.norm(offset_m), abs=0.05)
    assert ray.elevation_rad == pytest.approx(math.atan2(offset_m[1], offset_m[0]), abs=1e-8)


@pytest.mark.parametrize(("elevation_deg", "altitude_m"), SITES)
def test_the_bending_of_a_ray_that_leaves_the_air_agrees_with_the_asymptote(
    elevation_deg: float, altitude_m: float
) -> None:
    elevation_rad = math.radians(elevation_deg)
    bending_rad = followed_ray(elevation_rad, altitude_m, 3e5).bending_rad
    elevation_out_rad, _ = refraction.asymptote(elevation_rad, altitude_m)
    assert elevation_out_rad == pytest.approx(elevation_rad - bending_rad, abs=1e-9)


def height_of_asymptote_above_ray(
    elevation_rad: float, altitude_m: float, end_altitude_m: float
) -> float:
    """How far the straight line passes over the ray's point at an altitude."""
    angle = followed_ray(elevation_rad, altitude_m, end_altitude_m).angle_rad
    elevation_out_rad, apex_height_m = refraction.asymptote(elevation_rad, altitude_m)
    apex_m = RADIUS_M + altitude_m + float(apex_height_m)
    out_rad = float(elevation_out_rad)
    line_m = apex_m * math.cos(out_rad) / math.cos(out_rad + angle)
    return line_m - RADIUS_M - end_altitude_m


@pytest.mark.parametrize(("elevation_deg", "altitude_m"), SITES)
@pytest.mark.parametrize("end_altitude_m", [6e4, 1e5, 1e6])
def test_the_cone_from_the_shifted_apex_is_the_traced_ray_within_a_metre_above_60_km(
    elevation_deg: float, altitude_m: float, end_altitude_m: float
) -> None:
    over_m = height_of_asymptote_above_ray(math.radians(elevation_deg), altitude_m, end_altitude_m)
    assert abs(over_m) < OVER_THE_RAY_ABOVE_60_KM_M


@pytest.mark.parametrize(("end_altitude_m", "limit_m"), OVER_THE_RAY_M.items())
@pytest.mark.parametrize("altitude_m", [0.0, 2000.0])
def test_below_60_km_the_cone_passes_over_the_ray_by_no_more_than_is_stated(
    end_altitude_m: float, limit_m: float, altitude_m: float
) -> None:
    assert 0.0 < height_of_asymptote_above_ray(0.0, altitude_m, end_altitude_m) < limit_m


@pytest.mark.parametrize(("elevation_deg", "feigned_m"), FEIGNED_M.items())
def test_air_lengthens_a_range_by_as_much_as_is_documented(
    elevation_deg: float, feigned_m: int
) -> None:
    end_altitude_m = 4e5
    ray = followed_ray(math.radians(elevation_deg), 0.0, end_altitude_m)
    end_m = RADIUS_M + end_altitude_m
    straight_m = math.dist(
        (0.0, RADIUS_M), (end_m * math.sin(ray.angle_rad), end_m * math.cos(ray.angle_rad))
    )
    assert ray.optical_m - straight_m == pytest.approx(feigned_m, abs=0.5)


def test_towards_the_zenith_the_apex_rises_by_the_excess_path_of_the_air() -> None:
    # Rays near the vertical seem to come from below by the integral of n - 1: 313e-6 times 6950 m.
    elevation_out_rad, apex_height_m = refraction.asymptote([math.radians(89.99), math.pi / 2], 0.0)
    assert np.allclose(elevation_out_rad, [math.radians(89.99), math.pi / 2], atol=1e-7)
    assert np.allclose(apex_height_m, 313e-6 * 6950.0, rtol=5e-3)


def test_an_elevation_below_the_sea_horizon_counts_as_the_sea_horizon() -> None:
    at_horizon = refraction.asymptote(refraction.horizon_elevation(800.0), 800.0)
    below = refraction.asymptote(-0.1, 800.0)
    assert np.array_equal(at_horizon, below)


def test_the_ray_at_the_sea_horizon_grazes_the_sea() -> None:
    horizon_rad = float(refraction.horizon_elevation(1000.0))
    rates_end = followed_ray(horizon_rad + 1e-7, 1000.0, 1500.0)
    assert rates_end[0] > 0.0
    assert np.isnan(refraction.trace(horizon_rad - 1e-6, 1000.0, 1500.0).range_m)
    assert np.isfinite(refraction.trace(horizon_rad, 1000.0, 1500.0).range_m)
    # Nearly the dip of the straight horizon, less what the air lifts it: some 15 %.
    straight_rad = -math.acos(RADIUS_M / (RADIUS_M + 1000.0))
    assert 0.8 < horizon_rad / straight_rad < 0.9


def test_a_ray_never_comes_to_altitudes_below_its_site_when_it_starts_upwards() -> None:
    assert np.isnan(refraction.trace(0.01, 1000.0, 900.0).range_m)


def test_without_air_rays_are_straight() -> None:
    air = refraction.Air(surface_refractivity=0.0)
    ray = refraction.trace(0.05, 100.0, [1e4, 5e5], air=air)
    assert np.allclose(ray.elevation_rad, 0.05, atol=1e-12)
    assert np.allclose(ray.bending_rad, 0.0)
    elevation_out_rad, apex_height_m = refraction.asymptote(0.05, 100.0, air=air)
    assert elevation_out_rad == 0.05
    assert apex_height_m == pytest.approx(0.0, abs=1e-8)


@given(st.floats(-0.005, 1.5), st.floats(0.0, 2e3), st.floats(5e3, 2e6))
def test_the_apparent_elevation_of_a_point_on_a_ray_is_the_elevation_of_the_ray(
    elevation_rad: float, altitude_m: float, end_altitude_m: float
) -> None:
    ray = refraction.trace(elevation_rad, altitude_m, end_altitude_m)
    assume(np.isfinite(ray.range_m))
    apparent_rad = refraction.apparent_elevation(ray.elevation_rad, ray.range_m, altitude_m)
    assert apparent_rad == pytest.approx(elevation_rad, abs=1e-8)


@given(st.floats(-0.005, 1.5), st.floats(0.0, 2e3), st.floats(5e3, 2e6))
def test_the_altitude_of_a_ray_at_the_ground_range_where_it_passes_an_altitude_is_that_altitude(
    elevation_rad: float, altitude_m: float, end_altitude_m: float
) -> None:
    ray = refraction.trace(elevation_rad, altitude_m, end_altitude_m)
    assume(np.isfinite(ray.range_m))
    got = refraction.ray_altitude(ray.ground_range_m, elevation_rad, altitude_m)
    assert got == pytest.approx(end_altitude_m, abs=0.01, rel=1e-8)


def test_what_stands_below_the_horizon_has_no_apparent_elevation() -> None:
    assert np.isnan(refraction.apparent_elevation(-0.1, 2e6, 0.0))


def test_what_stands_below_the_site_on_a_falling_ray_has_no_apparent_elevation() -> None:
    assert np.isnan(refraction.apparent_elevation(-0.02, 1e4, 1000.0))


def test_an_apparent_elevation_does_not_depend_on_its_batch() -> None:
    elevation_rad = np.linspace(-0.01, 1.0, 40)
    batch = refraction.apparent_elevation(elevation_rad, 1e6, 800.0)
    alone = [refraction.apparent_elevation(elevation, 1e6, 800.0) for elevation in elevation_rad]
    assert np.allclose(batch, alone, rtol=0.0, atol=1e-11, equal_nan=True)
