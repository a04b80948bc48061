from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Final

import msgspec
import numpy as np
import pytest

from commonwatch.centre.events import PersonDecided
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Cancellation, Correction, LaunchReport
from commonwatch.tracking.estimate import Estimates, Status
from commonwatch.warning.notice import Notice
from commonwatch.warning.rounds import Rounds
from commonwatch.warning.source import Source
from commonwatch.warning.statement import statements
from tests.centre.build_floor import (
    JOINT,
    SECOND_NS,
    A,
    B,
    C,
    Stage,
    alert_report,
    infrared,
    radar,
    report,
    statement,
)
from tests.warning.build import POWERED, START_NS


def test_one_launch_report_is_unconfirmed_and_a_second_nations_confirms_it() -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report())])
    assert stage.status == {0: "unconfirmed"}
    assert stage.shown[-1].origin == "launch reports"
    stage.step(reports=[(B, report(7, time_s=5.0, latitude_deg=35.2))])
    assert stage.status == {0: "confirmed"}
    assert stage.shown[-1].contributors == (A, B)
    assert "two nations" in stage.shown[-1].reason


def test_several_reports_of_one_nation_are_several_launches() -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report(0)), (A, report(1, time_s=1.0)), (A, report(2, time_s=2.0))])
    assert stage.status == {0: "unconfirmed", 1: "unconfirmed", 2: "unconfirmed"}


def turned_about(std_deg: float) -> LaunchReport:
    """A report whose azimuth is known to no better than this."""
    return msgspec.structs.replace(report(), azimuth_std_deg=std_deg)


@pytest.mark.parametrize(
    "other",
    [
        report(time_s=120.0),
        report(latitude_deg=40.0),
        report(azimuth_deg=200.0),
        report(azimuth_deg=None),
        turned_about(30.0),
        report(time_s=100.0, time_std_s=1e6),
        report(latitude_deg=45.0, long_half_axis_m=9_000_000),
    ],
)
def test_reports_that_differ_or_say_too_little_confirm_nothing(other: object) -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report()), (B, other)])  # type: ignore[list-item]
    assert set(stage.status.values()) == {"unconfirmed"}


def test_a_track_is_confirmed_by_a_nation_that_has_no_part_in_it() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)])])
    stage.step(reports=[(A, report())])
    assert stage.status == {0: "unconfirmed"}
    stage.step(reports=[(B, report())])
    assert stage.status == {0: "confirmed"}
    assert stage.shown[-1].contributors == (A, B)
    assert stage.shown[-1].sources == "a radar, a launch report, b launch report"


@pytest.mark.parametrize(("std_deg", "expected"), [(19.0, "confirmed"), (20.0, "unconfirmed")])
def test_a_track_whose_azimuth_agrees_with_any_is_confirmed_by_no_report(
    std_deg: float, expected: str
) -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([infrared(A)], launch=turned_about(std_deg))])
    stage.step(reports=[(B, report())])
    assert stage.status == {0: expected}
    assert "b launch report" in stage.shown[-1].sources


def test_a_track_goes_on_with_the_alert_that_reports_had_raised() -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report()), (B, report())])
    stage.step(said=[statement([radar(A)])])
    assert stage.status == {0: "confirmed"}
    assert stage.shown[-1].origin == "own"
    assert stage.shown[-1].track == 1


def test_a_satellite_takes_no_report_of_a_launch_away() -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report())])
    stage.step(said=[statement([radar(B)], probability=0.01)])
    assert stage.status == {0: "unconfirmed"}
    assert {event.origin for event in stage.shown} == {"launch reports"}


@pytest.mark.parametrize(
    ("contributors", "expected"),
    [((B,), "confirmed"), ((B, C), "confirmed"), ((A, B), "unconfirmed"), ((), "unconfirmed")],
)
def test_a_joint_alert_that_rests_on_ones_own_news_confirms_nothing(
    contributors: tuple[NationId, ...], expected: str
) -> None:
    stage = Stage(A)
    stage.step(said=[statement([radar(A)])])
    stage.step(reports=[(JOINT, alert_report(contributors, status="confirmed"))])
    own = [event for event in stage.shown if event.origin == "own"]
    beside = [event for event in stage.shown if event.origin == "joint alert report"]
    assert own[-1].status == expected
    assert [event.status for event in beside] == ["unconfirmed", "confirmed"]


