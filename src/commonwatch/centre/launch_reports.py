"""What others report of launches, and which reports belong to one launch.

A report of a launch belongs to at most one track, and each track has at most one report of each
sender: two reports of one sender are two launches. Reports that no track takes are put together
among themselves where all of them agree. Both are worked out anew from all that is held, the pairs
that fit best first, so the order in which reports arrive changes nothing.

====================  ===================================================  =======
figure                source                                               mark
====================  ===================================================  =======
``REPORTS_MAX``       more launches than any war that is thought of        assumed
====================  ===================================================  =======
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from commonwatch.centre.launches import HOLD_RATIO, Launch, apart, is_same, reported
from commonwatch.identity import NationId
from commonwatch.sharing.messages import AlertReport, Cancellation, Correction, LaunchReport
from commonwatch.warning.source import LOOKS_MIN, Source

Body: TypeAlias = LaunchReport | AlertReport | Correction | Cancellation
Key: TypeAlias = tuple[NationId, int]
"""Sender, and its number of the event."""
Track: TypeAlias = tuple[int, int]
"""Whose picture, and the number of the track there."""
Apart: TypeAlias = tuple[float, float]
"""As ``launches.apart`` has it."""
Pair = TypeVar("Pair")

REPORTS_MAX: Final = 2_000
"""Most reports of one sender that are held at a time."""


@dataclass(slots=True, kw_only=True, eq=False)
class Report:
    """What a sender says of an event at present.

    Parameters
    ----------
    key
        Whose word it is, on which event.
    body
        The latest word.
    launch
        The launch that it states.
    is_cancelled
        Whether the sender has taken it back.
    reason
        Why it was corrected or taken back; empty for a first word.
    heard_ns
        When the latest word was heard.
    contributors
        Nations whose news is in it.
    """

    key: Key
    body: LaunchReport | AlertReport
    launch: Launch
    is_cancelled: bool = False
    reason: str = ""
    heard_ns: int = 0
    contributors: frozenset[NationId] = frozenset()

    @property
    def name(self) -> str:
        """Its name in words."""
        kind = "launch report" if isinstance(self.body, LaunchReport) else "alert report"
        return f"{self.key[0]} {kind}"


@dataclass(slots=True, eq=False)
class Reports:
    """Reports held, and how far apart they are stated.

    Parameters
    ----------
    nation
        Whose floor it is.
    joints
        Joint centres: their alert reports are shown beside, and put together with nothing.
    named, excluded
        Who is named as a liar: what they say is held, and counts for nothing. And who else is under
        suspicion: what they say confirms nothing.
    version
        Changes with all that decides which reports belong together.
    """

    nation: NationId
    joints: tuple[NationId, ...] = ()
    named: tuple[NationId, ...] = ()
    excluded: tuple[NationId, ...] = ()
    held: dict[Key, Report] = field(default_factory=dict)
    refused_count: int = 0
    version: int = 0
    _launches: dict[Track, Launch] = field(default_factory=dict)
    _pairs: dict[tuple[Key, Key], Apart] = field(default_factory=dict)
    _tracked: dict[Track, dict[Key, Apart]] = field(default_factory=dict)

    def hear(self, sender: NationId, body: Body, now_ns: int) -> Report | None:
        """Take a word in.

        Parameters
        ----------
        sender, body
            Whose, and what; each event's words in the order in which they were said.
        now_ns
            The present.

        Returns
        -------
        Report or None
            The report that changed; None where nothing is new.
        """
        key = sender, body.event
        report = self.held.get(key)
        if isinstance(body, Cancellation):
            if report is None or report.is_cancelled:
                return None
            report.is_cancelled, report.reason = True, body.reason
            report.heard_ns = now_ns
            self._compare(report)
            return report
        said = body.corrected if isinstance(body, Correction) else body
        reason = body.reason if isinstance(body, Correction) else ""
        launch = reported(said if isinstance(said, LaunchReport) else said.launch)
        if report is None:
            if sum(other == sender for other, _ in self.held) >= REPORTS_MAX:
                self.refused_count += 1
                return None
            report = self.held[key] = Report(key=key, body=said, launch=launch)
            self.held = dict(sorted(self.held.items()))
        elif report.body == said and not report.is_cancelled:
            return None
        report.body, report.launch, report.reason, report.is_cancelled = said, launch, reason, False
        report.contributors = self._whose(sender, said)
        report.heard_ns = now_ns
        self._compare(report)
        return report

    def _whose(self, sender: NationId, said: LaunchReport | AlertReport) -> frozenset[NationId]:
        """Say whose news a word holds: but for a joint centre, which has none, its sender's too.

        A nation would else confirm its own word by calling it another's.
        """
        if isinstance(said, LaunchReport):
            return frozenset((sender,))
        has_none = sender in self.joints or not said.contributors
        return frozenset(said.contributors) | (frozenset() if has_none else {sender})

    def is_shown_beside(self, report: Report) -> bool:
        """Whether it is a joint centre's alert: an alert of its own, beside this centre's."""
        return report.key[0] in self.joints and isinstance(report.body, AlertReport)

    def is_echo(self, report: Report) -> bool:
        """Whether it says nothing that is not known here: own news alone, which confirms nothing.

        What does not say whose news it holds is none.
        """
        is_unconfirmed = (
            isinstance(report.body, AlertReport) and report.body.status == "unconfirmed"
        )
        return is_unconfirmed and report.contributors == {self.nation}

    def confirms(self, key: Key) -> bool:
        """Whether a report can confirm anything here: it says enough, and whose news it holds.

        What may hold this nation's own news confirms nothing.
        """
        report = self.held[key]
        nations = report.contributors
        known = bool(nations) and nations.isdisjoint((self.nation, *self.excluded))
        return known and key[0] not in self.excluded and report.launch.can_confirm

    def source(self, key: Key, sensors: Iterable[Source]) -> Source:
        """Return a report as a source beside a track's sensors.

        Parameters
        ----------
        key
            The report.
        sensors
            What the track rests on: the news of those that belong to a contributor may be in it.
        """
        report = self.held[key]
        nations = report.contributors
        shared = {each.name for each in sensors if each.nation in nations}
        return Source(
            name=report.name,
            nation=", ".join(sorted(nations)),
            kind="",
            site=report.name,
            look_count=LOOKS_MIN,
            pedigree=frozenset(shared | set(nations)),
        )

    def follow(self, track: Track, launch: Launch | None) -> None:
        """Compare what is said of a track now with all reports; None: it states no launch.

        Parameters
        ----------
        track
            Whose picture, and its number there.
        launch
            What is said of it now; as good as what was said before, nothing is compared anew.
        """
        before = self._launches.get(track)
        if launch is None:
            self._launches.pop(track, None)
        elif before is not None and is_same(before, launch):
            return
        else:
            self._launches[track] = launch
        held = self._tracked.pop(track, {})
        if launch is not None:
            found: dict[Key, Apart] = {}
            for key, report in self.held.items():
                if not report.is_cancelled:
                    _keep(found, key, apart(launch, report.launch), held.get(key))
            if found:
                self._tracked[track] = found
        if held or track in self._tracked:
            self.version += 1

    def _compare(self, report: Report) -> None:
        """Compare a report that has changed with all others, and with tracks."""
        self.version += 1
        for key, other in self.held.items():
            if key[0] == report.key[0]:
                continue
            pair = min(key, report.key), max(key, report.key)
            before = self._pairs.pop(pair, None)
            beside = self.is_shown_beside(report) or self.is_shown_beside(other)
            if not (beside or report.is_cancelled or other.is_cancelled):
                _keep(self._pairs, pair, apart(report.launch, other.launch), before)
        for track, launch in self._launches.items():
            found = self._tracked.setdefault(track, {})
            before = found.pop(report.key, None)
            if not report.is_cancelled:
                _keep(found, report.key, apart(launch, report.launch), before)

    def forget(self, keys: Iterable[Key], tracks: Iterable[Track]) -> None:
        """Leave out what is too old.

        Parameters
        ----------
        keys
            Sender and number of the event of each report that goes; those not held change nothing.
        tracks
            That are compared no more.
        """
        gone = set(keys)
        for track in tracks:
            self._launches.pop(track, None)
            self._tracked.pop(track, None)
        if gone:
            self.held = {key: each for key, each in self.held.items() if key not in gone}
            self._pairs = {p: r for p, r in self._pairs.items() if not gone & set(p)}
            for found in self._tracked.values():
                for key in gone & set(found):
                    del found[key]
        self.version += 1

    def by_track(self, raised: Mapping[Track, bool]) -> dict[Track, tuple[Key, ...]]:
        """Give each report its track, the pairs that fit best first.

        Tracks that go on come before those that ended, and reports that can confirm before those
        that cannot: who says less never takes the place of who says more.

        Parameters
        ----------
        raised
            Tracks that raised an alert, and whether each has ended.
        """
        agreeing = {track: found for track in raised if (found := self._tracked.get(track))}
        says_less = {
            key: not self.confirms(key)
            for key in set().union(*agreeing.values())
            if self.is_believed(key)
        }
        pairs = sorted(
            (raised[track], says_less[key], -density, track, key)
            for track, found in agreeing.items()
            for key, (_, density) in found.items()
            if key in says_less
        )
        taken: set[Key] = set()
        given: dict[Track, dict[NationId, Key]] = {}
        for _, _, _, track, key in pairs:
            mine = given.setdefault(track, {})
            if key not in taken and key[0] not in mine:
                taken.add(key)
                mine[key[0]] = key
        return {track: tuple(sorted(mine.values())) for track, mine in sorted(given.items())}

    def agreeing(self, track: Track) -> tuple[Key, ...]:
        """Return the reports that agree with a track, the best fit first."""
        found = sorted(
            (-density, key)
            for key, (_, density) in self._tracked.get(track, {}).items()
            if self.is_believed(key)
        )
        return tuple(key for _, key in found)

    def among_themselves(self, taken: Iterable[Key]) -> tuple[tuple[Key, ...], ...]:
        """Put together reports that no track has: all of a company agree, one of each sender."""
        gone = set(taken)
        free = [
            key
            for key, report in self.held.items()
            if key not in gone and not self.is_shown_beside(report) and self.is_believed(key)
        ]
        company: dict[Key, tuple[Key, ...]] = {key: (key,) for key in free}
        pairs = sorted(
            (not (self.confirms(pair[0]) and self.confirms(pair[1])), -density, pair)
            for pair, (_, density) in self._pairs.items()
            if pair[0] in company and pair[1] in company
        )
        for _, _, (one, other) in pairs:
            mine, theirs = company.get(one), company.get(other)
            if mine is None or theirs is None or mine is theirs:
                continue
            if all(self._agree(a, b) for a in mine for b in theirs):
                both = tuple(sorted(mine + theirs))
                company |= dict.fromkeys(both, both)
        return tuple(sorted(set(company.values())))

    def _agree(self, one: Key, other: Key) -> bool:
        return one[0] != other[0] and (min(one, other), max(one, other)) in self._pairs

    def sources(self, keys: Iterable[Key], sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """Return reports as sources beside a track's sensors, as far as they confirm anything.

        Parameters
        ----------
        keys
            Of reports that are held.
        sources
            The track's own sensors.

        Returns
        -------
        tuple of Source
            One a report.
        """
        return tuple(
            self.source(key, sources)
            for key in keys
            if self.is_believed(key) and self.confirms(key)
        )

    def believed(self, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """Leave out sources of those under suspicion."""
        excluded = self.excluded
        return tuple(each for each in sources if each.nation not in excluded)

    def changes(
        self,
        before: tuple[Key, ...],
        after: tuple[Key, ...],
        changed: frozenset[Key],
        *,
        has_track: bool,
    ) -> str:
        """Say in words how the reports behind an alert have changed; empty where only lost.

        What a track's alert states is its sensors' word: a report that is corrected changes nothing
        of that. Without this, two centres would go on correcting one another.

        Parameters
        ----------
        before, after
            The reports behind the alert then and now.
        changed
            Reports of which there was a new word.
        has_track
            Whether the alert is a track's.
        """
        held = self.held
        lost = {held[key].name for key in before if key not in after}
        new = [held[key].name for key in after if key not in before]
        if has_track:
            new = [name for name in new if name not in lost]
        parts = [f"now with {' and '.join(new)}"] if new else []
        for key in sorted(set(before) | set(after)):
            report = held[key]
            if key in changed and report.is_cancelled:
                parts.append(f"{report.name} taken back: {report.reason}")
            elif key in changed and key in before and not has_track:
                parts.append(f"{report.name} corrected: {report.reason or 'more is known'}")
        return "; ".join(parts)

    def is_believed(self, key: Key) -> bool:
        """Whether a report stands, and nobody in it is named as a liar."""
        report = self.held[key]
        if report.is_cancelled:
            return False
        return not self.named or not set(self.named) & {key[0], *report.contributors}


def _keep(pairs: dict[Pair, Apart], pair: Pair, found: Apart, before: Apart | None) -> None:
    """Keep a pair that agrees, or that has agreed and is not far enough apart to part."""
    if found[0] < 1.0 or (before is not None and found[0] <= HOLD_RATIO):
        pairs[pair] = found
