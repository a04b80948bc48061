"""What the form of a table allows and the world does not: checks of converted tables."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Final

import msgspec

from commonwatch.earth.gravity import GM_M3_S2
from commonwatch.reading.mistakes import Check, Checks, Fault
from commonwatch.scenario.figures import high_end, low_end
from commonwatch.scenario.schema import (
    LIMITS,
    ArcEntry,
    FaceEntry,
    FlightEntry,
    Interval,
    LaunchEntry,
    RadarEntry,
    RangeClassEntry,
    RegionEntry,
    SatelliteEntry,
    eastwards_deg,
)
from commonwatch.sensing.infrared import LOWEST_PERIGEE_M
from commonwatch.units import seconds_from_hours

_FULL_TURN_DEG: Final = 360.0


def sector_width_deg(azimuth_min_deg: float, azimuth_max_deg: float) -> float:
    """Return the width of a sector, clockwise from its least to its greatest azimuth.

    0 to 360 is the full circle; 350 to 10 runs through north and is 20 wide; equal azimuths give 0.

    Parameters
    ----------
    azimuth_min_deg, azimuth_max_deg
        Clockwise from true north, 0 to 360.
    """
    difference_deg = azimuth_max_deg - azimuth_min_deg
    if difference_deg == _FULL_TURN_DEG:
        return _FULL_TURN_DEG
    return math.fmod(difference_deg + 2.0 * _FULL_TURN_DEG, _FULL_TURN_DEG)


def _check_interval(interval: Interval) -> Iterator[Fault]:
    nominal = interval.low if interval.nominal is None else interval.nominal
    if not interval.low <= nominal <= interval.high:
        middle = "" if interval.nominal is None else f", nominal {interval.nominal:g}"
        yield Fault(
            found=f"low {interval.low:g}{middle}, high {interval.high:g} are out of order",
            allowed="low <= nominal <= high",
            what_to_do="Put them in order",
        )


def _check_sector(face: FaceEntry) -> Iterator[Fault]:
    width_deg = sector_width_deg(face.azimuth_min_deg, face.azimuth_max_deg)
    if abs(face.azimuth_max_deg - face.azimuth_min_deg) > _FULL_TURN_DEG:
        yield Fault(
            found=f"a sector from {face.azimuth_min_deg:g} to {face.azimuth_max_deg:g} deg",
            allowed="at most a full circle",
            key="azimuth_max_deg",
        )
    elif width_deg == 0.0:
        yield Fault(
            found=f"a sector of zero width, {face.azimuth_min_deg:g} to {face.azimuth_max_deg:g}",
            allowed="a sector that runs clockwise from azimuth_min_deg to azimuth_max_deg",
            what_to_do="Write 0 to 360 for the full circle",
            key="azimuth_max_deg",
        )
    elif (face.boresight_azimuth_deg - face.azimuth_min_deg) % _FULL_TURN_DEG > width_deg:
        yield Fault(
            found=f"boresight_azimuth_deg = {face.boresight_azimuth_deg:g} lies outside the sector",
            allowed=f"{face.azimuth_min_deg:g} clockwise to {face.azimuth_max_deg:g}",
            key="boresight_azimuth_deg",
        )


def _below(lower: str, upper: str) -> Check:
    """Make a check that a lower limit stays below an upper one, anywhere within their intervals."""

    def check(entry: msgspec.Struct) -> Iterator[Fault]:
        if getattr(entry, lower) is None or getattr(entry, upper) is None:
            return
        least, greatest = high_end(getattr(entry, lower)), low_end(getattr(entry, upper))
        if not least < greatest:
            yield Fault(
                found=f"{lower} {least:g} is not below {upper} {greatest:g}",
                allowed=f"{lower} below {upper}, whatever the ends of their intervals",
                key=upper,
            )

    return check


def _check_service(sensor: RadarEntry | SatelliteEntry) -> Iterator[Fault]:
    for index, (one, other) in enumerate(itertools.pairwise(sensor.service)):
        if other.since < one.since:
            yield Fault(
                found=f"from = {other.since} is earlier than the entry before, {one.since}",
                allowed="service entries in order of time",
                keys=("service", index + 1),
                key="from",
            )


_ORBIT_KEYS: Final = {
    "geostationary": ("longitude_deg",),
    "highly elliptical": (
        "period_h",
        "eccentricity",
        "inclination_deg",
        "argument_of_perigee_deg",
        "apogee_longitude_deg",
        "hours_from_apogee",
    ),
}


def _check_orbit(satellite: SatelliteEntry) -> Iterator[Fault]:
    missing = [key for key in _ORBIT_KEYS[satellite.orbit] if getattr(satellite, key) is None]
    for orbit, keys in _ORBIT_KEYS.items():
        for key in keys:
            if orbit != satellite.orbit and getattr(satellite, key) is not None:
                yield Fault(
                    found=f'{key} has no meaning in a "{satellite.orbit}" orbit',
                    allowed=", ".join(_ORBIT_KEYS[satellite.orbit]),
                    what_to_do="Leave it out",
                    key=key,
                )
    for key in missing:
        yield Fault(
            found=f'missing key "{key}"',
            allowed=f'a "{satellite.orbit}" orbit needs {", ".join(_ORBIT_KEYS[satellite.orbit])}',
            key=key,
        )


def _check_perigee(satellite: SatelliteEntry) -> Iterator[Fault]:
    period_h, eccentricity = satellite.period_h, satellite.eccentricity
    if satellite.orbit != "highly elliptical" or period_h is None or eccentricity is None:
        return
    turn_s = seconds_from_hours(low_end(period_h)) / (2.0 * math.pi)
    perigee_m = math.cbrt(GM_M3_S2 * turn_s**2) * (1.0 - high_end(eccentricity))
    if perigee_m < LOWEST_PERIGEE_M:
        yield Fault(
            found=f"a perigee {perigee_m / 1e3:.0f} km from the middle of the Earth",
            allowed=f"{LOWEST_PERIGEE_M / 1e3:.0f} km or more, 100 km above the ground",
            what_to_do="Make period_h longer or eccentricity smaller",
            key="eccentricity",
        )


_ARC_KEYS: Final = {
    "minimum energy": (),
    "apogee": ("apogee_km", "apogee_ratio"),
    "time of flight": ("time_of_flight_s",),
}


def _check_arc(arc: ArcEntry) -> Iterator[Fault]:
    allowed = _ARC_KEYS[arc.kind]
    given = [key for keys in _ARC_KEYS.values() for key in keys if getattr(arc, key) is not None]
    wanted = f"either {' or '.join(allowed)}" if len(allowed) > 1 else "".join(allowed)
    if len(given) > 1:
        yield Fault(
            found=f"{' and '.join(given)} are given together",
            allowed=f'{wanted or "none of them"} for an arc of kind "{arc.kind}"',
            what_to_do="An arc has one more condition than its two ends: leave the others out",
            key=given[-1],
        )
    elif allowed and not given:
        yield Fault(
            found=f'an arc of kind "{arc.kind}" without {" or ".join(allowed)}',
            allowed=wanted,
            key=allowed[0],
        )
    elif given and given[0] not in allowed:
        yield Fault(
            found=f'{given[0]} has no meaning for an arc of kind "{arc.kind}"',
            allowed=wanted or "no further key",
            key=given[0],
        )


def _check_direction(flight: FlightEntry) -> Iterator[Fault]:
    aim = (flight.aim_latitude_deg, flight.aim_longitude_deg)
    is_aimed = aim != (None, None)
    if is_aimed and (None in aim or flight.azimuth_deg is not None):
        yield Fault(
            found="the direction is not clear",
            allowed="either azimuth_deg, or both aim_latitude_deg and aim_longitude_deg",
            key="azimuth_deg",
        )


def _check_height(flight: FlightEntry) -> Iterator[Fault]:
    if flight.apogee_km is not None and flight.time_of_flight_s is not None:
        yield Fault(
            found="apogee_km and time_of_flight_s are given together",
            allowed="one of them",
            what_to_do="Leave one out",
            key="time_of_flight_s",
        )


_INSTEAD_OF: Final = {
    "azimuth_deg": "azimuth_deg and ground_range_km, or an aim point: aim_latitude_deg and "
    "aim_longitude_deg",
    "ground_range_km": "azimuth_deg and ground_range_km, or an aim point: aim_latitude_deg and "
    "aim_longitude_deg",
    "apogee_km": "apogee_km or time_of_flight_s",
}


def _check_own_figures(flight: FlightEntry) -> Iterator[Fault]:
    if flight.launch is not None:
        return
    needed = ["latitude_deg", "longitude_deg", "vehicle"]
    needed += [] if flight.aim_latitude_deg is not None else ["azimuth_deg", "ground_range_km"]
    needed += [] if flight.time_of_flight_s is not None else ["apogee_km"]
    for key in needed:
        if getattr(flight, key) is None:
            yield Fault(
                found=f'missing key "{key}"',
                allowed=_INSTEAD_OF.get(
                    key, "a flight names a launch of the catalogue or has figures of its own"
                ),
                key=key,
            )


def _check_longitudes(region: RegionEntry) -> Iterator[Fault]:
    least_deg, greatest_deg = eastwards_deg(region.longitude_min_deg, region.longitude_max_deg)
    if not least_deg < greatest_deg:
        yield Fault(
            found=f"longitude_min_deg {region.longitude_min_deg:g} is not below "
            f"longitude_max_deg {region.longitude_max_deg:g}",
            allowed="the least longitude, then eastwards the greatest",
            what_to_do="Across the date line count on eastwards: write 220 for 140 W",
            key="longitude_max_deg",
        )


def _check_cells(region: RegionEntry) -> Iterator[Fault]:
    least_deg, greatest_deg = eastwards_deg(region.longitude_min_deg, region.longitude_max_deg)
    width_deg = greatest_deg - least_deg
    if width_deg > _FULL_TURN_DEG:
        yield Fault(
            found=f"{width_deg:g} deg of longitude",
            allowed="at most 360",
            key="longitude_max_deg",
        )
    height_deg = region.latitude_max_deg - region.latitude_min_deg
    cells = (height_deg / region.step_deg + 1.0) * (width_deg / region.step_deg + 1.0)
    if cells > LIMITS.cell_count:
        yield Fault(
            found=f"a grid of about {cells:.3g} places",
            allowed=f"at most {LIMITS.cell_count}",
            what_to_do="Make step_deg larger",
            key="step_deg",
        )


CHECKS: Final[Checks] = {
    Interval: (_check_interval,),
    FaceEntry: (_check_sector, _below("elevation_min_deg", "elevation_max_deg")),
    RadarEntry: (_below("range_min_km", "range_max_km"), _check_service),
    SatelliteEntry: (_check_orbit, _check_perigee, _check_service),
    LaunchEntry: (
        _below("burn_out_altitude_km", "apogee_km"),
        _below("burn_time_s", "apogee_time_s"),
    ),
    RangeClassEntry: (_below("ground_range_min_km", "ground_range_max_km"),),
    ArcEntry: (_check_arc,),
    FlightEntry: (_check_direction, _check_height, _check_own_figures),
    RegionEntry: (
        _below("latitude_min_deg", "latitude_max_deg"),
        _check_longitudes,
        _check_cells,
    ),
}
