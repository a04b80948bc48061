"""The sensors of a centre as the compiled tracker takes them: one row each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.envelope import boresights_ecef
from commonwatch.sensing.infrared import InfraredSatellite, position_ecef_m
from commonwatch.sensing.measurement import FALSE_ALARM_PROBABILITY, REFERENCE_SIGNAL_DB
from commonwatch.sensing.radar import REFERENCE_CROSS_SECTION_M2, Radar, Role
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking import kalman_kernel, view_kernel
from commonwatch.units import ratio_from_decibels

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

RATE_SPAN_M_S: Final = 12_000.0
"""Range rates that a false plot may show, from -6 to 6 km/s (*assumed*)."""
EARTH_DISC_SR: Final = 0.073
"""Solid angle of the Earth from the geostationary ring, where false lines of sight lie
(*derived*: half-angle 8.7 degrees)."""
INFRARED_DETECTION_PROBABILITY: Final = 0.9
"""In one look at a motor above the clouds (*assumed*; the study's looks never miss)."""
INFRARED_FALSE_PER_LOOK: Final = 1.0
"""Sun glints and other false lines in one look at the disc (*assumed*)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SensorArrays:
    """Figures of every sensor, in the order of the tuple they were made from.

    ``place``, ``rotation``, ``figures``, ``face_from`` and ``faces`` are those of ``view_kernel``;
    ``false_density`` is the mean number of false plots in one look over the volume of what is
    measured (range, azimuth, elevation and range rate; the second without range rate), for a
    satellite over solid angle.
    """

    kind: I64
    place: F64
    rotation: F64
    figures: F64
    face_from: I64
    faces: F64
    false_density: F64


def sensor_arrays(sensors: Sequence[Sensor]) -> SensorArrays:
    """Make the arrays of some sensors."""
    count = len(sensors)
    figures = np.zeros((count, len(view_kernel.FIGURES)))
    place = np.zeros((count, 3))
    rotation = np.zeros((count, 9))
    density = np.zeros((count, 2))
    faces: list[F64] = []
    face_from = [0]
    for index, sensor in enumerate(sensors):
        if isinstance(sensor, InfraredSatellite):
            place[index] = position_ecef_m(sensor.orbit, 0.0)
            figures[index] = _satellite(sensor)
            density[index] = INFRARED_FALSE_PER_LOOK / EARTH_DISC_SR
        else:
            place[index] = sensor.site.position_ecef_m
            rotation[index] = sensor.site.rotation_enu_from_ecef.ravel()
            figures[index] = _radar(sensor)
            density[index] = _false_density(sensor)
            faces.extend(_faces(sensor))
        face_from.append(len(faces))
    return SensorArrays(
        kind=figures[:, view_kernel.KIND].astype(np.int64),
        place=place,
        rotation=rotation,
        figures=figures,
        face_from=np.array(face_from, dtype=np.int64),
        faces=np.array(faces).reshape(-1, 7),
        false_density=density,
    )


def _satellite(satellite: InfraredSatellite) -> tuple[float, ...]:
    return (
        kalman_kernel.INFRARED,
        0.0,
        math.inf,
        INFRARED_DETECTION_PROBABILITY,
        0.0,
        0.0,
        0.0,
        satellite.revisit_s,
        1.0,
        satellite.cloud_break_altitude_m,
    )


def _radar(radar: Radar) -> tuple[float, ...]:
    cross_section_m2 = radar.cross_section_m2 or REFERENCE_CROSS_SECTION_M2
    signal = ratio_from_decibels(REFERENCE_SIGNAL_DB) * cross_section_m2
    return (
        kalman_kernel.RADAR,
        radar.range_min_m,
        radar.range_max_m,
        math.nan if radar.detection_probability is None else radar.detection_probability,
        float(signal / REFERENCE_CROSS_SECTION_M2),
        0.0 if radar.antenna_turns else radar.scan_loss_exponent,
        math.log(FALSE_ALARM_PROBABILITY),
        radar.track_interval_s,
        1.0 if radar.role is Role.SEARCH else 0.0,
        0.0,
    )


def _faces(radar: Radar) -> list[F64]:
    return [
        np.array(
            [
                face.azimuth_min_rad,
                face.width_rad,
                face.elevation_min_rad,
                face.elevation_max_rad,
                *boresights_ecef(radar.site, (face,))[0],
            ]
        )
        for face in radar.faces
    ]


def _false_density(radar: Radar) -> tuple[float, float]:
    """Count false plots over range, azimuth, elevation and range rate, and without the rate."""
    volume = sum(
        face.width_rad
        * (face.elevation_max_rad - face.elevation_min_rad)
        * (radar.range_max_m - radar.range_min_m)
        for face in radar.faces
    )
    mean = max(radar.false_plots_per_sweep, 1e-3)
    return mean / volume / RATE_SPAN_M_S, mean / volume
