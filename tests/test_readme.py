"""The README's example and commands do what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from commonwatch.cli.main import COMMANDS

README = (Path(__file__).parent.parent / "README.md").read_text()


@pytest.fixture(scope="module")
def printed() -> list[str]:
    found = re.search(r"```python\n(.*?)```", README, re.S)
    if found is None:
        pytest.fail("the README has no Python example")
    lines = found.group(1).strip().splitlines()
    assert 12 <= len(lines) <= 16
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(found.group(1), "README.md", "exec"), {})
    return out.getvalue().splitlines()


def test_the_example_says_what_each_radar_adds(printed: list[str]) -> None:
    seconds = {line.split(":")[0]: int(line.split()[1]) for line in printed}
    assert list(seconds) == ["us-nato", "us-nato+gabala", "us-nato+armavir"]
    assert seconds["us-nato"] < seconds["us-nato+gabala"] < seconds["us-nato+armavir"]


def test_every_command_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`commonwatch (\w+)", README))
    assert named <= set(COMMANDS)
    assert set(COMMANDS) <= named


def test_the_files_that_the_readme_links_to_exist() -> None:
    root = Path(__file__).parent.parent
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (root / link).exists(), link
