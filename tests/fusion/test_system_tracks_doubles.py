"""One object under two numbers becomes one, two never do; one wrong word keeps nobody out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.fusion.combination import no_news
from commonwatch.fusion.correlation import doubles
from commonwatch.fusion.report import Reports, joined
from commonwatch.fusion.system_tracks import (
    ADDED,
    BESIDE,
    GATED,
    REPEATED,
    Picture,
    Settings,
    SystemTracks,
)
from commonwatch.tracking.estimate import Status, normalised_error_squared, predict
from tests.fusion.build import (
    SECOND_NS,
    Filter,
    covariance_of,
    estimates,
    flights,
    nation,
    pedigree,
)

F64 = npt.NDArray[np.float64]

STD_M = 100.0
PERIOD_S = 5
QUIET = Settings(process_noise_m2_s3=0.0, window_s=40.0)
FAR_OFF = np.array([0.0, 0.0, 30e3, 0.0, 0.0, 0.0])


def watched(names: str, seconds: int, truth: F64, *, seed: int = 0) -> list[list[Reports]]:
    """Whole reports of several centres each period, one list a period."""
    rng = np.random.default_rng(seed)
    filters = [Filter.begun(name, truth, rng) for name in names]
    found = []
    for second in range(seconds + 1):
        if second:
            truth, _ = predict(truth, covariance_of(1.0, 1.0, len(truth)), 1.0)
        for each in filters:
            each.advance(float(second))
            each.measure(truth[:, :3] + rng.normal(size=(len(truth), 3)) * STD_M, STD_M)
        if second % PERIOD_S == 0:
            parts = [each.report() for each in filters]
            found.append([replace(part, news=no_news(len(truth))) for part in parts])
    return found


def begun_apart(names: str) -> list[list[Reports]]:
    """One object, whose first words by the later half of the centres are far off, and burning."""
    periods = watched(names, 75, flights(1))[3:]
    for index in range(len(names) // 2, len(names)):
        first = burning(periods[0][index], 300.0)
        periods[0][index] = replace(first, state_vector=first.state_vector + FAR_OFF)
    return periods


def stepped(tracks: SystemTracks, periods: list[list[Reports]]) -> list[Picture]:
    return [tracks.step(joined(parts), int(parts[0].time_ns[0])) for parts in periods]


def burning(report: Reports, std_m: float) -> Reports:
    """The report while a motor burns, its speeds a tenth as well known as its places."""
    count = len(report)
    return replace(
        report,
        covariance=covariance_of(std_m, 0.1 * std_m, count),
        is_free=np.zeros(count, dtype=np.bool_),
    )


def test_one_object_under_two_numbers_becomes_one_and_nothing_is_counted_twice() -> None:
    tracks, periods = SystemTracks(QUIET), begun_apart("abcd")
    pictures = stepped(tracks, periods)
    assert pictures[0].estimates.track.tolist() == [1, 2]
    assert pictures[-1].estimates.track.tolist() == [1]
    assert pictures[-1].contributors == (frozenset("abcd"),)
    [joining] = [index for index, each in enumerate(pictures) if each.merged]
    assert pictures[joining].merged == {2: 1}
    assert pictures[joining].ended.tolist() == [2]
    assert pictures[joining].system_track.tolist() == [1, 1, 1, 1]
    # Four whole estimates of disjoint pedigree: the sum of their information and no more.
    information = sum(np.linalg.inv(part.covariance[0]) for part in periods[-1])
    deviation = np.sqrt(np.diag(np.linalg.inv(information)))
    found = np.sqrt(np.diag(pictures[-1].estimates.covariance[0]))
    np.testing.assert_allclose(found, deviation, rtol=1e-6)


def test_two_numbers_do_not_become_one_before_they_have_agreed_look_after_look() -> None:
    periods = begun_apart("abcd")
    ends = []
    for looks in (2, 4, 6):
        pictures = stepped(SystemTracks(replace(QUIET, looks_min=looks)), periods)
        ends.append(next(index for index, each in enumerate(pictures) if each.merged))
    assert ends[1] - ends[0] == 2
    assert ends[2] - ends[1] == 2


@pytest.mark.parametrize("apart_m", [300.0, 1_000.0, 5_000.0])
def test_objects_that_anybody_sees_as_two_stay_two(apart_m: float) -> None:
    tracks = SystemTracks(QUIET)
    pictures = stepped(tracks, watched("ab", 120, flights(3, apart_m=apart_m), seed=4))
    assert all(not each.merged for each in pictures)
    assert pictures[-1].estimates.track.tolist() == [1, 2, 3]


def test_objects_that_nobody_sees_both_of_stay_two_where_they_differ() -> None:
    tracks = SystemTracks(QUIET)
    periods = watched("ab", 120, flights(2, apart_m=2_000.0), seed=5)
    pictures = stepped(tracks, [[one.take([0]), two.take([1])] for one, two in periods[4:]])
    assert len(pictures[-1].estimates) == 2


@pytest.mark.parametrize(("begun_s", "number"), [(-1.0, 1), (5.0, 2), (16.0, 1)])
def test_a_track_goes_on_with_an_ended_one_unless_both_were_looked_at_at_a_time(
    begun_s: float, number: int
) -> None:
    """The first, poorly known, is looked at from -1 s to 15 s, and the other is 2 km beside it.

    One that begins with the same look is the same under another number; one after it may be.
    """
    tracks = SystemTracks(QUIET)
    for index, [part] in enumerate(watched("a", 40, flights(2, apart_m=2_000.0), seed=3)):
        first, other = part.take([0]), part.take([1])
        second = index * PERIOD_S
        said = []
        if second <= 15:
            status = np.full(1, Status.ENDED if second == 15 else Status.CONFIRMED)
            said.append(replace(first, status=status, covariance=covariance_of(3_000.0, 100.0)))
        if second > max(begun_s, 5.0):
            rests = pedigree("a-radar", begun_s, float(second))
            said.append(replace(other, pedigree=(rests,)))
        picture = tracks.step(joined(said), second * SECOND_NS)
    assert picture.system_track.tolist() == [number]


def test_no_pair_is_found_where_a_rival_is_as_likely() -> None:
    mean = np.repeat(flights(1), 3, axis=0)
    mean[:, 1] += [0.0, 200.0, 100.0]
    three = estimates(mean, covariance_of(100.0, 1.0, 3))
    assert doubles(three, [{"a"}, {"a"}, {"b"}]) == []
    assert doubles(three.take([0, 2]), [{"a"}, {"b"}]) == [(1, 3)]
    assert doubles(three.take([0, 2]), [{"a", "b"}, {"b"}]) == []
    assert doubles(three.take([0]), [{"a"}]) == []


def off(report: Reports, metres: float) -> Reports:
    shift = np.array([0.0, metres, 0.0, 0.0, 0.0, 0.0])
    return replace(report, state_vector=report.state_vector + shift)


def test_a_wrong_first_word_is_outvoted_by_two_that_agree() -> None:
    truth, periods = flights(1), watched("abc", 40, flights(1))
    tracks = SystemTracks(QUIET)
    tracks.step(joined([burning(part, 3_000.0) for part in periods[2]]), 10 * SECOND_NS)
    first = tracks.step(off(periods[3][0], 4_000.0), 15 * SECOND_NS)
    assert first.outcome == (ADDED,)
    assert first.system_track.tolist() == [1]
    one = tracks.step(periods[4][1], 20 * SECOND_NS)
    assert one.outcome == (GATED,)
    two = tracks.step(periods[4][2], 20 * SECOND_NS)
    assert two.outcome == (ADDED,)
    [belief] = [track.belief for track in tracks._tracks.values()]
    assert belief is not None
    assert set(belief.shares) == {"b", "c"}
    there, _ = predict(truth, covariance_of(1.0, 1.0), 20.0)
    error = two.estimates.state_vector - there
    assert normalised_error_squared(error, two.estimates.covariance)[0] < 22.5


def test_one_who_lies_outvotes_nobody_however_often_he_speaks() -> None:
    periods = watched("abc", 35, flights(1))
    tracks = SystemTracks(QUIET)
    for index, (one, two, three) in enumerate(periods):
        lie = off(three, 4_000.0) if index > 1 else three
        picture = tracks.step(joined([one, two, lie]), index * PERIOD_S * SECOND_NS)
        assert picture.outcome[:2] == (ADDED, ADDED)
        assert index < 2 or picture.outcome[2] == GATED
    [belief] = [track.belief for track in tracks._tracks.values()]
    assert belief is not None
    assert {"a", "b"} <= set(belief.shares)


def test_words_of_a_burning_motor_without_a_new_look_change_nothing() -> None:
    [part] = watched("a", 0, flights(1))[0]
    first = burning(part, 500.0)
    tracks, alone = SystemTracks(QUIET), SystemTracks(QUIET)
    assert tracks.step(first, 0).outcome == (BESIDE,)
    alone.step(first, 0)
    moved, spread = predict(first.state_vector, first.covariance, 10.0)
    again = replace(
        first,
        sequence=first.sequence + 1,
        time_ns=first.time_ns + 10 * SECOND_NS,
        since_ns=first.time_ns,
        state_vector=moved,
        covariance=spread,
    )
    after = tracks.step(again, 10 * SECOND_NS)
    none = part.take(np.zeros(1, dtype=np.bool_))
    before = alone.step(none, 10 * SECOND_NS)
    assert after.outcome == (REPEATED,)
    assert after.estimates.covariance.tobytes() == before.estimates.covariance.tobytes()
    heard = tracks.last_heard([1], 10 * SECOND_NS)
    assert heard.time_ns.tolist() == [0]
    np.testing.assert_array_equal(heard.covariance, first.covariance)


def test_a_track_coasts_where_most_who_are_believed_say_so() -> None:
    [one, two, three] = watched("abc", 0, flights(1))[0]
    burns = [burning(part, 500.0) for part in (one, two, three)]
    for said, coasts in (
        ([one, two, three], True),
        ([one, two, burns[2]], True),
        ([one, burns[1], burns[2]], False),
        ([one, burns[1]], False),
        ([one], True),
        ([burns[0]], False),
    ):
        tracks = SystemTracks(QUIET)
        tracks.step(joined(said), 0)
        assert tracks.coasting([1], 0) == (frozenset([1]) if coasts else frozenset())
    tracks = SystemTracks(QUIET)
    tracks.step(joined([one, burns[1]]), 0, excluded=[nation("b")])
    assert tracks.coasting([1], 0) == {1}
    assert tracks.free_for_s(5 * SECOND_NS) == {(1, "a"): 5.0, (1, "b"): 0.0}
    assert tracks.coasting([1, 7], 61 * SECOND_NS) == frozenset()
