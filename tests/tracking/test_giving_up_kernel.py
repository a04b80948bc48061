"""Tracks known too badly to be kept unseen, against the rule as it is said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.tracking import giving_up_kernel as rule
from commonwatch.tracking.bank_kernel import CONFIRMED, DORMANT, SINGLE, TENTATIVE
from commonwatch.tracking.motion_kernel import FREE

F64 = npt.NDArray[np.float64]

GATE_SQUARED, AIR_M, COAST_S, NOW_S = 25.0, 100e3, 60.0, 1_000.0


def drawn(count: int, rng: np.random.Generator) -> tuple[F64, F64]:
    """Objects within 500 km, some in the air and some above, known to 0.5 km up to 3,000 km."""
    up = rng.uniform(20e3, 600e3, count)
    place = np.array([6_378e3, 0.0, 0.0]) + rng.normal(0.0, 250e3, (count, 3)) * [0.0, 1.0, 1.0]
    place[:, 0] = np.sqrt((6_378e3 + up) ** 2 - (place[:, 1:] ** 2).sum(axis=1))
    states = np.zeros((count, 2, 6))
    states[:, FREE, :3], states[:, FREE, 3:] = place, rng.normal(0.0, 3e3, (count, 3))
    covariances = np.zeros((count, 2, 6, 6))
    std_m = np.exp(rng.uniform(np.log(0.5e3), np.log(3e6), count))
    for own, size_m in zip(covariances[:, FREE], std_m, strict=True):
        turned = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        axes_m = size_m * rng.uniform(0.05, 1.0, 3)
        own[:3, :3] = turned @ np.diag(axes_m**2) @ turned.T
        own[3:, 3:] = np.eye(3)
    return states, covariances


def by_the_words(
    phases: list[int], states: F64, covariances: F64, unseen_s: list[float], marks: list[bool]
) -> tuple[list[int], list[bool]]:
    """Fates and marks by the words of docs/explanation/tracking.md, track by track."""
    believed = [k for k, phase in enumerate(phases) if phase in (CONFIRMED, DORMANT)]
    unseen = [k for k in believed if phases[k] == DORMANT or unseen_s[k] > COAST_S]
    place, spread = states[:, FREE, :3], covariances[:, FREE, :3, :3]
    std_m = [float(np.sqrt(np.trace(own))) for own in spread]
    marks = list(marks)
    for track in [k for k in unseen if std_m[k] >= rule.DORMANT_STD_M and not marks[k]]:
        for other in believed:
            apart = place[other] - place[track]
            both = spread[other] + spread[track]
            if other != track and apart @ np.linalg.solve(both, apart) < GATE_SQUARED:
                marks[track] = marks[other] = True
    fates = []
    for k in range(len(phases)):
        is_hidden = phases[k] == DORMANT
        is_down = float(np.dot(place[k], states[k, FREE, 3:])) < 0.0
        is_down = is_down and float(geodetic_from_ecef(place[k])[2]) < AIR_M
        is_lost = std_m[k] >= rule.ALONE_STD_M
        is_lost = is_lost or (marks[k] and std_m[k] >= rule.DORMANT_STD_M)
        is_lost = is_lost or (is_hidden and is_down and std_m[k] >= rule.FALLING_STD_M)
        if k not in unseen or (not is_lost and not is_hidden):
            fates.append(rule.SEEN)
        elif is_lost:
            fates.append(rule.HIDDEN if is_hidden else rule.LOST)
        else:
            fates.append(rule.KEPT)
    return fates, marks


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 9))
def test_tracks_that_nobody_sees_are_given_up_as_the_page_says(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    states, covariances = drawn(count, rng)
    phases = rng.choice([SINGLE, TENTATIVE, CONFIRMED, DORMANT], count, p=[0.1, 0.1, 0.3, 0.5])
    unseen_s, marks = rng.uniform(0.0, 120.0, count), rng.random(count) < 0.2
    fates, expected_marks = by_the_words(
        phases.tolist(), states, covariances, unseen_s.tolist(), marks.tolist()
    )
    found = np.full(count, -1, dtype=np.int8)
    concerned = rule.give_up(
        round(1e9 * NOW_S),
        round(1e9 * COAST_S),
        GATE_SQUARED,
        AIR_M,
        count,
        phases.astype(np.int8),
        states,
        covariances,
        np.round(1e9 * (NOW_S - unseen_s)).astype(np.int64),
        marks,
        found,
    )
    assert found.tolist() == fates
    assert marks.tolist() == expected_marks
    is_unseen = (phases == DORMANT) | ((phases == CONFIRMED) & (unseen_s > COAST_S))
    assert concerned == is_unseen.sum()
