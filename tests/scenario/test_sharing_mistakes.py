"""Mistakes in what a scenario says of nations that share: each is a sentence, all in one go."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.errors import ScenarioError
from commonwatch.scenario.load import load_scenario
from tests.scenario.build import SCENARIO

NATIONS = """
[[nations]]
name = "norway"
title = "Norway"
owners = ["NO"]
"""
NOTICE = """
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


def refused(folder: Path, text: str) -> str:
    """What the person reads, without the name of the file."""
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return str(caught.value).replace(f"{path}: ", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            NATIONS.replace('"NO"', '"NOR"'),
            'nations[0] "norway".owners[0]: unknown owner "NOR".\n'
            "  Allowed: GB, NO, RU, US.\n"
            '  Did you mean "NO"?',
        ),
        (
            NATIONS.replace('"NO"', '"GB"'),
            'laydowns[0] "alone".sensors[0]: the sensor "north" of "NO" belongs to no nation.\n'
            "  Allowed: owners of the nations: GB.\n"
            '  Add "NO" to the owners of a nation.',
        ),
        (
            NATIONS.replace('"NO"', '"GB"'),
            'nations[0] "norway": no sensor of any laydown belongs to "norway".\n'
            "  Allowed: a nation with sensors, or has_no_sensors = true.\n"
            "  Add its sensors to a laydown, or say that it has none.",
        ),
        (
            NATIONS + "has_no_sensors = true\n",
            'nations[0] "norway": has_no_sensors = true, and "north" is its own.\n'
            "  Allowed: has_no_sensors only where no laydown holds a sensor of the owners.\n"
            "  Leave it out.",
        ),
        (
            NATIONS + NATIONS.replace('"norway"', '"sweden"'),
            'nations[1] "sweden": the owner "NO" belongs to "norway" as well.\n'
            "  Allowed: each sensor has one centre: each owner in one nation.\n"
            "  Leave it out of one of the two.",
        ),
        (
            NATIONS.replace('"norway"', '"joint"'),
            'nations[0] "joint": the nation name "joint" is taken already.\n'
            "  Allowed: each nation has a name of its own, in the file and the catalogue.\n"
            "  Choose another name.",
        ),
        (
            NATIONS + '[[links]]\nbetween = ["norway", "norway"]\n',
            'links[0]: between = "norway" twice: the link joins no one.\n'
            "  Allowed: two different centres.\n"
            "  Name the other end.",
        ),
        (
            NATIONS + '[[links]]\nbetween = ["norway", "jiont"]\n',
            'links[0].between[1]: the link joins "jiont", which is no centre.\n'
            "  Allowed: joint, norway.\n"
            '  Did you mean "joint"?',
        ),
        (
            NATIONS + '[[links]]\nbetween = ["norway"]\n',
            "links[0]: between has 1 entry.\n  Allowed: 2 entries.",
        ),
        (
            '[[sharing]]\nname = "a"\ntitle = "A"\npolicy = "trakcs"\n',
            'sharing[0] "a": policy = "trakcs": there is no such policy.\n'
            "  Allowed: detections, launch-reports, nothing, tracks, or a .toml file beside the "
            "scenario.\n"
            '  Did you mean "tracks"?',
        ),
        (
            '[[sharing]]\nname = "a"\ntitle = "A"\npolicy = "tracks"\n'
            '[sharing.policies]\nNO = "tracks"\n',
            'sharing[0] "a".policies: a policy for "NO", which is no centre.\n'
            "  Allowed: joint, no.\n"
            '  Did you mean "no"?',
        ),
        (
            '[[faults]]\nkind = "cut"\nat_s = 5.0\nlinks = ["norway+joint"]\n',
            'faults[0].links[0]: unknown link "norway+joint".\n'
            "  Allowed: no+joint.\n"
            '  Did you mean "no+joint"?',
        ),
        (
            '[[faults]]\nkind = "sensor out"\nat_s = 5.0\n',
            'faults[0]: a fault of kind "sensor out" without a sensor.\n'
            "  Allowed: sensor = the name of a sensor of a laydown.",
        ),
        (
            '[[faults]]\nkind = "sensor out"\nat_s = 5.0\nsensor = "nord"\n',
            'faults[0]: sensor = "nord" is an unknown sensor of a laydown.\n'
            "  Allowed: north, still.\n"
            '  Did you mean "north"?',
        ),
        (
            '[[faults]]\nkind = "sensor out"\nat_s = 5.0\nsensor = "north"\ncentre = "joint"\n',
            'faults[0]: centre has no meaning for a fault of kind "sensor out".\n'
            "  Allowed: sensor = the name of a sensor of a laydown.\n"
            "  Leave it out.",
        ),
        (
            '[[faults]]\nkind = "sensor out"\nat_s = 5.0\nsensor = "north"\namount = 1.0\n',
            'faults[0]: amount has no meaning for a fault of kind "sensor out".\n'
            "  Allowed: no amount.\n"
            "  Leave it out.",
        ),
        (
            '[[faults]]\nkind = "crash"\nat_s = 5.0\n',
            'faults[0]: a fault of kind "crash" without a centre.\n'
            "  Allowed: centre = the name of a nation or of the joint centre.",
        ),
        (
            '[[faults]]\nkind = "lose"\nat_s = 5.0\namount = 2.0\n',
            'faults[0]: amount = 2 for a fault of kind "lose".\n  Allowed: above 0, at most 1.',
        ),
        (
            '[[faults]]\nkind = "delay"\nat_s = 5.0\nuntil_s = 4.0\namount = 2.0\n',
            "faults[0]: until_s = 4 is not after at_s = 5.\n  Allowed: an end after the beginning.",
        ),
        (
            '[world]\nduration_s = 100.0\n[[faults]]\nkind = "cut"\nat_s = 200.0\n',
            "faults[0]: at_s = 200 lies outside the world.\n"
            "  Allowed: before world.duration_s = 100.\n"
            "  Let it be earlier, or the world longer.",
        ),
        (
            "[world]\nduration_s = 20.0\n",
            "world: duration_s = 20: the world ends before the first launch.\n"
            "  Allowed: more than 30.",
        ),
        (
            "[world]\nfirst_launch_utc = 2010-01-02T00:10:00+01:00\n",
            None,  # the first of January in UTC
        ),
        (
            "[world]\nfirst_launch_utc = 2010-01-02T00:10:00Z\n",
            "world: first_launch_utc is on 2010-01-02, the scenario on 2010-01-01.\n"
            "  Allowed: an instant of the scenario's date, in UTC.",
        ),
        (
            '[[injections]]\nkind = "sun glints"\nsensor = "north"\nat_s = 1.0\nuntil_s = 9.0\n'
            "latitude_deg = 1.0\nlongitude_deg = 1.0\n",
            'injections[0]: sensor = "north" is an unknown satellite of a laydown.\n'
            "  Allowed: still.",
        ),
        (
            '[[injections]]\nkind = "clutter"\nsensor = "pechora"\nat_s = 1.0\nuntil_s = 9.0\n',
            'injections[0]: sensor = "pechora" is an unknown radar of a laydown.\n'
            "  Allowed: north.",
        ),
        (
            '[[injections]]\nkind = "lie"\nnation = "no"\nway = "test"\nat_s = 1.0\n'
            "until_s = 9.0\n",
            'injections[0]: way = "test" for an injection of kind "lie".\n'
            '  Allowed: "shift", "drift", "repeat", "freeze", "invent one", "invent raid", '
            '"deny one", "deny all".',
        ),
        (
            '[[expected]]\nobject = "semnan/rome/hihg"\noutcomes = ["nothing"]\n',
            'expected[0]: object = "semnan/rome/hihg" is an unknown flight.\n'
            '  Allowed: "each flight", "false alarm", "test data", or SITE/AIM POINT/ARC.\n'
            '  Did you mean "semnan/rome/high"?',
        ),
        (
            '[[expected]]\nobject = "each flight"\noutcomes = ["test only"]\n',
            'expected[0].outcomes[0]: the outcome "test only" for "each flight".\n'
            '  Allowed: "test only" for "test data" and for nothing else.',
        ),
        (
            '[[expected]]\nobject = "each flight"\noutcomes = ["nothing"]\ncentre = "norway"\n',
            'expected[0]: centre = "norway" is an unknown centre.\n'
            "  Allowed: joint, no.\n"
            '  Did you mean "no"?',
        ),
        (
            NOTICE + 'centres = ["everybody"]\n',
            'notices[0] "one".centres[0]: unknown centre "everybody".\n  Allowed: joint, no.',
        ),
        (
            NOTICE + "delivered_utc = 2010-02-01T00:00:00Z\n",
            'notices[0] "one": delivered_utc = 2010-02-01 00:00:00+00:00, when the '
            "world is over.\n"
            "  Allowed: an instant up to the day after 2010-01-01.\n"
            "  Leave it out where the notice did not come in time.",
        ),
    ],
)
def test_a_mistake_is_said_with_what_is_allowed_and_what_to_do(
    tmp_path: Path, text: str, said: str | None
) -> None:
    if said is None:
        path = tmp_path / "small.toml"
        path.write_text(SCENARIO + text, encoding="utf-8")
        assert load_scenario(path).name == "small"
    else:
        assert said in refused(tmp_path, SCENARIO + text)


