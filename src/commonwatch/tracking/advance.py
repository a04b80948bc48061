"""One frame taken into all tracks: predict, gate, associate, update, live on, begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sensing.stereo import position_from_one_line
from commonwatch.tracking import (
    association_kernel,
    bank_kernel,
    kalman_kernel,
    life_kernel,
)
from commonwatch.tracking.bank import Bank
from commonwatch.tracking.estimate import FIELD
from commonwatch.tracking.frame import Frame, Outcome
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.view import SensorArrays
from commonwatch.tracking.view_kernel import REVISIT

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

NEVER_NS: Final = -(2**62)
DORMANT_STD_M: Final = 20e3
"""A track out of view takes plots again only while its place is known this well."""
SINGLE_LINE_ALTITUDE_M: Final = 40e3
SINGLE_LINE_ALTITUDE_STD_M: Final = 30e3
"""Where a burning motor is, above the clouds, when one line alone tells of it (*assumed*)."""
BURNING_SPEED_M_S: Final = 700.0
BURNING_SPEED_STD_M_S: Final = 1_500.0
"""Upward speed of such a motor, and how little is known of it (*assumed*)."""
LEAST_SHARE: Final = 1e-3
"""Share below which a plot is not taken in."""


@dataclass(slots=True, kw_only=True, eq=False)
class Bias:
    """Constant errors of each sensor, taken off its plots: measured minus true.

    ``value`` and ``std`` have shape (sensors, 4): range, azimuth, elevation, time.
    """

    value: F64
    std: F64


@dataclass(slots=True, kw_only=True, eq=False)
class _Plots:
    """A frame's plots as the kernels take them."""

    kind: int
    sensor: int
    values: F64
    stds: F64
    eyes: F64
    offsets: F64
    keys: F64
    order: I64
    density: F64
    is_taken: npt.NDArray[np.bool_]


