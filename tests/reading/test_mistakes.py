"""A parsed file walked against the form that it should have."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from commonwatch.reading.mistakes import Fault, find_faults, in_file_order, shown


class Colour(StrEnum):
    """Of a flag."""

    RED = "red"
    BLUE = "blue"


class Flag(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the form."""

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    height_m: Annotated[float, Meta(ge=0, le=30)] = 1.0
    colour: Colour = Colour.RED
    hung: Literal["up", "down"] = "up"


class Mast(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form."""

    format: Annotated[int, Meta(ge=1, le=1)]
    flags: Annotated[tuple[Flag, ...], Meta(max_length=3)] = ()


def told(text: str, checks: Any = None, limit: int = 50) -> list[str]:
    tree = tomllib.loads(text)
    return [str(m) for m in in_file_order(tree, find_faults(tree, Mast, checks or {}), limit=limit)]


def test_a_clean_file_has_no_mistake() -> None:
    assert told('format = 1\n[[flags]]\nname = "a"\ncolour = "blue"\nheight_m = 30') == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'missing key "format".\n  Allowed: a whole number, namely 1.'),
        ("format = 2", "format = 2 is out of bounds.\n  Allowed: a whole number, namely 1."),
        ("format = 1\nflags = 3", "flags = 3 is a whole number."),
        ("format = [1]", "format is an array.\n  Allowed: a whole number, namely 1."),
        (
            'format = 1\n[flags]\nname = "a"',
            "flags is a table.\n  Allowed: an array of a table with name.\n"
            "  Write its name in double brackets, before each of them.",
        ),
        (
            'format = 1\n[[flags]]\nname = "a"\ncolour = "rde"',
            'flags[0] "a": colour = "rde" is unknown.\n  Allowed: "red", "blue".\n'
            '  Did you mean "red"?',
        ),
        (
            'format = 1\n[[flags]]\nname = "a"\ncolour = 3',
            'flags[0] "a": colour = 3 is a whole number.\n  Allowed: "red", "blue".',
        ),
        (
            'format = 1\n[[flags]]\nname = "a"\nhung = "pu"',
            'flags[0] "a": hung = "pu" is unknown.\n  Allowed: "down", "up".\n  Did you mean "up"?',
        ),
        (
            'format = 1\n[[flags]]\nname = "a"\nheight_m = "3"',
            'flags[0] "a": height_m = "3" is text.\n  Allowed: a number, 0 to 30.\n'
            "  Write it without quotes.",
        ),
        (
            'format = 1\n[[flags]]\nname = "a"\nhieght_m = 3',
            'flags[0] "a": unknown key "hieght_m".\n  Known keys here: colour, height_m, hung, '
            'name.\n  Did you mean "height_m"?',
        ),
    ],
)
def test_a_mistake_names_place_finding_and_what_is_allowed(text: str, said: str) -> None:
    assert told(text)[0].startswith(said)


def test_mistakes_come_in_the_order_of_the_file_and_those_past_the_limit_are_counted() -> None:
    text = 'format = 1\n[[flags]]\nname = ""\nheight_m = -1\n[[flags]]\nname = "b"\nheight_m = 31'
    said = told(text)
    assert [one.split(":")[0] for one in said] == ['flags[0] ""', 'flags[0] ""', 'flags[1] "b"']
    assert told(text, limit=1) == [said[0], "and 2 more mistakes."]


def test_a_check_is_passed_over_where_what_it_asks_for_has_a_mistake_of_its_own() -> None:
    def no_tall_red(flag: Any) -> Iterator[Fault]:
        if flag.height_m > 10 and flag.colour is Colour.RED:
            yield Fault(found="a tall red flag", allowed="short ones", key="height_m")

    checks = {Flag: (no_tall_red,)}
    flag = 'format = 1\n[[flags]]\nname = "a"\nheight_m = 20\n'
    assert told(flag, checks) == ['flags[0] "a": a tall red flag.\n  Allowed: short ones.']
    assert told(flag + 'colour = "blue"', checks) == []
    [only] = told(flag + "colour = 3", checks)
    assert "a whole number" in only


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "height_m", "colour", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
).filter(lambda value: value is not None)


@given(st.dictionaries(st.sampled_from(["format", "flags", "x"]), VALUES, max_size=3))
def test_no_mistake_is_found_exactly_where_the_form_fits(tree: dict[str, Any]) -> None:
    tree = {key: _without_none(value) for key, value in tree.items()}
    faults = find_faults(tree, Mast, {})
    try:
        msgspec.convert(tree, Mast)
    except msgspec.ValidationError:
        assert faults
    else:
        # msgspec lets true pass for 1 and what is no number for one; the walk does not
        assert all("is true or false" in f.found or "not a finite" in f.found for f in faults)
    for fault in faults:
        assert fault.found


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_none(each) for each in value if each is not None]
    return value


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "true"), ({}, "a table"), ([], "an array"), ("a\nb", '"a?b"'), (3.5, "3.5")],
)
def test_values_are_shown_as_they_would_be_written(value: Any, written: str) -> None:
    assert shown(value) == written
    assert len(shown("x" * 1_000)) < 70
    assert len(shown(10**400)) < 70
