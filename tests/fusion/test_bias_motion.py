"""What a constant error does to a track is told of its velocity too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.earth.frames import position_from_look_angles
from commonwatch.fusion.bias_motion import with_moving_bias
from commonwatch.sensing.measurement import radar_measurement
from commonwatch.tracking.estimate import Estimates, predict
from commonwatch.tracking.plots import Bias
from tests.fusion.build import covariance_of, estimates
from tests.tracking.build import RADARS, flights

F64 = npt.NDArray[np.float64]

STDS = np.array([200.0, 2e-4, 3e-4, 0.0])
SAME_RATIO = 0.02


def told(states: F64, shown: F64) -> Estimates:
    """What a tracker would tell: constant errors in the place alone."""
    spread = covariance_of(10.0, 0.1, len(states))
    for row, moving in enumerate(states):
        for sensor, stds in enumerate(shown):
            slope = moved(moving, sensor)[:, :3]
            spread[row, :3, :3] += (slope * stds[:, None] ** 2).T @ slope
    return estimates(states, spread)


def moved(moving: F64, sensor: int, seconds: float = 2.0) -> F64:
    """How place and velocity move with each measured number, by flying on and back: (4, 6)."""
    radar = RADARS[sensor]
    times = [-0.5 * seconds, 0.0, 0.5 * seconds]
    nothing = np.zeros((1, 6, 6))
    path = [predict(moving[None], nothing, time, process_noise_m2_s3=0.0)[0][0] for time in times]
    small = [1.0, 1e-6, 1e-6]
    rows = np.zeros((4, 6))
    for term, step in enumerate(small):
        off = []
        for each in path:
            measured = radar_measurement(radar, each[None])[0]
            measured[term] += step
            place = position_from_look_angles(
                radar.site.position_ecef_m, radar.site.rotation_enu_from_ecef, *measured[:3]
            )
            off.append((np.asarray(place) - each[:3]) / step)
        rows[term, :3], rows[term, 3:] = off[1], (off[2] - off[0]) / seconds
    return rows


def test_a_constant_error_moves_place_and_velocity_together() -> None:
    states = flights(np.random.default_rng(1), 5)
    shown = np.array([STDS, 0.5 * STDS, 0.0 * STDS])
    bias = Bias(value=np.zeros((3, 4)), std=shown.copy(), shown=shown)
    before = told(states, shown)
    found = with_moving_bias(before, np.ones((5, 3), dtype=np.bool_), bias, RADARS)
    for row, moving in enumerate(states):
        wanted = covariance_of(10.0, 0.1)[0]
        for sensor, stds in enumerate(shown):
            change = moved(moving, sensor)
            wanted += (change * stds[:, None] ** 2).T @ change
        scale = np.sqrt(np.diag(wanted))
        gap = (found.covariance[row] - wanted) / np.outer(scale, scale)
        assert np.abs(gap).max() < SAME_RATIO
        assert np.linalg.eigvalsh(found.covariance[row])[0] > 0.0


def test_only_sensors_that_looked_count_and_what_is_not_positive_stays_as_told() -> None:
    states = flights(np.random.default_rng(2), 2)
    shown = np.array([STDS, STDS, STDS])
    bias = Bias(value=np.zeros((3, 4)), std=shown.copy(), shown=shown)
    none = np.zeros((2, 3), dtype=np.bool_)
    before = told(states, shown)
    same = with_moving_bias(before, none, bias, RADARS)
    np.testing.assert_array_equal(same.covariance, before.covariance)
    # Told without the error in the place: cross terms alone would not be a covariance.
    sure = estimates(states, covariance_of(1e-3, 1e-3, 2))
    kept = with_moving_bias(sure, np.ones((2, 3), dtype=np.bool_), bias, RADARS)
    np.testing.assert_array_equal(kept.covariance, sure.covariance)
