"""What a tracker is told beside its sensors.

========================  ======================================================  =======
figure                    reason                                                  mark
========================  ======================================================  =======
``gate_squared``          chi-square, 4 values: one true plot in 20,000 outside   derived
``burn_time_s``           mean time that a burning motor goes on                  assumed
``speed_std_m_s``         each way across the line, before a second plot          assumed
``newness``               one plot in a hundred that no track explains is new     assumed
``confirm_score``         one false track in 10,000 such starts                   derived
``end_score``             six missed looks in a row at a probability of 0.9       derived
========================  ======================================================  =======
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from commonwatch.errors import InputError
from commonwatch.tracking import gate_kernel
from commonwatch.tracking.estimate import (
    POWERED_NOISE_M2_S3,
    PROCESS_NOISE_M2_S3,
    THRUST_M_S2,
)

WINDOW_S: Final = 6.0
"""Detections come in any order within it, the ends included."""
SLICE_S: Final = gate_kernel.SLICE_S
"""Plots of one sensor this close together are one frame, unless it looks nearly as often: a kernel
compiles it in, and holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a tracker holds."""

    track_count: int = 50_000
    plots_per_frame: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a tracker works.

    Parameters
    ----------
    filter
        ``"ekf"`` (extended, iterated where values bend) or ``"ukf"`` (unscented).
    association
        ``"gnn"`` (global nearest neighbour) or ``"jpda"`` (joint probabilities).
    gate_squared
        Greatest Mahalanobis distance squared.
    process_noise_m2_s3, powered_noise_m2_s3
        Spectral density of white acceleration in free flight above 100 km, and under power.
    thrust_m_s2
        Mean acceleration along the velocity under power.
    burn_time_s
        Mean time that a burning motor goes on.
    speed_std_m_s
        Each way across the line of sight, before a second plot.
    newness
        Score of a single plot where no other stands near.
    confirm_score, end_score, end_tentative_score
        Score at which a track is believed, and what it loses before it ends.
    coast_s, dormant_s
        Longest time in view without a plot, and out of every view.
    air_m
        Height below which a falling object is given up at the first missed look, and sooner than
        others out of every view: drag, break-up.

    Raises
    ------
    InputError
        A value that cannot be.
    """

    filter: Literal["ekf", "ukf"] = "ekf"
    association: Literal["gnn", "jpda"] = "gnn"
    gate_squared: float = 25.0
    process_noise_m2_s3: float = PROCESS_NOISE_M2_S3
    powered_noise_m2_s3: float = POWERED_NOISE_M2_S3
    thrust_m_s2: float = THRUST_M_S2
    burn_time_s: float = 60.0
    speed_std_m_s: float = 3_000.0
    newness: float = math.log(0.01)
    confirm_score: float = math.log(1e4)
    end_score: float = 6.0 * math.log(10.0)
    end_tentative_score: float = 3.0 * math.log(10.0)
    coast_s: float = 60.0
    dormant_s: float = 1_800.0
    air_m: float = 100e3
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        for name, allowed in (("filter", ("ekf", "ukf")), ("association", ("gnn", "jpda"))):
            if getattr(self, name) not in allowed:
                raise InputError(f'{name} "{getattr(self, name)}"', allowed=" or ".join(allowed))
        for name in ("gate_squared", "speed_std_m_s", "confirm_score", "end_score", "burn_time_s"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} is {getattr(self, name)}", allowed="a number above 0")
