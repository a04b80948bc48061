"""Who knew what when, of one launch: a bar for each centre at each level of sharing."""

from __future__ import annotations

from typing import Final

import numpy as np
from markupsafe import Markup

from commonwatch.report.columns import instants, matching, words
from commonwatch.report.figure import (
    GRID,
    INK,
    NATION_COLOURS,
    PAPER,
    QUIET,
    Figure,
    picture,
    text,
)
from commonwatch.report.frames import WIDTH
from commonwatch.report.sharing_figures import Flights, Sharing
from commonwatch.report.wording import capital
from commonwatch.studies.known import NONE_MOVED

_GUTTER: Final = 200.0
_ROW: Final = 20.0
_TOP: Final = 14.0
_JOINT: Final = "#3f4a56"
_SHORTEST_S: Final = 120.0
_AFTER: Final = 1.2
_STEPS: Final = (10, 20, 30, 60, 120, 300, 600, 1_200, 3_600)
PHASES: Final = (
    ("detection_s", "seen"),
    ("unconfirmed_s", "alert"),
    ("confirmed_s", "confirmed"),
    ("impact_area_s", "impact area known"),
)


def who_knew(sharing: Sharing, laydown: str) -> Figure | None:
    """Draw the launch on which the levels differ most in warning left; None where none flew.

    Parameters
    ----------
    sharing
        The figures.
    laydown
        In which laydown.
    """
    place = _telling(sharing, laydown)
    if place is None:
        return None
    content = sharing.content
    key = sharing.flights(laydown, content.levels[0].name, content.centres[0].name).key[place]
    title = (
        f"{_title(sharing, laydown, key)}, seed {int(key[0])} ({content.laydown(laydown).title})"
    )
    end_s, flight_s = _end_s(sharing, laydown, place)
    wide = (WIDTH - _GUTTER - 40.0) / end_s
    body: list[str] = []
    said: list[str] = []
    y = _TOP
    for level in content.levels:
        body.append(text(f"Sharing {level.title}", 4, y + 12, weight=600, size=12))
        y += 17.0
        for number, centre in enumerate(content.centres):
            flights = sharing.flights(laydown, level.name, centre.name)
            colour = _JOINT if centre.is_joint else NATION_COLOURS[number % len(NATION_COLOURS)]
            body.append(text(_short(capital(centre.title)), _GUTTER - 8, y + 14, anchor="end"))
            times = _events(flights, place)
            body += _bar(times, end_s, y, wide, colour)
            said.append(f"{level.title}, {centre.title}: {_told(times)}")
            y += _ROW
        y += 8.0
    alternative = f"Who knew what when, {title}: {'; '.join(said)}."
    return Figure(
        svg=picture(
            [*_axis(end_s, wide, y), *body],
            width=WIDTH,
            height=y + 24,
            alternative=alternative,
            width_min_px=860,
        ),
        alternative=alternative,
        caption=f"Who knew what when: {title}",
        note="The launch on which the levels differ most. A row without a bar: never."
        + (f" It comes down at {flight_s:,.0f} s." if flight_s else ""),
    )


def timeline_key() -> Markup:
    """Return the key of the bars."""
    body: list[str] = []
    x = 4.0
    for phase, (_, name) in enumerate(PHASES):
        body += [*_piece(x, 36.0, 3.0, phase, _JOINT), text(name, x + 44, 16)]
        x += 70.0 + 7.2 * len(name)
    return picture(body, width=WIDTH, height=22, alternative="Key of the bars", width_min_px=640)


def _telling(sharing: Sharing, laydown: str) -> int | None:
    """Return the place of the flight on which the levels differ most, over all centres."""
    spread: np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None = None
    for centre in sharing.content.centres:
        left = []
        for level in sharing.content.levels:
            flights = sharing.flights(laydown, level.name, centre.name)
            left.append(np.nan_to_num(flights.columns["warning_left_s"]))
        if len({len(each) for each in left}) != 1 or not len(left[0]):
            return None
        own = np.stack(left)
        # Two levels that both give something tell more than all or nothing.
        differs = own.max(axis=0) - own.min(axis=0) + 0.5 * np.abs(np.diff(own, axis=0)).sum(axis=0)
        spread = differs if spread is None else spread + differs
    return None if spread is None else int(np.argmax(spread))


