"""Classes of missiles by ground range, as probabilities; and the reach of a burn-out speed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import MEAN_RADIUS_M
from commonwatch.earth.frames import spin_m_s
from commonwatch.earth.gravity import GM_M3_S2
from commonwatch.errors import InputError

F64 = npt.NDArray[np.float64]

REACH_STD_RATIO: Final = 0.05
_ROOT_OF_TWO: Final = math.sqrt(2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeClass:
    """A class by ground range, and what is assumed of its powered phase.

    Parameters
    ----------
    name
        As in "MRBM".
    ground_range_min_m, ground_range_max_m
        The class holds ground ranges from the first to below the second.
    burn_time_low_s, burn_time_high_s
        Interval of the time from lift-off to the last burn-out.
    burn_out_altitude_low_m, burn_out_altitude_high_m
        Interval of the height then.
    """

    name: str
    ground_range_min_m: float
    ground_range_max_m: float
    burn_time_low_s: float
    burn_time_high_s: float
    burn_out_altitude_low_m: float
    burn_out_altitude_high_m: float

    def __post_init__(self) -> None:
        for low, high in (
            ("ground_range_min_m", "ground_range_max_m"),
            ("burn_time_low_s", "burn_time_high_s"),
            ("burn_out_altitude_low_m", "burn_out_altitude_high_m"),
        ):
            ends = getattr(self, low), getattr(self, high)
            if not (0.0 <= ends[0] < ends[1] < math.inf):
                raise InputError(
                    f"{low} is {ends[0]}, {high} {ends[1]}",
                    allowed="finite numbers, 0 or more, the lower first",
                    where=f'range class "{self.name}"',
                )


def normal_probability(value: npt.ArrayLike) -> F64:
    """Return the probability that a standard normal number is less."""
    values = np.asarray(value, dtype=np.float64)
    below = [0.5 * math.erfc(-each / _ROOT_OF_TWO) for each in values.ravel().tolist()]
    return np.array(below, dtype=np.float64).reshape(values.shape)


def class_probabilities(
    ground_range_m: F64, std_m: F64, classes: Sequence[RangeClass]
) -> npt.NDArray[np.float64]:
    """Return the probability of each class, (n, c); the rows sum to one.

    Parameters
    ----------
    ground_range_m, std_m
        (n,), ground range and one standard deviation; rows of nan give nan.
    classes
        In order of range; the first is open downward and the last upward.
    """
    edges = np.array([each.ground_range_min_m for each in classes[1:]])
    below = normal_probability((edges - ground_range_m[:, None]) / np.maximum(std_m[:, None], 1e-3))
    below = np.concatenate([np.zeros((len(below), 1)), below, np.ones((len(below), 1))], axis=1)
    out: F64 = np.diff(below, axis=1)
    out[np.isnan(ground_range_m)] = np.nan
    return out


def reach_m(speed_m_s: F64, radius_m: F64) -> F64:
    """Return the greatest ground range that a speed near the ground can have, (n,).

    Parameters
    ----------
    speed_m_s
        (n,), inertial.
    radius_m
        (n,), distance from the Earth's centre where the speed is had.

    Notes
    -----
    The arc of least energy over a sphere: with q = v^2 r / GM, sin(range / 2 R) = q / (2 - q); half
    around the Earth from q = 1.
    """
    ratio = np.minimum(speed_m_s**2 * radius_m / GM_M3_S2, 1.0)
    reach: F64 = 2.0 * MEAN_RADIUS_M * np.arcsin(ratio / (2.0 - ratio))
    return reach


def likely_classes(
    state_vector: F64, classes: Sequence[RangeClass], *, least: float
) -> npt.NDArray[np.bool_]:
    """Say which classes could have the speed of an object, by its reach, (n, c).

    Parameters
    ----------
    state_vector
        (n, 6), ECEF, in free flight.
    classes
        In order of range.
    least
        Probability from which a class counts.

    Notes
    -----
    The speed is carried to the ground by its energy. By reach, and not by ground range, because a
    lofted missile burns as long as one that flies far. The reach is meant to 5 %, *assumed*: the
    edges of classes are no sharper.
    """
    radius = np.linalg.norm(state_vector[:, :3], axis=1)
    square = np.sum((state_vector[:, 3:] + spin_m_s(state_vector[:, :3])) ** 2, axis=1)
    ground = square + 2.0 * GM_M3_S2 * (1.0 / MEAN_RADIUS_M - 1.0 / radius)
    reach = reach_m(np.sqrt(np.maximum(ground, 0.0)), np.full_like(radius, MEAN_RADIUS_M))
    return np.asarray(class_probabilities(reach, REACH_STD_RATIO * reach, classes) > least)
