"""Which open figures move the answer most: one at a time, to the ends of its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.errors import ImpossibleArcError
from commonwatch.scenario.assumptions import Assumption, assumptions
from commonwatch.scenario.description import Laydown, Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.sensors import sensors
from commonwatch.sensing.visibility import Sensor, merged, spells_of_sight
from commonwatch.studies.impact_bound import ImpactSlopes, Information, gather, impact_slopes
from commonwatch.studies.marginal import FIGURES, Laid, Sight, mean_known
from commonwatch.studies.runs import CROSS_SECTION, PUBLISHED_RANGE
from commonwatch.tables.schemas import TABLES, to_table
from commonwatch.world.truth import Truth, fly

F64 = npt.NDArray[np.float64]
Answer = dict[tuple[str, str], float]

_LEAST_SWING_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _World:
    """One choice of the figures: the flights and what is seen of them."""

    scenario: Scenario
    truth: Truth
    slopes: ImpactSlopes
    sight: Sight


def sensitivity(
    scenario: Scenario,
    truth: Truth,
    slopes: ImpactSlopes,
    sight: Mapping[str, Mapping[Case, Sight]],
    *,
    progress: Callable[[float], None],
) -> pa.Table:
    """Move every open figure to both ends of its interval, all others nominal.

    Parameters
    ----------
    scenario, truth, slopes, sight
        The nominal answer and what it rests on; ``sight`` by run.
    progress
        Told the part that is done.

    Returns
    -------
    table
        A row for each figure, laydown and figure of value that it moves, largest swing first.
        Answers are means over the arcs within the published range, or over all where there is none:
        warning at first sight, seconds under radar track, warning left when the impact area is
        known. Cross-sections are moved in the cross-section run, all else in the published-range
        run: the two are never mixed.
    """
    open_figures = assumptions(scenario)
    worlds = {
        run: _World(scenario=scenario, truth=truth, slopes=slopes, sight=seen[Case.NOMINAL])
        for run, seen in sight.items()
    }
    nominal = {run: _answers(world, scenario.laydowns) for run, world in worlds.items()}
    rows: list[dict[str, Any]] = []
    for done, assumption in enumerate(open_figures):
        touched = _laydowns_touched(scenario, assumption)
        if touched:
            run = CROSS_SECTION if assumption.key == "cross_section_m2" else PUBLISHED_RANGE
            ends = [
                _moved(worlds[run], assumption, value, touched)
                for value in (assumption.low, assumption.high)
            ]
            found = _rows(assumption, nominal[run], ends[0], ends[1], touched)
            rows += [{"run": run, **row} for row in found]
        progress((done + 1) / len(open_figures))
    rows.sort(key=lambda row: (-row["swing_s"], row["assumption"], row["laydown"], row["figure"]))
    names = [column.name for column in TABLES["sensitivity"]]
    return to_table("sensitivity", {name: [row[name] for row in rows] for name in names})


def _rows(
    assumption: Assumption,
    nominal: Answer,
    low: Answer | None,
    high: Answer | None,
    laydowns: tuple[Laydown, ...],
) -> list[dict[str, Any]]:
    found = []
    for laydown in laydowns:
        for figure in FIGURES:
            key = (laydown.name, figure)
            values = [np.nan if answer is None else answer[key] for answer in (low, nominal, high)]
            known = [value for value in values if np.isfinite(value)]
            swing = max(known) - min(known) if known else 0.0
            if swing < _LEAST_SWING_S:
                continue
            found.append(
                {
                    "assumption": assumption.path,
                    "mark": assumption.mark,
                    "source": assumption.source,
                    "unit": assumption.unit,
                    "low": assumption.low,
                    "nominal": assumption.nominal,
                    "high": assumption.high,
                    "laydown": laydown.name,
                    "figure": figure,
                    "at_low_s": values[0],
                    "at_nominal_s": values[1],
                    "at_high_s": values[2],
                    "swing_s": swing,
                }
            )
    return found


def _answers(world: _World, laydowns: tuple[Laydown, ...]) -> Answer:
    truth = world.truth
    is_published = np.array([entry.is_within_published_range for entry in truth.flights])
    chosen = is_published if is_published.any() else np.ones(len(is_published), bool)
    found: Answer = {}
    for laydown in laydowns:
        laid = Laid(
            trajectories=truth.trajectories,
            slopes=world.slopes,
            sight=dict.fromkeys(Case, world.sight),
            cases=dict.fromkeys(laydown.members, Case.NOMINAL),
        )
        for figure, value in zip(FIGURES, laid.figures_s(), strict=True):
            found[laydown.name, figure] = mean_known(value[chosen])
    return found


def _moved(
    world: _World, assumption: Assumption, value: float, laydowns: tuple[Laydown, ...]
) -> Answer | None:
    """Return the answer with one figure moved; None where its flights cannot be."""
    override = {assumption.path: value}
    if not _is_of_sensor(assumption):
        moved = _flown_again(world, override)
        return None if moved is None else _answers(moved, laydowns)
    which = _sensor_index(world.scenario, assumption)
    changed = sensors(
        world.scenario,
        Case.NOMINAL,
        is_cross_section_run=assumption.key == "cross_section_m2",
        override=override,
    )[which]
    return _answers(replace(world, sight=_with_sensor(world, which, changed)), laydowns)


def _flown_again(world: _World, override: Mapping[str, float]) -> _World | None:
    """Return the world with a figure of its flights moved; None where they cannot be."""
    interval_s = world.truth.trajectories.interval_s
    try:
        truth = fly(world.scenario, interval_s=interval_s, override=override)
    except ImpossibleArcError:
        return None
    if truth.arcs is None:
        return None
    slopes = impact_slopes(truth.arcs, truth.trajectories, gravity=truth.gravity)
    chosen = world.sight.sensors
    spells = spells_of_sight(truth.trajectories, chosen)
    seen = Sight(sensors=chosen, spells=spells, information=gather(slopes, chosen, spells))
    return replace(world, truth=truth, slopes=slopes, sight=seen)


def _with_sensor(world: _World, which: int, changed: Sensor) -> Sight:
    """Return what is seen when one sensor is another."""
    nominal = world.sight
    fresh = spells_of_sight(world.truth.trajectories, [changed])
    own = gather(world.slopes, [changed], fresh)
    fresh = replace(
        fresh, sensor=np.full(fresh.count, which, np.int32), sensors=nominal.spells.sensors
    )
    others = np.flatnonzero(nominal.spells.sensor != which)
    information = nominal.information
    if information is not None:
        columns = {}
        for name in Information.__slots__:
            column = getattr(information, name).copy()
            column[which] = getattr(own, name)[0]
            columns[name] = column
        information = Information(**columns)
    return Sight(
        sensors=(*nominal.sensors[:which], changed, *nominal.sensors[which + 1 :]),
        spells=merged([(nominal.spells, others), (fresh, np.arange(fresh.count))]),
        information=information,
    )


def _is_of_sensor(assumption: Assumption) -> bool:
    return assumption.path.startswith(("radars.", "satellites."))


def _sensor_index(scenario: Scenario, assumption: Assumption) -> int:
    name = assumption.path.split(".")[1]
    return [str(sensor) for sensor in scenario.sensors].index(name)


def _laydowns_touched(scenario: Scenario, assumption: Assumption) -> tuple[Laydown, ...]:
    if not _is_of_sensor(assumption):
        return scenario.laydowns
    which = _sensor_index(scenario, assumption)
    return tuple(laydown for laydown in scenario.laydowns if which in laydown.members)
