"""Which flight a track follows, and which launch an alert speaks of.

==========================  ==================================================  =======
figure                      why                                                 mark
==========================  ==================================================  =======
``NEAR_M``, ``NEAR_STD``    a track so near a flight was begun by it, however   assumed
                            badly it follows it: nothing else is there
``LAUNCH_TIME_S``,          floors of what launch reports say: they are rounded assumed
``LAUNCH_PLACE_M``,         and may come from one line of sight
``IMPACT_PLACE_M``
``FIT_MAX``                 four standard deviations                            assumed
==========================  ==================================================  =======
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodesic
from commonwatch.units import NS_PER_S, radians_from_degrees

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

NEAR_M: Final = 60_000.0
NEAR_STD: Final = 4.0
ROWS_MAX: Final = 24
"""Of each track so many rows, evenly taken, say what it follows."""
SAMPLE_MAX_S: Final = 10.0
"""Truth is carried on from its nearest sample for at most so long."""
LAUNCH_TIME_S: Final = 5.0
LAUNCH_PLACE_M: Final = 10_000.0
IMPACT_PLACE_M: Final = 30_000.0
FIT_MAX: Final = 16.0
HALF_AXIS_STD: Final = 2.4477
"""Half-axis of a 95 % ellipse in standard deviations: the root of -2 ln 0.05."""
NOBODY: Final = -1
SEVERAL: Final = -2
"""What a track follows that is near some flight most of the time, and mostly near none of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrueFlights:
    """What flew, one entry a flight, by its number.

    Parameters
    ----------
    launch_ns, impact_ns
        Lift-off, and impact or 0, shape (n,).
    comes_down
        Whether there is an impact, shape (n,).
    launch_rad, impact_rad
        Latitude and longitude, shape (n, 2).
    sample_ns, state_vector
        Samples of each flight, rising in time.
    """

    launch_ns: I64
    impact_ns: I64
    comes_down: npt.NDArray[np.bool_]
    launch_rad: F64
    impact_rad: F64
    sample_ns: tuple[I64, ...]
    state_vector: tuple[F64, ...]

    def __len__(self) -> int:
        return len(self.launch_ns)

    def position_ecef_m(self, flight: int, time_ns: I64) -> F64:
        """Return where a flight was, (k, 3); not-a-number where no sample is near in time.

        Parameters
        ----------
        flight
            Its number.
        time_ns
            UTC since 1970, shape (k,).
        """
        times, states = self.sample_ns[flight], self.state_vector[flight]
        if not len(times):
            return np.full((len(time_ns), 3), np.nan)
        after = np.clip(np.searchsorted(times, time_ns), 1, max(len(times) - 1, 1))
        before = after - 1
        after = np.minimum(after, len(times) - 1)
        is_later = np.abs(times[after] - time_ns) < np.abs(times[before] - time_ns)
        nearest = np.where(is_later, after, before)
        since_s = (time_ns - times[nearest]) / NS_PER_S
        place = states[nearest, :3] + states[nearest, 3:] * since_s[:, None]
        place[np.abs(since_s) > SAMPLE_MAX_S] = np.nan
        return place


def true_flights(ends: Mapping[str, Any], objects: Mapping[str, Any]) -> TrueFlights:
    """Gather the truth of one seed.

    Parameters
    ----------
    ends
        Columns of ``truth_ends``.
    objects
        Columns of ``trajectories``; those of ``truth_objects`` do where they are.
    """
    numbers = np.asarray(ends["object"], dtype=np.int64)
    order = np.argsort(numbers, kind="stable")
    impact = [ends["impact_time_ns"][k] for k in order.tolist()]
    own = np.asarray(objects["object"], dtype=np.int64)
    times = np.asarray(objects["time_ns"], dtype=np.int64)
    states = np.stack(
        [
            np.asarray(objects[name], dtype=np.float64)
            for name in ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
        ],
        axis=1,
    )
    samples = [np.flatnonzero(own == number) for number in numbers[order].tolist()]
    samples = [rows[np.argsort(times[rows], kind="stable")] for rows in samples]
    return TrueFlights(
        launch_ns=np.asarray(ends["launch_time_ns"], dtype=np.int64)[order],
        impact_ns=np.array([0 if each is None else int(each) for each in impact], dtype=np.int64),
        comes_down=np.array([each is not None for each in impact], dtype=bool),
        launch_rad=_place(ends, "launch")[order],
        impact_rad=_place(ends, "impact")[order],
        sample_ns=tuple(times[rows] for rows in samples),
        state_vector=tuple(states[rows] for rows in samples),
    )


def _place(columns: Mapping[str, Any], end: str) -> F64:
    """Return latitude and longitude, shape (n, 2)."""
    return radians_from_degrees(
        np.stack(
            [
                np.asarray(columns[f"{end}_{name}_deg"], dtype=np.float64)
                for name in ("latitude", "longitude")
            ],
            axis=1,
        )
    )


