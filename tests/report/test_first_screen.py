"""All seven points are there, with the numbers of the tables."""

import dataclasses
import functools
import re
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from commonwatch.errors import InputError
from commonwatch.report import ReportContent
from commonwatch.report.additions import in_one_line
from commonwatch.report.conclusions import conclusion
from commonwatch.report.estimates import combinations, headline_rows
from commonwatch.report.first_screen import FirstScreen, brackets_text, first_screen
from commonwatch.report.summary import summary
from tests.report.build_tables import CASES, content_of
from tests.report.worlds import dprk_2017, falcon, globe, iran_2009


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
        f"DSP over Africa is first to see {count} of {len(rows)} arcs"
        in screen.answers[0].sentences[0]
    )


def with_unseen(content: ReportContent, launches: set[str]) -> ReportContent:
    """Return the content with all arcs from these places never seen by anybody."""
    rows = content.tables["knowledge"].to_pylist()
    for row in rows:
        if row["launch"] in launches:
            row |= {"first_sight_s": None, "first_radar_s": None, "longest_gap_s": None}
    tables = {
        **content.tables,
        "knowledge": pa.Table.from_pylist(rows, schema=content.tables["knowledge"].schema),
    }
    return dataclasses.replace(content, tables=tables)


def test_an_arc_that_nobody_ever_sees_is_a_gap_as_long_as_its_flight() -> None:
    content, _ = iran()
    blind = with_unseen(content, set(content.place_titles))
    arcs = [arc for arc in blind.tables["arcs"].to_pylist() if arc["within_published_range_2009"]]
    screen = first_screen(blind)
    assert {row.cells[5].nominal for row in screen.rows} == {f"{len(arcs)} of {len(arcs)}"}
    words = " ".join(screen.asides[0].sentences)
    assert f"{len(arcs)} of them never seen at all" in words
    assert "No radar ever sees any of them." in words
    longest_s = max(arc["impact_s"] for arc in arcs)
    assert f"Longest: {longest_s:,.0f} s" in words
    for laydown in summary(blind)["laydowns"]:
        figures = laydown["published-range"]
        assert figures["gap_count"] == {key: len(arcs) for key in ("low", "nominal", "high")}
        assert figures["longest_gap_s"] == pytest.approx(longest_s, abs=1e-3)


def test_a_flight_without_impact_that_nobody_sees_goes_unseen_as_long_as_its_path() -> None:
    content = content_of(falcon())
    arcs = content.tables["arcs"]
    place = arcs.column_names.index("impact_s")
    nothing = arcs.set_column(place, "impact_s", pa.array([None], pa.float64()))
    content = dataclasses.replace(content, tables={**content.tables, "arcs": nothing})
    end_s = max(row["time_s"] for row in content.tables["paths"].to_pylist())
    screen = first_screen(with_unseen(content, set(content.place_titles)))
    assert screen.asides[0].sentences == (f"All: nobody sees the flight, {end_s:,.0f} s.",)
    assert screen.rows[0].cells[5].nominal == f"{end_s:,.0f} s"
    assert screen.rows[0].cells[5].is_alarm


def test_of_many_launch_areas_the_fourth_point_names_those_with_most_gaps() -> None:
    content = content_of(globe(12))
    rows = content.tables["knowledge"].to_pylist()
    for row in rows:
        has_gap = row["aim_point"] == "aim-000" and row["launch"] in {"area-003", "area-004"}
        row |= {"first_sight_s": 10.0, "longest_gap_s": 500.0 if has_gap else 0.0}
    schema = content.tables["knowledge"].schema
    tables = {**content.tables, "knowledge": pa.Table.from_pylist(rows, schema=schema)}
    blind = with_unseen(dataclasses.replace(content, tables=tables), {"area-007"})
    said = first_screen(blind).asides[0].sentences[1]
    assert said == (
        "Most often from Area 007 (12 of 12), Area 003 (1 of 12) and Area 004 (1 of 12)."
    )


