"""A vehicle's figures are checked where they enter."""

from __future__ import annotations

import math

import pytest

from commonwatch.errors import InputError
from commonwatch.flight.vehicle import Vehicle


def vehicle(**changes: float) -> Vehicle:
    figures = {
        "burn_time_s": 70.0,
        "burn_out_altitude_m": 40e3,
        "burn_out_altitude_low_m": 30e3,
        "burn_out_altitude_high_m": 50e3,
        "ballistic_coefficient_kg_m2": 5_000.0,
        "ground_range_max_m": 300e3,
    }
    return Vehicle(name="sounding rocket", **{**figures, **changes})


def test_figures_that_agree_are_taken() -> None:
    assert vehicle().burn_out_altitude_m == 40e3
    assert vehicle(burn_time_s=0.0).burn_time_s == 0.0


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", ["burn_time_s", "burn_out_altitude_m", "ground_range_max_m"])
def test_a_figure_that_is_no_length_or_time_is_refused_by_name(name: str, wrong: float) -> None:
    with pytest.raises(InputError, match=name) as caught:
        vehicle(**{name: wrong})
    assert "sounding rocket" in caught.value.where


@pytest.mark.parametrize("height_m", [29e3, 51e3])
def test_a_height_outside_its_own_interval_is_refused_with_it(height_m: float) -> None:
    with pytest.raises(InputError, match="30000 to 50000 m"):
        vehicle(burn_out_altitude_m=height_m)
