"""The benchmarks run, and everybody in them does the same work; nothing here is timed."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from benchmarks.arcs import aligned, starts
from benchmarks.stopwatch import figures, race

from benchmarks import coverage, floors, free_flight, page, scipy_peer
from commonwatch.earth.gravity import Gravity
from commonwatch.flight.dynamics_kernel import BLOCK, LANES
from commonwatch.flight.propagation import free_flight as fly_free
from commonwatch.flight.propagation import sample_in_blocks
from commonwatch.sensing.visibility_kernel import sweep

ROUNDING_M = 1e-5
SAME_FLIGHT_M = 0.05


def test_the_c_floor_of_dense_flight_gives_our_samples() -> None:
    states = starts(2 * LANES)
    theirs, own = aligned((2, 11, BLOCK)), aligned((2, 11, BLOCK))
    works = floors.sampling(states, theirs, count=11, interval_s=10.0)
    if not works:
        pytest.skip("no C compiler")
    sample_in_blocks(
        states, np.zeros(len(states)), interval_s=10.0, count=11, gravity=Gravity.J2, out=own
    )
    for work in works.values():
        theirs[:] = np.nan
        work()
        assert np.abs(theirs - own).max() < ROUNDING_M


def test_the_numpy_peer_gives_our_samples() -> None:
    states = starts(LANES)
    wide = np.empty((11, 6, LANES))
    scipy_peer.sample(states, wide, interval_s=10.0)
    blocks = sample_in_blocks(
        states, np.zeros(LANES), interval_s=10.0, count=11, gravity=Gravity.J2
    )
    assert np.abs(blocks.reshape(11, 6, LANES) - wide).max() < ROUNDING_M


def test_the_scipy_peer_comes_down_where_we_do() -> None:
    states = starts(LANES)[:4]
    own = fly_free(states, tolerance_m=1e-4).state_vector
    theirs = scipy_peer.fly(states, tolerance=1e-9)
    assert np.linalg.norm((own - theirs)[:, :3], axis=1).max() < SAME_FLIGHT_M


def test_the_heyoka_peers_come_down_where_we_do() -> None:
    pytest.importorskip("heyoka")
    from benchmarks.heyoka_peer import BatchFlights, exact

    states = starts(LANES)
    own = fly_free(states, tolerance_m=1e-4).state_vector
    for theirs in (BatchFlights(1e-9).fly(states), exact(states)):
        assert np.linalg.norm((own - theirs)[:, :3], axis=1).max() < SAME_FLIGHT_M


def test_every_rival_in_coverage_gives_the_same_answers() -> None:
    x, y, z, envelopes = coverage.task(200, 5)
    own, theirs = np.zeros((2, 5, 200, coverage.SAMPLES), np.uint8)
    sweep(x, y, z, envelopes, own)
    coverage.sweep_numpy(x, y, z, envelopes, theirs)
    assert 0.0 < own.mean() < 1.0
    assert (own == theirs).all()
    for work in floors.sweeping(x, y, z, envelopes, theirs).values():
        theirs[:] = 2
        work()
        assert (own == theirs).all()


def test_a_race_times_each_rival_as_often_as_asked() -> None:
    calls: list[str] = []
    seconds = race({name: partial(calls.append, name) for name in "ab"}, repeats=3)
    assert calls == ["a", "b"] * 4
    assert {name: len(taken) for name, taken in seconds.items()} == {"a": 3, "b": 3}


def test_the_best_is_reported_and_how_far_the_median_lies_above_it() -> None:
    assert figures([4.0, 2.0, 3.0]) == {"cpu_s": 2.0, "noise_ratio": 0.5}


def test_the_sections_run_on_few_flights_and_fill_the_page() -> None:
    results: dict[str, Any] = {
        "date": "2009-09-17",
        "machine": "a machine",
        "versions": {"Python": "3"},
        "samples": free_flight.samples(flights=LANES, repeats=1),
        "with_drag": free_flight.with_drag(flights=LANES, repeats=1),
        "coverage": coverage.sweeps(paths=20, sensors=3, repeats=1),
    }
    written = page.text(results)
    assert "Measured 2009-09-17 on a machine." in written
    assert written.count("| Commonwatch") == 2 + 3


def test_a_goal_that_is_missed_is_called_so() -> None:
    job = {"name": "commonwatch run globe-2024", "exit_code": 0, "wall_s": 61.0, "arcs": 30_000}
    slow = {"jobs": {"rows": [job]}}
    assert [is_met for _, _, is_met in page.goals(slow)] == [False]
    floor = [{"name": "C", "cpu_s": 2.0}, {"name": "C, 256-bit vectors", "cpu_s": 1.0}]
    section = {"rows": [*floor, {"name": "Commonwatch", "cpu_s": 1.2}]}
    assert page.floor_ratio(section) == 1.2


def test_loading_a_floor_leaves_small_numbers_as_they_are() -> None:
    for source in ("free_flight_floor.c", "coverage_floor.c"):
        floors.compile_c(source)
    assert np.nextafter(0.0, 1.0) * 1.0 > 0.0
    assert float(np.float64(2.3e-308) / 4.0) > 0.0
