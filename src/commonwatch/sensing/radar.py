"""A radar: its site, its faces, how far and how well it sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from commonwatch.errors import InputError
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.site import Site
from commonwatch.units import degrees_from_radians

TURN_RAD: Final = 2.0 * math.pi
REFERENCE_CROSS_SECTION_M2: Final = 1.0
"""Cross-section that a catalogue range is taken to belong to (*assumed*)."""

_ROUNDING_RAD: Final = 1e-9
_POSITIVE_IF_GIVEN: Final = (
    "cross_section_m2",
    "range_std_m",
    "azimuth_std_rad",
    "elevation_std_rad",
    "range_rate_std_m_s",
    "detection_probability",
)


class Role(StrEnum):
    """What a radar is for."""

    SEARCH = "search"
    """Watches its whole sector without being told where to look."""
    CUED = "cued"
    """Sees only after another sensor holds a track."""
    DISH = "dish"
    """Follows single known objects: never a warning sensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face of a radar: a sector of azimuth and an interval of elevation.

    Parameters
    ----------
    azimuth_min_rad, azimuth_max_rad
        The sector runs clockwise from the first to the second and may pass north. A full circle
        has ``azimuth_max_rad - azimuth_min_rad = 2 pi``.
    boresight_azimuth_rad, boresight_elevation_rad
        Direction square to the face.
    elevation_min_rad, elevation_max_rad
        Apparent elevations, as published. What lies under the sea horizon is never seen, whatever
        ``elevation_min_rad`` says.

    Raises
    ------
    InputError
        A sector of zero width or more than a turn, elevations out of order, or no number.
    """

    azimuth_min_rad: float
    azimuth_max_rad: float
    boresight_azimuth_rad: float
    boresight_elevation_rad: float
    elevation_min_rad: float
    elevation_max_rad: float

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            _check(
                name,
                getattr(self, name),
                is_good=math.isfinite(getattr(self, name)),
                allowed="a number",
            )
        span = self.azimuth_max_rad - self.azimuth_min_rad
        sector = f"{_degrees(self.azimuth_min_rad)} to {_degrees(self.azimuth_max_rad)} degrees"
        if abs(math.remainder(span, TURN_RAD)) < _ROUNDING_RAD and span < 1.0:
            raise InputError(
                f"a sector of zero width, azimuth {sector}",
                allowed="two different azimuths, clockwise from the first to the second",
                what_to_do="Write a full circle as 0 to 360 degrees",
            )
        if abs(span) > TURN_RAD + _ROUNDING_RAD:
            raise InputError(f"azimuth {sector}", allowed="at most one turn")
        low, high = self.elevation_min_rad, self.elevation_max_rad
        if not -0.5 * math.pi < low < high <= 0.5 * math.pi + _ROUNDING_RAD:
            raise InputError(
                f"elevation {_degrees(low)} to {_degrees(high)} degrees",
                allowed="above -90 to 90 degrees, the lower first",
            )
        if abs(self.boresight_elevation_rad) > 0.5 * math.pi + _ROUNDING_RAD:
            raise InputError(
                f"boresight elevation {_degrees(self.boresight_elevation_rad)} degrees",
                allowed="-90 to 90 degrees",
            )

    @property
    def width_rad(self) -> float:
        """Width of the sector, above 0 to 2 pi."""
        span = self.azimuth_max_rad - self.azimuth_min_rad
        if abs(span - TURN_RAD) < _ROUNDING_RAD:
            return TURN_RAD
        return span % TURN_RAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Radar:
    """A radar, with the values of one case (low, nominal or high).

    Parameters
    ----------
    sensor, nation
        Who it is and whose.
    site
        Where it stands.
    role
        Search, cued or dish.
    band
        VHF, UHF, L, S, C or X: a word for tables.
    faces
        At least one. Where faces overlap the radar sees what any face sees.
    range_min_m, range_max_m
        Interval of range; ``range_max_m`` is the catalogue range, at 1 m2 and on boresight.
    beamwidth_rad
        Full width of the beam at half power.
    bandwidth_hz
        Of the pulse.
    range_floor_m
        Range accuracy at its best.
    range_bias_std_m
        Standard deviation of the constant range error left by the ionosphere.
    track_interval_s
        Between two looks at a tracked object.
    hand_over_s
        From another sensor's track to a cued radar's first look; 10 s *assumed*.
    scan_loss_exponent
        Power of the cosine off boresight in the radar equation; 3 for a fixed array (*assumed*),
        0 where the antenna itself turns: then accuracy does not widen either. It has no effect on
        a radar with a face wider than 180 degrees, which no fixed array can be.
    cross_section_m2
        None for the published-range run, which takes the published envelope as it stands. A number
        for the cross-section run, where the signal decides.
    false_plots_per_sweep
        Mean number over the searched volume; 1, from 0.1 to 10 (*assumed*).
    range_std_m, azimuth_std_rad, elevation_std_rad
        Constant standard deviations of one plot; where None the radar equation gives them.
    range_rate_std_m_s
        The same of range rate; where None the radar measures none.
    detection_probability
        Of one look within the limits; where None the radar equation gives it.
    is_refraction_corrected
        Whether the elevations that it reports are geometric: its own correction is taken to be
        right. The limits of its faces stay apparent.

    Raises
    ------
    InputError
        A value that cannot be.
    """

    sensor: SensorId
    nation: NationId
    site: Site
    role: Role
    band: str
    faces: tuple[Face, ...]
    range_min_m: float
    range_max_m: float
    beamwidth_rad: float
    bandwidth_hz: float
    range_floor_m: float
    range_bias_std_m: float
    track_interval_s: float
    hand_over_s: float = 10.0
    scan_loss_exponent: float = 3.0
    cross_section_m2: float | None = None
    false_plots_per_sweep: float = 1.0
    range_std_m: float | None = None
    azimuth_std_rad: float | None = None
    elevation_std_rad: float | None = None
    range_rate_std_m_s: float | None = None
    detection_probability: float | None = None
    is_refraction_corrected: bool = False

    @property
    def antenna_turns(self) -> bool:
        """Whether the antenna itself turns to what it looks at, so that scanning costs nothing."""
        is_wide = any(face.width_rad > math.pi + 1e-9 for face in self.faces)
        return self.scan_loss_exponent == 0.0 or is_wide

    def __post_init__(self) -> None:
        where = f'radar "{self.sensor}"'
        if not self.faces:
            raise InputError("no face", allowed="at least one", where=where)
        if not 0.0 <= self.range_min_m < self.range_max_m < math.inf:
            raise InputError(
                f"range {self.range_min_m / 1e3:g} to {self.range_max_m / 1e3:g} km",
                allowed="0 km or more, the nearer first",
                where=where,
            )
        positive = ["beamwidth_rad", "bandwidth_hz", "track_interval_s"]
        positive += [name for name in _POSITIVE_IF_GIVEN if getattr(self, name) is not None]
        for name in positive:
            value = getattr(self, name)
            _check(
                name, value, is_good=0.0 < value < math.inf, allowed="a number above 0", where=where
            )
        for name in (
            "range_floor_m",
            "range_bias_std_m",
            "hand_over_s",
            "scan_loss_exponent",
            "false_plots_per_sweep",
        ):
            value = getattr(self, name)
            _check(
                name,
                value,
                is_good=0.0 <= value < math.inf,
                allowed="0 or a number above it",
                where=where,
            )
        if self.detection_probability is not None and not self.detection_probability <= 1.0:
            raise InputError(
                f"detection_probability is {self.detection_probability:g}",
                allowed="above 0 to 1",
                where=where,
            )


def _check(name: str, value: float, *, is_good: bool, allowed: str, where: str = "") -> None:
    if not is_good:
        raise InputError(f"{name} is {value:g}", allowed=allowed, where=where)


def _degrees(angle_rad: float) -> str:
    return f"{degrees_from_radians(angle_rad):g}"
