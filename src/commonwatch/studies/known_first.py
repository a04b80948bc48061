"""When the first true detection of each flight was at each centre."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]


def first_at_nations(
    detections: Mapping[str, Any],
    origin: I64,
    *,
    is_reported: npt.NDArray[np.bool_],
    sensors_of: Mapping[str, Collection[str]],
    flight_count: int,
) -> dict[str, I64]:
    """Return when each nation's centre first had a detection of each flight; 0 for never.

    Parameters
    ----------
    detections
        Columns of the table of detections of one seed.
    origin
        Which flight each row comes from; -1 for none.
    is_reported
        Which rows the sensors of the laydown report.
    sensors_of
        Names of each nation's sensors.
    flight_count
        How many flights there are.
    """
    arrival_ns = np.asarray(detections["arrival_ns"], dtype=np.int64)
    sensor = np.asarray(detections["sensor"], dtype=object)
    names, index = np.unique(sensor.astype(str), return_inverse=True)
    found = {}
    for nation, own in sensors_of.items():
        is_own = np.isin(names, sorted(own))[index] if len(names) else np.zeros(0, dtype=bool)
        rows = np.flatnonzero(is_own & is_reported & (origin >= 0))
        first = np.full(flight_count, np.iinfo(np.int64).max, dtype=np.int64)
        np.minimum.at(first, origin[rows], arrival_ns[rows])
        found[nation] = np.where(first == np.iinfo(np.int64).max, 0, first)
    return found


def first_at_partner(
    at_nations: Mapping[str, I64], messages: Mapping[str, Any], *, partner: str
) -> I64:
    """Return when a centre without sensors first had a detection of each flight; 0 for never.

    Parameters
    ----------
    at_nations
        From ``first_at_nations``, of at least one nation.
    messages
        Columns of the table of messages.
    partner
        The centre that detection reports were sent to.

    Notes
    -----
    A nation reports a detection in the first report that it makes from its arrival on.
    """
    best = np.zeros_like(next(iter(at_nations.values())))
    for nation, first_ns in at_nations.items():
        made, received = _reports(messages, nation, partner)
        if not len(made):
            continue
        place = np.searchsorted(made, first_ns)
        is_there = (first_ns > 0) & (place < len(made))
        then = np.where(is_there, received[np.minimum(place, len(made) - 1)], 0)
        best = np.where((best == 0) | ((then > 0) & (then < best)), then, best)
    return best


def _reports(messages: Mapping[str, Any], sender: str, recipient: str) -> tuple[I64, I64]:
    """Return when detection reports between two centres were made, and when each arrived."""
    rows = [
        (int(made), int(received))
        for made, by, to, kind, received in zip(
            *_columns(messages, ("time_ns", "sender", "recipient", "kind", "received_ns")),
            strict=True,
        )
        if kind == "detection report" and by == sender and to == recipient and received is not None
    ]
    rows.sort()
    return (
        np.array([made for made, _ in rows], dtype=np.int64),
        np.array([received for _, received in rows], dtype=np.int64),
    )


def _columns(columns: Mapping[str, Any], names: Sequence[str]) -> list[list[Any]]:
    return [
        values.tolist() if isinstance(values := columns[name], np.ndarray) else list(values)
        for name in names
    ]
