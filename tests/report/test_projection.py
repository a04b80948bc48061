"""Projections against PROJ, fans against geodesics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Proj

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M
from commonwatch.report.projection import (
    F64,
    azimuthal_equidistant,
    plate_carree_areas,
    plate_carree_lines,
    sector_fan,
)

GEOD = Geod(ellps="WGS84")
EDGE_M = 40e3
EDGE_DEG = 1.0


def even_odd(areas: list[F64], longitude_deg: float, latitude_deg: float) -> bool:
    """Return whether a point of the map is inside, by counting edges to the east of it."""
    crossings = 0
    for area in areas:
        (x1, y1), (x2, y2) = area.T, np.roll(area, -1, axis=0).T
        spans = (y1 > latitude_deg) != (y2 > latitude_deg)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = x1 + (latitude_deg - y1) / (y2 - y1) * (x2 - x1)
        crossings += int(np.sum(spans & (x > longitude_deg)))
    return crossings % 2 == 1


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180))
def test_azimuthal_equidistant_agrees_with_proj_on_the_sphere(
    latitude: float, longitude: float, middle_latitude: float, middle_longitude: float
) -> None:
    _, _, length_m = Geod(a=MEAN_RADIUS_M, b=MEAN_RADIUS_M).inv(
        middle_longitude, middle_latitude, longitude, latitude
    )
    if length_m > 19_900e3:  # the antipode is a circle, not a point
        return
    proj = Proj(proj="aeqd", lat_0=middle_latitude, lon_0=middle_longitude, R=MEAN_RADIUS_M)
    plane = azimuthal_equidistant(
        np.array(latitude),
        np.array(longitude),
        middle_latitude_deg=middle_latitude,
        middle_longitude_deg=middle_longitude,
    )
    assert plane == pytest.approx(np.array(proj(longitude, latitude)), abs=1.0)


SITES = {
    "Thule, over the pole": (76.57, -68.3, 297.0, 177.0, 5_250e3),
    "Pechora, over the pole": (65.21, 57.3, 305.0, 55.0, 6_600e3),
    "Cobra Dane, over the date line": (52.74, 174.09, 259.0, 19.0, 3_800e3),
    "Cobra Dane, farther than a quarter of the Earth": (52.74, 174.09, 259.0, 19.0, 14_000e3),
    "Gabala, near neither": (40.87, 47.8, 107.0, 217.0, 6_000e3),
    "a whole circle at the South Pole": (-84.0, 10.0, 0.0, 360.0, 2_000e3),
    "an edge that runs through the pole": (60.0, 170.0, 0.0, 120.0, 5_000e3),
    "a wide sector that holds both poles": (1.0, 100.0, 350.0, 200.0, 12_000e3),
}


@pytest.mark.parametrize("site", SITES, ids=list(SITES))
def test_a_fan_holds_exactly_the_places_within_its_sector_and_range(site: str) -> None:
    latitude, longitude, first, last, range_m = SITES[site]
    fan = sector_fan(
        latitude, longitude, azimuth_min_deg=first, azimuth_max_deg=last, ground_range_m=range_m
    )
    areas = plate_carree_areas(fan)
    width = (last - first) % 360 or 360
    compared = 0
    for place_latitude in np.arange(-88.5, 89, 7.0):
        for place_longitude in np.arange(-178.7, 179, 9.0):
            azimuth, _, length_m = GEOD.inv(longitude, latitude, place_longitude, place_latitude)
            turn = (azimuth - first) % 360
            from_edge = min(abs(turn - width), turn, 360 - turn) if width < 360 else 180
            if abs(length_m - range_m) < EDGE_M or from_edge < EDGE_DEG or length_m < EDGE_M:
                continue
            expected = length_m < range_m and turn < width
            assert even_odd(areas, place_longitude, place_latitude) == expected, (
                place_latitude,
                place_longitude,
            )
            compared += 1
    assert compared > 700


def test_a_line_over_the_date_line_is_drawn_on_both_sides_without_a_jump() -> None:
    copies = plate_carree_lines(np.array([50.0, 51.0, 52.0]), np.array([178.0, 179.9, -178.0]))
    assert len(copies) == 2
    for copy in copies:
        assert np.abs(np.diff(copy[:, 0])).max() < 3.0
    assert sorted(float(copy[-1, 0]) for copy in copies) == pytest.approx([-178.0, 182.0])
