"""When each track was first heard of, confirmed and ended, and where it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.report.projection import unwrapped
from commonwatch.tracking.estimate import Estimates, Status
from commonwatch.units import degrees_from_radians

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

TRACKS_DRAWN_MAX: Final = 200
TENTATIVE_DRAWN_MAX: Final = 50
POINTS_MAX: Final = 60
NEVER_NS: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """One row a track, shape (T,) each; ``NEVER_NS`` where it did not happen.

    Parameters
    ----------
    track
        Numbers, rising.
    first_ns, confirmed_ns, ended_ns
        When it was first known, first known as confirmed, known to have ended.
    last_ns
        When anything of it was known last.
    """

    track: I64
    first_ns: I64
    confirmed_ns: I64
    ended_ns: I64
    last_ns: I64

    @property
    def is_confirmed(self) -> npt.NDArray[np.bool_]:
        """Whether it was ever confirmed."""
        return self.confirmed_ns < NEVER_NS

    def counts(self, instants_ns: I64) -> tuple[I64, I64]:
        """Count confirmed and tentative tracks at instants, shape (K,) each."""
        confirmed = _until(self.confirmed_ns, instants_ns)
        lost = _until(self.ended_ns[self.is_confirmed], instants_ns)
        begun = _until(self.first_ns, instants_ns)
        over = _until(np.minimum(self.confirmed_ns, self.ended_ns), instants_ns)
        return confirmed - lost, begun - over


def _until(events_ns: I64, instants_ns: I64) -> I64:
    return np.searchsorted(np.sort(events_ns), instants_ns, side="right")


def lives_of(estimates: Estimates) -> Lives:
    """Gather the life of each track."""
    tracks, index = np.unique(estimates.track, return_inverse=True)
    first, confirmed, ended = (np.full(len(tracks), NEVER_NS) for _ in range(3))
    last = np.full(len(tracks), -NEVER_NS)
    np.minimum.at(first, index, estimates.known_ns)
    np.maximum.at(last, index, estimates.known_ns)
    for status, when in ((Status.CONFIRMED, confirmed), (Status.ENDED, ended)):
        rows = estimates.status == status
        np.minimum.at(when, index[rows], estimates.known_ns[rows])
    return Lives(track=tracks, first_ns=first, confirmed_ns=confirmed, ended_ns=ended, last_ns=last)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackPath:
    """Where one track went, by the time that its estimates belong to; longitudes run on."""

    track: int
    is_confirmed: bool
    time_ns: I64
    latitude_deg: F64
    longitude_deg: F64
    altitude_m: F64
    speed_m_s: F64


def paths_of(estimates: Estimates, lives: Lives) -> list[TrackPath]:
    """Return the paths that are drawn: of many tracks some, evenly taken, of each some points.

    The row that ends a track is left out: it is a prediction.

    Parameters
    ----------
    estimates
        Rows of tracks, ECEF.
    lives
        Which of them were confirmed.
    """
    chosen: dict[int, bool] = {}
    for is_confirmed, most in ((True, TRACKS_DRAWN_MAX), (False, TENTATIVE_DRAWN_MAX)):
        numbers = lives.track[lives.is_confirmed == is_confirmed]
        chosen |= dict.fromkeys(numbers[evenly(len(numbers), most)].tolist(), is_confirmed)
    kept = np.flatnonzero(
        np.isin(estimates.track, np.array(list(chosen), dtype=np.int64))
        & (estimates.status != Status.ENDED)
    )
    order = kept[np.lexsort((estimates.time_ns[kept], estimates.track[kept]))]
    tracks, starts = np.unique(estimates.track[order], return_index=True)
    found = []
    for track, rows in zip(tracks.tolist(), np.split(order, starts[1:]), strict=bool(len(tracks))):
        some = rows[evenly(len(rows), POINTS_MAX)]
        vector = estimates.state_vector[some]
        latitude, longitude, altitude_m = geodetic_from_ecef(vector[:, :3])
        found.append(
            TrackPath(
                track=track,
                is_confirmed=chosen[track],
                time_ns=estimates.time_ns[some],
                latitude_deg=degrees_from_radians(latitude),
                longitude_deg=unwrapped(degrees_from_radians(longitude)),
                altitude_m=altitude_m,
                speed_m_s=np.sqrt(np.sum(vector[:, 3:] ** 2, axis=-1)),
            )
        )
    return found


def evenly(count: int, most: int) -> I64:
    """Return at most so many places of so many, evenly taken, the first and the last included.

    Parameters
    ----------
    count
        How many there are.
    most
        How many are wanted, at least two.

    Returns
    -------
    I64
        Rising, 0 to ``count - 1``.
    """
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))
