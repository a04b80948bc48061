"""Tables of what centres knew, from the tables of sight and simple rules of sharing: no world.

A centre knows by its own radars; a launch report brings another's knowledge 100 s later, tracks
bring it 5 s later, detections 2 s later. So every figure can be checked by thought.
"""

from __future__ import annotations

import dataclasses
import math
import zlib
from typing import Any

import numpy as np
import pyarrow as pa

from commonwatch.report import ReportContent
from commonwatch.report.content import ReportCentre, ReportDelay, ReportLevel
from commonwatch.tables.known import KNOWN_TABLES

LATE_S = {"nothing": math.inf, "launch-reports": 100.0, "tracks": 5.0, "detections": 2.0}
LEVELS = tuple(ReportLevel(name=name, title=name.replace("-", " ")) for name in LATE_S)
FLIGHTS = 24
Sight = dict[tuple[str, str], tuple[float | None, float | None]]


def with_sharing(content: ReportContent, *, seeds: int = 5) -> ReportContent:
    """Return the content with tables of sharing for two nations and a joint centre."""
    sensors = content.tables["sensors"].to_pylist()
    centres = (
        ReportCentre(
            name="us-nato",
            title="US and NATO",
            sensors=tuple(row["sensor"] for row in sensors if row["nation"] != "RU"),
        ),
        ReportCentre(
            name="russia",
            title="Russia",
            sensors=tuple(row["sensor"] for row in sensors if row["nation"] == "RU"),
        ),
        ReportCentre(name="joint", title="joint centre", is_joint=True),
    )
    known, areas, counts = _rows(content, centres, seeds)
    return dataclasses.replace(
        content,
        tables={
            **content.tables,
            "known": _table("known", known),
            "known_areas": _table("known_areas", areas),
            "alert_counts": _table("alert_counts", counts),
        },
        levels=LEVELS,
        centres=centres,
        delays=(
            *content.delays,
            ReportDelay(
                name="launch_report",
                title="a person looks before a launch report leaves",
                low_s=30.0,
                nominal_s=90.0,
                high_s=180.0,
                mark="assumed",
            ),
        ),
        replayed=(content.everything, "tracks", content.seed),
    )


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [{column.name: row.get(column.name) for column in KNOWN_TABLES[name]} for row in rows]
    )


