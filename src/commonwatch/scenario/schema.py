"""The form of scenario, sensor and catalogue files: TOML, the unit in every key.

Lengths are in kilometres and angles in degrees, unless the key says otherwise. A figure that
sources or assumptions leave open is an interval ``{ low, nominal, high, mark, source }`` wherever
the type says ``float | Interval``; bounds hold for all three values. Unknown keys are refused.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

FORMAT: Final = 1
"""Number of this form; it changes when an older file would be read differently."""

SEED_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold."""

    file_bytes: int = 1 << 20
    recorded_bytes: int = 8 << 20
    recorded_rows: int = 100_000
    sensor_count: int = 200
    laydown_count: int = 40
    place_count: int = 1_000
    arc_kind_count: int = 12
    path_count: int = 200_000
    cell_count: int = 500_000
    mistake_count: int = 200


LIMITS: Final = Limits()

Mark: TypeAlias = Annotated[
    Literal["found", "derived", "assumed"],
    Meta(description="Where a figure comes from: a source, a calculation from one, or nobody."),
]
Name: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9+_-]*$",
        max_length=64,
        description="Lower-case letters, digits, + _ and -.",
    ),
]
SensorName: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9+_-]*$",
        max_length=64,
        description="Letters, digits, + _ and -, as in the detections.",
    ),
]
Line: TypeAlias = Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f]+$")]
Words: TypeAlias = Annotated[str, Meta(max_length=4_000)]
Latitude: TypeAlias = Annotated[
    float, Meta(ge=-90, le=90, description="Geodetic latitude, north positive.")
]
Longitude: TypeAlias = Annotated[
    float, Meta(ge=-180, le=360, description="Longitude, east positive.")
]
Azimuth: TypeAlias = Annotated[float, Meta(ge=-360, le=360, description="Clockwise from north.")]
Altitude: TypeAlias = Annotated[
    float,
    Meta(
        ge=-0.45, le=9.0, description="Height above the ellipsoid; the lowest land is at -0.43 km."
    ),
]
SiteAltitude: TypeAlias = Annotated[
    float, Meta(ge=0, le=9.0, description="Height of the ground above the ellipsoid; 0 by the sea.")
]
Elevation: TypeAlias = Annotated[
    float, Meta(ge=-5, le=90, description="Apparent elevation above the horizontal plane.")
]
Length: TypeAlias = Annotated[float, Meta(ge=0, le=100_000)]
GroundRange: TypeAlias = Annotated[
    float, Meta(gt=0, le=20_003.9, description="Along the geodesic; at most half around the Earth.")
]
Apogee: TypeAlias = Annotated[
    float, Meta(gt=0, le=100_000, description="Greatest height above the ellipsoid.")
]
BurnTime: TypeAlias = Annotated[
    float, Meta(ge=0, le=1_000, description="From lift-off to the last burn-out; 0: impulsive.")
]
BurnOutAltitude: TypeAlias = Annotated[
    float, Meta(ge=0, le=1_000, description="Height above the ellipsoid at burn-out.")
]
PlotLength: TypeAlias = Annotated[float, Meta(gt=0, le=100_000)]
PlotAngle: TypeAlias = Annotated[float, Meta(gt=0, le=1)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=100_000)]
Delay: TypeAlias = Annotated[float, Meta(ge=0, le=3_600)]


class Interval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure that sources or assumptions leave open; left out, nominal is the middle."""

    low: float
    nominal: float | None = None
    high: float
    mark: Mark
    source: Words


class Service(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A status and the day it began; it lasts until the next one."""

    status: Literal["planned", "trial", "in service", "offered", "closed", "cancelled"]
    since: datetime.date = field(name="from")
    mark: Mark = "assumed"
    source: Words = ""


class FaceEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One antenna face: its sector runs clockwise from the least azimuth to the greatest."""

    azimuth_min_deg: Azimuth
    azimuth_max_deg: Azimuth
    boresight_azimuth_deg: Azimuth
    boresight_elevation_deg: Elevation
    elevation_min_deg: Elevation | Interval
    elevation_max_deg: Elevation | Interval


class RadarEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A radar of the open literature, or of one's own."""

    name: SensorName
    title: Line
    system: Line = "unknown"
    nation: Line
    host_nation: Line | None = None
    role: Annotated[
        Literal["search", "cued", "dish"],
        Meta(description="cued: sees after another sensor holds a track; dish: never warns."),
    ]
    band: Literal["VHF", "UHF", "L", "S", "C", "X"]
    latitude_deg: Latitude
    longitude_deg: Longitude
    altitude_km: SiteAltitude | Interval
    range_min_km: Length | Interval
    range_max_km: Annotated[
        Length | Interval, Meta(description="Greatest slant distance to an object of 1 m2.")
    ]
    beamwidth_deg: Annotated[float, Meta(gt=0, le=60)] | Interval
    bandwidth_mhz: Annotated[float, Meta(gt=0, le=10_000)] | Interval
    range_floor_m: Annotated[float, Meta(gt=0, le=100_000)] | Interval
    range_bias_m: Annotated[float, Meta(ge=0, le=100_000)] | Interval
    track_interval_s: Annotated[float, Meta(gt=0, le=600)] | Interval
    scan_loss_exponent: Annotated[float, Meta(ge=0, le=6)] | Interval = 3.0
    cross_section_m2: Annotated[
        Annotated[float, Meta(gt=0, le=10_000)] | Interval,
        Meta(description="Radar cross-section of the flying object in this band."),
    ]
    false_plots_per_sweep: Annotated[float, Meta(ge=0, le=100_000)] | Interval = Interval(
        low=0.1, nominal=1.0, high=10.0, mark="assumed", source="Poisson over the searched volume"
    )
    hand_over_s: Annotated[
        Delay | Interval, Meta(description="Cued radars: from another's track to the first look.")
    ] = Interval(low=5.0, nominal=10.0, high=20.0, mark="assumed", source="no public figure found")
    range_std_m: Annotated[
        PlotLength | Interval | None,
        Meta(description="One standard deviation of a plot; left out: by the radar equation."),
    ] = None
    azimuth_std_rad: PlotAngle | Interval | None = None
    elevation_std_rad: PlotAngle | Interval | None = None
    range_rate_std_m_s: Annotated[
        PlotLength | Interval | None, Meta(description="Left out: it measures no range rate.")
    ] = None
    detection_probability: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | Interval | None,
        Meta(description="Of one look; left out: by the radar equation."),
    ] = None
    refraction_corrected: Annotated[
        bool, Meta(description="Whether the elevations in its detections are geometric.")
    ] = False
    faces: Annotated[tuple[FaceEntry, ...], Meta(min_length=1, max_length=12)]
    service: Annotated[tuple[Service, ...], Meta(max_length=20)] = ()
    mark: Mark
    source: Words
    note: Words = ""


class SatelliteEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An infrared warning satellite: it sees motors that burn above the clouds."""

    name: SensorName
    title: Line
    nation: Line
    orbit: Literal["geostationary", "highly elliptical"]
    longitude_deg: Longitude | Interval | None = None
    period_h: Annotated[float, Meta(ge=1.4, le=1_000)] | Interval | None = None
    eccentricity: Annotated[float, Meta(ge=0, lt=1)] | Interval | None = None
    inclination_deg: Annotated[float, Meta(ge=0, le=180)] | Interval | None = None
    argument_of_perigee_deg: Annotated[float, Meta(ge=0, le=360)] | Interval | None = None
    apogee_longitude_deg: Longitude | Interval | None = None
    hours_from_apogee: Annotated[float, Meta(ge=-500, le=500)] | Interval | None = None
    revisit_s: Annotated[float, Meta(gt=0, le=3_600)] | Interval
    line_of_sight_std_rad: Annotated[float, Meta(gt=0, le=0.1)] | Interval
    cloud_break_altitude_km: Annotated[float, Meta(ge=0, le=30)] | Interval
    elevation_min_deg: Annotated[float, Meta(ge=0, lt=90)] | Interval
    service: Annotated[tuple[Service, ...], Meta(max_length=20)] = ()
    mark: Mark
    source: Words
    note: Words = ""


class VehicleEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A missile or rocket: a point with published figures, nothing more."""

    name: Name
    title: Line
    nation: Line = "none"
    ground_range_max_km: GroundRange | Interval
    burn_time_s: BurnTime | Interval
    burn_out_altitude_km: BurnOutAltitude | Interval
    ballistic_coefficient_kg_m2: Annotated[float, Meta(gt=0, le=1_000_000)] | Interval
    mark: Mark
    source: Words
    note: Words = ""


class PlaceEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A launch site, launch area, city or capital."""

    name: Name
    title: Line
    nation: Line
    kind: Line = "place"
    latitude_deg: Latitude
    longitude_deg: Longitude
    altitude_km: Altitude = 0.0
    mark: Mark = "assumed"
    source: Words = ""
    note: Words = ""


class LaunchEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A launch as published."""

    name: Name
    title: Line
    nation: Line
    vehicle: Name
    date_utc: datetime.date
    time_utc: Line | None = None
    latitude_deg: Latitude
    longitude_deg: Longitude
    apogee_km: Apogee | Interval | None = None
    ground_range_km: GroundRange | Interval
    azimuth_deg: Azimuth | Interval | None = None
    flight_time_s: Seconds | Interval | None = None
    flight_time_status: Line | None = None
    descent: Annotated[
        Literal["free", "braked"],
        Meta(description="Braked by parachute or engine: the flight time is no free fall."),
    ] = "free"
    burn_time_s: BurnTime | Interval
    burn_out_altitude_km: BurnOutAltitude | Interval
    apogee_time_s: Annotated[
        Seconds | Interval | None, Meta(description="From lift-off, as the burn time.")
    ] = None
    used_for_validation: bool
    reason: Words = ""
    mark: Mark
    source: Words
    note: Words = ""


class RangeClassEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of missiles by published ground range."""

    name: Line
    title: Line
    ground_range_min_km: Length
    ground_range_max_km: Length
    mark: Mark
    source: Words
    note: Words = ""


class ArcEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the many arcs between two points."""

    name: Name
    kind: Literal["minimum energy", "apogee", "time of flight"]
    apogee_km: Apogee | None = None
    apogee_ratio: Annotated[
        Annotated[float, Meta(gt=0, le=100)] | None,
        Meta(description="Apogee as a multiple of the same pair's minimum-energy apogee."),
    ] = None
    time_of_flight_s: Seconds | None = None


class FlightEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One flight by its apogee: a launch of the catalogue, or figures of one's own.

    A key that stands beside ``launch`` takes the place of the launch's own figure.
    """

    name: Name
    title: Line | None = None
    launch: Annotated[Name | None, Meta(description="A launch of the catalogue.")] = None
    latitude_deg: Latitude | None = None
    longitude_deg: Longitude | None = None
    azimuth_deg: Azimuth | None = None
    aim_latitude_deg: Latitude | None = None
    aim_longitude_deg: Longitude | None = None
    ground_range_km: GroundRange | None = None
    apogee_km: Apogee | None = None
    time_of_flight_s: Seconds | None = None
    vehicle: Annotated[Name | None, Meta(description="Whose burn figures it takes.")] = None
    lift_off_s: Annotated[
        float, Meta(ge=0, le=36_000, description="After the first launch of the world.")
    ] = 0.0
    mark: Mark = "assumed"
    source: Words = ""
    note: Words = ""


class RecordedEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recorded path: a CSV file with columns time_s, altitude_m and downrange_m."""

    name: Name
    title: Line
    file: Annotated[Line, Meta(description="Beside the scenario, or a bundled recording.")]
    latitude_deg: Latitude
    longitude_deg: Longitude
    azimuth_deg: Azimuth
    burn_out_s: BurnTime
    mark: Mark
    source: Words
    note: Words = ""


class LaydownEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of sensors that work together."""

    name: Name
    title: Line
    includes: Annotated[
        Name | None, Meta(description="An earlier laydown whose sensors this one has as well.")
    ] = None
    sensors: Annotated[tuple[SensorName, ...], Meta(min_length=1, max_length=LIMITS.sensor_count)]
    note: Words = ""


def eastwards_deg(least_deg: float, greatest_deg: float) -> tuple[float, float]:
    """Count two longitudes on through the date line where that makes at most half a turn.

    Parameters
    ----------
    least_deg, greatest_deg
        From west to east, as a file has them: -180 to 360.

    Returns
    -------
    least_deg, greatest_deg
        The least not greater than the greatest where they span at most half a turn; else as given.
    """
    if not 180.0 <= least_deg - greatest_deg < 360.0:
        return least_deg, greatest_deg
    if least_deg >= 180.0:
        return least_deg - 360.0, greatest_deg
    return least_deg, greatest_deg + 360.0


class RegionEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grid of places, from the least longitude eastwards to the greatest.

    Across the date line the greatest may be written as 220 or as -140: a greatest longitude below
    the least is read a turn further on, where the region is then at most half a turn wide.
    """

    latitude_min_deg: Latitude
    latitude_max_deg: Latitude
    longitude_min_deg: Longitude
    longitude_max_deg: Longitude
    step_deg: Annotated[float, Meta(gt=0, le=45)]

    def __post_init__(self) -> None:
        """Count longitudes on through the date line."""
        least, greatest = eastwards_deg(self.longitude_min_deg, self.longitude_max_deg)
        force_setattr(self, "longitude_min_deg", least)
        force_setattr(self, "longitude_max_deg", greatest)


class CoverageEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The maps: the lowest height that a radar sees, and where nobody sees for long."""

    map: RegionEntry
    altitude_max_km: Annotated[float, Meta(gt=0, le=10_000)] = 2_000.0
    launches: RegionEntry | None = None
    arc: Name | None = None
    gap_s: Annotated[
        Delay, Meta(description="A gap counts when nobody sees for at least this long.")
    ] = 120.0


class StudyEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which laydowns the sensors' value is judged in."""

    laydown: Annotated[Name, Meta(description="Each of its sensors' value is given.")]
    baseline: Annotated[Name, Meta(description="What the others are compared with.")]


class SensorFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sensors alone, as the bundled catalogue has them."""

    format: int
    radars: Annotated[tuple[RadarEntry, ...], Meta(max_length=LIMITS.sensor_count)] = ()
    satellites: Annotated[tuple[SatelliteEntry, ...], Meta(max_length=LIMITS.sensor_count)] = ()


class LaunchFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue of published launches."""

    format: int
    launches: tuple[LaunchEntry, ...]


class VehicleFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue of vehicles."""

    format: int
    vehicles: tuple[VehicleEntry, ...]


class PlaceFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue of places."""

    format: int
    places: tuple[PlaceEntry, ...]


class RangeClassFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue of range classes."""

    format: int
    range_classes: tuple[RangeClassEntry, ...]


SensorEntry: TypeAlias = RadarEntry | SatelliteEntry
Figure: TypeAlias = float | Interval
