"""Beliefs about objects: state vectors with covariances, as known at a time.

=========================  ====================================================  =======
figure                     source                                                mark
=========================  ====================================================  =======
``PROCESS_NOISE_M2_S3``    vacuum flight has none; what J2 leaves out of         assumed
                           gravity is of the order of J3 g over minutes
``THRUST_M_S2``            2 to 5 g over most of a powered phase, on average     assumed
``POWERED_NOISE_M2_S3``    thrust off by 20 m/s2 for some 20 s                   assumed
=========================  ====================================================  =======
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ECCENTRICITY_SQUARED, SEMI_MAJOR_AXIS_M
from commonwatch.earth.gravity import EARTH_RATE_RAD_S, GM_M3_S2, J2, J3, J4
from commonwatch.errors import InputError
from commonwatch.tables.reading import read_parquet
from commonwatch.tracking import motion_kernel
from commonwatch.tracking.given_states import refuse_wrong_states

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

PROCESS_NOISE_M2_S3: Final = 1e-6
"""Spectral density of white acceleration in free flight above 100 km."""
THRUST_M_S2: Final = 30.0
"""Mean acceleration along the velocity of what burns."""
POWERED_NOISE_M2_S3: Final = 16_000.0
"""Spectral density of white acceleration about that mean."""

FIELD: Final = np.array(
    [GM_M3_S2, SEMI_MAJOR_AXIS_M, EARTH_RATE_RAD_S, J2, J3, J4, ECCENTRICITY_SQUARED]
)
"""Constants that the compiled motion takes as an argument."""
FIELD.setflags(write=False)

UPPER: Final = np.triu_indices(6)
"""Rows and columns of the upper triangle, row by row, as ``p_00`` to ``p_55`` stand in a table."""
STATE_COLUMNS: Final = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
COVARIANCE_COLUMNS: Final = tuple(f"p_{i}{j}" for i, j in zip(*UPPER, strict=True))


class Status(IntEnum):
    """Where a track stands in its life."""

    TENTATIVE = 0
    CONFIRMED = 1
    ENDED = 2


STATUS_WORDS: Final = tuple(status.name.lower() for status in Status)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """What was believed of objects, one row a belief.

    Parameters
    ----------
    track
        Number of the track, shape (N,).
    time_ns
        Time that the state vector belongs to, UTC since 1970, shape (N,).
    known_ns
        When it was believed, shape (N,).
    status
        ``Status``, shape (N,).
    state_vector
        ECEF position and velocity, shape (N, 6).
    covariance
        Of the state vector, shape (N, 6, 6), symmetric.

    Raises
    ------
    InputError
        Shapes differ, or a number is not finite.
    """

    track: I64
    time_ns: I64
    known_ns: I64
    status: npt.NDArray[np.int8]
    state_vector: F64
    covariance: F64

    def __post_init__(self) -> None:
        count = len(self.track)
        for name, dtype, shape in (
            ("track", np.int64, (count,)),
            ("time_ns", np.int64, (count,)),
            ("known_ns", np.int64, (count,)),
            ("status", np.int8, (count,)),
            ("state_vector", np.float64, (count, 6)),
            ("covariance", np.float64, (count, 6, 6)),
        ):
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if array.shape != shape:
                raise InputError(f"{name} of shape {array.shape}", allowed=f"shape {shape}")
            if dtype is np.float64 and not np.isfinite(array).all():
                row = int(np.argwhere(~np.isfinite(array))[0][0])
                raise InputError(
                    f"{name} is not a number", allowed="finite numbers", where=f"row {row}"
                )
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.track)

    def take(self, index: npt.ArrayLike) -> Estimates:
        """Return the rows that an index array or a mask chooses."""
        return _unchecked({name: getattr(self, name)[np.asarray(index)] for name in FIELDS})

    def to_columns(self) -> dict[str, Any]:
        """Columns of the table ``tracks``."""
        columns: dict[str, Any] = {
            "track": self.track,
            "time_ns": self.time_ns,
            "known_ns": self.known_ns,
            "status": np.array(STATUS_WORDS)[self.status],
        }
        columns |= dict(zip(STATE_COLUMNS, self.state_vector.T, strict=True))
        upper = self.covariance[:, UPPER[0], UPPER[1]]
        return columns | dict(zip(COVARIANCE_COLUMNS, upper.T, strict=True))

    @staticmethod
    def from_columns(columns: Mapping[str, Any]) -> Estimates:
        """Make estimates from the columns of the table ``tracks``."""
        words = list(columns["status"])
        unknown = sorted(set(words) - set(STATUS_WORDS))
        if unknown:
            raise InputError(f'status "{unknown[0]}"', allowed=", ".join(STATUS_WORDS))
        count = len(words)
        covariance = np.empty((count, 6, 6))
        upper = np.stack([np.asarray(columns[name]) for name in COVARIANCE_COLUMNS], axis=-1)
        covariance[:, UPPER[0], UPPER[1]] = upper
        covariance[:, UPPER[1], UPPER[0]] = upper
        return Estimates(
            track=np.asarray(columns["track"]),
            time_ns=np.asarray(columns["time_ns"]),
            known_ns=np.asarray(columns["known_ns"]),
            status=np.array([STATUS_WORDS.index(word) for word in words], dtype=np.int8),
            state_vector=np.stack([np.asarray(columns[n]) for n in STATE_COLUMNS], axis=-1),
            covariance=covariance,
        )


FIELDS: Final = ("track", "time_ns", "known_ns", "status", "state_vector", "covariance")


def _unchecked(arrays: Mapping[str, npt.NDArray[Any]]) -> Estimates:
    """Make estimates of rows that were checked before."""
    made = object.__new__(Estimates)
    for name, array in arrays.items():
        array.setflags(write=False)
        object.__setattr__(made, name, array)
    return made


@cache
def empty_estimates() -> Estimates:
    """No rows."""
    none = np.empty(0, dtype=np.int64)
    return Estimates(
        track=none,
        time_ns=none,
        known_ns=none,
        status=np.empty(0, dtype=np.int8),
        state_vector=np.empty((0, 6)),
        covariance=np.empty((0, 6, 6)),
    )


def joined(parts: list[Estimates]) -> Estimates:
    """All rows of several, in their order."""
    if not parts:
        return empty_estimates()
    if len(parts) == 1:
        return parts[0]
    return _unchecked(
        {name: np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS}
    )


def normalised_error_squared(error: npt.ArrayLike, covariance: npt.ArrayLike) -> F64:
    """Error squared in units of its covariance, e' P^-1 e.

    Parameters
    ----------
    error
        Shape (..., k).
    covariance
        Shape (..., k, k), positive.

    Returns
    -------
    normalised_error_squared
        Shape (...). Of honest estimates it is chi-square with k degrees of freedom.

    References
    ----------
    Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation, Wiley, 2001, section 5.4.2.
    """
    errors = np.asarray(error, dtype=np.float64)
    solved = np.linalg.solve(np.asarray(covariance, dtype=np.float64), errors[..., np.newaxis])
    return np.asarray(np.einsum("...i,...i->...", errors, solved[..., 0]))


def predict(
    state_vector: npt.ArrayLike,
    covariance: npt.ArrayLike,
    seconds: npt.ArrayLike,
    *,
    process_noise_m2_s3: float = PROCESS_NOISE_M2_S3,
) -> tuple[F64, F64]:
    """Move estimates in free flight, forward or back.

    Parameters
    ----------
    state_vector
        ECEF, shape (N, 6).
    covariance
        Shape (N, 6, 6).
    seconds
        How far, shape (N,) or one number; negative goes back.
    process_noise_m2_s3
        Spectral density of white acceleration.

    Returns
    -------
    state_vector, covariance
        New arrays of the same shapes.

    Notes
    -----
    Gravity to J2 on the turning Earth, steps of at most 10 s of fourth order; the covariance by the
    linearised motion.

    Limits: no drag, no thrust; does not stop at the ground.
    """
    states = np.array(state_vector, dtype=np.float64, order="C")
    covariances = np.array(covariance, dtype=np.float64, order="C")
    each = np.array(np.broadcast_to(seconds, states.shape[:1]), dtype=np.float64, order="C")
    motion_kernel.predict_free(states, covariances, each, process_noise_m2_s3, FIELD.copy())
    return states, covariances


def read_tracks(path: Path | str) -> Estimates:
    """Read a table of tracks.

    Raises
    ------
    InputError
        The file cannot be read, is no Parquet file, lacks a column, or is in other units than the
        names of its columns say.
    """
    try:
        estimates = Estimates.from_columns(read_parquet(Path(path), "tracks"))
    except InputError as error:
        if str(path) in error.where:
            raise
        place = f"{path}: {error.where}" if error.where else str(path)
        raise InputError(
            error.found, allowed=error.allowed, where=place, what_to_do=error.what_to_do
        ) from error
    refuse_wrong_states(
        estimates.track,
        estimates.time_ns,
        estimates.state_vector,
        path,
        known_ns=estimates.known_ns,
    )
    return estimates


def is_positive(covariance: F64) -> npt.NDArray[np.bool_]:
    """Say whether each covariance, in units of its own deviations, is positive, (n,)."""
    diagonal = np.diagonal(covariance, axis1=-2, axis2=-1)
    with np.errstate(all="ignore"):
        deviation = np.sqrt(np.maximum(diagonal, 1e-300))
        scaled = covariance / (deviation[:, :, None] * deviation[:, None, :])
    scaled = np.where(np.isfinite(scaled), scaled, 0.0)
    return np.asarray(np.linalg.eigvalsh(scaled)[:, 0] > 1e-12)
