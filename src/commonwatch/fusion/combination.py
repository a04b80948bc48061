"""Combining estimates of one object without counting anything twice.

Everything is in information form: Y = P^-1 and y = Y x. What two estimates rest on decides how they
are combined: disjoint news is added, what may overlap is intersected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from commonwatch.errors import InputError
from commonwatch.fusion.chi_square import quantile

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NEWS_MIN: Final = 1e-6
"""News that narrows no direction's variance by a larger part than this counts as none: what
rounding leaves of the difference of two inverses lies below it."""
ITERATIONS_MAX: Final = 200
PAIR_SETTLED: Final = 1e-9
SETTLED: Final = 1e-5
"""Intersection ends when no weight moves further in a step."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class News:
    """Equivalent measurements (tracklets): what an estimate learnt between two instants.

    Parameters
    ----------
    information
        Y after less Y predicted, shape (N, 6, 6), not negative; of any rank from 1 to 6.
    information_vector
        y after less y predicted, shape (N, 6).
    is_news
        False where there is none or where the difference is not that of an honest filter (a
        direction in which the estimate became worse); both arrays are zero there. Shape (N,).
    """

    information: F64
    information_vector: F64
    is_news: Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Addition:
    """Estimates after news was added, or left as they were where the gate refused it.

    Parameters
    ----------
    state_vector, covariance
        Shapes (N, 6) and (N, 6, 6).
    distance_squared
        Of the news from the estimate in units of their covariance: chi-square with ``degrees``
        degrees of freedom where both are honest, shape (N,).
    degrees
        Directions that the news says anything about, 0 to 6, shape (N,).
    is_added
        Shape (N,).
    """

    state_vector: F64
    covariance: F64
    distance_squared: F64
    degrees: npt.NDArray[np.int64]
    is_added: Mask


def tracklets(
    updated_state_vector: npt.ArrayLike,
    updated_covariance: npt.ArrayLike,
    predicted_state_vector: npt.ArrayLike,
    predicted_covariance: npt.ArrayLike,
) -> News:
    """Return what estimates learnt since they were last sent, as measurements of their own.

    Parameters
    ----------
    updated_state_vector, updated_covariance
        The estimates now, shapes (N, 6) and (N, 6, 6), of a filter fed by own sensors only.
    predicted_state_vector, predicted_covariance
        What was last sent, predicted to now with the process noise of that filter.

    Notes
    -----
    With P_p = L L', the eigenvalues of L' Y L - I say by how much each direction became better.
    Those below ``NEWS_MIN`` are taken as none; one below its negative refuses the whole.

        Y_news = Y - Y_p,    y_news = Y x - Y_p x_p = Y_news x_p + Y (x - x_p)

    Limits: exact where the object moves without process noise between the two instants, or where
    one measurement lies between them. Otherwise the errors of several centres' news share the
    process noise of the span: the sum is a little too sure, by the order of the process noise of
    one span over the covariance.

    References
    ----------
    O. E. Drummond, A hybrid sensor fusion algorithm architecture and tracklets, Proceedings of
    SPIE 3163, 1997, pp. 485-502.
    C.-Y. Chong, S. Mori, W. H. Barker, K.-C. Chang, Architectures and algorithms for track
    association and fusion, IEEE Aerospace and Electronic Systems Magazine 15 (1), 2000, pp. 5-13,
    https://doi.org/10.1109/62.821657.
    """
    after, before = np.asarray(updated_state_vector), np.asarray(predicted_state_vector)
    lower = np.linalg.cholesky(np.asarray(predicted_covariance, dtype=np.float64))
    inverse = np.linalg.inv(np.asarray(updated_covariance, dtype=np.float64))
    gain = np.swapaxes(lower, -1, -2) @ inverse @ lower - np.eye(6)
    value, vector = np.linalg.eigh(_symmetric(gain))
    is_news = (value[:, 0] >= -NEWS_MIN) & (value[:, -1] > NEWS_MIN)
    value = np.where((value > NEWS_MIN) & is_news[:, None], value, 0.0)
    # Rows of ``out`` are the directions in which something was learnt, back in metres.
    out = np.linalg.solve(np.swapaxes(lower, -1, -2), vector)
    information = _symmetric((out * value[:, None, :]) @ np.swapaxes(out, -1, -2))
    whitened = np.einsum("nij,nj->ni", inverse, after - before)
    whitened = np.einsum("nji,nj->ni", vector, np.einsum("nji,nj->ni", lower, whitened))
    vector_news = np.einsum("nij,nj->ni", information, before)
    vector_news += np.einsum("nij,nj->ni", out, np.where(value > 0.0, whitened, 0.0))
    return News(information=information, information_vector=vector_news, is_news=is_news)


