"""Whether values mean what their names say: signs, directions, units and scales.

Single values cannot tell: a range rate of either sign is possible, and so is every azimuth, and
what is 3,000 km away in feet may be 10,000 km away. Two looks at one object can. Consecutive plots
of a radar that can belong to nothing else are *links*: the change of range along one must be that
of the range rate; along a chain of links every measured value runs smoothly, and what it scatters
is its error. And two radars at a time see an object in one place.

==========================  =======================================================  =======
figure                      reason                                                   mark
==========================  =======================================================  =======
``_SPEED_MAX_M_S``          what flies from the ground to the ground is slower       derived
``_SLACK_M``                error of a plot across the line of sight, at most        assumed
``_NOISE_M``                error of a difference of ranges, at most                 assumed
``_PULL_M_S2``              7 km/s past a radar at 300 km: v squared over r          derived
``_SURE``                   5 standard errors: one honest table in three million     derived
``_SCALES``                 what people write by mistake                             assumed
``_UNITS``                  the same; feet, miles and knots by their definitions     assumed
``_EXACT``                  rates that differ by less are not told apart: the two    assumed
                            nearest, km/h and ft/s, do by a tenth
``_WITHIN_RATIO``           no honest table is off by a unit within a factor of 3    assumed
==========================  =======================================================  =======
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.frames import position_from_look_angles
from commonwatch.errors import TableError
from commonwatch.sensing.detection_checks import ANGLE_UNITS
from commonwatch.sensing.detection_columns import NO_TIME, RADAR, Rows
from commonwatch.sensing.radar import TURN_RAD, Radar
from commonwatch.sensing.visibility import Sensor

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_SPEED_MAX_M_S: Final = 8_000.0
_SLACK_M: Final = 10_000.0
_NOISE_M: Final = 1_000.0
_PULL_M_S2: Final = 170.0
_SURE: Final = 5.0
_PAIRS_MAX: Final = 500_000
"""Pairs of plots of one radar that are looked at, from the first."""
_SLOW_M_S: Final = 300.0
_ALIKE: Final = 0.3
"""A change of range agrees with a rate within that share of it, where the rate is no slower."""
_CHAIN: Final = 8
_DEGREE: Final = 4
"""Plots of a chain, and the degree of the polynomial that their smooth part is."""
_CHAINS_ENOUGH: Final = 20
_ELEVATION_MAX_RAD: Final = 1.0
"""Azimuths of what is higher run too fast to be smooth."""
_WITHIN_RATIO: Final = 3.0
_ENOUGH_ROWS: Final = 20
_SAMPLE: Final = 400
"""Plots of a radar that are compared with those of others."""
_APART_S: Final = 2.0
_CLEARLY: Final = 4.0
"""A meaning that fits so many times as many plots as any other does is the right one."""

_FOOT_M: Final = 0.3048
_AZIMUTH: Final = ("azimuth_rad", "clockwise from north", "Convert the column")
_RANGE: Final = ("range_m", "metres", "Convert the column to metres")
_RATE: Final = ("range_rate_m_s", "metres a second", "Convert the column to metres a second")
_MEANINGS: Final = (
    (_AZIMUTH, "measured clockwise from north", 1.0, 0.0, 1.0),
    (_AZIMUTH, "measured anticlockwise from north", -1.0, 0.0, 1.0),
    (_AZIMUTH, "measured anticlockwise from east", -1.0, 0.25 * TURN_RAD, 1.0),
    (_AZIMUTH, "measured clockwise from east", 1.0, 0.25 * TURN_RAD, 1.0),
    (_AZIMUTH, "measured clockwise from south", 1.0, 0.5 * TURN_RAD, 1.0),
    (_RANGE, "like feet", 1.0, 0.0, _FOOT_M),
)
"""Column, what is allowed and what to do; in words; what is given times the first figure, and the
second added, is the azimuth, and the range times the third is in metres. The first is right."""

_UNITS: Final = (
    (_RATE, "kilometres a second", 1.0, 1e3),
    (_RATE, "kilometres an hour", 1.0, 1.0 / 3.6),
    (_RATE, "feet a second", 1.0, _FOOT_M),
    (_RATE, "miles an hour", 1.0, 1609.344 / 3600.0),
    (_RATE, "knots", 1.0, 1852.0 / 3600.0),
    (_RANGE, "feet", _FOOT_M, 1.0),
)
"""Column, what is allowed and what to do; the unit found; range and rate in it are so many metres
and metres a second."""
_CLOSE: Final = 0.1
_EXACT: Final = 0.02

_ANGLE_SCALES: Final = tuple((unit, "radians", count) for unit, count in ANGLE_UNITS)
_SCALES: Final = (
    ("range_std_m", (("kilometres", "metres", 1e-3),)),
    ("azimuth_std_rad", _ANGLE_SCALES),
    ("elevation_std_rad", _ANGLE_SCALES),
    ("range_rate_std_m_s", (("kilometres a second", "metres a second", 1e-3),)),
)
"""For each value: the unit found, the one wanted, and how many times too large that states it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Plots:
    """What one radar reported, by time, and which of its plots follow one another.

    ``stated`` are the standard deviations given by the rows or the sensor table, (n, 4), ``next``
    is the plot of the next look that can only be the same object, or -1, (n,).
    """

    radar: Radar
    time_s: F64
    reported: F64
    stated: F64
    is_own_std: npt.NDArray[np.bool_]
    next: I64

    def place_m(self, meaning: int = 0) -> F64:
        """Where its plots are, ECEF, if they are meant so; refraction left out, (n, 3)."""
        _, _, sign, offset, metres = _MEANINGS[meaning]
        distance, azimuth, elevation = self.reported[:, :3].T
        site = self.radar.site
        return position_from_look_angles(
            site.position_ecef_m,
            site.rotation_enu_from_ecef,
            metres * distance,
            sign * azimuth + offset,
            elevation,
        )


