"""The whole tracker on small scenes: lives, fates, late news, limits, and honest covariances."""

from __future__ import annotations

import tracemalloc
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.earth.frames import look_angles
from commonwatch.errors import InputError
from commonwatch.flight.propagation import after
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.disposition import Disposition
from commonwatch.tracking.estimate import (
    Estimates,
    Status,
    normalised_error_squared,
)
from commonwatch.tracking.settings import Limits, Settings
from commonwatch.tracking.tracker import Tracker, arrivals
from tests.sensing.build import face
from tests.tracking.build import (
    EPOCH_NS,
    EYE,
    INTERVAL_S,
    NORTH,
    RADARS,
    SECOND_NS,
    Told,
    above,
    all_round,
    band,
    confirmed,
    delayed,
    false_plots,
    flights,
    lines,
    radar_at,
    same_picture,
    scene,
    seen,
    together,
)

F64 = npt.NDArray[np.float64]
Filter = Literal["ekf", "ukf"]
Association = Literal["gnn", "jpda"]

every_filter = pytest.mark.parametrize("name", ["ekf", "ukf"])
every_association = pytest.mark.parametrize("association", ["gnn", "jpda"])


def errors_of(estimates: Estimates, start: F64) -> tuple[F64, npt.NDArray[np.int64]]:
    """Error of each confirmed row against the flight nearest to it, and which that is."""
    rows = estimates.take(estimates.status == Status.CONFIRMED)
    found = np.empty((len(rows), 6))
    owner = np.empty(len(rows), dtype=np.int64)
    for time_ns in np.unique(rows.time_ns):
        there = after(start, (time_ns - EPOCH_NS) / SECOND_NS)
        chosen = np.flatnonzero(rows.time_ns == time_ns)
        offset = rows.state_vector[chosen, np.newaxis] - there
        owner[chosen] = np.linalg.norm(offset[..., :3], axis=-1).argmin(axis=1)
        found[chosen] = offset[np.arange(len(chosen)), owner[chosen]]
    return found, owner


@every_filter
@every_association
def test_every_object_has_one_confirmed_track_and_no_track_is_false(
    name: Filter, association: Association
) -> None:
    detections, start = scene(1, 12, 40.0, clutter=5)
    told = Told(detections, settings=Settings(filter=name, association=association))
    assert len(told.picture) == 12
    assert (told.picture.status == Status.CONFIRMED).all()
    assert len(confirmed(told.estimates)) == 12
    _, owner = errors_of(told.picture, start)
    assert sorted(owner.tolist()) == list(range(12))


@every_filter
def test_errors_are_as_large_as_the_covariance_says(name: Filter) -> None:
    """Forty flights, each judged once after it has been followed for a minute."""
    found = []
    for seed in range(4):
        detections, start = scene(100 + seed, 10, 60.0)
        picture = Told(detections, settings=Settings(filter=name)).picture
        assert len(picture) == 10
        error, _ = errors_of(picture, start)
        found += normalised_error_squared(error, picture.covariance).tolist()
    low, high = band(len(found), 6)
    assert low < np.mean(found) < high


def test_a_track_begins_with_its_second_plot_and_is_confirmed_by_score() -> None:
    detections, _ = scene(3, 1, 12.0, sensors=[NORTH], probability=1.0)
    estimates = Told(detections, [NORTH]).estimates
    looks = ((estimates.time_ns - EPOCH_NS) / SECOND_NS / INTERVAL_S).round().astype(int)
    assert looks[0] == 1
    first = looks[estimates.status == Status.CONFIRMED].min()
    assert 1 <= first <= 3


def test_a_higher_score_is_asked_for_is_reached_later() -> None:
    detections, _ = scene(3, 1, 40.0, sensors=[NORTH], probability=1.0)
    times = []
    for score in (5.0, 40.0):
        estimates = Told(detections, [NORTH], Settings(confirm_score=score)).estimates
        times.append(int(estimates.time_ns[estimates.status == Status.CONFIRMED].min()))
    assert times[0] < times[1]


def test_plots_of_nothing_make_no_track() -> None:
    rng = np.random.default_rng(4)
    parts = [false_plots(rng, 30, INTERVAL_S * k, RADARS, k % 3) for k in range(60)]
    told = Told(together(parts))
    assert confirmed(told.estimates) == set()
    disposition, track = told.fates(60 * 30)
    assert (disposition == Disposition.CLUTTER).all()
    assert (track == -1).all()


