"""How far each contributor is from the combination of all others, and what that says of a lie.

A difference of honest estimates shrinks as news comes in, by steps that do not depend on what is
left of it. So a lie that begins while a track is watched shows twice: in the difference as it is,
and in the step at which it began, which is the sharper of the two.

=====================  =================================================================  ========
figure                 source                                                             mark
=====================  =================================================================  ========
``HIDDEN_NOISE``       process noise of filters, of the difference's variance a look      assumed
``ONSETS``             a lie is looked for that began in one of the last five looks       assumed
``PAUSE_MAX_S``        motion of a difference is taken as straight for no longer          derived
=====================  =================================================================  ========

References
----------
A. S. Willsky, H. L. Jones, A generalized likelihood ratio approach to the detection and estimation
of jumps in linear systems, IEEE Transactions on Automatic Control 21 (1), 1976, pp. 108-112.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.evidence import log_lie, log_mean, log_pooled, square_of

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

OTHERS_MIN: Final = 2
"""Others that must see an object before anybody is judged by it."""
HIDDEN_NOISE: Final = 0.25
ONSETS: Final = 5
PAUSE_MAX_S: Final = 60.0
LOOKS_KEPT: Final = 3
"""Steps are taken from the last of so many looks at which a contributor was there."""
CHECKED_MIN: Final = 4
"""Steps of an object whose size is known before any further one is evidence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gaps:
    """Each contributor's difference from the combination of the others, C by N of them.

    Parameters
    ----------
    gap, spread
        Differences and the sums of both covariances, shapes (C, N, 6) and (C, N, 6, 6); zero, and
        the unit matrix, where nothing is judged.
    information
        Inverse of ``spread``, zero where nothing is judged.
    vector
        That times the differences, shape (C, N, 6).
    is_judged
        Where a contributor and at least two others report, shape (C, N).
    """

    gap: F64
    spread: F64
    information: F64
    vector: F64
    is_judged: Mask


