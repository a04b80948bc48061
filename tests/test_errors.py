"""What a person reads when something is wrong."""

from __future__ import annotations

import inspect
import string
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch import errors
from commonwatch.errors import (
    CommonwatchError,
    InputError,
    InvariantError,
    Mistake,
    ScenarioError,
    UnknownNameError,
    invariant,
    nearest,
)

ERRORS = [
    member
    for member in vars(errors).values()
    if inspect.isclass(member) and issubclass(member, CommonwatchError)
]

words = st.text(string.ascii_letters + "- ", min_size=1, max_size=12)


def test_a_message_says_where_found_allowed_and_what_to_do_in_that_order() -> None:
    error = CommonwatchError(
        "latitude 91 degrees",
        allowed="-90 to 90",
        where='world.toml: radars[0] "north"',
        what_to_do="Correct latitude_deg",
    )
    assert str(error).splitlines() == [
        'world.toml: radars[0] "north": latitude 91 degrees.',
        "  Allowed: -90 to 90.",
        "  Correct latitude_deg.",
    ]


def test_a_message_leaves_out_what_is_not_known() -> None:
    assert str(CommonwatchError("the file is empty")) == "the file is empty."


@pytest.mark.parametrize("ending", [".", "?", "!", ":"])
def test_a_sentence_that_already_ends_gets_no_second_full_stop(ending: str) -> None:
    assert str(CommonwatchError(f"stop{ending}")) == f"stop{ending}"


def test_the_parts_of_a_message_stay_fields_of_the_exception() -> None:
    error = InputError("found", allowed="allowed", where="where", what_to_do="do")
    assert (error.found, error.allowed, error.where, error.what_to_do) == (
        "found",
        "allowed",
        "where",
        "do",
    )


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_the_tree_at_the_top_of_the_module_draws_every_error(error: type) -> None:
    assert f" {error.__name__} " in (errors.__doc__ or "")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_only_what_a_person_gave_exits_with_two(error: type[CommonwatchError]) -> None:
    assert error.exit_code == (2 if issubclass(error, InputError) else 1)


def test_an_unknown_name_comes_with_the_nearest_and_all_the_known_ones() -> None:
    error = UnknownNameError("sensor", "Armavri", ["Gabala", "Armavir"], where="world.toml")
    assert str(error).splitlines() == [
        'world.toml: unknown sensor "Armavri".',
        "  Allowed: Armavir, Gabala.",
        '  Did you mean "Armavir"?',
    ]


def test_an_unknown_name_like_no_other_gets_no_guess() -> None:
    error = UnknownNameError("sensor", "zzzz", ["Gabala", "Armavir"])
    assert "Did you mean" not in str(error)


def test_an_unknown_name_where_none_is_known_says_so() -> None:
    assert "none is defined" in str(UnknownNameError("sensor", "Armavir", []))


def test_a_scenario_error_shows_every_mistake_with_the_file_before_each() -> None:
    error = ScenarioError(
        "world.toml",
        [
            Mistake(path="seed", found="missing"),
            Mistake(path="radars[0]", found='unknown key "range_km"', allowed="range_max_km"),
        ],
    )
    assert str(error).splitlines() == [
        "world.toml: seed: missing.",
        'world.toml: radars[0]: unknown key "range_km".',
        "  Allowed: range_max_km.",
    ]


def test_an_invariant_that_holds_says_nothing() -> None:
    invariant(True, "covariance is symmetric")


def test_a_broken_invariant_shows_the_values_and_asks_for_a_report() -> None:
    with pytest.raises(InvariantError, match=r"covariance is symmetric \(asymmetry_m2 = 3\.0\)"):
        invariant(False, "covariance is symmetric", asymmetry_m2=3.0)


@given(
    known=st.lists(words, min_size=1, unique_by=str.casefold),
    choice=st.randoms(use_true_random=False),
)
def test_a_known_name_in_other_letters_is_its_own_nearest(known: list[str], choice: Random) -> None:
    name = choice.choice(known)
    assert nearest(name.swapcase(), known) == name


@given(name=words, known=st.lists(words))
def test_the_nearest_name_is_always_a_known_one(name: str, known: list[str]) -> None:
    assert nearest(name, known) in {*known, None}
