"""How well satellites know where a launch comes from: one line of sight, and two or more.

The area is that of the missile's place over the ground at the look. The launch point lies behind
it by the ground flown since lift-off, which is given beside it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodesic, geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.flight.trajectory import Trajectories
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import high_end, low_end
from commonwatch.scenario.schema import SatelliteEntry
from commonwatch.sensing import infrared
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.stereo import position_from_lines, position_from_one_line
from commonwatch.sensing.visibility import rows_of
from commonwatch.studies.impact_bound import CHI_SQUARE_95_TWO
from commonwatch.studies.marginal import TOGETHER_S, Laid
from commonwatch.units import metres_from_kilometres

F64 = npt.NDArray[np.float64]

_UNIFORM_STD: Final = 1.0 / math.sqrt(12.0)
"""Standard deviation of what may be anywhere in an interval of length one."""


def cloud_break_altitudes_m(scenario: Scenario) -> F64:
    """Return the least and the greatest cloud break of each sensor, (s, 2); nan for radars."""
    return np.array(
        [
            [
                metres_from_kilometres(end(entry.cloud_break_altitude_km))
                for end in (low_end, high_end)
            ]
            if isinstance(entry, SatelliteEntry)
            else [math.nan, math.nan]
            for entry in scenario.sensors.values()
        ]
    )


def launch_areas(laid: Laid, *, cloud_break_m: F64, first_stereo_s: F64) -> dict[str, F64]:
    """Return how well the place of a launch is known at first sight, and at first stereo.

    Parameters
    ----------
    laid
        The laydown.
    cloud_break_m
        (s, 2), from ``cloud_break_altitudes_m``.
    first_stereo_s
        (n,), when two satellites first see each path at once, nan for never.

    Returns
    -------
    columns
        (n,) each, metres, nan where nobody sees: the long half-axis of the level 95 % ellipse
        and the ground flown by then, from one line and from two or more.

    Notes
    -----
    1. One line, at the earliest satellite's first look. A motor that is seen as it breaks through
    the clouds is between the least cloud break and the greatest plus one revisit's climb; one
    first seen higher was hidden by more than clouds, and is anywhere up to the burn-out altitude.
    The altitude assumed is the middle, its standard deviation the interval's length over the root
    of 12. 2. All lines of the satellites that see at first stereo.

    Limits: the lines count as of one instant; with a revisit of 10 s they are up to that far apart
    until a second look allows to carry one over. A bias of the lines, beyond their standard
    deviation, is not in it.
    """
    count = laid.trajectories.path_count
    blank = np.full(count, np.nan)
    names = (
        "one_line_half_axis_m",
        "one_line_flown_m",
        "stereo_half_axis_m",
        "stereo_flown_m",
    )
    if not _eyes(laid):
        return dict.fromkeys(names, blank)
    found = (*_one_line(laid, cloud_break_m), *_stereo(laid, first_stereo_s))
    return dict(zip(names, found, strict=True))


def level_half_axis_m(position_ecef_m: F64, covariance_m2: F64) -> F64:
    """Return the long half-axis of the 95 % ellipse in the level plane, (m,).

    Parameters
    ----------
    position_ecef_m
        (m, 3).
    covariance_m2
        (m, 3, 3), ECEF.
    """
    latitude, longitude, _ = geodetic_from_ecef(position_ecef_m)
    level = rotation_enu_from_ecef(latitude, longitude)[:, :2]
    spread = level @ covariance_m2 @ level.transpose(0, 2, 1)
    middle = 0.5 * (spread[:, 0, 0] + spread[:, 1, 1])
    apart = np.hypot(0.5 * (spread[:, 0, 0] - spread[:, 1, 1]), spread[:, 0, 1])
    return np.sqrt(CHI_SQUARE_95_TWO * (middle + apart))


def _one_line(laid: Laid, cloud_break_m: F64) -> tuple[F64, F64]:
    """Return half-axis and ground flown at each path's first sight by a satellite."""
    eyes = _eyes(laid)
    spells = rows_of(laid.spells, np.isin(laid.spells.sensor, list(eyes)))
    paths = laid.trajectories
    first_s = np.full(paths.path_count, np.inf)
    np.minimum.at(first_s, spells.path, spells.first_seen_s)
    rows = np.flatnonzero(spells.first_seen_s <= first_s[spells.path] + TOGETHER_S)
    path, sensor, time_s = spells.path[rows], spells.sensor[rows], spells.first_seen_s[rows]
    state_vector = paths.state_vector_at(path, time_s)
    position = state_vector[:, :3]
    eye = np.empty_like(position)
    figures = np.empty((len(rows), 2))
    for k, satellite in eyes.items():
        own = sensor == k
        eye[own] = infrared.position_ecef_m(satellite.orbit, time_s[own])
        figures[own] = satellite.line_of_sight_std_rad, satellite.revisit_s
    low, high = _altitude_interval(
        paths, path, state_vector, revisit_s=figures[:, 1], cloud_break_m=cloud_break_m[sensor]
    )
    found, covariance = position_from_one_line(
        eye,
        position - eye,
        altitude_m=0.5 * (low + high),
        altitude_std_m=_UNIFORM_STD * (high - low),
        line_of_sight_std_rad=figures[:, 0],
    )
    half_axis = np.full(paths.path_count, np.inf)
    # Of satellites that see together the best line counts.
    np.fmin.at(half_axis, path, level_half_axis_m(found, covariance))
    flown = np.full(paths.path_count, np.nan)
    flown[path] = _flown_m(paths, path, position)
    return np.where(np.isfinite(half_axis), half_axis, np.nan), flown


