"""How tracks begin: from a plot of a radar, or from a line of sight of a satellite."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.stereo import position_from_one_line
from commonwatch.tracking import bank_kernel, bias_kernel, kalman_kernel, life_kernel
from commonwatch.tracking.bank import Bank
from commonwatch.tracking.estimate import FIELD
from commonwatch.tracking.frame import Frame
from commonwatch.tracking.plots import Plots
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.view import SensorArrays

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

NEVER_NS: Final = -(2**62)
SINGLE_LINE_ALTITUDE_M: Final = 40e3
SINGLE_LINE_ALTITUDE_STD_M: Final = 30e3
"""Where a burning motor is, above the clouds, when one line alone tells of it (*assumed*)."""
BURNING_SPEED_M_S: Final = 700.0
BURNING_SPEED_STD_M_S: Final = 1_500.0
"""Upward speed of such a motor, and how little is known of it (*assumed*)."""


def begin(bank: Bank, frame: Frame, plots: Plots, sensors: SensorArrays, settings: Settings) -> I64:
    """Start a track from every plot that is left; return the places of those that have no room.

    Parameters
    ----------
    bank, frame, plots, sensors, settings
        One sensor's frame, its plots with biases taken off; those that are taken start nothing.
        Tracks are added in place, up to ``settings.limits.track_count``.
    """
    left = (~plots.is_taken).nonzero()[0]
    first = bank.count
    room = max(settings.limits.track_count - first, 0)
    left, refused = left[:room], left[room:]
    if not len(left):
        return refused
    bank.grow(first + len(left))
    if plots.kind == kalman_kernel.INFRARED:
        left = _from_lines(bank, frame, plots, left, settings.newness)
    else:
        life_kernel.start_from_radar(
            plots.sensor,
            frame.time_ns,
            left,
            first,
            plots.values,
            plots.stds,
            plots.density,
            plots.offsets,
            sensors.false_density[plots.sensor, 0],
            settings.speed_std_m_s,
            settings.newness,
            NEVER_NS,
            bank.phase,
            bank.states,
            bank.covariances,
            bank.weights,
            bank.score,
            bank.best,
            bank.hits,
            bank.last_hit_ns,
            bank.last_look_ns,
            sensors.place,
            sensors.rotation,
            FIELD.copy(),
        )
    bias_kernel.begin_by_bias(
        first,
        first + len(left),
        plots.sensor if plots.kind == kalman_kernel.RADAR else -1,
        bank.states,
        bank.by_bias,
        bank.fed,
        sensors.place,
        sensors.rotation,
    )
    new = slice(first, first + len(left))
    bank.key[new] = frame.key[left]
    bank.label[new] = 0
    bank.home[new] = plots.sensor
    bank.unwatched_ns[new] = NEVER_NS
    bank.rows[new] = -1
    bank.rows[new, 0] = frame.detections.row[left]
    bank.is_changed[new] = bank.is_mistakable[new] = False
    bank.event[new] = life_kernel.QUIET
    bank.count = first + len(left)
    return refused


def _from_lines(bank: Bank, frame: Frame, plots: Plots, left: I64, newness: float) -> I64:
    """Start tracks from lines of sight through an assumed altitude."""
    position, spread = position_from_one_line(
        plots.eyes[left],
        plots.values[left, :3],
        altitude_m=SINGLE_LINE_ALTITUDE_M,
        altitude_std_m=SINGLE_LINE_ALTITUDE_STD_M,
        line_of_sight_std_rad=plots.stds[left, 0],
    )
    is_placed = np.isfinite(position).all(axis=-1)
    left, position, spread = left[is_placed], position[is_placed], spread[is_placed]
    rows = slice(bank.count, bank.count + len(left))
    up = position / np.linalg.norm(position, axis=-1, keepdims=True)
    bank.states[rows, :, :3] = position[:, np.newaxis]
    bank.states[rows, :, 3:] = BURNING_SPEED_M_S * up[:, np.newaxis]
    bank.covariances[rows] = 0.0
    bank.covariances[rows, :, :3, :3] = spread[:, np.newaxis]
    for axis in range(3, 6):
        bank.covariances[rows, :, axis, axis] = BURNING_SPEED_STD_M_S**2
    bank.weights[rows] = (0.02, 0.98)
    bank.score[rows] = bank.best[rows] = newness
    bank.phase[rows] = bank_kernel.SINGLE
    bank.hits[rows] = 1
    bank.last_hit_ns[rows] = frame.time_ns
    bank.last_look_ns[rows] = NEVER_NS
    bank.last_look_ns[rows, plots.sensor] = frame.time_ns
    return left
