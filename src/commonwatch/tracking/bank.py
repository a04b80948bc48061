"""All tracks of a centre, one row each, in arrays that grow and can be copied."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from commonwatch.tracking import bank_kernel
from commonwatch.tracking.company import Companies
from commonwatch.tracking.lights import Lights, no_lights

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ROWS_KEPT = 8
"""Plots that a track remembers: enough to be believed on."""


@dataclass(slots=True, kw_only=True, eq=False)
class Bank:
    """Tracks in rows 0 to ``count``; the rest of each array is room to grow.

    Parameters
    ----------
    count
        Number of tracks.
    phase
        ``bank_kernel.SINGLE`` and so on.
    event
        What the last frame did to the track: ``life_kernel.QUIET`` and so on.
    is_changed, is_mistakable
        Whether something happened since the track was last told of, and whether plots of another
        would have fitted it while it was known badly.
    states, covariances, weights
        Two motion models, shapes (room, 2, 6), (room, 2, 6, 6), (room, 2).
    score, best
        Sequential likelihood, and the highest that it has been.
    hits
        Plots taken.
    home
        Sensor that it started from.
    by_bias, fed
        How each model's state vector moves with four constant errors of each sensor, shape
        (room, 2, 6, 4 sensors), and which radars it took plots of, (room, sensors).
    last_hit_ns, unwatched_ns, last_look_ns
        When the last plot came, when it was last in no radar's view, and each sensor's last look,
        taken or missed, (room, sensors).
    key
        Digest of the plots that it started from: the same whatever came in which order.
    label
        Number that the track is told of under, 0 while there is none.
    rows
        Input rows of the last ``ROWS_KEPT`` plots, the n-th at n modulo ``ROWS_KEPT``.
    taken_off
        Constant errors of the sensors that the state vectors stand under, (sensors, 4).
    companies, lights
        Tracks that fly in company; what satellites saw lately.
    """

    count: int
    phase: npt.NDArray[np.int8]
    event: npt.NDArray[np.int8]
    is_changed: npt.NDArray[np.bool_]
    is_mistakable: npt.NDArray[np.bool_]
    states: F64
    covariances: F64
    weights: F64
    score: F64
    best: F64
    hits: npt.NDArray[np.int32]
    home: I64
    by_bias: F64
    fed: npt.NDArray[np.bool_]
    last_hit_ns: I64
    unwatched_ns: I64
    last_look_ns: I64
    key: I64
    label: I64
    rows: I64
    taken_off: F64
    companies: Companies
    lights: Lights

    @property
    def room(self) -> int:
        """Rows that the arrays hold."""
        return len(self.phase)

    def copy(self) -> Bank:
        """Copy the tracks, without the room to grow."""
        return Bank(
            count=self.count,
            taken_off=self.taken_off.copy(),
            companies=self.companies.copy(),
            lights=self.lights,
            **{name: getattr(self, name)[: self.count].copy() for name in ARRAYS},
        )

    def grow(self, room: int) -> None:
        """Make room for at least so many tracks."""
        if room <= self.room:
            return
        room = max(room, 2 * self.room)
        for name in ARRAYS:
            array = getattr(self, name)
            larger = np.zeros((room, *array.shape[1:]), dtype=array.dtype)
            larger[: self.count] = array[: self.count]
            setattr(self, name, larger)

    def copy_rows(self, chosen: I64) -> None:
        """Add copies of the chosen tracks at the end."""
        first, count = self.count, self.count + len(chosen)
        self.grow(count)
        for name in ARRAYS:
            array = getattr(self, name)
            array[first:count] = array[chosen]
        self.count = count

    def forget(self) -> None:
        """Forget the tracks that are gone; the others keep their order."""
        self.count = bank_kernel.forget(self.count, *[getattr(self, name) for name in ARRAYS])


ARRAYS = tuple(
    field.name
    for field in fields(Bank)
    if field.name not in ("count", "companies", "taken_off", "lights")
)


def empty_bank(sensor_count: int, *, room: int = 256) -> Bank:
    """Make a bank without tracks.

    Parameters
    ----------
    sensor_count
        Sensors of the tracker.
    room
        Tracks that fit before the arrays grow.
    """
    return Bank(
        count=0,
        phase=np.zeros(room, dtype=np.int8),
        event=np.zeros(room, dtype=np.int8),
        is_changed=np.zeros(room, dtype=np.bool_),
        is_mistakable=np.zeros(room, dtype=np.bool_),
        states=np.zeros((room, 2, 6)),
        covariances=np.zeros((room, 2, 6, 6)),
        weights=np.zeros((room, 2)),
        score=np.zeros(room),
        best=np.zeros(room),
        hits=np.zeros(room, dtype=np.int32),
        home=np.zeros(room, dtype=np.int64),
        by_bias=np.zeros((room, 2, 6, 4 * sensor_count)),
        fed=np.zeros((room, sensor_count), dtype=np.bool_),
        last_hit_ns=np.zeros(room, dtype=np.int64),
        unwatched_ns=np.zeros(room, dtype=np.int64),
        last_look_ns=np.zeros((room, sensor_count), dtype=np.int64),
        key=np.zeros(room, dtype=np.int64),
        label=np.zeros(room, dtype=np.int64),
        rows=np.full((room, ROWS_KEPT), -1, dtype=np.int64),
        taken_off=np.zeros((sensor_count, 4)),
        companies=Companies(),
        lights=no_lights(),
    )
