"""What centres say to one another: every message there is.

A message is a header and a body; the body's ``kind`` says which. Lengths are whole metres, speeds
whole millimetres a second, instants whole nanoseconds: rounded before anything is decided about
them or digested. A heartbeat is no message: it has a form of its own (``heartbeat``) and no body,
so that it can never be read as one.

==========================  ==================================================================
kind                        source of its fields
==========================  ==================================================================
launch report               US-Russian memorandum of 4 June 2000 on a joint data exchange
                            centre: time, class, area, azimuth, impact area and time
notice, outcome of launch   memorandum of 16 December 2000; Hague Code of Conduct, 2002,
                            section 4: class, window, launch area, planned direction
the others                  this project's
==========================  ==================================================================
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias, get_args

from msgspec import Meta, Struct

from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.marking import Purpose

FORMAT: Final = 1

Instant: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1, description="UTC since 1970, ns.")]
COUNT_MAX: Final = 2**53
Count: TypeAlias = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
StdS: TypeAlias = Annotated[float, Meta(ge=0, le=1e9)]
LatitudeDeg: TypeAlias = Annotated[float, Meta(ge=-90, le=90)]
LongitudeDeg: TypeAlias = Annotated[float, Meta(ge=-180, le=180)]
AzimuthDeg: TypeAlias = Annotated[float, Meta(ge=0, le=360)]
Probability: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Text: TypeAlias = Annotated[str, Meta(max_length=1_000)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Coordinate: TypeAlias = Annotated[int, Meta(ge=-COUNT_MAX, le=COUNT_MAX)]
"""Whole metres or millimetres a second: exact as floating-point numbers too."""
Triple: TypeAlias = tuple[Coordinate, Coordinate, Coordinate]
Triangle: TypeAlias = Annotated[tuple[float, ...], Meta(min_length=21, max_length=21)]
Six: TypeAlias = Annotated[tuple[float, ...], Meta(min_length=6, max_length=6)]


class Area(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A 95 % ellipse on the ground; ``orientation_deg`` is the azimuth of its long axis."""

    latitude_deg: LatitudeDeg
    longitude_deg: LongitudeDeg
    long_half_axis_m: Count
    short_half_axis_m: Count
    orientation_deg: AzimuthDeg


class LaunchReport(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="launch report",
    tag_field="kind",
):  # fmt: skip
    """A launch that was seen: time, class, area, azimuth, impact area and time, nothing else.

    ``event`` is the sender's number of the launch, for corrections and cancellations.
    """

    event: Count
    launch_time_ns: Instant
    launch_time_std_s: StdS
    range_class: Text
    launch_area: Area
    azimuth_deg: AzimuthDeg | None = None
    azimuth_std_deg: float | None = None
    impact_area: Area | None = None
    impact_time_ns: Instant | None = None
    impact_time_std_s: StdS | None = None


