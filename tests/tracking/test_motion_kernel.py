"""Motion of a state vector and its covariance, judged by flight's integrator and by differences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.flight.propagation import after
from commonwatch.tracking.estimate import FIELD, predict
from commonwatch.tracking.motion_kernel import predict_one, step_state_vector, transition
from tests.tracking.build import flights

F64 = npt.NDArray[np.float64]

THRUST_M_S2 = 30.0
NOISE_M2_S3 = 0.5
STATES = flights(np.random.default_rng(1), 4)


def moved(state_vector: F64, seconds: float, thrust_m_s2: float = 0.0) -> F64:
    result = state_vector.copy()
    step_state_vector(result, seconds, thrust_m_s2, FIELD.copy())
    return result


def slope_by_differences(state_vector: F64, seconds: float, thrust_m_s2: float) -> F64:
    slope = np.empty((6, 6))
    for column in range(6):
        change = np.zeros(6)
        change[column] = 1e3 if column < 3 else 1.0
        ahead = moved(state_vector + change, seconds, thrust_m_s2)
        behind = moved(state_vector - change, seconds, thrust_m_s2)
        slope[:, column] = (ahead - behind) / (2.0 * change[column])
    return slope


def in_seconds(slope: F64, seconds: float) -> F64:
    """A transition whose rows and columns are all lengths: velocities times the step."""
    scale = np.array([1.0, 1.0, 1.0, seconds, seconds, seconds])
    return np.asarray(slope * scale[:, np.newaxis] / scale)


def test_free_flight_is_that_of_flight_to_a_centimetre_in_five_minutes() -> None:
    states, _ = predict(STATES, np.zeros((4, 6, 6)), 300.0)
    exact = after(STATES, 300.0)
    assert np.abs(states - exact)[:, :3].max() < 1e-2
    assert np.abs(states - exact)[:, 3:].max() < 1e-4


def test_going_back_undoes_going_on() -> None:
    there, _ = predict(STATES, np.zeros((4, 6, 6)), 100.0)
    back, _ = predict(there, np.zeros((4, 6, 6)), -100.0)
    assert np.abs(back - STATES)[:, :3].max() < 1e-2


def test_each_object_goes_its_own_time() -> None:
    seconds = np.array([0.0, 1.0, 20.0, 300.0])
    states, _ = predict(STATES, np.zeros((4, 6, 6)), seconds)
    assert (states[0] == STATES[0]).all()
    assert np.abs(states - after(STATES, seconds))[:, :3].max() < 1e-2


@pytest.mark.parametrize(
    ("seconds", "thrust_m_s2", "limit"),
    [
        # J2 is left out: 0.4 % of a gradient of 2e-6 in a second squared.
        (0.5, 0.0, 1e-8),
        (10.0, 0.0, 1e-6),
        (-10.0, 0.0, 1e-6),
        # The thrust turns with the velocity, which itself grows by a tenth in 10 s.
        (0.5, THRUST_M_S2, 1e-4),
        (10.0, THRUST_M_S2, 3e-2),
    ],
)
def test_the_transition_is_the_slope_of_the_step(
    seconds: float, thrust_m_s2: float, limit: float
) -> None:
    for state_vector in STATES:
        phi = np.empty((6, 6))
        transition(state_vector, seconds, thrust_m_s2, FIELD.copy(), phi)
        found = in_seconds(slope_by_differences(state_vector, seconds, thrust_m_s2), abs(seconds))
        assert np.abs(in_seconds(phi, abs(seconds)) - found).max() < limit


def test_under_power_an_object_gains_the_thrust_along_its_velocity() -> None:
    for state_vector in STATES:
        free, powered = moved(state_vector, 0.1), moved(state_vector, 0.1, THRUST_M_S2)
        along = state_vector[3:] / np.linalg.norm(state_vector[3:])
        assert powered[3:] - free[3:] == pytest.approx(0.1 * THRUST_M_S2 * along, abs=1e-3)


def test_at_rest_the_thrust_points_up() -> None:
    state_vector = np.append(STATES[0, :3], np.zeros(3))
    gained = moved(state_vector, 0.01, THRUST_M_S2)[3:] - moved(state_vector, 0.01)[3:]
    up = state_vector[:3] / np.linalg.norm(state_vector[:3])
    assert gained == pytest.approx(0.01 * THRUST_M_S2 * up, rel=1e-3)


def test_the_covariance_moves_by_the_transition_and_grows_by_the_noise() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(6, 6)) * np.array([100.0] * 3 + [10.0] * 3)[:, np.newaxis]
    covariance = root @ root.T
    state_vector = STATES[0].copy()
    seconds = 8.0
    # White acceleration through the exact motion: the noise of short pieces, carried to the end.
    count = 400
    piece = seconds / count
    whole = slope_by_differences(state_vector, seconds, 0.0)
    expected = whole @ covariance @ whole.T
    for k in range(count):
        left = seconds - (k + 0.5) * piece
        slope = np.block([[np.eye(3), left * np.eye(3)], [np.zeros((3, 3)), np.eye(3)]])
        expected += slope[:, 3:] @ slope[:, 3:].T * NOISE_M2_S3 * piece
    phi, work = np.empty((6, 6)), np.empty((6, 6))
    by_bias = rng.normal(size=(6, 8))
    turned = np.hstack([whole @ by_bias[:, :4], by_bias[:, 4:]])
    fed = np.array([True, False])
    predict_one(
        state_vector,
        covariance,
        by_bias,
        fed,
        seconds,
        0.0,
        NOISE_M2_S3,
        FIELD.copy(),
        phi,
        work,
    )
    assert np.abs(by_bias - turned).max() < 1e-3
    spread = np.sqrt(np.diag(expected))
    assert np.abs((covariance - expected) / np.outer(spread, spread)).max() < 1e-4
    assert (covariance == covariance.T).all()


@pytest.mark.parametrize("seconds", [5.0, -5.0])
def test_uncertainty_grows_either_way(seconds: float) -> None:
    covariance = np.broadcast_to(np.diag([1.0] * 3 + [1e-4] * 3), (4, 6, 6))
    _, spread = predict(STATES, covariance, seconds, process_noise_m2_s3=NOISE_M2_S3)
    assert (np.linalg.eigvalsh(spread) > 0.0).all()
    assert (np.trace(spread[:, :3, :3], axis1=1, axis2=2) > 3.0).all()
    # Later place goes with later velocity, earlier place against it.
    assert (np.sign(np.trace(spread[:, :3, 3:], axis1=1, axis2=2)) == np.sign(seconds)).all()
