"""Optimal pairs of near points: cluster by cluster the same as all at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from commonwatch.studies.score_kernel import match_within

F64 = npt.NDArray[np.float64]


def total(rows: F64, columns: F64, limit_m: float, column_of: npt.NDArray[np.int64]) -> float:
    """Sum the squared distances of pairs, and the limit's of rows that have none."""
    has = column_of >= 0
    assert len(set(column_of[has].tolist())) == has.sum()
    squared = ((rows[has] - columns[column_of[has]]) ** 2).sum(axis=-1)
    assert (squared < limit_m**2).all()
    return float(squared.sum() + (~has).sum() * limit_m**2)


def least(rows: F64, columns: F64, limit_m: float) -> float:
    squared = np.minimum(((rows[:, None] - columns) ** 2).sum(axis=-1), limit_m**2)
    chosen = squared[linear_sum_assignment(squared)]
    return float(chosen.sum() + (len(rows) - len(chosen)) * limit_m**2)


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 30))
def test_pairs_of_clusters_have_the_least_sum_of_all(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.random((rows, 3)) * 10.0, rng.random((columns, 3)) * 10.0
    limit_m = float(rng.random() * 4.0 + 0.1)
    found = total(one, other, limit_m, match_within(one, other, limit_m))
    assert found == pytest.approx(least(one, other, limit_m), rel=1e-12)


def test_points_at_the_limit_are_no_pair_and_those_inside_it_are() -> None:
    origin = np.zeros((1, 3))
    assert match_within(origin, np.array([[3.0, 4.0, 0.0]]), 5.0).tolist() == [-1]
    assert match_within(origin, np.array([[3.0, 3.99, 0.0]]), 5.0).tolist() == [0]


def test_points_that_are_not_finite_pair_with_none() -> None:
    rows = np.array([[np.nan, 0.0, 0.0], [0.0, 0.0, 0.0], [-np.inf, 0.0, 0.0]])
    columns = np.array([[0.0, np.nan, 0.0], [np.inf, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert match_within(rows, columns, 5.0).tolist() == [-1, 2, -1]
