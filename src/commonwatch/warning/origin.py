"""Where, when and in which direction an object was launched, from an estimate of its free flight.

Two models. *vacuum*: free flight all the way back to the ellipsoid, for what starts at full speed.
*powered*: free flight back to burn-out, then the kinematic powered phase (``flight.powered``) back
to lift-off. Burn time and burn-out altitude are not known: they are integrated over intervals that
are assumed by class, so the ellipse is as long as that ignorance makes it.

=======================  =================================================  =======
figure                   source                                             mark
=======================  =================================================  =======
``CLASS_COUNTS``         a class less likely does not widen the interval    assumed
``_POINT``, ``_SHARE``   Gauss-Legendre, five points an interval            derived
=======================  =================================================  =======
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ecef_from_geodetic, geodetic_from_ecef, local_radius
from commonwatch.earth.frames import rotation_enu_from_ecef, spin_m_s
from commonwatch.earth.gravity import GM_M3_S2
from commonwatch.flight.powered import CLIMB_RATIO_HIGH, CLIMB_RATIO_LOW
from commonwatch.warning.ellipse import Ellipses, ellipses_of
from commonwatch.warning.impact import HALF_AXIS_MAX_M, only
from commonwatch.warning.range_class import RangeClass, likely_classes
from commonwatch.warning.spread import POINTS, Spread, fly, level_offsets_m, moments, or_zero

F64 = npt.NDArray[np.float64]

CLASS_COUNTS: Final = 0.05
_POINT, _SHARE = np.polynomial.legendre.leggauss(5)
_TIMES: Final = np.repeat(_POINT, 5)
_HEIGHTS: Final = np.tile(_POINT, 5)
_SHARES: Final = np.outer(_SHARE, _SHARE).ravel()
_SOMEONE: Final = np.concatenate([ecef_from_geodetic(0.0, 0.0, 0.0), [0.0, 1.0, 0.0]])
"""A flight that stands in for one that is not given."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origins:
    """Launch points, nan where none is given.

    Parameters
    ----------
    is_given
        (n,), false for what never came from the ground: an orbit, or an estimate too poor to say.
    area
        95 % ellipses, n.
    time_s, time_std_s
        (n,), seconds after the estimate (negative), and one standard deviation.
    azimuth_rad, azimuth_std_rad
        (n,), launch azimuth over the turning Earth, clockwise from north, 0 to 2 pi.
    """

    is_given: npt.NDArray[np.bool_]
    area: Ellipses
    time_s: F64
    time_std_s: F64
    azimuth_rad: F64
    azimuth_std_rad: F64


def vacuum_origins(back: Spread) -> Origins:
    """Fly back to the ellipsoid: launch point, time and azimuth of an impulsive start.

    Parameters
    ----------
    back
        Estimates flown back (``spread.fly_spread``).

    Notes
    -----
    As ``impact.impacts``, the other way in time.

    Limits: a real launch burns; its vacuum launch point lies behind the true one by up to a sixth
    of burn-out speed times burn time.
    """
    ends = back.flown.crossed[:, :, -1]
    start = np.where(back.arrives[:, None, None], ends, _SOMEONE)
    known = _Known.of(start, back.flown.time_s[:, :, -1], back.share)
    return known.origins(back.arrives)


