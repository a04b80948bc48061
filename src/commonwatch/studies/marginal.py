"""What each sensor is worth: three figures, never one.

(a) warning at first sight, (b) seconds under radar track, (c) warning left when the impact area is
known. Beside each the last-in marginal (all others present) and the exact Shapley share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import factorial
from typing import Final, TypeGuard

import numpy as np
import numpy.typing as npt

from commonwatch.flight.trajectory import Trajectories
from commonwatch.scenario.figures import Case
from commonwatch.sensing.radar import Radar, Role
from commonwatch.sensing.visibility import (
    Sensor,
    Spells,
    handed_over,
    merged,
    rows_of,
    track_after_s,
    union,
)
from commonwatch.studies.impact_bound import ImpactSlopes, Information, impact_area_s

F64 = npt.NDArray[np.float64]

FIRST_SIGHT: Final = "first sight"
RADAR_TRACK: Final = "radar track"
IMPACT_AREA: Final = "impact area"
FIGURES: Final = (FIRST_SIGHT, RADAR_TRACK, IMPACT_AREA)
SUBSET_SENSORS_MAX: Final = 12
"""Above this many sensors the shares of the impact area, which go over subsets, are left out."""
TOGETHER_S: Final = 0.05
"""Sensors that first see within so short a time see together: no order is claimed."""
_PATH_STRIDE_S: Final = 1e7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """What one case of all sensors sees of all paths.

    Parameters
    ----------
    sensors
        All sensors of the scenario, figures of one case.
    spells
        Their spells of sight, cued radars as if always cued.
    information
        What they learn of the solved arcs; None where there are too many arcs.
    """

    sensors: tuple[Sensor, ...]
    spells: Spells
    information: Information | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Laid:
    """A laydown in which every sensor has a case of its own.

    Parameters
    ----------
    trajectories, slopes
        The flights.
    sight
        What each case sees.
    cases
        Which case each member is in, by index into the scenario's sensors.
    """

    trajectories: Trajectories
    slopes: ImpactSlopes | None
    sight: Mapping[Case, Sight]
    cases: Mapping[int, Case]

    @cached_property
    def sensors(self) -> tuple[Sensor, ...]:
        """All sensors, members in their case."""
        nominal = self.sight[Case.NOMINAL].sensors
        return tuple(
            self.sight[self.cases.get(k, Case.NOMINAL)].sensors[k] for k in range(len(nominal))
        )

    @cached_property
    def spells(self) -> Spells:
        """Spells of all members, hand-over included; sensor indices are those of the scenario."""
        parts = []
        for case in sorted(set(self.cases.values())) or [Case.NOMINAL]:
            spells = self.sight[case].spells
            wanted = np.array([self.cases.get(k) == case for k in range(len(self.sensors))])
            parts.append((spells, np.flatnonzero(wanted[spells.sensor])))
        return handed_over(
            self.trajectories,
            merged(parts),
            self.sensors,
            include=range(len(self.sensors)),
        )

    def radar_spells(self) -> Spells:
        """Return the members' spells, satellites left out."""
        return rows_of(self.spells, self._is_radar()[self.spells.sensor])

    def first_seen_s(self) -> F64:
        """Return when each sensor first sees each path, (s, n); infinite where never."""
        first = np.full((len(self.sensors), self.trajectories.path_count), np.inf)
        np.minimum.at(first, (self.spells.sensor, self.spells.path), self.spells.first_seen_s)
        return first

    def warning_at_first_sight_s(self) -> F64:
        """Return figure (a): impact less first sight by anyone, (n,), 0 where nobody sees.

        nan for paths that do not come down.
        """
        return _warning_s(self.trajectories, self.first_seen_s().min(axis=0))

    def radar_track_s(self) -> F64:
        """Return figure (b): seconds under at least one radar, (n,)."""
        joined = union(self.radar_spells())
        total = np.zeros(self.trajectories.path_count)
        np.add.at(total, joined.path, joined.last_seen_s - joined.first_seen_s)
        return total

    def impact_area_s(self) -> F64:
        """Return when the impact area is known, (n,); nan where never, or for recorded paths."""
        known = np.full(self.trajectories.path_count, np.nan)
        if self.slopes is None:
            return known
        tracks = self._track_s()
        members = np.array([k in self.cases for k in range(len(self.sensors))])
        arcs = self.slopes.transition.shape[0]
        begin = _begin_s(self.sensors, members, tracks)[:, :arcs]
        known[:arcs] = impact_area_s(
            self.slopes, self._information(), is_member=members, from_s=begin
        )
        return known

    def warning_left_s(self) -> F64:
        """Return figure (c): impact less the moment the impact area is known, (n,), or 0.

        nan for recorded paths, and for all where there are too many arcs for impact bounds.
        """
        if self.slopes is None:
            return np.full(self.trajectories.path_count, np.nan)
        return _warning_s(self.trajectories, self.impact_area_s())

    def figures_s(self) -> tuple[F64, F64, F64]:
        """Return the three figures in the order of ``FIGURES``, (n,) each."""
        return self.warning_at_first_sight_s(), self.radar_track_s(), self.warning_left_s()

    def _is_radar(self) -> npt.NDArray[np.bool_]:
        return np.array([isinstance(sensor, Radar) for sensor in self.sensors])

    def _track_s(self) -> F64:
        """Return when each sensor holds a track of each path that can cue others, (s, n)."""
        tracks = np.full((len(self.sensors), self.trajectories.path_count), np.inf)
        waits = np.array([track_after_s(sensor) for sensor in self.sensors])[self.spells.sensor]
        held = self.spells.first_seen_s + waits
        lasts = held <= self.spells.last_seen_s
        np.minimum.at(tracks, (self.spells.sensor[lasts], self.spells.path[lasts]), held[lasts])
        return tracks

    def _information(self) -> Information:
        """Return what all members learn, each in its case."""
        cases = [self.cases.get(k, Case.NOMINAL) for k in range(len(self.sensors))]
        used = {case: self.sight[case].information for case in set(cases)}
        if len(used) == 1:
            only = next(iter(used.values()))
            if only is not None:
                return only
        columns = {
            name: np.stack([getattr(used[case], name)[k] for k, case in enumerate(cases)])
            for name in Information.__slots__
        }
        return Information(**columns)


