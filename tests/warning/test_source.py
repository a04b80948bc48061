from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.identity import SensorId
from commonwatch.warning.source import Book, Looks, Source, Support, sources_of, support
from tests.sensing.build import radar
from tests.warning.build import sensor


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((), Support.NONE),
        ((sensor("a", looks=100),), Support.NONE),
        ((sensor("a", looks=3), sensor("b", nation="B", looks=3)), Support.INDEPENDENT),
        ((sensor("a", looks=3), sensor("b", nation="B", looks=2)), Support.NONE),
        ((sensor("a", looks=3), sensor("s", kind="infrared", looks=3)), Support.INDEPENDENT),
        ((sensor("a", looks=3), sensor("s", kind="infrared", looks=2)), Support.NONE),
        ((sensor("a", looks=4), sensor("b", looks=4)), Support.SINGLE_KIND),
        ((sensor("a", looks=4), sensor("b", looks=3)), Support.NONE),
        ((sensor("a", looks=9, site="x"), sensor("b", looks=9, site="x")), Support.NONE),
        ((sensor("a", looks=9, nation=""), sensor("b", looks=3, nation="B")), Support.NONE),
    ],
)
def test_what_confirms_what(sources: tuple[Source, ...], expected: Support) -> None:
    assert support(sources)[0] is expected


def test_a_report_that_carries_the_firsts_news_counts_as_none() -> None:
    mine = sensor("a", looks=9)
    theirs = replace(sensor("report", nation="B", looks=9), pedigree=frozenset({"a", "b"}))
    assert support((mine, theirs))[0] is Support.NONE
    assert support((mine, replace(theirs, pedigree=frozenset({"b"}))))[0] is Support.INDEPENDENT


def test_unknown_sources_are_said_to_be_unknown() -> None:
    assert support(())[1] == "sources unknown: unconfirmed only"


@given(st.permutations([sensor("a", looks=5), sensor("b", looks=5), sensor("c", looks=1)]))
def test_the_order_of_sources_does_not_matter(sources: list[Source]) -> None:
    assert support(sources) == support(sorted(sources, key=lambda each: each.name))


def test_looks_count_only_once_they_have_arrived() -> None:
    rng = np.random.default_rng(3)
    looks = Looks(
        track=rng.integers(0, 5, 400),
        arrival_ns=rng.integers(0, 1_000, 400),
        sensor=rng.integers(0, 3, 400),
        sensors=(sensor("a"), sensor("b", nation="B"), sensor("c")),
    )
    book = Book.of(looks)
    for track, now_ns, since_ns in ((0, 500, None), (3, 700, 650), (4, 0, None), (9, 900, None)):
        found = {s.name: s.look_count for s in book.sources(track, now_ns, since_ns=since_ns)}
        slow = {
            name: int(
                np.sum(
                    (looks.track == track)
                    & (looks.arrival_ns <= now_ns)
                    & (looks.arrival_ns > (-1 if since_ns is None else since_ns))
                    & (looks.sensor == index)
                )
            )
            for index, name in enumerate("abc")
        }
        assert found == {name: count for name, count in slow.items() if count}


@given(st.permutations(list(range(12))), st.integers(0, 30))
def test_looks_may_be_written_down_in_any_order(order: list[int], now_ns: int) -> None:
    one, other = (Book((sensor("a"), sensor("b", nation="B"))) for _ in range(2))
    for book, rows in ((one, range(12)), (other, order)):
        for row in rows:
            book.hear(0, row % 2, 5 * (row // 2), count=1 + row % 3)
    assert one.sources(0, now_ns) == other.sources(0, now_ns)
    assert one.sources(0, now_ns, since_ns=10) == other.sources(0, now_ns, since_ns=10)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20)), max_size=20))
def test_while_the_tally_is_the_same_so_is_the_support(looks: list[tuple[int, int]]) -> None:
    book = Book((sensor("a"), sensor("b"), sensor("c", nation="B")))
    for index, arrival_ns in looks:
        book.hear(0, index, arrival_ns)
    found: dict[tuple[int, ...], Support] = {}
    for now_ns in range(22):
        now = support(book.sources(0, now_ns))[0]
        assert found.setdefault(book.tally(0, now_ns), now) is now


def test_a_track_that_is_no_more_is_forgotten() -> None:
    book = Book((sensor("a"),))
    book.hear(3, 0, 5)
    book.forget(3)
    book.forget(4)
    assert book.sources(3, 10) == ()


def test_a_report_of_no_kind_is_no_second_kind() -> None:
    said = replace(sensor("report", nation="A", looks=3), kind="")
    assert support((sensor("a", looks=9), said))[0] is Support.NONE
    assert support((sensor("a", looks=9), replace(said, nation="B")))[1] == (
        "two nations: a (radar, A, 9 looks) and report"
    )


def test_radars_on_one_site_are_one_site() -> None:
    north, south = sources_of((radar(), radar(sensor=SensorId("other"))))
    assert north.site == south.site
    assert north.name != south.name
