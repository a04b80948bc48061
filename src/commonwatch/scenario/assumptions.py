"""Every figure of a scenario that is an interval, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import ends
from commonwatch.scenario.schema import (
    Interval,
    LaunchEntry,
    RadarEntry,
    SatelliteEntry,
    VehicleEntry,
)
from commonwatch.scenario.sensors import first_look_delay
from commonwatch.tables.columns import unit_of

_WITHOUT_EFFECT: Final = frozenset(
    {
        "detection_probability",
        "false_plots_per_sweep",
        "flight_time_s",
        "ground_range_max_km",
        "range_rate_std_m_s",
    }
)
_DELAYS: Final = {
    "sensor": "From a sensor to its centre",
    "detections": "Detections between centres",
    "tracks": "Tracks between centres",
    "messages": "Other messages between centres",
    "launch_report": "A person looks before a launch report goes out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One figure that sources or assumptions leave open.

    Parameters
    ----------
    path
        Where it stands, as ``sensors.sensors`` takes it in ``override``:
        ``"radars.north.range_max_km"``.
    title
        Whose figure it is, in words.
    key
        Which figure.
    unit
        Its unit.
    low, nominal, high
        Its values, in that unit.
    mark
        found, derived or assumed.
    source
        Where it comes from.
    """

    path: str
    title: str
    key: str
    unit: str
    low: float
    nominal: float
    high: float
    mark: str
    source: str


def assumptions(scenario: Scenario) -> tuple[Assumption, ...]:
    """List every interval that the scenario's result depends on, in a fixed order.

    Sensors of the laydowns, vehicles that fly, published launches that fly. Intervals whose ends
    are equal leave nothing open and are passed over.
    """
    entries = (*scenario.sensors.values(), *scenario.vehicles.values(), *scenario.launches.values())
    return tuple(found for entry in entries for found in _of_entry(entry))


def delay_assumptions(scenario: Scenario) -> tuple[Assumption, ...]:
    """List every delay that is an interval: what is known when depends on them, not what is seen.

    Their paths, as ``"delays.tracks_s"`` or ``"links.north+joint.delay_s"``, are for the reader:
    ``sensors.sensors`` knows none of them.
    """
    spans = [
        (f"delays.{name}_s", title, getattr(scenario.delays, name))
        for name, title in _DELAYS.items()
    ]
    spans += [(f"links.{link.name}.delay_s", link.name, link.delay) for link in scenario.links]
    return tuple(
        Assumption(
            path=path,
            title=title,
            key=path.rpartition(".")[2],
            unit="s",
            low=span.low_s,
            nominal=span.nominal_s,
            high=span.high_s,
            mark=span.mark,
            source=span.source,
        )
        for path, title, span in spans
        if span.low_s < span.high_s
    )


def _of_entry(
    entry: RadarEntry | SatelliteEntry | VehicleEntry | LaunchEntry,
) -> Iterator[Assumption]:
    table = {
        RadarEntry: "radars",
        SatelliteEntry: "satellites",
        VehicleEntry: "vehicles",
        LaunchEntry: "launches",
    }[type(entry)]
    path = f"{table}.{entry.name}"
    yield from _of_struct(entry, path, entry.title)
    if isinstance(entry, RadarEntry):
        for index, face in enumerate(entry.faces):
            yield from _of_struct(face, f"{path}.faces[{index}]", entry.title)
    if isinstance(entry, SatelliteEntry):
        yield _assumption(path, entry.title, "first_look_delay_s", first_look_delay(entry))


def _of_struct(struct: msgspec.Struct, path: str, title: str) -> Iterator[Assumption]:
    for field in msgspec.structs.fields(struct):
        figure = getattr(struct, field.name)
        if field.name == "hand_over_s" and getattr(struct, "role", "cued") != "cued":
            continue  # nobody hands anything over to a radar that searches for itself
        if isinstance(figure, Interval) and field.name not in _WITHOUT_EFFECT:
            found = _assumption(path, title, field.name, figure)
            if found.low < found.high:
                yield found


def _assumption(path: str, title: str, key: str, interval: Interval) -> Assumption:
    low, nominal, high = ends(interval)
    return Assumption(
        path=f"{path}.{key}",
        title=title,
        key=key,
        unit=unit_of(key),
        low=low,
        nominal=nominal,
        high=high,
        mark=interval.mark,
        source=interval.source,
    )
