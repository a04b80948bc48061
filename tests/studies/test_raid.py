"""``raid-200``: all of it for two nations, forty of its objects for a third with a satellite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.schema import RadarEntry
from commonwatch.studies.expected import ended, known_of, unmet
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world

WHOLE, FEWER = 200, 40
LOOKING = ("north", "south")
LOOKS_MIN = 20
"""What a nation's radars catch in fewer looks, at the edge of their reach, may pass for clutter."""
WELL_SEEN_MIN = 0.99


def raid(flights: int) -> Common:
    scenario = load_scenario("raid-200")
    world = replace(scenario.world, flights_per_seed=flights)
    return Common.of(replace(scenario, world=world), seed=scenario.seed)


def well_seen(common: Common, nations: Collection[str]) -> set[int]:
    """Objects that the radars of each of these nations see in looks enough, by the truth."""
    sightings = common.sightings
    names = np.asarray(sightings.detections["sensor"])
    found = set(range(sightings.flight_count))
    for nation in nations:
        radars = [
            each.name
            for each in sightings.sensors
            if isinstance(each, RadarEntry) and each.nation == nation
        ]
        looks = Counter(sightings.origin[np.isin(names, radars)].tolist())
        found &= {each for each, count in looks.items() if count >= LOOKS_MIN}
    assert len(found) >= WELL_SEEN_MIN * sightings.flight_count
    return found


def judge(
    common: Common,
    laydown: str,
    level: str,
    centres: Collection[str],
    outcomes: Collection[str],
    *,
    by: Collection[str] = (),
    others: Collection[str] = ("nothing",),
) -> None:
    """Every object well seen is alerted on with one of these outcomes; nothing else is confirmed.

    Well seen by the radars of ``by``, where left out by the centre's own; what is not may end as
    one of ``others`` too.
    """
    scenario = common.scenario
    order = WorldOrder(scenario=scenario, laydown=laydown, level=level, seed=scenario.seed)
    history = run_world(order, common=common)
    assert any(each.laydown == laydown for each in scenario.expected)
    missed = unmet(scenario, common.sightings, history)
    assert not missed, "\n".join(map(str, missed))
    rows = known_of(scenario, common.sightings, history)
    ends = ended(scenario, common.sightings, history, rows=rows)
    of_flights = list(zip(rows.known, ends, strict=False))  # false alarms come after them
    for centre in centres:
        own = [(row["object"], each) for row, each in of_flights if each.centre == centre]
        assert len(own) == common.sightings.flight_count
        objects = well_seen(common, by or (centre,))
        assert {each.highest for number, each in own if number in objects} <= set(outcomes), centre
        assert {each.highest for _, each in own} <= {*outcomes, *others}, centre


def test_the_whole_raid_in_clutter_is_alerted_on_and_nothing_else_is_confirmed() -> None:
    """Sharing nothing, and sharing tracks: what both have in common is followed once."""
    common = raid(WHOLE)
    assert common.sightings.flight_count == WHOLE
    judge(common, "two", "nothing", LOOKING, {"confirmed, single kind", "unconfirmed"})
    everyone, others = (*LOOKING, "island", "joint"), ("unconfirmed", "confirmed, single kind")
    judge(common, "two", "tracks", everyone, {"confirmed"}, by=LOOKING, others=others)


def test_a_radar_and_a_satellite_alert_on_every_object_of_a_part_of_it() -> None:
    outcomes = {"confirmed", "unconfirmed"}
    judge(raid(FEWER), "three", "nothing", ("island",), outcomes)
