"""Free flight of a batch: to the ground, an altitude or apogee; after a time; at fixed samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.atmosphere import density_table
from commonwatch.earth.ellipsoid import ECCENTRICITY_SQUARED, SEMI_MAJOR_AXIS_M
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2, Gravity, zonal_coefficients
from commonwatch.errors import InputError
from commonwatch.flight import propagation_kernel as kernels
from commonwatch.flight.dynamics_kernel import BLOCK, LANES
from commonwatch.kernels import run_in_chunks

F64 = npt.NDArray[np.float64]

TOLERANCE_M: Final = 1e-2
"""Default error of a position in one step; what it leaves at impact: ``docs/validation.md``."""
TIME_MAX_S: Final = 2.0 * 86_400.0
"""A flight still up after two days is said to stay aloft."""
DISTANCE_MIN_M: Final = 1e6
"""A point nearer to the Earth's centre is refused: most likely kilometres were given."""
_COORDINATE_MAX: Final = 1e12
_NO_AIR: Final = np.zeros((0, 4))
_FLIGHTS_A_CHUNK: Final = 2_048


class Outcome(IntEnum):
    """How a flight ended."""

    ARRIVED = kernels.ARRIVED
    ALOFT = kernels.ALOFT
    STARTS_BELOW = kernels.STARTS_BELOW
    NOT_REACHED = kernels.NOT_REACHED

    @property
    def reason(self) -> str:
        """Why a flight did not arrive, in words; empty where it did."""
        return {
            Outcome.ARRIVED: "",
            Outcome.ALOFT: "does not come down within 2 days: in orbit, or leaving the Earth",
            Outcome.STARTS_BELOW: "starts below the stop and falls",
            Outcome.NOT_REACHED: "apogee lies below the altitude of the stop",
        }[self]


@dataclass(frozen=True, slots=True)
class Stop:
    """Where free flight stops.

    Parameters
    ----------
    altitude_m
        Height above the WGS-84 ellipsoid, crossed on the way down; None stops at apogee, the
        greatest height above the ellipsoid.
    """

    altitude_m: float | None

    def __post_init__(self) -> None:
        if self.altitude_m is not None and not math.isfinite(self.altitude_m):
            raise InputError(f"the stop's altitude is {self.altitude_m}", allowed="a finite number")


