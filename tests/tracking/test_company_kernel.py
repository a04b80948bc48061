"""Which radar's part belongs to which of several objects that fly together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.tracking import company_kernel

F64 = npt.NDArray[np.float64]
MEMBERS, SENSORS = 4, 3


def parts(rng: np.random.Generator, deal: npt.NDArray[np.int64]) -> tuple[F64, F64, F64]:
    """What three sensors say of four flights, dealt to members as ``deal`` says.

    Each sensor knows three combinations of six numbers well and the others poorly, so that two
    sensors together always fit, and only the third tells a mixture.
    """
    flights = rng.normal(size=(MEMBERS, 6)) * [500, 500, 500, 5, 5, 5]
    information = np.zeros((MEMBERS, SENSORS, 6, 6))
    vector = np.zeros((MEMBERS, SENSORS, 6))
    for sensor in range(SENSORS):
        slope = rng.normal(size=(8, 6)) * [1, 1, 1, 30, 30, 30]
        for member in range(MEMBERS):
            seen = slope @ flights[deal[member, sensor]] + rng.normal(size=8) * 20.0
            information[member, sensor] = slope.T @ slope / 400.0
            vector[member, sensor] = slope.T @ seen / 400.0
    return information, vector, flights


def as_it_is() -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(MEMBERS)[:, np.newaxis], SENSORS, axis=1)


def dealt(information: F64, vector: F64) -> tuple[bool, npt.NDArray[np.int64]]:
    best = np.empty((MEMBERS, SENSORS), dtype=np.int64)
    is_better = company_kernel.deal_anew(information, vector, np.ones((MEMBERS, SENSORS)), best)
    return bool(is_better), best


@pytest.mark.parametrize("seed", range(20))
def test_parts_that_were_mixed_come_together_again(seed: int) -> None:
    rng = np.random.default_rng(seed)
    deal = as_it_is()
    for sensor in range(1, SENSORS):
        deal[:, sensor] = rng.permutation(MEMBERS)
    information, vector, _ = parts(rng, deal)
    is_better, best = dealt(information, vector)
    whose = deal[best, np.arange(SENSORS)]
    assert (whose == whose[:, :1]).all()
    assert is_better == bool((deal != deal[:, :1]).any())


@pytest.mark.parametrize("seed", range(20))
def test_parts_that_belong_together_stay(seed: int) -> None:
    information, vector, _ = parts(np.random.default_rng([seed, 1]), as_it_is())
    is_better, _ = dealt(information, vector)
    assert not is_better


def test_one_sensor_alone_deals_nothing() -> None:
    information, vector, _ = parts(np.random.default_rng(3), as_it_is())
    count = np.zeros((MEMBERS, SENSORS))
    count[:, 1] = 5.0
    best = np.empty((MEMBERS, SENSORS), dtype=np.int64)
    assert not company_kernel.deal_anew(information, vector, count, best)


def test_a_flight_told_by_its_parts_is_the_least_squares_solution() -> None:
    rng = np.random.default_rng(4)
    information, vector, _ = parts(rng, as_it_is())
    reference = rng.normal(size=6)
    whole = np.eye(6) + 0.1 * rng.normal(size=(6, 6))
    state_vector, covariance = np.empty(6), np.empty((6, 6))
    assert company_kernel.flight_of(
        information[0], vector[0], reference, whole, state_vector, covariance
    )
    place, speed = company_kernel.PLACE_STD_M, company_kernel.SPEED_STD_M_S
    total = information[0].sum(axis=0) + np.diag([place**-2.0] * 3 + [speed**-2.0] * 3)
    solved = np.linalg.solve(total, vector[0].sum(axis=0))
    assert state_vector == pytest.approx(reference + whole @ solved)
    assert covariance == pytest.approx(whole @ np.linalg.inv(total) @ whole.T)


def test_the_chi_square_explained_is_that_of_the_solution() -> None:
    information, vector, _ = parts(np.random.default_rng(5), as_it_is())
    place, speed = company_kernel.PLACE_STD_M, company_kernel.SPEED_STD_M_S
    total = information[2].sum(axis=0) + np.diag([place**-2.0] * 3 + [speed**-2.0] * 3)
    added = vector[2].sum(axis=0)
    wanted = float(added @ np.linalg.solve(total, added))
    assert company_kernel.explained(information[2], vector[2]) == pytest.approx(wanted)


def test_only_tracks_close_in_place_and_velocity_make_a_group() -> None:
    states = np.zeros((5, 2, 6))
    states[:, :, 0] = 7e6
    states[1, :, 1] = 2_000.0  # close to 0
    states[2, :, 1] = 4_500.0  # close to 1 alone
    states[3, :, 3] = 500.0  # beside 0, but faster
    states[4, :, 1] = 90e3  # far
    phases = np.full(5, 2, dtype=np.int8)
    group = np.empty(5, dtype=np.int64)
    company_kernel.close_groups(5, phases, states, 2, 3_000.0, 150.0, group)
    assert group.tolist() == [0, 0, 0, -1, -1]
    phases[1] = 1  # not confirmed: the chain breaks
    company_kernel.close_groups(5, phases, states, 2, 3_000.0, 150.0, group)
    assert group[0] == group[2] == -1
