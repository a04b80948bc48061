"""What a run leaves behind: report, summary, tables, manifest, detections; all of them or none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from commonwatch.centre.configuration import Limits
from commonwatch.cli.earlier import REPORT, earlier_files
from commonwatch.report import ReportContent, ReportLaydown, Sector, write_picture, write_report
from commonwatch.report.content import ReportCentre, ReportDelay, ReportLevel
from commonwatch.report.summary import summary
from commonwatch.scenario.assumptions import assumptions
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.flights import published_ground_range_m
from commonwatch.scenario.nations import DelaySpan
from commonwatch.scenario.policies import lone_centres
from commonwatch.scenario.schema import RadarEntry, SensorEntry
from commonwatch.scenario.writing import sensor_file
from commonwatch.studies.compare import IMPACT_BOUND_ARCS_MAX, INTERVAL_S, Comparison
from commonwatch.studies.sharing import SeedResult, replayed, trajectories
from commonwatch.tables.files import (
    staged_folder,
    write_json,
    write_table,
    write_text,
)
from commonwatch.tables.known import KNOWN_TABLES
from commonwatch.tables.manifest import World, write_manifest
from commonwatch.tables.refused import refused_sentences
from commonwatch.tables.schemas import to_table
from commonwatch.world.injections import LIE
from commonwatch.world.sightings import Sightings

TRAJECTORY_STEP_S: Final = 10.0


def write_run(
    comparison: Comparison,
    sightings: Sightings,
    study: Mapping[int, SeedResult],
    folder: Path,
    *,
    seed: int,
    command: str,
) -> dict[str, Any]:
    """Write everything into a folder and return the summary.

    What an earlier run left there and this one does not write is removed. Truth goes to a folder of
    its own, ``truth/``: ``detections.parquet`` and ``sensors.toml`` are what a centre may see.

    Parameters
    ----------
    comparison, sightings
        What sensors see, and what they report in the world for replay.
    study
        What each seed gave, by seed; empty without worlds.
    folder
        Made where it does not exist.
    seed
        Of the world for replay.
    command
        What makes all this again.

    Raises
    ------
    OutputError
        The folder cannot be written, or ``earlier_files`` refuses it; then nothing of it has
        changed.
    """
    scenario = comparison.scenario
    known = known_tables(study)
    replay = study[seed].replay if study else {}
    content = report_content(comparison, known, seed=seed, replay=replay, command=command)
    shown = replayed(scenario)
    figures = summary(content) | {"detections": _drawn(scenario, sightings)}
    with staged_folder(folder, stale=earlier_files(folder)) as staged:
        for name, table in {**comparison.tables, **known, **replay}.items():
            write_table(staged / f"{name}.parquet", table)
        write_sightings(scenario, sightings, staged, laydown=scenario.world.laydown)
        write_json(staged / "summary.json", figures)
        write_text(staged / REPORT, write_report(content))
        write_text(staged / "picture.svg", write_picture(content))
        write_manifest(
            staged,
            version=version("commonwatch"),
            scenario=scenario.name,
            scenario_sha256=scenario.sha256,
            seed=seed,
            limits={"impact_bound_arcs": IMPACT_BOUND_ARCS_MAX} | limits_of_centres(),
            settings={
                "sample_interval_s": INTERVAL_S,
                "trajectory_step_s": TRAJECTORY_STEP_S,
                "flights_per_seed": scenario.world.flights_per_seed,
                "seeds": len(study),
            },
            world=World(laydown=shown.laydown, level=shown.level) if study else None,
        )
    return figures


def known_tables(study: Mapping[int, SeedResult]) -> dict[str, pa.Table]:
    """Return the tables of what centres knew, over all seeds; none where no world was flown."""
    if not study:
        return {}
    return {
        name: pa.concat_tables([result.known[name] for result in study.values()])
        for name in KNOWN_TABLES
    }


def limits_of_centres() -> dict[str, float]:
    """Return the limits that every centre of a world keeps to."""
    return {name: float(value) for name, value in dataclasses.asdict(Limits()).items()}


def write_sightings(
    scenario: Scenario, sightings: Sightings, folder: Path, *, laydown: str
) -> None:
    """Write what the sensors of a laydown report and what these are, and apart the truth.

    Parameters
    ----------
    scenario, sightings
        Of all its sensors.
    folder
        That exists.
    laydown
        Whose sensors are written.
    """
    rows = np.flatnonzero(sightings.rows_of(laydown))
    reported = {name: values[rows] for name, values in sightings.detections.items()}
    write_table(folder / "detections.parquet", to_table("detections", reported))
    write_text(folder / "sensors.toml", sensor_file(_members(scenario, sightings, laydown)))
    for name, columns in (
        ("truth_objects", sightings.objects),
        ("truth_ends", sightings.ends),
        ("truth_biases", sightings.biases),
        ("trajectories", trajectories(sightings, interval_s=TRAJECTORY_STEP_S)),
    ):
        write_table(folder / "truth" / f"{name}.parquet", to_table(name, columns))


def _members(scenario: Scenario, sightings: Sightings, laydown: str) -> tuple[SensorEntry, ...]:
    """Return the sensors of a laydown."""
    names = list(scenario.sensors)
    own = {names[k] for k in scenario.laydown(laydown).members}
    return tuple(entry for entry in sightings.sensors if entry.name in own)


def _drawn(scenario: Scenario, sightings: Sightings) -> dict[str, Any]:
    """Return what the summary says of the detections."""
    return {
        "row_count": int(sightings.rows_of(scenario.world.laydown).sum()),
        "sensor_count": len(_members(scenario, sightings, scenario.world.laydown)),
        "flight_count": sightings.flight_count,
        "flights_left_out_count": sightings.wanted_count - sightings.flight_count,
    }


def report_content(
    comparison: Comparison,
    known: Mapping[str, pa.Table],
    *,
    seed: int,
    replay: Mapping[str, pa.Table],
    command: str,
) -> ReportContent:
    """Gather what the report shows.

    Parameters
    ----------
    comparison, known, seed, replay
        What sensors see; tables of what centres knew; and the world for replay, its seed and
        tables.
    command
        What makes the page again.
    """
    scenario = comparison.scenario
    titles = _place_titles(scenario)
    flown = sorted({str(name) for name in comparison.tables["arcs"]["vehicle"].to_pylist()})
    refused = tuple(
        f"{titles.get(entry.launch.name, entry.launch.name)} to "
        f"{entry.aim_point.title if entry.aim_point else 'nowhere'}, {entry.arc}: {reason}."
        for entry, reason in comparison.refused
    )
    return ReportContent(
        scenario_name=scenario.name,
        title=scenario.title,
        question=scenario.question,
        look_for=scenario.look_for,
        date=scenario.date,
        seed=seed,
        version=version("commonwatch"),
        scenario_digest=scenario.sha256,
        command=command,
        vehicle_titles={
            name: scenario.vehicles[name].title for name in flown if name in scenario.vehicles
        },
        laydowns=_laydowns(scenario),
        baseline=scenario.baseline_laydown,
        everything=scenario.value_laydown,
        tables={**comparison.tables, **known},
        sectors=tuple(
            Sector(
                sensor=entry.name,
                azimuth_min_deg=face.azimuth_min_deg,
                azimuth_max_deg=face.azimuth_max_deg,
            )
            for entry in scenario.sensors.values()
            if isinstance(entry, RadarEntry)
            for face in entry.faces
        ),
        gap_s=120.0 if scenario.coverage is None else scenario.coverage.gap_s,
        place_titles=titles,
        assumption_titles={figure.path: figure.title for figure in assumptions(scenario)},
        not_flown=refused,
        impact_areas_left_out=_why_no_impact_area(comparison),
        published_ground_range_m=published_ground_range_m(scenario),
        levels=tuple(ReportLevel(name=level.name, title=level.title) for level in scenario.levels),
        centres=_centres(scenario),
        delays=tuple(_delay(scenario, name) for name in _DELAY_TITLES),
        replayed=(replayed(scenario).laydown, replayed(scenario).level, seed),
        refused=refused_sentences(replay["refused"].to_pydict(), replay["restarts"].to_pydict())
        if replay
        else (),
        liars=tuple(sorted({str(o.nation) for o in scenario.injections if o.kind == LIE})),
        has_expected=bool(scenario.expected),
    )


def _laydowns(scenario: Scenario) -> tuple[ReportLaydown, ...]:
    names = [str(name) for name in scenario.sensors]
    return tuple(
        ReportLaydown(
            name=laydown.name,
            title=laydown.title,
            sensors=tuple(names[k] for k in laydown.members),
            note=laydown.note,
        )
        for laydown in scenario.laydowns
    )


def _place_titles(scenario: Scenario) -> dict[str, str]:
    titles = {place.name: place.title for place in (*scenario.launch_sites, *scenario.aim_points)}
    titles |= {path.name: path.title for path in scenario.recorded}
    titles |= {name: entry.title for name, entry in scenario.launches.items()}
    return titles | {
        flight.name: flight.title or titles.get(flight.launch or "", flight.name)
        for flight in scenario.flights
    }


def _centres(scenario: Scenario) -> tuple[ReportCentre, ...]:
    alone = lone_centres(scenario)
    nations = tuple(
        ReportCentre(
            name=str(nation.name),
            title=nation.title,
            sensors=tuple(str(name) for name in nation.sensors),
            is_linked=nation.name not in alone,
        )
        for nation in scenario.nations
    )
    joint = ReportCentre(
        name=str(scenario.joint.name),
        title=scenario.joint.title,
        is_joint=True,
        is_linked=scenario.joint.name not in alone,
    )
    return (*nations, joint)


_DELAY_TITLES: Final = {
    "launch_report": "a person looks before a launch report leaves",
    "messages": "launch reports and joint alerts under way",
    "tracks": "track reports under way",
    "detections": "detection reports under way",
    "sensor": "looks on their way from sensor to centre",
}


def _delay(scenario: Scenario, name: str) -> ReportDelay:
    span: DelaySpan = getattr(scenario.delays, name)
    return ReportDelay(
        name=name,
        title=_DELAY_TITLES[name],
        low_s=span.low_s,
        nominal_s=span.nominal_s,
        high_s=span.high_s,
        mark=span.mark,
    )


def _why_no_impact_area(comparison: Comparison) -> str:
    """Say why impact areas were left out; nothing where they were computed."""
    if "sensitivity" in comparison.tables:
        return ""
    count = comparison.tables["arcs"].num_rows
    if count > IMPACT_BOUND_ARCS_MAX:
        return f"Not computed for more than {IMPACT_BOUND_ARCS_MAX:,} arcs; here are {count:,}."
    return "Not computed: the path is a record, which has no neighbouring flights to compare with."
