"""Zonal gravity in the turning frame, in its slow and obvious form, and what it conserves.

The compiled propagation has its own, fast form of these equations; tests compare the two.

=====================  ===========================================================  =======
constant               source                                                       mark
=====================  ===========================================================  =======
``GM_M3_S2``           NIMA TR8350.2, *WGS 84*, 3rd edition, 2000, section 3.2      found
``EARTH_RATE_RAD_S``   the same (7292115e-11 rad/s)                                 found
``J2``                 -sqrt(5) C20, C20 = -0.484166774985e-3, the same, table 3.3  derived
``J3``                 -sqrt(7) C30, C30 = 0.957161207093473e-6, EGM2008            derived
``J4``                 -3 C40, C40 = 0.539965866638991e-6, EGM2008                  derived
=====================  ===========================================================  =======

EGM2008: N. K. Pavlis, S. A. Holmes, S. C. Kenyon, J. K. Factor, "The development and evaluation
of the Earth Gravitational Model 2008", Journal of Geophysical Research 117, 2012, B04406,
doi:10.1029/2011JB008916. Its coefficients refer to a radius of 6378136.3 m; used here with
6378137 m, which changes J3 and J4 by less than one part in a million.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import SEMI_MAJOR_AXIS_M

F64 = npt.NDArray[np.float64]

GM_M3_S2: Final = 3.986004418e14
EARTH_RATE_RAD_S: Final = 7.292115e-5
J2: Final = 1.082629821e-3
J3: Final = -2.532410518567722e-6
J4: Final = -1.619897599916973e-6


class Gravity(StrEnum):
    """How much of the Earth's gravity is used."""

    TWO_BODY = "two-body"
    J2 = "j2"
    J4 = "j4"


def zonal_coefficients(gravity: Gravity) -> tuple[float, float, float]:
    """J2, J3 and J4 of a gravity model, zero where it does not use them."""
    return {
        Gravity.TWO_BODY: (0.0, 0.0, 0.0),
        Gravity.J2: (J2, 0.0, 0.0),
        Gravity.J4: (J2, J3, J4),
    }[gravity]


def acceleration_ecef(
    position_ecef_m: npt.ArrayLike, velocity_ecef_m_s: npt.ArrayLike, gravity: Gravity
) -> F64:
    """Acceleration of a freely falling body, as seen in the frame that turns with the Earth.

    Parameters
    ----------
    position_ecef_m
        Earth-fixed positions, shape (..., 3), not the Earth's centre.
    velocity_ecef_m_s
        Earth-fixed velocities, shape (..., 3).
    gravity
        The gravity model.

    Returns
    -------
    acceleration_ecef_m_s2
        Gravity, Coriolis and centrifugal acceleration together, shape (..., 3).

    Notes
    -----
    With s = z/r, unit vectors r^ and z^, and Legendre polynomials P_n, gravity is

    -(GM/r^2) (r^ - sum_n J_n (a/r)^n [P'_{n+1}(s) r^ - P'_n(s) z^]).

    Limits: the zonal terms to J4 only. What each model costs at impact against the full field, by
    ground range, stands in ``docs/validation.md``.

    References
    ----------
    O. Montenbruck, E. Gill, *Satellite Orbits*, 2000, section 3.2, doi:10.1007/978-3-642-58351-3.
    """
    position = np.asarray(position_ecef_m, dtype=np.float64)
    velocity = np.asarray(velocity_ecef_m_s, dtype=np.float64)
    r = np.linalg.norm(position, axis=-1)[..., np.newaxis]
    up = position / r
    axis = np.array([0.0, 0.0, 1.0])
    s = up[..., 2:]
    direction = up.copy()
    for n, coefficient in enumerate(zonal_coefficients(gravity), start=2):
        fall = coefficient * (SEMI_MAJOR_AXIS_M / r) ** n
        direction -= fall * (_legendre_slope(n + 1, s) * up - _legendre_slope(n, s) * axis)
    x, y = position[..., 0], position[..., 1]
    vx, vy = velocity[..., 0], velocity[..., 1]
    coriolis = 2.0 * EARTH_RATE_RAD_S * np.stack([vy, -vx, np.zeros_like(vx)], axis=-1)
    centrifugal = EARTH_RATE_RAD_S**2 * np.stack([x, y, np.zeros_like(x)], axis=-1)
    return np.asarray(-GM_M3_S2 / r**2 * direction + coriolis + centrifugal)


def potential_energy(position_ecef_m: npt.ArrayLike, gravity: Gravity) -> F64:
    """Potential energy of gravity in joules per kilogram, zero at infinity.

    Parameters
    ----------
    position_ecef_m
        Earth-fixed positions, shape (..., 3).
    gravity
        The gravity model.

    Returns
    -------
    energy_j_kg
        -(GM/r) (1 - sum_n J_n (a/r)^n P_n(z/r)), shape (...).
    """
    position = np.asarray(position_ecef_m, dtype=np.float64)
    r = np.linalg.norm(position, axis=-1)
    s = position[..., 2] / r
    shape = np.ones_like(r)
    for n, coefficient in enumerate(zonal_coefficients(gravity), start=2):
        shape -= coefficient * (SEMI_MAJOR_AXIS_M / r) ** n * np.polynomial.Legendre.basis(n)(s)
    return np.asarray(-GM_M3_S2 / r * shape)


def jacobi_integral(state_vector: npt.ArrayLike, gravity: Gravity) -> F64:
    """Energy per kilogram that free flight conserves in the turning frame.

    Parameters
    ----------
    state_vector
        Earth-fixed position and velocity, shape (..., 6).
    gravity
        The gravity model.

    Returns
    -------
    jacobi_j_kg
        v^2/2 - omega^2 (x^2 + y^2)/2 + potential energy, shape (...).
    """
    flown = np.asarray(state_vector, dtype=np.float64)
    position, velocity = flown[..., :3], flown[..., 3:]
    kinetic = 0.5 * np.sum(velocity**2, axis=-1)
    centrifugal = 0.5 * EARTH_RATE_RAD_S**2 * np.sum(position[..., :2] ** 2, axis=-1)
    return np.asarray(kinetic - centrifugal + potential_energy(position, gravity))


def _legendre_slope(n: int, s: F64) -> F64:
    """Differentiate the Legendre polynomial P_n, at s."""
    return np.asarray(np.polynomial.Legendre.basis(n).deriv()(s))
