"""Vehicles and flights as ``flight`` knows them, made from their entries in a file."""

from __future__ import annotations

from collections.abc import Mapping

from commonwatch.earth.ellipsoid import destination, geodesic
from commonwatch.flight.vehicle import Vehicle
from commonwatch.scenario.description import Flight, Place, Scenario
from commonwatch.scenario.figures import Case, Reading, high_end, low_end
from commonwatch.scenario.schema import FlightEntry, Interval
from commonwatch.units import metres_from_kilometres, radians_from_degrees


def vehicle(
    scenario: Scenario,
    name: str,
    case: Case = Case.NOMINAL,
    *,
    override: Mapping[str, float] | None = None,
) -> Vehicle:
    """Make a vehicle: one of ``scenario.vehicles``, or that of a published launch.

    Parameters
    ----------
    scenario
        The scenario.
    name
        Name of a vehicle, or of a published launch: then burn time and burn-out altitude are those
        of the launch.
    case
        Which end of the intervals; the low case takes low ends.
    override
        Values in the file's unit by path, such as ``vehicles.sejil-2.burn_time_s``.
    """
    reading = Reading(case=case, override=override or {})
    launch = scenario.launches.get(name)
    entry = scenario.vehicles[name if launch is None else launch.vehicle]
    body = f"vehicles.{entry.name}"
    burn = body if launch is None else f"launches.{launch.name}"
    burn_time_s = entry.burn_time_s if launch is None else launch.burn_time_s
    altitude_km = entry.burn_out_altitude_km if launch is None else launch.burn_out_altitude_km
    chosen_km = reading.plain(f"{burn}.burn_out_altitude_km", altitude_km)
    return Vehicle(
        name=name,
        burn_time_s=reading.plain(f"{burn}.burn_time_s", burn_time_s),
        burn_out_altitude_m=metres_from_kilometres(chosen_km),
        burn_out_altitude_low_m=metres_from_kilometres(min(chosen_km, low_end(altitude_km))),
        burn_out_altitude_high_m=metres_from_kilometres(max(chosen_km, high_end(altitude_km))),
        ballistic_coefficient_kg_m2=reading.plain(
            f"{body}.ballistic_coefficient_kg_m2", entry.ballistic_coefficient_kg_m2
        ),
        ground_range_max_m=metres_from_kilometres(
            reading.plain(f"{body}.ground_range_max_km", entry.ground_range_max_km)
        ),
    )


def vehicle_for(scenario: Scenario, ground_range_m: float) -> str:
    """Name the vehicle that flies so far: the first of ``fly_with`` that reaches, or the last.

    Parameters
    ----------
    scenario
        Its ``fly_with`` names at least one.
    ground_range_m
        From launch to aim point along the ground.
    """
    for name in scenario.fly_with:
        if ground_range_m <= _reach_m(scenario, name):
            return name
    return scenario.fly_with[-1]


def published_ground_range_m(scenario: Scenario) -> float:
    """Return the farthest ground range that a source gives for a vehicle of ``fly_with``.

    The high end counts; a range that is itself *assumed* belongs to a hypothetical vehicle and does
    not. Arcs beyond it are hypothetical.
    """
    return max(
        (_reach_m(scenario, name) for name in scenario.fly_with if _is_published(scenario, name)),
        default=0.0,
    )


def _reach_m(scenario: Scenario, name: str) -> float:
    return metres_from_kilometres(high_end(scenario.vehicles[name].ground_range_max_km))


def _is_published(scenario: Scenario, name: str) -> bool:
    entry = scenario.vehicles[name]
    figure = entry.ground_range_max_km
    return (figure.mark if isinstance(figure, Interval) else entry.mark) != "assumed"


def arc_name(site: str, aim: str, arc: str) -> str:
    """Name the flight from a launch site to an aim point on an arc.

    Parameters
    ----------
    site, aim, arc
        Their names in the scenario.
    """
    return f"{site}/{aim}/{arc}"


def flights(
    scenario: Scenario, *, override: Mapping[str, float] | None = None
) -> tuple[Flight, ...]:
    """Make the scenario's flights, figures nominal but for ``override``.

    Parameters
    ----------
    scenario
        Its published and given flights.
    override
        Values in place of the scenario's, in the file's units, by the path of the figure.
    """
    reading = Reading(override=override or {})
    return tuple(_flight(scenario, entry, reading) for entry in scenario.flights)


def _flight(scenario: Scenario, entry: FlightEntry, reading: Reading) -> Flight:
    launch = None if entry.launch is None else scenario.launches[entry.launch]

    def value(key: str) -> float | None:
        if getattr(entry, key, None) is not None:
            return reading.plain(f"flights.{entry.name}.{key}", getattr(entry, key))
        if launch is None or getattr(launch, key, None) is None:
            return None
        return reading.plain(f"launches.{launch.name}.{key}", getattr(launch, key))

    latitude_rad = radians_from_degrees(value("latitude_deg") or 0.0)
    longitude_rad = radians_from_degrees(value("longitude_deg") or 0.0)
    if entry.aim_latitude_deg is not None and entry.aim_longitude_deg is not None:
        aim_latitude_rad = radians_from_degrees(entry.aim_latitude_deg)
        aim_longitude_rad = radians_from_degrees(entry.aim_longitude_deg)
    else:
        end = destination(
            latitude_rad,
            longitude_rad,
            radians_from_degrees(value("azimuth_deg") or 0.0),
            metres_from_kilometres(value("ground_range_km") or 0.0),
        )
        aim_latitude_rad, aim_longitude_rad = (float(angle) for angle in end)
    ground_range_m, azimuth_rad = geodesic(
        latitude_rad, longitude_rad, aim_latitude_rad, aim_longitude_rad
    )
    title = entry.title or (entry.name if launch is None else launch.title)
    nation = "none" if launch is None else launch.nation
    time_of_flight_s = entry.time_of_flight_s
    apogee_km = value("apogee_km") if time_of_flight_s is None else None
    return Flight(
        name=entry.name,
        title=title,
        launch=_spot(entry.name, title, nation, latitude_rad, longitude_rad),
        aim_point=_spot("impact", "impact", nation, aim_latitude_rad, aim_longitude_rad),
        ground_range_m=float(ground_range_m),
        azimuth_rad=float(azimuth_rad),
        apogee_m=None if apogee_km is None else metres_from_kilometres(apogee_km),
        time_of_flight_s=time_of_flight_s,
        vehicle=entry.vehicle or entry.launch or "",
        published=launch,
    )


def _spot(name: str, title: str, nation: str, latitude_rad: float, longitude_rad: float) -> Place:
    return Place(
        name=name,
        title=title,
        nation=nation,
        latitude_rad=latitude_rad,
        longitude_rad=longitude_rad,
        altitude_m=0.0,
    )
