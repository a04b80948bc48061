"""A sensor file says exactly what the sensors were, and the files that others bring are read."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from commonwatch.errors import ScenarioError
from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import Case
from commonwatch.scenario.load import load_sensors, read_sensors
from commonwatch.scenario.sensors import sensor
from commonwatch.scenario.writing import sensor_file
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from tests.scenario.build import RADAR, SATELLITE, changed

SCRIPT = Path(__file__).parents[2] / "scripts" / "sensors-from-workload"

PLOTS = """
range_std_m = 30.0
azimuth_std_rad = 1e-3
elevation_std_rad = { low = 1e-3, nominal = 2e-3, high = 4e-3, mark = "assumed", source = "" }
range_rate_std_m_s = 5.0
detection_probability = 0.9
refraction_corrected = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "sensors.toml"
    path.write_text(f"format = 1\n{text}", encoding="utf-8")
    return path


def shown(each: Sensor) -> str:
    """All that a sensor is, digit by digit."""
    with np.printoptions(floatmode="unique"):
        return repr(dataclasses.asdict(each))


def test_every_sensor_of_the_catalogue_survives_being_written_and_read(tmp_path: Path) -> None:
    entries = tuple(catalogue.sensors().values())
    path = tmp_path / "sensors.toml"
    path.write_text(sensor_file(entries), encoding="utf-8")
    again = read_sensors(path)
    assert [shown(s) for s in again] == [shown(sensor(e, Case.NOMINAL)) for e in entries]
    assert [s.sensor for s in again] == [e.name for e in entries]


def test_what_a_plot_measures_survives_too_and_the_middle_case_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, changed("cross_section_m2", PLOTS + "cross_section_m2", text=RADAR))
    [north] = read_sensors(path)
    assert isinstance(north, Radar)
    assert (north.range_std_m, north.azimuth_std_rad, north.elevation_std_rad) == (30.0, 1e-3, 2e-3)
    assert (north.range_rate_std_m_s, north.detection_probability) == (5.0, 0.9)
    assert north.is_refraction_corrected
    path.write_text(sensor_file(load_sensors(path)), encoding="utf-8")
    assert shown(read_sensors(path)[0]) == shown(north)


def test_words_with_quotes_and_breaks_survive(tmp_path: Path) -> None:
    odd = changed('source = "invented"', r'source = "a \"b\"\n\\ \u00e9\u007f"', text=RADAR)
    path = written(tmp_path, odd)
    entries = load_sensors(path)
    path.write_text(sensor_file(entries), encoding="utf-8")
    assert load_sensors(path)[0].source == entries[0].source


def test_a_sensor_file_with_one_name_twice_is_refused(tmp_path: Path) -> None:
    twice = SATELLITE.replace('name = "still"', 'name = "north"')
    with pytest.raises(ScenarioError, match='"north"'):
        read_sensors(written(tmp_path, RADAR + twice))


def test_a_name_may_have_capitals_as_in_the_detections(tmp_path: Path) -> None:
    [north] = read_sensors(written(tmp_path, changed('"north"', '"NORTH-1"', text=RADAR)))
    assert north.sensor == "NORTH-1"


def test_the_description_of_a_workload_becomes_a_sensor_file_without_its_truth(
    tmp_path: Path,
) -> None:
    described = {
        "radars": [
            {
                "name": "ALFA",
                "nation": "A",
                "lat_deg": 30.0,
                "lon_deg": -29.0,
                "height_m": 150.0,
                "sigma_range_m": 30.0,
                "sigma_az_rad": 0.001,
                "sigma_el_rad": 0.002,
                "sigma_rr_mps": 5.0,
                "range_min_m": 150_000.0,
                "range_max_m": 3_000_000.0,
                "el_min_rad": 0.05,
                "el_max_rad": 1.48,
                "pd": 0.9,
                "clutter_per_frame": 10.0,
                "bias": [123.456, 0.00789, 0.0, 0.0],
            }
        ],
        "sweep_s": 2.0,
    }
    source, made = tmp_path / "described.json", tmp_path / "made.toml"
    source.write_text(json.dumps(described), encoding="utf-8")
    subprocess.run([sys.executable, SCRIPT, source, made], check=True)
    [alfa] = read_sensors(made)
    assert isinstance(alfa, Radar)
    assert alfa.sensor == "ALFA"
    assert alfa.site.altitude_m == 150.0
    assert (alfa.range_min_m, alfa.range_max_m) == (150e3, 3e6)
    assert (alfa.range_std_m, alfa.azimuth_std_rad, alfa.elevation_std_rad) == (30.0, 1e-3, 2e-3)
    assert (alfa.range_rate_std_m_s, alfa.detection_probability) == (5.0, 0.9)
    assert (alfa.track_interval_s, alfa.false_plots_per_sweep) == (2.0, 10.0)
    assert alfa.is_refraction_corrected
    assert alfa.faces[0].width_rad == pytest.approx(2.0 * np.pi)
    assert alfa.faces[0].elevation_min_rad == pytest.approx(0.05)
    assert alfa.faces[0].elevation_max_rad == pytest.approx(1.48)
    text = made.read_text(encoding="utf-8")
    assert "123" not in text
    assert "789" not in text
