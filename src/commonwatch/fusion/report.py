"""Tracks as centres share them: what is believed, what is new, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from commonwatch.errors import InputError
from commonwatch.fusion.combination import News, no_news
from commonwatch.fusion.pedigree import Pedigree
from commonwatch.identity import NationId

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reports:
    """Reports on tracks, one row a report, in any order.

    Parameters
    ----------
    contributor
        Who sends each, a nation's own centre among them, N names.
    track, sequence
        The sender's numbers of the track and of the report, shape (N,). A report repeated by a link
        has both again.
    status
        ``Status``: of an ended one the sender says no more, shape (N,).
    is_free
        Whether the object flies freely, as its sender believes. Under power the errors of all
        centres share what none of them knows of the thrust: then nothing is added, shape (N,).
    time_ns
        Time of the state vector, shape (N,).
    since_ns
        Time of the report before it: the news is what came after, shape (N,).
    state_vector, covariance
        The whole estimate, from the sender's own sensors only where it has a pedigree; shapes
        (N, 6) and (N, 6, 6).
    news
        The equivalent measurement since ``since_ns``, N rows; of a track's first report nothing is
        used but the whole.
    step
        What each coordinate was rounded to, zero where it was not; the covariance already holds
        step^2 / 12. Shape (N, 6).
    pedigree
        What the whole estimate rests on; None where it is not said. N of them.

    Raises
    ------
    InputError
        Shapes differ, or a number is not finite.
    """

    contributor: tuple[NationId, ...]
    track: I64
    sequence: I64
    status: npt.NDArray[np.int8]
    is_free: Mask
    time_ns: I64
    since_ns: I64
    state_vector: F64
    covariance: F64
    news: News
    step: F64
    pedigree: tuple[Pedigree | None, ...]

    def __post_init__(self) -> None:
        count = len(self.contributor)
        shapes = {"state_vector": (count, 6), "covariance": (count, 6, 6), "step": (count, 6)}
        kinds: dict[str, type] = {"status": np.int8, "is_free": np.bool_}
        for name in ("track", "sequence", "time_ns", "since_ns", *kinds, *shapes):
            kind = kinds.get(name, np.float64 if name in shapes else np.int64)
            array: npt.NDArray[np.generic] = np.ascontiguousarray(getattr(self, name), dtype=kind)
            shape = shapes.get(name, (count,))
            if array.shape != shape:
                raise InputError(f"{name} of shape {array.shape}", allowed=f"shape {shape}")
            if kind is np.float64 and not np.isfinite(array).all():
                row = int(np.argwhere(~np.isfinite(array))[0][0])
                raise InputError(
                    f"{name} is not a number", allowed="finite numbers", where=f"report {row}"
                )
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if len(self.pedigree) != count or len(self.news.is_news) != count:
            raise InputError("pedigree or news of another length", allowed=f"{count} rows")

    def __len__(self) -> int:
        return len(self.contributor)

    def take(self, index: npt.ArrayLike) -> Reports:
        """Return the rows that an index array or a mask chooses."""
        rows = np.arange(len(self))[np.asarray(index)]
        return Reports(
            contributor=tuple(self.contributor[row] for row in rows),
            track=self.track[rows],
            sequence=self.sequence[rows],
            status=self.status[rows],
            is_free=self.is_free[rows],
            time_ns=self.time_ns[rows],
            since_ns=self.since_ns[rows],
            state_vector=self.state_vector[rows],
            covariance=self.covariance[rows],
            news=News(
                information=self.news.information[rows],
                information_vector=self.news.information_vector[rows],
                is_news=self.news.is_news[rows],
            ),
            step=self.step[rows],
            pedigree=tuple(self.pedigree[row] for row in rows),
        )


def joined(parts: list[Reports]) -> Reports:
    """All rows of several, in their order."""
    if not parts:
        return empty_reports()
    if len(parts) == 1:
        return parts[0]
    arrays = (
        "track", "sequence", "status", "is_free", "time_ns", "since_ns", "state_vector",
        "covariance", "step",
    )  # fmt: skip
    news = ("information", "information_vector", "is_news")
    return Reports(
        contributor=tuple(name for part in parts for name in part.contributor),
        pedigree=tuple(each for part in parts for each in part.pedigree),
        news=News(
            **{name: np.concatenate([getattr(part.news, name) for part in parts]) for name in news}
        ),
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays},
    )


@cache
def empty_reports() -> Reports:
    """No rows."""
    none = np.empty(0, dtype=np.int64)
    return Reports(
        contributor=(),
        track=none,
        sequence=none,
        status=none.astype(np.int8),
        is_free=none.astype(np.bool_),
        time_ns=none,
        since_ns=none,
        state_vector=np.empty((0, 6)),
        covariance=np.empty((0, 6, 6)),
        news=no_news(0),
        step=np.empty((0, 6)),
        pedigree=(),
    )