def last_in_marginals(
    trajectories: Trajectories,
    slopes: ImpactSlopes | None,
    sight: Mapping[Case, Sight],
    members: Sequence[int],
) -> dict[tuple[int, str], F64]:
    """Return what each member adds to all the others.

    Parameters
    ----------
    trajectories
        n flights.
    slopes
        Of their impacts; None leaves impact areas out, nan.
    sight
        What every sensor sees, by case.
    members
        Numbers of the sensors of the laydown.

    Returns
    -------
    marginals
        By member and figure: (3, n), low, nominal and high. Low is the member's low case with the
        others high, high the reverse.
    """
    found: dict[tuple[int, str], F64] = {}
    mixes = ((Case.LOW, Case.HIGH), (Case.NOMINAL, Case.NOMINAL), (Case.HIGH, Case.LOW))
    for member in members:
        others = [other for other in members if other != member]
        differences = []
        for own, rest in mixes:
            without = Laid(
                trajectories=trajectories,
                slopes=slopes,
                sight=sight,
                cases=dict.fromkeys(others, rest),
            )
            together = Laid(
                trajectories=trajectories,
                slopes=slopes,
                sight=sight,
                cases={**dict.fromkeys(others, rest), member: own},
            )
            differences.append(
                [a - b for a, b in zip(together.figures_s(), without.figures_s(), strict=True)]
            )
        for k, figure in enumerate(FIGURES):
            found[member, figure] = np.array([difference[k] for difference in differences])
    return found


def shapley_shares(laid: Laid, members: Sequence[int]) -> dict[tuple[int, str], F64]:
    """Return each member's exact Shapley share of the three figures, (n,) each.

    Parameters
    ----------
    laid
        What the laydown sees, n flights.
    members
        Numbers of its sensors.

    Returns
    -------
    shares
        Seconds, by member and figure.

    Notes
    -----
    (a) The value of a set is that of its best member, so with values sorted ascending and w(0) = 0
    the share is share(k) = sum over j <= k of (w(j) - w(j-1)) / (n - j + 1). (b) Each second is
    divided equally among the radars that see it. (c) By subsets, at most 12 sensors; with more, or
    without impact bounds, nan.
    """
    shares = {}
    warnings = _warning_s(laid.trajectories, laid.first_seen_s())[list(members)]
    for place, share in enumerate(airport_shares(warnings)):
        shares[members[place], FIRST_SIGHT] = share
    divided = divided_seconds(laid.radar_spells(), len(laid.sensors))
    for member in members:
        shares[member, RADAR_TRACK] = divided[member]
    for member, share in zip(members, _subset_shares(laid, members), strict=True):
        shares[member, IMPACT_AREA] = share
    return shares


def airport_shares(worth: F64) -> F64:
    """Return Shapley shares of a game whose sets are worth their best member, (k, n) from (k, n).

    Reference: S. C. Littlechild, G. Owen, A simple expression for the Shapley value in a special
    case, Management Science 20(3), 1973, 370-372, doi:10.1287/mnsc.20.3.370.
    """
    count = len(worth)
    order = np.argsort(worth, axis=0, kind="stable")
    rising = np.take_along_axis(worth, order, axis=0)
    steps = np.diff(rising, axis=0, prepend=0.0)
    sharing = np.arange(count, 0, -1)[:, None]
    shares = np.empty_like(worth)
    np.put_along_axis(shares, order, np.cumsum(steps / sharing, axis=0), axis=0)
    return shares


def divided_seconds(spells: Spells, sensor_count: int) -> F64:
    """Divide each second of each path equally among the sensors that see it, (s, n).

    Parameters
    ----------
    spells
        Of n paths.
    sensor_count
        Sensors, s; one without a spell has nothing.
    """
    shares = np.zeros((sensor_count, spells.path_count))
    pieces = _pieces(spells, sensor_count)
    watchers = pieces.sees.sum(axis=0)
    part = np.where(watchers > 0, pieces.length_s / np.maximum(watchers, 1), 0.0)
    for share, sees in zip(shares, pieces.sees, strict=True):
        np.add.at(share, pieces.path[sees], part[sees])
    return shares


