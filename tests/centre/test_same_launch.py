from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.centre.events import PersonDecided
from commonwatch.centre.same_launch import (
    SURE,
    Kinship,
    Strand,
    by_messages,
    pair_probability,
    sure_partner,
)
from commonwatch.sharing.messages import LaunchReport
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO
from tests.centre.build_floor import (
    JOINT,
    SECOND_NS,
    A,
    B,
    Stage,
    infrared,
    radar,
    report,
    statement,
)

RNG = np.random.Generator

APART_S = 30.0
"""Between two launches of a salvo."""
TOLD_APART_STD_S, HARDLY_STD_S = 5.0, 8.0
RIGHT_MIN, WRONG_MAX = 0.85, 0.02


def tracks_of(stage: Stage) -> set[tuple[int, ...]]:
    """Tracks of each alert that stands."""
    return {
        tuple(track for _, track in each.strands)
        for each in stage.floor._board.alerts.values()
        if each.stands
    }


def seen_by_satellite(stage: Stage, *, track: int = 1, launch: LaunchReport | None = None) -> None:
    """A track of a satellite alone, which ends."""
    stage.step(said=[statement([infrared(stage.nation)], track=track, launch=launch)])
    stage.step(ended=(track,))


def test_a_radars_track_goes_on_with_the_satellites_alert_and_confirms_it() -> None:
    stage = Stage(A)
    seen_by_satellite(stage)
    later = report(time_s=1.2, latitude_deg=35.12)
    stage.step(said=[statement([radar(A)], track=12, launch=later, time_s=300.0)])
    last = stage.shown[-1]
    assert stage.status == {0: "confirmed"}
    assert last.track == 12
    assert last.launch_time_ns == later.launch_time_ns
    assert last.sources == "a radar, a satellite"
    assert last.reason.startswith(
        "track 12 goes on with alert 0: same launch within 1.2 s and 13 km"
    )
    assert "two kinds of sensor" in last.reason
    # What is said of the satellite's track from now on is not what the alert states.
    assert stage.step(said=[statement([infrared(A)], probability=0.0, time_s=310.0)]) == []


def test_two_looks_of_a_radar_go_on_and_confirm_nothing() -> None:
    stage = Stage(A)
    seen_by_satellite(stage)
    stage.step(said=[statement([radar(A, looks=2)], track=2, time_s=300.0)])
    assert stage.status == {0: "unconfirmed"}
    stage.step(said=[statement([radar(A, looks=3)], track=2, time_s=310.0)])
    assert stage.status == {0: "confirmed"}


def test_a_track_that_breaks_and_begins_again_is_one_alert() -> None:
    stage = Stage(A)
    sharp = msgspec.structs.replace(report(time_std_s=2.0), azimuth_std_deg=1.0)
    stage.step(said=[statement([radar(A)], launch=sharp)])
    stage.step(ended=(1,))
    stage.step(said=[statement([radar(A, looks=3)], track=2, launch=sharp, time_s=300.0)])
    assert stage.status == {0: "unconfirmed"}
    assert tracks_of(stage) == {(1, 2)}


@pytest.mark.parametrize("time_s", [120.0, 140.0])
def test_tracks_that_one_kind_of_sensor_sees_beside_one_another_are_two_alerts(
    time_s: float,
) -> None:
    stage = Stage(A)
    stage.step(said=[statement([radar(A)])])
    stage.step(said=[statement([radar(A, name="other")], track=2, time_s=time_s)])
    assert tracks_of(stage) == {(1,), (2,)}


def test_a_union_parts_when_both_are_seen_beside_one_another() -> None:
    stage = Stage(A)
    sharp = report(time_std_s=2.0)
    stage.step(said=[statement([radar(A)], launch=sharp)])
    stage.step(said=[statement([radar(A, looks=3)], track=2, launch=sharp, time_s=300.0)])
    assert tracks_of(stage) == {(1, 2)}
    shown = stage.step(said=[statement([radar(A, looks=10)], launch=sharp, time_s=310.0)])
    assert [event.transition for event in shown] == ["corrected", "raised", "updated"]
    assert "seen beside one another" in shown[0].reason
    assert tracks_of(stage) == {(1,), (2,)}


