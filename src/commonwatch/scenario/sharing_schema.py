"""The form of what a scenario says of nations that share: links, delays, levels, faults, outcomes.

Everything here may be left out: then each nation of the sensors has a centre of its own, linked to
one joint centre, at each of the four usual levels, and nothing goes wrong.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from commonwatch.scenario.notices import NoticeEntry
from commonwatch.scenario.schema import (
    Delay,
    Interval,
    Latitude,
    Line,
    Longitude,
    Name,
    Seconds,
    SensorName,
    Words,
)


@dataclass(frozen=True, slots=True)
class SharingLimits:
    """How much of each one scenario may hold."""

    nation_count: int = 12
    link_count: int = 66
    level_count: int = 8
    fault_count: int = 200
    injection_count: int = 40
    notice_count: int = 200
    expected_count: int = 400
    flights_per_seed: int = 400
    seed_count: int = 100_000


SHARING_LIMITS: Final = SharingLimits()

Probability: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Since: TypeAlias = Annotated[
    float,
    Meta(
        ge=0,
        le=100_000,
        description="Seconds from the start of the world; the first launch is at 30 s.",
    ),
]
Places: TypeAlias = Annotated[tuple[Name, ...], Meta(max_length=SHARING_LIMITS.link_count)]


class BoxEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the Earth between two latitudes and two longitudes, from west to east."""

    latitude_min_deg: Latitude
    latitude_max_deg: Latitude
    longitude_min_deg: Longitude
    longitude_max_deg: Longitude


class NationEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A nation, or nations that already share everything, with one warning centre."""

    name: Name
    title: Line
    owners: Annotated[
        tuple[Line, ...],
        Meta(
            min_length=1,
            max_length=40,
            description="The nation codes of the sensors that are its own, as the sensors have "
            'them: ["US", "GB"].',
        ),
    ]
    territory: Annotated[
        tuple[BoxEntry, ...],
        Meta(max_length=20, description="Launches from here are its own: see the policies."),
    ] = ()
    has_no_sensors: Annotated[
        bool, Meta(description="That no laydown has a sensor of it is meant so.")
    ] = False
    note: Words = ""


class JointEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The joint centre, which has no sensors of its own."""

    name: Name = "joint"
    title: Line = "Joint centre"


class LinkEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link between two centres, the same both ways."""

    between: Annotated[tuple[Name, ...], Meta(min_length=2, max_length=2)]
    name: Annotated[Name | None, Meta(description="Left out: both names with a + between.")] = None
    delay_s: Annotated[
        Delay | Interval, Meta(description="Added to the delay of what passes over it.")
    ] = 0.0
    loss_probability: Probability = 0.0
    repeat_probability: Probability = 0.0


class DelaysEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long news is under way: the least, the commonest (nominal) and the greatest."""

    sensor_s: Annotated[
        Delay | Interval, Meta(description="From a sensor's look to its own centre.")
    ] = Interval(low=1.0, nominal=2.0, high=3.0, mark="assumed", source="no public figure found")
    detections_s: Annotated[
        Delay | Interval, Meta(description="Detection reports, from centre to centre.")
    ] = Interval(low=0.5, nominal=1.0, high=2.0, mark="assumed", source="no public figure found")
    tracks_s: Annotated[
        Delay | Interval, Meta(description="Track reports, from centre to centre.")
    ] = Interval(low=2.0, nominal=4.0, high=6.0, mark="assumed", source="no public figure found")
    messages_s: Annotated[
        Delay | Interval, Meta(description="Everything else, from centre to centre.")
    ] = Interval(low=0.5, nominal=1.0, high=2.0, mark="assumed", source="as detections")
    launch_report_s: Annotated[
        Delay | Interval,
        Meta(description="A person looks: from the unconfirmed alert to the release."),
    ] = Interval(
        low=30.0,
        nominal=90.0,
        high=180.0,
        mark="assumed",
        source="no public figure found; a person looks",
    )


class LevelEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A level of sharing: a set of policies, one a centre."""

    name: Name
    title: Line
    policy: Annotated[
        Line,
        Meta(description="A policy of the program, or a file beside the scenario: for everybody."),
    ]
    policies: Annotated[
        dict[str, Line], Meta(description="Instead, for the centres that are named here.")
    ] = {}


class WorldEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the worlds of the scenario are run."""

    flights_per_seed: Annotated[
        int,
        Meta(
            ge=1,
            le=SHARING_LIMITS.flights_per_seed,
            description="Of all flights so many fly in one world; the seeds take turns.",
        ),
    ] = 200
    seeds: Annotated[
        int, Meta(ge=1, le=SHARING_LIMITS.seed_count, description="Worlds that a run flies.")
    ] = 5
    laydown: Annotated[
        Name | None, Meta(description="Which is shown; left out: that of the study.")
    ] = None
    first_launch_utc: Annotated[
        datetime.datetime | None,
        Meta(description="On the scenario's date; left out: half a minute after midnight."),
    ] = None
    launch_interval_s: Annotated[
        float, Meta(ge=0, le=3_600, description="Between two launches from one place.")
    ] = 30.0
    duration_s: Annotated[
        Seconds | None, Meta(description="Left out: to the end of the last flight.")
    ] = None
    asks_after_s: Annotated[
        Seconds | None,
        Meta(
            description="People ask partners about an alert that is unconfirmed so long after it "
            "was raised; left out: nobody asks."
        ),
    ] = None


