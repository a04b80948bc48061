from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from commonwatch.earth.ellipsoid import destination, ecef_from_geodetic
from commonwatch.earth.frames import ecef_from_inertial
from commonwatch.earth.gravity import GM_M3_S2
from commonwatch.errors import InputError
from commonwatch.flight.ballistic import ArcKind, ArcRequest, Arcs, arc_between
from commonwatch.flight.powered import state_vector
from commonwatch.flight.propagation import after
from commonwatch.tables.schemas import to_table
from commonwatch.tracking.estimate import Estimates, Status, empty_estimates, joined
from commonwatch.warning.alert import Status as AlertStatus
from commonwatch.warning.alert import Transition
from commonwatch.warning.coasting import Motor
from commonwatch.warning.judgement import Settings
from commonwatch.warning.notice import Match, Notice
from commonwatch.warning.rows import to_columns
from commonwatch.warning.source import Looks
from commonwatch.warning.watch import Alerts, Limits, watch
from tests.warning.build import (
    CLASSES,
    F64,
    POWERED,
    SECOND_NS,
    START_NS,
    VACUUM,
    looks_of,
    orbit_covariance,
    sensor,
    track,
    truths,
)

NAMES = [each.name for each in CLASSES]


def black_brant() -> Arcs:
    """The rocket of 25 January 1995: Andoya, apogee 1,453 km, down near Spitsbergen."""
    latitude, longitude = np.radians([69.294]), np.radians([16.021])
    aim = destination(latitude, longitude, np.zeros(1), np.array([1_000e3]))
    return arc_between(
        ArcRequest(
            latitude_rad=latitude,
            longitude_rad=longitude,
            altitude_m=np.zeros(1),
            aim_latitude_rad=aim[0],
            aim_longitude_rad=aim[1],
            kind=ArcKind.APOGEE,
            wanted=np.array([1_453e3]),
            burn_time_s=np.array([110.0]),
            burn_out_altitude_m=np.array([200e3]),
            burn_out_altitude_low_m=np.array([140e3]),
            burn_out_altitude_high_m=np.array([300e3]),
        )
    )


ROCKET = black_brant()
NOTICE = Notice(
    name="andoya",
    nation="Norway",
    kind="sounding rocket",
    window_start_ns=START_NS - 3_600 * SECOND_NS,
    window_end_ns=START_NS + 3_600 * SECOND_NS,
    latitude_rad=math.radians(69.294),
    longitude_rad=math.radians(16.021),
    radius_m=30e3,
    azimuth_min_rad=math.radians(-20.0),
    azimuth_max_rad=math.radians(20.0),
    delivered_ns=None,
)


def rocket_track() -> Estimates:
    start = after(ROCKET.burn_out_state_vector, 20.0)[0]
    return track(start, count=60, first_ns=START_NS + 130 * SECOND_NS)


def missile(seed: int = 1, *, number: int = 0) -> Estimates:
    drawn = truths(
        np.random.default_rng(seed), 1, is_powered=True, ground_range_m=(1_900e3, 2_500e3)
    )
    return track(drawn.true_state_vector[0], count=40, number=number)


def satellite(*, number: int = 0) -> Estimates:
    position = ecef_from_geodetic(0.5, 0.2, 600e3)
    up = position / np.linalg.norm(position)
    across = np.cross(up, [0.0, 0.0, 1.0])
    speed = np.sqrt(GM_M3_S2 / np.linalg.norm(position))
    start = np.concatenate([position, speed * across / np.linalg.norm(across)])
    return track(ecef_from_inertial(start, 0.0), number=number)


def two_nations(estimates: Estimates) -> Looks:
    sensors = (sensor("north", nation="A"), sensor("south", nation="B"))
    return looks_of(estimates, sensors, {int(n): (0, 1) for n in np.unique(estimates.track)})


def events(alerts: Alerts) -> list[tuple[Transition, AlertStatus]]:
    return list(zip(alerts.transition, alerts.status, strict=True))


