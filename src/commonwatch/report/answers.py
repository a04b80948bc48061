"""Points 1 to 3: who first knows, who holds a radar track, when the impact area is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from commonwatch.report.content import ReportContent
from commonwatch.report.estimates import (
    Estimate,
    LaydownFigures,
    after_launch_text,
    interval_text,
    seconds_text,
)
from commonwatch.report.wording import arcs_text, capital, counted

_LEAST_S = 0.5
"""Less than this is shown as 0 and counts as nothing."""


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
    """Return the laydown, neither baseline nor everything, with most seconds under radar track."""
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
    sensor = capital(titles.get(first.sensor, first.sensor))
    arcs = f"{first.sensor_count:,} of {arcs_text(first.arc_count)}"
    sentence = (
        f"{sensor} is first to see the flight ({laydown}), {_at(first)}."
        if first.arc_count == 1
        else f"{sensor} is first on {arcs} ({laydown}); {_at(first)}."
    )
    if content.everything in {content.baseline, name}:
        return (sentence,)
    gain_s = base.nominal_s - whole.nominal_s
    if math.isnan(gain_s) or abs(gain_s) < _LEAST_S:
        return (sentence, "No added sensor makes that sooner.")
    sooner = titles.get(whole.sensor, whole.sensor)
    heading = content.laydown(content.everything).heading
    if whole.arc_count == 1:
        return sentence, f"{heading} {sooner} is first, {_at(whole)}."
    return sentence, f"{heading} {sooner} is first on {whole.sensor_count:,}; {_at(whole)}."


def _who_tracks(
    content: ReportContent, figures: Mapping[str, LaydownFigures], titles: Mapping[str, str]
) -> tuple[str, ...]:
    sentences = [_track_sentence(content, figures[content.baseline], titles)]
    best = best_addition(content, figures)
    if best is not None:
        sentences.append(_track_sentence(content, figures[best], titles))
    if len(figures) > 3:
        sentences[-1] += " No other addition compared gives more."
    elif content.everything != content.baseline:
        sentences.append(_track_sentence(content, figures[content.everything], titles))
    return tuple(sentences)


def _track_sentence(
    content: ReportContent, figures: LaydownFigures, titles: Mapping[str, str]
) -> str:
    radar, track = figures.first_radar, figures.radar_track
    heading = content.laydown(figures.laydown).heading
    first = titles.get(radar.sensor, radar.sensor)
    if radar.arc_count == 1:
        if radar.count == 0:
            return f"{heading} no radar sees the flight."
        held = _length(track)
        return f"{heading} {first} sees it first, {_at(radar)}; under radar for {held} in all."
    if radar.count == 0:
        return f"{heading} a radar sees none of {radar.arc_count:,} arcs."
    head = f"{heading} a radar sees {counted(radar)}"
    if track.nominal_s < _LEAST_S:
        interval = interval_text(track.interval_s)
        return f"{head}, so at least half have no radar track{interval and f' {interval} s'}."
    return f"{head}, most often {first} first; half for {_length(track)} or longer."


def _impact_known(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> tuple[str, ...]:
    if content.impact_areas_left_out:
        return (content.impact_areas_left_out,)
    names = [content.baseline, best_addition(content, figures), content.everything]
    shown = list(dict.fromkeys(name for name in names if name is not None))
    return tuple(_impact_sentence(content, figures[name]) for name in shown)


def _impact_sentence(content: ReportContent, figures: LaydownFigures) -> str:
    known, left = figures.impact_area, figures.warning_left
    head = content.laydown(figures.laydown).heading
    if known.arc_count > 1:
        head += f" on {counted(known)}"
        if known.count_interval == (0, 0):
            return f"{head}."
        head += ";"
    if not math.isfinite(known.nominal_s):
        return f"{head} {_at(known)}."
    return f"{head} {_at(known)}, with {_length(left)} of warning left."


def _at(estimate: Estimate) -> str:
    """Say when something happens: on the one flight, or by when on half of the arcs."""
    is_one = estimate.arc_count == 1
    interval = interval_text(estimate.interval_s)
    tail = f" {interval}" if interval else ""
    if not math.isfinite(estimate.nominal_s):
        return f"never{tail}" if is_one else f"on fewer than half at all{tail}"
    instant = after_launch_text(estimate.nominal_s)
    return f"{'at' if is_one else 'half by'} {instant}{tail}"


def _length(estimate: Estimate) -> str:
    interval = interval_text(estimate.interval_s)
    return f"{seconds_text(estimate.nominal_s)} s" + (f" {interval}" if interval else "")
