"""Whether a policy let a message go: read slowly, rule by rule, for the check that nothing leaks.

Written apart from ``sharing.policy``, which it judges. Whether a rule fits is answered by *yes*,
*no*, or *perhaps* (None): a message does not always say what its sender knew, and one that was made
coarser lies up to a step from the place that was judged. A rule that withholds is broken where it
surely fits; one that shares counts wherever it may.

====================  ========================================================  =======
figure                source                                                    mark
====================  ========================================================  =======
``DEGREE_M``          a degree of latitude at the equator, WGS-84: the step of  derived
                      a grid in degrees is no less than was asked for anywhere
====================  ========================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from commonwatch.identity import NationId
from commonwatch.sharing.ledger import Entry
from commonwatch.sharing.messages import (
    Acknowledgement,
    AlertReport,
    Body,
    Cancellation,
    Correction,
    DetectionReport,
    LaunchReport,
    Message,
    PreLaunchNotice,
    SensorDescription,
    SensorStatus,
    TestMessage,
    TrackReport,
    kind_of,
)
from commonwatch.sharing.rule import Box, Policy, Rule
from commonwatch.units import NS_PER_S, ns_from_datetime
from commonwatch.world.beside import BELOW_DEG, NOTHING, Beside, Spot, below
from commonwatch.world.exactness import too_exact

ON_EVENTS: Final = {"launch report", "alert report", "correction"}
DEGREE_M: Final = 110_574.0
Launched = LaunchReport | AlertReport | TrackReport | DetectionReport


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is known here of what a message is about.

    ``knows_places`` and ``knows_sensors``: whether its sender surely knew no more than these.
    """

    places: tuple[Spot, ...]
    knows_places: bool
    sensors: frozenset[str]
    knows_sensors: bool


def why_not(
    message: Message,
    recipient: NationId,
    policy: Policy,
    *,
    now_ns: int,
    before: Sequence[Entry],
    beside: Beside = NOTHING,
) -> str:
    """Say why a message must not have gone to a recipient; nothing where it might.

    Parameters
    ----------
    message
        As it went.
    recipient
        To whom.
    policy
        The sender's.
    now_ns
        When it went, by the sender's clock.
    before
        The sender's ledger up to then.
    beside
        What the sender knew of the subject beside the message.
    """
    body = message.body
    if recipient not in policy.nations or recipient == message.originator:
        return f"{recipient} is nobody that the policy knows"
    if policy.owner not in ("*", message.originator):
        return f"a message of {message.originator} under the policy of {policy.owner}"
    if isinstance(body, TestMessage) and message.purpose == "actual":
        return "a test message marked actual"
    if isinstance(body, Cancellation) and not _had(recipient, body.event, before):
        return f"{recipient} never had event {body.event}"
    if isinstance(body, Acknowledgement | Cancellation | TestMessage):
        return ""
    return next(_faults(message, recipient, policy, now_ns=now_ns, beside=beside), "")


def _faults(
    message: Message, recipient: NationId, policy: Policy, *, now_ns: int, beside: Beside
) -> Iterator[str]:
    """Yield each reason that the policy's own words give."""
    subject = message.body.corrected if isinstance(message.body, Correction) else message.body
    kind = kind_of(subject)
    named = [
        rule
        for rule in policy.rules
        if kind in (*rule.share, *rule.withhold)
        and _is_in_force(rule, now_ns)
        and _speaks(rule, message.originator, recipient, policy)
        and (not rule.purposes or message.purpose in rule.purposes)
    ]
    known = _subject(subject, beside, [rule for rule in named if kind in rule.share])
    is_at_home = any(_lies_in(spot, box) for box in policy.territory for spot in known.places)
    if is_at_home and isinstance(subject, Launched) and policy.own_launches != "share":
        yield "a launch from the own territory"
    for rule in named:
        if kind in rule.withhold and _fits(rule, known, is_share=False):
            yield f'rule "{rule.name}" withholds it'
    shares = [
        rule
        for rule in named
        if kind in rule.share and _fits(rule, known, is_share=True) is not False
    ]
    sure = [rule for rule in shares if _fits(rule, known, is_share=True)]
    if not shares:
        yield "no rule in force shares it"
    if all(_waits(rule, message, now_ns) for rule in shares) or any(
        _waits(rule, message, now_ns) for rule in sure
    ):
        yield "its delay was not over"
    yield from too_exact(message, sure, [rule for rule in shares if rule not in sure])


def _had(recipient: NationId, event: int, before: Sequence[Entry]) -> bool:
    """Say whether the ledger has let out anything on an event to a recipient, or may have."""
    noted = [each for entry in before if entry.kind == "started" for each in entry.content["told"]]
    return any(number == event and recipient in names for number, names in noted) or any(
        entry.content["kind"] in ON_EVENTS
        and entry.content.get("event") == event
        and entry.content["recipient"] == recipient
        and "envelope_sha256" in entry.content
        for entry in before
        if entry.kind == "decision"
    )


def _waits(rule: Rule, message: Message, now_ns: int) -> bool:
    return now_ns < message.made_ns + rule.delay_s * NS_PER_S


