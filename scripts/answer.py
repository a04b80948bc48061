"""Write docs/answer.md from the summary of a run: what sharing buys, with its intervals.

Usage: commonwatch run iran-2009 --seeds 20 --out answer
       .venv/bin/python scripts/answer.py answer/summary.json
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "answer.md"

Figures = dict[str, Any]


def written(summary: dict[str, Any]) -> str:
    """Return the page of a summary."""
    sharing = summary["sharing"]
    seeds = sharing["seeds"]
    command = f"commonwatch run {summary['scenario']} --seeds {len(seeds)}"
    head = [
        f"# {summary['title']}",
        "",
        f"*{summary['question']}*",
        "",
        f"Written by `scripts/answer.py` from `summary.json` of `{command}`; no figure is typed "
        f"in. {sharing['flights']} that count ({seeds[0]} to {seeds[-1]}), Commonwatch "
        f"{summary['commonwatch_version']}, scenario SHA-256 `{summary['scenario_sha256']}`.",
        "",
        "A median stands with its exact 95 % interval, a count with its exact binomial one, a mean "
        "with 1.96 standard errors. They hold chance alone: flights, detections, delays. What is "
        "assumed is moved apart, and stands in the report of the same command.",
        "",
    ]
    return "\n".join([*head, *_points(sharing), *_tables(summary), ""]) + "\n"


def _points(sharing: dict[str, Any]) -> Iterator[str]:
    for point in sharing["points"]:
        yield f"## {point['heading']}"
        yield ""
        yield from (f"- {sentence}" for sentence in point["sentences"])
        yield ""


def _tables(summary: dict[str, Any]) -> Iterator[str]:
    sharing = summary["sharing"]
    for centre in sharing["centres"]:
        yield f"## {centre['title'][:1].upper()}{centre['title'][1:]}, all figures"
        yield ""
        yield "Warning left when the impact area is known within 100 km, s; on how many flights."
        yield ""
        yield from _table(summary, centre["centre"], _warning)
        yield "Confirmed, s after launch; false alerts of all, and how many of them were confirmed."
        yield ""
        yield from _table(summary, centre["centre"], _alerts)


def _table(summary: dict[str, Any], centre: str, cell: Callable[[Figures], str]) -> Iterator[str]:
    levels = summary["sharing"]["levels"]
    found = {
        (each["laydown"], each["level"]): each
        for each in summary["sharing"]["figures"]
        if each["centre"] == centre
    }
    yield f"| laydown | {' | '.join(level['title'] for level in levels)} |"
    yield "|---" * (len(levels) + 1) + "|"
    for laydown in summary["laydowns"]:
        cells = [cell(found[laydown["laydown"], level["level"]]) for level in levels]
        yield f"| {laydown['title']} | {' | '.join(cells)} |"
    yield ""


def _warning(figures: Figures) -> str:
    known = figures["impact_area_s"]
    if not known["count"]:
        return f"never; 0 of {known['among']}"
    return f"{_median(figures['warning_left_s'])}; {known['count']} of {known['among']}"


def _alerts(figures: Figures) -> str:
    false, confirmed = figures["false_alerts"], figures["false_confirmed_alerts"]
    alerts = f"false {_count(false)}, confirmed {_count(confirmed)}"
    return f"{_median(figures['confirmed_s'])}; {alerts}" if figures["alert_count"] else "no alert"


def _median(spread: dict[str, Any]) -> str:
    middle, low, high = (spread[key] for key in ("median", "median_low", "median_high"))
    if middle is None:
        return f"never on half ({spread['count']} of {spread['among']})"
    ends = [f"{end:,.0f}" if end is not None else "never" for end in (low, high)]
    return f"{middle:,.0f} [{ends[0]}, {ends[1]}]"


def _count(count: dict[str, Any]) -> str:
    low, high = math.floor(count["low"] + 1e-9), math.ceil(count["high"] - 1e-9)
    return f"{count['count']} of {count['among']} [{low}, {high}]"


def main() -> None:
    """Write the page."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    PAGE.write_text(written(json.loads(Path(sys.argv[1]).read_text("utf-8"))), "utf-8")
    sys.stdout.write(f"{PAGE} is written.\n")


if __name__ == "__main__":
    main()
