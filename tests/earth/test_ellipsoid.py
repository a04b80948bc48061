"""Geodetic coordinates and geodesics against pyproj and an iteration in extended precision."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.earth import ellipsoid
from commonwatch.errors import InputError

LENGTH_TOLERANCE_M = 1e-6

latitudes_rad = st.floats(-0.5 * math.pi, 0.5 * math.pi)
longitudes_rad = st.floats(-3.14159, 3.14159)


def many_places(lowest_m: float, highest_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    count = 2_000
    return (
        np.arcsin(rng.uniform(-1.0, 1.0, count)),
        rng.uniform(-math.pi, math.pi, count),
        rng.uniform(lowest_m, highest_m, count),
    )


def slow_geodetic(position_ecef_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and height by two hundred rounds of the textbook iteration, in long doubles."""
    x, y, z = position_ecef_m.astype(np.longdouble).T
    a, f = np.longdouble(6378137), 1 / np.longdouble("298.257223563")
    e2 = f * (2 - f)
    p = np.hypot(x, y)
    latitude = np.arctan2(z, p * (1 - e2))
    for _ in range(200):
        normal = a / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + e2 * normal * np.sin(latitude), p)
    sine = np.sin(latitude)
    height = p * np.cos(latitude) + z * sine - a * np.sqrt(1 - e2 * sine**2)
    return latitude.astype(np.float64), height.astype(np.float64)


@pytest.mark.parametrize("highest_m", [1e5, 1e6, 1e7, 4e7])
def test_geodetic_coordinates_agree_with_a_long_iteration_up_to_40000_km(highest_m: float) -> None:
    position = ellipsoid.ecef_from_geodetic(*many_places(-1e4, highest_m))
    latitude_rad, _, height_m = ellipsoid.geodetic_from_ecef(position)
    slow_latitude_rad, slow_height_m = slow_geodetic(position)
    radius_m = np.linalg.norm(position, axis=-1)
    assert np.max(np.abs(latitude_rad - slow_latitude_rad) * radius_m) < LENGTH_TOLERANCE_M
    assert np.max(np.abs(height_m - slow_height_m)) < LENGTH_TOLERANCE_M


def test_geodetic_coordinates_agree_with_pyproj_near_the_ground() -> None:
    # pyproj is itself off by 0.1 mm at 100 km, so only the lowest kilometres tell.
    position = ellipsoid.ecef_from_geodetic(*many_places(-1e3, 5e3))
    to_geodetic = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    longitude_deg, latitude_deg, height_m = to_geodetic.transform(
        position[:, 0], position[:, 1], position[:, 2]
    )
    got_latitude_rad, got_longitude_rad, got_height_m = ellipsoid.geodetic_from_ecef(position)
    assert np.max(np.abs(np.degrees(got_latitude_rad) - latitude_deg)) * 1.2e5 < LENGTH_TOLERANCE_M
    assert (
        np.max(np.abs(np.degrees(got_longitude_rad) - longitude_deg)) * 1.2e5 < LENGTH_TOLERANCE_M
    )
    assert np.max(np.abs(got_height_m - height_m)) < LENGTH_TOLERANCE_M


def test_earth_fixed_positions_agree_with_pyproj() -> None:
    latitude_rad, longitude_rad, height_m = many_places(-1e4, 4e7)
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = to_ecef.transform(np.degrees(longitude_rad), np.degrees(latitude_rad), height_m)
    got = ellipsoid.ecef_from_geodetic(latitude_rad, longitude_rad, height_m)
    assert np.max(np.abs(got - np.transpose(expected))) < LENGTH_TOLERANCE_M


@given(latitudes_rad, longitudes_rad, st.floats(-5e6, 4e7))
def test_there_and_back_again_is_the_same_place(
    latitude_rad: float, longitude_rad: float, height_m: float
) -> None:
    position = ellipsoid.ecef_from_geodetic(latitude_rad, longitude_rad, height_m)
    again = ellipsoid.ecef_from_geodetic(*ellipsoid.geodetic_from_ecef(position))
    assert np.linalg.norm(again - position) < LENGTH_TOLERANCE_M


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_poles_are_at_a_right_angle(sign: float) -> None:
    latitude_rad, longitude_rad, height_m = ellipsoid.geodetic_from_ecef(
        [0.0, 0.0, sign * (ellipsoid.SEMI_MINOR_AXIS_M + 1000.0)]
    )
    assert latitude_rad == sign * 0.5 * math.pi
    assert longitude_rad == 0.0
    assert height_m == pytest.approx(1000.0, abs=LENGTH_TOLERANCE_M)


def test_the_centre_of_the_earth_is_given_as_below_the_pole() -> None:
    assert [float(value) for value in ellipsoid.geodetic_from_ecef([0.0, 0.0, 0.0])] == [
        0.5 * math.pi,
        0.0,
        -ellipsoid.SEMI_MINOR_AXIS_M,
    ]


def test_leading_axes_are_kept() -> None:
    latitude_rad, _, _ = ellipsoid.geodetic_from_ecef(np.full((2, 5, 3), 7e6))
    assert latitude_rad.shape == (2, 5)


def test_an_empty_batch_gives_an_empty_batch() -> None:
    latitude_rad, _, _ = ellipsoid.geodetic_from_ecef(np.empty((0, 3)))
    assert latitude_rad.shape == (0,)


def test_positions_without_three_coordinates_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        ellipsoid.geodetic_from_ecef([1.0, 2.0])


def test_the_local_radius_at_the_poles_is_the_polar_radius_of_curvature() -> None:
    # a^2 / b, both curvatures being equal there (TR8350.2, table 3.3: c = 6399593.6258 m).
    assert ellipsoid.local_radius(0.5 * math.pi) == pytest.approx(6399593.6258, abs=1e-3)


def test_a_degree_of_latitude_at_the_equator_is_110574_metres() -> None:
    # NIMA TR8350.2 ellipsoid; Karney's test set gives 110574.389 m for 0 to 1 degree north.
    ground_range_m, azimuth_rad = ellipsoid.geodesic(0.0, 0.0, math.radians(1.0), 0.0)
    assert ground_range_m == pytest.approx(110574.389, abs=1e-3)
    assert azimuth_rad == 0.0


def test_azimuth_west_is_three_quarters_of_a_turn() -> None:
    _, azimuth_rad = ellipsoid.geodesic(0.0, 0.0, 0.0, -0.1)
    assert azimuth_rad == pytest.approx(1.5 * math.pi, abs=1e-12)


@given(latitudes_rad, longitudes_rad, st.floats(0.0, 6.28), st.floats(1.0, 1.9e7))
def test_the_geodesic_to_a_destination_has_the_length_that_was_laid_off(
    latitude_rad: float, longitude_rad: float, azimuth_rad: float, ground_range_m: float
) -> None:
    end = ellipsoid.destination(latitude_rad, longitude_rad, azimuth_rad, ground_range_m)
    length_m, _ = ellipsoid.geodesic(latitude_rad, longitude_rad, *end)
    assert length_m == pytest.approx(ground_range_m, abs=1e-6)


def test_geodesics_broadcast_one_site_against_many_points() -> None:
    ground_range_m, azimuth_rad = ellipsoid.geodesic(0.5, 0.1, np.linspace(0.0, 1.0, 4), 0.3)
    assert ground_range_m.shape == azimuth_rad.shape == (4,)


def test_positions_that_must_not_be_changed_are_read_all_the_same() -> None:
    position = np.full((3, 3), 4e6)
    position.setflags(write=False)
    assert np.isfinite(ellipsoid.geodetic_from_ecef(position)[2]).all()
