"""The radar equation, accuracies, and derivatives against differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.earth.frames import position_from_look_angles
from commonwatch.sensing import measurement
from commonwatch.sensing.infrared import Geostationary
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.site import Site
from tests.sensing.build import face, radar, satellite

F64 = npt.NDArray[np.float64]

SOMEWHERE = Site(latitude_rad=0.8, longitude_rad=0.7, altitude_m=150.0)


def at(sensor: Radar, range_m: float, azimuth_deg: float, elevation_deg: float) -> F64:
    """State vector at look angles from a radar, with some velocity."""
    place = position_from_look_angles(
        sensor.site.position_ecef_m,
        sensor.site.rotation_enu_from_ecef,
        range_m,
        math.radians(azimuth_deg),
        math.radians(elevation_deg),
    )
    return np.concatenate([place, [1e3, -2e3, 3e3]])


def differences(function: Callable[[F64], F64], state_vector: F64) -> F64:
    """Derivative by central differences of 1 m and 1 m/s."""
    columns = []
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1.0
        columns.append(0.5 * (function(state_vector + step) - function(state_vector - step)))
    return np.stack(columns, axis=-1)


def test_half_is_the_probability_at_the_catalogue_range() -> None:
    ratio = measurement.signal_to_noise(radar(), 4_000e3, 1.0)
    assert 10.0 * math.log10(ratio) == pytest.approx(12.8)
    assert measurement.detection_probability(ratio) == pytest.approx(0.5, abs=0.003)
    # No signal: what is left is the probability of a false alarm.
    assert measurement.detection_probability(0.0) == pytest.approx(1e-6)


def test_the_signal_falls_with_range_cross_section_and_angle_as_the_equation_says() -> None:
    fixed = radar(face(0.0, 120.0))
    whole = measurement.signal_to_noise(fixed, 1e6, 1.0)
    assert measurement.signal_to_noise(fixed, 2e6, 1.0) == pytest.approx(whole / 16.0)
    tenth = measurement.signal_to_noise(radar(cross_section_m2=0.1), 1e6, 1.0)
    assert tenth == pytest.approx(whole / 10.0)
    assert measurement.signal_to_noise(fixed, 1e6, 0.5) == pytest.approx(whole / 8.0)
    assert measurement.signal_to_noise(fixed, 1e6, -0.2) == 0.0
    turning = radar(scan_loss_exponent=0.0)
    assert measurement.signal_to_noise(turning, 1e6, 0.5) == pytest.approx(whole)


def test_accuracies_follow_the_signal_down_to_their_floors() -> None:
    sensor = radar(face(0.0, 120.0), beamwidth_rad=0.04, bandwidth_hz=1e6, range_floor_m=20.0)
    # At SNR 50 the root of twice the signal is 10.
    assert measurement.angle_std_rad(sensor, 50.0, 1.0) == pytest.approx(0.04 / 16.0)
    assert measurement.angle_std_rad(sensor, 50.0, 0.5) == pytest.approx(0.04 / 8.0)
    assert measurement.angle_std_rad(sensor, 1e9, 1.0) == pytest.approx(0.04 / 50.0)
    assert measurement.range_std_m(sensor, 12.5) == pytest.approx(149.896 / 5.0, rel=1e-5)
    assert measurement.range_std_m(sensor, 1e9) == 20.0
    turning = radar(beamwidth_rad=0.04, scan_loss_exponent=0.0)
    assert measurement.angle_std_rad(turning, 50.0, 0.5) == pytest.approx(0.04 / 16.0)


def test_the_best_face_is_the_one_that_looks_most_nearly_there() -> None:
    sensor = radar(face(0.0, 120.0), face(120.0, 240.0), face(240.0, 360.0), site=SOMEWHERE)
    places = np.stack([at(sensor, 1e6, a, 20.0)[:3] for a in (60.0, 175.0, 290.0)])
    index, cosine = measurement.best_face(sensor, places)
    assert index.tolist() == [0, 1, 2]
    assert cosine[0] == pytest.approx(1.0)
    # Two directions of equal elevation e, a apart in azimuth: sin^2 e + cos^2 e cos a.
    sine, level = math.sin(math.radians(20.0)), math.cos(math.radians(20.0))
    expected = [sine**2 + level**2 * math.cos(math.radians(a)) for a in (5.0, 10.0)]
    assert cosine[1:] == pytest.approx(expected)


@given(
    range_m=st.floats(1e5, 5e6),
    azimuth_deg=st.floats(0.0, 359.0),
    elevation_deg=st.floats(-5.0, 88.0),
)
@settings(max_examples=60)
def test_measuring_gives_back_the_look_angles_and_the_derivative_that_of_differences(
    range_m: float, azimuth_deg: float, elevation_deg: float
) -> None:
    sensor = radar(site=SOMEWHERE)
    states = at(sensor, range_m, azimuth_deg, elevation_deg)
    measured = measurement.radar_measurement(sensor, states)
    expected = [range_m, math.radians(azimuth_deg), math.radians(elevation_deg)]
    assert measured[0] == pytest.approx(expected[0], abs=1e-6)
    assert math.remainder(measured[1] - expected[1], 2.0 * math.pi) == pytest.approx(0.0, abs=1e-9)
    assert measured[2] == pytest.approx(expected[2], abs=1e-9)

    def without_wrap(state_vector: F64) -> F64:
        values = measurement.radar_measurement(sensor, state_vector)
        values[1] = math.remainder(values[1] - measured[1], 2.0 * math.pi)
        return values

    got = measurement.radar_jacobian(sensor, states)
    scale = np.array([1.0, range_m * math.cos(expected[2]), range_m])[:, np.newaxis]
    assert scale * got == pytest.approx(scale * differences(without_wrap, states), abs=1e-4)


@given(
    range_m=st.floats(1e5, 5e6),
    azimuth_deg=st.floats(0.0, 359.0),
    elevation_deg=st.floats(-5.0, 88.0),
)
@settings(max_examples=60)
def test_the_range_rate_is_the_growth_of_range_and_its_derivative_that_of_differences(
    range_m: float, azimuth_deg: float, elevation_deg: float
) -> None:
    sensor = radar(site=SOMEWHERE)
    states = at(sensor, range_m, azimuth_deg, elevation_deg)
    rate = measurement.range_rate_measurement(sensor, states)

    def range_after(seconds: float) -> float:
        moved = states[:3] + seconds * states[3:]
        return float(np.linalg.norm(moved - sensor.site.position_ecef_m))

    growth = (range_after(0.05) - range_after(-0.05)) / 0.1
    assert rate == pytest.approx(growth, abs=0.01)
    got = measurement.range_rate_jacobian(sensor, states)
    expected = differences(lambda s: measurement.range_rate_measurement(sensor, s), states)
    assert got == pytest.approx(expected, abs=1e-6)


def test_the_constants_of_a_radar_take_the_place_of_the_radar_equation() -> None:
    states = np.stack([at(radar(), r, 40.0, 30.0) for r in (5e5, 3e6)])
    equation = measurement.radar_noise(radar(), states)
    noise = measurement.radar_noise(radar(range_std_m=7.0, elevation_std_rad=3e-3), states)
    assert noise[:, 0].tolist() == [7.0, 7.0]
    assert noise[:, 2].tolist() == [3e-3, 3e-3]
    assert (noise[:, 1] == equation[:, 1]).all()
    near, far = measurement.look_probability(radar(), states)
    assert 0.5 < far < near
    constant = measurement.look_probability(radar(detection_probability=0.9), states)
    assert constant.tolist() == [0.9, 0.9]


@given(longitude=st.floats(-0.9, 0.9), latitude=st.floats(-0.9, 0.9), height=st.floats(0.0, 1e6))
@settings(max_examples=40)
def test_a_line_of_sight_and_its_derivative_agree_with_plane_trigonometry(
    longitude: float, latitude: float, height: float
) -> None:
    eye = satellite(Geostationary(longitude_rad=0.0))
    radius = 6.37e6 + height
    place = radius * np.array(
        [
            math.cos(latitude) * math.cos(longitude),
            math.cos(latitude) * math.sin(longitude),
            math.sin(latitude),
        ]
    )
    states = np.concatenate([place, np.zeros(3)])
    angles = measurement.line_of_sight_measurement(eye, 0.0, states)
    # From 42,164 km above longitude 0: nadir is -x, east is y, north is z.
    depth = 42_164_172.0 - place[0]
    assert angles[0] == pytest.approx(math.atan2(place[1], depth), abs=1e-7)
    assert angles[1] == pytest.approx(math.atan2(place[2], math.hypot(depth, place[1])), abs=1e-7)
    got = measurement.line_of_sight_jacobian(eye, 0.0, states)

    def measure(state_vector: F64) -> F64:
        return measurement.line_of_sight_measurement(eye, 0.0, state_vector)

    assert 3.6e7 * got == pytest.approx(3.6e7 * differences(measure, states), abs=1e-4)


def test_the_noise_of_a_line_of_sight_is_the_same_each_way_across_it() -> None:
    eye = satellite(line_of_sight_std_rad=2e-5)
    states = np.array([2e6, 1e6, 5.9e6, 0.0, 0.0, 0.0])
    north = measurement.line_of_sight_measurement(eye, 0.0, states)[1]
    noise = measurement.line_of_sight_noise(eye, 0.0, states)
    assert noise * [math.cos(north), 1.0] == pytest.approx([2e-5, 2e-5])


def test_information_is_the_inverse_of_the_scatter_of_one_look() -> None:
    sensor = radar(site=SOMEWHERE, beamwidth_rad=1e-3)
    states = np.stack([at(sensor, 1.5e6, 100.0, 30.0), at(sensor, 2e6, 100.0, 60.0)])
    got = measurement.information(sensor, states)
    assert got.shape == (2, 6, 6)
    assert got[:, 3:].any() == np.False_
    for states_one, information in zip(states, got, strict=True):
        jacobian = measurement.radar_jacobian(sensor, states_one)[:, :3]
        noise = measurement.radar_noise(sensor, states_one)
        scatter = np.linalg.inv(jacobian) @ np.diag(noise**2) @ np.linalg.inv(jacobian).T
        assert information[:3, :3] @ scatter == pytest.approx(np.eye(3), abs=1e-6)


def test_across_the_line_of_sight_noise_is_a_circle_at_any_elevation() -> None:
    sensor = radar(face(elevation_max_deg=90.0), site=SOMEWHERE, scan_loss_exponent=0.0)
    noise = measurement.radar_noise(sensor, at(sensor, 1e6, 10.0, 60.0))
    assert noise[1] * math.cos(math.radians(60.0)) == pytest.approx(noise[2])


def test_a_single_face_wider_than_half_a_turn_turns_and_loses_nothing_to_scanning() -> None:
    turning, fixed = radar(face(0.0, 360.0)), radar(face(0.0, 360.0), scan_loss_exponent=0.0)
    behind = at(turning, 500e3, 5.0, 20.0)  # its boresight looks south
    expected = measurement.radar_noise(fixed, behind)
    np.testing.assert_allclose(measurement.radar_noise(turning, behind), expected)
