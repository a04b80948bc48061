"""Sensors that fall silent: noticed, said, remembered, and no denial."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from commonwatch.centre.sensor_status import SensorStatuses
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Message
from commonwatch.units import NS_PER_S
from commonwatch.world.checks import breaches_of
from commonwatch.world.history import History, tables
from commonwatch.world.replay import replay
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small

SEED = 11
NORTH, JOINT = NationId("north"), NationId("joint")
AT_S, UNTIL_S = 150.0, 350.0
OUT = f"""
[[faults]]
kind = "sensor out"
sensor = "north-radar"
at_s = {AT_S}
until_s = {UNTIL_S}
"""
LOSING = '[[faults]]\nkind = "lose"\nat_s = 100.0\nuntil_s = 300.0\namount = 0.7\n'
Row = tuple[str, str, str, int, bool, int]


@lru_cache(maxsize=8)
def world(more: str = OUT, *, nations: int = 4, level: str = "tracks") -> History:
    text = small(more, nations=nations)
    order = WorldOrder(scenario=loaded(text), laydown="all", level=level, seed=SEED)
    return run_world(order, common=common_to(text, SEED))


def learned(history: History, centre: str) -> list[tuple[str, bool, float, float]]:
    """Sensor, whether it works, and seconds of the world at which it was known and since when."""
    rows = zip(*tables(history)["sensor_status"].values(), strict=True)
    return [
        (
            sensor,
            is_working,
            (known_ns - history.begin_ns) / NS_PER_S,
            (since_ns - history.begin_ns) / NS_PER_S,
        )
        for who, sensor, _, known_ns, is_working, since_ns in rows
        if who == centre
    ]


@pytest.mark.parametrize("more", [OUT, OUT + LOSING])
@pytest.mark.parametrize("level", ["tracks", "launch-reports", "detections"])
def test_a_sensor_that_falls_silent_breaks_nothing(more: str, level: str) -> None:
    history = world(more, nations=2, level=level)
    assert breaches_of(history) == ()
    assert list(replay(history)) == []


def test_the_owner_notices_by_itself_and_the_joint_centre_is_told() -> None:
    own, joint = learned(world(), "north"), learned(world(), "joint")
    assert [(name, works) for name, works, *_ in own] == [
        ("north-radar", True),
        ("north-radar", False),
        ("north-radar", True),
    ]
    for told, noticed in zip(joint, own[1:], strict=True):
        assert (told[0], told[1], told[3]) == (noticed[0], noticed[1], noticed[3])
        assert noticed[2] < told[2] <= noticed[2] + 5.0
    interval_s = 4.0
    assert AT_S - interval_s <= own[1][3] < AT_S
    assert own[2][3] >= UNTIL_S


def test_what_happened_to_other_sensors_is_nothing() -> None:
    assert learned(world(), "south") == [("south-radar", True, 0.0, 0.0)]


@pytest.mark.parametrize("level", ["launch-reports", "nothing"])
def test_where_the_policy_does_not_say_so_nobody_else_learns_of_it(level: str) -> None:
    history = world(level=level)
    assert [works for _, works, *_ in learned(history, "north")] == [True, False, True]
    assert learned(history, "joint") == []


def test_a_sensor_that_is_out_of_order_sees_nothing_and_what_it_saw_before_is_under_way() -> None:
    seen = np.concatenate(
        [
            event.detections.time_ns
            for life in world().lives[NORTH]
            for _, events in life.steps
            for event in events
            if hasattr(event, "detections")
        ]
    )
    seconds = (seen - world().begin_ns) / NS_PER_S
    assert (seconds < AT_S).any()
    assert (seconds >= UNTIL_S).any()
    assert not ((seconds >= AT_S) & (seconds < UNTIL_S)).any()


def test_a_nation_that_says_that_its_sensor_is_out_is_not_named_for_denial() -> None:
    assert world().accused == ()


def test_a_nation_that_does_not_say_so_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(self: SensorStatuses, messages: list[Message]) -> list[object]:
        return []

    monkeypatch.setattr(SensorStatuses, "hear", deaf)
    text = small(OUT, nations=4)
    order = WorldOrder(scenario=loaded(text), laydown="all", level="tracks", seed=SEED)
    history = run_world(order, common=common_to(text, SEED))
    assert [(each.accused, each.kind) for each in history.accused] == [(NORTH, "denial")]


def test_a_swarm_may_silence_a_sensor_and_another_seed_another_one() -> None:
    text = small(nations=4)
    struck = {
        fault.sensor
        for faults_seed in range(12)
        for fault in run_swarm(text, faults_seed).faults
        if fault.kind == "sensor out"
    }
    assert len(struck) >= 2


def run_swarm(text: str, faults_seed: int) -> History:
    order = WorldOrder(
        scenario=loaded(text), laydown="all", level="nothing", seed=SEED, faults_seed=faults_seed
    )
    return run_world(order, common=common_to(text, SEED))


def silences(history: History) -> list[tuple[str, str, bool, float]]:
    """Centre, partner, whether it is heard, and when that was noted."""
    columns = tables(history)["partner_status"]
    return [
        (centre, partner, is_heard, (known_ns - history.begin_ns) / NS_PER_S)
        for centre, partner, is_heard, known_ns in zip(
            columns["centre"],
            columns["partner"],
            columns["is_heard"],
            columns["time_ns"],
            strict=True,
        )
    ]


UNHEARD = [
    '[[faults]]\nkind = "cut"\nlinks = ["north+joint"]\nat_s = 150.0\nuntil_s = 350.0\n',
    '[[faults]]\nkind = "crash"\ncentre = "north"\nat_s = 150.0\nuntil_s = 350.0\n',
]


@pytest.mark.parametrize("more", UNHEARD)
def test_a_nation_that_cannot_be_heard_is_silent_and_no_denier(more: str) -> None:
    history = world(more)
    assert breaches_of(history) == ()
    assert list(replay(history)) == []
    assert history.accused == ()
    found = [row for row in silences(history) if row[:2] == ("joint", "north")]
    assert [is_heard for *_, is_heard, _ in found] == [False, True]
    assert AT_S < found[0][3] < AT_S + 60.0
    assert UNTIL_S <= found[1][3] < UNTIL_S + 20.0


def test_in_a_sound_world_nobody_is_silent() -> None:
    assert silences(world("")) == []
