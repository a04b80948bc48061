"""The coastline of the maps: Natural Earth 1:50m, simplified; see COASTLINE.md."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


@cache
def land_rings() -> tuple[F64, ...]:
    """Return closed rings of land, each (n, 2) longitude and latitude in degrees, largest first.

    Longitudes run on past 180 degrees where a ring crosses the date line; Antarctica is closed
    along the pole.
    """
    source = resources.files("commonwatch.report") / "coastline.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        turned = np.cumsum(arrays["delta_centidegree"].astype(np.int64), axis=0)
        points = turned.astype(np.int16) / 100.0  # differences wrap at 16 bits, and so must sums
        ends = np.cumsum(arrays["ring_length"])
    rings = np.split(points, ends[:-1])
    return tuple(sorted((_unbroken(ring) for ring in rings), key=len, reverse=True))


def _unbroken(ring: F64) -> F64:
    longitude_deg = np.degrees(np.unwrap(np.radians(ring[:, 0])))
    longitude_deg -= 360.0 * np.round(np.mean(longitude_deg) / 360.0)
    turned = np.stack([longitude_deg, ring[:, 1]], axis=-1)
    if abs(longitude_deg[-1] - longitude_deg[0]) < 180.0:
        return turned
    pole = np.array([[longitude_deg[-1], -90.0], [longitude_deg[0], -90.0]])
    return np.concatenate([turned, pole])
