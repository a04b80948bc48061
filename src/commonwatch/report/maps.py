"""Maps of sensors and flights: the region of the arcs, the world, and a pole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from commonwatch.report.coastline import land_rings
from commonwatch.report.columns import distinct, numbers, words
from commonwatch.report.content import ReportContent
from commonwatch.report.figure import (
    ALARM,
    GRID,
    INK,
    LAND,
    QUIET,
    SEA,
    Figure,
    Labels,
    marker,
    nation_style,
    path_of,
    picture,
    text,
)
from commonwatch.report.projection import (
    MEAN_RADIUS_M,
    Fan,
    azimuthal_equidistant,
    plate_carree_areas,
    plate_carree_lines,
    sector_fan,
)
from commonwatch.report.tracks import (
    ChosenArc,
    Path,
    Seen,
    chosen_arcs,
    paths_of,
    satellites_of,
    spells_of,
    stretches,
)

F64 = npt.NDArray[np.float64]

_WIDTH: Final = 1180.0
_GROUND_RANGE_MAX_M: Final = 19_000e3
_REGION_HALF_MAX_M: Final = 8_000e3
_SITES_LABELLED_MAX: Final = 40
_STROKES: Final = {
    Seen.RADAR: f'stroke="{INK}" stroke-width="1.7"',
    Seen.SATELLITE: (
        f'stroke="{INK}" stroke-width="2.2" stroke-dasharray="0.1 4" stroke-linecap="round"'
    ),
    Seen.NOBODY: f'stroke="{ALARM}" stroke-width="1.3" stroke-dasharray="6 4"',
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A projection onto a picture: lines and areas become lists of picture coordinates."""

    name: str
    height: float
    point: Callable[[F64, F64], F64]
    lines: Callable[[F64, F64], list[F64]]
    areas: Callable[[Fan], list[F64]]
    is_round: bool = False
    width: float = _WIDTH
    land_max_deg: float = 180.0
    middle_deg: tuple[float, float] = (0.0, 0.0)

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point of the picture lies on the map."""
        if self.is_round:
            return float(np.hypot(x - self.width / 2, y - self.height / 2)) < self.width / 2
        return 0 <= x <= self.width and 0 <= y <= self.height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What all maps share, gathered once."""

    content: ReportContent
    chosen: list[ChosenArc]
    paths: Mapping[str, Path]
    spells: Mapping[str, Mapping[str, list[tuple[str, float, float]]]]
    satellites: set[str]
    nations: list[str]
    fans: Mapping[str, list[tuple[str, Fan]]] = field(default_factory=dict)


def gather(content: ReportContent) -> Scene:
    """Gather the arcs, spells and fans that the maps show."""
    chosen = chosen_arcs(content)
    return Scene(
        content=content,
        chosen=chosen,
        paths=paths_of(content, chosen),
        spells={
            laydown.name: spells_of(content, chosen, laydown=laydown.name)
            for laydown in content.laydowns
        },
        satellites=satellites_of(content),
        nations=distinct(content.tables["sensors"], "nation"),
        fans=_fans(content),
    )


def maps(scene: Scene) -> list[Figure]:
    """Draw the region (where there is one), the world and the nearer pole."""
    frames = [frame for frame in (region_frame(scene), world_frame(), polar_frame(scene)) if frame]
    return [draw(scene, frame) for frame in frames]


def world_frame() -> Frame:
    """Return the world as a plate carree, from the North Pole to 60 degrees south."""
    scale = _WIDTH / 360.0

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


def polar_frame(scene: Scene) -> Frame:
    """Return the hemisphere of the pole that is nearer to most sensors."""
    latitude = numbers(scene.content.tables["sensors"], "latitude_deg")
    is_north = not np.nanmean(np.append(latitude, 0.0)) < 0
    side = 860.0
    scale = side / 2 / (MEAN_RADIUS_M * np.pi / 2 * 0.95)
    name = "The Arctic side" if is_north else "The Antarctic side"
    middle = (90.0 if is_north else -90.0, 0.0)
    return _azimuthal(name, middle, scale, width=side, height=side, is_round=True)


