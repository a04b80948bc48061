"""How the figures look: one palette, one hand, plain SVG.

Colours never carry a meaning alone: nations differ by the marker's shape, seen and unseen by the
line's pattern, gaps by hatching. Red means a gap or an alarm and nothing else.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

F64 = npt.NDArray[np.float64]

INK: Final = "#16202b"
QUIET: Final = "#5b6672"
SEA: Final = "#edf2f7"
LAND: Final = "#bdc7d1"
GRID: Final = "#cfdae4"
PAPER: Final = "#ffffff"
ALARM: Final = "#b42318"
NATION_COLOURS: Final = ("#00558f", "#8a4b00", "#00664a", "#8c2d6b", "#3f4a56", "#0f7085")
NATION_MARKERS: Final = ("circle", "square", "triangle", "diamond", "cross", "bar")
SEQUENCE: Final = ("#0b2f5b", "#1f4e8c", "#3b77b0", "#6ba3cc", "#a3c9e2", "#d3e5f2")
"""From little to much, dark to light, one hue."""

GAP_PATTERN: Final = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="6" height="6" fill="#fbe9e7"/>'
    f'<path d="M0 0v6" stroke="{ALARM}" stroke-width="2.4"/></pattern>'
)
"""Red hatching of what nobody sees, for `fill="url(#hatch)"`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with what a reader who cannot see it is told."""

    svg: Markup
    alternative: str
    caption: str
    note: str = ""
    height: float = 0.0


def nation_style(nations: Sequence[str], nation: str) -> tuple[str, str]:
    """Return the colour and the marker of a nation, by its place in the list.

    Parameters
    ----------
    nations
        All that the picture shows, in a fixed order.
    nation
        One of them; another counts as the first.
    """
    place = list(nations).index(nation) if nation in nations else 0
    return (
        NATION_COLOURS[place % len(NATION_COLOURS)],
        NATION_MARKERS[place % len(NATION_MARKERS)],
    )


def path_of(points: F64, *, is_closed: bool = False, spacing: float = 0.8) -> str:
    """Write points (n, 2) as relative path data to a tenth of a unit, leaving out what is closer.

    Parameters
    ----------
    points
        Picture coordinates, shape (n, 2).
    is_closed
        Whether the path returns to its start.
    spacing
        Points nearer than this to the last one kept are left out; the last point always stays.
    """
    kept = _spaced(np.round(points * 10).astype(np.int64), spacing * 10)
    if len(kept) < 2:
        return ""
    steps = np.diff(kept, axis=0)
    head = f"M{_tenths(kept[0, 0])} {_tenths(kept[0, 1])}l"
    body = " ".join(f"{_tenths(dx)} {_tenths(dy)}" for dx, dy in steps.tolist())
    return (head + body).replace(" -", "-") + ("z" if is_closed else "")


def marker(kind: str, x: float, y: float, *, size: float, colour: str) -> Markup:
    """Draw a nation's marker.

    Parameters
    ----------
    kind
        One of ``NATION_MARKERS``; a circle for any other.
    x, y
        Its middle, units of the picture, y downwards.
    size
        Half its width.
    colour
        As ``#rrggbb``.
    """
    s, d = size, 1.3 * size
    shapes = {
        "square": f"M{x - s:.1f} {y - s:.1f}h{2 * s}v{2 * s}h{-2 * s}z",
        "triangle": f"M{x:.1f} {y - 1.2 * s:.1f}l{1.2 * s:.1f} {2.1 * s:.1f}h{-2.4 * s:.1f}z",
        "diamond": f"M{x:.1f} {y - d:.1f}l{d:.1f} {d:.1f}-{d:.1f} {d:.1f}-{d:.1f}-{d:.1f}z",
        "cross": f"M{x - s:.1f} {y - s / 3:.1f}h{2 * s}v{s / 1.5:.1f}h{-2 * s}z",
        "bar": f"M{x - s / 2:.1f} {y - s:.1f}h{s}v{2 * s}h{-s}z",
    }
    style = f'fill="{colour}" stroke="{PAPER}" stroke-width="1"'
    if kind in shapes:
        return Markup(f'<path d="{shapes[kind]}" {style}/>')  # noqa: S704
    return Markup(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{s}" {style}/>')  # noqa: S704


def text(
    words: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    size: float = 12,
    colour: str = INK,
    weight: int = 400,
    has_halo: bool = False,
) -> Markup:
    """Write words into the picture, escaped.

    Parameters
    ----------
    words
        Any.
    x, y
        Where the line of writing begins, has its middle or ends, as ``anchor`` says.
    anchor
        "start", "middle" or "end".
    size
        Of the letters, units of the picture.
    colour, weight
        As in CSS.
    has_halo
        Whether the letters have a rim in the colour of the paper, to be read on lines.
    """
    halo = (
        f' stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
        if has_halo
        else ""
    )
    return Markup(  # noqa: S704
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" '
        f'fill="{colour}" font-weight="{weight}"{halo}>{escape(words)}</text>'
    )


def picture(
    body: Iterable[str], *, width: float, height: float, alternative: str, width_min_px: int = 0
) -> Markup:
    """Wrap a picture with its description; it scales to the page's width.

    Parameters
    ----------
    body
        Marks, each well-formed and escaped.
    width, height
        Units of the picture.
    alternative
        What it shows, for who does not see it.
    width_min_px
        Below it the page scrolls; 0 for none.
    """
    style = f' style="min-width:{width_min_px}px"' if width_min_px else ""
    return Markup(  # noqa: S704
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(alternative)}" font-family="system-ui,Segoe UI,Roboto,Helvetica,'
        f'Arial,sans-serif"{style}>{"".join(body)}</svg>'
    )


def raster_png(colours: npt.NDArray[np.uint8]) -> str:
    """Return an RGBA raster (rows, columns, 4) as a data address of a PNG picture."""
    rows, columns = colours.shape[:2]
    lines = np.zeros((rows, 1 + 4 * columns), dtype=np.uint8)
    lines[:, 1:] = colours.reshape(rows, -1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def rgba(colour: str, *, alpha: int = 255) -> tuple[int, int, int, int]:
    """Return a colour of the palette as four bytes.

    Parameters
    ----------
    colour
        As ``#rrggbb``.
    alpha
        0 is clear, 255 covers.
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16), alpha


