"""Which plot belongs to which track: against SciPy, and against every joint event in turn."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from commonwatch.tracking.association_kernel import (
    beliefs,
    nearest_neighbours,
    soften,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

LOOPY_ERROR = 0.2
LOOPY_MEAN_ERROR = 0.06
"""How far belief propagation may be off where pairs close loops: the worst pair, and on average
the worst pair of a cluster, in probability (four objects that share five plots)."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs that a gate let through, sorted by row."""

    rows: int
    plots: int
    row: I64
    plot: I64
    gain: F64

    @property
    def size(self) -> tuple[int, int, int]:
        return len(self.row), self.rows, self.plots

    @property
    def table(self) -> F64:
        """Gain of each row with each plot, minus infinity where there is no pair."""
        table = np.full((self.rows, self.plots), -math.inf)
        table[self.row, self.plot] = self.gain
        return table


def pairs_of(table: npt.ArrayLike) -> Pairs:
    gains = np.asarray(table, dtype=np.float64)
    row, plot = np.nonzero(np.isfinite(gains))
    return Pairs(len(gains), gains.shape[1], row.copy(), plot.copy(), gains[row, plot])


@st.composite
def some_pairs(draw: st.DrawFn, most: int = 5) -> Pairs:
    """Small graphs of pairs with gains from hopeless to certain."""
    rows, plots = draw(st.integers(1, most)), draw(st.integers(1, most))
    gain = st.one_of(st.just(-math.inf), st.floats(-4.0, 12.0).map(lambda x: round(x, 3)))
    values = draw(st.lists(gain, min_size=rows * plots, max_size=rows * plots))
    return pairs_of(np.array(values).reshape(rows, plots))


@st.composite
def trees(draw: st.DrawFn) -> Pairs:
    """Graphs of pairs without a loop: each row or plot after the first hangs on an earlier one."""
    count = draw(st.integers(2, 9))
    is_row = [True, False, *draw(st.lists(st.booleans(), min_size=count, max_size=count))]
    places = np.cumsum(is_row) - 1, np.cumsum(np.logical_not(is_row)) - 1
    table = np.full((sum(is_row), len(is_row) - sum(is_row)), -math.inf)
    for index in range(1, len(is_row)):
        others = [k for k in range(index) if is_row[k] != is_row[index]]
        other = draw(st.sampled_from(others))
        row, plot = (index, other) if is_row[index] else (other, index)
        table[places[0][row], places[1][plot]] = draw(st.floats(-4.0, 8.0))
    return pairs_of(table)


def best_total(table: F64) -> float:
    """The greatest sum of gains, by SciPy: each row may have a column of its own that gains 0."""
    rows = len(table)
    if not rows:
        return 0.0
    alone = np.where(np.eye(rows, dtype=bool), 0.0, -1e6)
    wide = np.hstack([np.where(np.isfinite(table), table, -1e6), alone])
    chosen = linear_sum_assignment(wide, maximize=True)
    return float(wide[chosen].sum())


def by_listing(pairs: Pairs) -> F64:
    """Probability of each pair: every way to give rows plots of their own, weighed in turn."""
    table = pairs.table
    weights = np.zeros_like(table)
    whole = 0.0
    for choice in itertools.product(range(-1, pairs.plots), repeat=pairs.rows):
        used = [plot for plot in choice if plot >= 0]
        if len(set(used)) < len(used):
            continue
        weight = math.exp(sum(table[row, plot] for row, plot in enumerate(choice) if plot >= 0))
        whole += weight
        for row, plot in enumerate(choice):
            if plot >= 0:
                weights[row, plot] += weight
    return (weights / whole)[pairs.row, pairs.plot]


def neighbours(pairs: Pairs) -> tuple[F64, F64, I64]:
    share, worth = np.empty(len(pairs.row)), np.empty(pairs.rows)
    cluster = np.empty(pairs.rows, dtype=np.int64)
    nearest_neighbours(*pairs.size, pairs.row, pairs.plot, pairs.gain, share, worth, cluster)
    return share, worth, cluster


@given(some_pairs())
def test_nearest_neighbours_have_the_greatest_total_of_scipy(pairs: Pairs) -> None:
    share, _, _ = neighbours(pairs)
    assert set(share.tolist()) <= {0.0, 1.0}
    assert (np.bincount(pairs.row, share, minlength=pairs.rows) <= 1.0).all()
    assert (np.bincount(pairs.plot, share, minlength=pairs.plots) <= 1.0).all()
    assert share @ pairs.gain == pytest.approx(best_total(pairs.table), abs=1e-9)


