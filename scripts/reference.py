"""Write the reference documents from the program itself, or check that they are current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from commonwatch.cli.main import commonwatch
from commonwatch.tables.columns import Column
from commonwatch.tables.schemas import TABLES

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
WIDTH = 96


def command_sections(
    command: click.Command, name: str, parent: click.Context | None
) -> Iterator[str]:
    """Yield one section for a command and for each below it."""
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield f"## `{context.command_path}`\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from command_sections(found, below, context)


def table_section(name: str, columns: tuple[Column, ...]) -> str:
    """Return one section for a Parquet table: its columns, in order."""
    lines = [f"## `{name}.parquet`", "", "| column | type | unit | may be empty | says |"]
    lines.append("|---|---|---|---|---|")
    for column in columns:
        empty = "yes" if column.may_be_empty else ""
        cells = (f"`{column.name}`", column.kind, column.unit, empty, column.sentence)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def documents() -> dict[str, str]:
    """Return the text of every reference document by file name."""
    schema = CliRunner().invoke(commonwatch, ["schema"], catch_exceptions=False)
    if schema.exit_code:
        raise SystemExit(f"docs: `commonwatch schema` failed: {schema.output.strip()}")
    note = "Written by `scripts/docs` from the program itself; do not edit.\n"
    commands = f"# Commands\n\n{note}"
    tables = (
        f"# Tables\n\n{note}\n"
        "What a run writes as Parquet. Lengths are in metres, angles in radians, times in seconds\n"
        "from lift-off, or (`_ns`) in whole nanoseconds of UTC since 1970; latitude and longitude\n"
        "are in degrees. `YYYY` is the scenario's year.\n"
    )
    return {
        "commands.md": "\n".join([commands, *command_sections(commonwatch, "commonwatch", None)]),
        "scenario.schema.json": schema.stdout,
        "tables.md": "\n".join([tables, *(table_section(*table) for table in TABLES.items())]),
    }


def run(arguments: list[str]) -> int:
    """Write the documents, or with ``--check`` name those that are not current."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("docs: unknown arguments; the only one allowed is --check.\n")
        return 2
    stale = []
    for name, text in documents().items():
        path = REFERENCE / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if arguments and stale:
        sys.stderr.write(f"docs: not current: {', '.join(stale)}. Run scripts/docs.\n")
        return 1
    sys.stdout.write(f"docs/reference: {'current' if not stale else 'wrote ' + ', '.join(stale)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
