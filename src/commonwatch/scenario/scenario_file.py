"""The form of a whole scenario file, and its JSON Schema."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from commonwatch.scenario.schema import (
    FORMAT,
    LIMITS,
    SEED_MAX,
    ArcEntry,
    CoverageEntry,
    FlightEntry,
    LaydownEntry,
    Line,
    Name,
    PlaceEntry,
    RadarEntry,
    RecordedEntry,
    SatelliteEntry,
    StudyEntry,
    VehicleEntry,
    Words,
)
from commonwatch.scenario.sharing_schema import (
    SHARING_LIMITS,
    DelaysEntry,
    ExpectedEntry,
    FaultEntry,
    GivenNoticeEntry,
    InjectionEntry,
    JointEntry,
    LevelEntry,
    LinkEntry,
    NationEntry,
    WorldEntry,
)


class ScenarioFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole scenario."""

    format: int
    title: Line
    question: Words = ""
    look_for: Words = ""
    date: Annotated[datetime.date, Meta(description="The day whose sensors see.")]
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] = 1
    gravity: Literal["two-body", "j2", "j4"] = "j2"
    fly_with: Annotated[
        tuple[Name, ...],
        Meta(
            max_length=LIMITS.place_count,
            description="Vehicles by rising range: an arc flies with the first whose published "
            "range reaches its aim point, or with the last.",
        ),
    ] = ()
    launch_sites: Annotated[tuple[Name, ...], Meta(max_length=LIMITS.place_count)] = ()
    aim_points: Annotated[tuple[Name, ...], Meta(max_length=LIMITS.place_count)] = ()
    arcs: Annotated[tuple[ArcEntry, ...], Meta(max_length=LIMITS.arc_kind_count)] = ()
    flights: Annotated[tuple[FlightEntry, ...], Meta(max_length=LIMITS.place_count)] = ()
    recorded: Annotated[tuple[RecordedEntry, ...], Meta(max_length=LIMITS.place_count)] = ()
    laydowns: Annotated[
        tuple[LaydownEntry, ...], Meta(min_length=1, max_length=LIMITS.laydown_count)
    ]
    study: StudyEntry | None = None
    coverage: CoverageEntry | None = None
    places: Annotated[tuple[PlaceEntry, ...], Meta(max_length=LIMITS.place_count)] = ()
    vehicles: Annotated[tuple[VehicleEntry, ...], Meta(max_length=LIMITS.place_count)] = ()
    radars: Annotated[tuple[RadarEntry, ...], Meta(max_length=LIMITS.sensor_count)] = ()
    satellites: Annotated[tuple[SatelliteEntry, ...], Meta(max_length=LIMITS.sensor_count)] = ()
    nations: Annotated[tuple[NationEntry, ...], Meta(max_length=SHARING_LIMITS.nation_count)] = ()
    joint: JointEntry = JointEntry()
    links: Annotated[tuple[LinkEntry, ...], Meta(max_length=SHARING_LIMITS.link_count)] = ()
    delays: DelaysEntry = DelaysEntry()
    sharing: Annotated[tuple[LevelEntry, ...], Meta(max_length=SHARING_LIMITS.level_count)] = ()
    world: WorldEntry = WorldEntry()
    faults: Annotated[tuple[FaultEntry, ...], Meta(max_length=SHARING_LIMITS.fault_count)] = ()
    notices: Annotated[
        tuple[GivenNoticeEntry, ...], Meta(max_length=SHARING_LIMITS.notice_count)
    ] = ()
    injections: Annotated[
        tuple[InjectionEntry, ...], Meta(max_length=SHARING_LIMITS.injection_count)
    ] = ()
    expected: Annotated[
        tuple[ExpectedEntry, ...], Meta(max_length=SHARING_LIMITS.expected_count)
    ] = ()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file.

    Notes
    -----
    What the schema cannot say (names that must exist, intervals in order, sectors that are not
    empty) is checked when a file is loaded.
    """
    schema = msgspec.json.schema(ScenarioFile)
    schema["$defs"]["ScenarioFile"]["properties"]["format"]["const"] = FORMAT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Commonwatch scenario",
        **schema,
    }
