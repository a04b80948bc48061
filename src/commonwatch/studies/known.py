"""What each centre knew of each flight, and when: one row a flight, centre and world.

====================  ==================================================================
``known``             the rows, from what the centres of one world believed
``known_matching``    which flight a track follows, and which launch an alert speaks of
``known_first``       when sensors first detected each flight
====================  ==================================================================

An event is known at a centre when it has happened *there*, delays included, whoever it came from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodesic
from commonwatch.studies.known_matching import (
    NOBODY,
    TrueFlights,
    flights_of_alerts,
    flights_of_tracks,
    rows_by,
    taken,
)
from commonwatch.units import NS_PER_S, radians_from_degrees
from commonwatch.warning.alert import ANY_CONFIRMED

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

NONE_MOVED: Final = "none"
"""In the column ``delay``: every delay is drawn from its interval."""
AREA_M: Final = 100_000.0
"""Long half-axis of the 95 % impact ellipse below which the impact area counts as known."""
AXIS_AT_S: Final = (60, 120, 180, 300, 600)
"""Seconds after launch at which ``known`` has the half-axis; ``known_areas`` has more."""
AREA_STEP_S: Final = 20.0
NOT_LOOKED: Final = "missed: nobody looked"
NOT_TRACKED: Final = "missed: seen, not tracked"
NOT_ALERTED: Final = "missed: tracked, no alert"
NOT_TOLD: Final = "missed: known elsewhere"
UNCONFIRMED: Final = "unconfirmed"
SINGLE_KIND: Final = "confirmed, single kind"
CONFIRMED: Final = "confirmed"
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beliefs:
    """What the centres of one world believed.

    Parameters
    ----------
    centres
        Names of all centres, also of those that never say anything.
    alerts, tracks
        Columns of ``centre_alerts`` and ``centre_tracks``, rising in time of knowing.
    first_ns
        For each centre when the first true detection of each flight was there, shape (n,); 0 where
        none ever was.
    """

    centres: tuple[str, ...]
    alerts: Mapping[str, Any]
    tracks: Mapping[str, Any]
    first_ns: Mapping[str, I64]


@dataclass(slots=True, kw_only=True, eq=False)
class Rows:
    """Rows of ``known``, ``known_areas`` and ``alert_counts`` of one world, without its name."""

    known: list[dict[str, Any]] = field(default_factory=list)
    areas: list[dict[str, Any]] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)
    confirmed_false: dict[str, frozenset[int]] = field(default_factory=dict)
    """Of each centre the alerts that were ever confirmed and speak of nothing that flies."""


def known(believed: Beliefs, flown: TrueFlights) -> Rows:
    """Judge one world by its truth.

    Parameters
    ----------
    believed
        What its centres believed.
    flown
        What flew.

    Returns
    -------
    Rows
        Every flight at every centre, every alert counted at every centre.

    Notes
    -----
    1. Tracks are given to the flight that they mostly follow, alerts to that of their track, or, of
    reports alone, to the launch that they fit; what fits none is false. 2. Of several alerts of one
    flight the first counts for each event, and the smallest of their latest ellipses for each
    instant; a cancelled one counts no more from then on. 3. Warning left is the flight's vacuum
    impact less the time of knowing.
    """
    rows = Rows()
    said, held_tracks = as_arrays(believed.alerts), as_arrays(believed.tracks)
    by_alert, by_track = rows_by(said["centre"]), rows_by(held_tracks["centre"])
    none = np.empty(0, dtype=np.int64)
    seen_anywhere = np.zeros(len(flown), dtype=bool)
    for first_ns in believed.first_ns.values():
        seen_anywhere |= first_ns > 0
    for centre in believed.centres:
        alerts = _Alerts.of(taken(said, by_alert.get(centre, none)))
        tracks = taken(held_tracks, by_track.get(centre, none))
        follows = flights_of_tracks(tracks, flown)
        speaks = flights_of_alerts(alerts.columns, follows, flown)
        held = _held(tracks, follows)
        flight_of_row = np.array([speaks[int(alert)] for alert in alerts.alert], dtype=np.int64)
        for flight in range(len(flown)):
            own = alerts.take(np.flatnonzero(flight_of_row == flight))
            seen_ns = int(believed.first_ns[centre][flight]) if centre in believed.first_ns else 0
            row = _row(flown, flight, own, held.get(flight, []), seen_ns)
            if not row["outcome"]:
                row["outcome"] = NOT_TOLD if seen_anywhere[flight] else NOT_LOOKED
            rows.known.append({"centre": centre, "object": flight, **row})
            rows.areas += [
                {"centre": centre, "object": flight, **area} for area in _areas(flown, flight, own)
            ]
        false = frozenset(alert for alert, flight in speaks.items() if flight == NOBODY)
        sure = alerts.alert[np.isin(alerts.status, ANY_CONFIRMED)].tolist()
        rows.confirmed_false[centre] = false.intersection(sure)
        counts = _counts(speaks, false, rows.confirmed_false[centre], len(flown))
        rows.counts.append({"centre": centre, **counts})
    return rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Alerts:
    """Alerts of one centre as arrays: the columns that are asked for most."""

    columns: Mapping[str, Any]
    alert: I64
    known_ns: I64
    status: npt.NDArray[np.object_]
    half_axis_m: F64

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> _Alerts:
        return cls(
            columns=columns,
            alert=np.asarray(columns["alert"], dtype=np.int64),
            known_ns=np.asarray(columns["known_ns"], dtype=np.int64),
            status=np.asarray(columns["status"], dtype=object),
            half_axis_m=numbers(columns["impact_long_half_axis_m"]),
        )

    def take(self, rows: I64) -> _Alerts:
        return _Alerts.of(taken(self.columns, rows))

    def first(self, chosen: npt.NDArray[np.bool_]) -> int:
        """Return the first row of those chosen; -1 where there is none."""
        rows = np.flatnonzero(chosen)
        return int(rows[np.argmin(self.known_ns[rows])]) if len(rows) else -1


_ASKED: Final = frozenset(
    {
        "centre", "alert", "track", "time_ns", "known_ns", "status", "origin", "launch_time_ns",
        "launch_time_std_s", "x_m", "y_m", "z_m", "p_00", "p_11", "p_22",
        *(
            f"{end}_{name}"
            for end in ("launch", "impact")
            for name in ("latitude_deg", "longitude_deg", "long_half_axis_m")
        ),
    }
)  # fmt: skip


def as_arrays(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are asked for as arrays; numbers that may be empty hold nan."""
    found: dict[str, Any] = {}
    for name in _ASKED.intersection(columns):
        values = columns[name]
        is_length = name.endswith(("_m", "_deg", "_s"))
        if is_length and not isinstance(values, np.ndarray):
            found[name] = numbers(values)
        else:
            found[name] = np.asarray(values, dtype=None if is_length else object)
    return found