def refuse_wrong_meanings(rows: Rows, sensors: Sequence[Sensor], where: str) -> None:
    """Refuse a table whose values mean something else than their names say.

    Parameters
    ----------
    rows
        The table, in the units that it should be in.
    sensors
        Whose it is.
    where
        Name of the file, for the sentence.

    Raises
    ------
    TableError
        Range rates are positive approaching, azimuths run another way or from elsewhere, or
        ranges, range rates or standard deviations are in another unit. Where several units fit,
        all are named.

    Notes
    -----
    Each finding asks for evidence of five standard errors, so that a table is let pass rather than
    refused wrongly.

    Limits: signs, units and scales need ``_CHAINS_ENOUGH`` chains of plots of an object that stands
    apart, looked at each ``track_interval_s`` of its sensor table; standard deviations that are too
    small moreover intervals of a few seconds. Azimuths need two radars that look at one object
    within 2 s, and so do ranges in feet where there are no rates or these are in feet a second as
    well: of one radar alone that is a world three times as large, and passes. Standard deviations
    of lines of sight are not judged.
    """
    radars = []
    begin_ns = int(rows.time_ns.max(initial=0, where=rows.time_ns != NO_TIME))
    for index, sensor in enumerate(sensors):
        if isinstance(sensor, Radar):
            plots = _plots(rows, sensor, index, begin_ns)
            if len(plots.time_s) >= _ENOUGH_ROWS:
                _refuse_rates(plots, where)
                _refuse_units(plots, where)
                _refuse_scales(plots, where)
                radars.append(plots)
    if len(radars) > 1:
        _refuse_places(radars, where)


