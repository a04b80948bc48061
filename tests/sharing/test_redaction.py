"""Coarser copies: on the grid, honest about it, and nothing finer left anywhere."""

from __future__ import annotations

import math
from itertools import combinations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import geodesic
from commonwatch.sharing.messages import AlertReport, Area, Correction, LaunchReport, TrackReport
from commonwatch.sharing.redaction import UNCHANGED, Coarsening, coarser, coarsest
from tests.sharing.build import (
    BODIES,
    MADE_NS,
    SECOND_NS,
    alert_report,
    launch_report,
    message,
    track_report,
)

UPPER = np.triu_indices(6)
EVERYTHING = Coarsening(
    position_step_m=5_000,
    velocity_step_mm_s=20_000,
    area_step_m=25_000,
    time_step_ns=60 * SECOND_NS,
    left_out=frozenset({"pedigree", "impact area", "azimuth", "evidence"}),
)


def track_of(coarsening: Coarsening, track: TrackReport | None = None) -> TrackReport:
    body = coarser(message(track or track_report()), coarsening).body
    assert isinstance(body, TrackReport)
    return body


def launch_of(coarsening: Coarsening, launch: LaunchReport | None = None) -> LaunchReport:
    body = coarser(message(launch or launch_report()), coarsening).body
    assert isinstance(body, LaunchReport)
    return body


def test_nothing_to_coarsen_leaves_the_very_message() -> None:
    for body in BODIES.values():
        said = message(body)
        assert coarser(said, UNCHANGED) is said


def test_kinds_that_have_nothing_to_coarsen_go_as_they_are() -> None:
    changed = {
        kind for kind, body in BODIES.items() if coarser(message(body), EVERYTHING).body != body
    }
    assert changed == {"launch report", "track report", "alert report", "correction"}


@given(
    st.tuples(*[st.integers(-8_000_000, 8_000_000)] * 3),
    st.tuples(*[st.integers(-9_000_000, 9_000_000)] * 3),
    st.integers(2, 100_000),
    st.integers(2, 100_000),
)
def test_a_track_is_rounded_and_widened_as_fusion_expects_it(
    position: tuple[int, int, int], velocity: tuple[int, int, int], step_m: int, step_mm_s: int
) -> None:
    track = msgspec.structs.replace(
        track_report(), position_ecef_m=position, velocity_ecef_mm_s=velocity
    )
    found = track_of(Coarsening(position_step_m=step_m, velocity_step_mm_s=step_mm_s), track)
    step = np.repeat([float(step_m), step_mm_s / 1e3], 3)
    covariance = np.zeros((6, 6))
    covariance[UPPER] = track.covariance
    wider = covariance + np.diag(step**2 / 12.0)
    assert found.covariance == pytest.approx(wider[UPPER])
    assert found.step == pytest.approx(step)
    numbers = [*found.position_ecef_m, *found.velocity_ecef_mm_s]
    whole_steps = [step_m] * 3 + [step_mm_s] * 3
    for number, exact, whole in zip(numbers, [*position, *velocity], whole_steps, strict=True):
        assert number % whole == 0
        assert 2 * abs(number - exact) <= whole


@pytest.mark.parametrize("area_step_m", [0, 50_000])
@pytest.mark.parametrize("time_step_ns", [0, 60 * SECOND_NS])
@pytest.mark.parametrize(
    "left_out",
    [
        set(each)
        for n in range(4)
        for each in combinations(("impact area", "azimuth", "evidence"), n)
    ],
)
@pytest.mark.parametrize("has_impact", [True, False])
def test_words_that_may_tell_what_is_hidden_of_a_launch_do_not_go(
    area_step_m: int, time_step_ns: int, left_out: set[str], *, has_impact: bool
) -> None:
    """Every rule there can be about launches, over an alert that has the field and one without."""
    coarsening = Coarsening(
        area_step_m=area_step_m, time_step_ns=time_step_ns, left_out=frozenset(left_out)
    )
    launch = launch_report()
    if not has_impact:
        launch = msgspec.structs.replace(
            launch,
            impact_area=None,
            impact_time_ns=None,
            impact_time_std_s=None,
            azimuth_deg=None,
            azimuth_std_deg=None,
        )
    words = "ground range 1,594 km; azimuth 57.986"
    alert = msgspec.structs.replace(alert_report(), launch=launch, evidence=words)
    hides = bool(area_step_m or time_step_ns or left_out & {"impact area", "azimuth"})
    said = coarser(message(alert), coarsening).body
    assert isinstance(said, AlertReport)
    assert said.evidence == ("" if hides or "evidence" in left_out else words)
    for corrected in (launch, alert):
        correction = Correction(event=alert.event, corrected=corrected, reason=words)
        body = coarser(message(correction), coarsening).body
        assert isinstance(body, Correction)
        is_whole = body.corrected == corrected and not hides
        assert body.reason == (words if is_whole else "corrected")
        if isinstance(body.corrected, AlertReport):
            assert body.corrected.evidence == said.evidence


def test_a_rounded_track_brings_no_news_and_no_pedigree() -> None:
    for coarsening in (
        Coarsening(position_step_m=100),
        Coarsening(velocity_step_mm_s=100),
        Coarsening(left_out=frozenset({"pedigree"})),
    ):
        found = track_of(coarsening)
        assert found.information is None
        assert found.information_vector is None
        assert found.pedigree is None


