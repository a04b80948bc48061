"""When a perfect test would be sure that a nation lies: from truth, without the judge's code.

A perfect test knows in what way a nation lies, what it would have said otherwise, how all sensors
work and what links let through. It is held up by nothing but what the honest others can resolve,
what an honest nation's radars may miss, and how often, and at first how long, honest nations say
nothing of what their radars do see: a track is lost, is taken for another, begins late. A test that
did not reckon with that would call one honest silence in some hundred a lie of five standard
deviations. How it is, is counted in worlds where nobody lies (``honest_silence``).

==============================  =====================================================  =======
figure                          source                                                 mark
==============================  =====================================================  =======
``SURE_SIGMAS``                 the definition: five standard deviations               found
``HONEST_MIN``, ``SEEN_MIN``    the definition: two honest nations could have seen the found
                                object with a probability above 0.8 a look
``WORD_AGE_S``                  what the others said is of the present for so long     assumed
``REPORT_S``                    an update of each track each 10 s                      assumed
==============================  =====================================================  =======

Limits: of free flight alone; motion is Kepler's with J2; elevations are taken as geometric.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from commonwatch.identity import NationId
from commonwatch.sensing.measurement import look_probability, radar_measurement
from commonwatch.sensing.radar import TURN_RAD, Radar
from commonwatch.sharing.envelope import open_envelope
from commonwatch.sharing.keys import Verify
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Message, TrackReport
from commonwatch.tracking.estimate import predict
from commonwatch.world.history import History
from commonwatch.world.liars import INVENTED, full
from commonwatch.world.links import RECEIVED
from commonwatch.world.looks import Flown

F64 = npt.NDArray[np.float64]

SURE_SIGMAS: Final = 5.0
SURE_LOG: Final = float(norm.logsf(SURE_SIGMAS))
"""Logarithm of the probability of five standard deviations, one side: 2.9e-7."""
SEEN_MIN: Final = 0.8
HONEST_MIN: Final = 2
WORD_AGE_S: Final = 20.0
REPORT_S: Final = 10.0
GRID_S: Final = 2.0
"""How closely it is looked when a flight is in view."""
JOINT: Final = NationId("joint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A track report that reached the joint centre."""

    sender: NationId
    made_ns: int
    arrival_ns: int
    body: TrackReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """How honest nations are silent on what their radars see.

    Parameters
    ----------
    due, missing
        How many reports were due, and how many of them did not come.
    first_s
        The longest from when a flight comes into a nation's view until its first word is here.
    """

    due: int
    missing: int
    first_s: float

    @property
    def log_missing(self) -> float:
        """Logarithm of the probability that a report that is due does not come.

        Of n that were due k did not come, and the next does not with the probability
        (k + 1/2) / (n + 1) (Jeffreys' prior).
        """
        return math.log((self.missing + 0.5) / (self.due + 1.0))

    def __add__(self, other: Silence) -> Silence:
        """Return what two worlds say together."""
        return Silence(
            due=self.due + other.due,
            missing=self.missing + other.missing,
            first_s=max(self.first_s, other.first_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """What a perfect test is given.

    Parameters
    ----------
    said
        What reached the joint centre, in order of arrival.
    would
        What the liar would have said and what of it would have arrived, from the same world
        without the lie, by track and by when it was made.
    flying
        State vectors of all flights at a time in nanoseconds, shape (n, 6).
    radars
        Of every nation.
    liar
        Who lies.
    begun_ns
        From when on.
    slowest_s
        What an honest report needs to arrive at the latest.
    silence
        Of honest nations, from worlds where nobody lies.
    """

    said: Sequence[Heard]
    would: Mapping[tuple[int, int], Heard]
    flying: Callable[[int], F64]
    radars: Mapping[NationId, Sequence[Radar]]
    liar: NationId
    begun_ns: int
    slowest_s: float
    silence: Silence


def world_of(
    lied: History,
    honest: History,
    flown: Flown,
    *,
    begun_ns: int,
    slowest_s: float,
    silence: Silence,
) -> World:
    """Gather what a perfect test is given from the world with a lie and the one without."""
    (liar,) = lied.liars
    return World(
        said=tuple(heard(lied)),
        would={
            (each.body.track, each.made_ns): each
            for each in heard(honest)
            if each.sender == liar and each.made_ns >= begun_ns
        },
        flying=_flying(flown),
        radars=_radars(lied),
        liar=liar,
        begun_ns=begun_ns,
        slowest_s=slowest_s,
        silence=silence,
    )


def silence_of(honest: History, flown: Flown) -> Silence:
    """Count the silence of honest nations in a world where nobody lies."""
    return honest_silence(
        tuple(heard(honest)), _flying(flown), _radars(honest), begin_ns=flown.epoch_ns
    )


def _flying(flown: Flown) -> Callable[[int], F64]:
    paths = np.arange(len(flown.lift_off_s))

    def flying(time_ns: int) -> F64:
        since_s = (time_ns - flown.epoch_ns) * 1e-9 - flown.lift_off_s
        inside_s = np.clip(since_s, 0.0, flown.trajectories.end_s)
        return flown.trajectories.state_vector_at(paths, inside_s)

    return flying


def _radars(history: History) -> dict[NationId, list[Radar]]:
    return {
        name: [each for each in one.sensors if isinstance(each, Radar)]
        for name, one in sorted(history.configurations.items())
        if name != JOINT
    }


def honest_silence(
    said: Sequence[Heard],
    flying: Callable[[int], F64],
    radars: Mapping[NationId, Sequence[Radar]],
    *,
    begin_ns: int,
) -> Silence:
    """Count how often, and for how long at first, honest nations say nothing of what they see.

    Parameters
    ----------
    said
        What reached the joint centre in a world where nobody lies.
    flying, radars
        As of ``World``.
    begin_ns
        The world's beginning; its end is when anybody last saw anything.

    Notes
    -----
    From a nation's first word on a flight to its last instant in view a report is due each 10 s
    and a look of its slowest radar.
    """
    end_ns = max(each.body.time_ns for each in said)
    times_ns = np.arange(begin_ns, end_ns, round(GRID_S * 1e9)).tolist()
    states = np.stack([flying(each) for each in times_ns])
    found = Silence(due=0, missing=0, first_s=0.0)
    for name, every in radars.items():
        words = [each for each in said if each.sender == name]
        of = [_flight(flying, each.body) for each in words]
        pause_s = REPORT_S + max((each.track_interval_s for each in every), default=0.0)
        for flight in range(states.shape[1]):
            seen_ns = [
                at_ns
                for at_ns, each in zip(times_ns, states[:, flight], strict=True)
                if _probability(every, each) > SEEN_MIN
            ]
            mine = [each for each, which in zip(words, of, strict=True) if which == flight]
            if mine and seen_ns:
                found += _silence_on(mine, seen_ns, pause_s)
    return found


def _silence_on(words: Sequence[Heard], seen_ns: Sequence[int], pause_s: float) -> Silence:
    """Count the silence of one nation on one flight, seen at these times."""
    said_ns = sorted(each.body.time_ns for each in words if each.body.time_ns < seen_ns[-1])
    pauses = np.ceil(np.diff([*said_ns, seen_ns[-1]]) * 1e-9 / pause_s).astype(np.int64)
    return Silence(
        due=int(pauses.sum()),
        missing=int(np.maximum(pauses - 1, 0).sum()),
        first_s=max(0.0, (min(each.arrival_ns for each in words) - seen_ns[0]) * 1e-9),
    )


def sure_ns(world: World) -> int | None:
    """Return when a perfect test is sure to five standard deviations; None: it cannot be judged.

    Notes
    -----
    The first of three instants, each of which counts only objects that two honest nations could
    have seen with a probability above 0.8: what is said differs from what would have been said by
    five standard deviations of the others' combined estimate (``_displaced_ns``); what is not said
    is as unlikely as that (``_silent_ns``); so is that nobody else saw what is said
    (``_invented_ns``).
    """
    instants = _displaced_ns(world), _silent_ns(world), _invented_ns(world)
    return min((each for each in instants if each is not None), default=None)


def heard(history: History) -> Iterator[Heard]:
    """Yield the track reports that reached the joint centre, in order of arrival."""
    rows = [
        each
        for each in history.passages
        if each.recipient == JOINT and each.kind == "track report" and each.outcome == RECEIVED
    ]
    for passage in sorted(rows, key=lambda each: each.arrival_ns):
        verify = history.keyring.key(passage.sender).verify
        message = open_envelope(passage.envelope, purpose=Purpose.ACTUAL, key_of=_always(verify))
        if isinstance(message, Message) and isinstance(message.body, TrackReport):
            yield Heard(
                sender=passage.sender,
                made_ns=message.made_ns,
                arrival_ns=passage.arrival_ns,
                body=message.body,
            )


def _always(verify: Verify) -> Callable[[NationId], Verify]:
    """Whoever signed, it is the sender's key that counts."""
    return lambda _: verify


def _displaced_ns(world: World) -> int | None:
    """When what is said is far enough from what would have been said, of all objects together.

    Notes
    -----
    With L the difference and P the covariance of the others' combined estimate, L' P^-1 L of the
    newest report on each object is added up. Words that are the same again, of an object that
    would have been said to have moved, need no statistics.
    """
    newest: dict[int, float] = {}
    before: dict[int, TrackReport] = {}
    for place, each in enumerate(world.said):
        track = each.body.track
        is_lie = each.sender == world.liar and each.made_ns >= world.begun_ns
        if not is_lie or track >= INVENTED:
            continue
        honest = world.would.get((track, each.made_ns))
        if honest is None or honest.body.motor != "coasts":
            continue
        truth = _nearest(world, honest.body)
        if _honest_seers(world, truth) < HONEST_MIN:
            continue
        last = before.get(track)
        before[track] = each.body
        is_stuck = last is not None and _words(last) == _words(each.body) != _words(honest.body)
        others = _combined(world.said[: place + 1], honest.body, without=world.liar)
        if others is None:
            continue
        gap = _predicted(each.body, honest.body.time_ns)[0] - _mean(honest.body)
        newest[track] = float(gap @ others @ gap)
        if is_stuck or sum(newest.values()) >= SURE_SIGMAS**2:
            return each.arrival_ns
    return None


def _silent_ns(world: World) -> int | None:
    """When it is unlikely enough that an honest nation's radars had all missed what it denies.

    Notes
    -----
    Each report that would have arrived, and has not after the slowest delay, says that every look
    of every radar of the nation since the report before has missed: looks of the radars' own
    rhythm, each with its probability of detection from the truth; or that an honest nation was
    silent all the same. A first word on a flight is missing once the slowest would be here.
    """
    arrived = {(each.body.track, each.made_ns) for each in world.said if each.sender == world.liar}
    newest: dict[int, int] = {}
    rows = []
    for key, each in sorted(world.would.items(), key=lambda item: item[1].made_ns):
        if key in arrived:
            continue
        truth = _nearest(world, each.body)
        before_ns = newest.get(key[0], _last_said_ns(world, key[0]))
        is_first = key[0] not in newest and before_ns == world.begun_ns
        newest[key[0]] = each.body.time_ns
        own = _probability(world.radars[world.liar], truth)
        if _honest_seers(world, truth) < HONEST_MIN or own <= SEEN_MIN:
            continue
        seconds = (each.body.time_ns - before_ns) * 1e-9
        log_missed = _log_missed(world.radars[world.liar], truth, seconds)
        at_ns = each.made_ns + round(world.slowest_s * 1e9)
        if is_first:
            view_ns = _in_view_ns(world, each.body, [world.radars[world.liar]])
            at_ns = max(at_ns, view_ns + round(world.silence.first_s * 1e9))
        rows.append((at_ns, max(log_missed, world.silence.log_missing)))
    return _first_below(rows)


def _invented_ns(world: World) -> int | None:
    """When it is unlikely enough that all honest nations had missed what the liar alone reports.

    Notes
    -----
    Of each invented object, from the first report on: what looks of honest nations between two of
    its reports would have shown has arrived after the slowest delay, and after that of first words
    once it is in view of two.
    """
    newest: dict[int, TrackReport] = {}
    first_ns: dict[int, int] = {}
    rows = []
    for each in world.said:
        if each.body.track < INVENTED:
            continue
        last = newest.get(each.body.track)
        newest[each.body.track] = each.body
        seen = {
            name: radars
            for name, radars in world.radars.items()
            if name != world.liar and _probability(radars, _mean(each.body)) > SEEN_MIN
        }
        if len(seen) < HONEST_MIN:
            continue
        if each.body.track not in first_ns:
            view_ns = _in_view_ns(world, each.body, seen.values())
            first_ns[each.body.track] = view_ns + round(world.silence.first_s * 1e9)
        if last is None:
            continue
        seconds = (each.body.time_ns - last.time_ns) * 1e-9
        log_missed = sum(
            max(_log_missed(one, _mean(each.body), seconds), world.silence.log_missing)
            for one in seen.values()
        )
        at_ns = each.body.time_ns + round(world.slowest_s * 1e9)
        rows.append((max(at_ns, first_ns[each.body.track]), log_missed))
    return _first_below(rows)


def _in_view_ns(world: World, body: TrackReport, seers: Iterable[Sequence[Radar]]) -> int:
    """Since when an object has been in view of all of these; no longer ago than first words take.

    It is moved back as if it had flown freely.
    """
    every = list(seers)
    for back_s in np.arange(0.0, world.silence.first_s, GRID_S).tolist():
        before_ns = body.time_ns - round(float(back_s) * 1e9)
        place = _predicted(body, before_ns)[0]
        if any(_probability(one, place) <= SEEN_MIN for one in every):
            return before_ns
    return body.time_ns - round(world.silence.first_s * 1e9)


def _first_below(rows: Iterable[tuple[int, float]]) -> int | None:
    """When the sum of logarithms of probabilities is first below that of five deviations."""
    total = 0.0
    for at_ns, log_missed in sorted(rows):
        total += log_missed
        if total <= SURE_LOG:
            return at_ns
    return None


def _honest_seers(world: World, truth: F64) -> int:
    """How many honest nations could have seen an object with a probability above 0.8 a look."""
    return sum(
        _probability(radars, truth) > SEEN_MIN
        for name, radars in world.radars.items()
        if name != world.liar
    )


def _probability(radars: Sequence[Radar], state_vector: F64) -> float:
    """Probability that the best of a nation's radars sees an object at a look."""
    return max((_one_look(radar, state_vector) for radar in radars), default=0.0)


def _log_missed(radars: Sequence[Radar], state_vector: F64, seconds: float) -> float:
    """Logarithm of the probability that all radars miss an object at all looks of a time."""
    return sum(
        math.log1p(-_one_look(radar, state_vector)) * seconds / radar.track_interval_s
        for radar in radars
    )


def _one_look(radar: Radar, state_vector: F64) -> float:
    length_m, azimuth_rad, elevation_rad = radar_measurement(radar, state_vector).tolist()
    is_near = radar.range_min_m <= length_m <= radar.range_max_m
    is_faced = any(
        face.elevation_min_rad <= elevation_rad <= face.elevation_max_rad
        and (azimuth_rad - face.azimuth_min_rad) % TURN_RAD <= face.width_rad
        for face in radar.faces
    )
    return float(look_probability(radar, state_vector)) if is_near and is_faced else 0.0


def _combined(said: Sequence[Heard], of: TrackReport, *, without: NationId) -> F64 | None:
    """Information of all others' newest estimates of an object, added up at a report's time."""
    newest: dict[NationId, TrackReport] = {}
    for each in said:
        age_s = (of.time_ns - each.body.time_ns) * 1e-9
        if each.sender == without or each.body.motor != "coasts" or age_s > WORD_AGE_S:
            continue
        gap = _predicted(each.body, of.time_ns)[0] - _mean(of)
        if np.linalg.norm(gap[:3]) < 0.5 * _NEAREST_FLIGHTS_M:
            newest[each.sender] = each.body
    if len(newest) < HONEST_MIN:
        return None
    parts = [np.linalg.inv(_predicted(each, of.time_ns)[1]) for each in newest.values()]
    return np.asarray(np.sum(parts, axis=0))


_NEAREST_FLIGHTS_M: Final = 100_000.0
"""Flights of the scenario are never closer while anybody reports them (*derived*)."""


def _nearest(world: World, body: TrackReport) -> F64:
    """State vector of the flight that an honest report is of."""
    return np.asarray(world.flying(body.time_ns)[_flight(world.flying, body)])


def _flight(flying: Callable[[int], F64], body: TrackReport) -> int:
    """Which flight an honest report is of."""
    away_m = np.linalg.norm(flying(body.time_ns)[:, :3] - _mean(body)[:3], axis=1)
    return int(away_m.argmin())


def _last_said_ns(world: World, track: int) -> int:
    """Time of the last report on a track before the lie, or when the lie began."""
    times = [
        each.body.time_ns
        for each in world.said
        if each.sender == world.liar and each.body.track == track and each.made_ns < world.begun_ns
    ]
    return max(times, default=world.begun_ns)


def _mean(body: TrackReport) -> F64:
    return np.array([*body.position_ecef_m, *(1e-3 * each for each in body.velocity_ecef_mm_s)])


def _words(body: TrackReport) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return body.position_ecef_m, body.velocity_ecef_mm_s


def _predicted(body: TrackReport, time_ns: int) -> tuple[F64, F64]:
    seconds = np.array([(time_ns - body.time_ns) * 1e-9])
    mean, covariance = predict(_mean(body)[None], full(body.covariance)[None], seconds)
    return mean[0], covariance[0]
