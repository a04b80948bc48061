"""What the page shows of sharing, put together; and the same for machines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from commonwatch.report.content import ReportContent
from commonwatch.report.figure import Figure
from commonwatch.report.listings import Listing
from commonwatch.report.sharing_answers import (
    DelayEffect,
    SharingPoint,
    bracket_text,
    delay_effects,
    foreign_additions,
    is_own,
    seeds_text,
    sharing_points,
)
from commonwatch.report.sharing_charts import area_figures, level_key, warning_charts
from commonwatch.report.sharing_figures import Gain, Sharing, has_sharing
from commonwatch.report.sharing_judged import judged_points, named_rows, unmet_rows
from commonwatch.report.sharing_listings import (
    WarningGrid,
    aim_point_listing,
    delay_listing,
    sharing_listings,
    warning_grid,
)
from commonwatch.report.sharing_timeline import timeline_key, who_knew
from commonwatch.studies.score_intervals import Count
from commonwatch.studies.spread import Spread

GRIDS_MAX: Final = 2
INTERVAL_OVER: Final = (
    "flights and seeds, chance alone: median_low and median_high are the exact 95 % interval of "
    "the median (of fewer than six flights the least and the greatest), low and high 5 % and 95 % "
    "of the flights, low and high of a count its exact binomial 95 % interval"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingScreen:
    """Everything that the templates need."""

    points: tuple[SharingPoint, ...]
    grids: tuple[WarningGrid, ...]
    seeds: str
    bracket: str
    replayed_level: str
    level_key: Markup
    warnings: list[Figure]
    timelines: list[Figure]
    timeline_key: Markup
    areas: list[Figure]
    aims: list[Listing]
    listings: list[Listing]
    delays: Listing | None


def sharing_screen(content: ReportContent) -> SharingScreen | None:
    """Return what the page shows of sharing; None where no world was flown."""
    if not has_sharing(content):
        return None
    sharing = Sharing(content)
    base = sharing.baseline_centre
    others = [centre for centre in content.centres if centre.is_joint or centre is not base]
    others.sort(key=lambda centre: not centre.is_joint)
    chosen = shown_laydowns(sharing)
    figures = [who_knew(sharing, name) for name in chosen]
    levels = {level.name: level.title for level in content.levels}
    return SharingScreen(
        points=all_points(sharing),
        grids=tuple(warning_grid(sharing, centre) for centre in (base, *others[: GRIDS_MAX - 1])),
        seeds=seeds_text(sharing),
        bracket=bracket_text(sharing),
        replayed_level=levels.get(content.replayed[1], ""),
        level_key=level_key(sharing),
        warnings=warning_charts(sharing),
        timelines=[figure for figure in figures if figure is not None],
        timeline_key=timeline_key(),
        areas=area_figures(sharing, chosen),
        aims=[aim_point_listing(sharing, name) for name in chosen],
        listings=sharing_listings(sharing),
        delays=delay_listing(sharing),
    )


def all_points(sharing: Sharing) -> tuple[SharingPoint, ...]:
    """Return the points on flights, and after them those on who was named and what was expected."""
    points = sharing_points(sharing)
    return (*points, *judged_points(sharing, after=len(points)))


def shown_laydowns(sharing: Sharing) -> list[str]:
    """Return the laydowns that are drawn: the telling addition of another nation, and everything.

    The addition is the one that gives the baseline's centre most at any level.
    """
    content, centre = sharing.content, sharing.baseline_centre
    best, most_s = "", 0.0
    for laydown in foreign_additions(sharing):
        if is_own(centre, laydown, content):
            continue
        for level in content.levels:
            own = sharing.flights(laydown.name, level.name, centre.name)
            alone = sharing.flights(laydown.name, content.levels[0].name, centre.name)
            gain = sharing.gain(own, alone)
            if gain.mean_s > most_s:
                best, most_s = laydown.name, gain.mean_s
    return list(dict.fromkeys([*([best] if best else []), content.everything]))


def points_for_machines(content: ReportContent) -> dict[str, Any] | None:
    """Return points, figures and gains of sharing, JSON types only; None where none was flown."""
    if not has_sharing(content):
        return None
    sharing = Sharing(content)
    return {
        "interval_over": INTERVAL_OVER,
        "seeds": sharing.seeds,
        "flights": seeds_text(sharing),
        "points": [
            {"letter": one.letter, "heading": one.heading, "sentences": list(one.sentences)}
            for one in all_points(sharing)
        ],
        "levels": [{"level": one.name, "title": one.title} for one in content.levels],
        "centres": [{"centre": one.name, "title": one.title} for one in content.centres],
        "figures": [
            _figures(sharing, laydown.name, level.name, centre.name)
            for laydown in content.laydowns
            for level in content.levels
            for centre in content.centres
        ],
        "delays": [_effect(one) for one in delay_effects(sharing)],
        "refused": list(content.refused),
        "named": [
            {
                **row,
                "seeds": _count(row["seeds"]),
                "after_lie_s": _spread(row["after_lie_s"], len(sharing.seeds)),
            }
            for row in named_rows(sharing)
        ],
        "unmet": unmet_rows(sharing) if content.has_expected else None,
    }


def _figures(sharing: Sharing, laydown: str, level: str, centre: str) -> dict[str, Any]:
    flights = sharing.flights(laydown, level, centre)
    base = sharing.flights(sharing.content.baseline, level, centre)
    alarms = sharing.alarms(laydown, level, centre)
    return {
        "laydown": laydown,
        "level": level,
        "centre": centre,
        **{
            name: _spread(flights.instants(name), len(flights))
            for name in ("detection_s", "track_s", "unconfirmed_s", "confirmed_s", "impact_area_s")
        },
        **{
            name: _spread(flights.durations(name), len(flights))
            for name in (
                "warning_left_unconfirmed_s",
                "warning_left_confirmed_s",
                "warning_left_s",
                "tracked_s",
            )
        },
        **{
            name: _spread(flights.among_known(name), len(flights))
            for name in ("launch_error_m", "impact_error_m", "continuity_ratio")
        },
        "warning_left_more_than_baseline_s": _gain(sharing.gain(flights, base)),
        "missed": _count(flights.missed),
        "alert_count": alarms.alert_count,
        "false_alerts": _count(alarms.false),
        "false_confirmed_alerts": _count(alarms.false_confirmed),
        "repeated_alerts": _count(alarms.repeated),
    }


def _spread(spread: Spread, among: int) -> dict[str, Any]:
    return {
        "median": _number(spread.median),
        "median_low": _number(spread.median_low),
        "median_high": _number(spread.median_high),
        "low": _number(spread.low),
        "high": _number(spread.high),
        "count": spread.count,
        "among": among,
    }


def _gain(gain: Gain) -> dict[str, Any]:
    return {
        "mean": _number(gain.mean_s),
        "low": _number(gain.low_s),
        "high": _number(gain.high_s),
        "more": _count(gain.more),
    }


def _count(count: Count) -> dict[str, Any]:
    return {
        "count": count.count,
        "low": _number(count.low),
        "high": _number(count.high),
        "among": count.among,
    }


def _effect(effect: DelayEffect) -> dict[str, Any]:
    return {
        "delay": effect.delay.name,
        "low_s": effect.delay.low_s,
        "nominal_s": effect.delay.nominal_s,
        "high_s": effect.delay.high_s,
        "laydown": effect.laydown,
        "level": effect.level,
        "centre": effect.centre.name,
        "warning_left_at_low_s": _gain(effect.at_low),
        "warning_left_at_high_s": _gain(effect.at_high),
    }


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
