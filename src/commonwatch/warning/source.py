"""Which sensors a track rests on, and whether they confirm it.

=============================  ===========================================  =======
figure                         source                                       mark
=============================  ===========================================  =======
``LOOKS_MIN``                  two looks begin a track, and agree whatever  assumed
                               they are of: the third could have disagreed
``LOOKS_MIN_SINGLE_KIND``      a source alone of its kind must show more    assumed
``SITES_APART_M``              nearer sensors stand on one site             assumed
=============================  ===========================================  =======
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor

I64 = npt.NDArray[np.int64]

LOOKS_MIN: Final = 3
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
        Its kind of sensor: "radar" or "infrared"; empty where nobody says, as of a report.
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
    *Independent*: two sources of disjoint pedigree, from two kinds of sensor or two nations,
    three looks each. *Single kind*: two sites of one nation, four looks each. One site never
    confirms, and a report that carries another's news adds nothing to it.
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
        kinds = one.kind != other.kind and bool(one.kind and other.kind)
        nations = one.nation != other.nation and bool(one.nation and other.nation)
        if (kinds or nations) and min(one.look_count, other.look_count) >= LOOKS_MIN:
            why = "two kinds of sensor" if kinds else "two nations"
            return Support.INDEPENDENT, f"{why}: {_named(one)} and {_named(other)}"
    for one, other in apart:
        if min(one.look_count, other.look_count) >= LOOKS_MIN_SINGLE_KIND:
            return Support.SINGLE_KIND, f"two sites of one kind: {_named(one)} and {_named(other)}"
    return Support.NONE, f"not confirmed by a second source: {', '.join(map(_named, seen))}"


@dataclass(slots=True, eq=False)
class _Tally:
    """When looks of one sensor arrived, in order, and how many had by then."""

    arrival_ns: list[int] = field(default_factory=list)
    count: list[int] = field(default_factory=list)

    def add(self, arrival_ns: int, count: int) -> None:
        place = bisect_right(self.arrival_ns, arrival_ns)
        before = self.count[place - 1] if place else 0
        self.arrival_ns.insert(place, arrival_ns)
        self.count.insert(place, before + count)
        for later in range(place + 1, len(self.count)):
            self.count[later] += count

    def until(self, now_ns: int) -> int:
        place = bisect_right(self.arrival_ns, now_ns)
        return self.count[place - 1] if place else 0


@dataclass(slots=True, eq=False)
class Book:
    """Looks by track and sensor, in order of arrival; written to as they come.

    Parameters
    ----------
    sensors
        One ``Source`` a sensor, its ``look_count`` not used; answers come in this order.
    """

    sensors: tuple[Source, ...]
    _tallies: dict[int, dict[int, _Tally]] = field(default_factory=dict)

    @staticmethod
    def of(looks: Looks) -> Book:
        """Make a book of looks."""
        book = Book(looks.sensors)
        book.add(looks)
        return book

    def add(self, looks: Looks) -> None:
        """Write down looks; those of one sensor may come in any order."""
        if not len(looks.track):
            return
        order = np.argsort(looks.arrival_ns, kind="stable")
        for track, arrival_ns, sensor in zip(
            looks.track[order].tolist(),
            looks.arrival_ns[order].tolist(),
            looks.sensor[order].tolist(),
            strict=True,
        ):
            self.hear(track, sensor, arrival_ns)

    def hear(self, track: int, sensor: int, arrival_ns: int, *, count: int = 1) -> None:
        """Write down that a track took looks of a sensor, by its place in ``sensors``.

        Parameters
        ----------
        track
            Its number.
        sensor
            Its place.
        arrival_ns
            When the looks were known here, UTC since 1970.
        count
            How many looks they were.
        """
        tallies = self._tallies.setdefault(track, {})
        if sensor not in tallies:
            tallies[sensor] = _Tally()
            self._tallies[track] = dict(sorted(tallies.items()))
        self._tallies[track][sensor].add(arrival_ns, count)

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
        found = []
        for sensor, tally in self._tallies.get(track, {}).items():
            count = tally.until(now_ns) - (0 if since_ns is None else tally.until(since_ns))
            if count > 0:
                found.append(replace(self.sensors[sensor], look_count=count))
        return tuple(found)

    def tally(self, track: int, now_ns: int) -> tuple[int, ...]:
        """Return looks of each sensor, as far as they matter: while it is the same, so is support.

        Parameters
        ----------
        track
            Its number.
        now_ns
            Looks that arrived later do not count.
        """
        tallies = self._tallies.get(track, {})
        return tuple(min(each.until(now_ns), LOOKS_MIN_SINGLE_KIND) for each in tallies.values())

    def forget(self, track: int) -> None:
        """Leave out a track that is no more."""
        self._tallies.pop(track, None)


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
    if not source.kind:
        return source.name
    owner = f", {source.nation}" if source.nation else ""
    return f"{source.name} ({source.kind}{owner}, {source.look_count} looks)"
