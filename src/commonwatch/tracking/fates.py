"""What became of every row of a table of detections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.errors import invariant
from commonwatch.sensing.detection import Reading
from commonwatch.tracking.disposition import DISPOSITION_WORDS, Disposition, Dispositions
from commonwatch.tracking.settings import WINDOW_S

LATE_REASON: Final = f"arrived more than {WINDOW_S:g} s after later looks"

FULL_REASON: Final = "no room: as many tracks are held as the limit allows"

_OPEN: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why some rows are refused.

    Parameters
    ----------
    kind
        The reason in words that hold for all of them.
    count
        How many they are.
    example
        The reason of the first of them, with its figures.
    is_one
        Whether that is word for word the reason of all.
    """

    kind: str
    count: int
    example: str
    is_one: bool

    @property
    def words(self) -> str:
        """The reason as a screen shows it."""
        return self.example if self.is_one else f"{self.kind}, as in: {self.example}"


class Fates:
    """The disposition of each input row, gathered while a tracker decides.

    Parameters
    ----------
    reading
        The table: its refused rows have their fate already.

    Examples
    --------
    >>> fates = Fates(reading)  # doctest: +SKIP
    >>> for moment in track_recorded(reading.detections, sensors):  # doctest: +SKIP
    ...     fates.add(moment.dispositions)
    """

    def __init__(self, reading: Reading) -> None:
        self._disposition = np.full(reading.row_count, _OPEN, dtype=np.int8)
        self._track = np.full(reading.row_count, -1, dtype=np.int64)
        self._disposition[reading.refused_row] = Disposition.REFUSED
        self._refused = dict(zip(reading.refused_row.tolist(), reading.refused_reason, strict=True))
        self._kinds = list(reading.refused_kind)

    def __len__(self) -> int:
        return len(self._disposition)

    @property
    def track(self) -> npt.NDArray[np.int64]:
        """Which track took each row, -1 where none did, shape (rows,)."""
        return self._track

    def add(self, dispositions: Dispositions) -> None:
        """Note what a tracker decided; each row once."""
        rows = dispositions.row
        is_open = self._disposition[rows] == _OPEN
        is_once = is_open.all() and len(np.unique(rows)) == len(rows)
        invariant(bool(is_once), "a detection has one disposition", rows=rows[~is_open][:5])
        self._disposition[rows] = dispositions.disposition
        self._track[rows] = dispositions.track
        full = rows[dispositions.disposition == Disposition.REFUSED]
        self._refused.update(dict.fromkeys(full.tolist(), FULL_REASON))
        self._kinds += [FULL_REASON] * len(full)

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each disposition, by its words."""
        return {
            word: int(np.count_nonzero(self._disposition == number))
            for number, word in enumerate(DISPOSITION_WORDS)
        }

    def refusals(self) -> tuple[Refusal, ...]:
        """Return why rows are refused, the commonest reason first."""
        sentences: dict[str, list[str]] = {}
        for kind, sentence in zip(self._kinds, self._refused.values(), strict=True):
            sentences.setdefault(kind, []).append(sentence)
        found = [
            Refusal(kind=kind, count=len(own), example=own[0], is_one=len(set(own)) == 1)
            for kind, own in sorted(sentences.items())
        ]
        return tuple(sorted(found, key=lambda each: -each.count))

    def to_columns(self) -> dict[str, Any]:
        """Columns of the table ``dispositions``, by row, once every row has its fate."""
        is_open = self._disposition == _OPEN
        invariant(
            not is_open.any(), "every detection has a disposition", rows=np.flatnonzero(is_open)[:5]
        )
        reason = np.full(len(self), None, dtype=object)
        reason[self._disposition == Disposition.LATE] = LATE_REASON
        for row, words in self._refused.items():
            reason[row] = words
        return {
            "row": np.arange(len(self)),
            "disposition": np.array(DISPOSITION_WORDS, dtype=object)[self._disposition],
            "track": pa.array(self._track, mask=self._track < 0),
            "reason": reason,
        }
