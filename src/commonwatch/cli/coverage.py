"""``commonwatch coverage``: how low sensors see above each place, and for how long nobody sees."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commonwatch.cli.places import Place
from commonwatch.cli.progress import Stages
from commonwatch.errors import InputError, OutputError, UnknownNameError
from commonwatch.scenario.figures import Case

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.scenario.description import Coverage, Grid, Scenario

ALTITUDES_KM: Final = (200, 500, 1_000)
"""Of which the summary gives the part of the map that is seen below them."""
GAPS_SHOWN: Final = 5
CASES: Final = tuple(str(case) for case in Case)
STEP_MAX_DEG: Final = 45.0


@click.command(
    "coverage",
    epilog="\b\nExamples:\n  commonwatch coverage iran-2009 --laydown us-nato+gabala\n"
    "  commonwatch coverage globe-2024 --step-deg 5 --out maps\n"
    "  commonwatch coverage my-scenario.toml --case low --out heights.parquet --json",
)
@click.argument("scenario", metavar="NAME|FILE")
@click.option("--laydown", metavar="NAME", help="This set of sensors alone; all where left out.")
@click.option(
    "--case", type=click.Choice(CASES), help="This end of the intervals alone; all where left out."
)
@click.option("--step-deg", type=float, help="Grid step of the maps instead of the scenario's.")
@click.option(
    "--out",
    type=Place(),
    metavar="FILE.parquet|FOLDER",
    help="Folder for lowest_altitude.parquet and gaps.parquet; or FILE.parquet for the heights, "
    "with the gaps beside it in FILE-gaps.parquet.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, no progress.")
def command(
    *,
    scenario: str,
    laydown: str | None,
    case: str | None,
    step_deg: float | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Map a scenario's coverage without the rest of it.

    The height map gives the lowest altitude at which a radar sees above each place. The gap map
    flies from each launch place of the grid to each aim point and gives the longest stretch that
    nobody sees, satellites included. Prints a summary; --out writes the maps.
    """
    with Stages(is_shown=not as_json) as stages:
        stages.show("loading (the first time compiles)", 0.0)
        from commonwatch.scenario.load import load_scenario

        described, coverage = _chosen(load_scenario(scenario), laydown, step_deg)
        files = _files(out)
        tables = _tables(described, coverage, stages, case=case)
        if files:
            _write(tables, files)
        stages.show("done", 1.0)
    summary = _summary(described, coverage, tables)
    if as_json:
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False))
        return
    _say(summary)
    for name in tables if files else ():
        click.echo(f"Written: {files[name]}")


def _chosen(
    scenario: Scenario, laydown: str | None, step_deg: float | None
) -> tuple[Scenario, Coverage]:
    """Narrow a scenario to one laydown and lay its grids anew."""
    coverage = scenario.coverage
    if coverage is None:
        raise InputError(
            "the scenario asks for no maps",
            allowed="a scenario with a [coverage] table",
            where=scenario.name,
            what_to_do='Add [coverage] and [coverage.map]; "commonwatch schema" lists their keys',
        )
    if laydown is not None:
        names = [one.name for one in scenario.laydowns]
        if laydown not in names:
            raise UnknownNameError("laydown", laydown, names, where="--laydown")
        scenario = replace(scenario, laydowns=(scenario.laydown(laydown),))
    if step_deg is not None:
        coverage = _with_step(coverage, step_deg, len(scenario.aim_points))
    return scenario, coverage


def _with_step(coverage: Coverage, step_deg: float, aim_point_count: int) -> Coverage:
    from commonwatch.scenario.schema import LIMITS

    if not 0.0 < step_deg <= STEP_MAX_DEG:
        raise InputError(
            f"{step_deg:g}", allowed=f"above 0, at most {STEP_MAX_DEG:g} deg", where="--step-deg"
        )
    launches = coverage.launches
    for grid, each, most, what in (
        (coverage.map, 1, LIMITS.cell_count, "places of the height map"),
        (launches, aim_point_count, LIMITS.path_count, "flights of the gap map"),
    ):
        count = 0.0 if grid is None else each * _count(grid, step_deg)
        if count > most:
            raise InputError(
                f"a step of {step_deg:g} deg makes {count:.3g} {what}",
                allowed=f"at most {most}",
                where="--step-deg",
                what_to_do="Choose a longer step",
            )
    return replace(
        coverage,
        map=_laid(coverage.map, step_deg),
        launches=None if launches is None else _laid(launches, step_deg),
    )


