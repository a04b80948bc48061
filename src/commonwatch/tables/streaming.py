"""Tables written while the work goes on, so that memory does not grow with their length."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from commonwatch.tables.columns import TEXT
from commonwatch.tables.files import replaced
from commonwatch.tables.schemas import TABLES, to_table

ROWS_A_GROUP: Final = 16_384
"""Rows that are kept in memory at most, but for the last batch."""


class TableStream:
    """A table that grows batch by batch; see ``streamed``.

    Parameters
    ----------
    name
        A key of ``schemas.TABLES``.
    writer, file
        Where groups of rows go, and the file below it.
    """

    def __init__(self, name: str, writer: pq.ParquetWriter, file: BinaryIO) -> None:
        self._name = name
        self._writer = writer
        self._file = file
        self._parts: list[pa.Table] = []
        self._kept = 0
        self.row_count = 0

    def add(self, columns: Mapping[str, Any]) -> None:
        """Add rows: every column of the table and no other, as ``schemas.to_table`` takes them."""
        part = to_table(self._name, columns)
        self.row_count += part.num_rows
        self._kept += part.num_rows
        if part.num_rows:
            self._parts.append(part)
        if self._kept >= ROWS_A_GROUP:
            self._write_group()

    def finish(self) -> None:
        """Bring everything to the disk, where a full one shows; nothing can be added afterwards.

        Of several files finish all before the block of any ends: they then appear together.
        """
        if self._file.closed or not self._writer.is_open:
            return
        self._write_group()
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write_group(self) -> None:
        if self._parts:
            whole = pa.concat_tables(self._parts)
            self._writer.write_table(whole, row_group_size=whole.num_rows)
        self._parts, self._kept = [], 0


@contextmanager
def streamed(path: Path, name: str) -> Iterator[TableStream]:
    """Give a table to add rows to, which takes the place of ``path`` when the block ends well.

    Parameters
    ----------
    path
        The Parquet file to write, replaced in one step; when the block raises, it stays as it was.
    name
        A key of ``schemas.TABLES``; the file has its schema, also without a row.

    Raises
    ------
    OutputError
        The place cannot be written, or the disk is full.

    Notes
    -----
    Limits: what stands at the file's end about each group of rows is kept in memory, so that it
    grows with the file, if slowly.
    """
    schema = to_table(name, {column.name: [] for column in TABLES[name]}).schema
    numbers = [field.name for field in schema if pa.types.is_floating(field.type)]
    words = [column.name for column in TABLES[name] if column.kind == TEXT]
    with (
        replaced(path) as file,
        pq.ParquetWriter(
            file,
            schema,
            compression="lz4",
            use_dictionary=words,  # type: ignore[arg-type]  # the stubs know only True
            use_byte_stream_split=numbers,
        ) as writer,
    ):
        stream = TableStream(name, writer, file)
        yield stream
        stream.finish()
