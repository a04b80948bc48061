"""The figures of the report for machines: stable keys, each with its unit."""

from __future__ import annotations

import math
from typing import Any, Final

from commonwatch.report.content import ReportContent
from commonwatch.report.estimates import (
    CROSS_SECTION_RUN,
    PUBLISHED_RUN,
    Estimate,
    LaydownFigures,
    headline_rows,
    laydown_figures,
)
from commonwatch.report.first_screen import first_screen, statuses

FORMAT: Final = 1


def summary(content: ReportContent) -> dict[str, Any]:
    """Return the first screen's figures, sentences and conclusions.

    Parameters
    ----------
    content
        What the report is made from.

    Returns
    -------
    dict
        JSON types only; a figure that does not exist is None.
    """
    screen = first_screen(content)
    runs = {run: headline_rows(content, run=run) for run in (PUBLISHED_RUN, CROSS_SECTION_RUN)}
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
        "answers": [sentence for point in screen.answers for sentence in point.sentences],
        "asides": {point.heading: list(point.sentences) for point in screen.asides},
        "laydowns": [
            {
                "laydown": laydown.name,
                "title": laydown.title,
                "sensors": list(laydown.sensors),
                "not_in_service": list(statuses(content, laydown)),
                **{
                    run: _figures(laydown_figures(content, rows, laydown.name))
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
                "cross_section": one.cross_section or None,
                "changes": one.changes or one.changes_by_run,
            }
            for one in screen.conclusions
        ],
        "not_flown": list(content.sources),
    }


def _figures(figures: LaydownFigures) -> dict[str, Any]:
    return {
        "first_sight_s": _estimate(figures.first_sight),
        "first_radar_s": _estimate(figures.first_radar),
        "radar_track_s": _estimate(figures.radar_track),
        "impact_area_s": _estimate(figures.impact_area),
        "warning_left_s": _estimate(figures.warning_left),
        "gap_count": dict(zip(("low", "nominal", "high"), figures.gap_counts, strict=True)),
        "longest_gap_s": _number(figures.longest_gap_s),
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    low, nominal, high = (_number(value) for value in estimate.seconds)
    return {
        "low": low,
        "nominal": nominal,
        "high": high,
        "count_low": estimate.counts[0],
        "count_nominal": estimate.counts[1],
        "count_high": estimate.counts[2],
        "sensor": estimate.sensor or None,
    }


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
