"""The standard atmosphere against the table printed in 1976."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.earth import atmosphere
from commonwatch.studies.validation import read_rows


def printed_rows() -> list[dict[str, str]]:
    return read_rows("us_standard_atmosphere_1976.csv")


def last_digit(printed: str) -> float:
    """One unit of the last digit of a printed figure."""
    mantissa, _, exponent = printed.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


@pytest.mark.parametrize("row", printed_rows(), ids=lambda row: f"{row['height_m']}m")
def test_temperature_and_pressure_agree_with_the_printed_table_to_a_unit_of_the_last_digit(
    row: dict[str, str],
) -> None:
    height_m = float(row["height_m"])
    for function, column in (
        (atmosphere.temperature_k, "temperature_k"),
        (atmosphere.pressure_pa, "pressure_pa"),
    ):
        # 985 km lies between two heights that the module holds: two units there.
        units = 2.0 if height_m == 985e3 else 1.0
        assert abs(function(height_m) - float(row[column])) <= units * last_digit(row[column])


@pytest.mark.parametrize("row", printed_rows(), ids=lambda row: f"{row['height_m']}m")
def test_density_agrees_with_the_printed_table(row: dict[str, str]) -> None:
    printed = float(row["density_kg_m3"])
    is_mixed = float(row["height_m"]) <= 90e3
    # Above, the printed molar mass has two decimals: 0.1 % of the lightest air.
    tolerance = last_digit(row["density_kg_m3"]) if is_mixed else 1e-3 * printed
    assert abs(atmosphere.density_kg_m3(float(row["height_m"])) - printed) <= tolerance


def test_density_is_continuous_where_the_two_parts_join() -> None:
    below, above = atmosphere.density_kg_m3([86e3 - 1e-3, 86e3])
    assert below / above == pytest.approx(1.0, abs=2e-6)


def test_there_is_no_air_above_1000_km() -> None:
    assert atmosphere.density_kg_m3(1000.001e3) == 0.0
    assert atmosphere.pressure_pa(1000.001e3) == 0.0


@given(st.floats(-5e3, 999e3), st.floats(1.0, 1e3))
def test_pressure_and_density_fall_with_height(height_m: float, step_m: float) -> None:
    assert atmosphere.pressure_pa(height_m + step_m) < atmosphere.pressure_pa(height_m)
    assert atmosphere.density_kg_m3(height_m + step_m) < atmosphere.density_kg_m3(height_m)


@given(st.floats(-4e3, 85e3))
def test_the_air_below_86_km_carries_its_own_weight(height_m: float) -> None:
    below, above = atmosphere.pressure_pa([height_m - 1.0, height_m + 1.0])
    gravity_m_s2 = 9.80665 * (6356766.0 / (6356766.0 + height_m)) ** 2
    weight = gravity_m_s2 * atmosphere.density_kg_m3(height_m)
    assert (below - above) / 2.0 == pytest.approx(weight, rel=1e-6)


def from_table(height_m: np.ndarray) -> np.ndarray:
    table = atmosphere.density_table()
    row = np.clip(np.floor(height_m / 100.0).astype(int), 0, len(table) - 1)
    u = height_m / 100.0 - row
    return np.asarray(sum(table[row, k] * u**k for k in range(4)))


def relative_error(height_m: np.ndarray) -> np.ndarray:
    return np.abs(from_table(height_m) / atmosphere.density_kg_m3(height_m) - 1.0)


EDGE_ROWS = [
    int(6356766.0 * h / (6356766.0 - h) / 100.0) for h in (11e3, 20e3, 32e3, 47e3, 51e3, 71e3)
]


def test_the_table_for_kernels_is_good_to_one_in_a_million_away_from_the_edges_of_layers() -> None:
    height_m = np.linspace(0.0, 119_999.0, 200_003)
    is_inside = ~np.isin(np.floor(height_m / 100.0).astype(int), EDGE_ROWS)
    assert relative_error(height_m[is_inside]).max() < 1e-6


def test_the_table_for_kernels_is_good_to_two_in_ten_thousand_at_the_edges_of_layers() -> None:
    height_m = (np.array(EDGE_ROWS)[:, np.newaxis] + np.linspace(0.0, 1.0, 501)[:-1]) * 100.0
    assert relative_error(height_m).max() < 2e-4


def test_the_first_row_serves_below_the_sea() -> None:
    assert relative_error(np.linspace(-1e3, 0.0, 101)).max() < 1e-6
    assert relative_error(np.array([-5e3])).max() < 3e-4


def test_the_last_row_is_empty() -> None:
    table = atmosphere.density_table()
    assert table.shape == (1201, 4)
    assert not table[-1].any()


def test_not_a_number_stays_not_a_number() -> None:
    assert np.isnan(atmosphere.temperature_k(np.nan))
