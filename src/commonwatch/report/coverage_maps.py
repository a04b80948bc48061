"""Small maps side by side: how low radars see, and from where flights go unseen for long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from markupsafe import Markup, escape

from commonwatch.report.coastline import land_rings
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
from commonwatch.report.estimates import CASES
from commonwatch.report.figure import (
    ALARM,
    GAP_PATTERN,
    INK,
    PAPER,
    QUIET,
    SEQUENCE,
    Figure,
    nation_style,
    path_of,
    raster_png,
    rgba,
)

F64 = npt.NDArray[np.float64]

ALTITUDE_EDGES_M: Final = (100e3, 200e3, 400e3, 800e3, 1600e3)
_NOTHING: Final = "#f4f1ea"
_GAP_SHARES: Final = (0.0, 0.25, 0.5, 0.75)
_GAP_COLOURS: Final = ("#e8eef3", "#b9c6d2", "#f0c3bb", "#d8776b", ALARM)
_WIDTH: Final = 380.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Values on the cells of a regular grid, north first; not-a-number where none."""

    latitude_deg: F64
    longitude_deg: F64
    values: F64

    @property
    def edges_deg(self) -> tuple[float, float, float, float]:
        """South, north, west and east edges of the cells."""
        dy = _step(self.latitude_deg) / 2
        dx = _step(self.longitude_deg) / 2
        return (
            float(self.latitude_deg[-1]) - dy,
            float(self.latitude_deg[0]) + dy,
            float(self.longitude_deg[0]) - dx,
            float(self.longitude_deg[-1]) + dx,
        )


def grid_of(latitude_deg: F64, longitude_deg: F64, values: F64) -> Grid:
    """Return the values on a grid; where a cell has several the greatest counts.

    A grid across the date line keeps its middle whole: longitudes below the widest empty stretch
    are shifted by a turn.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Of each cell, geodetic, shape (n,), at least one.
    values
        Shape (n,); nan does not count.

    Returns
    -------
    Grid
        From north to south and from west to east; nan where a cell has no value.
    """
    longitude_deg = _across_date_line(longitude_deg)
    rows = np.unique(latitude_deg)[::-1]
    columns = np.unique(longitude_deg)
    grid = np.full((len(rows), len(columns)), np.nan)
    row = len(rows) - 1 - np.searchsorted(rows[::-1], latitude_deg)
    column = np.searchsorted(columns, longitude_deg)
    np.fmax.at(grid, (row, column), values)
    return Grid(latitude_deg=rows, longitude_deg=columns, values=grid)


def altitude_figures(content: ReportContent) -> list[Figure]:
    """Draw the lowest altitude at which some radar of each laydown sees, nominal case."""
    table = table_of(content.tables, "lowest_altitude")
    if table is None:
        return []
    figures = []
    for laydown in content.laydowns:
        rows = matching(table, laydown=laydown.name, case="nominal")
        if not rows.num_rows:
            continue
        grid = grid_of(
            numbers(rows, "latitude_deg"),
            numbers(rows, "longitude_deg"),
            numbers(rows, "altitude_m"),
        )
        colours = np.empty((*grid.values.shape, 4), dtype=np.uint8)
        colours[:] = rgba(_NOTHING)
        known = np.isfinite(grid.values)
        classes = np.searchsorted(ALTITUDE_EDGES_M, grid.values[known], side="right")
        colours[known] = np.array([rgba(colour) for colour in SEQUENCE], dtype=np.uint8)[classes]
        shares = [_share(table, laydown.name, case) for case in CASES]
        caption = (
            f"{laydown.title}: some radar sees below 400 km over {shares[1]:.0%} of the area"
            f"{_shares_text(shares)}."
        )
        figures.append(_small_map(content, laydown.sensors, grid, colours, caption, hatched=()))
    return figures


def gap_figures(content: ReportContent) -> list[Figure]:
    """Draw for each launch cell on how many of its flights nobody sees for long."""
    table = table_of(content.tables, "gaps")
    if table is None:
        return []
    figures = []
    for laydown in content.laydowns:
        cases = [matching(table, laydown=laydown.name, case=case) for case in CASES]
        if not cases[1].num_rows:
            continue
        grid = _gap_grid(_counting(cases[1]), content.gap_s)
        colours = np.zeros((*grid.values.shape, 4), dtype=np.uint8)
        known = np.isfinite(grid.values)
        classes = np.searchsorted(_GAP_SHARES, grid.values[known], side="left")
        colours[known] = np.array([rgba(colour) for colour in _GAP_COLOURS], dtype=np.uint8)[
            classes
        ]
        caption = f"{laydown.title}: {_gap_words(cases, content.gap_s)}"
        hatched = grid.values > _GAP_SHARES[2]
        figures.append(
            _small_map(content, laydown.sensors, grid, colours, caption, hatched=_runs(hatched))
        )
    return figures


