"""Whether a fused track is surer than everything that its contributors have said of it.

Own sensors of several nations share no look. What a track of one nation has learnt between two
reports k - 1 and k is no more than

    D_k = the positive part of P_k^-1 - (P_(k-1) brought to k with the sender's process noise)^-1,

and all that it has ever learnt, each look once and none forgotten,

    C_k = C_(k-1) brought to k without any process noise + D_k,    C_1 = P_1^-1.

Never is C_k less than P_k^-1, nor than what is left of any earlier report with news added to it, so
that a sum that counts each look once keeps

    P^-1 <= sum over contributors' tracks of C.

Reports are said in whole metres, with what that leaves open in their covariances; news is not. P_k
is therefore taken without it (``_unrounded``): a thin direction of some tenths of a metre would
else be known better by the sum of all news than by any report.

Whatever counts a look twice breaks it, be it by news, by a whole report, or by one that came back.
It is made from whole reports alone: news that says more than they do breaks it too. The sum of the
latest P_k^-1 would be no bound. A filter forgets some of what it has seen because the object may
have been pushed since; who knows the object better from elsewhere knows of the push as well, and
need not forget as much.

A row is judged once, by the reports that had come when it was first said: none that comes later is
in it. The end of a track repeats its last row, beside the report that ended it. While an object
flies freely C_k, brought back to k - 1, is no less than C_(k-1), and it would not matter; but where
a motor may have burnt C begins anew, and says less of the time before than the report that the row
was made of. What differs from the row before of its track, in any bit, is judged, ends as well.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``SLACK``           reports are brought forward about their own states, which   assumed
                    lie as far apart as they are unsure
``DIGITS``          numbers of a covariance are said with nine                  derived
``LEAST``           of a variance, what is left where rounding may have been    assumed
                    all of it
``NEAR``            squared distance at which a report may be of the object:    assumed
                    one too many only loosens the bound
==================  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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

SLACK: Final = 1.01
NEAR: Final = 400.0
DIGITS: Final = 9
LEAST: Final = 1e-12
_UNIT: Final = np.array([1.0, 1.0, 1.0, 1e-3, 1e-3, 1e-3])
_UPPER: Final = np.triu_indices(6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Learnt:
    """A report, and the covariance of all that its track had learnt by then."""

    time_ns: int
    is_free: bool
    state_vector: F64
    covariance: F64
    best: F64


@dataclass(slots=True, kw_only=True, eq=False)
class _Chain:
    """The reports on one track, in the order of their times."""

    process_noise_m2_s3: float
    links: list[_Learnt] = field(default_factory=list)

    def take(self, body: TrackReport) -> None:
        """Put a report in its place; what was learnt after it is worked out anew."""
        covariance = np.zeros((6, 6))
        covariance[_UPPER] = body.covariance
        covariance.T[_UPPER] = body.covariance
        if np.linalg.eigvalsh(covariance)[0] <= 0.0:
            return  # that is found elsewhere
        covariance = _unrounded(covariance)
        said = _Learnt(
            time_ns=body.time_ns,
            is_free=body.motor == "coasts",
            state_vector=np.array([*body.position_ecef_m, *body.velocity_ecef_mm_s]) * _UNIT,
            covariance=covariance,
            best=covariance,
        )
        place = len(self.links)
        while place and self.links[place - 1].time_ns > said.time_ns:
            place -= 1
        later = [said, *self.links[place:]]
        del self.links[place:]
        for each in later:
            self.links.append(self._after(self.links[-1], each) if self.links else each)

    def _after(self, before: _Learnt, said: _Learnt) -> _Learnt:
        """Add what a report has learnt since the one before it; where a motor burns, begin anew."""
        if not (before.is_free and said.is_free):
            return _Learnt(
                time_ns=said.time_ns,
                is_free=said.is_free,
                state_vector=said.state_vector,
                covariance=said.covariance,
                best=said.covariance,
            )
        seconds = np.array([(said.time_ns - before.time_ns) / NS_PER_S])
        flown = before.state_vector[None]
        _, best = predict(flown, before.best[None], seconds, process_noise_m2_s3=0.0)
        _, last = predict(
            flown, before.covariance[None], seconds, process_noise_m2_s3=self.process_noise_m2_s3
        )
        unit = np.sqrt(np.diagonal(said.covariance))
        scale = np.outer(unit, unit)
        # In units in which what was known before is one in every direction.
        lower = np.linalg.cholesky(last[0] / scale)
        gain = lower.T @ _inverse(said.covariance / scale) @ lower
        value, vector = np.linalg.eigh(0.5 * (gain + gain.T))
        out = np.linalg.solve(lower.T, vector)
        learnt = (out * np.maximum(value - 1.0, 0.0)) @ out.T
        return _Learnt(
            time_ns=said.time_ns,
            is_free=True,
            state_vector=said.state_vector,
            covariance=said.covariance,
            best=_inverse(_inverse(best[0] / scale) + learnt) * scale,
        )


def _unrounded(covariance: F64) -> F64:
    """Return the least that a covariance can have been before it was said.

    Notes
    -----
    With h half of the last digit of each entry and s the standard deviations, what was rounded off
    the diagonal is no more than the diagonal matrix of s_i sum_j h_ij / s_j (Gershgorin), and the
    sender has added as much, with two of the last digit of each variance and the rounding of
    coordinates. Where nothing is left, nothing is known of how sure the sender was.
    """
    unit = np.sqrt(np.diagonal(covariance))
    half = 0.5 * 10.0 ** (np.floor(np.log10(np.maximum(np.abs(covariance), 1e-300))) - DIGITS + 1.0)
    np.fill_diagonal(half, 0.0)
    widened = 2.0 * unit * (half / unit).sum(axis=1)
    widened += 2.5 * 10.0 ** (1 - DIGITS) * unit**2 + _UNIT**2 / 12.0
    value, vector = np.linalg.eigh((covariance - np.diag(widened)) / np.outer(unit, unit))
    value = np.maximum(value, LEAST)
    return np.asarray((vector * value) @ vector.T * np.outer(unit, unit))


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
        (now_ns, message.originator, message.body)
        for now_ns, message in facts.heard(centre)
        if isinstance(message.body, TrackReport)
    ]
    if not reports:
        return
    chains: dict[tuple[NationId, int], _Chain] = {}
    said: dict[int, bytes] = {}
    place = 0
    for believed in facts.history.believed:
        if believed.centre != centre or not len(believed.estimates):
            continue
        known_ns = int(believed.estimates.known_ns.max())
        while place < len(reports) and reports[place][0] <= known_ns:
            _, nation, body = reports[place]
            noise = facts.history.configurations[nation].tracking.process_noise_m2_s3
            chain = chains.setdefault((nation, body.track), _Chain(process_noise_m2_s3=noise))
            chain.take(body)
            place += 1
        estimates = believed.estimates.take(_is_new(believed.estimates, said))
        for row, ratio in enumerate(_ratios(estimates, list(chains.values()))):
            if ratio > SLACK:
                yield Breach(
                    invariant="no double counting",
                    centre=centre,
                    time_ns=known_ns,
                    words=f"system track {int(estimates.track[row])} holds {ratio:.2f} "
                    "times what all reports on it say together",
                )


def _is_new(estimates: Estimates, said: dict[int, bytes]) -> list[bool]:
    """Choose the rows that do not repeat what was said last of their tracks, and note them."""
    is_new = []
    for row, track in enumerate(estimates.track.tolist()):
        columns = (estimates.time_ns, estimates.state_vector, estimates.covariance)
        what = b"".join(column[row].tobytes() for column in columns)
        is_new.append(said.get(track) != what)
        said[track] = what
    return is_new


def _ratios(estimates: Estimates, chains: list[_Chain]) -> F64:
    """Return by how much each row exceeds the sum, in its worst direction, shape (N,)."""
    ratios = np.zeros(len(estimates))
    ends = [chain.links[-1] for chain in chains if chain.links]
    if not ends:
        return ratios
    is_free = np.array([each.is_free for each in ends])
    states = np.stack([each.state_vector for each in ends])
    said = np.stack([each.covariance for each in ends])
    best = np.stack([each.best for each in ends])
    said_ns = np.array([each.time_ns for each in ends])
    for time_ns in np.unique(estimates.time_ns).tolist():
        seconds = (time_ns - said_ns) / NS_PER_S
        mean, covariance = predict(states, said, seconds, process_noise_m2_s3=0.0)
        _, learnt = predict(states, best, seconds, process_noise_m2_s3=0.0)
        for row in np.flatnonzero(estimates.time_ns == time_ns).tolist():
            own = estimates.covariance[row]
            if np.linalg.eigvalsh(own)[0] <= 0.0:
                continue  # that is found elsewhere
            near = _near(mean - estimates.state_vector[row], own + covariance)
            if not near.any() or not is_free[near].all():
                continue  # nothing is added where a motor burns
            # In units of the row's own deviations: metres and metres a second differ too much.
            unit = np.sqrt(np.diagonal(own))
            scale = np.outer(unit, unit)
            ratios[row] = _ratio(_inverse(own / scale), _inverse(learnt[near] / scale).sum(axis=0))
    return ratios


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


def _ratio(own: F64, total: F64) -> float:
    value, vector = np.linalg.eigh(total)
    lower = vector / np.sqrt(np.maximum(value, 1e-12 * value[-1]))
    return float(np.linalg.eigvalsh(lower.T @ own @ lower)[-1])
