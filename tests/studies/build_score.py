"""Small pictures and runs to be scored, by us and by a peer; whole metres, as a file holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.studies.score_matching import Truth
from commonwatch.tracking.estimate import Estimates, Status

F64 = npt.NDArray[np.float64]

START_NS = 1_500_000_000_000_000_000
INTERVAL_S = 2
CENTRE_M = (4_000_000, 3_000_000, 4_500_000)
NEAR_M = 10_000


def picture(number: int) -> dict[str, Any]:
    """Return objects and tracks in a box of 30 km, so that some are near and some are not."""
    rng = np.random.default_rng([number, 1])
    counts = rng.integers(0, 8, 2)
    if not counts.any():
        counts[number % 2] = 1
    objects, tracks = (rng.integers(-15_000, 15_000, (count, 3)).tolist() for count in counts)
    return {"objects": objects, "tracks": tracks}


def wide_picture(number: int) -> dict[str, Any]:
    """Return objects 60 km and more apart and tracks within 3 km of most, some of them nowhere."""
    rng = np.random.default_rng([number, 2])
    objects = [[60_000 * place, 0, 0] for place in range(int(rng.integers(1, 7)))]
    followed = rng.random(len(objects)) < 0.8
    offsets = rng.integers(-1_500, 1_500, (len(objects), 3))
    tracks = (np.array(objects) + offsets)[followed].tolist()
    tracks += [[-90_000 * (place + 1), 0, 0] for place in range(int(rng.integers(0, 3)))]
    return {"objects": objects, "tracks": tracks}


def run(number: int) -> dict[str, Any]:
    """Return objects far apart, and tracks that take over, double, wander off, or follow nothing.

    Each object or track is a list of its first instant and its state vectors from then on.
    """
    rng = np.random.default_rng([number, 3])
    instants = 24
    objects, tracks = [], []
    for place in range(int(rng.integers(3, 6))):
        first = 0 if place == 0 else int(rng.integers(0, 5))
        last = instants if place == 0 else int(rng.integers(16, instants + 1))
        moment = np.arange(first, last)
        origin = np.add(CENTRE_M, [200_000 * place, 0, 0])
        speed_m_s = rng.integers(-3_000, 3_000, 3)
        path = np.empty((len(moment), 6), dtype=np.int64)
        path[:, :3] = origin + moment[:, None] * INTERVAL_S * speed_m_s
        path[:, 3:] = speed_m_s
        objects.append([first, path.tolist()])
        for begin, end, wander in spells(rng, first, last):
            error = np.column_stack(
                [rng.integers(-900, 900, (end - begin, 3)), rng.integers(-90, 90, (end - begin, 3))]
            )
            if wander is not None:
                error[wander - begin, 1] += 20_000
            tracks.append([begin, (path[begin - first : end - first] + error).tolist()])
    for place in range(int(rng.integers(0, 3))):
        begin = int(rng.integers(0, 12))
        nowhere = [*CENTRE_M[:2], CENTRE_M[2] - 500_000 * (place + 1), 0, 0, 0]
        tracks.append([begin, [nowhere] * int(rng.integers(3, 12))])
    return {"objects": objects, "tracks": tracks}


def spells(rng: np.random.Generator, first: int, last: int) -> list[tuple[int, int, int | None]]:
    """Return begin, end and the instant of wandering off of each track on one object."""
    kind = int(rng.integers(0, 5))
    middle = int(rng.integers(first + 5, last - 5))
    late = first + int(rng.integers(0, 3))
    if kind == 0:
        return []
    if kind == 1:  # one track, that wanders off once
        return [(late, last, middle)]
    if kind == 2:  # one takes over, after a pause or at once
        return [(late, middle, None), (middle + int(rng.integers(0, 3)), last, None)]
    if kind == 3:  # a second one doubles the first and goes on
        return [(late, middle + 2, None), (middle - 3, last, None)]
    return [(late, last, None)]


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return all pictures and runs that are compared with the peer."""
    return {
        "pictures": [picture(number) for number in range(30)],
        "wide_pictures": [wide_picture(number) for number in range(15)],
        "runs": [run(number) for number in range(10)],
    }


def columns_of(one: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of the tables of objects and of tracks of a run."""
    numbers, times, vectors = [], [], []
    for number, (first, path) in enumerate(one["objects"]):
        for step, state_vector in enumerate(path):
            numbers.append(number)
            times.append(instant_ns(first + step))
            vectors.append(state_vector)
    truth = {"object": np.array(numbers), "time_ns": np.array(times), **axes(vectors)}
    numbers, times, vectors, words = [], [], [], []
    for number, (first, path) in enumerate(one["tracks"]):
        for step, state_vector in enumerate([*path, path[-1]]):
            numbers.append(100 + number)
            times.append(instant_ns(first + step))
            vectors.append(state_vector)
            words.append("confirmed" if step < len(path) else "ended")
    tracks = {
        "track": np.array(numbers, dtype=np.int64),
        "time_ns": np.array(times, dtype=np.int64),
        "known_ns": np.array(times, dtype=np.int64),
        "status": np.array(words, dtype=object),
        **axes(vectors),
    }
    return truth, tracks | covariances(len(numbers))


def instant_ns(step: int) -> int:
    return START_NS + step * INTERVAL_S * 1_000_000_000


def axes(vectors: list[Any]) -> dict[str, F64]:
    names = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    array = np.array(vectors, dtype=np.float64).reshape(-1, 6)
    return dict(zip(names, array.T, strict=True))


def covariances(count: int, *, position_m: float = 500.0, velocity_m_s: float = 50.0) -> Any:
    """Return the columns of diagonal covariances."""
    square = [position_m**2] * 3 + [velocity_m_s**2] * 3
    return {
        f"p_{i}{j}": np.full(count, square[i] if i == j else 0.0)
        for i in range(6)
        for j in range(i, 6)
    }


def truth_of(*rows: tuple[int, int, float]) -> Truth:
    """Return objects at rest: number, step, and metres along one line."""
    ordered = sorted(rows, key=lambda row: (row[1], row[0]))
    return Truth(
        time_ns=np.array([instant_ns(step) for _, step, _ in ordered]),
        number=np.array([number for number, _, _ in ordered]),
        state_vector=np.array([along(place) for _, _, place in ordered]),
    )


def beliefs_of(*rows: tuple[int, int, float] | tuple[int, int, float, Status]) -> Estimates:
    """Return beliefs of their own step: number of the track, step, metres along, status if any."""
    return Estimates.from_columns(
        {
            "track": np.array([row[0] for row in rows], dtype=np.int64),
            "time_ns": np.array([instant_ns(row[1]) for row in rows], dtype=np.int64),
            "known_ns": np.array([instant_ns(row[1]) for row in rows], dtype=np.int64),
            "status": [(row[3] if len(row) > 3 else Status.CONFIRMED).name.lower() for row in rows],
            **axes([along(row[2]) for row in rows]),
            **covariances(len(rows)),
        }
    )


def along(place_m: float) -> list[float]:
    return [CENTRE_M[0] + place_m, CENTRE_M[1], CENTRE_M[2], 0.0, 0.0, 0.0]
