"""A flying object as open literature describes it: a point with published figures, nothing more."""

from __future__ import annotations

import math
from dataclasses import dataclass

from commonwatch.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """Published figures of a missile or rocket, one value each.

    Parameters
    ----------
    name
        Name in the catalogue or scenario.
    burn_time_s
        Seconds from lift-off to the last burn-out; 0 for an impulsive start.
    burn_out_altitude_m
        Height above the ellipsoid at burn-out. Arcs take the nearest height that the kinematic
        powered phase admits, within the interval below.
    burn_out_altitude_low_m, burn_out_altitude_high_m
        The published interval of that height.
    ballistic_coefficient_kg_m2
        Mass over drag coefficient times area, used only where drag is switched on.
    ground_range_max_m
        Published greatest ground range.
    """

    name: str
    burn_time_s: float
    burn_out_altitude_m: float
    burn_out_altitude_low_m: float
    burn_out_altitude_high_m: float
    ballistic_coefficient_kg_m2: float
    ground_range_max_m: float

    def __post_init__(self) -> None:
        for name in (
            "burn_time_s",
            "burn_out_altitude_m",
            "burn_out_altitude_low_m",
            "burn_out_altitude_high_m",
            "ballistic_coefficient_kg_m2",
            "ground_range_max_m",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise InputError(
                    f"{name} is {value}",
                    allowed="a finite number, 0 or more",
                    where=f'vehicle "{self.name}"',
                )
        low, high = self.burn_out_altitude_low_m, self.burn_out_altitude_high_m
        if not low <= self.burn_out_altitude_m <= high:
            raise InputError(
                f"burn_out_altitude_m is {self.burn_out_altitude_m:.0f}",
                allowed=f"a height within its interval, {low:.0f} to {high:.0f} m",
                where=f'vehicle "{self.name}"',
            )
