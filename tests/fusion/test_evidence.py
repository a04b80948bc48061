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
    log_common_shift,
    log_disagreement,
    log_mean,
    log_pooled,
)
from tests.fusion.build import random_covariance

F64 = npt.NDArray[np.float64]

DRAWS = 200_000


def honest(rng: np.random.Generator, count: int) -> tuple[F64, F64]:
    covariance = random_covariance(rng, 1)[0]
    lower = np.linalg.cholesky(covariance)
    spread = np.broadcast_to(covariance, (count, 6, 6))
    return rng.normal(size=(count, 6)) @ lower.T, spread


def assert_mean_is_one(ratio: F64) -> None:
    assert abs(ratio.mean() - 1.0) < 5.0 * ratio.std() / math.sqrt(len(ratio))


def test_the_ratio_of_a_difference_is_that_of_two_normal_densities() -> None:
    rng = np.random.default_rng(1)
    difference, covariance = honest(rng, 20)
    for gap, spread in zip(difference * 3.0, covariance, strict=True):
        each = [
            multivariate_normal.pdf(gap[:size], cov=(1.0 + LIE_VARIANCE) * spread[:size, :size])
            / multivariate_normal.pdf(gap[:size], cov=spread[:size, :size])
            for size in (3, 6)
        ]
        assert float(log_disagreement(gap, spread)) == pytest.approx(math.log(np.mean(each)))


def test_honest_differences_have_a_mean_ratio_of_one() -> None:
    rng = np.random.default_rng(2)
    ratio = np.exp(log_disagreement(*honest(rng, DRAWS)))
    assert_mean_is_one(ratio)
    for level in (10.0, 100.0):
        assert (ratio >= level).mean() < 1.0 / level


def test_pooling_over_objects_keeps_the_mean_at_one() -> None:
    rng = np.random.default_rng(3)
    difference, covariance = honest(rng, DRAWS)
    each = log_disagreement(difference, covariance).reshape(-1, 4)
    pooled = np.exp(log_pooled(each, np.ones(each.shape, dtype=np.bool_)))
    assert_mean_is_one(pooled)
    assert (pooled >= 100.0).mean() < 0.01


def test_objects_that_are_not_judged_weigh_nothing() -> None:
    each = np.array([3.0, 50.0, 1.0])
    judged = np.array([True, False, True])
    two = log_pooled(each[judged], np.ones(2, dtype=np.bool_))
    assert float(log_pooled(each, judged)) == pytest.approx(float(two))
    assert float(log_pooled(each, np.zeros(3, dtype=np.bool_))) == 0.0
    assert (
        float(log_common_shift(np.ones((3, 6)), np.stack([np.eye(6)] * 3), ~judged & judged)) == 0
    )


def test_one_small_lie_about_everything_shows_though_none_of_it_does() -> None:
    gap = np.tile([2.0, 0.0, 0.0, 0.0, 0.0, 0.0], (25, 1))
    spread = np.stack([np.eye(6)] * 25)
    everything = np.ones(25, dtype=np.bool_)
    assert float(log_pooled(log_disagreement(gap, spread), everything)) < math.log(10.0)
    assert float(log_common_shift(gap, spread, everything)) > math.log(1e6)


def test_the_mean_of_logarithms_does_not_overflow() -> None:
    logarithms = np.array([[1e4, -1e4], [1e4, -1e4]])
    np.testing.assert_allclose(log_mean(logarithms), [1e4, -1e4])


def test_evidence_of_denial_has_the_mean_one_under_honesty_and_seldom_grows() -> None:
    rng = np.random.default_rng(4)
    ends, highest = [], []
    for _ in range(4_000):
        evidence, peak = DenialEvidence(), 0.0
        for reported in rng.uniform(size=20) < 0.9:
            evidence.look(0.9, is_reported=bool(reported))
            peak = max(peak, evidence.log_ratio)
        ends.append(math.exp(evidence.log_ratio))
        highest.append(peak)
    # Heavy-tailed: the mean is reached only by rare large values; the bound is what counts.
    assert np.mean(ends) < 1.5
    for level in (10.0, 100.0):
        assert (np.array(highest) >= math.log(level)).mean() < 1.0 / level


def test_one_look_of_denial_is_worth_what_bayes_says() -> None:
    for reported, factor in ((False, 0.98 / 0.1), (True, 0.02 / 0.9)):
        evidence = DenialEvidence()
        evidence.look(0.9, is_reported=reported)
        assert math.exp(evidence.log_ratio) == pytest.approx(0.5 * factor + 0.5)


def test_silence_adds_up_and_a_later_beginning_is_found_too() -> None:
    early, late = DenialEvidence(), DenialEvidence()
    for _ in range(10):
        late.look(0.95, is_reported=True)
    for _ in range(4):
        early.look(0.95, is_reported=False)
        late.look(0.95, is_reported=False)
    assert early.log_ratio > late.log_ratio > math.log(300.0)


def test_what_others_should_have_seen_and_a_false_track_explain_silence_differently() -> None:
    evidence = InventionEvidence()
    evidence.look(np.array([0.9, 0.9]))
    assert math.exp(-evidence.log_ratio) == pytest.approx(0.1 * 0.5 + 0.9 * 0.01)
    for _ in range(3):
        evidence.look(np.array([0.9, 0.9]))
    assert math.exp(-evidence.log_ratio) == pytest.approx(0.1 * 0.5**4 + 0.9 * 1e-8)
