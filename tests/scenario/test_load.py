"""Scenario files are read whole or refused with every mistake named."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from commonwatch.errors import InputError, ScenarioError, UnknownNameError
from commonwatch.scenario import catalogue
from commonwatch.scenario.load import load_scenario, load_sensors
from commonwatch.scenario.schema import LIMITS
from tests.scenario.build import RADAR, SATELLITE, SCENARIO, changed


def write(folder: Path, text: str) -> Path:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(folder, text))
    return caught.value


def sentences(folder: Path, text: str) -> str:
    """What the person reads, without the folder's name."""
    return str(refused(folder, text)).replace(f"{folder}{os.sep}", "")


def test_a_whole_scenario_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO)
    scenario = load_scenario(path)
    assert scenario.name == "small"
    assert list(scenario.sensors) == ["north", "still"]
    assert [laydown.members for laydown in scenario.laydowns] == [(0,), (0, 1)]
    assert math.degrees(scenario.launch_sites[0].latitude_rad) == pytest.approx(35.2346)
    assert scenario.arcs[0].apogee_m == 900e3
    assert scenario.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (scenario.baseline_laydown, scenario.value_laydown) == ("alone", "both")


def test_a_grid_around_the_world_does_not_repeat_its_first_meridian(tmp_path: Path) -> None:
    coverage = load_scenario(write(tmp_path, SCENARIO)).coverage
    assert coverage is not None
    np.testing.assert_allclose(np.degrees(coverage.map.latitude_rad), [0.0, 5.0, 10.0])
    assert len(coverage.map.longitude_rad) == 72


@pytest.mark.parametrize(
    ("least_deg", "greatest_deg", "first_deg", "last_deg"),
    [
        (140.0, -140.0, 140.0, 220.0),
        (140.0, 220.0, 140.0, 220.0),
        (350.0, 20.0, -10.0, 20.0),
        (180.0, -170.0, -180.0, -170.0),
    ],
)
def test_a_region_may_run_through_the_date_line(
    tmp_path: Path, least_deg: float, greatest_deg: float, first_deg: float, last_deg: float
) -> None:
    text = changed("longitude_min_deg = -180.0", f"longitude_min_deg = {least_deg}")
    text = changed("longitude_max_deg = 180.0", f"longitude_max_deg = {greatest_deg}", text=text)
    coverage = load_scenario(write(tmp_path, text)).coverage
    assert coverage is not None
    longitudes = np.degrees(coverage.map.longitude_rad)
    assert (longitudes[0], longitudes[-1]) == pytest.approx((first_deg, last_deg))


@pytest.mark.parametrize(("least_deg", "greatest_deg"), [(20.0, -10.0), (20.0, 20.0)])
def test_longitudes_in_the_wrong_order_are_refused_with_the_remedy(
    tmp_path: Path, least_deg: float, greatest_deg: float
) -> None:
    text = changed("longitude_min_deg = -180.0", f"longitude_min_deg = {least_deg}")
    text = changed("longitude_max_deg = 180.0", f"longitude_max_deg = {greatest_deg}", text=text)
    assert "write 220 for 140 W" in sentences(tmp_path, text)


def test_an_unknown_name_among_many_lists_the_nearest_and_counts_the_others(tmp_path: Path) -> None:
    (mistake,) = refused(tmp_path, changed('["semnan"]', '["semnam"]')).mistakes
    names, _, rest = mistake.allowed.partition(" and ")
    assert len(names.split(", ")) == 12
    assert names.startswith("semnan, ")
    assert rest.startswith(f"{len(catalogue.places()) - 12} more")


def test_an_unknown_name_among_few_lists_them_all(tmp_path: Path) -> None:
    text = SCENARIO + '[study]\nlaydown = "bath"\nbaseline = "alone"\n'
    (mistake,) = refused(tmp_path, text).mistakes
    assert mistake.allowed == "alone, both"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert load_scenario(write(tmp_path, "\ufeff" + SCENARIO)).seed == 7


