from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.flight.propagation import free_flight
from commonwatch.warning.ellipse import outness
from commonwatch.warning.impact import drag_offsets, impacts
from commonwatch.warning.spread import Fan, fly_spread
from tests.flight.build import fly_slowly
from tests.warning.build import COEFFICIENTS, truths


@pytest.mark.parametrize(
    ("seed", "std"), [(1, (300.0, 3.0)), (2, (3_000.0, 60.0)), (3, (50.0, 0.3))]
)
def test_the_stated_95_percent_hold_95_percent_of_the_impacts(
    seed: int, std: tuple[float, float]
) -> None:
    drawn = truths(
        np.random.default_rng(seed),
        400,
        is_powered=False,
        after_s=(80.0, 300.0),
        position_std_m=std[0],
        velocity_std_m_s=std[1],
    )
    found = impacts(fly_spread(Fan.of(drawn.state_vector, drawn.covariance), direction=1))
    assert found.is_given.all()
    held = outness(found.area, drawn.impact_latitude_rad, drawn.impact_longitude_rad) <= 1.0
    assert binomtest(int(held.sum()), len(held), 0.95).pvalue > 1e-3
    late = drawn.arcs.time_of_flight_s - drawn.time_s - found.time_s
    in_time = np.abs(late) < 1.96 * found.time_std_s
    assert binomtest(int(in_time.sum()), len(held), 0.95).pvalue > 1e-3


def test_no_impact_is_given_where_the_estimate_says_nothing() -> None:
    drawn = truths(np.random.default_rng(4), 5, is_powered=False)
    poor = np.tile(np.diag([1e10, 1e10, 1e10, 4e6, 4e6, 4e6]), (5, 1, 1))
    found = impacts(fly_spread(Fan.of(drawn.state_vector, poor), direction=1))
    assert not found.is_given.any()
    assert np.isnan(found.area.latitude_rad).all()


def test_drag_is_what_scipy_makes_of_it() -> None:
    drawn = truths(np.random.default_rng(6), 2, is_powered=False)
    given = np.array([True, False])
    found = drag_offsets(drawn.true_state_vector, given, coefficients=COEFFICIENTS)
    assert np.isnan(found.offset_m[1]).all()
    for k, coefficient in enumerate((1_000.0, 2_000.0, 5_000.0)):
        slow = fly_slowly(drawn.true_state_vector[0], ballistic_coefficient_kg_m2=coefficient)
        plain = fly_slowly(drawn.true_state_vector[0])
        away = float(np.linalg.norm(slow.end[:3] - plain.end[:3]))
        assert found.offset_m[0, k] == pytest.approx(away, abs=5.0)
        assert found.delay_s[0, k] == pytest.approx(slow.end_s - plain.end_s, abs=0.05)
    assert (np.diff(found.offset_m[0]) < 0.0).all()


def test_an_estimate_below_the_ground_has_no_impact() -> None:
    start = np.concatenate([ecef_from_geodetic(0.3, 0.2, -500.0), [0.0, 0.0, 900.0]])[None]
    found = impacts(fly_spread(Fan.of(start, np.eye(6)[None]), direction=1))
    assert not found.is_given[0]
    offsets = drag_offsets(start, np.array([True]), coefficients=COEFFICIENTS)
    assert np.isnan(offsets.offset_m).all()


def test_a_time_of_fall_is_that_of_free_flight() -> None:
    drawn = truths(np.random.default_rng(8), 20, is_powered=False)
    sharp = np.tile(np.diag([1.0, 1.0, 1.0, 1e-4, 1e-4, 1e-4]), (20, 1, 1))
    found = impacts(fly_spread(Fan.of(drawn.true_state_vector, sharp), direction=1))
    flown = free_flight(drawn.true_state_vector)
    assert np.abs(found.time_s - flown.time_s).max() < 1e-3
