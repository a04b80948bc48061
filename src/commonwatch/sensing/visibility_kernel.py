"""Who sees a path, compiled: a sweep without trigonometry, then each crossing to a millisecond.

A face of a radar is one row of numbers, its *envelope* (columns below; ``sensing.envelope`` makes
it). A position is inside when a few dot products pass their limits:

- *sector*: the offset from the site has a component of at least zero (less a millimetre) along the
  horizontal normals of both edges (of either, where the sector is wider than half a turn; normals
  of zero length let every azimuth pass);
- *elevation*: height above the shifted apex of the refracted ray's asymptote against distance from
  the site's vertical, compared as signed squares, so that no root is taken;
- *range*: squared length against squared limits;
- *signal*, in the cross-section run only: (R/R0)^4 <= ratio cos^e(off-boresight), squared.

The fast form answers yes or no for a row of samples and holds no branch. The slow form gives the
margin in metres and the limit that it belongs to; it is used on single positions, to refine
crossings and to name what ended a spell.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid_kernel import geodetic
from commonwatch.flight.hermite_kernel import hermite_weights_of_one
from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

# Columns of an envelope. Vectors take three.
SITE = 0
EDGE_MIN = 3
EDGE_MAX = 6
UP = 9
IS_WIDE = 12
APEX_MIN = 13
SLOPE_MIN = 14
APEX_MAX = 15
SLOPE_MAX = 16
RANGE_MIN = 17
RANGE_MAX = 18
BORESIGHT = 19
SIGNAL_RANGE = 22
SIGNAL_EXPONENT = 23
SECTOR_SLACK = 24
ENVELOPE_COLUMNS = 25

NO_SIGNAL_LIMIT = -1.0
"""In ``SIGNAL_EXPONENT``: the published-range run, which has no limit of signal."""

# What ends a spell; ``sensing.visibility.Limit`` gives each its word.
AZIMUTH = 0
ELEVATION_MIN = 1
ELEVATION_MAX = 2
NEAR = 3
FAR = 4
SIGNAL = 5
BURN_OUT = 6
CLOUD = 7
EARTH = 8
IMPACT = 9
PATH_END = 10

REFINED_S = 1e-3
"""Crossings are bisected to this length of time."""
GLIMPSE_S = 0.05
"""A spell between two samples is found when it lasts so long."""
SPEED_MAX_M_S = 10e3
"""No faster paths are looked at: escape from the Earth takes 11.2 km/s (*assumed*)."""
SAMPLES_PER_BLOCK = 2048
"""Samples held at once: three coordinates of a block stay in the first-level cache."""

# Inputs may be read-only arrays; a plain ``f8[::1]`` would refuse them.
ROW = "Array(f8, 1, 'C', True)"
TABLE = "Array(f8, 2, 'C', True)"
STACK = "Array(f8, 3, 'C', True)"
INDEX = "Array(i8, 1, 'C', True)"
FLAGS = "Array(b1, 1, 'C', True)"


@kernel(f"void({ROW}, {ROW}, {ROW}, {ROW}, u1[::1])")
def sweep_face(x: F64, y: F64, z: F64, envelope: F64, seen: U8) -> None:
    """Set ``seen`` to one at the positions inside one face's sector, elevation and range."""
    site_x, site_y, site_z = envelope[SITE], envelope[SITE + 1], envelope[SITE + 2]
    min_x, min_y, min_z = envelope[EDGE_MIN], envelope[EDGE_MIN + 1], envelope[EDGE_MIN + 2]
    max_x, max_y, max_z = envelope[EDGE_MAX], envelope[EDGE_MAX + 1], envelope[EDGE_MAX + 2]
    up_x, up_y, up_z = envelope[UP], envelope[UP + 1], envelope[UP + 2]
    edge = -envelope[SECTOR_SLACK]
    is_wide = envelope[IS_WIDE] > 0.0
    apex_min, apex_max = envelope[APEX_MIN], envelope[APEX_MAX]
    slope_min = envelope[SLOPE_MIN] * abs(envelope[SLOPE_MIN])
    slope_max = envelope[SLOPE_MAX] * abs(envelope[SLOPE_MAX])
    near = envelope[RANGE_MIN] * envelope[RANGE_MIN]
    far = envelope[RANGE_MAX] * envelope[RANGE_MAX]
    for k in range(x.shape[0]):
        dx = x[k] - site_x
        dy = y[k] - site_y
        dz = z[k] - site_z
        square = dx * dx + dy * dy + dz * dz
        past_min = dx * min_x + dy * min_y + dz * min_z >= edge
        before_max = dx * max_x + dy * max_y + dz * max_z >= edge
        height = dx * up_x + dy * up_y + dz * up_z
        level = square - height * height
        over = height - apex_min
        under = height - apex_max
        seen[k] = (
            ((past_min & before_max) | (is_wide & (past_min | before_max)))
            & (over * abs(over) >= slope_min * level)
            & (under * abs(under) <= slope_max * level)
            & (square >= near)
            & (square <= far)
        )


