"""Spells of sight: which sensor sees which path, from when to when, and what ended it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.errors import InputError
from commonwatch.flight.trajectory import Trajectories
from commonwatch.identity import SensorId
from commonwatch.kernels import run_in_chunks
from commonwatch.sensing import visibility_kernel
from commonwatch.sensing.envelope import envelope_table, widened
from commonwatch.sensing.infrared import InfraredSatellite, state_vector
from commonwatch.sensing.infrared_kernel import find_looks
from commonwatch.sensing.radar import Radar, Role
from commonwatch.sensing.visibility_kernel import find_spells

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

Sensor = Radar | InfraredSatellite

TRACK_LOOKS: Final = 2
"""Looks after the first until a search radar or a satellite holds a track (*assumed*)."""
EVERY_SENSOR: Final = SensorId("*")
"""Stands for the union of a laydown."""

_PATHS_PER_CHUNK: Final = 512
_TOUCHING_S: Final = 1e-2
"""Spells closer than this are one: each end is known to a millisecond only."""


class Limit(IntEnum):
    """What ended a spell."""

    AZIMUTH = visibility_kernel.AZIMUTH
    ELEVATION_MIN = visibility_kernel.ELEVATION_MIN
    ELEVATION_MAX = visibility_kernel.ELEVATION_MAX
    RANGE_MIN = visibility_kernel.NEAR
    RANGE_MAX = visibility_kernel.FAR
    SIGNAL = visibility_kernel.SIGNAL
    """Probability of detection under one half (cross-section run)."""
    BURN_OUT = visibility_kernel.BURN_OUT
    CLOUD = visibility_kernel.CLOUD
    EARTH = visibility_kernel.EARTH
    """The satellite sinks below its least elevation."""
    IMPACT = visibility_kernel.IMPACT
    PATH_END = visibility_kernel.PATH_END
    """A recorded path stops, or one that does not come down."""

    @property
    def text(self) -> str:
        """The limit as tables write it."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spells:
    """Unbroken stretches of sight, ordered by path, sensor and time.

    Parameters
    ----------
    path, sensor
        (m,), row of the trajectories and index into ``sensors``.
    first_seen_s, last_seen_s
        (m,), seconds from lift-off.
    first_seen_altitude_m, last_seen_altitude_m
        (m,), above the ellipsoid.
    ended_by
        (m,), values of ``Limit``.
    sensors
        Names of the laydown's sensors.
    path_count
        Number of paths looked at, seen or not.
    """

    path: I32
    sensor: I32
    first_seen_s: F64
    last_seen_s: F64
    first_seen_altitude_m: F64
    last_seen_altitude_m: F64
    ended_by: npt.NDArray[np.int8]
    sensors: tuple[SensorId, ...]
    path_count: int

    def __post_init__(self) -> None:
        for name in _COLUMNS:
            column = getattr(self, name)
            if column.shape != self.path.shape or column.ndim != 1:
                raise InputError(
                    f"{name} has shape {column.shape}", allowed=f"shape {self.path.shape}"
                )
            column.setflags(write=False)

    @property
    def count(self) -> int:
        """Number of spells."""
        return len(self.path)


_COLUMNS: Final = (
    "path",
    "sensor",
    "first_seen_s",
    "last_seen_s",
    "first_seen_altitude_m",
    "last_seen_altitude_m",
    "ended_by",
)


def spells_of_sight(trajectories: Trajectories, sensors: Sequence[Sensor]) -> Spells:
    """Find when each sensor could see each path, by geometry alone.

    Parameters
    ----------
    trajectories
        Flights on one grid of times.
    sensors
        Radars and satellites. A cued radar counts as if always cued (see ``handed_over``); a dish
        never sees.

    Returns
    -------
    Spells

    Notes
    -----
    (1) Every sample of a path is swept against every face without trigonometry; (2) each change
    between two samples is bisected to 1 ms on the cubic Hermite between them; (3) the limit that is
    broken just after a spell names its end. Satellites see motors that burn, until burn-out itself;
    a path whose burn-out is not a number has none.

    Limits: a gap that begins and ends between two samples may be missed, and a second spell between
    the same two; a single one is found. Elevation limits are those of refracted rays above the air
    (``envelope.envelope_rows``). Not for paths faster than 10 km/s.
    """
    found = _radar_spells(trajectories, sensors) + _satellite_spells(trajectories, sensors)
    rows = np.concatenate([np.empty((0, 3), np.int32), *(rows for rows, _ in found)])
    ends = np.concatenate([np.empty((0, 2, 2)), *(ends for _, ends in found)])
    order = np.lexsort((ends[:, 0, 0], rows[:, 1], rows[:, 0]))
    rows, ends = rows[order], ends[order]
    return Spells(
        path=rows[:, 0].copy(),
        sensor=rows[:, 1].copy(),
        first_seen_s=ends[:, 0, 0].copy(),
        last_seen_s=ends[:, 1, 0].copy(),
        first_seen_altitude_m=ends[:, 0, 1].copy(),
        last_seen_altitude_m=ends[:, 1, 1].copy(),
        ended_by=rows[:, 2].astype(np.int8),
        sensors=tuple(sensor.sensor for sensor in sensors),
        path_count=trajectories.path_count,
    )


