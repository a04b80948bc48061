"""Constant errors of radars, found from common objects."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from commonwatch.fusion.registration import BiasEstimate, Registration
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.radar import Radar
from commonwatch.tracking.estimate import Estimates
from commonwatch.tracking.tracker import Tracker, arrivals
from tests.tracking.build import RADARS, scene

F64 = npt.NDArray[np.float64]
SEEDS = range(12)
SHAPES = np.eye(12)[[0, 1, 2, 4, 5, 6, 8, 9, 10]]
"""Range, azimuth and elevation of three radars, of all their terms."""
BETWEEN_CLOCKS = np.eye(12)[[3, 7]] - np.eye(12)[[7, 11]]


def offsets(seed: int) -> F64:
    """Errors of three radars as large as the prior allows for, one clock off by up to 0.1 s."""
    rng = np.random.default_rng([seed, 77])
    off = np.zeros((3, 4))
    off[:, :3] = rng.normal(size=(3, 3)) * [50.0, 2e-3, 1e-3]
    off[seed % 3, 3] = rng.uniform(-0.1, 0.1)
    return off


def with_bias(detections: Detections, off: F64) -> Detections:
    """The same looks, each value and each time off by its radar's error."""
    late_ns = np.rint(1e9 * off[detections.sensor, 3]).astype(np.int64)
    values = off.copy()
    values[:, 3] = 0.0  # where a plot has its range rate
    return dataclasses.replace(
        detections,
        measured=detections.measured + values[detections.sensor],
        time_ns=detections.time_ns + late_ns,
        arrival_ns=detections.arrival_ns + late_ns,
    )


def registered(
    detections: Detections, radars: Sequence[Radar] = RADARS
) -> tuple[Tracker, BiasEstimate, Estimates]:
    registration = Registration(radars)
    tracker = Tracker(radars, corrector=registration)
    for now_ns, arrived in arrivals(detections):
        tracker.step(arrived, now_ns=now_ns)
    assert registration.estimate is not None
    return tracker, registration.estimate, tracker.picture()


def test_over_many_seeds_the_errors_of_all_biases_are_as_large_as_stated() -> None:
    """Clocks by their differences: nothing tells what all have in common."""
    squared = np.zeros(2)
    for seed in SEEDS:
        off = offsets(seed)
        _, estimate, _ = registered(with_bias(scene(seed, 15, 40.0)[0], off))
        for place, sums in enumerate((SHAPES, BETWEEN_CLOCKS)):
            error = sums @ (estimate.value - off).ravel()
            spread = sums @ estimate.covariance @ sums.T
            squared[place] += error @ np.linalg.solve(spread, error)
    low, high = chi2.ppf([[0.001], [0.999]], np.array([9, 2]) * len(SEEDS))
    assert (low < squared).all()
    assert (squared < high).all()


def test_a_clock_a_fifth_of_a_second_off_is_named_and_its_plots_set_right() -> None:
    off = np.zeros((3, 4))
    off[1, 3] = 0.2
    tracker, estimate, picture = registered(with_bias(scene(21, 15, 40.0)[0], off))
    assert (np.abs(estimate.value[:, 3] - off[:, 3]) < 3.0 * estimate.std[:, 3]).all()
    assert (estimate.std[:, 3] < 0.04).all()
    assert tracker.bias.value[1, 3] == estimate.value[1, 3]
    assert len(picture) == 15


def test_of_two_radars_nobody_can_say_whose_clock_is_off() -> None:
    off = np.zeros((2, 4))
    off[0, 3] = 0.2
    pair = RADARS[:2]
    _, estimate, _ = registered(with_bias(scene(22, 20, 60.0, sensors=pair)[0], off), pair)
    apart = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0])
    found = float(apart @ estimate.value.ravel())
    std = float(np.sqrt(apart @ estimate.covariance @ apart))
    assert std < 0.05
    assert abs(found - 0.2) < 3.0 * std
    assert (estimate.std[:, 3] > 0.07).all()


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
