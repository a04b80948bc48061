"""What a scenario's sensors report of the flights of one world: detections drawn from truth.

==========================  ====================================================  =======
figure                      source                                                mark
==========================  ====================================================  =======
``FIRST_LAUNCH_S``          from the start of the record to the first launches    assumed
``world.launch_interval``   between two launches from one place                   assumed
``delays.sensor``           from a look to its own centre                         assumed
==========================  ====================================================  =======

Constant errors are drawn here and kept apart, as truth: nothing in the detections or in the
sensors' file says what they are, which plots are false, or which belong together.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.identity import SensorId
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.nations import Injection
from commonwatch.scenario.schema import SensorEntry
from commonwatch.scenario.sensors import sensor
from commonwatch.scenario.sharing_of_file import FIRST_LAUNCH_S
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
from commonwatch.units import NS_PER_S, degrees_from_radians
from commonwatch.world.looks import (
    NO_OBJECT,
    Flown,
    Looks,
    Rhythm,
    drawn_clutter,
    drawn_glints,
    drawn_lines,
    drawn_plots,
    looks_at,
    rhythm,
    together,
)
from commonwatch.world.rounds import flight_name, flights_of_seed, wanted_count
from commonwatch.world.truth import Truth, fly

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

TRUTH_INTERVAL_S: Final = 2.0
SAMPLE_INTERVAL_S: Final = 1.0
"""Of the flights: short, so that the place at burn-out is right to a metre."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sightings:
    """Detections and, apart, the truth behind them.

    Parameters
    ----------
    sensors
        Entries of the sensors that took part: those of every laydown, dishes left out.
    detections, objects, ends, biases
        Columns of the tables ``detections``, ``truth_objects``, ``truth_ends`` and
        ``truth_biases``.
    origin
        (m,) which flight each detection shows, -1 for none: truth.
    is_in
        By laydown (m,), whether each detection is one of its sensors': of a cued radar only what it
        sees once a sensor of the same laydown has cued it.
    rhythms
        When each sensor looks.
    truth, flown
        What flew.
    flight_names
        (n,) as the scenario's expected outcomes name them.
    flight_count, wanted_count
        Flights that were drawn, and that the scenario asks for.
    """

    sensors: tuple[SensorEntry, ...]
    detections: dict[str, Any]
    objects: dict[str, Any]
    ends: dict[str, Any]
    biases: dict[str, Any]
    origin: I64
    is_in: Mapping[str, Mask]
    rhythms: Mapping[SensorId, Rhythm]
    truth: Truth
    flown: Flown
    flight_names: tuple[str, ...]
    flight_count: int
    wanted_count: int

    def rows_of(self, laydown: str) -> Mask:
        """Return which detections a laydown's sensors report, (m,)."""
        return self.is_in[laydown]

    @property
    def epoch_ns(self) -> int:
        """Start of the record, UTC since 1970."""
        return self.flown.epoch_ns

    @property
    def span_s(self) -> float:
        """Length of the record."""
        return self.flown.span_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """What one sensor reports, and when it looks."""

    when: Rhythm
    looks: Looks
    range_bias_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _All:
    """All sensors, what they could see if nothing had to be cued, and what they report."""

    entries: tuple[SensorEntry, ...]
    sensors: tuple[Sensor, ...]
    in_sight: Spells
    flown: Flown
    seen: list[_Seen]
    looks: Looks
    sensor_index: npt.NDArray[np.intp]