@pytest.mark.parametrize("name", catalogue.scenario_names())
def test_every_bundled_scenario_is_read_and_says_what_to_look_for(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.question
    assert scenario.look_for
    assert scenario.title


def test_an_unknown_name_suggests_the_nearest_scenario() -> None:
    with pytest.raises(UnknownNameError, match='Did you mean "iran-2009"'):
        load_scenario("iran-2010")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \n\t", "the file is empty"),
        (bytes(range(256)), "not text in UTF-8"),
        (b"\x00\x01\x02", "not TOML"),
        (b"format = = 1", "line 1"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"seed = " + b"9" * 5_000, "too many digits"),
        (b"#" * (LIMITS.file_bytes + 1), "too large"),
    ],
)
def test_a_file_that_is_no_text_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "small.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        load_scenario(path)


def test_a_file_at_the_size_limit_is_read(tmp_path: Path) -> None:
    filler = "#" * (LIMITS.file_bytes - len(SCENARIO.encode()))
    assert load_scenario(write(tmp_path, SCENARIO + filler)).seed == 7


def test_a_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a folder"):
        load_scenario(tmp_path)


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_scenario(tmp_path / "none.toml")


def test_a_name_with_a_null_character_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="null character"):
        load_scenario("a\0b.toml")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO)
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read"):
        load_scenario(path)


def test_another_format_names_the_one_wanted_and_nothing_else(tmp_path: Path) -> None:
    text = changed("format = 1", "format = 2\nsede = 3")
    assert sentences(tmp_path, text).splitlines()[:2] == [
        "small.toml: format = 2, which this version does not read.",
        "  Allowed: format = 1.",
    ]


def test_an_unknown_key_is_refused_with_its_place_the_known_keys_and_a_suggestion(
    tmp_path: Path,
) -> None:
    said = sentences(tmp_path, changed("range_max_km =", "range_km ="))
    first, known, near = said.splitlines()[:3]
    assert first == 'small.toml: radars[0] "north": unknown key "range_km".'
    assert known.startswith("  Known keys here: altitude_km, azimuth_std_rad, band, bandwidth_mhz")
    assert near == '  Did you mean "range_max_km"?'


