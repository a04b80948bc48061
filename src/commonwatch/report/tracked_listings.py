"""Tables of the page of a tracked file: sensors with their biases, objects, alerts."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pyarrow as pa

from commonwatch.report.columns import instants, words
from commonwatch.report.listings import Entry, Listing
from commonwatch.report.tracked_answers import TERMS, is_answer, last_rows
from commonwatch.report.tracked_errors import Errors
from commonwatch.report.tracked_fates import FATES
from commonwatch.report.tracked_findings import Findings
from commonwatch.report.wording import kilometres, percent
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.units import NS_PER_S, degrees_from_radians

ALERTS_MAX: Final = 200
OBJECTS_MAX: Final = 20
_NONE: Final = Entry(words="–", order=-1.0)


def sensor_listing(findings: Findings) -> Listing | None:
    """Return the sensors with their detections and estimated constant errors."""
    content, fates = findings.content, findings.fates
    known = {str(sensor.sensor): sensor for sensor in content.sensors}
    biases = {}
    if content.biases is not None:
        biases = {str(row["sensor"]): row for row in content.biases.to_pylist()}
    heard = fates.names if fates is not None else ()
    names = list(dict.fromkeys([*known, *heard, *biases]))
    if not names:
        return None
    rows = []
    for name in names:
        counts = fates.counts_of(name).tolist() if name in heard and fates is not None else None
        fate_cells = [
            _NONE if counts is None else Entry(words=f"{n:,}", order=n, is_number=True)
            for n in counts or FATES
        ]
        rows.append(
            (
                Entry(words=name, order=name),
                *_described(known.get(name)),
                *fate_cells,
                *(_bias(biases.get(name), term, unit) for term, unit in TERMS),
            )
        )
    return Listing(
        caption="Sensors, what became of their detections, and their constant errors as estimated "
        "at the end",
        heads=(
            *("Sensor", "Nation", "Kind"),
            *(fate.capitalize() for fate in FATES),
            *("range (m)", "azimuth (deg)", "elevation (deg)", "clock (s)"),
        ),
        groups=(("", 3), ("Detections", len(FATES)), ("Constant error, measured less true", 4)),
        rows=tuple(rows),
        note="After ± stands one standard deviation, beneath how many of them the error is from "
        "zero."
        if biases
        else "No estimate of constant errors was given.",
    )


def _described(sensor: Sensor | None) -> tuple[Entry, Entry]:
    if sensor is None:
        return _NONE, _NONE
    kind = f"radar {sensor.band}" if isinstance(sensor, Radar) else "infrared"
    return Entry(words=str(sensor.nation), order=str(sensor.nation)), Entry(words=kind, order=kind)


def _bias(row: dict[str, Any] | None, term: str, unit: str) -> Entry:
    if row is None:
        return _NONE
    bias, std = float(row[f"{term}_bias_{unit}"]), float(row[f"{term}_bias_std_{unit}"])
    if unit == "rad":
        bias, std = degrees_from_radians(bias), degrees_from_radians(std)
    digits = {"m": 1, "rad": 4, "s": 4}[unit]
    ratio = abs(bias) / std if std > 0.0 else math.inf
    return Entry(
        words=f"{bias:,.{digits}f} ± {std:,.{digits}f}",
        beneath=f"{ratio:,.1f} standard deviations",
        order=bias,
        is_number=True,
    )


def object_listing(errors: Errors) -> Listing:
    """Return the objects with the largest mean errors, the worst first."""
    rows = []
    for number in errors.ranked[::-1][:OBJECTS_MAX].tolist():
        own = errors.rows_of(number)
        error_m, bound_m = errors.means_of(number)
        within = float(np.mean(errors.error_m[own] <= errors.bound_m[own]))
        tracks = list(dict.fromkeys(errors.track[own].tolist()))
        rows.append(
            (
                Entry(words=f"{number}", order=number, is_number=True),
                Entry(words=", ".join(str(track) for track in tracks[:5]), order=tracks[0]),
                _figure(len(own)),
                _figure(error_m),
                _figure(bound_m),
                Entry(words=f"{percent(within)}", order=within, is_number=True),
            )
        )
    total = len(errors.ranked)
    shown = f"The {len(rows):,} worst of {total:,}" if total > len(rows) else f"All {total:,}"
    return Listing(
        caption=f"{shown} objects that were followed, by their mean position error",
        heads=(
            *("Object", "Tracks", "Instants", "Mean error (m)", "Mean 95 % bound (m)"),
            "Errors within bound",
        ),
        rows=tuple(rows),
    )


def alert_listing(findings: Findings) -> Listing | None:
    """Return each alert at its last event, with its history and its evidence."""
    alerts = findings.content.alerts
    if alerts is None or not alerts.num_rows:
        return None
    last = last_rows(alerts)
    histories = _histories(findings, alerts)
    rows = [_alert_row(findings, row, histories) for row in last.slice(0, ALERTS_MAX).to_pylist()]
    total = last.num_rows
    shown = f"The first {len(rows):,} of {total:,}" if total > len(rows) else f"All {total:,}"
    return Listing(
        caption=f"{shown} alerts at their last event; times in seconds from the start",
        heads=(
            *("Alert", "Status", "What it is", "Launch (deg)", "Impact (deg)"),
            *("Warning left (s)", "Notice", "Evidence"),
        ),
        rows=tuple(rows),
        note="Beneath a place: half-axes of its 95 % ellipse; its time, ± one standard deviation. "
        "Every event is in the table of alerts.",
    )


def _histories(findings: Findings, alerts: pa.Table) -> dict[int, str]:
    """Return what happened to each alert when, updates counted alone."""
    order = np.argsort(instants(alerts, "known_ns"), kind="stable")
    said: dict[int, list[str]] = {}
    updates: dict[int, int] = {}
    number, step = instants(alerts, "alert"), words(alerts, "transition")
    known_s = findings.content.seconds(instants(alerts, "known_ns"))
    for row in order.tolist():
        alert = int(number[row])
        if step[row] in {"updated", "corrected"}:
            updates[alert] = updates.get(alert, 0) + 1
        else:
            said.setdefault(alert, []).append(f"{step[row]} at {known_s[row]:,.0f}")
    return {
        alert: "; ".join([*said.get(alert, []), f"{updates.get(alert, 0):,} updates"])
        for alert in np.unique(number).tolist()
    }


def _alert_row(
    findings: Findings, row: dict[str, Any], histories: dict[int, str]
) -> tuple[Entry, ...]:
    answer = max(value for name, value in row.items() if is_answer(name))
    range_class = row["range_class"] or "no range class"
    if row["range_class"] and row["range_class_probability"] is not None:
        range_class += f" {percent(row['range_class_probability'])}"
    left_s = row["warning_left_s"]
    return (
        Entry(words=str(row["alert"]), beneath=f"track {row['track']}", order=row["alert"]),
        Entry(words=row["status"], beneath=histories[row["alert"]], order=row["status"]),
        Entry(
            words=f"{row['assessment']} {percent(answer)}",
            beneath=range_class,
            order=row["assessment"],
        ),
        _place(findings, row, "launch"),
        _place(findings, row, "impact"),
        _NONE if left_s is None else _figure(left_s),
        Entry(words=row["notice_match"], beneath=row["notice"] or "", order=row["notice_match"]),
        Entry(words=row["evidence"]),
    )


def _place(findings: Findings, row: dict[str, Any], end: str) -> Entry:
    latitude, longitude = row[f"{end}_latitude_deg"], row[f"{end}_longitude_deg"]
    if latitude is None or longitude is None:
        return _NONE
    said = []
    long_m, short_m = row[f"{end}_long_half_axis_m"], row[f"{end}_short_half_axis_m"]
    if long_m is not None and short_m is not None:
        said.append(f"{kilometres(long_m)} × {kilometres(short_m)} km")
    time_ns, std_s = row[f"{end}_time_ns"], row[f"{end}_time_std_s"]
    if time_ns is not None:
        said.append(_instant((time_ns - findings.content.start_ns) / NS_PER_S, std_s))
    return Entry(words=f"{latitude:.2f}, {longitude:.2f}", beneath="; ".join(said), order=latitude)


def _instant(seconds: float, std_s: float | None) -> str:
    """Write an instant to the first figure of its standard deviation, milliseconds at most."""
    if std_s is None:
        return f"at {seconds:,.0f} s"
    digits = min(3, max(0, math.ceil(-math.log10(std_s)))) if std_s > 0.0 else 3
    return f"at {seconds:,.{digits}f} ± {std_s:,.{digits}f} s"


def _figure(value: float) -> Entry:
    if not math.isfinite(value):
        return _NONE
    return Entry(words=f"{value:,.0f}", order=value, is_number=True)
