from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonwatch.warning import assessment
from commonwatch.warning.assessment import ANSWERS, PRIOR, Features, assess, in_words

PLAIN: dict[str, Any] = {
    "perigee_m": -5.5e6,
    "perigee_std_m": 1e4,
    "ground_range_m": 2e6,
    "ground_range_std_m": 2e4,
    "apogee_altitude_m": 5e5,
    "is_burning": False,
    "has_burned": False,
    "age_s": 60.0,
    "speed_m_s": 4e3,
    "residual_m_s2": 0.1,
    "noise_m_s2": 0.1,
    "has_two_sources": True,
}


def answers(**changed: object) -> dict[str, float]:
    columns = {name: np.array([value]) for name, value in {**PLAIN, **changed}.items()}
    shares = assess(Features(**columns))
    assert shares.sum() == pytest.approx(1.0)
    return dict(zip(ANSWERS, shares[0].tolist(), strict=True))


def likeliest(**changed: object) -> str:
    found = answers(**changed)
    return max(found, key=lambda name: found[name])


def test_an_arc_of_two_thousand_kilometres_is_ballistic() -> None:
    assert likeliest() == "ballistic"


def test_an_orbit_is_a_satellite_or_debris() -> None:
    assert (
        likeliest(
            perigee_m=4e5, ground_range_m=np.nan, ground_range_std_m=np.nan,
            apogee_altitude_m=np.nan,
        )
        == "satellite or debris"
    )  # fmt: skip


def test_an_orbit_that_was_seen_to_be_reached_by_burning_is_a_space_launch() -> None:
    blank = dict.fromkeys(("ground_range_m", "ground_range_std_m", "apogee_altitude_m"), np.nan)
    assert likeliest(perigee_m=4e5, has_burned=True, **blank) == "space launch"


def test_a_short_and_steep_arc_is_a_sounding_rocket() -> None:
    assert likeliest(ground_range_m=8e4, apogee_altitude_m=3e5) == "sounding rocket"


def test_a_lofted_arc_of_a_thousand_kilometres_is_ambiguous_as_it_was_in_1995() -> None:
    found = answers(ground_range_m=1e6, apogee_altitude_m=1.45e6, has_two_sources=False)
    assert 0.2 < found["ballistic"] < 0.6
    assert 0.2 < found["sounding rocket"] < 0.6


def test_an_impossible_motion_of_a_moment_is_noise() -> None:
    assert (
        likeliest(speed_m_s=5e4, age_s=1.0, has_two_sources=False, ground_range_m=np.nan) == "noise"
    )


def test_without_any_evidence_the_prior_is_left() -> None:
    blank = dict.fromkeys(("ground_range_m", "ground_range_std_m", "apogee_altitude_m"), np.nan)
    found = answers(is_burning=True, age_s=0.0, has_two_sources=False, **blank)
    assert list(found.values()) == pytest.approx(PRIOR.tolist())


def test_the_evidence_lists_its_figures() -> None:
    columns = {name: np.array([value]) for name, value in PLAIN.items()}
    [words] = in_words(Features(**columns))
    for figure in ("-5,500 km", "2,000 km", "500 km", "0.25", "60 s", "two sources"):
        assert figure in words


def test_the_table_of_the_docstring_is_the_one_that_counts() -> None:
    text = Path(assessment.__file__).read_text("utf-8").split('"""')[1]
    rows = {
        line[:22].strip("` "): [float(n) for n in re.findall(r"\d+(?:\.\d+)?", line[22:])]
        for line in text.splitlines()
        if len(re.findall(r"\d+(?:\.\d+)?", line[22:])) == len(ANSWERS)
    }
    for name, value in (
        ("PRIOR", assessment.PRIOR),
        ("stays in orbit", assessment._ORBIT),
        ("comes down", assessment._COMES_DOWN),
        ("motor seen to burn", assessment._BURNS),
        ("farther than 600 km", assessment._FAR),
        ("nearer", 1.0 - assessment._FAR),
        ("steeper than 0.8", assessment._STEEP),
        ("flatter", assessment._FLAT),
        ("no such motion", assessment._IMPOSSIBLE),
        ("two sources agree", assessment._AGREED),
    ):
        assert rows[name] == pytest.approx(value.tolist()), name
