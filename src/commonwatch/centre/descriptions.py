"""Sensors as their owners describe them: said to those who may know, and used in judging.

What a partner has described counts; of what it has not, what the open literature has. A nation is
judged by its own word on what its sensors can see, which stands in the ledger.

=================  =============================================================  =======
figure             source                                                         mark
=================  =============================================================  =======
``KNOWN_MAX``      sensors of one partner that are remembered                     assumed
``TABLE_MAX``      letters of a table: as long as a message allows                derived
=================  =============================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.errors import InputError
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.messages import Message, SensorDescription

KNOWN_MAX: Final = 256
TABLE_MAX: Final = 20_000
WORDS_MAX: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """That a partner has described a sensor, and whether that could be read."""

    nation: NationId
    sensor: SensorId
    words: str

    def note(self) -> dict[str, Any]:
        """Return the content of an entry of the ledger."""
        return {"nation": self.nation, "sensor": self.sensor, "words": self.words}


@dataclass(slots=True, eq=False)
class Descriptions:
    """Remembers how partners describe their sensors.

    Parameters
    ----------
    configuration
        The centre's: what it may say of its own sensors, and how it reads what others say.
    """

    configuration: CentreConfiguration
    _known: dict[NationId, dict[SensorId, Sensor]] = field(default_factory=dict)
    _number: dict[tuple[NationId, SensorId], int] = field(default_factory=dict)

    def to_be_said(self) -> list[SensorDescription]:
        """Describe all own sensors of which there is a description."""
        own = [each.sensor for each in self.configuration.sensors]
        tables = self.configuration.descriptions
        return [
            SensorDescription(sensor=name, table=tables[name])
            for name in own
            if name in tables and len(tables[name]) <= TABLE_MAX
        ]

    def hear(self, messages: Iterable[Message]) -> list[Described]:
        """Take descriptions of partners; of a sensor the one with the highest number counts."""
        return [
            self._read(message.originator, message.number, message.body)
            for message in messages
            if isinstance(message.body, SensorDescription)
        ]

    def sensors_of(self, nation: NationId) -> tuple[Sensor, ...]:
        """Return a partner's sensors: as it described them, else as the open literature does."""
        partner = self.configuration.partner(nation)
        published: Sequence[Sensor] = () if partner is None else partner.sensors
        described = self._known.get(nation, {})
        names = {each.sensor for each in published}
        known = [described.get(each.sensor, each) for each in published]
        return (*known, *(each for name, each in described.items() if name not in names))

    def _read(self, nation: NationId, number: int, body: SensorDescription) -> Described:
        words = self._why_not(nation, number, body) or "described"
        return Described(nation=nation, sensor=body.sensor, words=words[:WORDS_MAX])

    def _why_not(self, nation: NationId, number: int, body: SensorDescription) -> str:
        """Take a description in; where it is not taken, say why."""
        known, key = self._known.setdefault(nation, {}), (nation, body.sensor)
        if self._number.get(key, -1) > number:
            return "an earlier description than the one that is held"
        if self.configuration.read_sensor is None:
            return "not read: there is nothing here that reads descriptions"
        if body.sensor not in known and len(known) >= KNOWN_MAX:
            return f"not kept: {KNOWN_MAX} sensors are held already"
        try:
            sensor = self.configuration.read_sensor(body.table)
        except InputError as error:
            return f"not read: {error}"
        if sensor.sensor != body.sensor:
            return f"not kept: it describes {sensor.sensor}"
        known[body.sensor] = replace(sensor, nation=nation)
        self._number[key] = number
        return ""
