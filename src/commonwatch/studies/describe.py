"""Tables that say what flew and which sensors there were."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import Case, ends
from commonwatch.scenario.schema import RadarEntry, SensorEntry
from commonwatch.scenario.sensors import sensor, status_on
from commonwatch.sensing.infrared import Geostationary, InfraredSatellite
from commonwatch.tables.schemas import to_table
from commonwatch.units import degrees_from_radians, metres_from_kilometres
from commonwatch.world.truth import Truth, drag_offset

F64 = npt.NDArray[np.float64]

PATH_INTERVAL_S: Final = 10.0
_DRAG_M: Final = ("drag_offset_low_m", "drag_offset_m", "drag_offset_high_m")
_DRAG_S: Final = ("drag_offset_low_s", "drag_offset_s", "drag_offset_high_s")


def arc_columns(truth: Truth, path: npt.NDArray[np.intp]) -> dict[str, Any]:
    """Return the three columns that name a flight, for these paths.

    Parameters
    ----------
    truth
        Its flights.
    path
        Which of them, shape (k,).

    Returns
    -------
    dict
        ``launch``, ``aim_point`` and ``arc``, shape (k,) each.
    """
    names = {
        "launch": [entry.launch.name for entry in truth.flights],
        "aim_point": [entry.aim_point.name if entry.aim_point else "" for entry in truth.flights],
        "arc": [entry.arc for entry in truth.flights],
    }
    return {name: np.array(column, object)[path] for name, column in names.items()}


def arcs(scenario: Scenario, truth: Truth) -> pa.Table:
    """Return one row a flight.

    Parameters
    ----------
    scenario, truth
        Whose date names a column; the flights.
    """
    flown = truth.flights
    count, solved = len(flown), 0 if truth.arcs is None else len(truth.arcs.is_solved)
    offset_m, offset_s = drag_offset(truth)
    highest, when = _apogee(truth)
    columns = {
        name: np.full(count, np.nan)
        for name in (
            "burn_out_s",
            "burn_out_altitude_m",
            "burn_out_speed_m_s",
            "burn_out_elevation_rad",
            "launch_azimuth_rad",
            "miss_m",
            "ballistic_coefficient_kg_m2",
            *_DRAG_M,
            *_DRAG_S,
        )
    }
    columns["burn_out_s"] = truth.trajectories.burn_out_s
    if truth.arcs is not None:
        powered = truth.arcs.powered
        along, up = powered.speed_along_m_s, powered.speed_up_m_s
        columns["burn_out_altitude_m"][:solved] = powered.burn_out_altitude_m + powered.altitude_m
        columns["burn_out_speed_m_s"][:solved] = np.hypot(along, up)
        columns["burn_out_elevation_rad"][:solved] = np.arctan2(up, along)
        columns["launch_azimuth_rad"][:solved] = np.mod(powered.azimuth_rad, 2.0 * np.pi)
        columns["miss_m"][:solved] = truth.arcs.miss_m
        columns["ballistic_coefficient_kg_m2"][:solved] = truth.ballistic_coefficient_kg_m2[1]
        for names, offsets in ((_DRAG_M, offset_m), (_DRAG_S, offset_s)):
            for name, offset in zip(names, offsets, strict=True):
                columns[name][:solved] = offset
    aims = [entry.aim_point for entry in flown]
    return to_table(
        "arcs",
        {
            **arc_columns(truth, np.arange(count)),
            "vehicle": [entry.vehicle for entry in flown],
            "launch_latitude_deg": [
                degrees_from_radians(entry.launch.latitude_rad) for entry in flown
            ],
            "launch_longitude_deg": [
                degrees_from_radians(entry.launch.longitude_rad) for entry in flown
            ],
            "aim_latitude_deg": [
                degrees_from_radians(aim.latitude_rad) if aim else np.nan for aim in aims
            ],
            "aim_longitude_deg": [
                degrees_from_radians(aim.longitude_rad) if aim else np.nan for aim in aims
            ],
            "ground_range_m": [entry.ground_range_m for entry in flown],
            f"within_published_range_{scenario.date.year:04d}": [
                entry.is_within_published_range for entry in flown
            ],
            **columns,
            "apogee_altitude_m": highest,
            "apogee_time_s": when,
            "impact_s": truth.trajectories.impact_s,
        },
    )


def paths(truth: Truth) -> pa.Table:
    """Return the samples of every flight, each 10 s and at the end."""
    trajectories = truth.trajectories
    stride = round(PATH_INTERVAL_S / trajectories.interval_s)
    chosen, times, state_vectors = [], [], []
    for path in range(trajectories.path_count):
        end_s = trajectories.end_s[path]
        last = int(np.ceil(end_s / trajectories.interval_s - 1e-9))
        rows = np.unique(np.append(np.arange(0, last, stride), last))
        chosen.append(np.full(len(rows), path))
        times.append(trajectories.sample_time_s(path)[rows])
        state_vectors.append(trajectories.state_vector[path, rows])
    flown = np.concatenate(state_vectors)
    latitude, longitude, height = geodetic_from_ecef(flown[:, :3])
    names = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    return to_table(
        "paths",
        {
            **arc_columns(truth, np.concatenate(chosen)),
            "time_s": np.concatenate(times),
            "latitude_deg": degrees_from_radians(latitude),
            "longitude_deg": degrees_from_radians(longitude),
            "altitude_m": height,
            **{name: flown[:, k] for k, name in enumerate(names)},
        },
    )


def sensors_on_date(scenario: Scenario) -> pa.Table:
    """Return one row a sensor: where it stands, its status on the date, how far it sees."""
    rows = [_sensor_row(scenario, entry) for entry in scenario.sensors.values()]
    return to_table("sensors", {name: [row[name] for row in rows] for name in rows[0]})


def _sensor_row(scenario: Scenario, entry: SensorEntry) -> dict[str, Any]:
    status, note = status_on(entry, scenario.date)
    row = {
        "sensor": entry.name,
        "title": entry.title,
        "nation": entry.nation,
        "status_on_date": status,
        "status_note": note,
        "mark": entry.mark,
        "source": entry.source,
    }
    if isinstance(entry, RadarEntry):
        low, nominal, high = (metres_from_kilometres(end) for end in ends(entry.range_max_km))
        return row | {
            "kind": "radar",
            "role": entry.role,
            "band": entry.band,
            "latitude_deg": entry.latitude_deg,
            "longitude_deg": entry.longitude_deg,
            "altitude_m": metres_from_kilometres(ends(entry.altitude_km)[1]),
            "range_low_m": low,
            "range_nominal_m": nominal,
            "range_high_m": high,
        }
    satellite = sensor(entry, Case.NOMINAL)
    longitude = np.nan
    if isinstance(satellite, InfraredSatellite) and isinstance(satellite.orbit, Geostationary):
        longitude = degrees_from_radians(satellite.orbit.longitude_rad)
    blank = dict.fromkeys(("altitude_m", "range_low_m", "range_nominal_m", "range_high_m"), np.nan)
    return row | {
        "kind": "infrared satellite",
        "role": "search",
        "band": "IR",
        "latitude_deg": 0.0 if np.isfinite(longitude) else np.nan,
        "longitude_deg": longitude,
        **blank,
    }


def _apogee(truth: Truth) -> tuple[F64, F64]:
    """Return height and time of apogee: exact for solved arcs, from samples for recordings."""
    trajectories = truth.trajectories
    solved = 0 if truth.arcs is None else len(truth.arcs.is_solved)
    _, _, height = geodetic_from_ecef(trajectories.state_vector[solved:, :, :3])
    top = height.argmax(axis=1)
    highest = height.max(axis=1)
    when = np.minimum(top * trajectories.interval_s, trajectories.end_s[solved:])
    if truth.arcs is not None:
        free, powered = truth.arcs.free, truth.arcs.powered
        highest = np.concatenate([free.apogee_altitude_m, highest])
        when = np.concatenate([free.apogee_time_s + powered.burn_time_s, when])
    return highest, when