def test_rounding_twice_with_the_same_step_moves_nothing() -> None:
    once = coarser(message(track_report()), EVERYTHING)
    twice = coarser(once, EVERYTHING)
    assert isinstance(once.body, TrackReport)
    assert isinstance(twice.body, TrackReport)
    assert twice.body.position_ecef_m == once.body.position_ecef_m
    assert twice.body.step == once.body.step


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.sampled_from([1_000, 25_000, 100_000, 1_000_000, 10_000_000]),
)
def test_a_coarse_area_lies_on_a_grid_no_finer_than_the_step(
    latitude_deg: float, longitude_deg: float, step_m: int
) -> None:
    area = launch_of(
        Coarsening(area_step_m=step_m), launch_report(latitude_deg, longitude_deg)
    ).launch_area
    assert -90 <= area.latitude_deg <= 90
    assert -180 <= area.longitude_deg <= 180
    nudged = launch_of(
        Coarsening(area_step_m=step_m), launch_report(area.latitude_deg, area.longitude_deg)
    ).launch_area
    assert (nudged.latitude_deg, nudged.longitude_deg) == pytest.approx(
        (area.latitude_deg, area.longitude_deg), abs=2e-6
    )


@given(st.floats(-85, 85), st.floats(-179, 179))
def test_the_true_middle_is_never_further_off_than_half_a_cell(
    latitude_deg: float, longitude_deg: float
) -> None:
    step_m = 50_000
    area = launch_of(
        Coarsening(area_step_m=step_m), launch_report(latitude_deg, longitude_deg)
    ).launch_area
    ends = [math.radians(each) for each in (latitude_deg, longitude_deg)]
    middle = [math.radians(each) for each in (area.latitude_deg, area.longitude_deg)]
    distance_m = float(geodesic(*ends, *middle)[0])
    # Half a diagonal, a percent for the ellipsoid, and parallels that widen towards the equator.
    assert distance_m <= 1.05 * step_m / math.sqrt(2.0)


def test_a_coarse_area_grows_by_the_variance_of_a_uniform_error() -> None:
    rng = np.random.default_rng(4)
    step_m, std_m = 30_000.0, 10_000.0
    chi_square = -2.0 * math.log(0.05)
    errors_m = rng.normal(0.0, std_m, (200_000, 2)) + rng.uniform(-0.5, 0.5, (200_000, 2)) * step_m
    area = Area(
        latitude_deg=0.0,
        longitude_deg=0.0,
        long_half_axis_m=round(math.sqrt(chi_square) * std_m),
        short_half_axis_m=round(math.sqrt(chi_square) * std_m),
        orientation_deg=0.0,
    )
    launch = msgspec.structs.replace(launch_report(), launch_area=area)
    half_axis_m = launch_of(
        Coarsening(area_step_m=int(step_m)), launch
    ).launch_area.long_half_axis_m
    needed_m = math.sqrt(chi_square * errors_m.var())
    assert needed_m <= half_axis_m <= needed_m + 1.02 * step_m
    inside = (np.hypot(*errors_m.T) <= half_axis_m).mean()
    assert inside >= 0.95


def test_times_are_whole_multiples_and_their_deviations_grow() -> None:
    found = launch_of(Coarsening(time_step_ns=60 * SECOND_NS))
    assert found.launch_time_ns % (60 * SECOND_NS) == 0
    assert found.impact_time_ns is not None
    assert found.impact_time_ns % (60 * SECOND_NS) == 0
    assert 2 * abs(found.launch_time_ns - (MADE_NS - 60 * SECOND_NS)) <= 60 * SECOND_NS
    assert found.launch_time_std_s == pytest.approx(math.sqrt(2.0**2 + 60.0**2 / 12.0))
    assert found.impact_time_std_s == pytest.approx(math.sqrt(9.0**2 + 60.0**2 / 12.0))


def test_fields_left_out_do_not_go() -> None:
    found = launch_of(Coarsening(left_out=frozenset({"impact area", "azimuth"})))
    assert found.impact_area is None
    assert found.impact_time_ns is None
    assert found.impact_time_std_s is None
    assert found.azimuth_deg is None
    assert found.azimuth_std_deg is None
    assert found.launch_area == launch_report().launch_area


def test_a_coarse_alert_holds_a_coarse_launch_and_no_reasons() -> None:
    body = coarser(message(alert_report()), EVERYTHING).body
    assert isinstance(body, AlertReport)
    assert body.launch == launch_of(EVERYTHING)
    assert body.evidence == ""


def test_the_words_of_a_coarse_correction_say_nothing_finer() -> None:
    said = Correction(event=7, corrected=launch_report(), reason="moved by 3 km to 35.23 north")
    body = coarser(message(said), EVERYTHING).body
    assert isinstance(body, Correction)
    assert body.corrected == launch_of(EVERYTHING)
    assert body.reason == "corrected"


def test_of_several_the_coarsest_of_each_counts() -> None:
    one = Coarsening(position_step_m=10, area_step_m=500, left_out=frozenset({"azimuth"}))
    two = Coarsening(position_step_m=20, time_step_ns=3, left_out=frozenset({"evidence"}))
    assert coarsest([one, two]) == Coarsening(
        position_step_m=20,
        area_step_m=500,
        time_step_ns=3,
        left_out=frozenset({"azimuth", "evidence"}),
    )
    assert coarsest([]) == UNCHANGED
