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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.fusion import correlation
from commonwatch.fusion.replay import NOWHERE, is_lost, predicted, replay, wholes
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
    Whole,
    Word,
    looked_at_beside,
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
EQUATOR_M: Final = 6_378_137.0
"""Whatever is further from the middle is above ground, WGS-84."""


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
    merged
        Of those, the number that each object goes on under, where it turned out to be the same.
    """

    estimates: Estimates
    contributors: tuple[frozenset[NationId], ...]
    outcome: tuple[str, ...]
    system_track: I64
    ended: I64
    merged: Mapping[int, int]


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
        self._merged: dict[int, int] = {}
        self._agreed: dict[tuple[int, int], int] = {}
        self._looked_ns: int | None = None
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
        5. Two system tracks that nobody calls two objects, and that agree look after look, become
        one.
        """
        self._ended, self._merged = set(), {}
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
            self._system_of.get((name, track), -1) if row in words else -1
            for row, (name, track) in enumerate(
                zip(reports.contributor, reports.track.tolist(), strict=True)
            )
        ]
        self._forget(now_ns)
        everything = self._estimated(sorted(self._tracks), now_ns)
        if self._merge_doubles(everything, now_ns):
            everything = self._estimated(sorted(self._tracks), now_ns)
        estimates, contributors = self._picture(everything, now_ns)
        return Picture(
            estimates=estimates,
            contributors=contributors,
            outcome=tuple(outcome),
            system_track=np.array([self._merged.get(n, n) for n in numbers], dtype=np.int64),
            ended=np.array(sorted(self._ended), dtype=np.int64),
            merged=dict(sorted(self._merged.items())),
        )

    def last_heard(self, numbers: Sequence[int], now_ns: int) -> Estimates:
        """Return system tracks as they were at the time of their newest words.

        Parameters
        ----------
        numbers
            Those that are asked for, sorted; of which nothing is believed, there is no row.
        now_ns
            When that is known.
        """
        held = self._whole([number for number in numbers if number in self._tracks])
        return _estimates_of(
            list(held),
            np.array([each.state_vector for each in held.values()]).reshape(-1, 6),
            np.array([each.covariance for each in held.values()]).reshape(-1, 6, 6),
            np.array([min(each.time_ns, now_ns) for each in held.values()], dtype=np.int64),
            now_ns,
        )

    def coasting(self, numbers: Iterable[int], now_ns: int) -> frozenset[int]:
        """Choose the system tracks of which most that are believed say that no motor burns.

        Parameters
        ----------
        numbers
            Of system tracks; of one that is not known nothing is said.
        now_ns
            UTC since 1970: words that are too old by then do not count.

        Returns
        -------
        frozenset of int
            Of those, where more than half of the contributors that are not excluded say so.
        """
        oldest_ns = self._oldest_ns(now_ns)
        found = []
        for number in numbers:
            track = self._tracks.get(number)
            said = [] if track is None else track.current(oldest_ns)
            names = [name for name in said if name not in self._excluded]
            coasts = sum(track.latest[name].is_free for name in names) if track else 0
            if 2 * coasts > len(names):
                found.append(number)
        return frozenset(found)

    def free_for_s(self, now_ns: int) -> dict[tuple[int, NationId], float]:
        """Return for how long each contributor has said that each system track flies freely.

        Counted from when it first spoke of the track, or last said that a motor may burn; zero
        where it says so now.
        """
        oldest_ns = self._oldest_ns(now_ns)
        return {
            (number, name): 0.0
            if track.latest[name].is_powered
            else max(0.0, (now_ns - track.powered_ns.get(name, now_ns)) / NS_PER_S)
            for number, track in sorted(self._tracks.items())
            for name in track.current(oldest_ns)
        }

    def said_ns(self, now_ns: int) -> dict[tuple[int, NationId], int]:
        """Return the time of each contributor's newest word on each system track."""
        oldest_ns = self._oldest_ns(now_ns)
        return {
            (number, name): track.latest[name].time_ns
            for number, track in sorted(self._tracks.items())
            for name in track.current(oldest_ns)
        }

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
        is_good &= _is_positive(0.5 * (matrix + np.swapaxes(matrix, -1, -2)))
        far = np.linalg.norm(reports.state_vector[:, :3], axis=1)
        fast = np.linalg.norm(reports.state_vector[:, 3:], axis=1)
        is_place = (far >= NEAREST_M) & (far <= FURTHEST_M) & (fast <= FASTEST_M_S)
        is_place &= (variance <= np.repeat([FURTHEST_M, FASTEST_M_S], 3) ** 2).all(axis=1)
        is_old = age_s > self.settings.age_max_s
        is_future = age_s < -self.settings.clock_error_max_s
        if (is_good & is_place & ~(is_old | is_future)).all():
            return [""] * len(reports)
        said = np.where(is_place, "", REFUSED_PLACE)
        said = np.where(is_good, said, REFUSED_COVARIANCE)
        said = np.where(is_old, REFUSED_OLD, said)
        said = np.where(is_future, REFUSED_FUTURE, said)
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
        mean, covariance = predicted(list(newest.values()), now_ns, self.settings)
        at_ns = np.full(len(newest), now_ns)
        held = self._estimated(is_open, now_ns)
        # Of what nobody speaks of any more there is but its contributor's own last word.
        last = [
            None if self._current(n, oldest_ns) else self._tracks[n].latest.get(name)
            for n in held.track.tolist()
        ]
        pairs = correlation.correlate(
            held,
            _estimates_of(list(newest), mean, covariance, at_ns, now_ns),
            apart=looked_at_beside(last, list(newest.values())),
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

    def _merge_doubles(self, everything: Estimates, now_ns: int) -> bool:
        """Make one of two system tracks that agree look after look and that nobody calls two."""
        settings = self.settings
        if self._looked_ns is not None and now_ns - self._looked_ns < settings.look_s * NS_PER_S:
            return False
        self._looked_ns, oldest_ns = now_ns, self._oldest_ns(now_ns)
        named = [self._current(number, oldest_ns) for number in everything.track.tolist()]
        rows = np.array([row for row, names in enumerate(named) if names], dtype=np.int64)
        pairs = correlation.doubles(
            everything.take(rows), [named[row] for row in rows], settings=settings.correlation
        )
        # A pair that fails once begins again: two objects that pass one another agree for a while.
        self._agreed = {pair: self._agreed.get(pair, 0) + 1 for pair in pairs}
        sure = sorted(pair for pair, count in self._agreed.items() if count >= settings.looks_min)
        for older, younger in sure:
            self._merge(older, younger)
            del self._agreed[older, younger]
        if sure:
            replay(self._in_order(), settings)
        return bool(sure)

    def _merge(self, older: int, younger: int) -> None:
        """Let one object go on under the older number."""
        self._tracks[older].take_over(self._tracks.pop(younger), self._excluded)
        self._ended.add(younger)
        self._merged[younger] = older
        self._system_of = {
            key: older if number == younger else number for key, number in self._system_of.items()
        }

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
        self._merged[max(before, number)] = min(before, number)
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
        over = (
            []
            if belief is None
            else [n for n, said in belief.strays.items() if len(said) >= STRAYS_MAX]
        )
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

    def _picture(
        self, everything: Estimates, now_ns: int
    ) -> tuple[Estimates, tuple[frozenset[NationId], ...]]:
        """Every system track that anybody believed has a word in; what has fallen ends."""
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
        if all(names):
            return everything, tuple(names)
        is_shown = np.array([bool(each) for each in names], dtype=np.bool_)
        return everything.take(is_shown), tuple(each for each in names if each)

    def _estimated(self, numbers: list[int], now_ns: int) -> Estimates:
        """Estimates of those system tracks of which anything is believed."""
        held = self._whole(numbers)
        if not held:
            return empty_estimates()
        mean, covariance = predicted(list(held.values()), now_ns, self.settings)
        lost = is_lost(mean, covariance)
        mean[lost], covariance[lost] = NOWHERE, np.eye(6)
        return _estimates_of(list(held), mean, covariance, np.full(len(held), now_ns), now_ns)

    def _whole(self, numbers: Sequence[int]) -> dict[int, Whole]:
        """All that is believed of each object of which anything is, from what has changed anew."""
        parts = {n: own for n in numbers if (own := self._tracks[n].parts(self._excluded))}
        new = [n for n, own in parts.items() if not _is_of(self._tracks[n].whole, own)]
        if new:
            made = wholes([parts[number] for number in new], self.settings)
            for number, one in zip(new, made, strict=True):
                self._tracks[number].whole = one
        return {n: whole for n in parts if (whole := self._tracks[n].whole) is not None}

    def _in_order(self) -> list[SystemTrack]:
        return [self._tracks[number] for number in sorted(self._tracks)]


def _is_of(whole: Whole | None, parts: list[Belief | Word]) -> bool:
    return (
        whole is not None
        and len(whole.parts) == len(parts)
        and all(one is two for one, two in zip(whole.parts, parts, strict=True))
    )


def _estimates_of(
    numbers: list[int], mean: F64, covariance: F64, time_ns: I64, now_ns: int
) -> Estimates:
    count = len(numbers)
    return Estimates(
        track=np.array(numbers, dtype=np.int64),
        time_ns=time_ns,
        known_ns=np.full(count, now_ns),
        status=np.full(count, Status.CONFIRMED, dtype=np.int8),
        state_vector=mean,
        covariance=covariance,
    )


def _is_positive(matrix: F64) -> npt.NDArray[np.bool_]:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.eigvalsh(matrix)[:, 0] > 0.0)
    return np.ones(len(matrix), dtype=np.bool_)


def _is_below_ground(estimates: Estimates) -> npt.NDArray[np.bool_]:
    """Whether an object has fallen, for certain."""
    length = np.linalg.norm(estimates.state_vector[:, :3], axis=1)
    if not len(estimates) or length.min() > EQUATOR_M:
        return np.zeros(len(estimates), dtype=np.bool_)
    _, _, altitude = geodetic_from_ecef(estimates.state_vector[:, :3])
    std = np.sqrt(np.trace(estimates.covariance[:, :3, :3], axis1=1, axis2=2))
    return np.asarray((altitude < -DEEPEST_M) | (altitude < -BELOW_STDS * std))
