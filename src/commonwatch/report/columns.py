"""Reading the tables of a run: rows that match, columns as arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

F64 = npt.NDArray[np.float64]

_BETWEEN = "\x1f"
_NO, _YES = pa.scalar(value=False), pa.scalar(value=True)


def matching(table: pa.Table, **wanted: str | bool) -> pa.Table:
    """Return the rows whose columns equal the wanted values.

    Parameters
    ----------
    table
        With these columns.
    **wanted
        By name of the column: the value that a row must have.
    """
    mask: Any = None
    for name, value in wanted.items():
        column: Any = table.column(name)
        if isinstance(value, str):
            column = column.cast(pa.string())
        is_equal: Any = pc.fill_null(pc.equal(column, pa.scalar(value)), _NO)
        mask = is_equal if mask is None else pc.and_(mask, is_equal)
    return table if mask is None else table.filter(mask)


def numbers(table: pa.Table, name: str) -> F64:
    """Return a column as floats, not-a-number where empty or where the column is absent.

    Parameters
    ----------
    table
        Of n rows.
    name
        Of the column.

    Returns
    -------
    F64
        Shape (n,).
    """
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    column: Any = table.column(name).cast(pa.float64())
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(), dtype=np.float64)


def instants(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """Return a column of whole numbers or instants, -1 where empty.

    Parameters
    ----------
    table
        Of n rows.
    name
        Of the column, which must be there.

    Returns
    -------
    I64
        Shape (n,).
    """
    column: Any = table.column(name).cast(pa.int64())
    return np.asarray(pc.fill_null(column, -1).to_numpy(), dtype=np.int64)


def words(table: pa.Table, name: str) -> list[str]:
    """Return a column as strings, empty where null or where the column is absent.

    Parameters
    ----------
    table
        Of n rows.
    name
        Of the column.
    """
    if name not in table.column_names:
        return [""] * table.num_rows
    return [str(word) for word in _text(table, name).to_pylist()]


def distinct(table: pa.Table, name: str) -> list[str]:
    """Return the different values of a column of words in order of appearance.

    Parameters
    ----------
    table
        Of any number of rows.
    name
        Of the column; none has no values.
    """
    if name not in table.column_names:
        return []
    different: Any = pc.unique(_text(table, name))
    return [str(word) for word in different.to_pylist()]


def arc_keys(table: pa.Table) -> Any:
    """Return launch, aim point and arc joined to one key per row, as an Arrow column."""
    parts = [_text(table, name) for name in ("launch", "aim_point", "arc")]
    return pc.binary_join_element_wise(*parts, _BETWEEN)


def _text(table: pa.Table, name: str) -> Any:
    column: Any = table.column(name).cast(pa.string())
    return pc.fill_null(column, "")


def key_of(launch: str, aim_point: str, arc: str) -> str:
    """Return the key that `arc_keys` gives such a row.

    Parameters
    ----------
    launch, aim_point, arc
        Names, as in the row.
    """
    return _BETWEEN.join((launch, aim_point, arc))


def among(table: pa.Table, keys: Any) -> pa.Table:
    """Return the rows whose arc is one of the keys.

    Parameters
    ----------
    table
        With the columns that name an arc.
    keys
        An Arrow array, as `arc_keys` gives it.
    """
    return table.filter(pc.is_in(arc_keys(table), value_set=keys))


def published_column(flights: pa.Table) -> tuple[str, str] | None:
    """Return the column that says which rows lie within the published range, and its year."""
    for name in flights.column_names:
        found = re.fullmatch(r"within_published_range_(\d{4})", name)
        if found:
            return name, found.group(1)
    return None


def published_mask(flights: pa.Table) -> npt.NDArray[np.bool_]:
    """Return True for each row within the published range; one without the figure counts."""
    column = published_column(flights)
    if column is None:
        return np.ones(flights.num_rows, dtype=np.bool_)
    flags: Any = flights.column(column[0])
    is_within: Any = pc.fill_null(flags, _YES)
    return np.asarray(is_within.to_numpy(), dtype=np.bool_)


def table_of(tables: Mapping[str, pa.Table], name: str) -> pa.Table | None:
    """Return a table, or None where the run has none or it is empty.

    Parameters
    ----------
    tables
        By name.
    name
        Of the table.
    """
    table = tables.get(name)
    return table if table is not None and table.num_rows else None
