"""Whatever is wrong, the answer is a sentence and exit code 2, and nothing is half-written."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.scenario import catalogue
from tests.cli.build import (
    SCENARIO,
    call,
    command_line,
    hidden_below,
    json_of,
    run_apart,
    write_scenario,
)

COMMANDS = ("run", "check", "coverage")
PIECES = (
    "nan", "-inf", "1e400", "-1", "0", "91", "1e-9", "true", '"x"', '""', "[]", "{}", "[[", "]",
    "=", "\n", "\0", "\x1b", "2009-02-30", "9" * 400, "[[radars]]\n", "name = ",
)  # fmt: skip


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write_scenario(tmp_path)


def said_by(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Return the sentence that refuses these arguments."""
    assert call(*arguments) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistyped_name_is_answered_with_the_nearest(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = said_by(capfd, command, "iran-2090")
    assert 'unknown scenario "iran-2090"' in said
    assert 'Did you mean "iran-2009"?' in said


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_scenario_file_is_refused_in_a_sentence(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    assert "it is a folder" in said_by(capfd, command, folder)
    assert "there is no such file" in said_by(capfd, command, tmp_path / "missing.toml")
    path = tmp_path / "wrong.toml"
    for content, sentence in (
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not text in UTF-8"),
        (b"PK\x03\x04\0\0", "not TOML"),
        (b"format = 99\n", "format = 99"),
        (b"#" * (2 << 20), "too large"),
    ):
        path.write_bytes(content)
        said = said_by(capfd, command, path)
        assert sentence in said
        assert "wrong.toml" in said


def test_a_name_that_is_no_text_is_refused_in_a_sentence(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert "unknown scenario" in said_by(capfd, "run", os.fsdecode(b"\xff\xfe"))
    assert "null character" in said_by(capfd, "run", "a/\0.toml")


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", str(2**63)])
def test_a_seed_that_cannot_be_is_refused(seed: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert "--seed" in said_by(capfd, "run", "iran-2009", "--seed", seed)


@pytest.mark.parametrize("command", ["run", "coverage"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    command: str, scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/results")):
        said = said_by(capfd, command, scenario, "--out", place)
        assert str(place) in said
        assert "mapping" not in said
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "small.toml"]


def test_a_folder_in_the_place_of_a_file_leaves_all_as_it_was(
    scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (out / "summary.json").mkdir(parents=True)
    assert "the place is a folder" in said_by(capfd, "run", scenario, "--out", out)
    assert [path.name for path in out.iterdir()] == ["summary.json"]
    assert not hidden_below(tmp_path)


@pytest.mark.parametrize("command", ["run", "coverage"])
def test_a_full_disk_leaves_nothing_behind(command: str, scenario: Path, tmp_path: Path) -> None:
    """A limit on the size of files fails as a full disk does: in the middle of a file."""
    most_bytes = 3_000
    script = (
        "import resource; from commonwatch.cli.main import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes}))\n"
        f"main([{command!r}, 'small.toml', '--out', 'out'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "larger than this system allows" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_an_output_that_is_full_is_reported_in_a_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command_line("schema"), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_gone_ends_the_command_in_silence() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command_line("schema"), stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 128 + signal.SIGPIPE


def test_an_output_that_knows_no_accents_gets_what_it_can_show(tmp_path: Path) -> None:
    write_scenario(tmp_path, SCENARIO.replace('title = "Here"', 'title = "Häñ"'))
    done = run_apart("check", "small.toml", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "garbage.toml"


def is_answered(path: Path, content: bytes, command: str = "check") -> None:
    """Refused with a sentence, or a scenario after all: anything else raises here."""
    path.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call(command, path, "--json")
    assert code in (0, 2)
    if command == "check":
        found = json_of(out.getvalue())
        assert found["is_clean"] == (code == 0)
        assert bool(found["mistakes"]) == (code == 2)
    elif code:
        assert "garbage" in err.getvalue() or "--" in err.getvalue()


@given(
    content=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace"))
)
def test_random_bytes_are_answered_in_a_sentence(scratch: Path, content: bytes) -> None:
    is_answered(scratch, content)


@given(
    text=st.sampled_from(
        [SCENARIO, *(catalogue.scenario_path(name).read_text("utf-8") for name in ("norway-1995",))]
    ),
    cuts=st.lists(
        st.tuples(
            st.floats(0, 1), st.integers(0, 30), st.sampled_from(PIECES) | st.text(max_size=5)
        ),
        min_size=1,
        max_size=3,
    ),
    command=st.sampled_from(["check", "coverage"]),
)
@settings(max_examples=150)
def test_a_damaged_scenario_is_answered_in_a_sentence(
    scratch: Path, text: str, cuts: list[tuple[float, int, str]], command: str
) -> None:
    for where, length, piece in cuts:
        start = int(where * len(text))
        text = text[:start] + piece + text[start + length :]
    is_answered(scratch, text.encode("utf-8", "replace"), command)


NUMBERS = st.sampled_from(
    ["0", "-0.0", "1e-9", "0.5", "1", "3", "10", "89.9", "90", "180", "359.9", "360", "1e3", "1e4"]
) | st.floats(-400, 20_000).map(repr)


@given(choices=st.lists(st.tuples(st.integers(0, 200), NUMBERS), min_size=1, max_size=3))
@settings(max_examples=100)
def test_a_scenario_with_other_numbers_runs_or_is_refused(
    scratch: Path, choices: list[tuple[int, str]]
) -> None:
    """Numbers of the right form in the wrong place get past the loader oftener than garbage."""
    lines = SCENARIO.splitlines()
    numbered = [
        row for row, line in enumerate(lines) if " = " in line and line.split(" = ")[1][0].isdigit()
    ]
    for choice, number in choices:
        row = numbered[choice % len(numbered)]
        lines[row] = f"{lines[row].split(' = ')[0]} = {number}"
    is_answered(scratch, "\n".join(lines).encode(), "coverage")
