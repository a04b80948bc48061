"""OSPA, GOSPA and SIAP, judged by Stone Soup and by their definitions."""

from __future__ import annotations

import importlib
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.studies.score_matching import Truth, match, pictures_of
from commonwatch.studies.score_metrics import Siap, set_distance, siap
from commonwatch.tracking.estimate import STATE_COLUMNS, Estimates
from tests.studies.build_score import columns_of, picture, run, wide_picture

F64 = npt.NDArray[np.float64]

# Written by ``python -m tests.studies.stone_soup``; it names the version that gave the figures.
GOLDEN = json.loads((Path(__file__).parent / "stone_soup.json").read_text("utf-8"))
DISTANCES = ("ospa_m", "gospa_m", "localisation_m2", "missed_m2", "false_m2")


def as_places(positions: list[list[int]]) -> F64:
    return np.array(positions, dtype=np.float64).reshape(-1, 3)


def distances_of(one: dict[str, Any]) -> dict[str, float]:
    found = set_distance(as_places(one["objects"]), as_places(one["tracks"]))
    return {name: getattr(found, name) for name in DISTANCES}


def siap_of(one: dict[str, Any]) -> Siap:
    objects, tracks = columns_of(one)
    truth = Truth(
        time_ns=objects["time_ns"],
        number=objects["object"],
        state_vector=np.stack([objects[name] for name in STATE_COLUMNS], axis=-1),
    )
    order = np.lexsort((truth.number, truth.time_ns))
    truth = Truth(
        time_ns=truth.time_ns[order],
        number=truth.number[order],
        state_vector=truth.state_vector[order],
    )
    pictures = pictures_of(Estimates.from_columns(tracks), truth)
    return siap(pictures, match(pictures, report=lambda _: None))


def check_siap(one: dict[str, Any], figures: dict[str, float]) -> None:
    found = siap_of(one)
    for name in Siap.__slots__:
        # Stone Soup says 0 (ambiguity: 1) where there is nothing to divide by.
        value = getattr(found, name)
        expected = pytest.approx(figures[name], rel=1e-9, abs=1e-12)
        assert (value if value is not None else float(name == "ambiguity")) == expected, name


@pytest.mark.parametrize("index", range(len(GOLDEN["pictures"])))
def test_distances_of_random_pictures_are_those_of_stone_soup(index: int) -> None:
    one = GOLDEN["pictures"][index]
    for name, value in distances_of(one).items():
        assert value == pytest.approx(one[name], rel=1e-9, abs=1e-6), name
    # Its own OSPA pairs by distances, not by their squares: never a smaller sum.
    assert distances_of(one)["ospa_m"] <= one["ospa_by_distances_m"] + 1e-6


@pytest.mark.parametrize("index", range(len(GOLDEN["wide_pictures"])))
def test_where_pairs_are_clear_stone_soups_own_ospa_is_the_same(index: int) -> None:
    one = GOLDEN["wide_pictures"][index]
    assert distances_of(one)["ospa_m"] == pytest.approx(one["ospa_by_distances_m"], rel=1e-9)


@pytest.mark.parametrize("index", range(len(GOLDEN["runs"])))
def test_siap_metrics_of_random_runs_are_those_of_stone_soup(index: int) -> None:
    check_siap(GOLDEN["runs"][index], GOLDEN["runs"][index])


@pytest.mark.filterwarnings("ignore")
def test_stone_soup_itself_agrees_on_pictures_and_runs_that_no_file_holds() -> None:
    pytest.importorskip("stonesoup")
    peer = importlib.import_module("tests.studies.stone_soup")
    for number in range(1_000, 1_100):
        for one in (picture(number), wide_picture(number)):
            figures = peer.distances(one)
            for name, value in distances_of(one).items():
                assert value == pytest.approx(figures[name], rel=1e-9, abs=1e-6), (number, name)
    for number in range(1_000, 1_030):
        check_siap(run(number), peer.siap(run(number)))


places = st.lists(st.tuples(*[st.integers(-8, 8)] * 3), max_size=5)


@given(places, places)
def test_distances_are_the_least_over_every_way_to_pair(
    objects: list[tuple[int, ...]], tracks: list[tuple[int, ...]]
) -> None:
    one, other = as_places([list(p) for p in objects]), as_places([list(p) for p in tracks])
    found = set_distance(one, other, cutoff_m=5.0)
    fewer, more = sorted((one, other), key=len)
    squared = np.minimum(((fewer[:, None] - more) ** 2).sum(axis=-1), 25.0)
    least = min(
        sum(squared[i, j] for i, j in enumerate(order))
        for order in itertools.permutations(range(len(more)), len(fewer))
    )
    rest = len(more) - len(fewer)
    assert found.ospa_m**2 * max(len(more), 1) == pytest.approx(least + 25.0 * rest, abs=1e-9)
    assert found.gospa_m**2 == pytest.approx(least + 12.5 * rest, abs=1e-9)
    parts = found.localisation_m2 + found.missed_m2 + found.false_m2
    assert found.gospa_m**2 == pytest.approx(parts, abs=1e-9)


@given(places, places, places)
def test_both_distances_obey_the_triangle_inequality(
    first: list[tuple[int, ...]], second: list[tuple[int, ...]], third: list[tuple[int, ...]]
) -> None:
    a, b, c = (as_places([list(p) for p in points]) for points in (first, second, third))
    for name in ("ospa_m", "gospa_m"):
        ab, bc, ac = (
            getattr(set_distance(x, y, cutoff_m=6.0), name) for x, y in ((a, b), (b, c), (a, c))
        )
        assert ac <= ab + bc + 1e-9


def test_a_thousand_points_in_clusters_pair_as_one_dense_assignment_would() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(5)
    middles = rng.random((60, 3)) * 1e6
    objects = (middles[:, None] + rng.normal(size=(60, 5, 3)) * 3e3).reshape(-1, 3)
    tracks = np.concatenate(
        [objects[::2] + rng.normal(size=(150, 3)) * 4e3, rng.random((80, 3)) * 1e6]
    )
    squared = np.minimum(((objects[:, None] - tracks) ** 2).sum(axis=-1), 1e8)
    least = squared[optimize.linear_sum_assignment(squared)].sum()
    found = set_distance(objects, tracks)
    rest = abs(len(objects) - len(tracks)) * 1e8
    assert found.ospa_m**2 * max(len(objects), len(tracks)) == pytest.approx(least + rest, rel=1e-9)


def test_a_track_that_is_nowhere_is_false_and_harms_nothing_else() -> None:
    objects = np.zeros((1, 3))
    tracks = np.array([[np.nan] * 3, [30.0, 40.0, 0.0], [np.inf, 0.0, 0.0]])
    found = set_distance(objects, tracks)
    assert found.localisation_m2 == 2_500.0
    assert found.missed_m2 == 0.0
    assert found.false_m2 == 1e8
