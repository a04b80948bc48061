"""``commonwatch coverage``: the maps of a scenario alone, and a summary that its tables give."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.cli.build import SCENARIO, call, changed, json_of, write_scenario

CASES = ("low", "nominal", "high")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write_scenario(tmp_path)


def summary_of(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    assert call("coverage", *arguments, "--json") == 0
    said = capfd.readouterr()
    assert said.err == ""
    return json_of(said.out)


def test_the_summary_follows_from_the_tables(
    scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    summary = summary_of(capfd, scenario, "--out", tmp_path / "maps")
    heights = pq.read_table(tmp_path / "maps" / "lowest_altitude.parquet").to_pylist()
    gaps = pq.read_table(tmp_path / "maps" / "gaps.parquet").to_pylist()
    assert [(row["laydown"], row["case"]) for row in summary["lowest_altitude"]] == [
        (laydown, case) for laydown in ("alone", "both") for case in CASES
    ]
    for row in summary["lowest_altitude"]:
        places = [place for place in heights if is_of(place, row)]
        assert len(places) == 7 * 7
        whole = sum(math.cos(math.radians(place["latitude_deg"])) for place in places)
        for km in (200, 500, 1000):
            seen = sum(
                math.cos(math.radians(place["latitude_deg"]))
                for place in places
                if place["altitude_m"] is not None and place["altitude_m"] < km * 1_000
            )
            assert row[f"area_seen_below_{km}_km_ratio"] == pytest.approx(seen / whole, abs=1e-4)
    for row in summary["gaps"]:
        flights = [flight for flight in gaps if is_of(flight, row)]
        flown = [flight for flight in flights if flight["longest_unseen_s"] is not None]
        assert len(flights) == row["flight_count"] + row["impossible_count"] == 3 * 3
        assert row["long_gap_count"] == sum(flight["longest_unseen_s"] >= 60.0 for flight in flown)
        assert row["never_seen_count"] == sum(flight["first_sight_s"] is None for flight in flown)
        longest = [gap["longest_unseen_s"] for gap in row["longest_gaps"]]
        every = sorted((flight["longest_unseen_s"] for flight in flown), reverse=True)
        assert longest == pytest.approx(every[: len(longest)], abs=1e-3)


def is_of(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return bool(row["laydown"] == wanted["laydown"] and row["case"] == wanted["case"])


def test_one_laydown_and_case_alone_are_those_of_the_whole(
    scenario: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = summary_of(capfd, scenario)
    alone = summary_of(capfd, scenario, "--laydown", "both", "--case", "low")
    for part in ("lowest_altitude", "gaps"):
        wanted = [row for row in whole[part] if row["laydown"] == "both" and row["case"] == "low"]
        assert alone[part] == wanted


def test_an_unknown_laydown_is_answered_with_the_nearest(
    scenario: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("coverage", scenario, "--laydown", "bothh") == 2
    said = capfd.readouterr().err
    assert 'unknown laydown "bothh"' in said
    assert 'Did you mean "both"?' in said


def test_a_file_name_takes_the_heights_and_the_gaps_stand_beside_it(
    scenario: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "map.parquet"
    assert call("coverage", scenario, "--out", out) == 0
    assert "altitude_m" in pq.read_schema(out).names
    assert "longest_unseen_s" in pq.read_schema(out.with_name("map-gaps.parquet")).names
    assert sorted(path.name for path in out.parent.iterdir()) == ["map-gaps.parquet", "map.parquet"]


@pytest.mark.parametrize(("step_deg", "rows"), [("10", 4), ("30", 2), ("2.5", 13), ("45", 1)])
def test_a_step_lays_the_maps_over_the_same_region(
    scenario: Path, tmp_path: Path, step_deg: str, rows: int
) -> None:
    out = tmp_path / "map.parquet"
    assert call("coverage", scenario, "--step-deg", step_deg, "--case", "low", "--out", out) == 0
    places = pq.read_table(out).to_pylist()
    latitudes = sorted({round(place["latitude_deg"], 9) for place in places})
    assert latitudes == [20.0 + float(step_deg) * row for row in range(rows)]
    assert len(places) == 2 * rows * rows


def test_a_map_right_round_the_earth_does_not_repeat_its_first_meridian(tmp_path: Path) -> None:
    text = changed("longitude_min_deg = 30.0", "longitude_min_deg = -180.0")
    text = changed("longitude_max_deg = 60.0", "longitude_max_deg = 180.0", text=text)
    out = tmp_path / "map.parquet"
    scenario = write_scenario(tmp_path, text)
    for step_deg, count in (("10", 36), ("7", 52), ("45", 8)):
        assert call("coverage", scenario, "--step-deg", step_deg, "--out", out) == 0
        found = {round(row["longitude_deg"], 9) for row in pq.read_table(out).to_pylist()}
        assert len(found) == count
        assert max(found) < 180.0


@pytest.mark.parametrize("step_deg", ["0", "-1", "nan", "inf", "46", "0.001", "1e-300"])
def test_a_step_that_cannot_be_is_refused_in_a_sentence(
    scenario: Path, capfd: pytest.CaptureFixture[str], step_deg: str
) -> None:
    assert call("coverage", scenario, "--step-deg", step_deg) == 2
    said = capfd.readouterr().err
    assert "--step-deg: " in said
    assert "Allowed: " in said


def test_a_scenario_without_maps_says_what_to_add(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("coverage", "norway-1995", "--step-deg", "20") == 0
    assert "No gap map" in capfd.readouterr().out
    start, end = SCENARIO.index("[coverage]"), SCENARIO.index("[[radars]]")
    text = SCENARIO[:start] + SCENARIO[end:]
    assert call("coverage", write_scenario(tmp_path, text)) == 2
    assert "[coverage]" in capfd.readouterr().err


def test_a_name_with_another_ending_is_refused_in_a_sentence(
    scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("coverage", scenario, "--out", tmp_path / "h.txt") == 2
    assert 'the name ends in ".txt"' in capfd.readouterr().err
    assert not (tmp_path / "h.txt").exists()


def test_an_empty_name_is_refused_in_a_sentence(
    scenario: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("coverage", scenario, "--out", "") == 2
    assert "the name is empty" in capfd.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="pipes have other names there")
def test_a_pipe_in_the_place_of_a_map_is_refused_before_the_work(
    scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "map-gaps.parquet")
    assert call("coverage", scenario, "--out", tmp_path / "map.parquet") == 2
    said = capfd.readouterr().err
    assert "a device, a pipe or a socket" in said
    assert "mapping" not in said
    assert (tmp_path / "map-gaps.parquet").is_fifo()
    assert not (tmp_path / "map.parquet").exists()
