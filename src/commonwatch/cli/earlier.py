"""What an earlier run has left in a folder, and whether it may give way to the next run's."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

from commonwatch.errors import OutputError, TableError
from commonwatch.tables.files import place_to_write
from commonwatch.tables.manifest import FILE_NAME, read_manifest

REPORT: Final = "report.html"


def earlier_files(folder: Path) -> tuple[str, ...]:
    """Name the files that an earlier run left in a folder: they give way to the next run's.

    Raises
    ------
    OutputError
        The folder holds a report or a ``run.json`` that no run has left there.
    """
    for name in (REPORT, "summary.json", FILE_NAME):
        place_to_write(folder / name)
    advice = "Choose another folder, or move the file away"
    if not (folder / FILE_NAME).exists():
        if (folder / REPORT).exists():
            raise OutputError(
                f"there is a file of this name, but no {FILE_NAME} beside it that says whose it is",
                allowed="a new or empty folder, or one that an earlier run has written",
                where=str(folder / REPORT),
                what_to_do=advice,
            )
        return ()
    try:
        files = read_manifest(folder).files
    except TableError as error:
        raise OutputError(
            f"there is a file of this name that is not the record of a run ({error.found})",
            allowed="a new or empty folder, or one that an earlier run has written",
            where=str(folder / FILE_NAME),
            what_to_do=advice,
        ) from error
    names = [PurePosixPath(file.name) for file in files]
    return tuple(str(name) for name in names if not name.is_absolute() and ".." not in name.parts)