def test_a_missile_is_unconfirmed_at_once_and_confirmed_by_two_nations() -> None:
    estimates = missile()
    alerts = watch(estimates, settings=POWERED, looks=two_nations(estimates))
    assert events(alerts)[0] == (Transition.RAISED, AlertStatus.UNCONFIRMED)
    assert alerts.row[0] == 0
    assert Transition.CONFIRMED in alerts.transition
    confirmed = alerts.row[alerts.transition.index(Transition.CONFIRMED)]
    # Three looks each, one each 2 s: the third row, not the next tenth second.
    assert alerts.estimates.time_ns[confirmed] == START_NS + 4 * SECOND_NS
    assert alerts.status[-1] is AlertStatus.CONFIRMED
    assert alerts.is_last_sight[-1]


def test_tracks_alone_confirm_nothing_and_say_so() -> None:
    alerts = watch(missile(), settings=POWERED)
    assert set(alerts.status) == {AlertStatus.UNCONFIRMED}
    assert "sources unknown: unconfirmed only" in alerts.reason[-1]


def test_two_sites_of_one_nation_are_shown_as_a_single_kind() -> None:
    estimates = missile()
    sensors = (sensor("east"), sensor("west"))
    alerts = watch(estimates, settings=POWERED, looks=looks_of(estimates, sensors, {0: (0, 1)}))
    assert alerts.status[-1] is AlertStatus.SINGLE_KIND
    assert AlertStatus.CONFIRMED not in alerts.status


def test_a_satellite_that_two_nations_see_raises_no_alert() -> None:
    estimates = satellite()
    alerts = watch(estimates, settings=POWERED, looks=two_nations(estimates))
    assert len(alerts) == 0


def test_the_rocket_of_1995_ends_in_no_confirmed_alert_and_shows_its_undelivered_notice() -> None:
    estimates = rocket_track()
    sensors = (sensor("olenegorsk", nation="RU"),)
    looks = looks_of(estimates, sensors, {0: (0,)})
    alerts = watch(estimates, settings=POWERED, looks=looks, notices=(NOTICE,))
    assert set(alerts.status) <= {AlertStatus.UNCONFIRMED, AlertStatus.CANCELLED}
    assert {each.match for each in alerts.notice} == {Match.NOT_DELIVERED}
    delivered = replace(NOTICE, delivered_ns=START_NS - 20 * 86_400 * SECOND_NS)
    again = watch(estimates, settings=POWERED, looks=looks, notices=(delivered,))
    assert {each.match for each in again.notice} == {Match.MATCHED}


def test_no_notice_changes_what_is_said_of_the_object() -> None:
    estimates = joined([rocket_track(), missile(number=1), satellite(number=2)])
    looks = two_nations(estimates)
    everywhere = replace(NOTICE, radius_m=2e6, azimuth_min_rad=0.0, azimuth_max_rad=2 * math.pi)
    plain = watch(estimates, settings=POWERED, looks=looks)
    noticed = watch(estimates, settings=POWERED, looks=looks, notices=(everywhere, NOTICE))
    corrected = {Transition.CORRECTED: Transition.UPDATED}
    assert noticed.status == plain.status
    assert [corrected.get(t, t) for t in noticed.transition] == [
        corrected.get(t, t) for t in plain.transition
    ]
    assert np.array_equal(
        noticed.judgements.answer_probability, plain.judgements.answer_probability
    )


def test_a_launch_that_leaves_its_corridor_contradicts_and_stays_an_alert() -> None:
    estimates = rocket_track()
    wrong = replace(NOTICE, azimuth_min_rad=math.radians(60.0), azimuth_max_rad=math.radians(90.0))
    alerts = watch(estimates, settings=POWERED, looks=two_nations(estimates), notices=(wrong,))
    assert alerts.notice[-1].match is Match.CONTRADICTING
    assert alerts.status[-1] in (AlertStatus.CONFIRMED, AlertStatus.UNCONFIRMED)