@kernel(f"void({ROW}, {ROW}, {ROW}, {ROW}, u1[::1])")
def signal_face(x: F64, y: F64, z: F64, envelope: F64, seen: U8) -> None:
    """Clear ``seen`` where one face's signal is too weak; only for a cross-section run."""
    site_x, site_y, site_z = envelope[SITE], envelope[SITE + 1], envelope[SITE + 2]
    axis_x, axis_y, axis_z = envelope[BORESIGHT], envelope[BORESIGHT + 1], envelope[BORESIGHT + 2]
    per_square = 1.0 / (envelope[SIGNAL_RANGE] * envelope[SIGNAL_RANGE])
    exponent = envelope[SIGNAL_EXPONENT]
    for k in range(x.shape[0]):
        dx = x[k] - site_x
        dy = y[k] - site_y
        dz = z[k] - site_z
        square = dx * dx + dy * dy + dz * dz
        along = dx * axis_x + dy * axis_y + dz * axis_z
        cosine_squared = along * along / square
        if exponent == 3.0:
            gain = cosine_squared * cosine_squared * cosine_squared
        elif exponent == 0.0:
            gain = 1.0
        else:
            gain = cosine_squared**exponent
        loss = square * per_square * square * per_square
        seen[k] &= (loss * loss <= gain) & ((along > 0.0) | (exponent == 0.0))


@kernel(f"void({ROW}, {ROW}, {ROW}, {TABLE}, i8, i8, u1[::1], u1[::1])")
def sweep_radar(
    x: F64, y: F64, z: F64, envelopes: F64, first: int, last: int, spare: U8, seen: U8
) -> None:
    """Set ``seen`` to one where a face in rows ``first`` to ``last`` sees; ``spare`` is scratch."""
    seen[:] = 0
    for face in range(first, last):
        sweep_face(x, y, z, envelopes[face], spare)
        if envelopes[face, SIGNAL_EXPONENT] != NO_SIGNAL_LIMIT:
            signal_face(x, y, z, envelopes[face], spare)
        for k in range(seen.shape[0]):
            seen[k] |= spare[k]


@kernel(f"void({TABLE}, {TABLE}, {TABLE}, {TABLE}, u1[:, :, ::1])")
def sweep(x: F64, y: F64, z: F64, envelopes: F64, seen: U8) -> None:
    """Write which face sees which sample: positions (n, t), envelopes (f, k), seen (f, n, t)."""
    count = x.shape[0] * x.shape[1]
    row_x = x.reshape(count)
    row_y = y.reshape(count)
    row_z = z.reshape(count)
    for start in range(0, count, SAMPLES_PER_BLOCK):
        stop = min(start + SAMPLES_PER_BLOCK, count)
        for face in range(envelopes.shape[0]):
            out = seen[face].reshape(count)[start:stop]
            block = (row_x[start:stop], row_y[start:stop], row_z[start:stop])
            sweep_face(block[0], block[1], block[2], envelopes[face], out)
            if envelopes[face, SIGNAL_EXPONENT] != NO_SIGNAL_LIMIT:
                signal_face(block[0], block[1], block[2], envelopes[face], out)


