"""The coast test on arcs with and without a burn, made by SciPy or other libraries, with noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import solve_ivp

from commonwatch.earth.ellipsoid import ecef_from_geodetic, geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.errors import InputError
from commonwatch.flight.coast import Verdict, coast_evidence, first_coast
from commonwatch.studies.validation import column, read_rows

F64 = npt.NDArray[np.float64]
Push = Callable[[float, F64], F64]
"""Acceleration beside gravity, from time and state vector."""

GM_M3_S2 = 3.986004418e14
EARTH_RATE_RAD_S = 7.292115e-5
POSITION_STD_M = 30.0
VELOCITY_STD_M_S = 1.0
SERIAL = 0.6
"""Scatter of webcast telemetry about its own straight lines, and its serial correlation."""


def noisy(states: F64, seed: int, velocity_std_m_s: float = VELOCITY_STD_M_S) -> F64:
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=states.shape)
    for k in range(1, len(drawn)):
        drawn[k] = SERIAL * drawn[k - 1] + np.sqrt(1.0 - SERIAL**2) * drawn[k]
    return states + drawn * ([POSITION_STD_M] * 3 + [velocity_std_m_s] * 3)


def none(time_s: float, vector: F64) -> F64:
    return np.zeros(3)


def thrust(size_m_s2: float, first_s: float, last_s: float) -> Push:
    """Along the velocity; negative brakes."""

    def push(time_s: float, vector: F64) -> F64:
        is_on = first_s <= time_s < last_s
        return np.asarray(is_on * size_m_s2 * vector[3:] / np.linalg.norm(vector[3:]))

    return push


def air(time_s: float, vector: F64) -> F64:
    """Exponential air on 1,000 kg/m2: 1.225 kg/m3 at the sea, scale height 7.2 km."""
    height = np.linalg.norm(vector[:3]) - 6_371_000.0
    speed = np.linalg.norm(vector[3:])
    return np.asarray(-0.5 * 1.225 * np.exp(-height / 7200.0) / 1000.0 * speed * vector[3:])


def flown(
    push: Push,
    *,
    height_m: float = 100e3,
    speed_up_m_s: float = 1500.0,
    speed_along_m_s: float = 2500.0,
    duration_s: int = 240,
    has_flat_gravity: bool = False,
) -> tuple[F64, F64]:
    """Integrate in the turning frame, two-body, from 45 degrees north, due east, at 1 Hz."""
    latitude, longitude = np.radians([45.0, 10.0])
    start_m = ecef_from_geodetic(latitude, longitude, height_m)
    rotation = rotation_enu_from_ecef(latitude, longitude)
    start = np.concatenate([start_m, rotation.T @ [speed_along_m_s, 0.0, speed_up_m_s]])
    spin = np.array([0.0, 0.0, EARTH_RATE_RAD_S])

    def rate(time_s: float, vector: F64) -> F64:
        position, velocity = vector[:3], vector[3:]
        radius = np.linalg.norm(position)
        pull = 9.80665 if has_flat_gravity else GM_M3_S2 / radius**2
        turning = -2.0 * np.cross(spin, velocity) - np.cross(spin, np.cross(spin, position))
        return np.concatenate(
            [velocity, -pull * position / radius + turning + push(time_s, vector)]
        )

    time = np.arange(duration_s + 1.0)
    solved = solve_ivp(
        rate, (0.0, duration_s), start, "DOP853", time, rtol=1e-10, atol=1e-6, max_step=1.0
    )
    return time, solved.y.T


def reference_path(name: str) -> tuple[F64, F64]:
    rows = [row for row in read_rows("path_j2_uniform.csv") if row["id"] == name]
    keys = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    return np.array(column(rows, "t_s")), np.column_stack([column(rows, key) for key in keys])


@pytest.mark.parametrize(
    "name",
    [
        "R01000_G_65N020E_az000",
        "R02000_C_40N126E_az060",
        "R03500_I_50N140W_az135_depr",
        "R05500_G_65N020E_az000",
    ],
)
def test_free_flight_of_another_library_is_accepted_through_telemetry_noise(name: str) -> None:
    time, states = reference_path(name)
    evidence = coast_evidence(time, noisy(states, seed=1))
    assert evidence.is_free_flight, evidence.sentence


def test_an_apogee_that_noise_moves_by_more_than_3_km_decides_nothing() -> None:
    time, states = reference_path("R01001_L_40N126E_steep_ap7687")
    evidence = coast_evidence(time, noisy(states, seed=1))
    assert evidence.apogee_difference_m > 3_000.0
    assert evidence.verdict is Verdict.UNDECIDED, evidence.sentence
    quiet = coast_evidence(time, noisy(states, seed=1, velocity_std_m_s=0.1 * VELOCITY_STD_M_S))
    assert quiet.is_free_flight, quiet.sentence


@pytest.mark.parametrize(
    ("speed_up_m_s", "speed_along_m_s"), [(900.0, 2100.0), (2500.0, 500.0), (300.0, 4500.0)]
)
def test_a_coast_by_scipy_is_accepted(speed_up_m_s: float, speed_along_m_s: float) -> None:
    time, states = flown(none, speed_up_m_s=speed_up_m_s, speed_along_m_s=speed_along_m_s)
    evidence = coast_evidence(time, noisy(states, seed=2))
    assert evidence.is_free_flight, evidence.sentence


@pytest.mark.parametrize(
    ("push", "why"),
    [
        (thrust(20.0, 0.0, 240.0), "a motor that burns throughout"),
        (thrust(20.0, 100.0, 130.0), "a burn in the middle"),
        (thrust(2.0, 60.0, 120.0), "a small burn of a minute"),
        (thrust(12.0, 110.0, 116.0), "a short burn"),
        (thrust(-15.0, 180.0, 200.0), "a braking burn"),
        (thrust(1.5, 0.0, 240.0), "a weak motor throughout"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_burn_is_refused(push: Push, why: str) -> None:
    time, states = flown(push)
    evidence = coast_evidence(time, noisy(states, seed=3))
    assert evidence.verdict is Verdict.NOT_FREE_FLIGHT, f"{why}: {evidence.sentence}"


def test_a_burn_shows_when_and_along_what() -> None:
    time, states = flown(thrust(-15.0, 180.0, 200.0))
    evidence = coast_evidence(time, noisy(states, seed=3))
    assert evidence.residual_max_at_s == pytest.approx(190.0, abs=8.0)
    assert evidence.along_m_s2 == pytest.approx(-evidence.residual_max_m_s2, rel=0.05)


def test_a_fall_through_air_is_refused() -> None:
    time, states = flown(air, height_m=60e3, speed_up_m_s=-800.0, duration_s=45)
    evidence = coast_evidence(time, noisy(states, seed=4))
    assert evidence.verdict is Verdict.NOT_FREE_FLIGHT, evidence.sentence


def test_a_flat_earth_s_gravity_is_refused() -> None:
    time, states = flown(none, height_m=500e3, speed_up_m_s=3000.0, has_flat_gravity=True)
    evidence = coast_evidence(time, noisy(states, seed=5))
    assert evidence.verdict is Verdict.NOT_FREE_FLIGHT, evidence.sentence


def test_between_the_two_limits_nothing_is_decided() -> None:
    time, states = flown(thrust(0.75, 0.0, 60.0), duration_s=60)
    evidence = coast_evidence(time, states)
    assert evidence.verdict is Verdict.UNDECIDED, evidence.sentence
    assert evidence.residual_max_m_s2 == pytest.approx(0.75, abs=0.02)


def test_noise_that_could_hide_a_burn_decides_nothing() -> None:
    time, states = flown(none)
    evidence = coast_evidence(time, noisy(states, seed=6, velocity_std_m_s=10.0))
    assert evidence.verdict is Verdict.UNDECIDED, evidence.sentence
    assert "noise" in evidence.sentence


def test_the_noise_floor_covers_the_residual_of_a_true_coast() -> None:
    time, states = flown(none)
    evidence = coast_evidence(time, noisy(states, seed=7))
    assert evidence.residual_median_m_s2 < 3.0 * evidence.noise_floor_m_s2


def test_a_gross_outlier_does_not_make_a_burn() -> None:
    time, states = flown(none)
    states[80, 3:] += 60.0
    assert coast_evidence(time, noisy(states, seed=8)).is_free_flight


def test_samples_until_8_s_after_cut_off_are_not_judged() -> None:
    time, states = flown(thrust(20.0, 0.0, 60.0))
    assert not coast_evidence(time, states).is_free_flight
    evidence = coast_evidence(time, states, cut_off_s=60.0)
    assert evidence.first_s == 68.0
    assert evidence.is_free_flight


def test_the_predicted_apogee_is_the_one_that_scipy_reaches() -> None:
    time, states = flown(none, speed_up_m_s=1000.0)
    evidence = coast_evidence(time, states)
    highest_m = geodetic_from_ecef(states[:, :3])[2].max()
    # Two-body truth, J2 predicted: 0.1 % of gravity over a climb of 55 km.
    assert evidence.apogee_m == pytest.approx(highest_m, abs=300.0)


def test_the_first_coast_follows_the_burn() -> None:
    time, states = flown(thrust(20.0, 0.0, 60.0))
    first_s, start = first_coast(time, noisy(states, seed=9), cut_off_s=40.0)
    assert first_s == pytest.approx(60.0, abs=5.0)
    assert start.shape == (6,)


def test_where_nothing_coasts_there_is_no_first_coast() -> None:
    time, states = flown(thrust(20.0, 0.0, 240.0))
    with pytest.raises(InputError, match="no part"):
        first_coast(time, states, cut_off_s=0.0)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda time, states: (time[:5], states[:5]), "5 samples"),
        (lambda time, states: (time[::-1], states), "do not rise"),
        (lambda time, states: (time, states[:, :3]), "shape"),
        (lambda time, states: (time, np.where(states > 0.0, np.nan, states)), "not finite"),
    ],
)
def test_samples_that_cannot_be_judged_are_refused(
    change: Callable[[F64, F64], tuple[F64, F64]], match: str
) -> None:
    time, states = flown(none, duration_s=20)
    with pytest.raises(InputError, match=match):
        coast_evidence(*change(time, states))
