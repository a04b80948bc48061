"""What a sender knew of a message's subject that the message does not say, from its history.

Worked out from what the sender's watch floor had shown and from what its sensors are, without the
code of a centre that tells a policy the same.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``GLOW_RADIUS_M``   policies ask for the place below a line of sight where it   assumed
                    comes within some 40 km of the ground, or nearest to it
``BELOW_DEG``       two ways to the place below a position differ by less       derived
==================  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.earth.frames import position_from_look_angles
from commonwatch.identity import NationId
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.messages import (
    AlertReport,
    Correction,
    DetectionReport,
    LaunchReport,
    Message,
    Plot,
    TrackReport,
)
from commonwatch.units import degrees_from_radians
from commonwatch.world.facts import Facts

F64 = npt.NDArray[np.float64]
Place = tuple[float, float]
"""Latitude and longitude, degrees."""

GLOW_RADIUS_M: Final = 6_420_000.0
BELOW_DEG: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, and by how much it may be off from what was judged, degrees."""

    latitude_deg: float
    longitude_deg: float
    north_deg: float = 0.0
    east_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Places and sensors of a subject, as far as they can be told from a sender's history."""

    places: tuple[Spot, ...] = ()
    sensors: frozenset[str] = frozenset()


NOTHING: Final = Beside()


@dataclass(slots=True, eq=False)
class Besides:
    """Answers what a sender knew beside each of its messages.

    Parameters
    ----------
    facts
        The history.
    """

    facts: Facts
    _sensors: dict[NationId, dict[str, Sensor]] = field(init=False)
    _sources: dict[tuple[NationId, int], list[tuple[int, frozenset[str]]]] = field(init=False)
    _began: dict[tuple[NationId, int], list[tuple[int, Place]]] = field(init=False)

    def __post_init__(self) -> None:
        history = self.facts.history
        self._sensors = {
            name: {str(sensor.sensor): sensor for sensor in configuration.sensors}
            for name, configuration in history.configurations.items()
        }
        self._sources, self._began = {}, {}
        for shown in history.shown:
            alert, own = shown.alert, self._sensors[shown.centre]
            if self.facts.is_forgotten(shown.centre, shown.time_ns):
                continue
            named = frozenset(alert.sources.split(", ")) & frozenset(own)
            key = shown.centre, alert.alert
            self._sources.setdefault(key, []).append((alert.known_ns, named))
            area = alert.launch_area
            if alert.origin == "own" and alert.track >= 0 and area is not None:
                place = area.latitude_deg, area.longitude_deg
                began = self._began.setdefault((shown.centre, alert.track), [])
                began.append((alert.known_ns, place))

    def of(self, message: Message, now_ns: int) -> Beside:
        """Return what its sender knew when it was decided about, by the sender's clock.

        Parameters
        ----------
        message
            As its sender made it; of a correction what it corrects.
        now_ns
            By the sender's clock, UTC since 1970: what became known later does not count.

        Returns
        -------
        Beside
            Places and sensors; nothing for kinds that need none.
        """
        body = message.body.corrected if isinstance(message.body, Correction) else message.body
        sender = message.originator
        if isinstance(body, LaunchReport | AlertReport):
            shown = self._sources.get((sender, body.event), [])
            named = [sources for known_ns, sources in shown if known_ns <= now_ns]
            return Beside(sensors=frozenset().union(*named))
        if isinstance(body, TrackReport):
            began = self._began.get((sender, body.track), [])
            places = [place for known_ns, place in began if known_ns <= now_ns]
            return Beside(places=(_around(places),)) if places else NOTHING
        if isinstance(body, DetectionReport) and self._asks_where(sender):
            found = [self._place(sender, plot) for plot in body.plots]
            return Beside(places=tuple(Spot(*p, BELOW_DEG, BELOW_DEG) for p in found if p))
        return NOTHING

    def _asks_where(self, sender: NationId) -> bool:
        policy = self.facts.history.configurations[sender].policy
        return bool(policy.territory) or any(rule.regions for rule in policy.rules)

    def _place(self, sender: NationId, plot: Plot) -> Place | None:
        """Return the place below what a plot shows; None where it cannot be told."""
        sensor = self._sensors[sender].get(str(plot.sensor))
        if isinstance(sensor, Radar) and plot.range_m is not None:
            return below(
                position_from_look_angles(
                    sensor.site.position_ecef_m,
                    sensor.site.rotation_enu_from_ecef,
                    plot.range_m,
                    plot.azimuth_rad or 0.0,
                    plot.elevation_rad or 0.0,
                )
            )
        if plot.sensor_ecef_m is None or plot.line_of_sight is None:
            return None
        eye, line = np.array(plot.sensor_ecef_m), np.array(plot.line_of_sight)
        nearest_m = -float(eye @ line)
        height_squared = GLOW_RADIUS_M**2 - float(eye @ eye) + nearest_m**2
        return below(eye + (nearest_m - np.sqrt(max(height_squared, 0.0))) * line)


def _around(places: Sequence[Place]) -> Spot:
    """Return where a track began, as sure as the floor was of it: a statement may go unshown."""
    latitude_deg, longitude_deg = places[-1]
    north_deg = max(abs(latitude_deg - north) for north, _ in places)
    east_deg = max(abs((longitude_deg - east + 180.0) % 360.0 - 180.0) for _, east in places)
    return Spot(latitude_deg, longitude_deg, north_deg + BELOW_DEG, east_deg + BELOW_DEG)


def below(position_ecef_m: npt.ArrayLike) -> Place:
    """Return latitude and longitude of the place below a position, degrees."""
    latitude_rad, longitude_rad, _ = geodetic_from_ecef(position_ecef_m)
    return float(degrees_from_radians(latitude_rad)), float(degrees_from_radians(longitude_rad))
