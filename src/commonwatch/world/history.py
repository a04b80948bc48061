"""What happened in a world: enough to show it, to judge it and to replay it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.floor import AlertEvent
from commonwatch.identity import NationId
from commonwatch.scenario.nations import PlannedFault
from commonwatch.sharing.ledger import Entry
from commonwatch.sharing.messages import Area
from commonwatch.tracking.estimate import Estimates, empty_estimates, joined
from commonwatch.world.centres import Keyring
from commonwatch.world.clock import TICK_NS, next_tick_ns
from commonwatch.world.host import Life
from commonwatch.world.links import INJECTED, RECEIVED, Manner, Passage

_ENCODE = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What a watch floor showed at a true time."""

    centre: NationId
    time_ns: int
    alert: AlertEvent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Believed:
    """Tracks that a centre held at one time, or those of them that changed."""

    centre: NationId
    estimates: Estimates


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """How a link was from a true time on."""

    sender: NationId
    recipient: NationId
    time_ns: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accused:
    """That a centre named a contributor; true time."""

    centre: NationId
    accused: NationId
    time_ns: int
    kind: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """When a centre was down, or its clock was wrong: true times."""

    centre: NationId
    kind: str
    begin_ns: int
    end_ns: int
    amount: float

    @property
    def down_ns(self) -> int:
        """The tick in whose step a centre that crashes fails."""
        return next_tick_ns(self.begin_ns)

    @property
    def up_ns(self) -> int:
        """The tick at which it starts again: not before the one that it fails in is over."""
        return next_tick_ns(self.end_ns) + TICK_NS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Everything that happened in one world, in order.

    Parameters
    ----------
    scenario, laydown, level, seed, faults_seed
        Which world; ``faults_seed`` None: planned faults only.
    begin_ns, end_ns
        First and last tick, true time.
    configurations, keyring
        What every centre was, and all keys.
    faults, outages
        What went wrong, each as a fault of one link or centre; and when which centre was out.
    troubles
        Ends of each troubled link, and when the trouble began and ended.
    manners
        How each link carries when nothing ails it.
    liars
        Nations that lied.
    entries
        Each centre's ledger as it was at the end.
    lives
        Each run of each centre, with all that it was given.
    passages
        Everything that was put on a link, in order of sending.
    shown, believed, links, accused
        What watch floors showed, what was believed, how links were, who was named.
    sensors
        Nation and name of each sensor.
    """

    scenario: str
    laydown: str
    level: str
    seed: int
    faults_seed: int | None
    begin_ns: int
    end_ns: int
    configurations: Mapping[NationId, CentreConfiguration]
    keyring: Keyring
    faults: tuple[PlannedFault, ...]
    outages: tuple[Outage, ...]
    troubles: tuple[tuple[tuple[NationId, NationId], int, int], ...]
    manners: Mapping[tuple[NationId, NationId], Manner]
    liars: frozenset[NationId]
    entries: Mapping[NationId, tuple[Entry, ...]]
    lives: Mapping[NationId, tuple[Life, ...]]
    passages: tuple[Passage, ...]
    shown: tuple[Shown, ...]
    believed: tuple[Believed, ...]
    links: tuple[LinkStatus, ...]
    accused: tuple[Accused, ...]
    sensors: tuple[tuple[NationId, str], ...]

    @property
    def command(self) -> str:
        """The command that runs this world again."""
        words = [
            "commonwatch", "world", self.scenario, "--laydown", self.laydown,
            "--level", self.level, "--seed", str(self.seed),
        ]  # fmt: skip
        if self.faults_seed is not None:
            words += ["--faults", str(self.faults_seed)]
        return shlex.join([*words, "--checks"])

    @property
    def digest(self) -> str:
        """SHA-256 over all that happened: one seed gives one digest."""
        total = hashlib.sha256()
        for centre in sorted(self.entries):
            for entry in self.entries[centre]:
                total.update(entry.digest.encode())
        for name, columns in sorted(tables(self).items()):
            total.update(name.encode())
            for key, values in columns.items():
                total.update(key.encode())
                if isinstance(values, np.ndarray):
                    total.update(np.ascontiguousarray(values).tobytes())
                else:
                    total.update(_ENCODE(values))
        return total.hexdigest()


def tables(history: History) -> dict[str, dict[str, Any]]:
    """Return the columns of every table that a replay needs, by table.

    Returns
    -------
    dict
        ``messages``, ``refused``, ``centre_tracks``, ``centre_alerts``, ``sensor_status``,
        ``link_status``, ``partner_status``, ``clock_status``, ``restarts`` and ``contributors``.
    """
    return {
        "messages": _messages(history),
        "centre_tracks": _tracks(history),
        "centre_alerts": _alerts(history),
        "sensor_status": _sensor_status(history),
        "link_status": {
            name: [getattr(each, name) for each in history.links]
            for name in ("sender", "recipient", "time_ns", "status")
        },
        "clock_status": _notes(history, "clock", "is_right", "back_s"),
        "partner_status": _notes(history, "partner", "partner", "is_heard", "since_ns"),
        "refused": _notes(history, "refused", "sender", "count", "words"),
        "restarts": _notes(history, "started", "set_aside_count", "words"),
        "contributors": {
            name: [getattr(each, name) for each in history.accused]
            for name in ("centre", "accused", "time_ns", "kind", "evidence")
        },
    }


def _sensor_status(history: History) -> dict[str, list[Any]]:
    """Tell what each centre knew of which sensor: of its own ones from the beginning."""
    begun = history.begin_ns
    rows = [
        (str(nation), sensor, str(nation), begun, True, begun) for nation, sensor in history.sensors
    ]
    learned = [
        (str(entry.owner), c["sensor"], c["nation"], entry.time_ns, c["is_working"], c["since_ns"])
        for entry in _noted(history, "sensor")
        for c in [entry.content]
    ]
    names = ("centre", "sensor", "nation", "time_ns", "is_working", "since_ns")
    return {name: [row[k] for row in (*rows, *learned)] for k, name in enumerate(names)}


def _noted(history: History, kind: str) -> list[Entry]:
    """Entries of one kind in all ledgers, by each centre's clock."""
    found = [
        entry
        for centre in sorted(history.entries)
        for entry in history.entries[centre]
        if entry.kind == kind
    ]
    return sorted(found, key=lambda each: (each.time_ns, each.owner, each.number))