def draw(scenario: Scenario, *, seed: int) -> Sightings:
    """Fly the flights of one world and draw what all the scenario's sensors report.

    Parameters
    ----------
    scenario
        From ``scenario.load``.
    seed
        Which flights fly: see ``rounds.flights_of_seed``. Each sensor has a generator of its own,
        ``default_rng([seed, crc32(name)])``: a sensor more changes no other one's detections.

    Returns
    -------
    Sightings

    Notes
    -----
    1. Flights lift off ``FIRST_LAUNCH_S`` after the start of the record, those from one place
    ``world.launch_interval_s`` apart, one with a ``lift_off_s`` so much after the first. 2. Sensors
    are those of every laydown, nominal case, published ranges; cued radars wait for the first cue
    of any, and a laydown takes from them what it would have cued itself. 3. Each radar sweeps each
    ``track_interval_s``, each satellite looks each ``revisit_s``, from a phase of its own. 4.
    Injected glints and clutter come with generators of their own. 5. Rows stand in order of
    arrival; within one, in random order.

    Limits: looks are independent of one another; all plots of a sweep have its time; of the
    ionosphere there is but a constant range error; no bias of angles; what is closer than a beam
    does not merge; satellites miss nothing that burns above the clouds; by their orbits they move
    on from where the scenario has them at the first lift-off.
    """
    chosen = flights_of_seed(scenario, seed)
    truth = fly(scenario, interval_s=SAMPLE_INTERVAL_S, wanted=chosen)
    flown = _flown(truth, scenario)
    entries = tuple(
        entry for entry in scenario.sensors.values() if getattr(entry, "role", "") != Role.DISH
    )
    sensors = tuple(sensor(each, Case.NOMINAL) for each in entries)
    in_sight = spells_of_sight(truth.trajectories, sensors)
    spells = _cued(flown, in_sight, sensors, range(len(sensors)))
    seen = [
        _drawn(each, rows_of(spells, spells.sensor == index), flown, scenario, seed)
        for index, each in enumerate(sensors)
    ]
    drawn = _All(
        entries=entries,
        sensors=sensors,
        in_sight=in_sight,
        flown=flown,
        seen=seen,
        looks=together([each.looks for each in seen]),
        sensor_index=np.repeat(np.arange(len(seen)), [len(each.looks.look) for each in seen]),
    )
    order = _order(drawn, seed)
    return Sightings(
        sensors=entries,
        detections=_columns(drawn, order),
        objects=_objects(flown, union(spells)),
        ends=_ends(truth, flown),
        biases=_biases(sensors, seen),
        origin=drawn.looks.path[order],
        is_in={name: mask[order] for name, mask in _laydowns(scenario, drawn).items()},
        rhythms={each.sensor: one.when for each, one in zip(sensors, seen, strict=True)},
        truth=truth,
        flown=flown,
        flight_names=tuple(flight_name(scenario, flight) for flight in truth.flights),
        flight_count=len(truth.flights),
        wanted_count=len(truth.flights) if chosen is None else wanted_count(scenario),
    )


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _flown(truth: Truth, scenario: Scenario) -> Flown:
    return Flown(
        trajectories=truth.trajectories,
        lift_off_s=_lift_offs(truth, scenario),
        first_launch_s=FIRST_LAUNCH_S,
        epoch_ns=scenario.world.first_launch_ns - round(FIRST_LAUNCH_S * NS_PER_S),
        duration_s=scenario.world.duration_s or math.inf,
    )


def _lift_offs(truth: Truth, scenario: Scenario) -> F64:
    """Seconds from the start of the record to each lift-off."""
    later_s = {entry.name: entry.lift_off_s for entry in scenario.flights}
    before: dict[str, int] = {}
    lift_off_s = []
    for flight in truth.flights:
        name = flight.launch.name
        count = before.get(name, 0)
        before[name] = count + 1
        waited_s = count * scenario.world.launch_interval_s
        lift_off_s.append(FIRST_LAUNCH_S + later_s.get(name, 0.0) + waited_s)
    return np.array(lift_off_s)


def _cued(
    flown: Flown, in_sight: Spells, sensors: Sequence[Sensor], include: Sequence[int]
) -> Spells:
    return handed_over(flown.trajectories, in_sight, sensors, include=include)


def _drawn(each: Sensor, own: Spells, flown: Flown, scenario: Scenario, seed: int) -> _Seen:
    """Draw what one sensor reports, injections included."""
    rng = _generator(seed, str(each.sensor))
    if isinstance(each, InfraredSatellite):
        when = rhythm(each, flown, scenario.delays.sensor, rng=rng)
        parts, range_bias_m = [drawn_lines(each, flown, when, rng=rng)], 0.0
    else:
        range_bias_m = float(rng.normal(0.0, each.range_bias_std_m))
        when = rhythm(each, flown, scenario.delays.sensor, rng=rng)
        parts = [drawn_plots(each, own, flown, when, range_bias_m=range_bias_m, rng=rng)]
    for index, injection in enumerate(scenario.injections):
        if injection.sensor == each.sensor:
            rng = _generator(seed, f"injection {index} {injection.kind}")
            parts.append(_injected(each, injection, flown, when, rng))
    return _Seen(when=when, looks=together(parts), range_bias_m=range_bias_m)