def test_a_nation_that_calls_its_word_anothers_confirms_nothing_of_its_own() -> None:
    """Only a joint centre has no news of its own: what anybody else says is its own word too."""
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(B)])])
    stage.step(reports=[(B, alert_report((C,), status="confirmed"))])
    assert stage.status == {0: "unconfirmed"}


def test_a_track_that_states_no_launch_any_more_keeps_its_reports() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)])], reports=[(A, report()), (B, report())])
    later = statement([radar(A, looks=12)], time_s=700.0)
    stage.step(said=[replace(later, launch=None, impact=None)])
    assert stage.status == {0: "confirmed"}
    assert {event.origin for event in stage.shown} == {"own"}


def test_an_echo_of_ones_own_news_raises_nothing_until_it_says_more() -> None:
    def beside() -> list[str]:
        return [event.status for event in stage.shown if event.origin == "joint alert report"]

    stage = Stage(A)
    stage.step(said=[statement([radar(A)])])
    stage.step(reports=[(JOINT, alert_report((A,)))])
    assert beside() == []
    stage.step(reports=[(JOINT, alert_report((A, B)))])
    assert beside() == ["unconfirmed"]
    stage.step(reports=[(JOINT, alert_report((A,), event=1, status="confirmed"))])
    assert beside()[-1] == "confirmed"
    other = Stage(B)
    other.step(reports=[(JOINT, alert_report((A,)))])
    assert other.status == {0: "unconfirmed"}


def test_a_nations_launch_holds_nothing_of_what_others_report() -> None:
    stage = Stage(A)
    stage.step(said=[statement([radar(A)])])
    alone = stage.shown[-1]
    tight = report(long_half_axis_m=20_000, time_std_s=1.0)
    stage.step(reports=[(B, tight)])
    both = stage.shown[-1]
    assert (both.launch_area, both.launch_time_std_s) == (
        alone.launch_area,
        alone.launch_time_std_s,
    )
    joint = Stage(JOINT)
    joint.step(said=[statement([radar(A)])])
    joint.step(reports=[(B, tight)])
    assert joint.shown[-1].launch_time_std_s == 1.0
    assert joint.shown[-1].launch_area is not None
    assert alone.launch_area is not None
    assert joint.shown[-1].launch_area.long_half_axis_m < alone.launch_area.long_half_axis_m


def test_a_corrected_report_corrects_the_alert_and_may_confirm_it() -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report()), (B, report(3, latitude_deg=42.0))])
    assert stage.status == {0: "unconfirmed", 1: "unconfirmed"}
    better = Correction(event=3, corrected=report(3), reason="another class")
    stage.step(reports=[(B, better)])
    assert stage.status[0] == "confirmed"
    assert stage.status[1] == "cancelled"
    assert "same launch as alert 0" in stage.shown[-1].reason


def test_a_cancelled_report_leaves_the_alert_that_others_carry() -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report()), (B, report())])
    stage.step(reports=[(A, Cancellation(event=0, reason="a test"))])
    assert stage.status == {0: "confirmed"}
    assert stage.shown[-1].transition == "corrected"
    stage.step(reports=[(B, Cancellation(event=0, reason="a test too"))])
    assert stage.status == {0: "cancelled"}
    assert "a test too" in stage.shown[-1].reason


def test_a_joint_cancellation_ends_the_alert_beside_and_not_ones_own() -> None:
    stage = Stage(A)
    stage.step(said=[statement([radar(A)])], reports=[(JOINT, alert_report((B,)))])
    stage.step(reports=[(JOINT, Cancellation(event=0, reason="sun glint"))])
    assert {e.origin: e.status for e in stage.shown} == {
        "own": "confirmed",
        "joint alert report": "cancelled",
    }


