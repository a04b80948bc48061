"""Geodetic coordinates from Earth-fixed positions, compiled."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]

SEMI_MAJOR_AXIS_M = 6378137.0
FLATTENING = 1.0 / 298.257223563
SEMI_MINOR_AXIS_M = SEMI_MAJOR_AXIS_M * (1.0 - FLATTENING)
ECCENTRICITY_SQUARED = FLATTENING * (2.0 - FLATTENING)
SECOND_ECCENTRICITY_SQUARED = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED)


@kernel("UniTuple(float64, 3)(float64, float64, float64)")
def geodetic(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Latitude, longitude and height of one position, by two Bowring sweeps."""
    p = math.sqrt(x * x + y * y)
    r = math.sqrt(p * p + z * z)
    if r == 0.0:
        return 0.5 * math.pi, 0.0, -SEMI_MINOR_AXIS_M
    # Bowring 1985: this first guess of the reduced latitude holds at any height.
    tall = SEMI_MINOR_AXIS_M * z * (1.0 + SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_AXIS_M / r)
    flat = SEMI_MAJOR_AXIS_M * p
    rise = 0.0
    run = 1.0
    for _ in range(2):
        length = math.sqrt(tall * tall + flat * flat)
        sine = tall / length
        cosine = flat / length
        rise = z + SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_AXIS_M * sine * sine * sine
        run = p - ECCENTRICITY_SQUARED * SEMI_MAJOR_AXIS_M * cosine * cosine * cosine
        tall = (1.0 - FLATTENING) * rise
        flat = run
    length = math.sqrt(rise * rise + run * run)
    sine = rise / length
    cosine = run / length
    height = (
        p * cosine
        + z * sine
        - SEMI_MAJOR_AXIS_M * math.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    )
    return math.atan2(rise, run), math.atan2(y, x), height


@kernel("void(Array(float64, 2, 'C', True), float64[:, ::1])")
def geodetic_rows(position: F64, out: F64) -> None:
    """Write latitude, longitude and height of each row of ``position`` to ``out``."""
    for i in range(position.shape[0]):
        latitude, longitude, height = geodetic(position[i, 0], position[i, 1], position[i, 2])
        out[i, 0] = latitude
        out[i, 1] = longitude
        out[i, 2] = height
