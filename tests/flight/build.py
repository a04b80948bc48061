"""States, arcs and a slow, independent integrator for the tests of flight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
from scipy.integrate import solve_ivp

from commonwatch.earth.atmosphere import density_kg_m3
from commonwatch.earth.ellipsoid import destination, ecef_from_geodetic
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.earth.gravity import Gravity, acceleration_ecef
from commonwatch.flight.ballistic import ArcKind, ArcRequest
from commonwatch.flight.powered import PoweredPhase

F64 = npt.NDArray[np.float64]

GEODETIC = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
GEOD = pyproj.Geod(ellps="WGS84")


def geodetic_slowly(position: F64) -> tuple[F64, F64]:
    """Geodetic latitude and height by fixed-point iteration, the definition put to work."""
    flattening = 1.0 / 298.257223563
    squared = flattening * (2.0 - flattening)
    across, z = np.hypot(position[..., 0], position[..., 1]), position[..., 2]
    latitude = np.arctan2(z, across)
    for _ in range(12):
        sine = np.sin(latitude)
        radius = 6_378_137.0 / np.sqrt(1.0 - squared * sine**2)
        latitude = np.arctan2(z + squared * radius * sine, across)
    sine, cosine = np.sin(latitude), np.cos(latitude)
    return latitude, across * cosine + z * sine - 6_378_137.0 * np.sqrt(1.0 - squared * sine**2)


def height_m(position: F64) -> F64:
    """Height above the ellipsoid (PROJ is some decimetres off thousands of kilometres up)."""
    return geodetic_slowly(position)[1]


def climb_m_s(state_vector: F64) -> F64:
    """Rate of climb above the ellipsoid: velocity along the geodetic normal."""
    latitude, _ = geodetic_slowly(state_vector[..., :3])
    longitude = np.arctan2(state_vector[..., 1], state_vector[..., 0])
    up = np.stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ],
        axis=-1,
    )
    return np.asarray(np.sum(up * state_vector[..., 3:], axis=-1))


def place_below(position: F64) -> tuple[F64, F64]:
    """Longitude and latitude below ECEF positions in degrees, by PROJ."""
    place = GEODETIC.transform(position[..., 0], position[..., 1], position[..., 2])
    return np.asarray(place[0]), np.asarray(place[1])


def ground_distance_m(first: F64, second: F64) -> F64:
    """Geodesic between the places below two ECEF positions, by PROJ."""
    return np.asarray(GEOD.inv(*place_below(first), *place_below(second))[2])


@dataclass(frozen=True, eq=False)
class SlowFlight:
    """One flight by SciPy's DOP853 at 1e-12, with the plain NumPy acceleration."""

    apogee_m: float
    apogee_s: float
    end: F64
    end_s: float


def fly_slowly(
    start: F64,
    gravity: Gravity = Gravity.J2,
    *,
    altitude_m: float = 0.0,
    ballistic_coefficient_kg_m2: float | None = None,
    duration_s: float | None = None,
) -> SlowFlight:
    """Fly one state to an altitude on the way down, or for a time."""

    def slope(_: float, flown: F64) -> F64:
        pull = acceleration_ecef(flown[:3], flown[3:], gravity)
        if ballistic_coefficient_kg_m2 is not None:
            height = float(height_m(flown[:3]))
            density = float(density_kg_m3(height)) if height < 120e3 else 0.0
            speed = float(np.linalg.norm(flown[3:]))
            pull = pull - 0.5 * density * speed / ballistic_coefficient_kg_m2 * flown[3:]
        return np.concatenate([flown[3:], pull])

    def top(_: float, flown: F64) -> float:
        return float(climb_m_s(flown))

    def stop(_: float, flown: F64) -> float:
        return float(height_m(flown[:3])) - altitude_m

    top.direction = -1.0  # type: ignore[attr-defined]
    stop.direction = -1.0  # type: ignore[attr-defined]
    stop.terminal = duration_s is None  # type: ignore[attr-defined]
    flown = solve_ivp(
        slope,
        (0.0, duration_s or 1e5),
        start,
        method="DOP853",
        rtol=1e-12,
        atol=1e-9,
        events=[top, stop],
    )
    at_tops = zip(flown.t_events[0], flown.y_events[0], strict=True)
    tops = [(float(height_m(y[:3])), float(t)) for t, y in at_tops]
    apogee_m, apogee_s = max(tops, default=(float(height_m(start[:3])), 0.0))
    end_s = float(flown.t[-1])
    return SlowFlight(apogee_m=apogee_m, apogee_s=apogee_s, end=flown.y[:, -1], end_s=end_s)


