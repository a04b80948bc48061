"""What happens to a centre: the only things that change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.detection import Detections
from commonwatch.warning.notice import Notice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectionsArrived:
    """Detections of own sensors: ``detections.sensor`` counts in the configuration's order."""

    detections: Detections


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksReported:
    """When each own sensor last looked, whether or not it saw anything: word of its line.

    It comes at regular intervals, and comes as well where no sensor has looked since: that is the
    news. ``time_ns`` and ``looks`` are by the clock of the lines.
    """

    time_ns: int
    looks: tuple[tuple[SensorId, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageArrived:
    """An envelope as it came from the link; from whom is for the envelope to say and to prove."""

    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEntered:
    """A notice of a launch to come, typed in at the watch floor."""

    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDecided:
    """A person at the watch floor decided.

    *release*: the launch report of alert ``number`` may go out. *cancel*: alert ``number`` is
    cancelled. *clear*: ``nation`` is believed again. *ask*: ``nation`` is asked about alert
    ``number``, in the words of ``reason``. *answer*: so is question ``number`` of ``nation``
    answered.
    """

    decision: Literal["release", "cancel", "clear", "ask", "answer"]
    number: int = -1
    nation: NationId | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """The centre goes on with less of its ledger than there was.

    Parameters
    ----------
    words
        What was found, and where.
    set_aside_count
        Lines that no longer count.
    is_in_doubt
        Whether somebody may have been told of an event and nothing that is left says so.
    """

    words: str
    set_aside_count: int
    is_in_doubt: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event: TypeAlias = (
    DetectionsArrived
    | LooksReported
    | MessageArrived
    | NoticeEntered
    | PersonDecided
    | Restarted
    | Tick
)
