"""Which flights fly in which world: all take their turn, and the seed decides."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from commonwatch.scenario.load import load_scenario
from commonwatch.world.rounds import flight_name, flights_of_seed, wanted_count
from commonwatch.world.sightings import draw
from commonwatch.world.truth import ArcWanted
from tests.studies.build import SCENARIO
from tests.world.test_truth import loaded


def of_seed(text: str, seed: int, folder: Path) -> tuple[ArcWanted, ...]:
    flights = flights_of_seed(loaded(folder, text), seed)
    assert flights is not None
    return flights


@pytest.mark.parametrize("first", [0, 16, 160, -16])
def test_sixteen_worlds_in_a_row_fly_every_launch_from_iran_once(first: int) -> None:
    scenario = load_scenario("iran-2009")
    flown: Counter[str] = Counter()
    for world in range(first, first + 16):
        flights = flights_of_seed(scenario, scenario.seed + world)
        assert flights is not None
        assert len(flights) == 6
        flown.update(flight_name(scenario, flight) for flight in flights)
    assert set(flown.values()) == {1}
    assert len(flown) == wanted_count(scenario) == 4 * 8 * 3


def test_the_next_round_deals_the_flights_anew() -> None:
    scenario = load_scenario("iran-2009")
    first, next_round = (flights_of_seed(scenario, scenario.seed + k) for k in (0, 16))
    assert first != next_round
    assert first == flights_of_seed(scenario, scenario.seed)


def test_flights_that_do_not_fit_evenly_fly_in_worlds_of_equal_size_to_within_one(
    tmp_path: Path,
) -> None:
    text = SCENARIO + "\n[world]\nflights_per_seed = 3\n"
    assert sorted(len(of_seed(text, 7 + world, tmp_path)) for world in range(2)) == [2, 2]


def test_a_flight_that_cannot_be_takes_no_turn(tmp_path: Path) -> None:
    text = SCENARIO.replace("apogee_ratio = 1.3", "apogee_km = 5.0")
    text += "\n[world]\nflights_per_seed = 1\n"
    for world in range(4):
        [flight] = of_seed(text, 7 + world, tmp_path)
        assert flight.arc == "minimum-energy"


def test_where_everything_fits_everything_flies(tmp_path: Path) -> None:
    assert flights_of_seed(loaded(tmp_path), 7) is None
    assert flights_of_seed(load_scenario("falcon-ascent"), 1) is None


def test_flights_are_called_by_their_own_name_or_by_their_ends_and_arc(tmp_path: Path) -> None:
    assert draw(loaded(tmp_path), seed=7).flight_names == (
        "shore/near/minimum-energy",
        "shore/near/lofted",
        "shore/far/minimum-energy",
        "shore/far/lofted",
    )
    assert draw(load_scenario("norway-1995"), seed=1).flight_names == ("black-brant-xii",)
    assert draw(load_scenario("falcon-ascent"), seed=1).flight_names == ("bulgariasat-1",)
