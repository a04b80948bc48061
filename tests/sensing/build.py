"""Radars, satellites and paths for the tests of sensing, and a slow way to say who sees what."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef, local_radius
from commonwatch.earth.frames import look_angles
from commonwatch.earth.refraction import Air, horizon_elevation, trace
from commonwatch.flight.trajectory import Trajectories
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.infrared import Geostationary, InfraredSatellite, Orbit
from commonwatch.sensing.radar import Face, Radar, Role
from commonwatch.sensing.site import Site
from commonwatch.sensing.visibility import Limit, Spells

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

AT_EQUATOR = Site(latitude_rad=0.0, longitude_rad=0.0, altitude_m=0.0)
"""Here up, east and north are the Earth-fixed x, y and z."""


def face(
    azimuth_min_deg: float = 0.0,
    azimuth_max_deg: float = 360.0,
    elevation_min_deg: float = 3.0,
    elevation_max_deg: float = 85.0,
    **changes: float,
) -> Face:
    """Build a face from degrees; its boresight stands 20 degrees up in the middle."""
    middle_deg = azimuth_min_deg + 0.5 * ((azimuth_max_deg - azimuth_min_deg) % 360.0)
    values = {
        "azimuth_min_rad": math.radians(azimuth_min_deg),
        "azimuth_max_rad": math.radians(azimuth_max_deg),
        "boresight_azimuth_rad": math.radians(middle_deg),
        "boresight_elevation_rad": math.radians(20.0),
        "elevation_min_rad": math.radians(elevation_min_deg),
        "elevation_max_rad": math.radians(elevation_max_deg),
    }
    return Face(**(values | changes))


def radar(*faces: Face, **changes: Any) -> Radar:
    """Build a search radar at the equator, with one face all round unless others are given."""
    values: dict[str, Any] = {
        "sensor": SensorId("north"),
        "nation": NationId("A"),
        "site": AT_EQUATOR,
        "role": Role.SEARCH,
        "band": "UHF",
        "faces": faces or (face(),),
        "range_min_m": 200e3,
        "range_max_m": 4_000e3,
        "beamwidth_rad": math.radians(2.0),
        "bandwidth_hz": 1e6,
        "range_floor_m": 20.0,
        "range_bias_std_m": 100.0,
        "track_interval_s": 10.0,
    }
    return Radar(**(values | changes))


def satellite(orbit: Orbit | None = None, **changes: Any) -> InfraredSatellite:
    """Build a satellite that stands above the radar at the equator."""
    values: dict[str, Any] = {
        "sensor": SensorId("eye"),
        "nation": NationId("A"),
        "orbit": orbit or Geostationary(longitude_rad=0.0),
        "revisit_s": 10.0,
        "first_look_delay_s": 0.0,
        "line_of_sight_std_rad": 50e-6,
        "cloud_break_altitude_m": 10e3,
        "elevation_min_rad": math.radians(5.0),
    }
    return InfraredSatellite(**(values | changes))


def parabolas(
    start_ecef_m: npt.ArrayLike,
    velocity_m_s: npt.ArrayLike,
    *,
    end_s: npt.ArrayLike,
    fall_m_s2: npt.ArrayLike = (0.0, 0.0, 0.0),
    burn_out_s: float = 0.0,
    comes_down: bool = True,
    interval_s: float = 10.0,
) -> Trajectories:
    """Build paths of constant acceleration, on which the cubic between two samples is exact."""
    start, velocity, fall = (
        np.atleast_2d(np.asarray(value, dtype=np.float64))[:, np.newaxis, :]
        for value in (start_ecef_m, velocity_m_s, fall_m_s2)
    )
    ends = np.broadcast_to(np.asarray(end_s, dtype=np.float64), len(start)).copy()
    count = int(np.ceil(ends.max() / interval_s)) + 1
    time = np.minimum(np.arange(count) * interval_s, ends[:, np.newaxis])[..., np.newaxis]
    return Trajectories(
        interval_s=interval_s,
        state_vector=np.concatenate(
            [
                start + velocity * time + 0.5 * fall * time**2,
                np.broadcast_to(velocity + fall * time, (len(start), count, 3)),
            ],
            axis=-1,
        ),
        burn_out_s=np.full(len(start), burn_out_s),
        end_s=ends,
        comes_down=np.full(len(start), comes_down),
    )


def from_equator(up_m: float, east_m: float, north_m: float) -> F64:
    """Position given from the site at the equator."""
    return np.asarray(AT_EQUATOR.position_ecef_m + np.array([up_m, east_m, north_m]))


def arcs(seed: int, count: int) -> tuple[Trajectories, Callable[[int, F64], F64]]:
    """Build random paths that stay above 40 km, and the exact position on each at any time."""
    rng = np.random.default_rng(seed)
    outward = 0.25 * rng.normal(size=(count, 3)) + [1.0, 0.0, 0.0]
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    along = np.cross(outward, rng.normal(size=(count, 3)))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    start = outward * rng.uniform(6.5e6, 6.7e6, (count, 1))
    velocity = outward * rng.uniform(0.5e3, 4e3, (count, 1))
    velocity += along * rng.uniform(0.5e3, 6e3, (count, 1))
    fall = -8.0 * outward

    def position(path: int, time_s: F64) -> F64:
        time = np.asarray(time_s)[..., np.newaxis]
        return np.asarray(start[path] + velocity[path] * time + 0.5 * fall[path] * time**2)

    grid_s = np.arange(0.0, 900.0)
    ends = np.empty(count)
    for path in range(count):
        low = geodetic_from_ecef(position(path, grid_s))[2] < 40e3
        ends[path] = grid_s[low][0] - 0.5 if low.any() else 899.3
    return parabolas(start, velocity, fall_m_s2=fall, end_s=ends), position


def sees(sensor: Radar, position_ecef_m: F64) -> Bools:
    """Say by angles and traced rays whether any face of a published-range radar sees."""
    site = sensor.site
    distance, azimuth, elevation = look_angles(
        site.position_ecef_m, site.rotation_enu_from_ecef, position_ecef_m
    )
    air = Air(radius_m=float(local_radius(site.latitude_rad)))
    start = air.radius_m + site.altitude_m
    altitude = np.sqrt(start**2 + distance**2 + 2.0 * start * distance * np.sin(elevation))
    altitude -= air.radius_m

    def limit(apparent_rad: float) -> F64:
        """Geometric elevation at which the ray of a limit reaches the altitude of each position."""
        lowest = max(apparent_rad, float(horizon_elevation(site.altitude_m, air=air)))
        return trace(lowest, site.altitude_m, altitude, air=air).elevation_rad

    is_seen = np.zeros(distance.shape, dtype=np.bool_)
    for one in sensor.faces:
        past_min = np.mod(azimuth - one.azimuth_min_rad, 2.0 * math.pi)
        width = one.azimuth_max_rad - one.azimuth_min_rad
        width = width if width > 2.0 * math.pi - 1e-9 else width % (2.0 * math.pi)
        is_seen |= (
            (past_min <= width)
            & (elevation >= limit(one.elevation_min_rad))
            & (elevation <= limit(one.elevation_max_rad))
        )
    return is_seen & (distance >= sensor.range_min_m) & (distance <= sensor.range_max_m)


def slow_spells(
    is_seen: Callable[[F64], Bools], end_s: float, *, step_s: float = 1.0
) -> list[tuple[float, float]]:
    """Find spells by looking every ``step_s`` and halving each change."""
    time_s = np.append(np.arange(0.0, end_s, step_s), end_s)
    seen = is_seen(time_s)
    changes = np.flatnonzero(seen[1:] != seen[:-1])
    edges = [0.0] if seen[0] else []
    for k in changes:
        before, after = time_s[k], time_s[k + 1]
        while after - before > 1e-3:
            middle = 0.5 * (before + after)
            if is_seen(np.array([middle]))[0] == seen[k]:
                before = middle
            else:
                after = middle
        edges.append(0.5 * (before + after))
    edges += [end_s] if seen[-1] else []
    return list(zip(edges[::2], edges[1::2], strict=True))


def spells_of(rows: list[tuple[int, int, float, float]], *, sensors: int, paths: int) -> Spells:
    """Spells from (path, sensor, first, last), as of paths that climb 1 km each second."""
    table = np.array(sorted(rows), dtype=np.float64).reshape(-1, 4)
    return Spells(
        path=table[:, 0].astype(np.int32),
        sensor=table[:, 1].astype(np.int32),
        first_seen_s=table[:, 2].copy(),
        last_seen_s=table[:, 3].copy(),
        first_seen_altitude_m=1e3 * table[:, 2],
        last_seen_altitude_m=1e3 * table[:, 3],
        ended_by=np.full(len(table), Limit.ELEVATION_MIN, dtype=np.int8),
        sensors=tuple(SensorId(f"s{k}") for k in range(sensors)),
        path_count=paths,
    )
