"""Reads scenario and sensor files, and refuses every mistake in one go.

``reading`` gives the parsed file. It is walked against its Struct (``mistakes``, ``meaning``), its
names are checked (``names``), its recordings read, and only a clean file is converted.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from commonwatch.earth.gravity import Gravity
from commonwatch.errors import InputError, ScenarioError, TableError
from commonwatch.identity import SensorId
from commonwatch.reading.mistakes import Fault, Table, find_faults, in_file_order, shown
from commonwatch.reading.names import tables
from commonwatch.reading.text import exists, parsed, printable
from commonwatch.scenario import catalogue
from commonwatch.scenario.description import (
    ArcType,
    Coverage,
    Grid,
    Laydown,
    Place,
    RecordedPath,
    Scenario,
)
from commonwatch.scenario.figures import Case
from commonwatch.scenario.files import FileRead, read_scenario, read_toml
from commonwatch.scenario.meaning import CHECKS
from commonwatch.scenario.names import KnownNames, check_names, check_sensor_names
from commonwatch.scenario.policies import check_policies, read_policies
from commonwatch.scenario.recorded import Recording, read_recording
from commonwatch.scenario.scenario_file import ScenarioFile
from commonwatch.scenario.schema import (
    FORMAT,
    LIMITS,
    ArcEntry,
    CoverageEntry,
    LaunchEntry,
    LaydownEntry,
    PlaceEntry,
    RecordedEntry,
    RegionEntry,
    SensorEntry,
    SensorFile,
    VehicleEntry,
)
from commonwatch.scenario.sensors import sensor
from commonwatch.scenario.sharing_meaning import SCENARIO_CHECKS
from commonwatch.scenario.sharing_names import check_sharing_names
from commonwatch.scenario.sharing_of_file import sharing_of
from commonwatch.sensing.visibility import Sensor
from commonwatch.units import metres_from_kilometres, radians_from_degrees

File = TypeVar("File", ScenarioFile, SensorFile)


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Load a bundled scenario by its name, or one from a file.

    Parameters
    ----------
    name_or_path
        A name of ``catalogue.scenario_names()``, or a TOML file.

    Raises
    ------
    UnknownNameError
        It is neither a bundled name nor looks like a file; the nearest name is suggested.
    ScenarioError
        The file has mistakes: all of them, in file order.
    InputError
        The file cannot be read.
    """
    return scenario_of(read_scenario(name_or_path))


def scenario_of(read: FileRead) -> Scenario:
    """Make the scenario of a file that was read.

    Raises
    ------
    ScenarioError
        The file has mistakes: all of them, in file order.
    """
    tree = read.tree
    known = KnownNames(
        sensors=catalogue.sensors(),
        vehicles=catalogue.vehicles(),
        places=catalogue.places(),
        launches=catalogue.launches(),
    )
    faults = find_faults(tree, ScenarioFile, SCENARIO_CHECKS)
    faults += islice(check_names(tree, known), LIMITS.mistake_count)
    faults += islice(check_sharing_names(tree, known), LIMITS.mistake_count)
    recordings, unread = _recordings(tree, read.path.parent)
    policies, unknown = read_policies(tree, read.path.parent)
    file = _convert(tree, ScenarioFile, faults + unread + unknown, read.file_name)
    recorded = tuple(
        _recorded_path(entry, recordings[index]) for index, entry in enumerate(file.recorded)
    )
    sha256 = hashlib.sha256(read.content).hexdigest()
    described = _describe(read.path.stem, file, recorded, policies=policies, sha256=sha256)
    check_policies(described, read.file_name)
    return described


def load_sensors(path: str | Path) -> tuple[SensorEntry, ...]:
    """Load a file that holds ``format`` and sensor tables only.

    Raises
    ------
    ScenarioError
        The file has mistakes: all of them, in file order.
    InputError
        The file cannot be read.
    """
    file = read_toml(Path(path), str(path), what_to_do="Give the path of a sensor file")
    return _sensor_entries(file.tree, str(path))


def _sensor_entries(tree: Table, file_name: str) -> tuple[SensorEntry, ...]:
    faults = find_faults(tree, SensorFile, CHECKS) + list(check_sensor_names(tree))
    file = _convert(tree, SensorFile, faults, file_name)
    return (*file.radars, *file.satellites)


