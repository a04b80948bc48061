"""The bundled files: sensors, published launches, vehicles, range classes, places, scenarios."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from commonwatch.scenario.schema import (
    LaunchEntry,
    LaunchFile,
    PlaceEntry,
    PlaceFile,
    RangeClassEntry,
    RangeClassFile,
    SensorEntry,
    SensorFile,
    VehicleEntry,
    VehicleFile,
)

LIBRARY: Final = Path(__file__).parent / "library"
RECORDED: Final = LIBRARY / "recorded"
POLICIES: Final = LIBRARY / "policies"

Content = TypeVar("Content", SensorFile, LaunchFile, VehicleFile, PlaceFile, RangeClassFile)


def _read(name: str, kind: type[Content]) -> Content:
    """Read a bundled catalogue; the tests hold these files to every check of ``load``."""
    text = (LIBRARY / "catalogue" / f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), kind)


@cache
def sensors() -> Mapping[str, SensorEntry]:
    """Return radars and infrared satellites by name, in file order."""
    file = _read("sensors", SensorFile)
    entries: dict[str, SensorEntry] = {radar.name: radar for radar in file.radars}
    entries |= {satellite.name: satellite for satellite in file.satellites}
    return MappingProxyType(entries)


@cache
def launches() -> Mapping[str, LaunchEntry]:
    """Return published launches by name, in file order."""
    return MappingProxyType({entry.name: entry for entry in _read("launches", LaunchFile).launches})


@cache
def vehicles() -> Mapping[str, VehicleEntry]:
    """Return vehicles by name, in file order."""
    return MappingProxyType(
        {entry.name: entry for entry in _read("vehicles", VehicleFile).vehicles}
    )


@cache
def places() -> Mapping[str, PlaceEntry]:
    """Return places by name, in file order."""
    return MappingProxyType({entry.name: entry for entry in _read("places", PlaceFile).places})


@cache
def range_classes() -> Mapping[str, RangeClassEntry]:
    """Return classes of missiles by ground range, by name, in file order."""
    entries = _read("range_classes", RangeClassFile).range_classes
    return MappingProxyType({entry.name: entry for entry in entries})


def scenario_names() -> tuple[str, ...]:
    """Return the names of the bundled scenarios, sorted."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


def scenario_path(name: str) -> Path:
    """Return the file of a bundled scenario."""
    return LIBRARY / f"{name}.toml"


def policy_names() -> tuple[str, ...]:
    """Return the names of the bundled policies, sorted."""
    return tuple(sorted(path.stem for path in POLICIES.glob("*.toml")))


def policy_path(name: str) -> Path:
    """Return the file of a bundled policy."""
    return POLICIES / f"{name}.toml"
