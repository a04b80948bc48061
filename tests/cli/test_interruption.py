"""Ctrl-C, or the system's wish to end: a sentence, the right exit code, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.build import command_line, write_scenario

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


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_while_results_are_written_leaves_earlier_ones(
    name: str, code: int, tmp_path: Path
) -> None:
    write_scenario(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "summary.json").write_text("earlier")
    with started("run", "small.toml", "--out", "out", folder=tmp_path) as process:
        wait_for(process, "writing the report")
        process.send_signal(getattr(signal, name))
        found, said = end_of(process)
    assert found == code
    assert "no file is half-written" in said
    assert [path.name for path in out.iterdir()] == ["summary.json"]
    assert (out / "summary.json").read_text() == "earlier"


def test_ctrl_c_pressed_many_times_does_not_tear_the_clean_up(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    with started("run", "small.toml", "--out", "out", folder=tmp_path) as process:
        wait_for(process, "writing the report")
        for _ in range(20):
            process.send_signal(signal.SIGINT)
        code, _ = end_of(process)
    assert code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


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