def numbers(values: Any) -> F64:
    """Return a column as floats, not-a-number where empty."""
    return np.array([np.nan if each is None else each for each in values], dtype=np.float64)


def _row(
    flown: TrueFlights, flight: int, alerts: _Alerts, tracks: Sequence[_Held], seen_ns: int
) -> dict[str, Any]:
    launch_ns = int(flown.launch_ns[flight])
    impact_ns = int(flown.impact_ns[flight]) if flown.comes_down[flight] else None
    is_live = alerts.status != CANCELLED
    row: dict[str, Any] = {
        "flight_s": None if impact_ns is None else (impact_ns - launch_ns) / NS_PER_S,
        "detection_s": (seen_ns - launch_ns) / NS_PER_S if seen_ns else None,
    }
    row |= _tracked(tracks, launch_ns)
    events = {
        "unconfirmed": is_live,
        "single_kind": np.isin(alerts.status, ANY_CONFIRMED),
        "confirmed": alerts.status == CONFIRMED,
        "impact_area": is_live & (alerts.half_axis_m < AREA_M),
    }
    for name, chosen in events.items():
        at = alerts.first(chosen)
        known_ns = None if at < 0 else int(alerts.known_ns[at])
        row[f"{name}_s"] = None if known_ns is None else (known_ns - launch_ns) / NS_PER_S
        row[f"{name}_from"] = None if at < 0 else str(alerts.columns["origin"][at])
        if name != "single_kind":
            left = "warning_left" if name == "impact_area" else f"warning_left_{name}"
            is_warned = known_ns is not None and impact_ns is not None
            row[f"{left}_s"] = (impact_ns - known_ns) / NS_PER_S if is_warned else None  # type: ignore[operator]
    row["outcome"] = _outcome(alerts, row)
    return row | _errors(flown, flight, alerts)


def _outcome(alerts: _Alerts, row: Mapping[str, Any]) -> str:
    """Return what the flight ended as here; nothing where nothing was known here at all."""
    numbers_of = np.unique(alerts.alert).tolist()
    last = {alerts.status[alerts.alert == alert][-1] for alert in numbers_of}
    if last == {CANCELLED}:
        return CANCELLED
    for status in (CONFIRMED, SINGLE_KIND, UNCONFIRMED):
        if status in alerts.status:
            return status
    if row["track_s"] is not None:
        return NOT_ALERTED
    return NOT_TRACKED if row["detection_s"] is not None else ""


def _errors(flown: TrueFlights, flight: int, alerts: _Alerts) -> dict[str, Any]:
    """Return how far the last words of launch and impact are off, and how large they say so."""
    found: dict[str, Any] = {}
    for end, true_rad in (("launch", flown.launch_rad), ("impact", flown.impact_rad)):
        axis_m = numbers(alerts.columns[f"{end}_long_half_axis_m"])
        rows = np.flatnonzero(np.isfinite(axis_m) & (alerts.status != CANCELLED))
        is_known = len(rows) > 0 and bool(np.isfinite(true_rad[flight]).all())
        found[f"{end}_half_axis_m"] = float(axis_m[rows[-1]]) if len(rows) else None
        found[f"{end}_error_m"] = (
            _error_m(alerts, int(rows[-1]), end, true_rad[flight]) if is_known else None
        )
    curve = _half_axes(flown, flight, alerts, np.array(AXIS_AT_S, dtype=np.float64), "impact")
    for second, value in zip(AXIS_AT_S, curve.tolist(), strict=True):
        found[f"impact_half_axis_{second}_m"] = value if np.isfinite(value) else None
    return found


