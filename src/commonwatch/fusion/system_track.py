"""One system track: the words of its contributors, in order of time, and what they add up to.

===================  =======================================================  =======
figure               source                                                   mark
===================  =======================================================  =======
``window_s``         tracks take 2 to 6 s and come each 10 s: two back        assumed
``age_max_s``        six reports missed                                       assumed
``silent_max_s``     as a tracker keeps what has left every view              assumed
``gate``             honest news is refused once in ten thousand              assumed
``look_s``           as often as half of the reports of a track, and no news  assumed
                     at every look: 10 s at least until two are one
===================  =======================================================  =======
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.fusion import correlation
from commonwatch.fusion.combination import News
from commonwatch.fusion.pedigree import Pedigree
from commonwatch.fusion.report import Reports
from commonwatch.identity import NationId
from commonwatch.tracking.estimate import (
    POWERED_NOISE_M2_S3,
    PROCESS_NOISE_M2_S3,
    THRUST_M_S2,
    Status,
)

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Key = tuple[int, NationId, int, int]

ADDED: Final = "added"
REPEATED: Final = "repeated"
BESIDE: Final = "intersected"
GATED: Final = "outside the gate"
EXCLUDED: Final = "its contributor is excluded"

STRAYS_MAX: Final = 6
"""Words in a row outside the gate after which a track is another object: a minute (*assumed*), so
that a judge of contributors has named a liar before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a centre fuses.

    Parameters
    ----------
    window_s
        How far back news is put in its place; later still, it is intersected.
    age_max_s
        Older words are refused; a contributor whose newest word is older has none at present.
    silent_max_s
        A track of which nobody has said a word for so long is forgotten.
    clock_error_max_s
        How far ahead of now a report may be.
    gate_probability
        What is further off than chi-square with this probability is not added.
    process_noise_m2_s3
        Between the times of reports, as of the senders' filters.
    thrust_m_s2, powered_noise_m2_s3
        Mean acceleration along the velocity of what burns, and spectral density of the rest: as
        of the senders' filters.
    tracks_max
        Most system tracks.
    correlation
        How a contributor's track finds its system track.
    look_s, looks_min
        Time between looks at whether two system tracks are one object, and at how many in a row
        they must agree.
    """

    window_s: float = 20.0
    age_max_s: float = 60.0
    silent_max_s: float = 1_800.0
    clock_error_max_s: float = 0.5
    gate_probability: float = 0.9999
    process_noise_m2_s3: float = PROCESS_NOISE_M2_S3
    thrust_m_s2: float = THRUST_M_S2
    powered_noise_m2_s3: float = POWERED_NOISE_M2_S3
    tracks_max: int = 20_000
    correlation: correlation.Settings = field(default_factory=correlation.Settings)
    look_s: float = 5.0
    looks_min: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One report, as it is remembered."""

    contributor: NationId
    track: int
    sequence: int
    status: int
    is_free: bool
    time_ns: int
    since_ns: int
    state_vector: F64
    covariance: F64
    news: News
    pedigree: Pedigree | None
    is_rounded: bool

    @property
    def key(self) -> Key:
        """Place among all words."""
        return (self.time_ns, self.contributor, self.track, self.sequence)

    @property
    def has_place(self) -> bool:
        """Whether it has a place in the order of news: what it rests on is said, and exactly."""
        return self.pedigree is not None and bool(self.pedigree.spans) and not self.is_rounded

    def has_looks_of(self, pedigree: Pedigree) -> bool:
        """Whether it rests on any sensor of a pedigree, at whatever time."""
        return self.pedigree is not None and self.pedigree.has_looks_of(pedigree)

    def holds_looks_of(self, other: Word) -> bool:
        """Whether another word on the same track rests on nothing that this one does not."""
        if self.pedigree is None or other.pedigree is None or self.track != other.track:
            return False
        return self.is_free == other.is_free and self.pedigree.contains(other.pedigree)

    @property
    def looked_ns(self) -> tuple[int, int]:
        """The first and the last look of its track; the last before the first where nobody says."""
        spans = () if self.pedigree is None else self.pedigree.spans
        first_ns = min((span.after_ns + 1 for span in spans), default=self.time_ns)
        return first_ns, max((span.until_ns for span in spans), default=self.time_ns - 1)

    @property
    def is_powered(self) -> bool:
        """Whether a motor burns, or may burn, as its contributor believes."""
        return not self.is_free

    @property
    def is_end(self) -> bool:
        """Whether its contributor says no more of the track."""
        return self.status == Status.ENDED


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """Sum of all that may be added up to a time.

    ``shares`` holds the newest whole word of each contributor in the sum: what its news has added
    up to; ``strays`` the words of a contributor that the gate has left out since.
    """

    time_ns: int
    state_vector: F64
    covariance: F64
    shares: Mapping[NationId, Word]
    strays: Mapping[NationId, tuple[Word, ...]]

    @property
    def is_powered(self) -> bool:
        """Whether a motor burns: only free flight is added."""
        return False

    @property
    def pedigree(self) -> Pedigree:
        """Everything that it rests on; spans of several words may overlap."""
        return Pedigree(
            tuple(
                span
                for word in self.shares.values()
                if word.pedigree is not None
                for span in word.pedigree.spans
            )
        )

    def others(self, name: NationId) -> list[Word]:
        """Return the words of all but one contributor, in the order of their names."""
        return [word for other, word in sorted(self.shares.items()) if other != name]


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """All that is believed of an object, at the time of the newest word of it.

    Parameters
    ----------
    parts
        What was intersected: while they are the same, so is this.
    is_powered
        Whether all parts say so: then it is moved on under power.
    """

    parts: tuple[Belief | Word, ...]
    time_ns: int
    state_vector: F64
    covariance: F64
    is_powered: bool


