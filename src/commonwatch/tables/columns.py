"""Names, types and units of the columns of every table that a run writes.

Lengths are in metres, angles in radians, times in seconds from lift-off; latitude and longitude are
in degrees. A column that may be empty says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

YEAR: Final = "YYYY"
TEXT: Final = "text"
FLOAT: Final = "float"
COUNT: Final = "count"
FLAG: Final = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Its name, the unit last. ``YYYY`` stands for the year of the scenario.
    kind
        ``"text"``, ``"float"``, ``"count"`` or ``"flag"``.
    unit
        Its unit; empty where there is none.
    sentence
        What it says.
    may_be_empty
        True where a row may have no value; nan becomes an empty value there.
    """

    name: str
    kind: str
    unit: str
    sentence: str
    may_be_empty: bool = False


def _text(name: str, sentence: str, *, may_be_empty: bool = False) -> Column:
    return Column(name, TEXT, "", sentence, may_be_empty=may_be_empty)


def _flag(name: str, sentence: str) -> Column:
    return Column(name, FLAG, "", sentence)


def _float(name: str, sentence: str, *, may_be_empty: bool = False) -> Column:
    return Column(name, FLOAT, unit_of(name), sentence, may_be_empty=may_be_empty)


_UNITS: Final = {
    "m_s": "m/s",
    "kg_m2": "kg/m2",
    "deg": "deg",
    "rad": "rad",
    "km": "km",
    "mhz": "MHz",
    "m2": "m2",
    "h": "h",
    "m": "m",
    "s": "s",
}


def unit_of(name: str) -> str:
    """Return the unit that a column's or key's name ends with; empty where it has none."""
    return next((unit for tail, unit in _UNITS.items() if name.endswith(f"_{tail}")), "")


