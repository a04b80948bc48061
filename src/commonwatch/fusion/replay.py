"""The replay of system tracks: what of each word is added to what, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.combination import News, add_news, summed, whole
from commonwatch.fusion.pedigree import Pedigree
from commonwatch.fusion.system_track import (
    ADDED,
    BESIDE,
    GATED,
    REPEATED,
    Belief,
    Settings,
    SystemTrack,
    Word,
)
from commonwatch.tracking import motion_kernel
from commonwatch.tracking.estimate import FIELD, predict
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


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
    """Bring system tracks up to their last words, all of them together, word by word."""
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


def predicted(
    parts: Sequence[Belief | Word], to_ns: int | I64, settings: Settings
) -> tuple[F64, F64]:
    """Move beliefs and words on to an instant, or each to its own; what burns, under power."""
    states = np.stack([part.state_vector for part in parts])
    covariances = np.stack([part.covariance for part in parts])
    seconds = (to_ns - np.array([part.time_ns for part in parts])) / NS_PER_S
    mean, covariance = predict(
        states, covariances, seconds, process_noise_m2_s3=settings.process_noise_m2_s3
    )
    phi, work = np.empty((6, 6)), np.empty((6, 6))
    for row, part in enumerate(parts):
        if isinstance(part, Word) and not part.is_free:
            mean[row], covariance[row] = states[row], covariances[row]
            motion_kernel.predict_one(
                mean[row],
                covariance[row],
                float(seconds[row]),
                settings.thrust_m_s2,
                settings.powered_noise_m2_s3,
                FIELD.copy(),
                phi,
                work,
            )
    return mean, covariance


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
            strays[word.contributor] = strays.get(word.contributor, 0) + 1
        belief = Belief(word.time_ns, done.state_vector[row], done.covariance[row], shares, strays)
        each.track.concluded(word, outcome, belief)


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
