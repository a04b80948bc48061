"""Launch and impact points of tracked missiles against the truth, and against the best possible.

    python -m benchmarks.warning [--workloads FOLDER [--only NAME...]] [--seeds 1 2 ...]

Missiles in vacuum are tracked as ``commonwatch track`` does and judged as ``commonwatch warn
--launch-model vacuum`` does, each once at 60 s of track and once at last sight. Without a folder
workloads are drawn from seeds; ``--workloads`` takes recorded ones, as in ``benchmarks.tracking``,
with ``NAME_ends.parquet`` or ``NAME_ends.csv``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks import tracking, workload
from benchmarks.ground_bound import Paths, ground_covariances, paths_of
from benchmarks.warning_goals import goals
from commonwatch.fusion.recording import track_recorded
from commonwatch.scenario.priors import warning_settings
from commonwatch.studies.score_intervals import binomial_count
from commonwatch.studies.score_matching import NEW_M
from commonwatch.tracking.estimate import joined
from commonwatch.units import NS_PER_S, radians_from_degrees
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO, Ellipses, outness
from commonwatch.warning.judgement import LaunchModel, Settings
from commonwatch.warning.watch import Alerts, watch

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]

COUNT: Final = 200
SEEDS: Final = (1, 2)
AGE_S: Final = 60.0
MOMENTS: Final = (f"{AGE_S:.0f} s of track", "last sight")
ENDS: Final = ("launch", "impact")
_SPEED_COUNTS_S: Final = 10.0
"""So many metres apart count as 1 m/s, where a track's object is sought."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Ellipses of one end at one moment, one object each.

    Parameters
    ----------
    count
        Objects that flew.
    outness_ratio
        (n,), at most 1 where the ellipse holds the truth.
    area_m2, bound_m2
        (n,), of the ellipse, and of the best possible.
    time_misses
        (n,), error of the stated time in its standard deviations.
    """

    count: int
    outness_ratio: F64
    area_m2: F64
    bound_m2: F64
    time_misses: F64

    def row(self, name: str) -> dict[str, Any]:
        """Figures of the page."""
        held = binomial_count(int(np.sum(self.outness_ratio <= 1.0)), len(self.area_m2))
        given = len(self.area_m2)
        return {
            "name": name,
            "flown": self.count,
            "judged": given,
            "held_ratio": held.count / given,
            "held_low_ratio": held.low / given,
            "held_high_ratio": held.high / given,
            "area_m2": float(np.median(self.area_m2)),
            "area_ratio": float(np.median(self.area_m2) / np.median(self.bound_m2)),
            "each_area_ratio": float(np.median(self.area_m2 / self.bound_m2)),
            "mean_outness": float(CHI_SQUARE_95_TWO * self.outness_ratio.mean() / 2.0),
            "time_nees": float(np.mean(self.time_misses**2)),
        }


def judged(folder: Path, name: str, settings: Settings) -> dict[tuple[str, str], Judged]:
    """Track and judge one workload: by end and moment."""
    given = tracking.read(folder, name)
    told = [moment.estimates for moment in track_recorded(given.detections, given.sensors)]
    alerts = watch(joined(told), settings=settings)
    paths = paths_of(given.truth)
    sweeps = np.unique(np.stack([given.detections.time_ns, given.detections.sensor]), axis=1)
    truth = ends_of(folder, name, paths.number)
    found = {}
    for moment, events in zip(MOMENTS, _events(alerts), strict=True):
        path, row = _objects(paths, alerts, events, is_last=moment == MOMENTS[1])
        time_ns = alerts.estimates.time_ns[row]
        best = ground_covariances(paths, given.sensors, (sweeps[0], sweeps[1]), (path, time_ns))
        for end, covariance in zip(ENDS, best, strict=True):
            bound_m2 = np.pi * CHI_SQUARE_95_TWO * np.sqrt(np.linalg.det(covariance))
            here = {key: values[path] for key, values in truth[end].items()}
            found[end, moment] = _compared(alerts, row, end, here, (len(paths.number), bound_m2))
    return found


def ends_of(folder: Path, name: str, number: I64) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """Read where and when objects started and came down, in the order of their numbers."""
    table = folder / f"{name}_ends.parquet"
    if table.exists():
        columns = pq.read_table(table)
    else:
        columns = pyarrow.csv.read_csv(folder / f"{name}_ends.csv")
    given = {key: columns.column(key).to_numpy() for key in columns.column_names}
    order = np.argsort(given["object"])
    row = order[np.searchsorted(given["object"], number, sorter=order)]
    keys = ("latitude_deg", "longitude_deg", "time_ns")
    return {end: {key: given[f"{end}_{key}"][row] for key in keys} for end in ENDS}


def _events(alerts: Alerts) -> tuple[Rows, Rows]:
    """Rows that were judged first at 60 s of track or later, one a track, and at last sight."""
    row = np.array(alerts.row, dtype=np.intp)
    old = row[alerts.judgements.features.age_s[row] >= AGE_S]  # in the order they were known
    _, first = np.unique(alerts.estimates.track[old], return_index=True)
    return old[np.sort(first)], row[np.array(alerts.is_last_sight, dtype=bool)]


def _objects(paths: Paths, alerts: Alerts, events: Rows, *, is_last: bool) -> tuple[Rows, Rows]:
    """Choose one event an object, the first or the last that is its: paths and rows.

    A track's object is the nearest in place and velocity when it was judged.
    """
    count = len(paths.number)
    states = alerts.estimates.state_vector[events]
    flown = paths.at(
        np.tile(np.arange(count), len(events)), np.repeat(alerts.estimates.time_ns[events], count)
    ).reshape(len(events), count, 6)
    apart = np.linalg.norm(flown[..., :3] - states[:, None, :3], axis=-1)
    faster = np.linalg.norm(flown[..., 3:] - states[:, None, 3:], axis=-1)
    apart = np.nan_to_num(apart + _SPEED_COUNTS_S * faster, nan=np.inf)
    path = np.argmin(apart, axis=1)
    order = np.arange(len(events))[:: -1 if is_last else 1]
    order = order[apart[order, path[order]] < NEW_M]
    chosen, first = np.unique(path[order], return_index=True)
    return chosen, events[order[first]]


def _compared(
    alerts: Alerts, row: Rows, end: str, truth: dict[str, npt.NDArray[Any]], best: tuple[int, F64]
) -> Judged:
    """Compare what was said of one end with the truth; ends that were not given are left out."""
    judgements = alerts.judgements
    said: Any = judgements.origins if end == "launch" else judgements.impacts
    is_given = said.is_given[row]
    area = Ellipses(**{key: getattr(said.area, key)[row] for key in Ellipses.__slots__})
    out = outness(
        area,
        radians_from_degrees(truth["latitude_deg"]),
        radians_from_degrees(truth["longitude_deg"]),
    )
    true_s = (truth["time_ns"] - alerts.estimates.time_ns[row]) / NS_PER_S
    return Judged(
        count=best[0],
        outness_ratio=out[is_given],
        area_m2=area.area_m2[is_given],
        bound_m2=best[1][is_given],
        time_misses=((said.time_s[row] - true_s) / said.time_std_s[row])[is_given],
    )


def warning(
    *,
    folder: Path | None = None,
    only: Sequence[str] = (),
    seeds: Sequence[int] = SEEDS,
    count: int = COUNT,
    duration_s: float = 300.0,
) -> dict[str, Any]:
    """Measure: ends of all objects of all workloads together, at both moments."""
    settings = replace(warning_settings(LaunchModel.VACUUM), interval_s=AGE_S)
    with TemporaryDirectory() as spare:
        place = folder or Path(spare)
        names = [] if folder is None else list(only) or _recorded(folder)
        for seed in seeds if folder is None else ():
            order = workload.Order(kind="plain", count=count, seed=seed, duration_s=duration_s)
            workload.made(order).write(place)
            names.append(order.name)
        parts = [judged(place, name, settings) for name in names]
    rows = []
    for end in ENDS:
        for moment in MOMENTS:
            both = _together([part[end, moment] for part in parts])
            rows.append({"end": end, **both.row(f"{end} point, {moment}")})
    return {"rows": rows}


def _recorded(folder: Path) -> list[str]:
    tail = "_detections.parquet"
    return [path.name[: -len(tail)] for path in sorted(folder.glob(f"*{tail}"))]


def _together(parts: Sequence[Judged]) -> Judged:
    arrays = [name for name in Judged.__slots__ if name != "count"]
    return Judged(
        count=sum(part.count for part in parts),
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays},
    )


def main() -> None:
    """Measure and print; writes nothing."""
    from benchmarks import page

    parser = argparse.ArgumentParser(description="Measure launch and impact points.")
    parser.add_argument("--workloads", type=Path, help="a folder of recorded workloads")
    parser.add_argument("--only", nargs="+", default=(), help="names of workloads in the folder")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    options = parser.parse_args()
    found = warning(folder=options.workloads, only=options.only, seeds=options.seeds)
    lines = [
        *page.goals_table(goals({"warning": found})),
        "",
        *page.section({"warning": found}, "warning"),
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
