"""A policy in the words of another engine: a translation that shares no line with the first.

Cedar (Amazon, Apache-2.0) denies by default and lets one ``forbid`` outweigh every ``permit``: the
same two principles by other people's code. Each rule becomes a ``permit`` or a ``forbid``; a delay
is a ``forbid`` until it is over. What a request is about stands in its context.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import cedarpy

from commonwatch.sharing.rule import Box, Policy, Rule


@dataclass(frozen=True)
class Answer:
    """What Cedar says: whether it may go, whether it might but for a delay, by which rules."""

    is_allowed: bool
    is_late: bool
    rules: frozenset[str]


def answers(policy: Policy, contexts: Sequence[dict[str, Any]]) -> list[Answer]:
    """Ask Cedar about requests, all at once."""
    lines = list(_lines(policy))
    whole = "\n".join(text for _, text, _ in lines)
    without_delays = "\n".join(text for _, text, is_delay in lines if not is_delay)
    requests = [
        {
            "principal": 'Nation::"somebody"',
            "action": 'Action::"receive"',
            "resource": 'Message::"it"',
            "context": context,
        }
        for context in contexts
    ]
    now = cedarpy.is_authorized_batch(requests, whole, [])
    later = cedarpy.is_authorized_batch(requests, without_delays, [])
    names = [name for name, _, _ in lines]
    found = []
    for one, other in zip(now, later, strict=True):
        assert not one.diagnostics.errors, one.diagnostics.errors
        reasons = {int(reason.removeprefix("policy")) for reason in one.diagnostics.reasons}
        found.append(
            Answer(
                is_allowed=one.allowed,
                is_late=other.allowed and not one.allowed,
                rules=frozenset(names[k] for k in reasons) if one.allowed else frozenset(),
            )
        )
    return found


def _lines(policy: Policy) -> Iterable[tuple[str, str, bool]]:
    """Yield a rule's name, its line of Cedar, and whether that is a delay."""
    yield "", _if("forbid", f"!({_among(policy.nations, 'recipient')})"), False
    yield "", _if("forbid", "context.recipient == context.originator"), False
    if policy.owner != "*":
        yield "", _if("forbid", f"context.originator != {json.dumps(policy.owner)}"), False
    to_all = _among(["acknowledgement", "cancellation"], "kind")
    yield "[to all]", _if("permit", to_all), False
    tests = 'context.kind == "test message" && context.purpose != "actual"'
    yield "[to all]", _if("permit", tests), False
    if policy.own_launches == "withhold" and policy.territory:
        about = ["launch report", "track report", "detection report", "alert report"]
        where = f"(!(context has lat) || ({_inside(policy.territory)}))"
        yield "", _if("forbid", f"{_among(about, 'kind')} && {where}"), False
    for rule in policy.rules:
        if rule.withhold:
            yield rule.name, _if("forbid", _fits(rule, policy)), False
        else:
            yield rule.name, _if("permit", _fits(rule, policy)), False
            wait_ns = int(rule.delay_s * 1_000_000_000)
            late = f"{_fits(rule, policy)} && context.now < context.made + {wait_ns}"
            yield rule.name, _if("forbid", late), True


def _if(effect: str, condition: str) -> str:
    return f"{effect}(principal, action, resource) when {{ {condition} }};"


def _fits(rule: Rule, policy: Policy) -> str:
    is_share = not rule.withhold
    parts = [_among(rule.share or rule.withhold, "kind")]
    for key, names in (("originator", rule.owners), ("recipient", rule.recipients)):
        if "*" not in names:
            meant = [policy.joint if name == "joint" else name for name in names]
            parts.append(_among([*meant, *names], key))
    if rule.purposes:
        parts.append(_among([str(purpose) for purpose in rule.purposes], "purpose"))
    if rule.from_utc is not None:
        parts.append(f"context.now >= {_ns(rule.from_utc)}")
    if rule.until_utc is not None:
        parts.append(f"context.now < {_ns(rule.until_utc)}")
    if rule.sensors:
        listed = json.dumps(list(rule.sensors))
        if is_share:
            parts.append(f"(context has sensors && {listed}.containsAll(context.sensors))")
        else:
            parts.append(f"(!(context has sensors) || {listed}.containsAny(context.sensors))")
    if rule.regions:
        inside = _inside(rule.regions)
        if is_share:
            parts.append(f"(context has lat && ({inside}))")
        else:
            parts.append(f"(!(context has lat) || ({inside}))")
    return " && ".join(parts)


def _among(names: Iterable[str], key: str) -> str:
    return f"{json.dumps(list(names))}.contains(context.{key})"


def _inside(boxes: Iterable[Box]) -> str:
    """Write boxes in whole millionths of a degree: Cedar has no fractions to compare."""
    said = []
    for box in boxes:
        south, north, west, east = (
            round(1e6 * edge)
            for edge in (
                box.latitude_min_deg,
                box.latitude_max_deg,
                box.longitude_min_deg,
                box.longitude_max_deg,
            )
        )
        joined = "&&" if west <= east else "||"
        said.append(
            f"(context.lat >= {south} && context.lat <= {north} && "
            f"(context.lon >= {west} {joined} context.lon <= {east}))"
        )
    return " || ".join(said)


def _ns(instant: datetime) -> int:
    return round(instant.timestamp()) * 1_000_000_000
