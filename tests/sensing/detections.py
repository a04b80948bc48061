"""Tables of detections, right but for what a test changes in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commonwatch.identity import SensorId
from commonwatch.sensing.visibility import Sensor
from tests.sensing.build import radar, satellite

EPOCH_NS = 1_500_000_000 * 10**9
SECOND_NS = 10**9

NORTH = radar(
    range_std_m=30.0,
    azimuth_std_rad=1e-3,
    elevation_std_rad=2e-3,
    range_rate_std_m_s=5.0,
    is_refraction_corrected=True,
)
SOUTH = radar(sensor=SensorId("south"))
EYE = satellite()
SENSORS: tuple[Sensor, ...] = (NORTH, SOUTH, EYE)


def plots(count: int = 40, *, sensor: str = "north", seed: int = 1) -> dict[str, Any]:
    """Columns of plots of one radar, one each second."""
    rng = np.random.default_rng(seed)
    return {
        "time_ns": EPOCH_NS + np.arange(count) * SECOND_NS,
        "sensor": np.full(count, sensor, dtype=object),
        "range_m": rng.uniform(3e5, 3e6, count),
        "azimuth_rad": rng.uniform(-3.0, 3.0, count),
        "elevation_rad": rng.uniform(0.05, 1.4, count),
        "range_rate_m_s": rng.uniform(-5e3, 5e3, count),
    }


def lines(count: int = 5) -> dict[str, Any]:
    """Columns of lines of sight of the satellite, one each ten seconds."""
    rng = np.random.default_rng(2)
    line = np.array([-1.0, 0.0, 0.0]) + 0.1 * rng.standard_normal((count, 3))
    line /= np.linalg.norm(line, axis=1, keepdims=True)
    eye = np.tile([42_164e3, 0.0, 0.0], (count, 1))
    return {
        "time_ns": EPOCH_NS + 10 * np.arange(count) * SECOND_NS,
        "kind": np.full(count, "infrared", dtype=object),
        "sensor": np.full(count, "eye", dtype=object),
        **{f"sensor_{axis}_m": eye[:, k] for k, axis in enumerate("xyz")},
        **{f"line_of_sight_{axis}": line[:, k] for k, axis in enumerate("xyz")},
    }


def written(folder: Path, columns: dict[str, Any]) -> Path:
    """Write columns as anyone's program would."""
    path = folder / "detections.parquet"
    pq.write_table(pa.table({k: pa.array(v, from_pandas=True) for k, v in columns.items()}), path)
    return path


def together(*parts: dict[str, Any]) -> dict[str, Any]:
    """One table of several; what one of them lacks is empty there, but for the kind."""
    names = list(dict.fromkeys(name for part in parts for name in part))

    def column(part: dict[str, Any], name: str) -> Any:
        filler = "radar" if name == "kind" else np.nan
        count = len(part["time_ns"])
        return part.get(name, np.full(count, filler, dtype=object if name == "kind" else float))

    return {name: np.concatenate([column(part, name) for part in parts]) for name in names}
