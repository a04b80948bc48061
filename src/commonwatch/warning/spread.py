"""Estimates carried through free flight with their uncertainty: thirteen flights each.

The middle of an estimate and twelve points around it, at the root of 6 standard deviations along
the axes of its covariance, fly on; what they do is the mean and covariance of the answer (the
unscented transform with equal weights, exact to third order). So an ellipse that is long enough to
bend is moved and widened as it should be.

=====================  ====================================================  =======
figure                 source                                                mark
=====================  ====================================================  =======
``TIME_MAX_S``         longer than any arc back to the ground that matters   assumed
``PERIGEE_ALOFT_M``    above it an orbit lasts for days                      assumed
=====================  ====================================================  =======

References
----------
S. J. Julier, J. K. Uhlmann, "Unscented filtering and nonlinear estimation", Proceedings of the
IEEE 92, 2004, 401-422, doi:10.1109/JPROC.2003.823141.
I. Arasaratnam, S. Haykin, "Cubature Kalman filters", IEEE Transactions on Automatic Control 54,
2009, 1254-1269, doi:10.1109/TAC.2009.2019800.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import SEMI_MAJOR_AXIS_M, geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2
from commonwatch.kernels import run_in_chunks
from commonwatch.tracking.estimate import FIELD
from commonwatch.warning import arc_kernel

F64 = npt.NDArray[np.float64]

POINTS: Final = 13
"""Points of an estimate, the middle first."""
TIME_MAX_S: Final = 4.0 * 3_600.0
PERIGEE_ALOFT_M: Final = 150_000.0
_NARROW: Final = 0.1
"""Share of the spread that is flown where not all of it comes down."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flown:
    """Where flights cross heights, the ground last.

    Parameters
    ----------
    crossed
        (..., k, 6), state vectors, nan where a height is not crossed.
    time_s
        (..., k), seconds from the estimate, negative before it.
    highest
        (..., 6), state vector at the top of the path, nan where none lies on this side.
    arrives
        (...), whether the ground is reached.
    """

    crossed: F64
    time_s: F64
    highest: F64
    arrives: npt.NDArray[np.bool_]


def fly(
    states: F64, *, direction: int, heights_m: F64 | None = None, perigee_m: F64 | None = None
) -> Flown:
    """Fly state vectors freely until they cross the ellipsoid.

    Parameters
    ----------
    states
        (..., 6), ECEF.
    direction
        1 forward in time, -1 back.
    heights_m
        (..., k), heights to note on the way down; None notes the ground alone, which is always
        last.
    perigee_m
        (...), of their orbits, where that is known already.

    Notes
    -----
    Gravity to J2, steps of 10 s of fourth order. A height is that of an ellipsoid with both axes
    longer by so much: within 2 m of the geodetic height up to 60 km
    (``tests/warning/test_spread.py``). An orbit whose perigee lies above 150 km is not flown.

    Limits: no drag; not found is a height that is crossed twice within one step of 10 s.
    """
    shape = states.shape[:-1]
    rows = np.ascontiguousarray(states.reshape(-1, 6))
    count = len(rows)
    ground = np.zeros((count, 1))
    if heights_m is None:
        heights = ground
    else:
        heights = np.concatenate([heights_m.reshape(count, heights_m.shape[-1]), ground], axis=1)
    levels = np.ascontiguousarray(heights)
    width = levels.shape[1]
    crossed, time_s = np.empty((count, width, 6)), np.empty((count, width))
    highest, outcome = np.empty((count, 6)), np.empty(count, dtype=np.int8)
    perigee = apsides_m(rows)[0] if perigee_m is None else perigee_m.reshape(-1)
    time_max_s = np.where(perigee > PERIGEE_ALOFT_M, 0.0, TIME_MAX_S)
    field = FIELD.copy()  # the compiled signature takes a writeable array

    def work(first: int, last: int) -> None:
        arc_kernel.fly(
            rows, float(direction), levels, time_max_s, field, crossed, time_s, highest, outcome,
            first, last,
        )  # fmt: skip

    run_in_chunks(work, count, chunk=512)
    return Flown(
        crossed=crossed.reshape(*shape, width, 6),
        time_s=time_s.reshape(*shape, width),
        highest=highest.reshape(*shape, 6),
        arrives=(outcome == arc_kernel.ARRIVED).reshape(shape),
    )


def apsides_m(states: F64) -> tuple[F64, F64]:
    """Return perigee and apogee of the osculating orbits, heights above the equatorial radius.

    Parameters
    ----------
    states
        (..., 6), ECEF.

    Returns
    -------
    perigee_m, apogee_m
        (...) each; the apogee is infinite where the object leaves the Earth.

    Notes
    -----
    Two-body: within a revolution J2 moves either by the order of J2 a, 7 km (*derived*).
    """
    x, y, z, fast, across, climb = np.moveaxis(states, -1, 0)
    fast, across = fast - EARTH_RATE_RAD_S * y, across + EARTH_RATE_RAD_S * x  # inertial
    radius = np.sqrt(x * x + y * y + z * z)
    energy = 0.5 * (fast * fast + across * across + climb * climb) - GM_M3_S2 / radius
    momentum = (
        (y * climb - z * across) ** 2 + (z * fast - x * climb) ** 2 + (x * across - y * fast) ** 2
    )
    eccentricity = np.sqrt(np.maximum(1.0 + 2.0 * energy * momentum / GM_M3_S2**2, 0.0))
    parameter = momentum / GM_M3_S2
    with np.errstate(divide="ignore"):
        apogee = np.where(eccentricity < 1.0, parameter / (1.0 - eccentricity), np.inf)
    perigee: F64 = parameter / (1.0 + eccentricity) - SEMI_MAJOR_AXIS_M
    return perigee, apogee - SEMI_MAJOR_AXIS_M