def test_words_that_are_repeated_show_nothing() -> None:
    stage = Stage(JOINT)
    stage.step(reports=[(A, report())])
    assert stage.step(reports=[(A, report())]) == []
    assert stage.step() == []
    assert stage.step(reports=[(B, Cancellation(event=9, reason="never had"))]) == []


def test_who_is_not_believed_confirms_nothing_and_suppresses_nothing() -> None:
    stage, liar = Stage(JOINT), frozenset({B})
    stage.step(said=[statement([radar(A), radar(B)])], named=liar)
    stage.step(reports=[(B, report())], named=liar)
    assert stage.status == {0: "unconfirmed"}
    stage.step(reports=[(C, report())], named=liar)
    assert stage.status == {0: "confirmed"}
    stage.step(reports=[(B, Cancellation(event=0, reason="nothing flew"))], named=liar)
    stage.step(said=[statement([radar(A), radar(B)])], named=liar)
    assert stage.status == {0: "confirmed"}
    assert all(B not in event.contributors for event in stage.shown)


def test_what_only_a_liar_says_is_cancelled_and_comes_back_when_a_person_clears_it() -> None:
    stage = Stage(JOINT)
    stage.step(
        reports=[(B, report())],
        said=[statement([radar(B)], track=4, launch=report(2, latitude_deg=50.0))],
    )
    assert set(stage.status.values()) == {"unconfirmed"}
    stage.step(named=frozenset({B}))
    assert set(stage.status.values()) == {"cancelled"}
    assert "named as a liar" in stage.shown[-1].reason
    stage.step(decisions=[PersonDecided(decision="clear", nation=B)])
    assert stage.status[stage.shown[-1].alert] == "unconfirmed"
    assert stage.shown[-1].origin == "launch reports"


def test_who_is_under_suspicion_confirms_nothing_and_loses_no_alert() -> None:
    stage, doubted = Stage(JOINT), frozenset({B})
    stage.step(reports=[(B, report())], suspected=doubted)
    stage.step(reports=[(A, report())], suspected=doubted)
    assert stage.status == {0: "unconfirmed"}
    stage.step(said=[statement([radar(A), radar(B)])], suspected=doubted)
    assert stage.status == {0: "unconfirmed"}
    assert stage.shown[-1].contributors == (A, B)
    stage.step()
    assert stage.status == {0: "confirmed"}
    stage.step(suspected=doubted)
    assert stage.status == {0: "confirmed"}


ALONE: Final = (
    (radar(A, name="a one"), radar(A, name="a two")),
    (radar(A), infrared(A)),
)
"""What one nation's sensors alone show: two sites of a kind, and two kinds."""


@pytest.mark.parametrize("alone", ALONE)
def test_what_one_nation_alone_says_confirms_nothing_that_others_could_see(
    alone: tuple[Source, Source],
) -> None:
    stage = Stage(JOINT)
    others: tuple[dict[int, tuple[NationId, ...]], ...] = ({1: (B, C)}, {1: (B, C)}, {})
    for silent in others:
        stage.step(said=[statement(alone)], silent=silent)
    assert stage.status == {0: "unconfirmed"}
    words = "not confirmed by a alone: b, c could see it and say nothing of it"
    assert stage.shown[-1].reason == words


def test_two_kinds_of_one_nation_confirm_elsewhere_what_nobody_else_could_see() -> None:
    two_sites, two_kinds = ALONE
    stage = Stage(JOINT)
    for _ in range(3):
        stage.step(said=[statement(two_sites)], silent={1: ()})
    assert stage.status == {0: "unconfirmed"}
    assert "two sites of one nation are one word" in stage.shown[-1].reason
    stage.step(said=[statement(two_kinds)], silent={1: ()})
    assert stage.status == {0: "confirmed"}


def test_who_has_looked_twice_only_lends_two_sites_of_another_nothing() -> None:
    stage, (two_sites, _) = Stage(JOINT), ALONE
    for _ in range(3):
        stage.step(said=[statement([*two_sites, radar(B, looks=2)])], silent={1: ()})
    assert stage.status == {0: "unconfirmed"}
    stage.step(said=[statement([*two_sites, radar(B, looks=3)])], silent={1: ()})
    assert stage.status == {0: "confirmed"}


