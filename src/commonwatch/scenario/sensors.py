"""Sensors as ``sensing`` knows them, made from their entries in a file."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from commonwatch.identity import NationId, SensorId
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import Case, Reading, ends
from commonwatch.scenario.schema import (
    FaceEntry,
    Figure,
    Interval,
    RadarEntry,
    SatelliteEntry,
    SensorEntry,
)
from commonwatch.sensing.infrared import Geostationary, HighlyElliptical, InfraredSatellite
from commonwatch.sensing.radar import Face, Radar, Role
from commonwatch.sensing.site import Site
from commonwatch.sensing.visibility import Sensor
from commonwatch.units import (
    hertz_from_megahertz,
    metres_from_kilometres,
    radians_from_degrees,
    seconds_from_hours,
)


def sensors(
    scenario: Scenario,
    case: Case,
    *,
    is_cross_section_run: bool = False,
    override: Mapping[str, float] | None = None,
) -> tuple[Sensor, ...]:
    """Make every sensor of a scenario's laydowns, in the order of ``scenario.sensors``.

    Parameters
    ----------
    scenario
        The scenario.
    case
        Which end of the intervals.
    is_cross_section_run
        False: the published envelope, at 1 m2. True: the catalogue's cross-sections decide.
    override
        Values in the file's unit by path.
    """
    return tuple(
        sensor(entry, case, is_cross_section_run=is_cross_section_run, override=override)
        for entry in scenario.sensors.values()
    )


def sensor(
    entry: SensorEntry,
    case: Case,
    *,
    is_cross_section_run: bool = False,
    override: Mapping[str, float] | None = None,
) -> Sensor:
    """Make one sensor from its entry; see ``sensors``.

    Parameters
    ----------
    entry, case, is_cross_section_run, override
        The entry; and as ``sensors`` has them.
    """
    reading = Reading(case=case, override=override or {})
    if isinstance(entry, SatelliteEntry):
        return _satellite(entry, reading)
    return _radar(entry, reading, is_cross_section_run=is_cross_section_run)


def _radar(entry: RadarEntry, reading: Reading, *, is_cross_section_run: bool) -> Radar:
    def value(key: str) -> float:
        return reading.value(f"radars.{entry.name}.{key}", getattr(entry, key))

    def given(key: str) -> float | None:
        return None if getattr(entry, key) is None else value(key)

    return Radar(
        sensor=SensorId(entry.name),
        nation=NationId(entry.nation),
        site=Site(
            latitude_rad=radians_from_degrees(entry.latitude_deg),
            longitude_rad=radians_from_degrees(entry.longitude_deg),
            altitude_m=metres_from_kilometres(value("altitude_km")),
        ),
        role=Role(entry.role),
        band=entry.band,
        faces=tuple(
            _face(face, f"radars.{entry.name}.faces[{index}]", reading)
            for index, face in enumerate(entry.faces)
        ),
        range_min_m=metres_from_kilometres(value("range_min_km")),
        range_max_m=metres_from_kilometres(value("range_max_km")),
        beamwidth_rad=radians_from_degrees(value("beamwidth_deg")),
        bandwidth_hz=hertz_from_megahertz(value("bandwidth_mhz")),
        range_floor_m=value("range_floor_m"),
        range_bias_std_m=value("range_bias_m"),
        track_interval_s=value("track_interval_s"),
        hand_over_s=value("hand_over_s"),
        scan_loss_exponent=value("scan_loss_exponent"),
        cross_section_m2=value("cross_section_m2") if is_cross_section_run else None,
        false_plots_per_sweep=value("false_plots_per_sweep"),
        range_std_m=given("range_std_m"),
        azimuth_std_rad=given("azimuth_std_rad"),
        elevation_std_rad=given("elevation_std_rad"),
        range_rate_std_m_s=given("range_rate_std_m_s"),
        detection_probability=given("detection_probability"),
        is_refraction_corrected=entry.refraction_corrected,
    )


def _face(face: FaceEntry, path: str, reading: Reading) -> Face:
    low_deg = reading.value(f"{path}.elevation_min_deg", face.elevation_min_deg)
    high_deg = reading.value(f"{path}.elevation_max_deg", face.elevation_max_deg)
    return Face(
        azimuth_min_rad=radians_from_degrees(face.azimuth_min_deg),
        azimuth_max_rad=radians_from_degrees(face.azimuth_max_deg),
        boresight_azimuth_rad=radians_from_degrees(face.boresight_azimuth_deg),
        boresight_elevation_rad=radians_from_degrees(face.boresight_elevation_deg),
        elevation_min_rad=radians_from_degrees(low_deg),
        elevation_max_rad=radians_from_degrees(high_deg),
    )


def _satellite(entry: SatelliteEntry, reading: Reading) -> InfraredSatellite:
    def value(key: str, figure: Figure | None = None) -> float:
        figure = getattr(entry, key) if figure is None else figure
        return reading.value(f"satellites.{entry.name}.{key}", figure)

    orbit: Geostationary | HighlyElliptical
    if entry.orbit == "geostationary":
        orbit = Geostationary(longitude_rad=radians_from_degrees(value("longitude_deg")))
    else:
        orbit = HighlyElliptical(
            period_s=seconds_from_hours(value("period_h")),
            eccentricity=value("eccentricity"),
            inclination_rad=radians_from_degrees(value("inclination_deg")),
            argument_of_perigee_rad=radians_from_degrees(value("argument_of_perigee_deg")),
            apogee_longitude_rad=radians_from_degrees(value("apogee_longitude_deg")),
            time_from_apogee_s=seconds_from_hours(value("hours_from_apogee")),
        )
    revisit_s = value("revisit_s")
    delay_ratio = value("first_look_delay_s", first_look_delay(entry)) / ends(entry.revisit_s)[1]
    return InfraredSatellite(
        sensor=SensorId(entry.name),
        nation=NationId(entry.nation),
        orbit=orbit,
        revisit_s=revisit_s,
        first_look_delay_s=min(delay_ratio, 1.0) * revisit_s,
        line_of_sight_std_rad=value("line_of_sight_std_rad"),
        cloud_break_altitude_m=metres_from_kilometres(value("cloud_break_altitude_km")),
        elevation_min_rad=radians_from_degrees(value("elevation_min_deg")),
    )


def status_on(entry: SensorEntry, date: datetime.date) -> tuple[str, str]:
    """Return a sensor's status on a day, and since when, by which source.

    A sensor that no entry of ``service`` covers yet is "not yet in service"; without any entry its
    status is "unknown".

    Parameters
    ----------
    entry
        Its ``service`` rises in time.
    date
        The day.

    Returns
    -------
    status, since
        Words; the second is empty where nothing is known.
    """
    past = [service for service in entry.service if service.since <= date]
    if past:
        since = f"since {past[-1].since}"
        return past[-1].status, f"{since} ({past[-1].source})" if past[-1].source else since
    if entry.service:
        first = entry.service[0]
        return "not yet in service", f"{first.status} from {first.since}"
    return "unknown", ""


def first_look_delay(satellite: SatelliteEntry) -> Interval:
    """Return how long a launch waits for its first look: anything up to one revisit."""
    revisit_s = ends(satellite.revisit_s)[1]
    return Interval(
        low=0.0,
        nominal=0.5 * revisit_s,
        high=revisit_s,
        mark="derived",
        source="a motor may come into view at any time between two looks",
    )
