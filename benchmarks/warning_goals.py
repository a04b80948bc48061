"""What launch and impact points are asked for, and how the page of results shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from benchmarks.tracking_goals import Column, Goal

_HELD_RATIO: Final = (0.90, 0.99)
_AREA_RATIO_MAX: Final = 1.5
_OBJECTS_MIN: Final = 200

HEADS: Final = {
    "warning": (
        "Warning",
        "Missiles in vacuum of plain tracking workloads (two seeds), tracked by all three radars "
        "as `commonwatch track` does and judged as `commonwatch warn --launch-model vacuum` does, "
        "each once: share of the true launch and impact points inside the stated 95 % ellipse, "
        "with its exact binomial interval; the median area over that of the posterior Cramer-Rao "
        "bound (every look's expected information until then, at the truth), and the median of "
        "each one's ratio. The bound knows that the radars have no constant errors; the tracker "
        "does not, and estimates them: with few objects in view its areas are larger for it. "
        "Errors squared are over what was stated, a dimension (1 is honest).",
    ),
}


def _percent(value: float) -> str:
    return f"{100.0 * value:.1f} %"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _square_kilometres(area_m2: float) -> str:
    return f"{1e-6 * area_m2:.2g}"


COLUMNS: Final[tuple[Column, ...]] = (
    ("flown", "flown", str),
    ("judged", "judged", str),
    ("held_ratio", "inside the ellipse", _percent),
    ("held_low_ratio", "from", _percent),
    ("held_high_ratio", "to", _percent),
    ("area_m2", "median area, km2", _square_kilometres),
    ("area_ratio", "over the bound's", _two),
    ("each_area_ratio", "median of each over its bound", _two),
    ("mean_outness", "error squared in place", _two),
    ("time_nees", "in time", _two),
)


def goals(sections: Mapping[str, Any]) -> list[Goal]:
    """Return each goal, what was measured, and whether it is met."""
    low, high = _HELD_RATIO
    found: list[Goal] = []
    for row in sections.get("warning", {"rows": []})["rows"]:
        goal = f"{row['name']}: inside the 95 % ellipse {100 * low:g} to {100 * high:g} % of at "
        goal += f"least {_OBJECTS_MIN}, median area at most {_AREA_RATIO_MAX:g} times the bound's"
        took = f"{_percent(row['held_ratio'])} of {row['judged']}, {row['area_ratio']:.2f} times"
        is_met = low <= row["held_ratio"] <= high and row["judged"] >= _OBJECTS_MIN
        is_met &= max(row["area_ratio"], row["each_area_ratio"]) <= _AREA_RATIO_MAX
        found.append((goal, took, bool(is_met)))
    return found
