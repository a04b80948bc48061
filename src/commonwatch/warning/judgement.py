"""All that is said of estimates at once: motor, origin, impact, class, and what the object is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodesic, geodetic_from_ecef
from commonwatch.earth.frames import rotation_enu_from_ecef
from commonwatch.errors import InputError
from commonwatch.tracking.estimate import Estimates
from commonwatch.units import NS_PER_S
from commonwatch.warning.assessment import Features, assess
from commonwatch.warning.coasting import Motor, Past, Residuals, judged, residuals
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO, Ellipses
from commonwatch.warning.gathered import Held, gathered, held_after
from commonwatch.warning.impact import (
    BallisticCoefficients,
    DragOffsets,
    Impacts,
    drag_offsets,
    impacts,
    only,
)
from commonwatch.warning.origin import CLASS_COUNTS, Origins, powered_origins, vacuum_origins
from commonwatch.warning.range_class import RangeClass, class_probabilities, likely_classes
from commonwatch.warning.spread import Fan, Spread, fly_spread, moments

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


ROWS_AT_ONCE: Final = 4_096
"""Bounds the memory that flights take."""
SURE_STDS: Final = 3.0
"""Standard deviations by which height or fall must rule a burning motor out; assumed."""


Record = TypeVar("Record", bound=Any)


class LaunchModel(StrEnum):
    """How an object is thought to have started."""

    VACUUM = "vacuum"
    POWERED = "powered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is assumed of everything that flies.

    Parameters
    ----------
    classes
        Range classes in order of range, with their intervals of burn time and burn-out altitude.
    coefficients
        Interval of ballistic coefficients, for the drag offset; None gives no offset.
    launch_model
        Vacuum, or with a powered phase.
    interval_s
        Between two judgements of one track, in time of the track.
    """

    classes: tuple[RangeClass, ...]
    coefficients: BallisticCoefficients | None
    launch_model: LaunchModel = LaunchModel.POWERED
    interval_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.classes:
            raise InputError("no range class", allowed="one range class or more")
        if not 1.0 <= self.interval_s <= 600.0:
            raise InputError(f"interval_s is {self.interval_s}", allowed="1 to 600 s")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """What a judgement takes from the past of each track, (n,) each.

    Parameters
    ----------
    first_ns
        Time of the track's first row.
    past, earlier
        Estimates to compare with for the residual acceleration, and which of them; -1 for none.
    previous
        The track's row judged before this one in the batch; -1 for none. Always a lower row.
    motor_before, has_burned_before
        What was said of the track before the batch, for rows without a previous one.
    has_two_sources, has_infrared
        Whether two sources confirm the track, and whether an infrared sensor is among them.
    held
        The launch point held of the track before the batch, for rows without a previous one.
    """

    first_ns: I64
    past: Past
    earlier: I64
    previous: I64
    motor_before: tuple[Motor, ...]
    has_burned_before: Flags
    has_two_sources: Flags
    has_infrared: Flags
    held: Held


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgements:
    """What is said of n estimates.

    Parameters
    ----------
    motor, motor_reason
        What the motor does and how that was decided, n each.
    origins, impacts, drag
        Launch from everything gathered, vacuum impact, and what drag adds to it.
    held
        The launch point held of each track after its row.
    ground_range_m, ground_range_std_m
        From launch point to impact, nan where either is missing, (n,).
    apogee_altitude_m
        Greatest height of the arc, (n,); nan in orbit.
    class_probability
        Of each range class, (n, c), nan where there is no ground range.
    answer_probability
        In the order of ``assessment.ANSWERS``, (n, 6).
    features
        The evidence behind it.
    """

    motor: tuple[Motor, ...]
    motor_reason: tuple[str, ...]
    origins: Origins
    held: Held
    impacts: Impacts
    drag: DragOffsets
    ground_range_m: F64
    ground_range_std_m: F64
    apogee_altitude_m: F64
    class_probability: F64
    answer_probability: F64
    features: Features


