"""Whether a motor burns, judged from two estimates of one track and from height.

Free flight carries the earlier estimate to the later one's time; what is left of the velocity, over
the time between, is the residual acceleration (as in ``flight.coast``, for filtered estimates).

==========================  ==================================================  =======
figure                      source                                              mark
==========================  ==================================================  =======
``RESIDUAL_FREE_M_S2``      the coast test's limits of free flight and of       assumed
and ``_NOT_FREE_M_S2``      none
``LEAST_THRUST_M_S2``       a motor that lifts a missile gives more             assumed
``NOISES``                  standard errors that count as certain               assumed
==========================  ==================================================  =======
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.flight.coast import RESIDUAL_FREE_M_S2, RESIDUAL_NOT_FREE_M_S2
from commonwatch.tracking.estimate import Estimates, predict
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]

LEAST_THRUST_M_S2: Final = 5.0
NOISES: Final = 4.0


class Motor(StrEnum):
    """What the motor does."""

    BURNS = "burns"
    COASTS = "coasts"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residuals:
    """What free flight does not explain between two estimates, (n,) each, nan without a pair.

    Parameters
    ----------
    size_m_s2
        Residual acceleration.
    along_m_s2
        Its component along the velocity; negative brakes.
    noise_m_s2
        One standard deviation, from the earlier estimate's covariance: an upper bound.
    """

    size_m_s2: F64
    along_m_s2: F64
    noise_m_s2: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Estimates to compare with: times (m,), state vectors (m, 6), covariances (m, 6, 6)."""

    time_ns: npt.NDArray[np.int64]
    state_vector: F64
    covariance: F64


def residuals(
    estimates: Estimates, past: Past | Estimates, earlier: npt.NDArray[np.int64]
) -> Residuals:
    """Compare estimates with earlier ones of the same track.

    Parameters
    ----------
    estimates
        n rows.
    past
        The earlier ones.
    earlier
        (n,), row of ``past`` to compare with; -1 where there is none.
    """
    out = np.full((3, len(estimates)), np.nan)
    rows = (earlier >= 0).nonzero()[0]
    before = earlier[rows]
    seconds = (estimates.time_ns[rows] - past.time_ns[before]) / NS_PER_S
    rows, before, seconds = rows[seconds > 0.0], before[seconds > 0.0], seconds[seconds > 0.0]
    if len(rows):
        moved, covariance = predict(past.state_vector[before], past.covariance[before], seconds)
        velocity = estimates.state_vector[rows, 3:]
        left = (velocity - moved[:, 3:]) / seconds[:, None]
        speed = np.maximum(np.linalg.norm(velocity, axis=1), 1e-9)
        out[0, rows] = np.linalg.norm(left, axis=1)
        out[1, rows] = np.sum(left * velocity, axis=1) / speed
        spread = np.trace(covariance[:, 3:, 3:], axis1=1, axis2=2)
        out[2, rows] = np.sqrt(np.maximum(spread, 0.0)) / seconds
    return Residuals(size_m_s2=out[0], along_m_s2=out[1], noise_m_s2=out[2])


def judged(
    residual_m_s2: float, along_m_s2: float, noise_m_s2: float, *, ruled_out: str, before: Motor
) -> tuple[Motor, str]:
    """Say what the motor does, with the reason in words.

    Parameters
    ----------
    residual_m_s2, along_m_s2, noise_m_s2
        From ``residuals``; nan without an earlier estimate.
    ruled_out
        Why no motor burns there whatever the noise, as in "above every burn-out altitude assumed";
        empty where nothing rules it out.
    before
        What was said of the track last.

    Notes
    -----
    *Burns*: the residual is along the velocity, more than 1 m/s2 and four standard errors.
    *Coasts*: less than 0.5 m/s2 within two standard errors, and so well known that the least thrust
    would show; or braked by air; or, where neither is certain, ruled out by height or
    direction.
    Otherwise as before.

    Limits: a burn below ``LEAST_THRUST_M_S2``, or between two estimates only, can hide in the
    noise.
    """
    figures = f"residual {residual_m_s2:.1f} m/s2 (noise {noise_m_s2:.1f})"
    if residual_m_s2 > RESIDUAL_NOT_FREE_M_S2 and residual_m_s2 > NOISES * noise_m_s2:
        if along_m_s2 > 0.0:
            return Motor.BURNS, f"motor burns: {figures}"
        return Motor.COASTS, f"braked, not driven: {figures}"
    is_small = residual_m_s2 < RESIDUAL_FREE_M_S2 + 2.0 * noise_m_s2
    if is_small and residual_m_s2 + 3.0 * noise_m_s2 < LEAST_THRUST_M_S2:
        return Motor.COASTS, f"free flight: {figures}"
    if ruled_out:
        return Motor.COASTS, ruled_out
    if np.isnan(residual_m_s2):
        return before, f"motor {before.value}: no earlier estimate to compare with"
    return before, f"motor {before.value}: {figures} decides nothing"
