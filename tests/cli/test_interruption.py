"""Ctrl-C, or the system's wish to end: a sentence, the right exit code, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.build import command_line, run_apart, write_scenario
from tests.studies.build_sharing import write_small

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")

LONG_S = 60.0
"""No test is timed; a command that does not end at all fails after this long."""


@contextmanager
def started(
    *arguments: str | Path, folder: Path, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command_line(*arguments),
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], stage: str) -> None:
    """Read what the command says until it names a stage of its work."""
    assert process.stderr is not None
    for line in process.stderr:
        if stage in line:
            return
    raise AssertionError(f"the command ended before {stage!r}")


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=LONG_S)
    assert out == ""
    assert "Traceback" not in err
    assert "Error" not in err
    return process.returncode, err


@pytest.mark.parametrize(
    "stage", ["loading", "flying the arcs", "looking for spells", "laydowns together"]
)
def test_ctrl_c_in_mid_run_leaves_nothing_behind(stage: str, tmp_path: Path) -> None:
    with started("run", "iran-2009", folder=tmp_path) as process:
        wait_for(process, stage)
        process.send_signal(signal.SIGINT)
        code, said = end_of(process)
    assert code == 130
    assert "Interrupted: no file is half-written" in said
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_a_script_started_in_the_background_can_be_interrupted(tmp_path: Path) -> None:
    # A shell without job control makes what it starts with "&" deaf to SIGINT.
    deaf = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command_line("run", "iran-2009")]
    with subprocess.Popen(
        deaf, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(process, "flying the arcs")
        process.send_signal(signal.SIGINT)
        code, _ = end_of(process)
    assert code == 130
    assert list(tmp_path.iterdir()) == []


STRUCK_EARLY = """
import os, signal, sys

class Strike:
    def find_spec(self, name, path=None, wanted=None):
        if name == sys.argv[2]:
            os.kill(os.getpid(), getattr(signal, sys.argv[1]))

sys.meta_path.insert(0, Strike())
from commonwatch.cli.entry import main
main()
"""
"""A command that is struck by a signal while it imports a module."""


@pytest.mark.parametrize(
    ("name", "module", "code", "word"),
    [
        ("SIGINT", "commonwatch.cli.stopping", 130, "Interrupted"),
        ("SIGINT", "commonwatch.cli.main", 130, "Interrupted"),
        ("SIGINT", "click", 130, "Interrupted"),
        ("SIGTERM", "click", 143, "Stopped"),
    ],
)
def test_a_command_stopped_while_it_is_imported_ends_with_a_sentence(
    name: str, module: str, code: int, word: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STRUCK_EARLY, name, module],
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )
    assert ended.returncode == code
    assert ended.stdout == ""
    assert ended.stderr == f"{word}: nothing had begun.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="where the cache lies")
def test_a_run_interrupted_among_its_worlds_goes_on_with_those_that_are_missing(
    tmp_path: Path,
) -> None:
    write_small(tmp_path)
    words = ("run", "tiny.toml", "--out", "out", "--seeds", "3")
    environment = kept_apart(tmp_path)
    with started(*words, folder=tmp_path, **environment) as process:
        wait_for(process, "flying worlds: 1 of 3 seeds done")
        process.send_signal(signal.SIGINT)
        code, said = end_of(process)
    assert code == 130
    assert "seeds are finished and kept: the same command goes on from there" in said
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]

    done = run_apart(*words, folder=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert "of 3 seeds are there from an interrupted run" in done.stderr
    assert not [*Path(environment["XDG_CACHE_HOME"]).rglob("seed.json")]
    straight = run_apart(*words[:3], "straight", *words[4:], folder=tmp_path, **environment)
    assert straight.returncode == 0, straight.stderr
    for path in (tmp_path / "straight").glob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes(), path.name


STRUCK = """
import os, signal, sys, threading
from commonwatch.cli import outcome
from commonwatch.cli.main import main

def strike():
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))

def strike_on():
    while True:
        strike()

write_json = outcome.write_json

def write_json_and_strike(path, content):
    write_json(path, content)
    assert any(path.parent.glob("*.parquet"))
    if sys.argv[2] == "often":
        threading.Thread(target=strike_on, daemon=True).start()
    strike()

outcome.write_json = write_json_and_strike
main(["run", "small.toml", "--out", "out"])
"""
"""A run that is struck by a signal when half of its results are written."""


def kept_apart(folder: Path) -> dict[str, str]:
    """Return an environment in which finished seeds are kept beside a folder; kernels stay."""
    from commonwatch import kernels

    assert kernels
    return {
        "XDG_CACHE_HOME": str(folder.with_name(f"{folder.name}-cache")),
        "NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"],
    }


def struck(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    write_scenario(folder)
    (folder / "out").mkdir()
    (folder / "out" / "summary.json").write_text("earlier")
    return subprocess.run(
        [sys.executable, "-c", STRUCK, *words],
        cwd=folder,
        env={**os.environ, **kept_apart(folder)},
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )


def holds_only_what_was_there(folder: Path) -> bool:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    assert names == ["out", "out/summary.json", "small.toml"]
    return (folder / "out" / "summary.json").read_text() == "earlier"


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_while_results_are_written_leaves_earlier_ones(
    name: str, code: int, tmp_path: Path
) -> None:
    done = struck(tmp_path, name, "once")
    assert done.returncode == code, done.stderr
    assert "no file is half-written" in done.stderr
    assert "Traceback" not in done.stderr
    assert holds_only_what_was_there(tmp_path)


def test_ctrl_c_pressed_many_times_does_not_tear_the_clean_up(tmp_path: Path) -> None:
    done = struck(tmp_path, "SIGINT", "often")
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert holds_only_what_was_there(tmp_path)


def test_ctrl_c_while_kernels_compile_ends_the_command(tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "folder"
    folder.mkdir()
    with started("check", "iran-2009", folder=folder, NUMBA_CACHE_DIR=str(cache)) as process:
        while not any(cache.rglob("*.nbi")):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        process.send_signal(signal.SIGINT)
        code, said = end_of(process)
    assert code == 130
    assert "Interrupted" in said


def test_ctrl_c_in_mid_sweep_leaves_nothing_behind(tmp_path: Path) -> None:
    with started("coverage", "globe-2024", "--out", "maps", folder=tmp_path) as process:
        wait_for(process, "mapping the gaps")
        process.send_signal(signal.SIGINT)
        code, _ = end_of(process)
    assert code == 130
    assert list(tmp_path.iterdir()) == []
