from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.centre.launches import (
    GATE_ONE,
    GATE_PLACE,
    HOLD_RATIO,
    Launch,
    apart_ratio,
    area_of,
    reported,
    together,
)
from commonwatch.earth.ellipsoid import destination, ecef_from_geodetic
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.sharing.messages import Area
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO, Ellipse
from tests.centre.build_floor import report

STATED = reported(report())
areas = st.builds(
    Area,
    latitude_deg=st.floats(-70.0, 70.0),
    longitude_deg=st.floats(-180.0, 180.0),
    long_half_axis_m=st.integers(20_000, 300_000),
    short_half_axis_m=st.integers(2_000, 20_000),
    orientation_deg=st.floats(0.0, 180.0),
)


def covariance(area: Area) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """East and north, from the axes."""
    turn = math.radians(area.orientation_deg)
    along = np.array([math.sin(turn), math.cos(turn)])
    across = np.array([math.cos(turn), -math.sin(turn)])
    parts = ((area.long_half_axis_m, along), (area.short_half_axis_m, across))
    return np.asarray(sum(axis**2 / CHI_SQUARE_95_TWO * np.outer(v, v) for axis, v in parts))


def moved(launch: Launch, azimuth_deg: float, distance_m: float) -> Launch:
    """The same launch from a place so far away."""
    latitude, longitude = destination(
        math.radians(launch.area.latitude_deg),
        math.radians(launch.area.longitude_deg),
        math.radians(azimuth_deg),
        distance_m,
    )
    area = Area(
        latitude_deg=math.degrees(latitude),
        longitude_deg=math.degrees(longitude),
        long_half_axis_m=launch.area.long_half_axis_m,
        short_half_axis_m=launch.area.short_half_axis_m,
        orientation_deg=launch.area.orientation_deg,
    )
    return replace(launch, area=area)


def test_gates_are_those_of_chi_square() -> None:
    # Tail probabilities: exp(-x / 2) with two degrees of freedom, erfc(sqrt(x / 2)) with one.
    assert math.isclose(math.exp(-GATE_PLACE / 2.0), 1e-3, rel_tol=1e-3)
    assert math.isclose(math.erfc(math.sqrt(GATE_ONE / 2.0)), 1e-3, rel_tol=1e-3)
    assert math.isclose(math.exp(-HOLD_RATIO * GATE_PLACE / 2.0), 1e-5, rel_tol=1e-2)


@given(areas, st.floats(0.0, 360.0), st.floats(0.0, 400_000.0))
def test_places_apart_are_compared_as_the_covariances_say(
    area: Area, azimuth_deg: float, distance_m: float
) -> None:
    one = replace(STATED, area=area)
    other = moved(one, azimuth_deg, distance_m)
    here, there = (
        ecef_from_geodetic(math.radians(a.latitude_deg), math.radians(a.longitude_deg), 0.0)
        for a in (one.area, other.area)
    )
    level = rotation_enu_from_ecef(
        math.radians(area.latitude_deg), math.radians(area.longitude_deg)
    )[:2]
    away = level @ (there - here)
    slow = float(away @ np.linalg.solve(2.0 * covariance(area), away)) / GATE_PLACE
    # Of two launches the plane is that of the earlier.
    other = replace(other, time_ns=one.time_ns + 1)
    assert math.isclose(apart_ratio(one, other), slow, rel_tol=1e-6, abs_tol=1e-9)


def test_time_and_azimuth_are_compared_in_standard_deviations() -> None:
    later = reported(report(time_s=16.0))
    assert math.isclose(apart_ratio(STATED, later), 16.0**2 / 128.0 / GATE_ONE, rel_tol=1e-9)
    turned = replace(STATED, azimuth_deg=3.0)
    north = replace(STATED, azimuth_deg=357.0)
    assert math.isclose(apart_ratio(turned, north), 36.0 / 18.0 / GATE_ONE, rel_tol=1e-9)


@given(areas, areas, st.floats(-100.0, 100.0))
def test_agreement_is_the_same_both_ways(one: Area, other: Area, time_s: float) -> None:
    first = replace(STATED, area=one)
    second = replace(reported(report(time_s=time_s)), area=moved(first, 40.0, 50_000.0).area)
    assert apart_ratio(first, second) == apart_ratio(second, first)
    far = replace(first, area=other)
    assert apart_ratio(first, far) == apart_ratio(far, first) >= 0.0


@given(areas, st.floats(0.0, 180.0), st.floats(0.0, 30_000.0), st.floats(0.0, 360.0))
def test_areas_together_are_a_covariance_intersection(
    area: Area, orientation_deg: float, distance_m: float, azimuth_deg: float
) -> None:
    one = replace(STATED, area=area)
    other = moved(one, azimuth_deg, distance_m)
    turned = Area(
        latitude_deg=other.area.latitude_deg,
        longitude_deg=other.area.longitude_deg,
        long_half_axis_m=area.long_half_axis_m,
        short_half_axis_m=area.short_half_axis_m,
        orientation_deg=orientation_deg,
    )
    both = together([one, replace(other, area=turned)]).area
    mine, theirs = (np.linalg.inv(covariance(each)) for each in (area, turned))
    best = max(np.linalg.det(w * mine + (1 - w) * theirs) for w in np.linspace(0, 1, 201))
    found = np.linalg.det(np.linalg.inv(covariance(both)))
    assert 0.95 * best < found < 1.001 * best
    # Safe: never smaller than a mixture of both, whatever they share.
    assert both.long_half_axis_m <= area.long_half_axis_m + 2


def test_one_area_many_times_over_stays_what_it_is() -> None:
    both = together([STATED, STATED, STATED])
    assert abs(both.area.long_half_axis_m - STATED.area.long_half_axis_m) <= 3
    assert math.isclose(both.area.latitude_deg, STATED.area.latitude_deg, abs_tol=2e-5)
    assert math.isclose(both.area.orientation_deg, STATED.area.orientation_deg, abs_tol=0.02)


def test_an_area_is_rounded_outward_to_whole_metres() -> None:
    ellipse = Ellipse(
        latitude_rad=0.5,
        longitude_rad=-1.0,
        long_half_axis_m=1_000.2,
        short_half_axis_m=10.0,
        orientation_rad=3.0,
    )
    area = area_of(ellipse)
    assert (area.long_half_axis_m, area.short_half_axis_m) == (1_001, 10)
    assert math.isclose(math.radians(area.latitude_deg), 0.5, abs_tol=1e-7)
