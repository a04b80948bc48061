"""Maps: how low sensors see above each place, and for how long nobody sees a launch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.errors import ImpossibleArcError
from commonwatch.scenario.description import Coverage, Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.sensors import sensors
from commonwatch.sensing.coverage import longest_gap, lowest_visible_altitude
from commonwatch.sensing.visibility import Sensor, handed_over, spells_of_sight, union
from commonwatch.tables.schemas import to_table
from commonwatch.units import degrees_from_radians
from commonwatch.world.truth import ArcWanted, Truth, fly, gap_flights_wanted

F64 = npt.NDArray[np.float64]

INTERVAL_S: Final = 10.0
_FLIGHTS_A_CHUNK: Final = 2_048
_FLOWN_WHOLE_MAX: Final = 2 * _FLIGHTS_A_CHUNK
"""A larger gap map is tried out with flights spread over it."""


def lowest_altitude(scenario: Scenario, coverage: Coverage) -> pa.Table:
    """Map the lowest altitude that a radar of each laydown sees, in each case.

    Parameters
    ----------
    scenario
        Its laydowns and sensors.
    coverage
        The map's grid, geodetic, and the altitude at which the search ends.

    Returns
    -------
    pa.Table
        ``lowest_altitude``, in metres above the ellipsoid; empty where no radar sees.
    """
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

    Parameters
    ----------
    scenario
        Its laydowns, sensors and aim points.
    coverage
        The grid of launch places and the kind of arc; without a grid there is no row.
    progress
        Called with the part that is done, 0 to 1.

    Raises
    ------
    ImpossibleArcError
        Not one of them can be flown.
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
    if table["impact_s"].null_count == len(table):
        raise _impossible(scenario, coverage, wanted)
    return table.sort_by([("laydown", "ascending"), ("case", "ascending")])


def try_gap_map(scenario: Scenario, coverage: Coverage, *, interval_s: float) -> tuple[int, int]:
    """Fly the gap map without sensors, a large one in part, and count.

    Parameters
    ----------
    scenario
        Its aim points and vehicles.
    coverage
        The grid of launch places and the kind of arc; without a grid nothing is tried.
    interval_s
        Between samples of a flight.

    Returns
    -------
    flown, tried
        How many can be flown, of how many.

    Raises
    ------
    ImpossibleArcError
        Not one of the whole map can be flown.
    """
    if coverage.launches is None:
        return 0, 0
    wanted = gap_flights_wanted(scenario, coverage.launches, coverage.arc)
    spread = np.arange(len(wanted))
    if len(wanted) > _FLOWN_WHOLE_MAX:
        spread = np.linspace(0, len(wanted) - 1, _FLIGHTS_A_CHUNK).astype(np.intp)
    rest = np.setdiff1d(np.arange(len(wanted)), spread)
    flown = tried = 0
    for chunk in (*_chunks(spread), *_chunks(rest)):
        if tried >= len(spread) and flown:
            break
        truth = _flown(scenario, [wanted[k] for k in chunk], interval_s=interval_s)
        flown += 0 if truth is None else len(truth.flights)
        tried += len(chunk)
    if wanted and not flown:
        raise _impossible(scenario, coverage, wanted)
    return flown, tried


def _chunks(places: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    firsts = range(0, len(places), _FLIGHTS_A_CHUNK)
    return [places[first : first + _FLIGHTS_A_CHUNK] for first in firsts]


def _flown(scenario: Scenario, chunk: Sequence[ArcWanted], *, interval_s: float) -> Truth | None:
    """Fly some of the gap map; None where not one of them can be flown."""
    try:
        return fly(scenario, interval_s=interval_s, wanted=chunk)
    except ImpossibleArcError:
        return None


def _impossible(
    scenario: Scenario, coverage: Coverage, wanted: Sequence[ArcWanted]
) -> ImpossibleArcError:
    reason = ""
    try:
        fly(scenario, interval_s=INTERVAL_S, wanted=wanted[:1])
    except ImpossibleArcError as error:
        reason = f"; the first: {error.found.partition(': ')[2]}"
    return ImpossibleArcError(
        f'coverage.arc = "{coverage.arc}": not one of {len(wanted)} flights of the gap map can be '
        f"flown{reason}",
        allowed="an arc that exists from some place of coverage.launches",
        where=scenario.name,
        what_to_do="Choose another arc, or change coverage.launches or the vehicles",
    )


def _chunk(
    scenario: Scenario, chunk: Sequence[ArcWanted], cases: dict[Case, tuple[Sensor, ...]]
) -> pa.Table:
    truth = _flown(scenario, chunk, interval_s=INTERVAL_S)
    place = {id(entry): k for k, entry in enumerate(chunk)}
    flights = () if truth is None else truth.flights
    rows = np.array([place[id(entry)] for entry in flights], dtype=np.intp)
    ends: dict[str, Any] = {
        "launch_latitude_deg": [degrees_from_radians(e.launch.latitude_rad) for e in chunk],
        "launch_longitude_deg": [degrees_from_radians(e.launch.longitude_rad) for e in chunk],
        "aim_point": np.array([e.aim_point.name if e.aim_point else "" for e in chunk], object),
    }
    year = scenario.date.year
    ends[f"within_published_range_{year:04d}"] = [e.is_within_published_range for e in chunk]
    parts = []
    for case, every in cases.items():
        spells = spells_of_sight(truth.trajectories, every) if truth is not None else None
        for laydown in scenario.laydowns:
            columns: dict[str, Any] = {
                name: np.full(len(chunk), np.nan)
                for name in ("first_sight_s", "longest_unseen_s", "impact_s")
            }
            if truth is not None and spells is not None:
                paths = truth.trajectories
                joined = union(handed_over(paths, spells, every, include=laydown.members))
                first_s = _first_s(joined.path, joined.first_seen_s, len(rows))
                columns["first_sight_s"][rows] = first_s
                columns["longest_unseen_s"][rows] = longest_gap(joined, paths, from_s=0.0)
                columns["impact_s"][rows] = paths.impact_s
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
