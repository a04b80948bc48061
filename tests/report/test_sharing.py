"""What the page says of sharing, against figures recomputed row by row."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import beta

from commonwatch.report import ReportContent, write_report
from commonwatch.report.sharing_answers import (
    SharingPoint,
    count_text,
    delay_effects,
    sharing_points,
    signed_text,
)
from commonwatch.report.sharing_charts import median_curve
from commonwatch.report.sharing_figures import Flights, Sharing, has_sharing
from commonwatch.report.sharing_listings import aim_point_listing, sharing_listings, warning_grid
from commonwatch.report.sharing_page import points_for_machines, sharing_screen, shown_laydowns
from commonwatch.report.summary import summary
from commonwatch.studies.score_intervals import binomial_count
from tests.report.build_known import LEVELS, with_sharing
from tests.report.build_tables import content_of
from tests.report.worlds import falcon, iran_2009


@functools.cache
def iran() -> ReportContent:
    return with_sharing(content_of(iran_2009()))


@functools.cache
def sharing() -> Sharing:
    return Sharing(iran())


@functools.cache
def points() -> dict[str, SharingPoint]:
    return {point.letter: point for point in sharing_points(sharing())}


@functools.cache
def known_rows() -> list[dict[str, Any]]:
    within = {
        (arc["launch"], arc["aim_point"], arc["arc"])
        for arc in iran().tables["arcs"].to_pylist()
        if arc["within_published_range_2009"]
    }
    rows: list[dict[str, Any]] = iran().tables["known"].to_pylist()
    return [row for row in rows if (row["launch"], row["aim_point"], row["arc"]) in within]


def rows_of(laydown: str, level: str, centre: str, **moved: str) -> list[dict[str, Any]]:
    wanted = {"laydown": laydown, "level": level, "centre": centre, "delay": "none"} | moved
    return [row for row in known_rows() if all(row[name] == wanted[name] for name in wanted)]


def left_by_half(rows: list[dict[str, Any]]) -> float:
    left = sorted((row["warning_left_s"] or 0.0 for row in rows), reverse=True)
    return left[(len(left) - 1) // 2]


def exact_interval(count: int, among: int) -> tuple[float, float]:
    low = among * beta.ppf(0.025, count, among - count + 1) if count else 0.0
    high = among * beta.ppf(0.975, count + 1, among - count) if count < among else float(among)
    return float(low), float(high)


def test_all_four_points_are_there_with_a_heading_and_words() -> None:
    assert list(points()) == ["A", "B", "C", "D"]
    assert all(point.heading and point.sentences for point in points().values())


@pytest.mark.parametrize("level", [level.name for level in LEVELS])
@pytest.mark.parametrize("centre", ["us-nato", "russia", "joint"])
def test_point_a_says_what_half_of_the_flights_have_at_every_level_and_centre(
    level: str, centre: str
) -> None:
    rows = rows_of("all", level, centre)
    count = sum(row["warning_left_s"] is not None for row in rows)
    title = next(each.title for each in iran().centres if each.name == centre)
    [said] = [line for line in points()["A"].sentences if line.lower().startswith(title.lower())]
    if count:
        assert f"{left_by_half(rows):,.0f} s" in said
    low, high = exact_interval(count, len(rows))
    assert f"{count} of {len(rows)} [{math.floor(low)}, {math.ceil(high)}]" in said


def test_point_a_says_of_a_centre_that_no_link_joins_that_it_keeps_to_itself() -> None:
    content = iran()
    centres = [
        dataclasses.replace(each, is_linked=each.name != "russia") for each in content.centres
    ]
    alone = Sharing(dataclasses.replace(content, centres=tuple(centres)))
    said = "No link joins Russia: it shares nothing with others and hears nothing from them."
    assert said in sharing_points(alone)[0].sentences
    assert said not in points()["A"].sentences


def test_point_b_says_what_armavir_adds_by_launch_reports_and_by_tracks() -> None:
    for level, title in (("launch-reports", "launch reports"), ("tracks", "tracks")):
        [said] = [line for line in points()["B"].sentences if line.startswith(f"Sharing {title}:")]
        alone = rows_of("us-nato", level, "us-nato")
        both = rows_of("us-nato+armavir", level, "us-nato")
        gains = [
            (more["warning_left_s"] or 0.0) - (less["warning_left_s"] or 0.0)
            for more, less in zip(both, alone, strict=True)
        ]
        half = 1.96 * np.std(gains, ddof=1) / math.sqrt(len(gains))
        mean = np.mean(gains)
        assert f"both faces {mean:,.0f} s [{mean - half:,.0f}, {mean + half:,.0f}]" in said


def test_point_b_says_that_nothing_comes_of_others_sensors_if_nothing_is_shared() -> None:
    assert "Sharing nothing: nothing." in points()["B"].sentences


def test_sensors_of_the_own_nation_are_not_called_what_others_add() -> None:
    said = " ".join(points()["B"].sentences)
    assert "Israel" not in said
    assert "Gabala" in said


def test_point_c_counts_missed_flights_and_alerts_of_no_flight_exactly() -> None:
    said = " ".join(points()["C"].sentences)
    flights = len(rows_of("all", "nothing", "joint"))
    assert f"sharing nothing {count_text(binomial_count(flights, flights))}" in said
    shares = []
    for level in LEVELS:
        alerts = [
            row
            for row in iran().tables["alert_counts"].to_pylist()
            if (row["laydown"], row["level"], row["centre"], row["delay"])
            == ("all", level.name, "us-nato", "none")
        ]
        false = sum(row["false_count"] for row in alerts)
        total = sum(row["alert_count"] for row in alerts)
        shares.append((false / total, total, false, level.title))
    _, total, false, title = max(shares, key=lambda each: each[:2])
    low, high = exact_interval(false, total)
    counted = f"{false} of {total} [{math.floor(low)}, {math.ceil(high)}]"
    assert f"US and NATO {counted} (sharing {title}), confirmed 0 of {total} [0, " in said


def test_point_d_says_how_a_slower_person_costs_warning() -> None:
    [said] = points()["D"].sentences
    nominal = rows_of("us-nato+armavir", "launch-reports", "us-nato")
    slow = rows_of(
        "us-nato+armavir", "launch-reports", "us-nato", delay="launch_report", case="high"
    )
    moved = np.mean(
        [
            (late["warning_left_s"] or 0.0) - (soon["warning_left_s"] or 0.0)
            for late, soon in zip(slow, nominal, strict=True)
        ]
    )
    assert "30 to 180 s (nominal 90)" in said
    assert signed_text(float(moved)) in said
    assert moved < 0


def moved_by(change_s: Callable[[str, int], float]) -> str:
    """Return what is said where the delay moves each flight by so much, of the end and its seed."""
    names = ("laydown", "level", "centre", "seed", "object")
    rows = iran().tables["known"].to_pylist()
    base = {tuple(row[each] for each in names): row for row in rows if row["delay"] == "none"}
    for row in rows:
        if row["delay"] == "launch_report":
            own = base[tuple(row[each] for each in names)]
            row["warning_left_s"] = 600.0 + change_s(row["case"], row["seed"])
            own["warning_left_s"] = 600.0
    known = pa.Table.from_pylist(rows, schema=iran().tables["known"].schema)
    content = dataclasses.replace(iran(), tables={**iran().tables, "known": known})
    [said] = sharing_points(Sharing(content))[-1].sentences
    return said


def test_a_mean_change_has_its_interval() -> None:
    """Of flights that gain or lose 10 s or 20 s: the mean, and 1.96 standard errors."""
    said = moved_by(lambda case, seed: (-1 if case == "high" else 1) * (10.0 + 10.0 * (seed % 2)))
    changes = [
        10.0 + 10.0 * (row["seed"] % 2)
        for row in rows_of("all", "launch-reports", "joint", delay="launch_report", case="low")
    ]
    mean = float(np.mean(changes))
    half = 1.96 * float(np.std(changes, ddof=1)) / math.sqrt(len(changes))
    bounds = f"[+{mean - half:.0f}, +{mean + half:.0f}]"
    assert f"by +{mean:.0f} s {bounds} to −{mean:.0f} s [−" in said


def test_a_delay_that_moves_less_than_can_be_written_is_said_to_move_less_than_a_second() -> None:
    said = moved_by(lambda case, seed: 0.4 if case == "low" else -0.4)
    assert said.endswith("30 to 180 s: moves the warning left by less than 1 s.")


def test_no_delay_is_called_nominal_where_all_are_drawn() -> None:
    """In each kind of world one delay stands at an end: see ``studies.sharing.kinds``."""
    page = " ".join(write_report(iran()).split())
    assert "One delay at a time at the ends of its interval, compared with all drawn" in page
    assert "all the others too where one is moved" in page


def test_effects_of_delays_stand_in_the_order_of_their_size() -> None:
    swings = [effect.swing_s for effect in delay_effects(sharing())]
    assert swings == sorted(swings, reverse=True)
    assert len(swings) == 12


def test_the_grid_of_the_first_screen_has_every_laydown_and_level() -> None:
    grid = warning_grid(sharing(), sharing().baseline_centre)
    assert grid.title == "US and NATO"
    assert [row[0] for row in grid.rows] == [laydown.title for laydown in iran().laydowns]
    for laydown, (_, _, cells) in zip(iran().laydowns, grid.rows, strict=True):
        for level, cell in zip(LEVELS, cells, strict=True):
            rows = rows_of(laydown.name, level.name, "us-nato")
            known = any(row["warning_left_s"] is not None for row in rows)
            assert cell.nominal == (f"{left_by_half(rows):,.0f} s" if known else "never")


def test_every_centre_has_a_table_with_every_laydown_and_level() -> None:
    listings = sharing_listings(sharing())
    assert [table.caption for table in listings] == ["US and NATO", "Russia", "Joint centre"]
    for table in listings:
        assert len(table.rows) == len(iran().laydowns) * len(LEVELS)
        assert all(len(row) == len(table.heads) for row in table.rows)


def test_each_aim_point_has_its_own_warning_left_at_each_centre_and_level() -> None:
    table = aim_point_listing(sharing(), "us-nato+armavir")
    aims = {row["aim_point"] for row in rows_of("us-nato+armavir", "tracks", "us-nato")}
    assert len(table.rows) == 3 * len(aims)
    for title, centre, *cells in table.rows:
        name = next(
            each.name
            for each in iran().centres
            if each.title == centre.words.replace("Joint", "joint")
        )
        for level, cell in zip(LEVELS, cells, strict=True):
            rows = [
                row
                for row in rows_of("us-nato+armavir", level.name, name)
                if iran().place(row["aim_point"]) == title.words
            ]
            known = any(row["warning_left_s"] is not None for row in rows)
            assert cell.words == (f"{left_by_half(rows):,.0f} s" if known else "never")


def test_the_laydowns_that_are_drawn_are_the_telling_one_and_everything() -> None:
    chosen = shown_laydowns(sharing())
    assert chosen[0] in {"us-nato+armavir", "us-nato+armavir-se"}
    assert chosen[1:] == ["all"]


def test_the_page_holds_points_charts_and_tables_before_those_of_sight() -> None:
    page = write_report(iran())
    text = re.sub(r"<[^>]+>", " ", page)
    assert page.index("What others’ sensors add to US and NATO") < page.index("Who first knows")
    for words in (
        "Who knew what when",
        "US and NATO: warning left when the impact area is known",
        "The impact ellipse over time",
        "One delay at a time",
    ):
        assert words in text
    assert page.count('aria-label="Warning left when the impact area is known') == 3
    assert page.count('aria-label="Impact ellipse over time at') == 6
    assert page.count('aria-label="Who knew what when,') == 2


def test_a_run_without_worlds_still_has_its_page_and_says_nothing_of_sharing() -> None:
    content = content_of(falcon())
    assert not has_sharing(content)
    assert sharing_screen(content) is None
    assert "by what is shared" not in write_report(content)
    assert summary(content)["sharing"] is None


def test_one_flight_of_one_seed_is_told_without_intervals_that_nobody_knows() -> None:
    content = with_sharing(content_of(falcon()), seeds=1)
    page = write_report(content)
    assert "1 flight in 1 seed" in page
    text = re.sub(r"<[^>]+>", " ", page)
    assert not re.search(r"\bnan\b|\binf\b", text)


@pytest.mark.parametrize("seeds", [5, 6])
def test_brackets_of_too_few_flights_are_not_called_an_interval(seeds: int) -> None:
    """The least and the greatest of five hold the median in 1 - 2 / 2^5 = 93.75 % of cases."""
    screen = sharing_screen(with_sharing(content_of(falcon()), seeds=seeds))
    assert screen is not None
    assert screen.seeds == f"{seeds} flights in {seeds} seeds"
    assert (screen.bracket == "95 % interval of the median") == (seeds == 6)


def test_titles_of_centres_and_levels_are_escaped() -> None:
    content = iran()
    centres = (dataclasses.replace(content.centres[0], title="<b>us</b>"), *content.centres[1:])
    levels = (dataclasses.replace(content.levels[0], title="<i>none</i>"), *content.levels[1:])
    page = write_report(dataclasses.replace(content, centres=centres, levels=levels))
    assert "<b>us</b>" not in page
    assert "<i>none</i>" not in page


def test_what_was_refused_stands_on_the_page_and_in_the_summary() -> None:
    assert "for replay refused" not in write_report(iran())
    content = dataclasses.replace(iran(), refused=('joint refused 250 messages: <b>"test"</b>',))
    page = write_report(content)
    assert "What centres of the world for replay refused" in page
    assert "joint refused 250 messages: &lt;b&gt;" in page.replace("\N{NO-BREAK SPACE}", " ")
    machines = points_for_machines(content)
    assert machines is not None
    assert machines["refused"] == list(content.refused)


def test_the_summary_has_every_figure_of_every_laydown_level_and_centre() -> None:
    found = points_for_machines(iran())
    assert found is not None
    assert len(found["figures"]) == len(iran().laydowns) * len(LEVELS) * 3
    for figures in found["figures"]:
        rows = rows_of(figures["laydown"], figures["level"], figures["centre"])
        left = figures["warning_left_s"]
        assert left["among"] == len(rows)
        assert left["median"] == pytest.approx(left_by_half(rows), abs=1e-3)
        assert left["low"] <= left["median_low"] <= left["median"] <= left["median_high"]


def test_the_median_ellipse_counts_flights_that_know_none_and_leaves_out_those_down() -> None:
    flights = Flights(
        key=np.array([[1, 0], [1, 1], [1, 2]]),
        columns={"flight_s": np.array([100.0, 100.0, 30.0])},
        outcome=("", "", ""),
        aim_point=("", "", ""),
    )
    key = np.array([[1, 0], [1, 1], [1, 0], [2, 0]])
    times, sizes = median_curve(
        key, np.array([20.0, 20.0, 40.0, 60.0]), np.array([5.0, 9.0, 3.0, 1.0]), flights
    )
    assert times.tolist() == [20.0, 40.0]
    assert sizes.tolist() == [9.0, 3.0]


def test_a_table_without_rows_is_no_sharing() -> None:
    empty = iran().tables["known"].slice(0, 0)
    content = dataclasses.replace(iran(), tables={**iran().tables, "known": empty})
    assert not has_sharing(content)
    assert isinstance(empty, pa.Table)
