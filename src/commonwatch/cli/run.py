"""``commonwatch run``: answer a scenario and write its report, summary and tables."""

from __future__ import annotations

import json
from pathlib import Path

import click

from commonwatch.cli.progress import Stages


@click.command(
    "run",
    epilog="Examples:\n\n  commonwatch run iran-2009\n\n"
    "  commonwatch run my-scenario.toml --out results --json",
)
@click.argument("scenario", metavar="NAME|FILE")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the results; commonwatch-out/NAME where it is left out.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's own seed.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, no progress.")
def command(scenario: str, out: Path | None, seed: int | None, *, as_json: bool) -> None:
    """Answer a scenario: who sees what, when, for how long, and what nobody sees.

    NAME is a bundled scenario (see "commonwatch scenarios"), FILE a scenario of your own. Writes
    report.html, summary.json, run.json and Parquet tables. An interrupted run writes nothing.
    """
    from commonwatch.cli.outcome import write_run  # noqa: PLC0415
    from commonwatch.scenario.load import load_scenario  # noqa: PLC0415

    described = load_scenario(scenario)
    folder = out or Path("commonwatch-out") / described.name
    with Stages(is_shown=not as_json) as stages:
        stages.show("loading compiled kernels", 0.0)
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
