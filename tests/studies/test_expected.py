"""The historical false alarms end without a confirmed alert, and true launches as they must."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from commonwatch.identity import NationId
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.nations import Expected
from commonwatch.studies.expected import Ended, ended, unmet
from commonwatch.world.history import History, tables
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world

LEVELS = ("nothing", "launch-reports", "tracks", "detections")
HISTORY = ("norad-1979", "norad-1980", "oko-1983", "norway-1995")


@cache
def common_of(name: str) -> Common:
    scenario = load_scenario(name)
    return Common.of(scenario, seed=scenario.seed)


@cache
def history_of(name: str, laydown: str, level: str) -> History:
    common = common_of(name)
    scenario = common.scenario
    order = WorldOrder(scenario=scenario, laydown=laydown, level=level, seed=scenario.seed)
    return run_world(order, common=common)


def ends_of(name: str, level: str) -> tuple[Scenario, list[Ended]]:
    common = common_of(name)
    history = history_of(name, common.scenario.world.laydown, level)
    return common.scenario, list(ended(common.scenario, common.sightings, history))


@pytest.mark.parametrize("name", HISTORY)
def test_the_scenario_names_one_outcome_for_every_laydown_level_centre_and_object(
    name: str,
) -> None:
    scenario = load_scenario(name)
    assert {len(each.outcomes) for each in scenario.expected} == {1}
    flights = {each.object for each in scenario.expected} - {"test data"}
    cases = product(
        (each.name for each in scenario.laydowns), LEVELS, scenario.centres, sorted(flights)
    )
    for laydown, level, centre, flight in cases:
        named = {
            each.outcomes
            for each in scenario.expected
            if (each.laydown, each.object) == (laydown, flight)
            and each.level in {None, level}
            and each.centre in {None, centre}
        }
        assert len(named) == 1, (laydown, level, centre, flight)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", HISTORY)
def test_history_ends_as_its_scenario_says(name: str, level: str) -> None:
    common = common_of(name)
    for laydown in common.scenario.laydowns:
        history = history_of(name, laydown.name, level)
        missed = unmet(common.scenario, common.sightings, history)
        assert not missed, "\n".join(map(str, missed))


@pytest.mark.parametrize(
    ("name", "seed", "laydown", "level"),
    [
        *(
            ("norway-1995", 2, laydown, level)
            for laydown in ("us-nato", "all")
            for level in ("nothing", "tracks")
        ),
        # Empty looks before it rises (1, 5), its light missed where the sun glints (7).
        *(("norway-1995", seed, "us-nato", "nothing") for seed in (1, 5, 7)),
        *(("oko-1983", 2, "all", level) for level in ("nothing", "tracks")),
        *((name, 2, "all", "tracks") for name in ("norad-1979", "norad-1980")),
    ],
)
def test_history_ends_so_with_other_seeds_too(
    name: str, seed: int, laydown: str, level: str
) -> None:
    scenario = load_scenario(name)
    common = Common.of(scenario, seed=seed)
    order = WorldOrder(scenario=scenario, laydown=laydown, level=level, seed=seed)
    missed = unmet(scenario, common.sightings, run_world(order, common=common))
    assert not missed, "\n".join(map(str, missed))


@pytest.mark.parametrize("seed", [4, 2])
def test_the_liar_is_named_and_nobody_else_and_every_flight_is_confirmed(seed: int) -> None:
    scenario = load_scenario("liar")
    common = Common.of(scenario, seed=seed)
    order = WorldOrder(scenario=scenario, laydown="four", level="tracks", seed=seed)
    history = run_world(order, common=common)
    assert not unmet(scenario, common.sightings, history)
    assert {str(each.accused) for each in history.accused} == {"west"}
    [lie] = scenario.injections
    begun_ns = common.sightings.epoch_ns + round(lie.at_s * 1e9)
    assert min(each.time_ns for each in history.accused) > begun_ns


@pytest.mark.parametrize("level", LEVELS)
def test_the_rocket_of_1995_is_nowhere_confirmed_as_a_missile(level: str) -> None:
    """Nobody without the notice holds it for one more likely than not; with it, it fits."""
    for laydown in common_of("norway-1995").scenario.laydowns:
        alerts = tables(history_of("norway-1995", laydown.name, level))["centre_alerts"]
        for row in np.flatnonzero(
            np.char.startswith(np.asarray(alerts["status"], str), "confirmed")
        ):
            is_held_for_one = (alerts["ballistic_probability"][row] or 0.0) > 0.5
            assert not is_held_for_one or alerts["notice_match"][row] == "matched"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", HISTORY)
def test_what_does_not_fly_is_never_confirmed(name: str, level: str) -> None:
    _, ends = ends_of(name, level)
    false = [each for each in ends if each.object == "false alarm"]
    assert false
    assert {each.highest for each in false} <= {"nothing", "unconfirmed"}


def test_every_glint_of_1983_is_an_unconfirmed_alert_and_no_more() -> None:
    history = history_of("oko-1983", "all", "nothing")
    alerts = tables(history)["centre_alerts"]
    own = {
        alert: status
        for centre, alert, status, launch_ns in zip(
            alerts["centre"], alerts["alert"], alerts["status"], alerts["known_ns"], strict=True
        )
        if centre == "soviet-union" and launch_ns < history.begin_ns + 600 * 10**9
    }
    assert len(own) == 5
    assert set(own.values()) == {"unconfirmed"}


@pytest.mark.parametrize(("name", "laydown"), [("norad-1979", "all"), ("norad-1980", "all")])
def test_what_fills_the_channels_changes_no_alert(name: str, laydown: str) -> None:
    common = common_of(name)
    quiet = replace(common.scenario, injections=())
    order = WorldOrder(scenario=quiet, laydown=laydown, level="tracks", seed=quiet.seed)
    before = tables(run_world(order))["centre_alerts"]
    after = tables(history_of(name, laydown, "tracks"))["centre_alerts"]
    for column in ("centre", "alert", "known_ns", "transition", "status", "sources"):
        assert list(before[column]) == list(after[column]), column


def test_test_data_of_1979_are_counted_where_they_arrive_and_nowhere_else() -> None:
    _, ends = ends_of("norad-1979", "launch-reports")
    tested = {each.centre: each.highest for each in ends if each.object == "test data"}
    assert tested == {"us": "test only", "joint": "test only"}


def test_an_expectation_that_is_not_met_is_named_in_a_sentence() -> None:
    common = common_of("norway-1995")
    wrong = Expected(
        object="black-brant-xii",
        outcomes=("confirmed",),
        laydown="olenegorsk",
        level=None,
        centre=NationId("russia"),
    )
    scenario = replace(common.scenario, expected=(wrong,))
    [missed] = unmet(scenario, common.sightings, history_of("norway-1995", "olenegorsk", "tracks"))
    assert str(missed) == (
        "olenegorsk, sharing tracks, russia: black-brant-xii ended as unconfirmed, "
        "expected confirmed"
    )