def _plots(rows: Rows, radar: Radar, index: int, begin_ns: int) -> _Plots:
    own = np.flatnonzero(
        (rows.sensor == index)
        & (rows.kind == RADAR)
        & (rows.time_ns != NO_TIME)
        & np.isfinite(rows.reported[:, :3]).all(axis=1)
        & (rows.reported[:, 0] > 0.0)
    )
    own = own[np.argsort(rows.time_ns[own], kind="stable")]
    reported = rows.reported[own]
    table = [getattr(radar, name) for name, _ in _SCALES]
    is_own_std = np.isfinite(rows.reported_std[own])
    constants = np.array([np.nan if value is None else value for value in table])
    plots = _Plots(
        radar=radar,
        time_s=np.asarray(1e-9 * (rows.time_ns[own] - begin_ns), dtype=np.float64),
        reported=reported,
        stated=np.where(is_own_std, rows.reported_std[own], constants),
        is_own_std=is_own_std,
        next=np.full(len(own), -1, dtype=np.int64),
    )
    _link(plots)
    return plots


def _link(plots: _Plots) -> None:
    """Find the plots that can only be followed by one plot of the next look, and that by them."""
    interval_s = plots.radar.track_interval_s
    look = np.rint(plots.time_s / interval_s)
    distance_m = plots.reported[:, 0]
    by_range = np.lexsort((distance_m, look))
    # One number that sorts by look, then by range: a step of a look is more than any range.
    key = (look * 1e9 + np.minimum(distance_m, 4e8))[by_range]
    reach_m = _SPEED_MAX_M_S * 1.5 * interval_s + _SLACK_M
    low = np.searchsorted(key, key + (1e9 - reach_m))
    high = np.searchsorted(key, key + (1e9 + reach_m))
    fits = np.cumsum(high - low) <= _PAIRS_MAX
    one, other = _spread(low, np.where(fits, high - low, 0))
    one, other = by_range[one], by_range[other]
    span_s = plots.time_s[other] - plots.time_s[one]
    place_m = plots.place_m()
    is_near = (span_s > 0.3 * interval_s) & (
        np.linalg.norm(place_m[other] - place_m[one], axis=1) <= _SPEED_MAX_M_S * span_s + _SLACK_M
    )
    change_m = distance_m[other] - distance_m[one]
    rate_m_s = plots.reported[:, 3]
    steered_m_s = _PULL_M_S2 * span_s + _SLOW_M_S
    # Either sign of the rate is let pass here; without rates both comparisons are false.
    moved_m = 0.5 * np.abs(rate_m_s[one] + rate_m_s[other]) * span_s
    is_near &= ~(np.abs(rate_m_s[other] - rate_m_s[one]) > steered_m_s)
    is_near &= ~(np.abs(np.abs(change_m) - moved_m) > 0.25 * steered_m_s * span_s + _NOISE_M)
    one, other = one[is_near], other[is_near]
    size = len(plots.time_s)
    is_only = (np.bincount(one, minlength=size)[one] == 1) & (
        np.bincount(other, minlength=size)[other] == 1
    )
    plots.next[one[is_only]] = other[is_only]


def _refuse_rates(plots: _Plots, where: str) -> None:
    """Refuse range rates against which ranges change."""
    ratio = _paces(plots)
    along = np.count_nonzero(np.abs(ratio - 1.0) < _ALIKE)
    against = np.count_nonzero(np.abs(ratio + 1.0) < _ALIKE)
    if against - along > _SURE * np.sqrt(against + along):
        raise TableError(
            f'range_rate_m_s of "{plots.radar.sensor}" looks positive approaching: ranges of '
            f"{against:,} plots change against it to the next look, and of {along:,} along it",
            allowed="positive receding",
            where=where,
            what_to_do="Change the sign of the column",
        )


def _paces(plots: _Plots) -> F64:
    """Give the change of range along each fast link, in what its range rate says, (links,)."""
    one = np.flatnonzero(plots.next >= 0)
    other = plots.next[one]
    change_m = plots.reported[other, 0] - plots.reported[one, 0]
    rate_m_s = 0.5 * (plots.reported[other, 3] + plots.reported[one, 3])
    is_fast = np.abs(rate_m_s) >= _SLOW_M_S
    span_s = (plots.time_s[other] - plots.time_s[one])[is_fast]
    return np.asarray(change_m[is_fast] / (rate_m_s[is_fast] * span_s))


