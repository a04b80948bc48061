"""How the ends of tracks are told: as they stood, but never from inside the Earth.

A track is looked at now and then, and has met the ground between two looks: its end is told at
that instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.tracking.estimate import FIELD, predict
from commonwatch.tracking.view_kernel import altitude

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ROUNDS: Final = 4
"""Of Newton's rule: from 60 km below, at free fall, it comes to within a millimetre (*derived*)."""
FALL_MIN_M_S: Final = 1.0
"""Least speed of falling whose flight is followed back (*assumed*)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ends:
    """Tracks that ended.

    Parameters
    ----------
    key
        Of each track, shape (N,).
    time_ns
        When it ended, shape (N,).
    state_vector, covariance
        As it was then, shapes (N, 6) and (N, 6, 6).
    """

    key: I64
    time_ns: I64
    state_vector: F64
    covariance: F64


def ends_of(
    key: I64, state_vector: F64, covariance: F64, *, now_ns: int, last_plot_ns: I64
) -> Ends:
    """Tell tracks that have ended by now, those below the ground as they met it.

    Parameters
    ----------
    key, state_vector, covariance
        As of ``Ends``, all of the present.
    now_ns
        The present.
    last_plot_ns
        When each took its last plot: it had not ended before, shape (N,).

    Notes
    -----
    One that fell below the ground goes back along its flight to the ellipsoid, though not beyond
    its last plot. What is then below was put there by an error: it is raised along the radius.
    """
    time_ns = np.full(len(key), now_ns)
    heights = _heights(state_vector)
    below = np.flatnonzero(heights < 0.0)
    if len(below):
        since_s = 1e-9 * (last_plot_ns[below] - now_ns)
        height, back_s = heights[below], np.zeros(len(below))
        place, spread = state_vector[below], covariance[below]
        for _ in range(ROUNDS):
            climb = _climbs(place)
            is_falling = climb < -FALL_MIN_M_S
            earlier_s = back_s - height / np.where(is_falling, climb, -1.0)
            back_s = np.where(is_falling, np.clip(earlier_s, since_s, 0.0), back_s)
            place, spread = predict(state_vector[below], covariance[below], back_s)
            height = _heights(place)
        length = np.linalg.norm(place[:, :3], axis=1)
        place[:, :3] *= (1.0 + np.maximum(-height, 0.0) / length)[:, np.newaxis]
        state_vector, covariance = state_vector.copy(), covariance.copy()
        state_vector[below], covariance[below] = place, spread
        time_ns[below] += np.rint(1e9 * back_s).astype(np.int64)
    return Ends(key=key, time_ns=time_ns, state_vector=state_vector, covariance=covariance)


def _heights(state_vector: F64) -> F64:
    field = FIELD.copy()
    return np.array([altitude(row, field) for row in state_vector])


def _climbs(state_vector: F64) -> F64:
    place, velocity = state_vector[:, :3], state_vector[:, 3:]
    return np.asarray(np.sum(place * velocity, axis=1) / np.linalg.norm(place, axis=1))