class Span(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Looks of one sensor after one instant up to another, and how many a track took."""

    originator: NationId
    sensor: SensorId
    after_ns: Annotated[int, Meta(ge=-1, le=2**63 - 1)]
    until_ns: Instant
    look_count: Count


class TrackReport(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="track report",
    tag_field="kind",
):  # fmt: skip
    """What is believed of one object: a whole estimate and what is new since the last one.

    ``information`` and ``information_vector`` are the tracklet; None where there is no news that
    may be added. ``pedigree`` None: not said. ``step`` is what each coordinate was rounded to
    beyond the usual; the covariance already holds step^2 / 12. Triangles are upper, row by row.
    """

    track: Count
    sequence: Count
    time_ns: Instant
    since_ns: Instant
    begun_ns: Instant
    status: Literal["tentative", "confirmed", "ended"]
    motor: Literal["burns", "coasts", "unknown"]
    position_ecef_m: Triple
    velocity_ecef_mm_s: Triple
    covariance: Triangle
    information: Triangle | None = None
    information_vector: Six | None = None
    step: Six = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    pedigree: Annotated[tuple[Span, ...], Meta(max_length=256)] | None = None


class Plot(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):  # fmt: skip
    """One detection, as the table of detections has it; None: the sensor does not measure it."""

    time_ns: Instant
    sensor: SensorId
    range_m: float | None = None
    azimuth_rad: float | None = None
    elevation_rad: float | None = None
    range_rate_m_s: float | None = None
    sensor_ecef_m: tuple[float, float, float] | None = None
    line_of_sight: tuple[float, float, float] | None = None


class DetectionReport(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="detection report",
    tag_field="kind",
):  # fmt: skip
    """Detections as the sensors gave them, of one sensor or several."""

    plots: Annotated[tuple[Plot, ...], Meta(min_length=1, max_length=10_000)]


class SensorDescription(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sensor description",
    tag_field="kind",
):  # fmt: skip
    """What a sensor is: the table of a sensor file, as TOML text."""

    sensor: SensorId
    table: Annotated[str, Meta(max_length=20_000)]


class SensorStatus(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sensor status",
    tag_field="kind",
):  # fmt: skip
    """Whether a sensor works, since when."""

    sensor: SensorId
    is_working: bool
    since_ns: Instant


class PreLaunchNotice(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pre-launch notice",
    tag_field="kind",
):  # fmt: skip
    """A launch to come: window, area (a circle), corridor of azimuth, class."""

    notice: Name
    launching: NationId
    vehicle_class: Literal["ballistic missile", "space launch", "sounding rocket"]
    window_start_ns: Instant
    window_end_ns: Instant
    latitude_deg: LatitudeDeg
    longitude_deg: LongitudeDeg
    radius_m: Count
    azimuth_min_deg: AzimuthDeg
    azimuth_max_deg: AzimuthDeg

    def __post_init__(self) -> None:
        """Refuse a window or an area that is empty."""
        if self.window_end_ns <= self.window_start_ns:
            raise ValueError("the window ends before it begins")
        if self.radius_m == 0:
            raise ValueError("the launch area is empty")


class PostLaunchNotice(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="post-launch notice",
    tag_field="kind",
):  # fmt: skip
    """That an announced launch was made, and when; or that it was called off."""

    notice: Name
    launched_ns: Instant | None


class Question(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="question",
    tag_field="kind",
):  # fmt: skip
    """A question about an event that is not clear."""

    about: Text
    text: Text


class Answer(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="answer", tag_field="kind"
):  # fmt: skip
    """The answer to a question, by the asker's number of it."""

    question: Count
    text: Text


class AlertReport(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="alert report",
    tag_field="kind",
):  # fmt: skip
    """A joint centre's alert, on its way back to the nations: what a launch report says, and more.

    ``contributors`` are the nations behind it, ``evidence`` the reasons in words.
    """

    event: Count
    status: Literal["unconfirmed", "confirmed, single kind", "confirmed"]
    launch: LaunchReport
    assessment: Text
    ballistic_probability: Probability
    contributors: tuple[NationId, ...]
    evidence: Text


class Correction(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="correction",
    tag_field="kind",
):  # fmt: skip
    """What now stands in place of what was said of an event; whoever had that has this too."""

    event: Count
    corrected: LaunchReport | AlertReport
    reason: Text


class Cancellation(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="cancellation",
    tag_field="kind",
):  # fmt: skip
    """That an event is no more; whoever had it has this too."""

    event: Count
    reason: Text


class Acknowledgement(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="acknowledgement",
    tag_field="kind",
):  # fmt: skip
    """That a message has arrived and is held durably, by its sender's number."""

    number: Count


class TestMessage(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="test message",
    tag_field="kind",
):  # fmt: skip
    """A test of the way: words, and nothing that could be taken for an alert."""

    text: Text


Body: TypeAlias = (
    LaunchReport
    | TrackReport
    | DetectionReport
    | SensorDescription
    | SensorStatus
    | PreLaunchNotice
    | PostLaunchNotice
    | Question
    | Answer
    | AlertReport
    | Correction
    | Cancellation
    | Acknowledgement
    | TestMessage
)

KINDS: Final[tuple[str, ...]] = (
    "launch report",
    "track report",
    "detection report",
    "sensor description",
    "sensor status",
    "pre-launch notice",
    "post-launch notice",
    "question",
    "answer",
    "alert report",
    "correction",
    "cancellation",
    "acknowledgement",
    "test message",
)


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message: who said it, its number there, when, for which purpose, and what.

    ``number`` rises by one with each message that the originator makes; a repeated one is the same.
    """

    format: Literal[1] = FORMAT
    purpose: Purpose
    originator: NationId
    number: Count
    made_ns: Instant
    body: Body


class Heartbeat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a centre is there; no message, and nothing else in it."""

    format: Literal[1] = FORMAT
    heartbeat: NationId
    beat: Count
    made_ns: Instant


def kind_of(body: Body) -> str:
    """Return the kind of a body, as policies and ledgers name it."""
    return _KIND_OF[type(body)]


def event_of(body: Body) -> int | None:
    """Return the sender's number of the launch that a body is about; None where it has none."""
    if isinstance(body, LaunchReport | AlertReport | Correction | Cancellation):
        return body.event
    return None


_KIND_OF: Final[dict[type, str]] = {
    each: str(each.__struct_config__.tag) for each in get_args(Body)
}
