"""Local frames and look angles against pyproj and thought; the inertial frame against itself."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.earth import ellipsoid, frames

latitudes_rad = st.floats(-0.5 * math.pi, 0.5 * math.pi)
longitudes_rad = st.floats(-math.pi, math.pi)


@given(latitudes_rad, longitudes_rad)
def test_the_rotation_to_east_north_up_is_a_rotation(lat_rad: float, lon_rad: float) -> None:
    rotation = frames.rotation_enu_from_ecef(lat_rad, lon_rad)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-15)
    assert np.linalg.det(rotation) == pytest.approx(1.0, abs=1e-14)


@given(latitudes_rad, longitudes_rad)
def test_up_is_where_height_grows(latitude_rad: float, longitude_rad: float) -> None:
    low, high = ellipsoid.ecef_from_geodetic(latitude_rad, longitude_rad, [0.0, 1e6])
    up_ecef = frames.rotation_enu_from_ecef(latitude_rad, longitude_rad)[2]
    assert np.allclose((high - low) / 1e6, up_ecef, atol=1e-9)


def test_a_batch_of_places_gives_a_batch_of_rotations() -> None:
    assert frames.rotation_enu_from_ecef(np.zeros((4, 1)), np.zeros(5)).shape == (4, 5, 3, 3)


def test_look_angles_agree_with_pyproj_topocentric_coordinates() -> None:
    rng = np.random.default_rng(2)
    latitude_rad, longitude_rad, height_m = 0.7, 0.9, 300.0
    site = ellipsoid.ecef_from_geodetic(latitude_rad, longitude_rad, height_m)
    positions = site + rng.uniform(-3e6, 3e6, (500, 3))
    topocentric = pyproj.Transformer.from_pipeline(
        "+proj=topocentric +ellps=WGS84 "
        f"+lon_0={math.degrees(longitude_rad)!r} +lat_0={math.degrees(latitude_rad)!r} "
        f"+h_0={height_m}"
    )
    east_m, north_m, up_m = topocentric.transform(positions[:, 0], positions[:, 1], positions[:, 2])
    range_m, azimuth_rad, elevation_rad = frames.look_angles(
        site, frames.rotation_enu_from_ecef(latitude_rad, longitude_rad), positions
    )
    level_m = range_m * np.cos(elevation_rad)
    assert np.allclose(level_m * np.sin(azimuth_rad), east_m, atol=1e-6)
    assert np.allclose(level_m * np.cos(azimuth_rad), north_m, atol=1e-6)
    assert np.allclose(range_m * np.sin(elevation_rad), up_m, atol=1e-6)


@given(
    latitudes_rad,
    longitudes_rad,
    st.floats(1.0, 1e7),
    st.floats(0.0, 6.28),
    st.floats(-1.57, 1.57),
)
def test_look_angles_undo_the_position_that_they_gave(
    lat_rad: float, lon_rad: float, range_m: float, azimuth_rad: float, elevation_rad: float
) -> None:
    site = ellipsoid.ecef_from_geodetic(lat_rad, lon_rad, 0.0)
    rotation = frames.rotation_enu_from_ecef(lat_rad, lon_rad)
    position = frames.position_from_look_angles(site, rotation, range_m, azimuth_rad, elevation_rad)
    again = frames.position_from_look_angles(
        site, rotation, *frames.look_angles(site, rotation, position)
    )
    assert np.linalg.norm(again - position) < 1e-6


def test_azimuth_just_west_of_north_stays_below_a_whole_turn() -> None:
    _, azimuth_rad, _ = frames.look_angles(np.zeros(3), np.eye(3), [-1e-20, 1.0, 0.0])
    assert 0.0 <= azimuth_rad < 2.0 * math.pi


def test_a_point_at_rest_on_the_equator_moves_east_at_465_metres_a_second() -> None:
    inertial = frames.inertial_from_ecef([6378137.0, 0.0, 0.0, 0.0, 0.0, 0.0], 0.0)
    assert inertial[4] == pytest.approx(465.101, abs=1e-3)


def test_after_a_quarter_turn_the_meridian_of_greenwich_points_along_y() -> None:
    quarter_s = 0.5 * math.pi / 7.292115e-5
    inertial = frames.inertial_from_ecef([7e6, 0.0, 1e6, 0.0, 0.0, 0.0], quarter_s)
    assert np.allclose(inertial[:3], [0.0, 7e6, 1e6], atol=1e-6)


def test_the_inertial_velocity_is_the_rate_of_the_inertial_position() -> None:
    state_vector = np.array([5e6, -4e6, 2e6, 3e3, 2e3, -1e3])
    step_s = 0.01

    def position(time_s: float) -> np.ndarray:
        moved = state_vector.copy()
        moved[:3] += state_vector[3:] * (time_s - 100.0)
        return frames.inertial_from_ecef(moved, time_s)[:3]

    rate = (position(100.0 + step_s) - position(100.0 - step_s)) / (2.0 * step_s)
    assert np.allclose(frames.inertial_from_ecef(state_vector, 100.0)[3:], rate, atol=1e-5)


@given(st.floats(-1e5, 1e5))
def test_there_and_back_between_the_frames_is_the_same(time_s: float) -> None:
    state_vector = np.array([5e6, -4e6, 2e6, 3e3, 2e3, -1e3])
    again = frames.ecef_from_inertial(frames.inertial_from_ecef(state_vector, time_s), time_s)
    assert np.allclose(again, state_vector, rtol=1e-13)


def test_one_state_vector_at_many_times_gives_many() -> None:
    times_s = np.linspace(0.0, 1e3, 7)
    assert frames.inertial_from_ecef(np.ones(6), times_s).shape == (7, 6)
    assert frames.ecef_from_inertial(np.ones(6), times_s).shape == (7, 6)
