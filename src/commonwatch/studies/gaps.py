"""Maps: how low sensors see above each place, and for how long nobody sees a launch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.scenario.description import Coverage, Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.sensors import sensors
from commonwatch.sensing.coverage import longest_gap, lowest_visible_altitude
from commonwatch.sensing.visibility import Sensor, handed_over, spells_of_sight, union
from commonwatch.tables.schemas import to_table
from commonwatch.units import degrees_from_radians
from commonwatch.world.truth import ArcWanted, fly, gap_flights_wanted

F64 = npt.NDArray[np.float64]

INTERVAL_S: Final = 10.0
_FLIGHTS_A_CHUNK: Final = 2_048


def lowest_altitude(scenario: Scenario, coverage: Coverage) -> pa.Table:
    """Map the lowest altitude that a radar of each laydown sees, in each case."""
    latitude, longitude = coverage.map.latitude_rad, coverage.map.longitude_rad
    rows, columns = np.meshgrid(latitude, longitude, indexing="ij")
    parts = []
    for case in Case:
        every = sensors(scenario, case)
        for laydown in scenario.laydowns:
            lowest = lowest_visible_altitude(
                [every[k] for k in laydown.members],
                latitude,
                longitude,
                altitude_max_m=coverage.altitude_max_m,
            ).ravel()
            parts.append(
                to_table(
                    "lowest_altitude",
                    {
                        "laydown": np.full(lowest.size, laydown.name, object),
                        "case": np.full(lowest.size, str(case), object),
                        "latitude_deg": degrees_from_radians(rows.ravel()),
                        "longitude_deg": degrees_from_radians(columns.ravel()),
                        "altitude_m": np.where(np.isfinite(lowest), lowest, np.nan),
                    },
                )
            )
    return pa.concat_tables(parts)


def gap_map(
    scenario: Scenario, coverage: Coverage, *, progress: Callable[[float], None]
) -> pa.Table:
    """Fly from every place of the launch grid to every aim point and time what nobody sees.

    The longest unseen stretch counts from lift-off, so the climb to first sight is part of it.
    Flights that cannot be (too near, too far) leave their row's times empty.
    """
    grid = coverage.launches
    if grid is None:
        return to_table("gaps", {})
    wanted = gap_flights_wanted(scenario, grid, coverage.arc)
    cases = {case: sensors(scenario, case) for case in Case}
    parts = []
    for first in range(0, len(wanted), _FLIGHTS_A_CHUNK):
        chunk = wanted[first : first + _FLIGHTS_A_CHUNK]
        parts.append(_chunk(scenario, chunk, cases))
        progress(min(1.0, (first + len(chunk)) / len(wanted)))
    table = pa.concat_tables(parts)
    return table.sort_by([("laydown", "ascending"), ("case", "ascending")])


def _chunk(
    scenario: Scenario, chunk: Sequence[ArcWanted], cases: dict[Case, tuple[Sensor, ...]]
) -> pa.Table:
    truth = fly(scenario, interval_s=INTERVAL_S, wanted=chunk)
    place = {id(entry): k for k, entry in enumerate(chunk)}
    rows = np.array([place[id(entry)] for entry in truth.flights])
    ends: dict[str, Any] = {
        "launch_latitude_deg": [degrees_from_radians(e.launch.latitude_rad) for e in chunk],
        "launch_longitude_deg": [degrees_from_radians(e.launch.longitude_rad) for e in chunk],
        "aim_point": np.array([e.aim_point.name if e.aim_point else "" for e in chunk], object),
    }
    year = scenario.date.year
    ends[f"within_published_range_{year:04d}"] = [e.is_within_published_range for e in chunk]
    parts = []
    for case, every in cases.items():
        spells = spells_of_sight(truth.trajectories, every)
        for laydown in scenario.laydowns:
            joined = union(handed_over(truth.trajectories, spells, every, include=laydown.members))
            columns: dict[str, Any] = {
                name: np.full(len(chunk), np.nan)
                for name in ("first_sight_s", "longest_unseen_s", "impact_s")
            }
            columns["first_sight_s"][rows] = _first_s(joined.path, joined.first_seen_s, len(rows))
            columns["longest_unseen_s"][rows] = longest_gap(joined, truth.trajectories, from_s=0.0)
            columns["impact_s"][rows] = truth.trajectories.impact_s
            parts.append(
                to_table(
                    "gaps",
                    {
                        "laydown": np.full(len(chunk), laydown.name, object),
                        "case": np.full(len(chunk), str(case), object),
                        **ends,
                        **columns,
                    },
                )
            )
    return pa.concat_tables(parts)


def _first_s(path: npt.NDArray[np.int32], first_seen_s: F64, count: int) -> F64:
    first = np.full(count, np.inf)
    np.minimum.at(first, path, first_seen_s)
    return np.where(np.isfinite(first), first, np.nan)