def test_later_knowledge_splits_an_alert_and_says_what_became_of_its_confirmation() -> None:
    stage = Stage(A)
    seen_by_satellite(stage)
    stage.step(said=[statement([radar(A)], track=2, time_s=300.0)])
    assert stage.status == {0: "confirmed"}
    far = report(time_s=1.0, latitude_deg=37.0)
    shown = stage.step(said=[statement([radar(A, looks=20)], track=2, launch=far, time_s=310.0)])
    assert [event.transition for event in shown] == ["corrected", "raised"]
    assert "what confirmed this alert was of both tracks" in shown[0].reason
    assert stage.status == {0: "confirmed", 1: "unconfirmed"}
    assert (shown[0].track, shown[1].track) == (1, 2)


@pytest.mark.parametrize(
    "launch",
    [
        report(time_s=60.0),
        report(latitude_deg=36.5),
        report(azimuth_deg=330.0),
        report(time_std_s=200.0),
        report(long_half_axis_m=300_000),
    ],
)
def test_what_differs_or_is_vague_goes_on_with_nothing(launch: LaunchReport) -> None:
    stage = Stage(A)
    seen_by_satellite(stage)
    stage.step(said=[statement([radar(A)], track=2, launch=launch, time_s=300.0)])
    assert stage.status == {0: "unconfirmed", 1: "unconfirmed"}


@pytest.mark.parametrize(
    ("later_s", "further_deg", "tracks"),
    [
        (0.0, 0.0, {(1, 2)}),
        (10.0, 0.1, {(1, 2)}),
        (40.0, 0.0, {(1,), (2,)}),
        (0.0, 1.0, {(1,), (2,)}),
    ],
)
def test_a_track_goes_on_with_no_alert_that_comes_down_elsewhere_or_at_another_time(
    later_s: float, further_deg: float, tracks: set[tuple[int, ...]]
) -> None:
    """The same launch as far as anybody can say, and impacts known to a second and 10 km."""
    stage, said = Stage(A), []
    for track, late_s, north_deg in ((1, 0.0, 0.0), (2, later_s, further_deg)):
        one = statement([radar(A, looks=3)], track=track, launch=report(time_std_s=2.0))
        impact = one.impact
        assert impact is not None
        area = replace(
            impact.area,
            latitude_rad=impact.area.latitude_rad + math.radians(north_deg),
            long_half_axis_m=10_000.0,
            short_half_axis_m=10_000.0,
        )
        time_ns = impact.time_ns + round(late_s * SECOND_NS)
        said.append(
            replace(one, impact=replace(impact, time_ns=time_ns, time_std_s=1.0, area=area))
        )
    stage.step(said=said[:1])
    stage.step(ended=(1,))
    at_ns = said[1].time_ns + 180 * SECOND_NS
    stage.step(said=[replace(said[1], time_ns=at_ns, known_ns=at_ns)])
    assert tracks_of(stage) == tracks


def test_an_alert_that_turns_out_to_be_another_is_cancelled_and_its_worth_kept() -> None:
    stage = Stage(A)
    seen_by_satellite(stage)
    vague = report(long_half_axis_m=300_000)
    both = [radar(A, looks=3), radar(A, looks=3, name="a radar too")]
    stage.step(said=[statement(both, track=2, launch=vague, time_s=300.0)])
    better = [replace(each, look_count=9) for each in both]
    stage.step(said=[statement(better, track=2, launch=vague, time_s=310.0)])
    assert stage.status == {0: "unconfirmed", 1: "confirmed, single kind"}
    best = [replace(each, look_count=20) for each in both]
    stage.step(said=[statement(best, track=2, time_s=320.0)])
    assert stage.status == {0: "confirmed", 1: "cancelled"}
    assert stage.shown[-1].reason == "the same launch as alert 0"


def test_what_a_person_cancelled_does_not_come_back_under_another_number() -> None:
    stage = Stage(A)
    stage.step(said=[statement([radar(A)], launch=report(time_std_s=2.0))])
    stage.step(ended=(1,))
    stage.step(decisions=[PersonDecided(decision="cancel", number=0, reason="a known test")])
    again = statement([radar(A)], track=2, launch=report(time_std_s=2.0), time_s=300.0)
    assert stage.step(said=[again]) == []
    stage.step(said=[statement([infrared(A)], track=3, time_s=310.0)])
    assert stage.status == {0: "unconfirmed"}


def test_who_is_under_suspicion_goes_on_with_nobodys_alert() -> None:
    stage, liar = Stage(JOINT), frozenset({B})
    stage.step(said=[statement([infrared(A)])])
    stage.step(said=[statement([radar(B)], track=2, time_s=300.0)], suspected=liar)
    assert tracks_of(stage) == {(1,), (2,)}


