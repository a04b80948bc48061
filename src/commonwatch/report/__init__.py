"""One self-contained page: figures, maps and tables of a run.

======================  ==========================================================================
content                 what a report is made from
page                    the whole page
picture                 map and timeline as one SVG file
first_screen            the seven points: the table, and what follows put together
answers, asides         points 1 to 3 and 4 to 7 as sentences
additions               what single additions give beside the baseline
wording                 how the page says things
estimates, conclusions  their figures; which of them change between the ends of the intervals
maps, frames, tracks    region, world and pole, with sectors and ground tracks
coverage_maps           lowest visible altitude and gaps, small maps side by side
timeline                who sees a launch when
listings                value of each sensor, sensors, assumptions, arcs
summary                 the same figures for machines
figure                  palette and pen of all figures
projection, coastline   where things lie on a map
columns                 reading the tables
======================  ==========================================================================
"""

from commonwatch.report.content import ReportContent, ReportLaydown, Sector
from commonwatch.report.page import write_report
from commonwatch.report.picture import write_picture

__all__ = ["ReportContent", "ReportLaydown", "Sector", "write_picture", "write_report"]
