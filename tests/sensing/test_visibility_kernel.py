"""The compiled sweep against angles, and each limit in turn; also run without compilation."""

# mypy: disable-error-code="call-arg, comparison-overlap"

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commonwatch.flight.trajectory import Trajectories
from commonwatch.sensing import visibility_kernel as kernel
from commonwatch.sensing.envelope import envelope_rows, widened
from commonwatch.sensing.measurement import signal_to_noise
from commonwatch.sensing.radar import Face, Radar
from tests.sensing.build import AT_EQUATOR, face, from_equator, parabolas, radar

F64 = npt.NDArray[np.float64]
Row = tuple[float, float, int]


def swept(sensor: Radar, position_m: F64, *, refraction: bool = False) -> npt.NDArray[np.uint8]:
    """Sweep positions (n, 3) against each face; rows are faces."""
    rows = envelope_rows(sensor, refraction=refraction)
    x, y, z = (np.ascontiguousarray(position_m[np.newaxis, :, k]) for k in range(3))
    seen = np.full((len(rows), 1, len(position_m)), 7, np.uint8)
    kernel.sweep(x, y, z, rows, seen)
    return seen[:, 0]


def found(
    sensor: Radar, paths: Trajectories, *, room: int = 50, refraction: bool = False
) -> tuple[int, list[Row]]:
    """Spells of all paths by one radar: the count, and (first, last, limit) of each."""
    envelopes = envelope_rows(sensor, refraction=refraction)
    rows, ends = np.empty((room, 3), np.int32), np.empty((room, 2, 2))
    count = kernel.find_spells(
        paths.state_vector,
        paths.end_s,
        paths.comes_down,
        paths.interval_s,
        envelopes,
        widened(envelopes, 0.5 * kernel.SPEED_MAX_M_S * paths.interval_s),
        np.array([0, len(envelopes)]),
        0,
        paths.path_count,
        rows,
        ends,
    )
    shown = min(count, room)
    return count, [
        (float(ends[k, 0, 0]), float(ends[k, 1, 0]), int(rows[k, 2])) for k in range(shown)
    ]


def around(azimuth_deg: npt.ArrayLike, elevation_deg: float = 30.0, length_m: float = 1e6) -> F64:
    """Positions around the site at the equator."""
    azimuth, elevation = np.radians(azimuth_deg), math.radians(elevation_deg)
    level = length_m * math.cos(elevation)
    offset = [
        np.full_like(azimuth, length_m * math.sin(elevation)),
        level * np.sin(azimuth),
        level * np.cos(azimuth),
    ]
    return np.asarray(AT_EQUATOR.position_ecef_m + np.stack(offset, axis=-1))


SECTORS = [(30.0, 100.0), (305.0, 55.0), (0.0, 180.0), (200.0, 170.0), (350.0, 171.0), (0.0, 360.0)]


@pytest.mark.parametrize(("low", "high"), SECTORS)
def test_a_sector_sees_each_whole_degree_inside_and_none_outside(low: float, high: float) -> None:
    azimuth = np.arange(360.0) + 0.5
    width = 360.0 if high - low == 360.0 else (high - low) % 360.0
    expected = np.mod(azimuth - low, 360.0) < width
    seen = swept(radar(face(low, high)), around(azimuth))
    assert (seen[0] == expected).all()


@settings(max_examples=40)
@given(
    low=st.floats(-360.0, 720.0),
    width=st.floats(0.5, 359.5),
    azimuth=st.floats(0.0, 360.0),
)
def test_a_sector_and_the_rest_of_the_circle_share_every_azimuth(
    low: float, width: float, azimuth: float
) -> None:
    sector, rest = face(low, low + width), face(low + width, low + 360.0)
    seen = swept(radar(sector, rest), around([azimuth]))[:, 0]
    past = (azimuth - low) % 360.0
    if min(past, abs(past - width), 360.0 - past) > 1e-6:
        assert seen.tolist() == [int(past < width), int(past > width)]
    else:
        # Rounding must leave no gap between two faces.
        assert seen.max() == 1


@pytest.mark.parametrize("floor", [-2.0, 0.0, 3.0, 40.0])
def test_elevation_limits_are_geometric_without_refraction(floor: float) -> None:
    raised = AT_EQUATOR.__class__(latitude_rad=0.0, longitude_rad=0.0, altitude_m=8_000.0)
    sensor = radar(face(elevation_min_deg=floor, elevation_max_deg=60.0), site=raised)
    lift = np.array([8_000.0, 0.0, 0.0])
    elevations = [floor - 0.01, floor + 0.01, 59.99, 60.01]
    seen = [swept(sensor, around([77.0], e) + lift)[0, 0] for e in elevations]
    assert seen == [0, 1, 1, 0]


