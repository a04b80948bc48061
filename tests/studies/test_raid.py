"""``raid-200``: whole where nothing is shared; elsewhere forty of its objects in its clutter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from commonwatch.scenario.load import load_scenario
from commonwatch.studies.expected import ended, unmet
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world

FLIGHTS = 40
LOOKING = ("north", "south")


@cache
def forty() -> Common:
    scenario = load_scenario("raid-200")
    fewer = replace(scenario.world, flights_per_seed=FLIGHTS)
    return Common.of(replace(scenario, world=fewer), seed=scenario.seed)


@pytest.mark.parametrize(
    ("laydown", "level", "centres", "outcomes"),
    [
        ("two", "nothing", LOOKING, {"confirmed, single kind", "unconfirmed"}),
        ("two", "tracks", (*LOOKING, "island", "joint"), {"confirmed"}),
        ("three", "nothing", ("island",), {"confirmed", "unconfirmed"}),
    ],
)
def test_every_object_in_clutter_is_alerted_on_and_nothing_else_is_confirmed(
    laydown: str, level: str, centres: tuple[str, ...], outcomes: set[str]
) -> None:
    common = forty()
    order = WorldOrder(
        scenario=common.scenario, laydown=laydown, level=level, seed=common.scenario.seed
    )
    history = run_world(order, common=common)
    missed = unmet(common.scenario, common.sightings, history)
    assert not missed, "\n".join(map(str, missed))
    for centre in centres:
        found = Counter(
            each.highest
            for each in ended(common.scenario, common.sightings, history)
            if each.centre == centre and each.object != "false alarm"
        )
        assert found.total() == FLIGHTS
        assert set(found) <= outcomes, centre


def test_the_whole_raid_sharing_nothing_ends_as_its_scenario_says() -> None:
    scenario = load_scenario("raid-200")
    common = Common.of(scenario, seed=scenario.seed)
    order = WorldOrder(scenario=scenario, laydown="two", level="nothing", seed=scenario.seed)
    history = run_world(order, common=common)
    assert common.sightings.flight_count == 200
    assert any(each.laydown == "two" for each in scenario.expected)
    missed = unmet(scenario, common.sightings, history)
    assert not missed, "\n".join(map(str, missed))
