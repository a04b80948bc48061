"""One object against one plot: both filters against the textbook, slopes against differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import block_diag

from commonwatch.sensing.measurement import (
    radar_jacobian,
    radar_measurement,
    range_rate_jacobian,
    range_rate_measurement,
)
from commonwatch.sensing.radar import Radar
from commonwatch.tracking.estimate import FIELD
from commonwatch.tracking.kalman_kernel import (
    INFRARED,
    PLANES,
    RADAR,
    across_line,
    allow_for_bending,
    distance_squared,
    expected,
    extended_update,
    linearised,
    unscented_update,
    wrapped,
)
from commonwatch.tracking.motion_kernel import step_state_vector
from tests.tracking.build import NORTH, above, flights, radar_at

F64 = npt.NDArray[np.float64]
Update = Callable[[int, F64, F64, F64, F64, F64, F64, float], None]

STD = np.array([30.0, 1e-3, 1e-3, 5.0])
LINE_STD = np.array([50e-6, math.nan, math.nan, math.nan])
EYE_M = np.array([42_164e3, 1e6, 0.0])
STATES = flights(np.random.default_rng(3), 3)


NO_TERMS = np.empty(0, dtype=np.int64)
NONE = np.empty((6, 0))
"""No bias to consider."""


def extended(
    kind: int, state_vector: F64, covariance: F64, given: tuple[Any, ...], rounds: int
) -> None:
    values, stds, eye, turn, late = given
    extended_update(
        kind,
        state_vector,
        covariance,
        -1,
        NO_TERMS,
        0,
        NONE,
        np.empty(0),
        np.empty((0, 0)),
        np.empty((8, 0)),
        values,
        stds,
        eye,
        turn,
        late,
        FIELD.copy(),
        rounds,
        np.empty((24, 6)),
    )


def by_extended(
    kind: int,
    state_vector: F64,
    covariance: F64,
    values: F64,
    stds: F64,
    eye: F64,
    turn: F64,
    late: float,
) -> None:
    extended(kind, state_vector, covariance, (values, stds, eye, turn, late), 1)


def by_iterated(
    kind: int,
    state_vector: F64,
    covariance: F64,
    values: F64,
    stds: F64,
    eye: F64,
    turn: F64,
    late: float,
) -> None:
    extended(kind, state_vector, covariance, (values, stds, eye, turn, late), 4)


def by_unscented(
    kind: int,
    state_vector: F64,
    covariance: F64,
    values: F64,
    stds: F64,
    eye: F64,
    turn: F64,
    late: float,
) -> None:
    scratch = np.empty((24, 6))
    unscented_update(
        kind,
        state_vector,
        covariance,
        -1,
        NO_TERMS,
        0,
        NONE,
        np.empty((8, 0)),
        values,
        stds,
        eye,
        turn,
        late,
        FIELD.copy(),
        scratch,
    )


every_filter = pytest.mark.parametrize("update", [by_extended, by_iterated, by_unscented])


def turn_of(radar: Radar) -> F64:
    return np.asarray(radar.site.rotation_enu_from_ecef, dtype=np.float64).ravel().copy()


def place_of(radar: Radar) -> F64:
    return np.asarray(radar.site.position_ecef_m, dtype=np.float64).copy()


def seen(radar: Radar, state_vector: F64) -> F64:
    rate = range_rate_measurement(radar, state_vector)
    return np.append(radar_measurement(radar, state_vector), rate)


def slopes(radar: Radar, state_vector: F64) -> F64:
    return np.vstack(
        [radar_jacobian(radar, state_vector), range_rate_jacobian(radar, state_vector)]
    )


def textbook(
    state_vector: F64, covariance: F64, residual: F64, slope: F64, noise: F64
) -> tuple[F64, F64]:
    """The Kalman filter of Bar-Shalom, Li and Kirubarajan (2001), section 5.2."""
    spread = slope @ covariance @ slope.T + noise
    gain = covariance @ slope.T @ np.linalg.inv(spread)
    return state_vector + gain @ residual, covariance - gain @ spread @ gain.T


def narrow(seed: int = 4) -> F64:
    """So little doubt that everything is linear: some metres, some centimetres a second."""
    root = np.random.default_rng(seed).normal(size=(6, 6))
    root *= np.array([10.0] * 3 + [0.1] * 3)[:, np.newaxis]
    return np.asarray(root @ root.T)


@every_filter
def test_with_little_doubt_a_plot_is_taken_as_the_textbook_says(update: Update) -> None:
    # The plot is as good as the state vector: both count.
    stds = np.array([10.0, 2e-5, 2e-5, 0.1])
    for state_vector in STATES:
        values = seen(NORTH, state_vector) + stds * np.array([1.0, -0.5, 1.5, 0.8])
        residual = values - seen(NORTH, state_vector)
        wanted, spread = textbook(
            state_vector, narrow(), residual, slopes(NORTH, state_vector), np.diag(stds**2)
        )
        found, covariance = state_vector.copy(), narrow()
        update(RADAR, found, covariance, values, stds, place_of(NORTH), turn_of(NORTH), 0.0)
        scale = np.sqrt(np.diag(spread))
        assert np.abs((found - wanted) / scale).max() < 1e-2
        assert np.abs((covariance - spread) / np.outer(scale, scale)).max() < 1e-2
        assert np.abs((wanted - state_vector) / scale).max() > 0.1


@every_filter
def test_a_radar_without_range_rate_tells_of_three_values(update: Update) -> None:
    state_vector = STATES[0]
    values = seen(NORTH, state_vector) + np.array([20.0, 1e-5, 1e-5, math.nan])
    residual = (values - seen(NORTH, state_vector))[:3]
    wanted, spread = textbook(
        state_vector, narrow(), residual, slopes(NORTH, state_vector)[:3], np.diag(STD[:3] ** 2)
    )
    found, covariance = state_vector.copy(), narrow()
    update(RADAR, found, covariance, values, STD, place_of(NORTH), turn_of(NORTH), 0.0)
    scale = np.sqrt(np.diag(spread))
    assert np.abs((found - wanted) / scale).max() < 1e-2


@every_filter
def test_a_line_of_sight_narrows_both_ways_across_it_and_not_along(update: Update) -> None:
    state_vector = STATES[0]
    offset = state_vector[:3] - EYE_M
    length = float(np.linalg.norm(offset))
    line = offset / length
    covariance = block_diag(np.eye(3) * 3_000.0**2, np.eye(3) * 10.0**2)
    found = state_vector.copy()
    values = np.append(line, math.nan)
    update(INFRARED, found, covariance, values, LINE_STD, EYE_M, np.zeros(9), 0.0)
    assert found == pytest.approx(state_vector, abs=1.0)
    first, second = np.empty(3), np.empty(3)
    across_line(line, first, second)
    prior, own = 3_000.0**2, (LINE_STD[0] * length) ** 2
    after = prior * own / (prior + own)
    for way in (first, second):
        assert way @ covariance[:3, :3] @ way == pytest.approx(after, rel=1e-3)
    assert line @ covariance[:3, :3] @ line == pytest.approx(prior, rel=1e-3)


@every_filter
def test_an_object_in_the_south_does_not_turn_once_round(update: Update) -> None:
    """Azimuths near a half-turn: radians 3.141 and -3.141 are close together."""
    state_vector = np.append(above(44.0, 10.0, 300e3), [100.0, 200.0, 300.0])
    values = seen(NORTH, state_vector)
    assert values[1] == pytest.approx(math.pi, abs=1e-3)
    values[1] = math.pi + 2e-3 if values[1] < math.pi else math.pi - 2e-3
    found, covariance = state_vector.copy(), block_diag(np.eye(3) * 1e6, np.eye(3) * 1e4)
    update(RADAR, found, covariance, values, STD, place_of(NORTH), turn_of(NORTH), 0.0)
    assert np.linalg.norm(found[:3] - state_vector[:3]) < 2_000.0


@every_filter
@pytest.mark.parametrize("kind", [RADAR, INFRARED])
def test_covariances_stay_symmetric_and_positive_where_little_is_known(
    update: Update, kind: int
) -> None:
    for state_vector in STATES:
        covariance = block_diag(np.eye(3) * 2e3**2, np.eye(3) * 3e3**2)
        found = state_vector + np.array([1e3, -1e3, 2e3, 500.0, -900.0, 1_500.0])
        offset = state_vector[:3] - EYE_M
        line = np.append(offset / np.linalg.norm(offset), math.nan)
        values, stds = (seen(NORTH, state_vector), STD) if kind == RADAR else (line, LINE_STD)
        eye = place_of(NORTH) if kind == RADAR else EYE_M
        for _ in range(3):
            update(kind, found, covariance, values, stds, eye, turn_of(NORTH), 0.0)
        assert (covariance == covariance.T).all()
        assert (np.linalg.eigvalsh(covariance) > 0.0).all()


@every_filter
def test_a_plot_a_moment_later_tells_of_the_place_then(update: Update) -> None:
    late_s = 0.08
    later = STATES[0].copy()
    step_state_vector(later, late_s, 0.0, FIELD.copy())
    found, covariance = STATES[0].copy(), narrow()
    values = seen(NORTH, later)
    update(RADAR, found, covariance, values, STD, place_of(NORTH), turn_of(NORTH), late_s)
    assert np.abs(found - STATES[0])[:3].max() < 0.1
    assert np.abs(found - STATES[0])[3:].max() < 0.01


def test_slopes_of_a_plot_are_those_of_differences() -> None:
    for state_vector in STATES:
        for late_s in (0.0, 0.07):
            residual, slope, scratch = np.empty(6), np.empty((4, 6)), np.empty((3, 6))
            values = seen(NORTH, state_vector)
            given = (place_of(NORTH), turn_of(NORTH), late_s, FIELD.copy())
            count = linearised(RADAR, state_vector, values, *given, residual, slope, scratch)
            assert count == 4
            for column in range(6):
                change = np.zeros(6)
                change[column] = 100.0 if column < 3 else 1.0
                ahead, behind, unused = np.empty(6), np.empty(6), np.empty((4, 6))
                linearised(RADAR, state_vector + change, values, *given, ahead, unused, scratch)
                linearised(RADAR, state_vector - change, values, *given, behind, unused, scratch)
                found = -(ahead - behind)[:4] / (2.0 * change[column])
                # In sigmas per metre or metre a second; Coriolis in 0.07 s is left out.
                assert np.abs((slope[:, column] - found) / STD).max() < 1e-5


def test_slopes_of_a_line_of_sight_are_those_of_differences() -> None:
    state_vector = STATES[0]
    offset = state_vector[:3] - EYE_M
    line = np.append(offset / np.linalg.norm(offset), math.nan)
    residual, slope, scratch = np.empty(6), np.empty((4, 6)), np.empty((3, 6))
    given = (EYE_M, np.zeros(9), 0.0, FIELD.copy())
    assert linearised(INFRARED, state_vector, line, *given, residual, slope, scratch) == 2
    assert residual[:2] == pytest.approx([0.0, 0.0], abs=1e-12)
    for column in range(3):
        change = np.zeros(6)
        change[column] = 100.0
        ahead, behind, unused = np.empty(6), np.empty(6), np.empty((4, 6))
        linearised(INFRARED, state_vector + change, line, *given, ahead, unused, scratch)
        linearised(INFRARED, state_vector - change, line, *given, behind, unused, scratch)
        found = -(ahead - behind)[:2] / 200.0
        assert np.abs(slope[:2, column] - found).max() < 1e-12
    assert (slope[:2, 3:] == 0.0).all()


def test_what_is_expected_of_a_plot_is_what_sensing_measures() -> None:
    for state_vector in STATES:
        residual, slope, scratch = np.empty(6), np.empty((4, 6)), np.empty((3, 6))
        given = (place_of(NORTH), turn_of(NORTH), 0.0, FIELD.copy())
        linearised(RADAR, state_vector, seen(NORTH, state_vector), *given, residual, slope, scratch)
        assert np.abs(residual[:4] / STD).max() < 1e-6
        assert np.abs((slope - slopes(NORTH, state_vector)) / STD[:, np.newaxis]).max() < 1e-9


def test_unscented_points_know_what_doubt_across_the_line_adds_to_range() -> None:
    """Of doubt sigma each way across, the mean range is longer by sigma squared over range."""
    near = radar_at("near", 50.0, 10.0)
    state_vector = np.append(above(50.0, 10.5, 60e3), np.zeros(3))
    covariance = block_diag(np.eye(3) * 2e3**2, np.eye(3))
    residual, scratch = np.empty(6), np.empty((24, 6))
    spread, cross = np.empty((4, 4)), np.empty((6, 4))
    values = seen(near, state_vector)
    expected(
        RADAR, state_vector, covariance, values, place_of(near), turn_of(near), 0.0, FIELD.copy(),
        True, residual, spread, cross, scratch,
    )  # fmt: skip
    assert -residual[0] == pytest.approx(2e3**2 / values[0], rel=0.02)
    assert spread[0, 0] == pytest.approx(2e3**2, rel=0.02)
    rng = np.random.default_rng(5)
    drawn = seen_many(near, rng.multivariate_normal(state_vector, covariance, 40_000))
    assert np.mean(drawn - values[:3], axis=0)[0] == pytest.approx(-residual[0], abs=30.0)


def seen_many(radar: Radar, states: F64) -> F64:
    return radar_measurement(radar, states)


def test_the_distance_of_a_plot_is_mahalanobis() -> None:
    rng = np.random.default_rng(6)
    root = rng.normal(size=(4, 4)) * STD[:, np.newaxis]
    spread, residual = root @ root.T, rng.normal(size=4) * STD
    whole = spread + np.diag(STD**2)
    padded, lower = np.append(residual, [0.0, 0.0]), np.empty((5, 4))
    for count in (3, 4):
        part = whole[:count, :count]
        squared, determinant = distance_squared(padded, spread, STD, RADAR, count, lower)
        own = residual[:count]
        assert squared == pytest.approx(own @ np.linalg.solve(part, own), rel=1e-10)
        assert determinant == pytest.approx(np.linalg.det(part), rel=1e-10)


def test_a_spread_that_is_not_positive_is_infinitely_far() -> None:
    spread = np.diag([-1e9, 1.0, 1.0, 1.0])
    squared, _ = distance_squared(np.ones(6), spread, STD, RADAR, 4, np.empty((5, 4)))
    assert squared == math.inf


@pytest.mark.parametrize("turns", [-3, -1, 0, 2])
def test_an_angle_is_wrapped_into_half_a_turn_either_way(turns: int) -> None:
    for angle in (-3.0, 0.0, 0.5, 3.1):
        assert wrapped(angle + turns * 2.0 * math.pi) == pytest.approx(angle, abs=1e-12)


def test_a_covariance_is_widened_by_what_range_and_rate_bend_over_it() -> None:
    """Against a hundred thousand places and velocities drawn from the covariance."""
    rng = np.random.default_rng(8)
    root = rng.normal(size=(6, 6)) * np.array([2e3] * 3 + [40.0] * 3)[:, np.newaxis]
    covariance = root @ root.T
    state_vector = STATES[0]
    line = state_vector[:3] - place_of(NORTH)
    distance = np.linalg.norm(line)
    line /= distance
    off = rng.multivariate_normal(np.zeros(6), covariance, size=100_000)
    across = off[:, :3] - np.outer(off[:, :3] @ line, line)
    sideways = off[:, 3:] - np.outer(off[:, 3:] @ line, line)
    # What is at rest in the radar's line lies at less than the place on the sphere there.
    bent = np.stack([-np.sum(across**2, axis=1) / 2.0, np.sum(across * sideways, axis=1)], axis=-1)
    wanted = PLANES * (bent.T @ bent) / len(bent) / distance**2
    widened = covariance.copy()
    allow_for_bending(state_vector, widened, place_of(NORTH), np.empty((3, 6)))
    both = np.zeros((6, 2))
    both[:3, 0], both[3:, 1] = line, line
    assert np.allclose(widened - covariance, both @ wanted @ both.T, rtol=0.05, atol=1e-3)