def test_no_impact_is_given_while_the_motor_burns() -> None:
    drawn = truths(np.random.default_rng(1), 1, is_powered=True, ground_range_m=(2e6, 2.5e6))
    powered = drawn.arcs.powered
    burn_s = float(powered.burn_time_s[0])
    times = np.arange(0.4 * burn_s, burn_s, 2.0)
    rising = state_vector(powered, times[None])[0]
    free = np.concatenate(
        [after(drawn.arcs.burn_out_state_vector[:1], s) for s in np.arange(1.0, 80.0, 2.0)]
    )
    seconds = np.concatenate([times, burn_s + np.arange(1.0, 80.0, 2.0)])
    time_ns = START_NS + (seconds * 1e9).astype(np.int64)
    estimates = Estimates(
        track=np.zeros(len(time_ns), np.int64),
        time_ns=time_ns,
        known_ns=time_ns,
        status=np.full(len(time_ns), Status.CONFIRMED, np.int8),
        state_vector=np.concatenate([rising, free]),
        covariance=np.tile(orbit_covariance(100.0, 3.0), (len(time_ns), 1, 1)),
    )
    alerts = watch(estimates, settings=POWERED)
    for row in alerts.row:
        burns_then = alerts.estimates.time_ns[row] < START_NS + burn_s * 1e9
        given = bool(alerts.judgements.impacts.is_given[row])
        assert not (burns_then and given)
    assert alerts.judgements.motor[alerts.row[1]] is Motor.BURNS
    assert alerts.judgements.motor[alerts.row[-1]] is Motor.COASTS
    assert alerts.judgements.impacts.is_given[alerts.row[-1]]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_poorly_known_track_gets_no_impact_while_the_motor_may_burn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = truths(
        rng,
        1,
        is_powered=True,
        ground_range_m=(2e6, 2.5e6),
        burn_time_s=(125.0, 130.0),
        burn_out_altitude_m=(140e3, 150e3),
    )
    burn_s = float(drawn.arcs.powered.burn_time_s[0])
    seconds = np.arange(0.4 * burn_s, burn_s, 2.0)
    time_ns = START_NS + (seconds * 1e9).astype(np.int64)
    covariance = orbit_covariance(20_000.0, 400.0)
    error = rng.multivariate_normal(np.zeros(6), covariance)
    estimates = Estimates(
        track=np.zeros(len(time_ns), np.int64),
        time_ns=time_ns,
        known_ns=time_ns,
        status=np.full(len(time_ns), Status.CONFIRMED, np.int8),
        state_vector=state_vector(drawn.arcs.powered, seconds[None])[0] + error,
        covariance=np.tile(covariance, (len(time_ns), 1, 1)),
    )
    alerts = watch(estimates, settings=POWERED)
    assert not alerts.judgements.impacts.is_given.any()


def test_the_earlier_rows_do_not_change_when_later_news_arrives() -> None:
    estimates = joined([missile(1), missile(2, number=1), rocket_track()])
    looks = two_nations(estimates)
    columns = to_columns(watch(estimates, settings=POWERED, looks=looks), class_names=NAMES)
    whole = to_table("alerts", columns).to_pylist()
    for part in (0.3, 0.6, 0.9):
        cut_ns = int(np.quantile(estimates.known_ns, part))
        known = estimates.take(estimates.known_ns <= cut_ns)
        heard = np.flatnonzero(looks.arrival_ns <= cut_ns)
        arrived = replace(
            looks,
            track=looks.track[heard],
            arrival_ns=looks.arrival_ns[heard],
            sensor=looks.sensor[heard],
        )
        columns = to_columns(watch(known, settings=POWERED, looks=arrived), class_names=NAMES)
        early = [row for row in to_table("alerts", columns).to_pylist() if not row["is_last_sight"]]
        by_key = {(row["track"], row["time_ns"]): row for row in whole}
        assert early
        for row in early:
            assert by_key[row["track"], row["time_ns"]] == row


def test_the_order_of_rows_does_not_matter() -> None:
    estimates = joined([missile(1), missile(2, number=1)])
    shuffled = estimates.take(np.random.default_rng(4).permutation(len(estimates)))
    one, other = (
        to_table("alerts", to_columns(watch(each, settings=VACUUM), class_names=NAMES))
        for each in (estimates, shuffled)
    )
    assert one.equals(other)


