"""Compiled: whether a sensor can see an object, and with what probability in one look.

Sensors stand in arrays, one row each: ``place`` (position or the satellite's last one),
``rotation`` (east, north and up, nine numbers), ``figures`` (see ``FIGURES``), and for radars the
rows ``face_from[s]`` to ``face_from[s + 1]`` of ``faces``: azimuth from, width, elevation from, to,
and the boresight's unit vector, ECEF.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.kalman_kernel import INFRARED

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

FIGURES = (
    "kind",
    "range_min_m",
    "range_max_m",
    "detection_probability",
    "signal_at_reference",
    "scan_loss_exponent",
    "log_false_alarm",
    "revisit_s",
    "is_expected",
    "cloud_break_m",
)
KIND, RANGE_MIN, RANGE_MAX, PD, SIGNAL, SCAN, LOG_FALSE, REVISIT, EXPECTED, CLOUD = range(10)

_TURN = 2.0 * math.pi


@kernel("f8(f8[::1], f8[::1])", is_exact=True)
def altitude(state_vector: F64, field: F64) -> float:
    """Height above the ellipsoid along the radius: at most 6e-6 longer than the geodetic one."""
    across2 = state_vector[0] * state_vector[0] + state_vector[1] * state_vector[1]
    r2 = across2 + state_vector[2] * state_vector[2]
    cosine2 = across2 / r2
    surface = field[1] * math.sqrt((1.0 - field[6]) / (1.0 - field[6] * cosine2))
    height: float = math.sqrt(r2) - surface
    return height


@kernel(
    "f8(i8, f8[::1], f8, f8[:,::1], f8[:,::1], f8[:,::1], i8[::1], f8[:,::1], f8[::1])",
    is_exact=True,
)
def detection_probability(
    sensor: int,
    state_vector: F64,
    burning: float,
    place: F64,
    rotation: F64,
    figures: F64,
    face_from: I64,
    faces: F64,
    field: F64,
) -> float:
    """Probability that one look of a sensor detects an object; 0 out of its view.

    ``burning`` is the probability that the motor burns: an infrared satellite sees nothing else.
    """
    dx = state_vector[0] - place[sensor, 0]
    dy = state_vector[1] - place[sensor, 1]
    dz = state_vector[2] - place[sensor, 2]
    r2 = dx * dx + dy * dy + dz * dz
    r = math.sqrt(r2)
    if figures[sensor, KIND] == INFRARED:
        if altitude(state_vector, field) < figures[sensor, CLOUD]:
            return 0.0
        # Behind the Earth: the line passes below the surface before it reaches the object.
        along = -(place[sensor, 0] * dx + place[sensor, 1] * dy + place[sensor, 2] * dz) / r
        if along > 0.0 and along < r:
            eye2 = (
                place[sensor, 0] * place[sensor, 0]
                + place[sensor, 1] * place[sensor, 1]
                + place[sensor, 2] * place[sensor, 2]
            )
            if eye2 - along * along < field[1] * field[1]:
                return 0.0
        seen: float = figures[sensor, PD] * burning
        return seen
    if r < figures[sensor, RANGE_MIN] or r > figures[sensor, RANGE_MAX]:
        return 0.0
    # Single numbers, here and below: a row taken out of an array is counted in and out.
    east = rotation[sensor, 0] * dx + rotation[sensor, 1] * dy + rotation[sensor, 2] * dz
    north = rotation[sensor, 3] * dx + rotation[sensor, 4] * dy + rotation[sensor, 5] * dz
    up = (rotation[sensor, 6] * dx + rotation[sensor, 7] * dy + rotation[sensor, 8] * dz) / r
    elevation = math.asin(min(1.0, max(-1.0, up)))
    azimuth = math.atan2(east, north)
    best = -1.0
    for f in range(face_from[sensor], face_from[sensor + 1]):
        if elevation < faces[f, 2] or elevation > faces[f, 3]:
            continue
        past = azimuth - faces[f, 0]
        past -= _TURN * math.floor(past / _TURN)
        if past > faces[f, 1]:
            continue
        cosine = (faces[f, 4] * dx + faces[f, 5] * dy + faces[f, 6] * dz) / r
        best = max(best, cosine, 1e-6)
    if best < 0.0:
        return 0.0
    constant: float = figures[sensor, PD]
    if not math.isnan(constant):
        return constant
    closeness = figures[sensor, RANGE_MAX] / r
    signal = figures[sensor, SIGNAL] * closeness * closeness * closeness * closeness
    signal *= best ** figures[sensor, SCAN]
    return math.exp(figures[sensor, LOG_FALSE] / (1.0 + signal))


@kernel(
    "f8(i8, f8[::1], f8[:,::1], f8, f8, f8[:,::1], f8[:,::1], f8[:,::1], i8[::1], f8[:,::1],"
    " f8[::1])",
    is_exact=True,
)
def sure_probability(
    sensor: int,
    state_vector: F64,
    covariance: F64,
    stds: float,
    burning: float,
    place: F64,
    rotation: F64,
    figures: F64,
    face_from: I64,
    faces: F64,
    field: F64,
) -> float:
    """Least probability that one look of a sensor detects an object, wherever it may be.

    For a radar, over the place and six points about it, ``stds`` standard deviations off along the
    columns of the Cholesky factor of ``covariance``. They span a body that holds every place within
    ``stds`` over the root of three standard deviations, and none beyond ``stds``. In a convex field
    of view, a face of up to half a turn beyond its least range, the probability has its least at a
    corner of that body (derived: places where it is no less than a given one are convex too), so
    nowhere within the smaller distance is it less than what is found. Near the least range, the
    zenith or a second face that holds about, not exactly.

    How many standard deviations depends on what it costs to be wrong, and is the caller's. A
    satellite looks along a line, and what is not known of a young motor is how far along it is: of
    it the place alone counts.
    """
    least = detection_probability(
        sensor, state_vector, burning, place, rotation, figures, face_from, faces, field
    )
    if figures[sensor, KIND] == INFRARED:
        return least
    point = state_vector.copy()
    lower = np.zeros((3, 3))
    for j in range(3):
        for i in range(j, 3):
            rest = covariance[i, j]
            for k in range(j):
                rest -= lower[i, k] * lower[j, k]
            if i == j:
                lower[i, j] = math.sqrt(max(rest, 0.0))
            elif lower[j, j] > 0.0:
                lower[i, j] = rest / lower[j, j]
        for side in (-stds, stds):
            for i in range(3):
                point[i] = state_vector[i] + side * lower[i, j]
            least = min(
                least,
                detection_probability(
                    sensor, point, burning, place, rotation, figures, face_from, faces, field
                ),
            )
    return least
