"""A small scenario for the tests of studies and of the world."""

from __future__ import annotations

SCENARIO = """
format = 1
title = "Two radars by the sea"
question = "What does the second radar add?"
date = 2020-01-01
seed = 7
fly_with = ["test-missile"]
launch_sites = ["shore"]
aim_points = ["near", "far"]

[[arcs]]
name = "minimum-energy"
kind = "minimum energy"

[[arcs]]
name = "lofted"
kind = "apogee"
apogee_ratio = 1.3

[[laydowns]]
name = "west"
title = "one radar"
sensors = ["west"]

[[laydowns]]
name = "both"
title = "both radars"
includes = "west"
sensors = ["east", "eye"]

[study]
laydown = "both"
baseline = "west"

[coverage]
altitude_max_km = 500.0
arc = "minimum-energy"
gap_s = 60.0

[coverage.map]
latitude_min_deg = 30.0
latitude_max_deg = 34.0
longitude_min_deg = 10.0
longitude_max_deg = 14.0
step_deg = 2.0

[coverage.launches]
latitude_min_deg = 30.0
latitude_max_deg = 32.0
longitude_min_deg = 5.0
longitude_max_deg = 7.0
step_deg = 2.0

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
longitude_deg = 14.0

[[places]]
name = "far"
title = "Far"
nation = "none"
latitude_deg = 34.0
longitude_deg = 21.0

[[vehicles]]
name = "test-missile"
title = "Test missile"
ground_range_max_km = { low = 900.0, high = 1000.0, mark = "found", source = "test" }
burn_time_s = { low = 70.0, nominal = 80.0, high = 90.0, mark = "assumed", source = "test" }
burn_out_altitude_km = { low = 30.0, nominal = 60.0, high = 120.0, mark = "assumed", source = "x" }
ballistic_coefficient_kg_m2 = 2000.0
mark = "assumed"
source = "invented for a test"

[[radars]]
name = "west"
title = "West"
nation = "none"
role = "search"
band = "UHF"
latitude_deg = 32.0
longitude_deg = 10.0
altitude_km = 0.1
range_min_km = 10.0
range_max_km = { low = 200.0, nominal = 350.0, high = 500.0, mark = "assumed", source = "test" }
beamwidth_deg = 2.0
bandwidth_mhz = 1.0
range_floor_m = 20.0
range_bias_m = 50.0
track_interval_s = 2.0
cross_section_m2 = { low = 0.1, nominal = 0.5, high = 1.0, mark = "assumed", source = "test" }
mark = "assumed"
source = "invented for a test"

[[radars.faces]]
azimuth_min_deg = 180.0
azimuth_max_deg = 300.0
boresight_azimuth_deg = 240.0
boresight_elevation_deg = 20.0
elevation_min_deg = 2.0
elevation_max_deg = 80.0

[[radars]]
name = "east"
title = "East"
nation = "none"
role = "cued"
band = "X"
latitude_deg = 34.0
longitude_deg = 18.0
altitude_km = 0.1
range_min_km = 0.0
range_max_km = { low = 900.0, nominal = 1200.0, high = 1500.0, mark = "assumed", source = "test" }
beamwidth_deg = 0.5
bandwidth_mhz = 100.0
range_floor_m = 1.0
range_bias_m = 1.0
track_interval_s = 1.0
cross_section_m2 = { low = 0.1, nominal = 0.5, high = 1.0, mark = "assumed", source = "test" }
mark = "assumed"
source = "invented for a test"

[[radars.faces]]
azimuth_min_deg = 200.0
azimuth_max_deg = 320.0
boresight_azimuth_deg = 260.0
boresight_elevation_deg = 20.0
elevation_min_deg = 2.0
elevation_max_deg = 80.0

[[satellites]]
name = "eye"
title = "Eye"
nation = "none"
orbit = "geostationary"
longitude_deg = 20.0
revisit_s = 10.0
line_of_sight_std_rad = 3e-5
cloud_break_altitude_km = { low = 8.0, high = 12.0, mark = "assumed", source = "test" }
elevation_min_deg = 5.0
mark = "assumed"
source = "invented for a test"
"""
