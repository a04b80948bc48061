"""Conversions against the definitions of the units and instants known from elsewhere."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch import units

numbers = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(("angle_deg", "angle_rad"), [(0, 0), (180, np.pi), (-90, -np.pi / 2)])
def test_half_a_turn_is_pi_radians(angle_deg: float, angle_rad: float) -> None:
    assert units.radians_from_degrees(angle_deg) == pytest.approx(angle_rad, rel=1e-15)


def test_an_array_of_degrees_agrees_with_numpy() -> None:
    angles_deg = np.linspace(-720.0, 720.0, 97)
    np.testing.assert_allclose(
        units.radians_from_degrees(angles_deg), np.deg2rad(angles_deg), rtol=1e-15
    )


@given(numbers)
def test_degrees_survive_a_round_trip(angle_deg: float) -> None:
    back_deg = units.degrees_from_radians(units.radians_from_degrees(angle_deg))
    assert back_deg == pytest.approx(angle_deg, rel=1e-14)


@given(numbers)
def test_kilometres_survive_a_round_trip(length_km: float) -> None:
    back_km = units.kilometres_from_metres(units.metres_from_kilometres(length_km))
    assert back_km == pytest.approx(length_km, rel=1e-14)


def test_a_kilometre_is_a_thousand_metres() -> None:
    assert units.metres_from_kilometres(6.95) == pytest.approx(6950.0)


def test_an_hour_is_3600_seconds_and_a_megahertz_a_million_hertz() -> None:
    assert units.seconds_from_hours(1.5) == 5_400.0
    assert units.hertz_from_megahertz(2.5) == 2_500_000.0


@pytest.mark.parametrize(("level_db", "ratio"), [(0, 1), (10, 10), (20, 100), (-30, 1e-3)])
def test_ten_decibels_are_a_factor_of_ten_in_power(level_db: float, ratio: float) -> None:
    assert units.ratio_from_decibels(level_db) == pytest.approx(ratio)
    assert units.decibels_from_ratio(ratio) == pytest.approx(level_db)


@given(st.floats(-200, 200))
def test_decibels_survive_a_round_trip(level_db: float) -> None:
    back_db = units.decibels_from_ratio(units.ratio_from_decibels(level_db))
    assert back_db == pytest.approx(level_db, abs=1e-10)


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_000_000_000, "2001-09-09T01:46:40Z"),
        (1_234_567_890, "2009-02-13T23:31:30Z"),
        (-1, "1969-12-31T23:59:59Z"),
    ],
)
def test_well_known_instants_of_the_unix_clock_read_right(time_s: int, text: str) -> None:
    time_ns = time_s * units.NS_PER_S
    assert units.utc_text(time_ns) == text
    assert units.ns_from_datetime(datetime.fromisoformat(text)) == time_ns


def test_a_fraction_of_a_second_is_cut_off_in_text_never_rounded_up() -> None:
    assert units.utc_text(999_999_999) == "1970-01-01T00:00:00Z"


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_an_instant_agrees_with_the_calendar_in_any_time_zone(
    local: datetime, offset_minutes: int
) -> None:
    offset = timedelta(minutes=offset_minutes)
    instant = local.replace(tzinfo=timezone(offset))
    expected_s = calendar.timegm(local.timetuple()) - Fraction(offset.total_seconds())
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return
    assert units.ns_from_datetime(instant) == expected_s * 10**9 + local.microsecond * 1000
