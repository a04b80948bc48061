"""Who can see an object, and how likely one look does: against sensing's own words."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.centre.expectation import EDGE_STDS
from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.earth.frames import look_angles
from commonwatch.sensing.measurement import look_probability
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.estimate import FIELD
from commonwatch.tracking.life_kernel import MISSED_STDS
from commonwatch.tracking.view import sensor_arrays
from commonwatch.tracking.view_kernel import (
    altitude,
    detection_probability,
    sure_probability,
)
from tests.sensing.build import face
from tests.tracking.build import EYE, above, radar_at

F64 = npt.NDArray[np.float64]

SECTORS = radar_at(
    "sectors",
    60.0,
    -30.0,
    face(300.0, 60.0, 3.0, 60.0),  # through north
    face(150.0, 210.0, 10.0, 80.0),
    detection_probability=None,
)
ROUNDING_M = 1e-7
HULL = 1.02
"""So much further out, two thousand directions drawn over a sphere have all of it in their hull:
none of it is more than 0.2 rad from the nearest."""
CERTAIN = radar_at("certain", 60.0, -30.0, face(0.0, 90.0), detection_probability=0.8)


def probability(sensor: Sensor, place: F64, *, burning: float = 0.0) -> float:
    arrays = sensor_arrays([sensor])
    state_vector = np.append(place, np.zeros(3))
    return float(
        detection_probability(
            0, state_vector, burning, arrays.place, arrays.rotation, arrays.figures,
            arrays.face_from, arrays.faces, FIELD.copy(),
        )
    )  # fmt: skip


def sure(
    sensor: Sensor, place: F64, covariance: F64, stds: float, *, burning: float = 0.0
) -> float:
    arrays = sensor_arrays([sensor])
    return float(
        sure_probability(
            0, np.append(place, np.zeros(3)), covariance, stds, burning, arrays.place,
            arrays.rotation, arrays.figures, arrays.face_from, arrays.faces, FIELD.copy(),
        )
    )  # fmt: skip


def in_sensings_words(radar: Radar, places: F64) -> F64:
    """Probability of one look by sensing; 0 where geometric angles and range are in no face."""
    site = radar.site
    distance, azimuth, elevation = look_angles(
        site.position_ecef_m, site.rotation_enu_from_ecef, places
    )
    is_within = np.zeros(distance.shape, dtype=np.bool_)
    for one in radar.faces:
        is_past = (azimuth - one.azimuth_min_rad) % (2.0 * math.pi) <= one.width_rad
        is_up = (one.elevation_min_rad <= elevation) & (elevation <= one.elevation_max_rad)
        is_within |= is_past & is_up
    is_within &= (radar.range_min_m <= distance) & (distance <= radar.range_max_m)
    states = np.concatenate([places, np.zeros_like(places)], axis=-1)
    return np.where(is_within, look_probability(radar, states), 0.0)


@pytest.mark.parametrize("radar", [SECTORS, CERTAIN])
def test_a_radar_sees_within_its_faces_as_likely_as_sensing_says(radar: Radar) -> None:
    rng = np.random.default_rng(14)
    places = above(
        rng.uniform(35.0, 85.0, 300), rng.uniform(-80.0, 20.0, 300), rng.uniform(1e5, 2e6, 300)
    )
    expected = in_sensings_words(radar, places)
    np.testing.assert_allclose([probability(radar, each) for each in places], expected, rtol=1e-6)
    counted = np.count_nonzero(expected)
    assert 20 < counted < 280


def test_a_satellite_sees_only_what_burns_above_the_clouds_and_before_the_earth() -> None:
    below_it, behind = above(5.0, 3.0, 40e3), above(0.0, 180.0, 40e3)
    assert probability(EYE, below_it, burning=1.0) == pytest.approx(0.9)
    assert probability(EYE, below_it, burning=0.5) == pytest.approx(0.45)
    assert probability(EYE, below_it) == 0.0
    assert probability(EYE, above(5.0, 3.0, 5e3), burning=1.0) == 0.0
    assert probability(EYE, behind, burning=1.0) == 0.0


@pytest.mark.parametrize("height_m", [0.0, 90e3, 1e6, 36e6])
def test_the_height_is_the_geodetic_one_and_six_millionths_at_most(height_m: float) -> None:
    for place in above(np.linspace(-90.0, 90.0, 61), 10.0, height_m):
        found = altitude(np.append(place, np.zeros(3)), FIELD.copy())
        more_m = found - float(geodetic_from_ecef(place)[2])
        assert -ROUNDING_M < more_m < 6e-6 * height_m + ROUNDING_M


@pytest.mark.parametrize("stds", [MISSED_STDS, EDGE_STDS])
@pytest.mark.parametrize("chosen", [None, 0.8])
def test_a_look_surely_sees_what_it_would_see_wherever_that_may_be(
    stds: float, chosen: float | None
) -> None:
    """Against places drawn all over the ellipsoid of so many deviations, and over one within.

    Nowhere within is it seen less likely than is found, and somewhere around it no more likely.
    """
    radar = radar_at("one", 60.0, -30.0, face(60.0, 200.0), detection_probability=chosen)
    rng = np.random.default_rng(15)
    counted = 0
    for place in above(rng.uniform(48.0, 65.0, 300), rng.uniform(-40.0, 0.0, 300), 8e5):
        root = rng.normal(0.0, 4e4, (3, 3)) * rng.uniform(0.1, 2.0, 3)
        turned = rng.normal(size=(2_000, 3))
        turned /= np.linalg.norm(turned, axis=1)[:, np.newaxis]
        within, around = (
            in_sensings_words(radar, place + far * turned @ root.T).min()
            for far in (stds / 3.0**0.5, HULL * stds)
        )
        covariance = np.zeros((6, 6))
        covariance[:3, :3] = root @ root.T
        found = sure(radar, place, covariance, stds)
        assert around <= found <= within
        counted += found > 0.0
    assert 30 < counted < 270


def test_how_far_along_its_line_a_motor_burns_is_nothing_to_a_satellite() -> None:
    arrays, place = sensor_arrays([EYE]), above(5.0, 3.0, 40e3)
    line = place - arrays.place[0]
    line /= np.linalg.norm(line)
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = 1e5**2 * np.outer(line, line)
    assert sure(EYE, place, covariance, 1.0, burning=0.5) == pytest.approx(0.45)
