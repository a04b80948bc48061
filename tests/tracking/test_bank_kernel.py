"""The gate of all tracks against every pair tried in turn, and tracks told over both models."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from commonwatch.sensing.detection import Detections
from commonwatch.sensing.measurement import (
    radar_jacobian,
    radar_measurement,
    range_rate_jacobian,
    range_rate_measurement,
)
from commonwatch.tracking import bank_kernel
from commonwatch.tracking.advance import Advance
from commonwatch.tracking.bank import ARRAYS, Bank, empty_bank
from commonwatch.tracking.frame import frames_of
from commonwatch.tracking.kalman_kernel import BENT
from commonwatch.tracking.plots import no_bias, plots_of
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.view import sensor_arrays
from tests.tracking.build import EPOCH_NS, EYE, NORTH, flights, lines, plots, seen, together

F64 = npt.NDArray[np.float64]

SENSORS = (NORTH, EYE)
STD = np.array([30.0, 1e-3, 1e-3, 5.0])
NEAR = 1e-6
"""Pairs this close to the gate's edge may go either way."""


def bank_of(states: F64, covariances: F64, *, powered: F64) -> Bank:
    """Confirmed tracks of many plots, under power with some probability."""
    bank = empty_bank(len(SENSORS))
    bank.grow(len(states))
    bank.count = count = len(states)
    bank.phase[:count] = bank_kernel.CONFIRMED
    bank.states[:count] = states[:, np.newaxis]
    bank.covariances[:count] = covariances[:, np.newaxis]
    # Under power the object is elsewhere.
    bank.states[:count, 1, 3:] *= 1.1
    bank.weights[:count] = np.stack([1.0 - powered, powered], axis=-1)
    bank.hits[:count] = 50
    bank.last_hit_ns[:count] = EPOCH_NS
    return bank


def gated(bank: Bank, detections: Detections) -> tuple[set[tuple[int, int]], Settings]:
    """Pairs of track and row that the tracker's gate lets through."""
    options = Settings()
    advance = Advance(sensor_arrays(SENSORS), options)
    [frame] = frames_of(detections, np.full(len(SENSORS), 10**8))
    looks = plots_of(frame, no_bias(len(SENSORS)), bank, advance.sensors)
    count = advance._gate(bank, looks, np.arange(bank.count), np.zeros(bank.count))
    row = frame.detections.row[advance._pair_plot[:count]]
    return set(zip(advance._pair_row[:count].tolist(), row.tolist(), strict=True)), options


def both(state_vector: F64) -> F64:
    return np.append(
        radar_measurement(NORTH, state_vector), range_rate_measurement(NORTH, state_vector)
    )


def bends(state_vector: F64, covariance: F64, std: F64) -> bool:
    """Whether some value leaves its slope by more than a part of its own error.

    Range by d^2 / 2r, angles by twice that over r, range rate by d w / r, where d is all that the
    place leaves open and w all that the velocity does.
    """
    r = float(np.linalg.norm(state_vector[:3] - NORTH.site.position_ecef_m))
    d2, w2 = np.trace(covariance[:3, :3]), np.trace(covariance[3:, 3:])
    off = np.array([0.5 * d2 / r, d2 / r**2, d2 / r**2, math.sqrt(d2 * w2) / r])
    return bool((off[: len(std)] > BENT * std).any())


def by_points(state_vector: F64, covariance: F64, measured: F64) -> tuple[F64, F64]:
    """Measured less expected, and the spread, by unscented points (Julier and Uhlmann 1997)."""
    root = np.linalg.cholesky(covariance) * math.sqrt(3.0)
    centre = both(state_vector)
    seen_at = np.array([both(state_vector + way) for way in np.vstack([root.T, -root.T])])
    seen_at[:, 1] = centre[1] + np.vectorize(math.remainder)(
        seen_at[:, 1] - centre[1], 2.0 * math.pi
    )
    mean = seen_at.sum(axis=0) / 6.0 - centre  # weights of 1/6 each, and of -1 in the middle
    away = seen_at - mean
    return measured - mean, away.T @ away / 6.0


