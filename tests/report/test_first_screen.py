"""All seven points are there, with the numbers of the tables."""

import dataclasses
import functools
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from commonwatch.errors import InputError
from commonwatch.report import ReportContent
from commonwatch.report.conclusions import conclusion
from commonwatch.report.estimates import combinations, headline_rows
from commonwatch.report.first_screen import FirstScreen, first_screen
from commonwatch.report.summary import summary
from tests.report.build_tables import CASES, content_of
from tests.report.worlds import dprk_2017, falcon, iran_2009


@functools.cache
def iran() -> tuple[ReportContent, FirstScreen]:
    content = content_of(iran_2009())
    return content, first_screen(content)


Arc = tuple[str, str, str]
BURNS = ("low", "nominal", "high")


@functools.cache
def knowledge_of(content: ReportContent) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = content.tables["knowledge"].to_pylist()
    return rows


def rows_of(
    content: ReportContent, laydown: str, case: str, burn: str = "nominal"
) -> list[dict[str, Any]]:
    """Return the rows that count, row by row; what this burn time cannot fly keeps the nominal."""

    def arc_of(row: dict[str, Any]) -> Arc:
        return row["launch"], row["aim_point"], row["arc"]

    def flown(end: str) -> dict[Arc, dict[str, Any]]:
        return {
            arc_of(row): row
            for row in knowledge_of(content)
            if (row["laydown"], row["case"], row["burn_time"]) == (laydown, case, end)
            and row["run"] == "published-range"
            and row["with_satellites"]
        }

    arcs = content.tables["arcs"].to_pylist()
    counting = [arc_of(arc) for arc in arcs if arc["within_published_range_2009"]]
    nominal, other = flown("nominal"), flown(burn)
    return [other.get(arc, nominal[arc]) for arc in counting]


