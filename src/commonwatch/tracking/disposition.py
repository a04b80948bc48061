"""What became of a detection: the words, and a table of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]


class Disposition(IntEnum):
    """What became of a detection."""

    ASSIGNED = 0
    STARTED = 1
    CLUTTER = 2
    LATE = 3
    REFUSED = 4


DISPOSITION_WORDS: Final = ("assigned", "started a track", "clutter", "late", "refused")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dispositions:
    """What became of detections, one row each.

    Parameters
    ----------
    row
        Input row, shape (N,).
    disposition
        ``Disposition``, shape (N,).
    track
        Number of the track that took it, -1 where none did, shape (N,).
    """

    row: I64
    disposition: npt.NDArray[np.int8]
    track: I64

    def __len__(self) -> int:
        return len(self.row)


def joined_dispositions(parts: list[Dispositions]) -> Dispositions:
    """Put dispositions behind one another."""
    if not parts:
        none = np.empty(0, dtype=np.int64)
        return Dispositions(row=none, disposition=np.empty(0, dtype=np.int8), track=none)
    return Dispositions(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in Dispositions.__slots__
        }
    )
