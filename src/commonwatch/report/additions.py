"""What single additions give beside the baseline, each in a few words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from commonwatch.report.columns import numbers, words
from commonwatch.report.content import ReportContent, ReportLaydown
from commonwatch.report.estimates import LEAST_S, LaydownFigures

SHOWN_MAX: Final = 6


def single_additions(content: ReportContent) -> tuple[ReportLaydown, ...]:
    """Return the laydowns that add to the baseline the sensors of one place, and no others."""
    sensors = content.tables["sensors"]
    columns = [numbers(sensors, name).tolist() for name in ("latitude_deg", "longitude_deg")]
    place_of = {
        name: (latitude, longitude) if math.isfinite(latitude) else name
        for name, latitude, longitude in zip(words(sensors, "sensor"), *columns, strict=True)
    }
    base = set(content.laydown(content.baseline).sensors)
    found = []
    for laydown in content.laydowns:
        own = set(laydown.sensors)
        places = {place_of.get(name, name) for name in own - base}
        if own > base and len(places) == 1 and laydown.name != content.everything:
            found.append(laydown)
    return tuple(found)


def in_one_line(items: Sequence[tuple[str, str]]) -> str:
    """Write title and figure of each; words of place that the title before has are left out.

    Parameters
    ----------
    items
        Titles with their figures: ``("+ Armavir, SE face", "239 s")``.
    """
    written = [f"{title} {figure}".rstrip() for title, figure in items[:1]]
    for (before, _), (title, figure) in pairwise(items):
        own, same = title.split(), 0
        for mine, theirs in zip(own[:-1], before.split(), strict=False):
            if mine != theirs:
                break
            same += 1
        # A plus sign alone is no word to share.
        shown = " ".join(own[same:]) if same > 1 else title
        written.append(f"{shown} {figure}".rstrip())
    return "; ".join(written)


def radar_lead(content: ReportContent, figures: Mapping[str, LaydownFigures]) -> str:
    """Say by how much the addition with the first radar sight leads the next; nothing if none.

    Parameters
    ----------
    content
        What the report is made from.
    figures
        Of every laydown, by its name.
    """
    known = sorted(
        (figures[laydown.name].first_radar.nominal_s, place, laydown.title.lstrip("+ "))
        for place, laydown in enumerate(single_additions(content))
        if math.isfinite(figures[laydown.name].first_radar.nominal_s)
    )
    for first, later in pairwise(known):
        lead_s = later[0] - first[0]
        if lead_s >= LEAST_S:
            return f"{first[2]} leads {later[2]} by some {lead_s:,.0f} s"
    return ""
