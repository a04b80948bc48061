"""The board of a watch floor: all alerts by their numbers, and what each of them is shown with."""

from __future__ import annotations

from collections.abc import Iterable

from commonwatch.centre.alert import OWN, Alert, AlertEvent, event_of, seen_of, stated
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.launch_reports import Reports, Track
from commonwatch.centre.same_launch import Kinship
from commonwatch.identity import NationId
from commonwatch.warning.alert import Status, Transition
from commonwatch.warning.notice import NOT_KNOWN, Matched, Seen, match
from commonwatch.warning.source import Source


class Board:
    """What those who raise alerts on a floor share.

    Parameters
    ----------
    configuration
        The centre's.
    """

    def __init__(self, configuration: CentreConfiguration) -> None:
        self.reports = Reports(
            configuration.nation,
            tuple(sorted(each.nation for each in configuration.partners if each.is_joint)),
        )
        self.notices = {notice.name: notice for notice in configuration.notices}
        self.alerts: dict[int, Alert] = {}
        self.kinship = Kinship()
        self.now_ns = 0
        self.nation = configuration.nation
        self._is_joint = configuration.is_joint
        self._next = 0

    def numbered(self, alert: Alert) -> Alert:
        """Give an alert its number, where it has none."""
        if alert.number < 0:
            alert.number = alert.standing.alert = self._next
            self.alerts[alert.number] = alert
            self._next += 1
        return alert

    def match(self, seen: Seen) -> Matched:
        """Say which notice fits."""
        return match(tuple(self.notices.values()), seen) if self.notices else NOT_KNOWN

    def doubt(self, alert: Alert) -> str:
        """Say why nothing is left of an alert."""
        held = self.reports.held
        back = [held[key] for key in alert.reports if held[key].is_cancelled]
        if back:
            return "; ".join(f"{each.name} taken back: {each.reason}" for each in back)
        doubted = [name for name in alert.contributors if name in self.reports.named]
        if doubted:
            return f"rests only on {', '.join(doubted)}, named as a liar"
        return self._elsewhere(alert)

    def _elsewhere(self, alert: Alert) -> str:
        numbers = sorted(
            other.number
            for other in self.alerts.values()
            if other is not alert and set(other.reports) & set(alert.reports)
        )
        return f"the same launch as alert {numbers[0]}" if numbers else "nothing is left of it"

    def _behind(self, alert: Alert) -> tuple[Source, ...]:
        """Return sensors and reports behind an alert at present."""
        whole = alert.sources if alert.strands else ()
        sources = tuple(each for each in whole if each.nation not in self.reports.named)
        for key in alert.reports:
            report = self.reports.held[key]
            alert.credit(report.contributors)
        nations = {NationId(each.nation) for each in sources if each.nation}
        if alert.origin == OWN and not self._is_joint:
            nations.add(self.nation)
        alert.credit(nations)
        return sources

    def event(self, alert: Alert, transition: Transition, reason: str) -> AlertEvent:
        """Make an event of what has happened.

        Parameters
        ----------
        alert
            After what has happened to it. One that is cancelled is forgotten as kin of others.
        transition
            What has happened.
        reason
            Why, in words.
        """
        said, launch = alert.said, stated(alert, self.reports, is_joint=self._is_joint)
        sources = self._behind(alert)
        if alert.status is Status.CANCELLED:
            self.kinship.forget(alert.number)
        held = self.reports.held
        names = [each.name for each in sources] + [held[key].name for key in alert.reports]
        seen = said.seen if said is not None else seen_of(launch, self.now_ns)
        return event_of(
            alert,
            transition,
            reason,
            launch=launch,
            sources=", ".join(dict.fromkeys(names)),
            stated=held[alert.reports[0]].body if alert.origin != OWN else None,
            noticed=self.match(seen),
            now_ns=self.now_ns,
        )

    def forget(self, oldest_ns: int, tracks: Iterable[Track]) -> None:
        """Leave out alerts and reports that nothing was heard of since, and tracks.

        Parameters
        ----------
        oldest_ns
            What was last heard of before this time goes, but for reports that an alert rests on.
        tracks
            Whose launches are compared with reports no more.
        """
        for number in [n for n, a in self.alerts.items() if a.known_ns < oldest_ns]:
            del self.alerts[number]
            self.kinship.forget(number)
        needed = {key for alert in self.alerts.values() for key in alert.reports}
        held = self.reports.held
        keys = [k for k in held if held[k].heard_ns < oldest_ns and k not in needed]
        self.reports.forget(keys, tracks)
