"""Which flights fly in which world: rounds of blocks, so that all of them take their turn."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np

from commonwatch.scenario.description import Scenario
from commonwatch.scenario.flights import arc_name
from commonwatch.world.truth import ArcWanted, flights_wanted, fly

_COARSE_S = 30.0
"""Between samples, where only whether a flight is possible is asked."""


def flights_of_seed(scenario: Scenario, seed: int) -> tuple[ArcWanted, ...] | None:
    """Choose the flights of the world of a seed.

    Parameters
    ----------
    scenario
        The scenario; ``world.flights_per_seed`` of its flights fly in one world.
    seed
        ``scenario.seed`` is the first world, the next seed the next one.

    Returns
    -------
    flights
        In the scenario's order; None where everything flies, recorded paths as well.

    Notes
    -----
    With n possible flights and b blocks of at most ``flights_per_seed``, worlds 0 to b - 1 are the
    first round, the next b the second. In a round a random order of all flights, drawn anew for
    each round, is cut into blocks of equal size to within one: every flight flies once a round.
    """
    per_seed = scenario.world.flights_per_seed
    if _asked_for(scenario) <= per_seed or wanted_count(scenario) <= per_seed:
        return None
    possible = _possible(scenario)
    block_count = -(-len(possible) // per_seed)
    round_number, block = divmod(seed - scenario.seed, block_count)
    rng = np.random.default_rng([round_number % 2**63, zlib.crc32(b"flights of a round")])
    blocks = np.array_split(rng.permutation(len(possible)), block_count)
    return tuple(possible[k] for k in sorted(blocks[block].tolist()))


def wanted_count(scenario: Scenario) -> int:
    """Count the flights that a scenario asks for and that are possible, recorded ones included."""
    return len(_possible(scenario)) + len(scenario.recorded)


def flight_name(scenario: Scenario, flight: ArcWanted) -> str:
    """Return the name of a flight: its own, or that of its ends and its arc.

    Parameters
    ----------
    scenario
        Which flights have a name of their own.
    flight
        One that it asks for.
    """
    is_named = any(entry.name == flight.launch.name for entry in scenario.flights)
    if is_named or flight.aim_point is None:
        return flight.launch.name
    return arc_name(flight.launch.name, flight.aim_point.name, flight.arc)


def _asked_for(scenario: Scenario) -> int:
    return len(flights_wanted(scenario)) + len(scenario.recorded)


@lru_cache(maxsize=4)
def _possible(scenario: Scenario) -> tuple[ArcWanted, ...]:
    """Return the flights that can be flown; solved once, as each world of a scenario needs them."""
    refused = {flight for flight, _ in fly(scenario, interval_s=_COARSE_S).refused}
    return tuple(flight for flight in flights_wanted(scenario) if flight not in refused)