def test_looks_that_miss_end_a_track_in_view() -> None:
    detections, _ = scene(5, 1, 20.0, sensors=[NORTH], probability=1.0)
    there = radar_at("north", 50.0, 10.0)
    other = above(48.0, 10.0, 300e3)
    rng = np.random.default_rng(5)
    # The object is gone, and the radar goes on looking: something else keeps it reporting.
    state_vector = np.append(other, [10.0, 20.0, 30.0])[np.newaxis]
    more = [
        seen(after(state_vector, s), s, [there], 0, rng) for s in np.arange(20.0, 60.0, INTERVAL_S)
    ]
    told = Told(together([detections, *more]), [there])
    ended = told.estimates.take(told.estimates.status == Status.ENDED)
    assert len(ended) == 1
    at_s = (int(ended.time_ns[0]) - EPOCH_NS) / SECOND_NS
    # Six missed looks at 0.9 by default; 0.95 here makes it five.
    assert 26.0 <= at_s <= 34.0
    assert len(told.picture) == 1


def test_a_track_that_leaves_every_field_of_view_ends_there() -> None:
    """A radar that looks up to 40 degrees; an object that flies over it."""
    low = radar_at("low", 50.0, 10.0, all_round(40.0))
    start = above(47.5, 10.0, 200e3)
    ahead = above(47.6, 10.0, 200e3) - start
    state_vector = np.append(start, 3_000.0 * ahead / np.linalg.norm(ahead))[np.newaxis]
    rng = np.random.default_rng(6)
    parts, exit_s = [], 0.0
    far = np.append(above(40.0, 10.0, 300e3), [0.0, 100.0, 100.0])[np.newaxis]
    for seconds in np.arange(0.0, 90.0, INTERVAL_S):
        there = after(state_vector, seconds)
        plot = seen(there, seconds, [low], 0, rng)
        if plot.measured[0, 2] < np.radians(40.0):
            parts.append(plot)
            exit_s = float(seconds)
        parts.append(seen(after(far, seconds), seconds, [low], 0, rng))
    assert 10.0 < exit_s < 80.0
    told = Told(together(parts), [low])
    ended = told.estimates.take(told.estimates.status == Status.ENDED)
    ends_s = (ended.time_ns - EPOCH_NS) / SECOND_NS
    assert len(ended) == 1
    assert exit_s < ends_s[0] <= exit_s + 2.0 * INTERVAL_S


def test_an_object_that_comes_back_into_view_has_its_number_again() -> None:
    detections, _ = scene(7, 1, 60.0, sensors=[NORTH], probability=1.0)
    seconds = (detections.time_ns - EPOCH_NS) / SECOND_NS
    gap = (seconds < 30.0) | (seconds > 40.0)
    told = Told(together([detections.take(gap)]), [NORTH])
    assert len(confirmed(told.estimates)) == 1


def test_every_row_has_exactly_one_disposition_and_its_own_track() -> None:
    detections, _ = scene(8, 6, 100.0, clutter=4)
    told = Told(detections)
    disposition, track = told.fates(len(detections))
    assert (disposition == Disposition.STARTED).sum() == 6
    held = track >= 0
    assert (held == np.isin(disposition, [Disposition.ASSIGNED, Disposition.STARTED])).all()
    assert set(track[held].tolist()) == confirmed(told.estimates)
    for number in np.unique(track[held]):
        own = np.flatnonzero(track == number)
        looks = detections.time_ns[own] * 10 + detections.sensor[own]
        assert len(np.unique(looks)) == len(own)  # no two plots of one look
        assert (disposition[own] == Disposition.STARTED).sum() == 1
    assert held.sum() > 0.95 * 6 * 150 * 0.95


def test_detections_more_than_six_seconds_old_are_late_and_change_nothing() -> None:
    detections, _ = scene(9, 3, 30.0)
    is_old = np.zeros(len(detections), dtype=bool)
    is_old[::17] = True
    is_old &= detections.time_ns < EPOCH_NS + 20 * SECOND_NS
    told = Told(delayed(detections, np.where(is_old, 7.5, 0.0)))
    disposition, track = told.fates(len(detections))
    assert ((disposition == Disposition.LATE) == is_old).all()
    assert (track[is_old] == -1).all()
    without = Told(together([detections.take(~is_old)]))
    assert same_picture(told.picture, without.picture, relative=0.0)


