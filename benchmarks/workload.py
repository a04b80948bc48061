"""Tracking workloads from a seed: what three radars report of missiles in vacuum, and the truth.

    python -m benchmarks.workload --out FOLDER --kind dense --count 50 --seed 3

writes ``NAME_detections.parquet`` and ``NAME_sensors.toml``, all that a tracker may see, and the
truth ``NAME_truth.parquet``, ``NAME_ends.parquet`` and ``NAME_biases.parquet``.

Salvos of one to five missiles fly from one area to another; they are seen above 100 km alone. Three
radars sweep in turn. All figures below are assumed: those of a hard but fair afternoon.
"""

from __future__ import annotations

import argparse
import json
import runpy
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from commonwatch.earth.ellipsoid import ecef_from_geodetic, geodetic_from_ecef
from commonwatch.earth.frames import look_angles, rotation_enu_from_ecef
from commonwatch.errors import InputError
from commonwatch.flight.propagation import after, free_flight
from commonwatch.sensing.site import Site
from commonwatch.units import degrees_from_radians, radians_from_degrees

F64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Rng = np.random.Generator

KINDS: Final = ("plain", "dense", "bias", "oosm", "cluster")
EPOCH_NS: Final = 1_500_000_000_000_000_000
STATE_COLUMNS: Final = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
_CONVERTER: Final = Path(__file__).parents[1] / "scripts" / "sensors-from-workload"

PLACES_DEG: Final = ((30.0, -29.0), (42.0, -27.0), (35.5, -17.0))
STD: Final = np.array([30.0, 1e-3, 1e-3, 5.0])
"""Range, azimuth, elevation, range rate: one standard deviation of a plot."""
DETECTION_PROBABILITY: Final = 0.9
RANGE_M: Final = (150e3, 3_000e3)
ELEVATION_RAD: Final = (0.0523599, 1.4835299)
CLUTTER_ELEVATION_MAX_RAD: Final = 1.05
CLUTTER_RANGE_RATE_M_S: Final = 6_000.0
CLUTTER: Final = 10.0
CLUTTER_DENSE: Final = 100.0
NEAR: Final = np.array([5_000.0, 5e-3, 5e-3, 150.0])
"""How far the false plot close to each object may lie from it, either way."""
BIAS_STD: Final = np.array([50.0, 2e-3, 1e-3])
DELAYS_S: Final = (0.2, 0.6, 5.0)