def _refuse_units(plots: _Plots, where: str) -> None:
    """Refuse ranges and range rates that follow one another only in other units than they say."""
    as_is = np.count_nonzero(np.abs(_paces(plots) - 1.0) < _CLOSE)
    rate_m_s = np.abs(plots.reported[:, 3])
    if _CLEARLY * as_is > np.count_nonzero(rate_m_s >= _SLOW_M_S) or not (rate_m_s > 0.0).any():
        return
    found = []
    for (column, wanted, cure), unit, metres, metres_a_second in _UNITS:
        meant = replace(
            plots,
            reported=plots.reported * np.array([metres, 1.0, 1.0, metres_a_second]),
            next=np.full_like(plots.next, -1),
        )
        _link(meant)
        ratio = _paces(meant)
        agree = np.count_nonzero(np.abs(ratio - 1.0) < _CLOSE)
        if 2 * agree - len(ratio) <= _SURE * np.sqrt(len(ratio)) or agree < _CLEARLY * as_is:
            continue
        off = abs(float(np.median(ratio)) - 1.0)
        # The median's error is 1.25 that of a mean, and half of a normal lie within 0.67 of it.
        spread = np.subtract(*np.percentile(ratio, [75, 25])) / (2.0 * 0.67)
        is_exact = off <= max(_EXACT, 3.0 * 1.25 * spread / np.sqrt(len(ratio)))
        found.append((not is_exact, -agree, column, wanted, cure, unit))
    if not found:
        return
    is_far, count, column, wanted, cure, _ = min(found)
    units = [each[-1] for each in found if each[0] == is_far and each[2] == column]
    raise TableError(
        f'{column} of "{plots.radar.sensor}" looks like {" or ".join(units)}: so meant, the ranges '
        f"of {-count:,} plots change to the next look as range_rate_m_s says, as they stand those "
        f"of {as_is:,}",
        allowed=wanted,
        where=where,
        what_to_do=cure,
    )


def _refuse_scales(plots: _Plots, where: str) -> None:
    """Refuse standard deviations that are another unit's: by what chains of plots scatter."""
    chain = np.flatnonzero(plots.next >= 0)[:, np.newaxis]
    for _ in range(_CHAIN - 1):
        following = plots.next[chain[:, -1]]
        chain = np.column_stack([chain, following])[following >= 0]
    if len(chain) < _CHAINS_ENOUGH:
        return
    is_low = plots.reported[chain, 2].max(axis=1) < _ELEVATION_MAX_RAD
    time_s = plots.time_s[chain] - plots.time_s[chain[:, :1]]
    for column, (name, scales) in enumerate(_SCALES):
        values = plots.reported[chain, column]
        if column == 1:
            values = np.unwrap(values, axis=1)
        stated = plots.stated[chain, column].mean(axis=1)
        usable = np.isfinite(values).all(axis=1) & np.isfinite(stated)
        usable &= is_low | (column != 1)
        if np.count_nonzero(usable) < _CHAINS_ENOUGH:
            continue
        scatter = _scatter(time_s[usable], values[usable])
        # What is stated over what is seen: both quartiles, so that no few chains decide.
        ratios = np.percentile(stated[usable] / np.maximum(scatter, 1e-300), [25, 75])
        for found, wanted, ratio in scales:
            is_short = _CHAIN * plots.radar.track_interval_s <= 40.0
            if ratio < 1.0 and not is_short:
                continue  # what moves for longer is not smooth enough to tell
            if ratios.min() > ratio / _WITHIN_RATIO and ratios.max() < ratio * _WITHIN_RATIO:
                is_own = plots.is_own_std[chain[usable], column].any()
                of = "of the rows" if is_own else "of the sensor table"
                raise TableError(
                    f'{name} of "{plots.radar.sensor}" looks like {found}: {of} '
                    f"{np.median(stated[usable]):g}, and plots scatter by {np.median(scatter):g}",
                    allowed=wanted,
                    where=where,
                    what_to_do=f"Convert the standard deviations {of} to {wanted}",
                )


