"""Whether everyone who was told of an event is told when that holds no more, or is over.

What a recipient was told last, as the watch floor showed it then, is compared with what the floor
shows now. Where the one no longer agrees with the other, some later word on the event must be
decided for this recipient in the same step; where it may not leave, a cancellation must. What one
recipient is corrected, all are who had the original.

==================  ==========================================================  =======
figure              source                                                      mark
==================  ==========================================================  =======
``EDGE``            a sphere stands for the ellipsoid here: lengths and         assumed
                    directions are half a per cent off, and as much is in
                    what was rounded
``STDS``            as the centre has it: a time so far off has changed         assumed
==================  ==========================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from commonwatch.centre.floor import AlertEvent
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Area
from commonwatch.units import NS_PER_S
from commonwatch.world.breach import Breach
from commonwatch.world.facts import ON_EVENTS, Facts
from commonwatch.world.history import Shown

EDGE: Final = 1.05
STDS: Final = 3.0
RADIUS_M: Final = 6_371_009.0
"""Mean radius of WGS-84, (2 a + b) / 3 (derived)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """A decision on a word about an event, by own time; ``at_ns``: when it left, true time."""

    time_ns: int
    at_ns: int
    number: int
    recipient: str
    kind: str
    verdict: str
    has_left: bool

    @property
    def is_cancellation(self) -> bool:
        return self.kind == "cancellation" and self.has_left


def withdrawal(facts: Facts) -> Iterator[Breach]:
    """Whoever was told of an event is told in the same step what has changed, and of its end."""
    for centre in facts.history.entries:
        words = _words(facts, centre)
        is_joint = facts.history.configurations[centre].is_joint
        cut_short = _cut_short(facts, centre)
        shown: dict[int, list[Shown]] = {}
        for each in facts.history.shown:
            if each.centre == centre and each.alert.origin in ("own", "launch reports"):
                shown.setdefault(each.alert.alert, []).append(each)
        for event, said in words.items():
            floor = shown.get(event, [])
            for latest in _last_of_each_step(floor):
                if latest.alert.known_ns in cut_short or facts.is_forgotten(centre, latest.time_ns):
                    continue
                for recipient, fault in _untold(latest.alert, said, floor, is_joint=is_joint):
                    yield _breach(centre, latest.time_ns, f"alert {event} {fault}", recipient)
            yield from _not_for_all(centre, event, said)


def _words(facts: Facts, centre: NationId) -> dict[int, list[_Word]]:
    """Return what was decided on each event, without what was forgotten in a crash."""
    words: dict[int, list[_Word]] = {}
    for entry in facts.decisions(centre):
        content = entry.content
        if "event" not in content or content["kind"] not in (*ON_EVENTS, "cancellation"):
            continue
        at_ns = facts.sent_ns.get(entry.digest, entry.time_ns)
        if facts.is_forgotten(centre, at_ns):
            continue
        words.setdefault(content["event"], []).append(
            _Word(
                time_ns=entry.time_ns,
                at_ns=at_ns,
                number=content["number"],
                recipient=content["recipient"],
                kind=content["kind"],
                verdict=content["verdict"],
                has_left="envelope_sha256" in content,
            )
        )
    return words


def _cut_short(facts: Facts, centre: NationId) -> frozenset[int]:
    """Return own times of steps in which a centre crashed and forgot: parts were not done."""
    lives = facts.history.lives[centre]
    return frozenset(life.steps[-1][0] for life in lives[:-1] if life.steps)


def _last_of_each_step(floor: list[Shown]) -> list[Shown]:
    return list({each.alert.known_ns: each for each in floor}.values())


def _untold(
    now: AlertEvent, said: list[_Word], floor: list[Shown], *, is_joint: bool
) -> Iterator[tuple[str, str]]:
    """Yield who was not told what has become of an event, and what."""
    for recipient in sorted({word.recipient for word in said}):
        own = [word for word in said if word.recipient == recipient]
        number = _stands(own, now.known_ns)
        if number is None:
            continue
        fault = "was cancelled"
        if now.status != "cancelled":
            first_ns = min(word.time_ns for word in said if word.number == number)
            told = [each.alert for each in floor if each.alert.known_ns <= first_ns]
            # Without a time and a place of the launch nothing can be said in its place.
            can_say = now.launch_area is not None and now.launch_time_ns is not None
            fault = _holds_no_more(told[-1], now, is_joint=is_joint) if told and can_say else ""
        if fault and not _is_told(own, now, after=number):
            yield recipient, fault