SEEN_ABOVE_M: Final = 100e3
SEEN_MIN_S: Final = 120.0
LATITUDE_DEG: Final = (32.3, 41.0)
LONGITUDE_DEG: Final = (-47.2, -42.2)
AZIMUTH_DEG: Final = (56.0, 128.0)
SPEED_M_S: Final = (3_300.0, 5_050.0)
ELEVATION_DEG: Final = (36.0, 58.0)
LIFT_OFF_S: Final = (-720.0, 115.0)
LIFT_OFF_CLUSTER_S: Final = (-260.0, 50.0)
SALVO_MAX: Final = 5
COMPANIONS: Final = 4
COMPANION_STD_M_S: Final = 8.0
"""Each way, of the velocity that a companion gets where the missile climbs through 100 km."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted.

    Parameters
    ----------
    kind
        One of ``KINDS``: as it is; 100 false plots a sweep and one close to each object; constant
        errors on each radar; late arrivals; missiles with companions.
    count, seed
        Objects, and what everything is drawn from.
    duration_s, sweep_s
        Length of the record, and time between two sweeps of one radar.
    is_seen_by_all
        Whether each object stays in view of all radars for the whole record.
    """

    kind: str
    count: int
    seed: int
    duration_s: float = 300.0
    sweep_s: float = 2.0
    is_seen_by_all: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f'kind "{self.kind}"', allowed=", ".join(KINDS))
        if self.kind == "cluster" and self.count % (1 + COMPANIONS):
            raise InputError(f"{self.count} objects", allowed=f"a multiple of {1 + COMPANIONS}")

    @property
    def name(self) -> str:
        """Name of the files: ``n050_dense_3``."""
        kind = "" if self.kind == "plain" else f"_{self.kind}"
        return f"n{self.count:03d}{kind}_{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flights:
    """Missiles, shape (N,) and (N, 6): lift-off, and a start from which they fly freely."""

    lift_off_s: F64
    latitude_rad: F64
    longitude_rad: F64
    start_s: F64
    start: F64

    def take(self, index: npt.ArrayLike) -> Flights:
        """Return some of them."""
        return Flights(**{name: getattr(self, name)[index] for name in self.__slots__})

    def at(self, time_s: float) -> F64:
        """State vectors, (N, 6); nan before the start."""
        flown = np.full_like(self.start, np.nan)
        is_up = time_s >= self.start_s
        flown[is_up] = after(self.start[is_up], time_s - self.start_s[is_up])
        return flown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workload:
    """Columns of each table by name, and the radars for ``scripts/sensors-from-workload``."""

    name: str
    description: dict[str, Any]
    detections: dict[str, Any]
    truth: dict[str, Any]
    ends: dict[str, Any]
    biases: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Write all files."""
        for table in ("detections", "truth", "ends", "biases"):
            place = folder / f"{self.name}_{table}.parquet"
            pq.write_table(pa.table(getattr(self, table)), place)
        with TemporaryDirectory() as spare:
            description = Path(spare) / "sensors.json"
            description.write_text(json.dumps(self.description), "utf-8")
            write_sensors(description, folder / f"{self.name}_sensors.toml")


def write_sensors(description: Path, place: Path) -> None:
    """Turn a description of radars into a sensor file."""
    runpy.run_path(str(_CONVERTER))["main"](str(description), str(place))


def made(order: Order) -> Workload:
    """Draw a workload.

    Notes
    -----
    Flights, plots and clutter have generators of their own: of one seed and count, ``plain``,
    ``bias`` and ``oosm`` are the same flights and the same noise.
    """
    rng = np.random.default_rng([order.seed, order.count, order.kind == "cluster"])
    flights = _flights(order, rng)
    noise = np.random.default_rng([order.seed, order.count, 2])
    bias = np.zeros((len(PLACES_DEG), 3))
    if order.kind == "bias":
        bias = np.random.default_rng([order.seed, 3]).normal(size=bias.shape) * BIAS_STD
    looks, truth = [], []
    sites = _sites()
    for sweep in range(round(order.duration_s / order.sweep_s)):
        for radar, site in enumerate(sites):
            time_s = order.sweep_s * (sweep + radar / len(sites))
            states = flights.at(time_s)
            seen = [_is_seen(each, states) for each in sites]
            plots = _plots(site, states[seen[radar]], order.kind, noise)
            plots[:, :3] += bias[radar]
            plots[:, 1] = np.mod(plots[:, 1] + np.pi, 2.0 * np.pi) - np.pi
            looks.append((time_s, radar, plots))
            if radar == len(sites) - 1:
                number = np.flatnonzero(np.any(seen, axis=0))
                truth.append((time_s, number, states[number]))
    return Workload(
        name=order.name,
        description=_description(order),
        detections=_detections(order, looks),
        truth=_truth(truth),
        ends=_ends(flights),
        biases=_biases(bias),
    )


def _names() -> list[str]:
    return ["ALFA", "BRAVO", "CHARLIE"][: len(PLACES_DEG)]


def _sites() -> list[Site]:
    return [
        Site(
            latitude_rad=float(radians_from_degrees(latitude)),
            longitude_rad=float(radians_from_degrees(longitude)),
            altitude_m=150.0,
        )
        for latitude, longitude in PLACES_DEG
    ]


def _is_seen(site: Site, states: F64) -> Bool:
    """Whether each object is up, above 100 km and within the radar's bounds."""
    is_up = np.isfinite(states[:, 0])
    position = np.where(is_up[:, np.newaxis], states[:, :3], 7e6)
    distance, _, elevation = look_angles(
        site.position_ecef_m, site.rotation_enu_from_ecef, position
    )
    _, _, height = geodetic_from_ecef(position)
    is_seen = is_up & (height > SEEN_ABOVE_M)
    for value, (least, most) in ((distance, RANGE_M), (elevation, ELEVATION_RAD)):
        is_seen &= (value > least) & (value < most)
    return np.asarray(is_seen)


