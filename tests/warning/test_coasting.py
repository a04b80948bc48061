from __future__ import annotations

import numpy as np
import pytest

from commonwatch.flight.powered import state_vector
from commonwatch.tracking.estimate import Estimates, Status
from commonwatch.warning.coasting import Motor, judged, residuals
from tests.warning.build import F64, SECOND_NS, START_NS, orbit_covariance, track, truths


def pair(earlier: F64, later: F64, seconds: float) -> Estimates:
    time_ns = START_NS + np.array([0, int(seconds * SECOND_NS)])
    return Estimates(
        track=np.zeros(2, np.int64),
        time_ns=time_ns,
        known_ns=time_ns,
        status=np.full(2, Status.CONFIRMED, np.int8),
        state_vector=np.stack([earlier, later]),
        covariance=np.tile(orbit_covariance(100.0, 2.0), (2, 1, 1)),
    )


def test_free_flight_leaves_no_residual() -> None:
    drawn = truths(np.random.default_rng(1), 3, is_powered=True)
    estimates = track(drawn.true_state_vector[0], count=2, interval_s=10.0)
    found = residuals(estimates, estimates, np.array([-1, 0]))
    assert np.isnan(found.size_m_s2[0])
    assert found.size_m_s2[1] < 1e-3


def test_a_motor_shows_as_its_acceleration_along_the_velocity() -> None:
    drawn = truths(np.random.default_rng(2), 3, is_powered=True)
    powered = drawn.arcs.powered
    times = np.stack([0.6 * powered.burn_time_s, 0.7 * powered.burn_time_s], axis=1)
    flown = state_vector(powered, times)
    seconds = float(times[0, 1] - times[0, 0])
    both = pair(flown[0, 0], flown[0, 1], seconds)
    found = residuals(both, both, np.array([-1, 0]))
    gained = np.linalg.norm(flown[0, 1, 3:]) - np.linalg.norm(flown[0, 0, 3:])
    assert found.along_m_s2[1] > gained / seconds > 5.0
    motor, reason = judged(
        found.size_m_s2[1],
        found.along_m_s2[1],
        found.noise_m_s2[1],
        ruled_out="",
        before=Motor.UNKNOWN,
    )
    assert motor is Motor.BURNS
    assert "residual" in reason


@pytest.mark.parametrize(
    ("residual", "along", "noise", "ruled_out", "before", "expected"),
    [
        (30.0, 29.0, 1.0, "", Motor.COASTS, Motor.BURNS),
        (30.0, 29.0, 1.0, "above", Motor.COASTS, Motor.BURNS),
        (30.0, -29.0, 1.0, "", Motor.UNKNOWN, Motor.COASTS),
        (0.2, 0.1, 0.1, "", Motor.BURNS, Motor.COASTS),
        (2.0, 1.0, 1.5, "", Motor.BURNS, Motor.BURNS),
        (2.0, 1.0, 1.5, "", Motor.UNKNOWN, Motor.UNKNOWN),
        (2.0, 1.0, 1.5, "above", Motor.UNKNOWN, Motor.COASTS),
        (0.2, 0.1, 20.0, "", Motor.BURNS, Motor.BURNS),
        (np.nan, np.nan, np.nan, "", Motor.UNKNOWN, Motor.UNKNOWN),
        (np.nan, np.nan, np.nan, "above", Motor.UNKNOWN, Motor.COASTS),
    ],
)
def test_noise_alone_never_decides(
    residual: float, along: float, noise: float, ruled_out: str, before: Motor, expected: Motor
) -> None:
    assert judged(residual, along, noise, ruled_out=ruled_out, before=before)[0] is expected
