"""A judge and the fused tracks together: one liar of four neither makes nor spoils the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.fusion.contributor import Judge, Sources
from commonwatch.fusion.report import Reports, joined
from commonwatch.fusion.system_tracks import Picture, Settings, SystemTracks
from commonwatch.tracking.estimate import predict
from tests.fusion.build import SECOND_NS, Filter, covariance_of, flights, nation

F64 = npt.NDArray[np.float64]

STD_M = 100.0
OBJECTS = 6
LAST_S = 120
ONSET_S = 60
LIAR = nation("d")
ERROR_RATIO_MAX = 1.2
QUIET = Settings(process_noise_m2_s3=0.0)

Lie = Callable[[Reports, int], Reports]


def moved(reports: Reports, offset: F64) -> Reports:
    vector = reports.news.information_vector
    vector = vector + np.einsum("nij,j->ni", reports.news.information, offset)
    return replace(
        reports,
        state_vector=reports.state_vector + offset,
        news=replace(reports.news, information_vector=vector),
    )


def shift(reports: Reports, second: int) -> Reports:
    return moved(reports, np.array([0.0, 120.0, 0.0, 0.0, 0.0, 0.0]))


def drift(reports: Reports, second: int) -> Reports:
    rate = 3.0
    return moved(reports, np.array([0.0, 0.0, rate * (second - ONSET_S), 0.0, 0.0, rate]))


def denial(reports: Reports, second: int) -> Reports:
    return reports.take(np.arange(OBJECTS) > 1)


def invention(reports: Reports, second: int) -> Reports:
    raid = moved(reports, np.array([0.0, 0.0, 4e5, 0.0, 0.0, 0.0]))
    return joined([reports, replace(raid, track=raid.track + 100)])


@dataclass
class Stuck:
    """Says its first lie again, as a new report, under the old time or under ever new ones."""

    is_under_new_times: bool
    first: Reports | None = None

    def __call__(self, reports: Reports, second: int) -> Reports:
        if second == ONSET_S or self.first is None:
            self.first = reports
        if not self.is_under_new_times:
            return replace(self.first, sequence=reports.sequence)
        stuck = "state_vector", "covariance", "news"
        return replace(reports, **{name: getattr(self.first, name) for name in stuck})


repeat, freeze = Stuck(is_under_new_times=False), Stuck(is_under_new_times=True)


def run(
    lie: Lie | None, *, with_liar: bool = True, seed: int = 8
) -> tuple[Picture, Judge, list[int], F64]:
    """The joint centre's last picture, its judge, when somebody was named, and errors."""
    rng = np.random.default_rng(seed)
    truth = flights(OBJECTS)
    filters = [Filter.begun(name, truth, rng) for name in "abcd"]
    tracks, judge = SystemTracks(QUIET), Judge()
    named: list[int] = []
    errors = []
    for second in range(1, LAST_S + 1):
        truth, _ = predict(truth, covariance_of(1, 1, OBJECTS), 1.0, process_noise_m2_s3=0.0)
        for each in filters:
            each.advance(float(second))
            each.measure(truth[:, :3] + rng.normal(size=(OBJECTS, 3)) * STD_M, STD_M)
        if second % 10:
            continue
        sent = [each.report() for each in filters]
        if lie is not None and second >= ONSET_S:
            sent[3] = lie(sent[3], second)
        said = joined(sent if with_liar else sent[:3])
        now_ns = second * SECOND_NS
        tracks.step(said, now_ns, excluded=set(judge.named) | judge.suspected)
        numbers, names, mean, covariance, is_there = tracks.whole_words(now_ns, age_max_s=9.0)
        sources = Sources(
            number=numbers,
            contributor=names,
            state_vector=mean,
            covariance=covariance,
            is_there=is_there,
            expected=np.full(is_there.shape, 0.95),
        )
        judgement = judge.step(sources, now_ns, reports=said)
        named += [second] * len(judgement.findings)
        picture = tracks.step(said, now_ns, excluded=judgement.excluded)
        if second >= ONSET_S:
            gap = picture.estimates.state_vector[:, None, :3] - truth[None, :, :3]
            errors.append(np.linalg.norm(gap, axis=-1).min(axis=0))
    return picture, judge, named, np.array(errors)


@cache
def without_the_liar(seed: int) -> F64:
    """Errors of the other three alone."""
    return run(None, with_liar=False, seed=seed)[3]


@pytest.mark.parametrize("seed", [8, 9, 10])
@pytest.mark.parametrize(
    "lie",
    [shift, drift, repeat, freeze, denial, invention],
    ids=["shift", "drift", "repeat", "freeze", "denial", "invention"],
)
def test_the_liar_is_named_and_the_picture_of_the_rest_stays_good(lie: Lie, seed: int) -> None:
    picture, judge, named, errors = run(lie, seed=seed)
    without = without_the_liar(seed)
    assert set(judge.named) == {LIAR}
    assert named[0] - ONSET_S <= 30
    assert np.sqrt((errors**2).mean()) <= ERROR_RATIO_MAX * np.sqrt((without**2).mean())
    assert len(picture.estimates) == OBJECTS
    assert all(names == {"a", "b", "c"} for names in picture.contributors)


def test_nobody_is_named_where_all_are_honest() -> None:
    picture, judge, _, errors = run(None)
    without = without_the_liar(8)
    assert not judge.named
    assert len(picture.estimates) == OBJECTS
    assert np.sqrt((errors**2).mean()) < np.sqrt((without**2).mean())