def _spans_rad(grid: Grid) -> tuple[float, float, bool]:
    """Return how far a grid reaches in latitude and longitude, and whether it goes right round."""
    high = float(grid.latitude_rad[-1] - grid.latitude_rad[0])
    wide = float(grid.longitude_rad[-1] - grid.longitude_rad[0])
    goes_round = wide + grid.step_rad >= 2.0 * math.pi - 1e-9
    return high, 2.0 * math.pi if goes_round else wide, goes_round


def _count(grid: Grid, step_deg: float) -> float:
    high, wide, _ = _spans_rad(grid)
    step_rad = math.radians(step_deg)
    return (high / step_rad + 1.0) * (wide / step_rad + 1.0)


def _laid(grid: Grid, step_deg: float) -> Grid:
    """Lay a grid over the same places with another step, from the same corner."""
    import numpy as np

    high, wide, goes_round = _spans_rad(grid)
    step_rad = math.radians(step_deg)
    rows = math.floor(high / step_rad + 1e-9) + 1
    columns = math.floor(wide / step_rad + 1e-9) + 1
    if goes_round and (columns - 1) * step_rad >= 2.0 * math.pi - 1e-9:
        columns -= 1
    return replace(
        grid,
        latitude_rad=grid.latitude_rad[0] + step_rad * np.arange(rows),
        longitude_rad=grid.longitude_rad[0] + step_rad * np.arange(columns),
        step_rad=step_rad,
    )


def _tables(
    scenario: Scenario, coverage: Coverage, stages: Stages, *, case: str | None
) -> dict[str, pa.Table]:
    import pyarrow.compute as pc

    from commonwatch.studies import gaps

    stages.show("mapping the lowest visible altitude", 0.1)
    tables = {"lowest_altitude": gaps.lowest_altitude(scenario, coverage)}
    if coverage.launches is not None and scenario.aim_points:
        stages.show("mapping the gaps", 0.3)
        tables["gaps"] = gaps.gap_map(
            scenario,
            coverage,
            progress=lambda part: stages.show("mapping the gaps", 0.3 + 0.7 * part),
        )
    if case is not None:
        tables = {name: table.filter(pc.field("case") == case) for name, table in tables.items()}
    return tables


def _files(out: Path | None) -> dict[str, Path]:
    """Name the files to write, and refuse a place that cannot be written before the work."""
    from commonwatch.tables.files import place_to_write, staged_folder

    if out is None:
        return {}
    if out.suffix not in {"", ".parquet"} and not out.exists():
        raise OutputError(
            f'the name ends in "{out.suffix}"',
            allowed="FILE.parquet, or a folder: there already, or a name without an ending",
            where=f"--out {out}",
            what_to_do="Tables are written as Parquet; choose another name",
        )
    if out.suffix == ".parquet" and not out.is_dir():
        files = {"lowest_altitude": out, "gaps": out.with_name(f"{out.stem}-gaps.parquet")}
    else:
        files = {name: out / f"{name}.parquet" for name in ("lowest_altitude", "gaps")}
    with staged_folder(files["gaps"].parent):
        for path in files.values():
            place_to_write(path)
    return files


def _write(tables: dict[str, pa.Table], files: dict[str, Path]) -> None:
    from commonwatch.tables.files import staged_folder, write_table

    with staged_folder(files["gaps"].parent) as staged:
        for name, table in tables.items():
            write_table(staged / files[name].name, table)


def _summary(scenario: Scenario, coverage: Coverage, tables: dict[str, pa.Table]) -> dict[str, Any]:
    heights, gaps = tables["lowest_altitude"], tables.get("gaps")
    cases = [case for case in CASES if case in heights["case"].unique().to_pylist()]
    pairs = [(laydown, case) for laydown in scenario.laydowns for case in cases]
    return {
        "scenario": scenario.name,
        "scenario_sha256": scenario.sha256,
        "step_deg": round(math.degrees(coverage.map.step_rad), 9),
        "altitude_max_m": coverage.altitude_max_m,
        "gap_s": coverage.gap_s,
        "laydowns": {laydown.name: laydown.title for laydown in scenario.laydowns},
        "lowest_altitude": [
            {"laydown": one.name, "case": case, **_heights(_rows(heights, one.name, case))}
            for one, case in pairs
        ],
        "gaps": [
            {"laydown": one.name, "case": case, **_gaps(_rows(gaps, one.name, case), coverage)}
            for one, case in pairs
        ]
        if gaps is not None
        else [],
    }


