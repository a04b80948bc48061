"""Compiled: which row takes which column, so that the sum of their costs is least.

Shortest augmenting paths after Jonker and Volgenant: rows first bid for their cheapest column
(their "augmenting row reduction"); each row that is left then takes the cheapest chain of exchanges
that ends at a free column. Nothing is reordered: the same costs give the same answer, also where
several have the same total.

References
----------
R. Jonker, A. Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment
problems, Computing 38, 1987, pp. 325-340, https://doi.org/10.1007/BF02278710.
D. F. Crouse, On implementing 2D rectangular assignment algorithms, IEEE Transactions on Aerospace
and Electronic Systems 52 (4), 2016, pp. 1679-1696, https://doi.org/10.1109/TAES.2016.140952.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

FORBIDDEN = 1e18
"""A cost from here on, or nan, says that the row may not have the column."""


@kernel("i8(f8[:,::1], f8[::1], f8[::1], i8[::1], i8[::1], i8[::1])", is_exact=True)
def _bid(cost: F64, leaving: F64, price: F64, column_of: I64, row_of: I64, waiting: I64) -> int:
    """Let each waiting row bid once for its cheapest column; return how many rows still wait.

    A row pays for a column what makes it no better than its second choice, so that every row holds
    what is best for it at the prices of the end.
    """
    rows, columns = cost.shape
    count = len(waiting)
    bids_left = 2 * rows + 8  # rounding could go on for ever
    for _ in range(2):
        begun = 0
        kept = 0
        while begun < count:
            row = waiting[begun]
            begun += 1
            best, second = leaving[row], np.inf
            chosen, other = -1, -1
            for column in range(columns):
                if cost[row, column] < FORBIDDEN:
                    net = cost[row, column] + price[column]
                    if net < best:
                        best, second = net, best
                        chosen, other = column, chosen
                    elif net < second:
                        second, other = net, column
            if chosen >= 0 and row_of[chosen] >= 0 and not best < second:
                chosen = other
            if chosen < 0:
                continue
            former = row_of[chosen]
            raised = price[chosen] + (second - best)
            is_raised = raised > price[chosen]
            price[chosen] = raised
            row_of[chosen] = row
            column_of[row] = chosen
            if former >= 0:
                column_of[former] = -1
                bids_left -= 1
                if is_raised and bids_left > 0:
                    begun -= 1
                    waiting[begun] = former
                else:
                    waiting[kept] = former
                    kept += 1
        count = kept
    return count


@kernel("i8[::1](f8[:,::1], f8[::1])", is_exact=True)
def assign_or_leave(cost: F64, leaving: F64) -> I64:
    """Give each row a column of its own or leave it alone at a price, at the least total.

    Parameters
    ----------
    cost
        Of each row with each column, shape (rows, columns), finite; ``FORBIDDEN`` or more where the
        row may not have the column.
    leaving
        What it costs to leave the row alone, shape (rows,), finite.

    Returns
    -------
    column_of
        The column of each row, -1 where it is left alone.

    Notes
    -----
    ``cost + price`` is what a column costs a row; a free column has the price 0 and every row holds
    its cheapest choice, which proves the total least. A row that is left alone never comes back:
    prices only rise.
    """
    rows, columns = cost.shape
    column_of = np.full(rows, -1, dtype=np.int64)
    row_of = np.full(columns, -1, dtype=np.int64)
    price = np.zeros(columns)
    waiting = np.arange(rows)
    count = _bid(cost, leaving, price, column_of, row_of, waiting)
    near = np.empty(columns)
    came_from = np.empty(columns, dtype=np.int64)
    unseen = np.empty(columns, dtype=np.int64)
    for index in range(count):
        first = waiting[index]
        for column in range(columns):
            near[column] = np.inf
            unseen[column] = column
        left = columns
        end_row, end_cost = first, leaving[first]  # the chain may end with a row left alone
        row, so_far = first, 0.0
        end_column = -1
        while True:
            least, place = np.inf, -1
            for k in range(left):
                column = unseen[k]
                if cost[row, column] < FORBIDDEN:
                    reach = so_far + cost[row, column] + price[column]
                    if reach < near[column]:
                        near[column] = reach
                        came_from[column] = row
                if near[column] < least or (near[column] == least and row_of[column] < 0):
                    least, place = near[column], k
            if not least < end_cost:
                break
            column = unseen[place]
            left -= 1
            unseen[place] = unseen[left]
            unseen[left] = column
            row = row_of[column]
            if row < 0:
                end_column = column
                break
            so_far = least - (cost[row, column] + price[column])
            if so_far + leaving[row] < end_cost:
                end_row, end_cost = row, so_far + leaving[row]
        total = end_cost if end_column < 0 else near[end_column]
        for k in range(left, columns):
            price[unseen[k]] += max(total - near[unseen[k]], 0.0)
        column = end_column
        if column < 0:
            column = column_of[end_row]
            column_of[end_row] = -1
        while column >= 0:
            row = came_from[column]
            row_of[column] = row
            column, column_of[row] = column_of[row], column
    return column_of


@kernel("i8[::1](f8[:,::1])", is_exact=True)
def assign(cost: F64) -> I64:
    """Pair as many rows with columns as may be, at the least total cost.

    Parameters
    ----------
    cost
        Of each row with each column, shape (rows, columns), any of them more; finite, with
        ``FORBIDDEN`` or more (or nan) where the two may not be paired.

    Returns
    -------
    column_of
        The column of each row, -1 where it has none.

    Notes
    -----
    Limits: where pairs are forbidden, totals are told apart to 1e-15 of (rows + 1) times the
    interval that the allowed costs span.
    """
    rows, columns = cost.shape
    lowest, highest = np.inf, -np.inf
    for row in range(rows):
        for column in range(columns):
            if cost[row, column] < FORBIDDEN:
                lowest = min(lowest, cost[row, column])
                highest = max(highest, cost[row, column])
    if not lowest <= highest:
        return np.full(rows, -1, dtype=np.int64)
    fewer = min(rows, columns)
    # Dearer than any exchange that would leave one more row alone.
    alone = (fewer + 1) * (highest - lowest) + 2.0 * abs(highest) + 1.0
    if rows <= columns:
        return assign_or_leave(cost, np.full(rows, alone))
    row_of = assign_or_leave(np.ascontiguousarray(cost.T), np.full(columns, alone))
    column_of = np.full(rows, -1, dtype=np.int64)
    for column in range(columns):
        if row_of[column] >= 0:
            column_of[row_of[column]] = column
    return column_of
