"""Every command explains itself: examples that stand one a line and that the command accepts."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from commonwatch.cli.main import COMMANDS, commonwatch
from tests.cli.build import call

LISTED = [*COMMANDS, ""]


def examples_of(text: str) -> list[str]:
    """Lines below "Examples:", up to the next empty one."""
    _, _, after = text.partition("Examples:\n")
    return [line.strip() for line in after.strip().partition("\n\n")[0].splitlines()]


@pytest.mark.parametrize("name", LISTED)
def test_help_gives_examples_one_a_line(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(*([name] if name else []), "--help") == 0
    examples = examples_of(capfd.readouterr().out)
    assert examples
    for example in examples:
        assert example.startswith(f"commonwatch {name}".strip())


@pytest.mark.parametrize("name", LISTED)
def test_every_example_is_one_that_the_command_accepts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("states.csv", "my-scenario.toml"):
        (tmp_path / file).touch()
    call(*([name] if name else []), "--help")
    for example in examples_of(capfd.readouterr().out):
        _, command_name, *arguments = shlex.split(example.split(">")[0])
        with click.Context(commonwatch) as above:
            command = commonwatch.get_command(above, command_name)
            assert command is not None
            with command.make_context(command_name, arguments, parent=above):
                pass
