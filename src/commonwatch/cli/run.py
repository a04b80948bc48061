"""``commonwatch run``: answer a scenario and write its report, summary and tables."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from commonwatch.cli.places import Place
from commonwatch.cli.progress import Stages
from commonwatch.scenario.schema import SEED_MAX

_WHOLE_POINTS: Final = 3
_INDENT: Final = "   "


@click.command(
    "run",
    epilog="\b\nExamples:\n  commonwatch run iran-2009\n"
    "  commonwatch run my-scenario.toml --out results\n"
    "  commonwatch run dprk-2017 --json > summary.json",
)
@click.argument("scenario", metavar="NAME|FILE")
@click.option(
    "--out",
    type=Place(),
    metavar="FOLDER",
    help="Folder for the results; commonwatch-out/NAME where it is left out.",
)
@click.option(
    "--seed", type=click.IntRange(0, SEED_MAX), help="Instead of the scenario's own seed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, no progress.")
def command(scenario: str, out: Path | None, seed: int | None, *, as_json: bool) -> None:
    """Answer a scenario: who sees what, when, for how long, and what nobody sees.

    NAME is a bundled scenario (see "commonwatch scenarios"), FILE a scenario of your own. Writes
    report.html, summary.json, run.json and Parquet tables, detections.parquet and sensors.toml as a
    centre would have them, and truth/ apart; what an earlier run left in the folder is replaced. An
    interrupted run writes nothing.
    """
    with Stages(is_shown=not as_json) as stages:
        stages.show("loading (the first time compiles)", 0.0)
        from commonwatch.scenario.load import load_scenario
        from commonwatch.tables.files import staged_folder

        described = load_scenario(scenario)
        folder = out or Path("commonwatch-out") / described.name
        from commonwatch.cli.outcome import earlier_files, write_run

        with staged_folder(folder):  # What cannot be written is refused before the work, not after.
            earlier_files(folder)
        from commonwatch.studies.compare import compare
        from commonwatch.world.sightings import draw

        comparison = compare(described, progress=lambda text, part: stages.show(text, 0.9 * part))
        used_seed = described.seed if seed is None else seed
        stages.show("drawing detections", 0.9)
        refused = [flight for flight, _ in comparison.refused]
        sightings = draw(described, seed=used_seed, refused=refused)
        stages.show("writing the report", 0.95)
        summary = write_run(comparison, sightings, folder, seed=used_seed)
        stages.show("done", 1.0)
    if as_json:
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    _print_points(summary)
    click.echo(f"\nReport: {folder / 'report.html'}")


def _print_points(summary: Mapping[str, Any]) -> None:
    """Print points 1 to 3 whole and 4 to 7 in brief, as wide as the terminal."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    for point in summary["points"]:
        number, sentences = point["number"], point["sentences"]
        console.print(f"{number}  {point['heading']}", style="bold")
        shown = sentences if number <= _WHOLE_POINTS else [" ".join(sentences[:2])]
        for sentence in shown:
            lines = textwrap.wrap(sentence, console.width - len(_INDENT))
            console.print(textwrap.indent("\n".join(lines), _INDENT), soft_wrap=True)
    count = len(summary["not_flown"])
    if count:
        arcs = f"{count:,} arc" if count == 1 else f"{count:,} arcs"
        console.print(f"\n{arcs} not flown: see “Not flown” in the report.")
