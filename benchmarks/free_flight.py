"""Free flight against peers and the floor: to the ground, in samples, with drag."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks import floors, orekit_peer, scipy_peer
from benchmarks.arcs import aligned, starts
from benchmarks.stopwatch import figures, race
from commonwatch.earth.gravity import Gravity
from commonwatch.flight.dynamics_kernel import BLOCK, LANES
from commonwatch.flight.propagation import free_flight, sample_in_blocks

F64 = npt.NDArray[np.float64]
Fly = Callable[[F64], F64]
Rows = list[dict[str, Any]]

FLIGHTS: Final = 19_968
"""Twenty thousand, as whole blocks of lanes."""
SAMPLES: Final = 81
INTERVAL_S: Final = 10.0
BALLISTIC_COEFFICIENT_KG_M2: Final = 1_000.0
HEYOKA: Final = "heyoka, batch of 8, 1e-6"
SCIPY: Final = "SciPy solve_ivp, DOP853, 1e-9"


def ours(tolerance_m: float, *, seeks_apogee: bool = False) -> Fly:
    """Return what flies by Commonwatch's public function."""

    def fly(states: F64) -> F64:
        flown = free_flight(states, tolerance_m=tolerance_m, seeks_apogee=seeks_apogee)
        return flown.state_vector

    return fly


def peers() -> tuple[dict[str, tuple[Fly, int]], dict[str, str]]:
    """Return peers with the flights each is given, and why those that are missing do not run."""
    flying: dict[str, tuple[Fly, int]] = {
        SCIPY: (lambda states: scipy_peer.fly(states, tolerance=1e-9), 96)
    }
    missing = {}
    try:
        from benchmarks.heyoka_peer import BatchFlights, ScalarFlights

        flying[HEYOKA] = (BatchFlights(1e-6).fly, FLIGHTS)
        flying[f"{HEYOKA}, until the first of the 8 is down"] = (
            BatchFlights(1e-6).fly_first,
            FLIGHTS,
        )
        flying["heyoka, batch of 8, 1e-9"] = (BatchFlights(1e-9).fly, FLIGHTS)
        flying["heyoka, one at a time, 1e-9"] = (ScalarFlights(1e-9).fly, 4_992)
    except ImportError as reason:
        missing["heyoka"] = f"not installed ({reason})"
    try:
        flying["Orekit, Java, DormandPrince853, 1 cm"] = (orekit_peer.start(1e-2), 1_984)
    except orekit_peer.MissingPeerError as reason:
        missing["Orekit"] = str(reason)
    return flying, missing


def truth(states: F64) -> F64:
    """Return the state vectors on the ground to far below a millimetre."""
    try:
        from benchmarks.heyoka_peer import exact

        return exact(states)
    except ImportError:
        return free_flight(states, tolerance_m=1e-7).state_vector


def to_ground(*, flights: int = FLIGHTS, repeats: int = 9) -> dict[str, Any]:
    """Race to the ground, and the error of each at impact."""
    states = starts(flights)
    right = truth(states)
    flying, missing = peers()
    for tolerance_m in (1.0, 1e-2):
        for seeks in (False, True):
            name = f"Commonwatch, {tolerance_m:g} m" + (", and apogee" if seeks else "")
            flying[name] = (ours(tolerance_m, seeks_apogee=seeks), flights)
    given = {name: states[: min(count, flights)] for name, (_, count) in flying.items()}
    works = {name: partial(fly, given[name]) for name, (fly, _) in flying.items()}
    for name, work in works.items():  # Java compiles what it has run often enough
        for _ in range(4 if name.startswith("Orekit") else 0):
            work()
    rows: Rows = []
    for name, seconds in race(works, repeats=repeats).items():
        count = len(given[name])
        flown = flying[name][0](given[name])
        miss = np.linalg.norm(flown[:, :3] - right[:count, :3], axis=1)
        # "Until the first is down" leaves the others in the air: no error to speak of.
        error = None if "until" in name else float(miss.max())
        rate = count / min(seconds)
        rows.append({"name": name, **figures(seconds), "flights_per_s": rate, "error_m": error})
    return {"rows": sorted(rows, key=lambda row: -row["flights_per_s"]), "missing": missing}


def samples(*, flights: int = FLIGHTS, repeats: int = 25) -> dict[str, Any]:
    """Race to dense samples, each 10 s, into an array that is used again."""
    states = starts(flights)
    out = aligned((flights // LANES, SAMPLES, BLOCK))
    wide = np.empty((SAMPLES, 6, flights))
    zero = np.zeros(flights)
    works: dict[str, Callable[[], Any]] = floors.sampling(
        states, out, count=SAMPLES, interval_s=INTERVAL_S
    )
    works["Commonwatch"] = lambda: sample_in_blocks(
        states, zero, interval_s=INTERVAL_S, count=SAMPLES, gravity=Gravity.J2, out=out
    )
    seconds = race(works, repeats=repeats)
    seconds |= race(
        {"NumPy": lambda: scipy_peer.sample(states, wide, interval_s=INTERVAL_S)}, repeats=3
    )
    return {"rows": [{"name": name, **figures(taken)} for name, taken in seconds.items()]}


def with_drag(*, flights: int = 1_024, repeats: int = 5) -> dict[str, Any]:
    """Race to the ground through the air; the error against a tolerance of 1e-6 m."""
    states = starts(flights)

    def fly(tolerance_m: float) -> F64:
        return free_flight(
            states,
            ballistic_coefficient_kg_m2=BALLISTIC_COEFFICIENT_KG_M2,
            tolerance_m=tolerance_m,
            seeks_apogee=False,
        ).state_vector

    right = fly(1e-6)
    works = {f"Commonwatch, {t:g} m": partial(fly, t) for t in (1.0, 1e-1, 1e-2)}
    rows: Rows = []
    for name, seconds in race(works, repeats=repeats).items():
        miss = np.linalg.norm(works[name]()[:, :3] - right[:, :3], axis=1)
        rate = flights / min(seconds)
        rows.append(
            {"name": name, **figures(seconds), "flights_per_s": rate, "error_m": float(miss.max())}
        )
    return {"rows": rows}