def no_news(count: int) -> News:
    """Rows without news."""
    return News(
        information=np.zeros((count, 6, 6)),
        information_vector=np.zeros((count, 6)),
        is_news=np.zeros(count, dtype=np.bool_),
    )


def whole(state_vector: npt.ArrayLike, covariance: npt.ArrayLike) -> News:
    """Everything that estimates rest on, as news: for the first report of a track.

    Parameters
    ----------
    state_vector
        ECEF, m and m/s, shape (n, 6).
    covariance
        Shape (n, 6, 6), positive.

    Returns
    -------
    News
        n rows, all of them news.
    """
    information = _symmetric(np.linalg.inv(np.asarray(covariance, dtype=np.float64)))
    vector = np.einsum("nij,nj->ni", information, np.asarray(state_vector, dtype=np.float64))
    return News(
        information=information,
        information_vector=vector,
        is_news=np.ones(len(vector), dtype=np.bool_),
    )


def add_news(
    state_vector: npt.ArrayLike,
    covariance: npt.ArrayLike,
    news: News,
    *,
    gate_probability: float | None = None,
) -> Addition:
    """Add news of disjoint pedigree to estimates of the same instant.

    Parameters
    ----------
    state_vector, covariance
        Estimates, shapes (N, 6) and (N, 6, 6), predicted to the instant of the news.
    news
        N rows.
    gate_probability
        News further from the estimate than chi-square with this probability is left out; None
        lets everything in.

    Notes
    -----
    With P = L L', M = L' Y_news L = V diag(e) V' and u = V' L' (y_news - Y_news x):

        x + L V u / (1 + e),   L V diag(1 / (1 + e)) V' L',   distance^2 = sum u^2 / (e + e^2)

    over the directions with e above ``NEWS_MIN``; no inverse of Y_news is needed, so that it may be
    of any rank.
    """
    states = np.asarray(state_vector, dtype=np.float64)
    covariances = np.asarray(covariance, dtype=np.float64)
    lower = np.linalg.cholesky(covariances)
    upper = np.swapaxes(lower, -1, -2)
    value, vector = np.linalg.eigh(_symmetric(upper @ news.information @ lower))
    known = value > NEWS_MIN
    value = np.where(known, value, 0.0)
    surprise = news.information_vector - np.einsum("nij,nj->ni", news.information, states)
    surprise = np.einsum("nji,nj->ni", vector, np.einsum("nij,nj->ni", upper, surprise))
    surprise = np.where(known, surprise, 0.0)
    distance = (surprise**2 / np.where(known, value + value**2, 1.0)).sum(axis=-1)
    degrees = known.sum(axis=-1)
    is_added = news.is_news & (degrees > 0)
    if gate_probability is not None:
        limits = np.array([0.0, *(quantile(gate_probability, k) for k in range(1, 7))])
        is_added &= distance <= limits[degrees]
    out = lower @ vector
    moved = states + np.einsum("nij,nj->ni", out, surprise / (1.0 + value))
    narrowed = _symmetric((out / (1.0 + value)[:, None, :]) @ np.swapaxes(out, -1, -2))
    return Addition(
        state_vector=np.where(is_added[:, None], moved, states),
        covariance=np.where(is_added[:, None, None], narrowed, covariances),
        distance_squared=distance,
        degrees=degrees,
        is_added=is_added,
    )


