"""One bad contributor is named and left out; the honest are not; what cannot be told is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binomtest

from commonwatch.fusion.combination import summed
from commonwatch.fusion.contributor import (
    CHECKED,
    DENIAL,
    DRIFT,
    FREEZE,
    INVENTION,
    REPEAT,
    SHIFT,
    SINGLE_SOURCE,
    TWO_DIFFER,
    Judge,
    Sources,
    contributors_columns,
    disagreements,
)
from commonwatch.identity import NationId
from commonwatch.tables.schemas import to_table
from commonwatch.tracking.estimate import predict
from tests.fusion.build import SECOND_NS, Filter, covariance_of, flights, nation

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NAMES = tuple(nation(name) for name in "abcd")
STD_M = 100.0
ONSET_S = 60
LAST_S = 150
PERIOD_S = 10
NAMED_WITHIN_S = 30
ERROR_RATIO_MAX = 1.2


@dataclass(frozen=True)
class Look:
    """What all contributors of all runs believe at one time, contributors first."""

    time_s: int
    truth: F64
    mean: F64
    covariance: F64


@cache
def looks(runs: int, objects: int, names: int = 4, last_s: int = LAST_S) -> tuple[Look, ...]:
    """Real filters of honest contributors over independent looks, all runs at once."""
    rng = np.random.default_rng([runs, objects, names])
    count = runs * objects
    truth = np.tile(flights(objects), (runs, 1))
    filters = [Filter.begun(str(name), truth, rng) for name in NAMES[:names]]
    found = []
    for second in range(1, last_s + 1):
        truth, _ = predict(truth, covariance_of(1, 1, count), 1.0, process_noise_m2_s3=0.0)
        for each in filters:
            each.advance(float(second))
            each.measure(truth[:, :3] + rng.normal(size=(count, 3)) * STD_M, STD_M)
        if second >= 2 * PERIOD_S and second % PERIOD_S == 0:
            shape = (names, runs, objects)
            found.append(
                Look(
                    second,
                    truth.reshape(runs, objects, 6),
                    np.stack([each.mean for each in filters]).reshape(*shape, 6),
                    np.stack([each.covariance for each in filters]).reshape(*shape, 6, 6),
                )
            )
    return tuple(found)


def sources_of(
    mean: F64, covariance: F64, *, is_there: Mask | None = None, expected: F64 | None = None
) -> Sources:
    names, count = mean.shape[:2]
    return Sources(
        number=np.arange(1, count + 1),
        contributor=NAMES[:names],
        state_vector=mean,
        covariance=covariance,
        is_there=np.ones((names, count), dtype=np.bool_) if is_there is None else is_there,
        expected=expected,
    )


def five_sigma(look: Look, run: int, direction: F64) -> F64:
    """Shift of the first contributor that a perfect test would see at five deviations."""
    others = np.linalg.inv(np.linalg.inv(look.covariance[1:, run, 0]).sum(axis=0))
    weight = np.linalg.inv(look.covariance[0, run, 0] + others)[:3, :3]
    return 5.0 * direction / np.sqrt(direction @ weight @ direction)


@dataclass
class Outcome:
    named_in_time: int = 0
    wrong: int = 0
    error_ratio: float = 0.0
    kinds: tuple[str, ...] = ()


def lied(runs: int, size: Callable[[int], float], *, objects: int = 1, names: int = 4) -> Outcome:
    """The first contributor lies by so many times five deviations, seconds after the onset."""
    outcome, squares = Outcome(), np.zeros(2)
    rng = np.random.default_rng(99)
    for run in range(runs):
        judge = Judge()
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        unit, deadline_s = np.zeros(3), None
        for look in looks(runs, objects, names):
            mean = look.mean[:, run].copy()
            if look.time_s == ONSET_S:
                unit = five_sigma(look, run, direction)
            if look.time_s >= ONSET_S:
                lie = unit * size(look.time_s - ONSET_S)
                mean[0, 0, :3] += lie
                enough = np.linalg.norm(five_sigma(look, run, direction))
                if deadline_s is None and np.linalg.norm(lie) >= enough:
                    deadline_s = look.time_s + NAMED_WITHIN_S
            judgement = judge.step(
                sources_of(mean, look.covariance[:, run]), look.time_s * SECOND_NS
            )
            for finding in judgement.findings:
                outcome.wrong += finding.accused != NAMES[0]
                if finding.accused == NAMES[0]:
                    outcome.kinds += (finding.kind,)
                    outcome.named_in_time += deadline_s is None or look.time_s <= deadline_s
            if look.time_s >= ONSET_S:
                squares += errors(look, run, mean, judgement.excluded)
    outcome.error_ratio = float(np.sqrt(squares[0] / squares[1]))
    return outcome


def errors(look: Look, run: int, mean: F64, excluded: frozenset[NationId]) -> F64:
    """Squared position errors of the picture and of that without the liar from the start."""
    names, count = mean.shape[:2]
    found = []
    for said, kept in (
        (mean, np.array([name not in excluded for name in NAMES[:names]])),
        (look.mean[:, run], np.arange(names) > 0),
    ):
        fused, _ = summed(
            said, look.covariance[:, run], np.broadcast_to(kept[:, None], (names, count))
        )
        found.append(float(((fused - look.truth[run])[:, :3] ** 2).sum()))
    return np.array(found)


@pytest.mark.parametrize(("objects", "names"), [(1, 4), (5, 4), (1, 3)])
def test_honest_contributors_are_seldom_named(objects: int, names: int) -> None:
    runs = 150
    named = 0
    for run in range(runs):
        judge = Judge()
        for look in looks(runs, objects, names):
            judge.step(
                sources_of(look.mean[:, run], look.covariance[:, run]), look.time_s * SECOND_NS
            )
        named += len(judge.named)
    interval = binomtest(named, runs * names).proportion_ci(0.95)
    assert interval.high < 0.0225, named
    assert named / (runs * names) < 0.01


@pytest.mark.parametrize("names", [3, 4])
def test_a_sudden_lie_is_named_in_time_and_costs_little(names: int) -> None:
    runs = 120
    outcome = lied(runs, lambda _: 1.2, names=names)
    assert outcome.named_in_time / runs >= 0.95
    assert outcome.wrong / runs < 0.02
    assert outcome.error_ratio < ERROR_RATIO_MAX
    assert outcome.kinds.count(SHIFT) > runs // 2


def test_a_lie_about_one_of_many_objects_is_named_too() -> None:
    outcome = lied(40, lambda _: 1.6, objects=5)
    assert outcome.named_in_time >= 38
    assert outcome.wrong <= 1


def test_a_slow_drift_that_no_gate_would_stop_is_named_in_time_and_costs_little() -> None:
    runs = 120
    outcome = lied(runs, lambda seconds: 0.02 * seconds)
    assert outcome.named_in_time / runs >= 0.95
    assert outcome.wrong / runs < 0.02
    assert outcome.error_ratio < ERROR_RATIO_MAX
    assert outcome.kinds.count(DRIFT) > runs // 2


def test_a_majority_that_lies_alike_is_beyond_detection_and_the_honest_are_named() -> None:
    judge = Judge()
    for look in looks(40, 1):
        mean = look.mean[:, 0].copy()
        mean[:3, :, :3] += 2_000.0
        judge.step(sources_of(mean, look.covariance[:, 0]), look.time_s * SECOND_NS)
    assert set(judge.named) == {NAMES[3]}


def test_two_against_two_names_nobody() -> None:
    judge = Judge()
    for look in looks(40, 1):
        mean = look.mean[:, 0].copy()
        mean[:2, :, :3] += 2_000.0
        judge.step(sources_of(mean, look.covariance[:, 0]), look.time_s * SECOND_NS)
    assert not judge.named


def test_the_difference_is_taken_from_the_others_alone() -> None:
    look = looks(40, 1)[-1]
    sources = sources_of(look.mean[:, 0], look.covariance[:, 0])
    _, difference = disagreements(sources, sources.is_there)
    mean = look.mean[:, 0].copy()
    mean[0, 0, 0] += 500.0
    _, moved = disagreements(replace(sources, state_vector=mean), sources.is_there)
    assert (moved - difference)[0, 0, 0] == pytest.approx(500.0, abs=1e-6)


def test_what_cannot_be_checked_is_said_in_words() -> None:
    look = looks(40, 5)[-1]
    is_there = np.zeros((4, 5), dtype=np.bool_)
    is_there[0, 0] = is_there[:2, 1] = is_there[:2, 2] = is_there[:3, 3] = True
    mean = look.mean[:, 0].copy()
    mean[0, 1, :3] += 5_000.0
    judgement = Judge().step(
        sources_of(mean, look.covariance[:, 0], is_there=is_there), look.time_s * SECOND_NS
    )
    assert judgement.words == (SINGLE_SOURCE, TWO_DIFFER, CHECKED, CHECKED, SINGLE_SOURCE)
    assert SINGLE_SOURCE == "cannot be checked: single source"
    assert not judgement.excluded


def watched(is_there: Mask, expected: F64, seconds: int) -> tuple[Judge, int | None]:
    """Look each second at contributors who say the same; when somebody was named."""
    count = is_there.shape[1]
    mean = np.broadcast_to(flights(count), (4, count, 6))
    covariance = np.broadcast_to(covariance_of(50.0, 1.0, count), (4, count, 6, 6))
    judge = Judge()
    for second in range(seconds + 1):
        sources = sources_of(mean, covariance, is_there=is_there, expected=expected)
        if judge.step(sources, second * SECOND_NS).findings:
            return judge, second
    return judge, None


def test_one_who_denies_what_three_others_see_is_named_within_30_s() -> None:
    is_there = np.ones((4, 1), dtype=np.bool_)
    is_there[2] = False
    judge, second = watched(is_there, np.full((4, 1), 0.95), 60)
    assert second is not None
    assert second <= NAMED_WITHIN_S
    assert judge.named[NAMES[2]].kind == DENIAL
    assert set(judge.named) == {NAMES[2]}


@pytest.mark.parametrize("probability", [np.nan, 0.7])
def test_what_is_withheld_or_hardly_visible_is_never_denial(probability: float) -> None:
    is_there = np.ones((4, 1), dtype=np.bool_)
    is_there[2] = False
    expected = np.full((4, 1), 0.95)
    expected[2] = probability
    assert watched(is_there, expected, 200)[1] is None


def test_one_who_invents_a_raid_is_named_within_30_s_and_a_real_one_is_not() -> None:
    is_there = np.ones((4, 12), dtype=np.bool_)
    is_there[1:, 5:] = False
    judge, second = watched(is_there, np.full((4, 12), 0.9), 60)
    assert second is not None
    assert second <= NAMED_WITHIN_S
    assert judge.named[NAMES[0]].kind == INVENTION
    assert watched(np.ones((4, 12), dtype=np.bool_), np.full((4, 12), 0.9), 60)[1] is None


def test_a_single_invented_object_is_named_once_no_false_track_would_live_so_long() -> None:
    is_there = np.ones((4, 3), dtype=np.bool_)
    is_there[1:, 0] = False
    judge, second = watched(is_there, np.full((4, 3), 0.9), 300)
    assert second is not None
    assert NAMED_WITHIN_S < second < 200
    assert set(judge.named) == {NAMES[0]}


def test_two_liars_of_five_are_both_named() -> None:
    judge = Judge()
    for look in looks(40, 1):
        # The fifth is a contributor of another run, moved to the same truth.
        fifth = look.mean[:1, 1] - look.truth[1] + look.truth[0]
        mean = np.concatenate([look.mean[:, 0], fifth])
        covariance = np.concatenate([look.covariance[:, 0], look.covariance[:1, 1]])
        mean[0, :, 0] += 5_000.0
        mean[1, :, 1] += 3_000.0
        sources = Sources(
            number=np.arange(1, 2),
            contributor=(*NAMES, nation("e")),
            state_vector=mean,
            covariance=covariance,
            is_there=np.ones((5, 1), dtype=np.bool_),
        )
        judge.step(sources, look.time_s * SECOND_NS)
    assert set(judge.named) == {NAMES[0], NAMES[1]}


def test_what_the_others_could_not_see_is_no_invention() -> None:
    is_there = np.ones((4, 3), dtype=np.bool_)
    is_there[1:, 0] = False
    expected = np.full((4, 3), 0.9)
    expected[2:, 0] = 0.1
    assert watched(is_there, expected, 200)[1] is None


def test_honest_misses_and_false_tracks_are_seldom_held_against_anybody() -> None:
    rng = np.random.default_rng(21)
    runs, named = 60, 0
    for _ in range(runs):
        judge, objects = Judge(), 4
        mean = np.broadcast_to(flights(objects), (4, objects, 6))
        covariance = np.broadcast_to(covariance_of(50.0, 1.0, objects), (4, objects, 6, 6))
        false_track_ends = PERIOD_S * rng.geometric(0.7)
        for second in range(0, 300, PERIOD_S):
            is_there = rng.uniform(size=(4, objects)) < 0.95
            is_there[:, 3] = False
            is_there[0, 3] = second < false_track_ends
            sources = sources_of(
                mean, covariance, is_there=is_there, expected=np.full((4, objects), 0.95)
            )
            judge.step(sources, second * SECOND_NS)
        named += len(judge.named)
    assert binomtest(named, 4 * runs).proportion_ci(0.95).low < 0.01, named
    assert named / (4 * runs) < 0.01


@pytest.mark.parametrize(("kind", "advance_ns"), [(FREEZE, 10 * SECOND_NS), (REPEAT, 0)])
def test_one_who_says_the_same_again_is_named_and_a_link_that_repeats_is_not(
    kind: str, advance_ns: int
) -> None:
    mean, covariance = flights(1), covariance_of(50.0, 1.0)
    part = Filter("a", mean, covariance).report()
    judge, empty = Judge(), sources_of(np.empty((0, 0, 6)), np.empty((0, 0, 6, 6)))
    for again in range(4):
        judge.step(empty, again * SECOND_NS, reports=part)
    assert not judge.named
    for step in range(1, 3):
        said = replace(
            part,
            sequence=part.sequence + step,
            time_ns=part.time_ns + step * advance_ns,
        )
        judgement = judge.step(empty, 10 * step * SECOND_NS, reports=said)
    assert judgement.findings[0].kind == kind
    assert judgement.named == {NAMES[0]}
    judge.clear(NAMES[0])
    assert not judge.step(empty, 40 * SECOND_NS).excluded


def test_findings_fill_their_table() -> None:
    is_there = np.ones((4, 1), dtype=np.bool_)
    is_there[2] = False
    judge, _ = watched(is_there, np.full((4, 1), 0.95), 60)
    table = to_table("contributors", contributors_columns("joint", judge.named.values()))
    row = table.to_pylist()[0]
    assert row["centre"] == "joint"
    assert row["accused"] == "c"
    assert row["kind"] == DENIAL
    assert "silent on tracks that others see: 1" in row["evidence"]
