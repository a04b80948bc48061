"""What a joint centre believes of what others report: fused tracks, and whom it believes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.events import PersonDecided
from commonwatch.centre.expectation import NO_OUTAGES, Expectations
from commonwatch.centre.gathering import Gathering
from commonwatch.centre.picture import reports_of
from commonwatch.centre.rhythm import AGE_MAX_S, Rhythm
from commonwatch.centre.sensor_status import Outages
from commonwatch.fusion.contributor import Finding, Judge, Judgement, Sources
from commonwatch.fusion.differences import OTHERS_MIN
from commonwatch.fusion.evidence import EXPECTED_MIN
from commonwatch.fusion.report import Reports
from commonwatch.fusion.system_track import GATED
from commonwatch.fusion.system_tracks import Picture, SystemTracks
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.messages import Message, TrackReport
from commonwatch.tracking.estimate import Estimates, Status, empty_estimates, joined, predict
from commonwatch.units import NS_PER_S
from commonwatch.warning.rounds import RECENT_S, Rounds
from commonwatch.warning.source import Book, sources_of
from commonwatch.warning.statement import Statement, statements

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ROUND_S: Final = 10.0
LOOKED_AT_NS: Final = round(ROUND_S * NS_PER_S)
NEAR_M: Final = 20_000.0
NEAR_SQUARED: Final = 60.0
"""Mahalanobis distance squared: far beyond any gate of three degrees of freedom."""
POWER_LEFT: Final = 4.0
POWER_LEFT_S: Final = 60.0
"""What the thrust has left in a filter, of its covariance, and how fast it goes (*assumed*: filters
that hold free flight a little too early err by four of their deviations and for a minute)."""
JUDGED_MIN: Final = 3
"""With fewer contributors nobody can be judged by what others say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointStep:
    """What is new from others' reports on tracks.

    Parameters
    ----------
    estimates
        System tracks that changed; those that ended as they were last.
    statements
        What is said of those that were due.
    contributors
        Who has a word in each system track.
    ended
        System tracks that ended.
    excluded
        Who is not believed at present.
    findings
        Who was named now, and why.
    outcome
        What became of each report, by originator and number of its message.
    words
        Of each system track, how far it can be checked.
    merged
        Of system tracks that ended, the number that the object goes on under, where it turned out
        to be the same.
    doubt
        What is to be said of all that is fused; empty where nothing is.
    silent
        Of each system track that was due, and that one contributor alone reports, who else could
        see it now and says nothing of it; whoever is not believed, or not well heard, is left out.
    """

    estimates: Estimates
    statements: tuple[Statement, ...]
    contributors: dict[int, tuple[NationId, ...]]
    ended: tuple[int, ...]
    excluded: frozenset[NationId]
    findings: tuple[Finding, ...]
    outcome: dict[tuple[NationId, int], str]
    words: dict[int, str]
    merged: dict[int, int]
    doubt: str
    silent: dict[int, tuple[NationId, ...]]


