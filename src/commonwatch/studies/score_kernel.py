"""Compiled: optimal pairs of points that are closer than a distance, whatever their number.

Points further apart never pair, so the question falls into clusters that cannot reach each other,
each of them a small assignment of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.assignment_kernel import FORBIDDEN, assign_or_leave

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@kernel("f8(f8[:,::1], i8, f8[:,::1], i8)", is_exact=True)
def _distance_squared(rows: F64, row: int, columns: F64, column: int) -> float:
    x: float = rows[row, 0] - columns[column, 0]
    y: float = rows[row, 1] - columns[column, 1]
    z: float = rows[row, 2] - columns[column, 2]
    return x * x + y * y + z * z


@kernel("i8(i8[::1], i8)", is_exact=True)
def _first_of(above: I64, member: int) -> int:
    """Find who stands for a member's cluster, and shorten the way there."""
    while above[member] != member:
        above[member] = above[above[member]]
        member = above[member]
    return member


@kernel("i8[::1](f8[:,::1], f8[:,::1], f8)", is_exact=True)
def _clusters(rows: F64, columns: F64, limit_m: float) -> I64:
    """Name the cluster of each row and then each column by its first member."""
    row_count, column_count = len(rows), len(columns)
    above = np.arange(row_count + column_count)
    order = np.argsort(columns[:, 0].copy(), kind="mergesort")
    along = columns[order, 0].copy()
    for row in range(row_count):
        x = rows[row, 0]
        for place in range(np.searchsorted(along, x - limit_m), column_count):
            if not along[place] < x + limit_m:
                break
            column = order[place]
            if _distance_squared(rows, row, columns, column) < limit_m * limit_m:
                one, other = _first_of(above, row), _first_of(above, row_count + column)
                above[max(one, other)] = min(one, other)
    for member in range(row_count + column_count):
        above[member] = _first_of(above, member)
    return above


@kernel("i8[::1](f8[:,::1], f8[:,::1], f8)", is_exact=True)
def match_within(rows: F64, columns: F64, limit_m: float) -> I64:
    """Pair points so that the sum of squared distances is least, an unpaired row at the limit's.

    Parameters
    ----------
    rows, columns
        Points in metres, shapes (n, 3) and (m, 3); one that is not finite pairs with none.
    limit_m
        Points this far apart or further are not paired.

    Returns
    -------
    column_of
        The column of each row, -1 where it has none, shape (n,). It minimises the sum over all rows
        of the squared distance, or of the limit squared where there is none.
    """
    row_count = len(rows)
    column_of = np.full(row_count, -1, dtype=np.int64)
    cluster = _clusters(rows, columns, limit_m)
    order = np.argsort(cluster, kind="mergesort")  # rows stand before columns in each
    start = 0
    while start < len(order):
        stop = start
        inside = 0
        while stop < len(order) and cluster[order[stop]] == cluster[order[start]]:
            inside += order[stop] < row_count
            stop += 1
        those = order[start : start + inside]
        others = order[start + inside : stop] - row_count
        start = stop
        if len(those) == 0 or len(others) == 0:
            continue
        cost = np.empty((len(those), len(others)))
        for i in range(len(those)):
            for j in range(len(others)):
                squared = _distance_squared(rows, those[i], columns, others[j])
                cost[i, j] = squared if squared < limit_m * limit_m else FORBIDDEN
        found = assign_or_leave(cost, np.full(len(those), limit_m * limit_m))
        for i in range(len(those)):
            if found[i] >= 0:
                column_of[those[i]] = others[found[i]]
    return column_of