def handed_over(
    trajectories: Trajectories,
    spells: Spells,
    sensors: Sequence[Sensor],
    *,
    include: Sequence[int],
) -> Spells:
    """Keep the spells that a laydown really has, where cued radars wait for a track.

    Parameters
    ----------
    trajectories, spells, sensors
        What ``spells_of_sight`` was given, and gave.
    include
        Indices into ``sensors``: the laydown, in the order wanted.

    Returns
    -------
    Spells
        Of the laydown, its ``sensors`` those of ``include``.

    Notes
    -----
    A search radar holds a track two track intervals after it first sees, a satellite from its third
    look, if the spell lasts so long. A cued radar then sees from the earliest track of the laydown
    plus its own ``hand_over_s``; it never cues itself, nor another radar earlier than that track.

    Limits: once handed over, a track is kept through any later gap.
    """
    place = np.full(len(sensors), -1, dtype=np.int32)
    place[list(include)] = np.arange(len(include), dtype=np.int32)
    waits_s = np.array([track_after_s(sensor) for sensor in sensors])
    hand_over_s = np.array([_hand_over_s(sensor) for sensor in sensors])

    kept = np.flatnonzero(place[spells.sensor] >= 0)
    path, sensor = spells.path[kept], spells.sensor[kept]
    first_s, last_s = spells.first_seen_s[kept], spells.last_seen_s[kept]
    track_s = first_s + waits_s[sensor]
    is_track = track_s <= last_s
    cue_s = np.full(spells.path_count, np.inf)
    np.minimum.at(cue_s, path[is_track], track_s[is_track])
    waits_for_cue = np.isfinite(hand_over_s)[sensor]
    start_s = np.where(
        waits_for_cue, np.maximum(first_s, cue_s[path] + hand_over_s[sensor]), first_s
    )

    in_time = start_s <= last_s
    kept, start_s, path = kept[in_time], start_s[in_time], path[in_time]
    altitude_m = spells.first_seen_altitude_m[kept]
    late = np.flatnonzero(start_s > spells.first_seen_s[kept])
    altitude_m[late] = _altitude_m(trajectories, path[late], start_s[late])
    moved = place[spells.sensor[kept]]
    order = np.lexsort((start_s, moved, path))
    kept = kept[order]
    return Spells(
        path=spells.path[kept],
        sensor=moved[order],
        first_seen_s=start_s[order],
        last_seen_s=spells.last_seen_s[kept],
        first_seen_altitude_m=altitude_m[order],
        last_seen_altitude_m=spells.last_seen_altitude_m[kept],
        ended_by=spells.ended_by[kept],
        sensors=tuple(spells.sensors[i] for i in include),
        path_count=spells.path_count,
    )


def union(spells: Spells) -> Spells:
    """Join the spells of all sensors into the stretches that any of them sees.

    Returns
    -------
    Spells
        With the one sensor ``"*"``. The end and its limit are those of the spell that ends last.
    """
    order = np.lexsort((spells.first_seen_s, spells.path))
    path = spells.path[order]
    first_s, last_s = spells.first_seen_s[order], spells.last_seen_s[order]
    count = len(order)
    # Paths are laid one after the other on one axis of time, each past all that came before.
    offset_s = path * (2.0 * (float(last_s.max()) if count else 0.0) + 1.0)
    latest_s = np.maximum.accumulate(last_s + offset_s)
    begins = np.ones(count, dtype=np.bool_)
    begins[1:] = first_s[1:] + offset_s[1:] > latest_s[:-1] + _TOUCHING_S
    holder = np.where(last_s + offset_s >= latest_s, np.arange(count), 0)
    holder = np.maximum.accumulate(holder)
    head = np.flatnonzero(begins)
    tail = np.append(head[1:], count)[: len(head)] - 1
    start, end = order[head], order[holder[tail]]
    return Spells(
        path=spells.path[start],
        sensor=np.zeros(len(head), dtype=np.int32),
        first_seen_s=spells.first_seen_s[start],
        last_seen_s=spells.last_seen_s[end],
        first_seen_altitude_m=spells.first_seen_altitude_m[start],
        last_seen_altitude_m=spells.last_seen_altitude_m[end],
        ended_by=spells.ended_by[end],
        sensors=(EVERY_SENSOR,),
        path_count=spells.path_count,
    )


