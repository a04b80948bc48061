"""Whether a fused track is surer than everything that its contributors have said of it.

Own sensors of several nations share no look, so that the sum of what each says on its own is the
most that can be known:

    P^-1 <= sum over contributors' tracks of P_i^-1,

each P_i a whole report, brought to the same instant without any process noise. Whatever counts a
look twice breaks it, be it by news, by a whole report, or by one that came back. Each P_i is the
last report of its track; where that is not enough, any of the last ``REMEMBERED``, for told
uncertainty turns with the line of sight, and a later report may be less sure in some direction
than the one that a centre still holds.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``SLACK``           honest tracks reach 1.6 in their thinnest direction, where  assumed
                    radar looks of several sorts meet; 1.0 nearly always.
                    What is counted twice again and again grows past any
``NEAR``            squared distance at which a report may be of the object:    assumed
                    one too many only loosens the bound
``REMEMBERED``      two minutes of reports: what a sum holds it keeps          assumed
``AGE_MAX_S``       older than this, only the last word of a track is held      assumed
==================  ==========================================================  =======
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.identity import NationId
from commonwatch.sharing.messages import TrackReport
from commonwatch.tracking.estimate import Estimates, predict
from commonwatch.units import NS_PER_S
from commonwatch.world.breach import Breach
from commonwatch.world.facts import Facts

F64 = npt.NDArray[np.float64]
Words = dict[tuple[NationId, int], list[TrackReport]]

SLACK: Final = 2.0
NEAR: Final = 400.0
REMEMBERED: Final = 12
AGE_MAX_S: Final = 120.0
CHOICES_MAX: Final = 21_000
_UNIT: Final = np.array([1.0, 1.0, 1.0, 1e-3, 1e-3, 1e-3])
_UPPER: Final = np.triu_indices(6)


def too_sure(facts: Facts, centre: NationId) -> Iterator[Breach]:
    """Yield fused tracks that are surer than all reports on them together.

    Parameters
    ----------
    facts
        Of a world without liars: what they say of an object lies anywhere.
    centre
        A joint one.
    """
    reports = [
        (now_ns, (message.originator, message.body.track), message.body)
        for now_ns, message in facts.heard(centre)
        if isinstance(message.body, TrackReport)
    ]
    if not reports:
        return
    words: Words = {}
    place = 0
    for believed in facts.history.believed:
        if believed.centre != centre or not len(believed.estimates):
            continue
        known_ns = int(believed.estimates.known_ns.max())
        while place < len(reports) and reports[place][0] <= known_ns:
            _, key, report = reports[place]
            kept = sorted([*words.get(key, []), report], key=lambda each: each.time_ns)
            words[key] = kept[-REMEMBERED:]
            place += 1
        for row, ratio in enumerate(_ratios(believed.estimates, words)):
            if ratio > SLACK:
                yield Breach(
                    invariant="no double counting",
                    centre=centre,
                    time_ns=known_ns,
                    words=f"system track {int(believed.estimates.track[row])} holds {ratio:.2f} "
                    "times what all reports on it say together",
                )


def _ratios(estimates: Estimates, words: Words) -> F64:
    """Return by how much each row exceeds the sum, in its worst direction, shape (N,)."""
    ratios = np.zeros(len(estimates))
    known_ns = int(estimates.known_ns.max())
    held = [_held(kept, known_ns) for kept in words.values()]
    bodies = [body for kept in held for body in kept]
    if not bodies:
        return ratios
    track = np.repeat(np.arange(len(held)), [len(kept) for kept in held])
    is_free = np.array([body.motor == "coasts" for body in bodies])
    states = np.array([[*b.position_ecef_m, *b.velocity_ecef_mm_s] for b in bodies]) * _UNIT
    covariances = np.zeros((len(bodies), 6, 6))
    for row, body in enumerate(bodies):
        covariances[row][_UPPER] = body.covariance
        covariances[row].T[_UPPER] = body.covariance
    is_sound = np.linalg.eigvalsh(covariances)[:, 0] > 0.0
    covariances[~is_sound] = np.eye(6)
    said_ns = np.array([body.time_ns for body in bodies])
    for time_ns in np.unique(estimates.time_ns).tolist():
        seconds = (time_ns - said_ns) / NS_PER_S
        mean, covariance = predict(states, covariances, seconds, process_noise_m2_s3=0.0)
        for row in np.flatnonzero(estimates.time_ns == time_ns).tolist():
            own = estimates.covariance[row]
            if np.linalg.eigvalsh(own)[0] <= 0.0:
                continue  # that is found elsewhere
            near = is_sound & _near(mean - estimates.state_vector[row], own + covariance)
            if not is_free[near].all():
                continue  # nothing is added where a motor burns
            # In units of the row's own deviations: metres and metres a second differ too much.
            unit = np.sqrt(np.diagonal(own))
            information = _inverse(covariance[near] / np.outer(unit, unit))
            choices = [information[track[near] == each] for each in np.unique(track[near]).tolist()]
            ratios[row] = _least_ratio(_inverse(own / np.outer(unit, unit)), choices)
    return ratios


def _held(kept: list[TrackReport], known_ns: int) -> list[TrackReport]:
    """Return the words on a track that a centre may hold, the latest first."""
    is_old = (known_ns - kept[-1].time_ns) / NS_PER_S > AGE_MAX_S
    return kept[:-2:-1] if is_old else kept[::-1]


def _near(gap: F64, spread: F64) -> npt.NDArray[np.bool_]:
    """Say which reports may be of an object, by their distance from it."""
    scale = np.sqrt(np.maximum(np.einsum("nii->ni", spread), 1e-300))
    unitless = spread / (scale[:, :, None] * scale[:, None, :])
    value, vector = np.linalg.eigh(unitless)
    pull = np.einsum("nji,nj->ni", vector, gap / scale) ** 2 / np.maximum(value, 1e-12)
    return np.asarray(pull.sum(axis=-1) < NEAR)


def _inverse(covariance: F64) -> F64:
    """Invert covariances; long predictions make some of them all but singular."""
    value, vector = np.linalg.eigh(covariance)
    least = 1e-15 * value[..., -1:]
    return np.asarray(
        (vector / np.maximum(value, least)[..., None, :]) @ np.swapaxes(vector, -1, -2)
    )


def _least_ratio(own: F64, choices: list[F64]) -> float:
    """Compare with the latest word of each track; where that is not enough, with any choice."""
    if not choices:
        return 0.0
    latest = _ratio(own, sum(words[0] for words in choices))
    if latest <= SLACK:
        return latest
    several = itertools.islice(itertools.product(*choices), CHOICES_MAX)
    return min(_ratio(own, sum(chosen)) for chosen in several)


def _ratio(own: F64, total: F64 | int) -> float:
    value, vector = np.linalg.eigh(total)
    lower = vector / np.sqrt(np.maximum(value, 1e-12 * value[-1]))
    return float(np.linalg.eigvalsh(lower.T @ own @ lower)[-1])
