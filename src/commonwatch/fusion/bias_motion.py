"""How what is not known of sensors' constant errors moves with an object: speed, not place alone.

A tracker tells of each sensor's constant error as of an error of the place. The line of sight
turns, the error turns with it, and a filter that follows takes that turning for velocity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.estimate import Estimates
from commonwatch.tracking.plots import Bias

F64 = npt.NDArray[np.float64]

APART_S: Final = 1.0
"""Over which the turning of a line of sight is measured."""


def with_moving_bias(
    estimates: Estimates,
    has_looked: npt.NDArray[np.bool_],
    bias: Bias,
    sensors: Sequence[Sensor],
) -> Estimates:
    """Add to covariances what constant errors do to velocities, and how that goes with the place.

    Parameters
    ----------
    estimates
        As told by a tracker: what errors do to the places is in them already.
    has_looked
        Which sensors each rests on, shape (N, sensors).
    bias
        Of the tracker.
    sensors
        Its sensors, in order.

    Notes
    -----
    With S(x) the change of a place with range, azimuth, elevation and time of a sensor, and s their
    standard deviations, a constant error b moves a path by S b and its velocity by (dS/dt) b. The
    tracker tells S diag(s^2) S'; the rest of [S; dS/dt] diag(s^2) [S; dS/dt]' is added here, so
    that the whole stays positive.

    Limits: a filter follows a constant error's turning only as far as free flight allows; what it
    does not follow it averages.
    """
    covariance = estimates.covariance.copy()
    for index, sensor in enumerate(sensors):
        rows = np.flatnonzero(has_looked[:, index])
        shown = bias.shown[index]
        if not len(rows) or not isinstance(sensor, Radar) or not shown.any():
            continue
        states = estimates.state_vector[rows]
        way = np.zeros_like(states)
        way[:, :3] = 0.5 * APART_S * states[:, 3:]
        now = _slopes(states, sensor) * shown[:, None]
        change = _slopes(states + way, sensor) - _slopes(states - way, sensor)
        turning = change * shown[:, None] / APART_S
        cross = np.einsum("nki,nkj->nij", now, turning)
        block = covariance[rows]
        block[:, :3, 3:] += cross
        block[:, 3:, :3] += np.swapaxes(cross, -1, -2)
        block[:, 3:, 3:] += np.einsum("nki,nkj->nij", turning, turning)
        covariance[rows] = block
    # A track that late news gave other looks than it was told with keeps what was told.
    is_worse = _least_eigenvalue(covariance) <= 0.0
    covariance[is_worse] = estimates.covariance[is_worse]
    return Estimates(
        track=estimates.track,
        time_ns=estimates.time_ns,
        known_ns=estimates.known_ns,
        status=estimates.status,
        state_vector=estimates.state_vector,
        covariance=covariance,
    )


def _least_eigenvalue(covariance: F64) -> F64:
    """Least eigenvalues, metres and metres a second each by their deviation."""
    scale = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return np.asarray(
        np.linalg.eigvalsh(covariance / (scale[:, :, None] * scale[:, None, :]))[:, 0]
    )


def _slopes(state_vectors: F64, radar: Radar) -> F64:
    """Return how places move with range, azimuth, elevation and time of a radar, (N, 4, 3)."""
    rotation = radar.site.rotation_enu_from_ecef
    offset = state_vectors[:, :3] - radar.site.position_ecef_m
    local = offset @ rotation.T
    level = np.maximum(np.hypot(local[:, 0], local[:, 1]), 1.0)
    slopes = np.empty((len(offset), 4, 3))
    slopes[:, 0] = local / np.hypot(level, local[:, 2])[:, None]
    slopes[:, 1] = np.stack([local[:, 1], -local[:, 0], np.zeros(len(local))], axis=-1)
    slopes[:, 2, :2] = -local[:, 2:] * local[:, :2] / level[:, None]
    slopes[:, 2, 2] = level
    slopes[:, :3] = slopes[:, :3] @ rotation
    slopes[:, 3] = state_vectors[:, 3:]
    return slopes