def gap_flights(content: ReportContent) -> str:
    """Say which flights the maps of gaps count."""
    table = table_of(content.tables, "gaps")
    if table is None:
        return ""
    column, is_within = published_column(table), published_mask(table)
    if column is None or is_within.all():
        return "All flights count."
    if not is_within.any():
        return f"No flight lies within the range published in {column[1]}: all count, hypothetical."
    return (
        f"Flights within the range published in {column[1]} count; the figure for all flights "
        "includes hypothetical ones. Places without such a flight are left blank."
    )


def _gap_words(cases: Sequence[pa.Table], gap_s: float) -> str:
    """Say on how many flights of a laydown there is a gap, from its rows in each case."""

    def said(tables: Sequence[pa.Table]) -> str:
        shares = [gap_share(rows, gap_s) for rows in tables if rows.num_rows]
        return f"{shares[len(shares) // 2]:.0%}{_shares_text(shares)}"

    is_within = published_mask(cases[1])
    if is_within.all():
        return f"{said(cases)} of all flights have such a gap."
    if not is_within.any():
        return f"{said(cases)} of all flights, every one hypothetical, have such a gap."
    within = said([_counting(rows) for rows in cases])
    return (
        f"{within} of the flights within the published range have such a gap; "
        f"{said(cases)} of all, hypothetical ones included."
    )


def _counting(rows: pa.Table) -> pa.Table:
    """Return the flights within the published range, or all where none is."""
    is_within = published_mask(rows)
    return rows.filter(pa.array(is_within)) if is_within.any() else rows


def gap_share(rows: pa.Table, gap_s: float) -> float:
    """Return the part of the flights of a table of gaps that go unseen for at least gap_s.

    Parameters
    ----------
    rows
        With ``longest_unseen_s``, empty for a flight that cannot be.
    gap_s
        The least that counts, seconds.

    Returns
    -------
    float
        0 to 1, of those that can be flown; 0 where none can.
    """
    gaps_s = numbers(rows, "longest_unseen_s")
    gaps_s = gaps_s[np.isfinite(gaps_s)]
    return float(np.mean(gaps_s >= gap_s)) if len(gaps_s) else 0.0


def altitude_key() -> list[tuple[str, str]]:
    """Return colour and words of each class of altitude."""
    edges = [f"{edge / 1e3:,.0f}" for edge in ALTITUDE_EDGES_M]
    names = [f"below {edges[0]} km"]
    names += [f"{low} to {high} km" for low, high in pairwise(edges)]
    names.append(f"above {edges[-1]} km")
    return [*zip(SEQUENCE, names, strict=True), (_NOTHING, "no radar at any altitude shown")]


def gap_key() -> list[tuple[str, str]]:
    """Return colour and words of each class of share."""
    names = (
        "none",
        "up to a quarter",
        "up to half",
        "up to three quarters (hatched)",
        "more (hatched)",
    )
    return list(zip(_GAP_COLOURS, names, strict=True))


def definitions() -> Markup:
    """Return what pictures refer to: the coastline, in tenths of a degree, and the hatchings."""
    parts = []
    for ring in land_rings():
        points = np.stack([ring[:, 0], -ring[:, 1]], axis=-1) * 10
        if (points.max(axis=0) - points.min(axis=0)).max() > 5:
            parts.append(path_of(points, is_closed=True, spacing=1.5))
    return Markup(  # noqa: S704
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
        f'<path id="coast" d="{"".join(parts)}"/>'
        '<pattern id="gap-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0v5" stroke="{INK}" stroke-width="1.1"/>'
        f"</pattern>{GAP_PATTERN}</defs></svg>"
    )


def _shares_text(shares: Sequence[float]) -> str:
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    return f" [{low}, {high}]" if low != high else ""


def _share(table: pa.Table, laydown: str, case: str) -> float:
    rows = matching(table, laydown=laydown, case=case)
    weight = np.cos(np.radians(numbers(rows, "latitude_deg")))
    is_low = numbers(rows, "altitude_m") < 400e3
    return float(np.sum(weight * is_low) / np.sum(weight)) if len(weight) else 0.0


def _gap_grid(rows: pa.Table, gap_s: float) -> Grid:
    """Return the share of each launch cell's flights that have a gap."""
    places = [numbers(rows, f"launch_{name}_deg") for name in ("latitude", "longitude")]
    gaps_s = numbers(rows, "longest_unseen_s")
    cells, cell = np.unique(np.stack(places, axis=-1), axis=0, return_inverse=True)
    is_known = np.isfinite(gaps_s)
    flown = np.bincount(cell.ravel(), weights=is_known, minlength=len(cells))
    long = np.bincount(cell.ravel(), weights=is_known & (gaps_s >= gap_s), minlength=len(cells))
    with np.errstate(invalid="ignore"):
        return grid_of(cells[:, 0], cells[:, 1], long / np.where(flown > 0, flown, np.nan))


