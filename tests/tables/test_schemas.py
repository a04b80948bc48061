"""Tables hold the columns, types and units that they promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonwatch.errors import InvariantError
from commonwatch.tables.columns import unit_of
from commonwatch.tables.files import write_table
from commonwatch.tables.schemas import FORMAT_KEY, TABLES, to_table

VISIBILITY = (
    "laydown,case,launch,aim_point,arc,sensor,spell,first_seen_s,last_seen_s,"
    "first_seen_altitude_m,last_seen_altitude_m,limit_that_ended_it,impact_s"
)


def gap_columns(**changed: object) -> dict[str, object]:
    """One row of the table of gaps."""
    columns: dict[str, object] = {
        "laydown": ["all"],
        "case": ["low"],
        "launch_latitude_deg": [30.0],
        "launch_longitude_deg": [50.0],
        "aim_point": ["rome"],
        "first_sight_s": [np.nan],
        "within_published_range_2009": [True],
        "longest_unseen_s": [900.0],
        "impact_s": [900.0],
    }
    return columns | changed


def test_the_visibility_table_has_the_promised_columns() -> None:
    assert ",".join(column.name for column in TABLES["visibility"]) == VISIBILITY


def test_every_column_has_a_sentence_and_the_unit_that_its_name_ends_with() -> None:
    for columns in TABLES.values():
        for column in columns:
            assert column.sentence.endswith("."), column
            assert column.unit == unit_of(column.name), column


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("vx_m_s", "m/s"),
        ("impact_s", "s"),
        ("x_m", "m"),
        ("range_max_km", "km"),
        ("cross_section_m2", "m2"),
        ("ballistic_coefficient_kg_m2", "kg/m2"),
        ("period_h", "h"),
        ("eccentricity", ""),
        ("arcs", ""),
    ],
)
def test_the_unit_is_the_end_of_the_name(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_nan_becomes_an_empty_value_where_a_value_may_be_missing() -> None:
    table = to_table("gaps", gap_columns())
    assert table["first_sight_s"].to_pylist() == [None]


def test_columns_come_out_in_the_order_of_the_schema() -> None:
    turned = dict(reversed(gap_columns().items()))
    listed = [column.name.replace("YYYY", "2009") for column in TABLES["gaps"]]
    assert to_table("gaps", turned).column_names == listed


def test_words_may_come_as_a_dictionary_array() -> None:
    words = pa.array(["rome"]).dictionary_encode()
    assert to_table("gaps", gap_columns(aim_point=words))["aim_point"].to_pylist() == ["rome"]


@pytest.mark.parametrize(
    "changed",
    [
        {"longest_unseen_s": ["long"]},
        {"launch_latitude_deg": [np.nan]},
        {"laydown": [None]},
        {"laydown": ["all", "none"]},
        {"wind_m_s": [1.0]},
    ],
)
def test_a_column_that_breaks_the_schema_is_our_own_mistake(changed: dict[str, object]) -> None:
    with pytest.raises(InvariantError):
        to_table("gaps", gap_columns(**changed))


def test_a_missing_column_is_our_own_mistake() -> None:
    columns = gap_columns()
    del columns["impact_s"]
    with pytest.raises(InvariantError, match="gaps has its columns"):
        to_table("gaps", columns)


def test_a_table_of_another_name_is_our_own_mistake() -> None:
    with pytest.raises(InvariantError, match="the table has a schema"):
        to_table("holes", gap_columns())


def test_the_year_of_the_scenario_stands_in_the_name_of_its_column() -> None:
    one_row: dict[str, object] = {
        column.name.replace("YYYY", "2009"): {"text": ["a"], "float": [1.0], "flag": [True]}[
            column.kind
        ]
        for column in TABLES["arcs"]
    }
    assert to_table("arcs", one_row)["within_published_range_2009"].to_pylist() == [True]


def test_format_and_units_are_in_the_file(tmp_path: Path) -> None:
    write_table(tmp_path / "gaps.parquet", to_table("gaps", gap_columns()))
    schema = pq.read_schema(tmp_path / "gaps.parquet")
    assert (schema.metadata or {})[FORMAT_KEY] == b"1"
    assert (schema.field("impact_s").metadata or {})[b"unit"] == b"s"


def test_an_empty_table_keeps_its_types() -> None:
    table = to_table("lowest_altitude", {c.name: [] for c in TABLES["lowest_altitude"]})
    assert table.schema.field("laydown").type == pa.string()
    assert table.num_rows == 0
