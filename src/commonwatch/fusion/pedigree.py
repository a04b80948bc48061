"""Whose looks, and when taken, a report rests on: what keeps news from being counted twice.

A pedigree is a set of spans: of one sensor of one originator, after one instant and up to another.
Two reports may be added only where no span of the one overlaps a span of the other. A report that
brings no pedigree (None) may be anything, and only covariance intersection is safe for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from commonwatch.errors import InputError
from commonwatch.identity import NationId, SensorId

SPANS_MAX: Final = 256
"""Most spans that one pedigree keeps. Past it the narrowest gaps are closed: more is claimed than
is held, which can cost news but never counts any twice."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Looks of one sensor after ``after_ns`` up to and including ``until_ns``.

    ``look_count`` says how many a track took, at most as many where spans were cut or joined.
    """

    originator: NationId
    sensor: SensorId
    after_ns: int
    until_ns: int
    look_count: int = 0

    def __post_init__(self) -> None:
        if self.after_ns >= self.until_ns:
            raise InputError(
                f"a span of looks after {self.after_ns} up to {self.until_ns}",
                allowed="an end later than its beginning",
                where=f"pedigree, sensor {self.sensor}",
            )

    def is_of(self, other: Span) -> bool:
        """Whether both are of one sensor."""
        return self.originator == other.originator and self.sensor == other.sensor

    def overlaps(self, other: Span) -> bool:
        """Whether a look could be in both."""
        return (
            self.is_of(other) and self.after_ns < other.until_ns and other.after_ns < self.until_ns
        )


@dataclass(frozen=True, slots=True)
class Pedigree:
    """Spans, sorted, merged and free of overlap; make one with ``pedigree_of``."""

    spans: tuple[Span, ...] = ()

    def is_disjoint(self, other: Pedigree) -> bool:
        """Whether no look can be in both."""
        return not any(one.overlaps(two) for one in self.spans for two in other.spans)

    def contains(self, other: Pedigree) -> bool:
        """Whether every look of the other is in this one."""
        return all(
            any(
                whole.is_of(part)
                and whole.after_ns <= part.after_ns
                and part.until_ns <= whole.until_ns
                for whole in self.spans
            )
            for part in other.spans
        )

    def merged(self, other: Pedigree) -> Pedigree:
        """Return everything that either rests on."""
        return pedigree_of([*self.spans, *other.spans])

    def after(self, since_ns: int) -> Pedigree:
        """Return what lies after an instant."""
        return Pedigree(
            tuple(
                Span(
                    originator=span.originator,
                    sensor=span.sensor,
                    after_ns=max(span.after_ns, since_ns),
                    until_ns=span.until_ns,
                    look_count=span.look_count,
                )
                for span in self.spans
                if span.until_ns > since_ns
            )
        )

    def has_looks_of(self, other: Pedigree) -> bool:
        """Whether any sensor of the other is in this one, at whatever time."""
        return any(one.is_of(two) for one in self.spans for two in other.spans)


def pedigree_of(spans: Iterable[Span], *, spans_max: int = SPANS_MAX) -> Pedigree:
    """Sort spans, join those that touch, and keep their number bounded.

    Parameters
    ----------
    spans
        In any order; they may touch and overlap.
    spans_max
        Of more, those of one sensor with the narrowest gaps between them are joined: more is
        claimed than is held.

    Raises
    ------
    InputError
        There are more sensors than ``spans_max``.
    """
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and joined[-1].is_of(span) and span.after_ns <= joined[-1].until_ns:
            joined[-1] = _across(joined[-1], span)
        else:
            joined.append(span)
    while len(joined) > spans_max:
        gaps = [
            (second.after_ns - first.until_ns, place)
            for place, (first, second) in enumerate(itertools.pairwise(joined))
            if first.is_of(second)
        ]
        if not gaps:
            raise InputError(
                f"looks of {len(joined)} sensors in one pedigree", allowed=f"at most {spans_max}"
            )
        place = min(gaps)[1]
        joined[place : place + 2] = [_across(joined[place], joined[place + 1])]
    return Pedigree(tuple(joined))


def _across(first: Span, second: Span) -> Span:
    """One span from the beginning of the first to the later of both ends."""
    counts = first.look_count, second.look_count
    return Span(
        originator=first.originator,
        sensor=first.sensor,
        after_ns=first.after_ns,
        until_ns=max(first.until_ns, second.until_ns),
        look_count=max(counts) if second.after_ns < first.until_ns else sum(counts),
    )
