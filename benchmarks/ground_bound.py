"""How well launch and impact points could be known at best: the posterior Cramer-Rao bound.

No unbiased estimate of free flight in vacuum can be surer than the inverse of the information that
looks carry (without process noise the bound's recursion is this sum). Here it is what is expected:
every look that a radar takes at an object in view counts by its probability of detection, at the
true state vector. False plots and errors common to looks are not in it, so it errs towards small.

References
----------
P. Tichavsky, C. H. Muravchik, A. Nehorai, "Posterior Cramer-Rao bounds for discrete-time nonlinear
filtering", IEEE Transactions on Signal Processing 46, 1998, 1386-1396, doi:10.1109/78.668800.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.workload import SEEN_ABOVE_M
from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.flight.propagation import after
from commonwatch.sensing.measurement import (
    look_probability,
    radar_measurement,
    radar_noise,
    range_rate_measurement,
)
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.studies.score_matching import Truth
from commonwatch.units import NS_PER_S
from commonwatch.warning.spread import fly, level_offsets_m

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

_REFERENCE_M: Final = 0.5 * SEEN_ABOVE_M
"""Height at which each path has its reference: before every look, and off the ground."""
_NUDGE: Final = np.array([10.0, 10.0, 10.0, 0.01, 0.01, 0.01])
"""Of the reference's state vector, m and m/s: everything here is per such a step."""
_TOLERANCE_M: Final = 1e-3
_STEPS: Final = np.concatenate([np.diag(_NUDGE), -np.diag(_NUDGE)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paths:
    """True free flight of n objects.

    Parameters
    ----------
    number
        (n,), of the object.
    time_ns, state_vector
        (n,) and (n, 6), where it climbs through 50 km.
    """

    number: I64
    time_ns: I64
    state_vector: F64

    def seconds(self, row: npt.NDArray[np.intp], time_ns: I64) -> F64:
        """Time from the references of some rows; negative before them."""
        passed: F64 = (time_ns - self.time_ns[row]) / NS_PER_S
        return passed

    def at(self, row: npt.NDArray[np.intp], time_ns: I64) -> F64:
        """State vectors of some rows at a time each, (m, 6); nan before the reference."""
        passed = self.seconds(row, time_ns)
        flown = after(self.state_vector[row], np.maximum(passed, 0.0), tolerance_m=_TOLERANCE_M)
        flown[passed < 0.0] = np.nan
        return flown


def paths_of(truth: Truth) -> Paths:
    """Fly each object of a vacuum workload back from its first row of the truth."""
    number, first = np.unique(truth.number, return_index=True)
    states = truth.state_vector[first]
    back = fly(states, direction=-1, heights_m=np.full((len(first), 1), _REFERENCE_M))
    since_ns = np.round(back.time_s[:, 0] * NS_PER_S).astype(np.int64)
    return Paths(
        number=number,
        time_ns=truth.time_ns[first] + since_ns,
        state_vector=np.ascontiguousarray(back.crossed[:, 0]),
    )


def ground_covariances(
    paths: Paths,
    sensors: Sequence[Sensor],
    sweeps: tuple[I64, I64],
    moments: tuple[npt.NDArray[np.intp], I64],
) -> tuple[F64, F64]:
    """Return the least covariances of launch and impact points, east and north, (m, 2, 2) each.

    Parameters
    ----------
    paths
        The objects.
    sensors
        Radars.
    sweeps
        When some radar looked at all in its view, and which.
    moments
        Rows of the paths, and until when looks count, (m,) each.
    """
    row, time_ns, information = _looks(paths, sensors, sweeps)
    launch, impact = _ground_slopes(paths)
    found = np.empty((2, len(moments[0]), 2, 2))
    for k, (path, until_ns) in enumerate(zip(*moments, strict=True)):
        known = information[(row == path) & (time_ns <= until_ns)].sum(axis=0)
        for end, slope in enumerate((launch[path], impact[path])):
            found[end, k] = slope @ np.linalg.solve(known, slope.T)
    return found[0], found[1]


def _looks(
    paths: Paths, sensors: Sequence[Sensor], sweeps: tuple[I64, I64]
) -> tuple[npt.NDArray[np.intp], I64, F64]:
    """Path, time and expected information of every look at an object in view."""
    rows, times, informations = [], [], []
    for index, radar in enumerate(sensors):
        if not isinstance(radar, Radar):
            continue
        own = sweeps[0][sweeps[1] == index]
        row = np.repeat(np.arange(len(paths.number)), len(own))
        time_ns = np.tile(own, len(paths.number))
        states = paths.at(row, time_ns)
        seen = is_in_view(radar, states)
        row, time_ns, states = row[seen], time_ns[seen], states[seen]
        nudged = (paths.state_vector[row][:, None] + _STEPS).reshape(-1, 6)
        passed = np.repeat(paths.seconds(row, time_ns), len(_STEPS))
        flown = after(nudged, passed, tolerance_m=_TOLERANCE_M).reshape(-1, 2, 6, 6)
        measured = _measured(radar, flown)
        change = measured[:, 0] - measured[:, 1]
        change[..., 1] = np.mod(change[..., 1] + np.pi, 2.0 * np.pi) - np.pi
        slope = 0.5 * change / _noise(radar, states)[:, None]
        weight = look_probability(radar, states)
        rows.append(row)
        times.append(time_ns)
        informations.append(np.einsum("n,nik,njk->nij", weight, slope, slope))
    return np.concatenate(rows), np.concatenate(times), np.concatenate(informations)


def is_in_view(radar: Radar, states: F64) -> Bool:
    """Whether the radar looks at objects, (n,): within its limits and above 100 km."""
    is_up = np.isfinite(states[:, 0])
    safe = np.where(is_up[:, None], states, np.array([0.0, 0.0, 7e6, 0.0, 0.0, 0.0]))
    distance, azimuth, elevation = radar_measurement(radar, safe).T
    _, _, height = geodetic_from_ecef(safe[:, :3])
    within: Bool = is_up & (height > SEEN_ABOVE_M)
    within &= (distance > radar.range_min_m) & (distance < radar.range_max_m)
    faced = np.zeros(len(states), dtype=np.bool_)
    for face in radar.faces:
        is_level = np.mod(azimuth - face.azimuth_min_rad, 2.0 * np.pi) <= face.width_rad
        is_high = (elevation > face.elevation_min_rad) & (elevation < face.elevation_max_rad)
        faced |= is_level & is_high
    return within & faced


def _measured(radar: Radar, states: F64) -> F64:
    rate = range_rate_measurement(radar, states)
    return np.concatenate([radar_measurement(radar, states), rate[..., None]], axis=-1)


def _noise(radar: Radar, states: F64) -> F64:
    """Give the standard deviations of range, azimuth, elevation and range rate, (n, 4)."""
    rate_std = np.inf if radar.range_rate_std_m_s is None else radar.range_rate_std_m_s
    return np.column_stack([radar_noise(radar, states), np.full(len(states), rate_std)])


def _ground_slopes(paths: Paths) -> tuple[F64, F64]:
    """Change of launch and impact points, east and north, per nudge of the reference, (n, 2, 6).

    The flights and the level plane are those of ``warning``.
    """
    every = paths.state_vector[:, None] + np.concatenate([np.zeros((1, 6)), _STEPS])
    slopes = []
    for direction in (-1, 1):
        ends = np.ascontiguousarray(fly(every, direction=direction).crossed[:, :, -1, :3])
        offsets = level_offsets_m(np.ascontiguousarray(ends[:, 0]), ends[:, 1:])
        slopes.append(0.5 * (offsets[:, :6] - offsets[:, 6:]).transpose(0, 2, 1))
    return slopes[0], slopes[1]