def _speaks(rule: Rule, originator: NationId, recipient: NationId, policy: Policy) -> bool:
    owners, recipients = set(rule.owners), set(rule.recipients)
    if recipient == policy.joint and "joint" in recipients:
        recipients.add(recipient)
    if originator == policy.joint and "joint" in owners:
        owners.add(originator)
    return bool(owners & {originator, "*"}) and bool(recipients & {recipient, "*"})


def _is_in_force(rule: Rule, now_ns: int) -> bool:
    begun = rule.from_utc is None or ns_from_datetime(rule.from_utc) <= now_ns
    over = rule.until_utc is not None and ns_from_datetime(rule.until_utc) <= now_ns
    return begun and not over


def _fits(rule: Rule, known: _Subject, *, is_share: bool) -> bool | None:
    """Say whether a rule fits: what is not known of a subject is withheld, and not shared."""
    answers: list[bool | None] = []
    if rule.sensors:
        answers.append(_of_sensors(set(rule.sensors), known, is_share=is_share))
    if rule.regions:
        answers.append(_of_places(rule.regions, known, is_share=is_share))
    return False if False in answers else None if None in answers else True


def _of_sensors(named: set[str], known: _Subject, *, is_share: bool) -> bool | None:
    if not known.sensors:
        return (not is_share) if known.knows_sensors else None
    if is_share:
        is_within = known.sensors <= named
        return is_within if known.knows_sensors or not is_within else None
    has_some = bool(known.sensors & named)
    return has_some if known.knows_sensors or has_some else None


def _of_places(regions: Sequence[Box], known: _Subject, *, is_share: bool) -> bool | None:
    if not known.places:
        return (not is_share) if known.knows_places else None
    within = []
    for spot in known.places:
        answers = [_lies_in(spot, box) for box in regions]
        within.append(True if True in answers else None if None in answers else False)
    decisive = not is_share
    if decisive in within:
        return decisive
    return None if None in within or not known.knows_places else not decisive


def _lies_in(spot: Spot, box: Box) -> bool | None:
    """Say whether a place lies in a box, its edges included."""
    low, high = box.latitude_min_deg, box.latitude_max_deg
    width_deg = box.longitude_max_deg - box.longitude_min_deg
    width_deg += 360.0 if width_deg < 0.0 else 0.0
    past_deg = (spot.longitude_deg - box.longitude_min_deg) % 360.0
    has_all_round = width_deg >= 360.0
    north, east = spot.north_deg, spot.east_deg
    is_out = spot.latitude_deg < low - north or spot.latitude_deg > high + north
    is_aside = not has_all_round and width_deg + east < past_deg < 360.0 - east
    if is_out or is_aside:
        return False
    is_between = (low <= -90.0 or spot.latitude_deg >= low + north) and (
        high >= 90.0 or spot.latitude_deg <= high - north
    )
    is_along = has_all_round or east <= past_deg <= width_deg - east
    return True if is_between and is_along else None


def _subject(subject: Body, beside: Beside, shares: Sequence[Rule]) -> _Subject:
    """Join what a message says with what its sender knew beside it."""
    spots = list(beside.places)
    sensors: set[str] = set(beside.sensors)
    launch = subject.launch if isinstance(subject, AlertReport) else subject
    if isinstance(launch, LaunchReport):
        area, step_km = launch.launch_area, max((rule.area_step_km for rule in shares), default=0.0)
        spots.append(_rounded(area.latitude_deg, area.longitude_deg, step_km, 0.0))
    elif isinstance(subject, TrackReport):
        step_km = max((rule.position_step_km for rule in shares), default=0.0)
        spots.append(_rounded(*below(subject.position_ecef_m), step_km, BELOW_DEG))
        sensors |= {str(span.sensor) for span in subject.pedigree or ()}
    elif isinstance(subject, PreLaunchNotice):
        spots.append(Spot(subject.latitude_deg, subject.longitude_deg))
    elif isinstance(subject, DetectionReport):
        sensors |= {str(plot.sensor) for plot in subject.plots}
    elif isinstance(subject, SensorDescription | SensorStatus):
        sensors.add(str(subject.sensor))
    is_of_launches = isinstance(launch, Launched)
    return _Subject(
        places=tuple(spots),
        # Where a track began is shown on the floor now and then only; a plot may have no place.
        knows_places=not isinstance(subject, TrackReport | DetectionReport),
        sensors=frozenset(sensors),
        # Of a track whose pedigree does not go, and of launches, the sender may have known some.
        knows_sensors=bool(sensors) or not is_of_launches,
    )


def _rounded(latitude_deg: float, longitude_deg: float, step_km: float, least_deg: float) -> Spot:
    step_deg = step_km * 1e3 / DEGREE_M
    widening = max(math.cos(math.radians(min(abs(latitude_deg) + step_deg, 90.0))), 1e-9)
    return Spot(
        latitude_deg,
        longitude_deg,
        max(step_deg, least_deg),
        max(min(step_deg / widening, 360.0), least_deg),
    )
