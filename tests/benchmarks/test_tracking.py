"""Tracking workloads are what they say; both trackers see the same of them; nothing is timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
from benchmarks.tracking_goals import JOINT, NEAREST

from benchmarks import many_tracks, page, tracking, tracking_goals, workload
from commonwatch.earth.frames import look_angles
from commonwatch.errors import InputError
from commonwatch.flight.propagation import after
from commonwatch.scenario.load import read_sensors
from commonwatch.sensing.detection import read_detections
from commonwatch.sensing.radar import Radar
from commonwatch.tracking.settings import Settings

F64 = npt.NDArray[np.float64]


def order(kind: str = "plain", count: int = 10, **others: Any) -> workload.Order:
    return workload.Order(kind=kind, count=count, seed=5, duration_s=30.0, **others)


def written(folder: Path, wanted: workload.Order) -> tracking.Given:
    workload.made(wanted).write(folder)
    return tracking.read(folder, wanted.name)


def states_of(table: dict[str, Any], number: int) -> tuple[F64, F64]:
    is_it = table["object"] == number
    time_s = 1e-9 * (table["time_ns"][is_it] - workload.EPOCH_NS)
    return time_s, np.column_stack([table[name][is_it] for name in workload.STATE_COLUMNS])


def test_objects_fly_freely_from_one_instant_of_the_truth_to_the_next() -> None:
    truth = workload.made(order()).truth
    for number in np.unique(truth["object"])[:4]:
        time_s, states = states_of(truth, number)
        flown = after(states[:-1], np.diff(time_s))
        assert np.abs(flown - states[1:]).max() < 0.1


def test_plots_lie_around_the_truth_as_the_sensor_file_says(tmp_path: Path) -> None:
    wanted = order(count=50)
    given = written(tmp_path, wanted)
    last = given.sensors[-1]  # the truth's instants are the sweeps of the last radar
    assert isinstance(last, Radar)
    misses = []
    for time_ns in np.unique(given.truth.time_ns):
        is_now = (given.detections.time_ns == time_ns) & (given.detections.sensor == 2)
        plots = given.detections.measured[is_now]
        states = given.truth.state_vector[given.truth.time_ns == time_ns]
        distance, azimuth, elevation = look_angles(
            last.site.position_ecef_m, last.site.rotation_enu_from_ecef, states[:, :3]
        )
        for true in np.column_stack([distance, azimuth, elevation]):
            off = np.abs(plots[:, :3] - true) / [30.0, 1e-3, 1e-3]
            near = off.max(axis=1) < 5.0
            misses.append(float(np.square(off[near]).sum(axis=1).min()) if near.any() else np.inf)
    is_hit = np.isfinite(misses)
    # Not all are in this radar's view; a squared miss has three degrees of freedom.
    assert 0.5 < is_hit.mean() < 0.95
    assert abs(np.mean(np.array(misses)[is_hit]) - 3.0) < 0.5


def test_plain_biased_and_late_workloads_of_one_seed_share_flights_and_noise() -> None:
    plain, biased, late = (workload.made(order(kind)) for kind in ("plain", "bias", "oosm"))
    for name in workload.STATE_COLUMNS:
        np.testing.assert_array_equal(plain.truth[name], biased.truth[name])
    for k, sensor in enumerate(biased.biases["sensor"]):
        own = plain.detections["sensor"] == sensor
        np.testing.assert_allclose(
            biased.detections["range_m"][own] - plain.detections["range_m"][own],
            biased.biases["range_bias_m"][k],
        )
    delay_ns = late.detections["arrival_ns"] - late.detections["time_ns"]
    assert sorted(set(delay_ns.tolist())) == [200_000_000, 600_000_000, 5_000_000_000]
    assert (np.diff(late.detections["arrival_ns"]) >= 0).all()


def test_companions_drift_away_from_their_missile() -> None:
    flights = workload.made(order("cluster", 20, is_seen_by_all=True)).truth
    time_s, first = states_of(flights, 0)
    _, second = states_of(flights, 1)
    apart_m = np.linalg.norm(first[:, :3] - second[:, :3], axis=1)
    assert 0.0 < np.polyfit(time_s, apart_m, 1)[0] < 60.0
    assert apart_m.max() < 30e3


def test_a_dense_workload_has_a_false_plot_near_each_object_and_ten_times_the_clutter(
    tmp_path: Path,
) -> None:
    plain, dense = (
        written(tmp_path, order(kind, is_seen_by_all=True)) for kind in ("plain", "dense")
    )
    rest = []
    for given, least in ((plain, 0.7), (dense, 1.0)):
        near, count = near_plots(given)
        assert least <= np.mean(near > 0) <= (0.98 if given is plain else 1.0)
        rest.append(count - near.sum())
    assert rest[1] == pytest.approx(10.0 * rest[0], rel=0.3)


def near_plots(given: tracking.Given) -> tuple[npt.NDArray[np.int64], int]:
    """Plots of the last radar close to each object at each instant, and all its plots."""
    radar = given.sensors[-1]
    assert isinstance(radar, Radar)
    plots = given.detections.take(given.detections.sensor == 2)
    counts = []
    for time_ns in np.unique(given.truth.time_ns):
        measured = plots.measured[plots.time_ns == time_ns]
        states = given.truth.state_vector[given.truth.time_ns == time_ns]
        looks = look_angles(
            radar.site.position_ecef_m, radar.site.rotation_enu_from_ecef, states[:, :3]
        )
        off = np.abs(measured[:, np.newaxis, :3] - np.column_stack(looks)) / workload.NEAR[:3]
        counts.append((off < 1.0).all(axis=-1).sum(axis=0))
    return np.concatenate(counts), len(plots)


def test_the_files_hold_no_truth_that_a_tracker_could_read(tmp_path: Path) -> None:
    wanted = order("bias")
    workload.made(wanted).write(tmp_path)
    columns = pq.read_schema(tmp_path / f"{wanted.name}_detections.parquet").names
    assert not {"object", "x_m", "is_false"} & set(columns)
    assert "bias" not in (tmp_path / f"{wanted.name}_sensors.toml").read_text("utf-8").replace(
        "range_bias_m = 0.0", ""
    )
    sensors = read_sensors(tmp_path / f"{wanted.name}_sensors.toml")
    assert not len(
        read_detections(tmp_path / f"{wanted.name}_detections.parquet", sensors).refused_row
    )


@pytest.mark.parametrize(("kind", "count"), [("odd", 10), ("cluster", 12)])
def test_an_order_that_cannot_be_is_refused(kind: str, count: int) -> None:
    with pytest.raises(InputError):
        order(kind, count)


def test_a_name_says_kind_and_count() -> None:
    assert tracking.kind_of("n050_dense") == ("dense", 50)
    assert tracking.kind_of("n060_cluster_3") == ("cluster", 60)
    assert tracking.kind_of("n200_1") == ("plain", 200)
    assert tracking.kind_of("mine") == ("plain", 0)


def test_stone_soup_and_commonwatch_track_the_same_objects(tmp_path: Path) -> None:
    pytest.importorskip("stonesoup")
    given = written(tmp_path, order(count=5, is_seen_by_all=True))
    frames = len(given.frame_ns)
    assert frames == 45
    own = tracking.judged(given, tracking.ours(given, Settings()), frames)
    for association in (NEAREST, JOINT):
        theirs = tracking.peer(given, association, np.inf)
        assert len(theirs.told) == frames
        found = tracking.judged(given, theirs, frames)
        assert found["switches"] == own["switches"] == 0
        assert found["false_tracks"] == own["false_tracks"] == 0
        # After the first seconds both are on all objects; the peer starts later.
        assert found["ospa_m"] < 3_000.0


def test_a_mean_bias_error_of_one_deviation_each_is_said_as_their_number() -> None:
    class Estimate:
        value = np.full((3, 4), 2.0)
        covariance = 4.0 * np.eye(12)

    assert tracking.bias_nees(Estimate(), np.zeros((3, 3))) == pytest.approx(9.0)  # type: ignore[arg-type]


def test_memory_and_pace_are_measured_in_a_process_of_their_own(tmp_path: Path) -> None:
    wanted = order(count=5, sweep_s=1.0, is_seen_by_all=True)
    workload.made(wanted).write(tmp_path)
    files = tmp_path / f"{wanted.name}_detections.parquet", tmp_path / f"{wanted.name}_sensors.toml"
    assert many_tracks.growth(*files)["tracks"] == 5
    paced = many_tracks.pace(*files)
    assert paced["frames"] == 90
    assert paced["tracks"] == 5
    assert paced["recorded_s"] == pytest.approx(30.0)


def test_a_goal_of_tracking_that_is_missed_is_called_so() -> None:
    row = {
        "name": "n060_cluster, joint probabilities, Commonwatch",
        "kind": "cluster",
        "count": 60,
        "association": JOINT,
        "frame_s": 1e-3,
        "ospa_m": 900.0,
        "switches": 12,
        "switches_apart": 1,
        "false_tracks": 0,
    }
    slow = {"name": "n200, Stone Soup", "count": 200, "association": NEAREST, "ratio": 129.0}
    sections = {"tracking": {"rows": [row, {**slow, "frames": 450}]}}
    assert [is_met for _, _, is_met in tracking_goals.goals(sections)] == [False, False]
    assert [is_met for _, _, is_met in page.goals(sections)] == [False, False]
    row["switches_apart"] = 0
    assert [is_met for _, _, is_met in tracking_goals.goals(sections)] == [True, False]
