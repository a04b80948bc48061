"""``commonwatch validate``: compare with figures that Commonwatch did not compute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from commonwatch.cli.places import Place
from commonwatch.cli.progress import page
from commonwatch.studies.validation import Listing, Validation, run_all
from commonwatch.studies.validation_page import COLUMNS, NUMBERS, cells, document
from commonwatch.tables.files import place_to_write, replaced

_TABLE_WIDTH: Final = 130
"""A narrower screen gets blocks in place of a table."""


@click.command(
    "validate",
    epilog="\b\nExamples:\n  commonwatch validate\n"
    "  commonwatch validate --out validation.md --json",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--out",
    type=Place(),
    metavar="FILE.md",
    help="Also write the result as a Markdown page.",
)
def command(*, as_json: bool, out: Path | None) -> int:
    """Compare with figures that Commonwatch did not compute.

    Reference trajectories by other libraries, published launches, recorded telemetry, closed forms,
    printed tables. Prints each comparison with its largest disagreement and the cause. Exit code 0
    only if all that is judged passes, 1 otherwise.
    """
    if out is not None:
        place_to_write(out)  # a bad place is said before the work, not after it
    aside = Console(stderr=True)
    with aside.status("comparing") as status:
        validation = run_all(lambda part: status.update(f"comparing: {part}"))
    if out is not None:
        with replaced(out) as file:
            file.write(document(validation).encode())
    if as_json:
        click.echo(json.dumps(validation.to_json(), indent=2, allow_nan=False))
    else:
        _show(validation)
    if out is not None:
        click.echo(f"Written: {out}", err=True)
    return 0 if validation.passes else 1


def _show(validation: Validation) -> None:
    console = page()
    if console.width < _TABLE_WIDTH:
        _show_narrow(console, validation)
    else:
        _show_checks(console, validation)
    for listing in validation.listings:
        console.print(_listing(listing))
        console.print(listing.note.replace("**", ""), "", sep="\n")
    console.print(validation.verdict)


def _show_narrow(console: Console, validation: Validation) -> None:
    """Print one block a comparison, where a table of all its columns would be cut."""
    for check in validation.checks:
        named = dict(zip(COLUMNS, cells(check), strict=True))
        style = "bold red" if check.passes is False else None
        console.print(f"{named['what']}, with {named['with what']}", style=style or "bold")
        console.print(
            f"  {named['quantity']}: {named['largest']} at most in {named['cases']} cases; "
            f"allowed {named['allowed']}; passes: {named['passes']}",
            style=style,
        )
        if named["cause"]:
            console.print(f"  {named['cause']}")
    console.print()


def _show_checks(console: Console, validation: Validation) -> None:
    table = Table(title="Validation", show_lines=True)
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in NUMBERS else "left")
    for check in validation.checks:
        table.add_row(*cells(check), style="bold red" if check.passes is False else None)
    console.print(table)


def _listing(listing: Listing) -> Table:
    table = Table(title=listing.title)
    for name in listing.columns:
        table.add_column(name, overflow="fold")
    for row in listing.rows:
        table.add_row(*row)
    return table
