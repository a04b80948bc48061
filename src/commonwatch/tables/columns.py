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
NUMBER: Final = "number"
INSTANT: Final = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Its name, the unit last. ``YYYY`` stands for the year of the scenario.
    kind
        ``"text"``, ``"float"``, ``"count"``, ``"flag"``, ``"number"`` (a whole one of 64 bits) or
        ``"instant"`` (UTC, whole nanoseconds since 1970).
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


def text_column(name: str, sentence: str, *, may_be_empty: bool = False) -> Column:
    """Make a column of text.

    Parameters
    ----------
    name
        Of the column.
    sentence
        What it says.
    may_be_empty
        Whether a row may lack it.
    """
    return Column(name, TEXT, "", sentence, may_be_empty=may_be_empty)


def flag_column(name: str, sentence: str) -> Column:
    """Make a column of yes or no.

    Parameters
    ----------
    name
        Of the column.
    sentence
        What it says.
    """
    return Column(name, FLAG, "", sentence)


def float_column(name: str, sentence: str, *, may_be_empty: bool = False) -> Column:
    """Make a column of numbers, its unit from its name.

    Parameters
    ----------
    name
        Of the column: its unit is the last word.
    sentence
        What it says.
    may_be_empty
        Whether a row may lack it.
    """
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
    "ns": "ns",
    "m": "m",
    "s": "s",
}


def unit_of(name: str) -> str:
    """Return the unit that a column's or key's name ends with; empty where it has none."""
    return next((unit for tail, unit in _UNITS.items() if name.endswith(f"_{tail}")), "")


_LAYDOWN = text_column("laydown", "Name of the set of sensors that work together.")
_CASE = text_column(
    "case", "Which end of the published or assumed intervals: low, nominal or high."
)
_RUN = text_column(
    "run", "published-range (1 m2) or cross-section (the catalogue's cross-sections)."
)
_WITH_SATELLITES = flag_column("with_satellites", "Whether infrared satellites take part.")
_ARC = (
    text_column("launch", "Name of the launch site, published flight or recorded path."),
    text_column("aim_point", "Name of the aim point; impact where a published flight has none."),
    text_column("arc", "Kind of arc, as the scenario names it."),
)
_IMPACT = float_column(
    "impact_s",
    "Impact on the ellipsoid; empty where the path does not come down.",
    may_be_empty=True,
)

