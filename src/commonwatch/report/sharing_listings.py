"""Tables of sharing: one row for each laydown, level and centre; what the delays move."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Final

from commonwatch.report.content import ReportCentre, ReportLaydown, ReportLevel
from commonwatch.report.listings import Entry, Listing
from commonwatch.report.sharing_answers import change_text, count_text, delay_effects
from commonwatch.report.sharing_figures import Alarms, Flights, Gain, Sharing
from commonwatch.report.wording import capital, kilometres
from commonwatch.studies.score_intervals import Count
from commonwatch.studies.spread import Spread

_HEADS: Final = (
    "Laydown",
    "Sharing",
    "First detection",
    "First alert",
    "Confirmed",
    "Impact area below 100 km",
    "Warning left then",
    "Launch point off",
    "Longest track of all",
    "Missed",
    "False alerts",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """Warning left of one laydown at one level: median, its interval, on how many flights."""

    nominal: str
    interval: str
    count: str
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningGrid:
    """Warning left at one centre: laydowns down, levels across."""

    title: str
    levels: tuple[str, ...]
    rows: tuple[tuple[str, bool, tuple[GridCell, ...]], ...]


def warning_grid(sharing: Sharing, centre: ReportCentre) -> WarningGrid:
    """Return the warning left at a known impact area at one centre.

    Parameters
    ----------
    sharing
        Laydowns down, levels across.
    centre
        One of its centres.
    """
    content = sharing.content
    rows = []
    for laydown in content.laydowns:
        cells: list[GridCell] = []
        for level in content.levels:
            flights = sharing.flights(laydown.name, level.name, centre.name)
            cell = _grid_cell(flights)
            is_same = bool(cells) and (cell.nominal, cell.count) == (
                cells[-1].nominal,
                cells[-1].count,
            )
            cells.append(
                GridCell(
                    nominal=cell.nominal, interval=cell.interval, count=cell.count, is_same=is_same
                )
            )
        rows.append((laydown.title, laydown.name == content.baseline, tuple(cells)))
    return WarningGrid(
        title=capital(centre.title),
        levels=tuple(level.title for level in content.levels),
        rows=tuple(rows),
    )


def _grid_cell(flights: Flights) -> GridCell:
    left = flights.durations("warning_left_s")
    known = flights.counted("impact_area_s")
    if not len(flights):
        return GridCell(nominal="–", interval="", count="", is_same=False)
    low, high = (f"{value:,.0f}" for value in (left.median_low, left.median_high))
    return GridCell(
        nominal=f"{left.median:,.0f} s" if known.count else "never",
        interval=f"[{low}, {high}]" if low != high else "",
        count=count_text(known),
        is_same=False,
    )


def sharing_listings(sharing: Sharing) -> list[Listing]:
    """Return one table a centre: every laydown and level, medians with intervals beneath."""
    return [
        Listing(
            caption=capital(centre.title),
            heads=_HEADS,
            rows=tuple(
                _row(sharing, laydown, level, centre, order=place)
                for place, laydown in enumerate(sharing.content.laydowns)
                for level in sharing.content.levels
            ),
        )
        for centre in sharing.content.centres
    ]


def _row(
    sharing: Sharing,
    laydown: ReportLaydown,
    level: ReportLevel,
    centre: ReportCentre,
    *,
    order: int,
) -> tuple[Entry, ...]:
    flights = sharing.flights(laydown.name, level.name, centre.name)
    alarms = sharing.alarms(laydown.name, level.name, centre.name)
    return (
        Entry(words=laydown.title, order=order),
        Entry(words=level.title),
        _instant(flights, "detection_s"),
        _instant(flights, "unconfirmed_s"),
        _instant(flights, "confirmed_s"),
        _instant(flights, "impact_area_s"),
        _duration(flights, "warning_left_s"),
        _length(flights, "launch_error_m"),
        _ratio(flights, "continuity_ratio"),
        _missed(flights),
        _false(alarms),
    )


def _instant(flights: Flights, name: str) -> Entry:
    spread, count = flights.instants(name), flights.counted(name)
    if not len(flights):
        return Entry(words="–", order=math.inf, is_number=True)
    words = f"T+{spread.median:,.0f} s" if math.isfinite(spread.median) else "never"
    beneath = _bracket(spread) if count.count else ""
    return Entry(
        words=words,
        beneath=f"{beneath} on {count_text(count)}".strip(),
        order=spread.median if math.isfinite(spread.median) else 1e9,
        is_number=True,
    )


def _duration(flights: Flights, name: str) -> Entry:
    if not len(flights):
        return Entry(words="–", order=-1.0, is_number=True)
    spread = flights.durations(name)
    nine = f"{spread.low:,.0f} to {spread.high:,.0f}"
    return Entry(
        words=f"{spread.median:,.0f} s",
        beneath=f"{_bracket(spread)} nine of ten: {nine}".strip(),
        order=spread.median,
        is_number=True,
    )


def _length(flights: Flights, name: str) -> Entry:
    spread = flights.among_known(name)
    if not spread.among:
        return Entry(words="–", order=1e9, is_number=True)
    return Entry(
        words=f"{kilometres(spread.median)} km",
        beneath=f"95 % below {kilometres(spread.high)} km",
        order=spread.median,
        is_number=True,
    )


def _ratio(flights: Flights, name: str) -> Entry:
    spread = flights.among_known(name)
    if not spread.among:
        return Entry(words="–", order=-1.0, is_number=True)
    return Entry(
        words=f"{100.0 * spread.median:.0f} %",
        beneath=f"of {flights.durations('tracked_s').median:,.0f} s under track",
        order=spread.median,
        is_number=True,
    )


def _missed(flights: Flights) -> Entry:
    if not len(flights):
        return Entry(words="–", order=-1.0, is_number=True)
    reasons = Counter(
        each.partition(": ")[2] for each in flights.outcome if each.startswith("missed")
    )
    beneath = "; ".join(f"{reason} {count}" for reason, count in reasons.most_common(2))
    cancelled = flights.cancelled
    if cancelled.count:
        beneath = "; ".join([*([beneath] if beneath else []), f"cancelled {cancelled.count}"])
    return Entry(
        words=count_text(flights.missed),
        beneath=beneath,
        order=flights.missed.count,
        is_number=True,
    )


def _false(alarms: Alarms) -> Entry:
    return Entry(
        words=_counted(alarms.false),
        beneath=f"confirmed {_counted(alarms.false_confirmed)}; of a flight again "
        f"{_counted(alarms.repeated)}"
        if alarms.alert_count
        else "",
        order=alarms.false.count,
        is_number=True,
    )


def _counted(count: Count) -> str:
    return count_text(count) if count.among else "no alert"


def _bracket(spread: Spread) -> str:
    low, high = (
        f"{value:,.0f}" if math.isfinite(value) else "never"
        for value in (spread.median_low, spread.median_high)
    )
    return f"[{low}, {high}]" if low != high else ""


def _moved(gain: Gain) -> Entry:
    words, bracket = change_text(gain)
    return Entry(words=words, beneath=bracket, order=gain.mean_s, is_number=True)


def aim_point_listing(sharing: Sharing, laydown: str) -> Listing:
    """Return the warning left at each aim point, by centre and level, in one laydown.

    Parameters
    ----------
    sharing
        Its centres and levels.
    laydown
        Its name.
    """
    content = sharing.content
    first = sharing.flights(laydown, content.levels[0].name, content.centres[0].name)
    rows = []
    for place, aim in enumerate(dict.fromkeys(first.aim_point)):
        for centre in content.centres:
            cells = [
                _left(sharing.flights(laydown, level.name, centre.name).to(aim))
                for level in content.levels
            ]
            title = content.place(aim) if aim else "where it comes down"
            rows.append(
                (Entry(words=title, order=place), Entry(words=capital(centre.title)), *cells)
            )
    return Listing(
        caption=f"{content.laydown(laydown).title}: warning left at each aim point when the impact "
        "area is known",
        heads=("Aim point", "Centre", *(capital(level.title) for level in content.levels)),
        rows=tuple(rows),
    )


def _left(flights: Flights) -> Entry:
    left, known = flights.durations("warning_left_s"), flights.counted("impact_area_s")
    if not known.count:
        return Entry(words="never", beneath=count_text(known), order=-1.0, is_number=True)
    return Entry(
        words=f"{left.median:,.0f} s",
        beneath=f"{_bracket(left)} on {count_text(known)}".strip(),
        order=left.median,
        is_number=True,
    )


def delay_listing(sharing: Sharing) -> Listing | None:
    """Return what each delay moves where; None where none was moved."""
    effects = delay_effects(sharing)
    if not effects:
        return None
    content = sharing.content
    levels = {level.name: level.title for level in content.levels}
    return Listing(
        caption="One delay at a time at the ends of its interval, compared with all drawn: mean "
        "change of the warning left when the impact area is known",
        heads=(
            "Delay",
            "Interval",
            "Laydown",
            "Sharing",
            "Centre",
            "At the low end",
            "At the high",
        ),
        rows=tuple(
            (
                Entry(words=capital(one.delay.title)),
                Entry(
                    words=f"{one.delay.low_s:g} to {one.delay.high_s:g} s",
                    beneath=f"nominal {one.delay.nominal_s:g}",
                    order=one.delay.nominal_s,
                    is_number=True,
                ),
                Entry(words=content.laydown(one.laydown).title),
                Entry(words=levels.get(one.level, one.level)),
                Entry(words=capital(one.centre.title)),
                _moved(one.at_low),
                _moved(one.at_high),
            )
            for one in effects
        ),
    )
