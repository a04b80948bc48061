"""Who can see an object, and how likely one look does: against sensing's own words."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.earth.frames import look_angles
from commonwatch.sensing.measurement import look_probability
from commonwatch.sensing.radar import Radar
from commonwatch.tracking.estimate import FIELD
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
CERTAIN = radar_at("certain", 60.0, -30.0, face(0.0, 90.0), detection_probability=0.8)


def probability(sensor: object, place: F64, *, burning: float = 0.0) -> float:
    arrays = sensor_arrays([sensor])  # type: ignore[list-item]
    state_vector = np.append(place, np.zeros(3))
    return float(
        detection_probability(
            0, state_vector, burning, arrays.place, arrays.rotation, arrays.figures,
            arrays.face_from, arrays.faces, FIELD.copy(),
        )
    )  # fmt: skip


def is_within(radar: Radar, place: F64) -> bool:
    """Whether geometric angles and range lie within any face."""
    site = radar.site
    angles = look_angles(site.position_ecef_m, site.rotation_enu_from_ecef, place)
    distance, azimuth, elevation = (float(value) for value in angles)
    return radar.range_min_m <= distance <= radar.range_max_m and any(
        (azimuth - one.azimuth_min_rad) % (2.0 * math.pi) <= one.width_rad
        and one.elevation_min_rad <= elevation <= one.elevation_max_rad
        for one in radar.faces
    )


@pytest.mark.parametrize("radar", [SECTORS, CERTAIN])
def test_a_radar_sees_within_its_faces_as_likely_as_sensing_says(radar: Radar) -> None:
    rng = np.random.default_rng(14)
    places = above(
        rng.uniform(35.0, 85.0, 300), rng.uniform(-80.0, 20.0, 300), rng.uniform(1e5, 2e6, 300)
    )
    counted = 0
    for place in places:
        found = probability(radar, place)
        if is_within(radar, place):
            counted += 1
            assert found == pytest.approx(
                float(look_probability(radar, np.append(place, np.zeros(3))))
            )
        else:
            assert found == 0.0
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


@pytest.mark.parametrize("radar", [SECTORS, CERTAIN])
def test_a_look_surely_sees_what_it_would_see_wherever_that_may_be(radar: Radar) -> None:
    """The least over the place and six about it, the root of three standard deviations off."""
    rng = np.random.default_rng(15)
    arrays = sensor_arrays([radar])
    counted = 0
    for place in above(rng.uniform(50.0, 75.0, 60), rng.uniform(-60.0, 0.0, 60), 8e5):
        root = np.tril(rng.normal(0.0, 2e5, (3, 3)))
        covariance = np.zeros((6, 6))
        covariance[:3, :3] = root @ root.T
        sides = 3.0**0.5 * np.linalg.cholesky(covariance[:3, :3]).T
        every = [probability(radar, place + each) for each in (0.0 * sides[0], *sides, *-sides)]
        found = sure_probability(
            0, np.append(place, np.zeros(3)), covariance, 0.0, arrays.place, arrays.rotation,
            arrays.figures, arrays.face_from, arrays.faces, FIELD.copy(),
        )  # fmt: skip
        assert found == pytest.approx(min(every))
        counted += found > 0.0
    assert 5 < counted < 55


def test_how_far_along_its_line_a_motor_burns_is_nothing_to_a_satellite() -> None:
    arrays, place = sensor_arrays([EYE]), above(5.0, 3.0, 40e3)
    line = place - arrays.place[0]
    line /= np.linalg.norm(line)
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = 1e5**2 * np.outer(line, line)
    found = sure_probability(
        0, np.append(place, np.zeros(3)), covariance, 0.5, arrays.place, arrays.rotation,
        arrays.figures, arrays.face_from, arrays.faces, FIELD.copy(),
    )  # fmt: skip
    assert found == pytest.approx(0.45)
