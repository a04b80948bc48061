"""What lies under every map: sea, land, graticule, sector fans, and the frame around it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M
from commonwatch.report.coastline import land_rings
from commonwatch.report.figure import GRID, LAND, QUIET, SEA, Figure, path_of, picture
from commonwatch.report.frames import Frame
from commonwatch.report.projection import Fan, azimuthal_equidistant

F64 = npt.NDArray[np.float64]


def map_figure(frame: Frame, marks: Iterable[str], *, alternative: str) -> Figure:
    """Draw a map: what lies under it, the marks, and its edge.

    Parameters
    ----------
    frame
        Which part of the Earth.
    marks
        What to draw on it, in order.
    alternative
        What a reader who cannot see it is told.
    """
    clip = frame.name.lower().replace(" ", "-")
    outline = (
        f'<circle cx="{frame.width / 2:g}" cy="{frame.height / 2:g}" r="{frame.width / 2 - 1:g}"'
        if frame.is_round
        else f'<rect width="{frame.width:g}" height="{frame.height:g}"'
    )
    body = [
        f'<clipPath id="{clip}">{outline}/></clipPath><g clip-path="url(#{clip})">',
        f'{outline} fill="{SEA}"/>',
        _graticule(frame),
        f'<path d="{land_path(frame)}" fill="{LAND}" fill-rule="evenodd"/>',
        *marks,
        "</g>",
        f'{outline} fill="none" stroke="{QUIET}"/>',
    ]
    return Figure(
        svg=picture(
            body, width=frame.width, height=frame.height, alternative=alternative, width_min_px=640
        ),
        alternative=alternative,
        caption=frame.name,
        height=frame.height,
    )


def land_path(frame: Frame) -> str:
    """Return all land within reach of a map as path data."""
    parts = []
    for ring in land_rings():
        longitude, latitude = ring[:, 0], ring[:, 1]
        if frame.land_max_deg < 180 and _reach_deg(latitude, longitude, frame) > frame.land_max_deg:
            continue
        for points in frame.lines(latitude, longitude):
            low, high = points.min(axis=0), points.max(axis=0)
            is_outside = (high < 0).any() or low[0] > frame.width or low[1] > frame.height
            if not is_outside and (high - low).max() > 1.0:
                parts.append(path_of(_near(points, frame), is_closed=True))
    return "".join(parts)


def fan_area(fan: Fan, frame: Frame, *, colour: str) -> str:
    """Tint the ground that a sector covers.

    Parameters
    ----------
    fan
        The sector's ground.
    frame
        The map.
    colour
        As ``#rrggbb``.
    """
    area = "".join(
        path_of(_near(part, frame), is_closed=True, spacing=3) for part in frame.areas(fan)
    )
    return f'<path d="{area}" fill="{colour}" fill-opacity="0.07" fill-rule="evenodd"/>'


def fan_edge(fan: Fan, frame: Frame, *, colour: str, style: str) -> str:
    """Draw the edge of a sector; the style gives the width and the pattern of the line.

    Parameters
    ----------
    fan
        The sector's ground.
    frame
        The map.
    colour
        As ``#rrggbb``.
    style
        Attributes of the line.
    """
    lines = frame.lines(fan.latitude_deg, fan.longitude_deg)
    edge = "".join(path_of(_near(line, frame), spacing=3) for line in lines)
    return f'<path d="{edge}" fill="none" stroke="{colour}" stroke-opacity="0.75" {style}/>'


def _near(points: F64, frame: Frame) -> F64:
    """Draw together what lies far outside the map, which needs no detail."""
    size = np.array([frame.width, frame.height])
    return np.clip(points, -0.3 * size, 1.3 * size)


def _reach_deg(latitude_deg: F64, longitude_deg: F64, frame: Frame) -> float:
    plane = azimuthal_equidistant(
        latitude_deg,
        longitude_deg,
        middle_latitude_deg=frame.middle_deg[0],
        middle_longitude_deg=frame.middle_deg[1],
    )
    return float(np.degrees(np.hypot(plane[:, 0], plane[:, 1]).max() / MEAN_RADIUS_M))


def _graticule(frame: Frame) -> str:
    step = 10.0 if frame.name.startswith("The region") else 30.0
    along = np.linspace(-180, 180, 361)
    lines = [
        line
        for latitude in np.arange(-90 + step, 90, step)
        for line in frame.lines(np.full(361, latitude), along)
    ]
    up = np.linspace(-89, 89, 90)
    lines += [
        line for lon in np.arange(-180, 180, step) for line in frame.lines(up, np.full(90, lon))
    ]
    margin = 0.2 * frame.width
    kept = [
        line
        for line in lines
        if line[:, 0].max() > -margin and line[:, 0].min() < frame.width + margin
    ]
    paths = "".join(path_of(_near(line, frame), spacing=6) for line in kept)
    return f'<path d="{paths}" fill="none" stroke="{GRID}" stroke-width="0.8"/>'