class Advance:
    """Takes frames into a bank of tracks; holds scratch, no belief."""

    def __init__(self, sensors: SensorArrays, settings: Settings) -> None:
        self.sensors = sensors
        self.settings = settings
        self._is_unscented = int(settings.filter == "ukf")
        self._motion = np.array(
            [
                settings.process_noise_m2_s3,
                settings.powered_noise_m2_s3,
                settings.thrust_m_s2,
                settings.burn_time_s,
                0.0,
            ]
        )
        self._rules = np.array(
            [
                settings.confirm_score,
                settings.end_score,
                settings.end_tentative_score,
                0.9 * settings.end_tentative_score,
                settings.confirm_score + 3.0 * settings.end_score,
                settings.coast_s,
                settings.dormant_s,
                settings.air_m,
            ]
        )
        self._field = FIELD.copy()
        self._room(1024)

    def _room(self, pairs: int) -> None:
        self._pair_row = np.empty(pairs, dtype=np.int64)
        self._pair_plot = np.empty(pairs, dtype=np.int64)
        self._gain = np.empty(pairs)
        self._log = np.empty((pairs, 2))
        self._share = np.empty(pairs)

    def predict(self, bank: Bank, seconds: float) -> None:
        """Move every track on."""
        if seconds > 0.0 and bank.count:
            bank_kernel.predict_bank(
                bank.count,
                bank.states,
                bank.covariances,
                bank.weights,
                seconds,
                self._motion,
                self._field,
            )

    def take(self, bank: Bank, frame: Frame, bias: Bias, *, is_whole_look: bool) -> Outcome:
        """Take a frame into tracks that stand at its time."""
        plots = self._plots(bank, frame, bias)
        count = bank.count
        got = np.zeros(count)
        gained = np.zeros(count)
        chances = np.zeros(count)
        cluster = np.full(count, -1, dtype=np.int64)
        phase = bank.phase[:count]
        wide = np.trace(bank.covariances[:count, 0, :3, :3], axis1=1, axis2=2)
        held = (phase == bank_kernel.TENTATIVE) | (phase == bank_kernel.CONFIRMED)
        held |= (phase == bank_kernel.DORMANT) & (wide < DORMANT_STD_M**2)
        taken_key = np.zeros(len(frame.key), dtype=np.int64)
        is_joint = self.settings.association == "jpda"
        self._round(bank, plots, np.flatnonzero(held), got, gained, chances, cluster, taken_key, is_joint)
        singles = np.flatnonzero(phase == bank_kernel.SINGLE)
        was_single = np.zeros(count, dtype=np.bool_)
        was_single[singles] = True
        self._round(
            bank, plots, singles, got, gained, chances, cluster, taken_key, is_joint=False
        )
        life_kernel.live_on(
            plots.sensor,
            frame.time_ns,
            is_whole_look,
            count,
            got,
            gained,
            chances,
            cluster,
            self._rules,
            bank.phase,
            bank.event,
            bank.states,
            bank.weights,
            bank.score,
            bank.best,
            bank.hits,
            bank.last_hit_ns,
            bank.last_look_ns,
            self.sensors.place,
            self.sensors.rotation,
            self.sensors.figures,
            self.sensors.face_from,
            self.sensors.faces,
            self._field,
        )
        outcome = self._outcome(bank, frame, plots, was_single, taken_key)
        bank.is_changed[:count] |= bank.event[:count] == life_kernel.CHANGED
        gone = bank.phase[:count] == bank_kernel.GONE
        if gone.any():
            bank.keep(np.flatnonzero(~gone))
        self._begin(bank, frame, plots)
        return outcome

    def _plots(self, bank: Bank, frame: Frame, bias: Bias) -> _Plots:
        detections = frame.detections
        sensor = frame.sensor
        kind = int(self.sensors.kind[sensor])
        values = detections.measured.copy()
        stds = detections.std.copy()
        offsets = frame.offset_s
        if kind == kalman_kernel.RADAR:
            values[:, :3] -= bias.value[sensor, :3]
            if bias.std[sensor].any():
                stds[:, :3] = np.hypot(stds[:, :3], bias.std[sensor, :3])
                late = bias.std[sensor, 3]
                if late > 0.0:
                    stds[:, 0] = np.hypot(stds[:, 0], late * np.nan_to_num(values[:, 3]))
            if bias.value[sensor, 3] != 0.0:
                offsets = offsets - bias.value[sensor, 3]
            eyes = np.broadcast_to(self.sensors.place[sensor], (len(values), 3)).copy()
        else:
            eyes = detections.eye_ecef_m.copy()
            if len(eyes):
                self.sensors.place[sensor] = eyes[0]
        order = np.argsort(values[:, 0], kind="stable")
        density = np.empty(len(values))
        uniform, without_rate = self.sensors.false_density[sensor]
        keys = values[order, 0]
        bank_kernel.clutter_density(
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
            self.sensors.place[sensor],
            self.sensors.rotation[sensor],
            density,
        )
        return _Plots(
            kind=kind,
            sensor=sensor,
            values=values,
            stds=stds,
            eyes=eyes,
            offsets=np.ascontiguousarray(offsets),
            keys=keys,
            order=order,
            density=density,
            is_taken=np.zeros(len(values), dtype=np.bool_),
        )

    def _round(
        self,
        bank: Bank,
        plots: _Plots,
        rows: I64,
        got: F64,
        gained: F64,
        chances: F64,
        cluster: I64,
        taken_key: I64,
        is_joint: bool,
    ) -> None:
        """Gate, associate and update some tracks with the plots that are left."""
        if not len(rows):
            return
        pairs = self._gate(bank, plots, rows, chances)
        if pairs == 0:
            return
        pair_row, pair_plot = self._pair_row[:pairs], self._pair_plot[:pairs]
        gain, share = self._gain[:pairs], self._share[:pairs]
        worth = np.empty(len(rows))
        own_cluster = np.empty(len(rows), dtype=np.int64)
        count = len(plots.density)
        association_kernel.nearest_neighbours(
            pairs, len(rows), count, pair_row, pair_plot, gain, share, worth, own_cluster
        )
        if is_joint:
            association_kernel.beliefs(pairs, len(rows), count, pair_row, pair_plot, gain, share)
        cluster[rows] = np.where(own_cluster >= 0, rows[own_cluster], -1)
        track = rows[pair_row]
        share[share < LEAST_SHARE] = 0.0
        misses = np.zeros(bank.count)
        bank_kernel.update_tracks(
            plots.kind,
            plots.sensor,
            pairs,
            self._is_unscented,
            LEAST_SHARE,
            track,
            pair_plot,
            share,
            self._log[:pairs],
            misses,
            bank.states,
            bank.covariances,
            bank.weights,
            bank.hits,
            plots.values,
            plots.stds,
            plots.eyes,
            plots.offsets,
            self.sensors.rotation,
            self._field,
        )
        np.add.at(got, track, share)
        gained[rows] = worth + np.log1p(-np.clip(chances[rows], 0.1, 0.999))
        is_main = share > 0.5
        taken_key[pair_plot[is_main]] = bank.key[track[is_main]]
        total = np.bincount(pair_plot, share, minlength=len(plots.density))
        plots.is_taken |= total > 0.5

    def _gate(self, bank: Bank, plots: _Plots, rows: I64, chances: F64) -> int:
        while True:
            pairs = bank_kernel.gate(
                plots.kind,
                rows,
                plots.sensor,
                self._is_unscented,
                self.settings.gate_squared,
                bank.phase,
                bank.states,
                bank.covariances,
                bank.weights,
                bank.hits,
                plots.values,
                plots.stds,
                plots.eyes,
                plots.offsets,
                plots.keys,
                plots.order,
                plots.density,
                plots.is_taken,
                chances,
                self.sensors.place,
                self.sensors.rotation,
                self.sensors.figures,
                self.sensors.face_from,
                self.sensors.faces,
                self._field,
                self._pair_row,
                self._pair_plot,
                self._gain,
                self._log,
            )
            if pairs >= 0:
                return int(pairs)
            self._room(2 * len(self._pair_row))

    def _outcome(
        self,
        bank: Bank,
        frame: Frame,
        plots: _Plots,
        was_single: npt.NDArray[np.bool_],
        taken_key: I64,
    ) -> Outcome:
        """Dispositions that this frame decides: its own plots, and single plots of before."""
        count = len(was_single)
        phase = bank.phase[:count]
        began = was_single & (phase != bank_kernel.SINGLE) & (phase != bank_kernel.GONE)
        lapsed = was_single & (phase == bank_kernel.GONE)
        used = np.flatnonzero(plots.is_taken)
        row = np.concatenate(
            [frame.detections.row[used], bank.first_row[:count][began], bank.first_row[:count][lapsed]]
        )
        key = np.concatenate(
            [taken_key[used], bank.key[:count][began], np.zeros(int(lapsed.sum()), dtype=np.int64)]
        )
        is_start = np.zeros(len(row), dtype=np.bool_)
        is_start[len(used) : len(used) + int(began.sum())] = True
        ended = np.flatnonzero(bank.event[:count] == life_kernel.ENDED)
        mean, spread = self.combined(bank, ended)
        return Outcome(
            row=row,
            key=key,
            is_start=is_start,
            ended_key=bank.key[ended],
            ended_state=mean,
            ended_covariance=spread,
        )

    def combined(self, bank: Bank, rows: I64) -> tuple[F64, F64]:
        """State vectors and covariances of some tracks, over their models."""
        mean = np.empty((len(rows), 6))
        spread = np.empty((len(rows), 6, 6))
        bank_kernel.combined(
            len(rows),
            bank.states[rows],
            bank.covariances[rows],
            bank.weights[rows],
            mean,
            spread,
        )
        return mean, spread

    def _begin(self, bank: Bank, frame: Frame, plots: _Plots) -> None:
        """Start a track from every plot that is left."""
        left = np.flatnonzero(~plots.is_taken)
        if not len(left):
            return
        first = bank.count
        room = self.settings.limits.track_count - first
        left = left[: max(room, 0)]
        bank.grow(first + len(left))
        if plots.kind == kalman_kernel.INFRARED:
            left = self._begin_from_lines(bank, frame, plots, left)
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
                self.sensors.false_density[plots.sensor, 0],
                self.settings.speed_std_m_s,
                self.settings.newness,
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
                self.sensors.place,
                self.sensors.rotation,
                self._field,
            )
        new = slice(first, first + len(left))
        bank.key[new] = frame.key[left]
        bank.first_row[new] = frame.detections.row[left]
        bank.is_changed[new] = False
        bank.event[new] = life_kernel.QUIET
        bank.count = first + len(left)

    def _begin_from_lines(self, bank: Bank, frame: Frame, plots: _Plots, left: I64) -> I64:
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
        bank.score[rows] = bank.best[rows] = self.settings.newness
        bank.phase[rows] = bank_kernel.SINGLE
        bank.hits[rows] = 1
        bank.last_hit_ns[rows] = frame.time_ns
        bank.last_look_ns[rows] = NEVER_NS
        bank.last_look_ns[rows, plots.sensor] = frame.time_ns
        return left

    def revisit_s(self, sensor: int) -> float:
        """Seconds between two looks of a sensor at one place."""
        return float(self.sensors.figures[sensor, REVISIT])


def no_bias(sensor_count: int) -> Bias:
    """Sensors without constant errors."""
    return Bias(value=np.zeros((sensor_count, 4)), std=np.zeros((sensor_count, 4)))


