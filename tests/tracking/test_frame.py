"""Frames: which plots stand together, and in which order."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from commonwatch.sensing.detection import Detections
from commonwatch.tracking.frame import Frame, found_by_row, frames_of, slices_ns

SLICE_NS = 100_000_000
SLICES_NS = np.full(3, SLICE_NS)


def drawn(count: int, seed: int) -> Detections:
    """Plots of three sensors, of which many fall into one slice, and some at one instant."""
    rng = np.random.default_rng(seed)
    return Detections(
        row=rng.permutation(count),
        time_ns=rng.integers(0, 12, count) * (SLICE_NS // 3),
        arrival_ns=np.zeros(count, dtype=np.int64),
        sensor=rng.integers(0, 3, count).astype(np.int32),
        is_infrared=np.zeros(count, dtype=np.bool_),
        measured=rng.normal(0.0, 1.0, (count, 4)),
        std=np.ones((count, 4)),
        eye_ecef_m=np.full((count, 3), np.nan),
    )


def slow(detections: Detections) -> list[tuple[int, int, list[int]]]:
    """Time, sensor and rows of each frame, plot by plot."""
    plots = sorted(
        range(len(detections)),
        key=lambda k: (detections.sensor[k], detections.time_ns[k]),
    )
    frames: list[tuple[int, int, list[int]]] = []
    for k in plots:
        sensor, time_ns = int(detections.sensor[k]), int(detections.time_ns[k])
        if not frames or frames[-1][1] != sensor or time_ns > frames[-1][0] + SLICE_NS:
            frames.append((time_ns, sensor, []))
        frames[-1][2].append(k)
    for _, _, members in frames:
        members.sort(key=lambda k: tuple(detections.measured[k, :2]))
    return sorted(
        (time_ns, sensor, detections.row[members].tolist()) for time_ns, sensor, members in frames
    )


def told(frame: Frame) -> tuple[int, int, list[int]]:
    """Time, sensor and rows of a frame."""
    return frame.time_ns, frame.sensor, frame.detections.row.tolist()


@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_plots_of_one_sensor_within_a_tenth_of_a_second_are_one_frame_in_order_of_range(
    count: int,
) -> None:
    for seed in range(20):
        detections = drawn(count, seed)
        assert [told(frame) for frame in frames_of(detections, SLICES_NS)] == slow(detections)


def test_a_plot_has_the_same_name_and_offset_whatever_stands_beside_it() -> None:
    detections = drawn(40, 5)
    alone = {
        int(detections.row[k]): int(frames_of(detections.take([k]), SLICES_NS)[0].key[0])
        for k in range(40)
    }
    for frame in frames_of(detections, SLICES_NS):
        assert [alone[row] for row in frame.detections.row.tolist()] == frame.key.tolist()
        assert (frame.offset_s * 1e9).round().tolist() == (
            frame.detections.time_ns - frame.time_ns
        ).tolist()


def test_detections_cut_into_parts_are_the_same_rows_in_the_same_order() -> None:
    detections = drawn(9, 1)
    parts = detections.split([0, 4, 5])
    assert [len(part) for part in parts] == [4, 1, 4]
    assert [row for part in parts for row in part.row.tolist()] == detections.row.tolist()
    assert np.array_equal(np.concatenate([p.measured for p in parts]), detections.measured)
    with pytest.raises(ValueError, match="read-only"):
        parts[1].time_ns[0] = 0


def test_a_plot_is_named_by_what_was_measured() -> None:
    """Against Python's own whole numbers, cut to 64 bits."""
    detections = drawn(200, 3)
    names = {
        int(row): int(key)
        for frame in frames_of(detections, SLICES_NS)
        for row, key in zip(frame.detections.row, frame.key, strict=True)
    }
    word = (1 << 64) - 1
    for row, time_ns, sensor, measured in zip(
        detections.row, detections.time_ns, detections.sensor, detections.measured, strict=True
    ):
        mixed = (int(time_ns) * 0x9E3779B97F4A7C15 & word) ^ int(sensor) << 56
        for bits in struct.unpack("3Q", struct.pack("3d", *measured[:3])):
            mixed = (mixed ^ bits) * 0xBF58476D1CE4E5B9 & word
            mixed ^= mixed >> 31
        assert names[int(row)] == max(mixed >> 1, 1)


@pytest.mark.parametrize("wanted", [[], [7, 0, 11, 3], [99, 2, -1, 14]])
def test_detections_are_found_by_their_rows_in_the_order_asked_for(wanted: list[int]) -> None:
    detections = drawn(15, 4)
    parts = [detections.take(slice(0, 6)), detections.take(slice(6, None))]
    found, is_found = found_by_row(parts, np.array(wanted, dtype=np.int64))
    assert is_found.tolist() == [0 <= row < 15 for row in wanted]
    assert found.row.tolist() == [row for row in wanted if 0 <= row < 15]
    for row, measured in zip(found.row, found.measured, strict=True):
        assert (measured == detections.measured[detections.row == row][0]).all()


def test_a_frame_ends_before_its_sensor_looks_again() -> None:
    assert slices_ns(np.array([10.0, 0.2, 0.1, 0.02])).tolist() == [10**8, 10**8, 5 * 10**7, 10**7]
