"""Worlds that swarms of faults are flown in: small ones, and those of the bundled scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commonwatch.scenario.load import load_scenario
from commonwatch.world.history import History
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small

SMALL = "small-"
"""Before the count of nations: the small world of so many."""
SMALL_SEED = 11
LEVELS = ("tracks", "launch-reports", "detections")
BUNDLED = (
    "iran-2009",
    "norad-1979",
    "norad-1980",
    "oko-1983",
    "norway-1995",
    "liar",
)
REMEMBERED = Path(__file__).parents[1] / "seeds.txt"


@dataclass(frozen=True, slots=True)
class Swarm:
    """A world and the swarm of faults in it; ``faults_seed`` None: none but those planned."""

    scenario: str
    level: str
    seed: int
    faults_seed: int | None

    def __str__(self) -> str:
        faults = "-" if self.faults_seed is None else self.faults_seed
        return f"{self.scenario} {self.level} {self.seed} {faults}"


def in_small_world(faults_seed: int) -> Swarm:
    """Return the swarm of a seed in a small world, every tenth of four nations."""
    nations = 4 if faults_seed % 10 == 0 else 2
    level = LEVELS[faults_seed % len(LEVELS)]
    return Swarm(f"{SMALL}{nations}", level, SMALL_SEED, faults_seed)


def in_bundled_scenario(faults_seed: int) -> Swarm:
    """Return the swarm of a seed in one of the bundled scenarios, in turn, of the same seed."""
    turn, place = divmod(faults_seed, len(BUNDLED))
    level = LEVELS[(turn + place) % len(LEVELS)]
    return Swarm(BUNDLED[place], level, faults_seed, faults_seed)


def remembered() -> list[Swarm]:
    """Return the swarms that ever found a bug."""
    lines = REMEMBERED.read_text("utf-8").splitlines()
    cases = [line.split(":")[0].split() for line in lines if line and not line.startswith("#")]
    return [
        Swarm(scenario, level, int(seed), None if faults == "-" else int(faults))
        for scenario, level, seed, faults in cases
    ]


def flown(swarm: Swarm) -> History:
    """Run the world of a swarm, with all sensors."""
    if swarm.scenario.startswith(SMALL):
        text = small(nations=int(swarm.scenario.removeprefix(SMALL)))
        scenario, common = loaded(text), common_to(text, swarm.seed)
    else:
        scenario = load_scenario(swarm.scenario)
        common = Common.of(scenario, seed=swarm.seed)
    order = WorldOrder(
        scenario=scenario,
        laydown=scenario.value_laydown,
        level=swarm.level,
        seed=swarm.seed,
        faults_seed=swarm.faults_seed,
    )
    return run_world(order, common=common)
