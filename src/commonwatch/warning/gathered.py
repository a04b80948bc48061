"""A launch point from what was said early and late: each knows what the other does not.

While a motor burns near the launch point the way back is short, and the ellipse small and round.
Later the direction is known to metres, but not how long the motor burned: the ellipse is narrow and
long, however long the track is followed. Both rest on the same looks in part, and on assumptions of
one kind, so they are intersected, which is safe for any correlation.

=====================  =========================================================  =======
figure                 reason                                                     mark
=====================  =========================================================  =======
``AGREE_SQUARED``      chi-square, two values: one honest pair in 1,000 is apart  derived
=====================  =========================================================  =======

References
----------
Julier, Uhlmann, A non-divergent estimation algorithm in the presence of unknown correlations,
American Control Conference, 1997, 10.1109/ACC.1997.609105.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.units import NS_PER_S
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO, Ellipses, ellipses_of
from commonwatch.warning.origin import Origins
from commonwatch.warning.spread import level_offsets_m

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

AGREE_SQUARED: Final = -2.0 * math.log(1e-3)
_OF_AREA: Final = tuple(key.name for key in fields(Ellipses))
_BESIDE_AREA: Final = tuple(key.name for key in fields(Origins) if key.name != "area")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """The best launch point said of each track while its motor burned, nan where there is none.

    Parameters
    ----------
    origins
        n launch points.
    time_ns
        Time of the estimates that they are of, (n,).
    """

    origins: Origins
    time_ns: I64

    def take(self, index: npt.NDArray[np.intp]) -> Held:
        """Return the rows that an index chooses."""
        area = self.origins.area
        chosen = {name: getattr(area, name)[index] for name in _OF_AREA}
        rest = {name: getattr(self.origins, name)[index] for name in _BESIDE_AREA}
        return Held(origins=Origins(area=Ellipses(**chosen), **rest), time_ns=self.time_ns[index])


def joined(parts: list[Held]) -> Held:
    """Put several behind one another; one at least."""
    areas = [part.origins.area for part in parts]
    area = Ellipses(
        **{name: np.concatenate([getattr(each, name) for each in areas]) for name in _OF_AREA}
    )
    rest = {
        name: np.concatenate([getattr(part.origins, name) for part in parts])
        for name in _BESIDE_AREA
    }
    return Held(
        origins=Origins(area=area, **rest),
        time_ns=np.concatenate([part.time_ns for part in parts]),
    )


def none_held(count: int) -> Held:
    """Nothing was said yet of any of some tracks."""
    nothing = np.full(count, np.nan)
    return Held(
        origins=Origins(
            is_given=np.zeros(count, dtype=bool),
            area=Ellipses(**dict.fromkeys(_OF_AREA, nothing)),
            time_s=nothing,
            time_std_s=nothing,
            azimuth_rad=nothing,
            azimuth_std_rad=nothing,
        ),
        time_ns=np.zeros(count, dtype=np.int64),
    )


def held_after(newest: Held, may_hold: Flags, previous: I64, before: Held) -> Held:
    """Say which launch point is held after each row: that with the shortest long axis.

    Parameters
    ----------
    newest
        What is said of n rows, those of one track in order.
    may_hold
        Whether the motor burned then, (n,).
    previous
        The track's row before in the batch, -1 for none, (n,).
    before
        What was held of the row's track before the batch, n.
    """
    count = len(newest.time_ns)
    every = joined([before, newest])
    long_m = np.where(
        np.isfinite(every.origins.area.long_half_axis_m),
        every.origins.area.long_half_axis_m,
        np.inf,
    )
    pick = np.empty(count, dtype=np.intp)
    for row in range(count):
        held = pick[previous[row]] if previous[row] >= 0 else row
        is_better = may_hold[row] and long_m[count + row] < long_m[held]
        pick[row] = count + row if is_better else held
    return every.take(pick)


def gathered(newest: Held, held: Held) -> Origins:
    """Intersect launch points with those held, where these are shorter and both agree.

    Parameters
    ----------
    newest, held
        n each.

    Notes
    -----
    1. With covariances A and B of east and north, (w A^-1 + (1 - w) B^-1)^-1 has the least area at
    w = -(a + b) / (2 a b), where 1 + a and 1 + b are the eigenvalues of A^-1 B, within 0 to 1.
    2. Of two times of launch the better known one counts; the azimuth is the newest.

    Limits: where the two differ by more than one honest pair in a thousand the newest stands.
    """
    area, other = newest.origins.area, held.origins.area
    rows = (other.long_half_axis_m < area.long_half_axis_m).nonzero()[0]
    if not len(rows):
        return newest.origins
    middle = ecef_from_geodetic(area.latitude_rad[rows], area.longitude_rad[rows], 0.0)
    place = ecef_from_geodetic(other.latitude_rad[rows], other.longitude_rad[rows], 0.0)
    apart = level_offsets_m(middle, place[:, None])[:, 0]
    own, theirs = _covariance(area, rows), _covariance(other, rows)
    distance = np.einsum("ni,nij,nj->n", apart, np.linalg.inv(own + theirs), apart)
    agrees = distance <= AGREE_SQUARED
    rows, middle, apart = rows[agrees], middle[agrees], apart[agrees]
    inverse, told = np.linalg.inv(own[agrees]), np.linalg.inv(theirs[agrees])
    weight = _weights(inverse, theirs[agrees])[:, None, None]
    spread = np.linalg.inv(weight * inverse + (1.0 - weight) * told)
    mean = np.einsum("nij,njk,nk->ni", spread, (1.0 - weight) * told, apart)
    better = ellipses_of(middle, mean, np.asarray(spread, dtype=np.float64))
    found = {}
    for name in _OF_AREA:
        found[name] = getattr(area, name).copy()
        found[name][rows] = getattr(better, name)
    # North turns on the way to the new middle: by far more than a narrow ellipse is wide.
    turned = better.longitude_rad - area.longitude_rad[rows]
    turned *= np.sin(0.5 * (better.latitude_rad + area.latitude_rad[rows]))
    found["orientation_rad"][rows] = np.mod(better.orientation_rad + turned, np.pi)
    is_better = np.zeros(len(area.latitude_rad), dtype=bool)
    is_better[rows] = held.origins.time_std_s[rows] < newest.origins.time_std_s[rows]
    since_s = (held.time_ns - newest.time_ns) / NS_PER_S
    return replace(
        newest.origins,
        area=Ellipses(**found),
        time_s=np.where(is_better, held.origins.time_s + since_s, newest.origins.time_s),
        time_std_s=np.where(is_better, held.origins.time_std_s, newest.origins.time_std_s),
    )


def _covariance(area: Ellipses, rows: npt.NDArray[np.intp]) -> F64:
    """Covariance of east and north, (n, 2, 2)."""
    turn = area.orientation_rad[rows]
    long = np.stack([np.sin(turn), np.cos(turn)], axis=-1)
    short = np.stack([np.cos(turn), -np.sin(turn)], axis=-1)
    covariance: F64 = np.zeros((len(rows), 2, 2))
    for axis, half_m in (
        (long, area.long_half_axis_m[rows]),
        (short, np.maximum(area.short_half_axis_m[rows], 1.0)),
    ):
        variance = (half_m**2 / CHI_SQUARE_95_TWO)[:, None, None]
        covariance += variance * axis[:, :, None] * axis[:, None, :]
    return covariance


def _weights(inverse: F64, theirs: F64) -> F64:
    """Weight of the first of two estimates, of the least area together, (n,)."""
    relative = inverse @ theirs
    both = np.trace(relative, axis1=1, axis2=2) - 2.0
    product = np.linalg.det(relative) - both - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(product < 0.0, -both / (2.0 * product), np.where(both > 0.0, 1.0, 0.0))
    return np.clip(weight, 0.0, 1.0)
