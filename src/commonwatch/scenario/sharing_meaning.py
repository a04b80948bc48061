"""What the form of nations, links, faults and injections allows and the world does not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any, Final

from commonwatch.reading.mistakes import Checks, Fault, shown
from commonwatch.scenario import meaning
from commonwatch.scenario.notices import NOTICE_CHECKS, YEARS_TOLD
from commonwatch.scenario.scenario_file import ScenarioFile
from commonwatch.scenario.sharing_schema import (
    CENTRE_FAULTS,
    LIES,
    LINK_FAULTS,
    SENSOR_FAULTS,
    TEST_DATA,
    TEST_WAYS,
    BoxEntry,
    ExpectedEntry,
    FaultEntry,
    GivenNoticeEntry,
    InjectionEntry,
    LinkEntry,
    WorldEntry,
)

_FIRST_LAUNCH_S: Final = 30.0
_SHARES: Final = ("lose", "repeat", "reorder", "garble", "swizzle")
"""Kinds of fault whose amount is a probability or a share."""


def _check_box(box: BoxEntry) -> Iterator[Fault]:
    for angle in ("latitude", "longitude"):
        least, most = getattr(box, f"{angle}_min_deg"), getattr(box, f"{angle}_max_deg")
        if least == most or (angle == "latitude" and least > most):
            yield Fault(
                found=f"{angle}_min_deg {least:g} is not below {angle}_max_deg {most:g}",
                allowed="the southern edge below the northern one, then west to east",
                key=f"{angle}_max_deg",
            )


def _check_ends(link: LinkEntry) -> Iterator[Fault]:
    one, other = link.between
    if one == other:
        yield Fault(
            found=f"between = {shown(one)} twice: the link joins no one",
            allowed="two different centres",
            what_to_do="Name the other end",
            key="between",
        )


def _check_span(entry: FaultEntry | InjectionEntry) -> Iterator[Fault]:
    if entry.until_s is not None and entry.until_s <= entry.at_s:
        yield Fault(
            found=f"until_s = {entry.until_s:g} is not after at_s = {entry.at_s:g}",
            allowed="an end after the beginning",
            key="until_s",
        )


def _check_struck(fault: FaultEntry) -> Iterator[Fault]:
    """Refuse a fault that does not say what it strikes, or names what its kind does not strike."""
    kind = fault.kind
    struck = {
        "links": (LINK_FAULTS, "links; none is every link"),
        "centre": (CENTRE_FAULTS, "centre = the name of a nation or of the joint centre"),
        "sensor": (SENSOR_FAULTS, "sensor = the name of a sensor of a laydown"),
    }
    allowed = next(words for kinds, words in struck.values() if kind in kinds)
    for key, (kinds, _) in struck.items():
        if kind not in kinds and getattr(fault, key):
            yield _meaningless(key, "fault", kind, allowed)
        elif kind in kinds and key != "links" and getattr(fault, key) is None:
            yield Fault(found=f'a fault of kind "{kind}" without a {key}', allowed=allowed, key=key)


def _check_amount(fault: FaultEntry) -> Iterator[Fault]:
    kind, amount = fault.kind, fault.amount
    if kind in ("cut", *SENSOR_FAULTS) or (kind == "crash" and amount is None):
        if amount is not None:
            yield _meaningless("amount", "fault", kind, "no amount")
        return
    allowed, is_good = {
        "delay": ("seconds, above 0", amount is not None and amount > 0.0),
        "clock offset": ("seconds, not 0", amount is not None and amount != 0.0),
    }.get(kind, ("above 0, at most 1", amount is not None and 0.0 < amount <= 1.0))
    if not is_good:
        found = f"amount = {amount:g}" if amount is not None else "no amount"
        yield Fault(found=f'{found} for a fault of kind "{kind}"', allowed=allowed, key="amount")


_NEEDED: Final = {
    "test data": ("nation", "latitude_deg", "longitude_deg"),
    "filled counts": ("nation",),
    "sun glints": ("sensor", "latitude_deg", "longitude_deg"),
    "clutter": ("sensor",),
    "lie": ("nation", "way"),
}
_MAY_BE: Final = ("nation", "sensor", "way", "latitude_deg", "longitude_deg")


def _check_injection(injection: InjectionEntry) -> Iterator[Fault]:
    kind = injection.kind
    for key in _MAY_BE:
        is_given, is_needed = getattr(injection, key) is not None, key in _NEEDED[kind]
        if is_needed and not is_given:
            yield Fault(
                found=f'an injection of kind "{kind}" without {key}',
                allowed=", ".join(_NEEDED[kind]),
                key=key,
            )
        elif is_given and not is_needed and (key, kind) != ("way", "test data"):
            yield _meaningless(key, "injection", kind, ", ".join(_NEEDED[kind]))
    ways = {"test data": TEST_WAYS, "lie": LIES}.get(kind, ())
    if injection.way is not None and ways and injection.way not in ways:
        yield Fault(
            found=f'way = "{injection.way}" for an injection of kind "{kind}"',
            allowed=", ".join(f'"{way}"' for way in ways),
            key="way",
        )


def _meaningless(key: str, what: str, kind: str, allowed: str) -> Fault:
    return Fault(
        found=f"{key} has no meaning for {'an' if what[0] in 'aeiou' else 'a'} {what} of kind "
        f'"{kind}"',
        allowed=allowed,
        what_to_do="Leave it out",
        key=key,
    )


def _check_outcomes(expected: ExpectedEntry) -> Iterator[Fault]:
    is_test = expected.object == TEST_DATA
    allowed = {"test only"} if is_test else None
    for index, outcome in enumerate(expected.outcomes):
        if (outcome == "test only") != is_test:
            yield Fault(
                found=f'the outcome "{outcome}" for {shown(expected.object)}',
                allowed=f'"test only" for "{TEST_DATA}" and for nothing else',
                what_to_do="" if allowed is None else "Say of false alarms that nothing is alerted",
                keys=("outcomes", index),
            )


def _check_first_launch(world: WorldEntry) -> Iterator[Fault]:
    first = world.first_launch_utc
    if first is not None and first.tzinfo is None:
        yield Fault(
            found=f"first_launch_utc = {shown(first)} names no zone",
            allowed="an instant with its zone, as in 1995-01-25T06:24:00Z",
            what_to_do="Add Z for UTC",
            key="first_launch_utc",
        )
    if world.duration_s is not None and world.duration_s <= _FIRST_LAUNCH_S:
        yield Fault(
            found=f"duration_s = {world.duration_s:g}: the world ends before the first launch",
            allowed=f"more than {_FIRST_LAUNCH_S:g}",
            key="duration_s",
        )


def _check_year(file: ScenarioFile) -> Iterator[Fault]:
    if file.date.year not in YEARS_TOLD:
        yield Fault(
            found=f"date = {file.date}, whose times no message can tell",
            allowed=f"a date of the years {YEARS_TOLD[0]} to {YEARS_TOLD[-1]}",
            key="date",
        )


def _check_day(file: ScenarioFile) -> Iterator[Fault]:
    first = file.world.first_launch_utc
    if first is not None and first.tzinfo is not None:
        day = first.astimezone(datetime.UTC).date()
        if day != file.date:
            yield Fault(
                found=f"first_launch_utc is on {day}, the scenario on {file.date}",
                allowed="an instant of the scenario's date, in UTC",
                keys=("world",),
                key="first_launch_utc",
            )


def _check_times(file: ScenarioFile) -> Iterator[Fault]:
    """Refuse what would happen after the world has ended."""
    duration_s = file.world.duration_s
    if duration_s is None:
        return
    for index, flight in enumerate(file.flights):
        if _FIRST_LAUNCH_S + flight.lift_off_s >= duration_s:
            yield _after_the_end("flights", index, "lift_off_s", flight, duration_s)
    tables: Any
    for key, tables in (("faults", file.faults), ("injections", file.injections)):
        for index, entry in enumerate(tables):
            for name in ("at_s", "until_s"):
                instant_s = getattr(entry, name)
                if instant_s is not None and instant_s > duration_s:
                    yield _after_the_end(key, index, name, entry, duration_s)


def _after_the_end(key: str, index: int, name: str, entry: Any, duration_s: float) -> Fault:
    return Fault(
        found=f"{name} = {getattr(entry, name):g} lies outside the world",
        allowed=f"before world.duration_s = {duration_s:g}"
        + (f", counted from the first launch at {_FIRST_LAUNCH_S:g}" if key == "flights" else ""),
        what_to_do="Let it be earlier, or the world longer",
        keys=(key, index),
        key=name,
    )


def _check_deliveries(file: ScenarioFile) -> Iterator[Fault]:
    """Refuse a notice that comes when every world of the day is over."""
    for index, entry in enumerate(file.notices):
        delivered = entry.delivered_utc
        if delivered is None or delivered.tzinfo is None:
            continue
        if delivered.astimezone(datetime.UTC).date() > file.date + datetime.timedelta(days=1):
            yield Fault(
                found=f"delivered_utc = {shown(delivered)}, when the world is over",
                allowed=f"an instant up to the day after {file.date}",
                what_to_do="Leave it out where the notice did not come in time",
                keys=("notices", index),
                key="delivered_utc",
            )


SCENARIO_CHECKS: Final[Checks] = {
    **meaning.CHECKS,
    BoxEntry: (_check_box,),
    LinkEntry: (_check_ends,),
    FaultEntry: (_check_span, _check_struck, _check_amount),
    InjectionEntry: (_check_span, _check_injection),
    ExpectedEntry: (_check_outcomes,),
    WorldEntry: (_check_first_launch,),
    GivenNoticeEntry: NOTICE_CHECKS,
    ScenarioFile: (_check_year, _check_day, _check_times, _check_deliveries),
}
"""Every check of a table of a scenario file."""
