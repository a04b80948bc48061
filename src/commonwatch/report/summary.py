"""The figures of the report for machines: stable keys, each with its unit."""

from __future__ import annotations

import math
from typing import Any, Final

from commonwatch.report.content import ReportContent
from commonwatch.report.estimates import (
    NOT_SPANNED,
    SPANNED,
    SPANNED_BURN,
    Estimate,
    LaydownFigures,
    Length,
    headline_rows,
    laydown_figures,
)
from commonwatch.report.first_screen import first_screen
from commonwatch.report.sharing_page import points_for_machines
from commonwatch.report.wording import Standing, not_in_service, titles_standing
from commonwatch.studies.runs import RUNS

FORMAT: Final = 1
INTERVAL_OVER: Final = (
    "low is the least and high the greatest over all combinations of the sensors' case (low, "
    f"nominal, high: {SPANNED}) and the end of {SPANNED_BURN} (low, nominal, high, where flown); "
    f"nominal is nominal in both; other open figures ({NOT_SPANNED}) are not in it but moved one "
    "at a time in the table sensitivity, where there is one"
)


def summary(content: ReportContent) -> dict[str, Any]:
    """Return the first screen's figures, sentences and conclusions.

    Parameters
    ----------
    content
        What the report is made from.

    Returns
    -------
    dict
        JSON types only; a figure that does not exist is None, and so is a time that means never.
    """
    screen = first_screen(content)
    runs = {run: headline_rows(content, run=run) for run in RUNS}
    return {
        "format": FORMAT,
        "commonwatch_version": content.version,
        "scenario": content.scenario_name,
        "scenario_sha256": content.scenario_digest,
        "title": content.title,
        "question": content.question,
        "date": content.date.isoformat(),
        "seed": content.seed,
        "arc_count": content.tables["arcs"].num_rows,
        "headline_arc_count": screen.arc_count,
        "headline_arcs": screen.arcs_meant,
        "interval_over": INTERVAL_OVER,
        "answers": [sentence for point in screen.answers for sentence in point.sentences],
        "points": [
            {"number": one.number, "heading": one.heading, "sentences": list(one.sentences)}
            for one in (*screen.answers, *screen.asides)
        ],
        "asides": {point.heading: list(point.sentences) for point in screen.asides},
        "laydowns": [
            {
                "laydown": laydown.name,
                "title": laydown.title,
                "sensors": list(laydown.sensors),
                "not_in_service": [
                    f"{title}: {status}"
                    for status, titles in not_in_service(content, laydown).items()
                    for title in titles
                ],
                "offered": titles_standing(content, laydown, Standing.OFFERED),
                **{
                    run: _figures(content, laydown_figures(content, rows, laydown.name))
                    for run, rows in runs.items()
                    if rows.num_rows
                },
            }
            for laydown in content.laydowns
        ],
        "conclusions": [
            {
                "statement": one.statement,
                "low": one.answers[0],
                "nominal": one.answers[1],
                "high": one.answers[2],
                "burn_time": list(one.by_burn_time) if one.has_burn_times else None,
                "cross_section": one.cross_section or None,
                "changes": one.is_open,
            }
            for one in screen.conclusions
        ],
        "sharing": points_for_machines(content),
        "impact_areas_left_out": content.impact_areas_left_out or None,
        "not_flown": list(content.not_flown),
    }


def _figures(content: ReportContent, figures: LaydownFigures) -> dict[str, Any]:
    is_known = not content.impact_areas_left_out
    fewest, most = figures.gap_interval
    return {
        "first_sight_s": _estimate(figures.first_sight),
        "first_stereo_s": _estimate(figures.first_stereo),
        "stereo_s": _estimate(figures.stereo),
        **{name: _length(length) for name, length in figures.lengths.items()},
        "first_radar_s": _estimate(figures.first_radar),
        "radar_track_s": _estimate(figures.radar_track),
        "impact_area_s": _estimate(figures.impact_area) if is_known else None,
        "warning_left_s": _estimate(figures.warning_left) if is_known else None,
        "gap_count": {"low": fewest, "nominal": figures.gap_count, "high": most},
        "longest_gap_s": _number(figures.longest_gap_s),
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    least, greatest = estimate.interval_s
    fewest, most = estimate.count_interval
    return {
        "low": _number(least),
        "nominal": _number(estimate.nominal_s),
        "high": _number(greatest),
        "count_low": fewest,
        "count_nominal": estimate.count,
        "count_high": most,
        "sensor": estimate.sensor or None,
    }


def _length(length: Length) -> dict[str, Any]:
    least, greatest = length.interval_m
    return {
        "low": _number(least),
        "nominal": _number(length.nominal_m),
        "high": _number(greatest),
    }


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
