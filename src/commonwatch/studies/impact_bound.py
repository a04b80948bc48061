"""How well radars can know where a flight comes down: the Cramer-Rao bound of the impact point.

No tracker can do better on average; a good one comes close. Free flight in vacuum has no process
noise, so everything a radar learns is information on the six numbers at burn-out, and what several
radars learn adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.earth.gravity import Gravity
from commonwatch.flight.ballistic import Arcs
from commonwatch.flight.propagation import free_flight, sample
from commonwatch.flight.trajectory import Trajectories
from commonwatch.sensing.measurement import radar_jacobian, radar_noise
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor, Spells
from commonwatch.studies.impact_kernel import first_precise

F64 = npt.NDArray[np.float64]

LONG_HALF_AXIS_M: Final = 100_000.0
"""An impact area counts as known when its 95 % ellipse is no longer than this, by definition."""
CHI_SQUARE_95_TWO: Final = 5.991464547107979
"""95 % point of chi-square with two degrees of freedom, -2 ln 0.05."""
STEP_S: Final = 5.0
_SCALE: Final = np.array([1e3, 1e3, 1e3, 1.0, 1.0, 1.0])
_PRIOR_STD: Final = np.array([1e6, 1e6, 1e6, 1e4, 1e4, 1e4])
"""What is known before the first look: within 1,000 km and 10 km/s. Assumed, without effect."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImpactSlopes:
    """What does not depend on sensors: how flights and impacts move with burn-out, n paths.

    Parameters
    ----------
    time_s
        (t,), samples, seconds from lift-off.
    state_vector
        (n, t, 6), ECEF, at the samples.
    transition
        (n, t, 6, 6), derivative of the state vector there by that at burn-out.
    impact_slope
        (n, 2, 6), derivative of the impact point east and north by the state vector at burn-out.
    first, last
        (n,), first and last sample of free flight.
    burn_out_s
        (n,), when it begins.
    """

    time_s: F64
    state_vector: F64
    transition: F64
    impact_slope: F64
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    burn_out_s: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Information:
    """What each sensor learns along each path, summed over its looks up to each sample.

    Parameters
    ----------
    information
        (s, n, t, 6, 6), on the scaled state vector at burn-out.
    bias_slope, bias_weight
        (s, n, t, 6) and (s, n, t), its coupling with a constant range bias, and that bias's own.
    bias_prior
        (s,), one over the variance of that bias.
    """

    information: F64
    bias_slope: F64
    bias_weight: F64
    bias_prior: F64


def impact_slopes(arcs: Arcs, trajectories: Trajectories, *, gravity: Gravity) -> ImpactSlopes:
    """Differentiate flights and impacts by the state vector at burn-out.

    Parameters
    ----------
    arcs
        Solved arcs, the first paths of the trajectories.
    trajectories
        Their samples.
    gravity
        The force model.
    """
    count = len(arcs.is_solved)
    nudge = np.array([10.0, 10.0, 10.0, 0.01, 0.01, 0.01])
    shifts = np.concatenate([np.diag(nudge), -np.diag(nudge)])
    shifted = (arcs.burn_out_state_vector[:, None] + shifts).reshape(-1, 6)
    samples = int(np.ceil(trajectories.end_s[:count].max() / STEP_S)) + 1
    time_s: F64 = np.arange(samples, dtype=np.float64) * STEP_S
    burn = arcs.powered.burn_time_s
    skipped = np.ceil(burn / STEP_S).astype(np.int64)
    flown = sample(
        shifted,
        first_s=np.repeat(skipped * STEP_S - burn, 12),
        interval_s=STEP_S,
        count=samples - int(skipped.min()),
        gravity=gravity,
    ).reshape(count, 2, 6, -1, 6)
    slopes = (flown[:, 0] - flown[:, 1]) / (2.0 * nudge[None, :, None, None])
    transition = np.zeros((count, samples, 6, 6))
    for offset in np.unique(skipped):
        rows = skipped == offset
        kept = slopes[rows, :, : samples - offset]
        transition[rows, offset:] = kept.transpose(0, 2, 3, 1)
    landed = free_flight(shifted, gravity=gravity, seeks_apogee=False).state_vector[:, :3]
    moved = landed.reshape(count, 2, 6, 3)
    latitude, longitude, _ = geodetic_from_ecef(arcs.free.state_vector[:, :3])
    rotation = rotation_enu_from_ecef(latitude, longitude)
    difference = (moved[:, 0] - moved[:, 1]) / (2.0 * nudge[None, :, None])
    impact_slope = np.einsum("nij,nkj->nik", rotation[:, :2], difference)
    stride = round(STEP_S / trajectories.interval_s)
    return ImpactSlopes(
        time_s=time_s,
        state_vector=trajectories.state_vector[:count, ::stride][:, :samples],
        transition=transition,
        impact_slope=np.ascontiguousarray(impact_slope * _SCALE),
        first=skipped,
        burn_out_s=burn,
        last=np.floor(trajectories.end_s[:count] / STEP_S).astype(np.int64),
    )


