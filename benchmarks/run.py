"""Run every benchmark once, print the ratios, and write the page and the figures."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks import (
    commands,
    coverage,
    free_flight,
    fusion,
    many_tracks,
    page,
    tracking,
    warning,
    worlds,
)

FORMAT: Final = 1
_ROOT: Final = Path(__file__).parents[1]
_PAGE: Final = _ROOT / "docs" / "benchmarks.md"
_FIGURES: Final = _ROOT / "benchmarks" / "results.json"

SECTIONS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "to_ground": free_flight.to_ground,
    "samples": free_flight.samples,
    "with_drag": free_flight.with_drag,
    "coverage": coverage.sweeps,
    "tracking": tracking.tracking,
    "long_and_many": many_tracks.long_and_many,
    "warning": warning.warning,
    "fusion": fusion.exchanging,
    "worlds": worlds.speed,
    "start_up": commands.start_up,
    "jobs": commands.jobs,
}


def machine() -> str:
    """Say what kind of machine this is, without its name."""
    model = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        names = [line for line in listed.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def versions() -> dict[str, str]:
    """Return the versions of what was measured; peers that are not installed are left out."""
    found = {"Python": platform.python_version()}
    for name in ("numba", "numpy", "scipy", "heyoka", "orekit-jpype", "stonesoup"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    compiler = shutil.which("cc")
    if compiler is not None:
        said = subprocess.run(
            [compiler, "-dumpversion"], check=False, capture_output=True, text=True
        )
        found["cc"] = said.stdout.strip()
    return found


def _earlier(measured: Collection[str]) -> dict[str, Any]:
    """Return sections of the last results but those that are measured now."""
    if not _FIGURES.exists():
        return {}
    earlier = json.loads(_FIGURES.read_text("utf-8"))
    plain = {"format", "date", "machine", "versions", *measured}
    return {
        name: {"date": earlier["date"], **found}
        for name, found in earlier.items()
        if name not in plain
    }


def main() -> None:
    """Measure, print, and write where everything was measured."""
    parser = argparse.ArgumentParser(description="Measure Commonwatch against peers and floors.")
    parser.add_argument("--date", required=True, help="day of the measurement, YYYY-MM-DD")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), help="print, write nothing")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="with --only: write the page, the other sections as they were",
    )
    parser.add_argument(
        "--add", nargs="+", type=Path, default=[], help="sections that benchmarks.worlds printed"
    )
    options = parser.parse_args()
    results: dict[str, Any] = {
        "format": FORMAT,
        "date": options.date,
        "machine": machine(),
        "versions": versions(),
    }
    results |= _earlier(() if options.only and options.keep else SECTIONS)
    for name in options.only or SECTIONS:
        print(f"measuring: {name.replace('_', ' ')}", flush=True)
        results[name] = {"date": options.date, **SECTIONS[name]()}
    for path in options.add:
        for name, found in json.loads(path.read_text("utf-8")).items():
            results[name] = {"date": options.date, **found}
    written = page.text(results)
    print(written)
    if options.keep or not options.only:
        _PAGE.write_text(written, "utf-8")
        _FIGURES.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        print(f"Written: {_PAGE.relative_to(_ROOT)}, {_FIGURES.relative_to(_ROOT)}")


if __name__ == "__main__":
    main()
