"""Points 4 to 7: what nobody sees, hypothetical arcs, assumptions, the date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from commonwatch.report.answers import Point
from commonwatch.report.columns import (
    distinct,
    numbers,
    published_column,
    published_mask,
    table_of,
    words,
)
from commonwatch.report.content import FLOWN, ReportContent
from commonwatch.report.estimates import (
    LEAST_S,
    LaydownFigures,
    headline_mask,
    interval_text,
    seconds_text,
)
from commonwatch.report.wording import (
    VALUE_WORDS,
    Standing,
    arcs_text,
    assumption_title,
    brief,
    capital,
    figure_name,
    interval_of_counts,
    joined,
    listed,
    not_in_service,
    titles_standing,
    unit_text,
)
from commonwatch.studies.runs import CROSS_SECTION

_LAUNCHES_MANY: Final = 10
_WORST_SHOWN: Final = 3


def asides(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[Point, ...]:
    """Return points 4 to 7.

    Parameters
    ----------
    content
        What the report is made from.
    figures
        Of every laydown, by its name.
    titles
        Of every sensor, for people.
    """
    return (
        Point(number=4, heading="What nobody sees", sentences=_unseen(content, figures)),
        Point(number=5, heading="Hypothetical arcs", sentences=_hypothetical(content)),
        Point(
            number=6,
            heading="Assumptions that move it most",
            sentences=_assumptions(content, figures, titles),
        ),
        Point(number=7, heading="Date of the laydowns", sentences=_date(content)),
    )


def date_text(content: ReportContent) -> str:
    """Write the date of the laydowns for people."""
    return f"{content.date.day} {content.date:%B %Y}"


def _unseen(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> tuple[str, ...]:
    whole, base = figures[content.everything], figures[content.baseline]
    total = whole.first_sight.arc_count
    heading = content.laydown(content.everything).heading
    alone = content.laydown(content.baseline).title
    is_one_laydown = content.baseline == content.everything
    never = total - whole.first_sight.count
    if total == 1 and never:
        return (f"{heading} nobody sees the flight, {seconds_text(whole.longest_gap_s)} s.",)
    if total == 1:
        interval = interval_text(whole.longest_gap_interval_s)
        tail = "" if is_one_laydown else f" ({alone}: {seconds_text(base.longest_gap_s)} s)"
        sentence = (
            f"{heading} after first sight the flight goes at most "
            f"{seconds_text(whole.longest_gap_s)} s {interval}".rstrip()
        )
        return (f"{sentence} unseen at a stretch{tail}.",)
    tail = "" if is_one_laydown else f" (alone, {alone}: {base.gap_count:,})"
    sentences = [
        f"{heading} {whole.gap_count:,} of {arcs_text(total)}"
        f"{interval_of_counts(whole.gap_interval)} still go {content.gap_s:,.0f} s or longer unseen"
        f" after first sight{f', {never:,} of them never seen at all' if never else ''}{tail}."
    ]
    sentences += _worst_launches(content, whole)
    if whole.longest_gap_s > 0:
        launch, aim, arc = whole.longest_gap_arc
        sentences.append(
            f"Longest: {seconds_text(whole.longest_gap_s)} s, "
            f"{content.arc_title(launch, aim, arc)}."
        )
    blind = total - whole.first_radar.count
    if blind == total:
        sentences.append("No radar ever sees any of them.")
    elif blind:
        sentences.append(f"No radar ever sees {blind:,} of them.")
    else:
        sentences.append("A radar sees each of them at some time.")
    return tuple(sentences)


def _worst_launches(content: ReportContent, figures: LaydownFigures) -> list[str]:
    """Name the launch areas with the largest share of arcs with a gap, where there are many."""
    shares = figures.gaps_by_launch
    worst = sorted(shares, key=lambda name: (-shares[name][0] / shares[name][1], -shares[name][1]))
    shown = [
        f"{brief(content.place(name))} ({shares[name][0]:,} of {shares[name][1]:,})"
        for name in worst[:_WORST_SHOWN]
        if shares[name][0]
    ]
    return [f"Most often from {listed(shown)}."] if shown and len(shares) >= _LAUNCHES_MANY else []


def _hypothetical(content: ReportContent) -> tuple[str, ...]:
    arcs = content.tables["arcs"]
    is_within = published_mask(arcs)
    total, beyond = arcs.num_rows, arcs.num_rows - int(is_within.sum())
    column = published_column(arcs)
    if total == 1 and not beyond:
        return ("None: the flight took place.",) if _is_flown(content) else ("None.",)
    if column is None or not beyond:
        what = (
            "every arc is that of a flight that took place"
            if _is_flown(content)
            else ("every arc lies within its published range")
        )
        return (f"0 of {total:,}: {what}.",)
    head = f"{beyond:,} of {arcs_text(total)} {'is' if beyond == 1 else 'are'} hypothetical: "
    said = f"{head}{_why_hypothetical(content, is_within, column[1])}"
    is_shown = headline_mask(content).all()
    said += "; the table shows them." if is_shown else " and left out of the table."
    return (said, *_aims_beyond(content, is_within))


def _why_hypothetical(content: ReportContent, is_within: np.ndarray, year: str) -> str:
    """Say beyond whose published range they lie, or that what flies them has none."""
    arcs = content.tables["arcs"]
    vehicles = np.array(words(arcs, "vehicle"))
    is_solved = ~np.isin(words(arcs, "arc"), sorted(FLOWN))
    known = set(vehicles[is_within & is_solved])
    other = [_vehicle(content, name) for name in sorted(set(vehicles[~is_within]) - known)]
    if not content.published_ground_range_m:
        have, is_, their = ("have", "are", "ranges") if len(other) > 1 else ("has", "is", "range")
        whose = "their" if len(other) > 1 else "its"
        return (
            f"flown by {listed(other)}, which {have} no published range "
            f"({whose} {their} {is_} assumed)"
        )
    published = [_vehicle(content, name) for name in sorted(known)]
    of_whom = f" for {listed(published)}" if published else ""
    beyond = f"beyond the range published in {year}{of_whom}{_published_range(content)}"
    return f"{beyond}, flown with “{listed(other)}”" if other and published else beyond


def _aims_beyond(content: ReportContent, is_within: np.ndarray) -> list[str]:
    arcs = content.tables["arcs"]
    aims = np.array(words(arcs, "aim_point"))
    names = distinct(arcs, "aim_point")
    never = [name for name in names if not is_within[aims == name].any()]
    some = [name for name in names if name not in never and not is_within[aims == name].all()]
    parts = []
    if never:
        parts.append(f"Every arc to {listed([content.place(name) for name in never])}.")
    if some:
        parts.append(f"Some to {listed([content.place(name) for name in some])}.")
    return parts


def _published_range(content: ReportContent) -> str:
    range_m = content.published_ground_range_m
    return f" (up to {range_m / 1e3:,.0f} km, the high end of the sources)" if range_m else ""


def _is_flown(content: ReportContent) -> bool:
    """Whether every arc is that of a published or recorded flight."""
    return set(distinct(content.tables["arcs"], "arc")) <= FLOWN


def _vehicle(content: ReportContent, name: str) -> str:
    return brief(content.vehicle_titles.get(name, name))


def _assumptions(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[str, ...]:
    """Name the figures that move the answer most: of the published-range run, then of the other."""
    table = table_of(content.tables, "sensitivity")
    if table is None:
        return ("Not computed for this scenario.",)
    swing_s = np.nan_to_num(numbers(table, "swing_s"), nan=-1.0)
    is_crossed = np.array([run == CROSS_SECTION for run in words(table, "run")])
    paths = words(table, "assumption")
    shown: dict[str, str] = {}
    for row in np.lexsort((-swing_s, is_crossed)).tolist():
        if swing_s[row] >= LEAST_S and paths[row] not in shown and len(shown) < 3:
            shown[paths[row]] = _swing(content, figures, titles, table.slice(row, 1))
    return tuple(shown.values()) or ("None moves a figure by half a second or more.",)


def _swing(
    content: ReportContent,
    figures: Mapping[str, LaydownFigures],
    titles: Mapping[str, str],
    row: pa.Table,
) -> str:
    path, unit, figure, laydown, run = (
        words(row, name)[0] for name in ("assumption", "unit", "figure", "laydown", "run")
    )
    low, high, swing_s = (float(numbers(row, name)[0]) for name in ("low", "high", "swing_s"))
    is_one = figures[content.baseline].first_sight.arc_count == 1
    moved = f"{'' if is_one else 'mean '}{VALUE_WORDS.get(figure, figure)}"
    where = _laydown_words(content, laydown)
    beyond = ""
    if run == CROSS_SECTION:
        where += "; cross-section run"
    elif laydown in figures:
        beyond = more_than_bracket(figures[laydown], figure, swing_s)
    return (
        f"{capital(assumption_title(content, path, titles))}: {figure_name(path)} {low:,g} to "
        f"{high:,g} {unit_text(unit)} moves the {moved} by {swing_s:,.0f} s"
        f"{f', {beyond}' if beyond else ''} ({where})."
    )


def more_than_bracket(figures: LaydownFigures, figure: str, swing_s: float) -> str:
    """Say that a swing is more than the bracket of its figure; nothing where it is not.

    Parameters
    ----------
    figures
        Of the laydown.
    figure
        Name of the figure of value.
    swing_s
        How far it moves, seconds.
    """
    width_s = figures.bracket_width_s(figure)
    return f"more than the bracket of {width_s:,.0f} s" if swing_s > width_s else ""


def _laydown_words(content: ReportContent, name: str) -> str:
    known = {laydown.name: laydown.heading.rstrip(":") for laydown in content.laydowns}
    heading = known.get(name, name)
    return heading.replace("With", "with", 1) if heading.startswith("With ") else heading


def _date(content: ReportContent) -> tuple[str, ...]:
    whole = content.laydown(content.everything)
    absent = not_in_service(content, whole)
    said = "; ".join(f"{joined(names, ' and ')}, {status}" for status, names in absent.items())
    offered = titles_standing(content, whole, Standing.OFFERED)
    sentences = [f"As on {date_text(content)}."]
    if said:
        sentences.append(f"Not in service then: {said}.")
    elif titles_standing(content, whole, Standing.UNKNOWN):
        sentences.append("No sensor is known to have been out of service then.")
    else:
        sentences.append("All sensors were in service then.")
    if offered:
        sentences.append(f"In its owner's service, but offered: {joined(offered)}.")
    notes = [
        laydown.note
        for laydown in content.laydowns
        if laydown.note and laydown.name != content.everything
    ]
    if not notes and whole.note:
        notes = [whole.note]
    return (*sentences, *dict.fromkeys(notes))
