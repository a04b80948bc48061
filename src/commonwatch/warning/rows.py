"""The table of alerts: one row an event, in SI, latitude and longitude in degrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.units import NS_PER_S, degrees_from_radians
from commonwatch.warning.assessment import ANSWERS, in_words
from commonwatch.warning.ellipse import Ellipses
from commonwatch.warning.notice import MATCH_WORDS
from commonwatch.warning.watch import Alerts

I64 = npt.NDArray[np.int64]


def to_columns(alerts: Alerts, *, class_names: Sequence[str]) -> dict[str, Any]:
    """Columns of the table ``alerts``.

    Parameters
    ----------
    alerts
        From ``watch``.
    class_names
        Of the range classes that the settings hold, in their order.
    """
    rows = np.array(alerts.row, dtype=np.int64)
    judged, times = alerts.judgements, alerts.estimates.time_ns
    origins, impacts = judged.origins, judged.impacts
    shares = judged.answer_probability[rows]
    impact_ns = _instants(times, impacts.time_s, rows)
    known_ns = alerts.estimates.known_ns[rows]
    columns: dict[str, Any] = {
        "alert": np.array(alerts.alert, dtype=np.int64),
        "track": alerts.estimates.track[rows],
        "time_ns": times[rows],
        "known_ns": known_ns,
        "transition": [str(each) for each in alerts.transition],
        "status": [str(each) for each in alerts.status],
        "is_last_sight": alerts.is_last_sight,
        "assessment": [ANSWERS[int(k)] for k in np.argmax(shares, axis=1)],
        **{f"{_key(name)}_probability": shares[:, k] for k, name in enumerate(ANSWERS)},
        "motor": [str(judged.motor[row]) for row in alerts.row],
        "range_class": _classes(judged.class_probability[rows], class_names),
        "range_class_probability": _largest(judged.class_probability[rows]),
        "ground_range_m": judged.ground_range_m[rows],
        "ground_range_std_m": judged.ground_range_std_m[rows],
        "apogee_altitude_m": judged.apogee_altitude_m[rows],
        "launch_time_ns": _instants(times, origins.time_s, rows),
        "launch_time_std_s": origins.time_std_s[rows],
        **_area("launch", origins.area, rows),
        "launch_azimuth_rad": origins.azimuth_rad[rows],
        "launch_azimuth_std_rad": origins.azimuth_std_rad[rows],
        "impact_time_ns": impact_ns,
        "impact_time_std_s": impacts.time_std_s[rows],
        **_area("impact", impacts.area, rows),
    }
    for k, end in enumerate(("low", "nominal", "high")):
        columns[f"drag_offset_{end}_m"] = judged.drag.offset_m[rows, k]
        columns[f"drag_offset_{end}_s"] = judged.drag.delay_s[rows, k]
    columns["warning_left_s"] = [
        None if then is None else (then - int(now)) / NS_PER_S
        for then, now in zip(impact_ns, known_ns, strict=True)
    ]
    columns["sources"] = alerts.sources
    columns["notice"] = [each.name or None for each in alerts.notice]
    columns["notice_match"] = [MATCH_WORDS[each.match] for each in alerts.notice]
    words = in_words(judged.features)
    columns["evidence"] = [
        f"{reason}. {judged.motor_reason[row]}; {words[row]}."
        + (f" Notices: {noticed.reason}." if noticed.reason else "")
        for reason, row, noticed in zip(alerts.reason, alerts.row, alerts.notice, strict=True)
    ]
    return columns


def _key(name: str) -> str:
    return name.replace(" or debris", "").replace(" ", "_")


def _instants(time_ns: I64, since_s: npt.NDArray[np.float64], rows: I64) -> list[int | None]:
    return [
        None if np.isnan(since_s[row]) else int(time_ns[row]) + round(since_s[row] * NS_PER_S)
        for row in rows
    ]


def _area(name: str, area: Ellipses, rows: I64) -> dict[str, Any]:
    return {
        f"{name}_latitude_deg": degrees_from_radians(area.latitude_rad[rows]),
        f"{name}_longitude_deg": degrees_from_radians(area.longitude_rad[rows]),
        f"{name}_long_half_axis_m": area.long_half_axis_m[rows],
        f"{name}_short_half_axis_m": area.short_half_axis_m[rows],
        f"{name}_orientation_rad": area.orientation_rad[rows],
    }


def _classes(shares: npt.NDArray[np.float64], names: Sequence[str]) -> list[str | None]:
    return [None if np.isnan(each).any() else names[int(np.argmax(each))] for each in shares]


def _largest(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    largest: npt.NDArray[np.float64] = shares.max(axis=1)
    return largest
