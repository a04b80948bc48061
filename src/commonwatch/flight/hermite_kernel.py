"""The cubic that holds between two samples of a path: its weights, once for all who need them."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

Number = TypeVar("Number", float, npt.NDArray[np.float64])


def hermite_weights(part: Number, span_s: Number) -> tuple[Number, Number, Number]:
    """Weigh the chord between two samples and the velocities at its start and end.

    Parameters
    ----------
    part
        How far between the samples, 0 to 1; a number, or an array for many.
    span_s
        Seconds between the samples, likewise.

    Returns
    -------
    chord, start_s, end_s
        Position is that of the first sample plus the chord times the first weight plus the
        velocities times the others.
    """
    rest = 1.0 - part
    chord = part * part * (3.0 - 2.0 * part)
    return chord, part * rest * rest * span_s, -part * part * rest * span_s


hermite_weights_of_one = kernel("UniTuple(f8, 3)(f8, f8)")(hermite_weights)
"""The same, compiled, for kernels."""
