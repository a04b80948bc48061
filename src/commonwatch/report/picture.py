"""The picture of a run as a file of its own: a map, and one launch from lift-off to impact."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from commonwatch.report import maps, timeline
from commonwatch.report.content import ReportContent
from commonwatch.report.figure import GAP_PATTERN, PAPER, QUIET, Figure, picture, text
from commonwatch.report.frames import WIDTH, region_frame, world_frame

_MARGIN = 20.0


def write_picture(content: ReportContent) -> str:
    """Return a standalone SVG: all sensors with who sees the arcs, and the most telling timeline.

    The map shows the laydown that holds all others; the timeline is that of the arc on which the
    laydowns differ most.

    Parameters
    ----------
    content
        What the report is made from.

    Returns
    -------
    str
        The file, UTF-8, with no reference to anything outside it.
    """
    whole = content.laydown(content.everything)
    alone = replace(content, laydowns=(whole,), baseline=whole.name)
    scene = maps.gather(alone)
    region = region_frame(alone, list(scene.paths.values()))
    chart = maps.draw(scene, region or world_frame())
    panel = timeline.timelines(content, count_max=1)[0]
    key = Figure(svg=maps.legend(scene), alternative="", caption="", height=maps.LEGEND_HEIGHT)
    body, y = [text(content.title, 0, 30, size=22, weight=600)], 44.0
    body += _placed(key, y)
    y += key.height + 6
    body += _placed(chart, y)
    y += chart.height + 30
    body.append(text(panel.caption, 0, y, size=17, weight=600))
    body += _placed(panel, y + 6)
    y += panel.height + 30
    made_by = f"Made by commonwatch {content.version}: {content.command}. Coastline: Natural Earth."
    body.append(text(made_by, 0, y, size=12, colour=QUIET))
    width, height = WIDTH + 2 * _MARGIN, y + _MARGIN
    return picture(
        [
            f"<defs>{GAP_PATTERN}</defs>",
            f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>',
            f'<g transform="translate({_MARGIN:g} 0)">',
            *body,
            "</g>",
        ],
        width=width,
        height=height,
        alternative=f"{content.title}. {chart.alternative} {panel.alternative}",
    )


def _placed(figure: Figure, y: float) -> list[Markup]:
    place = f'<svg y="{y:g}" width="{WIDTH:g}" height="{figure.height:g}" '
    return [Markup(str(figure.svg).replace("<svg ", place, 1))]  # noqa: S704
