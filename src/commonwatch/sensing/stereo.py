"""Where a burning motor is, from the lines of sight of satellites at one instant.

One line gives a place only through an assumed altitude; two or more give it by themselves.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.errors import InputError

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

STEP_MIN_M: Final = 1e-3
"""Iterations end when no step is longer; the next would be far shorter still."""
ITERATIONS_MAX: Final = 60
"""Enough even for a line that touches the surface, where each step halves what is left."""
PARALLEL_RATIO: Final = 1e-13
"""Lines are parallel where the least eigenvalue of their information is so small a part of the
greatest: for two of them twice its root, 6e-7 rad (*derived*), far below any line's own error."""


def position_from_one_line(
    eye_ecef_m: npt.ArrayLike,
    line_of_sight_ecef: npt.ArrayLike,
    *,
    altitude_m: npt.ArrayLike,
    altitude_std_m: npt.ArrayLike,
    line_of_sight_std_rad: npt.ArrayLike,
) -> tuple[F64, F64]:
    """Place on one line of sight at an assumed altitude, and its covariance.

    Parameters
    ----------
    eye_ecef_m
        Where the satellite is, above the assumed altitude, shape (..., 3).
    line_of_sight_ecef
        Direction from it, any length above zero, shape (..., 3).
    altitude_m, altitude_std_m
        Assumed height above the WGS-84 ellipsoid and its standard deviation, shapes that broadcast
        to (...).
    line_of_sight_std_rad
        Standard deviation of the line, each way across it, likewise.

    Returns
    -------
    position_ecef_m
        The nearer of the two points at that altitude, shape (..., 3); nan where the line passes
        above it or points away from it, or where the satellite is not above it.
    covariance_m2
        Shape (..., 3, 3); nan likewise.

    Raises
    ------
    InputError
        A vector has not three coordinates, or a standard deviation is negative.

    Notes
    -----
    1. Height along a line is convex, the ellipsoid being so: Newton's rule from the satellite comes
    down to the nearer point without passing it, or finds that there is none. 2. With u along the
    line, n the ellipsoid's normal and d the distance, a line turned by e and an altitude wrong by a
    move the point by d (I - u n'/(n'u)) e + u a/(n'u), so that

        covariance = (d s)^2 P P' + u u' (altitude_std / n'u)^2,   P = I - u n'/(n'u).

    Limits: the altitude is met to a millimetre, on the ellipsoid itself and not on a scaled one.
    The covariance is linear in both errors: near the limb, where n'u vanishes, true errors are
    skewed, and larger away from the satellite. The satellite's own place counts as known. An
    altitude that is wrong by more than its standard deviation says is a bias that nothing here
    shows.

    Examples
    --------
    Straight down the altitude does not matter for the place below: from 36,000 km with 50
    microradians it is good to 1.8 km each way.
    """
    eye = _vectors(eye_ecef_m, "eye_ecef_m")
    unit = _units(_vectors(line_of_sight_ecef, "line_of_sight_ecef"))
    altitude = np.asarray(altitude_m, dtype=np.float64)
    altitude_std = _stds(altitude_std_m, "altitude_std_m")
    line_std = _stds(line_of_sight_std_rad, "line_of_sight_std_rad")
    shape = np.broadcast_shapes(
        eye.shape[:-1], unit.shape[:-1], altitude.shape, altitude_std.shape, line_std.shape
    )
    eye, unit = np.broadcast_to(eye, (*shape, 3)), np.broadcast_to(unit, (*shape, 3))
    distance = _distance_to_altitude(eye, unit, np.broadcast_to(altitude, shape))
    position = eye + distance[..., None] * unit
    return position, _covariance_of_one_line(position, unit, distance * line_std, altitude_std)