@lru_cache(maxsize=1_024)
def read_description(text: str) -> Sensor:
    """Read the text of a sensor file that holds one sensor, as its owner describes it.

    Raises
    ------
    ScenarioError
        The text has mistakes.
    InputError
        It is no TOML, or holds no sensor or several.
    """
    called = "description of a sensor"
    entries = _sensor_entries(parsed(text, called, format_number=FORMAT), called)
    if len(entries) != 1:
        raise InputError(f"{len(entries)} sensors", allowed="one sensor", where=called)
    return sensor(entries[0], Case.NOMINAL)


def read_sensors(path: str | Path) -> tuple[Sensor, ...]:
    """Read a sensor file: every sensor with its nominal figures, radars first.

    Raises
    ------
    ScenarioError
        The file has mistakes, such as one name twice: all of them, in file order.
    InputError
        The file cannot be read.
    """
    return tuple(sensor(entry, Case.NOMINAL) for entry in load_sensors(path))


def _convert(tree: Table, kind: type[File], faults: list[Fault], file_name: str) -> File:
    if faults:
        mistakes = in_file_order(tree, faults, limit=LIMITS.mistake_count)
        raise ScenarioError(printable(file_name), mistakes)
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:  # the walk above is meant to find everything first
        fault = Fault(found=str(error))
        raise ScenarioError(printable(file_name), in_file_order(tree, [fault], limit=1)) from error


def _recordings(tree: Table, folder: Path) -> tuple[dict[int, Recording], list[Fault]]:
    """Read every recording that is named, beside the scenario or bundled, and find its faults."""
    recordings: dict[int, Recording] = {}
    faults = []
    for index, entry in tables(tree, "recorded"):
        name, burn_out_s = entry.get("file"), entry.get("burn_out_s")
        if not isinstance(name, str):
            continue
        beside = folder / name
        try:
            recording = read_recording(beside if exists(beside) else catalogue.RECORDED / name)
        except TableError as error:
            where = error.where.replace(f"{catalogue.RECORDED}/", "")
            faults.append(
                Fault(
                    found=f"file = {shown(name)}: {error.found} ({printable(where)})",
                    allowed=error.allowed,
                    keys=("recorded", index),
                    key="file",
                )
            )
            continue
        recordings[index] = recording
        end_s = float(recording.time_s[-1])
        if isinstance(burn_out_s, int | float) and burn_out_s > end_s:
            faults.append(
                Fault(
                    found=f"burn_out_s = {shown(burn_out_s)} lies after the last sample",
                    allowed=f"at most {end_s:g}, where {shown(name)} ends",
                    keys=("recorded", index),
                    key="burn_out_s",
                )
            )
    return recordings, faults


def _recorded_path(entry: RecordedEntry, recording: Recording) -> RecordedPath:
    return RecordedPath(
        name=entry.name,
        title=entry.title,
        launch=Place(
            name=entry.name,
            title=entry.title,
            nation="none",
            latitude_rad=radians_from_degrees(entry.latitude_deg),
            longitude_rad=radians_from_degrees(entry.longitude_deg),
            altitude_m=0.0,
        ),
        azimuth_rad=radians_from_degrees(entry.azimuth_deg),
        burn_out_s=entry.burn_out_s,
        recording=recording,
        mark=entry.mark,
        source=entry.source,
    )


def _describe(
    name: str,
    file: ScenarioFile,
    recorded: tuple[RecordedPath, ...],
    *,
    policies: Mapping[str, str],
    sha256: str,
) -> Scenario:
    """Make the scenario of a clean file."""
    places = {**catalogue.places(), **{entry.name: entry for entry in file.places}}
    vehicles = {**catalogue.vehicles(), **{entry.name: entry for entry in file.vehicles}}
    own: dict[str, SensorEntry] = {radar.name: radar for radar in file.radars}
    own |= {satellite.name: satellite for satellite in file.satellites}
    laydowns, sensors = _laydowns(file.laydowns, {**catalogue.sensors(), **own})
    launches = _launches_flown(file)
    arcs = tuple(_arc(entry) for entry in file.arcs)
    value_laydown = file.study.laydown if file.study else laydowns[-1].name
    sharing = sharing_of(file, sensors, value_laydown=value_laydown, policies=policies)
    return Scenario(
        name=name,
        title=file.title,
        question=file.question,
        look_for=file.look_for,
        date=file.date,
        seed=file.seed,
        gravity=Gravity(file.gravity),
        launch_sites=tuple(_place(places[site]) for site in file.launch_sites),
        aim_points=tuple(_place(places[point]) for point in file.aim_points),
        arcs=arcs,
        fly_with=file.fly_with,
        flights=file.flights,
        recorded=recorded,
        laydowns=laydowns,
        value_laydown=value_laydown,
        baseline_laydown=file.study.baseline if file.study else laydowns[0].name,
        coverage=_coverage(file.coverage, arcs) if file.coverage else None,
        sensors=sensors,
        vehicles=_vehicles_flown(file, launches, vehicles),
        launches=launches,
        **{f.name: getattr(sharing, f.name) for f in dataclasses.fields(sharing)},
        sha256=sha256,
    )


