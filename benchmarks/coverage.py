"""Coverage against NumPy and the floor: 5,000 paths, 80 samples, 20 radars of one face."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks import floors
from benchmarks.arcs import aligned, radars, starts
from benchmarks.stopwatch import figures, race
from commonwatch.flight.propagation import sample
from commonwatch.sensing import visibility_kernel as column
from commonwatch.sensing.envelope import envelope_rows
from commonwatch.sensing.visibility_kernel import sweep

F64 = npt.NDArray[np.float64]
Seen = npt.NDArray[np.uint8]

PATHS: Final = 5_000
SAMPLES: Final = 80
SENSORS: Final = 20


def task(paths: int, sensors: int) -> tuple[F64, F64, F64, F64]:
    """Return x, y, z (paths, samples), and the envelopes (sensors, columns)."""
    position = sample(starts(paths), interval_s=10.0, count=SAMPLES)[:, :, :3]
    coordinates = [aligned((paths, SAMPLES)) for _ in range(3)]
    for axis, coordinate in enumerate(coordinates):
        coordinate[:] = position[:, :, axis]
    envelopes = np.concatenate([envelope_rows(radar) for radar in radars(sensors)])
    return coordinates[0], coordinates[1], coordinates[2], envelopes


def sweep_numpy(x: F64, y: F64, z: F64, envelopes: F64, seen: Seen) -> None:
    """Do the same with whole arrays and, as most would write it, angles."""
    position = np.stack([x, y, z], axis=-1)
    for row, envelope in enumerate(envelopes):
        offset = position - envelope[:3]
        past = offset @ envelope[column.EDGE_MIN : column.EDGE_MIN + 3] >= -1e-3
        before = offset @ envelope[column.EDGE_MAX : column.EDGE_MAX + 3] >= -1e-3
        length = np.linalg.norm(offset, axis=-1)
        height = offset @ envelope[column.UP : column.UP + 3]
        level = np.sqrt(length**2 - height**2)
        low = np.arctan2(height - envelope[column.APEX_MIN], level)
        high = np.arctan2(height - envelope[column.APEX_MAX], level)
        inside = (past | before) if envelope[column.IS_WIDE] else (past & before)
        inside &= low >= np.arctan(envelope[column.SLOPE_MIN])
        inside &= high <= np.arctan(envelope[column.SLOPE_MAX])
        inside &= (length >= envelope[column.RANGE_MIN]) & (length <= envelope[column.RANGE_MAX])
        seen[row] = inside


def sweeps(*, paths: int = PATHS, sensors: int = SENSORS, repeats: int = 25) -> dict[str, Any]:
    """Race through the tests; says too how many answers differ."""
    x, y, z, envelopes = task(paths, sensors)
    shape = (sensors, paths, SAMPLES)
    answers: dict[str, Seen] = {}

    def into(name: str) -> Seen:
        if name not in answers:
            rows = aligned((sensors, -(-paths * SAMPLES // 8)))
            answers[name] = rows.view(np.uint8)[:, : paths * SAMPLES].reshape(shape)
        return answers[name]

    works: dict[str, Callable[[], Any]] = floors.sweeping(x, y, z, envelopes, into("C"))
    works["Commonwatch"] = lambda: sweep(x, y, z, envelopes, into("Commonwatch"))
    seconds = race(works, repeats=repeats)
    seconds |= race({"NumPy": lambda: sweep_numpy(x, y, z, envelopes, into("NumPy"))}, repeats=3)
    tests = float(np.prod(shape))
    rows = [
        {"name": name, **figures(taken), "tests_per_s": tests / min(taken)}
        for name, taken in seconds.items()
    ]
    differ = {
        name: int((seen != answers["Commonwatch"]).sum())
        for name, seen in answers.items()
        if name != "Commonwatch" and (name != "C" or len(works) > 1)
    }
    return {"rows": rows, "tests": int(tests), "differ": differ}