def position_from_lines(
    eye_ecef_m: npt.ArrayLike,
    line_of_sight_ecef: npt.ArrayLike,
    line_of_sight_std_rad: npt.ArrayLike,
) -> tuple[F64, F64, F64]:
    """Place where two or more lines of sight of one instant meet best, by least squares.

    Parameters
    ----------
    eye_ecef_m
        Where the satellites are, shape (..., k, 3).
    line_of_sight_ecef
        Directions from them, any length above zero, shape (..., k, 3).
    line_of_sight_std_rad
        Standard deviation of each line, each way across it, shape (..., k) or what broadcasts to
        it; infinite for a line that is not there.

    Returns
    -------
    position_ecef_m
        Shape (..., 3). nan where fewer than two lines are there, where they are parallel, where
        they meet behind a satellite, or where the iteration does not settle.
    covariance_m2
        Shape (..., 3, 3): large where lines are nearly parallel; where ``position_ecef_m`` is nan,
        infinite on the diagonal and zero beside it.
    chi_square
        Shape (...): sum of squares of the lines' misses over their standard deviations, of 2 k - 3
        degrees of freedom for k lines; nan with the position.

    Raises
    ------
    InputError
        A vector has not three coordinates, there is no axis of lines, or a standard deviation is
        negative or zero.

    Notes
    -----
    1. The point with the least sum of squared distances from all lines begins. 2. Gauss-Newton on
    the misses r = (I - u u')(p - e) / (s d), d = u'(p - e): angles, so that a far satellite's line
    counts for less. 3. The covariance is the inverse of the information at the end, which for lines
    that meet is the sum of (I - u u') / (s d)^2.

    Limits: lines of one instant. A motor that burns gains tens of metres a second each second, so
    that lines ten seconds apart belong to places which no common velocity joins to better than a
    kilometre or so; bringing them to one instant needs a model of the burn, and is a tracker's
    work. The satellites' own places count as known; linear in the errors of the lines, which is
    good while lines cross at many times their standard deviation.

    Examples
    --------
    Two satellites 40,000 km away whose lines cross at right angles, each good to 50 microradians:
    2 km each way in their plane, 1.4 km across it.
    """
    eye, unit, weight = _lines(eye_ecef_m, line_of_sight_ecef, line_of_sight_std_rad)
    position, information, misses = _met(eye, unit, weight)
    is_ahead = (_dot(unit, position[..., None, :] - eye) > 0.0) | (weight == 0.0)
    is_met: Mask = np.asarray(np.isfinite(position).all(axis=-1) & is_ahead.all(axis=-1))
    covariance = np.linalg.inv(np.where(is_met[..., None, None], information, np.eye(3)))
    return (
        np.where(is_met[..., None], position, np.nan),
        np.where(is_met[..., None, None], covariance, np.diag([np.inf] * 3)),
        np.where(is_met, (misses**2).sum(axis=(-1, -2)), np.nan),
    )


def _covariance_of_one_line(position: F64, unit: F64, across_m: F64, altitude_std: F64) -> F64:
    """Return the covariance, (..., 3, 3), of a point good to ``across_m`` across its line."""
    normal = _normals(position)[0]
    sink = _dot(normal, unit)[..., None, None]
    turning = np.eye(3) - unit[..., :, None] * normal[..., None, :] / sink
    turned = across_m[..., None, None] ** 2 * (turning @ np.swapaxes(turning, -1, -2))
    lifted = unit[..., :, None] * unit[..., None, :] * (altitude_std[..., None, None] / sink) ** 2
    return np.asarray(turned + lifted)


def _lines(
    eye_ecef_m: npt.ArrayLike, line_of_sight_ecef: npt.ArrayLike, std_rad: npt.ArrayLike
) -> tuple[F64, F64, F64]:
    """Return eyes and unit lines, (..., k, 3), and weights, (..., k): one over deviations."""
    eye = _vectors(eye_ecef_m, "eye_ecef_m")
    line = _vectors(line_of_sight_ecef, "line_of_sight_ecef")
    std = np.asarray(std_rad, dtype=np.float64)
    if (std <= 0.0).any():
        raise InputError(
            f"a standard deviation of {np.nanmin(std):g} rad",
            allowed="above 0, infinite for a line that is not there",
            where="line_of_sight_std_rad",
        )
    shape = np.broadcast_shapes(eye.shape[:-1], line.shape[:-1], std.shape)
    if not shape:
        raise InputError("one line", allowed="shape (..., k, 3)", where="line_of_sight_ecef")
    std = np.broadcast_to(std, shape)
    is_there = (np.isfinite(std) | np.isnan(std))[..., None]
    # A line that is not there may be filled with anything: it weighs nothing.
    return (
        np.where(is_there, eye, 0.0),
        _units(np.where(is_there, line, [1.0, 0.0, 0.0])),
        np.where(is_there[..., 0], 1.0 / std, 0.0),
    )


