"""One self-contained page from the tables of a run."""

from __future__ import annotations

from commonwatch.report import coverage_maps, listings, maps, timeline
from commonwatch.report.asides import date_text
from commonwatch.report.content import ReportContent
from commonwatch.report.first_screen import OPEN_SHOWN_MAX, brackets_text, first_screen
from commonwatch.report.rendering import rendered
from commonwatch.report.sharing_page import sharing_screen


def write_report(content: ReportContent) -> str:
    """Return the whole report as HTML.

    The page needs no network and no script: styles, pictures and the few lines of script that sort
    tables are inside it. Every name from the tables is escaped.

    Parameters
    ----------
    content
        What to show; see `ReportContent`.

    Returns
    -------
    str
        The page, UTF-8, below 4 MB (``tests/report/test_page.py``): maps draw at most 40 arcs,
        timelines 8, the table of arcs 200 rows; the first screen always counts all.
    """
    scene = maps.gather(content)
    screen = first_screen(content)
    is_moved = "sensitivity" in content.tables
    return rendered(
        "report.html.j2",
        content=content,
        screen=screen,
        sharing=sharing_screen(content),
        open_shown_max=OPEN_SHOWN_MAX,
        date_text=date_text(content),
        maps=maps.maps(scene),
        map_legend=maps.legend(scene),
        drawn_count=len(scene.paths),
        arc_count=content.tables["arcs"].num_rows,
        definitions=coverage_maps.definitions(),
        altitudes=coverage_maps.altitude_figures(content),
        altitude_key=coverage_maps.altitude_key(),
        gaps=coverage_maps.gap_figures(content),
        gap_key=coverage_maps.gap_key(),
        gap_flights=coverage_maps.gap_flights(content),
        timelines=timeline.timelines(content),
        timeline_key=timeline.key_picture(),
        values=listings.value_listings(content),
        laydowns=listings.laydown_listing(content),
        sensors=listings.sensor_listing(content),
        assumptions=listings.assumption_listing(content, screen.figures),
        arcs=listings.arc_listing(content),
        brackets=brackets_text(screen, is_moved=is_moved),
        brackets_brief=brackets_text(screen, is_moved=is_moved, is_brief=True),
    )
