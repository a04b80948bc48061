"""The few map projections of the report, and sector fans that are right at the pole and date line.

A plate carree is drawn without cutting anything: a line or area is unwrapped, so that its
longitudes run on without a jump, and drawn once for each copy (shifted by whole turns) that
touches the map. The picture's frame clips the rest. An area that holds a pole is closed along the
pole first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M, destination, geodesic

F64 = npt.NDArray[np.float64]

GROUND_RANGE_MAX_M: Final = 19_000e3
"""Longer sectors are drawn so long: half way round the Earth they would turn inside out."""
_STEP_DEG: Final = 0.2
_STEP_M: Final = 20e3
"""Fine enough that no step near a pole turns the longitude by half a turn; drawing thins it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fan:
    """The ground area of one radar sector: a closed ring, and the poles inside it."""

    latitude_deg: F64
    longitude_deg: F64
    holds_north_pole: bool
    holds_south_pole: bool


def azimuthal_equidistant(
    latitude_deg: F64,
    longitude_deg: F64,
    *,
    middle_latitude_deg: float,
    middle_longitude_deg: float,
) -> F64:
    """Project on a plane where distance and azimuth from the middle are true.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Positions, shape (...).
    middle_latitude_deg, middle_longitude_deg
        The middle of the map; 90 and 0 for the North Pole with Greenwich downwards.

    Returns
    -------
    F64
        East and north of the middle in metres, shape (..., 2), on a sphere of the mean radius.

    Notes
    -----
    Limits: for drawing; distances are up to 0.6 % off those on the ellipsoid, whose meridian has a
    radius of 6,335 km at the equator (*derived*).

    References
    ----------
    Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987), section 25.
    """
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    middle = math.radians(middle_latitude_deg)
    turn = longitude - math.radians(middle_longitude_deg)
    east = np.cos(latitude) * np.sin(turn)
    north = math.cos(middle) * np.sin(latitude) - math.sin(middle) * np.cos(latitude) * np.cos(turn)
    up = math.sin(middle) * np.sin(latitude) + math.cos(middle) * np.cos(latitude) * np.cos(turn)
    across = np.hypot(east, north)
    angle = np.arctan2(across, up)
    scale = MEAN_RADIUS_M * angle / np.where(across > 0, across, 1.0)
    return np.stack([scale * east, scale * north], axis=-1)


def unwrapped(longitude_deg: F64) -> F64:
    """Return longitudes that run on past 180 degrees instead of jumping back."""
    return np.degrees(np.unwrap(np.radians(longitude_deg)))


def plate_carree_lines(latitude_deg: F64, longitude_deg: F64) -> list[F64]:
    """Return the copies of a line that touch the map, each (n, 2) longitude and latitude.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Along the line, shape (n,); it may cross the date line.
    """
    line = np.stack([unwrapped(longitude_deg), latitude_deg], axis=-1)
    return _copies(line)


def plate_carree_areas(fan: Fan) -> list[F64]:
    """Return closed areas, each (n, 2), for the even-odd rule, to be clipped to the map."""
    ring = np.stack([unwrapped(fan.longitude_deg), fan.latitude_deg], axis=-1)
    if fan.holds_north_pole and fan.holds_south_pole:
        world = np.array([[-180, -90], [180, -90], [180, 90], [-180, 90]], dtype=np.float64)
        return [world, *_copies(ring)]
    if fan.holds_north_pole or fan.holds_south_pole:
        pole_deg = 90.0 if fan.holds_north_pole else -90.0
        corners = np.array([[ring[-1, 0], pole_deg], [ring[0, 0], pole_deg]])
        ring = np.concatenate([ring, corners])
    return _copies(ring)


def sector_fan(
    latitude_deg: float,
    longitude_deg: float,
    *,
    azimuth_min_deg: float,
    azimuth_max_deg: float,
    ground_range_m: float,
) -> Fan:
    """Return the area that a sector covers out to a distance along great ellipses.

    Parameters
    ----------
    latitude_deg, longitude_deg
        The site.
    azimuth_min_deg, azimuth_max_deg
        Limits clockwise from north; equal limits, or 360 degrees apart, mean the whole circle.
    ground_range_m
        Length along the ground.

    Returns
    -------
    Fan
        Ring closed on its first point, sampled each 0.2 degrees and 20 km.
    """
    width_deg = (azimuth_max_deg - azimuth_min_deg) % 360.0 or 360.0
    is_circle = width_deg >= 359.999
    count = max(2, math.ceil(width_deg / _STEP_DEG) + 1)
    azimuth_deg = _off_meridian(azimuth_min_deg) + np.linspace(0.0, width_deg, count)
    arc = _destinations(latitude_deg, longitude_deg, azimuth_deg, np.full(count, ground_range_m))
    if is_circle:
        ring = arc
    else:
        steps = max(2, math.ceil(ground_range_m / _STEP_M) + 1)
        out_m = np.linspace(0.0, ground_range_m, steps)[:-1]
        first = _destinations(
            latitude_deg, longitude_deg, np.full(steps - 1, azimuth_deg[0]), out_m
        )
        last = _destinations(
            latitude_deg, longitude_deg, np.full(steps - 1, azimuth_deg[-1]), out_m
        )
        ring = np.concatenate([first, arc, last[::-1]])
    return Fan(
        latitude_deg=ring[:, 0],
        longitude_deg=ring[:, 1],
        holds_north_pole=(0.0 - azimuth_deg[0]) % 360.0 <= width_deg
        and _meridian_m(latitude_deg, 90.0) < ground_range_m,
        holds_south_pole=(180.0 - azimuth_deg[0]) % 360.0 <= width_deg
        and _meridian_m(latitude_deg, -90.0) < ground_range_m,
    )


def _off_meridian(azimuth_deg: float) -> float:
    """Turn an edge that runs exactly through a pole aside by 36 arc seconds."""
    return azimuth_deg + 0.01 if azimuth_deg % 180.0 == 0 else azimuth_deg


def _meridian_m(latitude_deg: float, pole_deg: float) -> float:
    return float(geodesic(math.radians(latitude_deg), 0.0, math.radians(pole_deg), 0.0)[0])


def _destinations(
    latitude_deg: float, longitude_deg: float, azimuth_deg: F64, ground_range_m: F64
) -> F64:
    end = destination(
        math.radians(latitude_deg),
        math.radians(longitude_deg),
        np.radians(azimuth_deg),
        ground_range_m,
    )
    return np.degrees(np.stack(end, axis=-1))


def _copies(points: F64) -> list[F64]:
    west, east = float(points[:, 0].min()), float(points[:, 0].max())
    first = math.ceil((-180.0 - east) / 360.0)
    last = math.floor((180.0 - west) / 360.0)
    return [points + np.array([360.0 * turn, 0.0]) for turn in range(first, last + 1)]
