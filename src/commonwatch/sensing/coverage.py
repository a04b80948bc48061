"""Coverage: the lowest altitude seen above a place, the longest stretch that nobody sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.errors import InputError
from commonwatch.flight.trajectory import Trajectories
from commonwatch.kernels import run_in_chunks
from commonwatch.sensing.coverage_kernel import lowest_seen
from commonwatch.sensing.envelope import envelope_table
from commonwatch.sensing.visibility import Sensor, Spells

F64 = npt.NDArray[np.float64]

_STEP_M: Final = 5_000.0
_REFINED_M: Final = 10.0
_PLACES_PER_CHUNK: Final = 1_024


def lowest_visible_altitude(
    sensors: Sequence[Sensor],
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    *,
    altitude_max_m: float,
) -> F64:
    """Map the lowest altitude at which any radar sees.

    Parameters
    ----------
    sensors
        A laydown. Radars alone count, cued ones as if cued; satellites and dishes are passed over.
    latitude_rad, longitude_rad
        The grid's geodetic axes, shapes (a,) and (b,).
    altitude_max_m
        Where to stop looking.

    Returns
    -------
    altitude_m
        Above the ellipsoid, shape (a, b), infinite where no radar sees up to ``altitude_max_m``.

    Raises
    ------
    InputError
        ``altitude_max_m`` is no positive number.

    Notes
    -----
    The vertical above each place is swept upwards in steps of 5 km, and the first step into view
    bisected to 10 m.

    Limits: a band of sight less than 5 km deep may be missed. Low in the air the asymptotes of
    refracted rays are too high, most beside a radar (``earth.refraction.asymptote`` says by how
    much).
    """
    if not 0.0 < altitude_max_m < np.inf:
        raise InputError(f"altitude_max_m is {altitude_max_m:g}", allowed="a number above 0")
    latitude, longitude = np.meshgrid(
        np.asarray(latitude_rad, dtype=np.float64),
        np.asarray(longitude_rad, dtype=np.float64),
        indexing="ij",
    )
    surface_m = np.ascontiguousarray(ecef_from_geodetic(latitude, longitude, 0.0).reshape(-1, 3))
    upward = rotation_enu_from_ecef(latitude, longitude)[..., 2, :]
    normal = np.ascontiguousarray(upward.reshape(-1, 3))
    envelopes, _ = envelope_table(sensors)
    out = np.empty(latitude.size)
    run_in_chunks(
        lambda start, stop: lowest_seen(
            *(surface_m, normal, envelopes, _STEP_M, _REFINED_M, altitude_max_m),
            *(start, stop, out),
        ),
        latitude.size,
        chunk=_PLACES_PER_CHUNK,
    )
    return out.reshape(latitude.shape)


def longest_gap(joined: Spells, trajectories: Trajectories, *, from_s: npt.ArrayLike) -> F64:
    """Find the longest stretch of each path that nobody sees.

    Parameters
    ----------
    joined
        From ``visibility.union``.
    trajectories
        The paths.
    from_s
        Where to begin, such as the first sight, seconds from lift-off, shape (n,) or ().

    Returns
    -------
    gap_s
        Seconds, shape (n,): the longest unseen stretch between ``from_s`` and the end of the path;
        not-a-number where ``from_s`` is.

    Raises
    ------
    InputError
        The spells are not a union: they would hide one another's gaps.
    """
    if len(joined.sensors) != 1:
        raise InputError(
            f"spells of {len(joined.sensors)} sensors", allowed="the spells that union returns"
        )
    begin_s = np.broadcast_to(np.asarray(from_s, dtype=np.float64), trajectories.end_s.shape)
    path, end_s = joined.path, trajectories.end_s
    before_s = np.where(np.diff(path, prepend=-1) == 0, np.roll(joined.last_seen_s, 1), -np.inf)
    gap_s = np.minimum(joined.first_seen_s, end_s[path]) - np.maximum(before_s, begin_s[path])
    seen_until_s = np.full(trajectories.path_count, -np.inf)
    np.maximum.at(seen_until_s, path, joined.last_seen_s)
    longest_s: F64 = np.maximum(end_s - np.maximum(seen_until_s, begin_s), 0.0)
    np.maximum.at(longest_s, path, gap_s)
    return longest_s
