"""Assignment: the least total of every allowed choice, judged by SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from commonwatch.tracking.assignment_kernel import FORBIDDEN, assign, assign_or_leave

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DEAR = 1e7
"""Stands for a forbidden pair in SciPy: above every total of whole costs here, exactly added."""


@st.composite
def whole_costs(draw: st.DrawFn) -> F64:
    """Return small whole costs, totals exact and ties many, with some pairs forbidden."""
    rows, columns = draw(st.integers(0, 7)), draw(st.integers(0, 7))
    one = st.one_of(st.integers(-4, 4).map(float), st.just(np.inf), st.just(FORBIDDEN))
    values = draw(st.lists(one, min_size=rows * columns, max_size=rows * columns))
    return np.array(values).reshape(rows, columns)


def check_pairs(cost: F64, column_of: I64) -> tuple[int, float]:
    """Check that pairs are allowed and no column is taken twice; return their number and total."""
    rows = np.flatnonzero(column_of >= 0)
    columns = column_of[rows]
    assert len(column_of) == len(cost)
    assert len(set(columns.tolist())) == len(columns)
    chosen = cost[rows, columns]
    assert (chosen < FORBIDDEN).all()
    return len(rows), float(chosen.sum())


@given(whole_costs())
def test_as_many_as_possible_are_paired_at_the_least_cost(cost: F64) -> None:
    count, total = check_pairs(cost, assign(cost))
    rows, columns = linear_sum_assignment(np.where(cost < FORBIDDEN, cost, DEAR))
    allowed = cost[rows, columns] < FORBIDDEN
    assert count == allowed.sum()
    assert total == cost[rows, columns][allowed].sum()


@given(whole_costs(), st.randoms(use_true_random=False))
def test_rows_left_alone_pay_their_price_and_the_total_is_least(cost: F64, random: object) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    leaving = rng.integers(-4, 5, len(cost)).astype(np.float64)
    column_of = assign_or_leave(cost, leaving)
    _, total = check_pairs(cost, column_of)
    total += leaving[column_of < 0].sum()
    alone = np.where(np.eye(len(cost), dtype=bool), leaving[:, None], DEAR)
    wide = np.hstack([np.where(cost < FORBIDDEN, cost, DEAR), alone])
    rows, columns = linear_sum_assignment(wide)
    assert total == wide[rows, columns].sum()


@pytest.mark.parametrize("shape", [(40, 40), (30, 50), (50, 30), (1, 20), (20, 1)])
def test_real_costs_give_the_total_of_scipy(shape: tuple[int, int]) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        places = rng.random((shape[0], 2)), rng.random((shape[1], 2))
        for cost in (
            rng.normal(size=shape) * 1e6,
            ((places[0][:, None] - places[1]) ** 2).sum(axis=-1),
        ):
            count, total = check_pairs(cost, assign(cost))
            assert count == min(shape)
            assert total == pytest.approx(cost[linear_sum_assignment(cost)].sum(), rel=1e-12)


def test_a_small_one_agrees_with_every_permutation_tried() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        cost = rng.random((5, 6))
        tried = (
            sum(cost[i, j] for i, j in enumerate(p)) for p in itertools.permutations(range(6), 5)
        )
        assert check_pairs(cost, assign(cost))[1] == pytest.approx(min(tried), rel=1e-12)


def test_a_pair_that_is_not_a_number_is_forbidden() -> None:
    cost = np.array([[np.nan, 5.0], [1.0, np.nan]])
    assert assign(cost).tolist() == [1, 0]
    assert assign(np.full((2, 2), np.nan)).tolist() == [-1, -1]


def test_nothing_to_pair_is_no_pair() -> None:
    assert assign(np.empty((0, 3))).tolist() == []
    assert assign(np.empty((3, 0))).tolist() == [-1, -1, -1]


def test_of_equal_totals_it_is_always_the_same_that_is_taken() -> None:
    cost = np.zeros((4, 6))
    assert check_pairs(cost, assign(cost)) == (4, 0.0)
    assert assign(cost).tolist() == assign(cost.copy()).tolist()


def test_one_cost_below_the_limit_is_allowed_and_one_at_it_is_not() -> None:
    below = np.nextafter(FORBIDDEN, 0.0)
    assert assign(np.array([[below]])).tolist() == [0]
    assert assign(np.array([[FORBIDDEN]])).tolist() == [-1]


def test_a_row_gives_way_where_another_has_no_other_choice() -> None:
    # Both want column 0; only the first may also have column 1, dear as it is.
    cost = np.array([[0.0, 1e6], [5.0, np.inf]])
    assert assign(cost).tolist() == [1, 0]
    # Three rows for one column: the cheapest has it.
    assert assign(np.array([[3.0], [1.0], [2.0]])).tolist() == [-1, 0, -1]
