"""The command itself: quick help, mistakes answered with a sentence, exit codes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version

import click
import pytest

from commonwatch.cli import main as module
from commonwatch.cli.main import COMMANDS, main
from commonwatch.errors import (
    ImpossibleArcError,
    InputError,
    InvariantError,
    OutputError,
    ScenarioError,
    TableError,
    UnknownNameError,
)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def command_that(raises: Callable[[], BaseException]) -> click.Command:
    def act() -> None:
        raise raises()

    return click.Command("fly", callback=act)


def loaded_by(*arguments: str) -> set[str]:
    """Modules that a fresh process has loaded when a command ends."""
    script = (
        "import sys\nfrom commonwatch.cli.main import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_the_package_runs_as_a_module_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commonwatch", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().endswith(version("commonwatch"))


HEAVY = {"numba", "llvmlite", "numpy", "pyarrow", "matplotlib", "pyproj", "jinja2", "rich"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["fyl"], ["fly", "--help"], ["fly"]]
)
def test_help_and_typing_mistakes_load_no_physics(arguments: list[str]) -> None:
    assert not HEAVY & loaded_by(*arguments)


def test_help_lists_every_command_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    said = " ".join(capsys.readouterr().out.split())
    for name, sentence in COMMANDS.items():
        assert f"{name} {sentence}" in said


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_of_the_list_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, "--help") == 0
    assert f"commonwatch {name}" in capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.strip() == f"commonwatch {version('commonwatch')}"


@pytest.mark.parametrize(("typed", "meant"), [("fyl", "fly"), ("runn", "run"), ("chek", "check")])
def test_a_mistyped_command_is_answered_with_the_nearest(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(typed) == 2
    said = capsys.readouterr().err
    assert f'unknown command "{typed}"' in said
    assert f'Did you mean "{meant}"?' in said


def test_a_command_like_no_other_is_answered_with_the_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("xyzzy") == 2
    said = capsys.readouterr().err
    assert all(name in said for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["--nonsense"], ["fly", "--nonsense"], ["fly"], []])
def test_wrong_use_of_the_command_line_ends_with_2(arguments: list[str]) -> None:
    assert run(*arguments) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("found", allowed="allowed"), 2),
        (TableError("found", allowed="allowed"), 2),
        (ImpossibleArcError("found", allowed="allowed"), 2),
        (OutputError("found", allowed="allowed"), 2),
        (ScenarioError("file", []), 2),
        (UnknownNameError("sensor", "x", ["y"]), 2),
        (InvariantError("found"), 1),
        (KeyboardInterrupt(), 130),
        (click.exceptions.Abort(), 130),
    ],
)
def test_each_error_has_its_exit_code_and_no_traceback(
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = command_that(lambda: error)
    monkeypatch.setattr(module._Commands, "get_command", lambda *_: command)
    assert run("fly") == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_mistake_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    command = command_that(lambda: ZeroDivisionError("planted"))
    monkeypatch.setattr(module._Commands, "get_command", lambda *_: command)
    with pytest.raises(ZeroDivisionError, match="planted"):
        main(["fly"])


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    script = (
        "from commonwatch.cli import main as m\nimport click\n"
        "def talk():\n    for _ in range(100_000): click.echo('line')\n"
        "m._Commands.get_command = lambda *_: click.Command('fly', callback=talk)\n"
        "m.main(['fly'])"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    started.stdout.readline()
    started.stdout.close()
    assert started.stderr is not None
    said = started.stderr.read()
    started.stderr.close()
    assert started.wait(timeout=60) != 0
    assert said == ""