def test_a_vehicle_without_a_published_range_is_said_to_have_none() -> None:
    content, _ = iran()
    rows = content.tables["arcs"].to_pylist()
    for place, row in enumerate(rows):
        row["within_published_range_2009"] = place == 0
    rows[0] |= {"arc": "recorded", "vehicle": "rec"}
    arcs = pa.Table.from_pylist(rows, schema=content.tables["arcs"].schema)
    own = dataclasses.replace(
        content,
        tables={**content.tables, "arcs": arcs},
        published_ground_range_m=0.0,
        vehicle_titles={"sejil-2": "Long", "rec": "Recording"},
    )
    screen = first_screen(own)
    assert screen.asides[1].sentences[0] == (
        "95 of 96 arcs are hypothetical: flown by Long, which has no published range (its range is "
        "assumed); the table shows them."
    )
    assert screen.arcs_meant == "all 96 arcs, 95 of them hypothetical"


def test_arcs_that_were_not_flown_are_announced_on_the_first_screen() -> None:
    content, screen = iran()
    assert screen.not_flown == ""
    refused = dataclasses.replace(content, not_flown=("A to B: too far.", "A to C: too far."))
    assert first_screen(refused).not_flown == "2 arcs not flown"


def test_the_fifth_point_counts_the_hypothetical_arcs_and_names_their_aim_points() -> None:
    content, screen = iran()
    arcs = content.tables["arcs"].to_pylist()
    beyond = [arc for arc in arcs if not arc["within_published_range_2009"]]
    words = " ".join(screen.asides[1].sentences)
    assert f"{len(beyond)} of {len(arcs)} arcs are hypothetical" in words
    assert "(up to 2,500 km, the high end of the sources)" in words
    reached = {arc["aim_point"] for arc in arcs if arc["within_published_range_2009"]}
    for aim in {arc["aim_point"] for arc in arcs} - reached:
        assert content.place(aim) in words


def test_the_sixth_point_says_the_three_largest_swings_in_words_and_where() -> None:
    _, screen = iran()
    width_s = screen.rows[7].cells[4].interval.strip("[]").split(", ")
    bracket_s = int(width_s[1]) - int(width_s[0])
    assert bracket_s < 90
    first, second, third = screen.asides[2].sentences
    assert first == (
        "Sejil-2: burn time 90 to 130 s moves the mean warning left at a known impact area by "
        f"90 s, more than the bracket of {bracket_s} s (All together)."
    )
    assert second.startswith(
        "Armavir SE: range 4,000 to 6,000 km moves the mean time under radar by 45 s"
    )
    # Har Keren's cross-section moves more, but in the other run.
    assert third.startswith(
        "Gabala: upper elevation limit 40 to 70 deg moves the mean warning left"
    )


def with_swings(content: ReportContent, swings_s: list[float]) -> FirstScreen:
    table = content.tables["sensitivity"]
    place = table.column_names.index("swing_s")
    tables = {
        **content.tables,
        "sensitivity": table.set_column(place, "swing_s", pa.array(swings_s)),
    }
    return first_screen(dataclasses.replace(content, tables=tables))


def test_a_cross_section_is_named_after_the_published_range_run_and_as_what_it_is() -> None:
    content, _ = iran()
    said = with_swings(content, [90.0, 0.4, 500.0, 0.3, 0.1]).asides[2].sentences
    assert len(said) == 2
    assert said[0].startswith("Sejil-2: burn time")
    assert said[1] == (
        "Har Keren: radar cross-section 0.01 to 0.1 m² moves the mean warning at first sight by "
        "500 s (All together; cross-section run)."
    )


def test_swings_of_less_than_half_a_second_are_none() -> None:
    content, _ = iran()
    assert with_swings(content, [0.4] * 5).asides[2].sentences == (
        "None moves a figure by half a second or more.",
    )


