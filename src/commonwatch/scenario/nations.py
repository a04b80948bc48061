"""Nations of a scenario, what joins them, what goes wrong, and how it must end: in SI, checked.

Instants ``_s`` of faults and injections are seconds from the start of the world's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commonwatch.identity import NationId, SensorId
from commonwatch.warning.notice import Notice

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of the Earth between two latitudes, and from one longitude eastwards to another."""

    latitude_min_rad: float
    latitude_max_rad: float
    longitude_min_rad: float
    longitude_max_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Nation:
    """A nation with a warning centre of its own, or nations that have one together.

    Parameters
    ----------
    name, title
        Its name, which is its centre's, and in words.
    owners
        Nation codes of the sensors that are its own.
    territory
        Launches from here are its own.
    sensors
        Of all the scenario's sensors its own ones, in their order.
    """

    name: NationId
    title: str
    owners: tuple[str, ...]
    territory: tuple[Box, ...]
    sensors: tuple[SensorId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """The joint centre: a centre without sensors."""

    name: NationId
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelaySpan:
    """A delay that nobody knows exactly: the least, the commonest, the greatest; and whence."""

    low_s: float
    nominal_s: float
    high_s: float
    mark: str
    source: str

    def drawn(self, rng: np.random.Generator, size: int) -> F64:
        """Draw delays, (size,), s, from the triangle over the three; constant where they agree.

        Parameters
        ----------
        rng
            Drawn from only where the three differ.
        size
            How many.
        """
        if self.low_s == self.high_s:
            return np.full(size, self.low_s)
        return rng.triangular(self.low_s, self.nominal_s, self.high_s, size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long news is under way.

    Parameters
    ----------
    sensor
        From a sensor's look to its own centre.
    detections, tracks, messages
        From centre to centre: detection reports, track reports, everything else.
    launch_report
        From the unconfirmed alert until the person who looks lets the launch report out.
    """

    sensor: DelaySpan
    detections: DelaySpan
    tracks: DelaySpan
    messages: DelaySpan
    launch_report: DelaySpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link between two centres, the same both ways.

    Parameters
    ----------
    name
        As faults name it.
    between
        Its two ends.
    delay
        Added to the delay of what passes.
    loss_probability, repeat_probability
        That one message is lost, or arrives twice.
    """

    name: str
    between: tuple[NationId, NationId]
    delay: DelaySpan
    loss_probability: float
    repeat_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """A policy as its file has it: the file's name without ``.toml``, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level of sharing: a policy for each centre, the joint one included."""

    name: str
    title: str
    policies: Mapping[NationId, PolicyText]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """Something that goes wrong at an instant and heals at another.

    Parameters
    ----------
    kind
        Of links: "cut", "delay" (amount: seconds more), "lose", "repeat", "reorder", "garble"
        (amount: probability of each message), "swizzle" (stops a random subset one by one, restores
        it in random order; amount: share of the links). Of a centre: "clock offset" (amount:
        seconds that its clock shows more), "crash" (down until it heals; amount: above 0 its
        journal is lost as well). Of a sensor: "sensor out" (sees nothing and says nothing).
    at_s, until_s
        Both instants; None: not before the world ends.
    links
        Names of the links; none for a fault of a centre.
    centre
        Which one; None for a fault of links or of a sensor.
    amount
        See the kinds; 0 where it has no meaning.
    sensor
        Which one; None for a fault of links or of a centre.
    """

    kind: str
    at_s: float
    until_s: float | None
    links: tuple[str, ...]
    centre: NationId | None
    amount: float
    sensor: SensorId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """Something that comes into the world and is no flight.

    Parameters
    ----------
    kind
        "test data": launch reports of ``nation``, marked as ``way`` says ("test" or "exercise"), on
        live channels. "filled counts": heartbeats of ``nation`` whose count a failed part fills.
        "lie": ``nation`` alters its own track reports, in the way ``way``, by ``sigmas`` standard
        deviations. "sun glints": ``count`` of them in the view of the satellite ``sensor``, each
        for ``lasts_s``. "clutter": in each sweep of the radar ``sensor`` so many false plots more.
    at_s, until_s
        From when to when.
    nation, sensor
        Whose, see the kinds.
    count
        Messages, glints, or false plots in a sweep.
    way, sigmas
        See the kinds; "" where it has no meaning.
    latitude_rad, longitude_rad, radius_m
        The circle that test data or glints lie in; nan where it has no meaning.
    lasts_s
        Of one glint.
    """

    kind: str
    at_s: float
    until_s: float
    nation: NationId | None
    sensor: SensorId | None
    count: int
    way: str
    sigmas: float
    latitude_rad: float
    longitude_rad: float
    radius_m: float
    lasts_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenNotice:
    """A notice of a launch to come, and the centres that it is meant for.

    It reaches them at ``notice.delivered_ns``, or, where that is None, never.
    """

    notice: Notice
    centres: tuple[NationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a centre must have come to believe of an object when the world ends.

    Parameters
    ----------
    object
        A flight's name, "each flight", "false alarm" (alerts that no flight explains) or "test
        data".
    outcomes
        Any of them, by the highest that the object's alert ever was: "nothing", "unconfirmed",
        "confirmed, single kind", "confirmed"; or "cancelled": it was raised and is no more; or
        "test only": tests were seen, and no alert came of them.
    laydown, level, centre
        Where this holds; level or centre None: in each.
    """

    object: str
    outcomes: tuple[str, ...]
    laydown: str
    level: str | None
    centre: NationId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """How the worlds of a scenario are run.

    Parameters
    ----------
    flights_per_seed
        Of all flights so many fly in one world.
    seeds
        Worlds that a run flies: with seeds ``scenario.seed`` and those that follow.
    laydown
        Which is shown.
    first_launch_ns
        When the first flights lift off.
    launch_interval_s
        Between two launches from one place.
    duration_s
        Length of the record; None: to the end of the last flight.
    asks_after_s
        After so long people ask partners about an alert that is unconfirmed; None: nobody asks.
    """

    flights_per_seed: int
    seeds: int
    laydown: str
    first_launch_ns: int
    launch_interval_s: float
    duration_s: float | None
    asks_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sharing:
    """All that a scenario says of nations that share.

    Parameters
    ----------
    nations, joint, links
        Whose centres there are, and what joins them.
    delays
        How long news is under way.
    levels
        Levels of sharing, from the least.
    world
        How worlds are run.
    faults, notices, injections
        What goes wrong, what is announced, what comes in and is no flight.
    expected
        How it must end.
    """

    nations: tuple[Nation, ...]
    joint: Joint
    links: tuple[Link, ...]
    delays: Delays
    levels: tuple[Level, ...]
    world: WorldSettings
    faults: tuple[PlannedFault, ...]
    notices: tuple[GivenNotice, ...]
    injections: tuple[Injection, ...]
    expected: tuple[Expected, ...]

    def level(self, name: str) -> Level:
        """Return the level of sharing of this name."""
        return next(level for level in self.levels if level.name == name)

    @property
    def centres(self) -> tuple[NationId, ...]:
        """Names of the nations in order, then of the joint centre."""
        return (*(nation.name for nation in self.nations), self.joint.name)

    def nation_of(self, sensor: SensorId) -> NationId:
        """Return the nation that owns a sensor."""
        return next(nation.name for nation in self.nations if sensor in nation.sensors)
