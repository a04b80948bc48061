"""docs/answer.md: written from a run of at least twenty seeds of the scenario as it stands."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from typing import Any

from commonwatch.scenario import catalogue

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "answer.md"
SEEDS_MIN = 20


def script() -> Any:
    spec = importlib.util.spec_from_file_location("answer", ROOT / "scripts" / "answer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def spread(middle: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    ends = {"median_low": low, "median_high": high}
    return {"median": middle, **ends, "count": 4, "among": 5}


def count(number: int, low: float, high: float, among: int) -> dict[str, Any]:
    return {"count": number, "low": low, "high": high, "among": among}


def test_a_summary_is_written_figure_by_figure() -> None:
    figures = {
        "laydown": "both",
        "level": "tracks",
        "centre": "east",
        "impact_area_s": spread(300.0, 290.0, None),
        "warning_left_s": spread(1204.4, 1100.0, None),
        "confirmed_s": spread(None, None, None),
        "alert_count": 7,
        "false_alerts": count(2, 0.3, 5.1, 7),
        "false_confirmed_alerts": count(0, 0.0, 2.9, 7),
    }
    summary = {
        "title": "A title",
        "question": "What?",
        "scenario": "some",
        "scenario_sha256": "ab",
        "commonwatch_version": "1.2.3",
        "laydowns": [{"laydown": "both", "title": "Both"}],
        "sharing": {
            "seeds": [4, 5],
            "flights": "5 flights in 2 seeds",
            "points": [{"letter": "A", "heading": "Bought", "sentences": ["One.", "Two."]}],
            "levels": [{"level": "tracks", "title": "tracks"}],
            "centres": [{"centre": "east", "title": "east wing"}],
            "figures": [figures],
        },
    }
    page = script().written(summary)
    assert "commonwatch run some --seeds 2" in page
    assert "## Bought\n\n- One.\n- Two.\n" in page
    assert "## East wing, all figures" in page
    assert "| Both | 1,204 [1,100, never]; 4 of 5 |" in page
    assert "| Both | never on half (4 of 5); false 2 of 7 [0, 6], confirmed 0 of 7 [0, 3] |" in page


def test_the_page_is_of_the_scenario_as_it_stands_and_of_enough_seeds() -> None:
    page = PAGE.read_text("utf-8")
    ran = re.search(r"`commonwatch run ([a-z0-9-]+) --seeds (\d+)`", page)
    assert ran is not None
    content = catalogue.scenario_path(ran[1]).read_bytes()
    assert f"scenario SHA-256 `{hashlib.sha256(content).hexdigest()}`" in page, (
        "run scripts/answer.py anew"
    )
    assert int(ran[2]) >= SEEDS_MIN