def test_the_vacuum_model_gives_an_impact_from_the_first_row_on() -> None:
    drawn = truths(np.random.default_rng(6), 1, is_powered=False, after_s=(60.0, 61.0))
    alerts = watch(track(drawn.true_state_vector[0]), settings=VACUUM)
    assert alerts.judgements.impacts.is_given[alerts.row].all()


def test_a_track_that_was_never_confirmed_raises_nothing() -> None:
    estimates = missile()
    tentative = replace(estimates, status=np.full(len(estimates), Status.TENTATIVE, np.int8))
    for each in (tentative, empty_estimates()):
        alerts = watch(each, settings=POWERED)
        assert len(alerts) == 0
        assert to_table("alerts", to_columns(alerts, class_names=NAMES)).num_rows == 0


def test_a_call_judges_as_many_tracks_and_notices_as_its_limit_and_no_more() -> None:
    estimates = joined([missile(1), missile(2, number=1)])
    watch(estimates, settings=VACUUM, limits=Limits(track_count=2))
    with pytest.raises(InputError, match="2 tracks"):
        watch(estimates, settings=VACUUM, limits=Limits(track_count=1))
    watch(estimates, settings=VACUUM, notices=(NOTICE,), limits=Limits(notice_count=1))
    with pytest.raises(InputError, match="2 notices"):
        watch(estimates, settings=VACUUM, notices=(NOTICE,) * 2, limits=Limits(notice_count=1))


def jumped(estimates: Estimates, velocity_m_s: F64) -> Estimates:
    """The second half of the track moved on as if its velocity had been another."""
    half = len(estimates) // 2
    states = estimates.state_vector.copy()
    start = states[half].copy()
    start[3:] += velocity_m_s
    for k in range(half, len(states)):
        seconds = (estimates.time_ns[k] - estimates.time_ns[half]) / 1e9
        states[k] = after(start[None], seconds)[0] if seconds else start
    return replace(estimates, state_vector=states)


def test_an_impact_that_leaves_the_ellipse_stated_is_corrected() -> None:
    # A brake of 60 m/s that no motor explains: the impact moves by more than its ellipse.
    plain = missile()
    back = -60.0 * plain.state_vector[20, 3:] / np.linalg.norm(plain.state_vector[20, 3:])
    alerts = watch(jumped(plain, back), settings=POWERED, looks=two_nations(plain))
    index = alerts.transition.index(Transition.CORRECTED)
    assert "left the ellipse stated" in alerts.reason[index]


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_kilometres_for_metres_are_noticed(factor: float) -> None:
    plain = missile()
    wrong = replace(plain, state_vector=factor * plain.state_vector)
    with pytest.raises(InputError, match="Check the unit"):
        watch(wrong, settings=POWERED)


@pytest.mark.parametrize("settings", [POWERED, VACUUM])
def test_no_estimate_however_poor_ends_in_an_error(settings: Settings) -> None:
    rng = np.random.default_rng(9)
    count = 60
    direction = rng.standard_normal((count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    radius = 6.36e6 + 10.0 ** rng.uniform(0.0, 8.0, (count, 1))
    velocity = rng.standard_normal((count, 3)) * 10.0 ** rng.uniform(-6.0, 5.0, (count, 1))
    root = rng.standard_normal((count, 6, 6)) * 10.0 ** rng.uniform(-9.0, 9.0, (count, 1, 1))
    covariance = root @ root.transpose(0, 2, 1)
    covariance[::7] = 0.0
    covariance[1::7] = -np.eye(6)
    time_ns = START_NS + np.arange(count) * SECOND_NS
    estimates = Estimates(
        track=np.arange(count) % 20,
        time_ns=time_ns,
        known_ns=time_ns,
        status=np.full(count, Status.CONFIRMED, np.int8),
        state_vector=np.concatenate([radius * direction, velocity], axis=1),
        covariance=covariance,
    )
    alerts = watch(estimates, settings=settings, notices=(NOTICE,))
    table = to_table("alerts", to_columns(alerts, class_names=NAMES))
    assert table.num_rows == len(alerts) > 0
