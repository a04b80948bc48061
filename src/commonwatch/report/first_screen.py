"""The first screen: the seven points, in numbers, with intervals, in plain words.

1 who first knows; 2 who first holds a radar track and for how long; 3 when the impact area is below
100 km; 4 what nobody sees; 5 which arcs are hypothetical; 6 the assumptions that move the answer
most; 7 the date of the laydowns. And which conclusions change between the ends of the intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from commonwatch.report.columns import (
    distinct,
    matching,
    numbers,
    published_column,
    published_mask,
    table_of,
    words,
)
from commonwatch.report.conclusions import Conclusion, conclusions
from commonwatch.report.content import IN_SERVICE, ReportContent, ReportLaydown
from commonwatch.report.estimates import (
    Estimate,
    LaydownFigures,
    after_launch_text,
    headline_rows,
    interval_text,
    laydown_figures,
    seconds_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure as shown: the nominal value, how many arcs, the interval beneath, a note."""

    nominal: str
    interval: str
    count: str = ""
    note: str = ""
    is_alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRow:
    """One laydown as shown."""

    title: str
    statuses: tuple[str, ...]
    cells: tuple[Cell, ...]
    is_baseline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One of the seven points as a sentence or a few."""

    number: int
    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstScreen:
    """What a reader sees before scrolling."""

    answers: tuple[Point, ...]
    rows: tuple[ScreenRow, ...]
    asides: tuple[Point, ...]
    conclusions: tuple[Conclusion, ...]
    arc_count: int
    arcs_meant: str


def first_screen(content: ReportContent) -> FirstScreen:
    """Return the first screen from the tables of a run."""
    rows = headline_rows(content)
    figures = {
        laydown.name: laydown_figures(content, rows, laydown.name) for laydown in content.laydowns
    }
    titles = sensor_titles(content)
    return FirstScreen(
        answers=_answers(content, figures, titles),
        rows=tuple(
            _row(content, laydown, figures[laydown.name], titles) for laydown in content.laydowns
        ),
        asides=(
            _unseen(content, figures),
            _hypothetical(content),
            _assumptions(content),
            _date(content),
        ),
        conclusions=conclusions(content, figures, titles),
        arc_count=figures[content.baseline].first_sight.arc_count,
        arcs_meant=_arcs_meant(content),
    )


def sensor_titles(content: ReportContent) -> dict[str, str]:
    """Return each sensor's name for people."""
    sensors = content.tables["sensors"]
    pairs = zip(words(sensors, "sensor"), words(sensors, "title"), strict=True)
    return {name: title or name for name, title in pairs}


def statuses(content: ReportContent, laydown: ReportLaydown) -> tuple[str, ...]:
    """Return "name: status" for each sensor of a laydown that was not in service on the date."""
    sensors = content.tables["sensors"]
    status = dict(zip(words(sensors, "sensor"), words(sensors, "status_on_date"), strict=True))
    titles = sensor_titles(content)
    return tuple(
        f"{titles.get(name, name)}: {status.get(name, '')}"
        for name in laydown.sensors
        if status.get(name, IN_SERVICE) not in {IN_SERVICE, ""}
    )


def date_text(content: ReportContent) -> str:
    """Write the date of the laydowns for people."""
    return f"{content.date.day} {content.date:%B %Y}"


def _row(
    content: ReportContent,
    laydown: ReportLaydown,
    figures: LaydownFigures,
    titles: Mapping[str, str],
) -> ScreenRow:
    low, nominal, high = figures.gap_counts
    gap = Cell(
        nominal=f"{nominal:,} of {figures.first_sight.arc_count:,}",
        interval=f"[{min(low, nominal, high):,}, {max(low, nominal, high):,}]",
        is_alarm=nominal > 0,
    )
    cells = (
        _event_cell(figures.first_sight, titles),
        _event_cell(figures.first_radar, titles),
        _duration_cell(figures.radar_track),
        _event_cell(figures.impact_area, titles),
        _duration_cell(figures.warning_left),
        gap,
    )
    return ScreenRow(
        title=laydown.title,
        statuses=_few(statuses(content, laydown)),
        cells=cells,
        is_baseline=laydown.name == content.baseline,
    )


def _few(listed: tuple[str, ...]) -> tuple[str, ...]:
    return listed if len(listed) <= 2 else (f"{len(listed)} not in service: see 7",)


def _event_cell(estimate: Estimate, titles: Mapping[str, str]) -> Cell:
    return Cell(
        nominal=after_launch_text(estimate.nominal_s),
        interval=interval_text(estimate.interval_s),
        count=f"{estimate.counts[1]:,} of {estimate.arc_count:,}",
        note=titles.get(estimate.sensor, estimate.sensor),
    )


