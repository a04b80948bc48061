"""The flights and radars that everybody gets."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import destination
from commonwatch.flight.ballistic import ArcKind, ArcRequest, arc_between
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.radar import Face, Radar, Role
from commonwatch.sensing.site import Site

F64 = npt.NDArray[np.float64]

GROUND_RANGE_M = 3.5e6


def starts(count: int, *, ground_range_m: float = GROUND_RANGE_M, seed: int = 1) -> F64:
    """State vectors on the ground, (count, 6), of minimum-energy arcs from anywhere to anywhere."""
    rng = np.random.default_rng(seed)
    latitude = np.radians(rng.uniform(-60.0, 60.0, count))
    longitude = np.radians(rng.uniform(-180.0, 180.0, count))
    azimuth = rng.uniform(0.0, 2.0 * math.pi, count)
    aim_latitude, aim_longitude = destination(
        latitude, longitude, azimuth, np.full(count, ground_range_m)
    )
    zero = np.zeros(count)
    request = ArcRequest(
        latitude_rad=latitude,
        longitude_rad=longitude,
        altitude_m=zero,
        aim_latitude_rad=aim_latitude,
        aim_longitude_rad=aim_longitude,
        kind=ArcKind.MINIMUM_ENERGY,
        wanted=np.full(count, np.nan),
        burn_time_s=zero,
        burn_out_altitude_m=zero,
        burn_out_altitude_low_m=zero,
        burn_out_altitude_high_m=zero,
    )
    return np.ascontiguousarray(arc_between(request).burn_out_state_vector)


def radars(count: int, *, seed: int = 2) -> tuple[Radar, ...]:
    """Search radars with one face each, anywhere; made up."""
    rng = np.random.default_rng(seed)
    return tuple(_radar(number, rng) for number in range(count))


def _radar(number: int, rng: np.random.Generator) -> Radar:
    low = float(rng.uniform(0.0, 2.0 * math.pi))
    width = math.radians(rng.uniform(90.0, 240.0))
    face = Face(
        azimuth_min_rad=low,
        azimuth_max_rad=low + width,
        boresight_azimuth_rad=low + 0.5 * width,
        boresight_elevation_rad=math.radians(20.0),
        elevation_min_rad=math.radians(3.0),
        elevation_max_rad=math.radians(85.0),
    )
    return Radar(
        sensor=SensorId(f"radar-{number}"),
        nation=NationId("A"),
        site=Site(
            latitude_rad=math.radians(rng.uniform(-60.0, 60.0)),
            longitude_rad=math.radians(rng.uniform(-180.0, 180.0)),
            altitude_m=100.0,
        ),
        role=Role.SEARCH,
        band="UHF",
        faces=(face,),
        range_min_m=200e3,
        range_max_m=float(rng.uniform(2e6, 5e6)),
        beamwidth_rad=math.radians(2.0),
        bandwidth_hz=1e6,
        range_floor_m=20.0,
        range_bias_std_m=100.0,
        track_interval_s=10.0,
    )


def aligned(shape: tuple[int, ...]) -> F64:
    """Zeros that start on a cache line: elsewhere a kernel may take half as long again."""
    count = math.prod(shape)
    buffer = np.zeros(count + 8)
    skip = -(buffer.ctypes.data // 8) % 8
    return buffer[skip : skip + count].reshape(shape)
