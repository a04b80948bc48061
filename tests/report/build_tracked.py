"""A few missiles with their tracks, truth, alerts, detections and biases."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.identity import SensorId
from commonwatch.report import TrackedContent
from commonwatch.report.tracked_findings import Findings, gather
from commonwatch.studies.score_matching import Truth
from commonwatch.tables.schemas import to_table
from commonwatch.tracking.estimate import Estimates, Status, joined
from commonwatch.units import degrees_from_radians
from commonwatch.warning.rows import to_columns
from commonwatch.warning.watch import watch
from tests.sensing.build import radar
from tests.warning.build import START_NS, VACUUM, track, truths

MISSILES = 3
ROWS = 25
SENSORS = ("north", "south")


@cache
def parts() -> dict[str, Any]:
    """Return everything a page may show; track k follows object k + 10."""
    rng = np.random.default_rng(11)
    drawn = truths(rng, MISSILES, is_powered=False, after_s=(40.0, 60.0))
    exact = [track(drawn.true_state_vector[k], count=ROWS, number=k) for k in range(MISSILES)]
    perfect = joined(exact)
    noise = rng.standard_normal((len(perfect), 6)) * np.repeat([200.0, 2.0], 3)
    estimates = replace(perfect, state_vector=perfect.state_vector + noise)
    alerts = watch(estimates, settings=VACUUM)
    start = geodetic_from_ecef(drawn.arcs.burn_out_state_vector[:, :3])
    flown_ns = np.round(drawn.time_s * 1e9).astype(np.int64)
    return {
        "estimates": with_status(estimates),
        "truth": truth_of(perfect),
        "alerts": to_table(
            "alerts", to_columns(alerts, class_names=[each.name for each in VACUUM.classes])
        ),
        "ends": to_table(
            "truth_ends",
            {
                "object": np.arange(MISSILES) + 10,
                "launch_time_ns": START_NS - flown_ns,
                "launch_latitude_deg": degrees_from_radians(start[0]),
                "launch_longitude_deg": degrees_from_radians(start[1]),
                "impact_time_ns": START_NS + flown_ns,
                "impact_latitude_deg": degrees_from_radians(drawn.impact_latitude_rad),
                "impact_longitude_deg": degrees_from_radians(drawn.impact_longitude_rad),
            },
        ),
        "biases": to_table("biases", biases()),
        **fates(perfect),
        "sensors": tuple(replace(radar(), sensor=SensorId(name)) for name in SENSORS),
    }


def with_status(estimates: Estimates) -> Estimates:
    """Make the first row of each track tentative, and end the first track with its last row."""
    status = estimates.status.copy()
    status[::ROWS] = Status.TENTATIVE
    status[ROWS - 1] = Status.ENDED
    return replace(estimates, status=status)


def truth_of(perfect: Estimates) -> Truth:
    """Return the objects at the instants of the tracks' news, where they are then."""
    order = np.lexsort((perfect.track, perfect.time_ns))
    return Truth(
        time_ns=perfect.time_ns[order],
        number=perfect.track[order] + 10,
        state_vector=perfect.state_vector[order],
    )


def biases() -> dict[str, Any]:
    """Return biases of two radars, the first wrong by four standard deviations in range."""
    two = [0.0, 0.0]
    return {
        "sensor": list(SENSORS),
        "known_ns": [START_NS, START_NS],
        "plots": [40, 35],
        "range_bias_m": [80.0, -5.0],
        "range_bias_std_m": [20.0, 10.0],
        "azimuth_bias_rad": [np.radians(0.02), 0.0],
        "azimuth_bias_std_rad": [np.radians(0.01), 1e-4],
        "elevation_bias_rad": two,
        "elevation_bias_std_rad": [1e-4, 1e-4],
        "time_bias_s": two,
        "time_bias_std_s": [0.001, 0.001],
    }


def fates(perfect: Estimates) -> dict[str, pa.Table]:
    """Return one detection for each row of tracks, and some that no track took."""
    count = len(perfect)
    words = ["assigned"] * count + ["clutter"] * 6 + ["late"] * 2 + ["refused"]
    words[0] = "started a track"
    reasons = [None] * (count + 6) + ["10 s late", "10 s late", "negative range"]
    times = np.resize(perfect.time_ns, len(words))
    return {
        "detections": pa.table(
            {"time_ns": times, "sensor": np.resize(np.array(SENSORS), len(words)).tolist()}
        ),
        "dispositions": to_table(
            "dispositions",
            {
                "row": np.arange(len(words)),
                "disposition": words,
                "track": [*perfect.track.tolist(), *[None] * 9],
                "reason": reasons,
            },
        ),
    }


def tracked_content(**changed: Any) -> TrackedContent:
    """Return a content with everything, some of it changed; None leaves a part out."""
    given = {**parts(), **changed}
    if given["sensors"] is None:
        given["sensors"] = ()
    return TrackedContent(
        **{"name": "tracks.parquet", "version": "9.9", "command": "commonwatch show", **given}
    )


def findings_of(**changed: Any) -> Findings:
    return gather(tracked_content(**changed), report=lambda _: None)


BARE: dict[str, Any] = dict.fromkeys(
    ("truth", "alerts", "ends", "biases", "detections", "dispositions", "sensors")
)
"""Nothing but tracks."""
