"""Who sees a launch when: one panel a launch place, a bar for each spell of sight."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from commonwatch.report.columns import (
    among,
    arc_keys,
    distinct,
    matching,
    numbers,
    published_mask,
    words,
)
from commonwatch.report.content import ReportContent
from commonwatch.report.estimates import CASES, NOMINAL
from commonwatch.report.figure import (
    GRID,
    INK,
    PAPER,
    QUIET,
    Figure,
    nation_style,
    picture,
    text,
)
from commonwatch.report.frames import WIDTH
from commonwatch.report.tracks import ChosenArc, satellites_of, spells_of
from commonwatch.studies.runs import PUBLISHED_RANGE

PANELS_MAX: Final = 8
_GUTTER: Final = 270.0
_ROW: Final = 21.0
_TOP: Final = 46.0

Spells = dict[str, list[tuple[str, float, float]]]


def panel_arcs(content: ReportContent, *, count_max: int = PANELS_MAX) -> list[ChosenArc]:
    """Return one arc a launch: where the radar track of the laydowns differs most.

    Within the published range where the launch has such an arc; of equals the one with the longest
    track, then the first. Where launches are many, those with the greatest such differences.

    Parameters
    ----------
    content
        What the report is made from.
    count_max
        Most launches.
    """
    arcs = content.tables["arcs"]
    spread_s = _spread(content)
    orders = [spread_s.get(str(key), (0.0, 0.0)) for key in arc_keys(arcs).to_pylist()]
    is_published = published_mask(arcs)
    launches, aims, kinds = (words(arcs, name) for name in ("launch", "aim_point", "arc"))
    best: dict[str, int] = {}
    for row, launch in enumerate(launches):
        kept = best.get(launch)
        if kept is None or (is_published[row], orders[row]) > (is_published[kept], orders[kept]):
            best[launch] = row
    rows = sorted(best.values(), key=lambda row: (is_published[row], orders[row]), reverse=True)[
        :count_max
    ]
    return [
        ChosenArc(
            launch=launches[row],
            aim_point=aims[row],
            arc=kinds[row],
            is_published=bool(is_published[row]),
            row=row,
        )
        for row in sorted(rows)
    ]


def timelines(content: ReportContent, *, count_max: int = PANELS_MAX) -> list[Figure]:
    """Draw the panels.

    Parameters
    ----------
    content
        What the report is made from.
    count_max
        Most panels.
    """
    chosen = panel_arcs(content, count_max=count_max)
    everything = {
        case: spells_of(content, chosen, laydown=content.everything, case=case) for case in CASES
    }
    unions = {
        laydown.name: {
            case: spells_of(content, chosen, laydown=laydown.name, case=case) for case in CASES
        }
        for laydown in content.laydowns
    }
    return [_panel(content, arc, everything, unions) for arc in chosen]


def _spread(content: ReportContent) -> dict[str, tuple[float, float]]:
    """Return for each arc the difference of track over the laydowns, and the longest."""
    rows = matching(
        content.tables["knowledge"],
        run=PUBLISHED_RANGE,
        case=NOMINAL,
        burn_time=NOMINAL,
        with_satellites=True,
    )
    table = pa.table(
        {"key": arc_keys(rows), "track_s": np.nan_to_num(numbers(rows, "radar_track_s"))}
    )
    grouped = table.group_by("key").aggregate([("track_s", "max"), ("track_s", "min")])
    longest_s = numbers(grouped, "track_s_max")
    spread_s = longest_s - numbers(grouped, "track_s_min")
    orders = zip(spread_s.tolist(), longest_s.tolist(), strict=True)
    return dict(zip(words(grouped, "key"), orders, strict=True))


def _panel(
    content: ReportContent,
    arc: ChosenArc,
    everything: dict[str, Spells],
    unions: dict[str, dict[str, Spells]],
) -> Figure:
    row = content.tables["arcs"].slice(arc.row, 1)
    end_s = _end_s(content, row, everything, arc)
    seconds_wide = (WIDTH - _GUTTER - 60.0) / end_s
    sensors = content.tables["sensors"]
    titles = dict(zip(words(sensors, "sensor"), words(sensors, "title"), strict=True))
    nation_of = dict(zip(words(sensors, "sensor"), words(sensors, "nation"), strict=True))
    nations = distinct(sensors, "nation")
    order = list(content.laydown(content.everything).sensors)
    seeing = [name for name in order if any(_of(everything[case], arc, name) for case in CASES)]
    blind = [titles.get(name, name) for name in order if name not in seeing]
    satellites = satellites_of(content)
    body: list[str] = []
    y = _TOP
    for name in seeing:
        colour = nation_style(nations, nation_of.get(name, ""))[0]
        note = " (satellite)" if name in satellites else ""
        title = _short(titles.get(name, name) + note)
        body.append(text(title, _GUTTER - 8, y + 14, anchor="end"))
        body += _bars([_of(everything[case], arc, name) for case in CASES], y, seconds_wide, colour)
        y += _ROW
    if not seeing:
        body.append(text("No sensor sees it.", _GUTTER + 8, y + 14, colour=QUIET))
        y += _ROW
    y += 8
    body.append(text("Any sensor of", _GUTTER - 8, y + 12, anchor="end", colour=QUIET, size=11))
    y += 16
    for laydown in content.laydowns:
        body.append(text(_short(laydown.title), _GUTTER - 8, y + 14, anchor="end"))
        spells = [_of(unions[laydown.name][case], arc, "*") for case in CASES]
        body += _gaps(spells[1], y, seconds_wide, end_s, content.gap_s)
        body += _bars(spells, y, seconds_wide, "#3f4a56")
        y += _ROW
    height = y + 34
    title = content.arc_title(arc.launch, arc.aim_point, arc.arc)
    if not arc.is_published:
        title += " (hypothetical: beyond the published range)"
    ticks = _axis(row, end_s, seconds_wide, y)
    alternative = f"Timeline, {title}: " + (
        _described(everything["nominal"], arc, titles) or "never seen."
    )
    return Figure(
        svg=picture(
            [*ticks, *body],
            width=WIDTH,
            height=height,
            alternative=alternative,
            width_min_px=720,
        ),
        alternative=alternative,
        caption=title,
        note=f"Not seen by {', '.join(blind)}." if blind else "",
        height=height,
    )


def _short(title: str, length: int = 38) -> str:
    return title if len(title) <= length else title[: length - 1] + "…"


def _end_s(
    content: ReportContent, row: pa.Table, everything: dict[str, Spells], arc: ChosenArc
) -> float:
    """Return the impact, or the end of a record, or what is known to lie latest."""
    impact_s = float(numbers(row, "impact_s")[0])
    if np.isfinite(impact_s):
        return impact_s
    record_s = numbers(among(content.tables["paths"], pa.array([arc.key])), "time_s")
    if len(record_s):
        return float(record_s.max())
    last = [spell[2] for case in CASES for spell in everything[case].get(arc.key, [])]
    known = [
        value
        for name in ("burn_out_s", "apogee_time_s")
        if np.isfinite(value := float(numbers(row, name)[0]))
    ]
    return max([*last, *known, 60.0]) * 1.05


def _of(spells: Spells, arc: ChosenArc, sensor: str) -> list[tuple[float, float]]:
    return [(first, last) for name, first, last in spells.get(arc.key, []) if name == sensor]


def _bars(
    spells: list[list[tuple[float, float]]], y: float, seconds_wide: float, colour: str
) -> list[str]:
    """Draw the high case as a pale bar, the nominal as a full one, the low as a line beneath."""
    low, nominal, high = spells
    marks = []
    for first, last in high:
        marks.append(
            f'<rect x="{_GUTTER + first * seconds_wide:.1f}" y="{y + 2:g}" height="{_ROW - 5:g}" '
            f'width="{max(1.0, (last - first) * seconds_wide):.1f}" fill="{colour}" '
            f'fill-opacity="0.18" stroke="{colour}" stroke-width="0.7"/>'
        )
    for first, last in nominal:
        marks.append(
            f'<rect x="{_GUTTER + first * seconds_wide:.1f}" y="{y + 4.5:g}" '
            f'width="{max(1.5, (last - first) * seconds_wide):.1f}" height="{_ROW - 10:g}" '
            f'fill="{colour}">'
            f"<title>T+{first:.0f} s to T+{last:.0f} s</title></rect>"
        )
    for first, last in low:
        x = _GUTTER + first * seconds_wide
        marks.append(
            f'<path d="M{x:.1f} {y + 10:g}h{max(1.0, (last - first) * seconds_wide):.1f}" '
            f'stroke="{PAPER}" stroke-width="1.6"/>'
        )
    if nominal:
        x = _GUTTER + nominal[-1][1] * seconds_wide
        marks.append(
            text(
                f"{sum(last - first for first, last in nominal):,.0f} s",
                WIDTH - 6,
                y + 14,
                anchor="end",
                size=11,
                colour=QUIET,
            )
        )
    return marks


def _gaps(
    spells: list[tuple[float, float]], y: float, seconds_wide: float, end_s: float, gap_s: float
) -> list[str]:
    edges = [0.0, *(edge for spell in sorted(spells) for edge in spell), end_s]
    pairs = zip(edges[0::2], edges[1::2], strict=True)
    return [
        f'<rect x="{_GUTTER + first * seconds_wide:.1f}" y="{y + 4.5:g}" height="{_ROW - 10:g}" '
        f'width="{(last - first) * seconds_wide:.1f}" fill="url(#hatch)">'
        f"<title>Unseen for {last - first:.0f} s</title></rect>"
        for first, last in pairs
        if last - first >= gap_s
    ]


def _axis(row: pa.Table, end_s: float, seconds_wide: float, bottom: float) -> list[str]:
    steps = (10, 20, 30, 60, 120, 300, 600, 1200)
    step = next((s for s in steps if end_s / s <= 12), 3600)
    marks = []
    for second in np.arange(0, end_s + 1e-6, step).tolist():
        x = _GUTTER + second * seconds_wide
        marks.append(f'<path d="M{x:.1f} {_TOP - 4:g}V{bottom + 4:g}" stroke="{GRID}"/>')
        marks.append(text(f"{second:,.0f}", x, bottom + 18, anchor="middle", size=11, colour=QUIET))
    marks.append(
        text(
            "seconds after lift-off", _GUTTER - 8, bottom + 18, anchor="end", size=11, colour=QUIET
        )
    )
    impact_s = float(numbers(row, "impact_s")[0])
    events = (
        (float(numbers(row, "burn_out_s")[0]), "burn-out"),
        (float(numbers(row, "apogee_time_s")[0]), "apogee"),
        (impact_s, "impact") if np.isfinite(impact_s) else (end_s, "end of record"),
    )
    for level, (second, name) in enumerate(events):
        if np.isfinite(second) and second > 0:
            x = _GUTTER + second * seconds_wide
            marks.append(
                f'<path d="M{x:.1f} {_TOP - 12:g}V{bottom + 4:g}" stroke="{INK}" '
                'stroke-dasharray="3 3"/>'
            )
            anchor = "end" if level == 2 else "middle"
            marks.append(
                text(
                    f"{name} {second:,.0f}",
                    min(x + 30, WIDTH - 6) if level == 2 else x,
                    _TOP - 18,
                    anchor=anchor,
                    size=12,
                    weight=600,
                )
            )
    return marks


def _described(spells: Spells, arc: ChosenArc, titles: dict[str, str]) -> str:
    parts = [
        f"{titles.get(name, name)} from {first:.0f} to {last:.0f} s"
        for name, first, last in spells.get(arc.key, [])
        if name != "*"
    ]
    return "; ".join(parts) + "." if parts else ""


def key_picture() -> Markup:
    """Return the key of the panels."""
    body: list[str] = []
    for x, style, name in (
        (
            4,
            'fill="#3f4a56" fill-opacity="0.18" stroke="#3f4a56" stroke-width="0.7"',
            "seen in the high case",
        ),
        (220, 'fill="#3f4a56"', "seen in the nominal case"),
        (720, 'fill="url(#hatch)"', "unseen for at least the gap threshold (nominal case)"),
    ):
        body += [f'<rect x="{x}" y="4" width="40" height="12" {style}/>', text(name, x + 48, 14)]
    body += [
        '<rect x="450" y="4" width="40" height="12" fill="#3f4a56"/>',
        f'<path d="M450 10h40" stroke="{PAPER}" stroke-width="1.6"/>',
        text("white line: also in the low case", 498, 14),
    ]
    return picture(
        body, width=WIDTH, height=20, alternative="Key of the timelines", width_min_px=900
    )
