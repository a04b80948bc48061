"""Alerts of a watch floor: what is kept of each, and what is shown when something happens to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from commonwatch.centre.launch_reports import Key, Reports, Track
from commonwatch.centre.launches import Launch, together
from commonwatch.centre.same_launch import Strand, between, most_looks, parted
from commonwatch.fusion.contributor import Finding
from commonwatch.identity import NationId
from commonwatch.sharing.messages import AlertReport, Area, LaunchReport
from commonwatch.units import NS_PER_S, radians_from_degrees
from commonwatch.warning.alert import ANY_CONFIRMED, TRANSITIONS, Life, Status, Transition
from commonwatch.warning.assessment import ANSWERS
from commonwatch.warning.notice import MATCH_WORDS, Matched, Seen
from commonwatch.warning.rounds import RECENT_S, Supported
from commonwatch.warning.source import Source, Support, support
from commonwatch.warning.statement import Statement
from commonwatch.warning.watch import Standing

SUPPORTS: Final = tuple(Support)
STANDS: Final = (Status.UNCONFIRMED, Status.SINGLE_KIND, Status.CONFIRMED)
"""In the order of ``SUPPORTS``."""
CONFIRMED: Final = ANY_CONFIRMED
CONFIRMING: Final = (Transition.SINGLE_KIND, Transition.CONFIRMED)
"""In the order of ``CONFIRMED``."""
OWN: Final = "own"
LAUNCH_REPORTS: Final = "launch reports"


class Judged(Protocol):
    """What a floor takes of a step of own sensors."""

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What is said of tracks that were due."""

    @property
    def ended(self) -> tuple[int, ...]:
        """Tracks that ended."""


