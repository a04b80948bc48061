"""Reads scenario and sensor files, and refuses every mistake in one go.

This alone reads TOML that a person wrote. The parsed file is walked against its Struct
(``mistakes``), names and meanings are checked (``meaning``), and only a clean file is converted.
"""

from __future__ import annotations

import errno
import hashlib
import math
import tomllib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from commonwatch.earth.gravity import Gravity
from commonwatch.errors import InputError, ScenarioError, TableError, UnknownNameError
from commonwatch.identity import SensorId
from commonwatch.scenario import catalogue
from commonwatch.scenario.description import (
    ArcKind,
    Coverage,
    Grid,
    Laydown,
    Place,
    RecordedPath,
    Scenario,
)
from commonwatch.scenario.meaning import CHECKS, KnownNames, check_names, check_sensor_names
from commonwatch.scenario.mistakes import Fault, Table, find_faults, in_file_order, shown
from commonwatch.scenario.recorded import Recording, read_recording
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
    ScenarioFile,
    SensorEntry,
    SensorFile,
    VehicleEntry,
)
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
    names = catalogue.scenario_names()
    if isinstance(name_or_path, str) and name_or_path in names:
        path, file_name = catalogue.scenario_path(name_or_path), f"{name_or_path}.toml"
    else:
        path, file_name = Path(name_or_path), str(name_or_path)
        looks_like_a_file = path.suffix == ".toml" or len(path.parts) != 1 or _exists(path)
        if not looks_like_a_file:
            raise UnknownNameError("scenario", file_name, names)
    content = _read(path, file_name)
    tree = _parse(content, file_name)
    known = KnownNames(
        sensors=frozenset(catalogue.sensors()),
        vehicles=frozenset(catalogue.vehicles()),
        places=frozenset(catalogue.places()),
        launches=catalogue.launches(),
    )
    faults = find_faults(tree, ScenarioFile, CHECKS)
    faults += islice(check_names(tree, known), LIMITS.mistake_count)
    file = _convert(tree, ScenarioFile, faults, file_name)
    recorded = _recorded_paths(tree, file.recorded, path.parent, file_name)
    return _describe(path.stem, file, recorded, sha256=hashlib.sha256(content).hexdigest())


def load_sensors(path: str | Path) -> tuple[SensorEntry, ...]:
    """Load a file that holds ``format`` and sensor tables only.

    Raises
    ------
    ScenarioError
        The file has mistakes: all of them, in file order.
    InputError
        The file cannot be read.
    """
    file_name = str(path)
    tree = _parse(_read(Path(path), file_name), file_name)
    faults = find_faults(tree, SensorFile, CHECKS) + list(check_sensor_names(tree))
    file = _convert(tree, SensorFile, faults, file_name)
    return (*file.radars, *file.satellites)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _read(path: Path, file_name: str) -> bytes:
    """Read a file of bounded size, with a sentence for everything that can be wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(LIMITS.file_bytes + 1)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {_reason(error)}",
            allowed="a TOML file that can be read",
            where=_printable(file_name),
            what_to_do="Give the path of a scenario file, or the name of a bundled scenario",
        ) from error
    if len(content) > LIMITS.file_bytes:
        raise InputError(
            "the file is too large",
            allowed=f"at most {LIMITS.file_bytes} bytes",
            where=_printable(file_name),
        )
    if not content.strip():
        raise InputError(
            "the file is empty",
            allowed=f"a TOML file that begins with format = {FORMAT}",
            where=_printable(file_name),
            what_to_do="Start from a bundled scenario",
        )
    return content


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "a null character in the name"
    known = {errno.EISDIR: "it is a folder", errno.ENOENT: "there is no such file"}
    return known.get(error.errno or 0, error.strerror or str(error))


def _parse(content: bytes, file_name: str) -> Table:
    where = _printable(file_name)
    try:
        tree = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"not text in UTF-8 (byte {error.start})", allowed="TOML, text in UTF-8", where=where
        ) from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        reason = "a number of too many digits" if "digits" in reason else reason
        raise InputError(
            f"not TOML: {_printable(reason)}", allowed="TOML 1.0", where=where
        ) from error
    found = tree.get("format")
    if isinstance(found, int) and not isinstance(found, bool) and found != FORMAT:
        fault = Fault(
            found=f"format = {shown(found)}, which this version does not read",
            allowed=f"format = {FORMAT}",
            what_to_do=f"Bring the file to format {FORMAT}: see the schema that the program prints",
        )
        raise ScenarioError(where, in_file_order(tree, [fault], limit=1))
    return tree


def _convert(tree: Table, kind: type[File], faults: list[Fault], file_name: str) -> File:
    if faults:
        mistakes = in_file_order(tree, faults, limit=LIMITS.mistake_count)
        raise ScenarioError(_printable(file_name), mistakes)
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:  # the walk above is meant to find everything first
        fault = Fault(found=str(error))
        raise ScenarioError(_printable(file_name), in_file_order(tree, [fault], limit=1)) from error


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text) or '""'


def _recorded_paths(
    tree: Table, entries: tuple[RecordedEntry, ...], folder: Path, file_name: str
) -> tuple[RecordedPath, ...]:
    """Read every recording, beside the scenario or bundled, and collect their mistakes."""
    paths, faults = [], []
    for index, entry in enumerate(entries):
        beside = folder / entry.file
        try:
            recording = read_recording(
                beside if _exists(beside) else catalogue.RECORDED / entry.file
            )
        except TableError as error:
            where = error.where.replace(f"{catalogue.RECORDED}/", "")
            faults.append(
                Fault(
                    found=f"file = {shown(entry.file)}: {error.found} ({where})",
                    allowed=error.allowed,
                    keys=("recorded", index),
                    key="file",
                )
            )
            continue
        paths.append(_recorded_path(entry, recording))
    if faults:
        raise ScenarioError(_printable(file_name), in_file_order(tree, faults, limit=len(faults)))
    return tuple(paths)


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
    name: str, file: ScenarioFile, recorded: tuple[RecordedPath, ...], *, sha256: str
) -> Scenario:
    """Make the scenario of a clean file."""
    places = {**catalogue.places(), **{entry.name: entry for entry in file.places}}
    vehicles = {**catalogue.vehicles(), **{entry.name: entry for entry in file.vehicles}}
    own: dict[str, SensorEntry] = {radar.name: radar for radar in file.radars}
    own |= {satellite.name: satellite for satellite in file.satellites}
    laydowns, sensors = _laydowns(file.laydowns, {**catalogue.sensors(), **own})
    launches = _launches_flown(file)
    arcs = tuple(_arc(entry) for entry in file.arcs)
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
        value_laydown=file.study.laydown if file.study else laydowns[-1].name,
        baseline_laydown=file.study.baseline if file.study else laydowns[0].name,
        coverage=_coverage(file.coverage, arcs) if file.coverage else None,
        sensors=sensors,
        vehicles=_vehicles_flown(file, launches, vehicles),
        launches=launches,
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


def _arc(entry: ArcEntry) -> ArcKind:
    return ArcKind(
        name=entry.name,
        kind=entry.kind,
        apogee_m=None if entry.apogee_km is None else metres_from_kilometres(entry.apogee_km),
        apogee_ratio=entry.apogee_ratio,
        time_of_flight_s=entry.time_of_flight_s,
    )


def _coverage(entry: CoverageEntry, arcs: tuple[ArcKind, ...]) -> Coverage:
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
        step_rad=math.radians(region.step_deg),
    )


def _steps(least: float, most: float, step: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return least + step * np.arange(math.floor((most - least) / step + 1e-9) + 1, dtype=np.float64)
