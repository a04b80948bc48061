"""Free flight by Orekit: the loop over flights runs in Java, compiled here where javac is found."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import FLATTENING, SEMI_MAJOR_AXIS_M
from commonwatch.earth.frames import ecef_from_inertial, inertial_from_ecef
from commonwatch.earth.gravity import GM_M3_S2, J2

F64 = npt.NDArray[np.float64]
Fly = Callable[[F64], F64]


class MissingPeerError(Exception):
    """A peer does not run here; says why."""


def start(tolerance_m: float) -> Fly:
    """Start Java and return what flies (n, 6) ECEF states to the ground.

    Raises
    ------
    MissingPeerError
        No Java compiler, no Orekit, or Java does not start.
    """
    compiler = shutil.which("javac")
    if compiler is None:
        raise MissingPeerError("no javac was found")
    try:
        jpype: Any = importlib.import_module("jpype")
        orekit: Any = importlib.import_module("orekit_jpype")
    except ImportError as reason:
        raise MissingPeerError(f"orekit-jpype is not installed ({reason})") from reason
    jars = Path(orekit.__file__).parent / "jars"
    folder = Path(tempfile.mkdtemp(prefix="commonwatch-bench-"))
    source = Path(__file__).with_name("OrekitFlights.java")
    command = [compiler, "-cp", f"{jars}/*", "-d", str(folder), str(source)]
    compiled = subprocess.run(command, check=False, capture_output=True, text=True)
    if compiled.returncode != 0:
        raise MissingPeerError(f"javac refused OrekitFlights.java: {compiled.stderr[:200]}")
    try:
        orekit.initVM(additional_classpaths=[str(folder)])
        flights = jpype.JClass("OrekitFlights")
    except Exception as reason:
        raise MissingPeerError(f"Java did not start ({reason})") from reason

    def fly(starts: F64) -> F64:
        inertial = inertial_from_ecef(starts, 0.0)
        rows = jpype.JArray(jpype.JDouble, 2)(inertial.tolist())
        flown = flights.fly(rows, tolerance_m, GM_M3_S2, SEMI_MAJOR_AXIS_M, FLATTENING, J2)
        table = np.array([list(row) for row in flown])
        return ecef_from_inertial(table[:, :6], table[:, 6])

    return fly
