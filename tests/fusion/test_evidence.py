"""Evidence has the mean one under honesty, and honest contributors seldom reach much of it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import multivariate_normal

from commonwatch.fusion.evidence import (
    LIE_VARIANCE,
    DenialEvidence,
    InventionEvidence,
    believable,
    log_disagreement,
    log_lie,
    log_mean,
    log_pooled,
    square_of,
)
from tests.fusion.build import random_covariance

F64 = npt.NDArray[np.float64]

DRAWS = 200_000
ONE = (1, 1)
EVERYTHING = np.ones(ONE, dtype=np.bool_)


def honest(rng: np.random.Generator, count: int) -> tuple[F64, F64]:
    covariance = random_covariance(rng, 1)[0]
    lower = np.linalg.cholesky(covariance)
    spread = np.broadcast_to(covariance, (count, 6, 6))
    return rng.normal(size=(count, 6)) @ lower.T, spread


def lied(rng: np.random.Generator, count: int) -> tuple[F64, F64]:
    """Differences of liars, half of them about position alone, as the ratio takes them to be."""
    errors, spread = honest(rng, count)
    open_position = np.linalg.inv(np.linalg.inv(spread[0])[:3, :3])
    lies = rng.normal(size=(count, 6)) @ np.linalg.cholesky(spread[0]).T
    lies[::2, :3] = rng.normal(size=(len(lies[::2]), 3)) @ np.linalg.cholesky(open_position).T
    lies[::2, 3:] = 0.0
    return errors + math.sqrt(LIE_VARIANCE) * lies, spread


def assert_mean_is_one(ratio: F64) -> None:
    assert abs(ratio.mean() - 1.0) < 5.0 * ratio.std() / math.sqrt(len(ratio))


@pytest.mark.parametrize("size", [3, 6])
def test_the_ratio_of_a_difference_is_that_of_two_normal_densities(size: int) -> None:
    rng = np.random.default_rng(1)
    difference, covariance = honest(rng, 20)
    for gap, spread in zip(3.0 * difference[:, :size], covariance, strict=True):
        part = spread[:size, :size]
        square = float(gap @ np.linalg.solve(part, gap))
        ratio = multivariate_normal.pdf(gap, cov=(1.0 + LIE_VARIANCE) * part)
        ratio /= multivariate_normal.pdf(gap, cov=part)
        assert float(log_lie(np.array(square), size)) == pytest.approx(math.log(ratio))


@pytest.mark.parametrize("size", [1, 3, 6])
def test_the_square_is_that_of_the_inverse_matrix(size: int) -> None:
    rng = np.random.default_rng(11)
    matrix = random_covariance(rng, 12).reshape(3, 4, 6, 6)[..., :size, :size]
    vector = rng.normal(size=(3, 4, size))
    is_judged = rng.uniform(size=(3, 4)) < 0.7
    square = square_of(matrix, vector, is_judged)
    for place in np.ndindex(3, 4):
        expected = float(vector[place] @ np.linalg.inv(matrix[place]) @ vector[place])
        assert square[place] == pytest.approx(expected if is_judged[place] else 0.0, rel=1e-9)


def test_a_lie_about_position_is_found_by_what_an_honest_velocity_leaves_open() -> None:
    rng = np.random.default_rng(12)
    _, spread = honest(rng, 1)
    lie = np.array([40.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    error = np.linalg.cholesky(spread[0]) @ rng.normal(size=6)
    best = error[:3] - spread[0, :3, 3:] @ np.linalg.solve(spread[0, 3:, 3:], error[3:])
    left = np.linalg.inv(np.linalg.inv(spread[0])[:3, :3])
    square = (best + lie[:3]) @ np.linalg.solve(left, best + lie[:3])
    whole = (error + lie) @ np.linalg.solve(spread[0], error + lie)
    each = [float(log_lie(np.array(square), 3)), float(log_lie(np.array(whole), 6))]
    found = float(log_disagreement(error + lie, spread[0]))
    assert found == pytest.approx(math.log(np.mean(np.exp(each))))


def test_it_is_a_ratio_of_probabilities_so_that_honesty_seldom_reaches_much_of_it() -> None:
    rng = np.random.default_rng(2)
    # The mean of the ratio under honesty is one, but reached by rare large values; its inverse has
    # the mean one under the lie, and is bounded.
    assert_mean_is_one(np.exp(-log_disagreement(*lied(rng, DRAWS))))
    ratio = np.exp(log_disagreement(*honest(rng, DRAWS)))
    for level in (10.0, 100.0):
        assert (ratio >= level).mean() < 1.0 / level


def test_pooling_over_objects_is_such_a_ratio_too() -> None:
    rng = np.random.default_rng(3)
    said = np.stack([log_disagreement(*draw(rng, DRAWS)) for draw in (honest, lied)])
    is_lied = (rng.uniform(size=(DRAWS // 4, 4)) < 1.0 / 5.0).ravel()
    each = np.where(is_lied, rng.permutation(said[1]), said[0]).reshape(-1, 4)
    everything = np.ones(each.shape, dtype=np.bool_)
    assert_mean_is_one(np.exp(-log_pooled(each, everything)))
    pooled = np.exp(log_pooled(said[0].reshape(-1, 4), everything))
    assert (pooled >= 100.0).mean() < 0.01


def test_objects_that_are_not_judged_weigh_nothing() -> None:
    each = np.array([3.0, 50.0, 1.0])
    judged = np.array([True, False, True])
    two = log_pooled(each[judged], np.ones(2, dtype=np.bool_))
    assert float(log_pooled(each, judged)) == pytest.approx(float(two))
    assert float(log_pooled(each, np.zeros(3, dtype=np.bool_))) == 0.0


def test_the_mean_of_logarithms_does_not_overflow() -> None:
    logarithms = np.array([[1e4, -1e4], [1e4, -1e4]])
    np.testing.assert_allclose(log_mean(logarithms), [1e4, -1e4])


def test_evidence_of_denial_seldom_grows_under_honesty() -> None:
    rng = np.random.default_rng(4)
    shape = (4_000, 1)
    evidence, peak = DenialEvidence.begun(shape), np.zeros(shape)
    for _ in range(20):
        reported = rng.uniform(size=shape) < 0.9
        evidence.look(np.full(shape, 0.9), reported, np.ones(shape, dtype=np.bool_))
        peak = np.maximum(peak, evidence.log_ratio)
    # Heavy-tailed: the mean of one is reached only by rare large values; the bound is what counts.
    assert np.exp(evidence.log_ratio).mean() < 1.5
    for level in (10.0, 100.0):
        assert (peak >= math.log(level)).mean() < 1.0 / level


@pytest.mark.parametrize(("is_reported", "factor"), [(False, 0.98 / 0.1), (True, 0.02 / 0.9)])
def test_one_look_of_denial_is_worth_what_bayes_says(is_reported: bool, factor: float) -> None:
    evidence = DenialEvidence.begun(ONE)
    evidence.look(np.full(ONE, 0.9), np.full(ONE, is_reported), EVERYTHING)
    assert math.exp(evidence.log_ratio[0, 0]) == pytest.approx(0.5 * factor + 0.5)


def test_one_who_has_spoken_of_an_object_begins_to_deny_it_at_one_look_in_ten() -> None:
    evidence = DenialEvidence.begun(ONE)
    evidence.look(np.full(ONE, 0.9), ~EVERYTHING, EVERYTHING, has_spoken=EVERYTHING)
    assert math.exp(evidence.log_ratio[0, 0]) == pytest.approx(0.1 * 0.98 / 0.1 + 0.9)


def test_looks_that_are_not_judged_change_nothing() -> None:
    denial, invention = DenialEvidence.begun(ONE), InventionEvidence.begun(ONE)
    denial.look(np.full(ONE, np.nan), ~EVERYTHING, ~EVERYTHING)
    invention.look(np.full(ONE, -5.0), ~EVERYTHING)
    assert denial.log_ratio[0, 0] == invention.log_ratio[0, 0] == 0.0


def test_silence_adds_up_and_a_later_beginning_is_found_too() -> None:
    early, late = DenialEvidence.begun(ONE), DenialEvidence.begun(ONE)
    expected = np.full(ONE, 0.95)
    for _ in range(10):
        late.look(expected, EVERYTHING, EVERYTHING)
    for _ in range(4):
        early.look(expected, ~EVERYTHING, EVERYTHING)
        late.look(expected, ~EVERYTHING, EVERYTHING)
    assert early.log_ratio[0, 0] > late.log_ratio[0, 0] > math.log(300.0)


def test_what_others_should_have_seen_and_a_false_track_explain_silence_differently() -> None:
    evidence = InventionEvidence.begun(ONE)
    missed = np.full(ONE, 2.0 * math.log(0.1))
    evidence.look(missed, EVERYTHING)
    assert math.exp(-evidence.log_ratio[0, 0]) == pytest.approx(0.05 * 0.3 + 0.95 * 0.01)
    for _ in range(3):
        evidence.look(missed, EVERYTHING)
    assert math.exp(-evidence.log_ratio[0, 0]) == pytest.approx(0.05 * 0.3**4 + 0.95 * 1e-8)
    evidence.forget(EVERYTHING)
    assert evidence.log_ratio[0, 0] == 0.0


def test_no_honest_silence_is_surer_than_an_outage_nor_of_who_speaks_than_a_lost_track() -> None:
    reported = np.array([[False, True], [False, False]])
    found = believable(np.array([[0.999999, 0.9], [0.999999, 0.9]]), reported)
    np.testing.assert_array_equal(found, [[0.998, 0.9], [0.95, 0.9]])
