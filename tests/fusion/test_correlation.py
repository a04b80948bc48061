"""Tracks of one object are paired; tracks of two are not, however close they fly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.stats import binomtest, chi2, ncx2

from commonwatch.errors import InputError
from commonwatch.fusion.correlation import (
    Pairs,
    Settings,
    at_instant,
    correlate,
    pair_probability,
)
from commonwatch.tracking.estimate import empty_estimates
from tests.fusion.build import (
    SECOND_NS,
    covariance_of,
    estimates,
    flights,
    random_covariance,
)

F64 = npt.NDArray[np.float64]

CLOSE_M = 300.0
GOOD_M, POOR_M = 50.0, 150.0
"""Standard deviations of a coordinate of tracks."""
FALSE_MAX = 0.01
TRIALS = 400
CONFIDENCE = 0.95


def drawn(rng: np.random.Generator, truth: F64, covariance: F64) -> F64:
    lower = np.linalg.cholesky(covariance)
    return np.asarray(truth + np.einsum("nij,nj->ni", lower, rng.normal(size=truth.shape)))


def wrong(pairs: Pairs) -> int:
    return int((pairs.first_track + 100 != pairs.second_track).sum())


def count_wrong(
    truth: F64,
    position_m: float,
    *,
    trials: int = TRIALS,
    shift: F64 | None = None,
    **changed: float,
) -> tuple[int, int]:
    """False pairs and true pairs of many draws of two centres' tracks."""
    rng = np.random.default_rng(11)
    covariance = covariance_of(position_m, 0.02 * position_m, len(truth))
    settings = replace(Settings(), **changed)  # type: ignore[arg-type]
    false = true = 0
    for _ in range(trials):
        one = estimates(drawn(rng, truth, covariance), covariance)
        moved = truth + (0.0 if shift is None else shift)
        two = estimates(drawn(rng, moved, covariance), covariance, first_track=101)
        pairs = correlate(one, two, settings=settings)
        false += wrong(pairs)
        true += len(pairs) - wrong(pairs)
    return false, true


def upper(count: int, of: int) -> float:
    return float(binomtest(count, of).proportion_ci(CONFIDENCE).high)


def lower(count: int, of: int) -> float:
    return float(binomtest(count, of).proportion_ci(CONFIDENCE).low)


def test_two_objects_300_m_apart_side_by_side_are_not_mixed_up() -> None:
    false, true = count_wrong(flights(2, apart_m=CLOSE_M), GOOD_M)
    assert upper(false, 2 * TRIALS) < FALSE_MAX, false
    assert lower(true, 2 * TRIALS) > 0.98, true


