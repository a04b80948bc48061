"""Recorded paths laid on a geodesic: places by PROJ, velocities against the slopes of positions."""

from __future__ import annotations

import numpy as np
import pytest

from commonwatch.errors import TableError
from commonwatch.flight.recorded import from_vertical_plane
from tests.flight.build import F64, GEOD, place_below

LATITUDE_DEG, LONGITUDE_DEG = 35.0, 51.0
TIME_S = np.arange(0.0, 100.0)
SLOPE_WITHIN_M_S = 0.1


def laid(azimuth_deg: float, *, has_speeds: bool, sense: float = 1.0) -> F64:
    """A climb at 400 m/s while the ground passes at 1,500 m/s, forwards or backwards."""
    altitude = 400.0 * TIME_S
    # Over the ground the path is shorter than at height by R / (R + h).
    along = sense * 1500.0 * (1.0 + altitude / 6_371_000.0)
    return from_vertical_plane(
        TIME_S,
        altitude,
        sense * 1500.0 * TIME_S,
        latitude_rad=np.radians(LATITUDE_DEG),
        longitude_rad=np.radians(LONGITUDE_DEG),
        azimuth_rad=np.radians(azimuth_deg),
        speeds_m_s=(along, np.full(len(TIME_S), 400.0)) if has_speeds else None,
    )


@pytest.mark.parametrize("azimuth_deg", [0.0, 60.0, 215.0])
@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_recorded_speeds_are_the_slopes_of_the_positions(azimuth_deg: float, sense: float) -> None:
    path = laid(azimuth_deg, has_speeds=True, sense=sense)
    slope = (path[2:, :3] - path[:-2, :3]) / 2.0
    assert np.linalg.norm(slope - path[1:-1, 3:], axis=1).max() < SLOPE_WITHIN_M_S


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_a_path_lies_on_the_geodesic_before_or_behind_its_launch_point(sense: float) -> None:
    path = laid(60.0, has_speeds=False, sense=sense)
    azimuth_deg = 60.0 if sense > 0.0 else 240.0
    wanted = GEOD.fwd(LONGITUDE_DEG, LATITUDE_DEG, azimuth_deg, 1500.0 * TIME_S[-1])
    longitude, latitude = place_below(path[-1:, :3])
    assert abs(GEOD.inv(longitude[0], latitude[0], wanted[0], wanted[1])[2]) < 1e-3


def test_without_recorded_speeds_velocities_are_differences_of_the_positions() -> None:
    plain, recorded = laid(60.0, has_speeds=False), laid(60.0, has_speeds=True)
    assert np.array_equal(plain[:, :3], recorded[:, :3])
    away = np.linalg.norm(plain[1:-1, 3:] - recorded[1:-1, 3:], axis=1)
    assert away.max() < SLOPE_WITHIN_M_S


@pytest.mark.parametrize("time_s", [[0.0, 2.0, 2.0], [0.0, 1.0]])
def test_times_that_do_not_rise_and_single_steps_are_refused(time_s: list[float]) -> None:
    zeros = np.zeros(len(time_s))
    with pytest.raises(TableError, match="times that do not rise"):
        from_vertical_plane(
            np.array(time_s), zeros, zeros, latitude_rad=0.0, longitude_rad=0.0, azimuth_rad=0.0
        )
