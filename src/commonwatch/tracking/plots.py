"""A frame's plots as the kernels take them, the sensors' constant errors taken off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking import crowd_kernel, kalman_kernel
from commonwatch.tracking.bank import Bank
from commonwatch.tracking.frame import Frame
from commonwatch.tracking.view import SensorArrays
from commonwatch.tracking.view_kernel import REVISIT

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

CROWDED: Final = 1e3
"""How much denser than on average plots stand in a crowd."""


@dataclass(slots=True, kw_only=True, eq=False)
class Bias:
    """Constant errors of the sensors, measured minus true: range, azimuth, elevation, time of each.

    Parameters
    ----------
    value
        Taken off every plot, shape (sensors, 4).
    covariance
        What is not known of them, as tracks take plots in and are told of, sensor by sensor, shape
        (4 sensors, 4 sensors).
    possible
        The same as gates take it: before anything is known, biases that may be.
    """

    value: F64
    covariance: F64
    possible: F64


class Corrector(Protocol):
    """Learns the sensors' constant errors from what a tracker does with each frame.

    It is asked in order of the frames' times, and again for frames that are replayed, from the
    memory that it had before them: what it says may hang on nothing else.
    """

    def take(self, frame: Frame, bank: Bank) -> Bias | None:
        """Look at a frame that the tracks have taken; return what to take off from now on.

        None leaves it as it is.

        Parameters
        ----------
        frame
            With what the tracks did with it.
        bank
            The tracks after it; not to be changed.
        """

    def memory(self) -> object:
        """All that it has learnt; never changed afterwards."""

    def recall(self, memory: object) -> None:
        """Go back to what it had learnt then."""


@dataclass(slots=True, kw_only=True, eq=False)
class Plots:
    """A frame's plots as the kernels take them.

    ``is_crowded`` marks those of which more is asked: others stand close, or a light stands still.
    """

    kind: int
    sensor: int
    values: F64
    stds: F64
    eyes: F64
    offsets: F64
    keys: F64
    order: I64
    density: F64
    is_crowded: npt.NDArray[np.bool_]
    is_accompanied: npt.NDArray[np.bool_]
    is_taken: npt.NDArray[np.bool_]


def no_bias(sensor_count: int) -> Bias:
    """Sensors without constant errors."""
    zero = np.zeros((4 * sensor_count, 4 * sensor_count))
    return Bias(value=np.zeros((sensor_count, 4)), covariance=zero, possible=zero)


def declared_bias(sensors: Sequence[Sensor]) -> Bias:
    """Take nothing off, and leave open what the sensors' table says of their range biases."""
    bias = no_bias(len(sensors))
    for index, sensor in enumerate(sensors):
        if isinstance(sensor, Radar):
            bias.covariance[4 * index, 4 * index] = sensor.range_bias_std_m**2
    return bias


def plots_of(frame: Frame, bias: Bias, bank: Bank, sensors: SensorArrays) -> Plots:
    """Make a frame's plots ready: biases taken off, sorted, each with the density of others.

    Parameters
    ----------
    frame, bias, bank, sensors
        One sensor's; where a satellite stands is noted in ``sensors``, its lights in ``bank``.
    """
    detections = frame.detections
    sensor = frame.sensor
    kind = int(sensors.kind[sensor])
    values = detections.measured.copy()
    stds = detections.std.copy()
    offsets = frame.offset_s
    if kind == kalman_kernel.RADAR:
        values[:, :3] -= bias.value[sensor, :3]
        if bias.value[sensor, 3] != 0.0:
            offsets = offsets - bias.value[sensor, 3]
        eyes = np.empty((len(values), 3))
        eyes[:] = sensors.place[sensor]
    else:
        eyes = detections.eye_ecef_m.copy()
        if len(eyes):
            sensors.place[sensor] = eyes[0]
    order = np.arange(len(values))  # as the frame stands; a bias shifts all alike
    density = np.empty(len(values))
    is_accompanied = np.zeros(len(values), dtype=np.bool_)
    uniform, without_rate = sensors.false_density[sensor]
    keys = np.ascontiguousarray(values[:, 0])
    crowd_kernel.clutter_density(
        kind,
        values,
        stds,
        order,
        keys,
        uniform,
        without_rate,
        bank.count,
        bank.phase,
        bank.states,
        sensors.place[sensor],
        sensors.rotation[sensor],
        density,
        is_accompanied,
    )
    is_crowded = density > CROWDED * uniform
    if kind == kalman_kernel.INFRARED:
        stands, bank.lights = bank.lights.seen(
            sensor,
            frame.time_ns,
            lines=values[:, :3],
            eyes_m=eyes,
            stds_rad=stds[:, 0],
            revisits_s=sensors.figures[:, REVISIT],
        )
        is_crowded |= stands
    return Plots(
        kind=kind,
        sensor=sensor,
        values=values,
        stds=stds,
        eyes=eyes,
        offsets=np.ascontiguousarray(offsets),
        keys=keys,
        order=order,
        density=density,
        is_crowded=is_crowded,
        is_accompanied=is_accompanied,
        is_taken=np.zeros(len(values), dtype=np.bool_),
    )
