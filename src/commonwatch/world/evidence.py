"""Whether each alert rests on what had arrived, and each confirmation on two that are independent.

*Confirmed* needs two sources among those that the alert names: of two kinds of sensor, or of two
nations, a report being of the nations whose news it holds. *Confirmed, single kind* needs own
sensors on two sites: to others two sites of one nation are one word. A joint centre's alert is
shown as that centre has stated it, or as less. A confirmation that an alert takes over from another
of the same launch was judged there.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``SITES_APART_M``   as the page on warning has it: nearer radars are one site   assumed
==================  ==========================================================  =======
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from commonwatch.centre.floor import AlertEvent
from commonwatch.identity import NationId
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.messages import (
    AlertReport,
    Correction,
    DetectionReport,
    LaunchReport,
    Message,
    TrackReport,
)
from commonwatch.world.breach import Breach
from commonwatch.world.facts import Facts
from commonwatch.world.history import Shown

RANKS: Final = {"unconfirmed": 0, "confirmed, single kind": 1, "confirmed": 2}
SITES_APART_M: Final = 1_000.0
OWN: Final = ("own", "launch reports")


@dataclass(slots=True, eq=False)
class _Arrived:
    """What had arrived at a centre up to some time, as alerts cite it."""

    sensors: set[str] = field(default_factory=set)
    nations_of: dict[str, set[NationId]] = field(default_factory=dict)
    """Of each report by its name, the nations whose news is in it."""
    joint: list[AlertReport] = field(default_factory=list)

    def take(self, message: Message, centre: NationId) -> None:
        body = message.body.corrected if isinstance(message.body, Correction) else message.body
        sender = message.originator
        if isinstance(body, TrackReport):
            self.sensors |= {span.sensor for span in body.pedigree or ()}
        elif isinstance(body, DetectionReport):
            self.sensors |= {plot.sensor for plot in body.plots}
        elif isinstance(body, LaunchReport):
            self.nations_of[f"{sender} launch report"] = {sender}
        elif isinstance(body, AlertReport):
            self.joint.append(body)
            nations = self.nations_of.setdefault(f"{sender} alert report", set())
            if centre not in body.contributors:  # else it may hold what this centre said itself
                nations |= set(body.contributors)


def evidence(facts: Facts) -> Iterator[Breach]:
    """Each alert stands in the ledger and cites what had arrived; confirmed ones cite two."""
    sensors = {
        str(sensor.sensor): sensor
        for configuration in facts.history.configurations.values()
        for sensor in configuration.sensors
    }
    for centre in facts.history.entries:
        yield from _of_the_ledger(facts, centre)
        floor = [each for each in facts.history.shown if each.centre == centre]
        heard, place, arrived = facts.heard(centre), 0, _Arrived()
        own = set[str]()
        if not facts.history.configurations[centre].is_joint:
            own = {str(each.sensor) for each in facts.history.configurations[centre].sensors}
        arrived.sensors |= own
        ranks: dict[int, int] = {}
        for shown in floor:
            alert = shown.alert
            while place < len(heard) and heard[place][0] <= alert.known_ns:
                arrived.take(heard[place][1], centre)
                place += 1
            rank, before = RANKS.get(alert.status, 0), ranks.get(alert.alert, 0)
            if rank > before and not _is_inherited(shown, rank, floor, ranks):
                fault = _unconfirmed(alert, sensors, own, arrived)
                if fault:
                    words = f"alert {alert.alert} is {alert.status} and {fault}"
                    yield _breach(centre, shown.time_ns, words)
            ranks[alert.alert] = rank
            if alert.origin in OWN:
                yield from _unheard(shown, sensors, arrived)


def _of_the_ledger(facts: Facts, centre: NationId) -> Iterator[Breach]:
    """See that each alert has its entry, and that the reports in it had been received."""
    received: set[tuple[str, int]] = set()
    noted = Counter[tuple[int, str, str, int]]()
    for entry in facts.history.entries[centre]:
        content = entry.content
        if entry.kind == "received":
            received.add((content["originator"], content["number"]))
        elif entry.kind == "alert":
            noted[content["alert"], content["transition"], content["status"], entry.time_ns] += 1
            for sender, number in content["reports"].items():
                if (sender, number) not in received:
                    words = f"alert {content['alert']} rests on report {number} of {sender}"
                    yield _breach(centre, entry.time_ns, f"{words}, which never came")
    is_joint = facts.history.configurations[centre].is_joint
    senders = {sender for sender, _ in received}
    for shown in facts.history.shown:
        alert = shown.alert
        if shown.centre != centre:
            continue
        if not noted[alert.alert, alert.transition, alert.status, alert.known_ns]:
            words = f"alert {alert.alert} has no entry of its own"
            yield _breach(centre, shown.time_ns, words)
        behind = {str(name) for name in alert.contributors} - senders - {str(centre)}
        if alert.origin == "own" and is_joint and behind:
            words = f"alert {alert.alert} rests on no news of {sorted(behind)}"
            yield _breach(centre, shown.time_ns, words)
        if not alert.sources and not alert.contributors:
            yield _breach(centre, shown.time_ns, f"alert {alert.alert} rests on nothing at all")


def _is_inherited(shown: Shown, rank: int, floor: list[Shown], ranks: dict[int, int]) -> bool:
    """Whether another alert that was worth as much ends in the same step."""
    return any(
        other.alert.status == "cancelled"
        and other.alert.known_ns == shown.alert.known_ns
        and ranks.get(other.alert.alert, 0) >= rank
        for other in floor
        if other.alert.alert != shown.alert.alert
    )


def _unheard(shown: Shown, sensors: dict[str, Sensor], arrived: _Arrived) -> Iterator[Breach]:
    """Yield sources that an alert names and that nothing here has spoken of."""
    for name in filter(None, shown.alert.sources.split(", ")):
        known = arrived.sensors if name in sensors else arrived.nations_of
        if name not in known:
            words = f"alert {shown.alert.alert} rests on {name}, of which nothing had arrived"
            yield _breach(shown.centre, shown.time_ns, words)


def _unconfirmed(
    alert: AlertEvent, sensors: dict[str, Sensor], own: set[str], arrived: _Arrived
) -> str:
    """Say why an alert must not stand as confirmed; nothing where it may."""
    if alert.origin not in OWN:
        stated = [
            RANKS[report.status]
            for report in arrived.joint
            if report.launch.launch_time_ns == alert.launch_time_ns
        ]
        is_stated = max(stated, default=0) >= RANKS[alert.status]
        return "" if is_stated else "the joint centre has not said so"
    pairs = combinations(sorted(set(filter(None, alert.sources.split(", ")))), 2)
    if alert.status == "confirmed":
        is_sound = any(_are_independent(pair, sensors, arrived) for pair in pairs)
    else:
        is_sound = any(own.issuperset(pair) and _are_two_sites(pair, sensors) for pair in pairs)
    return "" if is_sound else f"no two of its sources confirm one another: {alert.sources}"


def _are_independent(pair: tuple[str, str], sensors: dict[str, Sensor], arrived: _Arrived) -> bool:
    kinds = {isinstance(sensors[name], Radar) for name in pair if name in sensors}
    if len(kinds) == 2:
        return True
    one, other = (
        {sensors[name].nation} if name in sensors else arrived.nations_of.get(name, set())
        for name in pair
    )
    return bool(one) and bool(other) and not one & other


def _are_two_sites(pair: tuple[str, str], sensors: dict[str, Sensor]) -> bool:
    places = [
        sensor.site.position_ecef_m
        for sensor in (sensors[name] for name in pair)
        if isinstance(sensor, Radar)
    ]
    return len(places) < 2 or math.dist(*places) >= SITES_APART_M


def _breach(centre: NationId, time_ns: int, words: str) -> Breach:
    return Breach(invariant="evidence", centre=centre, time_ns=time_ns, words=words)
