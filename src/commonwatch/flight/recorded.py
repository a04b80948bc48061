"""Paths recorded in a vertical plane, as webcasts give them, turned into state vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import destination, ecef_from_geodetic, geodesic
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.errors import TableError

F64 = npt.NDArray[np.float64]

_AHEAD_M = 1e3


def from_vertical_plane(
    time_s: F64,
    altitude_m: F64,
    downrange_m: F64,
    *,
    latitude_rad: float,
    longitude_rad: float,
    azimuth_rad: float,
    speeds_m_s: tuple[F64, F64] | None = None,
) -> F64:
    """Lay a recorded path along the geodesic from its launch point.

    Parameters
    ----------
    time_s
        (t,), rising, seconds from lift-off.
    altitude_m
        (t,), height above the ellipsoid.
    downrange_m
        (t,), distance along the geodesic from the launch point, at the ground; negative behind it.
    latitude_rad, longitude_rad
        Geodetic place of lift-off.
    azimuth_rad
        Azimuth of the path at lift-off, clockwise from true north.
    speeds_m_s
        (t,) each, level and vertical speed over the turning Earth, where they were recorded.

    Returns
    -------
    state_vector
        (t, 6), ECEF, m and m/s. Without recorded speeds velocities are central differences of the
        positions, so they carry the noise of the record divided by its interval.

    Raises
    ------
    TableError
        Times do not rise, or fewer than three samples.

    Notes
    -----
    **Limits.** A real path leaves the geodesic sideways by the Coriolis acceleration, by up to
    omega v t^2 (*derived*): kilometres after some minutes.
    """
    if len(time_s) < 3 or not (np.diff(time_s) > 0.0).all():
        raise TableError(
            f"{len(time_s)} samples, or times that do not rise",
            allowed="three samples or more, in order of time",
        )
    latitude, longitude = destination(latitude_rad, longitude_rad, azimuth_rad, downrange_m)
    position = ecef_from_geodetic(latitude, longitude, altitude_m)
    if speeds_m_s is None:
        return np.hstack([position, np.gradient(position, time_s, axis=0)])
    along, up = speeds_m_s
    ahead = destination(latitude_rad, longitude_rad, azimuth_rad, downrange_m + _AHEAD_M)
    _, heading = geodesic(latitude, longitude, *ahead)
    velocity_enu_m_s = np.column_stack([along * np.sin(heading), along * np.cos(heading), up])
    rotation = rotation_enu_from_ecef(latitude, longitude)
    return np.hstack([position, np.einsum("nji,nj->ni", rotation, velocity_enu_m_s)])
