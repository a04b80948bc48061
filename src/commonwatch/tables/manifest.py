"""What a run was made from, and the digests of what it made: ``run.json``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final

import msgspec

from commonwatch.errors import TableError
from commonwatch.tables.files import write_json

FORMAT: Final = 1
FILE_NAME: Final = "run.json"


class RecordedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a run."""

    name: str
    byte_count: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run was made from and what it made. It holds no time: same input, same bytes."""

    format: int
    commonwatch_version: str
    scenario: str
    scenario_sha256: str
    seed: int
    limits: dict[str, float]
    files: Annotated[tuple[RecordedFile, ...], msgspec.Meta(max_length=10_000)] = ()


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    folder: Path,
    *,
    version: str,
    scenario: str,
    scenario_sha256: str,
    seed: int,
    limits: dict[str, float],
) -> Manifest:
    """Record every file of a run's folder in its ``run.json``.

    Parameters
    ----------
    folder
        The run's folder, complete but for this file.
    version
        Version of Commonwatch.
    scenario
        Name of the scenario.
    scenario_sha256
        Digest of the scenario file's bytes.
    seed
        Seed of the run's generators.
    limits
        The limits in force, by name.

    Returns
    -------
    Manifest
        What was written.
    """
    files = tuple(
        RecordedFile(
            name=path.relative_to(folder).as_posix(),
            byte_count=path.stat().st_size,
            sha256=digest_of(path),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != FILE_NAME
    )
    manifest = Manifest(
        format=FORMAT,
        commonwatch_version=version,
        scenario=scenario,
        scenario_sha256=scenario_sha256,
        seed=seed,
        limits=limits,
        files=files,
    )
    write_json(folder / FILE_NAME, msgspec.to_builtins(manifest))
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read a run's ``run.json``.

    Raises
    ------
    TableError
        It is missing, broken, or of another format.
    """
    where = str(folder / FILE_NAME)
    try:
        manifest = msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TableError(
            f"the record of a run cannot be read ({error})",
            allowed=f"a folder that a run has written, with its {FILE_NAME}",
            where=where,
            what_to_do="Run the scenario again",
        ) from error
    if manifest.format != FORMAT:
        raise TableError(
            f"format {manifest.format}",
            allowed=f"format {FORMAT}",
            where=where,
            what_to_do="Run the scenario again with this version",
        )
    return manifest