@given(some_pairs())
def test_the_worth_of_a_track_is_what_the_total_loses_without_it(pairs: Pairs) -> None:
    _, worth, _ = neighbours(pairs)
    whole = best_total(pairs.table)
    for row in range(pairs.rows):
        without = best_total(np.delete(pairs.table, row, axis=0))
        assert worth[row] == pytest.approx(whole - without, abs=1e-9)


def test_two_tracks_of_one_plot_are_worth_little() -> None:
    share, worth, cluster = neighbours(pairs_of([[9.0], [8.5]]))
    assert share.tolist() == [1.0, 0.0]
    assert worth.tolist() == pytest.approx([0.5, 0.0])
    assert cluster.tolist() == [0, 0]


def test_many_objects_far_apart_are_one_cluster_each() -> None:
    table = np.where(np.eye(60, dtype=bool), 5.0, -math.inf)
    table[50, 51] = 1.0
    share, worth, cluster = neighbours(pairs_of(table))
    assert share.sum() == 60
    assert len(set(cluster.tolist())) == 59
    assert worth == pytest.approx(5.0)


def test_a_row_without_a_pair_has_no_cluster() -> None:
    _, worth, cluster = neighbours(pairs_of([[-math.inf, -math.inf], [2.0, 1.0]]))
    assert cluster.tolist() == [-1, 1]
    assert worth.tolist() == [0.0, 2.0]


@given(trees())
def test_beliefs_are_exact_where_pairs_close_no_loop(pairs: Pairs) -> None:
    share = np.empty(len(pairs.row))
    beliefs(*pairs.size, pairs.row, pairs.plot, pairs.gain, share)
    assert share == pytest.approx(by_listing(pairs), abs=1e-5)


def test_beliefs_are_close_where_pairs_close_loops() -> None:
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(40):
        table = rng.normal(2.0, 2.0, (4, 5))
        table[rng.random(table.shape) < 0.3] = -math.inf
        pairs = pairs_of(table)
        share = np.empty(len(pairs.row))
        turns = beliefs(*pairs.size, pairs.row, pairs.plot, pairs.gain, share)
        errors.append(np.abs(share - by_listing(pairs)).max())
        assert turns < 200
    assert max(errors) < LOOPY_ERROR
    assert np.mean(errors) < LOOPY_MEAN_ERROR


@given(some_pairs())
def test_beliefs_give_no_row_and_no_plot_more_than_one(pairs: Pairs) -> None:
    share = np.empty(len(pairs.row))
    beliefs(*pairs.size, pairs.row, pairs.plot, pairs.gain, share)
    assert (share >= 0.0).all()
    assert (np.bincount(pairs.row, share, minlength=pairs.rows) <= 1.0 + 1e-9).all()
    # Messages count as settled when they change by a millionth of themselves.
    assert (np.bincount(pairs.plot, share, minlength=pairs.plots) <= 1.0 + 1e-4).all()


def test_a_gain_beyond_all_measure_is_certain_and_no_overflow() -> None:
    pairs = pairs_of([[5_000.0, 1.0], [-math.inf, 2.0]])
    share = np.empty(3)
    beliefs(*pairs.size, pairs.row, pairs.plot, pairs.gain, share)
    assert share == pytest.approx([1.0, 0.0, math.exp(2.0) / (1.0 + math.exp(2.0))], abs=1e-6)


def test_a_row_divides_itself_between_its_plot_the_free_ones_and_a_miss() -> None:
    """Probabilistic data association of Bar-Shalom and Tse (1975) for one row alone."""
    pairs = pairs_of([[3.0, 2.0, -math.inf], [-math.inf, 4.0, 1.0]])
    share, _, _ = neighbours(pairs)
    assert share.tolist() == [1.0, 0.0, 1.0, 0.0]
    soften(*pairs.size, pairs.row, pairs.plot, pairs.gain, share)
    first = math.exp(3.0) / (1.0 + math.exp(3.0))
    second = np.exp([4.0, 1.0]) / (1.0 + np.exp([4.0, 1.0]).sum())
    assert share == pytest.approx([first, 0.0, *second], rel=1e-9)
