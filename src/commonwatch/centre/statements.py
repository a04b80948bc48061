"""What a centre has to say of its alerts: launch reports, joint alerts, corrections, cancellations.

A nation's launch report waits for a person to release it; from then on what changes is corrected
and what is cancelled is cancelled, at once and without asking again. A joint centre's alerts go
back to the nations at once: they rest on what nations have released.

==============  ==========================================================  =======
figure          source                                                      mark
==============  ==========================================================  =======
``STDS``        a time further off than this has changed                    assumed
``SHARPER``     a half-axis so much shorter is worth another word           assumed
==============  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from commonwatch.centre.floor import AlertEvent
from commonwatch.centre.launches import ellipse_of
from commonwatch.sharing.ledger import Told
from commonwatch.sharing.messages import (
    AlertReport,
    Area,
    Body,
    Cancellation,
    Correction,
    LaunchReport,
)
from commonwatch.units import NS_PER_S
from commonwatch.warning.alert import Status

OWN: Final = frozenset({"own"})
JOINT: Final = frozenset({"own", "launch reports"})
"""Origins of alerts that are said: a nation says what its own sensors show, and nobody else's news;
the joint centre what it makes of others' as well."""
TEXT_MAX: Final = 1_000
STDS: Final = 3.0
SHARPER: Final = 0.7


@dataclass(slots=True, eq=False)
class Statements:
    """Remembers what was said of each alert.

    Parameters
    ----------
    is_joint
        Whether alerts go out as joint alerts, at once.
    """

    is_joint: bool
    latest: dict[int, AlertEvent] = field(default_factory=dict)
    released: set[int] = field(default_factory=set)
    said: dict[int, LaunchReport | AlertReport] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)
    """Alerts of which somebody knows though nothing is remembered as said, or may know."""

    def release(self, alert: int) -> list[Body]:
        """Say the launch report of an alert, which a person has released."""
        self.released.add(alert)
        event = self.latest.get(alert)
        return [] if event is None or event.status == Status.CANCELLED else self._first(event)

    def recall(self, told: Told) -> None:
        """Take from the ledger of which alerts anyone knows: a snapshot may be too old."""
        self.told |= {event for event, _ in told}

    def standing(self) -> list[LaunchReport | AlertReport]:
        """Return what would be said now of each alert that is not cancelled."""
        reports = [
            self._report(event)
            for event in self.latest.values()
            if event.status != Status.CANCELLED
        ]
        return [report for report in reports if report is not None]

    def on_alerts(self, events: Sequence[AlertEvent]) -> list[Body]:
        """Say what a step's events in the lives of alerts make it necessary to say.

        Parameters
        ----------
        events
            All of one step, in order. Only the last of each alert is said: what is said is what
            later events are held against, and an earlier word of the same step reaches nobody, for
            the later takes its place in the outbox.
        """
        last = {event.alert: event for event in events}
        return [body for event in last.values() for body in self._on_alert(event)]

    def _on_alert(self, event: AlertEvent) -> list[Body]:
        if event.origin not in (JOINT if self.is_joint else OWN):
            return []
        self.latest[event.alert] = event
        if event.status == Status.CANCELLED:
            return self._cancelled(event)
        if event.alert not in self.said:
            return self._first(event)
        return self._again(event)

    def _first(self, event: AlertEvent) -> list[Body]:
        is_due = self.is_joint or event.alert in self.released
        if not is_due or event.alert in self.said:
            return []
        said = self._report(event)
        if said is None:
            return []
        self.said[event.alert] = said
        return [said]

    def _again(self, event: AlertEvent) -> list[Body]:
        """Correct what was said, where it was corrected or more is known now."""
        before, now = self.said[event.alert], self._report(event)
        if now is None or now == before:
            return []
        self.said[event.alert] = now
        if isinstance(now, AlertReport) and isinstance(before, AlertReport):
            is_other = (now.status, now.contributors) != (before.status, before.contributors)
            if is_other or is_sharper(before.launch, now.launch):
                return [now]
        reason = changed(launch_of(before), launch_of(now))
        if reason:
            return [Correction(event=event.alert, corrected=now, reason=reason[:TEXT_MAX])]
        self.said[event.alert] = before
        return []

    def _cancelled(self, event: AlertEvent) -> list[Body]:
        if self.said.pop(event.alert, None) is None and event.alert not in self.told:
            return []
        return [Cancellation(event=event.alert, reason=event.reason[:TEXT_MAX])]

    def _report(self, event: AlertEvent) -> LaunchReport | AlertReport | None:
        launch = launch_report(event)
        if launch is None or not self.is_joint:
            return launch
        return AlertReport(
            event=event.alert,
            status=event.status,  # type: ignore[arg-type]
            launch=launch,
            assessment=event.assessment,
            ballistic_probability=event.ballistic_probability or 0.0,
            contributors=event.contributors,
            evidence=event.evidence[:TEXT_MAX],
        )


