"""People of a world ask and answer; launches that were announced are said to have been made."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from commonwatch.identity import NationId
from commonwatch.units import NS_PER_S
from commonwatch.world.checks import breaches_of
from commonwatch.world.history import History
from commonwatch.world.replay import replay
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small

SEED = 11
NORTH, SOUTH, JOINT = (NationId(name) for name in ("north", "south", "joint"))
ASKS = "[world]\nasks_after_s = 20.0\n"
NOTICE = """
[[notices]]
name = "n-1"
nation = "north"
class = "ballistic missile"
window_from_utc = 2020-01-01T00:00:00Z
window_until_utc = 2020-01-01T06:00:00Z
latitude_deg = 31.0
longitude_deg = 5.0
radius_km = 60.0
azimuth_min_deg = 0.0
azimuth_max_deg = 120.0
delivered_utc = 2019-12-31T12:00:00Z
"""


@lru_cache(maxsize=8)
def world(level: str = "tracks", more: str = ASKS + NOTICE, faults: int | None = None) -> History:
    text = small(more)
    order = WorldOrder(
        scenario=loaded(text), laydown="all", level=level, seed=SEED, faults_seed=faults
    )
    return run_world(order, common=common_to(text, SEED))


def decided(history: History, kind: str) -> set[tuple[str, str, str]]:
    """Sender, recipient and verdict of every decision on a kind of message."""
    return {
        (centre, entry.content["recipient"], entry.content["verdict"])
        for centre, entries in history.entries.items()
        for entry in entries
        if entry.kind == "decision" and entry.content["kind"] == kind
    }


def noted(history: History, centre: NationId, kind: str) -> list[dict[str, Any]]:
    return [entry.content for entry in history.entries[centre] if entry.kind == kind]


@pytest.mark.parametrize("level", ["nothing", "launch-reports", "tracks", "detections"])
@pytest.mark.parametrize("faults", [None, 3, 7])
def test_where_people_talk_nothing_breaks(level: str, faults: int | None) -> None:
    history = world(level, faults=faults)
    assert breaches_of(history) == ()
    assert list(replay(history)) == []


def test_people_ask_about_what_stays_unconfirmed_and_are_answered_some_time_later() -> None:
    history = world()
    assert (NORTH, JOINT, "share") in decided(history, "question")
    assert (JOINT, NORTH, "share") in decided(history, "answer")
    (words,) = [each["words"] for each in noted(history, NORTH, "answer")]
    assert words == "joint answers: what we have reported stands, on our number 0"
    asked, answered = (
        next(
            entry.time_ns
            for entry in history.entries[centre]
            if entry.kind == "decision" and entry.content["kind"] == kind
        )
        for centre, kind in ((NORTH, "question"), (JOINT, "answer"))
    )
    assert 30.0 <= (answered - asked) / NS_PER_S <= 185.0


def test_an_answer_is_on_the_alert_that_was_asked_about() -> None:
    evidence = [
        each.alert.evidence
        for each in world().shown
        if each.centre == NORTH and each.alert.alert == 0 and "answers" in each.alert.evidence
    ]
    assert evidence


def test_where_nothing_is_shared_a_question_is_withheld_and_nobody_answers() -> None:
    history = world("nothing")
    assert decided(history, "question") == {
        (NORTH, JOINT, "withhold"),
        (SOUTH, JOINT, "withhold"),
    }
    assert decided(history, "answer") == set()


def test_where_the_scenario_does_not_say_so_nobody_asks() -> None:
    assert decided(world(more=NOTICE), "question") == set()


def test_talk_changes_no_launch_report() -> None:
    """People who ask draw from no generator that decides when a launch report goes."""
    quiet, talk = (
        [entry for entry in noted(history, NORTH, "person") if entry["decision"] == "release"]
        for history in (world("launch-reports", NOTICE), world("launch-reports"))
    )
    assert quiet == talk


@pytest.mark.parametrize("level", ["launch-reports", "tracks", "detections"])
def test_the_nation_whose_launch_it_was_says_that_it_was_made_and_no_other_does(level: str) -> None:
    history = world(level)
    assert decided(history, "post-launch notice") == {(NORTH, JOINT, "share")}
    told = [each for each in noted(history, JOINT, "notice") if "launched_ns" in each]
    assert {each["nation"] for each in told} == {NORTH}
    lift_off_ns = history.begin_ns + 30 * NS_PER_S
    assert abs(told[-1]["launched_ns"] - lift_off_ns) < 60 * NS_PER_S


def test_where_nothing_is_shared_the_notice_is_withheld() -> None:
    assert decided(world("nothing"), "post-launch notice") == {(NORTH, JOINT, "withhold")}


def test_what_the_launching_nation_says_is_a_remark_on_the_joint_centres_alert() -> None:
    last = [each.alert for each in world().shown if each.centre == JOINT][-1]
    assert 'north says that "n-1" was launched' in last.evidence
