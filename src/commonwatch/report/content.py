"""What a report is made from."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from commonwatch.errors import InputError

TABLES_NEEDED = ("arcs", "paths", "visibility", "knowledge", "sensors")
"""Without these no report is made; those of value, sensitivity and coverage may lack."""

FLOWN = frozenset({"published", "recorded"})
"""Kinds of arc that are flights which took place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """One face of a radar, clockwise from azimuth_min_deg to azimuth_max_deg."""

    sensor: str
    azimuth_min_deg: float
    azimuth_max_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLaydown:
    """One set of sensors that is compared with the others."""

    name: str
    title: str
    sensors: tuple[str, ...]
    note: str = ""

    @property
    def heading(self) -> str:
        """The title as the head of a sentence: "+ Gabala" reads "With Gabala:"."""
        if self.title.startswith("+"):
            return f"With {self.title.lstrip('+ ')}:"
        return f"{self.title[:1].upper()}{self.title[1:]}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLevel:
    """One level of sharing."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCentre:
    """A nation's centre with the sensors that are its own, or the joint centre with none."""

    name: str
    title: str
    sensors: tuple[str, ...] = ()
    is_joint: bool = False
    is_linked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDelay:
    """A delay, the ends of its interval, and whether it is found, derived or assumed."""

    name: str
    title: str
    low_s: float
    nominal_s: float
    high_s: float
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportContent:
    """Everything the page shows.

    Parameters
    ----------
    scenario_name, title, question, look_for, date, seed
        As in the scenario file; `date` is the date of the laydowns.
    version, scenario_digest, command
        What made the tables, and how to make them again.
    vehicle_titles
        Names of what flies, for people, by the names in the table of arcs.
    laydowns
        In the order of the scenario; the first is the baseline unless `baseline` names another.
    everything
        Name of the laydown that holds all others, used for the timeline and for what nobody sees.
    tables
        The tables of a run by name; statuses on the date are in `sensors`.
    sectors
        Faces of the radars, for the maps. A radar without one is drawn as a point.
    gap_s
        An unseen stretch at least this long counts as a gap.
    place_titles
        Names of launch places and aim points for people; the key itself where absent.
    assumption_titles
        Whose figure an assumption is, for people, by its path in the table of sensitivity.
    not_flown
        Flights that were asked for and cannot be, a sentence each.
    impact_areas_left_out
        Why no impact area was computed, as a sentence; empty where it was.
    published_ground_range_m
        The farthest ground range that a source gives for what flies; 0 where none is known.
    levels, centres
        Of sharing, in the order of the scenario; the tables `known`, `known_areas` and
        `alert_counts` go with them.
    delays
        That from a sensor to its centre, and those that are moved.
    replayed
        Laydown, level and seed of the world that was written for replay.
    refused
        What centres of that world refused, a sentence each.
    liars
        Names of the nations that lie in these worlds.
    has_expected
        Whether the scenario says how its worlds must end; the tables `named` and `unmet` go with
        both.
    """

    scenario_name: str
    title: str
    question: str
    look_for: str
    date: datetime.date
    seed: int
    version: str
    scenario_digest: str
    command: str
    vehicle_titles: Mapping[str, str]
    laydowns: tuple[ReportLaydown, ...]
    baseline: str
    everything: str
    tables: Mapping[str, pa.Table]
    sectors: tuple[Sector, ...]
    gap_s: float
    place_titles: Mapping[str, str]
    assumption_titles: Mapping[str, str] = field(default_factory=dict)
    not_flown: tuple[str, ...] = ()
    impact_areas_left_out: str = ""
    published_ground_range_m: float = 0.0
    levels: tuple[ReportLevel, ...] = ()
    centres: tuple[ReportCentre, ...] = ()
    delays: tuple[ReportDelay, ...] = ()
    replayed: tuple[str, str, int] = ("", "", 0)
    refused: tuple[str, ...] = ()
    liars: tuple[str, ...] = ()
    has_expected: bool = False

    def __post_init__(self) -> None:
        absent = [name for name in TABLES_NEEDED if name not in self.tables]
        if absent:
            raise InputError(
                f"no table {', '.join(absent)}", allowed=f"tables {', '.join(TABLES_NEEDED)}"
            )
        names = [laydown.name for laydown in self.laydowns]
        for name in (self.baseline, self.everything):
            if name not in names:
                raise InputError(f'no laydown "{name}"', allowed=f"one of {', '.join(names)}")

    def laydown(self, name: str) -> ReportLaydown:
        """Return the laydown of that name."""
        return next(laydown for laydown in self.laydowns if laydown.name == name)

    def place(self, name: str) -> str:
        """Return a place's name for people."""
        return self.place_titles.get(name, name)

    def arc_title(self, launch: str, aim_point: str, arc: str) -> str:
        """Return "launch to aim point, arc"; a flight that took place is named alone.

        Parameters
        ----------
        launch, aim_point, arc
            Names, as in the tables.
        """
        if arc in FLOWN:
            return self.place(launch)
        return f"{self.place(launch)} to {self.place(aim_point)}, {arc}"