def _duration_cell(estimate: Estimate) -> Cell:
    return Cell(
        nominal=f"{seconds_text(estimate.nominal_s)} s", interval=interval_text(estimate.interval_s)
    )


def _answers(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[Point, ...]:
    return (
        Point(number=1, heading="Who first knows", sentences=_who_knows(content, figures, titles)),
        Point(
            number=2,
            heading="Who first holds a radar track, and for how long",
            sentences=_who_tracks(content, figures, titles),
        ),
        Point(
            number=3,
            heading="When the impact area is known within 100 km",
            sentences=_impact_known(content, figures),
        ),
    )


def _who_knows(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[str, ...]:
    base = figures[content.baseline].first_sight
    whole = figures[content.everything].first_sight
    if not base.sensor and not whole.sensor:
        return ("No sensor of any laydown sees any of these arcs.",)
    first = base if base.sensor else whole
    name = content.laydown(content.baseline if base.sensor else content.everything).title
    sentence = (
        f"{titles.get(first.sensor, first.sensor)} is first on {first.sensor_count:,} of "
        f"{_arcs(first.arc_count)} ({name}); {_by(first)}."
    )
    if content.baseline == content.everything:
        return (sentence,)
    gain_s = base.nominal_s - whole.nominal_s
    if math.isnan(gain_s) or abs(gain_s) < 0.5:
        return (sentence, "No added sensor makes that sooner.")
    return (
        sentence,
        f"{_headed(content.laydown(content.everything).title)} "
        f"{titles.get(whole.sensor, whole.sensor)} first on {whole.sensor_count:,}; {_by(whole)}.",
    )


def _who_tracks(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[str, ...]:
    base = figures[content.baseline]
    sentences = [_track_sentence(content.laydown(content.baseline).title, base, titles)]
    best = best_addition(content, figures)
    if best is not None:
        sentences.append(
            _track_sentence(content.laydown(best).title, figures[best], titles)
            + " No other addition compared gives more."
        )
    elif content.everything != content.baseline:
        whole = figures[content.everything]
        sentences.append(_track_sentence(content.laydown(content.everything).title, whole, titles))
    return tuple(sentences)


def _track_sentence(title: str, figures: LaydownFigures, titles: Mapping[str, str]) -> str:
    radar, track = figures.first_radar, figures.radar_track
    if radar.counts[1] == 0:
        return f"{_headed(title)} radar sees none of {_arcs(radar.arc_count)}."
    first = titles.get(radar.sensor, radar.sensor)
    head = f"{_headed(title)} radar sees {radar.counts[1]:,} of {_arcs(radar.arc_count)}"
    if track.nominal_s < 0.5:
        return f"{head}, so at least half have no radar track {interval_text(track.interval_s)} s."
    half = "" if radar.arc_count == 1 else "half of all arcs "
    return (
        f"{head}, most often {first} first; {half}for "
        f"{seconds_text(track.nominal_s)} s or longer {interval_text(track.interval_s)}."
    )


def _arcs(count: int) -> str:
    return f"{count:,} arc" if count == 1 else f"{count:,} arcs"


def _by(estimate: Estimate) -> str:
    """Say by when half of the arcs have had an event."""
    half = "" if estimate.arc_count == 1 else "half "
    if not math.isfinite(estimate.nominal_s):
        said = "fewer than half at all" if half else "never"
        is_certain = not math.isfinite(estimate.interval_s[0])
        return said if is_certain else f"{said} {interval_text(estimate.interval_s)}"
    instant = after_launch_text(estimate.nominal_s)
    return f"{half}by {instant} {interval_text(estimate.interval_s)}"


def _headed(title: str) -> str:
    """Return a laydown's title as the head of a sentence; "+ Gabala" reads "With Gabala:"."""
    return f"With {title.lstrip('+ ')}:" if title.startswith("+") else f"{title}:"


def best_addition(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> str | None:
    """Return the laydown, neither baseline nor everything, with most seconds under radar track."""
    others = [
        laydown.name
        for laydown in content.laydowns
        if laydown.name not in {content.baseline, content.everything}
    ]
    if not others:
        return None
    return max(others, key=lambda name: _track_order(figures[name], 1))


def _track_order(figures: LaydownFigures, case: int) -> tuple[float, int]:
    return figures.radar_track.seconds[case], figures.first_radar.counts[case]


def _impact_known(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> tuple[str, ...]:
    names = [content.baseline, best_addition(content, figures), content.everything]
    shown = list(dict.fromkeys(name for name in names if name is not None))
    return tuple(_impact_sentence(content.laydown(name).title, figures[name]) for name in shown)


def _impact_sentence(title: str, figures: LaydownFigures) -> str:
    known, left = figures.impact_area, figures.warning_left
    head = f"{_headed(title)} on {known.counts[1]:,} of {_arcs(known.arc_count)}"
    if not math.isfinite(known.nominal_s):
        return f"{head}; {_by(known)}."
    return f"{head}; {_by(known)}, with {seconds_text(left.nominal_s)} s of warning left."


def _unseen(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> Point:
    whole, base = figures[content.everything], figures[content.baseline]
    total = whole.first_sight.arc_count
    low, high = min(whole.gap_counts), max(whole.gap_counts)
    sentences = [
        f"{content.laydown(content.everything).title}: {whole.gap_counts[1]:,} of {_arcs(total)} "
        f"[{low:,}, {high:,}] still go {content.gap_s:,.0f} s or longer unseen"
        + (
            f" (alone, {content.laydown(content.baseline).title}: {base.gap_counts[1]:,})."
            if content.baseline != content.everything
            else "."
        )
    ]
    if whole.longest_gap_s > 0:
        launch, aim, arc = whole.longest_gap_arc
        sentences.append(
            f"Longest: {seconds_text(whole.longest_gap_s)} s, "
            f"{content.arc_title(launch, aim, arc)}."
        )
    blind = total - whole.first_radar.counts[1]
    sentences.append(
        f"No radar ever sees {blind:,} of them."
        if blind
        else "A radar sees each of them at some time."
    )
    return Point(number=4, heading="What nobody sees", sentences=tuple(sentences))


def _hypothetical(content: ReportContent) -> Point:
    arcs = content.tables["arcs"]
    is_within = published_mask(arcs)
    beyond = arcs.num_rows - int(is_within.sum())
    heading = "Hypothetical arcs"
    column = published_column(arcs)
    if column is None:
        return Point(
            number=5,
            heading=heading,
            sentences=("None: no published range applies to this scenario.",),
        )
    if not beyond:
        return Point(
            number=5,
            heading=heading,
            sentences=(f"None: every arc lies within the range published in {column[1]}.",),
        )
    aims = np.array(words(arcs, "aim_point"))
    never = [name for name in distinct(arcs, "aim_point") if not is_within[aims == name].any()]
    some = [
        name
        for name in distinct(arcs, "aim_point")
        if name not in never and not is_within[aims == name].all()
    ]
    sentence = (
        f"{beyond:,} of {arcs.num_rows:,} lie beyond the range published for "
        f"{content.vehicle_title} in {column[1]}"
    )
    sentence += ", and are left out of the table." if is_within.any() else "; the table shows them."
    parts = [sentence]
    if never:
        parts.append(f"Every arc to {_listed(content, never)}.")
    if some:
        parts.append(f"Some to {_listed(content, some)}.")
    return Point(number=5, heading=heading, sentences=tuple(parts))


def _listed(content: ReportContent, names: list[str]) -> str:
    shown = [content.place(name) for name in names[:6]]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(shown) + more


def _assumptions(content: ReportContent) -> Point:
    heading = "Assumptions that move the answer most"
    table = table_of(content.tables, "sensitivity")
    if table is None:
        return Point(number=6, heading=heading, sentences=("Not computed for this scenario.",))
    swing_s = np.nan_to_num(numbers(table, "swing_s"), nan=-1.0)
    names, units, figures = (words(table, name) for name in ("assumption", "unit", "figure"))
    low, high = numbers(table, "low"), numbers(table, "high")
    shown: dict[str, str] = {}
    for row in np.argsort(-swing_s, kind="stable").tolist():
        if names[row] not in shown and len(shown) < 3:
            shown[names[row]] = (
                f"{names[row]} ({low[row]:,g} to {high[row]:,g} {units[row]}): moves "
                f"{figures[row]} by {swing_s[row]:,.0f} s"
            )
    return Point(number=6, heading=heading, sentences=tuple(shown.values()))


def _date(content: ReportContent) -> Point:
    listed = statuses(content, content.laydown(content.everything))
    sentence = f"As on {date_text(content)}."
    if listed:
        return Point(
            number=7,
            heading="Date of the laydowns",
            sentences=(sentence, f"Not in service then: {'; '.join(listed)}."),
        )
    return Point(
        number=7,
        heading="Date of the laydowns",
        sentences=(sentence, "All sensors were in service then."),
    )


def _arcs_meant(content: ReportContent) -> str:
    column = published_column(content.tables["arcs"])
    mask = published_mask(content.tables["arcs"])
    if column is None or mask.all():
        return "all arcs"
    if not mask.any():
        return "all arcs, every one hypothetical"
    return f"arcs within the published range of {column[1]}"


def status_of(content: ReportContent, sensor: str) -> str:
    """Return a sensor's status on the date."""
    row = matching(content.tables["sensors"], sensor=sensor)
    return words(row, "status_on_date")[0] if row.num_rows else ""
