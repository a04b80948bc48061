"""What is said while worlds fly: seeds done, time left, what was kept and what is of no use."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from commonwatch.cli import worlds
from commonwatch.cli.progress import Stages
from commonwatch.studies.ensemble import Standing


class Told(Stages):
    """Stages that only remember."""

    def __init__(self) -> None:
        super().__init__(is_shown=False)
        self.stages: list[tuple[str, float, str]] = []
        self.notes: list[str] = []

    def show(self, stage: str, part: float, *, aside: str = "") -> None:
        self.stages.append((stage, round(part, 3), aside))

    def note(self, words: str) -> None:
        self.notes.append(words)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    return now_s


def progress(told: Told) -> worlds.WorldsProgress:
    return worlds.WorldsProgress(told, begin=0.2, end=1.0, place=Path("kept"))


def test_seeds_done_and_the_time_that_the_rest_takes_at_this_pace(clock: list[float]) -> None:
    told = Told()
    shown = progress(told)
    standing = Standing(seed_count=4)
    shown.report(standing)
    clock[0] += 30.0
    standing.parts[7] = 0.4
    shown.report(standing)
    clock[0] += 30.0
    standing.finished_count, standing.parts = 2, {}
    shown.report(standing)
    assert told.stages == [
        ("flying worlds: 0 of 4 seeds done", 0.2, ""),
        ("flying worlds: 0 of 4 seeds done", 0.28, "about 4 min left"),
        ("flying worlds: 2 of 4 seeds done", 0.6, "about 60 s left"),
    ]


def test_seeds_that_were_there_do_not_make_the_rest_look_quick(clock: list[float]) -> None:
    told = Told()
    shown = progress(told)
    standing = Standing(seed_count=4, resumed_count=2, finished_count=2)
    shown.report(standing)
    clock[0] += 20.0
    standing.finished_count = 3
    shown.report(standing)
    assert told.stages[-1][2] == "about 20 s left"
    assert told.notes == ["2 of 4 seeds are there from an interrupted run."]


def test_seeds_of_another_version_are_named_with_their_place(clock: list[float]) -> None:
    del clock
    told = Told()
    progress(told).report(Standing(seed_count=4, stale_count=3))
    [note] = told.notes
    assert note.startswith("3 finished seeds of another version or another form of this scenario")
    assert note.endswith("kept")


def test_an_interrupted_run_says_what_it_keeps_and_nothing_where_it_keeps_nothing(
    capfd: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    del clock
    shown = progress(Told())
    shown.say_what_is_kept()
    shown.report(Standing(seed_count=4))
    shown.say_what_is_kept()
    assert capfd.readouterr().err == ""
    shown.report(Standing(seed_count=4, finished_count=3))
    shown.say_what_is_kept()
    said = capfd.readouterr().err
    assert said == "3 of 4 seeds are finished and kept: the same command goes on from there.\n"
