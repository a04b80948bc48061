"""The replay of system tracks: what of each word is added to what, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.chi_square import quantile
from commonwatch.fusion.combination import (
    News,
    add_news,
    covariance_intersection,
    summed,
    whole,
)
from commonwatch.fusion.pedigree import Pedigree
from commonwatch.fusion.system_track import (
    ADDED,
    BESIDE,
    GATED,
    REPEATED,
    Belief,
    Settings,
    SystemTrack,
    Whole,
    Word,
)
from commonwatch.tracking import motion_kernel
from commonwatch.tracking.estimate import FIELD, predict
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

NOWHERE: Final = np.array([1e6, 0.0, 0.0, 0.0, 0.0, 0.0])
"""Where an object is that fell long before anybody asked, and has gone through the Earth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Adding:
    """A word, what it is added to, and what of it: its news, the whole, or nothing.

    It is added to a belief, or else to the sum of others' whole words.
    """

    track: SystemTrack
    word: Word
    what: Literal["news", "whole", "nothing"]
    belief: Belief | None
    others: list[Word]


def replay(tracks: Iterable[SystemTrack], settings: Settings) -> None:
    """Bring system tracks up to their last words, all of them together, word by word.

    Parameters
    ----------
    tracks
        Each has words without beliefs, in the order of their times; changed in place.
    settings
        Gate, noise and the rest of how the centre fuses.
    """
    waiting = list(tracks)
    while waiting := [one for one in waiting if len(one.beliefs) < len(one.words)]:
        adding: list[_Adding] = []
        for track in waiting:
            word, belief = track.words[len(track.beliefs)], track.belief
            chosen = _choose(track, word, belief)
            if isinstance(chosen, str):
                said = track.stand_beside(word) if chosen == BESIDE else chosen
                track.concluded(word, said, belief)
            elif chosen.belief is not None or chosen.others:
                adding.append(chosen)
            elif chosen.what == "nothing":  # nobody else has said anything that can be added
                track.concluded(word, track.stand_beside(word), None)
            else:
                track.concluded(word, ADDED, _first(word))
        if adding:
            _add(adding, settings)


def wholes(parts: Sequence[Sequence[Belief | Word]], settings: Settings) -> list[Whole]:
    """Intersect the parts of every object, at the time of the newest of them.

    What comes of it depends on what was said alone, not on when anybody asks.

    Parameters
    ----------
    parts
        Of each object, at least one: the sum, and words that stand beside it.
    settings
        With what noise they are moved on.

    Returns
    -------
    list of Whole
        One an object, in that order; at ``NOWHERE`` what is carried to where no numbers are.
    """
    times = np.array([max(part.time_ns for part in each) for each in parts])
    most = max(len(each) for each in parts)
    place = tuple(np.array([(k, n) for n, each in enumerate(parts) for k in range(len(each))]).T)
    mean = np.zeros((most, len(parts), 6))
    covariance = np.broadcast_to(np.eye(6), (most, len(parts), 6, 6)).copy()
    is_there = np.zeros(mean.shape[:2], dtype=np.bool_)
    flat = [part for each in parts for part in each]
    mean[place], covariance[place] = predicted(flat, times[place[1]], settings)
    is_there[place] = True
    lost = is_lost(mean, covariance).any(axis=0)
    mean[:, lost], covariance[:, lost] = NOWHERE, np.eye(6)
    count = is_there.sum(axis=0)
    one, two = mean[0], covariance[0]
    for chosen, rows in ((count == 2, 2), (count > 2, most)):
        if chosen.any():
            one[chosen], two[chosen], _ = covariance_intersection(
                mean[:rows, chosen],
                covariance[:rows, chosen],
                is_there=is_there[:rows, chosen],
            )
    return [
        Whole(
            tuple(each),
            int(times[row]),
            one[row],
            two[row],
            all(part.is_powered for part in each),
        )
        for row, each in enumerate(parts)
    ]


def predicted(
    parts: Sequence[Belief | Word | Whole], to_ns: int | I64, settings: Settings
) -> tuple[F64, F64]:
    """Move beliefs and words on to an instant, or each to its own; what burns, under power.

    Parameters
    ----------
    parts
        n of them, at least one.
    to_ns
        UTC since 1970, one number or shape (n,).
    settings
        Process noise of free flight; thrust and noise of what burns.

    Returns
    -------
    mean, covariance
        ECEF, m and m/s, shapes (n, 6) and (n, 6, 6).
    """
    states = np.stack([part.state_vector for part in parts])
    covariances = np.stack([part.covariance for part in parts])
    seconds = (to_ns - np.array([part.time_ns for part in parts])) / NS_PER_S
    mean, covariance = predict(
        states, covariances, seconds, process_noise_m2_s3=settings.process_noise_m2_s3
    )
    phi, work = np.empty((6, 6)), np.empty((6, 6))
    by_bias, fed = np.empty((6, 0)), np.empty(0, dtype=np.bool_)
    for row, part in enumerate(parts):
        if part.is_powered:
            mean[row], covariance[row] = states[row], covariances[row]
            motion_kernel.predict_one(
                mean[row],
                covariance[row],
                by_bias,
                fed,
                float(seconds[row]),
                settings.thrust_m_s2,
                settings.powered_noise_m2_s3,
                FIELD.copy(),
                phi,
                work,
            )
    return mean, covariance


def is_lost(mean: F64, covariance: F64) -> npt.NDArray[np.bool_]:
    """Whether a prediction went where no numbers are.

    Parameters
    ----------
    mean, covariance
        Shapes (..., 6) and (..., 6, 6).

    Returns
    -------
    is_lost
        Shape (...), true where any of them is not finite.
    """
    is_whole = np.isfinite(mean).all(axis=-1) & np.isfinite(covariance).all(axis=(-1, -2))
    return np.asarray(~is_whole)


