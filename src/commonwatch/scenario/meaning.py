"""What the form of a file allows and the world does not.

Checks of one table (``CHECKS``, called on converted tables) and checks of names across the file
(``check_names``, on the parsed file, so that they also run where a table is broken).
"""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M
from commonwatch.earth.gravity import GM_M3_S2
from commonwatch.errors import nearest
from commonwatch.scenario.figures import high_end, low_end
from commonwatch.scenario.mistakes import Check, Checks, Fault, Keys, Table, shown
from commonwatch.scenario.schema import (
    LIMITS,
    ArcEntry,
    FaceEntry,
    FlightEntry,
    Interval,
    LaunchEntry,
    PlaceEntry,
    RadarEntry,
    RangeClassEntry,
    RegionEntry,
    SatelliteEntry,
    VehicleEntry,
    eastwards_deg,
)
from commonwatch.sensing.infrared import LOWEST_PERIGEE_M
from commonwatch.units import seconds_from_hours

_FULL_TURN_DEG: Final = 360.0
_SOURCE_MAY_BE_LEFT_OUT: Final = ("service", "places", "flights")
_DEPTH_MAX: Final = 8
"""Tables in tables; a scenario has five levels, and a broken file may have any number."""
_SAME_PLACE_KM: Final = 1.0
_SHOWN_COUNT: Final = 8
"""Names that a message lists at most."""


def sector_width_deg(azimuth_min_deg: float, azimuth_max_deg: float) -> float:
    """Return the width of a sector, clockwise from its least to its greatest azimuth.

    0 to 360 is the full circle; 350 to 10 runs through north and is 20 wide; equal azimuths give 0.
    """
    difference_deg = azimuth_max_deg - azimuth_min_deg
    if difference_deg == _FULL_TURN_DEG:
        return _FULL_TURN_DEG
    return math.fmod(difference_deg + 2.0 * _FULL_TURN_DEG, _FULL_TURN_DEG)


def _check_interval(interval: Interval) -> Iterator[Fault]:
    nominal = interval.low if interval.nominal is None else interval.nominal
    if not interval.low <= nominal <= interval.high:
        middle = "" if interval.nominal is None else f", nominal {interval.nominal:g}"
        yield Fault(
            found=f"low {interval.low:g}{middle}, high {interval.high:g} are out of order",
            allowed="low <= nominal <= high",
            what_to_do="Put them in order",
        )


def _check_sector(face: FaceEntry) -> Iterator[Fault]:
    width_deg = sector_width_deg(face.azimuth_min_deg, face.azimuth_max_deg)
    if abs(face.azimuth_max_deg - face.azimuth_min_deg) > _FULL_TURN_DEG:
        yield Fault(
            found=f"a sector from {face.azimuth_min_deg:g} to {face.azimuth_max_deg:g} deg",
            allowed="at most a full circle",
            key="azimuth_max_deg",
        )
    elif width_deg == 0.0:
        yield Fault(
            found=f"a sector of zero width, {face.azimuth_min_deg:g} to {face.azimuth_max_deg:g}",
            allowed="a sector that runs clockwise from azimuth_min_deg to azimuth_max_deg",
            what_to_do="Write 0 to 360 for the full circle",
            key="azimuth_max_deg",
        )
    elif (face.boresight_azimuth_deg - face.azimuth_min_deg) % _FULL_TURN_DEG > width_deg:
        yield Fault(
            found=f"boresight_azimuth_deg = {face.boresight_azimuth_deg:g} lies outside the sector",
            allowed=f"{face.azimuth_min_deg:g} clockwise to {face.azimuth_max_deg:g}",
            key="boresight_azimuth_deg",
        )


def _below(lower: str, upper: str) -> Check:
    """Make a check that a lower limit stays below an upper one, anywhere within their intervals."""

    def check(entry: msgspec.Struct) -> Iterator[Fault]:
        if getattr(entry, lower) is None or getattr(entry, upper) is None:
            return
        least, greatest = high_end(getattr(entry, lower)), low_end(getattr(entry, upper))
        if not least < greatest:
            yield Fault(
                found=f"{lower} {least:g} is not below {upper} {greatest:g}",
                allowed=f"{lower} below {upper}, whatever the ends of their intervals",
                key=upper,
            )

    return check


