"""Centres with a radar each, in worlds of objects in free flight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.centre.own import OwnNews, OwnSensors
from commonwatch.centre.picture import track_reports
from commonwatch.flight.propagation import after
from commonwatch.identity import NationId
from commonwatch.sensing.detection import Detections
from commonwatch.sensing.radar import Radar
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Message
from tests.tracking.build import EPOCH_NS, SECOND_NS, flights, radar_at, seen, together

F64 = npt.NDArray[np.float64]

NATIONS = (NationId("a"), NationId("b"))
PLACES = ((50.0, 10.0), (44.0, 16.0))


def radars(bias_std_m: float) -> tuple[Radar, ...]:
    """Two radars far apart, one of each nation."""
    return tuple(
        radar_at(f"radar-{name}", *place, nation=name, range_bias_std_m=bias_std_m)
        for name, place in zip(NATIONS, PLACES, strict=True)
    )


class World:
    """Objects in free flight, and what two radars see of them, each at every other second.

    Parameters
    ----------
    bias_std_m
        Of the constant range errors that are drawn, as the radars are described to have.
    """

    def __init__(self, seed: int, *, count: int = 4, bias_std_m: float = 0.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.radars = radars(bias_std_m)
        self.start = flights(self.rng, count)
        self.bias_m = self.rng.normal(size=2) * bias_std_m
        self.rows = 0

    def truth(self, time_ns: int) -> F64:
        return after(self.start, (time_ns - EPOCH_NS) / SECOND_NS)

    def ticks(self, seconds: int) -> Iterator[tuple[int, Detections]]:
        """What arrives by each whole second."""
        for second in range(seconds):
            radar = second % 2
            there = after(self.start, second + 0.5)
            plots = seen(there, second + 0.5, self.radars, radar, self.rng)
            measured = plots.measured.copy()
            measured[:, 0] += self.bias_m[radar]
            rows = np.arange(self.rows, self.rows + len(plots))
            self.rows += len(plots)
            yield (
                EPOCH_NS + (second + 1) * SECOND_NS,
                replace(plots, measured=measured, row=rows),
            )


def centres(world: World) -> tuple[OwnSensors, ...]:
    """A centre for each radar."""
    return tuple(
        OwnSensors([radar], nation=name) for radar, name in zip(world.radars, NATIONS, strict=True)
    )


def of_radar(detections: Detections, radar: int) -> Detections:
    """What one radar has seen, for a centre that has this one alone."""
    own = detections.take(detections.sensor == radar)
    return replace(own, sensor=np.zeros(len(own), dtype=np.int32))


def said(news: OwnNews, nation: NationId) -> list[Message]:
    """The messages on tracks of one step."""
    return [
        Message(
            purpose=Purpose.ACTUAL, originator=nation, number=0, made_ns=news.now_ns, body=report
        )
        for report in track_reports(news)
    ]


def recorded(seed: int, seconds: int, *, count: int = 4) -> list[tuple[int, Detections]]:
    """Ticks of a world as a list, all radars together."""
    ticks = list(World(seed, count=count).ticks(seconds))
    whole = together([part for _, part in ticks])
    firsts = np.cumsum([0, *(len(part) for _, part in ticks)])
    return [
        (now_ns, whole.take(np.arange(first, first + len(part))))
        for (now_ns, part), first in zip(ticks, firsts.tolist(), strict=False)
    ]


def content(value: Any) -> Any:
    """Everything that a record holds, arrays bit by bit, for comparison."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return tuple(content(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple | list):
        return tuple(content(each) for each in value)
    return value