@kernel(f"Tuple((f8, i8))(f8, f8, f8, {ROW})")
def face_margin(x: float, y: float, z: float, envelope: F64) -> tuple[float, int]:
    """Least margin of a position inside one face, metres, negative outside; and its limit."""
    dx, dy, dz = x - envelope[SITE], y - envelope[SITE + 1], z - envelope[SITE + 2]
    square = dx * dx + dy * dy + dz * dz
    length = math.sqrt(square)
    past_min = dx * envelope[EDGE_MIN] + dy * envelope[EDGE_MIN + 1] + dz * envelope[EDGE_MIN + 2]
    before_max = dx * envelope[EDGE_MAX] + dy * envelope[EDGE_MAX + 1] + dz * envelope[EDGE_MAX + 2]
    height = dx * envelope[UP] + dy * envelope[UP + 1] + dz * envelope[UP + 2]
    level = math.sqrt(max(square - height * height, 0.0))
    slope_min, slope_max = envelope[SLOPE_MIN], envelope[SLOPE_MAX]

    is_wide = envelope[IS_WIDE] > 0.0
    margin = max(past_min, before_max) if is_wide else min(past_min, before_max)
    margin += envelope[SECTOR_SLACK]
    limit = AZIMUTH
    if (
        envelope[EDGE_MIN] == 0.0
        and envelope[EDGE_MIN + 1] == 0.0
        and envelope[EDGE_MIN + 2] == 0.0
    ):
        margin = math.inf
    other = (height - envelope[APEX_MIN] - slope_min * level) / math.sqrt(1.0 + slope_min**2)
    if other < margin:
        margin, limit = other, ELEVATION_MIN
    other = (slope_max * level - height + envelope[APEX_MAX]) / math.sqrt(1.0 + slope_max**2)
    if other < margin:
        margin, limit = other, ELEVATION_MAX
    if length - envelope[RANGE_MIN] < margin:
        margin, limit = length - envelope[RANGE_MIN], NEAR
    if envelope[RANGE_MAX] - length < margin:
        margin, limit = envelope[RANGE_MAX] - length, FAR

    exponent = envelope[SIGNAL_EXPONENT]
    if exponent != NO_SIGNAL_LIMIT:
        along = (
            dx * envelope[BORESIGHT] + dy * envelope[BORESIGHT + 1] + dz * envelope[BORESIGHT + 2]
        )
        reach = envelope[SIGNAL_RANGE]
        if exponent != 0.0:
            reach *= max(along / length, 0.0) ** (0.25 * exponent)
        if reach - length < margin:
            margin, limit = reach - length, SIGNAL
    return margin, limit


@kernel(f"Tuple((f8, i8))(f8, f8, f8, {TABLE}, i8, i8)")
def radar_margin(
    x: float, y: float, z: float, envelopes: F64, first: int, last: int
) -> tuple[float, int]:
    """Margin and limit of the face, of rows ``first`` to ``last``, that comes nearest to seeing."""
    margin = -math.inf
    limit = AZIMUTH
    for face in range(first, last):
        other, other_limit = face_margin(x, y, z, envelopes[face])
        if other > margin:
            margin, limit = other, other_limit
    return margin, limit


@kernel(f"UniTuple(f8, 3)({TABLE}, f8, f8, f8)")
def position_at(
    states: F64, interval_s: float, end_s: float, time_s: float
) -> tuple[float, float, float]:
    """Position on a path sampled each ``interval_s``, by the cubic Hermite between two samples."""
    if end_s <= 0.0:
        return states[0, 0], states[0, 1], states[0, 2]
    k = min(int(time_s / interval_s), math.ceil(end_s / interval_s) - 1)
    span = min((k + 1) * interval_s, end_s) - k * interval_s
    to_end, slope_start, slope_end = hermite_weights_of_one((time_s - k * interval_s) / span, span)
    a, b = states[k], states[k + 1]
    return (
        a[0] + to_end * (b[0] - a[0]) + slope_start * a[3] + slope_end * b[3],
        a[1] + to_end * (b[1] - a[1]) + slope_start * a[4] + slope_end * b[4],
        a[2] + to_end * (b[2] - a[2]) + slope_start * a[5] + slope_end * b[5],
    )


@kernel(f"Tuple((f8, i8))({TABLE}, f8, f8, f8, {TABLE}, i8, i8)")
def _margin_at(
    states: F64,
    interval_s: float,
    end_s: float,
    time_s: float,
    envelopes: F64,
    first: int,
    last: int,
) -> tuple[float, int]:
    """Margin and limit of one path before one radar at one instant."""
    x, y, z = position_at(states, interval_s, end_s, time_s)
    return radar_margin(x, y, z, envelopes, first, last)


