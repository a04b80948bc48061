"""Where a radar stands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.errors import InputError
from commonwatch.units import degrees_from_radians

F64 = npt.NDArray[np.float64]

ALTITUDE_MAX_M = 9_000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """A place on the ground, with its own east, north and up.

    Parameters
    ----------
    latitude_rad, longitude_rad
        Geodetic, WGS-84; longitude from -pi to 2 pi.
    altitude_m
        Above the ellipsoid. A published height above the sea is used as it is: the two differ by
        less than 110 m (*found*: geoid heights of EGM96, NASA/TP-1998-206861).

    Raises
    ------
    InputError
        A value is not a number, or the place is not on the ground.
    """

    latitude_rad: float
    longitude_rad: float
    altitude_m: float
    position_ecef_m: F64 = field(init=False)
    rotation_enu_from_ecef: F64 = field(init=False)

    def __post_init__(self) -> None:
        latitude_deg = degrees_from_radians(self.latitude_rad)
        if not abs(self.latitude_rad) <= 0.5 * math.pi:
            raise InputError(f"latitude {latitude_deg:g} degrees", allowed="-90 to 90 degrees")
        if not -math.pi <= self.longitude_rad <= 2.0 * math.pi:
            longitude_deg = degrees_from_radians(self.longitude_rad)
            raise InputError(f"longitude {longitude_deg:g} degrees", allowed="-180 to 360 degrees")
        if not 0.0 <= self.altitude_m <= ALTITUDE_MAX_M:
            raise InputError(
                f"site altitude {self.altitude_m:g} m",
                allowed=f"0 m, the ground, to {ALTITUDE_MAX_M:.0f} m",
                what_to_do="Give 0 for a place on low ground by the sea",
            )
        position = ecef_from_geodetic(self.latitude_rad, self.longitude_rad, self.altitude_m)
        rotation = rotation_enu_from_ecef(self.latitude_rad, self.longitude_rad)
        for name, value in (("position_ecef_m", position), ("rotation_enu_from_ecef", rotation)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)
