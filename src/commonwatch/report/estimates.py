"""The figures of the first screen: what happens on at least half of the arcs, in each case.

An arc on which something never happens counts as later than any other, and as zero seconds of
track. So a sensor that is added can never make a figure worse, which a median over the arcs seen
alone would not promise.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.report.columns import among, arc_keys, matching, numbers, published_mask, words
from commonwatch.report.content import ReportContent

F64 = npt.NDArray[np.float64]

CASES: Final = ("low", "nominal", "high")
PUBLISHED_RUN: Final = "published-range"
CROSS_SECTION_RUN: Final = "cross-section"
EVENTS: Final = ("first_sight_s", "first_radar_s", "impact_area_s")
DURATIONS: Final = ("radar_track_s", "warning_left_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One figure in the low, nominal and high case, and on how many arcs it happens at all.

    Seconds; infinite where it never happens on at least half of the arcs.
    """

    seconds: tuple[float, float, float]
    counts: tuple[int, int, int]
    arc_count: int
    sensor: str = ""
    sensor_count: int = 0

    @property
    def nominal_s(self) -> float:
        """The nominal case."""
        return self.seconds[1]

    @property
    def interval_s(self) -> tuple[float, float]:
        """The least and the greatest of the three cases."""
        return min(self.seconds), max(self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaydownFigures:
    """All figures of one laydown."""

    laydown: str
    first_sight: Estimate
    first_radar: Estimate
    radar_track: Estimate
    impact_area: Estimate
    warning_left: Estimate
    gap_counts: tuple[int, int, int]
    longest_gap_s: float
    longest_gap_arc: tuple[str, str, str]


def headline_keys(content: ReportContent) -> Any:
    """Return the keys of the arcs that count: within the published range, or all where none is."""
    arcs = content.tables["arcs"]
    mask = published_mask(arcs)
    keys = arc_keys(arcs)
    return (keys.filter(pa.array(mask)) if mask.any() else keys).combine_chunks()


def headline_rows(
    content: ReportContent, *, run: str = PUBLISHED_RUN, with_satellites: bool = True
) -> pa.Table:
    """Return the rows of `knowledge` on the arcs that count."""
    chosen = matching(content.tables["knowledge"], run=run, with_satellites=with_satellites)
    return among(chosen, headline_keys(content))


def laydown_figures(content: ReportContent, rows: pa.Table, laydown: str) -> LaydownFigures:
    """Return the figures of one laydown from the rows of `headline_rows`."""
    cases = tuple(matching(rows, laydown=laydown, case=case) for case in CASES)
    gaps = [np.nan_to_num(numbers(case, "longest_gap_s")) for case in cases]
    worst = int(np.argmax(gaps[1])) if len(gaps[1]) else -1
    arc: tuple[str, str, str] = ("", "", "")
    if worst >= 0:
        row = cases[1].slice(worst, 1)
        arc = (words(row, "launch")[0], words(row, "aim_point")[0], words(row, "arc")[0])
    low, nominal, high = (int(np.sum(gap >= content.gap_s)) for gap in gaps)
    return LaydownFigures(
        laydown=laydown,
        first_sight=estimate(cases, "first_sight_s", sensor_column="first_sight_sensor"),
        first_radar=estimate(cases, "first_radar_s", sensor_column="first_radar_sensor"),
        radar_track=estimate(cases, "radar_track_s"),
        impact_area=estimate(cases, "impact_area_s"),
        warning_left=estimate(cases, "warning_left_s"),
        gap_counts=(low, nominal, high),
        longest_gap_s=float(gaps[1][worst]) if worst >= 0 else math.nan,
        longest_gap_arc=arc,
    )


def estimate(cases: tuple[pa.Table, ...], column: str, *, sensor_column: str = "") -> Estimate:
    """Return one figure over the three cases.

    Parameters
    ----------
    cases
        Rows of `knowledge` for low, nominal and high, one per arc.
    column
        An event (seconds from lift-off, empty for never) or a duration (empty for none).
    sensor_column
        The column that names the sensor; the one named on most arcs is kept.
    """
    half = half_for_at_least if column in DURATIONS else half_by
    values = [numbers(case, column) for case in cases]
    low, nominal, high = (half(value) for value in values)
    few, some, many = (_count(value, column) for value in values)
    sensor, sensor_count = "", 0
    if sensor_column:
        named = Counter(word for word in words(cases[1], sensor_column) if word)
        if named:
            sensor, sensor_count = min(named.items(), key=lambda item: (-item[1], item[0]))
    return Estimate(
        seconds=(low, nominal, high),
        counts=(few, some, many),
        arc_count=cases[1].num_rows,
        sensor=sensor,
        sensor_count=sensor_count,
    )


def half_by(times_s: F64) -> float:
    """Return the earliest instant by which at least half of the arcs have had the event."""
    if not len(times_s):
        return math.inf
    return float(np.sort(np.where(np.isnan(times_s), np.inf, times_s))[(len(times_s) - 1) // 2])


def half_for_at_least(durations_s: F64) -> float:
    """Return the longest duration that at least half of the arcs reach."""
    if not len(durations_s):
        return 0.0
    return float(np.sort(np.nan_to_num(durations_s))[::-1][(len(durations_s) - 1) // 2])


def seconds_text(value: float) -> str:
    """Write seconds for people: whole, with a comma at thousands, or "never"."""
    return "never" if not math.isfinite(value) else f"{value:,.0f}"


def after_launch_text(value: float) -> str:
    """Write an instant after lift-off for people."""
    return "never" if not math.isfinite(value) else f"T+{value:,.0f} s"


def interval_text(interval_s: tuple[float, float]) -> str:
    """Write an interval of seconds for people."""
    return f"[{seconds_text(interval_s[0])}, {seconds_text(interval_s[1])}]"


def _count(values: F64, column: str) -> int:
    happens = values > 0 if column in DURATIONS else np.isfinite(values)
    return int(np.sum(happens))
