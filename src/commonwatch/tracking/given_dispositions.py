"""Whether dispositions that people hand in are of these detections and of these tracks.

=====================  ============================================================  =======
figure                 reason                                                        mark
=====================  ============================================================  =======
``_LATER_S``           looks may arrive in any order within it                       assumed
``_AWAY_M``            more than biases and errors of plots across the line          assumed
``_ASTRAY_M_S``        a velocity of few looks, and what power does to it            assumed
=====================  ============================================================  =======
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import TableError
from commonwatch.tracking.estimate import Estimates
from commonwatch.tracking.settings import WINDOW_S
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_LATER_S: Final = WINDOW_S
_AWAY_M: Final = 1e5
_ASTRAY_M_S: Final = 3e3
_ADVICE: Final = "Give the detections that the tracks were made of, and the dispositions of both"


def refuse_other_rows(row: npt.ArrayLike, count: int, where: Path | str = "") -> None:
    """Refuse dispositions that are not of a table of so many detections, one each.

    Parameters
    ----------
    row
        The detection that each disposition is of, shape (n,), in any order.
    count
        Detections of the table.
    where
        The table of dispositions, as an error names it.

    Raises
    ------
    TableError
        Another number of rows, or a row twice.
    """
    rows = np.asarray(row)
    if len(rows) != count or not np.array_equal(np.sort(rows), np.arange(count)):
        raise TableError(
            f"{len(rows):,} dispositions of {count:,} detections",
            allowed=f"one disposition for each of the rows 0 to {count - 1:,}",
            where=str(where),
            what_to_do=_ADVICE,
        )


def refuse_other_tracks(
    estimates: Estimates, track: I64, time_ns: I64, place_ecef_m: F64, where: Path | str = ""
) -> None:
    """Refuse looks that these tracks cannot have taken.

    Parameters
    ----------
    estimates
        Rows of tracks.
    track, time_ns, place_ecef_m
        Of each look: the track that took it, when it was, and where; not-a-number where unknown,
        (n,), (n,) and (n, 3).
    where
        Name of the file of dispositions, for the sentence.

    Raises
    ------
    TableError
        A track takes a look after its last row, or most looks are elsewhere than the tracks that
        took them.

    Notes
    -----
    A look is compared with the first row of its track that is not before it. Looks of tracks that
    have no row at all are let pass, and those after the last row of the table: tracks may be chosen
    or cut. Limits: two recordings of the same objects at the same times pass.
    """
    order = np.lexsort((estimates.time_ns, estimates.track))
    numbers, first = np.unique(estimates.track[order], return_index=True)
    is_told = np.isin(track, numbers) & (time_ns <= estimates.time_ns.max(initial=0))
    if not is_told.any():
        return
    track, time_ns, place_ecef_m = track[is_told], time_ns[is_told], place_ecef_m[is_told]
    own = np.searchsorted(numbers, track)
    last = np.append(first[1:], len(order))[own] - 1
    late_s = (time_ns - estimates.time_ns[order[last]]) / NS_PER_S
    latest = int(np.argmax(late_s))
    if late_s[latest] > _LATER_S:
        raise TableError(
            f"track {track[latest]} takes a look {late_s[latest]:,.1f} s after its last row",
            allowed="looks of these tracks",
            where=str(where),
            what_to_do=_ADVICE,
        )
    # By track, then time: the looks among the rows, each before the rows that are not before it.
    tracks = np.concatenate([track, estimates.track])
    times = np.concatenate([time_ns, estimates.time_ns])
    is_row = np.arange(len(tracks)) >= len(track)
    merged = np.lexsort((is_row, times, tracks))
    before = np.cumsum(is_row[merged])[np.argsort(merged)[: len(track)]]
    row = order[np.minimum(before, last)]
    since_s = (time_ns - estimates.time_ns[row]) / NS_PER_S
    state_vector = estimates.state_vector[row]
    then_m = state_vector[:, :3] + since_s[:, np.newaxis] * state_vector[:, 3:]
    away_m = np.linalg.norm(place_ecef_m - then_m, axis=1)
    is_known = np.isfinite(away_m)
    is_away = away_m > _AWAY_M + _ASTRAY_M_S * np.abs(since_s)
    if 2 * np.count_nonzero(is_away) > np.count_nonzero(is_known):
        raise TableError(
            f"{np.count_nonzero(is_away):,} of {np.count_nonzero(is_known):,} looks of radars lie "
            f"more than {_AWAY_M / 1e3:,.0f} km from the tracks that took them",
            allowed="looks of these tracks",
            where=str(where),
            what_to_do=_ADVICE,
        )
