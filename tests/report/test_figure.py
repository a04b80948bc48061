"""Pictures against slow readers of their own."""

import base64
import re
import struct
import zlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.report.coastline import land_rings
from commonwatch.report.coverage_maps import gap_share, grid_of
from commonwatch.report.figure import Labels, path_of, raster_png
from commonwatch.report.maps import shared_title
from commonwatch.report.wording import joined

POINTS = st.lists(
    st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), min_size=2, max_size=30
)


@given(POINTS)
def test_a_path_read_back_ends_where_the_points_end(points: list[tuple[float, float]]) -> None:
    written = path_of(np.array(points), spacing=0.0)
    if not written:
        assert np.ptp(np.round(np.array(points) * 10), axis=0).max() == 0
        return
    numbers = [float(word) for word in re.findall(r"-?\d*\.?\d+", written)]
    end = np.reshape(numbers, (-1, 2)).sum(axis=0)
    assert end == pytest.approx(np.array(points[-1]), abs=0.06)


def test_points_closer_than_the_spacing_are_left_out() -> None:
    points = np.stack([np.linspace(0, 10, 101), np.zeros(101)], axis=-1)
    assert path_of(points, spacing=5.0) == "M0 0l5 0 5 0"


def test_a_raster_read_back_is_the_same() -> None:
    colours = np.random.default_rng(5).integers(0, 256, (3, 7, 4), dtype=np.uint8)
    png = base64.b64decode(raster_png(colours).split(",")[1])
    assert struct.unpack(">II", png[16:24]) == (7, 3)
    length = struct.unpack(">I", png[33:37])[0]
    lines = np.frombuffer(zlib.decompress(png[41 : 41 + length]), dtype=np.uint8).reshape(3, -1)
    assert (lines[:, 1:].reshape(3, 7, 4) == colours).all()


def test_labels_do_not_lie_on_one_another() -> None:
    labels = Labels(400, 300)
    placed = [labels.place("Fylingdales", 200, 150) for _ in range(30)]
    shown = [label for label in placed if label]
    spots = {re.search(r'x="([\d.]+)" y="([\d.]+)"', label).groups() for label in shown}  # type: ignore[union-attr]
    assert 3 < len(shown) < 30
    assert len(spots) == len(shown)


@given(st.integers(0, 359), st.floats(0, 290))
def test_labels_on_a_round_map_stay_within_it(bearing: int, away: float) -> None:
    x, y = 300 + away * np.cos(np.radians(bearing)), 300 + away * np.sin(np.radians(bearing))
    label = Labels(600, 600, is_round=True).place("DSP Indian Ocean", x, y, size=12)
    found = re.search(r'x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"', label)
    if found is None:
        return
    wide = 0.57 * 12 * len("DSP Indian Ocean")
    left = float(found[1]) - {"start": 0.0, "middle": wide / 2, "end": wide}[found[3]]
    for corner_x in (left, left + wide):
        assert np.hypot(corner_x - 300, float(found[2]) - 300) < 301


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (["Gabala"], "Gabala"),
        (["Armavir SE", "Armavir SW"], "Armavir"),
        (["Armavir, south-east face", "Armavir, south-west face"], "Armavir"),
        (["DSP Pacific", "SBIRS GEO-1"], "DSP Pacific / SBIRS GEO-1"),
    ],
)
def test_sensors_at_one_place_share_a_label(titles: list[str], expected: str) -> None:
    assert shared_title(titles) == expected


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (["Gabala"], "Gabala"),
        (["Armavir SE", "Armavir SW"], "Armavir SE and SW"),
        (["Brdy", "Armavir SE", "Armavir SW"], "Brdy, Armavir SE and SW"),
        (["Clear", "Clear"], "Clear and Clear"),
    ],
)
def test_titles_that_begin_alike_are_joined_without_saying_it_twice(
    titles: list[str], expected: str
) -> None:
    assert joined(titles, " and ") == expected


def test_the_share_of_flights_with_a_gap_counts_those_that_were_flown() -> None:
    gaps_s = [10.0, 120.0, None, 500.0, 119.9]
    rows = pa.table({"longest_unseen_s": pa.array(gaps_s)})
    known = [gap for gap in gaps_s if gap is not None]
    assert gap_share(rows, 120.0) == len([gap for gap in known if gap >= 120]) / len(known)


def is_land(latitude: float, longitude: float) -> bool:
    crossings = 0
    for ring in land_rings():
        for turn in (-360, 0, 360):
            moved = ring + np.array([turn, 0])
            (x1, y1), (x2, y2) = moved.T, np.roll(moved, -1, axis=0).T
            spans = (y1 > latitude) != (y2 > latitude)
            with np.errstate(divide="ignore", invalid="ignore"):
                x = x1 + (latitude - y1) / (y2 - y1) * (x2 - x1)
            crossings += int(np.sum(spans & (x > longitude)))
    return crossings % 2 == 1


@pytest.mark.parametrize(
    ("place", "latitude", "longitude", "expected"),
    [
        ("Moscow", 55.75, 37.62, True),
        ("Anadyr, past the date line", 66.5, -175.5, True),
        ("Kansas", 38.5, -98.0, True),
        ("the South Pole", -89.9, 20.0, True),
        ("Ross Sea", -72.0, -170.0, False),
        ("the Caspian Sea", 41.5, 50.8, False),
        ("the North Pole", 89.9, 0.0, False),
        ("the Atlantic", 30.0, -40.0, False),
    ],
)
def test_land_is_where_land_is(
    place: str, latitude: float, longitude: float, expected: bool
) -> None:
    assert is_land(latitude, longitude) == expected


def test_a_grid_over_the_date_line_keeps_its_middle_whole() -> None:
    longitude = np.array([170.0, 175.0, -180.0, -175.0])
    grid = grid_of(np.full(4, 50.0), longitude, np.arange(4.0))
    assert grid.longitude_deg.tolist() == [170.0, 175.0, 180.0, 185.0]
    assert grid.values.tolist() == [[0.0, 1.0, 2.0, 3.0]]


def test_of_several_values_of_a_cell_the_worst_counts() -> None:
    values = np.array([5.0, np.nan, 9.0])
    grid = grid_of(np.array([1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0]), values)
    assert grid.values.tolist() == [[9.0]]
