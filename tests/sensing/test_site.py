"""Where a radar stands."""

from __future__ import annotations

import math

import numpy as np
import pytest

from commonwatch.errors import InputError
from commonwatch.sensing.site import Site


def test_a_site_knows_its_place_and_its_own_axes() -> None:
    site = Site(latitude_rad=math.pi / 2, longitude_rad=0.0, altitude_m=100.0)
    assert site.position_ecef_m == pytest.approx([0.0, 0.0, 6_356_752.3142 + 100.0], abs=1e-3)
    up = site.rotation_enu_from_ecef[2]
    assert up == pytest.approx([0.0, 0.0, 1.0], abs=1e-12)
    assert np.linalg.det(site.rotation_enu_from_ecef) == pytest.approx(1.0)


def test_the_arrays_of_a_site_cannot_be_changed() -> None:
    site = Site(latitude_rad=0.1, longitude_rad=0.2, altitude_m=0.0)
    with pytest.raises(ValueError, match="read-only"):
        site.position_ecef_m[0] = 0.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"latitude_rad": math.radians(91.0)}, "latitude 91 degrees"),
        ({"latitude_rad": math.nan}, "latitude nan degrees"),
        ({"longitude_rad": math.radians(361.0)}, "longitude 361 degrees"),
        ({"longitude_rad": math.inf}, "longitude inf degrees"),
        ({"altitude_m": -1.0}, "site altitude -1 m"),
        ({"altitude_m": 10_000.0}, "site altitude 10000 m"),
        ({"altitude_m": math.nan}, "site altitude nan m"),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_words(change: dict[str, float], words: str) -> None:
    values = {"latitude_rad": 0.0, "longitude_rad": 0.0, "altitude_m": 0.0}
    with pytest.raises(InputError, match=words):
        Site(**(values | change))