def middle(values: list[float | None], *, longest: bool = False) -> float:
    never = 0.0 if longest else float("inf")
    known = sorted((never if value is None else value for value in values), reverse=longest)
    return known[(len(known) - 1) // 2]


def written(value: float) -> str:
    return "never" if value == float("inf") else f"{value:,.0f}"


def bracket(values: list[float]) -> str:
    low, high = written(min(values)), written(max(values))
    return f"[{low}, {high}]" if low != high else ""


COLUMNS = (
    ("first_sight_s", False),
    ("first_radar_s", False),
    ("radar_track_s", True),
    ("impact_area_s", False),
    ("warning_left_s", True),
)


@pytest.mark.parametrize("place", range(8))
def test_every_cell_equals_the_figure_recomputed_row_by_row(place: int) -> None:
    content, screen = iran()
    laydown = content.laydowns[place].name
    rows = {(c, b): rows_of(content, laydown, c, b) for c in CASES for b in BURNS}
    for (name, longest), cell in zip(COLUMNS, screen.rows[place].cells, strict=False):
        values = {
            key: middle([row[name] for row in part], longest=longest) for key, part in rows.items()
        }
        number = written(values["nominal", "nominal"])
        expected = f"{number} s" if longest else number if number == "never" else f"T+{number} s"
        assert cell.nominal == expected
        assert cell.interval == bracket(list(values.values()))
        if not longest:
            counts = {
                key: len([row for row in part if row[name] is not None])
                for key, part in rows.items()
            }
            shown = f"{counts['nominal', 'nominal']} of {screen.arc_count}"
            assert cell.count == f"{shown} {bracket(list(counts.values()))}".strip()


@pytest.mark.parametrize("place", range(8))
def test_the_arcs_with_a_gap_are_counted(place: int) -> None:
    content, screen = iran()
    counts = {
        (case, burn): sum(
            row["longest_gap_s"] >= content.gap_s
            for row in rows_of(content, content.laydowns[place].name, case, burn)
        )
        for case in CASES
        for burn in BURNS
    }
    cell = screen.rows[place].cells[5]
    assert cell.nominal == f"{counts['nominal', 'nominal']} of {screen.arc_count}"
    assert cell.interval == bracket(list(counts.values()))


def test_the_summary_holds_the_least_and_the_greatest_over_all_combinations() -> None:
    content, _ = iran()
    found = summary(content)
    assert "least" in found["interval_over"]
    for laydown in found["laydowns"]:
        values = [
            middle(
                [row["radar_track_s"] for row in rows_of(content, laydown["laydown"], c, b)],
                longest=True,
            )
            for c in CASES
            for b in BURNS
        ]
        track = laydown["published-range"]["radar_track_s"]
        assert track["low"] == pytest.approx(min(values), abs=1e-3)
        assert track["high"] == pytest.approx(max(values), abs=1e-3)


def test_every_combination_speaks_of_the_same_arcs() -> None:
    content, screen = iran()
    rows = headline_rows(content)
    for part in combinations(rows, "all").values():
        assert part.num_rows == screen.arc_count


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
    assert f"{len(beyond)} of {len(arcs)} arcs are hypothetical" in words
    reached = {arc["aim_point"] for arc in arcs if arc["within_published_range_2009"]}
    for aim in {arc["aim_point"] for arc in arcs} - reached:
        assert content.place(aim) in words


def test_the_sixth_point_says_the_three_largest_swings_in_words_and_where() -> None:
    _, screen = iran()
    assert screen.asides[2].sentences == (
        "Sejil-2: burn time 90 to 130 s moves the warning left at a known impact area by 90 s "
        "(All together).",
        "Armavir SE: range 4,000 to 6,000 km moves the time under radar by 45 s (All together).",
        "Har Keren: radar cross-section 0.01 to 0.1 m² in place of the published range moves the "
        "warning at first sight by 30 s (All together).",
    )


def test_the_seventh_point_gives_the_date_who_was_not_in_service_and_where_sources_disagree() -> (
    None
):
    _, screen = iran()
    words = " ".join(screen.asides[3].sentences)
    for said in (
        "20 May 2009",
        "Brdy, planned",
        "Gabala, offered",
        "Armavir SE and SW, trial duty",
        "Sources disagree which face was on trial duty.",
    ):
        assert said in words


def test_a_status_stands_beside_the_name_of_the_laydown() -> None:
    _, screen = iran()
    assert screen.rows[3].status == "Gabala: offered"
    assert screen.rows[6].status == "Armavir SE, SW: trial duty"


EVERY = {(case, burn): "yes" for case in CASES for burn in BURNS}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("burn", BURNS)
def test_a_conclusion_that_any_combination_changes_is_open(case: str, burn: str) -> None:
    assert not conclusion("", EVERY, cross_section="yes").is_open
    turned = conclusion("", {**EVERY, (case, burn): "no"})
    assert turned.is_open
    assert "no" in turned.variation
    assert turned.changes_by_sensors == (burn == "nominal")
    if burn != "nominal":
        assert turned.by_burn_time


def test_a_conclusion_that_the_cross_section_run_changes_is_open() -> None:
    by_run = conclusion("", EVERY, cross_section="no")
    assert by_run.is_open
    assert by_run.variation == "yes; by cross-section no"


def test_a_single_flight_is_called_the_flight() -> None:
    screen = first_screen(content_of(falcon()))
    said = " ".join(
        sentence for point in (*screen.answers, *screen.asides) for sentence in point.sentences
    )
    assert "the flight" in said
    assert "1 of 1" not in said
    assert not [cell.count for row in screen.rows for cell in row.cells if cell.count]


def test_impact_areas_that_were_left_out_are_not_said_to_be_never_known() -> None:
    content = dataclasses.replace(content_of(falcon()), impact_areas_left_out="Not computed.")
    screen = first_screen(content)
    assert screen.answers[2].sentences == ("Not computed.",)
    assert screen.rows[0].cells[3].nominal == "–"
    assert not [one for one in screen.conclusions if "impact" in one.statement]
    assert summary(content)["laydowns"][0]["published-range"]["impact_area_s"] is None


@pytest.mark.parametrize("world", [iran_2009, falcon, dprk_2017])
def test_every_sentence_begins_with_a_capital_letter_or_a_number(world: Any) -> None:
    screen = first_screen(content_of(world()))
    for point in (*screen.answers, *screen.asides):
        for sentence in point.sentences:
            assert sentence[0].isupper() or sentence[0].isdigit()
            assert sentence.endswith(".")


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
                assert found[0].changes_by_sensors == (row["low_s"] < 0.5)


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
