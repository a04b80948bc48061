"""The flights of a scenario: solved, flown and sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodesic, geodetic_from_ecef
from commonwatch.earth.gravity import Gravity
from commonwatch.errors import ImpossibleArcError
from commonwatch.flight.ballistic import ArcKind, ArcRequest, Arcs, arc_between
from commonwatch.flight.powered import PoweredPhase
from commonwatch.flight.propagation import FreeFlight, free_flight
from commonwatch.flight.recorded import from_vertical_plane
from commonwatch.flight.trajectory import Trajectories, recorded_path, whole_flights
from commonwatch.flight.vehicle import Vehicle
from commonwatch.scenario.description import ArcType, Grid, Place, RecordedPath, Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.flights import flights, published_ground_range_m, vehicle, vehicle_for

F64 = npt.NDArray[np.float64]

RECORDED: Final = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcWanted:
    """One flight that the scenario asks for.

    Parameters
    ----------
    launch, aim_point
        Its ends; a recorded path has no aim point.
    arc
        Name of the arc kind.
    kind
        What fixes the arc, and the number that goes with it: apogee in metres, or in times the
        minimum-energy apogee of the same pair, or the time of flight in seconds.
    vehicle
        Name of what flies.
    ground_range_m
        Geodesic between the ends.
    is_within_published_range
        Whether a published range of the vehicles that fly reaches the aim point.
    """

    launch: Place
    aim_point: Place | None
    arc: str
    kind: ArcType | None
    vehicle: str
    ground_range_m: float
    is_within_published_range: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What flew, one entry a flight.

    Parameters
    ----------
    flights
        (n,) what each flight is.
    arcs
        The solved arcs of the flights that are not recorded, which come first.
    trajectories
        (n,) all flights, sampled.
    refused
        Flights that cannot be, each with the reason.
    ballistic_coefficient_kg_m2
        (3, n), low, nominal and high of each solved arc.
    gravity
        The force model.
    """

    flights: tuple[ArcWanted, ...]
    arcs: Arcs | None
    trajectories: Trajectories
    refused: tuple[tuple[ArcWanted, str], ...]
    ballistic_coefficient_kg_m2: F64
    gravity: Gravity


def fly(
    scenario: Scenario,
    *,
    interval_s: float,
    burn: Case = Case.NOMINAL,
    override: Mapping[str, float] | None = None,
    wanted: Sequence[ArcWanted] | None = None,
) -> Truth:
    """Fly all that a scenario asks for: sites to aim points on each arc, flights, recordings.

    Parameters
    ----------
    scenario
        The scenario.
    interval_s
        Seconds between samples.
    burn
        Which end of the intervals of burn time and burn-out altitude, taken together: a short burn
        ends low.
    override
        Figures set by their path, in the file's unit, for one-at-a-time sensitivity.
    wanted
        Instead of all that the scenario asks for.

    Raises
    ------
    ImpossibleArcError
        Not one flight can be flown, or one that the scenario asks for by itself, with figures as
        they stand, cannot; the first reason is given. Arcs from sites to aim points may be refused.
    """
    chosen = list(flights_wanted(scenario, override=override) if wanted is None else wanted)
    solved = [entry for entry in chosen if entry.kind is not None]
    vehicles = {
        name: vehicle(scenario, name, burn, override=override)
        for name in {entry.vehicle for entry in solved}
    }
    flown, arcs, refused = _solved(solved, vehicles, scenario.gravity)
    if wanted is None and burn is Case.NOMINAL and not override:
        _refuse_impossible_flights(scenario, refused)
    recordings = scenario.recorded if wanted is None else ()
    if not flown and not recordings:
        raise ImpossibleArcError(
            f"not one of {len(solved)} flights can be flown: {refused[0][1]}",
            allowed="one possible arc or more",
            where=scenario.name,
            what_to_do="Change the arcs, the vehicle or the aim points",
        )
    parts = []
    if arcs is not None:
        parts.append(whole_flights(arcs, interval_s=interval_s, gravity=scenario.gravity))
    parts += [_recorded_trajectory(path, interval_s) for path in recordings]
    coefficients = {
        name: [
            vehicle(scenario, name, case, override=override).ballistic_coefficient_kg_m2
            for case in Case
        ]
        for name in vehicles
    }
    return Truth(
        flights=(*flown, *(_recorded_entry(path) for path in recordings)),
        arcs=arcs,
        trajectories=_joined(parts),
        refused=tuple(refused),
        ballistic_coefficient_kg_m2=np.array([coefficients[entry.vehicle] for entry in flown])
        .reshape(len(flown), 3)
        .T,
        gravity=scenario.gravity,
    )