def gaps(state_vector: F64, covariance: F64, is_there: Mask) -> Gaps:
    """Compare each contributor with the combination of all others.

    Parameters
    ----------
    state_vector, covariance, is_there
        Whole estimates of one instant and of disjoint pedigree, shapes (C, N, 6), (C, N, 6, 6) and
        (C, N).
    """
    there = is_there[..., None, None]
    unit = np.eye(6)
    information = np.where(there, np.linalg.inv(np.where(there, covariance, unit)), 0.0)
    count = is_there.sum(axis=0)
    said = np.where(is_there[..., None], state_vector, 0.0)
    about = said.sum(axis=0) / np.maximum(count, 1)[:, None]
    offset = np.where(is_there[..., None], state_vector - about, 0.0)
    is_judged = is_there & (count - is_there >= OTHERS_MIN)
    judged = is_judged[..., None, None]
    # Sums over the others, not totals less one's own: one who claims great accuracy would leave
    # nothing but rounding of them.
    others = np.tensordot(1.0 - np.eye(len(is_there)), information, axes=1)
    spread = np.where(there, covariance, unit) + np.linalg.inv(np.where(judged, others, unit))
    # With Y of one's own and Z of the others the inverse of the spread is Y (Y + Z)^-1 Z, and that
    # times the difference Y (x - m), m the combination of all.
    total = np.linalg.inv(np.where((count > 0)[:, None, None], information.sum(axis=0), unit))
    middle = _apply(total, _apply(information, offset).sum(axis=0))
    vector = np.where(is_judged[..., None], _apply(information, offset - middle), 0.0)
    weight = information @ total @ others
    return Gaps(
        gap=_apply(spread, vector),
        spread=np.where(judged, spread, unit),
        information=np.where(judged, 0.5 * (weight + np.swapaxes(weight, -1, -2)), 0.0),
        vector=vector,
        is_judged=is_judged,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Steps of differences from look to look, K looks, at each of which a lie may have begun.

    Parameters
    ----------
    information
        Of each step about a lie in position, shape (K, C, N, 3, 3).
    vector
        That times the step, shape (K, C, N, 3).
    square
        The steps in units of their covariance, of the mean 6, shape (K, C, N).
    is_known
        Whether there was such a step, shape (K, C, N).
    is_checked
        Whether steps before it were as large as stated, so that it is evidence, shape (K, C, N).
    """

    information: F64
    vector: F64
    square: F64
    is_known: Mask
    is_checked: Mask

    @staticmethod
    def none(count: int, objects: int) -> Steps:
        """No steps of so many contributors and objects.

        Parameters
        ----------
        count
            Contributors, C.
        objects
            Objects, N.
        """
        shape = (0, count, objects)
        return Steps(
            information=np.zeros((*shape, 3, 3)),
            vector=np.zeros((*shape, 3)),
            square=np.zeros(shape),
            is_known=np.zeros(shape, dtype=np.bool_),
            is_checked=np.zeros(shape, dtype=np.bool_),
        )

    def then(self, last: Steps) -> Steps:
        """Return these and one more, the last few of them."""
        both = {
            each.name: np.concatenate([getattr(self, each.name), getattr(last, each.name)])
            for each in fields(self)
        }
        return Steps(**{name: array[-ONSETS:] for name, array in both.items()})

    def filled(self, other: Steps) -> Steps:
        """Return these, and others where there are none."""
        parts = {}
        for each in fields(self):
            own, more = getattr(self, each.name), getattr(other, each.name)
            is_known = self.is_known.reshape(self.is_known.shape + (1,) * (own.ndim - 3))
            parts[each.name] = np.where(is_known, own, more)
        return Steps(**parts)


def step_between(before: Gaps, now: Gaps, seconds: float, past: Steps) -> Steps:
    """Return the step of each difference since an earlier look, as one more of its kind.

    Parameters
    ----------
    before, now
        Of the same C contributors and N objects, in one order.
    seconds
        From the one to the other.
    past
        Steps before: whether they were as large as stated.

    Returns
    -------
    Steps
        One look, K = 1.

    Notes
    -----
    The difference moves straight: d' = F d, S' = F S F'. What filters learnt since is independent
    of what error is left, so that u = d - F d_before has the covariance C = S' - S; process noise
    of a part e of the variance adds at most 2 e S. Along an axis in which the difference grew
    less sure C is 2 e S and no less: constant errors of sensors whose line of sight turns, or that
    are registered anew, are none of this; where it grew less sure by more, the step tells nothing.
    Where steps before were larger than stated (noise of powered flight, changes of mode), C is
    taken as so much larger.
    """
    motion = np.eye(6)
    motion[:3, 3:] = seconds * np.eye(3)
    moved = motion @ before.spread @ motion.T
    both = before.is_judged & now.is_judged
    step = np.where(both[..., None], now.gap - before.gap @ motion.T, 0.0)
    # Along each axis of S = L L' what S' is in units of S, and what C is.
    lower = np.linalg.cholesky(now.spread)
    inverse = np.linalg.inv(lower)
    ratio, axis = np.linalg.eigh(inverse @ moved @ np.swapaxes(inverse, -1, -2))
    is_known = both & (ratio[..., 0] > 1.0 - 2.0 * HIDDEN_NOISE)
    size = np.maximum(ratio, 1.0) - 1.0 + 2.0 * HIDDEN_NOISE
    out = np.swapaxes(inverse, -1, -2) @ axis
    weight = (out / size[..., None, :]) @ np.swapaxes(out, -1, -2)
    weight = np.where(is_known[..., None, None], weight, np.eye(6))
    vector = _apply(weight, step)
    known = past.is_known.sum(axis=0)
    squares = np.where(past.is_known, past.square, 0.0).sum(axis=(0, 1))
    larger = np.maximum(1.0, squares / (6.0 * np.maximum(known.sum(axis=0), 1)))
    return Steps(
        information=(weight[..., :3, :3] / larger[:, None, None])[None],
        vector=(vector[..., :3] / larger[:, None])[None],
        square=(step * vector).sum(axis=-1)[None],
        is_known=is_known[None],
        is_checked=(is_known & (known.sum(axis=0) >= CHECKED_MIN))[None],
    )


def log_ratios(now: Gaps, steps: Steps) -> F64:
    """Logarithm of how much likelier a lie makes the differences of each contributor, shape (C,).

    Parameters
    ----------
    now
        Differences of C contributors at N objects.
    steps
        Up to now, of the same contributors and objects, K looks.

    Notes
    -----
    A lie L about position adds itself to the difference d ~ N(0, S) and to the step u ~ N(0, C) at
    which it began. Both are independent under honesty, so that their information adds up:
    J = S^-1 + C^-1, h = S^-1 d + C^-1 u. One that has grown evenly over the last m steps adds L / m
    to each of them: J = S^-1 + sum C^-1 / m^2, h = S^-1 d + sum C^-1 u / m. The ratio is the mean
    of those of a lie since ever about position, about the whole state vector, and of one about
    position that began at each step, at once or growing; each of them about some of the objects,
    about all of them, and as one and the same lie about all. Nan where nothing is judged.
    """
    begun = (steps.is_checked & now.is_judged)[..., None]
    position = now.information[..., :3, :3] + _begun(
        np.where(begun[..., None], steps.information, 0.0), power=2
    )
    along = now.vector[..., :3] + _begun(np.where(begun, steps.vector, 0.0), power=1)
    squares = square_of(position, along, now.is_judged)
    whole = (now.gap * now.vector).sum(axis=-1)
    each = np.concatenate([log_lie(squares, 3), log_lie(whole, 6)[None]])
    each = np.where(now.is_judged, each, 0.0)
    some, all_of_them = log_pooled(each, now.is_judged), each.sum(axis=-1)
    anything = np.asarray(now.is_judged.any(axis=-1))
    squares = square_of(position.sum(axis=-3), along.sum(axis=-2), anything)
    whole = square_of(now.information.sum(axis=-3), now.vector.sum(axis=-2), anything)
    everything = np.concatenate([log_lie(squares, 3), log_lie(whole, 6)[None]])
    ratio = log_mean(np.stack([some, all_of_them, everything]))
    # Since ever, of position and of all, and since each step: half each, if there are steps.
    ever = log_mean(ratio[[0, -1]])
    if len(ratio) > 2:
        ever = log_mean(np.stack([ever, log_mean(ratio[1:-1])]))
    return np.where(anything, ever, np.nan)


def _begun(steps: F64, *, power: int) -> F64:
    """Return what steps tell of a lie that never began, began at each, or grew from each on.

    Notes
    -----
    One that grew from the last step on began there.
    """
    count = np.arange(len(steps), 0, -1, dtype=np.float64).reshape(-1, *[1] * (steps.ndim - 1))
    since = np.cumsum(steps[::-1], axis=0)[::-1] / count**power
    return np.concatenate([np.zeros((1, *steps.shape[1:])), steps, since[:-1]])


@dataclass(slots=True, eq=False)
class _Look:
    """What a look left to compare the next with."""

    time_ns: int
    contributor: tuple[str, ...]
    number: I64
    state_vector: F64
    covariance: F64
    is_there: Mask
    gaps: Gaps
    steps: Steps


@dataclass(slots=True, eq=False)
class Differences:
    """The differences of contributors over time; call ``step`` as often as wanted.

    Parameters
    ----------
    look_s
        Time between the looks whose steps are remembered.
    """

    look_s: float
    _looks: deque[_Look] = field(default_factory=lambda: deque(maxlen=LOOKS_KEPT))
    _positions: deque[tuple[tuple[str, ...], I64, F64, Mask]] = field(
        default_factory=lambda: deque(maxlen=ONSETS)
    )

    def step(
        self,
        contributor: tuple[str, ...],
        number: I64,
        now_ns: int,
        *,
        state_vector: F64,
        covariance: F64,
        is_there: Mask,
    ) -> tuple[Gaps, F64]:
        """Take what is said at this instant in.

        Parameters
        ----------
        contributor, number, state_vector, covariance, is_there
            As of ``contributor.Sources``.
        now_ns
            The present.

        Returns
        -------
        gaps, log_ratio
            The differences, and the evidence against each contributor, shape (C,).
        """
        now = gaps(state_vector, covariance, is_there)
        look = _Look(
            now_ns, contributor, number, state_vector, covariance, is_there, now,
            Steps.none(*is_there.shape),
        )  # fmt: skip
        before = self._carried(contributor, number, now_ns)
        if before:
            look.steps = before[-1].steps.then(_step(before, look))
        if not before or (now_ns - before[-1].time_ns) * 1e-9 >= self.look_s:
            self._positions.append((contributor, number, now.gap[..., :3], now.is_judged))
            self._looks = deque([*before, look], maxlen=LOOKS_KEPT)
        return now, log_ratios(now, look.steps)

    @property
    def steps(self) -> Steps:
        """Those up to the last look."""
        return self._looks[-1].steps if self._looks else Steps.none(0, 0)

    def forget(self) -> None:
        """Begin again: one who was named has left his mark in everybody's differences."""
        self._looks.clear()

    def history(self, name: str, number: int) -> F64:
        """Return the differences in position of one contributor and object at the last looks.

        Oldest first, shape (looks, 3).

        Parameters
        ----------
        name
            The contributor's.
        number
            The system track's.

        Returns
        -------
        gap_ecef_m
            The contributor less the combination of the others; no rows where nothing was judged.
        """
        found = []
        for contributor, numbers, gap, is_judged in self._positions:
            column = np.flatnonzero(numbers == number)
            if name in contributor and len(column):
                row = contributor.index(name)
                if is_judged[row, column[0]]:
                    found.append(gap[row, column[0]])
        return np.array(found).reshape(-1, 3)

    def _carried(self, contributor: tuple[str, ...], number: I64, now_ns: int) -> list[_Look]:
        """Return the last looks in the order of the present objects, oldest first."""
        kept = [
            look
            for look in self._looks
            if look.contributor == contributor
            and len(look.number)
            and 0 <= now_ns - look.time_ns <= PAUSE_MAX_S * 1e9
        ]
        return [_reordered(look, number) for look in kept]


def _step(before: list[_Look], look: _Look) -> Steps:
    """Return each step since the last look, or since the one before for who was not there."""
    past = before[-1].steps
    found = _step_since(before[-1], look, past)
    for earlier in before[-2::-1]:
        if (found.is_known[0] | ~look.gaps.is_judged).all():
            break
        found = found.filled(_step_since(earlier, look, past))
    return found


def _step_since(last: _Look, look: _Look, past: Steps) -> Steps:
    """Return the steps since a look of those who are there both times.

    Whoever joins or leaves changes the differences of all: those objects are compared anew, both
    times without him.
    """
    before, now = last.gaps, look.gaps
    changed = np.flatnonzero((last.is_there != look.is_there).any(axis=0))
    if len(changed):
        both = (last.is_there & look.is_there)[:, changed]
        before, now = (
            _with(
                each.gaps,
                changed,
                gaps(each.state_vector[:, changed], each.covariance[:, changed], both),
            )
            for each in (last, look)
        )
    return step_between(before, now, (look.time_ns - last.time_ns) * 1e-9, past)


def _with(whole: Gaps, columns: npt.NDArray[np.intp], part: Gaps) -> Gaps:
    """Put other differences of some objects in."""
    arrays = {}
    for name in ("gap", "spread", "information", "vector", "is_judged"):
        arrays[name] = getattr(whole, name).copy()
        arrays[name][:, columns] = getattr(part, name)
    return Gaps(**arrays)


def _reordered(last: _Look, number: I64) -> _Look:
    """Take the objects of these numbers, whether they were there or not."""
    if np.array_equal(last.number, number):
        return last
    place = {each: index for index, each in enumerate(last.number.tolist())}
    index = np.array([place.get(each, -1) for each in number.tolist()], dtype=np.intp)
    old = index >= 0
    steps = last.steps
    return _Look(
        time_ns=last.time_ns,
        contributor=last.contributor,
        number=number,
        state_vector=last.state_vector[:, index],
        covariance=last.covariance[:, index],
        is_there=last.is_there[:, index] & old,
        gaps=Gaps(
            gap=last.gaps.gap[:, index],
            spread=last.gaps.spread[:, index],
            information=last.gaps.information[:, index],
            vector=last.gaps.vector[:, index],
            is_judged=last.gaps.is_judged[:, index] & old,
        ),
        steps=Steps(
            information=steps.information[:, :, index],
            vector=steps.vector[:, :, index],
            square=steps.square[:, :, index],
            is_known=steps.is_known[:, :, index] & old,
            is_checked=steps.is_checked[:, :, index] & old,
        ),
    )


def _apply(matrix: F64, vector: F64) -> F64:
    return np.asarray((matrix @ vector[..., None])[..., 0])