def test_mixing_up_is_as_rare_as_theory_says_where_tracks_are_poor() -> None:
    # Exchanging the two is likelier when the noise across exceeds half of the distance.
    truth = flights(2, apart_m=CLOSE_M)
    false, true = count_wrong(truth, POOR_M, gate_probability=1 - 1e-9)
    # The sum of squares prefers the exchange where the two gaps point apart: drawn directly.
    rng = np.random.default_rng(17)
    gap = np.zeros(6)
    gap[1] = CLOSE_M / POOR_M
    one, two = (gap + np.sqrt(2.0) * rng.normal(size=(200_000, 6)) for _ in range(2))
    expected = float(((one * two).sum(axis=1) < 0.0).mean())
    interval = binomtest(false // 2, TRIALS).proportion_ci(0.999)
    assert interval.low < expected < interval.high, (false, true, expected)


def test_objects_whose_paths_cross_are_told_apart_by_their_velocity() -> None:
    truth = flights(2, apart_m=0.0)
    truth[1, 4] *= -1.0
    false, true = count_wrong(truth, GOOD_M)
    assert false == 0
    assert upper(false, 2 * TRIALS) < 0.01
    assert lower(true, 2 * TRIALS) > 0.98, true


def test_different_objects_that_only_one_side_sees_are_seldom_merged() -> None:
    rng = np.random.default_rng(12)
    covariance = covariance_of(50.0, 1.0)
    merged = 0
    for _ in range(TRIALS):
        truth = flights(2, apart_m=CLOSE_M)
        one = estimates(drawn(rng, truth[:1], covariance), covariance)
        two = estimates(drawn(rng, truth[1:], covariance), covariance, first_track=101)
        merged += len(correlate(one, two))
    # Noncentral chi-square: 300 m is 4.2 standard deviations of the difference.
    gate = chi2.ppf(Settings().gate_probability, 6)
    expected = float(ncx2.cdf(gate, 6, CLOSE_M**2 / (2.0 * 50.0**2)))
    interval = binomtest(merged, TRIALS).proportion_ci(0.999)
    assert interval.low < expected < interval.high


def test_a_source_that_is_not_registered_is_matched_by_its_pattern() -> None:
    rng = np.random.default_rng(13)
    truth = flights(6, apart_m=0.0)
    truth[:, :3] += rng.uniform(-1_000.0, 1_000.0, size=(6, 3))
    shift = np.array([250.0, -350.0, 150.0, 0.0, 0.0, 0.0])
    _, plain = count_wrong(truth, 20.0, trials=40, shift=shift)
    false, true = count_wrong(truth, 20.0, trials=40, shift=shift, common_offset_std_m=300.0)
    assert upper(false, 240) < 0.02, false
    assert lower(true, 240) > 0.97, true
    assert plain < 120


def test_the_offset_of_a_source_is_estimated() -> None:
    rng = np.random.default_rng(14)
    truth = flights(8, apart_m=3_000.0)
    covariance = covariance_of(20.0, 0.4, 8)
    shift = np.array([200.0, 300.0, -100.0])
    moved = truth.copy()
    moved[:, :3] += shift
    pairs = correlate(
        estimates(drawn(rng, truth, covariance), covariance),
        estimates(drawn(rng, moved, covariance), covariance, first_track=101),
        settings=Settings(common_offset_std_m=500.0),
    )
    assert len(pairs) == 8
    assert np.abs(pairs.offset_ecef_m + shift).max() < 4.0 * 20.0 * np.sqrt(2.0 / 8.0)


def test_the_assignment_is_the_best_of_all() -> None:
    rng = np.random.default_rng(15)
    for _ in range(30):
        truth = flights(5, apart_m=60.0)
        one, two = random_covariance(rng, 5, 40.0), random_covariance(rng, 5, 40.0)
        settings = Settings(gate_probability=1 - 1e-9, neighbour_density=1e-60)
        first, second = drawn(rng, truth, one), drawn(rng, truth, two)
        pairs = correlate(
            estimates(first, one), estimates(second, two, first_track=0), settings=settings
        )
        cost = np.empty((5, 5))
        for i in range(5):
            for j in range(5):
                gap, spread = first[i] - second[j], one[i] + two[j]
                cost[i, j] = gap @ np.linalg.solve(spread, gap) + np.linalg.slogdet(spread)[1]
        rows, columns = linear_sum_assignment(cost)
        if len(pairs) == 5:
            chosen = cost[pairs.first_track - 1, pairs.second_track].sum()
            assert chosen == pytest.approx(cost[rows, columns].sum(), rel=1e-9)


def test_an_honest_pair_passes_the_gate_as_often_as_chi_square_says() -> None:
    false, true = count_wrong(flights(1), 100.0, trials=4_000, gate_probability=0.99)
    interval = binomtest(true, 4_000).proportion_ci(0.999)
    assert false == 0
    assert interval.low < 0.99 < interval.high


def test_a_pair_is_kept_over_time_and_given_up_after_some_misses() -> None:
    settings = Settings(missed_max=2)
    covariance = covariance_of(50.0, 1.0)
    truth = flights(1)
    far = truth.copy()
    far[0, 0] += 600.0
    one, near = estimates(truth, covariance), estimates(truth, covariance, first_track=101)
    away = estimates(far, covariance, first_track=101)
    pairs = correlate(one, near, settings=settings)
    assert pairs.agreed.tolist() == [1]
    pairs = correlate(one, near, held=pairs, settings=settings)
    assert pairs.agreed.tolist() == [2]
    for missed in (1, 2):
        pairs = correlate(one, away, held=pairs, settings=settings)
        assert pairs.missed.tolist() == [missed]
        assert pairs.agreed.tolist() == [2]
    assert len(correlate(one, away, held=pairs, settings=settings)) == 0


def test_a_pair_that_is_held_does_not_change_for_a_trifle() -> None:
    covariance = covariance_of(50.0, 1.0, 2)
    truth = flights(2, apart_m=50.0)
    swapped = truth[::-1].copy()
    swapped[:, 1] = 0.4 * swapped[:, 1] + 0.6 * truth[:, 1].mean()
    held = correlate(estimates(truth, covariance), estimates(truth, covariance, first_track=101))
    fresh = correlate(estimates(truth, covariance), estimates(swapped, covariance, first_track=101))
    kept = correlate(
        estimates(truth, covariance), estimates(swapped, covariance, first_track=101), held=held
    )
    assert wrong(held) == 0
    assert wrong(fresh) == 2
    assert wrong(kept) == 0


def test_the_chance_of_being_one_object_sums_to_less_than_one_for_each_track() -> None:
    rng = np.random.default_rng(16)
    probability = pair_probability(rng.normal(size=(6, 9)) * 20.0)
    assert (probability > 0.0).all()
    assert probability.sum(axis=0).max() <= 1.0 + 1e-9
    assert probability.sum(axis=1).max() <= 1.0 + 1e-9


def test_the_chance_of_a_lonely_pair_is_bayes_rule() -> None:
    for cost in (-8.0, 0.0, 5.0):
        ratio = np.exp(-0.5 * cost)
        assert pair_probability(np.array([[cost]]))[0, 0] == pytest.approx(ratio / (1.0 + ratio))


def test_two_close_rivals_share_the_chance() -> None:
    covariance = covariance_of(50.0, 1.0, 2)
    both = estimates(flights(2, apart_m=1.0), covariance)
    other = estimates(flights(2, apart_m=1.0), covariance, first_track=101)
    assert correlate(both, other).probability == pytest.approx([1.0 / 3.0] * 2, abs=0.01)


def test_what_may_share_looks_is_given_more_room() -> None:
    covariance = covariance_of(50.0, 1.0)
    one = estimates(flights(1), covariance)
    far = flights(1)
    far[0, 1] += 400.0
    two = estimates(far, covariance, first_track=101)
    assert len(correlate(one, two)) == 0
    pairs = correlate(one, two, settings=Settings(is_correlation_known=False))
    assert len(pairs) == 1
    assert pairs.distance_squared[0] == pytest.approx(400.0**2 / (4.0 * 50.0**2))


def test_tracks_of_different_times_are_refused_and_brought_together_by_prediction() -> None:
    covariance = covariance_of(50.0, 1.0)
    one = estimates(flights(1), covariance)
    two = estimates(flights(1), covariance, first_track=101, time_ns=10 * SECOND_NS)
    with pytest.raises(InputError, match="different times"):
        correlate(one, two)
    moved = at_instant(one, 10 * SECOND_NS)
    assert len(correlate(moved, two)) == 0
    there_and_back = at_instant(at_instant(one, 10 * SECOND_NS), 0)
    assert len(correlate(there_and_back, estimates(flights(1), covariance))) == 1


def test_no_tracks_give_no_pairs() -> None:
    one = estimates(flights(1), covariance_of(50.0, 1.0))
    for first, second in (
        (one, empty_estimates()),
        (empty_estimates(), one),
        (empty_estimates(), empty_estimates()),
    ):
        assert len(correlate(first, second)) == 0
        assert len(correlate(first, second, settings=Settings(common_offset_std_m=10.0))) == 0
