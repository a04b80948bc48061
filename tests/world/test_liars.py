"""Liars: each way changes exactly what it says, and what is said again is the same again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import msgspec
import numpy as np
import pytest

from commonwatch.fusion.contributor import MAJORITY
from commonwatch.identity import NationId, SensorId
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Acknowledgement, Body, Message, Span, TrackReport
from commonwatch.studies.expected import known_of, unmet
from commonwatch.tracking.estimate import predict
from commonwatch.world.liars import (
    DENY_ALL,
    DENY_ONE,
    DRIFT,
    DRIFT_S,
    FREEZE,
    INVENT_ONE,
    INVENT_RAID,
    LIES,
    RAID_COUNT,
    REPEAT,
    SHIFT,
    Liar,
    full,
    turned,
    upper,
)
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small

SECOND_NS = 10**9
START_NS = 1_000 * SECOND_NS
NORTH = NationId("north")
STATE = np.array([4_000_000.0, 3_000_000.0, 4_500_000.0, 1_500.0, -2_500.0, 3_000.0])
STD = np.array([900.0, 300.0, 500.0, 4.0, 5.0, 6.0])


def covariance() -> np.ndarray:
    """Correlated and positive: a mixture of turned axes, from a fixed generator."""
    mixed = np.random.default_rng(2).normal(size=(6, 6)) * 0.2 + np.eye(6)
    return np.outer(STD, STD) * (mixed @ mixed.T)


def report(second: int, *, track: int = 7, number: int = 50) -> Message:
    """An honest report ``second`` s into the world, on an object in free flight."""
    mean, _ = predict(
        STATE[None] + 1e4 * (track - 7), np.diag(STD**2)[None], np.array([float(second)])
    )
    information = np.linalg.inv(covariance()) * 0.3
    body = TrackReport(
        track=track,
        sequence=number,
        time_ns=START_NS + second * SECOND_NS,
        since_ns=START_NS + (second - 10) * SECOND_NS,
        begun_ns=START_NS,
        status="confirmed",
        motor="coasts",
        position_ecef_m=tuple(np.round(mean[0, :3]).astype(int).tolist()),
        velocity_ecef_mm_s=tuple(np.round(1e3 * mean[0, 3:]).astype(int).tolist()),
        covariance=upper(covariance()),
        information=upper(information),
        information_vector=tuple((information @ mean[0]).tolist()),
        pedigree=(
            Span(
                originator=NORTH,
                sensor=SensorId("north radar"),
                after_ns=START_NS,
                until_ns=START_NS + second * SECOND_NS,
                look_count=3,
            ),
        ),
    )
    return message(body, second, number)


def message(body: Body, second: int, number: int) -> Message:
    return Message(
        purpose=Purpose.ACTUAL,
        originator=NORTH,
        number=number,
        made_ns=START_NS + second * SECOND_NS,
        body=body,
    )


def liar(way: str, sigmas: float = 8.0) -> Liar:
    return Liar(
        nation=NORTH,
        way=way,
        at_ns=START_NS + 20 * SECOND_NS,
        until_ns=START_NS + 500 * SECOND_NS,
        sigmas=sigmas,
    )


def body_of(said: Message) -> TrackReport:
    assert isinstance(said.body, TrackReport)
    return said.body


def moved_sigmas(honest: Message, said: Message) -> float:
    """How far the position was moved, in the report's own standard deviations that way."""
    gap = np.array(body_of(said).position_ecef_m) - np.array(body_of(honest).position_ecef_m)
    length = float(np.linalg.norm(gap))
    way = gap / max(length, 1e-9)
    std = float(np.sqrt(way @ full(body_of(honest).covariance)[:3, :3] @ way))
    return length / std


@pytest.mark.parametrize("way", LIES)
def test_before_and_after_its_time_a_liar_is_honest(way: str) -> None:
    one = liar(way)
    for second in (0, 19, 500, 600):
        assert one.said(report(second)) == (report(second),)


@pytest.mark.parametrize("way", LIES)
def test_what_is_no_report_on_a_track_is_left_as_it_is(way: str) -> None:
    receipt = message(Acknowledgement(number=3), 30, 9)
    assert liar(way).said(receipt) == (receipt,)


