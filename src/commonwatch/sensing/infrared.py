"""Satellites that see burning motors, and their orbits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2
from commonwatch.errors import InputError
from commonwatch.identity import NationId, SensorId

F64 = npt.NDArray[np.float64]

GEOSTATIONARY_RADIUS_M: Final = (GM_M3_S2 / EARTH_RATE_RAD_S**2) ** (1.0 / 3.0)
"""42,164 km from the middle of the Earth: the orbit that turns with it (*derived*)."""
LOWEST_PERIGEE_M: Final = 6_478_137.0
"""From the middle of the Earth: 100 km above the equator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geostationary:
    """A satellite that stands still above the equator at ``longitude_rad``."""

    longitude_rad: float

    def __post_init__(self) -> None:
        _check_numbers(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class HighlyElliptical:
    """An ellipse that lingers at its apogee, such as a Molniya orbit.

    Parameters
    ----------
    period_s
        Of one revolution in the inertial frame.
    eccentricity, inclination_rad, argument_of_perigee_rad
        The ellipse.
    apogee_longitude_rad
        Longitude of the Earth below the satellite at the apogee that ``time_from_apogee_s`` counts
        from.
    time_from_apogee_s
        At lift-off, seconds since that apogee; negative before it.

    Raises
    ------
    InputError
        A value is not a number, or the perigee is less than 100 km up.
    """

    period_s: float
    eccentricity: float
    inclination_rad: float
    argument_of_perigee_rad: float
    apogee_longitude_rad: float
    time_from_apogee_s: float

    def __post_init__(self) -> None:
        _check_numbers(self)
        if not 0.0 <= self.eccentricity < 1.0:
            raise InputError(f"eccentricity {self.eccentricity:g}", allowed="0 to below 1")
        if not self.period_s > 0.0:
            raise InputError(f"period {self.period_s:g} s", allowed="above 0 s")
        perigee_m = self.semi_major_axis_m * (1.0 - self.eccentricity)
        if perigee_m < LOWEST_PERIGEE_M:
            raise InputError(
                f"perigee {perigee_m / 1e3:.0f} km from the middle of the Earth",
                allowed=f"{LOWEST_PERIGEE_M / 1e3:.0f} km or more",
                what_to_do="Lower the eccentricity or lengthen the period",
            )

    @property
    def semi_major_axis_m(self) -> float:
        """Half the long axis, by Kepler's third law."""
        return float((GM_M3_S2 * (self.period_s / (2.0 * math.pi)) ** 2) ** (1.0 / 3.0))


Orbit = Geostationary | HighlyElliptical


@dataclass(frozen=True, slots=True, kw_only=True)
class InfraredSatellite:
    """A warning satellite, with the values of one case.

    Parameters
    ----------
    sensor, nation
        Who it is and whose.
    orbit
        Where it is.
    revisit_s
        Between two looks at one place.
    first_look_delay_s
        From coming into view to the first look: 0 (high), half (nominal), or all (low) of
        ``revisit_s``.
    line_of_sight_std_rad
        Standard deviation of a line of sight, each way; 10 to 100 microradians.
    cloud_break_altitude_m
        A motor below it is hidden; 8 to 12 km (*assumed*).
    elevation_min_rad
        Least elevation of the satellite above the missile's horizontal plane.

    Raises
    ------
    InputError
        A value that cannot be.
    """

    sensor: SensorId
    nation: NationId
    orbit: Orbit
    revisit_s: float
    first_look_delay_s: float
    line_of_sight_std_rad: float
    cloud_break_altitude_m: float
    elevation_min_rad: float

    def __post_init__(self) -> None:
        where = f'satellite "{self.sensor}"'
        for name, is_good, allowed in (
            ("revisit_s", 0.0 < self.revisit_s < math.inf, "a number above 0"),
            (
                "first_look_delay_s",
                0.0 <= self.first_look_delay_s <= self.revisit_s,
                f"0 to revisit_s, {self.revisit_s:g}",
            ),
            (
                "line_of_sight_std_rad",
                0.0 < self.line_of_sight_std_rad < math.inf,
                "a number above 0",
            ),
            ("cloud_break_altitude_m", 0.0 <= self.cloud_break_altitude_m < 1e5, "0 to 100,000 m"),
            ("elevation_min_rad", 0.0 <= self.elevation_min_rad < 0.5 * math.pi, "0 to pi/2"),
        ):
            if not is_good:
                raise InputError(f"{name} is {getattr(self, name):g}", allowed=allowed, where=where)


def position_ecef_m(orbit: Orbit, time_s: npt.ArrayLike) -> F64:
    """Position of a satellite; see ``state_vector``.

    Parameters
    ----------
    orbit
        Geostationary or highly elliptical.
    time_s
        Seconds from lift-off, shape (...).

    Returns
    -------
    position_ecef_m
        Shape (..., 3).
    """
    return state_vector(orbit, time_s)[..., :3]


def state_vector(orbit: Orbit, time_s: npt.ArrayLike) -> F64:
    """Position and velocity of a satellite in the frame that turns with the Earth.

    Parameters
    ----------
    orbit
        A geostationary or highly elliptical orbit.
    time_s
        Seconds from lift-off, any shape (...).

    Returns
    -------
    state_vector
        ECEF, m and m/s, shape (..., 6).

    Notes
    -----
    Two-body motion and a uniformly turning Earth: (1) Kepler's equation from the apogee, (2) the
    ellipse turned by perigee and inclination, (3) turned about the Earth's axis so that the apogee
    stands above its longitude, and back by the Earth's turn since.

    Limits: no perturbation: for a flight, not for days.

    References
    ----------
    D. A. Vallado, Fundamentals of Astrodynamics and Applications, sections 2.2 and 2.5.
    """
    time = np.asarray(time_s, dtype=np.float64)
    if isinstance(orbit, Geostationary):
        east = np.array([math.cos(orbit.longitude_rad), math.sin(orbit.longitude_rad), 0, 0, 0, 0])
        return np.broadcast_to(GEOSTATIONARY_RADIUS_M * east, (*time.shape, 6)).copy()
    since_apogee = time + orbit.time_from_apogee_s
    along, along_rate, across, across_rate = _ellipse(orbit, since_apogee)
    turn = orbit.argument_of_perigee_rad
    tilt = orbit.inclination_rad
    first = _turned(along, across, turn)
    first_rate = _turned(along_rate, across_rate, turn)
    # Inertial axes whose x lies above the apogee's longitude less that of the apogee itself.
    apogee = math.pi + turn
    apogee_angle = math.atan2(math.cos(tilt) * math.sin(apogee), math.cos(apogee))
    angle = orbit.apogee_longitude_rad - apogee_angle - EARTH_RATE_RAD_S * since_apogee
    x, y = _turned(first[0], first[1] * math.cos(tilt), angle)
    x_rate, y_rate = _turned(first_rate[0], first_rate[1] * math.cos(tilt), angle)
    return np.stack(
        [
            x,
            y,
            first[1] * math.sin(tilt),
            x_rate + EARTH_RATE_RAD_S * y,
            y_rate - EARTH_RATE_RAD_S * x,
            first_rate[1] * math.sin(tilt),
        ],
        axis=-1,
    )


def _ellipse(orbit: HighlyElliptical, since_apogee_s: F64) -> tuple[F64, F64, F64, F64]:
    """Coordinate towards perigee, its rate, the one a quarter turn on, its rate."""
    e, a = orbit.eccentricity, orbit.semi_major_axis_m
    rate = 2.0 * math.pi / orbit.period_s
    mean = np.remainder(rate * since_apogee_s + math.pi, 2.0 * math.pi)
    # From pi Newton's iteration converges for every ellipse.
    eccentric = np.full_like(mean, math.pi)
    for _ in range(30):
        step = (eccentric - e * np.sin(eccentric) - mean) / (1.0 - e * np.cos(eccentric))
        eccentric = eccentric - step
    b = a * math.sqrt(1.0 - e * e)
    eccentric_rate = rate / (1.0 - e * np.cos(eccentric))
    return (
        a * (np.cos(eccentric) - e),
        -a * np.sin(eccentric) * eccentric_rate,
        b * np.sin(eccentric),
        b * np.cos(eccentric) * eccentric_rate,
    )


def _turned(x: F64, y: F64, angle_rad: float | F64) -> tuple[F64, F64]:
    """Plane vector turned counter-clockwise."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return cosine * x - sine * y, sine * x + cosine * y


def _check_numbers(orbit: Orbit) -> None:
    for name in orbit.__dataclass_fields__:
        if not math.isfinite(getattr(orbit, name)):
            raise InputError(f"{name} is {getattr(orbit, name):g}", allowed="a number")
