"""Which sensors a track rests on, and whether they confirm it.

=============================  ===========================================  =======
figure                         source                                       mark
=============================  ===========================================  =======
``LOOKS_MIN``                  one look may be a false plot in the gate     assumed
``LOOKS_MIN_SINGLE_KIND``      a source alone of its kind must show more    assumed
``SITES_APART_M``              nearer sensors stand on one site             assumed
=============================  ===========================================  =======
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor

I64 = npt.NDArray[np.int64]

LOOKS_MIN: Final = 2
LOOKS_MIN_SINGLE_KIND: Final = 4
SITES_APART_M: Final = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One contributor to a track.

    Parameters
    ----------
    name
        Of the sensor, or of the report.
    nation
        Whose it is; empty where unknown.
    kind
        Its kind of sensor: "radar" or "infrared".
    site
        Where it stands: sensors of one site count once.
    look_count
        Looks that the track took from it.
    pedigree
        Names of the sensors whose news it carries; its own for a sensor.
    """

    name: str
    nation: str
    kind: str
    site: str
    look_count: int
    pedigree: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """Detections that tracks took, one a row.

    Parameters
    ----------
    track, arrival_ns
        (n,), the track and when the detection reached the centre.
    sensor
        (n,), index into ``sensors``.
    sensors
        One ``Source`` a sensor, its ``look_count`` not used.
    """

    track: I64
    arrival_ns: I64
    sensor: npt.NDArray[np.int64]
    sensors: tuple[Source, ...]


class Support(StrEnum):
    """How well a track is supported."""

    NONE = "none"
    SINGLE_KIND = "single kind"
    INDEPENDENT = "independent"


def support(sources: Iterable[Source]) -> tuple[Support, str]:
    """Say whether sources confirm one another, with the reason in words.

    Parameters
    ----------
    sources
        What a track rests on. That they agree in time, azimuth and place is what put them into one
        track.

    Notes
    -----
    *Independent*: two sources of disjoint pedigree, from two kinds of sensor or two nations, two
    looks each. *Single kind*: two sites of one nation, four looks each. One site never confirms,
    and a report that carries another's news adds nothing to it.
    """
    seen = sorted((s for s in sources if s.look_count > 0), key=lambda s: s.name)
    if not seen:
        return Support.NONE, "sources unknown: unconfirmed only"
    apart = [
        pair
        for pair in combinations(seen, 2)
        if not pair[0].pedigree & pair[1].pedigree and pair[0].site != pair[1].site
    ]
    for one, other in apart:
        kinds = one.kind != other.kind
        nations = one.nation != other.nation and bool(one.nation and other.nation)
        if (kinds or nations) and min(one.look_count, other.look_count) >= LOOKS_MIN:
            why = "two kinds of sensor" if kinds else "two nations"
            return Support.INDEPENDENT, f"{why}: {_named(one)} and {_named(other)}"
    for one, other in apart:
        if min(one.look_count, other.look_count) >= LOOKS_MIN_SINGLE_KIND:
            return Support.SINGLE_KIND, f"two sites of one kind: {_named(one)} and {_named(other)}"
    return Support.NONE, f"not confirmed by a second source: {', '.join(map(_named, seen))}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """Looks by track, in order of arrival, so that those of one track are found at once."""

    looks: Looks
    begin: dict[int, tuple[int, int]]

    @staticmethod
    def of(looks: Looks) -> Book:
        """Sort looks by track and arrival."""
        order = np.lexsort((looks.sensor, looks.arrival_ns, looks.track))
        track = looks.track[order]
        names, first = np.unique(track, return_index=True)
        ends = np.append(first, len(track))[1:]
        return Book(
            looks=Looks(
                track=track,
                arrival_ns=looks.arrival_ns[order],
                sensor=looks.sensor[order],
                sensors=looks.sensors,
            ),
            begin={
                int(name): (int(start), int(end))
                for name, start, end in zip(names, first, ends, strict=True)
            },
        )

    def sources(
        self, track: int, now_ns: int, *, since_ns: int | None = None
    ) -> tuple[Source, ...]:
        """Return what a track rests on at a time, from looks that had arrived by then.

        Parameters
        ----------
        track
            Its number.
        now_ns
            Looks that arrived later do not count.
        since_ns
            Looks that arrived until then do not count either; None counts from the first.
        """
        start, end = self.begin.get(track, (0, 0))
        arrival = self.looks.arrival_ns[start:end]
        last = start + int(np.searchsorted(arrival, now_ns, side="right"))
        if since_ns is not None:
            start += int(np.searchsorted(arrival, since_ns, side="right"))
        counts = np.bincount(
            self.looks.sensor[start : max(start, last)], minlength=len(self.looks.sensors)
        )
        return tuple(
            replace(sensor, look_count=int(count))
            for sensor, count in zip(self.looks.sensors, counts, strict=True)
            if count > 0
        )

    def confirmed_ns(self, track: int) -> list[int]:
        """Return when the looks of a track first confirm it, and first do so independently."""
        start, end = self.begin.get(track, (0, 0))
        found: dict[Support, int] = {}
        for arrival_ns in np.unique(self.looks.arrival_ns[start:end]).tolist():
            found.setdefault(support(self.sources(track, arrival_ns))[0], arrival_ns)
            if Support.INDEPENDENT in found:
                break
        return [at_ns for kind, at_ns in found.items() if kind is not Support.NONE]


def sources_of(sensors: Sequence[Sensor]) -> tuple[Source, ...]:
    """Return sensors as sources without looks; radars within 1 km of one another share a site."""
    sources: list[Source] = []
    sites: list[tuple[str, Radar]] = []
    for sensor in sensors:
        site = str(sensor.sensor)
        if isinstance(sensor, Radar):
            place = sensor.site.position_ecef_m
            near = [
                name
                for name, other in sites
                if np.linalg.norm(other.site.position_ecef_m - place) < SITES_APART_M
            ]
            site = near[0] if near else site
            sites.append((site, sensor))
        sources.append(
            Source(
                name=str(sensor.sensor),
                nation=str(sensor.nation),
                kind="radar" if isinstance(sensor, Radar) else "infrared",
                site=site,
                look_count=0,
                pedigree=frozenset({str(sensor.sensor)}),
            )
        )
    return tuple(sources)


def _named(source: Source) -> str:
    owner = f", {source.nation}" if source.nation else ""
    return f"{source.name} ({source.kind}{owner}, {source.look_count} looks)"
