"""The rounds of the watch: which instants of each track are judged, and what is said of them.

A track is judged when it is first confirmed, each 10 s of its time from its first row on, when its
sources first confirm it, and at last sight. Only rows that are due are judged; what they are
compared with is remembered, so rows may come one by one or all at once with the same result.

=======================  ===================================================  =======
figure                   source                                               mark
=======================  ===================================================  =======
``EARLIER_MIN_S``        shorter differences of estimates are mostly noise    assumed
``RECENT_S``             who looked lately may cancel an alert                assumed
=======================  ===================================================  =======
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Final, TypeAlias

import numpy as np

from commonwatch.tracking.estimate import Estimates, Status, empty_estimates, joined
from commonwatch.units import NS_PER_S
from commonwatch.warning.coasting import Motor, Past
from commonwatch.warning.gathered import Held, none_held
from commonwatch.warning.gathered import joined as join_held
from commonwatch.warning.judgement import Context, Judgements, Settings, judge
from commonwatch.warning.source import Book, Source, Support, support

EARLIER_MIN_S: Final = 5.0
RECENT_S: Final = 30.0
_SUPPORTS: Final = tuple(Support)
_Row: TypeAlias = tuple[Estimates, int]
"""Estimates, and a row of them."""
_NO_ROWS: Final = empty_estimates()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """What a track rests on at one instant.

    Parameters
    ----------
    sources, recent
        All its sensors so far, and those that looked lately.
    support, reason, recent_support
        Whether they confirm one another, and why.
    """

    sources: tuple[Source, ...]
    recent: tuple[Source, ...]
    support: Support
    reason: str
    recent_support: Support

    @property
    def names(self) -> str:
        """Names of the sensors, in one line."""
        return ", ".join(source.name for source in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Rows that were due, judged; those of one track in order.

    Parameters
    ----------
    estimates, judgements, supported
        What was judged, what is said of it, and what it rests on, one row each.
    is_last_sight
        Whether the track had ended when the row was judged.
    ended
        Tracks that ended, judged at their last sight or before.
    """

    estimates: Estimates
    judgements: Judgements
    supported: tuple[Supported, ...]
    is_last_sight: tuple[bool, ...]
    ended: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.estimates)


@dataclass(slots=True, kw_only=True, eq=False)
class _Memory:
    """What is remembered of a track between its rounds.

    Parameters
    ----------
    first_ns
        Time of its first row.
    interval
        The last interval of its time that had a confirmed row.
    tally, support
        What its sources came to when last asked, and at best when last judged.
    past
        Times and rows that were judged, for the next to be compared with.
    waiting
        The last confirmed row, where it has not been judged.
    motor, has_burned, held
        What was said last, and the launch point that is held, one row.
    """

    first_ns: int
    interval: int = -1
    tally: tuple[int, ...] = ()
    support: Support = Support.NONE
    past: list[tuple[int, _Row]] = field(default_factory=list)
    waiting: _Row | None = None
    motor: Motor = Motor.UNKNOWN
    has_burned: bool = False
    held: Held = field(default_factory=lambda: none_held(1))


@dataclass(frozen=True, slots=True, eq=False)
class _Due:
    """A row to be judged."""

    row: _Row
    track: int
    memory: _Memory
    earlier: _Row | None
    is_last_sight: bool


@dataclass(slots=True, eq=False)
class Rounds:
    """Judges tracks as their rows come.

    Parameters
    ----------
    settings
        What is assumed.
    """

    settings: Settings
    _memories: dict[int, _Memory] = field(default_factory=dict)

    def step(
        self,
        estimates: Estimates,
        book: Book | None,
        *,
        is_last: bool = False,
        coasting: Container[int] = (),
        say: Callable[[str, float], None] | None = None,
    ) -> Judged:
        """Judge what is due among new rows.

        Parameters
        ----------
        estimates
            Rows in any order; they are taken in order of ``known_ns``, then of tracks. A row is
            never known before those of an earlier step.
        book
            Which looks each track has taken. None: sources are unknown.
        is_last
            Whether nothing more is to come: then the last sight of every track is judged too.
        coasting
            Tracks that are known to fly freely, as far as their own motion does not show otherwise.
        say
            Called with what is done, in words, and the part of it.

        Notes
        -----
        A track's last sight is judged when its end is known, from its last confirmed row; where
        that had been judged, nothing more is said. A track that has ended is forgotten.
        """
        order = np.lexsort((np.arange(len(estimates)), estimates.track, estimates.known_ns))
        tracks, times = estimates.track.tolist(), estimates.time_ns.tolist()
        known, status = estimates.known_ns.tolist(), estimates.status.tolist()
        due: list[_Due] = []
        ended: list[int] = []
        for row in order.tolist():
            track = tracks[row]
            memory = self._memories.get(track)
            if memory is None:
                memory = self._memories[track] = _Memory(first_ns=times[row])
            memory.first_ns = min(memory.first_ns, times[row])
            if status[row] == Status.CONFIRMED:
                if self._is_due(memory, track, (times[row], known[row]), book):
                    due.append(_taken(memory, track, (estimates, row)))
                else:
                    memory.waiting = (estimates, row)
            elif status[row] == Status.ENDED:
                ended.append(track)
                if memory.waiting is not None:
                    due.append(_taken(memory, track, memory.waiting, is_last_sight=True))
                del self._memories[track]
        if is_last:
            due += self._rest()
            ended += sorted(self._memories)
            self._memories.clear()
        for one in due:
            if one.track in coasting:
                one.memory.motor = Motor.COASTS
        return self._judged(due, tuple(ended), book, say or _silent)

    def _rest(self) -> list[_Due]:
        """Take the last confirmed row of every track that has not been judged."""
        waiting = [
            (int(memory.waiting[0].known_ns[memory.waiting[1]]), track)
            for track, memory in self._memories.items()
            if memory.waiting is not None
        ]
        due = []
        for _, track in sorted(waiting):
            memory = self._memories[track]
            if memory.waiting is not None:
                due.append(_taken(memory, track, memory.waiting, is_last_sight=True))
        return due

    def _is_due(
        self, memory: _Memory, track: int, when_ns: tuple[int, int], book: Book | None
    ) -> bool:
        time_ns, known_ns = when_ns
        interval = (time_ns - memory.first_ns) // int(self.settings.interval_s * NS_PER_S)
        is_due = interval > memory.interval
        memory.interval = max(interval, memory.interval)
        if book is not None and memory.support is not Support.INDEPENDENT:
            tally = book.tally(track, known_ns)
            if tally != memory.tally:
                memory.tally = tally
                found = support(book.sources(track, known_ns))[0]
                if _SUPPORTS.index(found) > _SUPPORTS.index(memory.support):
                    memory.support = found
                    is_due = True
        return is_due

    def _judged(
        self,
        due: list[_Due],
        ended: tuple[int, ...],
        book: Book | None,
        say: Callable[[str, float], None],
    ) -> Judged:
        if not due:
            return _none(self.settings, ended)
        picked = joined(
            [
                each[0].row[0].take([one.row[1] for one in each])
                for each in (list(group) for _, group in groupby(due, key=_where))
            ]
        )
        supported = tuple(
            _supported(book, one.track, known_ns)
            for one, known_ns in zip(due, picked.known_ns.tolist(), strict=True)
        )
        context = _context(due, supported)
        judgements = judge(picked, context, settings=self.settings, say=say)
        for row, one in enumerate(due):
            one.memory.motor = judgements.motor[row]
            one.memory.has_burned = bool(judgements.features.has_burned[row])
            one.memory.held = judgements.held.take(np.array([row]))
        return Judged(
            estimates=picked,
            judgements=judgements,
            supported=supported,
            is_last_sight=tuple(one.is_last_sight for one in due),
            ended=ended,
        )