def covariance_intersection(
    state_vectors: Sequence[npt.ArrayLike] | F64,
    covariances: Sequence[npt.ArrayLike] | F64,
    *,
    is_there: npt.ArrayLike | None = None,
    least: Literal["determinant", "position trace"] = "determinant",
) -> tuple[F64, F64, F64]:
    """Combine estimates whose errors may depend on one another in any way.

    Parameters
    ----------
    state_vectors, covariances
        K estimates of each of N objects, shapes (K, N, n) and (K, N, n, n).
    is_there
        Which exist, shape (K, N), at least one of each object; all, if None.
    least
        What the weights make least: the determinant of the covariance, or the trace of its first
        three rows.

    Returns
    -------
    state_vector, covariance, weight
        Shapes (N, n), (N, n, n) and (K, N); the weights of an object sum to one.

    Notes
    -----
    P = (sum w_i Y_i)^-1 is never too sure, whatever the correlation, for any weights that sum to
    one. The weights are those of an optimal design of experiments, found by the multiplicative rule
    that never makes them worse: w_i <- w_i tr(P Y_i) / n, or for the trace of W P
    w_i <- w_i (tr(P W P Y_i) / tr(W P))^(1/2). Of two estimates the determinant needs one number
    only, by Newton's rule.

    Limits: what is independent is combined too cautiously (never better than the best of them by
    more than their shapes differ).

    References
    ----------
    S. J. Julier, J. K. Uhlmann, A non-divergent estimation algorithm in the presence of unknown
    correlations, Proceedings of the American Control Conference, 1997,
    https://doi.org/10.1109/ACC.1997.609105.
    Y. Yu, Monotonic convergence of a general algorithm for computing optimal designs, Annals of
    Statistics 38 (3), 2010, pp. 1593-1606, https://doi.org/10.1214/09-AOS761.
    """
    states = np.asarray(state_vectors, dtype=np.float64)
    information = np.linalg.inv(np.asarray(covariances, dtype=np.float64))
    there = np.ones(states.shape[:2]) if is_there is None else np.asarray(is_there, np.float64)
    if not (there.sum(axis=0) > 0.0).all():
        raise InputError("an object without any estimate", allowed="at least one of each")
    information = np.where(there[..., None, None] > 0.0, information, 0.0)
    states = np.where(there[..., None] > 0.0, states, 0.0)
    if len(states) == 2 and least == "determinant" and (there > 0.0).all():
        weight = _pair_weights(information)
    else:
        weight = _weights(information, there, least)
    covariance = _symmetric(_mixed(weight, information))
    # About the mean: a sum of metres from the Earth's middle would lose digits.
    about = (weight[..., None] * states).sum(axis=0)
    pulled = (weight[..., None] * _times(information, states - about)).sum(axis=0)
    return about + _times(covariance, pulled), covariance, weight


def _weights(information: F64, there: F64, least: str) -> F64:
    """Return the weights that the multiplicative rule settles at, shape (K, N)."""
    size = information.shape[-1]
    weight = there / there.sum(axis=0)
    moves = there.sum(axis=0) > 1.0
    for _ in range(ITERATIONS_MAX if moves.any() else 0):
        covariance = _mixed(weight, information)
        if least == "determinant":
            better = weight * _traces(covariance, information) / size
        else:
            first = covariance[:, :, :3] @ covariance[:, :3, :]
            slope = _traces(first, information)
            better = weight * np.sqrt(slope)
            better /= better.sum(axis=0)
        # Each object settles by itself, whatever others stand in the batch.
        moved = np.abs(better - weight).max(axis=0)
        weight = np.where(moves, better, weight)
        moves &= moved >= SETTLED
        if not moves.any():
            break
    return np.asarray(weight / weight.sum(axis=0))