def launch_of(said: LaunchReport | AlertReport) -> LaunchReport:
    """Return what was said of the launch."""
    return said.launch if isinstance(said, AlertReport) else said


def changed(before: LaunchReport, now: LaunchReport) -> str:
    """Say what no longer agrees with what was said, or is said for the first time; else nothing.

    Parameters
    ----------
    before, now
        What was said of one launch, and what would be said now.

    Notes
    -----
    A place has changed that lies outside the ellipse stated before, a time that lies further off
    than ``STDS`` standard deviations of it.
    """
    words = []
    if now.range_class != before.range_class and before.range_class:
        words.append(f"range class now {now.range_class or 'not known'}")
    if is_outside(before.launch_area, now.launch_area):
        words.append("the launch point has left the area stated")
    if before.impact_area is None and now.impact_area is not None:
        words.append("impact known")
    elif before.impact_area is not None and now.impact_area is None:
        words.append("the impact stated no longer holds")
    elif before.impact_area is not None and now.impact_area is not None:
        if is_outside(before.impact_area, now.impact_area):
            words.append("the impact has left the area stated")
        elif is_sharper(before, now):
            words.append("impact area narrowed")
    later_s = abs(now.launch_time_ns - before.launch_time_ns) / NS_PER_S
    if later_s > STDS * max(before.launch_time_std_s, 1.0):
        words.append("launch time changed")
    return "; ".join(words)


def is_sharper(before: LaunchReport, now: LaunchReport) -> bool:
    """Say whether the impact is known much better than it was said.

    Parameters
    ----------
    before, now
        What was said of one launch, and what would be said now.

    Returns
    -------
    bool
        Whether the long half-axis of the impact is below ``SHARPER`` times what it was, or the
        impact is known for the first time.
    """
    if now.impact_area is None:
        return False
    if before.impact_area is None:
        return True
    return now.impact_area.long_half_axis_m < SHARPER * before.impact_area.long_half_axis_m


def is_outside(stated: Area, place: Area) -> bool:
    """Say whether the middle of one area lies outside another.

    Parameters
    ----------
    stated
        A 95 % ellipse.
    place
        Its middle alone counts.
    """
    point = ellipse_of(place)
    return ellipse_of(stated).outness(point.latitude_rad, point.longitude_rad) > 1.0


def launch_report(event: AlertEvent) -> LaunchReport | None:
    """Make the launch report of an alert; None while time and area of the launch are not known."""
    if event.launch_time_ns is None or event.launch_area is None:
        return None
    has_impact = event.impact_area is not None and event.impact_time_ns is not None
    return LaunchReport(
        event=event.alert,
        launch_time_ns=event.launch_time_ns,
        launch_time_std_s=event.launch_time_std_s or 0.0,
        range_class=event.range_class,
        launch_area=event.launch_area,
        azimuth_deg=event.azimuth_deg,
        azimuth_std_deg=event.azimuth_std_deg,
        impact_area=event.impact_area if has_impact else None,
        impact_time_ns=event.impact_time_ns if has_impact else None,
        impact_time_std_s=event.impact_time_std_s if has_impact else None,
    )