def _small_map(
    content: ReportContent,
    members: Sequence[str],
    grid: Grid,
    colours: npt.NDArray[np.uint8],
    caption: str,
    *,
    hatched: Sequence[tuple[int, int, int]],
) -> Figure:
    south, north, west, east = grid.edges_deg
    squeeze = max(0.3, float(np.cos(np.radians((south + north) / 2))))
    scale = _WIDTH / ((east - west) * squeeze)
    height = (north - south) * scale

    def across(longitude: float) -> float:
        return (longitude - west) * squeeze * scale

    turns = [turn for turn in (-360, 0, 360) if west < 200 + turn and east > -200 + turn]
    coast = "".join(
        f'<use href="#coast" transform="translate({across(turn):.2f} {north * scale:.2f}) '
        f'scale({squeeze * scale / 10:.5f} {scale / 10:.5f})" fill="none" stroke="{colour}" '
        f'stroke-width="{width}" stroke-opacity="0.7" vector-effect="non-scaling-stroke"/>'
        for turn in turns
        for colour, width in ((PAPER, 2.0), (INK, 0.8))
    )
    dx, dy = _WIDTH / colours.shape[1], height / colours.shape[0]
    hatch = "".join(
        f'<rect x="{first * dx:.1f}" y="{row * dy:.1f}" width="{(last - first) * dx:.1f}" '
        f'height="{dy:.1f}" fill="url(#gap-hatch)"/>'
        for row, first, last in hatched
    )
    body = (
        f'<rect width="{_WIDTH:g}" height="{height:.1f}" fill="{PAPER}"/>'
        f'<image href="{raster_png(colours)}" width="{_WIDTH:g}" height="{height:.1f}" '
        'preserveAspectRatio="none" style="image-rendering:pixelated"/>'
        f"{hatch}{coast}{_dots(content, members, grid, scale, squeeze)}"
        f'<rect width="{_WIDTH:g}" height="{height:.1f}" fill="none" stroke="{QUIET}"/>'
    )
    alternative = f"Map. {caption}"
    svg = Markup(  # noqa: S704
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:.1f}" role="img" '
        f'aria-label="{escape(alternative)}" overflow="hidden">{body}</svg>'
    )
    return Figure(svg=svg, alternative=alternative, caption=caption)


def _dots(
    content: ReportContent, members: Sequence[str], grid: Grid, scale: float, squeeze: float
) -> str:
    """Mark the radars of the laydown, and the launch places where they are few."""
    south, north, west, east = grid.edges_deg
    sensors = content.tables["sensors"]
    nations = distinct(sensors, "nation")
    marks = []
    rows = zip(
        words(sensors, "sensor"),
        words(sensors, "kind"),
        words(sensors, "nation"),
        numbers(sensors, "latitude_deg"),
        numbers(sensors, "longitude_deg"),
        strict=True,
    )
    for name, kind, nation, latitude, longitude in rows:
        turn = 360.0 if longitude < west else 0.0
        is_member = kind == "radar" and name in members
        if is_member and south < latitude < north and west < longitude + turn < east:
            x, y = (longitude + turn - west) * squeeze * scale, (north - latitude) * scale
            marks.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" stroke="{PAPER}" '
                f'fill="{nation_style(nations, nation)[0]}"/>'
            )
    arcs = content.tables["arcs"]
    places = set(
        zip(
            numbers(arcs, "launch_latitude_deg").tolist(),
            numbers(arcs, "launch_longitude_deg").tolist(),
            strict=True,
        )
    )
    if len(places) <= 20:
        for latitude, longitude in sorted(places):
            if south < latitude < north and west < longitude < east:
                x, y = (longitude - west) * squeeze * scale, (north - latitude) * scale
                marks.append(
                    f'<path d="M{x:.1f} {y - 5:.1f}l4 8h-8z" fill="{INK}" stroke="{PAPER}" '
                    'stroke-width="0.8"/>'
                )
    return "".join(str(mark) for mark in marks)


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return row, first and past-the-last column of each unbroken run of True."""
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    rows, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1]
    return list(zip(rows.tolist(), first.tolist(), last.tolist(), strict=True))


def _across_date_line(longitude_deg: F64) -> F64:
    columns = np.unique(longitude_deg)
    if len(columns) < 2:
        return longitude_deg
    empty = np.diff(np.append(columns, columns[0] + 360.0))
    widest = int(np.argmax(empty))
    if widest == len(columns) - 1 or empty[widest] < 2.0 * float(np.median(empty)):
        return longitude_deg
    return np.where(longitude_deg <= columns[widest], longitude_deg + 360.0, longitude_deg)


def _step(values: F64) -> float:
    return float(np.min(np.abs(np.diff(values)))) if len(values) > 1 else 1.0
