"""A watch floor for tests, and what it is told: launches, reports, statements of tracks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from commonwatch.centre.alert import AlertEvent
from commonwatch.centre.configuration import CentreConfiguration, Partner
from commonwatch.centre.events import PersonDecided
from commonwatch.centre.floor import Floor
from commonwatch.centre.launch_reports import Body
from commonwatch.fusion.contributor import Finding
from commonwatch.identity import NationId
from commonwatch.sharing.messages import AlertReport, Area, LaunchReport
from commonwatch.sharing.policy import read_policy
from commonwatch.warning.coasting import Motor
from commonwatch.warning.ellipse import Ellipse
from commonwatch.warning.notice import Notice, Seen
from commonwatch.warning.rounds import Supported
from commonwatch.warning.source import Source, support
from commonwatch.warning.statement import End, Statement
from tests.warning.build import POWERED, START_NS, sensor

SECOND_NS = 1_000_000_000
A, B, C, JOINT = (NationId(name) for name in ("a", "b", "c", "joint"))
POLICY = read_policy('format = 1\ntitle = "Nothing"\n', name="nothing", nations=None, sensors=None)


def never(message: bytes, signature: bytes) -> bool:
    """No signature is anybody's."""
    return False


def floor_of(nation: NationId) -> Floor:
    """The floor of one of three nations, or of the joint centre."""
    return Floor(
        CentreConfiguration(
            nation=nation,
            title=nation,
            sensors=(),
            partners=tuple(
                Partner(nation=each, title=each, verify=never, is_joint=each == JOINT)
                for each in (A, B, C, JOINT)
                if each != nation
            ),
            policy=POLICY,
            warning=POWERED,
            is_joint=nation == JOINT,
        )
    )


def report(
    event: int = 0,
    *,
    time_s: float = 0.0,
    latitude_deg: float = 35.0,
    longitude_deg: float = 53.0,
    azimuth_deg: float | None = 300.0,
    long_half_axis_m: int = 60_000,
    time_std_s: float = 8.0,
) -> LaunchReport:
    """A launch report, without an impact."""
    return LaunchReport(
        event=event,
        launch_time_ns=START_NS + round(time_s * SECOND_NS),
        launch_time_std_s=time_std_s,
        range_class="MRBM",
        launch_area=Area(
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
            long_half_axis_m=long_half_axis_m,
            short_half_axis_m=20_000,
            orientation_deg=120.0,
        ),
        azimuth_deg=azimuth_deg,
        azimuth_std_deg=None if azimuth_deg is None else 3.0,
    )


def alert_report(
    contributors: Sequence[NationId], *, event: int = 0, status: str = "unconfirmed"
) -> AlertReport:
    """A joint centre's alert on the launch of ``report``."""
    return AlertReport(
        event=event,
        status=status,  # type: ignore[arg-type]
        launch=report(event),
        assessment="ballistic",
        ballistic_probability=0.9,
        contributors=tuple(contributors),
        evidence="as the joint centre says",
    )


