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

from commonwatch.earth import ray_table_kernel, refraction
from commonwatch.earth.ray_table_kernel import CONVERGED_RAD, STEP_MAX_RAD, STEPS_MAX
from commonwatch.earth.refraction import Air, asymptote, horizon_elevation

F64 = npt.NDArray[np.float64]

LEVEL_OF_ASYMPTOTE_M: Final = 60_000.0
"""Above this height over the sphere a ray is taken to be its asymptote: within a metre, says
``tests/earth/test_refraction.py``."""

_KNOT_COUNT: Final = 4_096


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
    geometric = np.empty(len(seen))
    ray_table_kernel.by_asymptote(*_site(table), seen, range_m, geometric)
    is_low = _height_m(table, geometric, range_m) < LEVEL_OF_ASYMPTOTE_M
    if is_low.any():
        geometric[is_low] = _by_tracing(table, seen[is_low], geometric[is_low], range_m[is_low])
    return geometric + (apparent - seen)


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
    geometric = np.asarray(elevation_rad, dtype=np.float64)
    apparent = np.empty(len(geometric))
    ray_table_kernel.to_asymptote(*_site(table), geometric, range_m, apparent)
    is_low = _height_m(table, geometric, range_m) < LEVEL_OF_ASYMPTOTE_M
    if is_low.any():
        apparent[is_low] = _to_tracing(table, geometric[is_low], range_m[is_low])
    return apparent


def _site(table: RayTable) -> tuple[float, float, F64, F64]:
    """Return what the kernels take of a site."""
    return table.horizon_rad, float(table.root_rad[-1]), table.bending_rad, table.apex_m


def _to_tracing(table: RayTable, wanted: F64, range_m: F64) -> F64:
    """Find the apparent elevation at which ``geometric_elevation`` gives what is wanted."""
    older = wanted
    lacked = wanted - geometric_elevation(table, older, range_m)
    newer = older + lacked
    for _ in range(STEPS_MAX):  # secant steps, each row by itself
        lack = wanted - geometric_elevation(table, newer, range_m)
        is_open = (np.abs(lack) >= CONVERGED_RAD) & (lack != lacked)
        if not is_open.any():
            break
        slope = (newer - older) / np.where(is_open, lacked - lack, 1.0)
        step = np.clip(lack * slope, -STEP_MAX_RAD, STEP_MAX_RAD)
        older, newer = np.where(is_open, newer, older), np.where(is_open, newer + step, newer)
        lacked = np.where(is_open, lack, lacked)
    return newer


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
