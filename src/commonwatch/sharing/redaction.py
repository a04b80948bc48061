"""A coarser copy of a message, and how much less certain it is for it.

What is rounded by a step s has one more error, uniform over the step: its variance grows by
s^2 / 12.
The grid is fixed to the Earth or to the epoch, so that repeating a message tells nothing new.

Limits: whoever has many coarse reports of one moving object may average over them; a policy that
must prevent that withholds, or delays. The error of rounding is not independent from report to
report: a rounded track brings no news and no pedigree, so that receivers intersect it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from commonwatch.sharing.messages import (
    AlertReport,
    Area,
    Body,
    Correction,
    LaunchReport,
    Message,
    TrackReport,
)
from commonwatch.units import NS_PER_S

METRES_PER_DEGREE_MIN: Final = 110_574.0
METRES_PER_DEGREE_MAX: Final = 111_694.0
"""Of latitude, at the equator and at a pole: pi / 180 times the meridian's radius of curvature on
WGS-84 (derived). Steps of degrees use the least, their uncertainty the greatest."""
ELLIPSE_95: Final = 5.991
"""Squared half-axes of a 95 % ellipse over variances: chi-square of two degrees of freedom, 95 %,
-2 ln 0.05 (derived)."""
_DIAGONAL: Final = (0, 6, 11, 15, 18, 20)
"""Where a row-by-row upper triangle of six rows holds its diagonal."""

CORRECTED: Final = "corrected"
"""What stands in place of a reason that does not go."""

_Spoken = TypeVar("_Spoken", LaunchReport, TrackReport, AlertReport, Correction)


class Coarsening(Struct, frozen=True, kw_only=True):
    """How much coarser: steps of rounding, 0 for none, and fields that do not go."""

    position_step_m: int = 0
    velocity_step_mm_s: int = 0
    area_step_m: int = 0
    time_step_ns: int = 0
    left_out: frozenset[str] = frozenset()

    @property
    def is_of_launches(self) -> bool:
        """Whether any figure of launch or impact is rounded or left out."""
        is_rounded = self.area_step_m > 0 or self.time_step_ns > 0
        return is_rounded or not self.left_out.isdisjoint({"impact area", "azimuth"})


UNCHANGED: Final = Coarsening()


def coarsest(parts: Iterable[Coarsening]) -> Coarsening:
    """Join several so that each of them is kept to: greatest steps, all fields left out."""
    joint = UNCHANGED
    for part in parts:
        joint = Coarsening(
            position_step_m=max(joint.position_step_m, part.position_step_m),
            velocity_step_mm_s=max(joint.velocity_step_mm_s, part.velocity_step_mm_s),
            area_step_m=max(joint.area_step_m, part.area_step_m),
            time_step_ns=max(joint.time_step_ns, part.time_step_ns),
            left_out=joint.left_out | part.left_out,
        )
    return joint


def coarser(message: Message, coarsening: Coarsening) -> Message:
    """Return the message as coarse as it has to be; itself where nothing of it changes.

    Parameters
    ----------
    message
        What would be said.
    coarsening
        How much coarser.

    Notes
    -----
    1. Tracks: coordinates to the nearest multiple of the step, variances grow by step^2 / 12; news
       and pedigree are dropped where anything is rounded, or the pedigree is not to go.
    2. Areas: the middle to a grid of degrees at least as wide as the step, on that grid's own
       parallel; half-axes grow by 5.991 step^2 / 12 in squares and are rounded up to the step.
    3. Times of launch and impact: to the nearest multiple since 1970; standard deviations grow so.
    4. The evidence of an alert and the reason of a correction are words, which may say what is
       rounded or left out: they do not go where anything of launch or impact is, be it that this
       message happens not to have it.
    """
    body = _coarser_body(message.body, coarsening)
    return message if body is message.body else msgspec.structs.replace(message, body=body)


def _coarser_body(body: Body, coarsening: Coarsening) -> Body:
    match body:
        case TrackReport():
            return _track(body, coarsening)
        case LaunchReport():
            return _launch(body, coarsening)
        case AlertReport():
            return _alert(body, coarsening)
        case Correction(corrected=LaunchReport() as launch):
            return _correction(body, _launch(launch, coarsening), coarsening)
        case Correction(corrected=AlertReport() as alert):
            return _correction(body, _alert(alert, coarsening), coarsening)
        case _:
            return body


def _correction(
    correction: Correction, corrected: LaunchReport | AlertReport, coarsening: Coarsening
) -> Correction:
    is_same = corrected is correction.corrected and not coarsening.is_of_launches
    reason = correction.reason if is_same else CORRECTED
    return _changed(correction, corrected=corrected, reason=reason)


def _track(track: TrackReport, coarsening: Coarsening) -> TrackReport:
    position_step_m, velocity_step_mm_s = coarsening.position_step_m, coarsening.velocity_step_mm_s
    is_rounded = position_step_m > 1 or velocity_step_mm_s > 1
    if not is_rounded and "pedigree" not in coarsening.left_out:
        return track
    steps = 3 * (float(position_step_m),) + 3 * (velocity_step_mm_s / 1e3,)
    covariance = list(track.covariance)
    for place, step in zip(_DIAGONAL, steps, strict=True):
        covariance[place] += step * step / 12.0
    x_m, y_m, z_m = (_nearest(value, position_step_m) for value in track.position_ecef_m)
    vx, vy, vz = (_nearest(value, velocity_step_mm_s) for value in track.velocity_ecef_mm_s)
    return msgspec.structs.replace(
        track,
        position_ecef_m=(x_m, y_m, z_m),
        velocity_ecef_mm_s=(vx, vy, vz),
        covariance=tuple(covariance),
        step=tuple(max(own, new) for own, new in zip(track.step, steps, strict=True)),
        information=None,
        information_vector=None,
        pedigree=None,
    )


def _alert(alert: AlertReport, coarsening: Coarsening) -> AlertReport:
    launch = _launch(alert.launch, coarsening)
    is_told = "evidence" not in coarsening.left_out and not coarsening.is_of_launches
    evidence = alert.evidence if is_told else ""
    return _changed(alert, launch=launch, evidence=evidence)


def _launch(launch: LaunchReport, coarsening: Coarsening) -> LaunchReport:
    step_m, step_ns = coarsening.area_step_m, coarsening.time_step_ns
    impact_area, impact_time_ns = launch.impact_area, launch.impact_time_ns
    impact_std_s, azimuth_deg = launch.impact_time_std_s, launch.azimuth_deg
    azimuth_std_deg = launch.azimuth_std_deg
    if "impact area" in coarsening.left_out:
        impact_area = impact_time_ns = impact_std_s = None
    if "azimuth" in coarsening.left_out:
        azimuth_deg = azimuth_std_deg = None
    return _changed(
        launch,
        launch_time_ns=_nearest(launch.launch_time_ns, step_ns),
        launch_time_std_s=_wider(launch.launch_time_std_s, step_ns / NS_PER_S),
        launch_area=_area(launch.launch_area, step_m),
        azimuth_deg=azimuth_deg,
        azimuth_std_deg=azimuth_std_deg,
        impact_area=None if impact_area is None else _area(impact_area, step_m),
        impact_time_ns=None if impact_time_ns is None else _nearest(impact_time_ns, step_ns),
        impact_time_std_s=None
        if impact_std_s is None
        else _wider(impact_std_s, step_ns / NS_PER_S),
    )


def _changed(spoken: _Spoken, **fields: object) -> _Spoken:
    """Return the same where nothing changes, so that an unchanged message is known as such."""
    if all(getattr(spoken, name) == value for name, value in fields.items()):
        return spoken
    return msgspec.structs.replace(spoken, **fields)


def _area(area: Area, step_m: int) -> Area:
    if step_m <= 0:
        return area
    step_deg = step_m / METRES_PER_DEGREE_MIN
    latitude_deg = _on_grid(area.latitude_deg, step_deg, 90.0)
    widening = max(math.cos(math.radians(latitude_deg)), step_deg / 360.0)
    longitude_deg = _on_grid(area.longitude_deg, min(step_deg / widening, 360.0), 180.0)
    true_step_m = step_m * METRES_PER_DEGREE_MAX / METRES_PER_DEGREE_MIN
    more_m2 = ELLIPSE_95 * true_step_m**2 / 12.0
    return Area(
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        long_half_axis_m=_up(math.hypot(area.long_half_axis_m, math.sqrt(more_m2)), step_m),
        short_half_axis_m=_up(math.hypot(area.short_half_axis_m, math.sqrt(more_m2)), step_m),
        orientation_deg=area.orientation_deg,
    )


def _nearest(value: int, step: int) -> int:
    """Round to the nearest multiple, halves up; exactly, in integers."""
    return value if step <= 1 else (value + step // 2) // step * step


def _on_grid(angle_deg: float, step_deg: float, most_deg: float) -> float:
    """Round to a multiple that is written with few digits, within the bounds of the angle."""
    rounded = round(round(angle_deg / step_deg) * step_deg, 6)
    return min(max(rounded, -most_deg), most_deg)


def _wider(std: float, step: float) -> float:
    return std if step <= 0.0 else math.hypot(std, step / math.sqrt(12.0))


def _up(length_m: float, step_m: int) -> int:
    return math.ceil(length_m / step_m) * step_m
