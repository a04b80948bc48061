"""Where and when an object comes down: the vacuum impact on the ellipsoid, and what drag adds.

====================  =======================================================  =======
figure                source                                                   mark
====================  =======================================================  =======
``HALF_AXIS_MAX_M``   beyond it a level plane is no map, and the ellipse says  assumed
                      nothing that a person could act on
====================  =======================================================  =======
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ecef_from_geodetic, geodetic_from_ecef
from commonwatch.flight.propagation import free_flight
from commonwatch.warning.ellipse import Ellipses, ellipses_of
from commonwatch.warning.spread import Spread, level_offsets_m, moments, or_zero

F64 = npt.NDArray[np.float64]

HALF_AXIS_MAX_M: Final = 2_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Impacts:
    """Predicted vacuum impacts, nan where none is given.

    Parameters
    ----------
    is_given
        (n,), whether the estimate comes down and is known well enough to say where.
    area
        95 % ellipses, n.
    time_s, time_std_s
        (n,), seconds after the estimate, and one standard deviation.
    """

    is_given: npt.NDArray[np.bool_]
    area: Ellipses
    time_s: F64
    time_std_s: F64


def impacts(ahead: Spread) -> Impacts:
    """Predict vacuum impacts.

    Parameters
    ----------
    ahead
        Estimates flown forward (``spread.fly_spread``).

    Notes
    -----
    Mean and covariance of the thirteen impact points in the level plane of the middle one, so that
    the time at which each crosses the ellipsoid is in them.

    Limits: the ellipse is that of vacuum flight with gravity to J2: what the real field adds
    (``docs/validation.md`` says how much) and drag are outside it. Says nothing about motors that
    burn: ask ``coasting`` first.
    """
    ends = ahead.flown.crossed[:, :, -1]
    time_s = ahead.flown.time_s[:, :, -1]
    origin = np.where(ahead.arrives[:, None], ends[:, 0, :3], _SOMEWHERE)
    offsets = level_offsets_m(origin, or_zero(ends[..., :3]))
    values = np.concatenate([offsets, or_zero(time_s)[..., None]], axis=-1)
    mean, covariance = moments(values, ahead.share)
    area = ellipses_of(origin, mean[:, :2], covariance[:, :2, :2])
    is_given = ahead.arrives & (area.long_half_axis_m < HALF_AXIS_MAX_M)
    return Impacts(
        is_given=is_given,
        area=only(area, is_given),
        time_s=np.where(is_given, mean[:, 2], np.nan),
        time_std_s=np.where(is_given, np.sqrt(covariance[:, 2, 2]), np.nan),
    )


_SOMEWHERE: Final = ecef_from_geodetic(0.0, 0.0, 0.0)


def only(area: Ellipses, is_given: npt.NDArray[np.bool_]) -> Ellipses:
    """Blank the ellipses that are not given.

    Parameters
    ----------
    area
        n ellipses.
    is_given
        Shape (n,).

    Returns
    -------
    Ellipses
        New ones, nan where not given.
    """
    return Ellipses(
        **{name: np.where(is_given, getattr(area, name), np.nan) for name in area.__slots__}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BallisticCoefficients:
    """The assumed interval of mass over drag coefficient times area, kg/m2."""

    low_kg_m2: float
    nominal_kg_m2: float
    high_kg_m2: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DragOffsets:
    """How far drag moves the vacuum impact and how much later it makes it, (n, 3) each.

    Columns: low, nominal and high ballistic coefficient; nan where no impact is given.
    """

    offset_m: F64
    delay_s: F64


def drag_offsets(
    state_vector: F64,
    is_given: npt.NDArray[np.bool_],
    *,
    coefficients: BallisticCoefficients | None,
) -> DragOffsets:
    """Say how far drag moves impacts, over the interval of ballistic coefficients.

    Parameters
    ----------
    state_vector
        (n, 6), ECEF, in free flight.
    is_given
        (n,), for which an impact is given.
    coefficients
        The assumed interval; None says nothing.

    Notes
    -----
    Flies the middle of each estimate with and without the 1976 standard atmosphere. A figure beside
    the vacuum impact, never part of the ellipse: nobody publishes the coefficient.
    """
    offset, delay = np.full((2, len(state_vector), 3), np.nan)
    rows = is_given.nonzero()[0]
    if coefficients is None or not len(rows):
        return DragOffsets(offset_m=offset, delay_s=delay)
    _, _, height = geodetic_from_ecef(state_vector[rows, :3])
    rows = rows[height > 0.0]
    if not len(rows):
        return DragOffsets(offset_m=offset, delay_s=delay)
    plain = free_flight(state_vector[rows], seeks_apogee=False)
    for k, coefficient in enumerate(
        (coefficients.low_kg_m2, coefficients.nominal_kg_m2, coefficients.high_kg_m2)
    ):
        slowed = free_flight(
            state_vector[rows], ballistic_coefficient_kg_m2=coefficient, seeks_apogee=False
        )
        away = slowed.state_vector[:, :3] - plain.state_vector[:, :3]
        offset[rows, k] = np.linalg.norm(away, axis=1)
        delay[rows, k] = slowed.time_s - plain.time_s
    return DragOffsets(offset_m=offset, delay_s=delay)
