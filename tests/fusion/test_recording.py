"""Recorded detections through a tracker: moment by moment, biases taken off."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.fusion.recording import Moment, RegisteredTracker, track_recorded
from commonwatch.fusion.registration import BiasEstimate
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.tracking.estimate import Estimates, Status, joined
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.tracker import arrivals
from tests.tracking.build import EPOCH_NS, RADARS, SAME, Told, delayed, same_picture, scene

OFF = np.array([[150.0, 3e-3, 0.0, 0.0], [0.0, -4e-3, 2e-3, 0.0], [-100.0, 0.0, 3e-3, 0.0]])
"""Constant errors of three radars."""


def told(moments: list[Moment]) -> Estimates:
    return joined([moment.estimates for moment in moments])


def with_errors(detections: Detections) -> Detections:
    return dataclasses.replace(detections, measured=detections.measured + OFF[detections.sensor])


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
    shifted = with_errors(detections)
    last = list(track_recorded(shifted, RADARS))[-1]
    assert last.biases is not None
    error = (last.biases.value - OFF)[:, :3]
    assert (np.abs(error) < 5.0 * last.biases.std[:, :3]).all()
    assert np.abs(error[:, 1:]).max() < 1e-3
    assert np.abs(last.bias.value[:, 1] - OFF[:, 1]).max() < 1e-3
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


def end_of(detections: Detections) -> tuple[Estimates, BiasEstimate, list[int]]:
    """The last picture, the last biases, and the fate of every row."""
    tracker = RegisteredTracker(RADARS)
    fates: dict[int, int] = {}
    for now_ns, arrived in arrivals(detections):
        moment = tracker.step(arrived, now_ns=now_ns)
        fates.update(zip(moment.dispositions.row, moment.dispositions.disposition, strict=True))
    picture = tracker.tracker.picture()
    rest = tracker.finish(now_ns=int(detections.arrival_ns.max())).dispositions
    fates.update(zip(rest.row, rest.disposition, strict=True))
    assert tracker.biases is not None
    return picture, tracker.biases, [int(fates[row]) for row in range(len(detections))]


BIASED = with_errors(scene(11, 6, 24.0, clutter=2)[0])
BIASED_END = end_of(BIASED)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(["each its own", "by look", "few"]))
def test_the_order_of_arrival_within_six_seconds_changes_neither_picture_nor_biases(
    seed: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    delay = rng.uniform(0.0, 6.0, len(BIASED))
    if kind == "by look":
        _, place = np.unique(BIASED.time_ns, return_inverse=True)
        delay = delay[place]
    elif kind == "few":
        delay[rng.random(len(delay)) < 0.9] = 0.0
    picture, biases, fates = end_of(delayed(BIASED, delay))
    wanted, wanted_biases, wanted_fates = BIASED_END
    assert same_picture(picture, wanted)
    assert fates == wanted_fates
    assert np.allclose(biases.value, wanted_biases.value, rtol=SAME, atol=0.0)
    assert np.abs(wanted_biases.value[:, 1] - OFF[:, 1]).max() < 1e-3  # they were taken off


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
