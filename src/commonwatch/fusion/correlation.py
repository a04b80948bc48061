"""Is your track my track: which of two centres' tracks are one object.

=============================  =====================================================  =======
figure                         source                                                 mark
=============================  =====================================================  =======
``gate_probability``           an honest pair is missed once in a thousand looks      assumed
``keep_probability``           a pair that is held, once in a million                 assumed
``neighbour_density``          unrelated objects: one in (100 km)^3 and (500 m/s)^3   assumed
``missed_max``                 as M of N rules of track life, by eye                  assumed
``DOUBLE_PROBABILITY``         nine to one against two objects and against rivals     assumed
=============================  =====================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import InputError
from commonwatch.fusion.chi_square import quantile
from commonwatch.fusion.correlation_kernel import distances
from commonwatch.tracking.assignment_kernel import FORBIDDEN, assign_or_leave
from commonwatch.tracking.estimate import PROCESS_NOISE_M2_S3, Estimates, predict

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_UNKNOWN_WIDENING: Final = 2.0
"""P1 + P2 times this bounds the covariance of a difference whatever the correlation."""
_OFFSETS_MAX: Final = 64
"""Common offsets that are tried, each from one pair."""
_ROUNDS_MAX: Final = 10
_SETTLED_M: Final = 1e-3
DOUBLE_PROBABILITY: Final = 0.9
"""More than one half, so that no track can be in two pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How tracks are correlated.

    Parameters
    ----------
    gate_probability
        A new pair lies within chi-square with this probability (6 degrees of freedom).
    keep_probability
        The same for a pair that is held.
    hold_gain
        What holding is worth: twice the logarithm of the likelihood ratio by which another pair
        must be better.
    missed_max
        Looks in a row that a held pair may miss.
    neighbour_density
        Unrelated objects in a cubic metre and a cubic metre per second.
    is_correlation_known
        False where the two sides may rest on the same looks: the covariance of the difference is
        then bounded by 2 (P1 + P2).
    common_offset_std_m
        One standard deviation, each axis, of an offset that all tracks of the second side share: a
        source that is not registered. Zero where there is none.
    """

    gate_probability: float = 0.999
    keep_probability: float = 1.0 - 1e-6
    hold_gain: float = 6.0
    missed_max: int = 3
    neighbour_density: float = 1e-15 * 8e-9
    is_correlation_known: bool = True
    common_offset_std_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Which track of the second side is which of the first, one row a pair.

    Parameters
    ----------
    first_track, second_track
        Numbers of the tracks, each at most once, shape (N,).
    distance_squared
        In units of covariance, chi-square with 6 degrees of freedom for one object; infinite where
        the pair is only held.
    probability
        That both are one object, against every other pair of either and against none.
    agreed, missed
        Looks at which the pair was chosen, and those in a row at which it was not.
    offset_ecef_m
        The second side's common offset (first minus second), as estimated; zero where none is
        looked for. Shape (3,).
    """

    first_track: I64
    second_track: I64
    distance_squared: F64
    probability: F64
    agreed: I64
    missed: I64
    offset_ecef_m: F64

    def __len__(self) -> int:
        return len(self.first_track)


def at_instant(
    estimates: Estimates, time_ns: int, *, process_noise_m2_s3: float = PROCESS_NOISE_M2_S3
) -> Estimates:
    """Predict estimates of several times to one, in free flight.

    Parameters
    ----------
    estimates
        n tracks, ECEF.
    time_ns
        UTC since 1970; earlier than an estimate moves it back.
    process_noise_m2_s3
        Spectral density of white acceleration on the way.

    Returns
    -------
    Estimates
        New ones; when they were known and their status stay.
    """
    seconds = (time_ns - estimates.time_ns) * 1e-9
    mean, covariance = predict(
        estimates.state_vector,
        estimates.covariance,
        seconds,
        process_noise_m2_s3=process_noise_m2_s3,
    )
    return Estimates(
        track=estimates.track,
        time_ns=np.full(len(estimates), time_ns),
        known_ns=estimates.known_ns,
        status=estimates.status,
        state_vector=mean,
        covariance=covariance,
    )


