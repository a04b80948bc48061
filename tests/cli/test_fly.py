"""``commonwatch fly``: right numbers, every bad input a sentence, nothing half-written."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commonwatch.cli import flights
from commonwatch.cli.main import main
from commonwatch.earth.ellipsoid import SEMI_MAJOR_AXIS_M
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2
from commonwatch.studies.validation import read_rows
from tests.flight.build import circular_orbit, fly_slowly, height_m, many_starts, start_at

HEADER = ["id", "time_ns", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s"]
BALLISTIC = "ballistic_coefficient_kg_m2"
SUMMARY = [
    "id",
    "apogee_altitude_m",
    "apogee_time_s",
    "impact_latitude_deg",
    "impact_longitude_deg",
    "time_of_flight_s",
]
TIME_NS = "1501251120000000000"
GOOD = start_at(35.0, 53.0, 80e3, 310.0, 1_200.0, 900.0)


any_input = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def table(states: np.ndarray, *extra: list[str]) -> list[list[str]]:
    """Rows of a table of states, numbered f0, f1, ..., with further columns."""
    rows = [HEADER + [column[0] for column in extra]]
    for number, state_vector in enumerate(states):
        more = [column[number + 1] for column in extra]
        rows.append([f"f{number}", TIME_NS, *map(repr, state_vector.tolist()), *more])
    return rows


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def fly(*arguments: str | Path) -> int:
    """Run the command and return its exit code; a traceback fails the test."""
    with pytest.raises(SystemExit) as ended:
        main(["fly", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def fly_rows(
    folder: Path, rows: list[list[str]], *options: str
) -> tuple[list[dict[str, str]], dict[str, list[Any]]]:
    """Fly a table that must be taken; give the summary and the arcs."""
    states = write(folder / "states.csv", rows)
    out, ends = folder / "arcs.parquet", folder / "ends.csv"
    assert fly(states, "--out", out, "--summary", ends, *options) == 0
    with ends.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), pq.read_table(out).to_pydict()


def refused(
    folder: Path,
    content: bytes | list[list[str]],
    capsys: pytest.CaptureFixture[str],
    *options: str,
) -> str:
    """Fly a table that must be refused; give the sentence. Nothing may have been written."""
    states = folder / "states.csv"
    if isinstance(content, bytes):
        states.write_bytes(content)
    else:
        write(states, content)
    code = fly(states, "--out", folder / "arcs.parquet", "--summary", folder / "ends.csv", *options)
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    assert sorted(path.name for path in folder.iterdir()) == ["states.csv"]
    return said.err


def test_reference_flights_end_where_another_library_ended_them(tmp_path: Path) -> None:
    starts = read_rows("states.csv")
    by_id = {row["id"]: row for row in read_rows("summary.csv") if row["model"] == "j2_uniform"}
    wanted = [by_id[start["id"]] for start in starts]
    rows = [HEADER, *([start[name] for name in HEADER] for start in starts)]
    ends, _ = fly_rows(tmp_path, rows)
    assert list(ends[0])[:6] == SUMMARY
    for end, row in zip(ends, wanted, strict=True):
        assert end["id"] == row["id"]
        assert end["reason"] == ""
        for name in ("impact_latitude_deg", "impact_longitude_deg"):
            assert abs(float(end[name]) - float(row[name])) < 1e-5  # 1 m
        assert abs(float(end["apogee_altitude_m"]) - float(row["apogee_altitude_m"])) < 0.5
        for name in ("time_of_flight_s", "apogee_time_s"):
            assert abs(float(end[name]) - float(row[name])) < 1e-3


def test_arcs_hold_a_row_each_ten_seconds_and_one_at_the_end(tmp_path: Path) -> None:
    states = many_starts(5, seed=40)
    ends, arcs = fly_rows(tmp_path, table(states))
    assert list(arcs) == ["id", "time_s", *HEADER[2:], "reason"]
    assert list(dict.fromkeys(arcs["id"])) == [f"f{k}" for k in range(5)]
    for number in range(5):
        rows = [k for k, name in enumerate(arcs["id"]) if name == f"f{number}"]
        times = [arcs["time_s"][k] for k in rows]
        assert times[:-1] == [10.0 * k for k in range(len(rows) - 1)]
        assert 0.0 < times[-1] - times[-2] <= 10.0
        assert times[-1] == float(ends[number]["time_of_flight_s"])
        middle = len(rows) // 2
        found = np.array([arcs[name][rows[middle]] for name in HEADER[2:]])
        wanted = fly_slowly(states[number], duration_s=times[middle]).end
        assert np.linalg.norm(found[:3] - wanted[:3]) < 0.01
        last = np.array([arcs[name][rows[-1]] for name in HEADER[2:5]])
        assert abs(height_m(last)) < 1e-3
        assert {arcs["reason"][k] for k in rows} == {None}


def test_what_never_comes_down_has_one_empty_row_and_a_reason(tmp_path: Path) -> None:
    escaping = start_at(0.0, 0.0, 200e3, 90.0, 12_000.0, 3_000.0)
    ends, arcs = fly_rows(tmp_path, table(np.array([circular_orbit(500e3), GOOD, escaping])))
    for name in ("f0", "f2"):
        rows = [k for k, each in enumerate(arcs["id"]) if each == name]
        assert len(rows) == 1
        assert all(arcs[column][rows[0]] is None for column in ["time_s", *HEADER[2:]])
        assert "does not come down" in arcs["reason"][rows[0]]
    for row in (ends[0], ends[2]):
        assert [row[name] for name in SUMMARY[3:]] == ["", "", ""]
        assert "does not come down" in row["reason"]
    assert float(ends[0]["apogee_altitude_m"]) > 499e3
    assert ends[2]["apogee_altitude_m"] == ""
    assert ends[1]["reason"] == ""


@pytest.mark.parametrize("stop", ["ground", "altitude_km=100", "apogee"])
@pytest.mark.parametrize("climb_m_s", [0.0, 20.0, -20.0])
def test_an_orbit_has_the_apogee_of_kepler_and_an_escape_has_none(
    tmp_path: Path, stop: str, climb_m_s: float
) -> None:
    near_m = SEMI_MAJOR_AXIS_M + 300e3
    slow, escape = (
        np.array([near_m, 0.0, 0.0, climb_m_s, part * (GM_M3_S2 / near_m) ** 0.5, 0.0])
        for part in (1.2, 1.5)
    )
    speed = float(np.linalg.norm(slow[3:]))
    momentum = near_m * slow[4]
    axis_m = 1.0 / (2.0 / near_m - speed**2 / GM_M3_S2)
    eccentricity = (1.0 - momentum**2 / GM_M3_S2 / axis_m) ** 0.5
    wanted_m = axis_m * (1.0 + eccentricity) - SEMI_MAJOR_AXIS_M
    anomaly = np.arctan2(near_m * climb_m_s / (GM_M3_S2 * axis_m) ** 0.5, 1.0 - near_m / axis_m)
    passed = anomaly - eccentricity * np.sin(anomaly)
    wanted_s = (np.pi - passed) * (axis_m**3 / GM_M3_S2) ** 0.5
    states = np.array([slow, escape])
    states[:, 4] -= EARTH_RATE_RAD_S * near_m
    ends, _ = fly_rows(tmp_path, table(states), "--gravity", "two-body", "--stop", stop)
    assert abs(float(ends[0]["apogee_altitude_m"]) - wanted_m) < 0.5
    assert abs(float(ends[0]["apogee_time_s"]) - wanted_s) < 0.05
    assert (ends[0]["reason"] == "") == (stop == "apogee")
    assert [ends[1][name] for name in SUMMARY[1:]] == [""] * 5
    assert "leaving the Earth" in ends[1]["reason"]


def test_a_stop_at_an_altitude_or_apogee_gives_the_point_there(tmp_path: Path) -> None:
    ends, arcs = fly_rows(tmp_path, table(GOOD[None]), "--stop", "altitude_km=90")
    last = np.array([arcs[name][-1] for name in HEADER[2:5]])
    assert abs(height_m(last) - 90e3) < 1e-3
    assert abs(float(ends[0]["time_of_flight_s"]) - fly_slowly(GOOD, altitude_m=90e3).end_s) < 1e-3
    ends, arcs = fly_rows(tmp_path, table(GOOD[None]), "--stop", "apogee")
    assert abs(float(ends[0]["time_of_flight_s"]) - float(ends[0]["apogee_time_s"])) < 1e-3
    ends, _ = fly_rows(tmp_path, table(GOOD[None]), "--stop", "altitude_km=900")
    assert "apogee lies below" in ends[0]["reason"]


def test_gravity_and_drag_change_the_end_as_asked(tmp_path: Path) -> None:
    rows = table(np.array([GOOD]), [BALLISTIC, "1000.0"])
    times = {}
    for name in ("two-body", "j2", "j4"):
        ends, _ = fly_rows(tmp_path, rows, "--gravity", name)
        times[name] = float(ends[0]["time_of_flight_s"])
    assert len(set(times.values())) == 3
    assert max(times.values()) - min(times.values()) < 1.0
    ends, arcs = fly_rows(tmp_path, rows, "--drag")
    wanted = fly_slowly(GOOD, ballistic_coefficient_kg_m2=1_000.0)
    assert abs(float(ends[0]["time_of_flight_s"]) - wanted.end_s) < 0.01
    assert np.linalg.norm([arcs[n][-1] for n in HEADER[2:5]] - wanted.end[:3]) < 5.0


def test_a_state_that_falls_underground_has_a_reason(tmp_path: Path) -> None:
    ends, arcs = fly_rows(tmp_path, table(start_at(0.0, 0.0, -100.0, 0.0, 10.0, -5.0)[None]))
    assert "below the stop" in ends[0]["reason"]
    assert arcs["time_s"] == [None]


def test_many_portions_and_pieces_give_what_one_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = many_starts(70, seed=41)
    states[7] = circular_orbit(500e3)
    rows = table(states)
    whole = fly_rows(tmp_path, rows)
    monkeypatch.setattr(flights, "_ROWS_A_PORTION", 9)
    monkeypatch.setattr(flights, "_SAMPLES_A_PIECE", 40)
    assert fly_rows(tmp_path, rows) == whole


def test_columns_may_stand_in_any_order_and_others_are_named_and_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table(GOOD[None], ["colour", "red"])
    plain, _ = fly_rows(tmp_path, table(GOOD[None]))
    turned, _ = fly_rows(tmp_path, [list(reversed(row)) for row in rows])
    assert turned == plain
    assert "columns not used: colour" in capsys.readouterr().err


def test_a_byte_order_mark_blank_lines_and_spaces_do_no_harm(tmp_path: Path) -> None:
    plain, _ = fly_rows(tmp_path, table(GOOD[None]))
    text = "\r\n\r\n".join(", ".join(row) for row in table(GOOD[None]))
    states = tmp_path / "marked.csv"
    states.write_bytes(b"\xef\xbb\xbf" + text.encode())
    ends = tmp_path / "marked-ends.csv"
    assert fly(states, "--out", tmp_path / "a.parquet", "--summary", ends) == 0
    assert ends.read_text(encoding="utf-8").split("\n")[1].startswith(plain[0]["id"])


def test_json_says_what_was_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    states = write(tmp_path / "s.csv", table(np.array([GOOD, circular_orbit(500e3)])))
    assert fly(states, "--out", tmp_path / "a.parquet", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["flights"] == 2
    assert facts["arrived"] == 1
    assert list(facts["did_not_arrive"].values()) == [1]
    assert facts["stop"] == "ground"
    assert facts["rows"] == pq.read_metadata(tmp_path / "a.parquet").num_rows


@pytest.mark.parametrize("stop", ["apogee", "altitude_km=90.5"])
def test_json_repeats_the_stop_as_it_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stop: str
) -> None:
    states = write(tmp_path / "s.csv", table(GOOD[None]))
    assert fly(states, "--out", tmp_path / "a.parquet", "--stop", stop, "--json") == 0
    assert json.loads(capsys.readouterr().out)["stop"] == stop


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    states = write(tmp_path / "s.csv", table(GOOD[None]))
    assert fly(states, "--out", tmp_path / "new" / "folder" / "a.parquet") == 0
    assert (tmp_path / "new" / "folder" / "a.parquet").is_file()


def changed(column: str, cell: str) -> list[list[str]]:
    rows = table(np.array([GOOD, GOOD, GOOD]), [BALLISTIC, "1000", "1000", "1000"])
    rows[2][rows[0].index(column)] = cell
    return rows


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("x_m", "nan", ["row 2 (line 3)", "column x_m", '"nan"', "metres"]),
        ("vz_m_s", "inf", ["column vz_m_s", '"inf"', "metres per second"]),
        ("y_m", "abc", ["column y_m", '"abc"']),
        ("z_m", "", ["column z_m", "an empty cell"]),
        ("x_m", "1e300", ["column x_m", "1e300"]),
        ("vx_m_s", "3e8", ["column vx_m_s", "299,792,458"]),
        ("time_ns", "yesterday", ["column time_ns", "nanoseconds"]),
        ("time_ns", "0.5", ["column time_ns", "integer"]),
        ("id", "", ["the id is empty"]),
        ("id", "f0", ['"f0" comes a second time']),
        (BALLISTIC, "0", ["column " + BALLISTIC]),
        (BALLISTIC, "-3", ["column " + BALLISTIC]),
        (BALLISTIC, "", ["column " + BALLISTIC, "an empty cell"]),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_with_file_row_and_column(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    column: str,
    cell: str,
    words: list[str],
) -> None:
    said = refused(tmp_path, changed(column, cell), capsys, "--drag")
    assert all(word in said for word in ["states.csv", "Allowed", *words]), said


def test_kilometres_in_place_of_metres_are_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(tmp_path, table(GOOD[None] / 1e3), capsys)
    assert "from the Earth's centre" in said
    assert "kilometres" in said


def test_all_wrong_cells_are_told_in_one_go_in_the_order_of_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table(np.array([GOOD] * 4))
    rows[4][2], rows[2][7], rows[2][1], rows[3][0] = "nan", "fast", "now", "f0"
    rows[1][2:5] = ["5e6", "0", "0"]
    said = refused(tmp_path, rows, capsys)
    places = ["row 1 (line 2)", "row 2 (line 3), column time_ns", "row 2 (line 3), column vz_m_s"]
    places += ["row 3 (line 4), column id", "row 4 (line 5), column x_m"]
    found = [said.index(place) for place in places]
    assert found == sorted(found)
    assert "5 mistakes" in said
    assert "states.csv" in said


def test_of_very_many_wrong_cells_twenty_are_shown_and_the_rest_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table(many_starts(30, seed=44))
    for row in rows[1:]:
        row[3] = "?"
    said = refused(tmp_path, rows, capsys)
    assert said.count('found "?"') == 20
    assert "and 10 more" in said


def test_a_state_deep_in_the_ground_is_said_to_start_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = start_at(35.0, 53.0, -1_182e3, 310.0, 1_200.0, 900.0)
    said = refused(tmp_path, table(np.array([GOOD, deep])), capsys)
    assert "row 2 (line 3): the flight starts 1,182,000 m below the ground" in said


def test_drag_without_its_column_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "leave --drag out" in refused(tmp_path, table(GOOD[None]), capsys, "--drag")
    near = table(GOOD[None], ["ballistic_coefficient", "1000"])
    assert f'rename "ballistic_coefficient" to "{BALLISTIC}"' in refused(
        tmp_path, near, capsys, "--drag"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (",".join(HEADER).encode(), "no row below"),
        (b"PAR1\0\0\1\2", "a Parquet file"),
        (bytes(range(256)), "a binary file"),
        (b"\xff\xfe\xfa,1,2\n3", "not text in UTF-8"),
        (b"a" * 70_000, "longer than"),
        (b"id;time_ns;x_m\n1;2;3", "Separate the columns by commas"),
        (b"id,time_ns\n1,2", "no column x_m"),
        ((",".join(HEADER) + "\nf0,1,2\n").encode(), "3 cells"),
        ((",".join([*HEADER, "x_m"]) + "\n").encode(), "comes twice"),
        ((",".join(HEADER) + '\n"f0').encode(), "not comma-separated text"),
        ((",".join(HEADER) + "\n" + "9" * 200_000).encode(), "not comma-separated text"),
    ],
)
def test_what_is_no_table_of_states_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    assert words in refused(tmp_path, content, capsys)


def test_a_column_that_is_missing_is_named_with_the_nearest_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table(GOOD[None])
    rows[0][5] = "vx_m_per_s"
    said = refused(tmp_path, rows, capsys)
    assert "no column vx_m_s" in said
    assert 'to "vx_m_s"' in said


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fly(tmp_path / "none.csv", "--out", tmp_path / "a.parquet") == 2
    assert "no such file" in capsys.readouterr().err
    assert fly(tmp_path, "--out", tmp_path / "a.parquet") == 2
    assert "this is a folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "summary", "words"),
    [
        ("arcs.csv", "ends.csv", "does not end in .parquet"),
        ("states.parquet", "states.csv", "place of the table of states"),
        ("a.parquet", "a.parquet", "same name"),
        ("folder.parquet", "ends.csv", "the place is a folder"),
        ("a.parquet", "folder.parquet", "the place is a folder"),
        ("states.csv/a.parquet", "ends.csv", "is a file, not a folder"),
    ],
)
def test_places_that_cannot_be_written_are_refused_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, summary: str, words: str
) -> None:
    states = write(tmp_path / "states.csv", table(GOOD[None]))
    (tmp_path / "folder.parquet").mkdir()
    before = states.read_bytes()
    assert fly(states, "--out", tmp_path / out, "--summary", tmp_path / summary) == 2
    assert words in capsys.readouterr().err
    assert states.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder.parquet", "states.csv"]


def test_the_table_is_not_overwritten_through_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states = write(tmp_path / "states.parquet", table(GOOD[None]))
    (tmp_path / "link.parquet").symlink_to(states)
    assert fly(states, "--out", tmp_path / "link.parquet") == 2
    assert "place of the table" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="pipes have other names there")
@pytest.mark.parametrize("odd", ["a.parquet", "ends.csv"])
def test_an_output_that_is_a_pipe_is_refused_and_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], odd: str
) -> None:
    states = write(tmp_path / "states.csv", table(GOOD[None]))
    os.mkfifo(tmp_path / odd)
    out, ends = tmp_path / "a.parquet", tmp_path / "ends.csv"
    assert fly(states, "--out", out, "--summary", ends) == 2
    assert "a device, a pipe or a socket" in capsys.readouterr().err
    assert (tmp_path / odd).is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([odd, "states.csv"])


def test_an_output_that_is_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "kept.csv").write_text("earlier")
    (tmp_path / "ends.csv").symlink_to(tmp_path / "kept.csv")
    fly_rows(tmp_path, table(GOOD[None]))
    assert (tmp_path / "ends.csv").is_symlink()
    assert (tmp_path / "kept.csv").read_text().startswith("id,apogee")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states = write(tmp_path / "states.csv", table(GOOD[None]))
    locked = tmp_path / "locked"
    locked.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    assert fly(states, "--out", locked / "a.parquet") == 2
    assert "permission" in capsys.readouterr().err


def test_a_mistake_late_in_the_table_leaves_earlier_output_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flights, "_ROWS_A_PORTION", 8)
    rows = table(many_starts(40, seed=42))
    fly_rows(tmp_path, rows)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*s.*")}
    rows[39][3] = "not a number"
    states = write(tmp_path / "states.csv", rows)
    out, ends = tmp_path / "arcs.parquet", tmp_path / "ends.csv"
    assert fly(states, "--out", out, "--summary", ends) == 2
    assert "row 39 (line 40)" in capsys.readouterr().err
    assert out.read_bytes() == before["arcs.parquet"]
    assert ends.read_bytes() == before["ends.csv"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    "stop", ["", "sky", "altitude_km", "altitude_km=", "altitude_km=nan", "altitude_km=-1", "1"]
)
def test_a_stop_that_is_none_is_refused_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stop: str
) -> None:
    said = refused(tmp_path, table(GOOD[None]), capsys, "--stop", stop)
    assert "ground, apogee or altitude_km=X" in said


def test_a_gravity_that_is_none_is_refused_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(tmp_path, table(GOOD[None]), capsys, "--gravity", "j3")
    assert "two-body" in said


def test_an_interruption_ends_with_130_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    states = write(tmp_path / "states.csv", table(many_starts(40, seed=43)))
    monkeypatch.setattr(flights, "_ROWS_A_PORTION", 8)
    monkeypatch.setattr(flights, "_summary_rows", interrupted)
    out, ends = tmp_path / "arcs.parquet", tmp_path / "ends.csv"
    assert fly(states, "--out", out, "--summary", ends) == 130
    assert "Interrupted" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["states.csv"]


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="POSIX signals")
def test_a_real_interrupt_in_the_midst_of_a_large_table_leaves_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "states.csv"
    os.mkfifo(pipe)
    started = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from commonwatch.cli.main import main; main()",
            "fly",
            str(pipe),
            "--out",
            str(tmp_path / "a.parquet"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    with pipe.open("w", encoding="utf-8") as file:  # opens once the command reads
        file.write(",".join(HEADER) + "\n")
        file.flush()
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "Interrupted" in said
    assert [path.name for path in tmp_path.iterdir()] == ["states.csv"]


cells = st.one_of(
    st.text(max_size=8),
    st.floats().map(repr),
    st.integers().map(str),
    st.sampled_from(["", "nan", "-inf", "1e400", "0x10", "1_0", '"', "a,b", "\n", "\0", "é"]),
)


@given(st.binary(max_size=400))
@example(b"\xef")
@example(b"\xef\xbb\xbf")
@any_input
def test_any_bytes_are_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    states = tmp_path / "states.csv"
    states.write_bytes(content)
    assert fly(states, "--out", tmp_path / "a.parquet") == 2


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 7), cells), min_size=1, max_size=4),
    st.sampled_from(["ground", "apogee", "altitude_km=100"]),
)
@any_input
def test_a_table_with_any_cells_is_flown_or_refused(
    tmp_path: Path, changes: list[tuple[int, int, str]], stop: str
) -> None:
    rows = table(np.array([GOOD, GOOD, GOOD]))
    for row, column, cell in changes:
        rows[row][column] = cell
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    states = tmp_path / "states.csv"
    states.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    out = tmp_path / "a.parquet"
    out.unlink(missing_ok=True)
    code = fly(states, "--out", out, "--stop", stop)
    assert code in {0, 2}
    assert out.exists() == (code == 0)


@given(
    st.integers(1, 500), st.lists(st.tuples(st.integers(0, 499), st.integers(0, 255)), max_size=3)
)
@any_input
def test_a_table_cut_or_garbled_anywhere_is_flown_or_refused(
    tmp_path: Path, cut: int, changes: list[tuple[int, int]]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(table(np.array([GOOD, GOOD])))
    content = bytearray(text.getvalue().encode())
    del content[cut:]
    for place, byte in changes:
        content[place % len(content)] = byte
    states = tmp_path / "states.csv"
    states.write_bytes(content)
    assert fly(states, "--out", tmp_path / "a.parquet", "--stop", "apogee") in {0, 2}
