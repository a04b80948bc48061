"""Arrow tables of the columns that ``columns`` lists, checked.

The number ``FORMAT`` stands in each file's metadata under ``commonwatch.format`` and changes when a
column does; unit and meaning stand in each column's metadata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from commonwatch.errors import InvariantError, invariant
from commonwatch.tables.columns import (
    COUNT,
    FLAG,
    FLOAT,
    INSTANT,
    NUMBER,
    STUDY_TABLES,
    TEXT,
    YEAR,
    Column,
)
from commonwatch.tables.known import KNOWN_TABLES
from commonwatch.tables.records import RECORD_TABLES

FORMAT: Final = 1
FORMAT_KEY: Final = b"commonwatch.format"

TABLES: Final = {**STUDY_TABLES, **KNOWN_TABLES, **RECORD_TABLES}
"""Every table that Commonwatch writes, by name."""

_ARROW: Final = {
    TEXT: pa.string(),
    FLOAT: pa.float64(),
    COUNT: pa.int32(),
    FLAG: pa.bool_(),
    NUMBER: pa.int64(),
    INSTANT: pa.int64(),
}


def to_table(name: str, columns: Mapping[str, Any]) -> pa.Table:
    """Make the table of this name from its columns, in the order and types of its schema.

    Parameters
    ----------
    name
        A key of ``TABLES``.
    columns
        Every column of that table and no other: NumPy arrays, lists or Arrow arrays of one length.

    Raises
    ------
    InvariantError
        A column is missing, unknown, of the wrong type or length, or empty where it must not be.
    """
    invariant(name in TABLES, "the table has a schema", name=name, known=sorted(TABLES))
    given = {_without_year(key): key for key in columns}
    wanted = [column.name for column in TABLES[name]]
    invariant(
        set(given) == set(wanted), f"{name} has its columns", given=list(columns), wanted=wanted
    )
    arrays = [_array(name, column, columns[given[column.name]]) for column in TABLES[name]]
    lengths = {
        given[column.name]: len(array) for column, array in zip(TABLES[name], arrays, strict=True)
    }
    invariant(len(set(lengths.values())) <= 1, f"{name} has columns of one length", lengths=lengths)
    fields = [
        pa.field(
            given[column.name],
            _ARROW[column.kind],
            nullable=column.may_be_empty,
            metadata={"unit": column.unit, "description": column.sentence},
        )
        for column in TABLES[name]
    ]
    metadata: dict[bytes | str, bytes | str] = {
        FORMAT_KEY: str(FORMAT).encode(),
        b"commonwatch.table": name.encode(),
    }
    return pa.table(arrays, schema=pa.schema(fields, metadata=metadata))


def _array(table: str, column: Column, values: Any) -> pa.Array[Any]:
    """One column in its type, nan as an empty value where the column may be empty."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array):
        if isinstance(values, np.ndarray) and values.dtype.kind == "U":
            values = values.tolist()
        values = pa.array(values, from_pandas=column.may_be_empty)
    try:
        array: pa.Array[Any] = values.cast(_ARROW[column.kind])
    except pa.ArrowInvalid as error:
        raise InvariantError(
            f"{table}.{column.name} does not hold {column.kind}: {error}"
        ) from error
    if not column.may_be_empty:
        empty = array.null_count
        if column.kind == FLOAT:
            empty += int(np.isnan(array.to_numpy(zero_copy_only=False)).sum())
        invariant(empty == 0, f"{table}.{column.name} has a value in every row", empty=empty)
    return array


def _without_year(name: str) -> str:
    return re.sub(r"(?<=within_published_range_)\d{4}$", YEAR, name)