def _refuse_impossible_flights(
    scenario: Scenario, refused: Sequence[tuple[ArcWanted, str]]
) -> None:
    asked_for = {entry.name for entry in scenario.flights}
    for flight, reason in refused:
        if flight.launch.name in asked_for:
            raise ImpossibleArcError(
                f'the flight "{flight.launch.name}" cannot be flown: {reason}',
                allowed="flights that exist",
                where=scenario.name,
                what_to_do="Change its apogee_km, time_of_flight_s, ends or vehicle",
            )


def _solved(
    wanted: Sequence[ArcWanted], vehicles: Mapping[str, Vehicle], gravity: Gravity
) -> tuple[list[ArcWanted], Arcs | None, list[tuple[ArcWanted, str]]]:
    """Solve the flights, batch by batch; return those that fly, their arcs, and the others."""
    flown: list[ArcWanted] = []
    batches: list[Arcs] = []
    refused: list[tuple[ArcWanted, str]] = []
    for kind in sorted({_group(entry) for entry in wanted}):
        group = [entry for entry in wanted if _group(entry) == kind]
        arcs = _solve(group, vehicles, gravity)
        refused += [(e, r) for e, r in zip(group, arcs.reason, strict=True) if r]
        flown += [e for e, good in zip(group, arcs.is_solved, strict=True) if good]
        batches.append(_rows(arcs, arcs.is_solved))
    if not flown:
        return [], None, refused
    order = _in_order(flown, wanted)
    return [flown[k] for k in order], _rows(_together(batches), order), refused


def flights_wanted(
    scenario: Scenario, *, override: Mapping[str, float] | None = None
) -> tuple[ArcWanted, ...]:
    """List the flights that a scenario asks for, recordings left out.

    Parameters
    ----------
    scenario
        Each launch site to each aim point by each kind of arc, then the published and given
        flights.
    override
        Values in place of the scenario's, by the path of the figure.

    Returns
    -------
    tuple of ArcWanted
        In that order.
    """
    published_m = published_ground_range_m(scenario)
    found = [
        _between(scenario, site, aim, kind, published_m)
        for site in scenario.launch_sites
        for aim in scenario.aim_points
        for kind in scenario.arcs
    ]
    for flight in flights(scenario, override=override):
        is_timed = flight.time_of_flight_s is not None
        found.append(
            ArcWanted(
                launch=flight.launch,
                aim_point=flight.aim_point,
                arc="published" if flight.published else "given",
                kind=ArcType(
                    name="published" if flight.published else "given",
                    kind="time of flight" if is_timed else "apogee",
                    apogee_m=flight.apogee_m,
                    apogee_ratio=None,
                    time_of_flight_s=flight.time_of_flight_s,
                ),
                vehicle=flight.vehicle,
                ground_range_m=flight.ground_range_m,
                is_within_published_range=True,
            )
        )
    return tuple(found)


def gap_flights_wanted(scenario: Scenario, grid: Grid, arc: str) -> tuple[ArcWanted, ...]:
    """List the flights of the gap map: every place of the grid to every aim point, row by row.

    Parameters
    ----------
    scenario
        Its aim points and kinds of arc.
    grid
        Launch places, geodetic.
    arc
        Name of the kind of arc.
    """
    kind = next(kind for kind in scenario.arcs if kind.name == arc)
    published_m = published_ground_range_m(scenario)
    return tuple(
        _between(scenario, _grid_place(latitude, longitude), aim, kind, published_m)
        for latitude in grid.latitude_rad
        for longitude in grid.longitude_rad
        for aim in scenario.aim_points
    )


