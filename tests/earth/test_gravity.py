"""Zonal gravity against its potential, published values and the energy that it conserves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from commonwatch.earth import frames, gravity
from commonwatch.earth.gravity import Gravity

coordinates_m = st.floats(-3e7, 3e7)
models = st.sampled_from(list(Gravity))


def gravity_alone(position: np.ndarray, model: Gravity) -> np.ndarray:
    """Acceleration at rest less the centrifugal one."""
    rate = 7.292115e-5
    return gravity.acceleration_ecef(position, np.zeros(3), model) - rate**2 * position * [1, 1, 0]


@given(coordinates_m, coordinates_m, coordinates_m, models)
def test_gravity_is_the_downhill_slope_of_the_potential(
    x: float, y: float, z: float, model: Gravity
) -> None:
    position = np.array([x, y, z])
    radius_m = float(np.linalg.norm(position))
    assume(radius_m > 6.3e6)
    step = 100.0 * np.eye(3)
    rise = gravity.potential_energy(position + step, model) - gravity.potential_energy(
        position - step, model
    )
    fall = 3.986004418e14 / radius_m**2
    assert np.allclose(gravity_alone(position, model), -rise / 200.0, atol=1e-8 * fall + 1e-9)


def test_j2_gravity_agrees_with_the_textbook_formula_in_coordinates() -> None:
    # Montenbruck and Gill, Satellite Orbits, 2000, equation 3.28 onwards, written out for J2.
    x, y, z = 4e6, -3e6, 5e6
    r = math.sqrt(x * x + y * y + z * z)
    factor = 1.5 * 1.082629821e-3 * (6378137.0 / r) ** 2
    level = 1.0 + factor * (1.0 - 5.0 * (z / r) ** 2)
    upright = 1.0 + factor * (3.0 - 5.0 * (z / r) ** 2)
    expected = -3.986004418e14 / r**3 * np.array([x * level, y * level, z * upright])
    assert np.allclose(gravity_alone(np.array([x, y, z]), Gravity.J2), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("position_m", "published_m_s2"),
    [((6378137.0, 0.0, 0.0), 9.7803253359), ((0.0, 0.0, 6356752.3142), 9.8321849379)],
)
def test_gravity_on_the_ellipsoid_is_near_the_published_normal_gravity(
    position_m: tuple[float, float, float], published_m_s2: float
) -> None:
    # NIMA TR8350.2, table 3.4. Terms above J4 and the real J3 leave some 1e-5.
    got = gravity.acceleration_ecef(position_m, np.zeros(3), Gravity.J4)
    assert np.linalg.norm(got) == pytest.approx(published_m_s2, rel=2e-5)


def test_the_coefficients_round_to_those_of_jgm_3() -> None:
    # JGM-3, unnormalised: C20 -0.10826360e-2, C30 0.25324353e-5, C40 0.16193312e-5.
    j2, j3, j4 = gravity.zonal_coefficients(Gravity.J4)
    assert j2 == pytest.approx(1.0826360e-3, rel=1e-5)
    assert j3 == pytest.approx(-2.5324353e-6, rel=1e-4)
    assert j4 == pytest.approx(-1.6193312e-6, rel=1e-3)


def test_each_model_names_the_terms_that_it_uses() -> None:
    assert gravity.zonal_coefficients(Gravity.TWO_BODY) == (0.0, 0.0, 0.0)
    assert gravity.zonal_coefficients(Gravity.J2) == (gravity.J2, 0.0, 0.0)
    assert Gravity("j4") is Gravity.J4


@pytest.mark.parametrize("model", list(Gravity))
def test_free_flight_conserves_the_jacobi_integral(model: Gravity) -> None:
    start = np.array([4.2e6, 3.1e6, 3.9e6, 1.5e3, -2.5e3, 5.5e3])

    def rates(_: float, state_vector: np.ndarray) -> np.ndarray:
        pull = gravity.acceleration_ecef(state_vector[:3], state_vector[3:], model)
        return np.concatenate([state_vector[3:], pull])

    path = solve_ivp(rates, (0.0, 1500.0), start, method="DOP853", rtol=1e-13, atol=1e-6)
    energy = gravity.jacobi_integral(path.y.T, model)
    assert np.ptp(energy) < 1e-10 * abs(energy[0])


def test_the_turning_frame_gives_the_same_flight_as_the_inertial_one() -> None:
    start = np.array([4.2e6, 3.1e6, 3.9e6, 1.5e3, -2.5e3, 5.5e3])

    def turning(_: float, state_vector: np.ndarray) -> np.ndarray:
        pull = gravity.acceleration_ecef(state_vector[:3], state_vector[3:], Gravity.J2)
        return np.concatenate([state_vector[3:], pull])

    def inertial(_: float, state_vector: np.ndarray) -> np.ndarray:
        # Zonal gravity is the same all round the axis: no turning is needed.
        return np.concatenate([state_vector[3:], gravity_alone(state_vector[:3], Gravity.J2)])

    duration_s = 1200.0
    options = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-6}
    end = solve_ivp(turning, (0.0, duration_s), start, **options).y[:, -1]
    inertial_start = frames.inertial_from_ecef(start, 0.0)
    inertial_end = solve_ivp(inertial, (0.0, duration_s), inertial_start, **options).y[:, -1]
    assert np.allclose(frames.ecef_from_inertial(inertial_end, duration_s)[:3], end[:3], atol=1e-4)


def test_a_batch_gives_what_its_members_give() -> None:
    rng = np.random.default_rng(3)
    position = rng.uniform(5e6, 9e6, (2, 3, 3))
    velocity = rng.uniform(-5e3, 5e3, (2, 3, 3))
    batch = gravity.acceleration_ecef(position, velocity, Gravity.J4)
    one = gravity.acceleration_ecef(position[1, 2], velocity[1, 2], Gravity.J4)
    assert np.array_equal(batch[1, 2], one)
