"""How the words of each contributor come: how often, how late, and how many are lost on the way.

Silence on a track says something only once a word that was made would have been here. When that is
depends on the link, and is taken from what has come over it: how old words were when the next one
took their place, how long after a word the next one was made, and how many numbers were skipped.

=====================  ==================================================================  =======
figure                 source                                                              mark
=====================  ==================================================================  =======
``KEPT_S``             ten reports on each track: enough to see how they come              assumed
``PAUSE_S``            until that has been seen: a report each 10 s and a look of 4 s,     assumed
``MADE_S``             3 s more from the sensor to its centre,                             assumed
``AGE_S``              and 6 s more on the way                                             assumed
``AGE_MAX_S``          twice that: slower links are no longer well                         assumed
``SEEN_MIN``           words in turn from which the slowest is taken                       assumed
``LOST_PRIOR``         one message in a hundred, for as good as ten messages seen          assumed
``LOST_MAX``           more were skipped for another cause: a restart, a right that        assumed
                       begins
=====================  ==================================================================  =======

Limits: numbers that a contributor skips on purpose pass for losses of its link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from commonwatch.identity import NationId
from commonwatch.sharing.messages import Message, TrackReport
from commonwatch.units import NS_PER_S

KEPT_S: Final = 120.0
PAUSE_S: Final = 14.0
MADE_S: Final = 17.0
AGE_S: Final = 23.0
AGE_MAX_S: Final = 46.0
SEEN_MIN: Final = 8
LOST_PRIOR: Final = (0.1, 10.0)
LOST_MAX: Final = 6
_AGE_NS: Final = round(AGE_S * NS_PER_S)
_MADE_NS: Final = round(MADE_S * NS_PER_S)
_PAUSE_NS: Final = round(PAUSE_S * NS_PER_S)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one message showed of its contributor's link.

    ``lost`` counts numbers that were skipped before it. Of a report that follows on the last word
    on its track: the age of that one when it came, how long after that one's time it was made, and
    between the times of both; zero of anything else.
    """

    heard_ns: int
    lost: int = 0
    age_ns: int = 0
    made_ns: int = 0
    pause_ns: int = 0


@dataclass(frozen=True, slots=True)
class _Shown:
    """What some turns show together.

    ``count`` of them, with ``lost`` numbers skipped; the largest age of a word when the next comes,
    time until that is made, and pause.
    """

    count: int
    lost: int
    age_ns: int
    made_ns: int
    pause_ns: int

    @staticmethod
    def of(turns: Sequence[_Turn]) -> _Shown:
        following = [each for each in turns if each.pause_ns]
        is_seen = len(following) >= SEEN_MIN
        return _Shown(
            count=len(turns),
            lost=sum(each.lost for each in turns),
            age_ns=max([0 if is_seen else _AGE_NS, *(each.age_ns for each in following)]),
            made_ns=max([0 if is_seen else _MADE_NS, *(each.made_ns for each in following)]),
            pause_ns=max([0 if is_seen else _PAUSE_NS, *(each.pause_ns for each in following)]),
        )


_NOTHING_SHOWN: Final = _Shown.of(())


