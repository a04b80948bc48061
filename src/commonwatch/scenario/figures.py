"""Figures that are intervals, and one value of each: the low, nominal or high case.

The *low* case of a sensor is the one that sees least: shortest range, narrowest elevation, highest
cloud break, slowest revisit; the *high* case sees most. A figure without such a direction (where a
satellite stands) keeps its nominal value in all cases; the sensitivity study moves it. A vehicle's
figures have no direction either: its low case takes their low ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from commonwatch.scenario.schema import Figure, Interval

_SEES_LESS_WHEN_LARGER: Final = frozenset(
    {
        "range_min_km",
        "elevation_min_deg",
        "cloud_break_altitude_km",
        "revisit_s",
        "first_look_delay_s",
        "hand_over_s",
        "track_interval_s",
        "beamwidth_deg",
        "range_floor_m",
        "range_bias_m",
        "scan_loss_exponent",
        "line_of_sight_std_rad",
        "range_std_m",
        "azimuth_std_rad",
        "elevation_std_rad",
        "range_rate_std_m_s",
        "false_plots_per_sweep",
    }
)
_WITHOUT_DIRECTION: Final = frozenset(
    {
        "longitude_deg",
        "period_h",
        "eccentricity",
        "inclination_deg",
        "argument_of_perigee_deg",
        "apogee_longitude_deg",
        "hours_from_apogee",
    }
)


class Case(StrEnum):
    """Which end of the intervals."""

    LOW = "low"
    NOMINAL = "nominal"
    HIGH = "high"


def ends(figure: Figure) -> tuple[float, float, float]:
    """Return the low, nominal and high value of a figure, in its file's unit."""
    if isinstance(figure, Interval):
        middle = 0.5 * (figure.low + figure.high)
        return figure.low, middle if figure.nominal is None else figure.nominal, figure.high
    return figure, figure, figure


def low_end(figure: Figure) -> float:
    """Return the least value of a figure."""
    return figure.low if isinstance(figure, Interval) else figure


def high_end(figure: Figure) -> float:
    """Return the greatest value of a figure."""
    return figure.high if isinstance(figure, Interval) else figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How figures are read: the case, and figures that are set by their path.

    Parameters
    ----------
    case
        Which end of the intervals.
    override
        Values in the file's unit by path, as in ``{"radars.north.range_max_km": 4000.0}``.
    """

    case: Case = Case.NOMINAL
    override: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def value(self, path: str, figure: Figure) -> float:
        """Return one value of the figure at this path, as the sensors' cases go.

        Parameters
        ----------
        path
            Of the figure, by which ``override`` knows it; its last word is the key in the file.
        figure
            A number, or low, nominal and high.

        Returns
        -------
        float
            In the file's unit. The low case takes the end at which sensors see less.
        """
        key = path.rpartition(".")[2]
        if key in _WITHOUT_DIRECTION:
            return self.override.get(path, ends(figure)[1])
        return self.override.get(path, self._ends(key, figure)[self._index()])

    def plain(self, path: str, figure: Figure) -> float:
        """Return one value of the figure at this path: low case, low end.

        Parameters
        ----------
        path
            Of the figure, by which ``override`` knows it.
        figure
            A number, or low, nominal and high.

        Returns
        -------
        float
            In the file's unit.
        """
        return self.override.get(path, ends(figure)[self._index()])

    def _index(self) -> int:
        return (Case.LOW, Case.NOMINAL, Case.HIGH).index(self.case)

    def _ends(self, key: str, figure: Figure) -> tuple[float, float, float]:
        low, nominal, high = ends(figure)
        return (high, nominal, low) if key in _SEES_LESS_WHEN_LARGER else (low, nominal, high)