def test_a_raised_radar_does_not_look_through_the_sea() -> None:
    raised = AT_EQUATOR.__class__(latitude_rad=0.0, longitude_rad=0.0, altitude_m=2_000.0)
    sensor = radar(face(elevation_min_deg=-10.0), site=raised)
    lift = np.array([2_000.0, 0.0, 0.0])
    dip_deg = math.degrees(math.acos(6356752.3 / 6358752.3))
    seen = [
        swept(sensor, around([0.0], e) + lift)[0, 0] for e in (-dip_deg - 0.01, -dip_deg + 0.01)
    ]
    assert seen == [0, 1]


def test_the_zenith_is_seen_by_a_face_without_an_upper_limit() -> None:
    overhead = from_equator(1e6, 0.0, 0.0)[np.newaxis]
    assert swept(radar(face(elevation_max_deg=90.0)), overhead, refraction=True)[0, 0] == 1
    assert swept(radar(face(elevation_max_deg=89.0)), overhead, refraction=True)[0, 0] == 0


def test_the_range_limits_belong_to_the_interval() -> None:
    sensor = radar(range_min_m=3e5, range_max_m=2e6)
    lengths = [3e5 - 1.0, 3e5 + 1.0, 2e6 - 1.0, 2e6 + 1.0]
    assert [swept(sensor, around([9.0], 30.0, r))[0, 0] for r in lengths] == [0, 1, 1, 0]


@pytest.mark.parametrize("exponent", [0.0, 1.5, 3.0])
def test_a_cross_section_is_seen_where_the_signal_is_that_of_the_catalogue_range(
    exponent: float,
) -> None:
    sensor = radar(
        face(10.0, 130.0, elevation_min_deg=3.0),
        cross_section_m2=0.1,
        scan_loss_exponent=exponent,
        range_min_m=0.0,
    )
    rng = np.random.default_rng(1)
    position = np.concatenate(
        [around(rng.uniform(11.0, 129.0, 40), 25.0, length) for length in np.arange(4e5, 3e6, 1e5)]
    )
    offset = position - AT_EQUATOR.position_ecef_m
    boresight = around([70.0], 20.0, 1.0)[0] - AT_EQUATOR.position_ecef_m
    length = np.linalg.norm(offset, axis=1)
    ratio = signal_to_noise(sensor, length, offset @ boresight / length)
    expected = ratio >= 10.0**1.28
    assert 0.1 < expected.mean() < 0.9
    assert (swept(sensor, position)[0] == expected).all()


def test_nothing_is_seen_behind_a_face_in_a_cross_section_run() -> None:
    sensor = radar(
        face(0.0, 180.0, boresight_azimuth_rad=0.0, boresight_elevation_rad=0.0),
        cross_section_m2=1.0,
    )
    assert swept(sensor, around([10.0, 170.0], 10.0))[0].tolist() == [1, 0]


def test_rows_longer_than_a_block_are_swept_to_the_end() -> None:
    azimuth = np.linspace(0.0, 359.9, 2 * kernel.SAMPLES_PER_BLOCK + 3)
    seen = swept(radar(face(0.0, 90.0)), around(azimuth))
    assert (seen[0] == (azimuth <= 90.0)).all()


@settings(max_examples=50)
@given(
    low=st.floats(0.0, 360.0),
    width=st.floats(1.0, 360.0),
    point=st.tuples(st.floats(-3e6, 3e6), st.floats(-3e6, 3e6), st.floats(-3e6, 3e6)),
    cross_section_m2=st.sampled_from([None, 0.3]),
)
def test_the_fast_form_sees_where_the_margin_is_positive(
    low: float, width: float, point: tuple[float, float, float], cross_section_m2: float | None
) -> None:
    sensor = radar(face(low, low + width), cross_section_m2=cross_section_m2)
    row = envelope_rows(sensor)[0]
    position = from_equator(*point)
    margin, _ = kernel.face_margin(*position, row)
    x, y, z = (position[k : k + 1].reshape(1, 1) for k in range(3))
    seen = np.zeros((1, 1, 1), np.uint8)
    kernel.sweep(x, y, z, row[np.newaxis], seen)
    if abs(margin) > 1e-3:
        assert seen[0, 0, 0] == (margin > 0.0)


