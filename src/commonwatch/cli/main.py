"""The command itself: finds the module of the command that was asked for, and reports errors.

Importing physics takes a second, so nothing of it is imported before a command is known: help and
typing mistakes answer at once.
"""

from __future__ import annotations

import difflib
import importlib
import os
import signal
import sys
from typing import Any, Final

import click

COMMANDS: Final = {
    "run": "Run a scenario and write its report, summary and tables.",
    "coverage": "Show what sensors see: lowest visible altitude by place.",
    "fly": "Fly a table of states freely to the ground, an altitude or apogee.",
    "scenarios": "List the bundled scenarios and what to look for in them.",
    "check": "Check a scenario file and report every mistake in it.",
    "schema": "Print the JSON Schema of scenario files.",
    "validate": "Compare with figures that Commonwatch did not compute.",
}
INTERRUPTED: Final = 130


class _Commands(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the table above."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; None where there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"commonwatch.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown name is answered with the nearest one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.4)
            hint = f'Did you mean "{near[0]}"?' if near else "See commonwatch --help."
            ctx.fail(f'unknown command "{name}". Commands: {", ".join(COMMANDS)}. {hint}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples:\n\n  commonwatch run iran-2009\n\n  commonwatch fly states.csv --out arcs.parquet",
)
@click.version_option(package_name="commonwatch", message="commonwatch %(version)s")
def commonwatch() -> None:
    """Missile warning that several nations run together: what does joining buy?"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit: 0 done, 2 wrong input, 130 interrupted, 1 our own mistake."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        code: Any = commonwatch.main(
            args=arguments, prog_name="commonwatch", standalone_mode=False
        )
    except click.exceptions.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return 2
    except BrokenPipeError:
        # The reader (head, less) has gone: nothing is left to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:
        from commonwatch.errors import CommonwatchError  # noqa: PLC0415

        if not isinstance(error, CommonwatchError):
            raise
        click.echo(str(error), err=True)
        return error.exit_code
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    click.echo("Interrupted: nothing was written.", err=True)
    return INTERRUPTED
