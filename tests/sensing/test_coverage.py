"""Lowest visible altitudes against traced rays and a slow climb; gaps against a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import destination, ecef_from_geodetic, local_radius
from commonwatch.earth.refraction import Air, ray_altitude
from commonwatch.errors import InputError
from commonwatch.sensing.coverage import longest_gap, lowest_visible_altitude
from commonwatch.sensing.radar import Role
from commonwatch.sensing.site import Site
from commonwatch.sensing.visibility import Sensor, union
from tests.sensing.build import face, from_equator, parabolas, radar, satellite, sees, spells_of

NEAR_POLE = Site(latitude_rad=math.radians(89.9), longitude_rad=0.0, altitude_m=0.0)
"""Here the ellipsoid is a sphere as far as a radar sees, to some kilometres."""


@pytest.mark.parametrize("floor_deg", [0.0, 2.0, 5.5])
@pytest.mark.parametrize("ground_range_km", [500.0, 1_000.0, 2_000.0])
def test_the_lowest_altitude_is_where_the_traced_ray_passes(
    floor_deg: float, ground_range_km: float
) -> None:
    sensor = radar(face(elevation_min_deg=floor_deg), site=NEAR_POLE)
    latitude, longitude = destination(
        NEAR_POLE.latitude_rad, NEAR_POLE.longitude_rad, 1.0, ground_range_km * 1e3
    )
    lowest = lowest_visible_altitude(
        [sensor], np.atleast_1d(latitude), np.atleast_1d(longitude), altitude_max_m=2e6
    )
    air = Air(radius_m=float(local_radius(NEAR_POLE.latitude_rad)))
    expected = ray_altitude(ground_range_km * 1e3, math.radians(floor_deg), 0.0, air=air)
    assert lowest[0, 0] == pytest.approx(float(expected), abs=0.01 * float(expected))


def test_a_map_agrees_with_a_slow_climb_above_each_place() -> None:
    sensors = [
        radar(face(310.0, 50.0, 2.0, 60.0), range_min_m=3e5, range_max_m=2.5e6),
        radar(
            face(100.0, 330.0, 4.0, 85.0),
            site=Site(latitude_rad=0.15, longitude_rad=-0.1, altitude_m=800.0),
            range_max_m=1.5e6,
        ),
    ]
    latitude, longitude = np.radians([-12.0, -3.0, 1.0, 9.0, 17.0]), np.radians([-18.0, -6.0, 3.0])
    got = lowest_visible_altitude(sensors, latitude, longitude, altitude_max_m=1_200e3)
    altitude = np.arange(0.0, 1_200e3 + 1.0, 250.0)
    for i, lat in enumerate(latitude):
        for j, lon in enumerate(longitude):
            column = ecef_from_geodetic(lat, lon, altitude)
            seen = np.logical_or.reduce([sees(sensor, column) for sensor in sensors])
            expected = altitude[seen][0] if seen.any() else math.inf
            assert got[i, j] == pytest.approx(expected, abs=260.0), (i, j)
    assert np.isinf(got).any()
    assert np.isfinite(got).any()


def test_satellites_and_dishes_are_not_on_the_map_of_radars() -> None:
    grid = np.array([0.05])
    sensors: list[Sensor] = [satellite(), radar(role=Role.DISH)]
    assert np.isinf(lowest_visible_altitude(sensors, grid, grid, altitude_max_m=1e6)).all()
    assert np.isinf(lowest_visible_altitude([], grid, grid, altitude_max_m=1e6)).all()


def test_looking_stops_at_the_highest_altitude_wanted() -> None:
    sensor = radar(face(elevation_min_deg=10.0))
    place = np.array([0.0]), np.radians([10.0])
    lowest = lowest_visible_altitude([sensor], *place, altitude_max_m=1e6)[0, 0]
    assert 1e5 < lowest < 1e6
    above = lowest_visible_altitude([sensor], *place, altitude_max_m=lowest + 20.0)
    below = lowest_visible_altitude([sensor], *place, altitude_max_m=lowest - 20.0)
    assert above[0, 0] == pytest.approx(lowest, abs=20.0)
    assert np.isinf(below[0, 0])


@pytest.mark.parametrize("altitude_max_m", [0.0, -1.0, math.nan, math.inf])
def test_a_highest_altitude_that_cannot_be_is_refused(altitude_max_m: float) -> None:
    with pytest.raises(InputError, match="altitude_max_m"):
        lowest_visible_altitude([], [0.0], [0.0], altitude_max_m=altitude_max_m)


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 80).map(float), st.integers(0, 15).map(float)),
        max_size=15,
    ),
    from_s=st.lists(st.integers(0, 100).map(float), min_size=3, max_size=3),
)
def test_the_longest_gap_agrees_with_counting_unseen_seconds(
    rows: list[tuple[int, float, float]], from_s: list[float]
) -> None:
    paths = parabolas([from_equator(1e5, 0.0, 0.0)] * 3, [(1.0, 0.0, 0.0)] * 3, end_s=100.0)
    joined = union(spells_of([(p, 0, f, f + d) for p, f, d in rows], sensors=2, paths=3))
    got = longest_gap(joined, paths, from_s=np.array(from_s))
    for path in range(3):
        longest = run = 0
        for second in range(100):
            middle = second + 0.5
            is_seen = any(p == path and f < middle < f + d for p, f, d in rows)
            # An instant of sight at a whole second ends a gap as well.
            is_cut = any(p == path and f <= second <= f + d for p, f, d in rows)
            run = 0 if is_seen or is_cut else run
            run = run + 1 if not is_seen and middle > from_s[path] else run
            longest = max(longest, run)
        assert got[path] == longest


def test_a_path_never_seen_is_one_gap_and_an_unknown_start_gives_none() -> None:
    paths = parabolas([from_equator(1e5, 0.0, 0.0)] * 2, [(1.0, 0.0, 0.0)] * 2, end_s=100.0)
    joined = union(spells_of([], sensors=2, paths=2))
    gaps = longest_gap(joined, paths, from_s=np.array([30.0, math.nan]))
    assert gaps == pytest.approx([70.0, math.nan], nan_ok=True)


def test_spells_that_are_no_union_are_refused() -> None:
    paths = parabolas(from_equator(1e5, 0.0, 0.0), (1.0, 0.0, 0.0), end_s=100.0)
    with pytest.raises(InputError, match="spells of 2 sensors"):
        longest_gap(spells_of([(0, 0, 1.0, 2.0)], sensors=2, paths=1), paths, from_s=0.0)
