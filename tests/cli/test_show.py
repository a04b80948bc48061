"""``commonwatch show``: from files to one page, and every slip in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from commonwatch.tables.files import write_table
from commonwatch.tables.schemas import to_table
from commonwatch.tracking.estimate import STATE_COLUMNS
from tests.cli.build import RADARS, call, hidden_below, json_of
from tests.report.build_tracked import MISSILES, parts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with everything that may be shown."""
    given = parts()
    truth = given["truth"]
    write_table(tmp_path / "tracks.parquet", to_table("tracks", given["estimates"].to_columns()))
    columns = dict(zip(STATE_COLUMNS, truth.state_vector.T, strict=True))
    columns |= {"time_ns": truth.time_ns, "object": truth.number}
    write_table(tmp_path / "truth.parquet", to_table("truth_objects", columns))
    for name in ("alerts", "biases", "dispositions"):
        write_table(tmp_path / f"{name}.parquet", given[name])
    pq.write_table(given["detections"], tmp_path / "detections.parquet")
    write_table(tmp_path / "ends.parquet", given["ends"])
    pyarrow.csv.write_csv(given["ends"], tmp_path / "ends.csv")
    (tmp_path / "sensors.toml").write_text("format = 1\n" + RADARS, encoding="utf-8")
    return tmp_path


def options(folder: Path, *names: str) -> list[str | Path]:
    """Return options with their files; ends are text."""
    suffix = {"ends": "csv", "sensors": "toml"}
    found: list[str | Path] = []
    for name in names:
        found += [f"--{name}", folder / f"{name}.{suffix.get(name, 'parquet')}"]
    return found


def test_everything_becomes_one_page_and_a_few_sentences(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = folder / "new" / "report.html"
    given = options(folder, "sensors", "detections", "alerts", "biases", "truth", "ends")
    assert call("show", folder / "tracks.parquet", *given, "--out", out) == 0
    page = out.read_text(encoding="utf-8")
    for part in ("errors", "ellipses", "alerts", "sensors"):
        assert f'<section id="{part}">' in page
    assert "clutter: of no track" in page  # dispositions.parquet beside the tracks is taken
    said = capfd.readouterr().out
    assert f"{MISSILES} tracks confirmed" in said
    assert f"Report: {out}" in said
    assert hidden_below(folder) == []


def test_tracks_alone_are_enough(folder: Path) -> None:
    out = folder / "report.html"
    assert call("show", folder / "tracks.parquet", "--out", out) == 0
    assert "What became of the detections was not given." in out.read_text(encoding="utf-8")


def test_json_holds_the_figures_and_nothing_else_is_said(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = [*options(folder, "truth", "alerts"), "--ends", folder / "ends.parquet"]
    out = folder / "report.html"
    assert call("show", folder / "tracks.parquet", *given, "--out", out, "--json") == 0
    said = capfd.readouterr()
    assert said.err == ""
    found = json_of(said.out)
    assert found["format"] == 1
    assert found["tracks_confirmed"] == MISSILES
    assert found["score"]["lives"]["false_tracks"]["count"] == 0
    assert found["ellipses"]["launch"]["with_truth_count"] == MISSILES
    assert found["out"] == str(out)


def test_the_page_says_how_to_make_it_again(folder: Path) -> None:
    out = folder / "report.html"
    given = options(folder, "alerts")
    assert call("show", folder / "tracks.parquet", *given, "--out", out) == 0
    page = out.read_text(encoding="utf-8")
    assert f"commonwatch show {folder / 'tracks.parquet'} --alerts" in page


def test_bad_input_is_a_sentence(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tracks, out = folder / "tracks.parquet", folder / "report.html"
    (folder / "torn.csv").write_text("object,launch_time_ns\n1,2,3\n", encoding="utf-8")
    (folder / "short.csv").write_text("object,launch_time_ns\n1,2\n", encoding="utf-8")
    other = folder / "few.parquet"
    pq.write_table(parts()["detections"].slice(0, 3), other)
    for arguments, sentence in (
        (options(folder, "ends"), "--ends stands alone"),
        ([*options(folder, "truth"), "--ends", folder / "torn.csv"], "cannot be read as a table"),
        ([*options(folder, "truth"), "--ends", folder / "short.csv"], "no column launch_latitude"),
        ([*options(folder, "truth"), "--ends", folder / "none.csv"], "cannot be read as a table"),
        (["--alerts", tracks], "tracks.parquet: no column alert"),
        (["--biases", folder / "nothing.parquet"], "cannot be read as a Parquet file"),
        (["--sensors", folder / "nothing.toml"], "nothing.toml"),
        (["--detections", other], "84 dispositions of 3 detections"),
    ):
        assert call("show", tracks, *arguments, "--out", out) == 2
        assert sentence in capfd.readouterr().err
    assert not out.exists()
    assert call("show", tracks, "--out", folder / "report.parquet") == 2
    assert "does not end in .html" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["tracks", "alerts"])
def test_an_input_is_never_overwritten(
    folder: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place = folder / f"{name}.parquet"
    before = place.read_bytes()
    given = options(folder, "alerts")
    assert call("show", folder / "tracks.parquet", *given, "--out", place) == 2
    assert "it would take the place of the input" in capfd.readouterr().err
    assert place.read_bytes() == before


def test_detections_need_no_more_than_time_and_sensor(folder: Path) -> None:
    table = pa.table({"time_ns": np.array([1, 2]), "sensor": ["a", "b"]})
    pq.write_table(table, folder / "detections.parquet")
    (folder / "dispositions.parquet").unlink()
    out = folder / "report.html"
    given = options(folder, "detections")
    assert call("show", folder / "tracks.parquet", *given, "--out", out) == 0
