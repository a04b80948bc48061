"""Columns of the tables of single looks and of beliefs: detections, tracks, alerts.

Times are UTC in whole nanoseconds since 1970 (``_ns``), positions ECEF in metres. What is here and
what ``columns`` lists are all tables that Commonwatch writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from commonwatch.tables.columns import FLAG, INSTANT, NUMBER, Column, float_column, text_column


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


def _area(name: str, what: str) -> tuple[Column, ...]:
    """Columns of a 95 % ellipse on the ground."""
    return (
        float_column(f"{name}_latitude_deg", f"{what}: geodetic latitude.", may_be_empty=True),
        float_column(f"{name}_longitude_deg", f"{what}: longitude.", may_be_empty=True),
        float_column(
            f"{name}_long_half_axis_m", "Long half-axis of its 95 % ellipse.", may_be_empty=True
        ),
        float_column(f"{name}_short_half_axis_m", "Short half-axis of it.", may_be_empty=True),
        float_column(
            f"{name}_orientation_rad", "Azimuth of the long axis, from north.", may_be_empty=True
        ),
    )


def _area_deg(name: str, what: str) -> tuple[Column, ...]:
    """Columns of a 95 % ellipse as messages have it: its long axis in degrees from north."""
    *axes, _ = _area(name, what)
    orientation = float_column(
        f"{name}_orientation_deg", "Azimuth of the long axis, from north.", may_be_empty=True
    )
    return (*axes, orientation)


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
    "trajectories": (
        _TIME,
        _number("object", "Number of the object: each 10 s from lift-off, and its end."),
        *_STATE_VECTOR,
    ),
    "truth_ends": (
        _number("object", "Number of the object."),
        _instant("launch_time_ns", "Lift-off."),
        float_column("launch_latitude_deg", "Geodetic latitude of the launch point."),
        float_column("launch_longitude_deg", "Its longitude, east positive."),
        _instant("impact_time_ns", "Impact on the ellipsoid; empty in orbit.", may_be_empty=True),
        float_column("impact_latitude_deg", "Geodetic latitude of the impact.", may_be_empty=True),
        float_column("impact_longitude_deg", "Its longitude.", may_be_empty=True),
    ),
    "truth_biases": (
        text_column("sensor", "Name of the radar."),
        float_column("range_bias_m", "Constant error of its ranges, measured less true."),
        float_column("azimuth_bias_rad", "The same of azimuth."),
        float_column("elevation_bias_rad", "The same of elevation."),
    ),
    "biases": (
        text_column("sensor", "Name of the radar."),
        _instant("known_ns", "When this was believed."),
        _number("plots", "Plots that the estimate rests on."),
        *(
            column
            for name, words, unit in (
                ("range", "Constant error of its ranges, measured less true", "m"),
                ("azimuth", "The same of azimuth", "rad"),
                ("elevation", "The same of elevation", "rad"),
                ("time", "The same of its clock", "s"),
            )
            for column in (
                float_column(f"{name}_bias_{unit}", f"{words}."),
                float_column(f"{name}_bias_std_{unit}", "One standard deviation of it."),
            )
        ),
    ),
    "messages": (
        _instant(
            "time_ns", "When it was decided, by the sender's clock; when an injected one left."
        ),
        text_column("sender", "Which centre decided, or in whose name an injected one came."),
        text_column("recipient", "Whom it is for."),
        text_column("kind", "Kind of message, or heartbeat."),
        _number("number", "The sender's number of it; -1 of injected ones."),
        _number("event", "The sender's number of the launch or track.", may_be_empty=True),
        text_column("verdict", "share, share coarser, later or withhold; injected: by nobody."),
        text_column("rule", "Name of the rule that decided; a built-in one, or none, in brackets."),
        text_column("words", "The decision in words."),
        _instant("sent_ns", "True time at which it left.", may_be_empty=True),
        _instant("received_ns", "True time at which it was first there.", may_be_empty=True),
        _number("byte_count", "Bytes on the wire; 0 where nothing left."),
        text_column(
            "outcome",
            "received (be it to be refused), under way, withheld, later, or lost and why.",
        ),
    ),
    "centre_tracks": (text_column("centre", "Whose belief it is."), *_TRACK),
    "sensor_status": (
        text_column("centre", "Which centre knew it."),
        text_column("sensor", "Name of the sensor."),
        text_column("nation", "Whose it is."),
        _instant("time_ns", "When that centre knew it, by its clock."),
        Column("is_working", FLAG, "", "Whether it works."),
        _instant("since_ns", "Since when, as its owner says."),
    ),
    "link_status": (
        text_column("sender", "From which centre."),
        text_column("recipient", "To which."),
        _instant("time_ns", "From when on."),
        text_column("status", "works, or what ails it: cut, delay, lose, repeat, reorder, garble."),
    ),
    "restarts": (
        text_column("centre", "Which centre went on with less of its ledger than there was."),
        _instant("time_ns", "When, by its clock."),
        _number("set_aside_count", "Entries that no longer count."),
        text_column("words", "What was found, and where."),
    ),
    "refused": (
        text_column("centre", "Which centre refused it."),
        text_column("sender", "Under whose name it came; empty where that cannot be told."),
        _instant("time_ns", "When, by its clock."),
        _number("count", "How many messages."),
        text_column("words", "Why."),
    ),
    "clock_status": (
        text_column("centre", "Whose clock went back, or has caught up."),
        _instant("time_ns", "The time there, which stands still until it has caught up."),
        Column("is_right", FLAG, "", "Whether it has caught up."),
        float_column("back_s", "How far it went back."),
    ),
    "partner_status": (
        text_column("centre", "Which centre noticed it."),
        _instant("time_ns", "When, by its clock."),
        text_column("partner", "Which centre it no longer heard, or heard again."),
        Column("is_heard", FLAG, "", "Whether it is heard."),
        _instant("since_ns", "When it was last heard before the silence."),
    ),
    "centre_alerts": (
        text_column("centre", "Whose watch floor shows it."),
        _number("alert", "Number of the alert at that centre."),
        _number("track", "Number of the track there; -1 where there is none."),
        _TIME,
        _instant("known_ns", "When the watch floor knew it."),
        text_column(
            "transition",
            "raised, updated, corrected, confirmed, single kind, confirmed or cancelled.",
        ),
        text_column("status", "unconfirmed, confirmed, single kind, confirmed or cancelled."),
        text_column("origin", "own, launch reports, or whose alert report."),
        text_column("assessment", "What it most likely is."),
        Column(
            "ballistic_probability",
            "float",
            "",
            "That it is a ballistic missile; empty where nobody has said.",
            may_be_empty=True,
        ),
        text_column("motor", "burns, coasts or unknown."),
        text_column("range_class", "Likeliest class by ground range.", may_be_empty=True),
        _instant("launch_time_ns", "Estimated lift-off.", may_be_empty=True),
        float_column("launch_time_std_s", "One standard deviation of it.", may_be_empty=True),
        *_area_deg("launch", "Launch point"),
        float_column("azimuth_deg", "Over the turning Earth, from north.", may_be_empty=True),
        float_column("azimuth_std_deg", "One standard deviation of it.", may_be_empty=True),
        _instant("impact_time_ns", "Predicted vacuum impact.", may_be_empty=True),
        float_column("impact_time_std_s", "One standard deviation of it.", may_be_empty=True),
        *_area_deg("impact", "Vacuum impact"),
        text_column("reason", "Why this happened."),
        text_column("evidence", "What is behind it, in words."),
        text_column("contributors", "Nations whose news it rests on, by commas."),
        text_column("sources", "Sensors and reports behind it, by commas."),
        text_column("notice", "Name of the notice that fits best.", may_be_empty=True),
        text_column("notice_match", "unmatched, matched, noticed, not delivered or contradicting."),
        Column("is_last_sight", FLAG, "", "Whether the track has ended."),
    ),
    "contributors": (
        text_column("centre", "Which centre judges."),
        text_column("accused", "Which contributor it names."),
        _instant("time_ns", "When it named it."),
        text_column("kind", "shift, drift, repeat, freeze, invention or denial."),
        text_column("evidence", "Why, in words."),
    ),
    "alerts": (
        _number("alert", "Number of the alert, in the order of raising."),
        _number("track", "Number of the track."),
        _TIME,
        _instant("known_ns", "When the centre knew it; nothing is rewritten afterwards."),
        text_column(
            "transition",
            "raised, updated, corrected, confirmed, single kind, confirmed or cancelled.",
        ),
        text_column("status", "unconfirmed, confirmed, single kind, confirmed or cancelled."),
        Column("is_last_sight", FLAG, "", "Whether the track has no later estimate."),
        text_column("assessment", "What it most likely is."),
        *(
            Column(f"{name}_probability", "float", "", f"That it is {words}.")
            for name, words in (
                ("ballistic", "a ballistic missile"),
                ("space_launch", "a space launch"),
                ("sounding_rocket", "a sounding rocket"),
                ("satellite", "a satellite or debris"),
                ("noise", "noise"),
                ("unknown", "something else"),
            )
        ),
        text_column("motor", "burns, coasts or unknown: no impact is given unless it coasts."),
        text_column("range_class", "Likeliest class by ground range.", may_be_empty=True),
        Column("range_class_probability", "float", "", "Of that class.", may_be_empty=True),
        *(
            float_column(name, sentence, may_be_empty=True)
            for name, sentence in (
                ("ground_range_m", "From launch point to impact."),
                ("ground_range_std_m", "One standard deviation of it."),
                ("apogee_altitude_m", "Greatest height above the ellipsoid; empty in orbit."),
            )
        ),
        _instant("launch_time_ns", "Estimated lift-off.", may_be_empty=True),
        float_column("launch_time_std_s", "One standard deviation of it.", may_be_empty=True),
        *_area("launch", "Launch point"),
        float_column(
            "launch_azimuth_rad", "Over the turning Earth, from north.", may_be_empty=True
        ),
        float_column("launch_azimuth_std_rad", "One standard deviation of it.", may_be_empty=True),
        _instant("impact_time_ns", "Predicted vacuum impact.", may_be_empty=True),
        float_column("impact_time_std_s", "One standard deviation of it.", may_be_empty=True),
        *_area("impact", "Vacuum impact"),
        *(
            float_column(f"drag_offset_{end}_{unit}", sentence.format(end), may_be_empty=True)
            for end in ("low", "nominal", "high")
            for unit, sentence in (
                ("m", "How far drag moves the impact, {} ballistic coefficient."),
                ("s", "How much later drag makes it, {} ballistic coefficient."),
            )
        ),
        float_column("warning_left_s", "From known_ns to the vacuum impact.", may_be_empty=True),
        text_column("sources", "Sensors behind the track, by commas; nothing where unknown."),
        text_column("notice", "Name of the notice that fits best.", may_be_empty=True),
        text_column(
            "notice_match",
            "none given, unmatched, matched, noticed, not delivered or contradicting.",
        ),
        text_column("evidence", "Why, in words and figures."),
    ),
}
