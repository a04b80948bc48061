"""A pedigree never says that looks are different when they could be the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.errors import InputError
from commonwatch.fusion.pedigree import Pedigree, Span, pedigree_of
from tests.fusion.build import SECOND_NS, pedigree, span

SECONDS = 12
SENSORS = ("north", "south")

spans = st.builds(
    lambda sensor, after, length: span(sensor, after, after + length),
    st.sampled_from(SENSORS),
    st.integers(0, SECONDS - 1),
    st.integers(1, 4),
)
pedigrees = st.lists(spans, max_size=6).map(pedigree_of)


def looks(rests: Pedigree) -> set[tuple[str, int]]:
    """Every look of a pedigree, taken at half seconds."""
    return {
        (str(each.sensor), half)
        for each in rests.spans
        for half in range(2 * SECONDS + 10)
        if each.after_ns < half * 500_000_000 + 1 <= each.until_ns
    }


@given(pedigrees, pedigrees)
def test_disjoint_means_that_no_look_is_in_both(one: Pedigree, two: Pedigree) -> None:
    assert one.is_disjoint(two) == (not looks(one) & looks(two))
    assert one.is_disjoint(two) == two.is_disjoint(one)


@given(pedigrees, pedigrees)
def test_merging_keeps_every_look_and_adds_none(one: Pedigree, two: Pedigree) -> None:
    assert looks(one.merged(two)) == looks(one) | looks(two)
    assert one.merged(two) == two.merged(one)
    assert one.merged(one) == one
    assert one.merged(two).contains(one)


@given(pedigrees, pedigrees)
def test_containing_means_that_every_look_is_there(one: Pedigree, two: Pedigree) -> None:
    assert one.contains(two) == (looks(two) <= looks(one))


@given(pedigrees, st.integers(0, SECONDS))
def test_what_lies_after_an_instant_is_disjoint_from_what_lies_before(
    rests: Pedigree, since_s: int
) -> None:
    after = rests.after(since_s * 1_000_000_000)
    assert {look for look in looks(rests) if look[1] >= 2 * since_s} == looks(after)


@given(st.lists(spans, min_size=1, max_size=12), pedigrees)
def test_a_bounded_pedigree_claims_more_never_less(many: list[Span], other: Pedigree) -> None:
    whole, bounded = pedigree_of(many), pedigree_of(many, spans_max=2)
    assert len(bounded.spans) <= 2
    assert looks(whole) <= looks(bounded)
    if bounded.is_disjoint(other):
        assert whole.is_disjoint(other)


def test_two_nations_may_use_one_name_for_two_sensors() -> None:
    assert pedigree("north", 0, 5, "a").is_disjoint(pedigree("north", 0, 5, "b"))
    assert not pedigree("north", 0, 5, "a").is_disjoint(pedigree("north", 4, 6, "a"))
    assert pedigree("north", 0, 5).is_disjoint(pedigree("north", 5, 6))


def test_a_span_without_length_and_too_many_sensors_are_refused() -> None:
    with pytest.raises(InputError, match="later than its beginning"):
        span("north", 5, 5)
    with pytest.raises(InputError, match="3 sensors"):
        pedigree_of([span(name, 0, 1) for name in "abc"], spans_max=2)


def test_looks_are_never_counted_more_often_than_they_were_taken() -> None:
    one, two = replace(span("x", 0, 10), look_count=4), replace(span("x", 5, 20), look_count=6)
    assert pedigree_of([one, two]).spans[0].look_count == 6
    after = replace(span("x", 10, 20), look_count=6)
    assert pedigree_of([one, after]).spans[0].look_count == 10
    assert pedigree_of([one]).after(9 * SECOND_NS).spans[0].look_count == 4
