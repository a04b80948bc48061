"""What whole worlds are asked for, and how the page of results shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from benchmarks.tracking_goals import Column, Goal

_REAL_TIME_MIN: Final = 300.0
_WORLDS_MIN: Final = 1_000
_NAMED_MIN: Final = 0.95
_HONEST_MAX: Final = 0.01

HEADS: Final = {
    "worlds": (
        "Worlds",
        "One world of `iran-2009`, all sensors, sharing tracks, on one core: truth, detections, "
        "tracking, sharing, the joint centre. What worlds of one seed have in common is computed "
        "by the first of them.",
    ),
    "swarms": (
        "Worlds under faults",
        "Small worlds of two nations (every tenth: of four), at one of three levels of sharing in "
        "turn, each under a swarm of faults of its own: links cut, slow, losing, repeating, "
        "reordering, garbling; clocks off; centres that crash, some of which forget. Every "
        "invariant is checked in each; *broken* counts worlds with any breach.",
    ),
    "lies": (
        "One of four nations lies",
        "Worlds of `liar`: one of four nations alters its own reports on tracks in one of eight "
        "ways. Named: by the joint centre, within 30 s from the first lie on; honest: worlds in "
        "which another nation was named; alone: alerts of the joint centre confirmed by the "
        "liar's word alone, of which there must be none; fewest: confirmed alerts in the world "
        "that has fewest, of four flights.",
    ),
}


def _one(value: float) -> str:
    return f"{value:,.1f}"


COLUMNS: Final[tuple[Column, ...]] = (
    ("span_s", "world, s", _one),
    ("times_real", "times real time", _one),
    ("count", "worlds", str),
    ("broken", "broken", str),
    ("named", "named", str),
    ("named_in_time", "within 30 s", str),
    ("median_s", "median, s", _one),
    ("honest_named", "honest named", str),
    ("confirmed_alone", "confirmed alone", str),
    ("confirmed_least", "fewest confirmed", str),
)


def goals(sections: Mapping[str, Any]) -> list[Goal]:
    """Return each goal, what was measured, and whether it is met."""
    found: list[Goal] = []
    for row in sections.get("worlds", {"rows": []})["rows"][:1]:
        goal = f"one world of iran-2009: at least {_REAL_TIME_MIN:g} times real time on one core"
        rate = row["times_real"]
        found.append((goal, f"{rate:,.0f} times", rate >= _REAL_TIME_MIN))
    for row in sections.get("swarms", {"rows": []})["rows"]:
        goal = f"at least {_WORLDS_MIN:,} worlds under faults, none broken"
        said = f"{row['broken']} of {row['count']:,}"
        found.append((goal, said, row["count"] >= _WORLDS_MIN and row["broken"] == 0))
    for row in sections.get("lies", {"rows": []})["rows"]:
        goal = (
            f"one lies ({row['name']}): named within 30 s in {_NAMED_MIN:.0%}, an honest one in at "
            f"most {_HONEST_MAX:.0%}, nothing confirmed by it alone"
        )
        counts = (row[key] for key in ("named_in_time", "honest_named", "confirmed_alone"))
        said = "{} of {count}, {}, {}".format(*counts, count=row["count"])
        is_met = (
            row["named_in_time"] >= _NAMED_MIN * row["count"]
            and row["honest_named"] <= _HONEST_MAX * row["count"]
            and row["confirmed_alone"] == 0
        )
        found.append((goal, said, is_met))
    return found