def _title(
    sharing: Sharing, laydown: str, key: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> str:
    content = sharing.content
    rows = matching(
        content.tables["known"],
        laydown=laydown,
        level=content.levels[0].name,
        delay=NONE_MOVED,
        centre=content.centres[0].name,
    )
    pairs = np.stack([instants(rows, "seed"), instants(rows, "object")], axis=1)
    row = int(np.flatnonzero((pairs == key).all(axis=1))[0])
    return content.arc_title(*(words(rows, name)[row] for name in ("launch", "aim_point", "arc")))


def _end_s(sharing: Sharing, laydown: str, place: int) -> tuple[float, float]:
    """Return the end of the axis, a little after the last news, and that of the flight."""
    times, flight_s = [_SHORTEST_S], 0.0
    for centre in sharing.content.centres:
        for level in sharing.content.levels:
            flights = sharing.flights(laydown, level.name, centre.name)
            flight_s = float(np.nan_to_num(flights.columns["flight_s"][place]))
            times += [_AFTER * second for second, _ in _events(flights, place)]
    return min(max(times), flight_s) if flight_s else max(times), flight_s


def _events(flights: Flights, place: int) -> list[tuple[float, int]]:
    """Return when each phase begins, and which it is, rising."""
    found = [(float(flights.columns[name][place]), phase) for phase, (name, _) in enumerate(PHASES)]
    return sorted((second, phase) for second, phase in found if np.isfinite(second))


def _bar(
    times: list[tuple[float, int]], end_s: float, y: float, wide: float, colour: str
) -> list[str]:
    marks: list[str] = []
    reached = -1
    for place, (second, phase) in enumerate(times):
        reached = max(reached, phase)
        until_s = times[place + 1][0] if place + 1 < len(times) else end_s
        marks += _piece(
            _GUTTER + second * wide, max(until_s - second, 0.0) * wide, y, reached, colour
        )
    labels: list[str] = []
    last_x = -100.0
    for second, _ in times:
        x = _GUTTER + second * wide
        if x - last_x > 26.0:
            labels.append(
                text(f"{second:,.0f}", x + 2, y + 14, size=9.5, colour=INK, has_halo=True)
            )
            last_x = x
    return [*marks, *labels]


def _piece(x: float, width: float, y: float, phase: int, colour: str) -> list[str]:
    """Draw one phase: thin, hollow, full, full with a white line, so that no colour is needed."""
    thick = (3.0, 10.0, 10.0, 14.0)[phase]
    middle = y + 10.0
    fill = f'fill="{colour}"' if phase != 1 else f'fill="{PAPER}"'
    marks = [
        f'<rect x="{x:.1f}" y="{middle - thick / 2:g}" width="{max(width, 1.0):.1f}" '
        f'height="{thick:g}" {fill} stroke="{colour}" stroke-width="1"/>'
    ]
    if phase == 3:
        marks.append(
            f'<path d="M{x:.1f} {middle:g}h{max(width, 1.0):.1f}" stroke="{PAPER}" '
            'stroke-width="2"/>'
        )
    return marks


def _told(times: list[tuple[float, int]]) -> str:
    if not times:
        return "never anything"
    return ", ".join(f"{PHASES[phase][1]} at {second:,.0f} s" for second, phase in times)


def _axis(end_s: float, wide: float, bottom: float) -> list[str]:
    step = next((each for each in _STEPS if end_s / each <= 14), 7_200)
    marks: list[str] = [
        text("seconds after launch", _GUTTER - 8, bottom + 14, anchor="end", size=11, colour=QUIET)
    ]
    for second in np.arange(0.0, end_s + 1e-6, step).tolist():
        x = _GUTTER + second * wide
        marks.append(f'<path d="M{x:.1f} {_TOP:g}V{bottom:g}" stroke="{GRID}"/>')
        marks.append(text(f"{second:,.0f}", x, bottom + 14, anchor="middle", size=11, colour=QUIET))
    return marks


def _short(title: str, length: int = 28) -> str:
    return title if len(title) <= length else title[: length - 1] + "…"
