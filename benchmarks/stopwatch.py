"""CPU time of rivals that do the same work, in turns: a busy machine is then fair to all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

Work = Callable[[], object]


def race(rivals: Mapping[str, Work], *, repeats: int) -> dict[str, list[float]]:
    """Run each rival once untimed, then all in turns; CPU seconds of this process, all threads."""
    for work in rivals.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, work in rivals.items():
            before = time.process_time()
            work()
            seconds[name].append(time.process_time() - before)
    return seconds


def figures(seconds: list[float]) -> dict[str, float]:
    """Return the least of several repeats, and by how much their median exceeds it."""
    best = min(seconds)
    return {"cpu_s": best, "noise_ratio": float(np.median(seconds)) / best - 1.0}
