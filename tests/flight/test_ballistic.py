"""Arcs between two points: against the closed form, against their neighbours, and refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonwatch.earth.gravity import Gravity
from commonwatch.errors import ImpossibleArcError, InputError
from commonwatch.flight import ballistic, propagation
from commonwatch.flight.ballistic import ArcKind, ArcRequest, Arcs, arc_between
from commonwatch.studies.validation import column, read_rows
from tests.flight.build import (
    F64,
    GEOD,
    fly_slowly,
    height_m,
    place_below,
    request,
)

MISS_WITHIN_M = 1.0
APOGEE_WITHIN_M = 1.0
TIME_WITHIN_S = 1e-3
LEAST_SPEED_WITHIN_M_S = 0.5
EVERYWHERE = (np.linspace(-80, 80, 9), np.linspace(-170, 170, 9), np.linspace(0, 320, 9))


def speed_m_s(arcs: Arcs) -> F64:
    """Burn-out speed over the turning Earth."""
    return np.asarray(np.linalg.norm(arcs.burn_out_state_vector[:, 3:], axis=1))


def miss_m(arcs: Arcs, wanted: ArcRequest) -> F64:
    """Ground distance from impact to aim point, by PROJ."""
    longitude, latitude = place_below(arcs.free.state_vector[:, :3])
    aim = np.degrees(wanted.aim_longitude_rad), np.degrees(wanted.aim_latitude_rad)
    return np.asarray(GEOD.inv(longitude, latitude, *aim)[2])


def closed_form() -> dict[str, F64]:
    """Arcs of least speed over a sphere that does not turn."""
    rows = read_rows("minimum_energy.csv")
    return {name: np.array(column(rows, name)) for name in rows[0]}


@pytest.mark.parametrize("azimuth_deg", [90.0, 270.0])
def test_arcs_of_least_speed_are_those_of_the_closed_form(
    azimuth_deg: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the plane of the equator the ellipsoid is a circle, and with its turning stopped nothing is
    # left but the closed form, scaled from the radius of 6,371 km to the equator's. What remains is
    # the rounding of the table.
    monkeypatch.setattr(propagation, "EARTH_RATE_RAD_S", 0.0)
    monkeypatch.setattr(ballistic, "EARTH_RATE_RAD_S", 0.0)
    table = closed_form()
    scale = 6_378.137 / 6_371.0
    wanted = request(0.0, 100.0, azimuth_deg, scale * table["range_km"] * 1e3)
    arcs = arc_between(wanted, gravity=Gravity.TWO_BODY)
    assert arcs.is_solved.all()
    speed_km_s = speed_m_s(arcs) / 1e3 * scale**0.5
    np.testing.assert_allclose(speed_km_s, table["speed_km_s"], rtol=0, atol=6e-5)
    minutes = arcs.time_of_flight_s / 60.0 / scale**1.5
    np.testing.assert_allclose(minutes, table["tof_min"], rtol=1e-3)
    apogee_km = arcs.free.apogee_altitude_m / 1e3 / scale
    np.testing.assert_allclose(apogee_km, table["apogee_km"], rtol=2e-3)
    elevation = np.arctan2(arcs.powered.speed_up_m_s, arcs.powered.speed_along_m_s)
    np.testing.assert_allclose(np.degrees(elevation), table["fpa_deg"], rtol=0, atol=0.03)


@pytest.mark.parametrize("ground_range_m", [200e3, 1_000e3, 3_500e3, 8_000e3, 15_000e3])
@pytest.mark.parametrize(("burn_time_s", "burn_out_m"), [(0.0, 0.0), (180.0, 150e3)])
def test_arcs_come_down_on_the_aim_point(
    ground_range_m: float, burn_time_s: float, burn_out_m: float
) -> None:
    wanted = request(
        *EVERYWHERE, ground_range_m, burn_time_s=burn_time_s, burn_out_altitude_m=burn_out_m
    )
    arcs = arc_between(wanted)
    assert arcs.is_solved.all()
    assert miss_m(arcs, wanted).max() < MISS_WITHIN_M
    assert arcs.miss_m.max() < MISS_WITHIN_M


def test_an_arc_flown_by_scipy_comes_down_on_the_aim_point() -> None:
    wanted = request([35.0, -20.0], [53.0, 178.0], [310.0, 80.0], [3_500e3, 9_000e3])
    arcs = arc_between(wanted)
    for row in range(2):
        slow = fly_slowly(arcs.burn_out_state_vector[row])
        longitude, latitude = place_below(slow.end[:3])
        aim = np.degrees(wanted.aim_longitude_rad[row]), np.degrees(wanted.aim_latitude_rad[row])
        assert GEOD.inv(longitude, latitude, *aim)[2] < MISS_WITHIN_M


@given(
    latitude=st.floats(-89.0, 89.0),
    longitude=st.floats(-180.0, 180.0),
    azimuth=st.floats(0.0, 360.0),
    ground_km=st.floats(200.0, 15_000.0),
    lofted=st.floats(1.2, 4.0),
)
@settings(max_examples=40)
def test_a_wanted_apogee_or_time_is_met_anywhere(
    latitude: float, longitude: float, azimuth: float, ground_km: float, lofted: float
) -> None:
    ground = ground_km * 1e3
    wanted_m = lofted * 0.25 * ground
    by_apogee = request(latitude, longitude, azimuth, ground, kind=ArcKind.APOGEE, wanted=wanted_m)
    arcs = arc_between(by_apogee)
    assert arcs.is_solved.all(), arcs.reason
    assert abs(arcs.free.apogee_altitude_m[0] - wanted_m) < APOGEE_WITHIN_M
    assert miss_m(arcs, by_apogee)[0] < MISS_WITHIN_M
    time_s = float(arcs.time_of_flight_s[0])
    by_time = replace(by_apogee, kind=ArcKind.TIME_OF_FLIGHT, wanted=np.array([time_s]))
    again = arc_between(by_time)
    assert abs(again.time_of_flight_s[0] - time_s) < TIME_WITHIN_S
    assert miss_m(again, by_time)[0] < MISS_WITHIN_M
    assert abs(again.free.apogee_altitude_m[0] / wanted_m - 1.0) < 1e-3


@given(
    latitude=st.floats(-89.0, 89.0),
    longitude=st.floats(-180.0, 180.0),
    azimuth=st.floats(0.0, 360.0),
    ground_km=st.floats(200.0, 15_000.0),
    is_powered=st.booleans(),
)
@example(latitude=0.0, longitude=0.0, azimuth=0.0, ground_km=249.0, is_powered=True)
@example(latitude=0.0, longitude=0.0, azimuth=10.0, ground_km=278.0, is_powered=True)
@settings(max_examples=30)
def test_no_neighbouring_arc_is_slower_than_the_arc_of_least_speed(
    latitude: float, longitude: float, azimuth: float, ground_km: float, is_powered: bool
) -> None:
    burn, top = (120.0, 60e3) if is_powered else (0.0, 0.0)
    least = request(
        latitude, longitude, azimuth, ground_km * 1e3, burn_time_s=burn, burn_out_altitude_m=top
    )
    arcs = arc_between(least)
    assert arcs.is_solved.all(), arcs.reason
    for factor in (0.97, 0.99, 1.01, 1.03):
        apogee = factor * arcs.free.apogee_altitude_m
        near = arc_between(replace(least, kind=ArcKind.APOGEE, wanted=apogee))
        if near.is_solved.all():
            assert speed_m_s(near)[0] > speed_m_s(arcs)[0] - LEAST_SPEED_WITHIN_M_S


def test_arcs_over_the_pole_and_the_date_line_are_like_any_other() -> None:
    wanted = request(
        [80.0, 70.0, 0.0, -89.9, 10.0],
        [30.0, -150.0, 175.0, 0.0, -179.99],
        [0.0, 5.0, 90.0, 0.0, 270.0],
        [5_000e3, 8_000e3, 3_000e3, 2_000e3, 1_000e3],
    )
    arcs = arc_between(wanted)
    assert arcs.is_solved.all()
    assert miss_m(arcs, wanted).max() < MISS_WITHIN_M


def test_arcs_of_a_batch_are_those_found_one_by_one() -> None:
    wanted = request(*EVERYWHERE, np.geomspace(200e3, 15_000e3, 9))
    together = arc_between(wanted)
    for row in range(9):
        alone = arc_between(wanted.rows(np.array([row])))
        np.testing.assert_allclose(
            alone.burn_out_state_vector[0], together.burn_out_state_vector[row], atol=1e-6
        )


def test_eastward_arcs_need_less_speed_over_the_ground_than_westward_ones() -> None:
    arcs = arc_between(request(0.0, 0.0, [90.0, 270.0], 5_000e3))
    east, west = speed_m_s(arcs)
    assert east + 200.0 < west


def test_the_powered_phase_leads_to_the_burn_out_that_was_asked_for() -> None:
    wanted = request(35.0, 53.0, 310.0, 3_000e3, burn_time_s=100.0, burn_out_altitude_m=120e3)
    arcs = arc_between(wanted)
    assert arcs.is_solved.all()
    assert abs(height_m(arcs.burn_out_state_vector[:, :3])[0] - 120e3) < 1.0


def test_a_burn_out_height_outside_its_published_interval_is_refused_with_both() -> None:
    wanted = request(
        35.0,
        53.0,
        310.0,
        3_000e3,
        burn_time_s=60.0,
        burn_out_altitude_m=300e3,
        interval_m=(280e3, 320e3),
    )
    arcs = arc_between(wanted)
    assert not arcs.is_solved.any()
    assert "280 to 320 km" in arcs.reason[0]


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        (ArcKind.APOGEE, 10.0, "has an apogee of 0 km"),
        (ArcKind.TIME_OF_FLIGHT, 60.0, "takes 60 s"),
        (ArcKind.TIME_OF_FLIGHT, 5e6, "takes 5000000 s"),
        (ArcKind.APOGEE, 1e12, "has an apogee of"),
    ],
)
def test_an_arc_that_cannot_be_is_refused_with_a_sentence(
    kind: ArcKind, wanted: float, words: str
) -> None:
    arcs = arc_between(request(35.0, 53.0, 310.0, 3_000e3, kind=kind, wanted=wanted))
    assert not arcs.is_solved.any()
    assert words in arcs.reason[0]
    assert "3000 km" in arcs.reason[0]


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        (ArcKind.APOGEE, 1e3, "the apogee lies below burn-out at 40 km"),
        (ArcKind.APOGEE, 60e3, "the burn-out altitude given is 40 km"),
        (ArcKind.TIME_OF_FLIGHT, 99_999.0, "longer than an arc that comes back within 8 hours"),
        (ArcKind.TIME_OF_FLIGHT, 100.0, "the shortest, takes about"),
    ],
)
def test_the_reason_names_what_is_wrong_with_the_figure(
    kind: ArcKind, wanted: float, words: str
) -> None:
    asked = request(
        35.0,
        53.0,
        310.0,
        3_000e3,
        kind=kind,
        wanted=wanted,
        burn_time_s=100.0,
        burn_out_altitude_m=40e3,
        interval_m=(40e3, 40e3),
    )
    arcs = arc_between(asked)
    assert not arcs.is_solved.any()
    assert words in arcs.reason[0]
    assert "between 0 and 0 km" not in arcs.reason[0]


def test_an_impossible_arc_spoils_no_other_arc_of_its_batch() -> None:
    wanted = request(35.0, 53.0, 310.0, 3_000e3, kind=ArcKind.APOGEE, wanted=[800e3, 10.0, 1_500e3])
    arcs = arc_between(wanted)
    assert list(arcs.is_solved) == [True, False, True]


@pytest.mark.parametrize("kind", [ArcKind.APOGEE, ArcKind.TIME_OF_FLIGHT])
@pytest.mark.parametrize("wanted", [0.0, -5.0, np.nan])
def test_what_is_no_apogee_or_time_is_refused(kind: ArcKind, wanted: float) -> None:
    with pytest.raises(ImpossibleArcError, match="above 0"):
        request(35.0, 53.0, 310.0, 3_000e3, kind=kind, wanted=wanted)


def test_a_place_that_is_not_a_number_is_refused_by_name() -> None:
    good = request(35.0, 53.0, 310.0, 3_000e3)
    with pytest.raises(InputError, match="aim_latitude_rad"):
        replace(good, aim_latitude_rad=np.array([np.nan]))


def test_an_arc_from_a_place_to_itself_or_its_antipode_is_answered_without_a_warning() -> None:
    for ground in (0.0, 1.0, 19_990e3, 20_003_931.0):
        arcs = arc_between(request(10.0, 20.0, 30.0, ground))
        assert arcs.is_solved.all() == (not arcs.reason[0])


def test_no_arc_at_all_is_refused() -> None:
    good = request(35.0, 53.0, 310.0, 3_000e3)
    with pytest.raises(InputError, match="no arc"):
        arc_between(good.rows(np.array([], dtype=np.intp)))


def test_burn_out_height_counts_from_the_ellipsoid_also_above_a_high_site() -> None:
    low = request(30.0, 50.0, 300.0, 1.5e6, burn_time_s=100.0, burn_out_altitude_m=90e3)
    high = replace(low, altitude_m=np.array([2_500.0]))
    heights = [height_m(arc_between(each).burn_out_state_vector[:, :3])[0] for each in (low, high)]
    assert heights == pytest.approx([90e3, 90e3], abs=1.0)
