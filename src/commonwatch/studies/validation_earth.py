"""Air, horizon and geodesy against printed tables, closed forms and established libraries."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyproj

from commonwatch.earth import atmosphere
from commonwatch.earth.ellipsoid import (
    destination,
    ecef_from_geodetic,
    geodesic,
    geodetic_from_ecef,
)
from commonwatch.earth.horizon import lowest_visible_altitude
from commonwatch.studies.validation import Check, Listing, column, read_rows

WELLINGTON_SALAMANCA_M: Final = 19_959_679.267
"""GeographicLib's own example, WGS-84: 41.32 S 174.81 E to 40.96 N 5.50 W (*found*: its manual)."""
PERTH_20000_KM_SW_DEG: Final = (32.11195529, -63.95925278)
"""Its second example: 20,000 km south-west (225 deg) of 32.06 S 115.74 E (*found*: its manual)."""
_LAST_DIGIT_TOP_M: Final = 90_000.0
"""Densities up to here are held to the table's last digit, above to a part of the density."""


def compare() -> tuple[list[Check], list[Listing]]:
    """Compare the standard atmosphere, the horizon and geodesy."""
    return [*_atmosphere(), _horizon(), *_geodesy()], []


def _last_digit(printed: str) -> float:
    """Return one unit of the last digit of a printed figure."""
    mantissa, _, exponent = printed.partition("e")
    return float(10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


def _atmosphere() -> list[Check]:
    rows = read_rows("us_standard_atmosphere_1976.csv")
    height = np.array(column(rows, "height_m"))
    against = "U.S. Standard Atmosphere, 1976, Table I"
    checks = []
    for name, function in (
        ("temperature_k", atmosphere.temperature_k),
        ("pressure_pa", atmosphere.pressure_pa),
    ):
        unit = np.array([_last_digit(row[name]) for row in rows])
        off = np.abs(function(height) - column(rows, name)) / unit
        checks.append(
            Check(
                what="standard atmosphere, -5 to 1,000 km",
                against=against,
                case_count=len(rows),
                quantity=name.partition("_")[0],
                unit="units of the last printed digit",
                largest=float(off.max()),
                allowed=2.0,
                cause=f"interpolation between printed heights; {_height(height, off)}",
            )
        )
    printed = np.array(column(rows, "density_kg_m3"))
    off = np.abs(atmosphere.density_kg_m3(height) - printed)
    unit = np.array([_last_digit(row["density_kg_m3"]) for row in rows])
    is_low = height <= _LAST_DIGIT_TOP_M
    for label, part, disagreement, unit_name, allowed, cause in (
        ("to 90 km", is_low, off / unit, "units of the last printed digit", 1.0, "rounding"),
        (
            "above 90 km",
            ~is_low,
            100.0 * off / printed,
            "%",
            0.1,
            "the molar mass is printed to two decimals",
        ),
    ):
        checks.append(
            Check(
                what=f"standard atmosphere, {label}",
                against=against,
                case_count=int(part.sum()),
                quantity="density",
                unit=unit_name,
                largest=float(disagreement[part].max()),
                allowed=allowed,
                cause=f"{cause}; {_height(height[part], disagreement[part])}",
            )
        )
    return checks


def _height(height_m: np.ndarray, off: np.ndarray) -> str:
    return f"the greatest at {height_m[int(np.argmax(off))] / 1e3:,.0f} km"


def _horizon() -> Check:
    rows = read_rows("horizon.csv")
    masks = [name for name in rows[0] if name.startswith("mask_")]
    range_km = np.array(column(rows, "ground_range_km"))
    off = []
    for name in masks:
        elevation = np.radians(float(name.split("_")[1]))
        got = lowest_visible_altitude(
            1e3 * range_km, elevation, radius_m=6_371_000.0, refraction=False
        )
        off.append(np.abs(got / 1e3 - column(rows, name)))
    return Check(
        what="lowest visible altitude, refraction off",
        against="closed form: sphere, straight rays",
        case_count=len(rows) * len(masks),
        quantity="altitude",
        unit="km",
        largest=float(np.max(off)),
        allowed=0.5,
        cause="the table is rounded to whole kilometres",
    )


def _geodesy() -> list[Check]:
    grid = np.meshgrid(
        np.radians(np.linspace(-90.0, 90.0, 37)),
        np.radians(np.linspace(-180.0, 175.0, 72)),
        1e3 * np.array([-10.0, 0.0, 10.0, 100.0, 1_000.0, 8_000.0, 36_000.0]),
        indexing="ij",
    )
    latitude, longitude, height = (axis.ravel() for axis in grid)
    to_ecef = pyproj.Transformer.from_pipeline("+proj=pipeline +step +proj=cart +ellps=WGS84")
    expected = np.column_stack(
        to_ecef.transform(longitude, latitude, height, radians=True, direction="FORWARD")
    )
    away_m = np.linalg.norm(ecef_from_geodetic(latitude, longitude, height) - expected, axis=1)
    there = ecef_from_geodetic(*geodetic_from_ecef(expected))
    back_m = np.linalg.norm(there - expected, axis=1)
    distance_m, _ = geodesic(*np.radians([-41.32, 174.81, 40.96, -5.50]))
    latitude_1, longitude_1, azimuth = np.radians([-32.06, 115.74, 225.0])
    end = destination(latitude_1, longitude_1, azimuth, 2e7)
    end_off_m, _ = geodesic(*end, *np.radians(PERTH_20000_KM_SW_DEG))
    geodesic_off_m = max(abs(float(distance_m) - WELLINGTON_SALAMANCA_M), float(end_off_m))
    return [
        Check(
            what="Earth-fixed from geodetic coordinates",
            against="PROJ (pyproj), +proj=cart",
            case_count=len(latitude),
            quantity="position",
            unit="m",
            largest=float(away_m.max()),
            allowed=1e-6,
            cause="rounding of double precision",
        ),
        Check(
            what="geodetic from Earth-fixed, -10 to 36,000 km",
            against="PROJ (pyproj), +proj=cart, inverted",
            case_count=len(latitude),
            quantity="position",
            unit="m",
            largest=float(back_m.max()),
            allowed=1e-6,
            cause="two sweeps of Bowring's iteration, and rounding",
        ),
        Check(
            what="geodesics (pyproj inside)",
            against="GeographicLib's published examples",
            case_count=2,
            quantity="distance, end point",
            unit="m",
            largest=geodesic_off_m,
            allowed=2e-3,
            cause="the examples are printed to 1 mm and 1e-8 degrees",
        ),
    ]
