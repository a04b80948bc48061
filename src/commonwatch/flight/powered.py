"""The powered phase as kinematics: from published burn time and burn-out altitude, no vehicle.

Height is the cubic with ``h(0) = h'(0) = 0``, ``h(t_b) = h_b``, ``h'(t_b) = v_z``; the way over the
ground grows with the cube of time, ``x(t) = x_b (t / t_b)^3`` with ``x_b`` a third of what burn-out
speed would cover in the burn time. Both join the free flight without a jump in position or
velocity.

The path lies in the plane of the launch azimuth, on the circle that fits the ellipsoid there:
within 0.5 m of the height above the ellipsoid for 200 km of ground, growing with the cube of that
(``tests/flight/test_powered.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import (
    ECCENTRICITY_SQUARED,
    SEMI_MAJOR_AXIS_M,
    ecef_from_geodetic,
)
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.errors import ImpossibleArcError

F64 = npt.NDArray[np.float64]

CLIMB_RATIO_LOW: Final = 1.0 / 3.0
CLIMB_RATIO_HIGH: Final = 2.0 / 3.0
"""The cubic climbs throughout only if h_b / (v_z t_b) lies between these (*derived*)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoweredPhase:
    """Powered phases of a batch, one entry a flight, shape (n,) each.

    Parameters
    ----------
    latitude_rad, longitude_rad, altitude_m
        Geodetic place of lift-off.
    azimuth_rad
        Launch azimuth, clockwise from true north.
    burn_time_s
        Seconds from lift-off to burn-out; 0 starts at full speed.
    burn_out_altitude_m
        Height of burn-out above the place of lift-off.
    speed_along_m_s, speed_up_m_s
        Burn-out velocity over the turning Earth: level and vertical, at the burn-out point.
    """

    latitude_rad: F64
    longitude_rad: F64
    altitude_m: F64
    azimuth_rad: F64
    burn_time_s: F64
    burn_out_altitude_m: F64
    speed_along_m_s: F64
    speed_up_m_s: F64


def burn_out_altitude_interval(speed_up_m_s: F64, burn_time_s: F64) -> tuple[F64, F64]:
    """Return the burn-out heights, lowest and highest, that the cubic admits, (n,) each.

    Parameters
    ----------
    speed_up_m_s
        (n,), vertical speed at burn-out.
    burn_time_s
        (n,), burn time.
    """
    reach = speed_up_m_s * burn_time_s
    return CLIMB_RATIO_LOW * reach, CLIMB_RATIO_HIGH * reach


def check(phase: PoweredPhase) -> None:
    """Refuse a powered phase whose height would not climb throughout.

    Raises
    ------
    ImpossibleArcError
        With the interval of burn-out heights that would be accepted.
    """
    low, high = burn_out_altitude_interval(phase.speed_up_m_s, phase.burn_time_s)
    slack = 1e-6 * (1.0 + high)
    burns = phase.burn_time_s > 0.0
    height = phase.burn_out_altitude_m
    wrong = burns & ~((low - slack <= height) & (height <= high + slack))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ImpossibleArcError(
            f"burn-out at {height[row] / 1e3:.1f} km after {phase.burn_time_s[row]:.0f} s does not "
            f"fit a vertical burn-out speed of {phase.speed_up_m_s[row]:.0f} m/s",
            allowed=f"a burn-out altitude of {low[row] / 1e3:.1f} to {high[row] / 1e3:.1f} km",
            where=f"flight {row}",
            what_to_do="Change the burn time, the burn-out altitude or the arc",
        )


def state_vector(phase: PoweredPhase, time_s: F64) -> F64:
    """Return the state vectors of powered flight.

    Parameters
    ----------
    phase
        (n,) powered phases.
    time_s
        (n, t), seconds from lift-off, 0 to the burn time.

    Returns
    -------
    state_vector
        (n, t, 6), ECEF, m and m/s.
    """
    burn = np.where(phase.burn_time_s > 0.0, phase.burn_time_s, 1.0)[:, None]
    part = np.where(phase.burn_time_s[:, None] > 0.0, time_s / burn, 1.0)
    radius = _radius_along(phase)[:, None]
    top = phase.burn_out_altitude_m[:, None]
    # Ground distance: scaled so that the level speed at the height of burn-out is as asked.
    ground_speed = phase.speed_along_m_s[:, None] * radius / (radius + top)
    burn_time = phase.burn_time_s[:, None]
    along = ground_speed * burn_time / 3.0 * part**3
    along_rate = ground_speed * part**2
    rise = phase.speed_up_m_s[:, None] * burn_time
    height = (3.0 * top - rise) * part**2 + (rise - 2.0 * top) * part**3
    height_rate = ((6.0 * top - 2.0 * rise) * part + (3.0 * rise - 6.0 * top) * part**2) / burn
    impulsive = phase.burn_time_s[:, None] == 0.0
    height_rate = np.where(impulsive, phase.speed_up_m_s[:, None], height_rate)
    height = np.where(impulsive, top, height)
    angle = along / radius
    away = radius + height
    up, ahead = _plane(phase)
    launch = ecef_from_geodetic(phase.latitude_rad, phase.longitude_rad, phase.altitude_m)
    sine, cosine = np.sin(angle)[..., None], np.cos(angle)[..., None]
    outward = cosine * up[:, None, :] + sine * ahead[:, None, :]
    onward = cosine * ahead[:, None, :] - sine * up[:, None, :]
    position = (launch - radius * up)[:, None, :] + away[..., None] * outward
    velocity = height_rate[..., None] * outward + (away * along_rate / radius)[..., None] * onward
    return np.concatenate([position, velocity], axis=-1)


def burn_out(phase: PoweredPhase) -> F64:
    """Return the state vectors at burn-out, where free flight begins, (n, 6), ECEF."""
    result: F64 = state_vector(phase, phase.burn_time_s[:, None])[:, 0]
    return result


def _plane(phase: PoweredPhase) -> tuple[F64, F64]:
    """Return the unit vectors up and ahead at the place of lift-off, (n, 3) each."""
    rotation = rotation_enu_from_ecef(phase.latitude_rad, phase.longitude_rad)
    sine, cosine = np.sin(phase.azimuth_rad)[:, None], np.cos(phase.azimuth_rad)[:, None]
    ahead = sine * rotation[:, 0] + cosine * rotation[:, 1]
    return rotation[:, 2], ahead


def _radius_along(phase: PoweredPhase) -> F64:
    """Return the radius of curvature along the azimuth (Euler), plus the site's height, (n,)."""
    root2 = 1.0 - ECCENTRICITY_SQUARED * np.sin(phase.latitude_rad) ** 2
    across = SEMI_MAJOR_AXIS_M / np.sqrt(root2)
    meridian = across * (1.0 - ECCENTRICITY_SQUARED) / root2
    cosine2 = np.cos(phase.azimuth_rad) ** 2
    radius: F64 = 1.0 / (cosine2 / meridian + (1.0 - cosine2) / across) + phase.altitude_m
    return radius
