"""Which conclusions hold over the assumed intervals, and which change between their ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from commonwatch.report.columns import matching, numbers, table_of, words
from commonwatch.report.content import ReportContent
from commonwatch.report.estimates import (
    CROSS_SECTION_RUN,
    PUBLISHED_RUN,
    Estimate,
    LaydownFigures,
    headline_rows,
    laydown_figures,
)

_LEAST_S = 0.5
"""Less than this is shown as 0 and counts as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """A statement and what it becomes with every interval at its low, nominal and high end.

    `cross_section` is the nominal case of the cross-section run, empty where there is none.
    """

    statement: str
    answers: tuple[str, str, str]
    cross_section: str = ""

    @property
    def changes(self) -> bool:
        """Whether the three cases disagree."""
        return len(set(self.answers)) > 1

    @property
    def changes_by_run(self) -> bool:
        """Whether the cross-section run disagrees with the nominal case."""
        return bool(self.cross_section) and self.cross_section != self.answers[1]


def conclusions(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[Conclusion, ...]:
    """Return every conclusion the first screen rests on, with its answer in each case."""
    rows = headline_rows(content, run=CROSS_SECTION_RUN)
    other = (
        {name: laydown_figures(content, rows, name) for name in figures} if rows.num_rows else {}
    )
    found: list[Conclusion] = []
    if len(figures) > 2:
        found.append(_best(content, figures, other))
    for laydown in content.laydowns:
        mine, theirs = figures[laydown.name], other.get(laydown.name)
        for words_of_it, figure in _MAJORITIES:
            found.append(
                Conclusion(
                    statement=f"{laydown.title}: {words_of_it}",
                    answers=_each([_majority(figure(mine), case) for case in range(3)]),
                    cross_section=_majority(figure(theirs), 1) if theirs else "",
                )
            )
    return (*found, *_marginals(content, titles))


_MAJORITIES: tuple[tuple[str, Callable[[LaydownFigures], Estimate]], ...] = (
    ("radar sees at least half of the arcs", lambda figures: figures.first_radar),
    ("impact area known on at least half of the arcs", lambda figures: figures.impact_area),
)


def _majority(estimate: Estimate, case: int) -> str:
    return "yes" if 2 * estimate.counts[case] >= estimate.arc_count else "no"


def _each(answers: Sequence[str]) -> tuple[str, str, str]:
    low, nominal, high = answers
    return low, nominal, high


def _best(
    content: ReportContent,
    figures: Mapping[str, LaydownFigures],
    other: Mapping[str, LaydownFigures],
) -> Conclusion:
    def longest(among: Mapping[str, LaydownFigures], case: int) -> str:
        names = [name for name in among if name not in {content.baseline, content.everything}]
        best = max(
            names,
            key=lambda name: (
                among[name].radar_track.seconds[case],
                among[name].first_radar.counts[case],
            ),
        )
        return content.laydown(best).title

    return Conclusion(
        statement="The addition with the longest radar track",
        answers=_each([longest(figures, case) for case in range(3)]),
        cross_section=longest(other, 1) if other else "",
    )


def _marginals(content: ReportContent, titles: Mapping[str, str]) -> list[Conclusion]:
    """Say for each sensor whether it adds any radar track to all the others."""
    table = table_of(content.tables, "value")
    if table is None:
        return []
    run = {"figure": "radar track", "arcs": "published range"}
    chosen = matching(table, run=PUBLISHED_RUN, with_satellites=True, **run)
    other = matching(table, run=CROSS_SECTION_RUN, with_satellites=True, **run)
    crossed = dict(zip(words(other, "sensor"), numbers(other, "nominal_s"), strict=True))
    found = []
    columns = [numbers(chosen, name) for name in ("low_s", "nominal_s", "high_s")]
    for row, sensor in enumerate(words(chosen, "sensor")):
        values = [float(column[row]) for column in columns]
        if max(values) < _LEAST_S:
            continue
        found.append(
            Conclusion(
                statement=f"{titles.get(sensor, sensor)} adds radar track to all the others",
                answers=_each(["yes" if value >= _LEAST_S else "no" for value in values]),
                cross_section=(
                    ("yes" if crossed[sensor] >= _LEAST_S else "no") if sensor in crossed else ""
                ),
            )
        )
    return found
