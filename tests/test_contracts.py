"""Who may import whom: the contracts hold, and each of them catches what it is for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"


def lint_imports(source: Path) -> str:
    """Everything import-linter says about the tree below a source folder."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
    ]
    options = ["--no-cache", str(ROOT / ".importlinter")]
    done = subprocess.run(
        command + options,
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def plant(source: Path, module: str, line: str) -> None:
    """Add a module of one line to a source tree, with the packages that it needs."""
    *packages, name = module.split(".")
    folder = source
    for package in packages:
        folder /= package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    (folder / f"{name}.py").write_text(f"{line}\n", encoding="utf-8")


@pytest.fixture
def copied_source(tmp_path: Path) -> Path:
    """Make a copy of the whole package, to plant mistakes in."""
    copied = tmp_path / "src"
    shutil.copytree(SOURCE, copied, ignore=shutil.ignore_patterns("__pycache__", "*.csv", "*.json"))
    return copied


def test_the_package_keeps_every_contract() -> None:
    said = lint_imports(SOURCE)
    assert " 0 broken" in said, said


BROKEN = [
    ("earth.planted", "import commonwatch.studies.wanted", "imports only what stands below"),
    ("flight.planted", "import commonwatch.sensing.wanted", "imports only what stands below"),
    ("earth.planted", "import commonwatch.tables.wanted", "imports only what stands below"),
    ("sharing.planted", "import commonwatch.flight.wanted", "never reach the physics"),
    ("review.planted", "import commonwatch.warning.wanted", "never reach the physics"),
    ("warning.planted", "import commonwatch.sharing.wanted", "physics never reaches sharing"),
    ("sensing.planted", "import commonwatch.scenario.wanted", "No peeking"),
    ("gateways.planted", "import commonwatch.world.wanted", "No peeking"),
    ("web.planted", "import commonwatch.centre.wanted", "display is a subscriber"),
    ("web.planted", "import commonwatch.report.wanted", "do not import one another"),
    ("flight.planted_kernel", "import numba", "only commonwatch.kernels imports numba"),
    ("centre.planted", "import nats", "only commonwatch.exchange.nats_link imports"),
    ("studies.planted", "import matplotlib.pyplot", "only commonwatch.report imports"),
    ("web.feed", "import fastapi", "only commonwatch.web.app imports"),
    ("studies.compare", "import dask", "only commonwatch.studies.ensemble imports"),
]


@pytest.mark.parametrize(("module", "line", "contract"), BROKEN)
def test_a_planted_import_breaks_its_contract(
    copied_source: Path, module: str, line: str, contract: str
) -> None:
    imported = line.removeprefix("import commonwatch.")
    if imported != line:
        plant(copied_source, f"commonwatch.{imported}", "")
    plant(copied_source, f"commonwatch.{module}", line)

    said = lint_imports(copied_source)

    broken = [shown for shown in said.splitlines() if " BROKEN" in shown]
    assert any(contract in shown for shown in broken), said


def test_a_package_that_no_layer_names_is_refused(copied_source: Path) -> None:
    plant(copied_source, "commonwatch.gadgets.wanted", "")
    said = lint_imports(copied_source)
    assert "- commonwatch.gadgets" in said
    assert "imports only what stands below it BROKEN" in said


ALLOWED = [
    ("exchange.nats_link", "import nats"),
    ("report.figures", "import matplotlib.pyplot"),
    ("web.app", "import fastapi"),
    ("studies.ensemble", "import dask"),
]


def test_each_door_opens_for_its_own_module(copied_source: Path) -> None:
    for module, line in ALLOWED:
        if not (copied_source / "commonwatch" / (module.replace(".", "/") + ".py")).exists():
            plant(copied_source, f"commonwatch.{module}", line)
    said = lint_imports(copied_source)
    assert " 0 broken" in said, said
