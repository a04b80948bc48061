"""Detections drawn from truth: right in the mean and in their spread, and silent about truth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.flight.trajectory import Trajectories
from commonwatch.scenario.load import read_sensors
from commonwatch.scenario.nations import DelaySpan
from commonwatch.scenario.sharing_of_file import FIRST_LAUNCH_S
from commonwatch.scenario.writing import sensor_file
from commonwatch.sensing.detection import Detections, Reading
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.measurement import radar_measurement, range_rate_measurement
from commonwatch.sensing.radar import Radar, Role
from commonwatch.sensing.visibility import spells_of_sight
from commonwatch.tables.records import RECORD_TABLES
from commonwatch.tables.schemas import to_table
from commonwatch.world.looks import (
    FALSE_RANGE_RATE_M_S,
    GLINT_LOOKS,
    Flown,
    Looks,
    drawn_lines,
    drawn_plots,
    rhythm,
)
from commonwatch.world.sightings import Sightings, draw
from tests.sensing.build import arcs, face, from_equator, parabolas, radar, satellite
from tests.studies.build import SCENARIO
from tests.world.test_truth import loaded

F64 = npt.NDArray[np.float64]
SECOND_NS = 10**9
DELAY = DelaySpan(low_s=1.0, nominal_s=2.0, high_s=3.0, mark="assumed", source="test")
LAUNCH_INTERVAL_S = 30.0
QUIET = SCENARIO.replace(
    "track_interval_s = 2.0", "track_interval_s = 2.0\nfalse_plots_per_sweep = 0"
)
"""Without false plots of the search radar."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Sightings:
    return draw(loaded(tmp_path_factory.mktemp("drawn")), seed=7)


def read(sightings_: Sightings, folder: Path) -> Reading:
    path = folder / "sensors.toml"
    path.write_text(sensor_file(sightings_.sensors), encoding="utf-8")
    return Detections.from_columns(sightings_.detections, read_sensors(path))


def flown_by(trajectories: Trajectories) -> Flown:
    return Flown(
        trajectories=trajectories,
        lift_off_s=np.zeros(trajectories.path_count),
        first_launch_s=0.0,
        epoch_ns=0,
    )


def plots_of(flown: Flown, *, bias_m: float = 0.0, **changes: Any) -> Looks:
    """Plots of one radar at the equator that looks all round, and has constant errors."""
    constants = {
        "range_std_m": 50.0,
        "azimuth_std_rad": 1e-3,
        "elevation_std_rad": 2e-3,
        "range_rate_std_m_s": 5.0,
        "detection_probability": 0.8,
        "is_refraction_corrected": True,
        "false_plots_per_sweep": 0.0,
        "track_interval_s": 2.0,
    }
    sensor = radar(face(elevation_min_deg=3.0, elevation_max_deg=85.0), **(constants | changes))
    spells = spells_of_sight(flown.trajectories, [sensor])
    rng = np.random.default_rng(11)
    when = rhythm(sensor, flown, DELAY, rng=rng)
    return drawn_plots(sensor, spells, flown, when, range_bias_m=bias_m, rng=rng)


def lines_of(eye: InfraredSatellite, flown: Flown) -> Looks:
    rng = np.random.default_rng(2)
    return drawn_lines(eye, flown, rhythm(eye, flown, DELAY, rng=rng), rng=rng)


def test_plots_spread_about_the_truth_as_the_radar_says() -> None:
    paths = parabolas(from_equator(5e5, 8e5, 1e5), (100.0, -900.0, 50.0), end_s=900.0)
    looks = plots_of(flown_by(paths), bias_m=300.0)
    time_s = looks.time_ns / SECOND_NS
    states = paths.state_vector_at(np.zeros(len(time_s), dtype=np.int64), time_s)
    error = looks.reported[:, :3] - radar_measurement(radar(), states)
    error[:, 1] = np.mod(error[:, 1] + np.pi, 2.0 * np.pi) - np.pi
    rate = looks.reported[:, 3] - range_rate_measurement(radar(), states)
    scaled = np.column_stack([error - [300.0, 0.0, 0.0], rate]) / [50.0, 1e-3, 2e-3, 5.0]
    count = len(scaled)
    # The mean of so many lies within four standard errors, the variance likewise.
    assert np.abs(scaled.mean(axis=0)).max() < 4.0 / np.sqrt(count)
    assert np.abs(scaled.var(axis=0) - 1.0).max() < 4.0 * np.sqrt(2.0 / count)


