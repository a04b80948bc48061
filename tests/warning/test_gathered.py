"""Launch points from what was said early and late of one track."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from commonwatch.earth.ellipsoid import ecef_from_geodetic, geodesic, geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.units import NS_PER_S
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO, Ellipses, ellipses_of, outness
from commonwatch.warning.gathered import Held, gathered, held_after, joined, none_held
from commonwatch.warning.origin import Origins
from tests.warning.build import F64

LATITUDE, LONGITUDE = 0.0, 0.9
"""At the equator, where north stays the same direction from one end of an ellipse to the other."""
GROUND_M = ecef_from_geodetic(LATITUDE, LONGITUDE, 0.0)


def said(
    offset_m: F64,
    covariance_m2: F64,
    *,
    time_s: float = -100.0,
    std_s: float = 10.0,
    now_s: int = 0,
) -> Held:
    """Launch points at offsets east and north of one place."""
    count = len(offset_m)
    area = ellipses_of(
        np.tile(GROUND_M, (count, 1)), offset_m, np.broadcast_to(covariance_m2, (count, 2, 2))
    )
    return Held(
        origins=Origins(
            is_given=np.ones(count, dtype=bool),
            area=area,
            time_s=np.full(count, time_s),
            time_std_s=np.full(count, std_s),
            azimuth_rad=np.full(count, 0.3),
            azimuth_std_rad=np.full(count, 0.01),
        ),
        time_ns=np.full(count, now_s * NS_PER_S),
    )


def covariance(long_m: float, short_m: float, turned_rad: float = 0.0) -> F64:
    """Of east and north, by standard deviations; the long axis north, turned clockwise."""
    sine, cosine = math.sin(turned_rad), math.cos(turned_rad)
    axes = np.array([[sine, cosine], [cosine, -sine]])
    return np.asarray(axes.T @ np.diag([long_m**2, short_m**2]) @ axes)


HERE = np.zeros((1, 2))
EARLY, LATE = covariance(8e3, 6e3, 0.4), covariance(50e3, 100.0, 1.1)


def areas(origins: Origins) -> tuple[float, float, float]:
    area = origins.area
    return (
        float(area.area_m2[0]),
        float(area.long_half_axis_m[0]),
        float(area.short_half_axis_m[0]),
    )


@pytest.mark.parametrize("late", [LATE, covariance(12e3, 9e3, 1.0), covariance(9e3, 8.9e3)])
def test_no_other_weight_gives_a_smaller_area(late: F64) -> None:
    found = areas(gathered(said(HERE, late), said(HERE, EARLY)))[0]
    inverse, other = np.linalg.inv(late), np.linalg.inv(EARLY)
    best = min(
        math.pi * CHI_SQUARE_95_TWO / math.sqrt(np.linalg.det(w * inverse + (1.0 - w) * other))
        for w in np.linspace(0.0, 1.0, 4_001)
    )
    assert found == pytest.approx(best, rel=1e-4)


def test_what_is_known_early_shortens_what_is_known_late_and_keeps_it_narrow() -> None:
    _, late_m, across_m = areas(said(HERE, LATE).origins)
    _, early_m, _ = areas(said(HERE, EARLY).origins)
    _, long_m, short_m = areas(gathered(said(HERE, LATE), said(HERE, EARLY)))
    assert early_m < long_m < 0.3 * late_m
    assert short_m < 2.0 * across_m


@pytest.mark.parametrize("shared", [0.0, 0.7, 1.0])
def test_the_ellipse_holds_its_share_whatever_the_two_have_in_common(shared: float) -> None:
    rng = np.random.default_rng(4)
    roots = [np.linalg.cholesky(each) for each in (EARLY, LATE)]
    common, own = rng.standard_normal((4_000, 2)), rng.standard_normal((2, 4_000, 2))
    rest = math.sqrt(1.0 - shared**2)
    early, late = (
        (shared * common + rest * each) @ root.T for each, root in zip(own, roots, strict=True)
    )
    found = gathered(said(late, LATE), said(early, EARLY)).area
    held = outness(found, np.full(4_000, LATITUDE), np.full(4_000, LONGITUDE)) <= 1.0
    assert held.mean() > 0.945


def test_a_narrow_ellipse_moved_along_itself_still_points_along_itself() -> None:
    late = Ellipses(
        latitude_rad=np.array([0.9]),
        longitude_rad=np.array([0.2]),
        long_half_axis_m=np.array([150e3]),
        short_half_axis_m=np.array([200.0]),
        orientation_rad=np.array([1.2]),
    )
    latitude, longitude, _ = geodetic_from_ecef(
        ecef_from_geodetic(0.9, 0.2, 0.0)
        + 80e3 * np.array([math.sin(1.2), math.cos(1.2)]) @ rotation_enu_from_ecef(0.9, 0.2)[:2]
    )
    early = replace(
        late,
        latitude_rad=np.array([latitude]),
        longitude_rad=np.array([longitude]),
        long_half_axis_m=np.array([20e3]),
        short_half_axis_m=np.array([20e3]),
    )
    newest, held = said(HERE, LATE), said(HERE, EARLY)
    newest, held = (
        replace(each, origins=replace(each.origins, area=area))
        for each, area in ((newest, late), (held, early))
    )
    found = gathered(newest, held).area
    moved_m, back_rad = geodesic(found.latitude_rad, found.longitude_rad, 0.9, 0.2)
    assert moved_m[0] > 50e3
    away = math.remainder(float(back_rad[0] - found.orientation_rad[0]), math.pi)
    assert abs(away) * moved_m[0] < 50.0  # metres across, at the old middle


def test_launch_points_that_disagree_are_not_mixed() -> None:
    newest = said(HERE, LATE)
    found = gathered(newest, said(np.array([[0.0, 400e3]]), EARLY))
    np.testing.assert_array_equal(found.area.latitude_rad, newest.origins.area.latitude_rad)
    np.testing.assert_array_equal(found.time_s, newest.origins.time_s)


def test_of_two_times_the_better_known_one_counts_and_stays_the_same_instant() -> None:
    held = said(HERE, EARLY, time_s=-40.0, std_s=5.0, now_s=100)
    found = gathered(said(HERE, LATE, time_s=-300.0, std_s=20.0, now_s=350), held)
    assert found.time_s[0] == pytest.approx(-290.0)
    assert found.time_std_s[0] == 5.0
    worse = said(HERE, EARLY, time_s=-40.0, std_s=30.0, now_s=100)
    found = gathered(said(HERE, LATE, time_s=-300.0, std_s=20.0, now_s=350), worse)
    assert (found.time_s[0], found.time_std_s[0]) == (-300.0, 20.0)


def test_the_shortest_of_those_said_under_power_is_held_in_a_batch_as_one_by_one() -> None:
    lengths_m = [30e3, 12e3, 20e3, 5e3, 40e3]
    burns = np.array([True, True, True, False, False])
    rows = [said(HERE, covariance(long_m, 4e3)) for long_m in lengths_m]
    whole = held_after(
        joined(rows), burns, np.array([-1, 0, 1, 2, 3]), joined([none_held(1)] * len(rows))
    )
    held = none_held(1)
    for row, (one, is_burning) in enumerate(zip(rows, burns, strict=True)):
        held = held_after(one, np.array([is_burning]), np.array([-1]), held)
        for mine, theirs in zip(_values(held, 0), _values(whole, row), strict=True):
            assert mine == theirs
    half_axis_m = held.origins.area.long_half_axis_m[0]
    assert half_axis_m == pytest.approx(12e3 * math.sqrt(CHI_SQUARE_95_TWO), rel=1e-9)


def _values(held: Held, row: int) -> list[float]:
    area: Ellipses = held.origins.area
    return [float(getattr(area, name)[row]) for name in area.__slots__]


def test_where_nothing_is_held_or_given_the_newest_stands() -> None:
    newest = said(HERE, LATE)
    assert gathered(newest, none_held(1)) is newest.origins
    blank = none_held(1)
    assert not np.isfinite(gathered(blank, said(HERE, EARLY)).area.latitude_rad).any()
