"""Distances between a picture and the truth, and the SIAP metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.studies.score_kernel import match_within
from commonwatch.studies.score_matching import Matching, Pictures

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

CUTOFF_M: Final = 10_000.0
"""An error is never counted as more than this (c of OSPA and GOSPA); a convention, *assumed*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDistance:
    """How far a set of positions is from another.

    Parameters
    ----------
    ospa_m
        OSPA of order 2.
    gospa_m
        GOSPA of order 2 with alpha 2: its square is the sum of the parts.
    localisation_m2, missed_m2, false_m2
        The parts: squared distances of the pairs; half the cut-off squared for each object without
        a track, and for each track without an object.
    """

    ospa_m: float
    gospa_m: float
    localisation_m2: float
    missed_m2: float
    false_m2: float


def set_distance(objects_m: F64, tracks_m: F64, *, cutoff_m: float = CUTOFF_M) -> SetDistance:
    """OSPA and GOSPA of order 2 between objects and tracks, positions only.

    Parameters
    ----------
    objects_m, tracks_m
        Positions, shapes (n, 3) and (m, 3); one that is not finite is far from everything.
    cutoff_m
        Greatest distance that counts.

    Notes
    -----
    Both come from one assignment, that of the least sum of min(distance, cut-off) squared. With k
    pairs closer than the cut-off c and s the sum of their squared distances::

        OSPA^2  = (s + c^2 (max(n, m) - k)) / max(n, m)
        GOSPA^2 = s + c^2 / 2 (n - k) + c^2 / 2 (m - k)

    Both are 0 between two empty sets.

    References
    ----------
    D. Schuhmacher, B.-T. Vo, B.-N. Vo, A consistent metric for performance evaluation of
    multi-object filters, IEEE Transactions on Signal Processing 56 (8), 2008, pp. 3447-3457,
    https://doi.org/10.1109/TSP.2008.920469.
    A. S. Rahmathullah, A. F. Garcia-Fernandez, L. Svensson, Generalized optimal sub-pattern
    assignment metric, 20th International Conference on Information Fusion, 2017,
    https://arxiv.org/abs/1601.05585.
    """
    objects = np.ascontiguousarray(objects_m, dtype=np.float64)
    tracks = np.ascontiguousarray(tracks_m, dtype=np.float64)
    return distance_of_pairs(
        objects, tracks, match_within(objects, tracks, cutoff_m), cutoff_m=cutoff_m
    )