STUDY_TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "arcs": (
        *_ARC,
        text_column("vehicle", "Whose published figures the arc uses."),
        float_column("launch_latitude_deg", "Geodetic latitude of the launch site."),
        float_column("launch_longitude_deg", "Longitude of the launch site, east positive."),
        float_column("aim_latitude_deg", "Geodetic latitude of the aim point.", may_be_empty=True),
        float_column("aim_longitude_deg", "Longitude of the aim point.", may_be_empty=True),
        float_column(
            "ground_range_m", "Geodesic from launch site to aim point.", may_be_empty=True
        ),
        flag_column(
            f"within_published_range_{YEAR}", "Whether the vehicle's published range reaches it."
        ),
        float_column("burn_out_s", "Burn-out; 0 for an impulsive start.", may_be_empty=True),
        float_column("burn_out_altitude_m", "Height above the ellipsoid then.", may_be_empty=True),
        float_column(
            "burn_out_speed_m_s", "Speed relative to the turning Earth then.", may_be_empty=True
        ),
        float_column("burn_out_elevation_rad", "Elevation of that velocity.", may_be_empty=True),
        float_column(
            "launch_azimuth_rad",
            "Azimuth of that velocity, clockwise from north.",
            may_be_empty=True,
        ),
        float_column("apogee_altitude_m", "Greatest height above the ellipsoid."),
        float_column("apogee_time_s", "When that height is reached."),
        _IMPACT,
        float_column("miss_m", "Distance from the impact to the aim point.", may_be_empty=True),
        float_column(
            "ballistic_coefficient_kg_m2", "Nominal, for the drag offset.", may_be_empty=True
        ),
        float_column(
            "drag_offset_low_m",
            "How far drag moves the impact with the low ballistic coefficient: most.",
            may_be_empty=True,
        ),
        float_column("drag_offset_m", "The same with the nominal coefficient.", may_be_empty=True),
        float_column(
            "drag_offset_high_m", "The same with the high coefficient.", may_be_empty=True
        ),
        float_column(
            "drag_offset_low_s",
            "How much later drag makes the impact with the low ballistic coefficient.",
            may_be_empty=True,
        ),
        float_column("drag_offset_s", "The same with the nominal coefficient.", may_be_empty=True),
        float_column(
            "drag_offset_high_s", "The same with the high coefficient.", may_be_empty=True
        ),
    ),
    "paths": (
        *_ARC,
        float_column("time_s", "Time of the sample: each 10 s and the end."),
        float_column("latitude_deg", "Geodetic latitude."),
        float_column("longitude_deg", "Longitude, east positive."),
        float_column("altitude_m", "Height above the ellipsoid."),
        *(float_column(f"{axis}_m", f"Position, ECEF {axis}.") for axis in "xyz"),
        *(float_column(f"v{axis}_m_s", f"Velocity, ECEF {axis}.") for axis in "xyz"),
    ),
    "visibility": (
        _LAYDOWN,
        _CASE,
        *_ARC,
        text_column("sensor", "Name of the sensor; * for the union of the laydown."),
        Column(
            "spell", COUNT, "", "Number of the unbroken stretch of sight from 1; 0: never seen."
        ),
        float_column("first_seen_s", "Start of the spell.", may_be_empty=True),
        float_column("last_seen_s", "End of the spell.", may_be_empty=True),
        float_column("first_seen_altitude_m", "Height at its start.", may_be_empty=True),
        float_column("last_seen_altitude_m", "Height at its end.", may_be_empty=True),
        text_column("limit_that_ended_it", "Which limit ended the spell.", may_be_empty=True),
        _IMPACT,
    ),
    "knowledge": (
        _LAYDOWN,
        _CASE,
        text_column("burn_time", "Which end of the intervals of burn time and burn-out altitude."),
        _RUN,
        _WITH_SATELLITES,
        *_ARC,
        float_column("first_sight_s", "First detection by any sensor.", may_be_empty=True),
        text_column(
            "first_sight_sensor",
            "Which sensor that was; several, by commas, where they see together.",
            may_be_empty=True,
        ),
        float_column(
            "first_stereo_s", "When two satellites first see it at once.", may_be_empty=True
        ),
        float_column("stereo_s", "Seconds that two satellites or more see it at once."),
        float_column(
            "one_line_half_axis_m",
            "At a satellite's first sight: long half-axis of the 95 % ellipse of the place below, "
            "from one line of sight and an assumed altitude.",
            may_be_empty=True,
        ),
        float_column(
            "one_line_flown_m",
            "Ground flown by then since lift-off: how far from that place the launch point lies.",
            may_be_empty=True,
        ),
        float_column(
            "stereo_half_axis_m",
            "The same half-axis at first stereo, from two lines or more, no altitude assumed.",
            may_be_empty=True,
        ),
        float_column("stereo_flown_m", "Ground flown by then since lift-off.", may_be_empty=True),
        float_column("first_radar_s", "First detection by a radar.", may_be_empty=True),
        text_column("first_radar_sensor", "Which radar, or radars, that was.", may_be_empty=True),
        float_column("radar_track_s", "Seconds under at least one radar."),
        float_column(
            "longest_gap_s", "Longest stretch unseen after the first sight.", may_be_empty=True
        ),
        float_column(
            "impact_area_s",
            "When the 95 % impact ellipse's long half-axis falls below 100 km.",
            may_be_empty=True,
        ),
        float_column("warning_left_s", "From then to the impact.", may_be_empty=True),
    ),
    "value": (
        _LAYDOWN,
        _RUN,
        _WITH_SATELLITES,
        text_column("sensor", "Whose value it is."),
        text_column("figure", "first sight, radar track or impact area."),
        text_column("arcs", "Which arcs the mean is over: published range or all."),
        float_column("low_s", "Last-in marginal: own low, the others high.", may_be_empty=True),
        float_column(
            "nominal_s", "Last-in marginal, all others present, nominal.", may_be_empty=True
        ),
        float_column("high_s", "Last-in marginal: own high, the others low.", may_be_empty=True),
        float_column("shapley_low_s", "Shapley share, low case.", may_be_empty=True),
        float_column("shapley_nominal_s", "Shapley share, nominal case.", may_be_empty=True),
        float_column("shapley_high_s", "Shapley share, high case.", may_be_empty=True),
    ),
    "sensitivity": (
        _RUN,
        text_column("assumption", "Path of the figure in the catalogue or scenario."),
        text_column("mark", "found, derived or assumed."),
        text_column("source", "Where the figure comes from."),
        text_column("unit", "Unit of the next three columns."),
        Column("low", FLOAT, "", "Lower end of the figure's interval."),
        Column("nominal", FLOAT, "", "Its nominal value."),
        Column("high", FLOAT, "", "Upper end of its interval."),
        _LAYDOWN,
        text_column("figure", "Which figure of the answer it moves."),
        float_column("at_low_s", "The answer with the lower end.", may_be_empty=True),
        float_column("at_nominal_s", "The answer with the nominal value.", may_be_empty=True),
        float_column("at_high_s", "The answer with the upper end.", may_be_empty=True),
        float_column("swing_s", "Largest difference between those answers.", may_be_empty=True),
    ),
    "sensors": (
        text_column("sensor", "Name of the sensor."),
        text_column("title", "Its name in words."),
        text_column("nation", "Nation, or nations, whose sensor it is."),
        text_column("kind", "radar or infrared satellite."),
        text_column("role", "search, cued or dish."),
        text_column("band", "Radio band, or IR."),
        float_column("latitude_deg", "Geodetic latitude; of a satellite empty.", may_be_empty=True),
        float_column(
            "longitude_deg", "Longitude; of a highly elliptical orbit empty.", may_be_empty=True
        ),
        float_column("altitude_m", "Height of the site above the ellipsoid.", may_be_empty=True),
        text_column("status_on_date", "Status on the scenario's date."),
        text_column("status_note", "Since when, and from which source.", may_be_empty=True),
        float_column("range_low_m", "Published range against 1 m2, low.", may_be_empty=True),
        float_column("range_nominal_m", "Nominal.", may_be_empty=True),
        float_column("range_high_m", "High.", may_be_empty=True),
        text_column("mark", "found, derived or assumed."),
        text_column("source", "Where the figures come from."),
    ),
    "lowest_altitude": (
        _LAYDOWN,
        _CASE,
        float_column("latitude_deg", "Geodetic latitude of the grid point."),
        float_column("longitude_deg", "Longitude of the grid point."),
        float_column(
            "altitude_m", "Lowest height that a radar sees; empty where none.", may_be_empty=True
        ),
    ),
    "gaps": (
        _LAYDOWN,
        _CASE,
        float_column("launch_latitude_deg", "Geodetic latitude of the launch grid point."),
        float_column("launch_longitude_deg", "Longitude of the launch grid point."),
        text_column("aim_point", "Name of the aim point."),
        float_column("first_sight_s", "First detection by any sensor.", may_be_empty=True),
        flag_column(
            f"within_published_range_{YEAR}", "Whether the vehicle's published range reaches it."
        ),
        float_column(
            "longest_unseen_s", "Longest stretch unseen, counted from lift-off.", may_be_empty=True
        ),
        _IMPACT,
    ),
}
