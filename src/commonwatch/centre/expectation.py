"""Which reports were to be expected: from partners' sensors as the open literature has them.

======================  ========================================================  =======
figure                  source                                                    mark
======================  ========================================================  =======
``SETTLED_S``           a track is confirmed, reported and through the link       assumed
                        this long after the object entered the view
``EDGE_STDS``           an object that may be out of view is not expected         assumed
======================  ========================================================  =======
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.identity import NationId
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.estimate import FIELD
from commonwatch.tracking.view import SensorArrays, sensor_arrays
from commonwatch.tracking.view_kernel import detection_probability
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]

SETTLED_S: Final = 25.0
EDGE_STDS: Final = 3.0
LOOKS_NEEDED: Final = 3
"""Looks in a reporting interval of which one at least must show the object."""


class Expectations:
    """How likely each partner would report each object, were it honest.

    Parameters
    ----------
    sensors
        Each partner's sensors. Satellites are left out: they see burning motors alone.
    """

    def __init__(self, sensors: Mapping[NationId, Sequence[Sensor]]) -> None:
        self._arrays: dict[NationId, SensorArrays] = {
            name: sensor_arrays(radars)
            for name, every in sorted(sensors.items())
            if (radars := [s for s in every if not isinstance(s, InfraredSatellite)])
        }
        self._in_view_since_ns: dict[tuple[NationId, int], int] = {}

    def expected(
        self,
        contributors: Sequence[NationId],
        numbers: npt.NDArray[np.int64],
        state_vector: F64,
        covariance: F64,
        now_ns: int,
    ) -> F64:
        """Return the probability that an honest contributor reports each object now.

        Parameters
        ----------
        contributors
            C names.
        numbers, state_vector, covariance
            Of the system tracks at ``now_ns``, shapes (N,), (N, 6) and (N, 6, 6).
        now_ns
            The present.

        Returns
        -------
        expected
            Shape (C, N); nan where nothing is known of a contributor, where the object is too near
            the edge of its view, or came into it less than ``SETTLED_S`` ago.
        """
        result = np.full((len(contributors), len(numbers)), np.nan)
        seen: dict[tuple[NationId, int], int] = {}
        for row, name in enumerate(contributors):
            arrays = self._arrays.get(name)
            if arrays is None:
                continue
            for column, number in enumerate(numbers.tolist()):
                one_look = _least_probability(arrays, state_vector[column], covariance[column])
                if one_look <= 0.0:
                    continue
                since_ns = self._in_view_since_ns.get((name, number), now_ns)
                seen[name, number] = since_ns
                if now_ns - since_ns >= SETTLED_S * NS_PER_S:
                    result[row, column] = 1.0 - (1.0 - one_look) ** LOOKS_NEEDED
        self._in_view_since_ns = seen
        return result


def _least_probability(arrays: SensorArrays, state_vector: F64, covariance: F64) -> float:
    """Best sensor's probability of one look, at the worst of the places where the object may be."""
    place, axes = np.linalg.eigh(covariance[:3, :3])
    longest = EDGE_STDS * np.sqrt(max(float(place[-1]), 0.0)) * axes[:, -1]
    best = 0.0
    for sensor in range(len(arrays.kind)):
        worst = 1.0
        for offset in (-1.0, 0.0, 1.0):
            moved = state_vector.copy()
            moved[:3] += offset * longest
            probability = detection_probability(
                sensor, moved, 0.0, arrays.place, arrays.rotation, arrays.figures,
                arrays.face_from, arrays.faces, FIELD,
            )  # fmt: skip
            worst = min(worst, float(probability))
        best = max(best, worst)
    return best
