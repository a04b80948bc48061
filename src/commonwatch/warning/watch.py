"""The watch: what happens to the alert of each track at each instant that is judged.

Every judgement is a row of its own, from what was known then; nothing is rewritten afterwards.
``Watch`` takes rows as they come; ``watch`` is the same over a whole file.

=======================  ===================================================  =======
figure                   source                                               mark
=======================  ===================================================  =======
``STRAYED``              a point at 3.7 standard deviations: 0.1 % of honest  derived
                         ellipses
``CLASS_MARGIN``         hysteresis of the answer that is named first         assumed
=======================  ===================================================  =======
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from commonwatch.errors import InputError
from commonwatch.tracking.estimate import Estimates
from commonwatch.warning.alert import Evidence, Life, Transition, advance
from commonwatch.warning.alert import Status as AlertStatus
from commonwatch.warning.assessment import ANSWERS
from commonwatch.warning.coasting import Motor
from commonwatch.warning.ellipse import Ellipse
from commonwatch.warning.judgement import Judgements, Settings
from commonwatch.warning.notice import MATCH_WORDS, NONE_GIVEN, Match, Matched, Notice, match
from commonwatch.warning.rounds import Rounds, Supported
from commonwatch.warning.source import Book, Looks
from commonwatch.warning.statement import Statement, statements

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


@dataclass(slots=True, kw_only=True)
class Standing:
    """Where the alert of one track stands, and what was stated last.

    Parameters
    ----------
    alert
        Its number; -1 before it is raised.
    life
        Where it stands.
    answer, notice
        The answer named first, by its place among ``assessment.ANSWERS``, and the match.
    stated
        The impact area stated last.
    """

    alert: int = -1
    life: Life = field(default_factory=Life)
    answer: int = -1
    notice: Matched = NONE_GIVEN
    stated: Ellipse | None = None


def judged_anew(
    standing: Standing, said: Statement, supported: Supported, noticed: Matched
) -> tuple[Transition, str]:
    """Take one step in the life of a track's alert, and remember what is stated.

    Parameters
    ----------
    standing
        Changed in place; its number is for the caller to give.
    said
        What is said of the track now.
    supported
        What confirms it: of its own sensors, and of what else the caller holds.
    noticed
        How notices match.
    """
    answer = _answer(said.answer_probability, standing.answer)
    standing.life, transition, reason = advance(
        standing.life,
        Evidence(
            ballistic_probability=said.answer_probability[0],
            support=supported.support,
            support_reason=supported.reason,
            recent_support=supported.recent_support,
            changed=_changed(standing, answer, noticed, _astray(standing, said)),
        ),
    )
    if transition is Transition.NOTHING:
        return transition, reason
    if said.impact is not None and (
        transition is not Transition.UPDATED or standing.stated is None
    ):
        standing.stated = said.impact.area
    standing.answer, standing.notice = answer, noticed
    return transition, reason


@dataclass(slots=True, eq=False)
class Watch:
    """Turns tracks into alerts as their rows come.

    Parameters
    ----------
    settings
        What is assumed.
    """

    settings: Settings
    rounds: Rounds = field(init=False)
    _standings: dict[int, Standing] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        self.rounds = Rounds(self.settings)

    def step(
        self,
        estimates: Estimates,
        book: Book | None,
        *,
        notices: Sequence[Notice] = (),
        is_last: bool = False,
        say: Callable[[str, float], None] | None = None,
    ) -> Alerts:
        """Judge what is due among new rows.

        Parameters
        ----------
        estimates, book, is_last, say
            As ``Rounds.step`` takes them.
        notices
            Given in advance. They are matched and shown; no transition depends on them but
            *corrected*, where the match itself changes.
        """
        judged = self.rounds.step(estimates, book, is_last=is_last, say=say)
        alerts = Alerts(estimates=judged.estimates, judgements=judged.judgements)
        names = [each.name for each in self.settings.classes]
        for row, said in enumerate(statements(judged, class_names=names)):
            noticed = match(notices, said.seen) if notices else NONE_GIVEN
            mine = self._standings.setdefault(said.track, Standing())
            transition, reason = judged_anew(mine, said, said.supported, noticed)
            if transition is Transition.NOTHING:
                continue
            if mine.alert < 0:
                mine.alert = self._count
                self._count += 1
            alerts.row.append(row)
            alerts.alert.append(mine.alert)
            alerts.transition.append(transition)
            alerts.status.append(mine.life.status)
            alerts.notice.append(noticed)
            alerts.reason.append(reason)
            alerts.sources.append(said.supported.names)
            alerts.is_last_sight.append(said.is_last_sight)
        for track in judged.ended:
            self._standings.pop(track, None)
        return alerts


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
        Given in advance, as ``Watch.step`` takes them.
    limits
        How much one call may judge.
    report
        Called with a stage in words and the part that is done, 0 to 1.

    Returns
    -------
    Alerts
        In the order of ``known_ns``, then of tracks. The last judgement of each track is its last
        sight, whenever it was made.

    Raises
    ------
    InputError
        More tracks or notices than the limits allow, or positions that no object can have.
    """
    _check(estimates, len(notices), limits)
    say = report or _silent
    say("choosing instants", 0.0)
    book = None if looks is None else Book.of(looks)
    alerts = Watch(settings).step(
        estimates,
        book,
        notices=notices,
        is_last=True,
        say=lambda stage, part: say(stage, 0.1 + 0.8 * part),
    )
    say("matching and raising", 0.9)
    return _in_order(alerts)


def _in_order(alerts: Alerts) -> Alerts:
    """Put events into the order of ``known_ns``, then of tracks, and mark each last sight."""
    track, known_ns = alerts.estimates.track, alerts.estimates.known_ns
    last = dict(zip(track.tolist(), range(len(track)), strict=True))
    rows = np.array(alerts.row, dtype=np.int64)
    order = np.lexsort((track[rows], known_ns[rows])).tolist()
    lists = [name for name in Alerts.__slots__ if name not in ("estimates", "judgements")]
    columns: dict[str, Any] = {name: [getattr(alerts, name)[k] for k in order] for name in lists}
    columns["is_last_sight"] = [last[int(track[row])] == row for row in columns["row"]]
    return replace(alerts, **columns)


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


def _answer(shares: Sequence[float], before: int) -> int:
    """Return the likeliest answer; it changes only by a margin."""
    best = max(range(len(shares)), key=shares.__getitem__)
    if before >= 0 and shares[best] < shares[before] + CLASS_MARGIN:
        return before
    return best


def _changed(mine: Standing, answer: int, noticed: Matched, astray: str) -> str:
    """Say what no longer agrees with what was stated last; empty where all does."""
    parts = [astray] if astray else []
    if 0 <= mine.answer != answer:
        parts.append(f"now {ANSWERS[answer]}, no longer {ANSWERS[mine.answer]}")
    if mine.alert >= 0 and _noticed(noticed) != _noticed(mine.notice):
        parts.append(f"notice now {MATCH_WORDS[noticed.match]}: {noticed.reason}")
    return "; ".join(parts)


def _noticed(matched: Matched) -> tuple[Match, str]:
    """Return what counts as a change; that notices are given, and none fits, does not."""
    return max(matched.match, Match.UNMATCHED), matched.name


def _astray(mine: Standing, said: Statement) -> str:
    if mine.stated is None:
        return ""
    if said.motor is Motor.BURNS:
        return "the motor burns again: the impact stated no longer holds"
    if said.impact is not None:
        area = said.impact.area
        if mine.stated.outness(area.latitude_rad, area.longitude_rad) > STRAYED:
            return "the predicted impact has left the ellipse stated"
    return ""
