"""Three centres that exchange what they know: errors, honest and with one that lies or drifts.

Design. Objects fly freely, pushed at random (white acceleration) so that filters forget; each of
three centres measures their position each second with a sensor of its own, equally good in all
directions, and exchanges at *every look*, for 200 s; errors count from 60 s on, where filters are
steady. Re-fusing whole estimates counts old news again at each exchange: what is stated shrinks to
the noise of one step, looks hardly weigh any more, and the estimate slides off the object. How far
depends on the noise and on how often is exchanged: with little of it and often, most, without any
bound as noise vanishes. So the rows where exchanges are ten looks apart stand beside it: there
filters forget in between, and the harm is small; own news that spans many looks is in turn a
little too sure, by the process noise it shares.

The lie is one of measurement: from 60 s on the looks of one centre are off by 20 m along one axis,
or by a drift, and its filter believes them. Were its filter honest and only its words moved, those
of whom it takes estimates in would carry the lie back to it, to be added once more at each
exchange.

The comparison is that of Chong, Mori, Barker and Chang (IEEE Aerospace and Electronic Systems
Magazine 15, 2000), the random acceleration that of Bar-Shalom, Li and Kirubarajan (Estimation with
Applications to Tracking and Navigation, 2001, section 6.2) on top of the gravity that Commonwatch
flies with. The figures below are assumed: a centre alone is off by 1.2 m, and a steady filter takes
in four tenths of what a look differs by.

    python -m benchmarks.fusion
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks import page
from commonwatch.errors import InputError
from commonwatch.fusion.chi_square import quantile
from commonwatch.fusion.combination import (
    News,
    add_news,
    covariance_intersection,
    summed,
    tracklets,
    whole,
)
from commonwatch.fusion.contributor import Judge, Sources
from commonwatch.identity import NationId
from commonwatch.tracking.estimate import normalised_error_squared, predict

F64 = npt.NDArray[np.float64]

OBJECTS: Final = 200
SECONDS: Final = 200
SETTLING_S: Final = 60
"""Errors count from here on; the lie begins here too."""
PERIOD_S: Final = 1
"""Between exchanges, as often as there are looks."""
SELDOM_S: Final = 10
STD_M: Final = 1.1
NOISE_M2_S3: Final = 0.02
LIE_M: Final = 20.0
DRIFT_M_S: Final = 0.05
GATE: Final = 0.999
CENTRES: Final = 3
LIAR: Final = 2
SECOND_NS: Final = 1_000_000_000

Lie = Callable[[int], float]
LIES: Final[Mapping[str, Lie]] = {
    "honest": lambda _: 0.0,
    "one lies by 20 m": lambda _: LIE_M,
    "one drifts by 5 cm/s": lambda second: DRIFT_M_S * (second - SETTLING_S),
}


@dataclass(frozen=True, eq=False)
class Exchange:
    """Truth at one exchange, and the looks of each centre since the last."""

    second: int
    truth: F64  # (N, 6)
    measured: F64  # (seconds since the last, centres, N, 3)


def world(
    objects: int, seconds: int, lie: Lie, *, period_s: int = PERIOD_S, seed: int = 1
) -> tuple[F64, list[Exchange]]:
    """First state vectors and all exchanges of one world."""
    rng = np.random.default_rng(seed)
    first = np.zeros((objects, 6))
    first[:, :3] = [7.1e6, 0.0, 0.0]
    first[:, 1] = 20_000.0 * np.arange(objects)
    first[:, 3:] = [1_000.0, 3_000.0, 4_000.0]
    truth, none = first, np.zeros((objects, 6, 6))
    push = np.linalg.cholesky(_noise(NOISE_M2_S3))
    exchanges, measured = [], []
    for second in range(1, seconds + 1):
        truth, _ = predict(truth, none, 1.0, process_noise_m2_s3=0.0)
        truth = truth + rng.normal(size=truth.shape) @ push.T
        looks = rng.normal(size=(CENTRES, objects, 3)) * STD_M
        if second >= SETTLING_S:
            looks[LIAR, :, 0] += lie(second)
        measured.append(truth[:, :3] + looks)
        if second % period_s == 0:
            exchanges.append(Exchange(second, truth, np.stack(measured)))
            measured = []
    return first, exchanges


def _noise(spectral: float) -> F64:
    """Covariance of white acceleration over one second."""
    unit = np.array([[1.0 / 3.0, 0.5], [0.5, 1.0]])
    return np.kron(unit, np.eye(3)) * spectral


@dataclass(eq=False)
class Centre:
    """A centre's filter, what it last sent, and what it holds after exchanging."""

    mean: F64
    covariance: F64
    fused: F64
    spread: F64

    @staticmethod
    def begun(first: F64) -> Centre:
        """Begin with the truth and a wide covariance."""
        prior = np.broadcast_to(np.diag([1e4] * 3 + [1e2] * 3), (len(first), 6, 6)).copy()
        return Centre(first, prior, first, prior)

    def look(self, measured: F64) -> None:
        """Filter the looks since the last exchange, a second apart."""
        for positions in measured:
            self.mean, self.covariance = updated(*moved(self.mean, self.covariance, 1), positions)


