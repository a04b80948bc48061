"""The arc between two points: of minimum energy, of a given apogee, of a given time of flight.

A closed form (two-body ellipse over a turning sphere) gives the first guess; Newton's rule then
corrects launch azimuth and burn-out velocity, with the whole force model and the powered phase,
until the arc comes down on the aim point. All arcs of a batch are corrected together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import (
    MEAN_RADIUS_M,
    ecef_from_geodetic,
    geodesic,
    geodetic_from_ecef,
)
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2, Gravity
from commonwatch.errors import ImpossibleArcError, InputError
from commonwatch.flight.powered import PoweredPhase, burn_out, burn_out_altitude_interval
from commonwatch.flight.propagation import TOLERANCE_M, FreeFlight, free_flight

F64 = npt.NDArray[np.float64]

MISS_MAX_M: Final = 1_000.0
"""An arc that comes down farther than this from its aim point is refused."""
_MISS_SOUGHT_M: Final = 1.0
_ROUNDS: Final = 25
_NUDGE: Final = np.array([1e-5, 0.05, 0.05])
_TRIAL_ANGLE_RAD: Final = 0.035
_SETTLED: Final = 0.5
"""A parabola whose vertex lies farther from its middle, in trial angles, may hide a bend there."""
_TRIALS_MAX: Final = 10
_LONG_FLIGHT_S: Final = 8.0 * 3_600.0
"""Beyond it the apogee lies so high that Newton's rule no longer converges everywhere."""


