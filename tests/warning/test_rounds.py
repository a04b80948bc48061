from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from commonwatch.tracking.estimate import Estimates, Status, empty_estimates, joined
from commonwatch.warning.judgement import Settings
from commonwatch.warning.rounds import Rounds
from commonwatch.warning.rows import to_columns
from commonwatch.warning.source import Book, Looks
from commonwatch.warning.watch import Watch, watch
from tests.warning.build import (
    CLASSES,
    POWERED,
    SECOND_NS,
    START_NS,
    VACUUM,
    looks_of,
    sensor,
    truths,
)
from tests.warning.build import track as free_track
from tests.warning.test_watch import NOTICE, rocket_track, satellite

NAMES = [each.name for each in CLASSES]
SENSORS = (
    sensor("east", nation="A"),
    sensor("north", nation="A"),
    sensor("south", nation="B"),
    sensor("eye", nation="B", kind="infrared"),
)


def ended(estimates: Estimates) -> Estimates:
    """The same track with the row that says that it ended, some seconds later."""
    last = estimates.take([len(estimates) - 1])
    later = last.known_ns + 6 * SECOND_NS
    end = replace(last, known_ns=later, status=np.array([Status.ENDED], np.int8))
    return joined([estimates, end])


def many(seed: int = 3, count: int = 12) -> tuple[Estimates, Looks]:
    """Missiles, a rocket and a satellite: tentative at first, each seen by some sensors."""
    rng = np.random.default_rng(seed)
    drawn = truths(rng, count, is_powered=True, ground_range_m=(1_000e3, 2_500e3))
    parts = []
    for number, start in enumerate(drawn.true_state_vector):
        first_ns = START_NS + int(rng.integers(0, 8)) * SECOND_NS
        rows = free_track(
            start, count=int(rng.integers(1, 60)), interval_s=1.0, number=number, first_ns=first_ns
        )
        status = np.full(len(rows), Status.CONFIRMED, np.int8)
        status[: int(rng.integers(0, 3))] = Status.TENTATIVE
        rows = replace(rows, status=status)
        parts.append(ended(rows) if number % 3 else rows)
    parts += [
        replace(satellite(number=count), known_ns=satellite().time_ns),
        replace(rocket_track(), track=np.full(60, count + 1)),
    ]
    whole = joined(parts)
    seen_by = {k: tuple(j for j in range(4) if rng.random() < 0.5) for k in range(count + 2)}
    looks = looks_of(whole, SENSORS, seen_by)
    kept = np.flatnonzero(rng.random(len(looks.track)) < 0.4)
    return whole, replace(
        looks, track=looks.track[kept], arrival_ns=looks.arrival_ns[kept], sensor=looks.sensor[kept]
    )


def flat(columns: dict[str, object]) -> list[dict[str, object]]:
    """Events as rows, but for what only a whole file can tell, exact to the bit."""
    rows = [
        dict(zip(columns, values, strict=True))
        for values in zip(*(list(each) for each in columns.values()), strict=True)  # type: ignore[call-overload]
    ]
    return [{k: repr(v) for k, v in row.items() if k != "is_last_sight"} for row in rows]


def by_steps(
    whole: Estimates, looks: Looks, settings: Settings, *, length_ns: int, pickled: bool
) -> list[dict[str, object]]:
    """The same rows through a watch that gets them step by step."""
    following, book = Watch(settings), Book(looks.sensors)
    shown = []
    first, last = int(whole.known_ns.min()), int(whole.known_ns.max())
    for start in range(first, last + 1, length_ns):
        heard = np.flatnonzero((looks.arrival_ns >= start) & (looks.arrival_ns < start + length_ns))
        book.add(
            replace(
                looks,
                track=looks.track[heard],
                arrival_ns=looks.arrival_ns[heard],
                sensor=looks.sensor[heard],
            )
        )
        news = whole.take((whole.known_ns >= start) & (whole.known_ns < start + length_ns))
        shown.append(following.step(news, book, notices=(NOTICE,)))
        if pickled:
            following, book = pickle.loads(pickle.dumps((following, book), protocol=5))
    shown.append(following.step(empty_estimates(), book, notices=(NOTICE,), is_last=True))
    events = [row for part in shown for row in flat(to_columns(part, class_names=NAMES))]
    return sorted(events, key=lambda row: (str(row["known_ns"]), int(str(row["track"])[9:-1])))


@pytest.mark.parametrize("settings", [POWERED, VACUUM])
@pytest.mark.parametrize(("seconds", "pickled"), [(1, False), (1, True), (7, False)])
def test_rows_one_by_one_give_what_all_at_once_give_to_the_bit(
    settings: Settings, seconds: int, pickled: bool
) -> None:
    whole, looks = many()
    at_once = watch(whole, settings=settings, looks=looks, notices=(NOTICE,))
    expected = flat(to_columns(at_once, class_names=NAMES))
    found = by_steps(whole, looks, settings, length_ns=seconds * SECOND_NS, pickled=pickled)
    assert len(expected) > 40
    assert found == expected


def test_what_is_said_does_not_depend_on_what_else_is_judged() -> None:
    # Vector instructions must not see how many rows there are: each track alone, and all together.
    whole, looks = many(seed=8, count=9)
    rounds = Rounds(POWERED)
    together = rounds.step(whole, Book.of(looks), is_last=True)
    for row in range(len(together)):
        track = int(together.estimates.track[row])
        alone = Rounds(POWERED).step(whole.take(whole.track == track), Book.of(looks), is_last=True)
        place = np.flatnonzero(alone.estimates.time_ns == together.estimates.time_ns[row])[0]
        for name in ("answer_probability", "ground_range_m", "apogee_altitude_m"):
            one, other = getattr(alone.judgements, name), getattr(together.judgements, name)
            assert one[place].tobytes() == other[row].tobytes()


def test_only_the_first_row_and_each_tenth_second_and_the_last_are_judged() -> None:
    drawn = truths(np.random.default_rng(5), 1, is_powered=True)
    rows = ended(free_track(drawn.true_state_vector[0], count=25, interval_s=1.0))
    rounds = Rounds(POWERED)
    due = [len(rounds.step(rows.take([k]), None)) for k in range(len(rows))]
    assert np.flatnonzero(due).tolist() == [0, 10, 20, 25]
    last = rounds.step(empty_estimates(), None)
    assert (len(last), last.ended) == (0, ())


def test_a_track_that_ends_where_it_was_judged_is_said_to_have_ended() -> None:
    drawn = truths(np.random.default_rng(5), 1, is_powered=True)
    rows = ended(free_track(drawn.true_state_vector[0], count=21, interval_s=1.0, number=7))
    rounds = Rounds(POWERED)
    found = [rounds.step(rows.take([k]), None) for k in range(len(rows))]
    assert len(found[-1]) == 0
    assert found[-1].ended == (7,)
