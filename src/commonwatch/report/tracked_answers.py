"""The first screen of a tracked file, in sentences; counts with their 95 % intervals."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
import pyarrow as pa

from commonwatch.report.answers import Point
from commonwatch.report.columns import instants, numbers, words
from commonwatch.report.tracked import TrackedContent
from commonwatch.report.tracked_areas import Areas
from commonwatch.report.tracked_errors import Errors
from commonwatch.report.tracked_fates import FATES
from commonwatch.report.tracked_findings import Findings
from commonwatch.report.tracked_lives import NEVER_NS
from commonwatch.report.wording import kilometres, percent
from commonwatch.studies.score_intervals import Count
from commonwatch.units import NS_PER_S

SURE_MIN: Final = 0.9
HONEST: Final = 0.95
SIGMAS_NOTED: Final = 3.0
AREA_KNOWN_M: Final = 100e3
SILENT_S: Final = 10.0
_REASONS_SHOWN: Final = 3
TERMS: Final = (("range", "m"), ("azimuth", "rad"), ("elevation", "rad"), ("time", "s"))


def tracked_answers(findings: Findings) -> tuple[Point, ...]:
    """Return the points of the first screen."""
    points = [("What was followed", _followed(findings))]
    if findings.errors is not None:
        points.append(("Against the truth", _judged(findings.errors)))
    alerts = findings.content.alerts
    if alerts is not None:
        points.append(("Where from, where to", _warned(findings, alerts)))
    points.append(("What is not sure", _not_sure(findings)))
    return tuple(
        Point(number=number, heading=heading, sentences=tuple(said))
        for number, (heading, said) in enumerate(points, 1)
    )


def headline(findings: Findings) -> str:
    """Return the answer in one line."""
    confirmed = int(findings.lives.is_confirmed.sum())
    tracks = _number(confirmed, "confirmed track")
    if findings.errors is None:
        return f"What flew, as the sensors tell it: {tracks}"
    judged = findings.errors.score
    followed = judged.object_count - judged.lives.never_tracked.count
    return f"{followed:,} of {_number(judged.object_count, 'object')} followed by {tracks}"


def last_rows(alerts: pa.Table) -> pa.Table:
    """Return the last event of each alert, by the number of the alert."""
    order = np.lexsort(
        (np.arange(alerts.num_rows), instants(alerts, "known_ns"), instants(alerts, "alert"))
    )
    number = instants(alerts, "alert")[order]
    is_last = np.append(number[1:] != number[:-1], True)[: len(number)]
    return alerts.take(pa.array(order[is_last]))


def counted(count: Count) -> str:
    """Write a count with its interval."""
    return f"{count.count:,} [{count.low:,.1f} to {count.high:,.1f}]"


def _followed(findings: Findings) -> list[str]:
    content, lives = findings.content, findings.lives
    confirmed_ns = np.sort(lives.confirmed_ns[lives.is_confirmed])
    if not len(confirmed_ns):
        said = ["No track was confirmed."]
    else:
        half_ns = confirmed_ns[(len(confirmed_ns) - 1) // 2 : (len(confirmed_ns) - 1) // 2 + 1]
        first_s, half_s = (float(content.seconds(each)[0]) for each in (confirmed_ns, half_ns))
        most = int(lives.counts(confirmed_ns)[0].max())
        said = [
            f"{_number(len(confirmed_ns), 'track')} confirmed, at most {most:,} at once: the first "
            f"at {first_s:,.1f} s, half of them by {half_s:,.1f} s."
        ]
        over = int((lives.ended_ns[lives.is_confirmed] < NEVER_NS).sum())
        said.append(
            f"{over:,} ended, {len(confirmed_ns) - over:,} were still held at the end, "
            f"{content.end_s:,.0f} s from the start."
        )
    if findings.fates is not None:
        parts = zip(FATES, findings.fates.counts.tolist(), strict=True)
        said.append(
            f"Of {_number(len(findings.fates.fate), 'detection')}: "
            + ", ".join(f"{count:,} {fate}" for fate, count in parts)
            + "."
        )
    return said


def _judged(errors: Errors) -> list[str]:
    judged = errors.score
    lives, consistency = judged.lives, judged.consistency
    said = [
        f"Never followed: {counted(lives.never_tracked)} of "
        f"{_number(judged.object_count, 'object')}. False tracks: {counted(lives.false_tracks)}. "
        f"Identity switches: {counted(lives.switches)}.",
    ]
    if lives.delay_median_s is not None:
        late = "never for some" if lives.delay_95_s is None else f"{lives.delay_95_s:,.1f} s"
        said.append(f"Delay to track: median {lives.delay_median_s:,.1f} s, 95 % within {late}.")
    said.append(f"OSPA {judged.distances.ospa_mean_m:,.0f} m, mean over the instants.")
    if len(errors.error_m):
        said.append(
            f"Position error: median {np.median(errors.error_m):,.0f} m; "
            f"{percent(errors.within_ratio, 1)} of the errors are within their stated 95 % bounds."
        )
    if consistency.nees_per_dimension is not None:
        said.append(f"NEES a dimension {consistency.nees_per_dimension:,.2f} (honest: 1).")
    return said


def _warned(findings: Findings, alerts: pa.Table) -> list[str]:
    if not alerts.num_rows:
        return ["No alert was raised."]
    last = last_rows(alerts)
    said = [
        f"{_number(last.num_rows, 'alert')}: {_tally(words(last, 'status'))}.",
        f"Most likely: {_tally(words(last, 'assessment'))}.",
    ]
    classes = [word for word in words(last, "range_class") if word]
    if classes:
        said.append(f"Range classes: {_tally(classes)}.")
    left_s = numbers(last, "warning_left_s")
    if np.isfinite(left_s).any():
        said.append(
            f"Warning left at the last news: median {np.nanmedian(left_s):,.0f} s, least "
            f"{round(float(np.nanmin(left_s))):,} s."
        )
    said += [_sized(end, own) for end, own in findings.areas.items() if len(own.last)]
    return said


def _sized(end: str, areas: Areas) -> str:
    size_m = areas.ellipses.long_half_axis_m[areas.last]
    sentence = (
        f"{end.capitalize()} ellipses (95 %), long half-axis at the last news: median "
        f"{kilometres(float(np.median(size_m)))} km, largest {kilometres(float(size_m.max()))} km"
    )
    held = areas.hold()
    if held.among:
        sentence += f"; {counted(held)} of {held.among:,} hold the truth"
    return sentence + "."


def _not_sure(findings: Findings) -> list[str]:
    content, lives = findings.content, findings.lives
    said = []
    waiting = int((~lives.is_confirmed).sum())
    if waiting:
        said.append(f"{_number(waiting, 'track')} never confirmed.")
    silent_ns = content.start_ns + round((content.end_s - SILENT_S) * NS_PER_S)
    is_silent = lives.is_confirmed & (lives.ended_ns == NEVER_NS) & (lives.last_ns < silent_ns)
    if is_silent.any():
        said.append(
            f"{_number(int(is_silent.sum()), 'track')} not ended, but without news for the last "
            f"{SILENT_S:.0f} s."
        )
    if findings.errors is None:
        said.append("No truth was given: nothing here says which tracks are false.")
    else:
        said += _about_errors(findings.errors)
    if content.alerts is not None:
        said += _about_alerts(findings, content.alerts)
    said += _about_detections(findings)
    if content.biases is not None:
        said += _about_biases(content.biases)
    return said or ["Nothing that these files show."]


def _about_errors(errors: Errors) -> list[str]:
    found = errors.score.consistency
    said = []
    if found.nees_mean is not None and found.band_low is not None and found.band_high is not None:
        if found.nees_mean > found.band_high:
            said.append("The tracks are too sure of themselves: NEES lies above its band.")
        elif found.nees_mean < found.band_low:
            said.append("The tracks are less sure than they could be: NEES lies below its band.")
    if found.refused_count:
        said.append(f"{_number(found.refused_count, 'covariance')} not positive, left out.")
    if errors.score.lives.tracks_unseen:
        said.append(
            f"{_number(errors.score.lives.tracks_unseen, 'track')} confirmed only between instants "
            "of the truth: nothing judges them."
        )
    return said


def _about_alerts(findings: Findings, alerts: pa.Table) -> list[str]:
    last = last_rows(alerts)
    said = []
    shares = [numbers(last, name) for name in last.column_names if is_answer(name)]
    if last.num_rows and shares:
        unsure = int(np.sum(np.max(shares, axis=0) < SURE_MIN))
        if unsure:
            said.append(
                f"What flies is named with a probability below {percent(SURE_MIN)} in "
                f"{_number(unsure, 'alert')}."
            )
    if last.num_rows and not any(words(last, "sources")):
        said.append("The sources of the tracks are unknown, so no alert is confirmed.")
    for end, areas in findings.areas.items():
        held = areas.hold()
        if held.among and held.high < HONEST * held.among:
            said.append(
                f"{end.capitalize()} ellipses hold the truth too seldom ({counted(held)} of "
                f"{held.among:,}, where {HONEST * held.among:,.0f} would be honest): the launch "
                "model or the tracks do not fit what flew."
            )
    if "impact" in findings.areas:
        sizes_m = findings.areas["impact"].ellipses.long_half_axis_m[findings.areas["impact"].last]
        without = last.num_rows - len(sizes_m)
        wide = int(np.sum(sizes_m > AREA_KNOWN_M))
        if without:
            said.append(f"No impact is predicted for {_number(without, 'alert')}.")
        if wide:
            said.append(
                f"The impact ellipse is longer than {AREA_KNOWN_M / 1e3:.0f} km each way for "
                f"{_number(wide, 'alert')}."
            )
    return said


def is_answer(name: str) -> bool:
    """Return whether a column of alerts is the probability of one answer."""
    return name.endswith("_probability") and name != "range_class_probability"


def _about_detections(findings: Findings) -> list[str]:
    fates = findings.fates
    if fates is None:
        return ["What became of the detections was not given."]
    said = [f"{count:,} late or refused: {why}." for why, count in fates.reasons[:_REASONS_SHOWN]]
    others = sum(count for _, count in fates.reasons[_REASONS_SHOWN:])
    if others:
        said.append(f"{others:,} more late or refused, for other reasons.")
    return said


def _about_biases(biases: pa.Table) -> list[str]:
    ratios = []
    for name, unit in TERMS:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios.append(
                numbers(biases, f"{name}_bias_{unit}") / numbers(biases, f"{name}_bias_std_{unit}")
            )
    table = np.abs(np.array(ratios))
    beyond = int(np.sum(table > SIGMAS_NOTED))
    if not beyond:
        return []
    return [
        f"{beyond:,} of {int(np.isfinite(table).sum()):,} constant errors of sensors lie beyond "
        f"{SIGMAS_NOTED:.0f} standard deviations: see the table of sensors."
    ]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _tally(said: list[str]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in Counter(said).most_common())


def tracked_figures(findings: Findings) -> dict[str, Any]:
    """Return the figures of the first screen for machines, units in the keys."""
    content, lives = findings.content, findings.lives
    confirmed_ns = lives.confirmed_ns[lives.is_confirmed]
    figures: dict[str, Any] = {
        "start": content.start_words,
        "start_ns": content.start_ns,
        "length_s": content.end_s,
        "tracks_confirmed": len(confirmed_ns),
        "tracks_ended": int((lives.ended_ns[lives.is_confirmed] < NEVER_NS).sum()),
        "tracks_never_confirmed": int((~lives.is_confirmed).sum()),
        "first_confirmed_s": _seconds(content, confirmed_ns),
        "dispositions": None,
        "score": None if findings.errors is None else findings.errors.score.to_json(),
        "errors_within_bound_ratio": None,
        "alerts": None,
        "ellipses": {},
    }
    if findings.fates is not None:
        figures["dispositions"] = dict(zip(FATES, findings.fates.counts.tolist(), strict=True))
    if findings.errors is not None and len(findings.errors.error_m):
        figures["errors_within_bound_ratio"] = findings.errors.within_ratio
    if content.alerts is not None:
        last = last_rows(content.alerts)
        figures["alerts"] = dict(Counter(words(last, "status")))
    for end, areas in findings.areas.items():
        sizes_m, held = areas.ellipses.long_half_axis_m[areas.last], areas.hold()
        figures["ellipses"][end] = {
            "count": len(sizes_m),
            "long_half_axis_median_m": float(np.median(sizes_m)) if len(sizes_m) else None,
            "long_half_axis_max_m": float(sizes_m.max()) if len(sizes_m) else None,
            "hold_truth_count": held.count if held.among else None,
            "with_truth_count": held.among,
        }
    points = tracked_answers(findings)
    figures["points"] = [
        {"number": one.number, "heading": one.heading, "sentences": list(one.sentences)}
        for one in points
    ]
    return figures


def _seconds(content: TrackedContent, confirmed_ns: np.ndarray[Any, Any]) -> float | None:
    if not len(confirmed_ns):
        return None
    return float(content.seconds(confirmed_ns).min())
