"""The watch: which instants of each track are judged, and what happens to its alert at each.

A track is judged when it is first confirmed, each 10 s of its time from its first row on, when its
sources first confirm it, and at last sight. Every judgement is a row of its own, from what was
known then; nothing is rewritten afterwards.

=======================  ===================================================  =======
figure                   source                                               mark
=======================  ===================================================  =======
``EARLIER_MIN_S``        shorter differences of estimates are mostly noise    assumed
``RECENT_S``             who looked lately may cancel an alert                assumed
``STRAYED``              a point at 3.7 standard deviations: 0.1 % of honest  derived
                         ellipses
``CLASS_MARGIN``         hysteresis of the answer that is named first         assumed
=======================  ===================================================  =======
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.errors import InputError
from commonwatch.tracking.estimate import Estimates, Status
from commonwatch.units import NS_PER_S
from commonwatch.warning.alert import Evidence, Life, Transition, advance
from commonwatch.warning.alert import Status as AlertStatus
from commonwatch.warning.assessment import ANSWERS
from commonwatch.warning.coasting import Motor
from commonwatch.warning.ellipse import Ellipses, outness
from commonwatch.warning.judgement import Context, Judgements, Settings, judge
from commonwatch.warning.notice import MATCH_WORDS, NOT_KNOWN, Matched, Notice, Seen, match
from commonwatch.warning.source import Book, Looks, Support, support

I64 = npt.NDArray[np.int64]

EARLIER_MIN_S: Final = 5.0
RECENT_S: Final = 30.0
DISTANCE_MIN_M: Final = 6_000_000.0
DISTANCE_MAX_M: Final = 1e9
"""Positions outside this are refused: below the ground, or beyond the Moon."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one call may judge."""

    track_count: int = 100_000
    notice_count: int = 1_000


LIMITS: Final = Limits()
STRAYED: Final = 13.8155 / 5.9915
CLASS_MARGIN: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alerts:
    """Events in the life of alerts, in the order in which they were known.

    Parameters
    ----------
    estimates, judgements
        What each event was judged from, and the judgement, one row an event.
    row
        Row of both, for each event.
    alert
        Number of the alert.
    transition, status, notice, reason
        What happened, the status afterwards, how notices match, and why.
    sources
        Names of the sensors behind it.
    is_last_sight
        Whether the track has no later estimate.
    """

    estimates: Estimates
    judgements: Judgements
    row: list[int] = field(default_factory=list)
    alert: list[int] = field(default_factory=list)
    transition: list[Transition] = field(default_factory=list)
    status: list[AlertStatus] = field(default_factory=list)
    notice: list[Matched] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    is_last_sight: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.row)


def watch(
    estimates: Estimates,
    *,
    settings: Settings,
    looks: Looks | None = None,
    notices: Sequence[Notice] = (),
    report: Callable[[str, float], None] | None = None,
    limits: Limits = LIMITS,
) -> Alerts:
    """Turn tracks into alerts.

    Parameters
    ----------
    estimates
        Rows of tracks, in any order.
    settings
        What is assumed.
    looks
        Which detections each track took. None: sources are unknown, and nothing is confirmed.
    notices
        Given in advance. They are matched and shown; no transition depends on them but
        *corrected*, where the match itself changes.
    limits
        How much one call may judge.
    report
        Called with a stage in words and the part that is done, 0 to 1.

    Returns
    -------
    Alerts
        In the order of ``known_ns``, then of tracks.

    Raises
    ------
    InputError
        More tracks or notices than the limits allow, or positions that no object can have.
    """
    _check(estimates, len(notices), limits)
    say = report or _silent
    say("choosing instants", 0.0)
    book = None if looks is None else Book.of(looks)
    chosen = instants(estimates, book, interval_s=settings.interval_s)
    picked = estimates.take(chosen.row)
    supports = [_supported(book, picked, row) for row in range(len(picked))]
    context = Context(
        first_ns=chosen.first_ns,
        earlier=chosen.earlier,
        previous=chosen.previous,
        has_two_sources=np.array(
            [each.support is not Support.NONE for each in supports], dtype=bool
        ),
        has_infrared=np.array([each.has_infrared for each in supports], dtype=bool),
    )
    judgements = judge(
        picked,
        context,
        settings=settings,
        say=lambda stage, part: say(stage, 0.1 + 0.8 * part),
    )
    alerts = Alerts(estimates=picked, judgements=judgements)
    held: dict[int, _Held] = {}
    outside = _strayed(judgements.impacts.area)
    say("matching and raising", 0.9)
    for row in np.lexsort((picked.track, picked.known_ns)).tolist():
        _step(alerts, held, row, supports[row], (notices, chosen, outside))
    return alerts


