"""The low case of a sensor sees least, the high case most, and a figure can be set by its path."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import pytest

from commonwatch.identity import SensorId
from commonwatch.scenario import catalogue
from commonwatch.scenario.assumptions import assumptions
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.sensors import sensor, sensors, status_on
from commonwatch.sensing.infrared import Geostationary, InfraredSatellite
from commonwatch.sensing.radar import Radar
from tests.scenario.build import SCENARIO


@pytest.fixture
def small(tmp_path: Path) -> Scenario:
    """The small scenario of ``build``."""
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return load_scenario(path)


def radar_of(scenario: Scenario, case: Case, **override: float) -> Radar:
    paths = {key.replace("__", "."): value for key, value in override.items()}
    radar = sensors(scenario, case, override=paths)[0]
    assert isinstance(radar, Radar)
    return radar


def satellite_of(scenario: Scenario, case: Case) -> InfraredSatellite:
    satellite = sensors(scenario, case)[1]
    assert isinstance(satellite, InfraredSatellite)
    return satellite


def test_degrees_and_kilometres_become_radians_and_metres(small: Scenario) -> None:
    radar = radar_of(small, Case.NOMINAL)
    assert radar.site.latitude_rad == pytest.approx(math.radians(70.0))
    assert radar.site.altitude_m == 100.0
    assert radar.range_max_m == 4e6
    assert radar.bandwidth_hz == 1e6
    assert radar.beamwidth_rad == pytest.approx(math.radians(2.0))
    assert radar.faces[0].width_rad == pytest.approx(math.radians(110.0))


@pytest.mark.parametrize(
    ("case", "range_max_m", "elevation_min_deg"),
    [(Case.LOW, 3e6, 4.0), (Case.NOMINAL, 4e6, 3.0), (Case.HIGH, 5e6, 2.0)],
)
def test_a_radar_sees_least_in_the_low_case_and_most_in_the_high_case(
    small: Scenario, case: Case, range_max_m: float, elevation_min_deg: float
) -> None:
    radar = radar_of(small, case)
    assert radar.range_max_m == range_max_m
    assert math.degrees(radar.faces[0].elevation_min_rad) == pytest.approx(elevation_min_deg)


@pytest.mark.parametrize(
    ("case", "cloud_break_m", "revisit_s", "delay_s"),
    [(Case.LOW, 12e3, 12.0, 12.0), (Case.NOMINAL, 10e3, 10.0, 5.0), (Case.HIGH, 8e3, 8.0, 0.0)],
)
def test_a_satellite_sees_least_in_the_low_case_and_most_in_the_high_case(
    small: Scenario, case: Case, cloud_break_m: float, revisit_s: float, delay_s: float
) -> None:
    satellite = satellite_of(small, case)
    assert satellite.cloud_break_altitude_m == cloud_break_m
    assert satellite.revisit_s == revisit_s
    assert satellite.first_look_delay_s == delay_s


@pytest.mark.parametrize("case", Case)
def test_where_a_satellite_stands_is_nominal_in_every_case(small: Scenario, case: Case) -> None:
    orbit = satellite_of(small, case).orbit
    assert isinstance(orbit, Geostationary)
    assert math.degrees(orbit.longitude_rad) == pytest.approx(10.0)


def test_the_cross_section_decides_only_in_its_own_run(small: Scenario) -> None:
    assert radar_of(small, Case.LOW).cross_section_m2 is None
    run = [sensors(small, case, is_cross_section_run=True)[0] for case in Case]
    assert [radar.cross_section_m2 for radar in run if isinstance(radar, Radar)] == [0.1, 0.5, 3.0]


def test_one_figure_can_be_set_by_its_path(small: Scenario) -> None:
    radar = radar_of(small, Case.LOW, radars__north__range_max_km=3500.0)
    assert radar.range_max_m == 3.5e6
    assert radar.faces == radar_of(small, Case.LOW).faces


@pytest.mark.parametrize("name", catalogue.scenario_names())
def test_setting_an_assumption_by_its_path_changes_what_it_names(name: str) -> None:
    scenario = load_scenario(name)
    for assumption in assumptions(scenario):
        table, owner, *_ = assumption.path.split(".")
        if table in {"radars", "satellites"}:
            entry = scenario.sensors[SensorId(owner)]
            value = assumption.low if assumption.low != assumption.nominal else assumption.high
            override = {assumption.path: value}
            plain = sensor(entry, Case.NOMINAL, is_cross_section_run=True)
            moved = sensor(entry, Case.NOMINAL, is_cross_section_run=True, override=override)
            assert repr(moved) != repr(plain), assumption.path


def test_every_open_figure_is_listed_with_its_unit_and_mark(small: Scenario) -> None:
    listed = {assumption.path: assumption for assumption in assumptions(small)}
    assert "radars.north.faces[0].elevation_min_deg" in listed
    assert "satellites.still.first_look_delay_s" in listed
    assert "vehicles.sejil-2.burn_time_s" in listed
    assert listed["radars.north.range_max_km"].unit == "km"
    assert (listed["radars.north.range_max_km"].low, listed["radars.north.range_max_km"].high) == (
        3000.0,
        5000.0,
    )
    assert {assumption.mark for assumption in listed.values()} <= {"found", "derived", "assumed"}


def test_the_first_look_waits_up_to_one_revisit(small: Scenario) -> None:
    (wait,) = [a for a in assumptions(small) if a.key == "first_look_delay_s"]
    assert (wait.low, wait.nominal, wait.high, wait.mark) == (0.0, 5.0, 10.0, "derived")


@pytest.mark.parametrize(
    ("day", "status", "note"),
    [
        ("2009-02-25", "not yet in service", "trial from 2009-02-26"),
        ("2009-02-26", "trial", "since 2009-02-26 (a newspaper)"),
        ("2013-05-31", "trial", "since 2009-02-26 (a newspaper)"),
        ("2013-06-01", "in service", "since 2013-06-01"),
    ],
)
def test_a_status_holds_until_the_next_one(
    small: Scenario, day: str, status: str, note: str
) -> None:
    entry = small.sensors[sensors(small, Case.LOW)[0].sensor]
    assert status_on(entry, datetime.date.fromisoformat(day)) == (status, note)


def test_a_sensor_without_service_dates_has_an_unknown_status(small: Scenario) -> None:
    entry = small.sensors[sensors(small, Case.LOW)[1].sensor]
    assert status_on(entry, small.date) == ("unknown", "")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("armavir-se", "trial"),
        ("gabala", "offered"),
        ("brdy", "planned"),
        ("har-keren", "in service"),
        ("fylingdales", "in service"),
        ("kurecik", "not yet in service"),
    ],
)
def test_the_sensors_of_2009_have_the_status_of_that_day(name: str, status: str) -> None:
    assert status_on(catalogue.sensors()[name], datetime.date(2009, 5, 20))[0] == status


def test_only_cued_radars_have_an_open_hand_over() -> None:
    scenario = load_scenario("iran-2009")
    open_paths = {a.path for a in assumptions(scenario) if a.key == "hand_over_s"}
    assert open_paths == {"radars.har-keren.hand_over_s", "radars.brdy.hand_over_s"}
