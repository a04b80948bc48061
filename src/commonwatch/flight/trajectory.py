"""Whole flights, sampled from lift-off to the end on one grid of times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commonwatch.earth.gravity import Gravity
from commonwatch.errors import InputError
from commonwatch.flight.ballistic import Arcs
from commonwatch.flight.hermite_kernel import hermite_weights
from commonwatch.flight.powered import state_vector
from commonwatch.flight.propagation import sample

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trajectories:
    """A batch of flights sampled each ``interval_s`` seconds from lift-off.

    Sample ``k`` of a flight belongs to the time ``min(k * interval_s, end_s)``: samples past the
    end repeat the end. Between samples the cubic Hermite polynomial of positions and velocities
    holds. Its error is the interval's fourth power over 384 times the fourth derivative,
    millimetres in free flight at 10 s; in the one interval that holds burn-out, where the
    acceleration jumps by a, it is up to a ``interval_s``^2 / 60 (both *derived*).

    Parameters
    ----------
    interval_s
        Seconds between samples.
    state_vector
        (n, t, 6), ECEF, m and m/s.
    burn_out_s
        (n,), seconds from lift-off to burn-out; 0 for an impulsive start, infinite where the whole
        path is powered.
    end_s
        (n,), last instant that the samples describe, seconds from lift-off.
    comes_down
        (n,), true where the end is the impact on the ellipsoid; false where a recorded path stops
        or the flight does not come down.
    """

    interval_s: float
    state_vector: F64
    burn_out_s: F64
    end_s: F64
    comes_down: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        count = self.state_vector.shape[0]
        if self.state_vector.ndim != 3 or self.state_vector.shape[2] != 6:
            raise InputError(
                f"state_vector has shape {self.state_vector.shape}", allowed="shape (n, t, 6)"
            )
        if not np.isfinite(self.state_vector).all():
            raise InputError("state_vector holds a value that is not finite", allowed="numbers")
        for name in ("burn_out_s", "end_s", "comes_down"):
            if getattr(self, name).shape != (count,):
                raise InputError(
                    f"{name} has shape {getattr(self, name).shape}", allowed=f"shape ({count},)"
                )
        if not (self.end_s <= (self.sample_count - 1) * self.interval_s + 1e-9).all():
            raise InputError(
                f"a flight ends at {self.end_s.max():.1f} s, after its last sample",
                allowed=f"at most {(self.sample_count - 1) * self.interval_s:.1f} s",
            )
        for name in ("state_vector", "burn_out_s", "end_s", "comes_down"):
            getattr(self, name).setflags(write=False)

    @property
    def path_count(self) -> int:
        """Number of flights."""
        return len(self.burn_out_s)

    @property
    def sample_count(self) -> int:
        """Samples per flight."""
        return int(self.state_vector.shape[1])

    @property
    def impact_s(self) -> F64:
        """Seconds from lift-off to impact, (n,); nan where the flight does not come down."""
        impact: F64 = np.where(self.comes_down, self.end_s, np.nan)
        return impact

    def sample_time_s(self, path: int) -> F64:
        """Return the times of one flight's samples, (t,), seconds from lift-off."""
        grid = np.arange(self.sample_count) * self.interval_s
        time_s: F64 = np.minimum(grid, self.end_s[path])
        return time_s

    def state_vector_at(self, path: npt.NDArray[np.integer], time_s: F64) -> F64:
        """Return state vectors between samples, by the cubic Hermite polynomial.

        Parameters
        ----------
        path
            (m,), which flight each is of.
        time_s
            (m,), seconds from lift-off, 0 to the end of that flight.

        Returns
        -------
        state_vector
            (m, 6), ECEF, m and m/s.
        """
        end_s = self.end_s[path]
        last = np.maximum(np.ceil(end_s / self.interval_s).astype(np.intp) - 1, 0)
        k = np.minimum((time_s / self.interval_s).astype(np.intp), last)
        span = np.minimum((k + 1) * self.interval_s, end_s) - k * self.interval_s
        span = np.where(span > 0.0, span, 1.0)
        part = (time_s - k * self.interval_s) / span
        return _between(self.state_vector[path, k], self.state_vector[path, k + 1], part, span)


