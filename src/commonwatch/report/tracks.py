"""Ground tracks of the chosen arcs, cut where sight begins and ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.report.columns import (
    among,
    arc_keys,
    distinct,
    key_of,
    matching,
    numbers,
    published_mask,
    words,
)
from commonwatch.report.content import ReportContent
from commonwatch.report.projection import unwrapped

F64 = npt.NDArray[np.float64]

TRACKS_MAX: Final = 40


class Seen(StrEnum):
    """Who sees a stretch of a flight."""

    RADAR = "radar"
    SATELLITE = "satellite"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenArc:
    """One arc that is drawn."""

    launch: str
    aim_point: str
    arc: str
    is_published: bool
    row: int

    @property
    def key(self) -> str:
        """The key of its rows."""
        return key_of(self.launch, self.aim_point, self.arc)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """Where one arc goes: seconds from lift-off and degrees; longitudes run on without a jump."""

    time_s: F64
    latitude_deg: F64
    longitude_deg: F64


def chosen_arcs(content: ReportContent, *, count_max: int = TRACKS_MAX) -> list[ChosenArc]:
    """Return the arcs to draw: those of the first kind of arc, thinned evenly.

    Parameters
    ----------
    content
        What the report is made from.
    count_max
        Most arcs.
    """
    arcs = content.tables["arcs"]
    is_published = published_mask(arcs)
    rows = [row for row, kind in enumerate(words(arcs, "arc")) if kind == distinct(arcs, "arc")[0]]
    if len(distinct(arcs, "arc")) == arcs.num_rows:
        rows = list(range(arcs.num_rows))  # one flight each, as with published or recorded launches
    if len(rows) > count_max:
        rows = [rows[place] for place in np.linspace(0, len(rows) - 1, count_max).astype(int)]
    part = arcs.take(pa.array(rows, type=pa.int64()))
    columns = zip(words(part, "launch"), words(part, "aim_point"), words(part, "arc"), strict=True)
    return [
        ChosenArc(launch=a, aim_point=b, arc=c, is_published=bool(is_published[row]), row=row)
        for row, (a, b, c) in zip(rows, columns, strict=True)
    ]


def paths_of(content: ReportContent, chosen: list[ChosenArc]) -> dict[str, Path]:
    """Return the path of each chosen arc by key.

    Parameters
    ----------
    content
        With the table ``paths``, degrees.
    chosen
        The arcs; one without two points has no path.
    """
    rows = among(content.tables["paths"], pa.array([arc.key for arc in chosen], type=pa.string()))
    keys = np.array(arc_keys(rows).to_pylist(), dtype=object)
    columns = [numbers(rows, name) for name in ("time_s", "latitude_deg", "longitude_deg")]
    found = {}
    for arc in chosen:
        mask = keys == arc.key
        time_s, latitude_deg, longitude_deg = (column[mask] for column in columns)
        order = np.argsort(time_s, kind="stable")
        if len(order) > 1:
            found[arc.key] = Path(
                time_s=time_s[order],
                latitude_deg=latitude_deg[order],
                longitude_deg=unwrapped(longitude_deg[order]),
            )
    return found


def spells_of(
    content: ReportContent, chosen: list[ChosenArc], *, laydown: str, case: str = "nominal"
) -> dict[str, list[tuple[str, float, float]]]:
    """Return sensor, first and last second of each spell of each chosen arc, by key.

    Parameters
    ----------
    content
        With the table ``visibility``.
    chosen
        The arcs.
    laydown, case
        Names. The sensor "*" stands for all of the laydown together.
    """
    rows = matching(content.tables["visibility"], laydown=laydown, case=case)
    rows = among(rows, pa.array([arc.key for arc in chosen], type=pa.string()))
    first_s, last_s = numbers(rows, "first_seen_s"), numbers(rows, "last_seen_s")
    found: dict[str, list[tuple[str, float, float]]] = {arc.key: [] for arc in chosen}
    keys = [str(key) for key in arc_keys(rows).to_pylist()]
    for key, sensor, first, last in zip(keys, words(rows, "sensor"), first_s, last_s, strict=True):
        if np.isfinite(first):
            found[key].append((sensor, float(first), float(last)))
    return found


def stretches(
    path: Path, spells: list[tuple[str, float, float]], satellites: set[str]
) -> Iterator[tuple[Seen, F64, F64]]:
    """Yield who sees each stretch of a path, with its latitudes and longitudes.

    Parameters
    ----------
    path
        At least two points.
    spells
        Sensor, first and last second of each.
    satellites
        Names of those that see motors alone: a radar counts before them.
    """
    own = [spell for spell in spells if spell[0] != "*"]
    bounds = [instant for _, first, last in own for instant in (first, last)]
    start_s, end_s = float(path.time_s[0]), float(path.time_s[-1])
    inside = [instant for instant in bounds if start_s < instant < end_s]
    time_s = np.unique(np.concatenate([path.time_s, inside]))
    latitude_deg = np.interp(time_s, path.time_s, path.latitude_deg)
    longitude_deg = np.interp(time_s, path.time_s, path.longitude_deg)
    middle_s = (time_s[1:] + time_s[:-1]) / 2
    level = np.zeros(len(middle_s), dtype=np.int64)
    for sensor, first, last in own:
        within = (middle_s >= first) & (middle_s <= last)
        level[within] = np.maximum(level[within], 1 if sensor in satellites else 2)
    cuts = np.flatnonzero(np.diff(level)) + 1
    edges = [0, *cuts.tolist(), len(level)]
    for begin, end in pairwise(edges):
        part = slice(begin, end + 1)
        yield _LEVELS[int(level[begin])], latitude_deg[part], longitude_deg[part]


_LEVELS: Final = (Seen.NOBODY, Seen.SATELLITE, Seen.RADAR)


def satellites_of(content: ReportContent) -> set[str]:
    """Return the sensors that are not radars."""
    sensors = content.tables["sensors"]
    kinds = zip(words(sensors, "sensor"), words(sensors, "kind"), strict=True)
    return {name for name, kind in kinds if kind != "radar"}
