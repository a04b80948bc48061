"""What can be wrong with a table of detections: as a whole, and row by row.

===========================  ======================================================  =======
figure                       source                                                  mark
===========================  ======================================================  =======
``FUTURE_MAX_S``             clocks of sensor and centre may differ by that much     assumed
``AGE_MAX_S``                no sensor's link holds a look back for ten minutes      assumed
``ALONE_S``                  longer than any flight of a missile                     assumed
``RANGE_RATE_MAX_M_S``       well above the escape velocity, 11.2 km/s               derived
===========================  ======================================================  =======
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import TableError
from commonwatch.sensing.detection_columns import (
    INFRARED,
    NO_TIME,
    OTHER_KIND,
    RADAR,
    UNKNOWN_SENSOR,
    Rows,
)
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.radar import TURN_RAD, Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FUTURE_MAX_S: Final = 1.0
AGE_MAX_S: Final = 600.0
ALONE_S: Final = 3_600.0
RANGE_MIN_M: Final = 1.0
RANGE_MAX_M: Final = 1e8
RANGE_RATE_MAX_M_S: Final = 20_000.0
EYE_MIN_M: Final = 6.4e6
EYE_MAX_M: Final = 1e9
UNIT_VECTOR_SLACK: Final = 1e-3
STD_MIN: Final = 1e-9
"""Metres, radians or metres a second: nothing is measured better, and its square is no zero."""

_TIME_MAX_NS: Final = 4 * 10**18
_EMPTY: Final = "empty or no number"
_SLACK_RAD: Final = 1e-9
_ENOUGH_ROWS: Final = 10
"""So many rows of one sensor are judged by themselves; fewer only with all others."""
ANGLE_UNITS: Final = (("degrees", 360.0 / TURN_RAD), ("milliradians", 1e3))
"""In which angles are written by mistake, and how many of each are a radian."""
_ANGLE_LIMITS_RAD: Final = np.array([TURN_RAD, 0.25 * TURN_RAD])
_EDGE_RAD: Final = TURN_RAD / 360.0
_MOST: Final = 0.9
"""Angles are in a unit if in it that share of the plots lies where the radars look."""
_KILOMETRES_RATIO: Final = 500.0
"""A median range so far below the greatest one is a thousandth of what it should be."""
_RATE_KM_S: Final = 12.0
"""No object is faster in kilometres a second; few are as slow in metres a second for long."""
_RATE_SPAN_S: Final = 60.0
"""What passes at 7 km/s, 10,000 km away, changes its range rate by 290 m/s in it (*derived*)."""
_RATE_RANGE_MAX_M: Final = 1e7
_STILL_RATIO: Final = 0.3
"""Where ranges change slower than by that share of it, rates are no kilometres a second."""
_SAMPLE: Final = 400
"""Plots of a radar whose changes of range are looked at."""
_FILLED_M_S: Final = 300.0
"""Errors of ranges between two looks at what stands still seem no faster."""
_NEAR_RATIO: Final = 0.9
"""Errors of ranges at the least one lie well within what this leaves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reasons:
    """Which rows are good, and why the others are not.

    Parameters
    ----------
    code
        Index of the first reason that refuses a row, or -1, shape (n,).
    kinds
        Each reason in words that hold for every row that it refuses.
    sentences
        For each reason, what makes its sentence from the number of the row.
    """

    code: npt.NDArray[np.int16]
    kinds: tuple[str, ...]
    sentences: tuple[Callable[[int], str], ...]

    @property
    def is_good(self) -> Flags:
        """Rows that nothing refuses."""
        return self.code < 0

    def sentence(self, row: int) -> str:
        """Say why a row is refused."""
        return self.sentences[int(self.code[row])](row)

    def kind(self, row: int) -> str:
        """Say why a row is refused, without its own figures."""
        return self.kinds[int(self.code[row])]


_Reason = tuple[Flags, str, Callable[[int], str]]


