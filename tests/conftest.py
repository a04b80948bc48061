"""What every test shares: kernels compiled once, before the workers start."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest
from hypothesis import settings

SOURCE = Path(__file__).parents[1] / "src"

# The machine's load must not decide whether a test passes.
settings.register_profile("commonwatch", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("commonwatch")


def pytest_configure(config: pytest.Config) -> None:
    """Fill the kernels' cache in the controller, so that no two workers compile the same code."""
    is_worker = hasattr(config, "workerinput")
    has_workers = bool(getattr(config.option, "tx", None))
    if has_workers and not is_worker and os.environ.get("NUMBA_DISABLE_JIT") != "1":
        for path in sorted(SOURCE.rglob("*_kernel.py")):
            module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
            importlib.import_module(module)
