"""System tracks count nothing twice, whatever comes late, again, out of order or rounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.fusion.combination import no_news
from commonwatch.fusion.report import Reports, joined
from commonwatch.fusion.system_tracks import (
    ADDED,
    BESIDE,
    EXCLUDED,
    GATED,
    REFUSED_COVARIANCE,
    REFUSED_FULL,
    REFUSED_FUTURE,
    REFUSED_OLD,
    REPEATED,
    Picture,
    Settings,
    SystemTracks,
)
from commonwatch.tracking.estimate import Status, normalised_error_squared, predict
from tests.fusion.build import SECOND_NS, Filter, covariance_of, flights, nation, update

F64 = npt.NDArray[np.float64]

STD_M = 100.0
LIE = np.array([40.0, 0.0, 0.0, 0.0, 0.0, 0.0])
NEARLY_BEST = 1e-3
"""The weights of an intersection need not be the very best."""
QUIET = Settings(process_noise_m2_s3=0.0, window_s=40.0)
ORDER_RATIO = 1e-9
"""What the order of arrival may change, of the largest component."""


def history(
    names: str, seconds: int, *, count: int = 3, seed: int = 0, period_s: int = 10
) -> tuple[list[Reports], F64, Filter]:
    """Reports of several centres each period, the truth at the end, and a filter with all looks."""
    rng = np.random.default_rng(seed)
    truth = flights(count)
    filters = [Filter.begun(name, truth, rng) for name in names]
    central: Filter | None = None
    reports = []
    for second in range(seconds + 1):
        if second:
            truth, _ = predict(truth, covariance_of(1.0, 1.0, count), 1.0, process_noise_m2_s3=0.0)
        for each in filters:
            measured = truth[:, :3] + rng.normal(size=(count, 3)) * STD_M
            each.advance(float(second))
            each.measure(measured, STD_M)
            if central is None:
                central = Filter("central", each.mean, each.covariance)
            else:
                central.advance(float(second))
                central.mean, central.covariance = update(
                    central.mean, central.covariance, measured, STD_M
                )
            if second % period_s == 0:
                reports.append(each.report())
    if central is None:
        raise ValueError(names)
    return reports, truth, central


def ends(parts: list[Reports], now_s: float, chosen: Settings = QUIET) -> Picture:
    """The picture after all reports in one step."""
    return SystemTracks(chosen).step(joined(parts), round(now_s * SECOND_NS))


def test_the_picture_is_that_of_one_filter_with_every_look() -> None:
    reports, truth, central = history("abc", 60)
    tracks = SystemTracks(QUIET)
    for start in range(0, len(reports), 3):
        now_ns = int(reports[start].time_ns.max())
        picture = tracks.step(joined(reports[start : start + 3]), now_ns)
        assert set(picture.outcome) == {ADDED}
    assert len(picture.estimates) == 3
    deviation = np.sqrt(np.diagonal(central.covariance, axis1=1, axis2=2))
    assert (np.abs(picture.estimates.state_vector - central.mean) / deviation).max() < 0.1
    spread = np.sqrt(np.diagonal(picture.estimates.covariance, axis1=1, axis2=2))
    np.testing.assert_allclose(spread, deviation, rtol=0.02)
    error = picture.estimates.state_vector - truth
    assert normalised_error_squared(error, picture.estimates.covariance).mean() / 6.0 < 2.5


REPORTS, TRUTH, _ = history("abc", 30)


@settings(max_examples=25)
@given(
    st.permutations(range(len(REPORTS))),
    st.integers(1, 4),
    st.lists(st.integers(0, len(REPORTS) - 1), max_size=6),
)
def test_any_order_any_steps_and_any_repetition_give_the_same_bytes(
    order: list[int], steps: int, again: list[int]
) -> None:
    first = ends(REPORTS, 35.0)
    tracks = SystemTracks(QUIET)
    for chunk in np.array_split(np.array([*order, *again]), steps):
        if len(chunk):
            tracks.step(joined([REPORTS[index] for index in chunk]), 32 * SECOND_NS)
    last = tracks.step(REPORTS[0], 35 * SECOND_NS)
    found = np.argsort(last.estimates.state_vector[:, 1])
    wanted = np.argsort(first.estimates.state_vector[:, 1])
    for name in ("state_vector", "covariance"):
        one = getattr(first.estimates, name)[wanted]
        assert one.tobytes() == getattr(last.estimates, name)[found].tobytes()


def test_a_report_that_comes_again_under_a_new_number_changes_nothing() -> None:
    tracks = SystemTracks(QUIET)
    tracks.step(joined(REPORTS), 30 * SECOND_NS)
    before = tracks.step(REPORTS[0], 30 * SECOND_NS)
    again = replace(REPORTS[-1], sequence=REPORTS[-1].sequence + 7)
    after = tracks.step(again, 30 * SECOND_NS)
    assert after.outcome == (REPEATED,) * 3
    assert before.estimates.state_vector.tobytes() == after.estimates.state_vector.tobytes()


def test_news_that_somebody_passes_on_is_not_counted_again() -> None:
    tracks = SystemTracks(QUIET)
    first = tracks.step(joined(REPORTS[:3]), SECOND_NS)
    passed_on = replace(REPORTS[1], contributor=(nation("d"),) * 3)
    second = tracks.step(passed_on, SECOND_NS)
    assert second.outcome == (REPEATED,) * 3
    assert first.estimates.covariance.tobytes() == second.estimates.covariance.tobytes()


def test_without_a_pedigree_the_picture_is_never_surer_than_intersection_allows() -> None:
    tracks = SystemTracks(QUIET)
    first = tracks.step(joined(REPORTS[:3]), SECOND_NS)
    mute = replace(REPORTS[1], contributor=(nation("d"),) * 3, pedigree=(None,) * 3)
    for _ in range(3):
        second = tracks.step(mute, SECOND_NS)
    narrowed = np.linalg.det(second.estimates.covariance / first.estimates.covariance.max())
    before = np.linalg.det(first.estimates.covariance / first.estimates.covariance.max())
    np.testing.assert_allclose(narrowed, before, rtol=1e-3)


def test_rounded_reports_widen_and_are_intersected() -> None:
    reports, truth, _ = history("ab", 20, count=40, seed=5)
    step = np.array([1_000.0] * 3 + [10.0] * 3)
    last = reports[-1]
    rounded = np.round(last.state_vector / step) * step
    wider = last.covariance + np.diag(step**2 / 12.0)
    rough = replace(
        last, state_vector=rounded, covariance=wider, step=np.broadcast_to(step, (40, 6))
    )
    picture = ends([*reports[0:4:2], rough], 20.0)
    assert picture.outcome[-40:] == (BESIDE,) * 40
    error = picture.estimates.state_vector - truth
    assert normalised_error_squared(error, picture.estimates.covariance).mean() / 6.0 < 1.2


def test_what_is_later_than_the_window_is_intersected_and_not_added() -> None:
    tracks = SystemTracks(replace(QUIET, window_s=5.0))
    by_time = [joined(REPORTS[start : start + 3]) for start in range(0, 12, 3)]
    tracks.step(by_time[0], 0)
    late = by_time[1].take(np.array([name == "b" for name in by_time[1].contributor]))
    for parts, second in ((by_time[1], 10), (by_time[2], 20), (by_time[3], 30)):
        in_time = np.array([name != "b" for name in parts.contributor])
        tracks.step(parts.take(in_time), second * SECOND_NS)
    before = tracks.step(REPORTS[0], 31 * SECOND_NS)
    after = tracks.step(late, 31 * SECOND_NS)
    assert after.outcome == (BESIDE,) * 3
    again = tracks.step(late, 31 * SECOND_NS)
    assert again.outcome == (REPEATED,) * 3
    assert np.linalg.det(after.estimates.covariance[0] / 1e4) <= np.linalg.det(
        before.estimates.covariance[0] / 1e4
    ) * (1 + NEARLY_BEST)


def test_a_lost_report_costs_nothing_once_the_next_has_come() -> None:
    kept = [report for index, report in enumerate(REPORTS) if index != 4]
    picture = ends(kept, 30.0)
    assert set(picture.outcome) == {ADDED}
    whole = ends(REPORTS, 30.0)
    deviation = np.sqrt(np.diagonal(whole.estimates.covariance, axis1=1, axis2=2))
    gap = picture.estimates.state_vector - whole.estimates.state_vector
    assert (np.abs(gap) / deviation).max() < 0.01
    np.testing.assert_allclose(
        np.linalg.slogdet(picture.estimates.covariance)[1],
        np.linalg.slogdet(whole.estimates.covariance)[1],
        atol=0.01,
    )


def test_one_who_is_excluded_leaves_nothing_behind_and_may_come_back() -> None:
    tracks = SystemTracks(QUIET)
    liar = [
        replace(part, state_vector=part.state_vector + LIE) if part.contributor[0] == "b" else part
        for part in REPORTS
    ]
    everybody = tracks.step(joined(liar), 30 * SECOND_NS)
    without = tracks.step(REPORTS[0], 30 * SECOND_NS, excluded=[nation("b")])
    honest = ends([part for part in REPORTS if part.contributor[0] != "b"], 30.0)
    moved = np.linalg.norm((without.estimates.state_vector - TRUTH)[:, :3], axis=1)
    np.testing.assert_allclose(
        without.estimates.state_vector[:, :3], honest.estimates.state_vector[:, :3], atol=5.0
    )
    assert moved.max() < 4.0 * STD_M
    assert all(not names & {"b"} for names in without.contributors)
    back = tracks.step(REPORTS[0], 30 * SECOND_NS)
    assert (
        np.linalg.slogdet(back.estimates.covariance)[1]
        < np.linalg.slogdet(without.estimates.covariance)[1]
    ).all()
    assert len(everybody.estimates) >= 3
    assert tracks.step(liar[-2], 30 * SECOND_NS, excluded=[nation("b")]).outcome[0] in {
        EXCLUDED,
        REPEATED,
    }


def test_an_object_that_only_an_excluded_one_reports_is_not_shown() -> None:
    tracks = SystemTracks(QUIET)
    picture = tracks.step(REPORTS[0], SECOND_NS)
    assert len(picture.estimates) == 3
    assert len(tracks.step(REPORTS[0], SECOND_NS, excluded=[nation("a")]).estimates) == 0


def test_news_outside_the_gate_is_left_out_and_said() -> None:
    tracks = SystemTracks(QUIET)
    tracks.step(joined(REPORTS[:3]), SECOND_NS)
    part = REPORTS[4]
    vector = part.news.information_vector + part.news.information @ np.array([5e3, 0, 0, 0, 0, 0])
    lying = replace(part, news=replace(part.news, information_vector=vector))
    assert tracks.step(lying, 10 * SECOND_NS).outcome == (GATED,) * 3


def test_what_cannot_be_used_is_refused_with_the_reason() -> None:
    part = REPORTS[0]
    worse = part.covariance.copy()
    worse[0, 0, 0] = -1.0
    broken = replace(part, covariance=worse)
    assert ends([broken], 0.0).outcome == (REFUSED_COVARIANCE, ADDED, ADDED)
    assert ends([part], -1.0).outcome == (REFUSED_FUTURE,) * 3
    assert ends([part], -0.5).outcome == (ADDED,) * 3
    assert ends([part], 60.0).outcome == (ADDED,) * 3
    assert ends([part], 60.1).outcome == (REFUSED_OLD,) * 3
    full = ends([part], 0.0, replace(QUIET, tracks_max=2))
    assert full.outcome == (ADDED, ADDED, REFUSED_FULL)
    assert full.system_track.tolist() == [1, 2, -1]


def without_news(reports: Reports) -> Reports:
    return replace(reports, news=no_news(len(reports)))


def burning(reports: Reports) -> Reports:
    return replace(without_news(reports), is_free=np.zeros(len(reports), dtype=np.bool_))


def ended(reports: Reports) -> Reports:
    return replace(reports, status=np.full(len(reports), Status.ENDED))


def test_a_word_without_news_takes_the_place_of_all_that_its_contributor_said() -> None:
    whole = ends(REPORTS, 30.0)
    mute = ends([without_news(part) for part in REPORTS], 30.0)
    assert set(mute.outcome) == {ADDED}
    deviation = np.sqrt(np.diagonal(whole.estimates.covariance, axis1=1, axis2=2))
    gap = mute.estimates.state_vector - whole.estimates.state_vector
    assert (np.abs(gap) / deviation).max() < 0.01
    np.testing.assert_allclose(
        np.sqrt(np.diagonal(mute.estimates.covariance, axis1=1, axis2=2)), deviation, rtol=1e-3
    )


MIXED = [
    burning(part) if index in {3, 7} else without_news(part) if index % 2 else part
    for index, part in enumerate(REPORTS)
]


@settings(max_examples=25)
@given(st.permutations(range(len(MIXED))), st.integers(1, 4))
def test_words_with_and_without_news_and_of_burning_motors_give_one_picture_in_any_order(
    order: list[int], steps: int
) -> None:
    """The same bytes; to ``ORDER_RATIO`` where an object had two system tracks on the way.

    When these become one, their sum begins again from whole words.
    """
    first = ends(MIXED, 35.0)
    tracks = SystemTracks(QUIET)
    numbers = {*first.system_track.tolist()}
    for chunk in np.array_split(np.array(order), steps):
        if len(chunk):
            picture = tracks.step(joined([MIXED[index] for index in chunk]), 32 * SECOND_NS)
            numbers |= {*picture.system_track.tolist(), *picture.merged}
    last = tracks.step(MIXED[0], 35 * SECOND_NS)
    had_doubles = len(numbers) > len(first.estimates)
    found = np.argsort(last.estimates.state_vector[:, 1])
    wanted = np.argsort(first.estimates.state_vector[:, 1])
    for name in ("state_vector", "covariance"):
        one = getattr(first.estimates, name)[wanted]
        two = getattr(last.estimates, name)[found]
        scale = np.abs(one).max(axis=tuple(range(1, one.ndim)), keepdims=True)
        assert (np.abs(two - one) <= ORDER_RATIO * scale).all()
        assert had_doubles or one.tobytes() == two.tobytes()


def test_a_burning_motor_is_intersected_moved_on_under_power_and_leaves_the_sum() -> None:
    tracks = SystemTracks(QUIET)
    [one, two, _] = REPORTS[:3]
    alone = tracks.step(burning(one), 10 * SECOND_NS)
    assert alone.outcome == (BESIDE,) * 3
    std = np.sqrt(np.trace(alone.estimates.covariance[:, :3, :3], axis1=1, axis2=2))
    pushed = np.sqrt(3.0 * QUIET.powered_noise_m2_s3 * 10.0**3 / 3.0)
    assert (std > pushed).all()
    speed = np.linalg.norm(alone.estimates.state_vector[:, 3:], axis=1)
    coasting, _ = predict(one.state_vector, one.covariance, 10.0, process_noise_m2_s3=0.0)
    gained = speed - np.linalg.norm(coasting[:, 3:], axis=1)
    np.testing.assert_allclose(gained, QUIET.thrust_m_s2 * 10.0, rtol=0.1)
    tracks.step(two, 10 * SECOND_NS)
    for belief in (track.belief for track in tracks._tracks.values()):
        assert belief is not None
        assert set(belief.shares) == {"b"}
    later = tracks.step(burning(REPORTS[4]), 10 * SECOND_NS)
    assert later.outcome == (BESIDE,) * 3
    assert all(track.belief is None for track in tracks._tracks.values())
    assert len(later.estimates) == 3


def test_a_track_ends_when_all_who_report_it_have_said_so() -> None:
    tracks = SystemTracks(QUIET)
    tracks.step(joined(REPORTS[:2]), SECOND_NS)
    one = tracks.step(ended(REPORTS[3]), 10 * SECOND_NS)
    assert set(one.contributors) == {frozenset("b")}
    two = tracks.step(ended(REPORTS[4]), 11 * SECOND_NS)
    assert len(two.estimates) == 0
    assert two.ended.tolist() == []
    none = REPORTS[0].take(np.zeros(3, dtype=np.bool_))
    assert tracks.step(none, 51 * SECOND_NS).ended.tolist() == [1, 2, 3]
    assert not tracks._system_of


def test_a_track_that_was_silent_comes_back_under_its_number() -> None:
    reports, _, _ = history("a", 300, period_s=150)
    tracks = SystemTracks(replace(QUIET, clock_error_max_s=1.0))
    before = tracks.step(reports[0], 0).estimates.track.tolist()
    none = reports[0].take(np.zeros(3, dtype=np.bool_))
    assert len(tracks.step(none, 100 * SECOND_NS).estimates) == 0
    again = tracks.step(reports[1], 150 * SECOND_NS)
    assert again.estimates.track.tolist() == before
    other = replace(reports[2], contributor=(nation("b"),) * 3, pedigree=(None,) * 3)
    assert tracks.step(other, 300 * SECOND_NS).system_track.tolist() == before


def test_an_object_that_its_contributor_numbers_anew_keeps_its_number() -> None:
    tracks = SystemTracks(QUIET)
    tracks.step(joined(REPORTS[:1]), SECOND_NS)
    tracks.step(ended(REPORTS[3]), 10 * SECOND_NS)
    anew = replace(REPORTS[6], track=REPORTS[6].track + 50, since_ns=REPORTS[6].since_ns - 1)
    picture = tracks.step(anew, 20 * SECOND_NS)
    assert picture.system_track.tolist() == [1, 2, 3]
    assert picture.outcome == (ADDED,) * 3
    # The new word stands in the place of the old ones, which rest on the same sensor.
    moved, spread = predict(anew.state_vector, anew.covariance, 0.0, process_noise_m2_s3=0.0)
    np.testing.assert_allclose(picture.estimates.state_vector, moved)
    np.testing.assert_allclose(picture.estimates.covariance, spread)


def test_a_track_that_stays_outside_the_gate_becomes_an_object_of_its_own() -> None:
    reports, _, _ = history("ab", 120, count=1)
    tracks = SystemTracks(QUIET)
    off = np.array([0.0, 0.0, 9e3, 0.0, 0.0, 0.0])
    numbers = []
    for start in range(0, len(reports), 2):
        one, two = reports[start], without_news(reports[start + 1])
        if start >= 4:
            two = replace(two, state_vector=two.state_vector + off)
        picture = tracks.step(joined([one, two]), int(one.time_ns[0]))
        numbers.append(picture.system_track.tolist())
    assert numbers[2] == [1, 1]  # a liar is judged on the track that it lies of
    assert numbers[-1] == [1, 2]
    assert len(picture.estimates) == 2


def test_what_has_fallen_ends_however_late_anybody_asks() -> None:
    down = np.array([[6.5e6, 0.0, 0.0, -5_000.0, 0.0, 0.0]])
    report = replace(REPORTS[0].take([0]), state_vector=down, covariance=covariance_of(100.0, 1.0))
    none = REPORTS[0].take(np.zeros(3, dtype=np.bool_))
    for seconds in (50, 300, 1_000, 1_700):
        tracks = SystemTracks(QUIET)
        assert len(tracks.step(report, SECOND_NS).estimates) == 1
        with np.errstate(all="ignore"):
            picture = tracks.step(none, seconds * SECOND_NS)
        assert len(picture.estimates) == 0
        # Asked for after a quarter of an hour, it has gone through the Earth and out again.
        assert seconds >= 1_000 or picture.ended.tolist() == [1]


def test_memory_stays_bounded_however_long_it_runs() -> None:
    reports, _, _ = history("ab", 200, count=2)
    tracks = SystemTracks(replace(QUIET, window_s=20.0))
    for start in range(0, len(reports), 2):
        now_ns = int(reports[start].time_ns.max())
        tracks.step(joined(reports[start : start + 2]), now_ns)
    kept = [len(track.words) for track in tracks._tracks.values()]
    assert kept == [4, 4]
    empty = reports[0].take(np.zeros(2, dtype=np.bool_))
    assert len(tracks.step(empty, 261 * SECOND_NS).estimates) == 0
    gone = tracks.step(empty, 2_001 * SECOND_NS)
    assert gone.ended.tolist() == [1, 2]
    assert not tracks._tracks
    assert not tracks._system_of
    assert not tracks._heard_ns


@pytest.mark.parametrize("count", [1, 30])
def test_each_contributors_own_word_is_handed_out_predicted(count: int) -> None:
    reports, _, _ = history("ab", 0, count=count)
    tracks = SystemTracks(QUIET)
    tracks.step(joined(reports), 0)
    numbers, names, mean, covariance, is_there = tracks.whole_words(5 * SECOND_NS)
    expected, spread = predict(
        reports[1].state_vector, reports[1].covariance, 5.0, process_noise_m2_s3=0.0
    )
    assert names == ("a", "b")
    assert is_there.all()
    assert len(numbers) == count
    np.testing.assert_array_equal(mean[1], expected)
    np.testing.assert_array_equal(covariance[1], spread)
