from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from commonwatch.errors import InputError
from commonwatch.flight.ballistic import ArcKind, ArcRequest, arc_between
from commonwatch.warning.range_class import (
    RangeClass,
    class_probabilities,
    likely_classes,
    normal_probability,
    reach_m,
)
from tests.warning.build import CLASSES


def test_the_normal_probability_is_scipys() -> None:
    values = np.linspace(-8.0, 8.0, 33)
    assert np.abs(normal_probability(values) - norm.cdf(values)).max() < 1e-12


def test_class_probabilities_are_areas_under_the_normal_curve() -> None:
    ground, std = np.array([950e3, 6_000e3, np.nan]), np.array([100e3, 1e3, 1e3])
    found = class_probabilities(ground, std, CLASSES)
    draws = np.random.default_rng(1).normal(950e3, 100e3, 200_000)
    assert found[0, 1] == pytest.approx(np.mean((draws >= 300e3) & (draws < 1_000e3)), abs=0.005)
    assert found[0, 2] == pytest.approx(np.mean(draws >= 1_000e3), abs=0.005)
    assert found[1].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert np.isnan(found[2]).all()
    assert found[:2].sum(axis=1) == pytest.approx(1.0)


def test_the_reach_of_a_speed_is_the_range_of_its_arc_of_least_speed() -> None:
    speed = np.array([2_000.0, 4_000.0, 6_000.0])
    reach = reach_m(speed, np.full(3, 6_371e3))
    zero = np.zeros(3)
    request = ArcRequest(
        latitude_rad=zero,
        longitude_rad=zero,
        altitude_m=zero,
        aim_latitude_rad=reach / 6_371e3,
        aim_longitude_rad=zero,
        kind=ArcKind.MINIMUM_ENERGY,
        wanted=np.full(3, np.nan),
        burn_time_s=zero,
        burn_out_altitude_m=zero,
        burn_out_altitude_low_m=zero,
        burn_out_altitude_high_m=zero,
    )
    arcs = arc_between(request)
    needed = np.linalg.norm(arcs.burn_out_state_vector[:, 3:], axis=1)
    assert needed == pytest.approx(speed, rel=0.01)


def test_a_lofted_missile_is_of_the_class_of_its_speed() -> None:
    start = np.array([[6_578e3, 0.0, 0.0, 6_700.0, 100.0, 0.0]])
    assert likely_classes(start, CLASSES, least=0.05)[0].tolist() == [False] * 4 + [True]


def test_an_interval_the_wrong_way_round_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="burn_time_low_s is 90"):
        RangeClass(
            name="odd",
            ground_range_min_m=0.0,
            ground_range_max_m=1.0,
            burn_time_low_s=90.0,
            burn_time_high_s=80.0,
            burn_out_altitude_low_m=0.0,
            burn_out_altitude_high_m=1.0,
        )
