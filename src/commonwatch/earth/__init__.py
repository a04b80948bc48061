"""Where things are: the Earth's shape, its frames, its gravity, its air.

================  ==================================================================
module            what it holds
================  ==================================================================
ellipsoid         WGS-84: geodetic and Earth-fixed coordinates, geodesics
ellipsoid_kernel  geodetic coordinates, compiled
frames            east-north-up at a site, look angles, the turning and the inertial frame
gravity           zonal gravity in the turning frame, and what it conserves
atmosphere        the US Standard Atmosphere 1976
refraction        rays bent by an exponential atmosphere
ray_table         the same at one site, tabulated for many elevations at once
ray_table_kernel  the asymptotes of that table, there and back, compiled
horizon           the lowest altitude that a site sees at a ground range
================  ==================================================================
"""
