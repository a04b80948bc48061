"""A whole run: every table, its exact columns, and sight that a slow computation finds again."""

from __future__ import annotations

import hashlib
import html
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

from commonwatch.earth.ellipsoid import ecef_from_geodetic, local_radius
from commonwatch.earth.frames import look_angles, rotation_enu_from_ecef
from commonwatch.earth.refraction import Air, apparent_elevation
from commonwatch.scenario.load import read_sensors
from commonwatch.sensing.detection import read_detections
from tests.cli.build import call, json_of, run_apart, write_scenario

F64 = npt.NDArray[np.float64]

COLUMNS = [
    *("laydown", "case", "launch", "aim_point", "arc", "sensor", "spell"),
    *("first_seen_s", "last_seen_s", "first_seen_altitude_m", "last_seen_altitude_m"),
    *("limit_that_ended_it", "impact_s"),
]
CASES = ("low", "nominal", "high")
LAYDOWNS = {"alone": ("north",), "both": ("north", "guided", "blind")}

# The limits of the scenario's radars in the case that sees least, the middle, and the one that
# sees most: site (deg, deg, m), sector (deg), elevation (deg), range (km).
NORTH = {
    "low": ((42.0, 47.0, 200.0), (90.0, 250.0), (4.0, 70.0), (100.0, 1100.0)),
    "nominal": ((42.0, 47.0, 200.0), (90.0, 250.0), (3.0, 70.0), (100.0, 1500.0)),
    "high": ((42.0, 47.0, 200.0), (90.0, 250.0), (2.0, 70.0), (100.0, 2500.0)),
}
GUIDED = {
    "low": ((33.0, 44.0, 500.0), (300.0, 140.0), (5.0, 60.0), (50.0, 700.0)),
    "nominal": ((33.0, 44.0, 500.0), (300.0, 140.0), (5.0, 70.0), (50.0, 900.0)),
    "high": ((33.0, 44.0, 500.0), (300.0, 140.0), (5.0, 80.0), (50.0, 1000.0)),
}
# A search radar holds a track two track intervals after first sight; then the hand-over.
CUE_AFTER_S = {"low": 2 * 5.0 + 15.0, "nominal": 2 * 4.0 + 10.0, "high": 2 * 3.0 + 8.0}

TOLERANCE_S = 0.5
STEP_S = 0.05


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenario(tmp_path_factory.mktemp("scenario"))