def _error_m(alerts: _Alerts, row: int, end: str, true_rad: F64) -> float:
    said_deg = [alerts.columns[f"{end}_{name}_deg"][row] for name in ("latitude", "longitude")]
    said = radians_from_degrees(np.array(said_deg, dtype=np.float64))
    away_m, _ = geodesic(said[0], said[1], true_rad[0], true_rad[1])
    return float(away_m)


def _half_axes(flown: TrueFlights, flight: int, alerts: _Alerts, seconds: F64, end: str) -> F64:
    """Return the smallest of the latest half-axes of all alerts at seconds after launch."""
    best = np.full(len(seconds), np.nan)
    since_s = (alerts.known_ns - int(flown.launch_ns[flight])) / NS_PER_S
    axis_m = numbers(alerts.columns[f"{end}_long_half_axis_m"])
    for alert in np.unique(alerts.alert).tolist():
        rows = np.flatnonzero(alerts.alert == alert)
        is_said = np.isfinite(axis_m[rows]) | (alerts.status[rows] == CANCELLED)
        rows = rows[is_said]
        if not len(rows):
            continue
        values = np.where(alerts.status[rows] == CANCELLED, np.nan, axis_m[rows])
        place = np.searchsorted(since_s[rows], seconds, side="right") - 1
        latest = np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
        best = np.fmin(best, latest)
    return best


def _areas(flown: TrueFlights, flight: int, alerts: _Alerts) -> list[dict[str, Any]]:
    """Return the half-axes of both ellipses each ``AREA_STEP_S`` up to the impact, where known."""
    if not len(alerts.alert):
        return []
    end_ns = int(flown.impact_ns[flight]) if flown.comes_down[flight] else int(alerts.known_ns[-1])
    flight_s = (end_ns - int(flown.launch_ns[flight])) / NS_PER_S
    seconds = np.arange(AREA_STEP_S, flight_s, AREA_STEP_S)
    launch, impact = (
        _half_axes(flown, flight, alerts, seconds, end) for end in ("launch", "impact")
    )
    return [
        {
            "time_s": float(seconds[k]),
            "launch_half_axis_m": float(launch[k]),
            "impact_half_axis_m": float(impact[k]),
        }
        for k in np.flatnonzero(np.isfinite(launch) | np.isfinite(impact)).tolist()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """From when to when a centre held a confirmed track."""

    since_ns: int
    until_ns: int


def _held(tracks: Mapping[str, Any], follows: Mapping[int, int]) -> dict[int, list[_Held]]:
    """Return the confirmed tracks that follow each flight."""
    number = np.asarray(tracks["track"], dtype=np.int64)
    known_ns = np.asarray(tracks["known_ns"], dtype=np.int64)
    is_confirmed = np.asarray(tracks["status"], dtype=object) != "tentative"
    found: dict[int, list[_Held]] = {}
    for track, flight in follows.items():
        if flight >= 0:
            own = known_ns[(number == track) & is_confirmed]
            held = _Held(since_ns=int(own.min()), until_ns=int(own.max()))
            found.setdefault(flight, []).append(held)
    return found


def _tracked(tracks: Sequence[_Held], launch_ns: int) -> dict[str, Any]:
    """Return first track, seconds under track, and how much of that the longest track holds."""
    if not tracks:
        return {"track_s": None, "tracked_s": 0.0, "track_count": 0, "continuity_ratio": None}
    whole_ns, reached_ns = 0, 0
    for held in sorted(tracks, key=lambda each: each.since_ns):
        whole_ns += max(0, held.until_ns - max(held.since_ns, reached_ns))
        reached_ns = max(reached_ns, held.until_ns)
    longest_ns = max(held.until_ns - held.since_ns for held in tracks)
    return {
        "track_s": (min(held.since_ns for held in tracks) - launch_ns) / NS_PER_S,
        "tracked_s": whole_ns / NS_PER_S,
        "track_count": len(tracks),
        "continuity_ratio": longest_ns / whole_ns if whole_ns else 1.0,
    }


def _counts(
    speaks: Mapping[int, int],
    false: Collection[int],
    confirmed_false: Collection[int],
    flights: int,
) -> dict[str, int]:
    """Count the alerts of a centre: all, false ones, and those of them that were ever confirmed."""
    told = {flight for flight in speaks.values() if flight != NOBODY}
    return {
        "alert_count": len(speaks),
        "false_count": len(false),
        "false_confirmed_count": len(confirmed_false),
        "repeated_count": len(speaks) - len(false) - len(told),
        "flight_count": flights,
        "missed_count": flights - len(told),
    }
