"""Who is silent on what others see, and who alone reports what others do not: look by look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.differences import OTHERS_MIN
from commonwatch.fusion.evidence import (
    EXPECTED_MIN,
    DenialEvidence,
    InventionEvidence,
    believable,
    log_pooled,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_NEVER_NS = -(2**62)


@dataclass(slots=True, eq=False)
class Sightings:
    """Evidence of denial and of invention for each contributor and object.

    Parameters
    ----------
    look_s
        Time between looks at what one contributor says of one object; a report that fails to come
        is a look at once. The first look at an object begins the evidence and adds none, nor does
        the first at which others should see what one alone reports: not everybody may have been
        able to report it yet.
    contributor, number
        Whose and of what the evidence is, C names and shape (N,).
    denial, invention
        The evidence, shapes (C, N).
    """

    look_s: float
    contributor: tuple[str, ...] = ()
    number: I64 = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    denial: DenialEvidence = field(default_factory=lambda: DenialEvidence.begun((0, 0)))
    invention: InventionEvidence = field(default_factory=lambda: InventionEvidence.begun((0, 0)))
    _due_ns: I64 = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    _was_there: Mask = field(default_factory=lambda: np.empty((0, 0), dtype=np.bool_))
    _was_in_view: Mask = field(default_factory=lambda: np.empty((0, 0), dtype=np.bool_))
    _silent_ns: I64 = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))

    def step(
        self,
        contributor: tuple[str, ...],
        number: I64,
        now_ns: int,
        *,
        is_there: Mask,
        expected: F64,
        is_active: Mask,
        is_said: Mask | None = None,
        pause_s: F64 | None = None,
    ) -> None:
        """Take every look that is due.

        Parameters
        ----------
        contributor, number, is_there, expected, is_said, pause_s
            As of ``contributor.Sources``.
        now_ns
            The present.
        is_active
            Who is believed at all, shape (C,).
        """
        self._align(contributor, number)
        looks_s = np.full(len(contributor), self.look_s)
        pauses_s = looks_s if pause_s is None else np.maximum(pause_s, looks_s)
        # Of one that is silent, a look for each report that it misses.
        said = is_there if is_said is None else is_said
        each_s = np.where(said, looks_s[:, None], pauses_s[:, None])
        look_ns = np.round(each_s * 1e9).astype(np.int64)
        is_first = self._due_ns == _NEVER_NS
        has_ceased = self._was_there & ~is_there & (now_ns - self._silent_ns >= look_ns)
        is_late = (now_ns >= self._due_ns) & ~is_first
        is_due = is_late | has_ceased
        # Looks keep their own rhythm, however late a step is; never two at once. Silence that
        # waited for the next look would be a report shorter than it is.
        behind = np.where(is_late, (now_ns - self._due_ns) // look_ns + 1, 0)
        next_ns = np.where(has_ceased, now_ns + look_ns, self._due_ns + behind * look_ns)
        self._due_ns = np.where(is_first, now_ns + look_ns, next_ns)
        had_spoken, self._was_there = self._was_there, is_there.copy()
        self._silent_ns = np.where(is_due & ~is_there, now_ns, self._silent_ns)
        known = believable(np.where(np.isnan(expected), 0.0, expected), is_there)
        is_judged = (known >= EXPECTED_MIN) & is_active[:, None]
        others_seen = is_there.sum(axis=0) - is_there
        is_looked_at = is_judged & (others_seen >= OTHERS_MIN) & is_due
        self.denial.look(known, is_there, is_looked_at, has_spoken=had_spoken)
        alone = said & (said.sum(axis=0) == 1)
        could_see = is_judged.sum(axis=0) - is_judged
        missed = np.where(is_judged, np.log1p(-known), 0.0)
        self.invention.forget(~alone)
        is_in_view = alone & (could_see >= OTHERS_MIN)
        self.invention.look(
            missed.sum(axis=0) - missed,
            is_in_view & self._was_in_view & is_due,
            lives_on=alone & is_due,
        )
        # Others have a whole look's time from when they should first see it.
        self._due_ns = np.where(is_in_view & ~self._was_in_view, now_ns + look_ns, self._due_ns)
        self._was_in_view = is_in_view

    def pooled(self, log_ratio: F64) -> F64:
        """One figure a contributor, from the evidence of all its objects that say anything."""
        return log_pooled(log_ratio, log_ratio != 0.0)

    def forget(self, name: str) -> None:
        """Begin again with one contributor."""
        if name in self.contributor:
            row = self.contributor.index(name)
            for array in (self.denial.ratio, self.invention.looks, self.invention.log_missed):
                array[row] = 0.0
            self.denial.unspent[row] = 1.0

    def excuse(self, name: str) -> None:
        """Forget on what a contributor was silent."""
        if name in self.contributor:
            row = self.contributor.index(name)
            self.denial.ratio[row], self.denial.unspent[row] = 0.0, 1.0

    def _align(self, contributor: tuple[str, ...], number: I64) -> None:
        """Bring the evidence into the order of those who speak and of what they speak of now."""
        if self.contributor == contributor and np.array_equal(self.number, number):
            return
        row = _places(self.contributor, contributor)
        column = _places(tuple(self.number.tolist()), tuple(number.tolist()))

        def moved(array: npt.NDArray[Any], empty: float) -> npt.NDArray[Any]:
            kept = np.full((len(row), len(column)), empty, dtype=array.dtype)
            old = np.ix_(row[row >= 0], column[column >= 0])
            kept[np.ix_(row >= 0, column >= 0)] = array[old]
            return kept

        self.denial = DenialEvidence(moved(self.denial.ratio, 0.0), moved(self.denial.unspent, 1.0))
        self.invention = InventionEvidence(
            moved(self.invention.looks, 0.0), moved(self.invention.log_missed, 0.0)
        )
        self._due_ns = moved(self._due_ns, _NEVER_NS)
        self._was_there = moved(self._was_there, 0)
        self._was_in_view = moved(self._was_in_view, 0)
        self._silent_ns = moved(self._silent_ns, _NEVER_NS)
        self.contributor, self.number = contributor, number.copy()


def _places(old: tuple[object, ...], new: tuple[object, ...]) -> npt.NDArray[np.intp]:
    """Where each new one stood among the old, -1 where it did not."""
    place = {each: index for index, each in enumerate(old)}
    return np.array([place.get(each, -1) for each in new], dtype=np.intp)
