from __future__ import annotations

import math

import numpy as np
import pytest

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.tracking.estimate import FIELD
from commonwatch.warning import arc_kernel


@pytest.mark.parametrize("height_m", [0.0, 50e3, 400e3])
def test_a_point_is_above_a_height_exactly_when_it_is(height_m: float) -> None:
    for latitude in np.linspace(-1.5, 1.5, 7):
        for sign in (-1.0, 1.0):
            place = ecef_from_geodetic(latitude, 0.3, height_m + sign * 10.0)
            start = np.concatenate([place, np.zeros(3)])
            assert math.copysign(1.0, arc_kernel.above(start, height_m)) == sign


def test_the_rate_of_climb_is_the_difference_of_two_heights() -> None:
    start = np.concatenate([ecef_from_geodetic(0.6, 0.3, 1e5), [300.0, -2_000.0, 1_500.0]])
    later = start.copy()
    later[:3] += 0.01 * start[3:]
    slope = (arc_kernel.above(later, 0.0) - arc_kernel.above(start, 0.0)) / 0.01
    assert arc_kernel.climb(start, 0.0) == pytest.approx(slope, rel=1e-4)


def test_a_crossing_lies_on_the_height() -> None:
    start = np.concatenate([ecef_from_geodetic(0.6, 0.3, 5e3), [-1_500.0, -1_000.0, -900.0]])
    end = np.empty(6)
    when = arc_kernel.cross(start, 10.0, 0.0, FIELD.copy(), end)
    assert 0.0 < when < 10.0
    assert abs(arc_kernel.above(end, 0.0)) * 6.4e6 < 1e-3
