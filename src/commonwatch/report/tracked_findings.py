"""Everything that the page of a tracked file shows, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from commonwatch.report.tracked import TrackedContent
from commonwatch.report.tracked_areas import ENDS, Areas, areas_of
from commonwatch.report.tracked_errors import Errors, errors_of
from commonwatch.report.tracked_fates import Fates, fates_of
from commonwatch.report.tracked_lives import Lives, TrackPath, lives_of, paths_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """What was worked out; None, or nothing in ``areas``, where it was not given.

    Parameters
    ----------
    content
        What was given.
    lives, paths
        Of the tracks; of many only some paths.
    fates
        Of the detections.
    errors
        Of the tracks, by the truth.
    areas
        Launch and impact ellipses of the alerts, by end.
    """

    content: TrackedContent
    lives: Lives
    paths: Sequence[TrackPath]
    fates: Fates | None
    errors: Errors | None
    areas: Mapping[str, Areas]


def gather(content: TrackedContent, *, report: Callable[[float], None]) -> Findings:
    """Work out what the page shows.

    Parameters
    ----------
    content
        What was given.
    report
        Called with the part that is done, 0 to 1.
    """
    lives = lives_of(content.estimates)
    fates = fates_of(content)
    paths = paths_of(content.estimates, lives)
    report(0.2)
    errors = None
    if content.truth is not None:
        errors = errors_of(
            content.estimates, content.truth, report=lambda part: report(0.2 + 0.7 * part)
        )
    alerts = content.alerts
    areas = {}
    if alerts is not None and alerts.num_rows:
        areas = {end: areas_of(alerts, end, ends=content.ends, errors=errors) for end in ENDS}
    return Findings(
        content=content, lives=lives, paths=paths, fates=fates, errors=errors, areas=areas
    )