def test_six_seconds_late_is_not_late_and_a_nanosecond_more_is() -> None:
    detections, _ = scene(9, 1, 20.0, sensors=[NORTH], probability=1.0)
    last = len(detections) - 1
    for extra_ns, is_late in ((0, False), (-1, True)):
        tracker = Tracker([NORTH])
        tracker.step(detections.take([last]), now_ns=int(detections.time_ns[last]))
        columns = {k: getattr(detections.take([0]), k) for k in Detections.__slots__}
        moment = np.array([detections.time_ns[last] - 6 * SECOND_NS + extra_ns])
        one = Detections(**(columns | {"time_ns": moment}))
        step = tracker.step(one, now_ns=int(detections.time_ns[last]))
        late = step.dispositions.row[step.dispositions.disposition == Disposition.LATE]
        assert (late.tolist() == [0]) == is_late


SHORT, _ = scene(10, 4, 14.0, clutter=3)
SHORT_TOLD = Told(SHORT)


@settings(max_examples=25)
@given(st.data())
def test_any_order_of_arrival_within_six_seconds_gives_the_same_picture(
    drawn: st.DataObject,
) -> None:
    count = len(SHORT)
    kind = drawn.draw(st.sampled_from(["each its own", "by look", "few"]))
    seed = drawn.draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    if kind == "each its own":
        delay = rng.uniform(0.0, 5.9, count)
    elif kind == "by look":
        looks, place = np.unique(SHORT.time_ns, return_inverse=True)
        delay = rng.uniform(0.0, 5.9, len(looks))[place]
    else:
        delay = np.where(rng.random(count) < 0.1, rng.uniform(0.0, 5.9, count), 0.0)
    told = Told(delayed(SHORT, delay))
    assert same_picture(told.picture, SHORT_TOLD.picture)
    disposition, track = told.fates(count)
    wanted, others = SHORT_TOLD.fates(count)
    assert (disposition == wanted).all()
    # The same plots together, whatever the numbers.
    assert (np.unique(track) >= -1).all()
    for number in np.unique(track[track >= 0]):
        assert len(np.unique(others[track == number])) == 1


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32), association=st.sampled_from(["gnn", "jpda"]))
def test_the_order_of_arrival_matters_to_no_filter_and_no_association(
    seed: int, association: Association
) -> None:
    rng = np.random.default_rng(seed)
    options = Settings(filter="ukf", association=association)
    mixed = delayed(SHORT, rng.uniform(0.0, 5.9, len(SHORT)))
    assert same_picture(
        Told(mixed, settings=options).picture, Told(SHORT, settings=options).picture
    )


def test_rows_may_stand_in_any_order_in_one_step() -> None:
    order = np.random.default_rng(11).permutation(len(SHORT))
    tracker, other = Tracker(RADARS), Tracker(RADARS)
    now_ns = int(SHORT.time_ns.max())
    tracker.step(SHORT, now_ns=now_ns)
    other.step(SHORT.take(order), now_ns=now_ns)
    assert same_picture(tracker.picture(), other.picture(), relative=0.0)


def test_plots_that_trickle_through_one_sweep_come_to_the_same_in_any_order() -> None:
    """A radar whose plots have each a time of their own, some a few milliseconds apart."""
    rng = np.random.default_rng(12)
    start = flights(rng, 8)
    parts = []
    for look in range(6):
        for index in range(8):
            for sensor in range(2):
                seconds = INTERVAL_S * look + 0.03 * index + 0.011 * sensor
                there = after(start[index : index + 1], seconds)
                parts.append(seen(there, seconds, RADARS, sensor, rng))
    detections = together(parts)
    pictures = [
        Told(delayed(detections, rng.uniform(0.0, 3.0, len(detections)))).picture for _ in range(4)
    ]
    pictures.append(Told(detections).picture)
    assert all(same_picture(picture, pictures[0]) for picture in pictures)


def test_plots_that_arrive_in_batches_come_to_the_same_as_one_by_one() -> None:
    """A batch whose first look is new, and whose second belongs to a look already taken in."""
    rng = np.random.default_rng(12)
    start = flights(rng, 2)
    parts, batch_s = [], []
    for look in range(5):
        for index, late_s, sensor in ((0, 0.0, 1), (1, 0.05, 0), (1, 0.08, 1)):
            seconds = INTERVAL_S * look + late_s
            there = after(start[index : index + 1], seconds)
            parts.append(seen(there, seconds, RADARS, sensor, rng))
            batch_s.append(0.5 - late_s if late_s else 0.0)
    detections = together(parts)
    batches = Told(delayed(detections, batch_s))
    assert same_picture(batches.picture, Told(detections).picture)


