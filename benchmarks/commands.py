"""The command as a person meets it: start-up, the main job, the large sweep."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pyarrow.parquet import read_metadata, read_table

_CALL = "from commonwatch.cli.main import main; main()"


def measured(*arguments: str, is_first: bool = False, folder: str | None = None) -> dict[str, Any]:
    """Run the command; wall and CPU seconds. ``is_first`` gives it an empty kernel cache."""
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        if is_first:
            environment["NUMBA_CACHE_DIR"] = cache
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        ended = subprocess.run(
            [sys.executable, "-c", _CALL, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
        )
        wall_s = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"exit_code": ended.returncode, "wall_s": wall_s, "cpu_s": cpu_s}


def start_up(*, repeats: int = 7) -> dict[str, Any]:
    """CPU of ``commonwatch --help``, and of a Python that does nothing."""
    rows = [measured("--help") for _ in range(repeats)]
    best = min(rows, key=lambda row: row["cpu_s"])
    return {"rows": [{"name": "commonwatch --help", **best}]}


def arcs_swept(folder: Path) -> int:
    """Count the arcs of a run: those between places, and those of the grid of the gap map."""
    arcs, gaps = folder / "arcs.parquet", folder / "gaps.parquet"
    if not arcs.exists():
        return 0
    grid = ["launch_latitude_deg", "launch_longitude_deg", "aim_point"]
    points = read_table(gaps, columns=grid).group_by(grid).aggregate([]).num_rows
    return int(read_metadata(arcs).num_rows) + points


def jobs() -> dict[str, Any]:
    """Run the main job, first with nothing compiled, then again, and the large sweep."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        sight = ("--seeds", "0")
        for name, arguments, is_first in (
            ("iran-2009, sight alone, nothing compiled yet", ("iran-2009", *sight), True),
            ("iran-2009, sight alone", ("iran-2009", *sight), False),
            ("globe-2024, sight alone", ("globe-2024", *sight), False),
            ("iran-2009, five seeds of every world", ("iran-2009",), False),
        ):
            out = str(Path(folder) / f"{len(rows)}")
            figures = measured("run", *arguments, "--out", out, is_first=is_first)
            rows.append({"name": name, "arcs": arcs_swept(Path(out)), **figures})
    return {"rows": rows}
