"""``commonwatch world``: run one world by its seed, judge it, and write its replay."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commonwatch.cli.places import Place
from commonwatch.cli.progress import Stages
from commonwatch.scenario.schema import SEED_MAX

if TYPE_CHECKING:
    from commonwatch.scenario.description import Scenario
    from commonwatch.world.history import History
    from commonwatch.world.recordings import Common

BROKEN: Final = 1
_SHOWN: Final = 20


@click.command(
    "world",
    epilog="\b\nExamples:\n  commonwatch world iran-2009 --laydown all --level tracks --seed 2009\n"
    "  commonwatch world liar --level tracks --seed 4 --faults 17 --checks\n"
    "  commonwatch world my-scenario.toml --out replay",
)
@click.argument("scenario", metavar="NAME|FILE")
@click.option("--laydown", metavar="NAME", help="Left out: the one that the scenario shows.")
@click.option("--level", metavar="NAME", help="Level of sharing; left out: the last one.")
@click.option("--seed", type=click.IntRange(0, SEED_MAX), help="Left out: the scenario's own.")
@click.option(
    "--faults",
    "faults_seed",
    type=click.IntRange(0, SEED_MAX),
    metavar="SEED",
    help="Draw a swarm of faults too, all of which heal.",
)
@click.option(
    "--checks",
    "has_checks",
    is_flag=True,
    help="Judge it by everything that must hold in every world, replay included, and by what the "
    "scenario expects.",
)
@click.option(
    "--out",
    type=Place(),
    metavar="FOLDER",
    help="Write messages, tracks, alerts and status as Parquet, the ledgers, and truth/ apart: all "
    "that a replay needs. What an earlier run left there is replaced.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, no progress.")
def command(
    *,
    scenario: str,
    laydown: str | None,
    level: str | None,
    seed: int | None,
    faults_seed: int | None,
    has_checks: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """Run one world of a scenario: one laydown, one level of sharing, one seed.

    The same words give the same world, byte for byte. With --checks the exit code is 1 where
    anything that must hold does not; what the scenario expects and was not met is listed.
    """
    with Stages(is_shown=not as_json) as stages:
        stages.show("loading (the first time compiles)", 0.0)
        from commonwatch.scenario.load import load_scenario
        from commonwatch.studies.expected import expected_of, unmet
        from commonwatch.tables.files import staged_folder
        from commonwatch.world.checks import breaches_of
        from commonwatch.world.recordings import Common
        from commonwatch.world.replay import replay
        from commonwatch.world.run import WorldOrder, run_world

        described = load_scenario(scenario)
        if out is not None:
            from commonwatch.cli.earlier import earlier_files

            with staged_folder(out):  # What cannot be written is refused before the work.
                earlier_files(out)
        used_seed = described.seed if seed is None else seed
        order = WorldOrder(
            scenario=described,
            laydown=described.world.laydown if laydown is None else laydown,
            level=described.levels[-1].name if level is None else level,
            seed=used_seed,
            faults_seed=faults_seed,
            called=scenario,
        )
        stages.show("drawing detections", 0.1)
        common = Common.of(described, seed=used_seed)
        stages.show("running", 0.2)
        history = run_world(order, common=common)
        breaches = []
        missed: list[str] | None = None
        if has_checks:
            stages.show("judging", 0.6)
            breaches = [*breaches_of(history), *replay(history)]
            if expected_of(described, history):
                ends = unmet(described, common.sightings, history)
                missed = list(dict.fromkeys(map(str, ends)))
        if out is not None:
            stages.show("writing", 0.95)
            _write(history, described, common, out)
        stages.show("done", 1.0)
    facts = _facts(history, [str(each) for each in breaches], has_checks=has_checks)
    facts["unmet"] = missed
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        _show(facts, out)
    return BROKEN if breaches else 0


def _facts(history: History, breaches: list[str], *, has_checks: bool) -> dict[str, Any]:
    from commonwatch.tables.refused import refused_sentences
    from commonwatch.world.history import tables
    from commonwatch.world.links import INJECTED

    messages = Counter(
        f"{each.kind}, injected, {each.outcome}"
        if each.origin == INJECTED
        else f"{each.kind}, {each.outcome}"
        for each in history.passages
        if each.kind != "heartbeat" or each.origin == INJECTED
    )
    columns = tables(history)
    status = {(str(each.centre), each.alert.alert): each.alert.status for each in history.shown}
    alerts = Counter(f"{centre}, {word}" for (centre, _), word in status.items())
    return {
        "format": 1,
        "command": history.command,
        "digest": history.digest,
        "faults": len(history.faults),
        "messages": dict(sorted(messages.items())),
        "refused": list(refused_sentences(columns["refused"], columns["restarts"])),
        "alerts_at_last": dict(sorted(alerts.items())),
        "named": sorted({f"{each.accused} by {each.centre}" for each in history.accused}),
        "ledger_entries": {str(name): len(each) for name, each in history.entries.items()},
        "breaches": breaches if has_checks else None,
    }


def _show(facts: dict[str, Any], out: Path | None) -> None:
    click.echo(f"{facts['command']}\ndigest {facts['digest']}")
    for title, key in (("Messages", "messages"), ("Alerts at last", "alerts_at_last")):
        for name, count in facts[key].items():
            click.echo(f"{title}: {name}: {count:,}")
    for sentence in facts["refused"]:
        click.echo(f"Refused: {sentence}")
    for name in facts["named"]:
        click.echo(f"Named: {name}")
    _list(facts["breaches"], "Everything that must hold holds.", "Broken:")
    _list(facts["unmet"], "It ends as its scenario expects.", "Expected and not met:")
    if out is not None:
        click.echo(f"Replay: {out}")


def _list(found: list[str] | None, none: str, some: str) -> None:
    """Show what was found amiss; nothing where nobody looked."""
    if found is None:
        return
    click.echo(some if found else none)
    for words in found[:_SHOWN]:
        click.echo(f"  {words}")
    if len(found) > _SHOWN:
        click.echo(f"  and {len(found) - _SHOWN:,} more")


def _write(history: History, scenario: Scenario, common: Common, folder: Path) -> None:
    from importlib.metadata import version

    from commonwatch.cli.earlier import earlier_files
    from commonwatch.cli.outcome import TRAJECTORY_STEP_S, limits_of_centres, write_sightings
    from commonwatch.tables.files import staged_folder, write_table
    from commonwatch.tables.manifest import World, write_manifest
    from commonwatch.tables.schemas import to_table
    from commonwatch.world.history import tables

    with staged_folder(folder, stale=earlier_files(folder)) as staged:
        for name, columns in tables(history).items():
            write_table(staged / f"{name}.parquet", to_table(name, columns))
        write_sightings(scenario, common.sightings, staged, laydown=history.laydown)
        for centre, entries in history.entries.items():
            path = staged / "ledgers" / f"{centre}.ndjson"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"".join(entry.line for entry in entries))
        write_manifest(
            staged,
            version=version("commonwatch"),
            scenario=scenario.name,
            scenario_sha256=scenario.sha256,
            seed=history.seed,
            limits=limits_of_centres(),
            settings={
                "trajectory_step_s": TRAJECTORY_STEP_S,
                "faults": len(history.faults),
            },
            world=World(
                laydown=history.laydown, level=history.level, faults_seed=history.faults_seed
            ),
        )