def test_a_liar_that_is_found_out_speaks_for_no_alert_of_others() -> None:
    stage, liar = Stage(JOINT), frozenset({B})
    stage.step(said=[statement([infrared(A, looks=1)])])
    stage.step(said=[statement([radar(B)], track=2, time_s=300.0)])
    assert tracks_of(stage) == {(1, 2)}
    for turn in range(3):
        said = statement([radar(B, looks=10 + turn)], track=2, probability=0.0, time_s=310.0 + turn)
        stage.step(said=[said], named=liar)
    assert stage.status == {0: "unconfirmed"}


def test_a_track_that_nobody_looks_at_says_nothing_new_of_its_launch() -> None:
    first = statement([infrared(A)])
    strand = Strand.of(first)
    drifting = report(time_s=-60.0, time_std_s=40.0)
    assert not strand.hear(statement([infrared(A)], launch=drifting, time_s=200.0))
    assert strand.launch is not None
    assert strand.launch.time_ns == report().launch_time_ns
    assert strand.seen_ns == first.time_ns
    assert strand.hear(statement([infrared(A, looks=10)], launch=drifting, time_s=210.0))
    assert strand.launch.time_ns == drifting.launch_time_ns
    # Its tracker has forgotten the looks; the alert has not.
    strand.hear(statement([], launch=drifting, time_s=220.0))
    assert [each.look_count for each in strand.sources] == [10]


def matchings(edges: Mapping[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """Probability of each pair from every way of pairing, one by one."""
    whole, mine = 0.0, dict.fromkeys(edges, 0.0)
    for count in range(len(edges) + 1):
        for chosen in combinations(edges, count):
            ends = [end for pair in chosen for end in pair]
            if len(set(ends)) < len(ends):
                continue
            weight = math.prod(edges[pair] for pair in chosen)
            whole += weight
            for pair in chosen:
                mine[pair] += weight
    return {pair: weight / whole for pair, weight in mine.items()}


def both_ways(edges: Mapping[tuple[int, int], float]) -> dict[int, dict[int, float]]:
    found: dict[int, dict[int, float]] = {}
    for (i, j), fit in edges.items():
        found.setdefault(i, {})[j] = fit
        found.setdefault(j, {})[i] = fit
    return found


fits = st.floats(-3.0, 4.0).map(lambda x: 10.0**x)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), fits), min_size=2, max_size=7))
def test_probabilities_of_pairs_without_rings_are_those_of_all_ways_of_pairing(
    links: list[tuple[int, float]],
) -> None:
    tree = {(parent % child, child): fit for child, (parent, fit) in enumerate(links, start=1)}
    # The graph takes fits against one that is alone; of more than two some have companions.
    seen = 1e-5 / 1e-3
    weighed = {pair: fit * seen for pair, fit in tree.items()}
    slow = matchings(weighed)
    counted = pair_probability(range(len(links) + 1), both_ways(tree))
    passed = by_messages(range(len(links) + 1), both_ways(weighed))
    for pair, probability in slow.items():
        assert math.isclose(counted[pair], probability, rel_tol=1e-9)
        assert math.isclose(passed[pair], probability, abs_tol=0.01)


