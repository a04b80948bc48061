"""The first screen: the seven points, in numbers, with intervals, in plain words.

1 who first knows; 2 who first holds a radar track and for how long; 3 when the impact area is below
100 km; 4 what nobody sees; 5 which arcs are hypothetical; 6 the assumptions that move the answer
most; 7 the date of the laydowns. And which conclusions change between the ends of the intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from commonwatch.report.additions import radar_lead
from commonwatch.report.answers import Point, answers
from commonwatch.report.asides import asides
from commonwatch.report.columns import published_column, published_mask
from commonwatch.report.conclusions import Conclusion, conclusions
from commonwatch.report.content import ReportContent, ReportLaydown
from commonwatch.report.estimates import (
    NOT_SPANNED,
    SPANNED,
    SPANNED_BURN,
    Estimate,
    LaydownFigures,
    after_launch_text,
    headline_mask,
    headline_rows,
    interval_text,
    laydown_figures,
    seconds_text,
)
from commonwatch.report.wording import (
    Standing,
    arcs_text,
    brief,
    count_interval,
    interval_of_counts,
    joined,
    not_in_service,
    sensor_titles,
    titles_standing,
    together,
)

OPEN_SHOWN_MAX: Final = 4
_NOTE_LENGTH: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure as shown: the nominal value, its interval, and beneath how many arcs and who.

    `who` names all sensors where `note` has no room for them.
    """

    nominal: str
    interval: str = ""
    count: str = ""
    note: str = ""
    who: str = ""
    is_alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRow:
    """One laydown as shown: its name, and which of its sensors were not in service, or offered."""

    title: str
    status: str
    is_offered_only: bool
    cells: tuple[Cell, ...]
    is_baseline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstScreen:
    """What a reader sees before scrolling."""

    answers: tuple[Point, ...]
    rows: tuple[ScreenRow, ...]
    asides: tuple[Point, ...]
    conclusions: tuple[Conclusion, ...]
    figures: Mapping[str, LaydownFigures]
    arc_count: int
    arcs_meant: str
    delays: str
    not_flown: str

    @property
    def has_burn_times(self) -> bool:
        """Whether intervals span other burn times too."""
        return any(one.has_burn_times for one in self.conclusions)

    @property
    def open_conclusions(self) -> tuple[Conclusion, ...]:
        """The conclusions that something changes."""
        return tuple(one for one in self.conclusions if one.is_open)


def first_screen(content: ReportContent) -> FirstScreen:
    """Return the first screen from the tables of a run."""
    rows = headline_rows(content)
    figures = {
        laydown.name: laydown_figures(content, rows, laydown.name) for laydown in content.laydowns
    }
    titles = sensor_titles(content)
    return FirstScreen(
        answers=answers(content, figures, titles),
        rows=tuple(
            _row(content, laydown, figures[laydown.name], titles) for laydown in content.laydowns
        ),
        asides=asides(content, figures, titles),
        conclusions=conclusions(content, figures, titles),
        arc_count=figures[content.baseline].first_sight.arc_count,
        figures=figures,
        arcs_meant=_arcs_meant(content),
        delays=_delays(content, figures),
        not_flown=_not_flown(content),
    )


def _row(
    content: ReportContent,
    laydown: ReportLaydown,
    figures: LaydownFigures,
    titles: Mapping[str, str],
) -> ScreenRow:
    is_left_out = bool(content.impact_areas_left_out)
    unknown = Cell(nominal="–", note="not computed")
    return ScreenRow(
        title=laydown.title,
        status=_status(content, laydown),
        is_offered_only=not not_in_service(content, laydown),
        cells=(
            _event_cell(figures.first_sight, titles),
            _event_cell(figures.first_radar, titles),
            _duration_cell(figures.radar_track),
            unknown if is_left_out else _event_cell(figures.impact_area, titles),
            unknown if is_left_out else _duration_cell(figures.warning_left),
            _gap_cell(content, figures),
        ),
        is_baseline=laydown.name == content.baseline,
    )