def test_looks_are_missed_as_often_as_the_radar_says() -> None:
    paths, _ = arcs(3, 60)
    all_looks = len(plots_of(flown_by(paths), detection_probability=1.0).time_ns)
    seen = len(plots_of(flown_by(paths)).time_ns)
    assert abs(seen - 0.8 * all_looks) < 4.0 * np.sqrt(0.16 * all_looks)
    assert all_looks > 1_000


def test_apparent_elevations_stand_above_geometric_ones() -> None:
    paths = parabolas(from_equator(5e5, 8e5, 1e5), (100.0, -900.0, 50.0), end_s=900.0)
    true = plots_of(flown_by(paths))
    bent = plots_of(flown_by(paths), is_refraction_corrected=False)
    raised = bent.reported[:, 2] - true.reported[:, 2]
    assert (raised > 0.0).all()
    assert raised.max() < 0.005


def test_false_plots_are_poisson_and_uniform_over_the_searched_volume() -> None:
    # A path that nobody sees: on the other side of the Earth.
    paths = parabolas((-7e6, 0.0, 0.0), (0.0, 0.0, 0.0), end_s=20_000.0)
    looks = plots_of(flown_by(paths), false_plots_per_sweep=3.0)
    distance, azimuth, elevation, rate = looks.reported.T
    sweeps = 10_000
    assert abs(len(distance) - 3.0 * sweeps) < 4.0 * np.sqrt(3.0 * sweeps)
    low, high = np.sin(np.radians([3.0, 85.0]))
    parts = [
        (distance**3 - 200e3**3) / (4_000e3**3 - 200e3**3),
        azimuth / (2.0 * np.pi),
        (np.sin(elevation) - low) / (high - low),
        0.5 + 0.5 * rate / FALSE_RANGE_RATE_M_S,
    ]
    for part in parts:
        # Kolmogorov's bound: one sample in a thousand departs further.
        steps = np.sort(part)
        departure = np.abs(steps - (np.arange(len(steps)) + 0.5) / len(steps)).max()
        assert departure < 1.95 / np.sqrt(len(steps))


def test_a_cued_radar_is_silent_until_it_looks() -> None:
    paths = parabolas((-7e6, 0.0, 0.0), (0.0, 0.0, 0.0), end_s=2_000.0)
    assert not len(plots_of(flown_by(paths), false_plots_per_sweep=9.0, role=Role.CUED).time_ns)


def test_a_satellite_sees_a_motor_while_it_burns_above_the_clouds() -> None:
    up = parabolas(from_equator(0.0, 0.0, 0.0), (500.0, 0.0, 0.0), end_s=600.0, burn_out_s=120.0)
    looks = lines_of(satellite(revisit_s=1.0), flown_by(up))
    time_s = looks.time_ns / SECOND_NS
    eye = looks.eye_ecef_m
    place = up.state_vector_at(np.zeros(len(time_s), dtype=np.int64), time_s)[:, :3]
    line = place - eye
    line /= np.linalg.norm(line, axis=1, keepdims=True)
    angle = np.linalg.norm(np.cross(line, looks.line_of_sight), axis=1)
    is_motor = angle < 6.0 * 50e-6
    assert is_motor.sum() >= len(time_s) - GLINT_LOOKS * 3
    assert time_s[is_motor].min() == pytest.approx(20.0, abs=1.0)
    assert time_s[is_motor].max() == pytest.approx(120.0, abs=1.0)
    # Two independent angles of 50 microradians each.
    spread = np.mean(angle[is_motor] ** 2) / (2.0 * 50e-6**2)
    assert spread == pytest.approx(1.0, abs=4.0 / np.sqrt(is_motor.sum()))


def test_glints_stand_still_on_the_clouds_for_a_few_looks() -> None:
    dark = parabolas((-7e6, 0.0, 0.0), (0.0, 0.0, 0.0), end_s=40 * 3_600.0, interval_s=3_600.0)
    eye = satellite(revisit_s=10.0, line_of_sight_std_rad=1e-9)
    looks = lines_of(eye, flown_by(dark))
    count = len(looks.time_ns) / GLINT_LOOKS
    assert abs(count - 40.0) < 4.0 * np.sqrt(40.0)
    # Where the line meets the sphere of the clouds, about.
    along = np.einsum("ij,ij->i", -looks.eye_ecef_m, looks.line_of_sight)
    nearest = np.sqrt(np.sum(looks.eye_ecef_m**2, axis=1) - along**2)
    assert (nearest < 6_390e3).all()