@pytest.mark.parametrize(
    ("old", "new", "place", "found"),
    [
        (
            "latitude_deg = 70.0",
            "latitude_deg = 91",
            'radars[0] "north"',
            "latitude_deg = 91 is out",
        ),
        ("latitude_deg = 70.0", "latitude_deg = nan", 'radars[0] "north"', "not a finite number"),
        ("latitude_deg = 70.0", "latitude_deg = -inf", 'radars[0] "north"', "not a finite number"),
        ("latitude_deg = 70.0", 'latitude_deg = "70"', 'radars[0] "north"', "is text"),
        ("latitude_deg = 70.0", "latitude_deg = true", 'radars[0] "north"', "is true or false"),
        ("latitude_deg = 70.0\n", "", 'radars[0] "north"', 'missing key "latitude_deg"'),
        ("altitude_km = 0.1", "altitude_km = -0.2", 'radars[0] "north"', "altitude_km = -0.2"),
        ("range_min_km = 100", "range_min_km = 3500", 'radars[0] "north"', "is not below"),
        ("low = 3000", "low = 4500", 'radars[0] "north".range_max_km', "out of order"),
        ("low = 3000.0", "low = nan", 'radars[0] "north".range_max_km', "not a finite number"),
        ("low = 3000", "low = -1", 'radars[0] "north".range_max_km', "out of bounds"),
        (
            "azimuth_max_deg = 100",
            "azimuth_max_deg = 350",
            'radars[0] "north".faces[0]',
            "zero width",
        ),
        (
            "azimuth_max_deg = 100",
            "azimuth_max_deg = -20",
            'radars[0] "north".faces[0]',
            "from 350 to -20",
        ),
        (
            "boresight_azimuth_deg = 45",
            "boresight_azimuth_deg = 180",
            'radars[0] "north".faces[0]',
            "outside",
        ),
        (
            "elevation_max_deg = 70.0",
            "elevation_max_deg = 3",
            'radars[0] "north".faces[0]',
            "is not below",
        ),
        ("from = 2013-06-01", "from = 2008-01-01", 'radars[0] "north".service[1]', "earlier"),
        ("from = 2013-06-01", 'from = "2013-06-01"', 'radars[0] "north".service[1]', "is text"),
        (
            "from = 2013-06-01",
            "from = 2013-06-01T00:00:00",
            'radars[0] "north".service[1]',
            "with a time",
        ),
        ('role = "search"', 'role = "seek"', 'radars[0] "north"', 'role = "seek" is unknown'),
        ('orbit = "geo', 'period_h = 12\norbit = "geo', 'satellites[0] "still"', "no meaning"),
        ('"north"]', '"nort"]', 'laydowns[0] "alone".sensors[0]', 'unknown sensor "nort"'),
        ('["north"]', "[]", 'laydowns[0] "alone"', "sensors is empty"),
        ('["still"]', '["still", "still"]', 'laydowns[1] "both".sensors[1]', "stands twice"),
        ('includes = "alone"', 'includes = "both"', 'laydowns[1] "both"', "no earlier laydown"),
        ('name = "both"', 'name = "alone"', 'laydowns[1] "alone"', "stands twice"),
        ('["semnan"]', '["semnam"]', "launch_sites[0]", 'unknown place "semnam"'),
        ('["sejil-2"', '["sejil-3"', "fly_with[0]", 'unknown vehicle "sejil-3"'),
        (
            "apogee_km = 900",
            "time_of_flight_s = 900\napogee_km = 900",
            'arcs[0] "high"',
            "given together",
        ),
        ('kind = "apogee"', 'kind = "minimum energy"', 'arcs[0] "high"', "no meaning"),
        ("apogee_km = 900.0\n", "", 'arcs[0] "high"', "without apogee_km or apogee_ratio"),
        ("apogee_km = 900", "apogee_km = -5", 'arcs[0] "high"', "out of bounds"),
        ("step_deg = 5.0", "step_deg = 0.001", "coverage.map", "a grid of about"),
        ("latitude_max_deg = 10.0", "latitude_max_deg = -10.0", "coverage.map", "is not below"),
        ('aim_points = ["rome"]\n', "", None, "without aim_points"),
        ("seed = 7", "seed = -7", None, "seed = -7 is out of bounds"),
        ("seed = 7", "seed = 1.5", None, "seed = 1.5 is a number"),
        ("seed = 7", f"seed = {10**400}", None, "not a finite number"),
        ("date = 2010-01-01", "date = 2010-01-01T10:00:00Z", None, "a date with a time"),
    ],
)
def test_a_single_mistake_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, place: str | None, found: str
) -> None:
    mistakes = refused(tmp_path, changed(old, new)).mistakes
    assert any((place or "") == m.path and found in m.found for m in mistakes), mistakes
    assert len(mistakes) == 1, mistakes


def test_a_study_of_an_unknown_laydown_is_refused(tmp_path: Path) -> None:
    text = SCENARIO + '[study]\nlaydown = "bath"\nbaseline = "alone"\n'
    said = sentences(tmp_path, text)
    assert said.startswith('small.toml: study: laydown = "bath" is an unknown laydown.')
    assert 'Did you mean "both"?' in said


def test_an_orbit_needs_all_of_its_keys_and_no_other(tmp_path: Path) -> None:
    mistakes = refused(tmp_path, changed('"geostationary"', '"highly elliptical"')).mistakes
    assert [mistake.found for mistake in mistakes] == [
        'longitude_deg has no meaning in a "highly elliptical" orbit',
        'missing key "period_h"',
        'missing key "eccentricity"',
        'missing key "inclination_deg"',
        'missing key "argument_of_perigee_deg"',
        'missing key "apogee_longitude_deg"',
        'missing key "hours_from_apogee"',
    ]


def test_an_orbit_through_the_ground_is_refused(tmp_path: Path) -> None:
    longitude = SATELLITE.split("\n")[6]
    orbit = (
        "period_h = 12.0\neccentricity = 0.8\ninclination_deg = 63.4\n"
        "argument_of_perigee_deg = 270.0\napogee_longitude_deg = 0.0\nhours_from_apogee = 0.0\n"
    )
    text = changed(longitude, orbit)
    text = changed('"geostationary"', '"highly elliptical"', text=text)
    (mistake,) = refused(tmp_path, text).mistakes
    assert "perigee 5322 km" in mistake.found  # 26,610 km (GPS-like, 12 h) times 0.2


