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
from multiprocessing import get_context
from typing import Any, Final

from benchmarks.liars import is_amiss, lying, summed
from commonwatch.scenario.load import load_scenario
from commonwatch.world.checks import breaches_of
from commonwatch.world.liars import LIES
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world

MAIN: Final = ("iran-2009", "all", "tracks")
BUNDLED_EACH: Final = 25
"""So many swarms in small worlds for one in a bundled scenario, which takes some times as long."""


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
        "rows": [
            {
                "name": name,
                "count": sum(row["name"] == name for row in rows),
                "broken": sum(row["name"] == name for row in broken),
            }
            for name in ("small worlds", "bundled scenarios")
        ],
        "broken": broken,
    }


def lies(count: int, *, seed: int) -> dict[str, Any]:
    """Let one of four nations lie in each of eight ways, in ``count`` worlds each."""
    found = [row for rows in _spread(lying, count, seed) for row in rows]
    return {
        "rows": [summed(way, found) for way in LIES],
        "amiss": [r for r in found if is_amiss(r)],
    }


def _order(
    scenario: Any, laydown: str, level: str, seed: int, faults_seed: int | None = None
) -> Any:
    return WorldOrder(
        scenario=scenario, laydown=laydown, level=level, seed=seed, faults_seed=faults_seed
    )


def _spread(work: Any, count: int, seed: int = 0) -> Iterator[list[dict[str, Any]]]:
    """Share seeds from one on out to a process a core, each with every n-th."""
    processes = os.cpu_count() or 1
    parts = [(seed + first, seed + count, processes) for first in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, parts)


def _swarms(part: tuple[int, int, int]) -> list[dict[str, Any]]:
    from tests.world.swarms import flown, in_bundled_scenario, in_small_world

    rows = []
    for faults_seed in range(part[0], part[1], part[2]):
        chosen = [("small worlds", in_small_world(faults_seed))]
        if faults_seed % BUNDLED_EACH == 0:
            # In turn, whatever the count of processes.
            chosen.append(("bundled scenarios", in_bundled_scenario(faults_seed // BUNDLED_EACH)))
        for name, swarm in chosen:
            try:
                breaches = [str(each) for each in breaches_of(flown(swarm))]
            except Exception as error:
                breaches = [f"{type(error).__name__}: {error}"]
            rows.append({"name": name, "swarm": str(swarm), "breaches": breaches})
    return rows


def main() -> None:
    """Run what is asked for and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--swarms", type=int, default=0, metavar="N", help="worlds under faults")
    parser.add_argument("--lies", type=int, default=0, metavar="N", help="worlds a way of lying")
    parser.add_argument("--seed", type=int, default=4, help="of the first world of lies")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.speed:
        found["worlds"] = speed()
    if options.swarms:
        found["swarms"] = faulted(options.swarms)
    if options.lies:
        found["lies"] = lies(options.lies, seed=options.seed)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