def _rows(table: pa.Table, laydown: str, case: str) -> pa.Table:
    import pyarrow.compute as pc

    rows: pa.Table = table.filter((pc.field("laydown") == laydown) & (pc.field("case") == case))
    return rows


def _heights(rows: pa.Table) -> dict[str, Any]:
    """Weigh each place of the map by the area that it stands for."""
    import numpy as np

    area = np.cos(np.radians(rows["latitude_deg"].to_numpy()))
    altitude_m = rows["altitude_m"].to_numpy()  # nan where nothing is seen: never below anything
    whole = max(float(area.sum()), 1e-12)
    return {
        f"area_seen_below_{km}_km_ratio": round(float(area[altitude_m < km * 1e3].sum()) / whole, 4)
        for km in ALTITUDES_KM
    }


def _gaps(rows: pa.Table, coverage: Coverage) -> dict[str, Any]:
    """Sum up one gap map: how many flights go unseen for long, and from where the longest."""
    import numpy as np

    gap_s = rows["longest_unseen_s"].to_numpy()
    flown = np.isfinite(gap_s)
    is_long = flown & (gap_s >= coverage.gap_s)
    names = ("launch_latitude_deg", "launch_longitude_deg", "aim_point", "longest_unseen_s")
    order = np.argsort(-np.where(flown, gap_s, -np.inf), kind="stable")[: int(flown.sum())]
    places: dict[tuple[float, float], dict[str, Any]] = {}
    for row in rows.select([*names, "first_sight_s"]).take(order).to_pylist():
        place = (row["launch_latitude_deg"], row["launch_longitude_deg"])
        if place not in places:
            if len(places) == GAPS_SHOWN:
                break
            places[place] = {key: _rounded(value) for key, value in row.items()}
    return {
        "flight_count": int(flown.sum()),
        "impossible_count": int((~flown).sum()),
        "never_seen_count": int((flown & ~np.isfinite(rows["first_sight_s"].to_numpy())).sum()),
        "long_gap_count": int(is_long.sum()),
        "longest_gaps": list(places.values()),
    }


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value


def _say(summary: dict[str, Any]) -> None:
    from rich.table import Table

    from commonwatch.cli.progress import page

    heights = Table("laydown", "case", title="Part of the map seen by radar below")
    for km in ALTITUDES_KM:
        heights.add_column(f"{km} km", justify="right")
    for row in summary["lowest_altitude"]:
        parts = [row[f"area_seen_below_{km}_km_ratio"] for km in ALTITUDES_KM]
        heights.add_row(row["laydown"], row["case"], *(f"{part:.1%}" for part in parts))
    page().print(heights)
    if not summary["gaps"]:
        click.echo("No gap map: the scenario has no [coverage.launches], or no aim points.")
        return
    gaps = Table("laydown", "case", title="Flights of the gap map that nobody sees for long")
    for name in ("flights", f"{summary['gap_s']:g} s and more", "never seen"):
        gaps.add_column(name, justify="right")
    gaps.add_column("longest")
    for row in summary["gaps"]:
        counts = (str(row[f"{key}_count"]) for key in ("flight", "long_gap", "never_seen"))
        longest = [_gap_text(gap) for gap in row["longest_gaps"][:1]]
        gaps.add_row(row["laydown"], row["case"], *counts, *longest)
    page().print(gaps)


def _gap_text(gap: dict[str, Any]) -> str:
    latitude, longitude = gap["launch_latitude_deg"], gap["launch_longitude_deg"]
    north, east = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
    place = f"{abs(latitude):g} {north} {abs(longitude):g} {east}"
    return f"{gap['longest_unseen_s']:.0f} s, {place} to {gap['aim_point']}"