def reasons_of(rows: Rows, sensors: Sequence[Sensor]) -> Reasons:
    """Find what is wrong with single rows; the first reason counts.

    Parameters
    ----------
    rows
        The rows of a table, n, as they stand there.
    sensors
        Those that ``rows.sensor`` counts.

    Returns
    -------
    Reasons
        One code a row, -1 where it is good.
    """
    found = _identity_reasons(rows, sensors)
    found += _radar_reasons(rows)
    found += _infrared_reasons(rows)
    found += _time_reasons(rows)
    code = np.full(len(rows), -1, dtype=np.int16)
    for number, (is_wrong, _, _) in enumerate(found):
        code[is_wrong & (code < 0)] = number
    first = _first_of_same(rows, code < 0)
    code[(code < 0) & (first >= 0)] = len(found)
    found.append(
        (first >= 0, "repeated: the same as another row",
         lambda row: f"repeated: the same as row {first[row]}")
    )  # fmt: skip
    is_alone = _alone(rows, code < 0)
    code[is_alone] = len(found)
    found.append(
        _plain(
            is_alone, f"its time jumps: it stands alone, more than {ALONE_S:.0f} s from all others"
        )
    )
    _, kinds, sentences = zip(*found, strict=True)
    return Reasons(code=code, kinds=kinds, sentences=sentences)


def _plain(is_wrong: Flags, words: str) -> _Reason:
    """Give a reason that is the same in every row."""
    return is_wrong, words, lambda _: words


def _identity_reasons(rows: Rows, sensors: Sequence[Sensor]) -> list[_Reason]:
    is_satellite = np.array([isinstance(s, InfraredSatellite) for s in sensors] + [False])
    says_infrared = rows.kind == INFRARED

    def other_kind(row: int) -> str:
        said, is_ = ("infrared", "a radar") if says_infrared[row] else ("radar", "a satellite")
        return f'its kind is {said}, but "{rows.names[rows.name[row]]}" is {is_}'

    return [
        _plain(rows.time_ns == NO_TIME, "time_ns is empty"),
        (
            np.abs(rows.time_ns) > _TIME_MAX_NS,
            "time_ns is not between the years 1843 and 2096",
            lambda row: f"time_ns is {rows.time_ns[row]}: not between the years 1843 and 2096",
        ),
        (
            np.abs(rows.arrival_ns) > _TIME_MAX_NS,
            "arrival_ns is not between 1843 and 2096",
            lambda row: f"arrival_ns is {rows.arrival_ns[row]}: not between 1843 and 2096",
        ),
        (
            rows.sensor == UNKNOWN_SENSOR,
            "unknown sensor",
            lambda row: f'unknown sensor "{rows.names[rows.name[row]][:64]}"',
        ),
        (
            rows.kind == OTHER_KIND,
            "kind is neither radar nor infrared",
            lambda row: f'kind "{rows.kind_words[rows.kind_word[row]][:64]}": radar or infrared',
        ),
        (is_satellite[rows.sensor] != says_infrared, "its kind is not its sensor's", other_kind),
    ]


def _radar_reasons(rows: Rows) -> list[_Reason]:
    is_radar = rows.kind == RADAR
    found: list[_Reason] = []

    def check(name: str, values: F64, is_wrong: Flags, allowed: str) -> None:
        found.append(
            (is_radar & is_wrong, f"{name} is wrong: {allowed}",
             lambda row: f"{name} is {values[row]:g}: {allowed}")
        )  # fmt: skip

    distance, azimuth, elevation, rate = rows.reported.T
    for name, values in (
        ("range_m", distance),
        ("azimuth_rad", azimuth),
        ("elevation_rad", elevation),
    ):
        found.append(_plain(is_radar & np.isnan(values), f"{name} is {_EMPTY}"))
    check("range_m", distance, ~(distance >= RANGE_MIN_M), f"at least {RANGE_MIN_M:g}")
    check("range_m", distance, distance > RANGE_MAX_M, f"at most {RANGE_MAX_M:g}")
    check("azimuth_rad", azimuth, np.abs(azimuth) > TURN_RAD + _SLACK_RAD, "at most a turn")
    check(
        "elevation_rad",
        elevation,
        np.abs(elevation) > 0.25 * TURN_RAD + _SLACK_RAD,
        "at most a right angle",
    )
    check(
        "range_rate_m_s",
        rate,
        np.abs(rate) > RANGE_RATE_MAX_M_S,
        f"at most {RANGE_RATE_MAX_M_S:g} either way",
    )
    for k, name in enumerate(
        ("range_std_m", "azimuth_std_rad", "elevation_std_rad", "range_rate_std_m_s")
    ):
        std = rows.reported_std[:, k]
        check(name, std, (std < STD_MIN) | np.isinf(std), "it must be above 0")
    return found


