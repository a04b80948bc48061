"""Smoothing of one linearised flight against all of it solved at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.flight.propagation import after
from commonwatch.sensing.measurement import (
    radar_jacobian,
    radar_measurement,
    range_rate_jacobian,
    range_rate_measurement,
)
from commonwatch.tracking import smoothing_kernel as kernels
from commonwatch.tracking.estimate import FIELD
from tests.tracking.build import NORTH, flights, seen

F64 = npt.NDArray[np.float64]

COUNT = 8
STD = np.array([30.0, 1e-3, 1e-3, 5.0])
PLACE_STD_M, SPEED_STD_M_S, NOISE_M2_S3 = 5e3, 500.0, 4.0
SECONDS = np.array([0.0, 2.0, 2.0, 5.0, 9.0, 30.0, 31.0, 40.0])


def motion(noise_m2_s3: float = NOISE_M2_S3) -> F64:
    return np.array([PLACE_STD_M, SPEED_STD_M_S, noise_m2_s3, 500.0, 30.0, 400.0, 10.0])


def flight() -> F64:
    start = flights(np.random.default_rng(10), 1)
    return np.concatenate([after(start, seconds) for seconds in SECONDS])


def looks_at(states: F64) -> F64:
    """Plots of one radar, as the kernel takes them."""
    rng = np.random.default_rng(11)
    measured = np.concatenate(
        [seen(states[k : k + 1], 0.0, [NORTH], 0, rng).measured for k in range(COUNT)]
    )
    looks = np.zeros((COUNT, kernels.COLUMNS))
    looks[:, kernels.SECONDS] = SECONDS
    looks[:, kernels.VALUES : kernels.STDS] = measured
    looks[:, kernels.STDS : kernels.EYE] = STD
    looks[:, kernels.EYE : kernels.ROTATION] = NORTH.site.position_ecef_m
    looks[:, kernels.ROTATION :] = NORTH.site.rotation_enu_from_ecef.ravel()
    return looks


def smoothed(looks: F64, reference: F64, start: F64, figures: F64) -> tuple[F64, F64, F64]:
    chain = np.empty((COUNT, kernels.CHAIN, 6))
    states, covariances = np.empty((COUNT, 6)), np.empty((COUNT, 6, 6))
    kernels.filter_forward(looks, 0, start, figures, FIELD.copy(), 1, reference, chain)
    assert kernels.smooth_back(COUNT, chain, states, covariances)
    return states, covariances, chain


def steps(reference: F64, figures: F64) -> list[tuple[F64, F64, F64]]:
    """Where each state vector moves to, with its transition and noise."""
    found = []
    for k in range(COUNT - 1):
        state_vector = reference[k].copy()
        phi, noise = np.empty((6, 6)), np.empty((6, 6))
        since = float(SECONDS[k + 1] - SECONDS[k])
        kernels.move(
            state_vector, since, 0.0, figures[2], FIELD.copy(), phi, noise, np.empty((2, 6, 6))
        )
        found.append((state_vector, phi, noise))
    return found


def at_once(looks: F64, reference: F64, start: F64, figures: F64) -> tuple[F64, F64]:
    """Every state vector of the flight in one system of normal equations."""
    scale = np.tile([PLACE_STD_M] * 3 + [SPEED_STD_M_S] * 3, COUNT)
    matrix, vector = np.zeros((6 * COUNT, 6 * COUNT)), np.zeros(6 * COUNT)
    prior = np.array([PLACE_STD_M] * 3 + [SPEED_STD_M_S] * 3)
    matrix[:6, :6] += np.diag(prior**-2.0)
    vector[:6] += (start - reference[0]) / prior**2
    for k in range(COUNT):
        part = slice(6 * k, 6 * k + 6)
        slope = np.vstack(
            [radar_jacobian(NORTH, reference[k]), range_rate_jacobian(NORTH, reference[k])]
        )
        hat = np.append(
            radar_measurement(NORTH, reference[k]), range_rate_measurement(NORTH, reference[k])
        )
        off = looks[k, kernels.VALUES : kernels.STDS] - hat
        matrix[part, part] += slope.T @ np.diag(STD**-2.0) @ slope
        vector[part] += slope.T @ (off / STD**2)
    for k, (state_vector, phi, gathered) in enumerate(steps(reference, figures)):
        # Two plots of one instant: the same state vector, within a millimetre.
        noise = gathered + np.eye(6) * (1e-6 if SECONDS[k + 1] == SECONDS[k] else 0.0)
        information = np.linalg.inv(noise)
        slope = np.zeros((6, 6 * COUNT))
        slope[:, 6 * k : 6 * k + 6], slope[:, 6 * k + 6 : 6 * k + 12] = -phi, np.eye(6)
        matrix += slope.T @ information @ slope
        vector += slope.T @ information @ (state_vector - reference[k + 1])
    inverse = np.linalg.inv(matrix * np.outer(scale, scale)) * np.outer(scale, scale)
    covariances = np.stack([inverse[6 * k : 6 * k + 6, 6 * k : 6 * k + 6] for k in range(COUNT)])
    return reference + (inverse @ vector).reshape(COUNT, 6), covariances


def test_forward_and_back_is_the_same_as_all_at_once() -> None:
    reference = flight()
    looks = looks_at(reference)
    start = reference[0] + np.array([2e3, -3e3, 1e3, 200.0, 0.0, -300.0])
    states, covariances, _ = smoothed(looks, reference, start, motion())
    wanted, spreads = at_once(looks, reference, start, motion())
    scale = np.sqrt(np.diagonal(spreads, axis1=1, axis2=2))
    assert np.abs((states - wanted) / scale).max() < 2e-3
    outer = scale[:, :, np.newaxis] * scale[:, np.newaxis]
    assert np.abs((covariances - spreads) / outer).max() < 2e-3


def test_the_last_one_is_as_filtered_and_no_one_is_wider_than_filtered() -> None:
    reference = flight()
    states, covariances, chain = smoothed(looks_at(reference), reference, reference[0], motion())
    assert (states[-1] == chain[-1, 0]).all()
    narrow = chain[:, 2:8]
    assert (np.linalg.eigvalsh(narrow - covariances)[:, 0] > -1e-6 * narrow.max()).all()
    assert (np.linalg.eigvalsh(covariances)[:, 0] > 0.0).all()


def test_two_plots_of_one_instant_belong_to_one_place() -> None:
    reference = flight()
    states, covariances, _ = smoothed(looks_at(reference), reference, reference[0], motion())
    assert states[1] == pytest.approx(states[2], rel=1e-9)
    assert covariances[1] == pytest.approx(covariances[2], rel=1e-6)


def test_a_move_is_free_flight_with_the_slopes_of_all_its_steps() -> None:
    start = flights(np.random.default_rng(12), 1)
    seconds = 95.0
    ends = []
    for change in (np.zeros(6), np.array([1e3, 0.0, 0.0, 0.0, 0.0, 1.0])):
        state_vector, phi, noise = start[0] + change, np.empty((6, 6)), np.empty((6, 6))
        kernels.move(state_vector, seconds, 0.0, 1.0, FIELD.copy(), phi, noise, np.empty((2, 6, 6)))
        ends.append((state_vector, phi))
    assert np.abs(ends[0][0] - after(start, seconds)[0])[:3].max() < 1e-2
    moved = ends[0][1] @ np.array([1e3, 0.0, 0.0, 0.0, 0.0, 1.0])
    assert np.abs(ends[1][0] - ends[0][0] - moved)[:3].max() < 0.5
    assert noise[0, 0] == pytest.approx(seconds**3 / 3.0, rel=0.02)


def test_power_ends_where_the_flight_bends() -> None:
    """Ten plots under 40 m/s2 along the velocity, ten free: the change is found to two plots."""
    rng = np.random.default_rng(13)
    state_vector = flights(rng, 1)[0]
    states = []
    for k in range(20):
        states.append(state_vector.copy())
        phi, noise = np.empty((6, 6)), np.empty((6, 6))
        thrust = 40.0 if k < 10 else 0.0
        kernels.move(state_vector, 2.0, thrust, 0.0, FIELD.copy(), phi, noise, np.empty((2, 6, 6)))
    measured = np.concatenate([seen(s[np.newaxis], 0.0, [NORTH], 0, rng).measured for s in states])
    looks = np.repeat(looks_at(flight())[:1], 20, axis=0)
    looks[:, kernels.SECONDS] = 2.0 * np.arange(20)
    looks[:, kernels.VALUES : kernels.STDS] = measured
    figures = motion(1e-5)
    figures[:2] = 300e3, 10e3
    chain, unused = np.empty((20, kernels.CHAIN, 6)), np.empty((20, 6))
    start = np.append(states[0][:3], np.zeros(3))
    burn = kernels.find_burn(looks, start, figures, FIELD.copy(), unused, chain)
    assert abs(burn - 10) <= 2
    free = looks[10:].copy()
    start = np.append(states[10][:3], np.zeros(3))
    assert kernels.find_burn(free, start, figures, FIELD.copy(), unused, chain[:10].copy()) == 0