def _check(estimates: Estimates, notice_count: int, limits: Limits) -> None:
    """Refuse too much, and positions that no object can have: most likely kilometres."""
    for count, most, what in (
        (len(np.unique(estimates.track)), limits.track_count, "tracks"),
        (notice_count, limits.notice_count, "notices"),
    ):
        if count > most:
            raise InputError(f"{count:,} {what}", allowed=f"at most {most:,}")
    away = np.linalg.norm(estimates.state_vector[:, :3], axis=1)
    wrong = np.flatnonzero((away < DISTANCE_MIN_M) | (away > DISTANCE_MAX_M))
    if len(wrong):
        raise InputError(
            f"a position lies {away[wrong[0]]:,.0f} m from the Earth's centre",
            allowed=f"{DISTANCE_MIN_M:,.0f} to {DISTANCE_MAX_M:,.0f} m",
            where=f"row {int(wrong[0])} of the tracks, and {len(wrong) - 1:,} more",
            what_to_do="Check the unit: positions are ECEF metres, not kilometres",
        )


def _silent(stage: str, part: float) -> None:
    del stage, part


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """Rows that are judged, those of one track together and in order.

    Parameters
    ----------
    row
        Into the estimates.
    first_ns
        Time of the track's first row.
    earlier, previous
        As ``judgement.Context`` has them.
    is_last
        Whether it is the track's last sight.
    """

    row: I64
    first_ns: I64
    earlier: I64
    previous: I64
    is_last: npt.NDArray[np.bool_]


def instants(estimates: Estimates, book: Book | None, *, interval_s: float) -> Chosen:
    """Choose the rows of confirmed tracks that are judged."""
    order = np.lexsort((np.arange(len(estimates)), estimates.known_ns, estimates.track))
    track = estimates.track[order]
    names, begin = np.unique(track, return_index=True)
    ends = np.append(begin, len(track))[1:]
    parts: list[tuple[I64, int]] = []
    for name, start, end in zip(names.tolist(), begin.tolist(), ends.tolist(), strict=True):
        rows = order[start:end]
        first_ns = int(estimates.time_ns[rows].min())
        known = rows[estimates.status[rows] == Status.CONFIRMED]
        if len(known):
            step = (estimates.time_ns[known] - first_ns) // int(interval_s * NS_PER_S)
            is_new = np.append(True, np.diff(np.maximum.accumulate(step)) > 0)
            is_new[-1] = True
            for at_ns in [] if book is None else book.confirmed_ns(name):
                is_new[np.flatnonzero(estimates.known_ns[known] >= at_ns)[:1]] = True
            parts.append((known[is_new], first_ns))
    return _linked(estimates, parts)


