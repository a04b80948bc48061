"""The small world with a bug planted in it, for the tests of the checks."""

from __future__ import annotations

from collections.abc import Callable

from commonwatch.centre.core import Centre
from commonwatch.identity import NationId
from commonwatch.world.checks import breaches_of
from commonwatch.world.history import History
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small

SEED = 11
LEVELS = ("nothing", "launch-reports", "tracks", "detections")
NORTH, SOUTH, JOINT = NationId("north"), NationId("south"), NationId("joint")

CUT = """
[[faults]]
kind = "cut"
at_s = 90.0
until_s = 200.0
"""
NORTH_AHEAD = """
[[faults]]
kind = "clock offset"
at_s = 0.0
until_s = 300.0
centre = "north"
amount = 8.0
"""
REPEATING = """
[[faults]]
kind = "repeat"
at_s = 0.0
until_s = 300.0
amount = 0.9
"""


def world(
    more: str = "", *, level: str = "tracks", make_centre: Callable[..., Centre] = Centre
) -> History:
    text = small(more)
    order = WorldOrder(scenario=loaded(text), laydown="all", level=level, seed=SEED)
    return run_world(order, common=common_to(text, SEED), make_centre=make_centre)


def broken(history: History) -> set[str]:
    return {breach.invariant for breach in breaches_of(history)}
