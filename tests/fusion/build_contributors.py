"""Contributors with real filters, and what a judge sees of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.contributor import Judge, Sources
from commonwatch.tracking.estimate import predict
from tests.fusion.build import SECOND_NS, Filter, covariance_of, flights, nation

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NAMES = tuple(nation(name) for name in "abcd")
STD_M = 100.0
ONSET_S = 60
LAST_S = 210
PERIOD_S = 10
NAMED_WITHIN_S = 30


@dataclass(frozen=True)
class Look:
    """What all contributors of all runs believe at one time, contributors first."""

    time_s: int
    truth: F64
    mean: F64
    covariance: F64


@cache
def looks(
    runs: int,
    objects: int,
    *,
    names: int = 4,
    period_s: int = PERIOD_S,
    noise_m2_s3: float = 0.0,
) -> tuple[Look, ...]:
    """Real filters of honest contributors over independent looks, all runs at once."""
    rng = np.random.default_rng([runs, objects, names])
    count = runs * objects
    truth = np.tile(flights(objects), (runs, 1))
    filters = [
        Filter.begun(str(name), truth, rng, noise_m2_s3=noise_m2_s3) for name in NAMES[:names]
    ]
    unit = np.array([[1.0 / 3.0, 0.5], [0.5, 1.0]])
    push = np.linalg.cholesky(np.kron(unit, np.eye(3))) * np.sqrt(noise_m2_s3)
    found = []
    for second in range(1, LAST_S + 1):
        truth, _ = predict(truth, covariance_of(1, 1, count), 1.0, process_noise_m2_s3=0.0)
        truth = truth + rng.normal(size=truth.shape) @ push.T
        for each in filters:
            each.advance(float(second))
            each.measure(truth[:, :3] + rng.normal(size=(count, 3)) * STD_M, STD_M)
        if second >= 2 * PERIOD_S and second % period_s == 0:
            shape = (names, runs, objects)
            found.append(
                Look(
                    second,
                    truth.reshape(runs, objects, 6),
                    np.stack([each.mean for each in filters]).reshape(*shape, 6),
                    np.stack([each.covariance for each in filters]).reshape(*shape, 6, 6),
                )
            )
    return tuple(found)


def sources_of(
    mean: F64, covariance: F64, *, is_there: Mask | None = None, expected: F64 | None = None
) -> Sources:
    names, count = mean.shape[:2]
    return Sources(
        number=np.arange(1, count + 1),
        contributor=NAMES[:names],
        state_vector=mean,
        covariance=covariance,
        is_there=np.ones((names, count), dtype=np.bool_) if is_there is None else is_there,
        expected=expected,
    )


def sigmas(look: Look, run: int, lie: F64) -> float:
    """How many deviations a perfect test sees of a lie of the first about its first object."""
    others = np.linalg.inv(np.linalg.inv(look.covariance[1:, run, 0]).sum(axis=0))
    weight = np.linalg.inv(look.covariance[0, run, 0] + others)
    return float(np.sqrt(lie @ weight @ lie))


def direction_of(run: int) -> F64:
    """A direction in space, another in each run."""
    along = np.random.default_rng([99, run]).normal(size=3)
    return np.asarray(along / np.linalg.norm(along))


def named_by(look: Look, run: int, judge: Judge, mean: F64) -> None:
    """Let a judge see one look."""
    judge.step(sources_of(mean, look.covariance[:, run]), look.time_s * SECOND_NS)
