"""What a radar may be, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from commonwatch.errors import InputError
from tests.sensing.build import face, radar


@pytest.mark.parametrize(
    ("low", "high", "width"),
    [
        (30.0, 100.0, 70.0),
        (305.0, 55.0, 110.0),
        (0.0, 360.0, 360.0),
        (-180.0, 180.0, 360.0),
        (200.0, 170.0, 330.0),
        (350.0, 370.0, 20.0),
    ],
)
def test_a_sector_runs_clockwise_from_the_first_to_the_second(
    low: float, high: float, width: float
) -> None:
    assert math.degrees(face(low, high).width_rad) == pytest.approx(width)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"azimuth_min_deg": 40.0, "azimuth_max_deg": 40.0}, "a sector of zero width"),
        ({"azimuth_min_deg": 360.0, "azimuth_max_deg": 0.0}, "a sector of zero width"),
        ({"azimuth_min_deg": 0.0, "azimuth_max_deg": 361.0}, "azimuth 0 to 361 degrees"),
        ({"azimuth_min_deg": math.nan}, "azimuth_min_rad is nan"),
        ({"azimuth_max_deg": math.inf}, "azimuth_max_rad is inf"),
        ({"elevation_min_deg": 85.0, "elevation_max_deg": 3.0}, "elevation 85 to 3 degrees"),
        ({"elevation_min_deg": 5.0, "elevation_max_deg": 5.0}, "elevation 5 to 5 degrees"),
        ({"elevation_max_deg": 91.0}, "elevation 3 to 91 degrees"),
        ({"elevation_min_deg": -90.0}, "elevation -90 to 85 degrees"),
        ({"boresight_elevation_rad": 2.0}, "boresight elevation 114.592 degrees"),
    ],
)
def test_a_face_that_cannot_be_is_refused_in_words(change: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        face(**change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"faces": ()}, "no face"),
        ({"range_min_m": 5e6}, "range 5000 to 4000 km"),
        ({"range_min_m": -1.0}, "range -0.001 to 4000 km"),
        ({"range_max_m": math.nan}, "range 200 to nan km"),
        ({"range_max_m": math.inf}, "range 200 to inf km"),
        ({"beamwidth_rad": 0.0}, "beamwidth_rad is 0"),
        ({"bandwidth_hz": math.nan}, "bandwidth_hz is nan"),
        ({"track_interval_s": -1.0}, "track_interval_s is -1"),
        ({"cross_section_m2": 0.0}, "cross_section_m2 is 0"),
        ({"hand_over_s": -1.0}, "hand_over_s is -1"),
        ({"false_plots_per_sweep": math.inf}, "false_plots_per_sweep is inf"),
    ],
)
def test_a_radar_that_cannot_be_is_refused_with_its_name(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=f'radar "north": {words}'):
        radar(**change)


def test_values_at_their_limits_are_accepted() -> None:
    face(0.0, 360.0, -89.0, 90.0)
    radar(range_min_m=0.0, range_floor_m=0.0, hand_over_s=0.0, scan_loss_exponent=0.0)
