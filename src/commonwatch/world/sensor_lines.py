"""Lines from sensors to their centre: that each looks, though it sees nothing; outages.

=============  ==================================================================  =======
figure         source                                                              mark
=============  ==================================================================  =======
``WORD_S``     as often as centres give signs of life to one another               assumed
=============  ==================================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from commonwatch.centre.events import LooksReported
from commonwatch.identity import SensorId
from commonwatch.scenario.nations import PlannedFault
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.units import NS_PER_S
from commonwatch.world.looks import Rhythm

WORD_S: Final = 10.0
WORD_NS: Final = round(WORD_S * NS_PER_S)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SensorLines:
    """The lines of one centre's sensors.

    Parameters
    ----------
    sensors
        In the order of the centre's configuration.
    rhythms
        When each of them looks.
    slowest_s
        How long a look is under way at most.
    epoch_ns
        Start of the record.
    outages
        Faults of these sensors, each with its end.

    Notes
    -----
    An outage takes all looks from its beginning up to its end; what had been seen before is still
    under way. A radar that waits for a cue looks at nothing and says so all the same.

    Limits: a radar that this sensor alone would have cued is cued as if it worked.
    """

    sensors: Sequence[Sensor]
    rhythms: Mapping[SensorId, Rhythm]
    slowest_s: float
    epoch_ns: int
    outages: Sequence[PlannedFault]

    def word(self, now_ns: int) -> LooksReported:
        """Return what the lines say at an instant."""
        looks = []
        for sensor in self.sensors:
            last_s = self._last_look_s(
                sensor.sensor, (now_ns - self.epoch_ns) / NS_PER_S - self.slowest_s
            )
            if last_s is not None:
                looks.append((sensor.sensor, self._instant_ns(last_s)))
        return LooksReported(time_ns=now_ns, looks=tuple(looks))

    def heard(self, detections: Detections) -> Detections:
        """Leave out what no sensor has seen: it was out of order."""
        is_lost = np.zeros(len(detections), dtype=np.bool_)
        names = [each.sensor for each in self.sensors]
        for fault in self.outages:
            is_its = detections.sensor == names.index(SensorId(fault.sensor or ""))
            begin_ns = self._instant_ns(fault.at_s)
            is_lost |= (
                is_its & (detections.time_ns >= begin_ns) & self._is_before(fault, detections)
            )
        return detections.take(~is_lost) if is_lost.any() else detections

    def _is_before(self, fault: PlannedFault, detections: Detections) -> np.ndarray:
        if fault.until_s is None:
            return np.ones(len(detections), dtype=np.bool_)
        return np.asarray(detections.time_ns < self._instant_ns(fault.until_s))

    def _last_look_s(self, sensor: SensorId, by_s: float) -> float | None:
        """Return the last look up to an instant that no outage has taken; None: there was none."""
        rhythm = self.rhythms[sensor]
        look = math.floor((by_s - rhythm.phase_s) / rhythm.interval_s)
        while look >= 0:
            time_s = rhythm.phase_s + rhythm.interval_s * look
            begun_s = [
                fault.at_s
                for fault in self.outages
                if fault.sensor == sensor and fault.at_s <= time_s < (fault.until_s or math.inf)
            ]
            if not begun_s:
                return time_s
            look = min(look, math.ceil((min(begun_s) - rhythm.phase_s) / rhythm.interval_s)) - 1
        return None

    def _instant_ns(self, time_s: float) -> int:
        return self.epoch_ns + round(time_s * NS_PER_S)
