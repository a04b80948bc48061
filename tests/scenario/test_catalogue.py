"""The bundled files pass the checks that a person's file has to pass, and name their sources."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commonwatch.reading.mistakes import find_faults
from commonwatch.scenario import catalogue, schema
from commonwatch.scenario.figures import ends
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.meaning import CHECKS
from commonwatch.scenario.names import check_sensor_names

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "catalogue.md"
FILES = {
    "sensors": schema.SensorFile,
    "launches": schema.LaunchFile,
    "vehicles": schema.VehicleFile,
    "places": schema.PlaceFile,
    "range_classes": schema.RangeClassFile,
}


def parsed(name: str) -> dict[str, Any]:
    path = catalogue.LIBRARY / "catalogue" / f"{name}.toml"
    return tomllib.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_a_catalogue_file_has_no_mistake(name: str) -> None:
    assert find_faults(parsed(name), FILES[name], CHECKS) == []


@pytest.mark.parametrize("name", FILES)
def test_no_name_stands_twice_in_a_catalogue_file(name: str) -> None:
    tables = [table for key, array in parsed(name).items() if key != "format" for table in array]
    names = [table["name"] for table in tables]
    assert len(set(names)) == len(names)


def test_no_name_stands_for_two_sensors() -> None:
    assert list(check_sensor_names(parsed("sensors"))) == []


def marks(part: object) -> Iterator[str]:
    """Every mark at any depth."""
    if isinstance(part, dict):
        yield from ([part["mark"]] if "mark" in part else [])
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from marks(each)


@pytest.mark.parametrize("name", FILES)
def test_the_page_counts_entries_and_marks_as_they_are(name: str) -> None:
    tables = parsed(name)
    entries = sum(len(array) for array in tables.values() if isinstance(array, list))
    count = Counter(marks(tables))
    row = re.search(rf"^\| `{name}\.toml` \|[^|]+\|(.+)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert row is not None
    stands = [int(cell) for cell in row[1].split("|")]
    assert stands == [entries, count["found"], count["derived"], count["assumed"]]


@pytest.mark.parametrize(
    "entries",
    [
        catalogue.sensors,
        catalogue.launches,
        catalogue.vehicles,
        catalogue.places,
        catalogue.range_classes,
    ],
)
def test_every_entry_and_every_interval_names_its_source(entries: Any) -> None:
    for entry in entries().values():
        assert entry.source, entry.name
        for field in msgspec.structs.fields(entry):
            figure = getattr(entry, field.name)
            if isinstance(figure, schema.Interval):
                assert figure.source, (entry.name, field.name)


def test_every_launch_flies_with_a_vehicle_of_the_catalogue() -> None:
    for launch in catalogue.launches().values():
        assert launch.vehicle in catalogue.vehicles(), launch.name


def test_range_classes_follow_one_another_without_a_gap() -> None:
    classes = list(catalogue.range_classes().values())
    for one, next_one in itertools.pairwise(classes):
        assert one.ground_range_max_km == next_one.ground_range_min_km


@pytest.mark.parametrize(
    ("name", "latitude_deg", "longitude_deg"),
    [  # independent gazetteer values, rounded to a tenth of a degree
        ("moscow", 55.8, 37.6),
        ("london", 51.5, -0.1),
        ("ankara", 39.9, 32.9),
        ("volgograd", 48.7, 44.5),
        ("tabriz", 38.1, 46.3),
        ("cape-canaveral", 28.5, -80.6),
        ("baikonur", 46.0, 63.3),
    ],
)
def test_a_place_lies_where_a_gazetteer_has_it(
    name: str, latitude_deg: float, longitude_deg: float
) -> None:
    place = catalogue.places()[name]
    assert place.latitude_deg == pytest.approx(latitude_deg, abs=0.3)
    assert place.longitude_deg == pytest.approx(longitude_deg, abs=0.3)


def test_the_bundled_scenarios_are_the_promised_ones() -> None:
    assert catalogue.scenario_names() == (
        "dprk-2017",
        "falcon-ascent",
        "globe-2024",
        "iran-2009",
        "liar",
        "norad-1979",
        "norad-1980",
        "norway-1995",
        "oko-1983",
        "raid-200",
    )


def test_brdys_range_at_a_hundredth_of_a_square_metre_is_the_official_one() -> None:
    brdy = catalogue.sensors()["brdy"]
    assert isinstance(brdy, schema.RadarEntry)
    at_small_km = [0.01**0.25 * one for one in ends(brdy.range_max_km)]
    assert at_small_km[0] < 2_100.0  # the critics would hold even this too long
    assert at_small_km[2] == pytest.approx(2_500.0, rel=0.01)


@pytest.mark.parametrize("name", catalogue.scenario_names())
def test_no_laydown_of_2014_or_later_holds_both_radars_at_mishelevka(name: str) -> None:
    scenario = load_scenario(name)
    if scenario.date.year < 2014:
        return
    names = list(scenario.sensors)
    for laydown in scenario.laydowns:
        held = {str(names[index]) for index in laydown.members}
        assert not {"mishelevka-dnepr", "mishelevka-voronezh"} <= held, laydown.name


def test_what_nobody_has_published_of_a_satellite_is_an_interval() -> None:
    for entry in catalogue.sensors().values():
        if isinstance(entry, schema.SatelliteEntry):
            assert isinstance(entry.elevation_min_deg, schema.Interval), entry.name
            if entry.orbit == "highly elliptical":
                assert isinstance(entry.apogee_longitude_deg, schema.Interval), entry.name
                assert isinstance(entry.argument_of_perigee_deg, schema.Interval), entry.name


def test_every_cued_radar_of_the_catalogue_has_an_assumed_hand_over_interval() -> None:
    for entry in catalogue.sensors().values():
        if isinstance(entry, schema.RadarEntry) and entry.role == "cued":
            assert isinstance(entry.hand_over_s, schema.Interval), entry.name
            assert entry.hand_over_s.mark == "assumed"


def test_an_apogee_before_burn_out_is_refused() -> None:
    launch = catalogue.launches()["new-shepard-ns-13"]
    early = msgspec.structs.replace(launch, apogee_time_s=100.0)
    for entry, keys in ((launch, []), (early, ["apogee_time_s"])):
        faults = [fault for check in CHECKS[schema.LaunchEntry] for fault in check(entry)]
        assert [fault.key for fault in faults] == keys
