"""Errors of tracks against time, with the bounds that their covariances state."""

from __future__ import annotations

import numpy as np

from commonwatch.report.charts import DASHED, DOTTED, PLAIN, Band, Line, chart, log_axis
from commonwatch.report.figure import Figure
from commonwatch.report.tracked import TrackedContent
from commonwatch.report.tracked_charts import axis_of
from commonwatch.report.tracked_errors import Errors
from commonwatch.report.wording import percent


def error_charts(content: TrackedContent, errors: Errors) -> list[Figure]:
    """Draw errors with their bounds over all objects, for two objects, NEES and OSPA.

    Parameters
    ----------
    content
        The axis of time.
    errors
        Against the truth; without an object that was tracked OSPA alone is drawn.
    """
    if not len(errors.ranked):
        return [_ospa_chart(content, errors)]
    middle = int(errors.ranked[(len(errors.ranked) - 1) // 2])
    worst = int(errors.ranked[-1])
    figures = [
        _all_objects(content, errors),
        _ospa_chart(content, errors),
        _nees_chart(content, errors),
        _one_object(content, errors, middle, "the median"),
    ]
    if worst != middle:
        figures.append(_one_object(content, errors, worst, "the worst"))
    return figures


def _all_objects(content: TrackedContent, errors: Errors) -> Figure:
    instants, index = np.unique(errors.time_ns, return_inverse=True)
    starts = np.searchsorted(np.sort(index), np.arange(1, len(instants)))
    order = np.argsort(index, kind="stable")
    groups = [(errors.error_m[rows], errors.bound_m[rows]) for rows in np.split(order, starts)]
    time_s = content.seconds(instants)
    middle = np.array([np.median(error) for error, _ in groups])
    high = np.array([np.quantile(error, 0.95) for error, _ in groups])
    bound = np.array([np.median(bounds) for _, bounds in groups])
    within = errors.within_ratio
    return chart(
        [
            Line(parts=[(time_s, bound)], style=DOTTED, title="95 % bound, median"),
            Line(parts=[(time_s, high)], style=DASHED, title="error, 19 of 20 below"),
            Line(parts=[(time_s, middle)], style=PLAIN, title="error, median"),
        ],
        x=axis_of(content),
        y=log_axis("m", np.concatenate([middle, high, bound])),
        caption="Position error over all objects",
        alternative=(
            f"Position error against time: median {np.median(middle):,.0f} m, stated 95 % bound "
            f"{np.median(bound):,.0f} m; {percent(within, 1)} of the errors are within their bounds"
        ),
        note=(
            f"{percent(within, 1)} of {len(errors.error_m):,} errors lie within their own stated "
            "bound; honest is 95 %."
        ),
    )


def _one_object(content: TrackedContent, errors: Errors, number: int, which: str) -> Figure:
    rows = errors.rows_of(number)
    time_s = content.seconds(errors.time_ns[rows])
    error, bound = errors.error_m[rows], errors.bound_m[rows]
    mean, mean_bound = errors.means_of(number)
    within = int(np.sum(error <= bound))
    return chart(
        [
            Line(parts=[(time_s, bound)], style=DOTTED, title="stated 95 % bound"),
            Line(parts=[(time_s, error)], style=PLAIN, title="error"),
        ],
        x=axis_of(content),
        y=log_axis("m", np.concatenate([error, bound])),
        caption=f"Position error of one object, {which} of {len(errors.ranked):,}: {number}",
        alternative=(
            f"Position error of object {number}: mean {mean:,.0f} m, mean stated bound "
            f"{mean_bound:,.0f} m, within it at {within} of {len(rows)} instants"
        ),
        note=(
            f"Mean error {mean:,.0f} m, mean bound {mean_bound:,.0f} m; within it at {within:,} "
            f"of {len(rows):,} instants. Objects are ordered by their mean error."
        ),
    )


def _nees_chart(content: TrackedContent, errors: Errors) -> Figure:
    series = errors.score.series
    time_s = content.seconds(series.time_ns)
    ratio = errors.score.consistency.instants_in_band_ratio
    said = "no pair" if ratio is None else f"{percent(ratio)} of the instants lie in the band"
    return chart(
        [Line(parts=[(time_s, series.nees)], style=PLAIN, title="NEES, mean of the pairs")],
        bands=[Band(x=time_s, low=series.nees_low, high=series.nees_high, title="its 95 % band")],
        x=axis_of(content),
        y=log_axis("6 where honest", np.concatenate([series.nees, series.nees_low])),
        caption="Are the covariances honest?",
        alternative=f"Normalised error squared against time with its chi-square band: {said}",
        note=(
            f"{said[:1].upper()}{said[1:]}; honest is 95 %. Above the band the tracks are too "
            "sure of themselves, below it less sure than they could be."
        ),
    )


def _ospa_chart(content: TrackedContent, errors: Errors) -> Figure:
    series = errors.score.series
    mean = errors.score.distances.ospa_mean_m
    time_s = content.seconds(series.time_ns)
    level = np.full(2, mean)
    return chart(
        [
            Line(parts=[(time_s, np.maximum(series.ospa_m, 1e-3))], style=PLAIN, title="OSPA"),
            Line(parts=[(time_s[[0, -1]], level)], style=DASHED, title=f"its mean, {mean:,.0f} m"),
        ],
        x=axis_of(content),
        y=log_axis("m", np.append(series.ospa_m, mean)),
        caption="OSPA: the whole picture against the truth",
        alternative=f"OSPA against time, mean {mean:,.0f} m",
        note="Positions, cut-off 10 km, order 2: an object missed or a track too many counts as "
        "10 km.",
    )
