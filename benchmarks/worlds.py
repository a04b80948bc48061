"""Whole worlds: how fast one is, whether any breaks under faults, and whether a liar is found out.

By itself: ``python -m benchmarks.worlds --swarms 1000 --lies 100``, which prints JSON and takes an
hour on two cores; ``scripts/bench`` measures the speed alone and keeps what stands in the results.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any, Final

from commonwatch.scenario.load import load_scenario
from commonwatch.world.checks import breaches_of
from commonwatch.world.history import History
from commonwatch.world.liars import LIES
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world

MAIN: Final = ("iran-2009", "all", "tracks")
LEVELS: Final = ("tracks", "launch-reports", "detections")
IN_TIME_S: Final = 30.0


def speed() -> dict[str, Any]:
    """One world of the main scenario, whole: truth, detections, tracking, sharing, joint centre."""
    name, laydown, level = MAIN
    scenario = load_scenario(name)
    rows = []
    for what in ("first of a seed", "another of that seed"):
        if what == "first of a seed":
            run_world(_order(scenario, laydown, level, scenario.seed))  # compiles
            start = time.process_time()
            common = Common.of(scenario, seed=scenario.seed)
        else:
            start = time.process_time()
        history = run_world(_order(scenario, laydown, level, scenario.seed), common=common)
        cpu_s = time.process_time() - start
        span_s = (history.end_ns - history.begin_ns) / 1e9
        rows.append({"name": what, "span_s": span_s, "cpu_s": cpu_s, "times_real": span_s / cpu_s})
    return {"rows": rows}


def faulted(count: int) -> dict[str, Any]:
    """Count worlds of many swarms of faults, and breaches of invariants."""
    rows = [row for rows in _spread(_swarms, count) for row in rows]
    broken = [row for row in rows if row["breaches"]]
    return {
        "rows": [{"name": "swarms", "count": len(rows), "broken": len(broken)}],
        "broken": broken,
    }


def lies(count: int) -> dict[str, Any]:
    """Let one of four nations lie in each of eight ways, in ``count`` worlds each."""
    found = [row for rows in _spread(_lying, count) for row in rows]
    return {"rows": [_summed(way, [row for row in found if row["way"] == way]) for way in LIES]}


def _order(
    scenario: Any, laydown: str, level: str, seed: int, faults_seed: int | None = None
) -> Any:
    return WorldOrder(
        scenario=scenario, laydown=laydown, level=level, seed=seed, faults_seed=faults_seed
    )


def _spread(work: Any, count: int) -> Iterator[list[dict[str, Any]]]:
    """Share work out to a process a core, each with every n-th part."""
    processes = os.cpu_count() or 1
    parts = [(first, count, processes) for first in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, parts)


def _swarms(part: tuple[int, int, int]) -> list[dict[str, Any]]:
    from tests.world.small import common_to, loaded, small

    rows = []
    for faults_seed in range(part[0], part[1], part[2]):
        text = small("", nations=4 if faults_seed % 10 == 0 else 2)
        level = LEVELS[faults_seed % len(LEVELS)]
        order = _order(loaded(text), "all", level, 11, faults_seed)
        try:
            breaches = [
                str(each) for each in breaches_of(run_world(order, common=common_to(text, 11)))
            ]
        except Exception as error:
            breaches = [f"{type(error).__name__}: {error}"]
        rows.append({"faults_seed": faults_seed, "level": level, "breaches": breaches})
    return rows


def _lying(part: tuple[int, int, int]) -> list[dict[str, Any]]:
    scenario = load_scenario("liar")
    rows = []
    for k in range(part[0], part[1], part[2]):
        seed = scenario.seed + k
        common = Common.of(scenario, seed=seed)
        for way in LIES:
            lying = replace(
                scenario,
                injections=tuple(replace(each, way=way) for each in scenario.injections),
            )
            (liar,) = lying.injections
            history = run_world(_order(lying, "four", "tracks", seed), common=common)
            begun_ns = common.sightings.epoch_ns + round(liar.at_s * 1e9)
            rows.append({"way": way, "seed": seed, **_judged(history, str(liar.nation), begun_ns)})
    return rows


def _judged(history: History, liar: str, begun_ns: int) -> dict[str, Any]:
    named = [(str(each.accused), each.time_ns) for each in history.accused]
    own = [(time_ns - begun_ns) / 1e9 for name, time_ns in named if name == liar]
    joint = [each.alert for each in history.shown if str(each.centre) == "joint"]
    alone = {
        alert.alert
        for alert in joint
        if alert.status == "confirmed" and set(alert.contributors) == {liar}
    }
    confirmed = {alert.alert for alert in joint if alert.status == "confirmed"}
    return {
        "named_s": min(own, default=None),
        "honest_named": sorted({name for name, _ in named if name != liar}),
        "confirmed_alone": len(alone),
        "confirmed": len(confirmed),
    }


def _summed(way: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    times = sorted(row["named_s"] for row in rows if row["named_s"] is not None)
    return {
        "name": way,
        "count": len(rows),
        "named": len(times),
        "named_in_time": sum(each <= IN_TIME_S for each in times),
        "median_s": times[len(times) // 2] if times else None,
        "honest_named": sum(bool(row["honest_named"]) for row in rows),
        "confirmed_alone": sum(row["confirmed_alone"] for row in rows),
        "confirmed_least": min((row["confirmed"] for row in rows), default=None),
    }


def main() -> None:
    """Run what is asked for and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--swarms", type=int, default=0, metavar="N", help="worlds under faults")
    parser.add_argument("--lies", type=int, default=0, metavar="N", help="worlds a way of lying")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.speed:
        found["worlds"] = speed()
    if options.swarms:
        found["swarms"] = faulted(options.swarms)
    if options.lies:
        found["lies"] = lies(options.lies)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
