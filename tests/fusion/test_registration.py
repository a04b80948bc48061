"""Constant errors of radars, found from common objects."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from commonwatch.fusion.registration import BiasEstimate, Registration
from commonwatch.sensing.detection import Detections
from commonwatch.tracking.estimate import Estimates
from commonwatch.tracking.tracker import Tracker, arrivals
from tests.tracking.build import RADARS, scene

F64 = npt.NDArray[np.float64]
SEEDS = range(12)
NINE = np.array([0, 1, 2, 4, 5, 6, 8, 9, 10])


def offsets(seed: int) -> F64:
    """Range, azimuth and elevation errors of three radars, as large as the prior allows for."""
    rng = np.random.default_rng([seed, 77])
    off = np.zeros((3, 4))
    off[:, :3] = rng.normal(size=(3, 3)) * [50.0, 2e-3, 1e-3]
    return off


def with_bias(detections: Detections, off: F64) -> Detections:
    return dataclasses.replace(detections, measured=detections.measured + off[detections.sensor])


def registered(detections: Detections) -> tuple[Tracker, BiasEstimate, Estimates]:
    registration = Registration(RADARS)
    tracker = Tracker(RADARS, corrector=registration)
    for now_ns, arrived in arrivals(detections):
        tracker.step(arrived, now_ns=now_ns)
    assert registration.estimate is not None
    return tracker, registration.estimate, tracker.picture()


def test_over_many_seeds_the_errors_of_all_biases_are_as_large_as_stated() -> None:
    squared = 0.0
    for seed in SEEDS:
        off = offsets(seed)
        _, estimate, _ = registered(with_bias(scene(seed, 15, 40.0)[0], off))
        error = (estimate.value - off).ravel()[NINE]
        part = estimate.covariance[np.ix_(NINE, NINE)]
        squared += float(error @ np.linalg.solve(part, error))
    low, high = chi2.ppf([0.001, 0.999], 9 * len(SEEDS))
    assert low < squared < high


def test_radars_without_errors_keep_nothing_worth_the_name() -> None:
    tracker, estimate, _ = registered(scene(5, 15, 40.0)[0])
    noise = np.array([30.0, 1e-3, 1e-3])
    assert (np.abs(tracker.bias.value[:, :3]) < 0.3 * noise).all()
    assert (estimate.std[:, :3] < 3.0 * noise).all()


def test_where_each_radar_alone_would_make_its_own_copies_there_is_one_track_an_object() -> None:
    off = np.array([[150.0, 3e-3, 0.0, 0.0], [0.0, -3e-3, 2e-3, 0.0], [-100.0, 0.0, 3e-3, 0.0]])
    detections, _ = scene(8, 15, 60.0)
    _, _, picture = registered(with_bias(detections, off))
    assert len(picture) == 15


def test_one_radar_alone_has_nothing_to_be_compared_with() -> None:
    registration = Registration(RADARS[:1])
    tracker = Tracker(RADARS[:1], corrector=registration)
    for now_ns, arrived in arrivals(scene(1, 5, 20.0, sensors=RADARS[:1])[0]):
        tracker.step(arrived, now_ns=now_ns)
    assert registration.estimate is None
    assert (tracker.bias.value == 0.0).all()


def test_no_plot_counts_twice() -> None:
    detections, _ = scene(6, 10, 120.0)
    _, estimate, _ = registered(detections)
    seen = np.bincount(detections.sensor, minlength=len(RADARS))
    assert (estimate.plot_count <= seen).all()
    assert (estimate.plot_count > 0).all()