def test_a_name_of_the_catalogue_cannot_be_taken_again(tmp_path: Path) -> None:
    text = SCENARIO.replace('"still"', '"gabala"')
    (mistake,) = refused(tmp_path, text).mistakes
    assert mistake.path == 'satellites[0] "gabala"'
    assert "is taken already" in mistake.found


def test_a_low_and_high_end_without_a_middle_are_enough(tmp_path: Path) -> None:
    text = changed("low = 3000.0, nominal = 4000.0,", "low = 3000.0,")
    load_scenario(write(tmp_path, text))


def test_every_mistake_is_found_in_one_go_and_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = changed("seed = 7", "sede = 7")
    text = changed('["rome"]', '["rom"]', text=text)
    text = changed("latitude_deg = 70.0", "latitude_deg = 91", text=text)
    text = changed("range_min_km = 100.0", "range_min_km = 9000", text=text)
    text = changed("azimuth_max_deg = 100.0", "azimuth_max_deg = 350", text=text)
    text = changed("revisit_s = {", "revisit = {", text=text)
    error = refused(tmp_path, text)
    assert [mistake.path for mistake in error.mistakes] == [
        "",
        "aim_points[0]",
        'radars[0] "north"',
        'radars[0] "north"',
        'radars[0] "north".faces[0]',
        'satellites[0] "still"',
        'satellites[0] "still"',
    ]
    assert error.exit_code == 2


def test_a_file_of_nothing_but_mistakes_is_answered_in_bounded_length(tmp_path: Path) -> None:
    text = "format = 1\n" + "".join(f"key{index} = {index}\n" for index in range(5_000))
    mistakes = refused(tmp_path, text).mistakes
    assert len(mistakes) == LIMITS.mistake_count + 1
    assert "more mistakes" in mistakes[-1].found


def test_one_sensor_past_the_limit_is_refused(tmp_path: Path) -> None:
    full = [RADAR.replace('"north"', f'"r{index}"') for index in range(LIMITS.sensor_count)]
    path = tmp_path / "sensors.toml"
    path.write_text("format = 1\n" + "".join(full))
    assert len(load_sensors(path)) == LIMITS.sensor_count
    path.write_text("format = 1\n" + "".join(full) + RADAR)
    with pytest.raises(ScenarioError, match="201 entries"):
        load_sensors(path)


def test_more_arcs_than_the_limit_are_refused(tmp_path: Path) -> None:
    place = (
        '[[places]]\nname = "{}{}"\ntitle = "p"\nnation = "NO"\n'
        "latitude_deg = {}\nlongitude_deg = 1\n"
    )
    sites, names = ([f"{letter}{index}" for index in range(448)] for letter in "pq")
    text = changed('["semnan"]', str(sites))
    text += "".join(place.format("p", index, 1 + index / 10) for index in range(448))
    text += "".join(place.format("q", index, -1 - index / 10) for index in range(448))
    load_scenario(write(tmp_path, changed('["rome"]', str(names[:446]), text=text)))
    said = sentences(tmp_path, changed('["rome"]', str(names), text=text))
    assert "200704 arcs" in said


def test_nothing_flying_is_refused(tmp_path: Path) -> None:
    text = changed('fly_with = ["sejil-2", "hypothetical-irbm"]\n', "")
    text = changed('launch_sites = ["semnan"]\n', "", text=text)
    text = changed('aim_points = ["rome"]\n', "", text=text)
    text = changed('[[arcs]]\nname = "high"\nkind = "apogee"\napogee_km = 900.0\n', "", text=text)
    assert "nothing flies" in sentences(tmp_path, text)


