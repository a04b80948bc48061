"""Charts of the tutorials: axes, lines, bands and points in the hand of ``commonwatch.report``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.report.figure import GRID, INK, PAPER, QUIET, path_of, picture, text

F64 = npt.NDArray[np.float64]

MARGIN_LEFT: Final = 58.0
MARGIN_ABOVE: Final = 26.0


@dataclass(slots=True, kw_only=True)
class Chart:
    """One set of axes on a picture.

    ``x`` and ``y`` are the intervals shown; ``is_log`` makes y logarithmic; ``ticks`` is how many
    are wanted, about.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    title: str
    x_title: str
    y_title: str = ""
    is_log: bool = False
    ticks: int = 5
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for value in _ticks(self.x, self.ticks):
            x, _ = self.place(value, self.y[0])
            self._rule((x, self.top), (x, self.top + self.height))
            self.parts.append(
                text(_said(value), x, self.top + self.height + 15, anchor="middle", size=11)
            )
        for value in _decades(self.y) if self.is_log else _ticks(self.y, self.ticks):
            _, y = self.place(self.x[0], value)
            self._rule((self.left, y), (self.left + self.width, y))
            self.parts.append(text(_said(value), self.left - 6, y + 4, anchor="end", size=11))
        bottom, middle = self.top + self.height, self.left + self.width / 2
        self.parts += [
            text(self.title, self.left, self.top - 9, size=13, weight=600),
            text(self.x_title, middle, bottom + 32, anchor="middle", size=11, colour=QUIET),
            text(
                self.y_title, self.left + self.width, self.top - 9, anchor="end", size=11,
                colour=QUIET,
            ),
        ]  # fmt: skip

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a value lies on the picture, held inside the axes."""
        at = self.points(np.array([x]), np.array([y]))[0]
        return float(at[0]), float(at[1])

    def points(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F64:
        """Where values lie on the picture, (n, 2), held inside the axes."""
        across = (np.asarray(x, dtype=np.float64) - self.x[0]) / (self.x[1] - self.x[0])
        low, high = self.y
        up = np.asarray(y, dtype=np.float64)
        if self.is_log:
            low, high, up = math.log(low), math.log(high), np.log(np.maximum(up, self.y[0]))
        up = (up - low) / (high - low)
        across, up = np.broadcast_arrays(np.clip(across, 0.0, 1.0), np.clip(up, 0.0, 1.0))
        return np.stack(
            [self.left + self.width * across, self.top + self.height * (1.0 - up)], axis=-1
        )

    def line(
        self, x: npt.ArrayLike, y: npt.ArrayLike, *, colour: str = INK, width: float = 1.6,
        dashes: str = "", is_closed: bool = False,
    ) -> None:  # fmt: skip
        """Draw a line through values."""
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(
            f'<path d="{path_of(self.points(x, y), is_closed=is_closed)}" fill="none" '
            f'stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"{dash}/>'
        )

    def band(
        self, x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, *, colour: str
    ) -> None:
        """Fill what lies between two lines."""
        across = np.asarray(x, dtype=np.float64)
        there = self.points(across, np.broadcast_to(high, across.shape))
        back = self.points(across, np.broadcast_to(low, across.shape))[::-1]
        outline = path_of(np.concatenate([there, back]), is_closed=True)
        self.parts.append(f'<path d="{outline}" fill="{colour}"/>')

    def dots(self, x: npt.ArrayLike, y: npt.ArrayLike, *, colour: str, size: float = 1.8) -> None:
        """Draw a dot at each value."""
        steps = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in self.points(x, y).tolist())
        self.parts.append(
            f'<path d="{steps}" stroke="{colour}" stroke-width="{2 * size:g}" '
            f'stroke-linecap="round" fill="none"/>'
        )

    def words(
        self, said: str, x: float, y: float, *, colour: str = INK, anchor: str = "start"
    ) -> None:
        """Write beside a value."""
        a, b = self.place(x, y)
        self.parts.append(text(said, a, b, colour=colour, anchor=anchor, size=12, has_halo=True))

    def _rule(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.parts.append(
            f'<path d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}" '
            f'stroke="{GRID}" stroke-width="1"/>'
        )


def drawn(charts: Iterable[Chart], *, width: float, height: float, alternative: str) -> str:
    """Put charts into one picture, on paper of its own for pages with a dark ground."""
    paper = f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>'
    body = [paper, *(part for chart in charts for part in chart.parts)]
    return str(picture(body, width=width, height=height, alternative=alternative))


def ellipse(
    east: float, north: float, long: float, short: float, orientation_rad: float
) -> tuple[F64, F64]:
    """Points of an ellipse whose long axis has an azimuth, closed."""
    turn = np.linspace(0.0, 2.0 * np.pi, 73)
    along, across = long * np.cos(turn), short * np.sin(turn)
    sine, cosine = math.sin(orientation_rad), math.cos(orientation_rad)
    return east + sine * along + cosine * across, north + cosine * along - sine * across


def _ticks(interval: tuple[float, float], wanted: int) -> list[float]:
    """Round values inside an interval."""
    span = interval[1] - interval[0]
    size = 10.0 ** math.floor(math.log10(span / wanted))
    step = next(size * k for k in (1.0, 2.0, 2.5, 5.0, 10.0) if size * k >= span / wanted)
    first, last = math.ceil(interval[0] / step - 1e-9), math.floor(interval[1] / step + 1e-9)
    return [step * k for k in range(first, last + 1)]


def _decades(interval: tuple[float, float]) -> list[float]:
    low, high = (math.log10(each) for each in interval)
    return [10.0**k for k in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]


def _said(value: float) -> str:
    return f"{value:,.6g}".replace("-", "\N{MINUS SIGN}") if value else "0"
