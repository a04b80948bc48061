"""Writes sensor files: sensors as they were used, one figure for each interval."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from commonwatch.scenario.figures import ends
from commonwatch.scenario.schema import (
    FORMAT,
    Interval,
    RadarEntry,
    SatelliteEntry,
    SensorEntry,
)


def sensor_file(entries: Iterable[SensorEntry]) -> str:
    """Write sensors as the text of a sensor file, with their nominal figures.

    Parameters
    ----------
    entries
        Sensors of a scenario or of the catalogue.

    Returns
    -------
    text
        TOML. ``load.read_sensors`` makes of it the very sensors that the nominal case has.
    """
    kept = list(entries)
    lines = [f"format = {FORMAT}"]
    for kind, key in ((RadarEntry, "radars"), (SatelliteEntry, "satellites")):
        for entry in kept:
            if isinstance(entry, kind):
                lines += _table(entry, key)
    return "\n".join(lines) + "\n"


def _table(entry: msgspec.Struct, path: str) -> Iterator[str]:
    """One array table: its own keys first, then the tables below it."""
    yield f"\n[[{path}]]"
    below: list[tuple[str, tuple[msgspec.Struct, ...]]] = []
    for field in msgspec.structs.fields(entry):
        value = getattr(entry, field.name)
        if isinstance(value, tuple):
            below.append((f"{path}.{field.encode_name}", value))
        elif value is not None:
            yield f"{field.encode_name} = {_value(value)}"
    for name, tables in below:
        for each in tables:
            yield from _table(each, name)


def _value(value: Any) -> str:
    """One value of TOML."""
    if isinstance(value, Interval):
        value = ends(value)[1]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | int | datetime.date):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
