"""Signs of life: who is well, so that what it does not say is its own doing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from commonwatch.centre.intake import STEADY_S, Intake
from commonwatch.sharing.envelope import key_name, seal
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Heartbeat
from tests.centre.test_core import EAST, JOINT, configuration
from tests.sharing.build import MADE_NS, SECOND_NS, key_of

LAST_S = 130


def is_well(beats: Iterable[tuple[int, int, int]], *, at_s: int = LAST_S) -> bool:
    """Whether east is, after beats of a number, made at a second, arrived at a second."""
    intake = Intake(configuration(JOINT))
    for beat, made_s, arrival_s in sorted(beats, key=lambda each: each[2]):
        made = Heartbeat(heartbeat=EAST, beat=beat, made_ns=MADE_NS + made_s * SECOND_NS)
        sealed = seal(made, key_of(EAST).sign, key_name(EAST, Purpose.ACTUAL))
        intake.take([sealed], MADE_NS + arrival_s * SECOND_NS)
    return EAST in intake.steady(MADE_NS + at_s * SECOND_NS)


SOUND = tuple((beat, 10 * beat, 10 * beat + 2) for beat in range(LAST_S // 10))


def test_a_partner_is_well_once_all_its_beats_have_come_for_a_minute() -> None:
    assert STEADY_S == 60.0
    assert is_well(SOUND)
    assert is_well(SOUND[:7], at_s=62)
    assert not is_well(SOUND[:7], at_s=61)
    assert not is_well([])


@pytest.mark.parametrize("missing", [8, 11])
def test_one_beat_that_is_lost_tells_of_a_link_that_loses(missing: int) -> None:
    left = [each for each in SOUND if each[0] != missing]
    assert not is_well(left)


def test_one_whose_beats_cease_is_out_of_order_at_once_and_a_minute_after_they_return() -> None:
    assert not is_well(SOUND[:8], at_s=91)
    back = [(beat, 10 * beat, 10 * beat + 2) for beat in range(12, 30)]
    assert not is_well([*SOUND[:8], *back], at_s=181)
    assert is_well([*SOUND[:8], *back], at_s=183)


def test_beats_that_are_long_on_their_way_tell_of_a_slow_link() -> None:
    assert not is_well([(beat, made_s, made_s + 9) for beat, made_s, _ in SOUND])


def test_a_beat_that_comes_twice_or_after_a_later_one_changes_nothing() -> None:
    assert is_well([*SOUND, (9, 90, 95), (9, 90, 107)])
