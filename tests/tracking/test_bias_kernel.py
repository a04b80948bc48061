"""Biases that are considered: against a dense filter whose state vector has the biases in it."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.flight.propagation import after
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.measurement import (
    radar_jacobian,
    radar_measurement,
    range_rate_jacobian,
    range_rate_measurement,
)
from commonwatch.sensing.radar import Radar
from commonwatch.tracking.bank import Bank
from commonwatch.tracking.bias_kernel import TERMS, TIME, add_bias
from commonwatch.tracking.estimate import FIELD, normalised_error_squared
from commonwatch.tracking.frame import Frame
from commonwatch.tracking.kalman_kernel import RADAR, extended_update
from commonwatch.tracking.plots import Bias, declared_bias
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.tracker import Tracker, arrivals
from tests.tracking.build import (
    EAST,
    INTERVAL_S,
    NORTH,
    WEST,
    above,
    band,
    delayed,
    flights,
    radar_at,
    seen,
    together,
)

F64 = npt.NDArray[np.float64]

STD = np.array([10.0, 2e-5, 2e-5, 0.1])
PAIR: tuple[Radar, ...] = (NORTH, EAST)
SIZE = TERMS * len(PAIR)
SEEDS = range(60)
BIAS_STD_M = 400.0
UNSURE: tuple[Radar, ...] = tuple(
    dataclasses.replace(radar, range_bias_std_m=BIAS_STD_M) for radar in (NORTH, EAST, WEST)
)


def slope_of(radar: Radar, state_vector: F64) -> F64:
    return np.vstack(
        [radar_jacobian(radar, state_vector), range_rate_jacobian(radar, state_vector)]
    )


def bias_slope(radar: int, slope: F64, state_vector: F64) -> F64:
    """How four values move with all biases: by their own, and by a clock that is late."""
    found = np.zeros((4, SIZE))
    first = TERMS * radar
    found[:3, first : first + 3] = np.eye(3)
    found[:, first + TIME] = -slope[:, :3] @ state_vector[3:]
    return found


def schmidt(mean: F64, joint: F64, residual: float, row: F64, noise: float) -> tuple[F64, F64]:
    """One value into state vector and biases together, the biases' gain struck out."""
    gain = joint @ row / (row @ joint @ row + noise)
    gain[6:] = 0.0
    rest = np.eye(len(joint)) - np.outer(gain, row)
    return mean + gain * residual, rest @ joint @ rest.T + noise * np.outer(gain, gain)


@pytest.mark.parametrize("rounds", [1, 4])
def test_a_track_with_considered_biases_is_that_of_the_dense_schmidt_filter(rounds: int) -> None:
    rng = np.random.default_rng(11)
    state_vector = flights(rng, 1)[0]
    root = rng.normal(size=(6, 6)) * np.array([10.0] * 3 + [0.1] * 3)[:, np.newaxis]
    covariance = root @ root.T
    scale = np.tile([20.0, 4e-5, 4e-5, 1e-3], len(PAIR))
    biases = rng.normal(size=(SIZE, SIZE)) * scale[:, np.newaxis]
    unsure = biases @ biases.T
    by_bias = np.zeros((6, SIZE))
    mean = np.concatenate([state_vector, np.zeros(SIZE)])
    joint = np.zeros((6 + SIZE, 6 + SIZE))
    joint[:6, :6], joint[6:, 6:] = covariance, unsure
    found, narrow = state_vector.copy(), covariance.copy()
    for number in range(6):
        radar = number % 2
        site = PAIR[radar].site
        hat = np.append(
            radar_measurement(PAIR[radar], found), range_rate_measurement(PAIR[radar], found)
        )
        values = hat + 3.0 * STD * rng.normal(size=4)
        slope = slope_of(PAIR[radar], found)
        shown = bias_slope(radar, slope, found)
        for k in range(4):
            row = np.concatenate([slope[k], shown[k]])
            residual = values[k] - hat[k] - slope[k] @ (mean[:6] - found)
            mean, joint = schmidt(mean, joint, residual, row, STD[k] ** 2)
        extended_update(
            *(RADAR, found, narrow, radar, np.arange(SIZE), SIZE, by_bias),
            *(np.sqrt(np.diag(unsure)), unsure, np.empty((8, SIZE)), values, STD),
            *(
                site.position_ecef_m.copy(),
                site.rotation_enu_from_ecef.flatten(),
                0.0,
                FIELD.copy(),
            ),
            *(rounds, np.empty((24, 6))),
        )
        spread = np.sqrt(np.diag(joint))
        assert np.abs((found - mean[:6]) / spread[:6]).max() < 1e-2
        told = narrow + by_bias @ unsure @ by_bias.T
        assert np.abs((told - joint[:6, :6]) / np.outer(spread[:6], spread[:6])).max() < 1e-2
        with_biases = -by_bias @ unsure
        assert np.abs((with_biases - joint[:6, 6:]) / np.outer(spread[:6], spread[6:])).max() < 1e-2
        mean[:6] = found


def test_what_is_told_has_the_biases_of_those_who_fed_the_track_alone() -> None:
    rng = np.random.default_rng(3)
    by_bias = rng.normal(size=(2, 2, 6, 12))
    root = rng.normal(size=(12, 12))
    unsure = root @ root.T
    fed = np.array([[True, False, True], [False, True, False]])
    weights = np.array([[1.0, 0.0], [0.3, 0.7]])
    spread = np.zeros((2, 6, 6))
    add_bias(np.arange(2), weights, by_bias, fed, unsure, spread)
    for track in range(2):
        both = np.einsum("m,mic->ic", weights[track], by_bias[track])
        own = both * np.repeat(fed[track], TERMS)
        assert spread[track] == pytest.approx(own @ unsure @ own.T, rel=1e-12)


