"""Tracks that fly close together, and what each sensor said of each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from commonwatch.tracking import bank_kernel, company_kernel, life_kernel
from commonwatch.tracking.assignment_kernel import assign
from commonwatch.tracking.motion_kernel import FREE, POWERED, fly_on

if TYPE_CHECKING:
    from commonwatch.tracking.bank import Bank

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DISTANCE_M: Final = 4_000.0
SPEED_M_S: Final = 150.0
"""Tracks this close in place and velocity fly in company."""
LEFT_M: Final = 20e3
"""A member this far from the reference has left."""
MEMBERS_MAX: Final = 16
LOOKS_TO_TELL: Final = 10.0
BOTH_RATIO: Final = 0.1
"""Looks that had a plot of either of two members, and how few may have had both for one object."""
AGREE: Final = 22.5
"""Chi-square of six numbers by which two flights of one object may differ: one in 1,000."""
LOOK_S: Final = 1.0
"""How often company is looked for, and parts are dealt anew."""
FADING_S: Final = 25.0
"""Time constant by which what was said is forgotten: early plots of objects that had not yet
parted may be another's."""


@dataclass(slots=True, kw_only=True, eq=False)
class Company:
    """Some tracks in company.

    ``keys`` name the members; ``reference`` is a flight near them all at the time of the last
    frame and ``whole`` how it hangs on that of the epoch. By member and sensor stand the
    information, its vector, and the count of plots, faded; by pair of members the looks in which
    one had a plot, and in which both had.
    """

    keys: I64
    reference: F64
    whole: F64
    information: F64
    vector: F64
    plots: F64
    either: F64
    both: F64

    def copy(self) -> Company:
        """Copy everything."""
        return Company(**{name: getattr(self, name).copy() for name in self.__slots__})


