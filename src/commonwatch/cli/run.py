"""``commonwatch run``: answer a scenario and write its report, summary and tables."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from commonwatch.cli.places import Place
from commonwatch.cli.progress import Stages
from commonwatch.scenario.schema import SEED_MAX

SEEDS_MAX: Final = 100_000
_SIGHT_PART: Final = 0.15
_WRITING_PART: Final = 0.97
_WHOLE_POINTS: Final = 3
_INDENT: Final = "   "


@click.command(
    "run",
    epilog="\b\nExamples:\n  commonwatch run iran-2009\n"
    "  commonwatch run iran-2009 --seeds 20\n"
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
@click.option(
    "--seeds",
    type=click.IntRange(0, SEEDS_MAX),
    metavar="N",
    help="Worlds of each kind, each with a seed of its own; left out: as the scenario says. "
    "0: sight alone, nothing is shared.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, no progress.")
def command(
    scenario: str, out: Path | None, seed: int | None, seeds: int | None, *, as_json: bool
) -> None:
    """Answer a scenario: what sharing buys, who knows what when, and what nobody sees.

    NAME is a bundled scenario (see "commonwatch scenarios"), FILE a scenario of your own. Flies
    every laydown at every level of sharing, over seeds. Writes report.html, summary.json, run.json
    and Parquet tables, one world for replay, and truth/ apart; what an earlier run left in the
    folder is replaced. An interrupted run writes nothing there; seeds that it has finished are
    kept, and the same command goes on from them.
    """
    with Stages(is_shown=not as_json) as stages:
        stages.show("loading (the first time compiles)", 0.0)
        from commonwatch.kernels import compiling_beside

        with compiling_beside("commonwatch.cli.outcome"):
            from commonwatch.cli.earlier import earlier_files
            from commonwatch.scenario.load import load_scenario
            from commonwatch.tables.files import staged_folder

            described = load_scenario(scenario)
            folder = out or Path("commonwatch-out") / described.name
            with staged_folder(folder):  # What cannot be written is refused before the work.
                earlier_files(folder)
            from commonwatch.studies.compare import compare

            comparison = compare(
                described, progress=lambda text, part: stages.show(text, _SIGHT_PART * part)
            )
        from commonwatch.cli.outcome import write_run
        from commonwatch.cli.worlds import drop_kept, fly_worlds
        from commonwatch.world.sightings import draw

        used_seed = described.seed if seed is None else seed
        stages.show("drawing detections", _SIGHT_PART)
        sightings = draw(described, seed=used_seed)
        count = described.world.seeds if seeds is None else seeds
        study = fly_worlds(
            described, used_seed, count, stages, begin=_SIGHT_PART, end=_WRITING_PART
        )
        stages.show("writing the report", _WRITING_PART)
        # Without the folder of a file: the report is the same wherever the file lies.
        words = ["commonwatch", "run", Path(scenario).name]
        for option, value in (("--seed", seed), ("--seeds", seeds)):
            words += [] if value is None else [option, str(value)]
        summary = write_run(
            comparison, sightings, study, folder, seed=used_seed, command=shlex.join(words)
        )
        drop_kept(described)
        stages.show("done", 1.0)
    if as_json:
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    _print_points(summary)
    click.echo(f"\nReport: {folder / 'report.html'}")


def _print_points(summary: Mapping[str, Any]) -> None:
    """Print the points of sharing, then 1 to 3 whole and 4 to 7 in brief, as wide as the screen."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    sharing = (summary["sharing"] or {}).get("points", [])
    points = [(point["letter"], point["heading"], point["sentences"]) for point in sharing]
    for point in summary["points"]:
        number, sentences = point["number"], point["sentences"]
        shown = sentences if number <= _WHOLE_POINTS else [" ".join(sentences[:2])]
        points.append((number, point["heading"], shown))
    for mark, heading, sentences in points:
        console.print(f"{mark}  {heading}", style="bold")
        for sentence in sentences:
            lines = textwrap.wrap(sentence, console.width - len(_INDENT))
            console.print(textwrap.indent("\n".join(lines), _INDENT), soft_wrap=True)
    count = len(summary["not_flown"])
    if count:
        arcs = f"{count:,} arc" if count == 1 else f"{count:,} arcs"
        console.print(f"\n{arcs} not flown: see “Not flown” in the report.")
