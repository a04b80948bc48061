"""Links carry, delay, lose, repeat, reorder, garble and are cut, each from its own generator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.identity import NationId
from commonwatch.sharing.released import BY_THE_LEDGER, Released
from commonwatch.world.clock import TICK_NS, Agenda, Clock, next_tick_ns
from commonwatch.world.links import (
    CUT,
    DELAY,
    GARBLE,
    HELD_BACK_S,
    LOSE,
    LOST,
    LOST_CUT,
    REORDER,
    REPEAT,
    WORKS,
    Delay,
    Manner,
    Passage,
    WorldLink,
    garbled,
)

NORTH, JOINT = NationId("north"), NationId("joint")
STEADY = Manner(delay={"track report": Delay(2.0, 4.0, 6.0)}, other=Delay(0.5, 1.0, 2.0))
MANY = 2_000


class Line:
    """One link, its agenda, and what came out at the far end."""

    def __init__(self, manner: Manner = STEADY, *, seed: int = 3, sender: NationId = NORTH) -> None:
        self.agenda = Agenda()
        self.arrived: list[tuple[int, Passage]] = []
        self.passages: list[Passage] = []
        self.link = WorldLink(
            sender=sender,
            recipient=JOINT,
            manner=manner,
            seed=seed,
            enter=self.agenda.enter,
            deliver=lambda passage: self.arrived.append((passage.arrival_ns, passage)),
            passages=self.passages,
        )

    def send(self, count: int, *, kind: str = "track report", each_s: float = 1.0) -> None:
        for number in range(count):
            self.link.now_ns = round(number * each_s * TICK_NS)
            self.link.send(released(number, kind))
        self.agenda.carry_out(10**18)

    def delays_s(self) -> npt.NDArray[np.float64]:
        return np.array([(at - passage.sent_ns) * 1e-9 for at, passage in self.arrived])


def released(number: int, kind: str = "track report") -> Released:
    return Released(
        BY_THE_LEDGER,
        recipient=JOINT,
        envelope=b"an envelope of some length, number %d" % number,
        entry_digest=f"{number:x}",
        kind=kind,
        number=number,
    )


def test_a_sound_link_delivers_everything_unchanged_within_the_delay_of_its_kind() -> None:
    line = Line()
    line.send(MANY)

    assert sorted(p.number for _, p in line.arrived) == list(range(MANY))
    assert not any(p.is_changed for _, p in line.arrived)
    delays_s = line.delays_s()
    assert delays_s.min() >= 2.0
    assert delays_s.max() <= 6.0
    # Mean and deviation of the triangular distribution on 2, 4, 6: 4 and sqrt(2 / 3).
    assert delays_s.mean() == pytest.approx(4.0, abs=4 * 0.816 / MANY**0.5)
    assert delays_s.std() == pytest.approx(0.816, rel=0.1)


def test_other_kinds_have_the_other_delay() -> None:
    line = Line()
    line.send(200, kind="acknowledgement")
    assert line.delays_s().min() >= 0.5
    assert line.delays_s().max() <= 2.0


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0), st.floats(0.0, 100.0), st.floats(0.0, 1.0))
def test_a_drawn_delay_lies_within_its_interval_and_follows_the_triangle(
    one: float, two: float, three: float, share: float
) -> None:
    low, nominal, high = sorted([one, two, three])
    drawn = Delay(low, nominal, high).at(share)
    assert low - 1e-9 <= drawn <= high + 1e-9
    if high - low > 1e-3:
        # The share below a value, by the area of the triangle itself.
        area = (
            (drawn - low) ** 2 / ((high - low) * (nominal - low))
            if drawn <= nominal and nominal > low
            else 1.0 - (high - drawn) ** 2 / ((high - low) * max(high - nominal, 1e-300))
        )
        assert area == pytest.approx(share, abs=1e-6)


def test_what_arrives_never_arrives_at_the_instant_of_sending() -> None:
    line = Line(Manner(delay={}, other=Delay(0.0, 0.0, 0.0)))
    line.send(3)
    assert (line.delays_s() > 0.0).all()


def test_a_cut_link_loses_what_is_sent_and_heals() -> None:
    line = Line()
    line.link.trouble(1, CUT, 0.0)
    line.send(5)
    assert line.link.status == CUT
    assert line.arrived == []
    assert {p.outcome for p in line.passages} == {LOST_CUT}

    line.link.heal(1)
    assert line.link.status == WORKS
    line.send(5)
    assert len(line.arrived) == 5


def test_what_is_under_way_arrives_although_the_link_is_cut_meanwhile() -> None:
    line = Line()
    line.link.send(released(0))
    line.link.trouble(1, CUT, 0.0)
    line.agenda.carry_out(10**18)
    assert len(line.arrived) == 1


def test_two_cuts_at_once_heal_only_when_both_have_healed() -> None:
    line = Line()
    line.link.trouble(1, CUT, 0.0)
    line.link.trouble(2, CUT, 0.0)
    line.link.heal(1)
    assert line.link.status == CUT
    line.link.heal(2)
    assert line.link.status == WORKS


def test_loss_is_as_frequent_as_said() -> None:
    line = Line()
    line.link.trouble(1, LOSE, 0.3)
    line.send(MANY)
    lost = sum(p.outcome == LOST for p in line.passages)
    assert lost == pytest.approx(0.3 * MANY, abs=4 * (MANY * 0.21) ** 0.5)
    assert len(line.arrived) == MANY - lost


def test_a_repeating_link_delivers_some_twice_and_the_same() -> None:
    line = Line()
    line.link.trouble(1, REPEAT, 0.5)
    line.send(MANY)
    numbers = [p.number for _, p in line.arrived]
    assert set(numbers) == set(range(MANY))
    assert len(numbers) - MANY == pytest.approx(0.5 * MANY, abs=4 * (MANY * 0.25) ** 0.5)
    assert not any(p.is_changed for _, p in line.arrived)


def test_a_delaying_link_adds_its_seconds_to_each() -> None:
    usual, slow = Line(), Line()
    slow.link.trouble(1, DELAY, 40.0)
    usual.send(100, each_s=100.0)
    slow.send(100, each_s=100.0)
    np.testing.assert_allclose(slow.delays_s() - usual.delays_s(), 40.0, atol=1e-6)


def test_a_reordering_link_holds_some_back_and_loses_none() -> None:
    line = Line()
    line.link.trouble(1, REORDER, 0.4)
    line.send(MANY)
    assert sorted(p.number for _, p in line.arrived) == list(range(MANY))
    late = line.delays_s() > 6.0
    assert 0.2 * MANY < late.sum() < 0.4 * MANY
    assert line.delays_s().max() <= 6.0 + HELD_BACK_S


def test_a_garbling_link_changes_bytes_and_keeps_what_was_released() -> None:
    line = Line()
    line.link.trouble(1, GARBLE, 0.5)
    line.send(400)
    changed = [p for _, p in line.arrived if p.is_changed]
    assert 120 < len(changed) < 280
    assert all(p.envelope != released(p.number).envelope for p in changed)
    assert all(
        p.envelope == released(p.number).envelope for _, p in line.arrived if not p.is_changed
    )


@given(st.binary(max_size=40), st.floats(0.0, 1.0))
def test_garbling_keeps_the_length_and_changes_what_is_there(envelope: bytes, place: float) -> None:
    changed = garbled(envelope, place)
    assert len(changed) == len(envelope)
    assert changed != envelope or not envelope


def test_a_trouble_that_has_healed_leaves_no_trace_in_what_is_drawn_later() -> None:
    """The delays of messages after a fault are those that they would have had without it."""
    sound, troubled = Line(), Line()
    for line, has_trouble in ((sound, False), (troubled, True)):
        if has_trouble:
            line.link.trouble(1, LOSE, 0.9)
            line.link.trouble(2, GARBLE, 0.9)
        line.send(300)
        line.link.heal(1)
        line.link.heal(2)
        line.arrived.clear()
        line.send(50)
    np.testing.assert_array_equal(sound.delays_s(), troubled.delays_s())


def test_the_same_seed_gives_the_same_passages_and_other_links_others() -> None:
    def delays(seed: int, sender: NationId) -> list[float]:
        line = Line(seed=seed, sender=sender)
        line.send(20)
        return [float(each) for each in line.delays_s()]

    assert delays(1, NORTH) == delays(1, NORTH)
    assert delays(1, NORTH) != delays(2, NORTH)
    assert delays(1, NORTH) != delays(1, NationId("south"))


def test_an_agenda_goes_by_time_and_then_by_entry_and_takes_in_what_is_entered_meanwhile() -> None:
    agenda = Agenda()
    done: list[tuple[int, str]] = []

    def three(now_ns: int) -> None:
        done.append((now_ns, "three"))
        agenda.enter(4, lambda now: done.append((now, "four, entered at three")))

    agenda.enter(5, lambda now: done.append((now, "first of five")))
    agenda.enter(3, three)
    agenda.enter(5, lambda now: done.append((now, "second of five")))

    agenda.carry_out(4)
    assert done == [(3, "three"), (4, "four, entered at three")]
    agenda.carry_out(5)
    assert [what for _, what in done[2:]] == ["first of five", "second of five"]
    assert len(agenda) == 0


def test_a_clock_that_is_set_back_shows_so() -> None:
    clock, shown = Clock(), []
    for second in range(100, 112):
        clock.error_ns = 3 * TICK_NS if 102 <= second < 105 else 0
        shown.append(clock.reading_ns(second * TICK_NS) // TICK_NS)
    assert shown == [100, 101, 105, 106, 107, 105, 106, 107, 108, 109, 110, 111]


@given(st.integers(10**15, 10**19), st.integers(-(10**13), 10**13))
def test_a_clock_shows_whole_ticks_of_its_own_time(true_ns: int, error_ns: int) -> None:
    clock = Clock()
    clock.error_ns = error_ns
    shown = clock.reading_ns(true_ns)
    assert shown % TICK_NS == 0
    assert 0 <= true_ns + error_ns - shown < TICK_NS
    assert 0 <= next_tick_ns(true_ns) - true_ns < TICK_NS
