"""Questions about events that are not clear, and answers to them: between people, by policy.

A person here asks one partner about an alert; a person there answers. The answer is shown as a
remark on the alert, which it never confirms: it has no pedigree, and who says "we see it too" may
have heard it from us. Words are for people to watch; but a question tells a partner of no event
that rests on others' news, unless it was told of it, nor of a launch from the own territory of
which policy does not speak; and of an event it says no more than the minute and the degree.

===============  =============================================================  =======
figure           source                                                         mark
===============  =============================================================  =======
``OPEN_MAX``     questions of one partner that wait for an answer here          assumed
``ASKED_MAX``    own questions whose answers are awaited                        assumed
===============  =============================================================  =======
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from commonwatch.centre.alert import AlertEvent
from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.events import PersonDecided
from commonwatch.centre.remarks import Remark
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Answer, Question
from commonwatch.units import utc_text
from commonwatch.warning.alert import Status

OPEN_MAX: Final = 100
ASKED_MAX: Final = 1_000
TEXT_MAX: Final = 1_000


@dataclass(slots=True, eq=False)
class Questions:
    """Remembers what was asked, by whom and of whom.

    Parameters
    ----------
    configuration
        The centre's.
    """

    configuration: CentreConfiguration
    _asked: dict[int, tuple[NationId, int]] = field(default_factory=dict)
    """By the number of an own question: of whom, and about which alert."""
    _open: dict[tuple[NationId, int], None] = field(default_factory=dict)

    def ask(
        self, decision: PersonDecided, alert: AlertEvent | None, *, is_told: bool
    ) -> Question | str:
        """Make the question that a person asks about an alert; or say why there is none.

        Parameters
        ----------
        decision
            Of whom, and in which words.
        alert
            As it is shown here; None for no such.
        is_told
            Whether the partner has been told of it.
        """
        if decision.nation is None or self.configuration.partner(decision.nation) is None:
            return f"no partner {decision.nation} to ask"
        if alert is None or alert.status == Status.CANCELLED:
            return f"no alert {decision.number} that stands"
        if not is_told and (self.configuration.is_joint or alert.origin != "own"):
            return "what rests on others' news is not asked about where it was not told"
        if self._is_own_launch(alert):
            return "a launch from the own territory, or one that may be, is not asked about"
        if len(self._asked) >= ASKED_MAX:
            return f"{ASKED_MAX} questions wait for an answer"
        return Question(about=about(alert), text=decision.reason[:TEXT_MAX])

    def asked(self, number: int, of: NationId, alert: int) -> None:
        """Remember under which number a question went out.

        Parameters
        ----------
        number
            Of the message that asks.
        of
            Who is asked.
        alert
            About which own alert.
        """
        self._asked[number] = of, alert

    def hear_question(self, sender: NationId, number: int) -> bool:
        """Remember a question that waits for an answer; False where there are too many.

        Parameters
        ----------
        sender
            Who asks; at most ``OPEN_MAX`` questions of one wait at a time.
        number
            Of the message that asks, as its sender counts.
        """
        if sum(name == sender for name, _ in self._open) >= OPEN_MAX:
            return False
        self._open[sender, number] = None
        return True

    def answer(self, decision: PersonDecided) -> Answer | str:
        """Make the answer that a person gives; or say why there is none."""
        key = decision.nation or NationId(""), decision.number
        if key not in self._open:
            return f"no question {decision.number} of {decision.nation} waits for an answer"
        del self._open[key]
        return Answer(question=decision.number, text=decision.reason[:TEXT_MAX])

    def hear_answer(self, sender: NationId, body: Answer) -> Remark:
        """Take an answer: a remark on the alert that was asked about, if this partner was asked.

        Parameters
        ----------
        sender
            Who answers.
        body
            The answer, with the number of the question.

        Returns
        -------
        Remark
            On no alert, -1, where this partner was not asked that; then nothing is forgotten.
        """
        of, alert = self._asked.get(body.question, (None, -1))
        if of != sender:
            return Remark(alert=-1, words=f"{sender} answers what it was not asked")
        del self._asked[body.question]
        return Remark(alert=alert, words=f"{sender} answers: {body.text}")

    def _is_own_launch(self, alert: AlertEvent) -> bool:
        policy, area = self.configuration.policy, alert.launch_area
        if not policy.territory or policy.own_launches == "share":
            return False
        return area is None or any(
            box.holds(area.latitude_deg, area.longitude_deg) for box in policy.territory
        )


def about(alert: AlertEvent) -> str:
    """Say which event is meant: to the minute and the degree, whatever is known of it."""
    if alert.launch_time_ns is None or alert.launch_area is None:
        return "an event that is not clear"
    minute = utc_text(alert.launch_time_ns)[:16] + "Z"
    latitude, longitude = alert.launch_area.latitude_deg, alert.launch_area.longitude_deg
    return f"a launch at {minute} near latitude {latitude:.0f}, longitude {longitude:.0f}"