def _silent(stage: str, part: float) -> None:
    del stage, part


def _where(due: _Due) -> int:
    return id(due.row[0])


@lru_cache(maxsize=8)
def _nothing(settings: Settings) -> Judgements:
    """Return what is said of no rows; asked for at nearly every step."""
    return judge(empty_estimates(), _context([], ()), settings=settings, say=_silent)


def _none(settings: Settings, ended: tuple[int, ...] = ()) -> Judged:
    return Judged(
        estimates=_NO_ROWS,
        judgements=_nothing(settings),
        supported=(),
        is_last_sight=(),
        ended=ended,
    )


def _taken(memory: _Memory, track: int, waiting: _Row, *, is_last_sight: bool = False) -> _Due:
    """Take a row, and remember it for those to come."""
    memory.waiting = None
    time_ns = int(waiting[0].time_ns[waiting[1]])
    apart_ns = time_ns - int(EARLIER_MIN_S * NS_PER_S)
    far = [k for k, (past_ns, _) in enumerate(memory.past) if past_ns <= apart_ns]
    due = _Due(
        row=waiting,
        track=track,
        memory=memory,
        earlier=memory.past[far[-1]][1] if far else None,
        is_last_sight=is_last_sight,
    )
    # Nothing before the newest that was far enough from this one will be asked for again.
    del memory.past[: far[-1] if far else 0]
    memory.past.append((time_ns, waiting))
    return due


def _context(due: list[_Due], supported: tuple[Supported, ...]) -> Context:
    """Gather what a batch is compared with."""
    earlier = [one.earlier for one in due if one.earlier is not None]
    has_earlier = np.array([one.earlier is not None for one in due], dtype=bool)
    place: dict[int, int] = {}
    previous = []
    for row, one in enumerate(due):
        previous.append(place.get(one.track, -1))
        place[one.track] = row
    return Context(
        first_ns=np.array([one.memory.first_ns for one in due], dtype=np.int64),
        past=Past(
            time_ns=np.array([e.time_ns[r] for e, r in earlier], dtype=np.int64),
            state_vector=np.array([e.state_vector[r] for e, r in earlier]).reshape(-1, 6),
            covariance=np.array([e.covariance[r] for e, r in earlier]).reshape(-1, 6, 6),
        ),
        earlier=np.where(has_earlier, np.cumsum(has_earlier) - 1, -1),
        previous=np.array(previous, dtype=np.int64),
        motor_before=tuple(one.memory.motor for one in due),
        has_burned_before=np.array([one.memory.has_burned for one in due], dtype=bool),
        has_two_sources=np.array(
            [each.support is not Support.NONE for each in supported], dtype=bool
        ),
        has_infrared=np.array(
            [any(s.kind == "infrared" for s in each.sources) for each in supported], dtype=bool
        ),
        held=join_held([none_held(0), *(one.memory.held for one in due)]),
    )


def _supported(book: Book | None, track: int, now_ns: int) -> Supported:
    if book is None:
        found, reason = support(())
        return Supported(
            sources=(), recent=(), support=found, reason=reason, recent_support=Support.NONE
        )
    sources = book.sources(track, now_ns)
    recent = book.sources(track, now_ns, since_ns=now_ns - int(RECENT_S * NS_PER_S))
    found, reason = support(sources)
    return Supported(
        sources=sources,
        recent=recent,
        support=found,
        reason=reason,
        recent_support=support(recent)[0],
    )
