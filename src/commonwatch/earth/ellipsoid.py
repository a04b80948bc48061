"""The WGS-84 ellipsoid: geodetic and Earth-fixed coordinates, geodesics.

Constants: National Imagery and Mapping Agency, *Department of Defense World Geodetic System
1984*, TR8350.2, third edition, 2000, table 3.1 (*found*); mean radius: H. Moritz, "Geodetic
Reference System 1980", Journal of Geodesy 74, 2000, 128-133, doi:10.1007/s001900050278 (*found*).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyproj

from commonwatch.earth.ellipsoid_kernel import (
    ECCENTRICITY_SQUARED,
    FLATTENING,
    SEMI_MAJOR_AXIS_M,
    SEMI_MINOR_AXIS_M,
    geodetic_rows,
)
from commonwatch.errors import InputError
from commonwatch.kernels import run_in_chunks

__all__ = [
    "ECCENTRICITY_SQUARED",
    "FLATTENING",
    "MEAN_RADIUS_M",
    "SEMI_MAJOR_AXIS_M",
    "SEMI_MINOR_AXIS_M",
    "destination",
    "ecef_from_geodetic",
    "geodesic",
    "geodetic_from_ecef",
    "local_radius",
]

F64 = npt.NDArray[np.float64]

MEAN_RADIUS_M: Final = 6371008.7714
"""Mean of the three semi-axes."""

_GEOD: Final = pyproj.Geod(ellps="WGS84")
_ROWS_PER_CHUNK: Final = 65_536


def geodetic_from_ecef(position_ecef_m: npt.ArrayLike) -> tuple[F64, F64, F64]:
    """Geodetic coordinates of Earth-fixed positions.

    Parameters
    ----------
    position_ecef_m
        Positions, Earth-centred, Earth-fixed, shape (..., 3).

    Returns
    -------
    latitude_rad, longitude_rad, height_m
        Each of shape (...); longitude in [-pi, pi]; height above the ellipsoid.

    Raises
    ------
    InputError
        The last axis does not hold three coordinates.

    Notes
    -----
    Two sweeps of Bowring's iteration on the reduced latitude, from his first guess for any height.
    On the axis the longitude is 0 or pi as ``atan2`` has it; the centre is given as the pole at
    height -6356752 m.

    Limits: good to 1e-6 m from 5,000 km below the surface to 40,000 km above it
    (``tests/earth/test_ellipsoid.py``). Within 43 km of the centre (a e^2, *derived*), where
    several normals pass through a point, the answer is finite but without meaning.

    Examples
    --------
    >>> latitude_rad, longitude_rad, height_m = geodetic_from_ecef([6378137.0, 0.0, 0.0])
    >>> float(latitude_rad), float(longitude_rad), float(height_m)
    (0.0, 0.0, 0.0)

    References
    ----------
    B. R. Bowring, "The accuracy of geodetic latitude and height equations", Survey Review 28
    (218), 1985, 202-206, doi:10.1179/sre.1985.28.218.202.
    """
    position = np.asarray(position_ecef_m, dtype=np.float64)
    if position.ndim == 0 or position.shape[-1] != 3:
        raise InputError(
            f"positions of shape {position.shape}",
            allowed="shape (..., 3)",
            where="position_ecef_m",
        )
    rows = np.ascontiguousarray(position.reshape(-1, 3))
    out = np.empty_like(rows)
    if len(rows) <= _ROWS_PER_CHUNK:
        geodetic_rows(rows, out)
    else:
        run_in_chunks(
            lambda start, stop: geodetic_rows(rows[start:stop], out[start:stop]),
            len(rows),
            chunk=_ROWS_PER_CHUNK,
        )
    columns = np.ascontiguousarray(out.T).reshape(3, *position.shape[:-1])
    return columns[0, ...], columns[1, ...], columns[2, ...]


def ecef_from_geodetic(
    latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike, height_m: npt.ArrayLike
) -> F64:
    """Earth-fixed positions of geodetic coordinates.

    Parameters
    ----------
    latitude_rad, longitude_rad
        Geodetic latitude and longitude, shapes that broadcast to (...).
    height_m
        Height above the ellipsoid, likewise.

    Returns
    -------
    position_ecef_m
        Shape (..., 3).

    Examples
    --------
    >>> ecef_from_geodetic(0.0, 0.0, 100.0).tolist()
    [6378237.0, 0.0, 0.0]
    """
    latitude = np.asarray(latitude_rad, dtype=np.float64)
    longitude = np.asarray(longitude_rad, dtype=np.float64)
    height = np.asarray(height_m, dtype=np.float64)
    sine, cosine = np.sin(latitude), np.cos(latitude)
    normal_m = SEMI_MAJOR_AXIS_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine**2)
    level_m = (normal_m + height) * cosine
    x_m = level_m * np.cos(longitude)
    position = np.empty((*x_m.shape, 3))
    position[..., 0] = x_m
    position[..., 1] = level_m * np.sin(longitude)
    position[..., 2] = (normal_m * (1.0 - ECCENTRICITY_SQUARED) + height) * sine
    return position


def local_radius(latitude_rad: npt.ArrayLike) -> F64:
    """Radius in metres of the sphere that fits the ellipsoid best at a latitude (Gauss's mean).

    Examples
    --------
    >>> round(float(local_radius(0.0)))
    6356752
    """
    sine = np.sin(np.asarray(latitude_rad, dtype=np.float64))
    return np.asarray(SEMI_MINOR_AXIS_M / (1.0 - ECCENTRICITY_SQUARED * sine**2))


def geodesic(
    latitude_1_rad: npt.ArrayLike,
    longitude_1_rad: npt.ArrayLike,
    latitude_2_rad: npt.ArrayLike,
    longitude_2_rad: npt.ArrayLike,
) -> tuple[F64, F64]:
    """Shortest way over the ellipsoid between two points.

    Parameters
    ----------
    latitude_1_rad, longitude_1_rad, latitude_2_rad, longitude_2_rad
        Geodetic coordinates of the two ends, shapes that broadcast to (...).

    Returns
    -------
    ground_range_m, azimuth_rad
        Length, and azimuth at the first point clockwise from north in [0, 2 pi), each (...).

    References
    ----------
    C. F. F. Karney, "Algorithms for geodesics", Journal of Geodesy 87, 2013, 43-55,
    doi:10.1007/s00190-012-0578-z (used through pyproj).
    """
    ends = np.broadcast_arrays(
        *(
            np.asarray(angle, dtype=np.float64)
            for angle in (latitude_1_rad, longitude_1_rad, latitude_2_rad, longitude_2_rad)
        )
    )
    latitude_1, longitude_1, latitude_2, longitude_2 = (end.ravel() for end in ends)
    azimuth, _, length = _GEOD.inv(longitude_1, latitude_1, longitude_2, latitude_2, radians=True)
    shape = ends[0].shape
    return np.reshape(length, shape), _turn(np.reshape(azimuth, shape))


def destination(
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    azimuth_rad: npt.ArrayLike,
    ground_range_m: npt.ArrayLike,
) -> tuple[F64, F64]:
    """Where a geodesic from a point ends.

    Parameters
    ----------
    latitude_rad, longitude_rad
        Geodetic coordinates of the start, shapes that broadcast to (...).
    azimuth_rad
        Azimuth at the start, clockwise from north.
    ground_range_m
        Length along the ellipsoid.

    Returns
    -------
    latitude_rad, longitude_rad
        Geodetic coordinates of the end, each (...), longitude in [-pi, pi].
    """
    starts = np.broadcast_arrays(
        *(
            np.asarray(value, dtype=np.float64)
            for value in (latitude_rad, longitude_rad, azimuth_rad, ground_range_m)
        )
    )
    latitude, longitude, azimuth, length = (start.ravel() for start in starts)
    end_longitude, end_latitude, _ = _GEOD.fwd(longitude, latitude, azimuth, length, radians=True)
    shape = starts[0].shape
    return np.reshape(end_latitude, shape), np.reshape(end_longitude, shape)


def _turn(angle_rad: F64) -> F64:
    """Angle brought into [0, 2 pi)."""
    turned = np.mod(angle_rad, 2.0 * np.pi)
    return np.where(turned >= 2.0 * np.pi, 0.0, turned)