def powered_origins(
    state_vector: F64,
    back: Spread,
    is_burning: npt.NDArray[np.bool_],
    classes: Sequence[RangeClass],
) -> Origins:
    """Fly back to burn-out and down the powered phase to lift-off.

    Parameters
    ----------
    state_vector
        (n, 6), ECEF.
    back
        The same estimates, flown back.
    is_burning
        (n,), whether the motor still burns: then burn-out is taken to be now.
    classes
        With the assumed intervals of burn time and burn-out altitude.

    Notes
    -----
    1. The class is chosen by reach, the greatest ground range of the speed at the ground: a lofted
       missile burns as long as one that flies far. Classes above 5 % give their hull.
    2. Times and heights at Gauss-Legendre points of those intervals; as everywhere in the project
       the height is the nearest that the kinematic phase admits (v_z t_b / 3 <= h_b <= 2 v_z t_b
       / 3), and no height above one that a rising estimate has passed counts. Where nothing is
       left, or the motor burns, burn-out is now and the time runs over what is admitted.
    3. From each burn-out the way back is a third of level speed times burn time.
    4. The covariance is that between these points, plus that of the estimate at the middle one.

    Limits: one powered phase without coasts between stages, from the height of the ellipsoid.
    """
    height_m, climb_m_s = _height_and_climb(state_vector)
    assumed = _assumed(state_vector, climb_m_s, back, classes)
    is_now = is_burning | ~assumed.share.any(axis=1)
    burn_time_s = np.where(is_now[:, None], _times_now(height_m, climb_m_s), assumed.burn_time_s)
    share = np.where(is_now[:, None], _SHARES, assumed.share)
    middle, way = _burn_outs(back, assumed.height_m, is_now, np.argmax(share, axis=1))
    is_known = np.asarray(
        (back.arrives | is_burning)
        & np.isfinite(middle[0]).all(axis=(1, 2))
        & (burn_time_s > 0.0).all(axis=1)
    )
    stand_in = np.broadcast_to(_SOMEONE, middle[0].shape)
    spent_s = np.take_along_axis(burn_time_s, np.argmax(share, axis=1)[:, None], axis=1)
    # A height that the middle flight does not cross, for it lies too near: no share.
    share = np.where(np.isfinite(way[1]), share, 0.0)
    ends = (
        np.where(is_known[:, None, None], middle[0], stand_in),
        np.where(share[..., None] > 0.0, way[0], _SOMEONE),
    )
    times = np.broadcast_to(spent_s, middle[1].shape), burn_time_s
    starts = lift_off(np.concatenate(ends, axis=1), np.concatenate(times, axis=1))
    known = _Known.of(starts[:, :POINTS], middle[1] - spent_s, back.share)
    return known.widened(starts[:, POINTS:], way[1] - burn_time_s, share).origins(is_known)


