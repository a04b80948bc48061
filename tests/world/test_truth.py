"""The flights of a scenario."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.errors import ImpossibleArcError
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.load import load_scenario
from commonwatch.world.truth import drag_offset, flights_wanted, fly
from tests.studies.build import SCENARIO

GEOD = pyproj.Geod(ellps="WGS84")


def loaded(tmp_path: Path, text: str = SCENARIO) -> Scenario:
    path = tmp_path / "small.toml"
    path.write_text(text)
    return load_scenario(path)


def test_flights_come_in_the_order_of_the_scenario(tmp_path: Path) -> None:
    truth = fly(loaded(tmp_path), interval_s=5.0)
    listed = [(f.aim_point.name if f.aim_point else "", f.arc) for f in truth.flights]
    assert listed == [
        ("near", "minimum-energy"),
        ("near", "lofted"),
        ("far", "minimum-energy"),
        ("far", "lofted"),
    ]


def test_flights_end_on_their_aim_points(tmp_path: Path) -> None:
    truth = fly(loaded(tmp_path), interval_s=5.0)
    last = truth.trajectories.state_vector[:, -1, :3]
    latitude, longitude, height = geodetic_from_ecef(last)
    assert np.abs(height).max() < 0.01
    for k, flight in enumerate(truth.flights):
        assert flight.aim_point is not None
        _, _, miss_m = GEOD.inv(
            np.degrees(flight.aim_point.longitude_rad),
            np.degrees(flight.aim_point.latitude_rad),
            np.degrees(longitude[k]),
            np.degrees(latitude[k]),
        )
        assert miss_m < 1_000.0


def test_a_long_burn_takes_longer_than_a_short_one(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    short, long = (fly(scenario, interval_s=5.0, burn=burn) for burn in (Case.LOW, Case.HIGH))
    assert set(short.trajectories.burn_out_s) == {70.0}
    assert set(long.trajectories.burn_out_s) == {90.0}
    assert (long.trajectories.end_s > short.trajectories.end_s).all()


def test_an_arc_that_cannot_be_is_refused_with_its_reason_and_others_fly(tmp_path: Path) -> None:
    text = SCENARIO.replace("apogee_ratio = 1.3", "apogee_km = 5.0")
    truth = fly(loaded(tmp_path, text), interval_s=5.0)
    assert [flight.arc for flight in truth.flights] == ["minimum-energy"] * 2
    assert len(truth.refused) == 2
    assert all("km" in reason for _, reason in truth.refused)


def test_a_scenario_without_one_possible_flight_is_refused(tmp_path: Path) -> None:
    text = SCENARIO.replace('kind = "minimum energy"', 'kind = "apogee"\napogee_km = 5.0').replace(
        "apogee_ratio = 1.3", "apogee_km = 4.0"
    )
    with pytest.raises(ImpossibleArcError, match="not one of 4 flights"):
        fly(loaded(tmp_path, text), interval_s=5.0)


def test_drag_brings_arcs_down_short_of_the_vacuum_impact(tmp_path: Path) -> None:
    truth = fly(loaded(tmp_path), interval_s=5.0)
    offset_m, _ = drag_offset(truth)
    assert offset_m.shape == (3, 4)
    assert ((offset_m > 100.0) & (offset_m < 20_000.0)).all()


def test_a_lighter_object_is_moved_farther_by_drag(tmp_path: Path) -> None:
    text = SCENARIO.replace(
        "ballistic_coefficient_kg_m2 = 2000.0",
        "ballistic_coefficient_kg_m2 = { low = 1e3, high = 5e3,"
        ' mark = "assumed", source = "test" }',
    )
    low, nominal, high = drag_offset(fly(loaded(tmp_path, text), interval_s=5.0))[0]
    assert ((low > nominal) & (nominal > high)).all()


def test_a_recorded_path_is_flown_as_it_was_recorded() -> None:
    scenario = load_scenario("falcon-ascent")
    truth = fly(scenario, interval_s=5.0)
    recording = scenario.recorded[0].recording
    _, _, height = geodetic_from_ecef(truth.trajectories.state_vector[0, :, :3])
    times = truth.trajectories.sample_time_s(0)
    expected = np.interp(times, recording.time_s, recording.altitude_m)
    assert np.abs(height - expected).max() < 50.0
    assert not truth.trajectories.comes_down[0]


def test_the_list_of_flights_wanted_holds_every_pair_and_arc() -> None:
    scenario = load_scenario("iran-2009")
    wanted = flights_wanted(scenario)
    assert len(wanted) == 4 * 8 * 3
    hypothetical = {
        f.aim_point.name for f in wanted if f.aim_point and not f.is_within_published_range
    }
    assert "london" in hypothetical
    assert any(f.is_within_published_range for f in wanted)
