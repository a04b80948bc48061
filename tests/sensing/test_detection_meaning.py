"""Signs, directions and scales of a table of detections: what is not as it says is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from commonwatch.earth.frames import look_angles
from commonwatch.errors import InputError
from commonwatch.identity import SensorId
from commonwatch.sensing.detection import Detections, Reading
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.site import Site
from tests.sensing.build import radar
from tests.sensing.detections import EPOCH_NS, SECOND_NS, plots, together

STD = (30.0, 1e-3, 1e-3, 5.0)
STD_COLUMNS = ("range_std_m", "azimuth_std_rad", "elevation_std_rad", "range_rate_std_m_s")
VALUES = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_m_s")


def site(name: str, latitude_deg: float, longitude_deg: float, **changes: Any) -> Radar:
    place = Site(
        latitude_rad=math.radians(latitude_deg),
        longitude_rad=math.radians(longitude_deg),
        altitude_m=0.0,
    )
    constants = dict(zip(STD_COLUMNS, STD, strict=True))
    return radar(
        sensor=SensorId(name),
        site=place,
        track_interval_s=2.0,
        is_refraction_corrected=True,
        **(constants | changes),
    )


RADARS = (site("north", 2.0, 1.0), site("south", -3.0, -1.0), site("west", 0.0, -5.0))


def flights(seed: int, sensors: tuple[Radar, ...] = RADARS) -> dict[str, Any]:
    """Six bodies in a constant downward pull, each two seconds for a minute, and false plots."""
    rng = np.random.default_rng(seed)
    up = np.array([1.0, 0.0, 0.0])  # at latitude and longitude zero
    place_m = 6_378e3 * up + rng.uniform([3e5, -8e5, -8e5], [7e5, 8e5, 8e5], (6, 3))
    velocity_m_s = rng.uniform([500.0, -4e3, -4e3], [2e3, 4e3, 4e3], (6, 3))
    parts = []
    for number, each in enumerate(sensors):
        time_s = np.repeat(2.0 * np.arange(30) + 0.3 * number, 6)[:, np.newaxis]
        body = np.tile(np.arange(6), 30)
        is_seen = rng.random(180) < 0.9
        time_s, body = time_s[is_seen], body[is_seen]
        now_m = place_m[body] + velocity_m_s[body] * time_s - 0.5 * 9.0 * time_s**2 * up
        speed_m_s = velocity_m_s[body] - 9.0 * time_s * up
        rotation, at_m = each.site.rotation_enu_from_ecef, each.site.position_ecef_m
        angles = look_angles(at_m, rotation, now_m)
        rate_m_s = ((now_m - at_m) * speed_m_s).sum(axis=1) / angles[0]
        measured = np.stack([*angles, rate_m_s], axis=1)
        measured += rng.standard_normal(measured.shape) * STD
        measured[:, 1] %= 2.0 * np.pi
        count = len(measured)
        columns = {
            "time_ns": EPOCH_NS + np.round(time_s[:, 0] * SECOND_NS).astype(np.int64),
            "sensor": np.full(count, str(each.sensor), dtype=object),
            **dict(zip(VALUES, measured.T, strict=True)),
        }
        false = plots(30, sensor=str(each.sensor), seed=seed + number)
        parts += [columns, false | {"time_ns": EPOCH_NS + np.arange(30) * 2 * SECOND_NS}]
    return together(*parts)


def checked(columns: dict[str, Any], sensors: tuple[Radar, ...] = RADARS) -> Reading:
    return Detections.from_columns(columns, sensors)


@pytest.mark.parametrize("seed", range(10))
def test_what_means_what_it_says_is_kept_to_the_last_row(seed: int) -> None:
    columns = flights(seed)
    reading = checked(columns)
    assert len(reading.detections) == reading.row_count == len(columns["time_ns"])


@pytest.mark.parametrize("seed", range(10))
def test_false_plots_alone_are_kept(seed: int) -> None:
    parts = [plots(400, sensor=name, seed=seed + k) for k, name in enumerate(("north", "south"))]
    assert checked(together(*parts)).row_count == len(checked(together(*parts)).detections) == 800


@pytest.mark.parametrize("seed", range(5))
def test_range_rates_that_are_positive_approaching_are_refused(seed: int) -> None:
    columns = flights(seed)
    columns["range_rate_m_s"] = -columns["range_rate_m_s"]
    with pytest.raises(InputError) as caught:
        checked(columns)
    said = str(caught.value)
    assert 'detections: range_rate_m_s of "north" looks positive approaching' in said
    assert "Allowed: positive receding." in said
    assert "Change the sign of the column." in said


MEANINGS = {
    "anticlockwise from north": lambda azimuth: -azimuth,
    "anticlockwise from east": lambda azimuth: 0.5 * np.pi - azimuth,
    "clockwise from east": lambda azimuth: azimuth - 0.5 * np.pi,
    "clockwise from south": lambda azimuth: azimuth - np.pi,
}


@pytest.mark.parametrize("meaning", MEANINGS)
@pytest.mark.parametrize("whose", ["south", "all"])
def test_azimuths_that_run_otherwise_are_refused(meaning: str, whose: str) -> None:
    columns = flights(3)
    chosen = (columns["sensor"] == whose) | (whose == "all")
    columns["azimuth_rad"] = np.where(
        chosen, MEANINGS[meaning](columns["azimuth_rad"]), columns["azimuth_rad"]
    )
    of = "" if whose == "all" else ' of "south"'
    with pytest.raises(InputError, match=f"azimuth_rad{of} looks measured {meaning}"):
        checked(columns)


FOOT_M = 0.3048
UNITS = [
    ("range_m", FOOT_M, "feet", "metres"),
    ("range_rate_m_s", FOOT_M, "feet a second", "metres a second"),
    ("range_rate_m_s", 1.0 / 3.6, "kilometres an hour", "metres a second"),
    ("range_rate_m_s", 1852.0 / 3600.0, "knots", "metres a second"),
    ("range_rate_m_s", 1609.344 / 3600.0, "miles an hour", "metres a second"),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "is_so_many", "unit", "wanted"), UNITS)
def test_ranges_and_rates_in_another_unit_are_refused_by_its_name(
    name: str, is_so_many: float, unit: str, wanted: str, seed: int
) -> None:
    columns = flights(seed)
    columns[name] = columns[name] / is_so_many
    with pytest.raises(InputError, match=f'{name} of "north" looks like {unit}: so') as caught:
        checked(columns)
    assert f"Allowed: {wanted}." in str(caught.value)
    assert f"Convert the column to {wanted}." in str(caught.value)


@pytest.mark.parametrize("seed", range(3))
def test_kilometres_a_second_are_told_from_half_a_minute(seed: int) -> None:
    columns = flights(seed)
    is_early = columns["time_ns"] < EPOCH_NS + 30 * SECOND_NS
    brief = {name: column[is_early] for name, column in columns.items()}
    assert checked(brief).row_count == len(checked(brief).detections)
    brief["range_rate_m_s"] = brief["range_rate_m_s"] / 1e3
    with pytest.raises(InputError, match="looks like kilometres a second"):
        checked(brief)


@pytest.mark.parametrize("filling", [0.0, -9999.0])
@pytest.mark.parametrize("share", [0.6, 1.0])
def test_rates_filled_with_one_value_are_refused(filling: float, share: float) -> None:
    columns = flights(2)
    chosen = np.random.default_rng(1).random(len(columns["time_ns"])) < share
    columns["range_rate_m_s"] = np.where(chosen, filling, columns["range_rate_m_s"])
    with pytest.raises(InputError, match=f'rate_m_s of "north" is {filling:g} in .* plots, whose'):
        checked(columns)


def test_one_rate_at_which_ranges_change_is_kept() -> None:
    seconds = 2 * np.arange(40)
    columns = {
        "time_ns": EPOCH_NS + seconds * SECOND_NS,
        "sensor": np.full(40, "north", dtype=object),
        "range_m": 1.2e6 - 2_000.0 * seconds,
        "azimuth_rad": 0.8 + 5e-4 * seconds,
        "elevation_rad": np.full(40, 0.35),
        "range_rate_m_s": np.full(40, -2_000.0),
    }
    assert len(checked(columns).detections) == 40
    still = columns | {"range_m": np.full(40, 5e5), "range_rate_m_s": np.zeros(40)}
    assert len(checked(still).detections) == 40


@pytest.mark.parametrize("rates", ["none", "feet a second"])
def test_feet_that_rates_do_not_tell_are_told_by_another_radar(rates: str) -> None:
    columns = flights(6)
    is_south = columns["sensor"] == "south"
    columns["range_m"] = np.where(is_south, columns["range_m"] / FOOT_M, columns["range_m"])
    rate_m_s = columns["range_rate_m_s"]
    other = np.nan if rates == "none" else rate_m_s / FOOT_M
    columns["range_rate_m_s"] = np.where(is_south, other, rate_m_s)
    with pytest.raises(InputError, match='range_m of "south" looks like feet: so meant'):
        checked(columns)


def test_where_two_units_fit_alike_both_are_named() -> None:
    columns = flights(7)
    between = math.sqrt(FOOT_M / 3.6)  # as far from the one as from the other, and neither
    columns["range_rate_m_s"] = columns["range_rate_m_s"] / between
    with pytest.raises(InputError, match="like kilometres an hour or feet a second: so meant"):
        checked(columns)


def test_one_radar_in_feet_alone_is_a_larger_world_and_passes() -> None:
    """What the docstring says cannot be told, so that nobody believes it is."""
    columns = flights(8, RADARS[:1])
    for name in ("range_m", "range_rate_m_s"):
        columns[name] = columns[name] / FOOT_M
    columns["range_rate_m_s"] = np.clip(columns["range_rate_m_s"], -2e4, 2e4)
    reading = checked(columns, RADARS[:1])
    assert len(reading.detections) == reading.row_count


SCALES = [
    ("range_std_m", 1e-3, "kilometres"),
    ("azimuth_std_rad", 180.0 / math.pi, "degrees"),
    ("elevation_std_rad", 180.0 / math.pi, "degrees"),
    ("elevation_std_rad", 1e3, "milliradians"),
    ("range_rate_std_m_s", 1e-3, "kilometres a second"),
]


@pytest.mark.parametrize(("name", "factor", "unit"), SCALES)
def test_standard_deviations_in_another_unit_are_refused(
    name: str, factor: float, unit: str
) -> None:
    wrong = factor * STD[STD_COLUMNS.index(name)]
    columns = flights(4)
    columns[name] = np.where(columns["sensor"] == "south", wrong, np.nan)
    with pytest.raises(InputError, match=f'{name} of "south" looks like {unit}: of the rows'):
        checked(columns)
    del columns[name]
    sensors = (site("north", 2.0, 1.0, **{name: wrong}), *RADARS[1:])
    with pytest.raises(InputError, match=f'{name} of "north" looks like {unit}: of the sensor'):
        checked(columns, sensors)


@pytest.mark.parametrize("factor", [0.1, 0.3, 3.0, 10.0])
def test_standard_deviations_that_are_only_too_bold_or_too_shy_are_kept(factor: float) -> None:
    columns = flights(5)
    for name, std in zip(STD_COLUMNS, STD, strict=True):
        columns[name] = np.full(len(columns["time_ns"]), factor * std)
    assert len(checked(columns).detections) == len(columns["time_ns"])
