"""What a centre is: its sensors, its partners, its policy, its limits. It does not change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from commonwatch.errors import InputError
from commonwatch.fusion import system_tracks
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.keys import Verify
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.policy import Policy
from commonwatch.tracking import settings as tracking_settings
from commonwatch.warning import judgement
from commonwatch.warning.notice import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a centre holds, and how far off a clock may be.

    Parameters
    ----------
    message_bytes
        Of one envelope.
    waiting_count
        Messages that wait to be sent or acknowledged.
    partner_count
        Partners.
    remembered_count
        Numbers of each partner's messages that are remembered, to know a repeated one.
    clock_error_max_s
        How far ahead of this centre's clock a message may be made.
    """

    message_bytes: int = 1 << 20
    waiting_count: int = 20_000
    partner_count: int = 64
    remembered_count: int = 8_192
    clock_error_max_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partner:
    """Another centre, as this one knows it.

    Parameters
    ----------
    nation, title
        Its name, in messages and in words.
    verify
        Says whether a signature is its own, for this centre's purpose.
    is_joint
        Whether it is the joint centre.
    sensors
        Its sensors as the open literature has them; what it says of them itself counts more.
    reports_tracks
        Whether it has agreed to report tracks: only then is silence a denial.
    """

    nation: NationId
    title: str
    verify: Verify
    is_joint: bool = False
    sensors: tuple[Sensor, ...] = ()
    reports_tracks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CentreConfiguration:
    """What a centre is.

    Parameters
    ----------
    nation, title
        Its name, in messages and in words.
    is_joint
        Whether it fuses what others report, and reports alerts back to them.
    sensors
        Those whose detections it tracks: a nation's own; of a joint centre those whose detections
        are released to it. Their ``nation`` is that of the centre that owns them.
    partners
        Those to whom a link leads: whom it may hear, and might speak to.
    policy
        What may leave.
    warning
        What is assumed of everything that flies.
    tracking, fusion
        How it tracks and fuses.
    purpose
        In earnest, an exercise, or a test: everything else is refused.
    notices
        Held from the start, delivered or not.
    report_interval_s
        Between two reports on one track.
    heartbeat_s
        Between two heartbeats.
    descriptions
        What may be said of its own sensors, each as the text of a sensor file.
    read_sensor
        Makes a sensor of such a text, or raises ``InputError``; None: descriptions are not read.
    limits
        How much it holds.
    """

    nation: NationId
    title: str
    sensors: tuple[Sensor, ...]
    partners: tuple[Partner, ...]
    policy: Policy
    warning: judgement.Settings
    is_joint: bool = False
    tracking: tracking_settings.Settings = field(default_factory=tracking_settings.Settings)
    fusion: system_tracks.Settings = field(default_factory=system_tracks.Settings)
    purpose: Purpose = Purpose.ACTUAL
    notices: tuple[Notice, ...] = ()
    report_interval_s: float = 10.0
    heartbeat_s: float = 10.0
    descriptions: Mapping[SensorId, str] = field(default_factory=dict)
    read_sensor: Callable[[str], Sensor] | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        names = [self.nation, *(partner.nation for partner in self.partners)]
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        if twice:
            raise InputError(
                f'"{twice[0]}" stands twice among the partners of "{self.nation}"',
                allowed="each centre once, and not itself",
            )
        if len(self.partners) > self.limits.partner_count:
            raise InputError(
                f"{len(self.partners)} partners", allowed=f"at most {self.limits.partner_count}"
            )

    def partner(self, nation: NationId) -> Partner | None:
        """Return the partner of this name."""
        return next((each for each in self.partners if each.nation == nation), None)
