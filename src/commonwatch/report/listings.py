"""The tables of the page: each sensor's value, laydowns, sensors, assumptions, arcs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from commonwatch.report.asides import more_than_bracket
from commonwatch.report.columns import (
    distinct,
    matching,
    numbers,
    published_column,
    published_mask,
    table_of,
    words,
)
from commonwatch.report.content import FLOWN, ReportContent
from commonwatch.report.estimates import LaydownFigures, interval_text
from commonwatch.report.wording import (
    STATUS_WORDS,
    VALUE_WORDS,
    Standing,
    assumption_title,
    capital,
    figure_name,
    sensor_titles,
    standing,
    unit_text,
)
from commonwatch.studies.marginal import (
    FIGURES,
    FIRST_SIGHT,
    IMPACT_AREA,
    RADAR_TRACK,
    SUBSET_SENSORS_MAX,
)
from commonwatch.studies.runs import CROSS_SECTION

ARCS_MAX: Final = 200
FIGURE_TITLES: Final = {
    FIRST_SIGHT: "more warning at first sight",
    RADAR_TRACK: "more time under radar",
    IMPACT_AREA: "more warning when the impact area is known",
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
        if not chosen.num_rows or not content.published_ground_range_m:
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
                note=_left_out(content, lookup),
            )
        )
    return listings


def _left_out(
    content: ReportContent, lookup: Mapping[tuple[bool, str, str], tuple[float, ...]]
) -> str:
    """Say why the third figure, or its shares, are not there; nothing where they are."""
    own = {key: entry for key, entry in lookup.items() if key[1] == IMPACT_AREA}
    count = max(len([key for key in own if key[0] is flag]) for flag in (True, False))
    said = []
    if content.impact_areas_left_out:
        said.append(f"Third figure: {content.impact_areas_left_out}")
    if count > SUBSET_SENSORS_MAX and any(np.isnan(entry[4]) for entry in own.values()):
        said.append(
            "Shares of the third figure go over all subsets of the sensors and are left out for "
            f"more than {SUBSET_SENSORS_MAX} of them; here are {count}."
        )
    return " ".join(said)


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
    beneath = interval_text((min(low, nominal, high), max(low, nominal, high)))
    if np.isfinite(share):
        shares = (min(share_low, share, share_high), max(share_low, share, share_high))
        said = f"share {share:,.0f} s {interval_text(shares)}".rstrip()
        beneath = f"{beneath}; {said}" if beneath else said
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


_MARKS: Final = {
    Standing.IN_SERVICE: "",
    Standing.OFFERED: "offered",
    Standing.OUT: "notable",
    Standing.UNKNOWN: "unknown",
}


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
                    words=f"{kind} {band}".strip() if kind == "radar" else kind,
                    beneath=role if kind == "radar" else "",
                    order=kind,
                ),
                Entry(words=place),
                Entry(
                    words=STATUS_WORDS.get(status, status) or "unknown",
                    beneath=note,
                    order=status,
                    mark=_MARKS[standing(status)],
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
            "Range [interval] (km)",
            "Mark",
            "Source",
        ),
        rows=tuple(rows),
    )


def assumption_listing(
    content: ReportContent, figures: Mapping[str, LaydownFigures]
) -> Listing | None:
    """Return each assumption once, the largest swing first, with the figures that it moves.

    Parameters
    ----------
    content
        What the report is made from.
    figures
        Of every laydown, by its name: their brackets are compared with the swings.
    """
    table = table_of(content.tables, "sensitivity")
    if table is None:
        return None
    effects: dict[str, dict[str, dict[str, Any]]] = {}
    order = np.argsort(-np.nan_to_num(numbers(table, "swing_s"), nan=-1.0), kind="stable")
    for row in table.take(pa.array(order.tolist(), type=pa.int64())).to_pylist():
        effects.setdefault(row["assumption"], {}).setdefault(row["figure"], row)
    titles = sensor_titles(content)
    return Listing(
        caption="Assumptions, sorted by how far each moves a figure of some laydown",
        heads=(
            "Assumption",
            "Nominal [interval]",
            "Mark",
            "Swing (s)",
            "of the",
            "At low / nominal / high (s)",
            "Source",
        ),
        rows=tuple(
            _assumption_row(content, figures, titles, list(by_figure.values()))
            for by_figure in effects.values()
        ),
        note="Swings are of means over the arcs, brackets of what at least half of them get. Every "
        "effect on every laydown is in sensitivity.parquet.",
    )


def _assumption_row(
    content: ReportContent,
    figures: Mapping[str, LaydownFigures],
    titles: Mapping[str, str],
    effects: Sequence[Mapping[str, Any]],
) -> tuple[Entry, ...]:
    """Return the row of one assumption from its largest effect on each figure, largest first."""
    most, *others = effects
    path, laydown = most["assumption"], most["laydown"]
    title = capital(assumption_title(content, path, titles))
    run, beyond = "", ""
    if most["run"] == CROSS_SECTION:
        run = " (cross-section run)"
    elif laydown in figures:
        beyond = more_than_bracket(figures[laydown], most["figure"], most["swing_s"] or 0.0)
    laydowns = {one.name: one.title for one in content.laydowns}
    also = [f"also {_value_words(row)} by {_s(row['swing_s'])} s" for row in others]
    where = "; ".join([laydowns.get(laydown, laydown), *also])
    low, nominal, high = (f"{most[key]:,g}" for key in ("low", "nominal", "high"))
    interval = f"{nominal} [{low}, {high}] {unit_text(most['unit'])}"
    answers = [_s(most[key]) for key in ("at_low_s", "at_nominal_s", "at_high_s")]
    swing_s = most["swing_s"]
    return (
        Entry(words=f"{title}: {figure_name(path)}{run}", beneath=path, order=title),
        Entry(words=interval, is_number=True, order=most["nominal"]),
        Entry(words=most["mark"], order=most["mark"], mark=most["mark"]),
        Entry(words=_s(swing_s), beneath=beyond, order=swing_s, is_number=True),
        Entry(words=_value_words(most), beneath=where, order=most["figure"]),
        Entry(words=" / ".join(answers), is_number=True),
        Entry(words=most["source"] or "none found"),
    )


def _value_words(row: Mapping[str, Any]) -> str:
    return VALUE_WORDS.get(str(row["figure"]), str(row["figure"]))


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
        "ballistic_coefficient_kg_m2",
    )
    offset_m, offset_s = (
        [numbers(table, f"drag_offset_{end}{unit}") for end in ("low_", "", "high_")]
        for unit in ("m", "s")
    )
    values = [numbers(table, key) for key in keys]
    rows = []
    for row in chosen.tolist():
        launch, aim, arc = (column[row] for column in columns)
        length, apogee, burn_out, impact, coefficient = (float(v[row]) for v in values)
        rows.append(
            (
                Entry(words=content.place(launch), order=launch),
                Entry(words=content.place(aim) if arc not in FLOWN else "–", order=aim),
                Entry(words=arc, order=arc),
                _number(length / 1e3),
                _number(apogee / 1e3),
                _number(burn_out),
                _number(impact),
                _number(coefficient),
                _drag([float(column[row]) / 1e3 for column in offset_m]),
                _drag([float(column[row]) for column in offset_s]),
                _standing(arc, is_within=bool(is_within[row])),
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
            "Impact in vacuum (s)",
            "Ballistic coefficient (kg/m²)",
            "place (km)",
            "time (s)",
            "Standing",
        ),
        groups=(("", 8), ("Drag moves the impact by", 2), ("", 1)),
        rows=tuple(rows),
        note="Drag: at the nominal ballistic coefficient [at the high one, at the low one, which "
        "moves the impact most]."
        + (" The whole table is arcs.parquet." if total > len(rows) else ""),
    )


def _standing(arc: str, *, is_within: bool) -> Entry:
    if arc in FLOWN:
        return Entry(words="took place", order="0")
    if is_within:
        return Entry(words="published range", order="1")
    return Entry(words="hypothetical", order="2", mark="notable")


def _number(value: float, form: str = "{:,.0f}") -> Entry:
    if not np.isfinite(value):
        return Entry(words="–", order=-1.0, is_number=True)
    return Entry(words=form.format(value), order=value, is_number=True)


def _drag(offsets: Sequence[float]) -> Entry:
    """Write a drag offset; its ends are given for the low, nominal and high coefficient."""
    at_low, nominal, at_high = offsets
    if not np.isfinite(nominal):
        return Entry(words="–", order=-1.0, is_number=True)
    ends = [f"{value:,.1f}" for value in (at_high, at_low) if np.isfinite(value)]
    beneath = f"[{', '.join(ends)}]" if len(set(ends)) > 1 else ""
    return Entry(words=f"{nominal:,.1f}", beneath=beneath, order=nominal, is_number=True)


def _s(value: float | None) -> str:
    if value is None or not np.isfinite(value):
        return "–"
    return f"{value:,.1f}" if 0 < value < 9.95 else f"{value:,.0f}"


def _interval(values: Sequence[float]) -> str:
    low, nominal, high = values
    if not np.isfinite(nominal):
        return "–"
    return f"{nominal:,.0f} [{low:,.0f}, {high:,.0f}]" if low != high else f"{nominal:,.0f}"