class JointPicture:
    """Fuses what partners report on tracks.

    Parameters
    ----------
    configuration
        The joint centre's.
    """

    def __init__(self, configuration: CentreConfiguration) -> None:
        partners = [each for each in configuration.partners if each.reports_tracks]
        self._reporters = tuple(sorted(each.nation for each in partners))
        every = [
            replace(sensor, nation=each.nation) for each in partners for sensor in each.sensors
        ]
        self._sources = sources_of(every)
        self._place: dict[tuple[NationId, SensorId], int] = {
            (sensor.nation, sensor.sensor): k for k, sensor in enumerate(every)
        }
        self._system = SystemTracks(configuration.fusion)
        self._judge = Judge(look_s=configuration.report_interval_s)
        self._expectations = Expectations({each.nation: each.sensors for each in partners})
        self._rhythm = Rhythm()
        self._book = Book(self._sources)
        # Every round is one here: the newest words come a little before it or after.
        self._rounds = Rounds(replace(configuration.warning, interval_s=0.5 * ROUND_S))
        self._class_names = tuple(each.name for each in configuration.warning.classes)
        self._excluded: frozenset[NationId] = frozenset()
        self._outages: Outages = NO_OUTAGES
        self._last: dict[int, tuple[Estimates, int]] = {}
        """Each system track as it was last, as a row of estimates."""
        self._coasting: frozenset[int] = frozenset()
        self._stepped_ns = 0
        self._gathering = Gathering(LOOKED_AT_NS)
        self._beside_ns: dict[tuple[NationId, int, int], int] = {}
        """Since when a reporter's own track has stood beside that of others."""
        self._strays: dict[tuple[NationId, int], tuple[int, F64, F64]] = {}
        """Of each contributor's track whose newest word is outside its gate: time and estimate."""
        self._looks: dict[tuple[int, NationId, int], int] = {}

    @property
    def is_used(self) -> bool:
        """Whether anybody reports tracks here."""
        return bool(self._reporters)

    def know(self, nation: NationId, sensors: Sequence[Sensor]) -> None:
        """Expect from now on of a partner what these sensors could see.

        Parameters
        ----------
        nation
            The partner; of one that reports no tracks nothing is expected.
        sensors
            In place of those known before.
        """
        if nation in self._reporters:
            self._expectations.know(nation, sensors)

    def next_due_ns(self) -> int | None:
        """When tracks are looked at again though nobody reports: they end; None: there are none."""
        return self._stepped_ns + LOOKED_AT_NS if self._last else None

    def step(
        self,
        messages: Sequence[Message],
        decisions: Sequence[PersonDecided],
        now_ns: int,
        *,
        steady: Mapping[NationId, int],
        outages: Outages = NO_OUTAGES,
    ) -> JointStep:
        """Take reports that have arrived.

        Parameters
        ----------
        messages
            All new messages; those that report no tracks are passed over.
        decisions
            Whom people believe again.
        now_ns
            The present.
        outages
            Partners' sensors that are out of order, as far as they have said so.
        steady
            Who is well, and when each last gave a sign of life: others' silence is no denial.
        """
        self._excuse(outages, decisions)
        self._rhythm.hear(messages, steady, now_ns)
        said = [m for m in messages if isinstance(m.body, TrackReport)]
        if not said and (self.next_due_ns() or now_ns + 1) > now_ns:
            return _nothing(self._excluded)
        self._stepped_ns = now_ns
        reports = reports_of(said)
        picture = self._system.step(reports, now_ns, excluded=self._excluded)
        self._note_strays(reports, picture.outcome, now_ns)
        judgement, words = self._judged(reports, now_ns, steady) if said else (None, {})
        first = picture
        if judgement is not None and judgement.excluded != self._excluded:
            self._excluded = judgement.excluded
            picture = self._system.step(reports_of([]), now_ns, excluded=self._excluded)
        merged = {**first.merged, **picture.merged}
        for gone, number in merged.items():
            self._carry(gone, number, now_ns)
        ended = np.union1d(first.ended, picture.ended)
        changed = self._changed(picture, said, first.system_track, ended, now_ns)
        coasting = self._system.coasting(changed.track.tolist(), now_ns)
        urgent = coasting - self._coasting  # a motor that burns no more
        self._coasting = self._coasting - set(changed.track.tolist()) | coasting
        due = self._gathering.take(changed, self._book, now_ns, urgent=urgent)
        coasting = self._system.coasting(due.track.tolist(), now_ns)
        judged = self._rounds.step(due, self._book, coasting=coasting)
        for track in judged.ended:
            self._book.forget(track)
        if judged.ended:
            self._looks = {k: v for k, v in self._looks.items() if k[0] not in judged.ended}
        contributors = _contributors(picture)
        return JointStep(
            estimates=changed,
            statements=statements(judged, class_names=self._class_names),
            contributors=contributors,
            ended=judged.ended,
            excluded=self._excluded,
            findings=() if judgement is None else judgement.findings,
            outcome={
                (message.originator, message.number): words
                for message, words in zip(said, first.outcome, strict=True)
            },
            words=words,
            merged=merged,
            doubt="" if judgement is None else judgement.doubt,
            silent=self._silent(due, contributors, steady),
        )

    def _silent(
        self,
        due: Estimates,
        contributors: Mapping[int, tuple[NationId, ...]],
        steady: Collection[NationId],
    ) -> dict[int, tuple[NationId, ...]]:
        """Say of each track that is due, and one alone reports, who could and does not."""
        rows = {
            number: row for row, number in enumerate(due.track.tolist()) if number in contributors
        }
        lone = [number for number in rows if len(contributors[number]) == 1]
        others = [n for n in self._reporters if n in steady and n not in self._excluded]
        could = self._expectations.could_report(
            others, due.state_vector[[rows[number] for number in lone]], outages=self._outages
        )
        silent = {
            number: tuple(
                name
                for name, probability in zip(others, could[:, column].tolist(), strict=True)
                if probability >= EXPECTED_MIN and name not in contributors[number]
            )
            for column, number in enumerate(lone)
        }
        return dict.fromkeys(rows, ()) | silent

    def _excuse(self, outages: Outages, decisions: Sequence[PersonDecided]) -> None:
        """Believe again whom people do; take no silence for denial whose reason is now heard."""
        for decision in decisions:
            if decision.decision == "clear" and decision.nation is not None:
                self._judge.clear(decision.nation)
        for nation, sensors in outages.items():
            new = [since for name, since in sensors.items() if self._since(nation, name) != since]
            if new:
                self._judge.excuse(nation, since_ns=min(new))
        self._outages = outages

    def _since(self, nation: NationId, sensor: SensorId) -> int | None:
        return self._outages.get(nation, {}).get(sensor)

    def _judged(
        self, reports: Reports, now_ns: int, steady: Mapping[NationId, int]
    ) -> tuple[Judgement | None, dict[int, str]]:
        """Judge the reporters by one another, where there are enough of them."""
        if len(self._reporters) < JUDGED_MIN:
            return None, {}
        number, all_mean, all_covariance, there = self._whole_words(now_ns)
        missed = self._missed(number, now_ns)
        there &= missed == 0
        expected = np.full(there.shape, np.nan)
        spoken = there.any(axis=0)
        if spoken.any():
            # By who is believed, where any such speaks of it.
            believed = there & ~np.isin(self._reporters, list(self._excluded))[:, None]
            speaks = np.where(believed.any(axis=0), believed, there)
            first = speaks.argmax(axis=0)[spoken], np.flatnonzero(spoken)
            expected[:, spoken] = self._expectations.expected(
                self._reporters,
                all_mean[first],
                all_covariance[first],
                outages=self._outages,
            )
        beside = self._stray_words(now_ns)
        expected[_says_something_near(all_mean, all_covariance, there, beside)] = np.nan
        expected[[name not in steady for name in self._reporters]] = np.nan
        expected *= self._arrives(missed, expected)
        said = there.copy()
        place = {each: column for column, each in enumerate(number.tolist())}
        for (track, name), free_s in self._system.free_for_s(now_ns).items():
            if track not in place or name not in self._reporters:
                continue
            at = self._reporters.index(name), place[track]
            if free_s == 0.0:  # nobody's covariance holds what the thrust does next
                there[at] = False
                if missed[at] == 0:
                    expected[at] = np.nan
            all_covariance[at] *= 1.0 + POWER_LEFT * np.exp(-free_s / POWER_LEFT_S)
        self._join_beside(all_mean, all_covariance, there, number, now_ns)
        judgement = self._judge.step(
            Sources(
                number=number,
                contributor=self._reporters,
                state_vector=all_mean,
                covariance=all_covariance,
                is_there=there,
                expected=expected,
                is_said=said,
                pause_s=np.array([self._rhythm.pause_s(name) for name in self._reporters]),
            ),
            now_ns,
            reports=reports,
        )
        return judgement, dict(zip(number.tolist(), judgement.words, strict=True))

    def _whole_words(self, now_ns: int) -> tuple[I64, F64, F64, Mask]:
        """Return what each reporter says of each system track, as ``SystemTracks.whole_words``.

        Who reports tracks though it has not agreed to is in the picture, and not judged.
        """
        number, names, mean, covariance, is_there = self._system.whole_words(
            now_ns, age_max_s=AGE_MAX_S
        )
        said = [row for row, name in enumerate(names) if name in self._reporters]
        rows = [self._reporters.index(names[row]) for row in said]
        shape = (len(self._reporters), len(number))
        all_mean, all_covariance = np.full((*shape, 6), np.nan), np.full((*shape, 6, 6), np.nan)
        there = np.zeros(shape, dtype=np.bool_)
        all_mean[rows], all_covariance[rows] = mean[said], covariance[said]
        there[rows] = is_there[said]
        return number, all_mean, all_covariance, there

    def _note_strays(self, reports: Reports, outcome: Sequence[str], now_ns: int) -> None:
        """Remember words outside their gates: who says them is not silent where they are."""
        oldest_ns = now_ns - round(AGE_MAX_S * NS_PER_S)
        for row in np.argsort(reports.time_ns, kind="stable").tolist():
            key = reports.contributor[row], int(reports.track[row])
            time_ns = int(reports.time_ns[row])
            if key in self._strays and time_ns < self._strays[key][0]:
                continue  # an earlier word that comes later takes nothing back
            self._strays.pop(key, None)
            if outcome[row] == GATED:
                self._strays[key] = time_ns, reports.state_vector[row], reports.covariance[row]
        self._strays = {key: each for key, each in self._strays.items() if each[0] >= oldest_ns}

    def _stray_words(self, now_ns: int) -> list[tuple[F64, F64]]:
        """Predict each reporter's words outside their gates, shapes (k, 6) and (k, 6, 6)."""
        found = []
        for name in self._reporters:
            words = [each for (who, _), each in self._strays.items() if who == name]
            seconds = np.array([(now_ns - time_ns) / NS_PER_S for time_ns, _, _ in words])
            mean = np.array([each for _, each, _ in words]).reshape(-1, 6)
            covariance = np.array([each for _, _, each in words]).reshape(-1, 6, 6)
            found.append(predict(mean, covariance, seconds) if words else (mean, covariance))
        return found

    def _join_beside(
        self, mean: F64, covariance: F64, there: Mask, number: I64, now_ns: int
    ) -> None:
        """Take words that stand beside an object, look after look, for words on it.

        Who displaces everything from the first word on has tracks of its own, beside those of
        others: which of its tracks is which object is no question where there is one of each.
        """
        pairs = _beside(mean, there)
        at = [(self._reporters[row], *number[[own, other]].tolist()) for row, own, other in pairs]
        self._beside_ns = {key: self._beside_ns.get(key, now_ns) for key in at}
        for key, (row, own, other) in zip(at, pairs, strict=True):
            if now_ns - self._beside_ns[key] >= LOOKED_AT_NS:
                mean[row, other], covariance[row, other] = mean[row, own], covariance[row, own]
                there[row, other], there[row, own] = True, False

    def _missed(self, number: I64, now_ns: int) -> I64:
        """Count the words of each reporter on each track that have failed to come, (C, N)."""
        place = {each: column for column, each in enumerate(number.tolist())}
        missed = np.zeros((len(self._reporters), len(number)), dtype=np.int64)
        for (track, name), said_ns in self._system.said_ns(now_ns).items():
            if track in place and name in self._reporters:
                at = self._reporters.index(name), place[track]
                missed[at] = self._rhythm.missed(name, said_ns, now_ns)
        return missed

    def _arrives(self, missed: I64, expected: F64) -> F64:
        """Probability that the next word of each reporter on each track would arrive, (C, N).

        What has failed to come on others speaks for a link that loses; so do words before the last
        on the same.
        """
        counted = np.where(np.isnan(expected), 0, missed)
        before = counted.sum(axis=1, keepdims=True) - np.minimum(counted, 1)
        return np.array(
            [
                [self._rhythm.arrives(name, count) for count in row]
                for name, row in zip(self._reporters, before.tolist(), strict=True)
            ]
        ).reshape(missed.shape)

    def _changed(
        self,
        picture: Picture,
        said: Sequence[Message],
        system_track: I64,
        ended: I64,
        now_ns: int,
    ) -> Estimates:
        """Rows of system tracks that have news, and of those that are no more."""
        fresh = set()
        for message, number in zip(said, system_track.tolist(), strict=True):
            if number >= 0:
                fresh.add(number)
                self._note_looks(message, number, now_ns)
        shown = sorted(fresh.intersection(picture.estimates.track.tolist()))
        now = self._system.last_heard(shown, now_ns)
        gone = [self._last.pop(number) for number in ended.tolist() if number in self._last]
        for row, number in enumerate(now.track.tolist()):
            self._last[number] = now, row
        if not gone:
            return now
        last = joined([estimates.take([row]) for estimates, row in gone])
        ends = replace(
            last,
            known_ns=np.full(len(last), now_ns),
            status=np.full(len(last), Status.ENDED, dtype=np.int8),
        )
        return joined([ends, now])

    def _carry(self, gone: int, number: int, now_ns: int) -> None:
        """Let looks at an object that went under two numbers count under the one that stays."""
        since_ns = now_ns - round(RECENT_S * NS_PER_S)
        recent = {s.name: s.look_count for s in self._book.sources(gone, now_ns, since_ns=since_ns)}
        for source in self._book.sources(gone, now_ns):
            sensor = self._place[NationId(source.nation), SensorId(source.name)]
            lately = recent.get(source.name, 0)
            for count, at_ns in ((source.look_count - lately, since_ns), (lately, now_ns)):
                if count > 0:
                    self._book.hear(number, sensor, at_ns, count=count)
        for key in [key for key in self._looks if key[0] == gone]:
            kept = number, *key[1:]
            self._looks[kept] = max(self._looks.pop(key), self._looks.get(kept, 0))

    def _note_looks(self, message: Message, number: int, now_ns: int) -> None:
        """Write down how many looks of which own sensor a contributor's track has taken since.

        A nation speaks for its own sensors: who names another's would confirm its own word by it.
        """
        body = message.body
        if not isinstance(body, TrackReport) or body.pedigree is None:
            return
        if message.originator in self._excluded:
            return
        for span in body.pedigree:
            sensor = self._place.get((span.originator, span.sensor))
            if sensor is None or span.originator != message.originator:
                continue
            key = number, message.originator, sensor
            before = self._looks.get(key, 0)
            if span.look_count > before:
                self._looks[key] = span.look_count
                self._book.hear(number, sensor, now_ns, count=span.look_count - before)


