"""Files are replaced in one step, and whatever stops the work leaves the earlier ones alone."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonwatch.errors import OutputError
from commonwatch.tables.files import (
    output_error,
    place_to_write,
    replaced,
    staged_folder,
    write_json,
    write_table,
    write_text,
)


def write_half(path: Path, stop: type[BaseException]) -> None:
    with replaced(path) as file:
        file.write(b"half")
        raise stop


def run_half(out: Path, stop: type[BaseException]) -> None:
    with staged_folder(out) as staged:
        write_text(staged / "report.html", "half")
        raise stop


def run_whole(out: Path, *names: str) -> None:
    with staged_folder(out) as staged:
        for name in names:
            write_text(staged / name, "whole")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    table = pa.table({"time_s": np.arange(1000.0), "sensor": ["north"] * 1000})
    write_table(tmp_path / "seen.parquet", table)
    assert pq.read_table(tmp_path / "seen.parquet").equals(table)


def test_a_table_is_compressed_with_lz4(tmp_path: Path) -> None:
    write_table(tmp_path / "seen.parquet", pa.table({"time_s": np.arange(1000.0)}))
    column = pq.ParquetFile(tmp_path / "seen.parquet").metadata.row_group(0).column(0)
    assert column.compression == "LZ4"
    assert "BYTE_STREAM_SPLIT" in column.encodings


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "note.txt", "Lyaki\n")
    assert (tmp_path / "a" / "b" / "note.txt").read_bytes() == b"Lyaki\n"


def test_nothing_hidden_is_left_beside_a_written_file(tmp_path: Path) -> None:
    write_text(tmp_path / "note.txt", "one")
    assert names_in(tmp_path) == ["note.txt"]


def test_a_file_is_as_readable_as_any_other_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("plain")
    write_text(tmp_path / "note.txt", "one")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names_in(tmp_path)}
    assert len(modes) == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_file_leaves_the_earlier_one(
    tmp_path: Path, stop: type[BaseException]
) -> None:
    write_text(tmp_path / "note.txt", "earlier")
    with pytest.raises(stop):
        write_half(tmp_path / "note.txt", stop)
    assert (tmp_path / "note.txt").read_text() == "earlier"
    assert names_in(tmp_path) == ["note.txt"]


def test_json_refuses_a_number_that_is_not_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "summary.json", {"gap_s": float("nan")})
    assert names_in(tmp_path) == []


def test_json_keeps_the_order_of_keys(tmp_path: Path) -> None:
    write_json(tmp_path / "summary.json", {"b": 1, "a": "Łódź"})
    text = (tmp_path / "summary.json").read_text("utf-8")
    assert list(json.loads(text)) == ["b", "a"]
    assert "Łódź" in text


def test_a_folder_in_place_of_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder, not a file"):
        write_text(tmp_path, "x")


def test_a_file_in_place_of_a_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="a file, not a folder"):
        write_text(tmp_path / "file" / "note.txt", "x")
    with pytest.raises(OutputError, match="a file, not a folder"), staged_folder(tmp_path / "file"):
        pass


def test_a_name_with_a_null_character_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="null character"):
        write_text(tmp_path / "a\0b", "x")
    with pytest.raises(OutputError, match="null character"), staged_folder(tmp_path / "a\0b"):
        pass


def test_too_long_a_name_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="too long"):
        write_text(tmp_path / ("a" * 300), "x")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused_in_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission"):
        write_text(tmp_path / "note.txt", "x")


def test_a_full_disk_is_named() -> None:
    error = output_error(Path("out"), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert str(error).startswith("out: the disk is full.")
    assert error.exit_code == 2


FULL = """
import resource, sys
from pathlib import Path
import numpy as np, pyarrow as pa
from commonwatch.errors import OutputError
from commonwatch.tables.files import write_table
table = pa.table({"x_m": np.random.default_rng(1).normal(size=1_000_000)})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_table(Path(sys.argv[1]) / "paths.parquet", table)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are set otherwise there")
def test_running_out_of_room_leaves_the_earlier_table(tmp_path: Path) -> None:
    write_table(tmp_path / "paths.parquet", pa.table({"x_m": [1.0]}))
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "larger than this system allows" in done.stdout
    assert pq.read_table(tmp_path / "paths.parquet").to_pydict() == {"x_m": [1.0]}
    assert names_in(tmp_path) == ["paths.parquet"]


def test_a_staged_folder_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with staged_folder(out) as staged:
        write_text(staged / "report.html", "report")
        write_text(staged / "tables" / "arcs.txt", "arcs")
        assert not out.exists()
    assert (out / "report.html").read_text() == "report"
    assert (out / "tables" / "arcs.txt").read_text() == "arcs"
    assert names_in(tmp_path) == ["deep"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, stop: type[BaseException]) -> None:
    with pytest.raises(stop):
        run_half(tmp_path / "deep" / "out", stop)
    assert names_in(tmp_path) == []