def _check_service(sensor: RadarEntry | SatelliteEntry) -> Iterator[Fault]:
    for index, (one, other) in enumerate(itertools.pairwise(sensor.service)):
        if other.since < one.since:
            yield Fault(
                found=f"from = {other.since} is earlier than the entry before, {one.since}",
                allowed="service entries in order of time",
                keys=("service", index + 1),
                key="from",
            )


_ORBIT_KEYS: Final = {
    "geostationary": ("longitude_deg",),
    "highly elliptical": (
        "period_h",
        "eccentricity",
        "inclination_deg",
        "argument_of_perigee_deg",
        "apogee_longitude_deg",
        "hours_from_apogee",
    ),
}


def _check_orbit(satellite: SatelliteEntry) -> Iterator[Fault]:
    missing = [key for key in _ORBIT_KEYS[satellite.orbit] if getattr(satellite, key) is None]
    for orbit, keys in _ORBIT_KEYS.items():
        for key in keys:
            if orbit != satellite.orbit and getattr(satellite, key) is not None:
                yield Fault(
                    found=f'{key} has no meaning in a "{satellite.orbit}" orbit',
                    allowed=", ".join(_ORBIT_KEYS[satellite.orbit]),
                    what_to_do="Leave it out",
                    key=key,
                )
    for key in missing:
        yield Fault(
            found=f'missing key "{key}"',
            allowed=f'a "{satellite.orbit}" orbit needs {", ".join(_ORBIT_KEYS[satellite.orbit])}',
            key=key,
        )


def _check_perigee(satellite: SatelliteEntry) -> Iterator[Fault]:
    period_h, eccentricity = satellite.period_h, satellite.eccentricity
    if satellite.orbit != "highly elliptical" or period_h is None or eccentricity is None:
        return
    turn_s = seconds_from_hours(low_end(period_h)) / (2.0 * math.pi)
    perigee_m = math.cbrt(GM_M3_S2 * turn_s**2) * (1.0 - high_end(eccentricity))
    if perigee_m < LOWEST_PERIGEE_M:
        yield Fault(
            found=f"a perigee {perigee_m / 1e3:.0f} km from the middle of the Earth",
            allowed=f"{LOWEST_PERIGEE_M / 1e3:.0f} km or more, 100 km above the ground",
            what_to_do="Make period_h longer or eccentricity smaller",
            key="eccentricity",
        )


_ARC_KEYS: Final = {
    "minimum energy": (),
    "apogee": ("apogee_km", "apogee_ratio"),
    "time of flight": ("time_of_flight_s",),
}


def _check_arc(arc: ArcEntry) -> Iterator[Fault]:
    allowed = _ARC_KEYS[arc.kind]
    given = [key for keys in _ARC_KEYS.values() for key in keys if getattr(arc, key) is not None]
    wanted = f"either {' or '.join(allowed)}" if len(allowed) > 1 else "".join(allowed)
    if len(given) > 1:
        yield Fault(
            found=f"{' and '.join(given)} are given together",
            allowed=f'{wanted or "none of them"} for an arc of kind "{arc.kind}"',
            what_to_do="An arc has one more condition than its two ends: leave the others out",
            key=given[-1],
        )
    elif allowed and not given:
        yield Fault(
            found=f'an arc of kind "{arc.kind}" without {" or ".join(allowed)}',
            allowed=wanted,
            key=allowed[0],
        )
    elif given and given[0] not in allowed:
        yield Fault(
            found=f'{given[0]} has no meaning for an arc of kind "{arc.kind}"',
            allowed=wanted or "no further key",
            key=given[0],
        )


def _check_direction(flight: FlightEntry) -> Iterator[Fault]:
    aim = (flight.aim_latitude_deg, flight.aim_longitude_deg)
    is_aimed = aim != (None, None)
    if is_aimed and (None in aim or flight.azimuth_deg is not None):
        yield Fault(
            found="the direction is not clear",
            allowed="either azimuth_deg, or both aim_latitude_deg and aim_longitude_deg",
            key="azimuth_deg",
        )


