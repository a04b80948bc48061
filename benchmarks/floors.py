"""The same work in plain C, compiled here, called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import SEMI_MAJOR_AXIS_M
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2, J2

F64 = npt.NDArray[np.float64]

FLAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "C": (),
    "C, 256-bit vectors": ("-mprefer-vector-width=256",),
    "C, 512-bit vectors": ("-mprefer-vector-width=512",),
}
"""Beside -O3 -march=native -ffast-math; the fastest is the floor."""


def compile_c(source: str) -> dict[str, ctypes.CDLL]:
    """Compile a file of this folder with each set of flags; empty where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return {}
    libraries: dict[str, ctypes.CDLL] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, flags in FLAGS.items():
            made, library = Path(folder) / f"{len(libraries)}.o", Path(folder) / f"{name}.so"
            build = [compiler, "-O3", "-march=native", "-ffast-math", *flags, "-fPIC", "-c"]
            build += [str(Path(__file__).with_name(source)), "-o", str(made)]
            # Linked without -ffast-math: a library linked with it makes the whole process round
            # small numbers to zero from then on.
            link = [compiler, "-shared", str(made), "-o", str(library), "-lm"]
            if all(_succeeds(command) for command in (build, link)):
                libraries[name] = ctypes.CDLL(str(library))
    return libraries


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _address(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def sampling(
    states: F64, out: F64, *, count: int, interval_s: float
) -> dict[str, Callable[[], Any]]:
    """Dense free flight by each compiled floor, into ``out`` (blocks, count, 192)."""
    size, real = ctypes.c_ssize_t, ctypes.c_double

    def bind(library: ctypes.CDLL) -> Callable[[], Any]:
        return lambda: library.sample(
            _address(states), _address(out), size(len(states)), size(count), real(interval_s),
            real(GM_M3_S2), real(SEMI_MAJOR_AXIS_M), real(EARTH_RATE_RAD_S), real(J2),
        )  # fmt: skip

    return {name: bind(c) for name, c in compile_c("free_flight_floor.c").items()}


def sweeping(
    x: F64, y: F64, z: F64, envelopes: F64, seen: npt.NDArray[np.uint8]
) -> dict[str, Callable[[], Any]]:
    """Coverage by each compiled floor, into ``seen`` (faces, paths, samples)."""
    size = ctypes.c_ssize_t

    def bind(library: ctypes.CDLL) -> Callable[[], Any]:
        return lambda: library.sweep(
            _address(x), _address(y), _address(z), size(x.size),
            _address(envelopes), size(envelopes.shape[0]), size(envelopes.shape[1]), _address(seen),
        )  # fmt: skip

    return {name: bind(c) for name, c in compile_c("coverage_floor.c").items()}
