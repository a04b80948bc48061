"""What is said of alerts, and when it is said again."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from commonwatch.centre.alert import AlertEvent
from commonwatch.centre.statements import Statements, changed, is_outside, is_sharper
from commonwatch.identity import NationId
from commonwatch.sharing.messages import AlertReport, Area, Cancellation, Correction, LaunchReport
from tests.centre.build_floor import SECOND_NS, report
from tests.warning.build import START_NS

IMPACT = Area(
    latitude_deg=40.0,
    longitude_deg=30.0,
    long_half_axis_m=50_000,
    short_half_axis_m=10_000,
    orientation_deg=0.0,
)


def alert(**other: object) -> AlertEvent:
    said = report()
    plain = AlertEvent(
        alert=3,
        track=1,
        time_ns=START_NS,
        known_ns=START_NS,
        transition="raised",
        status="unconfirmed",
        origin="own",
        assessment="ballistic",
        ballistic_probability=0.7,
        motor="burns",
        range_class=said.range_class,
        launch_time_ns=said.launch_time_ns,
        launch_time_std_s=said.launch_time_std_s,
        launch_area=said.launch_area,
        azimuth_deg=said.azimuth_deg,
        azimuth_std_deg=said.azimuth_std_deg,
        impact_time_ns=None,
        impact_time_std_s=None,
        impact_area=None,
        reason="seen",
        evidence="two looks",
        contributors=(NationId("a"),),
        sources="radar-a",
        notice="",
        notice_match="unmatched",
        is_last_sight=False,
    )
    return replace(plain, **other)  # type: ignore[arg-type]


def known(**other: object) -> AlertEvent:
    return alert(
        impact_area=IMPACT,
        impact_time_ns=START_NS + 600 * SECOND_NS,
        impact_time_std_s=5.0,
        transition="updated",
        **other,
    )


def test_a_nation_says_nothing_until_a_person_has_released_it() -> None:
    statements = Statements(is_joint=False)
    assert statements.on_alerts([alert()]) == []
    assert [type(body) for body in statements.release(3)] == [LaunchReport]


def test_a_release_that_comes_before_the_launch_point_waits_for_it() -> None:
    statements = Statements(is_joint=False)
    statements.on_alerts([alert(launch_area=None)])
    assert statements.release(3) == []
    assert [type(body) for body in statements.on_alerts([alert()])] == [LaunchReport]


def test_the_joint_centre_says_its_alerts_at_once() -> None:
    statements = Statements(is_joint=True)
    said = statements.on_alerts([alert()])
    assert [type(body) for body in said] == [AlertReport]


def test_what_has_not_changed_is_not_said_again() -> None:
    statements = Statements(is_joint=True)
    statements.on_alerts([known()])
    assert statements.on_alerts([known()]) == []
    assert statements.on_alerts([known(launch_time_std_s=7.5)]) == []


def test_a_new_status_is_said_as_the_alert_again() -> None:
    statements = Statements(is_joint=True)
    statements.on_alerts([known()])
    said = statements.on_alerts([known(status="confirmed")])
    assert [body.status for body in said if isinstance(body, AlertReport)] == ["confirmed"]


def test_an_impact_that_leaves_its_area_is_a_correction() -> None:
    statements = Statements(is_joint=False)
    statements.on_alerts([known()])
    statements.release(3)
    moved = msgspec.structs.replace(IMPACT, latitude_deg=41.0)
    said = statements.on_alerts([replace(known(), impact_area=moved)])
    assert [body.reason for body in said if isinstance(body, Correction)] == [
        "the impact has left the area stated"
    ]


def test_a_cancellation_follows_only_what_was_said() -> None:
    statements = Statements(is_joint=False)
    statements.on_alerts([alert()])
    assert statements.on_alerts([alert(status="cancelled", transition="cancelled")]) == []
    statements.on_alerts([alert()])
    statements.release(3)
    said = statements.on_alerts([alert(status="cancelled", transition="cancelled")])
    assert [type(body) for body in said] == [Cancellation]


def test_what_another_centre_has_reported_is_not_said_again() -> None:
    statements = Statements(is_joint=False)
    statements.release(3)
    assert statements.on_alerts([alert(origin="joint alert report")]) == []


@pytest.mark.parametrize(
    ("north_m", "east_m", "outside"),
    [
        (45_000, 0, False),
        (55_000, 0, True),
        (0, 9_000, False),
        (0, 11_000, True),
        (45_000, 9_000, True),
    ],
)
def test_a_place_lies_in_an_ellipse_along_north_or_not(
    north_m: float, east_m: float, *, outside: bool
) -> None:
    import math

    metres = math.radians(1.0) * 6_371_000.0
    place = msgspec.structs.replace(
        IMPACT,
        latitude_deg=40.0 + north_m / metres,
        longitude_deg=30.0 + east_m / metres / math.cos(math.radians(40.0)),
    )
    assert is_outside(IMPACT, place) is outside


def test_the_date_line_is_no_distance() -> None:
    west = msgspec.structs.replace(IMPACT, longitude_deg=-179.99, orientation_deg=90.0)
    east = msgspec.structs.replace(IMPACT, longitude_deg=179.99, orientation_deg=90.0)
    assert not is_outside(west, east)


def test_an_impact_known_for_the_first_time_is_a_change_and_a_slightly_better_one_is_not() -> None:
    before = report()
    after = msgspec.structs.replace(
        before, impact_area=IMPACT, impact_time_ns=START_NS, impact_time_std_s=1.0
    )
    assert changed(before, after) == "impact known"
    finer = msgspec.structs.replace(IMPACT, long_half_axis_m=45_000)
    assert changed(after, msgspec.structs.replace(after, impact_area=finer)) == ""
    finest = msgspec.structs.replace(IMPACT, long_half_axis_m=20_000)
    assert is_sharper(after, msgspec.structs.replace(after, impact_area=finest))


def test_what_an_alert_was_within_a_step_is_never_said() -> None:
    """Said in between, it would be what later changes are held against, though nobody had it."""
    statements = Statements(is_joint=True)
    start_ns = alert().launch_time_ns
    assert start_ns is not None
    before = alert(launch_time_std_s=50.0)
    between = alert(launch_time_ns=start_ns + 200 * SECOND_NS, launch_time_std_s=100.0)
    later = alert(launch_time_ns=start_ns + 290 * SECOND_NS, launch_time_std_s=40.0)
    assert len(statements.on_alerts([between, before])) == 1
    assert statements.on_alerts([between, before]) == []
    assert [body.reason for body in statements.on_alerts([later]) if isinstance(body, Correction)]


def test_an_alert_that_is_raised_and_cancelled_in_one_step_is_not_spoken_of() -> None:
    statements = Statements(is_joint=True)
    ended = alert(status="cancelled", transition="cancelled")
    assert statements.on_alerts([alert(), ended]) == []