def distance_of_pairs(objects: F64, tracks: F64, column_of: I64, *, cutoff_m: float) -> SetDistance:
    """OSPA and GOSPA from optimal pairs, as ``match_within`` gives them for the same cut-off.

    Parameters
    ----------
    objects, tracks
        Positions of one instant, metres, shapes (n, 3) and (m, 3).
    column_of
        The track of each object, -1 for none, shape (n,).
    cutoff_m
        What a missed object and a false track cost.

    Returns
    -------
    SetDistance
        Metres; order p = 2, and for GOSPA alpha = 2.
    """
    has = column_of >= 0
    pairs = int(has.sum())
    localisation_m2 = float(np.sum((objects[has] - tracks[column_of[has]]) ** 2))
    most = max(len(objects), len(tracks))
    each_m2 = cutoff_m * cutoff_m
    missed_m2 = 0.5 * each_m2 * (len(objects) - pairs)
    false_m2 = 0.5 * each_m2 * (len(tracks) - pairs)
    return SetDistance(
        ospa_m=float(np.sqrt((localisation_m2 + each_m2 * (most - pairs)) / max(most, 1))),
        gospa_m=float(np.sqrt(localisation_m2 + missed_m2 + false_m2)),
        localisation_m2=localisation_m2,
        missed_m2=missed_m2,
        false_m2=false_m2,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Siap:
    """The SIAP metrics over all instants; None where there is nothing to divide by.

    Parameters
    ----------
    completeness
        Part of the objects that a track is on; best 1.
    ambiguity
        Tracks on an object that has any; best 1.
    spuriousness
        Part of the tracks that are on no object; best 0.
    position_accuracy_m, velocity_accuracy_m_s
        Mean distance from the object of the tracks on objects, in position and velocity.
    track_changes_hz
        Track number changes a second of tracked time: how many more tracks it takes to follow the
        objects than one each.
    longest_segment
        Part of the objects' time for which the track that is longest on each is on it; best 1.
    """

    completeness: float | None
    ambiguity: float | None
    spuriousness: float | None
    position_accuracy_m: float | None
    velocity_accuracy_m_s: float | None
    track_changes_hz: float | None
    longest_segment: float | None


def siap(pictures: Pictures, matching: Matching) -> Siap:
    """Compute the SIAP metrics that need no identification beyond the track number.

    Parameters
    ----------
    pictures
        What was believed, and what was there.
    matching
        Which track was on which object.

    Returns
    -------
    Siap
        nan where nothing is there to divide by.

    Notes
    -----
    With J objects, J_T of them with a track, N tracks and N_A of them on an object, summed over the
    instants: completeness J_T / J, ambiguity N_A / J_T, spuriousness (N - N_A) / N. A track is on
    an object through an unbroken run of the object's instants; the run lasts from the first to the
    last of them. T_T is the time for which any track is on the object, N_U the fewest tracks whose
    runs cover it, T_L the time of the one track that is on it longest, T the time from the object's
    first instant to its last: track changes (N_U - 1) / T_T, longest segment T_L / T, numerators
    and denominators summed over the objects.

    References
    ----------
    P. Votruba, R. Nisley, R. Rothrock, B. Zombro, Single Integrated Air Picture (SIAP) Metrics
    Implementation, SIAP System Engineering Task Force, 2001; as Stone Soup 1.9.1 implements it.
    """
    row = np.flatnonzero(matching.object_row >= 0)
    on = matching.object_row[row]
    error = pictures.track_state_vector[row] - pictures.object_state_vector[on]
    tracked_objects, associated = len(np.unique(on)), len(on)
    continuity = _continuity(pictures, row, on)
    return Siap(
        completeness=_ratio(tracked_objects, len(pictures.number)),
        ambiguity=_ratio(associated, tracked_objects),
        spuriousness=_ratio(len(pictures.track) - associated, len(pictures.track)),
        position_accuracy_m=_ratio(np.linalg.norm(error[:, :3], axis=-1).sum(), associated),
        velocity_accuracy_m_s=_ratio(np.linalg.norm(error[:, 3:], axis=-1).sum(), associated),
        track_changes_hz=_ratio(continuity.changes, continuity.tracked_s),
        longest_segment=_ratio(continuity.longest_s, continuity.lifetime_s),
    )


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Continuity:
    changes: int
    tracked_s: float
    longest_s: float
    lifetime_s: float


def _continuity(pictures: Pictures, row: I64, on: I64) -> _Continuity:
    """Sum over the objects what the metrics of continuity are made of."""
    # Rows of objects by object, then time: neighbours are instants that follow each other.
    order = np.lexsort((pictures.object_instant, pictures.number))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    time_s = (pictures.time_ns - pictures.time_ns[0])[pictures.object_instant[order]] * 1e-9
    owner = pictures.number[order]
    first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    last = np.append(first[1:], len(owner)) - 1

    by_run = np.lexsort((rank[on], pictures.track[row], owner[rank[on]]))
    place, track = rank[on][by_run], pictures.track[row][by_run]
    follows = (np.diff(place) == 1) & (np.diff(track) == 0) & (np.diff(owner[place]) == 0)
    starts = np.flatnonzero(np.append(True, ~follows)) if len(place) else np.empty(0, np.int64)
    stops = np.append(starts[1:], len(place)) - 1 if len(place) else starts
    begin, end = place[starts], place[stops]

    covered = np.unique(place[:-1][follows]) if len(place) else place
    lasts_s = time_s[end] - time_s[begin]
    pair = np.stack([owner[begin], track[starts]], axis=-1)
    pairs, which = np.unique(pair, axis=0, return_inverse=True)
    held_s = np.bincount(which.ravel(), weights=lasts_s, minlength=len(pairs))
    longest: dict[int, float] = {}
    for number, seconds in zip(pairs[:, 0].tolist(), held_s.tolist(), strict=True):
        longest[number] = max(longest.get(number, 0.0), seconds)
    return _Continuity(
        changes=_fewest_runs(begin, end) - len(longest),
        tracked_s=float(np.sum(time_s[covered + 1] - time_s[covered])),
        longest_s=sum(longest.values()),
        lifetime_s=float(np.sum(time_s[last] - time_s[first])),
    )


def _fewest_runs(begin: I64, end: I64) -> int:
    """Count the fewest runs that cover all that any covers: always take what goes on longest."""
    order = np.argsort(begin, kind="stable")
    runs = list(zip(begin[order].tolist(), end[order].tolist(), strict=True))
    taken = 0
    covered_to = -1  # places rise from object to object
    index = 0
    while index < len(runs):
        start = max(runs[index][0], covered_to + 1)
        best = -1
        while index < len(runs) and runs[index][0] <= start:
            best = max(best, runs[index][1])
            index += 1
        if best > covered_to:
            taken += 1
            covered_to = best
    return taken
