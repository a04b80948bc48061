from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.warning.alert import (
    CANCEL_COUNT,
    CANCEL_MAX,
    CONFIRM_MIN,
    RAISE_MIN,
    TRANSITIONS,
    Evidence,
    Life,
    Status,
    Transition,
    advance,
)
from commonwatch.warning.source import Support

LEVELS = (0.0, CANCEL_MAX, RAISE_MIN, CONFIRM_MIN, 1.0)
EVERY = [
    Evidence(
        ballistic_probability=probability,
        support=supported,
        support_reason="because",
        recent_support=recent,
        changed=changed,
    )
    for probability, supported, recent, changed in product(
        (0.0, 0.1, 0.25, 0.5, 1.0), Support, Support, ("", "moved")
    )
]
LIVES = [Life(status=s, against_count=n) for s in Status for n in range(CANCEL_COUNT + 1)]
CONFIRMED = {Status.CONFIRMED, Status.SINGLE_KIND}
evidences = st.lists(st.sampled_from(EVERY), max_size=12)


def walked(steps: list[Evidence]) -> list[tuple[Status, Transition]]:
    life, path = Life(), []
    for evidence in steps:
        life, transition, _ = advance(life, evidence)
        path.append((life.status, transition))
    return path


def test_every_life_and_evidence_leads_along_the_table() -> None:
    for life, evidence in product(LIVES, EVERY):
        after, transition, reason = advance(life, evidence)
        assert TRANSITIONS[life.status, transition] is after.status
        assert reason


def test_every_transition_of_the_table_happens() -> None:
    seen = {(life.status, advance(life, evidence)[1]) for life, evidence in product(LIVES, EVERY)}
    assert seen == set(TRANSITIONS)


def test_the_thresholds_stand_in_order() -> None:
    assert sorted(LEVELS) == list(LEVELS)


def test_one_site_never_confirms() -> None:
    for life, evidence in product(LIVES, EVERY):
        if life.status not in CONFIRMED and evidence.support is Support.NONE:
            assert advance(life, evidence)[0].status not in CONFIRMED


def test_two_sites_of_one_kind_never_look_like_two_kinds() -> None:
    for life, evidence in product(LIVES, EVERY):
        if life.status is not Status.CONFIRMED and evidence.support is not Support.INDEPENDENT:
            assert advance(life, evidence)[0].status is not Status.CONFIRMED


def test_one_contributor_alone_cancels_no_confirmed_alert() -> None:
    for life, evidence in product(LIVES, EVERY):
        if life.status in CONFIRMED and evidence.recent_support is Support.NONE:
            assert advance(life, evidence)[0].status is life.status or (
                advance(life, evidence)[0].status is Status.CONFIRMED
            )


def test_support_that_is_lost_takes_no_confirmation_back() -> None:
    for evidence in EVERY:
        if evidence.support is Support.NONE and evidence.ballistic_probability >= RAISE_MIN:
            life = Life(status=Status.CONFIRMED)
            assert advance(life, evidence)[0].status is Status.CONFIRMED


@given(evidences)
def test_an_alert_is_raised_before_it_is_anything_else(steps: list[Evidence]) -> None:
    path = walked(steps)
    first = next((t for _, t in path if t is not Transition.NOTHING), Transition.RAISED)
    assert first is Transition.RAISED


@given(evidences)
def test_cancelling_takes_two_judgements_in_a_row(steps: list[Evidence]) -> None:
    for index, (_, transition) in enumerate(walked(steps)):
        if transition is Transition.CANCELLED:
            low = [each.ballistic_probability < CANCEL_MAX for each in steps[: index + 1]]
            assert all(low[-CANCEL_COUNT:])


def test_a_probability_that_swings_between_the_thresholds_changes_nothing() -> None:
    evidence = [
        Evidence(
            ballistic_probability=p,
            support=Support.NONE,
            support_reason="-",
            recent_support=Support.NONE,
            changed="",
        )
        for p in [RAISE_MIN, *(CANCEL_MAX, RAISE_MIN - 0.01) * 10]
    ]
    assert {status for status, _ in walked(evidence)} == {Status.UNCONFIRMED}


@pytest.mark.parametrize("field", Evidence.__dataclass_fields__)
def test_a_notice_is_no_evidence(field: str) -> None:
    assert "notice" not in field
