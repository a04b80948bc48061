"""Refraction at one site, tabulated: many elevations turned from apparent to geometric and back.

Above the air every ray is its asymptote (``refraction.asymptote``), so two functions of apparent
elevation alone, its slope and its apex, give the geometric elevation at any range. They are
tabulated once a site and interpolated; what lies lower is traced.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth import refraction
from commonwatch.earth.refraction import Air, asymptote, horizon_elevation

F64 = npt.NDArray[np.float64]

LEVEL_OF_ASYMPTOTE_M: Final = 60_000.0
"""Above this height over the sphere a ray is taken to be its asymptote: within a metre, says
``tests/earth/test_refraction.py``."""

_KNOT_COUNT: Final = 4_096
_CONVERGED_RAD: Final = 1e-11
_LAST_STEP_RAD: Final = 1e-8
"""From so near a secant step ends well within ``_CONVERGED_RAD``: that need not be looked at."""
_STEP_MAX_RAD: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RayTable:
    """Rays of one site by apparent elevation.

    Parameters
    ----------
    altitude_m
        Altitude of the site above the sphere.
    air
        The atmosphere.
    root_rad
        Square root of the elevation above the horizon, evenly spaced, shape (n,).
    horizon_rad
        Apparent elevation of the sea horizon.
    bending_rad
        How far the whole air turns each ray, shape (n,).
    apex_m
        Height above the site at which the asymptote crosses the site's vertical, shape (n,).
    """

    altitude_m: float
    air: Air
    root_rad: F64
    horizon_rad: float
    bending_rad: F64
    apex_m: F64


@lru_cache(maxsize=512)
def ray_table(altitude_m: float, radius_m: float) -> RayTable:
    """Tabulate the rays of a site.

    Parameters
    ----------
    altitude_m
        Altitude of the site above the sphere.
    radius_m
        Radius of that sphere; see ``ellipsoid.local_radius``.
    """
    air = Air(radius_m=radius_m)
    horizon_rad = float(horizon_elevation(altitude_m, air=air))
    root = np.linspace(0.0, np.sqrt(0.5 * np.pi - horizon_rad), _KNOT_COUNT)
    elevation = horizon_rad + root**2
    out, apex = asymptote(elevation, altitude_m, air=air)
    return RayTable(
        altitude_m=altitude_m,
        air=air,
        root_rad=root,
        horizon_rad=horizon_rad,
        bending_rad=elevation - out,
        apex_m=apex,
    )


def geometric_elevation(table: RayTable, elevation_rad: npt.ArrayLike, range_m: F64) -> F64:
    """Elevation of the straight line to what is seen at an apparent elevation.

    Parameters
    ----------
    table
        Of the site.
    elevation_rad
        Apparent elevation, shape (n,). Below the sea horizon, where noise may put it, the
        refraction is that of the horizon.
    range_m
        Straight distance, shape (n,).

    Returns
    -------
    elevation_rad
        Shape (n,).

    Notes
    -----
    Limits: as for ``refraction.trace``: within 1e-7 rad of it above 60 km, within 1e-5 rad below
    (``tests/earth/test_ray_table.py``).
    """
    apparent = np.asarray(elevation_rad, dtype=np.float64)
    seen = np.maximum(apparent, table.horizon_rad)
    geometric = _by_asymptote(table, seen, range_m)
    is_low = _height_m(table, geometric, range_m) < LEVEL_OF_ASYMPTOTE_M
    if is_low.any():
        geometric[is_low] = _by_tracing(table, seen[is_low], geometric[is_low], range_m[is_low])
    return np.asarray(geometric + (apparent - seen))


def apparent_elevation(table: RayTable, elevation_rad: npt.ArrayLike, range_m: F64) -> F64:
    """Elevation at which a site sees what stands at a geometric elevation: the inverse.

    Parameters
    ----------
    table
        Of the site.
    elevation_rad
        Geometric elevation, shape (n,).
    range_m
        Straight distance, shape (n,).

    Returns
    -------
    elevation_rad
        Shape (n,). What stands below the sea horizon gets the refraction of the horizon.

    Notes
    -----
    Limits: as for ``geometric_elevation``, but worse for what is in the air below the horizontal
    plane of a raised site.
    """
    wanted = np.asarray(elevation_rad, dtype=np.float64)
    older = wanted
    lacked = wanted - geometric_elevation(table, older, range_m)
    newer = older + lacked
    for _ in range(12):  # secant steps, each row by itself
        lack = wanted - geometric_elevation(table, newer, range_m)
        size = np.abs(lack)
        is_open = size >= _CONVERGED_RAD
        if not is_open.any():
            break
        change = lacked - lack
        is_open &= change != 0.0
        slope = (newer - older) / np.where(change == 0.0, 1.0, change)
        step = np.minimum(np.maximum(lack * slope, -_STEP_MAX_RAD), _STEP_MAX_RAD)
        step = np.where(is_open, step, 0.0)
        older, newer = np.where(is_open, newer, older), newer + step
        if not (size >= _LAST_STEP_RAD).any():
            break
        lacked = np.where(is_open, lack, lacked)
    return newer


def _by_asymptote(table: RayTable, apparent: F64, range_m: F64) -> F64:
    """Point of the asymptote at a distance from the site, by the law of sines."""
    root = np.sqrt(apparent - table.horizon_rad)
    out = apparent - np.interp(root, table.root_rad, table.bending_rad)
    apex = np.interp(root, table.root_rad, table.apex_m)
    # In the triangle site, apex, point: the angle at the point is small and known by its sine.
    sine = apex * np.cos(out) / range_m
    return np.asarray(out + np.arcsin(np.minimum(np.maximum(sine, -1.0), 1.0)))


def _by_tracing(table: RayTable, apparent: F64, geometric: F64, range_m: F64) -> F64:
    """Trace to the height at which the range is right: a few rounds, each from the last."""
    least_m = table.altitude_m + 1e-3
    for _ in range(4):
        height = np.maximum(_height_m(table, geometric, range_m), least_m)
        traced = refraction.trace(apparent, table.altitude_m, height, air=table.air).elevation_rad
        geometric = np.where(np.isfinite(traced), traced, geometric)
    return geometric


def _height_m(table: RayTable, geometric: F64, range_m: F64) -> F64:
    """Height above the sphere of a point on a straight line from the site."""
    start = table.air.radius_m + table.altitude_m
    square = start**2 + range_m**2 + 2.0 * start * range_m * np.sin(geometric)
    return np.asarray(np.sqrt(square) - table.air.radius_m)
