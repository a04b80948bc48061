"""One self-contained page: figures, maps and tables of a run.

======================  ==========================================================================
content                 what a report is made from
page                    the whole page
picture                 map and timeline as one SVG file
tracked                 the page of a tracked file; its docstring lists its parts
sharing_page            what sharing buys, put together; and for machines
sharing_answers         points A to D as sentences
sharing_judged          points E and F: who was named, and what was expected
sharing_figures         their figures, by laydown, level and centre
sharing_charts          warning left, and the impact ellipse over time
sharing_timeline        who knew what when, of one launch
sharing_listings        all figures as tables
first_screen            the seven points: the table, and what follows put together
answers, asides         points 1 to 3 and 4 to 7 as sentences
additions               what single additions give beside the baseline
wording                 how the page says things
estimates, conclusions  their figures; which of them change between the ends of the intervals
maps, frames, tracks    region, world and pole, with sectors and ground tracks
backdrop                what lies under every map
coverage_maps           lowest visible altitude and gaps, small maps side by side
timeline                who sees a launch when
listings                value of each sensor, sensors, assumptions, arcs
summary                 the same figures for machines
figure                  palette and pen of all figures
charts                  lines over time, with axes and key
projection, coastline   where things lie on a map
columns                 reading the tables
rendering               filling in the templates
======================  ==========================================================================
"""

from commonwatch.report.content import ReportContent, ReportLaydown, Sector
from commonwatch.report.page import write_report
from commonwatch.report.picture import write_picture
from commonwatch.report.tracked import TrackedContent
from commonwatch.report.tracked_findings import gather
from commonwatch.report.tracked_page import tracked_summary, write_tracked_report

__all__ = [
    "ReportContent",
    "ReportLaydown",
    "Sector",
    "TrackedContent",
    "gather",
    "tracked_summary",
    "write_picture",
    "write_report",
    "write_tracked_report",
]
