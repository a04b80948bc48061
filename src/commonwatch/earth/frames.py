"""East-north-up at a site, look angles, and the inertial frame of a uniformly turning Earth.

A rotation names both ends, so that neighbours cancel:
``vector_enu_m = rotation_enu_from_ecef @ vector_ecef_m``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.earth.gravity import EARTH_RATE_RAD_S

F64 = npt.NDArray[np.float64]


def rotation_enu_from_ecef(latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike) -> F64:
    """Rotation from the Earth-fixed frame to east, north, up at a geodetic place.

    Parameters
    ----------
    latitude_rad, longitude_rad
        Geodetic coordinates, shapes that broadcast to (...).

    Returns
    -------
    rotation_enu_from_ecef
        Shape (..., 3, 3); its rows are east, north and up in Earth-fixed axes.

    Examples
    --------
    >>> (rotation_enu_from_ecef(0.0, 0.0) @ [1.0, 2.0, 3.0]).tolist()
    [2.0, 3.0, 1.0]
    """
    latitude = np.asarray(latitude_rad, dtype=np.float64)
    longitude = np.asarray(longitude_rad, dtype=np.float64)
    sine_lat, cosine_lat = np.sin(latitude), np.cos(latitude)
    sine_lon, cosine_lon = np.sin(longitude), np.cos(longitude)
    outward = cosine_lat * cosine_lon
    rotation = np.empty((*outward.shape, 3, 3))
    rotation[..., 0, 0] = -sine_lon
    rotation[..., 0, 1] = cosine_lon
    rotation[..., 0, 2] = 0.0
    rotation[..., 1, 0] = -sine_lat * cosine_lon
    rotation[..., 1, 1] = -sine_lat * sine_lon
    rotation[..., 1, 2] = cosine_lat
    rotation[..., 2, 0] = outward
    rotation[..., 2, 1] = cosine_lat * sine_lon
    rotation[..., 2, 2] = sine_lat
    return rotation


def look_angles(
    site_ecef_m: npt.ArrayLike,
    rotation_enu_from_ecef: npt.ArrayLike,
    position_ecef_m: npt.ArrayLike,
) -> tuple[F64, F64, F64]:
    """Range, azimuth and geometric elevation of positions seen from a site.

    Parameters
    ----------
    site_ecef_m
        Position of the site, shape (3,).
    rotation_enu_from_ecef
        Rotation to east, north, up at the site, shape (3, 3).
    position_ecef_m
        Positions looked at, shape (..., 3).

    Returns
    -------
    range_m, azimuth_rad, elevation_rad
        Each (...): slant range; azimuth clockwise from north in [0, 2 pi); elevation of the
        straight line, without refraction.
    """
    offset_m = np.asarray(position_ecef_m, dtype=np.float64) - np.asarray(site_ecef_m)
    offset_enu_m = offset_m @ np.asarray(rotation_enu_from_ecef).T
    east, north, up = (offset_enu_m[..., k] for k in range(3))
    level = np.hypot(east, north)
    azimuth = np.mod(np.arctan2(east, north), 2.0 * np.pi)
    # A tiny negative angle is rounded up to a whole turn by mod.
    azimuth = np.where(azimuth >= 2.0 * np.pi, 0.0, azimuth)
    return np.hypot(level, up), azimuth, np.arctan2(up, level)


def position_from_look_angles(
    site_ecef_m: npt.ArrayLike,
    rotation_enu_from_ecef: npt.ArrayLike,
    range_m: npt.ArrayLike,
    azimuth_rad: npt.ArrayLike,
    elevation_rad: npt.ArrayLike,
) -> F64:
    """Positions that a site sees at given look angles: the inverse of ``look_angles``.

    Parameters
    ----------
    site_ecef_m
        Position of the site, shape (3,).
    rotation_enu_from_ecef
        Rotation to east, north, up at the site, shape (3, 3).
    range_m, azimuth_rad, elevation_rad
        Slant range, azimuth clockwise from north and geometric elevation, shapes that broadcast
        to (...).

    Returns
    -------
    position_ecef_m
        Shape (..., 3).
    """
    length, azimuth, elevation = np.broadcast_arrays(
        np.asarray(range_m, dtype=np.float64),
        np.asarray(azimuth_rad, dtype=np.float64),
        np.asarray(elevation_rad, dtype=np.float64),
    )
    level = length * np.cos(elevation)
    offset_enu_m = np.stack(
        [level * np.sin(azimuth), level * np.cos(azimuth), length * np.sin(elevation)], axis=-1
    )
    return np.asarray(
        np.asarray(site_ecef_m, dtype=np.float64)
        + offset_enu_m @ np.asarray(rotation_enu_from_ecef, dtype=np.float64)
    )


def inertial_from_ecef(state_vector: npt.ArrayLike, time_s: npt.ArrayLike) -> F64:
    """State vectors in the inertial frame whose axes coincide with the Earth's at ``time_s = 0``.

    Parameters
    ----------
    state_vector
        Earth-fixed position and velocity, metres and metres a second, shape (..., 6).
    time_s
        Seconds since the axes coincided, a shape that broadcasts with (...).

    Returns
    -------
    state_vector
        Inertial position and velocity, shape (..., 6).

    Notes
    -----
    Limits: a uniformly turning Earth: for a flight, not for hours or days. Polar motion, precession
    and the irregularities of the day are left out.
    """
    fixed = np.asarray(state_vector, dtype=np.float64)
    velocity = fixed[..., 3:] + spin_m_s(fixed[..., :3])
    angle_rad = EARTH_RATE_RAD_S * np.asarray(time_s, dtype=np.float64)
    return np.concatenate(
        np.broadcast_arrays(
            _turn_about_axis(fixed[..., :3], angle_rad), _turn_about_axis(velocity, angle_rad)
        ),
        axis=-1,
    )


def ecef_from_inertial(state_vector: npt.ArrayLike, time_s: npt.ArrayLike) -> F64:
    """Earth-fixed state vectors: the inverse of ``inertial_from_ecef``.

    Parameters
    ----------
    state_vector
        Inertial position and velocity, metres and metres a second, shape (..., 6).
    time_s
        Seconds since the axes coincided, a shape that broadcasts with (...).

    Returns
    -------
    state_vector
        Earth-fixed position and velocity, shape (..., 6).
    """
    inertial = np.asarray(state_vector, dtype=np.float64)
    angle_rad = -EARTH_RATE_RAD_S * np.asarray(time_s, dtype=np.float64)
    position = _turn_about_axis(inertial[..., :3], angle_rad)
    velocity = _turn_about_axis(inertial[..., 3:], angle_rad) - spin_m_s(position)
    return np.concatenate([position, velocity], axis=-1)


def spin_m_s(position_m: F64) -> F64:
    """Velocity of the turning Earth, in metres a second, at Earth-fixed positions in metres.

    Positions and velocities have the shape (..., 3): omega x r.
    """
    velocity = np.zeros_like(position_m)
    velocity[..., 0] = -position_m[..., 1]
    velocity[..., 1] = position_m[..., 0]
    velocity *= EARTH_RATE_RAD_S
    return velocity


def _turn_about_axis(vector: F64, angle_rad: F64) -> F64:
    """Vector turned about the Earth's axis, counter-clockwise seen from the north."""
    sine, cosine = np.sin(angle_rad), np.cos(angle_rad)
    x, y, z = (vector[..., k] for k in range(3))
    turned = np.broadcast_arrays(cosine * x - sine * y, sine * x + cosine * y, z)
    return np.stack(turned, axis=-1)
