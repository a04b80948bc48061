"""``commonwatch score``: figures on the screen, as JSON and by instant; bad input a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonwatch.tables.files import write_table
from commonwatch.tables.schemas import to_table
from tests.cli.build import call, hidden_below, json_of
from tests.studies.build_score import columns_of, run


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Tracks and truth of a small run."""
    return write(tmp_path, run(4))


def write(folder: Path, one: dict[str, Any]) -> tuple[Path, Path]:
    truth, tracks = columns_of(one)
    write_table(folder / "tracks.parquet", to_table("tracks", tracks))
    write_table(folder / "truth.parquet", to_table("truth_objects", truth))
    return folder / "tracks.parquet", folder / "truth.parquet"


def test_the_screen_shows_every_figure_and_never_a_bare_nought(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("score", *files) == 0
    said = capfd.readouterr().out
    for word in ("OSPA", "GOSPA", "SIAP completeness", "NEES", "identity switches", "delay"):
        assert word in said
    [switches] = [line for line in said.splitlines() if "identity switches" in line]
    assert " to " in switches


def test_json_holds_the_same_figures_and_nothing_else_is_said(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("score", *files, "--json") == 0
    said = capfd.readouterr()
    found = json_of(said.out)
    assert said.err == ""
    assert found["format"] == 1
    assert set(found) >= {"distances", "siap", "consistency", "lives", "instant_count"}
    assert set(found["lives"]["false_tracks"]) == {"count", "low", "high", "among"}


def test_each_instant_is_written_as_a_table_and_as_json(files: tuple[Path, Path]) -> None:
    folder = files[0].parent
    assert call("score", *files, "--out", folder / "new" / "i.parquet") == 0
    assert call("score", *files, "--out", folder / "i.json") == 0
    table = pq.read_table(folder / "new" / "i.parquet")
    assert table.schema.field("ospa_m").metadata == {b"unit": b"m"}
    assert table.num_rows == len(np.unique(columns_of(run(4))[0]["time_ns"]))
    assert json_of((folder / "i.json").read_text())["instants"] == table.to_pylist()
    assert hidden_below(folder) == []


def test_tracks_of_another_time_are_noted_not_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, tracks = columns_of(run(4))
    year_ns = 365 * 86_400 * 1_000_000_000
    later = tracks | {name: tracks[name] + year_ns for name in ("time_ns", "known_ns")}
    write(tmp_path, run(4))
    write_table(tmp_path / "later.parquet", to_table("tracks", later))
    assert call("score", tmp_path / "later.parquet", tmp_path / "truth.parquet") == 0
    said = capfd.readouterr()
    assert "Note: no track is confirmed at any instant of the truth." in said.err
    assert "never" in said.out


@pytest.mark.parametrize("which", ["tracks", "truth"])
def test_kilometres_are_noticed_in_either_file(
    which: str, files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    path = files[0].parent / f"{which}.parquet"
    table = pq.read_table(path)
    for name in ("x_m", "y_m", "z_m"):
        column = pa.array(table[name].to_numpy() / 1e3)
        table = table.set_column(table.column_names.index(name), table.field(name), column)
    pq.write_table(table, path)
    assert call("score", *files) == 2
    assert f"{which}.parquet: positions look like kilometres" in capfd.readouterr().err


@pytest.mark.parametrize("which", ["tracks", "truth"])
@pytest.mark.parametrize(
    ("names", "factor", "sentence"),
    [
        (("time_ns",), 1e-9, "time_ns looks like seconds"),
        (("vx_m_s", "vy_m_s", "vz_m_s"), 1e-3, "vx_m_s, vy_m_s, vz_m_s looks like kilometres a"),
        (("vz_m_s",), 1e-3, "vz_m_s looks like kilometres a second"),
    ],
)
def test_seconds_and_kilometres_a_second_are_noticed_in_either_file(
    which: str,
    names: tuple[str, ...],
    factor: float,
    sentence: str,
    files: tuple[Path, Path],
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = files[0].parent / f"{which}.parquet"
    table = pq.read_table(path)
    for name in names:
        values = table[name].to_numpy()
        column = pa.array((values * factor).astype(values.dtype))
        table = table.set_column(table.column_names.index(name), table.field(name), column)
    pq.write_table(table, path)
    assert call("score", *files) == 2
    assert f"{which}.parquet: {sentence}" in " ".join(capfd.readouterr().err.split())


def test_covariances_that_are_not_positive_are_noted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, tracks = columns_of(run(4))
    files = write(tmp_path, run(4))
    write_table(files[0], to_table("tracks", tracks | {"p_00": tracks["p_00"] * -1.0}))
    assert call("score", *files) == 0
    assert "covariances are not positive" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("i.csv", "the name ends in neither .parquet nor .json"),
        ("truth.parquet", "it would take the place of the input"),
        ("", "the name is empty"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    files: tuple[Path, Path], out: str, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = files[1].read_bytes()
    assert call("score", *files, "--out", files[0].parent / out if out else "") == 2
    assert sentence in capfd.readouterr().err
    assert files[1].read_bytes() == before


def test_files_that_are_no_tables_are_refused_with_a_sentence(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    tracks, truth = files
    nothing = tracks.with_name("nothing.parquet")
    torn = tracks.with_name("torn.parquet")
    torn.write_bytes(truth.read_bytes()[:200])
    other = tracks.with_name("other.parquet")
    pq.write_table(pa.table({"time_ns": [1], "object": [1]}), other)
    for pair in ((nothing, truth), (tracks, nothing), (torn, truth), (tracks, torn)):
        assert call("score", *pair) == 2
        assert "cannot be read as a Parquet file" in capfd.readouterr().err
    assert call("score", tracks, other) == 2
    assert "other.parquet: no column x_m" in capfd.readouterr().err
    assert call("score", truth, tracks) == 2
    assert "no column" in capfd.readouterr().err
