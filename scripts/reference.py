"""Write the reference documents from the program itself, or check that they are current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

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


def documents(main: click.Command) -> dict[str, str]:
    """Return the text of every reference document by file name."""
    schema = CliRunner().invoke(main, ["schema"], catch_exceptions=False)
    if schema.exit_code:
        raise SystemExit(f"docs: `commonwatch schema` failed: {schema.output.strip()}")
    head = "# Commands\n\nWritten by `scripts/docs` from the program's own help; do not edit.\n"
    return {
        "commands.md": "\n".join([head, *command_sections(main, "commonwatch", None)]),
        "scenario.schema.json": schema.stdout,
    }


def run(arguments: list[str]) -> int:
    """Write the documents, or with ``--check`` name those that are not current."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("docs: unknown arguments; the only one allowed is --check.\n")
        return 2
    try:
        from commonwatch.cli.main import main  # noqa: PLC0415  (may not exist yet: see below)
    except ModuleNotFoundError as missing:
        sys.stderr.write(
            f"docs: the reference is made from the command line; {missing.name} is missing.\n"
        )
        return 2
    stale = []
    for name, text in documents(main).items():
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
