"""Tracks against time: their paths, their number, and what became of the detections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from commonwatch.report.charts import (
    DASHED,
    DOTTED,
    PLAIN,
    Axis,
    Band,
    Line,
    chart,
    linear_axis,
    round_step,
    thin,
    time_axis,
)
from commonwatch.report.figure import ALARM, INK, QUIET, Figure, picture, text
from commonwatch.report.frames import WIDTH
from commonwatch.report.tracked import TrackedContent
from commonwatch.report.tracked_fates import FATES, Fates
from commonwatch.report.tracked_lives import Lives, TrackPath
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]

SENSORS_DRAWN_MAX: Final = 12
_INSTANTS: Final = 240
_BINS: Final = 30
_TIME: Final = "seconds from the start"


def path_charts(content: TrackedContent, paths: Sequence[TrackPath]) -> list[Figure]:
    """Draw altitude and speed of the confirmed tracks.

    Parameters
    ----------
    content
        The axis of time.
    paths
        Those that are drawn, sampled.
    """
    shown = [path for path in paths if path.is_confirmed]
    x = axis_of(content)
    found = []
    given: list[tuple[str, str, list[F64]]] = [
        ("Altitude", "km above the ellipsoid", [path.altitude_m / 1e3 for path in shown]),
        ("Speed", "km/s, relative to the turning Earth", [p.speed_m_s / 1e3 for p in shown]),
    ]
    for caption, unit, values in given:
        everything = np.concatenate([np.empty(0), *values])
        y = linear_axis(unit, everything)
        times = [content.seconds(path.time_ns) for path in shown]
        range_words = (
            f"from {everything.min():,.1f} to {everything.max():,.1f}"
            if len(everything)
            else "no track"
        )
        found.append(
            chart(
                [Line(parts=list(zip(times, values, strict=True)), style=thin(len(shown)))],
                x=x,
                y=y,
                caption=caption,
                alternative=f"{caption} of {len(shown)} tracks against time, {unit}: {range_words}",
            )
        )
    return found


def count_chart(content: TrackedContent, lives: Lives) -> Figure:
    """Draw the number of tracks against time, and that of objects where the truth is given.

    Parameters
    ----------
    content
        The axis of time, and the truth where there is any.
    lives
        When each track was what.
    """
    instants_ns = content.start_ns + np.round(
        np.linspace(0.0, content.end_s, _INSTANTS) * NS_PER_S
    ).astype(np.int64)
    confirmed, tentative = lives.counts(instants_ns)
    time_s = content.seconds(instants_ns)
    lines = [
        Line(parts=[(time_s, tentative.astype(np.float64))], style=DASHED, title="tentative"),
        Line(parts=[(time_s, confirmed.astype(np.float64))], style=PLAIN, title="confirmed tracks"),
    ]
    most = [confirmed, tentative]
    said = f"at most {confirmed.max(initial=0):,} confirmed"
    if content.truth is not None:
        instants, counts = np.unique(content.truth.time_ns, return_counts=True)
        lines.append(
            Line(
                parts=[(content.seconds(instants), counts.astype(np.float64))],
                style=DOTTED,
                title="objects (truth)",
            )
        )
        most.append(counts)
        said += f", {counts.max():,} objects"
    return chart(
        lines,
        x=axis_of(content),
        y=linear_axis("number", np.concatenate(most).astype(np.float64)),
        caption="Number of tracks",
        alternative=f"Number of tracks against time: {said} at once",
        note="As known at each instant. The truth has a row where some sensor could see."
        if content.truth is not None
        else "As known at each instant.",
    )


_FATE_STYLES: Final = (
    'fill="#3b5876"',
    f'fill="#d9e0e7" stroke="{QUIET}" stroke-width="0.6"',
    f'fill="url(#dots)" stroke="{QUIET}" stroke-width="0.6"',
    f'fill="url(#hatch)" stroke="{ALARM}" stroke-width="0.6"',
)
DOTS_PATTERN: Final = (
    '<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<rect width="5" height="5" fill="#fff"/>'
    f'<circle cx="2.5" cy="2.5" r="1.3" fill="{INK}"/></pattern>'
)
"""Dots for what came late, for `fill="url(#dots)"`."""


def fate_charts(content: TrackedContent, fates: Fates) -> list[Figure]:
    """Draw what became of the detections of each sensor, the busiest first, bars stacked.

    Parameters
    ----------
    content
        The axis of time.
    fates
        Of every detection; at most ``SENSORS_DRAWN_MAX`` sensors are drawn.
    """
    order = sorted(fates.names, key=lambda name: -int(fates.counts_of(name).sum()))
    edges_s = _edges_s(max(content.end_s, 1.0))
    return [_fate_chart(content, fates, name, edges_s) for name in order[:SENSORS_DRAWN_MAX]]


def _edges_s(end_s: float) -> F64:
    """Return the ends of bars of a round length, so that sweeps fall evenly into them."""
    step_s = round_step(end_s / _BINS)
    edges = np.arange(0.0, end_s, step_s)
    if end_s - edges[-1] < 0.5 * step_s and len(edges) > 1:
        edges = edges[:-1]
    return np.append(edges, end_s)


def _fate_chart(content: TrackedContent, fates: Fates, name: str, edges_s: F64) -> Figure:
    counts = fates.over_time(name, edges_s) / np.diff(edges_s)[:, np.newaxis]
    tops = np.cumsum(counts, axis=1)
    across = np.repeat(edges_s, 2)[1:-1]
    bands, below = [], np.zeros(len(across))
    for k, style in enumerate(_FATE_STYLES):
        above = np.repeat(tops[:, k], 2)
        if counts[:, k].any():
            bands.append(Band(x=across, low=below, high=above, title="", style=style))
        below = above
    said = ", ".join(
        f"{count:,} {fate}"
        for fate, count in zip(FATES, fates.counts_of(name).tolist(), strict=True)
        if count
    )
    return chart(
        [],
        bands=bands,
        x=axis_of(content),
        y=linear_axis("detections a second", tops[:, -1]),
        caption=f"{name}: {said}",
        alternative=f"Detections of {name} against time, by what became of them: {said}",
        height=100.0,
    )


def fate_key() -> Markup:
    """Return the key of the charts of detections."""
    body: list[str] = []
    x = 4.0
    for name, style in zip(FATES, _FATE_STYLES, strict=True):
        title = {"used": "used by a track", "clutter": "clutter: of no track"}.get(name, name)
        body += [f'<rect x="{x:g}" y="4" width="34" height="12" {style}/>', text(title, x + 40, 14)]
        x += 62 + 6.4 * len(title)
    return picture(
        body, width=WIDTH, height=20, alternative="Key of the fates of detections", width_min_px=700
    )


def axis_of(content: TrackedContent) -> Axis:
    """Return the axis of time of all charts of the page but those of alerts."""
    return time_axis(_TIME, 0.0, content.end_s)
