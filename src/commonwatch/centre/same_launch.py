"""Tracks of one launch: what each has shown of it, and which of them are surely one.

A satellite's track ends with the burn, and the radar that sees the same missile minutes later
begins another; a track that breaks begins again under another number. Two tracks may be of one
launch unless sensors of one kind looked at both at a time: a tracker that sees two objects has told
them apart. Which are of one is weighed for all alerts at once, since of launches that follow one
another closely each fits its neighbours too.

=====================  ====================================================  =======
figure                 source                                                mark
=====================  ====================================================  =======
``SURE``               one union in fifty may be wrong                       assumed
``HALF_AXIS_MAX_M``    what a track has only begun to show is the least      assumed
                       honest
``CROWD_MAX``          so many launches at once nobody tells apart           assumed
``COUNTED_MAX``        so many are paired in every way, a few thousand       assumed
``COMPANION``          a launch has a companion within 30 s, 20 km by 20 km  assumed
                       and 20 degrees, and one kind of sensor saw one of
                       them, the other kind the other
``COMPANION_SEEN``     the same, and one kind saw both; or companions are     assumed
                       seen
=====================  ====================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from typing import Final, TypeAlias

from commonwatch.centre.launches import (
    HOLD_RATIO,
    Launch,
    apart,
    distance_m,
    estimated,
    impacts_apart_ratio,
    is_same,
)
from commonwatch.units import NS_PER_S
from commonwatch.warning.rounds import RECENT_S
from commonwatch.warning.source import Source
from commonwatch.warning.statement import Statement

SURE: Final = 0.98
HALF_AXIS_MAX_M: Final = 200_000.0
CROWD_MAX: Final = 64
COUNTED_MAX: Final = 10
COMPANION: Final = 1e-5
COMPANION_SEEN: Final = 1e-3
_EXTENT: Final = 30.0 * 20_000.0**2 * 20.0
"""Second, square metre and degree."""
_SILENT_NS: Final = round(RECENT_S * NS_PER_S)
"""A first look is older than the first statement: no track is said to begin within this time of the
last look at another of its kind."""
_ROUNDS: Final = 100
_SETTLED: Final = 1e-3
_Edges: TypeAlias = Mapping[int, Mapping[int, float]]


@dataclass(slots=True, kw_only=True, eq=False)
class Strand:
    """What one track has shown of a launch.

    Parameters
    ----------
    said
        What was said of it last.
    launch
        The launch that this gives, as at the last look: of a track that nobody looks at nothing new
        is known but that time goes by. One that was stated well is held where none is stated any
        more. None where it states none.
    sources
        Sensors that have looked, each with its most looks, in the order of their names.
    first_ns, seen_ns
        Times of the first statement, and of the last that rests on a new look.
    has_ended
        Whether the track has.
    kinds
        Kinds of sensors that have looked; empty where nobody says.
    """

    said: Statement
    launch: Launch | None = None
    sources: tuple[Source, ...] = ()
    first_ns: int = 0
    seen_ns: int = 0
    has_ended: bool = False
    kinds: frozenset[str] = frozenset()
    _counts: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def of(said: Statement) -> Strand:
        """Begin a strand."""
        strand = Strand(said=said, first_ns=said.time_ns)
        strand.hear(said)
        return strand

    def hear(self, said: Statement) -> bool:
        """Take a statement in; say whether it rests on a new look, as far as anybody says."""
        heard = said.supported.sources
        counts = {each.name: each.look_count for each in heard}
        is_new = not self.sources and not heard
        if heard and counts != self._counts:
            is_new = True
            self.sources = most_looks((self.sources, heard))
            self._counts = counts
            self.kinds = frozenset(each.kind for each in self.sources)
        now = said.launch
        stated = None if now is None else estimated(now, said.impact, said.range_class)
        if is_new:
            self.seen_ns, self.has_ended = said.time_ns, False
        if stated is None and self.launch is not None and self.launch.can_confirm:
            # What brakes in the air states no launch any more, and takes none back.
            stated = self.launch
        if is_new or self.launch is None or stated is None:
            self.launch = stated
        else:
            self.launch = replace(
                self.launch,
                impact_time_ns=stated.impact_time_ns,
                impact_time_std_s=stated.impact_time_std_s,
                impact_area=stated.impact_area,
                range_class=stated.range_class,
            )
        self.said = said
        return is_new

    def take(self, other: Strand) -> None:
        """Take over what another track has shown of the same object, found to be this one."""
        self.sources = most_looks((self.sources, other.sources))
        self.kinds |= other.kinds
        self.first_ns = min(self.first_ns, other.first_ns)
        self.seen_ns = max(self.seen_ns, other.seen_ns)

    def may_be(self, other: Strand) -> bool:
        """Whether both may be of one launch, by who looked at which of them when."""
        kinds = self.kinds, other.kinds
        if kinds[0] and kinds[1] and not kinds[0] & kinds[1]:
            return True
        first, second = (self, other) if self.first_ns < other.first_ns else (other, self)
        return second.first_ns - first.seen_ns >= _SILENT_NS


def most_looks(parts: Iterable[tuple[Source, ...]]) -> tuple[Source, ...]:
    """Put sources of several tracks together: each once, with its most looks."""
    found: dict[str, Source] = {}
    for each in chain.from_iterable(parts):
        if each.name not in found or found[each.name].look_count < each.look_count:
            found[each.name] = each
    return tuple(found[name] for name in sorted(found))


def fit(one: Iterable[Strand], other: Iterable[Strand], *, most: float = 1.0) -> float:
    """Say how well the strands of two alerts fit one launch.

    Parameters
    ----------
    one, other
        Of two alerts.
    most
        The greatest ratio of any pair of them, as ``launches.apart`` has it of launches and
        ``launches.impacts_apart_ratio`` of impacts.

    Returns
    -------
    fit
        How many times likelier the best pair is than a launch with a companion of which nothing is
        known here; 0 where they cannot be one.
    """
    theirs, best = tuple(other), 0.0
    for mine in one:
        for each in theirs:
            launches = mine.launch, each.launch
            if launches[0] is None or launches[1] is None or not mine.may_be(each):
                return 0.0
            if not (_is_known(launches[0]) and _is_known(launches[1])):
                return 0.0
            ratio, log_density = apart(launches[0], launches[1])
            if max(ratio, impacts_apart_ratio(launches[0], launches[1])) >= most:
                return 0.0
            companion = COMPANION_SEEN if mine.kinds & each.kinds else COMPANION
            best = max(best, math.exp(log_density) * _EXTENT / companion)
    return best


def _is_known(launch: Launch) -> bool:
    return launch.can_confirm and launch.area.long_half_axis_m <= HALF_AXIS_MAX_M


def parted(one: Strand, other: Strand) -> str:
    """Say in words why two strands of one alert are of two launches; empty where they hold.

    Parameters
    ----------
    one, other
        In either order.
    """
    if not one.may_be(other):
        return "seen beside one another"
    launches = one.launch, other.launch
    if launches[0] is None or launches[1] is None:
        return ""
    if launches[0].is_vague or launches[1].is_vague:
        return ""
    if apart(launches[0], launches[1])[0] <= HOLD_RATIO:
        return ""
    return f"launches {between(launches[0], launches[1])} apart"


def between(one: Launch, other: Launch) -> str:
    """Say in words how far apart two launches are.

    Parameters
    ----------
    one, other
        In either order; distance is that of the middles of their areas.
    """
    since_s = abs(one.time_ns - other.time_ns) / NS_PER_S
    return f"{since_s:.1f} s and {distance_m(one, other) / 1e3:.0f} km"


@dataclass(slots=True, eq=False)
class Kinship:
    """How well alerts fit one another's launches, by their numbers; held while they stand."""

    _edges: dict[int, dict[int, float]] = field(default_factory=dict)
    _compared: dict[int, tuple[Launch, tuple[int, ...]]] = field(default_factory=dict)

    def partner(
        self,
        number: int,
        launch: Launch,
        strands: Sequence[Strand],
        others: Sequence[tuple[int, Iterable[Strand]]],
    ) -> int | None:
        """Compare an alert anew with all others, and return which is surely of the same launch.

        Parameters
        ----------
        number, launch, strands
            The alert, what it states, and its tracks. Nothing is compared while neither this nor
            who else there is has changed.
        others
            Alerts that it may be one with.
        """
        numbers = tuple(other for other, _ in others)
        before = self._compared.get(number)
        if before is not None and before[1] == numbers and is_same(before[0], launch):
            return None
        self._cut(number)
        self._compared[number] = launch, numbers
        mine = {other: found for other, theirs in others if (found := fit(strands, theirs)) > 0.0}
        if not mine:
            return None
        self._edges[number] = mine
        for other, found in mine.items():
            self._edges.setdefault(other, {})[number] = found
        return sure_partner(number, self._edges)

    def forget(self, number: int) -> None:
        """Leave out an alert that stands no more; with it gone, others may be surer."""
        self._compared.clear()
        self._cut(number)

    def _cut(self, number: int) -> None:
        for other in self._edges.pop(number, {}):
            del self._edges[other][number]


