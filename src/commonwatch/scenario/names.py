"""Checks across a whole file: names, their order, what flies, marks without a source.

They run on the parsed file, so that they also find what is wrong where a table is broken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M
from commonwatch.reading.mistakes import Fault, Keys, Table, shown
from commonwatch.reading.names import (
    duplicates,
    list_of_names,
    listed,
    names_in,
    one_name,
    suggestion,
    tables,
)
from commonwatch.scenario.figures import high_end
from commonwatch.scenario.schema import LIMITS, LaunchEntry, PlaceEntry, SensorEntry, VehicleEntry

_SOURCE_MAY_BE_LEFT_OUT: Final = ("service", "places", "flights")
_DEPTH_MAX: Final = 8
"""Tables in tables; a scenario has five levels, and a broken file may have any number."""
_SAME_PLACE_KM: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """Names of the catalogue, by what they name."""

    sensors: Mapping[str, SensorEntry] = field(default_factory=dict)
    vehicles: Mapping[str, VehicleEntry] = field(default_factory=dict)
    places: Mapping[str, PlaceEntry] = field(default_factory=dict)
    launches: Mapping[str, LaunchEntry] = field(default_factory=dict)


def check_sensor_names(tree: Table) -> Iterator[Fault]:
    """Refuse two sensors of one name in a file of sensors, and a file without any."""
    yield from _check_sources(tree)
    yield from duplicates(tree, ("radars", "satellites"), "sensor")
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
    sensors = frozenset(known.sensors) | names_in(tree, "radars", "satellites")
    vehicles = frozenset(known.vehicles) | names_in(tree, "vehicles")
    places = frozenset(known.places) | names_in(tree, "places")
    yield from duplicates(tree, ("radars", "satellites"), "sensor", known.sensors)
    yield from duplicates(tree, ("vehicles",), "vehicle", known.vehicles)
    yield from duplicates(tree, ("places",), "place", known.places)
    yield from duplicates(tree, ("laydowns",), "laydown")
    yield from duplicates(tree, ("arcs",), "arc")
    yield from duplicates(tree, ("flights", "recorded"), "flight", listed(tree, "launch_sites"))
    ends = listed(tree, "launch_sites") | listed(tree, "aim_points")
    for key in ("launch_sites", "aim_points"):
        yield from list_of_names(tree, (), key, "place", places, without=ends)
    yield from list_of_names(tree, (), "fly_with", "vehicle", vehicles)
    for index, flight in tables(tree, "flights"):
        keys: Keys = ("flights", index)
        yield from one_name(flight, keys, "vehicle", "vehicle", vehicles)
        yield from one_name(flight, keys, "launch", "launch", frozenset(known.launches))
        yield from _check_published(flight, keys, known.launches)
    yield from _check_laydown_names(tree, sensors)
    for section, key, kind, names in (
        ("study", "laydown", "laydown", names_in(tree, "laydowns")),
        ("study", "baseline", "laydown", names_in(tree, "laydowns")),
        ("coverage", "arc", "arc", names_in(tree, "arcs")),
    ):
        if isinstance(tree.get(section), dict):
            yield from one_name(tree[section], (section,), key, kind, names)
    yield from _check_sources(tree)
    yield from _check_same_place(tree, known.places)
    yield from _check_order_of_vehicles(tree, known.vehicles)
    yield from _check_something_flies(tree)


def _check_laydown_names(tree: Table, sensors: frozenset[str]) -> Iterator[Fault]:
    earlier: set[str] = set()
    for index, laydown in tables(tree, "laydowns"):
        yield from list_of_names(laydown, ("laydowns", index), "sensors", "sensor", sensors)
        included = laydown.get("includes")
        if isinstance(included, str) and included not in earlier:
            yield Fault(
                found=f"includes = {shown(included)}, which no earlier laydown is called",
                allowed=", ".join(sorted(earlier)) or "a laydown that stands above this one",
                what_to_do=suggestion(included, earlier),
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
    lies = {name: (place.latitude_deg, place.longitude_deg) for name, place in known.items()}
    lies |= {
        table["name"]: (table.get("latitude_deg"), table.get("longitude_deg"))
        for _, table in tables(tree, "places")
        if isinstance(table.get("name"), str)
    }
    sites = [(name, _spot_km(*lies[name])) for name in listed(tree, "launch_sites") & lies.keys()]
    array = tree.get("aim_points")
    if not isinstance(array, list) or max(len(array), len(sites)) > LIMITS.place_count:
        return
    for index, name in enumerate(array):
        if not isinstance(name, str) or name not in lies:
            continue
        spot = _spot_km(*lies[name])
        near = [site for site, place in sites if math.dist(spot, place) < _SAME_PLACE_KM]
        if near:
            yield Fault(
                found=f"the aim point {shown(name)} and the launch site {shown(min(near))} are the "
                "same place",
                allowed=f"ends that lie {_SAME_PLACE_KM:g} km apart or more",
                what_to_do="Leave one out",
                keys=("aim_points", index),
            )


def _spot_km(latitude_deg: object, longitude_deg: object) -> tuple[float, float, float]:
    """Return where a place lies on a sphere; not a number where it has faults of its own."""
    try:
        latitude, longitude = (
            math.radians(angle) if isinstance(angle, int | float) else math.nan
            for angle in (latitude_deg, longitude_deg)
        )
        level_km = MEAN_RADIUS_M / 1e3 * math.cos(latitude)
        return (
            level_km * math.cos(longitude),
            level_km * math.sin(longitude),
            MEAN_RADIUS_M / 1e3 * math.sin(latitude),
        )
    except (ValueError, OverflowError):  # infinite, or an integer beyond the largest float
        return math.nan, math.nan, math.nan


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
