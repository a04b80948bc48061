"""One of four nations lies: whether it is named in time, and what comes of its lies.

Who lies, and from when on, is drawn for each world and way: any of the four, and from before
anybody has a track of anything to late in the flights. Each world is run with the lie and without.
When a perfect test would be sure comes from the two (``perfect_test``); the time for naming runs
from there.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np

from benchmarks.perfect_test import Silence, silence_of, sure_ns, world_of
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect
from commonwatch.centre.events import Event
from commonwatch.identity import NationId
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.sharing_schema import FALSE_ALARM
from commonwatch.studies.expected import ended, known_of
from commonwatch.studies.known import CONFIRMED
from commonwatch.studies.score_intervals import binomial_count
from commonwatch.warning.alert import ANY_CONFIRMED
from commonwatch.world.history import History, Shown
from commonwatch.world.liars import LIES
from commonwatch.world.links import generator
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world

IN_TIME_S: Final = 30.0
BEGINS_S: Final = (60.0, 240.0)
"""Before the first track of anything, to a minute and a half before the end."""
HONEST_SEEDS: Final = range(10)
"""Worlds from which it is counted how honest nations are silent."""
JOINT: Final = "joint"
CANNOT: Final = "cannot be checked"


def lying(part: tuple[int, int, int]) -> list[dict[str, Any]]:
    """Run the worlds of one part of the seeds, each in every way: first, end, and step.

    Each world's row is written to standard error as soon as it is done.
    """
    scenario = load_scenario("liar")
    silence = sum(map(_silence, HONEST_SEEDS), Silence(due=0, missing=0, first_s=0.0))
    rows = []
    for each in range(*part):
        common = Common.of(scenario, seed=each)
        honest = run_world(_order(_honest(scenario), each), common=common)
        for way in LIES:
            rows.append({"seed": each, **_lied(scenario, way, honest, common, silence)})
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def summed(way: str, every: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum the worlds of one way of lying up: counts with exact intervals of 95 %, and times."""
    rows = [row for row in every if row["way"] == way]
    judged = [row for row in rows if row["sure_s"] is not None]
    named_s = sorted(
        math.inf if row["named_s"] is None else row["named_s"] - row["sure_s"] for row in judged
    )
    in_time = sum(each <= IN_TIME_S for each in named_s)
    honest = sum(bool(row["honest_named"]) for row in rows)
    apart = [row for row in rows if row["sure_s"] is None]
    return {
        "name": way,
        "count": len(rows),
        "judged": len(judged),
        "not_judged_said": sum(any(CANNOT in each for each in row["said"]) for row in apart),
        "named_in_time": _counted(in_time, len(judged)),
        "median_s": _share(named_s, 0.5),
        "most_s": _share(named_s, 0.95),
        "honest_named": _counted(honest, len(rows)),
        "confirmed_alone": sum(row["confirmed_alone"] for row in rows),
        "suppressed": sum(len(row["suppressed"]) for row in rows),
    }


def is_amiss(row: Mapping[str, Any]) -> bool:
    """Whether one world is short of what is asked for."""
    is_late = row["sure_s"] is not None and not (
        row["named_s"] is not None and row["named_s"] - row["sure_s"] <= IN_TIME_S
    )
    return bool(is_late or row["honest_named"] or row["confirmed_alone"] or row["suppressed"])


def _honest(scenario: Scenario) -> Scenario:
    return replace(scenario, injections=())


def _silence(seed: int) -> Silence:
    """How honest nations are silent in one world where nobody lies."""
    scenario = _honest(load_scenario("liar"))
    common = Common.of(scenario, seed=seed)
    return silence_of(run_world(_order(scenario, seed), common=common), common.sightings.flown)


def _order(scenario: Scenario, seed: int) -> WorldOrder:
    return WorldOrder(scenario=scenario, laydown="four", level="tracks", seed=seed)


