"""``raid-200``: all of it for two nations, forty of its objects for a third with a satellite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from commonwatch.scenario.load import load_scenario
from commonwatch.studies.expected import ended, unmet
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world

WHOLE, FEWER = 200, 40
LOOKING = ("north", "south")


def raid(flights: int) -> Common:
    scenario = load_scenario("raid-200")
    world = replace(scenario.world, flights_per_seed=flights)
    return Common.of(replace(scenario, world=world), seed=scenario.seed)


def judge(
    common: Common, laydown: str, level: str, centres: Collection[str], outcomes: Collection[str]
) -> None:
    """Every object is alerted on with one of these outcomes, and nothing else is confirmed."""
    scenario = common.scenario
    order = WorldOrder(scenario=scenario, laydown=laydown, level=level, seed=scenario.seed)
    history = run_world(order, common=common)
    assert any(each.laydown == laydown for each in scenario.expected)
    missed = unmet(scenario, common.sightings, history)
    assert not missed, "\n".join(map(str, missed))
    for centre in centres:
        found = Counter(
            each.highest
            for each in ended(scenario, common.sightings, history)
            if each.centre == centre and each.object != "false alarm"
        )
        assert found.total() == common.sightings.flight_count
        assert set(found) <= set(outcomes), centre


def test_the_whole_raid_in_clutter_is_alerted_on_and_nothing_else_is_confirmed() -> None:
    """Sharing nothing, and sharing tracks: what both have in common is followed once."""
    common = raid(WHOLE)
    assert common.sightings.flight_count == WHOLE
    judge(common, "two", "nothing", LOOKING, {"confirmed, single kind", "unconfirmed"})
    judge(common, "two", "tracks", (*LOOKING, "island", "joint"), {"confirmed"})


def test_a_radar_and_a_satellite_alert_on_every_object_of_a_part_of_it() -> None:
    judge(raid(FEWER), "three", "nothing", ("island",), {"confirmed", "unconfirmed"})