def _pair_weights(information: F64) -> F64:
    """Return the weights of two estimates that make the determinant least, shape (2, N).

    With m the eigenvalues of Y_2 in units of Y_1, it is the sum of log(w + (1 - w) m) that is
    greatest: concave in w, so that Newton's rule, kept between the ends, finds it.
    """
    lower = np.linalg.cholesky(information[0])
    half = np.linalg.solve(lower, information[1])
    ratio = np.linalg.eigvalsh(_symmetric(np.linalg.solve(lower, np.swapaxes(half, -1, -2))))
    ratio = np.maximum(ratio, np.finfo(np.float64).tiny)
    low, high = np.zeros(len(ratio)), np.ones(len(ratio))
    weight = np.full(len(ratio), 0.5)
    # Where the sum still grows at an end, that end is the answer.
    is_first, is_second = (1.0 - ratio).sum(axis=-1) >= 0.0, (1.0 / ratio - 1.0).sum(axis=-1) <= 0.0
    weight = np.where(is_first, 1.0, np.where(is_second, 0.0, weight))
    moves = ~(is_first | is_second)
    for _ in range(ITERATIONS_MAX if moves.any() else 0):
        terms = (1.0 - ratio) / (weight[:, None] + (1.0 - weight[:, None]) * ratio)
        slope, bend = terms.sum(axis=-1), (terms**2).sum(axis=-1)
        low, high = np.where(slope > 0.0, weight, low), np.where(slope < 0.0, weight, high)
        stepped = weight + slope / np.where(bend > 0.0, bend, 1.0)
        is_inside = (stepped > low) & (stepped < high)
        stepped = np.where(is_inside | (slope == 0.0), stepped, 0.5 * (low + high))
        # Each object settles by itself, whatever others stand in the batch.
        moves &= np.abs(stepped - weight) > PAIR_SETTLED
        weight = np.where(moves, stepped, weight)
        if not moves.any():
            break
    return np.stack([weight, 1.0 - weight])


def summed(state_vectors: F64, covariances: F64, is_there: Mask) -> tuple[F64, F64]:
    """Combine whole estimates of disjoint pedigree: the sum of their information.

    Parameters
    ----------
    state_vectors, covariances, is_there
        As of ``covariance_intersection``; objects without any estimate give nan.

    Notes
    -----
    Limits: what estimates share through process noise is left out, as in ``tracklets``, but of
    their whole memory and not of one span only (Bar-Shalom and Campo, IEEE Transactions on
    Aerospace and Electronic Systems 22 (6), 1986, pp. 803-805).
    """
    there = is_there[..., None, None]
    safe = np.where(there, covariances, np.eye(covariances.shape[-1]))
    information = np.where(there, np.linalg.inv(safe), 0.0)
    states = np.where(is_there[..., None], state_vectors, 0.0)
    count = is_there.sum(axis=0)
    about = states.sum(axis=0) / np.maximum(count, 1)[:, None]
    total = information.sum(axis=0)
    total = np.where((count > 0)[:, None, None], total, np.eye(total.shape[-1]))
    covariance = _symmetric(np.linalg.inv(total))
    offset = np.where(is_there[..., None], states - about, 0.0)
    pulled = _times(information, offset).sum(axis=0)
    mean = about + _times(covariance, pulled)
    none = count == 0
    return (
        np.where(none[:, None], np.nan, mean),
        np.where(none[:, None, None], np.nan, covariance),
    )


# Sums are written out: those of ``einsum`` round differently in batches of other sizes.


def _mixed(weight: F64, information: F64) -> F64:
    """Return the covariance of a mixture of information."""
    mixture = (weight[..., None, None] * information).sum(axis=0)
    return np.asarray(np.linalg.inv(mixture), dtype=np.float64)


def _times(matrix: F64, vector: F64) -> F64:
    return np.asarray((matrix @ vector[..., None])[..., 0])


def _traces(matrix: F64, information: F64) -> F64:
    """Return the traces of the products of a symmetric matrix with each of K others, (K, N)."""
    return np.asarray((matrix * information).sum(axis=(-2, -1)))


def _symmetric(matrix: F64) -> F64:
    return np.asarray(0.5 * (matrix + np.swapaxes(matrix, -1, -2)))
