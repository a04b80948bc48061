"""Tables written while the work goes on: whole, in groups, and never half."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from commonwatch.errors import InvariantError, OutputError
from commonwatch.tables.reading import read_parquet
from commonwatch.tables.schemas import to_table
from commonwatch.tables.streaming import ROWS_A_GROUP, streamed


def rows(first: int, count: int) -> dict[str, Any]:
    return {
        "row": np.arange(first, first + count),
        "disposition": ["late"] * count,
        "track": np.full(count, np.nan),
        "reason": ["it took too long"] * count,
    }


def test_all_rows_come_back_in_order_with_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "new" / "d.parquet"
    with streamed(path, "dispositions") as stream:
        for first in range(0, 50_000, 1_000):
            stream.add(rows(first, 1_000))
        assert stream.row_count == 50_000
    table = pq.read_table(path)
    assert table.equals(to_table("dispositions", rows(0, 50_000)))
    assert table.schema.equals(to_table("dispositions", rows(0, 1)).schema, check_metadata=True)
    groups = pq.ParquetFile(path).metadata
    sizes = [groups.row_group(k).num_rows for k in range(groups.num_row_groups)]
    assert len(sizes) == 3
    assert max(sizes) < ROWS_A_GROUP + 1_000


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    with streamed(tmp_path / "d.parquet", "dispositions") as stream:
        stream.add(rows(0, 0))
    found = read_parquet(tmp_path / "d.parquet", "dispositions")
    assert list(found) == ["row", "disposition", "track", "reason"]
    assert len(found["row"]) == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_stops_half_way_leaves_the_earlier_file(
    error: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "d.parquet"
    path.write_text("mine")

    def stopped() -> None:
        with streamed(path, "dispositions") as stream:
            stream.add(rows(0, 3 * ROWS_A_GROUP))
            raise error

    with pytest.raises(error):
        stopped()
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["d.parquet"]


def test_of_two_tables_both_appear_or_none(tmp_path: Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"

    def both() -> None:
        with streamed(first, "dispositions") as one, streamed(second, "dispositions") as other:
            one.add(rows(0, 5))
            other.add(rows(0, 5))
            one.finish()
            other.finish()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        both()
    assert list(tmp_path.iterdir()) == []


def test_columns_that_are_not_the_tables_are_our_mistake(tmp_path: Path) -> None:
    def wrong() -> None:
        with streamed(tmp_path / "d.parquet", "dispositions") as stream:
            stream.add({"row": [1]})

    with pytest.raises(InvariantError, match="has its columns"):
        wrong()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    def written() -> None:
        with streamed(tmp_path, "dispositions"):
            pass

    with pytest.raises(OutputError, match="folder"):
        written()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    batch = rows(0, 1_000)
    with streamed(tmp_path / "d.parquet", "dispositions") as stream:
        for _ in range(40):
            stream.add(batch)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(200):
                stream.add(batch)
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
    assert grown < 200_000