def _linked(estimates: Estimates, parts: list[tuple[I64, int]]) -> Chosen:
    """Link each chosen row with those of its track before it."""
    previous: list[int] = []
    earlier: list[int] = []
    is_last: list[bool] = []
    for rows, _ in parts:
        base = len(previous)
        times = estimates.time_ns[rows]
        for k in range(len(rows)):
            previous.append(base + k - 1 if k else -1)
            apart = np.flatnonzero(times[:k] <= times[k] - int(EARLIER_MIN_S * NS_PER_S))
            earlier.append(base + int(apart[-1]) if len(apart) else -1)
            is_last.append(k == len(rows) - 1)
    none = np.empty(0, dtype=np.int64)
    return Chosen(
        row=np.concatenate([none, *(rows for rows, _ in parts)]),
        first_ns=np.concatenate([none, *(np.full(len(r), f) for r, f in parts)]).astype(np.int64),
        earlier=np.array(earlier, dtype=np.int64),
        previous=np.array(previous, dtype=np.int64),
        is_last=np.array(is_last, dtype=bool),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Supported:
    """What a track rests on at one instant."""

    support: Support
    reason: str
    recent: Support
    names: str
    has_infrared: bool


def _supported(book: Book | None, estimates: Estimates, row: int) -> _Supported:
    track, now_ns = int(estimates.track[row]), int(estimates.known_ns[row])
    sources = () if book is None else book.sources(track, now_ns)
    found, reason = support(sources)
    recent_ns = now_ns - int(RECENT_S * NS_PER_S)
    recent = () if book is None else book.sources(track, now_ns, since_ns=recent_ns)
    return _Supported(
        support=found,
        reason=reason,
        recent=support(recent)[0],
        names=", ".join(source.name for source in sources),
        has_infrared=any(source.kind == "infrared" for source in sources),
    )


@dataclass(slots=True, kw_only=True)
class _Held:
    """What is kept of a track between judgements: its alert, and what was stated last."""

    alert: int = -1
    life: Life = field(default_factory=Life)
    answer: int = -1
    notice: Matched = NOT_KNOWN
    stated: int = -1


def _step(
    alerts: Alerts,
    held: dict[int, _Held],
    row: int,
    supported: _Supported,
    rest: tuple[Sequence[Notice], Chosen, Callable[[int, int], float]],
) -> None:
    """Judge one row: at most one event."""
    notices, chosen, outside = rest
    judgements = alerts.judgements
    mine = held.setdefault(int(alerts.estimates.track[row]), _Held())
    shares = judgements.answer_probability[row]
    noticed = match(notices, _seen(alerts.estimates, judgements, row)) if notices else NOT_KNOWN
    answer = _answer(shares, mine.answer)
    changed = _changed(mine, answer, noticed, _astray(mine, judgements, row, outside))
    mine.life, transition, reason = advance(
        mine.life,
        Evidence(
            ballistic_probability=float(shares[0]),
            support=supported.support,
            support_reason=supported.reason,
            recent_support=supported.recent,
            changed=changed,
        ),
    )
    if transition is Transition.NOTHING:
        return
    if mine.alert < 0:
        mine.alert = max((each.alert for each in held.values()), default=-1) + 1
    is_stated = transition is not Transition.UPDATED or mine.stated < 0
    if judgements.impacts.is_given[row] and (is_stated or mine.stated < 0):
        mine.stated = row
    mine.answer, mine.notice = answer, noticed
    alerts.row.append(row)
    alerts.alert.append(mine.alert)
    alerts.transition.append(transition)
    alerts.status.append(mine.life.status)
    alerts.notice.append(noticed)
    alerts.reason.append(reason)
    alerts.sources.append(supported.names)
    alerts.is_last_sight.append(bool(chosen.is_last[row]))


def _answer(shares: npt.NDArray[np.float64], before: int) -> int:
    """Return the likeliest answer; it changes only by a margin."""
    best = int(np.argmax(shares))
    if before >= 0 and shares[best] < shares[before] + CLASS_MARGIN:
        return before
    return best


def _changed(mine: _Held, answer: int, noticed: Matched, astray: str) -> str:
    """Say what no longer agrees with what was stated last; empty where all does."""
    parts = [astray] if astray else []
    if 0 <= mine.answer != answer:
        parts.append(f"now {ANSWERS[answer]}, no longer {ANSWERS[mine.answer]}")
    if mine.alert >= 0 and (noticed.match, noticed.name) != (mine.notice.match, mine.notice.name):
        parts.append(f"notice now {MATCH_WORDS[noticed.match]}: {noticed.reason}")
    return "; ".join(parts)


def _astray(
    mine: _Held, judgements: Judgements, row: int, outside: Callable[[int, int], float]
) -> str:
    if mine.stated < 0:
        return ""
    if judgements.motor[row] is Motor.BURNS:
        return "the motor burns again: the impact stated no longer holds"
    if judgements.impacts.is_given[row] and outside(mine.stated, row) > STRAYED:
        return "the predicted impact has left the ellipse stated"
    return ""


def _strayed(area: Ellipses) -> Callable[[int, int], float]:
    """Return a function that says how far the middle of one ellipse lies outside another."""

    def outside(stated: int, row: int) -> float:
        one = Ellipses(**{n: getattr(area, n)[stated : stated + 1] for n in area.__slots__})
        place = area.latitude_rad[row : row + 1], area.longitude_rad[row : row + 1]
        return float(outness(one, *place)[0])

    return outside


def _seen(estimates: Estimates, judgements: Judgements, row: int) -> Seen:
    origins = judgements.origins
    latitude, longitude, _ = geodetic_from_ecef(estimates.state_vector[row, :3])
    is_given = bool(origins.is_given[row])
    since_ns = int(origins.time_s[row] * NS_PER_S) if is_given else 0
    return Seen(
        now_ns=int(estimates.known_ns[row]),
        launch_ns=int(estimates.time_ns[row]) + since_ns if is_given else None,
        launch_std_s=float(origins.time_std_s[row]),
        latitude_rad=float(origins.area.latitude_rad[row]),
        longitude_rad=float(origins.area.longitude_rad[row]),
        half_axis_m=float(origins.area.long_half_axis_m[row]),
        azimuth_rad=float(origins.azimuth_rad[row]),
        azimuth_std_rad=float(origins.azimuth_std_rad[row]),
        below_latitude_rad=float(latitude),
        below_longitude_rad=float(longitude),
        position_std_m=float(np.sqrt(max(np.trace(estimates.covariance[row, :3, :3]), 0.0))),
    )
