"""Lines over time: axes with round ticks, linear or logarithmic, and a key above.

Lines that mean different things differ by their pattern, never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.report.figure import GRID, INK, QUIET, Figure, path_of, picture, text

F64 = npt.NDArray[np.float64]

WIDTH: Final = 480.0
PLAIN: Final = f'stroke="{INK}" stroke-width="1.7"'
DASHED: Final = f'stroke="{INK}" stroke-width="1.3" stroke-dasharray="7 4"'
DOTTED: Final = 'stroke="#00558f" stroke-width="1.9" stroke-dasharray="2 3"'
THIN: Final = f'stroke="{QUIET}" stroke-width="0.7" stroke-opacity="0.55"'

_LEFT: Final = 48.0
_RIGHT: Final = 12.0
_KEY_ROW: Final = 18.0
_SIZE: Final = 11.5
_LETTER: Final = 6.5
_SWATCH: Final = 30.0
_TICKS_MAX: Final = 6
_DECADES_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis.

    Parameters
    ----------
    title
        What it shows, with its unit.
    low, high
        Its ends.
    ticks
        Where it is labelled.
    is_log
        Whether equal lengths are equal ratios; what is below ``low`` is drawn at ``low``.
    """

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False

    def part(self, values: F64) -> F64:
        """Return how far along the axis values lie, 0 to 1, and beyond where they lie beyond."""
        if not self.is_log:
            return (values - self.low) / (self.high - self.low)
        span = math.log(self.high / self.low)
        with np.errstate(invalid="ignore"):
            part: F64 = np.log(np.maximum(values, self.low) / self.low) / span
        return part


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One line, or many that are drawn alike.

    Parameters
    ----------
    parts
        Horizontal and vertical values of each, shape (n,); not-a-number breaks a line.
    style
        Colour, width and pattern, as attributes.
    title
        For the key; nothing where it needs none.
    """

    parts: Sequence[tuple[F64, F64]]
    style: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """The area between two lines: ``low`` and ``high`` at each ``x``, shape (n,)."""

    x: F64
    low: F64
    high: F64
    title: str
    style: str = f'fill="{GRID}" fill-opacity="0.75"'


def thin(count: int) -> str:
    """Return a style that stays readable for so many lines."""
    return f'stroke="{INK}" stroke-width="1.2"' if count <= 12 else THIN


def linear_axis(title: str, values: F64, *, low: float | None = 0.0) -> Axis:
    """Return an axis that holds all values, between round numbers.

    Parameters
    ----------
    title
        What it shows, with its unit.
    values
        Any shape; not-a-number counts for nothing.
    low
        Where it begins; None begins at the round number below the least value.
    """
    finite = values[np.isfinite(values)]
    least = float(finite.min(initial=math.inf)) if low is None else low
    most = float(finite.max(initial=-math.inf))
    if not (math.isfinite(least) and math.isfinite(most)):
        least, most = 0.0, 1.0
    if most <= least:
        most = least + 1.0
    step = round_step((most - least) / _TICKS_MAX)
    first = math.floor(least / step + 1e-9)
    last = math.ceil(most / step - 1e-9)
    ticks = tuple(step * k for k in range(first, last + 1))
    return Axis(title=title, low=ticks[0], high=ticks[-1], ticks=ticks)


def time_axis(title: str, low_s: float, high_s: float) -> Axis:
    """Return an axis of time that ends where the time ends, with ticks at round numbers.

    Parameters
    ----------
    title
        Beside the axis.
    low_s, high_s
        Its ends; it is at least a second long.
    """
    high_s = max(high_s, low_s + 1.0)
    step = round_step((high_s - low_s) / _TICKS_MAX)
    count = math.floor(high_s / step + 1e-9)
    ticks = tuple(step * k for k in range(math.ceil(low_s / step - 1e-9), count + 1))
    return Axis(title=title, low=low_s, high=high_s, ticks=ticks)


def log_axis(title: str, values: F64) -> Axis:
    """Return a logarithmic axis between powers of ten that holds all values above zero.

    Of more than eight decades the upper eight are shown.

    Parameters
    ----------
    title
        Beside the axis.
    values
        Any shape; what is not finite or not above zero does not count.
    """
    good = values[np.isfinite(values) & (values > 0.0)]
    if not len(good):
        good = np.array([1.0])
    top = math.ceil(math.log10(float(good.max())) - 1e-9)
    bottom = math.floor(math.log10(float(good.min())) + 1e-9)
    bottom = max(min(bottom, top - 1), top - _DECADES_MAX)
    ticks = [10.0**k for k in range(bottom, top + 1)]
    if top - bottom == 1:
        ticks = [10.0**bottom * k for k in (1, 2, 5, 10)]
    return Axis(title=title, low=10.0**bottom, high=10.0**top, ticks=tuple(ticks), is_log=True)


def round_step(least: float) -> float:
    """Return the least of 1, 2 and 5 times a power of ten that is not below."""
    scale = 10.0 ** math.floor(math.log10(least))
    return next(scale * k for k in (1.0, 2.0, 5.0, 10.0) if scale * k >= least * (1.0 - 1e-9))


def chart(
    lines: Sequence[Line],
    *,
    x: Axis,
    y: Axis,
    caption: str,
    alternative: str,
    bands: Sequence[Band] = (),
    note: str = "",
    height: float = 190.0,
) -> Figure:
    """Draw lines and bands over two axes.

    Parameters
    ----------
    lines, bands
        In the order of drawing, bands beneath.
    x, y
        The axes.
    caption, note
        Above and below the picture.
    alternative
        What a reader who cannot see it is told.
    height
        Of the plot itself, without key and labels.
    """
    swatches = [(band.title, band.style, True) for band in bands if band.title]
    swatches += [(line.title, line.style, False) for line in lines if line.title]
    key, top = _key(swatches)
    top += 20.0
    inner = WIDTH - _LEFT - _RIGHT

    def placed(across: F64, up: F64) -> F64:
        high = np.clip(y.part(up), -0.01, 1.01)
        return np.stack([_LEFT + inner * x.part(across), top + height * (1.0 - high)], axis=-1)

    body: list[str] = [*key, *_grid(x, y, top=top, height=height)]
    for band in bands:
        ring = np.concatenate([placed(band.x, band.low), placed(band.x, band.high)[::-1]])
        ring = ring[np.isfinite(ring).all(axis=1)]
        if len(ring):
            body.append(f'<path d="{path_of(ring, is_closed=True)}" {band.style}/>')
    for line in lines:
        paths = "".join(
            path_of(run, spacing=1.5)
            for across, up in line.parts
            for run in _runs(placed(across, up))
        )
        body.append(f'<path d="{paths}" fill="none" {line.style}/>')
    whole = top + height + 40.0
    return Figure(
        svg=picture(body, width=WIDTH, height=whole, alternative=alternative, width_min_px=340),
        alternative=alternative,
        caption=caption,
        note=note,
        height=whole,
    )


def _runs(points: F64) -> list[F64]:
    """Cut a line where a point is missing."""
    is_there = np.isfinite(points).all(axis=1)
    cuts = np.flatnonzero(np.diff(is_there)) + 1
    return [run for run in np.split(points, cuts) if np.isfinite(run).all() and len(run) > 1]


def _key(swatches: Sequence[tuple[str, str, bool]]) -> tuple[list[str], float]:
    """Draw the key in as many rows as it needs; return it with its height."""
    marks: list[str] = []
    across, row = 0.0, 0
    for title, style, is_area in swatches:
        wide = _SWATCH + 6.0 + _LETTER * len(title) + 14.0
        if across and across + wide > WIDTH:
            across, row = 0.0, row + 1
        middle = 9.0 + row * _KEY_ROW
        if is_area:
            marks.append(
                f'<rect x="{across:g}" y="{middle - 6:g}" width="{_SWATCH:g}" height="11" {style}/>'
            )
        else:
            marks.append(f'<path d="M{across:g} {middle:g}h{_SWATCH:g}" fill="none" {style}/>')
        marks.append(text(title, across + _SWATCH + 6.0, middle + 4.0, size=_SIZE))
        across += wide
    return marks, (row + 1) * _KEY_ROW if swatches else 0.0


def _grid(x: Axis, y: Axis, *, top: float, height: float) -> list[str]:
    """Draw ticks, their labels and the titles of the axes."""
    right = WIDTH - _RIGHT
    bottom = top + height
    marks: list[str] = [text(y.title, 0, top - 8, size=_SIZE, colour=QUIET)]
    for tick, part in zip(y.ticks, y.part(np.array(y.ticks)).tolist(), strict=True):
        level = bottom - height * part
        marks.append(f'<path d="M{_LEFT:g} {level:.1f}H{right:g}" stroke="{GRID}"/>')
        marks.append(
            text(f"{tick:,g}", _LEFT - 6, level + 4, anchor="end", size=_SIZE, colour=QUIET)
        )
    for tick, part in zip(x.ticks, x.part(np.array(x.ticks)).tolist(), strict=True):
        across = _LEFT + (right - _LEFT) * part
        marks.append(f'<path d="M{across:.1f} {top:g}V{bottom + 4:g}" stroke="{GRID}"/>')
        marks.append(
            text(f"{tick:,g}", across, bottom + 17, anchor="middle", size=_SIZE, colour=QUIET)
        )
    marks.append(f'<path d="M{_LEFT:g} {bottom:g}H{right:g}" stroke="{QUIET}"/>')
    marks.append(text(x.title, right, bottom + 34, anchor="end", size=_SIZE, colour=QUIET))
    return marks