def test_what_was_told_stays_whatever_arrives_later() -> None:
    rng = np.random.default_rng(13)
    detections = delayed(SHORT, rng.uniform(0.0, 3.0, len(SHORT)))
    whole = Told(detections).estimates
    for part in (0.2, 0.5, 0.83):
        until_ns = int(np.quantile(detections.arrival_ns, part))
        cut = Told(detections.take(detections.arrival_ns <= until_ns)).estimates
        earlier = whole.take(whole.known_ns <= until_ns)
        for name in Estimates.__slots__:
            assert np.array_equal(getattr(cut, name), getattr(earlier, name)), name


def test_known_times_never_run_back_and_no_row_tells_of_the_future() -> None:
    detections = delayed(SHORT, np.random.default_rng(14).uniform(0.0, 5.0, len(SHORT)))
    estimates = Told(detections).estimates
    assert (np.diff(estimates.known_ns) >= 0).all()
    assert (estimates.time_ns <= estimates.known_ns).all()


def test_a_track_that_has_ended_is_told_of_no_more_until_it_is_seen_again() -> None:
    detections, _ = scene(15, 8, 40.0, clutter=20, probability=0.7)
    estimates = Told(delayed(detections, np.random.default_rng(15).uniform(0, 5, len(detections))))
    for track in np.unique(estimates.estimates.track):
        rows = estimates.estimates.take(estimates.estimates.track == track)
        twice = (rows.status[1:] == Status.ENDED) & (rows.status[:-1] == Status.ENDED)
        assert not twice.any()


def test_lines_of_sight_of_two_satellites_and_a_radar_follow_one_motor() -> None:
    """Straight up at 30 m/s2 from rest: seen by infrared alone, then by a radar too."""
    east_eye, west_eye = np.array([42_164e3, 0.0, 0.0]), np.array([30e6, 29e6, 5e6])
    ground = above(45.0, 10.0, 0.0)
    up = ground / np.linalg.norm(ground)
    rng = np.random.default_rng(16)
    sensors: list[Sensor] = [EYE, EYE, NORTH]
    parts = []
    for seconds in np.arange(40.0, 80.0, INTERVAL_S):
        state_vector = np.concatenate([ground + 15.0 * seconds**2 * up, 30.0 * seconds * up])[
            np.newaxis
        ]
        parts.append(lines(state_vector, seconds, east_eye, 0, rng))
        parts.append(lines(state_vector, seconds + 0.5, west_eye, 1, rng))
        if seconds > 60.0:
            parts.append(seen(state_vector, seconds, sensors, 2, rng))
    told = Told(together(parts), sensors)
    assert len(confirmed(told.estimates)) == 1
    last = 78.5
    assert len(told.picture) == 1
    there = ground + 15.0 * last**2 * up
    assert np.linalg.norm(told.picture.state_vector[0, :3] - there) < 3_000.0
    disposition, _ = told.fates(len(together(parts)))
    assert (disposition != Disposition.CLUTTER).mean() > 0.9


def handed_over(
    seed: int,
    *,
    eyes: int = 2,
    apart_m: tuple[float, ...] = (0.0,),
    has_light: bool = True,
) -> tuple[list[Sensor], Detections, F64]:
    """Satellites see a motor, and a radar the object a minute after burn-out; another light.

    Motors rise beside one another, so far apart.
    """
    rng = np.random.default_rng(seed)
    eyes_m = np.array([42_164e3, 0.0, 0.0]), np.array([30e6, 29e6, 5e6])
    ground = above(45.0, 10.0, 0.0)
    up = ground / np.linalg.norm(ground)
    level = np.cross(up, [0.0, 0.0, 1.0])
    sensors: list[Sensor] = [EYE, EYE, radar_at("far", 57.0, 10.0)]
    other = np.concatenate([above(0.0, 30.0, 30e3), np.zeros(3)])[np.newaxis][: int(has_light)]
    parts = []
    now = other
    for seconds in np.arange(40.0, 190.0, 2.0):
        burning_s = min(seconds, 104.0)
        way = 10.0 * burning_s**2 * up + 0.05 * burning_s**3 * level
        speed = 20.0 * burning_s * up + 0.15 * burning_s**2 * level
        begun = [np.concatenate([ground + way + each * level, speed]) for each in apart_m]
        now = np.stack(begun)
        if seconds > burning_s:
            now = after(now, seconds - burning_s)
        for eye in range(eyes):
            if seconds % 10.0 == 4.0 * eye:
                lit = other if seconds >= 104.0 else np.concatenate([now, other])
                parts.append(lines(lit, seconds, eyes_m[eye], eye, rng))
        if seconds >= 168.0:
            parts.append(seen(now, seconds, sensors, 2, rng))
    return sensors, together(parts), now


