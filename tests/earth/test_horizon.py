"""Lowest visible altitudes against a closed table and the figures of the literature of rays."""

from __future__ import annotations

import math

import numpy as np
import pytest

from commonwatch.earth import horizon
from commonwatch.errors import InputError
from commonwatch.studies.validation import read_rows


def golden_figures() -> list[tuple[float, float, float]]:
    """Ground range in kilometres, elevation in degrees, lowest altitude in kilometres."""
    return [
        (float(row["ground_range_km"]), float(name.split("_")[1]), float(text))
        for row in read_rows("horizon.csv")
        for name, text in row.items()
        if name != "ground_range_km"
    ]


@pytest.mark.parametrize(("ground_range_km", "elevation_deg", "altitude_km"), golden_figures())
def test_straight_lines_agree_with_the_table_to_its_last_kilometre(
    ground_range_km: float, elevation_deg: float, altitude_km: float
) -> None:
    got_m = horizon.lowest_visible_altitude(
        1e3 * ground_range_km, math.radians(elevation_deg), radius_m=6371e3, refraction=False
    )
    assert abs(got_m / 1e3 - altitude_km) <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("radius_m", "refraction", "altitude_km"),
    [(6371e3, False, 404.0), (6371e3, True, 391.0), (6371e3 * 4.0 / 3.0, False, 315.0)],
    ids=["straight", "traced", "four-thirds"],
)
def test_at_2000_km_and_2_degrees_the_three_models_are_as_far_apart_as_documented(
    radius_m: float, refraction: bool, altitude_km: float
) -> None:
    got_m = horizon.lowest_visible_altitude(
        2e6, math.radians(2.0), radius_m=radius_m, refraction=refraction
    )
    assert abs(got_m / 1e3 - altitude_km) <= 0.5


def test_near_the_ground_the_four_thirds_earth_agrees_with_the_ray() -> None:
    # This air thins a little faster: near the ground it makes the Earth 1.40 times as large.
    ground_range_m = np.array([50e3, 100e3, 150e3])
    traced = horizon.lowest_visible_altitude(ground_range_m, 0.0)
    assert np.allclose(horizon.four_thirds_altitude(ground_range_m, 0.0), traced, rtol=0.06)


def test_the_four_thirds_earth_is_refused_above_10_km() -> None:
    with pytest.raises(InputError, match="4/3 Earth"):
        horizon.four_thirds_altitude(2e6, math.radians(2.0))


@pytest.mark.parametrize("refraction", [True, False])
def test_beyond_the_line_of_sight_nothing_is_visible(refraction: bool) -> None:
    got = horizon.lowest_visible_altitude([1e6, 1.2e7], 0.1, refraction=refraction)
    assert np.isfinite(got[0])
    assert np.isinf(got[1])


@pytest.mark.parametrize("refraction", [True, False])
def test_at_no_distance_the_lowest_visible_altitude_is_the_site(refraction: bool) -> None:
    got = horizon.lowest_visible_altitude(0.0, 0.05, 300.0, refraction=refraction)
    assert got == pytest.approx(300.0, abs=1e-6)


@pytest.mark.parametrize("refraction", [True, False])
def test_a_raised_site_sees_the_sea_no_further_than_its_horizon(refraction: bool) -> None:
    # sqrt(2 k R h) for h = 1,000 m, with k = 1 / (1 + R dn/dh) and the air's mean slope up to h.
    slope_1_m = 313e-6 * math.expm1(-1000.0 / 6950.0) / 1000.0 if refraction else 0.0
    expected_m = math.sqrt(2.0 * 6371e3 * 1000.0 / (1.0 + 6371e3 * slope_1_m))
    ground_range_m = np.linspace(1e3, 200e3, 400)
    got = horizon.lowest_visible_altitude(ground_range_m, -0.2, 1000.0, refraction=refraction)
    furthest_m = ground_range_m[np.argmin(got)]
    assert got.min() == pytest.approx(0.0, abs=0.5)
    assert furthest_m == pytest.approx(expected_m, rel=0.015)


def test_a_negative_ground_range_is_refused() -> None:
    with pytest.raises(InputError, match="negative"):
        horizon.lowest_visible_altitude(-1.0, 0.0)


def test_a_site_below_the_sphere_is_refused() -> None:
    with pytest.raises(InputError, match="below"):
        horizon.lowest_visible_altitude(1.0, 0.0, -1.0)