def looks(seed: int, off_m: F64, *, seconds: float = 40.0) -> tuple[Detections, F64]:
    """One object, seen by three radars in turn, each range off by its radar's error."""
    rng = np.random.default_rng([seed, 5])
    start = flights(rng, 1)
    parts = []
    for look in range(int(seconds / INTERVAL_S)):
        for radar in range(3):
            at_s = INTERVAL_S * look + 0.6 * radar
            # The third sees nothing of the second half: who fed a track long ago still counts.
            if radar == 2 and at_s > 0.5 * seconds:
                continue
            one = seen(after(start, at_s), at_s, UNSURE, radar, rng)
            measured = np.array(one.measured)
            measured[:, 0] += off_m[radar]
            parts.append(dataclasses.replace(one, measured=measured))
    detections = together(parts)
    last_s = 1e-9 * float(detections.time_ns.max() - detections.time_ns.min())
    return detections, after(start, last_s)


class Known:
    """Says what to take off: one thing at first, another from some time on."""

    def __init__(self, first: Bias, then: Bias | None = None, *, after_ns: int = 0) -> None:
        self.first, self.then, self.after_ns = first, then or first, after_ns

    def take(self, frame: Frame, bank: Bank) -> Bias:
        return self.then if frame.time_ns >= self.after_ns else self.first

    def memory(self) -> None:
        return None

    def recall(self, memory: object) -> None:
        pass


def last_told(tracker: Tracker, detections: Detections) -> tuple[F64, F64]:
    for now_ns, arrived in arrivals(detections):
        tracker.step(arrived, now_ns=now_ns)
    picture = tracker.picture()
    return picture.state_vector, picture.covariance


@pytest.mark.parametrize("name", ["ekf", "ukf"])
def test_errors_are_as_large_as_told_where_radars_have_constant_errors(name: str) -> None:
    squared = []
    for seed in SEEDS:
        off_m = np.random.default_rng([seed, 6]).normal(size=3) * BIAS_STD_M
        detections, truth = looks(seed, off_m)
        tracker = Tracker(UNSURE, Settings(filter=name))  # type: ignore[arg-type]
        state_vector, covariance = last_told(tracker, detections)
        assert len(state_vector) == 1
        squared.append(float(normalised_error_squared(state_vector - truth, covariance)[0]))
    low, high = band(len(squared), 6)
    assert low < np.mean(squared) < high


def test_a_bias_learnt_late_puts_a_track_where_it_would_be_had_it_been_known() -> None:
    off_m = np.array([300.0, -500.0, 200.0])
    detections, truth = looks(1, off_m)
    unsure = declared_bias(UNSURE)
    sure = np.zeros_like(unsure.covariance)
    value = np.zeros((3, 4))
    value[:, 0] = off_m
    known = Bias(value=value, covariance=sure, possible=sure)
    # Trusted by noise alone in both, so that only the biases make the difference.
    unknown = Bias(value=np.zeros((3, 4)), covariance=sure, possible=unsure.covariance)
    end_ns = int(detections.time_ns.max())
    wanted, covariance = last_told(Tracker(UNSURE, corrector=Known(known)), detections)
    before, _ = last_told(Tracker(UNSURE, corrector=Known(unknown)), detections)
    late = Known(unknown, known, after_ns=end_ns)
    found, _ = last_told(Tracker(UNSURE, corrector=late), detections)
    std = np.sqrt(np.diag(covariance[0]))
    assert np.abs((before - wanted) / std).max() > 5.0
    assert np.abs((found - wanted) / std).max() < 0.5
    assert np.linalg.norm((found - truth)[0, :3]) < np.linalg.norm((before - truth)[0, :3])


@pytest.mark.parametrize("late_s", [-0.4, 0.3, 0.5])
def test_a_clock_found_to_be_off_takes_no_plot_out_of_the_gate(late_s: float) -> None:
    """A precise radar shows a fast object kilometres from where it is, and then is found to."""
    fine = radar_at(
        "fine", 50.0, 10.0, range_std_m=5.0, azimuth_std_rad=1e-4, elevation_std_rad=1e-4
    )
    turn = rotation_enu_from_ecef(np.radians(50.0), np.radians(20.0))
    speed = turn.T @ [-6_000.0, 0.0, 300.0]
    start = np.append(above(50.0, 20.0, 500e3), speed)[np.newaxis]
    rng, parts = np.random.default_rng(3), []
    for seconds in np.arange(0.0, 40.0, INTERVAL_S):
        one = seen(after(start, seconds), seconds, [fine], 0, rng)
        time_ns = one.time_ns + round(1e9 * late_s)
        parts.append(delayed(dataclasses.replace(one, time_ns=time_ns), 0.0))
    detections, sure = together(parts), np.zeros((TERMS, TERMS))
    unknown, known = (
        Bias(value=np.array([[0.0, 0.0, 0.0, each_s]]), covariance=sure, possible=sure)
        for each_s in (0.0, late_s)
    )
    found_ns = int(np.median(detections.time_ns))
    tracker = Tracker([fine], corrector=Known(unknown, known, after_ns=found_ns))
    numbers = set()
    for now_ns, arrived in arrivals(detections):
        numbers.update(tracker.step(arrived, now_ns=now_ns).estimates.track.tolist())
    assert numbers == {1}
    assert len(tracker.picture()) == 1
