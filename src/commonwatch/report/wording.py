"""How the page says things: counts, sensors and their statuses, figures of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

from commonwatch.report.columns import words
from commonwatch.report.content import ReportContent, ReportLaydown
from commonwatch.report.estimates import Estimate
from commonwatch.studies.marginal import FIRST_SIGHT, IMPACT_AREA, RADAR_TRACK

STATUS_WORDS: Final = {"trial": "on trial", "not yet in service": "not yet"}


class Standing(StrEnum):
    """What a sensor's status on the date comes to."""

    IN_SERVICE = "in service"
    OFFERED = "offered"
    OUT = "not in service"
    UNKNOWN = "unknown"


def standing(status: str) -> Standing:
    """Return what a status comes to.

    One that was offered to the others was in its owner's service; a status that nobody gives is
    unknown; planned, on trial, cancelled, closed and not yet in service are all not in service.
    """
    if status in {Standing.IN_SERVICE, Standing.OFFERED}:
        return Standing(status)
    return Standing.UNKNOWN if status in {Standing.UNKNOWN, ""} else Standing.OUT


_FIGURES: Final = {
    "altitude_km": "altitude of the site",
    "apogee_km": "apogee",
    "azimuth_deg": "launch azimuth",
    "ballistic_coefficient_kg_m2": "ballistic coefficient",
    "beamwidth_deg": "beamwidth",
    "burn_out_altitude_km": "burn-out altitude",
    "cloud_break_altitude_km": "cloud-break altitude",
    "cross_section_m2": "radar cross-section",
    "elevation_max_deg": "upper elevation limit",
    "elevation_min_deg": "lower elevation limit",
    "first_look_delay_s": "wait for the first look",
    "ground_range_km": "ground range",
    "ground_range_max_km": "published range",
    "hand_over_s": "hand-over delay",
    "line_of_sight_std_rad": "line-of-sight accuracy",
    "range_bias_m": "range bias",
    "range_floor_m": "best range accuracy",
    "range_max_km": "range",
    "range_min_km": "least range",
    "revisit_s": "time between looks",
    "scan_loss_exponent": "scan loss exponent",
    "track_interval_s": "time between track updates",
}
_UNITS: Final = {"m2": "m²", "deg": "deg", "kg/m2": "kg/m²"}

_TOGETHER_SHOWN_MAX: Final = 3

VALUE_WORDS: Final = {
    FIRST_SIGHT: "warning at first sight",
    RADAR_TRACK: "time under radar",
    IMPACT_AREA: "warning left at a known impact area",
}


def arcs_text(count: int) -> str:
    """Write a number of arcs."""
    return f"{count:,} arc" if count == 1 else f"{count:,} arcs"


def percent(part: float, digits: int = 0) -> str:
    """Write a part of a whole.

    Parameters
    ----------
    part
        0 to 1.
    digits
        After the point.
    """
    return f"{100.0 * part:.{digits}f} %"


def kilometres(length_m: float) -> str:
    """Write a length in kilometres, without the unit, to two figures or to the kilometre."""
    digits = 2 if length_m < 1e3 else 1 if length_m < 1e4 else 0
    return f"{length_m / 1e3:,.{digits}f}"


def counted(estimate: Estimate) -> str:
    """Write on how many arcs something happens, with its interval."""
    return f"{estimate.count:,} of {arcs_text(estimate.arc_count)}{count_interval(estimate)}"


def count_interval(estimate: Estimate) -> str:
    """Write the interval of a count after a space, or nothing where both ends are the same."""
    return interval_of_counts(estimate.count_interval)


def interval_of_counts(interval: tuple[int, int]) -> str:
    """Write an interval of counts after a space, or nothing where both ends are the same."""
    low, high = interval
    return f" [{low:,}, {high:,}]" if low != high else ""


def capital(said: str) -> str:
    """Begin with a capital letter."""
    return said[:1].upper() + said[1:]


def brief(title: str) -> str:
    """Leave out what stands in brackets at the end of a title."""
    return re.sub(r"\s*\([^()]*\)$", "", title) or title