@dataclass(slots=True, kw_only=True, eq=False)
class Companies:
    """All companies of a centre's tracks."""

    list: list[Company] = field(default_factory=list)
    looked_ns: int = -(2**62)

    def copy(self) -> Companies:
        """Copy everything."""
        return Companies(list=[one.copy() for one in self.list], looked_ns=self.looked_ns)

    def move(self, seconds: float, constants: F64) -> None:
        """Move every reference on and let what was said fade.

        Parameters
        ----------
        seconds
            Ahead.
        constants
            Of the Earth's gravity and turn, as ``estimate.FIELD``.
        """
        fading = math.exp(-seconds / FADING_S)
        phi, work = np.empty((6, 6)), np.empty((6, 6))
        for one in self.list:
            fly_on(one.reference, one.whole, seconds, constants, phi, work)
            one.information *= fading
            one.vector *= fading
            one.plots *= fading

    def look(self, bank: Bank, now_ns: int, sensor_count: int) -> bool:
        """Find who flies in company, now and then; say whether it was time to.

        Parameters
        ----------
        bank
            Tracks at ``now_ns``; only confirmed ones have company.
        now_ns
            The frame's time, UTC since 1970.
        sensor_count
            Sensors of the tracker.

        Returns
        -------
        bool
            False where the last look was less than ``LOOK_S`` ago, and nothing was done.
        """
        if now_ns - self.looked_ns < round(1e9 * LOOK_S):
            return False
        self.looked_ns = now_ns
        count = bank.count
        group = np.empty(count, dtype=np.int64)
        company_kernel.close_groups(
            count,
            bank.phase,
            bank.states,
            bank_kernel.CONFIRMED,
            DISTANCE_M,
            SPEED_M_S,
            group,
        )
        if not self.list and (group < 0).all():
            return True
        row_of = {key: row for row, key in enumerate(bank.key[:count].tolist())}
        confirmed = bank.phase[:count] == bank_kernel.CONFIRMED
        for one in self.list:
            _drop_those_who_left(one, bank, row_of, confirmed)
        self.list = [one for one in self.list if len(one.keys) > 1]
        company_of = {key: one for one in self.list for key in one.keys.tolist()}
        for root in np.unique(group[group >= 0]).tolist():
            rows = np.flatnonzero(group == root)[:MEMBERS_MAX]
            keys = bank.key[rows].tolist()
            known = {id(company_of[key]): company_of[key] for key in keys if key in company_of}
            new = [
                row for row, key in zip(rows.tolist(), keys, strict=True) if key not in company_of
            ]
            if known:
                one, *others = sorted(known.values(), key=lambda c: (-len(c.keys), int(c.keys[0])))
                for other in others:
                    if len(one.keys) + len(other.keys) <= MEMBERS_MAX:
                        _unite(one, other)
                        self.list = [c for c in self.list if c is not other]
                        company_of |= dict.fromkeys(other.keys.tolist(), one)
                room = MEMBERS_MAX - len(one.keys)
                if len(new[:room]):
                    _join(one, bank.key[new[:room]])
            else:
                self.list.append(_founded(bank, rows, sensor_count))
        return True

    def take(
        self,
        keys: I64,
        plots: I64,
        *,
        sensor: int,
        arrays: tuple[F64, F64, F64, F64],
        rotation: F64,
        constants: F64,
    ) -> None:
        """Note which plots of a radar's frame the tracks of these keys took.

        Parameters
        ----------
        keys
            Of tracks that took a plot, shape (n,).
        plots
            Which plot each took, shape (n,).
        sensor
            The radar's number.
        arrays
            Of all plots of the frame: range, azimuth, elevation and range rate, (m, 4); their
            standard deviations, (m, 4); where the radar stands, ECEF metres, (m, 3); seconds from
            the frame's time, (m,).
        rotation
            From ECEF to the radar's east, north and up, (3, 3).
        constants
            Of the Earth's gravity and turn, as ``estimate.FIELD``.
        """
        if not self.list:
            return
        order = np.argsort(keys)
        for one in self.list:
            place = np.minimum(np.searchsorted(keys[order], one.keys), max(len(keys) - 1, 0))
            has = keys[order][place] == one.keys if len(keys) else np.zeros(0, dtype=np.bool_)
            members = np.flatnonzero(has)
            if not len(members):
                continue
            company_kernel.take_plots(
                one.reference,
                one.whole,
                members,
                plots[order[place[members]]],
                sensor,
                *arrays,
                rotation,
                constants,
                one.information,
                one.vector,
            )
            one.plots[members, sensor] += 1.0
            one.either[members] += 1.0
            one.either[:, members] += 1.0
            one.either[np.ix_(members, members)] -= 1.0
            one.both[np.ix_(members, members)] += 1.0

    def deal(self, bank: Bank) -> None:
        """Deal each company's parts anew where that explains its plots clearly better."""
        if not self.list:
            return
        row_of = {key: row for row, key in enumerate(bank.key[: bank.count].tolist())}
        for one in self.list:
            _merge(one, bank, row_of)
            best = np.empty(one.plots.shape, dtype=np.int64)
            if not company_kernel.deal_anew(one.information, one.vector, one.plots, best):
                continue
            _apply(one, best, bank, row_of)


def _founded(bank: Bank, rows: I64, sensor_count: int) -> Company:
    count = len(rows)
    return Company(
        keys=bank.key[rows].copy(),
        reference=bank.states[rows, FREE].mean(axis=0),
        whole=np.eye(6),
        information=np.zeros((count, sensor_count, 6, 6)),
        vector=np.zeros((count, sensor_count, 6)),
        plots=np.zeros((count, sensor_count)),
        either=np.zeros((count, count)),
        both=np.zeros((count, count)),
    )


def _join(one: Company, keys: I64) -> None:
    one.keys = np.concatenate([one.keys, keys])
    for name in ("information", "vector", "plots"):
        array = getattr(one, name)
        more = np.zeros((len(keys), *array.shape[1:]))
        setattr(one, name, np.concatenate([array, more]))
    for name in ("either", "both"):
        setattr(one, name, np.pad(getattr(one, name), (0, len(keys))))


def _unite(one: Company, other: Company) -> None:
    """Take another company's members in, what was said of them turned to this one's reference."""
    back = np.linalg.inv(other.whole)
    turn = back @ one.whole
    shift = back @ (one.reference - other.reference)
    first = len(one.keys)
    _join(one, other.keys)
    one.information[first:] = turn.T @ other.information @ turn
    one.vector[first:] = (other.vector - other.information @ shift) @ turn
    one.plots[first:] = other.plots
    one.either[first:, first:] = other.either
    one.both[first:, first:] = other.both


