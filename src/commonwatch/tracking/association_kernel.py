"""Compiled: which plot belongs to which track, given every pair that a gate let through.

A pair's ``gain`` is the logarithm of how much likelier the frame is with that plot from that track
than with a missed look and a false plot. Pairs come sorted by row.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.assignment_kernel import FORBIDDEN, assign_or_leave

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

BELIEF_ROUNDS = 200
BELIEF_SETTLED = 1e-6
WORTH_ROWS = 24


@kernel("i8(i8[::1], i8)", is_exact=True)
def _root(parent: I64, item: int) -> int:
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@kernel("f8(f8[:,::1], i8[::1])", is_exact=True)
def _value(cost: F64, chosen: I64) -> float:
    """Sum of the gains of an assignment."""
    total = 0.0
    for r in range(cost.shape[0]):
        if chosen[r] >= 0:
            total -= cost[r, chosen[r]]
    return total


@kernel("void(i8, i8, i8, i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], i8[::1])", is_exact=True)
def nearest_neighbours(
    pairs: int,
    rows: int,
    plots: int,
    pair_row: I64,
    pair_plot: I64,
    gain: F64,
    share: F64,
    worth: F64,
    cluster: I64,
) -> None:
    """Give every row at most one plot so that the sum of gains is greatest: shares of 0 and 1.

    Rows and plots that touch through pairs form a cluster (``cluster`` names its least row, -1
    without a pair); each is solved by itself. ``worth`` is what the sum would lose without the row:
    little where other rows could take its plot, so that two tracks of one object do not both
    live on it. Beyond ``WORTH_ROWS`` rows a cluster's worths are the plain gains.
    """
    parent = np.arange(rows + plots)
    for r in range(rows):
        worth[r] = 0.0
        cluster[r] = -1
    for p in range(pairs):
        share[p] = 0.0
        one = _root(parent, pair_row[p])
        other = _root(parent, rows + pair_plot[p])
        if one != other:
            parent[max(one, other)] = min(one, other)
    # Pairs of a cluster, chained; the least row of a cluster is its root.
    head = np.full(rows, -1, dtype=np.int64)
    chain = np.empty(pairs, dtype=np.int64)
    for p in range(pairs - 1, -1, -1):
        root = _root(parent, pair_row[p])
        cluster[pair_row[p]] = root
        chain[p] = head[root]
        head[root] = p
    row_index = np.full(rows, -1, dtype=np.int64)
    plot_index = np.full(plots, -1, dtype=np.int64)
    members = np.empty(rows, dtype=np.int64)
    for root in range(rows):
        first = head[root]
        if first < 0:
            continue
        if chain[first] < 0:  # one row, one plot
            if gain[first] > 0.0:
                share[first] = 1.0
                worth[pair_row[first]] = gain[first]
            continue
        row_count, plot_count = 0, 0
        p = first
        while p >= 0:
            if row_index[pair_row[p]] < 0:
                row_index[pair_row[p]] = row_count
                members[row_count] = pair_row[p]
                row_count += 1
            if plot_index[pair_plot[p]] < 0:
                plot_index[pair_plot[p]] = plot_count
                plot_count += 1
            p = chain[p]
        cost = np.full((row_count, plot_count), FORBIDDEN)
        p = first
        while p >= 0:
            cost[row_index[pair_row[p]], plot_index[pair_plot[p]]] = -gain[p]
            p = chain[p]
        chosen = assign_or_leave(cost, np.zeros(row_count))
        whole = _value(cost, chosen)
        for r in range(row_count):
            if chosen[r] < 0:
                continue
            if row_count > WORTH_ROWS:
                worth[members[r]] = -cost[r, chosen[r]]
                continue
            others = np.empty((row_count - 1, plot_count))
            for k in range(row_count - 1):
                others[k] = cost[k if k < r else k + 1]
            without = assign_or_leave(others, np.zeros(row_count - 1))
            worth[members[r]] = whole - _value(others, without)
        p = first
        while p >= 0:
            if chosen[row_index[pair_row[p]]] == plot_index[pair_plot[p]]:
                share[p] = 1.0
            p = chain[p]
        p = first
        while p >= 0:
            row_index[pair_row[p]] = -1
            plot_index[pair_plot[p]] = -1
            p = chain[p]


@kernel("void(i8, i8, i8, i8[::1], i8[::1], f8[::1], f8[::1])", is_exact=True)
def soften(
    pairs: int, rows: int, plots: int, pair_row: I64, pair_plot: I64, gain: F64, share: F64
) -> None:
    """Divide a row that has a plot between that, those that no row has, and a missed look.

    Between rows the decision stays: a row has no share of what another has. Within a row it is
    that of the probabilistic data association filter (Bar-Shalom and Tse 1975).
    """
    owner = np.full(plots, -1, dtype=np.int64)
    top = np.full(rows, -math.inf)
    whole = np.zeros(rows)
    for p in range(pairs):
        if share[p] > 0.5:
            owner[pair_plot[p]] = pair_row[p]
            top[pair_row[p]] = 0.0
    for p in range(pairs):
        r = pair_row[p]
        free = owner[pair_plot[p]] < 0 or owner[pair_plot[p]] == r
        if top[r] > -math.inf and free:
            top[r] = max(top[r], gain[p])
    for p in range(pairs):
        r = pair_row[p]
        free = owner[pair_plot[p]] < 0 or owner[pair_plot[p]] == r
        share[p] = math.exp(gain[p] - top[r]) if top[r] > -math.inf and free else 0.0
        whole[r] += share[p]
    for p in range(pairs):
        r = pair_row[p]
        if whole[r] > 0.0:
            share[p] /= whole[r] + math.exp(-top[r])


@kernel("i8(i8, i8, i8, i8[::1], i8[::1], f8[::1], f8[::1])", is_exact=True)
def beliefs(
    pairs: int, rows: int, plots: int, pair_row: I64, pair_plot: I64, gain: F64, share: F64
) -> int:
    """Write the probability of every pair by belief propagation; return the rounds it took.

    Messages between rows and plots of the graph of pairs: exact without loops, and close with
    them; they always settle (Williams and Lau 2014).

    References
    ----------
    J. L. Williams, R. A. Lau, Approximate evaluation of marginal association probabilities with
    belief propagation, IEEE Transactions on Aerospace and Electronic Systems 50 (4), 2014,
    pp. 2942-2959, doi:10.1109/TAES.2014.120568.
    """
    weight = np.empty(pairs)
    back = np.ones(pairs)
    out = np.empty(pairs)
    row_sum = np.empty(rows)
    plot_sum = np.empty(plots)
    for p in range(pairs):
        weight[p] = math.exp(min(gain[p], 600.0))
    turns = 0
    for turn in range(BELIEF_ROUNDS):
        turns = turn + 1
        for r in range(rows):
            row_sum[r] = 1.0
        for j in range(plots):
            plot_sum[j] = 1.0
        for p in range(pairs):
            row_sum[pair_row[p]] += weight[p] * back[p]
        for p in range(pairs):
            others = row_sum[pair_row[p]] - weight[p] * back[p]
            out[p] = weight[p] / max(others, 1.0)
            plot_sum[pair_plot[p]] += out[p]
        change = 0.0
        for p in range(pairs):
            value = 1.0 / max(plot_sum[pair_plot[p]] - out[p], 1.0)
            change = max(change, abs(value - back[p]) / value)
            back[p] = value
        if change < BELIEF_SETTLED:
            break
    for r in range(rows):
        row_sum[r] = 1.0
    for p in range(pairs):
        row_sum[pair_row[p]] += weight[p] * back[p]
    for p in range(pairs):
        share[p] = weight[p] * back[p] / row_sum[pair_row[p]]
    return turns
