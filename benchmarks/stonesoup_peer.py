# ruff: noqa: ARG002, FBT002 - the signatures of its models are given
"""Tracking by Stone Soup: its own tracker, with models of a turning Earth and analytic Jacobians.

Stone Soup has no radar in geocentric coordinates and no ballistic motion, and its stock models
differentiate by differences, which fails over millions of metres. The two below are all that is
ours; everything else is wired as its guides do.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2
from commonwatch.errors import InputError
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.estimate import Estimates, Status, joined

F64 = npt.NDArray[np.float64]

GATE: Final = 0.999
PROCESS_NOISE_M2_S3: Final = 0.01
CONFIRMED_AFTER: Final = 3
TENTATIVE_S: Final = 4.1
COASTING_S: Final = 10.1
SPEED_STD_M_S: Final = 3_000.0
NEAR: Final = 10_000.0
"""Radius of the search in the tree, in metres and metres a second: ranges, in effect."""
_EPOCH: Final = datetime.datetime(2017, 7, 14)


def _motion() -> type:
    """Free flight as Stone Soup's own kind of model."""
    from stonesoup.models.base import GaussianModel
    from stonesoup.models.transition.base import TransitionModel
    from stonesoup.types.array import CovarianceMatrix, StateVector

    turn = EARTH_RATE_RAD_S
    centrifugal = np.array([[turn**2], [turn**2], [0.0]])
    coriolis = np.array([[0.0, 2.0 * turn, 0.0], [-2.0 * turn, 0.0, 0.0], [0.0, 0.0, 0.0]])

    class FreeFlight(TransitionModel, GaussianModel):  # type: ignore[misc]
        """Gravity of the moment and the turning frame over a short step."""

        @property
        def ndim_state(self) -> int:
            return 6

        def function(self, held: Any, noise: Any = False, **kwargs: Any) -> Any:
            seconds = kwargs["time_interval"].total_seconds()
            vector = np.asarray(held.state_vector)
            place, speed = vector[:3], vector[3:]
            radius2 = float(place[:, 0] @ place[:, 0])
            pull = centrifugal - GM_M3_S2 / (radius2 * radius2**0.5)
            push = pull * place + coriolis @ speed
            moved = np.empty((6, 1))
            moved[:3] = place + seconds * speed + (0.5 * seconds * seconds) * push
            moved[3:] = speed + seconds * push
            return moved.view(StateVector)

        def jacobian(self, held: Any, **kwargs: Any) -> F64:
            seconds = kwargs["time_interval"].total_seconds()
            place = np.asarray(held.state_vector)[:3, 0]
            radius2 = float(place @ place)
            pull = GM_M3_S2 / (radius2 * radius2**0.5)
            gradient = np.asarray(3.0 * pull / radius2 * np.outer(place, place), dtype=np.float64)
            gradient[[0, 1, 2], [0, 1, 2]] += centrifugal[:, 0] - pull
            matrix: F64 = np.eye(6)
            matrix[:3, :3] += (0.5 * seconds * seconds) * gradient
            matrix[:3, 3:] = seconds * np.eye(3) + (0.5 * seconds * seconds) * coriolis
            matrix[3:, :3] = seconds * gradient
            matrix[3:, 3:] += seconds * coriolis
            return matrix

        def covar(self, **kwargs: Any) -> Any:
            seconds = kwargs["time_interval"].total_seconds()
            unit = np.array([[seconds**3 / 3.0, seconds**2 / 2.0], [seconds**2 / 2.0, seconds]])
            noise = np.kron(PROCESS_NOISE_M2_S3 * unit, np.eye(3))
            return noise.view(CovarianceMatrix)

    return FreeFlight


