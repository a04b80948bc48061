"""Anyone's detections: what is kept, what is refused and why, and what the numbers become."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import local_radius
from commonwatch.earth.frames import position_from_look_angles
from commonwatch.earth.refraction import Air, apparent_elevation
from commonwatch.errors import InputError
from commonwatch.sensing.detection import (
    Detections,
    Limits,
    Reading,
    empty_detections,
    read_detections,
)
from commonwatch.sensing.measurement import radar_noise
from commonwatch.sensing.radar import Radar
from tests.sensing.detections import (
    EPOCH_NS,
    EYE,
    NORTH,
    SECOND_NS,
    SENSORS,
    SOUTH,
    lines,
    plots,
    together,
    written,
)

DAY_NS = 86_400 * SECOND_NS


def read(folder: Path, columns: dict[str, Any]) -> Reading:
    return read_detections(written(folder, columns), SENSORS)


def checked(columns: dict[str, Any]) -> Reading:
    return Detections.from_columns(columns, SENSORS)


def reason(columns: dict[str, Any], row: int) -> str:
    """The reason why a row, and no other, is refused."""
    reading = checked(columns)
    assert reading.refused_row.tolist() == [row]
    assert len(reading.detections) == len(columns["time_ns"]) - 1
    return reading.refused_reason[0]


def changed(columns: dict[str, Any], name: str, row: int, value: Any) -> dict[str, Any]:
    copied = dict(columns)
    column = columns.get(name, np.full(len(columns["time_ns"]), np.nan))
    copied[name] = column.copy()
    copied[name][row] = value
    return copied


def test_plots_of_the_least_columns_are_read_as_they_stand(tmp_path: Path) -> None:
    columns = plots()
    reading = read(tmp_path, columns)
    found = reading.detections
    assert reading.row_count == len(found) == 40
    assert (found.arrival_ns == columns["time_ns"]).all()
    assert (found.row == np.arange(40)).all()
    assert not found.is_infrared.any()
    np.testing.assert_array_equal(found.measured[:, 0], columns["range_m"])
    np.testing.assert_allclose(
        np.exp(1j * found.measured[:, 1]), np.exp(1j * columns["azimuth_rad"]), atol=1e-12
    )
    assert (found.measured[:, 1] >= 0.0).all()
    np.testing.assert_array_equal(found.measured[:, 2], columns["elevation_rad"])
    np.testing.assert_array_equal(found.std, np.tile([30.0, 1e-3, 2e-3, 5.0], (40, 1)))
    assert np.isnan(found.eye_ecef_m).all()


def test_lines_of_sight_carry_the_place_of_the_eye(tmp_path: Path) -> None:
    columns = together(plots(), lines())
    found = read(tmp_path, columns).detections
    seen = found.take(found.is_infrared)
    assert len(seen) == 5
    assert (seen.sensor == 2).all()
    np.testing.assert_allclose(np.linalg.norm(seen.measured[:, :3], axis=1), 1.0)
    np.testing.assert_array_equal(seen.eye_ecef_m[:, 0], 42_164e3)
    np.testing.assert_array_equal(seen.std[:, 0], EYE.line_of_sight_std_rad)
    assert np.isnan(seen.measured[:, 3]).all()


def test_rows_in_any_order_come_out_by_arrival(tmp_path: Path) -> None:
    columns = plots()
    columns["arrival_ns"] = columns["time_ns"] + SECOND_NS
    order = np.random.default_rng(3).permutation(40)
    found = read(tmp_path, {name: column[order] for name, column in columns.items()}).detections
    np.testing.assert_array_equal(found.measured[:, 0], columns["range_m"])
    np.testing.assert_array_equal(order[found.row], np.arange(40))


def test_apparent_elevations_become_those_of_straight_lines() -> None:
    columns = plots(400, sensor="south")
    found = checked(columns).detections
    air = Air(radius_m=float(local_radius(SOUTH.site.latitude_rad)))
    back = apparent_elevation(found.measured[:, 2], found.measured[:, 0], 0.0, air=air)
    np.testing.assert_allclose(back, columns["elevation_rad"], atol=1e-7)
    assert (found.measured[:, 2] < columns["elevation_rad"]).all()


def test_a_standard_deviation_is_the_rows_else_the_constant_else_the_radar_equation() -> None:
    columns = together(plots(3), plots(3, sensor="south"))
    columns["range_std_m"] = np.array([7.0, np.nan, 8.0, np.nan, 9.0, np.nan])
    found = checked(columns).detections
    by_row = found.std[np.argsort(found.row)]
    assert by_row[:3, 0].tolist() == [7.0, 30.0, 8.0]
    assert by_row[4, 0] == 9.0
    south = np.argsort(found.row)[3:]
    place = position_from_look_angles(
        SOUTH.site.position_ecef_m,
        SOUTH.site.rotation_enu_from_ecef,
        *found.measured[south, :3].T,
    )
    expected = radar_noise(SOUTH, np.concatenate([place, np.zeros((3, 3))], axis=1))
    np.testing.assert_allclose(by_row[[3, 5], 0], expected[[0, 2], 0])
    np.testing.assert_allclose(by_row[3:, 1:3], expected[:, 1:])


def test_a_range_rate_of_unknown_accuracy_is_left_out_and_said() -> None:
    reading = checked(plots(4, sensor="south"))
    assert np.isnan(reading.detections.measured[:, 3]).all()
    assert np.isnan(reading.detections.std[:, 3]).all()
    [said] = reading.remarks
    assert said.startswith('4 range rates of "south" are not used')
    given = {**plots(4, sensor="south"), "range_rate_std_m_s": np.full(4, 3.0)}
    assert (checked(given).detections.std[:, 3] == 3.0).all()
    assert checked(given).remarks == ()


ROWS = [
    ("sensor", "nobody", 'unknown sensor "nobody"'),
    ("sensor", None, 'unknown sensor ""'),
    ("sensor", "eye", "its kind is radar"),
    ("range_m", math.nan, "range_m is empty"),
    ("range_m", -5.0, "range_m is -5"),
    ("range_m", 0.0, "range_m is 0"),
    ("range_m", math.inf, "range_m is inf"),
    ("azimuth_rad", math.nan, "azimuth_rad is empty"),
    ("azimuth_rad", 190.0, "azimuth_rad is 190"),
    ("elevation_rad", math.nan, "elevation_rad is empty"),
    ("elevation_rad", 45.0, "elevation_rad is 45"),
    ("range_rate_m_s", -math.inf, "range_rate_m_s is -inf"),
    ("range_rate_m_s", 3e8, "range_rate_m_s is 3e+08"),
    ("range_std_m", 0.0, "range_std_m is 0"),
    ("azimuth_std_rad", -1.0, "azimuth_std_rad is -1"),
    ("elevation_std_rad", 1e-200, "elevation_std_rad is 1e-200"),
    ("range_rate_std_m_s", math.inf, "range_rate_std_m_s is inf"),
    ("time_ns", EPOCH_NS + DAY_NS, "its time jumps: it stands alone"),
    ("time_ns", EPOCH_NS - DAY_NS, "its time jumps: it stands alone"),
    ("time_ns", 9 * 10**18, "time_ns is 9000000000000000000"),
]


@pytest.mark.parametrize(("name", "value", "expected"), ROWS)
def test_a_row_that_cannot_be_is_refused_and_no_other_is_lost(
    name: str, value: Any, expected: str
) -> None:
    assert reason(changed(plots(), name, 17, value), 17).startswith(expected)


LINES = [
    ("line_of_sight_x", math.nan, "the line of sight is empty"),
    ("line_of_sight_x", 4.0, "the line of sight has length 4"),
    ("sensor_x_m", math.nan, "the satellite's position is empty"),
    ("sensor_x_m", 1.0, "the satellite is 0.001 km"),
    ("line_of_sight_std_rad", 0.0, "line_of_sight_std_rad is 0"),
    ("sensor", "north", "its kind is infrared"),
    ("kind", "acoustic", 'kind "acoustic"'),
]


@pytest.mark.parametrize(("name", "value", "expected"), LINES)
def test_a_line_of_sight_that_cannot_be_is_refused(name: str, value: Any, expected: str) -> None:
    assert reason(changed(lines(20), name, 3, value), 3).startswith(expected)


@pytest.mark.parametrize(
    ("delay_s", "expected"),
    [
        (-1.5, "in the future: 1.5 s"),
        (-86_400.0, "its time jumps: 86,400 s after its arrival"),
        (86_400.0, "its time jumps: 86,400 s before its arrival"),
        (601.0, "its time jumps: 601 s before"),
    ],
)
def test_a_time_that_does_not_fit_its_arrival_is_refused(delay_s: float, expected: str) -> None:
    columns = plots()
    columns["arrival_ns"] = columns["time_ns"] + SECOND_NS
    columns["time_ns"][5] = columns["arrival_ns"][5] - int(delay_s * SECOND_NS)
    assert reason(columns, 5).startswith(expected)


def test_times_within_the_limits_are_kept() -> None:
    columns = plots()
    columns["arrival_ns"] = columns["time_ns"] + np.where(
        np.arange(40) % 2, 600 * SECOND_NS, -SECOND_NS
    )
    assert len(checked(columns).detections) == 40


def test_a_lone_plot_of_a_short_table_is_kept() -> None:
    assert len(checked(plots(1)).detections) == 1
    two = plots(2)
    two["time_ns"] = np.array([EPOCH_NS, EPOCH_NS + DAY_NS])
    assert len(checked(two).detections) == 2


def test_the_same_look_twice_counts_once() -> None:
    columns = together(plots(), {name: column[[4, 4]] for name, column in plots().items()})
    reading = checked(columns)
    assert reading.refused_row.tolist() == [40, 41]
    assert reading.refused_reason == ("repeated: the same as row 4",) * 2
    other = changed(columns, "range_m", 41, 5e5)
    assert checked(other).refused_row.tolist() == [40]


def test_an_empty_time_or_arrival_is_understood(tmp_path: Path) -> None:
    columns = plots()
    columns["arrival_ns"] = [None, *(columns["time_ns"][1:] + SECOND_NS).tolist()]
    columns["time_ns"] = [*columns["time_ns"][:-1].tolist(), None]
    reading = read(tmp_path, columns)
    assert reading.refused_reason == ("time_ns is empty",)
    assert reading.detections.arrival_ns[0] == EPOCH_NS


UNITS = [
    ("azimuth_rad", 180.0 / math.pi, "azimuth_rad looks like degrees"),
    ("elevation_rad", 180.0 / math.pi, "elevation_rad looks like degrees"),
    ("elevation_rad", 1e3, "elevation_rad looks like milliradians: "),
    ("azimuth_rad", 1e3, "azimuth_rad looks like milliradians: "),
    ("range_m", 1e-3, 'range_m of "north" looks like kilometres or miles: '),
    ("time_ns", 1e-9, "time_ns looks like seconds"),
    ("time_ns", 1e-6, "time_ns looks like milliseconds"),
    ("time_ns", 1e-3, "time_ns looks like microseconds"),
]


@pytest.mark.parametrize(("name", "factor", "expected"), UNITS)
def test_a_table_in_other_units_is_refused_in_a_sentence(
    tmp_path: Path, name: str, factor: float, expected: str
) -> None:
    columns = plots()
    columns[name] = (columns[name] * factor).astype(columns[name].dtype)
    with pytest.raises(InputError, match=expected) as caught:
        read(tmp_path, columns)
    assert caught.value.exit_code == 2
    assert "detections.parquet" in str(caught.value)


def test_one_radar_in_degrees_among_others_is_noticed() -> None:
    south = plots(30, sensor="south", seed=8)
    south["elevation_rad"] = np.degrees(south["elevation_rad"])
    with pytest.raises(InputError, match=r'elevation_rad of "south" looks like degrees'):
        checked(together(plots(200), south))


def test_units_of_angles_are_told_apart_by_where_the_radar_looks() -> None:
    columns = plots(100)
    columns["elevation_rad"] = np.random.default_rng(3).uniform(0.06, 0.08, 100)
    low = columns | {"elevation_rad": 1e3 * columns["elevation_rad"]}
    with pytest.raises(InputError, match="elevation_rad looks like degrees or milliradians: its"):
        checked(low)  # 60 to 80 of either, and the radar sees both
    both = low | {"azimuth_rad": 1e3 * columns["azimuth_rad"]}
    with pytest.raises(InputError, match="azimuth_rad looks like milliradians: its"):
        checked(both)
    high = columns | {"elevation_rad": np.degrees(plots(100)["elevation_rad"])}
    with pytest.raises(InputError, match="elevation_rad looks like degrees: its"):
        checked(high)  # as milliradians most would lie below the radar's 3 degrees


def test_angles_in_a_unit_that_is_none_of_the_usual_are_said_to_be_no_radians() -> None:
    columns = plots(100)
    columns["elevation_rad"] = 1e6 * columns["elevation_rad"]
    with pytest.raises(InputError, match='elevation_rad of "north" looks like no radians: its'):
        checked(columns)


def test_two_radars_in_degrees_of_three_are_named_by_themselves() -> None:
    parts = [plots(40, sensor=name, seed=k) for k, name in enumerate(("north", "south", "south"))]
    for part in parts[1:]:
        part["elevation_rad"] = np.degrees(part["elevation_rad"])
    with pytest.raises(InputError, match='elevation_rad of "south" looks like degrees: '):
        checked(together(*parts))


def test_range_rates_in_kilometres_a_second_are_noticed() -> None:
    columns = plots(100)
    columns["range_rate_m_s"] = columns["range_rate_m_s"] / 1e3
    with pytest.raises(InputError, match=r'range_rate_m_s of "north" looks like kilometres a sec'):
        checked(columns)


def test_what_stands_still_for_a_radar_is_kept_far_away_or_seen_briefly() -> None:
    columns = plots(100)
    columns["range_rate_m_s"] = columns["range_rate_m_s"] / 1e3
    far = columns | {"range_m": np.full(100, 3.7e7)}
    assert len(checked(far).detections) == 100
    brief = columns | {"time_ns": EPOCH_NS + np.arange(100) * SECOND_NS // 10}
    assert len(checked(brief).detections) == 100


@pytest.mark.parametrize("every_s", [1, 10, 30])
def test_what_stands_still_is_no_range_rate_in_kilometres_a_second(every_s: int) -> None:
    """A mast and a balloon: their range rates are the errors of the radar, 5 m/s, and no more."""
    count = 100
    rng = np.random.default_rng(4)
    mast, balloon = plots(count), plots(count)
    for columns, range_m, speed_m_s in ((mast, 4e5, 0.0), (balloon, 6e5, 5.0)):
        since_s = every_s * np.arange(count)
        columns["time_ns"] = EPOCH_NS + since_s * SECOND_NS
        columns["range_m"] = range_m + speed_m_s * since_s + rng.normal(0.0, 30.0, count)
        columns["range_rate_m_s"] = speed_m_s + rng.normal(0.0, 2.0, count)
        columns["azimuth_rad"] = 1.0 + rng.normal(0.0, 1e-3, count)
        columns["elevation_rad"] = 0.3 + rng.normal(0.0, 2e-3, count)
    assert len(Detections.from_columns(together(mast, balloon), SENSORS).detections) == 2 * count


def test_a_satellite_in_kilometres_is_noticed() -> None:
    columns = lines()
    columns["sensor_x_m"] = columns["sensor_x_m"] / 1e3
    with pytest.raises(InputError, match="sensor_x_m to sensor_z_m looks like kilometres"):
        checked(columns)


def test_a_truncated_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, plots())
    whole = path.read_bytes()
    for length in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="cannot be read as a Parquet file"):
            read_detections(path, SENSORS)


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0.0, 1.0), value=st.integers(0, 255))
def test_a_file_with_one_wrong_byte_is_read_or_refused_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, place: float, value: int
) -> None:
    path = written(tmp_path_factory.mktemp("byte"), plots(12))
    content = bytearray(path.read_bytes())
    content[min(int(place * len(content)), len(content) - 1)] = value
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        assert read_detections(path, SENSORS).row_count >= 0


@pytest.mark.parametrize("missing", ["time_ns", "sensor"])
def test_a_needed_column_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    columns = plots()
    del columns[missing]
    with pytest.raises(InputError, match=f"no column {missing}"):
        read(tmp_path, columns)


def test_a_column_of_another_type_is_refused_in_a_sentence(tmp_path: Path) -> None:
    columns = {**plots(), "range_m": np.full(40, "far", dtype=object)}
    with pytest.raises(InputError, match='column "range_m" holds'):
        read(tmp_path, columns)


def test_one_column_twice_is_refused_in_a_sentence(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path, plots()))
    pq.write_table(table.append_column("range_m", table["range_m"]), tmp_path / "twice.parquet")
    with pytest.raises(InputError, match='two columns "range_m"'):
        read_detections(tmp_path / "twice.parquet", SENSORS)


def test_timestamps_of_any_unit_are_times(tmp_path: Path) -> None:
    columns = plots()
    columns["time_ns"] = columns["time_ns"].astype("datetime64[ns]").astype("datetime64[ms]")
    assert read(tmp_path, columns).detections.time_ns[0] == EPOCH_NS


def test_more_than_the_limits_is_refused_and_the_limit_itself_is_not(tmp_path: Path) -> None:
    columns = plots()
    columns["time_ns"] = np.full(40, EPOCH_NS)
    path = written(tmp_path, columns)
    at_limits = Limits(row_count=40, plots_per_look=40, sensor_count=3)
    assert len(read_detections(path, SENSORS, limits=at_limits).detections) == 40
    for limits, expected in (
        (Limits(row_count=39), "40 rows"),
        (Limits(plots_per_look=39), '40 rows of "north" at one time'),
        (Limits(sensor_count=2), "3 sensors"),
    ):
        with pytest.raises(InputError, match=expected):
            read_detections(path, SENSORS, limits=limits)


def test_two_sensors_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='two sensors of the name "north"'):
        read_detections(written(tmp_path, plots()), (NORTH, NORTH))


def test_no_rows_are_no_mistake(tmp_path: Path) -> None:
    assert read(tmp_path, plots(0)).row_count == 0
    assert len(empty_detections()) == 0


def test_detections_survive_being_written_and_read_again(tmp_path: Path) -> None:
    found = checked(together(plots(), plots(30, sensor="south", seed=4), lines())).detections
    again = read(tmp_path, found.to_columns(SENSORS)).detections
    np.testing.assert_array_equal(again.time_ns, found.time_ns)
    np.testing.assert_array_equal(again.sensor, found.sensor)
    for name in ("measured", "std", "eye_ecef_m"):
        np.testing.assert_allclose(getattr(again, name), getattr(found, name), rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.sampled_from(["north", "south", "eye", "", "x"]),
            *[st.floats(allow_nan=True, allow_infinity=True, width=64)] * 4,
        ),
        max_size=9,
    )
)
@example([(0, "north", 0.0, 9e307, 0.0, 0.0)] * 2)
def test_whatever_stands_in_the_rows_each_gets_its_answer(rows: list[Any]) -> None:
    times, names, *values = [list(column) for column in zip(*rows, strict=True)] or [[]] * 6
    keys = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_m_s")
    columns = {
        "time_ns": np.array(times, dtype=np.int64),
        "sensor": np.array(names, dtype=object),
        **{key: np.array(v, dtype=float) for key, v in zip(keys, values, strict=True)},
    }
    try:
        reading = checked(columns)
    except InputError:  # as a whole they look like degrees or kilometres
        return
    kept = reading.detections.row.tolist()
    assert sorted([*kept, *reading.refused_row.tolist()]) == list(range(len(rows)))
    assert all(reading.refused_reason)
    is_radar = ~reading.detections.is_infrared
    assert np.isfinite(reading.detections.measured[is_radar, :3]).all()
    assert (reading.detections.std[is_radar, :3] > 0.0).all()


def test_the_constants_of_a_radar_are_checked_when_it_is_made() -> None:
    for name, value in (("range_std_m", 0.0), ("detection_probability", 1.5)):
        with pytest.raises(InputError, match=name):
            Radar(**{**{f: getattr(NORTH, f) for f in NORTH.__slots__}, name: value})