def _injected(
    each: Sensor, injection: Injection, flown: Flown, when: Rhythm, rng: np.random.Generator
) -> Looks:
    """Draw glints that begin at any time of the injection, or clutter throughout it."""
    if isinstance(each, Radar):
        return drawn_clutter(
            each,
            flown,
            when,
            first_s=injection.at_s,
            last_s=injection.until_s,
            count=injection.count,
            rng=rng,
        )
    last_s = max(injection.until_s - injection.lasts_s, injection.at_s)
    return drawn_glints(
        each,
        flown,
        when,
        first_s=np.sort(rng.uniform(injection.at_s, last_s, injection.count)),
        lasts_s=injection.lasts_s,
        latitude_rad=injection.latitude_rad,
        longitude_rad=injection.longitude_rad,
        radius_m=injection.radius_m,
        rng=rng,
    )


def _laydowns(scenario: Scenario, drawn: _All) -> dict[str, Mask]:
    """Say by laydown which looks its sensors report, (m,)."""
    place = {entry.name: index for index, entry in enumerate(drawn.entries)}
    names = list(scenario.sensors)
    found = {}
    for laydown in scenario.laydowns:
        members = [place[names[k]] for k in laydown.members if names[k] in place]
        mask = np.isin(drawn.sensor_index, members)
        cued = [k for k in members if getattr(drawn.sensors[k], "role", "") == Role.CUED]
        spells = _cued(drawn.flown, drawn.in_sight, drawn.sensors, members)
        for index in cued:
            own = rows_of(spells, spells.sensor == members.index(index))
            rows = np.flatnonzero(drawn.sensor_index == index)
            mask[rows] = _is_cued(own, drawn.flown, drawn.seen[index])
        found[laydown.name] = mask
    return found


def _is_cued(own: Spells, flown: Flown, seen: _Seen) -> Mask:
    """Say which looks of a cued radar fall into its spells; false plots, into any sweep of them."""
    path, look = looks_at(own, flown, seen.when)
    count = seen.when.look_count + 1
    is_true = np.isin(seen.looks.path * count + seen.looks.look, path * count + look)
    is_false = seen.looks.path == NO_OBJECT
    return np.where(is_false, np.isin(seen.looks.look, look), is_true)


def _biases(sensors: Sequence[Sensor], seen: Sequence[_Seen]) -> dict[str, Any]:
    radars = [k for k, each in enumerate(sensors) if isinstance(each, Radar)]
    return {
        "sensor": [str(sensors[k].sensor) for k in radars],
        "range_bias_m": np.array([seen[k].range_bias_m for k in radars]),
        "azimuth_bias_rad": np.zeros(len(radars)),
        "elevation_bias_rad": np.zeros(len(radars)),
    }


def _order(drawn: _All, seed: int) -> npt.NDArray[np.intp]:
    """Rows by arrival, time and sensor, else in random order."""
    looks = drawn.looks
    shuffled = _generator(seed, "order of rows").permutation(len(looks.look))
    keys = (
        drawn.sensor_index[shuffled], looks.time_ns[shuffled], looks.arrival_ns[shuffled]
    )  # fmt: skip
    return np.asarray(shuffled[np.lexsort(keys)])


def _columns(drawn: _All, order: npt.NDArray[np.intp]) -> dict[str, Any]:
    """Columns of all detections, as a centre may see them."""
    sensors, looks, sensor_index = drawn.sensors, drawn.looks, drawn.sensor_index
    names = np.array([str(each.sensor) for each in sensors], dtype=object)
    is_infrared = np.array([isinstance(each, InfraredSatellite) for each in sensors], dtype=bool)
    kinds = np.where(is_infrared, "infrared", "radar").astype(object)
    reported = looks.reported[order]
    eye, line = looks.eye_ecef_m[order], looks.line_of_sight[order]
    empty = np.full(len(order), np.nan)
    return {
        "time_ns": looks.time_ns[order],
        "arrival_ns": looks.arrival_ns[order],
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
    last_s = np.minimum(flown.lift_off_s[seen.path] + seen.last_seen_s, flown.span_s)
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