def went_on(handed: tuple[list[Sensor], Detections, F64], first_count: int) -> bool:
    """Whether the object is followed under one of the first numbers."""
    sensors, detections, last = handed
    picture = Told(detections, sensors).picture
    apart_m = np.linalg.norm(picture.state_vector[:, :3] - last[0, :3], axis=1)
    assert apart_m.min() < 5_000.0
    return bool(picture.track[apart_m.argmin()] <= first_count)


def test_what_satellites_saw_burn_goes_on_under_its_number_where_a_radar_finds_it() -> None:
    """The first two: the motor, the light."""
    assert sum(went_on(handed_over(seed), 2) for seed in range(6)) >= 5


def test_what_one_satellite_saw_burn_goes_on_where_no_other_track_could_be_meant() -> None:
    scenes = [handed_over(seed, eyes=1, has_light=False) for seed in range(6)]
    assert sum(went_on(each, 1) for each in scenes) >= 5


def test_of_motors_side_by_side_before_one_satellite_a_radar_begins_new_tracks() -> None:
    for seed in range(6):
        assert not went_on(handed_over(seed, eyes=1, apart_m=(0.0, 30e3), has_light=False), 2)


def test_an_object_comes_into_view_again_and_the_first_looks_may_miss_it() -> None:
    """Two fans of one radar, and more than a minute of climbing between them."""
    rng = np.random.default_rng(20)
    low, high = (face(elevation_min_deg=a, elevation_max_deg=b) for a, b in ((3, 20), (40, 80)))
    radar = radar_at("fans", 50.0, 10.0, low, high)
    place = above(47.0, 10.0, 90e3)
    states = np.concatenate([place, 2_700.0 * place / np.linalg.norm(place)])[np.newaxis]
    parts, unseen_count, again_count, seen_s = [], 0, 0, []
    for seconds in np.arange(0.0, 160.0, INTERVAL_S):
        site = radar.site
        elevation_deg = np.degrees(
            look_angles(site.position_ecef_m, site.rotation_enu_from_ecef, states[0, :3])[2]
        )
        unseen_count += bool(20.0 < elevation_deg < 40.0)
        again_count += bool(elevation_deg >= 40.0)
        if elevation_deg <= 20.0 or again_count > 4:
            parts.append(seen(states, seconds, [radar], 0, rng))
            seen_s.append(float(seconds))
        parts.append(false_plots(rng, 1, seconds, [radar], 0))
        states = after(states, INTERVAL_S)
    assert INTERVAL_S * unseen_count > Settings().coast_s
    assert again_count > 10
    told = Told(together(parts), [radar])
    assert confirmed(told.estimates) == {1}
    # Predicted into view is not seen: it is told of again with its first plot there.
    again_s = max(np.diff(seen_s), default=0.0) + seen_s[int(np.diff(seen_s).argmax())]
    told_s = (told.estimates.time_ns - EPOCH_NS) / SECOND_NS
    gone_s = told_s[told.estimates.status == Status.ENDED].min()
    is_between = (told_s > gone_s) & (told_s < again_s)
    assert (told.estimates.status[is_between & (told.estimates.track == 1)] == Status.ENDED).all()


@pytest.mark.parametrize("interval_s", [0.1, 0.02])
def test_a_radar_that_looks_many_times_a_second_has_one_track_an_object(interval_s: float) -> None:
    quick = radar_at("quick", 50.0, 10.0, track_interval_s=interval_s)
    rng = np.random.default_rng(1)
    start = flights(rng, 3)
    times_s = np.arange(0.0, 30.0 * interval_s, interval_s)
    parts = [seen(after(start, at_s), at_s, [quick], 0, rng) for at_s in times_s]
    told = Told(together(parts), [quick])
    assert confirmed(told.estimates) == {1, 2, 3}
    assert (told.fates(90)[0] <= Disposition.STARTED).all()


