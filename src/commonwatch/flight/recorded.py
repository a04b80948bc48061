"""A path recorded in a vertical plane, as webcasts give it, turned into state vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import destination, ecef_from_geodetic
from commonwatch.errors import TableError

F64 = npt.NDArray[np.float64]


def vertical_plane_states(
    time_s: F64,
    altitude_m: F64,
    downrange_m: F64,
    *,
    latitude_rad: float,
    longitude_rad: float,
    azimuth_rad: float,
) -> F64:
    """Lay a path along the geodesic from its launch point and differentiate it.

    Parameters
    ----------
    time_s
        (t,), rising, seconds from lift-off.
    altitude_m
        (t,), height above the ellipsoid.
    downrange_m
        (t,), distance along the geodesic from the launch point, at the ground.
    latitude_rad, longitude_rad
        Geodetic place of lift-off.
    azimuth_rad
        Azimuth of the path at lift-off, clockwise from true north.

    Returns
    -------
    state_vector
        (t, 6), ECEF. Velocities are central differences of the positions, so they carry the noise
        of the record divided by its interval.

    Raises
    ------
    TableError
        Times do not rise, or fewer than three samples.
    """
    if len(time_s) < 3 or not (np.diff(time_s) > 0.0).all():
        raise TableError(
            f"{len(time_s)} samples, or times that do not rise",
            allowed="three samples or more, in order of time",
        )
    forward = downrange_m >= 0.0
    latitude, longitude = destination(
        np.full_like(downrange_m, latitude_rad),
        np.full_like(downrange_m, longitude_rad),
        np.where(forward, azimuth_rad, azimuth_rad + np.pi),
        np.abs(downrange_m),
    )
    position = ecef_from_geodetic(latitude, longitude, altitude_m)
    return np.concatenate([position, np.gradient(position, time_s, axis=0)], axis=1)
