"""Recorded detections through a tracker: moment by moment, biases taken off."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from commonwatch.fusion.recording import Moment, track_recorded
from commonwatch.sensing.detection import empty_detections
from commonwatch.tracking.estimate import Estimates, Status, joined
from commonwatch.tracking.settings import Settings
from tests.tracking.build import EPOCH_NS, RADARS, Told, delayed, scene


def told(moments: list[Moment]) -> Estimates:
    return joined([moment.estimates for moment in moments])


def test_there_is_a_moment_for_each_arrival_and_one_that_ends_it() -> None:
    detections, _ = scene(1, 3, 10.0)
    moments = list(track_recorded(detections, RADARS))
    arrivals = np.unique(detections.arrival_ns).tolist()
    assert [moment.now_ns for moment in moments] == [*arrivals, arrivals[-1]]
    rows = np.concatenate([moment.dispositions.row for moment in moments])
    assert sorted(rows.tolist()) == list(range(len(detections)))
    assert len(moments[-1].estimates) == 0


def test_without_registration_it_is_the_tracker_alone() -> None:
    detections, _ = scene(2, 5, 20.0, clutter=3)
    options = Settings(association="jpda")
    alone = Told(detections, settings=options).estimates
    found = told(list(track_recorded(detections, RADARS, options, has_registration=False)))
    for name in Estimates.__slots__:
        assert np.array_equal(getattr(found, name), getattr(alone, name)), name


def test_constant_errors_are_found_and_taken_off() -> None:
    detections, _ = scene(3, 12, 40.0)
    off = np.array([[150.0, 3e-3, 0.0, 0.0], [0.0, -4e-3, 2e-3, 0.0], [-100.0, 0.0, 3e-3, 0.0]])
    shifted = dataclasses.replace(detections, measured=detections.measured + off[detections.sensor])
    last = list(track_recorded(shifted, RADARS))[-1]
    assert last.biases is not None
    error = (last.biases.value - off)[:, :3]
    assert (np.abs(error) < 5.0 * last.biases.std[:, :3]).all()
    assert np.abs(error[:, 1:]).max() < 1e-3
    assert np.abs(last.bias.value[:, 1] - off[:, 1]).max() < 1e-3
    blind = list(track_recorded(shifted, RADARS, has_registration=False))[-1]
    assert blind.biases is None
    assert (blind.bias.value == 0.0).all()


@pytest.mark.parametrize("std_m", [0.1, 0.003])
def test_ranges_stated_far_too_precisely_still_give_tracks_and_biases(std_m: float) -> None:
    detections, _ = scene(3, 12, 40.0)
    std = detections.std.copy()
    std[:, 0] = std_m
    with np.errstate(invalid="raise"):
        last = list(track_recorded(dataclasses.replace(detections, std=std), RADARS))[-1]
    assert last.biases is not None
    assert np.isfinite(last.biases.value).all()
    assert (np.linalg.eigvalsh(last.biases.covariance) > 0.0).all()


def test_what_was_told_stays_when_the_recording_is_cut() -> None:
    rng = np.random.default_rng(4)
    detections, _ = scene(4, 4, 16.0, clutter=2)
    detections = delayed(detections, rng.uniform(0.0, 2.0, len(detections)))
    whole = told(list(track_recorded(detections, RADARS)))
    until_ns = EPOCH_NS + int(rng.uniform(6e9, 14e9))
    part = told(list(track_recorded(detections.take(detections.arrival_ns <= until_ns), RADARS)))
    earlier = whole.take(whole.known_ns <= until_ns)
    assert (earlier.status == Status.CONFIRMED).any()
    for name in Estimates.__slots__:
        assert np.array_equal(getattr(part, name), getattr(earlier, name)), name


def test_an_empty_recording_has_one_empty_moment() -> None:
    [moment] = track_recorded(empty_detections(), RADARS)
    assert len(moment.estimates) == len(moment.dispositions) == 0
