"""How good tracks are, judged by the truth.

====================  ==================================================================
``score``             the whole judgement and its figures
``score_matching``    what was believed at each instant, and which track follows which object
``score_metrics``     OSPA, GOSPA and the SIAP metrics
``score_intervals``   exact intervals of counts, and the band of normalised errors
``score_kernel``      compiled: optimal pairs of near points
====================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.studies.score_intervals import (
    Count,
    binomial_count,
    chi_square_band,
    poisson_count,
)
from commonwatch.studies.score_kernel import match_within
from commonwatch.studies.score_matching import Matching, Pictures, Truth, match, pictures_of
from commonwatch.studies.score_metrics import CUTOFF_M, Siap, distance_of_pairs, siap
from commonwatch.tracking.estimate import Estimates, Status, is_positive, normalised_error_squared

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

APART_M: Final = 1_000.0
"""Objects further from all others than this should never be mixed up; a convention, *assumed*."""
FREEDOM: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Figures of each instant, shape (K,) each.

    Parameters
    ----------
    time_ns
        The instant.
    object_count, track_count, pair_count
        Objects, confirmed tracks, and optimal pairs of the two.
    ospa_m, gospa_m, localisation_m2, missed_m2, false_m2
        As in ``score_metrics.SetDistance``.
    nees, nees_low, nees_high
        Mean normalised error squared of the pairs and the 95 % band of such a mean; nan where
        there is no pair.
    """

    time_ns: I64
    object_count: I64
    track_count: I64
    pair_count: I64
    ospa_m: F64
    gospa_m: F64
    localisation_m2: F64
    missed_m2: F64
    false_m2: F64
    nees: F64
    nees_low: F64
    nees_high: F64

    def to_columns(self) -> dict[str, Any]:
        """Columns by name, in order."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """OSPA and GOSPA over all instants.

    Parameters
    ----------
    ospa_mean_m, gospa_mean_m
        Means over the instants.
    gospa_rms_m, localisation_rms_m, missed_rms_m, false_rms_m
        Root mean squares of GOSPA and of its parts, whose squares sum to that of GOSPA.
    """

    ospa_mean_m: float
    gospa_mean_m: float
    gospa_rms_m: float
    localisation_rms_m: float
    missed_rms_m: float
    false_rms_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Whether the covariances of tracks are honest; None where no track was near an object.

    The pairs are those of the set distances: the best at each instant, without regard to the past.

    Parameters
    ----------
    pair_count
        Pairs over all instants, each of which gives one normalised error squared.
    nees_mean, nees_median
        Of position and velocity together, 6 degrees of freedom: honest ones have the mean 6 and the
        median 5.348.
    nees_per_dimension
        The mean over 6; honest is 1.
    position_nees_per_dimension, velocity_nees_per_dimension
        The same of position and of velocity alone, each over 3.
    band_low, band_high
        95 % band of ``nees_mean`` if each object counts as one independent sample: errors of one
        track are alike from instant to instant, so the true band is no wider.
    instants_in_band_ratio
        Part of the instants whose own mean lies in its own band; honest is 0.95.
    refused_count
        Pairs left out because the covariance is not positive.
    """

    pair_count: int
    nees_mean: float | None = None
    nees_median: float | None = None
    nees_per_dimension: float | None = None
    position_nees_per_dimension: float | None = None
    velocity_nees_per_dimension: float | None = None
    band_low: float | None = None
    band_high: float | None = None
    instants_in_band_ratio: float | None = None
    refused_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What happened to objects and tracks over their lives.

    Parameters
    ----------
    switches
        Times that an object was matched to another track than when it was matched last.
    switches_apart
        Those where the object's nearest other object was further than ``APART_M``.
    switches_after_absence
        Those where the object had been out of the truth, that is of every sensor's sight, since.
    false_tracks
        Confirmed tracks matched to no object in more than half of their instants.
    tracks_unseen
        Confirmed tracks that were confirmed at no instant of the truth: judged by nothing here.
    never_tracked
        Objects that were never matched.
    delay_median_s, delay_95_s
        From an object's first instant to its first match, over all objects; None where the quantile
        falls among those never tracked.
    """

    switches: Count
    switches_apart: Count
    switches_after_absence: Count
    false_tracks: Count
    tracks_unseen: int
    never_tracked: Count
    delay_median_s: float | None
    delay_95_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """Everything that was judged.

    Parameters
    ----------
    instant_count, object_count, track_count
        Instants of the truth, objects, tracks that were confirmed at one of them.
    distances, siap, consistency, lives
        The figures.
    series
        The figures of each instant.
    """

    instant_count: int
    object_count: int
    track_count: int
    distances: Distances
    siap: Siap
    consistency: Consistency
    lives: Lives
    series: Series

    def to_json(self) -> dict[str, Any]:
        """All figures but the series, by name, units in the names."""
        return {
            "instant_count": self.instant_count,
            "object_count": self.object_count,
            "track_count": self.track_count,
            "distances": asdict(self.distances),
            "siap": asdict(self.siap),
            "consistency": asdict(self.consistency),
            "lives": asdict(self.lives),
        }


def score(estimates: Estimates, truth: Truth, *, report: Callable[[float], None]) -> Score:
    """Judge tracks at every instant of the truth.

    Parameters
    ----------
    estimates
        Rows of tracks, as ``tracking.estimate.read_tracks`` gives them.
    truth
        Objects, as ``score_matching.read_truth`` gives them.
    report
        Called with the part that is done, 0 to 1.

    Notes
    -----
    1. Of each track the latest row known at the instant counts, if it says confirmed, predicted to
       the instant in free flight.
    2. Set distances, positions only, and normalised errors from the optimal pairs of that instant
       alone: objects close together swap no labels there.
    3. SIAP metrics, switches, false tracks and delays from the pairs of ``score_matching.match``,
       which hold on to what is matched.

    Limits: prediction knows no thrust, so a tracker that reports seldom during a burn is judged too
    harshly.
    """
    pictures = pictures_of(estimates, truth)
    report(0.2)
    matching = match(pictures, report=lambda part: report(0.2 + 0.4 * part))
    series, consistency = _series(pictures, report=lambda part: report(0.6 + 0.4 * part))
    gospa_m2 = np.mean([series.localisation_m2, series.missed_m2, series.false_m2], axis=-1)
    return Score(
        instant_count=len(pictures.time_ns),
        object_count=len(np.unique(pictures.number)),
        track_count=len(np.unique(pictures.track)),
        distances=Distances(
            ospa_mean_m=float(series.ospa_m.mean()),
            gospa_mean_m=float(series.gospa_m.mean()),
            gospa_rms_m=float(np.sqrt(gospa_m2.sum())),
            localisation_rms_m=float(np.sqrt(gospa_m2[0])),
            missed_rms_m=float(np.sqrt(gospa_m2[1])),
            false_rms_m=float(np.sqrt(gospa_m2[2])),
        ),
        siap=siap(pictures, matching),
        consistency=consistency,
        lives=_lives(estimates, pictures, matching),
        series=series,
    )


def _series(pictures: Pictures, *, report: Callable[[float], None]) -> tuple[Series, Consistency]:
    """Judge each instant by itself, and the covariances over all of them."""
    instants = len(pictures.time_ns)
    distances, rows, columns = [], [], []
    for k in range(instants):
        report(k / instants)
        those = slice(pictures.object_start[k], pictures.object_start[k + 1])
        others = slice(pictures.track_start[k], pictures.track_start[k + 1])
        objects = np.ascontiguousarray(pictures.object_state_vector[those, :3])
        tracks = np.ascontiguousarray(pictures.track_state_vector[others, :3])
        column_of = match_within(objects, tracks, CUTOFF_M)
        distances.append(distance_of_pairs(objects, tracks, column_of, cutoff_m=CUTOFF_M))
        rows.append(np.flatnonzero(column_of >= 0) + those.start)
        columns.append(column_of[column_of >= 0] + others.start)
    row, column = np.concatenate(rows), np.concatenate(columns)
    is_sound = is_positive(pictures.track_covariance[column])
    judged, column = row[is_sound], column[is_sound]
    errors = _Errors(
        error=pictures.track_state_vector[column] - pictures.object_state_vector[judged],
        covariance=pictures.track_covariance[column],
        instant=pictures.object_instant[judged],
        object_count=len(np.unique(pictures.number[judged])),
        refused_count=len(row) - len(judged),
    )
    nees = normalised_error_squared(errors.error, errors.covariance)
    count = np.bincount(errors.instant, minlength=instants)
    total = np.bincount(errors.instant, weights=nees, minlength=instants)
    bands = [chi_square_band(n, FREEDOM) if n else (np.nan, np.nan) for n in count.tolist()]
    series = Series(
        time_ns=pictures.time_ns,
        object_count=np.diff(pictures.object_start),
        track_count=np.diff(pictures.track_start),
        pair_count=np.bincount(pictures.object_instant[row], minlength=instants),
        **{
            name: np.array([getattr(one, name) for one in distances])
            for name in ("ospa_m", "gospa_m", "localisation_m2", "missed_m2", "false_m2")
        },
        nees=np.where(count > 0, total / np.maximum(count, 1), np.nan),
        nees_low=np.array([low for low, _ in bands]),
        nees_high=np.array([high for _, high in bands]),
    )
    return series, _consistency(series, errors, nees)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Errors:
    """Errors of pairs with a positive covariance, one row a pair."""

    error: F64
    covariance: F64
    instant: I64
    object_count: int
    refused_count: int


def _consistency(series: Series, errors: _Errors, nees: F64) -> Consistency:
    if not len(nees):
        return Consistency(pair_count=0, refused_count=errors.refused_count)
    band_low, band_high = chi_square_band(errors.object_count, FREEDOM)
    has = ~np.isnan(series.nees)
    is_in_band = (series.nees >= series.nees_low) & (series.nees <= series.nees_high)
    position, velocity = (
        float(
            np.mean(
                normalised_error_squared(errors.error[:, part], errors.covariance[:, part, part])
            )
            / 3.0
        )
        for part in (slice(0, 3), slice(3, 6))
    )
    return Consistency(
        pair_count=len(nees),
        nees_mean=float(nees.mean()),
        nees_median=float(np.median(nees)),
        nees_per_dimension=float(nees.mean() / FREEDOM),
        position_nees_per_dimension=position,
        velocity_nees_per_dimension=velocity,
        band_low=band_low,
        band_high=band_high,
        instants_in_band_ratio=float(is_in_band[has].mean()),
        refused_count=errors.refused_count,
    )


def _lives(estimates: Estimates, pictures: Pictures, matching: Matching) -> Lives:
    """Count what happened to objects and tracks over their lives."""
    tracks, index = np.unique(pictures.track, return_inverse=True)
    held = np.bincount(index, weights=matching.is_matched, minlength=len(tracks))
    is_false = 2.0 * held < np.bincount(index, minlength=len(tracks))
    confirmed = np.unique(estimates.track[estimates.status == Status.CONFIRMED])
    switch = np.flatnonzero(matching.is_switch)
    is_absent = _follows_absence(pictures, matching)
    delays_s = _delays_s(pictures, matching)
    return Lives(
        switches=poisson_count(len(switch)),
        switches_apart=poisson_count(int(sum(_is_apart(pictures, row) for row in switch.tolist()))),
        switches_after_absence=poisson_count(int(is_absent[switch].sum())),
        false_tracks=poisson_count(int(is_false.sum())),
        tracks_unseen=len(np.setdiff1d(confirmed, tracks)),
        never_tracked=binomial_count(int(np.isinf(delays_s).sum()), len(delays_s)),
        delay_median_s=_quantile(delays_s, 0.5),
        delay_95_s=_quantile(delays_s, 0.95),
    )


def _is_apart(pictures: Pictures, row: int) -> bool:
    """Whether an object is further than ``APART_M`` from all others at its instant."""
    k = int(np.searchsorted(pictures.object_start, row, side="right")) - 1
    positions = pictures.object_state_vector[
        pictures.object_start[k] : pictures.object_start[k + 1], :3
    ]
    apart_m = np.linalg.norm(positions - pictures.object_state_vector[row, :3], axis=-1)
    apart_m[row - pictures.object_start[k]] = np.inf
    return bool(apart_m.min() > APART_M)


def _follows_absence(pictures: Pictures, matching: Matching) -> npt.NDArray[np.bool_]:
    """Whether an object was out of the truth at an instant since it was matched last."""
    instant = pictures.object_instant
    order = np.lexsort((instant, pictures.number))
    is_same = np.append(False, np.diff(pictures.number[order]) == 0)
    is_gap = is_same & (np.append(0, np.diff(instant[order])) > 1)
    gaps = np.cumsum(is_gap)
    has = matching.track_row[order] >= 0
    # Gaps counted at the last matched row before each; a new object starts from its own first row.
    before = np.append(0, np.maximum.accumulate(np.where(has, np.arange(len(order)), 0))[:-1])
    result = np.empty(len(order), dtype=np.bool_)
    result[order] = gaps > gaps[before]
    return result


def _delays_s(pictures: Pictures, matching: Matching) -> F64:
    """Seconds from each object's first instant to its first match; infinite if there is none."""
    objects, index = np.unique(pictures.number, return_inverse=True)
    time_ns = pictures.time_ns[pictures.object_instant]
    never = np.iinfo(np.int64).max
    first, matched = np.full(len(objects), never), np.full(len(objects), never)
    np.minimum.at(first, index, time_ns)
    has = matching.track_row >= 0
    np.minimum.at(matched, index[has], time_ns[has])
    return np.where(matched == never, np.inf, (matched - first) * 1e-9)


def _quantile(values: F64, part: float) -> float | None:
    """Return the least value that this part of all does not exceed; None where it is infinite."""
    value = float(np.quantile(values, part, method="inverted_cdf"))
    return value if np.isfinite(value) else None
