"""What worlds of one seed have in common: truth, detections, and tracking of own sensors.

Laydowns and levels of sharing change who hears of what; what a set of sensors sees, and what
follows from that alone, they do not change. It is computed once, as far as some world asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.own_watch import OwnStep, OwnWatch
from commonwatch.errors import invariant
from commonwatch.identity import NationId
from commonwatch.scenario.description import Scenario
from commonwatch.sensing.detection import Detections
from commonwatch.world.clock import TICK_NS
from commonwatch.world.sightings import Sightings, draw

_Key = tuple[NationId, tuple[str, ...], bytes]


@dataclass(slots=True, eq=False)
class Recording:
    """What own sensors showed, step by step; played back in every world that asks.

    Parameters
    ----------
    watch
        What follows the sensors.
    batches
        Detections by the tick at which the centre takes them in.
    """

    watch: OwnWatch
    batches: tuple[tuple[int, Detections], ...]
    _steps: dict[int, OwnStep] = field(default_factory=dict)

    def at(self, now_ns: int) -> OwnStep:
        """Return the step at a tick that has detections."""
        while now_ns not in self._steps:
            done = len(self._steps)
            invariant(done < len(self.batches), "a recording has this tick", now_ns=now_ns)
            tick_ns, detections = self.batches[done]
            self._steps[tick_ns] = self.watch.step(detections, tick_ns)
        return self._steps[now_ns]


@dataclass(frozen=True, slots=True, eq=False)
class PlayedBack:
    """A recording in place of own sensors."""

    recording: Recording

    def step(self, detections: Detections, now_ns: int) -> OwnStep:
        """Return what was found at this time; the detections are those that it was made of.

        Parameters
        ----------
        detections
            Not looked at.
        now_ns
            A tick that has detections, UTC since 1970.
        """
        del detections
        return self.recording.at(now_ns)


@dataclass(slots=True, kw_only=True, eq=False)
class Common:
    """What worlds of one seed have in common.

    Parameters
    ----------
    scenario
        The scenario.
    sightings
        Truth and detections of all its sensors.
    """

    scenario: Scenario
    sightings: Sightings
    _batches: dict[_Key, tuple[tuple[int, Detections], ...]] = field(default_factory=dict)
    _recordings: dict[_Key, Recording] = field(default_factory=dict)

    @staticmethod
    def of(scenario: Scenario, *, seed: int) -> Common:
        """Draw what the sensors see in the world of a seed.

        Parameters
        ----------
        scenario
            All its sensors, whatever the laydown.
        seed
            Of the world.
        """
        return Common(scenario=scenario, sightings=draw(scenario, seed=seed))

    def batches(
        self, laydown: str, configuration: CentreConfiguration
    ) -> tuple[tuple[int, Detections], ...]:
        """Return a centre's detections in a laydown by the tick at which it takes them in.

        Parameters
        ----------
        laydown
            Its name.
        configuration
            The centre's: which sensors it tracks with.

        Returns
        -------
        tuple of (tick_ns, detections)
            Rising in time; ticks without a detection are not there. Made once.
        """
        key = self._key(laydown, configuration)
        if key not in self._batches:
            self._batches[key] = self._made(key, configuration)
        return self._batches[key]

    def watching(self, laydown: str, configuration: CentreConfiguration) -> PlayedBack:
        """Return what plays back a centre's own sensors in a laydown.

        Parameters
        ----------
        laydown
            Its name.
        configuration
            The centre's: with which sensors and settings it tracks. Tracked once, for all levels.
        """
        key = self._key(laydown, configuration)
        if key not in self._recordings:
            batches = self.batches(laydown, configuration)
            self._recordings[key] = Recording(OwnWatch(configuration), batches)
        return PlayedBack(self._recordings[key])

    def _key(self, laydown: str, configuration: CentreConfiguration) -> _Key:
        """Whose, which sensors, and which of their rows: a cue may be missing in a laydown."""
        names = tuple(str(each.sensor) for each in configuration.sensors)
        return configuration.nation, names, np.packbits(self._rows(laydown, names)).tobytes()

    def _rows(self, laydown: str, names: tuple[str, ...]) -> np.ndarray:
        mask: np.ndarray = self.sightings.rows_of(laydown)
        return mask & np.isin(self.sightings.detections["sensor"].astype(str), names)

    def _made(
        self, key: _Key, configuration: CentreConfiguration
    ) -> tuple[tuple[int, Detections], ...]:
        columns = self.sightings.detections
        packed = np.frombuffer(key[2], dtype=np.uint8)
        rows = np.unpackbits(packed, count=len(columns["sensor"])).astype(bool)
        reading = Detections.from_columns(
            {name: np.asarray(values)[rows] for name, values in columns.items()},
            configuration.sensors,
        )
        invariant(len(reading.refused_row) == 0, "a world draws what can be read")
        taken = reading.detections
        tick = -(-taken.arrival_ns // TICK_NS)
        order = np.argsort(tick, kind="stable")
        ticks, first = np.unique(tick[order], return_index=True)
        parts = np.split(order, first)[1:]  # none where nothing was seen
        return tuple(
            (int(each) * TICK_NS, taken.take(part)) for each, part in zip(ticks, parts, strict=True)
        )
