"""All seven points are there, with the numbers of the tables."""

import dataclasses
import functools
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from commonwatch.errors import InputError
from commonwatch.report import ReportContent
from commonwatch.report.conclusions import Conclusion
from commonwatch.report.first_screen import FirstScreen, first_screen
from tests.report.build_tables import CASES, content_of
from tests.report.worlds import dprk_2017, falcon, iran_2009


@functools.cache
def iran() -> tuple[ReportContent, FirstScreen]:
    content = content_of(iran_2009())
    return content, first_screen(content)


def rows_of(content: ReportContent, laydown: str, case: str) -> list[dict[str, Any]]:
    """Return the rows that count, row by row."""
    arcs = content.tables["arcs"].to_pylist()
    within = {
        (arc["launch"], arc["aim_point"], arc["arc"])
        for arc in arcs
        if arc["within_published_range_2009"]
    }
    return [
        row
        for row in content.tables["knowledge"].to_pylist()
        if row["laydown"] == laydown
        and row["case"] == case
        and row["run"] == "published-range"
        and row["with_satellites"]
        and (row["launch"], row["aim_point"], row["arc"]) in within
    ]


def middle(values: list[float | None], *, longest: bool = False) -> float:
    never = 0.0 if longest else float("inf")
    known = sorted((never if value is None else value for value in values), reverse=longest)
    return known[(len(known) - 1) // 2]


def written(value: float) -> str:
    return "never" if value == float("inf") else f"{value:,.0f}"


COLUMNS = (
    ("first_sight_s", False),
    ("first_radar_s", False),
    ("radar_track_s", True),
    ("impact_area_s", False),
    ("warning_left_s", True),
)


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("column", range(5))
def test_every_cell_equals_the_figure_recomputed_row_by_row(place: int, column: int) -> None:
    content, screen = iran()
    laydown = content.laydowns[place]
    name, longest = COLUMNS[column]
    values = [
        middle([row[name] for row in rows_of(content, laydown.name, case)], longest=longest)
        for case in CASES
    ]
    cell = screen.rows[place].cells[column]
    number = written(values[1])
    expected = f"{number} s" if longest else number if number == "never" else f"T+{number} s"
    assert cell.nominal == expected
    assert cell.interval == f"[{written(min(values))}, {written(max(values))}]"
    if not longest:
        happened = [row for row in rows_of(content, laydown.name, "nominal") if row[name]]
        assert cell.count == f"{len(happened)} of {screen.arc_count}"


@pytest.mark.parametrize("place", range(8))
def test_the_arcs_with_a_gap_are_counted(place: int) -> None:
    content, screen = iran()
    counts = [
        sum(
            row["longest_gap_s"] >= content.gap_s
            for row in rows_of(content, content.laydowns[place].name, case)
        )
        for case in CASES
    ]
    cell = screen.rows[place].cells[5]
    assert cell.nominal == f"{counts[1]} of {screen.arc_count}"
    assert cell.interval == f"[{min(counts)}, {max(counts)}]"


def test_all_seven_points_are_there_in_order() -> None:
    _, screen = iran()
    assert [point.number for point in (*screen.answers, *screen.asides)] == [1, 2, 3, 4, 5, 6, 7]
    assert all(point.sentences for point in (*screen.answers, *screen.asides))


def test_the_first_point_names_the_sensor_that_is_first_on_most_arcs() -> None:
    content, screen = iran()
    rows = rows_of(content, "us-nato", "nominal")
    (sensor, count), *_ = Counter(row["first_sight_sensor"] for row in rows).most_common()
    assert sensor == "DSP-EUR"
    assert (
        f"DSP over Africa is first on {count} of {len(rows)} arcs" in screen.answers[0].sentences[0]
    )


def test_the_fifth_point_counts_the_hypothetical_arcs_and_names_their_aim_points() -> None:
    content, screen = iran()
    arcs = content.tables["arcs"].to_pylist()
    beyond = [arc for arc in arcs if not arc["within_published_range_2009"]]
    words = " ".join(screen.asides[1].sentences)
    assert f"{len(beyond)} of {len(arcs)} lie beyond" in words
    reached = {arc["aim_point"] for arc in arcs if arc["within_published_range_2009"]}
    for aim in {arc["aim_point"] for arc in arcs} - reached:
        assert content.place(aim) in words


def test_the_sixth_point_holds_the_three_largest_swings() -> None:
    content, screen = iran()
    table = sorted(content.tables["sensitivity"].to_pylist(), key=lambda row: -row["swing_s"])
    assert len(screen.asides[2].sentences) == 3
    for row, sentence in zip(table, screen.asides[2].sentences, strict=False):
        assert sentence.startswith(row["assumption"])
        assert f"by {row['swing_s']:,.0f} s" in sentence


def test_the_seventh_point_gives_the_date_and_who_was_not_in_service() -> None:
    _, screen = iran()
    words = " ".join(screen.asides[3].sentences)
    assert "20 May 2009" in words
    for status in ("Brdy: planned", "Gabala: offered", "Armavir SE: trial duty"):
        assert status in words


def test_a_status_stands_beside_the_name_of_the_laydown() -> None:
    _, screen = iran()
    assert screen.rows[3].statuses == ("Gabala: offered",)


def test_a_conclusion_that_differs_between_the_ends_is_said_to_change() -> None:
    steady = Conclusion(statement="", answers=("yes", "yes", "yes"), cross_section="yes")
    turning = Conclusion(statement="", answers=("no", "yes", "yes"))
    by_run = Conclusion(statement="", answers=("yes", "yes", "yes"), cross_section="no")
    assert not steady.changes
    assert not steady.changes_by_run
    assert turning.changes
    assert by_run.changes_by_run
    assert not by_run.changes


def test_a_marginal_value_that_may_be_nothing_is_a_conclusion_that_changes() -> None:
    content, screen = iran()
    for row in content.tables["value"].to_pylist():
        chosen = row["run"] == "published-range" and row["with_satellites"]
        if chosen and row["figure"] == "radar track" and row["arcs"] == "published range":
            title = {s["sensor"]: s["title"] for s in content.tables["sensors"].to_pylist()}
            found = [
                one for one in screen.conclusions if one.statement.startswith(title[row["sensor"]])
            ]
            if row["high_s"] >= 0.5:
                assert found[0].changes == (row["low_s"] < 0.5)


def test_where_no_arc_lies_within_the_published_range_all_are_shown_and_called_hypothetical() -> (
    None
):
    world = dataclasses.replace(iran_2009(), published_km=10.0)
    screen = first_screen(content_of(world))
    assert screen.arc_count == 96
    assert "every one hypothetical" in screen.arcs_meant


@pytest.mark.parametrize("world", [falcon, dprk_2017])
def test_other_scenarios_have_all_seven_points_too(world: Any) -> None:
    screen = first_screen(content_of(world()))
    assert [point.number for point in (*screen.answers, *screen.asides)] == [1, 2, 3, 4, 5, 6, 7]
    assert all(point.sentences for point in (*screen.answers, *screen.asides))


def test_a_missing_table_is_refused_with_its_name() -> None:
    content, _ = iran()
    tables: dict[str, pa.Table] = {k: v for k, v in content.tables.items() if k != "paths"}
    with pytest.raises(InputError, match="no table paths"):
        dataclasses.replace(content, tables=tables)
