"""Coasts that are judged: what counts as proof, and figures worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest

from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import ends
from commonwatch.scenario.schema import Interval
from commonwatch.studies.validation_coasts import (
    NASA_36_353,
    NEEDED,
    Coast,
    compare,
    compare_launches,
    compare_track,
    track_apogee_m,
)

GM_M3_S2 = 3.986004418e14
TURNING_RAD_S = 7.292115e-5


def climb_s(low_m: float, high_m: float, latitude_deg: float) -> float:
    """Time from a height to an apogee straight above: Kepler's radial fall, centrifugal off."""
    latitude = math.radians(latitude_deg)
    flat = 1.0 / 298.257223563
    radius = 6_378_137.0 * (1.0 - flat * math.sin(latitude) ** 2)
    low, high = radius + low_m, radius + high_m
    # The turning Earth lightens the fall by this part of gravity, and lengthens it by half of it.
    lift = (TURNING_RAD_S * radius * math.cos(latitude)) ** 2 / radius
    ratio = low / high
    fall = math.sqrt(high**3 / (2.0 * GM_M3_S2)) * (
        math.acos(math.sqrt(ratio)) + math.sqrt(ratio * (1.0 - ratio))
    )
    return fall * (1.0 + 0.5 * lift * high**2 / GM_M3_S2)


@pytest.fixture(scope="module")
def coasts() -> dict[str, Coast]:
    return {one.title: one for one in compare_launches()}


def test_new_shepards_coast_is_that_of_nasas_table_of_events(coasts: dict[str, Coast]) -> None:
    # Cut-off at 143.49 s, apogee at 246.6 s, both after the engine command.
    one = coasts["New Shepard NS-13 (DDL-F1)"]
    assert one.published_nominal_s == pytest.approx(246.6 - 143.49)
    assert one.is_proof


def test_new_shepards_coast_agrees_with_a_fall_worked_out_by_hand(
    coasts: dict[str, Coast],
) -> None:
    one = coasts["New Shepard NS-13 (DDL-F1)"]
    assert one.computed_nominal_s == pytest.approx(climb_s(56_281, 106_744, 31.42), rel=0.002)


def test_the_tracked_coast_agrees_with_a_fall_worked_out_by_hand() -> None:
    one = compare_track(NASA_36_353)
    by_hand_s = 2.0 * climb_s(NASA_36_353.altitude_m, NASA_36_353.apogee_altitude_m, 32.5)
    assert one.computed_nominal_s == pytest.approx(by_hand_s, rel=0.005)


def test_every_judged_coast_is_within_one_percent() -> None:
    checks, _ = compare()
    assert [check.passes for check in checks] == [True, True]
    assert [check.allowed for check in checks] == [1.0, 1.0]
    assert all(check.case_count >= 1 for check in checks)


def test_intervals_of_judged_coasts_are_narrower_than_the_limit(
    coasts: dict[str, Coast],
) -> None:
    judged = [one for one in (*coasts.values(), compare_track(NASA_36_353)) if one.is_proof]
    assert max(one.width_ratio for one in judged) < 0.01


def test_an_assumed_figure_is_never_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = dict(catalogue.launches())
    entry = entries["new-shepard-ns-13"]
    low, nominal, high = ends(entry.burn_time_s)
    assumed = Interval(low=low, nominal=nominal, high=high, mark="assumed", source="a test")
    entries[entry.name] = msgspec.structs.replace(entry, burn_time_s=assumed)
    monkeypatch.setattr(catalogue, "launches", lambda: entries)
    (one,) = compare_launches()
    assert one.assumed == ("burn_time_s",)
    assert not one.is_proof
    checks, _ = compare()
    assert checks[0].passes is None
    assert checks[0].case_count == 0


def test_a_coast_two_percent_long_would_fail() -> None:
    late = replace(NASA_36_353, end_s=NASA_36_353.end_s + 8.3)
    assert compare_track(late).off_ratio > 0.01


def test_the_tracked_apogee_is_met_within_half_a_kilometre() -> None:
    # 0.3 m/s of noise in the upward speed over 205 s is 60 m.
    assert track_apogee_m(NASA_36_353) == pytest.approx(NASA_36_353.apogee_altitude_m, abs=500.0)


def test_a_launch_with_an_apogee_time_gives_all_that_the_coast_needs() -> None:
    for entry in catalogue.launches().values():
        if entry.apogee_time_s is not None:
            assert all(getattr(entry, key) is not None for key in NEEDED)