def _add(adding: list[_Adding], settings: Settings) -> None:
    mean, covariance = _before(adding, settings)
    news = _news(adding)
    done = add_news(mean, covariance, news, gate_probability=settings.gate_probability)
    for row, each in enumerate(adding):
        word, before = each.word, each.track.belief
        shares = {other.contributor: other for other in each.others}
        if each.belief is not None:
            shares = dict(each.belief.shares)
        strays = {} if before is None else dict(before.strays)
        if each.what == "nothing":
            outcome = each.track.stand_beside(word)
        elif done.is_added[row]:
            outcome = ADDED
            shares[word.contributor] = word
            strays.pop(word.contributor, None)
        else:
            outcome = GATED
            strays[word.contributor] = (*strays.get(word.contributor, ()), word)
        belief = Belief(word.time_ns, done.state_vector[row], done.covariance[row], shares, strays)
        if outcome == GATED and (better := _outvoted(belief, settings)) is not None:
            belief, outcome = better, ADDED if word.contributor in better.shares else GATED
        each.track.concluded(word, outcome, belief)


def _outvoted(belief: Belief, settings: Settings) -> Belief | None:
    """Return the sum of those outside the gate, where they agree and are more than those in it.

    The first word of an object may be wrong, and would keep all others out.
    """
    oldest_ns = belief.time_ns - round(settings.age_max_s * NS_PER_S)
    words = [said[-1] for _, said in sorted(belief.strays.items()) if said[-1].time_ns >= oldest_ns]
    standing = sum(
        word.time_ns >= oldest_ns and name not in belief.strays
        for name, word in belief.shares.items()
    )
    if len(words) <= standing:
        return None
    mean, covariance = predicted(words, belief.time_ns, settings)
    gap, spread = mean[:, None] - mean, covariance[:, None] + covariance
    distance = (gap * np.linalg.solve(spread, gap[..., None])[..., 0]).sum(axis=-1)
    is_near = distance <= quantile(settings.gate_probability, 6)
    chosen: list[int] = []
    for row in np.flatnonzero(is_near[int(is_near.sum(axis=1).argmax())]).tolist():
        pedigree = words[row].pedigree or Pedigree()
        if not any(words[other].has_looks_of(pedigree) for other in chosen):
            chosen.append(row)
    if len(chosen) <= standing:
        return None
    everybody = np.ones((len(chosen), 1), dtype=np.bool_)
    one, two = summed(mean[chosen, None], covariance[chosen, None], everybody)
    shares = {words[row].contributor: words[row] for row in chosen}
    strays = {name: said for name, said in belief.strays.items() if name not in shares}
    return Belief(belief.time_ns, one[0], two[0], shares, strays)


def _news(adding: list[_Adding]) -> News:
    """Return what each word brings."""
    news = whole(
        np.stack([each.word.state_vector for each in adding]),
        np.stack([each.word.covariance for each in adding]),
    )
    for row, each in enumerate(adding):
        if each.what == "news":
            news.information[row] = each.word.news.information[0]
            news.information_vector[row] = each.word.news.information_vector[0]
        news.is_news[row] = each.what != "nothing"
    return news


def _before(adding: list[_Adding], settings: Settings) -> tuple[F64, F64]:
    """Return what was believed before each word, at its time, of others or of all."""
    parts = [[each.belief] if each.belief is not None else each.others for each in adding]
    times = np.array([each.word.time_ns for each in adding])
    most = max(len(each) for each in parts)
    index = tuple(np.array([(k, n) for n, each in enumerate(parts) for k in range(len(each))]).T)
    mean, covariance = np.zeros((most, len(parts), 6)), np.zeros((most, len(parts), 6, 6))
    is_there = np.zeros(mean.shape[:2], dtype=np.bool_)
    flat = [part for each in parts for part in each]
    mean[index], covariance[index] = predicted(flat, times[index[1]], settings)
    is_there[index] = True
    one, two = mean[0], covariance[0]
    several = is_there.sum(axis=0) > 1
    if several.any():
        one[several], two[several] = summed(
            mean[:, several], covariance[:, several], is_there[:, several]
        )
    return one, two


def _choose(track: SystemTrack, word: Word, belief: Belief | None) -> _Adding | str:
    """Choose what of a word is added to what, or say why nothing is."""
    if word.is_free:
        return _placed(track, word, belief) if belief else _Adding(track, word, "whole", None, [])
    if belief is None or word.contributor not in belief.shares:
        return BESIDE
    # What its contributor said before held for free flight.
    return _Adding(track, word, "nothing", None, belief.others(word.contributor))


def _placed(track: SystemTrack, word: Word, belief: Belief) -> _Adding | str:
    """Choose for a word of an object in free flight of which something is believed."""
    pedigree = word.pedigree or Pedigree()
    fresh = pedigree.after(word.since_ns)
    if belief.pedigree.contains(fresh):
        return REPEATED
    others = belief.others(word.contributor)
    if any(other.has_looks_of(pedigree) for other in others):
        return BESIDE
    before = belief.shares.get(word.contributor)
    if before is None:
        return _Adding(track, word, "whole", belief, [])
    follows = word.since_ns == before.time_ns and word.track == before.track
    if follows and word.news.is_news[0] and belief.pedigree.is_disjoint(fresh):
        return _Adding(track, word, "news", belief, [])
    return _Adding(track, word, "whole", None, others)


def _first(word: Word) -> Belief:
    shares = {word.contributor: word}
    return Belief(word.time_ns, word.state_vector, word.covariance, shares, {})