@kernel(f"Tuple((f8, f8, i8))({TABLE}, f8, f8, f8, f8, {TABLE}, i8, i8)")
def _radar_crossing(
    states: F64,
    interval_s: float,
    end_s: float,
    start_s: float,
    stop_s: float,
    envelopes: F64,
    first: int,
    last: int,
) -> tuple[float, float, int]:
    """Narrow a crossing to a millisecond: the instants before and after, and the limit outside."""
    margin, limit = _margin_at(states, interval_s, end_s, stop_s, envelopes, first, last)
    leaves = margin < 0.0
    if not leaves:
        margin, limit = _margin_at(states, interval_s, end_s, start_s, envelopes, first, last)
    while stop_s - start_s > REFINED_S:
        middle_s = 0.5 * (start_s + stop_s)
        margin, other = _margin_at(states, interval_s, end_s, middle_s, envelopes, first, last)
        if margin < 0.0:
            limit = other
        if (margin < 0.0) == leaves:
            stop_s = middle_s
        else:
            start_s = middle_s
    return start_s, stop_s, limit


@kernel(f"f8({TABLE}, f8, f8, f8, f8, {TABLE}, i8, i8)")
def _glimpse(
    states: F64,
    interval_s: float,
    end_s: float,
    start_s: float,
    stop_s: float,
    envelopes: F64,
    first: int,
    last: int,
) -> float:
    """Find an instant of sight between two samples that are both outside; negative if none.

    (1) The margin must be small, and grow inwards from both samples; (2) golden-section search for
    its greatest value, left as soon as that is positive.
    """
    step_s = 0.01 * (stop_s - start_s)
    margin, _ = _margin_at(states, interval_s, end_s, start_s, envelopes, first, last)
    if margin < -SPEED_MAX_M_S * (stop_s - start_s):
        return -1.0
    inner, _ = _margin_at(states, interval_s, end_s, start_s + step_s, envelopes, first, last)
    if inner <= margin:
        return -1.0
    margin, _ = _margin_at(states, interval_s, end_s, stop_s, envelopes, first, last)
    inner, _ = _margin_at(states, interval_s, end_s, stop_s - step_s, envelopes, first, last)
    if inner <= margin:
        return -1.0

    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    left_s = stop_s - ratio * (stop_s - start_s)
    right_s = start_s + ratio * (stop_s - start_s)
    left, _ = _margin_at(states, interval_s, end_s, left_s, envelopes, first, last)
    right, _ = _margin_at(states, interval_s, end_s, right_s, envelopes, first, last)
    while max(left, right) < 0.0 and stop_s - start_s > GLIMPSE_S:
        if left > right:
            stop_s, right_s, right = right_s, left_s, left
            left_s = stop_s - ratio * (stop_s - start_s)
            left, _ = _margin_at(states, interval_s, end_s, left_s, envelopes, first, last)
        else:
            start_s, left_s, left = left_s, right_s, right
            right_s = start_s + ratio * (stop_s - start_s)
            right, _ = _margin_at(states, interval_s, end_s, right_s, envelopes, first, last)
    if max(left, right) < 0.0:
        return -1.0
    return left_s if left > right else right_s


@kernel(f"i8({TABLE}, f8, f8, f8, f8, i8, i8, i8, i8, i4[:, ::1], f8[:, :, ::1])")
def record(
    states: F64,
    interval_s: float,
    end_s: float,
    seen_s: float,
    lost_s: float,
    path: int,
    sensor: int,
    limit: int,
    count: int,
    rows: I32,
    ends: F64,
) -> int:
    """Write a spell as row ``count`` where there is room, and count it in any case."""
    if count < rows.shape[0]:
        rows[count, 0], rows[count, 1], rows[count, 2] = path, sensor, limit
        for side in range(2):
            time_s = seen_s if side == 0 else lost_s
            x, y, z = position_at(states, interval_s, end_s, time_s)
            _, _, height = geodetic(x, y, z)
            ends[count, side, 0], ends[count, side, 1] = time_s, height
    return count + 1