def test_the_tables_have_their_columns_and_no_other(drawn: Sightings) -> None:
    for name, columns in (
        ("detections", drawn.detections),
        ("truth_objects", drawn.objects),
        ("truth_ends", drawn.ends),
        ("truth_biases", drawn.biases),
    ):
        assert to_table(name, columns).num_rows > 0


def test_every_row_drawn_is_one_that_a_centre_can_use(drawn: Sightings, tmp_path: Path) -> None:
    reading = read(drawn, tmp_path)
    assert reading.refused_reason == ()
    assert reading.remarks == ()
    assert set(drawn.detections["sensor"]) == {"west", "east", "eye"}


def test_detections_arrive_one_to_three_seconds_later_in_order(drawn: Sightings) -> None:
    time_ns, arrival_ns = drawn.detections["time_ns"], drawn.detections["arrival_ns"]
    delay_s = (arrival_ns - time_ns) / SECOND_NS
    assert (delay_s >= DELAY.low_s - 1e-6).all()
    assert (delay_s <= DELAY.high_s + 1e-6).all()
    assert (np.diff(arrival_ns) >= 0).all()


def test_nothing_in_the_detections_says_what_is_true(drawn: Sightings, tmp_path: Path) -> None:
    names = {column.name for column in RECORD_TABLES["detections"]}
    assert set(drawn.detections) == names
    assert not any(re.search("object|truth|false|track|launch|bias", name) for name in names)
    metadata = to_table("detections", drawn.detections).schema.metadata
    assert set(metadata) == {b"commonwatch.format", b"commonwatch.table"}
    # The file of sensors is the same whatever the draw, so it holds none of its biases.
    other = draw(loaded(tmp_path), seed=8)
    assert sensor_file(other.sensors) == sensor_file(drawn.sensors)
    assert not np.array_equal(other.biases["range_bias_m"], drawn.biases["range_bias_m"])


def test_the_order_of_rows_does_not_say_which_object_each_is(tmp_path: Path) -> None:
    text = QUIET.replace('aim_points = ["near", "far"]', 'aim_points = ["near"]')
    text = text.replace("nominal = 350.0, high = 500.0", "nominal = 900.0, high = 1000.0")
    drawn = draw(loaded(tmp_path, text), seed=7)
    reading = read(drawn, tmp_path)
    found = reading.detections.take(reading.detections.sensor == 0)
    ranges: dict[int, list[float]] = {}
    for time_ns, distance in zip(found.time_ns.tolist(), found.measured[:, 0], strict=True):
        ranges.setdefault(time_ns, []).append(float(distance))
    pairs = [pair for pair in ranges.values() if len(pair) == 2]
    # The two objects keep apart in range, so an order by object would show as a majority.
    nearer_first = sum(first < second for first, second in pairs)
    assert len(pairs) > 20
    assert abs(nearer_first - 0.5 * len(pairs)) < 4.0 * np.sqrt(0.25 * len(pairs))


def test_a_radar_more_changes_no_other_ones_detections(tmp_path: Path, drawn: Sightings) -> None:
    fewer = SCENARIO.replace('sensors = ["east", "eye"]', 'sensors = ["eye"]')
    alone = draw(loaded(tmp_path, fewer), seed=7)

    def west(each: Sightings) -> set[tuple[int, float]]:
        rows = each.detections["sensor"] == "west"
        return set(
            zip(
                each.detections["time_ns"][rows].tolist(),
                each.detections["range_m"][rows].tolist(),
                strict=True,
            )
        )

    assert west(alone) == west(drawn)


def test_the_same_seed_draws_the_same_and_another_does_not(
    tmp_path: Path, drawn: Sightings
) -> None:
    again = draw(loaded(tmp_path), seed=7)
    np.testing.assert_array_equal(again.detections["range_m"], drawn.detections["range_m"])
    other = draw(loaded(tmp_path), seed=9)
    assert len(other.detections["range_m"]) != len(drawn.detections["range_m"])


