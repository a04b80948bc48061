"""The figures of the first screen: what happens on at least half of the arcs, in each case.

An arc on which something never happens counts as later than any other, and as zero seconds of
track, and one that nobody sees is a gap from lift-off to its end. So a sensor that is added can
never make a figure worse, which a median over the arcs seen alone would not promise.

A figure's interval spans every combination of sensors' case and burn time that was flown. An arc
that cannot be flown with one end of the burn time keeps its nominal flight there, so that every
combination speaks of the same arcs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from commonwatch.report.columns import (
    among,
    arc_keys,
    distinct,
    matching,
    numbers,
    published_mask,
    words,
)
from commonwatch.report.content import ReportContent
from commonwatch.scenario.figures import Case
from commonwatch.studies.marginal import FIRST_SIGHT, IMPACT_AREA, RADAR_TRACK
from commonwatch.studies.runs import PUBLISHED_RANGE

F64 = npt.NDArray[np.float64]

CASES: Final = tuple(str(case) for case in Case)
NOMINAL: Final = str(Case.NOMINAL)
DURATIONS: Final = ("stereo_s", "radar_track_s", "warning_left_s")
LENGTHS: Final = (
    "one_line_half_axis_m",
    "one_line_flown_m",
    "stereo_half_axis_m",
    "stereo_flown_m",
)
"""How well satellites know the place below a launch, and the ground flown by then."""
LEAST_S: Final = 0.5
"""Less than this is shown as 0 and counts as nothing."""

SPANNED: Final = (
    "range, elevation limits, cloud break, first look, accuracy and whatever else lets sensors see "
    "less or more"
)
"""What the bracket of a figure spans by the sensors' cases."""
SPANNED_BURN: Final = "burn time and burn-out altitude"
NOT_SPANNED: Final = (
    "azimuth, ground range and apogee of published flights, satellite slots and orbit phase"
)
"""Open figures that no bracket spans; they are moved one at a time."""

