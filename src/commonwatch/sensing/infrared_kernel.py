"""When satellites see a burning motor, compiled."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid_kernel import geodetic
from commonwatch.kernels import kernel
from commonwatch.sensing.visibility_kernel import (
    BURN_OUT,
    CLOUD,
    EARTH,
    F64,
    FLAGS,
    I32,
    I64,
    IMPACT,
    INDEX,
    PATH_END,
    REFINED_S,
    ROW,
    STACK,
    TABLE,
    position_at,
    record,
)


@kernel(f"Tuple((f8, i8))(f8, f8, f8, f8, f8, f8, {ROW})")
def satellite_margin(
    x: float,
    y: float,
    z: float,
    satellite_x: float,
    satellite_y: float,
    satellite_z: float,
    limits: F64,
) -> tuple[float, int]:
    """Least margin of a missile's place before a satellite's eye, about metres; and its limit.

    ``limits`` holds the cloud-break altitude and the sine of the least elevation of the satellite
    above the missile's own horizontal plane.
    """
    latitude, longitude, height = geodetic(x, y, z)
    dx, dy, dz = satellite_x - x, satellite_y - y, satellite_z - z
    level = math.cos(latitude)
    upward = (
        dx * level * math.cos(longitude)
        + dy * level * math.sin(longitude)
        + dz * math.sin(latitude)
    )
    above_horizon = upward - limits[1] * math.sqrt(dx * dx + dy * dy + dz * dz)
    above_cloud = height - limits[0]
    if above_cloud < above_horizon:
        return above_cloud, CLOUD
    return above_horizon, EARTH


@kernel(f"Tuple((f8, i8))({TABLE}, {TABLE}, f8, f8, f8, {ROW})")
def _look_margin(
    states: F64, satellite: F64, interval_s: float, end_s: float, time_s: float, limits: F64
) -> tuple[float, int]:
    """Margin and limit of one path before one satellite at one instant."""
    x, y, z = position_at(states, interval_s, end_s, time_s)
    span_s = (satellite.shape[0] - 1) * interval_s
    satellite_x, satellite_y, satellite_z = position_at(satellite, interval_s, span_s, time_s)
    return satellite_margin(x, y, z, satellite_x, satellite_y, satellite_z, limits)


@kernel(f"i8({TABLE}, {TABLE}, f8, f8, f8, b1, b1, {ROW}, i8, i8, i8, i4[:, ::1], f8[:, :, ::1])")
def _satellite_spells(
    states: F64,
    satellite: F64,
    interval_s: float,
    end_s: float,
    dark_s: float,
    burns_out: bool,
    comes_down: bool,
    limits: F64,
    path: int,
    sensor: int,
    count: int,
    rows: I32,
    ends: F64,
) -> int:
    """Record the spells of one burning path, until ``dark_s``, before one satellite."""
    margin, limit = _look_margin(states, satellite, interval_s, end_s, 0.0, limits)
    was_seen = margin >= 0.0
    seen_s = 0.0
    stop_s = 0.0
    k = 0
    while stop_s < dark_s:
        k += 1
        start_s, stop_s = stop_s, min(k * interval_s, dark_s)
        margin, limit = _look_margin(states, satellite, interval_s, end_s, stop_s, limits)
        if (margin >= 0.0) == was_seen:
            continue
        before_s, after_s = start_s, stop_s
        while after_s - before_s > REFINED_S:
            middle_s = 0.5 * (before_s + after_s)
            margin, middle = _look_margin(states, satellite, interval_s, end_s, middle_s, limits)
            if margin < 0.0:
                limit = middle
            if (margin >= 0.0) == was_seen:
                before_s = middle_s
            else:
                after_s = middle_s
        if not was_seen:
            seen_s = after_s
        elif seen_s + limits[2] <= before_s:
            count = record(
                states,
                interval_s,
                end_s,
                seen_s + limits[2],
                before_s,
                path,
                sensor,
                limit,
                count,
                rows,
                ends,
            )
        was_seen = not was_seen
    if was_seen and seen_s + limits[2] <= dark_s:
        limit = BURN_OUT if burns_out else (IMPACT if comes_down else PATH_END)
        count = record(
            states,
            interval_s,
            end_s,
            seen_s + limits[2],
            dark_s,
            path,
            sensor,
            limit,
            count,
            rows,
            ends,
        )
    return count


@kernel(
    f"i8({STACK}, {ROW}, {ROW}, {FLAGS}, f8, {STACK}, {TABLE}, {INDEX}, i8, i8, "
    "i4[:, ::1], f8[:, :, ::1])"
)
def find_looks(
    states: F64,
    burn_outs_s: F64,
    ends_s: F64,
    comes_down: npt.NDArray[np.bool_],
    interval_s: float,
    satellites: F64,
    limits: F64,
    sensors: I64,
    start: int,
    stop: int,
    rows: I32,
    ends: F64,
) -> int:
    """Find the spells of sight of burning motors by satellites; as ``find_spells``.

    ``satellites`` (s, t, 6) are their own state vectors at the samples' times; ``limits`` (s, 3)
    the cloud-break altitude, the sine of the least elevation, and the delay of the first look.
    """
    count = 0
    for path in range(start, stop):
        dark_s = min(burn_outs_s[path], ends_s[path])
        burns_out = burn_outs_s[path] <= ends_s[path]
        for s in range(sensors.shape[0]):
            if dark_s > 0.0:
                count = _satellite_spells(
                    states[path],
                    satellites[s],
                    interval_s,
                    ends_s[path],
                    dark_s,
                    burns_out,
                    comes_down[path],
                    limits[s],
                    path,
                    sensors[s],
                    count,
                    rows,
                    ends,
                )
    return count
