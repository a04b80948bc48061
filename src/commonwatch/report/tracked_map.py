"""Tracks, sectors, and where objects started and come down, on a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from commonwatch.report.backdrop import fan_area, fan_edge, map_figure
from commonwatch.report.figure import (
    ALARM,
    INK,
    QUIET,
    Figure,
    Labels,
    marker,
    nation_style,
    path_of,
    picture,
    text,
)
from commonwatch.report.frames import WIDTH, Frame, frame_around, world_frame
from commonwatch.report.projection import GROUND_RANGE_MAX_M, Fan, sector_fan
from commonwatch.report.tracked_areas import Areas
from commonwatch.report.tracked_lives import TrackPath, evenly
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.units import degrees_from_radians

F64 = npt.NDArray[np.float64]

ALERTS_DRAWN_MAX: Final = 100
_SITES_LABELLED_MAX: Final = 40
_KINDS: Final = {
    "confirmed": f'stroke="{INK}" stroke-width="1" stroke-opacity="0.75"',
    "tentative": f'stroke="{QUIET}" stroke-width="1" stroke-dasharray="1 3"',
    "false": f'stroke="{ALARM}" stroke-width="1.4" stroke-dasharray="6 4"',
}
_ENDS: Final = {
    "launch": f'stroke="{INK}" stroke-width="1.2"',
    "impact": f'stroke="{INK}" stroke-width="1.2" stroke-dasharray="3 2"',
}
_SIGHT: Final = f'stroke="{INK}" stroke-width="4.5" stroke-linecap="round"'


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedScene:
    """What lies on the map.

    Parameters
    ----------
    paths
        Of the tracks that are drawn.
    sensors
        Radars have a place and sectors; satellites are not drawn.
    areas
        Ellipses by end, ``launch`` and ``impact``.
    false_tracks
        Numbers of tracks that follow nothing.
    """

    paths: Sequence[TrackPath]
    sensors: Sequence[Sensor]
    areas: Mapping[str, Areas]
    false_tracks: frozenset[int] = frozenset()

    @property
    def radars(self) -> list[Radar]:
        """The sensors that stand somewhere."""
        return [sensor for sensor in self.sensors if isinstance(sensor, Radar)]

    @property
    def nations(self) -> list[str]:
        """Nations of the radars, in order of appearance."""
        return list(dict.fromkeys(str(radar.nation) for radar in self.radars))

    def kind(self, path: TrackPath) -> str:
        """Say how a track is drawn: confirmed, tentative or false."""
        if path.track in self.false_tracks:
            return "false"
        return "confirmed" if path.is_confirmed else "tentative"


def tracked_map(scene: TrackedScene) -> Figure:
    """Draw the part of the Earth where the tracks are, or the world where they are all over it."""
    frame = _frame(scene)
    labels = Labels(frame.width, frame.height)
    sites = _sites(scene, frame, labels)
    marks = [*_fan_marks(scene, frame), *_track_marks(scene, frame), *_area_marks(scene, frame)]
    alternative = (
        f"Map, {frame.name.lower()}: {len(scene.paths)} tracks, {len(scene.radars)} radars with "
        "their sectors, and launch and impact ellipses where there are alerts; the tables below "
        "hold the same in numbers."
    )
    return map_figure(frame, [*marks, *sites], alternative=alternative)


def _frame(scene: TrackedScene) -> Frame:
    latitude = [path.latitude_deg for path in scene.paths]
    longitude = [path.longitude_deg for path in scene.paths]
    for areas in scene.areas.values():
        latitude.append(degrees_from_radians(areas.ellipses.latitude_rad[areas.last]))
        longitude.append(degrees_from_radians(areas.ellipses.longitude_rad[areas.last]))
    sites = np.array(
        [
            [degrees_from_radians(radar.site.latitude_rad) for radar in scene.radars],
            [degrees_from_radians(radar.site.longitude_rad) for radar in scene.radars],
        ]
    )
    places = np.concatenate([np.empty(0), *latitude]), np.concatenate([np.empty(0), *longitude])
    if not len(places[0]):
        places = sites[0], sites[1]
    if not len(places[0]):
        return world_frame()
    region = frame_around("The region of the tracks", *places, near_deg=sites.T)
    return region or world_frame()


def fans_of(radar: Radar) -> list[Fan]:
    """Return the ground below the sectors of a radar, out to its range."""
    return [
        sector_fan(
            degrees_from_radians(radar.site.latitude_rad),
            degrees_from_radians(radar.site.longitude_rad),
            azimuth_min_deg=degrees_from_radians(face.azimuth_min_rad),
            azimuth_max_deg=degrees_from_radians(face.azimuth_max_rad),
            ground_range_m=min(radar.range_max_m, GROUND_RANGE_MAX_M),
        )
        for face in radar.faces
    ]


def _fan_marks(scene: TrackedScene, frame: Frame) -> list[str]:
    marks = []
    for radar in scene.radars:
        colour = nation_style(scene.nations, str(radar.nation))[0]
        for fan in fans_of(radar):
            marks.append(fan_area(fan, frame, colour=colour))
            marks.append(fan_edge(fan, frame, colour=colour, style='stroke-width="1.3"'))
    return marks


def _track_marks(scene: TrackedScene, frame: Frame) -> list[str]:
    """Draw the tracks, all of one kind in one stroke, and a dot where each was seen last."""
    lines: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    ends = []
    for path in scene.paths:
        kind = scene.kind(path)
        if len(path.time_ns) > 1:
            for line in frame.lines(path.latitude_deg, path.longitude_deg):
                lines[kind].append(path_of(line, spacing=2.5))
        if kind != "tentative":
            x, y = frame.point(path.latitude_deg[-1], path.longitude_deg[-1]).tolist()
            ends.append(f"M{x:.1f} {y:.1f}h0")
    strokes = [
        f'<path d="{"".join(lines[kind])}" fill="none" {style}/>'
        for kind, style in _KINDS.items()
        if lines[kind]
    ]
    return [*strokes, f'<path d="{"".join(ends)}" fill="none" {_SIGHT}/>']


def _area_marks(scene: TrackedScene, frame: Frame) -> list[str]:
    """Draw each alert's last ellipses, and a mark in the middle, for most are small on a map."""
    marks = []
    for end, areas in scene.areas.items():
        rings, middles = [], []
        drawn = areas.last[evenly(len(areas.last), ALERTS_DRAWN_MAX)]
        for row in drawn.tolist():
            rings += [path_of(line) for line in frame.lines(*areas.ring_deg(row))]
            middle = areas.ellipses.latitude_rad[row], areas.ellipses.longitude_rad[row]
            x, y = frame.point(*(degrees_from_radians(each) for each in middle)).tolist()
            middles.append(_mark(end, x, y))
        if middles:
            marks.append(f'<path d="{"".join(rings)}" fill="none" {_ENDS[end]}/>')
            marks.append(f'<path d="{"".join(middles)}" fill="none" stroke="{INK}"/>')
    return marks


