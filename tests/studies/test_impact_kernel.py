"""The compiled search for a precise impact area, small enough to run without the compiler."""

from __future__ import annotations

import math

import numpy as np
import pytest

from commonwatch.studies.impact_kernel import first_precise, long_half_variance


def positive(rng: np.random.Generator) -> np.ndarray:
    root = rng.normal(size=(6, 6))
    return root @ root.T + 0.1 * np.eye(6)


def test_the_greater_variance_is_the_greater_eigenvalue() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        information, slope = positive(rng), rng.normal(size=(2, 6))
        covariance = slope @ np.linalg.inv(information) @ slope.T
        expected = np.linalg.eigvalsh(covariance)[-1]
        assert long_half_variance(information.copy(), slope.copy()) == pytest.approx(expected)


def test_information_that_is_not_positive_knows_nothing() -> None:
    assert long_half_variance(-np.eye(6), np.ones((2, 6))) == math.inf


def searched(limit: float, *, begin: int = 0) -> float:
    """Information that grows by 1 a sample on one number, and nothing else to know."""
    samples = 11
    growth = np.arange(samples, dtype=float)
    information = growth[None, None, :, None, None] * np.eye(6)
    found = np.empty(1)
    first_precise(
        np.ascontiguousarray(information),
        np.zeros((1, 1, samples, 6)),
        np.ascontiguousarray(growth[None, None, :]),
        np.ones(1),
        np.ones(1, bool),
        np.full((1, 1), begin),
        np.eye(6)[None, :2].copy(),
        np.full(6, 1e-12),
        np.array([1]),
        np.array([10]),
        limit,
        found,
    )
    return float(found[0])


def test_the_moment_lies_between_the_samples_on_either_side() -> None:
    # The variance at sample k is 1 / k: a limit of 0.25 is met at sample 4, and 0.3 just before it.
    assert searched(0.25) == pytest.approx(4.0)
    assert 3.0 < searched(0.3) < 4.0


def test_a_late_start_delays_the_moment() -> None:
    assert searched(0.25, begin=3) == pytest.approx(7.0)


def test_a_limit_that_is_never_met_gives_no_moment() -> None:
    assert math.isnan(searched(0.05))