class Labels:
    """Places labels beside their points so that they do not lie on one another."""

    def __init__(self, width: float, height: float, *, is_round: bool = False) -> None:
        self._boxes: list[tuple[float, float, float, float]] = []
        self._frame = (0.0, 0.0, width, height)
        self._radius = min(width, height) / 2 if is_round else math.inf

    def keep_clear(self, x: float, y: float, radius: float) -> None:
        """Keep labels off a marker.

        Parameters
        ----------
        x, y
            Its middle, units of the picture.
        radius
            Half the width of the square that is kept free.
        """
        self._boxes.append((x - radius, y - radius, x + radius, y + radius))

    def place(
        self,
        words: str,
        x: float,
        y: float,
        *,
        size: float = 12,
        colour: str = INK,
        weight: int = 400,
    ) -> Markup:
        """Write the words at the first free place around a point, or nothing.

        Parameters
        ----------
        words
            Any.
        x, y
            The point, units of the picture.
        size, colour, weight
            As ``text`` has them.
        """
        per_letter = 0.64 if weight >= 600 else 0.57  # of the widest of the fonts above
        width, height = per_letter * size * len(words), 1.1 * size
        for away in (8.0, 14.0, 22.0):
            for dx, dy, anchor in _PLACES:
                left = x + dx * away - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
                bottom = y + dy * away + (0.35 + 0.45 * dy) * size
                box = (left, bottom - height, left + width, bottom)
                if self._is_free(box):
                    self._boxes.append(box)
                    return text(
                        words,
                        x + dx * away,
                        bottom - 0.2 * size,
                        anchor=anchor,
                        size=size,
                        colour=colour,
                        weight=weight,
                        has_halo=True,
                    )
        return Markup("")

    def _is_free(self, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = box
        x0, y0, x1, y1 = self._frame
        if left < x0 or top < y0 or right > x1 or bottom > y1:
            return False
        across = max(abs(left - x1 / 2), abs(right - x1 / 2))
        if math.hypot(across, max(abs(top - y1 / 2), abs(bottom - y1 / 2))) > self._radius:
            return False
        return all(
            right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            for other in self._boxes
        )


_PLACES: Final = (
    (1.0, 0.0, "start"),
    (-1.0, 0.0, "end"),
    (0.0, -1.0, "middle"),
    (0.0, 1.0, "middle"),
    (0.8, -0.8, "start"),
    (0.8, 0.8, "start"),
    (-0.8, -0.8, "end"),
    (-0.8, 0.8, "end"),
)


def _tenths(value: int) -> str:
    whole, tenth = divmod(abs(value), 10)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}" if tenth == 0 else f"{sign}{whole or ''}.{tenth}"


def _spaced(points: npt.NDArray[np.int64], spacing: float) -> npt.NDArray[np.int64]:
    kept = [0]
    coordinates = points.tolist()
    x, y = coordinates[0]
    for index in range(1, len(coordinates)):
        dx, dy = coordinates[index][0] - x, coordinates[index][1] - y
        is_last = index == len(coordinates) - 1
        if dx * dx + dy * dy >= spacing * spacing or (is_last and (dx or dy)):
            kept.append(index)
            x, y = coordinates[index]
    return points[kept]
