"""Whether a policy let a message go: read slowly, rule by rule, for the check that nothing leaks.

Written apart from ``sharing.policy``, which it judges. What a message does not say itself (the
sensors behind a launch report, where a track began) is not asked: a rule that depends on such
things counts as one that may fit, for sharing and never for withholding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from commonwatch.identity import NationId
from commonwatch.sharing.ledger import Entry
from commonwatch.sharing.messages import (
    Acknowledgement,
    AlertReport,
    Cancellation,
    Correction,
    LaunchReport,
    Message,
    TestMessage,
    TrackReport,
    kind_of,
)
from commonwatch.sharing.rule import Box, Policy, Rule
from commonwatch.units import NS_PER_S, ns_from_datetime

_ON_EVENTS = {"launch report", "alert report", "correction"}


def why_not(
    message: Message,
    recipient: NationId,
    policy: Policy,
    *,
    now_ns: int,
    before: Sequence[Entry],
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
    """
    return next(_faults(message, recipient, policy, now_ns=now_ns, before=before), "")


def _faults(
    message: Message,
    recipient: NationId,
    policy: Policy,
    *,
    now_ns: int,
    before: Sequence[Entry],
) -> Iterator[str]:
    """Yield each reason, the built-in ones first."""
    body = message.body
    if recipient not in policy.nations or recipient == message.originator:
        yield f"{recipient} is nobody that the policy knows"
    if isinstance(body, TestMessage):
        yield "a test message marked actual"
    if isinstance(body, Cancellation) and not _had(recipient, body.event, before):
        yield f"{recipient} never had event {body.event}"
    if isinstance(body, Acknowledgement | Cancellation | TestMessage):
        return
    subject = body.corrected if isinstance(body, Correction) else body
    if _is_own_launch(subject, policy):
        yield "a launch from the own territory"
    kind = kind_of(subject)
    named = [rule for rule in policy.rules if _speaks(rule, message.originator, recipient, policy)]
    fit = [rule for rule in named if _is_in_force(rule, now_ns)]
    for rule in fit:
        if kind in rule.withhold and not _has_conditions(rule):
            yield f'rule "{rule.name}" withholds it'
    shares = [rule for rule in fit if kind in rule.share]
    plain = [rule for rule in shares if not _has_conditions(rule)]
    if not shares:
        yield "no rule in force shares it"
    if all(_waits(rule, message, now_ns) for rule in shares) or any(
        _waits(rule, message, now_ns) for rule in plain
    ):
        yield "its delay was not over"
    for rule in plain:
        yield from _too_exact(subject, rule)
        yield from _too_wordy(body, rule)


def _had(recipient: NationId, event: int, before: Sequence[Entry]) -> bool:
    """Say whether the ledger has let out anything on an event to a recipient, or may have."""
    noted = [each for entry in before if entry.kind == "started" for each in entry.content["told"]]
    return any(number == event and recipient in names for number, names in noted) or any(
        entry.content["kind"] in _ON_EVENTS
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


def _has_conditions(rule: Rule) -> bool:
    return bool(rule.sensors or rule.regions or rule.purposes)


def _is_own_launch(subject: object, policy: Policy) -> bool:
    if policy.own_launches == "share":
        return False
    if isinstance(subject, AlertReport):
        subject = subject.launch
    if not isinstance(subject, LaunchReport):
        return False
    area = subject.launch_area
    return any(_holds(box, area.latitude_deg, area.longitude_deg) for box in policy.territory)


def _holds(box: Box, latitude_deg: float, longitude_deg: float) -> bool:
    if not box.latitude_min_deg <= latitude_deg <= box.latitude_max_deg:
        return False
    width_deg = (box.longitude_max_deg - box.longitude_min_deg) % 360.0
    return (longitude_deg - box.longitude_min_deg) % 360.0 <= width_deg


def _too_exact(subject: object, rule: Rule) -> Iterator[str]:
    """Yield what of a message is more exact than a rule allows."""
    if isinstance(subject, TrackReport):
        step_m, step_mm_s = round(rule.position_step_km * 1e3), round(rule.velocity_step_m_s * 1e3)
        if step_m > 1 and any(value % step_m for value in subject.position_ecef_m):
            yield f"a position more exact than {step_m} m"
        if step_mm_s > 1 and any(value % step_mm_s for value in subject.velocity_ecef_mm_s):
            yield f"a velocity more exact than {step_mm_s} mm/s"
        if "pedigree" in rule.fields_left_out and subject.pedigree is not None:
            yield "a pedigree that is left out"
    launch = subject.launch if isinstance(subject, AlertReport) else subject
    if isinstance(launch, LaunchReport):
        step_ns, step_m = round(rule.time_step_s * NS_PER_S), round(rule.area_step_km * 1e3)
        if step_ns > 1 and launch.launch_time_ns % step_ns:
            yield f"a launch time more exact than {rule.time_step_s:g} s"
        if step_m > 1 and launch.launch_area.long_half_axis_m % step_m:
            yield f"a launch area more exact than {step_m} m"
        if "impact area" in rule.fields_left_out and launch.impact_area is not None:
            yield "an impact area that is left out"
        if "azimuth" in rule.fields_left_out and launch.azimuth_deg is not None:
            yield "an azimuth that is left out"


def _too_wordy(body: object, rule: Rule) -> Iterator[str]:
    """Yield words that may say what of a launch is rounded or left out."""
    hidden = {"impact area", "azimuth"} & set(rule.fields_left_out)
    if not (rule.area_step_km or rule.time_step_s or hidden):
        return
    if isinstance(body, Correction):
        if body.reason != "corrected":
            yield "a reason in words that may tell what is rounded or left out"
        body = body.corrected
    if isinstance(body, AlertReport) and body.evidence:
        yield "evidence in words that may tell what is rounded or left out"
