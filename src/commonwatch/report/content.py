"""What a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812

import pyarrow as pa

from commonwatch.errors import InputError

TABLES_NEEDED = ("arcs", "paths", "visibility", "knowledge", "sensors")
"""Without these no report is made; those of value, sensitivity and coverage may lack."""

IN_SERVICE = "in service"


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportContent:
    """Everything the page shows.

    Parameters
    ----------
    scenario_name, title, question, look_for, date, seed
        As in the scenario file; `date` is the date of the laydowns.
    version, scenario_digest, command
        What made the tables, and how to make them again.
    vehicle_title
        Name of what flies, for people.
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
    sources
        Further sources, one line each, below the table of assumptions.
    """

    scenario_name: str
    title: str
    question: str
    look_for: str
    date: Date
    seed: int
    version: str
    scenario_digest: str
    command: str
    vehicle_title: str
    laydowns: tuple[ReportLaydown, ...]
    baseline: str
    everything: str
    tables: Mapping[str, pa.Table]
    sectors: tuple[Sector, ...]
    gap_s: float
    place_titles: Mapping[str, str]
    sources: tuple[str, ...] = ()

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
        """Return "launch to aim point, arc"; a recorded path has no aim point."""
        places = [self.place(name) for name in (launch, aim_point) if name]
        return f"{' to '.join(places)}, {arc}"
