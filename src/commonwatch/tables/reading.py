"""Reading Parquet tables that Commonwatch or others wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commonwatch.errors import TableError
from commonwatch.tables.columns import FLOAT, INSTANT, NUMBER, TEXT, Column
from commonwatch.tables.schemas import FORMAT, FORMAT_KEY, TABLES


def read_parquet(path: Path, name: str) -> dict[str, Any]:
    """Read the columns of a table of this name; columns that it does not list are left out.

    Parameters
    ----------
    path
        A Parquet file.
    name
        A key of ``TABLES``.

    Returns
    -------
    columns
        A NumPy array for each column of the schema that the file holds: float64 with nan for an
        empty value, int64, or object arrays of text.

    Raises
    ------
    TableError
        The file cannot be read, is no Parquet file, is of another format, lacks a column that may
        not be empty, or holds another type.
    """
    wanted = {column.name: column for column in TABLES[name]}
    try:
        file = pq.ParquetFile(path)
        present = [column for column in file.schema_arrow.names if column in wanted]
        table = file.read(columns=present)
    except (OSError, pa.ArrowException) as error:
        raise TableError(
            "it cannot be read as a Parquet file",
            allowed=f'a Parquet file with the columns of the table "{name}"',
            where=str(path),
            what_to_do=str(error).split("\n")[0][:200],
        ) from error
    written = (file.schema_arrow.metadata or {}).get(FORMAT_KEY)
    if written is not None and written not in (str(FORMAT).encode(), str(FORMAT - 1).encode()):
        raise TableError(
            f"format {written.decode(errors='replace')}",
            allowed=f"format {FORMAT} or {FORMAT - 1}",
            where=str(path),
            what_to_do="Use the version of Commonwatch that wrote it",
        )
    missing = [c.name for c in wanted.values() if not c.may_be_empty and c.name not in present]
    if missing:
        raise TableError(
            f"no column {', '.join(missing)}",
            allowed=", ".join(wanted),
            where=str(path),
            what_to_do=f"Columns found: {', '.join(file.schema_arrow.names)[:400]}",
        )
    return {c: _values(table.column(c), wanted[c], path) for c in present}


def _values(array: pa.ChunkedArray[Any], column: Column, path: Path) -> Any:
    """One column as NumPy has it."""
    try:
        if column.kind == FLOAT:
            return np.asarray(array.cast(pa.float64()).to_numpy(), dtype=np.float64)
        if column.kind in (NUMBER, INSTANT):
            return np.asarray(array.cast(pa.int64()).to_numpy())
        if column.kind == TEXT:
            return np.array(array.cast(pa.string()).to_pylist(), dtype=object)
        return array.to_numpy()
    except pa.ArrowException as error:
        raise TableError(
            f'column "{column.name}" holds {array.type}',
            allowed=f"{column.kind} in every row",
            where=str(path),
        ) from error
