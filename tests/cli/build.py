"""A scenario of one arc and two radars, small enough to run in a second or two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commonwatch.cli.main import main

RADARS = """
[[radars]]
name = "north"
title = "North"
nation = "N"
role = "search"
band = "UHF"
latitude_deg = 42.0
longitude_deg = 47.0
altitude_km = 0.2
range_min_km = 100.0
range_max_km = { low = 1100.0, nominal = 1500.0, high = 2500.0, mark = "assumed", source = "" }
beamwidth_deg = 2.0
bandwidth_mhz = 1.0
range_floor_m = 30.0
range_bias_m = 100.0
track_interval_s = { low = 3.0, nominal = 4.0, high = 5.0, mark = "assumed", source = "" }
cross_section_m2 = { low = 0.1, nominal = 0.5, high = 3.0, mark = "assumed", source = "" }
mark = "assumed"
source = "invented"

[[radars.faces]]
azimuth_min_deg = 90.0
azimuth_max_deg = 250.0
boresight_azimuth_deg = 170.0
boresight_elevation_deg = 20.0
elevation_min_deg = { low = 2.0, nominal = 3.0, high = 4.0, mark = "assumed", source = "" }
elevation_max_deg = 70.0

[[radars.service]]
status = "trial"
from = 2009-02-26
source = "a newspaper"

[[radars]]
name = "guided"
title = "Guided by others"
nation = "G"
role = "cued"
band = "X"
latitude_deg = 33.0
longitude_deg = 44.0
altitude_km = 0.5
range_min_km = 50.0
range_max_km = { low = 700.0, nominal = 900.0, high = 1000.0, mark = "assumed", source = "" }
beamwidth_deg = 0.5
bandwidth_mhz = 10.0
range_floor_m = 1.0
range_bias_m = 1.0
track_interval_s = 1.0
hand_over_s = { low = 8.0, nominal = 10.0, high = 15.0, mark = "assumed", source = "" }
cross_section_m2 = 0.05
mark = "assumed"
source = "invented"

[[radars.faces]]
azimuth_min_deg = 300.0
azimuth_max_deg = 140.0
boresight_azimuth_deg = 40.0
boresight_elevation_deg = 30.0
elevation_min_deg = 5.0
elevation_max_deg = { low = 60.0, nominal = 70.0, high = 80.0, mark = "assumed", source = "" }

[[radars]]
name = "blind"
title = "Looks the other way"
nation = "N"
role = "search"
band = "UHF"
latitude_deg = 60.0
longitude_deg = 10.0
altitude_km = 0.0
range_min_km = 100.0
range_max_km = 500.0
beamwidth_deg = 2.0
bandwidth_mhz = 1.0
range_floor_m = 30.0
range_bias_m = 100.0
track_interval_s = 4.0
cross_section_m2 = 1.0
mark = "assumed"
source = "invented"

[[radars.faces]]
azimuth_min_deg = 300.0
azimuth_max_deg = 350.0
boresight_azimuth_deg = 325.0
boresight_elevation_deg = 20.0
elevation_min_deg = 3.0
elevation_max_deg = 70.0
"""

SCENARIO = (
    """
format = 1
title = "A small one"
question = "Who sees one flight?"
look_for = "Two of three radars."
date = 2010-01-01
seed = 7
fly_with = ["plain"]
launch_sites = ["here"]
aim_points = ["there"]

[[places]]
name = "here"
title = "Here"
nation = "X"
latitude_deg = 31.0
longitude_deg = 52.0

[[places]]
name = "there"
title = "There"
nation = "Y"
latitude_deg = 40.0
longitude_deg = 38.0

[[vehicles]]
name = "plain"
title = "Plain"
ground_range_max_km = 2000.0
burn_time_s = 100.0
burn_out_altitude_km = 100.0
ballistic_coefficient_kg_m2 = 2000.0
mark = "assumed"
source = "invented"

[[arcs]]
name = "least"
kind = "minimum energy"

[[laydowns]]
name = "alone"
title = "North alone"
sensors = ["north"]

[[laydowns]]
name = "both"
title = "All three"
includes = "alone"
sensors = ["guided", "blind"]

[world]
seeds = 1

[coverage]
altitude_max_km = 1500.0
gap_s = 60.0

[coverage.map]
latitude_min_deg = 20.0
latitude_max_deg = 50.0
longitude_min_deg = 30.0
longitude_max_deg = 60.0
step_deg = 5.0

[coverage.launches]
latitude_min_deg = 28.0
latitude_max_deg = 34.0
longitude_min_deg = 50.0
longitude_max_deg = 56.0
step_deg = 3.0
"""
    + RADARS
)


def changed(old: str, new: str, *, text: str = SCENARIO) -> str:
    """Return the scenario with one piece of its text changed, which must be in it."""
    assert old in text, old
    return text.replace(old, new, 1)


def write_scenario(folder: Path, text: str = SCENARIO, *, name: str = "small.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def call(*arguments: str | Path) -> int:
    """Run the command in this process and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def command_line(*arguments: str | Path) -> list[str]:
    """Return the words that run the command in a process of its own."""
    script = "from commonwatch.cli.main import main; main()"
    return [sys.executable, "-c", script, *map(str, arguments)]


def run_apart(
    *arguments: str | Path, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process and folder of its own."""
    return subprocess.run(
        command_line(*arguments),
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def json_of(text: str) -> Any:
    """Parse JSON strictly: NaN is refused."""

    def refuse(word: str) -> float:
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


def hidden_below(folder: Path) -> list[Path]:
    """Return what a broken clean-up would leave behind."""
    return list(folder.rglob(".*"))