@pytest.mark.parametrize("way", LIES)
def test_the_same_message_is_lied_about_in_the_same_words_again(way: str) -> None:
    one = liar(way)
    first = one.said(report(30))
    one.said(report(40, number=51))
    assert one.said(report(30)) == first


@pytest.mark.parametrize("way", LIES)
def test_every_lie_is_a_message_that_can_be_written_and_read(way: str) -> None:
    for said in liar(way).said(report(30)):
        read = msgspec.json.decode(msgspec.json.encode(said), type=Message)
        assert read == said
        assert np.linalg.eigvalsh(full(body_of(read).covariance)).min() > 0.0


def test_a_shift_moves_every_object_by_so_many_standard_deviations() -> None:
    one = liar(SHIFT, 8.0)
    for second, track in ((30, 7), (40, 7), (40, 9)):
        honest = report(second, track=track)
        (said,) = one.said(honest)
        assert moved_sigmas(honest, said) == pytest.approx(8.0, abs=0.01)
        # News is said relative to the whole, so that it moves with it.
        assert body_of(said).information_vector == body_of(honest).information_vector
        assert body_of(said).velocity_ecef_mm_s == body_of(honest).velocity_ecef_mm_s


def test_a_shift_goes_one_way() -> None:
    one = liar(SHIFT)
    gaps = []
    for second in (30, 90, 200):
        (said,) = one.said(report(second))
        gaps.append(
            np.array(body_of(said).position_ecef_m)
            - np.array(body_of(report(second)).position_ecef_m)
        )
    assert all(gap @ gaps[0] > 0.99 * np.linalg.norm(gap) ** 2 for gap in gaps)


def test_a_drift_grows_from_nothing_to_its_size_and_on() -> None:
    one = liar(DRIFT, 6.0)
    begun = 20
    for share in (0.5, 1.0, 2.0):
        second = begun + round(share * DRIFT_S)
        (said,) = one.said(report(second))
        assert moved_sigmas(report(second), said) == pytest.approx(6.0 * share, abs=0.02)


def test_a_repeat_says_one_report_again_as_a_new_one() -> None:
    one = liar(REPEAT)
    first, later = one.said(report(30)), one.said(report(60, number=53))
    assert body_of(later[0]).sequence == 53
    assert body_of(later[0]).time_ns == body_of(first[0]).time_ns
    assert body_of(later[0]).position_ecef_m == body_of(first[0]).position_ecef_m
    assert later[0].number == 53


def test_a_freeze_says_one_estimate_under_ever_new_times() -> None:
    one = liar(FREEZE)
    first, later = one.said(report(30)), one.said(report(60, number=53))
    assert body_of(later[0]).time_ns == body_of(report(60)).time_ns
    assert body_of(later[0]).position_ecef_m == body_of(first[0]).position_ecef_m
    assert body_of(later[0]).velocity_ecef_mm_s == body_of(first[0]).velocity_ecef_mm_s


def test_one_who_denies_one_object_is_honest_about_others() -> None:
    one = liar(DENY_ONE)
    assert one.said(report(30, track=7)) == ()
    assert one.said(report(30, track=9)) == (report(30, track=9),)
    assert one.said(report(40, track=7)) == ()


def test_one_who_denies_all_says_nothing_of_any_object() -> None:
    one = liar(DENY_ALL)
    assert one.said(report(30, track=7)) == ()
    assert one.said(report(30, track=9)) == ()


@pytest.mark.parametrize(("way", "count"), [(INVENT_ONE, 1), (INVENT_RAID, RAID_COUNT)])
def test_inventions_come_beside_the_honest_report_with_numbers_of_their_own(
    way: str, count: int
) -> None:
    one = liar(way)
    said = [*one.said(report(30)), *one.said(report(40, number=51))]
    assert [each for each in said if each.number < 1_000] == [report(30), report(40, number=51)]
    assert len(said) == 2 + 2 * count
    assert len({each.number for each in said}) == len(said)
    tracks = {body_of(each).track for each in said if each.number >= 1_000}
    assert len(tracks) == count
    assert one.said(report(40, track=9)) == (report(40, track=9),)


