"""Whether recorded samples are free flight, with the evidence.

In free flight gravity alone changes the velocity. What it does not explain,

    w(t) = v(t) - v(t_0) - integral of g(x, v) dt,

with ``g`` gravity, Coriolis and centrifugal acceleration, then stays level, and its slope is the
residual acceleration. Slopes are taken by robust straight lines over sliding windows, since
telemetry of one sample a second is too noisy to difference. A second, independent sign: all windows
of one free flight predict the same apogee.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.earth.gravity import Gravity, acceleration_ecef
from commonwatch.errors import InputError
from commonwatch.flight.propagation import APOGEE, free_flight

F64 = npt.NDArray[np.float64]

AFTER_CUT_OFF_S: Final = 8.0
"""Thrust tails off, and smoothed telemetry lags: seconds after cut-off that are not judged."""
RESIDUAL_FREE_M_S2: Final = 0.5
RESIDUAL_NOT_FREE_M_S2: Final = 1.0
APOGEE_DIFFERENCE_MAX_M: Final = 3_000.0
WINDOW_S: Final = 30.0
_WINDOW_SAMPLES_MIN: Final = 9
_STEPS_A_WINDOW: Final = 6
_ASCENDING_MIN_M_S: Final = 50.0
_UP_TO_VELOCITY: Final = np.hstack([np.zeros((3, 3)), np.eye(3)])
_APOGEE_NOISES: Final = 6.0
"""Standard errors that the worst of a hundred predictions may differ by."""
_HUBER: Final = 1.345
"""Residuals beyond this many standard deviations lose weight (Huber 1964: 95 % efficient)."""


class Verdict(StrEnum):
    """What the samples show."""

    FREE_FLIGHT = "free flight"
    NOT_FREE_FLIGHT = "not free flight"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoastEvidence:
    """What speaks for and against free flight.

    Parameters
    ----------
    verdict
        What follows from the figures below.
    first_s, last_s
        First and last instant judged.
    sample_count, window_count
        Samples judged, and windows laid over them.
    window_s
        Length of a window.
    residual_median_m_s2, residual_max_m_s2
        Residual acceleration of the windows: gravity taken off.
    residual_max_at_s
        Middle of the window of the greatest residual.
    noise_floor_m_s2
        Standard error of one window's residual, from the samples' own scatter about its straight
        line, serial correlation counted.
    along_m_s2
        Component of the greatest residual along the velocity: negative brakes.
    apogee_m
        Apogee predicted from the first window; nan where that one does not climb.
    apogee_difference_m
        Greatest difference from it, over the predictions of all other climbing windows, and the
        highest sample where the samples pass over the top; nan where nothing could be compared.
    apogee_noise_m
        Standard error of the first prediction, the least certain of a climb, from the scatter of
        the velocities.
    """

    verdict: Verdict
    first_s: float
    last_s: float
    sample_count: int
    window_count: int
    window_s: float
    residual_median_m_s2: float
    residual_max_m_s2: float
    residual_max_at_s: float
    noise_floor_m_s2: float
    along_m_s2: float
    apogee_m: float
    apogee_difference_m: float
    apogee_noise_m: float

    @property
    def is_free_flight(self) -> bool:
        """Whether the samples pass the coast test."""
        return self.verdict is Verdict.FREE_FLIGHT

    @property
    def sentence(self) -> str:
        """The evidence in words."""
        apogee = (
            "no apogee could be compared"
            if np.isnan(self.apogee_difference_m)
            else f"predicted apogees differ by at most {self.apogee_difference_m / 1e3:.2f} km "
            f"(noise {self.apogee_noise_m / 1e3:.2f})"
        )
        return (
            f"{self.verdict} from {self.first_s:.0f} to {self.last_s:.0f} s: residual acceleration "
            f"{self.residual_median_m_s2:.2f} m/s2 in the median and {self.residual_max_m_s2:.2f} "
            f"m/s2 at most (near {self.residual_max_at_s:.0f} s, {self.along_m_s2:+.2f} along the "
            f"velocity; noise {self.noise_floor_m_s2:.2f}) over {self.window_count} windows of "
            f"{self.window_s:.0f} s; {apogee}"
        )


def coast_evidence(
    time_s: npt.ArrayLike,
    state_vector: npt.ArrayLike,
    *,
    cut_off_s: float | None = None,
    gravity: Gravity = Gravity.J2,
) -> CoastEvidence:
    """Say with evidence whether samples are free flight.

    Parameters
    ----------
    time_s
        (n,), rising.
    state_vector
        (n, 6), ECEF, m and m/s over the turning Earth; see ``recorded.from_vertical_plane``.
    cut_off_s
        Engine cut-off: samples earlier than 8 s after it are left out. None judges them all.
    gravity
        The gravity that is taken off.

    Returns
    -------
    CoastEvidence
        Free flight where every window's residual is below 0.5 m/s2 and the predicted apogees agree
        within 3 km; not free flight where a residual exceeds 1 m/s2, or the apogees differ by more;
        undecided between, and where noise alone explains what speaks against free flight (three
        standard errors of a residual, six of an apogee) or could hide a burn.

    Raises
    ------
    InputError
        Fewer than 9 samples to judge, times that do not rise, a value that is not finite.

    Notes
    -----
    1. Integrate gravity along the samples and take it off the velocities.
    2. Fit a straight line to what is left, by iterated Huber weights, over windows of 30 s (at
       least 9 samples), six to a window's length.
    3. From each climbing window's fitted position and velocity predict the apogee.

    **Limits.** A window averages: a burn of less than 0.5 m/s2 times 30 s in all, 15 m/s, can hide,
    unless it moves the apogee by 3 km. Air counts as residual: a coast in it is rightly refused.
    In telemetry of a vertical plane the sideways Coriolis acceleration is not recorded and shows as
    a residual of up to 2 omega v, 0.3 m/s2 at 2 km/s (*derived*). A metre per second moves an
    apogee at the radius r by v r^2 / GM (*derived*): kilometres on a high arc.
    """
    time, state_vectors = _judged(time_s, state_vector, cut_off_s)
    residual = _Windows.over(time, state_vectors, gravity)
    size = np.linalg.norm(residual.slope_m_s2, axis=1)
    worst = int(np.argmax(size))
    heading = residual.state_vector[worst, 3:]
    noise = float(np.median(residual.noise_m_s2))
    apogee_m, difference_m, apogee_noise_m = _apogees(state_vectors, residual, gravity)
    return CoastEvidence(
        verdict=_verdict(float(size[worst]), noise, difference_m, apogee_noise_m),
        first_s=float(time[0]),
        last_s=float(time[-1]),
        sample_count=len(time),
        window_count=len(size),
        window_s=residual.length_s,
        residual_median_m_s2=float(np.median(size)),
        residual_max_m_s2=float(size[worst]),
        residual_max_at_s=float(residual.middle_s[worst]),
        noise_floor_m_s2=noise,
        along_m_s2=float(residual.slope_m_s2[worst] @ heading / np.linalg.norm(heading)),
        apogee_m=apogee_m,
        apogee_difference_m=difference_m,
        apogee_noise_m=apogee_noise_m,
    )


def first_coast(
    time_s: npt.ArrayLike,
    state_vector: npt.ArrayLike,
    *,
    cut_off_s: float,
    gravity: Gravity = Gravity.J2,
) -> tuple[float, F64]:
    """Find where free flight begins, and a state vector on it that has the noise taken out.

    Parameters
    ----------
    time_s, state_vector, cut_off_s, gravity
        As for ``coast_evidence``.

    Returns
    -------
    first_s
        The first sample, at least 8 s after cut-off, from which a window passes the limit of
        0.5 m/s2.
    state_vector
        (6,), ECEF: the fitted one in the middle of that window.

    Raises
    ------
    InputError
        No window passes.

    Notes
    -----
    **Limits.** The last four seconds or so of a burn can pass as outliers of the window's line,
    which is why cut-off is an argument.
    """
    time, state_vectors = _judged(time_s, state_vector, cut_off_s)
    windows = _Windows.over(time, state_vectors, gravity, is_every_sample=True)
    passes = np.flatnonzero(np.linalg.norm(windows.slope_m_s2, axis=1) < RESIDUAL_FREE_M_S2)
    if not passes.size:
        raise InputError(
            "no part of the samples is free flight",
            allowed=f"a residual below {RESIDUAL_FREE_M_S2} m/s2 over {WINDOW_S:.0f} s",
        )
    row = int(passes[0])
    return float(windows.first_s[row]), windows.state_vector[row]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Windows:
    """Robust straight lines through the unexplained velocity, one a window, (k,) each."""

    length_s: float
    first_s: F64
    middle_s: F64
    slope_m_s2: F64
    noise_m_s2: F64
    state_vector: F64

    @classmethod
    def over(
        cls, time: F64, state_vectors: F64, gravity: Gravity, *, is_every_sample: bool = False
    ) -> _Windows:
        """Lay windows over the samples and fit a line in each."""
        pull = acceleration_ecef(state_vectors[:, :3], state_vectors[:, 3:], gravity)
        step = np.diff(time)[:, None]
        gained = np.vstack([np.zeros(3), np.cumsum(0.5 * step * (pull[1:] + pull[:-1]), axis=0)])
        spacing = float(np.median(step))
        length = min(max(WINDOW_S, (_WINDOW_SAMPLES_MIN - 1) * spacing), time[-1] - time[0])
        starts = time[time <= time[-1] - length + 1e-9]
        if not is_every_sample:
            wanted = np.arange(time[0], starts[-1] + 1e-9, length / _STEPS_A_WINDOW)
            starts = starts[np.unique(np.searchsorted(starts, wanted - 1e-9))]
        rows = []
        for start in starts:
            inside = (time >= start - 1e-9) & (time <= start + length + 1e-9)
            middle = start + 0.5 * length
            since = time[inside] - middle
            level, slope, noise = _line(since, state_vectors[inside, 3:] - gained[inside])
            fallen = np.array([np.interp(middle, time, gained[:, k]) for k in range(3)])
            velocity = level + fallen
            mean_pull = pull[inside].mean(axis=0) + slope
            path = np.outer(since, velocity) + 0.5 * np.outer(since**2, mean_pull)
            position = np.median(state_vectors[inside, :3] - path, axis=0)
            rows.append((start, middle, noise, *slope, *position, *velocity))
        table = np.array(rows)
        return cls(
            length_s=float(length),
            first_s=table[:, 0],
            middle_s=table[:, 1],
            noise_m_s2=table[:, 2],
            slope_m_s2=table[:, 3:6],
            state_vector=table[:, 6:],
        )


def _line(since: F64, velocity: F64) -> tuple[F64, F64, float]:
    """Fit level and slope per axis by iterated Huber weights; and the slope's standard error."""
    columns = np.column_stack([np.ones_like(since), since])
    level, slope, variance = np.empty(3), np.empty(3), 0.0
    for axis in range(3):
        weight = np.ones_like(since)
        for _ in range(6):
            root = np.sqrt(weight)
            fit = np.linalg.lstsq(columns * root[:, None], velocity[:, axis] * root, rcond=None)[0]
            off = velocity[:, axis] - columns @ fit
            scale = max(1.4826 * float(np.median(np.abs(off))), 1e-9)
            weight = np.minimum(1.0, _HUBER * scale / np.maximum(np.abs(off), 1e-12))
        level[axis], slope[axis] = fit
        off = off - off.mean()
        power = float(off @ off)
        together = float(off[1:] @ off[:-1]) / power if power > 0.0 else 0.0
        together = min(max(together, 0.0), 0.9)
        spread = power / max(len(since) - 2, 1) / float(since @ since)
        variance += spread * (1.0 + together) / (1.0 - together)
    return level, slope, float(np.sqrt(variance))


