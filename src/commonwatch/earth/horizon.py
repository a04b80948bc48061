"""The lowest altitude that a site sees at a ground range."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth import refraction as air_rays
from commonwatch.earth.ellipsoid import MEAN_RADIUS_M
from commonwatch.errors import InputError

F64 = npt.NDArray[np.float64]

FOUR_THIRDS_TOP_M: Final = 10_000.0
"""Altitude up to which the 4/3 Earth is an honest stand-in for refraction (*assumed*)."""


def lowest_visible_altitude(
    ground_range_m: npt.ArrayLike,
    elevation_rad: npt.ArrayLike,
    altitude_m: npt.ArrayLike = 0.0,
    *,
    radius_m: float = MEAN_RADIUS_M,
    refraction: bool = True,
) -> F64:
    """Lowest altitude that a site sees at a ground range, over a spherical Earth.

    Parameters
    ----------
    ground_range_m
        Ground range along the sphere, not negative, shapes of all three broadcast to (...).
    elevation_rad
        Lowest elevation at which the site looks (apparent if ``refraction``), at most a right
        angle. Below the sea horizon it counts as the sea horizon.
    altitude_m
        Altitude of the site above the sphere, not negative.
    radius_m
        Radius of the sphere.
    refraction
        Whether rays bend, or run straight.

    Returns
    -------
    altitude_m
        Shape (...); infinite where the line of sight never comes so far round the Earth.

    Raises
    ------
    InputError
        A negative ground range, or a site below the sphere.

    Notes
    -----
    Straight: (R + h) cos(e) / cos(e + g/R) - R.

    Limits: a sphere, no terrain. A radius that is off by a part p moves the horizon's altitude by
    p g^2 / (2 R): a kilometre at 2,000 km for 0.3 % (*derived*).

    Examples
    --------
    >>> float(lowest_visible_altitude(0.0, 0.0, refraction=False))
    0.0
    """
    ground_range, elevation, site = (
        np.asarray(value, dtype=np.float64)
        for value in np.broadcast_arrays(ground_range_m, elevation_rad, altitude_m)
    )
    if np.any(ground_range < 0.0):
        raise InputError("a negative ground range", allowed="zero or more", where="ground_range_m")
    if np.any(site < 0.0):
        raise InputError("a site below the sphere", allowed="zero or more", where="altitude_m")
    if refraction:
        air = air_rays.Air(radius_m=radius_m)
        return np.maximum(air_rays.ray_altitude(ground_range, elevation, site, air=air), 0.0)
    elevation = np.maximum(elevation, -np.arccos(radius_m / (radius_m + site)))
    arrival = elevation + ground_range / radius_m
    is_reached = arrival < 0.5 * np.pi
    # (R + h) cos(e) / cos(arrival) - R, with the digits kept for short ranges.
    half_sum, half_turn = 0.5 * (elevation + arrival), 0.5 * (arrival - elevation)
    climb = 2.0 * np.sin(half_sum) * np.sin(half_turn) / np.cos(np.where(is_reached, arrival, 0.0))
    return np.where(is_reached, np.maximum(site + (radius_m + site) * climb, 0.0), np.inf)


def four_thirds_altitude(
    ground_range_m: npt.ArrayLike,
    elevation_rad: npt.ArrayLike,
    altitude_m: npt.ArrayLike = 0.0,
    *,
    radius_m: float = MEAN_RADIUS_M,
) -> F64:
    """Lowest visible altitude by the 4/3 Earth, for comparison, near the ground only.

    Parameters
    ----------
    ground_range_m, elevation_rad, altitude_m, radius_m
        As for ``lowest_visible_altitude``.

    Returns
    -------
    altitude_m
        Shape (...).

    Raises
    ------
    InputError
        The answer lies above 10 km, where the 4/3 Earth is wrong: at 2,000 km and 2 degrees it
        says 315 km where the ray is at 391 km (``tests/earth/test_horizon.py``).

    References
    ----------
    M. I. Skolnik, *Introduction to Radar Systems*, 3rd edition, 2001, section 8.5.
    """
    altitude = lowest_visible_altitude(
        ground_range_m, elevation_rad, altitude_m, radius_m=4.0 / 3.0 * radius_m, refraction=False
    )
    if np.any(altitude > FOUR_THIRDS_TOP_M):
        raise InputError(
            f"the 4/3 Earth asked for an altitude of {np.max(altitude) / 1e3:.0f} km",
            allowed="altitudes up to 10 km",
            where="four_thirds_altitude",
            what_to_do="Use lowest_visible_altitude, which traces the ray",
        )
    return altitude