def correlate(
    first: Estimates,
    second: Estimates,
    *,
    held: Pairs | None = None,
    apart: Mask | None = None,
    settings: Settings | None = None,
) -> Pairs:
    """Find the pairs of two centres' tracks that are one object.

    Parameters
    ----------
    first, second
        Tracks at one instant (``at_instant``), each number once.
    held
        The pairs of the look before: those that are missed now come back too.
    apart
        Pairs of which it is known that they are two objects, shape (N, M).
    settings
        The usual ones, if None.

    Raises
    ------
    InputError
        The tracks are not all of one instant.

    Notes
    -----
    1. A gate in space, then of d' S^-1 d against chi-square. 2. The cost of a pair is minus twice
    the logarithm of how much likelier one object is than two: d' S^-1 d + ln det(2 pi S)
    + 2 ln(density of neighbours), less ``hold_gain`` for a pair that is held. 3. The one-to-one
    assignment of least total cost; a track may stay alone. 4. With an offset common to all of the
    second side, every pair of the tracks with fewest choices proposes one; each is refined by turns
    with the assignment, and the cheapest stays.

    Limits: both sides' covariances must be honest. Process noise that both share makes differences
    smaller than S says, which is safe. An offset in velocity is not looked for.

    References
    ----------
    Y. Bar-Shalom, P. K. Willett, X. Tian, Tracking and Data Fusion: A Handbook of Algorithms, YBS
    Publishing, 2011, chapter 9 (association of tracks).
    R. J. Fitzgerald, Development of practical PDA logic for multitarget tracking by microprocessor,
    Proceedings of the American Control Conference, 1986 (the probability of a pair).
    M. Levedahl, An explicit pattern matching assignment algorithm, Proceedings of SPIE 4728, 2002
    (the common offset).
    """
    used = settings or Settings()
    times = np.concatenate([first.time_ns, second.time_ns])
    if len(times) and times.min() != times.max():
        raise InputError("tracks of different times", allowed="one instant: see at_instant")
    is_held = _held_mask(first, second, held)
    apart = np.zeros(is_held.shape, dtype=np.bool_) if apart is None else apart
    if used.common_offset_std_m > 0.0:
        offset, cost, distance, choice = _with_offset(first, second, is_held, apart, used)
    else:
        offset = np.zeros(3)
        cost, distance = _costs(first, second, offset, is_held=is_held, apart=apart, used=used)
        choice = _assigned(cost)
    probability = pair_probability(cost + used.hold_gain * is_held)
    rows = np.flatnonzero(choice >= 0)
    before = _counts(held)
    chosen: list[Row] = []
    for row, column in zip(rows.tolist(), choice[rows].tolist(), strict=True):
        name = (int(first.track[row]), int(second.track[column]))
        agreed = before.get(name, (0, 0))[0] + 1
        one_look = float(distance[row, column]), float(probability[row, column])
        chosen.append((name, *one_look, agreed, 0))
    names = [name for name, *_ in chosen]
    return _pairs_of([*chosen, *_missed(held, names, first, second, used)], offset)


def doubles(
    estimates: Estimates,
    contributors: Sequence[Collection[str]],
    *,
    settings: Settings | None = None,
) -> list[tuple[int, int]]:
    """Find the pairs of one centre's tracks that look like one object.

    Parameters
    ----------
    estimates
        Tracks at one instant, each number once.
    contributors
        Who reports each at present: who reports two says that they are two.
    settings
        The usual ones, if None.

    Returns
    -------
    pairs
        Numbers of the tracks, the lower first, sorted; each track in one pair at most, and no pair
        that has a rival nearly as likely.
    """
    used = settings or Settings()
    if len(estimates) < 2:
        return []
    alone = np.zeros((len(estimates), len(estimates)))
    itself = np.eye(len(estimates), dtype=np.bool_)
    cost, _ = _costs(estimates, estimates, np.zeros(3), is_held=alone, apart=itself, used=used)
    for row, column in np.argwhere(np.isfinite(cost)).tolist():
        if not set(contributors[row]).isdisjoint(contributors[column]):
            cost[row, column] = np.inf
    probability = pair_probability(cost)
    numbers = estimates.track.tolist()
    return sorted(
        (min(numbers[row], numbers[column]), max(numbers[row], numbers[column]))
        for row, column in np.argwhere(probability >= DOUBLE_PROBABILITY).tolist()
        if row < column
    )


