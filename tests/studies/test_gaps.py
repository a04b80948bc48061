"""The gap map where some or all of its flights cannot be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from commonwatch.errors import ImpossibleArcError
from commonwatch.scenario.description import Coverage, Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.studies import gaps
from commonwatch.world.truth import ArcWanted, Truth, fly
from tests.studies.build import SCENARIO


def loaded(folder: Path) -> tuple[Scenario, Coverage]:
    path = folder / "small.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    scenario = load_scenario(path)
    assert scenario.coverage is not None
    return scenario, scenario.coverage


def fly_from_the_north(scenario: Scenario, *, wanted: Sequence[ArcWanted], **other: Any) -> Truth:
    """Fly, unless the first launch place lies south of 31 degrees."""
    if wanted[0].launch.latitude_rad < math.radians(31.0):
        raise ImpossibleArcError("not one of 2 flights can be flown: too far south")
    return fly(scenario, wanted=wanted, **other)


def fly_nothing(scenario: Scenario, **other: Any) -> Truth:
    raise ImpossibleArcError("not one of 2 flights can be flown: a bad day")


def silent(part: float) -> None:
    """Show nothing."""


def test_a_stretch_of_the_grid_without_flights_leaves_its_times_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "_FLIGHTS_A_CHUNK", 2)
    monkeypatch.setattr(gaps, "fly", fly_from_the_north)
    rows = gaps.gap_map(*loaded(tmp_path), progress=silent).to_pylist()
    assert len(rows) == 4 * 2 * 3 * 2
    for row in rows:
        is_empty = row["launch_latitude_deg"] < 31.0
        assert (row["impact_s"] is None) == is_empty
        assert (row["longest_unseen_s"] is None) == is_empty


def test_a_map_without_any_flight_is_refused_with_the_arc_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "fly", fly_nothing)
    scenario, coverage = loaded(tmp_path)
    for attempt in (
        lambda: gaps.gap_map(scenario, coverage, progress=silent),
        lambda: gaps.try_gap_map(scenario, coverage, interval_s=30.0),
    ):
        with pytest.raises(ImpossibleArcError, match="not one of 8 flights") as caught:
            attempt()
        assert caught.value.found.startswith('coverage.arc = "minimum-energy": ')
        assert caught.value.found.endswith("the first: a bad day")


def test_a_large_map_is_tried_out_in_part_and_whole_where_that_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "_FLOWN_WHOLE_MAX", 4)
    monkeypatch.setattr(gaps, "_FLIGHTS_A_CHUNK", 2)
    scenario, coverage = loaded(tmp_path)
    assert gaps.try_gap_map(scenario, coverage, interval_s=30.0) == (2, 2)
    monkeypatch.setattr(gaps, "fly", fly_from_the_north)
    flown, tried = gaps.try_gap_map(scenario, coverage, interval_s=30.0)
    assert 0 < flown < tried <= 8
