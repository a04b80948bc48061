"""What tracking is asked for, and how the page of results shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Row = Mapping[str, Any]
Goal = tuple[str, str, bool]

NEAREST: Final = "nearest neighbour"
JOINT: Final = "joint probabilities"

_RATIO_MIN: Final = {(200, NEAREST): 130.0, (50, JOINT): 100.0}
_LATE_MAX_S: Final = 5e-3
_OSPA_MAX_M: Final = {
    ("plain", 10): 400.0,
    ("plain", 50): 500.0,
    ("plain", 200): 600.0,
    ("dense", 50): 900.0,
    ("bias", 50): 850.0,
    ("oosm", 50): 850.0,
    ("cluster", 60): 1_200.0,
}
_SWITCHES_MAX_CLUSTER: Final = 30
_FALSE_MAX_HARD: Final = 1
_BIAS_NEES_MAX: Final = 21.7
"""Chi-square of nine terms, 99 %."""
_GROWTH_MAX_MB: Final = 20.0

HEADS: Final = {
    "tracking": (
        "Tracking",
        "Three radars, a sweep of each every 2 s for 300 s; of each workload's name the "
        "number says how many objects, the word what is hard about it: 100 false plots a "
        "sweep and one close to each object (dense), constant errors on each radar (bias), "
        "late arrivals (oosm), missiles with four companions each (cluster). Commonwatch runs"
        " as `commonwatch track` does, registration included, all that it tells kept: the "
        "median of three runs. Stone Soup has its own tracker, extended filter and KD-tree, "
        "or loopy belief propagation; it runs once, as many frames as fit its time, and the ratio "
        "is over the same frames. Accuracy as `commonwatch score` says it, over the frames "
        "that were run.",
    ),
    "long_and_many": (
        "For long, and of many",
        "Growth of the memory of `commonwatch track`, tables written as it goes, from its first "
        "frame on: the most, and at the end. And 10,000 objects with all three radars looking at "
        "each once a second, registration included.",
    ),
}

Column = tuple[str, str, Callable[[Any], str]]
COLUMNS: Final[tuple[Column, ...]] = (
    ("frame_s", "CPU ms a frame", lambda value: f"{1e3 * value:,.2f}"),
    ("worst_frame_s", "longest frame, ms", lambda value: f"{1e3 * value:,.0f}"),
    ("frames", "frames", str),
    ("ratio", "times Commonwatch's", lambda value: f"{value:,.0f}"),
    ("ospa_m", "OSPA, m", lambda value: f"{value:,.0f}"),
    ("switches", "switches", str),
    ("switches_apart", "1 km apart", str),
    ("false_tracks", "false tracks", str),
    ("nees_per_dimension", "NEES a dimension", lambda value: f"{value:,.2f}"),
    ("delay_median_s", "delay to track, median, s", lambda value: f"{value:.0f}"),
    ("delay_95_s", "of 95 %, s", lambda value: f"{value:.0f}"),
    ("bias_nees", "NEES of the biases", lambda value: f"{value:.1f}"),
    ("recorded_s", "recorded, s", lambda value: f"{value:.0f}"),
    ("growth_mb", "most growth, MB", lambda value: f"{value:.1f}"),
    ("growth_end_mb", "at the end, MB", lambda value: f"{value:.1f}"),
    ("tracks", "tracks", lambda value: f"{value:,}"),
)


def goals(sections: Mapping[str, Any]) -> list[Goal]:
    """Return each goal, what was measured, and whether it is met."""
    found: list[Goal] = []
    for row in sections.get("tracking", {"rows": []})["rows"]:
        found += _speed_goals(row) if "ratio" in row else _own_goals(row)
    for row in sections.get("long_and_many", {"rows": []})["rows"]:
        found.append(_growth_goal(row) if "growth_mb" in row else _pace_goal(row))
    return found


def _speed_goals(row: Row) -> list[Goal]:
    least = _RATIO_MIN.get((row["count"], row["association"]))
    if least is None:
        return []
    goal = f"{row['name']}: at least {least:g} times Commonwatch's CPU a frame"
    took = f"{row['ratio']:,.0f} times, first {row['frames']} frames"
    return [(goal, took, row["ratio"] >= least)]


def _own_goals(row: Row) -> list[Goal]:
    kind, name = row["kind"], row["name"]
    ospa_max_m = _OSPA_MAX_M.get((kind, row["count"]))
    if ospa_max_m is None:
        return []
    is_cluster, is_plain = kind == "cluster", kind == "plain"
    false_max = 0 if is_plain else _FALSE_MAX_HARD
    switches_max = _SWITCHES_MAX_CLUSTER if is_cluster else 0
    goal = f"{name}: OSPA below {ospa_max_m:,.0f} m, at most {switches_max} switches"
    goal += ", none 1 km apart" if is_cluster else ""
    goal += f", at most {false_max} false tracks"
    apart = f" ({row['switches_apart']} 1 km apart)" if is_cluster else ""
    took = f"{row['ospa_m']:,.0f} m, {row['switches']}{apart}, {row['false_tracks']}"
    is_met = row["ospa_m"] < ospa_max_m and row["switches"] <= switches_max
    is_met &= row["false_tracks"] <= false_max and not (is_cluster and row["switches_apart"])
    found = [(goal, took, bool(is_met))]
    if "bias_nees" in row:
        goal = f"{name}: normalised error squared of the nine biases below {_BIAS_NEES_MAX:g}"
        found.append((goal, f"{row['bias_nees']:.1f}", row["bias_nees"] < _BIAS_NEES_MAX))
    if kind == "oosm":
        goal = f"{name}: at most {1e3 * _LATE_MAX_S:g} ms a frame"
        found.append((goal, f"{1e3 * row['frame_s']:.2f} ms", row["frame_s"] <= _LATE_MAX_S))
    return found


def _growth_goal(row: Row) -> Goal:
    goal = f"{row['name']}: memory grows by at most {_GROWTH_MAX_MB:g} MB"
    return goal, f"{row['growth_mb']:.1f} MB", row["growth_mb"] <= _GROWTH_MAX_MB


def _pace_goal(row: Row) -> Goal:
    """CPU counts: it is one thread, and others use the machine."""
    goal = f"{row['name']}: faster than real time"
    took = f"{row['cpu_s']:.1f} s of CPU, {row['wall_s']:.1f} s in all"
    return goal, took, row["cpu_s"] < row["recorded_s"]
