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

from commonwatch.cli import stopping

COMMANDS: Final = {
    "run": "Run a scenario and write its report, summary and tables.",
    "world": "Run one world by its seed, judge it, and write its replay.",
    "coverage": "Show what sensors see: lowest visible altitude by place.",
    "fly": "Fly a table of states freely to the ground, an altitude or apogee.",
    "track": "Turn recorded detections into tracks.",
    "warn": "Turn tracks into alerts: what flies, from where, where and when it comes down.",
    "score": "Judge tracks by the truth.",
    "show": "Show a tracked file as one page: map, errors, ellipses, sensors, alerts.",
    "scenarios": "List the bundled scenarios and what to look for in them.",
    "check": "Check a scenario file and report every mistake in it.",
    "schema": "Print the JSON Schema of scenario files.",
    "policy": "Check what a nation lets out, and explain what of a message may go.",
    "validate": "Compare with figures that Commonwatch did not compute.",
}
WRONG_INPUT: Final = 2
STOPPED: Final = 128
"""Exit codes from here on: a signal stopped the program, and its number is what is above."""


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
    epilog="\b\nExamples:\n  commonwatch run iran-2009\n  commonwatch check my-scenario.toml\n"
    "  commonwatch fly states.csv --out arcs.parquet\n\n"
    'Each command has examples of its own: "commonwatch run --help".',
)
@click.version_option(package_name="commonwatch", message="commonwatch %(version)s")
def commonwatch() -> None:
    """Ask what nations gain by running missile warning together."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit.

    Exit codes: 0 done, 1 a comparison failed or our own mistake, 2 wrong input or a place that
    cannot be written, 128 and more stopped by a signal (130 is Ctrl-C).
    """
    stopping.listen()
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        code = _run(arguments)
    except KeyboardInterrupt:
        code = _stopped()
    sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with commonwatch.make_context("commonwatch", words) as context:
            code: Any = commonwatch.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _stopped()
    except Exception as error:
        # An interruption inside a compiler may come out as the compiler's own error.
        return _reported(error) if stopping.asked() is None else _stopped()
    return code if isinstance(code, int) else 0


def _reported(error: Exception) -> int:
    """Put an error into a sentence and return its exit code; raise what is our own mistake."""
    from commonwatch.errors import CommonwatchError

    match error:
        case click.ClickException():
            error.show()
            return WRONG_INPUT
        case CommonwatchError():
            _say(str(error))
            return error.exit_code
        case OSError():
            return _unwritten(error)
        case MemoryError():
            _say("The memory of this machine is too small for this.\n  Ask for less in one go.")
            return WRONG_INPUT
    raise error


def _stopped() -> int:
    stopping.rest()
    number = stopping.asked() or signal.SIGINT
    word = "Interrupted" if number == signal.SIGINT else "Stopped"
    _say(f"{word}: no file is half-written; results appear all together or not at all.")
    return STOPPED + number


def _unwritten(error: OSError) -> int:
    """Report that the output cannot be written: a full disk, or a reader that has gone."""
    if sys.stdout is not None:
        # What is left in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return STOPPED + signal.SIGPIPE
    place = f"{error.filename}: " if error.filename else ""
    _say(f"{place}{error.strerror or error}.\n  Choose another place, or make room there.")
    return WRONG_INPUT


def _say(text: str) -> None:
    """Write to the error stream; a file's name may hold what is no text."""
    click.echo(text.encode("utf-8", "replace").decode(), err=True)
