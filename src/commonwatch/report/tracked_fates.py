"""What became of the detections: used, clutter, late or refused, by sensor and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.report.columns import distinct, instants, words
from commonwatch.report.tracked import TrackedContent

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

FATES: Final = ("used", "clutter", "late", "refused")
"""Assigned to a track or starting one; not of any object; too late; not usable."""
_WORDS: Final = {"assigned": 0, "started a track": 0, "clutter": 1, "late": 2, "refused": 3}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fates:
    """Fates of detections, one row each.

    Parameters
    ----------
    fate
        Index into ``FATES``, shape (N,).
    sensor
        Index into ``names``, -1 where unknown, shape (N,).
    time_s
        Seconds from the start, not-a-number where unknown, shape (N,).
    names
        Of the sensors.
    reasons
        Why rows were refused or late, and how many, the commonest first.
    """

    fate: I64
    sensor: I64
    time_s: F64
    names: tuple[str, ...]
    reasons: tuple[tuple[str, int], ...]

    @property
    def counts(self) -> I64:
        """How many there are of each of ``FATES``."""
        return np.bincount(self.fate, minlength=len(FATES))

    def counts_of(self, name: str) -> I64:
        """Count the fates of one sensor's detections."""
        place = self.names.index(name) if name in self.names else -2
        return np.bincount(self.fate[self.sensor == place], minlength=len(FATES))

    def over_time(self, name: str, edges_s: F64) -> I64:
        """Count one sensor's fates between instants (B + 1,), shape (B, fates).

        Parameters
        ----------
        name
            Of the sensor, one of ``names``.
        edges_s
            Rising, seconds from the start of the file; the last bin holds its end.
        """
        own = self.sensor == self.names.index(name)
        bins = (edges_s, np.arange(len(FATES) + 1) - 0.5)
        counts, _, _ = np.histogram2d(self.time_s[own], self.fate[own], bins=bins)
        return np.asarray(counts, dtype=np.int64)


def fates_of(content: TrackedContent) -> Fates | None:
    """Return what became of the detections; None where nobody says."""
    table = content.dispositions
    if table is None:
        return None
    said = words(table, "disposition")
    fate = np.array([_WORDS.get(word, 3) for word in said], dtype=np.int64)
    count = len(fate)
    sensor, time_s = np.full(count, -1), np.full(count, np.nan)
    names: tuple[str, ...] = ()
    if content.detections is not None:
        rows = instants(table, "row")
        names = tuple(distinct(content.detections, "sensor"))
        place = {name: k for k, name in enumerate(names)}
        own = [place[name] for name in words(content.detections, "sensor")]
        sensor = np.array(own, dtype=np.int64)[rows]
        time_s = content.seconds(instants(content.detections, "time_ns"))[rows]
    reasons = [why for why, which in zip(words(table, "reason"), fate, strict=True) if which > 1]
    counted = {why or "no reason given": 0 for why in reasons}
    for why in reasons:
        counted[why or "no reason given"] += 1
    return Fates(
        fate=fate,
        sensor=sensor,
        time_s=time_s,
        names=names,
        reasons=tuple(sorted(counted.items(), key=lambda item: -item[1])),
    )