def flights_of_tracks(tracks: Mapping[str, Any], flown: TrueFlights) -> dict[int, int]:
    """Return the flight that each track of one centre mostly follows; ``NOBODY``, ``SEVERAL``.

    Parameters
    ----------
    tracks
        Columns of the table ``tracks`` of one centre; tentative rows count for nothing.
    flown
        The truth.
    """
    status = np.asarray(tracks["status"], dtype=object)
    kept = np.flatnonzero(status != "tentative")
    track = np.asarray(tracks["track"], dtype=np.int64)[kept]
    numbers, index, count = np.unique(track, return_inverse=True, return_counts=True)
    if not len(numbers):
        return {}
    order = np.argsort(index, kind="stable")
    first = np.cumsum(count) - count
    place = np.arange(len(order)) - np.repeat(first, count)
    step = np.repeat(-(-count // ROWS_MAX), count)
    chosen = order[place % step == 0]
    rows = kept[chosen]
    votes = _nearest(tracks, rows, flown)
    table = np.zeros((len(numbers), len(flown) + 1), dtype=np.int64)
    np.add.at(table, (index[chosen], votes), 1)
    best = table[:, :-1].argmax(axis=1) if len(flown) else np.zeros(len(numbers), np.int64)
    held = table[np.arange(len(numbers)), best] if len(flown) else np.zeros(len(numbers))
    total = table.sum(axis=1)
    astray = np.where(2 * table[:, -1] > total, NOBODY, SEVERAL)
    follows = np.where(2 * held >= total, best, astray)
    return dict(zip(numbers.tolist(), follows.tolist(), strict=True))


def _nearest(tracks: Mapping[str, Any], rows: I64, flown: TrueFlights) -> I64:
    """Return the nearest flight of each row, or -1, which is the last column of the votes."""
    time_ns = np.asarray(tracks["time_ns"], dtype=np.int64)[rows]
    place = np.stack(
        [np.asarray(tracks[name], dtype=np.float64)[rows] for name in ("x_m", "y_m", "z_m")], axis=1
    )
    variance = sum(np.asarray(tracks[f"p_{k}{k}"], dtype=np.float64)[rows] for k in range(3))
    gate_m = np.maximum(NEAR_M, NEAR_STD * np.sqrt(variance))
    best_m = np.full(len(rows), np.inf)
    best = np.full(len(rows), NOBODY, dtype=np.int64)
    for flight in range(len(flown)):
        away = np.linalg.norm(place - flown.position_ecef_m(flight, time_ns), axis=1)
        is_best = (away < gate_m) & (away < best_m)
        best[is_best] = flight
        best_m[is_best] = away[is_best]
    return best


def flights_of_alerts(
    alerts: Mapping[str, Any], by_track: Mapping[int, int], flown: TrueFlights
) -> dict[int, int]:
    """Return the flight that each alert of one centre speaks of; ``NOBODY`` for a false one.

    Parameters
    ----------
    alerts
        Columns of the alerts of one centre.
    by_track
        From ``flights_of_tracks``.
    flown
        The truth.

    Notes
    -----
    An alert on a track is about what the track follows. One on reports of others alone, or on a
    track that follows several in turn, is about the flight whose launch, and impact where it names
    one, fits best, if any fits; its latest words count.
    """
    number = np.asarray(alerts["alert"], dtype=np.int64)
    tracks = [NOBODY if each is None else int(each) for each in list(alerts["track"])]
    found: dict[int, int] = {}
    for row in range(len(number) - 1, -1, -1):  # rows rise in time
        alert = int(number[row])
        if found.get(alert, NOBODY) != NOBODY:
            continue
        if by_track.get(tracks[row], SEVERAL) != SEVERAL:
            found[alert] = by_track[tracks[row]]
        elif alerts["launch_time_ns"][row] is None:
            found.setdefault(alert, NOBODY)
        else:
            found[alert] = _fitting(alerts, row, flown)
    return found


def _fitting(alerts: Mapping[str, Any], row: int, flown: TrueFlights) -> int:
    """Return the flight whose launch fits the words of a row best."""
    if not len(flown):
        return NOBODY
    std_s = _number(alerts["launch_time_std_s"][row])
    late_s = (int(alerts["launch_time_ns"][row]) - flown.launch_ns) / NS_PER_S
    misfit = [late_s**2 / (std_s**2 + LAUNCH_TIME_S**2)]
    misfit.append(_away(alerts, row, "launch", flown.launch_rad, LAUNCH_PLACE_M))
    if np.isfinite(_number(alerts["impact_latitude_deg"][row], np.nan)):
        away = _away(alerts, row, "impact", flown.impact_rad, IMPACT_PLACE_M)
        misfit.append(np.where(flown.comes_down, away, np.inf))
    is_near = np.all([each <= FIT_MAX for each in misfit], axis=0)
    total = np.where(is_near, np.sum(misfit, axis=0), np.inf)
    best = int(np.argmin(total))
    return best if np.isfinite(total[best]) else NOBODY


def _away(alerts: Mapping[str, Any], row: int, end: str, true_rad: F64, floor_m: float) -> F64:
    """Return the squared distance of the named place from the true ones, in deviations."""
    said = [_number(alerts[f"{end}_{name}_deg"][row], np.nan) for name in ("latitude", "longitude")]
    if not np.isfinite(said).all():
        return np.zeros(len(true_rad))
    latitude, longitude = radians_from_degrees(np.array(said))
    half_axis_m = _number(alerts[f"{end}_long_half_axis_m"][row])
    whole = np.nan_to_num(true_rad)
    away_m, _ = geodesic(latitude, longitude, whole[:, 0], whole[:, 1])
    return away_m**2 / ((half_axis_m / HALF_AXIS_STD) ** 2 + floor_m**2)


def _number(value: Any, otherwise: float = 0.0) -> float:
    number = otherwise if value is None else float(value)
    return number if np.isfinite(number) else otherwise


def rows_by(words: Sequence[str] | npt.NDArray[np.object_]) -> dict[str, I64]:
    """Return the rows of each different word, rising."""
    column = np.asarray(words, dtype=object)
    return {str(word): np.flatnonzero(column == word) for word in dict.fromkeys(column.tolist())}


def taken(columns: Mapping[str, Any], rows: I64) -> dict[str, Any]:
    """Return these rows of every column.

    Parameters
    ----------
    columns
        Arrays or lists, n long each.
    rows
        Which of them, shape (k,).
    """
    return {
        name: values[rows] if isinstance(values, np.ndarray) else [values[k] for k in rows.tolist()]
        for name, values in columns.items()
    }