def drawn(scenario: Scenario, way: str, seed: int) -> Scenario:
    """Have one nation of a world lie in a way, it and the time drawn from the seed and the way."""
    rng = generator(seed, f"who lies and when: {way}")
    nations = [each.name for each in scenario.nations]
    (lie,) = scenario.injections
    liar, at_s = nations[int(rng.integers(len(nations)))], float(np.round(rng.uniform(*BEGINS_S)))
    return replace(scenario, injections=(replace(lie, way=way, nation=liar, at_s=at_s),))


def _lied(
    scenario: Scenario, way: str, honest: History, common: Common, silence: Silence
) -> dict[str, Any]:
    """Run one world with a lie, and set it beside the one without."""
    lies = drawn(scenario, way, honest.seed)
    (lie,) = lies.injections
    if lie.nation is None:
        raise ValueError("a lie is somebody's")
    said: set[str] = set()
    history = run_world(
        _order(lies, honest.seed), common=common, make_centre=partial(_Listening, said)
    )
    begun_ns = common.sightings.epoch_ns + round(lie.at_s * 1e9)
    world = world_of(
        history,
        honest,
        common.sightings.flown,
        begun_ns=begun_ns,
        slowest_s=scenario.delays.tracks.high_s,
        silence=silence,
    )
    sure = sure_ns(world)
    named = [each for each in history.accused if each.centre == JOINT]
    own_ns = [each.time_ns for each in named if each.accused == lie.nation]
    alone = _confirmed_by(lie.nation, history, since_ns=begun_ns)
    false = known_of(lies, common.sightings, history).confirmed_false[JOINT]
    before, now = (_confirmed(lies, common, each) for each in (honest, history))
    return {
        "way": way,
        "liar": lie.nation,
        "at_s": lie.at_s,
        "sure_s": None if sure is None else (sure - begun_ns) * 1e-9,
        "named_s": min(((each - begun_ns) * 1e-9 for each in own_ns), default=None),
        "honest_named": sorted({str(e.accused) for e in named if e.accused != lie.nation}),
        "honest_evidence": [(e.kind, e.evidence) for e in named if e.accused != lie.nation],
        "said": sorted(said),
        "confirmed_alone": len(alone | false),
        "suppressed": sorted(before - now - {FALSE_ALARM}),
    }


def _confirmed_by(nation: NationId, history: History, *, since_ns: int) -> set[int]:
    """Return the joint centre's alerts that came to be confirmed by one nation's word alone."""
    first: dict[int, Shown] = {}
    for each in history.shown:
        if each.centre == JOINT and each.alert.status in ANY_CONFIRMED:
            first.setdefault(each.alert.alert, each)
    return {
        number
        for number, each in first.items()
        if each.time_ns >= since_ns and set(each.alert.contributors) == {nation}
    }


def _confirmed(scenario: Scenario, common: Common, history: History) -> set[str]:
    """Name the flights that the joint centre confirmed and did not cancel; and "false alarm"."""
    return {
        each.object
        for each in ended(scenario, common.sightings, history)
        if each.centre == JOINT and each.highest == CONFIRMED and not each.is_cancelled
    }


def _counted(count: int, among: int) -> dict[str, float]:
    found = binomial_count(count, among)
    return {"count": count, "low": found.low, "high": found.high}


def _share(values: Sequence[float], share: float) -> float | None:
    """Least value that such a share of all do not pass; None: there is none, or it never ends."""
    if not values:
        return None
    found = values[math.ceil(share * len(values)) - 1]
    return found if math.isfinite(found) else None


class _Listening(Centre):
    """A centre that writes down how far it says that tracks can be checked."""

    def __init__(self, said: set[str], configuration: CentreConfiguration, **parts: Any) -> None:
        super().__init__(configuration, **parts)
        self._said = said

    def step(self, events: Sequence[Event], now_ns: int) -> tuple[Effect, ...]:
        """Take a step, and listen."""
        effects = super().step(events, now_ns)
        self._said.update(self.words.values())
        return effects