def distances(bank: Bank, detections: Detections) -> F64:
    """Mahalanobis distance squared of each track from each plot, the nearer of its models."""
    squared = np.full((bank.count, len(detections)), math.inf)
    for track in range(bank.count):
        for model in range(2):
            if bank.weights[track, model] <= bank_kernel.LIVE:
                continue
            state_vector, covariance = bank.states[track, model], bank.covariances[track, model]
            slope = np.vstack(
                [radar_jacobian(NORTH, state_vector), range_rate_jacobian(NORTH, state_vector)]
            )
            for row in range(len(detections)):
                measured, std = detections.measured[row], detections.std[row]
                count = 3 if math.isnan(measured[3]) else 4
                off, spread = measured - both(state_vector), slope @ covariance @ slope.T
                if bends(state_vector, covariance, std[:count]):
                    off, spread = by_points(state_vector, covariance, measured)
                off = off[:count].copy()
                off[1] = math.remainder(off[1], 2.0 * math.pi)
                whole = spread[:count, :count] + np.diag(std[:count] ** 2)
                found = float(off @ np.linalg.solve(whole, off))
                squared[track, row] = min(squared[track, row], found)
    return squared


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    place_m=st.sampled_from([10.0, 300.0, 3e3, 30e3]),
    speed_m_s=st.sampled_from([0.1, 10.0, 1_000.0]),
    has_rate=st.booleans(),
    powered=st.sampled_from([0.0, 0.5]),
)
def test_the_gate_loses_no_pair_and_adds_none(
    seed: int, place_m: float, speed_m_s: float, has_rate: bool, powered: float
) -> None:
    rng = np.random.default_rng(seed)
    states = flights(rng, 5)
    root = rng.normal(size=(5, 6, 6)) * np.array([place_m] * 3 + [speed_m_s] * 3)[:, np.newaxis]
    covariances = root @ np.swapaxes(root, 1, 2) + np.eye(6) * 1e-3
    bank = bank_of(states, covariances, powered=np.full(5, powered))
    # Plots at one to ten times the gate's reach, on both sides of its edge.
    off = np.einsum("nij,nj->ni", root, rng.normal(size=(5, 6)))
    looks = [seen(states + off * far, 0.0, SENSORS, 0, rng) for far in (0.0, 0.5, 2.0, 4.0, 10.0)]
    detections = together(looks)
    if not has_rate:
        measured = np.array(detections.measured)
        measured[:, 3] = math.nan
        detections = together([plots(measured, STD, 0.0, 0)])
    found, options = gated(bank, detections)
    squared = distances(bank, detections)
    inside = squared < options.gate_squared * (1.0 - NEAR)
    outside = squared > options.gate_squared * (1.0 + NEAR)
    assert inside.any()
    assert found >= set(zip(*(k.tolist() for k in np.nonzero(inside)), strict=True))
    assert not found & set(zip(*(k.tolist() for k in np.nonzero(outside)), strict=True))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), place_m=st.sampled_from([300.0, 30e3]))
def test_the_gate_of_a_satellite_is_that_of_both_angles(seed: int, place_m: float) -> None:
    rng = np.random.default_rng(seed)
    states = flights(rng, 6)
    states[:, :3] *= (6_440e3 / np.linalg.norm(states[:, :3], axis=1))[:, np.newaxis]
    covariances = np.broadcast_to(block_diag(np.eye(3) * place_m**2, np.eye(3) * 100.0), (6, 6, 6))
    bank = bank_of(states, covariances, powered=np.full(6, 0.9))
    eye = np.array([42_164e3, 0.0, 0.0])
    off = np.zeros_like(states)
    off[:, :3] = rng.normal(size=(6, 3)) * place_m
    detections = together([lines(states + far * off, 0.0, eye, 1, rng) for far in (0.0, 3.0, 6.0)])
    found, options = gated(bank, detections)
    offset = states[:, np.newaxis, :3] - eye
    length = np.linalg.norm(offset, axis=-1, keepdims=True)
    apart = offset / length - detections.measured[np.newaxis, :, :3]
    std = np.hypot(place_m / length[..., 0], detections.std[0, 0])
    squared = (apart**2).sum(axis=-1) / std**2
    # Along the line nothing is measured: to first order the difference lies across it.
    inside = np.argwhere(squared < options.gate_squared * 0.98)
    outside = np.argwhere(squared > options.gate_squared * 1.02)
    assert found >= {(int(t), int(p)) for t, p in inside}
    assert not found & {(int(t), int(p)) for t, p in outside}


def test_a_track_is_told_as_the_mixture_of_its_models() -> None:
    rng = np.random.default_rng(8)
    states = rng.normal(size=(3, 2, 6))
    root = rng.normal(size=(3, 2, 6, 6))
    covariances = root @ np.swapaxes(root, -1, -2)
    weights = np.array([[0.3, 0.7], [1.0, 0.0], [0.99, 0.01]])
    mean, spread = np.empty((3, 6)), np.empty((3, 6, 6))
    bank_kernel.combined(np.arange(3), states, covariances, weights, mean, spread)
    for track in range(3):
        first = weights[track] @ states[track]
        apart = states[track] - first
        second = np.einsum("m,mij->ij", weights[track], covariances[track])
        second += np.einsum("m,mi,mj->ij", weights[track], apart, apart)
        assert np.allclose(mean[track], first, atol=1e-12)
        assert np.allclose(spread[track], second, atol=1e-9)


@given(seed=st.integers(0, 2**32 - 1), gone=st.lists(st.booleans(), min_size=1, max_size=12))
def test_gaps_of_tracks_that_are_gone_close_in_order(seed: int, gone: list[bool]) -> None:
    rng = np.random.default_rng(seed)
    bank = bank_of(
        rng.normal(size=(len(gone), 6)),
        rng.normal(size=(len(gone), 6, 6)),
        powered=np.full(len(gone), 0.3),
    )
    for name in ARRAYS:
        array = getattr(bank, name)
        array[...] = rng.integers(0, 100, size=array.shape)
    bank.phase[: len(gone)] = np.where(gone, bank_kernel.GONE, bank_kernel.CONFIRMED)
    wanted = {name: getattr(bank, name)[: len(gone)][~np.array(gone)] for name in ARRAYS}
    bank.forget()
    assert bank.count == gone.count(False)
    for name, array in wanted.items():
        assert np.array_equal(getattr(bank, name)[: bank.count], array), name
