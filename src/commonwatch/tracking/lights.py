"""Lights that stand still: where a satellite sees one again, it may be the sun on clouds.

A glint stays at one place for some looks (``world.looks`` draws three), and they fit a slow object
as well as the first looks at a motor do. So a line that meets a place where its satellite saw a
light before is no evidence of motion: a track that it would confirm needs one look more than a
glint has (``life_kernel.CROWDED_HITS``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.stereo import position_from_one_line

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

CLOUD_ALTITUDE_M: Final = 10e3
"""Where the sun glints (*assumed*); from one satellite the height hardly matters."""
STILL_SQUARED: Final = -2.0 * math.log(1e-3)
"""Chi-square of both angles: one still light in a thousand is farther off (*derived*)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lights:
    """What satellites saw lately.

    Parameters
    ----------
    sensor
        Whose light it is, shape (n,).
    place_ecef_m
        Where its first line met the height of clouds, shape (n, 3).
    seen_ns
        When it was last there, shape (n,).
    """

    sensor: I64
    place_ecef_m: F64
    seen_ns: I64

    def seen(
        self,
        sensor: int,
        time_ns: int,
        *,
        lines: F64,
        eyes_m: F64,
        stds_rad: F64,
        revisits_s: F64,
    ) -> tuple[npt.NDArray[np.bool_], Lights]:
        """Take a satellite's lines of one instant; return which met a light, and what is kept.

        Parameters
        ----------
        sensor, time_ns
            Whose lines, and when.
        lines, eyes_m
            Unit vectors, and where the satellite was, ECEF, shape (m, 3).
        stds_rad
            Error of each line each way across it, shape (m,).
        revisits_s
            Of every sensor.
        """
        age_s = 1e-9 * (time_ns - self.seen_ns)
        is_own = (self.sensor == sensor) & (age_s >= 0.5 * revisits_s[sensor])
        is_own &= age_s <= 1.5 * revisits_s[sensor]
        own = np.flatnonzero(is_own)
        offset_m = self.place_ecef_m[own] - eyes_m[:, np.newaxis]
        offset = offset_m / np.linalg.norm(offset_m, axis=-1, keepdims=True)
        apart = np.sum((offset - lines[:, np.newaxis]) ** 2, axis=-1)  # both lines have errors
        is_near = apart <= STILL_SQUARED * 2.0 * stds_rad[:, np.newaxis] ** 2
        stands = is_near.any(axis=1)
        seen_ns = self.seen_ns.copy()
        seen_ns[own[is_near.any(axis=0)]] = time_ns
        place_m, _ = position_from_one_line(
            eyes_m[~stands],
            lines[~stands],
            altitude_m=CLOUD_ALTITUDE_M,
            altitude_std_m=0.0,
            line_of_sight_std_rad=0.0,
        )
        place_m = place_m[np.isfinite(place_m).all(axis=-1)]
        kept = 1e-9 * (time_ns - seen_ns) <= 1.5 * revisits_s[self.sensor]
        count = len(place_m)
        return stands, Lights(
            sensor=np.concatenate([self.sensor[kept], np.full(count, sensor)]),
            place_ecef_m=np.concatenate([self.place_ecef_m[kept], place_m]),
            seen_ns=np.concatenate([seen_ns[kept], np.full(count, time_ns)]),
        )


def no_lights() -> Lights:
    """Nothing was seen yet."""
    none = np.empty(0, dtype=np.int64)
    return Lights(sensor=none, place_ecef_m=np.empty((0, 3)), seen_ns=none)
