"""Free flight against reference flights, SciPy, energy, and itself in other batches."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonwatch.earth.gravity import Gravity, jacobi_integral
from commonwatch.errors import InputError
from commonwatch.flight.propagation import (
    APOGEE,
    FreeFlight,
    Outcome,
    Stop,
    after,
    free_flight,
    sample,
)
from commonwatch.studies.validation import column, read_rows
from tests.flight.build import (
    F64,
    GEOD,
    circular_orbit,
    fly_slowly,
    height_m,
    many_starts,
    place_below,
    start_at,
)

IMPACT_WITHIN_M = 1.0
APOGEE_WITHIN_M = 0.5
TIME_WITHIN_S = 1e-3
DRAG_IMPACT_WITHIN_M = 100.0
DRAG_TIME_WITHIN_S = 0.1
STATE_VECTOR = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")


def reference(model: str) -> tuple[F64, dict[str, F64]]:
    """Starts and ends of the reference flights of one model."""
    starts = {row["id"]: row for row in read_rows("states.csv")}
    ends = [row for row in read_rows("summary.csv") if row["model"] == model]
    rows = [starts[row["id"]] for row in ends]
    names = [name for name in ends[0] if name not in {"id", "model"}]
    wanted = {name: np.array(column(ends, name)) for name in names}
    return np.column_stack([column(rows, name) for name in STATE_VECTOR]), wanted


def impact_error_m(flown: FreeFlight, wanted: dict[str, F64]) -> float:
    longitude, latitude = place_below(flown.state_vector[:, :3])
    place = wanted["impact_longitude_deg"], wanted["impact_latitude_deg"]
    return float(np.max(GEOD.inv(longitude, latitude, *place)[2]))


@pytest.mark.parametrize(
    ("model", "gravity"), [("kepler_uniform", Gravity.TWO_BODY), ("j2_uniform", Gravity.J2)]
)
def test_flights_end_where_and_when_the_reference_flights_do(model: str, gravity: Gravity) -> None:
    states, wanted = reference(model)
    flown = free_flight(states, gravity=gravity)
    assert impact_error_m(flown, wanted) < IMPACT_WITHIN_M
    assert np.max(np.abs(flown.time_s - wanted["time_of_flight_s"])) < TIME_WITHIN_S
    apogee = flown.apogee_altitude_m - wanted["apogee_altitude_m"]
    assert np.max(np.abs(apogee)) < APOGEE_WITHIN_M
    assert np.max(np.abs(flown.apogee_time_s - wanted["apogee_time_s"])) < TIME_WITHIN_S


@pytest.mark.parametrize("coefficient", [1_000, 5_000])
def test_flights_through_air_end_where_the_reference_flights_do(coefficient: int) -> None:
    states, wanted = reference(f"j2_drag_b{coefficient}_uniform")
    flown = free_flight(states, ballistic_coefficient_kg_m2=coefficient)
    assert impact_error_m(flown, wanted) < DRAG_IMPACT_WITHIN_M
    assert np.max(np.abs(flown.time_s - wanted["time_of_flight_s"])) < DRAG_TIME_WITHIN_S


@pytest.mark.parametrize("gravity", list(Gravity))
def test_flights_end_where_scipy_ends_them(gravity: Gravity) -> None:
    states = many_starts(4, seed=7)
    flown = free_flight(states, gravity=gravity, tolerance_m=1e-4)
    for row, start in enumerate(states):
        slow = fly_slowly(start, gravity)
        assert np.linalg.norm(flown.state_vector[row, :3] - slow.end[:3]) < 1e-2
        assert np.linalg.norm(flown.state_vector[row, 3:] - slow.end[3:]) < 1e-4
        assert abs(flown.time_s[row] - slow.end_s) < 1e-5


def test_drag_in_lanes_is_drag_in_scipy() -> None:
    states = many_starts(3, seed=8)
    coefficients = np.array([300.0, 1_000.0, 8_000.0])
    flown = free_flight(states, ballistic_coefficient_kg_m2=coefficients, tolerance_m=1e-4)
    for row, start in enumerate(states):
        slow = fly_slowly(start, ballistic_coefficient_kg_m2=coefficients[row])
        assert np.linalg.norm(flown.state_vector[row, :3] - slow.end[:3]) < 5.0
        assert abs(flown.time_s[row] - slow.end_s) < 1e-2


def test_air_makes_the_flight_shorter_and_the_impact_slower() -> None:
    states = many_starts(50, seed=9)
    vacuum = free_flight(states)
    air = free_flight(states, ballistic_coefficient_kg_m2=1_000.0)
    speed = np.linalg.norm(air.state_vector[:, 3:], axis=1)
    assert (speed < np.linalg.norm(vacuum.state_vector[:, 3:], axis=1)).all()
    assert (air.apogee_altitude_m <= vacuum.apogee_altitude_m + 1e-3).all()
    dense = free_flight(states, ballistic_coefficient_kg_m2=1e12)
    miss = np.linalg.norm(dense.state_vector[:, :3] - vacuum.state_vector[:, :3], axis=1)
    assert miss.max() < IMPACT_WITHIN_M


@pytest.mark.parametrize("gravity", list(Gravity))
def test_free_flight_conserves_the_jacobi_integral(gravity: Gravity) -> None:
    states = many_starts(200, seed=10)
    flown = free_flight(states, gravity=gravity)
    before = jacobi_integral(states, gravity)
    drift = jacobi_integral(flown.state_vector, gravity) - before
    assert np.max(np.abs(drift)) < 0.5  # J/kg: 0.05 m of height
    paths = sample(states, interval_s=10.0, count=30, gravity=gravity)
    assert np.max(np.abs(jacobi_integral(paths, gravity) - before[:, None])) < 0.05


def test_apogee_is_the_greatest_height_above_the_ellipsoid() -> None:
    # Northward from the equator the ellipsoid falls away: the least r.v comes half a minute off.
    states = np.array([start_at(20.0, 10.0, 150e3, 5.0, 7_000.0, 900.0), *many_starts(6, seed=11)])
    flown = free_flight(states)
    for row, start in enumerate(states):
        times = np.linspace(0.0, flown.time_s[row], 3_001)
        path = after(np.tile(start, (len(times), 1)), times)
        heights = height_m(path[:, :3])
        assert flown.apogee_altitude_m[row] > heights.max() - 1e-2
        near = after(start[None], flown.apogee_time_s[row])
        assert abs(height_m(near[:, :3])[0] - flown.apogee_altitude_m[row]) < 2e-2
    distance = np.linalg.norm(
        after(np.tile(states[0], (3_001, 1)), np.linspace(0.0, flown.time_s[0], 3_001))[:, :3],
        axis=1,
    )
    farthest_s = np.linspace(0.0, flown.time_s[0], 3_001)[int(np.argmax(distance))]
    assert abs(farthest_s - flown.apogee_time_s[0]) > 10.0


def test_a_flight_stops_at_apogee_with_no_climb_left() -> None:
    states = many_starts(40, seed=12)
    stopped = free_flight(states, stop=APOGEE)
    grounded = free_flight(states)
    assert stopped.arrives.all()
    np.testing.assert_allclose(stopped.time_s, grounded.apogee_time_s, atol=1e-3)
    heights = height_m(stopped.state_vector[:, :3])
    np.testing.assert_allclose(heights, grounded.apogee_altitude_m, atol=2e-2)


def test_a_flight_stops_at_an_altitude_on_the_way_down() -> None:
    start = start_at(40.0, 50.0, 100e3, 300.0, 3_000.0, 1_500.0)
    for altitude_m in (30e3, 100e3, 150e3):
        flown = free_flight(start[None], stop=Stop(altitude_m))
        slow = fly_slowly(start, altitude_m=altitude_m)
        assert flown.time_s[0] > flown.apogee_time_s[0]
        assert abs(height_m(flown.state_vector[:, :3])[0] - altitude_m) < 1e-4
        assert abs(flown.time_s[0] - slow.end_s) < 1e-4


def outcome_of(start: F64, stop: Stop | None = None) -> tuple[Outcome, FreeFlight]:
    flown = free_flight(start[None]) if stop is None else free_flight(start[None], stop=stop)
    return Outcome(int(flown.outcome[0])), flown


def test_what_starts_below_the_stop_and_falls_does_not_arrive() -> None:
    falling = start_at(10.0, 20.0, 50e3, 0.0, 1_000.0, -100.0)
    outcome, flown = outcome_of(falling, Stop(60e3))
    assert outcome is Outcome.STARTS_BELOW
    assert "below the stop" in outcome.reason
    assert np.isnan(flown.state_vector).all()
    assert flown.apogee_time_s[0] == 0.0
    underground = start_at(10.0, 20.0, -50.0, 0.0, 1_000.0, -100.0)
    assert outcome_of(underground)[0] is Outcome.STARTS_BELOW


def test_what_starts_under_the_ground_and_rises_through_it_comes_down() -> None:
    outcome, flown = outcome_of(start_at(10.0, 20.0, -50.0, 0.0, 1_000.0, 500.0))
    assert outcome is Outcome.ARRIVED
    assert flown.time_s[0] > 90.0


def test_what_does_not_rise_to_the_altitude_says_so_and_keeps_its_apogee() -> None:
    outcome, flown = outcome_of(start_at(10.0, 20.0, 50e3, 0.0, 1_000.0, 300.0), Stop(500e3))
    assert outcome is Outcome.NOT_REACHED
    assert "apogee" in outcome.reason
    assert 50e3 < flown.apogee_altitude_m[0] < 60e3
    assert np.isnan(flown.time_s[0])


@pytest.mark.parametrize("gravity", list(Gravity))
def test_what_orbits_stays_aloft(gravity: Gravity) -> None:
    flown = free_flight(circular_orbit(400e3)[None], gravity=gravity)
    assert Outcome(int(flown.outcome[0])) is Outcome.ALOFT
    assert "orbit" in Outcome.ALOFT.reason
    assert np.isnan(flown.time_s[0])
    assert 400e3 <= flown.apogee_altitude_m[0] < 425e3


def test_what_leaves_the_earth_stays_aloft_and_has_no_apogee() -> None:
    outcome, flown = outcome_of(start_at(0.0, 0.0, 200e3, 90.0, 12_000.0, 3_000.0))
    assert outcome is Outcome.ALOFT
    assert np.isnan(flown.apogee_altitude_m[0])


def orbit_with_perigee(height: float, apogee_m: float, *, before_s: float) -> F64:
    """An equatorial two-body orbit, some seconds before its perigee."""
    near, far = 6_378_137.0 + height, 6_378_137.0 + apogee_m
    speed = np.sqrt(2.0 * 3.986004418e14 * far / (near * (near + far)))
    perigee = np.array([near, 0.0, 0.0, 0.0, -(speed + 7.292115e-5 * near), 0.0])
    # Flown backwards about the other way: mirror the velocity, and the Earth's turn with it.
    back = after(perigee[None], before_s, gravity=Gravity.TWO_BODY, tolerance_m=1e-5)[0]
    back[3:] *= -1.0
    turned: F64 = back.copy()
    turned[1], turned[4] = -back[1], -back[4]
    turned[3:] = [back[3], -back[4], back[5]]
    return turned


@pytest.mark.parametrize("apogee_m", [300e3, 2_000e3, 20_000e3])
@pytest.mark.parametrize("before_s", [200.0, 500.0, 1_500.0])
def test_a_shallow_dip_into_the_ground_is_not_stepped_over(
    apogee_m: float, before_s: float
) -> None:
    through = orbit_with_perigee(-50.0, apogee_m, before_s=before_s)
    over = orbit_with_perigee(50.0, apogee_m, before_s=before_s)
    for tolerance_m in (1.0, 1e-2, 1e-4):
        flown = free_flight(
            np.array([through, over]), gravity=Gravity.TWO_BODY, tolerance_m=tolerance_m
        )
        assert list(flown.outcome) == [Outcome.ARRIVED, Outcome.ALOFT]
        assert flown.time_s[0] < before_s


def test_an_orbit_that_falls_at_first_rises_and_comes_down_through_the_stop() -> None:
    falling = orbit_with_perigee(200e3, 1_000e3, before_s=500.0)
    outcome, flown = outcome_of(falling, Stop(800e3))
    assert outcome is Outcome.ARRIVED
    assert abs(height_m(flown.state_vector[:, :3])[0] - 800e3) < 1e-3
    assert flown.time_s[0] > 3_000.0
    assert 950e3 < flown.apogee_altitude_m[0] < 1_050e3
    assert outcome_of(falling, Stop(5_000e3))[0] is Outcome.ALOFT


@given(st.permutations(range(40)), st.integers(1, 40))
@settings(max_examples=25)
def test_neighbours_and_order_in_a_batch_change_nothing(order: list[int], count: int) -> None:
    states = many_starts(40, seed=13)
    states[5], states[17] = circular_orbit(500e3), circular_orbit(35_786e3)
    whole = free_flight(states)
    rows = np.array(order[:count])
    part = free_flight(states[rows])
    for name in ("state_vector", "time_s", "apogee_altitude_m", "apogee_time_s", "outcome"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[rows])


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 2_049])
def test_any_number_of_flights_is_flown(count: int) -> None:
    kinds = many_starts(64, seed=14)
    states = np.tile(kinds, (33, 1))[:count]
    flown = free_flight(states)
    one = free_flight(kinds)
    np.testing.assert_array_equal(flown.time_s, np.tile(one.time_s, 33)[:count])
    assert flown.state_vector.shape == (count, 6)


def test_threads_that_fly_at_once_do_not_disturb_each_other() -> None:
    states = [many_starts(500, seed=20 + k) for k in range(4)]
    alone = [free_flight(each).time_s for each in states]
    together: dict[int, F64] = {}

    def fly(k: int) -> None:
        together[k] = free_flight(states[k]).time_s

    threads = [threading.Thread(target=fly, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        np.testing.assert_array_equal(together[k], alone[k])


@pytest.mark.parametrize("coefficient", [None, 2_000.0])
def test_samples_are_the_states_after_those_times(coefficient: float | None) -> None:
    states = many_starts(33, seed=15)
    first = np.linspace(0.0, 9.0, 33)
    paths = sample(
        states,
        interval_s=10.0,
        count=5,
        first_s=first,
        ballistic_coefficient_kg_m2=coefficient,
    )
    for k in range(5):
        wanted = after(states, first + 10.0 * k, ballistic_coefficient_kg_m2=coefficient)
        assert np.max(np.linalg.norm(paths[:, k, :3] - wanted[:, :3], axis=1)) < 0.2


def test_the_inputs_are_left_as_they_were() -> None:
    states = many_starts(3, seed=16)
    states.setflags(write=False)
    before = states.copy()
    free_flight(states)
    np.testing.assert_array_equal(states, before)


GOOD = start_at(0.0, 0.0, 100e3, 0.0, 1_000.0, 100.0)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (np.zeros(6), "shape"),
        (np.zeros((2, 5)), "shape"),
        (np.array([GOOD, GOOD * [1, 1, np.nan, 1, 1, 1]]), "row 1"),
        (np.array([GOOD * [np.inf, 1, 1, 1, 1, 1]]), "not finite"),
        (np.array([GOOD * 1e-3]), "kilometres"),
        (np.array([GOOD * 1e200]), "as large as"),
    ],
)
def test_what_is_no_state_is_refused_with_a_sentence(states: F64, words: str) -> None:
    with pytest.raises(InputError, match=words):
        free_flight(states)


@pytest.mark.parametrize("coefficient", [0.0, -1.0, np.nan, np.inf])
def test_what_is_no_ballistic_coefficient_is_refused(coefficient: float) -> None:
    with pytest.raises(InputError, match="ballistic coefficient"):
        free_flight(GOOD[None], ballistic_coefficient_kg_m2=coefficient)


@pytest.mark.parametrize("tolerance_m", [0.0, -1.0, np.nan])
def test_what_is_no_tolerance_is_refused(tolerance_m: float) -> None:
    with pytest.raises(InputError, match="tolerance_m"):
        free_flight(GOOD[None], tolerance_m=tolerance_m)


def test_durations_intervals_and_stops_out_of_bounds_are_refused() -> None:
    with pytest.raises(InputError, match="duration"):
        after(GOOD[None], -1.0)
    with pytest.raises(InputError, match="interval_s"):
        sample(GOOD[None], interval_s=31.0, count=2)
    with pytest.raises(InputError, match="altitude"):
        Stop(float("nan"))


coordinate = st.floats(-1e8, 1e8)


@given(st.lists(st.tuples(*[coordinate] * 3, *[st.floats(-2e4, 2e4)] * 3), min_size=1, max_size=5))
@example([(3023042.0, 0.0, -7079699.0, 0.0, 11305.0, 10403.0)])
@settings(max_examples=50)
def test_any_state_ends_somewhere_or_says_why_not(rows: list[tuple[float, ...]]) -> None:
    states = np.array(rows)
    try:
        flown = free_flight(states)
    except InputError:
        assert (np.linalg.norm(states[:, :3], axis=1) < 1e6).any()
        return
    arrives = flown.arrives
    assert np.isfinite(flown.state_vector[arrives]).all()
    np.testing.assert_allclose(height_m(flown.state_vector[arrives, :3]), 0.0, atol=0.01)
    assert all(Outcome(int(each)).reason for each in flown.outcome[~arrives])
