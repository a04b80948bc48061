"""Tables that obey the schema of a run, from straight geometry: no physics.

Paths are great circles with a parabola of height; a radar sees a sample within its sector and
range, above two degrees on a sphere; a satellite sees while the motor burns.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
from pyproj import Geod

from commonwatch.report import ReportContent, ReportLaydown, Sector
from commonwatch.report.content import ReportDelay
from tests.report.worlds import World

GEOD = Geod(ellps="WGS84")
RADIUS_M = 6.371e6
Seen = dict[tuple[int, str], tuple[float, float, str]]
CASES = ("low", "nominal", "high")
RUNS = ("published-range", "cross-section")
SENSOR_DELAY = ReportDelay(
    name="sensor",
    title="looks on their way from sensor to centre",
    low_s=0.5,
    nominal_s=2.0,
    high_s=4.0,
    mark="assumed",
)


def content_of(world: World) -> ReportContent:
    flights = _flights(world)
    seen = {case: _seen(world, flights, case) for case in CASES}
    year = world.date.year
    knowledge = _knowledge(world, flights, seen)
    tables = {
        "arcs": _arcs(world, flights, year),
        "paths": _paths(flights),
        "visibility": _visibility(world, flights, seen),
        "knowledge": knowledge,
        "value": _value(world),
        "sensitivity": _sensitivity(world),
        "sensors": _sensors(world),
        "lowest_altitude": _lowest(world),
        "gaps": _gaps(world),
    }
    return ReportContent(
        scenario_name=world.name,
        title=world.title,
        question=world.question,
        look_for=world.look_for,
        date=world.date,
        seed=2009,
        version="0.1.0",
        scenario_digest="3f786850e387550fdab836ed7e6dc881de23001b",
        vehicle_titles={"sejil-2": "Sejil-2 (two stages, solid)"},
        assumption_titles={"vehicles.sejil-2.burn_time_s": "Sejil-2 (two stages, solid)"},
        command=f"commonwatch run {world.name} --seed 2009",
        laydowns=tuple(
            ReportLaydown(
                name=name, title=title, sensors=tuple(sensors), note=world.notes.get(name, "")
            )
            for name, title, sensors in world.laydowns
        ),
        baseline=world.laydowns[0][0],
        everything=world.laydowns[-1][0],
        tables={name: table for name, table in tables.items() if table is not None},
        sectors=tuple(
            Sector(sensor=row.sensor, azimuth_min_deg=first, azimuth_max_deg=last)
            for row in world.sensors
            for first, last in row.sectors
        ),
        gap_s=120.0,
        published_ground_range_m=world.published_km * 1e3,
        place_titles={
            name: name.replace("-", " ").title() for name in (*world.launches, *world.aims)
        },
        delays=(SENSOR_DELAY,),
    )


@dataclass
class Flight:
    launch: str
    aim: str
    arc: str
    ground_range_m: float
    azimuth_deg: float
    burn_s: float
    apogee_m: float
    impact_s: float
    time_s: np.ndarray
    latitude_deg: np.ndarray
    longitude_deg: np.ndarray
    altitude_m: np.ndarray


def _flights(world: World) -> list[Flight]:
    flights = []
    for launch, (lat1, lon1) in world.launches.items():
        for aim, (lat2, lon2) in world.aims.items():
            azimuth, _, length = GEOD.inv(lon1, lat1, lon2, lat2)
            for arc, ratio in world.arcs.items():
                apogee = ratio * length
                impact = 60 + 2 * np.sqrt(2 * apogee / 7.5)
                time = np.append(np.arange(0, impact, 10.0), impact)
                part = time / impact
                lon, lat, _ = GEOD.fwd(
                    np.full(len(time), lon1),
                    np.full(len(time), lat1),
                    np.full(len(time), azimuth),
                    part * length,
                )
                flights.append(
                    Flight(
                        launch,
                        aim,
                        arc,
                        length,
                        azimuth,
                        110.0,
                        apogee,
                        impact,
                        time,
                        np.array(lat),
                        np.array(lon),
                        4 * apogee * part * (1 - part),
                    )
                )
    return flights


def _seen(
    world: World, flights: Sequence[Flight], case: str
) -> dict[tuple[int, str], tuple[float, float, str]]:
    seen: dict[tuple[int, str], tuple[float, float, str]] = {}
    place = CASES.index(case)
    for index, flight in enumerate(flights):
        for row in world.sensors:
            if row.kind != "radar":
                first = (70.0, 58.0, 50.0)[place] + 7 * (row.sensor[-1] == "1")
                if first < flight.burn_s:
                    seen[index, row.sensor] = (first, flight.burn_s, "burn-out")
                continue
            azimuth, _, ground = GEOD.inv(
                np.full(len(flight.time_s), row.longitude_deg),
                np.full(len(flight.time_s), row.latitude_deg),
                flight.longitude_deg,
                flight.latitude_deg,
            )
            angle = np.array(ground) / RADIUS_M
            high = RADIUS_M + flight.altitude_m
            up = high * np.cos(angle) - RADIUS_M
            distance = np.sqrt(up**2 + (high * np.sin(angle)) ** 2)
            elevation = np.degrees(np.arcsin(up / distance))
            in_sector = np.zeros(len(angle), dtype=bool)
            for first, last in row.sectors:
                width = (last - first) % 360 or 360
                in_sector |= (np.array(azimuth) - first) % 360 <= width
            visible = in_sector & (elevation > 2) & (distance < row.range_km[place] * 1e3)
            if visible.any():
                inside = np.flatnonzero(visible)
                delay = 80 if row.role == "cued" else 0
                first_s, last_s = flight.time_s[inside[0]], flight.time_s[inside[-1]]
                first_s = max(first_s, delay)
                if last_s > first_s:
                    seen[index, row.sensor] = (first_s, last_s, "range-max")
    return seen


def _column_table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


def _arcs(world: World, flights: Sequence[Flight], year: int) -> pa.Table:
    return _column_table(
        [
            {
                "launch": f.launch,
                "aim_point": f.aim or None,
                "arc": f.arc,
                "vehicle": "sejil-2",
                "launch_latitude_deg": world.launches[f.launch][0],
                "launch_longitude_deg": world.launches[f.launch][1],
                "aim_latitude_deg": world.aims[f.aim][0],
                "aim_longitude_deg": world.aims[f.aim][1],
                "ground_range_m": f.ground_range_m,
                f"within_published_range_{year}": f.ground_range_m <= world.published_km * 1e3,
                "burn_out_s": f.burn_s,
                "apogee_altitude_m": f.apogee_m,
                "apogee_time_s": f.impact_s / 2,
                "impact_s": f.impact_s,
                "miss_m": 300.0,
                "ballistic_coefficient_kg_m2": 1000.0,
                "drag_offset_low_m": 14e3,
                "drag_offset_m": 9e3,
                "drag_offset_high_m": 6e3,
                "drag_offset_low_s": 6.5,
                "drag_offset_s": 4.0,
                "drag_offset_high_s": 2.5,
            }
            for f in flights
        ]
    )


def _paths(flights: Sequence[Flight]) -> pa.Table:
    repeat = [len(f.time_s) for f in flights]
    names = {"launch": "launch", "aim_point": "aim", "arc": "arc"}
    columns = {
        name: np.repeat(np.array([getattr(f, key) for f in flights], dtype=object), repeat)
        for name, key in names.items()
    }
    for name in ("time_s", "latitude_deg", "longitude_deg", "altitude_m"):
        columns[name] = np.concatenate([getattr(f, name) for f in flights])
    return pa.table(columns)


def _visibility(world: World, flights: Sequence[Flight], seen: dict[str, Seen]) -> pa.Table:
    rows: list[dict[str, object]] = []
    for laydown, _, sensors in world.laydowns:
        for case in CASES:
            for index, f in enumerate(flights):
                spells = [(s, *seen[case][index, s]) for s in sensors if (index, s) in seen[case]]
                merged: list[tuple[float, float, str]] = []
                for _, first, last, why in sorted(spells, key=lambda spell: spell[1]):
                    if merged and first <= merged[-1][1]:
                        merged[-1] = (merged[-1][0], max(merged[-1][1], last), why)
                    else:
                        merged.append((first, last, why))
                found: list[tuple[object, ...]] = [(*spell[:3], 1, spell[3]) for spell in spells]
                found += [
                    ("*", spell[0], spell[1], k, spell[2])
                    for k, spell in enumerate(merged, start=1)
                ]
                silent = [s for s in sensors if (index, s) not in seen[case]]
                found += [(s, None, None, 0, None) for s in silent]
                for sensor, first_s, last_s, spell_number, reason in found:
                    rows.append(
                        {
                            "laydown": laydown,
                            "case": case,
                            "launch": f.launch,
                            "aim_point": f.aim or None,
                            "arc": f.arc,
                            "sensor": sensor,
                            "spell": spell_number,
                            "first_seen_s": first_s,
                            "last_seen_s": last_s,
                            "first_seen_altitude_m": 1e5,
                            "last_seen_altitude_m": 1e5,
                            "limit_that_ended_it": reason,
                            "impact_s": f.impact_s,
                        }
                    )
    return _column_table(rows)


def _knowledge(world: World, flights: Sequence[Flight], seen: dict[str, Seen]) -> pa.Table:
    kinds = {row.sensor: row.kind for row in world.sensors}
    rows: list[dict[str, object]] = []
    for (laydown, _, sensors), case, burn, run, with_satellites in product(
        world.laydowns, CASES, world.burns, RUNS, (True, False)
    ):
        head = {
            "laydown": laydown,
            "case": case,
            "burn_time": burn,
            "run": run,
            "with_satellites": with_satellites,
        }
        for index, f in enumerate(flights):
            if burn == "low" and index % 7 == 3:  # cannot be flown with the shorter burn
                continue
            rows.append(_known(f, index, seen[case], kinds, sensors, head))
    return _column_table(rows)


def _known(
    f: Flight,
    index: int,
    seen: Seen,
    kinds: dict[str, str],
    sensors: list[str],
    head: dict[str, object],
) -> dict[str, object]:
    shrink = 1.0 if head["run"] == "published-range" else 0.6
    later = {"low": -11.0, "nominal": 0.0, "high": 23.0}[str(head["burn_time"])]
    spells = [
        (seen[index, s][0] + later, seen[index, s][1] + later, s)
        for s in sensors
        if (index, s) in seen and (head["with_satellites"] or kinds[s] == "radar")
    ]
    radar = [spell for spell in spells if kinds[spell[2]] == "radar"]
    track = 0.0
    end = 0.0
    for first, last, _ in sorted(radar):
        track += max(0.0, last - max(first, end))
        end = max(end, last)
    track *= shrink
    gap, end = 0.0, 0.0
    for first, last, _ in sorted(spells):
        gap = max(gap, first - end)
        end = max(end, last)
    gap = max(gap, f.impact_s - end)
    earliest = min(spells, default=None)
    first_radar = min(radar, default=None)
    eyes = _eyes(spells, kinds)
    stereo = sorted(last for _, last, _ in eyes)
    two = sorted(first for first, _, _ in eyes)[1:2]
    known = first_radar[0] + 45 if first_radar and track > 45 else None
    return {
        **head,
        "launch": f.launch,
        "aim_point": f.aim or None,
        "arc": f.arc,
        "first_sight_s": earliest[0] if earliest else None,
        "first_sight_sensor": _all_of(spells, earliest),
        "first_stereo_s": two[0] if two else None,
        "stereo_s": max(0.0, stereo[-2] - two[0]) if two else 0.0,
        "one_line_half_axis_m": 150.0 * min(eyes)[0] if eyes else None,
        "one_line_flown_m": 10.0 * min(eyes)[0] ** 1.5 if eyes else None,
        "stereo_half_axis_m": 60.0 * two[0] if two else None,
        "stereo_flown_m": 10.0 * two[0] ** 1.5 if two else None,
        "first_radar_s": first_radar[0] if first_radar else None,
        "first_radar_sensor": _all_of(radar, first_radar),
        "radar_track_s": track,
        "longest_gap_s": gap,
        "impact_area_s": known,
        "warning_left_s": f.impact_s - known if known else None,
    }


def _eyes(
    spells: Sequence[tuple[float, float, str]], kinds: dict[str, str]
) -> list[tuple[float, float, str]]:
    return [spell for spell in spells if kinds[spell[2]] != "radar"]


def _all_of(
    spells: Sequence[tuple[float, float, str]], earliest: tuple[float, float, str] | None
) -> str | None:
    """Name all that see as soon as the first."""
    if earliest is None:
        return None
    return ", ".join(name for first, _, name in spells if first <= earliest[0] + 0.05)


def _value(world: World) -> pa.Table:
    rows: list[dict[str, object]] = []
    for run in ("published-range", "cross-section"):
        for with_satellites in (True, False):
            for row in world.sensors:
                if row.kind != "radar" and not with_satellites:
                    continue
                for figure in ("first sight", "radar track", "impact area"):
                    for arcs in ("published range", "all"):
                        base = zlib.crc32(f"{row.sensor}{figure}".encode()) % 90
                        base = 0 if row.kind != "radar" and figure != "first sight" else base
                        rows.append(
                            {
                                "laydown": world.laydowns[-1][0],
                                "run": run,
                                "with_satellites": with_satellites,
                                "sensor": row.sensor,
                                "figure": figure,
                                "arcs": arcs,
                                "low_s": max(0.0, base - 40.0),
                                "nominal_s": float(base),
                                "high_s": base * 1.6,
                                "shapley_low_s": base * 0.5,
                                "shapley_nominal_s": base * 0.8,
                                "shapley_high_s": base * 1.1,
                            }
                        )
    return _column_table(rows)


def _sensitivity(world: World) -> pa.Table:
    names = [
        ("vehicles.sejil-2.burn_time_s", "assumed", "", "s", 90.0, 110.0, 130.0),
        ("radars.ARM-SE.range_max_km", "found", "RIA 2009-02-26", "km", 4000.0, 5000.0, 6000.0),
        ("radars.HKR.cross_section_m2", "assumed", "", "m2", 0.01, 0.03, 0.1),
        ("radars.GAB.faces[0].elevation_max_deg", "assumed", "", "deg", 40.0, 55.0, 70.0),
        ("satellites.DSP-EUR.cloud_break_altitude_km", "found", "IEEE", "km", 8.0, 10.0, 12.0),
    ]
    rows = []
    for place, (name, mark, source, unit, low, nominal, high) in enumerate(names):
        swing = 90.0 / (1 + place)
        rows.append(
            {
                "run": RUNS["cross_section" in name],
                "assumption": name,
                "mark": mark,
                "source": source,
                "unit": unit,
                "low": low,
                "nominal": nominal,
                "high": high,
                "laydown": world.laydowns[-1][0],
                "figure": ("impact area", "radar track", "first sight")[place % 3],
                "at_low_s": 300 - swing / 2,
                "at_nominal_s": 300.0,
                "at_high_s": 300 + swing / 2,
                "swing_s": swing,
            }
        )
    return _column_table(rows)


def _sensors(world: World) -> pa.Table:
    return _column_table(
        [
            {
                "sensor": row.sensor,
                "title": row.title,
                "nation": row.nation,
                "kind": row.kind,
                "role": row.role,
                "band": row.band,
                "latitude_deg": _or_none(row.latitude_deg),
                "longitude_deg": _or_none(row.longitude_deg),
                "altitude_m": 0.0,
                "status_on_date": row.status,
                "status_note": row.note,
                "range_low_m": _or_none(row.range_km[0] * 1e3),
                "range_nominal_m": _or_none(row.range_km[1] * 1e3),
                "range_high_m": _or_none(row.range_km[2] * 1e3),
                "mark": "found",
                "source": row.source,
            }
            for row in world.sensors
        ]
    )


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _lowest(world: World) -> pa.Table:
    south, north, west, east = world.area
    half = world.step_deg / 2
    latitude, longitude = np.meshgrid(
        np.arange(south + half, north, world.step_deg),
        np.arange(west + half, east, world.step_deg),
        indexing="ij",
    )
    latitude, longitude = latitude.ravel(), longitude.ravel()
    parts = []
    for laydown, _, sensors in world.laydowns:
        for place, case in enumerate(CASES):
            lowest = np.full(latitude.size, np.inf)
            for row in world.sensors:
                if row.sensor not in sensors or row.kind != "radar":
                    continue
                many = np.full(latitude.size, row.longitude_deg)
                azimuth, _, ground = GEOD.inv(
                    many, np.full(latitude.size, row.latitude_deg), longitude, latitude
                )
                inside = np.zeros(latitude.size, dtype=bool)
                for first, last in row.sectors:
                    inside |= (np.array(azimuth) - first) % 360 <= ((last - first) % 360 or 360)
                angle = np.array(ground) / RADIUS_M
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    height = RADIUS_M * (np.cos(np.radians(2)) / np.cos(angle + np.radians(2)) - 1)
                    distance = (RADIUS_M + height) * np.sin(angle) / np.cos(np.radians(2))
                good = inside & (angle < 1.4) & (distance < row.range_km[place] * 1e3)
                lowest = np.where(good, np.minimum(lowest, height), lowest)
            parts.append(
                pa.table(
                    {
                        "laydown": [laydown] * latitude.size,
                        "case": [case] * latitude.size,
                        "latitude_deg": latitude,
                        "longitude_deg": (longitude + 180) % 360 - 180,
                        "altitude_m": pa.array(lowest, mask=np.isinf(lowest)),
                    }
                )
            )
    return pa.concat_tables(parts)


def _gaps(world: World) -> pa.Table | None:
    south, north, west, east = world.gap_area
    if south == north:
        return None
    latitude, longitude = np.meshgrid(
        np.arange(south + 0.5, north, world.step_deg / 2),
        np.arange(west + 0.5, east, world.step_deg / 2),
        indexing="ij",
    )
    latitude, longitude = latitude.ravel(), longitude.ravel()
    rows = []
    for laydown, _, sensors in world.laydowns:
        for place, case in enumerate(CASES):
            for aim in list(world.aims)[:2]:
                away = np.array(
                    GEOD.inv(
                        longitude,
                        latitude,
                        np.full(latitude.size, world.aims[aim][1]),
                        np.full(latitude.size, world.aims[aim][0]),
                    )[2]
                )
                gap = 40 * np.hypot(latitude - south, longitude - west) / (1 + len(sensors) / 4)
                rows.append(
                    pa.table(
                        {
                            "laydown": [laydown] * gap.size,
                            "case": [case] * gap.size,
                            "launch_latitude_deg": latitude,
                            "launch_longitude_deg": longitude,
                            "aim_point": [aim] * gap.size,
                            "first_sight_s": np.full(gap.size, 60.0),
                            f"within_published_range_{world.date.year}": (
                                away <= world.published_km * 1e3
                            ),
                            "longest_unseen_s": gap * (1.2, 1.0, 0.8)[place],
                            "impact_s": np.full(gap.size, 600.0),
                        }
                    )
                )
    return pa.concat_tables(rows)
