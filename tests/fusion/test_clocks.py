"""Which clocks are off: against every choice written out, and against draws."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import multivariate_normal

from commonwatch.fusion.clocks import OFF_PROBABILITY, OFF_STD_S, weighed

F64 = npt.NDArray[np.float64]
KEPT_STD_S = 0.01
PRIOR = np.array([[90.0, 3e-3, 3e-3, KEPT_STD_S]] * 2)


def told_of(value: F64, std: F64, seed: int) -> tuple[F64, F64]:
    """Information of noisy sums of all terms, and that times what they say."""
    rng = np.random.default_rng(seed)
    sums = rng.normal(size=(7, 8)) / std
    return sums.T @ sums, sums.T @ (sums @ value + rng.normal(size=7))


@pytest.mark.parametrize("seed", range(4))
def test_all_choices_of_two_clocks_written_out_give_the_same(seed: int) -> None:
    rng = np.random.default_rng([seed, 1])
    std = np.tile([30.0, 1e-3, 1e-3, 0.03], 2)
    news, vector = told_of(rng.normal(size=8) * std, std, seed)
    # What the plots say, as measured values with their covariance, ever so little beside nothing.
    weight, mean, second = 0.0, np.zeros(8), np.zeros((8, 8))
    half = np.linalg.cholesky(news + np.diag(1e-12 * np.diag(news))).T
    measured = np.linalg.solve(half.T, vector)
    for is_off in product([False, True], repeat=2):
        prior = PRIOR.copy()
        prior[:, 3] = np.where(is_off, OFF_STD_S, KEPT_STD_S)
        before = np.diag(prior.ravel() ** 2)
        chance = np.prod(np.where(is_off, OFF_PROBABILITY, 1.0 - OFF_PROBABILITY))
        spread = half @ before @ half.T + np.eye(8)
        share = chance * multivariate_normal(np.zeros(8), spread).pdf(measured)
        gain = before @ half.T @ np.linalg.inv(spread)
        one = gain @ measured
        weight += share
        mean += share * one
        second += share * (before - gain @ half @ before + np.outer(one, one))
    mean /= weight
    value, covariance = weighed(news, vector, PRIOR)
    scale = np.outer(std, std)
    assert value.ravel() / std == pytest.approx(mean / std, abs=1e-5)
    wanted = second / weight - np.outer(mean, mean)
    assert covariance / scale == pytest.approx(wanted / scale, abs=1e-5)


def test_of_three_clocks_the_one_that_differs_is_off() -> None:
    apart = np.zeros((2, 12))
    apart[[0, 1], [3, 7]], apart[[0, 1], [7, 11]] = 1.0, -1.0
    true = np.zeros(12)
    true[3] = 0.15
    news = apart.T @ apart / 0.002**2
    value, covariance = weighed(news, news @ true, np.vstack([PRIOR, PRIOR[:1]]))
    assert value[:, 3] == pytest.approx([0.15, 0.0, 0.0], abs=0.01)
    assert np.sqrt(np.diag(covariance))[3::4].max() < 0.03


def test_without_any_plot_there_is_what_was_expected() -> None:
    value, covariance = weighed(np.zeros((8, 8)), np.zeros(8), PRIOR)
    assert (value == 0.0).all()
    time = OFF_PROBABILITY * OFF_STD_S**2 + (1.0 - OFF_PROBABILITY) * KEPT_STD_S**2
    wanted = np.column_stack([PRIOR[:, :3] ** 2, [time, time]]).ravel()
    assert np.diag(covariance) == pytest.approx(wanted, rel=1e-9)


def test_a_sensor_without_constant_errors_keeps_none() -> None:
    prior = PRIOR.copy()
    prior[1] = 0.0
    news, vector = told_of(np.ones(8), np.tile([30.0, 1e-3, 1e-3, 0.03], 2), 3)
    value, covariance = weighed(news, vector, prior)
    assert np.abs(value[1]).max() < 1e-9
    assert np.abs(covariance[4:]).max() < 1e-9
