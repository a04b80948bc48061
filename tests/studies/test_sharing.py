"""Which worlds a study flies, and what it keeps of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from commonwatch.scenario.description import Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.studies.known import NONE_MOVED
from commonwatch.studies.sharing import (
    DELAYS,
    SeedResult,
    foreign_addition,
    kinds,
    replayed,
    study_seed,
    with_delay,
)
from tests.studies.build_sharing import write_small


@pytest.fixture(scope="module")
def iran() -> Scenario:
    return load_scenario("iran-2009")


def test_every_laydown_is_flown_once_at_every_level_with_all_delays_drawn(iran: Scenario) -> None:
    drawn = [(kind.laydown, kind.level) for kind in kinds(iran) if kind.delay == NONE_MOVED]
    assert sorted(drawn) == sorted(
        (laydown.name, level.name) for laydown in iran.laydowns for level in iran.levels
    )


def test_each_delay_is_moved_to_both_ends_in_the_laydown_of_the_study(iran: Scenario) -> None:
    moved = {
        (kind.delay, kind.case)
        for kind in kinds(iran)
        if kind.delay != NONE_MOVED and kind.laydown == iran.value_laydown
    }
    assert moved == {(name, case) for name in DELAYS for case in ("low", "high")}


def test_the_person_who_looks_is_moved_where_other_nations_add_most(iran: Scenario) -> None:
    [name] = foreign_addition(iran)
    added = set(iran.laydown(name).members) - set(iran.laydown(iran.baseline_laydown).members)
    titles = [str(list(iran.sensors)[k]) for k in sorted(added)]
    assert titles == ["armavir-se", "armavir-sw"]
    assert {kind.delay for kind in kinds(iran) if kind.laydown == name} == {
        NONE_MOVED,
        "launch_report",
    }


def test_a_moved_delay_stands_at_its_end_and_the_others_stay(iran: Scenario) -> None:
    for kind in kinds(iran):
        delays = with_delay(iran, kind).delays
        for name in DELAYS:
            span, given = getattr(delays, name), getattr(iran.delays, name)
            if name != kind.delay:
                assert span == given
            else:
                end_s = given.low_s if kind.case == "low" else given.high_s
                assert (span.low_s, span.nominal_s, span.high_s) == (end_s,) * 3


def test_a_delay_that_nobody_doubts_is_not_moved(iran: Scenario) -> None:
    sure = dataclasses.replace(iran.delays.tracks, low_s=3.0, nominal_s=3.0, high_s=3.0)
    scenario = dataclasses.replace(iran, delays=dataclasses.replace(iran.delays, tracks=sure))
    assert "tracks" not in {kind.delay for kind in kinds(scenario)}


def test_the_world_to_show_shares_tracks_where_there_is_such_a_level(iran: Scenario) -> None:
    assert replayed(iran).level == "tracks"
    own = dataclasses.replace(iran.levels[0], name="own")
    only = dataclasses.replace(iran, levels=(iran.levels[0], own))
    assert replayed(only).level == "own"


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> SeedResult:
    path: Path = write_small(tmp_path_factory.mktemp("scenario"))
    scenario = load_scenario(str(path))
    return study_seed(scenario, scenario.seed, report=lambda done, among: None, keeps_replay=True)


def rows_of(flown: SeedResult, centre: str, level: str) -> list[dict[str, Any]]:
    return [
        row
        for row in flown.known["known"].to_pylist()
        if (row["centre"], row["level"], row["delay"]) == (centre, level, NONE_MOVED)
    ]


def test_without_sharing_the_joint_centre_knows_nothing_and_who_looks_knows(
    flown: SeedResult,
) -> None:
    [joint] = rows_of(flown, "joint", "nothing")
    assert joint["outcome"].startswith("missed")
    assert joint["unconfirmed_s"] is None
    [north] = rows_of(flown, "n", "nothing")
    assert north["detection_s"] < north["track_s"] <= north["unconfirmed_s"]
    assert north["unconfirmed_from"] == "own"
    assert north["confirmed_s"] is None


def test_with_tracks_the_joint_centre_knows_after_the_nation_that_sees(flown: SeedResult) -> None:
    [joint] = rows_of(flown, "joint", "tracks")
    [north] = rows_of(flown, "n", "tracks")
    assert north["track_s"] < joint["track_s"]
    assert joint["impact_area_s"] is not None
    assert joint["impact_area_s"] + joint["warning_left_s"] == pytest.approx(joint["flight_s"])


def test_levels_of_one_seed_share_their_truth_and_their_detections(flown: SeedResult) -> None:
    [one], [other] = rows_of(flown, "n", "nothing"), rows_of(flown, "n", "tracks")
    for name in ("flight_s", "detection_s", "track_s", "launch", "aim_point", "arc"):
        assert one[name] == other[name]


def test_a_replay_holds_what_was_sent_and_what_was_withheld(flown: SeedResult) -> None:
    assert set(flown.replay) == {
        "messages", "centre_tracks", "centre_alerts", "sensor_status", "link_status",
        "partner_status", "clock_status", "contributors", "refused", "restarts",
    }  # fmt: skip
    messages = flown.replay["messages"].to_pylist()
    assert {"received", "withheld"} <= {row["outcome"] for row in messages}
    assert all(row["rule"] for row in messages)
