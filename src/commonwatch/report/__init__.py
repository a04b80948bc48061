"""One self-contained page: figures, maps and tables of a run.

======================  ==========================================================================
content                 what a report is made from
page                    the whole page
first_screen            the seven points, as sentences and as one table
estimates, conclusions  their figures; which of them change between the ends of the intervals
maps, tracks            region, world and pole, with sectors and ground tracks
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

__all__ = ["ReportContent", "ReportLaydown", "Sector", "write_report"]
