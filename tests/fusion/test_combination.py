"""Combination agrees with a central filter where news is disjoint, and is never too sure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from commonwatch.errors import InputError
from commonwatch.fusion.combination import (
    add_news,
    covariance_intersection,
    summed,
    tracklets,
    whole,
)
from commonwatch.tracking.estimate import predict
from tests.fusion.build import (
    Filter,
    covariance_of,
    flights,
    random_covariance,
    update,
)

F64 = npt.NDArray[np.float64]

SAME_M = 1e-3
SAME_M_S = 1e-5


def assert_same(one: F64, two: F64) -> None:
    assert np.abs(one - two)[..., :3].max() < SAME_M
    assert np.abs(one - two)[..., 3:].max() < SAME_M_S


def test_one_look_is_its_own_tracklet() -> None:
    rng = np.random.default_rng(1)
    mean, covariance = flights(3), random_covariance(rng, 3, 100.0)
    measured = mean[:, :3] + rng.normal(size=(3, 3)) * 30.0
    news = tracklets(*update(mean, covariance, measured, 30.0), mean, covariance)
    assert news.is_news.all()
    expected = np.zeros((6, 6))
    expected[:3, :3] = np.eye(3) / 30.0**2
    for information in news.information[:, :3, :3]:
        np.testing.assert_allclose(information, expected[:3, :3], atol=1e-9)
    assert np.abs(news.information[:, 3:]).max() < 1e-6
    np.testing.assert_allclose(news.information_vector[:, :3] * 30.0**2, measured, atol=0.1)


def test_an_estimate_that_became_worse_is_no_news() -> None:
    mean = flights(2)
    before = covariance_of(10.0, 1.0, 2)
    after = before.copy()
    after[0, 0, 0], after[0, 4, 4] = 50.0, 2.0  # better in place, worse in speed
    after[1] *= 1.0 + 1e-12
    news = tracklets(mean, after, mean, before)
    assert not news.is_news.any()
    assert (news.information == 0.0).all()
    assert (news.information_vector == 0.0).all()


def test_own_news_of_three_centres_equals_one_filter_with_every_look() -> None:
    rng = np.random.default_rng(2)
    truth = flights(5)
    filters = [Filter.begun(name, truth, rng) for name in "abc"]
    prior = summed(
        np.stack([each.mean for each in filters]),
        np.stack([each.covariance for each in filters]),
        np.ones((3, 5), dtype=np.bool_),
    )
    central = Filter("central", *prior)
    fused, spread = prior
    for each in filters:
        each.report()
    for second in range(1, 61):
        truth, _ = predict(truth, covariance_of(1.0, 1.0, 5), 1.0, process_noise_m2_s3=0.0)
        central.advance(float(second))
        for each in filters:
            measured = truth[:, :3] + rng.normal(size=(5, 3)) * 100.0
            each.advance(float(second))
            each.measure(measured, 100.0)
            central.measure(measured, 100.0)
        if second % 10 == 0:
            fused, spread = predict(fused, spread, 10.0, process_noise_m2_s3=0.0)
            for each in filters:
                done = add_news(fused, spread, each.report().news, gate_probability=1.0 - 1e-9)
                assert done.is_added.all()
                fused, spread = done.state_vector, done.covariance
    # What is left is the linearisation: each filter predicts about its own estimate.
    deviation = np.sqrt(np.diagonal(central.covariance, axis1=1, axis2=2))
    assert (np.abs(fused - central.mean) / deviation).max() < 0.02
    np.testing.assert_allclose(np.diagonal(spread, axis1=1, axis2=2), deviation**2, rtol=0.01)


def test_the_order_of_news_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    mean, covariance = flights(4), random_covariance(rng, 4, 100.0)
    parts = []
    for _ in range(3):
        measured = mean[:, :3] + rng.normal(size=(4, 3)) * 30.0
        parts.append(tracklets(*update(mean, covariance, measured, 30.0), mean, covariance))
    ends = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        fused, spread = mean, covariance
        for index in order:
            done = add_news(fused, spread, parts[index])
            fused, spread = done.state_vector, done.covariance
        ends.append(fused)
    assert_same(ends[0], ends[1])
    assert_same(ends[0], ends[2])


def test_the_distance_of_a_look_is_that_of_its_innovation() -> None:
    rng = np.random.default_rng(4)
    mean, covariance = flights(6), random_covariance(rng, 6, 50.0)
    measured = mean[:, :3] + rng.normal(size=(6, 3)) * 60.0
    news = tracklets(*update(mean, covariance, measured, 20.0), mean, covariance)
    done = add_news(mean, covariance, news)
    innovation = measured - mean[:, :3]
    spread = covariance[:, :3, :3] + 400.0 * np.eye(3)
    expected = np.einsum("ni,nij,nj->n", innovation, np.linalg.inv(spread), innovation)
    assert (done.degrees == 3).all()
    np.testing.assert_allclose(done.distance_squared, expected, rtol=1e-4)


def test_news_outside_the_gate_changes_nothing() -> None:
    mean, covariance = flights(2), covariance_of(10.0, 1.0, 2)
    far = mean.copy()
    far[1, 0] += 500.0
    done = add_news(mean, covariance, whole(far, covariance), gate_probability=0.999)
    assert done.is_added.tolist() == [True, False]
    assert (done.state_vector[1] == mean[1]).all()
    assert (done.covariance[1] == covariance[1]).all()
    assert (done.covariance[0] < covariance[0] + 1e-12).all()


def test_the_sum_of_whole_estimates_is_the_weighted_mean() -> None:
    rng = np.random.default_rng(5)
    covariance = np.stack([random_covariance(rng, 2), random_covariance(rng, 2)])
    mean = np.stack([flights(2), flights(2) + rng.normal(size=(2, 6))])
    there = np.array([[True, True], [True, False]])
    fused, spread = summed(mean, covariance, there)
    inverse = np.linalg.inv(covariance[:, 0])
    expected = np.linalg.inv(inverse.sum(axis=0))
    np.testing.assert_allclose(spread[0], expected, rtol=1e-8)
    by_hand = expected @ (inverse[0] @ mean[0, 0] + inverse[1] @ mean[1, 0])
    assert_same(fused[0], by_hand)
    assert_same(fused[1], mean[0, 1])


def objective(weight: F64, covariances: F64, least: str) -> float:
    fused = np.linalg.inv(np.einsum("k,kij->ij", weight, np.linalg.inv(covariances)))
    if least == "determinant":
        return float(np.linalg.slogdet(fused)[1])
    return float(np.log(np.trace(fused[:3, :3])))


@pytest.mark.parametrize("least", ["determinant", "position trace"])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_weights_of_an_intersection_are_the_best_there_are(count: int, least: str) -> None:
    rng = np.random.default_rng(count)
    covariances = np.stack([random_covariance(rng, 8) for _ in range(count)])
    states = np.stack([flights(8)] * count)
    _, _, weights = covariance_intersection(states, covariances, least=least)  # type: ignore[arg-type]
    np.testing.assert_allclose(weights.sum(axis=0), 1.0)
    for column in range(8):
        found = objective(weights[:, column], covariances[:, column], least)
        if count == 2:
            grid = np.linspace(0.0, 1.0, 2001)
            best = min(
                objective(np.array([one, 1.0 - one]), covariances[:, column], least) for one in grid
            )
        else:
            best = float(
                minimize(
                    lambda free, at=column: objective(
                        np.exp(free) / np.exp(free).sum(), covariances[:, at], least
                    ),
                    np.zeros(count),
                    method="Nelder-Mead",
                    options={"maxiter": 5000, "xatol": 1e-6, "fatol": 1e-9},
                ).fun
            )
        assert found < best + 2e-3


def test_an_intersection_is_never_too_sure_whatever_is_shared() -> None:
    rng = np.random.default_rng(6)
    one, two = random_covariance(rng, 200), random_covariance(rng, 200)
    fused, spread, weight = covariance_intersection(
        np.stack([flights(200)] * 2), np.stack([one, two])
    )
    lower_one, lower_two = np.linalg.cholesky(one), np.linalg.cholesky(two)
    for _ in range(5):
        turned = np.linalg.qr(rng.normal(size=(200, 6, 6)))[0] * rng.uniform(0, 1, (200, 1, 1))
        cross = lower_one @ turned @ np.swapaxes(lower_two, -1, -2)
        gain_one = weight[0][:, None, None] * spread @ np.linalg.inv(one)
        gain_two = weight[1][:, None, None] * spread @ np.linalg.inv(two)
        true = gain_one @ one @ np.swapaxes(gain_one, -1, -2)
        true += gain_two @ two @ np.swapaxes(gain_two, -1, -2)
        mixed = gain_one @ cross @ np.swapaxes(gain_two, -1, -2)
        true += mixed + np.swapaxes(mixed, -1, -2)
        whitened = np.linalg.solve(np.linalg.cholesky(spread), true)
        whitened = np.linalg.solve(np.linalg.cholesky(spread), np.swapaxes(whitened, -1, -2))
        assert np.linalg.eigvalsh(whitened)[:, -1].max() < 1.0 + 1e-9
    assert_same(fused, flights(200))


def test_an_intersection_of_one_estimate_with_itself_is_that_estimate() -> None:
    covariance = random_covariance(np.random.default_rng(7), 3)
    fused, spread, _ = covariance_intersection([flights(3)] * 3, [covariance] * 3)
    assert_same(fused, flights(3))
    np.testing.assert_allclose(spread, covariance, rtol=1e-6, atol=1e-9)


def test_an_object_that_nobody_has_cannot_be_intersected() -> None:
    with pytest.raises(InputError, match="without any estimate"):
        covariance_intersection(
            flights(2)[None], covariance_of(1, 1, 2)[None], is_there=[[True, False]]
        )


@settings(max_examples=25)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(0, 2**31))
def test_an_intersection_has_the_same_bytes_whatever_else_stands_in_the_batch(
    counts: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(4, len(counts), 6))
    roots = rng.normal(size=(4, len(counts), 6, 6))
    covariances = roots @ np.swapaxes(roots, -1, -2) + np.eye(6)
    there = np.arange(4)[:, None] < np.array(counts)
    together = covariance_intersection(states, covariances, is_there=there)
    for n in range(len(counts)):
        own = slice(n, n + 1)
        alone = covariance_intersection(states[:, own], covariances[:, own], is_there=there[:, own])
        assert alone[0].tobytes() == np.ascontiguousarray(together[0][own]).tobytes()
        assert alone[1].tobytes() == np.ascontiguousarray(together[1][own]).tobytes()
