"""Whatever a file holds, the answer is a scenario or a sentence, never a traceback."""

from __future__ import annotations

import contextlib
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.errors import InputError
from commonwatch.reading.mistakes import find_faults, in_file_order
from commonwatch.scenario import catalogue
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.names import KnownNames, check_names
from commonwatch.scenario.scenario_file import ScenarioFile
from commonwatch.scenario.sharing_meaning import SCENARIO_CHECKS
from commonwatch.scenario.sharing_names import check_sharing_names
from tests.scenario.build import SCENARIO

TEXTS = [SCENARIO] + [
    catalogue.scenario_path(name).read_text("utf-8") for name in catalogue.scenario_names()
]
PIECES = [
    "nan", "-inf", "1e400", "-1", "91", "true", '"x"', '""', "[]", "{}", "[[", "]", "=", "\n", "\0",
    "\x1b", "2009-02-30", "2009-05-20", "9" * 400, "0x7fffffffffffffff", "[[radars]]\n", "name = ",
]  # fmt: skip
TREES = [tomllib.loads(text) for text in TEXTS]
SCALARS = (
    st.none().map(lambda _: "")
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.times()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """Make one file for all examples of a test."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "garbage.toml"


def is_answered(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        load_scenario(path)


@given(content=st.binary(max_size=400))
def test_random_bytes_are_answered_in_a_sentence(scratch: Path, content: bytes) -> None:
    is_answered(scratch, content)


@given(content=st.text(max_size=400))
def test_random_text_is_answered_in_a_sentence(scratch: Path, content: str) -> None:
    is_answered(scratch, content.encode("utf-8", "surrogatepass"))


@given(
    text=st.sampled_from(TEXTS),
    cuts=st.lists(
        st.tuples(
            st.floats(0, 1), st.integers(0, 30), st.sampled_from(PIECES) | st.text(max_size=5)
        ),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=300)
def test_a_damaged_scenario_is_answered_in_a_sentence(
    scratch: Path, text: str, cuts: list[tuple[float, int, str]]
) -> None:
    for where, length, piece in cuts:
        start = int(where * len(text))
        text = text[:start] + piece + text[start + length :]
    is_answered(scratch, text.encode("utf-8", "surrogatepass"))


@st.composite
def damaged_trees(draw: st.DrawFn) -> dict[str, Any]:
    """Take a parsed scenario and put something else in one place of it."""
    tree: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(draw(st.sampled_from(TREES)), enc_hook=str)
    )
    tree["date"] = draw(st.dates())
    for _ in range(draw(st.integers(1, 3))):
        spot: Any = tree
        while True:
            keys: list[Any] = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(spot[key], dict | list) and draw(st.booleans()):
                spot = spot[key]
                continue
            action = draw(st.sampled_from(["replace", "delete", "add"]))
            if action == "replace":
                spot[key] = draw(VALUES)
            elif action == "delete":
                del spot[key]
            elif isinstance(spot, dict):
                spot[draw(st.text(max_size=12))] = draw(VALUES)
            break
    return tree


@given(tree=damaged_trees())
@settings(max_examples=300)
def test_whatever_msgspec_refuses_the_walk_refuses_as_well(tree: dict[str, Any]) -> None:
    known = KnownNames(
        sensors=catalogue.sensors(),
        vehicles=catalogue.vehicles(),
        places=catalogue.places(),
        launches=catalogue.launches(),
    )
    faults = find_faults(tree, ScenarioFile, SCENARIO_CHECKS)
    names = [*check_names(tree, known), *check_sharing_names(tree, known)]
    assert all(str(mistake) for mistake in in_file_order(tree, faults + names, limit=1_000))
    try:
        msgspec.convert(tree, ScenarioFile)
    except msgspec.ValidationError:
        assert faults
