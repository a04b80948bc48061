"""How well satellites place a launch, against many random draws over PROJ's ellipsoid."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import pytest

from commonwatch.flight.trajectory import Trajectories
from commonwatch.identity import SensorId
from commonwatch.scenario.figures import Case
from commonwatch.scenario.load import load_scenario
from commonwatch.sensing.infrared import GEOSTATIONARY_RADIUS_M, Geostationary
from commonwatch.sensing.visibility import Sensor
from commonwatch.studies.compare import Comparison, compare
from commonwatch.studies.launch_point import cloud_break_altitudes_m, launch_areas
from commonwatch.studies.marginal import Laid, Sight
from tests.sensing.build import from_equator, parabolas, radar, satellite, spells_of
from tests.studies.build import SCENARIO

F64 = npt.NDArray[np.float64]

TO_GEODETIC = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
LONGITUDES_DEG = (-40.0, 10.0, 50.0)
STDS_RAD = (30e-6, 50e-6, 20e-6)
REVISIT_S = 6.0
UP_M_S2, EAST_M_S2 = 8.0, 2.0
BURN_OUT_S = 100.0
CLOUD_BREAK_M = np.array([[8e3, 12e3]] * 3 + [[np.nan, np.nan]])
DRAWS = 20_000
DRAWN_PART = 0.03
"""20,000 draws leave 0.5 % in a half-axis; the shape of a uniform error does not matter to it."""


def climb() -> Trajectories:
    """Two launches from the equator that climb as the square of time, and eastwards."""
    return parabolas(
        np.stack([from_equator(0.0, 0.0, 0.0)] * 2),
        [0.0, 0.0, 0.0],
        fall_m_s2=[UP_M_S2, EAST_M_S2, 0.0],
        end_s=300.0,
        burn_out_s=BURN_OUT_S,
    )


def laid(rows: list[tuple[int, int, float, float]]) -> Laid:
    eyes: tuple[Sensor, ...] = tuple(
        satellite(
            Geostationary(longitude_rad=math.radians(longitude)),
            sensor=SensorId(f"s{k}"),
            line_of_sight_std_rad=std,
            revisit_s=REVISIT_S,
        )
        for k, (longitude, std) in enumerate(zip(LONGITUDES_DEG, STDS_RAD, strict=True))
    )
    sensors = (*eyes, radar(sensor=SensorId("s3")))
    seen = Sight(sensors=sensors, spells=spells_of(rows, sensors=4, paths=2), information=None)
    return Laid(
        trajectories=climb(),
        slopes=None,
        sight=dict.fromkeys(Case, seen),
        cases=dict.fromkeys(range(4), Case.NOMINAL),
    )


def areas(rows: list[tuple[int, int, float, float]], stereo_s: float = math.nan) -> dict[str, F64]:
    return launch_areas(
        laid(rows), cloud_break_m=CLOUD_BREAK_M, first_stereo_s=np.array([stereo_s, math.nan])
    )


def at(time_s: float) -> F64:
    return from_equator(0.5 * UP_M_S2 * time_s**2, 0.5 * EAST_M_S2 * time_s**2, 0.0)


def altitude_m(positions: F64) -> F64:
    x, y, z = positions.T
    height: F64 = np.asarray(TO_GEODETIC.transform(x, y, z)[2])
    return height


def eye_of(sensor: int) -> F64:
    angle = math.radians(LONGITUDES_DEG[sensor])
    return np.asarray([math.cos(angle), math.sin(angle), 0.0]) * float(GEOSTATIONARY_RADIUS_M)


def drawn_lines(sensor: int, time_s: float, rng: np.random.Generator) -> F64:
    unit = at(time_s) - eye_of(sensor)
    unit /= np.linalg.norm(unit)
    north = np.array([0.0, 0.0, 1.0])
    noise = STDS_RAD[sensor] * rng.standard_normal((DRAWS, 2))
    return np.asarray(unit + noise @ np.stack([north, np.cross(unit, north)]))


def half_axis_m(drawn: F64) -> float:
    """Return the long half-axis of the 95 % ellipse east and north, the equator being level."""
    return math.sqrt(5.991464547 * float(np.linalg.eigvalsh(np.cov(drawn[:, 1:].T))[-1]))


def one_line_slowly(sensor: int, time_s: float, low_m: float, high_m: float) -> float:
    """Draw altitude and line, and halve the way along each line until the altitude is met."""
    rng = np.random.default_rng(5)
    lines, wanted = drawn_lines(sensor, time_s, rng), rng.uniform(low_m, high_m, DRAWS)
    near, far = np.full(DRAWS, 3.4e7), np.full(DRAWS, 4.0e7)
    for _ in range(30):
        middle = 0.5 * (near + far)
        is_above = altitude_m(eye_of(sensor) + middle[:, None] * lines) > wanted
        near, far = np.where(is_above, middle, near), np.where(is_above, far, middle)
    return half_axis_m(eye_of(sensor) + near[:, None] * lines)


@pytest.mark.parametrize("sensor", [0, 1, 2])
def test_a_motor_seen_as_it_breaks_the_clouds_is_placed_as_many_draws_place_it(
    sensor: int,
) -> None:
    found = areas([(0, sensor, 52.0, BURN_OUT_S)])
    # At 10.8 km it may be anywhere from 8 km to 12 km and what it climbs in one revisit.
    high_m = 12e3 + UP_M_S2 * 52.0 * REVISIT_S
    expected = one_line_slowly(sensor, 52.0, 8e3, high_m)
    assert found["one_line_half_axis_m"][0] == pytest.approx(expected, rel=DRAWN_PART)
    assert found["one_line_flown_m"][0] == pytest.approx(0.5 * EAST_M_S2 * 52.0**2, rel=5e-3)
    assert np.isnan(found["one_line_half_axis_m"][1])
    assert np.isnan(found["one_line_flown_m"][1])


def test_a_motor_seen_late_may_be_as_high_as_burn_out() -> None:
    found = areas([(0, 0, 80.0, BURN_OUT_S)])
    expected = one_line_slowly(0, 80.0, 8e3, float(altitude_m(at(BURN_OUT_S)[None])[0]))
    assert found["one_line_half_axis_m"][0] == pytest.approx(expected, rel=DRAWN_PART)


def test_two_lines_place_a_launch_as_many_draws_place_it() -> None:
    time_s = 60.0
    rows = [(0, 0, 52.0, BURN_OUT_S), (0, 1, time_s, BURN_OUT_S), (0, 2, 70.0, BURN_OUT_S)]
    found = areas(rows, stereo_s=time_s)
    rng = np.random.default_rng(6)
    eyes, lines = [], []
    for sensor in (0, 1):
        unit = drawn_lines(sensor, time_s, rng)
        eyes.append(eye_of(sensor))
        lines.append(unit / np.linalg.norm(unit, axis=1, keepdims=True))
    # Both satellites lie in the equator's plane: cross the lines there, then weigh the heights.
    (one, other), (eye, second) = lines, eyes
    cross = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    apart = second - eye
    along = (apart[0] * other[:, 1] - apart[1] * other[:, 0]) / cross
    across = (apart[0] * one[:, 1] - apart[1] * one[:, 0]) / cross
    weights = 1.0 / (np.array(STDS_RAD[:2]) * [along.mean(), across.mean()]) ** 2
    met = eye + along[:, None] * one
    met[:, 2] = np.stack([along * one[:, 2], across * other[:, 2]], axis=1) @ weights
    met[:, 2] /= weights.sum()
    assert found["stereo_half_axis_m"][0] == pytest.approx(half_axis_m(met), rel=DRAWN_PART)
    assert found["stereo_flown_m"][0] == pytest.approx(0.5 * EAST_M_S2 * time_s**2, rel=1e-2)
    assert np.isnan(found["stereo_half_axis_m"][1])


def test_of_satellites_that_see_together_the_best_line_counts() -> None:
    each = [areas([(0, k, 52.0, BURN_OUT_S)])["one_line_half_axis_m"][0] for k in range(3)]
    together = areas([(0, k, 52.0, BURN_OUT_S) for k in range(3)])
    assert together["one_line_half_axis_m"][0] == pytest.approx(min(each), rel=1e-9)


def test_radars_give_no_line() -> None:
    found = areas([(0, 3, 50.0, 200.0), (1, 3, 50.0, 200.0)])
    assert all(np.isnan(column).all() for column in found.values())


@pytest.fixture(scope="module")
def two_eyes(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    path: Path = tmp_path_factory.mktemp("scenario") / "two-eyes.toml"
    eye = SCENARIO[SCENARIO.index("[[satellites]]") :]
    twin = eye.replace('name = "eye"', 'name = "twin"').replace("20.0", "60.0", 1)
    path.write_text(SCENARIO.replace('"east", "eye"', '"east", "eye", "twin"') + twin)
    return compare(load_scenario(path))


def test_the_study_gives_areas_where_satellites_take_part_and_only_there(
    two_eyes: Comparison,
) -> None:
    rows = two_eyes.tables["knowledge"].to_pylist()
    assert rows
    for row in rows:
        sees = row["with_satellites"] and row["laydown"] == "both"
        assert (row["one_line_half_axis_m"] is not None) == sees
        assert (row["stereo_half_axis_m"] is not None) == (row["first_stereo_s"] is not None)
        assert (row["stereo_half_axis_m"] is not None) == sees


def test_two_lines_place_a_launch_better_than_one_and_an_assumed_altitude(
    two_eyes: Comparison,
) -> None:
    for row in two_eyes.tables["knowledge"].to_pylist():
        if row["stereo_half_axis_m"] is not None:
            assert row["first_stereo_s"] == pytest.approx(row["first_sight_s"], abs=0.05)
            assert row["stereo_half_axis_m"] < row["one_line_half_axis_m"]
            assert row["stereo_flown_m"] == pytest.approx(row["one_line_flown_m"], rel=0.05)


def test_the_cloud_break_of_the_file_is_taken_with_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "one-eye.toml"
    path.write_text(SCENARIO)
    found = cloud_break_altitudes_m(load_scenario(path))
    assert np.array_equal(found[-1], [8_000.0, 12_000.0])
    assert np.isnan(found[:-1]).all()
