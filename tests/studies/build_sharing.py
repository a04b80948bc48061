"""A scenario of one flight, two nations and two levels of sharing, flown in a second or two."""

from __future__ import annotations

from pathlib import Path

from tests.cli.build import SCENARIO

WORLD = """
[delays]
sensor_s = 2.0
detections_s = 1.0
tracks_s = 4.0
messages_s = 1.0
launch_report_s = 60.0

[[sharing]]
name = "nothing"
title = "nothing"
policy = "nothing"

[[sharing]]
name = "tracks"
title = "tracks"
policy = "tracks"
"""


def small_text() -> str:
    """Return the scenario with the laydown of all sensors alone, all delays certain."""
    first = SCENARIO.index("[[laydowns]]")
    radars = SCENARIO.index("[[radars]]")
    laydown = '[[laydowns]]\nname = "all"\ntitle = "All"\nsensors = ["north", "guided"]\n'
    return SCENARIO[:first] + laydown + WORLD + SCENARIO[radars:]


def write_small(folder: Path) -> Path:
    """Write it as a file."""
    path = folder / "tiny.toml"
    path.write_text(small_text(), encoding="utf-8")
    return path
