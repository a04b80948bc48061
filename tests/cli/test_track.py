"""``commonwatch track``: tracks, dispositions and more from anyone's detections; bad input said."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.sensing.detection import Detections
from commonwatch.tables.files import write_table
from commonwatch.tables.schemas import TABLES, to_table
from commonwatch.tracking.estimate import Status, read_tracks
from tests.cli.build import call, hidden_below, json_of
from tests.cli.test_how_to import blocks_of, commands_of
from tests.cli.test_interruption import end_of, started, wait_for
from tests.tracking.build import RADARS, SECOND_NS, above, scene

RADAR = """
[[radars]]
name = "{name}"
title = "A radar"
nation = "A"
role = "search"
band = "UHF"
latitude_deg = {latitude}
longitude_deg = {longitude}
altitude_km = 0.1
range_min_km = 50.0
range_max_km = 3000.0
beamwidth_deg = 2.0
bandwidth_mhz = 1.0
range_floor_m = 20.0
range_bias_m = 0.0
track_interval_s = 2.0
cross_section_m2 = 1.0
false_plots_per_sweep = 1.0
range_std_m = 30.0
azimuth_std_rad = 0.001
elevation_std_rad = 0.001
range_rate_std_m_s = 5.0
detection_probability = 0.95
refraction_corrected = true
mark = "assumed"
source = "invented"