def test_two_sites_of_a_nation_confirm_at_home() -> None:
    stage, (two_sites, _) = Stage(A), ALONE
    for _ in range(2):
        stage.step(said=[statement(two_sites)])
    assert stage.status == {0: "confirmed, single kind"}


def test_who_has_others_with_him_confirms_whoever_is_silent() -> None:
    stage = Stage(JOINT)
    both = radar(A), radar(B)
    for _ in range(2):
        stage.step(said=[statement(both)], silent={1: (C,)})
    assert stage.status == {0: "confirmed"}


@pytest.mark.parametrize("alone", ALONE)
def test_one_nation_alone_takes_nothing_back_that_others_could_see(
    alone: tuple[Source, Source],
) -> None:
    stage, both = Stage(JOINT), (radar(A), radar(B))
    for _ in range(2):
        stage.step(said=[statement(both)])
    for _ in range(3):
        stage.step(said=[statement(alone, probability=0.01)], silent={1: (B,)})
    assert stage.status == {0: "confirmed"}
    for _ in range(2):
        stage.step(said=[statement(both, probability=0.01)], silent={1: ()})
    assert stage.status == {0: "cancelled"}


def test_a_person_cancels_and_only_better_support_brings_the_alert_back() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)])])
    stage.step(decisions=[PersonDecided(decision="cancel", number=0, reason="a known test")])
    assert stage.status == {0: "cancelled"}
    assert "a known test" in stage.shown[-1].reason
    stage.step(said=[statement([radar(A)])])
    assert stage.status == {0: "cancelled"}
    stage.step(said=[statement([radar(A), radar(B)])])
    assert stage.status == {0: "unconfirmed"}
    stage.step(said=[statement([radar(A), radar(B)])])
    assert stage.status == {0: "confirmed"}


def test_whose_words_are_in_a_track_are_contributors_even_without_a_pedigree() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([])], contributors={1: (A, B)})
    stage.step(said=[statement([])], contributors={1: (C,)})
    assert [event.contributors for event in stage.shown] == [(A, B), (A, B, C)]
    assert stage.status == {0: "unconfirmed"}
    stage.step(named=frozenset({A}))
    assert stage.status == {0: "unconfirmed"}
    stage.step(named=frozenset({A, B, C}))
    assert stage.status == {0: "cancelled"}


def test_a_release_is_shown_and_a_decision_on_nothing_is_not() -> None:
    stage = Stage(A)
    stage.step(said=[statement([radar(A)])])
    stage.step(decisions=[PersonDecided(decision="release", number=0)])
    assert "released" in stage.shown[-1].reason
    assert stage.step(decisions=[PersonDecided(decision="release", number=5)]) == []
    assert stage.step(decisions=[PersonDecided(decision="cancel", number=-1)]) == []


NOTICE = Notice(
    name="n1",
    nation="a",
    kind="space launch",
    window_start_ns=START_NS - 3_600 * SECOND_NS,
    window_end_ns=START_NS + 3_600 * SECOND_NS,
    latitude_rad=math.radians(35.0),
    longitude_rad=math.radians(53.0),
    radius_m=30e3,
    azimuth_min_rad=math.radians(290.0),
    azimuth_max_rad=math.radians(310.0),
    delivered_ns=START_NS,
)


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (NOTICE, "matched"),
        (replace(NOTICE, delivered_ns=None), "noticed, not delivered"),
        (
            replace(NOTICE, azimuth_min_rad=math.radians(60.0), azimuth_max_rad=math.radians(80.0)),
            "contradicting",
        ),
        (replace(NOTICE, latitude_rad=math.radians(60.0)), "unmatched"),
    ],
)
def test_a_notice_is_shown_and_changes_no_outcome(notice: Notice, expected: str) -> None:
    for nation, origin in ((JOINT, "launch reports"), (A, "own")):
        plain, noticed = Stage(nation), Stage(nation)
        for stage, notices in ((plain, []), (noticed, [notice])):
            said = [statement([radar(A)])] if nation == A else []
            reports = [] if nation == A else [(A, report()), (B, report())]
            stage.step(said=said, reports=reports, notices=notices)
        assert noticed.status == plain.status
        assert {event.notice_match for event in noticed.shown} == {expected}
        assert noticed.shown[-1].origin == origin