def test_an_invented_object_flies_as_freely_as_the_real_one() -> None:
    """Turned about the Earth's axis, a free flight is a free flight: predict, then turn, or not."""
    honest = [body_of(report(second)) for second in (30, 90)]
    invented = [turned(each, 0.4) for each in honest]
    start = np.concatenate(
        [invented[0].position_ecef_m, 1e-3 * np.array(invented[0].velocity_ecef_mm_s)]
    )
    predicted, _ = predict(start[None], full(invented[0].covariance)[None], np.array([60.0]))
    np.testing.assert_allclose(predicted[0, :3], invented[1].position_ecef_m, atol=3.0)
    np.testing.assert_allclose(
        predicted[0, 3:], 1e-3 * np.array(invented[1].velocity_ecef_mm_s), atol=0.01
    )


def test_a_raid_that_a_nation_with_two_radars_invents_is_confirmed_at_no_centre() -> None:
    """It lies while its own launches still burn, before anybody can have been judged."""
    liar_of_four = load_scenario("liar")
    scenario = replace(
        liar_of_four,
        injections=tuple(
            replace(each, nation=NORTH, way=INVENT_RAID, at_s=60.0)
            for each in liar_of_four.injections
        ),
    )
    common = Common.of(scenario, seed=5)
    order = WorldOrder(scenario=scenario, laydown="four", level="tracks", seed=5)
    history = run_world(order, common=common)
    assert unmet(scenario, common.sightings, history) == ()
    assert {each.accused for each in history.accused} == {NORTH}
    rows = known_of(scenario, common.sightings, history)
    assert not any(rows.confirmed_false.values())
    assert {row["outcome"] for row in rows.known if row["centre"] == "joint"} == {"confirmed"}


def test_where_half_the_nations_are_named_every_alert_of_the_joint_centre_says_so() -> None:
    one_liar = load_scenario("liar")
    (lie,) = one_liar.injections
    scenario = replace(
        one_liar,
        injections=tuple(
            replace(lie, nation=NationId(name), way=FREEZE) for name in ("north", "west")
        ),
    )
    order = WorldOrder(scenario=scenario, laydown="four", level="tracks", seed=4)
    history = run_world(order, common=Common.of(scenario, seed=4))
    assert {each.accused for each in history.accused} == {"north", "west"}
    second_ns = max(each.time_ns for each in history.accused)
    said = {
        each.alert.alert: MAJORITY in each.alert.evidence
        for each in history.shown
        if each.centre == "joint"
    }
    assert len(said) == len(scenario.flights)
    assert all(said.values())
    first_ns = min(each.time_ns for each in history.shown if each.alert.reason == MAJORITY)
    assert first_ns == second_ns


@pytest.mark.parametrize("faults_seed", [10, 30, 40, 50, *range(60, 68)])
def test_nobody_becomes_a_liar_by_what_ails_links_and_centres(faults_seed: int) -> None:
    """The first four of these swarms had an honest nation named, for silence or as an inventor."""
    text = small("", nations=4)
    order = WorldOrder(
        scenario=loaded(text), laydown="all", level="tracks", seed=11, faults_seed=faults_seed
    )
    assert run_world(order, common=common_to(text, 11)).accused == ()


@pytest.mark.parametrize(
    "faults_seed",
    [
        pytest.param(5003, id="a link becomes slower by three seconds"),
        pytest.param(5020, id="a link loses one message in three, and the signs of life all come"),
        pytest.param(5029, id="a link garbles what it carries, and the signs of life all come"),
        pytest.param(5038, id="a centre crashes, and a radar of another is out"),
    ],
)
def test_nobody_becomes_a_liar_where_all_see_four_flights(faults_seed: int) -> None:
    """In each of these swarms an honest nation was named for silence."""
    scenario, common = four_honest()
    order = WorldOrder(
        scenario=scenario, laydown="four", level="tracks", seed=4, faults_seed=faults_seed
    )
    assert run_world(order, common=common).accused == ()


@cache
def four_honest() -> tuple[Scenario, Common]:
    """The bundled world of a liar, without the lie."""
    scenario = replace(load_scenario("liar"), injections=())
    return scenario, Common.of(scenario, seed=4)
