"""Places from lines of sight, against PROJ, SciPy, many random draws and thought."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from commonwatch.errors import InputError
from commonwatch.sensing.stereo import position_from_lines, position_from_one_line

F64 = npt.NDArray[np.float64]

GEOSTATIONARY_M = 42_164_172.0
EARTH_RADIUS_M = 6_378_137.0
MILLIMETRE_M = 1e-3
MICRORADIAN_RAD = 1e-6
DRAWS = 200_000
TO_ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
TO_GEODETIC = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)


def place(latitude_deg: float, longitude_deg: float, altitude_m: float) -> F64:
    return np.array(TO_ECEF.transform(longitude_deg, latitude_deg, altitude_m))


def altitude_of(position: F64) -> float:
    x, y, z = position
    return float(TO_GEODETIC.transform(x, y, z)[2])


def above_equator(longitude_deg: float) -> F64:
    angle = math.radians(longitude_deg)
    return GEOSTATIONARY_M * np.array([math.cos(angle), math.sin(angle), 0.0])


def across(unit: F64) -> F64:
    """Return two unit vectors across a direction, (2, 3)."""
    first = np.cross(unit, [0.0, 0.0, 1.0])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(unit, first)])


def blurred(line: F64, std_rad: float, rng: np.random.Generator, count: int = DRAWS) -> F64:
    """Return a direction with normal errors each way across it, (count, 3)."""
    unit = line / np.linalg.norm(line)
    return np.asarray(unit + std_rad * rng.standard_normal((count, 2)) @ across(unit))


places = st.tuples(st.floats(-60.0, 60.0), st.floats(-55.0, 55.0), st.floats(0.0, 300e3))


@given(places, st.floats(-10.0, 10.0))
def test_a_line_through_a_place_of_known_altitude_gives_that_place(
    where: tuple[float, float, float], longitude_deg: float
) -> None:
    position, eye = place(*where), above_equator(longitude_deg)
    _, _, altitude_m = where
    found, covariance = position_from_one_line(
        eye,
        3.0 * (position - eye),
        altitude_m=altitude_m,
        altitude_std_m=1_000.0,
        line_of_sight_std_rad=50e-6,
    )
    assert np.linalg.norm(found - position) < MILLIMETRE_M
    assert np.linalg.eigvalsh(covariance)[0] > 0.0


@given(st.floats(0.0, 2.0 * math.pi), st.floats(0.0, 0.152), st.floats(0.0, 100e3))
def test_what_is_found_lies_on_the_line_at_that_altitude_and_on_the_near_side(
    around: float, off_nadir_rad: float, altitude_m: float
) -> None:
    eye = above_equator(30.0)
    nadir = -eye / GEOSTATIONARY_M
    sideways = np.array([math.cos(around), math.sin(around)]) @ across(nadir)
    line = math.cos(off_nadir_rad) * nadir + math.sin(off_nadir_rad) * sideways
    found, _ = position_from_one_line(
        eye, line, altitude_m=altitude_m, altitude_std_m=0.0, line_of_sight_std_rad=0.0
    )
    if np.isnan(found).any():
        # Only near the limb: the asin of its radius over the satellite's is 0.1519.
        assert off_nadir_rad > math.asin((EARTH_RADIUS_M - 22e3 + altitude_m) / GEOSTATIONARY_M)
        return
    assert np.linalg.norm(np.cross(found - eye, line)) < MILLIMETRE_M
    assert altitude_of(found) == pytest.approx(altitude_m, abs=MILLIMETRE_M)
    assert np.dot(found - eye, line) < np.dot(-eye, line)


@pytest.mark.parametrize("latitude_deg", [5.0, 35.0, 60.0])
def test_the_covariance_of_one_line_is_that_of_many_draws(latitude_deg: float) -> None:
    rng = np.random.default_rng(1)
    position, eye = place(latitude_deg, 52.0, 10e3), above_equator(10.0)
    lines = blurred(position - eye, 50 * MICRORADIAN_RAD, rng)
    altitudes = 10e3 + 1_155.0 * rng.standard_normal(DRAWS)
    drawn, _ = position_from_one_line(
        eye, lines, altitude_m=altitudes, altitude_std_m=0.0, line_of_sight_std_rad=0.0
    )
    _, covariance = position_from_one_line(
        eye,
        position - eye,
        altitude_m=10e3,
        altitude_std_m=1_155.0,
        line_of_sight_std_rad=50 * MICRORADIAN_RAD,
    )
    # 200,000 draws leave 0.3 % in a variance; the rest is what linearisation leaves out.
    assert_same_covariance(np.cov(drawn.T), covariance, part=0.02)


def test_the_covariance_of_two_lines_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(2)
    position = place(35.0, 52.0, 40e3)
    eyes = np.stack([above_equator(10.0), above_equator(70.0), above_equator(90.0)])
    stds = np.array([20.0, 50.0, 100.0]) * MICRORADIAN_RAD
    lines = np.stack(
        [blurred(position - eye, std, rng, 20_000) for eye, std in zip(eyes, stds, strict=True)],
        axis=1,
    )
    drawn, _, chi_square = position_from_lines(eyes, lines, stds)
    _, covariance, _ = position_from_lines(eyes, position - eyes, stds)
    # 20,000 draws leave 1 % in a variance, and 0.05 in the mean of chi-square.
    assert_same_covariance(np.cov(drawn.T), covariance, part=0.04)
    assert chi_square.mean() == pytest.approx(3.0, abs=0.1)
    assert chi_square.var() == pytest.approx(6.0, rel=0.1)


def assert_same_covariance(drawn: F64, said: F64, *, part: float) -> None:
    root = np.linalg.cholesky(np.linalg.inv(said))
    assert np.abs(root.T @ drawn @ root - np.eye(3)).max() < part


@pytest.mark.parametrize("seed", range(5))
def test_the_place_that_several_lines_give_is_the_one_that_scipy_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    position = place(rng.uniform(-50, 50), rng.uniform(0, 60), rng.uniform(8e3, 200e3))
    count = int(rng.integers(2, 6))
    eyes = np.stack([above_equator(d) for d in rng.uniform(-20, 90, count)])
    eyes[:, 2] = rng.uniform(-2e7, 2e7, count)
    stds = rng.uniform(10e-6, 5e-3, count)
    lines = np.stack(
        [blurred(position - eye, std, rng, 1)[0] for eye, std in zip(eyes, stds, strict=True)]
    )

    def misses(at: F64) -> F64:
        found = []
        for eye, line, std in zip(eyes, lines, stds, strict=True):
            unit = line / np.linalg.norm(line)
            offset = at - eye
            found.append(across(unit) @ offset / (unit @ offset) / std)
        return np.concatenate(found)

    best = least_squares(misses, position, x_scale=1e4, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    found, covariance, chi_square = position_from_lines(eyes, lines, stds)
    spread_m = math.sqrt(np.trace(covariance))
    assert np.linalg.norm(found - best.x) < 1e-4 * spread_m
    assert chi_square == pytest.approx(2.0 * best.cost, rel=1e-6, abs=1e-9)
    by_scipy = np.linalg.inv(best.jac.T @ best.jac)
    assert np.abs(covariance - by_scipy).max() < 1e-4 * np.abs(by_scipy).max()


@given(places, st.lists(st.floats(-80.0, 80.0), min_size=2, max_size=5, unique=True))
def test_lines_through_one_place_meet_there(
    where: tuple[float, float, float], longitudes_deg: list[float]
) -> None:
    position = place(*where)
    eyes = np.stack([above_equator(each) for each in longitudes_deg])
    apart_deg = max(longitudes_deg) - min(longitudes_deg)
    found, covariance, chi_square = position_from_lines(eyes, position - eyes, 50e-6)
    if np.isnan(found).any():
        assert apart_deg < 0.01
        return
    # Rounding of the lines, magnified as the crossing is flat.
    assert np.linalg.norm(found - position) < MILLIMETRE_M + 1.0 / (1e3 * apart_deg)
    assert chi_square < 1e-6
    assert np.linalg.eigvalsh(covariance)[0] > 0.0


def test_two_lines_at_right_angles_give_what_geometry_says() -> None:
    eyes = np.array([[4e7, 0.0, 0.0], [0.0, 4e7, 0.0]])
    _, covariance, _ = position_from_lines(eyes, -eyes, 50e-6)
    assert np.allclose(np.sqrt(np.diag(covariance)), [2_000.0, 2_000.0, 2_000.0 / math.sqrt(2.0)])
    assert np.allclose(covariance, np.diag(np.diag(covariance)), atol=1e-6)


def test_lines_that_cross_more_flatly_give_a_larger_area_without_bound() -> None:
    position = place(35.0, 52.0, 40e3)
    spread_m = []
    for apart_deg in (60.0, 6.0, 0.6, 0.06):
        eyes = np.stack([above_equator(20.0), above_equator(20.0 + apart_deg)])
        _, covariance, _ = position_from_lines(eyes, position - eyes, 50e-6)
        spread_m.append(math.sqrt(np.linalg.eigvalsh(covariance)[-1]))
    ratios = np.array(spread_m[1:]) / spread_m[:-1]
    assert np.all(ratios > 5.0)
    assert ratios[-1] == pytest.approx(10.0, rel=0.01)


@pytest.mark.parametrize("longitudes_deg", [[20.0], [20.0, 20.0], []])
def test_lines_that_cannot_meet_give_no_place_and_no_bound(longitudes_deg: list[float]) -> None:
    position = place(35.0, 52.0, 40e3)
    eyes = np.array([above_equator(each) for each in longitudes_deg]).reshape(-1, 3)
    found, covariance, chi_square = position_from_lines(eyes, position - eyes, 50e-6)
    assert np.isnan(found).all()
    assert np.isnan(chi_square)
    assert np.array_equal(np.diag(covariance), [np.inf] * 3)


def test_lines_that_meet_behind_the_satellites_give_no_place() -> None:
    position = place(35.0, 52.0, 40e3)
    eyes = np.stack([above_equator(20.0), above_equator(70.0)])
    found, _, _ = position_from_lines(eyes, eyes - position, 50e-6)
    assert np.isnan(found).all()


@pytest.mark.parametrize("filling", [0.0, np.nan, 1e9])
def test_a_line_of_infinite_deviation_counts_for_nothing(filling: float) -> None:
    position = place(35.0, 52.0, 40e3)
    eyes = np.stack([above_equator(20.0), above_equator(70.0), [filling] * 3])
    lines = np.vstack([(position - eyes)[:2], [filling] * 3])
    stds = np.array([50e-6, 50e-6, np.inf])
    for one, other in zip(
        position_from_lines(eyes, lines, stds),
        position_from_lines(eyes[:2], lines[:2], stds[:2]),
        strict=True,
    ):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-9)


def test_a_further_line_never_makes_the_place_less_certain() -> None:
    position = place(35.0, 52.0, 40e3)
    eyes = np.stack([above_equator(each) for each in (20.0, 70.0, 45.0)])
    two = position_from_lines(eyes[:2], (position - eyes)[:2], 50e-6)[1]
    three = position_from_lines(eyes, position - eyes, 50e-6)[1]
    assert np.linalg.eigvalsh(two - three)[0] > -1e-6


def test_a_batch_gives_what_each_of_its_rows_gives_alone() -> None:
    rng = np.random.default_rng(7)
    positions = np.stack([place(lat, 40.0, 20e3) for lat in rng.uniform(-50, 50, 6)])
    eyes = np.stack([above_equator(10.0), above_equator(80.0)])
    lines = positions[:, None] - eyes + rng.normal(0.0, 1e3, (6, 2, 3))
    together = position_from_lines(eyes, lines.reshape(2, 3, 2, 3), 50e-6)
    assert together[0].shape == (2, 3, 3)
    assert together[2].shape == (2, 3)
    for row in range(6):
        alone = position_from_lines(eyes, lines[row], 50e-6)
        for whole, part in zip(together, alone, strict=True):
            assert np.allclose(whole.reshape(6, *part.shape)[row], part, rtol=1e-9, atol=1e-3)
    keys: dict[str, Any] = {"altitude_std_m": 1e3, "line_of_sight_std_rad": 50e-6}
    flat = position_from_one_line(eyes[0], lines[:, 0], altitude_m=10e3, **keys)
    for row in range(6):
        alone_one = position_from_one_line(eyes[0], lines[row, 0], altitude_m=10e3, **keys)
        for whole, part in zip(flat, alone_one, strict=True):
            assert np.allclose(whole[row], part, rtol=1e-9)


@pytest.mark.parametrize(
    ("eye", "line"),
    [
        (above_equator(0.0), [-1.0, 0.2, 0.0]),
        (above_equator(0.0), [1.0, 0.0, 0.0]),
        (above_equator(0.0), [0.0, 0.0, 0.0]),
        (above_equator(0.0), [np.nan, 0.0, 0.0]),
        (place(0.0, 0.0, 5e3), [-1.0, 0.0, 0.0]),
    ],
)
def test_a_line_that_misses_the_altitude_gives_no_place(eye: F64, line: list[float]) -> None:
    found, covariance = position_from_one_line(
        eye, line, altitude_m=10e3, altitude_std_m=1e3, line_of_sight_std_rad=50e-6
    )
    assert np.isnan(found).all()
    assert np.isnan(covariance).all()


def test_a_row_that_misses_leaves_the_others_as_they_are() -> None:
    eye = above_equator(0.0)
    lines = np.array([[-1.0, 0.2, 0.0], [-1.0, 0.05, 0.0]])
    found, _ = position_from_one_line(
        eye, lines, altitude_m=10e3, altitude_std_m=1e3, line_of_sight_std_rad=50e-6
    )
    assert np.isnan(found[0]).all()
    assert altitude_of(found[1]) == pytest.approx(10e3, abs=MILLIMETRE_M)


def test_straight_down_the_assumed_altitude_does_not_move_the_place_below() -> None:
    eye = above_equator(0.0)
    _, covariance = position_from_one_line(
        eye, -eye, altitude_m=10e3, altitude_std_m=5e3, line_of_sight_std_rad=50e-6
    )
    distance_m = GEOSTATIONARY_M - EARTH_RADIUS_M - 10e3
    assert np.allclose(
        np.sqrt(np.diag(covariance)), [5e3, 50e-6 * distance_m, 50e-6 * distance_m], rtol=1e-9
    )


@pytest.mark.parametrize("std", [-1.0, 0.0])
def test_a_deviation_that_cannot_be_is_refused(std: float) -> None:
    eyes = np.stack([above_equator(20.0), above_equator(70.0)])
    with pytest.raises(InputError, match="standard deviation"):
        position_from_lines(eyes, -eyes, std)


def test_a_negative_deviation_of_the_altitude_is_refused() -> None:
    eye = above_equator(0.0)
    with pytest.raises(InputError, match="altitude_std_m"):
        position_from_one_line(
            eye, -eye, altitude_m=0.0, altitude_std_m=-1.0, line_of_sight_std_rad=50e-6
        )


def test_vectors_without_three_coordinates_are_refused() -> None:
    eyes = np.stack([above_equator(20.0), above_equator(70.0)])
    with pytest.raises(InputError, match=r"shape \(2, 2\)"):
        position_from_lines(eyes[:, :2], -eyes, 50e-6)
    with pytest.raises(InputError, match="one line"):
        position_from_lines(eyes[0], -eyes[0], 50e-6)
