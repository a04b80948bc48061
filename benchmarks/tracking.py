"""Tracking against Stone Soup, and against the truth.

    python -m benchmarks.tracking [--workloads FOLDER] [--only NAME...] [--filters ekf ukf]
                                  [--whole] [--no-peers]

Without a folder the workloads are drawn from a seed; ``--workloads`` takes recorded ones: beside
each ``NAME_detections.parquet`` stand ``NAME_sensors.toml`` or ``NAME_sensors.json``, and
``NAME_truth.parquet``.
Only detections and sensors reach a tracker.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from benchmarks import workload
from benchmarks.tracking_goals import JOINT, NEAREST, goals
from commonwatch.fusion.recording import track_recorded
from commonwatch.fusion.registration import BiasEstimate
from commonwatch.scenario.load import read_sensors
from commonwatch.sensing.detection import Detections, read_detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.studies.score import score
from commonwatch.studies.score_matching import Truth, read_truth
from commonwatch.tracking.estimate import Estimates, joined
from commonwatch.tracking.settings import Settings

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ASSOCIATIONS: Final = {NEAREST: "gnn", JOINT: "jpda"}
SEED: Final = 1
ORDERS: Final = (
    ("plain", 10),
    ("plain", 50),
    ("plain", 200),
    ("dense", 50),
    ("bias", 50),
    ("oosm", 50),
    ("cluster", 60),
)
RACES: Final = {
    (10, NEAREST): 4.0,
    (50, NEAREST): 8.0,
    (200, NEAREST): 40.0,
    (50, JOINT): 15.0,
}
"""Seconds of CPU that Stone Soup gets on the plain workloads: it runs as many frames as fit."""
REPEATS: Final = 3
BIAS_TERMS: Final = ("range_bias_m", "azimuth_bias_rad", "elevation_bias_rad")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """A workload, read: what a tracker sees, and apart the truth.

    ``bias`` is measured minus true, (sensors, 3); ``frame_ns`` when each sweep arrived, sorted.
    """

    name: str
    kind: str
    count: int
    sensors: tuple[Sensor, ...]
    detections: Detections
    frame_ns: I64
    truth: Truth
    bias: F64 | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What a tracker told, and its CPU seconds at each arrival."""

    told: list[Estimates]
    now_ns: I64
    cpu_s: F64
    biases: BiasEstimate | None = None

    def frame_s(self, given: Given, frames: int) -> float:
        """CPU seconds a frame over the first so many."""
        upto = self.now_ns <= given.frame_ns[frames - 1]
        return float(self.cpu_s[upto].sum() / frames)


def kind_of(name: str) -> tuple[str, int]:
    """Kind and number of objects that a workload's name says."""
    found = re.match(r"n(\d+)(?:_(dense|bias|oosm|cluster))?(?:_|$)", name)
    return (found[2] or "plain", int(found[1])) if found else ("plain", 0)


def read(folder: Path, name: str) -> Given:
    """Read one workload."""
    place = folder / f"{name}_sensors.toml"
    with TemporaryDirectory() as spare:
        if not place.exists():
            place = Path(spare) / "sensors.toml"
            workload.write_sensors(folder / f"{name}_sensors.json", place)
        sensors = read_sensors(place)
    detections = read_detections(folder / f"{name}_detections.parquet", sensors).detections
    looks = np.stack([detections.arrival_ns, detections.time_ns, detections.sensor])
    kind, count = kind_of(name)
    return Given(
        name=name,
        kind=kind,
        count=count,
        sensors=sensors,
        detections=detections,
        frame_ns=np.unique(looks, axis=1)[0],
        truth=read_truth(folder / f"{name}_truth.parquet"),
        bias=_true_bias(folder, name),
    )


def _true_bias(folder: Path, name: str) -> F64 | None:
    table, described = folder / f"{name}_biases.parquet", folder / f"{name}_sensors.json"
    if table.exists():
        columns = pq.read_table(table).to_pydict()
        return np.column_stack([columns[term] for term in BIAS_TERMS])
    if described.exists():
        radars = json.loads(described.read_text("utf-8"))["radars"]
        return np.array([radar["bias"][:3] for radar in radars])
    return None


def ours(given: Given, settings: Settings) -> Run:
    """Track as ``commonwatch track`` does: registration on, everything told is kept."""
    told, now_ns, cpu_s = [], [], []
    fates = []
    biases = None
    before = time.process_time()
    for moment in track_recorded(given.detections, given.sensors, settings):
        told.append(moment.estimates)
        fates.append(moment.dispositions)
        biases = moment.biases
        after = time.process_time()
        now_ns.append(moment.now_ns)
        cpu_s.append(after - before)
        before = after
    return Run(told=told, now_ns=np.array(now_ns), cpu_s=np.array(cpu_s), biases=biases)


def peer(given: Given, association: str, budget_s: float) -> Run:
    """Track by Stone Soup, as many frames as the budget allows."""
    from benchmarks.stonesoup_peer import Wired

    wired = Wired(given.detections, given.sensors, is_joint=association == JOINT)
    told: list[Estimates] = []
    cpu_s: list[float] = []
    while len(cpu_s) < len(given.frame_ns) and sum(cpu_s) < budget_s:
        before = time.process_time()
        step = wired.step()
        cpu_s.append(time.process_time() - before)
        told.append(wired.told(step, int(given.frame_ns[len(told)])))
    return Run(told=told, now_ns=given.frame_ns[: len(told)], cpu_s=np.array(cpu_s))


