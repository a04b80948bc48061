"""Columns of the tables of what each centre knew, over laydowns, levels of sharing and seeds.

Times are seconds after lift-off of the flight, at the centre, delays included; empty means never.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from commonwatch.tables.columns import COUNT, NUMBER, Column, float_column, text_column

_WORLD = (
    Column("seed", NUMBER, "", "Seed of the world."),
    text_column("laydown", "Name of the set of sensors that work together."),
    text_column("level", "Level of sharing: what leaves the nations."),
    text_column(
        "delay",
        "Which delay stands at an end of its interval; none where all are drawn from theirs.",
    ),
    text_column("case", "At which end it stands: low or high; nominal where none does."),
    text_column("centre", "A nation's centre, or the joint centre."),
)
_FLIGHT = Column("object", NUMBER, "", "Number of the flight within the seed.")


def _count(name: str, sentence: str) -> Column:
    return Column(name, COUNT, "", sentence)


def _event(name: str, sentence: str) -> Column:
    return float_column(f"{name}_s", sentence, may_be_empty=True)


KNOWN_TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "known": (
        *_WORLD,
        _FLIGHT,
        text_column("launch", "Name of the launch site, published flight or recorded path."),
        text_column("aim_point", "Name of the aim point; impact where there is none."),
        text_column("arc", "Kind of arc, as the scenario names it."),
        float_column("flight_s", "From lift-off to vacuum impact.", may_be_empty=True),
        _event("detection", "First true detection, own or released to the centre."),
        _event("track", "First confirmed track."),
        float_column("tracked_s", "Seconds under a confirmed track."),
        _count("track_count", "Confirmed tracks that followed it one after another."),
        float_column(
            "continuity_ratio",
            "Longest of them over all seconds under track: 1 where none broke.",
            may_be_empty=True,
        ),
        *(
            column
            for name, words in (
                ("unconfirmed", "First alert, of whatever status"),
                ("single_kind", "First alert confirmed by one kind of sensor or better"),
                ("confirmed", "First confirmed alert"),
                ("impact_area", "First impact ellipse with a long half-axis below 100 km"),
            )
            for column in (
                _event(name, f"{words}."),
                text_column(f"{name}_from", f"{words}: made from what.", may_be_empty=True),
            )
        ),
        _event("warning_left_unconfirmed", "Vacuum impact less the first alert."),
        _event("warning_left_confirmed", "Vacuum impact less the first confirmed alert."),
        _event("warning_left", "Vacuum impact less the known impact area."),
        *(
            float_column(
                f"impact_half_axis_{second}_m",
                f"Long half-axis of the 95 % impact ellipse as known {second} s after launch.",
                may_be_empty=True,
            )
            for second in (60, 120, 180, 300, 600)
        ),
        *(
            float_column(f"{end}_{name}_m", sentence.format(end), may_be_empty=True)
            for end in ("launch", "impact")
            for name, sentence in (
                ("half_axis", "Long half-axis of the last 95 % {} ellipse."),
                ("error", "Distance of its middle from the true {} point."),
            )
        ),
        text_column(
            "outcome",
            "Highest status of its alert; cancelled where it was raised and is no more; or why it "
            "was missed.",
        ),
    ),
    "known_areas": (
        *_WORLD,
        _FLIGHT,
        float_column("time_s", "Seconds after launch, each 20 s."),
        float_column(
            "launch_half_axis_m",
            "Long half-axis of the smallest 95 % launch ellipse known then.",
            may_be_empty=True,
        ),
        float_column("impact_half_axis_m", "The same of the impact.", may_be_empty=True),
    ),
    "alert_counts": (
        *_WORLD,
        _count("alert_count", "Alerts that were raised."),
        _count("false_count", "Those that speak of no flight."),
        _count("false_confirmed_count", "Those of them that were ever confirmed, in either way."),
        _count("repeated_count", "Alerts beyond the first of a flight."),
        _count("flight_count", "Flights of the world."),
        _count("missed_count", "Flights of which no alert spoke."),
    ),
    "named": (
        *_WORLD,
        text_column("accused", "Nation that the centre named, at its first naming."),
        text_column("kind", "What it was named for."),
        float_column("world_s", "When, since the world's beginning."),
        float_column(
            "lie_s", "When, since its first lie; empty where it tells none.", may_be_empty=True
        ),
    ),
    "unmet": (
        *_WORLD,
        text_column("object", "Flight, false alarm or test data that the scenario expects of."),
        text_column("ended", "What it ended as."),
        text_column("expected", "What the scenario allows."),
    ),
}