def test_the_seventh_point_gives_the_date_who_was_not_in_service_and_where_sources_disagree() -> (
    None
):
    _, screen = iran()
    words = " ".join(screen.asides[3].sentences)
    for said in (
        "20 May 2009",
        "Brdy, planned",
        "Armavir SE and SW, trial duty",
        "In its owner's service, but offered: Gabala.",
        "Sources disagree which face was on trial duty.",
    ):
        assert said in words


def test_an_unknown_status_is_neither_in_service_nor_out_of_it() -> None:
    world = falcon()
    world.sensors[0].status = "unknown"
    content = content_of(world)
    screen = first_screen(content)
    words = " ".join(screen.asides[3].sentences)
    assert "No sensor is known to have been out of service then." in words
    assert screen.rows[0].status == ""
    assert summary(content)["laydowns"][0]["not_in_service"] == []


def test_the_summary_keeps_offered_sensors_apart_from_those_not_in_service() -> None:
    content, _ = iran()
    whole = summary(content)["laydowns"][-1]
    assert whole["not_in_service"] == [
        "Brdy: planned",
        "Armavir SE: trial duty",
        "Armavir SW: trial duty",
    ]
    assert whole["offered"] == ["Gabala"]


def test_sensors_that_see_together_are_named_together() -> None:
    world = iran_2009()
    content = content_of(world)
    knowledge = content.tables["knowledge"]
    place = knowledge.column_names.index("first_sight_sensor")
    pair = pa.array(["DSP-EUR, SBIRS-HEO-1"] * knowledge.num_rows)
    tables = {
        **content.tables,
        "knowledge": knowledge.set_column(place, "first_sight_sensor", pair),
    }
    screen = first_screen(dataclasses.replace(content, tables=tables))
    said = screen.answers[0].sentences[0]
    assert said.startswith("DSP over Africa and SBIRS HEO-1 together are first to see")
    assert screen.rows[0].cells[0].note == "2 together"
    assert screen.rows[0].cells[0].who == "DSP over Africa and SBIRS HEO-1 together"


def test_the_first_point_says_how_many_arcs_two_satellites_see_at_once_and_by_when() -> None:
    content, screen = iran()
    values = {
        (case, burn): middle(
            [row["first_stereo_s"] for row in rows_of(content, "us-nato", case, burn)]
        )
        for case in CASES
        for burn in BURNS
    }
    rows = rows_of(content, "us-nato", "nominal")
    count = len([row for row in rows if row["first_stereo_s"] is not None])
    assert (
        f"Two satellites at once (stereo): {count} of {len(rows)} arcs, half by "
        f"T+{written(values['nominal', 'nominal'])} s {bracket(list(values.values()))}; "
        "one line of sight gives a launch point only through an assumed altitude."
    ) in screen.answers[0].sentences
    figures = summary(content)["laydowns"][0]["published-range"]
    assert figures["first_stereo_s"]["nominal"] == pytest.approx(values["nominal", "nominal"])
    held = [row["stereo_s"] for row in rows]
    assert figures["stereo_s"]["nominal"] == pytest.approx(middle(held, longest=True))


LENGTHS = ("one_line_half_axis_m", "one_line_flown_m", "stereo_half_axis_m", "stereo_flown_m")


def test_the_first_point_says_how_well_one_line_and_two_place_a_launch() -> None:
    content, screen = iran()
    said = {}
    figures = summary(content)["laydowns"][0]["published-range"]
    for name in LENGTHS:
        values = {
            (case, burn): middle([row[name] for row in rows_of(content, "us-nato", case, burn)])
            for case in CASES
            for burn in BURNS
        }
        ends = (min(values.values()), values["nominal", "nominal"], max(values.values()))
        low, nominal, high = (f"{end / 1e3:.{int(end < 9_950)}f}" for end in ends)
        said[name] = f"{nominal} km [{low}, {high}]"
        assert figures[name]["low"] == pytest.approx(ends[0], abs=1e-3)
        assert figures[name]["nominal"] == pytest.approx(ends[1], abs=1e-3)
        assert figures[name]["high"] == pytest.approx(ends[2], abs=1e-3)
    one, flown, two, flown_then = (said[name] for name in LENGTHS)
    assert (
        f"Place below known, on half of the arcs, to {one} from one line, {two} from two (95 % "
        f"ellipse, long half-axis); launch point {flown} and {flown_then} behind."
    ) in screen.answers[0].sentences


