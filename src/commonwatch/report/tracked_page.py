"""One self-contained page from a file of tracks and what belongs to it."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup

from commonwatch.report.figure import GAP_PATTERN
from commonwatch.report.rendering import rendered
from commonwatch.report.tracked_answers import headline, tracked_answers, tracked_figures
from commonwatch.report.tracked_area_charts import area_charts, area_panels
from commonwatch.report.tracked_charts import (
    DOTS_PATTERN,
    SENSORS_DRAWN_MAX,
    count_chart,
    fate_charts,
    fate_key,
    path_charts,
)
from commonwatch.report.tracked_error_charts import error_charts
from commonwatch.report.tracked_findings import Findings
from commonwatch.report.tracked_listings import alert_listing, object_listing, sensor_listing
from commonwatch.report.tracked_map import (
    ALERTS_DRAWN_MAX,
    TrackedScene,
    tracked_legend,
    tracked_map,
)

FORMAT: Final = 1
_PATTERNS: Final = Markup(  # noqa: S704
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
    f"{GAP_PATTERN}{DOTS_PATTERN}</defs></svg>"
)


def write_tracked_report(findings: Findings) -> str:
    """Return the page of a tracked file as HTML.

    The page needs no network: styles, pictures and the few lines of script that sort tables are
    inside it. Every name from the files is escaped.

    Parameters
    ----------
    findings
        What to show; see ``tracked_findings.gather``.

    Returns
    -------
    str
        The page, UTF-8. Of many tracks, alerts or sensors some are drawn and listed, and the page
        says how many; the first screen always counts all.
    """
    content, fates, errors = findings.content, findings.fates, findings.errors
    scene = TrackedScene(
        paths=findings.paths,
        sensors=content.sensors,
        areas=findings.areas,
        false_tracks=errors.false_tracks if errors is not None else frozenset(),
    )
    has_times = fates is not None and bool(fates.names)
    return rendered(
        "tracked.html.j2",
        content=content,
        headline=headline(findings),
        points=tracked_answers(findings),
        definitions=_PATTERNS,
        map=tracked_map(scene),
        map_legend=tracked_legend(scene),
        has_radars=bool(scene.radars),
        track_count=len(findings.lives.track),
        drawn_count=len(findings.paths),
        area_count=max((len(areas.last) for areas in findings.areas.values()), default=0),
        area_drawn_max=ALERTS_DRAWN_MAX,
        charts=[*path_charts(content, findings.paths), count_chart(content, findings.lives)],
        fates=fate_charts(content, fates) if fates is not None and has_times else [],
        fate_key=fate_key(),
        fate_sensors=len(fates.names) if fates is not None else 0,
        fate_sensors_max=SENSORS_DRAWN_MAX,
        errors=error_charts(content, errors) if errors is not None else [],
        objects=object_listing(errors) if errors is not None and len(errors.ranked) else None,
        areas=area_charts(findings.areas),
        panels=area_panels(findings.areas),
        alerts=alert_listing(findings),
        sensors=sensor_listing(findings),
    )


def tracked_summary(findings: Findings) -> dict[str, Any]:
    """Return the figures and sentences of the first screen for machines.

    JSON types only; a figure that does not exist is None.
    """
    content = findings.content
    return {
        "format": FORMAT,
        "commonwatch_version": content.version,
        "tracks": content.name,
        **tracked_figures(findings),
    }