def _infrared_reasons(rows: Rows) -> list[_Reason]:
    is_infrared = rows.kind == INFRARED
    eye_m = np.linalg.norm(rows.eye_ecef_m, axis=-1)
    length = np.linalg.norm(rows.line_of_sight, axis=-1)
    std = rows.line_of_sight_std_rad
    return [
        _plain(is_infrared & np.isnan(eye_m), f"the satellite's position is {_EMPTY}"),
        _plain(is_infrared & np.isnan(length), f"the line of sight is {_EMPTY}"),
        (
            is_infrared & ~((eye_m >= EYE_MIN_M) & (eye_m <= EYE_MAX_M)),
            "the satellite is too near the Earth's middle, or too far from it",
            lambda row: f"the satellite is {eye_m[row] / 1e3:g} km from the Earth's middle",
        ),
        (
            is_infrared & ~(np.abs(length - 1.0) <= UNIT_VECTOR_SLACK),
            "the length of the line of sight is not 1",
            lambda row: f"the line of sight has length {length[row]:g}, not 1",
        ),
        (
            is_infrared & ((std < STD_MIN) | np.isinf(std)),
            "line_of_sight_std_rad is wrong: it must be above 0",
            lambda row: f"line_of_sight_std_rad is {std[row]:g}: it must be above 0",
        ),
    ]


def _time_reasons(rows: Rows) -> list[_Reason]:
    within = (np.abs(rows.time_ns) <= _TIME_MAX_NS) & (np.abs(rows.arrival_ns) <= _TIME_MAX_NS)
    delay_s = np.where(within, rows.arrival_ns - rows.time_ns, 0) / NS_PER_S
    return [
        (
            np.abs(delay_s) > AGE_MAX_S,
            f"its time jumps: more than {AGE_MAX_S:.0f} s from its arrival",
            lambda row: (
                f"its time jumps: {abs(delay_s[row]):,.0f} s "
                f"{'before' if delay_s[row] > 0.0 else 'after'} its arrival"
            ),
        ),
        (
            delay_s < -FUTURE_MAX_S,
            "in the future: after its arrival",
            lambda row: f"in the future: {-delay_s[row]:.1f} s after its arrival",
        ),
    ]


def _first_of_same(rows: Rows, is_good: Flags) -> npt.NDArray[np.int64]:
    """For each good row the earlier one that it repeats, or -1: same sensor, time and values."""
    first = np.full(len(rows), -1, dtype=np.int64)
    good = np.flatnonzero(is_good)
    if not len(good):
        return first
    digest = np.zeros(len(good), dtype=np.uint64)
    for word in _words(rows, good):
        digest = (digest ^ word) * np.uint64(0x9E3779B97F4A7C15)
        digest ^= digest >> np.uint64(29)
    order = np.lexsort((good, rows.arrival_ns[good], digest))
    is_next = digest[order][1:] == digest[order][:-1]
    suspects = good[order[np.append(is_next, False) | np.append(False, is_next)]]
    keeper: dict[bytes, int] = {}
    if len(suspects):
        keys = np.stack(list(_words(rows, suspects)), axis=1)
        for row, key in zip(suspects.tolist(), keys, strict=True):
            kept = keeper.setdefault(key.tobytes(), row)
            first[row] = -1 if kept == row else kept
    return first


def _words(rows: Rows, chosen: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.uint64]]:
    """Give what tells looks apart, 64 bits of each row at a time."""
    yield rows.time_ns[chosen].view(np.uint64)
    yield rows.sensor[chosen].astype(np.uint64)
    is_radar = rows.kind[chosen] == RADAR
    parts = ((rows.reported, is_radar), (rows.eye_ecef_m, ~is_radar))
    for values, counts in (*parts, (rows.line_of_sight, ~is_radar)):
        for column in values.T:
            value = column[chosen]
            # One form of "none", and of zero.
            yield np.where(counts & ~np.isnan(value), value + 0.0, np.nan).view(np.uint64)


