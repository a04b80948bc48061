"""Columns of the tables of single looks and of beliefs: detections, tracks, alerts.

Times are UTC in whole nanoseconds since 1970 (``_ns``), positions ECEF in metres. What is here and
what ``columns`` lists are all tables that Commonwatch writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from commonwatch.tables.columns import INSTANT, NUMBER, Column, float_column, text_column


def _instant(name: str, sentence: str, *, may_be_empty: bool = False) -> Column:
    return Column(name, INSTANT, "ns", sentence, may_be_empty=may_be_empty)


def _number(name: str, sentence: str, *, may_be_empty: bool = False) -> Column:
    return Column(name, NUMBER, "", sentence, may_be_empty=may_be_empty)


_TIME = _instant("time_ns", "Time that the row belongs to.")
_STATE_VECTOR = (
    *(float_column(f"{axis}_m", f"Position, ECEF {axis}.") for axis in "xyz"),
    *(float_column(f"v{axis}_m_s", f"Velocity, ECEF {axis}.") for axis in "xyz"),
)
_COVARIANCE = tuple(
    Column(f"p_{i}{j}", "float", "", f"Covariance of components {i} and {j}, from 0.")
    for i in range(6)
    for j in range(i, 6)
)
_TRACK = (
    _number("track", "Number of the track."),
    _TIME,
    _instant("known_ns", "When this was believed: later news is in later rows."),
    text_column("status", "tentative, confirmed or ended."),
    *_STATE_VECTOR,
    *_COVARIANCE,
)

RECORD_TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "detections": (
        _TIME,
        _instant("arrival_ns", "When the centre received it."),
        text_column("kind", "radar or infrared."),
        text_column("sensor", "Name of the sensor."),
        float_column("range_m", "Slant range.", may_be_empty=True),
        float_column("azimuth_rad", "Clockwise from true north.", may_be_empty=True),
        float_column(
            "elevation_rad",
            "Apparent, unless the sensor table says that refraction is corrected.",
            may_be_empty=True,
        ),
        float_column("range_rate_m_s", "Positive receding.", may_be_empty=True),
        float_column("range_std_m", "One standard deviation of range.", may_be_empty=True),
        float_column("azimuth_std_rad", "The same of azimuth.", may_be_empty=True),
        float_column("elevation_std_rad", "The same of elevation.", may_be_empty=True),
        float_column("range_rate_std_m_s", "The same of range rate.", may_be_empty=True),
        *(
            float_column(
                f"sensor_{axis}_m", f"Satellite's position, ECEF {axis}.", may_be_empty=True
            )
            for axis in "xyz"
        ),
        *(
            Column(
                f"line_of_sight_{axis}",
                "float",
                "",
                f"Unit vector from it, {axis}.",
                may_be_empty=True,
            )
            for axis in "xyz"
        ),
        float_column(
            "line_of_sight_std_rad", "One standard deviation across it.", may_be_empty=True
        ),
    ),
    "tracks": _TRACK,
    "smoothed": _TRACK,
    "dispositions": (
        _number("row", "Number of the row of detections, from 0."),
        text_column("disposition", "assigned, started a track, clutter, late or refused."),
        _number("track", "Which track took it.", may_be_empty=True),
        text_column("reason", "Why, where it is late or refused.", may_be_empty=True),
    ),
    "truth_objects": (_TIME, _number("object", "Number of the object."), *_STATE_VECTOR),
    "truth_ends": (
        _number("object", "Number of the object."),
        _instant("launch_time_ns", "Lift-off."),
        float_column("launch_latitude_deg", "Geodetic latitude of the launch point."),
        float_column("launch_longitude_deg", "Its longitude, east positive."),
        _instant("impact_time_ns", "Impact on the ellipsoid; empty in orbit.", may_be_empty=True),
        float_column("impact_latitude_deg", "Geodetic latitude of the impact.", may_be_empty=True),
        float_column("impact_longitude_deg", "Its longitude.", may_be_empty=True),
    ),
}