def test_without_satellites_nothing_is_said_of_lines_of_sight() -> None:
    content, _ = iran()
    knowledge = content.tables["knowledge"]
    for name in LENGTHS:
        place = knowledge.column_names.index(name)
        knowledge = knowledge.set_column(place, name, pa.nulls(knowledge.num_rows, pa.float64()))
    tables = {**content.tables, "knowledge": knowledge}
    silent = dataclasses.replace(content, tables=tables)
    assert not any("Place below" in said for said in first_screen(silent).answers[0].sentences)
    figures = summary(silent)["laydowns"][0]["published-range"]
    assert figures["stereo_half_axis_m"] == {"low": None, "nominal": None, "high": None}


SINGLE = (
    "us-nato+israel",
    "us-nato+brdy",
    "us-nato+gabala",
    "us-nato+armavir-se",
    "us-nato+armavir-sw",
    "us-nato+armavir",
)


def test_the_second_point_gives_every_single_addition_best_first() -> None:
    content, screen = iran()
    track_s = {
        name: middle(
            [row["radar_track_s"] for row in rows_of(content, name, "nominal")], longest=True
        )
        for name in SINGLE
    }
    line = next(said for said in screen.answers[1].sentences if "under radar for" in said)
    shown = [float(word.replace(",", "")) for word in re.findall(r"([\d,]+) s(?: \[|;|\.)", line)]
    assert shown[:-1] == [round(value) for value in sorted(track_s.values(), reverse=True)]
    assert f"+ Gabala {written(track_s['us-nato+gabala'])} s" in line
    assert "All together" in line
    assert screen.answers[1].sentences[-1].endswith("A radar track follows two looks later.")


def test_the_third_point_names_gabala_and_what_the_bound_is() -> None:
    _, screen = iran()
    assert any("+ Gabala" in said for said in screen.answers[2].sentences)
    assert screen.answers[2].sentences[-1].startswith("Cramér-Rao bound: the earliest")


def test_delays_are_said_to_be_left_out_and_how_far_the_first_radar_leads_the_next() -> None:
    content, screen = iran()
    first_s = {
        name: middle([row["first_radar_s"] for row in rows_of(content, name, "nominal")])
        for name in SINGLE
    }
    soonest, *others = sorted(first_s.values())
    lead_s = next(value - soonest for value in others if value - soonest >= 0.5)
    assert "delays from sensor to centre (assumed 0.5 to 4 s)" in screen.delays
    assert screen.delays.endswith(f"by some {written(lead_s)} s.")
    alone = first_screen(content_of(falcon()))
    assert alone.delays.endswith("decision delays are not included.")


def test_titles_in_one_line_share_the_words_of_place() -> None:
    items = [
        ("+ Armavir, SE face", "239 s"),
        ("+ Armavir, SW face", "216 s"),
        ("+ Gabala", "51 s"),
        ("+ Gabala", "7 s"),
    ]
    assert (
        in_one_line(items) == "+ Armavir, SE face 239 s; SW face 216 s; + Gabala 51 s; + Gabala 7 s"
    )
    assert in_one_line([]) == ""


def test_brackets_say_what_they_span_and_what_they_leave_out() -> None:
    content, screen = iran()
    said = brackets_text(screen, is_moved=True)
    for words in ("range", "elevation limits", "cloud break", "first look", "burn-out altitude"):
        assert words in said
        assert words in summary(content)["interval_over"]
    assert "satellite slots" in said.partition("; other open figures")[2]
    fixed = brackets_text(first_screen(content_of(falcon())), is_moved=False)
    assert "burn time" not in fixed
    assert "nominal throughout" in fixed


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
