"""Each sensor's value against the definitions, worked out the long way."""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.flight.trajectory import Trajectories
from commonwatch.identity import SensorId
from commonwatch.scenario.figures import Case
from commonwatch.sensing.radar import Radar, Role
from commonwatch.sensing.visibility import Spells
from commonwatch.studies.marginal import (
    FIRST_SIGHT,
    RADAR_TRACK,
    Laid,
    Sight,
    airport_shares,
    divided_seconds,
    last_in_marginals,
    seen_by_two,
    shapley_shares,
)
from tests.sensing.build import from_equator, parabolas, radar, spells_of

F64 = npt.NDArray[np.float64]

EXACT_S = 1e-9
IMPACT_S = 600.0


def shares_by_permutation(worth: list[float]) -> list[float]:
    """Average over all orders of arrival of what each adds to the best so far."""
    shares = [0.0] * len(worth)
    for order in permutations(range(len(worth))):
        best = 0.0
        for player in order:
            shares[player] += max(worth[player] - best, 0.0) / factorial(len(worth))
            best = max(best, worth[player])
    return shares


@given(st.lists(st.floats(0.0, 1e4), min_size=1, max_size=6))
def test_airport_shares_are_the_mean_over_all_orders_of_arrival(worth: list[float]) -> None:
    shares = airport_shares(np.array(worth)[:, None])[:, 0]
    np.testing.assert_allclose(shares, shares_by_permutation(worth), rtol=1e-9, atol=1e-9)


def seen_in_seconds(seed: int) -> tuple[npt.NDArray[np.bool_], Spells]:
    """Whole seconds in which three sensors see two paths, and the spells they make."""
    rng = np.random.default_rng(seed)
    seen = rng.random((3, 2, 40)) < 0.4  # sensor, path, whole second
    rows = []
    for sensor in range(3):
        for path in range(2):
            padded = np.concatenate([[False], seen[sensor, path], [False]])
            begins = np.flatnonzero(padded[1:] & ~padded[:-1])
            ends = np.flatnonzero(~padded[1:] & padded[:-1])
            rows += [(path, sensor, float(b), float(e)) for b, e in zip(begins, ends, strict=True)]
    return seen, spells_of(rows, sensors=3, paths=2)


@given(st.integers(0, 2**32 - 1))
def test_two_see_at_once_when_both_do(seed: int) -> None:
    seen, spells = seen_in_seconds(seed)
    both = seen.sum(axis=0) >= 2
    first, seconds = seen_by_two(spells, 3)
    np.testing.assert_allclose(seconds, both.sum(axis=1), atol=1e-6)
    expected = np.where(both.any(axis=1), both.argmax(axis=1), np.nan)
    np.testing.assert_allclose(first, expected, atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_seconds_are_divided_equally_among_those_who_see(seed: int) -> None:
    seen, spells = seen_in_seconds(seed)
    divided = divided_seconds(spells, 3)
    watchers = seen.sum(axis=0)
    expected = np.where(seen, 1.0 / np.maximum(watchers, 1), 0.0).sum(axis=2)
    np.testing.assert_allclose(divided, expected, atol=1e-6)


def laid(cases: dict[int, Case], sight: dict[Case, Sight]) -> Laid:
    return Laid(trajectories=paths(), slopes=None, sight=sight, cases=cases)


def paths() -> Trajectories:
    return parabolas(from_equator(100e3, 0.0, 0.0), [0.0, 10.0, 0.0], end_s=IMPACT_S)


def sight_of(low: Spells, nominal: Spells, high: Spells, *, cued: int = -1) -> dict[Case, Sight]:
    radars: tuple[Radar, ...] = tuple(
        radar(
            sensor=SensorId(f"s{k}"),
            role=Role.CUED if k == cued else Role.SEARCH,
            track_interval_s=5.0,
            hand_over_s=10.0,
        )
        for k in range(2)
    )
    return {
        case: Sight(sensors=radars, spells=spells, information=None)
        for case, spells in zip(Case, (low, nominal, high), strict=True)
    }


SIGHT = sight_of(
    spells_of([(0, 0, 100.0, 200.0), (0, 1, 180.0, 250.0)], sensors=2, paths=1),
    spells_of([(0, 0, 90.0, 300.0), (0, 1, 150.0, 400.0)], sensors=2, paths=1),
    spells_of([(0, 0, 80.0, 500.0), (0, 1, 70.0, 550.0)], sensors=2, paths=1),
)


def test_a_marginal_is_own_low_with_others_high_then_the_reverse() -> None:
    found = last_in_marginals(paths(), None, SIGHT, (0, 1))
    # Sensor 0 low (100 to 200) beside sensor 1 high (70 to 550): nothing left to add.
    # Nominal: 90 to 300 beside 150 to 400. High (80 to 500) beside low (180 to 250).
    np.testing.assert_allclose(found[0, RADAR_TRACK][:, 0], [0.0, 60.0, 350.0], atol=EXACT_S)
    np.testing.assert_allclose(found[0, FIRST_SIGHT][:, 0], [0.0, 60.0, 100.0], atol=EXACT_S)
    np.testing.assert_allclose(found[1, RADAR_TRACK][:, 0], [0.0, 100.0, 380.0], atol=EXACT_S)


def test_shares_add_up_to_what_all_are_worth_together() -> None:
    together = laid(dict.fromkeys((0, 1), Case.NOMINAL), SIGHT)
    shares = shapley_shares(together, (0, 1))
    for figure, whole in (
        (FIRST_SIGHT, together.warning_at_first_sight_s()),
        (RADAR_TRACK, together.radar_track_s()),
    ):
        total = shares[0, figure] + shares[1, figure]
        np.testing.assert_allclose(total, whole, atol=EXACT_S)


def test_a_cued_radar_is_worth_nothing_without_the_one_that_cues_it() -> None:
    sight = sight_of(*[SIGHT[case].spells for case in Case], cued=1)
    alone = laid({1: Case.NOMINAL}, sight)
    assert alone.radar_track_s()[0] == 0.0
    both = laid({0: Case.NOMINAL, 1: Case.NOMINAL}, sight)
    # Track two intervals of 5 s after 90 s, hand-over 10 s: the cued radar begins at its own 150 s.
    assert both.radar_track_s()[0] == pytest.approx(400.0 - 90.0)


def test_a_radar_that_cues_gets_the_seconds_that_only_it_makes_possible() -> None:
    sight = sight_of(*[SIGHT[case].spells for case in Case], cued=1)
    found = last_in_marginals(paths(), None, sight, (0,))
    np.testing.assert_allclose(found[0, RADAR_TRACK][1], [300.0 - 90.0], atol=EXACT_S)