def region_frame(scene: Scene) -> Frame | None:
    """Return the part of the Earth with the drawn arcs, or None where they are all over it."""
    if not scene.paths:
        return None
    latitude = np.concatenate([path.latitude_deg for path in scene.paths.values()])
    longitude = np.concatenate([path.longitude_deg for path in scene.paths.values()])
    lat, lon = np.radians(latitude), np.radians(longitude)
    vector = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    middle = vector.mean(axis=0)
    if np.linalg.norm(middle) < 0.3:
        return None
    middle_deg = (
        float(np.degrees(np.arctan2(middle[2], np.hypot(middle[0], middle[1])))),
        float(np.degrees(np.arctan2(middle[1], middle[0]))),
    )
    plane = azimuthal_equidistant(
        latitude, longitude, centre_latitude_deg=middle_deg[0], centre_longitude_deg=middle_deg[1]
    )
    west, south = plane.min(axis=0)
    east, north = plane.max(axis=0)
    margin = max(0.12 * max(east - west, north - south), 150e3)
    half_width = (east - west) / 2 + margin
    half_height = (north - south) / 2 + margin
    if max(half_width, half_height) > _REGION_HALF_MAX_M:
        return None
    height = float(np.clip(_WIDTH * half_height / half_width, 420.0, 760.0))
    scale = min(_WIDTH / 2 / half_width, height / 2 / half_height)
    offset = np.array([(east + west) / 2, (north + south) / 2])
    return _azimuthal(
        "The region of the arcs", middle_deg, scale, width=_WIDTH, height=height, offset_m=offset
    )


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
            centre_latitude_deg=middle_deg[0],
            centre_longitude_deg=middle_deg[1],
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


def draw(scene: Scene, frame: Frame) -> Figure:
    """Draw one map."""
    clip = frame.name.lower().replace(" ", "-")
    labels = Labels(frame.width, frame.height, is_round=frame.is_round)
    outline = (
        f'<circle cx="{frame.width / 2:g}" cy="{frame.height / 2:g}" r="{frame.width / 2 - 1:g}"'
        if frame.is_round
        else f'<rect width="{frame.width:g}" height="{frame.height:g}"'
    )
    sites, names = _sites(scene, frame, labels)
    places = _places(scene, frame, labels)
    body = [
        f'<clipPath id="{clip}">{outline}/></clipPath><g clip-path="url(#{clip})">',
        f'{outline} fill="{SEA}"/>',
        _graticule(frame),
        f'<path d="{land_path(frame)}" fill="{LAND}" fill-rule="evenodd"/>',
        *_fan_marks(scene, frame),
        *_track_marks(scene, frame),
        *places,
        *sites,
        *names,
        "</g>",
        f'{outline} fill="none" stroke="{QUIET}"/>',
    ]
    alternative = (
        f"Map, {frame.name.lower()}: sensors with their sectors and the ground tracks of "
        f"{len(scene.paths)} arcs; the tables below hold the same in numbers."
    )
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


def _near(points: F64, frame: Frame) -> F64:
    """Draw together what lies far outside the map, which needs no detail."""
    size = np.array([frame.width, frame.height])
    return np.clip(points, -0.3 * size, 1.3 * size)