def _mark(end: str, x: float, y: float) -> str:
    if end == "launch":
        return f"M{x:.1f} {y - 4.5:.1f}l3.5 7h-7z"
    return f"M{x - 3:.1f} {y - 3:.1f}l6 6m0-6l-6 6"


def _sites(scene: TrackedScene, frame: Frame, labels: Labels) -> list[Markup]:
    marks, names = [], []
    spots = []
    for radar in scene.radars:
        place = radar.site.latitude_rad, radar.site.longitude_rad
        latitude, longitude = (np.asarray(degrees_from_radians(each)) for each in place)
        x, y = frame.point(latitude, longitude).tolist()
        if frame.holds(x, y):
            spots.append((radar, x, y))
            labels.keep_clear(x, y, 6)
    for radar, x, y in spots:
        colour, shape = nation_style(scene.nations, str(radar.nation))
        marks.append(marker(shape, x, y, size=5, colour=colour))
        if len(spots) <= _SITES_LABELLED_MAX:
            names.append(labels.place(str(radar.sensor), x, y, colour=colour, weight=600))
    return [*marks, *names]


def tracked_legend(scene: TrackedScene) -> Markup:
    """Return the key of the map: places above, lines below."""
    body: list[str] = []
    x = 4.0
    for nation in scene.nations:
        colour, shape = nation_style(scene.nations, nation)
        body += [marker(shape, x + 6, 10, size=5, colour=colour), text(nation, x + 17, 14)]
        x += 32 + 8 * len(nation)
    symbols = [(f'd="M{{}} 10h0" {_SIGHT}', "last seen")]
    if scene.areas:
        symbols.append((f'd="M{{}} 4l3.5 7h-7z" stroke="{INK}"', "launch, estimated"))
        symbols.append((f'd="M{{}} 7l6 6m0-6l-6 6" stroke="{INK}"', "impact, predicted"))
    for shape_data, name in symbols:
        x += 10
        body += [f'<path fill="none" {shape_data.format(f"{x:g}")}/>', text(name, x + 14, 14)]
        x += 22 + 6.6 * len(name)
    kinds = {scene.kind(path) for path in scene.paths}
    lines = [(style, f"{kind} track") for kind, style in _KINDS.items() if kind in kinds]
    lines += [(style, f"95 % {end} ellipse") for end, style in _ENDS.items() if end in scene.areas]
    if scene.radars:
        lines.append((f'stroke="{QUIET}" stroke-width="1.3"', "range of a radar, on the ground"))
    x = 4.0
    for style, name in lines:
        body += [f'<path d="M{x:g} 30h34" fill="none" {style}/>', text(name, x + 40, 34)]
        x += 58 + 6.6 * len(name)
    return picture(body, width=WIDTH, height=42, alternative="Key of the map", width_min_px=900)