def test_a_sensor_file_holds_sensors_alone(tmp_path: Path) -> None:
    path = tmp_path / "sensors.toml"
    path.write_text("format = 1\n" + RADAR + SATELLITE)
    assert [entry.name for entry in load_sensors(path)] == ["north", "still"]
    path.write_text("format = 1\nseed = 3\n" + RADAR)
    with pytest.raises(ScenarioError, match='unknown key "seed"'):
        load_sensors(path)


def test_a_sensor_file_without_sensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sensors.toml"
    path.write_text("format = 1\n")
    with pytest.raises(ScenarioError, match="no sensor"):
        load_sensors(path)


def test_a_control_character_never_reaches_the_screen(tmp_path: Path) -> None:
    said = sentences(tmp_path, changed('title = "A small one"', 'title = "\\u001b[31mred"'))
    assert "\x1b" not in said


def test_a_scenario_cannot_be_changed(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, SCENARIO))
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.seed = 8  # type: ignore[misc]


def test_a_mark_that_says_found_needs_a_source(tmp_path: Path) -> None:
    text = changed('mark = "assumed"\nsource = "invented"', 'mark = "found"\nsource = " "')
    text = changed('high = 20.0, mark = "assumed"', 'high = 20.0, mark = "found"', text=text)
    text = changed('"a newspaper"', '""\nmark = "found"', text=text)
    error = refused(tmp_path, text)
    assert {mistake.found for mistake in error.mistakes} == {'mark = "found" without a source'}
    assert [mistake.path for mistake in error.mistakes] == [
        'radars[0] "north"',
        'radars[0] "north".service[0]',
        'satellites[0] "still".longitude_deg',
    ]


def test_an_aim_point_within_a_kilometre_of_a_launch_site_is_refused(tmp_path: Path) -> None:
    place = '[[places]]\nname = "door"\ntitle = "Next door"\nnation = "IR"\n'
    semnan = catalogue.places()["semnan"]
    for north_km, is_refused in ((0.0, True), (0.9, True), (1.2, False)):
        spot = (
            f"latitude_deg = {semnan.latitude_deg + north_km / 111.2}\n"  # a degree of latitude
            f"longitude_deg = {semnan.longitude_deg}\n"
        )
        text = changed('["rome"]', '["rome", "door"]') + place + spot
        if is_refused:
            (mistake,) = refused(tmp_path, text).mistakes
            assert mistake.path == "aim_points[1]"
            assert mistake.found == (
                'the aim point "door" and the launch site "semnan" are the same place'
            )
        else:
            load_scenario(write(tmp_path, text))


def test_vehicles_that_do_not_rise_in_reach_are_refused(tmp_path: Path) -> None:
    text = changed('["sejil-2", "hypothetical-irbm"]', '["hypothetical-irbm", "sejil-2"]')
    (mistake,) = refused(tmp_path, text).mistakes
    assert mistake.path == "fly_with[1]"
    assert "would never fly" in mistake.found


def test_a_suggestion_is_never_a_name_that_stands_in_the_list_already(tmp_path: Path) -> None:
    (mistake,) = refused(tmp_path, changed('["rome"]', '["rome", "romee"]')).mistakes
    assert '"rome"' not in mistake.what_to_do
    (mistake,) = refused(tmp_path, changed('["rome"]', '["semnam"]')).mistakes
    assert '"semnan"' not in mistake.what_to_do


def test_a_suggestion_is_never_a_key_that_is_there_already(tmp_path: Path) -> None:
    (mistake,) = refused(tmp_path, changed("seed = 7", "seed = 7\nseeds = 8")).mistakes
    assert "Did you mean" not in mistake.what_to_do


def test_a_flight_without_a_height_or_an_end_names_both_ways_to_give_it(tmp_path: Path) -> None:
    flight = (
        '[[flights]]\nname = "one"\nvehicle = "sejil-2"\nlatitude_deg = 1.0\n'
        "longitude_deg = 1.0\nazimuth_deg = 1.0\n"
    )
    there, high = refused(tmp_path, SCENARIO + flight).mistakes
    assert there.found == 'missing key "ground_range_km"'
    assert "aim_latitude_deg and aim_longitude_deg" in there.allowed
    assert high.found == 'missing key "apogee_km"'
    assert "time_of_flight_s" in high.allowed
