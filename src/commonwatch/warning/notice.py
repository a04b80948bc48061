"""Notices of launches given in advance, and how a launch that is seen agrees with them.

The fields are those that agreements ask for: class, window, launch area and planned direction. A
notice explains; it never hides: nothing here changes what is said of the object itself.

======================  =====================================================  =======
figure                  source                                                 mark
======================  =====================================================  =======
fields of ``Notice``    Hague Code of Conduct, 2002, section 4 (class, window, found
                        launch area, planned direction); US-Russian
                        memorandum of 16 December 2000, pre-launch notices
``NOISES``              standard deviations that count as outside              assumed
``BEARING_MIN_M``       nearer than this a bearing from the area says nothing  assumed
======================  =====================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, TypeAlias, get_args

from commonwatch.earth.ellipsoid import geodesic
from commonwatch.errors import InputError
from commonwatch.units import NS_PER_S, degrees_from_radians

VehicleClass: TypeAlias = Literal["ballistic missile", "space launch", "sounding rocket"]
NOISES: Final = 3.0
BEARING_MIN_M: Final = 100_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice of a launch to come.

    Parameters
    ----------
    name, nation
        Its number or name, and who gave it.
    kind
        Class: "ballistic missile", "space launch" or "sounding rocket".
    window_start_ns, window_end_ns
        Between which instants the launch may be.
    latitude_rad, longitude_rad, radius_m
        The launch area: a circle on the ground.
    azimuth_min_rad, azimuth_max_rad
        The corridor, clockwise from the first to the second.
    delivered_ns
        When it reached the watch floor; None where it never did, or nobody knows.

    Raises
    ------
    InputError
        An unknown class, a window or circle that is empty, or no number.
    """

    name: str
    nation: str
    kind: VehicleClass
    window_start_ns: int
    window_end_ns: int
    latitude_rad: float
    longitude_rad: float
    radius_m: float
    azimuth_min_rad: float
    azimuth_max_rad: float
    delivered_ns: int | None

    def __post_init__(self) -> None:
        if self.kind not in get_args(VehicleClass):
            raise InputError(
                f'class "{self.kind}"',
                allowed=", ".join(get_args(VehicleClass)),
                where=f'notice "{self.name}"',
            )
        if self.window_end_ns <= self.window_start_ns:
            raise InputError(
                "the window ends before it begins",
                allowed="an end after the start",
                where=f'notice "{self.name}"',
            )
        numbers = (
            self.latitude_rad, self.longitude_rad, self.radius_m,
            self.azimuth_min_rad, self.azimuth_max_rad,
        )  # fmt: skip
        if not all(map(math.isfinite, numbers)) or self.radius_m <= 0.0:
            raise InputError(
                "the launch area or corridor holds no number or an empty circle",
                allowed="finite numbers, a radius above 0",
                where=f'notice "{self.name}"',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A launch as estimated; nan where not known.

    Parameters
    ----------
    now_ns, launch_ns
        When it is judged, and the estimated lift-off; None where unknown.
    launch_std_s
        One standard deviation of lift-off.
    latitude_rad, longitude_rad, half_axis_m
        Launch point and long half-axis of its 95 % ellipse.
    azimuth_rad, azimuth_std_rad
        Launch azimuth.
    below_latitude_rad, below_longitude_rad, position_std_m
        The place below the object now.
    """

    now_ns: int
    launch_ns: int | None
    launch_std_s: float
    latitude_rad: float
    longitude_rad: float
    half_axis_m: float
    azimuth_rad: float
    azimuth_std_rad: float
    below_latitude_rad: float
    below_longitude_rad: float
    position_std_m: float


class Match(IntEnum):
    """How a notice agrees with a launch, the worse the higher."""

    NONE_GIVEN = 0
    UNMATCHED = 1
    MATCHED = 2
    NOT_DELIVERED = 3
    CONTRADICTING = 4


MATCH_WORDS: Final = (
    "none given", "unmatched", "matched", "noticed, not delivered", "contradicting"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What notices say of a launch: the match, the notice, and why, in words."""

    match: Match
    name: str
    reason: str


NOT_KNOWN: Final = Matched(match=Match.UNMATCHED, name="", reason="no notice fits")
NONE_GIVEN: Final = Matched(match=Match.NONE_GIVEN, name="", reason="")
"""Where nobody was asked for notices, that none fits says nothing of the launch."""


def match(notices: Sequence[Notice], seen: Seen) -> Matched:
    """Compare a launch with all notices; the one that fits best counts.

    Parameters
    ----------
    notices
        Any number.
    seen
        The launch.

    Notes
    -----
    A notice fits whose window holds the lift-off and whose area holds the launch point, each
    within what is not known of them. It then *contradicts* where the launch azimuth, or the bearing
    of the object from the area, lies outside the corridor by more than three standard deviations;
    it is *not delivered* where the watch floor had not got it; else it is *matched*. A launch that
    one notice covers is not contradicted by another that fits it less.
    """
    found = [judged for notice in notices if (judged := _judged(notice, seen)) is not None]
    return min(found, key=lambda each: (each.match, each.name), default=NOT_KNOWN)


def _judged(notice: Notice, seen: Seen) -> Matched | None:
    if seen.launch_ns is None or not math.isfinite(seen.latitude_rad):
        return None
    slack_ns = int(NOISES * seen.launch_std_s * NS_PER_S)
    if not (notice.window_start_ns - slack_ns <= seen.launch_ns <= notice.window_end_ns + slack_ns):
        return None
    away, _ = geodesic(
        notice.latitude_rad, notice.longitude_rad, seen.latitude_rad, seen.longitude_rad
    )
    if float(away) > notice.radius_m + seen.half_axis_m:
        return None
    outside = _outside(notice, seen)
    if outside:
        return Matched(match=Match.CONTRADICTING, name=notice.name, reason=outside)
    fits = f"{notice.kind} announced by {notice.nation}: window, area and corridor fit"
    if notice.delivered_ns is None or notice.delivered_ns > seen.now_ns:
        return Matched(
            match=Match.NOT_DELIVERED,
            name=notice.name,
            reason=f"{fits}, but the notice had not reached the watch floor",
        )
    return Matched(match=Match.MATCHED, name=notice.name, reason=fits)


def _outside(notice: Notice, seen: Seen) -> str:
    """Say by how much the launch leaves the corridor; empty where it does not."""
    over = outside_rad(notice, seen.azimuth_rad)
    if over > NOISES * seen.azimuth_std_rad:
        return (
            f"launch azimuth {degrees_from_radians(seen.azimuth_rad):.1f} deg is "
            f"{degrees_from_radians(over):.1f} deg outside the corridor"
        )
    distance, bearing = (
        float(each)
        for each in geodesic(
            notice.latitude_rad,
            notice.longitude_rad,
            seen.below_latitude_rad,
            seen.below_longitude_rad,
        )
    )
    if distance < BEARING_MIN_M + notice.radius_m:
        return ""
    over = outside_rad(notice, bearing)
    if over > (notice.radius_m + NOISES * seen.position_std_m) / distance:
        return (
            f"now at bearing {degrees_from_radians(bearing):.1f} deg from the announced area, "
            f"{degrees_from_radians(over):.1f} deg outside the corridor"
        )
    return ""


def outside_rad(notice: Notice, azimuth_rad: float) -> float:
    """Return by how much an azimuth lies outside the corridor; 0 inside.

    Parameters
    ----------
    notice
        Its corridor runs clockwise from ``azimuth_min_rad`` to ``azimuth_max_rad``; as far apart as
        a whole turn they leave no azimuth out.
    azimuth_rad
        Clockwise from true north.

    Returns
    -------
    float
        Radians to the nearer edge, not negative.
    """
    turn = 2.0 * math.pi
    width = notice.azimuth_max_rad - notice.azimuth_min_rad
    width = turn if abs(width) >= turn - 1e-9 else width % turn
    since = (azimuth_rad - notice.azimuth_min_rad) % turn
    return 0.0 if since <= width else min(since - width, turn - since)
