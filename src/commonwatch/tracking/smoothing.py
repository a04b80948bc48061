"""Smoothing back: where each object was, from everything that was ever gathered of it.

========================  =========================================================  =======
figure                    reason                                                     mark
========================  =========================================================  =======
``PLACE_STD_M``           far wider than any plot, far narrower than the Earth       assumed
``SPEED_STD_M_S``         above every speed of a flight that comes down, 7.9 km/s    derived
``BURN_MAX_S``            longest powered phase of the catalogue's kinds             assumed
``BURN_GAIN``             odds of 20,000 before a track is taken to have burned      assumed
========================  =========================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.frames import position_from_look_angles
from commonwatch.kernels import run_in_chunks
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.stereo import position_from_one_line
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking import kalman_kernel, smoothing_kernel
from commonwatch.tracking.estimate import FIELD, Estimates, Status
from commonwatch.tracking.plots import Bias, no_bias
from commonwatch.tracking.settings import Settings

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

PLACE_STD_M: Final = 300e3
SPEED_STD_M_S: Final = 10e3
BURN_MAX_S: Final = 400.0
BURN_GAIN: Final = 10.0
LINE_ALTITUDE_M: Final = 40e3
"""Where a track that begins with a line of sight is first looked for: a motor above the clouds."""

_PLOTS_A_PORTION: Final = 65_536
_TRACKS_A_CHUNK: Final = 16


def smoothed(
    detections: Detections,
    track: npt.ArrayLike,
    sensors: Sequence[Sensor],
    *,
    known_ns: int,
    settings: Settings | None = None,
    bias: Bias | None = None,
) -> Iterator[Estimates]:
    """Smooth tracks: at each plot, what all plots of the track together tell.

    Parameters
    ----------
    detections
        In any order.
    track
        Number of the track that each belongs to, shape (N,).
    sensors
        Those that the detections were read with.
    known_ns
        When all of this is known: written into every row.
    settings
        Motion and its noise.
    bias
        Constant errors of the sensors to take off; what stays uncertain of them widens the
        covariances.

    Yields
    ------
    Estimates
        Some tracks, by number, a row for each time of a plot; but for those that no flight fits.

    Notes
    -----
    1. The flight is looked for around the first plot, with nothing known of its speed.
    2. Filtered forward and smoothed back, then both again about the result until it stays: without
       process noise this is least squares over all plots.
    3. A track that free flight does not explain has burned: its burn ends at the plot at which a
       change from the tracker's powered motion to free flight makes all plots likeliest.

    Limits: one burn, at the track's start. A plot of another object that the tracker took stays in.
    """
    biases, options = bias or no_bias(len(sensors)), settings or Settings()
    corrected = _without_bias(detections, biases.value)
    number = np.asarray(track)
    order = np.lexsort((corrected.row, corrected.time_ns, number))
    numbers, first = np.unique(number[order], return_index=True)
    ends = np.append(first[1:], len(order)).astype(np.int64)
    begun = 0
    while begun < len(numbers):
        last = int(np.searchsorted(ends, first[begun] + _PLOTS_A_PORTION, side="right"))
        last = max(last, begun + 1)
        own = order[first[begun] : ends[last - 1]]
        plots, firsts = corrected.take(own), ends[begun:last] - first[begun]
        states, covariances, is_good = _smoothed(
            plots, np.append(0, firsts), sensors, options, biases.covariance
        )
        numbered = number[own]
        is_last = (np.diff(numbered) != 0) | (np.diff(plots.time_ns) != 0)
        rows = np.flatnonzero(np.append(is_last, [True]) & is_good)
        yield Estimates(
            track=numbered[rows],
            time_ns=plots.time_ns[rows],
            known_ns=np.full(len(rows), known_ns),
            status=np.full(len(rows), Status.CONFIRMED),
            state_vector=states[rows],
            covariance=covariances[rows],
        )
        begun = last


def _without_bias(detections: Detections, bias: F64) -> Detections:
    """Take constant errors off the plots of radars, their times included."""
    off = np.where(detections.is_infrared[:, np.newaxis], 0.0, bias[detections.sensor])
    measured = detections.measured.copy()
    measured[:, :3] -= off[:, :3]
    time_ns = detections.time_ns - np.rint(1e9 * off[:, 3]).astype(np.int64)
    return replace(detections, measured=measured, time_ns=time_ns)


def _smoothed(
    plots: Detections,
    first: I64,
    sensors: Sequence[Sensor],
    settings: Settings,
    bias_covariance: F64,
) -> tuple[F64, F64, npt.NDArray[np.bool_]]:
    """Smooth tracks whose plots stand together, by time: where each plot was, and if that holds."""
    count = len(first) - 1
    track = np.repeat(np.arange(count), np.diff(first))
    looks = _looks(plots, plots.time_ns[first[track]], sensors)
    states = np.full((len(plots), 6), np.nan)
    covariances = np.zeros((len(plots), 6, 6))
    burning = np.zeros(count, dtype=np.int64)
    starts = _starts(plots.take(first[:-1]), sensors)
    sensor = plots.sensor.astype(np.int64)
    unsure = np.ascontiguousarray(bias_covariance, dtype=np.float64)
    given = (looks, starts, _motion(settings), FIELD.copy(), states, covariances, burning)

    def work(start: int, stop: int) -> None:
        smoothing_kernel.smooth_tracks(start, stop, first, *given)
        if unsure.any():
            smoothing_kernel.widen_by_bias(start, stop, first, sensor, *given, unsure)

    run_in_chunks(work, count, chunk=_TRACKS_A_CHUNK)
    return states, covariances, burning[track] >= 0


def _motion(settings: Settings) -> F64:
    """Figures of ``smoothing_kernel``."""
    return np.array(
        [
            PLACE_STD_M,
            SPEED_STD_M_S,
            settings.process_noise_m2_s3,
            settings.powered_noise_m2_s3,
            settings.thrust_m_s2,
            BURN_MAX_S,
            BURN_GAIN,
        ]
    )


def _looks(plots: Detections, since_ns: I64, sensors: Sequence[Sensor]) -> F64:
    """Lay plots out as ``smoothing_kernel`` takes them."""
    looks = np.zeros((len(plots), smoothing_kernel.COLUMNS))
    looks[:, smoothing_kernel.KIND] = np.where(
        plots.is_infrared, kalman_kernel.INFRARED, kalman_kernel.RADAR
    )
    looks[:, smoothing_kernel.SECONDS] = 1e-9 * (plots.time_ns - since_ns)
    looks[:, smoothing_kernel.VALUES : smoothing_kernel.STDS] = plots.measured
    looks[:, smoothing_kernel.STDS : smoothing_kernel.EYE] = plots.std
    looks[:, smoothing_kernel.EYE : smoothing_kernel.ROTATION] = plots.eye_ecef_m
    for index, sensor in enumerate(sensors):
        if isinstance(sensor, Radar):
            own = plots.sensor == index
            looks[own, smoothing_kernel.EYE : smoothing_kernel.ROTATION] = (
                sensor.site.position_ecef_m
            )
            looks[own, smoothing_kernel.ROTATION :] = sensor.site.rotation_enu_from_ecef.ravel()
    return looks


def _starts(plots: Detections, sensors: Sequence[Sensor]) -> F64:
    """Where each of some plots puts its object, at rest."""
    starts = np.zeros((len(plots), 6))
    lines = np.flatnonzero(plots.is_infrared)
    eyes, directions = plots.eye_ecef_m[lines], plots.measured[lines, :3]
    place, _ = position_from_one_line(
        eyes,
        directions,
        altitude_m=LINE_ALTITUDE_M,
        altitude_std_m=LINE_ALTITUDE_M,
        line_of_sight_std_rad=plots.std[lines, 0],
    )
    # A line that passes the Earth: its nearest point to the middle.
    nearest = eyes - np.sum(eyes * directions, axis=-1, keepdims=True) * directions
    is_placed = np.isfinite(place).all(axis=-1, keepdims=True)
    starts[lines, :3] = np.where(is_placed, place, nearest)
    for index, sensor in enumerate(sensors):
        if isinstance(sensor, Radar):
            own = np.flatnonzero(plots.sensor == index)
            starts[own, :3] = position_from_look_angles(
                sensor.site.position_ecef_m,
                sensor.site.rotation_enu_from_ecef,
                *plots.measured[own, :3].T,
            )
    return starts
