"""Which reports were to be expected: from partners' sensors as the open literature has them.

======================  ========================================================  =======
figure                  source                                                    mark
======================  ========================================================  =======
``SETTLED_S``           a track is confirmed, reported and through the link       assumed
                        this long after the object entered the view
``EDGE_STDS``           an object that may be out of view so far off along three  assumed
                        axes is not expected: further than for a missed look,
                        for a track begins again, and who is named stays named
``LOOKS``               looks of a sensor between two reports, three at least     assumed
======================  ========================================================  =======
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.centre.sensor_status import Outages
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.estimate import FIELD, predict
from commonwatch.tracking.view import SensorArrays, sensor_arrays
from commonwatch.tracking.view_kernel import sure_probability

F64 = npt.NDArray[np.float64]
NO_OUTAGES: Final[Outages] = {}

SETTLED_S: Final = 25.0
EDGE_STDS: Final = 3.0
LOOKS: Final = 3


class Expectations:
    """How likely each partner would report each object, were it honest.

    Parameters
    ----------
    sensors
        Each partner's sensors. Satellites are left out: they see burning motors alone.
    """

    def __init__(self, sensors: Mapping[NationId, Sequence[Sensor]]) -> None:
        self._names: dict[NationId, tuple[SensorId, ...]] = {}
        self._arrays: dict[NationId, SensorArrays] = {}
        for name, every in sorted(sensors.items()):
            self.know(name, every)

    def know(self, name: NationId, sensors: Sequence[Sensor]) -> None:
        """Take these as a partner's sensors from now on.

        Parameters
        ----------
        name
            The partner's.
        sensors
            In place of those known before; without a radar among them these stay.
        """
        radars = [s for s in sensors if not isinstance(s, InfraredSatellite)]
        if radars:
            self._names[name] = tuple(radar.sensor for radar in radars)
            self._arrays[name] = sensor_arrays(radars)

    def expected(
        self,
        contributors: Sequence[NationId],
        state_vector: F64,
        covariance: F64,
        *,
        outages: Outages = NO_OUTAGES,
    ) -> F64:
        """Return the probability that an honest contributor reports each object now.

        Parameters
        ----------
        contributors
            C names.
        state_vector, covariance
            Of objects in free flight, shapes (N, 6) and (N, 6, 6).
        outages
            Sensors of which nothing is expected: they are out of order.

        Returns
        -------
        expected
            Shape (C, N); nan where nothing is known of a contributor, where the object is too near
            the edge of its view, or came into it less than ``SETTLED_S`` ago.
        """
        result = np.full((len(contributors), len(state_vector)), np.nan)
        before, wider = predict(state_vector, covariance, -SETTLED_S)
        for row, name in enumerate(contributors):
            arrays = self._arrays.get(name)
            if arrays is None:
                continue
            works = self._working(name, outages)
            now = _least_probability(arrays, works, state_vector, covariance)
            then = _least_probability(arrays, works, before, wider)
            is_settled = (now > 0.0) & (then > 0.0)
            result[row, is_settled] = 1.0 - (1.0 - now[is_settled]) ** LOOKS
        return result

    def could_report(
        self,
        contributors: Sequence[NationId],
        state_vector: F64,
        *,
        outages: Outages = NO_OUTAGES,
    ) -> F64:
        """Return the probability that each could report each object, were it just where it is said.

        Parameters
        ----------
        contributors, outages
            As of ``expected``.
        state_vector
            Of objects whose motor may burn, shape (N, 6): nothing is predicted.

        Returns
        -------
        could_report
            Shape (C, N); 0 out of view, and where nothing is known of a contributor.
        """
        result = np.zeros((len(contributors), len(state_vector)))
        exactly = np.zeros((len(state_vector), 6, 6))
        for row, name in enumerate(contributors):
            if name not in self._arrays:
                continue
            works = self._working(name, outages)
            now = _least_probability(self._arrays[name], works, state_vector, exactly)
            result[row] = 1.0 - (1.0 - now) ** LOOKS
        return result

    def _working(self, name: NationId, outages: Outages) -> list[int]:
        out = outages.get(name, {})
        return [k for k, sensor in enumerate(self._names[name]) if sensor not in out]


def _least_probability(
    arrays: SensorArrays, works: Sequence[int], state_vector: F64, covariance: F64
) -> F64:
    """Best sensor's probability of one look at each object, wherever that may be, (N,)."""
    places = np.array(state_vector, dtype=np.float64, order="C")
    spreads = np.array(covariance, dtype=np.float64, order="C")
    field = FIELD.copy()
    least = np.zeros(len(places))
    for sensor in works:
        for n in range(len(places)):
            sure = sure_probability(
                sensor, places[n], spreads[n], EDGE_STDS, 0.0, arrays.place, arrays.rotation,
                arrays.figures, arrays.face_from, arrays.faces, field,
            )  # fmt: skip
            least[n] = max(least[n], sure)
    return least
