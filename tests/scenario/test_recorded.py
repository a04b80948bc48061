"""Recorded paths are read, or refused with the row that is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from commonwatch.errors import ScenarioError, TableError
from commonwatch.scenario import catalogue
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.recorded import read_recording
from commonwatch.scenario.schema import LIMITS
from tests.scenario.build import SCENARIO, changed

HEADER = "time_s,altitude_m,downrange_m\n"
RECORDED = """
[[recorded]]
name = "seen"
title = "Seen"
file = "{}"
latitude_deg = 28.6
longitude_deg = -80.6
azimuth_deg = 90.0
burn_out_s = 1.0
mark = "assumed"
source = "invented"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "seen.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bundled_flight_rises_to_the_published_height() -> None:
    (path,) = load_scenario("falcon-ascent").recorded
    assert path.recording.altitude_m.max() == pytest.approx(119.2e3, abs=50.0)
    assert path.recording.time_s[path.recording.altitude_m.argmax()] == 270.0
    assert path.recording.vertical_speed_m_s is not None


def test_the_flight_that_turns_back_ends_behind_its_launch_point() -> None:
    recording = read_recording(catalogue.RECORDED / "zuma.csv")
    assert recording.downrange_m[-1] < 0.0
    assert recording.altitude_m.max() == pytest.approx(124.95e3, abs=50.0)


def test_the_licence_stands_beside_the_recordings() -> None:
    assert "public domain" in (catalogue.RECORDED / "LICENSE").read_text("utf-8")


def test_comments_and_columns_in_another_order_are_read(tmp_path: Path) -> None:
    text = "# seen\ndownrange_m, time_s ,altitude_m,wind\n0,0,5,x\n1,0.5,6,y\n\n"
    recording = read_recording(write(tmp_path, text))
    np.testing.assert_array_equal(recording.time_s, [0.0, 0.5])
    np.testing.assert_array_equal(recording.altitude_m, [5.0, 6.0])
    np.testing.assert_array_equal(recording.downrange_m, [0.0, 1.0])
    assert recording.vertical_speed_m_s is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column time_s, altitude_m, downrange_m is missing"),
        ("time_s,altitude_m\n0,0\n1,1\n", "column downrange_m is missing"),
        (HEADER, "0 rows"),
        (HEADER + "0,0,0\n", "1 rows"),
        (HEADER + "0,0,0\n1,nan,0\n", "row 2"),
        (HEADER + "0,0,0\n1,high,0\n", 'altitude_m is "high"'),
        (HEADER + "0,0,0\n1,5\n", 'downrange_m is ""'),
        (HEADER + "0,0,0\n1,-5000,0\n", "altitude_m is"),
        (HEADER + "0,0,0\n0,1,1\n", "time_s does not rise from row 1 to row 2"),
        (HEADER + "0,0,0\n" * (LIMITS.recorded_rows + 1), "100001 rows"),
    ],
)
def test_a_broken_recording_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TableError, match=said):
        read_recording(write(tmp_path, text))


def test_a_binary_recording_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_bytes(bytes(range(256)))
    with pytest.raises(TableError, match="not text in UTF-8"):
        read_recording(tmp_path / "seen.csv")


def test_a_recording_beside_the_scenario_is_found(tmp_path: Path) -> None:
    write(tmp_path, HEADER + "0,0,0\n1,5,1\n")
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO + RECORDED.format("seen.csv"), encoding="utf-8")
    assert load_scenario(path).recorded[0].recording.time_s.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("file", ["none.csv", "..", "a\\u0007b"])
def test_a_missing_recording_is_a_mistake_of_the_scenario(tmp_path: Path, file: str) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO + RECORDED.format(file), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r'recorded\[0\] "seen": file'):
        load_scenario(path)


def test_a_recording_that_cannot_be_read_is_reported_with_all_other_mistakes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "small.toml"
    text = changed("seed = 7", "sede = 7") + RECORDED.format("none.csv")
    path.write_text(text.replace("latitude_deg = 28.6", "latitude_deg = 98.6"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert [mistake.path for mistake in caught.value.mistakes] == [
        "",
        'recorded[0] "seen"',
        'recorded[0] "seen"',
    ]


def test_a_burn_out_after_the_last_sample_is_refused(tmp_path: Path) -> None:
    write(tmp_path, HEADER + "0,0,0\n0.9,5,1\n")
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO + RECORDED.format("seen.csv"), encoding="utf-8")
    with pytest.raises(
        ScenarioError, match=r"burn_out_s = 1\.0 lies after the last sample"
    ) as caught:
        load_scenario(path)
    assert "at most 0.9" in str(caught.value)
