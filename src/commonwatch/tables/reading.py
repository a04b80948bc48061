"""Reading Parquet tables that Commonwatch or others wrote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    table = read_arrow(path, name)
    wanted = {column.name: column for column in TABLES[name]}
    return {c: _values(table.column(c), wanted[c], path) for c in table.column_names}


def read_arrow(
    path: Path,
    name: str,
    *,
    may_lack: Collection[str] = (),
    row_count_max: int | None = None,
) -> pa.Table:
    """Read the columns of a table of this name as Arrow has them; see ``read_parquet``.

    Parameters
    ----------
    path
        A Parquet file.
    name
        A key of ``TABLES``.
    may_lack
        Columns that the file may do without, beside those that may be empty.
    row_count_max
        More rows are refused before any is read.

    Raises
    ------
    TableError
        As ``read_parquet``, types apart; or too many rows, or one column twice.
    """
    wanted = {column.name: column for column in TABLES[name]}
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        present = [column for column in names if column in wanted]
        count = file.metadata.num_rows
        is_small = row_count_max is None or count <= row_count_max
        table = file.read(columns=present) if is_small else None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TableError(
            "it cannot be read as a Parquet file",
            allowed=f'a Parquet file with the columns of the table "{name}"',
            where=str(path),
            what_to_do=str(error).split("\n")[0][:200],
        ) from error
    _refuse_twice(present, path)
    written = (file.schema_arrow.metadata or {}).get(FORMAT_KEY)
    if written is not None and written not in (str(FORMAT).encode(), str(FORMAT - 1).encode()):
        raise TableError(
            f"format {written.decode(errors='replace')}",
            allowed=f"format {FORMAT} or {FORMAT - 1}",
            where=str(path),
            what_to_do="Use the version of Commonwatch that wrote it",
        )
    missing = [
        c.name
        for c in wanted.values()
        if not c.may_be_empty and c.name not in (*present, *may_lack)
    ]
    if missing:
        raise TableError(
            f"no column {', '.join(missing)}",
            allowed=", ".join(wanted),
            where=str(path),
            what_to_do=f"Columns found: {', '.join(file.schema_arrow.names)[:400]}",
        )
    if table is None:
        raise TableError(
            f"{count:,} rows",
            allowed=f"at most {row_count_max:,} rows",
            where=str(path),
            what_to_do="Split the file by time",
        )
    return table


def _refuse_twice(names: Sequence[str], path: Path) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise TableError(f'two columns "{twice[0]}"', allowed="one of each", where=str(path))


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
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise TableError(
            f'column "{column.name}" holds {array.type}',
            allowed=f"{column.kind} in every row",
            where=str(path),
        ) from error