def start_at(
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float,
    azimuth_deg: float,
    level_m_s: float,
    up_m_s: float,
) -> F64:
    """One state vector from place, azimuth and speeds over the turning Earth."""
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    position = ecef_from_geodetic(np.float64(lat), np.float64(lon), np.float64(altitude_m))
    azimuth = np.radians(azimuth_deg)
    local = np.array([level_m_s * np.sin(azimuth), level_m_s * np.cos(azimuth), up_m_s])
    return np.concatenate([position, rotation_enu_from_ecef(lat, lon).T @ local])


def many_starts(count: int, seed: int = 1) -> F64:
    """States that come down: 60 to 300 km up, 1 to 6 km/s, some of them falling."""
    rng = np.random.default_rng(seed)
    return np.array(
        [
            start_at(
                np.degrees(np.arcsin(rng.uniform(-1, 1))),
                rng.uniform(-180, 180),
                rng.uniform(60e3, 300e3),
                rng.uniform(0, 360),
                rng.uniform(200, 5_000),
                rng.uniform(-300, 3_000),
            )
            for _ in range(count)
        ]
    )


def circular_orbit(altitude_m: float, inclination_rad: float = 0.9) -> F64:
    """A state on a circular orbit of two-body gravity, above the equator."""
    radius = 6_378_137.0 + altitude_m
    speed = np.sqrt(3.986004418e14 / radius)
    north, east = speed * np.sin(inclination_rad), speed * np.cos(inclination_rad)
    return np.array([radius, 0.0, 0.0, 0.0, east - 7.292115e-5 * radius, north])


def request(
    latitude_deg: npt.ArrayLike,
    longitude_deg: npt.ArrayLike,
    azimuth_deg: npt.ArrayLike,
    ground_range_m: npt.ArrayLike,
    *,
    kind: ArcKind = ArcKind.MINIMUM_ENERGY,
    wanted: npt.ArrayLike = np.nan,
    burn_time_s: float = 0.0,
    burn_out_altitude_m: float = 0.0,
    interval_m: tuple[float, float] = (0.0, 1e7),
) -> ArcRequest:
    """Arcs wanted over ground ranges from places along azimuths."""
    lat, lon, azimuth, ground, third = np.broadcast_arrays(
        np.radians(np.asarray(latitude_deg, float)),
        np.radians(np.asarray(longitude_deg, float)),
        np.radians(np.asarray(azimuth_deg, float)),
        np.asarray(ground_range_m, float),
        np.asarray(wanted, float),
    )
    lat, lon, third = (np.atleast_1d(each).copy() for each in (lat, lon, third))
    aim_lat, aim_lon = destination(lat, lon, np.atleast_1d(azimuth), np.atleast_1d(ground))

    def same(value: float) -> F64:
        return np.full(len(lat), value)

    return ArcRequest(
        latitude_rad=lat,
        longitude_rad=lon,
        altitude_m=same(0.0),
        aim_latitude_rad=aim_lat,
        aim_longitude_rad=aim_lon,
        kind=kind,
        wanted=third,
        burn_time_s=same(burn_time_s),
        burn_out_altitude_m=same(burn_out_altitude_m),
        burn_out_altitude_low_m=same(interval_m[0]),
        burn_out_altitude_high_m=same(interval_m[1]),
    )


def powered_phases(
    count: int, seed: int = 1, *, climb_ratio: float = 0.5, burn_time_s: float = 180.0
) -> PoweredPhase:
    """Powered phases all over the Earth, whose burn-out height is a share of v_z t_b."""
    rng = np.random.default_rng(seed)
    up = rng.uniform(500, 3_000, count)
    return PoweredPhase(
        latitude_rad=np.arcsin(rng.uniform(-1, 1, count)),
        longitude_rad=rng.uniform(-np.pi, np.pi, count),
        altitude_m=rng.uniform(0, 2_000, count),
        azimuth_rad=rng.uniform(0, 2 * np.pi, count),
        burn_time_s=np.full(count, burn_time_s),
        burn_out_altitude_m=climb_ratio * up * burn_time_s,
        speed_along_m_s=rng.uniform(200, 5_000, count),
        speed_up_m_s=up,
    )
