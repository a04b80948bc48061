"""``commonwatch check``: every mistake of a scenario file, or what was found in it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import click

from commonwatch.cli.progress import Stages
from commonwatch.errors import ImpossibleArcError, InputError, Mistake, ScenarioError

if TYPE_CHECKING:
    from commonwatch.scenario.description import Grid, Scenario

INTERVAL_S: Final = 30.0
"""Between samples: whether an arc exists does not depend on them."""


@click.command(
    "check",
    epilog="\b\nExamples:\n  commonwatch check my-scenario.toml\n"
    "  commonwatch check iran-2009 --json",
)
@click.argument("scenario", metavar="FILE|NAME")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(scenario: str, *, as_json: bool) -> int:
    """Check a scenario file and report every mistake in it, all in one go.

    A clean file is described: what flies, which sensors there are with their status on the
    scenario's date, how many figures are open. Then every arc is flown once; those that cannot be
    are listed with the reason. The flights of the gap map are flown too, where they are many 2,048
    spread over it.

    Exit code 2 where the file has a mistake or nothing can fly; 0 otherwise.
    """
    try:
        with Stages(is_shown=not as_json) as stages:
            stages.show("reading the file", 0.0)
            from commonwatch.scenario.files import read_scenario

            read = read_scenario(scenario)
            from commonwatch.scenario.load import scenario_of

            described = scenario_of(read)
            found = _described(described)
            stages.show("flying each arc once", 0.2)
            found |= _flown(described)
            stages.show("flying the gap map", 0.5)
            found |= _gap_map_flown(described)
    except InputError as error:
        if not as_json:
            raise
        mistakes = [_plain(mistake) for mistake in _mistakes(error, scenario)]
        _print_json({"file": scenario, "is_clean": False, "mistakes": mistakes})
        return error.exit_code
    if as_json:
        _print_json({"file": scenario, "is_clean": True, "mistakes": [], **found})
    else:
        _say(found)
    return 0


def _print_json(content: dict[str, Any]) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def _mistakes(error: InputError, place: str) -> tuple[Mistake, ...]:
    if isinstance(error, ScenarioError):
        return error.mistakes
    return (
        Mistake(
            path=error.where or place,
            found=error.found,
            allowed=error.allowed,
            what_to_do=error.what_to_do,
        ),
    )


def _plain(mistake: Mistake) -> dict[str, str]:
    return {
        "path": mistake.path,
        "found": mistake.found,
        "allowed": mistake.allowed,
        "what_to_do": mistake.what_to_do,
    }


def _described(scenario: Scenario) -> dict[str, Any]:
    """Describe a clean file without flying anything."""
    from commonwatch.scenario.assumptions import assumptions
    from commonwatch.scenario.policies import lone_centres
    from commonwatch.scenario.sensors import status_on

    sensors = []
    for entry in scenario.sensors.values():
        status, note = status_on(entry, scenario.date)
        sensors.append({"sensor": entry.name, "title": entry.title, "status": status, "note": note})
    figures = assumptions(scenario)
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "date": scenario.date.isoformat(),
        "seed": scenario.seed,
        "scenario_sha256": scenario.sha256,
        "launch_site_count": len(scenario.launch_sites),
        "aim_point_count": len(scenario.aim_points),
        "arc_kind_count": len(scenario.arcs),
        "flight_count": len(scenario.flights),
        "recorded_count": len(scenario.recorded),
        "laydowns": [
            {"laydown": one.name, "title": one.title, "sensor_count": len(one.members)}
            for one in scenario.laydowns
        ],
        "sensors": sensors,
        "centres_without_link": [str(name) for name in lone_centres(scenario)],
        "open_figure_count": len(figures),
        "open_figures_by_mark": dict(sorted(Counter(one.mark for one in figures).items())),
        "map_cell_count": 0 if scenario.coverage is None else _cell_count(scenario.coverage.map),
        "gap_map_path_count": _gap_map_path_count(scenario),
    }


def _cell_count(grid: Grid) -> int:
    return len(grid.latitude_rad) * len(grid.longitude_rad)


def _gap_map_path_count(scenario: Scenario) -> int:
    if scenario.coverage is None or scenario.coverage.launches is None:
        return 0
    return _cell_count(scenario.coverage.launches) * len(scenario.aim_points)


def _flown(scenario: Scenario) -> dict[str, Any]:
    """Fly everything once and list what cannot be flown."""
    from commonwatch.world.truth import fly

    try:
        truth = fly(scenario, interval_s=INTERVAL_S)
    except ImpossibleArcError as error:
        error.where = error.where or scenario.name
        raise
    return {
        "arc_count": len(truth.flights),
        "arcs_within_published_range": sum(
            flight.is_within_published_range for flight in truth.flights
        ),
        "refused": [
            {
                "launch": flight.launch.name,
                "aim_point": flight.aim_point.name if flight.aim_point else "",
                "arc": flight.arc,
                "reason": reason,
            }
            for flight, reason in truth.refused
        ],
    }


def _gap_map_flown(scenario: Scenario) -> dict[str, Any]:
    """Fly the gap map, a large one in part, and count what cannot be."""
    from commonwatch.studies.gaps import try_gap_map

    flown = tried = 0
    if scenario.coverage is not None and scenario.aim_points:
        flown, tried = try_gap_map(scenario, scenario.coverage, interval_s=INTERVAL_S)
    return {"gap_map_tried_count": tried, "gap_map_flown_count": flown}


def _say(found: dict[str, Any]) -> None:
    click.echo(f"{found['scenario']}: no mistakes. {found['title']} ({found['date']}).\n")
    refused = found["refused"]
    rows = [
        ("launch sites", found["launch_site_count"]),
        ("aim points", found["aim_point_count"]),
        ("arc kinds", found["arc_kind_count"]),
        ("single flights", found["flight_count"]),
        ("recorded paths", found["recorded_count"]),
        ("arcs that exist", found["arc_count"]),
        ("  within published range", found["arcs_within_published_range"]),
        ("arcs that cannot be", len(refused)),
        ("laydowns", len(found["laydowns"])),
        ("sensors", len(found["sensors"])),
        ("open figures", found["open_figure_count"]),
        *((f"  {mark}", count) for mark, count in found["open_figures_by_mark"].items()),
        ("places of the height map", found["map_cell_count"]),
        ("flights of the gap map", found["gap_map_path_count"]),
        ("  of these tried", found["gap_map_tried_count"]),
        ("  of the tried, possible", found["gap_map_flown_count"]),
    ]
    for name, count in rows:
        click.echo(f"{name:<26}{count:>8}")
    click.echo("\nLaydowns:")
    for laydown in found["laydowns"]:
        count = laydown["sensor_count"]
        sensors = f"{count} sensor" if count == 1 else f"{count} sensors"
        click.echo(f"  {laydown['laydown']}: {laydown['title']}; {sensors}")
    click.echo(f"\nSensors on {found['date']}:")
    for sensor in found["sensors"]:
        note = f", {sensor['note']}" if sensor["note"] else ""
        click.echo(f"  {sensor['sensor']}: {sensor['status']}{note}")
    for centre in found["centres_without_link"]:
        click.echo(
            f"\nNo link joins {centre}: it shares nothing with others and hears nothing from them."
        )
    if refused:
        click.echo("\nArcs that cannot be, left out of a run:")
    for arc in refused:
        ends = f"{arc['launch']} to {arc['aim_point'] or 'nowhere'}"
        click.echo(f"  {ends}, {arc['arc']}: {arc['reason']}")