[[radars.faces]]
azimuth_min_deg = 0.0
azimuth_max_deg = 360.0
boresight_azimuth_deg = 180.0
boresight_elevation_deg = 20.0
elevation_min_deg = 3.0
elevation_max_deg = 85.0
"""
SENSORS = "format = 1\n" + "".join(
    RADAR.format(name=name, latitude=latitude, longitude=longitude)
    for name, latitude, longitude in (
        ("north", 50.0, 10.0),
        ("east", 44.0, 16.0),
        ("west", 44.0, 4.0),
    )
)
DETECTIONS, _ = scene(1, 5, 24.0, clutter=3)
GOOD = len(DETECTIONS)


def columns(detections: Detections = DETECTIONS) -> dict[str, Any]:
    """Columns of the plots alone, as anyone would write them."""
    whole = detections.to_columns(RADARS)
    kept = ("time_ns", "arrival_ns", "kind", "sensor")
    measured = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_m_s")
    return {name: np.array(whole[name]) for name in (*kept, *measured)}


def write(folder: Path, table: dict[str, Any], *, sensors: str = SENSORS) -> list[str | Path]:
    """Write the input and return the arguments that track it."""
    folder.mkdir(exist_ok=True, parents=True)
    arrays = {name: pa.array(values, from_pandas=True) for name, values in table.items()}
    pq.write_table(pa.table(arrays), folder / "detections.parquet")
    (folder / "sensors.toml").write_text(sensors, encoding="utf-8")
    return [
        "track",
        folder / "detections.parquet",
        "--sensors",
        folder / "sensors.toml",
        "--out",
        folder / "out" / "tracks.parquet",
    ]


def with_rows(table: dict[str, Any], count: int = 1, **changes: Any) -> dict[str, Any]:
    """The table with its middle rows once more at the end, changed."""
    middle = len(table["time_ns"]) // 2
    more = {name: values[middle : middle + count].copy() for name, values in table.items()}
    for name, value in changes.items():
        more[name][:] = value(more[name]) if callable(value) else value
    return {name: np.concatenate([values, more[name]]) for name, values in table.items()}


def dispositions(folder: Path) -> dict[str, Any]:
    return pq.read_table(folder / "out" / "dispositions.parquet").to_pydict()


def test_the_screen_counts_what_became_of_rows_and_tracks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(*write(tmp_path, columns())) == 0
    said = capfd.readouterr()
    assert f"{GOOD} detections: " in said.out
    assert "5 started a track" in said.out
    assert "0 late, 0 refused." in said.out
    assert "Tracks: 5 confirmed, 0 of them ended; 0 never confirmed." in said.out
    assert "tracks.parquet" in said.out
    assert "tracking" in said.err
    assert hidden_below(tmp_path) == []
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        "dispositions.parquet",
        "tracks.parquet",
    ]


def test_json_says_the_same_with_stable_keys_and_nothing_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = write(tmp_path, columns())
    arguments += ["--smoothed", out / "s.parquet", "--biases", out / "b.parquet", "--json"]
    assert call(*arguments) == 0
    said = capfd.readouterr()
    assert said.err == ""
    found = json_of(said.out)
    assert list(found) == [
        "format", "detections", "sensors", "filter", "association", "registration", "rows",
        "dispositions", "refused_reasons", "tracks_confirmed", "tracks_ended",
        "tracks_never_confirmed", "track_rows", "smoothed_rows", "out", "dispositions_out",
        "smoothed", "biases",
    ]  # fmt: skip
    assert found["rows"] == GOOD
    assert sum(found["dispositions"].values()) == GOOD
    assert set(found["dispositions"]) == {
        "assigned", "started_a_track", "clutter", "late", "refused"
    }  # fmt: skip
    assert found["tracks_confirmed"] == 5
    assert found["track_rows"] == pq.read_metadata(out / "tracks.parquet").num_rows
    smoothed = read_tracks(out / "s.parquet")
    assert len(smoothed) == found["smoothed_rows"]
    assert (smoothed.known_ns == DETECTIONS.arrival_ns.max()).all()
    biases = pq.read_table(out / "b.parquet").to_pydict()
    assert biases["sensor"] == ["north", "east", "west"]
    assert max(abs(value) for value in biases["azimuth_bias_rad"]) < 2e-3


@pytest.mark.parametrize("name", ["ekf", "ukf"])
@pytest.mark.parametrize("association", ["gnn", "jpda"])
def test_every_filter_and_association_finds_the_five(
    name: str, association: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = write(tmp_path, columns())
    arguments += ["--filter", name, "--association", association, "--json"]
    assert call(*arguments) == 0
    assert json_of(capfd.readouterr().out)["tracks_confirmed"] == 5


def test_dispositions_may_stand_elsewhere_and_have_each_row_once(tmp_path: Path) -> None:
    place = tmp_path / "fates.parquet"
    assert call(*write(tmp_path, columns()), "--dispositions", place, "--no-registration") == 0
    table = pq.read_table(place)
    assert table.column("row").to_pylist() == list(range(GOOD))
    assert not (tmp_path / "out" / "dispositions.parquet").exists()


def test_an_empty_table_gives_empty_tables(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    nothing = to_table("detections", DETECTIONS.take(np.arange(0)).to_columns(RADARS))
    arguments = write(tmp_path, columns())
    write_table(tmp_path / "detections.parquet", nothing)
    assert call(*arguments, "--smoothed", tmp_path / "s.parquet", "--json") == 0
    assert json_of(capfd.readouterr().out)["rows"] == 0
    assert len(read_tracks(tmp_path / "out" / "tracks.parquet")) == 0
    assert len(read_tracks(tmp_path / "s.parquet")) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sensor": "nobody"}, 'unknown sensor "nobody"'),
        ({"sensor": "\x1b[31mred"}, "unknown sensor"),
        ({"time_ns": lambda t: t + 5 * SECOND_NS}, "in the future: 5.0 s"),
        ({}, "repeated: the same as row"),
        ({"range_m": np.nan}, "range_m is empty or no number"),
        ({"azimuth_rad": np.nan}, "azimuth_rad is empty"),
        ({"range_m": -5e5}, "range_m is -500000"),
        ({"elevation_rad": np.inf}, "elevation_rad is inf"),
        ({"time_ns": lambda t: t - 86_400 * SECOND_NS}, "its time jumps"),
        (
            {
                "time_ns": lambda t: t + 86_400 * SECOND_NS,
                "arrival_ns": lambda t: t + 86_400 * SECOND_NS,
            },
            "its time jumps: it stands alone",
        ),
        ({"kind": "sonar"}, 'kind "sonar"'),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_no_good_one_is_lost(
    changes: dict[str, Any], reason: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(*write(tmp_path / "good", columns())) == 0
    capfd.readouterr()
    assert call(*write(tmp_path / "bad", with_rows(columns(), **changes))) == 0
    said = capfd.readouterr().out
    assert "1 refused." in said
    assert f"1 refused: {reason}" in said
    assert "\x1b" not in said
    good, bad = dispositions(tmp_path / "good"), dispositions(tmp_path / "bad")
    assert bad["disposition"][-1] == "refused"
    assert reason in bad["reason"][-1]
    for name in ("row", "disposition", "track", "reason"):
        assert bad[name][:-1] == good[name]
    tracks = [pq.read_table(tmp_path / k / "out" / "tracks.parquet") for k in ("good", "bad")]
    assert tracks[0].equals(tracks[1])


def after_a_pause(seconds: float) -> dict[str, Any]:
    """Plots of three falling objects and no others, and of three more some time later."""
    low = np.concatenate([above(47.0, [9.5, 10.0, 10.5], 120e3), np.zeros((3, 3))], axis=1)
    low[:, 3:] = -2_000.0 * low[:, :3] / np.linalg.norm(low[:, :3], axis=1, keepdims=True)
    first, second = columns(scene(5, 3, 16.0, states=low)[0]), columns(scene(6, 3, 16.0)[0])
    for name in ("time_ns", "arrival_ns"):
        second[name] = second[name] + round((16.0 + seconds) * SECOND_NS)
    return {name: np.concatenate([first[name], second[name]]) for name in first}


@pytest.mark.parametrize("seconds", [60.0, 180.0, 600.0, 86_400.0])
def test_two_raids_with_nothing_seen_between_them_are_tracked_and_warned_of(
    seconds: float, tmp_path: Path
) -> None:
    assert call(*write(tmp_path, after_a_pause(seconds))) == 0
    tracks = tmp_path / "out" / "tracks.parquet"
    assert call("warn", tracks, "--out", tmp_path / "alerts.parquet") == 0
    found = read_tracks(tracks)
    ends = found.take(found.status == Status.ENDED)
    assert len(np.unique(ends.track)) >= 3
    assert (geodetic_from_ecef(ends.state_vector[:, :3])[2] > -1.0).all()


def test_a_table_without_a_single_good_row_is_refused_in_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = columns()
    arguments = write(tmp_path, rows | {"kind": ["sonar"] * len(rows["time_ns"])})
    assert call(*arguments) == 2
    said = capfd.readouterr().err
    assert "none of" in said
    assert 'kind "sonar"' in said
    assert not (tmp_path / "out" / "tracks.parquet").exists()


def test_rows_that_are_wrong_alike_are_counted_together(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = with_rows(columns(), 30, range_m=lambda r: -np.arange(1.0, len(r) + 1.0))
    table = with_rows(table, 20)  # the rows in the middle, once more
    arguments = write(tmp_path, table)
    assert call(*arguments) == 0
    said = capfd.readouterr().out
    assert "50 refused." in said
    assert "30 refused: range_m is wrong: at least 1, as in: range_m is -1: at least 1." in said
    assert "20 refused: repeated: the same as another row, as in: repeated: the same as" in said
    assert call(*arguments, "--json") == 0
    reasons = json_of(capfd.readouterr().out)["refused_reasons"]
    assert reasons == {
        "range_m is wrong: at least 1": 30, "repeated: the same as another row": 20
    }  # fmt: skip


def test_the_help_lists_every_column(capfd: pytest.CaptureFixture[str]) -> None:
    assert call("track", "--help") == 0
    said = capfd.readouterr().out
    for column in TABLES["detections"]:
        assert column.name in said


def test_columns_that_are_missing_or_named_almost_right_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = columns()
    kilometres = given.pop("range_m") / 1e3
    assert call(*write(tmp_path, given)) == 2
    said = capfd.readouterr().err
    assert "detections.parquet: no column range_m" in said
    assert "Columns found: time_ns, " in said
    assert call(*write(tmp_path, {**given, "range_km": kilometres})) == 2
    assert 'Perhaps convert "range_km" to "range_m"' in capfd.readouterr().err
    mistyped = {**columns(), "range_std": np.full(GOOD, 30.0)}
    assert call(*write(tmp_path, mistyped)) == 0
    said = capfd.readouterr().err
    assert 'Note: The column "range_std" is not read; perhaps "range_std_m" is meant.' in said


def test_plots_too_near_to_be_seen_are_noted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = columns()
    own = np.flatnonzero(given["sensor"] == "north")
    given["range_m"][own[::3]] /= 1e3
    count = len(own[::3])
    assert call(*write(tmp_path, given)) == 0
    said = " ".join(capfd.readouterr().err.split())
    assert f'Note: {count:,} of {len(own):,} plots of "north" are nearer than its' in said
    assert f"{count:,} of them would lie where it sees if their range_m were in kilometres" in said


def test_unsorted_rows_are_tracked_as_sorted_ones(tmp_path: Path) -> None:
    order = np.random.default_rng(2).permutation(GOOD)
    table = {name: values[order] for name, values in columns().items()}
    assert call(*write(tmp_path / "sorted", columns())) == 0
    assert call(*write(tmp_path / "mixed", table)) == 0
    paths = [tmp_path / name / "out" / "tracks.parquet" for name in ("sorted", "mixed")]
    assert pq.read_table(paths[0]).equals(pq.read_table(paths[1]))
    fates = dispositions(tmp_path / "sorted"), dispositions(tmp_path / "mixed")
    assert [fates[0]["disposition"][row] for row in order] == fates[1]["disposition"]


def test_a_row_that_comes_too_late_says_so(tmp_path: Path) -> None:
    table = columns()
    row = int(np.flatnonzero(table["time_ns"] < table["time_ns"][0] + 5 * SECOND_NS)[-1])
    table["arrival_ns"][row] += 10 * SECOND_NS
    assert call(*write(tmp_path, table)) == 0
    found = dispositions(tmp_path)
    assert found["disposition"][row] == "late"
    assert found["reason"][row] == "arrived more than 6 s after later looks"
    assert found["disposition"].count("late") == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"azimuth_rad": np.degrees, "elevation_rad": np.degrees}, "looks like degrees"),
        ({"range_m": lambda r: r / 1e3}, "looks like kilometres"),
        ({"time_ns": lambda t: t // SECOND_NS}, "looks like seconds"),
        ({"azimuth_rad": lambda a: 0.5 * np.pi - a}, "looks measured anticlockwise from east"),
    ],
)
def test_wrong_units_are_noticed_and_said(
    change: dict[str, Any], sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = columns()
    for name, turn in change.items():
        table[name] = turn(table[name])
    if "time_ns" in change:
        table["arrival_ns"] = table["time_ns"]
    assert call(*write(tmp_path, table)) == 2
    said = capfd.readouterr()
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


def test_files_that_are_not_what_they_should_be_are_refused_in_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = write(tmp_path, columns())
    path, sensors = tmp_path / "detections.parquet", tmp_path / "sensors.toml"
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], whole[:-1], b"not a table\n" * 10):
        path.write_bytes(content)
        assert call(*arguments) == 2
        assert "it cannot be read as a Parquet file" in capfd.readouterr().err
    path.unlink()
    assert call(*arguments) == 2
    assert "No such file" in capfd.readouterr().err
    path.write_bytes(whole)
    for text, sentence in (
        (SENSORS + RADAR.format(name="north", latitude=1.0, longitude=1.0), "north"),
        ("", "empty"),
        ("format = 1\n", "no "),
        (SENSORS.replace("range_std_m", "range_std_km"), "range_std_km"),
    ):
        sensors.write_text(text, encoding="utf-8")
        assert call(*arguments) == 2
        said = capfd.readouterr().err
        assert sentence in said
        assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_ten_times_the_limit_of_plots_in_one_look_is_refused_in_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    count = 200_000
    rng = np.random.default_rng(3)
    table = {
        "time_ns": np.full(count, DETECTIONS.time_ns[0]),
        "sensor": np.full(count, "north", dtype=object),
        "range_m": rng.uniform(1e5, 2e6, count),
        "azimuth_rad": rng.uniform(0.0, 6.0, count),
        "elevation_rad": rng.uniform(0.1, 1.4, count),
    }
    assert call(*write(tmp_path, table)) == 2
    assert "20,000" in capfd.readouterr().err


def test_output_in_the_place_of_input_or_of_other_output_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = write(tmp_path, columns())
    tracks = tmp_path / "out" / "tracks.parquet"
    for option, place, sentence in (
        ("--out", tmp_path / "detections.parquet", "the place of the detections"),
        ("--smoothed", tracks, "the place of --out"),
        ("--biases", tmp_path / "out" / "dispositions.parquet", "the place of --dispositions"),
        ("--out", tmp_path / "tracks.csv", "does not end in .parquet"),
    ):
        assert call(*arguments, option, place) == 2
        assert sentence in capfd.readouterr().err
    assert call(*arguments, "--biases", tmp_path / "b.parquet", "--no-registration") == 2
    assert "--no-registration" in capfd.readouterr().err
    assert not tracks.exists()


def test_ctrl_c_in_mid_run_leaves_nothing_behind(tmp_path: Path) -> None:
    detections, _ = scene(2, 60, 600.0, clutter=60)  # long enough to be struck in the middle
    arguments = [*write(tmp_path, columns(detections)), "--filter", "ukf"]
    before = sorted(one.name for one in tmp_path.iterdir())
    with started(*arguments, folder=tmp_path) as process:
        wait_for(process, "tracking")
        process.send_signal(signal.SIGINT)
        code, said = end_of(process)
    assert code == 130
    assert "no file is half-written" in said
    assert sorted(one.name for one in tmp_path.iterdir() if one.name != "out") == before
    assert not list((tmp_path / "out").glob("*"))
    assert not hidden_below(tmp_path)


def test_the_example_of_the_page_is_a_tracker_of_three_radars_in_under_fifteen_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, columns())
    monkeypatch.chdir(tmp_path)
    *_, example = blocks_of("track-recorded-detections", "python")
    assert len(example.splitlines()) < 15
    exec(compile(example, "track-recorded-detections.md", "exec"), {})
    said = capfd.readouterr().out.splitlines()
    assert len(said) > 5
    assert len({line.split()[0] for line in said if line.split()[1] == "CONFIRMED"}) == 5


def test_the_commands_of_the_page_work_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, columns())
    monkeypatch.chdir(tmp_path)
    commands = commands_of("track-recorded-detections")
    assert len(commands) >= 3
    for command in commands:
        assert call(*shlex.split(command)[1:]) == 0, command