def test_no_more_tracks_are_held_than_the_limit_allows() -> None:
    detections, _ = scene(17, 20, 16.0, probability=1.0)
    small = Settings(limits=Limits(track_count=10))
    told = Told(detections, settings=small)
    assert len(told.picture) <= 10
    told.fates(len(detections))
    assert told.tracker._bank.count <= 10


@pytest.mark.parametrize(("limit", "refused"), [(20, 0), (19, 1)])
def test_plots_past_the_limit_of_tracks_are_refused_and_no_others(limit: int, refused: int) -> None:
    detections, _ = scene(17, 20, 2.0, sensors=[NORTH], probability=1.0)
    told = Told(detections, [NORTH], Settings(limits=Limits(track_count=limit)))
    disposition, track = told.fates(20)
    assert (disposition == Disposition.REFUSED).sum() == refused
    assert (disposition == Disposition.CLUTTER).sum() == 20 - refused
    assert (track == -1).all()


def test_ten_times_the_limit_of_tracks_is_refused_in_no_way_that_crashes() -> None:
    rng = np.random.default_rng(18)
    parts = [false_plots(rng, 300, INTERVAL_S * k, [NORTH], 0) for k in range(10)]
    told = Told(together(parts), [NORTH], Settings(limits=Limits(track_count=30)))
    disposition, _ = told.fates(3_000)
    assert np.isin(disposition, [Disposition.CLUTTER, Disposition.REFUSED]).all()
    first_look = disposition[:300]
    assert (first_look == Disposition.REFUSED).sum() == 270


def test_histories_are_bounded() -> None:
    """What a tracker holds after ten minutes is what it held after two."""
    rng = np.random.default_rng(19)
    tracker = Tracker([NORTH])
    start = flights(rng, 5)
    states = start
    sizes = []
    row = 0
    for look in range(300):
        seconds = INTERVAL_S * look
        if look % 30 == 0:
            states = after(flights(rng, 5), 0.0)  # new objects, so that tracks end and begin
        parts = [
            seen(states, seconds, [NORTH], 0, rng),
            false_plots(rng, 10, seconds, [NORTH], 0),
        ]
        states = after(states, INTERVAL_S)
        whole = together(parts)
        columns = {name: getattr(whole, name) for name in Detections.__slots__}
        one = Detections(**(columns | {"row": whole.row + row}))
        row += len(one)
        tracker.step(one, now_ns=int(one.arrival_ns[0]))
        if look in {60, 299}:
            sizes.append(held(tracker))
    assert len(tracker._frames) <= 10
    for name, before in sizes[0].items():
        assert sizes[1][name] <= 1.5 * before + 20, name


def held(tracker: Tracker) -> dict[str, int]:
    """How many entries each of a tracker's memories has."""
    return {
        name: len(value)
        for name, value in vars(tracker).items()
        if isinstance(value, dict | list) or type(value).__name__ == "deque"
    }


def test_nothing_arrives_and_nothing_is_told() -> None:
    tracker = Tracker(RADARS)
    step = tracker.step(empty_detections(), now_ns=EPOCH_NS)
    assert len(step.estimates) == len(step.dispositions) == len(step.taken) == 0
    assert len(tracker.picture()) == 0
    assert len(tracker.finish()) == 0


def test_arrivals_come_in_order_and_whole() -> None:
    mixed = delayed(SHORT, np.random.default_rng(20).uniform(0.0, 5.0, len(SHORT)))
    given_ns = [now_ns for now_ns, _ in arrivals(mixed)]
    assert given_ns == sorted(set(mixed.arrival_ns.tolist()))
    rows = np.concatenate([part.row for _, part in arrivals(mixed)])
    assert sorted(rows.tolist()) == list(range(len(SHORT)))


@pytest.mark.parametrize(
    "changes",
    [
        {"filter": "kalman"},
        {"association": "best"},
        {"gate_squared": 0.0},
        {"speed_std_m_s": float("nan")},
        {"confirm_score": float("inf")},
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Allowed"):
        Settings(**changes)


def test_a_tracker_without_sensors_is_refused() -> None:
    with pytest.raises(InputError, match="no sensor"):
        Tracker([])


def test_memory_does_not_grow_with_the_length_of_a_recording() -> None:
    detections, _ = scene(21, 10, 120.0)
    tracker = Tracker(RADARS)
    steps = list(arrivals(detections))
    half = len(steps) // 2
    for now_ns, arrived in steps[:half]:
        tracker.step(arrived, now_ns=now_ns)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for now_ns, arrived in steps[half:]:
            tracker.step(arrived, now_ns=now_ns)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 2e6