@kernel(
    f"i8({TABLE}, f8, f8, b1, {TABLE}, i8, i8, u1[::1], u1[::1], i8, i8, i8, i4[:, ::1], "
    "f8[:, :, ::1])"
)
def _radar_spells(
    states: F64,
    interval_s: float,
    end_s: float,
    comes_down: bool,
    envelopes: F64,
    first: int,
    last: int,
    seen: U8,
    near: U8,
    path: int,
    sensor: int,
    count: int,
    rows: I32,
    ends: F64,
) -> int:
    """Record the spells in one path's row of samples, seen and nearly seen, by one radar."""
    edges = near[0] ^ seen[0]
    for k in range(1, seen.shape[0]):
        edges |= (near[k] ^ seen[k]) | (seen[k] ^ seen[k - 1])
    if edges == 0 and seen[0] == 0:
        return count
    seen_s = 0.0
    for k in range(1, seen.shape[0] if edges != 0 else 0):
        start_s, stop_s = (k - 1) * interval_s, min(k * interval_s, end_s)
        if start_s >= end_s:
            break
        if seen[k] == seen[k - 1]:
            glimpse_s = -1.0
            if seen[k] == 0 and (near[k] | near[k - 1]) == 1:
                glimpse_s = _glimpse(
                    states, interval_s, end_s, start_s, stop_s, envelopes, first, last
                )
            if glimpse_s >= 0.0:
                _, seen_s, _ = _radar_crossing(
                    states, interval_s, end_s, start_s, glimpse_s, envelopes, first, last
                )
                lost_s, _, limit = _radar_crossing(
                    states, interval_s, end_s, glimpse_s, stop_s, envelopes, first, last
                )
                count = record(
                    states,
                    interval_s,
                    end_s,
                    seen_s,
                    lost_s,
                    path,
                    sensor,
                    limit,
                    count,
                    rows,
                    ends,
                )
            continue
        start_s, stop_s, limit = _radar_crossing(
            states, interval_s, end_s, start_s, stop_s, envelopes, first, last
        )
        if seen[k] == 1:
            seen_s = stop_s
        else:
            count = record(
                states, interval_s, end_s, seen_s, start_s, path, sensor, limit, count, rows, ends
            )
    if seen[-1] == 1:
        limit = IMPACT if comes_down else PATH_END
        count = record(
            states, interval_s, end_s, seen_s, end_s, path, sensor, limit, count, rows, ends
        )
    return count


@kernel(
    f"i8({STACK}, {ROW}, {FLAGS}, f8, {TABLE}, {TABLE}, {INDEX}, i8, i8, i4[:, ::1], f8[:, :, ::1])"
)
def find_spells(
    states: F64,
    ends_s: F64,
    comes_down: npt.NDArray[np.bool_],
    interval_s: float,
    envelopes: F64,
    near_envelopes: F64,
    first_rows: I64,
    start: int,
    stop: int,
    rows: I32,
    ends: F64,
) -> int:
    """Find the spells of sight of paths ``start`` to ``stop`` by radars; return how many.

    Sensor ``s`` has the faces in rows ``first_rows[s]`` to ``first_rows[s + 1]``, none for what is
    no radar. ``near_envelopes`` are the same faces wider by half the way between two samples: where
    they see and the faces do not, a spell shorter than ``interval_s`` is looked for. Each spell is
    a row of ``rows`` (path, sensor, limit) and of ``ends`` (first and last; time and altitude),
    ordered by path, sensor and time. Those past the last row are counted but not written: call
    again with more room.
    """
    samples = states.shape[1]
    sensors = first_rows.shape[0] - 1
    paths_per_block = max(1, SAMPLES_PER_BLOCK // samples)
    x = np.empty(paths_per_block * samples)
    y = np.empty(paths_per_block * samples)
    z = np.empty(paths_per_block * samples)
    spare = np.empty(paths_per_block * samples, np.uint8)
    seen = np.empty((sensors, paths_per_block * samples), np.uint8)
    near = np.empty((sensors, paths_per_block * samples), np.uint8)
    count = 0
    for block in range(start, stop, paths_per_block):
        paths = min(paths_per_block, stop - block)
        size = paths * samples
        for i in range(paths):
            for k in range(samples):
                x[i * samples + k] = states[block + i, k, 0]
                y[i * samples + k] = states[block + i, k, 1]
                z[i * samples + k] = states[block + i, k, 2]
        for sensor in range(sensors):
            first, last = first_rows[sensor], first_rows[sensor + 1]
            if first < last:
                for table, mask in ((envelopes, seen), (near_envelopes, near)):
                    sweep_radar(
                        x[:size],
                        y[:size],
                        z[:size],
                        table,
                        first,
                        last,
                        spare[:size],
                        mask[sensor, :size],
                    )
        for path in range(block, block + paths):
            offset = (path - block) * samples
            for sensor in range(sensors):
                first, last = first_rows[sensor], first_rows[sensor + 1]
                if first < last:
                    count = _radar_spells(
                        states[path],
                        interval_s,
                        ends_s[path],
                        comes_down[path],
                        envelopes,
                        first,
                        last,
                        seen[sensor, offset : offset + samples],
                        near[sensor, offset : offset + samples],
                        path,
                        sensor,
                        count,
                        rows,
                        ends,
                    )
    return count
