"""``commonwatch run``: answer a scenario and write its report, summary and tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from commonwatch.cli.progress import Stages

SEED_MAX: Final = 2**63 - 1


@click.command(
    "run",
    epilog="\b\nExamples:\n  commonwatch run iran-2009\n"
    "  commonwatch run my-scenario.toml --out results\n"
    "  commonwatch run dprk-2017 --json > summary.json",
)
@click.argument("scenario", metavar="NAME|FILE")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
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
    report.html, summary.json, run.json and Parquet tables. An interrupted run writes nothing.
    """
    with Stages(is_shown=not as_json) as stages:
        stages.show("loading (the first time compiles)", 0.0)
        from commonwatch.scenario.load import load_scenario  # noqa: PLC0415
        from commonwatch.tables.files import staged_folder  # noqa: PLC0415

        described = load_scenario(scenario)
        folder = out or Path("commonwatch-out") / described.name
        with staged_folder(folder):
            pass  # A place that cannot be written is refused before the work, not after it.
        from commonwatch.cli.outcome import write_run  # noqa: PLC0415
        from commonwatch.studies.compare import compare  # noqa: PLC0415

        comparison = compare(described, progress=lambda text, part: stages.show(text, 0.9 * part))
        stages.show("writing the report", 0.9)
        summary = write_run(comparison, folder, seed=described.seed if seed is None else seed)
        stages.show("done", 1.0)
    if as_json:
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    for sentence in summary["answers"]:
        click.echo(f"- {sentence}")
    click.echo(f"\nReport: {folder / 'report.html'}")
