"""Refusals in sentences: each centre, sender and reason once, with how often."""

from __future__ import annotations

from commonwatch.tables.refused import SENTENCES_MAX, Columns, refused_sentences


def test_refusals_of_one_reason_are_added_up_and_a_name_that_is_unknown_is_said_to_be() -> None:
    refused: Columns = {
        "centre": ["joint", "joint", "north"],
        "sender": ["north", "north", ""],
        "words": ["a mark", "a mark", "no envelope"],
        "count": [1, 1_200, 1],
    }
    nothing: Columns = {"centre": [], "set_aside_count": [], "words": []}
    assert refused_sentences(refused, nothing) == (
        "joint refused 1,201 messages in the name of north: a mark",
        "north refused 1 message in the name of nobody that it knows: no envelope",
    )


def test_what_is_lost_of_a_ledger_stands_beside() -> None:
    nothing: Columns = {"centre": [], "sender": [], "words": [], "count": []}
    lost: Columns = {"centre": ["north"], "set_aside_count": [7], "words": ["line 21: no entry"]}
    assert refused_sentences(nothing, lost) == (
        "north went on without 7 entries of its ledger: line 21: no entry",
    )


def test_at_the_limit_each_way_has_its_sentence_and_past_it_the_rarest_are_added_up() -> None:
    nothing: Columns = {"centre": [], "set_aside_count": [], "words": []}

    def told(ways: int) -> tuple[str, ...]:
        refused: Columns = {
            "centre": ["joint"] * ways,
            "sender": ["north"] * ways,
            "words": [f"{number} bytes" for number in range(ways)],
            "count": list(range(1, ways + 1)),
        }
        return refused_sentences(refused, nothing)

    assert len(told(SENTENCES_MAX)) == SENTENCES_MAX
    assert all("bytes" in sentence for sentence in told(SENTENCES_MAX))
    assert told(SENTENCES_MAX + 2)[-1] == "3 more were refused in 2 other ways"
    assert len(told(SENTENCES_MAX + 2)) == SENTENCES_MAX + 1
