"""What a run was made from, and the digests of what it made: ``run.json``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final

import msgspec

from commonwatch.errors import TableError
from commonwatch.tables.files import write_json

FORMAT: Final = 2
FORMATS: Final = (1, FORMAT)
"""Those that are read: format 1 did not say which world was written."""
FILE_NAME: Final = "run.json"


class RecordedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a run."""

    name: str
    byte_count: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run was made from and what it made. It holds no time: same input, same bytes.

    Attributes
    ----------
    laydown, level, faults_seed
        Which world of the seed is written for replay: its sensors, what was shared, and the seed of
        the faults that were drawn beside the planned ones; None: none were drawn, or no world is
        written.
    limits
        Most that was allowed, by name.
    settings
        Other figures that shape what is written, by name.
    """

    format: int
    commonwatch_version: str
    scenario: str
    scenario_sha256: str
    seed: int
    laydown: str | None = None
    level: str | None = None
    faults_seed: int | None = None
    limits: dict[str, float]
    settings: dict[str, float] = {}
    files: Annotated[tuple[RecordedFile, ...], msgspec.Meta(max_length=10_000)] = ()


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Which world of a seed."""

    laydown: str
    level: str
    faults_seed: int | None = None


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
    settings: dict[str, float],
    world: World | None = None,
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
    limits, settings
        The limits in force, and other figures that shape what is written, by name.
    world
        The world that is written for replay; None: none is.

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
        laydown=None if world is None else world.laydown,
        level=None if world is None else world.level,
        faults_seed=None if world is None else world.faults_seed,
        limits=limits,
        settings=settings,
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
    if manifest.format not in FORMATS:
        raise TableError(
            f"format {manifest.format}",
            allowed=f"format {FORMAT}, or {FORMATS[0]}",
            where=where,
            what_to_do="Run the scenario again with this version",
        )
    return manifest
