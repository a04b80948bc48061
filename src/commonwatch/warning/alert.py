"""The life of an alert: a table of transitions, each with its evidence.

::

    (none) ──raised──► unconfirmed ──confirmed, single kind──► confirmed, single kind
                        │      └──────────confirmed──────────►  confirmed ◄──confirmed──┘
                        └──cancelled──► cancelled ◄──cancelled── (either, never by one source)

*Updated* and *corrected* leave the status as it is; *raised* opens a cancelled alert again.

==========================  ==================================================  =======
figure                      source                                              mark
==========================  ==================================================  =======
``RAISE_MIN``               an alert is raised at once unless evidence speaks   assumed
                            against it
``CONFIRM_MIN``             while a motor burns, missile and space launch look   assumed
                            alike: what is confirmed is one of the two
``CANCEL_MAX``              far below ``RAISE_MIN``: no flicker                 assumed
``CANCEL_COUNT``            judgements in a row that say so                     assumed
==========================  ==================================================  =======
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from commonwatch.warning.source import Support

RAISE_MIN: Final = 0.2
CONFIRM_MIN: Final = 0.3
CANCEL_MAX: Final = 0.05
CANCEL_COUNT: Final = 2


class Status(StrEnum):
    """How much an alert is worth."""

    NONE = "none"
    UNCONFIRMED = "unconfirmed"
    SINGLE_KIND = "confirmed, single kind"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


ANY_CONFIRMED: Final = (Status.SINGLE_KIND, Status.CONFIRMED)
"""What counts as a confirmed alert wherever one is counted, be it of two sites of one nation."""


class Transition(StrEnum):
    """What happens to an alert."""

    NOTHING = "nothing"
    RAISED = "raised"
    UPDATED = "updated"
    CORRECTED = "corrected"
    SINGLE_KIND = "confirmed, single kind"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


TRANSITIONS: Final = {
    (Status.NONE, Transition.NOTHING): Status.NONE,
    (Status.NONE, Transition.RAISED): Status.UNCONFIRMED,
    (Status.UNCONFIRMED, Transition.UPDATED): Status.UNCONFIRMED,
    (Status.UNCONFIRMED, Transition.CORRECTED): Status.UNCONFIRMED,
    (Status.UNCONFIRMED, Transition.SINGLE_KIND): Status.SINGLE_KIND,
    (Status.UNCONFIRMED, Transition.CONFIRMED): Status.CONFIRMED,
    (Status.UNCONFIRMED, Transition.CANCELLED): Status.CANCELLED,
    (Status.SINGLE_KIND, Transition.UPDATED): Status.SINGLE_KIND,
    (Status.SINGLE_KIND, Transition.CORRECTED): Status.SINGLE_KIND,
    (Status.SINGLE_KIND, Transition.CONFIRMED): Status.CONFIRMED,
    (Status.SINGLE_KIND, Transition.CANCELLED): Status.CANCELLED,
    (Status.CONFIRMED, Transition.UPDATED): Status.CONFIRMED,
    (Status.CONFIRMED, Transition.CORRECTED): Status.CONFIRMED,
    (Status.CONFIRMED, Transition.CANCELLED): Status.CANCELLED,
    (Status.CANCELLED, Transition.NOTHING): Status.CANCELLED,
    (Status.CANCELLED, Transition.RAISED): Status.UNCONFIRMED,
}
"""Every transition there is; what is not here does not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an alert is judged by at one instant. A notice is not among it.

    Parameters
    ----------
    ballistic_probability
        That the object is a ballistic missile.
    support, support_reason
        Of all sources so far.
    recent_support
        Of the sources that have looked lately: who may cancel.
    changed
        What no longer agrees with what was stated last, in words; empty where all does.
    """

    ballistic_probability: float
    support: Support
    support_reason: str
    recent_support: Support
    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where an alert stands.

    Parameters
    ----------
    status
        Its status.
    against_count
        Judgements in a row that speak for cancelling.
    """

    status: Status = Status.NONE
    against_count: int = 0


def advance(life: Life, evidence: Evidence) -> tuple[Life, Transition, str]:
    """Take one step in the life of an alert.

    Parameters
    ----------
    life
        Where it stands.
    evidence
        What is known now.

    Returns
    -------
    life
        Where it stands afterwards.
    transition
        What happened.
    reason
        Why, in words.

    Notes
    -----
    A confirmed alert is cancelled only by evidence of two independent sources that both still look;
    support that is lost never takes a confirmation back. There is no way here for a notice to
    change anything.
    """
    probability = evidence.ballistic_probability
    against = life.against_count + 1 if probability < CANCEL_MAX else 0
    transition, reason = _transition(life.status, evidence, against)
    status = TRANSITIONS[life.status, transition]
    return Life(status=status, against_count=against), transition, reason


def _transition(status: Status, evidence: Evidence, against: int) -> tuple[Transition, str]:
    probability = f"ballistic with probability {evidence.ballistic_probability:.2f}"
    if status in (Status.NONE, Status.CANCELLED):
        is_raised = evidence.ballistic_probability >= RAISE_MIN
        return (Transition.RAISED if is_raised else Transition.NOTHING), probability
    if against >= CANCEL_COUNT:
        if status is Status.UNCONFIRMED or evidence.recent_support is not Support.NONE:
            return Transition.CANCELLED, f"{probability}, {against} judgements in a row"
        return Transition.UPDATED, f"{probability}, but one source alone cancels nothing"
    confirmation = _confirmation(status, evidence)
    if confirmation is not Transition.NOTHING:
        return confirmation, evidence.support_reason
    if evidence.changed:
        return Transition.CORRECTED, evidence.changed
    return Transition.UPDATED, evidence.support_reason


def _confirmation(status: Status, evidence: Evidence) -> Transition:
    """Say how the alert is confirmed beyond what it is already; nothing where it is not."""
    if evidence.ballistic_probability < CONFIRM_MIN:
        return Transition.NOTHING
    if evidence.support is Support.INDEPENDENT and status is not Status.CONFIRMED:
        return Transition.CONFIRMED
    if evidence.support is Support.SINGLE_KIND and status is Status.UNCONFIRMED:
        return Transition.SINGLE_KIND
    return Transition.NOTHING