def points_of(state_vector: F64, covariance: F64, *, share: float = 1.0) -> F64:
    """Return the points of estimates, (n, 13, 6), the middle first.

    Parameters
    ----------
    state_vector, covariance
        (n, 6) and (n, 6, 6).
    share
        How much of the spread is taken: less than 1 is the linearised answer.
    """
    scale = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 1e-300))
    value, axis = np.linalg.eigh(covariance / (scale[:, :, None] * scale[:, None, :]))
    root = scale[:, :, None] * axis * np.sqrt(np.maximum(value, 0.0))[:, None, :]
    out = np.repeat(state_vector[:, None], POINTS, axis=1)
    steps = share * np.sqrt(6.0) * root.transpose(0, 2, 1)
    out[:, 1:7] += steps
    out[:, 7:] -= steps
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """Points of estimates, flown.

    Parameters
    ----------
    points, perigee_m
        (n, 13, 6) and (n, 13), where they start, and of their orbits.
    share
        (n,), how much of the spread they are: 1, or a tenth where not all of it comes down.
    flown
        (n, 13) flights.
    """

    points: F64
    perigee_m: F64
    share: F64
    flown: Flown

    @property
    def arrives(self) -> npt.NDArray[np.bool_]:
        """Whether every point of each estimate reaches the ground, (n,)."""
        return np.asarray(self.flown.arrives.all(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fan:
    """Estimates and their points, before they fly.

    Parameters
    ----------
    state_vector, covariance
        (n, 6) and (n, 6, 6), ECEF.
    points, perigee_m
        (n, 13, 6) and (n, 13), at the whole spread.
    """

    state_vector: F64
    covariance: F64
    points: F64
    perigee_m: F64

    @staticmethod
    def of(state_vector: F64, covariance: F64) -> Fan:
        """Lay the points of estimates.

        Parameters
        ----------
        state_vector
            (n, 6), ECEF, m and m/s.
        covariance
            (n, 6, 6), positive.
        """
        points = points_of(state_vector, covariance)
        return Fan(
            state_vector=state_vector,
            covariance=covariance,
            points=points,
            perigee_m=apsides_m(points)[0],
        )


def fly_spread(fan: Fan, *, direction: int) -> Spread:
    """Fly estimates to the ground, forward or back, with their uncertainty.

    Parameters
    ----------
    fan
        The estimates.
    direction
        1 forward in time, -1 back.
    """
    points, perigee_m = fan.points, fan.perigee_m
    flown = fly(points, direction=direction, perigee_m=perigee_m)
    share = np.ones(len(points))
    torn = (flown.arrives[:, 0] & ~flown.arrives.all(axis=1)).nonzero()[0]
    if len(torn):
        points, perigee_m = points.copy(), perigee_m.copy()
        points[torn] = points_of(fan.state_vector[torn], fan.covariance[torn], share=_NARROW)
        perigee_m[torn] = apsides_m(points[torn])[0]
        share[torn] = _NARROW
        again = fly(points[torn], direction=direction, perigee_m=perigee_m[torn])
        for name in ("crossed", "time_s", "highest", "arrives"):
            getattr(flown, name)[torn] = getattr(again, name)
    return Spread(points=points, perigee_m=perigee_m, share=share, flown=flown)


def moments(values: F64, share: F64) -> tuple[F64, F64]:
    """Return mean and covariance of what the points came to.

    Parameters
    ----------
    values
        (n, 13, d).
    share
        (n,), how much of the spread the points are.

    Returns
    -------
    mean, covariance
        (n, d) and (n, d, d).
    """
    widening = 1.0 / share**2
    around = values[:, 1:]
    middle = around.mean(axis=1)
    mean = values[:, 0] + (middle - values[:, 0]) * widening[:, None]
    away = around - middle[:, None]
    covariance = np.einsum("npi,npj->nij", away, away) / (POINTS - 1)
    return mean, covariance * widening[:, None, None]


def or_zero(values: F64) -> F64:
    """Return values with 0 in place of nan: what is not known must not warn."""
    return np.where(np.isnan(values), 0.0, values)


def level_offsets_m(origin_ecef_m: F64, position_ecef_m: F64) -> F64:
    """Return east and north of positions from a point on the ground, (n, p, 2).

    Parameters
    ----------
    origin_ecef_m
        (n, 3).
    position_ecef_m
        (n, p, 3).
    """
    latitude, longitude, _ = geodetic_from_ecef(origin_ecef_m)
    level = rotation_enu_from_ecef(latitude, longitude)[:, :2]
    offsets: F64 = np.einsum("npx,nkx->npk", position_ecef_m - origin_ecef_m[:, None], level)
    return offsets
