"""Makes nations, links, delays, levels, faults and outcomes of a clean scenario file."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping
from typing import Final

from commonwatch.identity import NationId, SensorId
from commonwatch.scenario.figures import ends
from commonwatch.scenario.nations import (
    Box,
    Delays,
    DelaySpan,
    Expected,
    GivenNotice,
    Injection,
    Joint,
    Level,
    Link,
    Nation,
    PlannedFault,
    PolicyText,
    Sharing,
    WorldSettings,
)
from commonwatch.scenario.notices import notice_of
from commonwatch.scenario.scenario_file import ScenarioFile
from commonwatch.scenario.schema import Figure, Interval, SensorEntry
from commonwatch.scenario.sharing_schema import (
    DEFAULT_LEVELS,
    LINK_FAULTS,
    BoxEntry,
    DelaysEntry,
    FaultEntry,
    InjectionEntry,
    LevelEntry,
    LinkEntry,
    WorldEntry,
)
from commonwatch.units import metres_from_kilometres, ns_from_datetime, radians_from_degrees

FIRST_LAUNCH_S: Final = 30.0
"""From the start of the record to the first launches (*assumed*)."""


def sharing_of(
    file: ScenarioFile,
    sensors: Mapping[SensorId, SensorEntry],
    *,
    value_laydown: str,
    policies: Mapping[str, str],
) -> Sharing:
    """Make the forms that everything above uses.

    Parameters
    ----------
    file
        A clean file.
    sensors
        Every sensor of its laydowns.
    value_laydown
        The laydown that the study values.
    policies
        Texts of the policies that the levels name.
    """
    joint = Joint(name=NationId(file.joint.name), title=file.joint.title)
    nations = _nations(file, sensors, joint.name)
    centres = (*(nation.name for nation in nations), joint.name)
    links = _links(file.links, centres)
    world = _world(file.world, file.date, value_laydown)
    return Sharing(
        nations=nations,
        joint=joint,
        links=links,
        delays=_delays(file.delays),
        levels=tuple(_level(entry, centres, policies) for entry in file.sharing or DEFAULT_LEVELS),
        world=world,
        faults=tuple(_fault(entry, links) for entry in file.faults),
        notices=tuple(
            GivenNotice(
                notice=notice_of(entry),
                centres=tuple(NationId(name) for name in entry.centres) or centres,
            )
            for entry in file.notices
        ),
        injections=tuple(_injection(entry) for entry in file.injections),
        expected=tuple(
            Expected(
                object=entry.object,
                outcomes=entry.outcomes,
                laydown=entry.laydown or world.laydown,
                level=entry.level,
                centre=None if entry.centre is None else NationId(entry.centre),
            )
            for entry in file.expected
        ),
    )


def default_nation_names(codes: Iterable[str], *, joint: str) -> dict[str, str]:
    """Name the nations of a scenario that names none: one for each code of its sensors.

    Parameters
    ----------
    codes
        Nation codes of the sensors, in order, each as often as it comes.
    joint
        Name of the joint centre, which none of them may have.

    Returns
    -------
    names
        Code to name: the code in lower-case letters, digits and -.
    """
    names: dict[str, str] = {}
    for code in dict.fromkeys(codes):
        plain = re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")[:50] or "nation"
        name, count = plain, 1
        while name == joint or name in names.values():
            count += 1
            name = f"{plain}-{count}"
        names[code] = name
    return names


def link_name(entry: LinkEntry) -> str:
    """Return the name of a link: its own, or its two ends."""
    return entry.name or "+".join(entry.between)


def _nations(
    file: ScenarioFile, sensors: Mapping[SensorId, SensorEntry], joint: str
) -> tuple[Nation, ...]:
    def owned(owners: tuple[str, ...]) -> tuple[SensorId, ...]:
        return tuple(name for name, entry in sensors.items() if entry.nation in owners)

    if not file.nations:
        codes = default_nation_names((entry.nation for entry in sensors.values()), joint=joint)
        return tuple(
            Nation(
                name=NationId(name),
                title=code,
                owners=(code,),
                territory=(),
                sensors=owned((code,)),
            )
            for code, name in codes.items()
        )
    return tuple(
        Nation(
            name=NationId(entry.name),
            title=entry.title,
            owners=entry.owners,
            territory=tuple(_box(box) for box in entry.territory),
            sensors=owned(entry.owners),
        )
        for entry in file.nations
    )


def _box(entry: BoxEntry) -> Box:
    return Box(
        latitude_min_rad=radians_from_degrees(entry.latitude_min_deg),
        latitude_max_rad=radians_from_degrees(entry.latitude_max_deg),
        longitude_min_rad=radians_from_degrees(entry.longitude_min_deg),
        longitude_max_rad=radians_from_degrees(entry.longitude_max_deg),
    )


def _links(entries: tuple[LinkEntry, ...], centres: tuple[NationId, ...]) -> tuple[Link, ...]:
    """Make the links; where none is given, one from each nation to the joint centre."""
    joint = centres[-1]
    hub = tuple(LinkEntry(between=(str(nation), str(joint))) for nation in centres[:-1])
    return tuple(
        Link(
            name=link_name(entry),
            between=(NationId(entry.between[0]), NationId(entry.between[1])),
            delay=_delay(entry.delay_s),
            loss_probability=entry.loss_probability,
            repeat_probability=entry.repeat_probability,
        )
        for entry in entries or hub
    )


def _delay(figure: Figure) -> DelaySpan:
    low_s, nominal_s, high_s = ends(figure)
    mark, source = (figure.mark, figure.source) if isinstance(figure, Interval) else ("assumed", "")
    return DelaySpan(low_s=low_s, nominal_s=nominal_s, high_s=high_s, mark=mark, source=source)


def _delays(entry: DelaysEntry) -> Delays:
    return Delays(
        sensor=_delay(entry.sensor_s),
        detections=_delay(entry.detections_s),
        tracks=_delay(entry.tracks_s),
        messages=_delay(entry.messages_s),
        launch_report=_delay(entry.launch_report_s),
    )


def _level(entry: LevelEntry, centres: tuple[NationId, ...], policies: Mapping[str, str]) -> Level:
    names = {centre: entry.policies.get(str(centre), entry.policy) for centre in centres}
    return Level(
        name=entry.name,
        title=entry.title,
        policies={
            centre: PolicyText(name=name.removesuffix(".toml"), text=policies[name])
            for centre, name in names.items()
        },
    )


def _world(entry: WorldEntry, date: datetime.date, value_laydown: str) -> WorldSettings:
    midnight = datetime.datetime.combine(date, datetime.time(), datetime.UTC)
    first = entry.first_launch_utc or midnight + datetime.timedelta(seconds=FIRST_LAUNCH_S)
    return WorldSettings(
        flights_per_seed=entry.flights_per_seed,
        seeds=entry.seeds,
        laydown=entry.laydown or value_laydown,
        first_launch_ns=ns_from_datetime(first),
        launch_interval_s=entry.launch_interval_s,
        duration_s=entry.duration_s,
        asks_after_s=entry.asks_after_s,
    )


def _fault(entry: FaultEntry, links: tuple[Link, ...]) -> PlannedFault:
    struck = entry.links or tuple(link.name for link in links)
    return PlannedFault(
        kind=entry.kind,
        at_s=entry.at_s,
        until_s=entry.until_s,
        links=struck if entry.kind in LINK_FAULTS else (),
        centre=None if entry.centre is None else NationId(entry.centre),
        sensor=None if entry.sensor is None else SensorId(entry.sensor),
        amount=entry.amount or 0.0,
    )


def _injection(entry: InjectionEntry) -> Injection:
    def angle_rad(angle_deg: float | None) -> float:
        return math.nan if angle_deg is None else radians_from_degrees(angle_deg)

    return Injection(
        kind=entry.kind,
        at_s=entry.at_s,
        until_s=entry.until_s,
        nation=None if entry.nation is None else NationId(entry.nation),
        sensor=None if entry.sensor is None else SensorId(entry.sensor),
        count=entry.count,
        way=entry.way or ("test" if entry.kind == "test data" else ""),
        sigmas=entry.sigmas,
        latitude_rad=angle_rad(entry.latitude_deg),
        longitude_rad=angle_rad(entry.longitude_deg),
        radius_m=metres_from_kilometres(entry.radius_km),
        lasts_s=entry.lasts_s,
    )