def test_objects_are_where_the_ends_say_and_only_while_seen(drawn: Sightings) -> None:
    instants = drawn.objects["time_ns"]
    assert (np.diff(instants) >= 0).all()
    assert (instants % (2 * SECOND_NS) == 0).all()
    first = int(drawn.ends["launch_time_ns"].min())
    gaps_s = (np.sort(drawn.ends["launch_time_ns"]) - first) / SECOND_NS
    assert gaps_s.tolist() == [k * LAUNCH_INTERVAL_S for k in range(4)]
    position = np.column_stack([drawn.objects[f"{axis}_m"] for axis in "xyz"])
    assert (geodetic_from_ecef(position)[2] > 0.0).all()
    # 1 January 2020, midnight UTC.
    assert first == 1_577_836_800 * SECOND_NS + int(FIRST_LAUNCH_S) * SECOND_NS
    np.testing.assert_allclose(drawn.ends["launch_latitude_deg"], 31.0)
    assert sorted({round(x, 3) for x in drawn.ends["impact_longitude_deg"]}) == [14.0, 21.0]


def test_true_plots_lie_on_their_objects_once_the_bias_is_taken_off(tmp_path: Path) -> None:
    drawn = draw(loaded(tmp_path, QUIET), seed=7)
    found = read(drawn, tmp_path).detections
    own = found.take(found.sensor == 0)
    bias_m = drawn.biases["range_bias_m"][drawn.biases["sensor"].index("west")]
    [west, *_] = read_sensors(tmp_path / "sensors.toml")
    assert isinstance(west, Radar)
    names = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    states = np.column_stack([drawn.objects[name] for name in names])
    for time_ns, measured, std in zip(own.time_ns, own.measured, own.std, strict=True):
        near = np.flatnonzero(np.abs(drawn.objects["time_ns"] - time_ns) <= SECOND_NS)
        moved = states[near]
        moved[:, :3] += ((time_ns - drawn.objects["time_ns"][near]) / 1e9)[:, None] * moved[:, 3:]
        error = np.abs(measured[:3] - [bias_m, 0.0, 0.0] - radar_measurement(west, moved))
        # Up to a second of straight motion, at up to 40 m/s2, is 20 m, a milliradian at 20 km.
        assert (error < 6.0 * std[:3] + [20.0, 1e-3, 1e-3]).all(axis=1).any()
    assert len(own) > 50


def test_only_so_many_flights_fly_in_a_world_and_the_rest_is_counted(tmp_path: Path) -> None:
    text = SCENARIO + "\n[world]\nflights_per_seed = 3\n"
    some = draw(loaded(tmp_path, text), seed=7)
    assert (some.flight_count, some.wanted_count) == (2, 4)
    assert set(some.objects["object"].tolist()) <= {0, 1}
    assert len(some.flight_names) == 2


def test_nothing_is_reported_once_the_world_has_ended(tmp_path: Path) -> None:
    text = SCENARIO + "\n[world]\nduration_s = 100.0\n"
    short, whole = draw(loaded(tmp_path, text), seed=7), draw(loaded(tmp_path), seed=7)
    for table in (short.detections, short.objects):
        assert len(table["time_ns"]) > 0
        assert table["time_ns"].max() <= short.epoch_ns + 100 * SECOND_NS
    assert whole.detections["time_ns"].max() > short.epoch_ns + 200 * SECOND_NS


def test_the_first_launch_is_when_the_scenario_says(tmp_path: Path) -> None:
    text = SCENARIO + "\n[world]\nfirst_launch_utc = 2020-01-01T06:24:00Z\n"
    drawn = draw(loaded(tmp_path, text), seed=7)
    first_ns = int(drawn.ends["launch_time_ns"].min())
    assert first_ns == (1_577_836_800 + 6 * 3_600 + 24 * 60) * SECOND_NS
    assert drawn.epoch_ns == first_ns - int(FIRST_LAUNCH_S) * SECOND_NS


HEAD, EAST = SCENARIO.split('name = "east"', 1)
CUED = (
    HEAD.replace(
        "[study]",
        '[[laydowns]]\nname = "late"\ntitle = "radars"\nsensors = ["west", "east"]\n\n'
        '[[laydowns]]\nname = "none"\ntitle = "no cue"\nsensors = ["east"]\n\n[study]',
    )
    + 'name = "east"'
    + EAST.replace('role = "search"', 'role = "cued"\nhand_over_s = 12.0', 1)
)
"""The eastern radar waits for the western one or, sooner, for the satellite."""


