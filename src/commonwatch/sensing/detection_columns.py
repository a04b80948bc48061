"""The columns of a table of detections, whoever wrote it, as arrays of one form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from commonwatch.errors import TableError, nearest
from commonwatch.sensing.visibility import Sensor
from commonwatch.tables.schemas import TABLES

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

UNKNOWN_SENSOR: Final = -1
NO_TIME: Final = np.iinfo(np.int64).min
"""Stands for an empty time."""
RADAR, INFRARED, OTHER_KIND = 0, 1, 2
_NEEDED: Final = (
    (RADAR, "radar", ("range_m", "azimuth_rad", "elevation_rad")),
    (
        INFRARED,
        "infrared",
        tuple(form.format(axis) for form in ("sensor_{}_m", "line_of_sight_{}") for axis in "xyz"),
    ),
)
"""Columns without which no row of a kind can be used."""
_ALIKE: Final = 0.8
"""So alike are names that differ in the unit, or lack it: range_km, azimuth_deg, range_std."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """A table of detections before any check: not-a-number for what is empty or missing.

    Parameters
    ----------
    time_ns, arrival_ns
        ``NO_TIME`` where empty, shape (n,).
    sensor
        Index into the sensors, ``UNKNOWN_SENSOR`` for a name that is none of theirs, shape (n,).
    name, kind_word
        What the row calls its sensor and its kind: index into ``names`` and ``kind_words``.
    names, kind_words
        The words themselves.
    kind
        ``RADAR``, ``INFRARED`` or ``OTHER_KIND``, shape (n,).
    reported, reported_std
        Range, azimuth, elevation, range rate, and their standard deviations, shape (n, 4).
    eye_ecef_m, line_of_sight
        Shape (n, 3).
    line_of_sight_std_rad
        Shape (n,).
    """

    time_ns: I64
    arrival_ns: I64
    sensor: npt.NDArray[np.int32]
    name: npt.NDArray[np.int32]
    names: tuple[str, ...]
    kind: npt.NDArray[np.int8]
    kind_word: npt.NDArray[np.int32]
    kind_words: tuple[str, ...]
    reported: F64
    reported_std: F64
    eye_ecef_m: F64
    line_of_sight: F64
    line_of_sight_std_rad: F64

    def __len__(self) -> int:
        return len(self.time_ns)


def misnamed(names: Collection[str]) -> dict[str, str]:
    """Find columns that are not read, and are named almost as one that is and is not there."""
    wanted = [column.name for column in TABLES["detections"]]
    lacking = [name for name in wanted if name not in names]
    pairs = [(name, nearest(name, lacking, cutoff=_ALIKE)) for name in names if name not in wanted]
    return {found: meant for found, meant in pairs if meant is not None}


def rows_of(
    columns: Mapping[str, Any],
    sensors: Sequence[Sensor],
    *,
    names: Collection[str] = (),
    where: str = "",
) -> Rows:
    """Bring the columns of a table of detections into one form.

    Parameters
    ----------
    columns
        By name, as Arrow, NumPy or lists; ``time_ns`` and ``sensor`` at least.
    sensors
        Whose names the rows may hold.
    names
        Of all columns that there are, where ``columns`` are those that are known.
    where
        Name of the file, for the sentence.

    Raises
    ------
    TableError
        A column holds another type, columns differ in length, or rows of a kind lack a column.
    """
    _refuse_missing(("time_ns", "sensor"), "every row", names or columns, where)
    count = len(columns["time_ns"])
    for key, column in columns.items():
        if len(column) != count:
            raise TableError(
                f'column "{key}" has {len(column)} rows', allowed=f"{count}, as time_ns"
            )
    time_ns = _instants(columns, "time_ns")
    arrival_ns = _instants(columns, "arrival_ns") if "arrival_ns" in columns else time_ns
    name, sensor_names = _words(columns["sensor"])
    known = {str(sensor.sensor): index for index, sensor in enumerate(sensors)}
    places = np.array([known.get(word, UNKNOWN_SENSOR) for word in sensor_names], dtype=np.int32)
    if "kind" in columns:
        kind_word, kind_words = _words(columns["kind"])
    else:
        kind_word, kind_words = np.zeros(count, dtype=np.int32), ("radar",)
    kinds = np.array([_KINDS.get(word, OTHER_KIND) for word in kind_words], dtype=np.int8)
    for kind, words, needed in _NEEDED:
        if count and kind in kinds:
            _refuse_missing(needed, f"rows whose kind is {words}", names or columns, where)
    return Rows(
        time_ns=time_ns,
        arrival_ns=np.where(arrival_ns == NO_TIME, time_ns, arrival_ns),
        sensor=places[name] if len(places) else np.empty(0, dtype=np.int32),
        name=name,
        names=sensor_names,
        kind=kinds[kind_word] if len(kinds) else np.empty(0, dtype=np.int8),
        kind_word=kind_word,
        kind_words=kind_words,
        reported=_floats(columns, ("range_m", "azimuth_rad", "elevation_rad", "range_rate_m_s")),
        reported_std=_floats(
            columns,
            ("range_std_m", "azimuth_std_rad", "elevation_std_rad", "range_rate_std_m_s"),
        ),
        eye_ecef_m=_floats(columns, [f"sensor_{axis}_m" for axis in "xyz"]),
        line_of_sight=_floats(columns, [f"line_of_sight_{axis}" for axis in "xyz"]),
        line_of_sight_std_rad=_floats(columns, ["line_of_sight_std_rad"])[:, 0],
    )


def _refuse_missing(needed: Sequence[str], whose: str, names: Collection[str], where: str) -> None:
    missing = [name for name in needed if name not in names]
    if not missing:
        return
    near = [f'"{found}" to "{meant}"' for found, meant in misnamed(names).items()]
    raise TableError(
        f"no column {', '.join(missing)}",
        allowed=f"{', '.join(needed)} for {whose}",
        where=where,
        what_to_do=f"Perhaps convert {', '.join(near)}"
        if near
        else f"Columns found: {', '.join(names)[:400]}",
    )


_KINDS: Final = {"radar": RADAR, "infrared": INFRARED, "": RADAR}


def _arrow(column: Any) -> pa.Array[Any]:
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks()
    return column if isinstance(column, pa.Array) else pa.array(column, from_pandas=True)


def _cast(name: str, column: Any, kind: pa.DataType, words: str) -> pa.Array[Any]:
    array = _arrow(column)
    try:
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TableError(f'column "{name}" holds {array.type}', allowed=words) from error


def _instants(columns: Mapping[str, Any], name: str) -> I64:
    """Whole nanoseconds; a column of timestamps of any unit is one."""
    array = _arrow(columns[name])
    if pa.types.is_timestamp(array.type):
        array = _cast(name, array, pa.timestamp("ns", tz=array.type.tz), "timestamps")
    if pa.types.is_floating(array.type):  # not-a-number is an empty value here
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, array.type))
    whole = _cast(name, array, pa.int64(), "whole nanoseconds since 1970")
    return np.asarray(whole.fill_null(NO_TIME).to_numpy(zero_copy_only=False))


def _words(column: Any) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Index of each row's word, and the words; an empty value is the empty word."""
    array = _cast("text", column, pa.string(), "text").fill_null("")
    encoded = array.dictionary_encode()
    index = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int32)
    words = encoded.dictionary.cast(pa.binary()).to_pylist()  # not all text is UTF-8
    return index, tuple((word or b"").decode(errors="replace") for word in words)


def _floats(columns: Mapping[str, Any], names: Sequence[str]) -> F64:
    """Columns side by side, shape (n, k); one that is missing is not-a-number."""
    values = np.full((len(columns["time_ns"]), len(names)), np.nan)
    for k, name in enumerate(names):
        if name in columns:
            array = _cast(name, columns[name], pa.float64(), "numbers")
            values[:, k] = array.to_numpy(zero_copy_only=False)
    return values
