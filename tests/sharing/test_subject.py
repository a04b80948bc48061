"""Places and sensors of a subject: said, known beside it, or not known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.sharing.messages import kind_of
from commonwatch.sharing.subject import (
    PLACED_KINDS,
    SENSED_KINDS,
    Subject,
    place_below,
    subject_of,
)
from tests.sharing.build import BODIES, DISH, RADAR, launch_report, track_report

PLACE_TOLERANCE_DEG = 2e-6


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(-10_000, 10_000_000),
)
def test_the_place_below_a_position_is_that_of_the_exact_conversion(
    latitude_deg: float, longitude_deg: float, height_m: float
) -> None:
    position = ecef_from_geodetic(math.radians(latitude_deg), math.radians(longitude_deg), height_m)
    x_m, y_m, z_m = (float(each) for each in np.asarray(position))
    found_latitude, found_longitude = place_below((x_m, y_m, z_m))
    assert found_latitude == pytest.approx(latitude_deg, abs=PLACE_TOLERANCE_DEG)
    turned = (found_longitude - longitude_deg + 180.0) % 360.0 - 180.0
    assert turned * math.cos(math.radians(latitude_deg)) == pytest.approx(
        0.0, abs=PLACE_TOLERANCE_DEG
    )


def test_places_and_sensors_are_known_of_exactly_the_kinds_that_say_them() -> None:
    say_places = {kind for kind, body in BODIES.items() if subject_of(body).places is not None}
    say_sensors = {kind for kind, body in BODIES.items() if subject_of(body).sensors is not None}
    assert say_places == PLACED_KINDS - {"detection report"}
    assert say_sensors == SENSED_KINDS - {"launch report", "alert report"}


def test_a_track_rests_on_the_sensors_of_its_pedigree() -> None:
    assert subject_of(track_report((RADAR,))).sensors == frozenset({RADAR})
    assert subject_of(track_report()).sensors == frozenset({RADAR, DISH})


def test_what_is_known_beside_the_message_is_added_to_what_it_says() -> None:
    known = Subject(places=((1.0, 2.0),), sensors=frozenset({DISH}))
    assert subject_of(launch_report(3.0, 4.0), known).places == ((3.0, 4.0), (1.0, 2.0))
    assert subject_of(track_report((RADAR,)), known).sensors == frozenset({RADAR, DISH})
    assert subject_of(BODIES["detection report"], known).places == ((1.0, 2.0),)


def test_every_kind_is_told_apart() -> None:
    assert {kind_of(body) for body in BODIES.values()} >= PLACED_KINDS | SENSED_KINDS