def pair_probability(cost: F64) -> F64:
    """Probability of each pair being one object, from the costs that ``correlate`` describes.

    Parameters
    ----------
    cost
        Minus twice the log likelihood ratio, shape (N, M), infinite where it cannot be.

    Notes
    -----
    L / (sum of L over the row + sum over the column - L + 1), L = exp(-cost / 2): each pair against
    its rivals and against two separate objects.
    """
    if cost.size == 0:
        return np.zeros(cost.shape)
    with np.errstate(over="ignore"):
        best = max(0.0, float(-0.5 * cost.min()))
    ratio = np.exp(-0.5 * cost - best)
    rivals = ratio.sum(axis=1)[:, None] + ratio.sum(axis=0)[None, :] - ratio
    return np.asarray(ratio / np.maximum(rivals + math.exp(-best), 1e-300))


def _costs(
    first: Estimates,
    second: Estimates,
    offset: F64,
    *,
    is_held: F64,
    apart: Mask,
    used: Settings,
    offset_variance_m2: float = 0.0,
) -> tuple[F64, F64]:
    """Cost and squared distance of every pair; infinite beyond its gate."""
    shape = (len(first), len(second))
    distance, logarithm = np.empty(shape), np.empty(shape)
    common = np.zeros((6, 6))
    common[:3, :3] = np.eye(3) * offset_variance_m2
    distances(
        np.array(first.state_vector),
        np.array(first.covariance),
        np.array(second.state_vector),
        np.array(second.covariance),
        np.concatenate([offset, np.zeros(3)]),
        common,
        1.0 if used.is_correlation_known else _UNKNOWN_WIDENING,
        quantile(used.keep_probability, 6),
        distance,
        logarithm,
    )
    is_out = (distance > quantile(used.gate_probability, 6)) & (is_held == 0.0)
    distance[is_out | apart] = np.inf
    alone = 6.0 * math.log(2.0 * math.pi) + 2.0 * math.log(used.neighbour_density)
    return distance + logarithm + alone - used.hold_gain * is_held, distance


def _assigned(cost: F64) -> I64:
    """Column of each row, -1 where it stays alone."""
    if cost.size == 0:
        return np.full(cost.shape[0], -1, dtype=np.int64)
    finite = np.ascontiguousarray(np.where(np.isfinite(cost), cost, FORBIDDEN))
    return np.asarray(assign_or_leave(finite, np.zeros(len(cost))))


