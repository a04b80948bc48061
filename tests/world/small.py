"""A world that is over in a second: two or four nations, a radar each, one missile."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from commonwatch.scenario.description import Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.world.recordings import Common

HEAD = """
format = 1
title = "Radars by the sea"
question = "Who knows of it?"
date = 2020-01-01
seed = 11
fly_with = ["test-missile"]
launch_sites = ["shore"]
aim_points = ["near"]

[[arcs]]
name = "minimum-energy"
kind = "minimum energy"

[study]
laydown = "all"
baseline = "all"

[[places]]
name = "shore"
title = "Shore"
nation = "none"
latitude_deg = 31.0
longitude_deg = 5.0

[[places]]
name = "near"
title = "Near"
nation = "none"
latitude_deg = 33.0
longitude_deg = 9.0

[[vehicles]]
name = "test-missile"
title = "Test missile"
ground_range_max_km = { low = 500.0, high = 600.0, mark = "found", source = "test" }
burn_time_s = { low = 50.0, nominal = 60.0, high = 70.0, mark = "assumed", source = "test" }
burn_out_altitude_km = { low = 30.0, nominal = 40.0, high = 60.0, mark = "assumed", source = "x" }
ballistic_coefficient_kg_m2 = 2000.0
mark = "assumed"
source = "invented for a test"
"""

RADAR = """
[[radars]]
name = "{name}-radar"
title = "{name}"
nation = "{name}"
role = "search"
band = "UHF"
latitude_deg = {latitude_deg}
longitude_deg = {longitude_deg}
altitude_km = 0.1
range_min_km = 10.0
range_max_km = {{ low = 900.0, nominal = 1200.0, high = 1500.0, mark = "assumed", source = "x" }}
beamwidth_deg = 1.0
bandwidth_mhz = 1.0
range_floor_m = 20.0
range_bias_m = 1.0
track_interval_s = {interval_s}
false_plots_per_sweep = 0
cross_section_m2 = 1.0
mark = "assumed"
source = "invented for a test"

[[radars.faces]]
azimuth_min_deg = 150.0
azimuth_max_deg = 330.0
boresight_azimuth_deg = 240.0
boresight_elevation_deg = 20.0
elevation_min_deg = 1.0
elevation_max_deg = 85.0
"""
NAMES = ("north", "south", "east", "west")
PLACES = ((35.0, 9.0), (32.0, 12.0), (34.0, 12.0), (30.5, 9.0))


def small(more: str = "", *, nations: int = 2, interval_s: float = 4.0) -> str:
    """Return the text of the scenario, with more tables at its end."""
    names = NAMES[:nations]
    parts = [HEAD]
    sensors = ", ".join(f'"{name}-radar"' for name in names)
    parts.append(f'[[laydowns]]\nname = "all"\ntitle = "all radars"\nsensors = [{sensors}]\n')
    for name, (latitude_deg, longitude_deg) in zip(names, PLACES, strict=False):
        parts.append(
            RADAR.format(
                name=name,
                latitude_deg=latitude_deg,
                longitude_deg=longitude_deg,
                interval_s=interval_s,
            )
        )
        parts.append(f'[[nations]]\nname = "{name}"\ntitle = "{name}"\nowners = ["{name}"]\n')
    return "\n".join([*parts, more])


@lru_cache(maxsize=32)
def loaded(text: str) -> Scenario:
    """Load a scenario from its text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "small.toml"
        path.write_text(text, encoding="utf-8")
        return load_scenario(path)


@lru_cache(maxsize=32)
def common_to(text: str, seed: int) -> Common:
    """What worlds of one scenario and seed have in common."""
    return Common.of(loaded(text), seed=seed)