def sure_partner(start: int, edges: _Edges) -> int | None:
    """Return who is surely one with somebody, where every one has at most one partner.

    Parameters
    ----------
    start
        For whom a partner is sought.
    edges
        How well each pair fits, both ways, against remaining alone.

    Notes
    -----
    All ways of pairing are weighed by the product of the fits of their pairs: one by one for up to
    ``COUNTED_MAX``, and for more by passing messages along the edges, which is exact where these
    form no rings and surer than it should be where they do.

    References
    ----------
    Williams and Lau, Approximate evaluation of marginal association probabilities with belief
    propagation, IEEE Transactions on Aerospace and Electronic Systems 50 (2014).
    """
    near = _component(start, edges)
    best = max(edges.get(start, {}).values(), default=0.0)
    if best <= SURE / (1.0 - SURE) or len(near) > CROWD_MAX:
        return None
    probability = pair_probability(near, edges)
    mine = {other: probability[start, other] for other in edges[start]}
    best = max(mine, key=lambda other: (mine[other], -other), default=start)
    return best if mine.get(best, 0.0) > SURE else None


def pair_probability(near: Iterable[int], edges: _Edges) -> dict[tuple[int, int], float]:
    """Return the probability of each pair among some who hang together.

    Parameters
    ----------
    near, edges
        As ``sure_partner`` has them. Of more than two some have companions.
    """
    alerts = list(near)
    if len(alerts) > 2:
        seen = COMPANION / COMPANION_SEEN
        edges = {i: {j: fit * seen for j, fit in edges[i].items()} for i in alerts}
    by = _counted if len(alerts) <= COUNTED_MAX else by_messages
    return by(alerts, edges)