@pytest.fixture(scope="module")
def results(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "results"
    assert call("run", scenario, "--out", out) == 0
    return out


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_visibility_has_its_published_columns_in_order(results: Path) -> None:
    assert pq.read_schema(results / "visibility.parquet").names == COLUMNS


def test_every_sensor_and_the_union_have_rows_in_every_laydown_and_case(results: Path) -> None:
    found = {
        (row["laydown"], row["case"], row["sensor"])
        for row in rows_of(results / "visibility.parquet")
    }
    assert found == {
        (laydown, case, sensor)
        for laydown, sensors in LAYDOWNS.items()
        for case in CASES
        for sensor in (*sensors, "*")
    }


def test_a_sensor_that_never_sees_has_one_row_with_spell_0_and_empty_times(results: Path) -> None:
    blind = [row for row in rows_of(results / "visibility.parquet") if row["sensor"] == "blind"]
    assert len(blind) == len(CASES)
    for row in blind:
        assert row["spell"] == 0
        assert row["impact_s"] > 0
        assert all(row[name] is None for name in COLUMNS[7:12])


def test_spells_are_numbered_from_1_in_order_of_time(results: Path) -> None:
    spells: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    for row in rows_of(results / "visibility.parquet"):
        if row["spell"]:
            key = (row["laydown"], row["case"], row["sensor"])
            spells.setdefault(key, []).append((row["spell"], row["first_seen_s"]))
            assert row["first_seen_s"] < row["last_seen_s"] <= row["impact_s"]
            assert row["limit_that_ended_it"]
    for found in spells.values():
        assert [number for number, _ in found] == list(range(1, len(found) + 1))
        assert found == sorted(found, key=lambda spell: spell[1])


def positions_between(results: Path) -> tuple[F64, F64]:
    """Positions along the one path each few hundredths of a second, from its table."""
    table = pq.read_table(results / "paths.parquet")
    time_s = table["time_s"].to_numpy()
    position = np.stack([table[f"{axis}_m"].to_numpy() for axis in "xyz"], axis=1)
    velocity = np.stack([table[f"v{axis}_m_s"].to_numpy() for axis in "xyz"], axis=1)
    fine_s = np.arange(time_s[0], time_s[-1], STEP_S)
    before = np.searchsorted(time_s, fine_s, side="right") - 1
    length_s = np.diff(time_s)[before]
    u = ((fine_s - time_s[before]) / length_s)[:, None]
    length_s = length_s[:, None]
    return fine_s, (
        (2 * u**3 - 3 * u**2 + 1) * position[before]
        + (u**3 - 2 * u**2 + u) * length_s * velocity[before]
        + (3 * u**2 - 2 * u**3) * position[before + 1]
        + (u**3 - u**2) * length_s * velocity[before + 1]
    )


def seen_slowly(results: Path, limits: Any) -> list[tuple[float, float]]:
    """Stretches of the path within one radar's limits, by its look angles at every instant."""
    (latitude_deg, longitude_deg, altitude_m), sector, elevations, ranges = limits
    latitude, longitude = np.radians([latitude_deg, longitude_deg])
    fine_s, position = positions_between(results)
    range_m, azimuth, elevation = look_angles(
        ecef_from_geodetic(latitude, longitude, altitude_m),
        rotation_enu_from_ecef(latitude, longitude),
        position,
    )
    air = Air(radius_m=float(local_radius(latitude)))
    apparent_deg = np.degrees(elevation)
    above = elevation > 0.0  # bent rays are followed only where a limit may lie
    apparent_deg[above] = np.degrees(
        apparent_elevation(elevation[above], range_m[above], altitude_m, air=air)
    )
    width_deg = (sector[1] - sector[0]) % 360.0
    seen = (
        ((np.degrees(azimuth) - sector[0]) % 360.0 <= width_deg)
        & (apparent_deg >= elevations[0])
        & (apparent_deg <= elevations[1])
        & (range_m >= ranges[0] * 1e3)
        & (range_m <= ranges[1] * 1e3)
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(int)))
    times = np.append(fine_s, fine_s[-1] + STEP_S)[edges].reshape(-1, 2)
    return [(float(first), float(last)) for first, last in times]


def spells_in(results: Path, laydown: str, case: str, sensor: str) -> list[tuple[float, float]]:
    return [
        (row["first_seen_s"], row["last_seen_s"])
        for row in rows_of(results / "visibility.parquet")
        if (row["laydown"], row["case"], row["sensor"]) == (laydown, case, sensor) and row["spell"]
    ]


@pytest.mark.parametrize("case", CASES)
def test_sight_is_what_look_angles_at_every_instant_give(results: Path, case: str) -> None:
    slowly = seen_slowly(results, NORTH[case])
    assert slowly
    for laydown in LAYDOWNS:
        found = spells_in(results, laydown, case, "north")
        np.testing.assert_allclose(found, slowly, rtol=0, atol=TOLERANCE_S)


@pytest.mark.parametrize("case", CASES)
def test_a_cued_radar_sees_from_the_first_track_and_its_hand_over_on(
    results: Path, case: str
) -> None:
    cue_s = seen_slowly(results, NORTH[case])[0][0] + CUE_AFTER_S[case]
    slowly = [
        (max(first, cue_s), last)
        for first, last in seen_slowly(results, GUIDED[case])
        if last > cue_s
    ]
    assert slowly
    found = spells_in(results, "both", case, "guided")
    np.testing.assert_allclose(found, slowly, rtol=0, atol=TOLERANCE_S)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("laydown", LAYDOWNS)
def test_the_union_covers_what_its_sensors_see_and_nothing_else(
    results: Path, laydown: str, case: str
) -> None:
    fine_s, _ = positions_between(results)

    def covered(sensor: str) -> npt.NDArray[np.bool_]:
        seen = np.zeros(len(fine_s), bool)
        for first, last in spells_in(results, laydown, case, sensor):
            seen |= (fine_s >= first) & (fine_s <= last)
        return seen

    joined = np.any([covered(sensor) for sensor in LAYDOWNS[laydown]], axis=0)
    np.testing.assert_array_equal(covered("*"), joined)