def gather(slopes: ImpactSlopes, sensors: Sequence[Sensor], spells: Spells) -> Information:
    """Sum up what each radar learns during its spells of sight, cued ones as if always cued.

    Parameters
    ----------
    slopes
        The flights.
    sensors
        Sensors of one case. Satellites add nothing: they see only while the motor burns.
    spells
        From ``spells_of_sight`` with the same sensors.

    Notes
    -----
    Looks come each ``track_interval_s``; here they are spread evenly, so that a stretch of sight
    of one sample interval holds a fraction or a multiple of a look.
    """
    paths, samples = slopes.transition.shape[:2]
    shape = (len(sensors), paths, samples)
    information, bias_slope = np.zeros((*shape, 6, 6)), np.zeros((*shape, 6))
    bias_weight, bias_prior = np.zeros(shape), np.ones(len(sensors))
    for row, radar in enumerate(sensors):
        if not isinstance(radar, Radar):
            continue
        seen_s = _seconds_in_sight(spells, row, slopes)
        path, when = np.nonzero(seen_s)
        if len(path) == 0:
            continue
        looks = seen_s[path, when] / radar.track_interval_s
        state_vectors = slopes.state_vector[path, when]
        slope = radar_jacobian(radar, state_vectors) @ slopes.transition[path, when] * _SCALE
        noise = radar_noise(radar, state_vectors)
        scaled, range_std = slope / noise[..., None], noise[:, 0]
        information[row, path, when] = looks[:, None, None] * (scaled.transpose(0, 2, 1) @ scaled)
        bias_slope[row, path, when] = (looks / range_std)[:, None] * scaled[:, 0]
        bias_weight[row, path, when] = looks / range_std**2
        bias_prior[row] = 1.0 / max(radar.range_bias_std_m, 1e-3) ** 2
    return Information(
        information=np.cumsum(information, axis=2),
        bias_slope=np.cumsum(bias_slope, axis=2),
        bias_weight=np.cumsum(bias_weight, axis=2),
        bias_prior=bias_prior,
    )


def impact_area_s(
    slopes: ImpactSlopes,
    information: Information,
    *,
    is_member: npt.NDArray[np.bool_],
    from_s: F64,
) -> F64:
    """Return when the impact area is known: the 95 % ellipse's long half-axis falls below 100 km.

    Parameters
    ----------
    slopes, information
        What is learnt.
    is_member
        (s,), which sensors share what they learn.
    from_s
        (s, n), when each may begin: the hand-over of cued radars, 0 for others, infinite for never.

    Returns
    -------
    time_s
        (n,), seconds from lift-off; nan where the area is never known so well.
    """
    samples = len(slopes.time_s)
    start = np.where(np.isfinite(from_s), np.ceil(from_s / STEP_S), samples).astype(np.int64)
    found = np.empty(slopes.transition.shape[0])
    first_precise(
        information.information,
        information.bias_slope,
        information.bias_weight,
        information.bias_prior,
        is_member,
        np.ascontiguousarray(start),
        slopes.impact_slope,
        (_SCALE / _PRIOR_STD) ** 2,
        slopes.first,
        slopes.last,
        LONG_HALF_AXIS_M**2 / CHI_SQUARE_95_TWO,
        found,
    )
    return found * STEP_S


def _seconds_in_sight(spells: Spells, sensor: int, slopes: ImpactSlopes) -> F64:
    """Return how much of the interval up to each sample a sensor sees in free flight, (n, t)."""
    paths, time_s = len(slopes.burn_out_s), slopes.time_s
    seen = np.zeros((paths, len(time_s)))
    rows = np.flatnonzero((spells.sensor == sensor) & (spells.path < paths))
    path = spells.path[rows]
    free_s = np.maximum(spells.first_seen_s[rows], slopes.burn_out_s[path])
    begin = np.maximum(free_s[:, None], time_s - STEP_S)
    end = np.minimum(spells.last_seen_s[rows, None], time_s)
    np.add.at(seen, path, np.clip(end - begin, 0.0, None))
    return seen