def _alone(rows: Rows, is_good: Flags) -> Flags:
    """Rows that stand alone in time, where there are others that do not."""
    good = np.flatnonzero(is_good)
    order = good[np.argsort(rows.time_ns[good], kind="stable")]
    is_far = np.diff(rows.time_ns[order]) > ALONE_S * NS_PER_S
    is_alone = np.append(True, is_far) & np.append(is_far, True)
    alone = np.zeros(len(rows), dtype=bool)
    if len(order) and not is_alone.all():
        alone[order[is_alone]] = True
    return alone


def refuse_wrong_units(rows: Rows, sensors: Sequence[Sensor], where: str) -> None:
    """Refuse a table in other units than it says: as a whole, or one sensor's rows.

    Parameters
    ----------
    rows
        The rows of a table, as they stand there.
    sensors
        Those that ``rows.sensor`` counts: their sectors and ranges say what is possible.
    where
        The table, as an error names it.

    Raises
    ------
    TableError
        Angles look like degrees or milliradians, lengths like kilometres or miles, or times like
        seconds. Where several units fit what the radars can see, all are named.
    """
    refuse_wrong_times(rows.time_ns[rows.time_ns != NO_TIME], "time_ns", where)
    is_plot = (rows.kind == RADAR) & (rows.sensor != UNKNOWN_SENSOR)
    _refuse_angles(rows, is_plot, sensors, "", where)
    for index, sensor in enumerate(sensors):
        own = rows.sensor == index
        if isinstance(sensor, Radar):
            own &= is_plot
            name = f' of "{sensor.sensor}"'
            if np.count_nonzero(own) >= _ENOUGH_ROWS:
                _refuse_angles(rows, own, sensors, name, where)
            _refuse_lengths(rows.reported[own, 0], sensor.range_max_m, name, where)
            _refuse_rates(rows, own, sensor.track_interval_s, name, where)
        elif own.any():
            eye_m = np.linalg.norm(rows.eye_ecef_m[own], axis=-1)
            middle_m = _median(eye_m)
            if 1e-3 * EYE_MIN_M <= middle_m <= 1e-3 * EYE_MAX_M < EYE_MIN_M:
                _refuse("sensor_x_m to sensor_z_m", middle_m, "kilometres", "metres", where)


def refuse_wrong_times(time_ns: npt.NDArray[np.int64], key: str, where: str) -> None:
    """Refuse a column of instants, (n,), in another unit than nanoseconds.

    Parameters
    ----------
    time_ns
        Instants that are known, (n,), meant as nanoseconds since 1970; a few alone are let pass.
    key
        The column's name.
    where
        The table, as an error names it.

    Raises
    ------
    TableError
        They look like seconds, milliseconds or microseconds.
    """
    if len(time_ns) < _ENOUGH_ROWS:
        return
    middle = float(np.median(time_ns))
    half_span = 0.5 * float(np.percentile(time_ns, 95) - np.percentile(time_ns, 5))
    for unit, in_one_s in (("seconds", 1.0), ("milliseconds", 1e3), ("microseconds", 1e6)):
        # Between 1986 and 2128 in that unit; in nanoseconds all within an instant of 1970.
        if 5e8 <= middle / in_one_s <= 5e9 and 0.0 < half_span < 1e-3 * middle:
            _refuse(key, middle, unit, "nanoseconds since 1970", where)