def drag_offset(truth: Truth) -> tuple[F64, F64]:
    """Return how far, m, and how much later, s, drag makes each solved arc come down.

    Returns
    -------
    offset_m, offset_s
        (3, n) each, with the low, nominal and high ballistic coefficient: the low one slows most.
    """
    if truth.arcs is None:
        return np.zeros((3, 0)), np.zeros((3, 0))
    latitude, longitude, _ = geodetic_from_ecef(truth.arcs.free.state_vector[:, :3])
    offset_m, offset_s = [], []
    for coefficient in truth.ballistic_coefficient_kg_m2:
        slowed = free_flight(
            truth.arcs.burn_out_state_vector,
            gravity=truth.gravity,
            ballistic_coefficient_kg_m2=coefficient,
            seeks_apogee=False,
        )
        slowed_latitude, slowed_longitude, _ = geodetic_from_ecef(slowed.state_vector[:, :3])
        distance_m, _ = geodesic(latitude, longitude, slowed_latitude, slowed_longitude)
        offset_m.append(distance_m)
        offset_s.append(slowed.time_s - truth.arcs.free.time_s)
    return np.array(offset_m), np.array(offset_s)


def _between(
    scenario: Scenario, site: Place, aim: Place, kind: ArcType, published_m: float
) -> ArcWanted:
    distance, _ = geodesic(
        site.latitude_rad, site.longitude_rad, aim.latitude_rad, aim.longitude_rad
    )
    ground_range_m = float(distance)
    return ArcWanted(
        launch=site,
        aim_point=aim,
        arc=kind.name,
        kind=kind,
        vehicle=vehicle_for(scenario, ground_range_m),
        ground_range_m=ground_range_m,
        is_within_published_range=ground_range_m <= published_m,
    )


def _grid_place(latitude_rad: float, longitude_rad: float) -> Place:
    return Place(
        name="grid",
        title="grid",
        nation="none",
        latitude_rad=float(latitude_rad),
        longitude_rad=float(longitude_rad),
        altitude_m=0.0,
    )


def _group(entry: ArcWanted) -> str:
    """Name the batch that an arc is solved in: all of a batch share what fixes the arc."""
    kind = entry.kind
    if kind is None:
        return RECORDED
    return f"{kind.kind} {'ratio' if kind.apogee_ratio is not None else ''}".strip()


def _solve(group: Sequence[ArcWanted], vehicles: Mapping[str, Vehicle], gravity: Gravity) -> Arcs:
    first = group[0].kind
    if first is not None and first.apogee_ratio is not None:
        least = arc_between(_request(group, vehicles, None), gravity=gravity)
        ratio = np.array([entry.kind.apogee_ratio for entry in group if entry.kind], float)
        return arc_between(
            _request(group, vehicles, ratio * least.free.apogee_altitude_m), gravity=gravity
        )
    numbers = [
        entry.kind.apogee_m if entry.kind.apogee_m is not None else entry.kind.time_of_flight_s
        for entry in group
        if entry.kind
    ]
    wanted = None if first is None or first.kind == "minimum energy" else np.array(numbers, float)
    return arc_between(_request(group, vehicles, wanted), gravity=gravity)


