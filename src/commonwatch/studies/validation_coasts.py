"""Coasts of flights whose engine is known to be off: free flight alone, held to 1 %.

Two kinds. A launch of the catalogue that gives burn time, burn-out altitude, apogee and its time is
flown from burn-out to apogee, so that no parachute or landing burn comes into it. A radar track is
flown from one second of its coast until it is as high again on the way down.

What is judged is the nominal difference, no drag: the figures are good to a tenth of a second, and
an interval that is wide enough would contain anything. The width is printed beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.flight.propagation import APOGEE, Stop, free_flight
from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import ends
from commonwatch.scenario.schema import Figure, LaunchEntry
from commonwatch.studies.validation import Check, Listing
from commonwatch.studies.validation_launches import (
    COAST_MAX_RATIO,
    assumed_keys,
    corner_cases,
    solve,
)
from commonwatch.units import radians_from_degrees

F64 = npt.NDArray[np.float64]

NEEDED: Final = ("burn_time_s", "burn_out_altitude_km", "apogee_km", "apogee_time_s")
"""Keys that a coast from burn-out to apogee hangs on: proof only where none is assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coast:
    """One coast as published and as computed; intervals are (low, high), s.

    Parameters
    ----------
    title, reach
        The flight, and from where to where.
    published_s, published_nominal_s
        Length of the published coast.
    computed_s, computed_nominal_s
        Length of the computed one: over all intervals, drag off and on; all nominal, no drag.
    assumed
        Keys of the catalogue that are assumed, of those that the coast hangs on.
    """

    title: str
    reach: str
    published_s: tuple[float, float]
    published_nominal_s: float
    computed_s: tuple[float, float]
    computed_nominal_s: float
    assumed: tuple[str, ...]

    @property
    def is_proof(self) -> bool:
        """Whether it is judged: nothing of it assumed."""
        return not self.assumed

    @property
    def off_s(self) -> float:
        """Published less computed, both nominal."""
        return self.published_nominal_s - self.computed_nominal_s

    @property
    def off_ratio(self) -> float:
        """How far off it is, as a part of the published coast."""
        return abs(self.off_s) / self.published_nominal_s

    @property
    def width_ratio(self) -> float:
        """Width of the published and the computed interval together, as a part of the coast."""
        published, computed = self.published_s, self.computed_s
        width_s = published[1] - published[0] + computed[1] - computed[0]
        return width_s / self.published_nominal_s


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedCoast:
    """A second of a radar track after burn-out, and when the track is as high again.

    Parameters
    ----------
    title, source
        The flight, and where its track was published.
    start_s, latitude_deg, longitude_deg, altitude_m
        Second of the track, from lift-off, and the position then.
    east_m_s, north_m_s, up_m_s
        Velocity then, relative to the turning Earth.
    apogee_s, apogee_altitude_m
        Greatest altitude of the track.
    end_s
        When it comes down through ``altitude_m``.
    step_s
        Time between two records: times are good to half of it.
    """

    title: str
    source: str
    start_s: float
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    east_m_s: float
    north_m_s: float
    up_m_s: float
    apogee_s: float
    apogee_altitude_m: float
    end_s: float
    step_s: float


NASA_36_353: Final = TrackedCoast(
    title="NASA 36.353, Terrier-Black Brant, White Sands, 9 September 2021",
    source="radar record of the payload, White Sands Missile Range, 21 columns each 0.05 s: "
    "Radar_WOODS_36.353_PAYLOAD_09092021.dat, github.com/rocket-eve/nasa36389flight, 2021-11-17",
    start_s=75.0,
    latitude_deg=32.4907420,
    longitude_deg=-106.3303910,
    altitude_m=103_899.7,
    east_m_s=-22.4,
    north_m_s=164.9,
    up_m_s=1_871.5,
    apogee_s=280.03,
    apogee_altitude_m=293_982.4,
    end_s=485.267,
    step_s=0.05,
)
"""*Found*, but for two interpolated between records: the apogee, where the upward speed changes
sign (0.3 m/s at 280.00 s, -0.2 at 280.05), and the end (103,931.3 m at 485.25 s, 103,837.7 at
485.30).

The start is the first whole five seconds of the track above 100 km, chosen before anything was
computed. The track is lost from 1.65 to 60.70 s, so that burn-out itself is not in it; a sister
flight, NASA 36.320, burnt out at 43.5 s (github.com/Kankelborg-Group/ESIS, flight timeline)."""


def compare() -> tuple[list[Check], list[Listing]]:
    """Compare the coasts that can be judged, and those that are shown."""
    launches = compare_launches()
    tracked = compare_track(NASA_36_353)
    proof = [one for one in launches if one.is_proof]
    shown = [one for one in launches if not one.is_proof]
    apogee_off_m = track_apogee_m(NASA_36_353) - NASA_36_353.apogee_altitude_m
    checks = [
        _check(
            "coasts of published launches, burn-out to apogee, nothing assumed: proof",
            "published times and altitudes of engine cut-off and apogee",
            proof,
            "thrust after cut-off and the last of the air, which the coast leaves out",
        ),
        _check(
            "coast of a sounding rocket, tracked by radar: proof",
            NASA_36_353.source.split(":", maxsplit=1)[0],
            [tracked],
            f"noise of the track's speed: 0.1 m/s is 0.02 s; apogee {apogee_off_m:+.0f} m off",
        ),
    ]
    return checks, [_listing([*proof, tracked, *shown])]


