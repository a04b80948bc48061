"""When a word fails to come: by what has come over the link, in cases worked out by hand."""

from __future__ import annotations

import msgspec
import pytest

from commonwatch.centre.rhythm import AGE_MAX_S, AGE_S, PAUSE_S, SEEN_MIN, Rhythm
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Message
from tests.world.test_liars import NORTH, START_NS, report

SECOND_NS = 10**9
EAST = NationId("east")
PERIOD_S = 12


def word(second: int, sequence: int, *, made_s: int = 4) -> Message:
    """A word of north's on a track at a second, made some seconds later."""
    said = report(second, number=sequence)
    return msgspec.structs.replace(said, made_ns=START_NS + (second + made_s) * SECOND_NS)


def at_ns(second: int) -> int:
    return START_NS + second * SECOND_NS


def listening(
    count: int = SEEN_MIN + 1, *, way_s: int = 7, without: tuple[int, ...] = ()
) -> tuple[Rhythm, int]:
    """What has heard words each twelve seconds, seven seconds old, and the second of the last."""
    rhythm = Rhythm()
    for number in range(count):
        if number not in without:
            second = PERIOD_S * number
            rhythm.hear([word(second, number)], {}, at_ns(second + way_s))
    return rhythm, PERIOD_S * (count - 1)


def missed(rhythm: Rhythm, said_s: int, now_s: int) -> int:
    return rhythm.missed(NORTH, at_ns(said_s), at_ns(now_s))


@pytest.mark.parametrize("way_s", [5, 7, 15])
def test_a_word_has_failed_to_come_once_later_than_the_slowest_seen(way_s: int) -> None:
    rhythm, last_s = listening(way_s=way_s)
    due_s = last_s + PERIOD_S + way_s
    # A sign of life made later says that it is not the contributor who has stopped.
    rhythm.hear([], {NORTH: at_ns(due_s)}, at_ns(due_s))
    assert missed(rhythm, last_s, due_s) == 0
    assert missed(rhythm, last_s, due_s + 1) == 1
    later_s = due_s + PERIOD_S
    rhythm.hear([], {NORTH: at_ns(later_s)}, at_ns(later_s))
    assert missed(rhythm, last_s, later_s) == 2


def test_until_enough_has_been_seen_the_usual_counts() -> None:
    rhythm, last_s = listening(2)
    rhythm.hear([], {NORTH: at_ns(last_s + 60)}, at_ns(last_s + 20))
    assert missed(rhythm, last_s, last_s + round(AGE_S)) == 0
    assert missed(rhythm, last_s, last_s + round(AGE_S) + 1) == 1


def test_nothing_has_failed_to_come_of_one_who_may_have_stopped() -> None:
    rhythm, last_s = listening()
    made_s = PERIOD_S + 4
    for alive_s, count in ((made_s, 0), (made_s + 1, 1)):
        rhythm.hear([], {NORTH: at_ns(last_s + alive_s)}, at_ns(last_s + 30))
        assert missed(rhythm, last_s, last_s + 30) == count


def test_so_slow_is_no_link_that_nothing_ever_fails_to_come() -> None:
    rhythm, last_s = listening(way_s=90)
    assert missed(rhythm, last_s, last_s + round(AGE_MAX_S)) == 0
    assert missed(rhythm, last_s, last_s + round(AGE_MAX_S) + 1) == 1


def test_each_number_that_was_skipped_makes_a_loss_likelier() -> None:
    """Nine messages and none lost, then seven and two: of a prior of a tenth in ten."""
    sound, _ = listening(9)
    lossy, _ = listening(9, without=(3, 6))
    assert 1.0 - sound.arrives(NORTH, 0) == pytest.approx(0.1 / 19.0)
    assert 1.0 - lossy.arrives(NORTH, 0) == pytest.approx(2.1 / 19.0)
    assert 1.0 - sound.arrives(NORTH, 1) == pytest.approx(1.1 / 20.0)


def test_the_pace_is_each_contributors_own() -> None:
    rhythm, _ = listening()
    assert rhythm.pause_s(NORTH) == PERIOD_S
    assert rhythm.pause_s(EAST) == PAUSE_S
    assert 1.0 - rhythm.arrives(EAST, 0) == pytest.approx(0.1 / 10.0)


def test_what_was_long_ago_is_forgotten() -> None:
    rhythm, last_s = listening(without=(3,))
    rhythm.hear([], {}, at_ns(last_s + 500))
    assert 1.0 - rhythm.arrives(NORTH, 0) == pytest.approx(0.1 / 10.0)


def test_a_word_out_of_turn_shows_nothing() -> None:
    rhythm, last_s = listening()
    before = rhythm.pause_s(NORTH)
    rhythm.hear([word(0, 0)], {}, at_ns(last_s + 9))
    assert rhythm.pause_s(NORTH) == before