def judged(given: Given, run: Run, frames: int) -> dict[str, Any]:
    """Accuracy over the truth's instants within the first so many frames."""
    is_within = given.truth.time_ns <= given.frame_ns[frames - 1]
    if frames == len(given.frame_ns):
        is_within[:] = True
    truth = Truth(
        time_ns=given.truth.time_ns[is_within],
        number=given.truth.number[is_within],
        state_vector=given.truth.state_vector[is_within],
    )
    found = score(joined(run.told), truth, report=lambda _: None)
    lives = found.lives
    figures: dict[str, Any] = {
        "ospa_m": found.distances.ospa_mean_m,
        "switches": lives.switches.count,
        "switches_apart": lives.switches_apart.count,
        "false_tracks": lives.false_tracks.count,
        "nees_per_dimension": found.consistency.nees_per_dimension,
        "delay_median_s": lives.delay_median_s,
        "delay_95_s": lives.delay_95_s,
    }
    if given.kind == "bias" and given.bias is not None and run.biases is not None:
        figures["bias_nees"] = bias_nees(run.biases, given.bias)
    return figures


def bias_nees(estimate: BiasEstimate, bias: F64) -> float:
    """Normalised error squared of range, azimuth and elevation of all radars, time left out."""
    terms = bias.shape[1]
    chosen = np.concatenate([np.arange(terms) + 4 * k for k in range(len(bias))])
    error = (estimate.value[:, :terms] - bias).ravel()
    covariance = estimate.covariance[np.ix_(chosen, chosen)]
    return float(error @ np.linalg.solve(covariance, error))


def rows_of(
    given: Given, *, filters: Sequence[str], has_peers: bool, is_whole: bool
) -> Iterator[dict[str, Any]]:
    """Measure one workload with every association and filter."""
    frames = len(given.frame_ns)
    for association, word in ASSOCIATIONS.items():
        for name in filters:
            settings = Settings(association=word, filter=name)  # type: ignore[arg-type]
            runs = [ours(given, settings) for _ in range(REPEATS)]
            runs.sort(key=lambda run: run.cpu_s.sum())
            own = runs[len(runs) // 2]
            yield {
                "name": f"{given.name}, {association}, Commonwatch{_filter(name)}",
                "kind": given.kind,
                "count": given.count,
                "association": association,
                "filter": name,
                "frame_s": own.frame_s(given, frames),
                "worst_frame_s": float(own.cpu_s[:-1].max()),
                "frames": frames,
                **judged(given, own, frames),
            }
            budget_s = RACES.get((given.count, association))
            if name == "ekf" and has_peers and given.kind == "plain" and budget_s is not None:
                theirs = peer(given, association, np.inf if is_whole else budget_s)
                done = len(theirs.told)
                frame_s = theirs.frame_s(given, done)
                yield {
                    "name": f"{given.name}, {association}, Stone Soup",
                    "kind": given.kind,
                    "count": given.count,
                    "association": association,
                    "filter": name,
                    "frame_s": frame_s,
                    "worst_frame_s": float(theirs.cpu_s.max()),
                    "frames": done,
                    "ratio": frame_s / own.frame_s(given, done),
                    **judged(given, theirs, done),
                }


def _filter(name: str) -> str:
    return "" if name == "ekf" else f", {name}"


def tracking(
    *,
    folder: Path | None = None,
    only: Sequence[str] = (),
    filters: Sequence[str] = ("ekf",),
    has_peers: bool = True,
    is_whole: bool = False,
) -> dict[str, Any]:
    """Measure all workloads; drawn from the seed where no folder is given."""
    with TemporaryDirectory() as spare:
        place = folder or Path(spare)
        names = [path.name[: -len("_detections.parquet")] for path in _recorded(folder)]
        for kind, count in ORDERS if folder is None else ():
            order = workload.Order(kind=kind, count=count, seed=SEED)
            names.append(order.name)
            if not only or order.name in only:
                workload.made(order).write(place)
        chosen = [name for name in names if not only or name in only]
        missing = {}
        if has_peers and not _has_peer():
            has_peers, missing = False, {"Stone Soup": "it is not installed"}
        rows: list[dict[str, Any]] = []
        for index, name in enumerate(chosen):
            given = read(place, name)
            if index == 0:  # compile what one run compiles
                for word in ASSOCIATIONS.values():
                    for each in filters:
                        ours(given, Settings(association=word, filter=each))  # type: ignore[arg-type]
            for row in rows_of(given, filters=filters, has_peers=has_peers, is_whole=is_whole):
                print(f"  {row['name']}: {1e3 * row['frame_s']:.2f} ms, OSPA {row['ospa_m']:.0f} m")
                rows.append(row)
    return {"rows": rows, "missing": missing}


def _recorded(folder: Path | None) -> list[Path]:
    return [] if folder is None else sorted(folder.glob("*_detections.parquet"))


def _has_peer() -> bool:
    try:
        import stonesoup  # noqa: F401
    except ImportError:
        return False
    return True


def main() -> None:
    """Measure and print; writes nothing."""
    from benchmarks import page

    parser = argparse.ArgumentParser(description="Measure tracking.")
    parser.add_argument("--workloads", type=Path, help="a folder of recorded workloads")
    parser.add_argument("--only", nargs="+", default=(), help="names of workloads")
    parser.add_argument("--filters", nargs="+", choices=("ekf", "ukf"), default=("ekf",))
    parser.add_argument(
        "--whole", action="store_true", help="give Stone Soup all the time it wants"
    )
    parser.add_argument("--no-peers", action="store_true", help="without Stone Soup")
    options = parser.parse_args()
    found = tracking(
        folder=options.workloads,
        only=options.only,
        filters=options.filters,
        has_peers=not options.no_peers,
        is_whole=options.whole,
    )
    lines = [
        *page.goals_table(goals({"tracking": found})),
        "",
        *page.section({"tracking": found}, "tracking"),
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