def seen_by_two(spells: Spells, sensor_count: int) -> tuple[F64, F64]:
    """Return when two sensors first see each path at once, nan for never, and how long, (n,).

    Parameters
    ----------
    spells
        Of n paths.
    sensor_count
        Sensors that the spells count.

    Returns
    -------
    first_s, seconds
        Seconds from lift-off, and how many in all.
    """
    first, seconds = np.full(spells.path_count, np.inf), np.zeros(spells.path_count)
    pieces = _pieces(spells, sensor_count)
    both = pieces.sees.sum(axis=0) >= 2
    np.minimum.at(first, pieces.path[both], pieces.begin_s[both])
    np.add.at(seconds, pieces.path[both], pieces.length_s[both])
    return np.where(np.isfinite(first), first, np.nan), seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """Stretches of flight in which the same sensors see: (m,) each, ``sees`` (s, m)."""

    path: npt.NDArray[np.intp]
    begin_s: F64
    length_s: F64
    sees: npt.NDArray[np.bool_]


def _pieces(spells: Spells, sensor_count: int) -> _Pieces:
    path = np.concatenate([spells.path, spells.path]).astype(np.float64)
    edges = np.unique(
        path * _PATH_STRIDE_S + np.concatenate([spells.first_seen_s, spells.last_seen_s])
    )
    middle = 0.5 * (edges[1:] + edges[:-1])
    sees = np.zeros((sensor_count, len(middle)), bool)
    for sensor in np.unique(spells.sensor):
        rows = np.flatnonzero(spells.sensor == sensor)
        begins = spells.path[rows] * _PATH_STRIDE_S + spells.first_seen_s[rows]
        ends = spells.path[rows] * _PATH_STRIDE_S + spells.last_seen_s[rows]
        row = np.searchsorted(begins, middle, side="right") - 1
        sees[sensor] = (row >= 0) & (middle <= ends[np.maximum(row, 0)])
    owner = (middle // _PATH_STRIDE_S).astype(np.intp)
    return _Pieces(
        path=owner,
        begin_s=edges[:-1] - owner * _PATH_STRIDE_S,
        length_s=np.diff(edges),
        sees=sees,
    )


def _subset_shares(laid: Laid, members: Sequence[int]) -> F64:
    count, paths = len(members), laid.trajectories.path_count
    if laid.slopes is None or count > SUBSET_SENSORS_MAX:
        return np.full((count, paths), np.nan)
    tracks, information = laid._track_s(), laid._information()
    arcs = laid.slopes.transition.shape[0]
    is_waiting = [_is_cued(laid.sensors[member]) for member in members]
    is_radar = [isinstance(laid.sensors[member], Radar) for member in members]
    worth: dict[frozenset[int], F64] = {}

    def value(subset: tuple[int, ...]) -> F64:
        # Satellites matter only as a cue: without a cued radar they are left out of the key.
        cues = any(is_waiting[k] for k in subset)
        key = frozenset(k for k in subset if cues or is_radar[k])
        if key not in worth:
            chosen = np.zeros(len(laid.sensors), bool)
            chosen[[members[k] for k in key]] = True
            known = np.full(paths, np.nan)
            if laid.slopes is not None and any(is_radar[k] for k in key):
                known[:arcs] = impact_area_s(
                    laid.slopes,
                    information,
                    is_member=chosen,
                    from_s=_begin_s(laid.sensors, chosen, tracks)[:, :arcs],
                )
            worth[key] = _warning_s(laid.trajectories, known)
        return worth[key]

    shares = np.zeros((count, paths))
    for size in range(count):
        weight = factorial(size) * factorial(count - size - 1) / factorial(count)
        for subset in combinations(range(count), size):
            base = value(subset)
            for k in range(count):
                if k not in subset:
                    shares[k] += weight * (value((*subset, k)) - base)
    return shares


def mean_known(values: F64) -> float:
    """Return the mean over the arcs for which a figure has a meaning; nan where there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _warning_s(trajectories: Trajectories, known_s: F64) -> F64:
    """Return impact less the time of an event, 0 where it never happens; nan without an impact."""
    left = np.where(np.isfinite(known_s), trajectories.impact_s - known_s, 0.0)
    return np.where(trajectories.comes_down, left, np.nan)


def _begin_s(sensors: Sequence[Sensor], is_member: npt.NDArray[np.bool_], tracks: F64) -> F64:
    """Return when each sensor may begin to look, (s, n): cued ones after the first track."""
    members = np.flatnonzero(is_member)
    cue = tracks[members].min(axis=0, initial=np.inf)
    begin = np.zeros_like(tracks)
    for k, sensor in enumerate(sensors):
        if _is_cued(sensor):
            begin[k] = cue + sensor.hand_over_s
    return begin


def _is_cued(sensor: Sensor) -> TypeGuard[Radar]:
    return isinstance(sensor, Radar) and sensor.role is Role.CUED
