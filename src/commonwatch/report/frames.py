"""Which part of the Earth a map shows, and how it lies on the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M
from commonwatch.report.columns import numbers, words
from commonwatch.report.content import ReportContent
from commonwatch.report.projection import (
    Fan,
    azimuthal_equidistant,
    plate_carree_areas,
    plate_carree_lines,
)
from commonwatch.report.tracks import Path

F64 = npt.NDArray[np.float64]

WIDTH: Final = 1180.0
_REGION_HALF_MAX_M: Final = 8_000e3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A projection onto a picture: lines and areas become lists of picture coordinates."""

    name: str
    height: float
    point: Callable[[F64, F64], F64]
    lines: Callable[[F64, F64], list[F64]]
    areas: Callable[[Fan], list[F64]]
    is_round: bool = False
    width: float = WIDTH
    land_max_deg: float = 180.0
    middle_deg: tuple[float, float] = (0.0, 0.0)

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point of the picture lies on the map.

        Parameters
        ----------
        x, y
            Units of the picture, y downwards.
        """
        if self.is_round:
            return float(np.hypot(x - self.width / 2, y - self.height / 2)) < self.width / 2
        return 0 <= x <= self.width and 0 <= y <= self.height


def world_frame() -> Frame:
    """Return the world as a plate carree, from the North Pole to 60 degrees south."""
    scale = WIDTH / 360.0

    def on_picture(points: F64) -> F64:
        return np.stack([(points[..., 0] + 180) * scale, (90 - points[..., 1]) * scale], axis=-1)

    def point(latitude_deg: F64, longitude_deg: F64) -> F64:
        east = (np.asarray(longitude_deg) + 180.0) % 360.0 - 180.0
        return on_picture(np.stack([east, np.asarray(latitude_deg)], axis=-1))

    return Frame(
        name="The world",
        height=150 * scale,
        point=point,
        lines=lambda latitude, longitude: [
            on_picture(line) for line in plate_carree_lines(latitude, longitude)
        ],
        areas=lambda fan: [on_picture(area) for area in plate_carree_areas(fan)],
    )


def polar_frame(latitude_deg: F64) -> Frame:
    """Return the hemisphere of the pole that is nearer to most sensors; not-a-number is nowhere."""
    is_north = not np.nanmean(np.append(latitude_deg, 0.0)) < 0
    side = 860.0
    scale = side / 2 / (MEAN_RADIUS_M * np.pi / 2 * 0.95)
    name = "The Arctic side" if is_north else "The Antarctic side"
    middle = (90.0 if is_north else -90.0, 0.0)
    return _azimuthal(name, middle, scale, width=side, height=side, is_round=True)


def region_frame(content: ReportContent, paths: Sequence[Path]) -> Frame | None:
    """Return the part of the Earth with the drawn arcs, or None where they are all over it.

    Parameters
    ----------
    content
        Where its radars stand; those far off do not widen the map.
    paths
        The arcs that are drawn, degrees.
    """
    if not paths:
        return None
    sensors = content.tables["sensors"]
    is_radar = np.array(words(sensors, "kind")) == "radar"
    radars = [numbers(sensors, name)[is_radar] for name in ("latitude_deg", "longitude_deg")]
    return frame_around(
        "The region of the arcs",
        np.concatenate([path.latitude_deg for path in paths]),
        np.concatenate([path.longitude_deg for path in paths]),
        near_deg=np.stack(radars, axis=-1),
    )


def frame_around(
    name: str, latitude_deg: F64, longitude_deg: F64, *, near_deg: F64
) -> Frame | None:
    """Return the part of the Earth with all of these places, or None where they are all over it.

    Parameters
    ----------
    name
        Of the map.
    latitude_deg, longitude_deg
        Places that it must hold, shape (N,), at least one.
    near_deg
        Latitude and longitude of places that it may hold too, shape (M, 2): those within a third of
        its size.
    """
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    vector = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    middle = vector.mean(axis=0)
    if np.linalg.norm(middle) < 0.3:
        return None
    middle_deg = (
        float(np.degrees(np.arctan2(middle[2], np.hypot(middle[0], middle[1])))),
        float(np.degrees(np.arctan2(middle[1], middle[0]))),
    )

    def on_plane(latitude: F64, longitude: F64) -> F64:
        return azimuthal_equidistant(
            latitude,
            longitude,
            middle_latitude_deg=middle_deg[0],
            middle_longitude_deg=middle_deg[1],
        )

    plane = on_plane(latitude_deg, longitude_deg)
    others = on_plane(near_deg[:, 0], near_deg[:, 1])
    plane = np.concatenate([plane, others[_are_near(others, plane)]])
    west, south = plane.min(axis=0)
    east, north = plane.max(axis=0)
    margin = max(0.12 * max(east - west, north - south), 150e3)
    half_width = (east - west) / 2 + margin
    half_height = (north - south) / 2 + margin
    if max(half_width, half_height) > _REGION_HALF_MAX_M:
        return None
    height = float(np.clip(WIDTH * half_height / half_width, 420.0, 760.0))
    scale = min(WIDTH / 2 / half_width, height / 2 / half_height)
    offset = np.array([(east + west) / 2, (north + south) / 2])
    return _azimuthal(name, middle_deg, scale, width=WIDTH, height=height, offset_m=offset)


def _are_near(places: F64, plane: F64) -> npt.NDArray[np.bool_]:
    low, high = plane.min(axis=0), plane.max(axis=0)
    reach = 0.3 * np.max(high - low)
    return np.asarray(((places > low - reach) & (places < high + reach)).all(axis=1))


def _azimuthal(
    name: str,
    middle_deg: tuple[float, float],
    scale: float,
    *,
    width: float,
    height: float,
    is_round: bool = False,
    offset_m: F64 | None = None,
) -> Frame:
    shift = np.zeros(2) if offset_m is None else offset_m

    def point(latitude_deg: F64, longitude_deg: F64) -> F64:
        plane = azimuthal_equidistant(
            np.asarray(latitude_deg),
            np.asarray(longitude_deg),
            middle_latitude_deg=middle_deg[0],
            middle_longitude_deg=middle_deg[1],
        )
        offset = (plane - shift) * scale
        return np.stack([width / 2 + offset[..., 0], height / 2 - offset[..., 1]], axis=-1)

    return Frame(
        name=name,
        height=height,
        width=width,
        point=point,
        lines=lambda latitude, longitude: [point(latitude, longitude)],
        areas=lambda fan: [point(fan.latitude_deg, fan.longitude_deg)],
        is_round=is_round,
        land_max_deg=150.0,
        middle_deg=middle_deg,
    )