# Straight paths past the site at the equator, each of which leaves by one limit at a known instant.
ROOT3 = math.sqrt(3.0)
EASTWARD = (0.0, 5e3, 0.0)
LEAVING = [
    ("azimuth", face(300.0, 60.0), (4e5, 0.0, 5e5), EASTWARD, 5e5 * ROOT3 / 5e3, kernel.AZIMUTH),
    (
        "wide azimuth",
        face(180.0, 60.0),
        (4e5, 0.0, 5e5),
        EASTWARD,
        5e5 * ROOT3 / 5e3,
        kernel.AZIMUTH,
    ),
    (
        "floor",
        face(0.0, 360.0, 30.0, 90.0),
        (4e5, 0.0, 0.0),
        EASTWARD,
        4e5 * ROOT3 / 5e3,
        kernel.ELEVATION_MIN,
    ),
    (
        "roof",
        face(0.0, 360.0, 3.0, 45.0),
        (5e5, -8e5, 0.0),
        EASTWARD,
        (8e5 - 5e5) / 5e3,
        kernel.ELEVATION_MAX,
    ),
    ("near", face(), (3e5, -6e5, 0.0), EASTWARD, (6e5 - 4e5) / 5e3, kernel.NEAR),
    ("far", face(elevation_max_deg=90.0), (6e5, 0.0, 0.0), EASTWARD, 8e5 / 5e3, kernel.FAR),
]


@pytest.mark.parametrize(
    ("name", "one", "start", "velocity", "expected_s", "limit"),
    LEAVING,
    ids=[x[0] for x in LEAVING],
)
def test_each_limit_ends_a_spell_at_the_instant_of_plane_geometry(
    name: str,
    one: Face,
    start: tuple[float, float, float],
    velocity: tuple[float, float, float],
    expected_s: float,
    limit: int,
) -> None:
    sensor = radar(
        one,
        range_min_m=5e5 if name == "near" else 1e5,
        range_max_m=1e6 if name == "far" else 4e6,
    )
    _, spells = found(sensor, parabolas(from_equator(*start), velocity, end_s=300.0))
    first_s, last_s, ended_by = spells[0]
    assert first_s == 0.0
    assert last_s == pytest.approx(expected_s, abs=2e-3)
    assert ended_by == limit


def test_the_signal_ends_a_spell_of_a_cross_section_run() -> None:
    sensor = radar(
        face(elevation_max_deg=90.0),
        cross_section_m2=1e-2,
        scan_loss_exponent=0.0,
    )
    # 4,000 km at 1 m2 become 1,265 km at 0.01 m2.
    reach_m = 4_000e3 * 0.01**0.25
    assert reach_m == pytest.approx(1_265e3, abs=500.0)
    path = parabolas(from_equator(6e5, 0.0, 0.0), EASTWARD, end_s=400.0)
    _, spells = found(sensor, path)
    expected_s = math.sqrt(reach_m**2 - 6e5**2) / 5e3
    assert spells == [(0.0, pytest.approx(expected_s, abs=2e-3), kernel.SIGNAL)]


@pytest.mark.parametrize("exponent", [1.5, 3.0])
def test_a_signal_lost_off_boresight_is_lost_where_the_radar_equation_says(exponent: float) -> None:
    sensor = radar(
        face(300.0, 60.0, elevation_max_deg=90.0),
        cross_section_m2=1e-2,
        scan_loss_exponent=exponent,
    )
    start = from_equator(5e5, 0.0, 8e5)
    _, spells = found(sensor, parabolas(start, EASTWARD, end_s=250.0))
    _, last_s, limit = spells[0]
    offset = start + last_s * np.array(EASTWARD) - AT_EQUATOR.position_ecef_m
    boresight = around([0.0], 20.0, 1.0)[0] - AT_EQUATOR.position_ecef_m
    length = float(np.linalg.norm(offset))
    ratio = signal_to_noise(sensor, length, offset @ boresight / length)
    assert limit == kernel.SIGNAL
    assert offset @ boresight / length < 0.9
    assert ratio == pytest.approx(10.0**1.28, rel=1e-4)


def test_a_spell_that_lasts_to_the_end_ends_with_the_path() -> None:
    start = from_equator(4e5, 0.0, 5e5)
    down = parabolas(start, EASTWARD, end_s=57.3)
    cut = parabolas(start, EASTWARD, end_s=57.3, comes_down=False)
    assert found(radar(), down)[1] == [(0.0, 57.3, kernel.IMPACT)]
    assert found(radar(), cut)[1] == [(0.0, 57.3, kernel.PATH_END)]


def test_a_limit_crossed_in_the_last_short_interval_is_timed_there() -> None:
    expected_s = 5e5 * ROOT3 / 5e3
    path = parabolas(from_equator(4e5, 0.0, 5e5), EASTWARD, end_s=expected_s + 1.0)
    _, spells = found(radar(face(300.0, 60.0)), path)
    assert spells[0][1] == pytest.approx(expected_s, abs=2e-3)