def _request(
    group: Sequence[ArcWanted], vehicles: Mapping[str, Vehicle], wanted: F64 | None
) -> ArcRequest:
    flown = [vehicles[entry.vehicle] for entry in group]
    aims = [entry.aim_point for entry in group if entry.aim_point is not None]
    kind = group[0].kind
    fixed = ArcKind.MINIMUM_ENERGY
    if wanted is not None and kind is not None:
        fixed = ArcKind(kind.kind)
    return ArcRequest(
        latitude_rad=np.array([entry.launch.latitude_rad for entry in group]),
        longitude_rad=np.array([entry.launch.longitude_rad for entry in group]),
        altitude_m=np.array([entry.launch.altitude_m for entry in group]),
        aim_latitude_rad=np.array([aim.latitude_rad for aim in aims]),
        aim_longitude_rad=np.array([aim.longitude_rad for aim in aims]),
        kind=fixed,
        wanted=np.full(len(group), np.nan) if wanted is None else wanted,
        burn_time_s=np.array([one.burn_time_s for one in flown]),
        burn_out_altitude_m=np.array([one.burn_out_altitude_m for one in flown]),
        burn_out_altitude_low_m=np.array([one.burn_out_altitude_low_m for one in flown]),
        burn_out_altitude_high_m=np.array([one.burn_out_altitude_high_m for one in flown]),
    )


def _rows(arcs: Arcs, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Arcs:
    powered = replace(
        arcs.powered,
        **{f.name: getattr(arcs.powered, f.name)[chosen] for f in fields(PoweredPhase)},
    )
    free = replace(
        arcs.free, **{f.name: getattr(arcs.free, f.name)[chosen] for f in fields(FreeFlight)}
    )
    return Arcs(
        powered=powered,
        burn_out_state_vector=arcs.burn_out_state_vector[chosen],
        free=free,
        miss_m=arcs.miss_m[chosen],
        is_solved=arcs.is_solved[chosen],
        reason=tuple(np.array(arcs.reason, object)[chosen]),
    )


def _together(batches: Sequence[Arcs]) -> Arcs:
    def column(parts: Sequence[object], name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    powered, free = [b.powered for b in batches], [b.free for b in batches]
    return Arcs(
        powered=PoweredPhase(**{f.name: column(powered, f.name) for f in fields(PoweredPhase)}),
        burn_out_state_vector=column(batches, "burn_out_state_vector"),
        free=FreeFlight(**{f.name: column(free, f.name) for f in fields(FreeFlight)}),
        miss_m=column(batches, "miss_m"),
        is_solved=np.concatenate([b.is_solved for b in batches]),
        reason=tuple(reason for b in batches for reason in b.reason),
    )


def _in_order(flown: Sequence[ArcWanted], chosen: Sequence[ArcWanted]) -> npt.NDArray[np.intp]:
    """Return the order that puts the flown flights as the scenario lists them."""
    place = {id(entry): k for k, entry in enumerate(chosen)}
    return np.argsort([place[id(entry)] for entry in flown], kind="stable")


def _joined(parts: Sequence[Trajectories]) -> Trajectories:
    if len(parts) == 1:
        return parts[0]
    count = max(part.sample_count for part in parts)
    padded = [
        np.concatenate(
            [
                part.state_vector,
                np.repeat(part.state_vector[:, -1:], count - part.sample_count, axis=1),
            ],
            axis=1,
        )
        for part in parts
    ]
    return Trajectories(
        interval_s=parts[0].interval_s,
        state_vector=np.concatenate(padded),
        burn_out_s=np.concatenate([part.burn_out_s for part in parts]),
        end_s=np.concatenate([part.end_s for part in parts]),
        comes_down=np.concatenate([part.comes_down for part in parts]),
    )


def _recorded_entry(path: RecordedPath) -> ArcWanted:
    return ArcWanted(
        launch=path.launch,
        aim_point=None,
        arc=RECORDED,
        kind=None,
        vehicle=path.name,
        ground_range_m=float("nan"),
        is_within_published_range=True,
    )


def _recorded_trajectory(path: RecordedPath, interval_s: float) -> Trajectories:
    recorded = from_vertical_plane(
        path.recording.time_s,
        path.recording.altitude_m,
        path.recording.downrange_m,
        latitude_rad=path.launch.latitude_rad,
        longitude_rad=path.launch.longitude_rad,
        azimuth_rad=path.azimuth_rad,
    )
    return recorded_path(
        path.recording.time_s, recorded, interval_s=interval_s, burn_out_s=path.burn_out_s
    )
