"""One seed of a scenario: every laydown at every level of sharing, and what each centre knew.

What the worlds of a seed have in common, truth, detections and each centre's own tracking, is
computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from commonwatch.scenario.description import Scenario
from commonwatch.scenario.nations import Delays, DelaySpan
from commonwatch.studies.expected import unmet
from commonwatch.studies.known import NONE_MOVED, Beliefs, Rows, known
from commonwatch.studies.known_first import first_at_nations, first_at_partner
from commonwatch.studies.known_matching import TrueFlights, true_flights
from commonwatch.tables.known import KNOWN_TABLES
from commonwatch.tables.schemas import to_table
from commonwatch.units import NS_PER_S
from commonwatch.world.history import History, tables
from commonwatch.world.injections import LIE
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world
from commonwatch.world.sightings import Sightings

Columns = Mapping[str, Any]

NOMINAL: Final = "nominal"
TRUTH_STEP_S: Final = 2.0
ENDS: Final = ("low", "high")
REPLAYED_LEVELS: Final = ("tracks", "detections", "launch-reports")
"""The first of them that the scenario has is shown; else its last one."""
PERSON: Final = "launch_report"
DELAYS: Final = {
    PERSON: "launch-reports",
    "messages": "launch-reports",
    "tracks": "tracks",
    "detections": "detections",
}
"""Which delay is moved at which level: the one that it matters at. That from a sensor to its own
centre is the same whatever is shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of world: which sensors, what is shared, which delay is moved whereto."""

    laydown: str
    level: str
    delay: str = NONE_MOVED
    case: str = NOMINAL


def kinds(scenario: Scenario) -> tuple[Kind, ...]:
    """List the kinds of world of a scenario's study.

    Parameters
    ----------
    scenario
        From ``scenario.load``.

    Notes
    -----
    1. Every laydown at every level, all delays drawn from their intervals. 2. In the study's
    laydown each delay at the ends of its interval, at the level where it matters, all others drawn.
    3. The same of the person who looks in the laydown that adds most sensors of other nations to
    the baseline: there it matters most.
    """
    levels = [level.name for level in scenario.levels]
    found = [
        Kind(laydown=laydown.name, level=level) for laydown in scenario.laydowns for level in levels
    ]
    for name, level in DELAYS.items():
        span: DelaySpan = getattr(scenario.delays, name)
        if span.low_s == span.high_s or level not in levels:
            continue
        laydowns = [scenario.value_laydown]
        if name == PERSON:
            laydowns += foreign_addition(scenario)
        found += [
            Kind(laydown=laydown, level=level, delay=name, case=case)
            for case in ENDS
            for laydown in laydowns
        ]
    return tuple(found)


def foreign_addition(scenario: Scenario) -> list[str]:
    """Return the laydown that adds most sensors of other nations to the baseline, if any does."""
    base = set(scenario.laydown(scenario.baseline_laydown).members)
    owner = {k: scenario.nation_of(name) for k, name in enumerate(scenario.sensors)}
    own = {owner[k] for k in base}
    added = [
        (len(more), laydown.name)
        for laydown in scenario.laydowns
        if laydown.name != scenario.value_laydown
        and (more := set(laydown.members) - base)
        and base <= set(laydown.members)
        and not own & {owner[k] for k in more}
    ]
    return [max(added, key=lambda pair: pair[0])[1]] if added else []


def with_delay(scenario: Scenario, kind: Kind) -> Scenario:
    """Return the scenario with the delay of a kind of world at the end of its interval.

    Parameters
    ----------
    scenario
        Left as it is.
    kind
        Which delay, and to which end; of ``NONE_MOVED`` the scenario itself is returned.
    """
    if kind.delay == NONE_MOVED:
        return scenario
    span: DelaySpan = getattr(scenario.delays, kind.delay)
    end_s = span.low_s if kind.case == "low" else span.high_s
    fixed = replace(span, low_s=end_s, nominal_s=end_s, high_s=end_s)
    delays: Delays = replace(scenario.delays, **{kind.delay: fixed})
    return replace(scenario, delays=delays)


def replayed(scenario: Scenario) -> Kind:
    """Return the kind of world whose first seed is kept for replay."""
    levels = [level.name for level in scenario.levels]
    level = next((name for name in REPLAYED_LEVELS if name in levels), levels[-1])
    return Kind(laydown=scenario.world.laydown, level=level)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeedResult:
    """What one seed gave: the tables of ``tables.known``, and those of the replay where kept."""

    known: Mapping[str, pa.Table]
    replay: Mapping[str, pa.Table]


def study_seed(
    scenario: Scenario, seed: int, *, report: Callable[[int, int], None], keeps_replay: bool
) -> SeedResult:
    """Run all worlds of one seed and judge them by its truth.

    Parameters
    ----------
    scenario
        From ``scenario.load``.
    seed
        Of the worlds.
    report
        Told how many worlds of how many are done.
    keeps_replay
        Whether the world that is shown is kept.
    """
    wanted = kinds(scenario)
    rows = {name: _Gathered(name) for name in KNOWN_TABLES}
    replay: dict[str, pa.Table] = {}
    common = Common.of(scenario, seed=seed)
    flown = trajectories(common.sightings, interval_s=TRUTH_STEP_S)
    truth = true_flights(common.sightings.ends, flown)
    for done, kind in enumerate(wanted):
        report(done, len(wanted))
        order = WorldOrder(
            scenario=with_delay(scenario, kind),
            laydown=kind.laydown,
            level=kind.level,
            seed=seed,
        )
        history = run_world(order, common=common)
        columns = tables(history)
        told = _judged(scenario, common.sightings, truth, kind, columns)
        head = {"seed": seed, "laydown": kind.laydown, "level": kind.level}
        head |= {"delay": kind.delay, "case": kind.case}
        is_moved = kind.delay != NONE_MOVED
        rows["known"].add(head, _with_arcs(told.known, common.sightings))
        rows["alert_counts"].add(head, told.counts)
        rows["known_areas"].add(head, [] if is_moved else told.areas)
        rows["named"].add(head, _named(scenario, history, common.sightings.epoch_ns))
        rows["unmet"].add(
            head, [] if is_moved else _unmet(scenario, common.sightings, history, told)
        )
        if keeps_replay and kind == replayed(scenario):
            replay = {name: to_table(name, each) for name, each in columns.items()}
    report(len(wanted), len(wanted))
    return SeedResult(known={name: each.table() for name, each in rows.items()}, replay=replay)


def trajectories(sightings: Sightings, *, interval_s: float) -> dict[str, Any]:
    """Return the columns of ``trajectories``: every flight from lift-off to its end.

    Parameters
    ----------
    sightings
        Of one seed.
    interval_s
        Between two rows of a flight.
    """
    flown = sightings.flown
    paths = flown.trajectories
    count = np.ceil(paths.end_s / interval_s).astype(np.int64) + 1
    flight = np.repeat(np.arange(paths.path_count), count)
    place = np.arange(len(flight)) - np.repeat(np.cumsum(count) - count, count)
    since_s = np.minimum(place * interval_s, paths.end_s[flight])
    states = paths.state_vector_at(flight, since_s)
    names = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    return {
        "object": flight,
        "time_ns": flown.instant_ns(flown.lift_off_s[flight] + since_s),
        **{name: states[:, k] for k, name in enumerate(names)},
    }


def _judged(
    scenario: Scenario,
    sightings: Sightings,
    truth: TrueFlights,
    kind: Kind,
    columns: Mapping[str, Columns],
) -> Rows:
    sensors_of = {
        str(nation.name): {str(name) for name in nation.sensors} for nation in scenario.nations
    }
    first_ns = first_at_nations(
        sightings.detections,
        sightings.origin,
        is_reported=sightings.rows_of(kind.laydown),
        sensors_of=sensors_of,
        flight_count=len(truth),
    )
    joint = str(scenario.joint.name)
    first_ns[joint] = first_at_partner(first_ns, columns["messages"], partner=joint)
    return known(
        Beliefs(
            centres=tuple(str(name) for name in scenario.centres),
            alerts=columns["centre_alerts"],
            tracks=columns["centre_tracks"],
            first_ns=first_ns,
        ),
        truth,
    )


def _named(scenario: Scenario, history: History, epoch_ns: int) -> list[dict[str, Any]]:
    """Return who was first named by whom, when, and how long after its first lie."""
    lies_s: dict[str, float] = {}
    for injection in scenario.injections:
        if injection.kind == LIE:
            liar = str(injection.nation)
            lies_s[liar] = min(injection.at_s, lies_s.get(liar, injection.at_s))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in sorted(history.accused, key=lambda one: one.time_ns):
        world_s = (each.time_ns - epoch_ns) / NS_PER_S
        lied_s = lies_s.get(str(each.accused))
        late_s = None if lied_s is None else world_s - lied_s
        row: dict[str, Any] = {
            "centre": str(each.centre),
            "accused": str(each.accused),
            "kind": each.kind,
        }
        row |= {"world_s": world_s, "lie_s": late_s}
        found.setdefault((str(each.centre), str(each.accused)), row)
    return list(found.values())


def _unmet(
    scenario: Scenario, sightings: Sightings, history: History, told: Rows
) -> list[dict[str, Any]]:
    found = {
        (
            each.ended.centre,
            each.ended.object,
            each.ended.highest,
            " or ".join(each.expected.outcomes),
        ): None
        for each in unmet(scenario, sightings, history, rows=told)
    }
    names = ("centre", "object", "ended", "expected")
    return [dict(zip(names, each, strict=True)) for each in found]


def _with_arcs(rows: list[dict[str, Any]], sightings: Sightings) -> list[dict[str, Any]]:
    """Add to each row which arc its flight flew, as the table of arcs names it."""
    flights = sightings.truth.flights
    arcs = [
        {
            "launch": flight.launch.name,
            "aim_point": "" if flight.aim_point is None else flight.aim_point.name,
            "arc": flight.arc,
        }
        for flight in flights
    ]
    return [{**row, **arcs[row["object"]]} for row in rows]


class _Gathered:
    """Rows of one table, world by world."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._names = [column.name for column in KNOWN_TABLES[name]]
        self._parts: list[pa.Table] = []

    def add(self, head: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
        """Add the rows of a world, to all of which ``head`` belongs."""
        whole = [{**head, **row} for row in rows]
        columns = {name: [row[name] for row in whole] for name in self._names}
        self._parts.append(to_table(self._name, columns))

    def table(self) -> pa.Table:
        """Return all rows."""
        return pa.concat_tables(self._parts).combine_chunks()
