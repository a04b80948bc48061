"""When a rule fits a message: its conditions, compiled once, asked often.

What is not known of a message counts against sharing it: a rule that shares does not fit, one that
withholds does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.redaction import Coarsening
from commonwatch.sharing.rule import EVERYONE, JOINT, Box, Policy, Rule
from commonwatch.sharing.subject import Place, Subject
from commonwatch.units import NS_PER_S, ns_from_datetime, utc_text

_ALWAYS: Final = -(2**63)
_NEVER: Final = 2**63


class Conditions(Struct, frozen=True, kw_only=True):
    """A rule for one kind of message, in the units of messages: what is asked, what it asks for."""

    name: str
    withholds: bool
    sensors: frozenset[SensorId]
    regions: tuple[Box, ...]
    purposes: frozenset[Purpose]
    from_ns: int
    until_ns: int
    delay_ns: int
    coarsening: Coarsening


def conditions_of(rule: Rule, kind: str) -> Conditions:
    """Compile a rule for a kind of message that it speaks of.

    Parameters
    ----------
    rule
        In the units of files: kilometres, degrees, seconds.
    kind
        Which it shares or withholds, as ``messages.kind_of`` names it.
    """
    from_ns, until_ns = in_force_ns(rule)
    return Conditions(
        name=rule.name,
        withholds=kind in rule.withhold,
        sensors=frozenset(rule.sensors),
        regions=rule.regions,
        purposes=frozenset(rule.purposes),
        from_ns=from_ns,
        until_ns=until_ns,
        delay_ns=round(rule.delay_s * NS_PER_S),
        coarsening=Coarsening(
            position_step_m=round(rule.position_step_km * 1e3),
            velocity_step_mm_s=round(rule.velocity_step_m_s * 1e3),
            area_step_m=round(rule.area_step_km * 1e3),
            time_step_ns=round(rule.time_step_s * NS_PER_S),
            left_out=frozenset(rule.fields_left_out),
        ),
    )


def in_force_ns(rule: Rule) -> tuple[int, int]:
    """Return from when on a rule is in force, and from when on no longer."""
    return (
        _ALWAYS if rule.from_utc is None else ns_from_datetime(rule.from_utc),
        _NEVER if rule.until_utc is None else ns_from_datetime(rule.until_utc),
    )


def who_fails(
    rule: Rule, kind: str, originator: NationId, recipient: NationId, policy: Policy
) -> str | None:
    """Name what a rule does not speak of: kind, originator or recipient; None where it does.

    Parameters
    ----------
    rule
        Of ``policy``.
    kind
        Of the message, as ``messages.kind_of`` names it.
    originator, recipient
        Who says it, and to whom.
    policy
        Which centre is the joint one.
    """
    if kind not in rule.share and kind not in rule.withhold:
        return f"not about {'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    if not is_named(originator, rule.owners, policy):
        return f"not about messages of {originator}"
    if not is_named(recipient, rule.recipients, policy):
        return f"not about {recipient} as recipient"
    return None


def is_named(nation: NationId, listed: Sequence[NationId], policy: Policy) -> bool:
    """Say whether a list of a policy names a nation: by name, as the joint centre, or as anyone.

    Parameters
    ----------
    nation
        A nation, or the joint centre.
    listed
        Names, ``EVERYONE`` or ``JOINT``.
    policy
        Which centre is the joint one.
    """
    return EVERYONE in listed or nation in listed or (nation == policy.joint and JOINT in listed)


def what_fails(
    conditions: Conditions, purpose: Purpose, subject: Subject, now_ns: int
) -> str | None:
    """Name the first condition that a message does not meet; None where the rule fits.

    Parameters
    ----------
    conditions
        Of the rule, for this kind of message.
    purpose
        What the message is marked as.
    subject
        Places and sensors that it is about. Where they are not known, a rule that shares does not
        fit, and one that withholds does.
    now_ns
        The time of the decision, UTC since 1970.
    """
    if now_ns < conditions.from_ns:
        return f"not in force before {utc_text(conditions.from_ns)}"
    if now_ns >= conditions.until_ns:
        return f"no longer in force since {utc_text(conditions.until_ns)}"
    if conditions.purposes and purpose not in conditions.purposes:
        return f"not about what is marked {purpose}"
    if conditions.sensors and not _fits_sensors(conditions, subject.sensors):
        return "not about these sensors" if subject.sensors else "the sensors are not known"
    if conditions.regions and not _fits_regions(conditions, subject.places):
        return "not about this place" if subject.places else "the place is not known"
    return None


def _fits_sensors(conditions: Conditions, sensors: frozenset[SensorId] | None) -> bool:
    if not sensors:
        return conditions.withholds
    if conditions.withholds:
        return not conditions.sensors.isdisjoint(sensors)
    return sensors <= conditions.sensors


def _fits_regions(conditions: Conditions, places: tuple[Place, ...] | None) -> bool:
    if not places:
        return conditions.withholds
    inside = [any(box.holds(*place) for box in conditions.regions) for place in places]
    return any(inside) if conditions.withholds else all(inside)