def _plots(site: Site, states: F64, kind: str, rng: Rng) -> F64:
    """Range, azimuth, elevation and range rate of true and false plots, (N, 4), in any order."""
    distance, azimuth, elevation = look_angles(
        site.position_ecef_m, site.rotation_enu_from_ecef, states[:, :3]
    )
    rate = np.sum((states[:, :3] - site.position_ecef_m) * states[:, 3:], axis=-1) / distance
    true = np.column_stack([distance, azimuth, elevation, rate])
    is_plotted = rng.random(len(true)) < DETECTION_PROBABILITY
    plots = [(true + rng.normal(size=true.shape) * STD)[is_plotted]]
    if kind == "dense":
        plots.append(true + rng.uniform(-1.0, 1.0, true.shape) * NEAR)
    clutter = int(rng.poisson(CLUTTER_DENSE if kind == "dense" else CLUTTER))
    bounds = (
        RANGE_M,
        (-np.pi, np.pi),
        (ELEVATION_RAD[0], CLUTTER_ELEVATION_MAX_RAD),
        (-CLUTTER_RANGE_RATE_M_S, CLUTTER_RANGE_RATE_M_S),
    )
    plots.append(np.column_stack([rng.uniform(*each, clutter) for each in bounds]))
    return rng.permutation(np.concatenate(plots))


def _flights(order: Order, rng: Rng) -> Flights:
    """Draw salvos until enough objects are seen for long enough."""
    is_cluster = order.kind == "cluster"
    missiles = order.count // (1 + COMPANIONS) if is_cluster else order.count
    parts: list[Flights] = []
    while sum(len(part.start) for part in parts) < missiles:
        parts.append(_seen(order, _salvos(missiles, rng, is_cluster=is_cluster)))
    flights = Flights(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])[:missiles]
            for name in Flights.__slots__
        }
    )
    return _with_companions(flights, rng) if is_cluster else flights


