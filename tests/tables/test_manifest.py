"""A run says what it was made from and what it made."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from commonwatch.errors import TableError
from commonwatch.tables.manifest import Manifest, World, read_manifest, write_manifest


def record(folder: Path) -> Manifest:
    return write_manifest(
        folder,
        version="0.1.0",
        scenario="iran-2009",
        scenario_sha256="0" * 64,
        seed=2009,
        limits={"path_count": 10},
        settings={"step_s": 10.0},
        world=World(laydown="all", level="tracks", faults_seed=17),
    )


def test_a_manifest_lists_every_file_with_its_digest(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "arcs.txt").write_bytes(b"arcs")
    record(tmp_path)
    (file,) = read_manifest(tmp_path).files
    assert file.name == "tables/arcs.txt"
    assert file.byte_count == 4
    assert file.sha256 == hashlib.sha256(b"arcs").hexdigest()


def test_the_same_run_gives_the_same_manifest(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("report")
    record(tmp_path)
    first = (tmp_path / "run.json").read_bytes()
    record(tmp_path)
    assert (tmp_path / "run.json").read_bytes() == first


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"format": 1}'])
def test_a_broken_manifest_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(TableError, match="cannot be read"):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot be read"):
        read_manifest(tmp_path)


def test_a_manifest_of_another_format_names_the_one_wanted(tmp_path: Path) -> None:
    record(tmp_path)
    text = (tmp_path / "run.json").read_text().replace('"format": 2', '"format": 3')
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(TableError, match="format 3"):
        read_manifest(tmp_path)


def test_a_manifest_says_which_world_is_replayed_by_which_seeds(tmp_path: Path) -> None:
    record(tmp_path)
    found = read_manifest(tmp_path)
    assert (found.laydown, found.level) == ("all", "tracks")
    assert (found.seed, found.faults_seed) == (2009, 17)


def test_a_manifest_of_the_format_before_is_read_and_names_no_world(tmp_path: Path) -> None:
    text = (
        '{"format": 1, "commonwatch_version": "0.1.0", "scenario": "iran-2009", '
        '"scenario_sha256": "00", "seed": 1, "limits": {}, "files": []}'
    )
    (tmp_path / "run.json").write_text(text)
    found = read_manifest(tmp_path)
    assert (found.laydown, found.level, found.faults_seed) == (None, None, None)