Combination = tuple[str, str]
"""Case of the sensors, end of the burn time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One figure in every combination, and on how many arcs it happens at all.

    Seconds; infinite where it never happens on at least half of the arcs.
    """

    seconds: Mapping[Combination, float]
    counts: Mapping[Combination, int]
    arc_count: int
    sensor: str = ""
    sensor_count: int = 0

    @property
    def nominal_s(self) -> float:
        """All nominal."""
        return self.seconds[NOMINAL, NOMINAL]

    @property
    def interval_s(self) -> tuple[float, float]:
        """The least and the greatest over all combinations."""
        return min(self.seconds.values()), max(self.seconds.values())

    @property
    def count(self) -> int:
        """On how many arcs it happens, all nominal."""
        return self.counts[NOMINAL, NOMINAL]

    @property
    def count_interval(self) -> tuple[int, int]:
        """The fewest and the most over all combinations."""
        return min(self.counts.values()), max(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """One length in every combination: what it is at most on half of the arcs.

    Metres; infinite where fewer than half of the arcs have it.
    """

    metres: Mapping[Combination, float]

    @property
    def nominal_m(self) -> float:
        """All nominal."""
        return self.metres[NOMINAL, NOMINAL]

    @property
    def interval_m(self) -> tuple[float, float]:
        """The least and the greatest over all combinations."""
        return min(self.metres.values()), max(self.metres.values())

    @property
    def text(self) -> str:
        """Kilometres for people, with the interval where its ends read differently."""
        low, nominal, high = (
            _kilometres(each) for each in sorted((*self.interval_m, self.nominal_m))
        )
        return f"{nominal} km" + (f" [{low}, {high}]" if low != high else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaydownFigures:
    """All figures of one laydown; `gaps_by_launch` are arcs with a gap, and all, nominal.

    `lengths` are by the names of `LENGTHS`.
    """

    laydown: str
    first_sight: Estimate
    first_stereo: Estimate
    stereo: Estimate
    lengths: Mapping[str, Length]
    first_radar: Estimate
    radar_track: Estimate
    impact_area: Estimate
    warning_left: Estimate
    gap_counts: Mapping[Combination, int]
    longest_gaps_s: Mapping[Combination, float]
    longest_gap_arc: tuple[str, str, str]
    gaps_by_launch: Mapping[str, tuple[int, int]]

    @property
    def gap_count(self) -> int:
        """How many arcs have a gap, all nominal."""
        return self.gap_counts[NOMINAL, NOMINAL]

    @property
    def gap_interval(self) -> tuple[int, int]:
        """The fewest and the most over all combinations."""
        return min(self.gap_counts.values()), max(self.gap_counts.values())

    def bracket_width_s(self, figure: str) -> float:
        """Return how wide the bracket is that goes with a figure of value; nan where never."""
        least, greatest = {
            FIRST_SIGHT: self.first_sight,
            RADAR_TRACK: self.radar_track,
            IMPACT_AREA: self.warning_left,
        }[figure].interval_s
        return greatest - least if math.isfinite(greatest) else math.nan

    @property
    def longest_gap_s(self) -> float:
        """The longest unseen stretch after first sight of any arc, all nominal; 0 for none.

        Of an arc that nobody sees the whole flight.
        """
        return self.longest_gaps_s[NOMINAL, NOMINAL]

    @property
    def longest_gap_interval_s(self) -> tuple[float, float]:
        """The least and the greatest over all combinations."""
        return min(self.longest_gaps_s.values()), max(self.longest_gaps_s.values())


def headline_mask(content: ReportContent) -> npt.NDArray[np.bool_]:
    """Return True for each arc that counts: within the published range, or all where none is.

    A flight that took place has no published range. So all count, too, where nothing else that
    flies has one.
    """
    mask = published_mask(content.tables["arcs"])
    return mask if mask.any() and content.published_ground_range_m else np.ones_like(mask)


def headline_keys(content: ReportContent) -> Any:
    """Return the keys of the arcs that count."""
    keys = arc_keys(content.tables["arcs"])
    return keys.filter(pa.array(headline_mask(content))).combine_chunks()


def headline_rows(
    content: ReportContent, *, run: str = PUBLISHED_RANGE, with_satellites: bool = True
) -> pa.Table:
    """Return the rows of `knowledge` on the arcs that count.

    Parameters
    ----------
    content
        What the report is made from.
    run
        Published range, or by cross-section.
    with_satellites
        Whether satellites are counted.
    """
    chosen = matching(content.tables["knowledge"], run=run, with_satellites=with_satellites)
    return among(chosen, headline_keys(content))


def combinations(rows: pa.Table, laydown: str) -> dict[Combination, pa.Table]:
    """Return the rows of one laydown for each combination, one row for each arc.

    Parameters
    ----------
    rows
        From `headline_rows`.
    laydown
        Its name.
    """
    own = matching(rows, laydown=laydown)
    flown = set(distinct(own, "burn_time"))
    found: dict[Combination, pa.Table] = {}
    for case in CASES:
        nominal = matching(own, case=case, burn_time=NOMINAL)
        found[case, NOMINAL] = nominal
        for end in sorted(flown - {NOMINAL}):
            found[case, end] = _completed(matching(own, case=case, burn_time=end), nominal)
    return found


def _completed(rows: pa.Table, nominal: pa.Table) -> pa.Table:
    """Return one row for each arc of `nominal`: its own where there is one, else the nominal."""
    keys = arc_keys(rows).combine_chunks()
    kept = among(rows, arc_keys(nominal).combine_chunks())
    is_absent: Any = pc.invert(pc.is_in(arc_keys(nominal), value_set=keys))
    return pa.concat_tables([kept, nominal.filter(is_absent)])


def laydown_figures(content: ReportContent, rows: pa.Table, laydown: str) -> LaydownFigures:
    """Return the figures of one laydown from the rows of `headline_rows`.

    Parameters
    ----------
    content
        What the report is made from.
    rows
        Of every laydown and case.
    laydown
        Its name.
    """
    parts = combinations(rows, laydown)
    flight_s = flight_durations_s(content)
    gap_s = {key: _unseen_s(part, flight_s) for key, part in parts.items()}
    nominal = parts[NOMINAL, NOMINAL]
    gaps = gap_s[NOMINAL, NOMINAL]
    worst = int(np.argmax(gaps)) if len(gaps) else -1
    arc: tuple[str, str, str] = ("", "", "")
    if worst >= 0:
        row = nominal.slice(worst, 1)
        arc = (words(row, "launch")[0], words(row, "aim_point")[0], words(row, "arc")[0])
    return LaydownFigures(
        laydown=laydown,
        first_sight=estimate(parts, "first_sight_s", sensor_column="first_sight_sensor"),
        first_stereo=estimate(parts, "first_stereo_s"),
        stereo=estimate(parts, "stereo_s"),
        lengths={
            name: Length(metres={key: half_by(numbers(part, name)) for key, part in parts.items()})
            for name in LENGTHS
        },
        first_radar=estimate(parts, "first_radar_s", sensor_column="first_radar_sensor"),
        radar_track=estimate(parts, "radar_track_s"),
        impact_area=estimate(parts, "impact_area_s"),
        warning_left=estimate(parts, "warning_left_s"),
        gap_counts={key: int(np.sum(gap >= content.gap_s)) for key, gap in gap_s.items()},
        longest_gaps_s={key: float(gap.max(initial=0.0)) for key, gap in gap_s.items()},
        longest_gap_arc=arc,
        gaps_by_launch=_by_launch(words(nominal, "launch"), gaps >= content.gap_s),
    )


def flight_durations_s(content: ReportContent) -> dict[str, float]:
    """Return how long each arc flies, by its key: to impact, or as long as its path is known."""
    arcs = content.tables["arcs"]
    impact_s = numbers(arcs, "impact_s")
    ends = dict(zip(arc_keys(arcs).to_pylist(), impact_s.tolist(), strict=True))
    endless = arc_keys(arcs).filter(pa.array(np.isnan(impact_s))).combine_chunks()
    paths = among(content.tables["paths"], endless)
    for key, time_s in zip(arc_keys(paths).to_pylist(), numbers(paths, "time_s"), strict=True):
        ends[key] = float(np.fmax(ends[key], time_s))
    return ends


def _unseen_s(rows: pa.Table, flight_s: Mapping[str, float]) -> F64:
    """Return the longest unseen stretch of each arc; of one that nobody sees the whole flight."""
    known_s = np.nan_to_num(numbers(rows, "longest_gap_s"))
    whole_s = np.array([flight_s.get(key, 0.0) for key in arc_keys(rows).to_pylist()])
    return np.where(np.isfinite(numbers(rows, "first_sight_s")), known_s, whole_s)


def _by_launch(
    launches: Sequence[str], has_gap: npt.NDArray[np.bool_]
) -> dict[str, tuple[int, int]]:
    total = Counter(launches)
    with_gap = Counter(launch for launch, gap in zip(launches, has_gap, strict=True) if gap)
    return {launch: (with_gap[launch], count) for launch, count in total.items()}


def estimate(
    parts: Mapping[Combination, pa.Table], column: str, *, sensor_column: str = ""
) -> Estimate:
    """Return one figure over all combinations.

    Parameters
    ----------
    parts
        Rows of `knowledge` for each combination, one row for each arc.
    column
        An event (seconds from lift-off, empty for never) or a duration (empty for none).
    sensor_column
        The column that names the sensor, or several that see together; what is named on most arcs
        (all nominal) is kept.
    """
    half: Callable[[F64], float] = half_for_at_least if column in DURATIONS else half_by
    values = {key: numbers(part, column) for key, part in parts.items()}
    nominal = parts[NOMINAL, NOMINAL]
    sensor, sensor_count = "", 0
    if sensor_column:
        named = Counter(word for word in words(nominal, sensor_column) if word)
        if named:
            sensor, sensor_count = min(named.items(), key=lambda item: (-item[1], item[0]))
    return Estimate(
        seconds={key: half(value) for key, value in values.items()},
        counts={key: _count(value, column) for key, value in values.items()},
        arc_count=nominal.num_rows,
        sensor=sensor,
        sensor_count=sensor_count,
    )


def half_by(values: F64) -> float:
    """Return the least instant, or length, that at least half of the arcs do not exceed."""
    if not len(values):
        return math.inf
    return float(np.sort(np.where(np.isnan(values), np.inf, values))[(len(values) - 1) // 2])


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


def interval_text(interval_s: Sequence[float]) -> str:
    """Write an interval for people; nothing where both ends read the same."""
    low, high = (seconds_text(value) for value in interval_s)
    return f"[{low}, {high}]" if low != high else ""


def _kilometres(value_m: float) -> str:
    if not math.isfinite(value_m):
        return "none"
    return f"{value_m / 1e3:,.1f}" if value_m < 9_950.0 else f"{value_m / 1e3:,.0f}"


def _count(values: F64, column: str) -> int:
    happens = values > 0 if column in DURATIONS else np.isfinite(values)
    return int(np.sum(happens))
