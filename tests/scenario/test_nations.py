"""Nations, links, delays, levels and the world of a scenario: what the file says, in SI."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from commonwatch.scenario import catalogue
from commonwatch.scenario.assumptions import delay_assumptions
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.nations import DelaySpan
from commonwatch.scenario.sharing_of_file import default_nation_names
from tests.scenario.build import SCENARIO, changed

NATION = """
[[nations]]
name = "norway"
title = "Norway"
owners = ["NO"]

[[nations.territory]]
latitude_min_deg = 58.0
latitude_max_deg = 72.0
longitude_min_deg = 4.0
longitude_max_deg = 31.0

[[nations]]
name = "blind"
title = "A nation that sees nothing"
owners = ["GB"]
has_no_sensors = true
"""


def described(folder: Path, text: str) -> Scenario:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


def test_nations_that_a_file_leaves_out_are_made_of_its_sensors(tmp_path: Path) -> None:
    scenario = described(tmp_path, changed('nation = "NO"\norbit', 'nation = "GB"\norbit'))
    assert [(nation.name, nation.sensors) for nation in scenario.nations] == [
        ("no", ("north",)),
        ("gb", ("still",)),
    ]
    assert scenario.centres == ("no", "gb", "joint")
    assert [link.between for link in scenario.links] == [("no", "joint"), ("gb", "joint")]
    assert [level.name for level in scenario.levels] == [
        "nothing",
        "launch-reports",
        "tracks",
        "detections",
    ]
    assert all(set(level.policies) == set(scenario.centres) for level in scenario.levels)
    assert scenario.world.laydown == "both"
    assert scenario.world.seeds == 5
    assert not (*scenario.faults, *scenario.injections, *scenario.notices, *scenario.expected)


def test_the_usual_delays_are_the_assumed_intervals(tmp_path: Path) -> None:
    delays = described(tmp_path, SCENARIO).delays
    spans = {
        name: (span.low_s, span.nominal_s, span.high_s)
        for name in ("sensor", "detections", "tracks", "launch_report")
        for span in (getattr(delays, name),)
    }
    assert spans == {
        "sensor": (1.0, 2.0, 3.0),
        "detections": (0.5, 1.0, 2.0),
        "tracks": (2.0, 4.0, 6.0),
        "launch_report": (30.0, 90.0, 180.0),
    }
    assert delays.tracks.mark == "assumed"


def test_a_nation_owns_the_sensors_of_its_codes_and_the_others_do_not(tmp_path: Path) -> None:
    scenario = described(tmp_path, SCENARIO + NATION)
    norway, blind = scenario.nations
    assert norway.sensors == ("north", "still")
    assert blind.sensors == ()
    assert scenario.nation_of(norway.sensors[0]) == "norway"
    [box] = norway.territory
    np.testing.assert_allclose(np.degrees(box.latitude_min_rad), 58.0)
    np.testing.assert_allclose(np.degrees(box.longitude_max_rad), 31.0)


def test_a_nation_without_sensors_may_have_a_code_that_no_sensor_has(tmp_path: Path) -> None:
    scenario = described(tmp_path, SCENARIO + NATION.replace('"GB"', '"FI"'))
    assert scenario.nations[1].owners == ("FI",)
    assert scenario.nations[1].sensors == ()


def test_names_made_of_codes_are_plain_and_different() -> None:
    names = default_nation_names(["US", "joint", "Ü", "U s", "us"], joint="joint")
    assert list(names) == ["US", "joint", "Ü", "U s", "us"]
    assert len(set(names.values())) == 5
    assert "joint" not in names.values()
    assert all(name.isascii() and name == name.lower() for name in names.values())


def test_faults_without_links_strike_every_link_and_those_of_centres_none(tmp_path: Path) -> None:
    text = """
[[faults]]
kind = "lose"
at_s = 10.0
until_s = 20.0
amount = 0.5

[[faults]]
kind = "cut"
at_s = 10.0
links = ["no+joint"]

[[faults]]
kind = "crash"
at_s = 30.0
centre = "joint"
"""
    lose, cut, crash = described(tmp_path, SCENARIO + text).faults
    assert (lose.links, lose.amount, lose.until_s) == (("no+joint",), 0.5, 20.0)
    assert (cut.links, cut.amount, cut.until_s) == (("no+joint",), 0.0, None)
    assert (crash.links, crash.centre) == ((), "joint")


def test_a_notice_without_centres_is_meant_for_all_and_one_without_a_time_reaches_none(
    tmp_path: Path,
) -> None:
    text = """
