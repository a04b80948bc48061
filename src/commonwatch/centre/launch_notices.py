"""Post-launch notices: that an announced launch was made, and when.

The memorandum of 16 December 2000 on notifications of launches asks for a notice after the launch
as well as before it. A centre gives it for launches of its own nation, where notice of them was
entered here and its own sensors show the launch: unasked, for it says no more than was announced,
and when. What was said and turns out wrong is said anew; with the alert taken back, so is the
notice.

Whoever hears one compares it with the alert that the notice explains.

==============  ==========================================================  =======
figure          source                                                      mark
==============  ==========================================================  =======
``STDS``        a time further off than this is another one                 assumed
``LEAST_S``     of one standard deviation, where less is stated             assumed
``KNOWN_MAX``   notices that are remembered                                 assumed
==============  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from commonwatch.centre.alert import AlertEvent
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.remarks import Remark
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Message, PostLaunchNotice, PreLaunchNotice
from commonwatch.units import NS_PER_S, utc_text
from commonwatch.warning.alert import Status
from commonwatch.warning.notice import MATCH_WORDS, Match, Notice

STDS: Final = 3.0
LEAST_S: Final = 1.0
KNOWN_MAX: Final = 10_000
MATCHED: Final = MATCH_WORDS[Match.MATCHED]


@dataclass(frozen=True, slots=True)
class _Launched:
    """What a partner has said of an announced launch, by the number of its message."""

    nation: NationId
    number: int
    launched_ns: int | None


@dataclass(slots=True, eq=False)
class LaunchNotices:
    """Remembers announced launches: whose they are, and what has become of them.

    Parameters
    ----------
    nation
        Whose centre it is.
    called
        Who is meant by what nations are called in notices, in small letters: names and titles of
        the own centre and of all partners.
    """

    nation: NationId
    called: Mapping[str, NationId]
    _given_by: dict[str, NationId] = field(default_factory=dict)
    """Of each notice whose launch it is, as far as that is a nation that this centre knows."""
    _said: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    """Of each notice the alert that showed its launch, and the time that was said."""
    _launched: dict[str, _Launched] = field(default_factory=dict)
    _alerts: dict[str, AlertEvent] = field(default_factory=dict)

    @staticmethod
    def of(configuration: CentreConfiguration) -> LaunchNotices:
        """Begin for a centre, with the notices that it holds from the start."""
        called = {}
        centres = [(each.nation, each.title) for each in configuration.partners]
        for nation, title in (*centres, (configuration.nation, configuration.title)):
            called[nation.casefold()] = called[title.casefold()] = nation
        notices = LaunchNotices(configuration.nation, called)
        notices.learn(configuration.notices, ())
        return notices

    def learn(self, entered: Iterable[Notice], messages: Iterable[Message]) -> None:
        """Remember whose launches are announced: typed in here, or by who gives notice itself.

        Parameters
        ----------
        entered
            Notices that a person typed in, whatever nation they name.
        messages
            Any; of pre-launch notices those count that a nation gives of its own launch.
        """
        given = {each.name: self.called.get(each.nation.casefold()) for each in entered}
        for message in messages:
            body = message.body
            if isinstance(body, PreLaunchNotice):
                launching = self.called.get(body.launching.casefold())
                if launching == message.originator:
                    given.setdefault(body.notice, launching)
        for name, nation in given.items():
            if nation is not None and len(self._given_by) < KNOWN_MAX:
                self._given_by.setdefault(name, nation)

    def on_alert(self, event: AlertEvent) -> tuple[list[PostLaunchNotice], list[Remark]]:
        """Take an event in the life of an alert; say what is to be told, and remarked."""
        if event.notice_match != MATCHED or event.launch_time_ns is None:
            return [], []
        name = event.notice
        is_new = name not in self._alerts or self._alerts[name].alert != event.alert
        self._alerts[name] = event
        remarks = [self._compared(name)] if is_new and name in self._launched else []
        return self._say(name, event), remarks

    def hear(self, messages: Iterable[Message]) -> list[tuple[dict[str, Any], Remark]]:
        """Take post-launch notices of partners: of each what is noted, and what is remarked."""
        heard = []
        for message in messages:
            body = message.body
            if not isinstance(body, PostLaunchNotice):
                continue
            remark = self._heard(message.originator, message.number, body)
            content = {
                "notice": body.notice,
                "nation": message.originator,
                "launched_ns": body.launched_ns,
                "words": remark.words,
            }
            heard.append((content, remark))
        return heard

    def _say(self, name: str, event: AlertEvent) -> list[PostLaunchNotice]:
        """Say of an own launch that it was made, once; anew where that has changed."""
        is_own = self._given_by.get(name) == self.nation and event.origin == "own"
        if not is_own or event.launch_time_ns is None:
            return []
        alert, said_ns = self._said.get(name, (event.alert, None))
        if event.status == Status.CANCELLED:
            if said_ns is None or alert != event.alert:
                return []
            self._said[name] = event.alert, None
            return [PostLaunchNotice(notice=name, launched_ns=None)]
        if said_ns is not None and (alert != event.alert or _agrees(event, said_ns)):
            return []
        self._said[name] = event.alert, event.launch_time_ns
        return [PostLaunchNotice(notice=name, launched_ns=event.launch_time_ns)]

    def _heard(self, nation: NationId, number: int, body: PostLaunchNotice) -> Remark:
        name = body.notice
        if self._given_by.get(name) != nation:
            return Remark(alert=-1, words=f'no notice "{name}" of {nation} is known here')
        before = self._launched.get(name)
        if before is not None and before.number > number:
            return Remark(alert=-1, words="an earlier word than the one that is held")
        self._launched[name] = _Launched(nation, number, body.launched_ns)
        return self._compared(name)

    def _compared(self, name: str) -> Remark:
        """Compare what the launching nation says with the alert that its notice explains."""
        told, event = self._launched[name], self._alerts.get(name)
        if told.launched_ns is None:
            words = f'{told.nation} says that "{name}" was not launched'
        else:
            words = f'{told.nation} says that "{name}" was launched at {utc_text(told.launched_ns)}'
        if event is None or event.status == Status.CANCELLED or event.launch_time_ns is None:
            return Remark(alert=-1, words=f"{words}; no alert here is of it")
        if told.launched_ns is None:
            return Remark(alert=event.alert, words=f"{words}; this alert is of it")
        later_s = (told.launched_ns - event.launch_time_ns) / NS_PER_S
        agrees = "agrees" if _agrees(event, told.launched_ns) else "does not agree"
        words += f", which {agrees} with what is seen here: {later_s:+.0f} s"
        return Remark(alert=event.alert, words=words)


def _agrees(event: AlertEvent, launched_ns: int) -> bool:
    """Say whether a time lies within ``STDS`` deviations of when an alert has the launch."""
    off_s = abs(launched_ns - (event.launch_time_ns or 0)) / NS_PER_S
    return off_s <= STDS * max(event.launch_time_std_s or 0.0, LEAST_S)
