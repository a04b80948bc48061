"""Files of notices given in advance: TOML, the unit in every key, unknown keys refused.

::

    format = 1

    [[notices]]
    name = "andoya-1995-01"
    nation = "Norway"
    class = "sounding rocket"
    window_from_utc = 1995-01-25T05:00:00Z
    window_until_utc = 1995-01-25T11:00:00Z
    latitude_deg = 69.294
    longitude_deg = 16.021
    radius_km = 20.0
    azimuth_min_deg = -20.0
    azimuth_max_deg = 20.0
    delivered_utc = 1995-01-04T00:00:00Z  # left out: it never reached the watch floor
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field

from commonwatch.errors import ScenarioError
from commonwatch.reading.mistakes import Check, Fault, Table, find_faults, in_file_order, shown
from commonwatch.reading.text import printable
from commonwatch.scenario.files import read_toml
from commonwatch.scenario.schema import FORMAT, Azimuth, Latitude, Line, Longitude, Name, Words
from commonwatch.units import metres_from_kilometres, ns_from_datetime, radians_from_degrees
from commonwatch.warning.notice import Notice, VehicleClass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file of notices may hold."""

    notice_count: int = 1_000
    window_days: float = 60.0
    mistake_count: int = 200


LIMITS: Final = Limits()


class NoticeEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One notice of a launch to come."""

    name: Name
    nation: Line
    kind: VehicleClass = field(name="class")
    window_from_utc: datetime.datetime
    window_until_utc: datetime.datetime
    latitude_deg: Latitude
    longitude_deg: Longitude
    radius_km: Annotated[float, Meta(gt=0, le=2_000, description="Of the launch area.")]
    azimuth_min_deg: Azimuth
    azimuth_max_deg: Annotated[
        float, Meta(ge=-360, le=360, description="The corridor runs clockwise to it.")
    ]
    delivered_utc: Annotated[
        datetime.datetime | None, Meta(description="When it reached the watch floor.")
    ] = None
    source: Words = ""
    note: Words = ""


class NoticeFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Notices given in advance."""

    format: int
    notices: Annotated[tuple[NoticeEntry, ...], Meta(max_length=LIMITS.notice_count)] = ()


def load_notices(path: str | Path) -> tuple[Notice, ...]:
    """Load a file of notices.

    Parameters
    ----------
    path
        A TOML file.

    Raises
    ------
    ScenarioError
        The file has mistakes: all of them, in file order.
    InputError
        The file cannot be read, or is no TOML.
    """
    tree = read_toml(Path(path), str(path), what_to_do="Give the path of a file of notices").tree
    faults = find_faults(tree, NoticeFile, {NoticeEntry: NOTICE_CHECKS})
    faults += list(_check_names(tree))
    if faults:
        mistakes = in_file_order(tree, faults, limit=LIMITS.mistake_count)
        raise ScenarioError(printable(str(path)), mistakes)
    file = msgspec.convert(tree, NoticeFile)
    return tuple(notice_of(entry) for entry in file.notices)


YEARS_TOLD: Final = range(1971, 2096)
"""Instants are told in nanoseconds since 1970, and those of tables end in 2096."""


def _check_window(entry: Any) -> Iterator[Fault]:
    """Refuse a window without a zone, one that ends before it begins, or one without an end."""
    start, end = entry.window_from_utc, entry.window_until_utc
    given = {
        "window_from_utc": start,
        "window_until_utc": end,
        "delivered_utc": entry.delivered_utc,
    }
    naive = [key for key, at in given.items() if at is not None and at.tzinfo is None]
    for key in naive:
        yield Fault(
            found=f"{key} = {shown(given[key])} names no zone",
            allowed="an instant with its zone, as in 1995-01-25T06:24:00Z",
            what_to_do="Add Z for UTC",
            key=key,
        )
    for key, at in given.items():
        if at is not None and at.year not in YEARS_TOLD:
            yield Fault(
                found=f"{key} = {shown(at)} cannot be told in a message",
                allowed=f"the years {YEARS_TOLD[0]} to {YEARS_TOLD[-1]}",
                key=key,
            )
    if naive:
        return
    days = (end - start).total_seconds() / 86_400.0
    if not 0.0 < days <= LIMITS.window_days:
        yield Fault(
            found=f"the window is {days:.3g} days long",
            allowed=f"more than 0, at most {LIMITS.window_days:g} days",
            key="window_until_utc",
        )


def _check_corridor(entry: Any) -> Iterator[Fault]:
    width = entry.azimuth_max_deg - entry.azimuth_min_deg
    if width == 0.0 or abs(width) > 360.0:
        yield Fault(
            found=f"the corridor is {abs(width):g} degrees wide",
            allowed="more than 0, at most 360 degrees, clockwise from azimuth_min_deg",
            what_to_do="Write any direction as 0 to 360",
            key="azimuth_max_deg",
        )


NOTICE_CHECKS: Final[tuple[Check, ...]] = (_check_window, _check_corridor)


def _check_names(tree: Table) -> Iterator[Fault]:
    """Refuse a name that stands twice, and a file without any notice."""
    entries = tree.get("notices")
    seen: set[str] = set()
    for index, table in enumerate(entries if isinstance(entries, list) else []):
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str):
            if name in seen:
                yield Fault(
                    found=f"the notice name {shown(name)} stands twice",
                    allowed="a name of its own for each notice",
                    what_to_do="Choose another name",
                    keys=("notices", index),
                    key="name",
                )
            seen.add(name)
    if not entries:
        yield Fault(found="no notice", allowed=f"format = {FORMAT} and [[notices]] tables")


def notice_of(entry: NoticeEntry) -> Notice:
    """Make the notice of a clean entry."""
    delivered = entry.delivered_utc
    return Notice(
        name=entry.name,
        nation=entry.nation,
        kind=entry.kind,
        window_start_ns=ns_from_datetime(entry.window_from_utc),
        window_end_ns=ns_from_datetime(entry.window_until_utc),
        latitude_rad=radians_from_degrees(entry.latitude_deg),
        longitude_rad=radians_from_degrees(entry.longitude_deg),
        radius_m=metres_from_kilometres(entry.radius_km),
        azimuth_min_rad=radians_from_degrees(entry.azimuth_min_deg),
        azimuth_max_rad=radians_from_degrees(entry.azimuth_max_deg),
        delivered_ns=None if delivered is None else ns_from_datetime(delivered),
    )
