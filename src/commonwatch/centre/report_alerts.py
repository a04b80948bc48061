"""Alerts on what others report: of launches that no track here shows, and of a joint centre's."""

from __future__ import annotations

from commonwatch.centre.alert import (
    CONFIRMING,
    LAUNCH_REPORTS,
    STANDS,
    SUPPORTS,
    Alert,
    AlertEvent,
    heir,
)
from commonwatch.centre.board import Board
from commonwatch.centre.launch_reports import Key, Report
from commonwatch.sharing.messages import AlertReport
from commonwatch.warning.alert import Status, Transition
from commonwatch.warning.source import Support, support
from commonwatch.warning.watch import Standing


class ReportAlerts:
    """Raises alerts on reports, and lets them live on.

    Parameters
    ----------
    board
        All alerts of the floor.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._reports = board.reports
        self._beside: dict[Key, Alert] = {}
        self._grouped_of: tuple[int, frozenset[Key]] = (-1, frozenset())

    def regroup(
        self, taken: frozenset[Key], changed: frozenset[Key], *, everywhere: bool
    ) -> list[AlertEvent]:
        """Put reports without a track together anew, and say what that changes.

        Parameters
        ----------
        taken
            Reports that tracks have.
        changed
            Reports that are new or say something new.
        everywhere
            Whether others are believed than before.
        """
        told = self._reports.version, taken
        if told == self._grouped_of and not everywhere:
            return []
        self._grouped_of = told
        found = {
            company: support(self._reports.sources(company, ()))
            for company in self._reports.among_themselves(taken)
        }
        left = [a for a in self._board.alerts.values() if a.origin == LAUNCH_REPORTS]
        events = []
        for company in sorted(found, key=lambda each: (found[each][0] is Support.NONE, each)):
            alert = heir(
                company,
                left,
                self._reports,
                is_confirmed=found[company][0] is not Support.NONE,
            )
            if alert is None:
                alert = Alert(number=-1, origin=LAUNCH_REPORTS, standing=Standing())
            else:
                left.remove(alert)
            events += self._grouped(alert, company, found[company], changed)
        for alert in left:
            if alert.stands:
                alert.known_ns = self._board.now_ns
                alert.move(Transition.CANCELLED)
                events.append(
                    self._board.event(alert, Transition.CANCELLED, self._board.doubt(alert))
                )
        return events

    def _grouped(
        self,
        alert: Alert,
        company: tuple[Key, ...],
        found: tuple[Support, str],
        changed: frozenset[Key],
    ) -> list[AlertEvent]:
        """Let the alert of a company of reports live on."""
        before, alert.reports = alert.reports, company
        events = []
        words = self._reports.changes(before, company, changed, has_track=False)
        if not alert.stands:
            if not (words or before != company) and alert.closed_at >= 0:
                return []
            if not alert.may_rise(found[0]):
                return []
            names = " and ".join(self._reports.held[key].name for key in company)
            alert.move(Transition.RAISED)
            events.append(self._board.event(self._board.numbered(alert), Transition.RAISED, names))
        if found[0] is Support.INDEPENDENT and alert.status is Status.UNCONFIRMED:
            alert.move(Transition.CONFIRMED)
            events.append(self._board.event(alert, Transition.CONFIRMED, found[1]))
        elif words and not events:
            is_gain = set(company) > set(before)
            kind = Transition.UPDATED if is_gain else Transition.CORRECTED
            events.append(self._board.event(alert, kind, words))
        if events:
            alert.known_ns = self._board.now_ns
        return events

    def stated_by_joint(self, report: Report) -> list[AlertEvent]:
        """Show what a joint centre states of an alert of its own."""
        if not self._reports.is_shown_beside(report) or not isinstance(report.body, AlertReport):
            return []
        alert = self._beside.get(report.key)
        if alert is None:
            if report.is_cancelled or self._reports.is_echo(report):
                return []
            alert = Alert(number=-1, origin=report.name, standing=Standing())
            alert.reports = (report.key,)
            self._beside[report.key] = alert
        alert.known_ns = self._board.now_ns
        if report.is_cancelled:
            if not alert.stands:
                return []
            return [self._board.event(alert, alert.move(Transition.CANCELLED), report.reason)]
        said = Status(report.body.status)
        if not self._reports.is_believed(report.key):
            said = Status.UNCONFIRMED
        rank, events = STANDS.index(said), []
        reason = report.reason or report.body.evidence
        if not alert.stands:
            if not alert.may_rise(SUPPORTS[rank]):
                return []
            alert.move(Transition.RAISED)
            events.append(self._board.event(self._board.numbered(alert), Transition.RAISED, reason))
        if rank > STANDS.index(alert.status):
            transition = CONFIRMING[rank - 1]
            alert.move(transition)
            events.append(self._board.event(alert, transition, reason))
        elif not events:
            kind = Transition.CORRECTED if report.reason else Transition.UPDATED
            events.append(self._board.event(alert, kind, reason))
        return events

    def forget(self, oldest_ns: int) -> None:
        """Leave out what nothing was heard of since."""
        self._beside = {k: a for k, a in self._beside.items() if a.known_ns >= oldest_ns}