def _reach_deg(latitude_deg: F64, longitude_deg: F64, frame: Frame) -> float:
    plane = azimuthal_equidistant(
        latitude_deg,
        longitude_deg,
        centre_latitude_deg=frame.middle_deg[0],
        centre_longitude_deg=frame.middle_deg[1],
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


def _fans(content: ReportContent) -> dict[str, list[tuple[str, Fan]]]:
    sensors = content.tables["sensors"]
    columns = [numbers(sensors, name) for name in ("latitude_deg", "longitude_deg")]
    ranges = {case: numbers(sensors, f"range_{case}_m") for case in ("nominal", "low", "high")}
    found: dict[str, list[tuple[str, Fan]]] = {}
    for row, sensor in enumerate(words(sensors, "sensor")):
        for case, range_m in ranges.items():
            if not np.isfinite(range_m[row]) or not np.isfinite(columns[0][row]):
                continue
            if case != "nominal" and range_m[row] == ranges["nominal"][row]:
                continue
            for sector in content.sectors:
                if sector.sensor == sensor:
                    fan = sector_fan(
                        float(columns[0][row]),
                        float(columns[1][row]),
                        azimuth_min_deg=sector.azimuth_min_deg,
                        azimuth_max_deg=sector.azimuth_max_deg,
                        ground_range_m=min(float(range_m[row]), _GROUND_RANGE_MAX_M),
                    )
                    found.setdefault(sensor, []).append((case, fan))
    return found


def laydown_classes(content: ReportContent, sensors: Sequence[str]) -> str:
    """Return the classes that show sensors only with the laydowns that hold one of them."""
    places = [
        f"L{place}"
        for place, laydown in enumerate(content.laydowns)
        if set(sensors) & set(laydown.sensors)
    ]
    return " ".join(["lay", *places])


def _fan_marks(scene: Scene, frame: Frame) -> list[str]:
    sensors = scene.content.tables["sensors"]
    nation_of = dict(zip(words(sensors, "sensor"), words(sensors, "nation"), strict=True))
    marks = []
    for sensor, fans in scene.fans.items():
        colour = nation_style(scene.nations, nation_of[sensor])[0]
        marks.append(f'<g class="{laydown_classes(scene.content, [sensor])}">')
        for case, fan in fans:
            if case == "nominal":
                area = "".join(
                    path_of(_near(part, frame), is_closed=True, spacing=3)
                    for part in frame.areas(fan)
                )
                marks.append(
                    f'<path d="{area}" fill="{colour}" fill-opacity="0.07" fill-rule="evenodd"/>'
                )
            lines = frame.lines(fan.latitude_deg, fan.longitude_deg)
            edge = "".join(path_of(_near(line, frame), spacing=3) for line in lines)
            marks.append(
                f'<path d="{edge}" fill="none" stroke="{colour}" stroke-opacity="0.75" '
                f"{_EDGES[case]}/>"
            )
        marks.append("</g>")
    return marks


_EDGES: Final = {
    "nominal": 'stroke-width="1.3"',
    "low": 'stroke-width="0.9" stroke-dasharray="2 3"',
    "high": 'stroke-width="0.9" stroke-dasharray="8 3"',
}


def _track_marks(scene: Scene, frame: Frame) -> list[str]:
    marks = []
    for place, laydown in enumerate(scene.content.laydowns):
        parts: dict[Seen, list[str]] = {seen: [] for seen in Seen}
        for arc in scene.chosen:
            if arc.key in scene.paths:
                spells = scene.spells[laydown.name][arc.key]
                for seen, latitude, longitude in stretches(
                    scene.paths[arc.key], spells, scene.satellites
                ):
                    for line in frame.lines(latitude, longitude):
                        parts[seen].append(path_of(line, spacing=4))
        paths = "".join(
            f'<path d="{"".join(parts[seen])}" fill="none" {_STROKES[seen]}/>'
            for seen in (Seen.NOBODY, Seen.SATELLITE, Seen.RADAR)
        )
        marks.append(f'<g class="lay L{place}">{paths}</g>')
    return marks


def _places(scene: Scene, frame: Frame, labels: Labels) -> list[Markup]:
    """Mark launches and aim points; name them where they are few."""
    arcs = scene.content.tables["arcs"]
    marks: list[Markup] = []
    rows = [arc.row for arc in scene.chosen]
    for kind, name in (("launch", "launch"), ("aim", "aim_point")):
        latitude, longitude = (
            numbers(arcs, f"{kind}_latitude_deg"),
            numbers(arcs, f"{kind}_longitude_deg"),
        )
        all_names = words(arcs, name)
        first = {all_names[row]: row for row in reversed(rows)}
        for place, row in sorted(first.items(), key=lambda item: item[1]):
            if not np.isfinite(latitude[row]):
                continue
            x, y = (float(v) for v in frame.point(latitude[row], longitude[row]))
            labels.keep_clear(x, y, 4)
            shape = (
                f'<path d="M{x:.1f} {y - 7:.1f}l5 11h-10z" fill="{INK}" stroke="#fff"/>'
                if kind == "launch"
                else f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8" stroke="{INK}" '
                'stroke-width="1.8"/>'
            )
            marks.append(Markup(shape))  # noqa: S704
            if place and len(first) <= 20 and frame.name.startswith("The region"):
                marks.append(
                    labels.place(
                        scene.content.place(place),
                        x,
                        y,
                        size=13,
                        weight=600 if kind == "launch" else 400,
                    )
                )
    return marks


def _sites(scene: Scene, frame: Frame, labels: Labels) -> tuple[list[str], list[str]]:
    """Mark the sensors; those at one place share a label."""
    sensors = scene.content.tables["sensors"]
    names, titles, nations = (words(sensors, key) for key in ("sensor", "title", "nation"))
    latitude, longitude = numbers(sensors, "latitude_deg"), numbers(sensors, "longitude_deg")
    spots: dict[tuple[float, float], list[int]] = {}
    for row in range(len(names)):
        if np.isfinite(latitude[row]) and np.isfinite(longitude[row]):
            x, y = (float(value) for value in frame.point(latitude[row], longitude[row]))
            if frame.holds(x, y):
                spots.setdefault((round(x), round(y)), []).append(row)
    for x, y in spots:
        labels.keep_clear(x, y, 6)
    sites, written = [], []
    for (x, y), rows in spots.items():
        for row in rows:
            colour, shape = nation_style(scene.nations, nations[row])
            classes = laydown_classes(scene.content, [names[row]])
            sites.append(f'<g class="{classes}">{marker(shape, x, y, size=5, colour=colour)}</g>')
        if len(spots) <= _SITES_LABELLED_MAX:
            title = shared_title([titles[row] or names[row] for row in rows])
            label = labels.place(title, x, y, size=12, colour=colour, weight=600)
            classes = laydown_classes(scene.content, [names[row] for row in rows])
            written.append(f'<g class="{classes}">{label}</g>')
    return sites, written


def shared_title(titles: Sequence[str]) -> str:
    """Return the words that titles of sensors at one place begin with, else all of them."""
    shared = []
    for same in zip(*(title.split() for title in titles), strict=False):
        if len(set(same)) > 1:
            break
        shared.append(same[0])
    return " ".join(shared).rstrip(",") or " / ".join(dict.fromkeys(titles))


def legend(scene: Scene) -> Markup:
    """Return the key of the maps."""
    body: list[str] = []
    x = 4.0
    for nation in scene.nations:
        colour, shape = nation_style(scene.nations, nation)
        body += [marker(shape, x + 6, 10, size=5, colour=colour), text(nation, x + 17, 14)]
        x += 32 + 8 * len(nation)
    lines = (
        (_STROKES[Seen.RADAR], "seen by a radar"),
        (_STROKES[Seen.SATELLITE], "seen by satellites only"),
        (_STROKES[Seen.NOBODY], "seen by nobody"),
        (f'stroke="{QUIET}" stroke-width="1.3"', "nominal range"),
        (f'stroke="{QUIET}" stroke-dasharray="2 3"', "low"),
        (f'stroke="{QUIET}" stroke-dasharray="8 3"', "high"),
    )
    x += 10
    for style, name in lines:
        body += [f'<path d="M{x:g} 10h34" fill="none" {style}/>', text(name, x + 40, 14)]
        x += 58 + 6.6 * len(name)
    for shape_data, name in (("M{} 3l5 11h-10z", "launch"), ("M{} 6l8 8m0-8l-8 8", "aim point")):
        style = f'fill="{INK}"' if name == "launch" else f'stroke="{INK}" stroke-width="1.8"'
        body += [f'<path d="{shape_data.format(f"{x:g}")}" {style}/>', text(name, x + 14, 14)]
        x += 32 + 6.6 * len(name)
    return picture(body, width=_WIDTH, height=20, alternative="Key of the maps", width_min_px=900)
