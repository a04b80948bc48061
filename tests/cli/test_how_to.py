"""What the how-to pages tell people to do works as they say."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.cli.build import call, json_of

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
LONG = {"commonwatch run iran-2009"}
"""Tried by other tests on a smaller scenario."""


def blocks_of(page: str, language: str) -> list[str]:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands_of(page: str) -> list[str]:
    lines = "".join(blocks_of(page, "sh")).splitlines()
    return [line.partition("#")[0].strip() for line in lines]


def words_of(command: str) -> list[str]:
    """The words of a command of a page; of worlds one seed tells as much."""
    words = shlex.split(command)[1:]
    return [*words, "--seeds", "1"] if words[0] == "run" else words


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_for_running_a_scenario_work() -> None:
    for command in commands_of("run-a-scenario"):
        if command not in LONG:
            assert call(*words_of(command)) == 0, command


def test_the_example_scenario_is_clean_and_its_results_read_as_the_page_says(
    empty_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scenario, *_ = blocks_of("write-your-own-scenario", "toml")
    (empty_folder / "strait.toml").write_text(scenario, encoding="utf-8")
    for command in commands_of("write-your-own-scenario"):
        assert call(*words_of(command)) == 0, command
    (empty_folder / "commonwatch-out" / "strait").rename(empty_folder / "results")
    capfd.readouterr()
    known, seen = blocks_of("read-the-results", "python")
    exec(compile(known, "read-the-results.md", "exec"), {})
    assert "sharing tracks: joint knows the impact area on" in capfd.readouterr().out
    exec(compile(seen, "read-the-results.md", "exec"), {})
    said = capfd.readouterr().out
    assert said.startswith("south: west-bank to athens (minimum-energy), first seen T+")


def test_the_northern_radar_of_the_example_adds_itself_and_nothing_else() -> None:
    scenario, *_ = blocks_of("write-your-own-scenario", "toml")
    south, both = tomllib.loads(scenario)["laydowns"]
    assert south["sensors"] == ["south-coast"]
    assert both["sensors"] == ["north-coast"]


def test_every_further_piece_of_the_page_can_be_put_at_the_end_of_the_example(
    empty_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scenario, *pieces = blocks_of("write-your-own-scenario", "toml")
    [recording] = blocks_of("write-your-own-scenario", "csv")
    (empty_folder / "seen.csv").write_text(recording, encoding="utf-8")
    path = empty_folder / "strait.toml"
    for piece in pieces:
        path.write_text(scenario + piece, encoding="utf-8")
        assert call("check", path) == 0, piece
    path.write_text(scenario + "".join(pieces), encoding="utf-8")
    capfd.readouterr()
    assert call("check", path, "--json") == 0
    found = json_of(capfd.readouterr().out)
    assert found["refused"] == []
    assert (found["flight_count"], found["recorded_count"], found["arc_kind_count"]) == (2, 1, 3)
    assert found["gap_map_flown_count"] == found["gap_map_path_count"] == 3 * 3
    status = {one["sensor"]: one["status"] for one in found["sensors"]}
    assert status["north-coast"] == "trial"
    assert call("run", path, "--seeds", "1") == 0


def test_the_states_of_the_page_fly(empty_folder: Path) -> None:
    [states] = blocks_of("fly-your-own-states", "csv")
    (empty_folder / "states.csv").write_text(states, encoding="utf-8")
    for command in commands_of("fly-your-own-states"):
        assert call(*shlex.split(command)[1:]) == 0, command
    ends = (empty_folder / "ends.csv").read_text().splitlines()
    assert len(ends) == 1 + 2
    assert all(end.split(",")[1] for end in ends)


def test_the_detections_of_the_page_are_read_as_it_says(
    empty_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    [sensors] = blocks_of("track-recorded-detections", "toml")
    (empty_folder / "sensors.toml").write_text(sensors, encoding="utf-8")
    reading, _ = blocks_of("track-recorded-detections", "python")
    exec(compile(reading, "track-recorded-detections.md", "exec"), {})
    assert capfd.readouterr().out == "30 used, 0 refused\n"
