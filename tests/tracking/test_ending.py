"""Tracks end where nothing is seen for long: in time, outside the Earth, whatever the order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.flight.propagation import after
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.tracking.advance import QUIET_S, STEP_S
from commonwatch.tracking.ending import ends_of
from commonwatch.tracking.estimate import Estimates, Status, joined
from commonwatch.tracking.settings import WINDOW_S, Settings
from commonwatch.tracking.tracker import Tracker, arrivals
from tests.sensing.build import face
from tests.tracking.build import (
    EPOCH_NS,
    INTERVAL_S,
    NORTH,
    RADARS,
    SECOND_NS,
    Told,
    above,
    confirmed,
    delayed,
    radar_at,
    same_picture,
    scene,
    seen,
    together,
)

F64 = npt.NDArray[np.float64]

GROUND_M = 1.0
"""How closely the ground is met."""
INSTANT_S = 1e-3
COAST_S = Settings().coast_s
WIDEST_M = 3_000.0 * np.sqrt(3.0) * (COAST_S + STEP_S)
"""A track of two plots, its speed as unknown as before, unseen for as long as one may be."""


def altitude_m(states: F64) -> F64:
    return geodetic_from_ecef(states[:, :3])[2]


def falling(count: int = 1) -> F64:
    """Objects 90 km up that fall at 2 km/s."""
    place = above(np.linspace(46.5, 47.5, count), 10.0, 90e3)
    up = place / np.linalg.norm(place, axis=1, keepdims=True)
    return np.concatenate([place, -2_000.0 * up + [300.0, 200.0, 0.0]], axis=1)


def later(detections: Detections, seconds: float) -> Detections:
    """The same detections, all of them later."""
    columns = {name: getattr(detections, name) for name in Detections.__slots__}
    shift_ns = round(seconds * SECOND_NS)
    for name in ("time_ns", "arrival_ns"):
        columns[name] = columns[name] + shift_ns
    return Detections(**columns)


def with_gap(seed: int, gap_s: float) -> Detections:
    """Flights and falling objects without a false plot, nothing for a while, and others."""
    some, _ = scene(seed, 3, 12.0)
    low, _ = scene(seed + 1, 3, 12.0, states=falling(3))
    more, _ = scene(seed + 2, 3, 12.0)
    return together([some, low, later(more, 12.0 + gap_s)])


def ended(estimates: Estimates) -> Estimates:
    return estimates.take(estimates.status == Status.ENDED)


def judge_ends(ends: Estimates) -> None:
    assert (altitude_m(ends.state_vector) > -GROUND_M).all()
    variances = np.diagonal(ends.covariance, axis1=1, axis2=2)
    assert (variances > 0.0).all()
    assert (np.sqrt(variances[:, :3]) < WIDEST_M).all()
    assert (ends.time_ns <= ends.known_ns).all()


def test_what_fell_below_the_ground_between_two_looks_is_told_as_it_met_it() -> None:
    start = falling(3)
    low_s, high_s = 0.0, 60.0
    for _ in range(60):  # when the first of them meets the ground, by halves
        middle_s = 0.5 * (low_s + high_s)
        is_above = altitude_m(after(start, middle_s))[0] > 0.0
        low_s, high_s = (middle_s, high_s) if is_above else (low_s, middle_s)
    now_ns = EPOCH_NS + round(SECOND_NS * (low_s + 15.0))
    below = after(start, low_s + 15.0)
    spread = np.broadcast_to(np.diag([1e4, 1e4, 1e4, 1.0, 1.0, 1.0]), (3, 6, 6)).copy()
    ends = ends_of(np.arange(3), below, spread, now_ns=now_ns, last_plot_ns=np.full(3, EPOCH_NS))
    assert (altitude_m(below) < -20e3).all()
    assert np.abs(altitude_m(ends.state_vector)).max() < GROUND_M
    assert abs(ends.time_ns[0] - EPOCH_NS - low_s * SECOND_NS) < INSTANT_S * SECOND_NS
    assert np.abs(ends.state_vector[0] - after(start, low_s)[0])[:3].max() < GROUND_M
    assert (np.linalg.eigvalsh(ends.covariance) > 0.0).all()


def test_no_end_is_told_before_the_last_plot_and_what_stands_above_stays() -> None:
    states = np.concatenate([falling(2), after(falling(1), 60.0)])
    rising = states[2].copy()
    rising[:3] *= (6_371e3 - 20e3) / np.linalg.norm(rising[:3])
    rising[3:] *= -1.0
    states = np.concatenate([states, rising[np.newaxis]])
    spread = np.broadcast_to(np.diag([1e4, 1e4, 1e4, 1.0, 1.0, 1.0]), (4, 6, 6)).copy()
    now_ns = EPOCH_NS + 60 * SECOND_NS
    last_plot_ns = np.full(4, now_ns - SECOND_NS)
    ends = ends_of(np.arange(4), states, spread, now_ns=now_ns, last_plot_ns=last_plot_ns)
    assert (ends.state_vector[:2] == states[:2]).all()
    assert (ends.time_ns[[0, 1, 3]] == now_ns).all()
    assert ends.time_ns[2] == last_plot_ns[2]
    assert np.abs(altitude_m(ends.state_vector[2:])).max() < GROUND_M


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    gap_s=st.one_of(st.floats(1.0, 100.0), st.floats(100.0, 7.0 * 86_400.0)),
)
def test_all_ends_lie_outside_the_earth_however_long_nothing_is_seen(
    seed: int, gap_s: float
) -> None:
    detections = with_gap(seed, gap_s)
    told = Told(detections)
    ends = ended(told.estimates)
    judge_ends(ends)
    told.fates(len(detections))
    if gap_s > COAST_S + 2.0 * STEP_S:
        last_ns = EPOCH_NS + 12 * SECOND_NS
        first = np.unique(told.estimates.track[told.estimates.time_ns <= last_ns])
        assert set(first) <= set(ends.track)
        assert (ends.time_ns <= last_ns + (COAST_S + STEP_S) * SECOND_NS).all()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1_000), gap_s=st.sampled_from([21.0, 40.0, 200.0]))
def test_no_order_of_arrival_within_the_window_changes_what_follows_a_silence(
    seed: int, gap_s: float
) -> None:
    detections = with_gap(1, gap_s)
    delay_s = np.random.default_rng(seed).uniform(0.0, 5.9, len(detections))
    assert same_picture(Told(delayed(detections, delay_s)).picture, Told(detections).picture)


def test_what_was_told_of_a_silence_stays_whatever_arrives_later() -> None:
    detections = with_gap(2, 50.0)
    detections = delayed(detections, np.random.default_rng(2).uniform(0.0, 3.0, len(detections)))
    whole = Told(detections).estimates
    for part in (0.55, 0.8):
        until_ns = int(np.quantile(detections.arrival_ns, part))
        cut = Told(detections.take(detections.arrival_ns <= until_ns)).estimates
        earlier = whole.take(whole.known_ns <= until_ns)
        for name in Estimates.__slots__:
            assert np.array_equal(getattr(cut, name), getattr(earlier, name)), name


def stepped(tracker: Tracker, detections: Detections, *, late_s: float = 0.0) -> list[Estimates]:
    late_ns = round(late_s * SECOND_NS)
    return [
        tracker.step(arrived, now_ns=now_ns + late_ns).estimates
        for now_ns, arrived in arrivals(detections)
    ]


def waited(tracker: Tracker, until_s: float, *, since_s: float = 12.0) -> Estimates:
    """What a tracker tells while nothing arrives for some seconds."""
    return joined(
        [
            tracker.step(empty_detections(), now_ns=EPOCH_NS + round(seconds * SECOND_NS)).estimates
            for seconds in np.arange(since_s + 1.0, until_s, 1.0)
        ]
    )


def test_tracks_end_while_nothing_arrives_as_the_clock_goes_on() -> None:
    tracker = Tracker(RADARS)
    stepped(tracker, scene(1, 3, 12.0)[0])
    assert len(tracker.picture()) == 3
    assert len(waited(tracker, 12.0 + QUIET_S + WINDOW_S)) == 0
    told = waited(tracker, 3_600.0, since_s=12.0 + QUIET_S + WINDOW_S)
    assert (told.status == Status.ENDED).all()
    assert len(np.unique(told.track)) == len(told) == 3
    judge_ends(told)
    late_s = (told.known_ns - told.time_ns) / SECOND_NS
    assert late_s.max() <= WINDOW_S + STEP_S + 2.0
    assert len(tracker.picture()) == 0
    assert tracker._bank.count == 0


def test_late_news_goes_on_as_if_nobody_had_waited_for_it() -> None:
    """A link was cut for two minutes, and all that was seen meanwhile comes then."""
    detections, _ = scene(4, 3, 30.0)
    is_early = detections.time_ns < EPOCH_NS + 12 * SECOND_NS
    tracker = Tracker(RADARS)
    before = joined(stepped(tracker, detections.take(is_early)))
    ends = waited(tracker, 130.0)
    assert set(ended(ends).track) == set(before.track[before.status == Status.CONFIRMED])
    more = joined(stepped(tracker, detections.take(~is_early), late_s=120.0))
    assert same_picture(tracker.picture(), Told(detections).picture, relative=0.0)
    assert set(more.track) == set(ends.track)


def test_what_fell_out_of_view_in_the_air_takes_no_plot_of_what_falls_after_it() -> None:
    """Two on one way, the later one looked at only when the earlier is about to meet the ground."""
    lowest_rad = np.radians(3.0)
    high = radar_at("high", 50.0, 10.0, face(elevation_min_deg=3.0), range_rate_std_m_s=None)
    start = np.repeat(falling(), 2, axis=0)
    start[1, :3] *= 1.0 + 60e3 / np.linalg.norm(start[1, :3])
    far = np.append(above(46.0, 20.0, 600e3), [0.0, 100.0, 100.0])[np.newaxis]
    rng, parts = np.random.default_rng(7), []
    for seconds in np.arange(0.0, 60.0, INTERVAL_S):
        parts.append(seen(after(far, seconds), seconds, [high], 0, rng))
        first, second = np.split(after(start, seconds), 2)
        for one in (first,) if seconds < 40.0 else (first, second):
            plot = seen(one, seconds, [high], 0, rng)
            if plot.measured[0, 2] > lowest_rad:
                parts.append(plot)
    told = Told(together(parts), [high]).estimates
    low = told.take(altitude_m(told.state_vector) < 300e3)
    is_early = low.time_ns < EPOCH_NS + 40 * SECOND_NS
    [gone] = confirmed(low.take(is_early))
    [new] = confirmed(low.take(~is_early))
    assert gone in ended(low.take(is_early)).track
    assert gone not in low.take(~is_early).track
    assert new not in low.take(is_early).track


def test_a_tracker_after_a_quiet_day_begins_anew() -> None:
    """An hour between two steps; then another object."""
    tracker = Tracker([NORTH])
    stepped(tracker, scene(5, 2, 12.0, sensors=[NORTH], probability=1.0)[0])
    for hour in range(1, 24):
        told = tracker.step(empty_detections(), now_ns=EPOCH_NS + hour * 3_600 * SECOND_NS)
        judge_ends(told.estimates)
    again = later(scene(6, 2, 12.0, sensors=[NORTH], probability=1.0)[0], 86_400.0)
    alone = Told(again, [NORTH])
    stepped(tracker, again)
    assert same_picture(tracker.picture(), alone.picture, relative=0.0)
