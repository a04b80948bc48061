"""Maps of sensors and flights: the region of the arcs, the world, and a pole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from commonwatch.report.backdrop import fan_area, fan_edge, map_figure
from commonwatch.report.columns import distinct, numbers, words
from commonwatch.report.content import FLOWN, ReportContent
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
from commonwatch.report.frames import WIDTH, Frame, polar_frame, region_frame, world_frame
from commonwatch.report.projection import GROUND_RANGE_MAX_M, Fan, sector_fan
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

_SITES_LABELLED_MAX: Final = 40
LEGEND_HEIGHT: Final = 42.0
_PALE: Final = ' stroke-opacity="0.35" '
_STROKES: Final = {
    Seen.RADAR: f'stroke="{INK}" stroke-width="1.7"',
    Seen.SATELLITE: (
        f'stroke="{INK}" stroke-width="2.2" stroke-dasharray="0.1 4" stroke-linecap="round"'
    ),
    Seen.NOBODY: f'stroke="{ALARM}" stroke-width="1.3" stroke-dasharray="6 4"',
}


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
    region = region_frame(scene.content, list(scene.paths.values()))
    pole = polar_frame(numbers(scene.content.tables["sensors"], "latitude_deg"))
    frames = [frame for frame in (region, world_frame(), pole) if frame]
    return [draw(scene, frame) for frame in frames]


def draw(scene: Scene, frame: Frame) -> Figure:
    """Draw one map.

    Parameters
    ----------
    scene
        What all maps share.
    frame
        Which part of the Earth, and how it is laid flat.
    """
    labels = Labels(frame.width, frame.height, is_round=frame.is_round)
    sites, names = _sites(scene, frame, labels)
    places = _places(scene, frame, labels)
    marks = [*_fan_marks(scene, frame), *_track_marks(scene, frame), *places, *sites, *names]
    alternative = (
        f"Map, {frame.name.lower()}: sensors with their sectors and the ground tracks of "
        f"{len(scene.paths)} arcs; the tables below hold the same in numbers."
    )
    return map_figure(frame, marks, alternative=alternative)


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
                        ground_range_m=min(float(range_m[row]), GROUND_RANGE_MAX_M),
                    )
                    found.setdefault(sensor, []).append((case, fan))
    return found


def laydown_classes(content: ReportContent, sensors: Sequence[str]) -> str:
    """Return the classes that show sensors only with the laydowns that hold one of them.

    Parameters
    ----------
    content
        Its laydowns, in their order.
    sensors
        Names.
    """
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
                marks.append(fan_area(fan, frame, colour=colour))
            marks.append(fan_edge(fan, frame, colour=colour, style=_EDGES[case]))
        marks.append("</g>")
    return marks


_EDGES: Final = {
    "nominal": 'stroke-width="1.3"',
    "low": 'stroke-width="0.9" stroke-dasharray="2 3"',
    "high": 'stroke-width="0.9" stroke-dasharray="8 3"',
}


def _track_marks(scene: Scene, frame: Frame) -> list[str]:
    """Draw who sees each stretch; hypothetical flights are pale."""
    marks = []
    for place, laydown in enumerate(scene.content.laydowns):
        parts: dict[tuple[bool, Seen], list[str]] = {}
        for arc in scene.chosen:
            if arc.key in scene.paths:
                spells = scene.spells[laydown.name][arc.key]
                for seen, latitude, longitude in stretches(
                    scene.paths[arc.key], spells, scene.satellites
                ):
                    lines = [path_of(line, spacing=4) for line in frame.lines(latitude, longitude)]
                    parts.setdefault((arc.is_published, seen), []).extend(lines)
        paths = "".join(
            f'<path d="{"".join(lines)}" fill="none"{"" if is_published else _PALE} '
            f"{_STROKES[seen]}/>"
            for (is_published, seen), lines in sorted(parts.items())
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
        names, kinds = words(arcs, name), words(arcs, "arc")
        is_impact = [kind == "aim" and kinds[row] in FLOWN for row in range(arcs.num_rows)]
        # Where flights are given one by one, each comes down at an "impact" of its own.
        first = {
            (names[row], latitude[row], longitude[row]): row
            for row in reversed(rows)
            if np.isfinite(latitude[row])
        }
        for (place, _, _), row in sorted(first.items(), key=lambda item: item[1]):
            x, y = (float(v) for v in frame.point(latitude[row], longitude[row]))
            labels.keep_clear(x, y, 4)
            shape = (
                f'<path d="M{x:.1f} {y - 7:.1f}l5 11h-10z" fill="{INK}" stroke="#fff"/>'
                if kind == "launch"
                else f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8" stroke="{INK}" '
                'stroke-width="1.8"/>'
            )
            marks.append(Markup(shape))  # noqa: S704
            if (
                place
                and not is_impact[row]
                and len(first) <= 20
                and frame.name.startswith("The region")
            ):
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
    """Return the key of the maps: places above, lines below."""
    body: list[str] = []
    x = 4.0
    for nation in scene.nations:
        colour, shape = nation_style(scene.nations, nation)
        body += [marker(shape, x + 6, 10, size=5, colour=colour), text(nation, x + 17, 14)]
        x += 32 + 8 * len(nation)
    for shape_data, name in (("M{} 3l5 11h-10z", "launch"), ("M{} 6l8 8m0-8l-8 8", "aim point")):
        style = f'fill="{INK}"' if name == "launch" else f'stroke="{INK}" stroke-width="1.8"'
        x += 12
        body += [f'<path d="{shape_data.format(f"{x:g}")}" {style}/>', text(name, x + 14, 14)]
        x += 22 + 6.6 * len(name)
    lines = [
        (_STROKES[Seen.RADAR], "seen by a radar"),
        (_STROKES[Seen.SATELLITE], "seen by satellites only"),
        (_STROKES[Seen.NOBODY], "seen by nobody"),
        (f'stroke="{QUIET}" stroke-width="1.3"', "nominal range"),
        (f'stroke="{QUIET}" stroke-dasharray="2 3"', "low"),
        (f'stroke="{QUIET}" stroke-dasharray="8 3"', "high"),
    ]
    if not all(arc.is_published for arc in scene.chosen):
        lines.insert(3, (_PALE + _STROKES[Seen.RADAR], "pale: hypothetical"))
    x = 4.0
    for style, name in lines:
        body += [f'<path d="M{x:g} 30h34" fill="none" {style}/>', text(name, x + 40, 34)]
        x += 58 + 6.6 * len(name)
    return picture(
        body, width=WIDTH, height=LEGEND_HEIGHT, alternative="Key of the maps", width_min_px=900
    )
