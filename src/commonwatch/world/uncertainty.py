"""Whether covariances that are believed or said are ones, and news takes nothing away.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``SYMMETRIC``       rounding, relative to the product of both standard          derived
                    deviations
``DIGITS``          news is said to nine digits, each at most 5e-9 off; six     derived
                    stand in a row, and as much again is taken from the
                    diagonal, that it is nowhere more than before: what was
                    not known at all may come out so far below zero
==================  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.sharing.messages import TrackReport
from commonwatch.world.breach import Breach
from commonwatch.world.facts import Facts
from commonwatch.world.links import RELEASED

F64 = npt.NDArray[np.float64]

SYMMETRIC: Final = 1e-9
DIGITS: Final = 2 * 6 * 5e-9


def honest_uncertainty(facts: Facts) -> Iterator[Breach]:
    """Covariances are symmetric and positive, whether believed or said; news is not negative."""
    for believed in facts.history.believed:
        covariance = believed.estimates.covariance
        scale = np.sqrt(np.einsum("nii->ni", np.abs(covariance)))
        gap = np.abs(covariance - np.swapaxes(covariance, 1, 2))
        lowest = np.linalg.eigvalsh(_unitless(covariance))[:, 0]
        wrong = (gap > SYMMETRIC * scale[:, :, None] * scale[:, None, :]).any(axis=(1, 2))
        for row in np.flatnonzero(wrong | ~(lowest > 0.0)).tolist():
            yield Breach(
                invariant="honest uncertainty",
                centre=believed.centre,
                time_ns=int(believed.estimates.known_ns[row]),
                words=f"track {int(believed.estimates.track[row])} has a covariance that is not "
                "symmetric and positive",
            )
    said = [
        (passage, message.body)
        for passage in facts.history.passages
        if passage.origin == RELEASED and not passage.is_changed and passage.kind == "track report"
        if (message := facts.envelopes.message(passage.envelope)) is not None
        if isinstance(message.body, TrackReport)
    ]
    if not said:
        return
    covariance = _full(np.array([body.covariance for _, body in said]))
    lowest = np.linalg.eigvalsh(_unitless(covariance))[:, 0]
    none = (0.0,) * 21
    news = _full(np.array([body.information or none for _, body in said]))
    scale = np.sqrt(np.abs(np.einsum("nii->ni", covariance)))
    # In units of the report's own standard deviations.
    known = np.linalg.eigvalsh(news * scale[:, :, None] * scale[:, None, :])
    is_negative = known[:, 0] < -DIGITS * known[:, -1]
    for row in np.flatnonzero(~(lowest > 0.0) | is_negative).tolist():
        passage, _ = said[row]
        yield Breach(
            invariant="honest uncertainty",
            centre=passage.sender,
            time_ns=passage.sent_ns,
            words=f"track report {passage.number} is not positive",
        )


def _unitless(covariance: F64) -> F64:
    scale = np.sqrt(np.maximum(np.einsum("nii->ni", covariance), 1e-300))
    return np.asarray(covariance / (scale[:, :, None] * scale[:, None, :]))


def _full(triangles: F64) -> F64:
    matrix = np.zeros((len(triangles), 6, 6))
    rows, columns = np.triu_indices(6)
    matrix[:, rows, columns] = triangles
    matrix[:, columns, rows] = triangles
    return matrix
