"""Which open figures move the answer most: one at a time, to the ends of its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.errors import ImpossibleArcError
from commonwatch.scenario.assumptions import Assumption, assumptions
from commonwatch.scenario.description import Laydown, Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.sensors import sensors
from commonwatch.sensing.visibility import spells_of_sight
from commonwatch.studies.impact_bound import ImpactSlopes, gather, impact_slopes
from commonwatch.studies.marginal import FIGURES, Laid, Sight, merged
from commonwatch.tables.schemas import to_table
from commonwatch.world.truth import Truth, fly

F64 = npt.NDArray[np.float64]
Answer = dict[tuple[str, str], float]

_LEAST_SWING_S = 0.05


def sensitivity(
    scenario: Scenario,
    truth: Truth,
    slopes: ImpactSlopes,
    sight: Mapping[Case, Sight],
    *,
    progress: Callable[[float], None],
) -> pa.Table:
    """Move every open figure to both ends of its interval, all others nominal.

    Parameters
    ----------
    scenario, truth, slopes, sight
        The nominal answer and what it rests on.
    progress
        Told the part that is done.

    Returns
    -------
    table
        A row for each figure, laydown and figure of value that it moves, largest swing first.
        Answers are means over the arcs within the published range, or over all where there is none:
        warning at first sight, seconds under radar track, warning left when the impact area is
        known. A cross-section moves the answer as if it, not the published range, limited that
        radar.
    """
    open_figures = assumptions(scenario)
    nominal = _answers(scenario, truth, slopes, sight[Case.NOMINAL], scenario.laydowns)
    rows: list[dict[str, Any]] = []
    for done, assumption in enumerate(open_figures):
        touched = _laydowns_touched(scenario, assumption)
        if touched:
            ends = [
                _moved(scenario, truth, slopes, sight[Case.NOMINAL], assumption, value, touched)
                for value in (assumption.low, assumption.high)
            ]
            rows += _rows(assumption, nominal, ends[0], ends[1], touched)
        progress((done + 1) / len(open_figures))
    rows.sort(key=lambda row: (-row["swing_s"], row["assumption"], row["laydown"], row["figure"]))
    names = list(rows[0]) if rows else []
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
            swing = max(known) - min(known)
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


def _answers(
    scenario: Scenario,
    truth: Truth,
    slopes: ImpactSlopes,
    nominal: Sight,
    laydowns: tuple[Laydown, ...],
) -> Answer:
    is_published = np.array([entry.is_within_published_range for entry in truth.flights])
    chosen = is_published if is_published.any() else np.ones(len(is_published), bool)
    del scenario
    found: Answer = {}
    for laydown in laydowns:
        laid = Laid(
            trajectories=truth.trajectories,
            slopes=slopes,
            sight=dict.fromkeys(Case, nominal),
            cases=dict.fromkeys(laydown.members, Case.NOMINAL),
        )
        values = (laid.warning_at_first_sight_s(), laid.radar_track_s(), laid.warning_left_s())
        for figure, value in zip(FIGURES, values, strict=True):
            found[laydown.name, figure] = float(value[chosen].mean())
    return found


def _moved(
    scenario: Scenario,
    truth: Truth,
    slopes: ImpactSlopes,
    nominal: Sight,
    assumption: Assumption,
    value: float,
    laydowns: tuple[Laydown, ...],
) -> Answer | None:
    """Return the answer with one figure moved; None where its flights cannot be."""
    override = {assumption.path: value}
    if not _is_of_sensor(assumption):
        try:
            moved = fly(scenario, interval_s=truth.trajectories.interval_s, override=override)
        except ImpossibleArcError:
            return None
        if moved.arcs is None:
            return None
        flown = impact_slopes(moved.arcs, moved.trajectories, gravity=moved.gravity)
        spells = spells_of_sight(moved.trajectories, nominal.sensors)
        seen = Sight(
            sensors=nominal.sensors,
            spells=spells,
            information=gather(flown, nominal.sensors, spells),
        )
        return _answers(scenario, moved, flown, seen, laydowns)
    which = _sensor_index(scenario, assumption)
    changed = sensors(
        scenario,
        Case.NOMINAL,
        is_cross_section_run=assumption.key == "cross_section_m2",
        override=override,
    )[which]
    return _answers(
        scenario, truth, slopes, _with_sensor(truth, slopes, nominal, which, changed), laydowns
    )


def _with_sensor(
    truth: Truth, slopes: ImpactSlopes, nominal: Sight, which: int, changed: Any
) -> Sight:
    """Return what is seen when one sensor is another."""
    fresh = spells_of_sight(truth.trajectories, [changed])
    own = gather(slopes, [changed], fresh)
    fresh = replace(
        fresh,
        sensor=np.full(fresh.count, which, np.int32),
        sensors=nominal.spells.sensors,
    )
    others = np.flatnonzero(nominal.spells.sensor != which)
    information = nominal.information
    if information is not None:
        columns = {}
        for name in type(information).__slots__:
            column = getattr(information, name).copy()
            column[which] = getattr(own, name)[0]
            columns[name] = column
        information = type(information)(**columns)
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