def _refuse_angles(
    rows: Rows, own: Flags, sensors: Sequence[Sensor], name: str, where: str
) -> None:
    """Refuse angles beyond a turn or a right angle, and name the units in which they can be."""
    own = own & np.isfinite(rows.reported[:, 1:3]).all(axis=1)
    angles = rows.reported[own, 1:3]
    if not len(angles):
        return
    middle = np.array([_median(np.abs(column)) for column in angles.T])
    is_wrong = middle > _ANGLE_LIMITS_RAD + _SLACK_RAD
    if not is_wrong.any():
        return
    fitting = []
    for unit, in_a_radian in ANGLE_UNITS:
        is_seen = np.zeros(len(angles), dtype=bool)
        angles_rad = np.where(is_wrong, angles / in_a_radian, angles)
        for index, sensor in enumerate(sensors):
            if isinstance(sensor, Radar):
                is_seen |= (rows.sensor[own] == index) & _is_in_view(sensor, angles_rad)
        if np.mean(is_seen) >= _MOST:
            fitting.append(unit)
    if not fitting and not name:
        return  # each sensor is looked at by itself, and then each row
    column = int(np.argmax(is_wrong))
    _refuse(
        f"{('azimuth_rad', 'elevation_rad')[column]}{name}",
        float(middle[column]),
        " or ".join(fitting) or "no radians",
        "radians",
        where,
    )


def _is_in_view(radar: Radar, angles_rad: F64) -> Flags:
    """Say which azimuths and elevations, (n, 2), lie in a face of a radar, or within a degree."""
    azimuth, elevation = angles_rad.T
    is_seen = np.zeros(len(angles_rad), dtype=bool)
    for face in radar.faces:
        beyond = (azimuth - face.azimuth_min_rad + _EDGE_RAD) % TURN_RAD
        is_seen |= (
            (beyond <= face.width_rad + 2.0 * _EDGE_RAD)
            & (elevation >= face.elevation_min_rad - _EDGE_RAD)
            & (elevation <= face.elevation_max_rad + _EDGE_RAD)
        )
    return np.asarray(is_seen & (np.abs(azimuth) <= TURN_RAD + _SLACK_RAD))


def _refuse_lengths(range_m: F64, range_max_m: float, name: str, where: str) -> None:
    middle = _median(range_m[range_m > 0.0])
    if len(range_m) >= _ENOUGH_ROWS and middle < range_max_m / _KILOMETRES_RATIO:
        _refuse(f"range_m{name}", middle, "kilometres or miles", "metres", where)


def _refuse_rates(rows: Rows, own: Flags, interval_s: float, name: str, where: str) -> None:
    """Refuse range rates too small for what flies, unless it is far away or seen but briefly."""
    own = own & np.isfinite(rows.reported[:, 3]) & (rows.time_ns != NO_TIME)
    range_m, rate_m_s = rows.reported[own, 0], rows.reported[own, 3]
    if len(rate_m_s) < _ENOUGH_ROWS or not _median(range_m) < _RATE_RANGE_MAX_M:
        return
    time_s = (rows.time_ns[own] - rows.time_ns[own].min()) / NS_PER_S
    _refuse_fillings(time_s, range_m, rate_m_s, interval_s=interval_s, name=name, where=where)
    low_s, high_s = np.percentile(time_s, [5, 95])
    greatest = float(np.percentile(np.abs(rate_m_s), 95))
    if high_s - low_s < _RATE_SPAN_S or not 0.0 < greatest < _RATE_KM_S:
        return
    middle = _median(np.abs(rate_m_s))
    if not _least_speed(time_s, range_m, interval_s) < _STILL_RATIO * 1e3 * middle:
        _refuse(f"range_rate_m_s{name}", middle, "kilometres a second", "metres a second", where)


def _refuse_fillings(
    time_s: F64, range_m: F64, rate_m_s: F64, *, interval_s: float, name: str, where: str
) -> None:
    """Refuse range rates that are mostly one value, at which ranges do not change."""
    values, counts = np.unique(rate_m_s, return_counts=True)
    value, count = float(values[np.argmax(counts)]), int(counts.max())
    own = rate_m_s == value
    if count < _ENOUGH_ROWS or 2 * count <= len(rate_m_s):
        return
    speed_m_s = _least_speed(time_s[own], range_m[own], interval_s)
    if abs(speed_m_s - abs(value)) > _FILLED_M_S + 0.5 * abs(value):
        raise TableError(
            f"range_rate_m_s{name} is {value + 0.0:g} in {count:,} of {len(rate_m_s):,} plots, "
            f"whose ranges change by {speed_m_s:,.0f} m/s or more",
            allowed="what was measured, or nothing",
            where=where,
            what_to_do="Leave it empty where the radar measured none",
        )