def judge(
    estimates: Estimates,
    context: Context,
    *,
    settings: Settings,
    say: Callable[[str, float], None],
) -> Judgements:
    """Judge estimates, all as one batch.

    Parameters
    ----------
    estimates
        n rows, those of one track in the order in which they were known.
    context
        What their tracks' past says.
    settings
        What is assumed.
    say
        Called with what is done, in words, and the part of it.
    """
    left = residuals(estimates, context.past, context.earlier)
    motor, reason, has_burned = _motors(estimates, context, left, settings)
    coasts = np.array([each is Motor.COASTS for each in motor], dtype=bool)
    parts = []
    for start in range(0, max(len(estimates), 1), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(estimates)))
        parts.append(_arcs(estimates.take(rows), coasts[rows], settings))
        say("judging", (start + len(rows)) / max(len(estimates), 1))
    arcs = _stacked(parts)
    newest = Held(origins=arcs.origins, time_ns=estimates.time_ns)
    burned = np.array([each is Motor.BURNS for each in motor], dtype=bool)
    burned |= ~coasts & context.has_infrared
    held = held_after(newest, burned, context.previous, context.held)
    origins = gathered(newest, held)
    ground_range_m, std_m = _ground_range(origins.area, arcs.impacts.area)
    features = Features(
        perigee_m=arcs.perigee_m,
        perigee_std_m=arcs.perigee_std_m,
        ground_range_m=ground_range_m,
        ground_range_std_m=std_m,
        apogee_altitude_m=arcs.apogee_altitude_m,
        is_burning=~coasts,
        has_burned=has_burned,
        age_s=(estimates.time_ns - context.first_ns) / NS_PER_S,
        speed_m_s=np.linalg.norm(estimates.state_vector[:, 3:], axis=1),
        residual_m_s2=left.size_m_s2,
        noise_m_s2=left.noise_m_s2,
        has_two_sources=context.has_two_sources,
    )
    return Judgements(
        motor=motor,
        motor_reason=reason,
        origins=origins,
        held=held,
        impacts=arcs.impacts,
        drag=arcs.drag,
        ground_range_m=ground_range_m,
        ground_range_std_m=std_m,
        apogee_altitude_m=arcs.apogee_altitude_m,
        class_probability=class_probabilities(ground_range_m, std_m, settings.classes),
        answer_probability=assess(features),
        features=features,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Arcs:
    """What is flown for each estimate."""

    origins: Origins
    impacts: Impacts
    drag: DragOffsets
    apogee_altitude_m: F64
    perigee_m: F64
    perigee_std_m: F64


def _arcs(estimates: Estimates, coasts: Flags, settings: Settings) -> _Arcs:
    """Fly estimates back and forward; no impact while a motor burns or may burn."""
    fan = Fan.of(estimates.state_vector, estimates.covariance)
    back, ahead = fly_spread(fan, direction=-1), fly_spread(fan, direction=1)
    if settings.launch_model is LaunchModel.VACUUM:
        origins = vacuum_origins(back)
    else:
        origins = powered_origins(estimates.state_vector, back, ~coasts, settings.classes)
    found = impacts(ahead)
    given = found.is_given & coasts
    perigee, variance = moments(fan.perigee_m[..., None], np.ones(len(fan.points)))
    return _Arcs(
        origins=origins,
        impacts=Impacts(
            is_given=given,
            area=only(found.area, given),
            time_s=np.where(given, found.time_s, np.nan),
            time_std_s=np.where(given, found.time_std_s, np.nan),
        ),
        drag=drag_offsets(estimates.state_vector, given, coefficients=settings.coefficients),
        apogee_altitude_m=_apogee_m(estimates.state_vector, back, ahead),
        perigee_m=perigee[:, 0],
        perigee_std_m=np.sqrt(variance[:, 0, 0]),
    )


def _stacked(parts: list[Record]) -> Record:
    """Put records of arrays behind one another."""
    if len(parts) == 1:
        return parts[0]
    columns = {}
    for name in parts[0].__slots__:
        values = [getattr(part, name) for part in parts]
        is_array = isinstance(values[0], np.ndarray)
        columns[name] = np.concatenate(values) if is_array else _stacked(values)
    stacked: Record = type(parts[0])(**columns)
    return stacked


def _motors(
    estimates: Estimates, context: Context, left: Residuals, settings: Settings
) -> tuple[tuple[Motor, ...], tuple[str, ...], Flags]:
    """Say of each row what the motor does, row by row: each remembers the one before."""
    ruled_out = _ruled_out(estimates, settings)
    motors: list[Motor] = []
    reasons: list[str] = []
    has_burned = context.has_infrared | context.has_burned_before
    for row in range(len(estimates)):
        before = context.previous[row]
        motor, reason = judged(
            float(left.size_m_s2[row]),
            float(left.along_m_s2[row]),
            float(left.noise_m_s2[row]),
            ruled_out=ruled_out[row],
            before=motors[before] if before >= 0 else context.motor_before[row],
        )
        motors.append(motor)
        reasons.append(reason)
        has_burned[row] |= motor is Motor.BURNS or (before >= 0 and has_burned[before])
    return tuple(motors), tuple(reasons), has_burned


def _ruled_out(estimates: Estimates, settings: Settings) -> list[str]:
    """Say why no motor burns there, n sentences, empty where nothing rules it out.

    Height and rate of climb must show it by ``SURE_STDS``. A motor that burns may yet give the
    reach of the next class, so that class's burn-out altitudes count too.
    """
    state_vector = estimates.state_vector
    if settings.launch_model is LaunchModel.VACUUM:
        return ["the launch model has no motor"] * len(state_vector)
    latitude, longitude, height = geodetic_from_ecef(state_vector[:, :3])
    up = rotation_enu_from_ecef(latitude, longitude)[:, 2]
    likely = likely_classes(state_vector, settings.classes, least=CLASS_COUNTS)
    likely[:, 1:] |= likely[:, :-1].copy()
    tops = np.array([each.burn_out_altitude_high_m for each in settings.classes])
    top = np.max(np.where(likely, tops, 0.0), axis=1)
    climb = np.sum(up * state_vector[:, 3:], axis=1)
    place, motion = estimates.covariance[:, :3, :3], estimates.covariance[:, 3:, 3:]
    height_std, climb_std = (
        np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", up, part, up), 0.0))
        for part in (place, motion)
    )
    return [
        "on its way down"
        if is_falling
        else "above every burn-out altitude assumed"
        if is_high
        else ""
        for is_falling, is_high in zip(
            climb < -SURE_STDS * climb_std, height - SURE_STDS * height_std > top, strict=True
        )
    ]


def _ground_range(start: Ellipses, end: Ellipses) -> tuple[F64, F64]:
    """Ground range and its standard deviation, from both ellipses along the arc."""
    length, std = np.full((2, len(start.latitude_rad)), np.nan)
    rows = (np.isfinite(start.latitude_rad) & np.isfinite(end.latitude_rad)).nonzero()[0]
    if len(rows):
        ends = (
            start.latitude_rad[rows],
            start.longitude_rad[rows],
            end.latitude_rad[rows],
            end.longitude_rad[rows],
        )
        length[rows], azimuth = geodesic(*ends)
        _, behind = geodesic(ends[2], ends[3], ends[0], ends[1])
        variance = _variance_along(start, rows, azimuth) + _variance_along(end, rows, behind)
        std[rows] = np.sqrt(variance)
    return length, std


def _variance_along(area: Ellipses, rows: npt.NDArray[np.intp], azimuth_rad: F64) -> F64:
    turned = azimuth_rad - area.orientation_rad[rows]
    long = area.long_half_axis_m[rows] * np.cos(turned)
    short = area.short_half_axis_m[rows] * np.sin(turned)
    variance: F64 = (long**2 + short**2) / CHI_SQUARE_95_TWO
    return variance


def _apogee_m(state_vector: F64, back: Spread, ahead: Spread) -> F64:
    """Greatest height of each arc; nan where it never comes down."""
    tops = np.stack(
        [state_vector[:, :3], back.flown.highest[:, 0, :3], ahead.flown.highest[:, 0, :3]]
    )
    is_known = np.isfinite(tops[..., 0])
    heights = geodetic_from_ecef(np.where(is_known[..., None], tops, 1e6))[2]
    heights = np.where(is_known, heights, -np.inf)
    return np.where(ahead.flown.arrives[:, 0], heights.max(axis=0), np.nan)