def _stands(own: list[_Word], before_ns: int) -> int | None:
    """Return the latest word that stands with a recipient, or waits where it had one; else None."""
    number, has_it = -1, False
    for word in own:
        if word.time_ns >= before_ns:
            break
        if word.is_cancellation:
            number, has_it = -1, False
        elif word.kind in ON_EVENTS and (word.has_left or word.verdict == "later"):
            number, has_it = max(number, word.number), has_it or word.has_left
    return number if has_it else None


def _is_told(own: list[_Word], now: AlertEvent, *, after: int) -> bool:
    """Whether a later word was decided in the step; one withheld needs a cancellation beside it."""
    later = [w for w in own if w.time_ns == now.known_ns and w.number > after]
    if now.status == "cancelled" or any(word.verdict == "withhold" for word in later):
        return any(word.is_cancellation for word in later)
    return bool(later)


def _not_for_all(centre: NationId, event: int, said: list[_Word]) -> Iterator[Breach]:
    """Yield who was passed over when others were corrected."""
    first = {word.number: word for word in reversed(said) if word.kind == "correction"}
    for number, word in first.items():
        decided = {each.recipient for each in said if each.number >= number}
        for recipient in sorted({each.recipient for each in said} - decided):
            own = [each for each in said if each.recipient == recipient]
            if _stands(own, word.time_ns) is not None:
                words = f"alert {event} was corrected for {word.recipient}"
                yield _breach(centre, word.at_ns, words, recipient)


def _breach(centre: NationId, time_ns: int, words: str, recipient: str) -> Breach:
    return Breach(
        invariant="withdrawal",
        centre=centre,
        time_ns=time_ns,
        words=f"{words}, and {recipient} had been told of it and was not told so",
    )


def _holds_no_more(told: AlertEvent, now: AlertEvent, *, is_joint: bool) -> str:
    """Say what of a word no longer agrees with what the floor shows; nothing where all does."""
    if is_joint and now.status != told.status:
        return f"is {now.status}"
    return next(iter((*_of_the_launch(told, now), *_of_the_impact(told, now), "")))


def _of_the_launch(told: AlertEvent, now: AlertEvent) -> Iterator[str]:
    if told.range_class and now.range_class != told.range_class:
        yield "is of another range class"
    stated, place = told.launch_area, now.launch_area
    if stated is not None and place is not None and is_outside(stated, place):
        yield "was launched outside the area stated"
    if told.launch_time_ns is not None and now.launch_time_ns is not None:
        off_s = abs(now.launch_time_ns - told.launch_time_ns) / NS_PER_S
        if off_s > STDS * max(told.launch_time_std_s or 0.0, 1.0):
            yield f"was launched {off_s:.0f} s from the time stated"


def _of_the_impact(told: AlertEvent, now: AlertEvent) -> Iterator[str]:
    if told.impact_area is None or told.impact_time_ns is None:
        return
    if now.impact_area is None or now.impact_time_ns is None:
        yield "has no impact any more"
    elif is_outside(told.impact_area, now.impact_area):
        yield "comes down outside the area stated"


def is_outside(stated: Area, place: Area) -> bool:
    """Say whether the middle of one area lies outside another, on a sphere.

    Parameters
    ----------
    stated
        A 95 % ellipse.
    place
        Its middle alone counts.

    Returns
    -------
    bool
        With ``EDGE`` to spare for what the sphere leaves out.
    """
    one, two = math.radians(stated.latitude_deg), math.radians(place.latitude_deg)
    turn = math.radians(place.longitude_deg - stated.longitude_deg)
    north = math.cos(one) * math.sin(two) - math.sin(one) * math.cos(two) * math.cos(turn)
    east = math.sin(turn) * math.cos(two)
    up = math.sin(one) * math.sin(two) + math.cos(one) * math.cos(two) * math.cos(turn)
    distance_m = RADIUS_M * math.atan2(math.hypot(north, east), up)
    from_axis = math.atan2(east, north) - math.radians(stated.orientation_deg)
    along_m, across_m = distance_m * math.cos(from_axis), distance_m * math.sin(from_axis)
    long_m, short_m = max(stated.long_half_axis_m, 1), max(stated.short_half_axis_m, 1)
    return math.hypot(along_m / long_m, across_m / short_m) > EDGE
