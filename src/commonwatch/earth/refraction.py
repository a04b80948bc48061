"""Radio rays through an exponential atmosphere over a spherical Earth.

The refractive index is n(h) = 1 + 1e-6 N0 exp(-h/H). With r the distance from the Earth's middle
and e the elevation of the ray, Bouguer's rule keeps C = n r cos(e) along a ray. Everything here
rests on one integral, over t = n r sin(e), which grows steadily along a ray, through its lowest
point too: the bending

    tau = - integral of n'(r) C / (n^2 r (n + r n')) dt,

a smooth function, done by Gauss-Legendre quadrature. The angle at the Earth's middle
between two points of a ray then is e2 - e1 + tau, exactly.

N0 = 313 and H = 6.95 km: B. R. Bean, G. D. Thayer, *CRPL Exponential Reference Atmosphere*,
National Bureau of Standards Monograph 4, 1959 (*found*: N0 = 313, H = 1/0.1439 km).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M

F64 = npt.NDArray[np.float64]

SURFACE_REFRACTIVITY: Final = 313.0
SCALE_HEIGHT_M: Final = 6950.0

AIR_TOP_M: Final = 120_000.0
"""Above this, n - 1 is below 1e-11 and rays are straight."""

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """An exponential atmosphere over a sphere.

    Parameters
    ----------
    surface_refractivity
        N0, parts in a million, at sea level.
    scale_height_m
        Height over which n - 1 falls by e.
    radius_m
        Radius of the sphere; see ``ellipsoid.local_radius``.
    """

    surface_refractivity: float = SURFACE_REFRACTIVITY
    scale_height_m: float = SCALE_HEIGHT_M
    radius_m: float = MEAN_RADIUS_M


STANDARD_AIR: Final = Air()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ray:
    """Where a ray from a site passes given altitudes; not-a-number where it does not.

    Parameters
    ----------
    ground_range_m
        Ground range along the sphere.
    range_m
        Straight distance from the site.
    elevation_rad
        Geometric elevation: that of the straight line from the site.
    bending_rad
        How far the ray has turned downwards since the site.
    """

    ground_range_m: F64
    range_m: F64
    elevation_rad: F64
    bending_rad: F64


def trace(
    elevation_rad: npt.ArrayLike,
    altitude_m: npt.ArrayLike,
    end_altitude_m: npt.ArrayLike,
    *,
    air: Air = STANDARD_AIR,
) -> Ray:
    """Follow rays from a site to given altitudes.

    Parameters
    ----------
    elevation_rad
        Apparent elevation at the site, shapes of all three broadcast to (...).
    altitude_m
        Altitude of the site above the sphere.
    end_altitude_m
        Altitude to which the ray is followed, on its way up.
    air
        The atmosphere.

    Returns
    -------
    Ray
        Arrays of shape (...); not-a-number where the ray never gets there or meets the sea first.

    Notes
    -----
    Limits: no ducts, no weather, no ionosphere: the real bending differs from day to day, most near
    the horizon. The quadrature is good to 1e-9 rad (``tests/earth/test_refraction.py``).
    """
    elevation, site, end = (
        np.asarray(value, dtype=np.float64)
        for value in np.broadcast_arrays(elevation_rad, altitude_m, end_altitude_m)
    )
    ground_range, geometric, bending, is_reached = _arrival(elevation, site, end, air)
    is_reached &= elevation >= horizon_elevation(site, air=air)
    start_m, end_m = air.radius_m + site, air.radius_m + end
    half_sine = np.sin(0.5 * ground_range / air.radius_m)
    # The law of cosines, written so that short distances keep their digits.
    length = np.sqrt((end - site) ** 2 + 4.0 * start_m * end_m * half_sine**2)
    return Ray(
        ground_range_m=np.where(is_reached, ground_range, np.nan),
        range_m=np.where(is_reached, length, np.nan),
        elevation_rad=np.where(is_reached, geometric, np.nan),
        bending_rad=np.where(is_reached, bending, np.nan),
    )


def asymptote(
    elevation_rad: npt.ArrayLike, altitude_m: npt.ArrayLike, *, air: Air = STANDARD_AIR
) -> tuple[F64, F64]:
    """Straight line that a ray follows above the air.

    A limit of apparent elevation is a surface of rays. Above the air it is a cone whose apex stands
    on the vertical of the site, somewhat above it: a position is above the limit where
    ``up >= sin(elevation_out) * length``, both measured from that apex.

    Parameters
    ----------
    elevation_rad
        Apparent elevation at the site, shapes of both broadcast to (...). An elevation below the
        sea horizon counts as the sea horizon: nothing is seen through the Earth.
    altitude_m
        Altitude of the site above the sphere.
    air
        The atmosphere.

    Returns
    -------
    elevation_out_rad
        Elevation of the line relative to the horizontal plane of the site, shape (...).
    apex_height_m
        Height above the site at which the line, continued backwards, crosses the site's vertical.

    Notes
    -----
    Limits: the line lies above the traced ray, at elevation 0 by less than 0.15 m at 50 km, 16 m at
    20 km, 42 m at 15 km, 120 m at 10 km, 410 m at 5 km (sites up to 2 km; standard air:
    ``tests/earth/test_refraction.py``) and by the whole apex height at the site; by less for higher
    elevations.
    """
    elevation, site = (
        np.asarray(value, dtype=np.float64)
        for value in np.broadcast_arrays(elevation_rad, altitude_m)
    )
    elevation = np.maximum(elevation, horizon_elevation(site, air=air))
    invariant_m, start_m = _launch(elevation, site, air)
    bending = _bending(invariant_m, start_m, np.full_like(start_m, np.inf), air)
    # cos(e) / cos(e - tau), in a form that keeps its digits towards the zenith.
    ratio = 1.0 / (np.cos(bending) + np.tan(elevation) * np.sin(bending))
    apex = (air.radius_m + site) * (_index(site, air) * ratio - 1.0)
    return elevation - bending, apex


def horizon_elevation(altitude_m: npt.ArrayLike, *, air: Air = STANDARD_AIR) -> F64:
    """Apparent elevation of the sea horizon in radians, negative for a raised site.

    Parameters
    ----------
    altitude_m
        Altitude of the site above the sphere, shape (...); a site below the sea's level counts as
        at the sea's level.
    air
        The atmosphere.

    Examples
    --------
    >>> float(horizon_elevation(0.0))
    0.0
    """
    site = np.maximum(np.asarray(altitude_m, dtype=np.float64), 0.0)
    index = _index(site, air)
    outer = index * (air.radius_m + site)
    inner = _index(np.zeros_like(site), air) * air.radius_m
    # arccos(inner / outer), with the digits kept for low sites.
    return np.asarray(0.0 - np.arctan2(np.sqrt((outer - inner) * (outer + inner)), inner))


def apparent_elevation(
    elevation_rad: npt.ArrayLike,
    range_m: npt.ArrayLike,
    altitude_m: npt.ArrayLike,
    *,
    air: Air = STANDARD_AIR,
) -> F64:
    """Elevation at which a radar sees what stands at a geometric elevation and range.

    Parameters
    ----------
    elevation_rad
        Geometric elevation, shapes of all three broadcast to (...).
    range_m
        Straight distance.
    altitude_m
        Altitude of the site above the sphere.
    air
        The atmosphere.

    Returns
    -------
    elevation_rad
        Apparent elevation, shape (...); not-a-number for what stands below the sea horizon, or
        lower than the site where the ray still falls.

    Notes
    -----
    The inverse of ``trace``, by iteration: (1) trace at the guess, (2) raise the guess by what the
    geometric elevation lacks; secant steps after the first.

    Limits: as for ``trace``; good to 1e-8 rad for what stands 5 km up or higher
    (``tests/earth/test_refraction.py``).
    """
    wanted, length, site = (
        np.asarray(value, dtype=np.float64)
        for value in np.broadcast_arrays(elevation_rad, range_m, altitude_m)
    )
    start = air.radius_m + site
    end = np.sqrt(start**2 + length**2 + 2.0 * start * length * np.sin(wanted)) - air.radius_m
    return _apparent(wanted, length, site, end, air)


def ray_altitude(
    ground_range_m: npt.ArrayLike,
    elevation_rad: npt.ArrayLike,
    altitude_m: npt.ArrayLike,
    *,
    air: Air = STANDARD_AIR,
) -> F64:
    """Altitude of a ray at a ground range from its site.

    Parameters
    ----------
    ground_range_m
        Ground range along the sphere, not negative, shapes of all three broadcast to (...).
    elevation_rad
        Apparent elevation at the site; below the sea horizon it counts as the sea horizon.
    altitude_m
        Altitude of the site above the sphere.
    air
        The atmosphere.

    Returns
    -------
    altitude_m
        Altitude of the ray above the sphere, shape (...); infinite where it never comes so far
        round the Earth.

    Notes
    -----
    Newton's iteration on t, whose derivative along the Earth is C / (n r^2 (n + r n')).

    Limits: as for ``trace``; good to 0.01 m in the air (``tests/earth/test_refraction.py``).
    """
    ground_range, elevation, site = (
        np.asarray(value, dtype=np.float64)
        for value in np.broadcast_arrays(ground_range_m, elevation_rad, altitude_m)
    )
    elevation = np.maximum(elevation, horizon_elevation(site, air=air))
    elevation_out, _ = asymptote(elevation, site, air=air)
    invariant, start = _launch(elevation, site, air)
    angle = ground_range / air.radius_m
    is_reached = angle + elevation_out < 0.5 * np.pi
    # The asymptote's own crossing: exact above the air, the first guess in it.
    first_guess = invariant * np.tan(np.where(is_reached, angle + elevation_out, 0.0))
    stop = np.maximum(first_guess, start)
    for _ in range(8):
        height = _height(np.hypot(invariant, stop), air)
        r = air.radius_m + height
        slope = invariant / (_index(height, air) * r**2 * _growth(height, air))
        passed = np.arctan2(stop, invariant) - elevation + _bending(invariant, start, stop, air)
        stop = np.maximum(stop - (passed - angle) / slope, start)
    altitude = _height(np.hypot(invariant, stop), air)
    return np.where(is_reached, altitude, np.inf)


def _apparent(wanted_rad: F64, length_m: F64, site_m: F64, end_m: F64, air: Air) -> F64:
    """Secant iteration of ``apparent_elevation``; each ray stops by itself."""
    older = wanted_rad
    ground_range, geometric, _, _ = _arrival(older, site_m, end_m, air)
    older_miss = wanted_rad - geometric
    newer = older + older_miss
    for _ in range(10):
        ground_range, geometric, _, _ = _arrival(newer, site_m, end_m, air)
        miss = wanted_rad - geometric
        change = miss - older_miss
        is_done = (np.abs(miss) < 1e-12) | (change == 0.0) | np.isnan(miss)
        if np.all(is_done):
            break
        step = np.where(is_done, 0.0, -miss * (newer - older) / np.where(is_done, 1.0, change))
        older, newer = np.where(is_done, older, newer), newer + np.clip(step, -0.02, 0.02)
        older_miss = np.where(is_done, older_miss, miss)
    # A ray may pass the line of sight twice: it must be the place wanted, not only its direction.
    ahead = length_m * np.cos(wanted_rad)
    angle = np.arctan2(ahead, air.radius_m + site_m + length_m * np.sin(wanted_rad))
    is_there = np.abs(ground_range - air.radius_m * angle) < 100.0
    is_seen = newer >= horizon_elevation(site_m, air=air) - 1e-9
    return np.where(is_there & is_seen & (np.abs(miss) < 1e-8), newer, np.nan)


def _arrival(
    elevation_rad: F64, site_m: F64, end_m: F64, air: Air
) -> tuple[F64, F64, F64, npt.NDArray[np.bool_]]:
    """Ground range, geometric elevation and bending where a ray reaches an altitude, going up."""
    invariant, start = _launch(elevation_rad, site_m, air)
    product = _index(end_m, air) * (air.radius_m + end_m)
    square = (product - invariant) * (product + invariant)
    # Rounding must not lose the ray at its lowest point, where n r = C, nor at the site.
    stop = np.sqrt(np.maximum(square, 0.0))
    is_reached = (square >= -1e-12 * product**2) & (stop >= start - 1e-6)
    stop = np.maximum(stop, start)
    bending = _bending(invariant, start, stop, air)
    angle = np.arctan2(stop, invariant) - elevation_rad + bending
    ahead = (air.radius_m + end_m) * np.sin(angle)
    # Twice the square of the half-angle's sine keeps the digits that 1 - cos would lose.
    up = end_m - site_m - 2.0 * (air.radius_m + end_m) * np.sin(0.5 * angle) ** 2
    return air.radius_m * angle, np.arctan2(up, ahead), bending, is_reached


def _launch(elevation_rad: F64, site_m: F64, air: Air) -> tuple[F64, F64]:
    """Invariant C of the ray, and t at the site."""
    product = _index(site_m, air) * (air.radius_m + site_m)
    return product * np.cos(elevation_rad), product * np.sin(elevation_rad)


def _index(height_m: F64, air: Air) -> F64:
    """Refractive index n."""
    return np.asarray(
        1.0 + 1e-6 * air.surface_refractivity * np.exp(-height_m / air.scale_height_m)
    )


def _growth(height_m: F64, air: Air) -> F64:
    """Slope of n r: n + r n'."""
    index = _index(height_m, air)
    return np.asarray(index - (air.radius_m + height_m) * (index - 1.0) / air.scale_height_m)


def _height(product_m: F64, air: Air) -> F64:
    """Height at which n r has a value, by Newton's iteration from above."""
    height = product_m - air.radius_m
    for _ in range(4):
        excess = _index(height, air) * (air.radius_m + height) - product_m
        height = height - excess / _growth(height, air)
    return np.asarray(height)


def _bending(invariant_m: F64, start_m: F64, stop_m: F64, air: Air) -> F64:
    """Angle by which a ray turns downwards between two values of t."""
    top = np.sqrt(np.maximum((air.radius_m + AIR_TOP_M) ** 2 - invariant_m**2, 0.0))
    start, stop = np.clip(start_m, -top, top), np.clip(stop_m, -top, top)
    half = 0.5 * (stop - start)
    t = (0.5 * (start + stop))[..., np.newaxis] + half[..., np.newaxis] * _POINTS
    height = _height(np.hypot(invariant_m[..., np.newaxis], t), air)
    index = _index(height, air)
    fall = (index - 1.0) / air.scale_height_m
    rate = fall / (index**2 * (air.radius_m + height) * _growth(height, air))
    return np.asarray(invariant_m * half * (rate @ _WEIGHTS))