LINK_FAULTS: Final = ("cut", "delay", "lose", "repeat", "reorder", "garble", "swizzle")
CENTRE_FAULTS: Final = ("clock offset", "crash")
SENSOR_FAULTS: Final = ("sensor out",)


class FaultEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that goes wrong, and heals at ``until_s``."""

    kind: Literal[
        "cut", "delay", "lose", "repeat", "reorder", "garble", "swizzle", "clock offset", "crash",
        "sensor out",
    ]  # fmt: skip
    at_s: Since
    until_s: Annotated[Since | None, Meta(description="Left out: to the end of the world.")] = None
    links: Annotated[Places, Meta(description="Names of links; left out: every link.")] = ()
    centre: Annotated[
        Name | None, Meta(description="Whose clock is wrong, or which centre crashes.")
    ] = None
    sensor: Annotated[SensorName | None, Meta(description="Which one sees and says nothing.")] = (
        None
    )
    amount: Annotated[
        Annotated[float, Meta(ge=-100_000, le=100_000)] | None,
        Meta(
            description="delay, clock offset: seconds; lose, repeat, reorder, garble: probability "
            "of each message; swizzle: share of the links; crash: 1 where its journal is lost."
        ),
    ] = None
    note: Words = ""


LIES: Final = (
    "shift", "drift", "repeat", "freeze", "invent one", "invent raid", "deny one", "deny all"
)  # fmt: skip
TEST_WAYS: Final = ("test", "exercise")


class InjectionEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that comes into the world and is no flight."""

    kind: Literal["test data", "filled counts", "sun glints", "clutter", "lie"]
    at_s: Since
    until_s: Since
    nation: Name | None = None
    sensor: SensorName | None = None
    count: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description="Messages, or glints; of clutter: false plots more in a sweep.",
        ),
    ] = 1
    way: Annotated[
        Literal[
            "test", "exercise",
            "shift", "drift", "repeat", "freeze",
            "invent one", "invent raid", "deny one", "deny all",
        ]
        | None,
        Meta(description="Of test data, how it is marked; of a lie, which."),
    ] = None  # fmt: skip
    sigmas: Annotated[
        float, Meta(gt=0, le=1_000, description="Of a lie: how far, in standard deviations.")
    ] = 8.0
    latitude_deg: Latitude | None = None
    longitude_deg: Longitude | None = None
    radius_km: Annotated[float, Meta(ge=0, le=2_000)] = 50.0
    lasts_s: Annotated[
        float, Meta(ge=0, le=3_600, description="How long one glint is in view.")
    ] = 60.0
    mark: Literal["found", "derived", "assumed"] = "assumed"
    source: Words = ""
    note: Words = ""


class GivenNoticeEntry(NoticeEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notice of a launch to come, and which centres it reaches."""

    centres: Annotated[Places, Meta(description="Left out: every centre.")] = ()


OUTCOMES: Final = (
    "nothing", "unconfirmed", "confirmed, single kind", "confirmed", "cancelled", "test only"
)  # fmt: skip
EACH_FLIGHT: Final = "each flight"
FALSE_ALARM: Final = "false alarm"
TEST_DATA: Final = "test data"


class ExpectedEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a centre must have come to believe of an object when the world ends."""

    object: Annotated[
        Line,
        Meta(description='A flight, "each flight", "false alarm" or "test data".'),
    ]
    outcomes: Annotated[
        tuple[
            Literal[
                "nothing", "unconfirmed", "confirmed, single kind", "confirmed", "cancelled",
                "test only",
            ],
            ...,
        ],
        Meta(
            min_length=1,
            max_length=len(OUTCOMES),
            description="Any of them: the highest that its alert ever was; of false alarms the "
            "most that it may be; cancelled: it was raised and is no more; test only: tests were "
            "seen and no alert came of them.",
        ),
    ]  # fmt: skip
    laydown: Annotated[Name | None, Meta(description="Left out: that of the world.")] = None
    level: Annotated[Name | None, Meta(description="Left out: each level.")] = None
    centre: Annotated[Name | None, Meta(description="Left out: each centre.")] = None
    note: Words = ""


TITLES: Final = {
    "nothing": "nothing",
    "launch-reports": "launch reports",
    "tracks": "tracks",
    "detections": "detections",
}
"""The usual levels of sharing, each a policy of the program by the same name."""

DEFAULT_LEVELS: Final = tuple(
    LevelEntry(name=name, title=title, policy=name) for name, title in TITLES.items()
)