@dataclass(slots=True, eq=False)
class SystemTrack:
    """What a centre remembers of one object."""

    number: int
    base: Belief | None = None
    base_ns: int = -(2**62)
    words: list[Word] = field(default_factory=list)
    beliefs: list[Belief | None] = field(default_factory=list)  # after each word
    outcomes: dict[Key, str] = field(default_factory=dict)
    latest: dict[NationId, Word] = field(default_factory=dict)
    beside: dict[NationId, Word] = field(default_factory=dict)
    fed_by: set[NationId] = field(default_factory=set)  # whose words the sum holds
    begun_ns: dict[NationId, int] = field(default_factory=dict)  # held whole up to here
    powered_ns: dict[NationId, int] = field(default_factory=dict)
    """When each last said that a motor may burn, or first said anything."""
    whole: Whole | None = None

    @property
    def belief(self) -> Belief | None:
        """The sum of everything."""
        return self.beliefs[-1] if self.beliefs else self.base

    def current(self, oldest_ns: int) -> list[NationId]:
        """Who has a word in it that is not older, and has not ended, sorted."""
        return sorted(
            name
            for name, word in self.latest.items()
            if word.time_ns >= oldest_ns and not word.is_end
        )

    def said_until_ns(self, now_ns: int) -> int:
        """When its contributors ended it, the last of them; now while any has not."""
        ends = [word.time_ns if word.is_end else now_ns for word in self.latest.values()]
        return max(ends, default=-(2**62))

    def parts(self, excluded: frozenset[NationId]) -> list[Belief | Word]:
        """Return what is intersected on asking: the sum, and what stands beside it."""
        belief = self.belief
        shares = {} if belief is None else belief.shares
        beside = [
            word
            for name, word in sorted(self.beside.items())
            if name not in excluded and (name not in shares or shares[name].key < word.key)
        ]
        return [*([] if belief is None else [belief]), *beside]

    def remember(self, word: Word, *, is_excluded: bool) -> str | None:
        """Put a word where it belongs; the outcome, or None where the replay decides it.

        Parameters
        ----------
        word
            Of one of its contributors, at whatever time.
        is_excluded
            Whether its contributor is left out of the picture: then it is known, and not added.

        Returns
        -------
        str or None
            One of ``REPEATED``, ``EXCLUDED`` and ``BESIDE``.
        """
        before = self.latest.get(word.contributor)
        is_held = word.time_ns <= self.begun_ns.get(word.contributor, word.time_ns - 1)
        is_known = before is not None and before.key == word.key
        if is_held or is_known or any(word.key == other.key for other in self.words):
            return REPEATED
        if before is None or before.key < word.key:
            self.latest[word.contributor] = word
        if word.is_powered or before is None or before.track != word.track:
            since_ns = self.powered_ns.get(word.contributor, word.time_ns)
            self.powered_ns[word.contributor] = max(word.time_ns, since_ns)
        if is_excluded:
            return EXCLUDED
        if not word.has_place:
            return self.stand_beside(word)
        if word.time_ns < self.base_ns:
            fresh = (word.pedigree or Pedigree()).after(word.since_ns)
            is_held = self.base is not None and self.base.pedigree.contains(fresh)
            return REPEATED if is_held else self.stand_beside(word)
        self._insert(word)
        return None

    def stand_beside(self, word: Word) -> str:
        """Keep a word beside the sum if it is its contributor's newest such.

        Of a word that rests on no newer look the earlier one is kept: what happened since then, its
        contributor knows no better than anybody else.
        """
        before = self.beside.get(word.contributor)
        if before is not None and (before.key >= word.key or before.holds_looks_of(word)):
            return REPEATED
        self.beside[word.contributor] = word
        return BESIDE

    def concluded(self, word: Word, outcome: str, belief: Belief | None) -> None:
        """Note what became of the next word, and what is believed after it.

        Parameters
        ----------
        word
            The first of ``words`` that has no belief yet.
        outcome
            One of ``ADDED``, ``GATED`` and the like.
        belief
            None where nothing can be added up.
        """
        self.outcomes[word.key] = outcome
        self.beliefs.append(belief)

    def begin_again(self, excluded: frozenset[NationId]) -> None:
        """Forget all sums; start from the newest word of each that is not excluded."""
        self.base = None
        self.base_ns = -(2**62)
        self.words = sorted(
            (word for name, word in self.latest.items() if name not in excluded and word.has_place),
            key=lambda word: word.key,
        )
        self.fed_by = {word.contributor for word in self.words}
        self.begun_ns = {word.contributor: word.time_ns for word in self.words}
        self.beliefs = []
        self.outcomes = {}

    def take_over(self, other: SystemTrack, excluded: frozenset[NationId]) -> None:
        """Take all that was said of another one, which is the same object, and begin again.

        Parameters
        ----------
        other
            Left as it is; of each contributor the newer word of the two counts.
        excluded
            Contributors that are left out.
        """
        for own, theirs in ((self.latest, other.latest), (self.beside, other.beside)):
            for name, word in theirs.items():
                if name not in own or own[name].key < word.key:
                    own[name] = word
        for name, powered_ns in other.powered_ns.items():
            self.powered_ns[name] = max(powered_ns, self.powered_ns.get(name, powered_ns))
        self.begin_again(excluded)

    def part_with(self, name: NationId, excluded: frozenset[NationId]) -> None:
        """Forget a contributor: its track is another object.

        Parameters
        ----------
        name
            The contributor's; one that is not known changes nothing but that all begins again.
        excluded
            Contributors that are left out.
        """
        for words in (self.latest, self.beside):
            words.pop(name, None)
        self.powered_ns.pop(name, None)
        self.begin_again(excluded)

    def fold(self, until_ns: int) -> None:
        """Make what lies before the window the base."""
        if self.words and self.words[0].time_ns <= until_ns:
            count = sum(word.time_ns <= until_ns for word in self.words)
            self.base = self.beliefs[count - 1]
            self.base_ns = self.words[count - 1].time_ns
            for word in self.words[:count]:
                self.outcomes.pop(word.key, None)
            del self.words[:count], self.beliefs[:count]

    def _insert(self, word: Word) -> None:
        """Put a word in its place; what was believed after that place is forgotten."""
        place = len(self.words)
        while place and self.words[place - 1].key > word.key:
            place -= 1
        self.words.insert(place, word)
        self.fed_by.add(word.contributor)
        del self.beliefs[place:]


