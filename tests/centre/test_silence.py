"""Partners that are no longer heard: noted once, and once more when they are heard again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from commonwatch.centre.core import Centre
from commonwatch.centre.silence import BEATS_MISSED, Silences
from commonwatch.sharing.messages import TestMessage as Trial
from tests.centre.test_core import EAST, JOINT, WEST, arrived, centre_of, configuration
from tests.sharing.build import MADE_NS, SECOND_NS, key_of, launch_report

BEAT_S = 10


def notes(centre: Centre) -> list[tuple[str, bool, int, int]]:
    """Partner, whether it is heard, and seconds at which that was noted and since when."""
    return [
        (
            entry.content["partner"],
            entry.content["is_heard"],
            (entry.time_ns - MADE_NS) // SECOND_NS,
            (entry.content["since_ns"] - MADE_NS) // SECOND_NS,
        )
        for entry in centre.ledger.entries
        if entry.kind == "partner"
    ]


def lives(heard_s: set[int], until_s: int) -> Centre:
    """A joint centre that steps each 5 s and hears east at some seconds, west all the time."""
    centre = centre_of(JOINT)
    for number, seconds in enumerate(range(0, until_s + 1, 5)):
        speakers = [WEST, EAST] if seconds in heard_s else [WEST]
        events = [
            arrived(name, launch_report(), number=number, made_ns=MADE_NS) for name in speakers
        ]
        centre.step(events, MADE_NS + seconds * SECOND_NS)
    return centre


def test_a_partner_that_misses_one_beat_too_many_is_silent_since_it_was_last_heard() -> None:
    last_s, until_s = 5, 100
    (found,) = notes(lives({0, last_s}, until_s))
    assert found == (EAST, False, (BEATS_MISSED + 1) * BEAT_S, last_s)


def test_nobody_is_silent_who_misses_fewer() -> None:
    assert notes(lives(set(range(0, 600, BEATS_MISSED * BEAT_S)), 560)) == []


def test_the_end_of_a_silence_is_noted_with_when_it_began() -> None:
    found = notes(lives({5, 90}, 100))
    assert found[1:] == [(EAST, True, 90, 5)]


def test_a_partner_that_was_never_heard_is_silent_from_the_beginning() -> None:
    assert notes(lives(set(), 60)) == [(EAST, False, BEATS_MISSED * BEAT_S, 0)]


def test_a_clock_that_jumps_makes_nobody_silent() -> None:
    centre = lives({0, 5, 10, 15, 20}, 20)
    for seconds in (3_600, 3_610):
        centre.step([], MADE_NS + seconds * SECOND_NS)
    assert notes(centre) == []


def test_who_is_silent_at_one_centre_may_be_heard_at_another() -> None:
    joint, west = lives(set(), 60), Centre(configuration(WEST), sign=key_of(WEST).sign)
    for number, seconds in enumerate(range(0, 61, 5)):
        trials = [arrived(name, launch_report(), number=number) for name in (EAST, JOINT)]
        west.step(trials, MADE_NS + seconds * SECOND_NS)
    assert notes(joint)
    assert notes(west) == []


def test_what_is_refused_is_not_heard() -> None:
    centre = centre_of(JOINT)
    for seconds in range(0, 61, 5):
        ahead = arrived(EAST, Trial(text="x"), number=seconds, made_ns=MADE_NS + 7_200 * SECOND_NS)
        centre.step([ahead], MADE_NS + seconds * SECOND_NS)
    assert (EAST, False) in [found[:2] for found in notes(centre)]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_a_silence_is_told_once_and_its_end_once(steps: list[tuple[bool, bool]]) -> None:
    """Against the obvious: the beats since the last word, counted anew each time."""
    silences = Silences((EAST,))
    past: list[tuple[bool, bool]] = []
    told = False
    for now_ns, (is_heard, is_beat) in enumerate(steps):
        past.append((is_heard, is_beat))
        news = silences.listen([EAST] if is_heard else [], now_ns, is_beat=is_beat)
        last = max((k for k, (heard, _) in enumerate(past) if heard), default=-1)
        missed = sum(beat for _, beat in past[last + 1 :])
        is_silent = missed > BEATS_MISSED
        assert [each.is_heard for each in news] == ([] if is_silent == told else [not is_silent])
        told = is_silent
        assert (EAST in silences.silent_ns) == told


def test_a_silence_that_a_crash_made_a_centre_forget_is_ended_when_the_partner_is_heard() -> None:
    centre = centre_of(JOINT)
    centre.step([], MADE_NS)
    old = centre.snapshot()
    for seconds in range(5, 61, 5):
        centre.step([], MADE_NS + seconds * SECOND_NS)
    again = centre_of(JOINT)
    again.restore(old, centre.ledger)
    now_ns = MADE_NS + 70 * SECOND_NS
    again.step([arrived(EAST, launch_report(), made_ns=now_ns)], now_ns)
    assert [found[:2] for found in notes(again) if found[0] == EAST] == [
        (EAST, False),
        (EAST, True),
    ]
