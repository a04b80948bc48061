"""Which conclusions hold over the assumed intervals, and which change between their ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from commonwatch.report.columns import matching, numbers, table_of, words
from commonwatch.report.content import ReportContent
from commonwatch.report.estimates import (
    CASES,
    LEAST_S,
    NOMINAL,
    Combination,
    Estimate,
    LaydownFigures,
    headline_rows,
    laydown_figures,
)
from commonwatch.studies.marginal import RADAR_TRACK
from commonwatch.studies.runs import CROSS_SECTION, PUBLISHED_RANGE

Answers = Mapping[Combination, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """A statement and what it becomes at the ends of the intervals.

    Parameters
    ----------
    statement
        What is concluded.
    answers
        With every sensor's figures at their low, nominal and high end, burn time nominal.
    by_burn_time
        With other burn times, where the answer differs from the one in the same case: in words.
    has_burn_times
        Whether other burn times were flown for it.
    cross_section
        All nominal, in the cross-section run; empty where there is none.
    """

    statement: str
    answers: tuple[str, str, str]
    by_burn_time: tuple[str, ...] = ()
    has_burn_times: bool = False
    cross_section: str = ""

    @property
    def changes_by_sensors(self) -> bool:
        """Whether the three cases disagree."""
        return len(set(self.answers)) > 1

    @property
    def changes_by_run(self) -> bool:
        """Whether the cross-section run disagrees with the nominal case."""
        return bool(self.cross_section) and self.cross_section != self.answers[1]

    @property
    def is_open(self) -> bool:
        """Whether anything changes it."""
        return self.changes_by_sensors or bool(self.by_burn_time) or self.changes_by_run

    @property
    def variation(self) -> str:
        """The nominal answer, and what changes it to what."""
        low, nominal, high = self.answers
        parts = [nominal]
        parts += [
            f"{case} {answer}"
            for case, answer in (("low", low), ("high", high))
            if answer != nominal
        ]
        parts += self.by_burn_time
        if self.changes_by_run:
            parts.append(f"by cross-section {self.cross_section}")
        return "; ".join(parts)


def conclusions(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[Conclusion, ...]:
    """Return every conclusion the first screen rests on, with its answer in each case.

    Parameters
    ----------
    content
        What the report is made from.
    figures
        Of every laydown, by its name.
    titles
        Of every sensor, for people.
    """
    rows = headline_rows(content, run=CROSS_SECTION)
    other = (
        {name: laydown_figures(content, rows, name) for name in figures} if rows.num_rows else {}
    )
    found: list[Conclusion] = []
    if len(figures) > 2:
        found.append(_best(content, figures, other))
    arc_count = figures[content.baseline].first_sight.arc_count
    what = "the flight" if arc_count == 1 else "at least half of the arcs"
    majorities: list[tuple[str, Callable[[LaydownFigures], Estimate]]] = [
        (f"a radar sees {what}", lambda figures: figures.first_radar)
    ]
    if not content.impact_areas_left_out:
        majorities.append((f"impact area known for {what}", lambda figures: figures.impact_area))
    for laydown in content.laydowns:
        mine, theirs = figures[laydown.name], other.get(laydown.name)
        for words_of_it, figure in majorities:
            estimate = figure(mine)
            found.append(
                conclusion(
                    f"{laydown.heading} {words_of_it}",
                    {key: _majority(estimate, key) for key in estimate.counts},
                    cross_section=_majority(figure(theirs), (NOMINAL, NOMINAL)) if theirs else "",
                )
            )
    return (*found, *_marginals(content, titles))


def conclusion(statement: str, answers: Answers, *, cross_section: str = "") -> Conclusion:
    """Return a conclusion from its answer in every combination.

    Parameters
    ----------
    statement
        In words.
    answers
        By case and end of the burn time; the nominal burn time has all three cases.
    cross_section
        Its answer in the cross-section run; empty where there is none.
    """
    low, nominal, high = (answers[case, NOMINAL] for case in CASES)
    return Conclusion(
        statement=statement,
        answers=(low, nominal, high),
        by_burn_time=tuple(_differing(answers)),
        has_burn_times=any(end != NOMINAL for _, end in answers),
        cross_section=cross_section,
    )


def _differing(answers: Answers) -> Iterable[str]:
    """Say where another burn time changes an answer: with nominal sensors, else with any."""
    for end in ("low", "high"):
        cases = [case for case in (NOMINAL, "low", "high") if (case, end) in answers]
        for case in cases:
            if answers[case, end] != answers[case, NOMINAL]:
                sensors = "" if case == NOMINAL else f", {case} sensors"
                yield f"{_BURNS[end]}{sensors} {answers[case, end]}"
                break


_BURNS = {"low": "short burn", "high": "long burn"}


def _majority(estimate: Estimate, key: Combination) -> str:
    return "yes" if 2 * estimate.counts[key] >= estimate.arc_count else "no"


def _best(
    content: ReportContent,
    figures: Mapping[str, LaydownFigures],
    other: Mapping[str, LaydownFigures],
) -> Conclusion:
    names = [name for name in figures if name not in {content.baseline, content.everything}]

    def longest(among: Mapping[str, LaydownFigures], key: Combination) -> str:
        best = max(
            names,
            key=lambda name: (
                among[name].radar_track.seconds[key],
                among[name].first_radar.counts[key],
            ),
        )
        return content.laydown(best).title

    combinations = figures[content.baseline].radar_track.seconds
    return conclusion(
        "The addition with the longest time under radar",
        {key: longest(figures, key) for key in combinations},
        cross_section=longest(other, (NOMINAL, NOMINAL)) if other else "",
    )


def _marginals(content: ReportContent, titles: Mapping[str, str]) -> list[Conclusion]:
    """Say for each sensor whether it adds any time under radar to all the others."""
    table = table_of(content.tables, "value")
    if table is None:
        return []
    shown = matching(table, figure=RADAR_TRACK, with_satellites=True)
    published = matching(shown, arcs="published range")
    if published.num_rows and content.published_ground_range_m:
        shown = published
    else:
        shown = matching(shown, arcs="all")
    chosen = matching(shown, run=PUBLISHED_RANGE)
    other = matching(shown, run=CROSS_SECTION)
    crossed = dict(zip(words(other, "sensor"), numbers(other, "nominal_s"), strict=True))
    found = []
    columns = [numbers(chosen, name) for name in ("low_s", "nominal_s", "high_s")]
    for row, sensor in enumerate(words(chosen, "sensor")):
        values = [float(column[row]) for column in columns]
        if max(values) < LEAST_S:
            continue
        pairs = zip(CASES, values, strict=True)
        found.append(
            conclusion(
                f"{titles.get(sensor, sensor)} adds time under radar to all the others",
                {(case, NOMINAL): _adds(value) for case, value in pairs},
                cross_section=_adds(crossed[sensor]) if sensor in crossed else "",
            )
        )
    return found


def _adds(value_s: float) -> str:
    return "yes" if value_s >= LEAST_S else "no"
