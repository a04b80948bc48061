"""A small scenario as text, whole but for what a test changes in it."""

from __future__ import annotations

RADAR = """
[[radars]]
name = "north"
title = "North"
nation = "NO"
role = "search"
band = "UHF"
latitude_deg = 70.0
longitude_deg = 30.0
altitude_km = 0.1
range_min_km = 100.0
range_max_km = { low = 3000.0, nominal = 4000.0, high = 5000.0, mark = "assumed", source = "" }
beamwidth_deg = 2.0
bandwidth_mhz = 1.0
range_floor_m = 30.0
range_bias_m = 100.0
track_interval_s = 2.0
cross_section_m2 = { low = 0.1, nominal = 0.5, high = 3.0, mark = "assumed", source = "" }
mark = "assumed"
source = "invented"

[[radars.faces]]
azimuth_min_deg = 350.0
azimuth_max_deg = 100.0
boresight_azimuth_deg = 45.0
boresight_elevation_deg = 20.0
elevation_min_deg = { low = 2.0, high = 4.0, mark = "assumed", source = "" }
elevation_max_deg = 70.0

[[radars.service]]
status = "trial"
from = 2009-02-26
source = "a newspaper"

[[radars.service]]
status = "in service"
from = 2013-06-01
"""

SATELLITE = """
[[satellites]]
name = "still"
title = "Stands still"
nation = "NO"
orbit = "geostationary"
longitude_deg = { low = 0.0, nominal = 10.0, high = 20.0, mark = "assumed", source = "" }
revisit_s = { low = 8.0, nominal = 10.0, high = 12.0, mark = "assumed", source = "" }
line_of_sight_std_rad = 3e-5
cloud_break_altitude_km = { low = 8.0, nominal = 10.0, high = 12.0, mark = "assumed", source = "" }
elevation_min_deg = 5.0
mark = "assumed"
source = "invented"
"""

SCENARIO = (
    """
format = 1
title = "A small one"
date = 2010-01-01
seed = 7
fly_with = ["sejil-2", "hypothetical-irbm"]
launch_sites = ["semnan"]
aim_points = ["rome"]

[[arcs]]
name = "high"
kind = "apogee"
apogee_km = 900.0

[[laydowns]]
name = "alone"
title = "North alone"
sensors = ["north"]

[[laydowns]]
name = "both"
title = "North and a satellite"
includes = "alone"
sensors = ["still"]

[coverage.map]
latitude_min_deg = 0.0
latitude_max_deg = 10.0
longitude_min_deg = -180.0
longitude_max_deg = 180.0
step_deg = 5.0
"""
    + RADAR
    + SATELLITE
)


def changed(old: str, new: str, *, text: str = SCENARIO) -> str:
    """Return the scenario with one piece of its text changed, which must be in it."""
    assert old in text, old
    return text.replace(old, new, 1)
