"""One bad contributor is named and left out; the honest are not; what cannot be told is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

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
    MAJORITY,
    REPEAT,
    SHIFT,
    SINGLE_SOURCE,
    TWO_DIFFER,
    Finding,
    Judge,
    Sources,
)
from commonwatch.identity import NationId
from commonwatch.tracking.estimate import predict
from tests.fusion.build import SECOND_NS, Filter, covariance_of, flights, nation
from tests.fusion.build_contributors import (
    NAMED_WITHIN_S,
    NAMES,
    ONSET_S,
    PERIOD_S,
    Look,
    direction_of,
    looks,
    named_by,
    sigmas,
    sources_of,
)

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

ERROR_RATIO_MAX = 1.2


@dataclass
class Outcome:
    named_in_time: int = 0
    wrong: int = 0
    error_ratio: float = 0.0
    kinds: tuple[str, ...] = ()


def lied(
    runs: int,
    size: Callable[[float], tuple[float, float]],
    *,
    objects: int = 1,
    names: int = 4,
    onset_s: int = ONSET_S,
    noise_m2_s3: float = 0.0,
) -> Outcome:
    """The first contributor is off in place and speed, in units of five deviations at the onset.

    The time for naming begins where a perfect test would see the lie at five deviations.
    """
    outcome, squares = Outcome(), np.zeros(2)
    for run in range(runs):
        judge, unit, deadline_s = Judge(), 0.0, None
        along = np.concatenate([direction_of(run), np.zeros(3)])
        for look in looks(runs, objects, names=names, noise_m2_s3=noise_m2_s3):
            mean = look.mean[:, run].copy()
            if look.time_s >= onset_s:
                unit = unit or 5.0 / sigmas(look, run, along)
                place, speed = size(look.time_s - onset_s)
                lie = unit * (place * along + speed * np.roll(along, 3))
                mean[0, 0] += lie
                if deadline_s is None and sigmas(look, run, lie) >= 5.0 * (1.0 - 1e-9):
                    deadline_s = look.time_s + NAMED_WITHIN_S
            judgement = judge.step(
                sources_of(mean, look.covariance[:, run]), look.time_s * SECOND_NS
            )
            for finding in judgement.findings:
                outcome.wrong += finding.accused != NAMES[0]
                if finding.accused == NAMES[0]:
                    outcome.kinds += (finding.kind,)
                    outcome.named_in_time += deadline_s is None or look.time_s <= deadline_s
            if look.time_s >= onset_s:
                squares += errors(look, run, mean, judgement.excluded)
    outcome.error_ratio = float(np.sqrt(squares[0] / squares[1]))
    return outcome


def shifted(_: float) -> tuple[float, float]:
    return 1.0, 0.0


def drifting(seconds: float) -> tuple[float, float]:
    return 0.02 * seconds, 0.0


def moving(seconds: float) -> tuple[float, float]:
    return 0.02 * seconds, 0.02


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


@pytest.mark.parametrize(
    ("objects", "names", "noise_m2_s3"), [(1, 4, 0.0), (5, 4, 0.0), (1, 3, 0.0), (1, 4, 10.0)]
)
def test_honest_contributors_are_seldom_named(objects: int, names: int, noise_m2_s3: float) -> None:
    runs = 100
    named = 0
    for run in range(runs):
        judge = Judge()
        for look in looks(runs, objects, names=names, noise_m2_s3=noise_m2_s3):
            named_by(look, run, judge, look.mean[:, run])
        named += len(judge.named)
    interval = binomtest(named, runs * names).proportion_ci(0.95)
    assert interval.high < 0.0225, named
    assert named / runs < 0.01


def in_turn(run: int, runs: int, *, lie: float = 0.0, biases_m: F64 | None = None) -> list[Sources]:
    """Each contributor reports each ten seconds in its turn; what is held each two seconds."""
    every = looks(runs, 1, period_s=1)
    unit, held, found = 0.0, {}, []
    for look in every:
        for row in range(4):
            if look.time_s % PERIOD_S == (0, 3, 5, 8)[row]:
                mean = look.mean[row, run].copy()
                mean[:, :3] += 0.0 if biases_m is None else biases_m[row]
                if row == 0 and look.time_s >= ONSET_S:
                    along = np.concatenate([direction_of(run), np.zeros(3)])
                    unit = unit or 5.0 / sigmas(look, run, along)
                    mean[0] += lie * unit * along
                held[row] = (look.time_s, mean, look.covariance[row, run])
        if len(held) == 4 and look.time_s % 2 == 0:
            words = [
                predict(mean, spread, float(look.time_s - time_s), process_noise_m2_s3=0.0)
                for time_s, mean, spread in (held[row] for row in range(4))
            ]
            mean, spread = (np.stack(each) for each in zip(*words, strict=True))
            found.append(sources_of(mean, spread))
    return found


@pytest.mark.parametrize("lie", [0.0, 1.0])
def test_reports_in_turn_and_more_steps_than_reports_change_nothing(lie: float) -> None:
    runs, in_time, wrong = 20, 0, 0
    for run in range(runs):
        judge = Judge()
        # The first step is at 30 s; a lie is told from 60 s on, in time up to 90 s.
        for step, sources in enumerate(in_turn(run, runs, lie=lie)):
            judge.step(sources, (30 + 2 * step) * SECOND_NS)
            in_time += lie > 0.0 and step == 30 and NAMES[0] in judge.named
        wrong += len(set(judge.named) - ({NAMES[0]} if lie else set()))
    assert wrong == 0
    assert in_time == (runs if lie else 0)


def test_biases_that_the_judge_is_told_of_are_no_lie() -> None:
    rng, runs, named = np.random.default_rng(6), 12, np.zeros(2)
    for run in range(runs):
        biases_m = 30.0 * rng.normal(size=(4, 3))
        sources = in_turn(run, 20, biases_m=biases_m)
        for column, bias_std_m in enumerate((0.0, 30.0)):
            judge = Judge(bias_std_m=bias_std_m)
            for step, each in enumerate(sources):
                judge.step(each, (30 + 2 * step) * SECOND_NS)
            named[column] += len(judge.named)
    assert named[0] > runs // 2
    assert named[1] == 0


@pytest.mark.parametrize(
    ("names", "onset_s", "noise_m2_s3"),
    [(3, ONSET_S, 0.0), (4, ONSET_S, 0.0), (4, 120, 0.0), (4, 20, 0.0), (4, ONSET_S, 10.0)],
)
def test_a_sudden_lie_of_five_deviations_is_named_in_time_and_costs_little(
    names: int, onset_s: int, noise_m2_s3: float
) -> None:
    runs = 100
    outcome = lied(runs, shifted, names=names, onset_s=onset_s, noise_m2_s3=noise_m2_s3)
    assert outcome.named_in_time / runs >= 0.95
    assert outcome.wrong / runs <= 0.01
    assert outcome.error_ratio < ERROR_RATIO_MAX
    assert outcome.kinds.count(SHIFT) > runs // 2


def test_a_lie_about_one_of_many_objects_is_named_too() -> None:
    outcome = lied(60, shifted, objects=5)
    assert outcome.named_in_time >= 57
    assert outcome.wrong == 0


@pytest.mark.parametrize("size", [drifting, moving])
def test_a_slow_drift_that_no_gate_would_stop_is_named_in_time_and_costs_little(
    size: Callable[[float], tuple[float, float]],
) -> None:
    runs = 100
    outcome = lied(runs, size)
    assert outcome.named_in_time / runs >= 0.95
    assert outcome.wrong / runs <= 0.01
    assert outcome.error_ratio < ERROR_RATIO_MAX
    if size is drifting:
        assert outcome.kinds.count(DRIFT) > runs // 2


def test_a_majority_that_lies_alike_is_beyond_detection_and_the_honest_are_named() -> None:
    judge = Judge()
    for look in looks(40, 1):
        mean = look.mean[:, 0].copy()
        mean[:3, :, :3] += 2_000.0
        named_by(look, 0, judge, mean)
    assert set(judge.named) == {NAMES[3]}


def test_two_against_two_names_nobody() -> None:
    judge = Judge()
    for look in looks(40, 1):
        mean = look.mean[:, 0].copy()
        mean[:2, :, :3] += 2_000.0
        named_by(look, 0, judge, mean)
    assert not judge.named


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


def test_where_half_the_contributors_lie_alike_nobody_is_named_and_that_is_said() -> None:
    judge = Judge()
    for look in looks(1, 2):
        mean = look.mean[:, 0].copy()
        if look.time_s >= ONSET_S:
            mean[:2, :, 0] += 5_000.0
        judgement = judge.step(sources_of(mean, look.covariance[:, 0]), look.time_s * SECOND_NS)
        assert judgement.words == ((CHECKED if look.time_s < ONSET_S else MAJORITY),) * 2
    assert not judge.named
    assert judgement.doubt == MAJORITY
    assert "cannot be checked" in MAJORITY
    assert "a majority that lies alike is beyond detection" in MAJORITY


def test_where_half_are_named_that_is_said_until_one_is_cleared() -> None:
    judge, look = Judge(), looks(1, 1)[0]
    sources = sources_of(look.mean[:, 0], look.covariance[:, 0])
    for name in NAMES[:2]:
        judge.named[name] = Finding(accused=name, time_ns=0, kind=SHIFT, evidence="")
    assert judge.step(sources, look.time_s * SECOND_NS).doubt == MAJORITY
    judge.clear(NAMES[0])
    assert judge.step(sources, look.time_s * SECOND_NS).doubt == ""


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


def test_a_single_invented_object_is_named_within_30_s_and_not_at_first_sight() -> None:
    is_there = np.ones((4, 3), dtype=np.bool_)
    is_there[1:, 0] = False
    expected = np.full((4, 3), 0.8)
    expected[1, 0] = np.nan
    judge, second = watched(is_there, expected, 300)
    assert second is not None
    assert PERIOD_S < second <= NAMED_WITHIN_S
    assert set(judge.named) == {NAMES[0]}


def test_who_invents_and_denies_is_left_out_until_cleared() -> None:
    is_there = np.ones((4, 2), dtype=np.bool_)
    is_there[1:, 0] = is_there[0, 1] = False
    mean = np.broadcast_to(flights(2), (4, 2, 6))
    covariance = np.broadcast_to(covariance_of(50.0, 1.0, 2), (4, 2, 6, 6))
    judge = Judge()
    sources = sources_of(mean, covariance, is_there=is_there, expected=np.full((4, 2), 0.9))
    assert not judge.step(sources, 0).excluded
    for second in range(PERIOD_S, 60, PERIOD_S):
        judgement = judge.step(sources, second * SECOND_NS)
    assert judgement.excluded == {NAMES[0]}
    judge.clear(NAMES[0])
    assert not judge.step(sources, 51 * SECOND_NS).excluded


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


def test_a_finding_says_who_denies_what() -> None:
    is_there = np.ones((4, 1), dtype=np.bool_)
    is_there[2] = False
    judge, _ = watched(is_there, np.full((4, 1), 0.95), 60)
    (finding,) = judge.named.values()
    assert (finding.accused, finding.kind) == ("c", DENIAL)
    assert "silent on tracks that others see: 1" in finding.evidence
