"""The whole judgement: lives of tracks, honesty of covariances, figures of each instant."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from commonwatch.studies.score import Score, Series, score
from commonwatch.studies.score_matching import Truth
from commonwatch.studies.score_metrics import set_distance
from commonwatch.tracking.estimate import Estimates, Status, empty_estimates
from tests.flight.build import many_starts
from tests.studies.build_score import beliefs_of, instant_ns, truth_of

A, B = 100, 200


def judge(beliefs: Estimates, truth: Truth) -> Score:
    return score(beliefs, truth, report=lambda _: None)


def followed(number: int, steps: range, place_m: float = 0.0) -> list[tuple[int, int, float]]:
    return [(number, step, place_m) for step in steps]


def test_a_track_without_an_object_in_half_of_its_instants_is_not_yet_false() -> None:
    truth = truth_of(*followed(1, range(4)))
    half = beliefs_of(*followed(A, range(2)), (A, 2, 50e3), (A, 3, 50e3))
    assert judge(half, truth).lives.false_tracks.count == 0
    more = beliefs_of((A, 0, 0.0), (A, 1, 50e3), (A, 2, 50e3))
    ended = beliefs_of((A, 0, 0.0), (A, 1, 50e3), (A, 2, 50e3), (A, 3, 50e3, Status.ENDED))
    assert judge(ended, truth).lives.false_tracks.count == 1
    assert judge(more, truth).lives.false_tracks.count == 1


def test_a_second_copy_of_a_track_is_false() -> None:
    truth = truth_of(*followed(1, range(4)))
    judged = judge(beliefs_of(*followed(A, range(4)), *followed(B, range(4), 300.0)), truth)
    assert judged.lives.false_tracks.count == 1
    assert judged.siap.ambiguity == 2.0
    assert judged.siap.spuriousness == 0.0


def test_the_delay_is_from_the_first_instant_of_each_object() -> None:
    truth = truth_of(
        *followed(1, range(6)), *followed(2, range(2, 6), 20e3), *followed(3, range(6), 40e3)
    )
    beliefs = beliefs_of(*followed(A, range(1, 6)), *followed(B, range(5, 6), 20e3))
    lives = judge(beliefs, truth).lives
    # 2 s, 6 s and never.
    assert lives.delay_median_s == 6.0
    assert lives.delay_95_s is None
    assert (lives.never_tracked.count, lives.never_tracked.among) == (1, 3)


def test_switches_are_told_apart_by_where_the_nearest_object_is() -> None:
    for beside_m, apart in ((1_000.0, 0), (1_001.0, 1)):
        truth = truth_of(*followed(1, range(2)), *followed(2, range(2), beside_m))
        beliefs = beliefs_of((A, 0, 0.0), (A, 1, 0.0, Status.ENDED), (B, 1, 0.0))
        lives = judge(beliefs, truth).lives
        assert (lives.switches.count, lives.switches_apart.count) == (1, apart)


def test_a_switch_after_an_absence_is_counted_by_itself() -> None:
    truth = truth_of(
        *followed(1, range(2)), *followed(1, range(4, 6)), *followed(2, range(6), 40e3)
    )
    ends = (A, 2, 0.0, Status.ENDED)
    lives = judge(beliefs_of((A, 0, 0.0), (A, 1, 0.0), ends, (B, 5, 0.0)), truth).lives
    assert (lives.switches.count, lives.switches_after_absence.count) == (1, 1)
    without_pause = truth_of(*followed(1, range(6)))
    lives = judge(beliefs_of((A, 0, 0.0), (A, 1, 0.0), ends, (B, 5, 0.0)), without_pause).lives
    assert (lives.switches.count, lives.switches_after_absence.count) == (1, 0)


def test_a_count_of_nothing_comes_with_what_it_may_be() -> None:
    lives = judge(beliefs_of(*followed(A, range(3))), truth_of(*followed(1, range(3)))).lives
    for count in (lives.switches, lives.switches_apart, lives.false_tracks):
        # Of a Poisson count, 0 has the chance exp(-3.689) = 0.025.
        assert (count.count, count.low) == (0, 0.0)
        assert count.high == pytest.approx(-np.log(0.025), rel=1e-9)
    assert lives.never_tracked.high == pytest.approx(0.975, rel=1e-9)


def test_a_track_confirmed_only_between_instants_is_named() -> None:
    truth = truth_of((1, 0, 0.0), (1, 10, 0.0))
    beliefs = beliefs_of((A, 3, 0.0), (A, 4, 0.0, Status.ENDED))
    judged = judge(beliefs, truth)
    assert (judged.track_count, judged.lives.tracks_unseen) == (0, 1)


def noisy(factor: float) -> tuple[Estimates, Truth]:
    """Return beliefs whose errors are those of their covariance times a factor."""
    rng = np.random.default_rng(11)
    starts = many_starts(40, seed=2)
    steps = 25
    count = len(starts) * steps
    root = rng.normal(size=(count, 6, 6)) * ([100.0] * 3 + [10.0] * 3)
    covariance = np.swapaxes(root, -1, -2) @ root
    error = np.einsum("nij,ni->nj", root, rng.normal(size=(count, 6)))
    time_ns = np.repeat([instant_ns(step) for step in range(steps)], len(starts))
    number = np.tile(np.arange(len(starts)), steps)
    truth = Truth(time_ns=time_ns, number=number, state_vector=np.tile(starts, (steps, 1)))
    beliefs = Estimates(
        track=number + 500,
        time_ns=time_ns,
        known_ns=time_ns,
        status=np.ones(count, dtype=np.int8),
        state_vector=truth.state_vector + factor * error,
        covariance=covariance,
    )
    return beliefs, truth


def test_honest_covariances_lie_in_their_bands() -> None:
    found = judge(*noisy(1.0)).consistency
    assert found.nees_mean is not None
    assert found.band_low is not None
    assert found.band_high is not None
    assert found.instants_in_band_ratio is not None
    assert found.band_low < found.nees_mean < found.band_high
    assert found.pair_count == 1_000
    low, high = stats.chi2.ppf([0.025, 0.975], 40 * 6) / 40
    assert (found.band_low, found.band_high) == pytest.approx((low, high), rel=1e-9)
    # Errors of all instants are independent here, so the mean of all is within four deviations.
    assert abs(found.nees_mean - 6.0) < 4.0 * (12.0 / 1_000) ** 0.5
    assert found.nees_median == pytest.approx(stats.chi2.ppf(0.5, 6), abs=0.5)
    assert found.nees_per_dimension == pytest.approx(found.nees_mean / 6.0)
    assert found.position_nees_per_dimension == pytest.approx(1.0, abs=0.15)
    assert found.velocity_nees_per_dimension == pytest.approx(1.0, abs=0.15)
    assert found.instants_in_band_ratio > 0.8


def test_errors_twice_as_large_as_said_are_four_times_as_bad_and_out_of_band() -> None:
    honest, proud = judge(*noisy(1.0)).consistency, judge(*noisy(2.0)).consistency
    assert honest.nees_mean is not None
    assert proud.nees_mean == pytest.approx(4.0 * honest.nees_mean, rel=1e-6)
    assert proud.instants_in_band_ratio == 0.0


def test_a_covariance_that_is_not_positive_is_left_out_and_counted() -> None:
    beliefs, truth = noisy(1.0)
    covariance = beliefs.covariance.copy()
    covariance[0] = 0.0
    covariance[1, 0, 0] = -1.0
    covariance[2] = 1e300
    found = judge(replace(beliefs, covariance=covariance), truth).consistency
    assert (found.refused_count, found.pair_count) == (3, 997)
    assert found.nees_mean is not None
    assert found.nees_mean < 7.0


def test_distances_of_each_instant_and_their_means_are_those_of_its_picture() -> None:
    truth = truth_of(*followed(1, range(3)), *followed(2, range(3), 30e3))
    beliefs = beliefs_of((A, 0, 500.0), (A, 1, 900.0), (B, 1, 31e3), (A, 2, 0.0), (B, 2, 90e3))
    judged = judge(beliefs, truth)
    expected = [
        set_distance(np.array(objects) * [1.0, 0, 0], np.array(tracks) * [1.0, 0, 0])
        for objects, tracks in (
            ([[0.0], [30e3]], [[500.0]]),
            ([[0.0], [30e3]], [[900.0], [31e3]]),
            ([[0.0], [30e3]], [[0.0], [90e3]]),
        )
    ]
    # Track B is unknown at first: its object is missed.
    assert judged.series.track_count.tolist() == [1, 2, 2]
    for name in ("ospa_m", "gospa_m", "localisation_m2", "missed_m2", "false_m2"):
        values = [getattr(one, name) for one in expected]
        assert getattr(judged.series, name) == pytest.approx(values, rel=1e-9)
    assert judged.distances.ospa_mean_m == pytest.approx(np.mean([one.ospa_m for one in expected]))
    parts = ("localisation_rms_m", "missed_rms_m", "false_rms_m")
    squares = [getattr(judged.distances, name) ** 2 for name in parts]
    assert judged.distances.gospa_rms_m**2 == pytest.approx(sum(squares), rel=1e-12)


def test_without_any_track_everything_is_missed_and_nothing_is_divided_by() -> None:
    judged = judge(empty_estimates(), truth_of(*followed(1, range(3))))
    assert judged.distances.ospa_mean_m == 10_000.0
    assert judged.siap.completeness == 0.0
    assert judged.siap.spuriousness is None
    assert judged.consistency.nees_mean is None
    assert judged.lives.delay_median_s is None
    assert json.dumps(judged.to_json(), allow_nan=False)


def test_the_series_has_a_row_for_each_instant_in_every_column() -> None:
    series = judge(beliefs_of((A, 1, 0.0)), truth_of(*followed(1, range(4)))).series
    columns = series.to_columns()
    assert list(columns) == [field.name for field in fields(Series)]
    assert {len(column) for column in columns.values()} == {4}
    assert np.isnan(series.nees).tolist() == [True, False, False, False]