def listed(names: Sequence[str], *, count_max: int = 6) -> str:
    """Write "a, b and c", the rest as a number.

    Parameters
    ----------
    names
        At least one.
    count_max
        How many are named.
    """
    shown = list(names[:count_max])
    if len(names) > count_max:
        shown.append(f"{len(names) - count_max} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def joined(titles: Sequence[str], last: str = ", ") -> str:
    """Write titles one after another; first words that the one before has too are left out.

    Parameters
    ----------
    titles
        Any number.
    last
        What stands before the last one.
    """
    parts = list(titles[:1])
    for before, title in pairwise(titles):
        own = title.split()
        same = next(
            (
                k
                for k, pair in enumerate(zip(own, before.split(), strict=False))
                if pair[0] != pair[1]
            ),
            0,
        )
        parts.append(" ".join(own[same:]))
    return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def sensor_titles(content: ReportContent) -> dict[str, str]:
    """Return each sensor's name for people."""
    sensors = content.tables["sensors"]
    pairs = zip(words(sensors, "sensor"), words(sensors, "title"), strict=True)
    return {name: title or name for name, title in pairs}


def not_in_service(content: ReportContent, laydown: ReportLaydown) -> dict[str, list[str]]:
    """Return the titles of a laydown's sensors that were not in service on the date, by status.

    Parameters
    ----------
    content
        With the status of its sensors.
    laydown
        One of its laydowns.
    """
    found: dict[str, list[str]] = {}
    for title, status in _statuses(content, laydown):
        if standing(status) is Standing.OUT:
            found.setdefault(STATUS_WORDS.get(status, status), []).append(title)
    return found


def titles_standing(content: ReportContent, laydown: ReportLaydown, wanted: Standing) -> list[str]:
    """Return the titles of a laydown's sensors whose status on the date comes to that.

    Parameters
    ----------
    content
        With the status of its sensors.
    laydown
        One of its laydowns.
    wanted
        What the status comes to.
    """
    return [title for title, status in _statuses(content, laydown) if standing(status) is wanted]


def _statuses(content: ReportContent, laydown: ReportLaydown) -> list[tuple[str, str]]:
    sensors = content.tables["sensors"]
    status_of = dict(zip(words(sensors, "sensor"), words(sensors, "status_on_date"), strict=True))
    titles = sensor_titles(content)
    return [(titles.get(name, name), status_of.get(name, "")) for name in laydown.sensors]


def together(titles: Mapping[str, str], sensor: str) -> str:
    """Return the titles of the sensors that a column names; of many together only three.

    Parameters
    ----------
    titles
        Of every sensor, for people.
    sensor
        One name, or several by commas.
    """
    names = [titles.get(name, name) for name in sensor.split(", ")]
    if len(names) > _TOGETHER_SHOWN_MAX:
        rest = f"{len(names) - _TOGETHER_SHOWN_MAX} more"
        return f"{joined(names[:_TOGETHER_SHOWN_MAX])} and {rest} together"
    return names[0] if len(names) == 1 else f"{joined(names, ' and ')} together"


def figure_name(path: str) -> str:
    """Return the words for a figure of the catalogue from its path."""
    key = path.rsplit(".", 1)[-1]
    face = re.search(r"faces\[([1-9]\d*)\]", path)
    name = _FIGURES.get(key) or re.sub(r"_(s|m|km|deg|rad|mhz|hz|m2|m_s|kg_m2)$", "", key)
    return name.replace("_", " ") + (f" of face {int(face.group(1)) + 1}" if face else "")


def unit_text(unit: str) -> str:
    """Write a unit for people."""
    return _UNITS.get(unit, unit)


def assumption_title(content: ReportContent, path: str, titles: Mapping[str, str]) -> str:
    """Return whose figure an assumption is, for people.

    Parameters
    ----------
    content
        Titles of figures and places.
    path
        Of the figure, as ``radars.north.range_max_km``.
    titles
        Of every sensor, for people.
    """
    parts = path.split(".")
    name = parts[1] if len(parts) > 1 else ""
    return titles.get(name) or brief(content.assumption_titles.get(path) or content.place(name))