def _altitude_interval(
    paths: Trajectories,
    path: npt.NDArray[np.int32],
    state_vector: F64,
    *,
    revisit_s: F64,
    cloud_break_m: F64,
) -> tuple[F64, F64]:
    """Return between which altitudes a motor may be when it is first seen, (m,) each."""
    latitude, longitude, altitude = geodetic_from_ecef(state_vector[:, :3])
    up = rotation_enu_from_ecef(latitude, longitude)[:, 2]
    climb_m_s = (up * state_vector[:, 3:]).sum(axis=1)
    broken_m = cloud_break_m[:, 1] + np.maximum(climb_m_s, 0.0) * revisit_s
    end_s = np.minimum(paths.burn_out_s, paths.end_s)[path]
    burn_out_m = geodetic_from_ecef(paths.state_vector_at(path, end_s)[:, :3])[2]
    is_fresh = altitude <= broken_m
    return cloud_break_m[:, 0], np.where(is_fresh, broken_m, np.maximum(burn_out_m, altitude))


def _stereo(laid: Laid, first_stereo_s: F64) -> tuple[F64, F64]:
    """Return half-axis and ground flown where two satellites first see each path at once."""
    eyes = _eyes(laid)
    paths, spells = laid.trajectories, laid.spells
    half_axis, flown = np.full((2, paths.path_count), np.nan)
    path = np.flatnonzero(np.isfinite(first_stereo_s))
    if not len(path):
        return half_axis, flown
    when_s = first_stereo_s[spells.path]
    sees = (spells.first_seen_s <= when_s + TOGETHER_S) & (spells.last_seen_s >= when_s)
    is_seen = np.zeros((len(laid.sensors), paths.path_count), bool)
    is_seen[spells.sensor[sees], spells.path[sees]] = True
    time_s = first_stereo_s[path]
    position = paths.state_vector_at(path, time_s)[:, :3]
    eye = np.stack([infrared.position_ecef_m(one.orbit, time_s) for one in eyes.values()], axis=1)
    std = np.array([one.line_of_sight_std_rad for one in eyes.values()])
    std = np.where(is_seen[list(eyes)][:, path].T, std, np.inf)
    found, covariance, _ = position_from_lines(eye, position[:, None] - eye, std)
    is_met = np.isfinite(found).all(axis=1)
    half_axis[path[is_met]] = level_half_axis_m(found[is_met], covariance[is_met])
    flown[path] = _flown_m(paths, path, position)
    return half_axis, flown


def _flown_m(paths: Trajectories, path: npt.NDArray[np.integer], position: F64) -> F64:
    """Return the ground between lift-off and below a position, (m,)."""
    start = geodetic_from_ecef(paths.state_vector[path, 0, :3])
    below = geodetic_from_ecef(position)
    return geodesic(*start[:2], *below[:2])[0]


def _eyes(laid: Laid) -> dict[int, InfraredSatellite]:
    """Return the satellites of the laydown that see anything, by their index."""
    seeing = {int(k): laid.sensors[k] for k in np.unique(laid.spells.sensor)}
    return {k: one for k, one in seeing.items() if isinstance(one, InfraredSatellite)}
