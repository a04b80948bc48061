"""What a message is about: places and sensors, from the message itself and from who made it.

Policies ask where something is and which sensors saw it. Some messages say so. Of others the centre
that makes them knows more than they say: where a track began, which sensors stand behind a launch
report. It passes that beside the message; nothing of it leaves.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

from msgspec import Struct

from commonwatch.identity import SensorId
from commonwatch.sharing.messages import (
    AlertReport,
    Body,
    DetectionReport,
    LaunchReport,
    PreLaunchNotice,
    SensorDescription,
    SensorStatus,
    TrackReport,
)

Place: TypeAlias = tuple[float, float]
"""Latitude and longitude, degrees."""

PLACED_KINDS: Final = frozenset(
    {"launch report", "track report", "detection report", "alert report", "pre-launch notice"}
)
"""Kinds that are about places."""
SENSED_KINDS: Final = frozenset(
    {
        "launch report",
        "track report",
        "detection report",
        "alert report",
        "sensor description",
        "sensor status",
    }
)
"""Kinds that rest on sensors."""
LAUNCH_KINDS: Final = frozenset(
    {"launch report", "track report", "detection report", "alert report"}
)
"""Kinds that may be about a launch from the own territory."""

_SEMI_MAJOR_AXIS_M: Final = 6_378_137.0
_FLATTENING: Final = 1.0 / 298.257223563
"""WGS-84; see ``earth.ellipsoid`` for the source."""


class Subject(Struct, frozen=True, kw_only=True):
    """Places and sensors of a subject; None where they are not known.

    Attributes
    ----------
    places
        Every place that the subject has been at, as far as it matters: (latitude, longitude), deg.
    sensors
        Every sensor on which the message rests.
    """

    places: tuple[Place, ...] | None = None
    sensors: frozenset[SensorId] | None = None


NOT_SAID: Final = Subject()


def subject_of(body: Body, known: Subject = NOT_SAID) -> Subject:
    """Join what a message says of its subject with what is known beside it.

    Parameters
    ----------
    body
        The message; of a correction, what it corrects.
    known
        What the centre that made it knows.

    Returns
    -------
    Subject
        Places and sensors; None for those that neither says.
    """
    places, sensors = _places(body), _sensors(body)
    if known.places is not None:
        places = (*(places or ()), *known.places)
    if known.sensors is not None:
        sensors = known.sensors | (sensors or frozenset())
    return Subject(places=places, sensors=sensors)


def place_below(position_ecef_m: tuple[float, float, float]) -> Place:
    """Return latitude and longitude, degrees, of the place below a position.

    Notes
    -----
    Bowring's formula, one step; a message at a time and without arrays, so that a policy can be
    asked without loading any physics.

    Limits: good to 2e-6 degrees from 10 km below the ellipsoid to 10,000 km above it
    (``tests/sharing/test_subject.py``); at the middle of the Earth without meaning.

    References
    ----------
    B. R. Bowring, "The accuracy of geodetic latitude and height equations", Survey Review 28
    (218), 1985, 202-206, doi:10.1179/sre.1985.28.218.202.
    """
    x_m, y_m, z_m = position_ecef_m
    minor_m = _SEMI_MAJOR_AXIS_M * (1.0 - _FLATTENING)
    eccentricity_squared = _FLATTENING * (2.0 - _FLATTENING)
    axis_distance_m = math.hypot(x_m, y_m)
    distance_m = math.hypot(axis_distance_m, z_m)
    second_squared = eccentricity_squared / (1.0 - eccentricity_squared)
    reduced_rad = math.atan2(
        minor_m * z_m * (1.0 + second_squared * minor_m / max(distance_m, 1.0)),
        _SEMI_MAJOR_AXIS_M * axis_distance_m,
    )
    latitude_rad = math.atan2(
        z_m + second_squared * minor_m * math.sin(reduced_rad) ** 3,
        axis_distance_m - eccentricity_squared * _SEMI_MAJOR_AXIS_M * math.cos(reduced_rad) ** 3,
    )
    return math.degrees(latitude_rad), math.degrees(math.atan2(y_m, x_m))


def _places(body: Body) -> tuple[Place, ...] | None:
    match body:
        case LaunchReport():
            return ((body.launch_area.latitude_deg, body.launch_area.longitude_deg),)
        case AlertReport():
            return _places(body.launch)
        case TrackReport():
            return (place_below(body.position_ecef_m),)
        case PreLaunchNotice():
            return ((body.latitude_deg, body.longitude_deg),)
    return None


def _sensors(body: Body) -> frozenset[SensorId] | None:
    match body:
        case TrackReport() if body.pedigree is not None:
            return frozenset(span.sensor for span in body.pedigree)
        case DetectionReport():
            return frozenset(plot.sensor for plot in body.plots)
        case SensorDescription() | SensorStatus():
            return frozenset({body.sensor})
    return None
