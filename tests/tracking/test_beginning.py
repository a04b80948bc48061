"""How tracks begin: honestly from two plots, as well as all plots at once, whatever the radar."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import least_squares
from scipy.stats import chi2

from commonwatch.flight.propagation import after
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.measurement import radar_measurement, range_rate_measurement
from commonwatch.tracking.estimate import Status, normalised_error_squared
from commonwatch.tracking.settings import Settings
from tests.tracking.build import (
    EPOCH_NS,
    INTERVAL_S,
    NORTH,
    SECOND_NS,
    Told,
    band,
    confirmed,
    delayed,
    false_plots,
    flights,
    radar_at,
    scene,
    seen,
    together,
)

F64 = npt.NDArray[np.float64]

every_filter = pytest.mark.parametrize("name", ["ekf", "ukf"])


@every_filter
def test_two_plots_start_a_track_with_an_honest_covariance(name: Literal["ekf", "ukf"]) -> None:
    """The first row told of each track, two or three plots old."""
    found = []
    for seed in range(4):
        detections, start = scene(200 + seed, 25, 6.0, sensors=[NORTH], probability=1.0)
        estimates = Told(detections, [NORTH], Settings(filter=name)).estimates
        for track in np.unique(estimates.track):
            rows = np.flatnonzero(estimates.track == track)[:1]
            first = estimates.take(rows)
            there = after(start, (int(first.time_ns[0]) - EPOCH_NS) / SECOND_NS)
            offset = first.state_vector - there
            near = np.linalg.norm(offset[:, :3], axis=1).argmin()
            found.append(float(normalised_error_squared(offset[near], first.covariance[0])))
    assert len(found) >= 90
    # Before a third plot speed across the line is a prior of 3 km/s: wider than these flights.
    assert 0.7 * 6 < np.mean(found) < 1.3 * 6


def all_at_once(detections: Detections, rows: npt.NDArray[np.int64], seconds: float) -> F64:
    """State vector that fits some plots of NORTH best, with the tracker's prior on velocity."""
    since_s = (detections.time_ns[rows] - detections.time_ns[rows[0]]) / SECOND_NS
    measured, std = detections.measured[rows], detections.std[rows]
    _, azimuth, elevation, rate = measured[0]
    east, north = math.cos(elevation) * math.sin(azimuth), math.cos(elevation) * math.cos(azimuth)
    line = NORTH.site.rotation_enu_from_ecef.T @ np.array([east, north, math.sin(elevation)])
    begin = np.append(NORTH.site.position_ecef_m + measured[0, 0] * line, rate * line)
    scale = np.array([1e3] * 3 + [10.0] * 3)

    def misfits(offset: F64) -> F64:
        state_vector = begin + scale * offset
        parts = [(state_vector[3:] - begin[3:]) / Settings().speed_std_m_s]
        for k, since in enumerate(since_s.tolist()):
            there = after(state_vector[np.newaxis], since)[0]
            both = [*radar_measurement(NORTH, there), float(range_rate_measurement(NORTH, there))]
            off = measured[k] - np.array(both)
            off[1] = math.remainder(off[1], 2.0 * math.pi)
            parts.append(off / std[k])
        return np.concatenate(parts)

    found = least_squares(misfits, np.zeros(6), method="lm")
    return np.asarray(after((begin + scale * found.x)[np.newaxis], seconds)[0])


def test_a_track_begun_plot_by_plot_is_as_good_as_one_from_all_plots_at_once() -> None:
    """Four plots; batch least squares by SciPy is the best that can be made of them."""
    own, batch = [], []
    for seed in range(2):
        start = flights(np.random.default_rng(seed), 12)
        detections, _ = scene(500 + seed, 12, 8.0, sensors=[NORTH], probability=1.0, states=start)
        picture = Told(detections, [NORTH]).picture
        assert len(picture) == 12
        for row in range(12):
            seconds = (int(picture.time_ns[row]) - EPOCH_NS) / SECOND_NS
            there = after(start, seconds)
            offset = picture.state_vector[row] - there
            who = int(np.linalg.norm(offset[:, :3], axis=1).argmin())
            own.append(offset[who])
            batch.append(all_at_once(detections, np.arange(who, 48, 12), seconds) - there[who])
    squares = np.square(own).sum(axis=0), np.square(batch).sum(axis=0)
    for half in (slice(0, 3), slice(3, 6)):
        assert math.sqrt(squares[0][half].sum() / squares[1][half].sum()) < 1.05


@pytest.mark.parametrize("looks", [2, 4, 8, 20, 40])
def test_a_radar_far_better_in_range_than_across_is_not_believed_too_much(looks: int) -> None:
    """Ranges to a metre, directions to some two kilometres: spheres, not planes."""
    fine = radar_at(
        "fine",
        44.0,
        10.0,
        range_std_m=1.0,
        azimuth_std_rad=2.5e-3,
        elevation_std_rad=2.5e-3,
        range_rate_std_m_s=None,
    )
    far = []
    for seed in range(3):
        start = flights(np.random.default_rng(seed), 20, altitude_m=700e3)
        detections, _ = scene(300 + seed, 20, 2.0 * looks, sensors=[fine], states=start)
        picture = Told(detections, [fine]).picture
        for row in range(len(picture)):
            there = after(start, (int(picture.time_ns[row]) - EPOCH_NS) / SECOND_NS)
            offset = picture.state_vector[row] - there
            near = np.linalg.norm(offset[:, :3], axis=1).argmin()
            far.append(float(normalised_error_squared(offset[near], picture.covariance[row])))
    assert len(far) >= 50
    assert np.mean(np.array(far) < chi2.ppf(0.95, 6)) >= 0.9


def test_plots_of_one_look_taken_one_after_another_begin_tracks_as_honestly() -> None:
    """Within the slice of a frame, by a precise radar, of objects as fast as satellites."""
    fine = radar_at("fine", 50.0, 10.0, azimuth_std_rad=1e-4, elevation_std_rad=1e-4)
    squared = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        start = flights(rng, 12)
        start[:, 3:] *= 2.5
        parts = []
        for look_s in np.arange(0.0, 24.0, 2.0):
            for k, at_s in enumerate(np.linspace(look_s, look_s + 0.09, 12)):
                one = seen(after(start[k : k + 1], at_s), at_s, [fine], 0, rng)
                parts.append(delayed(one, look_s + 0.1 - at_s))
        told = Told(together(parts), [fine])
        assert len(confirmed(told.estimates)) == len(told.picture) == 12
        there = after(start, (int(told.picture.time_ns[0]) - EPOCH_NS) / SECOND_NS)
        for state_vector, covariance in zip(
            told.picture.state_vector, told.picture.covariance, strict=True
        ):
            offset = state_vector - there
            near = np.linalg.norm(offset[:, :3], axis=1).argmin()
            squared.append(float(normalised_error_squared(offset[near], covariance)))
    low, high = band(len(squared), 6)
    assert low < np.mean(squared) < high


def test_in_a_crowd_looks_of_a_radar_that_is_far_away_do_not_have_a_track_believed() -> None:
    """Three false plots stand some kilometres beside each true one, so that more is asked of it."""
    sensors = [NORTH, radar_at("away", -50.0, -170.0)]
    for seed in range(25):
        rng = np.random.default_rng(seed)
        start = flights(rng, 1)
        near, far = [], []
        for k in range(8):
            there = after(start, INTERVAL_S * k)
            offsets = [np.append(rng.normal(0.0, 1_000.0, 3), np.zeros(3)) for _ in range(3)]
            plots = np.concatenate([there, *(there + offset for offset in offsets)])
            near.append(seen(plots, INTERVAL_S * k, sensors, 0, rng))
            far.append(false_plots(rng, 1, INTERVAL_S * (k + 0.5), sensors, 1))
        both, alone = (
            told.time_ns[told.status == Status.CONFIRMED].min()
            for told in (
                Told(together([*near, *far]), sensors).estimates,
                Told(together(near), sensors).estimates,
            )
        )
        assert both == alone
