"""Which tracks wait for their round, and which do not."""

from __future__ import annotations

import numpy as np

from commonwatch.centre.gathering import Gathering
from commonwatch.tracking.estimate import Estimates, Status
from commonwatch.warning.source import Book, Source

SECOND_NS = 1_000_000_000
SOURCES = tuple(
    Source(
        name=name,
        nation="a",
        kind="radar",
        site=name,
        look_count=0,
        pedigree=frozenset({name}),
    )
    for name in ("one", "two")
)


def rows(second: int, *tracks: int, status: Status = Status.CONFIRMED) -> Estimates:
    count = len(tracks)
    return Estimates(
        track=np.array(tracks),
        time_ns=np.full(count, second * SECOND_NS),
        known_ns=np.full(count, second * SECOND_NS),
        status=np.full(count, status),
        state_vector=np.full((count, 6), 7e6),
        covariance=np.broadcast_to(np.eye(6), (count, 6, 6)),
    )


def taken(
    gathering: Gathering, book: Book, estimates: Estimates, second: int
) -> list[tuple[int, int]]:
    chosen = gathering.take(estimates, book, second * SECOND_NS)
    return list(zip(chosen.track.tolist(), (chosen.time_ns // SECOND_NS).tolist(), strict=True))


def test_a_new_track_is_judged_at_once_and_then_waits_for_its_round() -> None:
    gathering, book = Gathering(10 * SECOND_NS), Book(SOURCES)
    taken(gathering, book, rows(0, 9), 0)  # the first round
    assert taken(gathering, book, rows(1, 1, 2), 1) == [(1, 1), (2, 1)]
    assert taken(gathering, book, rows(2, 1), 2) == []
    assert taken(gathering, book, rows(4, 1, 2), 4) == []
    assert taken(gathering, book, rows(10), 10) == [(1, 4), (2, 4)]
    assert taken(gathering, book, rows(11), 11) == []


def test_looks_of_another_sensor_do_not_wait() -> None:
    gathering, book = Gathering(10 * SECOND_NS), Book(SOURCES)
    taken(gathering, book, rows(0, 1), 0)
    book.hear(1, 1, SECOND_NS)
    assert taken(gathering, book, rows(1, 1), 1) == [(1, 1)]


def test_what_is_urgent_does_not_wait() -> None:
    gathering, book = Gathering(10 * SECOND_NS), Book(SOURCES)
    taken(gathering, book, rows(0, 1, 2), 0)
    chosen = gathering.take(rows(1, 1, 2), book, SECOND_NS, urgent={2})
    assert chosen.track.tolist() == [2]


def test_an_end_comes_after_what_was_last_seen() -> None:
    gathering, book = Gathering(10 * SECOND_NS), Book(SOURCES)
    taken(gathering, book, rows(0, 1, 2), 0)
    taken(gathering, book, rows(3, 1, 2), 3)
    ended = gathering.take(rows(5, 1, status=Status.ENDED), book, 5 * SECOND_NS)
    assert ended.track.tolist() == [1, 1]
    assert ended.status.tolist() == [Status.CONFIRMED, Status.ENDED]
    assert (ended.time_ns // SECOND_NS).tolist() == [3, 5]


def test_no_news_gives_no_rows() -> None:
    gathering, book = Gathering(10 * SECOND_NS), Book(SOURCES)
    assert len(gathering.take(rows(0), book, 0)) == 0
