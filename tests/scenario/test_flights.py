"""Vehicles and flights come out of the catalogue as published."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pyproj import Geod

from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import Case
from commonwatch.scenario.flights import (
    flights,
    published_ground_range_m,
    vehicle,
    vehicle_for,
)
from commonwatch.scenario.load import load_scenario
from tests.scenario.build import SCENARIO

FLIGHT = """
[[flights]]
name = "own"
latitude_deg = 0.0
longitude_deg = 0.0
azimuth_deg = 90.0
ground_range_km = 1113.194908
apogee_km = 500.0
vehicle = "sejil-2"
"""


def test_the_rocket_of_1995_comes_down_near_spitsbergen() -> None:
    (flight,) = flights(load_scenario("norway-1995"))
    end = flight.aim_point
    longyearbyen = (15.65, 78.22)
    _, _, distance_m = Geod(ellps="WGS84").inv(
        math.degrees(end.longitude_rad), math.degrees(end.latitude_rad), *longyearbyen
    )
    assert distance_m < 100e3
    assert flight.apogee_m == 1453e3
    assert flight.published is catalogue.launches()["black-brant-xii-1995"]


def test_the_tests_of_2017_come_down_in_the_sea_off_japan() -> None:
    by_name = {flight.name: flight for flight in flights(load_scenario("dprk-2017"))}
    for name in ("hwasong-12-may", "hwasong-14-first", "hwasong-14-second", "hwasong-15"):
        end = by_name[name].aim_point
        assert 37.0 < math.degrees(end.latitude_rad) < 45.0, name
        assert 130.0 < math.degrees(end.longitude_rad) < 140.0, name
    for name in ("hwasong-12-august", "hwasong-12-september"):
        assert math.degrees(by_name[name].aim_point.longitude_rad) > 150.0, name


def test_a_published_flight_takes_the_burn_figures_of_its_own_launch() -> None:
    scenario = load_scenario("dprk-2017")
    entry = catalogue.launches()["hwasong-15-2017-11"]
    for case, key in ((Case.LOW, "low"), (Case.NOMINAL, "nominal"), (Case.HIGH, "high")):
        made = vehicle(scenario, "hwasong-15-2017-11", case)
        assert made.burn_time_s == getattr(entry.burn_time_s, key)
        assert made.burn_out_altitude_m == 1e3 * getattr(entry.burn_out_altitude_km, key)


def test_a_flight_of_ones_own_ends_where_the_equator_says(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO + FLIGHT, encoding="utf-8")
    (flight,) = flights(load_scenario(path))
    assert math.degrees(flight.aim_point.longitude_rad) == pytest.approx(10.0, abs=1e-6)
    assert flight.ground_range_m == pytest.approx(1_113_194.908, abs=1e-3)
    assert (flight.apogee_m, flight.time_of_flight_s, flight.published) == (500e3, None, None)


def test_a_figure_of_a_flight_can_be_set_by_its_path() -> None:
    scenario = load_scenario("norway-1995")
    path = "launches.black-brant-xii-1995.apogee_km"
    (flight,) = flights(scenario, override={path: 1400.0})
    assert flight.apogee_m == 1400e3
    burn = {"launches.black-brant-xii-1995.burn_time_s": 99.0}
    assert vehicle(scenario, flight.vehicle, override=burn).burn_time_s == 99.0


def test_an_arc_flies_with_the_first_vehicle_that_reaches() -> None:
    scenario = load_scenario("iran-2009")
    assert vehicle_for(scenario, 2_400e3) == "sejil-2"
    assert vehicle_for(scenario, 2_600e3) == "hypothetical-irbm"
    assert vehicle_for(scenario, 19_000e3) == "hypothetical-irbm"


def test_a_hypothetical_vehicle_does_not_stretch_the_published_range() -> None:
    assert published_ground_range_m(load_scenario("iran-2009")) == 2_500e3


def test_setting_the_burn_out_altitude_widens_its_interval_where_needed() -> None:
    scenario = load_scenario("iran-2009")
    path = "vehicles.sejil-2.burn_out_altitude_km"
    made = vehicle(scenario, "sejil-2", override={path: 10.0})
    assert made.burn_out_altitude_m == made.burn_out_altitude_low_m == 10e3