def test_two_speak_against_a_confirmed_alert_before_it_is_cancelled() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A), radar(B)])])
    stage.step(said=[statement([radar(A), radar(B)])])
    for _ in range(4):
        stage.step(said=[statement([radar(A), radar(B)], probability=0.01, recent=[radar(A)])])
    assert stage.status == {0: "confirmed"}
    stage.step(said=[statement([radar(A), radar(B)], probability=0.01)])
    assert stage.status == {0: "cancelled"}


def test_a_floor_goes_on_from_its_pickle_as_if_nothing_had_happened() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)])], reports=[(A, report(1, latitude_deg=50.0))])
    other = pickle.loads(pickle.dumps(stage.floor, protocol=5))
    shown = [
        floor.step(
            own=None,
            joint=None,
            reports=[(B, report(4)), (C, report(5, latitude_deg=50.1))],
            notices=(),
            decisions=(),
            now_ns=stage.now_ns,
        )
        for floor in (stage.floor, other)
    ]
    assert shown[0] == shown[1] != ()


def test_what_is_too_old_is_forgotten() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)])], reports=[(B, report(1, latitude_deg=50.0))])
    stage.now_ns += 3 * 3_600 * SECOND_NS
    stage.step()
    fresh = Stage(JOINT)
    kept = pickle.dumps(stage.floor)
    assert b"a radar" not in kept
    assert len(kept) < len(pickle.dumps(fresh.floor)) + 100


def test_no_estimate_however_poor_ends_in_an_error() -> None:
    rng = np.random.default_rng(9)
    count = 200
    direction = rng.standard_normal((count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    radius = 6.38e6 + 10.0 ** rng.uniform(0.0, 7.0, (count, 1))
    velocity = rng.standard_normal((count, 3)) * 10.0 ** rng.uniform(1.0, 4.0, (count, 1))
    root = rng.standard_normal((count, 6, 6)) * 10.0 ** rng.uniform(-3.0, 4.0, (count, 1, 1))
    time_ns = START_NS + np.arange(count) * SECOND_NS
    poor = Estimates(
        track=np.arange(count) % 40,
        time_ns=time_ns,
        known_ns=time_ns,
        status=np.full(count, Status.CONFIRMED, np.int8),
        state_vector=np.concatenate([radius * direction, velocity], axis=1),
        covariance=root @ root.transpose(0, 2, 1),
    )
    judged = Rounds(POWERED).step(poor, None, is_last=True)
    said = statements(judged, class_names=[each.name for each in POWERED.classes])
    stage = Stage(JOINT)
    stage.step(said=said, reports=[(A, report()), (B, report())])
    assert any(each.launch is not None for each in said)
    for event in stage.shown:
        assert event.launch_area is None or msgspec.json.encode(event.launch_area)
        assert event.azimuth_deg is None or math.isfinite(event.azimuth_deg)


@pytest.mark.parametrize("latitude_deg", [-90.0, 90.0, 0.0])
@pytest.mark.parametrize("half_axis_m", [0, 1, 2**53])
@pytest.mark.parametrize("std", [-1.0, 0.0, 1e300])
def test_no_report_however_odd_ends_in_an_error(
    latitude_deg: float, half_axis_m: int, std: float
) -> None:
    odd = report(latitude_deg=latitude_deg, long_half_axis_m=half_axis_m, time_std_s=std)
    far = msgspec.structs.replace(odd, launch_time_ns=2**63 - 1, azimuth_std_deg=std)
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(C)])], reports=[(A, odd), (B, odd), (A, far), (C, far)])
    stage.step(reports=[(A, msgspec.structs.replace(far, event=4, impact_area=odd.launch_area))])
    assert "confirmed" not in stage.status.values() or std <= 0.0 or half_axis_m < 2**53
