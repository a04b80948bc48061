"""Which sensors work: own ones by their looks, partners' by what they say.

A radar that sees nothing and one that is broken send the same detections: none. What tells them
apart is that a working sensor looks: the line from it says so at regular intervals, whether or not
there was anything to see. Times are those of the lines, so that a wrong clock of the centre makes
no sensor seem out of order.

=================  =============================================================  =======
figure             source                                                         mark
=================  =============================================================  =======
``LOOKS_MISSED``   one look may be lost, two in a row hardly                      assumed
``LATE_S``         a look is under way for up to 3 s, and some to spare           assumed
``KNOWN_MAX``      sensors of one partner of which a status is kept               assumed
=================  =============================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from commonwatch.centre.events import LooksReported
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.ledger import Entry
from commonwatch.sharing.messages import Message, SensorStatus
from commonwatch.units import NS_PER_S

LOOKS_MISSED: Final = 3
LATE_S: Final = 5.0
KNOWN_MAX: Final = 256

Outages = Mapping[NationId, Mapping[SensorId, int]]
"""Of each nation the sensors that are out of order, and since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLearned:
    """That a sensor works, or does not, since when; ``number`` of the message that said so."""

    nation: NationId
    sensor: SensorId
    is_working: bool
    since_ns: int
    number: int = -1

    def note(self) -> dict[str, Any]:
        """Return the content of an entry of the ledger."""
        content: dict[str, Any] = {
            "nation": self.nation,
            "sensor": self.sensor,
            "is_working": self.is_working,
            "since_ns": self.since_ns,
        }
        return content if self.number < 0 else content | {"number": self.number}


def silence_allowed_ns(sensor: Sensor) -> int:
    """Return how long after its last look a sensor may say nothing, ns."""
    if isinstance(sensor, InfraredSatellite):
        interval_s = sensor.revisit_s
    else:
        interval_s = sensor.track_interval_s
    return round((LOOKS_MISSED * interval_s + LATE_S) * NS_PER_S)


@dataclass(slots=True, eq=False)
class SensorStatuses:
    """Remembers which sensors work.

    Parameters
    ----------
    nation
        Whose centre it is.
    allowed_ns
        Of each own sensor: how long it may be silent. A joint centre has none of its own.

    Notes
    -----
    Until it is told of, a sensor counts as working; an own one is watched from the first word of
    its line on. Of partners' words on a sensor the one with the highest number counts, in whatever
    order they arrive.
    """

    nation: NationId
    allowed_ns: dict[SensorId, int]
    _looked_ns: dict[SensorId, int] = field(default_factory=dict)
    _known: dict[tuple[NationId, SensorId], StatusLearned] = field(default_factory=dict)
    _is_to_be_repeated: bool = False

    @staticmethod
    def of(nation: NationId, sensors: Sequence[Sensor]) -> SensorStatuses:
        """Begin with a centre's own sensors; those of others that are tracked here are left out.

        Parameters
        ----------
        nation
            Whose centre it is.
        sensors
            All that it tracks with.
        """
        own = {each.sensor: silence_allowed_ns(each) for each in sensors if each.nation == nation}
        return SensorStatuses(nation=nation, allowed_ns=own)

    def watch(self, reported: LooksReported) -> list[StatusLearned]:
        """Take word of the lines; return own sensors that fell silent or came back."""
        looks = dict(reported.looks)
        learned = []
        for sensor, allowed_ns in self.allowed_ns.items():
            before_ns = self._looked_ns.get(sensor, reported.time_ns)
            looked_ns = self._looked_ns[sensor] = max(looks.get(sensor, 0), before_ns)
            was = self._known.get((self.nation, sensor))
            is_out = was is not None and not was.is_working
            if is_out and looked_ns > before_ns:
                learned.append(self._learn(sensor, is_working=True, since_ns=looked_ns))
            elif not is_out and reported.time_ns - looked_ns > allowed_ns:
                learned.append(self._learn(sensor, is_working=False, since_ns=looked_ns))
        return learned

    def hear(self, messages: Iterable[Message]) -> list[StatusLearned]:
        """Take words of partners; return what is news."""
        learned = []
        for message in messages:
            body = message.body
            if not isinstance(body, SensorStatus):
                continue
            key = message.originator, body.sensor
            was = self._known.get(key)
            of_sender = sum(nation == message.originator for nation, _ in self._known)
            is_later = was is None or was.number < message.number
            if not is_later or (was is None and of_sender >= KNOWN_MAX):
                continue
            self._known[key] = StatusLearned(
                nation=message.originator,
                sensor=body.sensor,
                is_working=body.is_working,
                since_ns=body.since_ns,
                number=message.number,
            )
            learned.append(self._known[key])
        return learned

    def to_be_said(self, learned: Iterable[StatusLearned]) -> list[SensorStatus]:
        """Say what partners may be told of own sensors."""
        said = [each for each in learned if each.nation == self.nation]
        if self._is_to_be_repeated:
            self._is_to_be_repeated = False
            said = [each for (nation, _), each in self._known.items() if nation == self.nation]
        return [
            SensorStatus(sensor=each.sensor, is_working=each.is_working, since_ns=each.since_ns)
            for each in said
        ]

    def repeat(self) -> None:
        """Have all that is known of own sensors be said again: others may hear of them now."""
        self._is_to_be_repeated = True

    def outages(self, now_ns: int, *, unsettled_ns: int = 0) -> Outages:
        """Return which sensors are out of order.

        Parameters
        ----------
        now_ns
            The present.
        unsettled_ns
            One that works again for less than this still counts.
        """
        out: dict[NationId, dict[SensorId, int]] = {}
        for (nation, sensor), each in self._known.items():
            if not each.is_working or now_ns - each.since_ns < unsettled_ns:
                out.setdefault(nation, {})[sensor] = each.since_ns
        return out

    def recall(self, entries: Iterable[Entry]) -> None:
        """Take from the ledger what a snapshot is too old to hold, and say it again."""
        latest = {
            (each.nation, each.sensor): each
            for entry in entries
            if entry.kind == "sensor"
            for each in [_read(entry.content)]
        }
        # Where a part of the ledger is lost, the snapshot may be the younger of the two.
        news = {
            key: each
            for key, each in latest.items()
            if (was := self._known.get(key)) != each and (was is None or was.number <= each.number)
        }
        if news:
            self._known |= news
            self.repeat()

    def _learn(self, sensor: SensorId, *, is_working: bool, since_ns: int) -> StatusLearned:
        learned = StatusLearned(
            nation=self.nation, sensor=sensor, is_working=is_working, since_ns=since_ns
        )
        self._known[self.nation, sensor] = learned
        return learned


def _read(content: Mapping[str, Any]) -> StatusLearned:
    return StatusLearned(
        nation=NationId(content["nation"]),
        sensor=SensorId(content["sensor"]),
        is_working=content["is_working"],
        since_ns=content["since_ns"],
        number=content.get("number", -1),
    )