def rows_of(spells: Spells, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Spells:
    """Return some of the spells.

    Parameters
    ----------
    spells
        The spells.
    chosen
        (m,) which of them, or rows in the order wanted.
    """
    return merged([(spells, np.arange(spells.count)[chosen])])


def merged(parts: Sequence[tuple[Spells, npt.NDArray[np.intp]]]) -> Spells:
    """Put chosen rows of several tables of spells in order of path, sensor and time.

    Parameters
    ----------
    parts
        Spells of the same sensors and paths, each with its rows; of a single part the order of its
        rows stays.
    """
    columns = {
        name: np.concatenate([getattr(spells, name)[rows] for spells, rows in parts])
        for name in _COLUMNS
    }
    if len(parts) > 1:
        order = np.lexsort((columns["first_seen_s"], columns["sensor"], columns["path"]))
        columns = {name: column[order] for name, column in columns.items()}
    first = parts[0][0]
    return Spells(
        **columns,
        sensors=first.sensors,
        path_count=first.path_count,
    )


def _radar_spells(trajectories: Trajectories, sensors: Sequence[Sensor]) -> list[tuple[I32, F64]]:
    """Rows and ends of the radars' spells, as the kernel writes them."""
    state_vectors = np.ascontiguousarray(trajectories.state_vector)
    ends_s, comes_down = trajectories.end_s, trajectories.comes_down
    interval_s = trajectories.interval_s
    envelopes, first_rows = envelope_table(sensors)
    near = widened(envelopes, 0.5 * visibility_kernel.SPEED_MAX_M_S * interval_s)

    def find(start: int, stop: int, rows: I32, ends: F64) -> int:
        return find_spells(
            state_vectors,
            ends_s,
            comes_down,
            interval_s,
            envelopes,
            near,
            first_rows,
            start,
            stop,
            rows,
            ends,
        )

    return _collect(find, trajectories.path_count)


def _satellite_spells(
    trajectories: Trajectories, sensors: Sequence[Sensor]
) -> list[tuple[I32, F64]]:
    """Rows and ends of the satellites' spells, as the kernel writes them."""
    chosen = {i: s for i, s in enumerate(sensors) if isinstance(s, InfraredSatellite)}
    if not chosen:
        return []
    state_vectors = np.ascontiguousarray(trajectories.state_vector)
    burn_outs_s, ends_s = trajectories.burn_out_s, trajectories.end_s
    comes_down, interval_s = trajectories.comes_down, trajectories.interval_s
    time_s = np.arange(trajectories.sample_count) * interval_s
    satellites = np.stack([state_vector(s.orbit, time_s) for s in chosen.values()])
    limits = np.array(
        [
            (s.cloud_break_altitude_m, math.sin(s.elevation_min_rad), s.first_look_delay_s)
            for s in chosen.values()
        ]
    )
    index = np.array(list(chosen), dtype=np.int64)

    def find(start: int, stop: int, rows: I32, ends: F64) -> int:
        return find_looks(
            state_vectors,
            burn_outs_s,
            ends_s,
            comes_down,
            interval_s,
            satellites,
            limits,
            index,
            start,
            stop,
            rows,
            ends,
        )

    return _collect(find, trajectories.path_count)


def _collect(find: Callable[[int, int, I32, F64], int], path_count: int) -> list[tuple[I32, F64]]:
    """Run a kernel that counts its rows over all paths; again with more room where short of it."""
    found: dict[int, tuple[I32, F64]] = {}

    def work(start: int, stop: int) -> None:
        room = 16 * (stop - start)
        while True:
            rows, ends = np.empty((room, 3), np.int32), np.empty((room, 2, 2))
            count = find(start, stop, rows, ends)
            if count <= room:
                found[start] = rows[:count], ends[:count]
                return
            room = count

    run_in_chunks(work, path_count, chunk=_PATHS_PER_CHUNK)
    return [found[start] for start in sorted(found)]


def track_after_s(sensor: Sensor) -> float:
    """Seconds from first sight to a track that can cue another sensor; infinite for cued radars."""
    if isinstance(sensor, InfraredSatellite):
        return TRACK_LOOKS * sensor.revisit_s
    return TRACK_LOOKS * sensor.track_interval_s if sensor.role is Role.SEARCH else math.inf


def _hand_over_s(sensor: Sensor) -> float:
    """Seconds from another's track to the first look; not-a-number where none is waited for."""
    if isinstance(sensor, Radar) and sensor.role is Role.CUED:
        return sensor.hand_over_s
    return math.nan


def _altitude_m(trajectories: Trajectories, path: I32, time_s: F64) -> F64:
    """Altitude at given instants of given paths."""
    return geodetic_from_ecef(trajectories.state_vector_at(path, time_s)[:, :3])[2]