def _radar() -> type:
    """Return a radar as Stone Soup's own kind of model."""
    from stonesoup.base import Property
    from stonesoup.models.base import GaussianModel, ReversibleModel
    from stonesoup.models.measurement.base import MeasurementModel
    from stonesoup.types.array import StateVector

    class GroundRadar(ReversibleModel, MeasurementModel, GaussianModel):  # type: ignore[misc]
        """Range, azimuth from west through south, elevation and range rate from a site.

        Azimuth jumps by a turn due east, where fewest objects are.
        """

        place: F64 = Property(doc="Site, ECEF, (3, 1).")
        rotation: F64 = Property(doc="To east, north, up, (3, 3).")
        noise: F64 = Property(doc="Covariance of a plot.")

        @property
        def ndim_meas(self) -> int:
            return 4

        def covar(self, **kwargs: Any) -> F64:
            return self.noise

        def function(self, held: Any, noise: Any = False, **kwargs: Any) -> Any:
            vector = np.asarray(held.state_vector)
            offset = vector[:3] - self.place
            east, north, up = (self.rotation @ offset)[:, 0].tolist()
            level = (east * east + north * north) ** 0.5
            length = (level * level + up * up) ** 0.5
            rate = float(offset[:, 0] @ vector[3:, 0]) / length
            azimuth = math.atan2(-north, -east)
            plot = np.array([[length], [azimuth], [math.atan2(up, level)], [rate]])
            return plot.view(StateVector)

        def jacobian(self, held: Any, **kwargs: Any) -> F64:
            vector = np.asarray(held.state_vector)
            offset, speed = vector[:3, 0] - self.place[:, 0], vector[3:, 0]
            east, north, up = (self.rotation @ offset).tolist()
            level2 = east * east + north * north
            level = level2**0.5
            length2 = level2 + up * up
            length = length2**0.5
            local = np.array(
                [
                    [-north / level2, east / level2, 0.0],
                    [
                        -east * up / (level * length2),
                        -north * up / (level * length2),
                        level / length2,
                    ],
                ]
            )
            line = offset / length
            matrix = np.zeros((4, 6))
            matrix[0, :3] = matrix[3, 3:] = line
            matrix[1:3, :3] = local @ self.rotation
            matrix[3, :3] = (speed - line * (line @ speed)) / length
            return matrix

        def inverse_function(self, detection: Any, **kwargs: Any) -> Any:
            length, azimuth, elevation, rate = np.asarray(detection.state_vector)[:, 0]
            level = math.cos(elevation)
            line = self.rotation.T @ np.array(
                [-level * math.cos(azimuth), -level * math.sin(azimuth), math.sin(elevation)]
            )
            vector = np.concatenate([self.place[:, 0] + length * line, rate * line])
            return vector[:, np.newaxis].view(StateVector)

    return GroundRadar


class Wired:
    """Stone Soup's tracker over recorded detections, frame by frame.

    Parameters
    ----------
    detections, sensors
        What it tracks, all of radars.
    is_joint
        Joint probabilities by loopy belief propagation, else the nearest neighbour of a KD-tree.
    false_density
        Of false plots, for joint probabilities: a metre, two radians and a metre a second.
    """

    def __init__(
        self,
        detections: Detections,
        sensors: Sequence[Sensor],
        *,
        is_joint: bool = False,
        false_density: float = 1e-10,
    ) -> None:
        frames = list(self._frames(detections, sensors))
        self.frame_count = len(frames)
        self._tracker = _tracker(frames, is_joint=is_joint, false_density=false_density)
        self._iterator = iter(self._tracker)
        self._numbers: dict[str, int] = {}
        self._shown: dict[str, Any] = {}

    def _frames(self, detections: Detections, sensors: Sequence[Sensor]) -> Iterator[Any]:
        """Time and set of detections of each sweep, by arrival, then time."""
        from stonesoup.types.array import StateVector
        from stonesoup.types.detection import Detection

        kind = _radar()
        models = [_model(kind, sensor) for sensor in sensors]
        measured = detections.measured.copy()
        measured[:, 1] = np.mod(0.5 * np.pi - measured[:, 1], 2.0 * np.pi) - np.pi
        keys = np.stack([detections.arrival_ns, detections.time_ns, detections.sensor])
        order = np.lexsort(keys[::-1])
        _, starts = np.unique(keys[:, order], axis=1, return_index=True)
        for rows in np.split(order, np.sort(starts)[1:]):
            at = _time(int(detections.time_ns[rows[0]]))
            yield (
                at,
                {
                    Detection(
                        measured[row][:, np.newaxis].view(StateVector),
                        timestamp=at,
                        measurement_model=models[detections.sensor[row]],
                    )
                    for row in rows.tolist()
                },
            )

    def step(self) -> Any:
        """Take the next frame; this alone is timed."""
        return next(self._iterator)

    def told(self, step: Any, known_ns: int) -> Estimates:
        """Rows for all tracks that it holds, and an end for each that is no more."""
        _, tracks = step
        now = {track.id: track.state for track in tracks}
        ended = {key: last for key, last in self._shown.items() if key not in now}
        self._shown = now
        for key in now:
            self._numbers.setdefault(key, len(self._numbers) + 1)
        parts = []
        for status, some in ((Status.ENDED, ended), (Status.CONFIRMED, now)):
            if some:
                states = list(some.values())
                parts.append(
                    Estimates(
                        track=np.array([self._numbers[key] for key in some]),
                        time_ns=np.array([_ns(each.timestamp) for each in states]),
                        known_ns=np.full(len(some), known_ns),
                        status=np.full(len(some), status),
                        state_vector=np.array([np.asarray(each.mean)[:, 0] for each in states]),
                        covariance=np.array([np.asarray(each.covar) for each in states]),
                    )
                )
        return joined(parts)


