"""The tables of the page: each sensor's value, laydowns, sensors, assumptions, arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from commonwatch.report.columns import (
    distinct,
    matching,
    numbers,
    published_column,
    published_mask,
    table_of,
    words,
)
from commonwatch.report.content import ReportContent
from commonwatch.report.wording import (
    STATUS_WORDS,
    VALUE_WORDS,
    assumption_title,
    capital,
    figure_name,
    figure_stands_for,
    sensor_titles,
    unit_text,
)

ARCS_MAX: Final = 200
ASSUMPTIONS_MAX: Final = 60
FIGURES: Final = ("first sight", "radar track", "impact area")
FIGURE_TITLES: Final = {
    "first sight": "first sight sooner by",
    "radar track": "more radar track",
    "impact area": "more warning when the impact area is known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One cell: words, a smaller second line, and what to sort by."""

    words: str
    beneath: str = ""
    order: float | str = ""
    is_number: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table: its heads (with the number of columns each spans), and its rows."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    groups: tuple[tuple[str, int], ...] = ()
    note: str = ""


def value_listings(content: ReportContent) -> list[Listing]:
    """Return each sensor's value, one table a run."""
    table = table_of(content.tables, "value")
    if table is None:
        return []
    titles = sensor_titles(content)
    listings = []
    for run in distinct(table, "run"):
        chosen = matching(table, run=run, arcs="published range")
        if not chosen.num_rows:
            chosen = matching(table, run=run, arcs="all")
        lookup = _value_lookup(chosen)
        satellites = [flag for flag in (True, False) if any(key[0] is flag for key in lookup)]
        sensors = distinct(chosen, "sensor")
        rows = tuple(
            (
                Entry(words=titles.get(sensor, sensor), order=titles.get(sensor, sensor)),
                *(
                    _value_entry(lookup.get((flag, figure, sensor)))
                    for figure in FIGURES
                    for flag in satellites
                ),
            )
            for sensor in sensors
        )
        heads = (
            "Sensor",
            *(
                "with satellites" if flag else "radars alone"
                for _ in FIGURES
                for flag in satellites
            ),
        )
        laydown = distinct(chosen, "laydown")[0]
        known = {one.name: one.title for one in content.laydowns}
        listings.append(
            Listing(
                caption=(
                    f"{run.capitalize().replace('-', ' ')} run; "
                    f"laydown: {known.get(laydown, laydown)}"
                ),
                heads=heads,
                groups=(("", 1), *((FIGURE_TITLES[name], len(satellites)) for name in FIGURES)),
                rows=rows,
            )
        )
    return listings


def _value_lookup(table: pa.Table) -> dict[tuple[bool, str, str], tuple[float, ...]]:
    columns = [
        numbers(table, name)
        for name in (
            "low_s",
            "nominal_s",
            "high_s",
            "shapley_low_s",
            "shapley_nominal_s",
            "shapley_high_s",
        )
    ]
    names = [words(table, name) for name in ("with_satellites", "figure", "sensor")]
    return {
        (flag == "true", figure, sensor): tuple(float(column[row]) for column in columns)
        for row, (flag, figure, sensor) in enumerate(zip(*names, strict=True))
    }


def _value_entry(values: tuple[float, ...] | None) -> Entry:
    if values is None or not np.isfinite(values[1]):
        return Entry(words="–", order=-1.0, is_number=True)
    low, nominal, high, share_low, share, share_high = values
    beneath = f"[{min(low, nominal, high):,.0f}, {max(low, nominal, high):,.0f}]"
    if np.isfinite(share):
        beneath += (
            f"; share {share:,.0f} [{min(share_low, share):,.0f}, {max(share, share_high):,.0f}]"
        )
    return Entry(words=f"{nominal:,.0f} s", beneath=beneath, order=nominal, is_number=True)


def laydown_listing(content: ReportContent) -> Listing:
    """Return which sensors each laydown holds, and what is to be said of it."""
    titles = sensor_titles(content)
    return Listing(
        caption="The laydowns that are compared",
        heads=("Laydown", "Sensors", "Note"),
        rows=tuple(
            (
                Entry(words=laydown.title, order=place),
                Entry(words="; ".join(titles.get(name, name) for name in laydown.sensors)),
                Entry(words=laydown.note),
            )
            for place, laydown in enumerate(content.laydowns)
        ),
    )


def sensor_listing(content: ReportContent) -> Listing:
    """Return the sensors, with their status on the date and their sources."""
    table = content.tables["sensors"]
    names = ("sensor", "title", "nation", "kind", "role", "band", "status_on_date", "status_note")
    columns = [words(table, name) for name in (*names, "mark", "source")]
    positions = [numbers(table, name) for name in ("latitude_deg", "longitude_deg")]
    ranges = [numbers(table, f"range_{case}_m") for case in ("low", "nominal", "high")]
    rows = []
    for row, line in enumerate(zip(*columns, strict=True)):
        sensor, title, nation, kind, role, band, status, note, mark, source = line
        interval = _interval([float(column[row]) / 1e3 for column in ranges])
        place = (
            f"{positions[0][row]:.2f}, {positions[1][row]:.2f}"
            if np.isfinite(positions[0][row])
            else "–"
        )
        rows.append(
            (
                Entry(words=title or sensor, beneath=sensor, order=title),
                Entry(words=nation, order=nation),
                Entry(
                    words=" ".join(part for part in (kind, band) if part), beneath=role, order=kind
                ),
                Entry(words=place),
                Entry(
                    words=STATUS_WORDS.get(status, status),
                    beneath=note,
                    order=status,
                    mark="" if status in {"", "in service"} else "notable",
                ),
                Entry(words=interval, order=float(np.nan_to_num(ranges[1][row])), is_number=True),
                Entry(words=mark, order=mark, mark=mark),
                Entry(words=source),
            )
        )
    return Listing(
        caption="Sensors and their status on the date of the laydowns",
        heads=(
            "Sensor",
            "Nation",
            "Kind",
            "Latitude, longitude (deg)",
            "Status on the date",
            "Range, low to high [nominal] (km)",
            "Mark",
            "Source",
        ),
        rows=tuple(rows),
    )


