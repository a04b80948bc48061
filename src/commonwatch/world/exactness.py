"""Whether a message that went was as coarse as the rules asked for, for the check on leaks.

Of several rules the coarsest step counts. Where it is not known whether a rule fitted, the message
may be as coarse as that rule asks for, and never finer than those that surely fitted.

====================  ========================================================  =======
figure                source                                                    mark
====================  ========================================================  =======
``DEGREE_M``          a degree of latitude at the equator, WGS-84: the step of  derived
                      a grid in degrees is no less than was asked for anywhere
``DIGITS_DEG``        places on a grid are written with six digits              derived
====================  ========================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from commonwatch.sharing.messages import (
    AlertReport,
    Area,
    Body,
    Correction,
    LaunchReport,
    Message,
    TrackReport,
)
from commonwatch.sharing.rule import Rule
from commonwatch.units import NS_PER_S

DEGREE_M: Final = 110_574.0
DIGITS_DEG: Final = 1.1e-6


def too_exact(message: Message, sure: Sequence[Rule], perhaps: Sequence[Rule]) -> Iterator[str]:
    """Yield what of a message is more exact than it may be.

    Parameters
    ----------
    message
        As it went.
    sure, perhaps
        Rules that share it: those that fitted, and those that may have.
    """
    body = message.body
    subject = body.corrected if isinstance(body, Correction) else body
    left_out = {name for rule in sure for name in rule.fields_left_out}
    if isinstance(subject, TrackReport):
        steps = _steps(sure, perhaps, lambda rule: round(rule.position_step_km * 1e3))
        yield from _not_in_steps(subject.position_ecef_m, steps, "a position", "m")
        steps_mm_s = _steps(sure, perhaps, lambda rule: round(rule.velocity_step_m_s * 1e3))
        yield from _not_in_steps(subject.velocity_ecef_mm_s, steps_mm_s, "a velocity", "mm/s")
        if subject.pedigree is not None and "pedigree" in left_out:
            yield "a pedigree that is left out"
        is_rounded = max(steps[0], steps_mm_s[0]) > 1
        if is_rounded and (subject.information is not None or subject.pedigree is not None):
            yield "exact news beside what is rounded"
    if isinstance(subject, AlertReport):
        if subject.evidence and "evidence" in left_out:
            yield "the evidence that is left out"
        subject = subject.launch
    if isinstance(subject, LaunchReport):
        yield from _of_a_launch(subject, sure, perhaps, left_out)
    is_coarser = any(rule.area_step_km or rule.time_step_s for rule in sure)
    if is_coarser or left_out & {"impact area", "azimuth"}:
        yield from _in_words(body)


def _in_words(body: Body) -> Iterator[str]:
    """Yield words that may say what of a launch is rounded or left out."""
    if isinstance(body, Correction):
        if body.reason != "corrected":
            yield "a reason in words that may tell what is rounded or left out"
        body = body.corrected
    if isinstance(body, AlertReport) and body.evidence:
        yield "evidence in words that may tell what is rounded or left out"


def _of_a_launch(
    launch: LaunchReport, sure: Sequence[Rule], perhaps: Sequence[Rule], left_out: set[str]
) -> Iterator[str]:
    """Yield what of times, areas and azimuths is too exact, or should not be there."""
    steps_ns = _steps(sure, perhaps, lambda rule: round(rule.time_step_s * NS_PER_S))
    times_ns = [launch.launch_time_ns]
    if launch.impact_time_ns is not None:
        times_ns.append(launch.impact_time_ns)
    yield from _not_in_steps(times_ns, steps_ns, "a time", "ns")
    steps_m = _steps(sure, perhaps, lambda rule: round(rule.area_step_km * 1e3))
    for area in (launch.launch_area, launch.impact_area):
        if area is not None and not any(_is_on_grid(area, step_m) for step_m in steps_m):
            yield f"an area more exact than {steps_m[0]} m"
    impact = (launch.impact_area, launch.impact_time_ns, launch.impact_time_std_s)
    if "impact area" in left_out and any(each is not None for each in impact):
        yield "an impact that is left out"
    azimuth = (launch.azimuth_deg, launch.azimuth_std_deg)
    if "azimuth" in left_out and any(each is not None for each in azimuth):
        yield "an azimuth that is left out"


def _steps(
    sure: Sequence[Rule], perhaps: Sequence[Rule], asked: Callable[[Rule], int]
) -> list[int]:
    """Return the steps that a value may be rounded to, the finest of them first."""
    least = max((asked(rule) for rule in sure), default=0)
    return [least, *sorted({step for step in map(asked, perhaps) if step > least})]


def _not_in_steps(
    values: Sequence[int], steps: Sequence[int], what: str, unit: str
) -> Iterator[str]:
    if not any(step <= 1 or not any(value % step for value in values) for step in steps):
        yield f"{what} more exact than {steps[0]} {unit}"


def _is_on_grid(area: Area, step_m: int) -> bool:
    """Say whether an area's middle lies on a grid of degrees, and its axes are whole steps."""
    if step_m <= 0:
        return True
    if area.long_half_axis_m % step_m or area.short_half_axis_m % step_m:
        return False
    step_deg = step_m / DEGREE_M
    narrowing = max(math.cos(math.radians(area.latitude_deg)), step_deg / 360.0)
    return _is_multiple(area.latitude_deg, step_deg, 90.0) and _is_multiple(
        area.longitude_deg, min(step_deg / narrowing, 360.0), 180.0
    )


def _is_multiple(angle_deg: float, step_deg: float, most_deg: float) -> bool:
    off_deg = abs(angle_deg - round(angle_deg / step_deg) * step_deg)
    return off_deg <= DIGITS_DEG or abs(angle_deg) == most_deg
