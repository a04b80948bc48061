"""Ellipses on the ground that hold the truth with a stated probability of 95 %.

=====================  ==================================================  =======
figure                 source                                              mark
=====================  ==================================================  =======
``CHI_SQUARE_95_TWO``  -2 ln 0.05: chi-square, two degrees of freedom      derived
=====================  ==================================================  =======
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import (
    ECCENTRICITY_SQUARED,
    SEMI_MAJOR_AXIS_M,
    ecef_from_geodetic,
    geodetic_from_ecef,
)
from commonwatch.earth.frames import rotation_enu_from_ecef

F64 = npt.NDArray[np.float64]

CHI_SQUARE_95_TWO: Final = -2.0 * math.log(0.05)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ellipses:
    """A 95 % ellipse each, nan where there is none.

    Parameters
    ----------
    latitude_rad, longitude_rad
        Its middle, geodetic, (n,).
    long_half_axis_m, short_half_axis_m
        (n,).
    orientation_rad
        Azimuth of the long axis, clockwise from north, 0 to pi, (n,).
    """

    latitude_rad: F64
    longitude_rad: F64
    long_half_axis_m: F64
    short_half_axis_m: F64
    orientation_rad: F64

    @property
    def area_m2(self) -> F64:
        """Area of each, (n,)."""
        area: F64 = np.pi * self.long_half_axis_m * self.short_half_axis_m
        return area


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipse:
    """One of ``Ellipses``, as plain numbers."""

    latitude_rad: float
    longitude_rad: float
    long_half_axis_m: float
    short_half_axis_m: float
    orientation_rad: float

    def outness(self, latitude_rad: float, longitude_rad: float) -> float:
        """Say how far out a point lies, as ``outness`` does for many.

        Parameters
        ----------
        latitude_rad, longitude_rad
            Geodetic, on the ellipsoid.

        Returns
        -------
        float
            1 on the ellipse, less inside.
        """
        east, north = self.offset_m(latitude_rad, longitude_rad)
        sine, cosine = math.sin(self.orientation_rad), math.cos(self.orientation_rad)
        along, across = sine * east + cosine * north, cosine * east - sine * north
        return (along / max(self.long_half_axis_m, 1e-3)) ** 2 + (
            across / max(self.short_half_axis_m, 1e-3)
        ) ** 2

    def offset_m(self, latitude_rad: float, longitude_rad: float) -> tuple[float, float]:
        """Return east and north of a point from the middle.

        Parameters
        ----------
        latitude_rad, longitude_rad
            Geodetic, on the ellipsoid.

        Returns
        -------
        east_m, north_m
            In the plane that is level at the middle; the Earth's curve is left out.
        """
        middle = _surface_ecef_m(self.latitude_rad, self.longitude_rad)
        point = _surface_ecef_m(latitude_rad, longitude_rad)
        x, y, z = (one - other for one, other in zip(point, middle, strict=True))
        sine_lat, cosine_lat = math.sin(self.latitude_rad), math.cos(self.latitude_rad)
        sine_lon, cosine_lon = math.sin(self.longitude_rad), math.cos(self.longitude_rad)
        east = cosine_lon * y - sine_lon * x
        ahead = cosine_lon * x + sine_lon * y
        return east, cosine_lat * z - sine_lat * ahead


def _surface_ecef_m(latitude_rad: float, longitude_rad: float) -> tuple[float, float, float]:
    """Return a point of the ellipsoid."""
    sine, cosine = math.sin(latitude_rad), math.cos(latitude_rad)
    normal = SEMI_MAJOR_AXIS_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    level = normal * cosine
    return (
        level * math.cos(longitude_rad),
        level * math.sin(longitude_rad),
        normal * (1.0 - ECCENTRICITY_SQUARED) * sine,
    )


def ellipses_of(origin_ecef_m: F64, mean_en_m: F64, covariance_m2: F64) -> Ellipses:
    """Make ellipses from means and covariances in the level plane of a point on the ground.

    Parameters
    ----------
    origin_ecef_m
        (n, 3), points of the ellipsoid.
    mean_en_m
        (n, 2), east and north of each point.
    covariance_m2
        (n, 2, 2), of east and north.
    """
    latitude, longitude, _ = geodetic_from_ecef(origin_ecef_m)
    level = rotation_enu_from_ecef(latitude, longitude)[:, :2]
    middle = origin_ecef_m + np.einsum("nk,nkx->nx", mean_en_m, level)
    latitude, longitude, _ = geodetic_from_ecef(middle)
    east, north, both = covariance_m2[:, 0, 0], covariance_m2[:, 1, 1], covariance_m2[:, 0, 1]
    half = 0.5 * (north - east)
    apart = np.hypot(half, both)
    centre = 0.5 * (north + east)
    return Ellipses(
        latitude_rad=latitude,
        longitude_rad=longitude,
        long_half_axis_m=np.sqrt(CHI_SQUARE_95_TWO * (centre + apart)),
        short_half_axis_m=np.sqrt(CHI_SQUARE_95_TWO * np.maximum(centre - apart, 0.0)),
        orientation_rad=np.mod(0.5 * np.arctan2(both, half), np.pi),
    )


def outness(ellipses: Ellipses, latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike) -> F64:
    """Say how far out points lie: at most 1 inside the ellipse, nan where there is none.

    Parameters
    ----------
    ellipses
        n ellipses.
    latitude_rad, longitude_rad
        (n,), a point each.

    Returns
    -------
    outness_ratio
        (n,), squared distance from the middle in units of the ellipse: it holds the point at 1 or
        less.
    """
    middle = ecef_from_geodetic(ellipses.latitude_rad, ellipses.longitude_rad, 0.0)
    level = rotation_enu_from_ecef(ellipses.latitude_rad, ellipses.longitude_rad)[:, :2]
    away = ecef_from_geodetic(latitude_rad, longitude_rad, 0.0) - middle
    east, north = np.einsum("nkx,nx->kn", level, away)
    sine, cosine = np.sin(ellipses.orientation_rad), np.cos(ellipses.orientation_rad)
    along, across = sine * east + cosine * north, cosine * east - sine * north
    long, short = ellipses.long_half_axis_m, np.maximum(ellipses.short_half_axis_m, 1e-3)
    squared: F64 = (along / np.maximum(long, 1e-3)) ** 2 + (across / short) ** 2
    return squared
