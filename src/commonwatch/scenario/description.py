"""A scenario as everything above uses it: names, places, and figures with their sources."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commonwatch.earth.gravity import Gravity
from commonwatch.identity import SensorId
from commonwatch.scenario.nations import Sharing
from commonwatch.scenario.recorded import Recording
from commonwatch.scenario.schema import FlightEntry, LaunchEntry, SensorEntry, VehicleEntry

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A launch site or aim point: geodetic latitude and longitude, height above the ellipsoid."""

    name: str
    title: str
    nation: str
    latitude_rad: float
    longitude_rad: float
    altitude_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcType:
    """Which of the many arcs between two points; at most one of the three numbers is given.

    Parameters
    ----------
    name
        Its name in tables.
    kind
        ``"minimum energy"``, ``"apogee"`` or ``"time of flight"``.
    apogee_m
        Greatest height above the ellipsoid.
    apogee_ratio
        That height as a multiple of the same pair's minimum-energy apogee.
    time_of_flight_s
        From lift-off to impact.
    """

    name: str
    kind: str
    apogee_m: float | None
    apogee_ratio: float | None
    time_of_flight_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One flight between two places, by its apogee or its time of flight.

    Parameters
    ----------
    name, title
        Its name in tables and in words.
    launch, aim_point
        Its ends.
    ground_range_m
        Geodesic between them.
    azimuth_rad
        Azimuth of that geodesic at the launch point, clockwise from north.
    apogee_m, time_of_flight_s
        One of them is given.
    vehicle
        Name for ``flights.vehicle``.
    published
        The catalogue's launch, where it is one.
    """

    name: str
    title: str
    launch: Place
    aim_point: Place
    ground_range_m: float
    azimuth_rad: float
    apogee_m: float | None
    time_of_flight_s: float | None
    vehicle: str
    published: LaunchEntry | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedPath:
    """A recorded path in the vertical plane through a launch point.

    Parameters
    ----------
    name, title
        Its name in tables and in words.
    launch
        Where it begins.
    azimuth_rad
        Azimuth of its plane at the launch point, clockwise from north.
    burn_out_s
        Last instant under power, seconds from lift-off.
    recording
        Its samples.
    mark, source
        Where it comes from.
    """

    name: str
    title: str
    launch: Place
    azimuth_rad: float
    burn_out_s: float
    recording: Recording
    mark: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Laydown:
    """Sensors that work together.

    Parameters
    ----------
    name, title, note
        Its name in tables, in words, and what else to say.
    members
        Indices into ``Scenario.sensors``, rising.
    """

    name: str
    title: str
    note: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """A grid of places: latitudes (a,) and longitudes (b,), both rising, and the step."""

    latitude_rad: F64
    longitude_rad: F64
    step_rad: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coverage:
    """The maps that a scenario asks for.

    Parameters
    ----------
    map
        Where the lowest visible height is wanted.
    altitude_max_m
        Up to which height.
    launches
        Launch points of the gap map, each flown to each aim point; None: no gap map.
    arc
        Name of the arc kind of the gap map.
    gap_s
        A gap counts when nobody sees for at least this long.
    """

    map: Grid
    altitude_max_m: float
    launches: Grid | None
    arc: str
    gap_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenario(Sharing):
    """A whole scenario, checked: what flies, what sees, and the nations that share.

    Parameters
    ----------
    name, title, question, look_for
        What it is called, asks and shows.
    date
        The day whose sensors see.
    seed
        Seed of every generator.
    gravity
        Force model.
    launch_sites, aim_points, arcs
        Every site flies to every aim point on every arc.
    fly_with
        Names of vehicles by rising range, see ``flights.vehicle_for``.
    flights
        Flights by their apogee, in the file's form; ``flights.flights`` makes them of figures.
    recorded
        Recorded paths.
    laydowns
        Sets of sensors.
    value_laydown, baseline_laydown
        In which laydown each sensor's value is judged, and what others are compared with.
    coverage
        The maps; None: none.
    sensors
        Every sensor of the laydowns, in order of first mention, in the file's form;
        ``sensors.sensors`` makes them of figures.
    vehicles, launches
        Vehicles and published launches that take part, by name, in the file's form.
    sha256
        Digest of the file's bytes.
    """

    name: str
    title: str
    question: str
    look_for: str
    date: datetime.date
    seed: int
    gravity: Gravity
    launch_sites: tuple[Place, ...]
    aim_points: tuple[Place, ...]
    arcs: tuple[ArcType, ...]
    fly_with: tuple[str, ...]
    flights: tuple[FlightEntry, ...]
    recorded: tuple[RecordedPath, ...]
    laydowns: tuple[Laydown, ...]
    value_laydown: str
    baseline_laydown: str
    coverage: Coverage | None
    sensors: Mapping[SensorId, SensorEntry]
    vehicles: Mapping[str, VehicleEntry]
    launches: Mapping[str, LaunchEntry]
    sha256: str

    def laydown(self, name: str) -> Laydown:
        """Return the laydown of this name."""
        return next(laydown for laydown in self.laydowns if laydown.name == name)