def rows(drawn: Sightings, sensor: str, chosen: npt.NDArray[np.bool_]) -> set[tuple[int, float]]:
    kept = chosen & (drawn.detections["sensor"] == sensor)
    columns = (drawn.detections["time_ns"], drawn.detections["range_m"])
    return set(zip(*(column[kept].tolist() for column in columns), strict=True))


def test_a_laydown_has_the_rows_of_its_own_sensors(drawn: Sightings) -> None:
    sensors = drawn.detections["sensor"]
    assert set(sensors[drawn.rows_of("west")]) == {"west"}
    assert drawn.rows_of("both").all()
    assert (drawn.rows_of("west") == (sensors == "west")).all()


def test_a_laydown_takes_from_a_cued_radar_what_it_has_cued_itself(tmp_path: Path) -> None:
    drawn = draw(loaded(tmp_path, CUED), seed=7)
    sensors, time_ns = drawn.detections["sensor"], drawn.detections["time_ns"]
    west, east = sensors == "west", sensors == "east"
    both, late, none = (drawn.rows_of(name) for name in ("both", "late", "none"))
    assert not none.any()
    assert (late & east).sum() > 0
    assert not (late & ~both).any()
    was_seen = 0
    for flight in range(drawn.flight_count):
        own = drawn.origin == flight
        if not (own & west).any():
            assert not (own & east & late).any()
            continue
        # The western radar may miss its first looks, so its own first row is an upper bound; its
        # track is two sweeps of 2 s old when it cues, and the hand-over takes 12 s.
        cue_ns = int(time_ns[own & west].min()) + 16 * SECOND_NS
        after = own & east & (time_ns > cue_ns)
        assert (late[after]).all()
        early = own & east & (time_ns < cue_ns - 20 * SECOND_NS)
        assert not late[early].any()
        was_seen += int(early.sum() > 0 and after.sum() > 0)
    assert was_seen


def test_the_origin_of_each_row_is_what_it_shows(tmp_path: Path) -> None:
    drawn = draw(loaded(tmp_path, QUIET), seed=7)
    assert len(drawn.origin) == len(drawn.detections["time_ns"])
    west = drawn.detections["sensor"] == "west"
    assert (drawn.origin[west] >= 0).all()
    assert set(drawn.origin[west].tolist()) <= set(range(drawn.flight_count))
    lift_off_ns = drawn.ends["launch_time_ns"][drawn.origin[west]]
    assert (drawn.detections["time_ns"][west] > lift_off_ns).all()


CLUTTER = """
[[injections]]
kind = "clutter"
sensor = "west"
at_s = 60.0
until_s = 120.0
count = 20

[[injections]]
kind = "sun glints"
sensor = "eye"
at_s = 60.0
until_s = 400.0
count = 3
latitude_deg = 10.0
longitude_deg = 10.0
"""


def test_what_is_injected_changes_nothing_of_what_the_sensors_report_besides(
    tmp_path: Path, drawn: Sightings
) -> None:
    more = draw(loaded(tmp_path, SCENARIO + CLUTTER), seed=7)
    for sensor in ("west", "east"):
        everything = np.ones(len(drawn.origin), dtype=bool)
        before = rows(drawn, sensor, everything)
        after = rows(more, sensor, np.ones(len(more.origin), dtype=bool))
        assert before <= after
        assert (len(after) > len(before) + 300) == (sensor == "west")
    eyes = [int((each.detections["sensor"] == "eye").sum()) for each in (drawn, more)]
    assert eyes[1] - eyes[0] in range(15, 25)  # three of 60 s, looked at each 10 s
    assert (more.origin == -1).sum() > (drawn.origin == -1).sum() + 300


def test_a_flight_with_a_time_of_its_own_lifts_off_then(tmp_path: Path) -> None:
    text = (
        SCENARIO
        + """
[[flights]]
name = "later"
latitude_deg = 31.0
longitude_deg = 5.0
azimuth_deg = 70.0
ground_range_km = 900.0
apogee_km = 250.0
vehicle = "test-missile"
lift_off_s = 77.0
"""
    )
    drawn = draw(loaded(tmp_path, text), seed=7)
    index = drawn.flight_names.index("later")
    launch_ns = drawn.ends["launch_time_ns"]
    assert launch_ns[index] - launch_ns.min() == 77 * SECOND_NS
