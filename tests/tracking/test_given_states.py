"""Units of state vectors that people hand in: what is right is kept, however strange."""

from __future__ import annotations

import numpy as np
import pytest

from commonwatch.errors import TableError
from commonwatch.tracking.given_states import refuse_wrong_states

SECOND_NS = 10**9
COUNT = 40


def flown(velocity_m_s: float, *, jumps_m: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Times and state vectors of one body that moves straight on, or jumps about its path."""
    seconds = 2 * np.arange(COUNT)
    state_vector = np.tile([6.5e6, 1e6, 1e6, *[velocity_m_s] * 3], (COUNT, 1))
    state_vector[:, :3] += velocity_m_s * seconds[:, np.newaxis]
    state_vector[:, :3] += jumps_m * np.random.default_rng(1).standard_normal((COUNT, 3))
    return 1_750_000_000 * SECOND_NS + seconds * SECOND_NS, state_vector


@pytest.mark.parametrize("velocity_m_s", [0.0, 3.0, 4_000.0])
@pytest.mark.parametrize("jumps_m", [0.0, 1_000.0, 10_000.0])
def test_what_flies_stands_or_jumps_is_kept(velocity_m_s: float, jumps_m: float) -> None:
    time_ns, state_vector = flown(velocity_m_s, jumps_m=jumps_m)
    refuse_wrong_states(np.zeros(COUNT, np.int64), time_ns, state_vector, "tracks.parquet")


@pytest.mark.parametrize("jumps_m", [0.0, 500.0])
def test_velocities_in_kilometres_a_second_are_refused(jumps_m: float) -> None:
    time_ns, state_vector = flown(4_000.0, jumps_m=jumps_m)
    state_vector[:, 3:] /= 1e3
    with pytest.raises(TableError, match="vx_m_s, vy_m_s, vz_m_s looks like kilometres a second"):
        refuse_wrong_states(np.zeros(COUNT, np.int64), time_ns, state_vector, "tracks.parquet")