@dataclass(slots=True, eq=False)
class Rhythm:
    """Remembers how the words of each contributor have come lately."""

    _turns: dict[NationId, list[_Turn]] = field(default_factory=dict)
    _last: dict[tuple[NationId, int], tuple[int, int, int]] = field(default_factory=dict)
    """Of each track of each contributor: number, time and arrival of the last word."""
    _alive_ns: dict[NationId, int] = field(default_factory=dict)
    _shown: dict[NationId, _Shown] = field(default_factory=dict)
    """What the turns of each show together."""

    def hear(
        self, messages: Iterable[Message], beats_ns: Mapping[NationId, int], now_ns: int
    ) -> None:
        """Take in what has arrived.

        Parameters
        ----------
        messages
            New ones, of any kind.
        beats_ns
            When the last sign of life was made of each who is well.
        now_ns
            The present.
        """
        for name, made_ns in beats_ns.items():
            if made_ns > self._alive_ns.get(name, made_ns - 1):
                self._alive_ns[name] = made_ns
                self._turns.setdefault(name, []).append(_Turn(now_ns))
        for message in sorted(messages, key=lambda each: (each.originator, each.number)):
            name = message.originator
            self._alive_ns[name] = max(message.made_ns, self._alive_ns.get(name, message.made_ns))
            self._turns.setdefault(name, []).append(self._turn(message, now_ns))
        oldest_ns = now_ns - round(KEPT_S * NS_PER_S)
        for name, turns in self._turns.items():
            self._turns[name] = [each for each in turns if each.heard_ns >= oldest_ns]
            self._shown[name] = _Shown.of(self._turns[name])
        self._last = {key: each for key, each in self._last.items() if each[2] >= oldest_ns}

    def oldest_ns(self, name: NationId, now_ns: int) -> int:
        """Return how old a word may be and still be its contributor's last: the time of such a one.

        A younger one may still be followed by the next in time. So may an older one, if nothing has
        come that was made when that would have been made: the contributor may be out of order.

        Parameters
        ----------
        name
            The contributor's; of one that was never heard the usual delays are assumed.
        now_ns
            The present, UTC since 1970.

        Returns
        -------
        int
            UTC since 1970, at most ``AGE_MAX_S`` ago.
        """
        shown = self._shown.get(name, _NOTHING_SHOWN)
        alive_ns = self._alive_ns.get(name, now_ns)
        latest_ns = min(now_ns - shown.age_ns, alive_ns - shown.made_ns)
        return max(latest_ns, now_ns - round(AGE_MAX_S * NS_PER_S))

    def missed(self, name: NationId, said_ns: int, now_ns: int) -> int:
        """Count the words that have failed to come since one of that time.

        Parameters
        ----------
        name
            The contributor's.
        said_ns
            The time of the last word that has come, UTC since 1970.
        now_ns
            The present, likewise.

        Returns
        -------
        int
            Not negative.
        """
        oldest_ns = self.oldest_ns(name, now_ns)
        if said_ns >= oldest_ns:
            return 0
        return 1 + (oldest_ns - said_ns) // self._shown.get(name, _NOTHING_SHOWN).pause_ns

    def pause_s(self, name: NationId) -> float:
        """Return the longest time between two words on a track."""
        return self._shown.get(name, _NOTHING_SHOWN).pause_ns / NS_PER_S

    def arrives(self, name: NationId, missed: int) -> float:
        """Return the probability that a message arrives.

        Parameters
        ----------
        name
            Whose.
        missed
            How many more have failed to come without a number that shows it yet.

        Notes
        -----
        The next of a Bernoulli process of unknown probability, with a beta distribution before
        anything was seen: losses that were seen make the next more likely.
        """
        lost, seen = LOST_PRIOR
        shown = self._shown.get(name, _NOTHING_SHOWN)
        missing = missed + shown.lost
        return 1.0 - (missing + lost) / (shown.count + missing + seen)

    def _turn(self, message: Message, now_ns: int) -> _Turn:
        body = message.body
        if not isinstance(body, TrackReport):
            return _Turn(now_ns)
        key = message.originator, body.track
        number, said_ns, _ = self._last.get(key, (-1, 0, 0))
        if body.sequence <= number:
            return _Turn(now_ns)
        is_next = said_ns > 0 and body.sequence == number + 1
        self._last[key] = body.sequence, body.time_ns, now_ns
        if not is_next or body.time_ns <= said_ns:
            return _Turn(now_ns, lost=min(body.sequence - number - 1, LOST_MAX))
        return _Turn(
            now_ns,
            age_ns=now_ns - said_ns,
            made_ns=message.made_ns - said_ns,
            pause_ns=body.time_ns - said_ns,
        )
