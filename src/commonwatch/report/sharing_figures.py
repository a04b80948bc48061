"""The figures of sharing: what each centre knew, by laydown and level, over flights and seeds.

Only flights that count on the first screen do here: see `estimates.headline_keys`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.report.columns import among, instants, numbers, table_of, words
from commonwatch.report.content import ReportCentre, ReportContent
from commonwatch.report.estimates import headline_keys
from commonwatch.studies.known import CANCELLED, NONE_MOVED
from commonwatch.studies.score_intervals import Count, binomial_count
from commonwatch.studies.spread import Spread, spread_of_durations, spread_of_instants

F64 = npt.NDArray[np.float64]

MISSED: Final = "missed"
LEAST_GAIN_S: Final = 0.5
COLUMNS: Final = (
    "detection_s",
    "track_s",
    "unconfirmed_s",
    "single_kind_s",
    "confirmed_s",
    "impact_area_s",
    "warning_left_unconfirmed_s",
    "warning_left_confirmed_s",
    "warning_left_s",
    "tracked_s",
    "continuity_ratio",
    "launch_error_m",
    "launch_half_axis_m",
    "impact_error_m",
    "impact_half_axis_m",
    "flight_s",
)

World = tuple[str, str, str, str]
"""Laydown, level, which delay is moved, and whereto."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flights:
    """What one centre knew of each flight in the worlds of one kind, by seed, then by flight.

    Parameters
    ----------
    key
        Seed and number of each flight, shape (n, 2).
    columns
        Columns of `known` by name, not-a-number where empty, shape (n,).
    outcome
        What each flight ended as.
    aim_point
        Where to; empty where there is no aim point.
    """

    key: npt.NDArray[np.int64]
    columns: Mapping[str, F64]
    outcome: tuple[str, ...]
    aim_point: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.key)

    def to(self, aim_point: str) -> Flights:
        """Return the flights to one aim point."""
        rows = np.flatnonzero(np.array(self.aim_point, dtype=object) == aim_point)
        return _taken(self, rows)

    def instants(self, name: str) -> Spread:
        """Return the spread of an event."""
        return spread_of_instants(self.columns[name])

    def durations(self, name: str) -> Spread:
        """Return the spread of a duration."""
        return spread_of_durations(self.columns[name])

    def among_known(self, name: str) -> Spread:
        """Return the spread of a figure over the flights that have it."""
        values = self.columns[name]
        return spread_of_instants(values[np.isfinite(values)])

    def counted(self, name: str) -> Count:
        """Count the flights that have an event."""
        return binomial_count(int(np.isfinite(self.columns[name]).sum()), len(self))

    @property
    def missed(self) -> Count:
        """The flights of which no alert of the centre ever spoke."""
        count = sum(each.startswith(MISSED) for each in self.outcome)
        return binomial_count(count, len(self))

    @property
    def cancelled(self) -> Count:
        """The true flights whose alert was cancelled."""
        return binomial_count(sum(each == CANCELLED for each in self.outcome), len(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Alerts of one centre, over seeds: all, those of no flight, those of them confirmed.

    Repeated: beyond the first of a flight.
    """

    alert_count: int
    false: Count
    false_confirmed: Count
    repeated: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How much more warning one kind of world gives than another, flight by flight.

    Parameters
    ----------
    mean_s, low_s, high_s
        Mean over the flights, and its 95 % interval by the spread over the seeds' flights.
    more
        On how many flights it is more.
    """

    mean_s: float
    low_s: float
    high_s: float
    more: Count


class Sharing:
    """The tables `known` and `alert_counts` by world and centre.

    Parameters
    ----------
    content
        What the report is made from; it has levels.
    """

    def __init__(self, content: ReportContent) -> None:
        self.content = content
        known = table_of(content.tables, "known")
        counts = table_of(content.tables, "alert_counts")
        self._known = {} if known is None else _by_world(among(known, headline_keys(content)))
        self._counts = {} if counts is None else _alarms(counts)
        self.seeds = [] if known is None else sorted(set(instants(known, "seed").tolist()))

    def flights(
        self,
        laydown: str,
        level: str,
        centre: str,
        *,
        delay: str = NONE_MOVED,
        case: str = "nominal",
    ) -> Flights:
        """Return what a centre knew in such worlds; no flights where there were none.

        Parameters
        ----------
        laydown, level, centre
            Names.
        delay, case
            Which delay is moved, and to which end of its interval.
        """
        key = ((laydown, level, delay, case), centre)
        return self._known.get(key, _NO_FLIGHTS)

    def alarms(self, laydown: str, level: str, centre: str) -> Alarms:
        """Return the alerts of a centre in such worlds, no delay moved.

        Parameters
        ----------
        laydown, level, centre
            Names.
        """
        return self._counts.get(
            ((laydown, level, NONE_MOVED, "nominal"), centre),
            Alarms(
                alert_count=0,
                false=binomial_count(0, 0),
                false_confirmed=binomial_count(0, 0),
                repeated=binomial_count(0, 0),
            ),
        )

    def gain(self, more: Flights, less: Flights, *, name: str = "warning_left_s") -> Gain:
        """Return how much warning one kind of world adds to another's, flight by flight.

        Parameters
        ----------
        more, less
            Of one centre; flights that both have count.
        name
            Of the column, seconds; what never came to be counts as 0.

        Returns
        -------
        Gain
            Mean with 1.96 standard errors, without end for a single flight; nan where none is in
            both.
        """
        both, of_more, of_less = np.intersect1d(
            _joined(more.key), _joined(less.key), return_indices=True
        )
        gained = np.nan_to_num(more.columns[name][of_more]) - np.nan_to_num(
            less.columns[name][of_less]
        )
        count = len(both)
        if not count:
            nothing = math.nan
            return Gain(mean_s=nothing, low_s=nothing, high_s=nothing, more=binomial_count(0, 0))
        mean_s = float(gained.mean())
        half_s = math.inf if count < 2 else 1.96 * float(gained.std(ddof=1)) / math.sqrt(count)
        return Gain(
            mean_s=mean_s,
            low_s=mean_s - half_s,
            high_s=mean_s + half_s,
            more=binomial_count(int((gained > LEAST_GAIN_S).sum()), count),
        )

    @cached_property
    def baseline_centre(self) -> ReportCentre:
        """The nation that owns most sensors of the baseline."""
        own = set(self.content.laydown(self.content.baseline).sensors)
        return max(self.nations, key=lambda centre: len(own.intersection(centre.sensors)))

    @property
    def nations(self) -> tuple[ReportCentre, ...]:
        """The nations' centres."""
        return tuple(centre for centre in self.content.centres if not centre.is_joint)

    @property
    def moved(self) -> tuple[World, ...]:
        """The kinds of world in which a delay is moved."""
        return tuple(sorted({world for world, _ in self._known if world[2] != NONE_MOVED}))


def has_sharing(content: ReportContent) -> bool:
    """Whether the run flew worlds of sharing, with flights that count."""
    known = table_of(content.tables, "known")
    if known is None or not content.levels or not content.centres:
        return False
    return among(known, headline_keys(content)).num_rows > 0


def _joined(key: npt.NDArray[np.int64]) -> npt.NDArray[np.void]:
    return np.ascontiguousarray(key).view([("seed", np.int64), ("object", np.int64)]).ravel()


def _by_world(known: pa.Table) -> dict[tuple[World, str], Flights]:
    every = Flights(
        key=np.stack([instants(known, name) for name in ("seed", "object")], axis=1),
        columns={name: numbers(known, name) for name in COLUMNS},
        outcome=tuple(words(known, "outcome")),
        aim_point=tuple(words(known, "aim_point")),
    )
    return {group: _taken(every, rows) for group, rows in _groups(known, every.key).items()}


def _taken(flights: Flights, rows: npt.NDArray[np.intp]) -> Flights:
    return Flights(
        key=flights.key[rows],
        columns={name: values[rows] for name, values in flights.columns.items()},
        outcome=tuple(flights.outcome[row] for row in rows.tolist()),
        aim_point=tuple(flights.aim_point[row] for row in rows.tolist()),
    )


def _groups(
    table: pa.Table, key: npt.NDArray[np.int64]
) -> dict[tuple[World, str], npt.NDArray[np.intp]]:
    """Return the rows of each world and centre, by seed and flight."""
    names = [words(table, name) for name in ("laydown", "level", "delay", "case", "centre")]
    found: dict[tuple[World, str], list[int]] = {}
    for row in np.lexsort(key.T[::-1]).tolist():
        laydown, level, delay, case, centre = (column[row] for column in names)
        found.setdefault(((laydown, level, delay, case), centre), []).append(row)
    return {group: np.array(rows, dtype=np.intp) for group, rows in found.items()}


def _alarms(counts: pa.Table) -> dict[tuple[World, str], Alarms]:
    seeds = instants(counts, "seed")[:, None]
    columns = {
        name: instants(counts, f"{name}_count")
        for name in ("alert", "false", "false_confirmed", "repeated")
    }
    found = {}
    for group, rows in _groups(counts, seeds).items():
        total, false, sure, again = (int(columns[name][rows].sum()) for name in columns)
        found[group] = Alarms(
            alert_count=total,
            false=binomial_count(false, total),
            false_confirmed=binomial_count(sure, total),
            repeated=binomial_count(again, total),
        )
    return found


_NO_FLIGHTS: Final = Flights(
    key=np.empty((0, 2), dtype=np.int64),
    columns={name: np.empty(0) for name in COLUMNS},
    outcome=(),
    aim_point=(),
)
