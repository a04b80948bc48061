"""When a perfect test would be sure of a lie, in cases that can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from benchmarks.liars import BEGINS_S, drawn, summed
from benchmarks.perfect_test import SURE_LOG, Heard, Silence, World, honest_silence, sure_ns

from commonwatch.identity import NationId
from commonwatch.scenario.load import load_scenario
from commonwatch.sharing.messages import TrackReport
from commonwatch.world.liars import INVENTED, LIES, upper
from tests.sensing.build import radar

SECOND_NS = 10**9
STD_M = 100.0
PLACE = np.array([7_378_137.0, 400_000.0, 300_000.0, 0.0, 0.0, 0.0])
"""Above radars on the equator, which see it; where it is looked at it stands still."""
LIAR, *HONEST = (NationId(name) for name in "abcd")
RADARS = {
    name: [radar(track_interval_s=5.0, detection_probability=0.9)] for name in (LIAR, *HONEST)
}

NEVER_SILENT = Silence(due=10**12, missing=0, first_s=0.0)


def said(
    second: int,
    sender: NationId = LIAR,
    *,
    off_m: float = 0.0,
    track: int = 1,
    of_s: int | None = None,
) -> Heard:
    """A report on the object, made at a second and arrived two later, good to 100 m each way."""
    body = TrackReport(
        track=track,
        sequence=second,
        time_ns=(second if of_s is None else of_s) * SECOND_NS,
        since_ns=0,
        begun_ns=0,
        status="confirmed",
        motor="coasts",
        position_ecef_m=(round(PLACE[0] + off_m), round(PLACE[1]), round(PLACE[2])),
        velocity_ecef_mm_s=(0, 0, 0),
        covariance=upper(np.diag([STD_M**2] * 3 + [1e-6] * 3)),
    )
    made_ns = second * SECOND_NS
    return Heard(sender=sender, made_ns=made_ns, arrival_ns=made_ns + 2 * SECOND_NS, body=body)


def world(
    heard: Sequence[Heard],
    would: Sequence[Heard],
    *,
    seers: Sequence[NationId] = HONEST,
    silence: Silence = NEVER_SILENT,
) -> World:
    return World(
        said=sorted(heard, key=lambda each: each.arrival_ns),
        would={(each.body.track, each.made_ns): each for each in would},
        flying=lambda _: PLACE[None],
        radars={name: RADARS[name] if name in (LIAR, *seers) else [] for name in RADARS},
        liar=LIAR,
        begun_ns=5 * SECOND_NS,
        slowest_s=6.0,
        silence=silence,
    )


def others(second: int) -> list[Heard]:
    return [said(second, name) for name in HONEST]


@pytest.mark.parametrize(("sigmas", "is_sure"), [(4.9, False), (5.1, True)])
def test_a_displacement_counts_in_deviations_of_the_combination_of_the_others(
    sigmas: float, is_sure: bool
) -> None:
    off_m = sigmas * STD_M / math.sqrt(3.0)
    found = sure_ns(world([*others(10), said(10, off_m=off_m)], [said(10)]))
    assert found == (12 * SECOND_NS if is_sure else None)


def test_lies_about_several_objects_add_up() -> None:
    off_m = 4.0 * STD_M / math.sqrt(3.0)
    lies = [said(10, off_m=off_m), said(11, off_m=off_m, track=2)]
    found = sure_ns(world([*others(9), *lies], [said(10), said(11, track=2)]))
    assert found == 13 * SECOND_NS


def test_where_one_honest_nation_alone_could_see_it_nothing_is_judged() -> None:
    heard, would = [*others(10), said(10, off_m=9_000.0)], [said(10)]
    assert sure_ns(world(heard, would, seers=HONEST[:2])) is not None
    assert sure_ns(world(heard, would, seers=HONEST[:1])) is None


def test_the_same_words_again_of_what_has_moved_need_no_statistics() -> None:
    moved = said(20, off_m=1.0)
    first = said(10)
    again = msgspec.structs.replace(said(20).body, time_ns=first.body.time_ns)
    repeated = Heard(sender=LIAR, made_ns=moved.made_ns, arrival_ns=moved.arrival_ns, body=again)
    found = sure_ns(world([*others(9), first, *others(19), repeated], [first, moved]))
    assert found == 22 * SECOND_NS


def test_silence_is_sure_once_that_many_looks_are_unlikely_enough() -> None:
    """Two looks each 10 s, one in ten misses: six in a row are too likely still, eight are not."""
    assert math.exp(SURE_LOG) == pytest.approx(2.8665e-7, rel=1e-4)
    would = [said(second) for second in range(10, 70, 10)]
    heard = [each for second in range(10, 70, 10) for each in others(second)]
    assert sure_ns(world([said(0), *heard], would)) == (40 + 6) * SECOND_NS


def test_silence_is_no_less_likely_than_honest_nations_are_silent() -> None:
    """One report in fifty fails to come: 50^-3 is too likely still, 50^-4 is not."""
    silence = Silence(due=499, missing=9, first_s=0.0)
    assert silence.log_missing == pytest.approx(math.log(9.5 / 500.0))
    every = {name: [radar(track_interval_s=0.1, detection_probability=0.9)] for name in RADARS}
    would = [said(second) for second in range(10, 70, 10)]
    heard = [said(0), *(each for second in range(10, 70, 10) for each in others(second))]
    found = replace(world(heard, would, silence=silence), radars=every)
    assert sure_ns(found) == (40 + 6) * SECOND_NS
    assert sure_ns(replace(found, silence=NEVER_SILENT)) == (10 + 6) * SECOND_NS


def test_a_first_word_is_missing_once_the_slowest_would_be_here() -> None:
    """It came from below the horizon a moment ago, or had been in view for a minute."""
    would = [said(second) for second in range(10, 100, 10)]
    rising = msgspec.structs.replace(would[0].body, velocity_ecef_mm_s=(80_000_000, 0, 0))
    heard = [each for second in range(10, 100, 10) for each in others(second)]
    slow = replace(NEVER_SILENT, first_s=60.0)
    assert sure_ns(world(heard, would, silence=slow)) == (40 + 6) * SECOND_NS
    lately = [replace(would[0], body=rising), *would[1:]]
    assert sure_ns(world(heard, lately, silence=slow)) == (50 + 6) * SECOND_NS
    assert sure_ns(world(heard, lately)) == (40 + 6) * SECOND_NS


def test_honest_silence_is_what_was_due_in_view_and_did_not_come() -> None:
    """Due each 10 s and a look of 5 s; in view from 20 s on; nothing between 40 s and 80 s."""

    def flying(time_ns: int) -> npt.NDArray[np.float64]:
        return (PLACE if time_ns >= 20 * SECOND_NS else -PLACE)[None]

    words = [said(second, name) for name in HONEST for second in (30, 40, 80, 95)]
    found = honest_silence(words, flying, {name: RADARS[name] for name in HONEST}, begin_ns=0)
    assert found == Silence(due=3 * 5, missing=3 * 2, first_s=12.0)


def test_what_is_said_once_the_lie_is_over_takes_nothing_back() -> None:
    would = [said(second) for second in range(10, 70, 10)]
    heard = [each for second in range(10, 70, 10) for each in others(second)]
    assert sure_ns(world([said(0), *heard, said(200)], would)) == (40 + 6) * SECOND_NS


def test_what_policy_or_links_would_have_kept_anyhow_is_no_denial() -> None:
    heard = [each for second in range(10, 70, 10) for each in others(second)]
    assert sure_ns(world([said(0), *heard], [])) is None


def test_an_invention_is_sure_once_all_others_would_have_had_to_miss_it_too_often() -> None:
    """Three nations, two looks each 10 s: six missed by the second report, twelve by the third."""
    lies = [said(second, track=INVENTED) for second in (10, 20, 30, 40)]
    assert sure_ns(world(lies, [])) == (30 + 6) * SECOND_NS


def test_rows_state_what_was_judged_and_in_time_and_what_was_not() -> None:
    row = {
        "way": "shift", "sure_s": 5.0, "named_s": 15.0, "honest_named": [], "confirmed_alone": 0,
        "suppressed": [], "said": [],
    }  # fmt: skip
    late, never = row | {"named_s": 35.1}, row | {"named_s": None, "honest_named": ["b"]}
    unclear = row | {"sure_s": None, "said": ["cannot be checked: single source"]}
    found = summed("shift", [row, late, never, unclear, row | {"way": "drift"}])
    assert (found["count"], found["judged"], found["not_judged_said"]) == (4, 3, 1)
    assert found["named_in_time"]["count"] == 1
    assert found["honest_named"]["count"] == 1
    assert found["median_s"] == pytest.approx(30.1)
    assert found["most_s"] is None


def test_who_lies_and_when_is_another_in_each_world_and_way() -> None:
    scenario = load_scenario("liar")
    lies = [drawn(scenario, way, seed).injections[0] for way in LIES for seed in range(20)]
    assert {each.nation for each in lies} == {each.name for each in scenario.nations}
    assert all(BEGINS_S[0] <= each.at_s <= BEGINS_S[1] for each in lies)
    assert len({each.at_s for each in lies}) > 50
    assert drawn(scenario, "shift", 3).injections == drawn(scenario, "shift", 3).injections
