"""Intervals and bands, judged by SciPy and by their definition."""

from __future__ import annotations

import pytest
from scipy import stats

from commonwatch.studies.score_intervals import (
    binomial_count,
    chi_square_band,
    chi_square_quantile,
    poisson_count,
)


@pytest.mark.parametrize("freedom", [1, 2, 3, 6, 60, 1_200, 180_000])
@pytest.mark.parametrize("probability", [0.001, 0.025, 0.5, 0.975, 0.999])
def test_quantiles_of_chi_square_are_those_of_scipy(probability: float, freedom: int) -> None:
    expected = stats.chi2.ppf(probability, freedom)
    assert chi_square_quantile(probability, freedom) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 50, 1_000])
def test_the_interval_of_a_count_leaves_a_fortieth_on_each_side(count: int) -> None:
    counted = poisson_count(count)
    assert counted.count == count
    assert stats.poisson.cdf(count, counted.high) == pytest.approx(0.025, rel=1e-8)
    if count:
        assert stats.poisson.sf(count - 1, counted.low) == pytest.approx(0.025, rel=1e-8)
    else:
        assert counted.low == 0.0


@pytest.mark.parametrize(
    ("count", "among"), [(0, 1), (1, 1), (0, 10), (10, 10), (3, 7), (1, 1_000), (500, 1_000)]
)
def test_the_interval_of_a_part_is_that_of_clopper_and_pearson(count: int, among: int) -> None:
    expected = stats.binomtest(count, among).proportion_ci(0.95, method="exact")
    counted = binomial_count(count, among)
    assert counted.low == pytest.approx(expected.low * among, rel=1e-8)
    assert counted.high == pytest.approx(expected.high * among, rel=1e-8)


def test_of_nothing_there_is_no_part() -> None:
    counted = binomial_count(0, 0)
    assert (counted.low, counted.high, counted.among) == (0.0, 0.0, 0)


def test_the_band_narrows_around_the_degrees_of_freedom() -> None:
    low, high = chi_square_band(1, 6)
    assert (low, high) == pytest.approx(stats.chi2.ppf([0.025, 0.975], 6), rel=1e-10)
    low, high = chi_square_band(10_000, 6)
    assert low < 6.0 < high
    # The mean of many is nearly normal: 1.96 deviations, each of sqrt(2 * 6 / 10,000).
    assert high - low == pytest.approx(2 * 1.96 * (12 / 10_000) ** 0.5, rel=1e-3)