def _counted(alerts: Sequence[int], edges: _Edges) -> dict[tuple[int, int], float]:
    """Weigh every way of pairing."""
    place = {each: k for k, each in enumerate(alerts)}
    fits = [{place[j]: fit for j, fit in edges[i].items()} for i in alerts]

    @cache
    def whole(left: int) -> float:
        """Sum over all ways of pairing some, given as bits."""
        if not left:
            return 1.0
        first = left.bit_length() - 1
        rest = left & ~(1 << first)
        return whole(rest) + sum(
            fit * whole(rest & ~(1 << other))
            for other, fit in fits[first].items()
            if rest >> other & 1
        )

    everyone = (1 << len(alerts)) - 1
    return {
        (i, j): fit * whole(everyone & ~(1 << place[i] | 1 << place[j])) / whole(everyone)
        for i in alerts
        for j, fit in edges[i].items()
    }


def by_messages(alerts: Iterable[int], edges: _Edges) -> dict[tuple[int, int], float]:
    """Return the probability of each pair by belief propagation.

    Parameters
    ----------
    alerts
        Numbers, in a fixed order.
    edges
        How well each pair fits, by either of the two.

    Returns
    -------
    dict
        By pair, either way round.
    """
    alerts = list(alerts)
    sent = {(i, j): 1.0 for i in alerts for j in edges[i]}
    for _ in range(_ROUNDS):
        before = sent
        came = {i: {j: fit * before[j, i] for j, fit in edges[i].items()} for i in alerts}
        whole = {i: 1.0 + sum(came[i].values()) for i in alerts}
        # The mean of two rounds in logarithms: without it they swing about the answer.
        sent = {
            (i, j): math.sqrt(before[i, j] / max(whole[i] - came[i][j], 1.0)) for i, j in before
        }
        if all(abs(sent[pair] - last) <= _SETTLED * last for pair, last in before.items()):
            break
    odds = {(i, j): edges[i][j] * sent[i, j] * sent[j, i] for i, j in sent}
    return {pair: odd / (1.0 + odd) for pair, odd in odds.items()}


def _component(start: int, edges: _Edges) -> list[int]:
    """Return all that hang together with somebody, sorted."""
    found, waiting = {start}, [start]
    while waiting:
        for each in edges.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return sorted(found)