class Fused(Judged, Protocol):
    """What a floor takes of a step of fused tracks."""

    @property
    def contributors(self) -> Mapping[int, tuple[NationId, ...]]:
        """Who has a word in each track."""

    @property
    def excluded(self) -> frozenset[NationId]:
        """Who is under suspicion at present, or named."""

    @property
    def merged(self) -> Mapping[int, int]:
        """Of tracks that are no more, the number that the object goes on under."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Who was named now."""

    @property
    def silent(self) -> Mapping[int, tuple[NationId, ...]]:
        """Of tracks that one alone reports, who else could see them and says nothing of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """An event in the life of an alert, as the watch floor sees it.

    What is said of places and times is rounded as messages are, so that what is shown, decided
    and sent is one and the same.

    Parameters
    ----------
    alert, track
        Numbers; the track is -1 where there is none.
    time_ns, known_ns
        Time of what it was judged from, and the tick at which the floor knew.
    transition, status
        As ``warning.alert`` names them.
    origin
        "own": tracks of this centre; "launch reports": others' reports alone; or a joint centre's
        word, as in "joint alert report".
    assessment, ballistic_probability
        The likeliest answer, and the probability of a ballistic missile; "unknown" and None where
        nobody has said.
    motor, range_class
        In words; the class is empty where there is none.
    launch_time_ns, launch_time_std_s, launch_area, azimuth_deg, azimuth_std_deg
        Launch; None where not known.
    impact_time_ns, impact_time_std_s, impact_area
        Impact in vacuum; None where not known, and while the motor burns.
    reason, evidence
        Why this happened, and what is behind it, in words.
    contributors
        Nations whose news the alert has rested on, sorted.
    sources
        Names of the sensors and reports behind it.
    notice, notice_match
        The notice that fits, empty for none, and how, in words.
    is_last_sight
        Whether the track has ended.
    """

    alert: int
    track: int
    time_ns: int
    known_ns: int
    transition: str
    status: str
    origin: str
    assessment: str
    ballistic_probability: float | None
    motor: str
    range_class: str
    launch_time_ns: int | None
    launch_time_std_s: float | None
    launch_area: Area | None
    azimuth_deg: float | None
    azimuth_std_deg: float | None
    impact_time_ns: int | None
    impact_time_std_s: float | None
    impact_area: Area | None
    reason: str
    evidence: str
    contributors: tuple[NationId, ...]
    sources: str
    notice: str
    notice_match: str
    is_last_sight: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Alert:
    """What is kept of an alert.

    Parameters
    ----------
    number, origin
        Its number; and its origin, as ``AlertEvent`` has it.
    standing
        Where it stands, and what was stated last.
    strands
        What each of its tracks has shown, the first one first.
    track, said, launch
        The track that speaks for it, what was said of that last, and the launch that this gives.
    reports
        Reports that it rests on at present.
    contributors
        All nations whose news it has rested on, sorted.
    closed_at
        The support that it had when a person cancelled it; -1 where none did.
    has_ended
        Whether its tracks have.
    known_ns
        When anything was last heard of it.
    """

    number: int
    origin: str
    standing: Standing
    strands: dict[Track, Strand] = field(default_factory=dict)
    track: Track | None = None
    said: Statement | None = None
    launch: Launch | None = None
    reports: tuple[Key, ...] = ()
    contributors: tuple[NationId, ...] = ()
    closed_at: int = -1
    has_ended: bool = False
    known_ns: int = 0

    @property
    def status(self) -> Status:
        """Its status."""
        return self.standing.life.status

    @property
    def stands(self) -> bool:
        """Whether it has been raised and not cancelled."""
        return self.status in STANDS

    @property
    def anchor(self) -> Track:
        """Its first track: what reports are given to."""
        return next(iter(self.strands))

    def turn_to_latest(self, named: Collection[NationId] = ()) -> None:
        """Let that track speak which goes on and was looked at last; a liar's only if alone."""
        track, latest = max(
            self.strands.items(),
            key=lambda each: (
                not named or any(source.nation not in named for source in each[1].sources),
                not each[1].has_ended,
                each[1].seen_ns,
                each[0],
            ),
        )
        self.track, self.said, self.launch = track, latest.said, latest.launch
        self.has_ended = all(each.has_ended for each in self.strands.values())

    def take(self, newer: Alert) -> str:
        """Take over the tracks of a newer alert; say so in words."""
        tracks = " and ".join(f"track {track}" for _, track in newer.strands)
        words = f"{tracks} goes on with alert {self.number}: same launch"
        if self.launch is not None and newer.launch is not None:
            words += f" within {between(self.launch, newer.launch)}"
        self.strands |= newer.strands
        self.credit(newer.contributors)
        return words

    def parting(self, track: Track) -> tuple[Track, str] | None:
        """Say which track is of another launch after what one has shown now, and why."""
        mine = self.strands[track]
        for other, its in sorted(self.strands.items()):
            why = parted(mine, its) if other != track else ""
            if why:
                return max((its.first_ns, other), (mine.first_ns, track))[1], why
        return None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Sensors that have looked at any of its tracks."""
        if len(self.strands) == 1:
            return self.strands[self.anchor].sources
        return most_looks(each.sources for each in self.strands.values())

    def supported(self, said: Statement) -> Supported:
        """Say what its tracks rest on together, when a statement has just been made of one."""
        sources = self.sources
        if len(self.strands) == 1 and len(sources) == len(said.supported.sources):
            return said.supported
        oldest_ns = said.time_ns - round(RECENT_S * NS_PER_S)
        recent = most_looks(
            each.said.supported.recent
            for each in self.strands.values()
            if each.seen_ns > oldest_ns or each.said is said
        )
        found, reason = support(sources)
        return Supported(
            sources=sources,
            recent=recent,
            support=found,
            reason=reason,
            recent_support=support(recent)[0],
        )

    def credit(self, names: Collection[NationId]) -> None:
        """Add nations to those whose news it has rested on."""
        if any(name not in self.contributors for name in names):
            self.contributors = tuple(sorted({*self.contributors, *names}))

    def move(self, transition: Transition) -> Transition:
        """Take a step of the table."""
        self.standing.life = Life(status=TRANSITIONS[self.status, transition])
        return transition

    def may_rise(self, found: Support) -> bool:
        """Whether it may be raised: one that a person cancelled needs better support."""
        if self.closed_at >= SUPPORTS.index(found):
            return False
        self.closed_at = -1
        return True


def heir(
    company: tuple[Key, ...], left: Sequence[Alert], reports: Reports, *, is_confirmed: bool
) -> Alert | None:
    """Choose the alert that a company of reports goes on with.

    One report does not go on as confirmed where the other that confirmed it stands elsewhere.

    Parameters
    ----------
    company
        The reports that belong together now.
    left
        Alerts that rest on reports and have found no company yet.
    reports
        All that are held.
    is_confirmed
        Whether the company confirms a launch by itself.

    Returns
    -------
    Alert or None
        One that stands before one that does not, then the one that shares most reports, then the
        oldest; None: a new alert is raised.
    """
    best: tuple[tuple[bool, int, int], Alert] | None = None
    for alert in left:
        shared = len(set(alert.reports) & set(company))
        gone = [key for key in alert.reports if key not in company]
        has_moved = any(reports.is_believed(key) for key in gone)
        if not shared or (alert.status is Status.CONFIRMED and has_moved and not is_confirmed):
            continue
        rank = (not alert.stands, -shared, alert.number)
        if best is None or rank < best[0]:
            best = rank, alert
    return None if best is None else best[1]


def stated(alert: Alert, reports: Reports, *, is_joint: bool) -> Launch | None:
    """Return the launch that an alert states.

    Parameters
    ----------
    alert
        On a track, on reports, or on both.
    reports
        All that are held; those of the alert among them.
    is_joint
        Whether this is a joint centre: there a report that confirms a track makes its launch better
        known; a nation states what its own sensors say.

    Returns
    -------
    Launch or None
        None where a track states none.
    """
    held = reports.held
    others = [
        held[key].launch
        for key in alert.reports
        if alert.track is None or (is_joint and reports.confirms(key))
    ]
    if alert.track is None:
        return together(others)
    if alert.launch is None or not others:
        return alert.launch
    both = together((alert.launch, *others))
    # Where it comes down is for the track alone to say, and not while its motor burns.
    return replace(
        both,
        impact_time_ns=alert.launch.impact_time_ns,
        impact_time_std_s=alert.launch.impact_time_std_s,
        impact_area=alert.launch.impact_area,
    )


def event_of(
    alert: Alert,
    transition: Transition,
    reason: str,
    *,
    launch: Launch | None,
    sources: str,
    stated: LaunchReport | AlertReport | None,
    noticed: Matched,
    now_ns: int,
) -> AlertEvent:
    """Make an event of what has happened to an alert.

    Parameters
    ----------
    alert, transition, reason
        What happened, and why; the alert stands as it does afterwards.
    launch
        What it states of the launch.
    sources
        Who is behind it, in words.
    stated
        The report that it stands on, where no track does.
    noticed
        How notices match.
    now_ns
        The present.
    """
    said = alert.said
    assessment, probability, evidence = "unknown", None, reason
    if said is not None:
        shares, evidence = said.answer_probability, said.evidence
        assessment = ANSWERS[max(range(len(shares)), key=shares.__getitem__)]
        probability = shares[0]
    elif isinstance(stated, AlertReport):
        assessment, evidence = stated.assessment, stated.evidence
        probability = stated.ballistic_probability
    return AlertEvent(
        alert=alert.number,
        track=-1 if alert.track is None else alert.track[1],
        time_ns=now_ns if said is None else said.time_ns,
        known_ns=now_ns,
        transition=str(transition),
        status=str(alert.status),
        origin=alert.origin,
        assessment=assessment,
        ballistic_probability=probability,
        motor="unknown" if said is None else str(said.motor),
        range_class="" if launch is None else launch.range_class,
        launch_time_ns=None if launch is None else launch.time_ns,
        launch_time_std_s=None if launch is None else launch.time_std_s,
        launch_area=None if launch is None else launch.area,
        azimuth_deg=None if launch is None else launch.azimuth_deg,
        azimuth_std_deg=None if launch is None else launch.azimuth_std_deg,
        impact_time_ns=None if launch is None else launch.impact_time_ns,
        impact_time_std_s=None if launch is None else launch.impact_time_std_s,
        impact_area=None if launch is None else launch.impact_area,
        reason=reason,
        evidence=evidence,
        contributors=alert.contributors,
        sources=sources,
        notice=noticed.name,
        notice_match=MATCH_WORDS[noticed.match],
        is_last_sight=alert.has_ended or (said is not None and said.is_last_sight),
    )


def seen_of(launch: Launch | None, now_ns: int) -> Seen:
    """Return a launch that is only reported, as notices are compared with.

    Parameters
    ----------
    launch
        Its area's middle counts as the place of the launch and of the object below; None: nothing
        is known.
    now_ns
        The time of the comparison.

    Returns
    -------
    Seen
        nan for what is not stated; of the time None.
    """
    nothing = float("nan")
    if launch is None:
        here, spread = (nothing, nothing), nothing
    else:
        area = launch.area
        here = (
            radians_from_degrees(area.latitude_deg),
            radians_from_degrees(area.longitude_deg),
        )
        spread = float(area.long_half_axis_m)
    turned = None if launch is None else launch.azimuth_deg
    std = None if launch is None else launch.azimuth_std_deg
    return Seen(
        now_ns=now_ns,
        launch_ns=None if launch is None else launch.time_ns,
        launch_std_s=nothing if launch is None else launch.time_std_s,
        latitude_rad=here[0],
        longitude_rad=here[1],
        half_axis_m=spread,
        azimuth_rad=nothing if turned is None else radians_from_degrees(turned),
        azimuth_std_rad=nothing if std is None else radians_from_degrees(std),
        below_latitude_rad=here[0],
        below_longitude_rad=here[1],
        position_std_m=spread,
    )
