"""Differences of contributors: right, honest in their steps, forgotten where they do not fit."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.fusion.combination import summed
from commonwatch.fusion.differences import (
    HIDDEN_NOISE,
    Differences,
    Gaps,
    Steps,
    gaps,
    log_ratios,
    step_between,
)
from commonwatch.fusion.evidence import log_lie, log_mean
from commonwatch.tracking.estimate import predict
from tests.fusion.build import SECOND_NS, Filter, covariance_of, flights, random_covariance

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NAMES = ("a", "b", "c", "d")
STD_M = 100.0
LOOK_S = 10


@cache
def watched(count: int, noise_m2_s3: float = 0.0) -> list[tuple[F64, F64]]:
    """Whole estimates of four honest filters each ten seconds, of many objects."""
    rng = np.random.default_rng(8)
    truth = flights(count)
    filters = [Filter.begun(name, truth, rng, noise_m2_s3=noise_m2_s3) for name in NAMES]
    unit = np.array([[1.0 / 3.0, 0.5], [0.5, 1.0]])
    push = np.linalg.cholesky(np.kron(unit, np.eye(3))) * np.sqrt(noise_m2_s3)
    found = []
    for second in range(1, 101):
        truth, _ = predict(truth, covariance_of(1, 1, count), 1.0, process_noise_m2_s3=0.0)
        truth = truth + rng.normal(size=truth.shape) @ push.T
        for each in filters:
            each.advance(float(second))
            each.measure(truth[:, :3] + rng.normal(size=(count, 3)) * STD_M, STD_M)
        if second >= 2 * LOOK_S and second % LOOK_S == 0:
            mean = np.stack([each.mean for each in filters])
            found.append((mean, np.stack([each.covariance for each in filters])))
    return found


def everything(count: int) -> Mask:
    return np.ones((len(NAMES), count), dtype=np.bool_)


def test_a_difference_is_from_the_combination_of_the_others_alone() -> None:
    rng = np.random.default_rng(2)
    covariance = random_covariance(rng, 20).reshape(4, 5, 6, 6)
    mean = flights(5) + rng.normal(size=(4, 5, 6)) * 30.0
    is_there = rng.uniform(size=(4, 5)) < 0.8
    found = gaps(mean, covariance, is_there)
    for row in range(4):
        others = is_there & (np.arange(4) != row)[:, None]
        rest, spread = summed(mean, covariance, others)
        judged = is_there[row] & (others.sum(axis=0) >= 2)
        np.testing.assert_array_equal(found.is_judged[row], judged)
        np.testing.assert_allclose(
            found.gap[row, judged], (mean[row] - rest)[judged], rtol=1e-6, atol=0.01
        )
        total = (covariance[row] + spread)[judged]
        np.testing.assert_allclose(found.spread[row, judged], total, rtol=1e-9, atol=1e-12)
        product = found.information[row, judged] @ total
        np.testing.assert_allclose(product, np.broadcast_to(np.eye(6), product.shape), atol=1e-6)
        assert not found.gap[row, ~judged].any()


def test_one_who_claims_to_know_all_does_not_hide_behind_it() -> None:
    mean = np.broadcast_to(flights(1), (4, 1, 6)).copy()
    covariance = np.broadcast_to(covariance_of(50.0, 1.0), (4, 1, 6, 6)).copy()
    mean[0, :, 0] += 1_000.0
    covariance[0] *= 1e-10
    found = gaps(mean, covariance, everything(1))
    assert found.gap[0, 0, 0] == pytest.approx(1_000.0, rel=1e-4)
    assert found.information[0, 0, 0, 0] == pytest.approx(3.0 / 50.0**2, rel=1e-4)


@pytest.mark.parametrize("noise_m2_s3", [0.0, 0.01])
def test_steps_of_honest_differences_are_no_larger_than_stated(noise_m2_s3: float) -> None:
    count = 300
    before: Gaps | None = None
    steps = Steps.none(4, count)
    for mean, covariance in watched(count, noise_m2_s3):
        now = gaps(mean, covariance, everything(count))
        if before is not None:
            steps = steps.then(step_between(before, now, float(LOOK_S), steps))
        before = now
    assert steps.is_known.mean() > 0.9
    assert steps.square[steps.is_known].mean() < 6.0 * 1.1


def turning(count: int, std_m: float, turn_rad: float) -> list[tuple[F64, F64]]:
    """The looks of ``watched``, with a constant error of each centre along a line that turns."""
    rng = np.random.default_rng(8)
    error = rng.normal(size=(len(NAMES), count)) * std_m
    found = []
    for look, (mean, covariance) in enumerate(watched(count)):
        line = np.zeros(6)
        line[:2] = np.cos(look * turn_rad), np.sin(look * turn_rad)
        found.append((mean + error[..., None] * line, covariance + std_m**2 * np.outer(line, line)))
    return found


@pytest.mark.parametrize("turn_rad", [0.02, 0.035, 0.05])
def test_a_constant_error_whose_direction_turns_makes_no_step_larger_than_stated(
    turn_rad: float,
) -> None:
    count, squares = 300, []
    looks = [gaps(*look, everything(count)) for look in turning(count, 3.0 * STD_M, turn_rad)]
    for before, now in pairwise(looks):
        step = step_between(before, now, float(LOOK_S), Steps.none(4, count))
        squares.append(step.square[step.is_known])
    told = np.concatenate(squares)
    assert 0.0 < told.mean() < 6.0 * 1.1


def test_steps_without_noise_are_as_large_as_what_was_learnt() -> None:
    count = 300
    looks = [gaps(*look, everything(count)) for look in watched(count)]
    motion = np.eye(6)
    motion[:3, 3:] = LOOK_S * np.eye(3)
    for before, now in pairwise(looks[2:]):
        step = (now.gap - before.gap @ motion.T)[0]
        learnt = motion @ before.spread[0, 0] @ motion.T - now.spread[0, 0]
        square = np.einsum("ni,ij,nj->n", step, np.linalg.inv(learnt), step)
        assert abs(square.mean() - 6.0) < 5.0 * np.sqrt(12.0 / count)
        # What is left of the difference does not depend on it.
        left = np.einsum("ni,nj->ij", step, now.gap[0]) / count
        scale = np.sqrt(np.outer(np.diag(learnt), np.diag(now.spread[0, 0])))
        assert np.abs(left / scale).max() < 5.0 / np.sqrt(count)
    assert 0.0 < HIDDEN_NOISE < 0.5


def test_steps_larger_than_stated_before_make_later_ones_weigh_less() -> None:
    before, now = (gaps(*look, everything(1)) for look in watched(1)[:2])
    calm = step_between(before, now, float(LOOK_S), Steps.none(4, 1))
    assert not calm.is_checked.any()
    often = Steps.none(4, 1).then(calm).then(calm)

    def after(square: float) -> Steps:
        past = Steps(
            information=often.information,
            vector=often.vector,
            square=np.full_like(often.square, square),
            is_known=np.ones_like(often.is_known),
            is_checked=often.is_checked,
        )
        return step_between(before, now, float(LOOK_S), past)

    assert after(1.0).is_checked.all()
    np.testing.assert_allclose(after(1.0).information, calm.information)
    np.testing.assert_allclose(after(60.0).information, calm.information / 10.0)
    np.testing.assert_allclose(after(60.0).vector, calm.vector / 10.0)


def test_a_difference_that_grew_less_sure_tells_nothing() -> None:
    now = gaps(*watched(1)[-1], everything(1))
    wider = gaps(watched(1)[-1][0], 100.0 * watched(1)[-1][1], everything(1))
    assert not step_between(now, wider, float(LOOK_S), Steps.none(4, 1)).is_known.any()


def three_ways(told: list[tuple[F64, F64]]) -> list[float]:
    """Evidence of a lie about some objects, about all, and of one and the same about all.

    Of each object what is known of the lie: information, and that times the difference.
    """
    sizes = len(told[0][1])
    squares = [np.array(pull @ np.linalg.solve(part, pull)) for part, pull in told]
    each = [float(log_lie(square, sizes)) for square in squares]
    share = 1.0 / (len(told) + 1.0)
    some = float(np.sum(np.log(1.0 - share + share * np.exp(each))))
    along, total = sum(pull for _, pull in told), sum(part for part, _ in told)
    same = float(log_lie(np.array(along @ np.linalg.solve(total, along)), sizes))
    return [some, sum(each), same]


def test_the_evidence_without_steps_is_the_mean_of_its_six_ways_to_lie() -> None:
    now = gaps(*watched(2)[3], everything(2))
    found = log_ratios(now, Steps.none(4, 2))
    for row in range(4):
        ratios = []
        for size in (3, 6):
            parts = [np.linalg.inv(now.spread[row, column]) for column in range(2)]
            pulls = [part @ now.gap[row, column] for column, part in enumerate(parts)]
            told = [
                (part[:size, :size], pull[:size]) for part, pull in zip(parts, pulls, strict=True)
            ]
            ratios += three_ways(told)
        assert found[row] == pytest.approx(float(log_mean(np.array(ratios))), abs=1e-9)


def test_a_lie_shows_in_the_step_at_which_it_began_or_in_all_over_which_it_grew() -> None:
    """Half for one that was always there; half for those that began, at once or growing evenly."""
    now, rng = gaps(*watched(2)[3], everything(2)), np.random.default_rng(8)
    weight = np.linalg.inv(random_covariance(rng, 24)[:, :3, :3]).astype(np.float64)
    weight = weight.reshape(3, 4, 2, 3, 3)
    step = rng.normal(size=(3, 4, 2, 3)) * 200.0
    steps = Steps(
        information=weight,
        vector=np.einsum("...ij,...j->...i", weight, step),
        square=np.full((3, 4, 2), 6.0),
        is_known=np.ones((3, 4, 2), dtype=np.bool_),
        is_checked=np.ones((3, 4, 2), dtype=np.bool_),
    )
    found = log_ratios(now, steps)
    ever = log_ratios(now, Steps.none(4, 2))
    # The share of its final size that a lie adds at each of the three steps.
    shares = ([1, 0, 0], [0, 1, 0], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3], [0, 1 / 2, 1 / 2])
    for row in range(4):
        began = []
        for share in shares:
            told = []
            for column in range(2):
                part = np.linalg.inv(now.spread[row, column])
                pull = (part @ now.gap[row, column])[:3]
                part = part[:3, :3]
                for k in range(3):
                    part = part + share[k] ** 2 * weight[k, row, column]
                    pull = pull + share[k] * weight[k, row, column] @ step[k, row, column]
                told.append((part, pull))
            began += three_ways(told)
        both = np.array([ever[row], float(log_mean(np.array(began)))])
        assert found[row] == pytest.approx(float(log_mean(both)), abs=1e-9)


def test_one_small_lie_about_everything_shows_though_none_of_it_does() -> None:
    mean, covariance = (part.copy() for part in watched(25)[3])
    mean[:] = flights(25)
    before = log_ratios(gaps(mean, covariance, everything(25)), Steps.none(4, 25))
    deviation = np.sqrt(1.0 / np.linalg.inv(covariance[0, 0])[0, 0])
    mean[0, :, 0] += 2.0 * deviation
    one = log_ratios(gaps(mean[:, :1], covariance[:, :1], everything(1)), Steps.none(4, 1))
    found = log_ratios(gaps(mean, covariance, everything(25)), Steps.none(4, 25))
    assert before[0] < 0.0
    assert one[0] < np.log(10.0)
    assert found[0] > np.log(1e6)


def seen(judged: Differences, look: int, use: npt.NDArray[np.int64], is_there: Mask) -> F64:
    """Take one look in; the evidence."""
    mean, covariance = watched(4)[look]
    _, ratio = judged.step(
        NAMES,
        use,
        look * LOOK_S * SECOND_NS,
        state_vector=mean[:, use],
        covariance=covariance[:, use],
        is_there=is_there,
    )
    return ratio


def evidence(order: list[int], *, away: dict[int, int] | None = None) -> list[F64]:
    """Evidence look by look, the objects of every other in a given order; some one away at some."""
    judged, found = Differences(float(LOOK_S)), []
    for look in range(len(watched(4))):
        use = np.array(order if look % 2 else sorted(order))
        is_there = everything(len(use))
        if away is not None and look in away:
            is_there[away[look]] = False
        found.append(seen(judged, look, use, is_there))
    return found


def test_the_order_of_objects_does_not_matter() -> None:
    for one, two in zip(evidence([0, 1, 2, 3]), evidence([2, 0, 3, 1]), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9)


def test_a_step_is_taken_between_looks_of_the_same_contributors() -> None:
    """One away at a look: the steps of the others are as if he had never been, both times."""
    use, without = np.arange(4), everything(4)
    without[3] = False
    judged, bare = Differences(float(LOOK_S)), Differences(float(LOOK_S))
    for look in range(5):
        is_last = look == 4
        seen(judged, look, use, without if is_last else everything(4))
        seen(bare, look, use, without)
    one, two = judged.steps, bare.steps
    np.testing.assert_allclose(one.square[-1, :3], two.square[-1, :3], rtol=1e-6)
    assert one.is_known[-1, :3].all()
    assert not one.is_known[-1, 3].any()


def test_who_was_away_steps_from_the_look_before() -> None:
    judged = Differences(float(LOOK_S))
    for look in range(5):
        is_there = everything(4)
        is_there[0] = look != 3
        seen(judged, look, np.arange(4), is_there)
    before, now = (gaps(*watched(4)[look], everything(4)) for look in (2, 4))
    step = step_between(before, now, 2.0 * LOOK_S, Steps.none(4, 4))
    np.testing.assert_allclose(judged.steps.square[-1, 0], step.square[0, 0], rtol=1e-6)


def test_what_was_remembered_can_be_forgotten() -> None:
    judged = Differences(float(LOOK_S))
    for look in range(5):
        seen(judged, look, np.arange(4), everything(4))
    judged.forget()
    found = seen(judged, 5, np.arange(4), everything(4))
    now = gaps(*watched(4)[5], everything(4))
    np.testing.assert_array_equal(found, log_ratios(now, Steps.none(4, 4)))


def test_after_a_long_pause_all_begins_again() -> None:
    judged = Differences(float(LOOK_S))
    mean, covariance = watched(4)[-1]
    for time_s in (0, 10, 20, 30, 200):
        now, found = judged.step(
            NAMES,
            np.arange(4),
            time_s * SECOND_NS,
            state_vector=mean,
            covariance=covariance,
            is_there=everything(4),
        )
    np.testing.assert_array_equal(found, log_ratios(now, Steps.none(4, 4)))


def test_the_history_of_an_object_is_by_its_number() -> None:
    judged = Differences(float(LOOK_S))
    for look in range(3):
        use = np.array([[0, 1, 2], [2, 1], [1, 2]][look])
        seen(judged, look, use, everything(len(use)))
    expected = [
        gaps(mean[:, 2:3], covariance[:, 2:3], everything(1)).gap[1, 0, :3]
        for mean, covariance in watched(4)[:3]
    ]
    np.testing.assert_allclose(judged.history("b", 2), expected, rtol=1e-6, atol=1e-6)
    assert judged.history("b", 0).shape == (1, 3)
    assert judged.history("nobody", 2).shape == (0, 3)