def files_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_a_run_leaves_detections_that_can_be_read_without_its_truth(
    results: Path, tmp_path: Path
) -> None:
    for name in ("detections.parquet", "sensors.toml"):
        shutil.copy(results / name, tmp_path / name)
    sensors = read_sensors(tmp_path / "sensors.toml")
    assert [str(sensor.sensor) for sensor in sensors] == ["north", "guided", "blind"]
    reading = read_detections(tmp_path / "detections.parquet", sensors)
    assert reading.refused_reason == ()
    said = json_of((results / "summary.json").read_text())["detections"]
    assert said == {
        "row_count": len(reading.detections),
        "sensor_count": 3,
        "flight_count": 1,
        "flights_left_out_count": 0,
    }
    assert said["row_count"] > 100


def test_track_and_warn_run_on_detections_and_sensors_alone(
    results: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("detections.parquet", "sensors.toml"):
        shutil.copy(results / name, tmp_path / name)
    given = tmp_path / "detections.parquet"
    sensors = ("--sensors", tmp_path / "sensors.toml")
    tracks, alerts = tmp_path / "tracks.parquet", tmp_path / "alerts.parquet"
    assert call("track", given, *sensors, "--out", tracks, "--json") == 0
    assert json_of(capfd.readouterr().out)["tracks_confirmed"] >= 1
    assert "confirmed" in pq.read_table(tracks)["status"].to_pylist()
    assert call("warn", tracks, "--detections", given, *sensors, "--out", alerts, "--json") == 0
    told = json_of(capfd.readouterr().out)
    assert told["alerts"] >= 1
    sources = {row["sources"] for row in rows_of(alerts)}
    assert sources & {"north", "guided", "north, guided"}, sources
    assert files_below(tmp_path) == [
        "alerts.parquet", "detections.parquet", "dispositions.parquet", "sensors.toml",
        "tracks.parquet",
    ]  # fmt: skip


def test_truth_lies_in_a_folder_of_its_own(results: Path) -> None:
    apart = [name for name in files_below(results) if name.startswith("truth/")]
    truths = [f"truth/truth_{name}.parquet" for name in ("biases", "ends", "objects")]
    assert apart == ["truth/trajectories.parquet", *truths]
    [end] = rows_of(results / "truth" / "truth_ends.parquet")
    [arc] = rows_of(results / "arcs.parquet")
    flight_s = (end["impact_time_ns"] - end["launch_time_ns"]) / 1e9
    assert flight_s == pytest.approx(arc["impact_s"], abs=1e-3)
    assert end["impact_latitude_deg"] == pytest.approx(arc["aim_latitude_deg"], abs=1e-4)


REPLAY = (
    "messages", "centre_tracks", "centre_alerts", "sensor_status", "link_status",
    "partner_status", "clock_status", "contributors", "refused", "restarts",
)  # fmt: skip


def test_a_run_leaves_all_that_a_later_display_needs(results: Path) -> None:
    for name in REPLAY:
        assert pq.read_schema(results / f"{name}.parquet").names, name
    messages = rows_of(results / "messages.parquet")
    assert {"withheld", "received"} <= {row["outcome"] for row in messages}
    assert all(row["rule"] and row["words"] for row in messages)
    assert {row["centre"] for row in rows_of(results / "centre_alerts.parquet")} == {
        "n", "g", "joint",
    }  # fmt: skip
    [end] = rows_of(results / "truth" / "truth_ends.parquet")
    flown = rows_of(results / "truth" / "trajectories.parquet")
    assert flown[0]["time_ns"] == end["launch_time_ns"]
    assert flown[-1]["time_ns"] == end["impact_time_ns"]


def test_every_laydown_level_and_centre_has_a_row_of_what_was_known(results: Path) -> None:
    rows = rows_of(results / "known.parquet")
    assert {
        (row["laydown"], row["level"], row["centre"]) for row in rows if row["delay"] == "none"
    } == {
        (laydown, level, centre)
        for laydown in LAYDOWNS
        for level in ("nothing", "launch-reports", "tracks", "detections")
        for centre in ("n", "g", "joint")
    }
    assert {row["seed"] for row in rows} == {7}
    assert {row["case"] for row in rows if row["delay"] != "none"} == {"low", "high"}


def test_the_first_points_of_summary_and_page_are_those_of_sharing(results: Path) -> None:
    sharing = json_of((results / "summary.json").read_text())["sharing"]
    # No laydown adds sensors of another nation alone: that point has nothing to say.
    assert [point["letter"] for point in sharing["points"]] == ["A", "B", "C"]
    assert [point["heading"].split()[0] for point in sharing["points"]] == ["What", "First", "What"]
    page = (results / "report.html").read_text(encoding="utf-8")
    assert page.index("What sharing buys") < page.index("Who first knows")


def test_more_seeds_are_more_rows_and_none_is_sight_alone(scenario: Path, tmp_path: Path) -> None:
    assert call("run", scenario, "--out", tmp_path / "two", "--seeds", "2") == 0
    rows = rows_of(tmp_path / "two" / "known.parquet")
    assert {row["seed"] for row in rows} == {7, 8}
    assert json_of((tmp_path / "two" / "run.json").read_text())["settings"]["seeds"] == 2
    again = f"commonwatch run {shlex.quote(scenario.name)} --seeds 2"
    assert f"<code>{html.escape(again)}</code>" in (tmp_path / "two" / "report.html").read_text()
    assert call("run", scenario, "--out", tmp_path / "none", "--seeds", "0") == 0
    left = {path.name for path in (tmp_path / "none").iterdir()}
    assert not left & {"known.parquet", *(f"{name}.parquet" for name in REPLAY)}
    assert json_of((tmp_path / "none" / "summary.json").read_text())["sharing"] is None


def test_the_same_input_gives_the_same_bytes(scenario: Path, results: Path, tmp_path: Path) -> None:
    done = run_apart("run", scenario, "--out", "again", folder=tmp_path, PYTHONHASHSEED="123")
    assert done.returncode == 0, done.stderr
    names = files_below(results)
    assert names == files_below(tmp_path / "again")
    for name in names:
        assert (results / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_the_manifest_holds_the_digest_of_every_file(scenario: Path, results: Path) -> None:
    manifest = json_of((results / "run.json").read_text())
    digests = {
        name: hashlib.sha256((results / name).read_bytes()).hexdigest()
        for name in files_below(results)
        if name != "run.json"
    }
    assert {file["name"]: file["sha256"] for file in manifest["files"]} == digests
    assert manifest["scenario_sha256"] == hashlib.sha256(scenario.read_bytes()).hexdigest()
    assert manifest["seed"] == 7
    assert (manifest["laydown"], manifest["level"]) == ("both", "tracks")
    assert manifest["faults_seed"] is None
    assert not {"seeds", "sample_interval_s", "faults"} & set(manifest["limits"])


def test_a_seed_on_the_command_line_is_recorded_and_json_stands_alone_on_the_output(
    scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("run", scenario, "--out", tmp_path, "--seed", "41", "--json") == 0
    said = capfd.readouterr()
    assert said.err == ""
    summary = json_of(said.out)
    assert summary == json_of((tmp_path / "summary.json").read_text())
    assert summary["seed"] == json_of((tmp_path / "run.json").read_text())["seed"] == 41


def test_files_of_other_origin_stay_in_the_folder(scenario: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "summary.json").write_text("old")
    assert call("run", scenario, "--out", tmp_path) == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert json_of((tmp_path / "summary.json").read_text())["scenario"] == "small"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_later_run_removes_what_the_earlier_one_left_and_nothing_else(
    scenario: Path, results: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results"
    shutil.copytree(results, out)
    listed = json_of((out / "run.json").read_text(encoding="utf-8"))
    for name in ("old.parquet", "../outside.txt", str(tmp_path / "absolute.txt")):
        (out / name).write_text("x")
        listed["files"].append({"name": name, "byte_count": 1, "sha256": ""})
    (out / "run.json").write_text(json.dumps(listed), encoding="utf-8")
    (out / "notes.txt").write_text("mine")
    assert call("run", scenario, "--out", out) == 0
    assert names_in(out) == sorted([*names_in(results), "notes.txt"])
    assert names_in(tmp_path) == ["absolute.txt", "outside.txt", "results"]


@pytest.mark.parametrize(
    ("name", "words"), [("report.html", "no run.json beside it"), ("run.json", "not the record")]
)
def test_a_file_that_no_run_has_left_is_not_overwritten(
    scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    (tmp_path / name).write_text("mine")
    assert call("run", scenario, "--out", tmp_path) == 2
    said = capfd.readouterr().err
    assert words in said
    assert "Choose another folder" in said
    assert "flying" not in said
    assert names_in(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_that_cannot_be_one_is_refused_in_a_sentence(
    scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert call("run", scenario, "--out", tmp_path / "file") == 2
    assert "it is a file, not a folder" in capfd.readouterr().err
    assert call("run", scenario, "--out", "") == 2
    assert "the name is empty" in capfd.readouterr().err