def test_an_interrupted_run_leaves_the_earlier_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_whole(out, "report.html")
    with pytest.raises(KeyboardInterrupt):
        run_half(out, KeyboardInterrupt)
    assert names_in(out) == ["report.html"]
    assert (out / "report.html").read_text() == "whole"


def test_a_later_run_replaces_its_files_and_leaves_those_of_others(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "report.html").write_text("earlier")
    with staged_folder(tmp_path) as staged:
        write_text(staged / "report.html", "later")
    assert names_in(tmp_path) == ["notes.txt", "report.html"]
    assert (tmp_path / "report.html").read_text() == "later"


def test_a_folder_in_the_way_of_a_staged_file_stops_the_move_before_it_begins(
    tmp_path: Path,
) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutputError, match="folder, not a file"):
        run_whole(tmp_path, "arcs.txt", "report.html")
    assert names_in(tmp_path) == ["report.html"]


def make_irregular(folder: Path, kind: str) -> Path:
    """Make a pipe, a socket, or a link to a pipe."""
    path = folder / "odd"
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(str(path))
        return path
    os.mkfifo(path)
    if kind == "pipe":
        return path
    (folder / "link").symlink_to(path)
    return folder / "link"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have other names there")
@pytest.mark.parametrize("kind", ["pipe", "socket", "link to a pipe"])
def test_what_is_no_regular_file_is_refused_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = make_irregular(Path(), kind)
    before = {name: (tmp_path / name).lstat().st_ino for name in names_in(tmp_path)}
    with pytest.raises(OutputError, match="a device, a pipe or a socket"):
        write_text(path, "x")
    with pytest.raises(OutputError, match="a device, a pipe or a socket"):
        run_whole(tmp_path, "arcs.txt", path.name)
    assert {name: (tmp_path / name).lstat().st_ino for name in names_in(tmp_path)} == before


def test_a_link_is_written_through(tmp_path: Path) -> None:
    kept, link = tmp_path / "deep" / "kept.txt", tmp_path / "link.txt"
    write_text(kept, "earlier")
    link.symlink_to(kept)
    write_text(link, "later")
    assert link.is_symlink()
    assert kept.read_text() == "later"
    run_whole(tmp_path, "link.txt")
    assert link.is_symlink()
    assert kept.read_text() == "whole"
    assert names_in(kept.parent) == ["kept.txt"]


def test_a_link_to_nothing_yet_is_written_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(tmp_path / "new.txt")
    write_text(tmp_path / "link.txt", "x")
    assert (tmp_path / "new.txt").read_text() == "x"
    assert (tmp_path / "link.txt").is_symlink()


def test_links_in_a_ring_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OutputError, match="cannot be written"):
        write_text(tmp_path / "a", "x")
    with pytest.raises(OutputError, match="cannot be written"):
        place_to_write(tmp_path / "a")


def test_a_link_to_another_disk_is_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crosses(source: Path, place: Path) -> Path:
        if source.parent != place.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(source))
        os.replace(source, place)
        return place

    monkeypatch.setattr(Path, "replace", crosses)
    run_whole(tmp_path / "out", "report.html")
    assert (tmp_path / "out" / "report.html").read_text() == "whole"
    assert names_in(tmp_path / "out") == ["report.html"]


def test_stale_files_go_when_the_new_ones_come(tmp_path: Path) -> None:
    run_whole(tmp_path, "report.html", "old.txt", "notes.txt")
    with staged_folder(tmp_path, stale=("report.html", "old.txt", "gone.txt")) as staged:
        write_text(staged / "report.html", "later")
        assert "old.txt" in names_in(tmp_path)
    assert names_in(tmp_path) == ["notes.txt", "report.html"]
    assert (tmp_path / "report.html").read_text() == "later"


def test_a_mistake_in_staging_names_the_final_place(tmp_path: Path) -> None:
    def fail(staged: Path) -> None:
        full = OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        raise output_error(staged / "paths.parquet", full)

    with pytest.raises(OutputError) as told, staged_folder(tmp_path / "out") as staged:
        fail(staged)
    assert told.value.where == str(tmp_path / "out" / "paths.parquet")
    assert ".commonwatch-" not in str(told.value)


INTERRUPTED = """
import sys
from pathlib import Path
from commonwatch.tables.files import staged_folder, write_text
with staged_folder(Path(sys.argv[1])) as staged:
    write_text(staged / "report.html", "half")
    print("staged", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_an_interrupt_from_the_keyboard_leaves_nothing_half_written(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    assert names_in(tmp_path) == []
