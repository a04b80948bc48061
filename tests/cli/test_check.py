"""``commonwatch check``: every mistake in one go, or what a clean file holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commonwatch.scenario import catalogue
from tests.cli.build import SCENARIO, call, changed, json_of, write_scenario


def checked(capfd: pytest.CaptureFixture[str], code: int, *arguments: str | Path) -> Any:
    assert call("check", *arguments, "--json") == code
    said = capfd.readouterr()
    assert said.err == ""
    return json_of(said.out)


@pytest.mark.parametrize("name", sorted(set(catalogue.scenario_names()) - {"globe-2024"}))
def test_a_bundled_scenario_is_clean_and_all_it_asks_for_flies(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    found = checked(capfd, 0, name)
    assert found["is_clean"]
    assert found["mistakes"] == found["refused"] == []
    assert found["arc_count"] >= 1


def test_a_clean_file_is_described(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = checked(capfd, 0, write_scenario(tmp_path))
    assert found["launch_site_count"] == found["aim_point_count"] == found["arc_count"] == 1
    assert found["laydowns"] == [
        {"laydown": "alone", "title": "North alone", "sensor_count": 1},
        {"laydown": "both", "title": "All three", "sensor_count": 3},
    ]
    assert [(one["sensor"], one["status"]) for one in found["sensors"]] == [
        ("north", "trial"),
        ("guided", "unknown"),
        ("blind", "unknown"),
    ]
    # By hand: intervals of the text but for false plots, which are no part of a study.
    assert found["open_figure_count"] == SCENARIO.count("{ low") == 7
    assert found["open_figures_by_mark"] == {"assumed": 7}
    assert found["map_cell_count"] == 7 * 7
    assert found["gap_map_path_count"] == 3 * 3


def test_a_nation_that_shares_nothing_and_has_no_link_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = """
[[nations]]
name = "quiet"
title = "Quiet"
owners = ["none"]
has_no_sensors = true

[[nations]]
name = "norway"
title = "Norway"
owners = ["N", "G"]

[[links]]
between = ["norway", "joint"]

[[sharing]]
name = "own"
title = "Our own"
policy = "tracks"

[sharing.policies]
quiet = "nothing"
"""
    path = write_scenario(tmp_path, SCENARIO + alone)
    assert checked(capfd, 0, path)["centres_without_link"] == ["quiet"]
    assert call("check", path) == 0
    said = capfd.readouterr().out
    assert "No link joins quiet: it shares nothing with others and hears nothing from them." in said


def test_all_mistakes_are_reported_in_one_go(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = changed("latitude_deg = 42.0", "latitude_deg = 91.0")
    text = changed("azimuth_max_deg = 250.0", "azimuth_max_deg = 90.0", text=text)
    text = changed('sensors = ["north"]', 'sensors = ["nroth"]', text=text)
    path = write_scenario(tmp_path, text)
    found = checked(capfd, 2, path)
    assert not found["is_clean"]
    assert len(found["mistakes"]) == 3
    assert all(mistake["path"] and mistake["found"] for mistake in found["mistakes"])

    assert call("check", path) == 2
    said = capfd.readouterr().err
    assert said.count("small.toml: ") == 3
    assert 'Did you mean "north"?' in said


def test_an_arc_that_cannot_be_is_named_with_its_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    impossible = '[[arcs]]\nname = "flat"\nkind = "apogee"\napogee_km = 101.0\n\n[[laydowns]]'
    path = write_scenario(tmp_path, changed("[[laydowns]]", impossible))
    found = checked(capfd, 0, path)
    assert found["arc_count"] == 1
    assert [(arc["launch"], arc["aim_point"], arc["arc"]) for arc in found["refused"]] == [
        ("here", "there", "flat")
    ]
    assert call("check", path) == 0
    assert f"here to there, flat: {found['refused'][0]['reason']}" in capfd.readouterr().out


def test_a_scenario_in_which_nothing_can_fly_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    impossible = 'kind = "apogee"\napogee_km = 101.0'
    path = write_scenario(tmp_path, changed('kind = "minimum energy"', impossible))
    assert call("check", path) == 2
    assert "not one of 1 flights can be flown" in capfd.readouterr().err


FLAT = '[[arcs]]\nname = "flat"\nkind = "apogee"\napogee_km = 101.0\n\n[[laydowns]]'


def test_a_gap_map_whose_arc_can_be_flown_from_nowhere_is_refused_by_check_and_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = changed("[coverage]\n", '[coverage]\narc = "flat"\n', text=changed("[[laydowns]]", FLAT))
    path = write_scenario(tmp_path, text)
    for command, *out in (("check",), ("run", "--out", str(tmp_path / "out"))):
        assert call(command, path, *out) == 2
        said = capfd.readouterr().err
        assert 'coverage.arc = "flat": not one of 9 flights of the gap map can be flown' in said


def test_the_flights_of_the_gap_map_are_tried(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = checked(capfd, 0, write_scenario(tmp_path))
    assert found["gap_map_tried_count"] == found["gap_map_flown_count"] == 9


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("apogee_km = 1.0", "the apogee lies below burn-out at 100 km"),
        ("time_of_flight_s = 99999.0", "longer than an arc that comes back within 8 hours"),
        ("time_of_flight_s = 60.0", "the shortest, takes about"),
    ],
)
def test_a_flight_asked_for_by_itself_that_cannot_be_flown_ends_check_and_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], figure: str, said: str
) -> None:
    flight = (
        '[[flights]]\nname = "one"\nvehicle = "plain"\nlatitude_deg = 31.0\n'
        f"longitude_deg = 52.0\nazimuth_deg = 300.0\nground_range_km = 1000.0\n{figure}\n\n"
    )
    path = write_scenario(tmp_path, changed("[[laydowns]]", flight + "[[laydowns]]"))
    for command, *out in (("check",), ("run", "--out", str(tmp_path / "out"))):
        assert call(command, path, *out) == 2
        err = capfd.readouterr().err
        assert 'the flight "one" cannot be flown' in err
        assert said in err
        assert not (tmp_path / "out").exists()


def test_an_empty_file_is_answered_before_any_physics_is_loaded(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, "")
    script = (
        "import sys\n"
        "from commonwatch.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n"
        "    print(ended.code, sorted({'numba', 'pyarrow', 'scipy'} & sys.modules.keys()))\n"
    )
    words = [sys.executable, "-c", script, "check", str(path)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout == "2 []\n"
    assert "the file is empty" in ended.stderr