def _rows(
    content: ReportContent, centres: tuple[ReportCentre, ...], seeds: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    arcs = content.tables["arcs"].to_pylist()
    spells = content.tables["visibility"].to_pylist()
    known: list[dict[str, Any]] = []
    areas: list[dict[str, Any]] = []
    counts: list[dict[str, Any]] = []
    for laydown in content.laydowns:
        first: dict[tuple[int, str], tuple[float, float]] = {}
        for place, arc in enumerate(arcs):
            for row in spells:
                if (
                    row["laydown"] == laydown.name
                    and row["case"] == "nominal"
                    and row["sensor"] != "*"
                    and row["first_seen_s"] is not None
                    and [row[k] for k in ("launch", "aim_point", "arc")]
                    == [arc[k] for k in ("launch", "aim_point", "arc")]
                ):
                    is_radar = "SBIRS" not in row["sensor"] and "DSP" not in row["sensor"]
                    for centre in centres:
                        if row["sensor"] in centre.sensors:
                            seen, area = first.get((place, centre.name), (math.inf, math.inf))
                            seen = min(seen, row["first_seen_s"] + 2.0)
                            if is_radar and row["last_seen_s"] - row["first_seen_s"] > 60.0:
                                area = min(area, row["first_seen_s"] + 60.0)
                            first[place, centre.name] = seen, area
        worlds = [(level.name, "none", "nominal", LATE_S[level.name]) for level in LEVELS]
        if laydown.name == content.everything or "armavir" in laydown.name:
            worlds += [
                ("launch-reports", "launch_report", "low", 40.0),
                ("launch-reports", "launch_report", "high", 190.0),
            ]
        for level, delay, case, late_s in worlds:
            for seed in range(content.seed, content.seed + seeds):
                head = {
                    "seed": seed, "laydown": laydown.name, "level": level, "delay": delay,
                    "case": case,
                }  # fmt: skip
                rng = np.random.default_rng([seed, 1])
                chosen = rng.permutation(len(arcs))[:FLIGHTS]
                for centre in centres:
                    alerts = 0
                    for number, place in enumerate(chosen.tolist()):
                        others = [c.name for c in centres if c.name != centre.name and c.sensors]
                        own = first.get((place, centre.name), (math.inf, math.inf))
                        lent = [first.get((place, name), (math.inf, math.inf)) for name in others]
                        jitter = zlib.crc32(f"{seed} {place}".encode()) % 10
                        row, more = _flight(arcs[place], own, lent, late_s, jitter)
                        ends = {"centre": centre.name, "object": number}
                        known.append({**head, **ends, **row})
                        areas += [{**head, **ends, **area} for area in more]
                        alerts += row["unconfirmed_s"] is not None
                    counts.append(
                        {
                            **head, "centre": centre.name, "alert_count": alerts + (seed % 5 == 0),
                            "false_count": int(seed % 5 == 0), "false_confirmed_count": 0,
                            "repeated_count": 0, "flight_count": FLIGHTS,
                            "missed_count": FLIGHTS - alerts,
                        }
                    )  # fmt: skip
    return known, areas, counts


def _flight(
    arc: dict[str, Any],
    own: tuple[float, float],
    lent: list[tuple[float, float]],
    late_s: float,
    jitter_s: float,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    flight_s = arc["impact_s"]
    seen, area = own[0] + jitter_s, own[1] + jitter_s
    told = min((each[0] for each in lent), default=math.inf) + late_s + jitter_s
    area_told = min((each[1] for each in lent), default=math.inf) + late_s + jitter_s
    alert = min(seen + 8.0, told + 10.0)
    sure = max(seen, told) + 12.0
    area = min(area, area_told)
    area = area if area < flight_s else math.inf
    outcome = (
        "confirmed" if math.isfinite(sure) else "unconfirmed" if math.isfinite(alert)
        else "missed: known elsewhere" if any(math.isfinite(each[0]) for each in lent)
        else "missed: nobody looked"
    )  # fmt: skip
    row = {
        "launch": arc["launch"], "aim_point": arc["aim_point"] or "", "arc": arc["arc"],
        "flight_s": flight_s,
        "detection_s": _or_none(seen),
        "track_s": _or_none(seen + 5.0),
        "tracked_s": 300.0 if math.isfinite(seen) else 0.0,
        "track_count": int(math.isfinite(seen)),
        "continuity_ratio": 1.0 if math.isfinite(seen) else None,
        "unconfirmed_s": _or_none(alert), "unconfirmed_from": "own" if seen < told else "joint",
        "single_kind_s": _or_none(sure), "single_kind_from": "own",
        "confirmed_s": _or_none(sure), "confirmed_from": "own",
        "impact_area_s": _or_none(area), "impact_area_from": "own",
        "warning_left_unconfirmed_s": _or_none(flight_s - alert),
        "warning_left_confirmed_s": _or_none(flight_s - sure),
        "warning_left_s": _or_none(flight_s - area),
        "launch_half_axis_m": 9e3 if math.isfinite(alert) else None,
        "launch_error_m": 4e3 + 100 * jitter_s if math.isfinite(alert) else None,
        "impact_half_axis_m": 6e3 if math.isfinite(area) else None,
        "impact_error_m": 2e3 if math.isfinite(area) else None,
        "outcome": outcome,
    }  # fmt: skip
    start = alert + 20.0
    times = np.arange(20.0, flight_s, 20.0)
    areas = [
        {
            "time_s": float(time),
            "launch_half_axis_m": 2e4,
            "impact_half_axis_m": float(1e5 * math.exp((area - time) / 60.0))
            if math.isfinite(area)
            else None,
        }
        for time in times
        if time >= start
    ]
    return row, areas


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