def test_every_mistake_is_named_in_one_go(tmp_path: Path) -> None:
    text = (
        NATIONS.replace('"NO"', '"XX"')
        + '[[links]]\nbetween = ["norway", "nowhere"]\n'
        + '[[faults]]\nkind = "cut"\nat_s = 1.0\nlinks = ["x"]\namount = 1.0\n'
        + '[[sharing]]\nname = "a"\ntitle = "A"\npolicy = "none"\n'
        + '[[expected]]\nobject = "nobody"\noutcomes = []\n'
        + '[world]\nlaydown = "bth"\nflights_per_seed = 0\n'
    )
    said = refused(tmp_path, SCENARIO + text)
    for part in (
        'unknown owner "XX"',
        'joins "nowhere"',
        'unknown link "x"',
        'amount has no meaning for a fault of kind "cut"',
        'policy = "none": there is no such policy',
        'object = "nobody" is an unknown flight',
        "outcomes is empty",
        'laydown = "bth" is an unknown laydown',
        "flights_per_seed = 0 is out of bounds",
    ):
        assert part in said, part


def test_recorded_paths_do_not_take_turns(tmp_path: Path) -> None:
    text = """
[[recorded]]
name = "real"
title = "A real one"
file = "bulgariasat-1.csv"
latitude_deg = 28.6
longitude_deg = -80.6
azimuth_deg = 93.0
burn_out_s = 158.0
mark = "assumed"
source = "test"

[world]
flights_per_seed = 1
"""
    said = refused(tmp_path, SCENARIO + text)
    assert "world: flights_per_seed = 1 of 2 flights, some of them recorded" in said


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2262-04-12", "9999-12-31"])
def test_a_date_whose_times_no_message_can_tell_is_refused(tmp_path: Path, day: str) -> None:
    said = refused(tmp_path, SCENARIO.replace("date = 2010-01-01", f"date = {day}"))
    assert f"date = {day}, whose times no message can tell.\n" in said
    assert "Allowed: a date of the years 1971 to 2095." in said


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_that_no_calendar_holds_in_utc_is_refused(tmp_path: Path, instant: str) -> None:
    said = refused(tmp_path, f"{SCENARIO}[world]\nfirst_launch_utc = {instant}\n")
    assert "cannot be written in UTC.\n  Allowed: the years 1 to 9999, in UTC." in said