def _met(eye: F64, unit: F64, weight: F64) -> tuple[F64, F64, F64]:
    """Return the point, (..., 3), nan where there is none, its information and weighted misses."""
    across = np.eye(3) - unit[..., :, None] * unit[..., None, :]
    drawn = (weight**2)[..., None, None] * across
    position = _solved(drawn.sum(axis=-3), _times(drawn, eye).sum(axis=-2))
    is_open: Mask = np.asarray(np.isfinite(position).all(axis=-1))
    for _ in range(ITERATIONS_MAX):
        misses, slope = _misses(position, eye, unit, weight)
        information = (np.swapaxes(slope, -1, -2) @ slope).sum(axis=-3)
        pull = _times(np.swapaxes(slope, -1, -2), misses).sum(axis=-2)
        step = np.where(is_open[..., None], -_solved(information, pull), 0.0)
        position = position + step
        is_open = np.asarray(np.abs(step).max(axis=-1) > STEP_MIN_M)
        if not is_open.any():
            break
    position = np.where(is_open[..., None], np.nan, position)
    misses, slope = _misses(position, eye, unit, weight)
    return position, (np.swapaxes(slope, -1, -2) @ slope).sum(axis=-3), misses


def _misses(position: F64, eye: F64, unit: F64, weight: F64) -> tuple[F64, F64]:
    """Return by how many standard deviations each line misses, (..., k, 3), and the slope."""
    offset = position[..., None, :] - eye
    distance = _dot(unit, offset)[..., None]
    distance = np.where((weight > 0.0)[..., None], distance, 1.0)
    angle = (offset - distance * unit) / distance
    across = np.eye(3) - unit[..., :, None] * unit[..., None, :]
    slope = (across - angle[..., :, None] * unit[..., None, :]) / distance[..., None]
    weight = weight[..., None]
    angle = np.where(weight > 0.0, angle, 0.0)
    return weight * angle, weight[..., None] * slope


def _solved(matrix: F64, vector: F64) -> F64:
    """Solve symmetric systems, (..., 3); nan where one is singular or not a number."""
    is_number: Mask = np.asarray(
        np.isfinite(matrix).all(axis=(-1, -2)) & np.isfinite(vector).all(axis=-1)
    )
    matrix = np.where(is_number[..., None, None], matrix, np.eye(3))
    spectrum = np.linalg.eigvalsh(matrix)
    is_good = is_number & (spectrum[..., 0] > PARALLEL_RATIO * spectrum[..., 2])
    matrix = np.where(is_good[..., None, None], matrix, np.eye(3))
    vector = np.where(is_good[..., None], vector, np.nan)
    return np.asarray(np.linalg.solve(matrix, vector[..., None])[..., 0])


def _distance_to_altitude(eye: F64, unit: F64, altitude: F64) -> F64:
    """Return the distance along each line to where it comes down to an altitude; nan for none."""
    distance = np.zeros(altitude.shape)
    for count in range(ITERATIONS_MAX):
        normal, height = _normals(eye + distance[..., None] * unit)
        sink, excess = -_dot(normal, unit), height - altitude
        is_lost = (sink <= 0.0) if count else (sink <= 0.0) | (excess <= 0.0)
        step = excess / np.where(is_lost, np.nan, sink)
        distance = distance + step
        if not (np.abs(step) > STEP_MIN_M).any():
            break
    return distance


def _normals(position: F64) -> tuple[F64, F64]:
    """Return the ellipsoid's outward normal below each position, (..., 3), and the height."""
    latitude, longitude, height = geodetic_from_ecef(position)
    return rotation_enu_from_ecef(latitude, longitude)[..., 2, :], height


def _vectors(vectors: npt.ArrayLike, where: str) -> F64:
    found = np.asarray(vectors, dtype=np.float64)
    if found.ndim == 0 or found.shape[-1] != 3:
        raise InputError(f"vectors of shape {found.shape}", allowed="shape (..., 3)", where=where)
    return found


def _stds(stds: npt.ArrayLike, where: str) -> F64:
    found = np.asarray(stds, dtype=np.float64)
    if (found < 0.0).any():
        raise InputError(
            f"a standard deviation of {np.nanmin(found):g}", allowed="0 or more", where=where
        )
    return found


def _units(vectors: F64) -> F64:
    """Return vectors of length one, nan for those of length zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0.0, length, np.nan))


def _dot(one: F64, other: F64) -> F64:
    return np.asarray((one * other).sum(axis=-1))


def _times(matrix: F64, vector: F64) -> F64:
    return np.asarray((matrix @ vector[..., None])[..., 0])