def _launches_flown(file: ScenarioFile) -> dict[str, LaunchEntry]:
    names = [flight.launch for flight in file.flights if flight.launch is not None]
    return {name: catalogue.launches()[name] for name in names}


def _vehicles_flown(
    file: ScenarioFile, launches: Mapping[str, LaunchEntry], vehicles: Mapping[str, VehicleEntry]
) -> dict[str, VehicleEntry]:
    names = [*file.fly_with, *(flight.vehicle for flight in file.flights if flight.vehicle)]
    names += [launch.vehicle for launch in launches.values()]
    return {name: vehicles[name] for name in names}


def _laydowns(
    entries: tuple[LaydownEntry, ...], known: Mapping[str, SensorEntry]
) -> tuple[tuple[Laydown, ...], dict[SensorId, SensorEntry]]:
    """Resolve what each laydown includes; number the sensors in order of first mention."""
    members: dict[str, list[str]] = {}
    order: dict[str, int] = {}
    for entry in entries:
        included = members[entry.includes] if entry.includes else []
        members[entry.name] = list(dict.fromkeys([*included, *entry.sensors]))
        for name in members[entry.name]:
            order.setdefault(name, len(order))
    laydowns = tuple(
        Laydown(
            name=entry.name,
            title=entry.title,
            note=entry.note,
            members=tuple(sorted(order[name] for name in members[entry.name])),
        )
        for entry in entries
    )
    return laydowns, {SensorId(name): known[name] for name in order}


def _place(entry: PlaceEntry) -> Place:
    return Place(
        name=entry.name,
        title=entry.title,
        nation=entry.nation,
        latitude_rad=radians_from_degrees(entry.latitude_deg),
        longitude_rad=radians_from_degrees(entry.longitude_deg),
        altitude_m=metres_from_kilometres(entry.altitude_km),
    )


def _arc(entry: ArcEntry) -> ArcType:
    return ArcType(
        name=entry.name,
        kind=entry.kind,
        apogee_m=None if entry.apogee_km is None else metres_from_kilometres(entry.apogee_km),
        apogee_ratio=entry.apogee_ratio,
        time_of_flight_s=entry.time_of_flight_s,
    )


def _coverage(entry: CoverageEntry, arcs: tuple[ArcType, ...]) -> Coverage:
    return Coverage(
        map=_grid(entry.map),
        altitude_max_m=metres_from_kilometres(entry.altitude_max_km),
        launches=None if entry.launches is None else _grid(entry.launches),
        arc=entry.arc or (arcs[0].name if arcs else ""),
        gap_s=entry.gap_s,
    )


def _grid(region: RegionEntry) -> Grid:
    """Lay a grid; a full circle of longitude does not repeat its first meridian."""
    latitudes = _steps(region.latitude_min_deg, region.latitude_max_deg, region.step_deg)
    longitudes = _steps(region.longitude_min_deg, region.longitude_max_deg, region.step_deg)
    if longitudes[-1] - longitudes[0] >= 360.0 - 1e-9:
        longitudes = longitudes[:-1]
    return Grid(
        latitude_rad=radians_from_degrees(latitudes),
        longitude_rad=radians_from_degrees(longitudes),
        step_rad=radians_from_degrees(region.step_deg),
    )


def _steps(least: float, most: float, step: float) -> npt.NDArray[np.float64]:
    return least + step * np.arange(math.floor((most - least) / step + 1e-9) + 1, dtype=np.float64)