def moved(mean: F64, covariance: F64, seconds: int) -> tuple[F64, F64]:
    """Predict with the process noise of all filters."""
    return predict(mean, covariance, float(seconds), process_noise_m2_s3=NOISE_M2_S3)


def updated(mean: F64, covariance: F64, measured: F64) -> tuple[F64, F64]:
    """Textbook Kalman update with measured positions."""
    gain = covariance[:, :, :3] @ np.linalg.inv(covariance[:, :3, :3] + STD_M**2 * np.eye(3))
    better = mean + np.einsum("nij,nj->ni", gain, measured - mean[:, :3])
    left = covariance - gain @ covariance[:, :3]
    return better, 0.5 * (left + np.swapaxes(left, -1, -2))


def alone(centres: list[Centre], _: Exchange) -> None:
    """Share nothing."""
    for each in centres:
        each.fused, each.spread = each.mean, each.covariance


def naive(centres: list[Centre], _: Exchange) -> None:
    """Add everybody's fused estimates as if they were independent, and go on from there."""
    sent = [(centre.mean, centre.covariance) for centre in centres]
    for row, centre in enumerate(centres):
        mean, covariance = centre.mean, centre.covariance
        for other, said in enumerate(sent):
            if other != row:
                done = add_news(mean, covariance, whole(*said))
                mean, covariance = done.state_vector, done.covariance
        centre.mean = centre.fused = mean
        centre.covariance = centre.spread = covariance


def intersected(centres: list[Centre], _: Exchange, *, is_gated: bool = False) -> None:
    """Intersect everybody's fused estimates, and go on from there."""
    sent = [(centre.mean, centre.covariance) for centre in centres]
    for row, centre in enumerate(centres):
        parts = [(centre.mean, centre.covariance)]
        parts += [said for other, said in enumerate(sent) if other != row]
        is_there = np.ones((len(parts), len(centre.mean)), dtype=np.bool_)
        if is_gated:
            for index, (mean, covariance) in enumerate(parts[1:], 1):
                both = 2.0 * (centre.covariance + covariance)
                distance = normalised_error_squared(centre.mean - mean, both)
                is_there[index] = distance <= quantile(GATE, 6)
        states, covariances = (np.stack(each) for each in zip(*parts, strict=True))
        done = covariance_intersection(states, covariances, is_there=is_there)[:2]
        centre.fused, centre.spread = done
    for centre in centres:
        centre.mean, centre.covariance = centre.fused, centre.spread


def intersected_gated(centres: list[Centre], exchange: Exchange) -> None:
    """Do the same behind a gate."""
    intersected(centres, exchange, is_gated=True)


def _news(centres: list[Centre], before: list[tuple[F64, F64]], exchange: Exchange) -> list[News]:
    """Return what each centre's own sensors learnt."""
    seconds = len(exchange.measured)
    return [
        tracklets(centre.mean, centre.covariance, *moved(*last, seconds))
        for centre, last in zip(centres, before, strict=True)
    ]


