"""Refusals in sentences: each centre, sender and reason once, with how often."""

from __future__ import annotations

from commonwatch.tables.refused import refused_sentences


def test_refusals_of_one_reason_are_added_up_and_a_name_that_is_unknown_is_said_to_be() -> None:
    refused = {
        "centre": ["joint", "joint", "north"],
        "sender": ["north", "north", ""],
        "words": ["a mark", "a mark", "no envelope"],
        "count": [1, 1_200, 1],
    }
    nothing: dict[str, list[str]] = {"centre": [], "set_aside_count": [], "words": []}
    assert refused_sentences(refused, nothing) == (
        "joint refused 1,201 messages in the name of north: a mark",
        "north refused 1 message in the name of nobody that it knows: no envelope",
    )


def test_what_is_lost_of_a_ledger_stands_beside() -> None:
    nothing: dict[str, list[str]] = {"centre": [], "sender": [], "words": [], "count": []}
    lost = {"centre": ["north"], "set_aside_count": [7], "words": ["line 21: no entry"]}
    assert refused_sentences(nothing, lost) == (
        "north went on without 7 entries of its ledger: line 21: no entry",
    )