def _apogees(state_vectors: F64, windows: _Windows, gravity: Gravity) -> tuple[float, float, float]:
    """Return the first predicted apogee, the greatest difference from it, and its noise."""
    fitted = windows.state_vector
    latitude, longitude, _ = geodetic_from_ecef(fitted[:, :3])
    up = rotation_enu_from_ecef(latitude, longitude)[:, 2]
    climb = np.sum(up * fitted[:, 3:], axis=1)
    climbing = np.flatnonzero(climb > _ASCENDING_MIN_M_S)
    if not climbing.size or climbing[0] != 0:
        return float("nan"), float("nan"), float("nan")
    faster = fitted[climbing] + up[climbing] @ _UP_TO_VELOCITY
    predicted, above = (
        free_flight(start, stop=APOGEE, gravity=gravity).apogee_altitude_m
        for start in (fitted[climbing], faster)
    )
    # A line over a length T: the standard error of its middle is T / sqrt(12) that of its slope.
    velocity_std_m_s = windows.noise_m_s2[0] * windows.length_s / np.sqrt(12.0)
    noise_m = float((above - predicted)[0] * velocity_std_m_s)
    others = predicted[1:]
    _, _, height = geodetic_from_ecef(state_vectors[:, :3])
    if climb[-1] < -_ASCENDING_MIN_M_S:
        others = np.append(others, height.max())
    first = float(predicted[0])
    difference_m = float(np.max(np.abs(others - first))) if others.size else float("nan")
    return first, difference_m, noise_m


