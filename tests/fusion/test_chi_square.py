"""The distribution of gates agrees with SciPy's."""

from __future__ import annotations

import pytest
from scipy.stats import chi2

from commonwatch.errors import InputError
from commonwatch.fusion.chi_square import quantile, tail_probability


@pytest.mark.parametrize("degrees", range(1, 13))
def test_the_tail_agrees_with_another_implementation(degrees: int) -> None:
    for value in (0.0, 1e-3, 0.5, 3.0, 12.0, 60.0, 200.0):
        assert tail_probability(value, degrees) == pytest.approx(
            float(chi2.sf(value, degrees)), rel=1e-12
        )


@pytest.mark.parametrize("degrees", range(1, 7))
def test_the_quantile_agrees_with_another_implementation(degrees: int) -> None:
    for probability in (0.01, 0.5, 0.95, 0.9999, 1.0 - 1e-9):
        assert quantile(probability, degrees) == pytest.approx(
            float(chi2.ppf(probability, degrees)), rel=1e-6
        )


def test_what_no_distribution_has_is_refused() -> None:
    with pytest.raises(InputError, match="0 degrees"):
        tail_probability(1.0, 0)
    with pytest.raises(InputError, match="probability 1"):
        quantile(1.0, 3)