@dataclass(eq=False)
class OwnNews:
    """Each centre shares its own sensors' news only; its filter never takes others' in.

    ``gate`` None lets everything in; ``is_judged`` leaves out whom a judge suspects or names, an
    object at a time.
    """

    gate: float | None = None
    is_judged: bool = False
    judges: list[Judge] | None = None
    last: list[tuple[F64, F64]] | None = None

    def __call__(self, centres: list[Centre], exchange: Exchange) -> None:
        """Exchange once."""
        first = self.last is None
        last = self.last or [(centre.mean, centre.covariance) for centre in centres]
        self.last = [(centre.mean, centre.covariance) for centre in centres]
        if first:
            self._begin(centres)
            return
        sent, period_s = _news(centres, last, exchange), len(exchange.measured)
        is_out = self._excluded(centres, exchange)
        for row, centre in enumerate(centres):
            mean, covariance = moved(centre.fused, centre.spread, period_s)
            # Own news first: it is what the others' are gated by.
            for other in sorted(range(CENTRES), key=lambda each: each != row):
                gate = None if other == row else self.gate
                news = sent[other]
                if other != row:
                    news = News(
                        information=news.information,
                        information_vector=news.information_vector,
                        is_news=news.is_news & ~is_out[other],
                    )
                done = add_news(mean, covariance, news, gate_probability=gate)
                mean, covariance = done.state_vector, done.covariance
            centre.fused, centre.spread = mean, covariance
            self._begin_again(centres, row, is_out)

    def _begin(self, centres: list[Centre]) -> None:
        states = np.stack([centre.mean for centre in centres])
        covariances = np.stack([centre.covariance for centre in centres])
        there = np.ones(states.shape[:2], dtype=np.bool_)
        for centre in centres:
            centre.fused, centre.spread = summed(states, covariances, there)
        self.was_out = np.zeros(states.shape[:2], dtype=np.bool_)
        self.judges = [Judge() for _ in range(states.shape[1])] if self.is_judged else None

    def _excluded(self, centres: list[Centre], exchange: Exchange) -> npt.NDArray[np.bool_]:
        """Whom the judge of each object leaves out, shape (centres, N)."""
        is_out = np.zeros((CENTRES, len(exchange.truth)), dtype=np.bool_)
        if self.judges is None:
            return is_out
        names = tuple(NationId(name) for name in "abc")
        states = np.stack([centre.mean for centre in centres])
        covariances = np.stack([centre.covariance for centre in centres])
        for column, judge in enumerate(self.judges):
            sources = Sources(
                number=np.array([column]),
                contributor=names,
                state_vector=states[:, column : column + 1],
                covariance=covariances[:, column : column + 1],
                is_there=np.ones((CENTRES, 1), dtype=np.bool_),
            )
            excluded = judge.step(sources, exchange.second * SECOND_NS).excluded
            is_out[:, column] = [name in excluded for name in names]
        return is_out

    def _begin_again(self, centres: list[Centre], row: int, is_out: npt.NDArray[np.bool_]) -> None:
        """Where somebody is newly out, or back in: the sum of those still believed."""
        changed = (is_out != self.was_out).any(axis=0)
        if changed.any():
            states = np.stack([centre.mean for centre in centres])[:, changed]
            covariances = np.stack([centre.covariance for centre in centres])[:, changed]
            there = ~is_out[:, changed]
            there[row] = True
            centre = centres[row]
            fused, spread = centre.fused.copy(), centre.spread.copy()
            fused[changed], spread[changed] = summed(states, covariances, there)
            centre.fused, centre.spread = fused, spread
        if row == CENTRES - 1:
            self.was_out = is_out


SCHEMES: Final[Mapping[str, Callable[[], Callable[[list[Centre], Exchange], None]]]] = {
    "nothing shared": lambda: alone,
    "naive re-fusion": lambda: naive,
    "covariance intersection": lambda: intersected,
    "covariance intersection, gated": lambda: intersected_gated,
    "own sensors' news only, with pedigree": OwnNews,
    "own news, gated": lambda: OwnNews(gate=GATE),
    "own news, gated, contributors judged": lambda: OwnNews(gate=GATE, is_judged=True),
}
COMPARED_SELDOM: Final = ("naive re-fusion", "own sensors' news only, with pedigree")


def measured(
    scheme: str,
    lie: str,
    *,
    objects: int = OBJECTS,
    seconds: int = SECONDS,
    period_s: int = PERIOD_S,
) -> tuple[float, float]:
    """Normalised error squared a dimension and position error of the two honest centres."""
    if scheme not in SCHEMES or lie not in LIES:
        raise InputError(f"{scheme}, {lie}")
    first, exchanges = world(objects, seconds, LIES[lie], period_s=period_s)
    centres = [Centre.begun(first) for _ in range(CENTRES)]
    share = SCHEMES[scheme]()
    normalised, squares = [], []
    for exchange in exchanges:
        for row, centre in enumerate(centres):
            centre.look(exchange.measured[:, row])
        share(centres, exchange)
        if exchange.second >= SETTLING_S:
            for centre in centres[:LIAR]:
                error = centre.fused - exchange.truth
                normalised.append(normalised_error_squared(error, centre.spread).mean() / 6.0)
                squares.append((error[:, :3] ** 2).sum(axis=-1).mean())
    return float(np.mean(normalised)), float(np.sqrt(np.mean(squares)))


def exchanging(*, objects: int = OBJECTS, seconds: int = SECONDS) -> dict[str, Any]:
    """Every scheme in every world."""
    rows = []
    compared = [(scheme, PERIOD_S) for scheme in SCHEMES]
    compared += [(scheme, SELDOM_S) for scheme in COMPARED_SELDOM]
    for scheme, period_s in compared:
        name = scheme if period_s == PERIOD_S else f"{scheme}, each {period_s} s"
        row: dict[str, Any] = {"name": name}
        few = min(objects, 100) if "judged" in scheme else objects
        for lie, key in zip(LIES, ("honest", "lie", "drift"), strict=True):
            normalised, error_m = measured(
                scheme, lie, objects=few, seconds=seconds, period_s=period_s
            )
            row |= {f"{key}_nees": normalised, f"{key}_rms_m": error_m}
        rows.append(row)
    return {"rows": rows}


def main() -> None:
    """Measure and print."""
    print("\n".join(page.section({"fusion": exchanging()}, "fusion")))


if __name__ == "__main__":
    main()
