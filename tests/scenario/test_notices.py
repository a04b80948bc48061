from __future__ import annotations

import math
from pathlib import Path

import pytest

from commonwatch.errors import InputError, ScenarioError
from commonwatch.scenario.notices import LIMITS, load_notices

GOOD = """
format = 1

[[notices]]
name = "andoya-1995-01"
nation = "Norway"
class = "sounding rocket"
window_from_utc = 1995-01-25T05:00:00Z
window_until_utc = 1995-01-25T11:00:00Z
latitude_deg = 69.294
longitude_deg = 16.021
radius_km = 20.0
azimuth_min_deg = -20.0
azimuth_max_deg = 20.0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "notices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(ScenarioError) as error:
        load_notices(write(folder, GOOD.replace(old, new)))
    return str(error.value)


def test_a_file_becomes_notices_in_si(tmp_path: Path) -> None:
    delivered = GOOD + "delivered_utc = 1995-01-25T06:24:00+01:00\n"
    [notice] = load_notices(write(tmp_path, delivered))
    assert (notice.name, notice.nation, notice.kind) == (
        "andoya-1995-01",
        "Norway",
        "sounding rocket",
    )
    assert notice.window_start_ns == 791_010_000 * 10**9
    assert notice.window_end_ns - notice.window_start_ns == 6 * 3_600 * 10**9
    assert notice.delivered_ns == notice.window_start_ns + 24 * 60 * 10**9
    assert notice.latitude_rad == pytest.approx(math.radians(69.294))
    assert notice.radius_m == 20_000.0
    assert notice.azimuth_min_rad == pytest.approx(-math.pi / 9.0)


def test_a_notice_without_a_delivery_was_never_delivered(tmp_path: Path) -> None:
    assert load_notices(write(tmp_path, GOOD))[0].delivered_ns is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("radius_km", "radius_m", 'unknown key "radius_m"'),
        ("radius_km = 20.0", "", 'missing key "radius_km"'),
        ('"sounding rocket"', '"weather balloon"', "class"),
        ("latitude_deg = 69.294", "latitude_deg = 169.294", "-90 to 90"),
        ("radius_km = 20.0", "radius_km = nan", "radius_km"),
        ("radius_km = 20.0", "radius_km = -1.0", "above 0"),
        ("1995-01-25T05:00:00Z", "1995-01-25T05:00:00", "names no zone"),
        ("1995-01-25T11:00:00Z", "1995-01-25T04:00:00Z", "the window is"),
        ("1995-01-25T05:00:00Z", "1601-01-25T05:00:00Z", "cannot be told in a message"),
        ("1995-01-25T11:00:00Z", "9999-01-25T11:00:00Z", "the years 1971 to 2095"),
        ("1995-01-25T11:00:00Z", "1996-01-25T11:00:00Z", "at most 60 days"),
        ("azimuth_max_deg = 20.0", "azimuth_max_deg = -20.0", "corridor is 0 degrees"),
        ("[[notices]]", "[[notice]]", 'Did you mean "notices"?'),
        ("1995-01-25T05:00:00Z", '"today"', "window_from_utc"),
    ],
)
def test_every_slip_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refused(tmp_path, old, new)


def test_all_mistakes_are_said_in_one_go(tmp_path: Path) -> None:
    text = GOOD.replace("radius_km", "radius").replace("latitude_deg = 69.294", "latitude_deg = 99")
    with pytest.raises(ScenarioError) as error:
        load_notices(write(tmp_path, text))
    assert len(error.value.mistakes) == 3
    assert 'notices[0] "andoya-1995-01"' in str(error.value)


def test_two_notices_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="stands twice"):
        load_notices(write(tmp_path, GOOD + GOOD.replace("format = 1", "")))


@pytest.mark.parametrize("text", ["", "format = 1\n", "format = 2\n", "[[", "\x00", "notices = 3"])
def test_a_file_that_is_none_is_answered_in_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        load_notices(write(tmp_path, text))
    with pytest.raises(InputError, match="no such file"):
        load_notices(tmp_path / "elsewhere.toml")


def test_a_file_holds_as_many_notices_as_the_limit_and_no_more(tmp_path: Path) -> None:
    body = GOOD.replace("format = 1", "")

    def many(count: int) -> str:
        return "format = 1\n" + "".join(
            body.replace("andoya-1995-01", f"n{k}") for k in range(count)
        )

    assert len(load_notices(write(tmp_path, many(LIMITS.notice_count)))) == LIMITS.notice_count
    with pytest.raises(ScenarioError, match="1001 entries"):
        load_notices(write(tmp_path, many(LIMITS.notice_count + 1)))
