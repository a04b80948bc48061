"""Beliefs of made-up centres about flights in straight lines, as columns of their tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from commonwatch.studies.known_matching import TrueFlights, true_flights

NS = 10**9
START_NS = 1_000_000 * NS
FLIGHT_S = 600
LATITUDES = (30.0, 35.0)
"""Of the launch points; flights go ten degrees north, the second launched 30 s later."""


def launch_ns(flight: int) -> int:
    return START_NS + 30 * NS * flight


def straight(flight: int, since_s: float) -> list[float]:
    """State vector of a flight that moves evenly: no physics, 100 km apart from the other."""
    return [6.5e6 + 1e5 * flight, 3e3 * since_s, 0.0, 0.0, 3e3, 0.0]


def truth() -> TrueFlights:
    flights = range(len(LATITUDES))
    ends = {
        "object": [*flights],
        "launch_time_ns": [launch_ns(k) for k in flights],
        "launch_latitude_deg": [*LATITUDES],
        "launch_longitude_deg": [50.0, 50.0],
        "impact_time_ns": [launch_ns(k) + FLIGHT_S * NS for k in flights],
        "impact_latitude_deg": [latitude + 10.0 for latitude in LATITUDES],
        "impact_longitude_deg": [50.0, 50.0],
    }
    rows = [
        (launch_ns(k) + 2 * NS * s, k, straight(k, 2.0 * s)) for k in flights for s in range(300)
    ]
    names = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    objects = {
        "time_ns": [row[0] for row in rows],
        "object": [row[1] for row in rows],
        **{name: [row[2][k] for row in rows] for k, name in enumerate(names)},
    }
    return true_flights(ends, objects)


def track_row(
    track: int, flight: int, since_s: float, *, centre: str = "a", off_m: float = 0.0,
    status: str = "confirmed", late_s: float = 2.0,
) -> dict[str, Any]:  # fmt: skip
    """One row of ``centre_tracks``, of what the questions to them need."""
    state_vector = straight(flight, since_s)
    time_ns = launch_ns(flight) + round(since_s * NS)
    return {
        "centre": centre,
        "track": track,
        "time_ns": time_ns,
        "known_ns": time_ns + round(late_s * NS),
        "status": status,
        "x_m": state_vector[0],
        "y_m": state_vector[1],
        "z_m": state_vector[2] + off_m,
        "p_00": 1e4,
        "p_11": 1e4,
        "p_22": 1e4,
    }


def alert_row(
    alert: int, flight: int, since_s: float, *, centre: str = "a", track: int | None = None,
    status: str = "unconfirmed", half_axis_m: float | None = None, origin: str = "own",
    latitude_off_deg: float = 0.0, late_s: float = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """One row of ``centre_alerts``: true words of a flight, but for what is said to be off."""
    there = half_axis_m is not None
    return {
        "centre": centre,
        "origin": origin,
        "alert": alert,
        "track": track,
        "known_ns": launch_ns(flight) + round(since_s * NS),
        "status": status,
        "launch_time_ns": launch_ns(flight) + round(late_s * NS),
        "launch_time_std_s": 3.0,
        "launch_latitude_deg": LATITUDES[flight] + latitude_off_deg,
        "launch_longitude_deg": 50.0,
        "launch_long_half_axis_m": 2e4,
        "impact_latitude_deg": LATITUDES[flight] + 10.0 if there else None,
        "impact_longitude_deg": 50.0 if there else None,
        "impact_long_half_axis_m": half_axis_m,
    }


ALERT_NAMES = tuple(alert_row(0, 0, 0.0))
TRACK_NAMES = tuple(track_row(0, 0, 0.0))


def columns(rows: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: row["known_ns"])
    return {name: [row[name] for row in ordered] for name in names}


def never() -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.zeros(len(LATITUDES), dtype=np.int64)
