"""What a scenario's sensors report of its flights: detections drawn from truth.

======================  ========================================================  =======
figure                  source                                                    mark
======================  ========================================================  =======
``LAUNCH_INTERVAL_S``   between two launches from one place                       assumed
``FIRST_LAUNCH_S``      from the start of the record to the first launches        assumed
======================  ========================================================  =======

Constant errors are drawn here and kept apart, as truth: nothing in the detections or in the
sensors' file says what they are, which plots are false, or which belong together.
"""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.schema import SensorEntry
from commonwatch.scenario.sensors import sensor
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.radar import Radar, Role
from commonwatch.sensing.visibility import (
    Sensor,
    Spells,
    handed_over,
    rows_of,
    spells_of_sight,
    union,
)
from commonwatch.units import NS_PER_S, degrees_from_radians, ns_from_datetime
from commonwatch.world.looks import Flown, Looks, drawn_lines, drawn_plots
from commonwatch.world.truth import ArcWanted, Truth, flights_wanted, fly

F64 = npt.NDArray[np.float64]

FLIGHTS_MAX: Final = 200
"""Of more flights so many are drawn, evenly chosen from the scenario's order."""
LAUNCH_INTERVAL_S: Final = 30.0
FIRST_LAUNCH_S: Final = 30.0
TRUTH_INTERVAL_S: Final = 2.0
SAMPLE_INTERVAL_S: Final = 1.0
"""Of the flights: short, so that the place at burn-out is right to a metre."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sightings:
    """Detections and, apart, the truth behind them.

    Parameters
    ----------
    sensors
        Entries of the sensors that took part.
    detections, objects, ends, biases
        Columns of the tables ``detections``, ``truth_objects``, ``truth_ends`` and
        ``truth_biases``.
    flight_count, wanted_count
        Flights that were drawn, and that the scenario asks for.
    """

    sensors: tuple[SensorEntry, ...]
    detections: dict[str, Any]
    objects: dict[str, Any]
    ends: dict[str, Any]
    biases: dict[str, Any]
    flight_count: int
    wanted_count: int


def draw(scenario: Scenario, *, seed: int, refused: Collection[ArcWanted] = ()) -> Sightings:
    """Fly a scenario's flights and draw what the sensors of its study laydown report.

    Parameters
    ----------
    scenario
        From ``scenario.load``.
    seed
        Each sensor has a generator of its own, ``default_rng([seed, crc32(name)])``: a sensor more
        changes no other one's detections.
    refused
        Flights that are known not to be possible, so that they are not chosen.

    Returns
    -------
    Sightings

    Notes
    -----
    1. At most ``FLIGHTS_MAX`` flights lift off ``FIRST_LAUNCH_S`` after midnight UTC of the
    scenario's day, those from one place ``LAUNCH_INTERVAL_S`` apart. 2. Sensors are those of the
    laydown that the study values, nominal case, published ranges; cued radars wait for their cue.
    3. Each radar sweeps each ``track_interval_s``, each satellite looks each ``revisit_s``, from a
    phase of its own. 4. Rows stand in order of arrival; within one, in random order.

    Limits: looks are independent of one another; all plots of a sweep have its time; of the
    ionosphere there is but a constant range error; no bias of angles; what is closer than a beam
    does not merge; satellites miss nothing that burns above the clouds; by their orbits they move
    on from where the scenario has them at the first lift-off.
    """
    impossible = set(refused)
    wanted = [flight for flight in flights_wanted(scenario) if flight not in impossible]
    chosen = None
    if len(wanted) > FLIGHTS_MAX:
        chosen = [wanted[k * len(wanted) // FLIGHTS_MAX] for k in range(FLIGHTS_MAX)]
    truth = fly(scenario, interval_s=SAMPLE_INTERVAL_S, wanted=chosen)
    entries, sensors = _used_sensors(scenario)
    spells = handed_over(
        truth.trajectories,
        spells_of_sight(truth.trajectories, sensors),
        sensors,
        include=range(len(sensors)),
    )
    midnight = datetime.datetime.combine(scenario.date, datetime.time(), datetime.UTC)
    flown = Flown(
        trajectories=truth.trajectories,
        lift_off_s=_lift_offs(truth),
        first_launch_s=FIRST_LAUNCH_S,
        epoch_ns=ns_from_datetime(midnight),
    )
    looks, bias_m = _looks(sensors, spells, flown, seed)
    return Sightings(
        sensors=entries,
        detections=_in_order(looks, sensors, seed),
        objects=_objects(flown, union(spells)),
        ends=_ends(truth, flown),
        biases={
            "sensor": [str(each.sensor) for each in sensors if isinstance(each, Radar)],
            "range_bias_m": bias_m,
            "azimuth_bias_rad": np.zeros(len(bias_m)),
            "elevation_bias_rad": np.zeros(len(bias_m)),
        },
        flight_count=len(truth.flights),
        wanted_count=len(wanted) + len(scenario.recorded),
    )


def _used_sensors(scenario: Scenario) -> tuple[tuple[SensorEntry, ...], tuple[Sensor, ...]]:
    """Return the sensors of the laydown that the study values, dishes left out."""
    entries = list(scenario.sensors.values())
    members = [entries[k] for k in scenario.laydown(scenario.value_laydown).members]
    used = [each for each in members if getattr(each, "role", "") != Role.DISH]
    return tuple(used), tuple(sensor(each, Case.NOMINAL) for each in used)


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _lift_offs(truth: Truth) -> F64:
    """Seconds from the start of the record to each lift-off."""
    before: dict[str, int] = {}
    lift_off_s = []
    for flight in truth.flights:
        count = before.get(flight.launch.name, 0)
        before[flight.launch.name] = count + 1
        lift_off_s.append(FIRST_LAUNCH_S + count * LAUNCH_INTERVAL_S)
    return np.array(lift_off_s)


def _looks(
    sensors: Sequence[Sensor], spells: Spells, flown: Flown, seed: int
) -> tuple[list[Looks], F64]:
    looks, bias_m = [], []
    for index, each in enumerate(sensors):
        rng = _generator(seed, str(each.sensor))
        if isinstance(each, InfraredSatellite):
            looks.append(drawn_lines(each, flown, rng=rng))
            continue
        bias_m.append(float(rng.normal(0.0, each.range_bias_std_m)))
        own = rows_of(spells, spells.sensor == index)
        looks.append(drawn_plots(each, own, flown, range_bias_m=bias_m[-1], rng=rng))
    return looks, np.array(bias_m)


def _in_order(looks: Sequence[Looks], sensors: Sequence[Sensor], seed: int) -> dict[str, Any]:
    """Columns of all detections, by arrival, time and sensor, else in random order."""
    counts = [len(each.time_ns) for each in looks]
    sensor_index = np.repeat(np.arange(len(looks)), counts)
    time_ns = np.concatenate([each.time_ns for each in looks])
    arrival_ns = np.concatenate([each.arrival_ns for each in looks])
    shuffled = _generator(seed, "order of rows").permutation(len(time_ns))
    keys = (sensor_index[shuffled], time_ns[shuffled], arrival_ns[shuffled])
    order = shuffled[np.lexsort(keys)]
    names = np.array([str(each.sensor) for each in sensors], dtype=object)
    is_infrared = np.array([isinstance(each, InfraredSatellite) for each in sensors], dtype=bool)
    kinds = np.where(is_infrared, "infrared", "radar").astype(object)
    reported = np.concatenate([each.reported for each in looks])[order]
    eye = np.concatenate([each.eye_ecef_m for each in looks])[order]
    line = np.concatenate([each.line_of_sight for each in looks])[order]
    empty = np.full(len(order), np.nan)
    return {
        "time_ns": time_ns[order],
        "arrival_ns": arrival_ns[order],
        "kind": kinds[sensor_index[order]],
        "sensor": names[sensor_index[order]],
        "range_m": reported[:, 0],
        "azimuth_rad": reported[:, 1],
        "elevation_rad": reported[:, 2],
        "range_rate_m_s": reported[:, 3],
        "range_std_m": empty,
        "azimuth_std_rad": empty,
        "elevation_std_rad": empty,
        "range_rate_std_m_s": empty,
        **{f"sensor_{axis}_m": eye[:, k] for k, axis in enumerate("xyz")},
        **{f"line_of_sight_{axis}": line[:, k] for k, axis in enumerate("xyz")},
        "line_of_sight_std_rad": empty,
    }


def _objects(flown: Flown, seen: Spells) -> dict[str, Any]:
    """State vectors at whole instants while some sensor can see."""
    first_s = flown.lift_off_s[seen.path] + seen.first_seen_s
    last_s = flown.lift_off_s[seen.path] + seen.last_seen_s
    first = np.ceil(first_s / TRUTH_INTERVAL_S).astype(np.int64)
    count = np.maximum(np.floor(last_s / TRUTH_INTERVAL_S).astype(np.int64) - first + 1, 0)
    spell = np.repeat(np.arange(seen.count), count)
    instant = np.arange(len(spell)) - np.repeat(np.cumsum(count) - count, count) + first[spell]
    path = seen.path[spell]
    time_s = instant * TRUTH_INTERVAL_S
    states = flown.trajectories.state_vector_at(path, time_s - flown.lift_off_s[path])
    order = np.lexsort((path, instant))
    columns = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    return {
        "time_ns": flown.instant_ns(time_s)[order],
        "object": path[order].astype(np.int64),
        **{name: states[order, k] for k, name in enumerate(columns)},
    }


def _ends(truth: Truth, flown: Flown) -> dict[str, Any]:
    """Where and when each flight begins and comes down."""
    paths = truth.trajectories
    end = paths.state_vector_at(np.arange(paths.path_count), paths.end_s)[:, :3]
    latitude, longitude, _ = geodetic_from_ecef(end)
    launch_ns = flown.instant_ns(flown.lift_off_s)
    flight_ns = np.round(paths.end_s * NS_PER_S).astype(np.int64)
    down = paths.comes_down
    impact_ns = [
        int(launch) + int(span) if is_down else None
        for launch, span, is_down in zip(launch_ns, flight_ns, down, strict=True)
    ]
    return {
        "object": np.arange(paths.path_count),
        "launch_time_ns": launch_ns,
        "launch_latitude_deg": degrees_from_radians(
            np.array([flight.launch.latitude_rad for flight in truth.flights])
        ),
        "launch_longitude_deg": degrees_from_radians(
            np.array([flight.launch.longitude_rad for flight in truth.flights])
        ),
        "impact_time_ns": impact_ns,
        "impact_latitude_deg": np.where(down, degrees_from_radians(latitude), np.nan),
        "impact_longitude_deg": np.where(down, degrees_from_radians(longitude), np.nan),
    }