def lift_off(burn_out: F64, burn_time_s: F64) -> F64:
    """Go back down the kinematic powered phase.

    Parameters
    ----------
    burn_out
        (n, p, 6), ECEF.
    burn_time_s
        Broadcasts to (n, p), seconds from lift-off.

    Returns
    -------
    start
        (n, p, 6): the place of lift-off on the ellipsoid, and the direction of level flight there
        at the speed of burn-out, for the azimuth.
    """
    times = np.broadcast_to(burn_time_s, burn_out.shape[:-1])
    latitude, longitude, height = geodetic_from_ecef(burn_out[..., :3])
    rotation = rotation_enu_from_ecef(latitude, longitude)
    velocity = np.einsum("...kx,...x->...k", rotation, burn_out[..., 3:])
    speed = np.hypot(velocity[..., 0], velocity[..., 1])
    safe = np.maximum(speed, 1e-9)
    ahead = (
        velocity[..., 0, None] * rotation[..., 0, :] + velocity[..., 1, None] * rotation[..., 1, :]
    ) / safe[..., None]
    up = rotation[..., 2, :]
    radius = local_radius(latitude)
    angle = speed * times / 3.0 / (radius + height)
    sine, cosine = np.sin(angle)[..., None], np.cos(angle)[..., None]
    foot = ecef_from_geodetic(latitude, longitude, 0.0)
    place = foot + radius[..., None] * ((cosine - 1.0) * up - sine * ahead)
    onward = cosine * ahead + sine * up
    below = geodetic_from_ecef(place)
    place = ecef_from_geodetic(below[0], below[1], 0.0)
    return np.concatenate([place, onward * safe[..., None]], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Assumed:
    """Burn times and burn-out heights to integrate over, with their shares, (n, 25) each."""

    burn_time_s: F64
    height_m: F64
    share: F64


def _assumed(
    state_vector: F64, climb_m_s: F64, back: Spread, classes: Sequence[RangeClass]
) -> _Assumed:
    """Lay the points of the assumed intervals; no share where the kinematics has no such burn."""
    ground = np.where(back.arrives[:, None], back.flown.crossed[:, 0, -1], state_vector)
    speed = np.linalg.norm(ground[:, 3:] + spin_m_s(ground[:, :3]), axis=1)
    likely = likely_classes(state_vector, classes, least=CLASS_COUNTS)
    low_m, high_m = _hull(likely, classes, "burn_out_altitude_low_m", "burn_out_altitude_high_m")
    low_s, high_s = _hull(likely, classes, "burn_time_low_s", "burn_time_high_s")
    time_s = 0.5 * (low_s + high_s) + 0.5 * (high_s - low_s) * _POINT
    wanted_m = 0.5 * (low_m + high_m) + 0.5 * (high_m - low_m) * _HEIGHTS
    ends_s = np.concatenate([CLIMB_RATIO_LOW * time_s, CLIMB_RATIO_HIGH * time_s], axis=1)
    ends_m = np.repeat(_height_m(ground, speed, ends_s), len(_POINT), axis=1)
    least_m, most_m = ends_m[:, : len(_TIMES)], ends_m[:, len(_TIMES) :]
    passed_m = geodetic_from_ecef(back.points[..., :3])[2].min(axis=1)
    passed_m = np.where(climb_m_s > 0.0, passed_m, np.inf)[:, None]
    height_m = np.clip(wanted_m, least_m, most_m)
    in_time = least_m < passed_m
    in_class = (low_m <= height_m) & (height_m <= high_m)
    # No such burn in this class: the kinematics alone then says how high burn-out was.
    is_class = (in_time & in_class).any(axis=1, keepdims=True)
    return _Assumed(
        burn_time_s=np.repeat(time_s, len(_POINT), axis=1),
        height_m=np.minimum(height_m, passed_m),
        share=np.where(in_time & (in_class | ~is_class), _SHARES, 0.0),
    )


def _hull(
    likely: npt.NDArray[np.bool_], classes: Sequence[RangeClass], low: str, high: str
) -> tuple[F64, F64]:
    """Return the hull of an interval over the likely classes, (n, 1) each."""
    lows = np.array([getattr(each, low) for each in classes])
    highs = np.array([getattr(each, high) for each in classes])
    return (
        np.min(np.where(likely, lows, np.inf), axis=1, keepdims=True),
        np.max(np.where(likely, highs, -np.inf), axis=1, keepdims=True),
    )


def _height_m(ground: F64, speed_m_s: F64, time_s: F64) -> F64:
    """Return the height at which the climb that is left, times a time, is that height.

    Parameters
    ----------
    ground
        (n, 6), where free flight would have left the ellipsoid.
    speed_m_s
        (n,), inertial, there.
    time_s
        (n, p).

    Notes
    -----
    The climb is lost as in two-body flight, v_z^2 = v_0^2 - 2 GM (1/r_0 - 1/r) + L^2 (1/r_0^2 -
    1/r^2); Newton's rule from the root for a constant pull.
    """
    climb = np.maximum(_height_and_climb(ground)[1], 0.0)[:, None]
    radius = np.linalg.norm(ground[:, :3], axis=1)[:, None]
    level2 = np.maximum(speed_m_s[:, None] ** 2 - climb**2, 0.0)
    pull = GM_M3_S2 / radius**2 - level2 / radius
    part = np.maximum(pull, 0.0) * time_s**2
    height: F64 = np.sqrt(part**2 + (climb * time_s) ** 2) - part
    square_up, near, steady = climb**2, 1.0 / radius, level2 * radius**2
    for _ in range(4):
        away = radius + height
        square = square_up - 2.0 * GM_M3_S2 * (near - 1.0 / away)
        square = np.maximum(square + level2 * (1.0 - (radius / away) ** 2), 1.0)
        rate = np.sqrt(square)
        slope = (steady / away**3 - GM_M3_S2 / away**2) / rate
        height = np.maximum(height - (height - time_s * rate) / (1.0 - time_s * slope), 0.0)
    return height


def _times_now(height_m: F64, climb_m_s: F64) -> F64:
    """Return the burn times that the kinematics admits if burn-out is now, (n, 25)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        climbing_s = np.where(climb_m_s > 0.0, height_m / climb_m_s, 0.0)[:, None]
    least, most = climbing_s / CLIMB_RATIO_HIGH, climbing_s / CLIMB_RATIO_LOW
    times: F64 = 0.5 * (least + most) + 0.5 * (most - least) * _TIMES
    return times


def _burn_outs(
    back: Spread, height_m: F64, is_now: npt.NDArray[np.bool_], middle: npt.NDArray[np.intp]
) -> tuple[tuple[F64, F64], tuple[F64, F64]]:
    """Return state vectors and times of burn-out.

    First those of all thirteen flights at the middle height, then those of the middle flight at
    every height. Where burn-out is now, they are the estimate itself.
    """
    every, around_s = back.points.copy(), np.zeros(back.points.shape[:2])
    way, along_s = back.points[:, :1].repeat(height_m.shape[1], axis=1), np.zeros(height_m.shape)
    rows = (~is_now).nonzero()[0]
    if len(rows):
        points, perigee_m, heights_m = back.points[rows], back.perigee_m[rows], height_m[rows]
        along = fly(points[:, 0], direction=-1, heights_m=heights_m, perigee_m=perigee_m[:, 0])
        level_m = np.take_along_axis(heights_m, middle[rows, None], axis=1)[:, None]
        around = fly(
            points,
            direction=-1,
            heights_m=level_m.repeat(POINTS, axis=1),
            perigee_m=perigee_m,
        )
        every[rows], around_s[rows] = around.crossed[:, :, 0], around.time_s[:, :, 0]
        way[rows], along_s[rows] = along.crossed[:, :-1], along.time_s[:, :-1]
    return (every, around_s), (way, along_s)


def _height_and_climb(states: F64) -> tuple[F64, F64]:
    latitude, longitude, height_m = geodetic_from_ecef(states[..., :3])
    up = rotation_enu_from_ecef(latitude, longitude)[..., 2, :]
    climb_m_s: F64 = np.sum(up * states[..., 3:], axis=-1)
    return height_m, climb_m_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Known:
    """Mean and covariance of launch points: east, north, time, azimuth about a first guess."""

    origin_ecef_m: F64
    time_s: F64
    azimuth_rad: F64
    mean: F64
    covariance: F64

    @staticmethod
    def of(start: F64, time_s: F64, share: F64) -> _Known:
        """Make them of thirteen starts each, (n, 13, 6) and (n, 13)."""
        origin = np.ascontiguousarray(start[:, 0, :3])
        azimuth = _azimuths(start)
        first_s = or_zero(time_s[:, 0])
        values = _values((origin, first_s, azimuth[:, 0]), start, (time_s, azimuth))
        mean, covariance = moments(values, share)
        return _Known(
            origin_ecef_m=origin,
            time_s=first_s,
            azimuth_rad=azimuth[:, 0],
            mean=mean,
            covariance=covariance,
        )

    def widened(self, start: F64, time_s: F64, share: F64) -> _Known:
        """Add what differs between starts with shares of the probability, (n, p, 6)."""
        weight = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-300)
        guess = self.origin_ecef_m, self.time_s, self.azimuth_rad
        values = _values(guess, start, (time_s, _azimuths(start)))
        middle = np.einsum("np,npi->ni", weight, values)
        away = values - middle[:, None]
        between = np.einsum("np,npi,npj->nij", weight, away, away)
        return replace(self, mean=self.mean + middle, covariance=self.covariance + between)

    def origins(self, is_known: npt.NDArray[np.bool_]) -> Origins:
        """Give launch points, blank where nothing is known."""
        area = ellipses_of(self.origin_ecef_m, self.mean[:, :2], self.covariance[:, :2, :2])
        given = is_known & (area.long_half_axis_m < HALF_AXIS_MAX_M)

        def shown(values: F64) -> F64:
            return np.where(given, values, np.nan)

        return Origins(
            is_given=given,
            area=only(area, given),
            time_s=shown(self.time_s + self.mean[:, 2]),
            time_std_s=shown(np.sqrt(self.covariance[:, 2, 2])),
            azimuth_rad=shown(np.mod(self.azimuth_rad + self.mean[:, 3], 2.0 * np.pi)),
            azimuth_std_rad=shown(np.sqrt(self.covariance[:, 3, 3])),
        )


def _values(guess: tuple[F64, F64, F64], start: F64, rest: tuple[F64, F64]) -> F64:
    """East, north, time and azimuth of starts about a first guess, (n, p, 4)."""
    origin_ecef_m, first_s, azimuth_rad = guess
    time_s, turned_rad = rest
    offsets = level_offsets_m(origin_ecef_m, start[..., :3])
    turned = np.mod(turned_rad - azimuth_rad[:, None] + np.pi, 2.0 * np.pi) - np.pi
    later = or_zero(time_s) - first_s[:, None]
    return np.concatenate([offsets, later[..., None], turned[..., None]], axis=-1)


def _azimuths(start: F64) -> F64:
    latitude, longitude, _ = geodetic_from_ecef(start[..., :3])
    rotation = rotation_enu_from_ecef(latitude, longitude)
    east, north = np.einsum("...kx,...x->k...", rotation[..., :2, :], start[..., 3:])
    azimuth: F64 = np.arctan2(east, north)
    return azimuth
