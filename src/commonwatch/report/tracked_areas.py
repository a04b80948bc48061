"""Launch and impact ellipses: their outlines, their sizes, whether they hold the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from commonwatch.earth.ellipsoid import destination
from commonwatch.report.columns import instants, numbers
from commonwatch.report.tracked_errors import Errors
from commonwatch.studies.score_intervals import Count, binomial_count
from commonwatch.units import degrees_from_radians, radians_from_degrees
from commonwatch.warning.ellipse import Ellipses, outness

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ENDS: Final = ("launch", "impact")
_AROUND: Final = np.linspace(0.0, 2.0 * np.pi, 49)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Areas:
    """Ellipses of one end, launch or impact, one row an event of an alert, in order of knowing.

    Parameters
    ----------
    alert, track
        Numbers, shape (N,).
    known_ns
        When it was known, shape (N,).
    ellipses
        95 % ellipses, not-a-number where there is none.
    true_latitude_rad, true_longitude_rad
        Where it really was, not-a-number where nobody says, shape (N,).
    """

    alert: I64
    track: I64
    known_ns: I64
    ellipses: Ellipses
    true_latitude_rad: F64
    true_longitude_rad: F64

    @property
    def has(self) -> npt.NDArray[np.bool_]:
        """Whether there is an ellipse, shape (N,)."""
        return np.isfinite(self.ellipses.long_half_axis_m)

    @property
    def last(self) -> I64:
        """The row of each alert's last ellipse, in the order of alerts; alerts without are out."""
        rows = np.flatnonzero(self.has)
        alerts, backwards = np.unique(self.alert[rows][::-1], return_index=True)
        del alerts
        return rows[len(rows) - 1 - backwards]

    def rows_of(self, alert: int) -> I64:
        """Rows of one alert that have an ellipse."""
        return np.flatnonzero((self.alert == alert) & self.has)

    def hold(self) -> Count:
        """Count the last ellipses that hold the truth, among those whose truth is known."""
        out = outness(self.ellipses, self.true_latitude_rad, self.true_longitude_rad)[self.last]
        known = out[np.isfinite(out)]
        return binomial_count(int(np.sum(known <= 1.0)), len(known))

    def ring_deg(self, row: int) -> tuple[F64, F64]:
        """Outline of one ellipse, latitude and longitude in degrees, closed."""
        own = self.ellipses
        along = own.long_half_axis_m[row] * np.cos(_AROUND)
        across = own.short_half_axis_m[row] * np.sin(_AROUND)
        azimuth = own.orientation_rad[row] + np.arctan2(across, along)
        latitude, longitude = destination(
            own.latitude_rad[row], own.longitude_rad[row], azimuth, np.hypot(along, across)
        )
        return degrees_from_radians(latitude), degrees_from_radians(longitude)


def areas_of(
    alerts: pa.Table, end: str, *, ends: pa.Table | None = None, errors: Errors | None = None
) -> Areas:
    """Gather the ellipses of one end.

    Parameters
    ----------
    alerts
        The table ``alerts``.
    end
        ``"launch"`` or ``"impact"``.
    ends
        Where objects really started and came down.
    errors
        Which track follows which object.
    """
    order = np.lexsort((np.arange(alerts.num_rows), instants(alerts, "known_ns")))
    track = instants(alerts, "track")[order]
    true_deg = np.full((len(order), 2), np.nan)
    if ends is not None and errors is not None:
        spots = np.stack([numbers(ends, f"{end}_{name}_deg") for name in _ANGLES], axis=-1)
        place = dict(zip(instants(ends, "object").tolist(), spots, strict=True))
        nowhere = np.full(2, np.nan)
        for row, one in enumerate(track.tolist()):
            true_deg[row] = place.get(errors.owner.get(one, -1), nowhere)
    middle = [numbers(alerts, f"{end}_{name}_deg")[order] for name in _ANGLES]
    return Areas(
        alert=instants(alerts, "alert")[order],
        track=track,
        known_ns=instants(alerts, "known_ns")[order],
        ellipses=Ellipses(
            latitude_rad=radians_from_degrees(middle[0]),
            longitude_rad=radians_from_degrees(middle[1]),
            long_half_axis_m=numbers(alerts, f"{end}_long_half_axis_m")[order],
            short_half_axis_m=numbers(alerts, f"{end}_short_half_axis_m")[order],
            orientation_rad=numbers(alerts, f"{end}_orientation_rad")[order],
        ),
        true_latitude_rad=radians_from_degrees(true_deg[:, 0]),
        true_longitude_rad=radians_from_degrees(true_deg[:, 1]),
    )


_ANGLES: Final = ("latitude", "longitude")