def compare_launches() -> list[Coast]:
    """Compare each launch of the catalogue that publishes the time of its apogee."""
    return [
        _burn_out_to_apogee(entry, entry.apogee_km, entry.apogee_time_s)
        for entry in catalogue.launches().values()
        if entry.apogee_km is not None and entry.apogee_time_s is not None
    ]


def _burn_out_to_apogee(entry: LaunchEntry, apogee_km: Figure, apogee_time_s: Figure) -> Coast:
    corners, middle = corner_cases(entry, apogee_km)
    burn, apogee = ends(entry.burn_time_s), ends(apogee_time_s)
    arcs = solve(
        entry.latitude_deg,
        entry.longitude_deg,
        np.vstack([middle, corners]),
        ends(entry.burn_out_altitude_km),
    )
    starts = arcs.burn_out_state_vector[arcs.is_solved]
    coefficients = ends(catalogue.vehicles()[entry.vehicle].ballistic_coefficient_kg_m2)
    times_s = np.stack(
        [
            free_flight(starts, stop=APOGEE, ballistic_coefficient_kg_m2=coefficient).time_s
            for coefficient in (None, *coefficients)
        ]
    )
    return Coast(
        title=entry.title,
        reach="burn-out to apogee",
        published_s=(apogee[0] - burn[2], apogee[2] - burn[0]),
        published_nominal_s=apogee[1] - burn[1],
        computed_s=(float(times_s.min()), float(times_s.max())),
        computed_nominal_s=float(times_s[0, 0]) if arcs.is_solved[0] else np.nan,
        assumed=assumed_keys(entry, NEEDED),
    )


def compare_track(track: TrackedCoast) -> Coast:
    """Compare the length of a tracked coast, from its start until it is as high again.

    Notes
    -----
    The computed interval is that of the start's last digits: half of 0.1 m and of 0.1 m/s.
    """
    height_m, speed_m_s = 0.05, 0.05
    start = _state_vector(track)
    up = rotation_enu_from_ecef(*_place_rad(track))[2]
    step = np.concatenate([height_m * up, speed_m_s * up])
    flown = free_flight(
        np.stack([start, start - step, start + step]), stop=Stop(track.altitude_m)
    ).time_s
    return Coast(
        title=track.title,
        reach=f"{track.altitude_m / 1e3:.1f} km up to the same height down",
        published_s=(
            track.end_s - track.start_s - 0.5 * track.step_s,
            track.end_s - track.start_s + 0.5 * track.step_s,
        ),
        published_nominal_s=track.end_s - track.start_s,
        computed_s=(float(flown.min()), float(flown.max())),
        computed_nominal_s=float(flown[0]),
        assumed=(),
    )


def track_apogee_m(track: TrackedCoast) -> float:
    """Return the apogee of a track's start, flown freely."""
    return float(free_flight(_state_vector(track)[None], stop=APOGEE).apogee_altitude_m[0])


def _place_rad(track: TrackedCoast) -> tuple[float, float]:
    return (
        float(radians_from_degrees(track.latitude_deg)),
        float(radians_from_degrees(track.longitude_deg)),
    )


def _state_vector(track: TrackedCoast) -> F64:
    latitude_rad, longitude_rad = _place_rad(track)
    velocity_enu_m_s = np.array([track.east_m_s, track.north_m_s, track.up_m_s])
    rotation = rotation_enu_from_ecef(latitude_rad, longitude_rad)
    position = ecef_from_geodetic(latitude_rad, longitude_rad, track.altitude_m)
    return np.concatenate([position, rotation.T @ velocity_enu_m_s])


def _check(what: str, against: str, coasts: list[Coast], cause: str) -> Check:
    worst = max(coasts, key=lambda one: one.off_ratio, default=None)
    return Check(
        what=what,
        against=against,
        case_count=len(coasts),
        quantity="length of the coast, all figures nominal",
        unit="%",
        largest=None if worst is None else 100.0 * worst.off_ratio,
        allowed=None if worst is None else 100.0 * COAST_MAX_RATIO,
        cause="none" if worst is None else f"{cause}; {worst.title}",
    )


def _listing(coasts: list[Coast]) -> Listing:
    return Listing(
        title="Published coasts that are judged",
        note="Free flight alone, J2, held to 1 % at nominal figures without drag, where nothing "
        "that it hangs on is assumed. Burn-out to apogee: from the published burn time and "
        "burn-out altitude to the published apogee and its time, before any parachute or landing "
        "burn; the computed interval spans the rounding of every figure, and drag off and on. "
        "New Shepard lands under power: of it the coast alone is compared, not the flight time. "
        f"Track: {NASA_36_353.source}; the computed interval spans the last digits of its height "
        "and upward speed. Width: both intervals together, as a part of the coast. Sea level and "
        "ellipsoid, which the sources do not tell apart, lie some 20 m from each other there.",
        columns=(
            "flight",
            "coast",
            "published, s",
            "computed, s",
            "width, %",
            "nominal off, s",
            "off, %",
            "judged",
        ),
        rows=tuple(
            (
                one.title,
                one.reach,
                _interval(one.published_s),
                _interval(one.computed_s),
                f"{100.0 * one.width_ratio:.2f}",
                f"{one.off_s:+.2f}",
                f"{100.0 * one.off_ratio:.2f}",
                "yes" if one.is_proof else f"no: assumed {', '.join(one.assumed)}",
            )
            for one in coasts
        ),
    )


def _interval(ends_s: tuple[float, float]) -> str:
    return f"{ends_s[0]:,.2f} to {ends_s[1]:,.2f}"
