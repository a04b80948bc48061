"""Launch and impact ellipses over time: their sizes, and two alerts from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.report.charts import PLAIN, Line, chart, log_axis, thin, time_axis
from commonwatch.report.figure import GRID, INK, PAPER, QUIET, Figure, path_of, picture, text
from commonwatch.report.projection import azimuthal_equidistant
from commonwatch.report.tracked_areas import Areas
from commonwatch.report.tracked_lives import evenly
from commonwatch.report.wording import kilometres
from commonwatch.units import NS_PER_S, degrees_from_radians

F64 = npt.NDArray[np.float64]

ALERTS_DRAWN_MAX: Final = 100
_RINGS_MAX: Final = 5
_WIDER_MAX: Final = 6.0
_AGES: Final = 120
_SIDE: Final = 300.0
_ROUND: Final = np.array([1.0, 2.0, 5.0])


def area_charts(areas: Mapping[str, Areas]) -> list[Figure]:
    """Draw the size of the ellipses against the age of each alert, launch and impact."""
    found = []
    for end, own in areas.items():
        lines, sizes = _sizes(own)
        if not lines:
            continue
        middle = _medians(lines)
        chosen = [lines[k] for k in evenly(len(lines), ALERTS_DRAWN_MAX).tolist()]
        ages = np.concatenate([age for age, _ in lines])
        last_m = own.ellipses.long_half_axis_m[own.last]
        least, usual, most = (kilometres(float(f(last_m))) for f in (np.min, np.median, np.max))
        found.append(
            chart(
                [
                    Line(parts=chosen, style=thin(len(chosen)), title="one alert each"),
                    Line(parts=[middle], style=PLAIN, title="median"),
                ],
                x=time_axis("seconds after the alert was raised", 0.0, float(ages.max())),
                y=log_axis("km", sizes),
                caption=f"{end.capitalize()}: long half-axis of the 95 % ellipse",
                alternative=(
                    f"Long half-axis of the {end} ellipses against time, {len(lines)} alerts: last "
                    f"ones from {least} to {most} km"
                ),
                note=f"At the last news of each: median {usual} km, largest {most} km."
                + _held(own, end),
            )
        )
    return found


def _held(areas: Areas, end: str) -> str:
    held = areas.hold()
    if not held.among:
        return ""
    return (
        f" {held.count:,} of {held.among:,} [{held.low:,.1f} to {held.high:,.1f}] hold the true "
        f"{end} point; honest is 95 %."
    )


def _sizes(areas: Areas) -> tuple[list[tuple[F64, F64]], F64]:
    """Return age in seconds and long half-axis in kilometres of each alert, and all sizes."""
    lines = []
    for alert in np.unique(areas.alert[areas.has]).tolist():
        rows = areas.rows_of(alert)
        raised_ns = areas.known_ns[areas.alert == alert].min()
        age_s = (areas.known_ns[rows] - raised_ns) / NS_PER_S
        lines.append((age_s, areas.ellipses.long_half_axis_m[rows] / 1e3))
    return lines, np.concatenate([np.empty(0), *(size for _, size in lines)])


def _medians(lines: Sequence[tuple[F64, F64]]) -> tuple[F64, F64]:
    """Return the median over the alerts that have news of that age, while half of them have."""
    ages = np.linspace(0.0, max(float(age[-1]) for age, _ in lines), _AGES)
    table = np.stack([np.interp(ages, age, size, left=np.nan, right=np.nan) for age, size in lines])
    has = 2 * np.isfinite(table).sum(axis=0) >= len(lines)
    middle = np.full(len(ages), np.nan)
    middle[has] = np.nanmedian(table[:, has], axis=0)
    return ages, middle


def area_panels(areas: Mapping[str, Areas]) -> list[Figure]:
    """Draw how the ellipses of two alerts shrink, seen from above.

    The alerts are the median and the last by the size of the last impact ellipse, or of the last
    launch ellipse where nothing comes down.
    """
    ends = [end for end in ("impact", "launch") if end in areas and len(areas[end].last)]
    if not ends:
        return []
    judged = areas[ends[0]]
    order = np.argsort(judged.ellipses.long_half_axis_m[judged.last], kind="stable")
    alerts = judged.alert[judged.last[order]]
    chosen = {int(alerts[-1]): "largest ellipse"}
    chosen = {int(alerts[(len(alerts) - 1) // 2]): "ellipse of median size"} | chosen
    return [
        _panel(own, alert, f"Alert {alert} ({name}): {end}")
        for alert, name in chosen.items()
        for end, own in areas.items()
        if len(own.rows_of(alert))
    ]


def _panel(areas: Areas, alert: int, caption: str) -> Figure:
    rows = areas.rows_of(alert)
    size_m = areas.ellipses.long_half_axis_m
    rows = rows[size_m[rows] <= _WIDER_MAX * size_m[rows[-1]]]
    rows = rows[evenly(len(rows), _RINGS_MAX)]
    last = int(rows[-1])
    half_m = 1.1 * max(float(size_m[rows].max()), 1.0)
    middle_deg = (
        float(degrees_from_radians(areas.ellipses.latitude_rad[last])),
        float(degrees_from_radians(areas.ellipses.longitude_rad[last])),
    )

    def placed(latitude_deg: F64, longitude_deg: F64) -> F64:
        plane = azimuthal_equidistant(
            latitude_deg,
            longitude_deg,
            middle_latitude_deg=middle_deg[0],
            middle_longitude_deg=middle_deg[1],
        )
        return _SIDE / 2 + np.clip(plane / half_m, -3, 3) * [_SIDE / 2, -_SIDE / 2]

    raised_ns = int(areas.known_ns[areas.alert == alert].min())
    ages_s = [(int(areas.known_ns[row]) - raised_ns) / NS_PER_S for row in rows.tolist()]
    clip = caption.lower().replace(" ", "-").translate({ord(c): None for c in ":()"})
    body = [
        f'<clipPath id="{clip}"><rect width="{_SIDE:g}" height="{_SIDE:g}"/></clipPath>',
        f'<rect width="{_SIDE:g}" height="{_SIDE:g}" fill="{PAPER}" stroke="{GRID}"/>',
        f'<g clip-path="url(#{clip})">',
    ]
    for place, row in enumerate(rows.tolist()):
        style = f'stroke="{QUIET}" stroke-width="0.9"'
        if row == last:
            style = f'stroke="{INK}" stroke-width="2.2"'
        elif place == 0:
            style = f'stroke="{QUIET}" stroke-width="0.9" stroke-dasharray="5 3"'
        body.append(f'<path d="{path_of(placed(*areas.ring_deg(row)))}" fill="none" {style}/>')
    body += _truth_mark(areas, last, placed)
    body += ["</g>", *_scale_bar(half_m)]
    return Figure(
        svg=picture(body, width=_SIDE, height=_SIDE + 24, alternative=_told(caption, size_m[rows])),
        alternative=_told(caption, size_m[rows]),
        caption=caption,
        note=(
            "95 % ellipses "
            + ", ".join(f"{age:,.0f}" for age in ages_s)
            + " s after it was raised, the first of them dashed, the last thick; those more than "
            f"{_WIDER_MAX:.0f} times longer than the last are left out."
        ),
    )


def _told(caption: str, sizes_m: F64) -> str:
    sizes = ", ".join(kilometres(size) for size in sizes_m.tolist())
    return f"{caption}, ellipses from above; long half-axes {sizes} km, first to last"


def _truth_mark(areas: Areas, row: int, placed: Callable[[F64, F64], F64]) -> list[str]:
    spot = areas.true_latitude_rad[row], areas.true_longitude_rad[row]
    if not np.isfinite(spot).all():
        return []
    x, y = placed(*(np.asarray(degrees_from_radians(each)) for each in spot)).tolist()
    cross = f'<path d="M{x - 6:.1f} {y - 6:.1f}l12 12m0-12l-12 12" stroke="{INK}" '
    return [f'{cross}stroke-width="2"/>', text("truth", x + 9, y + 4, has_halo=True)]


def _scale_bar(half_m: float) -> list[str]:
    scale = 10.0 ** np.floor(np.log10(half_m))
    length_m = float(max(scale * _ROUND[scale * _ROUND <= half_m]))
    wide = length_m / half_m * _SIDE / 2
    return [
        f'<path d="M2 {_SIDE + 6:g}v6h{wide:.1f}v-6" fill="none" stroke="{INK}"/>',
        text(f"{length_m / 1e3:,g} km; north is up", wide + 10, _SIDE + 14, colour=QUIET),
    ]
