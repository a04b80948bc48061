"""Every decision, against another engine that was asked the same: nothing goes that it forbids."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.identity import NationId, SensorId
from commonwatch.scenario import catalogue
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import (
    AlertReport,
    Body,
    Correction,
    LaunchReport,
    Message,
    PreLaunchNotice,
    SensorDescription,
    SensorStatus,
    TrackReport,
)
from commonwatch.sharing.policy import Decision, Policy, Rule, Verdict, decide, read_policy
from commonwatch.sharing.rule import FORMAT, RULED_KINDS, Box
from commonwatch.sharing.subject import Subject
from tests.sharing.build import (
    BODIES,
    DISH,
    EAST,
    JOINT,
    MADE_NS,
    NATIONS,
    RADAR,
    SECOND_NS,
    SOUTH,
    WEST,
    alert_report,
    detection_report,
    launch_report,
    message,
    track_report,
)
from tests.sharing.cedar import Answer, answers

Case = tuple[
    str, NationId, NationId, tuple[SensorId, ...], tuple[float, float] | None, Purpose, int
]
GONE = {Verdict.SHARE, Verdict.SHARE_COARSER}

STRANGER = NationId("north")
ORIGINATORS = (EAST, WEST, JOINT)
RECIPIENTS = (*NATIONS, STRANGER)
SENSOR_SETS: tuple[tuple[SensorId, ...], ...] = ((), (RADAR,), (DISH,), (RADAR, DISH))
MADE = datetime.fromtimestamp(MADE_NS // SECOND_NS, tz=UTC)

GULF = Box(
    latitude_min_deg=25.0, latitude_max_deg=40.0, longitude_min_deg=44.0, longitude_max_deg=63.0
)
PACIFIC = Box(
    latitude_min_deg=-10.0, latitude_max_deg=10.0, longitude_min_deg=170.0, longitude_max_deg=-170.0
)
PLACES: tuple[tuple[float, float] | None, ...] = (
    (35.23, 53.92),
    (25.0, 63.0),
    (0.0, 180.0),
    (0.0, -175.0),
    (50.0, 10.0),
    None,
)
"""In the one box, on its corner, in the other on both sides of 180 degrees, in none, not known."""

INSTANTS = tuple(MADE_NS + seconds * SECOND_NS for seconds in (0, 29, 30, 60, 120))

EVERY_CONDITION = Policy(
    format=FORMAT,
    nations=NATIONS,
    owner=EAST,
    territory=(PACIFIC,),
    rules=(
        Rule(
            name="the gulf by radar",
            share=("track report", "detection report", "launch report"),
            recipients=(WEST,),
            sensors=(RADAR,),
            regions=(GULF,),
        ),
        Rule(
            name="all to the joint centre, later",
            share=tuple(kind for kind in RULED_KINDS if kind != "question"),
            recipients=(NationId("joint"),),
            delay_s=30.0,
            position_step_km=5.0,
        ),
        Rule(
            name="coarse for a while",
            share=("track report",),
            recipients=(NationId("joint"), SOUTH),
            until_utc=MADE + timedelta(seconds=120),
            position_step_km=2.0,
            velocity_step_m_s=10.0,
        ),
        Rule(
            name="exercises to everyone",
            share=RULED_KINDS,
            recipients=(NationId("*"),),
            purposes=(Purpose.EXERCISE,),
        ),
        Rule(
            name="nothing of the dish to the south",
            withhold=("track report", "detection report"),
            recipients=(SOUTH,),
            sensors=(DISH,),
        ),
        Rule(
            name="nothing of the gulf for a minute",
            withhold=("launch report", "alert report"),
            recipients=(NationId("*"),),
            regions=(GULF,),
            from_utc=MADE + timedelta(seconds=60),
            until_utc=MADE + timedelta(seconds=120),
        ),
    ),
)


@cache
def body_of(kind: str, sensors: tuple[SensorId, ...], place: tuple[float, float] | None) -> Body:
    """Say something of a kind, about a place and by sensors, as far as it says them itself."""
    latitude_deg, longitude_deg = place or (0.0, 0.0)
    launch = launch_report(latitude_deg, longitude_deg)
    match BODIES[kind]:
        case LaunchReport():
            return launch
        case AlertReport():
            return msgspec.structs.replace(alert_report(), launch=launch)
        case Correction():
            return Correction(event=7, corrected=launch, reason="")
        case PreLaunchNotice() as notice:
            return msgspec.structs.replace(
                notice, latitude_deg=latitude_deg, longitude_deg=longitude_deg
            )
        case TrackReport():
            position = ecef_from_geodetic(
                math.radians(latitude_deg), math.radians(longitude_deg), 300e3
            )
            x_m, y_m, z_m = (round(float(each)) for each in np.asarray(position))
            track = track_report(sensors)
            return msgspec.structs.replace(
                track,
                position_ecef_m=(x_m, y_m, z_m),
                pedigree=track.pedigree if sensors else None,
            )
        case SensorStatus() | SensorDescription() as status:
            return msgspec.structs.replace(status, sensor=sensors[0])
        case _ if kind == "detection report":
            return detection_report(sensors)
        case other:
            return other


NEITHER = {
    "post-launch notice",
    "question",
    "answer",
    "cancellation",
    "acknowledgement",
    "test message",
}
"""Kinds that no place and no sensor has to do with."""
SAY_PLACES = {"launch report", "alert report", "correction", "pre-launch notice", "track report"}


def is_possible(case: Case) -> bool:
    """Leave out what no message can be: a status of no sensor, a place of a question."""
    kind, _, _, sensors, place, _, _ = case
    if kind in NEITHER:
        return not sensors and place is None
    if kind in {"sensor status", "sensor description"} and len(sensors) != 1:
        return False
    if kind == "detection report" and not sensors:
        return False
    if kind == "track report" and place == (25.0, 63.0):
        return False  # whole metres do not hit the corner of a box
    return place is not None or kind not in SAY_PLACES


def asked(case: Case) -> tuple[Message, Subject, dict[str, Any]]:
    """Make a message, what is known beside it, and what Cedar is told of both."""
    kind, originator, recipient, sensors, place, purpose, now_ns = case
    said = message(body_of(kind, sensors, place), originator=originator, purpose=purpose)
    known = Subject(
        places=None if place is None or kind in SAY_PLACES else (place,),
        sensors=frozenset(sensors) if sensors else None,
    )
    context: dict[str, Any] = {
        "kind": "launch report" if kind == "correction" else kind,
        "originator": originator,
        "recipient": recipient,
        "purpose": str(purpose),
        "made": MADE_NS,
        "now": now_ns,
    }
    if sensors:
        context["sensors"] = list(sensors)
    if place is not None:
        context["lat"], context["lon"] = (round(1e6 * each) for each in place)
    return said, known, context


def compare(policy: Policy, cases: Iterable[Case]) -> list[Decision]:
    """Decide each case, ask Cedar the same, and hold the two to one another."""
    possible = [case for case in cases if is_possible(case)]
    told = [asked(case) for case in possible]
    decisions = [
        decide(said, case[2], policy, case[6], known=known)
        for case, (said, known, _) in zip(possible, told, strict=True)
    ]
    found = answers(policy, [context for _, _, context in told])
    for case, decision, answer in zip(possible, decisions, found, strict=True):
        hold(policy, case, decision, answer)
    return decisions


def hold(policy: Policy, case: Case, decision: Decision, answer: Answer) -> None:
    """Fail where more or less goes than Cedar allows, by other rules, or finer than these ask."""
    assert not (decision.verdict in GONE and not answer.is_allowed), (
        "over-release",
        case,
        decision,
    )
    assert not (decision.verdict not in GONE and answer.is_allowed), (
        "under-release",
        case,
        decision,
    )
    assert (decision.verdict is Verdict.LATER) == answer.is_late, (case, decision)
    assert (decision.message is not None) == answer.is_allowed
    if answer.is_allowed and "[to all]" not in answer.rules:
        assert set(decision.rule.split("; ")) == answer.rules, (case, decision)
        rules = [rule for rule in policy.rules if rule.name in answer.rules]
        assert decision.due_ns == MADE_NS + max(int(rule.delay_s * SECOND_NS) for rule in rules)
        if decision.message is not None and isinstance(decision.message.body, TrackReport):
            steps = [1e3 * max(rule.position_step_km for rule in rules)] * 3
            steps += [max(rule.velocity_step_m_s for rule in rules)] * 3
            assert decision.message.body.step == pytest.approx(steps)


def every_case(
    instants: Sequence[int] = INSTANTS,
    sensor_sets: Sequence[tuple[SensorId, ...]] = SENSOR_SETS,
    places: Sequence[tuple[float, float] | None] = PLACES,
) -> Iterator[Case]:
    return itertools.product(
        BODIES, ORIGINATORS, RECIPIENTS, sensor_sets, places, Purpose, instants
    )


def bundled(name: str, *, joint: NationId = JOINT) -> Policy:
    text = catalogue.policy_path(name).read_text("utf-8")
    return read_policy(text, name=name, nations=NATIONS, sensors=(RADAR, DISH), joint=joint)


@pytest.mark.parametrize("name", catalogue.policy_names())
def test_bundled_policies_let_go_exactly_what_cedar_allows(name: str) -> None:
    cases = every_case(instants=INSTANTS[:1], sensor_sets=SENSOR_SETS[:2], places=(PLACES[0], None))
    compare(bundled(name), cases)
    over_territory = msgspec.structs.replace(bundled(name), territory=(GULF,), owner=EAST)
    some = every_case(instants=INSTANTS[:1], sensor_sets=SENSOR_SETS[1:2])
    compare(over_territory, some)


def test_a_joint_centre_of_another_name_is_still_the_joint_centre() -> None:
    cases = every_case(instants=INSTANTS[:1], sensor_sets=SENSOR_SETS[1:2], places=PLACES[:1])
    decisions = compare(bundled("tracks", joint=SOUTH), cases)
    gone = {(each.kind, each.recipient) for each in decisions if each.verdict in GONE}
    assert ("track report", SOUTH) in gone
    assert ("track report", WEST) not in gone


def test_a_policy_with_every_condition_lets_go_exactly_what_cedar_allows() -> None:
    decisions = compare(EVERY_CONDITION, (case for case in every_case() if case[1] != JOINT))
    found = {each.verdict for each in decisions}
    assert found == set(Verdict), "the cases reach every verdict"
    names = {name for each in decisions for name in each.rule.split("; ")}
    assert {rule.name for rule in EVERY_CONDITION.rules} <= names, "and every rule"


def test_places_that_are_not_known_let_go_exactly_what_cedar_allows() -> None:
    # With a territory, what has no known place is withheld before any rule is asked.
    without_home = msgspec.structs.replace(EVERY_CONDITION, territory=())
    cases = (case for case in every_case(instants=INSTANTS[3:4]) if case[1] == EAST)
    compare(without_home, cases)


NAMES = st.lists(st.sampled_from([*NATIONS, NationId("*")]), min_size=1, max_size=3, unique=True)
WINDOWS = st.sampled_from([None, *(MADE + timedelta(seconds=s) for s in (0, 30, 60, 120))])


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    """Draw a rule with any conditions, sensible or not."""
    kinds = tuple(draw(st.lists(st.sampled_from(RULED_KINDS), min_size=1, max_size=6, unique=True)))
    is_share = draw(st.booleans())
    boxes = st.lists(st.sampled_from([GULF, PACIFIC]), max_size=2, unique=True)
    return Rule(
        name=name,
        share=kinds if is_share else (),
        withhold=() if is_share else kinds,
        recipients=tuple(draw(NAMES)),
        owners=tuple(draw(st.just([NationId("*")]) | NAMES)),
        sensors=tuple(draw(st.just([]) | st.lists(st.sampled_from([RADAR, DISH]), unique=True))),
        regions=tuple(draw(st.just([]) | boxes)),
        purposes=tuple(draw(st.just([]) | st.lists(st.sampled_from(list(Purpose)), unique=True))),
        from_utc=draw(WINDOWS),
        until_utc=draw(WINDOWS),
        delay_s=draw(st.sampled_from([0.0, 0.0, 30.0, 60.0])) if is_share else 0.0,
        position_step_km=draw(st.sampled_from([0.0, 1.0, 5.0])) if is_share else 0.0,
        velocity_step_m_s=draw(st.sampled_from([0.0, 10.0])) if is_share else 0.0,
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    count = draw(st.integers(0, 6))
    return Policy(
        format=FORMAT,
        nations=NATIONS,
        joint=draw(st.sampled_from([JOINT, SOUTH])),
        owner=draw(st.sampled_from([NationId("*"), EAST, WEST])),
        own_launches=draw(st.sampled_from(["withhold", "share"])),
        territory=tuple(draw(st.lists(st.sampled_from([GULF, PACIFIC]), max_size=2, unique=True))),
        rules=tuple(draw(rules(f"rule {k}")) for k in range(count)),
    )


CASES = st.tuples(
    st.sampled_from(sorted(BODIES)),
    st.sampled_from(ORIGINATORS),
    st.sampled_from(RECIPIENTS),
    st.sampled_from(SENSOR_SETS),
    st.sampled_from(PLACES),
    st.sampled_from(list(Purpose)),
    st.sampled_from(INSTANTS),
)


@settings(max_examples=80, deadline=None)
@given(policies(), st.lists(CASES, min_size=40, max_size=80))
def test_any_policy_lets_go_exactly_what_cedar_allows(policy: Policy, cases: list[Case]) -> None:
    compare(policy, cases)