def _with_offset(
    first: Estimates, second: Estimates, is_held: F64, apart: Mask, used: Settings
) -> tuple[F64, F64, F64, I64]:
    """Offset, cost, squared distance and choice of the cheapest assignment with one offset."""
    variance = used.common_offset_std_m**2
    loose, _ = _costs(
        first,
        second,
        np.zeros(3),
        is_held=is_held,
        apart=apart,
        used=used,
        offset_variance_m2=variance,
    )
    starts = [np.zeros(3)]
    rivals = np.isfinite(loose).sum(axis=1)
    for row in np.lexsort((np.arange(len(rivals)), rivals)):
        columns = np.flatnonzero(np.isfinite(loose[row]))
        starts.extend(first.state_vector[row, :3] - second.state_vector[columns, :3])
        if len(starts) > _OFFSETS_MAX:
            break
    best: tuple[float, F64, F64, F64, I64] | None = None
    for start in starts[:_OFFSETS_MAX]:
        offset = start
        for _ in range(_ROUNDS_MAX):
            cost, distance = _costs(first, second, offset, is_held=is_held, apart=apart, used=used)
            choice = _assigned(cost)
            better = _offset_of(first, second, choice, variance)
            moved = float(np.abs(better - offset).max())
            offset = better
            if moved < _SETTLED_M:
                break
        cost, distance = _costs(first, second, offset, is_held=is_held, apart=apart, used=used)
        choice = _assigned(cost)
        rows = np.flatnonzero(choice >= 0)
        total = float(cost[rows, choice[rows]].sum() + offset @ offset / variance)
        if best is None or total < best[0] - 1e-9:
            best = (total, offset, cost, distance, choice)
    if best is None:
        raise InputError("no offset to try")
    return best[1:]


def _offset_of(first: Estimates, second: Estimates, choice: I64, variance: float) -> F64:
    """Offset that pairs agree on best, with a prior about zero."""
    rows = np.flatnonzero(choice >= 0)
    both = first.covariance[rows, :3, :3] + second.covariance[choice[rows], :3, :3]
    weight = np.linalg.inv(both) if len(rows) else np.zeros((0, 3, 3))
    gap = first.state_vector[rows, :3] - second.state_vector[choice[rows], :3]
    total = weight.sum(axis=0) + np.eye(3) / variance
    return np.asarray(np.linalg.solve(total, np.einsum("nij,nj->i", weight, gap)))


def _held_mask(first: Estimates, second: Estimates, held: Pairs | None) -> F64:
    """One where a pair is held from before, shape (N, M)."""
    mask = np.zeros((len(first), len(second)))
    if held is not None:
        rows = {int(track): row for row, track in enumerate(first.track)}
        columns = {int(track): column for column, track in enumerate(second.track)}
        for one, two in zip(held.first_track.tolist(), held.second_track.tolist(), strict=True):
            if one in rows and two in columns:
                mask[rows[one], columns[two]] = 1.0
    return mask


def _counts(held: Pairs | None) -> dict[tuple[int, int], tuple[int, int]]:
    """How often each held pair agreed, and missed in a row."""
    if held is None:
        return {}
    return {
        (int(one), int(two)): (int(agreed), int(missed))
        for one, two, agreed, missed in zip(
            held.first_track, held.second_track, held.agreed, held.missed, strict=True
        )
    }


Row = tuple[tuple[int, int], float, float, int, int]


def _missed(
    held: Pairs | None,
    chosen: list[tuple[int, int]],
    first: Estimates,
    second: Estimates,
    used: Settings,
) -> list[Row]:
    """Held pairs that nothing took the place of, a while longer."""
    taken_one, taken_two = {one for one, _ in chosen}, {two for _, two in chosen}
    present_one, present_two = set(first.track.tolist()), set(second.track.tolist())
    rows: list[Row] = []
    for (one, two), (agreed, missed) in sorted(_counts(held).items()):
        is_free = one not in taken_one and two not in taken_two
        is_here = one in present_one and two in present_two
        if is_free and is_here and missed < used.missed_max:
            rows.append(((one, two), math.inf, 0.0, agreed, missed + 1))
    return rows


def _pairs_of(rows: list[Row], offset: F64) -> Pairs:
    rows = sorted(rows)
    return Pairs(
        first_track=np.array([name[0] for name, *_ in rows], dtype=np.int64),
        second_track=np.array([name[1] for name, *_ in rows], dtype=np.int64),
        distance_squared=np.array([row[1] for row in rows], dtype=np.float64),
        probability=np.array([row[2] for row in rows], dtype=np.float64),
        agreed=np.array([row[3] for row in rows], dtype=np.int64),
        missed=np.array([row[4] for row in rows], dtype=np.int64),
        offset_ecef_m=offset,
    )
