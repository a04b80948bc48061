"""What own sensors report may be put together by others: nothing twice, and never too sure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.centre.own import INTERVAL_S, SURE_AFTER_NS, OwnNews, OwnSensors
from commonwatch.centre.picture import reports_of
from commonwatch.errors import InputError
from commonwatch.fusion.system_tracks import Picture, SystemTracks
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.tracking.estimate import Status, normalised_error_squared
from tests.centre.build_own import NATIONS, World, centres, content, of_radar, recorded, said
from tests.tracking.build import EPOCH_NS, SECOND_NS

F64 = npt.NDArray[np.float64]

WORLDS = 12
BIASES_STD_M = (0.0, 300.0)
SECONDS = 64
HONEST = (0.6, 1.5)
"""Mean normalised error a coordinate, of so few worlds whose objects share their biases."""
SAME_AS_CENTRAL = 0.25
"""By how much stated deviations may differ from those of one tracker on all plots."""


def fused(world: World, seconds: int) -> Picture:
    """The picture of somebody who hears two centres, after a while."""
    own, tracks = centres(world), SystemTracks()
    for now_ns, detections in world.ticks(seconds):
        heard = [
            message
            for radar, centre in enumerate(own)
            for message in said(centre.step(of_radar(detections, radar), now_ns), NATIONS[radar])
        ]
        picture = tracks.step(reports_of(heard), now_ns)
    return picture


def misses(picture: Picture, truth: F64) -> tuple[F64, npt.NDArray[np.intp]]:
    """Errors of estimates against the nearest object, and which that is."""
    states = picture.estimates.state_vector
    apart = np.linalg.norm(states[:, None, :3] - truth[None, :, :3], axis=-1)
    nearest = apart.argmin(axis=1)
    return truth[nearest] - states, nearest


@pytest.mark.parametrize("bias_std_m", BIASES_STD_M)
def test_the_fused_picture_of_two_nations_is_as_sure_as_it_may_be(bias_std_m: float) -> None:
    ratios = []
    for seed in range(WORLDS):
        world = World(seed, bias_std_m=bias_std_m)
        picture = fused(world, SECONDS)
        error, nearest = misses(picture, world.truth(EPOCH_NS + SECONDS * SECOND_NS))
        assert sorted(nearest.tolist()) == list(range(4))
        assert set(picture.contributors) == {frozenset(NATIONS)}
        ratios.append(normalised_error_squared(error, picture.estimates.covariance).mean() / 6.0)
    assert HONEST[0] < np.mean(ratios) < HONEST[1]


def test_two_nations_reports_know_as_much_as_one_tracker_with_all_plots() -> None:
    world = World(3)
    picture = fused(world, SECONDS)
    both = OwnSensors(world.radars, nation=NATIONS[0], has_registration=False)
    last: dict[int, tuple[F64, F64]] = {}
    for now_ns, detections in World(3).ticks(SECONDS):
        told = both.step(detections, now_ns).estimates
        for track, believed, covariance in zip(
            told.track.tolist(), told.state_vector, told.covariance, strict=True
        ):
            last[track] = believed, covariance
    _, nearest = misses(picture, world.truth(EPOCH_NS + SECONDS * SECOND_NS))
    central = np.array([np.linalg.slogdet(spread)[1] for _, spread in last.values()])
    found = np.linalg.slogdet(picture.estimates.covariance)[1]
    assert len(last) == len(nearest) == 4
    # Reports are up to 10 s old: a ratio of mean deviations, coordinate by coordinate.
    ratio = np.exp((found.mean() - central.mean()) / 12.0)
    assert 1.0 - SAME_AS_CENTRAL < ratio < 1.0 + 2.0 * SAME_AS_CENTRAL


def test_news_of_one_radar_never_averages_its_constant_error_away() -> None:
    world = World(1, count=1, bias_std_m=300.0)
    own, tracks = centres(world)[0], SystemTracks()
    for now_ns, detections in world.ticks(120):
        picture = tracks.step(
            reports_of(said(own.step(of_radar(detections, 0), now_ns), NATIONS[0])), now_ns
        )
    [believed], [covariance] = picture.estimates.state_vector, picture.estimates.covariance
    line = believed[:3] - world.radars[0].site.position_ecef_m
    line /= np.linalg.norm(line)
    assert np.sqrt(line @ covariance[:3, :3] @ line) > 0.98 * 300.0


def test_a_radar_alone_tells_of_the_constant_error_that_it_may_have() -> None:
    world = World(2, count=1, bias_std_m=300.0)
    own = centres(world)[0]
    told = [own.step(of_radar(plots, 0), now_ns).estimates for now_ns, plots in world.ticks(60)]
    covariance = next(each for each in reversed(told) if len(each)).covariance[0]
    assert np.sqrt(np.trace(covariance[:3, :3])) > 0.98 * 300.0


def all_news(ticks: list[tuple[int, Detections]]) -> tuple[OwnSensors, list[OwnNews]]:
    own = OwnSensors(World(0).radars, nation=NATIONS[0])
    return own, [own.step(detections, now_ns) for now_ns, detections in ticks]


def test_a_track_is_reported_when_it_is_confirmed_and_each_ten_seconds_of_its_time() -> None:
    _, news = all_news(recorded(5, 60))
    first: dict[int, int] = {}
    times: dict[int, list[int]] = {}
    for each in news:
        confirmed = each.estimates.status == Status.CONFIRMED
        for track in each.estimates.track[confirmed].tolist():
            first.setdefault(track, each.now_ns)
        for row, track in enumerate(each.reports.track.tolist()):
            assert times.setdefault(track, []) or each.now_ns == first[track]
            times[track].append(int(each.reports.time_ns[row]))
            assert each.reports.sequence[row] == len(times[track]) - 1
    assert sorted(times) == sorted(first)
    for told in times.values():
        gaps_s = np.diff(told) / SECOND_NS
        assert len(gaps_s) >= 4
        assert gaps_s.min() >= INTERVAL_S - 0.5
        assert gaps_s.max() <= INTERVAL_S + 1.5


def test_a_report_counts_the_looks_that_its_track_took() -> None:
    _, news = all_news(recorded(6, 40))
    counts: dict[tuple[int, int], int] = {}
    seen = 0
    for each in news:
        for track, sensor in zip(
            each.looks.track.tolist(), each.looks.sensor.tolist(), strict=True
        ):
            counts[track, sensor] = counts.get((track, sensor), 0) + 1
        for row, track in enumerate(each.reports.track.tolist()):
            pedigree = each.reports.pedigree[row]
            assert pedigree is not None
            names = [source.name for source in each.looks.sensors]
            for span in pedigree.spans:
                assert span.look_count == counts[track, names.index(str(span.sensor))]
                assert span.after_ns < span.until_ns <= each.reports.time_ns[row]
                seen += 1
    assert seen > 20


def gone(seconds: int) -> tuple[OwnSensors, list[OwnNews]]:
    """Objects that are seen for a while, and then only looks without them."""
    ticks = recorded(7, 40)
    empty = World(8, count=1)
    late = [
        (now_ns + 40 * SECOND_NS, plots.take(plots.row >= 0))
        for now_ns, plots in empty.ticks(seconds)
    ]
    shifted = []
    for now_ns, plots in late:
        columns = {name: getattr(plots, name) for name in Detections.__slots__}
        columns["time_ns"] = plots.time_ns + 40 * SECOND_NS
        columns["arrival_ns"] = plots.arrival_ns + 40 * SECOND_NS
        columns["row"] = plots.row + 100_000
        shifted.append((now_ns, Detections(**columns)))
    return all_news([*ticks, *shifted])


def test_the_end_of_a_track_is_told_once_when_it_is_sure() -> None:
    own, news = gone(200)
    ended: dict[int, int] = {}
    for each in news:
        for track in each.estimates.track[each.estimates.status == Status.ENDED].tolist():
            ended[track] = each.now_ns
    told = [
        (track, each.now_ns)
        for each in news
        for track, status in zip(
            each.reports.track.tolist(), each.reports.status.tolist(), strict=True
        )
        if status == Status.ENDED
    ]
    assert len(told) >= 4
    assert len({track for track, _ in told}) == len(told)
    assert all(now_ns - ended[track] == SURE_AFTER_NS for track, now_ns in told)
    assert len(own._tracks) == 1


def test_the_same_detections_tell_the_same_bytes_and_empty_steps_change_nothing() -> None:
    ticks = recorded(9, 40)
    _, news = all_news(ticks)
    own = OwnSensors(World(0).radars, nation=NATIONS[0])
    again = []
    for now_ns, detections in ticks:
        nothing = own.step(empty_detections(), now_ns)
        assert len(nothing.estimates) == len(nothing.reports) == len(nothing.looks.track) == 0
        again.append(own.step(detections, now_ns))
    assert content(news) == content(again)


def test_a_quiet_day_ends_every_track_and_the_ends_are_reported() -> None:
    """Radars that see nothing say nothing; the centre's clock goes on."""
    ticks = recorded(9, 40)
    own, news = all_news(ticks)
    now_ns = ticks[-1][0]
    quiet = [own.step(empty_detections(), now_ns + k * SECOND_NS) for k in range(1, 200)]
    reported = {track for each in news for track in each.reports.track.tolist()}
    over = [
        (track, status)
        for each in quiet
        for track, status in zip(
            each.reports.track.tolist(), each.reports.status.tolist(), strict=True
        )
    ]
    assert reported
    assert sorted(over) == [(track, Status.ENDED) for track in sorted(reported)]
    day_ns = 86_400 * SECOND_NS
    for at_ns, plots in recorded(10, 20):
        columns = {name: getattr(plots, name) for name in Detections.__slots__}
        columns |= {name: columns[name] + day_ns for name in ("time_ns", "arrival_ns")}
        columns["row"] = columns["row"] + 100_000
        told = own.step(Detections(**columns), at_ns + day_ns).estimates
    assert (told.status == Status.CONFIRMED).any()


def test_detections_of_messages_are_numbered_apart() -> None:
    ticks = recorded(10, 30)
    _, news = all_news(ticks)
    own = OwnSensors(World(0).radars, nation=NATIONS[0])
    for (now_ns, plots), each in zip(ticks, news, strict=True):
        columns = {name: getattr(plots, name) for name in Detections.__slots__}
        unnumbered = Detections(**(columns | {"row": np.full(len(plots), -1)}))
        told = own.step(unnumbered, now_ns).estimates
        assert told.state_vector.tobytes() == each.estimates.state_vector.tobytes()


def test_time_that_goes_back_and_names_that_stand_twice_are_refused() -> None:
    own = OwnSensors(World(0).radars, nation=NATIONS[0])
    own.step(empty_detections(), EPOCH_NS)
    with pytest.raises(InputError, match="never go back"):
        own.step(empty_detections(), EPOCH_NS - 1)
    radar = World(0).radars[0]
    with pytest.raises(InputError, match="two sensors of the name"):
        OwnSensors([radar, radar], nation=NATIONS[0])
