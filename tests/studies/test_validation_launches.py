"""Published launches: who is compared, what counts, and the arithmetic of intervals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import ends
from commonwatch.studies.validation import read_rows
from commonwatch.studies.validation_launches import (
    LaunchComparison,
    _checks,
    apart,
    compare_launches,
    contradiction_s,
)

# Two-body, sphere, impulsive: computed elsewhere from apogee and range, in minutes to 0.1.
KEPLER_TIME_MIN = {
    "Hwasong-12, lofted, 14 May 2017 local": 27.9,
    "Hwasong-14, first flight, lofted": 34.4,
    "Hwasong-15, lofted": 50.3,
    "Hwasong-18, second flight, lofted": 72.0,
    "Black Brant XII, Norwegian rocket incident": 21.7,
}


@pytest.fixture(scope="module")
def compared() -> dict[str, LaunchComparison]:
    return {one.title: one for one in compare_launches()}


def test_those_with_reported_time_apogee_and_range_are_compared(
    compared: dict[str, LaunchComparison],
) -> None:
    assert set(KEPLER_TIME_MIN) | {"Hwasong-17, lofted"} <= set(compared)


@pytest.mark.parametrize("words", ["New Shepard", "Sejil", "August 2017"])
def test_those_that_cannot_be_compared_are_left_out(
    compared: dict[str, LaunchComparison], words: str
) -> None:
    assert not [title for title in compared if words in title]


def test_an_assumed_burn_time_is_never_proof(compared: dict[str, LaunchComparison]) -> None:
    assert not [one.title for one in compared.values() if one.is_proof]
    one = next(one for one in compared.values() if one.is_verified)
    assert set(one.assumed) == {"burn_time_s", "burn_out_altitude_km"}
    assert replace(one, assumed=()).is_proof
    assert not replace(one, assumed=(), is_verified=False).is_proof
    assert not replace(one, assumed=("burn_out_altitude_km",)).is_proof


@pytest.mark.parametrize(("title", "minutes"), KEPLER_TIME_MIN.items())
def test_the_shortest_flight_agrees_with_the_two_body_figure_computed_elsewhere(
    compared: dict[str, LaunchComparison], title: str, minutes: float
) -> None:
    # The turning Earth, J2 and the ellipsoid: under 1 %.
    assert compared[title].shortest_s == pytest.approx(60.0 * minutes, rel=0.01)


def test_every_published_time_meets_its_interval(compared: dict[str, LaunchComparison]) -> None:
    assert {title: one.gap_s for title, one in compared.items() if one.gap_s > 0.0} == {}


def test_every_coast_is_held_to_one_percent(compared: dict[str, LaunchComparison]) -> None:
    assert max(one.coast_ratio for one in compared.values()) <= 0.01


def test_an_assumed_burn_time_is_shown_and_never_judged(
    compared: dict[str, LaunchComparison],
) -> None:
    checks = _checks(list(compared.values()))
    assumed = [check for check in checks if "assumed" in check.what]
    proof = [check for check in checks if "found" in check.what]
    assert [check.case_count for check in assumed] == [len(compared)] * 2
    assert [check.case_count for check in proof] == [0, 0]
    assert [check.passes for check in checks] == [None] * 4


def test_a_found_burn_time_is_judged(compared: dict[str, LaunchComparison]) -> None:
    one = compared["Hwasong-18, second flight, lofted"]
    found = replace(one, assumed=(), is_verified=True)
    published_s = (one.published_s[0] - 300.0, one.published_s[1] - 300.0)
    wrong = replace(found, published_s=published_s, nominal_off_s=one.nominal_off_s - 300.0)
    for case, passes in ((found, True), (wrong, False)):
        judged = [check.passes for check in _checks([case]) if "found" in check.what]
        assert judged == [passes, passes]


def test_a_wrong_apogee_would_be_noticed(compared: dict[str, LaunchComparison]) -> None:
    one = compared["Hwasong-18, second flight, lofted"]
    wrong = replace(one, published_s=(one.published_s[0] - 300.0, one.published_s[1] - 300.0))
    assert wrong.gap_s > 200.0
    assert wrong.coast_ratio > 0.01


def test_burn_times_come_from_the_catalogue_as_they_stand(
    compared: dict[str, LaunchComparison],
) -> None:
    for entry in catalogue.launches().values():
        if entry.title in compared:
            low, _, high = ends(entry.burn_time_s)
            assert compared[entry.title].burn_time_s == (low, high)


def test_a_flight_time_shorter_than_its_own_arc_is_a_contradiction(
    compared: dict[str, LaunchComparison],
) -> None:
    one = compared["Hwasong-17, lofted"]
    assert not one.contradicts_itself
    assert replace(one, published_s=(3900.0, 3950.0)).contradicts_itself
    (row,) = read_rows("contradictory_launches.csv")
    # 4,111 s by an arc computed elsewhere.
    assert contradiction_s(row) == pytest.approx(4111.0 - 4052.0, abs=5.0)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ((0.0, 1.0), (2.0, 3.0), 1.0),
        ((2.0, 3.0), (0.0, 1.0), 1.0),
        ((0.0, 2.0), (1.0, 3.0), 0.0),
        ((0.0, 5.0), (1.0, 2.0), 0.0),
        ((0.0, 1.0), (1.0, 2.0), 0.0),
    ],
)
def test_intervals_are_apart_by_the_gap_between_them(
    one: tuple[float, float], other: tuple[float, float], distance: float
) -> None:
    assert apart(one, other) == distance
