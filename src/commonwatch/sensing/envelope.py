"""A radar's limits as rows of numbers, one a face, for the kernels to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import local_radius
from commonwatch.earth.refraction import Air, asymptote
from commonwatch.sensing import visibility_kernel as column
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.radar import REFERENCE_CROSS_SECTION_M2, TURN_RAD, Face, Radar, Role
from commonwatch.sensing.site import Site

F64 = npt.NDArray[np.float64]

_ZENITH_RAD = 0.5 * math.pi - 1e-6
_FAR_ABOVE_M = 1e9
SECTOR_SLACK_M: Final = 1e-3
"""A sector reaches so far past its edges, so that rounding leaves no gap between two faces."""


def envelope_rows(radar: Radar, *, refraction: bool = True) -> F64:
    """Limits of a radar's faces.

    Parameters
    ----------
    radar
        Published-range run where its ``cross_section_m2`` is None: the published interval of range.
        Otherwise what the radar equation gives: range up to where the signal falls to that at the
        catalogue range, 1 m2 and boresight (probability of detection 0.5).
    refraction
        False for straight rays: then elevation limits are geometric.

    Returns
    -------
    rows
        Shape (faces, ``visibility_kernel.ENVELOPE_COLUMNS``), see there.

    Notes
    -----
    Limits: low in the air the asymptote lies above the ray that it stands for, so that sight there
    begins a little late, most beside the radar: ``earth.refraction.asymptote`` says by how much.
    """
    return np.stack([_row(radar, face, refraction=refraction) for face in radar.faces])


def envelope_table(
    sensors: Sequence[Radar | InfraredSatellite],
) -> tuple[F64, npt.NDArray[np.int64]]:
    """Limits of every radar that can warn, one below the other.

    Returns
    -------
    rows
        Shape (faces of all, columns); dishes and satellites have none.
    first_rows
        Shape (sensors + 1,): sensor i has rows ``first_rows[i]`` to ``first_rows[i + 1]``.
    """
    blocks = [
        envelope_rows(sensor)
        if isinstance(sensor, Radar) and sensor.role is not Role.DISH
        else np.empty((0, column.ENVELOPE_COLUMNS))
        for sensor in sensors
    ]
    first_rows = np.concatenate([[0], np.cumsum([len(block) for block in blocks])])
    rows = np.concatenate([np.empty((0, column.ENVELOPE_COLUMNS)), *blocks])
    return rows, first_rows.astype(np.int64)


def widened(rows: F64, distance_m: float) -> F64:
    """Move every limit of envelope rows outwards, so that what is so far outside is inside.

    Signal is no limit of the widened rows; the range at which it ends on boresight is.

    Parameters
    ----------
    rows
        From ``envelope_rows``, shape (faces, columns); left as they are.
    distance_m
        How far outwards, square to each limit.

    Returns
    -------
    rows
        New ones of the same shape.
    """
    wide = rows.copy()
    wide[:, column.SECTOR_SLACK] += distance_m
    for apex, slope, side in (
        (column.APEX_MIN, column.SLOPE_MIN, -1.0),
        (column.APEX_MAX, column.SLOPE_MAX, 1.0),
    ):
        wide[:, apex] += side * distance_m * np.sqrt(1.0 + rows[:, slope] ** 2)
    wide[:, column.RANGE_MIN] = np.maximum(rows[:, column.RANGE_MIN] - distance_m, 0.0)
    wide[:, column.RANGE_MAX] += distance_m
    wide[:, column.SIGNAL_EXPONENT] = column.NO_SIGNAL_LIMIT
    return wide


@lru_cache(maxsize=512)
def boresights_ecef(site: Site, faces: tuple[Face, ...]) -> F64:
    """Return the unit vectors square to some faces, ECEF, shape (n, 3).

    Parameters
    ----------
    site
        Where they stand: its east, north and up turn them to ECEF.
    faces
        n faces, each with the azimuth and elevation of its boresight.

    Returns
    -------
    axes
        Read-only.
    """
    directions = [_boresight_enu(face) @ site.rotation_enu_from_ecef for face in faces]
    axes = np.stack(directions)
    axes.setflags(write=False)
    return axes


def _boresight_enu(face: Face) -> F64:
    azimuth, elevation = face.boresight_azimuth_rad, face.boresight_elevation_rad
    return np.array(
        [
            math.sin(azimuth) * math.cos(elevation),
            math.cos(azimuth) * math.cos(elevation),
            math.sin(elevation),
        ]
    )


def _row(radar: Radar, face: Face, *, refraction: bool) -> F64:
    row = np.zeros(column.ENVELOPE_COLUMNS)
    east, north, up = radar.site.rotation_enu_from_ecef
    row[column.SITE : column.SITE + 3] = radar.site.position_ecef_m
    row[column.UP : column.UP + 3] = up
    row[column.BORESIGHT : column.BORESIGHT + 3] = boresights_ecef(radar.site, (face,))[0]
    if face.width_rad < TURN_RAD:
        low, high = face.azimuth_min_rad, face.azimuth_max_rad
        row[column.EDGE_MIN : column.EDGE_MIN + 3] = math.cos(low) * east - math.sin(low) * north
        row[column.EDGE_MAX : column.EDGE_MAX + 3] = math.sin(high) * north - math.cos(high) * east
        row[column.IS_WIDE] = face.width_rad > math.pi
    row[column.SECTOR_SLACK] = SECTOR_SLACK_M
    row[column.APEX_MIN], row[column.SLOPE_MIN] = _cone(
        radar, face.elevation_min_rad, refraction=refraction
    )
    if face.elevation_max_rad < _ZENITH_RAD:
        row[column.APEX_MAX], row[column.SLOPE_MAX] = _cone(
            radar, face.elevation_max_rad, refraction=refraction
        )
    else:
        row[column.APEX_MAX] = _FAR_ABOVE_M
    row[column.RANGE_MIN], row[column.RANGE_MAX] = radar.range_min_m, radar.range_max_m
    row[column.SIGNAL_EXPONENT] = column.NO_SIGNAL_LIMIT
    if radar.cross_section_m2 is not None:
        ratio = radar.cross_section_m2 / REFERENCE_CROSS_SECTION_M2
        row[column.SIGNAL_RANGE] = radar.range_max_m * ratio**0.25
        row[column.SIGNAL_EXPONENT] = 0.0 if radar.antenna_turns else radar.scan_loss_exponent
        # No more than a bound here: the signal, never this range, ends a spell.
        row[column.RANGE_MAX] = 1.001 * row[column.SIGNAL_RANGE]
    return row


def _cone(radar: Radar, elevation_rad: float, *, refraction: bool) -> tuple[float, float]:
    """Height of the apex above the site, and slope, of the surface of one elevation."""
    radius_m = float(local_radius(radar.site.latitude_rad))
    altitude_m = radar.site.altitude_m
    if not refraction:
        horizon_rad = -math.acos(radius_m / (radius_m + altitude_m))
        return 0.0, math.tan(max(elevation_rad, horizon_rad))
    elevation_out, apex_m = asymptote(elevation_rad, altitude_m, air=Air(radius_m=radius_m))
    return float(apex_m), math.tan(float(elevation_out))
