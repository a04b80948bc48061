"""Points 1 to 3: who first knows, who holds a radar track, when the impact area is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from commonwatch.report.additions import SHOWN_MAX, in_one_line, single_additions
from commonwatch.report.content import ReportContent
from commonwatch.report.estimates import (
    LEAST_S,
    LENGTHS,
    Estimate,
    LaydownFigures,
    after_launch_text,
    interval_text,
    seconds_text,
)
from commonwatch.report.tracks import satellites_of
from commonwatch.report.wording import arcs_text, capital, count_interval, counted, together

BOUND: Final = (
    "Cramér-Rao bound: the earliest any tracker could know it; perfect association, vacuum."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One of the seven points as a sentence or a few."""

    number: int
    heading: str
    sentences: tuple[str, ...]


def answers(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[Point, ...]:
    """Return points 1 to 3.

    Parameters
    ----------
    content
        What the report is made from.
    figures
        Of every laydown, by its name.
    titles
        Of every sensor, for people.
    """
    return (
        Point(number=1, heading="Who first knows", sentences=_who_knows(content, figures, titles)),
        Point(
            number=2,
            heading="Who first holds a radar track, and for how long",
            sentences=_who_tracks(content, figures, titles),
        ),
        Point(
            number=3,
            heading="When the impact area is known within 100 km",
            sentences=_impact_known(content, figures),
        ),
    )


def best_addition(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> str | None:
    """Return the laydown, neither baseline nor everything, with most seconds under radar track.

    Parameters
    ----------
    content
        What the report is made from.
    figures
        Of every laydown, by its name.

    Returns
    -------
    str or None
        Its name; of equals the one with a radar sight on most arcs; None where there is no such.
    """
    others = [
        laydown.name
        for laydown in content.laydowns
        if laydown.name not in {content.baseline, content.everything}
    ]
    if not others:
        return None
    return max(
        others,
        key=lambda name: (figures[name].radar_track.nominal_s, figures[name].first_radar.count),
    )


def _who_knows(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[str, ...]:
    base = figures[content.baseline].first_sight
    whole = figures[content.everything].first_sight
    first, name = (base, content.baseline) if base.sensor else (whole, content.everything)
    if not first.sensor:
        seen = "the flight" if first.arc_count == 1 else "any of these arcs"
        return (f"No sensor of any laydown sees {seen}.",)
    laydown = content.laydown(name).title
    who = f"{capital(together(titles, first.sensor))} {_is(first.sensor)} first"
    arcs = f"{first.sensor_count:,} of {arcs_text(first.arc_count)}"
    at = _at(first)
    if first.sensor_count < first.arc_count:
        at = at.replace("half by", "half of all arcs seen by", 1)
    sentences = [
        f"{who} to see the flight ({laydown}), {at}."
        if first.arc_count == 1
        else f"{who} to see {arcs} ({laydown}); {at}."
    ]
    if content.everything not in {content.baseline, name}:
        sentences.append(_sooner(content, base, whole, titles))
    return (*sentences, *_stereo(content, figures))


def _sooner(
    content: ReportContent, base: Estimate, whole: Estimate, titles: Mapping[str, str]
) -> str:
    gain_s = base.nominal_s - whole.nominal_s
    if math.isnan(gain_s) or abs(gain_s) < LEAST_S:
        single = [(laydown.title, "") for laydown in single_additions(content)]
        if len(single) > 1:
            return f"Not sooner with any of {in_one_line(single)}."
        return "No added sensor makes that sooner."
    who = f"{together(titles, whole.sensor)} {_is(whole.sensor)} first"
    heading = content.laydown(content.everything).heading
    if whole.arc_count == 1:
        return f"{heading} {who}, {_at(whole)}."
    return f"{heading} {who} on {whole.sensor_count:,}; {_at(whole)}."


def _stereo(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> list[str]:
    """Say how many arcs two satellites see at once; nothing where there is no satellite."""
    satellites = satellites_of(content)
    having = [
        name
        for name in (content.baseline, content.everything)
        if satellites & set(content.laydown(name).sensors)
    ]
    if not having:
        return []
    first, held = figures[having[0]].first_stereo, figures[having[0]].stereo
    where = "" if having[0] == content.baseline else f"{content.laydown(having[0]).heading} "
    if first.arc_count == 1:
        seen = f"{_at(first)}, for {_length(held)}" if first.count else "never"
    else:
        seen = counted(first) + (f", {_at(first)}" if first.count else "")
        if first.count_interval == (0, 0):
            seen = f"none of {arcs_text(first.arc_count)}"
    return [
        f"{where}{'two' if where else 'Two'} satellites at once (stereo): {seen}; one line of "
        "sight gives a launch point only through an assumed altitude.",
        *_launch_point(figures[having[0]]),
    ]


def _launch_point(figures: LaydownFigures) -> list[str]:
    """Say how well the place below is known from one line and from two; nothing where it is not."""
    one, flown, two, flown_then = (figures.lengths[name] for name in LENGTHS)
    if not math.isfinite(one.nominal_m):
        return []
    half = "" if figures.first_sight.arc_count == 1 else ", on half of the arcs,"
    said, behind = f"{one.text} from one line", flown.text
    if math.isfinite(two.nominal_m):
        said += f", {two.text} from two"
        behind += f" and {flown_then.text}" if flown_then.text != flown.text else ""
    return [
        f"Place below known{half} to {said} (95 % ellipse, long half-axis); launch point {behind} "
        "behind."
    ]


def _is(sensor: str) -> str:
    return "are" if ", " in sensor else "is"


def _who_tracks(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[str, ...]:
    sentences = [_track_sentence(content, figures[content.baseline], titles)]
    shown = _shown(content)
    best = best_addition(content, figures)
    if shown:
        sentences += _additions_tracked(content, figures, shown)
    else:
        if best is not None:
            sentences.append(_track_sentence(content, figures[best], titles))
        if len(figures) > 3:
            sentences[-1] += " No other addition compared gives more."
        elif content.everything != content.baseline:
            sentences.append(_track_sentence(content, figures[content.everything], titles))
    if any(laydown.first_radar.count for laydown in figures.values()):
        sentences[-1] += " A radar track follows two looks later."
    return tuple(sentences)


def _shown(content: ReportContent) -> list[str]:
    """Return the names of the single additions and of everything; none where none is single."""
    single = [laydown.name for laydown in single_additions(content)]
    return [*single, content.everything] if single else []


def _additions_tracked(
    content: ReportContent, figures: Mapping[str, LaydownFigures], names: Sequence[str]
) -> list[str]:
    """Name for each single addition how long radars see, and the two whose radars see first."""
    is_one = figures[content.baseline].first_radar.arc_count == 1
    soonest = sorted(names[:-1], key=lambda name: figures[name].first_radar.nominal_s)
    first = _line(
        content, soonest[:2], {name: _instant(figures[name].first_radar) for name in names}
    )
    longest = _line(
        content,
        [
            *sorted(names[:-1], key=lambda name: -figures[name].radar_track.nominal_s),
            names[-1],
        ],
        {name: _length(figures[name].radar_track) for name in names},
    )
    return [
        f"{'Under radar for' if is_one else 'Half are under radar for at least'}: {longest}.",
        f"First radar sight{'' if is_one else ', half by'}: {first}.",
    ]


def _line(content: ReportContent, names: Sequence[str], said: Mapping[str, str]) -> str:
    """Write the figures of laydowns in one line; of many only the first, and everything."""
    last = [name for name in names if name == content.everything]
    others = [name for name in names if name != content.everything]
    shown = [*others[:SHOWN_MAX], *last]
    return in_one_line([(content.laydown(name).title, said[name]) for name in shown])


def _track_sentence(
    content: ReportContent, figures: LaydownFigures, titles: Mapping[str, str]
) -> str:
    radar, track = figures.first_radar, figures.radar_track
    heading = content.laydown(figures.laydown).heading
    first = together(titles, radar.sensor)
    if radar.arc_count == 1:
        if radar.count == 0:
            return f"{heading} no radar sees the flight."
        sees = "see" if ", " in radar.sensor else "sees"
        held = _length(track)
        return f"{heading} {first} {sees} it first, {_at(radar)}; under radar for {held} in all."
    if radar.count == 0:
        return f"{heading} a radar sees none of {radar.arc_count:,} arcs."
    head = f"{heading} a radar sees {counted(radar)}"
    if track.nominal_s < LEAST_S:
        interval = interval_text(track.interval_s)
        return f"{head}, so at least half are never under radar{interval and f' {interval} s'}."
    return f"{head}, most often {first} first; half for {_length(track)} or longer."


def _impact_known(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> tuple[str, ...]:
    if content.impact_areas_left_out:
        return (content.impact_areas_left_out,)
    names = _shown(content)
    if names:
        sentences = [
            _impact_sentence(content, figures[content.baseline]),
            _additions_known(content, figures, names),
        ]
    else:
        chosen = [content.baseline, best_addition(content, figures), content.everything]
        shown = list(dict.fromkeys(name for name in chosen if name is not None))
        sentences = [_impact_sentence(content, figures[name]) for name in shown]
    return (*sentences, BOUND)


def _additions_known(
    content: ReportContent, figures: Mapping[str, LaydownFigures], names: Sequence[str]
) -> str:
    """Name for each single addition when the impact area is known, and the warning then left."""

    def said(name: str) -> str:
        known, left = figures[name].impact_area, figures[name].warning_left
        if math.isfinite(known.nominal_s):
            return f"{after_launch_text(known.nominal_s)}, {_length(left)}"
        if known.arc_count == 1:
            return "never"
        return f"on {known.count:,} of {known.arc_count:,}{count_interval(known)}"

    order = sorted(
        names[:-1],
        key=lambda name: (figures[name].impact_area.nominal_s, -figures[name].impact_area.count),
    )
    is_one = figures[content.baseline].impact_area.arc_count == 1
    line = _line(content, [*order, names[-1]], {name: said(name) for name in names})
    return f"{'Known' if is_one else 'Half known'} by, with so much warning left: {line}."


def _impact_sentence(content: ReportContent, figures: LaydownFigures) -> str:
    known, left = figures.impact_area, figures.warning_left
    head = content.laydown(figures.laydown).heading
    if known.arc_count > 1:
        if known.count_interval == (0, 0):
            return f"{head} on none of {known.arc_count:,} arcs."
        head += f" on {counted(known)};"
    if not math.isfinite(known.nominal_s):
        return f"{head} {_at(known)}."
    return f"{head} {_at(known)}, with {_length(left)} of warning left."


def _at(estimate: Estimate) -> str:
    """Say when something happens: on the one flight, or by when on half of the arcs."""
    is_one = estimate.arc_count == 1
    if not math.isfinite(estimate.nominal_s):
        interval = interval_text(estimate.interval_s)
        tail = f" {interval}" if interval else ""
        return f"never{tail}" if is_one else f"on fewer than half at all{tail}"
    return f"{'at' if is_one else 'half by'} {_instant(estimate)}"


def _instant(estimate: Estimate) -> str:
    interval = interval_text(estimate.interval_s)
    return after_launch_text(estimate.nominal_s) + (f" {interval}" if interval else "")


def _length(estimate: Estimate) -> str:
    interval = interval_text(estimate.interval_s)
    return f"{seconds_text(estimate.nominal_s)} s" + (f" {interval}" if interval else "")