def assumption_listing(content: ReportContent) -> Listing | None:
    """Return the assumptions, the one with the largest swing first, each with what it moves."""
    table = table_of(content.tables, "sensitivity")
    if table is None:
        return None
    names = ("assumption", "mark", "source", "unit", "laydown", "figure")
    columns = [words(table, name) for name in names]
    keys = ("low", "nominal", "high", "at_low_s", "at_nominal_s", "at_high_s", "swing_s")
    values = [numbers(table, key) for key in keys]
    laydowns = {laydown.name: laydown.title for laydown in content.laydowns}
    titles = sensor_titles(content)
    order = np.argsort(-np.nan_to_num(values[-1], nan=-1.0), kind="stable")[:ASSUMPTIONS_MAX]
    rows = []
    for row in order.tolist():
        path, mark, source, unit, laydown, figure = (column[row] for column in columns)
        low, nominal, high, at_low, at_nominal, at_high, swing = (float(v[row]) for v in values)
        title = capital(assumption_title(content, path, titles))
        figure_words = VALUE_WORDS.get(figure, figure)
        rows.append(
            (
                Entry(words=f"{title}: {figure_name(path)}", beneath=path, order=title),
                Entry(
                    words=f"{nominal:,g} [{low:,g}, {high:,g}] {unit_text(unit)}",
                    beneath=figure_stands_for(path).strip(),
                    is_number=True,
                    order=nominal,
                ),
                Entry(words=mark, order=mark, mark=mark),
                Entry(words=figure_words, beneath=laydowns.get(laydown, laydown), order=figure),
                Entry(
                    words=f"{_s(at_low)} / {_s(at_nominal)} / {_s(at_high)}",
                    is_number=True,
                    order=at_nominal,
                ),
                Entry(words=_s(swing), order=swing, is_number=True),
                Entry(words=source or "none found"),
            )
        )
    total = table.num_rows
    shown = f"the {len(rows):,} largest of {total:,} effects" if total > len(rows) else "all effects"
    return Listing(
        caption=f"Assumptions, sorted by how far each moves a figure of a laydown; {shown}",
        heads=(
            "Assumption",
            "Value [interval]",
            "Mark",
            "Figure it moves",
            "At low / nominal / high (s)",
            "Swing (s)",
            "Source",
        ),
        rows=tuple(rows),
        note="The whole table is sensitivity.parquet." if total > len(rows) else "",
    )


def arc_listing(content: ReportContent) -> Listing:
    """Return the arcs, at most ARCS_MAX, evenly taken; hypothetical ones say so."""
    table = content.tables["arcs"]
    total = table.num_rows
    chosen = (
        np.arange(total)
        if total <= ARCS_MAX
        else np.linspace(0, total - 1, ARCS_MAX).astype(np.int64)
    )
    is_within = published_mask(table)
    year = published_column(table)
    columns = [words(table, name) for name in ("launch", "aim_point", "arc")]
    keys = (
        "ground_range_m",
        "apogee_altitude_m",
        "burn_out_s",
        "impact_s",
        "drag_offset_m",
        "drag_offset_s",
    )
    values = [numbers(table, key) for key in keys]
    rows = []
    for row in chosen.tolist():
        launch, aim, arc = (column[row] for column in columns)
        length, apogee, burn_out, impact, offset_m, offset_s = (float(v[row]) for v in values)
        rows.append(
            (
                Entry(words=content.place(launch), order=launch),
                Entry(words=content.place(aim) if aim else "–", order=aim),
                Entry(words=arc, order=arc),
                _number(length / 1e3),
                _number(apogee / 1e3),
                _number(burn_out),
                _number(impact),
                _number(offset_m / 1e3, "{:,.1f}"),
                _number(offset_s, "{:,.1f}"),
                Entry(
                    words="published range" if is_within[row] else "hypothetical",
                    order=str(is_within[row]),
                    mark="" if is_within[row] else "notable",
                ),
            )
        )
    shown = f"{len(rows):,} of {total:,} arcs, evenly taken" if total > len(rows) else "All arcs"
    return Listing(
        caption=f"{shown}; hypothetical means beyond the range published in {year[1]}"
        if year
        else shown,
        heads=(
            "Launch",
            "Aim point",
            "Arc",
            "Ground range (km)",
            "Apogee (km)",
            "Burn-out (s)",
            "Impact (s)",
            "Drag: place (km)",
            "Drag: time (s)",
            "Standing",
        ),
        rows=tuple(rows),
        note="The whole table is arcs.parquet." if total > len(rows) else "",
    )


def _number(value: float, form: str = "{:,.0f}") -> Entry:
    if not np.isfinite(value):
        return Entry(words="–", order=-1.0, is_number=True)
    return Entry(words=form.format(value), order=value, is_number=True)


def _s(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else "never"


def _interval(values: Sequence[float]) -> str:
    low, nominal, high = values
    if not np.isfinite(nominal):
        return "–"
    return f"{low:,.0f} to {high:,.0f} [{nominal:,.0f}]" if low != high else f"{nominal:,.0f}"