class ArcKind(StrEnum):
    """What fixes the arc between two points."""

    MINIMUM_ENERGY = "minimum energy"
    APOGEE = "apogee"
    TIME_OF_FLIGHT = "time of flight"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArcRequest:
    """Arcs wanted, one entry each, shape (n,) throughout.

    Parameters
    ----------
    latitude_rad, longitude_rad, altitude_m
        Geodetic place of lift-off.
    aim_latitude_rad, aim_longitude_rad
        Where the arc comes down on the ellipsoid.
    kind
        What fixes the arcs: one ``ArcKind`` for the batch.
    wanted
        Apogee altitude in metres, or time of flight from lift-off in seconds; nan for minimum
        energy.
    burn_time_s
        Burn time; 0 starts at full speed on the ground.
    burn_out_altitude_m, burn_out_altitude_low_m, burn_out_altitude_high_m
        Height of burn-out above the ellipsoid and its published interval: an arc takes the height
        nearest to the first that the powered phase admits, and must find it within the interval.
    """

    latitude_rad: F64
    longitude_rad: F64
    altitude_m: F64
    aim_latitude_rad: F64
    aim_longitude_rad: F64
    kind: ArcKind
    wanted: F64
    burn_time_s: F64
    burn_out_altitude_m: F64
    burn_out_altitude_low_m: F64
    burn_out_altitude_high_m: F64

    def __post_init__(self) -> None:
        for name in self.__slots__:
            column = getattr(self, name)
            if name in ("kind", "wanted"):
                continue
            if not np.isfinite(column).all():
                raise InputError(f"{name} holds a value that is not finite", allowed="numbers")
        if self.kind is not ArcKind.MINIMUM_ENERGY and not (self.wanted > 0.0).all():
            raise ImpossibleArcError(
                f"a wanted {self.kind} of {self.wanted[~(self.wanted > 0.0)][0]}",
                allowed="a number above 0",
            )

    def __len__(self) -> int:
        return len(self.latitude_rad)

    def rows(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> ArcRequest:
        """Return the request for some of the arcs."""
        return replace(self, **{n: getattr(self, n)[chosen] for n in self.__slots__ if n != "kind"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arcs:
    """Solved arcs, one entry each.

    Parameters
    ----------
    powered
        The powered phases.
    burn_out_state_vector
        (n, 6), ECEF.
    free
        Free flight from burn-out to the ground; times count from burn-out.
    miss_m
        (n,), ground distance between impact and aim point.
    is_solved
        (n,), false where no such arc exists; its other entries then mean nothing.
    reason
        Why an arc was refused, one sentence each; empty where it was solved.
    """

    powered: PoweredPhase
    burn_out_state_vector: F64
    free: FreeFlight
    miss_m: F64
    is_solved: npt.NDArray[np.bool_]
    reason: tuple[str, ...]

    @property
    def time_of_flight_s(self) -> F64:
        """Seconds from lift-off to impact, (n,)."""
        return self.powered.burn_time_s + self.free.time_s


def arc_between(
    request: ArcRequest, *, gravity: Gravity = Gravity.J2, tolerance_m: float = TOLERANCE_M
) -> Arcs:
    """Find the arcs that lead from lift-off to the aim points.

    Parameters
    ----------
    request
        What is wanted, (n,) arcs.
    gravity
        The force model of free flight.
    tolerance_m
        Error of a position in one step of the final flight.

    Returns
    -------
    Arcs
        With a reason where an arc does not exist.

    Notes
    -----
    1. The closed form gives speed, elevation and azimuth of an impulsive start on a turning sphere.
    2. Newton's rule on azimuth, level and vertical burn-out speed, with a numerical Jacobian from
       three more flights of the batch, brings the impact to the aim point and the third condition
       (apogee, time of flight, or a fixed elevation of the velocity) to its value.
    3. Minimum energy is the least burn-out speed over the turning Earth, which is what a vehicle
       must supply: three solutions with elevations 2 degrees apart, and the vertex of the parabola
       through their squared speeds; closer ones where the powered phase bends the curve.

    **Limits.** Vacuum. Within 1 m of the aim point, least speed to within 0.5 m/s, to 15,000 km of
    ground range (``tests/flight/test_ballistic.py``); beyond, towards the antipode, the rule may
    not converge, and the reason says so.
    """
    if len(request) == 0:
        raise InputError("no arc was asked for", allowed="one arc or more")
    first = _closed_form(request)
    if request.kind is ArcKind.MINIMUM_ENERGY:
        unknowns = _least_speed(request, first, gravity)
    else:
        unknowns, _ = _correct(request, first, request.kind, request.wanted, gravity)
    powered = _powered(request, unknowns)
    start = burn_out(powered)
    free = free_flight(start, gravity=gravity, tolerance_m=tolerance_m)
    miss = np.hypot(*_miss(request, free).T)
    reason = _reasons(request, powered, free, miss)
    return Arcs(
        powered=powered,
        burn_out_state_vector=start,
        free=free,
        miss_m=miss,
        is_solved=np.array([not sentence for sentence in reason]),
        reason=reason,
    )


def _least_speed(request: ArcRequest, first: F64, gravity: Gravity) -> F64:
    """Return azimuth, level and vertical speed of the arcs of least burn-out speed, (n, 3)."""
    unknowns = first.copy()
    best = np.arctan2(first[:, 2], first[:, 1])
    going = np.arange(len(request))
    angle = np.full(len(request), _TRIAL_ANGLE_RAD)
    before = np.zeros(len(request))
    for _ in range(_TRIALS_MAX):
        shift, unknowns[going], is_over = _vertex(
            request.rows(going), unknowns[going], best[going], angle[going], gravity
        )
        best[going] += angle[going] * shift
        is_near = np.abs(shift) < 1.5
        # Steps to and fro over a sharp bend would never come nearer to it.
        has_turned = shift * before[going] < 0.0
        angle[going[is_near | has_turned]] *= 0.3
        before[going] = shift
        going = going[~(is_over & (np.abs(shift) < _SETTLED))]
        if len(going) == 0:
            break
    return _correct(request, unknowns, ArcKind.MINIMUM_ENERGY, best, gravity)[0]


def _vertex(
    request: ArcRequest, unknowns: F64, middle: F64, angle_rad: F64, gravity: Gravity
) -> tuple[F64, F64, npt.NDArray[np.bool_]]:
    """Return how many trial angles off the middle speed is least, by a parabola through three.

    Also the last solutions, and whether that settles it. It does not where the powered phase begins
    to refuse the wanted burn-out height: the curve bends sharply there, and the parabola only
    guesses. It does where no arc was found, since closer trials would find none either.
    """
    squared, sides = [], []
    is_lost = np.zeros(len(request), bool)
    for offset in (-angle_rad, 0.0, angle_rad):
        unknowns, is_met = _correct(
            request, unknowns, ArcKind.MINIMUM_ENERGY, middle + offset, gravity
        )
        is_lost |= ~is_met
        squared.append(unknowns[:, 1] ** 2 + unknowns[:, 2] ** 2)
        low, high = burn_out_altitude_interval(unknowns[:, 2], request.burn_time_s)
        wanted = request.burn_out_altitude_m - request.altitude_m
        sides.append(np.sign(wanted - np.clip(wanted, low, high)) * (request.burn_time_s > 0.0))
    before, between, after = squared
    bend = before - 2.0 * between + after
    vertex = 0.5 * (before - after) / np.where(bend > 0.0, bend, np.inf)
    is_smooth = (sides[0] == sides[1]) & (sides[1] == sides[2])
    vertex = np.where(is_lost, 0.0, np.clip(vertex, -3.0, 3.0))
    return vertex, unknowns, is_smooth | is_lost


def _correct(
    request: ArcRequest, unknowns: F64, kind: ArcKind, wanted: F64, gravity: Gravity
) -> tuple[F64, npt.NDArray[np.bool_]]:
    """Correct (azimuth, level speed, vertical speed) until impact and third condition are met.

    Also return which arcs meet them.

    A Jacobian costs three flights, so an arc keeps its own while a round with it brings the arc
    ten times nearer.
    """
    unknowns = unknowns.copy()
    going = np.arange(len(request))
    is_met = np.zeros(len(request), bool)
    slopes = np.full((len(request), 3, 3), np.nan)
    nearness = np.zeros(len(request))
    for _ in range(_ROUNDS):
        some = request.rows(going)
        residual = _residual(some, unknowns[going], kind, wanted[going], gravity)
        lost = ~np.isfinite(residual).all(axis=1)
        distance = np.where(lost, np.inf, np.abs(residual).max(axis=1))
        is_stale = ~(distance <= 0.1 * nearness[going]) & ~lost
        nearness[going] = distance
        fresh = going[is_stale]
        if len(fresh):
            nudged = [
                _residual(request.rows(fresh), unknowns[fresh] + n, kind, wanted[fresh], gravity)
                for n in np.diag(_NUDGE)
            ]
            change = np.stack(nudged, axis=-1) - residual[is_stale][..., None]
            slopes[fresh] = change / _NUDGE
        unknowns[going] += _step(slopes[going], residual, unknowns[going])
        unknowns[going[lost], 1:] *= 0.97  # too fast to come down: slower
        unknowns[going, 2] = np.maximum(unknowns[going, 2], 1.0)
        is_met[going] = distance < _MISS_SOUGHT_M
        going = going[~is_met[going]]
        if len(going) == 0:
            break
    return unknowns, is_met


def _step(slopes: F64, residual: F64, unknowns: F64) -> F64:
    """Return Newton's step, (n, 3), at most 0.3 rad and 15 % of the speed; 0 without slopes."""
    usable = np.array(np.isfinite(slopes).all(axis=(1, 2)) & np.isfinite(residual).all(axis=1))
    usable[usable] = np.abs(np.linalg.det(slopes[usable])) > 0.0
    step = np.zeros_like(residual)
    step[usable] = -np.linalg.solve(slopes[usable], residual[usable][..., None])[..., 0]
    speed = np.hypot(unknowns[:, 1], unknowns[:, 2])
    limit = np.stack([np.full(len(speed), 0.3), 0.15 * speed, 0.15 * speed], axis=1)
    excess = np.max(np.abs(step) / limit, axis=1)
    shortened: F64 = step / np.maximum(excess, 1.0)[:, None]
    return shortened


def _residual(
    request: ArcRequest, unknowns: F64, kind: ArcKind, wanted: F64, gravity: Gravity
) -> F64:
    """Return miss east, miss north and the third condition, (n, 3), in metres or as good as."""
    powered = _powered(request, unknowns)
    free = free_flight(
        burn_out(powered),
        gravity=gravity,
        seeks_apogee=kind is ArcKind.APOGEE,
    )
    if kind is ArcKind.APOGEE:
        third = free.apogee_altitude_m - wanted
    elif kind is ArcKind.TIME_OF_FLIGHT:
        third = 1e3 * (powered.burn_time_s + free.time_s - wanted)
    else:
        third = 1e3 * (unknowns[:, 2] * np.cos(wanted) - unknowns[:, 1] * np.sin(wanted))
    return np.column_stack([_miss(request, free), third])


def _miss(request: ArcRequest, free: FreeFlight) -> F64:
    """Return impact minus aim point, east and north along the ground, (n, 2), m."""
    position = np.where(free.arrives[:, None], free.state_vector[:, :3], 1e7)
    latitude, longitude, _ = geodetic_from_ecef(position)
    distance, azimuth = geodesic(
        request.aim_latitude_rad, request.aim_longitude_rad, latitude, longitude
    )
    miss: F64 = distance[:, None] * np.column_stack([np.sin(azimuth), np.cos(azimuth)])
    miss[~free.arrives] = np.nan
    return miss


def _powered(request: ArcRequest, unknowns: F64) -> PoweredPhase:
    low, high = burn_out_altitude_interval(unknowns[:, 2], request.burn_time_s)
    height = np.clip(request.burn_out_altitude_m - request.altitude_m, low, high)
    return PoweredPhase(
        latitude_rad=request.latitude_rad,
        longitude_rad=request.longitude_rad,
        altitude_m=request.altitude_m,
        azimuth_rad=unknowns[:, 0],
        burn_time_s=request.burn_time_s,
        burn_out_altitude_m=np.where(request.burn_time_s > 0.0, height, 0.0),
        speed_along_m_s=unknowns[:, 1],
        speed_up_m_s=unknowns[:, 2],
    )


def _closed_form(request: ArcRequest) -> F64:
    """Return azimuth, level and vertical speed of an impulsive start on a turning sphere, (n, 3).

    With half the range angle ``w`` and the ratio ``k`` of apogee radius to the Earth's, the ellipse
    has ``e = (k - 1) / (k - cos w)``; least energy has a velocity elevation of 45 degrees less
    w / 2 (Wheelon, Free flight of a ballistic missile, ARS Journal 29, 1959, 915-926).
    """
    launch = ecef_from_geodetic(request.latitude_rad, request.longitude_rad, np.zeros(len(request)))
    aim = ecef_from_geodetic(
        request.aim_latitude_rad, request.aim_longitude_rad, np.zeros(len(request))
    )
    launch /= np.linalg.norm(launch, axis=1)[:, None]
    aim /= np.linalg.norm(aim, axis=1)[:, None]
    flight_s = np.zeros(len(request))
    for _ in range(4):
        turn = EARTH_RATE_RAD_S * flight_s
        moved = np.column_stack(
            [
                aim[:, 0] * np.cos(turn) - aim[:, 1] * np.sin(turn),
                aim[:, 0] * np.sin(turn) + aim[:, 1] * np.cos(turn),
                aim[:, 2],
            ]
        )
        angle = np.arccos(np.clip(np.sum(launch * moved, axis=1), -1.0, 1.0))
        angle = np.clip(angle, 1e-4, np.pi - 1e-4)
        level, vertical, flight_s = _ellipse(request, angle)
    ahead = moved - launch * np.cos(angle)[:, None]
    ahead /= np.linalg.norm(ahead, axis=1)[:, None]
    east = np.column_stack([-launch[:, 1], launch[:, 0], np.zeros(len(request))])
    velocity = level[:, None] * ahead - EARTH_RATE_RAD_S * MEAN_RADIUS_M * east
    rotation = rotation_enu_from_ecef(request.latitude_rad, request.longitude_rad)
    over_ground = np.einsum("nij,nj->ni", rotation, velocity)
    azimuth = np.arctan2(over_ground[:, 0], over_ground[:, 1])
    return np.column_stack([azimuth, np.hypot(over_ground[:, 0], over_ground[:, 1]), vertical])


def _ellipse(request: ArcRequest, angle_rad: F64) -> tuple[F64, F64, F64]:
    """Return level speed, vertical speed and time of the ellipse over a range angle, (n,) each."""
    half = 0.5 * angle_rad
    if request.kind is ArcKind.MINIMUM_ENERGY:
        elevation = 0.25 * (np.pi - angle_rad)
        ratio = _apogee_ratio(half, elevation)
    elif request.kind is ArcKind.APOGEE:
        ratio = 1.0 + request.wanted / MEAN_RADIUS_M
    else:
        low, high = np.full(len(request), 1.0 + 1e-6), np.full(len(request), 100.0)
        for _ in range(60):
            middle = np.sqrt(low * high)
            is_short = _ellipse_time_s(half, middle) < request.wanted
            low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
        ratio = np.sqrt(low * high)
    eccentricity = (ratio - 1.0) / (ratio - np.cos(half))
    unit = np.sqrt(GM_M3_S2 / MEAN_RADIUS_M / (1.0 - eccentricity * np.cos(half)))
    return (
        unit * (1.0 - eccentricity * np.cos(half)),
        unit * eccentricity * np.sin(half),
        _ellipse_time_s(half, ratio),
    )


def _apogee_ratio(half: F64, elevation_rad: F64) -> F64:
    """Return apogee radius over the Earth's for a range angle and a velocity elevation."""
    tangent = np.tan(elevation_rad)
    eccentricity = tangent / (np.sin(half) + tangent * np.cos(half))
    ratio: F64 = (1.0 - eccentricity * np.cos(half)) / (1.0 - eccentricity)
    return ratio


def _ellipse_time_s(half: F64, ratio: F64) -> F64:
    """Return the time over a range angle 2 * half on the ellipse with that apogee (Kepler)."""
    eccentricity = (ratio - 1.0) / (ratio - np.cos(half))
    axis = MEAN_RADIUS_M * ratio / (1.0 + eccentricity)
    anomaly = 2.0 * np.arctan2(
        np.sqrt(1.0 - eccentricity) * np.cos(0.5 * half),
        np.sqrt(1.0 + eccentricity) * np.sin(0.5 * half),
    )
    mean = anomaly - eccentricity * np.sin(anomaly)
    time_s: F64 = 2.0 * np.sqrt(axis**3 / GM_M3_S2) * (np.pi - mean)
    return time_s


def _reasons(
    request: ArcRequest, powered: PoweredPhase, free: FreeFlight, miss: F64
) -> tuple[str, ...]:
    low, high = (
        powered.altitude_m + end
        for end in burn_out_altitude_interval(powered.speed_up_m_s, powered.burn_time_s)
    )
    height = powered.altitude_m + powered.burn_out_altitude_m
    outside = (powered.burn_time_s > 0.0) & (
        (height < request.burn_out_altitude_low_m - 1.0)
        | (height > request.burn_out_altitude_high_m + 1.0)
    )
    if request.kind is ArcKind.APOGEE:
        third = np.abs(free.apogee_altitude_m - request.wanted) > MISS_MAX_M
    elif request.kind is ArcKind.TIME_OF_FLIGHT:
        third = np.abs(powered.burn_time_s + free.time_s - request.wanted) > 1.0
    else:
        third = np.zeros(len(request), bool)
    astray = ~free.arrives | ~(miss <= MISS_MAX_M) | third
    sentences = []
    for k in range(len(request)):
        is_plain = _is_below_burn_out(request, k) or (outside[k] and _is_too_long(request, k))
        if astray[k] or is_plain:
            sentences.append(_no_arc(request, k))
        elif outside[k]:
            sentences.append(
                f"the arc leaves its powered phase climbing at {powered.speed_up_m_s[k]:.0f} m/s, "
                f"which needs burn-out between {low[k] / 1e3:.0f} and {high[k] / 1e3:.0f} km; "
                f"{_burn_out_given(request, k)}"
            )
        else:
            sentences.append("")
    return tuple(sentences)


def _no_arc(request: ArcRequest, k: int) -> str:
    distance, _ = geodesic(
        request.latitude_rad[k : k + 1],
        request.longitude_rad[k : k + 1],
        request.aim_latitude_rad[k : k + 1],
        request.aim_longitude_rad[k : k + 1],
    )
    ground_km = float(distance[0]) / 1e3
    if _is_below_burn_out(request, k):
        return (
            f"no arc over {ground_km:.0f} km has an apogee of {request.wanted[k] / 1e3:.3g} km: "
            f"the apogee lies below burn-out at {_burn_out_km(request, k)} km"
        )
    if request.kind is ArcKind.APOGEE:
        return (
            f"no arc over {ground_km:.0f} km has an apogee of {request.wanted[k] / 1e3:.0f} km "
            f"after burn-out at {request.burn_out_altitude_m[k] / 1e3:.0f} km"
        )
    if request.kind is ArcKind.TIME_OF_FLIGHT:
        grazing = float(distance[0]) / np.sqrt(GM_M3_S2 / MEAN_RADIUS_M)
        if _is_too_long(request, k):
            return (
                f"no arc over {ground_km:.0f} km takes {request.wanted[k]:.0f} s: that is longer "
                f"than an arc that comes back within {_LONG_FLIGHT_S / 3_600.0:.0f} hours"
            )
        return (
            f"no arc over {ground_km:.0f} km takes {request.wanted[k]:.0f} s; a grazing one, the "
            f"shortest, takes about {grazing + request.burn_time_s[k]:.0f} s with the powered phase"
        )
    return f"no arc of least speed was found over {ground_km:.0f} km"


def _is_below_burn_out(request: ArcRequest, k: int) -> bool:
    is_by_apogee = request.kind is ArcKind.APOGEE and request.burn_time_s[k] > 0.0
    return bool(is_by_apogee and request.wanted[k] <= request.burn_out_altitude_low_m[k])


def _is_too_long(request: ArcRequest, k: int) -> bool:
    is_timed = request.kind is ArcKind.TIME_OF_FLIGHT
    return bool(is_timed and request.wanted[k] > _LONG_FLIGHT_S)


def _burn_out_given(request: ArcRequest, k: int) -> str:
    altitude_km = _burn_out_km(request, k)
    if "to" in altitude_km:
        return f"the interval given is {altitude_km} km"
    return f"the burn-out altitude given is {altitude_km} km"


def _burn_out_km(request: ArcRequest, k: int) -> str:
    low_km = f"{request.burn_out_altitude_low_m[k] / 1e3:.0f}"
    high_km = f"{request.burn_out_altitude_high_m[k] / 1e3:.0f}"
    return low_km if low_km == high_km else f"{low_km} to {high_km}"
