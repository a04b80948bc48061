"""Tracking for long, and of many: growth of memory, and ten thousand objects in real time.

    python -m benchmarks.many_tracks growth DETECTIONS.parquet SENSORS.toml
    python -m benchmarks.many_tracks pace DETECTIONS.parquet SENSORS.toml

measure one of the two in a process of its own, and print JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import workload
from benchmarks.tracking import SEED
from commonwatch.fusion.recording import track_recorded
from commonwatch.scenario.load import read_sensors
from commonwatch.sensing.detection import read_detections
from commonwatch.tracking.estimate import Status
from commonwatch.tracking.settings import Settings

ROOT: Final = Path(__file__).parents[1]
MANY: Final = 10_000
MANY_S: Final = 20.0
SWEEP_S: Final = 1.0
FIRST_FRAMES: Final = 3
"""Of a recording, tracked first so that everything is compiled."""


def long_and_many() -> dict[str, Any]:
    """Measure both."""
    rows = []
    with TemporaryDirectory() as spare:
        folder = Path(spare)
        long = workload.Order(kind="plain", count=200, seed=SEED)
        many = workload.Order(
            kind="plain",
            count=MANY,
            seed=SEED,
            duration_s=MANY_S,
            sweep_s=SWEEP_S,
            is_seen_by_all=True,
        )
        for order, what, name in (
            (long, "growth", "200 objects, 300 s"),
            (many, "pace", f"{MANY:,} objects, each by 3 radars every second, {MANY_S:g} s"),
        ):
            workload.made(order).write(folder)
            files = (
                folder / f"{order.name}_detections.parquet",
                folder / f"{order.name}_sensors.toml",
            )
            rows.append({"name": name, **_apart(what, *files)})
    return {"rows": rows}


def _apart(what: str, detections: Path, sensors: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.many_tracks", what, str(detections), str(sensors)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def growth(detections: Path, sensors: Path) -> dict[str, Any]:
    """Growth of memory from the tracker's first frame on, tracks and dispositions written."""
    from commonwatch.cli.recording import Job, track_table

    with TemporaryDirectory() as spare:
        folder = Path(spare)
        first = folder / "first.parquet"
        table = pq.read_table(detections)
        pq.write_table(_first_frames(table), first)
        del table
        held: list[float] = []
        for source, report in ((first, lambda *_: None), (detections, _watching(held))):
            job = Job(
                detections=source,
                sensors=sensors,
                out=folder / "tracks.parquet",
                dispositions=folder / "dispositions.parquet",
                smoothed=None,
                biases=None,
                settings=Settings(),
                has_registration=True,
            )
            tally = track_table(job, report)
    return {
        "growth_mb": max(held) - held[0],
        "growth_end_mb": held[-1] - held[0],
        "tracks": len(tally.confirmed),
    }


def _watching(held: list[float]) -> Any:
    def watch(stage: str, _: float) -> None:
        if stage == "tracking":
            held.append(_resident_mb())

    return watch


def _first_frames(table: pa.Table, frames: int = 3 * FIRST_FRAMES) -> pa.Table:
    times = np.unique(table.column("time_ns").to_numpy())
    return table.filter(pa.array(table.column("time_ns").to_numpy() < times[frames]))


def _resident_mb() -> float:
    """Memory of this process now; where the system does not say, the most it ever held."""
    listed = Path("/proc/self/statm")
    if listed.exists():
        return int(listed.read_text().split()[1]) * resource.getpagesize() / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def pace(detections: Path, sensors: Path) -> dict[str, Any]:
    """Wall and CPU time of the whole recording, and the longest that one sweep took."""
    watched = read_sensors(sensors)
    plots = read_detections(detections, watched).detections
    first = plots.take(plots.time_ns < np.unique(plots.time_ns)[3 * FIRST_FRAMES])
    for _ in track_recorded(first.take(np.arange(0, len(first), 10)), watched):
        pass
    took_s, held = [], []
    cpu_s, before = time.process_time(), time.perf_counter()
    for moment in track_recorded(plots, watched):
        after = time.perf_counter()
        took_s.append(after - before)
        told = moment.estimates
        held.append(told.track[told.status == Status.CONFIRMED])
        before = after
    span_ns = plots.time_ns.max() - plots.time_ns.min()
    return {
        "recorded_s": 1e-9 * float(span_ns) + SWEEP_S / len(watched),
        "wall_s": sum(took_s),
        "cpu_s": time.process_time() - cpu_s,
        "worst_frame_s": max(took_s),
        "frames": len(took_s) - 1,
        "tracks": len(np.unique(np.concatenate(held[-1 - len(watched) :]))),
    }


if __name__ == "__main__":
    print(json.dumps({"growth": growth, "pace": pace}[sys.argv[1]](*map(Path, sys.argv[2:4]))))
