"""The watch floor: what becomes of each alert, from own tracks and from what others report.

Three kinds of alert, by origin:

*own*
    One for each launch that tracks of the centre show, as ``warning.watch`` has it; a joint
    centre's are those that it fuses. What confirms it are its sensors, and reports of others that
    agree. A track goes on with the alert of another that is surely of the same launch
    (``same_launch``); where that turns out wrong it gets an alert of its own.
*launch reports*
    What others report and no track here shows: one for each launch that reports agree upon.
*... alert report*
    A joint centre's alert, as it states it, beside this centre's own. An unconfirmed one that holds
    nothing but this nation's own news is an echo, and none.

Rules of the outcome:

1. One report, or several of one nation, never confirm: *unconfirmed*. Reports of two nations that
   agree in time, place and azimuth are *confirmed*. So is a track with the report of a nation that
   has no part in it. To any but that nation two sites of one nation are one report; its sensors of
   two kinds are not.
   At a joint centre tracks of one nation alone confirm nothing, and cancel nothing confirmed, while
   another that is believed and well heard could see the object and says nothing of it.
2. An alert report that rests on a nation's news confirms nothing of that nation's. One that does
   not say whose news it holds confirms nothing at all, nor does a report without an azimuth. One
   that comes from no joint centre rests on its sender's news too, whatever it says.
3. A joint centre's alert stands as that centre states it; where a contributor is not believed here
   it is unconfirmed.
4. Who is under suspicion confirms nothing. Who is named as a liar raises nothing either: an alert
   that it alone carries is cancelled, until a person clears it. Neither takes anything from an
   alert that others carry.
5. A confirmation is not lost with the support behind it. A cancellation by a sender takes back its
   own report; an alert that others carry is corrected, and cancelled with the last of them. Of
   tracks, as everywhere, two sources that still look must speak against a confirmed alert.
6. A report is of one launch. An alert whose reports all went to a nearer one is cancelled, as the
   same launch as another; so is one whose tracks go on with an older one. Where two tracks turn out
   to follow one object the older alert is corrected and goes on, and the younger is cancelled; a
   person's cancellation of either is overruled by better support only.
7. A person may cancel any alert; it comes back only with better support than it had.
8. A notice changes no outcome.

A nation states of its own tracks what its own sensors say, for its launch reports must hold nobody
else's news. A joint centre takes reports in as priors on place and time (``launches.together``).

====================  ========================================================
``board``             all alerts by their numbers, and how each is shown
``track_alerts``      those of tracks
``report_alerts``     those of launch reports alone, and a joint centre's beside
====================  ========================================================

*Assumed*: ``AGE_MAX_S`` is longer than any flight that matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from commonwatch.centre.alert import STANDS, AlertEvent, Fused, Judged
from commonwatch.centre.board import Board
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.events import PersonDecided
from commonwatch.centre.launch_reports import Body
from commonwatch.centre.report_alerts import ReportAlerts
from commonwatch.centre.track_alerts import TrackAlerts
from commonwatch.identity import NationId
from commonwatch.units import NS_PER_S
from commonwatch.warning.alert import Transition
from commonwatch.warning.notice import Notice

__all__ = ["AlertEvent", "Floor"]

AGE_MAX_S: Final = 7_200.0


class Floor:
    """The watch floor of a centre.

    Parameters
    ----------
    configuration
        The centre's.
    """

    def __init__(self, configuration: CentreConfiguration) -> None:
        self._board = Board(configuration)
        self._tracks = TrackAlerts(self._board)
        self._reported = ReportAlerts(self._board)
        self._tidied_ns = 0

    def step(
        self,
        *,
        own: Judged | None,
        joint: Fused | None,
        reports: Sequence[tuple[NationId, Body]],
        notices: Sequence[Notice],
        decisions: Sequence[PersonDecided],
        now_ns: int,
    ) -> tuple[AlertEvent, ...]:
        """Let alerts live on.

        Parameters
        ----------
        own, joint
            What is new from own sensors, and from tracks that others report.
        reports
            Words of others on events, each sender's in the order in which they were said.
        notices
            New ones.
        decisions
            Of persons at this floor.
        now_ns
            The present.

        Returns
        -------
        tuple of AlertEvent
            Tracks first, in the order of their statements; then what reports change.
        """
        board = self._board
        board.now_ns = now_ns
        board.notices |= {notice.name: notice for notice in notices}
        before = board.reports.named, board.reports.excluded
        self._doubt_whom(joint, decisions)
        changed = [
            report.key
            for sender, body in reports
            if (report := board.reports.hear(sender, body, now_ns)) is not None
        ]
        has_changed_mind = before != (board.reports.named, board.reports.excluded)
        events, is_new = self._tracks.judged(own, joint)
        if is_new or changed or has_changed_mind:
            keys = frozenset(changed)
            events += self._tracks.rematch(keys, everywhere=has_changed_mind)
            taken = self._tracks.taken
            events += self._reported.regroup(taken, keys, everywhere=has_changed_mind)
            for key in dict.fromkeys(changed):
                events += self._reported.stated_by_joint(board.reports.held[key])
        for decision in decisions:
            events += self._decided(decision)
        self._tidy()
        return tuple(events)

    def _doubt_whom(self, joint: Fused | None, decisions: Sequence[PersonDecided]) -> None:
        """Note who is under suspicion at present, and who of them is named."""
        reports = self._board.reports
        excluded: frozenset[NationId] = frozenset() if joint is None else joint.excluded
        named = {
            *reports.named,
            *(() if joint is None else (each.accused for each in joint.findings)),
        }
        named -= {each.nation for each in decisions if each.decision == "clear"}
        reports.excluded = tuple(sorted(excluded))
        reports.named = tuple(sorted(named & excluded))

    def _decided(self, decision: PersonDecided) -> list[AlertEvent]:
        """Carry out what a person decided; an alert that does not stand is left as it is."""
        board = self._board
        alert = board.alerts.get(decision.number)
        if alert is None or not alert.stands or decision.decision == "clear":
            return []
        alert.known_ns = board.now_ns
        why = f": {decision.reason}" if decision.reason else ""
        if decision.decision == "release":
            words = f"a person released its launch report{why}"
            return [board.event(alert, Transition.UPDATED, words)]
        alert.closed_at = STANDS.index(alert.status)
        alert.move(Transition.CANCELLED)
        return [board.event(alert, Transition.CANCELLED, f"a person cancelled it{why}")]

    def _tidy(self) -> None:
        """Forget what nothing was heard of for long; once a minute."""
        board = self._board
        if board.now_ns - self._tidied_ns < 60 * NS_PER_S:
            return
        self._tidied_ns = board.now_ns
        oldest_ns = board.now_ns - round(AGE_MAX_S * NS_PER_S)
        tracks = self._tracks.forget(oldest_ns)
        self._reported.forget(oldest_ns)
        board.forget(oldest_ns, tracks)
