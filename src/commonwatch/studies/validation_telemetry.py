"""Recorded webcast telemetry: the coast test, and the apogee that a coast leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import InputError
from commonwatch.flight.coast import (
    RESIDUAL_FREE_M_S2,
    RESIDUAL_NOT_FREE_M_S2,
    Verdict,
    coast_evidence,
    first_coast,
)
from commonwatch.flight.propagation import APOGEE, free_flight
from commonwatch.flight.recorded import from_vertical_plane
from commonwatch.scenario import catalogue
from commonwatch.scenario.recorded import read_recording
from commonwatch.studies.validation import Check, Listing
from commonwatch.units import radians_from_degrees

F64 = npt.NDArray[np.float64]

APOGEE_MAX_M: Final = 1_500.0
_AGAINST: Final = "webcast telemetry (shahar603/Telemetry-Data)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A recorded first stage and its events, seconds from lift-off.

    Parameters
    ----------
    file
        Name in the folder of recordings.
    latitude_deg, longitude_deg
        Launch site, rounded.
    azimuth_deg
        Launch azimuth, assumed: the telemetry holds no direction. It moves the apogee by metres.
    cut_off_s, coast_end_s
        Engine cut-off, and the next burn.
    """

    file: str
    latitude_deg: float
    longitude_deg: float
    azimuth_deg: float
    cut_off_s: float
    coast_end_s: float


BULGARIASAT: Final = Flight(
    file="bulgariasat-1.csv",
    latitude_deg=28.6083,
    longitude_deg=-80.6041,
    azimuth_deg=93.0,
    cut_off_s=158.0,
    coast_end_s=390.0,
)
"""Events: events.json of the same repository (*found*): cut-off 158 s, re-entry burn 390 s."""
ZUMA: Final = Flight(
    file="zuma.csv",
    latitude_deg=28.5619,
    longitude_deg=-80.5774,
    azimuth_deg=45.0,
    cut_off_s=143.0,
    coast_end_s=381.0,
)
"""Events (*found*): cut-off 143 s, boost-back 159 to 206 s, re-entry burn 381 s."""
ZUMA_BOOST_BACK_S: Final = (159.0, 206.0)


def samples(flight: Flight, first_s: float, last_s: float) -> tuple[F64, F64]:
    """Return times (n,) and ECEF state vectors (n, 6) of a recorded flight between two times.

    Parameters
    ----------
    flight
        Which recording, from where, and to which azimuth.
    first_s, last_s
        Seconds from lift-off, both inclusive.

    Raises
    ------
    InputError
        The recording has no speeds.
    """
    recording = read_recording(catalogue.RECORDED / flight.file)
    if recording.horizontal_speed_m_s is None or recording.vertical_speed_m_s is None:
        raise InputError("the recording has no speeds", where=flight.file)
    state_vectors = from_vertical_plane(
        recording.time_s,
        recording.altitude_m,
        recording.downrange_m,
        latitude_rad=radians_from_degrees(flight.latitude_deg),
        longitude_rad=radians_from_degrees(flight.longitude_deg),
        azimuth_rad=radians_from_degrees(flight.azimuth_deg),
        speeds_m_s=(recording.horizontal_speed_m_s, recording.vertical_speed_m_s),
    )
    kept = (recording.time_s >= first_s) & (recording.time_s <= last_s)
    return recording.time_s[kept], state_vectors[kept]


def highest_altitude_m(flight: Flight) -> float:
    """Return the highest altitude that the telemetry shows."""
    return float(read_recording(catalogue.RECORDED / flight.file).altitude_m.max())


def compare() -> tuple[list[Check], list[Listing]]:
    """Compare the coast of one flight with its apogee, and two verdicts with what happened."""
    time, state_vectors = samples(BULGARIASAT, 0.0, BULGARIASAT.coast_end_s)
    coast = coast_evidence(time, state_vectors, cut_off_s=BULGARIASAT.cut_off_s)
    burn = coast_evidence(*samples(ZUMA, *ZUMA_BOOST_BACK_S))
    first_s, start = first_coast(time, state_vectors, cut_off_s=BULGARIASAT.cut_off_s)
    predicted_m = float(free_flight(start[None], stop=APOGEE).apogee_altitude_m[0])
    highest_m = highest_altitude_m(BULGARIASAT)
    checks = [
        Check(
            what="BulgariaSat-1: apogee from the first coasting second",
            against=_AGAINST,
            case_count=1,
            quantity=f"highest altitude ({highest_m / 1e3:.1f} km)",
            unit="m",
            largest=abs(predicted_m - highest_m),
            allowed=APOGEE_MAX_M,
            cause=f"noise of the telemetry's vertical speed from {first_s:.0f} s on: a metre per "
            "second is 100 m of apogee",
        ),
        Check(
            what="BulgariaSat-1: the coast is accepted",
            against=_AGAINST,
            case_count=coast.window_count,
            quantity="residual acceleration",
            unit="m/s2",
            largest=coast.residual_max_m_s2,
            allowed=RESIDUAL_FREE_M_S2,
            cause="sideways Coriolis acceleration, which telemetry of a vertical plane leaves out, "
            "and noise",
        ),
        Check(
            what="coast test: BulgariaSat-1's coast accepted, ZUMA's boost-back refused",
            against=_AGAINST,
            case_count=2,
            quantity="wrong verdicts",
            unit="verdicts",
            largest=float(
                (coast.verdict is not Verdict.FREE_FLIGHT)
                + (burn.verdict is not Verdict.NOT_FREE_FLIGHT)
            ),
            allowed=0.0,
            cause=f"the boost-back leaves {burn.residual_max_m_s2:.0f} m/s2 that gravity does not "
            f"explain; {RESIDUAL_NOT_FREE_M_S2:.0f} m/s2 is enough to refuse",
        ),
    ]
    rows = [
        ("BulgariaSat-1, coast", coast.verdict.value, coast.sentence),
        ("ZUMA, boost-back", burn.verdict.value, burn.sentence),
    ]
    listing = Listing(
        title="Coast test on recorded flights",
        note="Samples of one a second; the launch azimuth is assumed.",
        columns=("samples", "verdict", "evidence"),
        rows=tuple(rows),
    )
    return checks, [listing]