def test_a_path_that_ends_at_lift_off_gives_no_more_than_an_instant() -> None:
    path = parabolas(from_equator(4e5, 0.0, 5e5), EASTWARD, end_s=[0.0, 50.0][0:1], interval_s=5.0)
    assert found(radar(), path)[1] == [(0.0, 0.0, kernel.IMPACT)]


def test_neighbouring_faces_are_one_sensor_without_a_gap() -> None:
    sensor = radar(face(300.0, 20.0), face(20.0, 60.0))
    _, spells = found(sensor, parabolas(from_equator(4e5, 0.0, 5e5), EASTWARD, end_s=300.0))
    assert [spell[0] for spell in spells] == [0.0]
    assert spells[0][1] == pytest.approx(5e5 * ROOT3 / 5e3, abs=2e-3)


def test_a_path_may_enter_and_leave_more_than_once() -> None:
    sensor = radar(face(10.0, 30.0), face(40.0, 60.0))
    _, spells = found(sensor, parabolas(from_equator(4e5, -5e5, 5e5), (0.0, 2e3, 0.0), end_s=900.0))
    bearings = [10.0, 30.0, 40.0, 60.0]
    expected = [(5e5 * math.tan(math.radians(b)) + 5e5) / 2e3 for b in bearings]
    assert [t for spell in spells for t in spell[:2]] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("closest_s", [22.0, 25.0, 29.0])
@pytest.mark.parametrize("half_s", [0.1, 0.9])
def test_a_spell_between_two_samples_is_found(closest_s: float, half_s: float) -> None:
    # A straight path that dips into the sphere of greatest range for a moment.
    up_m, half_chord_m = 4e5, half_s * 5e3
    north_m = math.sqrt(1e12 - up_m**2 - half_chord_m**2)
    start = from_equator(up_m, -5e3 * closest_s, north_m)
    _, spells = found(radar(range_max_m=1e6), parabolas(start, EASTWARD, end_s=60.0))
    times = pytest.approx([closest_s - half_s, closest_s + half_s], abs=3e-3)
    assert [list(spell[:2]) for spell in spells] == [times]
    assert spells[0][2] == kernel.FAR


def test_a_path_that_just_misses_is_not_seen() -> None:
    start = from_equator(4e5, -125e3, math.sqrt(1e12 - 4e5**2) + 10.0)
    assert found(radar(range_max_m=1e6), parabolas(start, EASTWARD, end_s=60.0))[0] == 0


def test_spells_without_room_are_counted_but_not_written() -> None:
    start = [from_equator(4e5, 0.0, 5e5 + k) for k in range(5)]
    paths = parabolas(start, [EASTWARD] * 5, end_s=100.0)
    count, spells = found(radar(), paths, room=2)
    assert count == 5
    assert len(spells) == 2


@settings(max_examples=40)
@given(
    low=st.floats(0.0, 360.0),
    width=st.floats(1.0, 360.0),
    floor=st.floats(-3.0, 40.0),
    point=st.tuples(st.floats(-3e6, 3e6), st.floats(-3e6, 3e6), st.floats(-3e6, 3e6)),
    step=st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
)
def test_a_widened_face_sees_all_that_is_near_what_the_face_sees(
    low: float,
    width: float,
    floor: float,
    point: tuple[float, float, float],
    step: tuple[float, float, float],
) -> None:
    rows = envelope_rows(radar(face(low, low + width, floor, 60.0)))
    position, offset = from_equator(*point), np.array(step)
    length = np.linalg.norm(offset)
    assume(length > 1e-3)
    moved = position + offset / length * 49e3
    is_seen = kernel.face_margin(*position, rows[0])[0] >= 0.0
    is_near = kernel.face_margin(*moved, widened(rows, 50e3)[0])[0] >= 0.0
    assert is_near or not is_seen


@given(st.floats(0.0, 95.0))
@settings(max_examples=30)
def test_the_position_between_samples_is_that_of_the_parabola(time_s: float) -> None:
    fall = np.array([-9.0, 0.5, 0.25])
    start, velocity = from_equator(1e5, 2e4, 3e4), np.array([2e3, 3e3, -1e3])
    path = parabolas(start, velocity, end_s=95.0, fall_m_s2=fall)
    placed = kernel.position_at(path.state_vector[0], 10.0, 95.0, time_s)
    expected = start + velocity * time_s + 0.5 * fall * time_s**2
    assert np.asarray(placed) == pytest.approx(expected, abs=1e-6)
