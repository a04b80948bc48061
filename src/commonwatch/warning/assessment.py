"""What an object is, as probabilities with the evidence in words.

Bayes over six answers. Each piece of evidence has a likelihood under each answer; all of them, and
the priors, are *assumed*: nobody publishes how often what flies is what. They order the answers,
and say how strong a piece of evidence is against another; they are no statistics.

=====================  =========  =======  ========  =========  ======  =======
evidence               ballistic  space    sounding  satellite  noise   unknown
=====================  =========  =======  ========  =========  ======  =======
``PRIOR``              0.20       0.15     0.10      0.25       0.20    0.10
stays in orbit         0.001      0.5      0.001     0.98       0.1     0.3
comes down             0.999      0.3      0.999     0.02       0.9     0.7
motor seen to burn     0.6        0.9      0.6       0.02       0.05    0.3
farther than 600 km    0.7        0.8      0.1       0.5        0.5     0.5
nearer                 0.3        0.2      0.9       0.5        0.5     0.5
steeper than 0.8       0.1        0.1      0.9       0.5        0.5     0.3
flatter                0.9        0.9      0.1       0.5        0.5     0.7
no such motion         0.01       0.01     0.01      0.01       0.5     0.3
two sources agree      1          1        1         1          0.01    1
=====================  =========  =======  ========  =========  ======  =======

Noise also dies out: a false track lives some 8 s (*assumed*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.warning.range_class import normal_probability

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ANSWERS: Final = (
    "ballistic",
    "space launch",
    "sounding rocket",
    "satellite or debris",
    "noise",
    "unknown",
)
PRIOR: Final = np.array([0.20, 0.15, 0.10, 0.25, 0.20, 0.10])
_ORBIT: Final = np.array([0.001, 0.5, 0.001, 0.98, 0.1, 0.3])
_COMES_DOWN: Final = np.array([0.999, 0.3, 0.999, 0.02, 0.9, 0.7])
_BURNS: Final = np.array([0.6, 0.9, 0.6, 0.02, 0.05, 0.3])
_FAR: Final = np.array([0.7, 0.8, 0.1, 0.5, 0.5, 0.5])
_STEEP: Final = np.array([0.1, 0.1, 0.9, 0.5, 0.5, 0.3])
_FLAT: Final = np.array([0.9, 0.9, 0.1, 0.5, 0.5, 0.7])
_IMPOSSIBLE: Final = np.array([0.01, 0.01, 0.01, 0.01, 0.5, 0.3])
_AGREED: Final = np.array([1.0, 1.0, 1.0, 1.0, 0.01, 1.0])
_NOISE: Final = ANSWERS.index("noise")

ORBIT_PERIGEE_M: Final = 100_000.0
FAR_M: Final = 600_000.0
STEEP_RATIO: Final = 0.8
NOISE_LIFE_S: Final = 8.0
_NOISE_LEAST: Final = 1e-4
SPEED_MAX_M_S: Final = 12_000.0
ACCELERATION_MAX_M_S2: Final = 200.0
_PERIGEE_STD_MIN_M: Final = 10_000.0
"""J2 alone moves a perigee by so much within a revolution."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What is known of objects that tells the answers apart, (n,) each.

    Parameters
    ----------
    perigee_m, perigee_std_m
        Of the osculating orbit, above the equatorial radius.
    ground_range_m, ground_range_std_m, apogee_altitude_m
        Of the arc, nan where no impact or launch point is given.
    is_burning, has_burned
        Whether the motor burns now, and was ever seen to: by a residual acceleration or by an
        infrared sensor.
    age_s
        Since the track's first row.
    speed_m_s, residual_m_s2, noise_m_s2
        Over the turning Earth; residual acceleration and its noise, nan where there is none.
    has_two_sources
        Whether two sources confirm the track.
    """

    perigee_m: F64
    perigee_std_m: F64
    ground_range_m: F64
    ground_range_std_m: F64
    apogee_altitude_m: F64
    is_burning: Flags
    has_burned: Flags
    age_s: F64
    speed_m_s: F64
    residual_m_s2: F64
    noise_m_s2: F64
    has_two_sources: Flags


def assess(features: Features) -> F64:
    """Return the probability of each answer, (n, 6) in the order of ``ANSWERS``.

    Notes
    -----
    Where a figure is uncertain its two likelihoods are mixed by the probability of either side.
    While the motor burns neither orbit nor arc is final, and they count for nothing.

    Limits: likelihoods are assumed and taken as independent; a lofted missile and a sounding rocket
    of the same arc differ in nothing that a radar sees.
    """
    weight = np.tile(PRIOR, (len(features.age_s), 1))
    orbit = np.where(features.is_burning, np.nan, orbit_probability(features))
    weight *= _mixed(orbit, _ORBIT, _COMES_DOWN)
    weight *= np.where(features.has_burned[:, None], _BURNS, 1.0)
    far = normal_probability(
        (features.ground_range_m - FAR_M) / np.maximum(features.ground_range_std_m, 1.0)
    )
    weight *= _mixed(far, _FAR, 1.0 - _FAR)
    steep = np.where(np.isnan(_ratio(features)), np.nan, _ratio(features) > STEEP_RATIO)
    weight *= _mixed(steep, _STEEP, _FLAT)
    weight *= np.where(_is_impossible(features)[:, None], _IMPOSSIBLE, 1.0)
    weight *= np.where(features.has_two_sources[:, None], _AGREED, 1.0)
    weight[:, _NOISE] *= np.maximum(np.exp(-features.age_s / NOISE_LIFE_S), _NOISE_LEAST)
    shares: F64 = weight / weight.sum(axis=1, keepdims=True)
    return shares


def orbit_probability(features: Features) -> F64:
    """Return the probability that the perigee lies above 100 km, (n,)."""
    std = np.hypot(features.perigee_std_m, _PERIGEE_STD_MIN_M)
    return normal_probability((features.perigee_m - ORBIT_PERIGEE_M) / std)


def in_words(features: Features) -> list[str]:
    """Put the evidence of every row into words, figures included."""
    orbit, ratio = orbit_probability(features), _ratio(features)
    impossible = _is_impossible(features)
    words = []
    for row in range(len(features.age_s)):
        if features.is_burning[row]:
            parts = ["motor burns or may burn: orbit and arc are not final"]
        else:
            parts = [
                f"perigee {features.perigee_m[row] / 1e3:,.0f} km "
                f"(std {features.perigee_std_m[row] / 1e3:,.0f}): in orbit with probability "
                f"{orbit[row]:.2f}"
            ]
        if np.isfinite(features.ground_range_m[row]):
            parts.append(
                f"ground range {features.ground_range_m[row] / 1e3:,.0f} km "
                f"(std {features.ground_range_std_m[row] / 1e3:,.0f}), apogee "
                f"{features.apogee_altitude_m[row] / 1e3:,.0f} km, ratio {ratio[row]:.2f}"
            )
        if features.has_burned[row]:
            parts.append("was seen to burn")
        if impossible[row]:
            parts.append(f"no such motion: {features.speed_m_s[row]:,.0f} m/s")
        parts.append(f"tracked for {features.age_s[row]:.0f} s")
        if features.has_two_sources[row]:
            parts.append("two sources agree")
        words.append("; ".join(parts))
    return words


def _ratio(features: Features) -> F64:
    ratio: F64 = features.apogee_altitude_m / np.maximum(features.ground_range_m, 1.0)
    return ratio


def _is_impossible(features: Features) -> Flags:
    jumps = features.residual_m_s2 - 3.0 * features.noise_m_s2 > ACCELERATION_MAX_M_S2
    return np.asarray((features.speed_m_s > SPEED_MAX_M_S) | jumps)


def _mixed(probability: F64, yes: F64, no: F64) -> F64:
    """Mix two likelihoods; evidence that is not there counts for nothing, (n, 6)."""
    share = probability[:, None]
    return np.where(np.isnan(share), 1.0, share * yes + (1.0 - share) * no)