def _salvos(missiles: int, rng: Rng, *, is_cluster: bool) -> Flights:
    """Draw salvos: one area, time, direction and arc, with a little of its own to each missile."""
    salvos = max(missiles // 2, 1)
    salvo = np.repeat(np.arange(salvos), rng.integers(1, SALVO_MAX + 1, salvos))

    def drawn(low: float, high: float, own: float) -> F64:
        both: F64 = rng.uniform(low, high, salvos)[salvo] + rng.normal(0.0, own, len(salvo))
        return both

    latitude = radians_from_degrees(drawn(*LATITUDE_DEG, 0.1))
    longitude = radians_from_degrees(drawn(*LONGITUDE_DEG, 0.2))
    azimuth = radians_from_degrees(drawn(*AZIMUTH_DEG, 0.3))
    speed = drawn(*SPEED_M_S, 30.0)
    elevation = radians_from_degrees(drawn(*ELEVATION_DEG, 2.0))
    lift_off_s = drawn(*(LIFT_OFF_CLUSTER_S if is_cluster else LIFT_OFF_S), 8.0)
    local = np.column_stack(
        [
            speed * np.cos(elevation) * np.sin(azimuth),
            speed * np.cos(elevation) * np.cos(azimuth),
            speed * np.sin(elevation),
        ]
    )
    position = ecef_from_geodetic(latitude, longitude, 0.0)
    velocity = np.einsum("nij,ni->nj", rotation_enu_from_ecef(latitude, longitude), local)
    return Flights(
        lift_off_s=lift_off_s,
        latitude_rad=latitude,
        longitude_rad=longitude,
        start_s=lift_off_s,
        start=np.concatenate([position, velocity], axis=-1),
    )


def _seen(order: Order, flights: Flights) -> Flights:
    """Return those that some radar sees for long enough, or all of them see throughout."""
    sites = _sites()
    every_s = 6.0
    times = np.arange(0.0, order.duration_s + 1.0, every_s)
    count = np.zeros(len(flights.start))
    is_always = np.ones(len(flights.start), dtype=np.bool_)
    for time_s in times:
        states = flights.at(float(time_s))
        seen = np.array([_is_seen(site, states) for site in sites])
        count += seen.any(axis=0)
        is_always &= seen.all(axis=0)
    long_enough = every_s * count >= min(SEEN_MIN_S, order.duration_s)
    return flights.take(is_always if order.is_seen_by_all else long_enough)


def _with_companions(flights: Flights, rng: Rng) -> Flights:
    """Give each missile companions that leave it on the way up."""
    position, velocity = flights.start[:, :3], flights.start[:, 3:]
    climb = np.sum(position * velocity, axis=-1) / np.linalg.norm(position, axis=-1)
    climbing_s = (climb - np.sqrt(climb**2 - 2.0 * 9.5 * SEEN_ABOVE_M)) / 9.5
    start = np.repeat(after(flights.start, climbing_s), 1 + COMPANIONS, axis=0)
    is_companion = np.arange(len(start)) % (1 + COMPANIONS) > 0
    start[is_companion, 3:] += rng.normal(0.0, COMPANION_STD_M_S, (is_companion.sum(), 3))
    many = flights.take(np.repeat(np.arange(len(flights.start)), 1 + COMPANIONS))
    return replace(many, start=start, start_s=many.start_s + np.repeat(climbing_s, 1 + COMPANIONS))


def _ns(time_s: npt.ArrayLike) -> npt.NDArray[np.int64]:
    return EPOCH_NS + np.round(1e9 * np.asarray(time_s)).astype(np.int64)


def _detections(order: Order, looks: list[tuple[float, int, F64]]) -> dict[str, Any]:
    counts = [len(plots) for _, _, plots in looks]
    radar = np.repeat([each for _, each, _ in looks], counts)
    time_ns = np.repeat(_ns([time_s for time_s, _, _ in looks]), counts)
    delay_s = np.array(DELAYS_S if order.kind == "oosm" else (0.0,) * len(PLACES_DEG))
    arrival_ns = time_ns + np.round(1e9 * delay_s).astype(np.int64)[radar]
    by_arrival = np.argsort(arrival_ns, kind="stable")
    plots = np.concatenate([each for _, _, each in looks])[by_arrival]
    names = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_m_s")
    return {
        "time_ns": time_ns[by_arrival],
        "arrival_ns": arrival_ns[by_arrival],
        "sensor": np.array(_names(), dtype=object)[radar[by_arrival]],
        **dict(zip(names, plots.T, strict=True)),
    }


def _truth(rows: list[tuple[float, npt.NDArray[np.intp], F64]]) -> dict[str, Any]:
    counts = [len(number) for _, number, _ in rows]
    states = np.concatenate([each for _, _, each in rows])
    return {
        "time_ns": np.repeat(_ns([time_s for time_s, _, _ in rows]), counts),
        "object": np.concatenate([number for _, number, _ in rows]).astype(np.int64),
        **dict(zip(STATE_COLUMNS, states.T, strict=True)),
    }


def _ends(flights: Flights) -> dict[str, Any]:
    flown = free_flight(flights.start)
    latitude, longitude, _ = geodetic_from_ecef(flown.state_vector[:, :3])
    return {
        "object": np.arange(len(flights.start)),
        "launch_time_ns": _ns(flights.lift_off_s),
        "launch_latitude_deg": degrees_from_radians(flights.latitude_rad),
        "launch_longitude_deg": degrees_from_radians(flights.longitude_rad),
        "impact_time_ns": _ns(flights.start_s + flown.time_s),
        "impact_latitude_deg": degrees_from_radians(latitude),
        "impact_longitude_deg": degrees_from_radians(longitude),
    }


def _biases(bias: F64) -> dict[str, Any]:
    names = ("range_bias_m", "azimuth_bias_rad", "elevation_bias_rad")
    return {"sensor": _names(), **dict(zip(names, bias.T, strict=True))}


def _description(order: Order) -> dict[str, Any]:
    radars = [
        {
            "name": name,
            "nation": name[0],
            "lat_deg": latitude,
            "lon_deg": longitude,
            "height_m": 150.0,
            "sigma_range_m": float(STD[0]),
            "sigma_az_rad": float(STD[1]),
            "sigma_el_rad": float(STD[2]),
            "sigma_rr_mps": float(STD[3]),
            "range_min_m": RANGE_M[0],
            "range_max_m": RANGE_M[1],
            "el_min_rad": ELEVATION_RAD[0],
            "el_max_rad": ELEVATION_RAD[1],
            "pd": DETECTION_PROBABILITY,
            "clutter_per_frame": CLUTTER_DENSE if order.kind == "dense" else CLUTTER,
        }
        for name, (latitude, longitude) in zip(_names(), PLACES_DEG, strict=True)
    ]
    return {"radars": radars, "sweep_s": order.sweep_s}


def main() -> None:
    """Write one workload."""
    parser = argparse.ArgumentParser(description="Draw a tracking workload from a seed.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--kind", choices=KINDS, default="plain")
    parser.add_argument("--count", type=int, default=50, help="objects")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    order = Order(kind=options.kind, count=options.count, seed=options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    made(order).write(options.out)
    print(options.out / order.name)


if __name__ == "__main__":
    main()