def whole_flights(arcs: Arcs, *, interval_s: float, gravity: Gravity = Gravity.J2) -> Trajectories:
    """Sample solved arcs from lift-off to impact: the powered phase, then free flight.

    Parameters
    ----------
    arcs
        Solved arcs; refused ones must have been left out.
    interval_s
        Seconds between samples, at most 30.
    gravity
        The force model that the arcs were solved with.

    Returns
    -------
    Trajectories
        Flights in the order of the arcs.
    """
    burn = arcs.powered.burn_time_s
    end = arcs.time_of_flight_s
    if not np.isfinite(end).all():
        raise InputError("an arc does not come down", allowed="solved arcs only")
    count = int(np.ceil(np.max(end) / interval_s)) + 1
    grid = np.arange(count) * interval_s
    first = np.ceil(burn / interval_s).astype(np.int64)
    samples = np.empty((len(burn), count, 6))
    powered_count = int(first.max())
    if powered_count:
        times = np.minimum(grid[:powered_count], burn[:, None])
        samples[:, :powered_count] = state_vector(arcs.powered, times)
    free = sample(
        arcs.burn_out_state_vector,
        first_s=first * interval_s - burn,
        interval_s=interval_s,
        count=count - int(first.min()),
        gravity=gravity,
    )
    for offset in np.unique(first):  # flights of one burn time, the usual case, go in one go
        rows = first == offset
        samples[rows, offset:] = free[rows, : count - offset]
    is_past = grid[None, :] >= end[:, None]
    flight, past = np.nonzero(is_past)
    samples[flight, past] = arcs.free.state_vector[flight]
    return Trajectories(
        interval_s=interval_s,
        state_vector=samples,
        burn_out_s=burn.copy(),
        end_s=end,
        comes_down=np.ones(len(burn), bool),
    )


def recorded_path(
    time_s: F64, state_vector_recorded: F64, *, interval_s: float, burn_out_s: float
) -> Trajectories:
    """Resample one recorded path on a uniform grid by cubic Hermite polynomials.

    Parameters
    ----------
    time_s
        (m,), increasing, seconds from lift-off; the path begins at its first sample.
    state_vector_recorded
        (m, 6), ECEF.
    interval_s
        Seconds between samples of the result.
    burn_out_s
        Seconds from lift-off to the end of the powered phase.
    """
    if not (np.diff(time_s) > 0.0).all():
        raise InputError("recorded times do not increase", allowed="increasing seconds")
    end = float(time_s[-1])
    grid = np.minimum(np.arange(int(np.ceil(end / interval_s)) + 1) * interval_s, end)
    row = np.clip(np.searchsorted(time_s, grid, side="right") - 1, 0, len(time_s) - 2)
    width = time_s[row + 1] - time_s[row]
    part = np.clip((grid - time_s[row]) / width, 0.0, 1.0)
    before, after = state_vector_recorded[row], state_vector_recorded[row + 1]
    return Trajectories(
        interval_s=interval_s,
        state_vector=_between(before, after, part, width)[None],
        burn_out_s=np.array([burn_out_s]),
        end_s=np.array([end]),
        comes_down=np.array([False]),
    )


def _between(before: F64, after: F64, part: F64, span_s: F64) -> F64:
    """Return state vectors between pairs of samples, (m, 6); ``part`` is 0 to 1, (m,)."""
    part, span_s = part[:, None], span_s[:, None]
    to_end, from_start_s, from_end_s = hermite_weights(part, span_s)
    chord, start, end = after[:, :3] - before[:, :3], before[:, 3:], after[:, 3:]
    position = before[:, :3] + to_end * chord + from_start_s * start + from_end_s * end
    velocity = (
        6.0 * part * (1.0 - part) / span_s * chord
        + (1.0 - part) * (1.0 - 3.0 * part) * start
        + part * (3.0 * part - 2.0) * end
    )
    return np.concatenate([position, velocity], axis=1)
