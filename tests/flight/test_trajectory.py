"""Whole flights on one grid: the parts join, and the ends are the ends."""

from __future__ import annotations

import numpy as np
import pytest

from commonwatch.errors import InputError
from commonwatch.flight.ballistic import arc_between
from commonwatch.flight.propagation import after
from commonwatch.flight.trajectory import Trajectories, recorded_path, whole_flights
from tests.flight.build import F64, fly_slowly, height_m, many_starts, request

INTERVAL_S = 5.0


@pytest.fixture(scope="module")
def flights() -> tuple[Trajectories, F64, F64]:
    wanted = request(
        [35.0, 35.0, 40.0],
        [53.0, 53.0, 130.0],
        [310.0, 20.0, 90.0],
        [3_500e3, 1_000e3, 9_000e3],
        burn_time_s=182.0,
        burn_out_altitude_m=150e3,
    )
    arcs = arc_between(wanted)
    assert arcs.is_solved.all()
    return (
        whole_flights(arcs, interval_s=INTERVAL_S),
        arcs.burn_out_state_vector,
        arcs.time_of_flight_s,
    )


def test_flights_begin_at_rest_and_end_on_the_ground(
    flights: tuple[Trajectories, F64, F64],
) -> None:
    whole, _, end_s = flights
    np.testing.assert_allclose(whole.state_vector[:, 0, 3:], 0.0, atol=1e-9)
    np.testing.assert_allclose(height_m(whole.state_vector[:, -1, :3]), 0.0, atol=1e-3)
    np.testing.assert_array_equal(whole.end_s, end_s)
    np.testing.assert_array_equal(whole.impact_s, end_s)
    assert whole.comes_down.all()


def test_samples_after_burn_out_are_free_flight_from_burn_out(
    flights: tuple[Trajectories, F64, F64],
) -> None:
    whole, burn_out, _ = flights
    for path in range(whole.path_count):
        for sample in (37, 60, 100):
            time_s = sample * INTERVAL_S
            wanted = fly_slowly(burn_out[path], duration_s=time_s - 182.0).end
            found = whole.state_vector[path, sample]
            assert np.linalg.norm(found[:3] - wanted[:3]) < 1e-2


def test_there_is_no_jump_between_neighbouring_samples(
    flights: tuple[Trajectories, F64, F64],
) -> None:
    whole, _, _ = flights
    for path in range(whole.path_count):
        times = whole.sample_time_s(path)
        rows = whole.state_vector[path]
        step = np.diff(times)[:, None]
        mean = 0.5 * (rows[1:, 3:] + rows[:-1, 3:])
        # Trapezium rule: the acceleration changes by 5 m/s2 a step, at burn-out by up to 70 m/s2.
        gap = np.max(np.abs(np.diff(rows[:, :3], axis=0) - step * mean), axis=1)
        holds_burn_out = (times[:-1] <= 182.0) & (times[1:] > 182.0)
        assert gap[holds_burn_out].max() < 70.0 * INTERVAL_S**2 / 8.0
        assert gap[~holds_burn_out].max() < 5.0 * INTERVAL_S**2 / 8.0


def test_samples_past_the_end_repeat_the_end(flights: tuple[Trajectories, F64, F64]) -> None:
    whole, _, _ = flights
    for path in range(whole.path_count):
        past = np.arange(whole.sample_count) * INTERVAL_S >= whole.end_s[path]
        assert past.any()
        assert (whole.state_vector[path, past] == whole.state_vector[path, -1]).all()
        assert whole.sample_time_s(path)[-1] == whole.end_s[path]


def test_flights_are_read_only(flights: tuple[Trajectories, F64, F64]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        flights[0].state_vector[0, 0, 0] = 1.0


def test_an_impulsive_flight_is_sampled_from_its_first_moment() -> None:
    arcs = arc_between(request(35.0, 53.0, 310.0, 2_000e3))
    whole = whole_flights(arcs, interval_s=10.0)
    np.testing.assert_array_equal(whole.state_vector[0, 0], arcs.burn_out_state_vector[0])
    assert whole.burn_out_s[0] == 0.0


def test_a_recorded_path_keeps_its_samples_and_joins_them_smoothly() -> None:
    start = many_starts(1, seed=30)
    times = np.array([0.0, 7.0, 19.0, 30.0, 41.0])
    rows = after(np.tile(start, (5, 1)), times)
    path = recorded_path(times, rows, interval_s=1.0, burn_out_s=0.0)
    assert path.sample_count == 42
    np.testing.assert_allclose(path.state_vector[0, [0, 7, 19, 30, 41]], rows, atol=1e-6)
    wanted = after(np.tile(start, (42, 1)), np.arange(42.0))
    np.testing.assert_allclose(path.state_vector[0, :, :3], wanted[:, :3], atol=0.1)
    assert not path.comes_down[0]
    assert np.isnan(path.impact_s[0])


def test_recorded_times_that_do_not_increase_are_refused() -> None:
    rows = np.zeros((3, 6))
    with pytest.raises(InputError, match="increase"):
        recorded_path(np.array([0.0, 2.0, 2.0]), rows, interval_s=1.0, burn_out_s=0.0)


def test_arrays_of_the_wrong_shape_or_content_are_refused() -> None:
    good = {
        "interval_s": 10.0,
        "state_vector": np.zeros((2, 3, 6)),
        "burn_out_s": np.zeros(2),
        "end_s": np.full(2, 20.0),
        "comes_down": np.ones(2, bool),
    }
    Trajectories(**good)  # type: ignore[arg-type]
    for name, wrong, words in [
        ("state_vector", np.zeros((2, 3, 5)), "shape"),
        ("state_vector", np.full((2, 3, 6), np.nan), "finite"),
        ("burn_out_s", np.zeros(3), "burn_out_s"),
        ("end_s", np.full(2, 20.5), "last sample"),
    ]:
        with pytest.raises(InputError, match=words):
            Trajectories(**{**good, name: wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("time_s", [0.0, 3.0, 10.0, 17.5, 34.0, 37.0])
def test_between_samples_a_cubic_path_is_that_cubic(time_s: float) -> None:
    factors = np.random.default_rng(3).normal(size=(2, 4, 3)) * [[1e6], [1e3], [10.0], [0.1]]

    def at(path: int, when_s: float) -> F64:
        powers = np.array([when_s**k for k in range(4)])
        rates = np.array([0.0, 1.0, 2.0 * when_s, 3.0 * when_s**2])
        return np.concatenate([powers @ factors[path], rates @ factors[path]])

    end_s = np.array([37.0, 37.0])
    times = np.minimum(np.arange(5) * 10.0, 37.0)
    whole = Trajectories(
        interval_s=10.0,
        state_vector=np.array([[at(path, t) for t in times] for path in range(2)]),
        burn_out_s=np.zeros(2),
        end_s=end_s,
        comes_down=np.ones(2, bool),
    )
    found = whole.state_vector_at(np.array([1, 0]), np.full(2, time_s))
    np.testing.assert_allclose(found, [at(1, time_s), at(0, time_s)], rtol=1e-12)