def _verdict(
    residual_m_s2: float, noise_m_s2: float, apogee_difference_m: float, apogee_noise_m: float
) -> Verdict:
    if residual_m_s2 > RESIDUAL_NOT_FREE_M_S2 and residual_m_s2 > 3.0 * noise_m_s2:
        return Verdict.NOT_FREE_FLIGHT
    if noise_m_s2 > 0.5 * RESIDUAL_FREE_M_S2:
        return Verdict.UNDECIDED
    if apogee_difference_m > APOGEE_DIFFERENCE_MAX_M:
        is_noise = apogee_difference_m <= _APOGEE_NOISES * apogee_noise_m
        return Verdict.UNDECIDED if is_noise else Verdict.NOT_FREE_FLIGHT
    return Verdict.FREE_FLIGHT if residual_m_s2 < RESIDUAL_FREE_M_S2 else Verdict.UNDECIDED


def _judged(
    time_s: npt.ArrayLike, state_vector: npt.ArrayLike, cut_off_s: float | None
) -> tuple[F64, F64]:
    time, state_vectors = np.asarray(time_s, float), np.asarray(state_vector, float)
    if time.ndim != 1 or state_vectors.shape != (len(time), 6):
        raise InputError(
            f"time_s has shape {time.shape}, state_vector {state_vectors.shape}",
            allowed="shapes (n,) and (n, 6)",
        )
    if not (np.isfinite(time).all() and np.isfinite(state_vectors).all()):
        raise InputError("a sample holds a value that is not finite", allowed="numbers")
    if not (np.diff(time) > 0.0).all():
        raise InputError("recorded times do not rise", allowed="rising seconds")
    if cut_off_s is not None:
        kept = time >= cut_off_s + AFTER_CUT_OFF_S
        time, state_vectors = time[kept], state_vectors[kept]
    if len(time) < _WINDOW_SAMPLES_MIN:
        raise InputError(
            f"{len(time)} samples to judge", allowed=f"{_WINDOW_SAMPLES_MIN} samples or more"
        )
    return time, state_vectors