def looked_at_beside(one: Sequence[Word | None], other: Sequence[Word]) -> Mask:
    """Say which tracks of one contributor were looked at beside one another: they are two objects.

    Parameters
    ----------
    one, other
        Its words on N and M tracks, None where it has said none.

    Returns
    -------
    mask
        Shape (N, M); False where a word is missing or does not say when its track was looked at.

    Notes
    -----
    1. Both were looked at before the other was for the last time. 2. Two that begin with the same
    look are one that was numbered anew.
    """
    nothing = (0, -1, -1)
    spans = [nothing if word is None else (*word.looked_ns, word.track) for word in one]
    first_ns, last_ns, number = np.array(spans, dtype=np.int64).reshape(-1, 3).T[..., None]
    spans = [(*word.looked_ns, word.track) for word in other]
    begun_ns, until_ns, track = np.array(spans, dtype=np.int64).reshape(-1, 3).T
    is_beside = np.maximum(first_ns, begun_ns) < np.minimum(last_ns, until_ns)
    is_renumbered = (first_ns == begun_ns) | (number == track)
    return np.asarray(is_beside & ~is_renumbered)


def words_of(reports: Reports, rows: npt.NDArray[np.int64]) -> list[Word]:
    """Words of some rows of reports.

    Parameters
    ----------
    reports
        n reports.
    rows
        Which of them, shape (k,).

    Returns
    -------
    list of Word
        In that order; their arrays are views of the reports'.
    """
    news = reports.news
    is_rounded: list[bool] = np.any(reports.step > 0.0, axis=1).tolist()
    columns = zip(
        rows.tolist(),
        *(
            getattr(reports, name)[rows].tolist()
            for name in ("track", "sequence", "status", "is_free", "time_ns", "since_ns")
        ),
        strict=True,
    )
    return [
        Word(
            reports.contributor[row],
            track,
            sequence,
            status,
            is_free,
            time_ns,
            since_ns,
            reports.state_vector[row],
            reports.covariance[row],
            News(
                information=news.information[row : row + 1],
                information_vector=news.information_vector[row : row + 1],
                is_news=news.is_news[row : row + 1],
            ),
            reports.pedigree[row],
            is_rounded[row],
        )
        for row, track, sequence, status, is_free, time_ns, since_ns in columns
    ]