GROUND: Final = Stop(0.0)
APOGEE: Final = Stop(None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FreeFlight:
    """Ends of a batch of free flights.

    Parameters
    ----------
    state_vector
        (n, 6), ECEF, at the end; nan where the flight did not arrive.
    time_s
        (n,), seconds after the start; nan where the flight did not arrive.
    apogee_altitude_m, apogee_time_s
        (n,), the greatest height above the ellipsoid and its time; the start where the flight
        only falls. nan where it was not sought, or not reached before the flight was given up,
        as when it leaves the Earth.
    outcome
        (n,), an ``Outcome`` each.
    """

    state_vector: F64
    time_s: F64
    apogee_altitude_m: F64
    apogee_time_s: F64
    outcome: npt.NDArray[np.int8]

    @property
    def arrives(self) -> npt.NDArray[np.bool_]:
        """Whether each flight reached its stop, (n,)."""
        arrived: npt.NDArray[np.bool_] = self.outcome == Outcome.ARRIVED
        return arrived


def free_flight(
    state_vector: npt.ArrayLike,
    *,
    stop: Stop = GROUND,
    gravity: Gravity = Gravity.J2,
    ballistic_coefficient_kg_m2: npt.ArrayLike | None = None,
    tolerance_m: float = TOLERANCE_M,
    seeks_apogee: bool = True,
) -> FreeFlight:
    """Fly a batch freely until it stops.

    Parameters
    ----------
    state_vector
        (n, 6), ECEF, m and m/s.
    stop
        ``GROUND`` (the ellipsoid), ``APOGEE`` (the first, or the start where that is higher), or
        ``Stop(altitude_m)`` on the way down.
    gravity
        Two-body, J2 or the zonal terms to J4.
    ballistic_coefficient_kg_m2
        (n,) or one number, mass over drag coefficient times area; None flies without air.
    tolerance_m
        Error allowed to a position in one step of DOP853.
    seeks_apogee
        False leaves apogee out, which saves time. A stop above the ground needs it.

    Returns
    -------
    FreeFlight
        Where and when each flight stopped, and its apogee.

    Raises
    ------
    InputError
        A value that is not finite, a point within 1,000 km of the Earth's centre, a ballistic
        coefficient that is not positive.

    Notes
    -----
    Zonal gravity in the frame that turns uniformly with the Earth; drag in the 1976 standard
    atmosphere below 120 km, which turns with the Earth. Against reference flights of the same model
    see ``docs/validation.md``.

    **Limits.** No tesseral gravity, Sun or Moon: what that costs at impact stands there too. No
    lift, no break-up; drag by one ballistic coefficient for the whole flight.
    """
    start = _checked(state_vector)
    at_apogee = stop.altitude_m is None
    altitude_m = 0.0 if stop.altitude_m is None else stop.altitude_m
    seeks = seeks_apogee or at_apogee or altitude_m > 0.0
    condition = _Condition(
        kind=kernels.STOP_AT_APOGEE if at_apogee else kernels.STOP_AT_ALTITUDE,
        altitude_m=altitude_m,
        seeks_apogee=seeks,
        time_max_s=np.full(len(start), TIME_MAX_S),
    )
    drag = _drag(ballistic_coefficient_kg_m2, len(start))
    flown = _fly(start, condition, drag, gravity=gravity, tolerance_m=tolerance_m)
    lost = flown.outcome != Outcome.ARRIVED
    flown.state_vector[lost] = np.nan
    flown.time_s[lost] = np.nan
    if not seeks:
        flown.apogee_altitude_m[:] = np.nan
        flown.apogee_time_s[:] = np.nan
    return flown


def after(
    state_vector: npt.ArrayLike,
    duration_s: npt.ArrayLike,
    *,
    gravity: Gravity = Gravity.J2,
    ballistic_coefficient_kg_m2: npt.ArrayLike | None = None,
    tolerance_m: float = TOLERANCE_M,
) -> F64:
    """Return the state vectors ``duration_s`` seconds later, error-controlled.

    Parameters
    ----------
    state_vector
        (n, 6), ECEF.
    duration_s
        (n,) or one number, 0 or more; the ground is ignored.
    gravity, ballistic_coefficient_kg_m2, tolerance_m
        As for ``free_flight``.

    Returns
    -------
    state_vector
        (n, 6), ECEF.
    """
    start = _checked(state_vector)
    duration = np.array(np.broadcast_to(np.asarray(duration_s, float), (len(start),)))
    if not (np.isfinite(duration).all() and (duration >= 0.0).all()):
        raise InputError("a duration is negative or not finite", allowed="0 s or more")
    condition = _Condition(
        kind=kernels.STOP_AT_TIME, altitude_m=0.0, seeks_apogee=False, time_max_s=duration
    )
    drag = _drag(ballistic_coefficient_kg_m2, len(start))
    flown = _fly(start, condition, drag, gravity=gravity, tolerance_m=tolerance_m)
    still = duration == 0.0
    flown.state_vector[still] = start[still]
    return flown.state_vector


def sample(
    state_vector: npt.ArrayLike,
    *,
    interval_s: float,
    count: int,
    first_s: npt.ArrayLike = 0.0,
    gravity: Gravity = Gravity.J2,
    ballistic_coefficient_kg_m2: npt.ArrayLike | None = None,
) -> F64:
    """Sample a batch of free flights on one grid of times.

    Parameters
    ----------
    state_vector
        (n, 6), ECEF.
    interval_s
        Seconds between samples, at most 30: without air each interval is one Runge-Kutta step.
    count
        Samples per flight.
    first_s
        (n,) or one number: seconds from the given state to the first sample.
    gravity, ballistic_coefficient_kg_m2
        As for ``free_flight``.

    Returns
    -------
    state_vector
        (n, count, 6), ECEF. The ground is ignored: samples go on below it.
    """
    start = _checked(state_vector)
    flights = len(start)
    if not 0.0 < interval_s <= 30.0:
        raise InputError(f"interval_s is {interval_s}", allowed="more than 0, at most 30 s")
    first = np.array(np.broadcast_to(np.asarray(first_s, float), (flights,)))
    if ballistic_coefficient_kg_m2 is not None:
        out = np.empty((flights, count, 6))
        for k in range(count):
            start = after(
                start,
                first if k == 0 else interval_s,
                gravity=gravity,
                ballistic_coefficient_kg_m2=ballistic_coefficient_kg_m2,
            )
            out[:, k] = start
        return out
    blocks = sample_in_blocks(start, first, interval_s=interval_s, count=count, gravity=gravity)
    lanes = blocks.reshape(-1, count, 6, LANES)
    return np.ascontiguousarray(lanes.transpose(0, 3, 1, 2).reshape(-1, count, 6)[:flights])


def sample_in_blocks(
    state_vector: F64,
    first_s: F64,
    *,
    interval_s: float,
    count: int,
    gravity: Gravity,
    out: F64 | None = None,
) -> F64:
    """Sample as ``sample`` does, in the order in which it is computed.

    Parameters
    ----------
    state_vector
        (n, 6), ECEF.
    first_s
        (n,), seconds to the first sample.
    interval_s, count, gravity
        As for ``sample``.
    out
        (ceil(n / 32), count, 192), reused where given: a fresh array costs more than the flight.

    Returns
    -------
    blocks
        (ceil(n / 32), count, 192): 6 components of 32 lanes each.
    """
    blocks = -(-len(state_vector) // LANES)
    samples = np.empty((blocks, count, BLOCK)) if out is None else out
    field, degree = _field(gravity)

    def work(first: int, last: int) -> None:
        kernels.sample_blocks(
            state_vector, first_s, interval_s, count, field, degree, samples, first, last
        )

    run_in_chunks(work, blocks, chunk=64)
    return samples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Condition:
    """When flights end, as the kernel wants it told."""

    kind: int
    altitude_m: float
    seeks_apogee: bool
    time_max_s: F64


def _fly(
    start: F64,
    condition: _Condition,
    drag: tuple[F64, F64],
    *,
    gravity: Gravity,
    tolerance_m: float,
) -> FreeFlight:
    if not (math.isfinite(tolerance_m) and tolerance_m > 0.0):
        raise InputError(f"tolerance_m is {tolerance_m}", allowed="a finite number above 0")
    count = len(start)
    flown = FreeFlight(
        state_vector=np.empty((count, 6)),
        time_s=np.empty(count),
        apogee_altitude_m=np.empty(count),
        apogee_time_s=np.empty(count),
        outcome=np.zeros(count, np.int8),
    )
    (inverse_ballistic, air), (field, degree) = drag, _field(gravity)
    wanted = condition

    def work(first: int, last: int) -> None:
        kernels.fly(
            start, inverse_ballistic, wanted.time_max_s, wanted.kind, wanted.altitude_m,
            wanted.seeks_apogee, tolerance_m, field, degree, air, flown.state_vector,
            flown.time_s, flown.apogee_altitude_m, flown.apogee_time_s, flown.outcome, first, last,
        )  # fmt: skip

    run_in_chunks(work, count, chunk=_FLIGHTS_A_CHUNK)
    return flown


def _field(gravity: Gravity) -> tuple[F64, int]:
    degree = {Gravity.TWO_BODY: 0, Gravity.J2: 2, Gravity.J4: 4}[gravity]
    constants = (
        GM_M3_S2,
        SEMI_MAJOR_AXIS_M,
        EARTH_RATE_RAD_S,
        *zonal_coefficients(gravity),
        ECCENTRICITY_SQUARED,
    )
    return np.array(constants), degree


def _drag(ballistic_coefficient_kg_m2: npt.ArrayLike | None, count: int) -> tuple[F64, F64]:
    if ballistic_coefficient_kg_m2 is None:
        return np.zeros(count), _NO_AIR
    coefficient = np.broadcast_to(np.asarray(ballistic_coefficient_kg_m2, float), (count,))
    wrong = ~(np.isfinite(coefficient) & (coefficient > 0.0))
    if wrong.any():
        raise InputError(
            f"a ballistic coefficient is {coefficient[wrong][0]} kg/m2",
            allowed="a finite number above 0",
            where=f"row {int(np.flatnonzero(wrong)[0])}",
        )
    return 1.0 / coefficient, density_table()


def _checked(state_vector: npt.ArrayLike) -> F64:
    start = np.array(state_vector, float, order="C", copy=None)
    if not start.flags.writeable:
        start = start.copy()  # the compiled signatures take writeable arrays only
    if start.ndim != 2 or start.shape[1] != 6:
        raise InputError(f"state_vector has shape {start.shape}", allowed="shape (n, 6)")
    wrong = ~(np.abs(start) <= _COORDINATE_MAX).all(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        is_finite = bool(np.isfinite(start[row]).all())
        raise InputError(
            "state_vector holds a value that is "
            + (f"as large as {np.abs(start[row]).max():.3g}" if is_finite else "not finite"),
            allowed=f"numbers up to {_COORDINATE_MAX:.0e}, in metres and metres per second",
            where=f"row {row}",
        )
    distance = np.linalg.norm(start[:, :3], axis=1)
    if (distance < DISTANCE_MIN_M).any():
        row = int(np.flatnonzero(distance < DISTANCE_MIN_M)[0])
        raise InputError(
            f"a position lies {distance[row]:,.0f} m from the Earth's centre",
            allowed=f"at least {DISTANCE_MIN_M:,.0f} m",
            where=f"row {row}",
            what_to_do="Check the unit: positions are ECEF metres, not kilometres",
        )
    return start
