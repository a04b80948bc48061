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
        "invariant is checked in each; *broken* counts worlds with any breach. Worlds of the "
        "bundled scenarios, in turn, each with a seed of its own, stand in a row of their own.",
    ),
    "lies": (
        "One of four nations lies",
        "Worlds of `liar`: one of four nations alters its own reports on tracks in one of eight "
        "ways. Each is run with the lie and without, and from the two, and from the truth, "
        "comes when a perfect test would be sure to five standard deviations; where it never "
        "would, the world is not judged ([definition](explanation/fusion.md)). Named: by the "
        "joint centre, within 30 s from there, of those that are judged; the time to naming is "
        "counted from there too. Honest: worlds in which another nation was named. Alone: "
        "alerts that the joint centre confirmed where nothing flies, or, once the lie had begun, "
        "by the liar's word alone; *confirmed, single kind* is confirmed. Taken away: flights that "
        "it confirms without the lie and not with it. In brackets exact intervals of 95 %. How "
        "far the rest are off while one lies is measured under Fusion.",
    ),
}


def _one(value: float) -> str:
    return f"{value:,.1f}"


def _counted(value: Mapping[str, float]) -> str:
    return f"{value['count']:.0f} ({value['low']:.1f} to {value['high']:.1f})"


COLUMNS: Final[tuple[Column, ...]] = (
    ("span_s", "world, s", _one),
    ("times_real", "times real time", _one),
    ("count", "how many", str),
    ("broken", "broken", str),
    ("not_judged_said", "not judged, and said so", str),
    ("named_in_time", "named within 30 s", _counted),
    ("median_s", "median, s", _one),
    ("most_s", "95 % within, s", _one),
    ("honest_named", "honest named", _counted),
    ("confirmed_alone", "confirmed alone", str),
    ("suppressed", "taken away", str),
)


def goals(sections: Mapping[str, Any]) -> list[Goal]:
    """Return each goal, what was measured, and whether it is met."""
    found: list[Goal] = []
    for row in sections.get("worlds", {"rows": []})["rows"][:1]:
        goal = f"one world of iran-2009: at least {_REAL_TIME_MIN:g} times real time on one core"
        rate = row["times_real"]
        found.append((goal, f"{rate:,.0f} times", rate >= _REAL_TIME_MIN))
    for row in sections.get("swarms", {"rows": []})["rows"]:
        is_small = row["name"] != "bundled scenarios"
        goal = (
            f"at least {_WORLDS_MIN:,} worlds under faults, none broken"
            if is_small
            else "worlds of the bundled scenarios under faults: none broken"
        )
        said = f"{row['broken']} of {row['count']:,}"
        is_met = row["count"] >= (_WORLDS_MIN if is_small else 1) and row["broken"] == 0
        found.append((goal, said, is_met))
    for row in sections.get("lies", {"rows": []})["rows"]:
        named, honest = (row[key]["count"] for key in ("named_in_time", "honest_named"))
        goal = (
            f"one lies ({row['name']}): named within 30 s in {_NAMED_MIN:.0%} of those judged, an "
            f"honest one in at most {_HONEST_MAX:.0%}, nothing confirmed by it alone or taken away"
        )
        said = f"{named} of {row['judged']}, {honest} of {row['count']}"
        said += f", {row['confirmed_alone']}, {row['suppressed']}"
        is_met = (
            row["judged"] > 0
            and named >= _NAMED_MIN * row["judged"]
            and honest <= _HONEST_MAX * row["count"]
            and row["confirmed_alone"] == row["suppressed"] == 0
        )
        found.append((goal, said, is_met))
    return found
