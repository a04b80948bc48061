"""Detections: single looks of radars and infrared satellites, as a centre receives them.

A table of detections may come from anyone. ``read_detections`` keeps every row that can be used and
gives a reason for each one that cannot; a file that is wrong as a whole is refused in a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from commonwatch.earth import ray_table
from commonwatch.earth.ellipsoid import local_radius
from commonwatch.earth.frames import position_from_look_angles
from commonwatch.errors import InputError, TableError
from commonwatch.sensing import detection_checks as checks
from commonwatch.sensing.detection_columns import Rows, misnamed, rows_of
from commonwatch.sensing.detection_meaning import refuse_wrong_meanings
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.measurement import radar_noise
from commonwatch.sensing.radar import TURN_RAD, Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.tables.reading import read_arrow

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

REPORTED: Final = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_m_s")
"""What a radar measures, in the order of ``Detections.measured``."""
STANDARD: Final = ("range_std_m", "azimuth_std_rad", "elevation_std_rad", "range_rate_std_m_s")
"""Their standard deviations: columns of a table, and names of a radar's constants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one file may hold."""

    row_count: int = 5_000_000
    plots_per_look: int = 20_000
    sensor_count: int = 200


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detections:
    """Single looks, one row each.

    Parameters
    ----------
    row
        Number of the input row, from 0, shape (N,).
    time_ns, arrival_ns
        When the look was taken and when the centre got it, UTC since 1970, shape (N,).
    sensor
        Index into the tuple of sensors that belongs to it, shape (N,).
    is_infrared
        Shape (N,).
    measured
        Shape (N, 4). Radar: range in metres; azimuth clockwise from north in [0, 2 pi); geometric
        elevation; range rate in m/s, positive receding, not-a-number where there is none.
        Infrared: unit vector along the line of sight, ECEF, and not-a-number.
    std
        One standard deviation of each, shape (N, 4). Infrared: the angle each way across the line
        first, the others not-a-number.
    eye_ecef_m
        Infrared: where the satellite was then; radar: not-a-number, shape (N, 3).

    Raises
    ------
    InputError
        Shapes differ.
    """

    row: I64
    time_ns: I64
    arrival_ns: I64
    sensor: npt.NDArray[np.int32]
    is_infrared: npt.NDArray[np.bool_]
    measured: F64
    std: F64
    eye_ecef_m: F64

    def __post_init__(self) -> None:
        count = len(self.row)
        for name, dtype, shape in (
            ("row", np.int64, (count,)),
            ("time_ns", np.int64, (count,)),
            ("arrival_ns", np.int64, (count,)),
            ("sensor", np.int32, (count,)),
            ("is_infrared", np.bool_, (count,)),
            ("measured", np.float64, (count, 4)),
            ("std", np.float64, (count, 4)),
            ("eye_ecef_m", np.float64, (count, 3)),
        ):
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if array.shape != shape:
                raise InputError(f"{name} of shape {array.shape}", allowed=f"shape {shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: npt.ArrayLike | slice) -> Detections:
        """Return the rows that an index array or a mask chooses, or those of a slice, uncopied."""
        taken = object.__new__(Detections)  # what is chosen from checked rows needs no check
        if isinstance(index, slice):
            for name in self.__slots__:
                object.__setattr__(taken, name, getattr(self, name)[index])
            return taken
        rows = np.asarray(index)
        if rows.dtype == np.bool_:
            rows = rows.nonzero()[0]
        for name in self.__slots__:
            array = getattr(self, name).take(rows, 0)
            array.setflags(write=False)
            object.__setattr__(taken, name, array)
        return taken

    def split(self, starts: Sequence[int]) -> list[Detections]:
        """Cut into parts, one from each of ``starts`` to the next; the first starts at 0."""
        columns = [(name, getattr(self, name)) for name in self.__slots__]
        parts = []
        for start, stop in zip(starts, [*starts[1:], len(self)], strict=True):
            part = object.__new__(Detections)  # what is cut from checked rows needs no check
            for name, array in columns:
                object.__setattr__(part, name, array[start:stop])
            parts.append(part)
        return parts

    def place_ecef_m(self, sensors: Sequence[Sensor]) -> F64:
        """Where radars saw them; not-a-number for lines of sight, (N, 3)."""
        place_m = np.full((len(self), 3), np.nan)
        for index, radar in enumerate(sensors):
            if isinstance(radar, Radar):
                own = np.flatnonzero(self.sensor == index)
                place_m[own] = position_from_look_angles(
                    radar.site.position_ecef_m,
                    radar.site.rotation_enu_from_ecef,
                    *self.measured[own, :3].T,
                )
        return place_m

    def to_columns(self, sensors: Sequence[Sensor]) -> dict[str, Any]:
        """Columns of the table ``detections``, elevations as each radar reports them."""
        return _to_columns(self, sensors)

    @staticmethod
    def from_columns(columns: Mapping[str, Any], sensors: Sequence[Sensor]) -> Reading:
        """Check the columns of a table of detections; see ``read_detections``.

        Parameters
        ----------
        columns
            By the names and in the units that ``read_detections`` lists, (n,) each.
        sensors
            Whose rows they may be; ``Detections.sensor`` counts in this order.

        Returns
        -------
        Reading
            Good rows by (arrival, time, sensor, row), and which were refused.

        Raises
        ------
        TableError
            A column lacks, has another type or another length, or the table is in other units.
        InputError
            Two of ``sensors`` have one name.
        """
        rows = rows_of(columns, sensors, where="detections")
        return _checked(rows, sensors, LIMITS, names=columns, where="detections")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """What a table of detections holds.

    Parameters
    ----------
    detections
        What can be used, by (arrival, time, sensor, row).
    refused_row
        Numbers of the rows that cannot, rising.
    refused_reason
        Why, one for each of them.
    refused_kind
        The same without the row's own figures.
    remarks
        Sentences about what was left out of rows that are used, and about what looks wrong.
    """

    detections: Detections
    refused_row: I64
    refused_reason: tuple[str, ...]
    refused_kind: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def row_count(self) -> int:
        """Number of rows of the table."""
        return len(self.detections) + len(self.refused_row)


def read_detections(
    path: Path | str, sensors: Sequence[Sensor], *, limits: Limits = LIMITS
) -> Reading:
    """Read a table of detections and check every row of it.

    Parameters
    ----------
    path
        A Parquet file with the columns ``time_ns`` and ``sensor``; those of radars ``range_m``,
        ``azimuth_rad``, ``elevation_rad`` and perhaps ``range_rate_m_s``; those of satellites
        ``sensor_x_m`` to ``sensor_z_m`` and ``line_of_sight_x`` to ``line_of_sight_z``. Without
        ``kind`` a row is a radar's, without ``arrival_ns`` it arrives at once.
    sensors
        Whose rows they may be.
    limits
        How much the file may hold.

    Returns
    -------
    Reading
        Rows in any order come out by (arrival, time, sensor, row). A standard deviation is that of
        the row, else the sensor's constant, else by the radar equation at the measured place.

    Raises
    ------
    TableError
        The file cannot be read, holds more than the limits allow, or holds angles in degrees,
        lengths in kilometres or times in seconds, range rates that are positive approaching,
        azimuths from elsewhere than clockwise from north, or standard deviations in another unit.
    InputError
        Two of ``sensors`` have one name, or there are too many.

    Notes
    -----
    A row is refused, in this order, for: no time; an unknown sensor; another kind than its
    sensor's; no number, or one that cannot be (negative range, more than a turn); a time more than
    1 s after its arrival or more than 600 s before it; the same look as an earlier row; standing
    alone more than an hour from all others.

    Limits: refraction bends angles only: what it adds to a range (2 m in the zenith, 34 m at 3
    degrees, 104 m at the horizon: ``tests/earth/test_refraction.py``) is the radar's own to
    correct.
    """
    table = read_arrow(
        Path(path),
        "detections",
        may_lack=("arrival_ns", "kind"),
        row_count_max=limits.row_count,
    )
    names = pq.read_schema(path).names
    columns = {name: table.column(name) for name in table.column_names}
    rows = rows_of(columns, sensors, names=names, where=str(path))
    return _checked(rows, sensors, limits, names=names, where=str(path))


def joined_detections(parts: Sequence[Detections]) -> Detections:
    """All rows of several, one at least, in their order."""
    if len(parts) == 1:
        return parts[0]
    together = object.__new__(Detections)  # what is joined of checked rows needs no check
    for name in Detections.__slots__:
        array = np.concatenate([getattr(part, name) for part in parts])
        array.setflags(write=False)
        object.__setattr__(together, name, array)
    return together


@cache
def empty_detections() -> Detections:
    """No rows."""
    none = np.empty(0, dtype=np.int64)
    return Detections(
        row=none,
        time_ns=none,
        arrival_ns=none,
        sensor=np.empty(0, dtype=np.int32),
        is_infrared=np.empty(0, dtype=np.bool_),
        measured=np.empty((0, 4)),
        std=np.empty((0, 4)),
        eye_ecef_m=np.empty((0, 3)),
    )


def _checked(
    rows: Rows,
    sensors: Sequence[Sensor],
    limits: Limits,
    *,
    names: Collection[str],
    where: str,
) -> Reading:
    """Refuse the file or single rows of it, and make detections of the rest."""
    strange = [
        f'The column "{found}" is not read; perhaps "{meant}" is meant.'
        for found, meant in misnamed(names).items()
    ]
    sensor_names = [str(sensor.sensor) for sensor in sensors]
    if len(sensor_names) > limits.sensor_count:
        raise InputError(
            f"{len(sensor_names):,} sensors", allowed=f"at most {limits.sensor_count:,} sensors"
        )
    twice = sorted({name for name in sensor_names if sensor_names.count(name) > 1})
    if twice:
        raise InputError(f'two sensors of the name "{twice[0]}"', allowed="a name of its own each")
    if len(rows) > limits.row_count:
        raise TableError(
            f"{len(rows):,} rows",
            allowed=f"at most {limits.row_count:,} rows",
            where=where,
            what_to_do="Split the file by time",
        )
    checks.refuse_wrong_units(rows, sensors, where)
    refuse_wrong_meanings(rows, sensors, where)
    reasons = checks.reasons_of(rows, sensors)
    good = np.flatnonzero(reasons.is_good)
    checks.refuse_crowds(rows, good, limits.plots_per_look, sensor_names, where)
    detections, remarks = _detections(rows, good, sensors)
    refused = np.flatnonzero(~reasons.is_good)
    return Reading(
        detections=detections,
        refused_row=refused,
        refused_reason=tuple(reasons.sentence(int(row)) for row in refused),
        refused_kind=tuple(reasons.kind(int(row)) for row in refused),
        remarks=(*strange, *remarks, *checks.near_remarks(rows, sensors)),
    )


def _detections(
    rows: Rows, good: npt.NDArray[np.intp], sensors: Sequence[Sensor]
) -> tuple[Detections, tuple[str, ...]]:
    """Make detections of the good rows, in their order of arrival."""
    order = np.lexsort((good, rows.sensor[good], rows.time_ns[good], rows.arrival_ns[good]))
    chosen = good[order]
    sensor = rows.sensor[chosen]
    measured = np.full((len(chosen), 4), np.nan)
    std = np.full((len(chosen), 4), np.nan)
    eye = np.full((len(chosen), 3), np.nan)
    remarks: list[str] = []
    by_sensor = np.argsort(sensor, kind="stable")
    ends = np.searchsorted(sensor[by_sensor], np.arange(len(sensors) + 1))
    for index, each in enumerate(sensors):
        own = by_sensor[ends[index] : ends[index + 1]]
        if not len(own):
            continue
        if isinstance(each, InfraredSatellite):
            line = rows.line_of_sight[chosen[own]]
            measured[own, :3] = line / np.linalg.norm(line, axis=-1, keepdims=True)
            given = rows.line_of_sight_std_rad[chosen[own]]
            std[own, 0] = np.where(np.isnan(given), each.line_of_sight_std_rad, given)
            eye[own] = rows.eye_ecef_m[chosen[own]]
            continue
        measured[own], std[own] = _plots(each, rows, chosen[own])
        without = int(np.sum(~np.isnan(rows.reported[chosen[own], 3]) & np.isnan(std[own, 3])))
        if without:
            remarks.append(
                f'{without:,} range rates of "{each.sensor}" are not used: neither their rows nor '
                "the sensor table have range_rate_std_m_s."
            )
    detections = Detections(
        row=chosen,
        time_ns=rows.time_ns[chosen],
        arrival_ns=rows.arrival_ns[chosen],
        sensor=sensor,
        is_infrared=np.array([isinstance(s, InfraredSatellite) for s in sensors], bool)[sensor],
        measured=measured,
        std=std,
        eye_ecef_m=eye,
    )
    return detections, tuple(remarks)


def _plots(radar: Radar, rows: Rows, own: npt.NDArray[np.intp]) -> tuple[F64, F64]:
    """Measured values and standard deviations of one radar's rows."""
    measured = rows.reported[own].copy()
    measured[:, 1] = np.mod(measured[:, 1], TURN_RAD)
    measured[measured[:, 1] >= TURN_RAD, 1] = 0.0
    if not radar.is_refraction_corrected:
        measured[:, 2] = ray_table.geometric_elevation(_rays(radar), measured[:, 2], measured[:, 0])
    std = rows.reported_std[own].copy()
    is_open = np.isnan(std[:, :3]).any(axis=1)
    if is_open.any():
        site = radar.site
        place = position_from_look_angles(
            site.position_ecef_m, site.rotation_enu_from_ecef, *measured[is_open, :3].T
        )
        noise = radar_noise(radar, np.concatenate([place, np.zeros_like(place)], axis=1))
        std[is_open, :3] = np.where(np.isnan(std[is_open, :3]), noise, std[is_open, :3])
    if radar.range_rate_std_m_s is not None:
        std[np.isnan(std[:, 3]), 3] = radar.range_rate_std_m_s
    has_rate = ~np.isnan(measured[:, 3]) & ~np.isnan(std[:, 3])
    measured[~has_rate, 3] = np.nan
    std[~has_rate & np.isnan(measured[:, 3]), 3] = np.nan
    return measured, std


def _rays(radar: Radar) -> ray_table.RayTable:
    radius_m = float(local_radius(radar.site.latitude_rad))
    return ray_table.ray_table(radar.site.altitude_m, radius_m)


def _to_columns(detections: Detections, sensors: Sequence[Sensor]) -> dict[str, Any]:
    is_radar = ~detections.is_infrared[:, np.newaxis]
    reported = np.where(is_radar, detections.measured, np.nan)
    for index, radar in enumerate(sensors):
        if isinstance(radar, Radar) and not radar.is_refraction_corrected:
            own = np.flatnonzero(detections.sensor == index)
            reported[own, 2] = ray_table.apparent_elevation(
                _rays(radar), reported[own, 2], reported[own, 0]
            )
    std = np.where(is_radar, detections.std, np.nan)
    line = np.where(is_radar, np.nan, detections.measured)[:, :3]
    names = np.array([str(sensor.sensor) for sensor in sensors], dtype=object)
    return {
        "time_ns": detections.time_ns,
        "arrival_ns": detections.arrival_ns,
        "kind": np.array(["radar", "infrared"], dtype=object)[detections.is_infrared.astype(int)],
        "sensor": names[detections.sensor],
        **dict(zip(REPORTED, reported.T, strict=True)),
        **dict(zip(STANDARD, std.T, strict=True)),
        **{f"sensor_{axis}_m": detections.eye_ecef_m[:, k] for k, axis in enumerate("xyz")},
        **{f"line_of_sight_{axis}": line[:, k] for k, axis in enumerate("xyz")},
        "line_of_sight_std_rad": np.where(is_radar[:, 0], np.nan, detections.std[:, 0]),
    }
