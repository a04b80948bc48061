"""Looks at who reports what: their rhythm, whom they judge, and whose evidence is whose."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.fusion.sightings import Sightings
from tests.fusion.build import SECOND_NS

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NAMES = ("a", "b", "c")


def looked(
    seen: Sightings,
    second: float,
    is_there: Mask,
    *,
    expected: F64 | None = None,
    names: tuple[str, ...] = NAMES,
    number: npt.NDArray[np.int64] | None = None,
    pause_s: F64 | None = None,
) -> None:
    shape = is_there.shape
    seen.step(
        names,
        np.arange(shape[1]) if number is None else number,
        round(second * SECOND_NS),
        is_there=is_there,
        expected=np.full(shape, 0.9) if expected is None else expected,
        is_active=np.ones(shape[0], dtype=np.bool_),
        pause_s=pause_s,
    )


def only(row: int) -> Mask:
    return np.asarray(np.arange(3) == row)[:, None]


@pytest.mark.parametrize("every_s", [1.0, 2.0, 3.0, 10.0])
def test_looks_keep_their_rhythm_however_often_is_asked(every_s: float) -> None:
    seen = Sightings(10.0)
    for second in np.arange(0.0, 30.5, every_s):
        looked(seen, float(second), only(0))
    assert seen.invention.looks[0, 0] == 3


def test_the_first_look_begins_and_adds_nothing() -> None:
    seen = Sightings(10.0)
    looked(seen, 0.0, only(0))
    assert not seen.invention.looks.any()
    assert not seen.denial.log_ratio.any()


def test_what_has_lived_long_out_of_others_view_is_no_false_track_once_it_is_in_view() -> None:
    """Seven looks alive when the second in full view counts; two, had it begun in their view."""
    seen, nobody = Sightings(10.0), np.full((3, 1), np.nan)
    for second in range(0, 60, 10):
        looked(seen, float(second), only(0), expected=nobody)
    looked(seen, 60.0, only(0))
    assert not seen.invention.log_ratio.any()
    looked(seen, 70.0, only(0))
    both_missed = 0.95 * 0.1**2
    assert np.exp(-seen.invention.log_ratio[0, 0]) == pytest.approx(0.05 * 0.3**7 + both_missed)


def test_a_late_step_is_one_look_and_not_several() -> None:
    seen = Sightings(10.0)
    for second in (0.0, 47.0, 48.0, 50.0):
        looked(seen, second, only(0))
    assert seen.invention.looks[0, 0] == 2


def test_silence_is_judged_only_where_two_others_report() -> None:
    one, two = Sightings(10.0), Sightings(10.0)
    for second in (0.0, 10.0):
        looked(one, second, only(0))
        looked(two, second, ~only(0))
    assert not one.denial.log_ratio.any()
    assert two.denial.log_ratio[0, 0] > 0.0
    assert (two.denial.log_ratio[1:] == 0.0).all()


def test_a_report_of_another_ends_the_suspicion_of_invention() -> None:
    seen = Sightings(10.0)
    for second in (0.0, 10.0, 20.0):
        looked(seen, second, only(0))
    assert seen.invention.log_ratio[0, 0] > 0.0
    looked(seen, 21.0, only(0) | only(1))
    assert not seen.invention.log_ratio.any()


def test_evidence_follows_its_contributor_and_object_in_any_order() -> None:
    seen = Sightings(10.0)
    for second in (0.0, 10.0):
        looked(seen, second, only(0), number=np.array([7]))
    value = seen.invention.log_ratio[0, 0]
    looked(
        seen,
        11.0,
        np.array([[False, False], [False, False], [False, True]]),
        names=("c", "b", "a"),
        number=np.array([5, 7]),
    )
    assert seen.invention.log_ratio[2, 1] == value
    looked(seen, 12.0, only(0), number=np.array([5]))
    looked(seen, 13.0, only(0), number=np.array([7]))
    assert not seen.invention.log_ratio.any()


def test_what_a_person_took_back_is_forgotten_of_that_one_alone() -> None:
    seen = Sightings(10.0)
    is_there = np.array([[True, False], [False, True], [False, False]])
    for second in (0.0, 10.0):
        looked(seen, second, is_there)
    value = seen.invention.log_ratio[1, 1]
    seen.forget("a")
    seen.forget("nobody")
    assert seen.invention.log_ratio[0, 0] == 0.0
    assert seen.invention.log_ratio[1, 1] == value


def test_a_report_that_fails_to_come_is_a_look_at_once_and_then_one_each_period() -> None:
    seen = Sightings(10.0)
    everyone, without = np.ones((3, 1), dtype=np.bool_), ~only(0)
    for second in (0.0, 10.0):
        looked(seen, second, everyone)
    reported = seen.denial.log_ratio[0, 0]
    looked(seen, 13.0, without)
    first = seen.denial.log_ratio[0, 0]
    assert first > reported
    looked(seen, 20.0, without)
    assert seen.denial.log_ratio[0, 0] == first
    looked(seen, 23.0, without)
    assert seen.denial.log_ratio[0, 0] > first
    # The others' looks keep the rhythm that they had.
    assert (seen.denial.log_ratio[1:] < 0.0).all()


def test_silence_is_one_report_more_that_is_missed_each_time_one_was_due() -> None:
    seen, pause_s = Sightings(10.0), np.array([14.0, 10.0, 10.0])
    for second in (0.0, 10.0):
        looked(seen, second, np.ones((3, 1), dtype=np.bool_), pause_s=pause_s)
    looked(seen, 13.0, ~only(0), pause_s=pause_s)
    first = seen.denial.log_ratio[0, 0]
    looked(seen, 26.0, ~only(0), pause_s=pause_s)
    assert seen.denial.log_ratio[0, 0] == first
    looked(seen, 27.0, ~only(0), pause_s=pause_s)
    assert seen.denial.log_ratio[0, 0] > first


def test_a_word_that_is_taken_for_the_last_again_and_again_fails_to_come_once() -> None:
    seen = Sightings(10.0)
    everyone = np.ones((3, 1), dtype=np.bool_)
    for second in (0.0, 10.0):
        looked(seen, second, everyone)
    looked(seen, 13.0, ~only(0))
    first = seen.denial.log_ratio[0, 0]
    looked(seen, 15.0, everyone)
    looked(seen, 16.0, ~only(0))
    assert seen.denial.log_ratio[0, 0] == first


def test_silence_on_one_object_tells_more_of_one_who_speaks_of_another() -> None:
    """Who is out is silent on everything, so that it takes longer to tell from one who denies."""
    silent, speaking = Sightings(10.0), Sightings(10.0)
    everything = np.ones((3, 2), dtype=np.bool_)
    nothing, one = everything.copy(), everything.copy()
    nothing[0], one[0, 0] = False, False
    for second in (0.0, 10.0):
        looked(silent, second, nothing, expected=np.ones((3, 2)))
        looked(speaking, second, one, expected=np.ones((3, 2)))
    # One look with the odds of one half that it began there: 0.98 to 0.05, and 0.98 to 0.002.
    assert silent.denial.log_ratio[0, 0] == pytest.approx(np.log(0.5 * 0.98 / 0.05 + 0.5))
    assert speaking.denial.log_ratio[0, 0] == pytest.approx(np.log(0.5 * 0.98 / 0.002 + 0.5))