def statement(
    sources: Sequence[Source],
    *,
    track: int = 1,
    probability: float = 0.9,
    time_s: float = 120.0,
    launch: LaunchReport | None = None,
    recent: Sequence[Source] | None = None,
) -> Statement:
    """What is said of a track that was launched as a report says."""
    stated = launch or report()
    area, nothing = stated.launch_area, math.nan
    found, reason = support(sources)
    seen_lately = tuple(sources if recent is None else recent)
    known_ns = START_NS + round(time_s * SECOND_NS)
    end = End(
        time_ns=stated.launch_time_ns,
        time_std_s=stated.launch_time_std_s,
        area=Ellipse(
            latitude_rad=math.radians(area.latitude_deg),
            longitude_rad=math.radians(area.longitude_deg),
            long_half_axis_m=area.long_half_axis_m,
            short_half_axis_m=area.short_half_axis_m,
            orientation_rad=math.radians(area.orientation_deg),
        ),
        azimuth_rad=math.radians(stated.azimuth_deg or 0.0),
        azimuth_std_rad=math.radians(stated.azimuth_std_deg or 3.0),
    )
    return Statement(
        track=track,
        time_ns=known_ns,
        known_ns=known_ns,
        is_last_sight=False,
        answer_probability=(probability, 1.0 - probability, 0.0, 0.0, 0.0, 0.0),
        motor=Motor.COASTS,
        range_class="MRBM",
        launch=end,
        impact=replace(end, time_ns=end.time_ns + 700 * SECOND_NS, azimuth_rad=nothing),
        supported=Supported(
            sources=tuple(sources),
            recent=seen_lately,
            support=found,
            reason=reason,
            recent_support=support(seen_lately)[0],
        ),
        seen=Seen(
            now_ns=known_ns,
            launch_ns=end.time_ns,
            launch_std_s=end.time_std_s,
            latitude_rad=end.area.latitude_rad,
            longitude_rad=end.area.longitude_rad,
            half_axis_m=end.area.long_half_axis_m,
            azimuth_rad=end.azimuth_rad,
            azimuth_std_rad=end.azimuth_std_rad,
            below_latitude_rad=end.area.latitude_rad,
            below_longitude_rad=end.area.longitude_rad,
            position_std_m=100.0,
        ),
        evidence="free flight",
    )


def radar(nation: NationId, *, looks: int = 9, name: str = "") -> Source:
    """A radar of a nation, with looks."""
    return sensor(name or f"{nation} radar", nation=nation, looks=looks)


def infrared(nation: NationId, *, looks: int = 9, name: str = "") -> Source:
    """A satellite of a nation, with looks."""
    return sensor(name or f"{nation} satellite", nation=nation, kind="infrared", looks=looks)


@dataclass(frozen=True)
class Fused:
    """What comes of tracks in one step; of a nation's own only the first two count."""

    statements: tuple[Statement, ...]
    ended: tuple[int, ...]
    contributors: dict[int, tuple[NationId, ...]]
    excluded: frozenset[NationId]
    findings: tuple[Finding, ...]
    merged: dict[int, int]
    silent: dict[int, tuple[NationId, ...]]


@dataclass(eq=False)
class Stage:
    """A floor and all that it has shown, a tick a call."""

    nation: NationId
    now_ns: int = START_NS + 120 * SECOND_NS
    floor: Floor = field(init=False)
    shown: list[AlertEvent] = field(default_factory=list)
    _named: frozenset[NationId] = frozenset()

    def __post_init__(self) -> None:
        self.floor = floor_of(self.nation)

    def step(
        self,
        *,
        said: Sequence[Statement] = (),
        reports: Sequence[tuple[NationId, Body]] = (),
        notices: Sequence[Notice] = (),
        decisions: Sequence[PersonDecided] = (),
        named: frozenset[NationId] = frozenset(),
        suspected: frozenset[NationId] = frozenset(),
        ended: tuple[int, ...] = (),
        contributors: dict[int, tuple[NationId, ...]] | None = None,
        merged: dict[int, int] | None = None,
        silent: dict[int, tuple[NationId, ...]] | None = None,
    ) -> list[AlertEvent]:
        """One tick; ``named`` and ``suspected`` are who is so at present."""
        fused = Fused(
            statements=tuple(said),
            ended=ended,
            contributors=contributors or {},
            excluded=named | suspected,
            findings=tuple(
                Finding(accused=name, time_ns=self.now_ns, kind="shift", evidence="")
                for name in sorted(named - self._named)
            ),
            merged=merged or {},
            silent=silent or {},
        )
        self._named = named
        is_joint = self.nation == JOINT
        events = self.floor.step(
            own=None if is_joint else fused,
            joint=fused if is_joint else None,
            reports=reports,
            notices=notices,
            decisions=decisions,
            now_ns=self.now_ns,
        )
        self.now_ns += SECOND_NS
        self.shown += events
        return list(events)

    @property
    def status(self) -> dict[int, str]:
        """The status of each alert as shown last."""
        return {event.alert: event.status for event in self.shown}
