"""Spells of sight against angles and traced rays; hand-over and union against plain loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.errors import InputError
from commonwatch.flight.trajectory import Trajectories
from commonwatch.identity import SensorId
from commonwatch.sensing.infrared import Geostationary, HighlyElliptical, position_ecef_m
from commonwatch.sensing.radar import Radar, Role
from commonwatch.sensing.site import Site
from commonwatch.sensing.visibility import (
    Limit,
    Sensor,
    Spells,
    handed_over,
    spells_of_sight,
    union,
)
from tests.sensing.build import (
    arcs,
    face,
    from_equator,
    parabolas,
    radar,
    satellite,
    sees,
    slow_spells,
    spells_of,
)

F64 = npt.NDArray[np.float64]

AGREEMENT_S = 0.05


def random_radar(rng: np.random.Generator, *, faces: int) -> Radar:
    """Build a radar with sectors that wrap, exceed half a turn, or go all round."""
    width = float(rng.choice([60.0, 120.0, 240.0, 360.0])) / faces
    start = rng.uniform(0.0, 360.0)
    floor, roof = rng.uniform(0.0, 6.0), rng.choice([35.0, 70.0, 90.0])
    return radar(
        *(face(start + k * width, start + (k + 1) * width, floor, roof) for k in range(faces)),
        site=Site(
            latitude_rad=rng.uniform(-0.6, 0.6),
            longitude_rad=rng.uniform(-0.6, 0.6),
            altitude_m=rng.uniform(0.0, 2_000.0),
        ),
        range_min_m=rng.uniform(0.0, 4e5),
        range_max_m=rng.uniform(1e6, 4e6),
    )


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), faces=st.integers(1, 3))
def test_spells_agree_with_angles_and_traced_rays(seed: int, faces: int) -> None:
    paths, position = arcs(seed, 4)
    sensor = random_radar(np.random.default_rng([seed, 1]), faces=faces)
    spells = spells_of_sight(paths, [sensor])
    for path in range(4):
        end_s = float(paths.end_s[path])

        def is_seen(time_s: F64, path: int = path) -> npt.NDArray[np.bool_]:
            return sees(sensor, position(path, time_s))

        expected = slow_spells(is_seen, end_s)
        gaps = [after[0] - before[1] for before, after in itertools.pairwise(expected)]
        if min(gaps, default=math.inf) < 2.0 * paths.interval_s:
            continue  # A gap shorter than a sample's interval may be missed.
        here = spells.path == path
        got = np.stack([spells.first_seen_s[here], spells.last_seen_s[here]], axis=-1)
        # The slow search, at whole seconds, misses what is shorter.
        got = got[got[:, 1] - got[:, 0] > 1.1]
        expected = [spell for spell in expected if spell[1] - spell[0] > 1.1]
        assert got == pytest.approx(np.array(expected).reshape(-1, 2), abs=AGREEMENT_S)


def test_the_random_paths_meet_every_limit_of_a_radar() -> None:
    """The comparison above is worth little if a limit never comes into play."""
    ended = set()
    for seed in range(30):
        paths, _ = arcs(seed, 4)
        rng = np.random.default_rng([seed, 1])
        ended |= set(spells_of_sight(paths, [random_radar(rng, faces=2)]).ended_by.tolist())
    wanted = {Limit.AZIMUTH, Limit.ELEVATION_MIN, Limit.ELEVATION_MAX, Limit.RANGE_MAX}
    assert wanted <= ended


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_spells_are_ordered_apart_and_within_the_path(seed: int) -> None:
    paths, _ = arcs(seed, 6)
    rng = np.random.default_rng(seed)
    sensors: list[Sensor] = [
        random_radar(rng, faces=2),
        satellite(),
        random_radar(rng, faces=3),
    ]
    spells = spells_of_sight(paths, sensors)
    keys = list(zip(spells.path, spells.sensor, spells.first_seen_s, strict=True))
    assert keys == sorted(keys)
    assert (spells.first_seen_s >= 0.0).all()
    assert (spells.last_seen_s >= spells.first_seen_s).all()
    assert (spells.last_seen_s <= paths.end_s[spells.path]).all()
    same = (np.diff(spells.path) == 0) & (np.diff(spells.sensor) == 0)
    assert (spells.first_seen_s[1:][same] > spells.last_seen_s[:-1][same]).all()


def test_altitudes_are_those_of_the_path_at_the_two_ends() -> None:
    paths, position = arcs(3, 30)
    spells = spells_of_sight(paths, [radar(face(-90.0, 90.0, 3.0, 90.0))])
    assert spells.count > 5
    for k in range(spells.count):
        for time_s, altitude_m in (
            (spells.first_seen_s[k], spells.first_seen_altitude_m[k]),
            (spells.last_seen_s[k], spells.last_seen_altitude_m[k]),
        ):
            place = position(int(spells.path[k]), np.array([time_s]))
            assert altitude_m == pytest.approx(geodetic_from_ecef(place)[2][0], abs=1e-3)


def test_more_paths_than_a_chunk_give_the_same_spells_as_one_by_one() -> None:
    starts = [from_equator(4e5, -1e3 * k, 5e5) for k in range(1_200)]
    paths = parabolas(starts, [(0.0, 5e3, 0.0)] * 1_200, end_s=300.0)
    spells = spells_of_sight(paths, [radar(face(300.0, 60.0))])
    expected_s = (5e5 * math.sqrt(3.0) + 1e3 * np.arange(1_200)) / 5e3
    last = spells.path[np.append(spells.path[1:] != spells.path[:-1], True)]
    assert (last == np.arange(1_200)).all()
    ends = np.zeros(1_200)
    np.maximum.at(ends, spells.path, spells.last_seen_s)
    assert ends == pytest.approx(np.minimum(expected_s, 300.0), abs=2e-3)


def test_many_spells_of_one_path_are_all_kept() -> None:
    faces = [face(10.0 * k, 10.0 * k + 5.0) for k in range(1, 8)]
    fleet = [radar(*faces, sensor=SensorId(f"r{k}")) for k in range(12)]
    path = parabolas(from_equator(4e5, 0.0, 5e5), (0.0, 2e3, 0.0), end_s=900.0)
    spells = spells_of_sight(path, fleet)
    assert spells.count > 16
    assert (np.bincount(spells.sensor) == spells.count / 12).all()


def test_a_dish_never_sees_and_a_cued_radar_sees_as_if_cued() -> None:
    path = parabolas(from_equator(4e5, 0.0, 5e5), (0.0, 5e3, 0.0), end_s=100.0)
    sensors = [radar(role=Role.DISH), radar(role=Role.CUED)]
    assert spells_of_sight(path, sensors).sensor.tolist() == [1]


def test_no_path_and_no_sensor_give_no_spells() -> None:
    path = parabolas(from_equator(4e5, 0.0, 5e5), (0.0, 5e3, 0.0), end_s=100.0)
    assert spells_of_sight(path, []).count == 0
    assert union(spells_of_sight(path, [])).count == 0


# Satellites: a motor rises at 1 km/s straight above the radar at the equator.
def rising(**changes: float) -> Spells:
    """Spells of the satellite overhead for a motor that burns from the ground up."""
    paths = parabolas(
        from_equator(0.0, 0.0, 0.0),
        (1e3, 0.0, 0.0),
        end_s=changes.pop("end_s", 200.0),
        burn_out_s=changes.pop("burn_out_s", 65.0),
        comes_down=False,
    )
    orbit = Geostationary(longitude_rad=changes.pop("longitude_rad", 0.0))
    return spells_of_sight(paths, [satellite(orbit, **changes)])


def test_a_satellite_sees_from_the_cloud_break_to_burn_out() -> None:
    spells = rising(cloud_break_altitude_m=12e3)
    assert spells.first_seen_s == pytest.approx([12.0], abs=2e-3)
    assert spells.first_seen_altitude_m == pytest.approx([12e3], abs=2.0)
    assert spells.last_seen_s.tolist() == [65.0]
    assert spells.ended_by.tolist() == [Limit.BURN_OUT]


def test_the_first_look_comes_later_by_its_delay_or_not_at_all() -> None:
    assert rising(first_look_delay_s=7.5, revisit_s=10.0).first_seen_s == pytest.approx(
        [17.5], abs=2e-3
    )
    assert rising(first_look_delay_s=7.5, burn_out_s=17.0).count == 0
    assert rising(first_look_delay_s=6.0, burn_out_s=17.0).count == 1


@pytest.mark.parametrize("burn_out_s", [0.0, math.nan])
def test_what_does_not_burn_is_not_seen_from_space(burn_out_s: float) -> None:
    assert rising(burn_out_s=burn_out_s).count == 0


def test_a_path_that_ends_burning_ends_the_spell() -> None:
    spells = rising(burn_out_s=math.inf, end_s=43.0)
    assert spells.last_seen_s.tolist() == [43.0]
    assert spells.ended_by.tolist() == [Limit.PATH_END]


def test_a_motor_that_sinks_below_the_cloud_break_is_lost() -> None:
    paths = parabolas(from_equator(30e3, 0.0, 0.0), (-1e3, 0.0, 0.0), end_s=29.0, burn_out_s=29.0)
    spells = spells_of_sight(paths, [satellite()])
    assert spells.last_seen_s == pytest.approx([20.0], abs=2e-3)
    assert spells.ended_by.tolist() == [Limit.CLOUD]


def test_a_satellite_sets_behind_the_earth_where_the_textbook_says() -> None:
    # From the ground at the equator: cos(longitude difference + elevation) = cos(elevation) R / a.
    elevation = math.radians(5.0)
    radius_m = 6_378_137.0
    reach = math.acos(math.cos(elevation) * radius_m / 42_164_172.0) - elevation
    assert math.degrees(reach) == pytest.approx(76.3, abs=0.1)
    for offset_deg, is_seen in ((-0.05, True), (0.05, False)):
        spells = rising(
            longitude_rad=reach + math.radians(offset_deg),
            cloud_break_altitude_m=0.0,
            burn_out_s=0.5,
        )
        assert (spells.count == 1) == is_seen


def test_a_motor_that_flies_out_of_a_satellites_view_is_lost_to_the_earth() -> None:
    speed_m_s = 7e3
    paths = parabolas(
        from_equator(2e5, 0.0, 0.0), (0.0, -speed_m_s, 0.0), end_s=300.0, burn_out_s=300.0
    )
    orbit = Geostationary(longitude_rad=math.radians(70.0))
    spells = spells_of_sight(paths, [satellite(orbit)])
    assert spells.ended_by.tolist() == [Limit.EARTH]
    time_s = np.linspace(0.0, 300.0, 30_001)
    start = np.array([6_378_137.0 + 2e5, 0.0, 0.0])
    place = start + np.array([0.0, -speed_m_s, 0.0]) * time_s[:, np.newaxis]
    line = position_ecef_m(orbit, 0.0) - place
    upward = place / np.linalg.norm(place, axis=1, keepdims=True)
    sine = (line * upward).sum(axis=1) / np.linalg.norm(line, axis=1)
    expected_s = time_s[sine >= math.sin(math.radians(5.0))][-1]
    assert spells.last_seen_s == pytest.approx([expected_s], abs=0.02)


def test_a_highly_elliptical_satellite_is_followed_along_its_orbit() -> None:
    # Near perigee, where it moves fastest, it rises over a motor that hardly moves.
    orbit = HighlyElliptical(
        period_s=43_082.0,
        eccentricity=0.72,
        inclination_rad=math.radians(63.4),
        argument_of_perigee_rad=math.radians(270.0),
        apogee_longitude_rad=math.radians(60.0),
        time_from_apogee_s=21_541.0 + 600.0,
    )
    upward = np.array([math.cos(math.radians(-128.0)), math.sin(math.radians(-128.0)), 0.0])
    place = 6_428_137.0 * upward
    paths = parabolas(place, upward, end_s=3_000.0, burn_out_s=3_000.0)
    time_s = np.arange(0.0, 3_000.0, 0.01)
    line = position_ecef_m(orbit, time_s) - place - np.outer(time_s, upward)
    sine = line @ upward / np.linalg.norm(line, axis=1)
    seen = sine >= math.sin(math.radians(5.0))
    changes = time_s[1:][seen[1:] != seen[:-1]]
    assert len(changes) > 0
    spells = spells_of_sight(paths, [satellite(orbit)])
    got = np.stack([spells.first_seen_s, spells.last_seen_s], axis=-1).ravel()
    got = got[(got > 0.0) & (got < 3_000.0)]
    assert got == pytest.approx(changes, abs=0.02)


# Hand-over
def climbing(paths: int) -> Trajectories:
    """Build paths that climb 1 km each second above the equator."""
    return parabolas(
        [from_equator(0.0, 0.0, 0.0)] * paths, [(1e3, 0.0, 0.0)] * paths, end_s=1_000.0
    )


FLEET: list[Sensor] = [
    radar(track_interval_s=5.0),
    radar(role=Role.CUED, hand_over_s=10.0),
    satellite(revisit_s=8.0),
    radar(role=Role.CUED, hand_over_s=30.0),
]


def handed(rows: list[tuple[int, int, float, float]], include: list[int]) -> list[list[float]]:
    """Hand over and list (path, sensor, first, last)."""
    spells = spells_of(rows, sensors=4, paths=2)
    kept = handed_over(climbing(2), spells, FLEET, include=include)
    assert kept.first_seen_altitude_m == pytest.approx(1e3 * kept.first_seen_s, abs=1e-3)
    assert kept.sensors == tuple(spells.sensors[i] for i in include)
    table = np.stack([kept.path, kept.sensor, kept.first_seen_s, kept.last_seen_s], axis=-1)
    return [list(map(float, row)) for row in table]


def test_a_cued_radar_alone_sees_nothing() -> None:
    assert handed([(0, 1, 50.0, 300.0)], [1]) == []
    assert handed([(0, 1, 50.0, 300.0), (0, 3, 50.0, 300.0)], [1, 3]) == []


def test_a_cued_radar_waits_for_the_track_of_a_search_radar() -> None:
    # First sight 100, a track two intervals of 5 s later, hand-over 10 s.
    rows = [(0, 0, 100.0, 400.0), (0, 1, 50.0, 300.0)]
    assert handed(rows, [0, 1]) == [[0, 0, 100.0, 400.0], [0, 1, 120.0, 300.0]]


def test_a_cued_radar_waits_for_the_third_look_of_a_satellite() -> None:
    rows = [(0, 1, 20.0, 300.0), (0, 2, 30.0, 90.0)]
    assert handed(rows, [2, 1]) == [[0, 0, 30.0, 90.0], [0, 1, 56.0, 300.0]]


def test_a_spell_too_short_for_a_track_cues_nobody() -> None:
    assert handed([(0, 0, 100.0, 109.0), (0, 1, 50.0, 300.0)], [0, 1]) == [[0, 0, 100.0, 109.0]]


def test_a_track_of_another_path_cues_nobody() -> None:
    assert handed([(1, 0, 100.0, 400.0), (0, 1, 50.0, 300.0)], [0, 1]) == [[1, 0, 100.0, 400.0]]


def test_a_track_outside_the_laydown_cues_nobody() -> None:
    assert handed([(0, 0, 100.0, 400.0), (0, 1, 50.0, 300.0)], [1, 2]) == []


def test_a_cued_radar_whose_spell_is_over_before_hand_over_sees_nothing() -> None:
    assert handed([(0, 0, 100.0, 400.0), (0, 1, 50.0, 119.0)], [0, 1]) == [[0, 0, 100.0, 400.0]]


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 1),
            st.integers(0, 3),
            st.integers(0, 500).map(float),
            st.integers(1, 200).map(float),
        ),
        max_size=15,
    ),
    include=st.permutations(range(4)).flatmap(
        lambda order: st.integers(0, 4).map(lambda k: order[:k])
    ),
)
def test_hand_over_agrees_with_a_plain_loop(
    rows: list[tuple[int, int, float, float]], include: list[int]
) -> None:
    spells = [(path, sensor, first, first + length) for path, sensor, first, length in rows]
    waits = {0: 10.0, 2: 16.0}
    delays = {1: 10.0, 3: 30.0}
    expected = []
    for path, sensor, first, last in spells:
        if sensor not in include:
            continue
        tracks = [
            begun + waits[s]
            for p, s, begun, over in spells
            if p == path and s in waits and s in include and begun + waits[s] <= over
        ]
        start = (
            max(first, min(tracks, default=math.inf) + delays[sensor])
            if sensor in delays
            else first
        )
        if start <= last:
            expected.append([path, include.index(sensor), start, last])
    got = handed(spells, list(include))
    assert sorted(got) == sorted(expected)
    assert [row[:3] for row in got] == sorted(row[:3] for row in got)


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 3),
            st.integers(0, 60).map(float),
            st.integers(0, 15).map(float),
        ),
        max_size=25,
    )
)
def test_a_union_covers_what_any_sensor_covers_and_no_more(
    rows: list[tuple[int, int, float, float]],
) -> None:
    spells = spells_of([(p, s, f, f + d) for p, s, f, d in rows], sensors=4, paths=4)
    joined = union(spells)
    assert joined.sensors == ("*",)
    # Halves of a second tell a stretch from two that only touch at whole seconds.
    time_s = np.arange(0.0, 80.0, 0.5)
    for path in range(4):
        covered = [
            ((of.first_seen_s <= t) & (t <= of.last_seen_s) & (of.path == path)).any()
            for of in (spells, joined)
            for t in time_s
        ]
        assert covered[: len(time_s)] == covered[len(time_s) :]
    same = np.diff(joined.path) == 0
    assert (joined.first_seen_s[1:][same] > joined.last_seen_s[:-1][same]).all()
    assert (np.diff(joined.path) >= 0).all()


def test_a_union_ends_by_the_limit_of_the_spell_that_ends_last() -> None:
    spells = spells_of(
        [(0, 0, 10.0, 90.0), (0, 1, 20.0, 50.0), (0, 2, 90.0, 95.0), (0, 3, 97.0, 99.0)],
        sensors=4,
        paths=1,
    )
    ended = np.array([Limit.AZIMUTH, Limit.SIGNAL, Limit.IMPACT, Limit.CLOUD], dtype=np.int8)
    changed = Spells(
        **{name: getattr(spells, name) for name in Spells.__slots__ if name != "ended_by"},
        ended_by=ended,
    )
    joined = union(changed)
    assert joined.first_seen_s.tolist() == [10.0, 97.0]
    assert joined.last_seen_s.tolist() == [95.0, 99.0]
    assert joined.last_seen_altitude_m.tolist() == [95e3, 99e3]
    assert joined.ended_by.tolist() == [Limit.IMPACT, Limit.CLOUD]


def test_limits_are_written_in_words() -> None:
    assert [limit.text for limit in Limit] == [
        "azimuth", "elevation-min", "elevation-max", "range-min", "range-max", "signal", "burn-out",
        "cloud", "earth", "impact", "path-end",
    ]  # fmt: skip


def test_spells_of_unequal_length_are_refused() -> None:
    spells = spells_of([(0, 0, 1.0, 2.0)], sensors=1, paths=1)
    columns = {name: getattr(spells, name) for name in Spells.__slots__}
    with pytest.raises(InputError, match=r"last_seen_s has shape \(2,\)"):
        Spells(**(columns | {"last_seen_s": np.zeros(2)}))


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), cut=st.floats(0.1, 0.9))
def test_cutting_a_face_in_two_changes_no_spell(seed: int, cut: float) -> None:
    paths, _ = arcs(seed, 5)
    whole = face(200.0, 80.0)
    parts = face(200.0, 200.0 + 240.0 * cut), face(200.0 + 240.0 * cut, 80.0)
    one, two = (spells_of_sight(paths, [radar(*faces)]) for faces in ((whole,), parts))
    assume(one.count > 0)
    assert one.path.tolist() == two.path.tolist()
    assert one.first_seen_s == pytest.approx(two.first_seen_s, abs=2e-3)
    assert one.last_seen_s == pytest.approx(two.last_seen_s, abs=2e-3)