[[notices]]
name = "one"
nation = "Norway"
class = "sounding rocket"
window_from_utc = 2010-01-01T00:00:00Z
window_until_utc = 2010-01-01T06:00:00Z
latitude_deg = 69.0
longitude_deg = 16.0
radius_km = 20.0
azimuth_min_deg = -20.0
azimuth_max_deg = 20.0
"""
    [given] = described(tmp_path, SCENARIO + text).notices
    assert given.centres == ("no", "joint")
    assert given.notice.delivered_ns is None
    assert given.notice.radius_m == 20e3


def test_the_first_launch_is_half_a_minute_after_midnight_unless_the_file_says(
    tmp_path: Path,
) -> None:
    midnight_ns = 1_262_304_000 * 10**9  # 1 January 2010
    assert described(tmp_path, SCENARIO).world.first_launch_ns == midnight_ns + 30 * 10**9
    text = SCENARIO + "\n[world]\nfirst_launch_utc = 2010-01-01T07:24:00+01:00\n"
    at = described(tmp_path, text).world.first_launch_ns
    assert at == midnight_ns + (6 * 3_600 + 24 * 60) * 10**9


def test_an_expected_outcome_is_of_the_worlds_laydown_unless_it_names_one(tmp_path: Path) -> None:
    text = """
[world]
laydown = "alone"

[[expected]]
object = "semnan/rome/high"
outcomes = ["unconfirmed", "cancelled"]

[[expected]]
object = "false alarm"
laydown = "both"
level = "tracks"
centre = "no"
outcomes = ["nothing"]
"""
    first, second = described(tmp_path, SCENARIO + text).expected
    assert (first.laydown, first.level, first.centre) == ("alone", None, None)
    assert (second.laydown, second.level, second.centre) == ("both", "tracks", "no")


@pytest.mark.parametrize("name", catalogue.scenario_names())
def test_every_bundled_scenario_goes_to_another_process_whole(name: str) -> None:
    scenario = load_scenario(name)
    again = pickle.loads(pickle.dumps(scenario))
    for field in ("nations", "links", "delays", "levels", "world", "faults", "expected"):
        assert getattr(again, field) == getattr(scenario, field)


def test_delays_lie_between_their_ends_and_about_their_middle() -> None:
    span = DelaySpan(low_s=2.0, nominal_s=4.0, high_s=9.0, mark="assumed", source="test")
    drawn = span.drawn(np.random.default_rng(3), 20_000)
    assert drawn.min() >= 2.0
    assert drawn.max() <= 9.0
    # The mean of a triangle is a third of the sum of its corners; its variance is below 2.2 s2.
    assert abs(drawn.mean() - 5.0) < 4.0 * np.sqrt(2.2 / 20_000)


def test_a_delay_without_play_is_always_the_same() -> None:
    span = DelaySpan(low_s=2.0, nominal_s=2.0, high_s=2.0, mark="assumed", source="test")
    assert span.drawn(np.random.default_rng(3), 3).tolist() == [2.0, 2.0, 2.0]


def test_every_delay_that_is_an_interval_is_listed_with_its_mark(tmp_path: Path) -> None:
    text = """
[[links]]
between = ["no", "joint"]
delay_s = { low = 0.0, nominal = 1.0, high = 4.0, mark = "found", source = "a test" }

[delays]
tracks_s = 3.0
"""
    listed = delay_assumptions(described(tmp_path, SCENARIO + text))
    assert [(each.path, each.low, each.nominal, each.high, each.mark) for each in listed] == [
        ("delays.sensor_s", 1.0, 2.0, 3.0, "assumed"),
        ("delays.detections_s", 0.5, 1.0, 2.0, "assumed"),
        ("delays.messages_s", 0.5, 1.0, 2.0, "assumed"),
        ("delays.launch_report_s", 30.0, 90.0, 180.0, "assumed"),
        ("links.no+joint.delay_s", 0.0, 1.0, 4.0, "found"),
    ]
    assert {each.unit for each in listed} == {"s"}
