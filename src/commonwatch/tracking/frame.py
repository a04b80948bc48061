"""One sensor's look around: the plots of one instant, or nearly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.detection import Detections, joined_detections
from commonwatch.tracking.bank import Bank
from commonwatch.tracking.ending import Ends
from commonwatch.tracking.frame_kernel import MIXER, digests
from commonwatch.tracking.settings import SLICE_S

if TYPE_CHECKING:
    from commonwatch.tracking.plots import Bias

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(slots=True, kw_only=True, eq=False)
class Outcome:
    """What a frame did: which plot went where, and which tracks ended.

    Parameters
    ----------
    row, key, label
        Input rows that belong to a confirmed track, the key of that track, and the number that it
        is told of under: 0 until there is one, -1 where there is none in the end.
    place
        Where the row stands in this frame, -1 for one of an earlier frame.
    is_start
        Whether the row started that track.
    burning
        Probability that the track was under power then.
    ended
        Tracks that ended.
    refused
        Places of plots that there was no room to start a track from.
    """

    row: I64
    key: I64
    label: I64
    place: I64
    is_start: npt.NDArray[np.bool_]
    burning: F64
    ended: list[Ends]
    refused: I64


@dataclass(slots=True, kw_only=True, eq=False)
class Checkpoint:
    """A tracker's memory before a frame: what late detections are replayed from.

    ``bias`` and ``learnt`` are what is taken off and the memory of who learns it.
    """

    bank: Bank
    time_ns: int
    looked_ns: I64
    place: F64
    bias: Bias
    learnt: object


@dataclass(slots=True, kw_only=True, eq=False)
class Frame:
    """Plots of one sensor within one slice of time, in an order that their content gives.

    ``before`` holds the tracker's memory before the frame, where it was kept.
    """

    time_ns: int
    sensor: int
    detections: Detections
    offset_s: F64
    key: I64
    before: Checkpoint | None = None
    outcome: Outcome | None = None


def slices_ns(revisit_s: F64) -> I64:
    """How long a frame of each sensor is: no longer than half the time to its next look."""
    return np.rint(1e9 * np.minimum(SLICE_S, 0.5 * revisit_s)).astype(np.int64)


def frames_of(detections: Detections, slice_ns: I64) -> list[Frame]:
    """Group detections into frames, in order of time and sensor.

    The grouping and every order within it depend on what was measured alone, never on rows or
    arrival.

    Parameters
    ----------
    detections
        Any number, in any order.
    slice_ns
        How long a frame of each sensor is, shape (sensors,).
    """
    if not len(detections):
        return []
    measured = detections.measured
    time_ns, sensor = detections.time_ns, detections.sensor
    keys: list[npt.NDArray[Any]] = [measured[:, 1], measured[:, 0]]
    if (time_ns != time_ns[0]).any() or (sensor != sensor[0]).any():
        keys += [time_ns, sensor]
    order = np.lexsort(keys)
    time_ns, sensor = time_ns[order], sensor[order]
    starts = _starts(sensor, time_ns, slice_ns.tolist())
    lengths = [stop - start for start, stop in pairwise([*starts, len(order)])]
    begun_ns = time_ns[starts].repeat(lengths)
    if (begun_ns != time_ns).any():
        # Within a frame by range, or by the first component of the line: the index of the gate.
        values = measured[order]
        order = order[np.lexsort((values[:, 1], values[:, 0], begun_ns, sensor))]
    together = detections.take(order)
    offset_s = 1e-9 * (together.time_ns - begun_ns).astype(np.float64)
    key = _keys(together)
    frames = [
        Frame(
            time_ns=int(begun_ns[start]),
            sensor=int(sensor[start]),
            detections=part,
            offset_s=offset_s[start : start + len(part)],
            key=key[start : start + len(part)],
        )
        for start, part in zip(starts, together.split(starts), strict=True)
    ]
    frames.sort(key=lambda frame: (frame.time_ns, frame.sensor))
    return frames


def found_by_row(parts: Sequence[Detections], row: I64) -> tuple[Detections, npt.NDArray[np.bool_]]:
    """Look detections up by their input rows.

    Parameters
    ----------
    parts
        Where they may be, one detection at least; each row once.
    row
        Those that are looked for, shape (n,).

    Returns
    -------
    detections, is_found
        Those that are there, in the order of ``row``, and which of it they are, shape (n,).
    """
    together = joined_detections(parts)
    order = np.argsort(together.row)
    last = len(order) - 1
    place = order[np.minimum(np.searchsorted(together.row[order], row), last)]
    is_found = together.row[place] == row
    return together.take(place[is_found]), is_found


def _starts(sensor: npt.NDArray[np.int32], time_ns: I64, slice_ns: list[int]) -> list[int]:
    """Where each frame starts, of rows by sensor and time."""
    sensors, times_ns = sensor.tolist(), time_ns.tolist()
    starts = []
    first = 0
    while first < len(sensors):
        starts.append(first)
        end_of_sensor = bisect_right(sensors, sensors[first], first)
        end_ns = times_ns[first] + slice_ns[sensors[first]]
        first = bisect_right(times_ns, end_ns, first, end_of_sensor)
    return starts


def _keys(detections: Detections) -> I64:
    """Digest of what was measured, positive: the name of a track that starts there."""
    keys = np.empty(len(detections), dtype=np.int64)
    bits = detections.measured.view(np.uint64)
    digests(detections.time_ns.view(np.uint64), detections.sensor, bits, keys)
    return keys


def mixed_keys(first: I64, second: I64) -> I64:
    """Digest of two digests, positive.

    Parameters
    ----------
    first, second
        Shapes (n,); the order of the two counts.

    Returns
    -------
    keys
        Shape (n,), from 1 to 2^63 - 1.
    """
    mixed = first.astype(np.uint64) * np.uint64(0x94D049BB133111EB) ^ second.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * MIXER
    return np.maximum((mixed >> np.uint64(1)).astype(np.int64), 1)