def _status(content: ReportContent, laydown: ReportLaydown) -> str:
    absent = not_in_service(content, laydown)
    offered = titles_standing(content, laydown, Standing.OFFERED)
    count = sum(len(names) for names in absent.values())
    if count + len(offered) > 2:
        out = [f"{count} not in service"] if count else []
        return ", ".join([*out, *([f"{len(offered)} offered"] if offered else [])])
    groups = absent | ({str(Standing.OFFERED): offered} if offered else {})
    return "; ".join(
        f"{joined([brief(name) for name in names])}: {status}" for status, names in groups.items()
    )


def brackets_text(screen: FirstScreen, *, is_moved: bool, is_brief: bool = False) -> str:
    """Say what the brackets span, and what they leave out.

    Parameters
    ----------
    screen
        The first screen.
    is_moved
        Whether open figures were moved one at a time.
    is_brief
        Whether to leave out which figures no bracket spans.
    """
    burn = f", and {SPANNED_BURN}" if screen.has_burn_times else ""
    rest = "moved one at a time in the table of assumptions" if is_moved else "nominal throughout"
    others = "other open figures" + ("" if is_brief else f" ({NOT_SPANNED})")
    return f"Brackets span {SPANNED}{burn}; {others} are {rest}."


def _delays(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> str:
    lead = radar_lead(content, figures)
    long = "".join(
        f" ({each.mark} {each.low_s:g} to {each.high_s:g} s)"
        for each in content.delays
        if each.name == "sensor"
    )
    return (
        f"Times are first sight by a sensor; delays from sensor to centre{long} and decision "
        f"delays are not included{lead and f', although {lead}'}."
    )


def _event_cell(estimate: Estimate, titles: Mapping[str, str]) -> Cell:
    who = brief(together(titles, estimate.sensor))
    is_short = ", " not in estimate.sensor or len(who) <= _NOTE_LENGTH
    return Cell(
        nominal=after_launch_text(estimate.nominal_s),
        interval=interval_text(estimate.interval_s),
        count=_count(estimate),
        note=who if is_short else f"{estimate.sensor.count(', ') + 1} together",
        who=who,
    )


def _count(estimate: Estimate) -> str:
    if estimate.arc_count == 1:
        return ""
    return f"{estimate.count:,} of {estimate.arc_count:,}{count_interval(estimate)}"


def _duration_cell(estimate: Estimate) -> Cell:
    return Cell(
        nominal=f"{seconds_text(estimate.nominal_s)} s", interval=interval_text(estimate.interval_s)
    )


def _gap_cell(content: ReportContent, figures: LaydownFigures) -> Cell:
    """Return how many arcs have a gap; of a single flight the longest unseen stretch."""
    arc_count = figures.first_sight.arc_count
    if arc_count == 1:
        return Cell(
            nominal=f"{seconds_text(figures.longest_gap_s)} s",
            interval=interval_text(figures.longest_gap_interval_s),
            is_alarm=figures.longest_gap_s >= content.gap_s,
        )
    return Cell(
        nominal=f"{figures.gap_count:,} of {arc_count:,}",
        interval=interval_of_counts(figures.gap_interval).strip(),
        is_alarm=figures.gap_count > 0,
    )


def _arcs_meant(content: ReportContent) -> str:
    arcs = content.tables["arcs"]
    if arcs.num_rows == 1:
        return "the flight"
    column = published_column(arcs)
    is_within, is_counted = published_mask(arcs), headline_mask(content)
    count = int(is_counted.sum())
    if column is None or is_within.all():
        return f"all {count:,} arcs"
    if is_counted.all():
        which = f"{count - int(is_within.sum()):,} of them" if is_within.any() else "every one"
        return f"all {count:,} arcs, {which} hypothetical"
    within = f"within the published range of {column[1]}"
    return f"the only arc {within}" if count == 1 else f"the {count:,} arcs {within}"


def _not_flown(content: ReportContent) -> str:
    """Say how many arcs could not be flown; nothing where none."""
    count = len(content.not_flown)
    return f"{arcs_text(count)} not flown" if count else ""
