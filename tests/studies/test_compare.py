"""A small scenario from file to tables, each checked against the others or worked out slowly."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonwatch.scenario.load import load_scenario
from commonwatch.studies.compare import Comparison, compare
from commonwatch.studies.marginal import FIRST_SIGHT, IMPACT_AREA, RADAR_TRACK
from tests.studies.build import SCENARIO

MILLISECOND_S = 1e-3
FLIGHTS = 4
KEYS = ("launch", "aim_point", "arc")


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    path: Path = tmp_path_factory.mktemp("scenario") / "two-radars.toml"
    path.write_text(SCENARIO)
    return compare(load_scenario(path))


def rows(answer: Comparison, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.tables[table].to_pylist()
    return found


def test_every_arc_is_flown_and_comes_down_on_its_aim_point(answer: Comparison) -> None:
    assert len(rows(answer, "arcs")) == FLIGHTS
    assert all(row["miss_m"] < 1_000.0 for row in rows(answer, "arcs"))
    assert answer.refused == ()


def test_only_aim_points_within_a_published_range_count_as_such(answer: Comparison) -> None:
    within = {row["aim_point"]: row["within_published_range_2020"] for row in rows(answer, "arcs")}
    assert within == {"near": True, "far": False}


def test_a_lofted_arc_has_its_share_of_the_least_energy_apogee(answer: Comparison) -> None:
    apogee = {
        (row["aim_point"], row["arc"]): row["apogee_altitude_m"] for row in rows(answer, "arcs")
    }
    for aim in ("near", "far"):
        ratio = apogee[aim, "lofted"] / apogee[aim, "minimum-energy"]
        assert ratio == pytest.approx(1.3, abs=1e-6)


def test_each_sensor_of_a_laydown_has_rows_in_every_case(answer: Comparison) -> None:
    found = defaultdict(set)
    for row in rows(answer, "visibility"):
        found[row["laydown"], row["case"], *(row[key] for key in KEYS)].add(row["sensor"])
    assert len(found) == 2 * 3 * FLIGHTS
    for key, sensors in found.items():
        expected = {"west", "*"} if key[0] == "west" else {"west", "east", "eye", "*"}
        assert sensors == expected


def test_spells_are_numbered_from_one_and_zero_means_never(answer: Comparison) -> None:
    numbers = defaultdict(list)
    for row in rows(answer, "visibility"):
        key = tuple(row[name] for name in ("laydown", "case", *KEYS, "sensor"))
        numbers[key].append(row["spell"])
        assert (row["spell"] == 0) == (row["first_seen_s"] is None)
        assert (row["spell"] == 0) == (row["limit_that_ended_it"] is None)
    for listed in numbers.values():
        assert listed == [0] or listed == list(range(1, len(listed) + 1))
    assert any(listed == [0] for listed in numbers.values())


def test_the_union_is_what_any_sensor_sees(answer: Comparison) -> None:
    seen: dict[tuple[Any, ...], dict[bool, list[tuple[float, float]]]] = defaultdict(
        lambda: {True: [], False: []}
    )
    for row in rows(answer, "visibility"):
        if row["spell"]:
            key = tuple(row[name] for name in ("laydown", "case", *KEYS))
            seen[key][row["sensor"] == "*"].append((row["first_seen_s"], row["last_seen_s"]))
    assert len(seen) > FLIGHTS
    for spells in seen.values():
        times = np.arange(0.0, 2_000.0, 0.37)
        by_any = np.any([(b <= times) & (times <= e) for b, e in spells[False]], axis=0)
        by_union = np.any([(b <= times) & (times <= e) for b, e in spells[True]], axis=0)
        near_edge = np.min(
            [np.abs(times - edge) for pair in spells[False] for edge in pair], axis=0
        )
        agree = (by_any == by_union) | (near_edge < 0.02)
        assert agree.all()


def test_first_knowledge_is_the_earliest_spell(answer: Comparison) -> None:
    earliest: dict[tuple[Any, ...], float] = {}
    for row in rows(answer, "visibility"):
        if row["spell"] and row["sensor"] != "*":
            key = tuple(row[name] for name in ("laydown", "case", *KEYS))
            earliest[key] = min(earliest.get(key, np.inf), float(row["first_seen_s"]))
    checked = 0
    for row in rows(answer, "knowledge"):
        chosen = row["run"] == "published-range" and row["with_satellites"]
        if chosen and row["burn_time"] == "nominal":
            key = tuple(row[name] for name in ("laydown", "case", *KEYS))
            first = row["first_sight_s"]
            assert (first is None) == (key not in earliest)
            if first is not None:
                assert first == pytest.approx(earliest[key], abs=MILLISECOND_S)
                checked += 1
    assert checked > FLIGHTS


def test_a_satellite_first_looks_earlier_in_the_high_case(answer: Comparison) -> None:
    first = {
        (row["case"], *(row[key] for key in KEYS)): row["first_seen_s"]
        for row in rows(answer, "visibility")
        if row["sensor"] == "eye" and row["laydown"] == "both"
    }
    for key in {key[1:] for key in first}:
        low, nominal, high = (float(first[case, *key]) for case in ("low", "nominal", "high"))
        assert high < nominal < low


def test_results_are_given_for_both_ends_of_the_burn_time(answer: Comparison) -> None:
    burns = {row["burn_time"] for row in rows(answer, "knowledge")}
    assert burns == {"low", "nominal", "high"}


def test_shares_of_value_add_up_to_the_whole(answer: Comparison) -> None:
    knowledge = [
        row
        for row in rows(answer, "knowledge")
        if row["laydown"] == "both"
        and row["case"] == row["burn_time"] == "nominal"
        and row["run"] == "published-range"
        and row["with_satellites"]
    ]
    impact = {tuple(row[key] for key in KEYS): row["impact_s"] for row in rows(answer, "arcs")}
    whole = defaultdict(list)
    for row in knowledge:
        end = float(impact[tuple(row[key] for key in KEYS)])
        first, area = row["first_sight_s"], row["impact_area_s"]
        whole[FIRST_SIGHT].append(0.0 if first is None else end - float(first))
        whole[RADAR_TRACK].append(float(row["radar_track_s"]))
        whole[IMPACT_AREA].append(0.0 if area is None else end - float(area))
    for figure, values in whole.items():
        total = sum(
            float(row["shapley_nominal_s"])
            for row in rows(answer, "value")
            if row["figure"] == figure
            and row["arcs"] == "all"
            and row["run"] == "published-range"
            and row["with_satellites"]
        )
        assert total == pytest.approx(np.mean(values), abs=1e-3)
        assert total > 0.0


def test_a_shorter_published_range_in_the_file_gives_what_sensitivity_said(
    answer: Comparison, tmp_path: Path
) -> None:
    moved = [
        row
        for row in rows(answer, "sensitivity")
        if row["assumption"] == "radars.west.range_max_km"
        and row["laydown"] == "west"
        and row["figure"] == RADAR_TRACK
    ]
    assert len(moved) == 1
    wide = "range_max_km = { low = 200.0, nominal = 350.0, high = 500.0,"
    assert wide in SCENARIO
    for end, column in ((200.0, "at_low_s"), (500.0, "at_high_s")):
        path = tmp_path / f"{end:.0f}.toml"
        fixed = f"range_max_km = {{ low = {end}, nominal = {end}, high = {end},"
        path.write_text(SCENARIO.replace(wide, fixed))
        again = compare(load_scenario(path))
        tracks = [
            float(row["radar_track_s"])
            for row in rows(again, "knowledge")
            if row["laydown"] == "west"
            and row["case"] == row["burn_time"] == "nominal"
            and row["run"] == "published-range"
            and row["with_satellites"]
            and row["aim_point"] == "near"
        ]
        assert moved[0][column] == pytest.approx(np.mean(tracks), abs=1e-6)


def test_the_gap_map_has_a_row_for_each_launch_place_case_and_laydown(answer: Comparison) -> None:
    gaps = rows(answer, "gaps")
    assert len(gaps) == 4 * 2 * 3 * 2
    assert {row["aim_point"]: row["within_published_range_2020"] for row in gaps} == {
        "near": True,
        "far": False,
    }
    flown = [row for row in gaps if row["impact_s"] is not None]
    assert flown
    for row in flown:
        assert 0.0 <= row["longest_unseen_s"] <= row["impact_s"]
        if row["first_sight_s"] is None:
            assert row["longest_unseen_s"] == pytest.approx(row["impact_s"])


def test_more_sensors_never_leave_a_longer_gap(answer: Comparison) -> None:
    gap = {
        tuple(
            row[key] for key in row if key not in {"longest_unseen_s", "first_sight_s", "impact_s"}
        ): row["longest_unseen_s"]
        for row in rows(answer, "gaps")
        if row["longest_unseen_s"] is not None
    }
    for key, value in gap.items():
        if key[0] == "both":
            assert value <= gap["west", *key[1:]] + MILLISECOND_S


def test_an_added_radar_never_raises_the_lowest_visible_altitude(answer: Comparison) -> None:
    low = {
        (row["laydown"], row["case"], row["latitude_deg"], row["longitude_deg"]): row["altitude_m"]
        for row in rows(answer, "lowest_altitude")
    }
    seen = [key for key, value in low.items() if key[0] == "west" and value is not None]
    assert seen
    for key in seen:
        assert low["both", *key[1:]] <= low[key]


def test_one_satellite_never_sees_in_stereo(answer: Comparison) -> None:
    assert all(
        row["first_stereo_s"] is None and row["stereo_s"] == 0.0
        for row in rows(answer, "knowledge")
    )


def test_a_second_satellite_of_the_same_kind_sees_together_with_the_first(tmp_path: Path) -> None:
    path = tmp_path / "two-eyes.toml"
    eye = SCENARIO[SCENARIO.index("[[satellites]]") :]
    twin = eye.replace('name = "eye"', 'name = "twin"').replace("20.0", "30.0", 1)
    path.write_text(SCENARIO.replace('"east", "eye"', '"east", "eye", "twin"') + twin)
    chosen = [
        row
        for row in rows(compare(load_scenario(path)), "knowledge")
        if row["laydown"] == "both" and row["with_satellites"]
    ]
    assert chosen
    for row in chosen:
        assert row["first_sight_sensor"] == "eye, twin"
        assert row["first_stereo_s"] == pytest.approx(row["first_sight_s"], abs=0.05)
        assert row["stereo_s"] > 10.0


def test_cross_sections_are_moved_in_the_run_that_they_belong_to(answer: Comparison) -> None:
    moved = rows(answer, "sensitivity")
    assert {row["run"] for row in moved if row["assumption"].endswith("cross_section_m2")} == {
        "cross-section"
    }
    track = {
        row["case"]: row
        for row in rows(answer, "knowledge")
        if row["run"] == "cross-section" and row["laydown"] == "west" and row["arc"] == "lofted"
    }
    assert track
    for row in moved:
        if row["assumption"] == "radars.west.cross_section_m2" and row["figure"] == RADAR_TRACK:
            assert row["at_low_s"] <= row["at_nominal_s"] <= row["at_high_s"]


def test_the_first_date_that_messages_can_tell_is_a_date_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "long-ago.toml"
    path.write_text(SCENARIO.replace("date = 2020-01-01", "date = 1971-01-01"))
    answer = compare(load_scenario(path))
    for table in ("arcs", "gaps"):
        assert "within_published_range_1971" in answer.tables[table].column_names