def _drop_those_who_left(
    one: Company, bank: Bank, row_of: dict[int, int], confirmed: npt.NDArray[np.bool_]
) -> None:
    stays = []
    for member, key in enumerate(one.keys.tolist()):
        row = row_of.get(key, -1)
        if row < 0 or not confirmed[row]:
            continue
        apart = bank.states[row, FREE, :3] - one.reference[:3]
        if float(apart @ apart) < LEFT_M**2:
            stays.append(member)
    if len(stays) < len(one.keys):
        for name in ("keys", "information", "vector", "plots"):
            setattr(one, name, np.ascontiguousarray(getattr(one, name)[stays]))
        for name in ("either", "both"):
            setattr(one, name, np.ascontiguousarray(getattr(one, name)[np.ix_(stays, stays)]))


def _merge(one: Company, bank: Bank, row_of: dict[int, int]) -> None:
    """End one of two members that many looks never showed both of: they are one object.

    The one with fewer plots ends; where both flights agree the other takes over what it had.
    """
    never_both = (one.either >= LOOKS_TO_TELL) & (one.both <= BOTH_RATIO * one.either)
    np.fill_diagonal(never_both, val=False)
    pairs = np.argwhere(np.triu(never_both))
    if not len(pairs):
        return
    hits = one.plots.sum(axis=1)
    first, second = pairs[np.argmin(hits[pairs].sum(axis=1))].tolist()
    keep, end = (first, second) if hits[first] >= hits[second] else (second, first)
    row, ended = row_of.get(int(one.keys[keep]), -1), row_of.get(int(one.keys[end]), -1)
    if row < 0 or ended < 0:
        return
    information = one.information[keep] + one.information[end]
    vector = one.vector[keep] + one.vector[end]
    state_vector, covariance = np.empty(6), np.empty((6, 6))
    lost = company_kernel.explained(one.information[keep], one.vector[keep])
    lost += company_kernel.explained(one.information[end], one.vector[end])
    lost -= company_kernel.explained(information, vector)
    if lost < AGREE and company_kernel.flight_of(
        information, vector, one.reference, one.whole, state_vector, covariance
    ):
        one.information[keep], one.vector[keep] = information, vector
        one.plots[keep] += one.plots[end]
        bank.states[row, FREE], bank.covariances[row, FREE] = state_vector, covariance
        bank.weights[row, FREE], bank.weights[row, POWERED] = 1.0, 0.0
        bank.is_changed[row] = True
    bank.phase[ended] = bank_kernel.GONE
    bank.event[ended] = life_kernel.ENDED
    stays = [member for member in range(len(one.keys)) if member != end]
    for name in ("keys", "information", "vector", "plots"):
        setattr(one, name, np.ascontiguousarray(getattr(one, name)[stays]))
    for name in ("either", "both"):
        setattr(one, name, np.ascontiguousarray(getattr(one, name)[np.ix_(stays, stays)]))


def _apply(one: Company, best: I64, bank: Bank, row_of: dict[int, int]) -> None:
    """Give every member its new parts; each set goes to the track that stands nearest to it."""
    members, sensors = best.shape
    column = np.arange(sensors)
    information = one.information[best, column]
    vector = one.vector[best, column]
    plots = one.plots[best, column]
    states = np.empty((members, 6))
    covariances = np.empty((members, 6, 6))
    for member in range(members):
        is_told = company_kernel.flight_of(
            np.ascontiguousarray(information[member]),
            np.ascontiguousarray(vector[member]),
            one.reference,
            one.whole,
            states[member],
            covariances[member],
        )
        if not is_told:
            return
    rows = np.array([row_of[key] for key in one.keys.tolist()])
    apart = states[np.newaxis, :, :3] - bank.states[rows, FREE][:, np.newaxis, :3]
    chosen = assign(np.ascontiguousarray((apart**2).sum(axis=-1)))
    one.information = np.ascontiguousarray(information[chosen])
    one.vector = np.ascontiguousarray(vector[chosen])
    one.plots = np.ascontiguousarray(plots[chosen])
    moved = (best[chosen] != np.arange(members)[:, np.newaxis]).any(axis=1)
    for member in np.flatnonzero(moved).tolist():
        row = rows[member]
        bank.states[row, FREE] = states[chosen[member]]
        bank.covariances[row, FREE] = covariances[chosen[member]]
        bank.weights[row, FREE], bank.weights[row, POWERED] = 1.0, 0.0
        bank.is_changed[row] = True
