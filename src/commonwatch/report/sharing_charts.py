"""Figures of sharing: warning left by level and laydown, and the impact ellipse over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from commonwatch.report.charts import Line, chart, log_axis, time_axis
from commonwatch.report.columns import instants, matching, numbers, table_of
from commonwatch.report.content import ReportCentre
from commonwatch.report.figure import GRID, INK, QUIET, Figure, marker, picture, text
from commonwatch.report.sharing_answers import bracket_text
from commonwatch.report.sharing_figures import Flights, Sharing
from commonwatch.report.wording import capital
from commonwatch.studies.known import NONE_MOVED
from commonwatch.studies.spread import spread_of_instants

F64 = npt.NDArray[np.float64]

WIDTH: Final = 620.0
MARKS: Final = ("circle", "triangle", "square", "diamond")
COLOURS: Final = ("#5b6672", "#00558f", INK, "#00664a")
LINES: Final = tuple(
    f'stroke="{colour}" {pattern}'
    for colour, pattern in zip(
        COLOURS,
        (
            'stroke-width="1.9" stroke-dasharray="2 3"',
            'stroke-width="1.3" stroke-dasharray="7 4"',
            'stroke-width="1.7"',
            'stroke-width="2.6" stroke-dasharray="12 3"',
        ),
        strict=True,
    )
)
"""A level has one colour in every chart; see ``level_key``."""
_GUTTER: Final = 176.0
_ROW: Final = 11.0
_GAP: Final = 8.0
_TOP: Final = 8.0
_STEPS: Final = (10, 20, 30, 60, 120, 300, 600, 1_200, 3_600)


def level_key(sharing: Sharing) -> Markup:
    """Return the key of the levels, by marker."""
    body: list[str] = []
    across = 8.0
    for place, level in enumerate(sharing.content.levels):
        body.append(marker(_mark(place), across, 10, size=4.2, colour=_colour(place)))
        body.append(text(level.title, across + 12, 14))
        across += 40.0 + 7.0 * len(level.title)
    body += [
        f'<path d="M{across:g} 10h46" stroke="{QUIET}" stroke-width="1"/>',
        f'<path d="M{across + 12:g} 10h22" stroke="{QUIET}" stroke-width="4" '
        'stroke-opacity="0.45"/>',
        text(f"thick: {bracket_text(sharing)}; thin: nine of ten flights", across + 54, 14),
    ]
    return picture(body, width=1240, height=20, alternative="Key of the levels", width_min_px=900)


def warning_charts(sharing: Sharing) -> list[Figure]:
    """Draw for each centre the warning left at a known impact area, laydowns by levels."""
    longest_s = max(
        (
            float(np.nanmax(flights.columns["flight_s"], initial=0.0))
            for centre in sharing.content.centres
            for flights in _of_centre(sharing, centre)
        ),
        default=60.0,
    )
    return [_warnings(sharing, centre, longest_s) for centre in sharing.content.centres]


def _of_centre(sharing: Sharing, centre: ReportCentre) -> list[Flights]:
    return [
        sharing.flights(laydown.name, level.name, centre.name)
        for laydown in sharing.content.laydowns
        for level in sharing.content.levels
    ]


def _warnings(sharing: Sharing, centre: ReportCentre, longest_s: float) -> Figure:
    content = sharing.content
    end_s = max(longest_s, 60.0)
    wide = (WIDTH - _GUTTER - 16.0) / end_s
    body: list[str] = []
    y = _TOP
    said = []
    for laydown in content.laydowns:
        body.append(text(_short(laydown.title), _GUTTER - 10, y + 2.2 * _ROW, anchor="end"))
        figures = []
        for place, level in enumerate(content.levels):
            flights = sharing.flights(laydown.name, level.name, centre.name)
            if len(flights):
                left = flights.durations("warning_left_s")
                body += _whisker(left.low, left.high, y + _ROW / 2, wide, thickness=1.0)
                body += _whisker(
                    left.median_low, left.median_high, y + _ROW / 2, wide, thickness=4.5
                )
                at = _GUTTER + left.median * wide
                body.append(marker(_mark(place), at, y + _ROW / 2, size=3.6, colour=_colour(place)))
                figures.append(f"{level.title} {left.median:,.0f} s")
            y += _ROW
        said.append(f"{laydown.title}: {', '.join(figures)}")
        y += _GAP
        body.append(f'<path d="M8 {y - _GAP / 2:g}H{WIDTH:g}" stroke="{GRID}" stroke-width="0.6"/>')
    alternative = f"Warning left when the impact area is known, {centre.title}: {'; '.join(said)}"
    ticks = _ticks(end_s, wide, y)
    return Figure(
        svg=picture(
            [*ticks, *body],
            width=WIDTH,
            height=y + 34,
            alternative=alternative,
            width_min_px=480,
        ),
        alternative=alternative,
        caption=f"{capital(centre.title)}: warning left when the impact area is known",
    )


def _whisker(low: float, high: float, y: float, wide: float, *, thickness: float) -> list[str]:
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    opacity = 0.45 if thickness > 2 else 1.0
    return [
        f'<path d="M{_GUTTER + low * wide:.1f} {y:.1f}H{_GUTTER + high * wide:.1f}" '
        f'stroke="{QUIET}" stroke-width="{thickness:g}" stroke-opacity="{opacity:g}"/>'
    ]


def _ticks(end_s: float, wide: float, bottom: float) -> list[str]:
    step = next((each for each in _STEPS if end_s / each <= 8), 7_200)
    marks = []
    for second in np.arange(0.0, end_s + 1e-6, step).tolist():
        x = _GUTTER + second * wide
        marks.append(f'<path d="M{x:.1f} {_TOP - 4:g}V{bottom + 4:g}" stroke="{GRID}"/>')
        marks.append(text(f"{second:,.0f}", x, bottom + 17, anchor="middle", size=11, colour=QUIET))
    marks.append(
        text("seconds left; half of the flights or more", WIDTH, bottom + 31, anchor="end",
             size=11, colour=QUIET)
    )  # fmt: skip
    return marks


def area_figures(sharing: Sharing, laydowns: Sequence[str]) -> list[Figure]:
    """Draw the impact ellipse over time by level, for each of these laydowns at each centre.

    Parameters
    ----------
    sharing
        Flights where no delay is moved.
    laydowns
        Names.
    """
    table = table_of(sharing.content.tables, "known_areas")
    if table is None:
        return []
    found = []
    for name in laydowns:
        rows = matching(table, laydown=name, delay=NONE_MOVED)
        for centre in sharing.content.centres:
            own = matching(rows, centre=centre.name)
            lines = []
            for place, level in enumerate(sharing.content.levels):
                part = matching(own, level=level.name)
                curve = median_curve(
                    np.stack([instants(part, "seed"), instants(part, "object")], axis=1),
                    numbers(part, "time_s"),
                    numbers(part, "impact_half_axis_m"),
                    sharing.flights(name, level.name, centre.name),
                )
                lines.append((level.title, place, curve))
            found.append(_area_figure(sharing, name, centre, lines))
    return found


def _area_figure(
    sharing: Sharing,
    laydown: str,
    centre: ReportCentre,
    lines: Sequence[tuple[str, int, tuple[F64, F64]]],
) -> Figure:
    title = sharing.content.laydown(laydown).title
    sizes = np.concatenate([curve[1] for _, _, curve in lines]) / 1e3
    end_s = max(
        (float(times[np.isfinite(sizes_m)].max(initial=0.0)) for _, _, (times, sizes_m) in lines),
        default=0.0,
    )
    known = ", ".join(
        f"{name} from {curve[0][np.isfinite(curve[1])].min():,.0f} s"
        for name, _, curve in lines
        if np.isfinite(curve[1]).any()
    )
    return chart(
        [
            Line(parts=[(times, sizes_m / 1e3)], style=LINES[place % len(LINES)], title=name)
            for name, place, (times, sizes_m) in lines
        ],
        x=time_axis("seconds after launch", 0.0, max(end_s, 60.0)),
        y=log_axis("km", sizes),
        caption=f"{capital(centre.title)} ({title}): long half-axis of the impact ellipse",
        alternative=(
            f"Impact ellipse over time at {centre.title}, {title}: "
            + (f"known on half of the flights, {known}" if known else "never known on half")
        ),
    )


def median_curve(
    key: npt.NDArray[np.int64], time_s: F64, size_m: F64, flights: Flights
) -> tuple[F64, F64]:
    """Return the median size at each time over the flights still flying; nan where unknown to half.

    Parameters
    ----------
    key, time_s, size_m
        Seed and flight, time and size of each row, not-a-number where unknown.
    flights
        The flights that count, with when each comes down.
    """
    fly_s = np.nan_to_num(flights.columns["flight_s"], nan=np.inf)
    is_own = np.isin(_code(key), _code(flights.key)) if len(key) else np.zeros(0, dtype=bool)
    times = np.unique(time_s[is_own])
    sizes = np.full(len(times), np.nan)
    for k, time in enumerate(times.tolist()):
        flying = int((fly_s > time).sum())
        here = size_m[is_own & (time_s == time)]
        known = here[np.isfinite(here)]
        values = np.concatenate([known, np.full(max(flying - len(known), 0), np.nan)])
        middle = spread_of_instants(values).median
        sizes[k] = middle if math.isfinite(middle) else np.nan
    return times, sizes


def _code(key: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return one number for seed and flight: flights of one seed are fewer than a million."""
    code: npt.NDArray[np.int64] = key[:, 0] * 1_000_000 + key[:, 1]
    return code


def _mark(place: int) -> str:
    return MARKS[place % len(MARKS)]


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _short(title: str, length: int = 26) -> str:
    return title if len(title) <= length else title[: length - 1] + "…"
