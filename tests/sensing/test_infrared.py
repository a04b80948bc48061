"""Orbits against textbook figures, and what a satellite may be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.earth.frames import inertial_from_ecef
from commonwatch.errors import InputError
from commonwatch.sensing.infrared import (
    Geostationary,
    HighlyElliptical,
    position_ecef_m,
    state_vector,
)
from tests.sensing.build import satellite

HALF_DAY_S = 43_082.05
"""Half a sidereal day, the period of a Molniya orbit."""
SIDEREAL_DAY_S = 86_164.1


def molniya(**changes: float) -> HighlyElliptical:
    """Build the textbook Molniya orbit, at its apogee over 60 degrees east at lift-off."""
    values = {
        "period_s": HALF_DAY_S,
        "eccentricity": 0.74,
        "inclination_rad": math.radians(63.4),
        "argument_of_perigee_rad": math.radians(270.0),
        "apogee_longitude_rad": math.radians(60.0),
        "time_from_apogee_s": 0.0,
    }
    return HighlyElliptical(**(values | changes))


def longitude_latitude_deg(orbit: HighlyElliptical, time_s: float) -> tuple[float, float]:
    """Longitude and geocentric latitude below a satellite."""
    x, y, z = position_ecef_m(orbit, time_s)
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def test_a_geostationary_satellite_stands_42164_km_from_the_middle_of_the_earth() -> None:
    place = position_ecef_m(Geostationary(longitude_rad=math.radians(90.0)), np.array([0.0, 7e3]))
    assert place == pytest.approx(np.array([[0.0, 42_164e3, 0.0]] * 2), abs=500.0)


def test_a_molniya_orbit_has_the_textbook_axis_and_heights() -> None:
    # Vallado: semi-major axis about 26,560 km; apogee near 40,000 km up, perigee near 500 km.
    orbit = molniya()
    assert orbit.semi_major_axis_m == pytest.approx(26_560e3, rel=1e-3)
    apogee = np.linalg.norm(position_ecef_m(orbit, 0.0))
    perigee = np.linalg.norm(position_ecef_m(orbit, 0.5 * HALF_DAY_S))
    assert apogee == pytest.approx(orbit.semi_major_axis_m * 1.74, rel=1e-9)
    assert perigee == pytest.approx(orbit.semi_major_axis_m * 0.26, rel=1e-9)


def test_the_apogee_stands_over_its_longitude_at_the_latitude_of_the_inclination() -> None:
    assert longitude_latitude_deg(molniya(), 0.0) == pytest.approx((60.0, 63.4), abs=1e-6)


def test_the_next_apogee_of_a_half_day_orbit_stands_half_way_round() -> None:
    longitude, latitude = longitude_latitude_deg(molniya(), HALF_DAY_S)
    assert (longitude, latitude) == pytest.approx((-120.0, 63.4), abs=1e-3)


def test_the_ground_track_repeats_after_a_sidereal_day() -> None:
    orbit = molniya(time_from_apogee_s=5_000.0)
    first, second = (position_ecef_m(orbit, t) for t in (0.0, SIDEREAL_DAY_S))
    assert second == pytest.approx(first, abs=200.0)


def test_time_from_apogee_counts_from_the_named_apogee() -> None:
    early, late = molniya(time_from_apogee_s=-900.0), molniya(time_from_apogee_s=1_500.0)
    assert position_ecef_m(early, 900.0) == pytest.approx(position_ecef_m(molniya(), 0.0))
    assert position_ecef_m(late, 0.0) == pytest.approx(position_ecef_m(molniya(), 1_500.0))


def test_most_of_a_molniya_revolution_is_spent_in_the_north() -> None:
    height = position_ecef_m(molniya(), np.linspace(0.0, HALF_DAY_S, 2_000))[:, 2]
    assert (height > 0.0).mean() > 0.9


@settings(max_examples=40)
@given(
    eccentricity=st.floats(0.0, 0.74),
    perigee=st.floats(0.0, 2.0 * math.pi),
    inclination=st.floats(0.0, math.pi),
    time_s=st.floats(-1e5, 1e5),
)
def test_energy_and_angular_momentum_are_those_of_kepler(
    eccentricity: float, perigee: float, inclination: float, time_s: float
) -> None:
    orbit = molniya(
        eccentricity=eccentricity, argument_of_perigee_rad=perigee, inclination_rad=inclination
    )
    inertial = inertial_from_ecef(state_vector(orbit, time_s), time_s)
    place, velocity = inertial[:3], inertial[3:]
    gm = 3.986004418e14
    energy = 0.5 * velocity @ velocity - gm / np.linalg.norm(place)
    assert energy == pytest.approx(-0.5 * gm / orbit.semi_major_axis_m, rel=1e-9)
    momentum = np.linalg.norm(np.cross(place, velocity))
    expected = math.sqrt(gm * orbit.semi_major_axis_m * (1.0 - eccentricity**2))
    assert momentum == pytest.approx(expected, rel=1e-9)


@settings(max_examples=40)
@given(eccentricity=st.floats(0.0, 0.74), time_s=st.floats(-5e4, 5e4))
def test_velocity_is_the_rate_of_position(eccentricity: float, time_s: float) -> None:
    orbit = molniya(eccentricity=eccentricity)
    before, after = (position_ecef_m(orbit, time_s + step) for step in (-0.5, 0.5))
    assert state_vector(orbit, time_s)[3:] == pytest.approx(after - before, abs=0.02)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"eccentricity": 1.0}, "eccentricity 1"),
        ({"eccentricity": 0.8}, "perigee 53.. km"),
        ({"period_s": 0.0}, "period 0 s"),
        ({"inclination_rad": math.nan}, "inclination_rad is nan"),
    ],
)
def test_an_orbit_that_cannot_be_is_refused_in_words(change: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        molniya(**change)


def test_a_longitude_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="longitude_rad is nan"):
        Geostationary(longitude_rad=math.nan)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"revisit_s": 0.0}, "revisit_s is 0"),
        ({"first_look_delay_s": 11.0}, "first_look_delay_s is 11"),
        ({"first_look_delay_s": math.nan}, "first_look_delay_s is nan"),
        ({"line_of_sight_std_rad": -1e-5}, "line_of_sight_std_rad is -1e-05"),
        ({"cloud_break_altitude_m": -1.0}, "cloud_break_altitude_m is -1"),
        ({"elevation_min_rad": 1.6}, "elevation_min_rad is 1.6"),
    ],
)
def test_a_satellite_that_cannot_be_is_refused_with_its_name(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=f'satellite "eye": {words}'):
        satellite(**change)
