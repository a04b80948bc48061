"""``commonwatch scenarios``: the bundled scenarios and what to look for in them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import click

from commonwatch.scenario import catalogue


@click.command(
    "scenarios",
    epilog="\b\nExamples:\n  commonwatch scenarios\n  commonwatch scenarios --json",
)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(*, as_json: bool) -> None:
    """List the bundled scenarios and what to look for in them.

    Each name can be given to "commonwatch run", "check" and "coverage".
    """
    rows = [_row(name) for name in catalogue.scenario_names()]
    if as_json:
        click.echo(json.dumps({"scenarios": rows}, indent=2, ensure_ascii=False))
        return
    from rich.table import Table
    from rich.text import Text

    from commonwatch.cli.progress import page

    table = Table(show_lines=True)
    table.add_column("name", no_wrap=True)
    table.add_column("title", ratio=2)
    table.add_column("look for", ratio=3)
    for row in rows:
        table.add_row(*(Text(row[key]) for key in ("name", "title", "look_for")))
    page().print(table)
    click.echo('Run one with "commonwatch run NAME".')


def _row(name: str) -> dict[str, Any]:
    """Read the words of a bundled file; the tests hold those files to every check of ``load``."""
    path = catalogue.scenario_path(name)
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        "name": name,
        "title": tree["title"],
        "question": tree["question"],
        "look_for": tree["look_for"],
        "date": tree["date"].isoformat(),
        "file": str(path),
    }