def _model(kind: type, sensor: Sensor) -> Any:
    """Return one radar's measurements."""
    if not isinstance(sensor, Radar):
        raise InputError(f"{sensor.sensor}", allowed="radars only")
    std = (
        sensor.range_std_m,
        sensor.azimuth_std_rad,
        sensor.elevation_std_rad,
        sensor.range_rate_std_m_s,
    )
    return kind(
        ndim_state=6,
        mapping=(0, 1, 2),
        place=sensor.site.position_ecef_m[:, np.newaxis].copy(),
        rotation=sensor.site.rotation_enu_from_ecef.copy(),
        noise=np.diag(np.square(np.array(std, dtype=np.float64))),
    )


def _time(time_ns: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(microseconds=(time_ns - _epoch_ns()) / 1e3)


def _epoch_ns() -> int:
    since = _EPOCH - datetime.datetime(1970, 1, 1)
    return (since // datetime.timedelta(seconds=1)) * 1_000_000_000


def _ns(time: datetime.datetime) -> int:
    return _epoch_ns() + ((time - _EPOCH) // datetime.timedelta(microseconds=1)) * 1_000


def _tracker(frames: list[Any], *, is_joint: bool, false_density: float) -> Any:
    """Wire predictor, updater, association, deletion and initiation."""
    from scipy.stats import chi2
    from stonesoup.dataassociator.probability import JPDAwithLBP
    from stonesoup.dataassociator.tree import DetectionKDTreeNN
    from stonesoup.deleter.time import UpdateTimeDeleter
    from stonesoup.hypothesiser.distance import DistanceHypothesiser
    from stonesoup.hypothesiser.probability import PDAHypothesiser
    from stonesoup.initiator.simple import (
        MultiMeasurementInitiator,
        SinglePointMeasurementInitiator,
    )
    from stonesoup.measures import Mahalanobis
    from stonesoup.predictor.kalman import ExtendedKalmanPredictor
    from stonesoup.tracker.simple import MultiTargetMixtureTracker, MultiTargetTracker
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import ExtendedKalmanUpdater

    predictor = ExtendedKalmanPredictor(_motion()())
    updater = ExtendedKalmanUpdater()
    nearest = DetectionKDTreeNN(
        DistanceHypothesiser(
            predictor, updater, Mahalanobis(), missed_distance=float(np.sqrt(chi2.ppf(GATE, 4)))
        ),
        predictor,
        updater,
        max_distance=NEAR,
    )
    prior = GaussianState(
        np.zeros((6, 1)), np.diag([1e10] * 3 + [SPEED_STD_M_S**2] * 3), timestamp=frames[0][0]
    )
    initiator = MultiMeasurementInitiator(
        prior,
        UpdateTimeDeleter(datetime.timedelta(seconds=TENTATIVE_S)),
        nearest,
        updater,
        min_points=CONFIRMED_AFTER,
        initiator=SinglePointMeasurementInitiator(prior),
    )
    initiator.initiator.updater = updater
    deleter = UpdateTimeDeleter(datetime.timedelta(seconds=COASTING_S))
    if is_joint:
        joint = JPDAwithLBP(
            PDAHypothesiser(
                predictor,
                updater,
                clutter_spatial_density=false_density,
                prob_detect=0.9,
                prob_gate=GATE,
            )
        )
        return MultiTargetMixtureTracker(initiator, deleter, frames, joint, updater)
    return MultiTargetTracker(initiator, deleter, frames, nearest, updater)