def _beside(mean: F64, there: Mask) -> list[tuple[int, int, int]]:
    """Find tracks of one contributor alone, each beside one of at least two others that it lacks.

    Nothing else may be near either of them, so that no two objects are taken for one.

    Parameters
    ----------
    mean, there
        Shapes (C, N, 6) and (C, N).

    Returns
    -------
    list of tuple
        Rows of the contributors, columns of their own tracks and of those of the others.
    """
    count = there.sum(axis=0)
    spoken = np.flatnonzero(count)
    place = mean[there.argmax(axis=0)[spoken], spoken, :3]
    is_near = np.linalg.norm(place[:, None] - place[None], axis=-1) < NEAR_M
    found = []
    for one in np.flatnonzero((is_near.sum(axis=1) == 2) & (count[spoken] == 1)).tolist():
        own, row = int(spoken[one]), int(there[:, spoken[one]].argmax())
        [other] = (k for k in np.flatnonzero(is_near[one]).tolist() if k != one)
        column = int(spoken[other])
        if is_near[other].sum() == 2 and count[column] >= OTHERS_MIN and not there[row, column]:
            found.append((row, own, column))
    return found


def _says_something_near(
    mean: F64, covariance: F64, there: Mask, beside: Sequence[tuple[F64, F64]]
) -> Mask:
    """Say which contributors have another track where an object is, of which they report none.

    Which of its tracks is which object is then the question, and not whether it is honest.

    Parameters
    ----------
    mean, covariance, there
        Shapes (C, N, 6), (C, N, 6, 6) and (C, N).
    beside
        Of each contributor, words that are in none of the N, shapes (k, 6) and (k, 6, 6).
    """
    near = np.zeros(there.shape, dtype=np.bool_)
    for row in range(len(there)):
        own = np.concatenate([mean[row, there[row]], beside[row][0]])[:, :3]
        if not len(own):
            continue
        spread = np.concatenate([covariance[row, there[row]], beside[row][1]])[:, :3, :3]
        for column in np.flatnonzero(~there[row]).tolist():
            # Whoever's word it is: one of them may be false.
            for other in np.flatnonzero(there[:, column]).tolist():
                gap = own - mean[other, column, :3]
                total = spread + covariance[other, column, :3, :3]
                distance = np.einsum(
                    "ni,ni->n", gap, np.linalg.solve(total, gap[..., None])[..., 0]
                )
                is_close = np.linalg.norm(gap, axis=1) < NEAR_M
                near[row, column] |= bool((is_close | (distance < NEAR_SQUARED)).any())
    return near


def _contributors(picture: Picture) -> dict[int, tuple[NationId, ...]]:
    shown = picture.estimates.track.tolist()
    return {
        number: tuple(sorted(names))
        for number, names in zip(shown, picture.contributors, strict=True)
    }


def _nothing(excluded: frozenset[NationId]) -> JointStep:
    return JointStep(
        estimates=empty_estimates(),
        statements=(),
        contributors={},
        ended=(),
        excluded=excluded,
        findings=(),
        outcome={},
        words={},
        merged={},
        doubt="",
        silent={},
    )
