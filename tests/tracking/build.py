"""Radars, flights and what the radars report of them, for the tests of tracking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.flight.propagation import after
from commonwatch.identity import SensorId
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.measurement import radar_measurement, range_rate_measurement
from commonwatch.sensing.radar import Face, Radar
from commonwatch.sensing.site import Site
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.disposition import Dispositions
from commonwatch.tracking.estimate import Estimates, Status, joined
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.tracker import Tracker, arrivals
from tests.sensing.build import face, radar, satellite

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EPOCH_NS = 1_500_000_000 * 10**9
SECOND_NS = 10**9
INTERVAL_S = 2.0


def radar_at(
    name: str, latitude_deg: float, longitude_deg: float, *faces: Face, **changes: Any
) -> Radar:
    """Build a radar that turns once in two seconds and corrects refraction itself."""
    values: dict[str, Any] = {
        "sensor": SensorId(name),
        "site": Site(
            latitude_rad=math.radians(latitude_deg),
            longitude_rad=math.radians(longitude_deg),
            altitude_m=100.0,
        ),
        "range_min_m": 50e3,
        "range_max_m": 3_000e3,
        "track_interval_s": INTERVAL_S,
        "range_bias_std_m": 0.0,
        "range_std_m": 30.0,
        "azimuth_std_rad": 1e-3,
        "elevation_std_rad": 1e-3,
        "range_rate_std_m_s": 5.0,
        "detection_probability": 0.95,
        "is_refraction_corrected": True,
    }
    return radar(*faces, **(values | changes))


NORTH = radar_at("north", 50.0, 10.0)
EAST = radar_at("east", 44.0, 16.0)
WEST = radar_at("west", 44.0, 4.0)
RADARS: tuple[Radar, ...] = (NORTH, EAST, WEST)
EYE: InfraredSatellite = satellite()


def above(
    latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike, altitude_m: npt.ArrayLike
) -> F64:
    """Places by degrees and height, ECEF."""
    latitude, longitude, altitude = np.broadcast_arrays(
        np.radians(latitude_deg), np.radians(longitude_deg), altitude_m
    )
    return np.asarray(ecef_from_geodetic(latitude, longitude, altitude))


def flights(rng: np.random.Generator, count: int, *, altitude_m: float = 400e3) -> F64:
    """State vectors of objects in free flight between the radars, (count, 6)."""
    latitude, longitude = rng.uniform(44.0, 50.0, count), rng.uniform(4.0, 16.0, count)
    place = above(latitude, longitude, altitude_m * rng.uniform(0.8, 1.6, count))
    turn = rotation_enu_from_ecef(np.radians(latitude), np.radians(longitude))
    heading = rng.uniform(0.0, 2.0 * math.pi, count)
    speed, climb = rng.uniform(1_000.0, 2_500.0, count), rng.uniform(-300.0, 900.0, count)
    level = np.stack([speed * np.sin(heading), speed * np.cos(heading), climb], axis=-1)
    return np.concatenate([place, np.einsum("nji,nj->ni", turn, level)], axis=-1)


def seen(
    states: F64,
    seconds: float,
    sensors: Sequence[Sensor],
    sensor: int,
    rng: np.random.Generator,
    *,
    noise: float = 1.0,
) -> Detections:
    """Plots of one radar of objects that stand at these places then, each with its noise."""
    one = sensors[sensor]
    assert isinstance(one, Radar)
    std = np.array(
        [one.range_std_m, one.azimuth_std_rad, one.elevation_std_rad, one.range_rate_std_m_s],
        dtype=np.float64,
    )
    rate = range_rate_measurement(one, states)
    measured = np.concatenate([radar_measurement(one, states), rate[:, np.newaxis]], axis=-1)
    drawn = noise * rng.normal(size=measured.shape) * np.nan_to_num(std)
    measured = measured + drawn + 0.0 * std  # no range rate where it has no standard deviation
    measured[:, 1] %= 2.0 * math.pi
    return plots(measured, std, seconds, sensor)


def plots(measured: F64, std: F64, seconds: npt.ArrayLike, sensor: int) -> Detections:
    """Plots of a radar as given; rows are numbered by ``together``."""
    count = len(measured)
    time_ns = EPOCH_NS + np.rint(np.broadcast_to(seconds, count) * SECOND_NS).astype(np.int64)
    return Detections(
        row=np.zeros(count, dtype=np.int64),
        time_ns=time_ns,
        arrival_ns=time_ns,
        sensor=np.full(count, sensor, dtype=np.int32),
        is_infrared=np.zeros(count, dtype=np.bool_),
        measured=measured,
        std=np.broadcast_to(std, measured.shape),
        eye_ecef_m=np.full((count, 3), np.nan),
    )


def lines(
    states: F64, seconds: float, eye_ecef_m: F64, sensor: int, rng: np.random.Generator
) -> Detections:
    """Lines of sight from a satellite to objects, each with an error of 50 microradians."""
    std = 50e-6
    offset = states[:, :3] - eye_ecef_m
    line = offset / np.linalg.norm(offset, axis=-1, keepdims=True)
    line = line + std * rng.normal(size=line.shape)
    line /= np.linalg.norm(line, axis=-1, keepdims=True)
    count = len(states)
    nothing = np.full((count, 1), np.nan)
    time_ns = np.full(count, EPOCH_NS + round(seconds * SECOND_NS))
    return Detections(
        row=np.zeros(count, dtype=np.int64),
        time_ns=time_ns,
        arrival_ns=time_ns,
        sensor=np.full(count, sensor, dtype=np.int32),
        is_infrared=np.ones(count, dtype=np.bool_),
        measured=np.concatenate([line, nothing], axis=-1),
        std=np.concatenate([np.full((count, 1), std), np.full((count, 3), np.nan)], axis=-1),
        eye_ecef_m=np.broadcast_to(eye_ecef_m, (count, 3)),
    )


def false_plots(
    rng: np.random.Generator, count: int, seconds: float, sensors: Sequence[Sensor], sensor: int
) -> Detections:
    """Plots of nothing, even over what the radar measures."""
    one = sensors[sensor]
    assert isinstance(one, Radar)
    measured = np.stack(
        [
            rng.uniform(one.range_min_m, one.range_max_m, count),
            rng.uniform(0.0, 2.0 * math.pi, count),
            rng.uniform(0.06, 1.4, count),
            rng.uniform(-6e3, 6e3, count),
        ],
        axis=-1,
    )
    return plots(measured, np.array([30.0, 1e-3, 1e-3, 5.0]), seconds, sensor)


def together(parts: Sequence[Detections]) -> Detections:
    """All rows of several, numbered from 0."""
    whole = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Detections.__slots__
    }
    return Detections(**(whole | {"row": np.arange(len(whole["row"]))}))


def delayed(detections: Detections, delay_s: npt.ArrayLike) -> Detections:
    """The same detections, arriving later."""
    delay = np.rint(np.broadcast_to(delay_s, len(detections)) * SECOND_NS).astype(np.int64)
    columns = {name: getattr(detections, name) for name in Detections.__slots__}
    return Detections(**(columns | {"arrival_ns": detections.time_ns + delay}))


def scene(
    seed: int,
    count: int,
    duration_s: float,
    *,
    sensors: Sequence[Sensor] = RADARS,
    clutter: int = 0,
    probability: float = 0.95,
    states: F64 | None = None,
) -> tuple[Detections, F64]:
    """What radars see of some flights, each radar each two seconds, and where they start."""
    rng = np.random.default_rng(seed)
    start = flights(rng, count) if states is None else states
    parts = []
    for look in range(int(duration_s / INTERVAL_S)):
        for sensor in range(len(sensors)):
            seconds = INTERVAL_S * (look + sensor / len(sensors))
            there = after(start, seconds)
            there = there[rng.random(len(there)) < probability]
            parts.append(seen(there, seconds, sensors, sensor, rng))
            parts.append(false_plots(rng, rng.poisson(clutter), seconds, sensors, sensor))
    return together(parts), start


class Told:
    """All that a tracker tells of some detections."""

    def __init__(
        self,
        detections: Detections,
        sensors: Sequence[Sensor] = RADARS,
        settings: Settings | None = None,
    ) -> None:
        self.tracker = Tracker(sensors, settings)
        estimates: list[Estimates] = []
        self.dispositions: list[Dispositions] = []
        for now_ns, arrived in arrivals(detections):
            step = self.tracker.step(arrived, now_ns=now_ns)
            estimates.append(step.estimates)
            self.dispositions.append(step.dispositions)
        self.picture = self.tracker.picture()
        self.dispositions.append(self.tracker.finish())
        self.estimates = joined(estimates)

    def fates(self, count: int) -> tuple[I64, I64]:
        """Disposition and track of each of ``count`` rows; each row must have exactly one."""
        row = np.concatenate([part.row for part in self.dispositions])
        assert sorted(row.tolist()) == list(range(count))
        order = np.argsort(row)
        disposition = np.concatenate([part.disposition for part in self.dispositions])[order]
        track = np.concatenate([part.track for part in self.dispositions])[order]
        return disposition.astype(np.int64), track


SAME = 1e-9
"""Relative: two pictures are the same."""


def same_picture(one: Estimates, other: Estimates, *, relative: float = SAME) -> bool:
    """Whether two pictures show the same objects, whatever their numbers."""
    if len(one) != len(other) or one.time_ns.tolist() != other.time_ns.tolist():
        return False
    orders = [np.lexsort(p.state_vector.T) for p in (one, other)]
    first, second = one.take(orders[0]), other.take(orders[1])
    scale = np.sqrt(np.diagonal(first.covariance, axis1=1, axis2=2))
    outer = scale[:, :, np.newaxis] * scale[:, np.newaxis]
    return bool(
        (first.status == second.status).all()
        and np.allclose(first.state_vector, second.state_vector, rtol=relative, atol=0.0)
        and (np.abs(first.covariance - second.covariance) <= relative * outer).all()
    )


def confirmed(estimates: Estimates) -> set[int]:
    """Numbers of the tracks that are confirmed in some row."""
    return set(estimates.track[estimates.status == Status.CONFIRMED].tolist())


def band(count: int, degrees: int) -> tuple[float, float]:
    """Where the mean of ``count`` chi-square numbers lies but for one time in a thousand."""
    low, high = chi2.ppf([0.0005, 0.9995], degrees * count) / count
    return float(low), float(high)


def all_round(elevation_max_deg: float = 85.0) -> Face:
    """A face that sees all round, up to some elevation."""
    return face(elevation_max_deg=elevation_max_deg)