def _least_speed(time_s: F64, range_m: F64, interval_s: float) -> float:
    """Give how fast ranges change if each is followed by its nearest of the next look, m/s.

    The median of up to ``_SAMPLE`` plots. What stands still, a mast or a balloon, has small range
    rates as well, but ranges that hardly change.
    """
    order = np.argsort(time_s, kind="stable")
    time_s, range_m = time_s[order], range_m[order]
    chosen = np.arange(0, len(order), -(-len(order) // _SAMPLE))
    low = np.searchsorted(time_s, time_s[chosen] + 0.5 * interval_s)
    chosen, low = chosen[low < len(order)], low[low < len(order)]
    # To the end of the next look, or of the first that comes later.
    end_s = np.maximum(time_s[chosen] + 1.5 * interval_s, time_s[low])
    high = np.searchsorted(time_s, end_s, side="right")
    speeds_m_s = [
        np.fmin.reduce(
            np.abs(range_m[first:last] - range_m[one]) / (time_s[first:last] - time_s[one])
        )
        for one, first, last in zip(chosen, low, high, strict=True)
    ]
    return _median(np.array(speeds_m_s))


def _median(values: F64) -> float:
    finite = values[np.isfinite(values)]
    # Of halves, for the sum of the two in the middle may be more than any number.
    return 2.0 * float(np.median(0.5 * finite)) if len(finite) else float("nan")


def _refuse(key: str, middle: float, found: str, wanted: str, where: str) -> None:
    raise TableError(
        f"{key} looks like {found}: its median is {middle:g}",
        allowed=wanted,
        where=where,
        what_to_do=f"Convert the column to {wanted}",
    )


def near_remarks(rows: Rows, sensors: Sequence[Sensor]) -> tuple[str, ...]:
    """Say of which radars plots are nearer than they can see; in kilometres, they may not be.

    Parameters
    ----------
    rows
        The rows of a table; ranges in metres.
    sensors
        Those that ``rows.sensor`` counts.

    Returns
    -------
    tuple of str
        One sentence a radar of which there is anything to say.
    """
    remarks = []
    for index, sensor in enumerate(sensors):
        if not isinstance(sensor, Radar):
            continue
        range_m = rows.reported[(rows.sensor == index) & (rows.kind == RADAR), 0]
        near_m = range_m[(range_m > 0.0) & (range_m < _NEAR_RATIO * sensor.range_min_m)]
        if not len(near_m):
            continue
        could_m = 1e3 * near_m
        is_seen = (could_m >= sensor.range_min_m) & (could_m <= sensor.range_max_m)
        remarks.append(
            f'{len(near_m):,} of {len(range_m):,} plots of "{sensor.sensor}" are nearer than its '
            f"range_min_km, {sensor.range_min_m / 1e3:g}; {np.count_nonzero(is_seen):,} of them "
            "would lie where it sees if their range_m were in kilometres."
        )
    return tuple(remarks)


def refuse_crowds(
    rows: Rows,
    good: npt.NDArray[np.intp],
    plots_max: int,
    names: Sequence[str],
    where: str,
) -> None:
    """Refuse a table in which one look holds too many plots.

    Parameters
    ----------
    rows
        The rows of a table.
    good
        Which of them count, shape (k,).
    plots_max
        Most rows of one sensor at one time.
    names
        Of the sensors that ``rows.sensor`` counts.
    where
        The table, as an error names it.

    Raises
    ------
    TableError
        One sensor has more than ``plots_max`` rows of one time.
    """
    if len(good) <= plots_max:
        return
    order = good[np.lexsort((rows.time_ns[good], rows.sensor[good]))]
    is_new = (np.diff(rows.time_ns[order]) != 0) | (np.diff(rows.sensor[order]) != 0)
    starts = np.concatenate([[0], np.flatnonzero(is_new) + 1, [len(order)]])
    counts = np.diff(starts)
    most = int(np.argmax(counts))
    if counts[most] > plots_max:
        raise TableError(
            f'{counts[most]:,} rows of "{names[rows.sensor[order[starts[most]]]]}" at one time',
            allowed=f"at most {plots_max:,} plots a look",
            where=where,
            what_to_do="Give each look the time at which it was taken",
        )
