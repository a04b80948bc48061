"""Objects in free flight, centres that measure them, and the filters of those centres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.combination import no_news, tracklets
from commonwatch.fusion.pedigree import Pedigree, Span, pedigree_of
from commonwatch.fusion.report import Reports
from commonwatch.identity import NationId, SensorId
from commonwatch.tracking.estimate import Estimates, Status, predict

F64 = npt.NDArray[np.float64]

SECOND_NS = 1_000_000_000
PRIOR_POSITION_M = 1e4
PRIOR_SPEED_M_S = 1e3


def nation(name: str) -> NationId:
    return NationId(name)


def span(sensor: str, after_s: float, until_s: float, originator: str = "a") -> Span:
    return Span(
        originator=NationId(originator),
        sensor=SensorId(sensor),
        after_ns=round(after_s * SECOND_NS),
        until_ns=round(until_s * SECOND_NS),
    )


def pedigree(sensor: str, after_s: float, until_s: float, originator: str = "a") -> Pedigree:
    return pedigree_of([span(sensor, after_s, until_s, originator)])


def flights(count: int, *, apart_m: float = 20_000.0) -> F64:
    """State vectors side by side, 700 km up, climbing, shape (count, 6)."""
    mean = np.zeros((count, 6))
    mean[:, 0] = 7.1e6
    mean[:, 1] = apart_m * np.arange(count)
    mean[:, 3] = 1_000.0
    mean[:, 4] = 3_000.0
    mean[:, 5] = 4_000.0
    return mean


def covariance_of(position_m: float, speed_m_s: float, count: int = 1) -> F64:
    variance = [position_m**2] * 3 + [speed_m_s**2] * 3
    return np.broadcast_to(np.diag(variance), (count, 6, 6)).copy()


def estimates(mean: F64, covariance: F64, *, first_track: int = 1, time_ns: int = 0) -> Estimates:
    count = len(mean)
    return Estimates(
        track=np.arange(first_track, first_track + count),
        time_ns=np.full(count, time_ns),
        known_ns=np.full(count, time_ns),
        status=np.ones(count, dtype=np.int8),
        state_vector=mean,
        covariance=covariance,
    )


def random_covariance(rng: np.random.Generator, count: int, scale_m: float = 10.0) -> F64:
    """Full covariances, velocities good to a hundredth of positions a second."""
    factor = rng.normal(size=(count, 6, 6)) + 1.5 * np.eye(6)
    factor[:, :3] *= scale_m
    factor[:, 3:] *= 0.01 * scale_m
    return factor @ np.swapaxes(factor, -1, -2)


def update(mean: F64, covariance: F64, measured: F64, std_m: float) -> tuple[F64, F64]:
    """Textbook Kalman update with measured positions, shapes (N, 6), (N, 6, 6), (N, 3)."""
    gain = covariance[:, :, :3] @ np.linalg.inv(covariance[:, :3, :3] + std_m**2 * np.eye(3))
    moved = mean + np.einsum("nij,nj->ni", gain, measured - mean[:, :3])
    left = covariance - gain @ covariance[:, :3]
    return moved, 0.5 * (left + np.swapaxes(left, -1, -2))


@dataclass
class Filter:
    """The Kalman filter of one centre over its own looks, and what it last sent."""

    name: str
    mean: F64
    covariance: F64
    time_s: float = 0.0
    noise_m2_s3: float = 0.0
    sent: tuple[float, F64, F64] | None = None
    sequence: int = 0

    @staticmethod
    def begun(
        name: str, truth: F64, rng: np.random.Generator, *, noise_m2_s3: float = 0.0
    ) -> Filter:
        """A filter with an honest prior."""
        covariance = covariance_of(PRIOR_POSITION_M, PRIOR_SPEED_M_S, len(truth))
        std = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        return Filter(
            name, truth + rng.normal(size=truth.shape) * std, covariance, noise_m2_s3=noise_m2_s3
        )

    def advance(self, time_s: float) -> None:
        self.mean, self.covariance = predict(
            self.mean,
            self.covariance,
            time_s - self.time_s,
            process_noise_m2_s3=self.noise_m2_s3,
        )
        self.time_s = time_s

    def measure(self, positions: F64, std_m: float) -> None:
        self.mean, self.covariance = update(self.mean, self.covariance, positions, std_m)

    def report(self, *, sensor: str = "") -> Reports:
        """What is said now: the whole, the news, the pedigree."""
        count = len(self.mean)
        now_ns = round(self.time_s * SECOND_NS)
        if self.sent is None:
            since_s = -1.0
            news = no_news(count)
        else:
            since_s, mean, covariance = self.sent
            before = predict(
                mean, covariance, self.time_s - since_s, process_noise_m2_s3=self.noise_m2_s3
            )
            news = tracklets(self.mean, self.covariance, *before)
        self.sent = (self.time_s, self.mean.copy(), self.covariance.copy())
        self.sequence += 1
        rests = pedigree(sensor or f"{self.name}-radar", -1.0, self.time_s, self.name)
        return Reports(
            contributor=(NationId(self.name),) * count,
            track=np.arange(count),
            sequence=np.full(count, self.sequence),
            status=np.full(count, Status.CONFIRMED),
            is_free=np.ones(count, dtype=np.bool_),
            time_ns=np.full(count, now_ns),
            since_ns=np.full(count, round(since_s * SECOND_NS)),
            state_vector=self.mean,
            covariance=self.covariance,
            news=news,
            step=np.zeros((count, 6)),
            pedigree=(rests,) * count,
        )