_LAYDOWN = _text("laydown", "Name of the set of sensors that work together.")
_CASE = _text("case", "Which end of the published or assumed intervals: low, nominal or high.")
_RUN = _text("run", "published-range (1 m2) or cross-section (the catalogue's cross-sections).")
_WITH_SATELLITES = _flag("with_satellites", "Whether infrared satellites take part.")
_ARC = (
    _text("launch", "Name of the launch site, published flight or recorded path."),
    _text("aim_point", "Name of the aim point; impact where a published flight has none."),
    _text("arc", "Kind of arc, as the scenario names it."),
)
_IMPACT = _float(
    "impact_s",
    "Impact on the ellipsoid; empty where the path does not come down.",
    may_be_empty=True,
)

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "arcs": (
        *_ARC,
        _text("vehicle", "Whose published figures the arc uses."),
        _float("launch_latitude_deg", "Geodetic latitude of the launch site."),
        _float("launch_longitude_deg", "Longitude of the launch site, east positive."),
        _float("aim_latitude_deg", "Geodetic latitude of the aim point.", may_be_empty=True),
        _float("aim_longitude_deg", "Longitude of the aim point.", may_be_empty=True),
        _float("ground_range_m", "Geodesic from launch site to aim point.", may_be_empty=True),
        _flag(
            f"within_published_range_{YEAR}", "Whether the vehicle's published range reaches it."
        ),
        _float("burn_out_s", "Burn-out; 0 for an impulsive start.", may_be_empty=True),
        _float("burn_out_altitude_m", "Height above the ellipsoid then.", may_be_empty=True),
        _float(
            "burn_out_speed_m_s", "Speed relative to the turning Earth then.", may_be_empty=True
        ),
        _float("burn_out_elevation_rad", "Elevation of that velocity.", may_be_empty=True),
        _float(
            "launch_azimuth_rad",
            "Azimuth of that velocity, clockwise from north.",
            may_be_empty=True,
        ),
        _float("apogee_altitude_m", "Greatest height above the ellipsoid."),
        _float("apogee_time_s", "When that height is reached."),
        _IMPACT,
        _float("miss_m", "Distance from the impact to the aim point.", may_be_empty=True),
        _float("ballistic_coefficient_kg_m2", "Nominal, for the drag offset.", may_be_empty=True),
        _float(
            "drag_offset_low_m",
            "How far drag moves the impact with the low ballistic coefficient: most.",
            may_be_empty=True,
        ),
        _float("drag_offset_m", "The same with the nominal coefficient.", may_be_empty=True),
        _float("drag_offset_high_m", "The same with the high coefficient.", may_be_empty=True),
        _float(
            "drag_offset_low_s",
            "How much later drag makes the impact with the low ballistic coefficient.",
            may_be_empty=True,
        ),
        _float("drag_offset_s", "The same with the nominal coefficient.", may_be_empty=True),
        _float("drag_offset_high_s", "The same with the high coefficient.", may_be_empty=True),
    ),
    "paths": (
        *_ARC,
        _float("time_s", "Time of the sample: each 10 s and the end."),
        _float("latitude_deg", "Geodetic latitude."),
        _float("longitude_deg", "Longitude, east positive."),
        _float("altitude_m", "Height above the ellipsoid."),
        *(_float(f"{axis}_m", f"Position, ECEF {axis}.") for axis in "xyz"),
        *(_float(f"v{axis}_m_s", f"Velocity, ECEF {axis}.") for axis in "xyz"),
    ),
    "visibility": (
        _LAYDOWN,
        _CASE,
        *_ARC,
        _text("sensor", "Name of the sensor; * for the union of the laydown."),
        Column(
            "spell", COUNT, "", "Number of the unbroken stretch of sight from 1; 0: never seen."
        ),
        _float("first_seen_s", "Start of the spell.", may_be_empty=True),
        _float("last_seen_s", "End of the spell.", may_be_empty=True),
        _float("first_seen_altitude_m", "Height at its start.", may_be_empty=True),
        _float("last_seen_altitude_m", "Height at its end.", may_be_empty=True),
        _text("limit_that_ended_it", "Which limit ended the spell.", may_be_empty=True),
        _IMPACT,
    ),
    "knowledge": (
        _LAYDOWN,
        _CASE,
        _text("burn_time", "Which end of the intervals of burn time and burn-out altitude."),
        _RUN,
        _WITH_SATELLITES,
        *_ARC,
        _float("first_sight_s", "First detection by any sensor.", may_be_empty=True),
        _text(
            "first_sight_sensor",
            "Which sensor that was; several, by commas, where they see together.",
            may_be_empty=True,
        ),
        _float("first_stereo_s", "When two satellites first see it at once.", may_be_empty=True),
        _float("stereo_s", "Seconds that two satellites or more see it at once."),
        _float("first_radar_s", "First detection by a radar.", may_be_empty=True),
        _text("first_radar_sensor", "Which radar, or radars, that was.", may_be_empty=True),
        _float("radar_track_s", "Seconds under at least one radar."),
        _float("longest_gap_s", "Longest stretch unseen after the first sight.", may_be_empty=True),
        _float(
            "impact_area_s",
            "When the 95 % impact ellipse's long half-axis falls below 100 km.",
            may_be_empty=True,
        ),
        _float("warning_left_s", "From then to the impact.", may_be_empty=True),
    ),
    "value": (
        _LAYDOWN,
        _RUN,
        _WITH_SATELLITES,
        _text("sensor", "Whose value it is."),
        _text("figure", "first sight, radar track or impact area."),
        _text("arcs", "Which arcs the mean is over: published range or all."),
        _float("low_s", "Last-in marginal: own low, the others high.", may_be_empty=True),
        _float("nominal_s", "Last-in marginal, all others present, nominal.", may_be_empty=True),
        _float("high_s", "Last-in marginal: own high, the others low.", may_be_empty=True),
        _float("shapley_low_s", "Shapley share, low case.", may_be_empty=True),
        _float("shapley_nominal_s", "Shapley share, nominal case.", may_be_empty=True),
        _float("shapley_high_s", "Shapley share, high case.", may_be_empty=True),
    ),
    "sensitivity": (
        _RUN,
        _text("assumption", "Path of the figure in the catalogue or scenario."),
        _text("mark", "found, derived or assumed."),
        _text("source", "Where the figure comes from."),
        _text("unit", "Unit of the next three columns."),
        Column("low", FLOAT, "", "Lower end of the figure's interval."),
        Column("nominal", FLOAT, "", "Its nominal value."),
        Column("high", FLOAT, "", "Upper end of its interval."),
        _LAYDOWN,
        _text("figure", "Which figure of the answer it moves."),
        _float("at_low_s", "The answer with the lower end.", may_be_empty=True),
        _float("at_nominal_s", "The answer with the nominal value.", may_be_empty=True),
        _float("at_high_s", "The answer with the upper end.", may_be_empty=True),
        _float("swing_s", "Largest difference between those answers.", may_be_empty=True),
    ),
    "sensors": (
        _text("sensor", "Name of the sensor."),
        _text("title", "Its name in words."),
        _text("nation", "Nation, or nations, whose sensor it is."),
        _text("kind", "radar or infrared satellite."),
        _text("role", "search, cued or dish."),
        _text("band", "Radio band, or IR."),
        _float("latitude_deg", "Geodetic latitude; of a satellite empty.", may_be_empty=True),
        _float(
            "longitude_deg", "Longitude; of a highly elliptical orbit empty.", may_be_empty=True
        ),
        _float("altitude_m", "Height of the site above the ellipsoid.", may_be_empty=True),
        _text("status_on_date", "Status on the scenario's date."),
        _text("status_note", "Since when, and from which source.", may_be_empty=True),
        _float("range_low_m", "Published range against 1 m2, low.", may_be_empty=True),
        _float("range_nominal_m", "Nominal.", may_be_empty=True),
        _float("range_high_m", "High.", may_be_empty=True),
        _text("mark", "found, derived or assumed."),
        _text("source", "Where the figures come from."),
    ),
    "lowest_altitude": (
        _LAYDOWN,
        _CASE,
        _float("latitude_deg", "Geodetic latitude of the grid point."),
        _float("longitude_deg", "Longitude of the grid point."),
        _float(
            "altitude_m", "Lowest height that a radar sees; empty where none.", may_be_empty=True
        ),
    ),
    "gaps": (
        _LAYDOWN,
        _CASE,
        _float("launch_latitude_deg", "Geodetic latitude of the launch grid point."),
        _float("launch_longitude_deg", "Longitude of the launch grid point."),
        _text("aim_point", "Name of the aim point."),
        _float("first_sight_s", "First detection by any sensor.", may_be_empty=True),
        _flag(
            f"within_published_range_{YEAR}", "Whether the vehicle's published range reaches it."
        ),
        _float(
            "longest_unseen_s", "Longest stretch unseen, counted from lift-off.", may_be_empty=True
        ),
        _IMPACT,
    ),
}