def _scatter(time_s: F64, values: F64) -> F64:
    """Give the scatter of the values of each chain about a polynomial in time, (chains,)."""
    middle_s = time_s - time_s.mean(axis=1, keepdims=True)
    powers = (middle_s / np.abs(middle_s).max(axis=1, keepdims=True))[..., np.newaxis] ** np.arange(
        _DEGREE + 1
    )
    basis, _ = np.linalg.qr(powers)
    centred = (values - values.mean(axis=1, keepdims=True))[..., np.newaxis]
    left = centred - basis @ (np.swapaxes(basis, 1, 2) @ centred)
    return np.asarray(np.sqrt((left[..., 0] ** 2).sum(axis=1) / (_CHAIN - _DEGREE - 1)))


def _refuse_places(radars: Sequence[_Plots], where: str) -> None:
    """Refuse plots with which radars see different things, and meant otherwise the same."""
    meanings = range(len(_MEANINGS))
    places_m = [[plots.place_m(meaning) for meaning in meanings] for plots in radars]
    together = np.zeros(len(_MEANINGS), dtype=np.int64)
    for one, plots in enumerate(radars):
        step = -(-len(plots.time_s) // _SAMPLE)
        is_seen = np.zeros((2, len(_MEANINGS), len(plots.time_s[::step])), dtype=bool)
        for other, others in enumerate(radars):
            if other == one:
                continue
            mine, theirs = _at_one_time(plots.time_s[::step], others.time_s)
            apart_s = np.abs(others.time_s[theirs] - plots.time_s[::step][mine])
            reach_m = _SPEED_MAX_M_S * apart_s + _SLACK_M
            for meaning in meanings:
                place_m = places_m[one][meaning][::step][mine]
                for row, of_others in enumerate((0, meaning)):
                    apart_m = np.linalg.norm(places_m[other][of_others][theirs] - place_m, axis=1)
                    is_seen[row, meaning, mine[apart_m <= reach_m]] = True
        alone, both = is_seen.sum(axis=2)
        _refuse_meaning(alone, f' of "{plots.radar.sensor}"', where)
        together += both
    _refuse_meaning(together, "", where)


def _at_one_time(time_s: F64, others_s: F64) -> tuple[I64, I64]:
    """Pairs of instants of two rising lists that lie close together: a place in each."""
    low, high = np.searchsorted(others_s, [time_s - _APART_S, time_s + _APART_S])
    fits = np.cumsum(high - low) <= _PAIRS_MAX
    return _spread(low, np.where(fits, high - low, 0))


def _spread(low: I64, count: I64) -> tuple[I64, I64]:
    """For each i the numbers from low[i] on, count[i] of them: i, and the number."""
    one = np.repeat(np.arange(len(low)), count)
    return one, np.arange(len(one)) + np.repeat(low - np.cumsum(count) + count, count)


def _refuse_meaning(counts: I64, of: str, where: str) -> None:
    """Refuse plots where another meaning than the right one fits far better than any."""
    best = int(np.argmax(counts))
    if best and counts[best] >= max(_ENOUGH_ROWS, _CLEARLY * np.delete(counts, best).max()):
        (column, wanted, cure), words, *_ = _MEANINGS[best]
        raise TableError(
            f"{column}{of} looks {words}: so meant {counts[best]:,} plots "
            f"are where other radars see something, as they stand {counts[0]:,}",
            allowed=wanted,
            where=where,
            what_to_do=cure,
        )
