"""Errors of tracks with the bounds that their covariances state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.studies.score import Score, score
from commonwatch.studies.score_matching import Truth, match, pictures_of
from commonwatch.tracking.estimate import Estimates

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_FREEDOMS: Final = np.linspace(1.0, 3.0, 9)
_QUANTILES: Final = np.array(
    [3.84146, 4.43224, 4.98020, 5.49745, 5.99146, 6.46719, 6.92808, 7.37663, 7.81473]
)
"""Chi-square stays below with a probability of 95 %, by degrees of freedom (*derived*)."""


def bound_m(covariance_m2: F64) -> F64:
    """Distance that the error of position stays below with 95 %, if the covariance is honest.

    Parameters
    ----------
    covariance_m2
        Of three components of position, shape (..., 3, 3).

    Returns
    -------
    bound_m
        Shape (...); not-a-number where the covariance has no positive trace.

    Notes
    -----
    The squared error is a weighted sum of chi-squares; one chi-square with its mean and variance
    stands in: tr(P) / f times the quantile for f = tr(P)^2 / tr(P^2) degrees of freedom.

    Limits: within 0.6 % of the exact distance (``tests/report/test_tracked.py``).

    References
    ----------
    P. B. Patnaik, The non-central chi-square and F-distributions and their applications,
    Biometrika 36, 1949, pp. 202-232, https://doi.org/10.1093/biomet/36.1-2.202: two moments.
    """
    trace = np.trace(covariance_m2, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = trace**2 / np.sum(covariance_m2**2, axis=(-2, -1))
        squared = trace / freedom * np.interp(freedom, _FREEDOMS, _QUANTILES)
        bound: F64 = np.sqrt(np.where(trace > 0.0, squared, np.nan))
    return bound


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Errors:
    """Errors of position of tracks that follow an object, one row a pair and instant.

    Parameters
    ----------
    score
        The whole judgement.
    number, track
        Of the object and of the track, shape (P,).
    time_ns
        The instant, shape (P,).
    error_m
        Distance from the object, shape (P,).
    bound_m
        Below which it stays with 95 % by the track's own covariance, shape (P,).
    ranked
        Objects that were followed, the mean of their errors rising.
    owner
        The object that each track was matched to in most of its instants, by number of the track;
        a track matched in less than half of them is not there.
    false_tracks
        Numbers of those that are not.
    """

    score: Score
    number: I64
    track: I64
    time_ns: I64
    error_m: F64
    bound_m: F64
    ranked: I64
    owner: Mapping[int, int]
    false_tracks: frozenset[int]

    @property
    def within_ratio(self) -> float:
        """Part of all errors below their bounds; honest is 0.95."""
        return float(np.mean(self.error_m <= self.bound_m)) if len(self.error_m) else math.nan

    def rows_of(self, number: int) -> I64:
        """Rows of one object, in the order of time."""
        return np.flatnonzero(self.number == number)

    def means_of(self, number: int) -> tuple[float, float]:
        """Mean error and mean bound of one object."""
        rows = self.rows_of(number)
        return float(self.error_m[rows].mean()), float(self.bound_m[rows].mean())


def errors_of(estimates: Estimates, truth: Truth, *, report: Callable[[float], None]) -> Errors:
    """Compare tracks with the truth, as ``score`` does; pairs hold on to what is matched.

    Parameters
    ----------
    estimates, truth
        The tracks and the objects.
    report
        Called with the part that is done, 0 to 1.
    """
    judged = score(estimates, truth, report=lambda part: report(0.8 * part))
    pictures = pictures_of(estimates, truth)
    matching = match(pictures, report=lambda part: report(0.8 + 0.2 * part))
    row = np.flatnonzero(matching.track_row >= 0)
    column = matching.track_row[row]
    away = pictures.track_state_vector[column, :3] - pictures.object_state_vector[row, :3]
    error_m = np.linalg.norm(away, axis=-1)
    number = pictures.number[row]
    objects, index = np.unique(number, return_inverse=True)
    means = np.bincount(index, weights=error_m) / np.maximum(np.bincount(index), 1)
    owner, strangers = _owners(pictures.track, pictures.track[column], number)
    return Errors(
        score=judged,
        number=number,
        track=pictures.track[column],
        time_ns=pictures.time_ns[pictures.object_instant[row]],
        error_m=error_m,
        bound_m=bound_m(pictures.track_covariance[column, :3, :3]),
        ranked=objects[np.argsort(means, kind="stable")],
        owner=owner,
        false_tracks=strangers,
    )


def _owners(shown: I64, matched: I64, number: I64) -> tuple[dict[int, int], frozenset[int]]:
    """Return whose each track mostly is, and the tracks that are mostly nobody's."""
    tracks, instants = np.unique(shown, return_counts=True)
    pairs, counts = np.unique(np.stack([matched, number], axis=-1), axis=0, return_counts=True)
    held: dict[int, int] = {}
    best: dict[int, tuple[int, int]] = {}
    for (track, object_number), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        held[track] = held.get(track, 0) + count
        best[track] = max(best.get(track, (0, 0)), (count, object_number))
    whole = dict(zip(tracks.tolist(), instants.tolist(), strict=True))
    strangers = frozenset(track for track, n in whole.items() if 2 * held.get(track, 0) < n)
    owner = {track: found[1] for track, found in best.items() if track not in strangers}
    return owner, strangers
