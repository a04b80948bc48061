"""System tracks: the fused tracks of a centre, from its own news and that of others.

What is known of an object is the sum of what contributors of disjoint pedigree say, replayed in
order of time, so that lateness, repetition and order of arrival cannot matter. A contributor's news
that follows on its last word is added. A word without news, or after one that was lost, takes the
place of all that its contributor said before: estimates of one object by different sensors err
independently, those of one sensor never do. What comes without a pedigree, rounded, too late or of
a burning motor stands beside the sum: only the newest of each contributor, intersected whenever the
picture is asked for and never fed back, so that it cannot be counted twice either.

===================  =======================================================  =======
figure               source                                                   mark
===================  =======================================================  =======
``DEEPEST_M``        a place that far below ground is no object's             assumed
``BELOW_STDS``       what may still fly is kept                               assumed
``NEAREST_M`` ...    wider than whatever flies and is watched: from 100 km    assumed
``FASTEST_M_S``      below ground, at twice the speed of escape
===================  =======================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.fusion import correlation
from commonwatch.fusion.combination import covariance_intersection
from commonwatch.fusion.replay import predicted, replay
from commonwatch.fusion.report import Reports
from commonwatch.fusion.system_track import (
    ADDED,
    BESIDE,
    EXCLUDED,
    GATED,
    REPEATED,
    STRAYS_MAX,
    Belief,
    Settings,
    SystemTrack,
    Word,
    words_of,
)
from commonwatch.identity import NationId
from commonwatch.tracking.estimate import Estimates, Status, empty_estimates
from commonwatch.units import NS_PER_S

__all__ = [
    "ADDED",
    "BESIDE",
    "EXCLUDED",
    "GATED",
    "REFUSED_COVARIANCE",
    "REFUSED_FULL",
    "REFUSED_FUTURE",
    "REFUSED_OLD",
    "REFUSED_PLACE",
    "REPEATED",
    "Picture",
    "Settings",
    "SystemTracks",
]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

REFUSED_FUTURE: Final = "refused: from the future"
REFUSED_OLD: Final = "refused: too old"
REFUSED_COVARIANCE: Final = "refused: its covariance is not positive"
REFUSED_PLACE: Final = "refused: no object can be there"
REFUSED_FULL: Final = "refused: no room for another track"
DEEPEST_M: Final = 100e3
NEAREST_M: Final = 6.25e6
FURTHEST_M: Final = 1e8
FASTEST_M_S: Final = 20e3
BELOW_STDS: Final = 3.0
NOWHERE: Final = np.array([1e6, 0.0, 0.0, 0.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """The system tracks at one instant.

    Parameters
    ----------
    estimates
        Of those that somebody believed has a word in at present, sorted by number.
    contributors
        Who has, excluded ones left out.
    outcome
        What became of each report of the step, in its order.
    system_track
        The system track that each report belongs to, -1 where it was refused.
    ended
        Numbers that are no more since the step before, sorted.
    """

    estimates: Estimates
    contributors: tuple[frozenset[NationId], ...]
    outcome: tuple[str, ...]
    system_track: I64
    ended: I64


class SystemTracks:
    """The fused tracks that one centre holds.

    Parameters
    ----------
    settings
        The usual ones, if None.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._tracks: dict[int, SystemTrack] = {}
        self._system_of: dict[tuple[NationId, int], int] = {}
        self._heard_ns: dict[tuple[NationId, int], int] = {}
        self._next = 1
        self._ended: set[int] = set()
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
        self._ended = set()
        outcome = self._refusals(reports, now_ns)
        rows = np.array([row for row, said in enumerate(outcome) if not said], dtype=np.int64)
        words = dict(zip(rows.tolist(), words_of(reports, rows), strict=True))
        self._exclude(frozenset(excluded))
        for name in sorted({word.contributor for word in words.values()}):
            own = sorted(
                ((row, word) for row, word in words.items() if word.contributor == name),
                key=lambda item: item[1].key,
            )
            self._find_system_tracks(name, [word for _, word in own], now_ns)
            for row, word in own:
                outcome[row] = self._remember(word)
            replay(self._in_order(), self.settings)
        for row, word in words.items():
            if not outcome[row]:
                track = self._tracks[self._system_of[word.contributor, word.track]]
                outcome[row] = track.outcomes.get(word.key, REPEATED)
        numbers = [
            self._system_of.get((name, track), -1)
            for name, track in zip(reports.contributor, reports.track.tolist(), strict=True)
        ]
        self._forget(now_ns)
        estimates, contributors = self._picture(now_ns)
        return Picture(
            estimates=estimates,
            contributors=contributors,
            outcome=tuple(outcome),
            system_track=np.array(numbers, dtype=np.int64),
            ended=np.array(sorted(self._ended), dtype=np.int64),
        )

    def whole_words(
        self, now_ns: int, *, age_max_s: float | None = None
    ) -> tuple[I64, tuple[NationId, ...], F64, F64, npt.NDArray[np.bool_]]:
        """Return each contributor's own newest whole estimate of each system track, predicted.

        Parameters
        ----------
        now_ns
            The instant that they are predicted to.
        age_max_s
            Older words are left out: for who reports what at present, a little more than the time
            between reports. As of the settings, if None.

        Returns
        -------
        number, contributor, state_vector, covariance, is_there
            N numbers, C names, shapes (C, N, 6), (C, N, 6, 6) and (C, N); nan where there is none.
        """
        oldest_ns = self._oldest_ns(now_ns)
        own_ns = oldest_ns if age_max_s is None else now_ns - round(age_max_s * NS_PER_S)
        held = {n: names for n in sorted(self._tracks) if (names := self._current(n, oldest_ns))}
        names = sorted({name for each in held.values() for name in each})
        row_of = {name: row for row, name in enumerate(names)}
        shape = (len(names), len(held))
        mean, covariance = np.full((*shape, 6), np.nan), np.full((*shape, 6, 6), np.nan)
        places, words = [], []
        for column, number in enumerate(held):
            for name in held[number]:
                word = self._tracks[number].latest[name]
                if word.time_ns >= own_ns:
                    places.append((row_of[name], column))
                    words.append(word)
        if words:
            index = tuple(np.array(places).T)
            mean[index], covariance[index] = predicted(words, now_ns, self.settings)
        is_there = np.isfinite(mean[..., 0])
        return np.array(list(held), dtype=np.int64), tuple(names), mean, covariance, is_there

    def _oldest_ns(self, now_ns: int) -> int:
        return now_ns - round(self.settings.age_max_s * NS_PER_S)

    def _current(self, number: int, oldest_ns: int) -> list[NationId]:
        return self._tracks[number].current(oldest_ns)

    def _refusals(self, reports: Reports, now_ns: int) -> list[str]:
        """Say why each report cannot be used; empty where it can."""
        if not len(reports):
            return []
        age_s = (now_ns - reports.time_ns) / NS_PER_S
        variance = np.diagonal(reports.covariance, axis1=1, axis2=2)
        scale = np.sqrt(np.where(variance > 0.0, variance, np.nan))
        # Metres and metres a second apart: each by its own deviation.
        matrix = reports.covariance / (scale[:, :, None] * scale[:, None, :])
        is_good = np.isfinite(matrix).all(axis=(1, 2))
        matrix = np.where(is_good[:, None, None], matrix, np.eye(6))
        is_good &= np.linalg.eigvalsh(0.5 * (matrix + np.swapaxes(matrix, -1, -2)))[:, 0] > 0.0
        far = np.linalg.norm(reports.state_vector[:, :3], axis=1)
        fast = np.linalg.norm(reports.state_vector[:, 3:], axis=1)
        is_place = (far >= NEAREST_M) & (far <= FURTHEST_M) & (fast <= FASTEST_M_S)
        is_place &= (variance <= np.repeat([FURTHEST_M, FASTEST_M_S], 3) ** 2).all(axis=1)
        said = np.where(is_place, "", REFUSED_PLACE)
        said = np.where(is_good, said, REFUSED_COVARIANCE)
        said = np.where(age_s > self.settings.age_max_s, REFUSED_OLD, said)
        said = np.where(age_s < -self.settings.clock_error_max_s, REFUSED_FUTURE, said)
        return [str(each) for each in said]

    def _exclude(self, excluded: frozenset[NationId]) -> None:
        """Begin again wherever one who was believed no longer is, or is again."""
        changed = excluded ^ self._excluded
        self._excluded = excluded
        if not changed:
            return
        for track in self._tracks.values():
            if changed & (set(track.latest) | track.fed_by):
                track.begin_again(excluded)
        replay(self._in_order(), self.settings)

    def _find_system_tracks(self, name: NationId, words: list[Word], now_ns: int) -> None:
        """Give each of a contributor's tracks that has none its system track."""
        newest = {word.track: word for word in words if self._seeks(word)}
        if not newest:
            return
        oldest_ns = self._oldest_ns(now_ns)
        is_open = [n for n in sorted(self._tracks) if name not in self._current(n, oldest_ns)]
        pairs = correlation.correlate(
            self._estimated(is_open, now_ns),
            _estimates_of(
                list(newest), *predicted(list(newest.values()), now_ns, self.settings), now_ns
            ),
            settings=self.settings.correlation,
        )
        for number, track in zip(
            pairs.first_track.tolist(), pairs.second_track.tolist(), strict=True
        ):
            self._move(name, track, number)
        for track in sorted(newest):
            has_room = len(self._tracks) < self.settings.tracks_max
            if (name, track) not in self._system_of and has_room:
                self._system_of[name, track] = self._next
                self._tracks[self._next] = SystemTrack(self._next)
                self._next += 1

    def _seeks(self, word: Word) -> bool:
        """Whether a track has no system track, or one that nobody else has a word in."""
        number = self._system_of.get((word.contributor, word.track))
        if number is None:
            return True
        return set(self._tracks[number].latest) - self._excluded <= {word.contributor}

    def _move(self, name: NationId, track: int, number: int) -> None:
        """Join a track to a system track; of two that become one, the older number stays."""
        before = self._system_of.get((name, track))
        self._system_of[name, track] = number
        if before is None:
            return
        left, joined = self._tracks[before], self._tracks[number]
        if name in left.latest and left.latest[name].track == track:
            joined.latest[name] = left.latest[name]
            joined.begin_again(self._excluded)
        if before in self._system_of.values():
            return
        del self._tracks[before]
        self._ended.add(max(before, number))
        if before < number:
            joined.number = before
            self._tracks[before] = self._tracks.pop(number)
            self._system_of = {
                key: before if value == number else value for key, value in self._system_of.items()
            }

    def _remember(self, word: Word) -> str:
        """Put a word where it belongs; the outcome, or nothing where the replay decides it."""
        key = (word.contributor, word.track)
        number = self._system_of.get(key)
        if number is None:
            return REFUSED_FULL
        self._heard_ns[key] = max(word.time_ns, self._heard_ns.get(key, word.time_ns))
        is_excluded = word.contributor in self._excluded
        return self._tracks[number].remember(word, is_excluded=is_excluded) or ""

    def _forget(self, now_ns: int) -> None:
        """Close the window, and end what is too old, has ended, or is another object."""
        window_ns = round(self.settings.window_s * NS_PER_S)
        silent_ns = now_ns - round(self.settings.silent_max_s * NS_PER_S)
        before = len(self._ended)
        for number in sorted(self._tracks):
            track = self._tracks[number]
            track.fold(now_ns - window_ns)
            for words in (track.latest, track.beside):
                for name in [name for name, word in words.items() if word.time_ns < silent_ns]:
                    del words[name]
            if track.belief is not None and track.belief.strays:
                self._part(track)
            if track.said_until_ns(now_ns) < now_ns - window_ns:
                self._end(number)
        if len(self._ended) > before or len(self._system_of) > 2 * len(self._tracks):
            self._forget_numbers(self._oldest_ns(now_ns))

    def _forget_numbers(self, oldest_ns: int) -> None:
        """Forget contributors' numbers of tracks that nobody speaks of any more."""
        self._system_of = {
            key: number
            for key, number in self._system_of.items()
            if number in self._tracks and self._is_spoken_of(key, number, oldest_ns)
        }
        self._heard_ns = {k: v for k, v in self._heard_ns.items() if k in self._system_of}

    def _part(self, track: SystemTrack) -> None:
        """Let those go whose words have been outside the gate too often."""
        belief = track.belief
        over = [] if belief is None else [n for n, k in belief.strays.items() if k >= STRAYS_MAX]
        for name in sorted(over):
            word = track.latest.get(name)
            track.part_with(name, self._excluded)
            if word is not None:
                self._system_of.pop((name, word.track), None)
        if over:
            replay(self._in_order(), self.settings)

    def _end(self, number: int) -> None:
        del self._tracks[number]
        self._ended.add(number)

    def _is_spoken_of(self, key: tuple[NationId, int], number: int, oldest_ns: int) -> bool:
        """Whether a contributor's number is its latest for a track, or was heard lately."""
        word = self._tracks[number].latest.get(key[0])
        is_latest = word is not None and word.track == key[1]
        return is_latest or self._heard_ns.get(key, oldest_ns - 1) >= oldest_ns

    def _picture(self, now_ns: int) -> tuple[Estimates, tuple[frozenset[NationId], ...]]:
        """Every system track that anybody believed has a word in; what has fallen ends."""
        everything = self._estimated(sorted(self._tracks), now_ns)
        fallen = everything.track[_is_below_ground(everything)].tolist()
        for number in fallen:
            self._end(number)
        oldest_ns = self._oldest_ns(now_ns)
        if fallen:
            self._forget_numbers(oldest_ns)
        names = [
            frozenset(self._current(number, oldest_ns)) - self._excluded
            if number in self._tracks
            else frozenset()
            for number in everything.track.tolist()
        ]
        is_shown = np.array([bool(each) for each in names], dtype=np.bool_)
        return everything.take(is_shown), tuple(each for each in names if each)

    def _estimated(self, numbers: list[int], now_ns: int) -> Estimates:
        """Estimates of those system tracks of which anything is believed."""
        parts = {n: own for n in numbers if (own := self._tracks[n].parts(self._excluded))}
        if not parts:
            return empty_estimates()
        mean, covariance = self._intersected(list(parts.values()), now_ns)
        return _estimates_of(list(parts), mean, covariance, now_ns)

    def _intersected(self, parts: list[list[Belief | Word]], now_ns: int) -> tuple[F64, F64]:
        """Predict all parts of every object at once, and intersect those of each."""
        most = max(len(each) for each in parts)
        place = tuple(
            np.array([(k, n) for n, each in enumerate(parts) for k in range(len(each))]).T
        )
        mean = np.zeros((most, len(parts), 6))
        covariance = np.broadcast_to(np.eye(6), (most, len(parts), 6, 6)).copy()
        is_there = np.zeros(mean.shape[:2], dtype=np.bool_)
        flat = [part for each in parts for part in each]
        mean[place], covariance[place] = predicted(flat, now_ns, self.settings)
        is_there[place] = True
        # What fell long before anybody asked has gone through the Earth: it is where it is not.
        is_lost = ~(
            np.isfinite(mean).all(axis=(0, 2)) & np.isfinite(covariance).all(axis=(0, 2, 3))
        )
        mean[:, is_lost], covariance[:, is_lost] = NOWHERE, np.eye(6)
        count = is_there.sum(axis=0)
        one, two = mean[0], covariance[0]
        for chosen, most in ((count == 2, 2), (count > 2, len(mean))):
            if chosen.any():
                one[chosen], two[chosen], _ = covariance_intersection(
                    mean[:most, chosen],
                    covariance[:most, chosen],
                    is_there=is_there[:most, chosen],
                )
        return one, two

    def _in_order(self) -> list[SystemTrack]:
        return [self._tracks[number] for number in sorted(self._tracks)]


def _estimates_of(numbers: list[int], mean: F64, covariance: F64, now_ns: int) -> Estimates:
    count = len(numbers)
    return Estimates(
        track=np.array(numbers),
        time_ns=np.full(count, now_ns),
        known_ns=np.full(count, now_ns),
        status=np.full(count, Status.CONFIRMED, dtype=np.int8),
        state_vector=mean,
        covariance=covariance,
    )


def _is_below_ground(estimates: Estimates) -> npt.NDArray[np.bool_]:
    """Whether an object has fallen, for certain."""
    if not len(estimates):
        return np.zeros(0, dtype=np.bool_)
    _, _, altitude = geodetic_from_ecef(estimates.state_vector[:, :3])
    std = np.sqrt(np.trace(estimates.covariance[:, :3, :3], axis1=1, axis2=2))
    return np.asarray((altitude < -DEEPEST_M) | (altitude < -BELOW_STDS * std))