def _check_height(flight: FlightEntry) -> Iterator[Fault]:
    if flight.apogee_km is not None and flight.time_of_flight_s is not None:
        yield Fault(
            found="apogee_km and time_of_flight_s are given together",
            allowed="one of them",
            what_to_do="Leave one out",
            key="time_of_flight_s",
        )


_INSTEAD_OF: Final = {
    "azimuth_deg": "azimuth_deg and ground_range_km, or an aim point: aim_latitude_deg and "
    "aim_longitude_deg",
    "ground_range_km": "azimuth_deg and ground_range_km, or an aim point: aim_latitude_deg and "
    "aim_longitude_deg",
    "apogee_km": "apogee_km or time_of_flight_s",
}


def _check_own_figures(flight: FlightEntry) -> Iterator[Fault]:
    if flight.launch is not None:
        return
    needed = ["latitude_deg", "longitude_deg", "vehicle"]
    needed += [] if flight.aim_latitude_deg is not None else ["azimuth_deg", "ground_range_km"]
    needed += [] if flight.time_of_flight_s is not None else ["apogee_km"]
    for key in needed:
        if getattr(flight, key) is None:
            yield Fault(
                found=f'missing key "{key}"',
                allowed=_INSTEAD_OF.get(
                    key, "a flight names a launch of the catalogue or has figures of its own"
                ),
                key=key,
            )


def _check_longitudes(region: RegionEntry) -> Iterator[Fault]:
    least_deg, greatest_deg = eastwards_deg(region.longitude_min_deg, region.longitude_max_deg)
    if not least_deg < greatest_deg:
        yield Fault(
            found=f"longitude_min_deg {region.longitude_min_deg:g} is not below "
            f"longitude_max_deg {region.longitude_max_deg:g}",
            allowed="the least longitude, then eastwards the greatest",
            what_to_do="Across the date line count on eastwards: write 220 for 140 W",
            key="longitude_max_deg",
        )


def _check_cells(region: RegionEntry) -> Iterator[Fault]:
    least_deg, greatest_deg = eastwards_deg(region.longitude_min_deg, region.longitude_max_deg)
    width_deg = greatest_deg - least_deg
    if width_deg > _FULL_TURN_DEG:
        yield Fault(
            found=f"{width_deg:g} deg of longitude",
            allowed="at most 360",
            key="longitude_max_deg",
        )
    height_deg = region.latitude_max_deg - region.latitude_min_deg
    cells = (height_deg / region.step_deg + 1.0) * (width_deg / region.step_deg + 1.0)
    if cells > LIMITS.cell_count:
        yield Fault(
            found=f"a grid of about {cells:.3g} places",
            allowed=f"at most {LIMITS.cell_count}",
            what_to_do="Make step_deg larger",
            key="step_deg",
        )


