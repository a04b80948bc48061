"""One arc of the 2009 case over an Earth that stands still, and what its turning changes.

The figures of ``STANDS_STILL_S`` were computed beforehand, outside this program, for an impulsive
two-body arc over a sphere that does not turn. The same arc is flown here by Kepler's equation and
swept by ``sensing.visibility``; beside it stands the arc as the program flies it. Shown, never
judged: nothing outside says how far bent rays and the ellipsoid should move the figures.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.earth.gravity import GM_M3_S2
from commonwatch.flight.ballistic import ArcKind, ArcRequest, arc_between
from commonwatch.flight.trajectory import Trajectories, whole_flights
from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import Case
from commonwatch.scenario.schema import PlaceEntry
from commonwatch.scenario.sensors import sensor
from commonwatch.sensing.visibility import spells_of_sight
from commonwatch.studies.validation import Check, Listing
from commonwatch.studies.validation_flight import SPHERE_RADIUS_M

F64 = npt.NDArray[np.float64]

LAUNCH: Final = "semnan"
AIM_POINT: Final = "london"
FACES: Final = ("armavir-se", "armavir-sw")
STANDS_STILL_S: Final = (271.0, 329.0, 687.0)
"""Seconds of sight by the south-east face, first sight by the south-west one, sight by either."""
_FIGURES: Final = ("seen by the SE face", "first seen by the SW face", "seen by either")
_INTERVAL_S: Final = 2.0
_SWEEPS: Final = 60


def compare() -> tuple[list[Check], list[Listing]]:
    """Compare what both faces of Armavir see, with the Earth standing still and turning."""
    still, turning = sight_s(still_arc()), sight_s(turning_arc())
    off_s = np.abs(np.subtract(still, STANDS_STILL_S))
    check = Check(
        what="London arc from Semnan seen by Armavir, Earth standing still: shown",
        against="impulsive two-body arc over a sphere, computed outside the program",
        case_count=len(_FIGURES),
        quantity="seconds of sight, first sight",
        unit="s",
        largest=float(off_s.max()),
        allowed=None,
        cause="bent rays and the ellipsoid, which the sphere leaves out; the greatest for "
        f"{_FIGURES[int(np.argmax(off_s))]}",
    )
    listing = Listing(
        title="What the Earth's turning changes",
        note="Minimum-energy arc from Semnan to London, impulsive, as Armavir's two faces see it "
        "at the published range. Standing still: two-body over a sphere. Turning: as the program "
        "flies it, J2 over the turning ellipsoid; not judged, since nothing outside says so.",
        columns=("figure", "outside, standing still, s", "standing still, s", "turning, s"),
        rows=tuple(
            (name, *(f"{value:.0f}" for value in values))
            for name, *values in zip(_FIGURES, STANDS_STILL_S, still, turning, strict=True)
        ),
    )
    return [check], [listing]


def sight_s(path: Trajectories) -> tuple[float, float, float]:
    """Return seconds of sight by the SE face, first sight by the SW face, seconds by either."""
    radars = [sensor(catalogue.sensors()[name], Case.NOMINAL) for name in FACES]
    spells = spells_of_sight(path, radars)
    south_east, south_west = (spells.sensor == index for index in range(len(FACES)))
    length_s = spells.last_seen_s - spells.first_seen_s
    # The sectors meet in one azimuth, so that no second is seen twice.
    first_s = spells.first_seen_s[south_west].min(initial=np.inf)
    return float(length_s[south_east].sum()), float(first_s), float(length_s.sum())


def still_arc() -> Trajectories:
    """Fly the minimum-energy arc over a sphere that does not turn, by Kepler's equation.

    Notes
    -----
    Its latitude, longitude and height are taken as those above the ellipsoid.
    """
    start, end = _direction(_place(LAUNCH)), _direction(_place(AIM_POINT))
    angle = float(np.arccos(start @ end))
    ahead = (end - np.cos(angle) * start) / np.sin(angle)
    half_sine = np.sin(0.5 * angle)
    speed = np.sqrt(2.0 * GM_M3_S2 / SPHERE_RADIUS_M * half_sine / (1.0 + half_sine))
    momentum = SPHERE_RADIUS_M * speed * np.cos(0.25 * (np.pi - angle))
    axis_m = 1.0 / (2.0 / SPHERE_RADIUS_M - speed**2 / GM_M3_S2)
    eccentricity = np.sqrt(1.0 - momentum**2 / (GM_M3_S2 * axis_m))
    rate = np.sqrt(GM_M3_S2 / axis_m**3)
    first = np.arccos((1.0 - SPHERE_RADIUS_M / axis_m) / eccentricity)
    end_s = 2.0 * (np.pi - first + eccentricity * np.sin(first)) / rate
    count = int(np.ceil(end_s / _INTERVAL_S)) + 1
    time_s = np.minimum(np.arange(count) * _INTERVAL_S, end_s)
    mean = first - eccentricity * np.sin(first) + rate * time_s
    anomaly = mean.copy()
    for _ in range(_SWEEPS):
        slope = 1.0 - eccentricity * np.cos(anomaly)
        anomaly -= (anomaly - eccentricity * np.sin(anomaly) - mean) / slope
    stretch = np.sqrt((1.0 + eccentricity) / (1.0 - eccentricity))
    true = 2.0 * np.arctan2(stretch * np.sin(0.5 * anomaly), np.cos(0.5 * anomaly))
    swept = true - true[0]
    unit = np.cos(swept)[:, None] * start + np.sin(swept)[:, None] * ahead
    height_m = axis_m * (1.0 - eccentricity * np.cos(anomaly)) - SPHERE_RADIUS_M
    position = ecef_from_geodetic(
        np.arcsin(unit[:, 2]), np.arctan2(unit[:, 1], unit[:, 0]), height_m
    )
    velocity = np.gradient(position, time_s, axis=0)
    return Trajectories(
        interval_s=_INTERVAL_S,
        state_vector=np.concatenate([position, velocity], axis=1)[None],
        burn_out_s=np.zeros(1),
        end_s=np.array([end_s]),
        comes_down=np.array([True]),
    )


def turning_arc() -> Trajectories:
    """Fly the same arc as the program does: J2, the turning ellipsoid, no powered phase."""
    launch, aim = _place(LAUNCH), _place(AIM_POINT)
    zero = np.zeros(1)
    arcs = arc_between(
        ArcRequest(
            latitude_rad=np.radians([launch.latitude_deg]),
            longitude_rad=np.radians([launch.longitude_deg]),
            altitude_m=zero,
            aim_latitude_rad=np.radians([aim.latitude_deg]),
            aim_longitude_rad=np.radians([aim.longitude_deg]),
            kind=ArcKind.MINIMUM_ENERGY,
            wanted=np.full(1, np.nan),
            burn_time_s=zero,
            burn_out_altitude_m=zero,
            burn_out_altitude_low_m=zero,
            burn_out_altitude_high_m=zero,
        )
    )
    return whole_flights(arcs, interval_s=_INTERVAL_S)


def _place(name: str) -> PlaceEntry:
    return catalogue.places()[name]


def _direction(place: PlaceEntry) -> F64:
    latitude, longitude = np.radians([place.latitude_deg, place.longitude_deg])
    return np.array(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )
