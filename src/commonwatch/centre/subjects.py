"""What a centre knows of the subjects of its messages, for its policy alone: none of it leaves."""

from __future__ import annotations

import math
from itertools import groupby
from typing import Final

from commonwatch.centre.alert import AlertEvent
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.own_watch import OwnStep
from commonwatch.earth.frames import position_from_look_angles
from commonwatch.identity import SensorId
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.messages import (
    AlertReport,
    Body,
    Correction,
    DetectionReport,
    LaunchReport,
    Plot,
    TrackReport,
    kind_of,
)
from commonwatch.sharing.subject import NOT_SAID, Place, Subject, place_below
from commonwatch.units import degrees_from_radians

GLOW_RADIUS_M: Final = 6_420_000.0
"""A line of sight is taken to end here, some 40 km up: only the place below it is asked for."""


class Subjects:
    """Remembers where tracks began and what alerts rest on.

    Parameters
    ----------
    configuration
        The centre's.
    """

    def __init__(self, configuration: CentreConfiguration) -> None:
        self._sensors: dict[SensorId, Sensor] = {
            sensor.sensor: sensor for sensor in configuration.sensors
        }
        policy = configuration.policy
        self._shared = frozenset(kind for rule in policy.rules for kind in rule.share)
        self._began: dict[int, Place] = {}
        self._rests_on: dict[int, frozenset[SensorId]] = {}

    def learn(self, own: OwnStep | None) -> None:
        """Remember where tracks began: at the launch point where it is stated."""
        if own is None:
            return
        for report in own.track_reports:
            self._began.setdefault(report.track, place_below(report.position_ecef_m))
        for said in own.statements:
            if said.launch is not None:
                area = said.launch.area
                self._began[said.track] = (
                    float(degrees_from_radians(area.latitude_rad)),
                    float(degrees_from_radians(area.longitude_rad)),
                )

    def learn_alert(self, alert: AlertEvent) -> None:
        """Remember which sensors an alert rests on."""
        named = {SensorId(name.strip()) for name in alert.sources.split(",")}
        own = named & set(self._sensors)
        self._rests_on[alert.alert] = self._rests_on.get(alert.alert, frozenset()) | own

    def of(self, body: Body) -> Subject:
        """Return what is known of a body's subject beside what it says."""
        judged = body.corrected if isinstance(body, Correction) else body
        if kind_of(judged) not in self._shared:
            return NOT_SAID
        match judged:
            case TrackReport():
                began = self._began.get(judged.track)
                return NOT_SAID if began is None else Subject(places=(began,))
            case LaunchReport() | AlertReport():
                return Subject(sensors=self._rests_on.get(judged.event))
            case DetectionReport():
                return Subject(places=self._places(judged.plots))
        return NOT_SAID

    def _places(self, plots: tuple[Plot, ...]) -> tuple[Place, ...] | None:
        places: list[Place] = []
        for name, own in groupby(plots, key=lambda plot: plot.sensor):
            sensor = self._sensors.get(name)
            if isinstance(sensor, Radar):
                places += _below_echoes(list(own), sensor)
                continue
            for plot in own:
                if plot.sensor_ecef_m is None or plot.line_of_sight is None:
                    return None
                places.append(_below_glow(plot.sensor_ecef_m, plot.line_of_sight))
        return tuple(places)


def _below_echoes(plots: list[Plot], radar: Radar) -> list[Place]:
    positions = position_from_look_angles(
        radar.site.position_ecef_m,
        radar.site.rotation_enu_from_ecef,
        [plot.range_m or 0.0 for plot in plots],
        [plot.azimuth_rad or 0.0 for plot in plots],
        [plot.elevation_rad or 0.0 for plot in plots],
    )
    return [place_below((x_m, y_m, z_m)) for x_m, y_m, z_m in positions.tolist()]


def _below_glow(eye: tuple[float, float, float], line: tuple[float, float, float]) -> Place:
    """Place below a line of sight where it first comes near the ground, or nearest to it."""
    along = -sum(a * b for a, b in zip(eye, line, strict=True))
    past = sum(a * a for a in eye) - along * along
    half = math.sqrt(max(GLOW_RADIUS_M**2 - past, 0.0))
    reach = along - half
    x_m, y_m, z_m = (a + reach * b for a, b in zip(eye, line, strict=True))
    return place_below((x_m, y_m, z_m))