def _notes(history: History, kind: str, *names: str) -> dict[str, list[Any]]:
    """Return the notes of one kind: whose, when, and what they hold under some names."""
    notes = _noted(history, kind)
    return {
        "centre": [str(entry.owner) for entry in notes],
        "time_ns": [entry.time_ns for entry in notes],
        **{name: [entry.content[name] for entry in notes] for name in names},
    }


def _messages(history: History) -> dict[str, list[Any]]:
    """One row for each decision, with what became of what left by it, and what nobody decided."""
    by_digest: dict[str, list[Passage]] = {}
    for passage in history.passages:
        by_digest.setdefault(passage.entry_digest, []).append(passage)
    rows = [
        _message(entry, by_digest.get(entry.digest, [])) for entry in _noted(history, "decision")
    ]
    rows += [_injected(each) for each in history.passages if each.origin == INJECTED]
    rows.sort(key=lambda row: row[0])
    names = (
        "time_ns", "sender", "recipient", "kind", "number", "event", "verdict", "rule", "words",
        "sent_ns", "received_ns", "byte_count", "outcome",
    )  # fmt: skip
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


def _message(entry: Entry, passages: list[Passage]) -> tuple[Any, ...]:
    content = entry.content
    arrived = [p for p in passages if p.outcome == RECEIVED and not p.is_changed]
    outcome = {"later": "later", "withhold": "withheld"}.get(content["verdict"], "not sent")
    if passages:
        outcome = RECEIVED if arrived else passages[0].outcome
    return (
        entry.time_ns,
        str(entry.owner),
        content["recipient"],
        content["kind"],
        content["number"],
        content.get("event"),
        str(content["verdict"]),
        content["rule"],
        content["words"],
        passages[0].sent_ns if passages else None,
        min((p.arrival_ns for p in arrived), default=None),
        len(passages[0].envelope) if passages else 0,
        outcome,
    )


def _injected(passage: Passage) -> tuple[Any, ...]:
    is_there = passage.outcome == RECEIVED
    return (
        passage.sent_ns,
        str(passage.sender),
        str(passage.recipient),
        passage.kind,
        passage.number,
        None,
        INJECTED,
        "[none]",
        "put on the channel without any decision of the centre in whose name it comes",
        passage.sent_ns,
        passage.arrival_ns if is_there else None,
        len(passage.envelope),
        passage.outcome,
    )


def _tracks(history: History) -> dict[str, Any]:
    parts = [each for each in history.believed if len(each.estimates)]
    if not parts:
        return {"centre": [], **empty_estimates().to_columns()}
    together = joined([each.estimates for each in parts])
    columns = together.to_columns()
    centres = [str(each.centre) for each in parts for _ in range(len(each.estimates))]
    return {"centre": centres, **columns}


def _alerts(history: History) -> dict[str, list[Any]]:
    rows = [_alert(each) for each in history.shown]
    names = list(_alert_fields())
    return {name: [row[name] for row in rows] for name in names}


_PLAIN = (
    "alert", "track", "time_ns", "known_ns", "transition", "status", "origin", "assessment",
    "ballistic_probability", "motor", "range_class", "launch_time_ns", "launch_time_std_s",
    "azimuth_deg", "azimuth_std_deg", "impact_time_ns", "impact_time_std_s", "reason", "evidence",
    "sources", "notice", "notice_match", "is_last_sight",
)  # fmt: skip
_AREA = (
    "latitude_deg", "longitude_deg", "long_half_axis_m", "short_half_axis_m", "orientation_deg",
)  # fmt: skip


def _alert_fields() -> tuple[str, ...]:
    areas = [f"{end}_{name}" for end in ("launch", "impact") for name in _AREA]
    return ("centre", "contributors", *_PLAIN, *areas)


def _alert(shown: Shown) -> dict[str, Any]:
    alert = shown.alert
    row: dict[str, Any] = {name: getattr(alert, name) for name in _PLAIN}
    row["centre"] = str(shown.centre)
    row["contributors"] = ", ".join(alert.contributors)
    row["range_class"] = alert.range_class or None
    row["notice"] = alert.notice or None
    row |= _area("launch", alert.launch_area) | _area("impact", alert.impact_area)
    return row


def _area(name: str, area: Area | None) -> dict[str, float | None]:
    return {f"{name}_{key}": None if area is None else float(getattr(area, key)) for key in _AREA}