@settings(max_examples=60, deadline=None)
@given(st.lists(fits, min_size=9, max_size=9))
def test_probabilities_of_pairs_with_rings_are_those_of_all_ways_of_pairing(
    weights: list[float],
) -> None:
    edges = {(k // 3, 3 + k % 3): weight for k, weight in enumerate(weights)}
    slow = matchings({pair: weight * 1e-2 for pair, weight in edges.items()})
    fast = pair_probability(range(6), both_ways(edges))
    assert all(math.isclose(fast[pair], slow[pair], rel_tol=1e-9) for pair in edges)
    for pair, probability in slow.items():
        partner = sure_partner(pair[0], both_ways(edges))
        assert partner != pair[1] or probability > SURE


def test_more_launches_at_once_than_anybody_tells_apart_are_left_alone() -> None:
    path = {(k, k + 1): 1e9 if k == 0 else 1e-6 for k in range(63)}
    assert sure_partner(0, both_ways(path)) == 1
    assert sure_partner(0, both_ways(path | {(63, 64): 1e-6})) is None


def test_what_is_forgotten_is_compared_no_more() -> None:
    kinship = Kinship()
    one, other = Strand.of(statement([infrared(A)])), Strand.of(statement([radar(A)], track=2))
    assert one.launch is not None
    assert kinship.partner(5, one.launch, [one], [(3, [other])]) == 3
    kinship.forget(3)
    assert kinship.partner(5, one.launch, [one], []) is None


def drawn(rng: RNG, lift_off_s: float, std_s: float) -> LaunchReport:
    """The launch of one missile as somebody states it, with errors as stated."""
    stated = report(time_s=lift_off_s + rng.normal(0.0, std_s), time_std_s=std_s)
    area = stated.launch_area
    turn = math.radians(area.orientation_deg)
    deviation = np.array([area.long_half_axis_m, area.short_half_axis_m]) / CHI_SQUARE_95_TWO**0.5
    along, across = rng.normal(0.0, deviation)
    north_m = along * math.cos(turn) - across * math.sin(turn)
    east_m = along * math.sin(turn) + across * math.cos(turn)
    moved = msgspec.structs.replace(
        area,
        latitude_deg=35.0 + math.degrees(north_m / 6.357e6),
        longitude_deg=53.0 + math.degrees(east_m / 6.385e6) / math.cos(math.radians(35.0)),
    )
    return msgspec.structs.replace(
        stated, launch_area=moved, azimuth_deg=300.0 + rng.normal(0.0, 3.0)
    )


def salvo(rng: RNG, count: int, std_s: float) -> tuple[int, int]:
    """Launches from one site 30 s apart, each seen by a satellite and later by a radar.

    Returns right and wrong unions; of launch k the tracks are k and 100 + k.
    """
    stage, said = Stage(A), []
    for k in range(count):
        for track, begin_s, turns in (
            (k, APART_S * k + 50.0, 7),
            (100 + k, APART_S * k + 200.0 + rng.uniform(0.0, 100.0), 15),
        ):
            launch = drawn(rng, APART_S * k, std_s)
            for turn in range(turns):
                looks = 3 + turn
                source = infrared(A, looks=looks) if track < 100 else radar(A, looks=looks)
                said.append((begin_s + 10.0 * turn, track, source, launch))
    for time_s, track, source, launch in sorted(said, key=lambda each: each[:2]):
        stage.step(said=[statement([source], track=track, launch=launch, time_s=time_s)])
    unions = [tracks for tracks in tracks_of(stage) if len(tracks) > 1]
    right = sum(len(each) == 2 and each[0] + 100 == each[1] for each in map(sorted, unions))
    return right, len(unions) - right


@pytest.mark.parametrize("count", [1, 2, 6])
@pytest.mark.parametrize("std_s", [3.0, TOLD_APART_STD_S, HARDLY_STD_S])
def test_launches_thirty_seconds_apart_are_told_apart(count: int, std_s: float) -> None:
    rng, turns = np.random.default_rng([7, count]), 240 // count
    found = np.array([salvo(rng, count, std_s) for _ in range(turns)]).sum(axis=0)
    right, wrong = found / (turns * count)
    assert wrong < WRONG_MAX
    # Two deviations of 8 s together are 11 s: of 30 s apart no more can be said of many.
    assert right > (RIGHT_MIN if std_s <= TOLD_APART_STD_S or count == 1 else 0.2)


def test_the_order_of_tracks_within_a_tick_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    said = [
        statement([source], track=track, launch=drawn(rng, 60.0 * (track % 10), 4.0))
        for track, source in [
            *((k, infrared(A)) for k in range(4)),
            *((10 + k, radar(A)) for k in range(4)),
        ]
    ]
    outcomes = set()
    for _ in range(20):
        stage = Stage(A)
        stage.step(said=[said[k] for k in rng.permutation(len(said))])
        outcomes.add(frozenset(tuple(sorted(each)) for each in tracks_of(stage)))
    assert outcomes == {frozenset({(k, 10 + k) for k in range(4)})}


def test_a_floor_with_unions_goes_on_from_its_pickle() -> None:
    stage = Stage(A)
    seen_by_satellite(stage)
    stage.step(said=[statement([radar(A, looks=2)], track=2, time_s=300.0)])
    other = Stage(A, now_ns=stage.now_ns)
    other.floor = pickle.loads(pickle.dumps(stage.floor, protocol=5))
    said = [statement([radar(A, looks=5)], track=2, time_s=310.0)]
    assert stage.step(said=said) == other.step(said=said) != []


def test_alerts_with_unions_are_forgotten_when_old() -> None:
    stage = Stage(A)
    seen_by_satellite(stage)
    stage.step(said=[statement([radar(A)], track=2, time_s=300.0)])
    stage.now_ns += 3 * 3_600 * SECOND_NS
    stage.step()
    assert b"a radar" not in pickle.dumps(stage.floor)