CHECKS: Final[Checks] = {
    Interval: (_check_interval,),
    FaceEntry: (_check_sector, _below("elevation_min_deg", "elevation_max_deg")),
    RadarEntry: (_below("range_min_km", "range_max_km"), _check_service),
    SatelliteEntry: (_check_orbit, _check_perigee, _check_service),
    LaunchEntry: (_below("burn_out_altitude_km", "apogee_km"),),
    RangeClassEntry: (_below("ground_range_min_km", "ground_range_max_km"),),
    ArcEntry: (_check_arc,),
    FlightEntry: (_check_direction, _check_height, _check_own_figures),
    RegionEntry: (
        _below("latitude_min_deg", "latitude_max_deg"),
        _check_longitudes,
        _check_cells,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """Names of the catalogue, by what they name."""

    sensors: frozenset[str] = frozenset()
    vehicles: Mapping[str, VehicleEntry] = field(default_factory=dict)
    places: Mapping[str, PlaceEntry] = field(default_factory=dict)
    launches: Mapping[str, LaunchEntry] = field(default_factory=dict)


def check_sensor_names(tree: Table) -> Iterator[Fault]:
    """Refuse two sensors of one name in a file of sensors, and a file without any."""
    yield from _check_sources(tree)
    yield from _duplicates(tree, ("radars", "satellites"), "sensor")
    if not (tree.get("radars") or tree.get("satellites")):
        yield Fault(found="no sensor", allowed="at least one [[radars]] or [[satellites]] table")


def check_names(tree: Table, known: KnownNames) -> Iterator[Fault]:
    """Refuse names that do not exist, names used twice, and a scenario in which nothing happens.

    Parameters
    ----------
    tree
        The parsed scenario file, which may have other faults.
    known
        The catalogue's names.
    """
    sensors = known.sensors | _names(tree, "radars", "satellites")
    vehicles = frozenset(known.vehicles) | _names(tree, "vehicles")
    places = frozenset(known.places) | _names(tree, "places")
    yield from _duplicates(tree, ("radars", "satellites"), "sensor", known.sensors)
    yield from _duplicates(tree, ("vehicles",), "vehicle", known.vehicles)
    yield from _duplicates(tree, ("places",), "place", known.places)
    yield from _duplicates(tree, ("laydowns",), "laydown")
    yield from _duplicates(tree, ("arcs",), "arc")
    yield from _duplicates(tree, ("flights", "recorded"), "flight", _listed(tree, "launch_sites"))
    for key in ("launch_sites", "aim_points"):
        yield from _list_of_names(tree, (), key, "place", places)
    yield from _list_of_names(tree, (), "fly_with", "vehicle", vehicles)
    for index, flight in tables(tree, "flights"):
        keys: Keys = ("flights", index)
        yield from _one_name(flight, keys, "vehicle", "vehicle", vehicles)
        yield from _one_name(flight, keys, "launch", "launch", frozenset(known.launches))
        yield from _check_published(flight, keys, known.launches)
    yield from _check_laydown_names(tree, sensors)
    for section, key, kind, names in (
        ("study", "laydown", "laydown", _names(tree, "laydowns")),
        ("study", "baseline", "laydown", _names(tree, "laydowns")),
        ("coverage", "arc", "arc", _names(tree, "arcs")),
    ):
        if isinstance(tree.get(section), dict):
            yield from _one_name(tree[section], (section,), key, kind, names)
    yield from _check_sources(tree)
    yield from _check_same_place(tree, known.places)
    yield from _check_order_of_vehicles(tree, known.vehicles)
    yield from _check_something_flies(tree)


def _check_laydown_names(tree: Table, sensors: frozenset[str]) -> Iterator[Fault]:
    earlier: set[str] = set()
    for index, laydown in tables(tree, "laydowns"):
        yield from _list_of_names(laydown, ("laydowns", index), "sensors", "sensor", sensors)
        included = laydown.get("includes")
        if isinstance(included, str) and included not in earlier:
            yield Fault(
                found=f"includes = {shown(included)}, which no earlier laydown is called",
                allowed=", ".join(sorted(earlier)) or "a laydown that stands above this one",
                what_to_do=_suggestion(included, earlier),
                keys=("laydowns", index),
                key="includes",
            )
        if isinstance(laydown.get("name"), str):
            earlier.add(laydown["name"])


def _check_published(
    flight: Table, keys: Keys, launches: Mapping[str, LaunchEntry]
) -> Iterator[Fault]:
    """Refuse a launch of the catalogue whose apogee or direction nobody has published."""
    launch = launches.get(flight["launch"]) if isinstance(flight.get("launch"), str) else None
    if launch is None:
        return
    if launch.apogee_km is None and not {"apogee_km", "time_of_flight_s"} & flight.keys():
        yield Fault(
            found=f"the apogee of {launch.title} was not published",
            allowed="apogee_km or time_of_flight_s beside launch",
            keys=keys,
            key="apogee_km",
        )
    if launch.azimuth_deg is None and not {"azimuth_deg", "aim_latitude_deg"} & flight.keys():
        yield Fault(
            found=f"the direction of {launch.title} was not published",
            allowed="azimuth_deg, or aim_latitude_deg and aim_longitude_deg, beside launch",
            keys=keys,
            key="azimuth_deg",
        )


def _check_sources(tree: Table) -> Iterator[Fault]:
    """Refuse a mark that says a source was found, and no source."""
    tables_left: list[tuple[Keys, object]] = [((), tree)]
    while tables_left:
        keys, value = tables_left.pop()
        below: Iterable[tuple[str | int, object]] = ()
        if isinstance(value, dict):
            below = value.items()
            may_be_left_out = len(keys) > 1 and keys[-2] in _SOURCE_MAY_BE_LEFT_OUT
            source = value.get("source", "" if may_be_left_out else None)
            if value.get("mark") == "found" and isinstance(source, str) and not source.strip():
                yield Fault(
                    found='mark = "found" without a source',
                    allowed='the source in words beside it, or mark = "assumed"',
                    what_to_do="Name the source",
                    keys=keys,
                    key="source",
                )
        elif isinstance(value, list):
            below = enumerate(value)
        if len(keys) < _DEPTH_MAX:
            tables_left += [((*keys, key), deeper) for key, deeper in below]


def _check_same_place(tree: Table, known: Mapping[str, PlaceEntry]) -> Iterator[Fault]:
    """Refuse an aim point that lies where a launch site lies."""
    sites = {
        name: spot
        for name in _listed(tree, "launch_sites")
        if (spot := _spot(tree, name, known)) is not None
    }
    array = tree.get("aim_points")
    for index, name in enumerate(array if isinstance(array, list) else []):
        spot = _spot(tree, name, known) if isinstance(name, str) else None
        for site in sorted(sites) if spot is not None else ():
            if math.dist(spot, sites[site]) < _SAME_PLACE_KM:
                yield Fault(
                    found=f"the aim point {shown(name)} and the launch site {shown(site)} are the "
                    "same place",
                    allowed=f"ends that lie {_SAME_PLACE_KM:g} km apart or more",
                    what_to_do="Leave one out",
                    keys=("aim_points", index),
                )
                break


def _spot(
    tree: Table, name: str, known: Mapping[str, PlaceEntry]
) -> tuple[float, float, float] | None:
    """Return where a place lies on a sphere, km; None where its figures are not numbers."""
    own = [table for _, table in tables(tree, "places") if table.get("name") == name]
    angles: tuple[object, object] = (None, None)
    if own:
        angles = (own[0].get("latitude_deg"), own[0].get("longitude_deg"))
    elif name in known:
        angles = (known[name].latitude_deg, known[name].longitude_deg)
    try:
        latitude, longitude = (math.radians(a) for a in angles if isinstance(a, int | float))
    except (ValueError, OverflowError):
        return None
    radius_km = MEAN_RADIUS_M / 1e3
    level_km = radius_km * math.cos(latitude)
    spot = (
        level_km * math.cos(longitude),
        level_km * math.sin(longitude),
        radius_km * math.sin(latitude),
    )
    return spot if all(math.isfinite(part) for part in spot) else None


def _check_order_of_vehicles(tree: Table, known: Mapping[str, VehicleEntry]) -> Iterator[Fault]:
    """Refuse vehicles that do not rise in reach: one out of order would never fly."""
    own = {
        table["name"]: table
        for _, table in tables(tree, "vehicles")
        if isinstance(table.get("name"), str)
    }
    array = tree.get("fly_with")
    before, before_km = "", 0.0
    for index, name in enumerate(array if isinstance(array, list) else []):
        if not isinstance(name, str):
            continue
        reach_km = _reach_km(own[name]) if name in own else None
        if name in known:
            reach_km = high_end(known[name].ground_range_max_km)
        if reach_km is None:
            continue
        if reach_km < before_km:
            yield Fault(
                found=f"{shown(name)} reaches {reach_km:g} km and stands behind {shown(before)}, "
                f"which reaches {before_km:g} km, so that it would never fly",
                allowed="vehicles in rising order of their published range",
                what_to_do="Put them in order",
                keys=("fly_with", index),
            )
        else:
            before, before_km = name, reach_km


def _reach_km(vehicle: Table) -> float | None:
    figure = vehicle.get("ground_range_max_km")
    value = figure.get("high") if isinstance(figure, dict) else figure
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None


def _check_something_flies(tree: Table) -> Iterator[Fault]:
    together = ("launch_sites", "aim_points", "arcs", "fly_with")
    given = [key for key in together if tree.get(key)]
    if given and len(given) < len(together):
        missing = [key for key in together if key not in given]
        yield Fault(
            found=f"{' and '.join(given)} without {' and '.join(missing)}",
            allowed=f"{', '.join(together)} together",
            key=missing[0],
        )
    elif not any(tree.get(key) for key in ("launch_sites", "flights", "recorded")):
        yield Fault(
            found="nothing flies",
            allowed="launch_sites with aim_points, arcs and fly_with; [[flights]]; or [[recorded]]",
        )
    counts = [len(tree[key]) for key in together[:3] if isinstance(tree.get(key), list)]
    if math.prod(counts) > LIMITS.path_count:
        yield Fault(
            found=f"{math.prod(counts)} arcs",
            allowed=f"at most {LIMITS.path_count}",
            what_to_do="Take fewer launch sites, aim points or arcs",
            key="launch_sites",
        )


def tables(tree: Table, key: str) -> Iterator[tuple[int, Table]]:
    """Yield the tables of an array of tables, passing over what is not one."""
    array = tree.get(key)
    for index, table in enumerate(array if isinstance(array, list) else []):
        if isinstance(table, dict):
            yield index, table


def _names(tree: Table, *keys: str) -> frozenset[str]:
    return frozenset(
        table["name"]
        for key in keys
        for _, table in tables(tree, key)
        if isinstance(table.get("name"), str)
    )


def _listed(tree: Table, key: str) -> frozenset[str]:
    array = tree.get(key)
    return frozenset(v for v in (array if isinstance(array, list) else []) if isinstance(v, str))


def _duplicates(
    tree: Table, keys: Iterable[str], kind: str, taken: Iterable[str] = ()
) -> Iterator[Fault]:
    """Refuse a name that stands twice in the file, or also in the catalogue."""
    taken = frozenset(taken)
    seen: set[str] = set()
    for key in keys:
        for index, table in tables(tree, key):
            name = table.get("name")
            if not isinstance(name, str):
                continue
            if name in seen or name in taken:
                where = "stands twice" if name in seen else "is taken already"
                yield Fault(
                    found=f"the {kind} name {shown(name)} {where}",
                    allowed=f"each {kind} has a name of its own, in the file and the catalogue",
                    what_to_do="Choose another name",
                    keys=(key, index),
                    key="name",
                )
            seen.add(name)


def _list_of_names(
    table: Table, keys: Keys, key: str, kind: str, known: frozenset[str]
) -> Iterator[Fault]:
    listed = _listed(table, key)
    array = table.get(key)
    seen: set[str] = set()
    for index, name in enumerate(array if isinstance(array, list) else []):
        if isinstance(name, str):
            if name not in known:
                yield _unknown(name, kind, known, (*keys, key, index), without=listed)
            elif name in seen:
                yield _twice(name, kind, (*keys, key, index))
            seen.add(name)


def _one_name(
    table: Table, keys: Keys, key: str, kind: str, known: frozenset[str]
) -> Iterator[Fault]:
    name = table.get(key)
    if isinstance(name, str) and name not in known:
        fault = _unknown(name, kind, known, keys)
        yield Fault(
            found=f"{key} = {shown(name)} is an unknown {kind}",
            allowed=fault.allowed,
            what_to_do=fault.what_to_do,
            keys=keys,
            key=key,
        )


def _unknown(
    name: str,
    kind: str,
    known: frozenset[str],
    keys: Keys,
    *,
    without: frozenset[str] = frozenset(),
) -> Fault:
    """Suggest the nearest name that is not in the list already: twice it would be refused."""
    return Fault(
        found=f"unknown {kind} {shown(name)}",
        allowed=_some(name, known) or f"no {kind} is defined",
        what_to_do=_suggestion(name, known - without),
        keys=keys,
    )


def _some(name: str, known: Iterable[str]) -> str:
    """List the known names: all where they are few, the nearest where they are many."""
    names = sorted(known)
    if len(names) <= _SHOWN_COUNT:
        return ", ".join(names)
    likeness = {one: difflib.SequenceMatcher(None, name.casefold(), one).ratio() for one in names}
    near = sorted(names, key=lambda one: -likeness[one])[:_SHOWN_COUNT]
    return (
        f"{', '.join(near)} and {len(names) - _SHOWN_COUNT} more, "
        "which docs/explanation/catalogue.md lists"
    )


def _twice(name: str, kind: str, keys: Keys) -> Fault:
    return Fault(
        found=f"the {kind} {shown(name)} stands twice in the list",
        allowed=f"each {kind} once",
        what_to_do="Leave one out",
        keys=keys,
    )


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f'Did you mean "{near}"?' if near else ""
