"""The pictures to be judged, instant by instant, and which track is matched to which object.

=======================  ==========================================================  =======
figure                   why                                                         mark
=======================  ==========================================================  =======
``KEEP_M``, ``NEW_M``    conventions of the score: they say what "tracked" means     assumed
``COAST_MAX_S``          no missile flies for longer; a bound on the work            assumed
=======================  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import TableError
from commonwatch.studies.score_kernel import match_within
from commonwatch.tables.reading import read_parquet
from commonwatch.tracking.estimate import STATE_COLUMNS, Estimates, Status, predict
from commonwatch.tracking.given_states import refuse_wrong_states

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

KEEP_M: Final = 3_000.0
"""A pair is kept while it is closer than this."""
NEW_M: Final = 10_000.0
"""A new pair is made when it is closer than this."""
COAST_MAX_S: Final = 7_200.0
"""A track not heard of for longer counts, but is nowhere."""
_ROWS_AT_ONCE: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """Where the objects were, one row an object and instant, sorted by both.

    Parameters
    ----------
    time_ns
        UTC since 1970, shape (N,).
    number
        Number of the object, shape (N,).
    state_vector
        ECEF position and velocity, shape (N, 6).
    """

    time_ns: I64
    number: I64
    state_vector: F64


def read_truth(path: Path | str) -> Truth:
    """Read a table of objects.

    Raises
    ------
    TableError
        It cannot be read, has no row, an empty field, a number that is not finite, the same object
        twice at an instant, or other units than the names of its columns say.
    """
    columns = read_parquet(Path(path), "truth_objects")
    state_vector = np.stack([np.asarray(columns[name]) for name in STATE_COLUMNS], axis=-1)
    time_ns, number = columns["time_ns"], columns["object"]
    is_whole = np.isfinite(state_vector).all(axis=-1) & np.isfinite(time_ns) & np.isfinite(number)
    if not is_whole.all():
        row = int(np.flatnonzero(~is_whole)[0])
        raise TableError(
            "a field is empty or no number", allowed="finite numbers", where=f"{path}, row {row}"
        )
    order = np.lexsort((number, time_ns))
    truth = Truth(
        time_ns=np.asarray(time_ns, dtype=np.int64)[order],
        number=np.asarray(number, dtype=np.int64)[order],
        state_vector=np.ascontiguousarray(state_vector[order]),
    )
    if not len(truth.time_ns):
        raise TableError("no row", allowed="a row for each object and instant", where=str(path))
    is_twice = (np.diff(truth.time_ns) == 0) & (np.diff(truth.number) == 0)
    if is_twice.any():
        first = int(np.flatnonzero(is_twice)[0])
        raise TableError(
            f"object {truth.number[first]} stands twice at time_ns {truth.time_ns[first]}",
            allowed="one row for each object and instant",
            where=str(path),
        )
    refuse_wrong_states(truth.number, truth.time_ns, truth.state_vector, path)
    return truth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictures:
    """Objects and confirmed tracks at every instant of the truth.

    Rows of objects and rows of tracks stand instant after instant; those of instant k are
    ``object_start[k]`` to ``object_start[k + 1]``, and the like for tracks.

    Parameters
    ----------
    time_ns
        The instants, shape (K,).
    object_start, track_start
        First row of each instant, shape (K + 1,).
    number, track
        Number of the object or track of each row, shapes (N,) and (M,).
    object_state_vector, track_state_vector
        ECEF at the instant, shapes (N, 6) and (M, 6); nan for a track that coasted for too long.
    track_covariance
        Shape (M, 6, 6).
    """

    time_ns: I64
    object_start: I64
    track_start: I64
    number: I64
    track: I64
    object_state_vector: F64
    track_state_vector: F64
    track_covariance: F64

    @property
    def object_instant(self) -> I64:
        """Number of the instant of each row of objects, shape (N,)."""
        return np.repeat(np.arange(len(self.time_ns)), np.diff(self.object_start))

    @property
    def track_instant(self) -> I64:
        """Number of the instant of each row of tracks, shape (M,)."""
        return np.repeat(np.arange(len(self.time_ns)), np.diff(self.track_start))


def pictures_of(estimates: Estimates, truth: Truth) -> Pictures:
    """Predict what was believed at each instant of the truth to that instant.

    Of each track the latest row with ``known_ns`` not after the instant counts, the last in the
    file among equals; the track is in the picture where that row says confirmed.

    Parameters
    ----------
    estimates
        Rows of tracks, ECEF, in the file's order.
    truth
        Sorted by time: where each object was at each instant.

    Returns
    -------
    Pictures
        A row a track and instant; nan where it would have to be predicted over ``COAST_MAX_S``.
    """
    instants, object_start = np.unique(truth.time_ns, return_index=True)
    latest = _latest_rows(estimates, instants)
    is_confirmed = (latest >= 0) & (estimates.status[latest] == Status.CONFIRMED)
    instant, column = np.nonzero(is_confirmed)
    row = latest[instant, column]
    seconds = (instants[instant] - estimates.time_ns[row]) * 1e-9
    state_vector = np.full((len(row), 6), np.nan)
    covariance = np.full((len(row), 6, 6), np.nan)
    in_time = np.flatnonzero(np.abs(seconds) <= COAST_MAX_S)
    for start in range(0, len(in_time), _ROWS_AT_ONCE):
        some = in_time[start : start + _ROWS_AT_ONCE]
        state_vector[some], covariance[some] = predict(
            estimates.state_vector[row[some]], estimates.covariance[row[some]], seconds[some]
        )
    return Pictures(
        time_ns=instants,
        object_start=np.append(object_start, len(truth.time_ns)),
        track_start=np.searchsorted(instant, np.arange(len(instants) + 1)),
        number=truth.number,
        track=estimates.track[row],
        object_state_vector=truth.state_vector,
        track_state_vector=state_vector,
        track_covariance=covariance,
    )


def _latest_rows(estimates: Estimates, instants: I64) -> I64:
    """Give the row that held of each track at each instant, -1 before its first; shape (K, T)."""
    order = np.lexsort((np.arange(len(estimates)), estimates.known_ns, estimates.track))
    tracks, first = np.unique(estimates.track[order], return_index=True)
    latest = np.full((len(instants), len(tracks)), -1, dtype=np.int64)
    for column, rows in enumerate(np.split(order, first[1:]) if len(tracks) else ()):
        place = np.searchsorted(estimates.known_ns[rows], instants, side="right") - 1
        latest[:, column] = np.where(place >= 0, rows[place], -1)
    return latest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matching:
    """Which track follows which object.

    Parameters
    ----------
    track_row
        For each row of objects the matched row of tracks, -1 where there is none, shape (N,).
    object_row
        For each row of tracks the row of the object that it is on, -1 where it is on none, shape
        (M,): the matched one, or for a track beyond the first on an object the nearest.
    is_matched
        Whether the row of tracks is matched, one to one, shape (M,).
    is_switch
        Whether the object was matched to another track when it was matched last, shape (N,).
    """

    track_row: I64
    object_row: I64
    is_matched: npt.NDArray[np.bool_]
    is_switch: npt.NDArray[np.bool_]


def match(pictures: Pictures, *, report: Callable[[float], None]) -> Matching:
    """Match tracks to objects instant by instant, holding on to what is matched.

    Parameters
    ----------
    pictures
        What there was and what was believed.
    report
        Called with the part that is done, 0 to 1.

    Notes
    -----
    At each instant, after Bernardin and Stiefelhagen: (1) a pair of the last time stays while it is
    closer than ``KEEP_M``; (2) what is left pairs within ``NEW_M`` so that the sum of squared
    distances, ``NEW_M`` squared for an object without a track, is least; (3) a track that is still
    alone but within ``NEW_M`` of an object is one more track on the nearest. An object that is out
    of the truth for a while keeps its track, unless another object has taken it.

    References
    ----------
    K. Bernardin, R. Stiefelhagen, Evaluating multiple object tracking performance: the CLEAR MOT
    metrics, EURASIP Journal on Image and Video Processing 2008, article 246309, section 2,
    https://doi.org/10.1155/2008/246309.
    """
    objects, object_index = np.unique(pictures.number, return_inverse=True)
    tracks, track_index = np.unique(pictures.track, return_inverse=True)
    held = np.full(len(objects), -1)  # the track of each object, until it is lost
    last = np.full(len(objects), -1)  # the track that it had when it last had one
    owner = np.full(len(tracks) + 1, -1)  # -1 is no track
    track_row = np.full(len(object_index), -1)
    object_row = np.full(len(track_index), -1)
    is_switch = np.zeros(len(object_index), dtype=np.bool_)
    for k in range(len(pictures.time_ns)):
        report(k / len(pictures.time_ns))
        those = slice(pictures.object_start[k], pictures.object_start[k + 1])
        others = slice(pictures.track_start[k], pictures.track_start[k + 1])
        here, there = object_index[those], track_index[others]
        positions = np.ascontiguousarray(pictures.object_state_vector[those, :3])
        believed = np.ascontiguousarray(pictures.track_state_vector[others, :3])
        kept = np.where((held[here] >= 0) & (owner[held[here]] == here), held[here], -1)
        column_of = _held_pairs(positions, believed, kept, there)
        free = np.flatnonzero(column_of < 0)
        left = np.setdiff1d(np.arange(len(there)), column_of)
        new = match_within(positions[free], believed[left], NEW_M)
        column_of[free[new >= 0]] = left[new[new >= 0]]
        has = column_of >= 0
        held[here] = -1
        held[here[has]] = there[column_of[has]]
        owner[there[column_of[has]]] = here[has]
        is_switch[those] = has & (last[here] >= 0) & (last[here] != held[here])
        last[here[has]] = held[here[has]]
        track_row[those] = np.where(has, column_of + others.start, -1)
        on = np.full(len(there), -1)
        on[column_of[has]] = np.flatnonzero(has)
        alone = np.flatnonzero(on < 0)
        on[alone] = _nearest(believed[alone], positions)
        object_row[others] = np.where(on >= 0, on + those.start, -1)
    is_matched = np.zeros(len(track_index), dtype=np.bool_)
    is_matched[track_row[track_row >= 0]] = True
    return Matching(
        track_row=track_row, object_row=object_row, is_matched=is_matched, is_switch=is_switch
    )


def _held_pairs(positions: F64, believed: F64, kept: I64, there: I64) -> I64:
    """Give the column of the track that each object holds, -1 where it is gone or too far."""
    column_of = np.full(len(positions), -1)
    if not len(there):
        return column_of
    place = np.minimum(np.searchsorted(there, kept), len(there) - 1)
    is_there = (kept >= 0) & (there[place] == kept)
    apart_m = np.linalg.norm(positions[is_there] - believed[place[is_there]], axis=-1)
    column_of[np.flatnonzero(is_there)[apart_m < KEEP_M]] = place[is_there][apart_m < KEEP_M]
    return column_of


def _nearest(believed: F64, positions: F64) -> I64:
    """Give the nearest position within ``NEW_M`` of each track, -1 where there is none."""
    nearest = np.full(len(believed), -1)
    for index, place in enumerate(believed):
        apart_m = np.linalg.norm(positions - place, axis=-1)
        first = int(np.argmin(apart_m))
        if apart_m[first] < NEW_M:
            nearest[index] = first
    return nearest
