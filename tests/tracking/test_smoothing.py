"""Smoothing back: better than filtering, honest, and least squares where there is no noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import least_squares

from commonwatch.flight.propagation import after
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.sensing.measurement import radar_measurement, range_rate_measurement
from commonwatch.tracking import smoothing
from commonwatch.tracking.estimate import (
    Estimates,
    Status,
    joined,
    normalised_error_squared,
    predict,
)
from commonwatch.tracking.plots import no_bias
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.smoothing import smoothed
from tests.tracking.build import (
    EPOCH_NS,
    EYE,
    INTERVAL_S,
    NORTH,
    RADARS,
    SECOND_NS,
    above,
    band,
    flights,
    lines,
    seen,
    together,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

STILL = Settings(process_noise_m2_s3=0.0)
KNOWN_NS = EPOCH_NS + 10**12


def followed(
    seed: int, count: int, duration_s: float, *, offset: F64 | None = None
) -> tuple[Detections, I64, F64]:
    """Plots of some flights by three radars, whose they are, and where the flights start."""
    rng = np.random.default_rng(seed)
    start = flights(rng, count)
    parts, owner = [], []
    for look in range(int(duration_s / INTERVAL_S)):
        for sensor in range(3):
            seconds = INTERVAL_S * (look + sensor / 3.0)
            chosen = np.flatnonzero(rng.random(count) < 0.9)
            one = seen(after(start, seconds)[chosen], seconds, RADARS, sensor, rng)
            if offset is not None:
                one = dataclasses.replace(one, measured=one.measured + offset[sensor])
            parts.append(one)
            owner.append(chosen + 1)
    return together(parts), np.concatenate(owner), start


def all_of(detections: Detections, track: I64, **options: object) -> Estimates:
    return joined(list(smoothed(detections, track, RADARS, known_ns=KNOWN_NS, **options)))  # type: ignore[arg-type]


def errors_of(estimates: Estimates, start: F64) -> F64:
    found = np.empty((len(estimates), 6))
    for time_ns in np.unique(estimates.time_ns):
        chosen = np.flatnonzero(estimates.time_ns == time_ns)
        there = after(start, (time_ns - EPOCH_NS) / SECOND_NS)
        found[chosen] = estimates.state_vector[chosen] - there[estimates.track[chosen] - 1]
    return found


def first_rows(estimates: Estimates) -> Estimates:
    _, first = np.unique(estimates.track, return_index=True)
    return estimates.take(first)


def last_rows(estimates: Estimates) -> Estimates:
    ends = np.append(np.flatnonzero(np.diff(estimates.track)), len(estimates) - 1)
    return estimates.take(ends)


def test_there_is_a_row_for_each_time_of_a_plot_of_each_track() -> None:
    detections, track, _ = followed(1, 4, 20.0)
    estimates = all_of(detections, track)
    pairs = np.stack([track, detections.time_ns], axis=-1)
    wanted = np.unique(pairs, axis=0)
    assert np.array_equal(np.stack([estimates.track, estimates.time_ns], axis=-1), wanted)
    assert (estimates.known_ns == KNOWN_NS).all()
    assert (estimates.status == Status.CONFIRMED).all()


def test_smoothed_errors_are_smaller_than_filtered_ones() -> None:
    detections, track, start = followed(2, 30, 60.0)
    until = detections.time_ns <= EPOCH_NS + 20 * SECOND_NS
    whole = all_of(detections, track)
    # The last row of what had come by then is what a filter knew then.
    filtered = last_rows(all_of(detections.take(until), track[until]))
    same = np.isin(
        whole.track * 10**12 + (whole.time_ns - EPOCH_NS),
        filtered.track * 10**12 + (filtered.time_ns - EPOCH_NS),
    )
    later = whole.take(same)
    assert len(later) == len(filtered) == 30
    squares = [
        (errors_of(one, start)[:, part] ** 2).sum()
        for one in (later, filtered)
        for part in (slice(0, 3), slice(3, 6))
    ]
    assert squares[0] < 0.6 * squares[2]
    assert squares[1] < 0.2 * squares[3]
    traces = [np.trace(one.covariance, axis1=1, axis2=2) for one in (later, filtered)]
    assert (traces[0] < traces[1]).all()


def test_smoothed_errors_are_as_large_as_the_covariance_says() -> None:
    """Two hundred and forty flights, each judged once: at the first plot, or in the middle."""
    for pick in ("first", "middle"):
        found = []
        for seed in range(6):
            detections, track, start = followed(20 + seed, 40, 30.0)
            estimates = all_of(detections, track)
            if pick == "first":
                rows = first_rows(estimates)
            else:
                middle = np.searchsorted(estimates.track, np.arange(1, 41)) + 20
                rows = estimates.take(middle)
            error = errors_of(rows, start)
            found += normalised_error_squared(error, rows.covariance).tolist()
        assert len(found) == 240
        low, high = band(240, 6)
        assert low < np.mean(found) < high


def test_without_noise_it_is_least_squares_over_all_plots() -> None:
    detections, track, start = followed(3, 3, 40.0)
    estimates = all_of(detections, track, settings=STILL)
    scale = np.array([100.0] * 3 + [1.0] * 3)
    for number in (1, 2, 3):
        own = detections.take(track == number)
        first_s = (int(own.time_ns.min()) - EPOCH_NS) / SECOND_NS
        begun = after(start, first_s)[number - 1]

        def misfits(change: F64, own: Detections = own, begun: F64 = begun) -> F64:
            state_vector = (begun + change * scale)[np.newaxis]
            parts = []
            for k in range(len(own)):
                seconds = (int(own.time_ns[k]) - int(own.time_ns.min())) / SECOND_NS
                there, _ = predict(state_vector, np.zeros((1, 6, 6)), seconds)
                radar = RADARS[own.sensor[k]]
                hat = np.append(
                    radar_measurement(radar, there[0]), range_rate_measurement(radar, there[0])
                )
                off = own.measured[k] - hat
                off[1] = np.remainder(off[1] + np.pi, 2.0 * np.pi) - np.pi
                parts.append(off / own.std[k])
            return np.concatenate(parts)

        best = least_squares(misfits, np.zeros(6), method="lm", xtol=1e-12, ftol=1e-12)
        wanted = begun + best.x * scale
        spread = np.linalg.inv(best.jac.T @ best.jac) * np.outer(scale, scale)
        row = first_rows(estimates.take(estimates.track == number))
        sigma = np.sqrt(np.diag(spread))
        assert np.abs((row.state_vector[0] - wanted) / sigma).max() < 0.01
        ratio = np.diag(row.covariance[0]) / np.diag(spread)
        assert ratio == pytest.approx(1.0, abs=0.01)


def test_all_rows_of_a_flight_without_noise_lie_on_one_arc() -> None:
    detections, track, _ = followed(4, 2, 30.0)
    estimates = all_of(detections, track, settings=STILL)
    for number in (1, 2):
        rows = estimates.take(estimates.track == number)
        seconds = (rows.time_ns - rows.time_ns[0]) / SECOND_NS
        for k in range(1, len(rows)):
            there = after(rows.state_vector[:1], float(seconds[k]))[0]
            assert np.linalg.norm(there - rows.state_vector[k]) < 0.05


def test_the_order_of_rows_and_the_number_of_tracks_at_a_time_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detections, track, _ = followed(5, 20, 16.0)
    plain = all_of(detections, track)
    order = np.random.default_rng(5).permutation(len(track))
    monkeypatch.setattr(smoothing, "_PLOTS_A_PORTION", 50)
    mixed = all_of(detections.take(order), track[order])
    for name in Estimates.__slots__:
        assert np.array_equal(getattr(mixed, name), getattr(plain, name)), name


def test_biases_are_taken_off_and_what_is_unsure_of_them_is_said() -> None:
    """Errors drawn for each radar and scene, half of them known."""
    found: list[float] = []
    blind: list[float] = []
    for seed in range(40):
        rng = np.random.default_rng(1_000 + seed)
        std = np.array([60.0, 5e-4, 5e-4, 0.0])
        drawn = rng.normal(size=(3, 4)) * std
        detections, track, start = followed(60 + seed, 2, 20.0, offset=drawn)
        bias = no_bias(3)
        bias.value[:] = 1.0 * drawn - rng.normal(size=(3, 4)) * std
        bias.covariance[:] = np.diag(np.tile(std, 3) ** 2)
        for options, into in ((bias, found), (None, blind)):
            rows = first_rows(all_of(detections, track, bias=options))
            error = errors_of(rows, start)
            into.append(float(normalised_error_squared(error, rows.covariance)[0]))
    low, high = band(len(found), 6)
    assert low < np.mean(found) < high
    assert np.mean(blind) > 3.0 * high


def test_a_late_clock_is_put_right() -> None:
    rng = np.random.default_rng(6)
    start = flights(rng, 1)
    late_s = 0.05
    parts = []
    for look in range(20):
        for sensor in range(3):
            seconds = INTERVAL_S * look + 0.6 * sensor
            one = seen(after(start, seconds), seconds, RADARS, sensor, rng, noise=0.01)
            if sensor == 0:
                one = dataclasses.replace(one, time_ns=one.time_ns + round(late_s * SECOND_NS))
            parts.append(one)
    detections = together(parts)
    track = np.ones(len(detections), dtype=np.int64)
    bias = no_bias(3)
    bias.value[0, 3] = late_s
    error = errors_of(all_of(detections, track, bias=bias), start)
    wrong = errors_of(all_of(detections, track), start)
    assert np.linalg.norm(error[:, :3], axis=1).max() < 10.0
    assert np.linalg.norm(wrong[:, :3], axis=1).mean() > 30.0


def test_a_burn_is_found_and_its_rows_are_wide_but_right() -> None:
    """A motor of 30 m/s2 for 40 s, seen by a satellite and a radar, then free flight."""
    ground = above(48.0, 10.0, 0.0)
    up = ground / np.linalg.norm(ground)
    east = np.cross([0.0, 0.0, 1.0], up)
    way = up + 0.5 * east / np.linalg.norm(east)
    burn_out = np.concatenate([ground + 0.5 * 30.0 * 70.0**2 * way, 30.0 * 70.0 * way])
    rng = np.random.default_rng(7)
    eye = np.array([42_164e3, 0.0, 0.0])
    parts = []
    for seconds in np.arange(30.0, 120.0, INTERVAL_S):
        if seconds <= 70.0:
            place = ground + 0.5 * 30.0 * seconds**2 * way
            state_vector = np.concatenate([place, 30.0 * seconds * way])[np.newaxis]
            parts.append(lines(state_vector, seconds, eye, 1, rng))
        else:
            state_vector = after(burn_out[np.newaxis], seconds - 70.0)
        parts.append(seen(state_vector, seconds, [NORTH, EYE], 0, rng))
    detections = together(parts)
    track = np.ones(len(detections), dtype=np.int64)
    rows = joined(list(smoothed(detections, track, [NORTH, EYE], known_ns=KNOWN_NS)))
    assert rows.time_ns[0] == EPOCH_NS + 30 * SECOND_NS
    seconds = (rows.time_ns - EPOCH_NS) / SECOND_NS
    burning = seconds <= 70.0
    place = ground + 0.5 * 30.0 * seconds[burning, np.newaxis] ** 2 * way
    miss = np.linalg.norm(rows.state_vector[burning, :3] - place, axis=1)
    assert miss.max() < 1_500.0
    spread = np.sqrt(np.trace(rows.covariance[:, :3, :3], axis1=1, axis2=2))
    assert (miss < 4.0 * spread[burning]).all()
    speed_std = np.sqrt(np.trace(rows.covariance[:, 3:, 3:], axis1=1, axis2=2))
    assert speed_std[burning].mean() > 3.0 * speed_std[-1]


def test_one_plot_alone_is_where_it_was_seen_and_nothing_is_known_of_its_speed() -> None:
    rng = np.random.default_rng(8)
    start = flights(rng, 1)
    one = together([seen(start, 0.0, RADARS, 0, rng)])
    row = all_of(one, np.array([7]))
    assert row.track.tolist() == [7]
    assert np.linalg.norm(row.state_vector[0, :3] - start[0, :3]) < 10_000.0
    assert np.sqrt(np.trace(row.covariance[0, 3:, 3:])) > 5_000.0


def test_a_line_of_sight_that_passes_the_earth_starts_a_track_too() -> None:
    rng = np.random.default_rng(9)
    start = flights(rng, 1, altitude_m=900e3)
    eye = np.array([-30e6, 20e6, 25e6])
    parts = [
        lines(after(start, s), s, where, 0, rng)
        for s in np.arange(0.0, 40.0, 2.0)
        for where in (eye, -0.9 * eye + np.array([0.0, 3e7, 0.0]))
    ]
    detections = together(parts)
    track = np.ones(len(detections), dtype=np.int64)
    rows = joined(list(smoothed(detections, track, [EYE], known_ns=KNOWN_NS)))
    assert len(rows) == 20
    assert np.linalg.norm(errors_of(rows, start)[:, :3], axis=1).max() < 50e3


def test_nothing_gives_nothing() -> None:
    assert list(smoothed(empty_detections(), [], RADARS, known_ns=KNOWN_NS)) == []
