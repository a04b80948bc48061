"""One scenario, every laydown: who sees what, when, for how long, and what nobody sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.errors import ImpossibleArcError
from commonwatch.flight.trajectory import Trajectories
from commonwatch.scenario.assumptions import assumptions
from commonwatch.scenario.description import Laydown, Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.sensors import sensors
from commonwatch.sensing.coverage import longest_gap
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Limit, Spells, rows_of, spells_of_sight, union
from commonwatch.studies import describe, gaps, sensitivity
from commonwatch.studies.impact_bound import ImpactSlopes, gather, impact_slopes
from commonwatch.studies.launch_point import cloud_break_altitudes_m, launch_areas
from commonwatch.studies.marginal import (
    FIGURES,
    TOGETHER_S,
    Laid,
    Sight,
    last_in_marginals,
    mean_known,
    seen_by_two,
    shapley_shares,
)
from commonwatch.studies.runs import CROSS_SECTION, PUBLISHED_RANGE, RUNS
from commonwatch.tables.schemas import to_table
from commonwatch.world.truth import ArcWanted, Truth, fly

F64 = npt.NDArray[np.float64]
Progress = Callable[[str, float], None]

INTERVAL_S: Final = 5.0
IMPACT_BOUND_ARCS_MAX: Final = 400
"""Above this many arcs impact areas, which need 13 flights an arc, are left out and said to be."""
PUBLISHED_ARCS: Final = "published range"
ALL_ARCS: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """The tables of a run, and what could not be flown.

    Parameters
    ----------
    scenario
        What was asked.
    tables
        By the names of ``tables.schemas.TABLES``; a table that the scenario gives no cause for is
        not there.
    refused
        Flights that cannot be, each with its reason.
    """

    scenario: Scenario
    tables: Mapping[str, pa.Table]
    refused: tuple[tuple[ArcWanted, str], ...]


def compare(scenario: Scenario, *, progress: Progress | None = None) -> Comparison:
    """Answer a scenario.

    Parameters
    ----------
    scenario
        From ``scenario.load``.
    progress
        Told the stage in words and the part of the whole that is done, 0 to 1.

    Returns
    -------
    Comparison
        Tables in memory; nothing is written.

    Notes
    -----
    1. Every arc is solved and flown. 2. Every sensor's spells of sight are found in the low,
    nominal and high case, for the published range and for the catalogue's cross-sections. 3. Each
    laydown is put together from them: hand-over, union, gaps, impact areas. 4. Each sensor's value.
    5. One open figure at a time is moved to the ends of its interval. 6. Maps.
    """
    report = progress or _silent
    report("flying the arcs", 0.0)
    truth = fly(scenario, interval_s=INTERVAL_S)
    slopes = _slopes(truth)
    report("looking for spells of sight", 0.05)
    sight = {run: see(scenario, truth.trajectories, slopes, run=run) for run in RUNS}
    tables = {
        "arcs": describe.arcs(scenario, truth),
        "paths": describe.paths(truth),
        "sensors": describe.sensors_on_date(scenario),
        "visibility": _visibility(scenario, truth, sight[PUBLISHED_RANGE], slopes),
    }
    report("putting laydowns together", 0.15)
    knowledge = [_knowledge(scenario, truth, slopes, sight, burn=Case.NOMINAL)]
    for burn in (Case.LOW, Case.HIGH) if slopes is not None and _burn_is_open(scenario) else ():
        report(f"flying the arcs with the {burn} end of burn times", 0.2)
        knowledge += _knowledge_with_burn(scenario, burn)
    tables["knowledge"] = pa.concat_tables(knowledge)
    report("valuing each sensor", 0.3)
    tables["value"] = _value(
        scenario, truth, slopes, sight, lambda part: report("valuing each sensor", 0.3 + 0.2 * part)
    )
    if slopes is not None:
        tables["sensitivity"] = sensitivity.sensitivity(
            scenario,
            truth,
            slopes,
            sight,
            progress=lambda part: report("moving one figure at a time", 0.5 + 0.3 * part),
        )
    if scenario.coverage is not None:
        report("mapping the lowest visible altitude", 0.8)
        tables["lowest_altitude"] = gaps.lowest_altitude(scenario, scenario.coverage)
        if scenario.coverage.launches is not None and scenario.aim_points:
            tables["gaps"] = gaps.gap_map(
                scenario,
                scenario.coverage,
                progress=lambda part: report("mapping the gaps", 0.85 + 0.15 * part),
            )
    report("done", 1.0)
    return Comparison(scenario=scenario, tables=tables, refused=truth.refused)


def see(
    scenario: Scenario, trajectories: Trajectories, slopes: ImpactSlopes | None, *, run: str
) -> dict[Case, Sight]:
    """Return what every sensor sees and learns in each case of one run.

    Parameters
    ----------
    scenario
        Its sensors.
    trajectories
        n flights, ECEF.
    slopes
        Of their impacts; None leaves impact areas out.
    run
        Published range, or by cross-section.
    """
    found = {}
    for case in Case:
        chosen = sensors(scenario, case, is_cross_section_run=run == CROSS_SECTION)
        spells = spells_of_sight(trajectories, chosen)
        found[case] = Sight(
            sensors=chosen,
            spells=spells,
            information=None if slopes is None else gather(slopes, chosen, spells),
        )
    return found


def _silent(stage: str, part: float) -> None:
    del stage, part


def _slopes(truth: Truth) -> ImpactSlopes | None:
    if truth.arcs is None or len(truth.arcs.is_solved) > IMPACT_BOUND_ARCS_MAX:
        return None
    return impact_slopes(truth.arcs, truth.trajectories, gravity=truth.gravity)


def _laid(
    truth: Truth,
    slopes: ImpactSlopes | None,
    sight: Mapping[Case, Sight],
    laydown: Laydown,
    case: Case,
    *,
    with_satellites: bool,
) -> Laid:
    members = _members(sight, laydown, with_satellites=with_satellites)
    return Laid(
        trajectories=truth.trajectories,
        slopes=slopes,
        sight=sight,
        cases=dict.fromkeys(members, case),
    )


def _members(
    sight: Mapping[Case, Sight], laydown: Laydown, *, with_satellites: bool
) -> tuple[int, ...]:
    nominal = sight[Case.NOMINAL].sensors
    return tuple(
        k
        for k in laydown.members
        if with_satellites or not isinstance(nominal[k], InfraredSatellite)
    )


def _visibility(
    scenario: Scenario, truth: Truth, sight: Mapping[Case, Sight], slopes: ImpactSlopes | None
) -> pa.Table:
    """Return every spell of every laydown and case, its union, and who never sees."""
    parts = []
    for laydown in scenario.laydowns:
        for case in Case:
            laid = _laid(truth, slopes, sight, laydown, case, with_satellites=True)
            every = np.array([*laydown.members], dtype=np.int32)
            parts.append(_spell_rows(truth, laydown, case, laid.spells, every))
            parts.append(_spell_rows(truth, laydown, case, union(laid.spells), None))
    return pa.concat_tables(parts)


def _spell_rows(
    truth: Truth,
    laydown: Laydown,
    case: Case,
    spells: Spells,
    members: npt.NDArray[np.int32] | None,
) -> pa.Table:
    """Return rows of spells, numbered within each flight and sensor, then the pairs never seen."""
    names = np.array(["*"] if members is None else [str(name) for name in spells.sensors], object)
    rows = np.array([0]) if members is None else members
    count = len(names)
    pair = spells.path.astype(np.int64) * count + spells.sensor
    starts = np.flatnonzero(np.diff(pair, prepend=-1) != 0)
    number = np.arange(len(pair)) - np.repeat(starts, np.diff(np.append(starts, len(pair)))) + 1
    wanted = (np.arange(spells.path_count)[:, None] * count + rows).ravel()
    never = np.setdiff1d(wanted, pair)
    blank = np.full(len(never), np.nan)
    limits = np.array([limit.text for limit in Limit], object)
    path = np.concatenate([spells.path, never // count])
    columns = {
        "sensor": names[np.concatenate([spells.sensor, never % count])],
        "spell": np.concatenate([number, np.zeros(len(never), np.int64)]),
        **{
            name: np.concatenate([getattr(spells, name), blank])
            for name in (
                "first_seen_s",
                "last_seen_s",
                "first_seen_altitude_m",
                "last_seen_altitude_m",
            )
        },
        "limit_that_ended_it": np.concatenate(
            [limits[spells.ended_by], np.full(len(never), None, object)]
        ),
        "impact_s": truth.trajectories.impact_s[path],
    }
    order = np.lexsort((columns["spell"], np.concatenate([spells.sensor, never % count]), path))
    return to_table(
        "visibility",
        {
            "laydown": np.full(len(path), laydown.name, object),
            "case": np.full(len(path), str(case), object),
            **describe.arc_columns(truth, path[order]),
            **{name: column[order] for name, column in columns.items()},
        },
    )


def _knowledge(
    scenario: Scenario,
    truth: Truth,
    slopes: ImpactSlopes | None,
    sight: Mapping[str, Mapping[Case, Sight]],
    *,
    burn: Case,
) -> pa.Table:
    paths = np.arange(truth.trajectories.path_count)
    cloud_break_m = cloud_break_altitudes_m(scenario)
    satellites = set(np.flatnonzero(np.isfinite(cloud_break_m[:, 0])).tolist())
    areas: dict[tuple[tuple[int, ...], Case], dict[str, F64]] = {}
    parts = []
    for laydown in scenario.laydowns:
        for run in RUNS:
            for with_satellites in (True, False):
                for case in Case:
                    laid = _laid(
                        truth, slopes, sight[run], laydown, case, with_satellites=with_satellites
                    )
                    columns = _known(laid)
                    # Satellites see the same in both runs, and beside any radars.
                    eyes = (tuple(sorted(set(laid.cases) & satellites)), case)
                    if eyes not in areas:
                        areas[eyes] = launch_areas(
                            laid,
                            cloud_break_m=cloud_break_m,
                            first_stereo_s=columns["first_stereo_s"],
                        )
                    count = len(paths)
                    parts.append(
                        to_table(
                            "knowledge",
                            {
                                "laydown": np.full(count, laydown.name, object),
                                "case": np.full(count, str(case), object),
                                "burn_time": np.full(count, str(burn), object),
                                "run": np.full(count, run, object),
                                "with_satellites": np.full(count, with_satellites),
                                **describe.arc_columns(truth, paths),
                                **columns,
                                **areas[eyes],
                            },
                        )
                    )
    return pa.concat_tables(parts)


def _burn_is_open(scenario: Scenario) -> bool:
    """Whether a burn time or a burn-out altitude of what flies is an interval."""
    keys = ("burn_time_s", "burn_out_altitude_km")
    return any(figure.key in keys for figure in assumptions(scenario))


def _knowledge_with_burn(scenario: Scenario, burn: Case) -> list[pa.Table]:
    """Return what is known of the same flights with other burn times; nothing if none can be."""
    try:
        truth = fly(scenario, interval_s=INTERVAL_S, burn=burn)
    except ImpossibleArcError:
        return []
    slopes = _slopes(truth)
    sight = {run: see(scenario, truth.trajectories, slopes, run=run) for run in RUNS}
    return [_knowledge(scenario, truth, slopes, sight, burn=burn)]


def _known(laid: Laid) -> dict[str, Any]:
    first = laid.first_seen_s()
    is_radar = np.array([isinstance(sensor, Radar) for sensor in laid.sensors])
    first_radar = np.where(is_radar[:, None], first, np.inf)
    sight_s, sight_sensor = _earliest(laid, first)
    radar_s, radar_sensor = _earliest(laid, first_radar)
    stereo_first_s, stereo_s = _stereo(laid)
    joined = union(laid.spells)
    impact_area_s = laid.impact_area_s()
    return {
        "first_sight_s": sight_s,
        "first_sight_sensor": sight_sensor,
        "first_stereo_s": stereo_first_s,
        "stereo_s": stereo_s,
        "first_radar_s": radar_s,
        "first_radar_sensor": radar_sensor,
        "radar_track_s": laid.radar_track_s(),
        "longest_gap_s": longest_gap(joined, laid.trajectories, from_s=sight_s),
        "impact_area_s": impact_area_s,
        "warning_left_s": laid.trajectories.impact_s - impact_area_s,
    }


def _earliest(laid: Laid, first_s: F64) -> tuple[F64, npt.NDArray[np.object_]]:
    """Return the earliest time and whose it is, nan and None where nobody sees.

    Several sensors are named where they see within ``TOGETHER_S`` of each other.
    """
    when = first_s.min(axis=0)
    is_first = np.isfinite(first_s) & (first_s <= when + TOGETHER_S)
    names = [str(sensor.sensor) for sensor in laid.sensors]
    who = np.array(
        [", ".join(names[k] for k in np.flatnonzero(column)) or None for column in is_first.T],
        object,
    )
    return np.where(np.isfinite(when), when, np.nan), who


def _stereo(laid: Laid) -> tuple[F64, F64]:
    """Return when two satellites first see each path at once, and for how long they do."""
    is_eye = np.array([isinstance(sensor, InfraredSatellite) for sensor in laid.sensors])
    return seen_by_two(rows_of(laid.spells, is_eye[laid.spells.sensor]), len(laid.sensors))


def _value(
    scenario: Scenario,
    truth: Truth,
    slopes: ImpactSlopes | None,
    sight: Mapping[str, Mapping[Case, Sight]],
    progress: Callable[[float], None],
) -> pa.Table:
    laydown = scenario.laydown(scenario.value_laydown)
    is_published = np.array([entry.is_within_published_range for entry in truth.flights])
    sets = {ALL_ARCS: np.ones(len(is_published), bool)}
    if is_published.any():
        sets = {PUBLISHED_ARCS: is_published, **sets}
    rows: list[dict[str, Any]] = []
    done = 0
    for run in RUNS:
        for with_satellites in (True, False):
            members = _members(sight[run], laydown, with_satellites=with_satellites)
            shares = {
                case: shapley_shares(
                    _laid(
                        truth, slopes, sight[run], laydown, case, with_satellites=with_satellites
                    ),
                    members,
                )
                for case in Case
            }
            marginals = last_in_marginals(truth.trajectories, slopes, sight[run], members)
            names = [str(sensor.sensor) for sensor in sight[run][Case.NOMINAL].sensors]
            for member in members:
                for figure in FIGURES:
                    for arcs, chosen in sets.items():
                        low, nominal, high = (
                            mean_known(row[chosen]) for row in marginals[member, figure]
                        )
                        share = [mean_known(shares[case][member, figure][chosen]) for case in Case]
                        rows.append(
                            {
                                "laydown": laydown.name,
                                "run": run,
                                "with_satellites": with_satellites,
                                "sensor": names[member],
                                "figure": figure,
                                "arcs": arcs,
                                "low_s": low,
                                "nominal_s": nominal,
                                "high_s": high,
                                "shapley_low_s": share[0],
                                "shapley_nominal_s": share[1],
                                "shapley_high_s": share[2],
                            }
                        )
            done += 1
            progress(done / 4)
    return to_table("value", _columns(rows))


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}
