"""What the how-to pages tell people to do works as they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.build import call

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
LONG = {"commonwatch run iran-2009"}
"""Tried by other tests on a smaller scenario."""


def blocks_of(page: str, language: str) -> list[str]:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands_of(page: str) -> list[str]:
    lines = "".join(blocks_of(page, "sh")).splitlines()
    return [line.partition("#")[0].strip() for line in lines]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_for_running_a_scenario_work() -> None:
    for command in commands_of("run-a-scenario"):
        if command not in LONG:
            assert call(*shlex.split(command)[1:]) == 0, command


def test_the_example_scenario_is_clean_and_its_results_read_as_the_page_says(
    empty_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    [scenario] = blocks_of("write-your-own-scenario", "toml")
    (empty_folder / "strait.toml").write_text(scenario, encoding="utf-8")
    for command in commands_of("write-your-own-scenario"):
        assert call(*shlex.split(command)[1:]) == 0, command
    (empty_folder / "commonwatch-out" / "strait").rename(empty_folder / "results")
    capfd.readouterr()
    [reading] = blocks_of("read-the-results", "python")
    exec(compile(reading, "read-the-results.md", "exec"), {})
    said = capfd.readouterr().out
    assert said.startswith("south: west-bank to athens (minimum-energy), first seen T+")


def test_the_states_of_the_page_fly(empty_folder: Path) -> None:
    [states] = blocks_of("fly-your-own-states", "csv")
    (empty_folder / "states.csv").write_text(states, encoding="utf-8")
    for command in commands_of("fly-your-own-states"):
        assert call(*shlex.split(command)[1:]) == 0, command
    ends = (empty_folder / "ends.csv").read_text().splitlines()
    assert len(ends) == 1 + 2
    assert all(end.split(",")[1] for end in ends)
