"""One message of every kind, keys of all nations, a policy from a few words."""

from __future__ import annotations

import msgspec

from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.keys import QuickKey, quick_key, seed_for
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import (
    Acknowledgement,
    AlertReport,
    Answer,
    Area,
    Body,
    Cancellation,
    Correction,
    DetectionReport,
    LaunchReport,
    Message,
    Plot,
    PostLaunchNotice,
    PreLaunchNotice,
    Question,
    SensorDescription,
    SensorStatus,
    Span,
    TrackReport,
    kind_of,
)
from commonwatch.sharing.messages import TestMessage as Trial
from commonwatch.sharing.policy import Policy, read_policy

EAST, WEST, SOUTH, JOINT = (NationId(name) for name in ("east", "west", "south", "joint"))
NATIONS = (EAST, WEST, SOUTH, JOINT)
RADAR, DISH = SensorId("radar"), SensorId("dish")
SENSORS = (RADAR, DISH)
MADE_NS = 1_242_800_640_000_000_000
"""20 May 2009, 06:24 UTC."""
SECOND_NS = 1_000_000_000
SEED = 4


def key_of(nation: NationId, purpose: Purpose = Purpose.ACTUAL) -> QuickKey:
    """Make the key of a nation for a purpose."""
    return quick_key(seed_for(SEED, nation, purpose))


def launch_report(latitude_deg: float = 35.23, longitude_deg: float = 53.92) -> LaunchReport:
    return LaunchReport(
        event=7,
        launch_time_ns=MADE_NS - 60 * SECOND_NS,
        launch_time_std_s=2.0,
        range_class="medium",
        launch_area=Area(
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
            long_half_axis_m=9_000,
            short_half_axis_m=4_000,
            orientation_deg=30.0,
        ),
        azimuth_deg=310.0,
        azimuth_std_deg=1.5,
        impact_area=Area(
            latitude_deg=44.43,
            longitude_deg=26.1,
            long_half_axis_m=60_000,
            short_half_axis_m=20_000,
            orientation_deg=310.0,
        ),
        impact_time_ns=MADE_NS + 700 * SECOND_NS,
        impact_time_std_s=9.0,
    )


def track_report(sensors: tuple[SensorId, ...] = SENSORS) -> TrackReport:
    return TrackReport(
        track=3,
        sequence=5,
        time_ns=MADE_NS,
        since_ns=MADE_NS - 10 * SECOND_NS,
        begun_ns=MADE_NS - 50 * SECOND_NS,
        status="confirmed",
        motor="coasts",
        position_ecef_m=(3_064_123, 4_218_457, 3_660_789),
        velocity_ecef_mm_s=(-1_234_567, 2_345_678, 3_456_789),
        covariance=tuple(float(k) for k in range(21, 0, -1)),
        information=tuple(float(k) for k in range(21)),
        information_vector=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
        pedigree=tuple(
            Span(
                originator=EAST,
                sensor=sensor,
                after_ns=MADE_NS - 60 * SECOND_NS,
                until_ns=MADE_NS,
                look_count=12,
            )
            for sensor in sensors
        ),
    )


def alert_report() -> AlertReport:
    return AlertReport(
        event=8,
        status="confirmed",
        launch=launch_report(),
        assessment="ballistic missile",
        ballistic_probability=0.97,
        contributors=(EAST, WEST),
        evidence="two nations agree",
    )


def detection_report(sensors: tuple[SensorId, ...] = SENSORS) -> DetectionReport:
    return DetectionReport(
        plots=tuple(Plot(time_ns=MADE_NS, sensor=sensor, range_m=1e6) for sensor in sensors)
    )


BODIES: dict[str, Body] = {
    kind_of(body): body
    for body in (
        launch_report(),
        track_report(),
        detection_report(),
        SensorDescription(sensor=RADAR, table='name = "radar"'),
        SensorStatus(sensor=RADAR, is_working=False, since_ns=MADE_NS),
        PreLaunchNotice(
            notice="one",
            launching=EAST,
            vehicle_class="sounding rocket",
            window_start_ns=MADE_NS,
            window_end_ns=MADE_NS + 3_600 * SECOND_NS,
            latitude_deg=69.3,
            longitude_deg=16.0,
            radius_m=20_000,
            azimuth_min_deg=340.0,
            azimuth_max_deg=20.0,
        ),
        PostLaunchNotice(notice="one", launched_ns=MADE_NS),
        Question(about="event 7", text="What was it?"),
        Answer(question=12, text="A sounding rocket."),
        alert_report(),
        Correction(event=7, corrected=launch_report(), reason="a second radar"),
        Cancellation(event=7, reason="no missile"),
        Acknowledgement(number=3),
        Trial(text="The quick brown fox"),
    )
}
"""One body of every kind."""


def message(
    body: Body,
    *,
    originator: NationId = EAST,
    purpose: Purpose = Purpose.ACTUAL,
    number: int = 12,
    made_ns: int = MADE_NS,
) -> Message:
    """Say something."""
    return Message(
        purpose=purpose, originator=originator, number=number, made_ns=made_ns, body=body
    )


def policy(text: str, **fields: object) -> Policy:
    """Read a policy of these nations and sensors from what follows its format."""
    read = read_policy(f"format = 1\n{text}", name="test.toml", nations=NATIONS, sensors=SENSORS)
    return msgspec.structs.replace(read, **fields)


def rule(text: str, *, name: str = "one", recipients: str = '["joint"]') -> str:
    """Write a rule."""
    return f'[[rules]]\nname = "{name}"\nrecipients = {recipients}\n{text}\n'
