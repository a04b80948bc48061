from __future__ import annotations

import numpy as np
import pyproj
import pytest
from scipy.stats import chi2

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO, Ellipse, Ellipses, ellipses_of, outness

GEOD = pyproj.Geod(ellps="WGS84")


def test_the_factor_is_the_chi_square_of_two_dimensions() -> None:
    assert pytest.approx(chi2.ppf(0.95, 2), rel=1e-12) == CHI_SQUARE_95_TWO


@pytest.mark.parametrize("azimuth_deg", [0.0, 30.0, 90.0, 135.0, 179.0])
def test_the_long_axis_points_where_the_spread_is_long(azimuth_deg: float) -> None:
    azimuth = np.radians(azimuth_deg)
    along = np.array([np.sin(azimuth), np.cos(azimuth)])
    across = np.array([along[1], -along[0]])
    covariance = 9e6 * np.outer(along, along) + 1e6 * np.outer(across, across)
    origin = ecef_from_geodetic(0.7, 0.4, 0.0)[None]
    found = ellipses_of(origin, np.zeros((1, 2)), covariance[None])
    assert found.long_half_axis_m[0] == pytest.approx(3e3 * np.sqrt(CHI_SQUARE_95_TWO))
    assert found.short_half_axis_m[0] == pytest.approx(1e3 * np.sqrt(CHI_SQUARE_95_TWO))
    assert np.cos(2.0 * (found.orientation_rad[0] - azimuth)) == pytest.approx(1.0)
    ends = GEOD.fwd(np.degrees(0.4), np.degrees(0.7), azimuth_deg, found.long_half_axis_m[0])
    edge = outness(found, np.radians([ends[1]]), np.radians([ends[0]]))
    assert edge[0] == pytest.approx(1.0, abs=1e-3)


def test_an_ellipse_that_is_not_given_holds_nothing() -> None:
    found = ellipses_of(np.full((1, 3), 6.4e6), np.zeros((1, 2)), np.full((1, 2, 2), np.nan))
    assert not outness(found, np.zeros(1), np.zeros(1))[0] <= 1.0


def test_one_ellipse_says_of_a_point_what_many_say() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        place = rng.uniform(-1.4, 1.4), rng.uniform(-3.1, 3.1)
        axes = np.sort(rng.uniform(100.0, 2e5, 2))
        one = Ellipse(
            latitude_rad=place[0],
            longitude_rad=place[1],
            long_half_axis_m=axes[1],
            short_half_axis_m=axes[0],
            orientation_rad=rng.uniform(0.0, np.pi),
        )
        many = Ellipses(**{name: np.array([getattr(one, name)]) for name in Ellipses.__slots__})
        point = place[0] + rng.uniform(-0.1, 0.1), place[1] + rng.uniform(-0.1, 0.1)
        expected = outness(many, np.array(point[:1]), np.array(point[1:]))[0]
        assert one.outness(*point) == pytest.approx(expected, rel=1e-6)
