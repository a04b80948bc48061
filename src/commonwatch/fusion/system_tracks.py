"""System tracks: the fused tracks of a centre, from its own news and that of others.

What is known is the sum of news of disjoint pedigree, replayed in order of time, so that lateness,
repetition and order of arrival cannot matter. What comes without a pedigree, rounded or too late
stands beside it: only the newest of each contributor, intersected whenever the picture is asked for
and never fed back, so that it cannot be counted twice either.

================  ==========================================================  =======
figure            source                                                      mark
================  ==========================================================  =======
``window_s``      tracks take 2 to 6 s and come each 10 s: two reports back   assumed
``age_max_s``     six reports missed                                          assumed
``gate``          honest news is refused once in ten thousand                 assumed
================  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.fusion import correlation
from commonwatch.fusion.combination import News, add_news, covariance_intersection, whole
from commonwatch.fusion.pedigree import Pedigree
from commonwatch.fusion.report import Reports
from commonwatch.identity import NationId
from commonwatch.tracking.estimate import (
    PROCESS_NOISE_M2_S3,
    Estimates,
    Status,
    empty_estimates,
    predict,
)

F64 = npt.NDArray[np.float64]

ADDED: Final = "added"
REPEATED: Final = "repeated"
BESIDE: Final = "intersected"
GATED: Final = "outside the gate"
EXCLUDED: Final = "its contributor is excluded"
REFUSED_FUTURE: Final = "refused: from the future"
REFUSED_OLD: Final = "refused: too old"
REFUSED_COVARIANCE: Final = "refused: its covariance is not positive"
REFUSED_FULL: Final = "refused: no room for another track"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a centre fuses.

    Parameters
    ----------
    window_s
        How far back news is put in its place; later still, it is intersected.
    age_max_s
        A contributor's word on a track, and a track without any, ends at this age.
    clock_error_max_s
        How far ahead of now a report may be.
    gate_probability
        News further off than chi-square with this probability is not added.
    process_noise_m2_s3
        Between the times of reports, as of the senders' filters.
    tracks_max
        Most system tracks.
    correlation
        How a contributor's track finds its system track.
    """

    window_s: float = 20.0
    age_max_s: float = 60.0
    clock_error_max_s: float = 0.5
    gate_probability: float = 0.9999
    process_noise_m2_s3: float = PROCESS_NOISE_M2_S3
    tracks_max: int = 20_000
    correlation: correlation.Settings = field(default_factory=correlation.Settings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """The system tracks at one instant.

    Parameters
    ----------
    estimates
        Their estimates, sorted by number.
    contributors
        Who has a word in each at present, excluded ones left out.
    outcome
        What became of each report of the step, in its order.
    system_track
        The system track that each report belongs to, -1 where it was refused.
    """

    estimates: Estimates
    contributors: tuple[frozenset[NationId], ...]
    outcome: tuple[str, ...]
    system_track: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Belief:
    """Sum of all news up to a time."""

    time_ns: int
    state_vector: F64
    covariance: F64
    pedigree: Pedigree


@dataclass(frozen=True, slots=True, eq=False)
class _Word:
    """One report, as it is remembered."""

    contributor: NationId
    track: int
    sequence: int
    time_ns: int
    since_ns: int
    state_vector: F64
    covariance: F64
    news: News
    pedigree: Pedigree | None
    is_rounded: bool

    @property
    def key(self) -> tuple[int, NationId, int, int]:
        return (self.time_ns, self.contributor, self.track, self.sequence)


@dataclass(slots=True, eq=False)
class _Memory:
    """What a centre remembers of one object."""

    number: int
    base: _Belief | None = None
    words: list[_Word] = field(default_factory=list)
    beliefs: list[_Belief | None] = field(default_factory=list)  # after each word
    outcomes: dict[tuple[int, NationId, int, int], str] = field(default_factory=dict)
    latest: dict[NationId, _Word] = field(default_factory=dict)
    beside: dict[NationId, _Word] = field(default_factory=dict)
    fed_by: set[NationId] = field(default_factory=set)  # whose words the sum holds
    begun_ns: dict[NationId, int] = field(default_factory=dict)  # held whole up to here

    @property
    def belief(self) -> _Belief | None:
        return self.beliefs[-1] if self.beliefs else self.base

    def insert(self, word: _Word) -> None:
        """Put a word in its place; what was believed after that place is forgotten."""
        place = len(self.words)
        while place and self.words[place - 1].key > word.key:
            place -= 1
        self.words.insert(place, word)
        self.fed_by.add(word.contributor)
        del self.beliefs[place:]

    def begin_again(self, excluded: frozenset[NationId]) -> None:
        """Forget all sums; start from the newest whole word of each that is not excluded."""
        self.base = None
        self.words = sorted(
            (word for name, word in self.latest.items() if name not in excluded),
            key=lambda word: word.key,
        )
        self.words = [word for word in self.words if _can_be_added(word)]
        self.fed_by = {word.contributor for word in self.words}
        self.begun_ns = {word.contributor: word.time_ns for word in self.words}
        self.beliefs = []
        self.outcomes = {}

    def fold(self, until_ns: int) -> None:
        """Make what lies before the window the base."""
        count = sum(word.time_ns <= until_ns for word in self.words)
        if count:
            self.base = self.beliefs[count - 1]
            for word in self.words[:count]:
                self.outcomes.pop(word.key, None)
            del self.words[:count], self.beliefs[:count]


def _can_be_added(word: _Word) -> bool:
    return word.pedigree is not None and bool(word.pedigree.spans) and not word.is_rounded


class SystemTracks:
    """The fused tracks that one centre holds.

    Parameters
    ----------
    settings
        The usual ones, if None.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._memories: dict[int, _Memory] = {}
        self._system_of: dict[tuple[NationId, int], int] = {}
        self._next = 1
        self._excluded: frozenset[NationId] = frozenset()

    def step(self, reports: Reports, now_ns: int, *, excluded: Iterable[NationId] = ()) -> Picture:
        """Take reports in and return the picture.

        Parameters
        ----------
        reports
            What has arrived since the last step, of any contributor and age, in any order.
        now_ns
            The present.
        excluded
            Contributors that are not believed at present: their words are remembered, but nothing
            of theirs is in the picture.

        Notes
        -----
        1. Reports that cannot be used are refused, with the reason. 2. Tracks that are new find
        their system track, or make one. 3. Each system track whose past has changed is replayed
        from there on, all of them together, word by word. 4. What stands beside is intersected.
        """
        outcome = [self._refusal(reports, row, now_ns) for row in range(len(reports))]
        words = {row: _word(reports, row) for row in range(len(reports)) if not outcome[row]}
        self._exclude(frozenset(excluded))
        for name in sorted({word.contributor for word in words.values()}):
            own = {row: word for row, word in words.items() if word.contributor == name}
            self._find_system_tracks(name, list(own.values()), now_ns)
            for row, word in sorted(own.items(), key=lambda item: item[1].key):
                outcome[row] = self._remember(word)
            self._replay()
        for row, word in words.items():
            if not outcome[row]:
                memory = self._memories[self._system_of[word.contributor, word.track]]
                outcome[row] = memory.outcomes.get(word.key, REPEATED)
        numbers = [
            self._system_of.get((reports.contributor[row], int(reports.track[row])), -1)
            for row in range(len(reports))
        ]
        self._forget(now_ns)
        estimates, contributors = self._picture(now_ns)
        return Picture(
            estimates=estimates,
            contributors=contributors,
            outcome=tuple(outcome),
            system_track=np.array(numbers, dtype=np.int64),
        )

    def whole_words(
        self, now_ns: int, *, age_max_s: float | None = None
    ) -> tuple[npt.NDArray[np.int64], tuple[NationId, ...], F64, F64, npt.NDArray[np.bool_]]:
        """Return each contributor's own newest whole estimate of each system track, predicted.

        Parameters
        ----------
        now_ns
            The instant that they are predicted to.
        age_max_s
            Older words are left out: for who reports what at present, a little more than the time
            between reports. As old as any that is kept, if None.

        Returns
        -------
        number, contributor, state_vector, covariance, is_there
            N numbers, C names, shapes (C, N, 6), (C, N, 6, 6) and (C, N); nan where there is none.
        """
        numbers = sorted(self._memories)
        names = sorted({name for memory in self._memories.values() for name in memory.latest})
        shape = (len(names), len(numbers))
        mean, covariance = np.full((*shape, 6), np.nan), np.full((*shape, 6, 6), np.nan)
        places, words = [], []
        for column, number in enumerate(numbers):
            for name, word in sorted(self._memories[number].latest.items()):
                if age_max_s is None or (now_ns - word.time_ns) * 1e-9 <= age_max_s:
                    places.append((names.index(name), column))
                    words.append(word)
        if words:
            index = tuple(np.array(places).T)
            mean[index], covariance[index] = self._predicted(words, now_ns)
        is_there = np.isfinite(mean[..., 0])
        return np.array(numbers, dtype=np.int64), tuple(names), mean, covariance, is_there

    def _refusal(self, reports: Reports, row: int, now_ns: int) -> str:
        age_ns = now_ns - int(reports.time_ns[row])
        if age_ns < -round(self.settings.clock_error_max_s * 1e9):
            return REFUSED_FUTURE
        if age_ns > round(self.settings.age_max_s * 1e9):
            return REFUSED_OLD
        covariance = reports.covariance[row]
        if np.linalg.eigvalsh(0.5 * (covariance + covariance.T))[0] <= 0.0:
            return REFUSED_COVARIANCE
        return ""

    def _exclude(self, excluded: frozenset[NationId]) -> None:
        """Begin again wherever one who was believed no longer is, or is again."""
        changed = excluded ^ self._excluded
        self._excluded = excluded
        for memory in self._memories.values():
            if changed & (set(memory.latest) | memory.fed_by):
                memory.begin_again(excluded)
        if changed:
            self._replay()

    def _find_system_tracks(self, name: NationId, words: list[_Word], now_ns: int) -> None:
        """Give each of a contributor's tracks that has none its system track."""
        newest = {
            word.track: word
            for word in sorted(words, key=lambda word: word.key)
            if self._seeks(word)
        }
        if not newest:
            return
        there, _ = self._picture(now_ns)
        is_open = [name not in self._memories[number].latest for number in there.track.tolist()]
        pairs = correlation.correlate(
            there.take(np.array(is_open, dtype=np.bool_)),
            self._as_estimates(list(newest.values()), now_ns),
            settings=self.settings.correlation,
        )
        for number, track in zip(
            pairs.first_track.tolist(), pairs.second_track.tolist(), strict=True
        ):
            self._move(name, track, number)
        for track in sorted(newest):
            has_room = len(self._memories) < self.settings.tracks_max
            if (name, track) not in self._system_of and has_room:
                self._system_of[name, track] = self._next
                self._memories[self._next] = _Memory(self._next)
                self._next += 1

    def _seeks(self, word: _Word) -> bool:
        """Whether a track has no system track, or one that nobody else has a word in."""
        number = self._system_of.get((word.contributor, word.track))
        if number is None:
            return True
        return set(self._memories[number].latest) - self._excluded <= {word.contributor}

    def _move(self, name: NationId, track: int, number: int) -> None:
        """Join a track to a system track; of two that become one, the older number stays."""
        before = self._system_of.get((name, track))
        self._system_of[name, track] = number
        if before is None:
            return
        left, joined = self._memories[before], self._memories[number]
        if name in left.latest and left.latest[name].track == track:
            joined.latest[name] = left.latest[name]
            joined.begin_again(self._excluded)
        if before in self._system_of.values():
            return
        del self._memories[before]
        if before < number:
            joined.number = before
            self._memories[before] = self._memories.pop(number)
            self._system_of = {
                key: before if value == number else value for key, value in self._system_of.items()
            }

    def _remember(self, word: _Word) -> str:
        """Put a word where it belongs; the outcome, or nothing where the replay decides it."""
        number = self._system_of.get((word.contributor, word.track))
        if number is None:
            return REFUSED_FULL
        memory = self._memories[number]
        before = memory.latest.get(word.contributor)
        known = [*memory.words, *([before] if before is not None else [])]
        is_held = word.time_ns <= memory.begun_ns.get(word.contributor, word.time_ns - 1)
        if is_held or any(word.key == other.key for other in known):
            return REPEATED
        if before is None or before.key < word.key:
            memory.latest[word.contributor] = word
        if word.contributor in self._excluded:
            return EXCLUDED
        if not _can_be_added(word):
            return _stand_beside(memory, word)
        if memory.base is not None and word.time_ns < memory.base.time_ns:
            fresh = (word.pedigree or Pedigree()).after(word.since_ns)
            is_known = memory.base.pedigree.contains(fresh)
            return REPEATED if is_known else _stand_beside(memory, word)
        memory.insert(word)
        return ""

    def _replay(self) -> None:
        """Bring every system track up to its last word, all tracks together."""
        waiting = [self._memories[number] for number in sorted(self._memories)]
        while waiting := [one for one in waiting if len(one.beliefs) < len(one.words)]:
            adding: list[tuple[_Memory, _Word, _Belief, News, Pedigree]] = []
            for memory in waiting:
                word, belief = memory.words[len(memory.beliefs)], memory.belief
                pedigree = word.pedigree or Pedigree()
                if belief is None:
                    memory.beliefs.append(
                        _Belief(word.time_ns, word.state_vector, word.covariance, pedigree)
                    )
                    memory.outcomes[word.key] = ADDED
                    continue
                chosen = _choose(word, belief)
                if isinstance(chosen, str):
                    if chosen == BESIDE:
                        chosen = _stand_beside(memory, word)
                    memory.outcomes[word.key] = chosen
                    memory.beliefs.append(belief)
                else:
                    adding.append((memory, word, belief, *chosen))
            self._add(adding)

    def _add(self, adding: list[tuple[_Memory, _Word, _Belief, News, Pedigree]]) -> None:
        if not adding:
            return
        seconds = np.array([(w.time_ns - b.time_ns) * 1e-9 for _, w, b, *_ in adding])
        mean, covariance = predict(
            np.stack([b.state_vector for _, _, b, *_ in adding]),
            np.stack([b.covariance for _, _, b, *_ in adding]),
            seconds,
            process_noise_m2_s3=self.settings.process_noise_m2_s3,
        )
        news = News(
            information=np.concatenate([n.information for *_, n, _ in adding]),
            information_vector=np.concatenate([n.information_vector for *_, n, _ in adding]),
            is_news=np.concatenate([n.is_news for *_, n, _ in adding]),
        )
        done = add_news(mean, covariance, news, gate_probability=self.settings.gate_probability)
        for row, (memory, word, belief, _, pedigree) in enumerate(adding):
            is_added = bool(done.is_added[row])
            memory.outcomes[word.key] = ADDED if is_added else GATED
            memory.beliefs.append(
                _Belief(
                    word.time_ns,
                    done.state_vector[row],
                    done.covariance[row],
                    belief.pedigree.merged(pedigree) if is_added else belief.pedigree,
                )
            )

    def _forget(self, now_ns: int) -> None:
        """Close the window, and end what is too old."""
        oldest = now_ns - round(self.settings.age_max_s * 1e9)
        for number in sorted(self._memories):
            memory = self._memories[number]
            memory.fold(now_ns - round(self.settings.window_s * 1e9))
            for words in (memory.latest, memory.beside):
                for name in [name for name, word in words.items() if word.time_ns < oldest]:
                    del words[name]
            if not memory.latest:
                del self._memories[number]
        self._system_of = {
            key: number for key, number in self._system_of.items() if number in self._memories
        }

    def _picture(self, now_ns: int) -> tuple[Estimates, tuple[frozenset[NationId], ...]]:
        """Every system track that anybody believed has a word in, at an instant."""
        parts: list[list[_Belief | _Word]] = []
        shown: list[_Memory] = []
        for number in sorted(self._memories):
            memory = self._memories[number]
            beside = [w for name, w in sorted(memory.beside.items()) if name not in self._excluded]
            own = [memory.belief] if memory.belief is not None else []
            if own or beside:
                parts.append([*own, *beside])
                shown.append(memory)
        if not shown:
            return empty_estimates(), ()
        mean, covariance = self._intersected(parts, now_ns)
        count = len(shown)
        estimates = Estimates(
            track=np.array([memory.number for memory in shown]),
            time_ns=np.full(count, now_ns),
            known_ns=np.full(count, now_ns),
            status=np.full(count, Status.CONFIRMED, dtype=np.int8),
            state_vector=mean,
            covariance=covariance,
        )
        return estimates, tuple(frozenset(one.latest) - self._excluded for one in shown)

    def _intersected(self, parts: list[list[_Belief | _Word]], now_ns: int) -> tuple[F64, F64]:
        """Predict all parts of every object at once, and intersect those of each."""
        most = max(len(each) for each in parts)
        place = tuple(
            np.array([(k, n) for n, each in enumerate(parts) for k in range(len(each))]).T
        )
        mean = np.zeros((most, len(parts), 6))
        covariance = np.broadcast_to(np.eye(6), (most, len(parts), 6, 6)).copy()
        is_there = np.zeros(mean.shape[:2], dtype=np.bool_)
        flat = [part for each in parts for part in each]
        mean[place], covariance[place] = self._predicted(flat, now_ns)
        is_there[place] = True
        several = is_there.sum(axis=0) > 1
        one, two = mean[0], covariance[0]
        if several.any():
            one[several], two[several], _ = covariance_intersection(
                mean[:, several], covariance[:, several], is_there=is_there[:, several]
            )
        return one, two

    def _predicted(self, parts: Sequence[_Belief | _Word], now_ns: int) -> tuple[F64, F64]:
        return predict(
            np.stack([part.state_vector for part in parts]),
            np.stack([part.covariance for part in parts]),
            np.array([(now_ns - part.time_ns) * 1e-9 for part in parts]),
            process_noise_m2_s3=self.settings.process_noise_m2_s3,
        )

    def _as_estimates(self, words: list[_Word], now_ns: int) -> Estimates:
        mean, covariance = self._predicted(words, now_ns)
        count = len(words)
        return Estimates(
            track=np.array([word.track for word in words]),
            time_ns=np.full(count, now_ns),
            known_ns=np.full(count, now_ns),
            status=np.full(count, Status.CONFIRMED, dtype=np.int8),
            state_vector=mean,
            covariance=covariance,
        )


def _choose(word: _Word, belief: _Belief) -> tuple[News, Pedigree] | str:
    """Choose what of a word may be added to a belief, or say why nothing."""
    pedigree = word.pedigree or Pedigree()
    if not belief.pedigree.has_looks_of(pedigree):
        return whole(word.state_vector[None], word.covariance[None]), pedigree
    fresh = pedigree.after(word.since_ns)
    if belief.pedigree.contains(fresh):
        return REPEATED
    if belief.pedigree.is_disjoint(fresh):
        return word.news, fresh
    return BESIDE


def _stand_beside(memory: _Memory, word: _Word) -> str:
    """Keep a word beside the sum if it is its contributor's newest such."""
    before = memory.beside.get(word.contributor)
    if before is not None and before.key >= word.key:
        return REPEATED
    memory.beside[word.contributor] = word
    return BESIDE


def _word(reports: Reports, row: int) -> _Word:
    rows = slice(row, row + 1)
    return _Word(
        contributor=reports.contributor[row],
        track=int(reports.track[row]),
        sequence=int(reports.sequence[row]),
        time_ns=int(reports.time_ns[row]),
        since_ns=int(reports.since_ns[row]),
        state_vector=reports.state_vector[row],
        covariance=reports.covariance[row],
        news=News(
            information=reports.news.information[rows],
            information_vector=reports.news.information_vector[rows],
            is_news=reports.news.is_news[rows],
        ),
        pedigree=reports.pedigree[row],
        is_rounded=bool((reports.step[row] > 0.0).any()),
    )
